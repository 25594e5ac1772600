/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:986
 * Which era an image is of, by every kind of evidence there is.
:*/
#include <errno.h>

#include "image_files.h"
#include "launcher/era.h"

static uint8_t file[1 << 20];
static struct complaint c;
static struct era_found f;

/* An ELF image with these texts in it. */
static void find_elf(const char *a, const char *b, const char *abi, int err)
{
	struct image img = image_of(file, make_elf(file, 0x1000, 5000, 5000, 0x1000));

	if (a)
		strcpy((char *)file + 0x80 + 1000, a);
	if (b)
		strcpy((char *)file + 0x80 + 3000, b);
	ck_assert_int_eq(era_find(&img, NULL, abi, false, &f, &c), err);
}

static void is(const char *name, const char *why)
{
	ck_assert_ptr_nonnull(f.era);
	ck_assert_str_eq(f.era->name, name);
	ck_assert_msg(strstr(f.why, why) != NULL, "why: %s", f.why);
}

START_TEST(releases)
{
	static const struct {
		const char *text;
		uint32_t release;
	} rows[] = {
		{"2.6.32", ERA_RELEASE(2, 6, 32)},
		{"2.6.32-rc1", ERA_RELEASE(2, 6, 32)},
		{"2.6.27.7 (user@host) #1", ERA_RELEASE(2, 6, 27)},
		{"3.11", ERA_RELEASE(3, 11, 0)},
		{"3.11.10.5", ERA_RELEASE(3, 11, 10)},
		{"3.0-1-686-pae", ERA_RELEASE(3, 0, 0)},
		{"4.4.302", ERA_RELEASE(4, 4, 255)},
		{"99999999999.1", ERA_RELEASE(255, 1, 0)},
		{"3", 0},
		{"", 0},
		{"three", 0},
		{".1", 0},
		{"3.", 0},
		{"%s version", 0},
	};
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(era_parse_release(rows[i].text) == rows[i].release, "%s: %#x",
			      rows[i].text, era_parse_release(rows[i].text));
}
END_TEST

START_TEST(edges)
{
	static const struct {
		const char *release, *era;
	} rows[] = {
		{"2.6.22", NULL},	  {"2.6.23", "abi_2_6_23"},  {"2.6.24", "abi_2_6_24"},
		{"2.6.25", "abi_2_6_25"}, {"2.6.28", "abi_2_6_25"},  {"2.6.29", "abi_2_6_29"},
		{"2.6.30", "abi_2_6_30"}, {"2.6.31", "abi_2_6_31"},  {"2.6.39", "abi_2_6_31"},
		{"3.0", "abi_2_6_31"},	  {"3.0.101", "abi_2_6_31"}, {"3.1", "abi_3_1"},
		{"3.9.11", "abi_3_1"},	  {"3.10", "abi_3_10"},	     {"3.19.8", "abi_3_10"},
		{"4.0", "abi_4_0"},	  {"4.13.16", "abi_4_0"},    {"4.14", NULL},
		{"5.10", NULL},
	};
	const struct era *era;
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		era = era_of_release(era_parse_release(rows[i].release));
		if (!rows[i].era)
			ck_assert_msg(!era, "%s", rows[i].release);
		else
			ck_assert_str_eq(era->name, rows[i].era);
	}
}
END_TEST

START_TEST(banner)
{
	find_elf("Linux version 2.6.32.63 (lab@lab) (gcc)", "lguest", NULL, 0);
	is("abi_2_6_31", "release string");
	ck_assert_str_eq(f.text, "2.6.32.63");
	ck_assert_int_eq(f.support, ERA_SUPPORT_YES);
	ck_assert_uint_eq(f.release, ERA_RELEASE(2, 6, 32));
	ck_assert_int_eq(f.era->boot_map, DOOR_MAP_LOW_HIGH);

	/* A format string is no banner. */
	find_elf("Linux version %s", "Linux version 3.11.10-pae", NULL, 0);
	is("abi_3_10", "release string");
	ck_assert(f.pae);
	ck_assert_int_eq(f.support, ERA_SUPPORT_NO);
	ck_assert_int_eq(f.era->boot_map, DOOR_MAP_LINEAR);
}
END_TEST

START_TEST(note)
{
	find_elf("lguest-guest-abi: 3.1", NULL, NULL, 0);
	is("abi_3_1", "note");
	ck_assert_int_eq(f.support, ERA_SUPPORT_YES);
	find_elf("lgemu-guest-abi: 2.6.25", NULL, NULL, 0);
	is("abi_2_6_25", "note");
	ck_assert_int_eq(f.support, ERA_SUPPORT_YES);
}
END_TEST

START_TEST(strings)
{
	find_elf("GenuineLguest", NULL, NULL, 0);
	is("abi_2_6_23", "GenuineLguest");
	find_elf("lguest: PCI device is %#x!", NULL, NULL, 0);
	is("abi_4_0", "PCI");
	find_elf("Unexpected virtio config len %u", "lguest", NULL, 0);
	is("abi_2_6_24", "config len");
	find_elf("Mapping virtqueue %i addr %lx", "lguest", NULL, 0);
	is("abi_2_6_31", "Mapping virtqueue");
	/* Decide the device model by strings, not by the version number. */
	find_elf("Linux version 2.6.24-28-lguest", "Mapping virtqueue %i addr %lx", NULL, 0);
	is("abi_2_6_25", "devices of 2.6.25");
	find_elf("Linux version 2.6.24", "lguest", NULL, 0);
	is("abi_2_6_24", "release string");
	find_elf("nothing", NULL, NULL, 0);
	ck_assert_ptr_null(f.era);
	ck_assert_int_eq(f.support, ERA_SUPPORT_NO);
}
END_TEST

START_TEST(abi)
{
	find_elf("Linux version 3.11", "lguest", "2.6.30", 0);
	is("abi_2_6_30", "--abi");
	find_elf("Linux version 3.11", NULL, "5.10", -EINVAL);
	find_elf("Linux version 3.11", NULL, "new", -EINVAL);
}
END_TEST

static void find_bz(uint16_t protocol, const char *release)
{
	struct image img = image_of(file, make_bzimage(file, protocol, 3, 5000, release));
	struct bzimage bz;

	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_int_eq(era_find(&img, &bz, NULL, false, &f, &c), 0);
}

START_TEST(bzimage)
{
	find_bz(0x209, "2.6.27.7 (user@host) #1 SMP");
	is("abi_2_6_25", "in the header");
	/* It could not be looked into. */
	ck_assert_int_eq(f.support, ERA_SUPPORT_UNKNOWN);
	find_bz(0x20a, NULL);
	is("abi_2_6_31", "protocol 2.10");
	find_bz(0x207, NULL);
	is("abi_2_6_25", "protocol 2.07");
	find_bz(0x20d, NULL);
	ck_assert_ptr_null(f.era);
}
END_TEST

/* A text that lies across the border of two pieces is found all the same. */
START_TEST(across)
{
	const size_t code = (2 << 20) + 5000;
	uint8_t *big = calloc(1, 0x80 + code);
	size_t at;

	for (at = (1 << 20) - 40; at < (1 << 20) + 2; at++) {
		struct image img = image_of(big,
					    make_elf(big, 0, (uint32_t)code, (uint32_t)code, 0));

		strcpy((char *)big + 0x80 + at, "Linux version 3.11.10 (lab)");
		ck_assert_int_eq(era_find(&img, NULL, NULL, false, &f, &c), 0);
		is("abi_3_10", "release string");
		ck_assert_uint_eq(f.release, ERA_RELEASE(3, 11, 10));
	}
	free(big);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("era");
	TCase *t = tcase_create("era");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, releases);
	tcase_add_test(t, edges);
	tcase_add_test(t, banner);
	tcase_add_test(t, note);
	tcase_add_test(t, strings);
	tcase_add_test(t, abi);
	tcase_add_test(t, bzimage);
	tcase_add_test(t, across);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
