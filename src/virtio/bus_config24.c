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
	struct guest_mem gm; /* limit_bytes is where our last ring ends */
	uint32_t room_bytes; /* how far that may grow */
	const struct config24_profile *profile;
	void (*raise_irq)(void *ctx, unsigned irq);
	void *ctx;
	uint32_t desc_end; /* bytes of the descriptor page in use */
	unsigned next_irq;
	unsigned nr_slots;
	struct slot slot[LGUEST_BUS_IRQS];
};

struct config24_bus *config24_bus_create(const struct guest_mem *gm,
					 const struct config24_profile *profile,
					 void (*raise_irq)(void *ctx, unsigned irq), void *ctx)
{
	uint64_t room = gm->ram_bytes + (uint64_t)LGUEST_BUS_PAGES * PAGE_SIZE;
	struct config24_bus *bus;

	if (room > gm->limit_bytes)
		room = gm->limit_bytes;
	if (gm->ram_bytes % PAGE_SIZE || room < gm->ram_bytes + (uint64_t)PAGE_SIZE ||
	    !gm_has(gm, 0, room))
		return NULL;
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return NULL;
	bus->gm = *gm;
	bus->gm.limit_bytes = gm->ram_bytes + PAGE_SIZE;
	bus->room_bytes = (uint32_t)room;
	bus->profile = profile;
	bus->raise_irq = raise_irq;
	bus->ctx = ctx;
	bus->next_irq = 1;
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
	return (bus->gm.limit_bytes - bus->gm.ram_bytes) / PAGE_SIZE;
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

	BUG_ON(!gm_write(&bus->gm, slot->desc, buf, n));
}

static void interrupt(void *ctx, struct virtio_device *dev, unsigned q)
{
	struct config24_bus *bus = ctx;

	for (unsigned i = 0; i < bus->nr_slots; i++)
		if (bus->slot[i].dev == dev)
			bus->raise_irq(bus->ctx, bus->slot[i].irq + q);
}

int config24_bus_add(struct config24_bus *bus, struct virtio_device *dev)
{
	const struct config24_profile *profile = bus->profile;
	const uint32_t bytes = profile->tight_rings ? virtq_tight_bytes(profile->queue_size)
						    : virtq_ring_bytes(profile->queue_size);
	const uint32_t ring_bytes = (bytes + PAGE_SIZE - 1) & PAGE_MASK;
	const uint32_t rings = bus->gm.limit_bytes;
	struct slot slot = {dev, GPA(bus->gm.ram_bytes + bus->desc_end), (uint8_t)bus->next_irq};
	uint8_t buf[DESC_BYTES_MAX];
	uint32_t desc_bytes;

	if (!offers[dev->ops->type].known)
		return -ENODEV;
	if (dev->ops->nr_queues > LGUEST_BUS_IRQS - bus->next_irq)
		return -ENFILE;
	if ((uint64_t)dev->ops->nr_queues * ring_bytes > bus->room_bytes - rings)
		return -ENOSPC;

	dev->offered = 0;
	dev->dialect = dialect;
	for (unsigned q = 0; q < dev->ops->nr_queues; q++) {
		gpa_t ring = GPA(rings + q * ring_bytes);

		if (profile->tight_rings)
			virtq_init_tight(&dev->vq[q], &bus->gm, ring, profile->queue_size);
		else
			virtq_init(&dev->vq[q], &bus->gm, ring, profile->queue_size);
	}
	if (dev->ops->plug)
		dev->ops->plug(dev);
	desc_bytes = make_descriptor(&slot, buf);
	if (desc_bytes > PAGE_SIZE - bus->desc_end) {
		memset(dev->vq, 0, sizeof(dev->vq));
		return -ENOSPC;
	}
	dev->bus = bus;
	dev->interrupt = interrupt;

	bus->gm.limit_bytes += dev->ops->nr_queues * ring_bytes;
	bus->desc_end += desc_bytes;
	bus->next_irq += dev->ops->nr_queues;
	bus->slot[bus->nr_slots++] = slot;
	put_descriptor(bus, &slot);
	return 0;
}

void config24_bus_restart(struct config24_bus *bus)
{
	const uint32_t n = bus->gm.limit_bytes - bus->gm.ram_bytes;
	uint8_t *p = gm_pin(&bus->gm, GPA(bus->gm.ram_bytes), n);

	BUG_ON(!p);
	memset(p, 0, n);
	gm_unpin(&bus->gm, GPA(bus->gm.ram_bytes), n);
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
static enum lguest_notify ring_queue(struct config24_bus *bus, struct slot *slot, unsigned q,
				     const char **why)
{
	const gpa_t at = GPA(slot->desc.v + (uint32_t)offsetof(struct desc_header, status));
	uint8_t status;

	if (slot->dev->stopped)
		return LGUEST_NOTIFY_IGNORED;		     /* and we said why, then */
	if (!gm_read(&bus->gm, at, &status, 1) || !status) { /* row 24 */
		*why = "queue was kicked before its device was set up";
		return LGUEST_NOTIFY_IGNORED;
	}
	if (status & VIRTIO_S_FAILED) { /* row 27 */
		virtio_set_status(slot->dev, status);
		*why = slot->dev->stopped;
		return LGUEST_NOTIFY_IGNORED;
	}
	virtio_notify(slot->dev, q);
	*why = slot->dev->stopped;
	return LGUEST_NOTIFY_QUEUE;
}

enum lguest_notify config24_bus_notify(struct config24_bus *bus, gpa_t gpa, const char **why)
{
	*why = NULL;
	if (!gpa.v) /* the Host uses 0 for "none" and never tells */
		return LGUEST_NOTIFY_IGNORED;
	if (gpa.v >= bus->gm.limit_bytes) { /* row 22 */
		*why = "NOTIFY above the Guest's memory";
		return LGUEST_NOTIFY_BAD;
	}
	for (unsigned i = 0; i < bus->nr_slots; i++) {
		const struct virtio_device *dev = bus->slot[i].dev;

		for (unsigned q = 0; q < dev->ops->nr_queues; q++)
			if (dev->vq[q].desc.v >> PAGE_SHIFT == gpa.v >> PAGE_SHIFT)
				return ring_queue(bus, &bus->slot[i], q, why);
	}
	return LGUEST_NOTIFY_TEXT;
}
/*:*/

size_t config24_bus_early_text(const struct config24_bus *bus, gpa_t gpa, char *buf, size_t size)
{
	return gm_text(&bus->gm, gpa, buf, size);
}

void config24_bus_state(const struct config24_bus *bus, const struct virtio_sink *sink)
{
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_state(bus->slot[i].dev, sink);
}
