/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:657
 * A disk over a disk whose changes are kept: in a file of their own, the overlay.  Later they are
 * committed into the disk below, or the file is removed and nothing has happened.
:*/
#ifndef BACKEND_DISK_OVERLAY_H
#define BACKEND_DISK_OVERLAY_H

#include "disk.h"
#include "disk_file.h"

/*D:682
 * The file begins with this header, all numbers little-endian.  At OVERLAY_MAP_OFF follows the map,
 * one bit for each page of the disk, bit n % 8 of byte n / 8: set if the page is in this file.  The
 * map is filled up with zeros to whole pages, and behind it page n has its place at n * 4096, whether
 * it is there or not; most are holes, and the file takes no more room than what is in it.
 *
 * So there are no tables that point anywhere, nothing that could form a cycle, and nothing to
 * allocate.  The name of the disk below is not in here, either: whoever makes up an overlay must not
 * be able to name /etc/shadow.
 *
 * Only the header has a checksum.  The map is changed in place, and a power cut may leave old bits
 * beside new ones; both are right, but no sum would match them.
 */
struct overlay_header {
	uint8_t magic[8]; /* OVERLAY_MAGIC */
	le32_t version;	  /* OVERLAY_VERSION; others are refused */
	le32_t page_bytes;
	le64_t size_bytes; /* of the disk */
	le32_t state;	   /* enum overlay_state */
	le32_t below_crc;  /* of all that is on the disk below */
	le64_t below_inode, below_mtime_s;
	le32_t below_mtime_ns; /* while these are the same, so is below_crc; OVERLAY_NO_STAMP: unknown */
	uint8_t zero[456];
	le32_t crc; /* of what is before it */
};
_Static_assert(sizeof(struct overlay_header) == 512, "one sector: it is written whole or not");

#define OVERLAY_MAGIC	 "lgemuOVL"
#define OVERLAY_VERSION	 1u
#define OVERLAY_MAP_OFF	 PAGE_SIZE
#define OVERLAY_NO_STAMP UINT32_MAX

enum overlay_state {
	OVERLAY_OPEN = 0,
	OVERLAY_COMMITTING = 1, /* the disk below has some of the changes, but not yet all */
};
/*:*/

/* Where an overlay lies: a file, or a test's memory.  Functions return 0 or -errno. */
struct overlay_store {
	void *ctx;
	uint64_t size_bytes; /* when it was opened; 0: it is new */
	int (*read)(void *ctx, uint64_t off, void *to, uint32_t len);
	int (*write)(void *ctx, uint64_t off, const void *from, uint32_t len);
	int (*sync)(void *ctx);
	int (*empty)(void *ctx); /* back to no bytes */
	void (*close)(void *ctx);
};

struct overlay {
	struct disk disk;   /* first, so that one is the other */
	struct disk *below; /* NULL: it is only looked at */
	struct overlay_store store;
	struct overlay_header header;
	uint64_t nr_pages, data_off;
	uint8_t *map;
	bool *stale; /* one for each page of the map: it has bits that the file has not */
};

/* Put the file `path` over `below`, which it owns from then on.  It is made if it is not there or empty,
 * unless read_only.  0, or -errno with a sentence (and below stays open). */
int disk_overlay_open(const char *path, struct disk *below, bool read_only, struct disk **disk,
		      char why[DISK_WHY_BYTES]) MUST_CHECK;
/* The same for any store.  *clause goes behind a name.  The store is closed with the disk,
 * or when this fails. */
int overlay_open(const struct overlay_store *store, struct disk *below, bool read_only,
		 struct disk **disk, const char **clause) MUST_CHECK;
bool overlay_has(const struct overlay *ov, uint64_t page);

/* Read and check what a file says of itself, without a disk below: ov is filled in and must be given
 * to overlay_free(), whatever this returns. */
int overlay_load(struct overlay *ov, const struct overlay_store *store,
		 const char **clause) MUST_CHECK;
/* The same, but one that is empty is made, unless ov->disk.read_only. */
int overlay_load_or_make(struct overlay *ov, const struct overlay_store *store, struct disk *below,
			 const char **clause) MUST_CHECK;
/* Is `below` the disk that it was made over? */
int overlay_check_below(struct overlay *ov, struct disk *below, const char **clause) MUST_CHECK;
int overlay_write_header(struct overlay *ov, enum overlay_state state) MUST_CHECK;
void overlay_free(struct overlay *ov);
int overlay_open_store(const char *path, enum disk_file_mode mode, struct overlay_store *store,
		       const char **clause) MUST_CHECK;

struct overlay_info {
	uint64_t size_bytes;	/* of the disk */
	uint64_t changed_bytes; /* kept in the file */
	bool committing;	/* a commit was interrupted */
};

/* Look at an overlay; or move all that is in it to the disk below and empty it.  Both: 0, or -errno
 * with a sentence. */
int disk_overlay_info(const char *path, struct overlay_info *info,
		      char why[DISK_WHY_BYTES]) MUST_CHECK;
int disk_overlay_commit(const char *disk, const char *path, struct overlay_info *info,
			char why[DISK_WHY_BYTES]) MUST_CHECK;
/* The same for any store and disk. */
int overlay_commit(const struct overlay_store *store, struct disk *below, struct overlay_info *info,
		   const char **clause) MUST_CHECK;

#endif
