/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:646
 * The DMA bus.  Three kinds of devices: a console, whose key is 0 because it must work before
 * anybody has looked for devices; disks, which ask by a page of five words; and network cards, on a
 * page where everybody who takes part has left his address.
 *
 * What it refuses: to believe that page.  Where a frame goes is decided by the switch it is plugged
 * into; a forged address in the page confuses the Guests that read it and nobody else.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/lguest_dma.h"
#include "blk.h"
#include "dma23.h"
#include "net.h"

/*D:670
 * devices.md 1.2.  The descriptors fill an array of 16; a device in slot n has interrupt n + 1.
 */
struct desc {
	le16_t type, features, status, num_pages;
	le32_t pfn;
};
_Static_assert(sizeof(struct desc) == 12, "devices.md 1.2");

#define F_NOCSUM     0x4000u
#define F_RANDOMNESS 0x8000u
#define CONSOLE_KEY  0u

static const struct offer {
	uint8_t type; /* 0: unknown then */
	uint8_t num_pages;
	uint16_t features;
} offers[VIRTIO_TYPES] = {
	[VIRTIO_CONSOLE] = {1, 0, 0},
	[VIRTIO_NET] = {2, 1, 0},
	[VIRTIO_BLK] = {3, 1, F_RANDOMNESS},
};

/* The console and the card each have one queue in and one out. */
enum { QUEUE_IN = 0, QUEUE_OUT = 1 };
/*:*/

/*D:671
 * The page of a disk.  The Guest fills in the first three, sends, and waits until the fourth is
 * not 0 any more; the last has been there from the beginning.
 */
struct block_page {
	le32_t type, sector, bytes, result, num_sectors;
};
_Static_assert(sizeof(struct block_page) == 20, "devices.md 1.9");

enum block_result { BLOCK_DONE = 1, BLOCK_FAILED = 2 };

/* One that has been sent.  There is never more than one, since its Guest is not run until it has
 * been served. */
struct block_request {
	struct slot *slot; /* NULL: none */
	bool write;
	uint32_t sector, bytes;
	struct virtq_chain data; /* of a write */
};
/*:*/

/*D:672
 * The page of a network: six bytes of address for each who takes part.  To send is to look through
 * them and make a SEND_DMA for each who is to have the frame, with the key of his slot.  Somebody
 * whose first byte is odd gets everything; that is how we hear what a Guest sends.  On a page of
 * its own a Guest is number 1 and we are 0; where several meet they count from 0, and we sit at the
 * far end.
 */
#define SLOT_BYTES    6u
#define KEY_BYTES     4u
#define SLOT_PRIVATE  1u
#define LAUNCHER_HERE 0u
#define LAUNCHER_LAN  681u /* the last that fits */

static const uint8_t launcher_mac[NET_MAC_BYTES] = {0x03, 'l', 'g', 'e', 'm', 'u'};
/*:*/

struct slot {
	struct virtio_device *dev;
	gpa_t page;	   /* of its own; 0: none */
	unsigned seat;	   /* of a card: its slot in that page ... */
	unsigned launcher; /* ... and ours */
	uint16_t features;
	bool shared;
	bool held; /* the Guest has no buffer free for what waits */
};

struct dma23_bus {
	struct guest_mem gm; /* limit_bytes is where our last page ends */
	uint32_t room_bytes; /* how far that may grow */
	void (*raise_irq)(void *ctx, unsigned irq);
	void *ctx;
	unsigned nr_slots;
	struct slot slot[DMA23_DEVICES];
	struct block_request request;
	struct slot *asking; /* for whom a buffer was asked */
	bool warned;
};

struct dma23_bus *dma23_bus_create(const struct guest_mem *gm,
				   void (*raise_irq)(void *ctx, unsigned irq), void *ctx)
{
	struct dma23_bus *bus;

	if (gm->ram_bytes % PAGE_SIZE || gm->limit_bytes < gm->ram_bytes + (uint64_t)PAGE_SIZE ||
	    !gm_has(gm, 0, gm->limit_bytes))
		return NULL;
	bus = calloc(1, sizeof(*bus));
	if (!bus)
		return NULL;
	bus->gm = *gm;
	bus->gm.limit_bytes = gm->ram_bytes + PAGE_SIZE;
	bus->room_bytes = gm->limit_bytes;
	bus->raise_irq = raise_irq;
	bus->ctx = ctx;
	return bus;
}

void dma23_bus_destroy(struct dma23_bus *bus)
{
	if (!bus)
		return;
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_destroy(bus->slot[i].dev);
	free(bus);
}

const struct guest_mem *dma23_bus_memory(const struct dma23_bus *bus)
{
	return &bus->gm;
}

/* --- what is there --------------------------------------------------------------------------- */

/* Our own pages are the Guest's and are RAM, which dma23_bus_create() has checked. */
static void put(struct dma23_bus *bus, uint32_t at, const void *from, uint32_t n)
{
	BUG_ON(!gm_write(&bus->gm, GPA(at), from, n));
}

void dma23_lan_init(struct mem *mem, uint32_t page)
{
	BUG_ON(!mem_write(mem, page + LAUNCHER_LAN * SLOT_BYTES, launcher_mac,
			  sizeof(launcher_mac)));
}

void dma23_lan_leave(struct mem *mem, const struct dma23_seat *seat)
{
	static const uint8_t nobody[NET_MAC_BYTES];

	BUG_ON(!mem_write(mem, seat->page + seat->slot * SLOT_BYTES, nobody, sizeof(nobody)));
}

/* The descriptor, and what the device's page must say when the Guest first looks. */
static void present(struct dma23_bus *bus, unsigned nr)
{
	static const uint8_t nobody[NET_MAC_BYTES];
	const struct slot *slot = &bus->slot[nr];
	const struct offer *offer = &offers[slot->dev->ops->type];
	const struct desc desc = {
		.type = le16(offer->type),
		.features = le16(slot->features),
		.num_pages = le16(offer->num_pages),
		.pfn = le32(slot->page.v >> PAGE_SHIFT),
	};
	uint64_t sectors;
	le32_t num;

	put(bus, bus->gm.ram_bytes + nr * (uint32_t)sizeof(desc), &desc, sizeof(desc));
	if (slot->dev->ops->type == VIRTIO_BLK) {
		sectors = virtio_blk_sectors(slot->dev);
		num = le32(sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)sectors);
		put(bus, slot->page.v + offsetof(struct block_page, num_sectors), &num,
		    sizeof(num));
	} else if (slot->shared) {
		put(bus, slot->page.v + slot->seat * SLOT_BYTES, nobody, sizeof(nobody));
	} else if (slot->dev->ops->type == VIRTIO_NET) {
		put(bus, slot->page.v + slot->launcher * SLOT_BYTES, launcher_mac,
		    sizeof(launcher_mac));
	}
}

/*M:635
 * A disk of more than 2 TB is seen as one of 2 TB: its size is a 32-bit number of sectors.
:*/

static void take_seat(struct dma23_bus *bus, struct slot *slot, const struct dma23_seat *seat)
{
	if (!seat) {
		slot->seat = SLOT_PRIVATE;
		slot->launcher = LAUNCHER_HERE;
		slot->features = SLOT_PRIVATE | F_RANDOMNESS;
		return;
	}
	slot->shared = true;
	slot->seat = seat->slot;
	slot->launcher = LAUNCHER_LAN;
	slot->features = (uint16_t)(seat->slot | F_NOCSUM);
	bus->gm.shared[bus->gm.nr_shared++] = (struct gm_shared){slot->page.v, seat->page};
}

int dma23_bus_add(struct dma23_bus *bus, struct virtio_device *dev, const struct dma23_seat *seat)
{
	const struct offer *offer = &offers[dev->ops->type];
	struct slot *slot = &bus->slot[bus->nr_slots];

	if (!offer->type)
		return -ENODEV;
	if (bus->nr_slots == DMA23_DEVICES ||
	    (seat && (bus->gm.nr_shared == GM_SHARED_PAGES || seat->slot >= LAUNCHER_LAN)))
		return -ENFILE;
	if (offer->num_pages * PAGE_SIZE > bus->room_bytes - bus->gm.limit_bytes)
		return -ENOSPC;
	*slot = (struct slot){.dev = dev, .features = offer->features};
	if (offer->num_pages)
		slot->page = GPA(bus->gm.limit_bytes);
	if (dev->ops->type == VIRTIO_NET)
		take_seat(bus, slot, seat);
	bus->gm.limit_bytes += offer->num_pages * PAGE_SIZE;

	dev->offered = 0;
	dev->dialect = (struct virtio_dialect){.net_counts_sent = true};
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		virtq_init_handed(&dev->vq[q], &bus->gm, LGUEST_MAX_DMA_SECTIONS);
	if (dev->ops->plug)
		dev->ops->plug(dev);
	dev->bus = bus;
	present(bus, bus->nr_slots++);
	/* Whether a driver is there we only learn when we have something for it. */
	if (dev->ops->type == VIRTIO_NET)
		virtio_notify(dev, QUEUE_IN);
	return 0;
}

/* Of the shared pages only our own seat: the others' neighbours have not gone. */
static void clear_pages(struct dma23_bus *bus)
{
	static const uint8_t zero[PAGE_SIZE];
	unsigned i;

	put(bus, bus->gm.ram_bytes, zero, sizeof(zero));
	for (i = 0; i < bus->nr_slots; i++)
		if (bus->slot[i].page.v && !bus->slot[i].shared)
			put(bus, bus->slot[i].page.v, zero, sizeof(zero));
}

void dma23_bus_restart(struct dma23_bus *bus)
{
	clear_pages(bus);
	bus->request.slot = bus->asking = NULL;
	for (unsigned i = 0; i < bus->nr_slots; i++) {
		struct virtio_device *dev = bus->slot[i].dev;

		virtio_reset(dev);
		bus->slot[i].held = false;
		present(bus, i);
		if (dev->ops->type == VIRTIO_NET)
			virtio_notify(dev, QUEUE_IN);
	}
}

/* --- moving data ----------------------------------------------------------------------------- */

/*D:673
 * The list that a Guest shows us, into a chain.  Row 28: each section must be the Guest's; row 29: it
 * may be as long as it likes, over pages, too.
 */
static bool read_list(const struct dma23_bus *bus, const struct slot *slot, gpa_t at, bool in,
		      struct virtq_chain *chain)
{
	struct lguest_dma dma;

	chain->head = 0;
	chain->nr_out = chain->nr_in = 0;
	chain->out_bytes = chain->in_bytes = 0;
	if (!gm_read(&bus->gm, at, &dma, sizeof(dma)))
		return false;
	for (unsigned i = 0; i < LGUEST_MAX_DMA_SECTIONS && le16_get(dma.len[i]); i++)
		if (!virtq_add(&slot->dev->vq[0], chain, in, le32_get(dma.addr[i]),
			       le16_get(dma.len[i])))
			return false;
	return true;
}

static void put_used_len(const struct dma23_bus *bus, gpa_t dma, uint32_t n)
{
	le32_t used_len = le32(n);

	/* The list was read from there, or is the Host's own choice. */
	if (!gm_write(&bus->gm, dma, &used_len, sizeof(used_len)))
		return;
}
/*:*/

static uint32_t send_key(const struct slot *slot)
{
	return slot->page.v + slot->launcher * KEY_BYTES;
}

/* Whom a key is meant for; NULL: nobody. */
static struct slot *find_key(struct dma23_bus *bus, gpa_t key)
{
	struct slot *slot;

	for (slot = bus->slot; slot < bus->slot + bus->nr_slots; slot++)
		switch (slot->dev->ops->type) {
		case VIRTIO_CONSOLE:
			if (key.v == CONSOLE_KEY)
				return slot;
			break;
		case VIRTIO_NET:
			if (key.v == send_key(slot))
				return slot;
			break;
		case VIRTIO_BLK:
			if (key.v == slot->page.v)
				return slot;
			break;
		}
	return NULL;
}

/* A neighbour on the page may have left while this was on its way to him. */
static bool is_absent_neighbour(const struct dma23_bus *bus, gpa_t key)
{
	const struct slot *slot;

	for (slot = bus->slot; slot < bus->slot + bus->nr_slots; slot++)
		if (slot->shared && (key.v & PAGE_MASK) == slot->page.v)
			return true;
	return false;
}

/* Row 30: what the request says is read once, and only the result is written. */
static void take_request(struct dma23_bus *bus, struct slot *slot, const struct virtq_chain *data)
{
	struct block_page page;

	if (!gm_read(&bus->gm, slot->page, &page, sizeof(page)))
		return;
	bus->request = (struct block_request){
		.slot = slot,
		.write = le32_get(page.type) != 0,
		.sector = le32_get(page.sector),
		.bytes = le32_get(page.bytes),
		.data = *data,
	};
}

/*D:674
 * The Guest sends.  It looks at used_len as soon as it runs again, so what can be done is done
 * now.  A disk's answer goes into a buffer of the Guest's, for which somebody has to ask.
 */
void dma23_bus_send(struct dma23_bus *bus, gpa_t dma, gpa_t key, const char **why)
{
	struct slot *slot = find_key(bus, key);
	struct virtq_chain chain;
	struct virtio_device *dev;
	uint32_t used;

	*why = NULL;
	if (!slot) { /* row 31 */
		if (!bus->warned && !is_absent_neighbour(bus, key)) {
			bus->warned = true;
			*why = "DMA for a key that nobody serves";
		}
		return;
	}
	dev = slot->dev;
	if (dev->stopped)
		return;
	if (!read_list(bus, slot, dma, false, &chain)) {
		virtio_stop(dev, "a DMA section lies outside the Guest's memory");
	} else if (dev->ops->type == VIRTIO_BLK) {
		take_request(bus, slot, &chain);
		put_used_len(bus, dma, 0);
	} else {
		virtq_hand(&dev->vq[QUEUE_OUT], &chain);
		virtio_notify(dev, QUEUE_OUT);
		if (virtq_back(&dev->vq[QUEUE_OUT], &used))
			put_used_len(bus, dma,
				     dev->ops->type == VIRTIO_NET ? used
								  : (uint32_t)chain.out_bytes);
	}
	*why = dev->stopped;
}
/*:*/

/*D:675
 * Something for the Guest.  Its buffer is only known to the Host; and if there is none free, what we
 * have stays where it is, until the Guest has run.
 */
static bool slot_wants(const struct dma23_bus *bus, const struct slot *slot)
{
	const struct virtio_device *dev = slot->dev;

	if (dev->stopped)
		return false;
	if (dev->ops->type == VIRTIO_BLK)
		return bus->request.slot == slot;
	return dev->vq[QUEUE_IN].wanted && !slot->held;
}

bool dma23_bus_wants(struct dma23_bus *bus, gpa_t *key)
{
	struct slot *slot;

	for (slot = bus->slot; slot < bus->slot + bus->nr_slots; slot++) {
		if (!slot_wants(bus, slot))
			continue;
		bus->asking = slot;
		switch (slot->dev->ops->type) {
		case VIRTIO_NET: *key = GPA(slot->page.v + slot->seat * KEY_BYTES); break;
		case VIRTIO_BLK: *key = slot->page; break;
		default: *key = GPA(CONSOLE_KEY); break;
		}
		return true;
	}
	return false;
}

void dma23_bus_ran(struct dma23_bus *bus)
{
	for (unsigned i = 0; i < bus->nr_slots; i++)
		bus->slot[i].held = false;
}
/*:*/

static void interrupt(const struct dma23_bus *bus, unsigned irq)
{
	if (irq && irq < 32)
		bus->raise_irq(bus->ctx, irq);
}

/*D:676
 * A disk's answer.  The reply has the bytes of a read, or nothing; the verdict is in the page, and
 * says "done" only of a request that did what it said it would.
 */
static void serve_request(struct dma23_bus *bus, struct slot *slot, gpa_t dma,
			  const struct virtq_chain *reply)
{
	const struct block_request *req = &bus->request;
	uint64_t moved;
	bool ok = virtio_blk_transfer(slot->dev, req->write ? &req->data : reply, req->write,
				      req->sector, &moved);
	le32_t result = le32(ok && moved == req->bytes ? BLOCK_DONE : BLOCK_FAILED);

	put_used_len(bus, dma, req->write ? 0 : (uint32_t)moved);
	put(bus, slot->page.v + offsetof(struct block_page, result), &result, sizeof(result));
}
/*:*/

void dma23_bus_buffer(struct dma23_bus *bus, gpa_t dma, unsigned irq, const char **why)
{
	struct slot *slot = bus->asking;
	struct virtio_device *dev = slot->dev;
	struct virtq_chain chain;
	uint32_t used = 0;
	bool done = true;

	*why = NULL;
	bus->asking = NULL;
	if (!read_list(bus, slot, dma, true, &chain)) {
		virtio_stop(dev, "a DMA section lies outside the Guest's memory");
		done = false;
	} else if (dev->ops->type == VIRTIO_BLK) {
		serve_request(bus, slot, dma, &chain);
	} else {
		virtq_hand(&dev->vq[QUEUE_IN], &chain);
		virtio_notify(dev, QUEUE_IN);
		done = virtq_back(&dev->vq[QUEUE_IN], &used) && used;
		put_used_len(bus, dma, used);
	}
	bus->request.slot = NULL;
	if (done)
		interrupt(bus, irq);
	*why = dev->stopped;
}

/*D:677
 * No buffer.  What was typed can wait, and so can a frame, if the Guest has bound buffers at all;
 * to a card that nobody has opened nothing comes.  A disk whose Guest asks and does not say where
 * to answer is served no more.
 */
void dma23_bus_no_buffer(struct dma23_bus *bus, bool bound, const char **why)
{
	struct slot *slot = bus->asking;
	struct virtio_device *dev = slot->dev;

	bus->asking = NULL;
	bus->request.slot = NULL;
	if (dev->ops->type == VIRTIO_BLK) {
		virtio_stop(dev, bound ? "a disk request without a free buffer for its answer"
				       : "a disk request without a buffer for its answer");
	} else if (dev->ops->type == VIRTIO_NET && !bound) {
		virtio_reset(dev);
		virtio_notify(dev, QUEUE_IN);
	} else {
		slot->held = true;
	}
	*why = dev->stopped;
}
/*:*/

void dma23_bus_state(const struct dma23_bus *bus, const struct virtio_sink *sink)
{
	for (unsigned i = 0; i < bus->nr_slots; i++)
		virtio_state(bus->slot[i].dev, sink);
}
