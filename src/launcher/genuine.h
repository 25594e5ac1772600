/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:723
 * Kernels of 2.6.23.  Later ones know from the boot parameters that they are Guests, and start where
 * every kernel starts; these have a string in them, and behind it the place where a Guest begins.
 * Nobody unpacks such a kernel but the Launcher, and nobody tells it where the kernel wants to be
 * mapped: it has to see that for itself.
:*/
#ifndef LAUNCHER_GENUINE_H
#define LAUNCHER_GENUINE_H

#include "bzimage.h"

/* The string. */
#define GENUINE "GenuineLguest"

/* Load the kernel (bz: NULL for an ELF image), and find all out: facts->entry is virtual, and
 * facts->page_offset is where Guest-physical 0 is to be mapped.  -errno and a complaint. */
int genuine_load(const struct image *img, const struct bzimage *bz, const struct image_room *room,
		 struct elf_facts *facts, struct complaint *c) MUST_CHECK;

/* The first byte behind the string; false if it is not there. */
bool genuine_find(const uint8_t *p, size_t n, size_t *behind) MUST_CHECK;
/* Where the code seems to think that it is; false if it gives no hint. */
bool genuine_guess_offset(const uint8_t *p, size_t n, uint32_t *page_offset) MUST_CHECK;

#endif
