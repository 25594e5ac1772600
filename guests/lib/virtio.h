/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:906 guests/lib/virtio.h: The lguest bus and the virtio ring, as data. The bus is one page behind
 * the end of RAM with a packed list of descriptors; a ring is three arrays in pages above it. The
 * same bytes serve every release from 2.6.25 to 3.19. :*/
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

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
/*:*/

#define DEV_MAX_QUEUES	4
#define BUS_MAX_DEVICES 16

struct virtqueue {
	u16 num, irq;
	u32 pfn;
	volatile struct vring_desc *desc;
	volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	u16 free_head, free_count; /* chain of unused descriptors */
	u16 last_used;		   /* used entries we have taken */
};

struct virtio_device {
	volatile struct lguest_device_desc *desc;
	u32 desc_gpa;
	u8 type;
	u32 features; /* offered, first 32 bits */
	volatile u8 *config;
	u8 config_len, queue_count;
	struct virtqueue queue[DEV_MAX_QUEUES];
};

/* One piece of a request: guest-physical address and length. */
struct vq_segment {
	u32 gpa, bytes;
};

/* How the library reaches device pages: maps pages from pfn on and returns where they appear. */
typedef void *map_pages_fn(u32 pfn, u32 pages);

/* virtio.c */
int bus_scan(u32 page_gpa, map_pages_fn *map, struct virtio_device *devices, int room);
int device_start(struct virtio_device *dev, u32 wanted_features, map_pages_fn *map);
void device_ready(struct virtio_device *dev);
int vq_add(struct virtqueue *vq, const struct vq_segment *seg, int out, int in);
void vq_kick(struct virtqueue *vq);
int vq_get(struct virtqueue *vq, u32 *bytes);

#endif
