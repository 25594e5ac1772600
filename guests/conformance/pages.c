/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1309 guests/conformance/pages.c: The guest's page tables, in whichever format its era has, and what
 * the Host promises about its shadows of them: faults, accessed and dirty bits, and that what the
 * guest says by hypercall (or, where an entry was empty, does not say) is what the processor
 * sees. :*/
#include "conf.h"

#define TEST_ADDRESS 0xd8000000u /* nothing else is in this directory entry */
#define USER_ADDRESS 0x40000000u
#define LEAF	     (PTE_P | PTE_RW | PTE_A | PTE_D)
#define BRANCH	     (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

u32 kernel_pgd, ram_bytes;

static u32 next_page;

void *page_alloc(void)
{
	void *page = virt_of(next_page);

	next_page += PAGE_SIZE;
	memset(page, 0, PAGE_SIZE);
	return page;
}

/* ---- tables, in both formats ---- */

static pte_t *slot(u32 table_gpa, u32 index)
{
	return (pte_t *)virt_of(table_gpa) + index;
}

static u32 address_in(pte_t entry)
{
	return (u32)entry & ~(u32)(PAGE_SIZE - 1);
}

#if ERA_PAE
/* A root has four entries, and they carry nothing but "present". */
static pte_t *directory_slot(u32 pgd, u32 address)
{
	return slot(address_in(*slot(pgd, address >> 30)), (address >> 21) & 511);
}

static void say_directory(u32 pgd, u32 address)
{
	hcall(LHCALL_SET_PMD, address_in(*slot(pgd, address >> 30)), (address >> 21) & 511, 0, 0);
}

static u32 table_index(u32 address)
{
	return (address >> 12) & 511;
}

/* The kernel's middle directory is one for all. */
u32 pgd_new(void)
{
	u32 pgd = phys_of(page_alloc()), i;

	for (i = 0; i < 4; i++)
		*slot(pgd, i) = i == 3 && kernel_pgd ? *slot(kernel_pgd, 3)
						     : phys_of(page_alloc()) | PTE_P;
	return pgd;
}
#else
static pte_t *directory_slot(u32 pgd, u32 address)
{
	return slot(pgd, address >> 22);
}

static void say_directory(u32 pgd, u32 address)
{
	hcall(LHCALL_SET_PGD, pgd, address >> 22, 0, 0);
}

static u32 table_index(u32 address)
{
	return (address >> 12) & 1023;
}

u32 pgd_new(void)
{
	u32 pgd = phys_of(page_alloc()), half = PAGE_SIZE / 4 * 3;

	if (kernel_pgd)
		memcpy(virt_of(pgd + half), virt_of(kernel_pgd + half), PAGE_SIZE - half);
	return pgd;
}
#endif

pte_t *pte_of(u32 pgd, u32 address)
{
	pte_t *above = directory_slot(pgd, address);

	if (!(*above & PTE_P)) {
		*above = phys_of(page_alloc()) | BRANCH;
		say_directory(pgd, address);
	}
	return slot(address_in(*above), table_index(address));
}

static void say_pte(u32 pgd, u32 address, pte_t pte)
{
	hcall(LHCALL_SET_PTE, pgd, address, (u32)pte, (u32)((u64)pte >> 32));
}

void pte_set(u32 pgd, u32 address, pte_t pte)
{
	*pte_of(pgd, address) = pte;
	say_pte(pgd, address, pte);
}

/* RAM from PAGE_OFFSET on, and the pages of ring 3. Their tables come from behind the image. */
void pages_init(void)
{
	u32 at, user;

	ram_bytes = *(u32 *)virt_of(BOOT_E820_MAP + 8);
	next_page = phys_of(_end);
	user = pgd_new();
	for (at = 0; at < ram_bytes; at += PAGE_SIZE)
		*pte_of(user, PAGE_OFFSET + at) = at | LEAF;
	/* Device pages and tests: one table for all directories. */
	pte_of(user, TEST_ADDRESS);
	pte_of(user, TEST_ADDRESS + (4 << 20));
	for (at = 0; at < (u32)(_user_end - _user); at += PAGE_SIZE)
		*pte_of(user, USER_BASE + at) = (phys_of(_user) + at) | LEAF | PTE_US;
	hcall(LHCALL_NEW_PGTABLE, user, 0, 0, 0);
	kernel_pgd = user;
}

/* Device pages appear behind the page of the tests, each once. */
void *map_device_pages(u32 pfn, u32 pages)
{
	static u32 next = TEST_ADDRESS + (4 << 20);
	u32 i, at = next;

	for (i = 0; i < pages; i++, next += PAGE_SIZE)
		pte_set(kernel_pgd, next, (pfn + i) << PAGE_SHIFT | LEAF);
	return (void *)at;
}

/* ---- checks ---- */

static u8 *first, *second;

static void map_first(u32 flags)
{
	pte_set(kernel_pgd, TEST_ADDRESS, flags ? phys_of(first) | flags : 0);
}

static u32 flags_now(void)
{
	return *(volatile u32 *)pte_of(kernel_pgd, TEST_ADDRESS) & (PTE_A | PTE_D);
}

static u32 word_at(u32 address)
{
	return *(volatile u32 *)address;
}

static void check_faults(void)
{
	probe_read(0x70000123);
	check("pages/no-table", page_faulted(0x70000123, 0));
	map_first(0);
	probe_read(TEST_ADDRESS + 0x10);
	check("pages/read-absent", page_faulted(TEST_ADDRESS + 0x10, 0));
	probe_write(TEST_ADDRESS + 0x20, 1);
	check("pages/write-absent", page_faulted(TEST_ADDRESS + 0x20, 2));
	/* The processor's error code is about the shadow, so have one first. */
	map_first(PTE_P);
	probe_read(TEST_ADDRESS);
	check("pages/read-readonly", !probe.hits);
	probe_write(TEST_ADDRESS + 0x30, 1);
	check("pages/write-readonly", page_faulted(TEST_ADDRESS + 0x30, 3));
}

static void check_bits(void)
{
	u32 read, written;

	map_first(PTE_P | PTE_RW);
	check_eq("pages/bits-untouched", flags_now(), 0);
	probe_read(TEST_ADDRESS);
	read = flags_now();
	probe_write(TEST_ADDRESS + 0x40, 99);
	written = flags_now();
	check_eq("pages/bits-read", read, PTE_A);
	check_eq("pages/bits-written", written, PTE_A | PTE_D);
	check_eq("pages/write-arrives", *(volatile u32 *)(first + 0x40), 99);
	/* An entry that says "accessed" and "writable" but not "dirty" is not to be written unseen. */
	map_first(PTE_P | PTE_RW | PTE_A);
	probe_write(TEST_ADDRESS, 0x1111);
	check_eq("pages/dirty-noted", flags_now(), PTE_A | PTE_D);
}

static void check_calls(void)
{
	map_first(LEAF);
	probe_write(TEST_ADDRESS, 0x1111);
	map_first(0);
	probe_read(TEST_ADDRESS);
	check("pages/set-pte-revokes", page_faulted(TEST_ADDRESS, 0));
	map_first(LEAF);
	nothing = word_at(TEST_ADDRESS);
	pte_set(kernel_pgd, TEST_ADDRESS, phys_of(second) | LEAF);
	check("pages/set-pte-moves", nothing == 0x1111 && word_at(TEST_ADDRESS) == 0x2222);
	*pte_of(kernel_pgd, TEST_ADDRESS) = phys_of(first) | LEAF;
	hcall(LHCALL_FLUSH_TLB, 1, 0, 0, 0);
	check_eq("pages/flush-all", word_at(TEST_ADDRESS), 0x1111);
	/* An absent entry may be filled without a word. */
	map_first(0);
	probe_read(TEST_ADDRESS);
	*pte_of(kernel_pgd, TEST_ADDRESS) = phys_of(second) | PTE_P;
	check_eq("pages/filled-silently", word_at(TEST_ADDRESS), 0x2222);
	/* Global and uncached are taken, and mean nothing. */
	pte_set(kernel_pgd, TEST_ADDRESS, phys_of(first) | LEAF | 0x100 | 0x10);
	check_eq("pages/global-and-uncached", word_at(TEST_ADDRESS), 0x1111);
	*pte_of(kernel_pgd, TEST_ADDRESS) = phys_of(second) | LEAF;
	hcall(LHCALL_FLUSH_TLB, 1, 0, 0, 0);
	check_eq("pages/global-is-flushed", word_at(TEST_ADDRESS), 0x2222);
	/* The ring carries the same call. */
	*pte_of(kernel_pgd, TEST_ADDRESS) = phys_of(first) | LEAF;
	hcall_async(LHCALL_SET_PTE, kernel_pgd, TEST_ADDRESS, phys_of(first) | LEAF, 0);
	hcall_flush();
	check_eq("pages/set-pte-queued", word_at(TEST_ADDRESS), 0x1111);
}

static void load_pgd(u32 pgd)
{
	hcall(LHCALL_NEW_PGTABLE, pgd, 0, 0, 0);
}

/*G:910 More directories than the Host has shadows for (four), each with a page of its own at the same
 * address, in a round that makes it forget and remember. */
static void check_directories(void)
{
	enum { MANY = 6 };
	u32 pgd[MANY], i, turn, right = 0, index;

	for (i = 0; i < MANY; i++) {
		u32 *page = page_alloc();

		pgd[i] = pgd_new();
		*page = 0x100 + i;
		*pte_of(pgd[i], USER_ADDRESS) = phys_of(page) | LEAF;
	}
	for (turn = 0; turn < 4 * MANY; turn++) {
		load_pgd(pgd[turn % MANY]);
		right += word_at(USER_ADDRESS) == 0x100 + turn % MANY;
	}
	check_eq("pages/directories", right, 4 * MANY);

	/* A change to a directory that is not in use counts, and one to an unknown is no matter. */
	load_pgd(pgd[0]);
	nothing = word_at(USER_ADDRESS);
	load_pgd(pgd[1]);
	pte_set(pgd[0], USER_ADDRESS, phys_of(second) | LEAF);
	say_pte(pgd[2] + PAGE_SIZE * 64, USER_ADDRESS, 0);
	load_pgd(pgd[0]);
	check_eq("pages/set-pte-elsewhere", word_at(USER_ADDRESS), 0x2222);
	/* The kernel's half belongs to all of them. */
	pte_set(kernel_pgd, TEST_ADDRESS, phys_of(second) | LEAF);
	nothing = word_at(TEST_ADDRESS);
	load_pgd(pgd[1]);
	nothing = word_at(TEST_ADDRESS);
	pte_set(kernel_pgd, TEST_ADDRESS, phys_of(first) | LEAF);
	nothing = word_at(TEST_ADDRESS);
	load_pgd(pgd[0]);
	check("pages/kernel-everywhere", nothing == 0x1111 && word_at(TEST_ADDRESS) == 0x1111);
	/* User entries go with FLUSH_TLB(0). */
	*pte_of(pgd[0], USER_ADDRESS) = phys_of(first) | LEAF;
	hcall(LHCALL_FLUSH_TLB, 0, 0, 0, 0);
	check_eq("pages/flush-user", word_at(USER_ADDRESS), 0x1111);
	/* A whole table disappears. */
	index = USER_ADDRESS >> 22;
	*directory_slot(pgd[0], USER_ADDRESS) = 0;
	say_directory(pgd[0], USER_ADDRESS);
	probe_read(USER_ADDRESS + 4 * (index & 1));
	check("pages/directory-entry-gone", faulted(TRAP_PF, 0));
	load_pgd(kernel_pgd);
}
/*:*/

/* A page that is not there may be mapped, as long as nobody goes there. */
static void check_unused(void)
{
	hcall(LHCALL_FLUSH_TLB, 1, 0, 0, 0);
	pte_set(kernel_pgd, TEST_ADDRESS, (pte_t)0x7fff0000 | LEAF);
	check("pages/absurd-but-unused", 1);
	map_first(0);
}

/* Where the Switcher lives nothing can be written, and where the Host knows better than to kill
 * for it, it says so. */
static void check_switcher(void)
{
#if ERA_MAP == MAP_LINEAR && ERA_BUS == BUS_PCI
	u32 address = 0u - lguest_data.reserve_mem;

	probe_write(address, 0);
	check("pages/switcher-write", page_faulted(address, 3));
#endif
}

void check_pages(void)
{
	first = page_alloc();
	second = page_alloc();
	*(u32 *)first = 0x1111;
	*(u32 *)second = 0x2222;
	check_faults();
	check_bits();
	check_calls();
	check_directories();
	check_unused();
	check_switcher();
}
