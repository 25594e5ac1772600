/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:329
 * A small world for tests of the CPU: descriptor tables, task states, stacks and page tables at
 * known places in 4 MB of RAM, laid out by hand.  Nothing runs here; tests call the CPU's
 * functions and look at registers and memory.
:*/
#ifndef TESTS_CPU_WORLD_H
#define TESTS_CPU_WORLD_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "cpu/access.h"
#include "cpu/cpu.h"
#include "cpu/event.h"
#include "cpu/seg.h"
#include "../prove/rungs.h"
#include "cpu/system.h"

/* Where things lie (linear = physical). */
enum {
	W_GDT = 0x1000,
	W_IDT = 0x2000,
	W_TSS = 0x3000,
	W_TSS2 = 0x3800,
	W_TSS16 = 0x3c00,
	W_LDT = 0x4000,
	W_STACK0 = 0x8000,
	W_STACK1 = 0x9000,
	W_STACK2 = 0xa000,
	W_STACK3 = 0xb000, /* tops */
	W_PD = 0x100000,
	W_PT = 0x101000,
	W_RAM = 0x400000,
};

/* Selectors, with the RPL they are used with. */
enum {
	S_CODE0 = 0x08,
	S_DATA0 = 0x10,
	S_CODE1 = 0x19,
	S_DATA1 = 0x21,
	S_CODE2 = 0x2a,
	S_DATA2 = 0x32,
	S_CODE3 = 0x3b,
	S_DATA3 = 0x43,
	S_TSS = 0x48,
	S_CONF0 = 0x50,
	S_LDT = 0x58,
	S_DATA0_ABSENT = 0x60,
	S_TSS2 = 0x68,
	S_GATE = 0x73,
	S_STACK16 = 0x78,
	S_DOWN3 = 0x83,
	S_TSS16 = 0x88,
	S_CODE0_ABSENT = 0x90,
	S_XONLY3 = 0x9b,
	S_RODATA3 = 0xa3,
	S_SMALL3 = 0xab,
	S_GATE2 = 0xb3,
	S_TASK_GATE = 0xbb,
	S_CODE16 = 0xc0,
	S_END = 0xc8,
};

static struct cpu *cpu;
static struct mem mem;

static inline uint32_t peek32(uint32_t pa)
{
	le32_t v = le32(0);

	ck_assert(mem_read(&mem, pa, &v, 4));
	return le32_get(v);
}

static inline uint16_t peek16(uint32_t pa)
{
	return (uint16_t)peek32(pa);
}

static inline void poke32(uint32_t pa, uint32_t x)
{
	le32_t v = le32(x);

	ck_assert(mem_write(&mem, pa, &v, 4));
}

static inline void poke16(uint32_t pa, uint16_t x)
{
	le16_t v = le16(x);

	ck_assert(mem_write(&mem, pa, &v, 2));
}

/* attr as in struct seg; limit in bytes, or in pages if attr has SEG_G. */
static inline void put_desc(uint32_t at, uint32_t base, uint32_t limit, unsigned attr)
{
	poke32(at, base << 16 | (limit & 0xffff));
	poke32(at + 4, (base & 0xff000000) | (attr & 0xf00) << 12 | (limit & 0xf0000) |
			       (attr & 0xff) << 8 | (base >> 16 & 0xff));
}

static inline void gdt(unsigned sel, uint32_t base, uint32_t limit, unsigned attr)
{
	put_desc(W_GDT + (sel & 0xfff8), base, limit, attr);
}

static inline void put_gate(uint32_t at, unsigned sel, uint32_t off, unsigned type, unsigned dpl,
			    unsigned params)
{
	poke32(at, sel << 16 | (off & 0xffff));
	poke32(at + 4, (off & 0xffff0000) | 0x8000 | dpl << 13 | type << 8 | params);
}

static inline void idt(unsigned vector, unsigned sel, uint32_t off, unsigned type, unsigned dpl)
{
	put_gate(W_IDT + vector * 8, sel, off, type, dpl, 0);
}

enum {
	A_FLAT = SEG_G | SEG_DB | SEG_P | SEG_S,
	A_CODE = A_FLAT | SEG_CODE | SEG_R,
	A_DATA = A_FLAT | SEG_W,
	A_DPL1 = 0x20,
	A_DPL2 = 0x40,
	A_DPL3 = 0x60,
	G_INT32 = 14,
	G_TRAP32 = 15,
	G_INT16 = 6,
	G_CALL32 = 12,
	G_CALL16 = 4,
	G_TASK = 5,
};

static inline void world_gdt(void)
{
	for (unsigned ring = 0; ring < 4; ring++) {
		gdt(S_CODE0 + ring * 16, 0, 0xfffff, A_CODE | ring << 5);
		gdt(S_DATA0 + ring * 16, 0, 0xfffff, A_DATA | ring << 5);
	}
	gdt(S_TSS, W_TSS, 0x2067, SEG_P | 9);
	gdt(S_CONF0, 0, 0xfffff, A_CODE | SEG_C);
	gdt(S_LDT, W_LDT, 0x1f, SEG_P | 2);
	gdt(S_DATA0_ABSENT, 0, 0xfffff, A_DATA & ~SEG_P);
	gdt(S_TSS2, W_TSS2, 0x67, SEG_P | 9);
	gdt(S_STACK16, 0, 0xffff, SEG_P | SEG_S | SEG_W);
	gdt(S_DOWN3, 0, 0x0fff, SEG_P | SEG_S | SEG_W | SEG_E | A_DPL3);
	gdt(S_TSS16, W_TSS16, 0x2b, SEG_P | 1);
	gdt(S_CODE0_ABSENT, 0, 0xfffff, A_CODE & ~SEG_P);
	gdt(S_XONLY3, 0, 0xfffff, (A_CODE & ~SEG_R) | A_DPL3);
	gdt(S_RODATA3, 0, 0xfffff, (A_DATA & ~SEG_W) | A_DPL3);
	gdt(S_SMALL3, 0x20000, 0xff, SEG_P | SEG_S | SEG_W | A_DPL3);
	gdt(S_CODE16, 0, 0xffff, SEG_P | SEG_S | SEG_CODE | SEG_R);
}

static inline uint32_t world_port_in(void *ctx, uint16_t port, unsigned size)
{
	return port | size << 24;
}

static inline void world_port_out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
}

/* Be a program of this ring: all segments flat, ESP at the top of its stack. */
static inline void world_ring(unsigned ring)
{
	struct cpu_state *s = &cpu->s;
	static const uint32_t stack[4] = {W_STACK0, W_STACK1, W_STACK2, W_STACK3};

	for (unsigned i = 0; i < NR_SEGS; i++) {
		unsigned sel = (i == CS ? S_CODE0 : S_DATA0) + ring * 17;

		s->seg[i] = (struct seg){
			(uint16_t)sel, (uint16_t)((i == CS ? A_CODE : A_DATA) | SEG_A | ring << 5),
			0, 0xffffffff};
	}
	s->cpl = (uint8_t)ring;
	s->r[ESP] = stack[ring];
	cpu_set_eflags(cpu, FL_IF);
	cpu_state_changed(cpu);
}

/* Identity map of all RAM, everything user and writable. */
static inline void world_paging(void)
{
	poke32(W_PD, W_PT | PTE_P | PTE_RW | PTE_US);
	for (uint32_t i = 0; i < 1024; i++)
		poke32(W_PT + i * 4, i << 12 | PTE_P | PTE_RW | PTE_US);
	cpu->s.cr3 = W_PD;
	cpu->s.cr0 |= CR0_PG | CR0_WP;
	cpu_state_changed(cpu);
}

/* Change one page's entry, as a careful kernel would. */
static inline void world_pte(uint32_t lin, uint32_t flags)
{
	poke32(W_PT + (lin >> 12) * 4, (lin & PAGE_MASK) | flags);
	cpu_forget_spaces(cpu);
}

static inline uint32_t pte_of(uint32_t lin)
{
	return peek32(W_PT + (lin >> 12) * 4);
}

static void setup(void)
{
	static const struct cpu_bus bus = {.port_in = world_port_in, .port_out = world_port_out};
	struct cpu_state *s;

	cpu = calloc(1, sizeof(*cpu));
	ck_assert_ptr_nonnull(cpu);
	ck_assert_int_eq(mem_init(&mem, W_RAM), 0);
	ck_assert_int_eq(cpu_init(cpu, &mem, &bus), 0);
	cpu_do_without(cpu, rungs_without());
	s = &cpu->s;
	world_gdt();
	s->gdtr = (struct dtable){W_GDT, S_END - 1};
	s->idtr = (struct dtable){W_IDT, 0x7ff};
	s->cr0 = CR0_PE | CR0_ET;
	for (unsigned ring = 0; ring < 3; ring++) {
		static const uint32_t stack[3] = {W_STACK0, W_STACK1, W_STACK2};

		poke32(W_TSS + 4 + ring * 8, stack[ring]);
		poke32(W_TSS + 8 + ring * 8, S_DATA0 + ring * 17);
	}
	world_ring(0);
	ck_assert_int_eq(seg_ltr(cpu, S_TSS), 0);
	s->eip = 0x10000;
}

static void teardown(void)
{
	cpu_fini(cpu);
	mem_fini(&mem);
	free(cpu);
}

/* The last call faulted, like this; forget it. */
#define ck_fault(call, vec, err)                                                                   \
	do {                                                                                       \
		ck_assert_int_eq(call, 1);                                                         \
		ck_assert(cpu->trap.pending);                                                      \
		ck_assert_uint_eq(cpu->trap.vector, vec);                                          \
		ck_assert_uint_eq(cpu->trap.error, err);                                           \
		cpu->trap.pending = false;                                                         \
	} while (0)

#define ck_ok(call) ck_assert_int_eq(call, 0)

static inline int run_tests(const char *name, void (*fill)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	fill(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
