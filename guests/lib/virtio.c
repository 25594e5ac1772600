/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:907 guests/lib/virtio.c: The bus walk and the ring driver. It knows neither consoles nor disks:
 * it finds devices, brings them up in the order Linux 3.1 to 3.19 uses, puts chains of buffers into
 * a ring and takes them out again. It trusts the Launcher, as a guest must. :*/
#include "lguest.h"
#include "virtio.h"

/* Bytes from the descriptor table to the used ring: a fresh page of its own. */
static u32 used_offset(u32 num)
{
	return (16 * num + 4 + 2 * num + PAGE_SIZE - 1) & ~(u32)(PAGE_SIZE - 1);
}

static u32 ring_pages(u32 num)
{
	return (used_offset(num) + 4 + 8 * num + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

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
	dev->desc = desc;
	dev->desc_gpa = gpa;
	dev->type = desc->type;
	for (i = 0; i < desc->num_vq; i++) {
		for (j = 0; j < sizeof(record); j++)
			((u8 *)&record)[j] = *p++;
		if (i >= DEV_MAX_QUEUES)
			continue;
		dev->queue[i].num = record.num;
		dev->queue[i].irq = record.irq;
		dev->queue[i].pfn = record.pfn;
		dev->queue_count++;
	}
	dev->features = read_features(p, desc->feature_len);
	dev->config = p + 2 * desc->feature_len;
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

/* A ring arrives zeroed by the reset; all we add is the chain of free descriptors. */
static void vq_set_up(struct virtqueue *vq, map_pages_fn *map)
{
	u8 *base = map(vq->pfn, ring_pages(vq->num));
	u16 i;

	vq->desc = (volatile void *)base;
	vq->avail = (volatile void *)(base + 16 * vq->num);
	vq->used = (volatile void *)(base + used_offset(vq->num));
	for (i = 0; i < vq->num; i++)
		vq->desc[i].next = (u16)(i + 1);
	vq->free_head = 0;
	vq->free_count = vq->num;
	vq->last_used = 0;
}

/*G:420 Bringing a device up takes two knocks on its descriptor. The first, with status 0, is a
 * reset: the Launcher clears the rings. Then we say that we have seen it (1) and that we have a
 * driver (2), write down which of the offered features we accept, and knock again: "final, please
 * start". Only then may a queue be used, and only when the driver is content does the status become
 * 7, silently. */
int device_start(struct virtio_device *dev, u32 wanted_features, map_pages_fn *map)
{
	volatile u8 *accepted = dev->config - dev->desc->feature_len;
	u32 i, accept = dev->features & wanted_features;

	dev->desc->status = 0;
	notify(dev->desc_gpa);
	dev->desc->status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
	dev->desc->status |= VIRTIO_CONFIG_S_DRIVER;
	for (i = 0; i < dev->desc->feature_len; i++)
		accepted[i] = i < 4 ? (u8)(accept >> (8 * i)) : 0;
	barrier();
	notify(dev->desc_gpa);
	if (dev->desc->status & VIRTIO_CONFIG_S_FAILED)
		return -1;
	for (i = 0; i < dev->queue_count; i++)
		vq_set_up(&dev->queue[i], map);
	return 0;
}

void device_ready(struct virtio_device *dev)
{
	dev->desc->status |= VIRTIO_CONFIG_S_DRIVER_OK;
}
/*:*/

/*G:430 Into the ring: take as many free descriptors as there are pieces, link them, and only then
 * publish the head in the available array and move the index. The order of the last two stores is
 * the whole protocol. Returns the head, which comes back in the used ring, or -1 if there is no
 * room. */
int vq_add(struct virtqueue *vq, const struct vq_segment *seg, int out, int in)
{
	u16 head = vq->free_head, at = head;
	int i, count = out + in;

	if (count > vq->free_count)
		return -1;
	for (i = 0; i < count; i++) {
		volatile struct vring_desc *d = &vq->desc[at];

		d->addr = seg[i].gpa;
		d->len = seg[i].bytes;
		d->flags = (u16)((i < count - 1 ? VRING_DESC_F_NEXT : 0) |
				 (i >= out ? VRING_DESC_F_WRITE : 0));
		at = d->next;
	}
	vq->free_head = at;
	vq->free_count = (u16)(vq->free_count - count);
	vq->avail->ring[vq->avail->idx % vq->num] = head;
	barrier();
	vq->avail->idx++;
	return head;
}

void vq_kick(struct virtqueue *vq)
{
	barrier();
	if (!(vq->used->flags & VRING_USED_F_NO_NOTIFY))
		notify(vq->pfn << PAGE_SHIFT);
}

/* Out of the ring: the head of a finished chain and the bytes written into it, or -1. */
int vq_get(struct virtqueue *vq, u32 *bytes)
{
	volatile struct vring_used_elem *elem;
	u16 head, last;

	if (vq->last_used == vq->used->idx)
		return -1;
	barrier();
	elem = &vq->used->ring[vq->last_used % vq->num];
	head = (u16)elem->id;
	if (bytes)
		*bytes = elem->len;
	vq->last_used++;
	for (last = head;; last = vq->desc[last].next) {
		vq->free_count++;
		if (!(vq->desc[last].flags & VRING_DESC_F_NEXT))
			break;
	}
	vq->desc[last].next = vq->free_head;
	vq->free_head = head;
	return head;
}
/*:*/
