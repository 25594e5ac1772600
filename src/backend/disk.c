/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:651
 * Opening a disk, and the plain kind: a file (or a block device) that holds the sectors one after
 * the other.  The checks that every kind needs are in disk_read() and friends, so that the kinds
 * need none.
 *
 * It refuses to lengthen a disk, and to forget that a flush has failed: the kernel may have dropped
 * the very pages it could not write, so a later flush that succeeds proves nothing.
:*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "disk_file.h"
#include "disk_nbd.h"
#include "disk_overlay.h"
#include "disk_snapshot.h"

struct disk_raw {
	struct disk disk; /* first, so that one is the other */
	int fd;
};

static int raw_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	return disk_file_read(((struct disk_raw *)disk)->fd, off, to, len);
}

static int raw_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	return disk_file_write(((struct disk_raw *)disk)->fd, off, from, len);
}

static int raw_flush(struct disk *disk)
{
	return disk_file_sync(((struct disk_raw *)disk)->fd);
}

static int raw_stamp(struct disk *disk, struct disk_stamp *stamp)
{
	struct stat st;

	if (fstat(((struct disk_raw *)disk)->fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) /* what is written to a device does not show */
		return -ENOTSUP;
	*stamp = (struct disk_stamp){st.st_ino, st.st_mtim.tv_sec, (uint32_t)st.st_mtim.tv_nsec};
	return 0;
}

static void raw_close(struct disk *disk)
{
	close(((struct disk_raw *)disk)->fd);
	free(disk);
}

static const struct disk_ops raw_ops = {
	.name = "raw",
	.read = raw_read,
	.write = raw_write,
	.flush = raw_flush,
	.stamp = raw_stamp,
	.close = raw_close,
};

int disk_refuse(char why[DISK_WHY_BYTES], int err, const char *kind, const char *path,
		const char *clause)
{
	snprintf(why, DISK_WHY_BYTES, "the %s %s %s", kind, path, clause);
	return err;
}

/*D:680
 * What makes a file a disk: it is one that can be read anywhere, it is not empty, and it consists
 * of whole sectors.  What is in it does not matter.
 */
static int raw_open(const char *path, bool writing, struct disk **disk, char why[DISK_WHY_BYTES])
{
	const char *clause;
	uint64_t size_bytes = 0;
	struct disk_raw *raw;
	int fd, err;

	err = disk_file_open(path, writing ? DISK_FILE_WRITE : DISK_FILE_READ, &fd, &size_bytes,
			     &clause);
	if (err)
		return disk_refuse(why, err, "disk", path, clause);
	clause = size_bytes ? "is not a whole number of 512-byte sectors" : "is empty";
	raw = calloc(1, sizeof(*raw));
	if (!raw || !size_bytes || size_bytes % DISK_SECTOR_BYTES) {
		close(fd);
		if (!raw)
			return disk_refuse(why, -ENOMEM, "disk", path, "does not fit into memory");
		free(raw);
		return disk_refuse(why, -EINVAL, "disk", path, clause);
	}
	raw->disk.ops = &raw_ops;
	raw->disk.size_bytes = size_bytes;
	raw->disk.read_only = !writing;
	raw->fd = fd;
	*disk = &raw->disk;
	return 0;
}
/*:*/

/*D:681
 * Layer by layer: what holds the sectors, over it a file of changes, over that a memory of changes.
 * Only the topmost is ever written to, so all below it are opened for reading.
 */
int disk_open(const struct disk_spec *spec, struct disk **disk, char why[DISK_WHY_BYTES])
{
	const bool read_only = spec->flags & DISK_READ_ONLY, snapshot = spec->flags & DISK_SNAPSHOT;
	const bool writing = !read_only && !snapshot && !spec->overlay;
	struct disk *layer = NULL, *top = NULL;
	int err;

	err = disk_nbd_named(spec->path) ? disk_nbd_open(spec->path, writing, &layer, why)
					 : raw_open(spec->path, writing, &layer, why);
	if (err)
		return err;
	if (spec->overlay) {
		err = disk_overlay_open(spec->overlay, layer, read_only || snapshot, &top, why);
		if (err) {
			disk_close(layer);
			return err;
		}
		layer = top;
	}
	if (snapshot) {
		top = disk_snapshot_create(layer, read_only);
		if (!top) {
			disk_close(layer);
			return disk_refuse(why, -ENOMEM, "disk", spec->path,
					   "does not fit into memory");
		}
		layer = top;
	}
	*disk = layer;
	return 0;
}
/*:*/

void disk_close(struct disk *disk)
{
	if (disk)
		disk->ops->close(disk);
}

static bool inside(const struct disk *disk, uint64_t off, uint32_t len)
{
	return off <= disk->size_bytes && len <= disk->size_bytes - off;
}

int disk_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	return inside(disk, off, len) ? disk->ops->read(disk, off, to, len) : -EINVAL;
}

int disk_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	if (disk->read_only)
		return -EROFS;
	return inside(disk, off, len) ? disk->ops->write(disk, off, from, len) : -EINVAL;
}

int disk_flush(struct disk *disk)
{
	if (!disk->flush_error && !disk->read_only)
		disk->flush_error = disk->ops->flush(disk);
	return disk->flush_error;
}
