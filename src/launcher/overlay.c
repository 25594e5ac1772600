/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:746
 * What lgemu.h has for overlays between two runs.
:*/
#include <stdio.h>

#include "backend/disk_overlay.h"
#include "lgemu.h"

static int told(int err, const struct overlay_info *info, struct lgemu_overlay *overlay,
		const char *why, char *error, size_t size)
{
	if (err)
		snprintf(error, size, "%s", why);
	else
		*overlay = (struct lgemu_overlay){info->size_bytes, info->changed_bytes,
						  info->committing};
	return err;
}

int lgemu_overlay_info(const char *path, struct lgemu_overlay *overlay, char *error, size_t size)
{
	struct overlay_info info;
	char why[DISK_WHY_BYTES];
	int err = disk_overlay_info(path, &info, why);

	return told(err, &info, overlay, why, error, size);
}

int lgemu_overlay_commit(const char *disk, const char *path, struct lgemu_overlay *overlay,
			 char *error, size_t size)
{
	struct overlay_info info;
	char why[DISK_WHY_BYTES];
	int err = disk_overlay_commit(disk, path, &info, why);

	return told(err, &info, overlay, why, error, size);
}
