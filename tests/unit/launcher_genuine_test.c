/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1091
 * Kernels of 2.6.23: the string and what is behind it, the guess where a bzImage wants to be mapped,
 * and files that lie about either.
:*/
#include <errno.h>
#include <zlib.h>

#include "image_files.h"
#include "launcher/genuine.h"

static uint8_t file[1 << 20], code[200000], packed[300000];
static struct complaint c;
static struct elf_facts facts;
static struct bzimage bz;

/* n bytes of a kernel: noise without the string or a hint, then what a test puts into it. */
static void noise(size_t n)
{
	uint32_t state = 1;

	for (size_t i = 0; i < n; i++) {
		state = state * 1664525 + 1013904223;
		code[i] = (uint8_t)(state >> 24 & 0x3f);
	}
}

static void load_from(size_t at, uint8_t top)
{
	const uint8_t insn[5] = {0xa1, 0x34, 0x12, 0x01, top};

	memcpy(code + at, insn, sizeof(insn));
}

/* The payload lies behind the setup part, with something that only looks like one before it. */
static size_t pack(size_t n)
{
	const size_t size = make_bzimage(file, 0x206, 3, 100, "2.6.23 (me@here)");
	z_stream z = {0};

	memcpy(file + 2048 + 10, "\x1f\x8b\x08\0\0\0\0\0\0\x0b", 10);
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = code;
	z.avail_in = (uInt)n;
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	memcpy(file + size, packed, z.total_out);
	deflateEnd(&z);
	return size + z.total_out;
}

static int load_bz(size_t size)
{
	struct image img = image_of(file, size);
	int err = bzimage_read(&img, &bz, &c);

	return err ? err : genuine_load(&img, &bz, &room, &facts, &c);
}

START_TEST(from_a_bzimage)
{
	noise(sizeof(code));
	for (unsigned i = 0; i < 4; i++)
		load_from(100 + 50 * i, 0x78);
	memcpy(code + 150000, "GenuineLguest", 13);
	ck_assert_int_eq(load_bz(pack(sizeof(code))), 0);
	ck_assert_uint_eq(facts.page_offset, 0x78000000);
	ck_assert_uint_eq(facts.entry, 0x78000000 + 0x100000 + 150013);
	ck_assert_uint_eq(facts.end, 0x100000 + sizeof(code));
	ck_assert(!memcmp(image_mem.ram + 0x200000, code, sizeof(code)));
	room_check();
}
END_TEST

START_TEST(bzimage_that_lies)
{
	static const struct {
		unsigned hints;
		uint8_t top;
		const char *string, *why;
	} rows[] = {
		{4, 0xc0, "GenuineLgues", "no lguest guest support"},
		{3, 0xc0, "GenuineLguest", "nothing in it tells where"},
		{9, 0x3f, "GenuineLguest", "nothing in it tells where"},
		{9, 0xff, "GenuineLguest", "nothing in it tells where"},
	};

	noise(sizeof(code));
	for (unsigned i = 0; i < rows[_i].hints; i++)
		load_from(100 + 50 * i, rows[_i].top);
	memcpy(code + 1000, rows[_i].string, strlen(rows[_i].string));
	ck_assert_int_eq(load_bz(pack(sizeof(code))), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(c.text, rows[_i].why));
}
END_TEST

START_TEST(bzimage_cut_short)
{
	size_t n;

	noise(sizeof(code));
	n = pack(sizeof(code));
	ck_assert_int_lt(load_bz(n / 2), 0);
	ck_assert_int_lt(load_bz(2048 + 100), 0); /* and nothing packed in it at all */
	room_check();
}
END_TEST

START_TEST(bzimage_too_large)
{
	const struct image_room small = {&image_mem, 0x100000, 0x100000 + 1000, "a small room",
					 "no"};
	struct image img;
	size_t n;

	noise(sizeof(code));
	n = pack(sizeof(code));
	img = image_of(file, n);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_int_eq(genuine_load(&img, &bz, &small, &facts, &c), -EFBIG);
	ck_assert_uint_eq(image_mem.ram[0x200000], 0);
}
END_TEST

START_TEST(from_an_elf)
{
	struct image img = image_of(file, make_elf(file, 0x100000, 5000, 9000, 0x100000));

	memcpy(file + 0x80 + 77, "GenuineLguest", 13);
	ck_assert_int_eq(genuine_load(&img, NULL, &room, &facts, &c), 0);
	ck_assert_uint_eq(facts.page_offset, 0xc0000000);
	ck_assert_uint_eq(facts.entry, 0xc0100000 + 77 + 13);
	ck_assert_uint_eq(facts.end, 0x100000 + 9000);
	file[0x80 + 80] = 'x';
	ck_assert_int_eq(genuine_load(&img, NULL, &room, &facts, &c), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(c.text, "GenuineLguest is not in it"));
}
END_TEST

/* A second segment, which wants to be mapped elsewhere. */
START_TEST(elf_of_two_minds)
{
	struct image img = image_of(file, make_elf(file, 0x100000, 5000, 5000, 0x100000));

	memcpy(file + 0x80 + 2000, "GenuineLguest", 13);
	put16(file, 44, 2);
	memcpy(file + 84, file + 52, 32);
	put32(file, 84 + 8, _i ? 0xc0200000 : 0xb0200000);
	put32(file, 84 + 12, 0x200000);
	ck_assert_int_eq(genuine_load(&img, NULL, &room, &facts, &c), _i ? 0 : -ENOEXEC);
}
END_TEST

/* The string may lie anywhere, and only what is behind all of it counts. */
START_TEST(finds)
{
	static const uint8_t text[] = "GenuineGenuineLguestGenuineLguest";
	size_t at = 0;

	ck_assert(genuine_find(text, sizeof(text), &at));
	ck_assert_uint_eq(at, 20);
	ck_assert(!genuine_find(text, 19, &at));
	ck_assert(genuine_find(text, 20, &at));
}
END_TEST

START_TEST(first_to_have_four)
{
	uint32_t offset = 0;

	noise(1000);
	for (unsigned i = 0; i < 3; i++)
		load_from(10 + 10 * i, 0xb0);
	for (unsigned i = 0; i < 4; i++)
		load_from(100 + 10 * i, 0xc0);
	load_from(200, 0xb0);
	ck_assert(genuine_guess_offset(code, 1000, &offset));
	ck_assert_uint_eq(offset, 0xc0000000);
	/* Too near the end to have an address. */
	ck_assert(!genuine_guess_offset(code, 134, &offset));
	ck_assert(genuine_guess_offset(code, 135, &offset));
	ck_assert(!genuine_guess_offset(code, 0, &offset));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("genuine");
	TCase *tc = tcase_create("genuine");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, room_setup, room_teardown);
	tcase_add_test(tc, from_a_bzimage);
	tcase_add_loop_test(tc, bzimage_that_lies, 0, 4);
	tcase_add_test(tc, bzimage_cut_short);
	tcase_add_test(tc, bzimage_too_large);
	tcase_add_test(tc, from_an_elf);
	tcase_add_loop_test(tc, elf_of_two_minds, 0, 2);
	tcase_add_test(tc, finds);
	tcase_add_test(tc, first_to_have_four);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
