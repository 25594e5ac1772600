/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:210
 * The keeping of RAM: allocate it lazily (pages the machine never touches cost nothing), copy in
 * and out, and keep the notes that mem.h promises.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bug.h"
#include "base/door.h"
#include "mem.h"

int mem_init(struct mem *mem, uint32_t size_bytes)
{
	uint32_t pages = size_bytes >> PAGE_SHIFT;

	memset(mem, 0, sizeof(*mem));
	if (!size_bytes || size_bytes % PAGE_SIZE || size_bytes > DOOR_RAM_LIMIT)
		return -EINVAL;
	mem->ram = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem->ram == MAP_FAILED) {
		mem->ram = NULL;
		return -ENOMEM;
	}
	mem->size_bytes = size_bytes;
	mem->page = calloc(pages, sizeof(*mem->page));
	mem->code = calloc(pages, sizeof(*mem->code));
	mem->changed = calloc(pages, sizeof(*mem->changed));
	if (!mem->page || !mem->code || !mem->changed) {
		mem_fini(mem);
		return -ENOMEM;
	}
	return 0;
}

void mem_fini(struct mem *mem)
{
	if (mem->ram)
		munmap(mem->ram, mem->size_bytes);
	free(mem->page);
	free(mem->code);
	free(mem->changed);
	memset(mem, 0, sizeof(*mem));
}

bool mem_read(const struct mem *mem, uint32_t pa, void *to, uint32_t len)
{
	if (!mem_is_ram(mem, pa, len))
		return false;
	memcpy(to, mem->ram + pa, len);
	return true;
}

bool mem_write(struct mem *mem, uint32_t pa, const void *from, uint32_t len)
{
	uint8_t *p = mem_pin(mem, pa, len);

	if (!p)
		return false;
	memcpy(p, from, len);
	mem_unpin(mem, pa, len);
	return true;
}

uint8_t *mem_pin(struct mem *mem, uint32_t pa, uint32_t len)
{
	return mem_is_ram(mem, pa, len) ? mem->ram + pa : NULL;
}

void mem_unpin(struct mem *mem, uint32_t pa, uint32_t len)
{
	while (len) {
		uint32_t n = PAGE_SIZE - pa % PAGE_SIZE;

		if (n > len)
			n = len;
		mem_note_store(mem, pa, n);
		pa += n;
		len -= n;
	}
}

/* The bits of the chunks that [pa, pa+len) touches, one 32-bit word at a time. */
static uint32_t chunk_mask(uint32_t pa, uint32_t len, unsigned word)
{
	unsigned first = pa % PAGE_SIZE >> MEM_CODE_CHUNK_SHIFT;
	unsigned last = (pa % PAGE_SIZE + len - 1) >> MEM_CODE_CHUNK_SHIFT;
	unsigned lo = word * 32, hi = lo + 31;

	if (last < lo || first > hi)
		return 0;
	first = first < lo ? 0 : first - lo;
	last = last > hi ? 31 : last - lo;
	return (uint32_t)((2ull << last) - (1ull << first));
}

bool mem_hits_code(const struct mem *mem, uint32_t pa, uint32_t len)
{
	const struct mem_code *c = &mem->code[pa >> PAGE_SHIFT];

	BUG_ON(pa % PAGE_SIZE + len > PAGE_SIZE);
	if (!len || !(mem->page[pa >> PAGE_SHIFT] & MEM_CODE))
		return false;
	for (unsigned w = 0; w < MEM_CODE_WORDS; w++)
		if (c->chunk[w] & chunk_mask(pa, len, w))
			return true;
	return false;
}

bool mem_mark_code(struct mem *mem, uint32_t pa, uint32_t len)
{
	uint8_t *flags = &mem->page[pa >> PAGE_SHIFT];
	bool first = !(*flags & MEM_CODE);

	*flags |= MEM_CODE;
	for (unsigned w = 0; w < MEM_CODE_WORDS; w++)
		mem->code[pa >> PAGE_SHIFT].chunk[w] |= chunk_mask(pa, len, w);
	return first;
}

void mem_clear_code(struct mem *mem, uint32_t pfn)
{
	mem->page[pfn] &= (uint8_t) ~(MEM_CODE | MEM_CHANGED);
	memset(&mem->code[pfn], 0, sizeof(mem->code[pfn]));
}

void mem_note_bytes(struct mem *mem, uint32_t pa, uint32_t len)
{
	uint32_t pfn = pa >> PAGE_SHIFT;

	if (!len)
		return;
	mem->page[pfn] |= MEM_DIRTY;
	if (!(mem->page[pfn] & MEM_CHANGED) && mem_hits_code(mem, pa, len)) {
		mem->page[pfn] |= MEM_CHANGED;
		mem->changed[mem->nr_changed++] = pfn;
	}
}

void mem_note_store(struct mem *mem, uint32_t pa, uint32_t len)
{
	uint8_t *flags = &mem->page[pa >> PAGE_SHIFT];

	if (!len)
		return;
	mem->stale |= *flags >> MEM_TABLES_SHIFT;
	*flags &= (uint8_t)~MEM_TABLES;
	mem_note_bytes(mem, pa, len);
}
