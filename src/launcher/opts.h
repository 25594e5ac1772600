/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:704
 * The command line.  Two of them, in fact: ours, and that of the original Launcher, which thousands
 * of mails and scripts have in them and which therefore still works.
:*/
#ifndef LAUNCHER_OPTS_H
#define LAUNCHER_OPTS_H

#include "complaint.h"
#include "lgemu.h"

enum opts_verb {
	OPTS_RUN,
	OPTS_INSPECT,
	OPTS_STEP,
	OPTS_SELFTEST,
	OPTS_DISK_INFO,
	OPTS_DISK_COMMIT,
	OPTS_RUNGS,
	OPTS_HELP,
	OPTS_VERSION,
};

#define OPTS_DEVICES  31 /* there are no more interrupt lines than that */
#define OPTS_NAME_MAX 15 /* of a guest */

/* What belongs to one guest and is not in struct lgemu_guest_options. */
struct opts_guest {
	struct lgemu_device device[OPTS_DEVICES];
	unsigned disk_flags;		  /* of the disks to come */
	const char *script, *console_log; /* names of files */
	char *line;			  /* malloc'ed: the kernel's command line */
};

enum opts_sandbox { SANDBOX_IF_POSSIBLE, SANDBOX_ON, SANDBOX_OFF };

struct opts {
	enum opts_verb verb;
	struct lgemu_options machine;			/* guests point to guest[] */
	struct lgemu_guest_options guest[LGEMU_GUESTS]; /* into more[], and strings into argv */
	struct opts_guest more[LGEMU_GUESTS];
	bool clock_given;
	enum opts_sandbox sandbox;
	bool verbose, stats, hash, profile;
	const char *profile_file; /* NULL: only the report */
	const char *image;	  /* of inspect; the disk of disk commit */
	const char *overlay;	  /* of disk info and disk commit */
	unsigned timeout_s;	  /* 0: none */
	uint64_t timeout_insns;	  /* LGEMU_FOREVER: none */
};

/* 0, or -EINVAL with a complaint.  argv may be permuted. */
int opts_parse(struct opts *o, int argc, char **argv, struct complaint *c);
void opts_free(struct opts *o);

extern const char opts_usage[], opts_help[];

#endif
