/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:721
 * Finding out the era of an image, the surest way first: what the user says, the release string,
 * the note in our own guests, strings that only some releases have, and at last the number of the
 * boot protocol.  Tables 13.1 of guest-host.md and 7.2 of devices.md.  It never guesses silently:
 * the reason is part of the answer.
:*/
#define _GNU_SOURCE /* memmem() */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "era.h"
#include "genuine.h"

/*L:240
 * The eras, as far as a Launcher can tell them apart: who maps the Guest's memory when it starts,
 * and which devices it will look for.
 */
static const struct era eras[] = {
	{"abi_2_6_23", "2.6.23", ERA_RELEASE(2, 6, 23), ERA_RELEASE(2, 6, 23), DOOR_MAP_HIGH,
	 ERA_BUS_DMA, true, "A", false, true},
	{"abi_2_6_24", "2.6.24", ERA_RELEASE(2, 6, 24), ERA_RELEASE(2, 6, 24), DOOR_MAP_LOW,
	 ERA_BUS_FIELDS, true, "B", false, false},
	{"abi_2_6_25", "2.6.25 to 2.6.28", ERA_RELEASE(2, 6, 25), ERA_RELEASE(2, 6, 28),
	 DOOR_MAP_LOW, ERA_BUS_LGUEST, false, "B", false, false},
	{"abi_2_6_29", "2.6.29", ERA_RELEASE(2, 6, 29), ERA_RELEASE(2, 6, 29), DOOR_MAP_LOW_HIGH,
	 ERA_BUS_LGUEST, false, "B", false, false},
	{"abi_2_6_30", "2.6.30", ERA_RELEASE(2, 6, 30), ERA_RELEASE(2, 6, 30), DOOR_MAP_LOW_HIGH,
	 ERA_BUS_LGUEST, false, "B", false, false},
	{"abi_2_6_31", "2.6.31 to 3.0", ERA_RELEASE(2, 6, 31), ERA_RELEASE(3, 0, 255),
	 DOOR_MAP_LOW_HIGH, ERA_BUS_LGUEST, false, "C", false, false},
	{"abi_3_1", "3.1 to 3.9", ERA_RELEASE(3, 1, 0), ERA_RELEASE(3, 9, 255), DOOR_MAP_LINEAR,
	 ERA_BUS_LGUEST, false, "D", false, false},
	{"abi_3_10", "3.10 to 3.19", ERA_RELEASE(3, 10, 0), ERA_RELEASE(3, 19, 255),
	 DOOR_MAP_LINEAR, ERA_BUS_LGUEST, false, "D", true, false},
	{"abi_4_0", "4.0 to 4.13", ERA_RELEASE(4, 0, 0), ERA_RELEASE(4, 13, 255), DOOR_MAP_LINEAR,
	 ERA_BUS_PCI, false, "DE", true, false},
};
/*:*/

const struct era *era_of_release(uint32_t release)
{
	unsigned i;

	for (i = 0; i < ARRAY_LEN(eras); i++)
		if (release >= eras[i].first && release <= eras[i].last)
			return &eras[i];
	return NULL;
}

const char *era_bus_name(enum era_bus bus)
{
	static const char *const names[] = {
		[ERA_BUS_DMA] = "DMA bus",
		[ERA_BUS_FIELDS] = "virtio, field stream",
		[ERA_BUS_LGUEST] = "virtio, lguest bus",
		[ERA_BUS_PCI] = "virtio, PCI",
	};

	return names[bus];
}

/* Up to three numbers; a part above 255 becomes 255, which is what a table of ranges needs. */
uint32_t era_parse_release(const char *text)
{
	uint32_t part[3] = {0};
	unsigned n;

	for (n = 0; n < 3; n++) {
		if (!isdigit((unsigned char)*text))
			break;
		for (; isdigit((unsigned char)*text); text++)
			if (part[n] < 256)
				part[n] = part[n] * 10 + (uint32_t)(*text - '0');
		if (part[n] > 255)
			part[n] = 255;
		if (*text != '.') {
			n++;
			break;
		}
		text++;
	}
	return n < 2 ? 0 : ERA_RELEASE(part[0], part[1], part[2]);
}

/* --- strings in the image --------------------------------------------------------------------- */

/*L:241
 * Strings that tell something.  Those of the kernel are run-time messages, so a kernel without
 * printk has none of them; then the release must do.
 */
enum era_clue {
	CLUE_BANNER,
	CLUE_NOTE,
	CLUE_OUR_NOTE,
	CLUE_LGUEST,
	CLUE_MAGIC,
	CLUE_PCI,
	CLUE_PCI_EMERGENCY,
	CLUE_FIELDS,
	CLUE_FEATURES,
	CLUES
};

static const char *const clue_text[CLUES] = {
	[CLUE_BANNER] = "Linux version ",
	[CLUE_NOTE] = "lguest-guest-abi: ",
	[CLUE_OUR_NOTE] = "lgemu-guest-abi: ",
	[CLUE_LGUEST] = "lguest",
	[CLUE_MAGIC] = GENUINE,
	[CLUE_PCI] = "lguest: PCI device is %#x!",
	[CLUE_PCI_EMERGENCY] = "lguest: Console via virtio-pci emerg_wr",
	[CLUE_FIELDS] = "Unexpected virtio config len %u",
	[CLUE_FEATURES] = "Mapping virtqueue %i addr %lx",
};

#define WANT(clue) (1u << (clue))
#define WANT_ALL   (WANT(CLUES) - 1)

struct clues {
	unsigned want, have; /* bits 1 << enum era_clue; done when all wanted are had */
	char banner[64], note[64];
};
/*:*/

/* False if the piece ended before the word did: it will be there again, whole, in the next. */
static bool copy_word(char *to, size_t size, const uint8_t *from, const uint8_t *end)
{
	size_t i;

	for (i = 0; i < size - 1 && from + i < end && from[i] > ' ' && from[i] <= '~'; i++)
		to[i] = (char)from[i];
	to[i] = '\0';
	return from + i < end;
}

/* "Linux version " also occurs in format strings: only with a number behind it is it a banner. */
static bool look_for(struct clues *k, enum era_clue clue, const uint8_t *p, size_t n)
{
	const size_t len = strlen(clue_text[clue]);
	const uint8_t *at, *end = p + n;

	for (at = p; (at = memmem(at, (size_t)(end - at), clue_text[clue], len)); at++) {
		if (clue == CLUE_BANNER) {
			if (copy_word(k->banner, sizeof(k->banner), at + len, end) &&
			    era_parse_release(k->banner))
				return true;
		} else if (clue == CLUE_NOTE || clue == CLUE_OUR_NOTE) {
			if (copy_word(k->note, sizeof(k->note), at + len, end) &&
			    era_parse_release(k->note))
				return true;
		} else {
			return true;
		}
	}
	return false;
}

static bool look(void *ctx, const uint8_t *p, size_t n)
{
	struct clues *k = ctx;
	unsigned i;

	for (i = 0; i < CLUES; i++)
		if ((k->want & ~k->have & WANT(i)) && look_for(k, i, p, n))
			k->have |= WANT(i);
	return !(k->want & ~k->have);
}

static void find_clues(const struct image *img, const struct bzimage *bz, unsigned want,
		       struct clues *k)
{
	uint8_t *bytes;
	size_t len;

	k->want = want;
	if (!bz) {
		elf_each_piece(img, look, k);
	} else if (!bzimage_unpack(img, bz, &bytes, &len)) {
		look(k, bytes, len);
		free(bytes);
	} else {
		k->want = 0; /* we could not look */
	}
}

/* --- the decision ------------------------------------------------------------------------------- */

static void decide(struct era_found *f, uint32_t release, const char *text, const char *why)
{
	f->release = release;
	f->era = era_of_release(release);
	snprintf(f->text, sizeof(f->text), "%s", text);
	snprintf(f->why, sizeof(f->why), "%s", why);
}

/*L:242
 * Without a release, by what the kernel would say about its devices.
 */
static bool decide_by_strings(struct era_found *f, const struct clues *k)
{
	static const struct {
		enum era_clue clue;
		uint32_t release;
	} rows[] = {
		{CLUE_MAGIC, ERA_RELEASE(2, 6, 23)},
		{CLUE_PCI, ERA_RELEASE(4, 0, 0)},
		{CLUE_PCI_EMERGENCY, ERA_RELEASE(4, 0, 0)},
		{CLUE_FIELDS, ERA_RELEASE(2, 6, 24)},
		/* Twelve releases have this one.  Tables at the start harm none of them, and those
		 * of 2.6.31 have seen the most of what the others do. */
		{CLUE_FEATURES, ERA_RELEASE(2, 6, 31)},
	};
	char why[160];
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		if (!(k->have & WANT(rows[i].clue)))
			continue;
		snprintf(why, sizeof(why), "the string \"%s\" in the image",
			 clue_text[rows[i].clue]);
		decide(f, rows[i].release, "", why);
		return true;
	}
	return false;
}
/*:*/

/* Ranges of releases with a range of protocols; only where one era has it all. */
static bool decide_by_protocol(struct era_found *f, const struct bzimage *bz)
{
	static const struct {
		uint16_t low, high;
		uint32_t release;
	} rows[] = {
		{0x206, 0x206, ERA_RELEASE(2, 6, 23)}, {0x207, 0x207, ERA_RELEASE(2, 6, 25)},
		{0x209, 0x209, ERA_RELEASE(2, 6, 29)}, {0x20a, 0x20a, ERA_RELEASE(2, 6, 31)},
		{0x20b, 0x20c, ERA_RELEASE(3, 1, 0)},
	};
	char why[160];
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (bz->protocol >= rows[i].low && bz->protocol <= rows[i].high) {
			snprintf(why, sizeof(why), "boot protocol %u.%02u, and no release string",
				 bz->protocol >> 8, bz->protocol & 0xffu);
			decide(f, rows[i].release, "", why);
			return true;
		}
	return false;
}

static void decide_all(struct era_found *f, const struct bzimage *bz, const struct clues *k)
{
	const char *release = bz && bz->release[0] ? bz->release : k->banner;

	if (era_parse_release(release))
		decide(f, era_parse_release(release), release,
		       bz && bz->release[0] ? "the release string in the header"
					    : "the release string in the image");
	else if (era_parse_release(k->note))
		decide(f, era_parse_release(k->note), k->note, "a note in the image");
	else if (!decide_by_strings(f, k) && bz)
		decide_by_protocol(f, bz);

	/* A distribution's 2.6.24 had the virtio of 2.6.25 (devices.md 3.9). */
	if (f->release == ERA_RELEASE(2, 6, 24) && (k->have & WANT(CLUE_FEATURES))) {
		f->release = ERA_RELEASE(2, 6, 25);
		f->era = era_of_release(f->release);
		snprintf(f->why, sizeof(f->why), "release 2.6.24, but with the devices of 2.6.25");
	}
}

/*L:243
 * Everything one can know.  An ELF image is searched for the banner first, and only if that does
 * not settle it for the rest; most kernels are done after a fraction of their bytes.
 */
int era_find(const struct image *img, const struct bzimage *bz, const char *abi, bool deep,
	     struct era_found *f, struct complaint *c)
{
	const uint32_t said = bz ? era_parse_release(bz->release) : 0;
	/* Two kinds of devices go by that name, and only what is inside tells. */
	const bool unsure = said == ERA_RELEASE(2, 6, 24);
	unsigned want = WANT(CLUE_LGUEST) | (unsure ? WANT(CLUE_FEATURES) : 0);
	struct clues k = {0};

	memset(f, 0, sizeof(*f));
	if (!bz || !bz->release[0] || (deep && !unsure))
		want |= WANT(CLUE_BANNER);
	if (!bz || deep || !said || unsure)
		find_clues(img, bz, want, &k);
	if (k.want && !unsure && (k.want & ~k.have))
		find_clues(img, bz, WANT_ALL, &k);
	else if (k.have & WANT(CLUE_BANNER) && era_parse_release(k.banner) == ERA_RELEASE(2, 6, 24))
		find_clues(img, bz, WANT(CLUE_FEATURES), &k);
	if (k.want)
		f->support = (k.have & (WANT(CLUE_LGUEST) | WANT(CLUE_MAGIC) | WANT(CLUE_NOTE) |
					WANT(CLUE_OUR_NOTE)))
				     ? ERA_SUPPORT_YES
				     : ERA_SUPPORT_NO;
	decide_all(f, bz, &k);
	f->pae = strstr(f->text, "pae") || strstr(f->text, "PAE");
	if (abi) {
		decide(f, era_parse_release(abi), abi, "--abi");
		if (!f->era)
			return complain(c, -EINVAL,
					"--abi %s: lguest existed from release 2.6.23 to 4.13",
					abi);
	}
	return 0;
}
/*:*/
