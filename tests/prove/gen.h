/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1000
 * Random instructions, made from the rows of the opcode map.  Each is made when the ones before it
 * have been executed, so that its operand can be put where memory is: an address is a base, an
 * index and whatever displacement leads from them to a place chosen before.
:*/
#ifndef TESTS_PROVE_GEN_H
#define TESTS_PROVE_GEN_H

#include "machine.h"

/* The extra segments: FS and GS, from the LDT, are smaller than everything. */
enum {
	S_FS = 0x07,
	S_GS = 0x0f,
	FS_BASE = DATA,
	FS_LIMIT = 0x1fff,
	GS_BASE = SRC + 0x100,
	GS_LIMIT = 0x0eff,
};

struct rng {
	uint64_t s;
};

uint64_t rng_next(struct rng *r);
/* 0 to n-1. */
unsigned rng_below(struct rng *r, unsigned n);
static inline bool rng_percent(struct rng *r, unsigned p)
{
	return rng_below(r, 100) < p;
}

/* What is special about an instruction for whoever compares its outcome. */
enum gen_what {
	GEN_APPROX = 1, /* the last bit of the result is the processor's own affair */
	GEN_ENV = 2,	/* stores an x87 environment, with addresses of instructions */
	GEN_MASKED = 8, /* which of its bytes a page fault tells of is the processor's own affair */
	GEN_SETUP = 4,	/* only prepares for the next one */
};

struct gen_insn {
	uint8_t code[24]; /* longer than any may be */
	unsigned len;
	uint16_t row;
	unsigned what;
	uint32_t target; /* linear address of its operand in memory, or 0 */
};

struct gen {
	struct rng rng;
	uint32_t undefined;	  /* flags that no one may look at now */
	struct gen_insn ahead[5]; /* made already: what had to be prepared, then what for */
	unsigned nr_ahead, next_ahead;
	uint32_t fixed;		 /* the operand's place, if it has been prepared */
	uint16_t row[ROW_LIMIT]; /* those that may be made, in four kinds */
	unsigned kind_end[4];
};

/* Why no instruction of this row can be compared with the machine we run on; NULL if it can. */
const char *gen_excuse(unsigned row);
void gen_init(struct gen *g);
void gen_start(struct gen *g, uint64_t seed);
/* The next instruction for a processor in this state. */
void gen_next(struct gen *g, const struct cpu_state *s, struct gen_insn *out);
/* The instruction did execute: which flags are undefined now? */
void gen_retired(struct gen *g, const struct gen_insn *in);
/* Flags that an instruction of this row looks at. */
uint32_t gen_reads(unsigned row);
/* It will not be used: forget it, and what it was preparing. */
void gen_drop(struct gen *g);

#endif
