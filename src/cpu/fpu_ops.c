/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:369
 * The x87's instructions on registers: arithmetic, comparisons, moves, transcendentals.  Each asks
 * whether its operands are there, lets f80 compute, settles the exceptions, and only then writes.
:*/
#include "fpu_priv.h"

int x87_nop(struct x87 *x)
{
	return 0;
}

static inline struct f80 compute(struct f80_env *e, unsigned op, struct f80 a, struct f80 b)
{
	switch (op) {
	case ADD: return f80_add(e, a, b);
	case MUL: return f80_mul(e, a, b);
	case SUB: return f80_sub(e, a, b);
	case SUBR: return f80_sub(e, b, a);
	case DIV: return f80_div(e, a, b);
	default: return f80_div(e, b, a);
	}
}

/* ST(to) = ST(to) op b, then pops.  there: neither operand is an empty register. */
static int arith(struct x87 *x, unsigned to, struct f80 b, bool there, unsigned pops)
{
	struct f80 r;

	if (there) {
		r = compute(&x->e, x->row->arg, *st(x, to), b);
	} else {
		st_underflow(x);
		r = F80_INDEFINITE;
	}
	if (x87_settle(x)) {
		st_set(x, to, r);
		st_pop(x, pops);
	}
	return 0;
}

int x87_arith_st0(struct x87 *x)
{
	return arith(x, 0, *st(x, x->i), !st_empty(x, 0) && !st_empty(x, x->i), 0);
}

int x87_arith_sti(struct x87 *x)
{
	return arith(x, x->i, *st(x, 0), !st_empty(x, 0) && !st_empty(x, x->i), 0);
}

int x87_arith_pop(struct x87 *x)
{
	return arith(x, x->i, *st(x, 0), !st_empty(x, 0) && !st_empty(x, x->i), 1);
}

/*C:726
 * Comparisons leave their answer in the condition code (volume 1, "Condition Code
 * Interpretation"):
 *
 *	             C3 C2 C0
 *	ST(0) >  b    0  0  0
 *	ST(0) <  b    0  0  1
 *	ST(0) =  b    1  0  0
 *	unordered     1  1  1
:*/
static const uint16_t order_cc[] = {
	[F80_GREATER] = 0,
	[F80_LESS] = FSW_C0,
	[F80_EQUAL] = FSW_C3,
	[F80_UNORDERED] = FSW_C3 | FSW_C2 | FSW_C0,
};

/* Silicon gives the answer even when an unmasked exception is found; only the pops wait. */
static void answer(struct x87 *x, enum f80_order o, unsigned pops)
{
	bool go_on = x87_settle(x);

	x->f->fsw = (uint16_t)((x->f->fsw & ~FSW_CC) | order_cc[o]);
	if (go_on)
		st_pop(x, pops);
}

static int compare(struct x87 *x, struct f80 b, bool there, bool quiet, unsigned pops)
{
	enum f80_order o = F80_UNORDERED;

	if (there)
		o = f80_compare(&x->e, *st(x, 0), b, quiet);
	else
		st_underflow(x);
	answer(x, o, pops);
	return 0;
}

/* FCOM, FCOMP, FCOMPP: arg is how often to pop. */
int x87_com(struct x87 *x)
{
	return compare(x, *st(x, x->i), !st_empty(x, 0) && !st_empty(x, x->i), false, x->row->arg);
}

int x87_ucom(struct x87 *x)
{
	return compare(x, *st(x, x->i), !st_empty(x, 0) && !st_empty(x, x->i), true, x->row->arg);
}

int x87_tst(struct x87 *x)
{
	return compare(x, F80_ZERO(0), !st_empty(x, 0), false, 0);
}

/* FCMOVcc and FCOMI leave C1 as it is, unless they report a stack fault. */
static void keep_c1(struct x87 *x)
{
	if (!(x->e.ex & FSW_SF))
		x->e.ex |= x->f->fsw & FSW_C1;
}

/* FCOMI and relatives answer in EFLAGS; C0, C2 and C3 stay. */
static int compare_eflags(struct x87 *x, bool quiet)
{
	static const uint8_t fl[] = {
		[F80_GREATER] = 0,
		[F80_LESS] = FL_CF,
		[F80_EQUAL] = FL_ZF,
		[F80_UNORDERED] = FL_ZF | FL_PF | FL_CF,
	};
	enum f80_order o = F80_UNORDERED;

	if (st_empty(x, 0) || st_empty(x, x->i))
		st_underflow(x);
	else
		o = f80_compare(&x->e, *st(x, 0), *st(x, x->i), quiet);
	flags_set(&x->cpu->s.fl, fl[o]);
	keep_c1(x);
	if (x87_settle(x))
		st_pop(x, x->row->arg);
	return 0;
}

int x87_comi(struct x87 *x)
{
	return compare_eflags(x, false);
}

int x87_ucomi(struct x87 *x)
{
	return compare_eflags(x, true);
}

/* A denormal in memory is an exception unless the operation found something worse. */
static void add_denormal(struct x87 *x)
{
	if (f80_classify(*st(x, 0)) >= F80_C_QNAN || x->e.ex & (F80_IE | F80_ZE))
		return;
	x->e.ex = x->e.cw & F80_DE ? x->e.ex | F80_DE : F80_DE;
}

/* Fxxx m32fp/m64fp, FIxxx m16int/m32int */
int x87_arith_mem(struct x87 *x)
{
	unsigned op = x->row->arg;
	enum f80_order o = F80_UNORDERED;
	struct f80 b, r = F80_INDEFINITE;
	bool denormal;

	if (x87_operand(x, &b, &denormal))
		return 1;
	if (st_empty(x, 0))
		st_underflow(x);
	else if (op == COM || op == COMP)
		o = f80_compare(&x->e, *st(x, 0), b, false);
	else
		r = compute(&x->e, op, *st(x, 0), b);
	if (denormal && !(x->e.ex & FSW_SF))
		add_denormal(x);
	if (op == COM || op == COMP)
		answer(x, o, op == COMP);
	else if (x87_settle(x))
		st_set(x, 0, r);
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
	keep_c1(x);
	if (!x87_settle(x))
		return 0;
	if (underflow || flags_cond(&x->cpu->s.fl, x->row->arg))
		st_set(x, 0, v);
	return 0;
}

/* FXCH: an empty one of the two is exchanged as the indefinite NaN, when that is masked. */
int x87_xch(struct x87 *x)
{
	struct f80 a = *st(x, 0), b = *st(x, x->i);

	if (st_empty(x, 0)) {
		st_underflow(x);
		a = F80_INDEFINITE;
	}
	if (st_empty(x, x->i)) {
		st_underflow(x);
		b = F80_INDEFINITE;
	}
	if (x87_settle(x)) {
		st_set(x, 0, b);
		st_set(x, x->i, a);
	}
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

/* Settle and write ST(0) = r, unless ST(0) is empty. */
static int unary(struct x87 *x, struct f80 r)
{
	if (st_empty(x, 0)) {
		st_underflow(x);
		r = F80_INDEFINITE;
	}
	if (x87_settle(x))
		st_set(x, 0, r);
	return 0;
}

int x87_chs(struct x87 *x)
{
	return unary(x, F80(st(x, 0)->se ^ 0x8000, st(x, 0)->mant));
}

int x87_abs(struct x87 *x)
{
	return unary(x, F80(st(x, 0)->se & 0x7fff, st(x, 0)->mant));
}

int x87_sqrt(struct x87 *x)
{
	return unary(x, f80_sqrt(&x->e, *st(x, 0)));
}

int x87_rndint(struct x87 *x)
{
	return unary(x, f80_rndint(&x->e, *st(x, 0)));
}

int x87_2xm1(struct x87 *x)
{
	return unary(x, f80_2xm1(&x->e, *st(x, 0)));
}

/* Of ST(0) and ST(1), into ST(pops), after which the rest is popped. */
static int binary(struct x87 *x, struct f80 r, unsigned pops)
{
	if (st_empty(x, 0) || st_empty(x, 1)) {
		st_underflow(x);
		r = F80_INDEFINITE;
	}
	if (x87_settle(x)) {
		st_set(x, pops, r);
		st_pop(x, pops);
	}
	return 0;
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

	return refuse(x, ok, st_empty(x, 0)) ? 0 : unary(x, sin);
}

int x87_cos(struct x87 *x)
{
	struct f80 cos;
	bool ok = f80_sincos(&x->e, *st(x, 0), NULL, &cos);

	return refuse(x, ok, st_empty(x, 0)) ? 0 : unary(x, cos);
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
