/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:361
 * The x87's opcodes: one row for each instruction, in the order of the opcode map's escape tables
 * (Intel manual volume 2, "Escape Opcode Instructions"), and what all of them have in common
 * before and after.
:*/
#include "fpu_ops.h"

/* clang-format off */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* what a row does not say is 0 */

/*C:730
 * Memory forms, by the low three bits of the opcode and modrm.reg.  arg is the arithmetic
 * operation, or how often to pop; a row without a function is an invalid opcode.
:*/
#define ARITH(size) {x87_arith_mem, ADD, size}, {x87_arith_mem, MUL, size}, \
	{x87_arith_mem, COM, size}, {x87_arith_mem, COMP, size}, {x87_arith_mem, SUB, size}, \
	{x87_arith_mem, SUBR, size}, {x87_arith_mem, DIV, size}, {x87_arith_mem, DIVR, size}

static const struct x87_row mem_rows[8][8] = {
	{ ARITH(F32) },
	{
		{x87_fld, 0, F32},			/* FLD m32fp */
		{0},
		{x87_fst, 0, F32},			/* FST m32fp */
		{x87_fst, 1, F32},			/* FSTP m32fp */
		{x87_fldenv, 0, ENV, CONTROL},		/* FLDENV m14/28byte */
		{x87_fldcw, 0, M16, CONTROL},		/* FLDCW m2byte */
		{x87_fnstenv, 0, ENV, CONTROL | NOWAIT},/* FNSTENV m14/28byte */
		{x87_fnstcw, 0, M16, CONTROL | NOWAIT},	/* FNSTCW m2byte */
	},
	{ ARITH(I32) },
	{
		{x87_fld, 0, I32},			/* FILD m32int */
		{0},					/* FISTTP: SSE3 */
		{x87_fst, 0, I32},			/* FIST m32int */
		{x87_fst, 1, I32},			/* FISTP m32int */
		{0},
		{x87_fld, 0, X80},			/* FLD m80fp */
		{0},
		{x87_fst, 1, X80},			/* FSTP m80fp */
	},
	{ ARITH(F64) },
	{
		{x87_fld, 0, F64},			/* FLD m64fp */
		{0},					/* FISTTP: SSE3 */
		{x87_fst, 0, F64},			/* FST m64fp */
		{x87_fst, 1, F64},			/* FSTP m64fp */
		{x87_fldenv, 0, SAVE, CONTROL},		/* FRSTOR m94/108byte */
		{0},
		{x87_fnstenv, 0, SAVE, CONTROL | NOWAIT},/* FNSAVE m94/108byte */
		{x87_fnstsw, 0, M16, CONTROL | NOWAIT},	/* FNSTSW m2byte */
	},
	{ ARITH(I16) },
	{
		{x87_fld, 0, I16},			/* FILD m16int */
		{0},					/* FISTTP: SSE3 */
		{x87_fst, 0, I16},			/* FIST m16int */
		{x87_fst, 1, I16},			/* FISTP m16int */
		{x87_fld, 0, BCD},			/* FBLD m80bcd */
		{x87_fld, 0, I64},			/* FILD m64int */
		{x87_fst, 1, BCD},			/* FBSTP m80bcd */
		{x87_fst, 1, I64},			/* FISTP m64int */
	},
};
#undef ARITH

/*C:732
 * Register forms.  Where modrm.rm does not name ST(i) but chooses an instruction, it is looked up
 * in a table of its own.
:*/
static const struct x87_row d9_d0[8] = { {x87_nop} };			/* FNOP */
static const struct x87_row d9_e0[8] = {
	{x87_chs}, {x87_abs}, {0}, {0},					/* FCHS FABS */
	{x87_tst}, {x87_xam}, {0}, {0},					/* FTST FXAM */
};
static const struct x87_row d9_e8[8] = {	/* FLD1 FLDL2T FLDL2E FLDPI FLDLG2 FLDLN2 FLDZ */
	{x87_fld_const, 0}, {x87_fld_const, 1}, {x87_fld_const, 2}, {x87_fld_const, 3},
	{x87_fld_const, 4}, {x87_fld_const, 5}, {x87_fld_const, 6}, {0},
};
static const struct x87_row d9_f0[8] = {
	{x87_2xm1}, {x87_yl2x}, {x87_ptan}, {x87_patan},		/* F2XM1 FYL2X FPTAN FPATAN */
	{x87_extract}, {x87_prem, 1}, {x87_decstp}, {x87_incstp},	/* FXTRACT FPREM1 F...STP */
};
static const struct x87_row d9_f8[8] = {
	{x87_prem, 0}, {x87_yl2xp1}, {x87_sqrt}, {x87_sincos},		/* FPREM FYL2XP1 FSQRT FSINCOS */
	{x87_rndint}, {x87_scale}, {x87_sin}, {x87_cos},		/* FRNDINT FSCALE FSIN FCOS */
};
static const struct x87_row da_e8[8] = { {0}, {x87_ucom, 2} };		/* FUCOMPP */
static const struct x87_row db_e0[8] = {
	{x87_nop, 0, 0, CONTROL | NOWAIT}, {x87_nop, 0, 0, CONTROL | NOWAIT},	/* FNENI FNDISI */
	{x87_fnclex, 0, 0, CONTROL | NOWAIT}, {x87_fninit, 0, 0, CONTROL | NOWAIT},
	{x87_nop, 0, 0, CONTROL | NOWAIT},				/* FNSETPM */
};
static const struct x87_row de_d8[8] = { {0}, {x87_com, 2} };		/* FCOMPP */
static const struct x87_row df_e0[8] = { {x87_fnstsw_ax, 0, 0, CONTROL | NOWAIT} };

static const struct x87_row reg_rows[8][8] = {
	{	/* D8: Fxxx ST(0), ST(i) */
		{x87_arith_st0, ADD}, {x87_arith_st0, MUL}, {x87_com, 0}, {x87_com, 1},
		{x87_arith_st0, SUB}, {x87_arith_st0, SUBR}, {x87_arith_st0, DIV},
		{x87_arith_st0, DIVR},
	}, {	/* D9 */
		{x87_fld_sti}, {x87_xch}, {.by_rm = d9_d0}, {x87_fst_sti_quiet, 1},
		{.by_rm = d9_e0}, {.by_rm = d9_e8}, {.by_rm = d9_f0}, {.by_rm = d9_f8},
	}, {	/* DA: FCMOVB FCMOVE FCMOVBE FCMOVU */
		{x87_cmov, 2}, {x87_cmov, 4}, {x87_cmov, 6}, {x87_cmov, 10},
		{0}, {.by_rm = da_e8}, {0}, {0},
	}, {	/* DB: FCMOVNB FCMOVNE FCMOVNBE FCMOVNU, FUCOMI FCOMI */
		{x87_cmov, 3}, {x87_cmov, 5}, {x87_cmov, 7}, {x87_cmov, 11},
		{.by_rm = db_e0}, {x87_ucomi, 0}, {x87_comi, 0}, {0},
	}, {	/* DC: Fxxx ST(i), ST(0); the reversed ones have changed places */
		{x87_arith_sti, ADD}, {x87_arith_sti, MUL}, {x87_com, 0}, {x87_com, 1},
		{x87_arith_sti, SUBR}, {x87_arith_sti, SUB}, {x87_arith_sti, DIVR},
		{x87_arith_sti, DIV},
	}, {	/* DD: FFREE FXCH FST FSTP FUCOM FUCOMP */
		{x87_free, 0}, {x87_xch}, {x87_fst_sti, 0}, {x87_fst_sti, 1},
		{x87_ucom, 0}, {x87_ucom, 1}, {0}, {0},
	}, {	/* DE: FxxxP ST(i), ST(0) */
		{x87_arith_pop, ADD}, {x87_arith_pop, MUL}, {x87_com, 1}, {.by_rm = de_d8},
		{x87_arith_pop, SUBR}, {x87_arith_pop, SUB}, {x87_arith_pop, DIVR},
		{x87_arith_pop, DIV},
	}, {	/* DF: FFREEP FXCH FSTP FSTP FNSTSW FUCOMIP FCOMIP */
		{x87_free, 1}, {x87_xch}, {x87_fst_sti, 1}, {x87_fst_sti, 1},
		{.by_rm = df_e0}, {x87_ucomi, 1}, {x87_comi, 1}, {0},
	},
};
#pragma GCC diagnostic pop
/* clang-format on */

/*M:730
 * With CR0.NE clear, a PC's x87 reports errors through IRQ 13 and the instruction waits for it.
 * We have no FERR# pin: the instruction goes on, as if IGNNE# were asserted.
:*/
static inline bool reports(const struct cpu *cpu)
{
	return cpu->s.cr0 & CR0_NE;
}

int fpu_esc(struct cpu *cpu, const struct fpu_insn *in)
{
	unsigned op = in->fop >> 8, reg = in->fop >> 3 & 7;
	bool memory = (in->fop & 0xff) < 0xc0;
	const struct x87_row *row = memory ? &mem_rows[op][reg] : &reg_rows[op][reg];
	struct x87 x;

	if (row->by_rm)
		row = &row->by_rm[in->fop & 7];
	if (!row->fn)
		return trap_ud(cpu);
	if (cpu->s.cr0 & (CR0_EM | CR0_TS))
		return cpu_trap(cpu, V_NM, false, 0);
	if (x87_pending(cpu) && !(row->flags & NOWAIT) && reports(cpu))
		return cpu_trap(cpu, V_MF, false, 0);

	x = x87_begin(cpu, in, row);
	if (row->fn(&x))
		return 1;
	x87_note(&x, memory);
	return 0;
}

int fpu_wait(struct cpu *cpu)
{
	if ((cpu->s.cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
		return cpu_trap(cpu, V_NM, false, 0);
	if (x87_pending(cpu) && reports(cpu))
		return cpu_trap(cpu, V_MF, false, 0);
	return 0;
}
