/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:988
 * The bzImage reader: any header, any payload.  It is read, loaded into a small room and, if it is
 * packed with gzip, unpacked; what comes out is never longer than was promised.
:*/
#include <zlib.h>

#include "fuzz.h"

#include "launcher/bzimage.h"

enum { ROOM = 0x120000, FENCE = 0x2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[] = "fuzz";
	const struct image img = {name, -1, data, size};
	struct complaint c = {""};
	struct image_room room;
	struct bzimage bz;
	struct mem mem;
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (!bzimage_is(&img))
		return 0;
	if (bzimage_read(&img, &bz, &c)) {
		FUZZ_CHECK(c.text[0]);
		return 0;
	}
	FUZZ_CHECK(bz.setup_bytes <= size && memchr(bz.release, 0, sizeof(bz.release)));
	FUZZ_CHECK(bzimage_packing(&img, &bz));
	FUZZ_CHECK(!mem_init(&mem, ROOM + FENCE));
	room = (struct image_room){&mem, 0, ROOM, "the room", "make it larger"};
	memset(mem.ram + ROOM, 0xa5, FENCE);
	if (bzimage_load(&img, &bz, &room, &c))
		FUZZ_CHECK(c.text[0]);
	for (unsigned i = 0; i < FENCE; i++)
		FUZZ_CHECK(mem.ram[ROOM + i] == 0xa5);
	mem_fini(&mem);
	if (!bzimage_unpack(&img, &bz, &bytes, &len)) {
		FUZZ_CHECK(bytes && len <= BZIMAGE_UNPACKED_MAX);
		free(bytes);
	}
	return 0;
}

/* Seeds: each protocol, with a payload that is packed, and cut, and none. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	static const uint16_t protocol[] = {0x200, 0x203, 0x206, 0x207, 0x208, 0x209, 0x20a, 0x20d};
	static uint8_t kernel[2000];
	z_stream z = {.next_in = kernel, .avail_in = sizeof(kernel)};
	size_t n = 1024, at = 0;

	if (i >= 24)
		return 0;
	memset(p, 0, n);
	p[0x1f1] = 1;
	at = 0x202;
	fuzz_put(p, &at, 0x53726448, 4);
	fuzz_put(p, &at, protocol[i % 8], 2);
	p[0x20e] = 0x80;
	p[0x211] = 1;
	at = 0x214;
	fuzz_put(p, &at, 0x100000, 4);
	memcpy(p + 0x280, "3.11.10 (me@here)", 18);
	memcpy(kernel, "\177ELF Linux version 3.11.10 lguest", 34);
	z.next_out = p + n + 64;
	z.avail_out = FUZZ_SEED_BYTES - (unsigned)n - 64;
	memset(p + n, 0x90, 64);
	if (i < 16 && deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK) {
		deflate(&z, Z_FINISH);
		deflateEnd(&z);
	}
	at = 0x248;
	fuzz_put(p, &at, 64, 4);
	fuzz_put(p, &at, z.total_out, 4);
	n += 64 + z.total_out;
	return i < 8 ? n : n - n / 30;
}
