/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:671
 * The terminal: raw on request, as it was before in every case that we can see coming.  A process
 * ends by exit() or by a signal; for the first there is atexit(), for each of the others a handler
 * that gives the terminal back and then lets the signal do what it would have done.
 *
 * It refuses to swallow a signal: whoever kills us shall see us die of it.
:*/
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "tty.h"

/*M:670
 * SIGKILL cannot be caught, and a stop from outside (kill -STOP, -TSTP) leaves the terminal raw
 * while we are stopped; `stty sane` helps.  Ctrl-Z itself goes to the Guest.
:*/
static const int fatal[] = {
	SIGHUP,	 SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,  SIGFPE,	SIGSEGV,
	SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGSYS,  SIGUSR1, SIGUSR2,
};

/* File-scope state, against the rule: a signal handler has no argument, and the terminal is not
 * ours but the process's, which has one. */
static struct {
	volatile sig_atomic_t raw; /* there is something to give back */
	int fd;
	struct termios before;
	struct sigaction action[ARRAY_LEN(fatal)];
	bool at_exit; /* atexit() knows tty_restore(), once and for all */
} terminal;

/* Only functions that a signal handler may call.  In the background tcsetattr() would stop us
 * with SIGTTOU; we must not stop here, so that signal has to wait. */
void tty_restore(void)
{
	int keep = errno;
	sigset_t ttou, mask;

	if (!terminal.raw)
		return;
	terminal.raw = 0;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &mask);
	tcsetattr(terminal.fd, TCSANOW, &terminal.before);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	errno = keep;
}

/*D:690
 * The signal gets its former handler back and is raised again; it waits until we return (a signal
 * is blocked in its own handler) and then does what it always did: kill us, most often, or
 * let a sanitizer report.
 */
static void restore_and_raise(int sig)
{
	tty_restore();
	for (unsigned i = 0; i < ARRAY_LEN(fatal); i++)
		if (fatal[i] == sig)
			sigaction(sig, &terminal.action[i], NULL);
	raise(sig);
}

static void catch_signals(void)
{
	struct sigaction ours = {.sa_handler = restore_and_raise}, before;

	sigemptyset(&ours.sa_mask);
	for (unsigned i = 0; i < ARRAY_LEN(fatal); i++) {
		/* What is ignored (nohup) does not end us, and what is ours already stays. */
		if (sigaction(fatal[i], NULL, &before) || before.sa_handler == SIG_IGN ||
		    before.sa_handler == restore_and_raise)
			continue;
		terminal.action[i] = before;
		sigaction(fatal[i], &ours, NULL);
	}
}
/*:*/

/*D:691
 * Raw, but not as raw as can be.  No signals from keys, no lines, no echo, no Ctrl-S and Ctrl-V:
 * those keys are the Guest's.  Return still arrives as a newline and the Guest's newlines still
 * start at the left, as they always did under lguest (and as they do from a pipe).
 */
int tty_raw(int fd)
{
	struct termios t;

	if (terminal.raw)
		return -EBUSY;
	if (tcgetattr(fd, &t))
		return -errno;
	terminal.fd = fd;
	terminal.before = t;
	t.c_lflag &= ~(tcflag_t)(ISIG | ICANON | ECHO | IEXTEN);
	t.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (!terminal.at_exit && atexit(tty_restore))
		return -ENOMEM;
	terminal.at_exit = true;
	catch_signals();
	/* First the note, then the deed: a signal in between restores what has not changed. */
	terminal.raw = 1;
	if (tcsetattr(fd, TCSANOW, &t)) {
		int err = errno;

		terminal.raw = 0;
		return -err;
	}
	return 0;
}
/*:*/

int tty_read(int fd, void *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n;
	int ready;

	do
		ready = poll(&p, 1, 0);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (!ready)
		return -EAGAIN;
	if (p.revents & POLLNVAL)
		return -EBADF;
	/* A hang-up without data reads as the end, which is right. */
	do
		n = read(fd, buf, size < INT32_MAX ? size : INT32_MAX);
	while (n < 0 && errno == EINTR);
	/* A terminal whose other end is gone says EIO: nothing more will come from there. */
	if (n < 0)
		return errno == EIO ? 0 : -errno;
	return (int)n;
}
