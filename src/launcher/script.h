/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:736
 * A script types for the user: wait for a text, type a line, wait for the next.  It sees what the
 * Guest prints and nothing else, and what it types comes at a moment that depends on that alone; so
 * a run with a script can be had again.
:*/
#ifndef LAUNCHER_SCRIPT_H
#define LAUNCHER_SCRIPT_H

#include "base/types.h"
#include "complaint.h"

enum script_kind { SCRIPT_EXPECT, SCRIPT_SEND };

struct script_step {
	enum script_kind kind;
	unsigned line;
	uint64_t at_ns; /* SEND: not before */
	size_t len;
	char *text; /* may hold any byte */
};

struct script {
	struct script_step *step;
	size_t nr, next;
	char *seen; /* of an EXPECT: the last bytes printed, as many as its text has */
	size_t nr_seen;
	uint64_t not_before; /* no SEND may come before the one before it */
};

/* Append the steps of this text; -EINVAL and a complaint that names the line. */
int script_parse(struct script *s, const char *text, size_t len, struct complaint *c) MUST_CHECK;
void script_free(struct script *s);
bool script_done(const struct script *s);

/* The Guest printed this byte.  True if there may be something to send now. */
bool script_printed(struct script *s, char byte);
/* The next thing to send, and when; NULL: nothing before more is printed. */
const struct script_step *script_send(struct script *s, uint64_t *at_ns);

#endif
