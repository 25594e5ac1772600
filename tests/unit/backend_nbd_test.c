/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1013
 * A disk on a server.  The server is in here, as small as the protocol allows: a child with 64 kB of
 * memory and a mood, which says what it offers and where it fails.
:*/
#define _GNU_SOURCE
#include <check.h>
#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/disk.h"

#define BYTES 65536u

/* What the child's side has seen, and what it is like.  Shared with it. */
struct server {
	uint64_t size;
	uint16_t flags; /* of the export: 1 always, 2 read only, 4 can flush */
	unsigned fail;	/* errno of the next request that fails */
	unsigned die_at;
	unsigned nr[4]; /* reads, writes, goodbyes, flushes */
	char name[32];
	uint8_t memory[BYTES];
};

static struct server *server;
static struct disk *disk;
static char dir[64], path[96], word[200], why[DISK_WHY_BYTES];
static pid_t child;

static bool get(int fd, void *to, size_t n)
{
	return !n || recv(fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

static void put(int fd, const void *from, size_t n)
{
	if (send(fd, from, n, MSG_NOSIGNAL) != (ssize_t)n)
		_exit(1);
}

static void put_option(int fd, uint32_t option, uint32_t type, const void *data, uint32_t n)
{
	struct __attribute__((packed)) {
		uint64_t magic;
		uint32_t option, type, n;
	} head = {htobe64(0x3e889045565a9), option, htobe32(type), htobe32(n)};

	put(fd, &head, sizeof(head));
	put(fd, data, n);
}

/* GO is granted; whatever else is asked for is unknown here. */
static void haggle(int fd)
{
	struct __attribute__((packed)) {
		uint64_t magic[2];
		uint16_t flags;
	} hello = {{htobe64(0x4e42444d41474943), htobe64(0x49484156454f5054)}, htobe16(3)};
	struct __attribute__((packed)) {
		uint16_t type;
		uint64_t size;
		uint16_t flags;
	} info = {0, htobe64(server->size), htobe16(server->flags)};
	struct __attribute__((packed)) {
		uint64_t magic;
		uint32_t option, n;
	} ask;
	uint32_t client, n;
	char data[256] = {0};

	put(fd, &hello, sizeof(hello));
	if (!get(fd, &client, 4))
		_exit(1);
	for (;;) {
		if (!get(fd, &ask, sizeof(ask)) || be32toh(ask.n) > sizeof(data) ||
		    !get(fd, data, be32toh(ask.n)))
			_exit(1);
		if (be32toh(ask.option) == 7)
			break;
		put_option(fd, ask.option, 0x80000001, NULL, 0);
	}
	memcpy(&n, data, 4);
	snprintf(server->name, sizeof(server->name), "%.*s", (int)be32toh(n), data + 4);
	put_option(fd, ask.option, 3, &info, sizeof(info));
	put_option(fd, ask.option, 1, NULL, 0);
}

static void serve(int fd)
{
	static uint8_t buf[BYTES];
	struct __attribute__((packed)) {
		uint32_t magic;
		uint16_t flags, type;
		uint64_t cookie, off;
		uint32_t n;
	} ask;
	struct __attribute__((packed)) {
		uint32_t magic, error;
		uint64_t cookie;
	} answer = {.magic = htobe32(0x67446698)};

	for (unsigned nr = 1; get(fd, &ask, sizeof(ask)); nr++) {
		const uint32_t n = be32toh(ask.n);
		const uint64_t off = be64toh(ask.off);
		const uint16_t type = be16toh(ask.type);
		uint32_t fail;

		if (type == 2 || nr == server->die_at)
			_exit(0);
		if ((type < 2 && off + n > BYTES) || (type == 1 && !get(fd, buf, n)))
			_exit(1);
		/* All this before the answer: who has it looks, and asks for the next failure. */
		fail = server->fail;
		server->fail = 0;
		server->nr[type & 3]++;
		answer.error = htobe32(fail);
		answer.cookie = ask.cookie;
		if (type == 1 && !fail)
			memcpy(server->memory + off, buf, n);
		put(fd, &answer, sizeof(answer));
		if (type == 0 && !fail)
			put(fd, server->memory + off, n);
	}
}

static void start_server(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		alarm(30);
		fd = accept(fd, NULL, NULL);
		haggle(fd);
		serve(fd);
		_exit(0);
	}
	close(fd);
}

static void setup(void)
{
	strcpy(dir, "/tmp/lgemu-nbd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(word, sizeof(word), "nbd:unix:%s", path);
	server = mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(server, MAP_FAILED);
	server->size = BYTES;
	server->flags = 1 | 4;
	disk = NULL;
	child = 0;
}

static void teardown(void)
{
	disk_close(disk);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	unlink(path);
	rmdir(dir);
}

static int open_it(unsigned flags)
{
	return disk_open(&(struct disk_spec){.path = word, .flags = flags}, &disk, why);
}

static void refused(unsigned flags, int err, const char *text)
{
	start_server();
	ck_assert_int_eq(open_it(flags), err);
	ck_assert_ptr_null(disk);
	ck_assert_msg(strstr(why, text) && strstr(why, word), "%s", why);
	waitpid(child, NULL, 0);
	child = 0;
	unlink(path);
}

START_TEST(reads_writes_and_flushes)
{
	uint8_t buf[2048];

	start_server();
	ck_assert_msg(!open_it(0), "%s", why);
	ck_assert_uint_eq(disk->size_bytes, BYTES);
	ck_assert_str_eq(server->name, "");
	memset(buf, 0xaa, sizeof(buf));
	ck_assert_int_eq(disk_write(disk, BYTES - 2048, buf, 2048), 0);
	ck_assert_int_eq(disk_write(disk, BYTES - 2048, buf, 4096), -EINVAL);
	ck_assert_int_eq(disk_flush(disk), 0);
	ck_assert_uint_eq(server->nr[1], 1);
	ck_assert_uint_eq(server->nr[3], 1);
	ck_assert_uint_eq(server->memory[BYTES - 1], 0xaa);
	ck_assert_uint_eq(server->memory[BYTES - 2049], 0);
	server->memory[5] = 0xbb;
	ck_assert_int_eq(disk_read(disk, 0, buf, 512), 0);
	ck_assert_uint_eq(buf[5], 0xbb);
}
END_TEST

START_TEST(ways_to_say_it)
{
	start_server();
	snprintf(word, sizeof(word), "nbd:unix:%s:exportname=a disk", path);
	ck_assert_msg(!open_it(0), "%s", why);
	ck_assert_str_eq(server->name, "a disk");
	disk_close(disk);
	disk = NULL;
	waitpid(child, NULL, 0);
	unlink(path);
	start_server();
	snprintf(word, sizeof(word), "nbd+unix:///other?socket=%s", path);
	ck_assert_msg(!open_it(0), "%s", why);
	ck_assert_str_eq(server->name, "other");
}
END_TEST

START_TEST(errors_come_through)
{
	uint8_t buf[512] = {0};

	start_server();
	ck_assert_msg(!open_it(0), "%s", why);
	server->fail = 28; /* the protocol's number of it */
	ck_assert_int_eq(disk_write(disk, 0, buf, 512), -ENOSPC);
	server->fail = 5;
	ck_assert_int_eq(disk_read(disk, 0, buf, 512), -EIO);
	ck_assert_int_eq(disk_read(disk, 0, buf, 512), 0);
	server->fail = 5;
	ck_assert_int_eq(disk_flush(disk), -EIO);
	ck_assert_int_eq(disk_flush(disk), -EIO); /* never again */
}
END_TEST

START_TEST(server_goes_away)
{
	uint8_t buf[512] = {0};

	server->die_at = 2;
	start_server();
	ck_assert_msg(!open_it(0), "%s", why);
	ck_assert_int_eq(disk_write(disk, 0, buf, 512), 0);
	ck_assert_int_lt(disk_write(disk, 0, buf, 512), 0);
	ck_assert_int_lt(disk_read(disk, 0, buf, 512), 0);
	ck_assert_int_lt(disk_flush(disk), 0);
}
END_TEST

START_TEST(layers_above_it)
{
	uint8_t buf[512] = {7};
	char changes[96];

	server->flags = 1 | 2;
	start_server();
	ck_assert_msg(!open_it(DISK_SNAPSHOT), "%s", why);
	ck_assert_int_eq(disk_write(disk, 512, buf, 512), 0);
	disk_close(disk);
	disk = NULL;
	waitpid(child, NULL, 0);
	unlink(path);

	snprintf(changes, sizeof(changes), "%s/changes", dir);
	for (unsigned i = 0; i < 2; i++) {
		start_server();
		ck_assert_int_eq(disk_open(&(struct disk_spec){word, changes, 0}, &disk, why), 0);
		ck_assert_int_eq(disk_read(disk, 512, buf, 512), 0);
		ck_assert_uint_eq(buf[0], i ? 9 : 0);
		buf[0] = 9;
		ck_assert_int_eq(disk_write(disk, 512, buf, 512), 0);
		ck_assert_int_eq(disk_flush(disk), 0);
		disk_close(disk);
		disk = NULL;
		waitpid(child, NULL, 0);
		unlink(path);
	}
	child = 0;
	unlink(changes);
	ck_assert_uint_eq(server->nr[1], 0);
}
END_TEST

START_TEST(refuses)
{
	ck_assert_int_eq(open_it(0), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "cannot be reached"));
	strcpy(word, "nbd:nonsense");
	ck_assert_int_lt(open_it(0), 0);
	ck_assert_ptr_nonnull(strstr(why, "the disk nbd:nonsense cannot be reached"));
	snprintf(word, sizeof(word), "nbd:unix:%s", path);
	server->flags = 1 | 2;
	refused(0, -EINVAL, "can only be read there");
	server->flags = 1;
	refused(0, -EINVAL, "cannot be flushed there");
	server->size = 513;
	refused(DISK_READ_ONLY, -EINVAL, "whole number of 512-byte sectors");
	server->size = 0;
	refused(DISK_READ_ONLY, -EINVAL, "is empty");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nbd");
	TCase *c = tcase_create("nbd");
	SRunner *runner = srunner_create(s);
	struct disk *d;
	int failed;

	if (disk_open(&(struct disk_spec){.path = "nbd:unix:"}, &d, why) == -ENOSYS)
		return 77;
	tcase_add_checked_fixture(c, setup, teardown);
	suite_add_tcase(s, c);
	tcase_add_test(c, reads_writes_and_flushes);
	tcase_add_test(c, ways_to_say_it);
	tcase_add_test(c, errors_come_through);
	tcase_add_test(c, server_goes_away);
	tcase_add_test(c, layers_above_it);
	tcase_add_test(c, refuses);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
