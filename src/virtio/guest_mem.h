/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:600
 * A Guest's memory as its devices see it.  To the machine a Guest is a region of RAM; to a device
 * it starts at Guest-physical 0 and ends at a limit, and whatever lies beyond does not exist: not
 * the Host, not another Guest.  Every byte that virtio moves comes through here, so this is the
 * one place where an address from a Guest meets memory, and the sums are done in 64 bits.
 *
 * It refuses to be clever: a range is wholly inside or the answer is no.
:*/
#ifndef VIRTIO_GUEST_MEM_H
#define VIRTIO_GUEST_MEM_H

#include "base/types.h"
#include "mmu/mem.h"

#define GM_SHARED_PAGES 4u

struct guest_mem {
	struct mem *mem;
	uint32_t base;	      /* machine-physical address of Guest-physical 0 */
	uint32_t ram_bytes;   /* end of what e820 calls RAM; device pages begin here */
	uint32_t limit_bytes; /* first Guest-physical byte that is not the Guest's */
	/* Pages that are not in this Guest's region, because other Guests have them, too. */
	unsigned nr_shared;
	struct gm_shared {
		uint32_t gpa, page; /* page: machine-physical */
	} shared[GM_SHARED_PAGES];
};

/* One that shares nothing. */
static inline struct guest_mem gm_make(struct mem *mem, uint32_t base, uint32_t ram_bytes,
				       uint32_t limit_bytes)
{
	return (struct guest_mem){
		.mem = mem, .base = base, .ram_bytes = ram_bytes, .limit_bytes = limit_bytes};
}

/* True if [addr, addr+len) is the Guest's and is backed by RAM.  addr and len may come straight
 * from a Guest; len may be 0. */
static inline bool gm_has(const struct guest_mem *gm, uint64_t addr, uint64_t len)
{
	return addr <= gm->limit_bytes && len <= gm->limit_bytes - addr &&
	       gm->base <= gm->mem->size_bytes && addr + len <= gm->mem->size_bytes - gm->base;
}

/* Where [gpa, gpa+len) is in the machine.  False if it is not all the Guest's, or in two places: half
 * in a shared page. */
static inline MUST_CHECK bool gm_place(const struct guest_mem *gm, gpa_t gpa, uint32_t len,
				       uint32_t *pa)
{
	const struct gm_shared *s;

	if (!gm_has(gm, gpa.v, len))
		return false;
	*pa = gm->base + gpa.v;
	for (s = gm->shared; s < gm->shared + gm->nr_shared; s++) {
		if (gpa.v + len <= s->gpa || gpa.v >= s->gpa + PAGE_SIZE)
			continue;
		if (gpa.v < s->gpa || gpa.v + len > s->gpa + PAGE_SIZE)
			return false;
		*pa = s->page + (gpa.v - s->gpa);
	}
	return true;
}

/* Copy out of or into Guest memory; false (and nothing done) if gm_place() would say so. */
static inline MUST_CHECK bool gm_read(const struct guest_mem *gm, gpa_t gpa, void *to, uint32_t len)
{
	uint32_t pa;

	return gm_place(gm, gpa, len, &pa) && mem_read(gm->mem, pa, to, len);
}

static inline MUST_CHECK bool gm_write(const struct guest_mem *gm, gpa_t gpa, const void *from,
				       uint32_t len)
{
	uint32_t pa;

	return gm_place(gm, gpa, len, &pa) && mem_write(gm->mem, pa, from, len);
}

/* A pointer for a bulk load or store, NULL where gm_place() fails.  After a store say gm_unpin();
 * after a load there is nothing to say. */
static inline uint8_t *gm_pin(const struct guest_mem *gm, gpa_t gpa, uint32_t len)
{
	uint32_t pa;

	return gm_place(gm, gpa, len, &pa) ? mem_pin(gm->mem, pa, len) : NULL;
}

static inline void gm_unpin(const struct guest_mem *gm, gpa_t gpa, uint32_t len)
{
	uint32_t pa;

	if (gm_place(gm, gpa, len, &pa))
		mem_unpin(gm->mem, pa, len);
}

/* The text at gpa, up to its NUL, the Guest's last byte or size - 1 bytes, whichever comes first (row
 * 23).  Returns its length; buf is terminated if it has any size. */
static inline size_t gm_text(const struct guest_mem *gm, gpa_t gpa, char *buf, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && gm_read(gm, GPA(gpa.v + (uint32_t)n), buf + n, 1) && buf[n])
		n++;
	if (size)
		buf[n] = '\0';
	return n;
}

#endif
