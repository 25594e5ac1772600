/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:633
 * The bus of 2.6.24.  A descriptor is a type, a length, a status and then fields: "here is a
 * queue", "this is my MAC address".  The Guest looks a field up by its type and marks it as used by
 * setting the top bit of that type, in the shared page; so a driver that is loaded a second time
 * finds nothing, with us as with the original.
 *
 * What it refuses: to read a field again.  We wrote them, and remember what we wrote; the one byte
 * of a descriptor that we ever look at is its status.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "bus_config24.h"
#include "bus_pages.h"

static const struct config24_profile profiles[] = {
	{"2.6.24-rc1", 127, true},
	{"2.6.24-rc2", 127, true},
	{"", 128, false},
};

const struct config24_profile *config24_profile_find(const char *release)
{
	const struct config24_profile *p = profiles;

	while (strncmp(release, p->release, strlen(p->release)) != 0)
		p++;
	return p;
}

/*D:667
 * devices.md 2.2.  Which bytes of a device's configuration become which field, in the order of the
 * original Launcher; a field of features was never sent, since its bits could not be used.
 */
struct field_header {
	uint8_t type, len;
};

struct field_queue {
	le16_t num, irq;
	le32_t pfn;
};

struct desc_header {
	uint8_t type, config_len, status;
};

_Static_assert(sizeof(struct field_queue) == 8, "devices.md 2.2");
_Static_assert(sizeof(struct desc_header) == 3, "devices.md 2.2");

#define FIELD_VIRTQUEUE 2u
#define FIELDS_MAX	2u /* of one device, beside its queues */

static const struct offer {
	bool known;
	uint8_t nr_fields;
	struct {
		uint8_t type, len, from;
	} field[FIELDS_MAX];
} offers[VIRTIO_TYPES] = {
	[VIRTIO_NET] = {true, 1, {{0x41, 6, 0}}},		 /* MAC */
	[VIRTIO_BLK] = {true, 2, {{0x41, 8, 0}, {0x43, 4, 12}}}, /* capacity, seg_max */
	[VIRTIO_CONSOLE] = {true, 0, {{0}}},
};

/* A header with 8 more bytes than later ones; and what its network driver thinks it has sent. */
static const struct virtio_dialect dialect = {
	.net_header_bytes = 8,
	.net_counts_sent = true,
	.console_counts_sent = true,
	.blk_id_bytes = 8,
};

#define DESC_BYTES_MAX                                                                             \
	(sizeof(struct desc_header) +                                                              \
	 VIRTIO_QUEUES_MAX * (sizeof(struct field_header) + sizeof(struct field_queue)) +          \
	 FIELDS_MAX * (sizeof(struct field_header) + sizeof(uint64_t)))
/*:*/

struct slot {
	struct virtio_device *dev;
	gpa_t desc;
	uint8_t irq; /* of queue 0; the others follow */
};

struct config24_bus {
	struct bus_pages pages;
	const struct config24_profile *profile;
	unsigned nr_slots;
	struct slot slot[LGUEST_BUS_IRQS];
};

struct config24_bus *config24_bus_create(const struct guest_mem *gm,
					 const struct config24_profile *profile,
					 void (*raise_irq)(void *ctx, unsigned irq), void *ctx)
{
	struct config24_bus *bus = calloc(1, sizeof(*bus));

	if (bus && !bus_pages_init(&bus->pages, gm, raise_irq, ctx)) {
		free(bus);
		bus = NULL;
	}
	if (bus)
		bus->profile = profile;
	return bus;
}

void config24_bus_destroy(struct config24_bus *bus)
{
	if (!bus)
		return;
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_destroy(bus->slot[i].dev);
	free(bus);
}

uint32_t config24_bus_pages(const struct config24_bus *bus)
{
	return bus_pages_count(&bus->pages);
}

static uint8_t *add_field(uint8_t *p, uint8_t type, const void *from, uint8_t len)
{
	struct field_header header = {type, len};

	memcpy(p, &header, sizeof(header));
	memcpy(p + sizeof(header), from, len);
	return p + sizeof(header) + len;
}

/*D:668
 * Writing a descriptor: queues first, since drivers ask for the next queue and get the first that
 * is not marked.  Returns how long it is.
 */
static uint32_t make_descriptor(const struct slot *slot, uint8_t buf[DESC_BYTES_MAX])
{
	const struct virtio_device *dev = slot->dev;
	const struct offer *offer = &offers[dev->ops->type];
	uint8_t *p = buf + sizeof(struct desc_header);
	struct desc_header header = {.type = dev->ops->type};

	for (unsigned q = 0; q < dev->ops->nr_queues; q++) {
		struct field_queue queue = {
			.num = le16(dev->vq[q].num),
			.irq = le16((uint16_t)(slot->irq + q)),
			.pfn = le32(dev->vq[q].desc.v >> PAGE_SHIFT),
		};

		p = add_field(p, FIELD_VIRTQUEUE, &queue, sizeof(queue));
	}
	for (unsigned i = 0; i < offer->nr_fields; i++)
		p = add_field(p, offer->field[i].type, dev->config + offer->field[i].from,
			      offer->field[i].len);
	header.config_len = (uint8_t)(p - buf - (ptrdiff_t)sizeof(header));
	memcpy(buf, &header, sizeof(header));
	return (uint32_t)(p - buf);
}
/*:*/

/* Our own pages are the Guest's and are RAM, which config24_bus_create() has checked. */
static void put_descriptor(struct config24_bus *bus, const struct slot *slot)
{
	uint8_t buf[DESC_BYTES_MAX];
	uint32_t n = make_descriptor(slot, buf);

	BUG_ON(!gm_write(&bus->pages.gm, slot->desc, buf, n));
}

static void interrupt(void *ctx, struct virtio_device *dev, unsigned q)
{
	struct config24_bus *bus = ctx;

	for (unsigned i = 0; i < bus->nr_slots; i++)
		if (bus->slot[i].dev == dev)
			bus->pages.raise_irq(bus->pages.ctx, bus->slot[i].irq + q);
}

int config24_bus_add(struct config24_bus *bus, struct virtio_device *dev)
{
	const struct config24_profile *profile = bus->profile;
	const uint32_t bytes = profile->tight_rings ? virtq_tight_bytes(profile->queue_size)
						    : virtq_ring_bytes(profile->queue_size);
	const uint32_t ring_bytes = (bytes + PAGE_SIZE - 1) & PAGE_MASK;
	const uint32_t rings = bus->pages.gm.limit_bytes;
	struct slot slot = {dev, GPA(bus->pages.gm.ram_bytes + bus->pages.desc_end),
			    (uint8_t)bus->pages.next_irq};
	uint8_t buf[DESC_BYTES_MAX];
	uint32_t desc_bytes;
	int err;

	if (!offers[dev->ops->type].known)
		return -ENODEV;
	err = bus_pages_room(&bus->pages, dev->ops->nr_queues, ring_bytes);
	if (err)
		return err;

	dev->offered = 0;
	dev->dialect = dialect;
	for (unsigned q = 0; q < dev->ops->nr_queues; q++) {
		gpa_t ring = GPA(rings + q * ring_bytes);

		if (profile->tight_rings)
			virtq_init_tight(&dev->vq[q], &bus->pages.gm, ring, profile->queue_size);
		else
			virtq_init(&dev->vq[q], &bus->pages.gm, ring, profile->queue_size);
	}
	if (dev->ops->plug)
		dev->ops->plug(dev);
	desc_bytes = make_descriptor(&slot, buf);
	if (desc_bytes > PAGE_SIZE - bus->pages.desc_end) {
		memset(dev->vq, 0, sizeof(dev->vq));
		return -ENOSPC;
	}
	dev->bus = bus;
	dev->interrupt = interrupt;

	bus_pages_take(&bus->pages, dev->ops->nr_queues, ring_bytes, desc_bytes);
	bus->slot[bus->nr_slots++] = slot;
	put_descriptor(bus, &slot);
	return 0;
}

void config24_bus_restart(struct config24_bus *bus)
{
	bus_pages_zero(&bus->pages, GPA(bus->pages.gm.ram_bytes),
		       bus_pages_count(&bus->pages) * PAGE_SIZE);
	for (unsigned i = 0; i < bus->nr_slots; i++) {
		virtio_reset(bus->slot[i].dev);
		put_descriptor(bus, &bus->slot[i]);
	}
}

/*D:669
 * The bell.  It is only ever rung for a queue; a status is a byte in memory that the Guest changes
 * in silence, and whether somebody has claimed the device, or given up on it, is seen when its
 * queue is rung for.  A Guest that has given up has no way to start over.
 */
static uint8_t get_status(const struct config24_bus *bus, const struct slot *slot)
{
	const gpa_t at = GPA(slot->desc.v + (uint32_t)offsetof(struct desc_header, status));
	uint8_t status = 0;

	return gm_read(&bus->pages.gm, at, &status, 1) ? status : 0;
}

enum lguest_notify config24_bus_notify(struct config24_bus *bus, gpa_t gpa, const char **why)
{
	*why = NULL;
	if (!gpa.v) /* the Host uses 0 for "none" and never tells */
		return LGUEST_NOTIFY_IGNORED;
	if (gpa.v >= bus->pages.gm.limit_bytes) { /* row 22 */
		*why = "NOTIFY above the Guest's memory";
		return LGUEST_NOTIFY_BAD;
	}
	for (unsigned i = 0; i < bus->nr_slots; i++) {
		const int q = bus_pages_queue_at(bus->slot[i].dev, gpa);

		if (q >= 0)
			return bus_pages_ring(bus->slot[i].dev, (unsigned)q,
					      get_status(bus, &bus->slot[i]), why);
	}
	return LGUEST_NOTIFY_TEXT;
}
/*:*/

size_t config24_bus_early_text(const struct config24_bus *bus, gpa_t gpa, char *buf, size_t size)
{
	return gm_text(&bus->pages.gm, gpa, buf, size);
}

void config24_bus_state(const struct config24_bus *bus, const struct virtio_sink *sink)
{
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_state(bus->slot[i].dev, sink);
}
