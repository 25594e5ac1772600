/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:660
 * What can be done with an overlay between two runs: look at it, and commit it.
 *
 * It refuses to begin what could not be finished: a commit that is interrupted anywhere leaves an
 * overlay that says so, and committing again finishes it.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_overlay.h"

#define COPY_PAGES 256u /* at once */

static void describe(const struct overlay *ov, struct overlay_info *info)
{
	const uint64_t size = le64_get(ov->header.size_bytes);

	memset(info, 0, sizeof(*info));
	info->size_bytes = size;
	info->committing = le32_get(ov->header.state) == OVERLAY_COMMITTING;
	for (uint64_t page = 0; page < ov->nr_pages; page++)
		if (overlay_has(ov, page))
			info->changed_bytes += size - page * PAGE_SIZE < PAGE_SIZE
						       ? size - page * PAGE_SIZE
						       : PAGE_SIZE;
}

/* The run of pages that begins at `page`, all of them here; 0 if that one is not. */
static unsigned run_at(const struct overlay *ov, uint64_t page)
{
	unsigned n = 0;

	while (n < COPY_PAGES && page + n < ov->nr_pages && overlay_has(ov, page + n))
		n++;
	return n;
}

static int copy_down(struct overlay *ov, struct disk *below)
{
	uint8_t *buf = malloc((size_t)COPY_PAGES * PAGE_SIZE);
	unsigned run;
	int err = buf ? 0 : -ENOMEM;

	for (uint64_t page = 0; page < ov->nr_pages && !err; page += run ? run : 1) {
		const uint64_t off = page * PAGE_SIZE;
		uint32_t n;

		run = run_at(ov, page);
		n = run * PAGE_SIZE;
		if (n > below->size_bytes - off)
			n = (uint32_t)(below->size_bytes - off);
		if (n)
			err = ov->store.read(ov->store.ctx, ov->data_off + off, buf, n);
		if (n && !err)
			err = disk_write(below, off, buf, n);
	}
	free(buf);
	return err;
}

/*D:687
 * The order of a commit.  First the overlay says that it is being committed, because from the first page
 * on the disk below is no longer the one it was made over.  Then the pages; then they are made safe;
 * then the overlay is emptied.  Wherever the power goes, what is in the overlay is still right.
 */
static int commit(struct overlay *ov, struct disk *below, const char **clause)
{
	int err = 0;

	*clause = "belongs to a disk of another size";
	if (le64_get(ov->header.size_bytes) != below->size_bytes)
		return -EINVAL;
	if (le32_get(ov->header.state) != OVERLAY_COMMITTING)
		err = overlay_check_below(ov, below, clause);
	if (err)
		return err;
	*clause = "cannot be written";
	err = overlay_write_header(ov, OVERLAY_COMMITTING);
	if (err)
		return err;
	*clause =
		"could not be committed as a whole: mend what is wrong with its disk and commit again";
	err = copy_down(ov, below);
	if (!err)
		err = disk_flush(below);
	if (err)
		return err;
	*clause = "is committed but cannot be emptied: remove it";
	err = ov->store.empty(ov->store.ctx);
	return err ? err : ov->store.sync(ov->store.ctx);
}
/*:*/

int overlay_commit(const struct overlay_store *store, struct disk *below, struct overlay_info *info,
		   const char **clause)
{
	struct overlay ov = {.below = NULL};
	int err = overlay_load(&ov, store, clause);

	if (!err) {
		describe(&ov, info);
		err = commit(&ov, below, clause);
	}
	overlay_free(&ov);
	return err;
}

int disk_overlay_commit(const char *disk, const char *path, struct overlay_info *info,
			char why[DISK_WHY_BYTES])
{
	struct overlay_store store;
	const char *clause;
	struct disk *below;
	int err;

	err = disk_open(&(struct disk_spec){.path = disk}, &below, why);
	if (err)
		return err;
	err = overlay_open_store(path, DISK_FILE_WRITE, &store, &clause);
	if (!err)
		err = overlay_commit(&store, below, info, &clause);
	disk_close(below);
	return err ? disk_refuse(why, err, "overlay", path, clause) : 0;
}

int disk_overlay_info(const char *path, struct overlay_info *info, char why[DISK_WHY_BYTES])
{
	struct overlay ov = {.below = NULL};
	struct overlay_store store;
	const char *clause;
	int err;

	err = overlay_open_store(path, DISK_FILE_READ, &store, &clause);
	if (err)
		return disk_refuse(why, err, "overlay", path, clause);
	err = overlay_load(&ov, &store, &clause);
	if (!err)
		describe(&ov, info);
	overlay_free(&ov);
	return err ? disk_refuse(why, err, "overlay", path, clause) : 0;
}
