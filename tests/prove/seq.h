/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1004
 * A random sequence: where it starts from, its instructions, and ways to run it on our processor, one
 * instruction at a time or in blocks as always.
:*/
#ifndef TESTS_PROVE_SEQ_H
#define TESTS_PROVE_SEQ_H

#include "silicon.h"

#define SEQ_MOST 30

struct seq {
	struct machine m;
	struct gen gen;
	struct cpu_state base;	       /* what all sequences have in common */
	struct cpu_state init;	       /* where this one starts, */
	uint8_t init_mem[SILICON_MEM]; /* and from what memory */
	struct gen_insn in[SEQ_MOST];
	uint32_t eip[SEQ_MOST + 1]; /* the last is where it ends, if no trap ends it */
	unsigned n;
	uint32_t code_end;  /* nothing is executed from here on */
	uint32_t undefined; /* flags, at the end */
	unsigned faults_kept;
	uint64_t executed[ROW_LIMIT];
};

void seq_init(struct seq *q);
void seq_fini(struct seq *q);
/* Make the sequence of this seed.  Our processor has executed it then, step by step, and *o is what
 * came of it. */
void seq_make(struct seq *q, uint64_t seed, struct outcome *o);
/* Back to the start. */
void seq_rewind(struct seq *q);
/* Run to the end, in blocks. */
void seq_run(struct seq *q, struct outcome *o);
/* One instruction, all of its iterations; the vector of its trap, or NO_TRAP. */
uint32_t seq_step(struct seq *q);
/* Run to the end, one instruction at a time, decoding each anew. */
void seq_run_stepwise(struct seq *q, struct outcome *o);
/* Replace instruction i by NOPs; put an INT3 in front of it. */
void seq_nop(struct seq *q, unsigned i);
void seq_stop_before(struct seq *q, unsigned i);
/* Write instruction i again as it was made. */
void seq_restore(struct seq *q, unsigned i);
/* Which of its flags are undefined at the end of the first n instructions (without those that
 * `skipped` has)?  False: one of them depends on a flag that is. */
bool seq_flags(struct seq *q, unsigned n, uint32_t skipped, uint32_t *undefined);
/* The registers that our processor has now. */
void seq_outcome(const struct seq *q, struct outcome *o);
/* The start, as an outcome to be. */
void seq_start(const struct seq *q, struct outcome *o);
void seq_print(const struct seq *q, unsigned n, uint32_t skipped);

#endif
