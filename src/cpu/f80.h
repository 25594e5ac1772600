/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:365
 * Arithmetic on 80-bit extended-precision numbers, in integers only: the same bits come out on
 * every host.  The functions know the control word and raise exception flags; they know nothing of
 * a register stack, of tags or of instructions, which are the business of fpu.c.
:*/
#ifndef CPU_F80_H
#define CPU_F80_H

#include "cpu.h"

/*C:700
 * Every function takes an environment: the control word it is to obey, and the exceptions it
 * raises, in the bit positions of the status word (Intel manual volume 1, "x87 FPU Status Word").
 *
 *	cw:  15..12  11 10   9  8    7 6   5  4  3  2  1  0
 *	            | RC  |  PC  |       |PM|UM|OM|ZM|DM|IM|
 *	ex:  C1 (bit 9): the result was rounded up       PE UE OE ZE DE IE
 *
 * Invalid operation, denormal operand and zero divide are found before the operation.  When one of
 * them is unmasked the operation does not take place: what the function returns then is to be
 * thrown away, and f80_refused() says so.  Overflow, underflow and inexact are found afterwards;
 * unmasked, they still leave a result, with a biased exponent where it would not fit otherwise.
:*/
enum f80_ex {
	F80_IE = 1 << 0,
	F80_DE = 1 << 1,
	F80_ZE = 1 << 2,
	F80_OE = 1 << 3,
	F80_UE = 1 << 4,
	F80_PE = 1 << 5,
	F80_UP = 1 << 9,
	F80_BEFORE = F80_IE | F80_DE | F80_ZE,
	F80_ALL = 0x3f,
};

/* Rounding control (bits 10-11 of the control word) and precision control (bits 8-9). */
enum f80_rc { F80_NEAREST = 0, F80_DOWN = 1, F80_UPWARD = 2, F80_CHOP = 3 };
#define F80_RC(cw) ((cw) >> 10 & 3)
#define F80_PC(cw) ((cw) >> 8 & 3)

struct f80_env {
	uint32_t cw;
	uint32_t ex;
};

static inline bool f80_refused(const struct f80_env *e)
{
	return e->ex & ~e->cw & F80_BEFORE;
}

#define F80(sign_exponent, mantissa) ((struct f80){(mantissa), (sign_exponent)})
#define F80_INT_BIT		     0x8000000000000000u
#define F80_QUIET_BIT		     0x4000000000000000u
#define F80_INDEFINITE		     F80(0xffff, 0xc000000000000000u)
#define F80_ZERO(sign)		     F80((uint16_t)((sign) << 15), 0)
#define F80_INF(sign)		     F80((uint16_t)((sign) << 15 | 0x7fff), F80_INT_BIT)
#define F80_ONE			     F80(0x3fff, F80_INT_BIT)

/* What a register can hold (volume 1, "Unsupported Double Extended-Precision ... Encodings").
 * A pseudo-denormal counts as a denormal. */
enum f80_class {
	F80_C_ZERO,
	F80_C_NORMAL,
	F80_C_DENORMAL,
	F80_C_INF,
	F80_C_QNAN,
	F80_C_SNAN,
	F80_C_BAD
};

/* Rounded to the precision control. */
struct f80 f80_add(struct f80_env *e, struct f80 a, struct f80 b);
struct f80 f80_sub(struct f80_env *e, struct f80 a, struct f80 b);
struct f80 f80_mul(struct f80_env *e, struct f80 a, struct f80 b);
struct f80 f80_div(struct f80_env *e, struct f80 a, struct f80 b);
struct f80 f80_sqrt(struct f80_env *e, struct f80 a);

/* Always to 64 bits. */
struct f80 f80_rndint(struct f80_env *e, struct f80 a);
struct f80 f80_scale(struct f80_env *e, struct f80 a, struct f80 by);
/* a = significand * 2^exponent; the significand is returned. */
struct f80 f80_extract(struct f80_env *e, struct f80 a, struct f80 *exponent);

/* Partial remainder of a / b; *quotient gets its low three bits (or F80_NO_QUOTIENT, if it was not
 * even tried), *partial is C2. */
#define F80_NO_QUOTIENT 8
struct f80 f80_rem(struct f80_env *e, struct f80 a, struct f80 b, bool nearest, unsigned *quotient,
		   bool *partial);

/* Relation of a to b.  quiet: a quiet NaN is not an invalid operation (FUCOM). */
enum f80_order { F80_GREATER, F80_LESS, F80_EQUAL, F80_UNORDERED };
enum f80_order f80_compare(struct f80_env *e, struct f80 a, struct f80 b, bool quiet);

/* To the 80-bit format, exactly; integers and single and double precision are in f80_int.h. */
struct f80 f80_from_bcd(const uint8_t v[10]);

/* To memory formats.  An unmasked overflow or underflow means: store nothing. */
uint32_t f80_to_f32(struct f80_env *e, struct f80 a);
/* bits is 16, 32 or 64; invalid gives the integer indefinite, the most negative number. */
int64_t f80_to_int(struct f80_env *e, struct f80 a, unsigned bits);
void f80_to_bcd(struct f80_env *e, struct f80 a, uint8_t v[10]);

/* Transcendental instructions (f80_trans.c).  false: |a| >= 2^63, nothing done. */
bool f80_sincos(struct f80_env *e, struct f80 a, struct f80 *sin, struct f80 *cos);
bool f80_tan(struct f80_env *e, struct f80 a, struct f80 *tan);
struct f80 f80_atan2(struct f80_env *e, struct f80 y, struct f80 x);
struct f80 f80_2xm1(struct f80_env *e, struct f80 a);
struct f80 f80_yl2x(struct f80_env *e, struct f80 x, struct f80 y);
struct f80 f80_yl2xp1(struct f80_env *e, struct f80 x, struct f80 y);

#endif
