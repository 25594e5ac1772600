/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:810
 * One number for a whole state.  Two runs of the same Guest that end with the same number were the
 * same run, on whatever machine, with whatever compiler; so the number is defined here to the bit,
 * and is part of what we promise.
:*/
#ifndef REPLAY_HASH_H
#define REPLAY_HASH_H

#include "base/types.h"

/*L:800
 * The hash of a sequence of bytes.  The bytes, followed by one byte 0x80 and zeroes up to a
 * multiple of 8, are taken as little-endian 64-bit words w.  With K = 0x9e3779b97f4a7c15 and all
 * arithmetic modulo 2^64, starting from h = seed:
 *
 *	for each w:	h = rotl(h ^ w * K, 29) * 0xbf58476d1ce4e5b9 + 0x2545f4914f6cdd1d
 *	at the end:	h = h ^ h >> 32;  h = h * 0x94d049bb133111eb;  h = h ^ h >> 29
 *
 * It is not meant to withstand somebody who wants two states to look alike.
 *
 * Memory is hashed by pages, so that one can keep the sum up to date by looking only at pages that
 * changed: the hash of a range is the sum, modulo 2^64, of hash_bytes(page number, page) over all
 * pages that are not all zero.
:*/
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len);

/* len is a multiple of the page size.  The first page has number first_page. */
uint64_t hash_pages(const uint8_t *mem, uint32_t len, uint32_t first_page);

/* Several hashes to one; the order counts. */
static inline uint64_t hash_add(uint64_t h, uint64_t v)
{
	le64_t word = le64(v);

	return hash_bytes(h, &word, sizeof(word));
}

#endif
