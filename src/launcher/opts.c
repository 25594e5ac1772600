/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:705
 * Reading the command line.  It opens nothing and decides nothing about the machine; it only finds
 * out what was asked for, and refuses what cannot have been meant.
:*/
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "opts.h"

const char opts_usage[] =
	"usage: lgemu [options]                                  the built-in guest\n"
	"       lgemu run [options] -k vmlinux [-- arguments]    a kernel\n"
	"       lgemu run [options] --guest NAME [options] [-- arguments] --guest NAME ...\n"
	"                                                        several, in one machine\n"
	"       lgemu MEGABYTES vmlinux [options] [arguments]    the same, as the original\n"
	"       lgemu inspect [--abi RELEASE] vmlinux            which era is it?\n"
	"       lgemu step --until switch [options]              list one world switch\n"
	"       lgemu disk info OVERLAY                          what is in it?\n"
	"       lgemu disk commit DISK OVERLAY                   move that into the disk\n"
	"       lgemu selftest [--host-image FILE]               the Host tests itself\n"
	"       lgemu --help | --version\n";

const char opts_help[] =
	"\nThe guest:\n"
	"  -k, --kernel FILE        vmlinux (ELF) or bzImage\n"
	"  -m, --memory N           megabytes (64)\n"
	"  -i, --initrd FILE        initial RAM disk\n"
	"      --abi RELEASE        serve the interface of this kernel release (2.6.32)\n"
	"      --guest NAME         a guest, and the options of it alone; once for each.  What stands\n"
	"                           before the first, arguments included, is for all of them.\n"
	"\nIts devices, in the order in which it finds them:\n"
	"  -d, --disk, --block FILE a disk: an image, as raw bytes, or nbd:unix:PATH,\n"
	"                           nbd://HOST/NAME: one on a server\n"
	"      --read-only          the disk before this cannot be written\n"
	"      --overlay FILE       what is written to the disk before this is kept in FILE\n"
	"      --snapshot           what is written to the disk before this is forgotten at the end;\n"
	"                           given before any disk, these two are for all of them\n"
	"      --rng                random bytes: from --seed; with the real clock and\n"
	"                           without a seed, from the system\n"
	"      --net user           a network card; the world, without privilege.  Options, each after\n"
	"                           a comma: hostfwd=tcp::2222-:22, allow-host (10.0.2.2 is then\n"
	"                           this host's loopback), and for any network mac=ADDRESS\n"
	"      --net hub[:PATH]     the other cards on it, and those of other processes\n"
	"      --net stream:WHERE   a socket, PATH or HOST:PORT, that speaks as QEMU's (passt)\n"
	"      --net tap:NAME       a TAP device\n"
	"      --net none           a card without a cable\n"
	"      --tunnet=IP[:MAC], --tunnet=bridge:NAME[:MAC]   a TAP device, made as the original did\n"
	"      --sharenet=FILE      --net hub:FILE, as the page that guests of 2.6.23 shared\n"
	"      --pcap FILE          write down what crosses the network card before this\n"
	"\nThe machine:\n"
	"      --cpu MODEL          what CPUID offers, and nothing else is executed: default, pentium2,\n"
	"                           pentium3 (with SSE), pentium4 (with SSE and SSE2)\n"
	"      --clock MODE         virtual (repeatable; default), real (default on a terminal)\n"
	"      --rtc-base SECONDS   the wall clock at the start, since 1970\n"
	"      --seed N             of the random bytes (0)\n"
	"      --host HOME          where the Host runs: ring0, in the machine (default), or native, in\n"
	"                           this process: quicker, and all the same to the guest\n"
	"      --host-image FILE    another Host and Switcher (ELF, multiboot)\n"
	"      --cpu-without LIST   leave out what makes the processor quick; \"help\" lists it\n"
	"      --sandbox on|off     before a guest runs, give up opening files and starting programs;\n"
	"                           on, where it is possible (default), or else not start\n"
	"      --timeout SECONDS    give up after that long, status 124\n"
	"      --timeout-insns N    give up after that many instructions, status 124\n"
	"\nWhat goes in and out:\n"
	"      --script FILE        type for me: expect TEXT, send TEXT, at NS send TEXT\n"
	"      --console WHERE      stdio (default), pty, unix:PATH (a socket, for one client at a\n"
	"                           time), file:PATH, null\n"
	"      --console-log FILE   a copy of what the guest prints\n"
	"      --stats              at the end, say what was counted (on standard error)\n"
	"      --profile[=FILE]     at the end, say where the instructions went (on standard error);\n"
	"                           FILE gets the stacks, as flame graph tools read them\n"
	"      --guest-hash         at the end, print one number for the guest's whole state\n"
	"  -v, --verbose            say more\n"
	"\nOn a terminal Ctrl-A x leaves, and so does Ctrl-C three times within a second; Ctrl-A n gives\n"
	"the keyboard to the next guest.\n"
	"\nExit status: 0 all guests switched themselves off, 2 wrong usage or input, 3 a guest died,\n"
	"4 the Host failed, 5 whoever is left is idle for ever, 124 time is up, 128 and its number for a\n"
	"signal.\n";

enum opt {
	OPT_KERNEL = 'k',
	OPT_MEMORY = 'm',
	OPT_INITRD = 'i',
	OPT_DISK = 'd',
	OPT_VERBOSE = 'v',
	OPT_HELP = 'h',
	OPT_VERSION = 256,
	OPT_ABI,
	OPT_READ_ONLY,
	OPT_SNAPSHOT,
	OPT_OVERLAY,
	OPT_RNG,
	OPT_NET,
	OPT_TUNNET,
	OPT_SHARENET,
	OPT_PCAP,
	OPT_CPU,
	OPT_CLOCK,
	OPT_RTC_BASE,
	OPT_SEED,
	OPT_HOST,
	OPT_HOST_IMAGE,
	OPT_SANDBOX,
	OPT_TIMEOUT,
	OPT_TIMEOUT_INSNS,
	OPT_SCRIPT,
	OPT_CONSOLE,
	OPT_CONSOLE_LOG,
	OPT_STATS,
	OPT_PROFILE,
	OPT_CPU_WITHOUT,
	OPT_GUEST_HASH,
	OPT_UNTIL,
	OPT_GUEST,
};

/* ":" first: a missing argument is told from an unknown option. */
static const char short_options[] = ":k:m:i:d:vh";
/* The original knew one short option. */
static const char short_original[] = ":vh";

static const struct option long_options[] = {
	{"guest", required_argument, NULL, OPT_GUEST},
	{"kernel", required_argument, NULL, OPT_KERNEL},
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"initrd", required_argument, NULL, OPT_INITRD},
	{"disk", required_argument, NULL, OPT_DISK},
	{"block", required_argument, NULL, OPT_DISK},
	{"verbose", no_argument, NULL, OPT_VERBOSE},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{"abi", required_argument, NULL, OPT_ABI},
	{"read-only", no_argument, NULL, OPT_READ_ONLY},
	{"snapshot", no_argument, NULL, OPT_SNAPSHOT},
	{"overlay", required_argument, NULL, OPT_OVERLAY},
	{"rng", no_argument, NULL, OPT_RNG},
	{"net", required_argument, NULL, OPT_NET},
	{"tunnet", required_argument, NULL, OPT_TUNNET},
	{"sharenet", required_argument, NULL, OPT_SHARENET},
	{"pcap", required_argument, NULL, OPT_PCAP},
	{"cpu", required_argument, NULL, OPT_CPU},
	{"clock", required_argument, NULL, OPT_CLOCK},
	{"rtc-base", required_argument, NULL, OPT_RTC_BASE},
	{"seed", required_argument, NULL, OPT_SEED},
	{"host", required_argument, NULL, OPT_HOST},
	{"sandbox", required_argument, NULL, OPT_SANDBOX},
	{"host-image", required_argument, NULL, OPT_HOST_IMAGE},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"timeout-insns", required_argument, NULL, OPT_TIMEOUT_INSNS},
	{"script", required_argument, NULL, OPT_SCRIPT},
	{"console", required_argument, NULL, OPT_CONSOLE},
	{"console-log", required_argument, NULL, OPT_CONSOLE_LOG},
	{"stats", no_argument, NULL, OPT_STATS},
	{"profile", optional_argument, NULL, OPT_PROFILE},
	{"cpu-without", required_argument, NULL, OPT_CPU_WITHOUT},
	{"guest-hash", no_argument, NULL, OPT_GUEST_HASH},
	{"until", required_argument, NULL, OPT_UNTIL},
	{NULL, 0, NULL, 0},
};

/* A whole decimal number, at most max. */
static bool number(const char *text, uint64_t max, uint64_t *v)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*v = strtoull(text, &end, 10);
	return !errno && !*end && *v <= max;
}

static int want_number(const char *option, const char *text, uint64_t max, uint64_t *v,
		       struct complaint *c)
{
	if (number(text, max, v))
		return 0;
	return complain(c, -EINVAL, "%s %s: a number from 0 to %llu is wanted", option, text,
			(unsigned long long)max);
}

/* --- the options of one guest --------------------------------------------------------------------- */

/* A guest on the command line: the two halves of what is known of it. */
struct group {
	struct lgemu_guest_options *g;
	struct opts_guest *more;
};

/* "64", "64M", "1G" */
static int parse_memory(struct lgemu_guest_options *g, const char *text, struct complaint *c)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && !errno && v <= 1u << 20) {
		if ((*end == 'G' || *end == 'g') && !end[1])
			v *= 1024, end++;
		else if ((*end == 'M' || *end == 'm') && !end[1])
			end++;
		if (!*end && v && v <= 1u << 20) {
			g->memory_mb = (uint32_t)v;
			return 0;
		}
	}
	return complain(c, -EINVAL, "-m %s: a number of megabytes is wanted, as in -m 64", text);
}

static int add_device(struct group *to, enum lgemu_device_kind kind, const char *path,
		      unsigned flags, struct complaint *c)
{
	if (to->g->nr_devices == OPTS_DEVICES)
		return complain(c, -EINVAL, "too many devices; a guest has at most %u",
				OPTS_DEVICES);
	to->more->device[to->g->nr_devices++] = (struct lgemu_device){kind, path, flags, NULL,
								      NULL};
	return 0;
}

/* The last one of its kind, or NULL. */
static struct lgemu_device *last_device(struct group *of, enum lgemu_device_kind kind)
{
	for (unsigned i = of->g->nr_devices; i-- > 0;)
		if (of->more->device[i].kind == kind)
			return &of->more->device[i];
	return NULL;
}

/* For the disk before it, or for all if there is none yet. */
static void set_disk_flag(struct group *of, unsigned flag)
{
	struct lgemu_device *disk = last_device(of, LGEMU_DISK);

	if (disk)
		disk->flags |= flag;
	else
		of->more->disk_flags |= flag;
}

static int set_overlay(struct group *of, const char *path, struct complaint *c)
{
	struct lgemu_device *disk = last_device(of, LGEMU_DISK);

	if (!disk)
		return complain(c, -EINVAL, "--overlay %s: it comes behind the disk it belongs to",
				path);
	disk->overlay = path;
	return 0;
}

static int set_capture(struct group *of, const char *path, struct complaint *c)
{
	struct lgemu_device *nic = last_device(of, LGEMU_NET);

	if (!nic)
		return complain(c, -EINVAL, "--pcap %s: it comes behind the --net it belongs to",
				path);
	nic->capture = path;
	return 0;
}

static int take_guest_option(struct group *of, int opt, const char *arg, struct complaint *c)
{
	switch (opt) {
	case OPT_KERNEL: of->g->kernel = arg; break;
	case OPT_MEMORY: return parse_memory(of->g, arg, c);
	case OPT_INITRD: of->g->initrd = arg; break;
	case OPT_ABI: of->g->abi = arg; break;
	case OPT_DISK: return add_device(of, LGEMU_DISK, arg, of->more->disk_flags, c);
	case OPT_READ_ONLY: set_disk_flag(of, LGEMU_READ_ONLY); break;
	case OPT_SNAPSHOT: set_disk_flag(of, LGEMU_SNAPSHOT); break;
	case OPT_OVERLAY: return set_overlay(of, arg, c);
	case OPT_RNG: return add_device(of, LGEMU_RNG, NULL, 0, c);
	case OPT_NET: return add_device(of, LGEMU_NET, arg, 0, c);
	case OPT_TUNNET: return add_device(of, LGEMU_NET, arg, LGEMU_TUNNET, c);
	case OPT_SHARENET: return add_device(of, LGEMU_NET, arg, LGEMU_SHARENET, c);
	case OPT_PCAP: return set_capture(of, arg, c);
	case OPT_SCRIPT: of->more->script = arg; break;
	case OPT_CONSOLE: of->g->console = strcmp(arg, "stdio") != 0 ? arg : NULL; break;
	case OPT_CONSOLE_LOG: of->more->console_log = arg; break;
	}
	return 0;
}

/* The rest of the command line is the kernel's, joined by blanks as the original joined it. */
static int kernel_line(struct group *of, int argc, char **argv, int first, struct complaint *c)
{
	size_t len = 1;
	char *line;
	int i;

	if (of->more->line)
		len += strlen(of->more->line) + 1;
	for (i = first; i < argc; i++)
		len += strlen(argv[i]) + 1;
	line = calloc(1, len);
	if (!line)
		return complain(c, -ENOMEM, "out of memory");
	if (of->more->line)
		strcpy(line, of->more->line);
	for (i = first; i < argc; i++) {
		if (*line)
			strcat(line, " ");
		strcat(line, argv[i]);
	}
	free(of->more->line);
	of->g->command_line = of->more->line = line;
	return 0;
}

/* --- the options of the machine -------------------------------------------------------------------- */

static int set_clock(struct opts *o, const char *text, struct complaint *c)
{
	o->clock_given = true;
	if (!strcmp(text, "virtual"))
		o->machine.clock = LGEMU_VIRTUAL;
	else if (!strcmp(text, "real"))
		o->machine.clock = LGEMU_REAL;
	else
		return complain(c, -EINVAL, "--clock %s: it is virtual or real", text);
	return 0;
}

static int set_host(struct opts *o, const char *text, struct complaint *c)
{
	o->machine.host_is_native = !strcmp(text, "native");
	if (!o->machine.host_is_native && strcmp(text, "ring0") != 0)
		return complain(c, -EINVAL, "--host %s: it is ring0 or native", text);
	return 0;
}

static int set_sandbox(struct opts *o, const char *text, struct complaint *c)
{
	const bool on = !strcmp(text, "on");

	if (!on && strcmp(text, "off") != 0)
		return complain(c, -EINVAL, "--sandbox %s: it is on or off", text);
	o->sandbox = on ? SANDBOX_ON : SANDBOX_OFF;
	return 0;
}

static int set_numbers(struct opts *o, int opt, const char *arg, struct complaint *c)
{
	uint64_t v = 0;
	int err = 0;

	switch (opt) {
	case OPT_RTC_BASE:
		err = want_number("--rtc-base", arg, UINT32_MAX, &v, c);
		o->machine.rtc_base = (int64_t)v;
		break;
	case OPT_SEED: err = want_number("--seed", arg, UINT64_MAX, &o->machine.seed, c); break;
	case OPT_TIMEOUT:
		err = want_number("--timeout", arg, 1000000000, &v, c);
		o->timeout_s = (unsigned)v;
		break;
	case OPT_TIMEOUT_INSNS:
		err = want_number("--timeout-insns", arg, UINT64_MAX, &o->timeout_insns, c);
		break;
	}
	return err;
}

static int take_option(struct opts *o, struct group *of, int opt, const char *arg,
		       struct complaint *c)
{
	switch (opt) {
	case OPT_VERBOSE: o->verbose = true; break;
	case OPT_HELP: o->verb = OPTS_HELP; break;
	case OPT_VERSION: o->verb = OPTS_VERSION; break;
	case OPT_CLOCK: return set_clock(o, arg, c);
	case OPT_SANDBOX: return set_sandbox(o, arg, c);
	case OPT_HOST: return set_host(o, arg, c);
	case OPT_CPU: o->machine.cpu = arg; break;
	case OPT_HOST_IMAGE: o->machine.host_image = arg; break;
	case OPT_STATS: o->stats = true; break;
	case OPT_PROFILE:
		o->profile = true;
		o->profile_file = arg;
		break;
	case OPT_CPU_WITHOUT:
		o->machine.cpu_without = arg;
		if (!strcmp(arg, "help"))
			o->verb = OPTS_RUNGS;
		break;
	case OPT_GUEST_HASH: o->hash = true; break;
	case OPT_RTC_BASE:
	case OPT_SEED:
	case OPT_TIMEOUT:
	case OPT_TIMEOUT_INSNS: return set_numbers(o, opt, arg, c);
	case OPT_GUEST:
		return complain(c, -EINVAL, "--guest %s: only \"lgemu run\" takes several guests",
				arg);
	case OPT_UNTIL:
		if (strcmp(arg, "switch") != 0)
			return complain(c, -EINVAL, "--until %s: only \"switch\" is known", arg);
		break;
	default: return take_guest_option(of, opt, arg, c);
	}
	return 0;
}

static int options(struct opts *o, struct group *of, int argc, char **argv, const char *letters,
		   struct complaint *c)
{
	int opt, err = 0;

	/* 0, not 1: glibc starts over completely, permutation included. */
	optind = 0;
	opterr = 0;
	while (!err && (opt = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (opt == '?' && optopt && optopt < 256)
			err = complain(c, -EINVAL, "unknown option -%c", optopt);
		else if (opt == '?')
			err = complain(c, -EINVAL, "unknown or ambiguous option %s",
				       argv[optind - 1]);
		else if (opt == ':')
			err = complain(c, -EINVAL, "option %s wants an argument", argv[optind - 1]);
		else
			err = take_option(o, of, opt, optarg, c);
	}
	return err;
}

/* --- the whole line -------------------------------------------------------------------------------- */

/*L:110
 * The original's command line: memory, kernel, and the kernel's arguments, with options anywhere
 * between.  The memory is a number and whatever follows it is ignored, so "64m" is right, too.
 * Without memory and kernel it is our own guest that runs.
 */
static int parse_original(struct opts *o, int argc, char **argv, struct complaint *c)
{
	struct group of = {&o->guest[0], &o->more[0]};
	int err = options(o, &of, argc, argv, short_original, c);
	unsigned long mb;

	if (err || o->verb != OPTS_RUN)
		return err;
	if (optind == argc)
		return 0;
	mb = strtoul(argv[optind], NULL, 10);
	if (!isdigit((unsigned char)argv[optind][0]) || !mb || mb > 1u << 20)
		return complain(
			c, -EINVAL,
			"\"%s\" is neither a command nor a number of megabytes; see lgemu --help",
			argv[optind]);
	of.g->memory_mb = (uint32_t)mb;
	if (optind + 1 == argc)
		return complain(c, -EINVAL, "after the memory a kernel is wanted: lgemu %s vmlinux",
				argv[optind]);
	of.g->kernel = argv[optind + 1];
	return kernel_line(&of, argc, argv, optind + 2, c);
}
/*:*/

static int parse_verb(struct opts *o, int argc, char **argv, struct complaint *c)
{
	const enum opts_verb verb = o->verb;
	struct group of = {&o->guest[0], &o->more[0]};
	int err = options(o, &of, argc, argv, short_options, c);

	if (err || o->verb != verb)
		return err;
	if (verb == OPTS_SELFTEST && optind != argc)
		return complain(c, -EINVAL, "selftest takes no arguments");
	if (verb != OPTS_INSPECT)
		return kernel_line(&of, argc, argv, optind, c);
	if (optind + 1 != argc)
		return complain(c, -EINVAL, "inspect wants one image");
	o->image = argv[optind];
	return 0;
}

/*L:111
 * Several guests.  Each begins with --guest and its name, and reaches to the next; what comes before
 * the first is common to all.  A kernel's arguments, too, end at the next --guest, so that is one
 * word that no kernel can be given.
 */
static bool begins_guest(const char *word)
{
	return !strcmp(word, "--guest") || !strncmp(word, "--guest=", 8);
}

/* The first of these words that begins a guest, or argc. */
static int find_guest(int argc, char **argv, int from)
{
	while (from < argc && !begins_guest(argv[from]))
		from++;
	return from;
}

static int name_guest(struct opts *o, unsigned nr, const char *name, struct complaint *c)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	const size_t len = strlen(name);

	if (!len || len > OPTS_NAME_MAX || strspn(name, letters) != len)
		return complain(c, -EINVAL,
				"--guest %s: a name is wanted, of at most %u letters, digits and "
				"any of \"-_.\"",
				name, OPTS_NAME_MAX);
	for (unsigned i = 0; i < nr; i++)
		if (!strcmp(o->guest[i].name, name))
			return complain(c, -EINVAL, "--guest %s: there is one of that name", name);
	o->guest[nr].name = name;
	return 0;
}

static int copy_group(const struct group *from, struct group *to, struct complaint *c)
{
	*to->g = *from->g;
	*to->more = *from->more;
	to->g->devices = to->more->device;
	if (!from->more->line)
		return 0;
	to->g->command_line = to->more->line = strdup(from->more->line);
	return to->more->line ? 0 : complain(c, -ENOMEM, "out of memory");
}

/* argv[0] is --guest, and the next one, if any, begins behind the end. */
static int parse_guest(struct opts *o, const struct group *common, int argc, char **argv,
		       struct complaint *c)
{
	const unsigned nr = o->machine.nr_guests;
	struct group of = {&o->guest[nr], &o->more[nr]};
	const char *name = argv[0][7] ? argv[0] + 8 : argc > 1 ? argv[1] : "";
	int err;

	if (nr == LGEMU_GUESTS)
		return complain(c, -EINVAL, "too many guests; a machine has at most %u",
				LGEMU_GUESTS);
	o->machine.nr_guests++;
	err = copy_group(common, &of, c);
	if (!err)
		err = name_guest(o, nr, name, c);
	if (err)
		return err;
	if (!argv[0][7])
		argc--, argv++; /* options() skips a word, as programs are used to */
	err = options(o, &of, argc, argv, short_options, c);
	return err ? err : kernel_line(&of, argc, argv, optind, c);
}

/* Files that we write cannot be several guests' at once. */
static int not_for_all(const struct group *common, struct complaint *c)
{
	static const char text[] = "%s %s: before the first --guest it would be for all guests; it "
				   "goes behind the --guest it belongs to";

	if (common->more->console_log)
		return complain(c, -EINVAL, text, "--console-log", common->more->console_log);
	if (common->g->console && strchr(common->g->console, ':'))
		return complain(c, -EINVAL, text, "--console", common->g->console);
	for (unsigned i = 0; i < common->g->nr_devices; i++) {
		const struct lgemu_device *d = &common->more->device[i];

		if (d->capture)
			return complain(c, -EINVAL, text, "--pcap", d->capture);
		if (d->overlay)
			return complain(c, -EINVAL, text, "--overlay", d->overlay);
	}
	return 0;
}

static int parse_run(struct opts *o, int argc, char **argv, struct complaint *c)
{
	int from = find_guest(argc, argv, 1), to, err;
	struct lgemu_guest_options g = {.name = NULL};
	struct opts_guest more = {.line = NULL};
	struct group common = {&g, &more};

	if (from == argc)
		return parse_verb(o, argc, argv, c);
	o->machine.nr_guests = 0;
	err = options(o, &common, from, argv, short_options, c);
	if (!err)
		err = kernel_line(&common, from, argv, optind, c);
	if (!err)
		err = not_for_all(&common, c);
	for (; from < argc && !err && o->verb == OPTS_RUN; from = to) {
		to = find_guest(argc, argv, from + 1);
		err = parse_guest(o, &common, to - from, argv + from, c);
	}
	free(more.line);
	return err;
}
/*:*/

/* disk info OVERLAY, disk commit DISK OVERLAY */
static int parse_disk(struct opts *o, int argc, char **argv, struct complaint *c)
{
	const bool info = argc > 1 && !strcmp(argv[1], "info");

	if (!info && (argc < 2 || strcmp(argv[1], "commit") != 0))
		return complain(c, -EINVAL, "disk: it is disk info or disk commit");
	o->verb = info ? OPTS_DISK_INFO : OPTS_DISK_COMMIT;
	if (argc != (info ? 3 : 4))
		return complain(c, -EINVAL,
				info ? "disk info wants one overlay"
				     : "disk commit wants a disk and its overlay");
	o->image = info ? NULL : argv[2];
	o->overlay = argv[argc - 1];
	return 0;
}

int opts_parse(struct opts *o, int argc, char **argv, struct complaint *c)
{
	static const struct {
		const char *word;
		enum opts_verb verb;
	} verbs[] = {
		{"run", OPTS_RUN},	     {"inspect", OPTS_INSPECT}, {"step", OPTS_STEP},
		{"selftest", OPTS_SELFTEST}, {"help", OPTS_HELP},
	};
	unsigned i;

	memset(o, 0, sizeof(*o));
	lgemu_options_init(&o->machine);
	o->timeout_insns = LGEMU_FOREVER;
	o->machine.guests = o->guest;
	o->machine.nr_guests = 1;
	o->guest[0].devices = o->more[0].device;
	if (argc > 1 && !strcmp(argv[1], "disk"))
		return parse_disk(o, argc - 1, argv + 1, c);
	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].word)) {
			o->verb = verbs[i].verb;
			return (o->verb == OPTS_RUN ? parse_run : parse_verb)(o, argc - 1, argv + 1,
									      c);
		}
	return parse_original(o, argc, argv, c);
}

void opts_free(struct opts *o)
{
	for (unsigned i = 0; i < LGEMU_GUESTS; i++) {
		free(o->more[i].line);
		o->more[i].line = NULL;
	}
}
