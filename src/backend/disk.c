/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:651
 * Opening a disk, and the plain kind: a file (or a block device) that holds the sectors one after
 * the other.  The checks that every kind needs are in disk_read() and friends, so that the kinds
 * need none.
 *
 * It refuses to lengthen a file, to share one with another run that writes, and to forget that a
 * flush has failed: the kernel may have dropped the very pages it could not write, so a later
 * flush that succeeds proves nothing.
:*/
#define _GNU_SOURCE	  /* F_OFD_SETLK: a lock of the open file, not of the process */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "disk_snapshot.h"

struct disk_raw {
	struct disk disk; /* first, so that one is the other */
	int fd;
};

/* pread() and pwrite() may do less than asked, and a signal may come. */
static int raw_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	const struct disk_raw *raw = (struct disk_raw *)disk;
	uint8_t *p = to;

	while (len) {
		ssize_t n = pread(raw->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n) /* somebody has made the file shorter */
			return -EIO;
		p += n;
		off += (uint64_t)n;
		len -= (uint32_t)n;
	}
	return 0;
}

static int raw_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	const struct disk_raw *raw = (struct disk_raw *)disk;
	const uint8_t *p = from;

	while (len) {
		ssize_t n = pwrite(raw->fd, p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		off += (uint64_t)n;
		len -= (uint32_t)n;
	}
	return 0;
}

static int raw_flush(struct disk *disk)
{
	int err;

	do
		err = fdatasync(((struct disk_raw *)disk)->fd) ? errno : 0;
	while (err == EINTR);
	/* What cannot be synced has nothing behind it that could be lost later. */
	return err == EINVAL || err == ENOSYS ? 0 : -err;
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
	.close = raw_close,
};

/*M:650
 * The lock is advice: it keeps two lgemu off one image, not mount(8), and not two machines where
 * the file system knows no locks.  It belongs to the open file, so a second disk of the same run
 * is refused like a second run.
:*/
static int lock_image(int fd, bool writing)
{
	struct flock lock = {.l_type = writing ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
	int err;

	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return 0;
	err = errno;
	if (err == EAGAIN || err == EACCES)
		return -EBUSY;
	return err == EINVAL || err == ENOLCK || err == ENOSYS || err == EOPNOTSUPP ? 0 : -err;
}

/*D:680
 * What makes a file a disk: it is one that can be read anywhere, it is not empty, and it consists
 * of whole sectors.  What is in it does not matter.
 */
static int examine(int fd, bool writing, uint64_t *size_bytes, const char **why)
{
	struct stat st;
	off_t end;
	int err;

	*why = "cannot be examined";
	if (fstat(fd, &st))
		return -errno;
	*why = "is neither a file nor a block device";
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -EINVAL;
	/* A block device has no st_size; its end can be sought. */
	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	*why = "is empty";
	if (!end)
		return -EINVAL;
	*why = "is not a whole number of 512-byte sectors";
	if (end % DISK_SECTOR_BYTES)
		return -EINVAL;
	err = lock_image(fd, writing);
	*why = err == -EBUSY ? "is in use by another disk or another run" : "cannot be locked";
	*size_bytes = (uint64_t)end;
	return err;
}
/*:*/

static int raw_open(const char *path, bool writing, struct disk **disk, const char **why)
{
	struct disk_raw *raw;
	uint64_t size_bytes = 0;
	/* Non-blocking, lest opening a pipe should wait for its other end; a disk is none. */
	int err, fd = open(path, (writing ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*why = writing ? "cannot be opened for reading and writing" : "cannot be opened";
	if (fd < 0)
		return -errno;
	err = examine(fd, writing, &size_bytes, why);
	if (err) {
		close(fd);
		return err;
	}
	raw = calloc(1, sizeof(*raw));
	if (!raw) {
		close(fd);
		*why = "does not fit into memory";
		return -ENOMEM;
	}
	raw->disk.ops = &raw_ops;
	raw->disk.size_bytes = size_bytes;
	raw->disk.read_only = !writing;
	raw->fd = fd;
	*disk = &raw->disk;
	*why = NULL;
	return 0;
}

int disk_open(const char *path, unsigned flags, struct disk **disk, const char **why)
{
	struct disk *below = NULL;
	int err = raw_open(path, !(flags & (DISK_READ_ONLY | DISK_SNAPSHOT)), &below, why);

	if (err)
		return err;
	*disk = below;
	if (!(flags & DISK_SNAPSHOT))
		return 0;
	*disk = disk_snapshot_create(below, flags & DISK_READ_ONLY);
	if (*disk)
		return 0;
	disk_close(below);
	*why = "does not fit into memory";
	return -ENOMEM;
}

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
