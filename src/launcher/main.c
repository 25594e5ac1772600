/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:700
 * lgemu, the program.  It reads the command line, makes a machine with the functions of lgemu.h,
 * lets it run, and tells the shell how that ended.  Only this file prints and exits.
:*/
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/tty_plain.h"
#include "confine.h"
#include "debug/profile.h"
#include "debug/report.h"
#include "debug/step.h"
#include "lines.h"
#include "opts.h"

/*L:120
 * How a run ends, for the shell.  The original had 1 for everything, a clean power off included;
 * since nobody can build on that, we tell them apart.
 */
enum status {
	STATUS_OFF = 0,
	STATUS_WRONG = 2,
	STATUS_DEAD = 3,
	STATUS_HOST = 4,
	STATUS_IDLE = 5,
	STATUS_LEFT = 0,
	STATUS_TIMEOUT = 124, /* as timeout(1) */
	STATUS_SIGNAL = 128,  /* and the number of it */
};
/*:*/

struct program {
	struct opts opts;
	FILE *log[LGEMU_GUESTS];
	struct lines lines;
	bool plain; /* the terminal that we print on did not ask for more than text */
	struct tty_plain filter[LGEMU_GUESTS];
	FILE *stacks;
	struct profile *profile; /* NULL: none is wanted */
	struct lgemu *m;
};

/*L:122
 * Text that may have come from a guest or an image, for people: on standard error there is often a
 * terminal, and nobody there has asked for what a guest can make one do.
 */
static void put(FILE *to, const char *text)
{
	struct tty_plain filter = {0, 0};
	uint8_t out[TTY_PLAIN_MORE * 256];
	size_t part, n = strlen(text);

	for (; n; n -= part, text += part) {
		part = n < 256 ? n : 256;
		fwrite(out, 1, tty_plain(&filter, (const uint8_t *)text, part, out), to);
	}
}
/*:*/

static int say(const char *text)
{
	fputs("lgemu: ", stderr);
	put(stderr, text);
	fputc('\n', stderr);
	return STATUS_WRONG;
}

/* Signals can only be told to something they can find. */
static struct lgemu *volatile running;
static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
	if (running)
		lgemu_stop(running);
}

static void catch_signals(unsigned timeout_s)
{
	static const int signals[] = {SIGALRM, SIGTERM, SIGHUP, SIGINT};
	struct sigaction sa = {.sa_handler = on_signal};
	unsigned i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	/* Whoever reads our output may go away before we do. */
	signal(SIGPIPE, SIG_IGN);
	if (timeout_s)
		alarm(timeout_s);
}

/* --- what comes out ------------------------------------------------------------------------------ */

static void write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t done;

	while (n) {
		done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		p += done;
		n -= (size_t)done;
	}
}

static bool several(const struct program *p)
{
	return p->opts.machine.nr_guests > 1;
}

/* The name of a guest where that says something, and what goes between it and the text. */
static const char *name_of(const struct program *p, unsigned guest)
{
	return several(p) ? p->opts.guest[guest].name : "";
}

/* The guest's bytes as they are, or as a terminal may see them. */
static void print(struct program *p, unsigned guest, const uint8_t *bytes, size_t n)
{
	uint8_t out[TTY_PLAIN_MORE * 256];
	size_t part;

	if (!p->plain) {
		write_all(STDOUT_FILENO, bytes, n);
		return;
	}
	for (; n; n -= part, bytes += part) {
		part = n < 256 ? n : 256;
		write_all(STDOUT_FILENO, out, tty_plain(&p->filter[guest], bytes, part, out));
	}
}

static void output(void *ctx, unsigned guest, const uint8_t *bytes, size_t n)
{
	char before[LINES_BEFORE_BYTES];
	struct program *p = ctx;
	size_t part;

	if (p->log[guest])
		fwrite(bytes, 1, n, p->log[guest]);
	if (p->opts.guest[guest].console)
		return;
	for (; n; n -= part, bytes += part) {
		part = n;
		if (several(p)) {
			part = lines_next(&p->lines, guest, name_of(p, guest), bytes, n, before);
			write_all(STDOUT_FILENO, (const uint8_t *)before, strlen(before));
		}
		print(p, guest, bytes, part);
	}
}

static void host_output(void *ctx, const uint8_t *bytes, size_t n)
{
	struct program *p = ctx;

	write_all(p->opts.verb == OPTS_SELFTEST ? STDOUT_FILENO : STDERR_FILENO, bytes, n);
}

static void warning(void *ctx, const char *text)
{
	(void)ctx;
	fputs("lgemu: warning: ", stderr);
	put(stderr, text);
	fputc('\n', stderr);
}

/* --- the commands --------------------------------------------------------------------------------- */

static int inspect(const struct opts *o)
{
	struct lgemu_image image;
	char error[512];

	if (lgemu_inspect(o->image, o->guest[0].abi, &image, error, sizeof(error)))
		return say(error);
	printf("image:          %s\n", o->image);
	printf("format:         %s\n", image.format);
	if (image.packing[0])
		printf("packed with:    %s\n", image.packing);
	printf("entry:          %#" PRIx32 "%s\n", image.entry,
	       image.genuine ? " (of a bare PC; a Guest starts behind a string in the image)" : "");
	printf("release:        ");
	put(stdout, image.release[0] ? image.release : "not said");
	putchar('\n');
	printf("era:            %s\n", image.era[0] ? image.era : "unknown");
	if (image.range[0])
		printf("releases:       %s\n", image.range);
	if (image.why[0])
		printf("because of:     %s\n", image.why);
	if (image.device_model[0])
		printf("devices:        %s\n", image.device_model);
	printf("lguest support: %s\n", image.guest_support);
	printf("can be run:     %s\n", image.served ? "yes" : "no");
	return STATUS_OFF;
}

static int disk(const struct opts *o)
{
	const bool commit = o->verb == OPTS_DISK_COMMIT;
	struct lgemu_overlay ov;
	char error[512];

	if (commit ? lgemu_overlay_commit(o->image, o->overlay, &ov, error, sizeof(error))
		   : lgemu_overlay_info(o->overlay, &ov, error, sizeof(error)))
		return say(error);
	if (commit) {
		printf("%" PRIu64 " kB are in %s now\n", ov.changed_bytes / 1024, o->image);
		return STATUS_OFF;
	}
	printf("overlay:   %s\n", o->overlay);
	printf("disk size: %" PRIu64 " bytes\n", ov.size_bytes);
	printf("changed:   %" PRIu64 " bytes\n", ov.changed_bytes);
	if (ov.committing)
		printf("a commit was interrupted: lgemu disk commit DISK %s\n", o->overlay);
	return STATUS_OFF;
}

/* A whole file; it may be a pipe. */
static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *text = NULL, *more;
	size_t room = 0, n;

	*len = 0;
	while (f) {
		if (*len == room) {
			room += 65536;
			more = realloc(text, room);
			if (!more)
				break;
			text = more;
		}
		n = fread(text + *len, 1, room - *len, f);
		*len += n;
		if (!n)
			break;
	}
	if (f)
		fclose(f);
	return text;
}

static int load_script(struct program *p, unsigned guest)
{
	const char *path = p->opts.more[guest].script;
	size_t len;
	char *text;
	int err;

	if (!path)
		return 0;
	text = read_file(path, &len);
	if (!text) {
		fprintf(stderr, "lgemu: cannot read the script %s: %s\n", path, strerror(errno));
		return -EINVAL;
	}
	err = lgemu_script(p->m, guest, text, len);
	free(text);
	if (err)
		fprintf(stderr, "lgemu: %s: %s\n", path, lgemu_error(p->m));
	return err;
}

static int load_scripts(struct program *p)
{
	int err = 0;

	for (unsigned i = 0; i < p->opts.machine.nr_guests && !err; i++)
		err = load_script(p, i);
	return err;
}

static int open_logs(struct program *p)
{
	const char *path;

	for (unsigned i = 0; i < p->opts.machine.nr_guests; i++) {
		path = p->opts.more[i].console_log;
		p->log[i] = path ? fopen(path, "w") : NULL;
		if (!path || p->log[i])
			continue;
		fprintf(stderr, "lgemu: cannot write the console log %s: %s\n", path,
			strerror(errno));
		return -EINVAL;
	}
	return 0;
}

static int close_logs(struct program *p)
{
	int err = 0;

	for (unsigned i = 0; i < LGEMU_GUESTS; i++)
		if (p->log[i] && fclose(p->log[i]))
			err = -EIO;
	return err;
}

static bool has_script(const struct opts *o)
{
	for (unsigned i = 0; i < o->machine.nr_guests; i++)
		if (o->more[i].script)
			return true;
	return false;
}

/* Real time and raw keys where there is somebody to type.  Raw is also what a terminal is sent then:
 * whoever gives all his keys to a guest wants its colours, too. */
static void set_console(struct program *p)
{
	const bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	bool stdio = false, person = false;
	struct opts *o = &p->opts;

	for (unsigned i = 0; i < o->machine.nr_guests; i++) {
		const char *console = o->guest[i].console;

		stdio = stdio || !console;
		person = person ||
			 (console ? *console == 'p' || *console == 'u' /* pty, unix */ : terminal);
	}
	o->machine.console_fd = stdio ? STDIN_FILENO : -1;
	o->machine.console_raw = stdio && terminal;
	p->plain = isatty(STDOUT_FILENO) && !o->machine.console_raw;
	if (!o->clock_given && person && !has_script(o))
		o->machine.clock = LGEMU_REAL;
}

/* Nobody could guess the name of a pseudo terminal. */
static void name_consoles(const struct program *p)
{
	for (unsigned i = 0; i < p->opts.machine.nr_guests; i++)
		if (p->opts.guest[i].console && !strcmp(p->opts.guest[i].console, "pty"))
			fprintf(stderr, "lgemu: %s%sthe console is %s\n", name_of(p, i),
				several(p) ? ": " : "", lgemu_console_name(p->m, i));
}

static int machine_error(struct program *p)
{
	struct lgemu_failure f;

	if (!lgemu_failure(p->m, &f)) {
		report_failure(stderr, p->m);
		return STATUS_HOST;
	}
	return say(lgemu_error(p->m));
}

/* If the guests print where we do, the last one's line may not be at its end. */
static void break_line(struct program *p)
{
	if (isatty(STDOUT_FILENO) && isatty(STDERR_FILENO))
		fputs(lines_break(&p->lines), stderr);
}

/*L:121
 * The last words of a guest.  A death is told in the words of the original, "lguest: " and all, even
 * the one that is a clean power off.
 */
static void guest_ended(void *ctx, unsigned guest, enum lgemu_reason why)
{
	struct program *p = ctx;
	const char *gap = several(p) ? ": " : "";
	char prefix[OPTS_NAME_MAX + 3];

	break_line(p);
	if (why == LGEMU_ERROR)
		fprintf(stderr, "lgemu: %s%s", name_of(p, guest), gap);
	else
		fprintf(stderr, "%s%slguest: ", name_of(p, guest), gap);
	put(stderr, why == LGEMU_ERROR ? lgemu_error(p->m) : lgemu_death(p->m, guest));
	fputc('\n', stderr);
	if (why != LGEMU_DEAD)
		return;
	snprintf(prefix, sizeof(prefix), "%s%s", name_of(p, guest), gap);
	report_death(stderr, p->m, guest, prefix);
}

static int idle_for_ever(const struct program *p)
{
	say(several(p) ? "the guests are idle for ever: nothing is left that could wake one"
		       : "the guest is idle for ever: nothing is left that could wake it");
	for (unsigned i = 0; i < p->opts.machine.nr_guests; i++)
		if (!lgemu_script_done(p->m, i) && !lgemu_death(p->m, i)[0])
			fprintf(stderr, "lgemu: (%s still waits for something to be printed)\n",
				p->opts.more[i].script);
	return STATUS_IDLE;
}

/* And of the run. */
static int ended(struct program *p, enum lgemu_reason why)
{
	switch (why) {
	case LGEMU_POWER_OFF: return STATUS_OFF;
	case LGEMU_DEAD: return STATUS_DEAD;
	case LGEMU_HOST_FAILED: report_failure(stderr, p->m); return STATUS_HOST;
	case LGEMU_IDLE: return idle_for_ever(p);
	case LGEMU_LEFT: return STATUS_LEFT;
	case LGEMU_BUDGET: say("--timeout-insns: time is up"); return STATUS_TIMEOUT;
	case LGEMU_STOPPED:
		if (caught == SIGALRM) {
			say("--timeout: time is up");
			return STATUS_TIMEOUT;
		}
		return STATUS_SIGNAL + caught;
	case LGEMU_ERROR: return STATUS_WRONG; /* guest_ended() has told why */
	}
	return STATUS_WRONG;
}
/*:*/

/* The file is opened before the run, which may be long. */
static int open_profile(struct program *p)
{
	const char *file = p->opts.profile_file;

	if (!p->opts.profile)
		return 0;
	p->profile = profile_create();
	if (!p->profile)
		return say("no memory for the profile");
	if (!file)
		return 0;
	p->stacks = fopen(file, "w");
	if (p->stacks)
		return 0;
	fprintf(stderr, "lgemu: cannot write the profile %s: %s\n", file, strerror(errno));
	return -EINVAL;
}

static bool close_profile(struct program *p)
{
	bool failed = false;

	if (p->stacks) {
		profile_write(p->profile, p->stacks);
		failed = ferror(p->stacks);
		failed = fclose(p->stacks) || failed;
	}
	profile_destroy(p->profile);
	return !failed;
}

static void print_hashes(const struct program *p)
{
	for (unsigned i = 0; i < p->opts.machine.nr_guests; i++)
		printf("guest hash %016" PRIx64 "%s%s\n", lgemu_guest_hash(p->m, i),
		       several(p) ? " " : "", name_of(p, i));
}

static bool uses_resolver(const struct opts *o)
{
	for (unsigned i = 0; i < o->machine.nr_guests; i++)
		for (unsigned k = 0; k < o->guest[i].nr_devices; k++)
			if (o->guest[i].devices[k].kind == LGEMU_NET &&
			    !strncmp(o->guest[i].devices[k].path, "user", 4))
				return true;
	return false;
}

/* All files are open now. */
static int enter_sandbox(const struct opts *o)
{
	int err = o->sandbox == SANDBOX_OFF ? 0 : confine(uses_resolver(o));

	if (!err || o->sandbox != SANDBOX_ON)
		return 0;
	fprintf(stderr, "lgemu: --sandbox on: %s\n",
		err == -ENOSYS ? "this lgemu was built without libseccomp" : strerror(-err));
	return err;
}

static int go(struct program *p)
{
	const struct opts *o = &p->opts;
	enum lgemu_reason why;
	int status;

	if (lgemu_load(p->m))
		return machine_error(p);
	if (enter_sandbox(o))
		return STATUS_WRONG;
	if (o->verb == OPTS_STEP) {
		why = step_switch(stdout, p->m, o->timeout_insns);
		return why == LGEMU_BUDGET ? STATUS_OFF : ended(p, why);
	}
	why = p->profile ? profile_run(p->profile, p->m, o->timeout_insns)
			 : lgemu_run(p->m, o->timeout_insns);
	fflush(stdout);
	status = ended(p, why);
	if (o->hash)
		print_hashes(p);
	if (o->stats)
		report_stats(stderr, p->m);
	if (p->profile)
		profile_report(p->profile, p->m, stderr);
	return status;
}

static int selftest(struct program *p)
{
	int err = lgemu_selftest(p->m);

	if (!err)
		return STATUS_OFF;
	return machine_error(p) == STATUS_HOST || err == -EIO ? STATUS_HOST : STATUS_WRONG;
}

/* -v: what the Launcher made of the image. */
static void tell(const struct lgemu_guest_options *g)
{
	struct lgemu_image image;
	char text[1024];

	if (!g->kernel || lgemu_inspect(g->kernel, g->abi, &image, text, sizeof(text)))
		return;
	snprintf(text, sizeof(text), "%s: %s, release %s, served as %s (%s)", g->kernel,
		 image.format, image.release, image.era, image.why);
	say(text);
}

static int run(struct program *p)
{
	struct lgemu_options *o = &p->opts.machine;
	int status;

	o->output = output;
	o->ended = guest_ended;
	o->host_output = host_output;
	o->warning = warning;
	o->ctx = p;
	p->plain = isatty(STDOUT_FILENO);
	if (p->opts.verb == OPTS_RUN)
		set_console(p);
	if (open_logs(p) || open_profile(p))
		return STATUS_WRONG;
	for (unsigned i = 0; p->opts.verbose && i < o->nr_guests; i++)
		tell(&p->opts.guest[i]);
	if (lgemu_create(&p->m, o)) {
		status = say(lgemu_error(p->m));
	} else if (load_scripts(p)) {
		status = STATUS_WRONG;
	} else {
		name_consoles(p);
		running = p->m;
		catch_signals(p->opts.timeout_s);
		status = p->opts.verb == OPTS_SELFTEST ? selftest(p) : go(p);
		running = NULL;
	}
	lgemu_destroy(p->m);
	if (!close_profile(p))
		status = say("the profile could not be written");
	if (close_logs(p))
		status = say("a console log could not be written");
	return status;
}

static void list_rungs(void)
{
	const char *name, *what;

	for (unsigned i = 0; (name = lgemu_rung(i, &what)); i++)
		printf("%-10s %s\n", name, what);
}

/* Somebody who closed them would find our files in their place. */
static void open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	struct program p = {.m = NULL};
	struct complaint c;
	int status = STATUS_OFF;

	open_standard();
	if (opts_parse(&p.opts, argc, argv, &c)) {
		opts_free(&p.opts);
		say(c.text);
		fputs("Try lgemu --help.\n", stderr);
		return STATUS_WRONG;
	}
	switch (p.opts.verb) {
	case OPTS_RUNGS: list_rungs(); break;
	case OPTS_HELP: printf("%s%s", opts_usage, opts_help); break;
	case OPTS_VERSION: printf("lgemu %s (%s)\n", lgemu_version(), lgemu_build()); break;
	case OPTS_INSPECT: status = inspect(&p.opts); break;
	case OPTS_DISK_INFO:
	case OPTS_DISK_COMMIT: status = disk(&p.opts); break;
	default: status = run(&p); break;
	}
	opts_free(&p.opts);
	return status;
}
