/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:738
 * The guest hash: everything that makes a Guest what it is and nothing of the Host, so that two
 * builds of the Host, or two homes of it, can be compared by one number.
:*/
#include "replay/hash.h"
#include "vm.h"

static void add_bytes(void *ctx, const void *p, size_t n)
{
	uint64_t *h = ctx;

	*h = hash_bytes(*h, p, n);
}

/*L:810
 * In this order, each taken into the hash of what came before (hash_add, for the devices and the
 * registers hash_bytes; replay/hash.h has the arithmetic):
 *
 *	1	the version of this definition
 *	2	bytes of RAM
 *	3	hash_pages() of RAM and of the device pages above it; then of each page of these that
 *		it shares with other Guests, which is somewhere else
 *	4	the registers, in the order of struct door_regs, as the Host last showed them
 *	5	the devices, in bus order, as their state functions give them
 *	6	the board clock
 */
uint64_t state_guest_hash(const struct guest *g)
{
	const struct machine *m = &g->vm->machine;
	const uint32_t bytes = devices_pfn_limit(g) * PAGE_SIZE;
	uint64_t h = hash_add(0, 1);
	unsigned i;

	h = hash_add(h, g->gm.ram_bytes);
	h = hash_add(h, hash_pages(m->mem.ram + g->gm.base, bytes, 0));
	for (i = 0; i < g->gm.nr_shared; i++)
		h = hash_add(h, hash_pages(m->mem.ram + g->gm.shared[i].page, PAGE_SIZE, 0));
	h = hash_bytes(h, &g->regs, sizeof(g->regs));
	devices_state(g, &(struct virtio_sink){add_bytes, &h});
	return hash_add(h, machine_clock_ns(m));
}
/*:*/
