/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:720
 * Which lguest does this kernel speak?  Lguest's ABI was private between two halves of one kernel
 * release, so the release decides everything; mostly it says so itself.  The Launcher only decides
 * what the first instruction needs (how to load, who maps memory, which devices); the rest the
 * Host finds out from the Guest.
:*/
#ifndef LAUNCHER_ERA_H
#define LAUNCHER_ERA_H

#include "base/door.h"
#include "bzimage.h"
#include "image.h"

#define ERA_RELEASE(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

enum era_bus {
	ERA_BUS_DMA,	/* 2.6.23: its own bus */
	ERA_BUS_FIELDS, /* 2.6.24: virtio, configuration as a stream of fields */
	ERA_BUS_LGUEST, /* 2.6.25 to 3.19: virtio, descriptors in a page */
	ERA_BUS_PCI,	/* 4.0 and later: virtio 1.0 on an emulated PCI bus */
};

/* A range of releases that are alike at the first instruction. */
struct era {
	const char *name;
	const char *range;    /* "2.6.31 to 3.0" */
	uint32_t first, last; /* ERA_RELEASE(), both included */
	enum door_boot_map boot_map;
	enum era_bus bus;
	bool blank_at_end;   /* the Launcher left one behind the command line */
	const char *layouts; /* of struct lguest_data: letters of guest-host.md 3.1 */
	bool tight;	     /* only the Switcher's own addresses were reserved: DOOR_INIT_TIGHT */
	bool genuine; /* begins behind a string (genuine.h); else as the boot protocol has it */
};

enum era_support { ERA_SUPPORT_UNKNOWN, ERA_SUPPORT_YES, ERA_SUPPORT_NO };

/* What was found out about an image. */
struct era_found {
	const struct era *era; /* NULL: nothing */
	uint32_t release;      /* the one it is served as, ERA_RELEASE() */
	char text[64];	       /* the release in its own words, or "" */
	char why[160];
	bool pae;		  /* it says that it is a PAE kernel */
	enum era_support support; /* is lguest guest support compiled in? */
};

/* "2.6.32-rc1 (me@here)", "3.11": 0 if that is no release. */
uint32_t era_parse_release(const char *text);
const struct era *era_of_release(uint32_t release);
const char *era_bus_name(enum era_bus bus);

/*
 * Find out about an image; bz is NULL for an ELF image.  abi, if not NULL, overrides all else.
 * deep: unpack a bzImage, too, to see whether it supports lguest; that takes a while.  -EINVAL and
 * a complaint: abi is no release lguest existed in.
 */
int era_find(const struct image *img, const struct bzimage *bz, const char *abi, bool deep,
	     struct era_found *found, struct complaint *c) MUST_CHECK;

#endif
