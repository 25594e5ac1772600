/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1318 guests/lib/bus_pci.c: The bus of 4.0 to 4.13: virtio 1.0 devices in slots of a PCI bus, their
 * registers in one region of memory each, and rings in memory of ours. :*/
#include "lguest.h"
#include "pci.h"
#include "virtio.h"

#if ERA_BUS == BUS_PCI

/* Registers, from the beginning of the region (devices.md 4.6). */
enum {
	FEATURE_SELECT = 0,
	FEATURE = 4,
	GUEST_FEATURE_SELECT = 8,
	GUEST_FEATURE = 12,
	NUM_QUEUES = 18,
	STATUS = 20,
	QUEUE_SELECT = 22,
	QUEUE_SIZE = 24,
	QUEUE_ENABLE = 28,
	QUEUE_NOTIFY_OFF = 30,
	QUEUE_DESC = 32,
	QUEUE_AVAIL = 40,
	QUEUE_USED = 48,
	BELL = 56,
	DEVICE_CONFIG = 60,
};

#define VIRTIO_ID_BASE		    0x10401af4
#define VIRTIO_CONFIG_S_FEATURES_OK 8
#define RING_ENTRIES		    64 /* what fits in a page; a driver may choose less than offered */
#define RING_ALIGN		    64
#define RINGS			    12

static u8 ring_memory[RINGS][PAGE_SIZE] __attribute__((aligned(4096)));
static u32 rings_used;

static u32 region(const struct virtio_device *dev)
{
	return (u32)dev->config - DEVICE_CONFIG;
}

static u8 config_bytes(u32 slot)
{
	u32 cap;

	for (cap = config8(slot, 0x34); cap; cap = config8(slot, cap + 1))
		if (config8(slot, cap + 3) == CAP_DEVICE_CONFIG)
			return (u8)config32(slot, cap + 12);
	return 0;
}

static void read_slot(struct virtio_device *dev, u32 slot, map_pages_fn *map)
{
	u32 bar = config32(slot, 0x10);

	memset(dev, 0, sizeof(*dev));
	dev->slot = slot;
	dev->type = (u8)((config32(slot, 0) - VIRTIO_ID_BASE) >> 16);
	dev->config_len = config_bytes(slot);
	dev->config = (u8 *)map(bar >> PAGE_SHIFT, 1) + bar % PAGE_SIZE + DEVICE_CONFIG;
}

int bus_scan(u32 page_gpa, map_pages_fn *map, struct virtio_device *devices, int room)
{
	u32 slot, id;
	int found = 0;

	for (slot = 1; slot < 32 && found < room; slot++) {
		id = config32(slot, 0);
		if (id >= VIRTIO_ID_BASE && (id & 0xffff) == (VIRTIO_ID_BASE & 0xffff))
			read_slot(&devices[found++], slot, map);
	}
	return found;
}

void device_reset(struct virtio_device *dev)
{
	store8(region(dev) + STATUS, 0);
}

/*G:421 The order is the Launcher's, and it insists: a bit of the status at a time; features while
 * they are being talked about; queues when that is settled; and no queue moves before the last
 * bit. */
static void set_up_queue(struct virtio_device *dev, u32 index)
{
	struct virtqueue *vq = &dev->queue[index];
	u32 at = region(dev), ring = phys_of(ring_memory[rings_used]);

	store16(at + QUEUE_SELECT, (u16)index);
	vq->num = RING_ENTRIES;
	vq->index = (u16)index;
	vq->irq = (u16)config8(dev->slot, 0x3c);
	vq->bell = at + BELL;
	vq->memory = ring;
	memset(ring_memory[rings_used], 0, PAGE_SIZE);
	vq_set_up(vq, ring_memory[rings_used++], RING_ALIGN);
	store16(at + QUEUE_SIZE, RING_ENTRIES);
	store32(at + QUEUE_DESC, ring);
	store32(at + QUEUE_DESC + 4, 0);
	store32(at + QUEUE_AVAIL, ring + 16 * RING_ENTRIES);
	store32(at + QUEUE_AVAIL + 4, 0);
	store32(at + QUEUE_USED, ring + vq_used_offset(RING_ENTRIES, RING_ALIGN));
	store32(at + QUEUE_USED + 4, 0);
	store16(at + QUEUE_ENABLE, 1);
}

int device_start(struct virtio_device *dev, u32 wanted_features, map_pages_fn *map)
{
	u32 at = region(dev), i;

	device_reset(dev);
	store8(at + STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	store8(at + STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	store32(at + FEATURE_SELECT, 0);
	dev->features = load32(at + FEATURE);
	store32(at + GUEST_FEATURE_SELECT, 0);
	store32(at + GUEST_FEATURE, dev->features & wanted_features);
	store32(at + GUEST_FEATURE_SELECT, 1);
	store32(at + GUEST_FEATURE, 1); /* version 1 */
	store8(at + STATUS, 0xb);
	if (!(load8(at + STATUS) & VIRTIO_CONFIG_S_FEATURES_OK))
		return -1;
	dev->queue_count = (u8)load16(at + NUM_QUEUES);
	for (i = 0; i < dev->queue_count; i++)
		set_up_queue(dev, i);
	return 0;
}

void device_ready(struct virtio_device *dev)
{
	store8(region(dev) + STATUS, 0xf);
}
/*:*/

u32 device_config8(struct virtio_device *dev, u32 at)
{
	return load8((u32)dev->config + at);
}

#endif
