/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:301
 * The processor as the board sees it: made, reset, told about the world; and the few pieces of
 * derived state (mode, TLB view, paging summary, counters) that every other file of src/cpu
 * relies on being right.  Running it is run.c's business.
:*/
#include <string.h>

#include "block.h"
#include "breaks.h"
#include "cpu.h"
#include "fpu.h"
#include "mmu/paging.h"

int cpu_init(struct cpu *cpu, struct mem *mem, const struct cpu_bus *bus)
{
	memset(cpu, 0, sizeof(*cpu));
	cpu->mem = mem;
	cpu->bus = *bus;
	cpu->model = *cpu_model_find(NULL);
	cpu->deadline_ns = UINT64_MAX;
	for (unsigned i = 0; i < MEM_SPACES; i++)
		tlb_init(&cpu->space[i], i);
	cpu->tlb = cpu->space;
	cpu_reset(cpu);
	return block_cache_init(cpu);
}

void cpu_fini(struct cpu *cpu)
{
	block_cache_fini(cpu);
}

/*C:525
 * Reset ("IA-32 Processor States Following Power-up, Reset, or INIT").  The processor wakes in
 * real mode, but with a code segment that no real-mode selector could name: its base is
 * 0xffff0000, so the first instruction comes from sixteen bytes below 4 GB.
 */
static void reset_segments(struct cpu_state *s)
{
	for (unsigned i = 0; i < NR_SEGS; i++)
		s->seg[i] = (struct seg){0, SEG_P | SEG_S | SEG_W | SEG_A, 0, 0xffff};
	s->seg[CS].sel = 0xf000;
	s->seg[CS].base = 0xffff0000;
	s->ldtr = (struct seg){0, SEG_P | 2, 0, 0xffff};
	s->tr = (struct seg){0, SEG_P | 11, 0, 0xffff};
	s->gdtr = (struct dtable){0, 0xffff};
	s->idtr = (struct dtable){0, 0xffff};
}

void cpu_reset(struct cpu *cpu)
{
	struct cpu_state *s = &cpu->s;

	memset(s, 0, sizeof(*s));
	reset_segments(s);
	s->r[EDX] = cpu->model.signature;
	s->eip = 0xfff0;
	cpu_set_eflags(cpu, FL_R1);
	s->cr0 = CR0_CD | CR0_NW | CR0_ET;
	s->dr[6] = 0xffff0ff0;
	s->dr[7] = 0x400;
	s->pat = 0x0007040600070406;
	s->apic_base = 0xfee00100;
	fpu_reset(&s->fpu);
	/* After RESET, unlike FNINIT, the registers hold +0 and say so. */
	s->fpu.fcw = 0x0040;
	s->fpu.empty = 0;
	s->fpu.mxcsr = 0x1f80;
	cpu->stop = cpu->restart_single = cpu->single = false;
	cpu_state_changed(cpu);
}
/*:*/

void cpu_state_changed(struct cpu *cpu)
{
	cpu->trap.pending = false;
	cpu->in_delivery = false;
	cpu->budget_mark = cpu->budget;
	cpu_update_view(cpu);
	cpu_update_mode(cpu);
	cpu_update_paging(cpu);
	/* Not before cpu_init() has made it: a reset comes first. */
	if (cpu->cache)
		cpu_drop_caches(cpu);
	cpu_forget_spaces(cpu);
}

void cpu_stop(struct cpu *cpu)
{
	cpu->stop = true;
}

void cpu_set_intr(struct cpu *cpu, bool level)
{
	cpu->intr_line = level;
}

uint64_t cpu_clock_ns(const struct cpu *cpu)
{
	uint64_t n = (uint64_t)(cpu->budget_mark - cpu->budget);

	return cpu->s.clock_ns + (cpu->s.cpl ? n : 0);
}

uint64_t cpu_insns(const struct cpu *cpu)
{
	const uint64_t *n = cpu->s.insns;

	return n[0] + n[1] + n[2] + n[3] + (uint64_t)(cpu->budget_mark - cpu->budget);
}

/*C:532
 * The one door between rings: gates, returns, task switches and SYSENTER all come through here.
 */
void cpu_set_cpl(struct cpu *cpu, unsigned cpl)
{
	if (cpl == cpu->s.cpl)
		return;
	cpu_sync_counts(cpu);
	if (!cpl)
		cpu->s.clock_ns += cpu->ring0_charge_ns;
	cpu->s.cpl = (uint8_t)cpl;
	cpu->mode = (cpu->mode & ~(uint32_t)MODE_USER) | (cpl == 3 ? MODE_USER : 0);
	cpu_update_view(cpu);
}

void cpu_idle_until(struct cpu *cpu, uint64_t ns)
{
	cpu_sync_counts(cpu);
	if (ns <= cpu->s.clock_ns)
		return;
	cpu->idle_ns += ns - cpu->s.clock_ns;
	cpu->s.clock_ns = ns;
}
/*:*/

/* 0 if base is 0 and limit 4 GB: offsets are linear addresses. */
static uint32_t not_flat(const struct seg *g)
{
	return g->base | ~g->limit;
}

/* Likewise for all three that data is reached by without a prefix, if they may be written, too. */
static uint32_t not_flat_data(const struct seg *g)
{
	const uint32_t mask = SEG_P | SEG_S | SEG_CODE | SEG_E | SEG_W;
	const uint32_t want = SEG_P | SEG_S | SEG_W;

	return not_flat(&g[DS]) | not_flat(&g[ES]) | not_flat(&g[SS]) |
	       (((g[DS].attr ^ want) | (g[ES].attr ^ want) | (g[SS].attr ^ want)) & mask);
}

void cpu_update_mode(struct cpu *cpu)
{
	const struct seg *g = cpu->s.seg;
	uint32_t mode = 0;

	if (g[CS].attr & SEG_DB)
		mode |= MODE_D32;
	if (g[SS].attr & SEG_DB)
		mode |= MODE_SS32;
	/* The quick handlers look neither at alignment nor at breakpoints. */
	if (cpu_checks_alignment(cpu))
		mode |= MODE_ALIGN;
	if (cpu->s.dr[7] & DR7_ENABLED)
		mode |= MODE_BREAK;
	if (!(mode & (MODE_ALIGN | MODE_BREAK)) && !not_flat_data(g))
		mode |= MODE_FLAT;
	if (!not_flat(&g[CS]))
		mode |= MODE_CODE_FLAT;
	if (cpu->s.cpl == 3)
		mode |= MODE_USER;
	cpu->mode = mode;
	cpu_stamp_view(cpu);
}

void cpu_update_paging(struct cpu *cpu)
{
	const struct cpu_state *s = &cpu->s;
	struct paging *pg = &cpu->paging;

	pg->cr3 = s->cr3;
	pg->on = s->cr0 & CR0_PG;
	pg->wp = s->cr0 & CR0_WP;
	pg->pse = s->cr4 & CR4_PSE;
	pg->pae = s->cr4 & CR4_PAE;
	pg->pge = s->cr4 & CR4_PGE;
	pg->nxe = s->efer & 0x800;
	memcpy(pg->pdpte, s->pdpte, sizeof(pg->pdpte));
}

/*C:508
 * A load of CR3 empties the TLB, and two of them are what a world switch consists of: the Host would
 * look up the same two dozen pages each time.  But who can tell whether a TLB was emptied?  Only
 * somebody who changed the tables meanwhile.  So the translations of the last few address spaces are
 * kept, each in a TLB of its own, together with a note at each page of tables that one of them came
 * from.  A store to such a page takes the note away and makes the spaces that depended on it stale; and
 * when the CR3 of a stale one is loaded again, what came from pages without a note goes.  Until then it
 * stays as it is, which is just what the manual promises of translations that nobody has
 * invalidated.  (If a page of tables is noted before that, old translations can no longer be told from
 * new ones, and all go; likewise if the directory was stored to.)
 *
 * With global pages or PAE it is the old way: the former outlive a load in any case, and with the latter
 * CR3 stands for four entries that were read with it.
 */
static struct tlb *find_space(struct cpu *cpu, uint32_t cr3)
{
	struct tlb *t, *oldest = cpu->space;

	for (t = cpu->space; t < cpu->space + MEM_SPACES; t++) {
		if (t->cr3 == cr3)
			return t;
		if (t->last_used < oldest->last_used)
			oldest = t;
	}
	return oldest;
}

static void forget_stale(struct cpu *cpu)
{
	const uint32_t cr3 = cpu->tlb->cr3;

	if (cpu->tlb->mixed || !mem_is_ram(cpu->mem, cr3, 4) || !cpu_depends_on(cpu, cr3))
		tlb_flush(cpu->tlb, true);
	else
		tlb_flush_stale(cpu->tlb, cpu->mem);
}

/* The current space is fresh, or its tables are what they were. */
static void space_is_current(struct cpu *cpu)
{
	const uint32_t cr3 = cpu->s.cr3 & PAGE_MASK;

	cpu->tlb->cr3 = cr3;
	cpu->mem->stale &= (uint8_t)~cpu_space_bit(cpu);
	/* Once for all: a store to the directory would make the space stale. */
	if (cpu_keeps_spaces(cpu) && mem_is_ram(cpu->mem, cr3, PAGE_SIZE) &&
	    !cpu_depends_on(cpu, cr3))
		cpu_depend_on(cpu, cr3);
}

void cpu_enter_space(struct cpu *cpu)
{
	const uint32_t cr3 = cpu->s.cr3 & PAGE_MASK;

	if (!cpu_keeps_spaces(cpu)) {
		tlb_flush(cpu->tlb, false);
		return;
	}
	cpu->tlb = find_space(cpu, cr3);
	if (cpu->tlb->cr3 != cr3)
		tlb_flush(cpu->tlb, true);
	else if (cpu->mem->stale & cpu_space_bit(cpu))
		forget_stale(cpu);
	cpu->tlb->mixed = false;
	space_is_current(cpu);
	cpu->tlb->last_used = ++cpu->space_uses;
	cpu_update_view(cpu);
}

void cpu_forget_spaces(struct cpu *cpu)
{
	for (struct tlb *t = cpu->space; t < cpu->space + MEM_SPACES; t++) {
		tlb_flush(t, true);
		t->cr3 = TLB_NO_SPACE;
	}
	cpu->mem->stale = 0;
	space_is_current(cpu);
}
/*:*/

void cpu_depend_on(struct cpu *cpu, uint32_t pa)
{
	uint8_t *flags = &cpu->mem->page[pa >> PAGE_SHIFT];
	const bool protected = *flags & (MEM_TABLES | MEM_CODE);

	cpu->tlb->mixed |= !!(cpu->mem->stale & cpu_space_bit(cpu));
	*flags |= (uint8_t)(cpu_space_bit(cpu) << MEM_TABLES_SHIFT);
	if (!protected)
		cpu_protect(cpu, pa);
}

void cpu_protect(struct cpu *cpu, uint32_t pa)
{
	for (struct tlb *t = cpu->space; t < cpu->space + MEM_SPACES; t++)
		tlb_protect(t, cpu->mem->ram + (pa & PAGE_MASK));
}
