/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:916 guests/shared/puppy/mem.c: Puppy's memory: who owns which page of RAM, the kernel's own page
 * tables, and the address spaces of processes, filled in by page faults. It writes page tables as
 * any x86 kernel would and adds what a guest must: a word to the Host whenever an entry the Host
 * may have copied has changed. :*/
#include "puppy.h"

/* Seven jobs: (i) pages of RAM, (ii) the kernel's tables, (iii) a window for device pages,
 * (iv) telling the Host, (v) making, (vi) copying, and (vii) filling an address space. */

extern const char _text[], _etext[], _end[];
extern u32 boot_pgd[1024];

/*G:300 The address space, in the order of addresses:
 *
 *	0x08048000	text, data and bss of the ring-3 programs, then their heap
 *	0xbffef000	the user stack, 64 KB, ends at 0xbffff000
 *	0xc0000000	all of RAM, one to one: "linear map", kernel at 0xc0100000
 *	0xfe000000	pages behind the end of RAM: device descriptors and rings
 *	4 GiB - reserve_mem	the Host's; we never look
 */
#define LINEAR_MAX    0x30000000u /* bytes of RAM we map; more would run into the window */
#define DEVICE_WINDOW 0xfe000000u
#define WINDOW_PAGES  1024
/*:*/

u32 ram_bytes;
u32 *kernel_pgd;

/* (i) Who has a page: 0 free or never used, else the number of address spaces that map it. */
static u8 *owners;
static u32 first_fresh, fresh_end; /* pages never handed out yet */
static u32 free_list;		   /* gpa of the first returned page; its first word links on */
static u32 free_pages;

u32 pages_free(void)
{
	return free_pages;
}

u32 pages_total(void)
{
	return ram_bytes >> PAGE_SHIFT;
}

/* Pages that were never used are taken last-in-line, without a list: making one would mean touching
 * all of RAM at boot, and every touch of a new page is a trip to the Host. */
static u32 take_page(void)
{
	u32 gpa = free_list;

	if (gpa) {
		free_list = *(u32 *)virt_of(gpa);
	} else if (first_fresh < fresh_end) {
		gpa = first_fresh;
		first_fresh += PAGE_SIZE;
	} else {
		return 0;
	}
	owners[gpa >> PAGE_SHIFT] = 1;
	free_pages--;
	return gpa;
}

u8 *page_alloc(void)
{
	u32 flags = irq_save(), gpa = take_page();

	irq_restore(flags);
	return gpa ? memset(virt_of(gpa), 0, PAGE_SIZE) : NULL;
}

/* Gives up one owner's claim. Pages of the kernel image have no count and stay where they are. */
void page_put(u32 gpa)
{
	u32 flags;
	u8 *count = &owners[gpa >> PAGE_SHIFT];

	if (gpa >= ram_bytes || !*count)
		return;
	flags = irq_save();
	if (!--*count) {
		*(u32 *)virt_of(gpa) = free_list;
		free_list = gpa;
		free_pages++;
	}
	irq_restore(flags);
}

/* Kernel stacks are two pages that must be neighbours: the Host translates a frame's address only
 * once. Fresh memory is contiguous, and stacks that come back are kept for the next task. */
static u8 *spare_stacks[TASKS_MAX];

u8 *stack_alloc(void)
{
	u32 i, gpa = first_fresh;

	for (i = 0; i < TASKS_MAX; i++) {
		if (spare_stacks[i]) {
			u8 *stack = spare_stacks[i];

			spare_stacks[i] = NULL;
			return stack;
		}
	}
	if (fresh_end - gpa < STACK_BYTES)
		return NULL;
	first_fresh += STACK_BYTES;
	free_pages -= STACK_PAGES;
	for (i = 0; i < STACK_PAGES; i++)
		owners[(gpa >> PAGE_SHIFT) + i] = 1;
	return memset(virt_of(gpa), 0, STACK_BYTES);
}

void stack_free(u8 *stack)
{
	u32 i;

	for (i = 0; i < TASKS_MAX; i++) {
		if (!spare_stacks[i]) {
			spare_stacks[i] = stack;
			return;
		}
	}
	panic("more stacks than tasks");
}

/* (ii) */
static u32 *window_table;

/*G:310 The tables of head.S were a bridge; these are for life. They map all of RAM at PAGE_OFFSET,
 * the kernel's text read-only (ring 1 obeys that, because the Host keeps CR0.WP set), and nothing
 * at 0. They are written before the Host has ever seen them, so no hypercall is needed until the
 * one that makes them current. Every process gets a copy of the upper directory entries, and these
 * never change again: that is why the device window has its table from the start. */
static u8 *carve(u32 bytes)
{
	u8 *at = virt_of(first_fresh);

	first_fresh += (bytes + PAGE_SIZE - 1) & ~(u32)(PAGE_SIZE - 1);
	return memset(at, 0, bytes);
}

static void map_linear(u32 bytes)
{
	u32 gpa, *table = NULL;

	for (gpa = 0; gpa < bytes; gpa += PAGE_SIZE) {
		u32 address = gpa + PAGE_OFFSET;
		int text = address >= (u32)_text && address < (u32)_etext;

		if (!(gpa & 0x3fffff)) {
			table = (u32 *)carve(PAGE_SIZE);
			kernel_pgd[address >> 22] = phys_of(table) | PTE_P | PTE_RW | PTE_A | PTE_D;
		}
		table[(gpa >> PAGE_SHIFT) & 1023] = gpa | PTE_P | (text ? 0 : PTE_RW);
	}
}

/* 'limit' is where an initrd begins, or the end of RAM. */
void mem_init(u32 bytes, u32 limit)
{
	ram_bytes = min(bytes, LINEAR_MAX);
	first_fresh = phys_of(_end);
	fresh_end = min(limit, ram_bytes) & ~(u32)(PAGE_SIZE - 1);
	owners = carve(ram_bytes >> PAGE_SHIFT);
	kernel_pgd = (u32 *)carve(PAGE_SIZE);
	map_linear(ram_bytes);
	window_table = (u32 *)carve(PAGE_SIZE);
	kernel_pgd[DEVICE_WINDOW >> 22] = phys_of(window_table) | PTE_P | PTE_RW | PTE_A | PTE_D;
	free_pages = (fresh_end - first_fresh) >> PAGE_SHIFT;
	hcall(LHCALL_NEW_PGTABLE, phys_of(kernel_pgd), 0, 0, 0);
}
/*:*/

/* (iii) Device pages lie behind RAM, outside the linear map. Never unmapped. */
void *map_device_pages(u32 pfn, u32 pages)
{
	static u32 next;
	u32 i, address = DEVICE_WINDOW + (next << PAGE_SHIFT);

	if (next + pages > WINDOW_PAGES)
		panic("too many device pages");
	for (i = 0; i < pages; i++, next++)
		pte_set(kernel_pgd, DEVICE_WINDOW + (next << PAGE_SHIFT),
			(pfn + i) << PAGE_SHIFT | PTE_P | PTE_RW);
	return (void *)address;
}

/*G:320 (iv) The Host keeps shadows of our tables, and it cannot see a store. So whenever we change
 * an entry that was in use we name it: SET_PTE with the directory, the address and the new value,
 * SET_PGD with the directory and the index. A single change is said aloud, because the next access
 * must already obey it; a long row of changes is queued and flushed once. An entry that was not
 * present needs no word, since the Host never remembers "absent"; we send one all the same, as
 * Linux does. */
void pte_set(u32 *pgd, u32 address, u32 value)
{
	*(volatile u32 *)pte_of(pgd, address, 0) = value;
	hcall(LHCALL_SET_PTE, phys_of(pgd), address, value, 0);
}

static void pte_set_queued(u32 *pgd, u32 address, u32 *pte, u32 value)
{
	*(volatile u32 *)pte = value;
	hcall_async(LHCALL_SET_PTE, phys_of(pgd), address, value, 0);
}

static void pgd_set(u32 *pgd, u32 index, u32 value)
{
	*(volatile u32 *)&pgd[index] = value;
	hcall_async(LHCALL_SET_PGD, phys_of(pgd), index, 0, 0);
}
/*:*/

u32 *pte_of(u32 *pgd, u32 address, int make)
{
	u32 *table, index = address >> 22;

	if (!(pgd[index] & PTE_P)) {
		if (!make)
			return NULL;
		table = (u32 *)page_alloc();
		if (!table)
			return NULL;
		pgd_set(pgd, index, phys_of(table) | PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	}
	table = virt_of(pgd[index] & ~(u32)(PAGE_SIZE - 1));
	return &table[(address >> PAGE_SHIFT) & 1023];
}

/* (v) */
u32 *pgd_new(void)
{
	u32 *pgd = (u32 *)page_alloc();

	if (pgd)
		memcpy(pgd + (PAGE_OFFSET >> 22), kernel_pgd + (PAGE_OFFSET >> 22),
		       PAGE_SIZE - (PAGE_OFFSET >> 22) * 4);
	return pgd;
}

/* The page of this directory will be somebody else's some day, and the Host knows directories by
 * their address: every entry is taken back by name, or the next owner would inherit a shadow. */
void pgd_free_user(u32 *pgd)
{
	u32 i, j, *table;

	for (i = 0; i < PAGE_OFFSET >> 22; i++) {
		if (!(pgd[i] & PTE_P))
			continue;
		table = virt_of(pgd[i] & ~(u32)(PAGE_SIZE - 1));
		for (j = 0; j < 1024; j++)
			if (table[j] & PTE_P)
				page_put(table[j] & ~(u32)(PAGE_SIZE - 1));
		pgd_set(pgd, i, 0);
		page_put(phys_of(table));
	}
	hcall_flush();
}

void pgd_free(u32 *pgd)
{
	pgd_free_user(pgd);
	page_put(phys_of(pgd));
}

/*G:340 (vi) fork() copies no memory, only the tables. Every page that could be written becomes
 * read-only in both spaces, and the first of the two to write will fault and get a copy of its own.
 * The parent's entries were in use, so the Host must hear of each one. */
int pgd_fork(u32 *child, u32 *parent)
{
	u32 i, j, *table, *copy;

	for (i = 0; i < PAGE_OFFSET >> 22; i++) {
		if (!(parent[i] & PTE_P))
			continue;
		table = virt_of(parent[i] & ~(u32)(PAGE_SIZE - 1));
		for (j = 0; j < 1024; j++) {
			u32 gpa = table[j] & ~(u32)(PAGE_SIZE - 1), address = i << 22 | j << 12;

			if (!(table[j] & PTE_P))
				continue;
			copy = pte_of(child, address, 1);
			if (!copy)
				return -1;
			if (table[j] & PTE_RW)
				pte_set_queued(parent, address, &table[j], table[j] & ~(u32)PTE_RW);
			*copy = table[j] & ~(u32)(PTE_A | PTE_D);
			if (owners[gpa >> PAGE_SHIFT])
				owners[gpa >> PAGE_SHIFT]++;
		}
	}
	hcall_flush();
	return 0;
}
/*:*/

/* What an address of a process is, by the program's layout. */
enum region { NOWHERE, TEXT, DATA, ZERO };

static enum region region_of(const struct task *task, u32 address)
{
	if (address >= (u32)user_text_start && address < (u32)user_text_end)
		return TEXT;
	if (address >= (u32)user_data_start && address < (u32)user_data_end)
		return DATA;
	if (address >= (u32)user_data_end && address < task->brk)
		return ZERO;
	if (address >= USER_STACK_LOW && address < USER_STACK_TOP)
		return ZERO;
	return NOWHERE;
}

/* May the kernel touch this memory on the process's behalf? Absent pages are fine: touching them
 * raises the same fault that the process would have raised. */
int user_range_ok(const struct task *task, u32 address, u32 bytes)
{
	u32 page;

	if (address + bytes < address || address + bytes > PAGE_OFFSET)
		return 0;
	for (page = address & ~(u32)(PAGE_SIZE - 1); page < address + bytes; page += PAGE_SIZE)
		if (region_of(task, page) == NOWHERE)
			return 0;
	return 1;
}

/* A page that fork left read-only: take it over if we are the last, else copy it. */
static int unshare(struct task *task, u32 address, u32 *pte)
{
	u32 gpa = *pte & ~(u32)(PAGE_SIZE - 1);
	u8 *page;

	if (owners[gpa >> PAGE_SHIFT] == 1) {
		pte_set(task->pgd, address, gpa | PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
		return 1;
	}
	page = page_alloc();
	if (!page)
		return 0;
	memcpy(page, virt_of(gpa), PAGE_SIZE);
	page_put(gpa);
	pte_set(task->pgd, address, phys_of(page) | PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	return 1;
}

/*G:350 (vii) A process starts with an empty address space and gets each page when it first touches
 * it: text straight from the kernel's image, read-only and shared by all; data as a private copy;
 * bss, heap and stack as zeroes. The fault has come through two page-table walks before it reaches
 * us: the Host's, which found nothing in our tables that it could shadow, and then ours. Returns 0
 * if the address is none of the process's, or used in a way that is not allowed. */
int user_fault(struct task *task, u32 address, u32 error)
{
	u32 at = address & ~(u32)(PAGE_SIZE - 1);
	enum region region = region_of(task, at);
	u32 *pte;
	u8 *page;

	if (region == NOWHERE || (region == TEXT && (error & 2)))
		return 0;
	pte = pte_of(task->pgd, at, 1);
	if (!pte)
		return 0;
	if (*pte & PTE_P)
		return (error & 2) && !(*pte & PTE_RW) ? unshare(task, at, pte) : 0;
	if (region == TEXT) {
		u32 gpa = phys_of(user_text_image) + (at - (u32)user_text_start);

		pte_set(task->pgd, at, gpa | PTE_P | PTE_US);
		return 1;
	}
	page = page_alloc();
	if (!page)
		return 0;
	if (region == DATA)
		memcpy(page, user_data_image + (at - (u32)user_data_start), PAGE_SIZE);
	pte_set(task->pgd, at, phys_of(page) | PTE_P | PTE_RW | PTE_US);
	return 1;
}
/*:*/
