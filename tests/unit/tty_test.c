/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:975
 * The keys, with a clock of our own; and the terminal, a pseudo one, which must be as it was
 * however the process that made it raw came to its end.
:*/
#define _GNU_SOURCE
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "backend/tty.h"

#define MS 1000000ull

static struct tty_filter filter;
static uint8_t out[64];
static size_t nr_in, nr_out;

static void fresh(void)
{
	memset(&filter, 0, sizeof(filter));
}

/* One read of these keys at that time. */
static enum tty_verdict keys(const char *in, uint64_t ms)
{
	memset(out, 0, sizeof(out));
	nr_in = strlen(in);
	return tty_filter(&filter, (const uint8_t *)in, &nr_in, ms * MS, out, &nr_out);
}

static void passes(const char *in, const char *expected)
{
	ck_assert_int_eq(keys(in, 0), TTY_GO_ON);
	ck_assert_uint_eq(nr_out, strlen(expected));
	ck_assert_mem_eq(out, expected, nr_out);
}

START_TEST(ordinary_keys_pass)
{
	passes("ls -x\r\x04\x1a", "ls -x\r\x04\x1a");
	passes("", "");
}
END_TEST

START_TEST(ctrl_a_x_leaves)
{
	ck_assert_int_eq(keys("ab\x01x", 0), TTY_LEAVE);
	ck_assert_uint_eq(nr_out, 2);
	fresh();
	passes("x", "x");
	passes("\x01", "");
	ck_assert_int_eq(keys("x", 0), TTY_LEAVE);
}
END_TEST

START_TEST(ctrl_a_twice_is_one)
{
	passes("\x01\x01", "\x01");
	passes("x", "x");
	passes("\x01", "");
	passes("\x01", "\x01");
	passes("\x01\x01\x01\x01x", "\x01\x01x");
}
END_TEST

START_TEST(ctrl_a_and_another_key_are_both_passed)
{
	passes("\x01"
	       "c",
	       "\x01"
	       "c");
	passes("\x01", "");
	passes("b", "\x01"
		    "b"); /* one byte more than came in */
}
END_TEST

/* Only where there is a next one; and what comes behind it is for that one. */
START_TEST(ctrl_a_n_turns_to_the_next)
{
	passes("\x01"
	       "n",
	       "\x01"
	       "n");
	filter.several = true;
	ck_assert_int_eq(keys("ab\x01ncd", 0), TTY_NEXT);
	ck_assert_uint_eq(nr_in, 4);
	ck_assert_uint_eq(nr_out, 2);
	passes("n\x01", "n");
	ck_assert_int_eq(keys("n", 0), TTY_NEXT);
	ck_assert_uint_eq(nr_out, 0);
}
END_TEST

START_TEST(three_interrupts_leave)
{
	ck_assert_int_eq(keys("\x03", 5000), TTY_GO_ON);
	ck_assert_uint_eq(nr_out, 1); /* the Guest gets them, too */
	ck_assert_int_eq(keys("\x03", 5500), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 6000), TTY_LEAVE);
	ck_assert_uint_eq(nr_out, 1);
	ck_assert_uint_eq(out[0], 3);
}
END_TEST

START_TEST(slow_interrupts_do_not)
{
	for (uint64_t ms = 0; ms < 20000; ms += 501)
		ck_assert_int_eq(keys("\x03", ms), TTY_GO_ON);
}
END_TEST

/* An old one does not spoil three quick ones. */
START_TEST(window_slides)
{
	ck_assert_int_eq(keys("\x03", 0), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 2000), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 2400), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 2800), TTY_LEAVE);
}
END_TEST

START_TEST(other_keys_start_the_count_again)
{
	ck_assert_int_eq(keys("\x03", 0), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 1), TTY_GO_ON);
	ck_assert_int_eq(keys("a", 2), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 3), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 4), TTY_GO_ON);
	ck_assert_int_eq(keys("", 5), TTY_GO_ON); /* no key at all */
	ck_assert_int_eq(keys("\x03", 6), TTY_LEAVE);
}
END_TEST

START_TEST(pasted_interrupts_do_not_count)
{
	ck_assert_int_eq(keys("\x03\x03\x03", 0), TTY_GO_ON);
	ck_assert_uint_eq(nr_out, 3);
	ck_assert_int_eq(keys("\x03", 1), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03\x03", 2), TTY_GO_ON);
	ck_assert_int_eq(keys("\x03", 3), TTY_GO_ON);
}
END_TEST

START_TEST(escaped_interrupt_is_for_the_guest)
{
	for (unsigned i = 0; i < 5; i++) {
		passes("\x01", "");
		passes("\x03", "\x01\x03");
	}
}
END_TEST

/* --- reading --- */

START_TEST(read_never_waits)
{
	uint8_t buf[8];
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(tty_read(p[0], buf, sizeof(buf)), -EAGAIN);
	ck_assert_int_eq((int)write(p[1], "hey", 3), 3);
	ck_assert_int_eq(tty_read(p[0], buf, 2), 2);
	ck_assert_int_eq(tty_read(p[0], buf, sizeof(buf)), 1);
	ck_assert_int_eq(tty_read(p[0], buf, sizeof(buf)), -EAGAIN);
	close(p[1]);
	ck_assert_int_eq(tty_read(p[0], buf, sizeof(buf)), 0);
	/* It was not made non-blocking behind the back of those who share it. */
	ck_assert_int_eq(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
	close(p[0]);
	ck_assert_int_eq(tty_read(p[0], buf, sizeof(buf)), -EBADF);
}
END_TEST

/* --- the terminal --- */

static int master, slave;

static void open_terminal(void)
{
	fresh();
	master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
}

static void close_terminal(void)
{
	close(slave);
	close(master);
}

/* Called from a signal handler, too. */
static bool is_raw(void)
{
	struct termios t;

	return !tcgetattr(slave, &t) && !(t.c_lflag & (ISIG | ICANON | ECHO));
}

START_TEST(raw_and_back)
{
	struct termios before, after;
	uint8_t buf[4];
	int p[2];

	ck_assert_int_eq(tcgetattr(slave, &before), 0);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(tty_raw(slave), 0);
		ck_assert(is_raw());
		ck_assert_int_eq(tty_raw(slave), -EBUSY);
		tty_restore();
		tty_restore();
		ck_assert_int_eq(tcgetattr(slave, &after), 0);
		ck_assert_uint_eq(after.c_lflag, before.c_lflag);
		ck_assert_uint_eq(after.c_iflag, before.c_iflag);
	}
	ck_assert_int_eq(tty_raw(slave), 0);
	/* A key arrives by itself, and ^C is a key. */
	ck_assert_int_eq((int)write(master, "\x03", 1), 1);
	usleep(20000);
	ck_assert_int_eq(tty_read(slave, buf, sizeof(buf)), 1);
	ck_assert_uint_eq(buf[0], 3);
	tty_restore();
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(tty_raw(p[0]), -ENOTTY);
}
END_TEST

/* A child makes the terminal raw and ends like this; its status as wait() has it. */
static int child_that(void (*ends)(void))
{
	int status = 0;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		/* Without the handlers of libcheck and of a sanitizer. */
		signal(SIGTERM, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		if (tty_raw(slave) || !is_raw())
			_exit(99);
		ends();
		_exit(98);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void by_exit(void)
{
	exit(7);
}

static void by_term(void)
{
	raise(SIGTERM);
}

static void by_hup_after_two(void)
{
	/* Raw for the second time: the handlers are there already. */
	tty_restore();
	if (tty_raw(slave))
		_exit(97);
	kill(getpid(), SIGHUP);
}

static void by_ignored_hup_then_exit(void)
{
	raise(SIGHUP);
	exit(is_raw() ? 7 : 96);
}

static void by_fault(void)
{
	raise(SIGSEGV);
}

static void by_usr1(void)
{
	raise(SIGUSR1);
}

static void by_abort(void)
{
	abort();
}

START_TEST(restored_at_exit)
{
	int status = child_that(by_exit);

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	ck_assert(!is_raw());
}
END_TEST

START_TEST(restored_at_signals_which_still_kill)
{
	static const struct {
		void (*ends)(void);
		int sig;
	} row[] = {{by_term, SIGTERM},
		   {by_hup_after_two, SIGHUP},
		   {by_abort, SIGABRT},
		   {by_fault, SIGSEGV}};

	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		int status = child_that(row[i].ends);

		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), row[i].sig);
		ck_assert(!is_raw());
	}
}
END_TEST

static void exit_42(int sig)
{
	(void)sig;
	_exit(is_raw() ? 95 : 42);
}

START_TEST(former_handler_comes_next)
{
	int status;

	signal(SIGUSR1, exit_42);
	status = child_that(by_usr1);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 42);
	ck_assert(!is_raw());
}
END_TEST

START_TEST(ignored_signal_does_not_end_raw_mode)
{
	int status;

	signal(SIGHUP, SIG_IGN);
	status = child_that(by_ignored_hup_then_exit);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	ck_assert(!is_raw());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tty");
	TCase *c = tcase_create("filter"), *t = tcase_create("terminal");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, fresh, NULL);
	suite_add_tcase(s, c);
	tcase_add_test(c, ordinary_keys_pass);
	tcase_add_test(c, ctrl_a_x_leaves);
	tcase_add_test(c, ctrl_a_twice_is_one);
	tcase_add_test(c, ctrl_a_and_another_key_are_both_passed);
	tcase_add_test(c, ctrl_a_n_turns_to_the_next);
	tcase_add_test(c, three_interrupts_leave);
	tcase_add_test(c, slow_interrupts_do_not);
	tcase_add_test(c, window_slides);
	tcase_add_test(c, other_keys_start_the_count_again);
	tcase_add_test(c, pasted_interrupts_do_not_count);
	tcase_add_test(c, escaped_interrupt_is_for_the_guest);
	tcase_add_test(c, read_never_waits);
	tcase_add_checked_fixture(t, open_terminal, close_terminal);
	suite_add_tcase(s, t);
	tcase_add_test(t, raw_and_back);
	tcase_add_test(t, restored_at_exit);
	tcase_add_test(t, restored_at_signals_which_still_kill);
	tcase_add_test(t, former_handler_comes_next);
	tcase_add_test(t, ignored_signal_does_not_end_raw_mode);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
