/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:907 guests/lib/virtio.c: The ring driver. It knows neither buses nor devices: it puts chains of
 * buffers into a ring and takes them out again. It trusts the Launcher, as a guest must. :*/
#include "lguest.h"
#include "virtio.h"
#if ERA_BUS == BUS_PCI
#include "pci.h"
#endif

/* Bytes from the descriptor table to the used ring, which begins at a multiple of `align`. */
u32 vq_used_offset(u32 num, u32 align)
{
	return (16 * num + 4 + 2 * num + align - 1) & ~(align - 1);
}

u32 vq_pages(u32 num)
{
	return (vq_used_offset(num, PAGE_SIZE) + 4 + 8 * num + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* A ring comes zeroed; all we add is the chain of free descriptors. */
void vq_set_up(struct virtqueue *vq, void *memory, u32 align)
{
	u8 *base = memory;
	u16 i;

	vq->desc = (volatile void *)base;
	vq->avail = (volatile void *)(base + 16 * vq->num);
	vq->used = (volatile void *)(base + vq_used_offset(vq->num, align));
	for (i = 0; i < vq->num; i++)
		vq->desc[i].next = (u16)(i + 1);
	vq->free_head = 0;
	vq->free_count = vq->num;
	vq->last_used = 0;
}

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
	if (vq->used->flags & VRING_USED_F_NO_NOTIFY)
		return;
#if ERA_BUS == BUS_PCI
	store16(vq->bell, vq->index);
#else
	notify(vq->bell);
#endif
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
