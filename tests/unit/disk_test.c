/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:974
 * Disk images, on real files in a directory of their own.
:*/
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/disk.h"

static char dir[64], path[96];
static struct disk *disk;
static char why[DISK_WHY_BYTES];

static void make_image(size_t bytes)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	for (size_t i = 0; i < bytes; i++)
		fputc((int)(i / 512 & 0xff), f);
	ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
	strcpy(dir, "/tmp/lgemu-disk.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/image", dir);
	disk = NULL;
	why[0] = 0;
}

static void teardown(void)
{
	disk_close(disk);
	unlink(path);
	rmdir(dir);
}

static int open_it(unsigned flags, struct disk **d)
{
	return disk_open(&(struct disk_spec){.path = path, .flags = flags}, d, why);
}

static uint8_t byte_of_file(off_t at)
{
	int fd = open(path, O_RDONLY);
	uint8_t b = 0xee;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)pread(fd, &b, 1, at), 1);
	close(fd);
	return b;
}

static off_t size_of_file(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

START_TEST(raw_reads_and_writes)
{
	uint8_t buf[1024];

	make_image(4096);
	ck_assert_int_eq(open_it(0, &disk), 0);
	ck_assert_uint_eq(disk->size_bytes, 4096);
	ck_assert(!disk->read_only);
	ck_assert_int_eq(disk_read(disk, 1024, buf, 1024), 0);
	ck_assert_uint_eq(buf[0], 2);
	ck_assert_uint_eq(buf[1023], 3);
	memset(buf, 0xaa, sizeof(buf));
	ck_assert_int_eq(disk_write(disk, 3072, buf, 1024), 0);
	ck_assert_int_eq(disk_flush(disk), 0);
	ck_assert_uint_eq(byte_of_file(3071), 5);
	ck_assert_uint_eq(byte_of_file(4095), 0xaa);
}
END_TEST

START_TEST(nothing_beyond_the_end)
{
	uint8_t buf[1024] = {0};

	make_image(4096);
	ck_assert_int_eq(open_it(0, &disk), 0);
	ck_assert_int_eq(disk_write(disk, 3584, buf, 1024), -EINVAL);
	ck_assert_int_eq(disk_write(disk, 8192, buf, 512), -EINVAL);
	ck_assert_int_eq(disk_write(disk, ~0ull - 511, buf, 1024), -EINVAL);
	ck_assert_int_eq(disk_read(disk, 4096, buf, 1), -EINVAL);
	ck_assert_int_eq(disk_read(disk, 4096, buf, 0), 0);
	ck_assert_int_eq((int)size_of_file(), 4096);
}
END_TEST

START_TEST(file_cut_short_under_us)
{
	uint8_t buf[512];

	make_image(4096);
	ck_assert_int_eq(open_it(0, &disk), 0);
	ck_assert_int_eq(truncate(path, 1000), 0);
	ck_assert_int_eq(disk_read(disk, 512, buf, 512), -EIO);
}
END_TEST

START_TEST(errors_come_through_exactly)
{
	struct rlimit limit, small;
	uint8_t buf[512] = {0};

	make_image(4096);
	ck_assert_int_eq(open_it(0, &disk), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 1024;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(disk_write(disk, 2048, buf, 512), -EFBIG);
	ck_assert_int_eq(disk_write(disk, 0, buf, 512), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
END_TEST

START_TEST(read_only)
{
	uint8_t buf[512] = {0};

	make_image(512);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(open_it(DISK_READ_ONLY, &disk), 0);
	ck_assert(disk->read_only);
	ck_assert_int_eq(disk_write(disk, 0, buf, 512), -EROFS);
	ck_assert_int_eq(disk_read(disk, 0, buf, 512), 0);
	ck_assert_int_eq(disk_flush(disk), 0);
}
END_TEST

/* Against a copy of what it ought to hold: writes of every shape, the odd page at the end. */
START_TEST(snapshot_remembers_and_the_file_does_not)
{
	enum { BYTES = 512 * 8001 };
	static uint8_t model[BYTES], buf[20000];
	uint32_t random = 1;

	make_image(BYTES);
	ck_assert_int_eq(chmod(path, 0444), 0);
	for (unsigned i = 0; i < BYTES; i++)
		model[i] = (uint8_t)(i / 512);
	ck_assert_int_eq(open_it(DISK_SNAPSHOT, &disk), 0);
	ck_assert(!disk->read_only);
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t off, len;

		random = random * 1664525 + 1013904223;
		len = random >> 8 & 1 ? 4096 : (random >> 9) % sizeof(buf);
		off = (random >> 12) % (BYTES - len + 1);
		if (random >> 31) {
			memset(buf, (int)i, len);
			memset(model + off, (int)i, len);
			ck_assert_int_eq(disk_write(disk, off, buf, len), 0);
		} else {
			ck_assert_int_eq(disk_read(disk, off, buf, len), 0);
			ck_assert_int_eq(memcmp(buf, model + off, len), 0);
		}
	}
	memset(buf, 0x5a, 512);
	ck_assert_int_eq(disk_write(disk, BYTES - 512, buf, 512), 0);
	ck_assert_int_eq(disk_write(disk, BYTES - 511, buf, 512), -EINVAL);
	ck_assert_int_eq(disk_read(disk, BYTES - 1024, buf, 1024), 0);
	ck_assert_uint_eq(buf[1023], 0x5a);
	ck_assert_int_eq(disk_flush(disk), 0);
	for (unsigned i = 0; i < BYTES; i += 4095)
		ck_assert_uint_eq(byte_of_file(i), (uint8_t)(i / 512));
	ck_assert_int_eq((int)size_of_file(), BYTES);
}
END_TEST

START_TEST(snapshot_may_be_read_only)
{
	uint8_t buf[512] = {0};

	make_image(512);
	ck_assert_int_eq(open_it(DISK_SNAPSHOT | DISK_READ_ONLY, &disk), 0);
	ck_assert_int_eq(disk_write(disk, 0, buf, 512), -EROFS);
}
END_TEST

static int broken_flush(struct disk *d)
{
	(void)d;
	return -EIO;
}

static int good_flush(struct disk *d)
{
	(void)d;
	return 0;
}

START_TEST(failed_flush_is_never_forgotten)
{
	struct disk_ops ops = {.flush = broken_flush};
	struct disk d = {.ops = &ops, .size_bytes = 512};

	ck_assert_int_eq(disk_flush(&d), -EIO);
	ops.flush = good_flush;
	ck_assert_int_eq(disk_flush(&d), -EIO);
}
END_TEST

/* --- what is refused --- */

static void refused(unsigned flags, int err, const char *reason)
{
	char sentence[200];

	snprintf(sentence, sizeof(sentence), "the disk %s %s", path, reason);
	ck_assert_int_eq(open_it(flags, &disk), err);
	ck_assert_ptr_null(disk);
	ck_assert_str_eq(why, sentence);
}

START_TEST(refuses_odd_sizes)
{
	make_image(513);
	refused(0, -EINVAL, "is not a whole number of 512-byte sectors");
	refused(DISK_SNAPSHOT, -EINVAL, "is not a whole number of 512-byte sectors");
	make_image(0);
	refused(0, -EINVAL, "is empty");
}
END_TEST

START_TEST(refuses_what_is_no_file)
{
	refused(0, -ENOENT, "cannot be opened for reading and writing");
	refused(DISK_READ_ONLY, -ENOENT, "cannot be opened");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	refused(DISK_READ_ONLY, -EINVAL, "is neither a file nor a block device");
	unlink(path);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	refused(0, -EINVAL, "is neither a file nor a block device");
	unlink(path);
	ck_assert_int_eq(symlink("/tmp", path), 0);
	refused(DISK_READ_ONLY, -EINVAL, "is neither a file nor a block device");
}
END_TEST

START_TEST(refuses_what_it_may_not_write)
{
	make_image(512);
	ck_assert_int_eq(chmod(path, 0444), 0);
	if (geteuid() == 0) /* root may */
		return;
	refused(0, -EACCES, "cannot be opened for reading and writing");
}
END_TEST

START_TEST(refuses_two_writers)
{
	static const char in_use[] = "is in use by another disk or another run";
	struct disk *first = NULL, *second = NULL;

	make_image(512);
	ck_assert_int_eq(open_it(0, &first), 0);
	refused(0, -EBUSY, in_use);
	refused(DISK_READ_ONLY, -EBUSY, in_use);
	refused(DISK_SNAPSHOT, -EBUSY, in_use);
	disk_close(first);
	/* Readers bear each other, and no writer. */
	ck_assert_int_eq(open_it(DISK_READ_ONLY, &first), 0);
	ck_assert_int_eq(open_it(DISK_SNAPSHOT, &second), 0);
	refused(0, -EBUSY, in_use);
	disk_close(first);
	disk_close(second);
	ck_assert_int_eq(open_it(0, &disk), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disk");
	TCase *c = tcase_create("disk"), *bad = tcase_create("refused");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	suite_add_tcase(s, c);
	tcase_add_test(c, raw_reads_and_writes);
	tcase_add_test(c, nothing_beyond_the_end);
	tcase_add_test(c, file_cut_short_under_us);
	tcase_add_test(c, errors_come_through_exactly);
	tcase_add_test(c, read_only);
	tcase_add_test(c, snapshot_remembers_and_the_file_does_not);
	tcase_add_test(c, snapshot_may_be_read_only);
	tcase_add_test(c, failed_flush_is_never_forgotten);
	tcase_add_checked_fixture(bad, setup, teardown);
	suite_add_tcase(s, bad);
	tcase_add_test(bad, refuses_odd_sizes);
	tcase_add_test(bad, refuses_what_is_no_file);
	tcase_add_test(bad, refuses_what_it_may_not_write);
	tcase_add_test(bad, refuses_two_writers);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
