/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:650
 * Disk images.  A disk is opened by name once, before the first Guest instruction, and never
 * again; what it is made of (the file itself, or the file under a layer of changes that vanish)
 * hides behind four functions.  The user says what the file is: nobody here guesses a format
 * from the bytes, because the Guest can write those.
:*/
#ifndef BACKEND_DISK_H
#define BACKEND_DISK_H

#include "base/types.h"

#define DISK_SECTOR_BYTES 512u

enum disk_flags {
	DISK_READ_ONLY = 1,
	DISK_SNAPSHOT = 2, /* writes stay in memory and vanish; the file is never touched */
};

struct disk;

/* What a kind of disk can do.  Functions return 0 or -errno; the range is inside the disk. */
struct disk_ops {
	const char *name;
	int (*read)(struct disk *disk, uint64_t off, void *to, uint32_t len);
	int (*write)(struct disk *disk, uint64_t off, const void *from, uint32_t len);
	int (*flush)(struct disk *disk);
	void (*close)(struct disk *disk);
};

/* The common part of every disk; disk_*() below are the way to use it. */
struct disk {
	const struct disk_ops *ops;
	uint64_t size_bytes; /* a multiple of DISK_SECTOR_BYTES, not 0 */
	bool read_only;
	int flush_error; /* what a flush once failed with: never again "it is on disk" */
};

/*
 * Open an image.  0, or -errno with *why a clause that says what is wrong ("is not a whole number
 * of 512-byte sectors"), to be put after the name.  -EINVAL: empty, odd-sized or no disk at all.
 * -EBUSY: another run (or another disk of this one) is using it.
 */
int disk_open(const char *path, unsigned flags, struct disk **disk, const char **why) MUST_CHECK;
/* NULL is allowed.  Does not flush. */
void disk_close(struct disk *disk);

/* 0 or -errno.  -EINVAL: not all inside the disk, which nothing here extends.  -EROFS. */
int disk_read(struct disk *disk, uint64_t off, void *to, uint32_t len) MUST_CHECK;
int disk_write(struct disk *disk, uint64_t off, const void *from, uint32_t len) MUST_CHECK;
/* All that was written is on the disk, or this fails, and from then on always. */
int disk_flush(struct disk *disk) MUST_CHECK;

#endif
