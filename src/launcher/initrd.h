/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:716
 * The initial RAM disk: a file that ends, in whole pages, where the Guest's RAM ends.
:*/
#ifndef LAUNCHER_INITRD_H
#define LAUNCHER_INITRD_H

#include "image.h"

/* Where it goes, in the room, and its size in whole pages; a complaint if that collides with what
 * ends at kernel_end. */
int initrd_load(const struct image *img, const struct image_room *room, uint32_t kernel_end,
		uint32_t *at, uint32_t *bytes, struct complaint *c) MUST_CHECK;

#endif
