/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:231
 * The page walk of a page that was walked before.  A TLB that was emptied is filled again with
 * translations whose A and D bits have long been set, and then there is nothing to do but to read
 * two words.  That is short enough to be expanded where it is called, and everything else is left to
 * walk.c.
:*/
#ifndef MMU_AGAIN_H
#define MMU_AGAIN_H

#include <string.h>

#include "mem.h"
#include "paging.h"

/* A word of a table, at a multiple of 4; tables outside RAM read as all ones. */
static inline uint32_t walk_word(const struct mem *mem, uint32_t pa)
{
	le32_t v;

	if (UNLIKELY(!mem_in_ram(mem, pa)))
		return ~0u;
	memcpy(&v, mem->ram + pa, 4);
	return le32_get(v);
}

/* walk_translate() for 32-bit tables that grant the access and have A (and D) set already: nothing is
 * written.  False: anything else. */
ALWAYS_INLINE bool walk_again(const struct mem *mem, const struct paging *pg, uint32_t lin,
			      unsigned access, struct walk *out)
{
	const uint32_t seen = access & PF_WRITE ? PTE_P | PTE_A | PTE_D : PTE_P | PTE_A;
	uint32_t leaf, page, rights, table = WALK_NO_TABLE;

	if (!pg->on || pg->pae)
		return false;
	leaf = rights = walk_word(mem, (pg->cr3 & PAGE_MASK) + (lin >> 22) * 4);
	if ((leaf & (PTE_P | PTE_A)) != (PTE_P | PTE_A))
		return false;
	page = (leaf & 0xffc00000) | (lin & 0x3ff000);
	if (!(leaf & PTE_PS && pg->pse)) {
		table = (leaf & PAGE_MASK) + (lin >> 12 & 1023) * 4;
		leaf = walk_word(mem, table);
		page = leaf & PAGE_MASK;
		rights &= leaf;
	} else if (leaf & 0x3fe000) {
		return false; /* reserved bits */
	}
	if ((leaf & seen) != seen || (access & PF_USER && !(rights & PTE_US)) ||
	    (access & PF_WRITE && !(rights & PTE_RW) && (access & PF_USER || pg->wp)))
		return false;
	*out = (struct walk){.page_pa = page,
			     .table_pa = table,
			     .writable = rights & PTE_RW,
			     .user = rights & PTE_US,
			     .global = UNLIKELY(leaf & PTE_G) && pg->pge,
			     .dirty = leaf & PTE_D};
	return true;
}

#endif
