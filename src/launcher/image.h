/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:710
 * A file that will be put into memory: a kernel, an initrd, a Host.  It is opened by name once and
 * stays open, so that a Guest which restarts gets the same file again and nobody has to look for
 * it.  Images that are built into the program look just the same.
:*/
#ifndef LAUNCHER_IMAGE_H
#define LAUNCHER_IMAGE_H

#include "base/types.h"
#include "complaint.h"
#include "mmu/mem.h"

struct image {
	char *name; /* for messages */
	int fd;	    /* -1: it is built in, at bytes */
	const uint8_t *bytes;
	uint64_t size;
};

/* 0, or -errno and a complaint.  what is "kernel", "initrd" ... */
int image_open(struct image *img, const char *path, const char *what,
	       struct complaint *c) MUST_CHECK;
/* -ENOMEM, or -ENOENT with a complaint if size is 0: this program was built without it. */
int image_embedded(struct image *img, const char *name, const void *bytes, uint64_t size,
		   struct complaint *c) MUST_CHECK;
/* One that was never opened is all zero, and may be closed. */
void image_close(struct image *img);

/* [off, off+len) of the image; -EINVAL if it ends before that, or -errno. */
int image_read(const struct image *img, uint64_t off, void *to, uint64_t len) MUST_CHECK;

/* Where to put things: len bytes of memory from machine-physical base, called name to the user. */
struct image_room {
	struct mem *mem;
	uint32_t base, len;
	const char *name;   /* "64 MB of Guest memory" */
	const char *remedy; /* "give it more with -m" */
};

/* [off, off+len) of the image to address `to` of the room, which must have it; -errno and a
 * complaint otherwise. */
int image_place(const struct image *img, uint64_t off, uint64_t len, const struct image_room *room,
		uint64_t to, struct complaint *c) MUST_CHECK;

/* elf.c: the other kinds of images are simple next to this one. */
struct elf_facts {
	uint32_t entry;
	uint32_t end;	      /* of the highest segment, in the room */
	uint32_t page_offset; /* from where the first segment is loaded to where it is mapped */
	bool mixed_offsets;   /* and of another it is not the same */
};

#define ELF_SEGMENTS_MAX 2048u /* as the original */

bool elf_is(const struct image *img);
/* Check all of it, then put each segment at its physical address in the room. */
int elf_load(const struct image *img, const struct image_room *room, struct elf_facts *facts,
	     struct complaint *c) MUST_CHECK;
/* Only check, and find the entry. */
int elf_check(const struct image *img, struct elf_facts *facts, struct complaint *c) MUST_CHECK;
/* Call fn with the bytes of each loadable segment, some at a time but never more than a megabyte,
 * each piece beginning with the last 255 bytes of the piece before; stops at fn's first true, and
 * returns it. */
bool elf_each_piece(const struct image *img, bool (*fn)(void *ctx, const uint8_t *p, size_t n),
		    void *ctx);
#define ELF_PIECE_OVERLAP 255u

#endif
