/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:825
 * The single stepper.  It knows a world switch when it sees one by the privilege level alone: the
 * Guest is in ring 1, then somebody is in ring 0, then the Guest is in ring 1 again.
:*/
#include <inttypes.h>

#include "report.h"
#include "step.h"

/* A switch takes a few hundred instructions, and much more if the Host has work to do. */
#define LONGEST_SWITCH 100000u

/* Where the processor stood before a step and after it. */
struct moment {
	struct lgemu_registers before, after;
	uint64_t ring0; /* instructions of ring 0 that were part of it */
};

static enum lgemu_reason one(struct lgemu *m, struct moment *at)
{
	struct lgemu_counts was, is;
	enum lgemu_reason why;

	lgemu_registers(m, &at->before);
	lgemu_counts(m, &was);
	why = lgemu_step(m);
	lgemu_registers(m, &at->after);
	lgemu_counts(m, &is);
	at->ring0 = is.ring[0] - was.ring[0];
	return why;
}

static void list(FILE *to, const struct lgemu *m, const struct lgemu_registers *r)
{
	report_insn(to, m, r->cs_base + r->eip, r->cpl, r->code32);
}

/*L:840
 * First find the Guest that leaves: step until the processor gets from another ring to ring 0, by an
 * instruction that one can see (the very first may be one whose page no shadow table has yet).
 *
 * An instruction that faults does not retire, so that step goes on to the first one of the Switcher;
 * the processor's own notes say which that was.
 */
static enum lgemu_reason find_exit(FILE *to, struct lgemu *m, uint64_t max_insns, struct moment *at)
{
	enum lgemu_reason why;
	uint32_t first;
	char text[8];

	do {
		if (!max_insns--)
			return LGEMU_STOPPED;
		why = one(m, at);
		if (why != LGEMU_BUDGET)
			return why;
	} while (!at->before.cpl || at->after.cpl ||
		 lgemu_disassemble(m, at->before.cs_base + at->before.eip, at->before.code32, text,
				   sizeof(text)) < 0);
	list(to, m, &at->before);
	if (at->ring0 && lgemu_history(m, &first, 1))
		report_insn(to, m, first, 0, true);
	return why;
}
/*:*/

/*L:841
 * And then whatever happens until it is back, however much that is.
 */
enum lgemu_reason step_switch(FILE *to, struct lgemu *m, uint64_t max_insns)
{
	struct moment at = {.ring0 = 0};
	enum lgemu_reason why = find_exit(to, m, max_insns, &at);
	uint64_t n;

	if (why != LGEMU_BUDGET)
		return why;
	for (n = at.ring0; why == LGEMU_BUDGET && !at.after.cpl && n < LONGEST_SWITCH; n++) {
		list(to, m, &at.after);
		why = one(m, &at);
	}
	if (why == LGEMU_BUDGET)
		list(to, m, &at.after);
	fprintf(to, "%" PRIu64 " instructions in ring 0\n", n);
	return why;
}
/*:*/
