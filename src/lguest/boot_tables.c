/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:545
 * The page tables a Guest wakes up on.  From 2.6.23 to 3.0 a Guest expected to find itself mapped
 * at its first instruction, and the tables to be in its own memory, where it goes on to edit
 * them.  Someone has to build those; here we do.  Guests since 3.1 bring their own.
 *
 * The catch: some must be mapped at their PAGE_OFFSET too, which we are told only at LGUEST_INIT,
 * and a few turn out to be PAE kernels.  But until INIT nobody looks above the identity map, so
 * whatever we do not know at first we write into the tables then.
:*/
#include "lg.h"

#define BOOT_FLAGS (PTE_P | PTE_RW | PTE_US)

/*H:310
 * Where everything is: the directory in the last page below boot_top (which is the end of memory,
 * or the beginning of the initrd), for PAE a middle directory after the page tables, and the page
 * tables themselves below, ascending.
 *
 *	boot_top - 4096			directory
 *	below it			page tables, one for each 4 MB, or
 *	below it			page tables, one for each 2 MB, and below those their
 *					one middle directory
 */
struct boot_layout {
	uint32_t dir, middle, tables, ntables;
	uint32_t table_entries, entry_bytes;
	uint32_t pages; /* how many are mapped */
	uint32_t first; /* index of the first directory (or middle directory) entry */
};

uint32_t boot_directory(const struct lguest *lg)
{
	return lg->boot_map == DOOR_MAP_LINEAR ? 0 : lg->boot_top - PAGE_SIZE;
}

static struct boot_layout boot_layout(const struct lguest *lg)
{
	struct boot_layout b = {
		.dir = boot_directory(lg),
		.table_entries = lg->pae ? 512 : 1024,
		.entry_bytes = lg->pae ? 8 : 4,
		.pages = lg->ram_bytes >> PAGE_SHIFT,
	};
	/* One middle directory covers a gigabyte; and nothing may reach the Switcher. */
	const uint32_t base = lg->boot_map == DOOR_MAP_HIGH ? lg->page_offset : 0;
	const uint32_t limit = lg->pae ? 1u << 30 : lg->limit - base;

	if (b.pages > limit >> PAGE_SHIFT)
		b.pages = limit >> PAGE_SHIFT;
	b.first = base >> 22;
	b.ntables = (b.pages + b.table_entries - 1) / b.table_entries;
	b.tables = b.dir - b.ntables * PAGE_SIZE;
	b.middle = b.tables - PAGE_SIZE;
	return b;
}
/*:*/

/* Guest tables of either format, all high words zero. */
static void put_entry(struct lguest *lg, const struct boot_layout *b, uint32_t table,
		      uint32_t index, uint32_t val)
{
	gpa_t at = GPA(table + index * b->entry_bytes);

	lgwrite_u32(lg, at, val);
	if (b->entry_bytes == 8)
		lgwrite_u32(lg, GPA(at.v + 4), 0);
}

/* A page of its memory, all zero.  check_boot_map() has seen to it that there is room. */
static le32_t *blank_page(struct lguest *lg, uint32_t page)
{
	le32_t *words;

	BUG_ON(!lguest_address_ok(lg, GPA(page), PAGE_SIZE));
	words = port_change(lg->host, guest_page(lg, page >> PAGE_SHIFT));
	memset(words, 0, PAGE_SIZE);
	return words;
}

/* Page table number "n": the pages from there on, as many as there are. */
static void fill_table(struct lguest *lg, const struct boot_layout *b, uint32_t n)
{
	le32_t *entry = blank_page(lg, b->tables + n * PAGE_SIZE);
	uint32_t pfn = n * b->table_entries, end = pfn + b->table_entries;

	if (end > b->pages)
		end = b->pages;
	for (; pfn < end; pfn++, entry += b->entry_bytes / 4)
		*entry = le32(pfn << PAGE_SHIFT | BOOT_FLAGS);
}

/*H:311
 * Building them, before the first instruction (and once more at INIT if a Guest we took for an
 * ordinary one turns out to be PAE).
 */
void build_boot_tables(struct lguest *lg)
{
	struct boot_layout b = boot_layout(lg);
	uint32_t i, above = lg->pae ? b.middle : b.dir;

	if (lg->boot_map == DOOR_MAP_LINEAR)
		return;
	blank_page(lg, b.dir);
	blank_page(lg, above);
	for (i = 0; i < b.ntables; i++)
		fill_table(lg, &b, i);
	for (i = 0; i < b.ntables; i++)
		put_entry(lg, &b, above, b.first + i, (b.tables + i * PAGE_SIZE) | BOOT_FLAGS);
	if (lg->pae)
		put_entry(lg, &b, b.dir, 0, b.middle | PTE_P);
}
/*:*/

/*H:312
 * A 2.6.31 to 2.6.36 Guest does not say that it is PAE; but its first page directory is part of
 * its image, and looks like nothing else: a page that begins with four 64-bit entries, of which
 * the first and the kernel's are the same "present" address and the other two are empty.
 */
static bool looks_like_pae_root(struct lguest *lg, gpa_t page)
{
	const uint32_t kernel = lg->kernel_address >> 30;
	le32_t word[8];
	uint32_t i;

	/* Hardly any page begins like that, so look before all eight are read. */
	word[0] = le32(lgread_u32(lg, page));
	if ((le32_get(word[0]) & ~PAGE_MASK) != PTE_P || le32_get(word[0]) < 0x100000)
		return false;
	if (!try_lgread(lg, word, page, sizeof(word)))
		return false;
	for (i = 0; i < 4; i++) {
		uint32_t want = i == 0 || i == kernel ? le32_get(word[0]) : 0;

		if (le32_get(word[2 * i]) != want || le32_get(word[2 * i + 1]))
			return false;
	}
	return le32_get(word[0]) >> PAGE_SHIFT < lg->pfn_limit;
}

static bool image_has_pae_root(struct lguest *lg)
{
	uint32_t page;

	for (page = 0x100000; page < lg->ram_bytes; page += PAGE_SIZE)
		if (looks_like_pae_root(lg, GPA(page)))
			return true;
	return false;
}
/*:*/

/*H:313
 * At LGUEST_INIT we know kernel_address, so here is the rest of the story: the same page tables
 * once more from there on.  The Guest has not looked yet; INIT drops all shadows anyway.
 */
void finish_boot_tables(struct lguest *lg)
{
	struct boot_layout b;
	uint32_t i, index;

	if (lg->boot_map == DOOR_MAP_LINEAR)
		return;
	if (lg->boot_map == DOOR_MAP_LOW_HIGH && lg->abi->may_be_pae && !lg->format_known &&
	    image_has_pae_root(lg)) {
		lg->pae = lg->format_known = true;
		build_boot_tables(lg);
	}
	if (lg->boot_map != DOOR_MAP_LOW_HIGH)
		return;
	b = boot_layout(lg);
	if (lg->pae) {
		put_entry(lg, &b, b.dir, lg->kernel_address >> 30, b.middle | PTE_P);
		return;
	}
	for (i = 0; i < b.ntables; i++) {
		index = (lg->kernel_address >> 22) + i;
		if (index >= lg->limit >> 22)
			break;
		put_entry(lg, &b, b.dir, index, (b.tables + i * PAGE_SIZE) | BOOT_FLAGS);
	}
}
/*:*/

/*H:314
 * Later Guests give themselves away with their first NEW_PGTABLE: the first entry which is not
 * zero carries the flags of a page directory, or those (just "present", and a high word of zero)
 * that only the top level of PAE may have.
 */
void learn_table_format(struct lguest *lg, uint32_t pgtable)
{
	uint32_t at, word;

	if (lg->format_known)
		return;
	lg->format_known = true;
	if (!lg->abi->may_be_pae)
		return;
	for (at = pgtable & ~31u; at < (pgtable & ~31u) + PAGE_SIZE; at += 4) {
		le32_t raw[2];

		if (!try_lgread(lg, raw, GPA(at), sizeof(raw)))
			return;
		word = le32_get(raw[0]);
		if (!word)
			continue;
		lg->pae = (word & ~PAGE_MASK) == PTE_P && !le32_get(raw[1]) && !(at & 7);
		return;
	}
}
/*:*/
