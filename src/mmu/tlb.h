/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:240
 * The TLB: the translations the CPU remembers, kept in a form that makes the common load a
 * subtraction, a comparison and an addition.  Two views, supervisor and user, each direct-mapped,
 * each with entries for data and others for code.  One for data has a tag for reading and one for
 * writing, so that "readable", "writable", "dirty" and "holds no code" are all one comparison.
:*/
#ifndef MMU_TLB_H
#define MMU_TLB_H

#include "base/types.h"
#include "mem.h"
#include "paging.h"

/*C:120
 * A tag is the page's linear address.  Subtract it from an address that has this entry: what is left
 * is an offset into the page, or a very large number.  So one subtraction and one comparison tell whether
 * all bytes of an operand lie in the page, and where.  An entry that knows no page has the address of
 * another entry's, tlb_none(), from which none of its own addresses is near.
 *
 * The write tag is given only to a page whose dirty bit is set already and that holds neither decoded
 * code nor page tables; every other store takes the slow path once and finds out why.
:*/
#ifdef LG_HARD
#define TLB_BITS 1
#else
#define TLB_BITS 10
#endif
#define TLB_SIZE (1u << TLB_BITS)

enum tlb_view { TLB_SUPERVISOR = 0, TLB_USER = 1 };

struct tlb_entry {
	uint32_t read;	/* tag: loads of this page may go straight to memory */
	uint32_t write; /* tag: so may stores */
	uint8_t *page;	/* where it is in the host's memory */
};

/*C:122
 * Code has entries of its own, as in a real processor.  Instructions and the data they work on may
 * well lie a multiple of 4 MB apart (Linux has its text where physical memory is 16 MB, and some of
 * its data in the first megabyte), and one of them would evict the other for as long as a loop uses
 * both.
:*/
struct tlb_code {
	uint32_t tag;	/* instructions of this page may be fetched */
	uint32_t delta; /* machine-physical address of the page minus its linear address */
};

/*C:123
 * The stamp of a half says what its entries for code say: while it is the same, each page of code that
 * it knew is where it was.  So whoever found code to be at an address once need not look again, if he
 * kept the stamp.  Its lowest byte is left to the CPU, whose mode tells the two halves apart; the next one
 * is the number of the space; the rest counts.
:*/
#define TLB_STAMP_MODE	0xffu
#define TLB_STAMP_SPACE 8
#define TLB_STAMP_NEXT	(1ull << 16)

struct tlb_half {
	struct tlb_entry e[TLB_SIZE];
	uint64_t stamp;
	struct tlb_code code[TLB_SIZE];
};

static inline unsigned tlb_index(uint32_t lin)
{
	return lin >> 12 & (TLB_SIZE - 1);
}

static inline uint32_t tlb_none(unsigned index)
{
	return (index ^ 1) << 12;
}

/* How far lin, an address that has the entry, is into the page of one of its tags. */
static inline size_t tlb_offset(uint32_t lin, uint32_t tag)
{
	return lin - tag;
}

/* Are so many bytes there within the page? */
static inline bool tlb_hit(size_t offset, unsigned bytes)
{
	return offset <= PAGE_SIZE - bytes;
}

/* An entry's number says which view it belongs to, what it is for, and where it is. */
#define TLB_FOR_CODE (2 * TLB_SIZE)
#define TLB_IDS	     (4 * TLB_SIZE)

static inline unsigned tlb_id(enum tlb_view view, uint32_t lin)
{
	return (unsigned)view << TLB_BITS | tlb_index(lin);
}

static inline enum tlb_view tlb_view_of(unsigned id)
{
	return id & TLB_SIZE ? TLB_USER : TLB_SUPERVISOR;
}

/* Page frames by so many colours: of one whose colour has no write tag, nothing need be taken away. */
#define TLB_WRITTEN 1024
static inline unsigned tlb_written(const uint8_t *page)
{
	return (uintptr_t)page >> 12 & (TLB_WRITTEN - 1);
}

/* No page directory has this address. */
#define TLB_NO_SPACE 1u
/* Beside the address of a page-table entry, which is a multiple of 4. */
#define TLB_GLOBAL 1u

/* The translations of one address space. */
struct tlb {
	struct tlb_half half[2]; /* by enum tlb_view */
	uint16_t used[TLB_IDS];	 /* entries in use, so that a CR3 load clears only those */
	unsigned nr_used;
	uint32_t origin[TLB_IDS]; /* where its page-table entry is, or WALK_NO_TABLE; TLB_GLOBAL */
	uint64_t written[TLB_WRITTEN / 64]; /* bit by tlb_written(), of pages with a write tag */
	uint8_t space;			    /* its bit in struct mem, from cpu_init() on */
	bool mixed; /* of one page of tables some are from before a store to it, some from after */
	uint32_t cr3;	    /* page directory they were found through, or TLB_NO_SPACE */
	uint64_t last_used; /* the larger, the later */
};

/* Its entry.  Where one is 16 bytes long, the offset is one shift and one mask. */
static inline struct tlb_entry *tlb_slot(struct tlb_half *half, uint32_t lin)
{
	if (sizeof(struct tlb_entry) != 16)
		return &half->e[tlb_index(lin)];
	return (struct tlb_entry *)((char *)half->e + (lin >> 8 & (TLB_SIZE - 1) << 4));
}

/* The same to be read. */
static inline const struct tlb_entry *tlb_at(const struct tlb_half *half, uint32_t lin)
{
	return tlb_slot((struct tlb_half *)(uintptr_t)half, lin);
}

/* Where the n bytes at lin are in the host's memory, to be read, to be written; NULL: the TLB does not
 * say. */
static inline const uint8_t *tlb_read(const struct tlb_half *half, uint32_t lin, unsigned n)
{
	const struct tlb_entry *e = tlb_at(half, lin);
	size_t at = tlb_offset(lin, e->read);

	return LIKELY(tlb_hit(at, n)) ? e->page + at : NULL;
}

static inline uint8_t *tlb_write(const struct tlb_half *half, uint32_t lin, unsigned n)
{
	const struct tlb_entry *e = tlb_at(half, lin);
	size_t at = tlb_offset(lin, e->write);

	return LIKELY(tlb_hit(at, n)) ? e->page + at : NULL;
}

/* The TLB of space number `space`, empty. */
void tlb_init(struct tlb *tlb, unsigned space);
void tlb_flush(struct tlb *tlb, bool global_too);
void tlb_flush_page(struct tlb *tlb, uint32_t lin);
/* The translations whose page-table entries lie in pages that no longer have this TLB's bit in page[]. */
void tlb_flush_stale(struct tlb *tlb, const struct mem *mem);
/* No store to this frame may bypass the slow path any more: it now holds code, or page tables. */
void tlb_protect(struct tlb *tlb, const uint8_t *page);
/* The linear address of the page that entry `id`, which is in use, is about. */
static inline uint32_t tlb_tag(const struct tlb *tlb, unsigned id)
{
	const struct tlb_half *half = &tlb->half[tlb_view_of(id)];
	unsigned i = id & (TLB_SIZE - 1);

	return id & TLB_FOR_CODE ? half->code[i].tag : half->e[i].read;
}

static inline void tlb_use(struct tlb *tlb, unsigned id, uint32_t tag, bool global, uint32_t table)
{
	if (tag == tlb_none(id & (TLB_SIZE - 1)))
		tlb->used[tlb->nr_used++] = (uint16_t)id;
	tlb->origin[id] = table | (global ? TLB_GLOBAL : 0);
}

/* Remember one translation, for data, in its entry.  `writable`: stores may use the fast path. */
static inline void tlb_fill(struct tlb *tlb, struct tlb_entry *e, enum tlb_view view, uint32_t lin,
			    uint8_t *page, bool writable, bool global, uint32_t table)
{
	tlb_use(tlb, tlb_id(view, lin), e->read, global, table);
	lin &= PAGE_MASK;
	e->read = lin;
	e->write = writable ? lin : tlb_none(tlb_index(lin));
	if (writable)
		tlb->written[tlb_written(page) / 64] |= 1ull << tlb_written(page) % 64;
	e->page = page;
}

/* The same for code; page_pa is the page's machine-physical address. */
static inline void tlb_fill_code(struct tlb *tlb, enum tlb_view view, uint32_t lin,
				 uint32_t page_pa, bool global, uint32_t table)
{
	struct tlb_code *c = &tlb->half[view].code[tlb_index(lin)];

	if (c->tag != tlb_none(tlb_index(lin)))
		tlb->half[view].stamp += TLB_STAMP_NEXT;
	tlb_use(tlb, TLB_FOR_CODE | tlb_id(view, lin), c->tag, global, table);
	lin &= PAGE_MASK;
	*c = (struct tlb_code){lin, page_pa - lin};
}

#endif
