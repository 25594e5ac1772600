/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:624
 * The PCI bus: configuration space behind two ports, and which memory region is whose.
 *
 * It refuses to have a device's region moved: the Guest may write to the base address register, as
 * it does to find out the size, but the Host was told at boot where device memory is.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"
#include "bus_pci.h"
#include "bus_pci_slot.h"
#include "console.h"
#include "net.h"

/*D:642
 * Configuration space, as far as ours goes: the standard header, and behind it the chain of
 * capabilities by which virtio 1.0 says where in which region its registers are.
 */
enum pci_config_offset {
	CFG_VENDOR = 0x00,
	CFG_DEVICE = 0x02,
	CFG_COMMAND = 0x04,
	CFG_STATUS = 0x06,
	CFG_REVISION = 0x08,
	CFG_SUBCLASS = 0x0a,
	CFG_CLASS = 0x0b,
	CFG_CACHE_LINE = 0x0c,
	CFG_LATENCY = 0x0d,
	CFG_BAR0 = 0x10,
	CFG_BAR_END = 0x28,
	CFG_SUBSYSTEM = 0x2e,
	CFG_ROM = 0x30,
	CFG_CAPABILITIES = 0x34,
	CFG_LINE = 0x3c,
	/* Capabilities, and fields of the last: the window. */
	CFG_COMMON = 0x40,
	CFG_NOTIFY = 0x50,
	CFG_ISR = 0x64,
	CFG_DEVICE_CONFIG = 0x74,
	CFG_WINDOW = 0x84,
	CFG_WINDOW_BAR = CFG_WINDOW + 4,
	CFG_WINDOW_OFFSET = CFG_WINDOW + 8,
	CFG_WINDOW_LENGTH = CFG_WINDOW + 12,
	CFG_WINDOW_DATA = CFG_WINDOW + 16,
};

#define PCI_VENDOR_VIRTIO      0x1af4u
#define PCI_DEVICE_VIRTIO      0x1040u /* and the type */
#define PCI_SUBSYSTEM_LGUEST   0x0040u
#define PCI_HAS_CAPABILITIES   0x0010u
#define PCI_CLASS_BRIDGE       0x06u
#define PCI_CAPABILITY_VENDORS 9u

enum virtio_cap { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4, CAP_WINDOW = 5 };

struct virtio_capability {
	uint8_t id, next, length, type;
	uint8_t bar, pad[3];
	le32_t offset, bytes;
	le32_t extra; /* the bell's multiplier, the window's data; others end before it */
};

_Static_assert(sizeof(struct virtio_capability) == 20, "devices.md 4.5");
_Static_assert(CFG_WINDOW_DATA + 4 == PCI_CONFIG_BYTES, "devices.md 4.5");
/*:*/

#define BIT(f) (1ull << (f))

/*D:643
 * What the Launchers of these years offered.  They had no FLUSH for the disk, and so have we none;
 * RO, which they had neither, is for disks that are read-only.  Of a network card we keep back all
 * that needs work on frames, as on the older bus.
 */
static const struct pci_offer {
	uint8_t class, subclass, config_len;
	uint64_t features;
} offers[VIRTIO_TYPES] = {
	[VIRTIO_NET] = {0x02, 0x00, 10, BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_INDIRECT)},
	[VIRTIO_BLK] = {0x01, 0x80, 36, BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_RO)},
	[VIRTIO_CONSOLE] = {0x07, 0x00, 12, BIT(VIRTIO_CONSOLE_F_EMERG_WRITE)},
	[VIRTIO_RNG] = {0xff, 0x00, 0, 0},
};
/*:*/

#define FIRST_REGION 0x100000u /* bytes above the Guest's memory */
#define REGION_LEAST 64u

struct pci_bus {
	struct guest_mem gm; /* limit_bytes is the end of RAM: rings are nowhere else */
	void (*raise_irq)(void *ctx, unsigned irq);
	void *ctx;
	uint32_t address;  /* the latch */
	uint32_t next_bar; /* where the next region may begin */
	unsigned nr_slots;
	struct pci_slot slot[1 + PCI_BUS_DEVICES];
};

static void put16(struct pci_slot *slot, unsigned off, uint32_t v)
{
	le16_t le = le16((uint16_t)v);

	memcpy(slot->config + off, &le, sizeof(le));
}

static void put32(struct pci_slot *slot, unsigned off, uint32_t v)
{
	le32_t le = le32(v);

	memcpy(slot->config + off, &le, sizeof(le));
}

static uint32_t get32(const struct pci_slot *slot, unsigned off)
{
	le32_t le;

	memcpy(&le, slot->config + off, sizeof(le));
	return le32_get(le);
}

/* All but the window end at the length of their kind: 16 bytes, and 20 for the bell. */
static void put_capability(struct pci_slot *slot, unsigned at, unsigned next, enum virtio_cap type,
			   uint32_t offset, uint32_t bytes)
{
	const bool long_one = type == CAP_NOTIFY || type == CAP_WINDOW;
	struct virtio_capability cap = {
		.id = PCI_CAPABILITY_VENDORS,
		.next = (uint8_t)next,
		.length = (uint8_t)(sizeof(cap) - (long_one ? 0 : sizeof(cap.extra))),
		.type = (uint8_t)type,
		.offset = le32(offset),
		.bytes = le32(bytes),
	};

	memcpy(slot->config + at, &cap, cap.length);
}

/*D:644
 * How a slot looks when the machine starts.  The bridge is nothing but a class: Linux wants to see
 * one before it believes that there is a PCI bus at all, and its vendor of 0 keeps Linux from
 * looking any closer.
 */
static void draw_config(struct pci_slot *slot)
{
	const struct pci_offer *offer;

	memset(slot->config, 0, sizeof(slot->config));
	if (!slot->dev) {
		slot->config[CFG_CLASS] = PCI_CLASS_BRIDGE;
		return;
	}
	offer = &offers[slot->dev->ops->type];
	put16(slot, CFG_VENDOR, PCI_VENDOR_VIRTIO);
	put16(slot, CFG_DEVICE, PCI_DEVICE_VIRTIO + slot->dev->ops->type);
	put16(slot, CFG_STATUS, PCI_HAS_CAPABILITIES);
	slot->config[CFG_REVISION] = 1;
	slot->config[CFG_SUBCLASS] = offer->subclass;
	slot->config[CFG_CLASS] = offer->class;
	put32(slot, CFG_BAR0, slot->bar.v);
	put16(slot, CFG_SUBSYSTEM, PCI_SUBSYSTEM_LGUEST);
	slot->config[CFG_CAPABILITIES] = CFG_COMMON;
	slot->config[CFG_LINE] = slot->line;

	put_capability(slot, CFG_COMMON, CFG_NOTIFY, CAP_COMMON, 0, BAR_COMMON_BYTES);
	put_capability(slot, CFG_NOTIFY, CFG_ISR, CAP_NOTIFY, BAR_NOTIFY, 2);
	put_capability(slot, CFG_ISR, CFG_WINDOW, CAP_ISR, BAR_ISR, 1);
	put_capability(slot, CFG_WINDOW, slot->config_len ? CFG_DEVICE_CONFIG : 0, CAP_WINDOW, 0,
		       0);
	put_capability(slot, CFG_DEVICE_CONFIG, 0, CAP_DEVICE, BAR_CONFIG, slot->config_len);
}
/*:*/

struct pci_bus *pci_bus_create(const struct guest_mem *gm,
			       void (*raise_irq)(void *ctx, unsigned irq), void *ctx)
{
	struct pci_bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return NULL;
	bus->gm = *gm;
	bus->gm.limit_bytes = gm->ram_bytes;
	bus->raise_irq = raise_irq;
	bus->ctx = ctx;
	bus->next_bar = gm->ram_bytes + FIRST_REGION;
	bus->nr_slots = 1;
	draw_config(&bus->slot[0]);
	return bus;
}

void pci_bus_destroy(struct pci_bus *bus)
{
	if (!bus)
		return;
	for (unsigned i = 1; i < bus->nr_slots; i++)
		virtio_destroy(bus->slot[i].dev);
	free(bus);
}

/* One line for all queues of a device, and a bit which says that it was us. */
static void interrupt(void *ctx, struct virtio_device *dev, unsigned q)
{
	struct pci_bus *bus = ctx;

	(void)q;
	for (unsigned i = 1; i < bus->nr_slots; i++)
		if (bus->slot[i].dev == dev) {
			bus->slot[i].reg.isr |= 1;
			bus->raise_irq(bus->ctx, bus->slot[i].line);
		}
}

/* A region is as long as what is in it, rounded up to a power of two, and aligned to that. */
static void place_region(struct pci_bus *bus, struct pci_slot *slot)
{
	slot->bar_bytes = REGION_LEAST;
	while (slot->bar_bytes < pci_slot_region(slot))
		slot->bar_bytes *= 2;
	slot->bar = GPA((bus->next_bar + slot->bar_bytes - 1) & ~(slot->bar_bytes - 1));
	bus->next_bar = slot->bar.v + slot->bar_bytes;
}

int pci_bus_add(struct pci_bus *bus, struct virtio_device *dev)
{
	const struct pci_offer *offer;
	struct pci_slot *slot;

	if (dev->ops->type >= VIRTIO_TYPES || !offers[dev->ops->type].class)
		return -ENODEV;
	if (bus->nr_slots == ARRAY_LEN(bus->slot))
		return -ENFILE;
	offer = &offers[dev->ops->type];
	slot = &bus->slot[bus->nr_slots];
	*slot = (struct pci_slot){
		.dev = dev,
		.line = (uint8_t)bus->nr_slots,
		.config_len = offer->config_len,
	};
	bus->nr_slots++;
	place_region(bus, slot);
	dev->bus = bus;
	dev->interrupt = interrupt;
	dev->dialect = (struct virtio_dialect){.net_header_bytes = 12};
	dev->offered = (dev->ops->features & offer->features) | BIT(VIRTIO_F_VERSION_1);
	/* While it is plugged in a device sees the size that its queues will have. */
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		dev->vq[q].num = VIRTQ_NUM_MAX;
	if (dev->ops->plug)
		dev->ops->plug(dev);
	draw_config(slot);
	pci_bar_reset(slot);
	return 0;
}

uint32_t pci_bus_device_limit(const struct pci_bus *bus)
{
	return bus->next_bar / PAGE_SIZE + (bus->next_bar % PAGE_SIZE != 0);
}

void pci_bus_restart(struct pci_bus *bus)
{
	bus->address = 0;
	for (unsigned i = 1; i < bus->nr_slots; i++) {
		draw_config(&bus->slot[i]);
		pci_bar_reset(&bus->slot[i]);
	}
}

/*D:652
 * The window: a Guest which has no page tables to speak of can reach any register of a region
 * through configuration space.  That is how its first words get to the console.
 */
static bool window_is_open(const struct pci_slot *slot)
{
	const uint32_t off = get32(slot, CFG_WINDOW_OFFSET), bytes = get32(slot, CFG_WINDOW_LENGTH);
	const uint32_t end = pci_slot_region(slot);

	return slot->config[CFG_WINDOW_BAR] == 0 && (bytes == 1 || bytes == 2 || bytes == 4) &&
	       off % bytes == 0 && off < end && bytes <= end - off; /* row 40 */
}

static void look_through_window(struct pci_slot *slot)
{
	uint32_t v = ~0u;

	if (window_is_open(slot))
		v = pci_bar_read(slot, get32(slot, CFG_WINDOW_OFFSET),
				 get32(slot, CFG_WINDOW_LENGTH));
	put32(slot, CFG_WINDOW_DATA, v);
}

static void reach_through_window(struct pci_bus *bus, struct pci_slot *slot)
{
	if (window_is_open(slot))
		pci_bar_write(slot, &bus->gm, get32(slot, CFG_WINDOW_OFFSET),
			      get32(slot, CFG_WINDOW_LENGTH), get32(slot, CFG_WINDOW_DATA));
}
/*:*/

/*D:653
 * Which bytes of configuration space keep what is written to them.  The rest does not change; the
 * original reported an error to the Guest, which killed it.
 */
static bool is_writable(unsigned off)
{
	static const struct {
		uint8_t first, end;
	} range[] = {
		{CFG_COMMAND, CFG_COMMAND + 2},
		{CFG_CACHE_LINE, CFG_LATENCY + 1},
		{CFG_BAR0, CFG_BAR_END},
		{CFG_ROM, CFG_ROM + 4},
		{CFG_WINDOW_BAR, CFG_WINDOW_BAR + 1},
		{CFG_WINDOW_OFFSET, CFG_WINDOW_DATA + 4},
	};

	for (unsigned i = 0; i < ARRAY_LEN(range); i++)
		if (off >= range[i].first && off < range[i].end)
			return true;
	return false;
}

/* Bytes of the word at `word`, from its byte `at` on. */
static void write_config(struct pci_bus *bus, struct pci_slot *slot, unsigned word, unsigned at,
			 unsigned bytes, uint32_t value)
{
	for (; bytes && at < 4; bytes--, at++, value >>= 8)
		if (is_writable(word + at))
			slot->config[word + at] = (uint8_t)value;
	/* Ones written to it come back as the size of the region. */
	if (word == CFG_BAR0)
		put32(slot, CFG_BAR0, get32(slot, CFG_BAR0) & ~(slot->bar_bytes - 1));
	if (word == CFG_WINDOW_DATA)
		reach_through_window(bus, slot);
}
/*:*/

/*D:654
 * Mechanism 1: the first port says which word of which device, the second is that word.  Bus 0 is
 * all there is, and nothing on it has more than one function.
 */
static struct pci_slot *addressed(struct pci_bus *bus, unsigned *word)
{
	const uint32_t address = bus->address, slot = address >> 11 & 31;

	*word = address & 0xfc;
	/* Enabled, bus 0, function 0. */
	if ((address & 0x80ff0700) != 0x80000000 || slot >= bus->nr_slots ||
	    *word >= PCI_CONFIG_BYTES)
		return NULL;
	return &bus->slot[slot];
}

static uint32_t ones(unsigned bytes)
{
	return bytes >= 4 ? ~0u : (1u << 8 * bytes) - 1;
}

/* Bytes of a word, from byte `at` on; past its end there are ones. */
static uint32_t part_of(uint32_t word, unsigned at, unsigned bytes)
{
	uint64_t v = ~0ull << 32 | word;

	return (uint32_t)(v >> 8 * at) & ones(bytes);
}

uint32_t pci_bus_in(struct pci_bus *bus, uint16_t port, unsigned bytes)
{
	struct pci_slot *slot;
	unsigned word;

	if (port < PCI_PORT_ADDRESS || port >= PCI_PORT_DATA + 4)
		return ones(bytes);
	if (port < PCI_PORT_DATA)
		return part_of(bus->address, port & 3, bytes);
	slot = addressed(bus, &word);
	if (!slot)
		return ones(bytes);
	if (word == CFG_WINDOW_DATA && slot->dev)
		look_through_window(slot);
	return part_of(get32(slot, word), port & 3, bytes);
}

void pci_bus_out(struct pci_bus *bus, uint16_t port, unsigned bytes, uint32_t value,
		 const struct virtio_device **stopped)
{
	const unsigned at = port & 3;
	struct pci_slot *slot;
	unsigned word;
	bool was_stopped;

	*stopped = NULL;
	if (port < PCI_PORT_ADDRESS || port >= PCI_PORT_DATA + 4)
		return;
	if (port < PCI_PORT_DATA) {
		bus->address &= ~(ones(bytes) << 8 * at);
		bus->address |= (value & ones(bytes)) << 8 * at;
		return;
	}
	slot = addressed(bus, &word);
	if (!slot || !slot->dev)
		return;
	was_stopped = slot->dev->stopped;
	write_config(bus, slot, word, at, bytes, value);
	if (!was_stopped && slot->dev->stopped)
		*stopped = slot->dev;
}
/*:*/

/* --- memory ------------------------------------------------------------------------------------ */

static struct pci_slot *slot_at(struct pci_bus *bus, gpa_t gpa)
{
	for (unsigned i = 1; i < bus->nr_slots; i++)
		if (gpa.v - bus->slot[i].bar.v < bus->slot[i].bar_bytes)
			return &bus->slot[i];
	return NULL;
}

bool pci_bus_load(struct pci_bus *bus, gpa_t gpa, unsigned bytes, uint32_t *value)
{
	struct pci_slot *slot = slot_at(bus, gpa);

	if (!slot)
		return false;
	*value = pci_bar_read(slot, gpa.v - slot->bar.v, bytes);
	return true;
}

bool pci_bus_store(struct pci_bus *bus, gpa_t gpa, unsigned bytes, uint32_t value,
		   const struct virtio_device **stopped)
{
	struct pci_slot *slot = slot_at(bus, gpa);
	bool was_stopped;

	*stopped = NULL;
	if (!slot)
		return false;
	was_stopped = slot->dev->stopped;
	pci_bar_write(slot, &bus->gm, gpa.v - slot->bar.v, bytes, value);
	if (!was_stopped && slot->dev->stopped)
		*stopped = slot->dev;
	return true;
}

/*D:658
 * The state of a slot: what the Guest can have changed in it, and the device.
 */
static void slot_state(const struct pci_slot *slot, const struct virtio_sink *sink)
{
	const struct pci_registers *reg = &slot->reg;
	struct {
		le32_t device_select, driver_select, feature[2];
		le16_t queue_select;
		uint8_t status, isr, odd, pad[3];
		struct {
			le16_t size, enabled;
			le32_t pad;
			le64_t desc, avail, used;
		} queue[VIRTIO_QUEUES_MAX];
	} state;

	memset(&state, 0, sizeof(state));
	state.device_select = le32(reg->device_feature_select);
	state.driver_select = le32(reg->driver_feature_select);
	for (unsigned i = 0; i < 2; i++)
		state.feature[i] = le32(reg->driver_feature[i]);
	state.queue_select = le16(reg->queue_select);
	state.status = reg->status;
	state.isr = reg->isr;
	state.odd = reg->odd_features;
	for (unsigned q = 0; q < slot->dev->ops->nr_queues; q++) {
		state.queue[q].size = le16(reg->queue[q].size);
		state.queue[q].enabled = le16(reg->queue[q].enabled);
		state.queue[q].desc = le64(reg->queue[q].at.desc);
		state.queue[q].avail = le64(reg->queue[q].at.avail);
		state.queue[q].used = le64(reg->queue[q].at.used);
	}
	sink->bytes(sink->ctx, slot->config, sizeof(slot->config));
	sink->bytes(sink->ctx, &state, sizeof(state));
	virtio_state(slot->dev, sink);
}

void pci_bus_state(const struct pci_bus *bus, const struct virtio_sink *sink)
{
	le32_t address = le32(bus->address);

	sink->bytes(sink->ctx, &address, sizeof(address));
	for (unsigned i = 1; i < bus->nr_slots; i++)
		slot_state(&bus->slot[i], sink);
}
/*:*/
