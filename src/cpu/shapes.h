/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:311
 * Shapes: which handlers a row of the opcode map has.  Included by interp.c only.
:*/
/*C:410
 * The table of handlers has eight places for each row: operand size 16 or 32, times register, flat
 * memory, any memory, or flat memory whose address has no index.  A shape says how a body's handlers fill
 * them:
 *
 *	BMB, BMV	register or memory, byte / word or doubleword, quick flat handlers, and
 *			quicker ones without an index
 *	RMB, RMV	the same without those
 *	ALUV		BMV, and 32-bit handlers that leave the flags alone, for when nobody looks
 *	ALAV, ALZV	the same for the accumulator, for a register named by the opcode
 *	RSB, RSV	the same without flat handlers: memory always takes the careful way
 *	RMS		a word-sized operand whatever the operand size, careful
 *	MSV, MS1	memory only, with / without operand sizes: a register is #UD
 *	ACCB, ACCV	the accumulator: the register handlers of RMB, RMV
 *	RB, RV		a register named by the opcode
 *	STKV		the stack is the only memory
 *	SSV		RSV, and a quick 32-bit handler where both operand and stack are flat
 *	MOFSB, MOFSV	memory at a direct offset
 *	V, N		no operand in memory (or handled inside), with / without operand sizes
 *	HINT		a ModRM operand that is not touched
 *	LEAV		LEA
 *	RMX, MEM	register or memory, memory only: one size, quick
:*/
#define S8(r16, m16, s16, b16, r32, m32, s32, b32)                                                 \
	{                                                                                          \
		{                                                                                  \
			{op_##r16, op_##m16, op_##s16, op_##b16},                                  \
			{                                                                          \
				op_##r32, op_##m32, op_##s32, op_##b32                             \
			}                                                                          \
		}                                                                                  \
	}
#define S6(r16, m16, s16, r32, m32, s32) S8(r16, m16, s16, m16, r32, m32, s32, m32)
/* The second half are those that leave the flags alone. */
#define S_NF(b, r, m, s, bare)                                                                     \
	{                                                                                          \
		{{op_##b##_16##r, op_##b##_16##m, op_##b##_16##s, op_##b##_16##m},                 \
		 {op_##b##_32##r, op_##b##_32##m, op_##b##_32##s, op_##b##_32##bare}},             \
		{                                                                                  \
			{NULL, NULL, NULL, NULL},                                                  \
			{                                                                          \
				op_##b##_32##r##_nf, op_##b##_32##m##_nf, NULL,                    \
					op_##b##_32##bare##_nf                                     \
			}                                                                          \
		}                                                                                  \
	}
#define SHAPE_ALUV(b) S_NF(b, _r, _m, _s, _b)
#define SHAPE_ALAV(b) S_NF(b, _r, _r, _r, _r)
#define SHAPE_ALZV(b) S_NF(b, , , , )
#define SHAPE_BMB(b)  S8(b##_8_r, b##_8_m, b##_8_s, b##_8_b, b##_8_r, b##_8_m, b##_8_s, b##_8_b)
#define SHAPE_BMV(b)                                                                               \
	S8(b##_16_r, b##_16_m, b##_16_s, b##_16_b, b##_32_r, b##_32_m, b##_32_s, b##_32_b)
#define SHAPE_RMB(b)  S6(b##_8_r, b##_8_m, b##_8_s, b##_8_r, b##_8_m, b##_8_s)
#define SHAPE_RMV(b)  S6(b##_16_r, b##_16_m, b##_16_s, b##_32_r, b##_32_m, b##_32_s)
#define SHAPE_RSB(b)  S6(b##_8_r, b##_8_s, b##_8_s, b##_8_r, b##_8_s, b##_8_s)
#define SHAPE_RSV(b)  S6(b##_16_r, b##_16_s, b##_16_s, b##_32_r, b##_32_s, b##_32_s)
#define SHAPE_RMS(b)  S6(b##_r, b##_s, b##_s, b##_r, b##_s, b##_s)
#define SHAPE_MSV(b)  S6(ud, b##_16_s, b##_16_s, ud, b##_32_s, b##_32_s)
#define SHAPE_MS1(b)  S6(ud, b##_s, b##_s, ud, b##_s, b##_s)
#define SHAPE_ACCB(b) S6(b##_8_r, b##_8_r, b##_8_r, b##_8_r, b##_8_r, b##_8_r)
#define SHAPE_ACCV(b) S6(b##_16_r, b##_16_r, b##_16_r, b##_32_r, b##_32_r, b##_32_r)
#define SHAPE_RB(b)   S6(b##_8, b##_8, b##_8, b##_8, b##_8, b##_8)
#define SHAPE_RV(b)   S6(b##_16, b##_16, b##_16, b##_32, b##_32, b##_32)
#define SHAPE_STKV(b) S6(b##_16_s, b##_16_s, b##_16_s, b##_32_s, b##_32_m, b##_32_s)
#define SHAPE_SSV(b)                                                                               \
	S8(b##_16_r, b##_16_s, b##_16_s, b##_16_s, b##_32_r, b##_32_m, b##_32_s, b##_32_b)
#define SHAPE_MOFSB(b) S6(ud, b##_8_b, b##_8_s, ud, b##_8_b, b##_8_s)
#define SHAPE_MOFSV(b) S6(ud, b##_16_b, b##_16_s, ud, b##_32_b, b##_32_s)
#define SHAPE_V(b)     S6(b##_16, b##_16, b##_16, b##_32, b##_32, b##_32)
#define SHAPE_N(b)     S6(b, b, b, b, b, b)
#define SHAPE_HINT(b)  S6(b, b, b, b, b, b)
#define SHAPE_RMX(b)   S6(b##_r, b##_m, b##_s, b##_r, b##_m, b##_s)
#define SHAPE_MEM(b)   S6(ud, b##_m, b##_s, ud, b##_m, b##_s)
#define SHAPE_LEAV(b)  S8(ud, b##_16_m, b##_16_s, b##_16_m, ud, b##_32_m, b##_32_s, b##_32_b)
