/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1002
 * The processor we run on, as an i686: a child process whose 32-bit code we let run under ptrace, from
 * registers we give it until it traps.  Its memory is the data and code pages of tests/insn/machine.h,
 * at the same linear addresses, and there is nothing else below 4 GB that a wild access could hit.
:*/
#ifndef TESTS_PROVE_SILICON_H
#define TESTS_PROVE_SILICON_H

#include <stdbool.h>
#include <stdint.h>

#include "gen.h"

/* Registers, and how it ended. */
struct outcome {
	uint32_t r[8], eip, eflags;
	uint16_t sel[6];
	uint8_t fx[512]; /* as FXSAVE stores it */
	unsigned vector; /* of the trap; #BR, #GP and #OF cannot be told apart: V_GP */
	uint32_t cr2;	 /* of a page fault */
	uint32_t error;	 /* its error code; ours only */
};

enum { SILICON_MEM = PA_TABLES - PA_CODE };

/* The linear address of the byte at offset `at` of its memory.  The first two pages are code. */
static inline uint32_t silicon_linear(uint32_t at)
{
	static const uint32_t pair[] = {CODE, DATA, SRC, DST, STACK, FRAME};

	return pair[at / (2 * PAGE_SIZE)] + at % (2 * PAGE_SIZE);
}

struct silicon;

/* NULL: not possible here, and *why says why. */
struct silicon *silicon_start(const char **why);
void silicon_stop(struct silicon *n);
/* Its memory from PA_CODE on, SILICON_MEM bytes, writable by us. */
uint8_t *silicon_memory(struct silicon *n);
/* Run from the state in *o until the next trap.  False: it does not end. */
bool silicon_run(struct silicon *n, struct outcome *o);

#endif
