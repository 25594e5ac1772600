/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:535
 * Reading the Guest's own page tables.  The CPU never does; it only sees our shadows.  We do,
 * when a fault asks for a page or when we need to know where the Guest's stack or instruction
 * pointer really is.  Guests come in two formats, two levels of 32-bit entries or three levels of
 * 64-bit ones (PAE), and this file is the only place that knows the difference; our shadows are
 * two-level for both.
:*/
#include "lg.h"

/*H:300
 * A format is a list of directory levels, and the page table below them.  "allowed" are the flag
 * bits a present directory entry may have; those of them which grant something are RW and US, and
 * a level that has no such bits (the top one of PAE) grants everything.
 */
struct directory_level {
	unsigned shift, index_mask;
	uint32_t allowed;
	const char *bad;
};

struct table_format {
	unsigned entry_bytes, levels, pte_mask;
	uint32_t root_mask;
	struct directory_level level[2];
};

static const struct table_format two_level = {
	.entry_bytes = 4,
	.levels = 1,
	.pte_mask = 1023,
	.root_mask = PAGE_MASK,
	.level = {{22, 1023, 0x067, "bad page directory entry"}},
};

static const struct table_format pae = {
	.entry_bytes = 8,
	.levels = 2,
	.pte_mask = 511,
	.root_mask = ~31u,
	.level = {{30, 3, 0x001, "bad page directory entry"},
		  {21, 511, 0x067, "bad page middle directory entry"}},
};
/*:*/

static gpte_t read_entry(struct lguest *lg, const struct table_format *f, gpa_t at)
{
	const bool wide = f->entry_bytes == 8;
	gpte_t e;

	/* None straddles a page, and nearly all are in the Guest's own memory. */
	if (LIKELY(at.v >> PAGE_SHIFT < lg->own_pfns))
		return nth_gpte(port_look(lg->host, own_hpa(lg, at)), 0, wide);
	e = (gpte_t){lgread_u32(lg, at)};
	if (wide)
		e.v |= (uint64_t)lgread_u32(lg, GPA(at.v + 4)) << 32;
	return e;
}

static bool entry_ok(const struct lguest *lg, gpte_t e, uint32_t allowed)
{
	return !((uint32_t)e.v & ~PAGE_MASK & ~allowed) && e.v >> PAGE_SHIFT < lg->pfn_limit;
}

/*H:301
 * Down the directories to where the entry for "addr" must be.  False if some level is not present
 * (which may be quite all right) or nonsense (in which case the Guest is dead).
 *
 * We collect the rights on the way.  Only what *all* levels grant is granted; that saves us from
 * having to keep our own directories in step with the Guest's.
 *
 * A curious walk only wants to know, and does not punish: the directory may be one that the Guest
 * has long given up and filled with something else.  Nearly every exit asks for a walk or two, so
 * whoever does has his own copy for each format, of which the compiler knows every number.
 */
#define WALK_CURIOUS 1u
#define WALK_ENTRY   2u /* down to the entry, and not only to where it is */

ALWAYS_INLINE bool walk_in(const struct table_format *f, struct lguest *lg, uint32_t cr3,
			   gva_t addr, unsigned how, struct guest_walk *to)
{
	uint32_t table = cr3 & f->root_mask;
	const struct directory_level *level;
	gpte_t e;

	to->directories = PTE_RW | PTE_US;
	for (level = f->level; level < f->level + f->levels; level++) {
		gpa_t at =
			GPA(table + (addr.v >> level->shift & level->index_mask) * f->entry_bytes);

		if ((how & WALK_CURIOUS) && at.v >> PAGE_SHIFT >= lg->pfn_limit)
			return false;
		e = read_entry(lg, f, at);
		if (!(e.v & PTE_P))
			return false;
		if (!entry_ok(lg, e, level->allowed)) {
			if (!(how & WALK_CURIOUS))
				kill_guest(lg, "%s", level->bad);
			return false;
		}
		if (level->allowed & PTE_RW)
			to->directories &= (uint32_t)e.v;
		table = (uint32_t)e.v & PAGE_MASK;
	}
	to->at = GPA(table + (addr.v >> PAGE_SHIFT & f->pte_mask) * f->entry_bytes);
	if (how & WALK_ENTRY)
		to->pte = read_entry(lg, f, to->at);
	return true;
}

ALWAYS_INLINE bool walk(struct lguest *lg, uint32_t cr3, gva_t addr, unsigned how,
			struct guest_walk *to)
{
	return lg->pae ? walk_in(&pae, lg, cr3, addr, how, to)
		       : walk_in(&two_level, lg, cr3, addr, how, to);
}

/* The whole walk.  True if there is a present entry for "addr"; nobody has checked its frame. */
bool walk_guest(struct lguest *lg, uint32_t cr3, gva_t addr, struct guest_walk *to)
{
	if (!walk(lg, cr3, addr, WALK_ENTRY, to))
		return false;
	to->rights = to->directories & (uint32_t)to->pte.v;
	return to->pte.v & PTE_P;
}
/*:*/

/* Where the part begins that the entry is in. */
gpa_t part_of(const struct lguest *lg, const struct guest_walk *walk)
{
	return GPA(walk->at.v & ~(PART_ENTRIES * (lg->pae ? pae : two_level).entry_bytes - 1));
}

/* The rights that the directories grant for "addr", and PTE_P; 0 if there is no page table. */
uint32_t guest_directory_rights(struct lguest *lg, uint32_t cr3, gva_t addr)
{
	struct guest_walk to;

	return walk(lg, cr3, addr, WALK_CURIOUS, &to) ? to.directories | PTE_P : 0;
}

/*H:302
 * An entry we are about to use must not be a large page, and must name a page of this Guest's
 * memory.  This is the check on which everything rests: past it a frame number goes into a page
 * table that the CPU believes.
 */
bool guest_pte_is_memory(const struct lguest *lg, gpte_t gpte)
{
	return entry_ok(lg, gpte, ~PTE_PSE);
}

/* What is not memory can be a device, or else means the end. */
bool guest_pte_is_device(struct lguest *lg, gpte_t gpte)
{
	uint64_t pfn = gpte.v >> PAGE_SHIFT;

	if (pfn >= lg->pfn_limit && pfn < lg->device_limit)
		return true;
	kill_guest(lg, "bad page table entry");
	return false;
}
/*:*/

/* Only the low word ever changes: we set A and D there. */
void write_guest_pte(struct lguest *lg, gpa_t at, gpte_t gpte)
{
	lgwrite_u32(lg, at, (uint32_t)gpte.v);
}

/*H:303
 * Guest-virtual to guest-physical.  Before a 3.1 Guest has set its first page table, the two are
 * the same.
 */
bool try_guest_pa(struct lguest *lg, gva_t addr, gpa_t *pa)
{
	struct guest_walk to;

	if (lg->linear) {
		*pa = GPA(addr.v);
		return true;
	}
	if (!walk(lg, lg->pgdir->gpgdir, addr, WALK_CURIOUS | WALK_ENTRY, &to))
		return false;
	*pa = GPA(((uint32_t)to.pte.v & PAGE_MASK) | (addr.v & ~PAGE_MASK));
	return to.pte.v & PTE_P && to.pte.v >> PAGE_SHIFT < lg->pfn_limit;
}
/*:*/

static uint32_t up_to_page_end(gva_t addr, uint32_t len)
{
	uint32_t room = PAGE_SIZE - (addr.v & ~PAGE_MASK);

	return len < room ? len : room;
}

/* Where the CPU found or would have found what lies at "addr", if all of it is in that page; or 0. */
static hpa_t as_the_cpu(const struct lguest *lg, gva_t addr, uint32_t len, uint32_t want)
{
	const uint32_t at = addr.v & ~PAGE_MASK;
	const hpa_t page = at + len <= PAGE_SIZE ? shadow_page(lg, addr, want) : HPA(0);

	return HPA(page.v ? page.v + at : 0);
}

static bool read_piecewise(struct lguest *lg, uint8_t *to, gva_t addr, uint32_t len)
{
	uint32_t part;
	bool any = false;
	gpa_t pa;

	memset(to, 0, len);
	for (; len; len -= part) {
		part = up_to_page_end(addr, len);
		if (!try_guest_pa(lg, addr, &pa) || !try_lgread(lg, to, pa, part))
			return any;
		any = true;
		to += part;
		addr.v += part;
	}
	return any;
}

/* Reads what it can; false if it could not read the first byte.  The rest is then zero. */
bool read_guest_virt(struct lguest *lg, void *to, gva_t addr, uint32_t len)
{
	const hpa_t at = as_the_cpu(lg, addr, len, PTE_P);

	if (UNLIKELY(!at.v))
		return read_piecewise(lg, to, addr, len);
	memcpy(to, port_look(lg->host, at), len);
	return true;
}

static bool write_piecewise(struct lguest *lg, gva_t addr, const uint8_t *from, uint32_t len)
{
	uint32_t part;
	gpa_t pa;

	for (; len; len -= part) {
		part = up_to_page_end(addr, len);
		if (!try_guest_pa(lg, addr, &pa))
			return false;
		lgwrite(lg, pa, from, part);
		from += part;
		addr.v += part;
	}
	return true;
}

/* For stack frames, which are the only thing we ever write through the Guest's own mapping.  Where
 * the CPU would have stored the frame, so do we, and ask the Guest's tables only if it could not, or
 * if the frame straddles a page; then the two need not be neighbours.  False if there is no page. */
bool write_guest_virt(struct lguest *lg, gva_t addr, const void *from, uint32_t len)
{
	const hpa_t at = as_the_cpu(lg, addr, len, PTE_P | PTE_RW);

	if (UNLIKELY(!at.v))
		return write_piecewise(lg, addr, from, len);
	memcpy(port_change(lg->host, at), from, len);
	return true;
}
