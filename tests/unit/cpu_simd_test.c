/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:958
 * Tests of MMX, SSE and SSE2, as instructions: machine code goes in, registers, MXCSR and faults
 * come out.  The cases are picked by hand from the manual's tables; what it leaves open was asked
 * of silicon, by millions of random cases whose leftovers are here.
:*/
#include "cpu_world.h"

#include "cpu/disasm.h"

enum { CODE = 0x10000, DATA = 0x20000, HANDLERS = 0x30000, MX = 0x1f80 };
enum {
	IE = 1,
	DE = 2,
	ZE = 4,
	OE = 8,
	UE = 16,
	PE = 32,
	DAZ = 64,
	DOWN = 1 << 13,
	UP = 2 << 13,
	CHOP = 3 << 13,
	FZ = 1 << 15
};

static void simd_setup(void)
{
	for (unsigned v = 0; v < 32; v++) {
		uint8_t nop = 0x90;

		idt(v, S_CODE0, HANDLERS + v * 16, G_INT32, 0);
		ck_assert(mem_write(&mem, HANDLERS + v * 16, &nop, 1));
	}
	cpu->s.cr0 |= CR0_NE;
	cpu->s.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
	cpu->s.r[ESI] = DATA;
	cpu->s.r[EDI] = DATA;
}

static unsigned from_hex(const char *hex, uint8_t *to)
{
	unsigned n = 0;

	for (; *hex; hex += hex[2] ? 3 : 2)
		to[n++] = (uint8_t)strtoul(hex, NULL, 16);
	return n;
}

/* Run one instruction; returns the exception it ended in, or 0. */
static unsigned run(const char *hex)
{
	uint8_t code[16];
	unsigned n = from_hex(hex, code);

	ck_assert(mem_write(&mem, CODE, code, n));
	cpu->s.eip = CODE;
	cpu->s.r[ESP] = W_STACK0;
	ck_assert_int_eq(cpu_run(cpu, 1), CPU_EXIT_BUDGET);
	if (cpu->s.eip >= HANDLERS)
		return (cpu->s.eip - HANDLERS) / 16;
	ck_assert_uint_eq(cpu->s.eip, CODE + n);
	return 0;
}

static void set_xmm(unsigned i, uint64_t hi, uint64_t lo)
{
	cpu->s.fpu.xmm[i][0] = lo;
	cpu->s.fpu.xmm[i][1] = hi;
}

#define ck_xmm(i, hi, lo)                                                                          \
	do {                                                                                       \
		ck_assert_uint_eq(cpu->s.fpu.xmm[i][0], lo);                                       \
		ck_assert_uint_eq(cpu->s.fpu.xmm[i][1], hi);                                       \
	} while (0)

/* code is an operation of XMM0 and XMM1 on their low lanes. */
struct scalar {
	const char *code;
	uint64_t a, b;
	uint32_t mxcsr; /* control bits, masks apart */
	uint64_t want;
	uint32_t flags;
};

static void try_scalars(const struct scalar *t, unsigned n)
{
	for (; n--; t++) {
		set_xmm(0, 0x1122334455667788, t->a);
		set_xmm(1, 0, t->b);
		cpu->s.fpu.mxcsr = MX | t->mxcsr;
		ck_assert_uint_eq(run(t->code), 0);
		ck_assert_msg(cpu->s.fpu.xmm[0][0] == t->want &&
				      cpu->s.fpu.mxcsr == (MX | t->mxcsr | t->flags),
			      "%s of %llx, %llx: %llx, mxcsr %x", t->code, (unsigned long long)t->a,
			      (unsigned long long)t->b, (unsigned long long)cpu->s.fpu.xmm[0][0],
			      cpu->s.fpu.mxcsr);
		ck_assert_uint_eq(cpu->s.fpu.xmm[0][1], 0x1122334455667788);
	}
}
#define TRY_SCALARS(t) try_scalars(t, sizeof(t) / sizeof((t)[0]))

#define ADDSS	 "f3 0f 58 c1"
#define SUBSS	 "f3 0f 5c c1"
#define MULSS	 "f3 0f 59 c1"
#define DIVSS	 "f3 0f 5e c1"
#define SQRTSS	 "f3 0f 51 c1"
#define MINSS	 "f3 0f 5d c1"
#define MAXSS	 "f3 0f 5f c1"
#define MULSD	 "f2 0f 59 c1"
#define DIVSD	 "f2 0f 5e c1"
#define SQRTSD	 "f2 0f 51 c1"
#define CVTSD2SS "f2 0f 5a c1"
#define CVTSS2SD "f3 0f 5a c1"

START_TEST(rounding)
{
	static const struct scalar t[] = {
		/* 1 + 2^-24 is half way; so is its neighbour, to the other side */
		{ADDSS, 0x3f800000, 0x33800000, 0, 0x3f800000, PE},
		{ADDSS, 0x3f800001, 0x33800000, 0, 0x3f800002, PE},
		{ADDSS, 0x3f800000, 0x33800000, UP, 0x3f800001, PE},
		{SUBSS, 0xbf800000, 0x33800000, DOWN, 0xbf800001, PE},
		{SUBSS, 0xbf800000, 0x33800000, CHOP, 0xbf800000, PE},
		/* an exact zero is negative only when rounding down */
		{SUBSS, 0x3f800000, 0x3f800000, 0, 0, 0},
		{SUBSS, 0x3f800000, 0x3f800000, DOWN, 0x80000000, 0},
		{ADDSS, 0x80000000, 0x80000000, UP, 0x80000000, 0},
		/* overflow goes to infinity or stays below it */
		{ADDSS, 0x7f7fffff, 0x7f7fffff, 0, 0x7f800000, OE | PE},
		{ADDSS, 0x7f7fffff, 0x7f7fffff, DOWN, 0x7f7fffff, OE | PE},
		{ADDSS, 0xff7fffff, 0xff7fffff, UP, 0xff7fffff, OE | PE},
		{ADDSS, 0xff7fffff, 0xff7fffff, DOWN, 0xff800000, OE | PE},
		{DIVSD, 0x3ff0000000000000, 0x4008000000000000, 0, 0x3fd5555555555555, PE},
		{DIVSD, 0x3ff0000000000000, 0x4008000000000000, UP, 0x3fd5555555555556, PE},
		{SQRTSD, 0, 0x4000000000000000, 0, 0x3ff6a09e667f3bcd, PE},
		{SQRTSD, 0, 0x4000000000000000, CHOP, 0x3ff6a09e667f3bcc, PE},
		{SQRTSS, 0, 0x41100000, 0, 0x40400000, 0},
		{MULSD, 0x7fe0000000000000, 0x4000000000000000, 0, 0x7ff0000000000000, OE | PE},
		/* a conversion to single precision rounds; its upper lane stays */
		{CVTSD2SS, 0, 0x3ff0000010000000, 0, 0x3f800000, PE},
		{CVTSD2SS, 0, 0x3ff0000030000000, 0, 0x3f800002, PE},
		{CVTSS2SD, 0, 0x00000001, 0, 0x36a0000000000000, DE},
	};

	TRY_SCALARS(t);
}
END_TEST

START_TEST(tiny_results)
{
	static const struct scalar t[] = {
		/* exact: no underflow; but FZ flushes even that */
		{MULSS, 0x00800000, 0x3f000000, 0, 0x00400000, 0},
		{MULSS, 0x00800000, 0x3f000000, FZ, 0, UE | PE},
		{MULSS, 0x80800000, 0x3f000000, FZ, 0x80000000, UE | PE},
		{MULSS, 0x00800001, 0x3f000000, 0, 0x00400000, UE | PE},
		{MULSS, 0x00800001, 0x3f000000, UP, 0x00400001, UE | PE},
		/* (1 - 2^-24) * 2^-126 is tiny, though it is rounded to what is not */
		{MULSS, 0x3f7fffff, 0x00800000, 0, 0x00800000, UE | PE},
		/* (1 - 2^-53) * 2^-126 is not: with an endless exponent it rounds to 2^-126 */
		{CVTSD2SS, 0, 0x380fffffffffffff, 0, 0x00800000, PE},
		{CVTSD2SS, 0, 0x380fffffffffffff, CHOP, 0x007fffff, UE | PE},
		{CVTSD2SS, 0, 0x380fffffffffffff, FZ, 0x00800000, PE},
		/* smaller than half the smallest */
		{MULSS, 0x00000001, 0x3e800000, 0, 0, DE | UE | PE},
		{MULSS, 0x00000001, 0x3e800000, UP, 1, DE | UE | PE},
		/* denormal operands, and how DAZ hides them */
		{ADDSS, 0x00000001, 0, 0, 1, DE},
		{ADDSS, 0x00000001, 0, DAZ, 0, 0},
		{MINSS, 0x00000001, 0x3f800000, DAZ, 0, 0},
		{SQRTSS, 0, 0x80000001, 0, 0xffc00000, IE},
		{SQRTSS, 0, 0x80000001, DAZ, 0x80000000, 0},
	};

	TRY_SCALARS(t);
}
END_TEST

START_TEST(special_operands)
{
	static const struct scalar t[] = {
		{DIVSS, 0x3f800000, 0, 0, 0x7f800000, ZE},
		{DIVSS, 0x3f800000, 0x80000000, 0, 0xff800000, ZE},
		{DIVSS, 0x00000001, 0, 0, 0x7f800000, ZE}, /* that the 1 is denormal matters less */
		{DIVSS, 0, 0, 0, 0xffc00000, IE},
		{DIVSS, 0x7f800000, 0, 0, 0x7f800000, 0},
		{DIVSS, 0x7f800000, 0xff800000, 0, 0xffc00000, IE},
		{MULSS, 0, 0x7f800000, 0, 0xffc00000, IE},
		{SUBSS, 0x7f800000, 0x7f800000, 0, 0xffc00000, IE},
		{ADDSS, 0x7f800000, 0x00000001, 0, 0x7f800000, DE},
		{SQRTSS, 0, 0xbf800000, 0, 0xffc00000, IE},
		{SQRTSS, 0, 0x80000000, 0, 0x80000000, 0},
		/* of two NaNs the first, quiet; its sign stays under subtraction */
		{ADDSS, 0x7f800001, 0xffc00002, 0, 0x7fc00001, IE},
		{ADDSS, 0x7fc00001, 0xff800002, 0, 0x7fc00001, IE},
		{SUBSS, 0x3f800000, 0x7fc00003, 0, 0x7fc00003, 0},
		{MULSS, 0x7fc00001, 0x00000001, 0, 0x7fc00001, 0},
		/* MIN and MAX: the second, for NaNs and for zeros */
		{MINSS, 0x7fc00000, 0x3f800000, 0, 0x3f800000, IE},
		{MAXSS, 0x3f800000, 0x7f800001, 0, 0x7f800001, IE},
		{MINSS, 0, 0x80000000, 0, 0x80000000, 0},
		{MAXSS, 0x80000000, 0, 0, 0, 0},
		{MAXSS, 0x3f800000, 0xc0000000, 0, 0x3f800000, 0},
		{CVTSD2SS, 0, 0x7ff0000020000001, 0, 0x7fc00001, IE},
		{CVTSS2SD, 0, 0xff800001, 0, 0xfff8000020000000, IE},
	};

	TRY_SCALARS(t);
}
END_TEST

START_TEST(comparisons)
{
	/* CMPPS of (1, 2, quiet NaN, -0) with (1, 1, 1, 0), lane 0 first: EQ LT LE UNORD ... */
	static const struct {
		uint64_t lo, hi;
		uint32_t flags;
	} want[8] = {
		{0x00000000ffffffff, 0xffffffff00000000, 0},
		{0, 0, IE},
		{0x00000000ffffffff, 0xffffffff00000000, IE},
		{0, 0x00000000ffffffff, 0},
		{0xffffffff00000000, 0x00000000ffffffff, 0},
		{0xffffffffffffffff, 0xffffffffffffffff, IE},
		{0xffffffff00000000, 0x00000000ffffffff, IE},
		{0xffffffffffffffff, 0xffffffff00000000, 0},
	};
	char code[] = "0f c2 c1 00";

	for (unsigned p = 0; p < 8; p++) {
		code[10] = (char)('0' + p);
		set_xmm(0, 0x800000007fc00000, 0x400000003f800000);
		set_xmm(1, 0x000000003f800000, 0x3f8000003f800000);
		cpu->s.fpu.mxcsr = MX;
		ck_assert_uint_eq(run(code), 0);
		ck_xmm(0, want[p].hi, want[p].lo);
		ck_assert_uint_eq(cpu->s.fpu.mxcsr, MX | want[p].flags);
	}
}
END_TEST

START_TEST(comis)
{
	static const struct {
		uint64_t a, b;
		uint32_t flags, quiet, signalling;
	} t[] = {
		{0x3ff0000000000000, 0x4000000000000000, FL_CF, 0, 0},
		{0x4000000000000000, 0x3ff0000000000000, 0, 0, 0},
		{0x8000000000000000, 0, FL_ZF, 0, 0},
		{0x7ff8000000000000, 0, FL_ZF | FL_PF | FL_CF, 0, IE},
		{0, 0x7ff0000000000001, FL_ZF | FL_PF | FL_CF, IE, IE},
		{1, 0, 0, DE, DE},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		set_xmm(0, 0, t[i].a);
		set_xmm(1, 0, t[i].b);
		for (unsigned quiet = 0; quiet < 2; quiet++) {
			cpu->s.fpu.mxcsr = MX;
			cpu_set_eflags(cpu, FL_ARITH);
			ck_assert_uint_eq(run(quiet ? "66 0f 2e c1" : "66 0f 2f c1"), 0);
			ck_assert_uint_eq(cpu_eflags(cpu) & FL_ARITH, t[i].flags);
			ck_assert_uint_eq(cpu->s.fpu.mxcsr,
					  MX | (quiet ? t[i].quiet : t[i].signalling));
		}
	}
}
END_TEST

START_TEST(integers)
{
	/* 2.5, -2.5, 2^31, -2^31 */
	set_xmm(1, 0xcf0000004f000000, 0xc020000040200000);
	cpu->s.fpu.mxcsr = MX;
	ck_assert_uint_eq(run("66 0f 5b c1"), 0); /* CVTPS2DQ */
	ck_xmm(0, 0x8000000080000000, 0xfffffffe00000002);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, MX | IE | PE);
	cpu->s.fpu.mxcsr = MX | UP;
	ck_assert_uint_eq(run("66 0f 5b c1"), 0);
	ck_xmm(0, 0x8000000080000000, 0xfffffffe00000003);
	ck_assert_uint_eq(run("f3 0f 5b c1"), 0); /* CVTTPS2DQ */
	ck_xmm(0, 0x8000000080000000, 0xfffffffe00000002);
	/* -2147483648.9: fits when chopped */
	set_xmm(1, 0, 0xc1e000000001cccc);
	cpu->s.fpu.mxcsr = MX;
	ck_assert_uint_eq(run("f2 0f 2c c1"), 0); /* CVTTSD2SI EAX, XMM1 */
	ck_assert_uint_eq(cpu->s.r[EAX], 0x80000000);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, MX | PE);
	ck_assert_uint_eq(run("f2 0f 2d c1"), 0); /* CVTSD2SI: rounds to -2147483648 */
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, MX | PE);
	cpu->s.fpu.mxcsr = MX | DOWN;
	ck_assert_uint_eq(run("f2 0f 2d c1"), 0);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, MX | DOWN | IE);
	/* 2^24 + 1 is no single-precision number */
	cpu->s.r[ECX] = 0x01000001;
	cpu->s.fpu.mxcsr = MX;
	set_xmm(0, 5, 0x600000007);
	ck_assert_uint_eq(run("f3 0f 2a c1"), 0); /* CVTSI2SS XMM0, ECX */
	ck_xmm(0, 5, 0x64b800000);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, MX | PE);
	set_xmm(1, 9, 0x800000007fffffff);
	ck_assert_uint_eq(run("f3 0f e6 c1"), 0); /* CVTDQ2PD */
	ck_xmm(0, 0xc1e0000000000000, 0x41dfffffffc00000);
}
END_TEST

START_TEST(unmasked_exceptions)
{
	/* 1/0 and, in the next lane, 1/3: the division was not made, so it was not inexact. */
	set_xmm(0, 0x3f8000003f800000, 0x3f8000003f800000);
	set_xmm(1, 0x3f8000003f800000, 0x4040000000000000);
	cpu->s.fpu.mxcsr = MX & ~(ZE << 7);
	ck_assert_uint_eq(run("0f 5e c1"), V_XM);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, (MX & ~(ZE << 7)) | ZE);
	ck_xmm(0, 0x3f8000003f800000, 0x3f8000003f800000);
	ck_assert_uint_eq(peek32(cpu->s.r[ESP]), CODE);
	/* Found after computing: noted with the rest. */
	cpu->s.fpu.mxcsr = MX & ~(PE << 7);
	ck_assert_uint_eq(run("0f 5e c1"), V_XM);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, (MX & ~(PE << 7)) | ZE | PE);
	ck_xmm(0, 0x3f8000003f800000, 0x3f8000003f800000);
	/* Old flags do not matter. */
	cpu->s.fpu.mxcsr = (MX & ~(IE << 7)) | IE;
	ck_assert_uint_eq(run("0f 5e c1"), 0);
	/* A system that did not say it knows #XM gets #UD. */
	cpu->s.cr4 = CR4_OSFXSR;
	set_xmm(0, 0, 0x3f8000003f800000);
	cpu->s.fpu.mxcsr = MX & ~(ZE << 7);
	ck_assert_uint_eq(run("0f 5e c1"), V_UD);
	/* COMISS leaves the flags alone. */
	cpu->s.cr4 |= CR4_OSXMMEXCPT;
	cpu_set_eflags(cpu, FL_SF);
	set_xmm(1, 0, 0x7fc00000);
	cpu->s.fpu.mxcsr = MX & ~(IE << 7);
	ck_assert_uint_eq(run("0f 2f c1"), V_XM);
	ck_assert_uint_eq(cpu_eflags(cpu) & FL_ARITH, FL_SF);
}
END_TEST

static float as_float(uint32_t v)
{
	float f;

	memcpy(&f, &v, 4);
	return f;
}

START_TEST(approximations)
{
	static const struct scalar t[] = {
		{"f3 0f 53 c1", 0, 0x80000000, 0, 0xff800000, 0},
		{"f3 0f 53 c1", 0, 0x00000001, 0, 0x7f800000, 0},
		{"f3 0f 53 c1", 0, 0xff800000, 0, 0x80000000, 0},
		{"f3 0f 53 c1", 0, 0x7f7fffff, 0, 0, 0},
		{"f3 0f 53 c1", 0, 0x7f800001, 0, 0x7fc00001, 0},
		{"f3 0f 52 c1", 0, 0x80000000, 0, 0xff800000, 0},
		{"f3 0f 52 c1", 0, 0xbf800000, 0, 0xffc00000, 0},
		{"f3 0f 52 c1", 0, 0xff800000, 0, 0xffc00000, 0},
		{"f3 0f 52 c1", 0, 0x7f800000, 0, 0, 0},
	};

	TRY_SCALARS(t);
	for (uint32_t v = 0x00800000; v < 0x7e800000; v += 0x00012345) {
		float x = as_float(v), r, s;

		set_xmm(1, 0, v);
		ck_assert_uint_eq(run("f3 0f 53 c1"), 0);
		r = as_float((uint32_t)cpu->s.fpu.xmm[0][0]) * x - 1;
		ck_assert_uint_eq(run("f3 0f 52 c1"), 0);
		s = as_float((uint32_t)cpu->s.fpu.xmm[0][0]);
		s = s * x * s - 1; /* twice the relative error */
		ck_assert_msg(r < 1.5f / 4096 && r > -1.5f / 4096, "rcp of %08x", v);
		ck_assert_msg(s < 3.0f / 4096 && s > -3.0f / 4096, "rsqrt of %08x", v);
	}
}
END_TEST

/* Packed integers: XMM0 op XMM1. */
START_TEST(packed)
{
	static const struct {
		const char *code;
		uint64_t a1, a0, b1, b0, want1, want0;
	} t[] = {
		{"66 0f fc c1", 0, 0x00ff80ff7f01ff00, 0, 0x0001800101ff0100, 0,
		 0x0000000080000000},
		{"66 0f f9 c1", 0, 0x0000800000010000, 0, 0x0001000100010000, 0,
		 0xffff7fff00000000},
		{"66 0f dc c1", 0, 0xff80, 0, 0x0180, 0, 0xffff},
		{"66 0f ec c1", 0, 0x7f80, 0, 0x0180, 0, 0x7f80},
		{"66 0f d9 c1", 0, 0x00010002, 0, 0x00020001, 0, 0x00000001},
		{"66 0f e9 c1", 0, 0x80007fff, 0, 0x0001ffff, 0, 0x80007fff},
		{"66 0f d4 c1", 1, ~0ull, 2, 1, 3, 0},
		{"66 0f f4 c1", 0xffffffffffffffff, 7, 0x1ffffffff, 8, 0xfffffffe00000001, 56},
		{"66 0f f5 c1", 0, 0x8000800000020003, 0, 0x8000800000040005, 0,
		 0x8000000000000017},
		{"66 0f e5 c1", 0, 0x8000ffff, 0, 0x80000001, 0, 0x4000ffff},
		{"66 0f e4 c1", 0, 0x8000ffff, 0, 0x8000ffff, 0, 0x4000fffe},
		{"66 0f d5 c1", 0, 0x8000ffff, 0, 0x0003ffff, 0, 0x80000001},
		{"66 0f f6 c1", 0x10, 0xff00, 0x20, 0x00ff, 0x10, 0x1fe},
		{"66 0f e0 c1", 0, 0xff01, 0, 0xfe02, 0, 0xff02},
		{"66 0f 65 c1", 0, 0x0001ffff80000000, 0, 0x0000000000008000, 0,
		 0xffff00000000ffff},
		{"66 0f 65 c1", 0, 0x00000000ffff0001, 0, 0x0000ffff00000001, 0,
		 0x0000ffff00000000},
		{"66 0f da c1", 0, 0xff00, 0, 0x01fe, 0, 0x0100},
		{"66 0f ee c1", 0, 0x8000ffff, 0, 0x7fff0000, 0, 0x7fff0000},
		{"66 0f df c1", 1, 0xf0, 3, 0xff, 2, 0x0f},
		{"66 0f 63 c1", 0x00007fff8000ff80, 0x0080007fff7f0001, 0, 0x1234,
		 0x000000000000007f, 0x007f80807f7f8001},
		{"66 0f 67 c1", 0, 0x8000010000ff0001, 0, 0x7fff, 0xff, 0x00ffff01},
		{"66 0f 6b c1", 0x8000000000007fff, 0x0000800000012345, 0, 0, 0,
		 0x80007fff7fff7fff},
		{"66 0f 60 c1", 1, 0x0706050403020100, 2, 0x1716151413121110, 0x1707160615051404,
		 0x1303120211011000},
		{"66 0f 6a c1", 0x0000000b0000000a, 1, 0x0000000d0000000c, 2, 0x0000000d0000000b,
		 0x0000000c0000000a},
		{"66 0f 6d c1", 1, 2, 3, 4, 3, 1},
		{"66 0f d1 c1", 0x8000, 0x8000ffff00010002, 9, 4, 0x0800, 0x08000fff00000000},
		{"66 0f d1 c1", 0x8000, 0x8000, 0, 16, 0, 0},
		{"66 0f f2 c1", 1, 0x8000000180000001, 0, 0x100000000, 0, 0},
		{"66 0f e1 c1", 0, 0x80007fff, 0, 99, 0, 0xffff0000},
		{"66 0f 73 f8 03", 0, 0x1122334455667788, 0, 0, 0x112233, 0x4455667788000000},
		{"66 0f 73 d8 09", 0x1122334455667788, 1, 0, 0, 0, 0x0011223344556677},
		{"66 0f 73 d8 10", ~0ull, ~0ull, 0, 0, 0, 0},
		{"66 0f 70 c1 1b", 0, 0, 0x0000000300000002, 0x0000000100000000, 0x1,
		 0x0000000200000003},
		{"f2 0f 70 c1 1b", 0, 0, 7, 0x0003000200010000, 7, 0x0000000100020003},
		{"f3 0f 70 c1 1b", 0, 0, 0x0003000200010000, 7, 0x0000000100020003, 7},
		{"0f c6 c1 4e", 0x0000000300000002, 0x0000000100000000, 0x0000000d0000000c,
		 0x0000000b0000000a, 0x0000000b0000000a, 0x0000000300000002},
		{"66 0f c6 c1 01", 1, 2, 3, 4, 4, 1},
		{"0f 15 c1", 0x0000000300000002, 0, 0x0000000d0000000c, 0, 0x0000000d00000003,
		 0x0000000c00000002},
		{"0f 12 c1", 1, 2, 3, 4, 1, 3},
		{"0f 16 c1", 1, 2, 3, 4, 4, 2},
		{"f3 0f 10 c1", 1, 0x500000006, 3, 0x700000008, 1, 0x500000008},
		{"f3 0f 7e c1", 1, 2, 3, 4, 0, 4},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		set_xmm(0, t[i].a1, t[i].a0);
		set_xmm(1, t[i].b1, t[i].b0);
		ck_assert_uint_eq(run(t[i].code), 0);
		ck_assert_msg(
			cpu->s.fpu.xmm[0][0] == t[i].want0 && cpu->s.fpu.xmm[0][1] == t[i].want1,
			"%s: %016llx %016llx", t[i].code, (unsigned long long)cpu->s.fpu.xmm[0][1],
			(unsigned long long)cpu->s.fpu.xmm[0][0]);
	}
}
END_TEST

START_TEST(mmx_is_the_x87)
{
	struct fpu *f = &cpu->s.fpu;

	f->fsw = 5 << 11;
	f->empty = 0xff;
	f->reg[3] = (struct f80){1, 2};
	cpu->s.r[EAX] = 0x80000001;
	ck_assert_uint_eq(run("0f 6e d8"), 0); /* MOVD MM3, EAX */
	ck_assert_uint_eq(f->reg[3].mant, 0x80000001);
	ck_assert_uint_eq(f->reg[3].se, 0xffff);
	ck_assert_uint_eq(f->fsw, 0);
	ck_assert_uint_eq(f->empty, 0);
	/* Reading one enters MMX, too, and leaves its exponent alone. */
	f->fsw = 5 << 11;
	f->empty = 0x0f;
	f->reg[2] = (struct f80){0x1122334455667788, 0x3fff};
	ck_assert_uint_eq(run("0f 7f 16"), 0); /* MOVQ [ESI], MM2 */
	ck_assert_uint_eq(f->fsw | f->empty, 0);
	ck_assert_uint_eq(f->reg[2].se, 0x3fff);
	ck_assert_uint_eq(peek32(DATA + 4), 0x11223344);
	ck_assert_uint_eq(run("0f d7 c2"), 0); /* PMOVMSKB EAX, MM2 */
	ck_assert_uint_eq(cpu->s.r[EAX], 0x01);
	ck_assert_uint_eq(run("0f c4 d0 02"), 0); /* PINSRW MM2, EAX, 2 */
	ck_assert_uint_eq(f->reg[2].mant, 0x1122000155667788);
	ck_assert_uint_eq(run("0f 62 16"), 0); /* PUNPCKLDQ MM2, [ESI]: four bytes */
	ck_assert_uint_eq(f->reg[2].mant, 0x5566778855667788);
	f->fsw = 5 << 11;
	ck_assert_uint_eq(run("0f 77"), 0); /* EMMS */
	ck_assert_uint_eq(f->fsw, 0);
	ck_assert_uint_eq(f->empty, 0xff);
	/* From memory CVTPI2PS does not touch the x87 at all. */
	f->fsw = 5 << 11;
	ck_assert_uint_eq(run("0f 2a 06"), 0);
	ck_assert_uint_eq(f->fsw, 5 << 11);
	ck_assert_uint_eq(run("f2 0f d6 c9"), 0); /* MOVDQ2Q MM1, XMM1 */
	ck_assert_uint_eq(f->fsw | f->empty, 0);
}
END_TEST

START_TEST(who_may)
{
	static const char paddb_mm[] = "0f fc c1", paddb_xmm[] = "66 0f fc c1",
			  movnti[] = "0f c3 06";

	/* Prefixes choose the instruction, or there is none. */
	ck_assert_uint_eq(run("f3 0f fc c1"), V_UD);
	ck_assert_uint_eq(run("f2 0f 6f c1"), V_UD);
	ck_assert_uint_eq(run("66 0f 77"), V_UD);
	ck_assert_uint_eq(run("f0 0f fc c1"), V_UD);
	ck_assert_uint_eq(run("f0 0f 11 06"), V_UD);
	ck_assert_uint_eq(run("0f d6 06"), V_UD);
	ck_assert_uint_eq(run("66 0f 12 c1"), V_UD); /* MOVLPD is memory only */
	set_xmm(1, 3, 4);
	ck_assert_uint_eq(run("66 f3 0f 7e c1"), 0); /* F3 wins */
	ck_xmm(0, 0, 4);

	cpu->s.cr4 = 0;
	ck_assert_uint_eq(run(paddb_mm), 0);
	ck_assert_uint_eq(run(paddb_xmm), V_UD);
	ck_assert_uint_eq(run(movnti), 0);
	cpu->s.cr4 = CR4_OSFXSR;
	cpu->s.cr0 |= CR0_TS;
	ck_assert_uint_eq(run(paddb_mm), V_NM);
	ck_assert_uint_eq(run(paddb_xmm), V_NM);
	ck_assert_uint_eq(run(movnti), 0);
	cpu->s.cr0 |= CR0_EM;
	ck_assert_uint_eq(run(paddb_mm), V_UD);
	ck_assert_uint_eq(run(paddb_xmm), V_UD);
	ck_assert_uint_eq(run("0f ae f8"), 0); /* SFENCE */
	cpu->s.cr0 &= ~(uint32_t)(CR0_TS | CR0_EM);

	/* An x87 exception is pending. */
	cpu->s.fpu.fsw = 0x8081;
	cpu->s.fpu.fcw = 0x037e;
	ck_assert_uint_eq(run(paddb_mm), V_MF);
	ck_assert_uint_eq(run(paddb_xmm), 0);
	ck_assert_uint_eq(run("0f 2d c1"), V_MF); /* CVTPS2PI */
	cpu->s.fpu.fsw = 0;

	/* What CPUID does not offer is not there. */
	cpu->model.edx1 &= ~(uint32_t)CPUID_SSE2;
	cpu_drop_caches(cpu);
	ck_assert_uint_eq(run(paddb_mm), 0);
	ck_assert_uint_eq(run("0f 58 c1"), 0);
	ck_assert_uint_eq(run(paddb_xmm), V_UD);
	ck_assert_uint_eq(run("0f d4 c1"), V_UD); /* PADDQ of MMX registers came with SSE2 */
	cpu->model.edx1 &= ~(uint32_t)CPUID_SSE;
	cpu_drop_caches(cpu);
	ck_assert_uint_eq(run("0f 58 c1"), V_UD);
	ck_assert_uint_eq(run("0f e0 c1"), V_UD); /* PAVGB */
	ck_assert_uint_eq(run(paddb_mm), 0);
	cpu->model.edx1 &= ~(uint32_t)CPUID_MMX;
	cpu_drop_caches(cpu);
	ck_assert_uint_eq(run(paddb_mm), V_UD);
}
END_TEST

START_TEST(memory)
{
	set_xmm(0, 0x1111111122222222, 0x3333333344444444);
	ck_assert_uint_eq(run("0f 29 46 10"), 0); /* MOVAPS [ESI+10], XMM0 */
	ck_assert_uint_eq(peek32(DATA + 0x10), 0x44444444);
	ck_assert_uint_eq(peek32(DATA + 0x1c), 0x11111111);
	ck_assert_uint_eq(run("0f 28 4e 11"), V_GP);
	ck_assert_uint_eq(run("66 0f 6f 4e 18"), V_GP);
	ck_assert_uint_eq(run("0f 58 4e 01"), V_GP);
	ck_assert_uint_eq(run("f3 0f 6f 4e 11"), 0); /* MOVDQU */
	ck_xmm(1, 0x0011111111222222, 0x2233333333444444);
	ck_assert_uint_eq(run("f3 0f 10 4e 11"), 0); /* a load clears the rest */
	ck_xmm(1, 0, 0x33444444);
	ck_assert_uint_eq(run("0f 17 46 21"), 0); /* MOVHPS [ESI+21], XMM0 */
	ck_assert_uint_eq(peek32(DATA + 0x21), 0x22222222);
	ck_assert_uint_eq(peek32(DATA + 0x29), 0);
	/* MXCSR */
	poke32(DATA, 0xffff);
	ck_assert_uint_eq(run("0f ae 16"), 0);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, 0xffff);
	ck_assert_uint_eq(run("0f ae 5e 04"), 0);
	ck_assert_uint_eq(peek32(DATA + 4), 0xffff);
	poke32(DATA, 0x10000);
	ck_assert_uint_eq(run("0f ae 16"), V_GP);
	ck_assert_uint_eq(cpu->s.fpu.mxcsr, 0xffff);
}
END_TEST

START_TEST(faults_change_nothing)
{
	world_paging();
	world_pte(DATA + 0x1000, 0);
	cpu->s.fpu.fsw = 3 << 11;
	cpu->s.fpu.empty = 0xff;
	cpu->s.fpu.mxcsr = MX;
	cpu->s.r[ESI] = DATA + 0xff8;
	poke32(DATA + 0xff8, 0x55555555);
	set_xmm(0, 1, 2);
	ck_assert_uint_eq(run("0f 10 06"), V_PF); /* MOVUPS over the border */
	ck_assert_uint_eq(cpu->s.cr2, DATA + 0x1000);
	ck_xmm(0, 1, 2);
	ck_assert_uint_eq(run("0f 11 06"), V_PF);
	ck_assert_uint_eq(peek32(DATA + 0xff8), 0x55555555);
	ck_assert_uint_eq(run("0f fc 46 04"), V_PF); /* PADDB MM0, m64 */
	ck_assert_uint_eq(cpu->s.fpu.fsw, 3 << 11);
	ck_assert_uint_eq(cpu->s.fpu.empty, 0xff);
	/* A masked store asks only for the bytes it stores, and for all of those first. */
	cpu->s.r[EDI] = DATA + 0xff8;
	set_xmm(1, 0, 0x8000000000000080);
	set_xmm(0, 0, 0xaa000000000000bb);
	ck_assert_uint_eq(run("66 0f f7 c1"), 0);
	ck_assert_uint_eq(peek32(DATA + 0xff8), 0x555555bb);
	set_xmm(1, 0x80, 0x80);
	set_xmm(0, 0, 0x11);
	ck_assert_uint_eq(run("66 0f f7 c1"), V_PF);
	ck_assert_uint_eq(peek32(DATA + 0xff8), 0x555555bb);
	set_xmm(1, 0, 0);
	cpu->s.r[EDI] = DATA + 0x1000;
	ck_assert_uint_eq(run("66 0f f7 c1"), 0);
	ck_assert_uint_eq(run("0f ae 7e 08"), V_PF); /* CLFLUSH looks at its address */
}
END_TEST

START_TEST(names)
{
	static const struct {
		const char *code, *text;
	} t[] = {
		{"0f fc ca", "paddb mm1,mm2"},
		{"66 0f fc 4e 10", "paddb xmm1,[esi+0x10]"},
		{"f3 0f 2a c1", "cvtsi2ss xmm0,ecx"},
		{"66 0f 73 d8 09", "psrldq xmm0,0x9"},
		{"0f 12 c1", "movhlps xmm0,xmm1"},
		{"0f 12 06", "movlps xmm0,[esi]"},
		{"0f ae 3e", "clflush [esi]"},
		{"0f ae f8", "sfence"},
		{"66 0f c5 c1 07", "pextrw eax,xmm1,0x7"},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		uint8_t code[16];
		unsigned n = from_hex(t[i].code, code);
		char text[80];

		ck_assert_int_eq(disasm(code, n, true, 0, text, sizeof(text)), (int)n);
		ck_assert_str_eq(text, t[i].text);
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, simd_setup, NULL);
	tcase_add_test(tc, rounding);
	tcase_add_test(tc, tiny_results);
	tcase_add_test(tc, special_operands);
	tcase_add_test(tc, comparisons);
	tcase_add_test(tc, comis);
	tcase_add_test(tc, integers);
	tcase_add_test(tc, unmasked_exceptions);
	tcase_add_test(tc, approximations);
	tcase_add_test(tc, packed);
	tcase_add_test(tc, mmx_is_the_x87);
	tcase_add_test(tc, who_may);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, faults_change_nothing);
	tcase_add_test(tc, names);
}

int main(void)
{
	return run_tests("simd", fill);
}
