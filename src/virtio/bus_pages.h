/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:612
 * What the two buses of 2.6.24 to 3.19 have in common: pages behind the Guest's memory, the first for
 * descriptors and the others for rings, an interrupt line for each queue, and a bell that is rung with
 * an address.
:*/
#ifndef VIRTIO_BUS_PAGES_H
#define VIRTIO_BUS_PAGES_H

#include "bus_lguest.h"

struct bus_pages {
	struct guest_mem gm; /* limit_bytes is where our last ring ends */
	uint32_t room_bytes; /* how far that may grow */
	void (*raise_irq)(void *ctx, unsigned irq);
	void *ctx;
	uint32_t desc_end; /* bytes of the descriptor page in use */
	unsigned next_irq;
};

/* False: gm is not memory with at least a page behind it. */
bool bus_pages_init(struct bus_pages *pages, const struct guest_mem *gm,
		    void (*raise_irq)(void *ctx, unsigned irq), void *ctx) MUST_CHECK;
uint32_t bus_pages_count(const struct bus_pages *pages);
/* Is there room for a device of so many queues, with rings of ring_bytes, whole pages?  0, -ENFILE (no more
 * lines), -ENOSPC. */
int bus_pages_room(const struct bus_pages *pages, unsigned nr_queues,
		   uint32_t ring_bytes) MUST_CHECK;
/* It takes them. */
void bus_pages_take(struct bus_pages *pages, unsigned nr_queues, uint32_t ring_bytes,
		    uint32_t desc_bytes);
/* Our own ranges are the Guest's and are RAM, which bus_pages_init() has checked. */
void bus_pages_zero(struct bus_pages *pages, gpa_t gpa, uint32_t n);

/* The queue whose ring is on the page of gpa, or -1. */
int bus_pages_queue_at(const struct virtio_device *dev, gpa_t gpa);
/* The bell was rung for a queue of a device that has this status. */
enum lguest_notify bus_pages_ring(struct virtio_device *dev, unsigned q, uint8_t status,
				  const char **why);

#endif
