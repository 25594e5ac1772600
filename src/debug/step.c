/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:825
 * The single stepper.  It knows a world switch when it sees one by the privilege level alone: the
 * Guest is in ring 1, then somebody is in ring 0, then the Guest is in ring 1 again.
:*/
#include "report.h"
#include "step.h"

/* A switch takes a few hundred instructions, and much more if the Host has work to do. */
#define LONGEST_SWITCH 100000u

static enum lgemu_reason one(struct lgemu *m, struct lgemu_registers *r)
{
	enum lgemu_reason why = lgemu_step(m);

	lgemu_registers(m, r);
	return why;
}

/*L:840
 * First find a Guest: step until the processor is out of ring 0.  Then step on, remembering where we
 * were, until it is back there; now the instruction we remember is the one that left.
 */
enum lgemu_reason step_switch(FILE *to, struct lgemu *m, uint64_t max_insns)
{
	enum lgemu_reason why = LGEMU_BUDGET;
	struct lgemu_registers r, last;
	unsigned n;

	lgemu_registers(m, &r);
	do {
		last = r;
		if (!max_insns--)
			return LGEMU_STOPPED;
		why = one(m, &r);
	} while (why == LGEMU_BUDGET && !(last.cpl && !r.cpl));
	if (why != LGEMU_BUDGET)
		return why;

	report_insn(to, m, last.cs_base + last.eip, last.cpl, last.code32);
	for (n = 0; why == LGEMU_BUDGET && !r.cpl && n < LONGEST_SWITCH; n++) {
		report_insn(to, m, r.cs_base + r.eip, r.cpl, r.code32);
		why = one(m, &r);
	}
	if (why == LGEMU_BUDGET)
		report_insn(to, m, r.cs_base + r.eip, r.cpl, r.code32);
	fprintf(to, "%u instructions in ring 0\n", n);
	return why;
}
/*:*/
