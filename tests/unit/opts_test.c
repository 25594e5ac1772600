/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:982
 * Command lines, ours and the original's, right and wrong.
:*/
#include <check.h>
#include <errno.h>
#include <string.h>

#include "launcher/opts.h"

#define ARGS_MAX 80

static struct opts o;
static struct complaint c;

/* The words of a line, separated by single blanks. */
static int parse(const char *line)
{
	static char copy[512];
	static char *argv[ARGS_MAX + 1];
	int argc = 0;
	char *word;

	ck_assert_uint_lt(strlen(line), sizeof(copy));
	strcpy(copy, line);
	memset(argv, 0, sizeof(argv));
	for (word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		ck_assert_int_lt(argc, ARGS_MAX);
		argv[argc++] = word;
	}
	opts_free(&o);
	c.text[0] = '\0';
	return opts_parse(&o, argc, argv, &c);
}

static void right(const char *line)
{
	int err = parse(line);

	ck_assert_msg(!err, "%s: %s", line, c.text);
}

static void wrong(const char *line, const char *text)
{
	ck_assert_msg(parse(line) == -EINVAL, "%s was accepted", line);
	ck_assert_msg(strstr(c.text, text) != NULL, "%s: said \"%s\"", line, c.text);
}

START_TEST(nothing)
{
	right("lgemu");
	ck_assert_int_eq(o.verb, OPTS_RUN);
	ck_assert_ptr_null(o.guest[0].kernel);
	ck_assert_uint_eq(o.guest[0].nr_devices, 0);
	ck_assert_uint_eq(o.timeout_insns, LGEMU_FOREVER);
	ck_assert(!o.clock_given);
}
END_TEST

START_TEST(original)
{
	right("lgemu 64 vmlinux --block=disk.img --initrd=initrd.gz root=/dev/vda");
	ck_assert_int_eq(o.verb, OPTS_RUN);
	ck_assert_uint_eq(o.guest[0].memory_mb, 64);
	ck_assert_str_eq(o.guest[0].kernel, "vmlinux");
	ck_assert_str_eq(o.guest[0].initrd, "initrd.gz");
	ck_assert_str_eq(o.guest[0].command_line, "root=/dev/vda");
	ck_assert_uint_eq(o.guest[0].nr_devices, 1);
	ck_assert_int_eq(o.more[0].device[0].kind, LGEMU_DISK);
	ck_assert_str_eq(o.more[0].device[0].path, "disk.img");

	/* Options anywhere, the number with junk behind it, several arguments. */
	right("lgemu --rng --block=a 64m vmlinux quiet --block=b -v init=/bin/sh");
	ck_assert_uint_eq(o.guest[0].memory_mb, 64);
	ck_assert_str_eq(o.guest[0].command_line, "quiet init=/bin/sh");
	ck_assert_uint_eq(o.guest[0].nr_devices, 3);
	ck_assert_int_eq(o.more[0].device[0].kind, LGEMU_RNG);
	ck_assert_str_eq(o.more[0].device[1].path, "a");
	ck_assert_str_eq(o.more[0].device[2].path, "b");
	ck_assert(o.verbose);

	right("lgemu --block=disk.img");
	ck_assert_ptr_null(o.guest[0].kernel);
	ck_assert_uint_eq(o.guest[0].nr_devices, 1);

	wrong("lgemu 64", "a kernel is wanted");
	wrong("lgemu vmlinux 64", "neither a command nor a number");
	wrong("lgemu 0 vmlinux", "neither a command nor a number");
	wrong("lgemu 99999999999 vmlinux", "neither a command nor a number");
	/* The original knew -v and no other letter. */
	wrong("lgemu -m 64 vmlinux", "unknown option -m");
}
END_TEST

START_TEST(run)
{
	right("lgemu run -m 64 -k vmlinux -i initrd -d disk.img -- root=/dev/vda --not-ours");
	ck_assert_uint_eq(o.guest[0].memory_mb, 64);
	ck_assert_str_eq(o.guest[0].kernel, "vmlinux");
	ck_assert_str_eq(o.guest[0].initrd, "initrd");
	ck_assert_str_eq(o.guest[0].command_line, "root=/dev/vda --not-ours");
	ck_assert_uint_eq(o.guest[0].nr_devices, 1);

	right("lgemu run --memory=2G --clock real --seed 7 --rtc-base 100 --timeout 5 --stats "
	      "--timeout-insns 1000000000000 --guest-hash --abi 2.6.32 --script s --console-log l "
	      "--host-image h");
	ck_assert_uint_eq(o.guest[0].memory_mb, 2048);
	ck_assert_int_eq(o.machine.clock, LGEMU_REAL);
	ck_assert(o.clock_given && o.stats && o.hash);
	ck_assert_uint_eq(o.machine.seed, 7);
	ck_assert_int_eq(o.machine.rtc_base, 100);
	ck_assert_uint_eq(o.timeout_s, 5);
	ck_assert_uint_eq(o.timeout_insns, 1000000000000);
	ck_assert_str_eq(o.guest[0].abi, "2.6.32");
	ck_assert_str_eq(o.more[0].script, "s");
	ck_assert_str_eq(o.more[0].console_log, "l");
	ck_assert_str_eq(o.machine.host_image, "h");
}
END_TEST

START_TEST(disk_flags)
{
	right("lgemu run -d a --snapshot -d b -d c --read-only");
	ck_assert_uint_eq(o.more[0].device[0].flags, LGEMU_SNAPSHOT);
	ck_assert_uint_eq(o.more[0].device[1].flags, 0);
	ck_assert_uint_eq(o.more[0].device[2].flags, LGEMU_READ_ONLY);
	right("lgemu run --snapshot -d a --rng -d b --read-only");
	ck_assert_uint_eq(o.more[0].device[0].flags, LGEMU_SNAPSHOT);
	ck_assert_uint_eq(o.more[0].device[2].flags, LGEMU_SNAPSHOT | LGEMU_READ_ONLY);
}
END_TEST

START_TEST(networks)
{
	right("lgemu run --net user,allow-host --pcap a --net=hub:/tmp/h --rng --pcap b --net none");
	ck_assert_uint_eq(o.guest[0].nr_devices, 4);
	ck_assert_int_eq(o.more[0].device[0].kind, LGEMU_NET);
	ck_assert_str_eq(o.more[0].device[0].path, "user,allow-host");
	ck_assert_str_eq(o.more[0].device[0].capture, "a");
	ck_assert_str_eq(o.more[0].device[1].path, "hub:/tmp/h");
	ck_assert_str_eq(o.more[0].device[1].capture, "b");
	ck_assert_uint_eq(o.more[0].device[1].flags, 0);
	ck_assert_ptr_null(o.more[0].device[2].capture);
	ck_assert_ptr_null(o.more[0].device[3].capture);
	right("lgemu 64 vmlinux --tunnet=192.168.19.1 --tunnet=bridge:br0:02:00:00:00:00:01 quiet");
	ck_assert_uint_eq(o.guest[0].nr_devices, 2);
	ck_assert_uint_eq(o.more[0].device[0].flags, LGEMU_TUNNET);
	ck_assert_str_eq(o.more[0].device[1].path, "bridge:br0:02:00:00:00:00:01");
	ck_assert_str_eq(o.guest[0].command_line, "quiet");
	wrong("lgemu run --pcap a --net user", "behind the --net");
	wrong("lgemu run --net", "wants an argument");
}
END_TEST

START_TEST(several)
{
	right("lgemu run -m 16 --rng -- quiet --guest a -k one --net hub -- init=/a --seed "
	      "--guest=b -m 32 --timeout 5 -k two --console-log l -d disk --guest c");
	ck_assert_uint_eq(o.machine.nr_guests, 3);
	ck_assert_ptr_eq(o.machine.guests, o.guest);
	ck_assert_str_eq(o.guest[0].name, "a");
	ck_assert_str_eq(o.guest[1].name, "b");
	ck_assert_str_eq(o.guest[2].name, "c");
	ck_assert_str_eq(o.guest[0].kernel, "one");
	ck_assert_str_eq(o.guest[1].kernel, "two");
	ck_assert_ptr_null(o.guest[2].kernel);
	ck_assert_uint_eq(o.guest[0].memory_mb, 16);
	ck_assert_uint_eq(o.guest[1].memory_mb, 32);
	ck_assert_str_eq(o.guest[0].command_line, "quiet init=/a --seed");
	ck_assert_str_eq(o.guest[1].command_line, "quiet");
	ck_assert_uint_eq(o.guest[0].nr_devices, 2);
	ck_assert_int_eq(o.guest[0].devices[0].kind, LGEMU_RNG);
	ck_assert_int_eq(o.guest[0].devices[1].kind, LGEMU_NET);
	ck_assert_uint_eq(o.guest[1].nr_devices, 2);
	ck_assert_int_eq(o.guest[1].devices[1].kind, LGEMU_DISK);
	ck_assert_uint_eq(o.guest[2].nr_devices, 1);
	ck_assert_str_eq(o.more[1].console_log, "l");
	ck_assert_uint_eq(o.timeout_s, 5);

	/* A flag before any disk of the guest's is for those to come, wherever it was said. */
	right("lgemu run --snapshot --guest a -d x --guest b -d y --read-only -d z");
	ck_assert_uint_eq(o.more[0].device[0].flags, LGEMU_SNAPSHOT);
	ck_assert_uint_eq(o.more[1].device[0].flags, LGEMU_SNAPSHOT | LGEMU_READ_ONLY);
	ck_assert_uint_eq(o.more[1].device[1].flags, LGEMU_SNAPSHOT);

	wrong("lgemu run --guest", "a name is wanted");
	wrong("lgemu run --guest= -k a", "a name is wanted");
	wrong("lgemu run --guest a/b", "a name is wanted");
	wrong("lgemu run --guest a --guest a", "there is one of that name");
	wrong("lgemu run --guest a -x", "unknown option -x");
	wrong("lgemu run --console-log l --guest a --guest b", "would be for all guests");
	wrong("lgemu run --net hub --pcap p --guest a", "would be for all guests");
	wrong("lgemu --guest a", "only \"lgemu run\"");
	wrong("lgemu step --until switch --guest a", "only \"lgemu run\"");
	wrong("lgemu run --guest 1 --guest 2 --guest 3 --guest 4 --guest 5 --guest 6 --guest 7 "
	      "--guest 8 --guest 9 --guest 10 --guest 11 --guest 12 --guest 13 --guest 14 "
	      "--guest 15 --guest 16 --guest 17 --guest 18 --guest 19 --guest 20 --guest 21 "
	      "--guest 22 --guest 23 --guest 24 --guest 25 --guest 26 --guest 27 --guest 28 "
	      "--guest 29 --guest 30 --guest 31 --guest 32 --guest 33",
	      "too many guests");
}
END_TEST

START_TEST(others)
{
	right("lgemu inspect --abi 3.1 vmlinux");
	ck_assert_int_eq(o.verb, OPTS_INSPECT);
	ck_assert_str_eq(o.image, "vmlinux");
	right("lgemu step --until switch -k vmlinux");
	ck_assert_int_eq(o.verb, OPTS_STEP);
	right("lgemu selftest --host-image h");
	ck_assert_int_eq(o.verb, OPTS_SELFTEST);
	right("lgemu --help");
	ck_assert_int_eq(o.verb, OPTS_HELP);
	right("lgemu run -h");
	ck_assert_int_eq(o.verb, OPTS_HELP);
	right("lgemu --version");
	ck_assert_int_eq(o.verb, OPTS_VERSION);
}
END_TEST

START_TEST(mistakes)
{
	wrong("lgemu run --frobnicate", "--frobnicate");
	wrong("lgemu run -q", "unknown option -q");
	wrong("lgemu run -k", "wants an argument");
	wrong("lgemu run --clock sometimes", "virtual or real");
	wrong("lgemu run -m 0", "megabytes");
	wrong("lgemu run -m 64x", "megabytes");
	wrong("lgemu run -m -5", "megabytes");
	wrong("lgemu run -m 18446744073709551617", "megabytes");
	wrong("lgemu run --seed x", "--seed x");
	wrong("lgemu run --timeout -1", "--timeout -1");
	wrong("lgemu run --rtc-base 99999999999", "--rtc-base");
	wrong("lgemu step --until lunch", "only \"switch\"");
	wrong("lgemu inspect", "one image");
	wrong("lgemu inspect a b", "one image");
	wrong("lgemu selftest x", "no arguments");
	wrong("lgemu run --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng "
	      "--rng --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng --rng "
	      "--rng --rng --rng --rng --rng --rng",
	      "at most 31");
}
END_TEST

START_TEST(overlays)
{
	right("lgemu run -d a --overlay x -d b --snapshot -d c --overlay=y");
	ck_assert_str_eq(o.more[0].device[0].overlay, "x");
	ck_assert_ptr_null(o.more[0].device[1].overlay);
	ck_assert_str_eq(o.more[0].device[2].overlay, "y");
	wrong("lgemu run --overlay x -d a", "behind the disk");
	right("lgemu disk info x");
	ck_assert_int_eq(o.verb, OPTS_DISK_INFO);
	ck_assert_str_eq(o.overlay, "x");
	right("lgemu disk commit a x");
	ck_assert_int_eq(o.verb, OPTS_DISK_COMMIT);
	ck_assert_str_eq(o.image, "a");
	ck_assert_str_eq(o.overlay, "x");
	wrong("lgemu disk", "info or");
	wrong("lgemu disk info", "one overlay");
	wrong("lgemu disk commit x", "a disk and its overlay");
}
END_TEST

START_TEST(consoles)
{
	right("lgemu run --console pty");
	ck_assert_str_eq(o.guest[0].console, "pty");
	right("lgemu run --console null --guest a --guest b --console stdio --guest c --console file:x");
	ck_assert_str_eq(o.guest[0].console, "null");
	ck_assert_ptr_null(o.guest[1].console);
	ck_assert_str_eq(o.guest[2].console, "file:x");
	wrong("lgemu run --console unix:x --guest a --guest b", "goes behind the --guest");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("opts");
	TCase *t = tcase_create("opts");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, nothing);
	tcase_add_test(t, original);
	tcase_add_test(t, run);
	tcase_add_test(t, disk_flags);
	tcase_add_test(t, networks);
	tcase_add_test(t, several);
	tcase_add_test(t, others);
	tcase_add_test(t, mistakes);
	tcase_add_test(t, overlays);
	tcase_add_test(t, consoles);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	opts_free(&o);
	return failed != 0;
}
