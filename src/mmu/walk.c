/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:230
 * The page walk: what the processor does when the TLB does not know.  It reads the tables in
 * machine memory, combines the rights of both levels, sets the accessed and dirty bits, and says
 * either where the page is or with which error code the access fails.
 *
 * It refuses to be clever: no caching of directory entries.  The TLB in front of it makes that
 * affordable.
:*/
#include <string.h>

#include "again.h"
#include "mem.h"
#include "paging.h"

#define PTE64_NX (1ull << 63)
#define ADDR64	 0x000ffffffffff000ull

/* Where an entry lies and how wide it is; tables outside RAM read as all ones. */
struct entry {
	uint32_t pa;
	unsigned bytes;
	uint64_t v;
};

static inline struct entry entry_read(const struct mem *mem, uint64_t pa, unsigned bytes)
{
	struct entry e = {(uint32_t)pa, bytes, bytes == 8 ? ~0ull : ~0u};

	if (pa >> 32)
		return e;
	e.v = walk_word(mem, e.pa);
	if (bytes == 8)
		e.v |= (uint64_t)walk_word(mem, e.pa + 4) << 32;
	return e;
}

static void entry_set(struct mem *mem, struct entry *e, uint64_t bits)
{
	le32_t v;

	if ((e->v & bits) == bits)
		return;
	e->v |= bits;
	v = le32((uint32_t)e->v);
	/* Tables outside RAM: nothing keeps the bit. */
	if (!mem_is_ram(mem, e->pa, 4))
		return;
	memcpy(mem->ram + e->pa, &v, 4);
	mem_note_bytes(mem, e->pa, 4);
}

/* Reserved bits: in PAE everything above our 36 physical bits, and NX unless enabled. */
static bool reserved64(const struct paging *pg, uint64_t v)
{
	return (v & 0x7ffffff000000000ull) || ((v & PTE64_NX) && !pg->nxe);
}

/* The levels from the top; returns how many (0 = not present), or -1: reserved bit. */
static inline int levels_read(const struct mem *mem, const struct paging *pg, uint32_t lin,
			      struct entry lv[2], bool *large)
{
	*large = false;
	if (pg->pae) {
		uint64_t pdpte = pg->pdpte[lin >> 30];

		if (!(pdpte & PTE_P))
			return 0;
		lv[0] = entry_read(mem, (pdpte & ADDR64) + (lin >> 21 & 511) * 8, 8);
	} else {
		lv[0] = entry_read(mem, (pg->cr3 & PAGE_MASK) + (lin >> 22) * 4, 4);
	}
	if (!(lv[0].v & PTE_P))
		return 0;
	if (pg->pae && reserved64(pg, lv[0].v))
		return -1;
	if ((lv[0].v & PTE_PS) && (pg->pae || pg->pse)) {
		*large = true;
		/* The bits between frame and PAT must be zero (PSE-36 is not offered). */
		return lv[0].v & (pg->pae ? 0x1fe000u : 0x3fe000u) ? -1 : 1;
	}
	if (pg->pae)
		lv[1] = entry_read(mem, (lv[0].v & ADDR64) + (lin >> 12 & 511) * 8, 8);
	else
		lv[1] = entry_read(mem, (lv[0].v & PAGE_MASK) + (lin >> 12 & 1023) * 4, 4);
	if (!(lv[1].v & PTE_P))
		return 0;
	return pg->pae && reserved64(pg, lv[1].v) ? -1 : 2;
}

static uint32_t frame_of(const struct paging *pg, const struct entry *leaf, bool large,
			 uint32_t lin)
{
	uint32_t low = pg->pae ? 0x1fffff : 0x3fffff;

	if (!large)
		return (uint32_t)leaf->v & PAGE_MASK;
	return ((uint32_t)leaf->v & ~low) | (lin & low & PAGE_MASK);
}

int walk_translate(struct mem *mem, const struct paging *pg, uint32_t lin, unsigned access,
		   struct walk *out)
{
	unsigned code = access &
			(pg->pae && pg->nxe ? PF_WRITE | PF_USER | PF_FETCH : PF_WRITE | PF_USER);
	struct entry lv[2];
	uint64_t rights;
	bool large;
	int n;

	if (!pg->on) {
		*out = (struct walk){.page_pa = lin & PAGE_MASK,
				     .table_pa = WALK_NO_TABLE,
				     .writable = true,
				     .user = true,
				     .dirty = true};
		return -1;
	}
	n = levels_read(mem, pg, lin, lv, &large);
	if (n == 0)
		return (int)code;
	if (n < 0)
		return (int)(code | PF_PRESENT | PF_RSVD);
	rights = n == 2 ? lv[0].v & lv[1].v : lv[0].v;
	out->user = rights & PTE_US;
	out->writable = rights & PTE_RW;
	out->nx = pg->pae && pg->nxe && ((lv[0].v | lv[n - 1].v) & PTE64_NX);
	out->global = pg->pge && (lv[n - 1].v & PTE_G);
	if ((access & PF_USER) && !out->user)
		return (int)(code | PF_PRESENT);
	if ((access & PF_WRITE) && !out->writable && ((access & PF_USER) || pg->wp))
		return (int)(code | PF_PRESENT);
	if ((access & PF_FETCH) && out->nx)
		return (int)(code | PF_PRESENT);
	if (n == 2)
		entry_set(mem, &lv[0], PTE_A);
	entry_set(mem, &lv[n - 1], access & PF_WRITE ? PTE_A | PTE_D : PTE_A);
	out->dirty = lv[n - 1].v & PTE_D;
	out->table_pa = n == 2 ? lv[1].pa : WALK_NO_TABLE;
	out->page_pa = frame_of(pg, &lv[n - 1], large, lin);
	return -1;
}

bool walk_peek(const struct mem *mem, const struct paging *pg, uint32_t lin, uint32_t *pa)
{
	struct entry lv[2];
	bool large;
	int n;

	if (!pg->on) {
		*pa = lin;
		return true;
	}
	n = levels_read(mem, pg, lin, lv, &large);
	if (n <= 0)
		return false;
	*pa = frame_of(pg, &lv[n - 1], large, lin) | (lin & ~PAGE_MASK);
	return true;
}
