/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:621
 * The bus itself: it lays out descriptors and rings where the Guest looks for them, and turns the
 * address of a NOTIFY into "that queue", "that device" or "somebody wants to print".
 *
 * What it refuses: to learn from the Guest's memory where a ring is, how long a queue is or how
 * many devices there are.  The Guest can write there; all of that is in struct slot.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "bus_lguest.h"
#include "bus_pages.h"

/*D:660
 * A descriptor is a header of five bytes, a record per queue, two feature bitmaps and the
 * configuration, one after the other and nothing aligned; the next descriptor follows at once, and
 * a type of 0 ends the list (devices.md 3.2).
 */
struct desc_header {
	uint8_t type, num_vq, feature_len, config_len, status;
};

struct desc_queue {
	le16_t num, irq;
	le32_t pfn;
};

_Static_assert(sizeof(struct desc_header) == 5, "devices.md 3.2");
_Static_assert(sizeof(struct desc_queue) == 8, "devices.md 3.2");

#define FEATURE_BYTES 8 /* of dev->offered, at most */
#define DESC_BYTES_MAX                                                                             \
	(sizeof(struct desc_header) + VIRTIO_QUEUES_MAX * sizeof(struct desc_queue) +              \
	 2 * FEATURE_BYTES + VIRTIO_CONFIG_MAX)

/* A device and where we put it. */
struct slot {
	struct virtio_device *dev;
	gpa_t desc, acked;
	uint8_t feature_len, config_len;
	uint8_t irq; /* of queue 0; the others follow */
	uint32_t desc_bytes;
};

struct lguest_bus {
	struct bus_pages pages;
	const struct lguest_bus_profile *profile;
	unsigned nr_slots;
	struct slot slot[LGUEST_BUS_IRQS];
};
/*:*/

struct lguest_bus *lguest_bus_create(const struct guest_mem *gm,
				     const struct lguest_bus_profile *profile,
				     void (*raise_irq)(void *ctx, unsigned irq), void *ctx)
{
	struct lguest_bus *bus = calloc(1, sizeof(*bus));

	if (bus && !bus_pages_init(&bus->pages, gm, raise_irq, ctx)) {
		free(bus);
		bus = NULL;
	}
	if (bus)
		bus->profile = profile;
	return bus;
}

void lguest_bus_destroy(struct lguest_bus *bus)
{
	if (!bus)
		return;
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_destroy(bus->slot[i].dev);
	free(bus);
}

uint32_t lguest_bus_pages(const struct lguest_bus *bus)
{
	return bus_pages_count(&bus->pages);
}

/* Our own ranges are the Guest's and are RAM, which bus_pages_init() has checked. */
static void put(struct lguest_bus *bus, gpa_t gpa, const void *from, uint32_t n)
{
	BUG_ON(!gm_write(&bus->pages.gm, gpa, from, n));
}

static uint64_t get_features(const struct lguest_bus *bus, const struct slot *slot)
{
	le64_t raw = le64(0);

	if (!gm_read(&bus->pages.gm, slot->acked, &raw, slot->feature_len))
		return 0;
	return le64_get(raw) & slot->dev->offered;
}

static uint8_t get_status(const struct lguest_bus *bus, const struct slot *slot)
{
	uint8_t status;
	gpa_t gpa = GPA(slot->desc.v + (uint32_t)offsetof(struct desc_header, status));

	return gm_read(&bus->pages.gm, gpa, &status, 1) ? status : 0;
}

/*D:661
 * Writing a descriptor, in the order that the Guest reads it.
 */
static void write_descriptor(struct lguest_bus *bus, const struct slot *slot)
{
	const struct virtio_device *dev = slot->dev;
	uint8_t buf[DESC_BYTES_MAX] = {dev->ops->type, dev->ops->nr_queues, slot->feature_len,
				       slot->config_len};
	uint8_t *p = buf + sizeof(struct desc_header);
	le64_t features = le64(dev->offered);

	for (unsigned q = 0; q < dev->ops->nr_queues; q++, p += sizeof(struct desc_queue)) {
		struct desc_queue record = {
			.num = le16(dev->vq[q].num),
			.irq = le16((uint16_t)(slot->irq + q)),
			.pfn = le32(dev->vq[q].desc.v >> PAGE_SHIFT),
		};

		memcpy(p, &record, sizeof(record));
	}
	memcpy(p, &features, slot->feature_len);
	p += 2 * slot->feature_len;
	memcpy(p, dev->config, slot->config_len);
	put(bus, slot->desc, buf, slot->desc_bytes);
}
/*:*/

/* The descriptor ends up right behind the last one; 0 or -ENOSPC. */
static int place_descriptor(struct lguest_bus *bus, struct slot *slot)
{
	const struct virtio_device *dev = slot->dev;
	uint32_t before_acked;

	slot->feature_len = bus->profile->offer[dev->ops->type].feature_len;
	for (unsigned bit = 0; bit < 64; bit++)
		if (dev->offered >> bit & 1 && slot->feature_len < bit / 8 + 1)
			slot->feature_len = (uint8_t)(bit / 8 + 1);
	slot->config_len = bus->profile->offer[dev->ops->type].config_len;
	before_acked = (uint32_t)(sizeof(struct desc_header) +
				  dev->ops->nr_queues * sizeof(struct desc_queue) +
				  slot->feature_len);
	slot->desc_bytes = before_acked + slot->feature_len + slot->config_len;
	if (slot->desc_bytes > PAGE_SIZE - bus->pages.desc_end)
		return -ENOSPC;
	slot->desc = GPA(bus->pages.gm.ram_bytes + bus->pages.desc_end);
	slot->acked = GPA(slot->desc.v + before_acked);
	return 0;
}

static void interrupt(void *ctx, struct virtio_device *dev, unsigned q)
{
	struct lguest_bus *bus = ctx;

	for (unsigned i = 0; i < bus->nr_slots; i++)
		if (bus->slot[i].dev == dev)
			bus->pages.raise_irq(bus->pages.ctx, bus->slot[i].irq + q);
}

/*D:662
 * Plugging in.  Every queue gets an interrupt line of its own, numbered through from 1, and its
 * ring starts on a page of its own, because the Guest rings for a queue with the address of its
 * ring.  All of this is decided before anything is changed, so a refusal costs nothing.
 */
int lguest_bus_add(struct lguest_bus *bus, struct virtio_device *dev)
{
	const struct lguest_bus_offer *offer = &bus->profile->offer[dev->ops->type];
	uint16_t num = bus->profile->queue_size;
	uint32_t ring_bytes = (virtq_ring_bytes(num) + PAGE_SIZE - 1) & PAGE_MASK;
	uint32_t rings = bus->pages.gm.limit_bytes;
	struct slot slot = {.dev = dev, .irq = (uint8_t)bus->pages.next_irq};
	int err;

	if (!offer->known)
		return -ENODEV;
	err = bus_pages_room(&bus->pages, dev->ops->nr_queues, ring_bytes);
	if (err)
		return err;

	dev->offered = dev->ops->features & offer->features;
	dev->dialect = bus->profile->dialect;
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		virtq_init(&dev->vq[q], &bus->pages.gm, GPA(rings + q * ring_bytes), num);
	if (dev->ops->plug)
		dev->ops->plug(dev);
	err = place_descriptor(bus, &slot);
	if (err) {
		memset(dev->vq, 0, sizeof(dev->vq));
		return err;
	}
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		dev->vq[q].indirect = dev->offered >> VIRTIO_F_INDIRECT & 1;
	dev->bus = bus;
	dev->interrupt = interrupt;

	bus_pages_take(&bus->pages, dev->ops->nr_queues, ring_bytes, slot.desc_bytes);
	bus->slot[bus->nr_slots++] = slot;
	write_descriptor(bus, &slot);
	return 0;
}
/*:*/

/*D:663
 * Reset.  The Guest never clears a ring: its next driver writes a chain of free descriptors and
 * trusts that both indices are zero.  And 2.6.25, which rings without writing a status, looks
 * afterwards whether the status has become 0, and gives up if not.
 */
static void reset_slot(struct lguest_bus *bus, struct slot *slot)
{
	static const uint8_t none;
	struct virtio_device *dev = slot->dev;

	virtio_reset(dev);
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		bus_pages_zero(&bus->pages, dev->vq[q].desc, virtq_ring_bytes(dev->vq[q].num));
	bus_pages_zero(&bus->pages, slot->acked, slot->feature_len);
	put(bus, GPA(slot->desc.v + (uint32_t)offsetof(struct desc_header, status)), &none, 1);
}

void lguest_bus_restart(struct lguest_bus *bus)
{
	bus_pages_zero(&bus->pages, GPA(bus->pages.gm.ram_bytes),
		       bus_pages_count(&bus->pages) * PAGE_SIZE);
	for (unsigned i = 0; i < bus->nr_slots; i++) {
		virtio_reset(bus->slot[i].dev);
		write_descriptor(bus, &bus->slot[i]);
	}
}
/*:*/

/*D:664
 * The bell.  Rung at a descriptor it means "look at my status", which the Guest may have written
 * or, in 2.6.25, not; zero is a reset.  Features are looked at each time, so a Guest that
 * finishes them twice simply has the later ones.
 */
static enum lguest_notify ring_status(struct lguest_bus *bus, struct slot *slot, const char **why)
{
	uint8_t status = get_status(bus, slot);

	if (!status || bus->profile->notify_resets) {
		reset_slot(bus, slot);
	} else {
		bool was_stopped = slot->dev->stopped != NULL;

		slot->dev->acked = get_features(bus, slot);
		virtio_set_status(slot->dev, status);
		*why = was_stopped ? NULL : slot->dev->stopped;
	}
	return LGUEST_NOTIFY_STATUS;
}
/*:*/

/* The slot whose descriptor (*q = -1) or ring (*q = its queue) is at gpa, or -1. */
static int slot_at(const struct lguest_bus *bus, gpa_t gpa, int *q)
{
	*q = -1;
	for (unsigned i = 0; i < bus->nr_slots; i++)
		if (bus->slot[i].desc.v == gpa.v)
			return (int)i;
	for (unsigned i = 0; i < bus->nr_slots; i++) {
		*q = bus_pages_queue_at(bus->slot[i].dev, gpa);
		if (*q >= 0)
			return (int)i;
	}
	return -1;
}

/*D:665
 * Descriptors first, then rings, and whatever else is the Guest's is text: that is how an early
 * console prints, before there are any drivers.
 */
enum lguest_notify lguest_bus_notify(struct lguest_bus *bus, gpa_t gpa, const char **why)
{
	struct slot *slot;
	int q, at = slot_at(bus, gpa, &q);

	*why = NULL;
	if (!gpa.v) /* the Host uses 0 for "none" and never tells */
		return LGUEST_NOTIFY_IGNORED;
	if (gpa.v >= bus->pages.gm.limit_bytes) { /* row 22 */
		*why = "NOTIFY above the Guest's memory";
		return LGUEST_NOTIFY_BAD;
	}
	if (at < 0)
		return LGUEST_NOTIFY_TEXT;
	slot = &bus->slot[at];
	if (q < 0)
		return ring_status(bus, slot, why);
	return bus_pages_ring(slot->dev, (unsigned)q, get_status(bus, slot), why);
}
/*:*/

const char *lguest_bus_name_at(const struct lguest_bus *bus, gpa_t gpa)
{
	int q, at = slot_at(bus, gpa, &q);

	return at < 0 ? NULL : bus->slot[at].dev->ops->name;
}

size_t lguest_bus_early_text(const struct lguest_bus *bus, gpa_t gpa, char *buf, size_t size)
{
	return gm_text(&bus->pages.gm, gpa, buf, size);
}

void lguest_bus_state(const struct lguest_bus *bus, const struct virtio_sink *sink)
{
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_state(bus->slot[i].dev, sink);
}
