/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:906 guests/lib/virtio.h: Devices and rings, as data and as a driver sees them. There were three
 * buses, one file each (bus_array.c, bus_fields.c, bus_pci.c), of which a guest is compiled with
 * that of its era; a ring is the same everywhere, three arrays in memory. :*/
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include "era.h"
#include "lib.h"

#define VIRTIO_ID_NET	  1
#define VIRTIO_ID_BLOCK	  2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_RNG	  4

#define VIRTIO_CONFIG_S_ACKNOWLEDGE 1
#define VIRTIO_CONFIG_S_DRIVER	    2
#define VIRTIO_CONFIG_S_DRIVER_OK   4
#define VIRTIO_CONFIG_S_FAILED	    0x80

#define VRING_DESC_F_NEXT	   1
#define VRING_DESC_F_WRITE	   2
#define VRING_AVAIL_F_NO_INTERRUPT 1
#define VRING_USED_F_NO_NOTIFY	   1

struct vring_desc {
	u64 addr; /* guest-physical */
	u32 len;
	u16 flags, next;
};

struct vring_avail {
	u16 flags, idx, ring[]; /* guest writes */
};

struct vring_used_elem {
	u32 id, len;
};

struct vring_used {
	u16 flags, idx; /* Launcher writes */
	struct vring_used_elem ring[];
};

#define DEV_MAX_QUEUES	4
#define BUS_MAX_DEVICES 16

struct virtqueue {
	u16 num, irq;
	u16 index;  /* in its device */
	u32 bell;   /* where to ring: a guest-physical address, or that of a register */
	u32 memory; /* guest-physical, of the ring */
	volatile struct vring_desc *desc;
	volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	u16 free_head, free_count; /* chain of unused descriptors */
	u16 last_used;		   /* used entries we have taken */
};

struct virtio_device {
	volatile u8 *status; /* guest writes, Launcher reads */
	u32 desc_gpa;	     /* of its descriptor, where the bus has such */
	u32 slot;	     /* or where it is on the PCI bus */
	u8 type;
	u32 features; /* offered, first 32 bits */
	volatile u8 *accepted, *config;
	u8 feature_len, config_len, queue_count;
	struct virtqueue queue[DEV_MAX_QUEUES];
};

/* One piece of a request: guest-physical address and length. */
struct vq_segment {
	u32 gpa, bytes;
};

/* How the library reaches device pages: maps pages from pfn on and returns where they appear. */
typedef void *map_pages_fn(u32 pfn, u32 pages);

/* the bus */
int bus_scan(u32 page_gpa, map_pages_fn *map, struct virtio_device *devices, int room);
void device_reset(struct virtio_device *dev);
int device_start(struct virtio_device *dev, u32 wanted_features, map_pages_fn *map);
void device_ready(struct virtio_device *dev);
u32 device_config8(struct virtio_device *dev, u32 at);

/* virtio.c */
u32 vq_used_offset(u32 num, u32 align);
u32 vq_pages(u32 num);
void vq_set_up(struct virtqueue *vq, void *memory, u32 align);
int vq_add(struct virtqueue *vq, const struct vq_segment *seg, int out, int in);
void vq_kick(struct virtqueue *vq);
int vq_get(struct virtqueue *vq, u32 *bytes);

#endif
