/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:722
 * lgemu_inspect(): all that the Launcher can find out about a kernel image, for a person to read.
:*/
#include <errno.h>
#include <string.h>

#include "era.h"
#include "lgemu.h"

static const char *support_text(const struct era_found *f, const char *packing)
{
	if (f->support == ERA_SUPPORT_YES)
		return "yes";
	if (f->support == ERA_SUPPORT_NO)
		return "none: this kernel was built without CONFIG_LGUEST_GUEST";
	return *packing ? "unknown: lgemu itself cannot unpack this image" : "unknown";
}

static void describe(struct lgemu_image *image, const struct era_found *f)
{
	snprintf(image->release, sizeof(image->release), "%s", f->text);
	snprintf(image->why, sizeof(image->why), "%s", f->why);
	if (f->era) {
		snprintf(image->era, sizeof(image->era), "%s", f->era->name);
		snprintf(image->range, sizeof(image->range), "%s", f->era->range);
		snprintf(image->device_model, sizeof(image->device_model), "%s",
			 era_bus_name(f->era->bus));
		image->genuine = f->era->genuine;
		image->served = f->support != ERA_SUPPORT_NO;
	}
	snprintf(image->guest_support, sizeof(image->guest_support), "%s",
		 support_text(f, image->packing));
}

static int inspect(const struct image *img, const char *abi, struct lgemu_image *image,
		   struct complaint *c)
{
	struct elf_facts facts;
	struct era_found found;
	struct bzimage bz;
	const bool is_elf = elf_is(img);
	int err;

	if (is_elf) {
		snprintf(image->format, sizeof(image->format), "ELF");
		err = elf_check(img, &facts, c);
		image->entry = facts.entry;
	} else if (bzimage_is(img)) {
		err = bzimage_read(img, &bz, c);
		snprintf(image->format, sizeof(image->format), "bzImage, protocol %u.%02u",
			 bz.protocol >> 8, bz.protocol & 0xffu);
		image->entry = bz.code32_start;
		if (!err)
			snprintf(image->packing, sizeof(image->packing), "%s",
				 bzimage_packing(img, &bz));
	} else {
		return complain(c, -ENOEXEC, "%s is neither an ELF vmlinux nor a bzImage",
				img->name);
	}
	if (!err)
		err = era_find(img, is_elf ? NULL : &bz, abi, true, &found, c);
	if (!err)
		describe(image, &found);
	return err;
}

int lgemu_inspect(const char *path, const char *abi, struct lgemu_image *image, char *error,
		  size_t size)
{
	struct complaint c = {""};
	struct image img;
	int err;

	memset(image, 0, sizeof(*image));
	err = image_open(&img, path, "kernel", &c);
	if (!err) {
		err = inspect(&img, abi, image, &c);
		image_close(&img);
	}
	snprintf(error, size, "%s", c.text);
	return err;
}
