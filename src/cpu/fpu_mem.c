/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:363
 * The x87's loads and stores, wherever in memory the operand may lie.
:*/
#include "fpu_ops.h"

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
	switch (size_bytes[x->row->size]) {
	case 8:
		if (acc_ld64(x->cpu, lin, &u64))
			return 1;
		*v = x87_widen(&e, x->row->size, u64);
		break;
	case 4:
		if (acc_ld32(x->cpu, lin, &u32))
			return 1;
		*v = x87_widen(&e, x->row->size, u32);
		break;
	case 2:
		if (acc_ld16(x->cpu, lin, &u16))
			return 1;
		*v = x87_widen(&e, x->row->size, u16);
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

int x87_fld(struct x87 *x)
{
	bool denormal, fp = x->row->size == F32 || x->row->size == F64;
	struct f80 v;

	if (x87_operand(x, &v, &denormal))
		return 1;
	x87_fld_operand(x, v, denormal ? F80_DE : fp && f80_classify(v) == F80_C_SNAN ? F80_IE : 0);
	return 0;
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
	*stored = x87_may_store(x);
	/* Two stores, as silicon does it: if the second one faults, the first is made. */
	return *stored &&
	       (seg_check(cpu, in->seg, in->ea, 8, true, &lin) || acc_align(cpu, lin, 8) ||
		acc_st(cpu, lin, b, 8) || seg_check(cpu, in->seg, in->ea + 8, 2, true, &lin) ||
		acc_st(cpu, lin, b + 8, 2));
}

static int store_number(struct x87 *x, struct f80 v, bool *stored)
{
	unsigned n = size_bytes[x->row->size];
	uint64_t u = x87_narrow(x, v);
	uint32_t lin;

	*stored = x87_may_store(x);
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

/* The undocumented FSTP at D9 /3: an empty ST(0) is popped without a word. */
int x87_fst_sti_quiet(struct x87 *x)
{
	if (!st_empty(x, 0))
		return x87_fst_sti(x);
	x87_raise(x);
	st_pop(x, 1);
	return 0;
}
