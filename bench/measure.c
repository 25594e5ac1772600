/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:994
 * bench-measure: the stop-watch of bench/run.
 *
 *	loops COMMAND...	run a command that executes loops.asm, watch its standard output for
 *				the markers, and print a line per loop: its letter, and how much CPU
 *				time (of all threads) went by until the next marker, in nanoseconds.
 *				What comes before "~~~", or out of turn, is no marker.
 *	start RUNS [KERNEL]	from the start of a process until a Guest executes its first
 *				instruction: microseconds by the wall, a line per run
 *	switches KERNEL		run a guest to its end: ns of CPU time, exits, instructions of the Host and
 *				of the Switcher
 *	lines COMMAND...	run a command whose standard output is a guest's console, and print a
 *				line for each that begins with GUEST-UP, "BENCH NAME" or GUEST-DONE: NAME
 *				(or "boot"), and the CPU time since the one before, in nanoseconds
 *	memory SCRIPT [KERNEL]	after a session: KB of anonymous memory, KB that are the Guest's
:*/
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lgemu.h>

/* --- the loops in another emulator ------------------------------------------------------------- */

static const char order[] = "~~~ABCDEFHGZ";

static unsigned long long time_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		return 0;
	return (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec;
}

/* Returns 0 if the last marker came. */
static int watch(int fd, clockid_t clock)
{
	unsigned long long since = 0, now;
	unsigned seen = 0;
	char c;

	while (order[seen] && (read(fd, &c, 1) == 1)) {
		if (c != order[seen]) {
			/* Three in a row, or it was something else. */
			if (seen < 3)
				seen = c == '~';
			continue;
		}
		now = time_ns(clock);
		if (seen > 3)
			printf("%c %llu\n", order[seen - 1], now - since);
		fflush(stdout);
		seen++;
		since = now;
	}
	return order[seen] ? 1 : 0;
}

/* The same for a guest's console.  Returns 0 if the guest was done. */
static int watch_lines(int fd, clockid_t clock)
{
	FILE *f = fdopen(fd, "r");
	unsigned long long since = 0, now;
	char line[1024], name[64];
	bool done = false;

	while (f && !done && fgets(line, sizeof(line), f)) {
		now = time_ns(clock);
		done = !strncmp(line, "GUEST-DONE", 10);
		if (!strncmp(line, "GUEST-UP", 8))
			strcpy(name, "boot");
		else if (sscanf(line, "BENCH %63s", name) != 1)
			continue;
		printf("%s %llu\n", name, now - since);
		fflush(stdout);
		since = now;
	}
	if (f)
		fclose(f);
	return !done;
}

static int markers(char **command, int (*look)(int fd, clockid_t clock))
{
	int pipe_fd[2], status;
	clockid_t clock;
	pid_t pid;

	if (pipe(pipe_fd) || (pid = fork()) < 0) {
		perror("bench-measure");
		return 1;
	}
	if (!pid) {
		dup2(pipe_fd[1], STDOUT_FILENO);
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	close(pipe_fd[1]);
	if (clock_getcpuclockid(pid, &clock)) {
		fprintf(stderr, "bench-measure: no clock for the command\n");
		return 1;
	}
	status = look(pipe_fd[0], clock);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return status;
}

/* --- start and memory of lgemu --------------------------------------------------------------- */

static struct lgemu *machine(const char *kernel)
{
	const struct lgemu_guest_options guest = {.kernel = kernel};
	struct lgemu_options o;
	struct lgemu *m;

	lgemu_options_init(&o);
	o.guests = &guest;
	o.nr_guests = 1;
	if (!lgemu_create(&m, &o))
		return m;
	fprintf(stderr, "bench-measure: %s\n", m ? lgemu_error(m) : "out of memory");
	exit(1);
}

/* In the new process: to the first instruction outside ring 0, and tell the time. */
static int child(const char *kernel)
{
	struct lgemu *m = machine(kernel);
	struct lgemu_counts c;
	unsigned long long at;

	if (lgemu_load(m)) {
		fprintf(stderr, "bench-measure: %s\n", lgemu_error(m));
		return 1;
	}
	do {
		if (lgemu_run(m, 100) != LGEMU_BUDGET)
			return 1;
		lgemu_counts(m, &c);
	} while (!c.guest);
	at = time_ns(CLOCK_MONOTONIC);
	return write(STDOUT_FILENO, &at, sizeof(at)) != sizeof(at);
}

static int once(char *self, char *kernel)
{
	char *argv[] = {self, "child", kernel, NULL};
	unsigned long long start, at = 0;
	int fd[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(fd))
		return 1;
	start = time_ns(CLOCK_MONOTONIC);
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid) {
		dup2(fd[1], STDOUT_FILENO);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	close(fd[1]);
	n = read(fd[0], &at, sizeof(at));
	close(fd[0]);
	waitpid(pid, &status, 0);
	if (n != sizeof(at) || status)
		return 1;
	printf("%llu\n", (at - start) / 1000);
	return 0;
}

static int switches(const char *kernel)
{
	struct lgemu *m = machine(kernel);
	struct lgemu_counts c;
	struct lgemu_stats s;
	unsigned long long start;

	if (lgemu_load(m)) {
		fprintf(stderr, "bench-measure: %s\n", lgemu_error(m));
		return 1;
	}
	start = time_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (lgemu_run(m, LGEMU_FOREVER) != LGEMU_POWER_OFF)
		return 1;
	start = time_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
	lgemu_counts(m, &c);
	lgemu_stats(m, &s);
	printf("%llu %llu %llu %llu\n", start, (unsigned long long)s.exits,
	       (unsigned long long)c.host, (unsigned long long)c.switcher);
	lgemu_destroy(m);
	return 0;
}

static unsigned long anonymous_kb(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

/* What a Guest holds counts as its own if it is not zero; a page it has cleared is counted as ours. */
static int memory(const char *script, const char *kernel)
{
	static const unsigned char zero[4096];
	static char text[65536];
	struct lgemu *m = machine(kernel);
	unsigned char page[4096];
	unsigned long anonymous, guest = 0;
	FILE *f = fopen(script, "r");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	if (!n || lgemu_script(m, 0, text, n) || lgemu_load(m) ||
	    lgemu_run(m, LGEMU_FOREVER) != LGEMU_POWER_OFF) {
		fprintf(stderr, "bench-measure: %s: %s\n", script, lgemu_error(m));
		return 1;
	}
	anonymous = anonymous_kb();
	for (uint32_t at = 0; !lgemu_read(m, LGEMU_GUEST, at, page, sizeof(page)); at += 4096)
		guest += memcmp(page, zero, sizeof(page)) ? 4 : 0;
	printf("%lu %lu\n", anonymous, guest);
	fclose(f);
	lgemu_destroy(m);
	return 0;
}

static int start(char *self, int runs, char *kernel)
{
	while (runs-- > 0)
		if (once(self, kernel))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "child"))
		return child(argc > 2 ? argv[2] : NULL);
	if (!strcmp(what, "loops") && argc > 2)
		return markers(argv + 2, watch);
	if (!strcmp(what, "lines") && argc > 2)
		return markers(argv + 2, watch_lines);
	if (!strcmp(what, "switches") && argc > 2)
		return switches(argv[2]);
	if (!strcmp(what, "start") && argc > 2)
		return start(argv[0], atoi(argv[2]), argc > 3 ? argv[3] : NULL);
	if (!strcmp(what, "memory") && argc > 2)
		return memory(argv[2], argc > 3 ? argv[3] : NULL);
	fprintf(stderr, "usage: bench-measure loops COMMAND... | start RUNS [KERNEL] | "
			"switches KERNEL | lines COMMAND... | memory SCRIPT [KERNEL]\n");
	return 2;
}
