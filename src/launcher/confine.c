/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:751
 * The list of system calls that a running machine makes, as a filter for the kernel (seccomp, by
 * libseccomp).  A list of what is allowed, since a list of what is not is never complete.
:*/
#define _GNU_SOURCE /* AT_EMPTY_PATH */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "base/types.h"
#include "confine.h"

#ifdef LG_SECCOMP
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/*L:160
 * By what they are for: files that are open already; memory; time; networks, for those who have one;
 * signals, and the end.
 */
static const int calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(fallocate),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(close),
	SCMP_SYS(dup),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	SCMP_SYS(flock),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),

	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(msync),

	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),

	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(socket),
	SCMP_SYS(connect),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(shutdown),
	SCMP_SYS(send),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recv),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(socketcall),

	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(tgkill),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};
/*:*/

/* Memory, but none that can be executed. */
static int allow_data_memory(scmp_filter_ctx filter)
{
	static const int with_rights[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
	unsigned i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_LEN(with_rights); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, with_rights[i], 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return err;
}

/* What one asks of a terminal or a socket; not to type into it (TIOCSTI), for one. */
static int allow_controls(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = {TCGETS,     TCSETS,   TCSETSW, TCSETSF, TCFLSH,
						 TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX};
	unsigned i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_LEN(requests); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, requests[i]));
	return err;
}

/* The C library asks for the state of an open file by name, with an empty one. */
static int allow_looking(scmp_filter_ctx filter, bool resolver)
{
	static const int look[] = {SCMP_SYS(newfstatat), SCMP_SYS(fstatat64)};
	unsigned i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_LEN(look); i++)
		err = resolver ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, look[i], 0)
			       : seccomp_rule_add(
					 filter, SCMP_ACT_ALLOW, look[i], 1,
					 SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
	if (!err && resolver)
		err = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	return err;
}

int confine(bool resolver)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	unsigned i;
	int err = 0;

	if (!filter)
		return -ENOMEM;
	for (i = 0; !err && i < ARRAY_LEN(calls); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	if (!err)
		err = allow_data_memory(filter);
	if (!err)
		err = allow_controls(filter);
	if (!err)
		err = allow_looking(filter, resolver);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}
#else
int confine(bool resolver)
{
	(void)resolver;
	return -ENOSYS;
}
#endif
