/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1012
 * The far ends of a console, with somebody at each of them; and the filter between a Guest and a
 * terminal.
:*/
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/port.h"
#include "backend/tty_plain.h"

static char dir[64], path[96], word[112], why[PORT_WHY_BYTES];
static struct port *port;
static struct net_poll list;

static void setup(void)
{
	strcpy(dir, "/tmp/lgemu-port.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/end", dir);
	port = NULL;
	memset(&list, 0, sizeof(list));
}

static void teardown(void)
{
	port_close(port);
	net_poll_free(&list);
	unlink(path);
	rmdir(dir);
}

static void open_port(const char *kind)
{
	snprintf(word, sizeof(word), "%s%s", kind, strchr(kind, ':') ? path : "");
	ck_assert_msg(!port_open(word, &port, why), "%s: %s", word, why);
}

static void print(const char *text)
{
	ck_assert_int_eq(port_write(port, (const uint8_t *)text, strlen(text)), 0);
}

/* Wait, as the Launcher does, and take what is typed. */
static const char *typed(bool listen)
{
	static char buf[100];
	size_t n;

	list.nr = 0;
	ck_assert_int_eq(port_poll(port, &list, listen), 0);
	if (list.nr)
		poll(list.fd, list.nr, 50);
	n = port_serve(port, (uint8_t *)buf, listen ? sizeof(buf) - 1 : 0);
	buf[n] = '\0';
	return buf;
}

/* What there is to read within a moment. */
static const char *reads(int fd)
{
	static char buf[100];
	struct pollfd p = {fd, POLLIN, 0};
	ssize_t n;

	poll(&p, 1, 200);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void says(int fd, const char *text)
{
	ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
}

static int call(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

START_TEST(words)
{
	static const char *const wrong[] = {"",	    "tcp:x", "unix:",  "file",
					    "ptyx", "stdio", "null:x", "unix"};

	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_int_eq(port_open(wrong[i], &port, why), -EINVAL);
		ck_assert_str_eq(why, "it is none of stdio, pty, unix:PATH, file:PATH, null");
		ck_assert_ptr_null(port);
	}
}
END_TEST

START_TEST(pty_both_ways)
{
	int fd;

	open_port("pty");
	ck_assert(port_types(port));
	/* Printed before anybody looks, and not sent back as typed. */
	print("first\r\n");
	fd = open(port_name(port), O_RDWR | O_NOCTTY | O_NONBLOCK);
	ck_assert_int_ge(fd, 0);
	ck_assert_str_eq(reads(fd), "first\r\n");
	ck_assert_str_eq(typed(true), "");
	says(fd, "ls\n\x03");
	ck_assert_str_eq(typed(false), "");
	ck_assert_str_eq(typed(true), "ls\n\x03");
	/* He leaves, and comes back. */
	close(fd);
	ck_assert_str_eq(typed(true), "");
	print("second");
	fd = open(port_name(port), O_RDWR | O_NOCTTY | O_NONBLOCK);
	ck_assert_str_eq(reads(fd), "second");
	close(fd);
}
END_TEST

START_TEST(pty_of_nobody_does_not_stop_the_guest)
{
	char text[1001];

	memset(text, 'x', 1000);
	text[1000] = '\0';
	open_port("pty");
	for (unsigned i = 0; i < 1000; i++)
		print(text);
}
END_TEST

START_TEST(unix_one_after_the_other)
{
	struct stat st;
	int one, two;

	open_port("unix:");
	ck_assert_str_eq(port_name(port), path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	print("early ");
	one = call();
	ck_assert_str_eq(typed(true), "");
	ck_assert_str_eq(reads(one), "early ");
	two = call();
	says(two, "two");
	says(one, "one");
	ck_assert_str_eq(typed(true), "one");
	ck_assert_str_eq(typed(true), "");
	print("for one");
	ck_assert_str_eq(reads(one), "for one");
	ck_assert_str_eq(reads(two), "");
	/* The first leaves, and it is the second's turn. */
	close(one);
	ck_assert_str_eq(typed(true), "");
	ck_assert_str_eq(typed(true), "two");
	print("for two");
	ck_assert_str_eq(reads(two), "for two");
	close(two);
	ck_assert_str_eq(typed(true), "");
	print("for nobody");
	port_close(port);
	port = NULL;
	ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

/* A client that never reads: we go on, and at most 64 kB wait for it, the latest. */
START_TEST(flood_is_bounded)
{
	enum { LINES = 200000 };
	char line[32], last[32], *all = malloc(4 << 20);
	size_t n = 0;
	ssize_t got;
	int fd;

	ck_assert_ptr_nonnull(all);
	open_port("unix:");
	fd = call();
	(void)typed(true);
	for (unsigned i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%08u\n", i);
		print(line);
	}
	do {
		ck_assert_str_eq(typed(false), "");
		got = read(fd, all + n, (4 << 20) - n);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	snprintf(last, sizeof(last), "%08u\n", LINES - 1);
	ck_assert_uint_lt(n, 1 << 20);
	ck_assert_uint_ge(n, 65536);
	ck_assert_mem_eq(all, "00000000\n", 9);
	ck_assert_mem_eq(all + n - 9, last, 9);
	close(fd);
	free(all);
}
END_TEST

START_TEST(unix_socket_left_behind)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct port *other = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;

	strcpy(addr.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	open_port("unix:");
	ck_assert_int_eq(port_open(word, &other, why), -EADDRINUSE);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(stat(path, &st), 0);
	port_close(port);
	port = NULL;
	/* A file is not ours to remove. */
	close(open(path, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(port_open(word, &port, why), -EADDRINUSE);
	ck_assert_int_eq(stat(path, &st), 0);
}
END_TEST

START_TEST(file_takes_all)
{
	char buf[100];
	FILE *f;

	open_port("file:");
	ck_assert(!port_types(port));
	print("\x1b[31mred\n");
	print("second\n");
	ck_assert_str_eq(typed(true), "");
	f = fopen(path, "r");
	ck_assert_uint_eq(fread(buf, 1, sizeof(buf), f), 16);
	ck_assert_mem_eq(buf, "\x1b[31mred\nsecond\n", 16);
	fclose(f);
	port_close(port);
	port = NULL;
	snprintf(word, sizeof(word), "file:%s/no/file", dir);
	ck_assert_int_eq(port_open(word, &port, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/no/file: No such file"));
}
END_TEST

/* It says so once. */
START_TEST(file_that_is_full)
{
	struct rlimit limit;

	open_port("file:");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 10;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	print("0123456789");
	ck_assert_int_eq(port_write(port, (const uint8_t *)"x", 1), -EFBIG);
	ck_assert_int_eq(port_write(port, (const uint8_t *)"x", 1), 0);
}
END_TEST

START_TEST(null_takes_nothing)
{
	open_port("null");
	print("x");
	ck_assert_str_eq(typed(true), "");
	ck_assert(!port_types(port));
	ck_assert_str_eq(port_name(port), "");
}
END_TEST

/* --- the filter ------------------------------------------------------------------------------------- */

static struct tty_plain plain;

static void shows(const char *in, const char *out)
{
	uint8_t buf[200];
	size_t n = tty_plain(&plain, (const uint8_t *)in, strlen(in), buf);

	ck_assert_uint_eq(n, strlen(out));
	ck_assert_mem_eq(buf, out, n);
}

START_TEST(text_is_text)
{
	shows("puppy> ls\r\n\tx\b\a", "puppy> ls\r\n\tx\b\a");
	shows("Grüße, 你好 😀", "Grüße, 你好 😀");
	/* Cut anywhere. */
	shows("\xc3", "\xc3");
	shows("\xbc", "\xbc");
	shows("\xf0\x9f", "\xf0\x9f");
	shows("\x98\x80", "\x98\x80");
}
END_TEST

START_TEST(escapes_are_shown)
{
	shows("\x1b[31mred\x1b]0;title\a", "^[[31mred^[]0;title\a");
	shows("\x7f\x0e\x0b\x0c", "^?^N^K^L");
	/* The other kind, as a byte, as a character, and cut in two. */
	shows("\x9b"
	      "31m",
	      "?31m");
	shows("\xc2\x9b", "\xc2?");
	shows("\xc2", "\xc2");
	shows("\x9b", "?");
	/* Overlong forms of escape, and of 0x9b. */
	shows("\xc0\x9b", "??");
	shows("\xe0\x80\x9b", "\xe0??");
	shows("\xe0\x82\x9b", "\xe0??");
	shows("\xf0\x80\x82\x9b", "\xf0???");
	shows("\xff\xfe\xf8\x88", "????");
	/* A letter that breaks off. */
	shows("\xe4\x1b[", "\xe4^[[");
	shows("\xe4\xb8\xe4\xb8\xad", "\xe4\xb8中");
}
END_TEST

/* Whatever comes in: out come no control characters but the six, however a decoder reads them. */
START_TEST(nothing_gets_through)
{
	uint32_t random = 7, code = 0;
	unsigned need = 0;

	for (unsigned i = 0; i < 1000000; i++) {
		uint8_t in, out[TTY_PLAIN_MORE];
		size_t n;

		random = random * 1664525 + 1013904223;
		in = (uint8_t)(random >> 24);
		if (random >> 22 & 1)
			in = "\xc2\x9b\xe0\x80\x82\xf0\x1b\xc0"[random >> 16 & 7];
		n = tty_plain(&plain, &in, 1, out);
		if (n < 1 || n > TTY_PLAIN_MORE)
			ck_abort_msg("%zu bytes", n);
		for (size_t k = 0; k < n; k++) {
			const uint8_t c = out[k];

			if ((c & 0xc0) == 0x80) {
				if (!need)
					ck_abort_msg("%02x alone", c);
				code = code << 6 | (c & 0x3f);
				if (!--need && code < 0xa0)
					ck_abort_msg("U+%04x", code);
				continue;
			}
			need = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
			code = need ? c & (0x3f >> need) : c;
			if (c == 0x7f || (c < ' ' && !strchr("\a\b\t\n\r", c)))
				ck_abort_msg("%02x", c);
		}
	}
}
END_TEST

static void fresh(void)
{
	memset(&plain, 0, sizeof(plain));
}

int main(void)
{
	Suite *s = suite_create("port");
	TCase *c = tcase_create("port"), *flood = tcase_create("flood"),
	      *f = tcase_create("filter");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	suite_add_tcase(s, c);
	tcase_add_test(c, words);
	tcase_add_test(c, pty_both_ways);
	tcase_add_test(c, unix_one_after_the_other);
	tcase_add_test(c, unix_socket_left_behind);
	tcase_add_test(c, file_takes_all);
	tcase_add_test(c, file_that_is_full);
	tcase_add_test(c, null_takes_nothing);
	tcase_add_checked_fixture(flood, setup, teardown);
	tcase_set_timeout(flood, 60);
	suite_add_tcase(s, flood);
	tcase_add_test(flood, flood_is_bounded);
	tcase_add_test(flood, pty_of_nobody_does_not_stop_the_guest);
	tcase_add_checked_fixture(f, fresh, NULL);
	suite_add_tcase(s, f);
	tcase_add_test(f, text_is_text);
	tcase_add_test(f, escapes_are_shown);
	tcase_add_test(f, nothing_gets_through);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
