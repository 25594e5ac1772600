/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:995
 * A whole machine, and a Guest that is nothing but hypercalls with any arguments, stores to its own
 * first pages and stray instructions.  The Guest may die of it, and mostly does; the Host must not,
 * and this process must not; and its neighbour in the same machine, which only goes round in circles,
 * must find its memory as it was.
:*/
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "lgemu.h"

enum {
	HEAD = 84,
	CODE_AT = 0x100000,
	DATA_AT = 0x104000,
	BYTES = 0x6000,
	INSNS = 60000,
	MEMORY = 4 << 20
};

static uint8_t image[HEAD + BYTES];
static size_t at;

static void code(const char *bytes, size_t n)
{
	if (at + n < HEAD + 0x3000)
		memcpy(image + at, bytes, n);
	at += n;
}

static void code32(const char *op, size_t n, uint32_t v)
{
	le32_t le = le32(v);

	code(op, n);
	code((const char *)le.b, 4);
}

static void hypercall(uint32_t nr, const uint32_t *arg)
{
	code32("\xb8", 1, nr);	   /* mov eax */
	code32("\xbb", 1, arg[0]); /* ebx */
	code32("\xb9", 1, arg[1]); /* ecx */
	code32("\xba", 1, arg[2]); /* edx */
	code("\x31\xf6", 2);	   /* xor esi,esi */
	code("\xcd\x1f", 2);
}

/* An argument: a place in the image, an address at some edge, a small number, or any. */
static uint32_t argument(struct fuzz *f)
{
	static const uint32_t edge[] = {0,	    0xfffff000, 0xffffffff, 0xfffe0000, 0xffbff000,
					0x00400000, 0x003ffffc, 0x00500000, 0xc0000000, 0x80000000};
	const uint8_t how = fuzz_8(f);

	switch (how & 3) {
	case 0: return DATA_AT + (how >> 2) * 64u;
	case 1: return edge[(how >> 2) % ARRAY_LEN(edge)];
	case 2: return how >> 2;
	default: return fuzz_32(f);
	}
}

static void deeds(struct fuzz *f)
{
	static const char stray[][6] = {
		"\xf4",	    "\xfa",	"\xfb",		"\x0f\x01\xc1", "\xcc",	    "\xec",
		"\x0f\x0b", "\x0f\x31", "\x0f\x20\xc0", "\xf3\x90",	"\x0f\xa2", "\xcf",
		"\x8e\xd8", "\x8e\xd0", "\x0f\x08",	"\x50",		"\x9d",	    "\xea\0\0\0"};
	uint32_t arg[3];

	while (f->left && at < HEAD + 0x2f00) {
		const uint8_t what = fuzz_8(f);

		switch (what >> 6) {
		case 0:
		case 1:
			for (unsigned i = 0; i < 3; i++)
				arg[i] = argument(f);
			hypercall(what & 0x20 ? fuzz_8(f) : (what & 31u) % 21u, arg);
			break;
		case 2: /* mov dword [address], value */
			code32("\xc7\x05", 2, argument(f));
			code32("", 0, argument(f));
			break;
		case 3:
			if (what & 0x20)
				code32("\xa1", 1, argument(f)); /* a load, from anywhere */
			else
				code(stray[what % ARRAY_LEN(stray)],
				     strlen(stray[what % ARRAY_LEN(stray)]));
			break;
		}
	}
	code("\xeb\xfe", 2);
}

static void head(void)
{
	static const uint8_t elf[52] = {0x7f,	     'E',	'L',	   'F',	      1,
					1,	     1,		[16] = 2,  [18] = 3,  [20] = 1,
					[26] = 0x10, [28] = 52, [40] = 52, [42] = 32, [44] = 1};
	static const uint32_t phdr[8] = {1, HEAD, CODE_AT, CODE_AT, BYTES, BYTES, 7, 0x1000};

	memset(image, 0, sizeof(image));
	memcpy(image, elf, sizeof(elf));
	for (unsigned i = 0; i < 8; i++) {
		le32_t le = le32(phdr[i]);

		memcpy(image + 52 + 4 * i, le.b, 4);
	}
	at = HEAD;
}

/* struct lguest_data at DATA_AT, as the Host likes it, and tables of the input's making. */
static void data(struct fuzz *f)
{
	uint8_t *p = image + HEAD + (DATA_AT - CODE_AT);
	le32_t v;

	fuzz_bytes(f, p + 0x600, 0x200);
	memset(p + 0x18, 0xff, 64);
	v = le32(CODE_AT);
	memcpy(p + 0x560, v.b, 4);
	memcpy(p + 0x564, v.b, 4);
	v = le32(0xc0000000);
	memcpy(p + 0x568, v.b, 4);
	p[0x56c] = 0x80;
	memcpy(p + 0x1000, "lgemu-guest-abi: 3.1\0lguest", 28);
}

static void quiet(void *ctx, unsigned guest, const uint8_t *bytes, size_t n)
{
	(void)ctx;
	(void)guest;
	(void)bytes;
	(void)n;
}

/* The image as it is now, as a file. */
static void to_file(int *fd, char path[32])
{
	if (*fd < 0)
		*fd = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(pwrite(*fd, image, sizeof(image), 0) == sizeof(image));
	snprintf(path, 32, "/proc/self/fd/%d", *fd);
}

static void neighbour_memory(const struct lgemu *m, uint8_t *to)
{
	FUZZ_CHECK(!lgemu_read(m, LGEMU_GUEST + 1, 0, to, MEMORY));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static int fd = -1, neighbour_fd = -1;
	static uint8_t before[MEMORY], after[MEMORY];
	const uint32_t init[3] = {DATA_AT, 0, 0};
	struct fuzz f = {input, size};
	struct lgemu_guest_options guests[2];
	struct lgemu_options options;
	enum lgemu_reason reason;
	struct lgemu *m;
	char path[32], neighbour[32];

	head();
	memset(image + at, 0x5a, BYTES);
	code("\xeb\xfe", 2);
	to_file(&neighbour_fd, neighbour);
	head();
	if (!(fuzz_8(&f) & 1))
		hypercall(1, init);
	data(&f);
	deeds(&f);
	to_file(&fd, path);
	guests[0] = (struct lgemu_guest_options){.memory_mb = 4, .kernel = path, .abi = "3.1"};
	guests[1] = guests[0];
	guests[1].kernel = neighbour;
	lgemu_options_init(&options);
	options.guests = guests;
	options.nr_guests = 2;
	options.output = quiet;
	FUZZ_CHECK(!lgemu_create(&m, &options));
	if (lgemu_load(m)) {
		fprintf(stderr, "%s\n", lgemu_error(m));
		abort();
	}
	neighbour_memory(m, before);
	reason = lgemu_run(m, INSNS);
	if (reason == LGEMU_HOST_FAILED) {
		struct lgemu_failure failure;

		FUZZ_CHECK(!lgemu_failure(m, &failure));
		fprintf(stderr, "Host failed: vector %u error %#x cr2 %#x eip %#x: %s\n",
			failure.vector, failure.error_code, failure.cr2, failure.eip, failure.text);
	}
	FUZZ_CHECK(reason != LGEMU_HOST_FAILED);
	neighbour_memory(m, after);
	FUZZ_CHECK(!memcmp(before, after, MEMORY));
	FUZZ_CHECK(!lgemu_death(m, 1)[0]);
	(void)lgemu_guest_hash(m, 0);
	lgemu_destroy(m);
	return 0;
}

/* Seeds: each hypercall with every kind of argument, alone and behind others. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	uint32_t random = i * 2654435761u | 1;
	size_t n = 0;

	if (i >= 64)
		return 0;
	fuzz_put(p, &n, i >= 60, 1);
	for (unsigned k = 0; k < 0x200; k++)
		fuzz_put(p, &n, fuzz_random(&random) & (k & 1 ? 0x7f : 0xff), 1);
	for (unsigned k = 0; k < 1 + i / 16 * 4; k++) {
		fuzz_put(p, &n, k ? fuzz_random(&random) : (i % 21) & 31, 1);
		fuzz_put(p, &n, fuzz_random(&random), 4);
		fuzz_put(p, &n, fuzz_random(&random), 4);
	}
	return n;
}
