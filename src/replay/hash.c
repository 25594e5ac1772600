/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:811
 * The hash of hash.h, computed.  Words are put together from bytes, so that the order of bytes of
 * the machine we run on does not come into it; compilers know how to make one load of that.
:*/
#include <string.h>

#include "hash.h"

static uint64_t rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static uint64_t word_at(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

static uint64_t step(uint64_t h, uint64_t w)
{
	return rotl(h ^ w * 0x9e3779b97f4a7c15u, 29) * 0xbf58476d1ce4e5b9u + 0x2545f4914f6cdd1du;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t last[8] = {0};
	uint64_t h = seed;

	for (; len >= 8; len -= 8, p += 8)
		h = step(h, word_at(p));
	if (len)
		memcpy(last, p, len);
	last[len] = 0x80;
	h = step(h, word_at(last));
	h ^= h >> 32;
	h *= 0x94d049bb133111ebu;
	return h ^ h >> 29;
}

static bool is_zero(const uint8_t *page)
{
	return !page[0] && !memcmp(page, page + 1, PAGE_SIZE - 1);
}

uint64_t hash_pages(const uint8_t *mem, uint32_t len, uint32_t first_page)
{
	uint64_t sum = 0;
	uint32_t at;

	for (at = 0; at < len; at += PAGE_SIZE)
		if (!is_zero(mem + at))
			sum += hash_bytes(first_page + (at >> PAGE_SHIFT), mem + at, PAGE_SIZE);
	return sum;
}
