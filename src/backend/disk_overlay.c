/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:658
 * The layer itself.  Reads take each page from the overlay if the map says that it is there, else
 * from the disk below.  The first write to a page brings the whole page, so a page is here or there
 * and never in pieces.
 *
 * It refuses to say of a page that it is here before it is: the data first, then a sync, then the map.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_overlay.h"

/*M:652
 * What was written after the last flush is on the disk only when the run ends: until then its bits
 * are in memory alone, and if lgemu is killed (SIGKILL) those pages are again what they were, as after
 * a power cut.  Guests of 2.6.24 cannot flush.  To lift it one would sync after each of their writes,
 * or keep a journal of bits that is good as long as the host does not restart.
:*/
bool overlay_has(const struct overlay *ov, uint64_t page)
{
	return ov->map[page / 8] >> page % 8 & 1;
}

static void mark(struct overlay *ov, uint64_t page)
{
	ov->map[page / 8] |= (uint8_t)(1u << page % 8);
	ov->stale[page / 8 / PAGE_SIZE] = true;
}

static uint32_t min32(uint64_t a, uint32_t b)
{
	return a < b ? (uint32_t)a : b;
}

/* How many of len bytes at off, which is in the page before `end`, lie before `end`. */
static uint32_t up_to(uint64_t end, uint64_t off, uint32_t len)
{
	return min32(end * PAGE_SIZE - off, len);
}

/* How many of len bytes at off lie in pages that are all here, or all not. */
static uint32_t alike(const struct overlay *ov, uint64_t off, uint32_t len)
{
	const uint64_t last = (off + len - 1) / PAGE_SIZE;
	uint64_t page = off / PAGE_SIZE;
	const bool here = overlay_has(ov, page);

	while (page <= last && overlay_has(ov, page) == here)
		page++;
	return up_to(page, off, len);
}

static int overlay_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	struct overlay *ov = (struct overlay *)disk;
	uint8_t *p = to;

	while (len) {
		uint32_t n = alike(ov, off, len);
		int err = overlay_has(ov, off / PAGE_SIZE)
				  ? ov->store.read(ov->store.ctx, ov->data_off + off, p, n)
				  : disk_read(ov->below, off, p, n);

		if (err)
			return err;
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

/* A part of a page that is not here: the rest of it comes from below. */
static int write_around(struct overlay *ov, uint64_t off, const uint8_t *from, uint32_t len)
{
	const uint64_t start = off / PAGE_SIZE * PAGE_SIZE;
	const uint32_t bytes = min32(ov->disk.size_bytes - start, PAGE_SIZE);
	uint8_t page[PAGE_SIZE];
	int err = disk_read(ov->below, start, page, bytes);

	if (err)
		return err;
	memcpy(page + (off - start), from, len);
	return ov->store.write(ov->store.ctx, ov->data_off + start, page, bytes);
}

/*D:683
 * Writing.  Where the pages are here already, or are written whole, the bytes go straight to their
 * place; the short page at the end of a disk counts as whole when it is written to its end.  Only the
 * first and the last page of a write can be neither.
 */
static uint32_t write_some(struct overlay *ov, uint64_t off, const uint8_t *from, uint32_t len,
			   int *err)
{
	const uint64_t page = off / PAGE_SIZE;
	uint32_t n = alike(ov, off, len);
	const bool to_end = off + n == ov->disk.size_bytes;

	if (!overlay_has(ov, page)) {
		if (off % PAGE_SIZE || (n < PAGE_SIZE && !to_end)) {
			n = up_to(page + 1, off, n);
			*err = write_around(ov, off, from, n);
			return n;
		}
		if (!to_end)
			n -= n % PAGE_SIZE;
	}
	*err = ov->store.write(ov->store.ctx, ov->data_off + off, from, n);
	return n;
}

static int overlay_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	struct overlay *ov = (struct overlay *)disk;
	const uint8_t *p = from;
	int err = 0;

	while (len) {
		uint32_t n = write_some(ov, off, p, len, &err);

		if (err)
			return err;
		for (uint64_t page = off / PAGE_SIZE; page <= (off + n - 1) / PAGE_SIZE; page++)
			if (!overlay_has(ov, page))
				mark(ov, page);
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}
/*:*/

/*D:684
 * A flush.  The first sync makes the data safe, the second the bits that say so.  If the power goes
 * between the two, the new pages are there and nobody knows of them: the disk is as it was after the
 * flush before, which is all that was promised.
 */
static int overlay_flush(struct disk *disk)
{
	struct overlay *ov = (struct overlay *)disk;
	const uint64_t blocks = ov->data_off / PAGE_SIZE - 1;
	bool any = false;
	int err = ov->store.sync(ov->store.ctx);

	for (uint64_t i = 0; i < blocks && !err; i++) {
		if (!ov->stale[i])
			continue;
		any = true;
		err = ov->store.write(ov->store.ctx, OVERLAY_MAP_OFF + i * PAGE_SIZE,
				      ov->map + i * PAGE_SIZE, PAGE_SIZE);
	}
	if (!err && any)
		err = ov->store.sync(ov->store.ctx);
	if (!err && any)
		memset(ov->stale, 0, blocks * sizeof(*ov->stale));
	return err;
}
/*:*/

static void overlay_close(struct disk *disk)
{
	struct overlay *ov = (struct overlay *)disk;

	disk_close(ov->below);
	overlay_free(ov);
	free(ov);
}

static const struct disk_ops overlay_ops = {
	.name = "overlay",
	.read = overlay_read,
	.write = overlay_write,
	.flush = overlay_flush,
	.close = overlay_close,
};

int overlay_open(const struct overlay_store *store, struct disk *below, bool read_only,
		 struct disk **disk, const char **clause)
{
	struct overlay *ov = calloc(1, sizeof(*ov));
	int err;

	*clause = "does not fit into memory";
	if (!ov) {
		store->close(store->ctx);
		return -ENOMEM;
	}
	ov->disk.ops = &overlay_ops;
	ov->disk.size_bytes = below->size_bytes;
	ov->disk.read_only = read_only;
	err = overlay_load_or_make(ov, store, below, clause);
	if (!err && le32_get(ov->header.state) == OVERLAY_COMMITTING) {
		*clause = "was being committed when that was interrupted: commit it again";
		err = -EUCLEAN;
	}
	if (!err)
		err = overlay_check_below(ov, below, clause);
	if (err) {
		overlay_free(ov);
		free(ov);
		return err;
	}
	ov->below = below;
	*disk = &ov->disk;
	return 0;
}

int disk_overlay_open(const char *path, struct disk *below, bool read_only, struct disk **disk,
		      char why[DISK_WHY_BYTES])
{
	struct overlay_store store;
	const char *clause = NULL;
	int err = overlay_open_store(path, read_only ? DISK_FILE_READ : DISK_FILE_MAKE, &store,
				     &clause);

	if (err)
		return disk_refuse(why, err, "overlay", path, clause);
	err = overlay_open(&store, below, read_only, disk, &clause);
	return err ? disk_refuse(why, err, "overlay", path, clause) : 0;
}
