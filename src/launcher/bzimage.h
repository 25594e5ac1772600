/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:714
 * bzImage: what "make bzImage" leaves, a real-mode part with a header, and behind it a program that
 * unpacks the kernel.  From Linux 2.6.24 on that program runs in the Guest, in ring 1, as if
 * nothing were; all we do is copy.
:*/
#ifndef LAUNCHER_BZIMAGE_H
#define LAUNCHER_BZIMAGE_H

#include "image.h"

#define BZIMAGE_LOAD 0x100000u /* where the protected-mode part goes */

struct bzimage {
	uint16_t protocol;    /* 0x0207 = 2.07 */
	uint32_t setup_bytes; /* offset of the protected-mode part in the file */
	uint32_t code32_start;
	uint32_t kernel_alignment, init_size; /* 0 before protocols 2.05 and 2.10 */
	uint32_t runtime_end; /* Guest-physical: what unpacking needs; 0 if not known */
	uint32_t payload_offset, payload_length; /* in the file; 0 before protocol 2.08 */
	char release[64]; /* "2.6.27.7 (user@host) #1 ..."; "" if it has none */
};

bool bzimage_is(const struct image *img);
/* Read the header; -EINVAL and a complaint if it does not make sense. */
int bzimage_read(const struct image *img, struct bzimage *bz, struct complaint *c) MUST_CHECK;
/* Copy the protected-mode part to BZIMAGE_LOAD of the room. */
int bzimage_load(const struct image *img, const struct bzimage *bz, const struct image_room *room,
		 struct complaint *c) MUST_CHECK;

/* How the kernel inside is packed: "gzip", "xz" ...; "" if that is not known. */
const char *bzimage_packing(const struct image *img, const struct bzimage *bz);
/*
 * The kernel inside, if it is packed with gzip: malloc'ed, at most BZIMAGE_UNPACKED_MAX bytes of it.
 * -ENOTSUP: packed otherwise.  -EINVAL: damaged.  -ENOMEM.
 */
#define BZIMAGE_UNPACKED_MAX (64u << 20)
int bzimage_unpack(const struct image *img, const struct bzimage *bz, uint8_t **bytes,
		   size_t *len) MUST_CHECK;

#endif
