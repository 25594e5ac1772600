/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:981
 * The hash is a promise to the bit, so its values are written down here: if one of them changes,
 * every recorded hash in the world is wrong.
:*/
#include <check.h>
#include <string.h>

#include "replay/hash.h"

/* The definition of hash.h once more, in the plainest way one can write it. */
static uint64_t plain(uint64_t seed, const uint8_t *p, size_t len)
{
	uint64_t h = seed, w;
	size_t at, i;

	for (at = 0; at <= len / 8 * 8; at += 8) {
		w = 0;
		for (i = 0; i < 8; i++) {
			if (at + i < len)
				w |= (uint64_t)p[at + i] << 8 * i;
			else if (at + i == len)
				w |= (uint64_t)0x80 << 8 * i;
		}
		h ^= w * 0x9e3779b97f4a7c15u;
		h = (h << 29 | h >> 35) * 0xbf58476d1ce4e5b9u + 0x2545f4914f6cdd1du;
	}
	h ^= h >> 32;
	h *= 0x94d049bb133111ebu;
	return h ^ h >> 29;
}

START_TEST(definition)
{
	uint8_t bytes[100];
	size_t n;

	for (n = 0; n < sizeof(bytes); n++)
		bytes[n] = (uint8_t)(n * 37 + 11);
	for (n = 0; n <= sizeof(bytes); n++) {
		ck_assert_uint_eq(hash_bytes(n, bytes, n), plain(n, bytes, n));
		/* Alignment does not matter. */
		if (n)
			ck_assert_uint_eq(hash_bytes(5, bytes + 1, n - 1),
					  plain(5, bytes + 1, n - 1));
	}
}
END_TEST

START_TEST(known)
{
	ck_assert_uint_eq(hash_bytes(0, "", 0), 0x903feaa51707b3e9u);
	ck_assert_uint_eq(hash_bytes(1, "lguest", 6), 0xb63e59a1762de68cu);
	ck_assert_uint_eq(hash_add(0, 1), 0x7b4195537b54b74au);
}
END_TEST

START_TEST(length_counts)
{
	static const uint8_t zero[16];
	size_t i, j;

	for (i = 0; i < sizeof(zero); i++)
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(hash_bytes(0, zero, i), hash_bytes(0, zero, j));
}
END_TEST

START_TEST(pages)
{
	static uint8_t mem[4 * PAGE_SIZE];
	uint64_t one, two;

	memset(mem, 0, sizeof(mem));
	ck_assert_uint_eq(hash_pages(mem, sizeof(mem), 0), 0);
	mem[PAGE_SIZE + 17] = 1;
	one = hash_pages(mem, sizeof(mem), 0);
	ck_assert_uint_eq(one, hash_bytes(1, mem + PAGE_SIZE, PAGE_SIZE));
	/* The place counts, the extent does not, and it is a sum. */
	ck_assert_uint_ne(one, hash_pages(mem, sizeof(mem), 1));
	ck_assert_uint_eq(one, hash_pages(mem, 2 * PAGE_SIZE, 0));
	mem[3 * PAGE_SIZE + PAGE_SIZE - 1] = 9;
	two = hash_pages(mem, sizeof(mem), 0);
	ck_assert_uint_eq(two - one, hash_bytes(3, mem + 3 * PAGE_SIZE, PAGE_SIZE));
}
END_TEST

/* One bit of input flips about half of the output. */
START_TEST(spread)
{
	uint8_t page[PAGE_SIZE] = {0};
	uint64_t base = hash_bytes(0, page, sizeof(page));
	unsigned bit, n, total = 0, least = 64;

	for (bit = 0; bit < 8 * sizeof(page); bit += 61) {
		page[bit / 8] ^= (uint8_t)(1 << bit % 8);
		n = (unsigned)__builtin_popcountll(base ^ hash_bytes(0, page, sizeof(page)));
		page[bit / 8] ^= (uint8_t)(1 << bit % 8);
		total += n;
		if (n < least)
			least = n;
	}
	n = (8 * sizeof(page) + 60) / 61;
	ck_assert_uint_ge(least, 10);
	ck_assert_uint_ge(total / n, 30);
	ck_assert_uint_le(total / n, 34);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hash");
	TCase *t = tcase_create("hash");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, definition);
	tcase_add_test(t, known);
	tcase_add_test(t, length_counts);
	tcase_add_test(t, pages);
	tcase_add_test(t, spread);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
