/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:961
 * What all fuzz targets share: reading an input as a list of decisions, and starting from seeds
 * that are made by code.  A target is a function of its input: it builds everything from scratch,
 * takes it down again, and stops the process if a promise was broken.
 *
 * With FUZZ_SEEDS=FOLDER in the environment a target writes its seeds there and ends.  An input
 * that ends early reads as zeroes from there on, so every prefix of an input is an input.
:*/
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define FUZZ_SEED_BYTES 8192u

/* The target's own: seed i to p[FUZZ_SEED_BYTES]; its length, or 0: there are no more. */
static size_t fuzz_seed(unsigned i, uint8_t *p);

#define FUZZ_CHECK(x)                                                                              \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #x);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct fuzz {
	const uint8_t *p;
	size_t left;
};

static inline void fuzz_bytes(struct fuzz *f, void *to, size_t n)
{
	const size_t have = n < f->left ? n : f->left;

	memset(to, 0, n);
	if (have)
		memcpy(to, f->p, have);
	f->p += have;
	f->left -= have;
}

static inline uint8_t fuzz_8(struct fuzz *f)
{
	uint8_t v;

	fuzz_bytes(f, &v, 1);
	return v;
}

static inline uint16_t fuzz_16(struct fuzz *f)
{
	le16_t v;

	fuzz_bytes(f, &v, 2);
	return le16_get(v);
}

static inline uint32_t fuzz_32(struct fuzz *f)
{
	le32_t v;

	fuzz_bytes(f, &v, 4);
	return le32_get(v);
}

static inline uint64_t fuzz_64(struct fuzz *f)
{
	le64_t v;

	fuzz_bytes(f, &v, 8);
	return le64_get(v);
}

/* A generator for seeds: the same numbers everywhere. */
static inline uint32_t fuzz_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* For seeds: append bytes at *n. */
static inline void fuzz_put(uint8_t *p, size_t *n, uint64_t v, unsigned bytes)
{
	FUZZ_CHECK(*n + bytes <= FUZZ_SEED_BYTES);
	for (; bytes--; v >>= 8)
		p[(*n)++] = (uint8_t)v;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static uint8_t seed[FUZZ_SEED_BYTES];
	const char *folder = getenv("FUZZ_SEEDS");
	char path[4096];
	size_t n;

	(void)argc;
	(void)argv;
	if (!folder)
		return 0;
	for (unsigned i = 0; (n = fuzz_seed(i, seed)); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/seed-%03u", folder, i);
		file = fopen(path, "wb");
		if (!file || fwrite(seed, 1, n, file) != n || fclose(file)) {
			perror(path);
			exit(2);
		}
	}
	exit(0);
}

#endif
