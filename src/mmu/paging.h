/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:220
 * The numbers of x86 paging, and what the page walk needs to know of the control registers.  From
 * the Intel manual, volume 3, "32-Bit Paging" and "PAE Paging".  No logic here.
:*/
#ifndef MMU_PAGING_H
#define MMU_PAGING_H

#include "base/types.h"

/*C:110
 * A page-table entry, as the CPU reads it (32-bit format; PAE widens it to 64 bits and adds NX):
 *
 *	 31            12 11  9 8 7  6 5 4   3   2   1   0
 *	+----------------+-----+-+--+-+-+---+---+---+---+-+
 *	|   page frame   | sw  |G|PS|D|A|PCD|PWT|U/S|R/W|P|
 *	+----------------+-----+-+--+-+-+---+---+---+---+-+
:*/
#define PTE_P  0x001u
#define PTE_RW 0x002u
#define PTE_US 0x004u
#define PTE_A  0x020u
#define PTE_D  0x040u
#define PTE_PS 0x080u
#define PTE_G  0x100u

/* Error code of #PF ("Page-Fault Exceptions"). */
enum pf_error { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RSVD = 8, PF_FETCH = 16 };

struct paging {
	uint32_t cr3;
	bool on, pse, pae, pge, wp, nxe;
	uint64_t pdpte[4]; /* PAE: loaded with CR3 */
};

/* What a walk found: the frame, and who may do what with it (all levels combined, but CR0.WP
 * left to the reader). */
struct walk {
	uint32_t page_pa;  /* of the 4 KB page that holds the address */
	uint32_t table_pa; /* where in a page table it was found, or WALK_NO_TABLE */
	bool writable, user, global, dirty, nx;
};

#define WALK_NO_TABLE 0xfffffffcu /* where no RAM is */

struct mem;

/*
 * Translate lin for an access of kind `access` (PF_WRITE, PF_USER, PF_FETCH or'ed).  Returns -1
 * and fills *out, having set A (and D) bits; or returns the #PF error code.
 */
int walk_translate(struct mem *mem, const struct paging *pg, uint32_t lin, unsigned access,
		   struct walk *out) MUST_CHECK;

/* The same without a trace: no A or D bit, no permission check.  False if not mapped. */
bool walk_peek(const struct mem *mem, const struct paging *pg, uint32_t lin, uint32_t *pa);

#endif
