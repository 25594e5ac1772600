/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:303
 * What the rows of opmap.def turn into: operand kinds, attributes, flag masks, and one struct per
 * row.  The handlers of a row are not here (interp.c has them), so that the decoder can be used
 * without a CPU: the disassembler and the Launcher decode instructions, too.
:*/
#ifndef CPU_OPMAP_H
#define CPU_OPMAP_H

#include "base/types.h"
#include "flags.h"

enum operand {
	OPR__,
	OPR_Eb,
	OPR_Ew,
	OPR_Ev,
	OPR_Gb,
	OPR_Gw,
	OPR_Gv,
	OPR_Zb,
	OPR_Zv,
	OPR_Ib,
	OPR_Ib2,
	OPR_sIb,
	OPR_Iw,
	OPR_Iz,
	OPR_Jb,
	OPR_Jz,
	OPR_M,
	OPR_Ma,
	OPR_Mp,
	OPR_Mq,
	OPR_Ms,
	OPR_Ap,
	OPR_Ob,
	OPR_Ov,
	OPR_Sw,
	OPR_Cd,
	OPR_Dd,
	OPR_Rd,
	OPR_Xb,
	OPR_Xv,
	OPR_Yb,
	OPR_Yv,
	OPR_AL,
	OPR_CL,
	OPR_DX,
	OPR_eAX,
	OPR_1,
	OPR_ES,
	OPR_CS,
	OPR_SS,
	OPR_DS,
	OPR_FS,
	OPR_GS,
	OPR_ESC,
	OPR_Ed,
	OPR_Gd,
	OPR_Md,
	OPR_Mx,
	OPR_Pq,
	OPR_Qd,
	OPR_Qq,
	OPR_Nq,
	OPR_Vx,
	OPR_Wd,
	OPR_Wq,
	OPR_Wx,
	OPR_Ux,
};

enum row_attr {
	A_LOCK = 1,	/* LOCK is legal with a memory destination */
	A_END = 2,	/* ends a block: jumps, or changes what decoded code depends on */
	A_STACK = 4,	/* touches the stack: quick handler when SS is flat and 32-bit */
	A_STRING = 8,	/* string instruction: REP means repeat */
	A_CPL0 = 16,	/* #GP(0) outside ring 0 */
	A_PROT = 32,	/* #UD in real and virtual-8086 mode */
	A_REGONLY = 64, /* the mod field is ignored: always a register */
	A_ESC = 128,	/* x87 escape */
	A_PLAIN = 8192, /* reads no flag, and cannot fault with register operands */
	/* Only if CPUID says so: */
	A_FXSR = 256,
	A_MMX = 512,
	A_SSE = 1024,
	A_SSE2 = 2048,
	A_CLFSH = 4096,
	A_CPUID = A_FXSR | A_MMX | A_SSE | A_SSE2 | A_CLFSH,
};

/* Masks of flag letters, as EFLAGS bits. */
enum row_flags {
	F_C = FL_CF,
	F_A = FL_AF,
	F_Z = FL_ZF,
	F_O = FL_OF,
	F_OC = FL_OF | FL_CF,
	F_OA = FL_OF | FL_AF,
	F_AC = FL_AF | FL_CF,
	F_SZP = FL_SF | FL_ZF | FL_PF,
	F_OSZP = F_SZP | FL_OF,
	F_OSAP = FL_OF | FL_SF | FL_AF | FL_PF,
	F_OAC = FL_OF | FL_AF | FL_CF,
	F_SZAP = F_SZP | FL_AF,
	F_SZPC = F_SZP | FL_CF,
	F_OSZAP = F_SZAP | FL_OF,
	F_SZAPC = F_SZAP | FL_CF,
	F_OSZPC = F_SZPC | FL_OF,
	F_OSAPC = F_OSAP | FL_CF,
	F_OSZAPC = FL_ARITH,
};

struct opmap_row {
	const char *mnemonic; /* "16-bit|32-bit" where they differ */
	uint8_t map, opcode;
	int8_t ext;
	uint8_t operand[3]; /* enum operand */
	uint16_t attr;	    /* enum row_attr */
	uint16_t flags_defined, flags_undefined;
	const char *title;
};

/* Each row's number is the line it stands on in opmap.def: unique, and nobody keeps count. */
#define ROW_ID_(line) ROW_##line
#define ROW_ID(line)  ROW_ID_(line)
enum opmap_id {
	ROW_NONE = 0,
#define I(map, opc, ext, mn, a, b, c, shape, body, attr, fd, fu, title) ROW_ID(__LINE__) = __LINE__,
#include "opmap.def"
#undef I
	ROW_LIMIT = 1024,
};

extern const struct opmap_row opmap[ROW_LIMIT];

/* The row of an opcode (map 1 to 6) whose extension fits this ModRM byte; ROW_NONE if none.  Rows
 * that need no ModRM ignore it. */
unsigned opmap_find(unsigned map, uint8_t opcode, uint8_t modrm);
/* Does this opcode have a ModRM byte at all?  (False also for opcodes without a row.) */
bool opmap_has_modrm(unsigned map, uint8_t opcode);

#endif
