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
	OPTS_HELP,
	OPTS_VERSION,
};

#define OPTS_DEVICES 31 /* there are no more interrupt lines than that */

struct opts {
	enum opts_verb verb;
	struct lgemu_options machine; /* devices point to device[], strings into argv and line */
	struct lgemu_device device[OPTS_DEVICES];
	bool clock_given;
	bool verbose, stats, hash;
	const char *script, *console_log; /* names of files */
	const char *image;		  /* of inspect; the disk of disk commit */
	const char *overlay;		  /* of disk info and disk commit */
	unsigned timeout_s;		  /* 0: none */
	uint64_t timeout_insns;		  /* LGEMU_FOREVER: none */
	char *line;			  /* malloc'ed: the kernel's command line */
};

/* 0, or -EINVAL with a complaint.  argv may be permuted. */
int opts_parse(struct opts *o, int argc, char **argv, struct complaint *c);
void opts_free(struct opts *o);

extern const char opts_usage[], opts_help[];

#endif
