/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1317 guests/lib/bus_fields.c: The lguest bus of 2.6.24: the same page behind RAM, but a device is a
 * stream of typed fields. Nothing is notified about it, and nothing can be reset. :*/
#include "lguest.h"
#include "virtio.h"

#if ERA_BUS == BUS_FIELDS

/*G:401 Three bytes (type, length of the stream, status), then the fields, each with a type and a
 * length of its own. Taking a field means setting the top bit of its type, for all to see: queues
 * are equal but for their order, and this is how the next one is found. */
#define VIRTIO_CONFIG_F_VIRTQUEUE 2
#define FIELD_CAPACITY		  0x41 /* a disk's; a network card's is its address */
#define FIELD_TAKEN		  0x80

static u32 word_at(volatile u8 *bytes)
{
	return bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16 | (u32)bytes[3] << 24;
}

static void take_queue(struct virtio_device *dev, volatile u8 *data)
{
	struct virtqueue *vq = &dev->queue[dev->queue_count];

	if (dev->queue_count == DEV_MAX_QUEUES)
		return;
	vq->num = (u16)word_at(data);
	vq->irq = (u16)(word_at(data) >> 16);
	vq->index = dev->queue_count++;
	vq->memory = vq->bell = word_at(data + 4) << PAGE_SHIFT;
}

static void read_device(struct virtio_device *dev, volatile u8 *desc, u32 gpa)
{
	volatile u8 *at = desc + 3, *end = at + desc[1];

	memset(dev, 0, sizeof(*dev));
	dev->type = desc[0];
	dev->status = desc + 2;
	dev->desc_gpa = gpa;
	for (; at < end; at += 2 + at[1]) {
		if (at[0] == VIRTIO_CONFIG_F_VIRTQUEUE && at[1] == 8) {
			take_queue(dev, at + 2);
		} else if (at[0] == FIELD_CAPACITY) {
			dev->config = at + 2;
			dev->config_len = at[1];
		} else {
			continue;
		}
		at[0] |= FIELD_TAKEN;
	}
}
/*:*/

int bus_scan(u32 page_gpa, map_pages_fn *map, struct virtio_device *devices, int room)
{
	volatile u8 *page = map(page_gpa >> PAGE_SHIFT, 1);
	u32 at = 0;
	int found = 0;

	for (; at + 3 < PAGE_SIZE && page[at] && found < room; at += 3u + page[at + 1])
		read_device(&devices[found++], page + at, page_gpa + at);
	return found;
}

void device_reset(struct virtio_device *dev)
{
	*dev->status = 0;
}

int device_start(struct virtio_device *dev, u32 wanted_features, map_pages_fn *map)
{
	u32 i;

	*dev->status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	*dev->status |= VIRTIO_CONFIG_S_DRIVER;
	for (i = 0; i < dev->queue_count; i++) {
		struct virtqueue *vq = &dev->queue[i];

		vq_set_up(vq, map(vq->memory >> PAGE_SHIFT, vq_pages(vq->num)), PAGE_SIZE);
	}
	return 0;
}

void device_ready(struct virtio_device *dev)
{
	*dev->status |= VIRTIO_CONFIG_S_DRIVER_OK;
}

u32 device_config8(struct virtio_device *dev, u32 at)
{
	return dev->config[at];
}

#endif
