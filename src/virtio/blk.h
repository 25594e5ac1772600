/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:630
 * The disk: one queue of requests, each a header, some data and one byte for the answer.  What
 * holds the sectors is somebody else's business (struct blk_store); the Launcher joins the two.
:*/
#ifndef VIRTIO_BLK_H
#define VIRTIO_BLK_H

#include "device.h"

enum virtio_blk_feature {
	VIRTIO_BLK_F_BARRIER = 0,
	VIRTIO_BLK_F_SEG_MAX = 2,
	VIRTIO_BLK_F_RO = 5,
	VIRTIO_BLK_F_FLUSH = 9,
};

/* Where the sectors are.  Functions return 0 or -errno; ranges are checked before. */
struct blk_store {
	void *ctx;
	uint64_t size_bytes; /* a multiple of 512 */
	bool read_only;
	int (*read)(void *ctx, uint64_t off, void *to, uint32_t len);
	int (*write)(void *ctx, uint64_t off, const void *from, uint32_t len);
	int (*flush)(void *ctx);
};

#define BLK_ID_BYTES	 20
#define BLK_SECTOR_BYTES 512u

/* NULL without memory.  The store is copied; id (at most BLK_ID_BYTES are used) answers GET_ID. */
struct virtio_device *virtio_blk_create(const struct blk_store *store, const char *id);

/* For a bus whose requests have no header: write what the chain holds to that sector, or read into
 * it.  False: none of it was done, and *bytes is 0. */
bool virtio_blk_transfer(struct virtio_device *dev, const struct virtq_chain *chain, bool write,
			 uint64_t sector, uint64_t *bytes) MUST_CHECK;
uint64_t virtio_blk_sectors(const struct virtio_device *dev);

#endif
