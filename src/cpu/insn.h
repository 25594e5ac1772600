/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:305
 * A decoded instruction, in a form that depends on nothing but its bytes and the code segment's
 * default size.  The interpreter turns it into operations, the disassembler into text, the
 * Launcher into the port or memory access that a trapped instruction wanted.
:*/
#ifndef CPU_INSN_H
#define CPU_INSN_H

#include "opmap.h"

#define INSN_MAX 15 /* bytes; longer is #GP(0) */

enum insn_rep { REP_NONE = 0, REP_E = 0xf3, REP_NE = 0xf2 };

struct insn {
	uint16_t row;	/* enum opmap_id */
	uint8_t len;	/* bytes, prefixes included */
	uint8_t opcode; /* last opcode byte */
	uint8_t opsize; /* 2 or 4 */
	uint8_t adsize; /* 2 or 4 */
	uint8_t rep;	/* enum insn_rep */
	bool lock, has_modrm;
	bool seg_override;
	uint8_t seg; /* segment register of the memory operand, default or override */
	uint8_t modrm;
	uint8_t base, index, scale; /* registers, REG_ZERO if none; index is shifted by scale */
	uint32_t disp;
	uint32_t imm;  /* sign-extended if the row says so; relative for J */
	uint16_t imm2; /* selector of a far pointer, second operand of ENTER */
};

enum insn_result {
	INSN_MORE = 0,	/* the buffer ends inside the instruction */
	INSN_UD = -1,	/* no such instruction: #UD */
	INSN_LONG = -2, /* more than 15 bytes: #GP(0) */
};

/* Decode the instruction at code[0..avail); returns its length or an insn_result. */
int insn_decode(const uint8_t *code, unsigned avail, bool d32, struct insn *in);

/* modrm.c: the address part.  Returns bytes consumed after the ModRM byte, or -1: more needed. */
int modrm_decode(const uint8_t *code, unsigned avail, struct insn *in);

static inline bool insn_is_mem(const struct insn *in)
{
	return in->has_modrm && in->modrm < 0xc0 && !(opmap[in->row].attr & A_REGONLY);
}

#endif
