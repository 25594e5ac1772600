/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:653
 * The system calls below a disk.
 *
 * It refuses to share a file with another run that writes, and to take for a disk what cannot be
 * read anywhere at any time.
:*/
#define _GNU_SOURCE	  /* F_OFD_SETLK: a lock of the open file, not of the process */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_file.h"

/* pread() and pwrite() may do less than asked, and a signal may come. */
int disk_file_read(int fd, uint64_t off, void *to, uint32_t len)
{
	uint8_t *p = to;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)off);

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

int disk_file_write(int fd, uint64_t off, const void *from, uint32_t len)
{
	const uint8_t *p = from;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)off);

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

int disk_file_sync(int fd)
{
	int err;

	do
		err = fdatasync(fd) ? errno : 0;
	while (err == EINTR);
	/* What cannot be synced has nothing behind it that could be lost later. */
	return err == EINVAL || err == ENOSYS ? 0 : -err;
}

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
	/* First the lock, then the size: who has it locked may be changing it. */
	err = lock_image(fd, writing);
	*why = err == -EBUSY ? "is in use by another disk or another run" : "cannot be locked";
	if (err)
		return err;
	/* A block device has no st_size; its end can be sought. */
	*why = "cannot be examined";
	end = lseek(fd, 0, SEEK_END);
	if (end < 0)
		return -errno;
	*size_bytes = (uint64_t)end;
	return 0;
}

int disk_file_open(const char *path, enum disk_file_mode mode, int *fd, uint64_t *size_bytes,
		   const char **why)
{
	const bool writing = mode != DISK_FILE_READ;
	/* Non-blocking, lest opening a pipe should wait for its other end; a disk is none. */
	const int flags = (writing ? O_RDWR : O_RDONLY) | (mode == DISK_FILE_MAKE ? O_CREAT : 0) |
			  O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int err;

	*why = writing ? "cannot be opened for reading and writing" : "cannot be opened";
	*fd = open(path, flags, 0666);
	if (*fd < 0)
		return -errno;
	err = examine(*fd, writing, size_bytes, why);
	if (err) {
		close(*fd);
		*fd = -1;
	}
	return err;
}
