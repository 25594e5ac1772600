/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:613
 * Pages, lines and the bell.  What a descriptor looks like is not known here.
:*/
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "bus_pages.h"

bool bus_pages_init(struct bus_pages *pages, const struct guest_mem *gm,
		    void (*raise_irq)(void *ctx, unsigned irq), void *ctx)
{
	uint64_t room = gm->ram_bytes + (uint64_t)LGUEST_BUS_PAGES * PAGE_SIZE;

	if (room > gm->limit_bytes)
		room = gm->limit_bytes;
	if (gm->ram_bytes % PAGE_SIZE || room < gm->ram_bytes + (uint64_t)PAGE_SIZE ||
	    !gm_has(gm, 0, room))
		return false;
	*pages = (struct bus_pages){.gm = *gm,
				    .room_bytes = (uint32_t)room,
				    .raise_irq = raise_irq,
				    .ctx = ctx,
				    .next_irq = 1};
	pages->gm.limit_bytes = gm->ram_bytes + PAGE_SIZE;
	return true;
}

uint32_t bus_pages_count(const struct bus_pages *pages)
{
	return (pages->gm.limit_bytes - pages->gm.ram_bytes) / PAGE_SIZE;
}

int bus_pages_room(const struct bus_pages *pages, unsigned nr_queues, uint32_t ring_bytes)
{
	if (nr_queues > LGUEST_BUS_IRQS - pages->next_irq)
		return -ENFILE;
	if ((uint64_t)nr_queues * ring_bytes > pages->room_bytes - pages->gm.limit_bytes)
		return -ENOSPC;
	return 0;
}

void bus_pages_take(struct bus_pages *pages, unsigned nr_queues, uint32_t ring_bytes,
		    uint32_t desc_bytes)
{
	pages->gm.limit_bytes += nr_queues * ring_bytes;
	pages->desc_end += desc_bytes;
	pages->next_irq += nr_queues;
}

void bus_pages_zero(struct bus_pages *pages, gpa_t gpa, uint32_t n)
{
	uint8_t *p = gm_pin(&pages->gm, gpa, n);

	BUG_ON(!p);
	memset(p, 0, n);
	gm_unpin(&pages->gm, gpa, n);
}

int bus_pages_queue_at(const struct virtio_device *dev, gpa_t gpa)
{
	for (int q = 0; q < dev->ops->nr_queues; q++)
		if (dev->vq[q].desc.v >> PAGE_SHIFT == gpa.v >> PAGE_SHIFT)
			return q;
	return -1;
}

/*D:659
 * Rung at a ring it means "there is work".  Every driver uses its queues before it says DRIVER_OK
 * (the disk's looks for partitions while it starts), so all that we ask is that somebody has
 * claimed the device.  A bell with nothing behind it is legal.
 */
enum lguest_notify bus_pages_ring(struct virtio_device *dev, unsigned q, uint8_t status,
				  const char **why)
{
	if (dev->stopped)
		return LGUEST_NOTIFY_IGNORED; /* and we said why, then */
	if (!status) {			      /* row 24 */
		*why = "queue was kicked before its device was set up";
		return LGUEST_NOTIFY_IGNORED;
	}
	if (status & VIRTIO_S_FAILED) { /* row 27: up to 2.6.25 it is said without ringing */
		virtio_set_status(dev, status);
		*why = dev->stopped;
		return LGUEST_NOTIFY_IGNORED;
	}
	virtio_notify(dev, q);
	*why = dev->stopped;
	return LGUEST_NOTIFY_QUEUE;
}
/*:*/
