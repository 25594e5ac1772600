/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:652
 * Files that hold sectors, whatever the sectors mean: opened with care, locked, and read and written
 * whole.
:*/
#ifndef BACKEND_DISK_FILE_H
#define BACKEND_DISK_FILE_H

#include "base/types.h"

enum disk_file_mode {
	DISK_FILE_READ,
	DISK_FILE_WRITE,
	DISK_FILE_MAKE, /* write, and make it if it is not there */
};

/* Open and lock.  0, or -errno with *why a clause that goes behind the name.  -EBUSY: another run, or
 * another disk of this one, has it. */
int disk_file_open(const char *path, enum disk_file_mode mode, int *fd, uint64_t *size_bytes,
		   const char **why) MUST_CHECK;

/* All of it, or -errno.  -EIO: the file ends before. */
int disk_file_read(int fd, uint64_t off, void *to, uint32_t len) MUST_CHECK;
int disk_file_write(int fd, uint64_t off, const void *from, uint32_t len) MUST_CHECK;
/* It will be there after a power cut. */
int disk_file_sync(int fd) MUST_CHECK;

#endif
