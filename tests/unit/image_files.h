/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:983
 * Image files for the tests of the loaders: small ones made on the spot, whole and broken.
:*/
#ifndef TESTS_IMAGE_FILES_H
#define TESTS_IMAGE_FILES_H

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/image.h"

#define ROOM (1u << 22)

static struct mem image_mem;
static const struct image_room room = {&image_mem, 0x100000, ROOM, "the test's room",
				       "make it larger"};

static inline void put32(uint8_t *p, size_t at, uint32_t v)
{
	le32_t le = le32(v);

	memcpy(p + at, &le, sizeof(le));
}

static inline void put16(uint8_t *p, size_t at, uint16_t v)
{
	le16_t le = le16(v);

	memcpy(p + at, &le, sizeof(le));
}

/* An image on the caller's bytes; it has a name and nothing to close. */
static inline struct image image_of(const void *bytes, size_t size)
{
	return (struct image){(char *)(uintptr_t) "test image", -1, bytes, size};
}

/* The same bytes through a file, which is read in another way. */
static inline struct image image_file(const void *bytes, size_t size)
{
	char path[] = "/tmp/lgemu-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	return (struct image){(char *)(uintptr_t) "test file", fd, NULL, size};
}

/* One PT_LOAD of n bytes at file offset 0x80, for physical address pa, with bss behind it. */
static inline size_t make_elf(uint8_t *p, uint32_t pa, uint32_t n, uint32_t memsz, uint32_t entry)
{
	memset(p, 0, 0x80 + n);
	memcpy(p, "\177ELF\1\1\1", 7);
	put16(p, 16, 2); /* ET_EXEC */
	put16(p, 18, 3); /* EM_386 */
	put32(p, 20, 1);
	put32(p, 24, entry);
	put32(p, 28, 52); /* e_phoff */
	put16(p, 40, 52);
	put16(p, 42, 32);
	put16(p, 44, 1);
	put32(p, 52, 1); /* PT_LOAD */
	put32(p, 56, 0x80);
	put32(p, 60, 0xc0000000 + pa);
	put32(p, 64, pa);
	put32(p, 68, n);
	put32(p, 72, memsz);
	return 0x80 + n;
}

/* A bzImage: setup_sects sectors after the first, n bytes of code, and a release string. */
static inline size_t make_bzimage(uint8_t *p, uint16_t protocol, unsigned setup_sects, uint32_t n,
				  const char *release)
{
	const size_t setup = (setup_sects + 1) * 512;

	memset(p, 0, setup + n);
	p[0x1f1] = (uint8_t)setup_sects;
	memcpy(p + 0x202, "HdrS", 4);
	put16(p, 0x206, protocol);
	p[0x211] = 1;
	put32(p, 0x214, 0x100000);
	put32(p, 0x230, 0x1000000);
	p[0x234] = 1;
	put32(p, 0x258, 0x1000000);
	put32(p, 0x260, 0x123000);
	if (release) {
		put16(p, 0x20e, 0x100);
		strcpy((char *)p + 0x300, release);
	}
	memset(p + setup, 0x90, n);
	return setup + n;
}

static inline void room_setup(void)
{
	ck_assert_int_eq(mem_init(&image_mem, 0x100000 + ROOM), 0);
}

static inline void room_teardown(void)
{
	mem_fini(&image_mem);
}

/* Nothing outside the room has been touched. */
static inline void room_check(void)
{
	static const uint8_t zero[0x100000];

	ck_assert(!memcmp(image_mem.ram, zero, sizeof(zero)));
}

#endif
