/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:250
 * Filling and emptying the TLB.  A guest that switches tasks reloads CR3 thousands of times a
 * second, so emptying touches only the entries that were in use.
:*/
#include <string.h>

#include "tlb.h"

static void entry_clear(struct tlb *tlb, unsigned id)
{
	struct tlb_half *half = &tlb->half[tlb_view_of(id)];
	unsigned i = id & (TLB_SIZE - 1);

	if (id & TLB_FOR_CODE) {
		half->stamp += TLB_STAMP_NEXT;
		half->code[i] = (struct tlb_code){tlb_none(i), 0};
	} else {
		half->e[i] = (struct tlb_entry){tlb_none(i), tlb_none(i), NULL};
	}
	tlb->origin[id] = WALK_NO_TABLE;
}

void tlb_init(struct tlb *tlb, unsigned space)
{
	for (unsigned id = 0; id < TLB_IDS; id++)
		entry_clear(tlb, id);
	/* Never 0: that is the stamp of what is not known. */
	for (unsigned view = 0; view < 2; view++)
		tlb->half[view].stamp = TLB_STAMP_NEXT | space << TLB_STAMP_SPACE;
	tlb->space = (uint8_t)(1u << space);
	tlb->nr_used = 0;
	memset(tlb->written, 0, sizeof(tlb->written));
	tlb->cr3 = TLB_NO_SPACE;
	tlb->last_used = 0;
}

void tlb_flush(struct tlb *tlb, bool global_too)
{
	unsigned kept = 0;

	for (unsigned n = 0; n < tlb->nr_used; n++) {
		unsigned id = tlb->used[n];

		if (tlb->origin[id] & TLB_GLOBAL && !global_too)
			tlb->used[kept++] = (uint16_t)id;
		else
			entry_clear(tlb, id);
	}
	tlb->nr_used = kept;
	if (!kept)
		memset(tlb->written, 0, sizeof(tlb->written));
}

static bool is_stale(const struct tlb *tlb, const struct mem *mem, uint32_t table)
{
	return mem_in_ram(mem, table) &&
	       !(mem->page[table >> PAGE_SHIFT] >> MEM_TABLES_SHIFT & tlb->space);
}

void tlb_flush_stale(struct tlb *tlb, const struct mem *mem)
{
	unsigned kept = 0;

	for (unsigned n = 0; n < tlb->nr_used; n++) {
		unsigned id = tlb->used[n];

		if (is_stale(tlb, mem, tlb->origin[id]))
			entry_clear(tlb, id);
		else
			tlb->used[kept++] = (uint16_t)id;
	}
	tlb->nr_used = kept;
}

void tlb_flush_page(struct tlb *tlb, uint32_t lin)
{
	unsigned i = tlb_index(lin);

	for (unsigned n = 0; n < tlb->nr_used;) {
		unsigned id = tlb->used[n];

		if ((id & (TLB_SIZE - 1)) == i) {
			entry_clear(tlb, id);
			tlb->used[n] = tlb->used[--tlb->nr_used];
		} else {
			n++;
		}
	}
}

void tlb_protect(struct tlb *tlb, const uint8_t *page)
{
	if (!(tlb->written[tlb_written(page) / 64] >> tlb_written(page) % 64 & 1))
		return;
	for (unsigned n = 0; n < tlb->nr_used; n++) {
		unsigned id = tlb->used[n];
		unsigned i = id & (TLB_SIZE - 1);
		struct tlb_entry *e = &tlb->half[tlb_view_of(id)].e[i];

		if (!(id & TLB_FOR_CODE) && e->page == page)
			e->write = tlb_none(i);
	}
}
