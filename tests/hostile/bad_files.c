/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:998
 * lgemu against files that are cut, damaged or nothing but noise: kernels, bzImages, initrds,
 * disks, scripts and Host images, from a numbered seed each, so that a failure can be had again.
 * Whatever they are, the program ends by itself, with one of its own exit statuses; if that is 2,
 * with one line that says why; and no sanitizer has a word to say.
 *
 *	bad_files LGEMU PUPPY.elf HOST.elf SCRIPT FIRST COUNT
:*/
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NR_KINDS = 6, ERRORS_MAX = 20000 };
enum kind { KERNEL, BZIMAGE, INITRD, DISK, SCRIPT, HOST };
static const char *const kind_name[NR_KINDS] = {"kernel", "bzImage", "initrd",
						"disk",	  "script",  "Host image"};

struct bytes {
	uint8_t *p;
	size_t n;
};

static char folder[] = "/tmp/lgemu-bad-XXXXXX";
static uint32_t state;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return below ? state % below : 0;
}

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static struct bytes slurp(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct bytes b = {malloc(4 << 20), 0};

	if (!file || !b.p)
		fail(path);
	b.n = fread(b.p, 1, 4 << 20, file);
	fclose(file);
	return b;
}

static const char *spill(const char *name, const uint8_t *p, size_t n)
{
	static char path[2][100];
	static unsigned turn;
	char *to = path[turn++ % 2];
	FILE *file;

	snprintf(to, 100, "%s/%s", folder, name);
	file = fopen(to, "wb");
	if (!file || fwrite(p, 1, n, file) != n || fclose(file))
		fail(to);
	return to;
}

/* Cut it, change some bytes of its first pages or anywhere, or make all of it noise. */
static size_t damage(uint8_t *p, size_t n)
{
	const uint32_t how = rnd(4), head = n < 4096 ? (uint32_t)n : rnd(2) ? 4096 : 128;

	if (how == 0)
		n = rnd(3) ? rnd((uint32_t)n + 1) : rnd(200) % (n + 1);
	if (how == 1 || how == 0)
		for (uint32_t i = rnd(20); i-- && n;)
			p[rnd(head) % n] = (uint8_t)(rnd(3) ? rnd(256) : rnd(2) * 255);
	if (how == 2)
		for (uint32_t i = 1 + rnd(300); i-- && n;)
			p[rnd((uint32_t)n)] = (uint8_t)rnd(256);
	if (how == 3) {
		const uint32_t kept = rnd(2) ? rnd(80) : 0;

		n = rnd(20000);
		for (size_t i = kept; i < n; i++)
			p[i] = (uint8_t)rnd(256);
	}
	return n;
}

static struct bytes a_bzimage(void)
{
	struct bytes b = {calloc(1, 4 << 20), 0x5000};

	if (!b.p)
		fail("memory");
	b.p[0x1f1] = 3;
	b.p[0x1fe] = 0x55;
	b.p[0x1ff] = 0xaa;
	memcpy(b.p + 0x202, "HdrS\12\2", 6);
	b.p[0x20e] = 0x80;
	b.p[0x211] = 1;
	b.p[0x216] = 0x10;
	b.p[0x232] = 1;
	b.p[0x248] = 0x40;
	b.p[0x24d] = 0x10;
	memcpy(b.p + 0x280, "2.6.32 (me@here)", 17);
	for (unsigned i = 0x800; i < 0x5000; i++)
		b.p[i] = (uint8_t)rnd(256);
	memcpy(b.p + 0x840, "\37\213\10\0\0\0\0\0\0\3", 10);
	return b;
}

/* Its exit status, or -1: it was killed. */
static int run(char **argv, char *errors)
{
	char path[100];
	int status, out, null;
	ssize_t n;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/errors", folder);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		out = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (null < 0 || out < 0)
			_exit(99);
		dup2(null, 0);
		dup2(null, 1);
		dup2(out, 2);
		alarm(120);
		execv(argv[0], argv);
		_exit(99);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("wait");
	out = open(path, O_RDONLY);
	n = out < 0 ? -1 : read(out, errors, ERRORS_MAX - 1);
	errors[n > 0 ? n : 0] = 0;
	close(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Lines, but for the hint. */
static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		n += !!strncmp(text, "Try lgemu", 9) && !!strncmp(text, "lgemu: warning:", 15);
	return n;
}

static int one(char **argv, uint32_t seed, unsigned *statuses)
{
	static char errors[ERRORS_MAX];
	enum kind kind = (enum kind)(seed % NR_KINDS);
	char *args[20] = {argv[1],	     "run",    "-m", "16", "--clock", "virtual",
			  "--timeout-insns", "2000000"};
	char kernel[] = "-k", initrd[] = "-i", disk[] = "-d", script[] = "--script",
	     host[] = "--host-image";
	char *const option[NR_KINDS] = {kernel, kernel, initrd, disk, script, host};
	struct bytes b;
	int status, n = 8;
	bool bad;

	state = seed * 2654435761u + 12345;
	for (unsigned i = 0; i < 8; i++)
		(void)rnd(2);
	b = kind == BZIMAGE ? a_bzimage()
			    : slurp(kind == SCRIPT ? argv[4]
				    : kind == HOST ? argv[3]
						   : argv[2]);
	b.n = damage(b.p, b.n);
	if (kind == DISK && rnd(2))
		b.n &= ~(size_t)511;
	args[n++] = option[kind];
	args[n++] = (char *)(uintptr_t)spill("bad", b.p, b.n);
	free(b.p);
	status = run(args, errors);
	bad = (status != 0 && status != 2 && status != 3 && status != 4 && status != 5 &&
	       status != 124) ||
	      strstr(errors, "Sanitizer") || strstr(errors, "runtime error") ||
	      (status == 2 && lines(errors) != 1);
	if (status >= 0)
		statuses[status & 127]++;
	if (bad)
		printf("seed %u, a damaged %s: status %d\n%s\n", seed, kind_name[kind], status,
		       errors);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned statuses[128] = {0};
	int bad = 0;
	char path[100];

	if (argc != 7) {
		fprintf(stderr, "bad_files LGEMU PUPPY.elf HOST.elf SCRIPT FIRST COUNT\n");
		return 2;
	}
	if (!mkdtemp(folder))
		fail(folder);
	for (uint32_t i = 0; i < (uint32_t)atoi(argv[6]); i++)
		bad += one(argv, (uint32_t)atoi(argv[5]) + i, statuses);
	for (unsigned i = 0; i < 128; i++)
		if (statuses[i])
			printf("status %u: %u runs\n", i, statuses[i]);
	snprintf(path, sizeof(path), "%s/bad", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/errors", folder);
	unlink(path);
	rmdir(folder);
	return bad ? 1 : 0;
}
