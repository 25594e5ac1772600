/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:989
 * lgemu inspect, from a file to its answer, and the reader of release strings.
:*/
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "launcher/era.h"
#include "lgemu.h"

static void check_text(const char *text, size_t size)
{
	FUZZ_CHECK(memchr(text, 0, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct fuzz f = {data, size};
	struct lgemu_image image;
	char abi[16] = "", path[32], error[200];

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	if (fuzz_8(&f) & 1) {
		fuzz_bytes(&f, abi, sizeof(abi) - 1);
		(void)era_of_release(era_parse_release(abi));
	}
	FUZZ_CHECK(!ftruncate(fd, 0) && pwrite(fd, f.p, f.left, 0) == (ssize_t)f.left);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (lgemu_inspect(path, abi[0] ? abi : NULL, &image, error, sizeof(error)))
		FUZZ_CHECK(error[0]);
	check_text(error, sizeof(error));
	check_text(image.format, sizeof(image.format));
	check_text(image.release, sizeof(image.release));
	check_text(image.era, sizeof(image.era));
	check_text(image.range, sizeof(image.range));
	check_text(image.device_model, sizeof(image.device_model));
	check_text(image.why, sizeof(image.why));
	check_text(image.packing, sizeof(image.packing));
	check_text(image.guest_support, sizeof(image.guest_support));
	return 0;
}

/* Seeds: an ELF file with each text that tells an era. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	static const char *const text[] = {
		"GenuineLguest",
		"lguest: Console via virtio-pci emerg_wr",
		"Unexpected virtio config len %u",
		"Mapping virtqueue %i addr %lx Cannot allocate lguest dev %u",
		"Mapping virtqueue %i addr %lx Cannot allocate lguest dev %u type %u",
		"Linux version 2.6.32-rc1 (me@here) lguest",
		"Linux version 4.9.0 (x) lguest",
		"lgemu-guest-abi: 3.1 lguest",
	};
	size_t n = 0;

	if (i >= 2 * ARRAY_LEN(text))
		return 0;
	fuzz_put(p, &n, i & 1, 1);
	if (i & 1) {
		fuzz_put(p, &n, 0x3033362e322e, 6);
		fuzz_put(p, &n, 0, 9);
	}
	fuzz_put(p, &n, 0x00010101464c457f, 8);
	fuzz_put(p, &n, 0, 8);
	fuzz_put(p, &n, 2 | 3u << 16, 4);
	fuzz_put(p, &n, 1, 4);
	fuzz_put(p, &n, 0x100000, 4);
	fuzz_put(p, &n, 52, 8);
	fuzz_put(p, &n, 0, 4);
	fuzz_put(p, &n, 52 | 32u << 16, 4);
	fuzz_put(p, &n, 1 | 40u << 16, 8);
	fuzz_put(p, &n, 1, 4);
	fuzz_put(p, &n, 84, 4);
	fuzz_put(p, &n, 0xc0100000, 4);
	fuzz_put(p, &n, 0x100000, 4);
	fuzz_put(p, &n, 100, 4);
	fuzz_put(p, &n, 100, 4);
	fuzz_put(p, &n, 7, 8);
	memset(p + n, 0, 100);
	memcpy(p + n, text[i / 2], strlen(text[i / 2]));
	return n + 100;
}
