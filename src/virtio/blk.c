/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:631
 * The disk.  A request is a header of 16 bytes, data one way or the other, and one byte at the
 * very end for our verdict; we find all three by counting bytes, since a Guest may cut them as it
 * likes.  Whatever is wrong with a request that has a header and room for a verdict is told by the
 * verdict; only a chain that lacks either stops the device.
 *
 * It refuses to make a disk longer, to write to one that is read-only, and to say "done" to a
 * flush that failed.
:*/
#include <stdlib.h>
#include <string.h>

#include "blk.h"

/*D:655
 * What the Guest sends (devices.md 3.8).  OUT and BARRIER are bits, the others are numbers beside
 * them.
 */
struct blk_header {
	le32_t type;
	le32_t ioprio;
	le64_t sector;
};
_Static_assert(sizeof(struct blk_header) == 16, "devices.md 3.8");

enum blk_type {
	BLK_IN = 0,
	BLK_OUT = 1,
	BLK_SCSI = 2,
	BLK_FLUSH = 4,
	BLK_GET_ID = 8,
};
#define BLK_BARRIER 0x80000000u

enum blk_verdict { BLK_S_OK = 0, BLK_S_IOERR = 1, BLK_S_UNSUPP = 2 };

/* The configuration bytes that we fill. */
struct blk_config {
	le64_t capacity; /* sectors */
	le32_t size_max;
	le32_t seg_max;
};
_Static_assert(sizeof(struct blk_config) == 16, "devices.md 3.8");
/*:*/

/*M:610
 * A request may carry 64 MB, which bounds what one kick can make us do.  With 254 segments a Linux
 * of any release stays far below (half a megabyte, unless root raises max_sectors_kb); a larger
 * request is answered with an I/O error.  To lift it one would serve a request in slices.
:*/
#define BLK_REQUEST_BYTES (64u << 20)

struct virtio_blk {
	struct virtio_device dev; /* first, so that one is the other */
	struct blk_store store;
	char id[BLK_ID_BYTES]; /* padded with NUL, not always terminated */
};

/* One request: what it says, where its data is, and how much we have put there. */
struct blk_request {
	struct virtio_blk *blk;
	const struct virtq_chain *chain;
	uint32_t type;
	uint64_t sector;
	uint32_t header_bytes;
	uint64_t data_out, data_in; /* bytes, without header and verdict */
	uint64_t written;	    /* bytes of data_in that are good */
};

/* Rows 8, 9, 17, 18: whole sectors, all of them on the disk; the product cannot overflow here. */
static bool request_in_range(const struct blk_request *req, uint64_t bytes)
{
	uint64_t sectors = req->blk->store.size_bytes / BLK_SECTOR_BYTES;

	return bytes <= BLK_REQUEST_BYTES && bytes % BLK_SECTOR_BYTES == 0 &&
	       req->sector <= sectors && bytes / BLK_SECTOR_BYTES <= sectors - req->sector;
}

static int read_piece(void *ctx, uint64_t done, uint8_t *p, uint32_t n)
{
	const struct blk_request *req = ctx;
	const struct blk_store *store = &req->blk->store;

	return store->read(store->ctx, req->sector * BLK_SECTOR_BYTES + done, p, n);
}

static int write_piece(void *ctx, uint64_t done, const uint8_t *p, uint32_t n)
{
	const struct blk_request *req = ctx;
	const struct blk_store *store = &req->blk->store;

	return store->write(store->ctx, req->sector * BLK_SECTOR_BYTES + done, p, n);
}

static enum blk_verdict blk_read(struct blk_request *req)
{
	if (!request_in_range(req, req->data_in))
		return BLK_S_IOERR;
	if (virtq_each_in(&req->blk->dev.vq[0], req->chain, 0, req->data_in, read_piece, req))
		return BLK_S_IOERR;
	req->written = req->data_in;
	return BLK_S_OK;
}

static enum blk_verdict blk_write(struct blk_request *req)
{
	if (req->blk->store.read_only || !request_in_range(req, req->data_out))
		return BLK_S_IOERR;
	if (virtq_each_out(&req->blk->dev.vq[0], req->chain, req->header_bytes, req->data_out,
			   write_piece, req))
		return BLK_S_IOERR;
	return BLK_S_OK;
}

static enum blk_verdict blk_flush(struct blk_request *req)
{
	const struct blk_store *store = &req->blk->store;

	return store->flush(store->ctx) ? BLK_S_IOERR : BLK_S_OK;
}

/* The original let the first bytes of the disk pass for its serial number; we have one. */
static enum blk_verdict blk_get_id(struct blk_request *req)
{
	uint32_t n = req->data_in < BLK_ID_BYTES ? (uint32_t)req->data_in : BLK_ID_BYTES;

	req->written = virtq_scatter(&req->blk->dev.vq[0], req->chain, 0, req->blk->id, n);
	return BLK_S_OK;
}

/* OUT is looked at by case 0 only: some drivers set it on a flush, too. */
static enum blk_verdict blk_dispatch(struct blk_request *req)
{
	switch (req->type & ~(uint32_t)BLK_OUT) {
	case BLK_IN: return req->type & BLK_OUT ? blk_write(req) : blk_read(req);
	case BLK_FLUSH: return blk_flush(req);
	case BLK_GET_ID: return blk_get_id(req);
	case BLK_SCSI: /* pass-through: what we have is no SCSI disk */
	default: /* row 19 */ return BLK_S_UNSUPP;
	}
}

/*D:656
 * A barrier says: what I asked before must be on the disk before this is, and this before what I
 * ask next.  So we flush on both sides.  The Guest learns of the feature before it says so in its
 * acknowledged bits (those come late in 2.6.26 to 2.6.30), so what counts is what was offered.
 */
static enum blk_verdict blk_ordered(struct blk_request *req)
{
	enum blk_verdict verdict;

	if (!(req->type & BLK_BARRIER))
		return blk_dispatch(req);
	if (!(req->blk->dev.offered >> VIRTIO_BLK_F_BARRIER & 1))
		return BLK_S_UNSUPP;
	req->type &= ~BLK_BARRIER;
	verdict = blk_flush(req);
	if (verdict == BLK_S_OK)
		verdict = blk_dispatch(req);
	return verdict == BLK_S_OK ? blk_flush(req) : verdict;
}
/*:*/

/* Rows 15 and 16.  The header is copied before anything is written, so that a request which has
 * its data land on its own header is served as it was when it came. */
static const char *blk_serve(struct virtio_blk *blk, const struct virtq_chain *chain,
			     uint32_t *written)
{
	struct blk_request req = {.blk = blk, .chain = chain};
	struct virtq *vq = &blk->dev.vq[0];
	struct blk_header header;
	uint8_t verdict;

	req.header_bytes = (uint32_t)sizeof(header) + blk->dev.dialect.blk_id_bytes;
	if (chain->out_bytes < req.header_bytes ||
	    virtq_gather(vq, chain, 0, &header, sizeof(header)) != sizeof(header))
		return "block request without a whole header";
	if (!chain->in_bytes)
		return "block request without room for its status";
	req.type = le32_get(header.type);
	req.sector = le64_get(header.sector);
	req.data_out = chain->out_bytes - req.header_bytes;
	req.data_in = chain->in_bytes - 1;
	verdict = (uint8_t)blk_ordered(&req);
	if (virtq_scatter(vq, chain, req.data_in, &verdict, 1) != 1)
		return "block request whose status lies outside the Guest's memory";
	/* Counted from the front, so the verdict counts only if no gap is before it. */
	*written = (uint32_t)(req.written == req.data_in ? req.written + 1 : req.written);
	return NULL;
}

/* A bus without headers says itself what it wants. */
bool virtio_blk_transfer(struct virtio_device *dev, const struct virtq_chain *chain, bool write,
			 uint64_t sector, uint64_t *bytes)
{
	struct blk_request req = {
		.blk = (struct virtio_blk *)dev,
		.chain = chain,
		.sector = sector,
		.data_out = chain->out_bytes,
		.data_in = chain->in_bytes,
	};
	bool ok = (write ? blk_write(&req) : blk_read(&req)) == BLK_S_OK;

	*bytes = !ok ? 0 : write ? req.data_out : req.data_in;
	return ok;
}

uint64_t virtio_blk_sectors(const struct virtio_device *dev)
{
	return ((const struct virtio_blk *)dev)->store.size_bytes / BLK_SECTOR_BYTES;
}

static void blk_notify(struct virtio_device *dev, unsigned q)
{
	struct virtio_blk *blk = (struct virtio_blk *)dev;
	struct virtq_chain chain;

	while (virtio_pop(dev, q, &chain)) {
		uint32_t written = 0;
		const char *why = blk_serve(blk, &chain, &written);

		if (why) {
			virtio_stop(dev, why);
			return;
		}
		virtio_push(dev, q, &chain, written);
	}
}

/*D:657
 * seg_max is not a nicety: without it Guests up to 2.6.28 build requests that are longer than
 * their own queue, and die of it.  Two descriptors go to header and verdict.
 */
static void blk_plug(struct virtio_device *dev)
{
	const struct blk_store *store = &((struct virtio_blk *)dev)->store;
	struct blk_config config = {
		.capacity = le64(store->size_bytes / BLK_SECTOR_BYTES),
		.seg_max = le32(dev->vq[0].num - 2u),
	};

	memcpy(dev->config, &config, sizeof(config));
	if (!store->read_only)
		dev->offered &= ~(1ull << VIRTIO_BLK_F_RO);
}
/*:*/

static void blk_destroy(struct virtio_device *dev)
{
	free(dev);
}

static const struct virtio_ops blk_ops = {
	.name = "block",
	.type = VIRTIO_BLK,
	.nr_queues = 1,
	.features = 1ull << VIRTIO_BLK_F_BARRIER | 1ull << VIRTIO_BLK_F_SEG_MAX |
		    1ull << VIRTIO_BLK_F_RO | 1ull << VIRTIO_BLK_F_FLUSH,
	.plug = blk_plug,
	.notify = blk_notify,
	.destroy = blk_destroy,
};

struct virtio_device *virtio_blk_create(const struct blk_store *store, const char *id)
{
	struct virtio_blk *blk = calloc(1, sizeof(*blk));

	if (!blk)
		return NULL;
	blk->dev.ops = &blk_ops;
	blk->store = *store;
	for (unsigned i = 0; i < BLK_ID_BYTES && id[i]; i++)
		blk->id[i] = id[i];
	return &blk->dev;
}
