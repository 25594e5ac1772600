/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:717
 * Placing the initrd.  The one thing that can go wrong is that there is not enough room for it, and
 * the original found that out by overwriting whatever was in the way.
:*/
#include <errno.h>

#include "initrd.h"

int initrd_load(const struct image *img, const struct image_room *room, uint32_t kernel_end,
		uint32_t *at, uint32_t *bytes, struct complaint *c)
{
	uint64_t len = (img->size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);

	if (len > room->len || room->len - len < kernel_end)
		return complain(c, -EFBIG,
				"the initrd %s (%llu bytes) and the kernel do not fit into %s; %s",
				img->name, (unsigned long long)img->size, room->name, room->remedy);
	*at = room->len - (uint32_t)len;
	*bytes = (uint32_t)len;
	return image_place(img, 0, img->size, room, *at, c);
}
