/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1010
 * The overlay's file.  An input is a file's first bytes, its length, and what is done with the disk
 * afterwards.  Whatever the file says: it is refused with a clause, or it is a disk, on which every read
 * shows what was last read or written there, nothing touches memory or file beyond the end, and
 * the disk below never changes but by a commit.
:*/
#include "fuzz.h"

#include <errno.h>
#include <zlib.h>

#include "backend/disk_overlay.h"

#define DISK_BYTES (33u * 512u) /* its last page is a short one */
#define FILE_BYTES (2u * PAGE_SIZE + DISK_BYTES)

struct memory {
	uint8_t file[FILE_BYTES], below[DISK_BYTES];
	bool may_write_below;
};

static struct memory mem;

static int file_read(void *ctx, uint64_t off, void *to, uint32_t len)
{
	FUZZ_CHECK(ctx == &mem && off + len <= FILE_BYTES);
	memcpy(to, mem.file + off, len);
	return 0;
}

static int file_write(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	FUZZ_CHECK(ctx == &mem && off + len <= FILE_BYTES);
	memcpy(mem.file + off, from, len);
	return 0;
}

static int file_nothing(void *ctx)
{
	FUZZ_CHECK(ctx == &mem);
	return 0;
}

static void file_close(void *ctx)
{
	FUZZ_CHECK(ctx == &mem);
}

static int below_read(struct disk *d, uint64_t off, void *to, uint32_t len)
{
	(void)d;
	memcpy(to, mem.below + off, len);
	return 0;
}

static int below_write(struct disk *d, uint64_t off, const void *from, uint32_t len)
{
	(void)d;
	FUZZ_CHECK(mem.may_write_below);
	memcpy(mem.below + off, from, len);
	return 0;
}

static int below_flush(struct disk *d)
{
	(void)d;
	return 0;
}

static void below_close(struct disk *d)
{
	(void)d;
}

static const struct disk_ops below_ops = {
	.name = "below",
	.read = below_read,
	.write = below_write,
	.flush = below_flush,
	.close = below_close,
};

static struct disk below(void)
{
	return (struct disk){.ops = &below_ops, .size_bytes = DISK_BYTES};
}

static uint8_t model[DISK_BYTES], buf[DISK_BYTES];

static void use(struct fuzz *f, struct disk *d)
{
	FUZZ_CHECK(!disk_read(d, 0, model, DISK_BYTES));
	for (unsigned i = 0; f->left && i < 64; i++) {
		const uint8_t what = fuzz_8(f);
		const uint32_t off = fuzz_16(f), len = fuzz_16(f) % DISK_BYTES;
		const bool inside = off + len <= DISK_BYTES;
		int err;

		if (what % 8 == 0) {
			FUZZ_CHECK(disk_flush(d) == 0);
		} else if (what % 2) {
			memset(buf, what, sizeof(buf));
			err = disk_write(d, off, buf, len);
			FUZZ_CHECK(err == (d->read_only ? -EROFS : inside ? 0 : -EINVAL));
			if (!err)
				memcpy(model + off, buf, len);
		} else {
			FUZZ_CHECK(disk_read(d, off, buf, len) == (inside ? 0 : -EINVAL));
			FUZZ_CHECK(!inside || !memcmp(buf, model + off, len));
		}
	}
	FUZZ_CHECK(!disk_read(d, 0, buf, DISK_BYTES) && !memcmp(buf, model, DISK_BYTES));
	FUZZ_CHECK(disk_flush(d) == 0);
}

/* The first byte: 1 mend the sum, 2 mend the disk's sum, 4 read only, 8 commit in the end, 16 empty. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct overlay_header *h = (struct overlay_header *)mem.file;
	struct fuzz f = {data, size};
	struct overlay_store store = {&mem,	    0,	       file_read, file_write, file_nothing,
				      file_nothing, file_close};
	struct disk under = below(), *d = NULL;
	struct overlay_info info;
	const char *clause = NULL;
	uint8_t how;

	memset(&mem, 0, sizeof(mem));
	how = fuzz_8(&f);
	store.size_bytes = how & 16 ? 0 : FILE_BYTES - fuzz_16(&f) % FILE_BYTES;
	fuzz_bytes(&f, mem.file, 60);
	fuzz_bytes(&f, mem.file + OVERLAY_MAP_OFF, 2);
	mem.file[OVERLAY_MAP_OFF + PAGE_SIZE - 1] = fuzz_8(&f);
	memset(mem.file + 2 * PAGE_SIZE, 0x5a, DISK_BYTES);
	if (how & 2)
		h->below_crc = le32((uint32_t)crc32(0, mem.below, DISK_BYTES));
	if (how & 1)
		h->crc = le32((uint32_t)crc32(0, mem.file, 508));
	if (overlay_open(&store, &under, how & 4, &d, &clause)) {
		FUZZ_CHECK(!d && clause);
	} else {
		use(&f, d);
		disk_close(d);
		store.size_bytes = FILE_BYTES;
	}
	if (!(how & 8))
		return 0;
	mem.may_write_below = true;
	if (overlay_commit(&store, &under, &info, &clause))
		FUZZ_CHECK(clause);
	else
		FUZZ_CHECK(!d || !memcmp(mem.below, model, DISK_BYTES));
	return 0;
}

static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	static const uint8_t how[] = {1 | 2 | 8, 16 | 8, 1 | 2 | 4, 1 | 2, 0};
	static const uint8_t work[] = {3, 0, 0, 0, 2, 2, 0,  1, 0, 9, 8,
				       0, 0, 0, 0, 5, 0, 64, 0, 2, 6};
	struct overlay_header h = {
		.version = le32(OVERLAY_VERSION),
		.page_bytes = le32(PAGE_SIZE),
		.size_bytes = le64(DISK_BYTES),
		.state = le32(i == 3 ? OVERLAY_COMMITTING : OVERLAY_OPEN),
	};

	if (i >= ARRAY_LEN(how))
		return 0;
	memset(p, 0, FUZZ_SEED_BYTES);
	memcpy(h.magic, OVERLAY_MAGIC, sizeof(h.magic));
	p[0] = how[i];
	p += how[i] & 16 ? 1 : 3;
	memcpy(p, &h, 60);
	p[60] = 0x12;
	memcpy(p + 63, work, sizeof(work));
	return 3 + 63 + sizeof(work);
}
