/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:719
 * Filling in the boot parameters: exactly the fields of guest-host.md 1.2 and no other.  It is
 * tempting to copy the image's setup header, and wrong: its root_flags, for one, would mount the
 * root read-only.
:*/
#include <string.h>

#include "bootparam.h"

enum bootparam_offset {
	BP_E820_ENTRIES = 0x1e8,
	BP_PROTOCOL = 0x206,
	BP_TYPE_OF_LOADER = 0x210,
	BP_LOADFLAGS = 0x211,
	BP_RAMDISK_IMAGE = 0x218,
	BP_RAMDISK_SIZE = 0x21c,
	BP_CMDLINE = 0x228,
	BP_KERNEL_ALIGNMENT = 0x230,
	BP_SUBARCH = 0x23c,
	BP_INIT_SIZE = 0x260,
	BP_E820 = 0x2d0,
};

#define KEEP_SEGMENTS  0x40u
#define SUBARCH_LGUEST 1u
#define E820_RAM       1u

static void put32(uint8_t *page, unsigned at, uint32_t v)
{
	le32_t le = le32(v);

	memcpy(page + at, &le, sizeof(le));
}

/*L:230
 * Who are you, how much memory is there, where are initrd and command line, and please do not touch
 * the segment registers.  The original forgot init_size and, up to 3.0, kernel_alignment; kernels
 * that need them are worth two lines.
 */
bool bootparam_write(const struct bootparam *bp, const struct image_room *room)
{
	uint8_t page[PAGE_SIZE] = {0};
	char line[BOOTPARAM_CMDLINE_MAX + 1] = {0};

	page[BP_E820_ENTRIES] = 1;
	if (bp->protocol) {
		page[BP_PROTOCOL] = 0x07;
		page[BP_PROTOCOL + 1] = 0x02;
		page[BP_LOADFLAGS] = KEEP_SEGMENTS;
	}
	if (bp->initrd_bytes) {
		page[BP_TYPE_OF_LOADER] = 0xff;
		put32(page, BP_RAMDISK_IMAGE, bp->initrd);
		put32(page, BP_RAMDISK_SIZE, bp->initrd_bytes);
	}
	put32(page, BP_CMDLINE, BOOTPARAM_CMDLINE);
	put32(page, BP_KERNEL_ALIGNMENT, bp->kernel_alignment);
	put32(page, BP_SUBARCH, SUBARCH_LGUEST);
	put32(page, BP_INIT_SIZE, bp->init_size);
	put32(page, BP_E820 + 8, bp->ram_bytes); /* from 0, and the high halves are 0 */
	put32(page, BP_E820 + 16, E820_RAM);

	if (bp->command_line)
		memcpy(line, bp->command_line, strnlen(bp->command_line, BOOTPARAM_CMDLINE_MAX));
	return BOOTPARAM_CMDLINE + sizeof(line) <= room->len &&
	       mem_write(room->mem, room->base, page, sizeof(page)) &&
	       mem_write(room->mem, room->base + BOOTPARAM_CMDLINE, line, sizeof(line));
}
/*:*/
