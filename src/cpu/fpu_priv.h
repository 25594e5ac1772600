/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:362
 * What the fpu files share: an x87 instruction on its way, the register stack, and how exceptions
 * reach the status word.
:*/
#ifndef CPU_FPU_PRIV_H
#define CPU_FPU_PRIV_H

#include "f80.h"
#include "fpu.h"
#include "seg.h"

/* Status word (Intel manual volume 1, "x87 FPU Status Register"). */
enum fsw_bits {
	FSW_SF = 1 << 6,
	FSW_ES = 1 << 7,
	FSW_C0 = 1 << 8,
	FSW_C1 = 1 << 9,
	FSW_C2 = 1 << 10,
	FSW_TOP = 7 << 11,
	FSW_C3 = 1 << 14,
	FSW_B = 1 << 15,
	FSW_CC = FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3,
};

#define FCW_DEFAULT 0x037f
/* Bits of the control word that can be changed, and the one that always reads as 1. */
#define FCW_WRITABLE 0x1f3f
#define FCW_ONES     0x0040

struct x87;

/* What the rows of fpu.c say about an instruction. */
enum x87_size { NO_MEM, F32, F64, X80, I16, I32, I64, BCD, M16, ENV, SAVE };
enum x87_flags { CONTROL = 1 /* leaves FIP, FDP and FOP */, NOWAIT = 2 /* no pending #MF */ };
enum x87_arith { ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR };

struct x87_row {
	int (*fn)(struct x87 *x);    /* 1: fault, nothing changed */
	uint8_t arg;		     /* arithmetic operation, number of pops, ... */
	uint8_t size;		     /* enum x87_size */
	uint8_t flags;		     /* enum x87_flags */
	const struct x87_row *by_rm; /* a row for each modrm.rm instead */
};

/* An instruction on its way. */
struct x87 {
	struct cpu *cpu;
	struct fpu *f;
	const struct fpu_insn *in;
	const struct x87_row *row;
	struct f80_env e;
	unsigned top;
	unsigned i; /* modrm.rm: the i of ST(i) */
};

/* An exception left pending by an earlier instruction. */
static inline bool x87_pending(const struct cpu *cpu)
{
	return cpu->s.fpu.fsw & FSW_ES;
}

static inline struct x87 x87_begin(struct cpu *cpu, const struct fpu_insn *in,
				   const struct x87_row *row)
{
	struct fpu *f = &cpu->s.fpu;

	return (struct x87){.cpu = cpu,
			    .f = f,
			    .in = in,
			    .row = row,
			    .e = {f->fcw, 0},
			    .top = f->fsw >> 11 & 7,
			    .i = in->fop & 7};
}

/* Done: the x87 notes where the instruction stands and what it was. */
static inline void x87_note(const struct x87 *x, bool memory)
{
	struct fpu *f = x->f;

	if (x->row->flags & CONTROL)
		return;
	f->fip = x->in->eip;
	f->fcs = x->cpu->s.seg[CS].sel;
	f->fop = x->in->fop;
	if (memory) {
		f->fdp = x->in->ea;
		f->fds = x->cpu->s.seg[x->in->seg].sel;
	}
}

static inline struct f80 *st(struct x87 *x, unsigned i)
{
	return &x->f->reg[(x->top + i) & 7];
}

static inline bool st_empty(const struct x87 *x, unsigned i)
{
	return x->f->empty >> ((x->top + i) & 7) & 1;
}

static inline void st_set(struct x87 *x, unsigned i, struct f80 v)
{
	*st(x, i) = v;
	x->f->empty &= (uint8_t) ~(1u << ((x->top + i) & 7));
}

static inline void st_set_top(struct x87 *x, unsigned top)
{
	x->top = top & 7;
	x->f->fsw = (uint16_t)((x->f->fsw & ~FSW_TOP) | x->top << 11);
}

static inline void st_pop(struct x87 *x, unsigned n)
{
	for (; n; n--) {
		x->f->empty |= (uint8_t)(1u << x->top);
		st_set_top(x, x->top + 1);
	}
}

static inline void st_push(struct x87 *x, struct f80 v)
{
	st_set_top(x, x->top - 1);
	st_set(x, 0, v);
}

/*C:720
 * A stack fault is an invalid operation with SF set; C1 tells overflow (1) from underflow (0).
:*/
static inline void st_underflow(struct x87 *x)
{
	x->e.ex = F80_IE | FSW_SF;
}

static inline void st_overflow(struct x87 *x)
{
	x->e.ex = F80_IE | FSW_SF | FSW_C1;
}

static inline bool x87_unmasked(const struct x87 *x)
{
	return x->e.ex & ~x->e.cw & F80_ALL;
}

/*
 * The exceptions found become visible: C1 is what this instruction makes it, flags are sticky, and
 * an unmasked one sets ES and B: the next waiting instruction will fault.
 */
static inline void x87_raise(struct x87 *x)
{
	uint16_t sw = (uint16_t)((x->f->fsw & ~FSW_C1) | x->e.ex);

	if (UNLIKELY(x87_unmasked(x)))
		sw |= FSW_ES | FSW_B;
	x->f->fsw = sw;
}

/* The same; false: an exception forbids that the destination be written. */
static inline bool x87_settle(struct x87 *x)
{
	x87_raise(x);
	return LIKELY(!x87_unmasked(x)) || !f80_refused(&x->e);
}

/* Recompute ES and B after the flags or masks were loaded. */
static inline void x87_summarize(struct fpu *f)
{
	f->fsw &= (uint16_t) ~(FSW_ES | FSW_B);
	if (f->fsw & ~f->fcw & F80_ALL)
		f->fsw |= FSW_ES | FSW_B;
}

/* The meanings that fpu_ops.h does not have: in fpu_ops.c ... */
int x87_nop(struct x87 *x);
int x87_arith_mem(struct x87 *x);
int x87_tst(struct x87 *x);
int x87_xam(struct x87 *x);
int x87_cmov(struct x87 *x);
int x87_free(struct x87 *x);
int x87_decstp(struct x87 *x);
int x87_incstp(struct x87 *x);
int x87_sqrt(struct x87 *x);
int x87_rndint(struct x87 *x);
int x87_scale(struct x87 *x);
int x87_extract(struct x87 *x);
int x87_prem(struct x87 *x);
int x87_2xm1(struct x87 *x);
int x87_yl2x(struct x87 *x);
int x87_yl2xp1(struct x87 *x);
int x87_patan(struct x87 *x);
int x87_ptan(struct x87 *x);
int x87_sin(struct x87 *x);
int x87_cos(struct x87 *x);
int x87_sincos(struct x87 *x);
/* ... fpu_mem.c, loads and stores ... */
int x87_operand(struct x87 *x, struct f80 *v, bool *denormal) MUST_CHECK;
int x87_fld(struct x87 *x);
int x87_fst(struct x87 *x);
int x87_fst_sti_quiet(struct x87 *x);
/* ... and fpu_image.c, environments. */
int x87_fldcw(struct x87 *x);
int x87_fnstcw(struct x87 *x);
int x87_fnstsw(struct x87 *x);
int x87_fnclex(struct x87 *x);
int x87_fninit(struct x87 *x);
int x87_fldenv(struct x87 *x);
int x87_fnstenv(struct x87 *x);

#endif
