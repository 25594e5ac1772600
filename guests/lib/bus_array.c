/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1316 guests/lib/bus_array.c: The lguest bus of 2.6.25 to 3.19: one page behind the end of RAM with a
 * packed list of descriptors, rings in pages above it. It finds devices and brings them up in the
 * order, and with the knocks, of the era. :*/
#include "lguest.h"
#include "virtio.h"

#if ERA_BUS == BUS_ARRAY

/*G:400 A device introduces itself with five bytes. Behind them come the queue records, then the
 * features it offers, then as many bytes for the features we accept, then its configuration;
 * nothing is aligned. A type of 0 ends the list. */
struct lguest_device_desc {
	u8 type, num_vq, feature_len, config_len;
	u8 status; /* guest writes, Launcher reads */
	u8 rest[];
} __attribute__((packed));

struct lguest_vqconfig {
	u16 num, irq; /* entries in the ring; interrupt line */
	u32 pfn;      /* first guest page of the ring, also its doorbell */
} __attribute__((packed));
/*:*/

/*G:410 The walk. Everything in the page is unaligned and every length comes from the Launcher, so
 * we go byte by byte and stop at the end of the page, as Linux does. The queue records are copied
 * out once: what counts afterwards is our copy. */
static u32 read_features(volatile u8 *bytes, u32 len)
{
	u32 i, features = 0;

	for (i = 0; i < len && i < 4; i++)
		features |= (u32)bytes[i] << (8 * i);
	return features;
}

static void read_device(struct virtio_device *dev, volatile struct lguest_device_desc *desc,
			u32 gpa)
{
	volatile u8 *p = desc->rest;
	struct lguest_vqconfig record;
	u32 i, j;

	memset(dev, 0, sizeof(*dev));
	dev->status = &desc->status;
	dev->desc_gpa = gpa;
	dev->type = desc->type;
	for (i = 0; i < desc->num_vq; i++) {
		for (j = 0; j < sizeof(record); j++)
			((u8 *)&record)[j] = *p++;
		if (i >= DEV_MAX_QUEUES)
			continue;
		dev->queue[i].num = record.num;
		dev->queue[i].irq = record.irq;
		dev->queue[i].index = (u16)i;
		dev->queue[i].memory = dev->queue[i].bell = record.pfn << PAGE_SHIFT;
		dev->queue_count++;
	}
	dev->features = read_features(p, desc->feature_len);
	dev->feature_len = desc->feature_len;
	dev->accepted = p + desc->feature_len;
	dev->config = dev->accepted + desc->feature_len;
	dev->config_len = desc->config_len;
}

int bus_scan(u32 page_gpa, map_pages_fn *map, struct virtio_device *devices, int room)
{
	volatile u8 *page = map(page_gpa >> PAGE_SHIFT, 1);
	u32 at = 0;
	int found = 0;

	while (at + sizeof(struct lguest_device_desc) < PAGE_SIZE && found < room) {
		volatile struct lguest_device_desc *desc = (volatile void *)(page + at);

		if (!desc->type)
			break;
		read_device(&devices[found++], desc, page_gpa + at);
		at += sizeof(*desc) + 8u * desc->num_vq + 2u * desc->feature_len + desc->config_len;
	}
	return found;
}
/*:*/

/*G:420 Bringing a device up. First a reset, and for that a knock on the descriptor: the Launcher
 * clears the rings. 2.6.25 left the status byte to the Launcher and knocked for nothing else; up to
 * 3.0 there was a knock after each change of the status, and since 3.1 one when the accepted
 * features are final. Only then may a queue be used, and only when the driver is content does the
 * status become 7. */
static void set_status(struct virtio_device *dev, u8 status)
{
	*dev->status = status;
	barrier();
	if (ERA_KNOCK == KNOCK_STATUS)
		notify(dev->desc_gpa);
}

void device_reset(struct virtio_device *dev)
{
	if (ERA_KNOCK != KNOCK_RESET)
		*dev->status = 0;
	barrier();
	notify(dev->desc_gpa);
}

int device_start(struct virtio_device *dev, u32 wanted_features, map_pages_fn *map)
{
	u32 i, accept = dev->features & wanted_features;

	device_reset(dev);
	set_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	set_status(dev, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	for (i = 0; i < dev->feature_len; i++)
		dev->accepted[i] = i < 4 ? (u8)(accept >> (8 * i)) : 0;
	barrier();
	if (ERA_KNOCK == KNOCK_FINAL)
		notify(dev->desc_gpa);
	if (*dev->status & VIRTIO_CONFIG_S_FAILED)
		return -1;
	for (i = 0; i < dev->queue_count; i++) {
		struct virtqueue *vq = &dev->queue[i];

		vq_set_up(vq, map(vq->memory >> PAGE_SHIFT, vq_pages(vq->num)), PAGE_SIZE);
	}
	return 0;
}

void device_ready(struct virtio_device *dev)
{
	set_status(dev, *dev->status | VIRTIO_CONFIG_S_DRIVER_OK);
}
/*:*/

u32 device_config8(struct virtio_device *dev, u32 at)
{
	return dev->config[at];
}

#endif
