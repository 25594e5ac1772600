/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:399
 * Tests of x87 instructions: the register stack and its faults, pending exceptions, conditions,
 * environment images, faults on memory operands.  Arithmetic itself is cpu_f80_test.c.
:*/
#include "cpu_world.h"
#include "cpu/f80_int.h"
#include "cpu/fpu.h"

enum { AT = 0x20000, C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000, SF = 0x40, ESB = 0x8080 };

/* Set the x87 up as FNINIT does, in a machine that reports its errors as #MF. */
static struct fpu *fresh(void)
{
	cpu->s.cr0 |= CR0_NE | CR0_MP;
	fpu_reset(&cpu->s.fpu);
	return &cpu->s.fpu;
}

static int esc_at(unsigned opcode, unsigned modrm, uint32_t ea, unsigned opsize)
{
	struct fpu_insn in = {fpu_fop((uint8_t)opcode, (uint8_t)modrm), DS, (uint8_t)opsize, ea,
			      0x1234};

	return fpu_esc(cpu, &in);
}

static int esc(unsigned opcode, unsigned modrm)
{
	return esc_at(opcode, modrm, AT, 4);
}

/* The memory form with this modrm.reg. */
static int esc_m(unsigned opcode, unsigned reg)
{
	return esc(opcode, reg << 3 | 3);
}

static unsigned top(void)
{
	return cpu->s.fpu.fsw >> 11 & 7;
}

static struct f80 st(unsigned i)
{
	return cpu->s.fpu.reg[(top() + i) & 7];
}

static void push_int(int16_t v)
{
	poke16(AT + 0x100, (uint16_t)v);
	ck_ok(esc_at(0xdf, 0x03, AT + 0x100, 4)); /* FILD m16int */
}

#define ck_st(i, want)                                                                             \
	do {                                                                                       \
		struct f80 want_ = (want);                                                         \
		ck_assert_uint_eq(st(i).se, want_.se);                                             \
		ck_assert_uint_eq(st(i).mant, want_.mant);                                         \
	} while (0)
#define ck_fsw(mask, want) ck_assert_uint_eq(cpu->s.fpu.fsw &(mask), want)

START_TEST(the_stack_grows_down_and_is_tagged)
{
	struct fpu *f = fresh();

	ck_ok(esc(0xd9, 0xe8)); /* FLD1 */
	ck_assert_uint_eq(top(), 7);
	ck_assert_uint_eq(f->empty, 0x7f);
	push_int(-2);
	ck_ok(esc(0xde, 0xc1)); /* FADDP */
	ck_st(0, F80(0xbfff, F80_INT_BIT));
	ck_assert_uint_eq(f->empty, 0x7f);
	ck_assert_uint_eq(f->fop, 0x6c1);
	ck_assert_uint_eq(f->fip, 0x1234);
}
END_TEST

START_TEST(stack_faults_tell_their_direction_in_c1)
{
	struct fpu *f = fresh();

	ck_ok(esc(0xd8, 0xc1)); /* FADD with nothing there */
	ck_fsw(0xffff, SF | F80_IE);
	ck_st(0, F80_INDEFINITE);
	f = fresh();
	for (unsigned i = 0; i < 8; i++)
		ck_ok(esc(0xd9, 0xee)); /* FLDZ */
	ck_fsw(0x7f, 0);
	ck_ok(esc(0xd9, 0xe8));
	ck_fsw(0x27f, C1 | SF | F80_IE);
	ck_assert_uint_eq(top(), 7);
	ck_st(0, F80_INDEFINITE);
	/* Unmasked: nothing is pushed. */
	f->fcw &= (uint16_t)~F80_IE;
	f->fsw = 0;
	ck_ok(esc(0xd9, 0xe8));
	ck_fsw(0xffff, C1 | SF | F80_IE | ESB);
}
END_TEST

START_TEST(a_pending_exception_stops_waiting_instructions)
{
	struct fpu *f = fresh();

	push_int(1);
	ck_ok(esc(0xd9, 0xee));
	f->fcw &= (uint16_t)~F80_ZE;
	ck_ok(esc(0xdc, 0xf9)); /* FDIV ST(1), ST(0): 1 / 0 */
	ck_fsw(0x80ff, ESB | F80_ZE);
	ck_st(1, F80_ONE);
	ck_fault(esc(0xd9, 0xe8), V_MF, 0);
	ck_fault(fpu_wait(cpu), V_MF, 0);
	ck_ok(esc(0xdf, 0xe0)); /* FNSTSW AX */
	ck_assert_uint_eq(cpu->s.r[EAX] & 0xffff, f->fsw);
	cpu->s.cr0 &= ~(uint32_t)CR0_NE;
	ck_ok(fpu_wait(cpu));
	cpu->s.cr0 |= CR0_NE;
	ck_ok(esc(0xdb, 0xe2)); /* FNCLEX */
	ck_ok(esc(0xd9, 0xe8));
	/* Unmasking an old flag makes it pending. */
	f->fsw |= F80_PE;
	poke16(AT, 0x035f);
	ck_ok(esc_m(0xd9, 5)); /* FLDCW */
	ck_fsw(ESB, ESB);
}
END_TEST

START_TEST(nm_and_ud)
{
	fresh();
	ck_fault(esc_m(0xdb, 1), V_UD, 0); /* FISTTP */
	ck_fault(esc(0xd9, 0xd1), V_UD, 0);
	ck_fault(esc(0xdb, 0xe5), V_UD, 0);
	cpu->s.cr0 |= CR0_TS;
	ck_fault(esc(0xd9, 0xe8), V_NM, 0);
	ck_fault(esc(0xdb, 0xe3), V_NM, 0);
	ck_fault(fpu_wait(cpu), V_NM, 0);
	cpu->s.cr0 &= ~(uint32_t)CR0_MP;
	ck_ok(fpu_wait(cpu));
	cpu->s.cr0 = (cpu->s.cr0 & ~(uint32_t)CR0_TS) | CR0_EM;
	ck_fault(esc(0xd9, 0xe8), V_NM, 0);
	ck_ok(fpu_wait(cpu));
}
END_TEST

START_TEST(comparisons_set_conditions_and_flags)
{
	static const struct {
		int16_t a, b;
		unsigned cc, fl;
	} cases[] = {{1, 2, C0, FL_CF}, {2, 1, 0, 0}, {-3, -3, C3, FL_ZF}};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		fresh();
		push_int(cases[i].b);
		push_int(cases[i].a);
		ck_ok(esc(0xd8, 0xd1)); /* FCOM */
		ck_fsw(C0 | C1 | C2 | C3, cases[i].cc);
		cpu_set_eflags(cpu, FL_OF | FL_SF | FL_AF);
		ck_ok(esc(0xdf, 0xf1)); /* FCOMIP */
		ck_assert_uint_eq(cpu_eflags(cpu) & FL_ARITH, cases[i].fl);
		ck_assert_uint_eq(top(), 7);
	}
	fresh();
	push_int(1);
	ck_ok(esc(0xda, 0xe9)); /* FUCOMPP with one operand */
	ck_fsw(C0 | C2 | C3 | SF | F80_IE, C0 | C2 | C3 | SF | F80_IE);
	ck_assert_uint_eq(top(), 1);
}
END_TEST

START_TEST(fxam_knows_all_kinds)
{
	static const struct {
		struct f80 v;
		unsigned cc;
	} cases[] = {
		{{0, 0x8000}, C3 | C1}, {{F80_INT_BIT, 0x3fff}, C2},
		{{1, 0}, C3 | C2},	{{F80_INT_BIT, 0xffff}, C2 | C0 | C1},
		{{~0ull, 0x7fff}, C0},	{{1, 0x3fff}, 0},
	};
	struct fpu *f = fresh();

	ck_ok(esc(0xd9, 0xe8));
	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		f->reg[7] = cases[i].v;
		ck_ok(esc(0xd9, 0xe5));
		ck_fsw(C0 | C1 | C2 | C3, cases[i].cc);
	}
	ck_ok(esc(0xdd, 0xc0)); /* FFREE ST(0) */
	ck_ok(esc(0xd9, 0xe5));
	ck_fsw(C0 | C2 | C3, C3 | C0);
}
END_TEST

START_TEST(moves)
{
	fresh();
	push_int(7);
	push_int(5);
	cpu_set_eflags(cpu, FL_ZF);
	ck_ok(esc(0xdb, 0xc9)); /* FCMOVNE: no */
	ck_st(0, F80(0x4001, 0xa000000000000000));
	ck_ok(esc(0xda, 0xc9)); /* FCMOVE: yes */
	ck_st(0, F80(0x4001, 0xe000000000000000));
	ck_ok(esc(0xd9, 0xe0)); /* FCHS */
	ck_ok(esc(0xd9, 0xc9)); /* FXCH */
	ck_st(1, F80(0xc001, 0xe000000000000000));
	ck_ok(esc(0xdf, 0xc0)); /* FFREEP ST(0) */
	ck_assert_uint_eq(top(), 7);
	ck_ok(esc(0xd9, 0xf6)); /* FDECSTP */
	ck_assert_uint_eq(top(), 6);
}
END_TEST

START_TEST(constants_are_rounded)
{
	struct fpu *f = fresh();

	f->fcw = 0x0b7f; /* up */
	ck_ok(esc(0xd9, 0xeb));
	ck_st(0, F80(0x4000, 0xc90fdaa22168c235));
	ck_ok(esc(0xd9, 0xe9));
	ck_st(0, F80(0x4000, 0xd49a784bcd1b8aff));
	f->fcw = 0x0f7f; /* chop */
	ck_ok(esc(0xd9, 0xeb));
	ck_st(0, F80(0x4000, 0xc90fdaa22168c234));
}
END_TEST

START_TEST(memory_faults_change_nothing)
{
	struct fpu before, *f = fresh();

	push_int(3);
	world_paging();
	world_ring(3);
	world_pte(AT, PTE_P | PTE_US);
	world_pte(AT + 0x1000, 0);
	before = *f;
	ck_fault(esc_m(0xdd, 3), V_PF, 7);			     /* FSTP m64fp */
	ck_fault(esc_at(0xdb, 0x2b, AT + 0xff8, 4), V_PF, 4);	     /* FLD m80fp over the border */
	ck_fault(esc_at(0xdd, 0x33, AT + 0x1000 - 108, 4), V_PF, 7); /* FNSAVE */
	ck_assert_mem_eq(f->reg, before.reg, sizeof(before.reg));
	ck_assert_uint_eq(f->fsw, before.fsw);
	ck_assert_uint_eq(f->empty, before.empty);
	ck_assert_uint_eq(f->fop, before.fop);
	world_pte(AT, PTE_P | PTE_US | PTE_RW);
	cpu->s.cr0 |= CR0_AM;
	cpu->s.eflags |= FL_AC;
	ck_fault(esc_at(0xdb, 0x2b, AT + 4, 4), V_AC, 0); /* FLD m80fp wants 8 */
	ck_fault(esc_at(0xd9, 0x33, AT + 2, 4), V_AC, 0); /* FNSTENV wants 4, or ... */
	ck_ok(esc_at(0xd9, 0x33, AT + 2, 2));
	/* An unmasked stack fault stores nothing, so it does not touch memory either. */
	ck_ok(esc(0xdd, 0xc0));
	f->fcw &= (uint16_t)~F80_IE;
	world_pte(AT, 0);
	ck_ok(esc_m(0xdd, 3));
	ck_fsw(SF | F80_IE | ESB, SF | F80_IE | ESB);
}
END_TEST

/* The four layouts of an environment, saved and loaded. */
START_TEST(environments)
{
	struct fpu *f = fresh(), saved;

	push_int(9);
	ck_ok(esc(0xd9, 0xe8));
	f->fip = 0x54321;
	f->fcs = 0;
	f->fdp = 0x98765;
	f->fds = 0;
	f->fop = 0x567;
	saved = *f;
	ck_ok(esc_m(0xd9, 6)); /* FNSTENV */
	ck_assert_uint_eq(peek32(AT), 0xffff037f);
	ck_assert_uint_eq(peek32(AT + 4), 0xffff3000);
	ck_assert_uint_eq(peek32(AT + 8), 0xffff0fff);
	ck_assert_uint_eq(peek32(AT + 12), 0x54321);
	ck_assert_uint_eq(peek32(AT + 16), 0x05670000);
	ck_assert_uint_eq(peek32(AT + 20), 0x98765);
	ck_assert_uint_eq(peek32(AT + 24), 0xffff0000);
	ck_ok(esc_at(0xd9, 0x33, AT, 2));
	ck_assert_uint_eq(peek32(AT + 4), 0x43210fff);
	cpu->s.cr0 &= ~(uint32_t)CR0_PE;
	ck_ok(esc_at(0xd9, 0x33, AT, 2));
	ck_assert_uint_eq(peek32(AT + 4), 0x43210fff);
	ck_assert_uint_eq(peek32(AT + 8), 0x87655567);
	ck_assert_uint_eq(peek16(AT + 12), 0x9000);
	ck_ok(esc_m(0xdd, 6)); /* FNSAVE, 32 bits, real mode */
	ck_assert_uint_eq(peek32(AT + 16) & 0x0fffffff, 0x5567);
	ck_assert_uint_eq(peek32(AT + 24), 0x9000);
	ck_assert_uint_eq(f->empty, 0xff);
	ck_assert_uint_eq(top(), 0);
	ck_ok(esc_m(0xdd, 4)); /* FRSTOR */
	ck_assert_uint_eq(f->fsw, saved.fsw);
	ck_assert_uint_eq(f->empty, saved.empty);
	ck_assert_uint_eq(f->fip, 0x54321);
	ck_assert_uint_eq(f->fop, 0x567);
	ck_st(0, F80_ONE);
	ck_st(1, F80(0x4002, 0x9000000000000000));
}
END_TEST

START_TEST(fxsave_and_back)
{
	struct fpu *f = fresh(), saved;

	push_int(3);
	f->mxcsr = 0x1f80;
	f->xmm[7][1] = 0x1122334455667788;
	saved = *f;
	ck_fault(fpu_fxsave(cpu, DS, AT + 8), V_GP, 0);
	ck_ok(fpu_fxsave(cpu, DS, AT));
	ck_assert_uint_eq(peek16(AT + 4), 0x80); /* abridged: register 7 is there */
	ck_assert_uint_eq(peek16(AT + 32 + 8), 0x4000);
	fpu_reset(f);
	ck_ok(fpu_fxrstor(cpu, DS, AT));
	ck_assert_uint_eq(f->fsw, saved.fsw);
	ck_assert_uint_eq(f->empty, saved.empty);
	ck_st(0, F80(0x4000, 0xc000000000000000));
	cpu->s.cr0 |= CR0_TS;
	ck_fault(fpu_fxrstor(cpu, DS, AT), V_NM, 0);
}
END_TEST

START_TEST(fprem_puts_the_quotient_into_the_condition_code)
{
	fresh();
	push_int(4);
	push_int(31); /* 31 = 7 * 4 + 3 */
	ck_ok(esc(0xd9, 0xf8));
	ck_fsw(C0 | C1 | C2 | C3, C0 | C1 | C3);
	ck_st(0, F80(0x4000, 0xc000000000000000));
	fresh();
	push_int(4);
	push_int(11); /* 11 = 2 * 4 + 3 = 3 * 4 - 1 */
	ck_ok(esc(0xd9, 0xf5));
	ck_fsw(C0 | C1 | C2 | C3, C1 | C3);
	ck_st(0, F80(0xbfff, F80_INT_BIT));
}
END_TEST

/*
 * The short way against the general one: every escape with the rung "special" and without it, with all
 * kinds of numbers in registers and memory, empty registers, rounding and precision controls, masks,
 * pending exceptions, CR0.TS and EM.
 */
enum { CODE = 0x10000, HANDLER = 0x11000, RUNS = 150, IMAGE = 112 };

struct outcome {
	struct fpu fpu;
	uint32_t eip, esp, eax, eflags;
	uint8_t image[IMAGE];
};

/* Knuth's MMIX generator: the same numbers on every host. */
static uint64_t lcg;

static uint32_t any(uint32_t n)
{
	lcg = lcg * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(lcg >> 33) % n;
}

static struct f80 any_f80(void)
{
	static const struct f80 odd[] = {
		{0, 0},
		{0, 0x8000},
		{F80_INT_BIT, 0x3fff},
		{F80_INT_BIT, 0x7fff},
		{F80_INT_BIT, 0xffff},
		{F80_INT_BIT | F80_QUIET_BIT | 5, 0x7fff},
		{F80_INT_BIT | 5, 0xffff}, /* signalling */
		{1, 0x3fff},		   /* unsupported */
		{12345, 0},		   /* denormal */
		{F80_INT_BIT, 0},	   /* pseudo-denormal */
		{~0ull, 0x7ffe},
		{~0ull, 0x3fff + 30},	       /* rounds to 2^31 */
		{F80_INT_BIT, 0x403e},	       /* 2^63 */
		{0xfffffffffffffc00u, 0x43fe}, /* rounds to what no double can hold */
		{0xfffffffffffffbffu, 0x43fe},
		{F80_INT_BIT | 0x400, 0x3fff}, /* half a unit of a double */
		{F80_INT_BIT | 0xc00, 0xbfff},
		{~0ull, 0x3c00}, /* a denormal double, or the least normal one */
		{F80_INT_BIT, 0x3c01},
		{F80_INT_BIT, 0x3bd0},
	};
	uint64_t m = (uint64_t)any(1u << 31) << 32 | any(1u << 31);

	switch (any(6)) {
	case 0: return F80((uint16_t)any(0x10000), m << any(2) | F80_INT_BIT);
	case 1: return F80((uint16_t)(any(2) << 15 | (0x3fff + any(8))), m << 11 | F80_INT_BIT);
	case 2: return F80((uint16_t)(any(2) << 15 | (0x3fff - 40 + any(100))), m | F80_INT_BIT);
	default: return odd[any(ARRAY_LEN(odd))];
	}
}

static uint64_t any_operand(void)
{
	static const uint64_t odd[] = {
		0,
		1ull << 63,
		1,
		0x7ff0000000000000,
		0x7ff0000000000001,
		0xfff8000000000000,
		0x000fffffffffffff,
		0x0010000000000000,
		0x3ff0000000000000,
		0x7fefffffffffffff,
		0x7f800000,
		0x7f800001,
		0xffc00000,
		0x00400000,
		0x3f800000,
		0x80000000,
		0x00800000,
	};
	uint64_t v = (uint64_t)any(1u << 31) << 33 ^ (uint64_t)any(1u << 31) << 2;

	switch (any(4)) {
	case 0: return odd[any(ARRAY_LEN(odd))];
	case 1: return 0x3ff0000000000000 + (v >> 8);
	case 2: return 0x3f800000 + (v >> 39);
	default: return v;
	}
}

static void prepare(void)
{
	struct fpu *f = &cpu->s.fpu;
	uint8_t image[IMAGE] = {0};
	le64_t operand = le64(any_operand());

	world_ring(0);
	memset(f, 0, sizeof(*f));
	fpu_reset(f);
	for (unsigned i = 0; i < 8; i++)
		f->reg[i] = any_f80();
	f->empty = (uint8_t)(any(4) ? 0x3fu << any(3) : any(256) & -any(2));
	f->fcw = (uint16_t)(0x40 | any(4) << 10 | (any(3) ? 0x300 : any(4) << 8));
	f->fcw |= (uint16_t)(any(2) ? 0x3f : any(64));
	f->fsw = (uint16_t)(any(8) << 11 | (any(0x10000) & (C0 | C1 | C2 | C3)));
	f->fsw |= (uint16_t)(any(2) ? 0 : any(128));
	f->fsw |= f->fsw & ~f->fcw & F80_ALL ? ESB : 0;
	cpu->s.cr0 &= ~(uint32_t)(CR0_TS | CR0_EM);
	cpu->s.cr0 |= CR0_NE;
	if (!any(16))
		cpu->s.cr0 |= any(2) ? CR0_TS : CR0_EM;
	memcpy(image, &operand, sizeof(operand));
	ck_assert(mem_write(&mem, AT, image, IMAGE));
	cpu->s.r[EAX] = any(1u << 31);
	cpu->s.r[ESI] = AT;
	cpu->s.eip = CODE;
	cpu_set_eflags(cpu, (any(1u << 31) & FL_ARITH) | FL_R1);
	cpu_state_changed(cpu);
}

static void run_all(unsigned opcode, unsigned modrm, struct outcome *out)
{
	/* mov ebx, [esi]; mov [esi], ebx: so the TLB knows the operand.  The instruction.  jmp $. */
	poke32(CODE, 0x1e891e8b);
	poke32(CODE + 4, 0xfeeb0000 | modrm << 8 | opcode);
	lcg = opcode << 8 | modrm;
	for (unsigned run = 0; run < RUNS; run++, out++) {
		prepare();
		ck_assert_int_eq(cpu_run(cpu, 4), CPU_EXIT_BUDGET);
		memset(out, 0, sizeof(*out));
		out->fpu = cpu->s.fpu;
		out->eip = cpu->s.eip;
		out->esp = cpu->s.r[ESP];
		out->eax = cpu->s.r[EAX];
		out->eflags = cpu_eflags(cpu);
		ck_assert(mem_read(&mem, AT, out->image, IMAGE));
	}
}

/* Memory at ESI with all values of modrm.reg, then all register forms. */
static unsigned nth_modrm(unsigned n)
{
	return n < 8 ? n << 3 | 6 : 0xb8 + n;
}

static void run_opcode(unsigned opcode, struct outcome out[72][RUNS])
{
	for (unsigned n = 0; n < 72; n++)
		run_all(opcode, nth_modrm(n), out[n]);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	const struct fpu *f = &a->fpu, *g = &b->fpu;

	for (unsigned i = 0; i < 8; i++)
		if (f->reg[i].se != g->reg[i].se || f->reg[i].mant != g->reg[i].mant)
			return false;
	return f->fcw == g->fcw && f->fsw == g->fsw && f->empty == g->empty && f->fop == g->fop &&
	       f->fcs == g->fcs && f->fds == g->fds && f->fip == g->fip && f->fdp == g->fdp &&
	       a->eip == b->eip && a->esp == b->esp && a->eax == b->eax && a->eflags == b->eflags &&
	       !memcmp(a->image, b->image, IMAGE);
}

START_TEST(the_short_way_is_the_general_way)
{
	static struct outcome quick[72][RUNS], general[72][RUNS];
	unsigned opcode = 0xd8 + (unsigned)_i;

	idt(V_NM, S_CODE0, HANDLER, G_INT32, 0);
	idt(V_MF, S_CODE0, HANDLER, G_INT32, 0);
	idt(V_UD, S_CODE0, HANDLER, G_INT32, 0);
	poke32(HANDLER, 0xfeeb);
	run_opcode(opcode, quick);
	cpu_do_without(cpu, 1u << RUNG_SPECIAL);
	run_opcode(opcode, general);
	for (unsigned i = 0; i < 72 * RUNS; i++)
		ck_assert_msg(same(&quick[i / RUNS][i % RUNS], &general[i / RUNS][i % RUNS]),
			      "%02x %02x, run %u", opcode, nth_modrm(i / RUNS), i % RUNS);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, the_stack_grows_down_and_is_tagged);
	tcase_add_test(tc, stack_faults_tell_their_direction_in_c1);
	tcase_add_test(tc, a_pending_exception_stops_waiting_instructions);
	tcase_add_test(tc, nm_and_ud);
	tcase_add_test(tc, comparisons_set_conditions_and_flags);
	tcase_add_test(tc, fxam_knows_all_kinds);
	tcase_add_test(tc, moves);
	tcase_add_test(tc, constants_are_rounded);
	tcase_add_test(tc, memory_faults_change_nothing);
	tcase_add_test(tc, environments);
	tcase_add_test(tc, fxsave_and_back);
	tcase_add_test(tc, fprem_puts_the_quotient_into_the_condition_code);
	tcase_add_loop_test(tc, the_short_way_is_the_general_way, 0, 8);
}

int main(void)
{
	return run_tests("fpu", fill);
}
