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
	"\nIts devices, in the order in which it finds them:\n"
	"  -d, --disk, --block FILE a disk: an image, as raw bytes, or nbd:unix:PATH,\n"
	"                           nbd://HOST/NAME: one on a server\n"
	"      --read-only          the disk before this cannot be written\n"
	"      --overlay FILE       what is written to the disk before this is kept in FILE\n"
	"      --snapshot           what is written to the disk before this is forgotten at the end;\n"
	"                           given before any disk, these two are for all of them\n"
	"      --rng                random bytes, from --seed\n"
	"      --net user           a network card; the world, without privilege.  Options, each after\n"
	"                           a comma: hostfwd=tcp::2222-:22, allow-host (10.0.2.2 is then\n"
	"                           this host's loopback), and for any network mac=ADDRESS\n"
	"      --net hub[:PATH]     the other cards on it, and those of other processes\n"
	"      --net stream:WHERE   a socket, PATH or HOST:PORT, that speaks as QEMU's (passt)\n"
	"      --net tap:NAME       a TAP device\n"
	"      --net none           a card without a cable\n"
	"      --tunnet=IP[:MAC], --tunnet=bridge:NAME[:MAC]   a TAP device, made as the original did\n"
	"      --pcap FILE          write down what crosses the network card before this\n"
	"\nThe machine:\n"
	"      --clock MODE         virtual (repeatable; default), real (default on a terminal)\n"
	"      --rtc-base SECONDS   the wall clock at the start, since 1970\n"
	"      --seed N             of the random bytes (0)\n"
	"      --host HOME          where the Host runs: ring0, in the machine (default), or native, in\n"
	"                           this process: quicker, and all the same to the guest\n"
	"      --host-image FILE    another Host and Switcher (ELF, multiboot)\n"
	"      --timeout SECONDS    give up after that long, status 124\n"
	"      --timeout-insns N    give up after that many instructions, status 124\n"
	"\nWhat goes in and out:\n"
	"      --script FILE        type for me: expect TEXT, send TEXT, at NS send TEXT\n"
	"      --console-log FILE   a copy of what the guest prints\n"
	"      --stats              at the end, say what was counted (on standard error)\n"
	"      --guest-hash         at the end, print one number for the guest's whole state\n"
	"  -v, --verbose            say more\n"
	"\nOn a terminal Ctrl-A x leaves, and so does Ctrl-C three times within a second.\n"
	"\nExit status: 0 the guest switched itself off, 2 wrong usage or input, 3 the guest died,\n"
	"4 the Host failed, 5 the guest is idle for ever, 124 time is up.\n";

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
	OPT_PCAP,
	OPT_CLOCK,
	OPT_RTC_BASE,
	OPT_SEED,
	OPT_HOST,
	OPT_HOST_IMAGE,
	OPT_TIMEOUT,
	OPT_TIMEOUT_INSNS,
	OPT_SCRIPT,
	OPT_CONSOLE_LOG,
	OPT_STATS,
	OPT_GUEST_HASH,
	OPT_UNTIL,
};

/* ":" first: a missing argument is told from an unknown option. */
static const char short_options[] = ":k:m:i:d:vh";
/* The original knew one short option. */
static const char short_original[] = ":vh";

static const struct option long_options[] = {
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
	{"pcap", required_argument, NULL, OPT_PCAP},
	{"clock", required_argument, NULL, OPT_CLOCK},
	{"rtc-base", required_argument, NULL, OPT_RTC_BASE},
	{"seed", required_argument, NULL, OPT_SEED},
	{"host", required_argument, NULL, OPT_HOST},
	{"host-image", required_argument, NULL, OPT_HOST_IMAGE},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"timeout-insns", required_argument, NULL, OPT_TIMEOUT_INSNS},
	{"script", required_argument, NULL, OPT_SCRIPT},
	{"console-log", required_argument, NULL, OPT_CONSOLE_LOG},
	{"stats", no_argument, NULL, OPT_STATS},
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

/* "64", "64M", "1G" */
static int parse_memory(struct opts *o, const char *text, struct complaint *c)
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
			o->machine.memory_mb = (uint32_t)v;
			return 0;
		}
	}
	return complain(c, -EINVAL, "-m %s: a number of megabytes is wanted, as in -m 64", text);
}

static int add_device(struct opts *o, enum lgemu_device_kind kind, const char *path, unsigned flags,
		      struct complaint *c)
{
	if (o->machine.nr_devices == OPTS_DEVICES)
		return complain(c, -EINVAL, "too many devices; a guest has at most %u",
				OPTS_DEVICES);
	o->device[o->machine.nr_devices++] = (struct lgemu_device){kind, path, flags, NULL, NULL};
	return 0;
}

/* For the disk before it, or for all if there is none yet. */
static void set_disk_flag(struct opts *o, unsigned flag, unsigned *all)
{
	unsigned i;

	for (i = o->machine.nr_devices; i-- > 0;)
		if (o->device[i].kind == LGEMU_DISK) {
			o->device[i].flags |= flag;
			return;
		}
	*all |= flag;
}

static int set_overlay(struct opts *o, const char *path, struct complaint *c)
{
	unsigned i = o->machine.nr_devices;

	while (i-- > 0)
		if (o->device[i].kind == LGEMU_DISK) {
			o->device[i].overlay = path;
			return 0;
		}
	return complain(c, -EINVAL, "--overlay %s: it comes behind the disk it belongs to", path);
}

static int set_capture(struct opts *o, const char *path, struct complaint *c)
{
	unsigned i;

	for (i = o->machine.nr_devices; i-- > 0;)
		if (o->device[i].kind == LGEMU_NET) {
			o->device[i].capture = path;
			return 0;
		}
	return complain(c, -EINVAL, "--pcap %s: it comes behind the --net it belongs to", path);
}

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

static int take_option(struct opts *o, int opt, const char *arg, unsigned *disk_flags,
		       struct complaint *c)
{
	switch (opt) {
	case OPT_KERNEL: o->machine.kernel = arg; break;
	case OPT_MEMORY: return parse_memory(o, arg, c);
	case OPT_INITRD: o->machine.initrd = arg; break;
	case OPT_DISK: return add_device(o, LGEMU_DISK, arg, *disk_flags, c);
	case OPT_READ_ONLY: set_disk_flag(o, LGEMU_READ_ONLY, disk_flags); break;
	case OPT_SNAPSHOT: set_disk_flag(o, LGEMU_SNAPSHOT, disk_flags); break;
	case OPT_OVERLAY: return set_overlay(o, arg, c);
	case OPT_RNG: return add_device(o, LGEMU_RNG, NULL, 0, c);
	case OPT_NET: return add_device(o, LGEMU_NET, arg, 0, c);
	case OPT_TUNNET: return add_device(o, LGEMU_NET, arg, LGEMU_TUNNET, c);
	case OPT_PCAP: return set_capture(o, arg, c);
	case OPT_VERBOSE: o->verbose = true; break;
	case OPT_HELP: o->verb = OPTS_HELP; break;
	case OPT_VERSION: o->verb = OPTS_VERSION; break;
	case OPT_ABI: o->machine.abi = arg; break;
	case OPT_CLOCK: return set_clock(o, arg, c);
	case OPT_HOST: return set_host(o, arg, c);
	case OPT_HOST_IMAGE: o->machine.host_image = arg; break;
	case OPT_SCRIPT: o->script = arg; break;
	case OPT_CONSOLE_LOG: o->console_log = arg; break;
	case OPT_STATS: o->stats = true; break;
	case OPT_GUEST_HASH: o->hash = true; break;
	case OPT_UNTIL:
		if (strcmp(arg, "switch") != 0)
			return complain(c, -EINVAL, "--until %s: only \"switch\" is known", arg);
		break;
	default: return set_numbers(o, opt, arg, c);
	}
	return 0;
}

static int options(struct opts *o, int argc, char **argv, const char *letters, struct complaint *c)
{
	unsigned disk_flags = 0;
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
			err = take_option(o, opt, optarg, &disk_flags, c);
	}
	o->machine.devices = o->device;
	return err;
}

/* The rest of the command line is the kernel's, joined by blanks as the original joined it. */
static int kernel_line(struct opts *o, int argc, char **argv, int first, struct complaint *c)
{
	size_t len = 1;
	int i;

	for (i = first; i < argc; i++)
		len += strlen(argv[i]) + 1;
	o->line = calloc(1, len);
	if (!o->line)
		return complain(c, -ENOMEM, "out of memory");
	for (i = first; i < argc; i++) {
		if (i > first)
			strcat(o->line, " ");
		strcat(o->line, argv[i]);
	}
	o->machine.command_line = o->line;
	return 0;
}

/*L:110
 * The original's command line: memory, kernel, and the kernel's arguments, with options anywhere
 * between.  The memory is a number and whatever follows it is ignored, so "64m" is right, too.
 * Without memory and kernel it is our own guest that runs.
 */
static int parse_original(struct opts *o, int argc, char **argv, struct complaint *c)
{
	int err = options(o, argc, argv, short_original, c);
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
	o->machine.memory_mb = (uint32_t)mb;
	if (optind + 1 == argc)
		return complain(c, -EINVAL, "after the memory a kernel is wanted: lgemu %s vmlinux",
				argv[optind]);
	o->machine.kernel = argv[optind + 1];
	return kernel_line(o, argc, argv, optind + 2, c);
}
/*:*/

static int parse_verb(struct opts *o, int argc, char **argv, struct complaint *c)
{
	const enum opts_verb verb = o->verb;
	int err = options(o, argc, argv, short_options, c);

	if (err || o->verb != verb)
		return err;
	if (verb == OPTS_SELFTEST && optind != argc)
		return complain(c, -EINVAL, "selftest takes no arguments");
	if (verb != OPTS_INSPECT)
		return kernel_line(o, argc, argv, optind, c);
	if (optind + 1 != argc)
		return complain(c, -EINVAL, "inspect wants one image");
	o->image = argv[optind];
	return 0;
}

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
	if (argc > 1 && !strcmp(argv[1], "disk"))
		return parse_disk(o, argc - 1, argv + 1, c);
	for (i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(argv[1], verbs[i].word)) {
			o->verb = verbs[i].verb;
			return parse_verb(o, argc - 1, argv + 1, c);
		}
	return parse_original(o, argc, argv, c);
}

void opts_free(struct opts *o)
{
	free(o->line);
	o->line = NULL;
}
