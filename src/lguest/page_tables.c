/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:540
 * The shadow page tables.  A Guest has page tables which it believes in, full of guest-physical
 * addresses; the CPU needs tables full of machine addresses, and must never be shown a page that
 * is not the Guest's.  So for each of the Guest's page directories we keep a shadow, and the CPU
 * walks that.  This file builds the shadows, and refuses to ever put a frame number into them
 * that guest_walk.c has not checked.
:*/
#include "lg.h"

/*H:320
 * The jobs of this file are
 *
 *   (i) to fill in a shadow entry when the CPU faults on it (demand_page),
 *  (ii) to keep the Guest's kernel stack mapped (pin_stack_pages),
 * (iii) to switch to another directory when the Guest loads cr3 (guest_new_pagetable),
 *  (iv) to forget entries when the Guest says that it changed them (guest_set_pte, ...),
 *   (v) to set up and tear down.
 *
 * Notice what is missing: we never *build* a shadow.  It starts empty and faults fill it.  That
 * makes forgetting too much always safe; it costs a fault.  Forgetting too little would be a
 * disaster, and is what to look for when something goes wrong here.
:*/

#define SPGD_FLAGS   (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define SPGD_ENTRIES 1024u

static unsigned spgd_index(gva_t addr)
{
	return addr.v >> 22;
}

static unsigned spte_index(gva_t addr)
{
	return addr.v >> PAGE_SHIFT & 1023;
}

static spte_t read_spte(const struct lguest *lg, hpa_t table, unsigned index)
{
	const le32_t *entries = port_look(lg->host, table);

	return (spte_t){le32_get(entries[index])};
}

static void write_spte(const struct lguest *lg, hpa_t table, unsigned index, spte_t spte)
{
	le32_t *entries = port_change(lg->host, table);

	entries[index] = le32(spte.v);
}

/* A page table's record of where it is not empty: a bit for each part. */
static le32_t *used_parts(const struct lguest *lg, const struct pgdir *dir, unsigned index)
{
	le32_t *used = port_change(lg->host, dir->used);

	return &used[index];
}

/* Fills in an entry of the page table that directory entry "index" points to. */
static void set_spte(const struct lguest *lg, const struct pgdir *dir, gva_t addr, hpa_t table,
		     spte_t spte)
{
	le32_t *used = used_parts(lg, dir, spgd_index(addr));

	*used = le32(le32_get(*used) | 1u << spte_index(addr) / PART_ENTRIES);
	write_spte(lg, table, spte_index(addr), spte);
}

/* The last of a directory's page tables holds the Switcher, and is always there. */
#define SWITCHER_TABLE (DOOR_SWITCHER >> 22)

/* The shadow page table for "addr", or address 0. */
static hpa_t find_table(const struct lguest *lg, const struct pgdir *dir, gva_t addr)
{
	return HPA(read_spte(lg, dir->pgd, spgd_index(addr)).v & PAGE_MASK);
}

hpa_t guest_shadow(const struct lguest *lg)
{
	return lg->pgdir->pgd;
}

static void count_pages(struct lguest *lg, int64_t change)
{
	le64_t *pages = &lg->host->count->shadow_pages;

	*pages = le64(le64_get(*pages) + (uint64_t)change);
	lg->shadow_pages += (uint32_t)change;
}

static void free_shadow(struct lguest *lg, hpa_t page)
{
	port_free_page(lg->host, page);
	count_pages(lg, -1);
}

/* A page goes back as it came: all zeroes.  Most tables hardly used any of their entries.  Where the
 * Switcher is, only what the Guest has there goes. */
static void free_table(struct lguest *lg, struct pgdir *dir, unsigned index)
{
	hpa_t table = HPA(read_spte(lg, dir->pgd, index).v & PAGE_MASK);
	le32_t *entries = port_change(lg->host, table);
	le32_t *used = used_parts(lg, dir, index);
	uint32_t parts;

	for (parts = le32_get(*used); parts; parts &= parts - 1)
		memset(&entries[(unsigned)__builtin_ctz(parts) * PART_ENTRIES], 0,
		       PART_ENTRIES * sizeof(*entries));
	*used = le32(0);
	if (index == SWITCHER_TABLE)
		return;
	free_shadow(lg, table);
	write_spte(lg, dir->pgd, index, (spte_t){0});
	dir->in_use[index / 32] &= ~(1u << index % 32);
}

/*H:325 (iv) Forgetting.
 * All entries of a directory from "first" up to but not including "end", with their page tables.
 * A directory has a thousand entries and rarely more than a dozen tables, hence the bitmap.  We
 * need not tell the CPU: each entry into the Guest loads cr3, and nothing is global.
 */
static void release_range(struct lguest *lg, struct pgdir *dir, unsigned first, unsigned end)
{
	uint32_t bits;
	unsigned index;

	for (index = first & ~31u; index < end; index += 32) {
		bits = dir->in_use[index / 32];
		if (!bits)
			continue;
		if (index < first)
			bits &= ~0u << (first - index);
		if (end - index < 32)
			bits &= ~(~0u << (end - index));
		for (; bits; bits &= bits - 1)
			free_table(lg, dir, index + (unsigned)__builtin_ctz(bits));
	}
}

static void release_all(struct lguest *lg)
{
	struct pgdir *dir;

	for (dir = lg->pgdirs; dir < lg->pgdirs + LGUEST_PGDIRS; dir++)
		if (dir->pgd.v)
			release_range(lg, dir, 0, SPGD_ENTRIES);
}

static void release_user(struct lguest *lg, struct pgdir *dir)
{
	release_range(lg, dir, 0, spgd_index(GVA(lg->kernel_address)));
}
/*:*/

/* Page tables that could go. */
static bool has_tables(const struct pgdir *dir)
{
	uint32_t any = dir->in_use[SWITCHER_TABLE / 32] & ~(1u << SWITCHER_TABLE % 32);
	unsigned i;

	for (i = 0; i < SWITCHER_TABLE / 32; i++)
		any |= dir->in_use[i];
	return any;
}

/* The directory of this Guest whose tables it will miss least; NULL if it has none to give. */
static struct pgdir *least_needed(struct lguest *lg)
{
	const struct pgdir *current = lg->pgdir;
	struct pgdir *dir, *oldest = NULL;

	for (dir = lg->pgdirs; dir < lg->pgdirs + LGUEST_PGDIRS; dir++) {
		if (!has_tables(dir))
			continue;
		if (!oldest || oldest == current ||
		    (dir != current && dir->last_used < oldest->last_used))
			oldest = dir;
	}
	return oldest;
}

/*M:500
 * A Guest that fills the heap loses its own shadows over and over, and is slow for it; its neighbours
 * have theirs as long as each holds less.  There is no other bound on what one may hold, and what
 * idles on a large share gives it up only to somebody who asks.
:*/

/*H:326
 * A page for this Guest.  If there is none, page tables go, and will fault in again: those of the
 * Guest which has most, be it this one or another, so nobody's greed is another one's death.  Of its
 * directories the one least recently used goes first, and the current one last.  Whatever we threw
 * away may have held the stack.
 */
static bool make_room(struct lguest *lg)
{
	struct host *host = lg->host;
	struct lguest *rich = least_needed(lg) ? lg : NULL, *other;

	for (other = host->guests; other < host->guests + DOOR_GUESTS; other++)
		if (other->exists && other != lg && least_needed(other) &&
		    (!rich || other->shadow_pages > rich->shadow_pages))
			rich = other;
	if (!rich)
		return false;
	release_range(rich, least_needed(rich), 0, SPGD_ENTRIES);
	rich->changed |= CHANGED_SHADOW;
	return true;
}

hpa_t alloc_page(struct lguest *lg)
{
	hpa_t page;

	do
		page = port_alloc_page(lg->host);
	while (!page.v && make_room(lg));
	return page;
}

static hpa_t alloc_shadow(struct lguest *lg)
{
	hpa_t page = alloc_page(lg);

	if (page.v)
		count_pages(lg, 1);
	return page;
}
/*:*/

/* The shadow page table for "addr", made if need be; address 0 if the Guest just died. */
static hpa_t make_table(struct lguest *lg, struct pgdir *dir, gva_t addr)
{
	hpa_t table = find_table(lg, dir, addr);
	unsigned index = spgd_index(addr);

	if (table.v)
		return table;
	table = alloc_shadow(lg);
	if (!table.v) {
		kill_guest(lg, "out of memory allocating pte page");
		return table;
	}
	write_spte(lg, dir->pgd, index, (spte_t){table.v | SPGD_FLAGS});
	dir->in_use[index / 32] |= 1u << index % 32;
	return table;
}

/*H:322
 * From what the Guest wrote to what the CPU gets: another frame, no global bit, and no more
 * rights than all levels grant.  A page that the Guest believes clean stays read-only, so that the
 * first write comes to us and we can set its dirty bit.
 */
static spte_t gpte_to_spte(const struct lguest *lg, gpte_t gpte, uint32_t rights)
{
	uint32_t flags = (uint32_t)gpte.v & ~PAGE_MASK & ~(PTE_G | PTE_RW | PTE_US);

	rights &= PTE_RW | PTE_US;
	if (!(flags & PTE_D))
		rights &= ~PTE_RW;
	return (spte_t){guest_page(lg, (uint32_t)(gpte.v >> PAGE_SHIFT)).v | flags | PTE_A |
			rights};
}
/*:*/

/* In linear mode there are no tables, so we invent what they would say. */
static void pretend_walk(gva_t addr, struct guest_walk *walk)
{
	walk->pte = (gpte_t){(addr.v & PAGE_MASK) | PTE_P | PTE_RW};
	walk->rights = PTE_RW;
}

/*H:330
 * The neighbours of a page come along.  A Guest's kernel reaches all memory through one range of
 * addresses, and each of its pages would cost a fault in a shadow that is new, or that was forgotten
 * as a whole because the kernel had changed one entry: some thousands, for a process that reads a
 * file of 32 MB.  And a process that forks has its half forgotten, and goes on with the very pages it
 * was at.
 *
 * Only what nobody has to be asked or told about: entries that are present and accessed, of the
 * Guest's own memory.  A processor may load such an entry before it is used, too, so a Guest that
 * changes one says so.  They are those of the same part of the table, for which set_spte() has just
 * made the record.
 */
static bool comes_along(const struct lguest *lg, gpte_t gpte)
{
	return (gpte.v & (PTE_P | PTE_A)) == (PTE_P | PTE_A) && guest_pte_is_memory(lg, gpte);
}

ALWAYS_INLINE void fill_part(const struct lguest *lg, le32_t *spte, const le32_t *part, unsigned n,
			     uint32_t directories, bool pae)
{
	gpte_t gpte;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (le32_get(spte[i]))
			continue;
		gpte = nth_gpte(part, i, pae);
		if (comes_along(lg, gpte))
			spte[i] = le32(gpte_to_spte(lg, gpte, directories & (uint32_t)gpte.v).v);
	}
}

/* "walk" led to a page of the Guest's memory, and no part straddles two. */
static __attribute__((noinline)) void fill_around(struct lguest *lg, gva_t addr, hpa_t table,
						  const struct guest_walk *walk)
{
	const uint32_t start = addr.v & ~(PART_ENTRIES * PAGE_SIZE - 1);
	const uint32_t left = (lg->limit - start) >> PAGE_SHIFT;
	const unsigned n = left < PART_ENTRIES ? left : PART_ENTRIES;
	const le32_t *part = port_look(lg->host, guest_hpa(lg, part_of(lg, walk)));
	le32_t *spte = port_change(lg->host, table);

	spte += spte_index(GVA(start));
	if (lg->pae)
		fill_part(lg, spte, part, n, walk->directories, true);
	else
		fill_part(lg, spte, part, n, walk->directories, false);
}
/*:*/

/*H:321 (i) Demand paging.
 * The CPU faulted at "addr".  Either the Guest's tables allow the access and it was only our
 * shadow that lacked the entry: we fill it, and nobody will ever know.  Or it is the Guest's own
 * fault and it shall have it.  Or the address is that of a device, and the Launcher must play it.
 *
 * Since only we know when a page is touched, it falls to us to set the accessed and dirty bits in
 * the Guest's entry, as the CPU would have.
 */
enum demand demand_page(struct lguest *lg, gva_t addr, uint32_t errcode)
{
	struct pgdir *dir = lg->pgdir;
	struct guest_walk walk;
	uint32_t touched;
	hpa_t table;

	if (addr.v >= lg->limit)
		return DEMAND_OURS;
	if (lg->linear)
		pretend_walk(addr, &walk);
	else if (!walk_guest(lg, dir->gpgdir, addr, &walk))
		return DEMAND_ABSENT;

	if ((errcode & PF_WRITE) && !(walk.rights & PTE_RW))
		return DEMAND_DENIED;
	if ((errcode & PF_USER) && !(walk.rights & PTE_US))
		return DEMAND_DENIED;
	if (!guest_pte_is_memory(lg, walk.pte)) {
		if (!guest_pte_is_device(lg, walk.pte))
			return DEMAND_DENIED;
		lg->trap_gpa = ((uint32_t)walk.pte.v & PAGE_MASK) | (addr.v & ~PAGE_MASK);
		return DEMAND_DEVICE;
	}

	touched = PTE_A | (errcode & PF_WRITE ? PTE_D : 0);
	if (!lg->linear && (walk.pte.v & touched) != touched)
		write_guest_pte(lg, walk.at, (gpte_t){walk.pte.v | touched});
	walk.pte.v |= touched;

	table = make_table(lg, dir, addr);
	if (table.v) {
		set_spte(lg, dir, addr, table, gpte_to_spte(lg, walk.pte, walk.rights));
		if (!lg->linear)
			fill_around(lg, addr, table, &walk);
	}
	return DEMAND_FILLED;
}
/*:*/

/*H:323 (ii) Pinning.
 * The CPU delivers many traps straight to the Guest, and puts their frames on the Guest's kernel
 * stack.  If that stack were not in the shadow, the push would fault.  The CPU copes with that,
 * and so do we, but it is far better manners to have the stack mapped and writable beforehand.
 */
hpa_t shadow_page(const struct lguest *lg, gva_t addr, uint32_t want)
{
	const hpa_t table = find_table(lg, lg->pgdir, addr);
	spte_t spte;

	if (!table.v || addr.v >= lg->limit)
		return HPA(0);
	spte = read_spte(lg, table, spte_index(addr));
	return HPA((spte.v & want) == want ? spte.v & PAGE_MASK : 0);
}

static void pin_page(struct lguest *lg, gva_t addr)
{
	if (shadow_page(lg, addr, PTE_P | PTE_RW).v)
		return;
	if (demand_page(lg, addr, PF_WRITE) != DEMAND_FILLED)
		kill_guest(lg, "bad stack page %#lx", (unsigned long)addr.v);
}

void pin_stack_pages(struct lguest *lg)
{
	uint32_t i;

	lg->changed &= ~CHANGED_SHADOW;
	for (i = 0; i < lg->stack_pages; i++)
		pin_page(lg, GVA(lg->esp1 - 1 - i * PAGE_SIZE));
}
/*:*/

static struct pgdir *find_pgdir(struct lguest *lg, uint32_t gpgdir)
{
	struct pgdir *dir;

	if (lg->pgdir->gpgdir == gpgdir)
		return lg->pgdir;
	for (dir = lg->pgdirs; dir < lg->pgdirs + LGUEST_PGDIRS; dir++)
		if (dir->pgd.v && dir->gpgdir == gpgdir)
			return dir;
	return NULL;
}

/*H:329 (v) Setting up.
 * Three entries at the very top of every shadow: the Switcher's code, this Guest's registers, and
 * the state page.  None has the user bit; only the registers can be written.  What is left of their
 * page table is the Guest's, who may well have something there: since 3.10 the addresses just below
 * the Switcher are its fixmap.
 */
static void map_switcher(struct lguest *lg, struct pgdir *dir, hpa_t table)
{
	const uint32_t ro = PTE_P | PTE_A | PTE_D;

	write_spte(lg, table, spte_index(GVA(SWITCHER_CODE)),
		   (spte_t){lg->host->switcher_code.v | ro});
	write_spte(lg, table, spte_index(GVA(SWITCHER_PAIR)),
		   (spte_t){lg->regs_page.v | ro | PTE_RW});
	write_spte(lg, table, spte_index(GVA(SWITCHER_STATE)),
		   (spte_t){lg->host->state_page.v | ro});
	write_spte(lg, dir->pgd, SWITCHER_TABLE, (spte_t){table.v | SPGD_FLAGS});
	dir->in_use[SWITCHER_TABLE / 32] |= 1u << SWITCHER_TABLE % 32;
}

/* Gives an empty slot a directory, in which only the Switcher is mapped. */
static bool make_pgdir(struct lguest *lg, struct pgdir *dir)
{
	hpa_t table = HPA(0);

	if (!dir->used.v)
		dir->used = alloc_shadow(lg);
	if (dir->used.v)
		table = alloc_shadow(lg);
	if (table.v)
		dir->pgd = alloc_shadow(lg);
	if (dir->pgd.v) {
		map_switcher(lg, dir, table);
		return true;
	}
	if (table.v)
		free_shadow(lg, table);
	kill_guest(lg, "out of memory allocating pte page");
	return false;
}

/* What is left of a slot when all is released. */
static void free_pgdir(struct lguest *lg, struct pgdir *dir)
{
	const hpa_t table = find_table(lg, dir, GVA(DOOR_SWITCHER));
	unsigned i;

	for (i = 0; i < 3; i++)
		write_spte(lg, table, spte_index(GVA(SWITCHER_CODE)) + i, (spte_t){0});
	free_shadow(lg, table);
	write_spte(lg, dir->pgd, SWITCHER_TABLE, (spte_t){0});
	free_shadow(lg, dir->pgd);
}
/*:*/

/*H:324 (iii) A new cr3.
 * Processes come and go and come back, so we keep the shadows of a few directories; if this is one
 * we know, there is nothing to do.  Otherwise the one that was not used for longest makes room.
 * Its kernel half can stay, because all of a Guest's directories have the same kernel in them.
 */
static struct pgdir *new_pgdir(struct lguest *lg, uint32_t gpgdir, bool *blank)
{
	struct pgdir *dir, *oldest = lg->pgdirs;

	for (dir = lg->pgdirs; dir < lg->pgdirs + LGUEST_PGDIRS; dir++) {
		if (!dir->pgd.v) {
			*blank = make_pgdir(lg, dir);
			if (!*blank)
				return lg->pgdir;
			oldest = dir;
			break;
		}
		if (dir->last_used < oldest->last_used)
			oldest = dir;
	}
	oldest->gpgdir = gpgdir;
	release_user(lg, oldest);
	return oldest;
}

void guest_new_pagetable(struct lguest *lg, uint32_t pgtable)
{
	struct pgdir *dir;
	bool blank = false;

	learn_table_format(lg, pgtable);
	if (lg->linear) {
		release_all(lg);
		lg->linear = false;
		dir = lg->pgdir;
		dir->gpgdir = pgtable;
		blank = true;
	} else {
		dir = find_pgdir(lg, pgtable);
		if (!dir)
			dir = new_pgdir(lg, pgtable, &blank);
	}
	lg->pgdir = dir;
	dir->last_used = ++lg->pgdir_uses;
	if (blank)
		pin_stack_pages(lg);
}
/*:*/

/* LHCALL_FLUSH_TLB of everything, and whatever else is easiest done by forgetting all. */
void guest_pagetable_clear_all(struct lguest *lg)
{
	release_all(lg);
	pin_stack_pages(lg);
}

/* LHCALL_FLUSH_TLB of user space.  The kernel's stack is not there, so it stays pinned. */
void guest_pagetable_flush_user(struct lguest *lg)
{
	release_user(lg, lg->pgdir);
}

/*H:327
 * The Guest changed an entry of a page directory.  One of PAE's four top entries stands for 256
 * of ours.
 */
void guest_set_pgd(struct lguest *lg, uint32_t gpgdir, uint32_t index)
{
	uint32_t entries = lg->pae ? 4 : SPGD_ENTRIES;
	uint32_t each = SPGD_ENTRIES / entries;
	struct pgdir *dir;

	if (index >= entries) {
		kill_guest(lg, "Attempt to set pgd %u/%u", index, entries);
		return;
	}
	dir = find_pgdir(lg, gpgdir);
	if (!dir)
		return;
	release_range(lg, dir, index * each, (index + 1) * each);
}
/*:*/

/*H:328
 * The Guest changed one entry of a page table, and tells us the new value.  If that is marked as
 * accessed it will be used in a moment, so we spare it the fault.  The directory is read for its
 * rights only; if it is not as we expect, we forget the entry and the fault will sort it out.
 */
static spte_t expected_spte(struct lguest *lg, uint32_t gpgdir, gva_t addr, gpte_t gpte)
{
	uint32_t rights;

	if (!(gpte.v & PTE_P) || !(gpte.v & (PTE_A | PTE_D)) || lg->linear)
		return (spte_t){0};
	if (!guest_pte_is_memory(lg, gpte)) {
		guest_pte_is_device(lg, gpte);
		return (spte_t){0};
	}
	rights = guest_directory_rights(lg, gpgdir, addr);
	if (!rights)
		return (spte_t){0};
	return gpte_to_spte(lg, gpte, rights & (uint32_t)gpte.v);
}

/* Where there is no page table there is nothing to forget, and no reason to judge the value yet. */
ALWAYS_INLINE void set_pte_in(struct lguest *lg, struct pgdir *dir, uint32_t gpgdir, gva_t addr,
			      gpte_t gpte)
{
	hpa_t table = find_table(lg, dir, addr);

	if (table.v)
		set_spte(lg, dir, addr, table, expected_spte(lg, gpgdir, addr, gpte));
}

/* The kernel's half is everybody's, and the current directory surely knows it. */
static __attribute__((noinline)) void set_kernel_pte(struct lguest *lg, gva_t addr, gpte_t gpte)
{
	struct pgdir *dir;

	for (dir = lg->pgdirs; dir < lg->pgdirs + LGUEST_PGDIRS; dir++)
		if (dir->pgd.v)
			set_pte_in(lg, dir, lg->pgdir->gpgdir, addr, gpte);
}

void guest_set_pte(struct lguest *lg, uint32_t gpgdir, gva_t addr, gpte_t gpte)
{
	struct pgdir *dir;

	if (addr.v >= lg->limit) {
		kill_guest(lg, "attempt to set pte into Switcher pages");
		return;
	}
	if (addr.v >= lg->kernel_address) {
		set_kernel_pte(lg, addr, gpte);
		return;
	}
	dir = find_pgdir(lg, gpgdir);
	if (dir)
		set_pte_in(lg, dir, gpgdir, addr, gpte);
}
/*:*/

bool init_guest_pagetable(struct lguest *lg)
{
	lg->pgdir = lg->pgdirs;
	if (!make_pgdir(lg, &lg->pgdirs[0]))
		return false;
	lg->pgdirs[0].gpgdir = boot_directory(lg);
	lg->linear = lg->boot_map == DOOR_MAP_LINEAR;
	/* Until INIT says better, everything is user space. */
	lg->kernel_address = lg->page_offset ? lg->page_offset : lg->limit;
	return true;
}

void free_guest_pagetable(struct lguest *lg)
{
	struct pgdir *dir;

	release_all(lg);
	for (dir = lg->pgdirs; dir < lg->pgdirs + LGUEST_PGDIRS; dir++) {
		if (dir->pgd.v)
			free_pgdir(lg, dir);
		if (dir->used.v)
			free_shadow(lg, dir->used);
	}
}
