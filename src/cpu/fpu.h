/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:360
 * The x87: one entry for each way an ESC opcode (D8 to DF) can look.  Results are the same bits
 * on every host, so nothing here may use the host's own floating point where it could differ.
:*/
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include "cpu.h"

/* Everything about the instruction the x87 needs to know; lin has been checked for nothing yet:
 * the x87 does its own seg_check() because each form has its own operand size. */
struct fpu_insn {
	uint16_t fop;	/* as the x87 notes it: low three bits of the opcode, and modrm */
	uint8_t seg;	/* effective segment register of the memory operand */
	uint8_t opsize; /* 2 or 4: layout of FLDENV, FSAVE ... images */
	uint32_t ea;	/* effective address (offset) of the memory operand */
	uint32_t eip;	/* of the instruction itself */
};

static inline uint16_t fpu_fop(uint8_t opcode, uint8_t modrm)
{
	return (uint16_t)((opcode & 7) << 8 | modrm);
}

/* Run one ESC instruction; checks CR0.EM and TS (#NM), pending exceptions (#MF). */
int fpu_esc(struct cpu *cpu, const struct fpu_insn *in) MUST_CHECK;
/* WAIT/FWAIT. */
int fpu_wait(struct cpu *cpu) MUST_CHECK;
int fpu_fxsave(struct cpu *cpu, unsigned seg, uint32_t ea) MUST_CHECK;
int fpu_fxrstor(struct cpu *cpu, unsigned seg, uint32_t ea) MUST_CHECK;
void fpu_reset(struct fpu *fpu); /* as FNINIT */

#endif
