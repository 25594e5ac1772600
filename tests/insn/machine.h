/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:977
 * A small machine for the tests of instructions: rings 0 and 3, paging, a frame for every exception,
 * and pages in pairs (data, two strings, stack, frame, code) that a test can take away one by one.
 * An exception ends in ring 0 at a HLT, and the frame it pushed tells what the program was.
:*/
#ifndef TESTS_INSN_MACHINE_H
#define TESTS_INSN_MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../prove/rungs.h"
#include "cpu/block.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"

/* Linear addresses: two neighbouring pages each, and what keeps the machine going. */
enum {
	CODE = 0x28000000,
	DATA = 0x10000000,
	SRC = 0x11000000,
	DST = 0x12000000,
	STACK = 0x13000000,
	FRAME = 0x14000000,
	SYS = 0x30000000,
};

/* Machine-physical. */
enum {
	PA_DIR = 0x1000,
	PA_GDT = 0x2000,
	PA_IDT = 0x3000,
	PA_TSS = 0x4000,
	PA_STACK0 = 0x5000,
	PA_HANDLERS = 0x6000,
	PA_CODE = 0x7000,
	PA_DATA = 0x9000,
	PA_SRC = 0xb000,
	PA_DST = 0xd000,
	PA_STACK = 0xf000,
	PA_FRAME = 0x11000,
	PA_TABLES = 0x13000,
	RAM_BYTES = 0x20000,
};

enum {
	S_CODE3 = 0x23,
	S_DATA3 = 0x2b,
	S_CODE0 = 0x30,
	S_DATA0 = 0x38,
	S_TSS = 0x50,
	S_TSS2 = 0x58,
	S_LDT = 0x60,
	GDT_BYTES = 0x68
};

/* The pages a test may take away: linear address, and where its page-table entry is. */
struct page {
	uint32_t lin, pa, pte_pa;
};

enum { NR_PAGES = 12 };

struct machine {
	struct mem mem;
	struct cpu cpu;
	struct page page[NR_PAGES];
	uint32_t next_table;
	uint32_t wrote; /* the last OUT to port 0x41 */
};

static inline void put32(struct machine *m, uint32_t pa, uint32_t v)
{
	le32_t w = le32(v);

	if (!mem_write(&m->mem, pa, &w, 4))
		abort();
}

static inline uint32_t get32(struct machine *m, uint32_t pa)
{
	le32_t w;

	if (!mem_read(&m->mem, pa, &w, 4))
		abort();
	return le32_get(w);
}

/* Map a page; returns where the entry is. */
static inline uint32_t map(struct machine *m, uint32_t lin, uint32_t pa, unsigned flags)
{
	uint32_t pde_pa = PA_DIR + (lin >> 22) * 4, pde = get32(m, pde_pa), pte_pa;

	if (!pde) {
		pde = m->next_table | 7;
		m->next_table += PAGE_SIZE;
		put32(m, pde_pa, pde);
	}
	pte_pa = (pde & PAGE_MASK) + (lin >> 12 & 1023) * 4;
	put32(m, pte_pa, pa | flags);
	return pte_pa;
}

static inline void put_desc(struct machine *m, unsigned sel, uint32_t base, uint32_t limit,
			    unsigned attr)
{
	uint32_t pa = PA_GDT + (sel & 0xfff8u);

	put32(m, pa, (limit & 0xffff) | base << 16);
	put32(m, pa + 4,
	      (base >> 16 & 0xff) | (attr & 0xff) << 8 | (limit & 0xf0000) | (attr & 0xf00) << 12 |
		      (base & 0xff000000));
}

static uint32_t machine_in(void *ctx, uint16_t port, unsigned size)
{
	(void)ctx, (void)port, (void)size;
	return 0x5a5a5a5a;
}

static void machine_out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
	(void)port, (void)size;
	((struct machine *)ctx)->wrote = v;
}

static void machine_deadline(void *ctx)
{
	((struct machine *)ctx)->cpu.deadline_ns = UINT64_MAX;
}

static uint8_t machine_ack(void *ctx)
{
	(void)ctx;
	return 0xff;
}

static inline void machine_make(struct machine *m)
{
	static const struct {
		uint32_t lin, pa;
	} pair[NR_PAGES / 2] = {{CODE, PA_CODE}, {DATA, PA_DATA},   {SRC, PA_SRC},
				{DST, PA_DST},	 {STACK, PA_STACK}, {FRAME, PA_FRAME}};

	memset(m, 0, sizeof(*m));
	if (mem_init(&m->mem, RAM_BYTES) ||
	    cpu_init(&m->cpu, &m->mem,
		     &(struct cpu_bus){m, machine_in, machine_out, machine_deadline, machine_ack}))
		abort();
	cpu_do_without(&m->cpu, rungs_without());
	m->next_table = PA_TABLES;
	for (unsigned i = 0; i < NR_PAGES; i++) {
		struct page *p = &m->page[i];

		p->lin = pair[i / 2].lin + i % 2 * PAGE_SIZE;
		p->pa = pair[i / 2].pa + i % 2 * PAGE_SIZE;
		p->pte_pa = map(m, p->lin, p->pa, 7);
	}
	for (uint32_t pa = PA_GDT; pa <= PA_HANDLERS; pa += PAGE_SIZE)
		map(m, SYS + pa, pa, 3);
	put_desc(m, S_CODE3, 0, 0xfffff, 0xcfb);
	put_desc(m, S_DATA3, 0, 0xfffff, 0xcf3);
	put_desc(m, S_CODE0, 0, 0xfffff, 0xc9b);
	put_desc(m, S_DATA0, 0, 0xfffff, 0xc93);
	put_desc(m, S_TSS, SYS + PA_TSS, 0x67, 0x8b);
	put_desc(m, S_TSS2, SYS + PA_TSS + 0x100, 0x67, 0x89);
	put_desc(m, S_LDT, SYS + PA_GDT + 0x800, 0x7f, 0x82);
	put32(m, PA_TSS + 4, SYS + PA_STACK0 + PAGE_SIZE);
	put32(m, PA_TSS + 8, S_DATA0);
	put32(m, PA_TSS + 0x64, 0x680000);
	for (unsigned v = 0; v < 256; v++) {
		uint32_t h = SYS + PA_HANDLERS + v * 16;

		/* Software may call all of them but the page fault's. */
		put32(m, PA_IDT + v * 8, S_CODE0 << 16 | (h & 0xffff));
		put32(m, PA_IDT + v * 8 + 4, (h & 0xffff0000) | (v == V_PF ? 0x8e00 : 0xee00));
		if (!mem_write(&m->mem, PA_HANDLERS + v * 16, "\xf4", 1))
			abort();
	}
}

static inline void machine_free(struct machine *m)
{
	cpu_fini(&m->cpu);
	mem_fini(&m->mem);
}

/* Registers as a test finds them: cpl 0 or 3, flat segments, EIP at CODE. */
static inline void machine_enter(struct machine *m, unsigned cpl)
{
	struct cpu *cpu = &m->cpu;
	const struct seg data = {cpl ? S_DATA3 : S_DATA0, cpl ? 0xcf3 : 0xc93, 0, ~0u};

	cpu_reset(cpu);
	cpu->deadline_ns = UINT64_MAX;
	cpu->trap.pending = false;
	fpu_reset(&cpu->s.fpu);
	cpu->s.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_ET;
	cpu->s.cr3 = PA_DIR;
	cpu->s.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
	cpu->s.gdtr = (struct dtable){SYS + PA_GDT, GDT_BYTES - 1};
	cpu->s.idtr = (struct dtable){SYS + PA_IDT, 256 * 8 - 1};
	cpu->s.tr = (struct seg){S_TSS, 0x8b, SYS + PA_TSS, 0x67};
	cpu->s.ldtr = (struct seg){0};
	for (unsigned i = 0; i < NR_SEGS; i++)
		cpu->s.seg[i] = data;
	cpu->s.seg[CS] = (struct seg){cpl ? S_CODE3 : S_CODE0, cpl ? 0xcfb : 0xc9b, 0, ~0u};
	cpu->s.cpl = (uint8_t)cpl;
	cpu->s.eip = CODE;
	cpu->s.r[ESP] = cpl ? STACK + 0x800 : SYS + PA_STACK0 + 0x800;
	cpu_set_eflags(cpu, 0x3002 | FL_CF);
	cpu_state_changed(cpu);
}

/* How a run ended. */
#define NO_TRAP 0xffffffffu

/* After a run: the vector whose handler we halted in, or NO_TRAP. */
static inline uint32_t machine_vector(const struct machine *m)
{
	uint32_t at = m->cpu.s.eip - (SYS + PA_HANDLERS);

	return m->cpu.s.cpl == 0 && m->cpu.s.halted && at < 4096 ? at / 16 : NO_TRAP;
}

#endif
