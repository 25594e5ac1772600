/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:718
 * The boot parameters: one page at Guest-physical 0, and the command line in the next.  Linux has
 * hundreds of fields there and wants to see zero in nearly all of them.
:*/
#ifndef LAUNCHER_BOOTPARAM_H
#define LAUNCHER_BOOTPARAM_H

#include "image.h"

#define BOOTPARAM_CMDLINE     0x1000u
#define BOOTPARAM_CMDLINE_MAX 2047u /* Linux copies 2048 bytes, NUL included */

struct bootparam {
	bool protocol;	    /* the Guest goes by the boot protocol; that of 2.6.23 did not */
	uint32_t ram_bytes; /* the one e820 entry */
	uint32_t initrd, initrd_bytes;	      /* Guest-physical, rounded up to pages; 0: none */
	uint32_t kernel_alignment, init_size; /* from the image's own header, or 0 */
	const char *command_line;
};

/* False if the room is too small even for that. */
bool bootparam_write(const struct bootparam *bp, const struct image_room *room) MUST_CHECK;

#endif
