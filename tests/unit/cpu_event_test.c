/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:342
 * Tests of event delivery: into each ring, from each ring, from virtual-8086 and real mode;
 * error codes, flags, double fault and shutdown; and that a fault leaves nothing half done.
:*/
#include "cpu_world.h"

/* A hardware exception or software interrupt is found, and delivered. */
static int raise(unsigned vector, bool has_error, uint32_t error)
{
	ck_assert_int_eq(cpu_trap(cpu, (uint8_t)vector, has_error, error), 1);
	return event_deliver(cpu);
}

static int soft(unsigned vector)
{
	cpu->trap = (struct trap){
		.pending = true, .software = true, .vector = (uint8_t)vector, .ilen = 2};
	return event_deliver(cpu);
}

/* The handler that runs: which vector's?  All handlers of these tests are at vector << 16. */
#define ck_handler(vec)                                                                            \
	do {                                                                                       \
		ck_assert(!cpu->trap.pending);                                                     \
		ck_assert_uint_eq(cpu->s.eip, (uint32_t)(vec) << 16);                              \
	} while (0)

static void handlers(unsigned sel)
{
	for (unsigned v = 0; v < 32; v++)
		idt(v, sel, v << 16, G_INT32, 0);
}

/* From ring 3 (or the ring itself) into ring _i: the frame, the flags, the rights. */
START_TEST(inner_stack)
{
	static const uint32_t tops[] = {W_STACK0, W_STACK1, W_STACK2};
	unsigned ring = (unsigned)_i;
	uint32_t top = tops[ring];

	world_paging();
	idt(0x20, S_CODE0 + ring * 16, 0x123456, G_INT32, 0);
	world_ring(3);
	/* Page rights: the stack of rings 0 to 2 is a supervisor's page. */
	world_pte(top - 4, PTE_P | PTE_RW);
	cpu_set_eflags(cpu, FL_IF | FL_TF | FL_NT | FL_CF | FL_AC);
	cpu->s.halted = true;
	cpu->s.eip = 0x4444;
	cpu->s.seg[GS].sel = 0x99;
	ck_ok(event_interrupt(cpu, 0x20));
	ck_assert_uint_eq(cpu->s.cpl, ring);
	ck_assert_uint_eq(cpu->s.eip, 0x123456);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CODE0 + ring * 17);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_DATA0 + ring * 17);
	ck_assert_uint_eq(cpu->s.seg[GS].sel, 0x99);
	ck_assert_uint_eq(cpu->s.r[ESP], top - 20);
	ck_assert_uint_eq(peek32(top - 4), S_DATA3);
	ck_assert_uint_eq(peek32(top - 8), W_STACK3);
	ck_assert_uint_eq(peek32(top - 12), FL_R1 | FL_IF | FL_TF | FL_NT | FL_CF | FL_AC);
	ck_assert_uint_eq(peek32(top - 16), S_CODE3);
	ck_assert_uint_eq(peek32(top - 20), 0x4444);
	ck_assert_uint_eq(cpu_eflags(cpu), FL_R1 | FL_CF | FL_AC);
	ck_assert(!cpu->s.halted);
	/* And home again. */
	ck_ok(seg_iret(cpu, 4, 0));
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK3);
	ck_assert_uint_eq(cpu->s.eip, 0x4444);
}
END_TEST

START_TEST(ring1_to_ring1)
{
	world_paging();
	world_ring(1);
	world_pte(W_STACK1 - 4, PTE_P | PTE_RW);
	idt(V_GP, S_CODE1, 0x3000, G_TRAP32, 0);
	cpu->s.eip = 0x4444;
	ck_ok(raise(V_GP, true, 0x1234));
	ck_assert_uint_eq(cpu->s.cpl, 1);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK1 - 16);
	ck_assert_uint_eq(peek32(W_STACK1 - 16), 0x1234);
	ck_assert_uint_eq(peek32(W_STACK1 - 12), 0x4444);
	ck_assert_uint_eq(peek32(W_STACK1 - 8), S_CODE1);
	/* A fault sets RF in the frame; a trap gate leaves IF. */
	ck_assert_uint_eq(peek32(W_STACK1 - 4), FL_R1 | FL_IF | FL_RF);
	ck_assert_uint_eq(cpu_eflags(cpu), FL_R1 | FL_IF);
}
END_TEST

START_TEST(ring3_frame_is_a_users)
{
	/* A handler in ring 3 gets a ring-3 frame: a supervisor's page will not do. */
	world_paging();
	world_ring(3);
	world_pte(W_STACK3 - 4, PTE_P | PTE_RW);
	handlers(S_CODE0);
	idt(0x20, S_CODE3, 0x3000, G_INT32, 3);
	ck_ok(soft(0x20));
	ck_handler(V_PF);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), PF_PRESENT | PF_WRITE | PF_USER);
	ck_assert_uint_eq(cpu->s.cr2, W_STACK3 - 4);
}
END_TEST

START_TEST(conforming_handler)
{
	world_ring(3);
	idt(0x20, S_CONF0, 0x3000, G_INT32, 3);
	ck_ok(soft(0x20));
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CONF0 | 3);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK3 - 12);
}
END_TEST

START_TEST(rf_in_the_frame)
{
	static const struct {
		unsigned vector;
		bool rf;
	} cases[] = {{V_DE, true}, {V_UD, true}, {V_PF, true}, {V_DB, false}, {V_MC, false}};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		world_ring(0);
		handlers(S_CODE0);
		ck_ok(raise(cases[i].vector, false, 0));
		ck_assert_uint_eq(peek32(W_STACK0 - 4) & FL_RF, cases[i].rf ? FL_RF : 0);
		ck_assert(!(cpu_eflags(cpu) & FL_RF));
	}
	world_ring(0);
	cpu->s.eflags |= FL_RF;
	idt(0x20, S_CODE0, 0x3000, G_INT32, 0);
	ck_ok(soft(0x20));
	ck_assert(!(peek32(W_STACK0 - 4) & FL_RF));
}
END_TEST

/* INT n through a gate it may not use is a fault of the INT itself: EIP at it, no EXT. */
START_TEST(software_interrupt_dpl)
{
	world_ring(3);
	handlers(S_CODE0);
	cpu->s.eip = 0x4446;
	ck_ok(soft(V_BR));
	ck_handler(V_GP);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), V_BR * 8 + 2);
	ck_assert_uint_eq(peek32(W_STACK0 - 20), 0x4444);
	/* The exception of that vector may. */
	world_ring(3);
	cpu->s.eip = 0x4446;
	ck_ok(raise(V_BR, false, 0));
	ck_handler(V_BR);
	ck_assert_uint_eq(peek32(W_STACK0 - 20), 0x4446);
	/* A software interrupt never has an error code, whatever its vector. */
	world_ring(3);
	idt(V_GP, S_CODE0, V_GP << 16, G_INT32, 3);
	ck_ok(soft(V_GP));
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK0 - 20);
}
END_TEST

START_TEST(error_codes_of_delivery)
{
	/* Beyond the IDT. */
	world_ring(3);
	handlers(S_CODE0);
	cpu->s.eip = 0x4444;
	cpu->s.idtr.limit = 32 * 8 - 1;
	ck_ok(event_interrupt(cpu, 0x20));
	ck_handler(V_GP);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 0x20 * 8 + 3);
	ck_assert_uint_eq(peek32(W_STACK0 - 20), 0x4444);
	/* Not a gate; a gate that is not there; for hardware with EXT, for software without. */
	cpu->s.idtr.limit = 0x7ff;
	world_ring(3);
	put_gate(W_IDT + 0x20 * 8, S_CODE0, 0, G_CALL32, 3, 0);
	ck_ok(event_interrupt(cpu, 0x20));
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 0x20 * 8 + 3);
	world_ring(3);
	ck_ok(soft(0x20));
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 0x20 * 8 + 2);
	world_ring(3);
	poke32(W_IDT + 0x20 * 8 + 4, G_INT32 << 8 | 3 << 13);
	ck_ok(soft(0x20));
	ck_handler(V_NP);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 0x20 * 8 + 2);
	/* The handler's segment. */
	world_ring(3);
	idt(0x20, 0, 0, G_INT32, 3);
	ck_ok(event_interrupt(cpu, 0x20));
	ck_handler(V_GP);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 1);
	world_ring(3);
	idt(0x20, S_CODE0_ABSENT, 0, G_INT32, 3);
	ck_ok(soft(0x20));
	ck_handler(V_NP);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), S_CODE0_ABSENT);
	/* A handler further out than the program. */
	world_ring(0);
	idt(0x20, S_CODE1, 0, G_INT32, 3);
	ck_ok(event_interrupt(cpu, 0x20));
	ck_handler(V_GP);
	ck_assert_uint_eq(peek32(W_STACK0 - 16), (S_CODE1 & ~3u) | 1);
	/* The inner stack. */
	world_ring(3);
	poke16(W_TSS + 16, 0xfff8);
	ck_ok(event_interrupt(cpu, 0x20));
	ck_handler(V_TS);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 0xfff8 | 1);
}
END_TEST

START_TEST(no_room)
{
	world_ring(3);
	handlers(S_CODE0);
	gdt(S_STACK16, 0x7000, 0x0fff, SEG_P | SEG_S | SEG_W | A_DPL1);
	poke32(W_TSS + 12, 0x2000);
	poke16(W_TSS + 16, S_STACK16 | 1);
	idt(0x20, S_CODE1, 0, G_INT32, 3);
	ck_ok(soft(0x20));
	ck_handler(V_SS);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), S_STACK16);
	/* On the same stack the error code is 0 (and EXT). */
	world_ring(0);
	idt(V_SS, S_CODE0, V_SS << 16, G_TASK, 0);
	poke32(W_IDT + V_SS * 8, S_TSS2 << 16);
	poke32(W_IDT + V_SS * 8 + 4, 0x8000 | G_TASK << 8);
	poke32(W_TSS2 + 0x20, V_SS << 16);
	poke32(W_TSS2 + 0x24, 2);
	poke32(W_TSS2 + 0x38, 0x7000);
	poke32(W_TSS2 + 0x4c, S_CODE0);
	poke32(W_TSS2 + 0x50, S_DATA0);
	idt(0x20, S_CODE0, 0, G_INT32, 3);
	cpu->s.seg[SS].limit = 0x100;
	cpu->s.eip = 0x4444;
	ck_ok(event_interrupt(cpu, 0x20));
	ck_handler(V_SS);
	ck_assert_uint_eq(cpu->s.tr.sel, S_TSS2);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x7000 - 4);
	ck_assert_uint_eq(peek32(0x7000 - 4), 1);
	ck_assert_uint_eq(peek32(W_TSS + 0x20), 0x4444);
	ck_assert(cpu_eflags(cpu) & FL_NT);
}
END_TEST

START_TEST(page_fault_classes)
{
	struct cpu_state before;

	/* #PF while delivering #PF: double fault, error code 0, CR2 of the second. */
	world_paging();
	world_ring(3);
	handlers(S_CODE0);
	idt(V_PF, S_CODE1, V_PF << 16, G_INT32, 0);
	world_pte(W_STACK1 - 4, 0);
	cpu->s.cr2 = 0x777;
	cpu->s.eip = 0x4444;
	ck_ok(raise(V_PF, true, 4));
	ck_handler(V_DF);
	ck_assert_uint_eq(cpu->s.cr2, W_STACK1 - 4);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), 0);
	ck_assert_uint_eq(peek32(W_STACK0 - 20), 0x4444);
	ck_assert_uint_eq(peek32(W_STACK0 - 4), S_DATA3);
	/* #PF while delivering a benign one, or #GP: just the #PF. */
	world_ring(3);
	idt(V_PF, S_CODE0, V_PF << 16, G_INT32, 0);
	idt(V_UD, S_CODE1, V_UD << 16, G_INT32, 0);
	ck_ok(raise(V_UD, false, 0));
	ck_handler(V_PF);
	ck_assert_uint_eq(peek32(W_STACK0 - 24), PF_WRITE);
	world_ring(3);
	idt(V_GP, S_CODE1, V_GP << 16, G_INT32, 0);
	ck_ok(raise(V_GP, true, 0));
	ck_handler(V_PF);
	/* An interrupt that happens to have vector 14 is benign. */
	world_ring(3);
	idt(V_PF, 0, 0, G_INT32, 0);
	idt(V_GP, S_CODE0, V_GP << 16, G_INT32, 0);
	ck_ok(event_interrupt(cpu, V_PF));
	ck_handler(V_GP);
	/* Everything fails: shutdown, nothing changed, and the first cause is still known. */
	world_ring(3);
	cpu->s.tr.limit = 4;
	before = cpu->s;
	ck_assert_int_eq(raise(V_UD, false, 0), 1);
	ck_assert(!cpu->trap.pending);
	ck_assert_uint_eq(cpu->trap.vector, V_UD);
	ck_assert_mem_eq(&before, &cpu->s, sizeof(before));
}
END_TEST

START_TEST(contributory)
{
	world_ring(3);
	handlers(S_CODE0);
	idt(V_GP, 0, 0, G_INT32, 0);
	ck_ok(raise(V_NP, true, 8));
	ck_handler(V_NP);
	world_ring(3);
	idt(V_NP, 0, 0, G_INT32, 0);
	ck_ok(raise(V_NP, true, 8)); /* #NP, then #GP */
	ck_handler(V_DF);
	world_ring(3);
	idt(V_GP, S_CODE0, V_GP << 16, G_INT32, 0);
	idt(V_NP, 0, 0, G_INT32, 3);
	ck_ok(soft(V_NP)); /* INT 11 is no exception */
	ck_handler(V_GP);
	world_ring(3);
	idt(V_PF, 0, 0, G_INT32, 0);
	ck_ok(raise(V_PF, true, 0)); /* #PF, then #GP */
	ck_handler(V_DF);
}
END_TEST

/* The frame straddles two pages and the second one met is missing: nothing has been written. */
START_TEST(half_a_frame)
{
	world_paging();
	world_ring(3);
	handlers(S_CODE0);
	idt(0x20, S_CODE1, 0x3000, G_INT32, 3);
	poke32(W_TSS + 12, 0x9008);
	poke32(0x9004, 0x55555555);
	world_pte(0x8000, 0);
	poke32(W_TSS + 4, 0x7000);
	ck_ok(soft(0x20));
	ck_handler(V_PF);
	ck_assert_uint_eq(cpu->s.cr2, 0x8ffc);
	ck_assert_uint_eq(peek32(0x9004), 0x55555555);
	ck_assert(!(peek32(W_GDT + (S_CODE1 & ~3) + 4) & 0x100));
}
END_TEST

/* With all accessed bits set, descriptor tables may lie in read-only memory. */
START_TEST(read_only_tables)
{
	world_paging();
	world_ring(3);
	handlers(S_CODE0);
	world_pte(W_GDT, PTE_P);
	world_pte(W_IDT, PTE_P);
	ck_assert_int_eq(raise(V_UD, false, 0), 1); /* not set: #PF in #UD, in #PF, and in #DF */
	world_pte(W_GDT, PTE_P | PTE_RW);
	world_ring(3);
	ck_ok(raise(V_UD, false, 0));
	world_pte(W_GDT, PTE_P);
	world_ring(3);
	ck_ok(raise(V_UD, false, 0));
	ck_handler(V_UD);
	ck_ok(seg_load(cpu, DS, S_DATA0));
}
END_TEST

/* Code lies under the frame: delivery has nobody to ask, so it just writes, and notes it. */
START_TEST(frame_over_code)
{
	world_ring(0);
	handlers(S_CODE0);
	mem_mark_code(&mem, W_STACK0 - 16, 16);
	ck_ok(raise(V_UD, false, 0));
	ck_handler(V_UD);
	ck_assert(!cpu->restart_single);
	ck_assert(!cpu->single);
	ck_assert_uint_eq(mem.nr_changed, 1);
}
END_TEST

START_TEST(gate_16)
{
	world_ring(3);
	idt(0x20, S_CODE0, 0x12345678, G_INT16, 3);
	cpu->s.eip = 0x14446;
	ck_ok(soft(0x20));
	ck_assert_uint_eq(cpu->s.eip, 0x5678);
	ck_assert_uint_eq(cpu->s.r[ESP], W_STACK0 - 10);
	ck_assert_uint_eq(peek16(W_STACK0 - 10), 0x4446);
}
END_TEST

static void be_v86(unsigned iopl)
{
	world_ring(3);
	cpu_set_eflags(cpu, FL_VM | FL_IF | iopl << 12);
	for (unsigned i = 0; i < NR_SEGS; i++)
		ck_ok(seg_load(cpu, i, (uint16_t)(0x1000 + i * 0x100)));
	cpu->s.r[ESP] = 0x8000;
	cpu->s.eip = 0x4444;
}

START_TEST(from_v86)
{
	uint32_t top = W_STACK0;

	be_v86(3);
	handlers(S_CODE0);
	ck_ok(raise(V_GP, true, 0));
	ck_handler(V_GP);
	ck_assert_uint_eq(cpu->s.cpl, 0);
	ck_assert(!cpu_is_v86(cpu));
	ck_assert_uint_eq(cpu->s.r[ESP], top - 40);
	ck_assert_uint_eq(peek32(top - 4), 0x1000 + GS * 0x100);
	ck_assert_uint_eq(peek32(top - 8), 0x1000 + FS * 0x100);
	ck_assert_uint_eq(peek32(top - 12), 0x1000 + DS * 0x100);
	ck_assert_uint_eq(peek32(top - 16), 0x1000 + ES * 0x100);
	ck_assert_uint_eq(peek32(top - 20), 0x1000 + SS * 0x100);
	ck_assert_uint_eq(peek32(top - 24), 0x8000);
	ck_assert_uint_eq(peek32(top - 28), FL_VM | FL_RF | FL_IF | 0x3002);
	ck_assert_uint_eq(peek32(top - 32), 0x1000 + CS * 0x100);
	ck_assert_uint_eq(peek32(top - 36), 0x4444);
	ck_assert_uint_eq(cpu->s.seg[DS].attr, 0);
	ck_assert_uint_eq(cpu->s.seg[GS].sel, 0);
	/* Back, above the error code. */
	cpu->s.r[ESP] += 4;
	ck_ok(seg_iret(cpu, 4, 0));
	ck_assert(cpu_is_v86(cpu));
	ck_assert_uint_eq(cpu->s.seg[FS].sel, 0x1000 + FS * 0x100);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x8000);
	/* A handler in another ring is not allowed. */
	be_v86(3);
	idt(0x20, S_CODE1, 0, G_INT32, 3);
	ck_ok(event_interrupt(cpu, 0x20));
	ck_handler(V_GP);
	ck_assert_uint_eq(peek32(top - 40), (S_CODE1 & ~3u) | 1);
}
END_TEST

START_TEST(real_mode_vectors)
{
	world_ring(0);
	cpu->s.cr0 &= ~(uint32_t)CR0_PE;
	ck_ok(seg_load(cpu, SS, 0x700));
	cpu->s.seg[SS].attr &= ~SEG_DB;
	cpu->s.idtr = (struct dtable){0, 0x3ff};
	cpu_state_changed(cpu);
	cpu->s.r[ESP] = 0xffff0100;
	poke32(0x21 * 4, 0xf0001234);
	cpu_set_eflags(cpu, FL_IF | FL_TF | FL_CF);
	cpu->s.eip = 0x4444;
	ck_ok(soft(0x21));
	ck_assert_uint_eq(cpu->s.seg[CS].base, 0xf0000);
	ck_assert_uint_eq(cpu->s.eip, 0x1234);
	ck_assert_uint_eq(cpu->s.r[ESP], 0xffff00fa);
	ck_assert_uint_eq(peek16(0x70fe), FL_IF | FL_TF | FL_CF | FL_R1);
	ck_assert_uint_eq(peek16(0x70fa), 0x4444);
	ck_assert_uint_eq(cpu_eflags(cpu), FL_CF | FL_R1);
	ck_ok(seg_iret(cpu, 2, 0));
	ck_assert_uint_eq(cpu->s.eip, 0x4444);
	ck_assert_uint_eq(cpu_eflags(cpu), FL_IF | FL_TF | FL_CF | FL_R1);
}
END_TEST

/* The new task is broken: its fault is delivered in it, and to it belongs the EIP. */
START_TEST(broken_task)
{
	world_ring(3);
	handlers(S_CODE0);
	poke32(W_IDT + 0x20 * 8, S_TSS2 << 16);
	poke32(W_IDT + 0x20 * 8 + 4, 0x8000 | G_TASK << 8 | 3 << 13);
	poke32(W_TSS2 + 0x20, 0x5555);
	poke32(W_TSS2 + 0x38, 0x7000);
	poke32(W_TSS2 + 0x4c, S_CODE0);
	poke32(W_TSS2 + 0x50, S_DATA0);
	poke32(W_TSS2 + 0x54, S_TSS);
	cpu->s.eip = 0x4446;
	ck_ok(soft(0x20));
	ck_handler(V_TS);
	ck_assert_uint_eq(cpu->s.tr.sel, S_TSS2);
	ck_assert_uint_eq(peek32(W_TSS + 0x20), 0x4446);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x7000 - 16);
	ck_assert_uint_eq(peek32(0x7000 - 16), S_TSS);
	ck_assert_uint_eq(peek32(0x7000 - 12), 0x5555);
}
END_TEST

START_TEST(ring0_charge)
{
	world_ring(3);
	handlers(S_CODE0);
	cpu->ring0_charge_ns = 500;
	ck_ok(raise(V_UD, false, 0));
	ck_assert_uint_eq(cpu_clock_ns(cpu), 500);
	ck_ok(raise(V_UD, false, 0)); /* from within: no charge */
	ck_assert_uint_eq(cpu_clock_ns(cpu), 500);
}
END_TEST

/*
 * A crossing that was made before is made again without the checks; but only while all it was checked
 * against is still the same.  So spoil one thing, and cross with what is remembered and without:
 * nobody may see a difference.
 */
static void spoil(unsigned how)
{
	switch (how) {
	case 1: gdt(S_CODE0, 0, 0xfffff, (A_CODE | SEG_A) & ~SEG_P); break;
	case 2: gdt(S_CODE0, 0, 0xfffff, A_CODE | SEG_A | A_DPL3); break;
	case 3: gdt(S_CODE0, 0, 0x12, A_CODE | SEG_A); break;
	case 4: gdt(S_DATA0, 0, 0xfffff, (A_DATA | SEG_A) & ~SEG_W); break;
	case 5: gdt(S_DATA0, 0x100, 0xfffff, A_DATA | SEG_A); break;
	case 6: gdt(S_DATA0, 0, 7, A_DATA | SEG_A); break;
	case 7: poke32(W_TSS + 8, S_DATA1); break;
	case 8: poke32(W_TSS + 4, W_STACK0 - PAGE_SIZE + 8); break;
	case 9: idt(0x20, S_CODE0, 0x123456, G_INT32, 0); break;
	case 10: idt(0x20, S_CODE0, 0x7777, G_INT16, 3); break;
	case 11: idt(0x20, S_CODE1, 0x123456, G_TRAP32, 3); break;
	case 12: gdt(S_CODE3, 0, 0xfffff, (A_CODE | SEG_A) & ~SEG_P); break;
	case 13: gdt(S_CODE3, 0, 1, A_CODE | SEG_A | A_DPL3); break;
	case 14: gdt(S_DATA3, 0, 0xfffff, A_DATA | SEG_A); break;
	case 15: cpu->s.gdtr.limit = S_CODE3 | 3; break;
	case 16: cpu->s.idtr.limit = 0x20 * 8; break;
	case 17: cpu->s.seg[DS] = (struct seg){S_DATA0, A_DATA, 0, ~0u}; break;
	case 18: cpu->s.eflags |= FL_NT; break;
	}
}

#define SPOILS 19
#define LOW    0x10000u

static void cross(bool remembered, unsigned how, const struct cpu_state *s, const uint8_t *low,
		  struct cpu_state *then, uint8_t *after)
{
	cpu->s = *s;
	ck_assert(mem_write(&mem, 0, low, LOW));
	cpu_state_changed(cpu);
	for (unsigned i = 0; i < 3; i++) {
		ck_ok(soft(0x20));
		ck_assert_uint_eq(cpu->s.cpl, 0);
		ck_assert_uint_eq(seg_iret_quick(cpu), i > 0);
		if (!i)
			ck_ok(seg_iret(cpu, 4, 0));
	}
	cpu->s = *s;
	cpu_update_view(cpu);
	cpu_update_mode(cpu);
	if (!remembered)
		cpu_drop_caches(cpu);
	spoil(how);
	/* It may be a shutdown, or another handler. */
	cpu->s.insns[1] = (uint64_t)soft(0x20);
	if (!seg_iret_quick(cpu) && seg_iret(cpu, 4, 0))
		cpu->s.insns[0] = cpu->trap.vector << 16 | cpu->trap.error;
	cpu->trap.pending = false;
	*then = cpu->s;
	ck_assert(mem_read(&mem, 0, after, LOW));
}

START_TEST(remembered_or_not)
{
	static uint8_t low[LOW], after[2][LOW];
	static struct cpu_state then[2];
	struct cpu_state s;

	world_paging();
	handlers(S_CODE0);
	idt(0x20, S_CODE0, 0x123456, G_INT32, 3);
	world_ring(3);
	cpu->s.eip = 0x4444;
	s = cpu->s;
	ck_assert(mem_read(&mem, 0, low, LOW));
	for (unsigned i = 0; i < 2; i++)
		cross(i, (unsigned)_i, &s, low, &then[i], after[i]);
	ck_assert_mem_eq(after[0], after[1], LOW);
	ck_assert_mem_eq(then[0].r, then[1].r, sizeof(s.r));
	ck_assert_mem_eq(then[0].seg, then[1].seg, sizeof(s.seg));
	ck_assert_mem_eq(then[0].insns, then[1].insns, sizeof(s.insns));
	ck_assert_uint_eq(then[0].eip, then[1].eip);
	ck_assert_uint_eq(then[0].cpl, then[1].cpl);
	ck_assert_uint_eq(then[0].eflags, then[1].eflags);
	ck_assert_uint_eq(flags_get(&then[0].fl), flags_get(&then[1].fl));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, inner_stack, 0, 3);
	tcase_add_test(tc, ring1_to_ring1);
	tcase_add_test(tc, ring3_frame_is_a_users);
	tcase_add_test(tc, conforming_handler);
	tcase_add_test(tc, rf_in_the_frame);
	tcase_add_test(tc, software_interrupt_dpl);
	tcase_add_test(tc, error_codes_of_delivery);
	tcase_add_test(tc, no_room);
	tcase_add_test(tc, page_fault_classes);
	tcase_add_test(tc, contributory);
	tcase_add_test(tc, half_a_frame);
	tcase_add_test(tc, read_only_tables);
	tcase_add_test(tc, frame_over_code);
	tcase_add_test(tc, gate_16);
	tcase_add_test(tc, from_v86);
	tcase_add_test(tc, real_mode_vectors);
	tcase_add_test(tc, broken_task);
	tcase_add_test(tc, ring0_charge);
	tcase_add_loop_test(tc, remembered_or_not, 0, SPOILS);
}

int main(void)
{
	return run_tests("cpu/event", fill);
}
