/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:354
 * Breakpoints: DR0 to DR3 as DR7 wants them watched.  While any is enabled (MODE_BREAK) the run loop
 * executes one instruction at a time and the quick handlers are out of use, so that nobody else
 * pays for the watching.
:*/
#ifndef CPU_BREAKS_H
#define CPU_BREAKS_H

#include "cpu.h"

/* Bits of DR6 and DR7. */
enum dr_bits {
	DR6_BD = 1u << 13,  /* a debug register was accessed, and DR7_GD was set */
	DR6_BS = 1u << 14,  /* single step */
	DR6_BT = 1u << 15,  /* task switch */
	DR7_ENABLED = 0xff, /* local and global, for each of the four */
	DR7_GD = 1u << 13,
};

/* A breakpoint on the instruction at CS:EIP?  Then DR6 says so, and 1: a #DB is noted. */
int breaks_insn(struct cpu *cpu) MUST_CHECK;
/* The instruction under way accesses data, or a port: a breakpoint there is told after it. */
void breaks_data(struct cpu *cpu, uint32_t lin, unsigned n, bool write);
void breaks_port(struct cpu *cpu, uint16_t port, unsigned size);

#endif
