/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:984
 * The ELF loader, fed whole, truncated, lying and random files.
:*/
#include <errno.h>

#include "image_files.h"

#define CODE 1000u

static uint8_t file[0x80 + CODE];
static struct complaint c;
static struct elf_facts facts;

static size_t good(void)
{
	size_t n = make_elf(file, 0x1000, CODE, CODE + 500, 0x1000);

	memset(file + 0x80, 0x5a, CODE);
	return n;
}

static void refused(const char *text, int err)
{
	struct image img = image_of(file, sizeof(file));

	ck_assert_int_eq(elf_load(&img, &room, &facts, &c), err);
	ck_assert_msg(strstr(c.text, text) != NULL, "said: %s", c.text);
	ck_assert_msg(strstr(c.text, "test image") != NULL, "said: %s", c.text);
	room_check();
}

START_TEST(loads)
{
	struct image img = image_of(file, good());
	struct image by_file = image_file(file, sizeof(file));

	ck_assert(elf_is(&img));
	ck_assert_int_eq(elf_load(&img, &room, &facts, &c), 0);
	ck_assert_uint_eq(facts.entry, 0x1000);
	ck_assert_uint_eq(facts.end, 0x1000 + CODE + 500);
	ck_assert_uint_eq(image_mem.ram[0x101000], 0x5a);
	ck_assert_uint_eq(image_mem.ram[0x101000 + CODE - 1], 0x5a);
	ck_assert_uint_eq(image_mem.ram[0x101000 + CODE], 0);
	room_check();

	memset(image_mem.ram + 0x100000, 0, ROOM);
	ck_assert_int_eq(elf_load(&by_file, &room, &facts, &c), 0);
	ck_assert_uint_eq(image_mem.ram[0x101000 + CODE - 1], 0x5a);
	close(by_file.fd);
}
END_TEST

START_TEST(wrong_kinds)
{
	good();
	file[4] = 2;
	refused("64-bit", -EINVAL);
	good();
	file[4] = 7;
	refused("test image", -EINVAL);
	good();
	put16(file, 18, 62);
	refused("another processor", -EINVAL);
	good();
	file[5] = 2;
	refused("test image", -EINVAL);
	good();
	put16(file, 16, 3);
	refused("not an executable", -EINVAL);
	good();
	put16(file, 44, 0);
	refused("malformed", -EINVAL);
	good();
	put32(file, 52, 4);
	refused("nothing to load", -EINVAL);
}
END_TEST

START_TEST(liars)
{
	good();
	put32(file, 68, CODE + 1); /* more than there is */
	refused("truncated", -EINVAL);
	good();
	put32(file, 56, 0xfffffff0);
	refused("truncated", -EINVAL);
	good();
	put32(file, 72, CODE - 1); /* memsz < filesz */
	refused("malformed", -EINVAL);
	good();
	put32(file, 64, ROOM - CODE); /* its bss is outside */
	refused("does not fit into the test's room; make it larger", -EFBIG);
	good();
	put32(file, 64, 0xffffffff);
	refused("does not fit", -EFBIG);
	good();
	put32(file, 72, 0xffffffff);
	refused("does not fit", -EFBIG);
	good();
	put32(file, 24, ROOM);
	refused("starts at", -EINVAL);
	good();
	put16(file, 44, 0xfff0);
	refused("test image", -EINVAL);
	good();
	put32(file, 28, 0xffffff00);
	refused("test image", -EINVAL);
}
END_TEST

START_TEST(truncated)
{
	size_t n, size = good();
	uint8_t *cut;
	struct image img;

	/* Each in memory of its own, so that a sanitizer sees one byte too many. */
	for (n = 1; n < size; n += n < 0x90 ? 1 : 97) {
		cut = malloc(n);
		memcpy(cut, file, n);
		img = image_of(cut, n);
		ck_assert_int_ne(elf_load(&img, &room, &facts, &c), 0);
		ck_assert_int_ne(c.text[0], '\0');
		free(cut);
		img = image_file(file, n);
		ck_assert_int_ne(elf_load(&img, &room, &facts, &c), 0);
		close(img.fd);
	}
	room_check();
}
END_TEST

/* Whatever comes out, nothing is touched that must not be. */
START_TEST(random_headers)
{
	struct image img;
	unsigned i, k;

	srandom(2);
	for (i = 0; i < 20000; i++) {
		good();
		for (k = 0; k < 1 + i % 4; k++)
			file[4 + random() % 80] = (uint8_t)random();
		img = image_of(file, sizeof(file));
		if (!elf_load(&img, &room, &facts, &c)) {
			ck_assert_uint_lt(facts.entry, ROOM);
			ck_assert_uint_le(facts.end, ROOM);
		}
	}
	room_check();
}
END_TEST

static bool count(void *ctx, const uint8_t *p, size_t n)
{
	(void)p;
	*(size_t *)ctx += n;
	return false;
}

START_TEST(pieces)
{
	const size_t code = 3 << 20;
	uint8_t *big = calloc(1, 0x80 + code);
	struct image img = image_of(big, make_elf(big, 0, (uint32_t)code, (uint32_t)code, 0));
	size_t seen = 0;

	ck_assert(!elf_each_piece(&img, count, &seen));
	/* All of it, and three times the overlap. */
	ck_assert_uint_eq(seen, code + 3 * ELF_PIECE_OVERLAP);
	free(big);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("elf");
	TCase *t = tcase_create("elf");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, room_setup, room_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, loads);
	tcase_add_test(t, wrong_kinds);
	tcase_add_test(t, liars);
	tcase_add_test(t, truncated);
	tcase_add_test(t, random_headers);
	tcase_add_test(t, pieces);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
