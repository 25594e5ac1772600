/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:336
 * Tests of segments and far transfers: loads and limits, gates into every inner ring, returns to
 * every outer one, the task switch.
:*/
#include "cpu_world.h"

START_TEST(limits)
{
	uint32_t lin, v;

	world_ring(3);
	ck_ok(seg_load(cpu, FS, S_SMALL3));
	ck_ok(seg_check(cpu, FS, 0xfc, 4, true, &lin));
	ck_assert_uint_eq(lin, 0x200fc);
	ck_fault(seg_check(cpu, FS, 0xfd, 4, true, &lin), V_GP, 0);
	ck_fault(seg_check(cpu, FS, 0xffffffff, 4, true, &lin), V_GP, 0);
	/* Expand-down, 16-bit: offsets 0x1000 to 0xffff. */
	ck_ok(seg_load(cpu, FS, S_DOWN3));
	ck_fault(seg_check(cpu, FS, 0xfff, 1, true, &lin), V_GP, 0);
	ck_ok(seg_check(cpu, FS, 0x1000, 4, true, &lin));
	ck_ok(seg_check(cpu, FS, 0xfffc, 4, true, &lin));
	ck_fault(seg_check(cpu, FS, 0xfffd, 4, true, &lin), V_GP, 0);
	/* The same with the B bit: to 4 GB. */
	cpu->s.seg[FS].attr |= SEG_DB;
	ck_ok(seg_check(cpu, FS, 0xfffd, 4, true, &lin));
	ck_ok(seg_check(cpu, FS, 0xfffffffc, 4, true, &lin));
	ck_fault(seg_check(cpu, FS, 0xfffffffd, 4, true, &lin), V_GP, 0);
	/* Rights. */
	ck_ok(seg_load(cpu, FS, S_RODATA3));
	ck_ok(seg_ld32(cpu, FS, 0x20000, &v));
	ck_fault(seg_st32(cpu, FS, 0x20000, 1), V_GP, 0);
	ck_fault(seg_st32(cpu, CS, 0x20000, 1), V_GP, 0);
	ck_ok(seg_ld32(cpu, CS, 0x20000, &v));
	ck_ok(seg_load(cpu, FS, 3));
	ck_fault(seg_ld32(cpu, FS, 0x20000, &v), V_GP, 0);
	cpu->s.seg[SS].limit = 0xfff;
	ck_fault(seg_ld32(cpu, SS, 0xffe, &v), V_SS, 0);
}
END_TEST

START_TEST(loads)
{
	world_ring(3);
	ck_fault(seg_load(cpu, DS, S_DATA0), V_GP, S_DATA0);
	ck_fault(seg_load(cpu, DS, S_DATA0 | 3), V_GP, S_DATA0);
	ck_fault(seg_load(cpu, DS, S_XONLY3), V_GP, S_XONLY3 & ~3);
	ck_fault(seg_load(cpu, DS, S_TSS | 3), V_GP, S_TSS);
	ck_fault(seg_load(cpu, DS, S_END | 3), V_GP, S_END);
	ck_fault(seg_load(cpu, DS, 0x7), V_GP, 4); /* no LDT */
	ck_ok(seg_load(cpu, DS, S_CONF0 | 3));	   /* conforming code may be read by all */
	ck_fault(seg_load(cpu, SS, 0), V_GP, 0);
	ck_fault(seg_load(cpu, SS, S_DATA2), V_GP, S_DATA2 & ~3);
	ck_fault(seg_load(cpu, SS, S_RODATA3), V_GP, S_RODATA3 & ~3);
	ck_fault(seg_load(cpu, SS, S_DATA3 & ~3), V_GP, S_DATA3 & ~3);
	world_ring(0);
	ck_fault(seg_load(cpu, SS, S_DATA0_ABSENT), V_SS, S_DATA0_ABSENT);
	ck_fault(seg_load(cpu, DS, S_DATA0_ABSENT), V_NP, S_DATA0_ABSENT);
	ck_fault(seg_load(cpu, DS, S_DATA0 | 1), V_GP, S_DATA0);
	ck_ok(seg_load(cpu, ES, 2));
	ck_assert_uint_eq(cpu->s.seg[ES].sel, 2);
	ck_assert(!(cpu->mode & MODE_FLAT));
	ck_ok(seg_load(cpu, ES, S_DATA0));
	ck_ok(seg_load(cpu, DS, S_DATA3));
	ck_assert(cpu->mode & MODE_FLAT);
	/* The LDT. */
	put_desc(W_LDT + 8, 0x1000, 0xff, SEG_P | SEG_S | SEG_W);
	ck_ok(seg_lldt(cpu, S_LDT));
	ck_ok(seg_load(cpu, DS, 0xc));
	ck_assert_uint_eq(cpu->s.seg[DS].base, 0x1000);
	ck_fault(seg_load(cpu, DS, 0x24), V_GP, 0x24);
}
END_TEST

/* mov es/ds/fs/gs, eax, and pop es ... */
static const struct {
	uint8_t sr, n, bytes[2];
} load_insns[] = {
	{ES, 2, {0x8e, 0xc0}}, {DS, 2, {0x8e, 0xd8}}, {FS, 2, {0x8e, 0xe0}}, {GS, 2, {0x8e, 0xe8}},
	{ES, 1, {0x07}},       {DS, 1, {0x1f}},	      {FS, 2, {0x0f, 0xa1}}, {GS, 2, {0x0f, 0xa9}},
};
static const uint16_t load_sels[] = {
	0,	 3,	   S_DATA3,	S_DATA3 & ~3, S_SMALL3, S_RODATA3,
	S_CODE3, S_XONLY3, S_DATA0 | 3, S_END | 3,    0xf, /* of the LDT */
};

struct loaded {
	struct seg seg;
	uint32_t esp, eip, mode, insns;
};

static struct loaded load_once(unsigned i, uint16_t sel)
{
	struct loaded l;

	cpu->s.eip = 0x10000;
	cpu->s.r[EAX] = sel;
	cpu->s.r[ESP] = W_STACK3 - 4;
	poke32(W_STACK3 - 4, sel);
	cpu->s.insns[3] = 0;
	/* Whatever goes wrong ends in a loop in ring 0. */
	ck_assert_int_eq(cpu_run(cpu, 8), CPU_EXIT_BUDGET);
	memset(&l, 0, sizeof(l));
	l.seg = cpu->s.seg[load_insns[i].sr];
	l.esp = cpu->s.r[ESP];
	l.eip = cpu->s.eip;
	l.mode = cpu->mode;
	l.insns = (uint32_t)cpu->s.insns[3];
	if (cpu->s.cpl == 0)
		world_ring(3);
	return l;
}

/* A flat segment, and the one, by turns; then that twice, and before the last the descriptor may change. */
static void load_often(unsigned i, uint16_t sel, unsigned how, struct loaded *l)
{
	const uint32_t desc = (sel & 4 ? W_LDT : W_GDT) + (sel & 0xfff8);

	world_gdt();
	put_desc(W_LDT + 8, 0x1000, 0xff, SEG_P | SEG_S | SEG_W | A_DPL3);
	world_ring(3);
	for (unsigned n = 0; n < 6; n++) {
		if (n == 5 && how == 1)
			poke16(desc + 2, 0x77); /* its base */
		if (n == 5 && how == 2)
			poke32(desc + 4, 0x00cf9200); /* ring 0's, and writable */
		l[n] = load_once(i, n % 2 || n == 4 ? sel : S_DATA3);
	}
}

/* By what is known from the time before, or not. */
START_TEST(loads_again)
{
	const uint32_t rungs = cpu->without;
	struct loaded ours[6], plain[6];
	uint8_t code[4] = {0};

	ck_ok(seg_lldt(cpu, S_LDT));
	world_paging();
	idt(V_GP, S_CODE0, 0x11000, G_INT32, 0);
	idt(V_NP, S_CODE0, 0x11000, G_INT32, 0);
	ck_assert(mem_write(&mem, 0x11000, "\xeb\xfe", 2));
	for (unsigned i = 0; i < ARRAY_LEN(load_insns); i++)
		for (unsigned n = 0; n < ARRAY_LEN(load_sels); n++)
			for (unsigned how = 0; how < 3; how++) {
				memcpy(code, load_insns[i].bytes, load_insns[i].n);
				memcpy(code + load_insns[i].n, "\xeb\xfe", 2);
				ck_assert(mem_write(&mem, 0x10000, code, sizeof(code)));
				cpu_do_without(cpu, rungs);
				load_often(i, load_sels[n], how, ours);
				cpu_do_without(cpu, ~0u);
				load_often(i, load_sels[n], how, plain);
				ck_assert_msg(!memcmp(ours, plain, sizeof(ours)),
					      "load %u of %x, %u: another result", i, load_sels[n],
					      how);
			}
}
END_TEST

/* A selector that is known as ring 0's; and then it is a paragraph number. */
START_TEST(loads_without_protection)
{
	ck_assert(mem_write(&mem, 0x10000, "\x8e\xe0\xeb\xfe", 4)); /* mov fs, eax; jmp $ */
	for (unsigned n = 0; n < 3; n++) {
		cpu->s.eip = 0x10000;
		cpu->s.r[EAX] = S_DATA3;
		ck_assert_int_eq(cpu_run(cpu, 8), CPU_EXIT_BUDGET);
		ck_assert_uint_eq(cpu->s.seg[FS].base, n < 2 ? 0 : S_DATA3 << 4);
		if (n == 1)
			cpu->s.cr0 &= ~(uint32_t)CR0_PE;
	}
}
END_TEST

START_TEST(accessed_bit)
{
	world_paging();
	world_ring(0);
	ck_assert(!(peek32(W_GDT + S_DATA0 + 4) & 0x100));
	world_pte(W_GDT, PTE_P);
	/* The table is read-only and the bit is clear: the load must fail and change nothing. */
	cpu->s.seg[DS].sel = 0x1234;
	ck_fault(seg_load(cpu, DS, S_DATA0), V_PF, PF_PRESENT | PF_WRITE);
	ck_assert_uint_eq(cpu->s.seg[DS].sel, 0x1234);
	ck_assert_uint_eq(cpu->s.cr2, W_GDT + S_DATA0 + 4);
	world_pte(W_GDT, PTE_P | PTE_RW);
	ck_ok(seg_load(cpu, DS, S_DATA0));
	ck_assert(peek32(W_GDT + S_DATA0 + 4) & 0x100);
	/* The bit is set: no write. */
	world_pte(W_GDT, PTE_P);
	ck_ok(seg_load(cpu, DS, S_DATA0));
}
END_TEST

START_TEST(looking)
{
	uint32_t v = 1;
	bool ok;

	world_ring(3);
	ck_ok(seg_lar(cpu, S_DATA0, &v, &ok));
	ck_assert(!ok);
	ck_ok(seg_lar(cpu, S_CONF0, &v, &ok));
	ck_assert(ok);
	ck_assert_uint_eq(v & 0xff00, (SEG_P | SEG_S | SEG_CODE | SEG_C | SEG_R) << 8);
	ck_ok(seg_lsl(cpu, S_DATA3, &v, &ok));
	ck_assert(ok);
	ck_assert_uint_eq(v, 0xffffffff);
	ck_ok(seg_lar(cpu, 0xfff8, &v, &ok));
	ck_assert(!ok);
	ck_ok(seg_lar(cpu, 0, &v, &ok));
	ck_assert(!ok);
	ck_ok(seg_verify(cpu, S_XONLY3, false, &ok));
	ck_assert(!ok);
	ck_ok(seg_verify(cpu, S_RODATA3, false, &ok));
	ck_assert(ok);
	ck_ok(seg_verify(cpu, S_RODATA3, true, &ok));
	ck_assert(!ok);
	ck_ok(seg_verify(cpu, S_DATA3, true, &ok));
	ck_assert(ok);
	world_ring(0);
	put_gate(W_GDT + S_GATE - 3, S_CODE0, 0, G_CALL32, 3, 0);
	ck_ok(seg_lar(cpu, S_GATE, &v, &ok));
	ck_assert(ok);
	ck_ok(seg_lsl(cpu, S_GATE, &v, &ok));
	ck_assert(!ok);
	put_gate(W_GDT + S_GATE - 3, S_CODE0, 0, G_INT32, 3, 0);
	ck_ok(seg_lar(cpu, S_GATE, &v, &ok));
	ck_assert(!ok);
	ck_ok(seg_lsl(cpu, S_TSS, &v, &ok));
	ck_assert(ok);
	ck_assert_uint_eq(v, 0x2067);
	cpu->s.cr0 = 0;
	ck_fault(seg_lar(cpu, S_TSS, &v, &ok), V_UD, 0);
}
END_TEST

START_TEST(ltr_and_lldt)
{
	ck_assert_uint_eq(peek32(W_GDT + S_TSS + 4) >> 8 & 15, 11); /* busy since setup */
	ck_fault(seg_ltr(cpu, S_TSS), V_GP, S_TSS);
	ck_fault(seg_ltr(cpu, 0), V_GP, 0);
	ck_fault(seg_ltr(cpu, S_DATA0), V_GP, S_DATA0);
	ck_fault(seg_ltr(cpu, S_TSS2 | 4), V_GP, S_TSS2 | 4);
	ck_ok(seg_ltr(cpu, S_TSS16));
	ck_assert_uint_eq(cpu->s.tr.attr & 15, 3);
	gdt(S_TSS2, W_TSS2, 0x67, 9);
	ck_fault(seg_ltr(cpu, S_TSS2), V_NP, S_TSS2);
	ck_fault(seg_lldt(cpu, S_TSS2), V_GP, S_TSS2);
	ck_ok(seg_lldt(cpu, 0));
	world_ring(1);
	ck_fault(seg_ltr(cpu, S_TSS), V_GP, 0);
	ck_fault(seg_lldt(cpu, S_LDT), V_GP, 0);
}
END_TEST

START_TEST(far_jump_and_call)
{
	world_ring(3);
	ck_fault(seg_far_jump(cpu, S_CODE0, 0x5000, 4, 0), V_GP, S_CODE0);
	ck_fault(seg_far_jump(cpu, 0, 0x5000, 4, 0), V_GP, 0);
	ck_fault(seg_far_jump(cpu, S_DATA3, 0x5000, 4, 0), V_GP, S_DATA3 & ~3);
	ck_ok(seg_far_jump(cpu, S_CONF0, 0x5000, 4, 0));
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CONF0 | 3);
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.eip, 0x5000);
	ck_ok(seg_far_jump(cpu, S_CODE3 & ~3, 0x6000, 4, 0));
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CODE3);
	ck_ok(seg_far_call(cpu, S_CODE3, 0x12347000, 2, 0x6007));
	ck_assert_uint_eq(cpu->s.eip, 0x7000);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK3 - 4);
	ck_assert_uint_eq(peek16(W_STACK3 - 4), 0x6007);
	ck_assert_uint_eq(peek16(W_STACK3 - 2), S_CODE3);
	ck_ok(seg_far_ret(cpu, 2, 8));
	ck_assert_uint_eq(cpu->s.eip, 0x6007);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK3 + 8);
	world_ring(0);
	ck_fault(seg_far_jump(cpu, S_CODE0_ABSENT, 0, 4, 0), V_NP, S_CODE0_ABSENT);
	ck_fault(seg_far_jump(cpu, S_CODE3, 0, 4, 0), V_GP, S_CODE3 & ~3);
	ck_fault(seg_far_jump(cpu, S_CODE16, 0x10000, 4, 0), V_GP, 0);
	ck_ok(seg_far_jump(cpu, S_CODE16, 0x100, 4, 0));
	ck_assert(!(cpu->mode & MODE_D32));
}
END_TEST

/* But what it has pushed. */
START_TEST(a_faulting_call_leaves_everything)
{
	struct cpu_state before;

	world_paging();
	world_ring(3);
	cpu->s.r[ESP] = 0xb004;
	poke32(0xb000, 0x55555555);
	world_pte(0xa000, 0);
	before = cpu->s;
	ck_fault(seg_far_call(cpu, S_CODE3, 0x7000, 4, 0x6007), V_PF, PF_WRITE | PF_USER);
	ck_assert_uint_eq(cpu->s.cr2, 0xaffc);
	before.cr2 = cpu->s.cr2;
	ck_assert_mem_eq(&before, &cpu->s, sizeof(before));
	ck_assert_uint_eq(peek32(0xb000), S_CODE3);
	ck_assert(!(peek32(W_GDT + (S_CODE3 & ~3) + 4) & 0x100));
}
END_TEST

/* A call gate from ring 3 into each inner ring, with parameters, and back. */
START_TEST(call_gate)
{
	static const uint32_t tops[] = {W_STACK0, W_STACK1, W_STACK2};
	unsigned ring = (unsigned)_i;
	uint32_t top = tops[ring];

	world_paging();
	world_ring(3);
	put_gate(W_GDT + S_GATE - 3, S_CODE0 + ring * 16, 0x123456, G_CALL32, 3, 2);
	/* An inner stack is the inner ring's: the user must have no right to it. */
	world_pte(top - 4, PTE_P | PTE_RW);
	poke32(W_STACK3 - 8, 0xaaaa);
	poke32(W_STACK3 - 4, 0xbbbb);
	cpu->s.r[ESP] = W_STACK3 - 8;
	ck_ok(seg_load(cpu, FS, S_RODATA3));
	ck_ok(seg_far_call(cpu, S_GATE, 0xdead, 4, 0x6007));
	ck_assert_uint_eq(cpu->s.cpl, ring);
	ck_assert_ptr_eq(cpu->view, &cpu->tlb->half[TLB_SUPERVISOR]);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CODE0 + ring * 17);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_DATA0 + ring * 17);
	ck_assert_uint_eq(cpu->s.eip, 0x123456);
	ck_assert_uint_eq(cpu->s.r[ESP], top - 24);
	ck_assert_uint_eq(peek32(top - 4), S_DATA3);
	ck_assert_uint_eq(peek32(top - 8), W_STACK3 - 8);
	ck_assert_uint_eq(peek32(top - 12), 0xbbbb);
	ck_assert_uint_eq(peek32(top - 16), 0xaaaa);
	ck_assert_uint_eq(peek32(top - 20), S_CODE3);
	ck_assert_uint_eq(peek32(top - 24), 0x6007);
	/* Data segments stay; going out, the inner ring's are taken away, others not. */
	ck_assert_uint_eq(cpu->s.seg[DS].sel, S_DATA3);
	ck_ok(seg_load(cpu, DS, (uint16_t)(S_DATA0 + ring * 17)));
	ck_ok(seg_load(cpu, GS, 2));
	ck_ok(seg_load(cpu, ES, S_CONF0));
	ck_ok(seg_far_ret(cpu, 4, 8));
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.eip, 0x6007);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CODE3);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_DATA3);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK3);
	ck_assert_uint_eq(cpu->s.seg[DS].sel, 0);
	ck_assert_uint_eq(cpu->s.seg[DS].attr, 0);
	ck_assert_uint_eq(cpu->s.seg[GS].sel, 0);
	ck_assert_uint_eq(cpu->s.seg[ES].sel, S_CONF0);
	ck_assert_uint_eq(cpu->s.seg[FS].sel, S_RODATA3);
}
END_TEST

START_TEST(call_gate_faults)
{
	world_ring(3);
	put_gate(W_GDT + S_GATE - 3, S_CODE0, 0x123456, G_CALL32, 2, 0);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_GP, S_GATE & ~3);
	put_gate(W_GDT + S_GATE - 3, S_CODE0, 0x123456, G_CALL32, 3, 0);
	poke32(W_GDT + S_GATE - 3 + 4, peek32(W_GDT + S_GATE - 3 + 4) & ~0x8000u);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_NP, S_GATE & ~3);
	put_gate(W_GDT + S_GATE - 3, 0, 0, G_CALL32, 3, 0);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_GP, 0);
	put_gate(W_GDT + S_GATE - 3, S_DATA0, 0, G_CALL32, 3, 0);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_GP, S_DATA0);
	put_gate(W_GDT + S_GATE - 3, S_CODE0_ABSENT, 0, G_CALL32, 3, 0);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_NP, S_CODE0_ABSENT);
	/* A jump cannot go inward. */
	put_gate(W_GDT + S_GATE - 3, S_CODE0, 0x123456, G_CALL32, 3, 0);
	ck_fault(seg_far_jump(cpu, S_GATE, 0, 4, 0), V_GP, S_CODE0);
	/* What can be wrong with the stack. */
	poke16(W_TSS + 8, S_DATA0 | 1);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_TS, S_DATA0);
	poke16(W_TSS + 8, 0);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_TS, 0);
	poke16(W_TSS + 8, 0xfff8);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_TS, 0xfff8);
	poke16(W_TSS + 8, S_CODE0);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_TS, S_CODE0);
	poke16(W_TSS + 8, S_DATA0_ABSENT);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_SS, S_DATA0_ABSENT);
	poke16(W_TSS + 8, S_STACK16);
	poke32(W_TSS + 4, 2);
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_SS, S_STACK16);
	cpu->s.tr.limit = 8;
	ck_fault(seg_far_call(cpu, S_GATE, 0, 4, 0), V_TS, S_TSS);
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK3);
}
END_TEST

START_TEST(call_gate_16_and_16_bit_tss)
{
	world_ring(0);
	ck_ok(seg_ltr(cpu, S_TSS16));
	poke16(W_TSS16 + 6, 0x7800); /* SP1, SS1 */
	poke16(W_TSS16 + 8, S_DATA1);
	world_ring(2);
	put_gate(W_GDT + S_GATE - 3, S_CODE1, 0x123456, G_CALL16, 3, 1);
	poke16(W_STACK2, 0x7777);
	ck_ok(seg_far_call(cpu, S_GATE, 0, 4, 0x16007));
	ck_assert_uint_eq(cpu->s.cpl, 1);
	ck_assert_uint_eq(cpu->s.eip, 0x3456);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x7800 - 10);
	ck_assert_uint_eq(peek16(0x7800 - 2), S_DATA2);
	ck_assert_uint_eq(peek16(0x7800 - 4), W_STACK2);
	ck_assert_uint_eq(peek16(0x7800 - 6), 0x7777);
	ck_assert_uint_eq(peek16(0x7800 - 8), S_CODE2);
	ck_assert_uint_eq(peek16(0x7800 - 10), 0x6007);
}
END_TEST

static void iret_frame(uint32_t eip, uint32_t cs, uint32_t eflags, uint32_t esp, uint32_t ss)
{
	uint32_t at = cpu->s.r[ESP] -= 20;

	poke32(at, eip);
	poke32(at + 4, cs);
	poke32(at + 8, eflags);
	poke32(at + 12, esp);
	poke32(at + 16, ss);
}

START_TEST(iret_to_each_ring)
{
	unsigned ring = (unsigned)_i;

	world_ring(0);
	cpu_set_eflags(cpu, 0);
	iret_frame(0x4000, S_CODE0 + ring * 17, 0x3202 | FL_CF | FL_RF, 0x9990,
		   S_DATA0 + ring * 17);
	ck_ok(seg_iret(cpu, 4, 0));
	ck_assert_uint_eq(cpu->s.cpl, ring);
	ck_assert_uint_eq(cpu->s.eip, 0x4000);
	ck_assert_uint_eq(cpu_eflags(cpu), 0x3202 | FL_CF | FL_RF);
	ck_assert_uint_eq(cpu->s.r[ESP], ring ? 0x9990 : W_STACK0 - 8);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_DATA0 + ring * 17);
	ck_assert_uint_eq(cpu->s.seg[DS].sel, ring ? 0 : S_DATA0);
}
END_TEST

START_TEST(iret_flags_by_ring)
{
	world_ring(1);
	cpu_set_eflags(cpu, 0); /* IOPL 0 */
	iret_frame(0x4000, S_CODE1, 0xffffffff, 0, 0);
	ck_ok(seg_iret(cpu, 4, 0));
	ck_assert_uint_eq(cpu_eflags(cpu) & (FL_IF | FL_IOPL | FL_VM | FL_VIF | FL_VIP), 0);
	ck_assert_uint_eq(cpu_eflags(cpu) & (FL_RF | FL_AC | FL_ID | FL_NT),
			  FL_RF | FL_AC | FL_ID | FL_NT);
	world_ring(1);
	cpu_set_eflags(cpu, 0x1000); /* IOPL 1 */
	iret_frame(0x4000, S_CODE1, FL_IF | FL_IOPL, 0, 0);
	ck_ok(seg_iret(cpu, 4, 0));
	ck_assert_uint_eq(cpu_eflags(cpu) & (FL_IF | FL_IOPL), FL_IF | 0x1000);
	/* 16-bit: the upper half stays. */
	world_ring(0);
	cpu_set_eflags(cpu, FL_ID);
	cpu->s.r[ESP] = 0x7000;
	poke16(0x7000, 0x1234);
	poke16(0x7002, S_CODE0);
	poke16(0x7004, 0x0ed7);
	ck_ok(seg_iret(cpu, 2, 0));
	ck_assert_uint_eq(cpu_eflags(cpu), FL_ID | 0xed7);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x7006);
}
END_TEST

START_TEST(iret_faults)
{
	struct cpu_state before;

	world_ring(1);
	iret_frame(0, S_CODE0, 2, 0, 0);
	before = cpu->s;
	ck_fault(seg_iret(cpu, 4, 0), V_GP, S_CODE0); /* inward */
	poke32(cpu->s.r[ESP] + 4, 0);
	ck_fault(seg_iret(cpu, 4, 0), V_GP, 0);
	poke32(cpu->s.r[ESP] + 4, S_CODE2 | 3); /* ring 2's code is not ring 3's */
	ck_fault(seg_iret(cpu, 4, 0), V_GP, S_CODE2 & ~3);
	poke32(cpu->s.r[ESP] + 4, S_CODE3);
	ck_fault(seg_iret(cpu, 4, 0), V_GP, 0); /* SS null */
	poke32(cpu->s.r[ESP] + 16, S_DATA2);
	ck_fault(seg_iret(cpu, 4, 0), V_GP, S_DATA2 & ~3);
	poke32(cpu->s.r[ESP] + 16, S_DATA3);
	gdt(S_DATA3, 0, 0xfffff, (A_DATA | A_DPL3) & ~SEG_P);
	ck_fault(seg_iret(cpu, 4, 0), V_SS, S_DATA3 & ~3);
	gdt(S_CODE3, 0, 0xf, (A_CODE | A_DPL3) & ~SEG_G);
	gdt(S_DATA3, 0, 0xfffff, A_DATA | A_DPL3);
	poke32(cpu->s.r[ESP], 0x10);
	ck_fault(seg_iret(cpu, 4, 0), V_GP, 0);
	ck_assert_mem_eq(&before, &cpu->s, sizeof(before));
}
END_TEST

START_TEST(iret_to_v86_and_back_flags)
{
	uint32_t at = W_STACK0 - 36;
	static const uint32_t frame[] = {0x1234, 0xabcd1000, 0x23202, 0x87654321, 0x2000,
					 0x3000, 0x4000,     0x5000,  0x6000};
	uint32_t v;

	world_ring(0);
	for (unsigned i = 0; i < ARRAY_LEN(frame); i++)
		poke32(at + i * 4, frame[i]);
	cpu->s.r[ESP] = at;
	ck_ok(seg_iret(cpu, 4, 0));
	ck_assert(cpu_is_v86(cpu));
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.seg[CS].base, 0x10000);
	ck_assert_uint_eq(cpu->s.seg[SS].base, 0x20000);
	ck_assert_uint_eq(cpu->s.seg[ES].base, 0x30000);
	ck_assert_uint_eq(cpu->s.seg[DS].base, 0x40000);
	ck_assert_uint_eq(cpu->s.seg[FS].base, 0x50000);
	ck_assert_uint_eq(cpu->s.seg[GS].base, 0x60000);
	ck_assert_uint_eq(cpu->s.seg[GS].limit, 0xffff);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x87654321);
	ck_assert_uint_eq(cpu->mode & (MODE_D32 | MODE_SS32 | MODE_FLAT), 0);
	/* IOPL is 3: flags are the program's, but IOPL and VM are not. */
	ck_ok(sys_cli(cpu));
	ck_ok(sys_pushf(cpu, 4, &v));
	ck_assert_uint_eq(v, 0x3002);
	ck_ok(sys_popf(cpu, FL_IF, 2));
	ck_assert_uint_eq(cpu_eflags(cpu), 0x23202);
	cpu->s.eflags &= ~(uint32_t)FL_IOPL;
	ck_fault(sys_cli(cpu), V_GP, 0);
	ck_fault(sys_pushf(cpu, 2, &v), V_GP, 0);
	ck_fault(sys_popf(cpu, 0, 2), V_GP, 0);
	ck_fault(seg_iret(cpu, 2, 0), V_GP, 0);
	ck_ok(seg_load(cpu, DS, 0xffff));
	ck_assert_uint_eq(cpu->s.seg[DS].base, 0xffff0);
}
END_TEST

START_TEST(real_mode)
{
	world_ring(0);
	cpu->s.cr0 &= ~(uint32_t)CR0_PE;
	cpu->s.seg[CS].limit = 0xffff;
	cpu_state_changed(cpu);
	ck_ok(seg_load(cpu, DS, 0x1234));
	ck_assert_uint_eq(cpu->s.seg[DS].base, 0x12340);
	ck_assert_uint_eq(cpu->s.seg[DS].limit, 0xffffffff); /* brought home */
	ck_ok(seg_far_call(cpu, 0x100, 0x20, 2, 0x777));
	ck_assert_uint_eq(cpu->s.seg[CS].base, 0x1000);
	ck_assert_uint_eq(cpu->s.eip, 0x20);
	ck_assert_uint_eq(peek16(W_STACK0 - 4), 0x777);
	ck_ok(seg_far_ret(cpu, 2, 0));
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK0);
	ck_fault(seg_far_jump(cpu, 0x100, 0x10000, 4, 0), V_GP, 0);
}
END_TEST

static void task2(uint32_t eflags)
{
	poke32(W_TSS2 + 0x20, 0x5555);
	poke32(W_TSS2 + 0x24, eflags);
	for (unsigned i = 0; i < 8; i++)
		poke32(W_TSS2 + 0x28 + i * 4, 0x100 + i);
	poke32(W_TSS2 + 0x38, W_STACK1);
	for (unsigned i = 0; i < NR_SEGS; i++)
		poke32(W_TSS2 + 0x48 + i * 4, i == CS ? S_CODE1 : S_DATA1);
	poke32(W_TSS2 + 0x60, S_LDT);
}

START_TEST(task_call_and_return)
{
	world_ring(0);
	task2(FL_R1 | FL_IF);
	cpu->s.r[EAX] = 0xe0e0;
	ck_ok(seg_far_call(cpu, S_TSS2, 0, 4, 0x4444));
	ck_assert_uint_eq(cpu->s.eip, 0x5555);
	ck_assert_uint_eq(cpu->s.cpl, 1);
	ck_assert_uint_eq(cpu->s.r[EAX], 0x100);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK1);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_DATA1);
	ck_assert_uint_eq(cpu->s.ldtr.sel, S_LDT);
	ck_assert_uint_eq(cpu->s.tr.sel, S_TSS2);
	ck_assert(cpu->s.cr0 & CR0_TS);
	ck_assert(cpu_eflags(cpu) & FL_NT);
	ck_assert_uint_eq(peek16(W_TSS2), S_TSS);
	ck_assert_uint_eq(peek32(W_TSS + 0x20), 0x4444);
	ck_assert_uint_eq(peek32(W_TSS + 0x28), 0xe0e0);
	ck_assert_uint_eq(peek32(W_GDT + S_TSS + 4) >> 8 & 15, 11);
	ck_assert_uint_eq(peek32(W_GDT + S_TSS2 + 4) >> 8 & 15, 11);
	ck_ok(seg_iret(cpu, 4, 0x5560));
	ck_assert_uint_eq(cpu->s.cpl, 0);
	ck_assert_uint_eq(cpu->s.eip, 0x4444);
	ck_assert_uint_eq(cpu->s.r[EAX], 0xe0e0);
	ck_assert_uint_eq(cpu->s.tr.sel, S_TSS);
	ck_assert(!(cpu_eflags(cpu) & FL_NT));
	ck_assert_uint_eq(peek32(W_GDT + S_TSS2 + 4) >> 8 & 15, 9);
	ck_assert_uint_eq(peek32(W_TSS2 + 0x20), 0x5560);
	ck_assert(!(peek32(W_TSS2 + 0x24) & FL_NT));
}
END_TEST

START_TEST(task_jump)
{
	world_ring(0);
	task2(FL_R1);
	put_gate(W_GDT + S_TASK_GATE - 3, S_TSS2, 0, G_TASK, 0, 0);
	ck_fault(seg_far_jump(cpu, S_TASK_GATE, 0, 4, 0), V_GP, S_TASK_GATE & ~3);
	ck_ok(seg_far_jump(cpu, S_TASK_GATE & ~3, 0, 4, 0x4444));
	ck_assert_uint_eq(cpu->s.eip, 0x5555);
	ck_assert(!(cpu_eflags(cpu) & FL_NT));
	ck_assert_uint_eq(peek32(W_GDT + S_TSS + 4) >> 8 & 15, 9);
	ck_assert_uint_eq(peek16(W_TSS2), 0);
	cpu_set_cpl(cpu, 0);
	ck_fault(seg_far_jump(cpu, S_TSS2, 0, 4, 0), V_GP, S_TSS2); /* busy */
}
END_TEST

START_TEST(task_faults)
{
	struct cpu_state before;

	world_ring(0);
	task2(FL_R1);
	before = cpu->s;
	gdt(S_TSS2, W_TSS2, 0x66, SEG_P | 9);
	ck_fault(seg_far_jump(cpu, S_TSS2, 0, 4, 0), V_TS, S_TSS2);
	gdt(S_TSS2, W_TSS2, 0x67, 9);
	ck_fault(seg_far_jump(cpu, S_TSS2, 0, 4, 0), V_NP, S_TSS2);
	ck_assert_mem_eq(&before, &cpu->s, sizeof(before));
	cpu->s.eflags |= FL_NT; /* a link to nowhere */
	ck_fault(seg_iret(cpu, 4, 0), V_TS, 0);
	cpu->s.eflags &= ~(uint32_t)FL_NT;
	/* Too late for the old task. */
	gdt(S_TSS2, W_TSS2, 0x67, SEG_P | 9);
	poke32(W_TSS2 + 0x50, S_DATA3);
	ck_ok(seg_far_jump(cpu, S_TSS2, 0, 4, 0));
	ck_assert(cpu->trap.pending);
	ck_assert_uint_eq(cpu->trap.vector, V_TS);
	ck_assert_uint_eq(cpu->trap.error, S_DATA3 & ~3);
	ck_assert_uint_eq(cpu->s.eip, 0x5555);
	ck_assert_uint_eq(cpu->s.tr.sel, S_TSS2);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_DATA3);
	ck_assert_uint_eq(cpu->s.seg[SS].attr, 0);
}
END_TEST

START_TEST(task_16_bit)
{
	world_ring(0);
	poke16(W_TSS16 + 0x0e, 0x5555);
	poke16(W_TSS16 + 0x10, 0x0202);
	poke16(W_TSS16 + 0x12, 0x1111);
	poke16(W_TSS16 + 0x1a, 0x7000);
	poke16(W_TSS16 + 0x22, S_DATA0);
	poke16(W_TSS16 + 0x24, S_CODE16);
	poke16(W_TSS16 + 0x26, S_STACK16);
	poke16(W_TSS16 + 0x28, S_DATA3);
	ck_ok(seg_far_jump(cpu, S_TSS16, 0, 4, 0));
	ck_assert_uint_eq(cpu->s.eip, 0x5555);
	ck_assert_uint_eq(cpu->s.r[EAX], 0xffff1111);
	ck_assert_uint_eq(cpu->s.seg[DS].sel, S_DATA3);
	ck_assert_uint_eq(cpu->s.seg[FS].attr, 0);
	ck_assert_uint_eq(cpu->mode & (MODE_D32 | MODE_SS32), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, limits);
	tcase_add_test(tc, loads);
	tcase_add_test(tc, loads_again);
	tcase_add_test(tc, loads_without_protection);
	tcase_add_test(tc, accessed_bit);
	tcase_add_test(tc, looking);
	tcase_add_test(tc, ltr_and_lldt);
	tcase_add_test(tc, far_jump_and_call);
	tcase_add_test(tc, a_faulting_call_leaves_everything);
	tcase_add_loop_test(tc, call_gate, 0, 3);
	tcase_add_test(tc, call_gate_faults);
	tcase_add_test(tc, call_gate_16_and_16_bit_tss);
	tcase_add_loop_test(tc, iret_to_each_ring, 0, 4);
	tcase_add_test(tc, iret_flags_by_ring);
	tcase_add_test(tc, iret_faults);
	tcase_add_test(tc, iret_to_v86_and_back_flags);
	tcase_add_test(tc, real_mode);
	tcase_add_test(tc, task_call_and_return);
	tcase_add_test(tc, task_jump);
	tcase_add_test(tc, task_faults);
	tcase_add_test(tc, task_16_bit);
}

int main(void)
{
	return run_tests("cpu/seg", fill);
}
