/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:985
 * The bzImage loader: headers of all ages, payloads of all packings, and files that lie.
:*/
#include <errno.h>
#include <zlib.h>

#include "image_files.h"
#include "launcher/bzimage.h"

static uint8_t file[1 << 20];
static struct complaint c;
static struct bzimage bz;

START_TEST(loads)
{
	struct image img = image_of(file, make_bzimage(file, 0x20a, 3, 5000, "3.2.65 (me@here)"));

	ck_assert(bzimage_is(&img));
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_uint_eq(bz.protocol, 0x20a);
	ck_assert_uint_eq(bz.setup_bytes, 2048);
	ck_assert_uint_eq(bz.kernel_alignment, 0x1000000);
	ck_assert_uint_eq(bz.init_size, 0x123000);
	ck_assert_uint_eq(bz.runtime_end, 0x1123000);
	ck_assert_str_eq(bz.release, "3.2.65 (me@here)");
	ck_assert_int_eq(bzimage_load(&img, &bz, &room, &c), 0);
	ck_assert_uint_eq(image_mem.ram[0x200000], 0x90);
	ck_assert_uint_eq(image_mem.ram[0x200000 + 4999], 0x90);
	ck_assert_uint_eq(image_mem.ram[0x200000 + 5000], 0);
	room_check();
}
END_TEST

START_TEST(ages)
{
	struct image img = image_of(file, make_bzimage(file, 0x207, 4, 5000, NULL));

	/* setup_sects 0 means 4, and fields younger than the protocol are not looked at. */
	file[0x1f1] = 0;
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_uint_eq(bz.setup_bytes, 5 * 512);
	ck_assert_uint_eq(bz.kernel_alignment, 0x1000000);
	ck_assert_uint_eq(bz.init_size, 0);
	ck_assert_uint_eq(bz.runtime_end, 0);
	ck_assert_uint_eq(bz.payload_length, 0);
	ck_assert_str_eq(bz.release, "");
	put16(file, 0x206, 0x204);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_uint_eq(bz.kernel_alignment, 0);
}
END_TEST

START_TEST(liars)
{
	size_t n = make_bzimage(file, 0x20a, 3, 5000, "3.2");
	struct image img = image_of(file, n);

	file[0x211] = 0;
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), -EINVAL);
	ck_assert_ptr_nonnull(strstr(c.text, "zImage"));
	file[0x211] = 1;
	file[0x1f1] = 255;
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), -EINVAL);
	file[0x1f1] = 3;
	put32(file, 0x248, 0xfffffff0);
	put32(file, 0x24c, 100);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), -EINVAL);
	put32(file, 0x248, 0);
	put32(file, 0x24c, 5001);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), -EINVAL);
	ck_assert_ptr_nonnull(strstr(c.text, "truncated"));
	put32(file, 0x24c, 5000);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);

	/* Where it starts. */
	bz.code32_start = 0x100000 + 5000;
	ck_assert_int_eq(bzimage_load(&img, &bz, &room, &c), -EINVAL);
	bz.code32_start = 0xfffff;
	ck_assert_int_eq(bzimage_load(&img, &bz, &room, &c), -EINVAL);
	/* A release string that is not there ends where the file does. */
	put16(file, 0x20e, 0xffff);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_str_eq(bz.release, "");
}
END_TEST

START_TEST(truncated)
{
	size_t size = make_bzimage(file, 0x20a, 3, 5000, "3.2"), n;
	struct image img;
	uint8_t *cut;

	put32(file, 0x24c, 5000);
	for (n = 1; n < size; n += n < 0x270 ? 1 : 113) {
		cut = malloc(n);
		memcpy(cut, file, n);
		img = image_of(cut, n);
		if (bzimage_is(&img))
			ck_assert_int_eq(bzimage_read(&img, &bz, &c), -EINVAL);
		else
			ck_assert_uint_lt(n, 0x206);
		free(cut);
	}
}
END_TEST

/* gzip by zlib, as a kernel's payload is. */
static size_t gzip(uint8_t *to, size_t room_bytes, const uint8_t *from, size_t n)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)from,
		      .avail_in = (uInt)n,
		      .next_out = to,
		      .avail_out = (uInt)room_bytes};

	ck_assert_int_eq(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

START_TEST(unpacks)
{
	const size_t n = 3000000;
	uint8_t *kernel = malloc(n), *bytes;
	struct image img;
	size_t i, packed, len;

	for (i = 0; i < n; i++)
		kernel[i] = (uint8_t)(i >> 12 ^ i);
	make_bzimage(file, 0x20a, 3, 600000, "3.2");
	packed = gzip(file + 2048 + 100, 590000, kernel, n);
	put32(file, 0x248, 100);
	put32(file, 0x24c, (uint32_t)packed);
	img = image_of(file, 2048 + 600000);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_str_eq(bzimage_packing(&img, &bz), "gzip");
	ck_assert_int_eq(bzimage_unpack(&img, &bz, &bytes, &len), 0);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(bytes, kernel, n);
	free(bytes);

	/* Before 2.08 one has to search for it. */
	put16(file, 0x206, 0x207);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_int_eq(bzimage_unpack(&img, &bz, &bytes, &len), 0);
	ck_assert_uint_eq(len, n);
	free(bytes);

	/* Damage somewhere in it is an error, or other bytes, but never a crash. */
	srandom(3);
	for (i = 0; i < 50; i++) {
		file[2048 + 100 + random() % (long)packed] ^= (uint8_t)(1 << random() % 8);
		if (!bzimage_unpack(&img, &bz, &bytes, &len))
			free(bytes);
	}
	free(kernel);
}
END_TEST

START_TEST(bomb)
{
	const size_t n = 100 << 20;
	uint8_t *zeroes = calloc(1, n), *bytes;
	struct image img;
	size_t packed, len;

	make_bzimage(file, 0x20a, 3, 600000, "3.2");
	packed = gzip(file + 2048, 590000, zeroes, n);
	put32(file, 0x24c, (uint32_t)packed);
	img = image_of(file, 2048 + 600000);
	ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
	ck_assert_int_eq(bzimage_unpack(&img, &bz, &bytes, &len), 0);
	ck_assert_uint_le(len, BZIMAGE_UNPACKED_MAX);
	free(bytes);
	free(zeroes);
}
END_TEST

START_TEST(packings)
{
	static const struct {
		const char *name, *magic;
		size_t n;
	} rows[] = {
		{"bzip2", "BZh9", 4},
		{"lzma", "\x5d\0\0", 3},
		{"xz",
		 "\xfd"
		 "7zXZ\0",
		 6},
		{"lzo", "\x89LZO", 4},
		{"lz4", "\x02\x21\x4c\x18", 4},
		{"", "what?", 5},
	};
	struct image img = image_of(file, make_bzimage(file, 0x20a, 3, 5000, "3.2"));
	uint8_t *bytes;
	unsigned i;
	size_t len;

	put32(file, 0x24c, 5000);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		memcpy(file + 2048, rows[i].magic, rows[i].n);
		ck_assert_int_eq(bzimage_read(&img, &bz, &c), 0);
		ck_assert_str_eq(bzimage_packing(&img, &bz), rows[i].name);
		ck_assert_int_eq(bzimage_unpack(&img, &bz, &bytes, &len), -ENOTSUP);
	}
}
END_TEST

START_TEST(random_headers)
{
	size_t n = make_bzimage(file, 0x20a, 3, 5000, "3.2");
	struct image img = image_of(file, n);
	uint8_t *bytes, keep[0x100];
	unsigned i;
	size_t len;

	memcpy(keep, file + 0x1f0, sizeof(keep));
	srandom(4);
	for (i = 0; i < 5000; i++) {
		memcpy(file + 0x1f0, keep, sizeof(keep));
		file[0x1f0 + random() % 0x80] = (uint8_t)random();
		file[0x1f0 + random() % 0x80] = (uint8_t)random();
		if (!bzimage_is(&img) || bzimage_read(&img, &bz, &c))
			continue;
		if (!bzimage_load(&img, &bz, &room, &c))
			ck_assert_uint_ge(bz.code32_start, 0x100000);
		if (!bzimage_unpack(&img, &bz, &bytes, &len))
			free(bytes);
	}
	room_check();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bzimage");
	TCase *t = tcase_create("bzimage");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, room_setup, room_teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, loads);
	tcase_add_test(t, ages);
	tcase_add_test(t, liars);
	tcase_add_test(t, truncated);
	tcase_add_test(t, unpacks);
	tcase_add_test(t, bomb);
	tcase_add_test(t, packings);
	tcase_add_test(t, random_headers);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
