/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:650
 * Disk images.  A disk is opened by name once, before the first Guest instruction, and never
 * again; what it is made of (a file, a server, and layers of changes over it that are kept or
 * vanish) hides behind a handful of functions.  The user says what the file is: nobody here guesses
 * a format from the bytes, because the Guest can write those.
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

/* Signs that a disk's content has not changed, far quicker than to read it. */
struct disk_stamp {
	uint64_t inode;
	int64_t mtime_s;
	uint32_t mtime_ns;
};

/* What a kind of disk can do.  Functions return 0 or -errno; the range is inside the disk. */
struct disk_ops {
	const char *name;
	int (*read)(struct disk *disk, uint64_t off, void *to, uint32_t len);
	int (*write)(struct disk *disk, uint64_t off, const void *from, uint32_t len);
	int (*flush)(struct disk *disk);
	int (*stamp)(struct disk *disk,
		     struct disk_stamp *stamp); /* NULL: there are no such signs */
	void (*close)(struct disk *disk);
};

/* The common part of every disk; disk_*() below are the way to use it. */
struct disk {
	const struct disk_ops *ops;
	uint64_t size_bytes; /* a multiple of DISK_SECTOR_BYTES, not 0 */
	bool read_only;
	int flush_error; /* what a flush once failed with: never again "it is on disk" */
};

struct disk_spec {
	const char *path;
	const char *overlay; /* the file that takes what is written; NULL: none */
	unsigned flags;	     /* enum disk_flags */
};

#define DISK_WHY_BYTES 512

/* Open what spec says.  0, or -errno with a sentence in why.  -EINVAL: empty, odd-sized, no disk at
 * all.  -EBUSY: another run (or another disk of this one) is using it. */
int disk_open(const struct disk_spec *spec, struct disk **disk,
	      char why[DISK_WHY_BYTES]) MUST_CHECK;
/* NULL is allowed.  Whoever wants to know whether all is on the disk flushes before. */
void disk_close(struct disk *disk);

/* 0 or -errno.  -EINVAL: not all inside the disk, which nothing here extends.  -EROFS. */
int disk_read(struct disk *disk, uint64_t off, void *to, uint32_t len) MUST_CHECK;
int disk_write(struct disk *disk, uint64_t off, const void *from, uint32_t len) MUST_CHECK;
/* All that was written is on the disk, or this fails, and from then on always. */
int disk_flush(struct disk *disk) MUST_CHECK;

/* For kinds of disks.  Writes "the KIND PATH CLAUSE" and returns err. */
int disk_refuse(char why[DISK_WHY_BYTES], int err, const char *kind, const char *path,
		const char *clause);

#endif
