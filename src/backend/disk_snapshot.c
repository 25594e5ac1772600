/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:656
 * The layer for --snapshot: the pages that were written, in memory, found by number through a hash
 * table.  The first write to a page copies what was below, so a page is here whole or not at all.
 *
 * It refuses to touch the file: it holds it open for reading only.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_snapshot.h"

/*M:655
 * What the Guest writes stays in memory, 4 kB at a time, until the end of the run; a Guest that
 * fills its disk fills our memory, and then gets I/O errors.  An unlinked file beside the image
 * would hold more, and cost an open after the first instruction or a file nobody may need.
:*/
struct disk_snapshot {
	struct disk disk; /* first, so that one is the other */
	struct disk *below;
	/* Open addressing: slot i holds page number key[i] - 1, or nothing (0). */
	uint64_t *key;
	uint8_t **page;
	size_t nr_slots; /* a power of two */
	size_t nr_pages;
};

#define FIRST_SLOTS 256u

/* Where page number n is or would go.  There is always a free slot. */
static size_t find_slot(const struct disk_snapshot *snap, uint64_t n)
{
	size_t i = (size_t)(n * 0x9e3779b97f4a7c15ull >> 32) & (snap->nr_slots - 1);

	while (snap->key[i] && snap->key[i] != n + 1)
		i = (i + 1) & (snap->nr_slots - 1);
	return i;
}

static int grow(struct disk_snapshot *snap)
{
	struct disk_snapshot old = *snap;
	size_t nr_slots = old.nr_slots ? 2 * old.nr_slots : FIRST_SLOTS;
	uint64_t *key = calloc(nr_slots, sizeof(*key));
	uint8_t **page = calloc(nr_slots, sizeof(*page));

	if (!key || !page) {
		free(key);
		free(page);
		return -ENOMEM;
	}
	snap->key = key;
	snap->page = page;
	snap->nr_slots = nr_slots;
	for (size_t i = 0; i < old.nr_slots; i++) {
		size_t to;

		if (!old.key[i])
			continue;
		to = find_slot(snap, old.key[i] - 1);
		snap->key[to] = old.key[i];
		snap->page[to] = old.page[i];
	}
	free(old.key);
	free(old.page);
	return 0;
}

/* Fill p with page n from below; the last page of the disk may be a short one. */
static int fetch(const struct disk_snapshot *snap, uint64_t n, uint8_t *p)
{
	uint64_t left = snap->disk.size_bytes - n * PAGE_SIZE;

	return disk_read(snap->below, n * PAGE_SIZE, p,
			 left < PAGE_SIZE ? (uint32_t)left : PAGE_SIZE);
}

/* The page to write to, made from what is below unless it will be overwritten whole. */
static int own_page(struct disk_snapshot *snap, uint64_t n, bool whole, uint8_t **p)
{
	size_t i = find_slot(snap, n);
	int err;

	*p = snap->page[i];
	if (*p)
		return 0;
	if (2 * (snap->nr_pages + 1) > snap->nr_slots) {
		err = grow(snap);
		if (err)
			return err;
		i = find_slot(snap, n);
	}
	*p = calloc(1, PAGE_SIZE);
	if (!*p)
		return -ENOMEM;
	err = whole ? 0 : fetch(snap, n, *p);
	if (err) {
		free(*p);
		return err;
	}
	snap->key[i] = n + 1;
	snap->page[i] = *p;
	snap->nr_pages++;
	return 0;
}

/* How much of len bytes at off lies in off's page. */
static uint32_t in_page(uint64_t off, uint32_t len)
{
	uint32_t n = PAGE_SIZE - (uint32_t)(off % PAGE_SIZE);

	return n < len ? n : len;
}

static int snapshot_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	const struct disk_snapshot *snap = (struct disk_snapshot *)disk;
	uint8_t *p = to;

	while (len) {
		uint32_t n = in_page(off, len);
		const uint8_t *page = snap->page[find_slot(snap, off / PAGE_SIZE)];
		int err = 0;

		if (page)
			memcpy(p, page + off % PAGE_SIZE, n);
		else
			err = disk_read(snap->below, off, p, n);
		if (err)
			return err;
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int snapshot_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	struct disk_snapshot *snap = (struct disk_snapshot *)disk;
	const uint8_t *p = from;

	while (len) {
		uint32_t n = in_page(off, len);
		uint8_t *page;
		int err = own_page(snap, off / PAGE_SIZE, n == PAGE_SIZE, &page);

		if (err)
			return err;
		memcpy(page + off % PAGE_SIZE, p, n);
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

/* It is as safe as it will ever be. */
static int snapshot_flush(struct disk *disk)
{
	(void)disk;
	return 0;
}

static void snapshot_close(struct disk *disk)
{
	struct disk_snapshot *snap = (struct disk_snapshot *)disk;

	for (size_t i = 0; i < snap->nr_slots; i++)
		free(snap->page[i]);
	free(snap->key);
	free(snap->page);
	disk_close(snap->below);
	free(snap);
}

static const struct disk_ops snapshot_ops = {
	.name = "snapshot",
	.read = snapshot_read,
	.write = snapshot_write,
	.flush = snapshot_flush,
	.close = snapshot_close,
};

struct disk *disk_snapshot_create(struct disk *below, bool read_only)
{
	struct disk_snapshot *snap = calloc(1, sizeof(*snap));

	if (!snap)
		return NULL;
	if (grow(snap)) {
		free(snap);
		return NULL;
	}
	snap->disk.ops = &snapshot_ops;
	snap->disk.size_bytes = below->size_bytes;
	snap->disk.read_only = read_only;
	snap->below = below;
	return &snap->disk;
}
