/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1015
 * Guests whose consoles lead elsewhere, in one machine, each with somebody at it who sees what his guest
 * prints and nothing else.  All in virtual time, so what they type is an event like any other.
:*/
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lgemu.h"

static char dir[64], path[96], word[112];
static pid_t child;

/* What the machine, in a process of its own, tells us. */
static struct told {
	char name[2][64]; /* of the consoles */
	char printed[2][65536];
	size_t nr_printed[2];
	enum lgemu_reason end;
	char error[200];
} * told;

/* What was read at a console. */
static char seen[65536];
static size_t nr_seen;

static void output(void *ctx, unsigned guest, const uint8_t *bytes, size_t n)
{
	(void)ctx;
	if (told->nr_printed[guest] + n < sizeof(told->printed[0]))
		memcpy(told->printed[guest] + told->nr_printed[guest], bytes, n);
	told->nr_printed[guest] += n;
}

static void setup(void)
{
	strcpy(dir, "/tmp/lgemu-ports.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/end", dir);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(told, MAP_FAILED);
	memset(seen, 0, sizeof(seen));
	nr_seen = 0;
	child = 0;
}

static void teardown(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	unlink(path);
	rmdir(dir);
}

static void machine(const char *first, const char *second, int ready)
{
	struct lgemu_guest_options g[2] = {{.console = first, .memory_mb = 16},
					   {.console = second, .memory_mb = 16}};
	struct lgemu_options o;
	struct lgemu *m;

	lgemu_options_init(&o);
	o.guests = g;
	o.nr_guests = second ? 2 : 1;
	o.output = output;
	if (lgemu_create(&m, &o) || lgemu_load(m))
		snprintf(told->error, sizeof(told->error), "%s", lgemu_error(m));
	for (unsigned i = 0; i < o.nr_guests && !told->error[0]; i++)
		snprintf(told->name[i], sizeof(told->name[i]), "%s", lgemu_console_name(m, i));
	close(ready);
	if (!told->error[0])
		told->end = lgemu_run(m, LGEMU_FOREVER);
	lgemu_destroy(m);
	_exit(0);
}

static void start(const char *first, const char *second)
{
	int ready[2];
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		close(ready[0]);
		alarm(50);
		machine(first, second, ready[1]);
	}
	close(ready[1]);
	ck_assert_int_eq((int)read(ready[0], &c, 1), 0);
	close(ready[0]);
}

static void ends(enum lgemu_reason why)
{
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	child = 0;
	ck_assert_str_eq(told->error, "");
	ck_assert_int_eq(told->end, why);
}

/* Read until this comes. */
static void see(int fd, const char *text)
{
	struct pollfd p = {fd, POLLIN, 0};

	while (!strstr(seen, text)) {
		ssize_t n = 0;

		if (poll(&p, 1, 10000) == 1)
			n = read(fd, seen + nr_seen, sizeof(seen) - 1 - nr_seen);
		if (n <= 0)
			ck_abort_msg("\"%s\" does not come; seen: %s", text, seen);
		nr_seen += (size_t)n;
	}
}

static void forget(void)
{
	memset(seen, 0, sizeof(seen));
	nr_seen = 0;
}

static void type(int fd, const char *text)
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

START_TEST(socket_and_back_again)
{
	int fd;

	snprintf(word, sizeof(word), "unix:%s", path);
	start(word, NULL);
	ck_assert_str_eq(told->error, "");
	ck_assert_str_eq(told->name[0], path);
	fd = call();
	see(fd, "puppy> ");
	forget();
	type(fd, "echo one\n");
	see(fd, "\none\r\n");
	close(fd);
	forget();
	fd = call();
	type(fd, "echo two\nhalt\n");
	see(fd, "\ntwo\r\n");
	ck_assert_ptr_null(strstr(seen, "one"));
	see(fd, "Power down");
	ends(LGEMU_POWER_OFF);
	/* The callback hears it all. */
	ck_assert_ptr_nonnull(strstr(told->printed[0], "\none\r\n"));
	close(fd);
}
END_TEST

START_TEST(each_its_own)
{
	int fd, pty;

	snprintf(word, sizeof(word), "unix:%s", path);
	start(word, "pty");
	fd = call();
	pty = open(told->name[1], O_RDWR | O_NOCTTY | O_NONBLOCK);
	ck_assert_int_ge(pty, 0);
	type(fd, "echo at the socket\n");
	type(pty, "echo at the terminal\n");
	see(fd, "\nat the socket\r\n");
	ck_assert_ptr_null(strstr(seen, "terminal"));
	forget();
	see(pty, "\nat the terminal\r\n");
	ck_assert_ptr_null(strstr(seen, "socket"));
	/* One ends, and the other is still heard. */
	type(fd, "halt\n");
	see(fd, "Power down");
	forget();
	type(pty, "echo still here\n");
	see(pty, "\nstill here\r\n");
	close(fd);
	close(pty);
}
END_TEST

/* Somebody may still come to a socket; to a file nobody can. */
START_TEST(who_could_type)
{
	int fd;

	snprintf(word, sizeof(word), "file:%s", path);
	start(word, "null");
	ends(LGEMU_IDLE);
	fd = open(path, O_RDONLY);
	nr_seen = (size_t)read(fd, seen, sizeof(seen) - 1);
	ck_assert_ptr_nonnull(strstr(seen, "puppy> "));
	ck_assert_uint_eq(nr_seen, told->nr_printed[0]);
	ck_assert_uint_gt(told->nr_printed[1], 100);
	ck_assert_str_eq(told->name[1], "");
	close(fd);
}
END_TEST

START_TEST(refused)
{
	start("tcp:1", NULL);
	ck_assert_str_eq(told->error, "--console tcp:1: it is none of stdio, pty, unix:PATH, "
				      "file:PATH, null");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ports");
	TCase *c = tcase_create("ports");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	tcase_add_test(c, socket_and_back_again);
	tcase_add_test(c, each_its_own);
	tcase_add_test(c, who_could_type);
	tcase_add_test(c, refused);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
