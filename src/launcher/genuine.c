/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:724
 * Loading a kernel of 2.6.23, as guest-host.md 1.3 has it.  What it refuses: to start a kernel
 * which it only half understands.
:*/
#define _GNU_SOURCE /* memmem() */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "genuine.h"

bool genuine_find(const uint8_t *p, size_t n, size_t *behind)
{
	const uint8_t *at = memmem(p, n, GENUINE, sizeof(GENUINE) - 1);

	if (at)
		*behind = (size_t)(at - p) + sizeof(GENUINE) - 1;
	return at;
}

/*L:222
 * An ELF image says where it wants to be mapped.  What a bzImage holds is bare code, so one looks at
 * the code: instructions of opcode A1 load from an address that stands behind it, and in a kernel
 * that is nearly always one of its own variables.  The first value which that address has four
 * times in its top byte is believed; the original believed it even where no kernel can be.
 */
#define MOV_EAX_MEMORY 0xa1
#define OPINION	       4
#define LOWEST_SPLIT   0x40 /* of those that one could configure */

bool genuine_guess_offset(const uint8_t *p, size_t n, uint32_t *page_offset)
{
	unsigned seen[256] = {0};
	size_t i;

	for (i = 0; i + 4 < n; i++) {
		const uint8_t top = p[i + 4];

		if (p[i] != MOV_EAX_MEMORY || top < LOWEST_SPLIT || top == 0xff)
			continue;
		if (++seen[top] < OPINION)
			continue;
		*page_offset = (uint32_t)top << 24;
		return true;
	}
	return false;
}
/*:*/

static int unpack(const struct image *img, const struct bzimage *bz, const struct image_room *room,
		  struct elf_facts *facts, struct complaint *c)
{
	uint8_t *bytes;
	size_t len;
	int err = bzimage_unpack(img, bz, &bytes, &len);

	if (err == -ENOTSUP)
		return complain(c, -ENOEXEC, "%s: no kernel packed with gzip is in it", img->name);
	if (err)
		return complain(c, err, "%s: the kernel in it cannot be unpacked", img->name);
	*facts = (struct elf_facts){.end = (uint32_t)(BZIMAGE_LOAD + len)};
	if (len > room->len || BZIMAGE_LOAD > room->len - len ||
	    !mem_write(room->mem, room->base + BZIMAGE_LOAD, bytes, (uint32_t)len))
		err = complain(c, -EFBIG, "%s does not fit into %s; %s", img->name, room->name,
			       room->remedy);
	else if (!genuine_guess_offset(bytes, len, &facts->page_offset))
		err = complain(c, -ENOEXEC,
			       "%s: nothing in it tells where it wants to be mapped; its vmlinux "
			       "would",
			       img->name);
	free(bytes);
	return err;
}

/*L:223
 * The string is searched for in memory, after loading: there it is in one piece, and the place
 * behind it has an address.
 */
int genuine_load(const struct image *img, const struct bzimage *bz, const struct image_room *room,
		 struct elf_facts *facts, struct complaint *c)
{
	size_t entry;
	int err = bz ? unpack(img, bz, room, facts, c) : elf_load(img, room, facts, c);

	if (err)
		return err;
	if (facts->end > room->len)
		return complain(c, -EFBIG, "%s does not fit into %s; %s", img->name, room->name,
				room->remedy);
	if (!genuine_find(room->mem->ram + room->base, facts->end, &entry))
		return complain(c, -ENOEXEC,
				"%s has no lguest guest support (CONFIG_LGUEST_GUEST): the string "
				"%s is not in it",
				img->name, GENUINE);
	if (facts->mixed_offsets)
		return complain(c, -ENOEXEC,
				"%s: its segments are not all as far from where they want to be "
				"mapped",
				img->name);
	facts->entry = (uint32_t)entry + facts->page_offset;
	return 0;
}
/*:*/
