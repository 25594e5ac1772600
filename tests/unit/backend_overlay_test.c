/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1011
 * The overlay over a disk and in a store that are both memory, so that the power can be cut: what was
 * written since the last sync is then there or not, sector by sector as chance has it.  After each
 * cut the disk is opened again, and every sector holds what was last flushed, or something written
 * since; a sector that nobody wrote to holds what it always held.  The rest is about real files, and
 * about files that lie.
:*/
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "backend/disk_overlay.h"

#define SECTORS	  601u /* the last page is a short one */
#define BYTES	  (SECTORS * 512u)
#define STORE_MAX (2u * PAGE_SIZE + BYTES + PAGE_SIZE)

/* --- memory that can lose power -------------------------------------------------------------------- */

struct medium {
	uint8_t now[STORE_MAX],
		safe[STORE_MAX]; /* as the program sees it; as the power cut leaves it */
	uint64_t size_now, size_safe;
	unsigned writes_left; /* then the power goes: everything fails from there on */
	bool dead;
};

static struct medium store, base;
static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * below >> 28);
}

static int medium_read(void *ctx, uint64_t off, void *to, uint32_t len)
{
	const struct medium *m = ctx;

	if (m->dead || off + len > m->size_now)
		return -EIO;
	memcpy(to, m->now + off, len);
	return 0;
}

static int medium_write(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	struct medium *m = ctx;

	ck_assert_uint_le(off + len, STORE_MAX);
	if (m->dead || !m->writes_left) {
		m->dead = true;
		return -EIO;
	}
	m->writes_left--;
	memcpy(m->now + off, from, len);
	if (off + len > m->size_now)
		m->size_now = off + len;
	return 0;
}

static int medium_sync(void *ctx)
{
	struct medium *m = ctx;

	if (m->dead || !m->writes_left) {
		m->dead = true;
		return -EIO;
	}
	m->writes_left--;
	memcpy(m->safe, m->now, sizeof(m->safe));
	m->size_safe = m->size_now;
	return 0;
}

static int medium_empty(void *ctx)
{
	struct medium *m = ctx;

	memset(m->now, 0, sizeof(m->now));
	m->size_now = 0;
	return 0;
}

static void medium_close(void *ctx)
{
	(void)ctx;
}

/* Any of the sectors that were written since the last sync may have made it. */
static void power_cut(struct medium *m)
{
	/* To empty a file is one act, done or not. */
	if (!m->size_now && rnd(2))
		memcpy(m->now, m->safe, sizeof(m->now)), m->size_now = m->size_safe;
	for (uint32_t at = 0; at < STORE_MAX; at += 512)
		if (rnd(2))
			memcpy(m->safe + at, m->now + at, 512);
	if (m->size_now > m->size_safe && rnd(4))
		m->size_safe = m->size_now;
	memcpy(m->now, m->safe, sizeof(m->now));
	m->size_now = m->size_safe;
	m->dead = false;
	m->writes_left = UINT32_MAX;
}

static int base_read(struct disk *d, uint64_t off, void *to, uint32_t len)
{
	(void)d;
	return medium_read(&base, off, to, len);
}

static int base_write(struct disk *d, uint64_t off, const void *from, uint32_t len)
{
	(void)d;
	return medium_write(&base, off, from, len);
}

static int base_flush(struct disk *d)
{
	(void)d;
	return medium_sync(&base);
}

static void base_close(struct disk *d)
{
	(void)d;
}

static const struct disk_ops base_ops = {
	.name = "memory",
	.read = base_read,
	.write = base_write,
	.flush = base_flush,
	.close = base_close,
};

static struct disk below = {.ops = &base_ops, .size_bytes = BYTES};
static struct disk *disk;
static const char *clause;

static void fresh(void)
{
	memset(&store, 0, sizeof(store));
	memset(&base, 0, sizeof(base));
	store.writes_left = base.writes_left = UINT32_MAX;
	for (uint32_t i = 0; i < BYTES; i++)
		base.now[i] = base.safe[i] = (uint8_t)(i / 512 * 7);
	base.size_now = base.size_safe = BYTES;
	below.flush_error = 0;
	below.size_bytes = BYTES;
	disk = NULL;
	seed = 1;
}

static struct overlay_store the_store(void)
{
	return (struct overlay_store){&store,	   store.size_now, medium_read, medium_write,
				      medium_sync, medium_empty,   medium_close};
}

static int open_overlay(bool read_only)
{
	const struct overlay_store s = the_store();

	clause = NULL;
	return overlay_open(&s, &below, read_only, &disk, &clause);
}

static int commit(struct overlay_info *info)
{
	const struct overlay_store s = the_store();

	return overlay_commit(&s, &below, info, &clause);
}

/* --- it is a disk ------------------------------------------------------------------------------------ */

/* Against a copy of what it ought to hold, opened anew now and then, and committed at the end. */
START_TEST(keeps_what_was_written)
{
	static uint8_t model[BYTES], buf[20000];
	struct overlay_info info;

	memcpy(model, base.now, BYTES);
	ck_assert_int_eq(open_overlay(false), 0);
	for (unsigned i = 0; i < 4000; i++) {
		uint32_t len = rnd(2) ? PAGE_SIZE : rnd(sizeof(buf)) + 1,
			 off = rnd(BYTES - len + 1);

		if (rnd(4) == 0)
			off -= off % PAGE_SIZE;
		if (rnd(16) == 0)
			off = BYTES - len;
		if (rnd(2)) {
			memset(buf, (int)i, len);
			memset(model + off, (int)i, len);
			ck_assert_int_eq(disk_write(disk, off, buf, len), 0);
		} else {
			ck_assert_int_eq(disk_read(disk, off, buf, len), 0);
			ck_assert_mem_eq(buf, model + off, len);
		}
		if (rnd(200) == 0) {
			ck_assert_int_eq(disk_flush(disk), 0);
			disk_close(disk);
			ck_assert_int_eq(open_overlay(false), 0);
		}
	}
	ck_assert_int_eq(disk_flush(disk), 0);
	disk_close(disk);
	ck_assert_int_eq(memcmp(base.now, base.safe, BYTES), 0);
	ck_assert_int_eq(commit(&info), 0);
	ck_assert_uint_le(info.changed_bytes, BYTES);
	ck_assert_mem_eq(base.safe, model, BYTES);
	ck_assert_uint_eq(store.size_safe, 0);
}
END_TEST

START_TEST(nothing_written_nothing_kept)
{
	struct overlay_info info;

	ck_assert_int_eq(open_overlay(false), 0);
	ck_assert_int_eq(disk_flush(disk), 0);
	disk_close(disk);
	ck_assert_int_eq(commit(&info), 0);
	ck_assert_uint_eq(info.changed_bytes, 0);
}
END_TEST

START_TEST(only_changes_take_room)
{
	uint8_t sector[512] = {1};
	struct overlay_info info;

	ck_assert_int_eq(open_overlay(false), 0);
	ck_assert_int_eq(disk_write(disk, BYTES - 512, sector, 512), 0);
	ck_assert_int_eq(disk_write(disk, 5 * 512, sector, 512), 0);
	ck_assert_int_eq(disk_flush(disk), 0);
	disk_close(disk);
	ck_assert_int_eq(commit(&info), 0);
	ck_assert_uint_eq(info.changed_bytes, PAGE_SIZE + BYTES % PAGE_SIZE);
}
END_TEST

START_TEST(read_only_writes_nothing)
{
	uint8_t sector[512];
	struct medium before;

	ck_assert_int_eq(open_overlay(true), -ENODATA);
	ck_assert_str_eq(clause, "is empty");
	ck_assert_int_eq(open_overlay(false), 0);
	disk_close(disk);
	before = store;
	ck_assert_int_eq(open_overlay(true), 0);
	ck_assert_int_eq(disk_read(disk, 512, sector, 512), 0);
	ck_assert_int_eq(disk_write(disk, 512, sector, 512), -EROFS);
	disk_close(disk);
	ck_assert_int_eq(memcmp(&before, &store, sizeof(store)), 0);
}
END_TEST

/* --- the power goes ---------------------------------------------------------------------------------- */

/* What each sector may hold: its flushed number, or any later one.  Numbers are 16 bits here. */
static uint16_t flushed[SECTORS], latest[SECTORS];

static uint16_t number_in(const uint8_t *sector)
{
	/* All halfwords are equal: nothing of another sector is in it. */
	ck_assert_int_eq(memcmp(sector, sector + 2, 510), 0);
	return (uint16_t)(sector[0] | sector[1] << 8);
}

static void number_out(uint8_t *sector, uint16_t n)
{
	for (unsigned i = 0; i < 512; i += 2) {
		sector[i] = (uint8_t)n;
		sector[i + 1] = (uint8_t)(n >> 8);
	}
}

/* Write and flush until the power goes. */
static void work(uint16_t *next)
{
	uint8_t buf[40 * 512];

	for (;;) {
		uint32_t n = rnd(40) + 1, sector = rnd(SECTORS - n + 1);

		if (rnd(5) == 0) {
			if (disk_flush(disk))
				return;
			memcpy(flushed, latest, sizeof(flushed));
			continue;
		}
		++*next;
		for (uint32_t i = 0; i < n; i++) {
			number_out(buf + i * 512, *next);
			latest[sector + i] = *next;
		}
		if (disk_write(disk, sector * 512, buf, n * 512))
			return;
	}
}

START_TEST(power_cuts)
{
	uint8_t sector[512];
	uint16_t next = 0;

	for (uint32_t i = 0; i < SECTORS; i++)
		number_out(base.now + i * 512, 0);
	for (unsigned cut = 0; cut < 300; cut++) {
		ck_assert_int_eq(open_overlay(false), 0);
		for (uint32_t i = 0; i < SECTORS; i++) {
			uint16_t n;

			ck_assert_int_eq(disk_read(disk, i * 512, sector, 512), 0);
			n = number_in(sector);
			if (n < flushed[i] || n > latest[i])
				ck_abort_msg("sector %u: %u, not %u to %u", i, n, flushed[i],
					     latest[i]);
			flushed[i] = latest[i] = n;
		}
		/* What was seen after a cut is as good as flushed only once it is. */
		store.writes_left = UINT32_MAX;
		ck_assert_int_eq(disk_flush(disk), 0);
		store.writes_left = 1 + rnd(60);
		work(&next);
		disk_close(disk);
		power_cut(&store);
	}
	ck_assert_int_eq(memcmp(base.now, base.safe, 2), 0);
}
END_TEST

/* Wherever a commit is interrupted, by either side, the disk has the changes after a second one. */
START_TEST(commit_interrupted)
{
	static uint8_t model[BYTES], buf[3000];

	for (unsigned at = 0; at < 40; at++) {
		struct overlay_info info;

		fresh();
		seed = at;
		memcpy(model, base.now, BYTES);
		ck_assert_int_eq(open_overlay(false), 0);
		for (unsigned i = 0; i < 30; i++) {
			uint32_t off = rnd(BYTES - sizeof(buf));

			memset(buf, (int)rnd(256), sizeof(buf));
			memcpy(model + off, buf, sizeof(buf));
			ck_assert_int_eq(disk_write(disk, off, buf, sizeof(buf)), 0);
		}
		ck_assert_int_eq(disk_flush(disk), 0);
		disk_close(disk);
		if (at % 2)
			base.writes_left = at / 2;
		else
			store.writes_left = at / 2;
		if (commit(&info)) {
			power_cut(&base);
			power_cut(&store);
			below.flush_error = 0;
			if (open_overlay(false))
				ck_assert_str_eq(clause, "was being committed when that was "
							 "interrupted: commit it again");
			else
				disk_close(disk);
			if (store.size_now)
				ck_assert_int_eq(commit(&info), 0);
		}
		ck_assert_mem_eq(base.safe, model, BYTES);
		ck_assert_uint_eq(store.size_safe, 0);
	}
}
END_TEST

/* --- the right disk ---------------------------------------------------------------------------------- */

static char dir[64], image[96], changes[96], copy[96];
static char why[DISK_WHY_BYTES];

static void files(void)
{
	FILE *f;

	strcpy(dir, "/tmp/lgemu-overlay.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(changes, sizeof(changes), "%s/changes", dir);
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	f = fopen(image, "w");
	ck_assert_ptr_nonnull(f);
	for (unsigned i = 0; i < 100000 / 512 * 512; i++)
		fputc((int)(i / 512), f);
	ck_assert_int_eq(fclose(f), 0);
	disk = NULL;
}

static void no_files(void)
{
	unlink(image);
	unlink(changes);
	unlink(copy);
	rmdir(dir);
}

static int open_files(unsigned flags)
{
	return disk_open(&(struct disk_spec){image, changes, flags}, &disk, why);
}

static void write_number(uint8_t n)
{
	uint8_t sector[512];

	memset(sector, n, sizeof(sector));
	ck_assert_int_eq(disk_write(disk, 7 * 512, sector, sizeof(sector)), 0);
	ck_assert_int_eq(disk_flush(disk), 0);
}

static uint8_t read_number(void)
{
	uint8_t sector[512];

	ck_assert_int_eq(disk_read(disk, 7 * 512, sector, sizeof(sector)), 0);
	return sector[0];
}

static void close_files(void)
{
	disk_close(disk);
	disk = NULL;
}

static void refused(unsigned flags, int err, const char *what, const char *path, const char *reason)
{
	char sentence[300];

	snprintf(sentence, sizeof(sentence), "the %s %s %s", what, path, reason);
	ck_assert_int_eq(open_files(flags), err);
	ck_assert_str_eq(why, sentence);
}

START_TEST(life_of_an_overlay)
{
	struct overlay_info info;
	struct stat st;

	ck_assert_int_eq(chmod(image, 0444), 0);
	ck_assert_int_eq(open_files(0), 0);
	write_number(0xaa);
	refused(0, -EBUSY, "overlay", changes, "is in use by another disk or another run");
	close_files();
	ck_assert_int_eq(open_files(0), 0);
	ck_assert_uint_eq(read_number(), 0xaa);
	close_files();
	/* A snapshot over it, and it alone, for reading. */
	ck_assert_int_eq(open_files(DISK_SNAPSHOT), 0);
	write_number(0xbb);
	ck_assert_uint_eq(read_number(), 0xbb);
	close_files();
	ck_assert_int_eq(open_files(DISK_READ_ONLY), 0);
	ck_assert_uint_eq(read_number(), 0xaa);
	close_files();
	ck_assert_int_eq(disk_overlay_info(changes, &info, why), 0);
	ck_assert_uint_eq(info.changed_bytes, PAGE_SIZE);
	ck_assert_uint_eq(info.size_bytes, 100000 / 512 * 512);
	ck_assert(!info.committing);

	ck_assert_int_eq(chmod(image, 0644), 0);
	ck_assert_int_eq(disk_overlay_commit(image, changes, &info, why), 0);
	ck_assert_int_eq(stat(changes, &st), 0);
	ck_assert_int_eq((int)st.st_size, 0);
	ck_assert_int_eq(disk_open(&(struct disk_spec){.path = image}, &disk, why), 0);
	ck_assert_uint_eq(read_number(), 0xaa);
	close_files();
	/* And empty as it is, it can be used again. */
	ck_assert_int_eq(open_files(0), 0);
	ck_assert_uint_eq(read_number(), 0xaa);
	close_files();
}
END_TEST

START_TEST(knows_its_disk)
{
	static const char changed[] =
		"belongs to another disk, or its disk was written to without it";
	char command[600];

	ck_assert_int_eq(open_files(0), 0);
	write_number(1);
	close_files();
	/* A copy is as good; so is a touched one. */
	snprintf(command, sizeof(command), "cp %s %s && mv %s %s && touch -d 2001-01-01 %s", image,
		 copy, copy, image, image);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(open_files(0), 0);
	ck_assert_uint_eq(read_number(), 1);
	close_files();
	ck_assert_int_eq(disk_open(&(struct disk_spec){.path = image}, &disk, why), 0);
	write_number(2);
	close_files();
	refused(0, -EINVAL, "overlay", changes, changed);
	refused(DISK_READ_ONLY, -EINVAL, "overlay", changes, changed);
	ck_assert_int_eq(truncate(image, 4096), 0);
	refused(0, -EINVAL, "overlay", changes, "belongs to a disk of another size");
}
END_TEST

START_TEST(does_not_take_any_file)
{
	int fd;

	refused(DISK_READ_ONLY, -ENOENT, "overlay", changes, "cannot be opened");
	strcpy(changes, image);
	refused(0, -EBUSY, "overlay", image, "is in use by another disk or another run");
	snprintf(changes, sizeof(changes), "%s/changes", dir);
	fd = open(changes, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq((int)write(fd, "precious", 8), 8);
	close(fd);
	refused(0, -EINVAL, "overlay", changes, "is not an overlay of lgemu");
	ck_assert_int_eq(truncate(changes, 65536), 0);
	refused(0, -EINVAL, "overlay", changes, "is not an overlay of lgemu");
}
END_TEST

/* --- files that lie ---------------------------------------------------------------------------------- */

static struct overlay_header *header;

static void a_good_one(void)
{
	uint8_t sector[512] = {9};

	fresh();
	ck_assert_int_eq(open_overlay(false), 0);
	ck_assert_int_eq(disk_write(disk, BYTES - 512, sector, 512), 0);
	ck_assert_int_eq(disk_flush(disk), 0);
	disk_close(disk);
	disk = NULL;
	header = (struct overlay_header *)store.now;
}

/* With the right sum: only what it says is wrong. */
static void says(const char *text)
{
	header->crc = le32((uint32_t)crc32(0, store.now, 508));
	ck_assert_int_eq(open_overlay(false), -EINVAL);
	ck_assert_ptr_null(disk);
	ck_assert_str_eq(clause, text);
	a_good_one();
}

START_TEST(header_that_lies)
{
	static const char version[] = "is of another version of lgemu",
			  no_size[] = "says that its disk has a size that no disk can have",
			  other_size[] = "belongs to a disk of another size",
			  short_file[] = "is cut short";

	a_good_one();
	for (unsigned i = 8; i < 512; i++) {
		store.now[i] ^= 1;
		ck_assert_int_eq(open_overlay(false), -EINVAL);
		ck_assert_str_eq(clause, "has a damaged header");
		store.now[i] ^= 1;
	}
	header->version = le32(2);
	says(version);
	header->page_bytes = le32(0);
	says(version);
	header->page_bytes = le32(65536);
	says(version);
	header->state = le32(2);
	says(version);
	header->size_bytes = le64(0);
	says(no_size);
	header->size_bytes = le64(511);
	says(no_size);
	header->size_bytes = le64(0xfffffffffffffe00);
	says(no_size);
	header->size_bytes = le64(1ull << 40);
	says(short_file);
	header->size_bytes = le64(BYTES + 4096);
	says(short_file);
	below.size_bytes = BYTES - 512;
	says(other_size);
	header->size_bytes = le64(512);
	says("has a map of more pages than the disk has");
	header->below_crc = le32(1);
	says("belongs to another disk, or its disk was written to without it");
}
END_TEST

START_TEST(map_that_lies)
{
	a_good_one();
	store.now[PAGE_SIZE + 4095] = 0x80;
	says("has a map of more pages than the disk has");
	store.now[PAGE_SIZE + 9] |= 0x08; /* page 75 is the last */
	ck_assert_int_eq(open_overlay(false), 0);
	disk_close(disk);
	disk = NULL;
	store.now[PAGE_SIZE + 9] |= 0x10;
	says("has a map of more pages than the disk has");
}
END_TEST

START_TEST(cut_short)
{
	static const uint64_t sizes[] = {1, 511, 512, 4096, 8191, 8192, 2 * PAGE_SIZE + BYTES - 1};

	a_good_one();
	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		store.size_now = sizes[i];
		ck_assert_int_eq(open_overlay(false), -EINVAL);
		ck_assert_str_eq(clause,
				 sizes[i] < 512 ? "is not an overlay of lgemu" : "is cut short");
		a_good_one();
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("overlay");
	TCase *c = tcase_create("overlay"), *real = tcase_create("files"),
	      *bad = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, fresh, NULL);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	tcase_add_test(c, keeps_what_was_written);
	tcase_add_test(c, nothing_written_nothing_kept);
	tcase_add_test(c, only_changes_take_room);
	tcase_add_test(c, read_only_writes_nothing);
	tcase_add_test(c, power_cuts);
	tcase_add_test(c, commit_interrupted);
	tcase_add_checked_fixture(real, files, no_files);
	suite_add_tcase(s, real);
	tcase_add_test(real, life_of_an_overlay);
	tcase_add_test(real, knows_its_disk);
	tcase_add_test(real, does_not_take_any_file);
	tcase_add_checked_fixture(bad, fresh, NULL);
	suite_add_tcase(s, bad);
	tcase_add_test(bad, header_that_lies);
	tcase_add_test(bad, map_that_lies);
	tcase_add_test(bad, cut_short);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
