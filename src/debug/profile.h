/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:826
 * Where does the time go?  A profile looks at the machine once in so many instructions and counts
 * what it saw: whose code, which kind of instruction, called by whom.  It stands outside and uses
 * nothing but lgemu.h; a machine that is not watched does not know that it could be.
:*/
#ifndef DEBUG_PROFILE_H
#define DEBUG_PROFILE_H

#include <stdio.h>

#include "lgemu.h"

struct profile;

/* NULL: no memory. */
struct profile *profile_create(void);
void profile_destroy(struct profile *p);
/* lgemu_run(), watched. */
enum lgemu_reason profile_run(struct profile *p, struct lgemu *m, uint64_t max_insns);
/* The hottest code, the hottest instructions, the exits. */
void profile_report(struct profile *p, const struct lgemu *m, FILE *to);
/* A line per stack, "outermost;...;innermost count", as flame graph tools read. */
void profile_write(const struct profile *p, FILE *to);

#endif
