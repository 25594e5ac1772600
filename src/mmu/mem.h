/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:200
 * Machine memory: one flat array of RAM, starting at physical address 0, and a little knowledge
 * about each of its pages.  The map of what lies where is in base/door.h; this file does not care.
 *
 * Whoever stores to RAM without being the CPU (virtio, loaders, the debugger) must come through
 * mem_write() or mem_pin()/mem_unpin(), because a page may hold instructions that the CPU has
 * already decoded, and because a snapshot must know what has changed.
:*/
#ifndef MMU_MEM_H
#define MMU_MEM_H

#include "base/types.h"

/*C:100
 * Three facts about each page.  MEM_DIRTY: written since the last time somebody took stock (a
 * snapshot, a hash).  MEM_CODE: the CPU holds decoded instructions of this page, so a store must
 * be noticed.  Which 32-byte pieces hold them is in code[], one bit each: Linux keeps data next to
 * code, and a store beside an instruction should cost nothing.  MEM_TABLES: a bit for each address space
 * whose translations the CPU keeps, if some of them were found through page tables in this page.
:*/
#define MEM_SPACES	 4
#define MEM_TABLES_SHIFT 4
enum mem_page_flags {
	MEM_DIRTY = 1,
	MEM_CODE = 2,
	MEM_CHANGED = 4,
	MEM_TABLES = ((1 << MEM_SPACES) - 1) << MEM_TABLES_SHIFT,
};

#define MEM_CODE_CHUNK_SHIFT 5
#define MEM_CODE_WORDS	     (PAGE_SIZE >> MEM_CODE_CHUNK_SHIFT >> 5)

struct mem_code {
	uint32_t chunk[MEM_CODE_WORDS]; /* bit per 32 bytes of the page: decoded code is there */
};

struct mem {
	uint8_t *ram;	     /* size_bytes of it */
	uint32_t size_bytes; /* multiple of the page size, at most DOOR_RAM_LIMIT */
	uint8_t *page;	     /* enum mem_page_flags per page */
	struct mem_code *code;
	uint32_t *changed; /* page frames whose code changed; drained by the CPU */
	uint32_t nr_changed;
	uint8_t stale; /* a bit for each address space some of whose tables have changed */
};

/* 0, -EINVAL (size 0, odd, or over the limit) or -ENOMEM.  RAM reads as zero. */
int mem_init(struct mem *mem, uint32_t size_bytes) MUST_CHECK;
void mem_fini(struct mem *mem);

/* True if [pa, pa+len) is RAM; len may be 0. */
static inline bool mem_is_ram(const struct mem *mem, uint32_t pa, uint32_t len)
{
	return pa <= mem->size_bytes && len <= mem->size_bytes - pa;
}

/* The same for what ends in the page that it begins in. */
static inline bool mem_in_ram(const struct mem *mem, uint32_t pa)
{
	return pa < mem->size_bytes;
}

/* Copy out of or into RAM; false (and nothing done) if the range is not all RAM. */
bool mem_read(const struct mem *mem, uint32_t pa, void *to, uint32_t len) MUST_CHECK;
bool mem_write(struct mem *mem, uint32_t pa, const void *from, uint32_t len) MUST_CHECK;

/* A pointer for a bulk store into [pa, pa+len), NULL if it is not all RAM.  The pages count as
 * written when mem_unpin() says so; nothing may run on the CPU between the two. */
uint8_t *mem_pin(struct mem *mem, uint32_t pa, uint32_t len);
void mem_unpin(struct mem *mem, uint32_t pa, uint32_t len);

/* The CPU is about to store len bytes (within one page) at pa: does decoded code lie there? */
bool mem_hits_code(const struct mem *mem, uint32_t pa, uint32_t len);
/* The CPU has decoded [pa, pa+len) (within one page); true if the page had no code before. */
bool mem_mark_code(struct mem *mem, uint32_t pa, uint32_t len);
/* The CPU has thrown away all it decoded from this page frame. */
void mem_clear_code(struct mem *mem, uint32_t pfn);
/* Bytes of [pa, pa+len) (within one page) have changed: note the page if code was there. */
void mem_note_store(struct mem *mem, uint32_t pa, uint32_t len);
/* The same for bytes from which nobody has a translation that would now be another: a page-table entry
 * that was not present, or that only got its A or D bit. */
void mem_note_bytes(struct mem *mem, uint32_t pa, uint32_t len);

#endif
