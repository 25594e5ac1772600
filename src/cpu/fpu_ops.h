/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:372
 * The x87's instructions that programs are made of, and the words the others use too.  They are here
 * so that both who looks a row up when it runs (fpu.c) and who knows it beforehand (forms/x87.c.inc)
 * has them at hand: a row that is a constant leaves nothing of a function but what that row needs.
:*/
#ifndef CPU_FPU_OPS_H
#define CPU_FPU_OPS_H

#include "f80_int.h"
#include "fpu_priv.h"

/* All this is worth it only where the row is known. */
ALWAYS_INLINE struct f80 x87_compute(struct x87 *x, struct f80 a, struct f80 b)
{
	struct f80_env e = x->e; /* its address is given away, so that x can be in registers */
	struct f80 r;

	switch (x->row->arg) {
	case ADD: r = f80_add(&e, a, b); break;
	case MUL: r = f80_mul(&e, a, b); break;
	case SUB: r = f80_sub(&e, a, b); break;
	case SUBR: r = f80_sub(&e, b, a); break;
	case DIV: r = f80_div(&e, a, b); break;
	default: r = f80_div(&e, b, a); break;
	}
	x->e.ex = e.ex;
	return r;
}

/* ST(to) = r, then pops.  there: no operand was an empty register. */
ALWAYS_INLINE int x87_result(struct x87 *x, unsigned to, struct f80 r, bool there, unsigned pops)
{
	if (!there) {
		st_underflow(x);
		r = F80_INDEFINITE;
	}
	if (x87_settle(x)) {
		st_set(x, to, r);
		st_pop(x, pops);
	}
	return 0;
}

/* ST(to) = ST(to) op b. */
ALWAYS_INLINE int x87_arith(struct x87 *x, unsigned to, struct f80 b, bool there, unsigned pops)
{
	return x87_result(x, to, there ? x87_compute(x, *st(x, to), b) : b, there, pops);
}

ALWAYS_INLINE int x87_arith_st0(struct x87 *x)
{
	return x87_arith(x, 0, *st(x, x->i), !st_empty(x, 0) && !st_empty(x, x->i), 0);
}

ALWAYS_INLINE int x87_arith_sti(struct x87 *x)
{
	return x87_arith(x, x->i, *st(x, 0), !st_empty(x, 0) && !st_empty(x, x->i), 0);
}

ALWAYS_INLINE int x87_arith_pop(struct x87 *x)
{
	return x87_arith(x, x->i, *st(x, 0), !st_empty(x, 0) && !st_empty(x, x->i), 1);
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
static inline void x87_answer(struct x87 *x, enum f80_order o, unsigned pops)
{
	bool go_on = x87_settle(x);

	x->f->fsw = (uint16_t)((x->f->fsw & ~FSW_CC) | order_cc[o]);
	if (go_on)
		st_pop(x, pops);
}

ALWAYS_INLINE enum f80_order x87_relation(struct x87 *x, struct f80 b, bool quiet)
{
	struct f80_env e = x->e;
	enum f80_order o = f80_compare(&e, *st(x, 0), b, quiet);

	x->e.ex = e.ex;
	return o;
}

ALWAYS_INLINE int x87_compare(struct x87 *x, struct f80 b, bool there, bool quiet, unsigned pops)
{
	enum f80_order o = F80_UNORDERED;

	if (there)
		o = x87_relation(x, b, quiet);
	else
		st_underflow(x);
	x87_answer(x, o, pops);
	return 0;
}

/* FCOM, FCOMP, FCOMPP: arg is how often to pop. */
ALWAYS_INLINE int x87_com(struct x87 *x)
{
	return x87_compare(x, *st(x, x->i), !st_empty(x, 0) && !st_empty(x, x->i), false,
			   x->row->arg);
}

ALWAYS_INLINE int x87_ucom(struct x87 *x)
{
	return x87_compare(x, *st(x, x->i), !st_empty(x, 0) && !st_empty(x, x->i), true,
			   x->row->arg);
}

/* FCMOVcc and FCOMI leave C1 as it is, unless they report a stack fault. */
static inline void x87_keep_c1(struct x87 *x)
{
	if (!(x->e.ex & FSW_SF))
		x->e.ex |= x->f->fsw & FSW_C1;
}

/* FCOMI and relatives answer in EFLAGS; C0, C2 and C3 stay. */
ALWAYS_INLINE int x87_compare_eflags(struct x87 *x, bool quiet)
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
		o = x87_relation(x, *st(x, x->i), quiet);
	flags_set(&x->cpu->s.fl, fl[o]);
	x87_keep_c1(x);
	if (x87_settle(x))
		st_pop(x, x->row->arg);
	return 0;
}

ALWAYS_INLINE int x87_comi(struct x87 *x)
{
	return x87_compare_eflags(x, false);
}

ALWAYS_INLINE int x87_ucomi(struct x87 *x)
{
	return x87_compare_eflags(x, true);
}

/* A denormal in memory is an exception unless the operation found something worse. */
static inline void x87_add_denormal(struct x87 *x)
{
	if (f80_classify(*st(x, 0)) >= F80_C_QNAN || x->e.ex & (F80_IE | F80_ZE))
		return;
	x->e.ex = x->e.cw & F80_DE ? x->e.ex | F80_DE : F80_DE;
}

/* Fxxx m32fp/m64fp, FIxxx m16int/m32int, with the operand b read. */
ALWAYS_INLINE void x87_arith_operand(struct x87 *x, struct f80 b, bool denormal)
{
	unsigned op = x->row->arg;
	enum f80_order o = F80_UNORDERED;
	struct f80 r = F80_INDEFINITE;

	if (st_empty(x, 0))
		st_underflow(x);
	else if (op == COM || op == COMP)
		o = x87_relation(x, b, false);
	else
		r = x87_compute(x, *st(x, 0), b);
	if (denormal && !(x->e.ex & FSW_SF))
		x87_add_denormal(x);
	if (op == COM || op == COMP)
		x87_answer(x, o, op == COMP);
	else if (x87_settle(x))
		st_set(x, 0, r);
}

/* FXCH: an empty one of the two is exchanged as the indefinite NaN, when that is masked. */
static inline int x87_xch(struct x87 *x)
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

/* ST(0) = r, unless it is empty. */
ALWAYS_INLINE int x87_unary(struct x87 *x, struct f80 r)
{
	return x87_result(x, 0, r, !st_empty(x, 0), 0);
}

static inline int x87_chs(struct x87 *x)
{
	return x87_unary(x, F80(st(x, 0)->se ^ 0x8000, st(x, 0)->mant));
}

static inline int x87_abs(struct x87 *x)
{
	return x87_unary(x, F80(st(x, 0)->se & 0x7fff, st(x, 0)->mant));
}

static inline int x87_fld_sti(struct x87 *x)
{
	struct f80 v = *st(x, x->i);

	if (st_empty(x, x->i)) {
		st_underflow(x);
		v = F80_INDEFINITE;
	} else if (!st_empty(x, 7)) {
		st_overflow(x);
		v = F80_INDEFINITE;
	}
	if (x87_settle(x))
		st_push(x, v);
	return 0;
}

/*C:722
 * FLD, FILD, FBLD push what was read.  Only single and double precision can be invalid (a signalling
 * NaN: found is F80_IE) or denormal (F80_DE); an 80-bit number is loaded as it is, whatever it is.  A
 * denormal is pushed even when that exception is unmasked: so does silicon.
:*/
ALWAYS_INLINE void x87_fld_operand(struct x87 *x, struct f80 v, uint32_t found)
{
	x->e.ex = found;
	if (found & F80_IE)
		v.mant |= F80_QUIET_BIT;
	if (!st_empty(x, 7)) {
		st_overflow(x);
		v = F80_INDEFINITE;
	}
	if (x87_settle(x) || x->e.ex == F80_DE)
		st_push(x, v);
}

/*C:724
 * The constants are kept with more bits than a register has, and rounded as the control word says
 * (volume 1, "Pi", and volume 2, "FLD1/..."): near is the nearest, and `above` tells on which side
 * of the true value it lies.  arg chooses one.
:*/
static inline int x87_fld_const(struct x87 *x)
{
	static const struct {
		uint16_t se;
		uint64_t near;
		bool above;
	} table[7] = {
		{0x3fff, 0x8000000000000000u, false}, /* 1 */
		{0x4000, 0xd49a784bcd1b8afeu, false}, /* log2(10) */
		{0x3fff, 0xb8aa3b295c17f0bcu, true},  /* log2(e) */
		{0x4000, 0xc90fdaa22168c235u, true},  /* pi */
		{0x3ffd, 0x9a209a84fbcff799u, true},  /* log10(2) */
		{0x3ffe, 0xb17217f7d1cf79acu, true},  /* ln(2) */
		{0x0000, 0, false},		      /* 0 */
	};
	unsigned n = x->row->arg;
	struct f80 v = F80(table[n].se, table[n].near);
	bool exact = n == 0 || n == 6;

	if (!exact) {
		if (table[n].above && F80_RC(x->e.cw) & F80_DOWN)
			v.mant--;
		if (!table[n].above && F80_RC(x->e.cw) == F80_UPWARD)
			v.mant++;
	}
	x87_fld_operand(x, v, 0);
	return 0;
}

static inline int x87_fst_sti(struct x87 *x)
{
	return x87_result(x, x->i, *st(x, 0), !st_empty(x, 0), x->row->arg);
}

/* The formats of an integer register's size: a number in the low bytes of v, and back. */
ALWAYS_INLINE struct f80 x87_widen(struct f80_env *e, enum x87_size size, uint64_t v)
{
	switch (size) {
	case F32: return f80_from_f32(e, (uint32_t)v);
	case F64: return f80_from_f64(e, v);
	case I16: return f80_from_i64((int16_t)v);
	case I32: return f80_from_i64((int32_t)v);
	default: return f80_from_i64((int64_t)v);
	}
}

ALWAYS_INLINE uint64_t x87_narrow(struct x87 *x, struct f80 v)
{
	struct f80_env e = x->e;
	uint64_t r;

	switch (x->row->size) {
	case F32: r = f80_to_f32(&e, v); break;
	case F64: r = f80_to_f64(&e, v); break;
	case I16: r = (uint64_t)f80_to_int(&e, v, 16); break;
	case I32: r = (uint64_t)f80_to_int(&e, v, 32); break;
	default: r = (uint64_t)f80_to_int(&e, v, 64); break;
	}
	x->e.ex = e.ex;
	return r;
}

/* The same if that is all there is to do; false: the number is unusual, or so is its rounding. */
ALWAYS_INLINE bool x87_widen_ordinary(enum x87_size size, uint64_t v, struct f80 *r)
{
	switch (size) {
	case F32: return f80_widen_ordinary(v << 32, 8, r);
	case F64: return f80_widen_ordinary(v, 11, r);
	default: *r = x87_widen(NULL, size, v); return true;
	}
}

ALWAYS_INLINE bool x87_narrow_ordinary(struct x87 *x, struct f80 v, uint64_t *r)
{
	if (x->row->size == F64)
		return f80_to_f64_ordinary(&x->e, v, r);
	*r = x87_narrow(x, v);
	return true;
}

/* May what was converted be stored? */
static inline bool x87_may_store(struct x87 *x)
{
	if (st_empty(x, 0))
		st_underflow(x);
	return !(x->e.ex & ~x->e.cw & (F80_BEFORE | F80_OE | F80_UE));
}

static inline int x87_fnstsw_ax(struct x87 *x)
{
	x->cpu->s.r[EAX] = (x->cpu->s.r[EAX] & 0xffff0000) | x->f->fsw;
	return 0;
}

#endif
