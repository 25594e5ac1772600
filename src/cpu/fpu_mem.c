/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:363
 * The x87's loads and stores: each memory format is one case here and nowhere else.
:*/
#include "fpu_priv.h"

static const uint8_t size_bytes[] = {
	[F32] = 4, [F64] = 8, [X80] = 10, [I16] = 2, [I32] = 4, [I64] = 8, [BCD] = 10,
};

/* Alignment is checked by the access; ten bytes want to be aligned like eight. */
static inline int locate(struct x87 *x, bool write, uint32_t *lin)
{
	unsigned n = size_bytes[x->row->size];

	return seg_check(x->cpu, x->in->seg, x->in->ea, n, write, lin);
}

static inline struct f80 f80_get(const uint8_t v[10])
{
	uint64_t m = 0;

	for (unsigned i = 8; i--;)
		m = m << 8 | v[i];
	return F80((uint16_t)(v[8] | v[9] << 8), m);
}

static inline void f80_put(uint8_t v[10], struct f80 a)
{
	for (unsigned i = 0; i < 8; i++)
		v[i] = (uint8_t)(a.mant >> 8 * i);
	v[8] = (uint8_t)a.se;
	v[9] = (uint8_t)(a.se >> 8);
}

/* Read the memory operand.  *denormal: it was one, which the 80-bit number does not show. */
int x87_operand(struct x87 *x, struct f80 *v, bool *denormal)
{
	struct f80_env e = {0, 0};
	uint8_t b[10];
	uint16_t u16;
	uint32_t lin, u32;
	uint64_t u64;

	if (locate(x, false, &lin))
		return 1;
	switch (x->row->size) {
	case F64:
		if (acc_ld64(x->cpu, lin, &u64))
			return 1;
		*v = f80_from_f64(&e, u64);
		break;
	case F32:
		if (acc_ld32(x->cpu, lin, &u32))
			return 1;
		*v = f80_from_f32(&e, u32);
		break;
	case I16:
		if (acc_ld16(x->cpu, lin, &u16))
			return 1;
		*v = f80_from_i64((int16_t)u16);
		break;
	case I32:
		if (acc_ld32(x->cpu, lin, &u32))
			return 1;
		*v = f80_from_i64((int32_t)u32);
		break;
	case I64:
		if (acc_ld64(x->cpu, lin, &u64))
			return 1;
		*v = f80_from_i64((int64_t)u64);
		break;
	default:
		if (acc_align(x->cpu, lin, 8) || acc_ld(x->cpu, lin, b, 10))
			return 1;
		*v = x->row->size == BCD ? f80_from_bcd(b) : f80_get(b);
		break;
	}
	*denormal = e.ex;
	return 0;
}

/*C:722
 * FLD, FILD, FBLD push.  Only single and double precision can be invalid (a signalling NaN) or
 * denormal; an 80-bit number is loaded as it is, whatever it is.  A denormal is pushed even when
 * that exception is unmasked: so does silicon.
:*/
int x87_fld(struct x87 *x)
{
	bool denormal, fp = x->row->size == F32 || x->row->size == F64;
	struct f80 v;

	if (x87_operand(x, &v, &denormal))
		return 1;
	if (!st_empty(x, 7)) {
		st_overflow(x);
		v = F80_INDEFINITE;
	} else if (denormal) {
		x->e.ex = F80_DE;
	} else if (fp && f80_classify(v) == F80_C_SNAN) {
		x->e.ex = F80_IE;
		v.mant |= F80_QUIET_BIT;
	}
	if (x87_settle(x) || x->e.ex == F80_DE)
		st_push(x, v);
	return 0;
}

int x87_fld_sti(struct x87 *x)
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

/*C:724
 * The constants are kept with more bits than a register has, and rounded as the control word says
 * (volume 1, "Pi", and volume 2, "FLD1/..."): near is the nearest, and `above` tells on which side
 * of the true value it lies.
:*/
int x87_fld_const(struct x87 *x)
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
	struct f80 v = F80(table[x->i].se, table[x->i].near);
	bool exact = x->i == 0 || x->i == 6;

	if (!exact) {
		if (table[x->i].above && F80_RC(x->e.cw) & F80_DOWN)
			v.mant--;
		if (!table[x->i].above && F80_RC(x->e.cw) == F80_UPWARD)
			v.mant++;
	}
	if (!st_empty(x, 7)) {
		st_overflow(x);
		v = F80_INDEFINITE;
	}
	if (x87_settle(x))
		st_push(x, v);
	return 0;
}

/* May what was converted be stored? */
static inline bool may_store(struct x87 *x)
{
	if (st_empty(x, 0))
		st_underflow(x);
	return !(x->e.ex & ~x->e.cw & (F80_BEFORE | F80_OE | F80_UE));
}

/* The formats of 10 bytes. */
static int store_long(struct x87 *x, struct f80 v, bool *stored)
{
	const struct fpu_insn *in = x->in;
	struct cpu *cpu = x->cpu;
	uint8_t b[10];
	uint32_t lin;

	if (x->row->size == BCD)
		f80_to_bcd(&x->e, v, b);
	else
		f80_put(b, v);
	*stored = may_store(x);
	/* Two stores, as silicon does it: if the second one faults, the first is made. */
	return *stored &&
	       (seg_check(cpu, in->seg, in->ea, 8, true, &lin) || acc_align(cpu, lin, 8) ||
		acc_st(cpu, lin, b, 8) || seg_check(cpu, in->seg, in->ea + 8, 2, true, &lin) ||
		acc_st(cpu, lin, b + 8, 2));
}

static int store_number(struct x87 *x, struct f80 v, bool *stored)
{
	unsigned n = size_bytes[x->row->size];
	uint32_t lin;
	uint64_t u;

	switch (x->row->size) {
	case F32: u = f80_to_f32(&x->e, v); break;
	case F64: u = f80_to_f64(&x->e, v); break;
	default: u = (uint64_t)f80_to_int(&x->e, v, 8 * n); break;
	}
	*stored = may_store(x);
	if (!*stored)
		return 0;
	if (locate(x, true, &lin))
		return 1;
	if (n == 8)
		return acc_st64(x->cpu, lin, u);
	return n == 4 ? acc_st32(x->cpu, lin, (uint32_t)u) : acc_st16(x->cpu, lin, (uint16_t)u);
}

/* FST, FIST, FBSTP, and with arg 1 a pop.  Where nothing is stored, memory is not looked at. */
int x87_fst(struct x87 *x)
{
	struct f80 v = st_empty(x, 0) ? F80_INDEFINITE : *st(x, 0);
	bool is_long = x->row->size == X80 || x->row->size == BCD, stored;

	if (is_long ? store_long(x, v, &stored) : store_number(x, v, &stored))
		return 1;
	x87_raise(x);
	if (stored)
		st_pop(x, x->row->arg);
	return 0;
}

int x87_fst_sti(struct x87 *x)
{
	struct f80 v = *st(x, 0);

	if (st_empty(x, 0)) {
		st_underflow(x);
		v = F80_INDEFINITE;
	}
	if (x87_settle(x)) {
		st_set(x, x->i, v);
		st_pop(x, x->row->arg);
	}
	return 0;
}

/* The undocumented FSTP at D9 /3: an empty ST(0) is popped without a word. */
int x87_fst_sti_quiet(struct x87 *x)
{
	if (!st_empty(x, 0))
		return x87_fst_sti(x);
	x87_raise(x);
	st_pop(x, 1);
	return 0;
}
