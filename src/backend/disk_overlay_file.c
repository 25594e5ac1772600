/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:659
 * The overlay's file: made, recognised, checked against the disk that it is put over.
 *
 * It refuses whatever it is not sure of.  A wrong pair of disk and overlay is not an error that
 * shows at once: it is a file system of two halves.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "disk_file.h"
#include "disk_overlay.h"

/*M:653
 * The map is in memory while the disk is in use: 32 MB for a disk of a terabyte.  Nothing larger can have
 * an overlay; that would take a map that is read and forgotten piece by piece.
:*/
#define SIZE_MAX_BYTES (1ull << 40)

#define READ_AT_ONCE (1u << 20)

static uint32_t header_crc(const struct overlay_header *h)
{
	return (uint32_t)crc32(0, (const uint8_t *)h, offsetof(struct overlay_header, crc));
}

/* All that is on a disk, as one number. */
static int disk_crc(struct disk *disk, uint32_t *crc)
{
	uint8_t *buf = malloc(READ_AT_ONCE);
	uLong sum = crc32(0, NULL, 0);
	int err = buf ? 0 : -ENOMEM;

	for (uint64_t off = 0; off < disk->size_bytes && !err; off += READ_AT_ONCE) {
		const uint64_t left = disk->size_bytes - off;
		const uint32_t n = left < READ_AT_ONCE ? (uint32_t)left : READ_AT_ONCE;

		err = disk_read(disk, off, buf, n);
		if (!err)
			sum = crc32(sum, buf, n);
	}
	free(buf);
	*crc = (uint32_t)sum;
	return err;
}

static struct disk_stamp stamp_of(struct disk *disk)
{
	struct disk_stamp stamp;

	if (!disk->ops->stamp || disk->ops->stamp(disk, &stamp))
		return (struct disk_stamp){0, 0, OVERLAY_NO_STAMP};
	return stamp;
}

static void remember(struct overlay_header *h, const struct disk_stamp *stamp, uint32_t crc)
{
	h->below_crc = le32(crc);
	h->below_inode = le64(stamp->inode);
	h->below_mtime_s = le64((uint64_t)stamp->mtime_s);
	h->below_mtime_ns = le32(stamp->mtime_ns);
}

int overlay_write_header(struct overlay *ov, enum overlay_state state)
{
	int err;

	ov->header.state = le32(state);
	ov->header.crc = le32(header_crc(&ov->header));
	err = ov->store.write(ov->store.ctx, 0, &ov->header, sizeof(ov->header));
	return err ? err : ov->store.sync(ov->store.ctx);
}

static bool lay_out(struct overlay *ov, uint64_t size_bytes)
{
	uint64_t blocks;

	ov->nr_pages = (size_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	blocks = (ov->nr_pages + 8ull * PAGE_SIZE - 1) / (8ull * PAGE_SIZE);
	ov->data_off = OVERLAY_MAP_OFF + blocks * PAGE_SIZE;
	ov->map = calloc(blocks, PAGE_SIZE);
	ov->stale = calloc(blocks, sizeof(*ov->stale));
	return ov->map && ov->stale;
}

/* Bits beyond the last page mean nothing, so nobody set them; and what a bit says is there must be
 * inside the file. */
static int check_map(const struct overlay *ov, const char **clause)
{
	const uint64_t bits = (ov->data_off - OVERLAY_MAP_OFF) * 8;
	const uint64_t size = le64_get(ov->header.size_bytes);
	uint64_t last = bits, end;

	while (last && !ov->map[(last - 1) / 8])
		last = (last - 1) / 8 * 8;
	while (last && !overlay_has(ov, last - 1))
		last--;
	*clause = "has a map of more pages than the disk has";
	if (last > ov->nr_pages)
		return -EINVAL;
	end = last * PAGE_SIZE < size ? last * PAGE_SIZE : size;
	*clause = "is cut short";
	return last && ov->data_off + end > ov->store.size_bytes ? -EINVAL : 0;
}

static int check_header(const struct overlay_header *h, const char **clause)
{
	const uint64_t size = le64_get(h->size_bytes);

	*clause = "is not an overlay of lgemu";
	if (memcmp(h->magic, OVERLAY_MAGIC, sizeof(h->magic)) != 0)
		return -EINVAL;
	*clause = "has a damaged header";
	if (le32_get(h->crc) != header_crc(h))
		return -EINVAL;
	*clause = "is of another version of lgemu";
	if (le32_get(h->version) != OVERLAY_VERSION || le32_get(h->page_bytes) != PAGE_SIZE ||
	    le32_get(h->state) > OVERLAY_COMMITTING)
		return -EINVAL;
	*clause = "says that its disk has a size that no disk can have";
	return !size || size % DISK_SECTOR_BYTES || size > SIZE_MAX_BYTES ? -EINVAL : 0;
}

int overlay_load(struct overlay *ov, const struct overlay_store *store, const char **clause)
{
	int err;

	ov->store = *store;
	*clause = "is empty";
	if (!store->size_bytes)
		return -ENODATA;
	*clause = "is not an overlay of lgemu";
	if (store->size_bytes < sizeof(ov->header))
		return -EINVAL;
	*clause = "cannot be read";
	err = store->read(store->ctx, 0, &ov->header, sizeof(ov->header));
	if (!err)
		err = check_header(&ov->header, clause);
	if (err)
		return err;
	*clause = "does not fit into memory";
	if (!lay_out(ov, le64_get(ov->header.size_bytes)))
		return -ENOMEM;
	*clause = "is cut short";
	if (store->size_bytes < ov->data_off)
		return -EINVAL;
	*clause = "cannot be read";
	for (uint64_t off = OVERLAY_MAP_OFF; off < ov->data_off && !err; off += PAGE_SIZE)
		err = store->read(store->ctx, off, ov->map + (off - OVERLAY_MAP_OFF), PAGE_SIZE);
	return err ? err : check_map(ov, clause);
}

/* The last page of the map is written and the others become holes; the header comes last. */
static int make(struct overlay *ov, struct disk *below, const char **clause)
{
	const struct disk_stamp stamp = stamp_of(below);
	struct overlay_header *h = &ov->header;
	uint32_t crc;
	int err;

	*clause = "would be too large: its disk has more than a terabyte";
	if (below->size_bytes > SIZE_MAX_BYTES)
		return -EFBIG;
	*clause = "does not fit into memory";
	if (!lay_out(ov, below->size_bytes))
		return -ENOMEM;
	*clause = "cannot be made, because its disk cannot be read";
	err = disk_crc(below, &crc);
	if (err)
		return err;
	memcpy(h->magic, OVERLAY_MAGIC, sizeof(h->magic));
	h->version = le32(OVERLAY_VERSION);
	h->page_bytes = le32(PAGE_SIZE);
	h->size_bytes = le64(below->size_bytes);
	remember(h, &stamp, crc);
	*clause = "cannot be written";
	err = ov->store.write(ov->store.ctx, ov->data_off - PAGE_SIZE, ov->map, PAGE_SIZE);
	return err ? err : overlay_write_header(ov, OVERLAY_OPEN);
}

/*D:686
 * Is this the disk that the overlay was made over, and has nobody written to it since?  If it is the same
 * file and its time of change is the same, yes.  Else it may be a copy, or the file may have been touched,
 * and only what is in it can tell; then the new signs are remembered.
 */
int overlay_check_below(struct overlay *ov, struct disk *below, const char **clause)
{
	const struct disk_stamp stamp = stamp_of(below);
	struct overlay_header *h = &ov->header;
	uint32_t crc;
	int err;

	*clause = "belongs to a disk of another size";
	if (le64_get(h->size_bytes) != below->size_bytes)
		return -EINVAL;
	if (stamp.mtime_ns != OVERLAY_NO_STAMP && stamp.inode == le64_get(h->below_inode) &&
	    (uint64_t)stamp.mtime_s == le64_get(h->below_mtime_s) &&
	    stamp.mtime_ns == le32_get(h->below_mtime_ns))
		return 0;
	*clause = "cannot be used, because its disk cannot be read";
	err = disk_crc(below, &crc);
	if (err)
		return err;
	*clause = "belongs to another disk, or its disk was written to without it";
	if (crc != le32_get(h->below_crc))
		return -EINVAL;
	if (ov->disk.read_only)
		return 0;
	remember(h, &stamp, crc);
	*clause = "cannot be written";
	return overlay_write_header(ov, OVERLAY_OPEN);
}
/*:*/

int overlay_load_or_make(struct overlay *ov, const struct overlay_store *store, struct disk *below,
			 const char **clause)
{
	if (store->size_bytes || ov->disk.read_only)
		return overlay_load(ov, store, clause);
	ov->store = *store;
	return make(ov, below, clause);
}

void overlay_free(struct overlay *ov)
{
	free(ov->map);
	free(ov->stale);
	ov->store.close(ov->store.ctx);
}

/* --- in a file ----------------------------------------------------------------------------------- */

/* The descriptor is all there is to know, and fits into a pointer. */
static int fd_of(void *ctx)
{
	return (int)(intptr_t)ctx;
}

static int fd_read(void *ctx, uint64_t off, void *to, uint32_t len)
{
	return disk_file_read(fd_of(ctx), off, to, len);
}

static int fd_write(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	return disk_file_write(fd_of(ctx), off, from, len);
}

static int fd_sync(void *ctx)
{
	return disk_file_sync(fd_of(ctx));
}

static int fd_empty(void *ctx)
{
	return ftruncate(fd_of(ctx), 0) ? -errno : 0;
}

static void fd_close(void *ctx)
{
	close(fd_of(ctx));
}

int overlay_open_store(const char *path, enum disk_file_mode mode, struct overlay_store *store,
		       const char **clause)
{
	uint64_t size_bytes = 0;
	int fd, err = disk_file_open(path, mode, &fd, &size_bytes, clause);

	if (err)
		return err;
	*store = (struct overlay_store){
		(void *)(intptr_t)fd, size_bytes, fd_read, fd_write, fd_sync, fd_empty, fd_close};
	return 0;
}
