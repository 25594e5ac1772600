/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1014
 * bench-span: how much CPU time some programs together take between two lines that one of them prints.
 *
 *	span FROM TO COMMAND... [--next-- COMMAND...]	each command is started when the one before
 *			has printed "READY"; the last prints FROM, any of them TO.  Prints: CPU nanoseconds of
 *			all of them in between, with all their threads, and nanoseconds of the wall.
 *	serve BYTES	a server on a port of the loopback, which it prints: whoever connects gets so
 *			many zeros.  Its time counts for nobody.
:*/
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAMS = 4, PATIENCE_S = 60 };

struct program {
	pid_t pid;
	int out;
	clockid_t clock;
	char line[4096]; /* what it is printing */
	size_t n;
};

static struct program program[PROGRAMS];
static unsigned nr_programs;

static unsigned long long time_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		return 0;
	return (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec;
}

static unsigned long long cpu_ns(void)
{
	unsigned long long sum = 0;

	for (unsigned i = 0; i < nr_programs; i++)
		sum += time_ns(program[i].clock);
	return sum;
}

static bool start(char **command)
{
	struct program *p = &program[nr_programs];
	int out[2];

	if (nr_programs == PROGRAMS || pipe(out) || (p->pid = fork()) < 0)
		return false;
	if (!p->pid) {
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	close(out[1]);
	p->out = out[0];
	nr_programs++;
	return !clock_getcpuclockid(p->pid, &p->clock);
}

/* True if a line that this program has just finished, or is printing, has this in it. */
static bool prints(struct program *p, const char *text)
{
	char c;

	if (read(p->out, &c, 1) != 1) {
		close(p->out);
		p->out = -1;
		return false;
	}
	if (c == '\n' || p->n + 1 == sizeof(p->line))
		p->n = 0;
	else
		p->line[p->n++] = c;
	p->line[p->n] = '\0';
	return strstr(p->line, text) != NULL;
}

/* Read what all of them print until this was printed by the last one, or by any. */
static bool await(const char *text, bool by_any)
{
	const unsigned long long end = time_ns(CLOCK_MONOTONIC) + PATIENCE_S * 1000000000ull;
	struct pollfd p[PROGRAMS];

	while (time_ns(CLOCK_MONOTONIC) < end && program[nr_programs - 1].out >= 0) {
		for (unsigned i = 0; i < nr_programs; i++)
			p[i] = (struct pollfd){program[i].out, POLLIN, 0};
		if (poll(p, nr_programs, 1000) < 0 && errno != EINTR)
			return false;
		for (unsigned i = 0; i < nr_programs; i++)
			if (p[i].revents && prints(&program[i], text) &&
			    (by_any || i == nr_programs - 1)) {
				program[i].n = 0;
				return true;
			}
	}
	return false;
}

static void end_all(void)
{
	for (unsigned i = 0; i < nr_programs; i++) {
		kill(program[i].pid, SIGTERM);
		waitpid(program[i].pid, NULL, 0);
	}
}

static bool start_all(char **word)
{
	char **command = word;

	for (; *word; word++) {
		if (strcmp(*word, "--next--") != 0)
			continue;
		*word = NULL;
		if (!start(command) || !await("READY", false))
			return false;
		command = word + 1;
	}
	return start(command);
}

static int span(char **argv)
{
	unsigned long long cpu = 0, wall = 0;
	bool done = false;

	if (start_all(argv + 2) && await(argv[0], false)) {
		cpu = cpu_ns();
		wall = time_ns(CLOCK_MONOTONIC);
		done = await(argv[1], true);
		cpu = cpu_ns() - cpu;
		wall = time_ns(CLOCK_MONOTONIC) - wall;
	}
	end_all();
	if (!done)
		fprintf(stderr, "bench-span: \"%s\" to \"%s\" was not seen; the last line: %s\n",
			argv[0], argv[1], nr_programs ? program[nr_programs - 1].line : "");
	else
		printf("%llu %llu\n", cpu, wall);
	return done ? 0 : 1;
}

static int serve(unsigned long long bytes)
{
	static const char zeros[65536];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(at);
	int to, fd = socket(AF_INET, SOCK_STREAM, 0);

	signal(SIGPIPE, SIG_IGN);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&at, &n)) {
		perror("bench-span");
		return 1;
	}
	printf("%u\n", ntohs(at.sin_port));
	fflush(stdout);
	while ((to = accept(fd, NULL, NULL)) >= 0) {
		unsigned long long left = bytes;
		ssize_t done = 1;

		while (left && done > 0) {
			done = write(to, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
			left -= done > 0 ? (unsigned long long)done : 0;
		}
		close(to);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(strtoull(argv[2], NULL, 10));
	if (argc > 4 && !strcmp(argv[1], "span"))
		return span(argv + 2);
	fprintf(stderr, "usage: bench-span span FROM TO COMMAND... [--next-- COMMAND...] | "
			"serve BYTES\n");
	return 2;
}
