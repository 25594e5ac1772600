/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:594
 * The Host's memory: a heap of pages, a page directory in which everything is where it is, and the
 * three functions that a compiler insists on.  The heap hands out single pages and never more,
 * which is all that page tables need.
:*/
#include "ring0.h"

extern uint8_t switcher_load[];

static struct {
	uint32_t fresh, end; /* pages that were never used */
	uint32_t freed;	     /* first of a list of pages that were: each points at the next */
} heap;

/*H:820
 * Pages.  A free page holds the address of the next one, and is otherwise zero: those who give it
 * back see to that.
 */
void setup_heap(uint32_t start, uint32_t end)
{
	heap.fresh = (start + PAGE_SIZE - 1) & PAGE_MASK;
	heap.end = end & PAGE_MASK;
}

hpa_t port_alloc_page(struct host *host)
{
	uint32_t page = heap.freed;

	(void)host;
	if (page) {
		heap.freed = *(uint32_t *)page;
		*(uint32_t *)page = 0;
		return HPA(page);
	}
	if (heap.fresh >= heap.end)
		return HPA(0);
	page = heap.fresh;
	heap.fresh += PAGE_SIZE;
	memset((void *)page, 0, PAGE_SIZE);
	return HPA(page);
}

void port_free_page(struct host *host, hpa_t page)
{
	(void)host;
	*(uint32_t *)page.v = heap.freed;
	heap.freed = page.v;
}
/*:*/

static le32_t directory[1024] __attribute__((aligned(4096)));
static le32_t top_table[1024] __attribute__((aligned(4096)));
static uint8_t nobodys_regs[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t state[PAGE_SIZE] __attribute__((aligned(4096)));

hpa_t switcher_page(void)
{
	return HPA((uint32_t)switcher_load);
}

hpa_t state_page(void)
{
	return HPA((uint32_t)state);
}

hpa_t host_directory(void)
{
	return HPA((uint32_t)directory);
}

/*H:821
 * The Host's page tables.  All memory is mapped where it is, in pages of 4 MB; and at the very top
 * lies the Switcher, at the same addresses as in every Guest.  In the place of a Guest's registers
 * we see a page of no importance, and the state page we may write.
 */
void setup_paging(uint32_t ram_top)
{
	const uint32_t flags = PTE_P | PTE_RW | PTE_A | PTE_D;
	le32_t *top = &top_table[DOOR_SWITCHER >> PAGE_SHIFT & 1023];
	uint32_t at;

	for (at = 0; at < ram_top; at += 1u << 22)
		directory[at >> 22] = le32(at | PTE_PSE | flags);
	top[0] = le32(switcher_page().v | (flags & ~PTE_RW));
	top[1] = le32((uint32_t)nobodys_regs | flags);
	top[2] = le32((uint32_t)state | flags);
	directory[DOOR_SWITCHER >> 22] = le32((uint32_t)top_table | flags);
}
/*:*/

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	void *ret = to;
	size_t words = len / 4;

	len &= 3;
	asm volatile("rep movsl\n\tmovl %3, %%ecx\n\trep movsb"
		     : "+D"(to), "+S"(from), "+c"(words)
		     : "r"(len)
		     : "memory");
	return ret;
}

void *memmove(void *to, const void *from, size_t len)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (d <= s || d >= s + len)
		return memcpy(to, from, len);
	d += len - 1;
	s += len - 1;
	asm volatile("std\n\trep movsb\n\tcld" : "+D"(d), "+S"(s), "+c"(len) : : "memory");
	return to;
}

void *memset(void *to, int c, size_t len)
{
	void *ret = to;
	size_t words = len / 4;

	len &= 3;
	asm volatile("rep stosl\n\tmovl %3, %%ecx\n\trep stosb"
		     : "+D"(to), "+c"(words)
		     : "a"((uint8_t)c * 0x01010101u), "r"(len)
		     : "memory");
	return ret;
}
