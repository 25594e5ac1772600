/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1020
 * What a confined process can still do, and what not.  There is no way back, and libcheck itself
 * needs what is given up; so each check runs in a child that says with its status what went wrong.
:*/
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launcher/confine.h"

#define NOT_CONFINED 255

/* In the child: line of the first thing that is not as it should be; 0: all is well. */
#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			return __LINE__;                                                           \
	} while (0)
#define MUST_REFUSE(call)                                                                          \
	do {                                                                                       \
		errno = 0;                                                                         \
		MUST((long)(call) == -1 && errno == EPERM);                                        \
	} while (0)

static int in_child(bool resolver, int (*body)(void))
{
	const pid_t child = fork();
	int status = 0;

	if (!child)
		_exit(confine(resolver) ? NOT_CONFINED : body());
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int names_are_gone(void)
{
	char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
	struct stat st;

	MUST_REFUSE(open("/dev/null", O_RDONLY));
	MUST_REFUSE(open("/dev/null", O_WRONLY));
	MUST_REFUSE(stat("/", &st));
	MUST_REFUSE(execve("/bin/true", argv, envp));
	MUST_REFUSE(fork());
	return 0;
}

static int resolver_reads(void)
{
	MUST(open("/etc/passwd", O_RDONLY) >= 0);
	MUST_REFUSE(open("/dev/null", O_WRONLY));
	MUST_REFUSE(open("/dev/null", O_RDWR));
	MUST_REFUSE(open("/dev/null", O_RDONLY | O_CREAT, 0600));
	return 0;
}

static int no_new_code(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);

	MUST(page != MAP_FAILED);
	MUST_REFUSE(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	MUST_REFUSE(mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, -1, 0));
	MUST(!mprotect(page, 4096, PROT_READ));
	return 0;
}

static int no_typing(void)
{
	char c = 'x';

	MUST_REFUSE(ioctl(STDIN_FILENO, TIOCSTI, &c));
	return 0;
}

static int disk; /* opened before */

static int what_a_machine_needs(void)
{
	struct stat st;
	char c = 'x';
	void *block;

	MUST(pwrite(disk, &c, 1, 4096) == 1);
	MUST(pread(disk, &c, 1, 4096) == 1);
	MUST(!fdatasync(disk));
	MUST(!fstat(disk, &st) && st.st_size == 4097);
	block = malloc(64 << 20);
	MUST(block);
	free(block);
	MUST(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	return 0;
}

START_TEST(each)
{
	static const struct {
		bool resolver;
		int (*body)(void);
	} checks[] = {
		{false, names_are_gone}, {true, resolver_reads}, {false, no_new_code},
		{false, no_typing},	 {true, no_typing},	 {false, what_a_machine_needs},
	};
	char name[] = "/tmp/lgemu-confine-XXXXXX";

	disk = mkstemp(name);
	ck_assert_int_ge(disk, 0);
	unlink(name);
	/* A failure is told by its line, as far as a status can. */
	ck_assert_int_eq(in_child(checks[_i].resolver, checks[_i].body), 0);
	close(disk);
}
END_TEST

static int nothing(void)
{
	return 0;
}

int main(void)
{
	SRunner *runner;
	Suite *suite;
	TCase *tc;
	int failed;

	if (in_child(false, nothing) == NOT_CONFINED) {
		puts("skipped: built without libseccomp, or the kernel refuses");
		return 77;
	}
	suite = suite_create("launcher/confine");
	tc = tcase_create("confine");
	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, each, 0, 6);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
