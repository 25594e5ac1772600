/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:369
 * The x87's instructions on registers that are not in fpu_ops.h, the transcendental ones above all.
 * Each asks whether its operands are there, lets f80 compute, settles the exceptions, and only then
 * writes.
:*/
#include "fpu_ops.h"

int x87_nop(struct x87 *x)
{
	return 0;
}

int x87_tst(struct x87 *x)
{
	return x87_compare(x, F80_ZERO(0), !st_empty(x, 0), false, 0);
}

/* Fxxx m32fp/m64fp, FIxxx m16int/m32int */
int x87_arith_mem(struct x87 *x)
{
	struct f80 b;
	bool denormal;

	if (x87_operand(x, &b, &denormal))
		return 1;
	x87_arith_operand(x, b, denormal);
	return 0;
}

/* FXAM (volume 2, table "FXAM Results"): class in C3 C2 C0, sign in C1, even of an empty one. */
int x87_xam(struct x87 *x)
{
	static const uint16_t cc[] = {
		[F80_C_ZERO] = FSW_C3,
		[F80_C_NORMAL] = FSW_C2,
		[F80_C_INF] = FSW_C2 | FSW_C0,
		[F80_C_DENORMAL] = FSW_C3 | FSW_C2,
		[F80_C_QNAN] = FSW_C0,
		[F80_C_SNAN] = FSW_C0,
		[F80_C_BAD] = 0,
	};
	struct f80 a = *st(x, 0);
	unsigned c = st_empty(x, 0) ? FSW_C3 | FSW_C0 : cc[f80_classify(a)];

	x->f->fsw = (uint16_t)((x->f->fsw & ~FSW_CC) | c | (a.se >> 15 ? FSW_C1 : 0));
	return 0;
}

/* FCMOVcc: arg is the condition as in Jcc, in opcode order. */
int x87_cmov(struct x87 *x)
{
	struct f80 v = *st(x, x->i);
	bool underflow;

	if (st_empty(x, 0) || st_empty(x, x->i)) {
		st_underflow(x);
		v = F80_INDEFINITE;
	}
	underflow = x->e.ex;
	x87_keep_c1(x);
	if (!x87_settle(x))
		return 0;
	if (underflow || flags_cond(&x->cpu->s.fl, x->row->arg))
		st_set(x, 0, v);
	return 0;
}

int x87_free(struct x87 *x)
{
	x87_raise(x);
	x->f->empty |= (uint8_t)(1u << ((x->top + x->i) & 7));
	st_pop(x, x->row->arg);
	return 0;
}

int x87_decstp(struct x87 *x)
{
	x87_raise(x);
	st_set_top(x, x->top - 1);
	return 0;
}

int x87_incstp(struct x87 *x)
{
	x87_raise(x);
	st_set_top(x, x->top + 1);
	return 0;
}

int x87_sqrt(struct x87 *x)
{
	return x87_unary(x, f80_sqrt(&x->e, *st(x, 0)));
}

int x87_rndint(struct x87 *x)
{
	return x87_unary(x, f80_rndint(&x->e, *st(x, 0)));
}

int x87_2xm1(struct x87 *x)
{
	return x87_unary(x, f80_2xm1(&x->e, *st(x, 0)));
}

/* Of ST(0) and ST(1), into ST(pops), after which the rest is popped. */
static int binary(struct x87 *x, struct f80 r, unsigned pops)
{
	return x87_result(x, pops, r, !st_empty(x, 0) && !st_empty(x, 1), pops);
}

int x87_scale(struct x87 *x)
{
	return binary(x, f80_scale(&x->e, *st(x, 0), *st(x, 1)), 0);
}

int x87_yl2x(struct x87 *x)
{
	return binary(x, f80_yl2x(&x->e, *st(x, 0), *st(x, 1)), 1);
}

int x87_yl2xp1(struct x87 *x)
{
	return binary(x, f80_yl2xp1(&x->e, *st(x, 0), *st(x, 1)), 1);
}

int x87_patan(struct x87 *x)
{
	return binary(x, f80_atan2(&x->e, *st(x, 1), *st(x, 0)), 1);
}

/* FPREM and (arg 1) FPREM1: C2 is "not finished", C0 C3 C1 the quotient's bits 2 1 0. */
int x87_prem(struct x87 *x)
{
	unsigned q, cc;
	bool partial;
	struct f80 r = f80_rem(&x->e, *st(x, 0), *st(x, 1), x->row->arg, &q, &partial);

	if (st_empty(x, 0) || st_empty(x, 1)) {
		st_underflow(x);
		r = F80_INDEFINITE;
		partial = false;
	}
	cc = (q & 1 ? FSW_C1 : 0) | (q & 2 ? FSW_C3 : 0) | (q & 4 ? FSW_C0 : 0);
	/* Without a division there is no quotient to tell of: C0 and C3 stay. */
	if (q == F80_NO_QUOTIENT || x->e.ex & FSW_SF)
		cc = x->f->fsw & (FSW_C0 | FSW_C3);
	if (x87_settle(x))
		st_set(x, 0, r);
	x->f->fsw = (uint16_t)((x->f->fsw & ~FSW_CC) | cc | (partial ? FSW_C2 : 0));
	return 0;
}

/* Is there no operand, or no room for a second result? */
static bool no_pair(const struct x87 *x)
{
	return st_empty(x, 0) || !st_empty(x, 7);
}

/* ST(0) becomes `below` and `v` is pushed on it. */
static int replace_and_push(struct x87 *x, struct f80 below, struct f80 v)
{
	if (no_pair(x)) {
		if (st_empty(x, 0))
			st_underflow(x);
		else
			st_overflow(x);
		below = v = F80_INDEFINITE;
	}
	if (x87_settle(x)) {
		st_set(x, 0, below);
		st_push(x, v);
	}
	return 0;
}

int x87_extract(struct x87 *x)
{
	struct f80 exponent, significand = f80_extract(&x->e, *st(x, 0), &exponent);

	return replace_and_push(x, exponent, significand);
}

/*C:728
 * FSIN, FCOS, FSINCOS and FPTAN refuse an operand of 2^63 or more: C2 = 1 and nothing else.  A
 * stack fault comes before that.
:*/
static bool refuse(struct x87 *x, bool in_range, bool stack_fault)
{
	x->f->fsw &= (uint16_t)~FSW_C2;
	if (in_range || stack_fault)
		return false;
	x->f->fsw |= FSW_C2;
	x87_raise(x);
	return true;
}

int x87_sin(struct x87 *x)
{
	struct f80 sin;
	bool ok = f80_sincos(&x->e, *st(x, 0), &sin, NULL);

	return refuse(x, ok, st_empty(x, 0)) ? 0 : x87_unary(x, sin);
}

int x87_cos(struct x87 *x)
{
	struct f80 cos;
	bool ok = f80_sincos(&x->e, *st(x, 0), NULL, &cos);

	return refuse(x, ok, st_empty(x, 0)) ? 0 : x87_unary(x, cos);
}

int x87_sincos(struct x87 *x)
{
	struct f80 sin, cos;
	bool ok = f80_sincos(&x->e, *st(x, 0), &sin, &cos);

	return refuse(x, ok, no_pair(x)) ? 0 : replace_and_push(x, sin, cos);
}

/* FPTAN pushes 1 for the division that programs of the 8087 had to do; a NaN is pushed itself. */
int x87_ptan(struct x87 *x)
{
	struct f80 tan;
	bool ok = f80_tan(&x->e, *st(x, 0), &tan);
	bool nan = f80_classify(tan) == F80_C_QNAN;

	return refuse(x, ok, no_pair(x)) ? 0 : replace_and_push(x, tan, nan ? tan : F80_ONE);
}
