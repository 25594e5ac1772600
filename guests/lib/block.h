/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:910 guests/lib/block.h: One virtio disk for guests, one request at a time. The kernel says how
 * to wait. :*/
#ifndef GUEST_BLOCK_H
#define GUEST_BLOCK_H

#include "virtio.h"

#define SECTOR_BYTES 512

/* block.c: all three return 0, or -1 if the device said no */
int block_init(struct virtio_device *dev, map_pages_fn *map, void (*wait)(void));
int block_read(u64 sector, void *buffer, u32 bytes);
int block_write(u64 sector, const void *buffer, u32 bytes);
int block_flush(void);
int block_interrupt(void); /* 1 if a request has just finished */
extern u64 block_sectors;  /* 0 while there is no disk */
extern u32 block_irq;

#endif
