/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:322
 * The run loop: decides what happens next (an exception, an interrupt, the next block), plans how
 * many instructions may pass before it must look again, and keeps the books.
:*/
#include <string.h>

#include "access.h"
#include "block.h"
#include "breaks.h"
#include "event.h"

/*C:490
 * Everything that can happen to a processor happens here, between two blocks, and in this order:
 * notice that code has changed; deliver the exception the last instruction left behind; come back
 * if asked or if the budget is used up; let the board know that its deadline has passed; take an
 * interrupt; sleep.  Only then does the next block run.
 *
 * The budget is what makes counts exact.  A block is entered only if all of it fits, so between
 * two looks at the clock no more instructions pass than were planned, and an interrupt falls after
 * the same instruction however the code was cut into blocks.  When less is left than the block at
 * hand needs, its instructions run one at a time.
:*/

static void drain_changed(struct cpu *cpu)
{
	while (cpu->mem->nr_changed)
		block_invalidate_page(cpu, cpu->mem->changed[--cpu->mem->nr_changed]);
}

static void execute(struct cpu *cpu, struct block *b)
{
	const struct op *op;

	cpu->budget -= b->n;
	for (op = b->op; op;)
		op = op->fn(cpu, op, cpu->view);
	cpu_sync_counts(cpu);
}

/*C:492
 * One instruction alone: when it is single-stepped or watched by a breakpoint, when the one before it
 * held something off, when its block does not fit into the budget, or when it is
 * about to store into code and what follows it must be read anew.
 */
static void debug_traps(struct cpu *cpu, uint32_t before, uint32_t eip, unsigned row)
{
	uint32_t dr6 = cpu->s.breaks | (before & FL_TF ? DR6_BS : 0);

	/* After MOV SS they wait for the next instruction. */
	if (cpu->s.inhibit == INHIBIT_DEBUG)
		return;
	cpu->s.breaks = 0;
	/* A software interrupt clears TF on its way; a fault comes before the trap. */
	if (!dr6 || cpu->trap.pending)
		return;
	cpu->s.dr[6] |= dr6;
	cpu->trap = (struct trap){.pending = true, .vector = V_DB};
	/* Between two iterations of REP the frame has RF. */
	if (cpu->s.eip == eip && opmap[row].attr & A_STRING)
		cpu->s.eflags |= FL_RF;
}

/* If it was a call: what is b now will be another instruction when that comes back. */
static void forget_call(struct cpu *cpu, const struct block *b)
{
	const struct op **last = &cpu->called[(uint8_t)(cpu->calls - 1)];

	if ((*last)->home == b)
		*last = &block_no_end;
}

static void run_single(struct cpu *cpu)
{
	bool held = cpu->s.inhibit == INHIBIT_DEBUG;
	const uint32_t before = cpu->s.eflags, eip = cpu->s.eip;
	struct block *b;

	cpu->s.inhibit = INHIBIT_NONE;
	cpu->restart_single = false;
	if ((cpu->mode & MODE_BREAK) && !held && !(before & FL_RF) && breaks_insn(cpu))
		return;
	cpu->budget = cpu->budget_mark = 1;
	b = block_get_single(cpu);
	if (!b)
		return;
	/* RF lasts for one instruction that retires, unless that one loads it anew. */
	cpu->s.eflags &= ~(uint32_t)FL_RF;
	cpu->single = true;
	execute(cpu, b);
	cpu->single = false;
	forget_call(cpu, b);
	if (cpu->trap.pending && !cpu->trap.software)
		cpu->s.eflags |= before & FL_RF;
	debug_traps(cpu, before, eip, b->op[block_first(b)].row);
}
/*:*/

/*C:494
 * A handler whose first instruction faults, and whose fault has the same handler, does not end if
 * its stack does not: no instruction retires, so neither would the budget be used up nor time pass.
 * After a thousand events in a row without an instruction between them, each counts as one.  INT n
 * is an instruction.
 */
#define BARREN_MOST 1000

static void count_event(struct cpu *cpu)
{
	struct cpu_state *s = &cpu->s;
	uint64_t now = cpu_insns(cpu);

	if (now != s->barren_since) {
		s->barren_since = now;
		s->barren = 0;
		return;
	}
	if (s->barren < BARREN_MOST) {
		s->barren++;
		return;
	}
	s->insns[s->cpl]++;
	if (s->cpl)
		s->clock_ns++;
	if (cpu->left_insns)
		cpu->left_insns--;
	s->barren_since++;
}
/*:*/

static void run_blocks(struct cpu *cpu)
{
	const bool sample = block_sample_due(cpu);
	struct block *b;

	cpu_plan(cpu);
	b = block_next(cpu);
	if (b && sample)
		block_sample(cpu, b);
	if (!b) {
		if (!cpu->trap.pending)
			run_single(cpu);
		return;
	}
	if (cpu->budget < b->n)
		run_single(cpu);
	else
		execute(cpu, b);
}

#ifdef LG_HARD
/* The hostile build: forget everything now and then, at moments that depend on the count only. */
static void drop_caches_now_and_then(struct cpu *cpu)
{
	if (cpu_insns(cpu) % 97 == 0)
		cpu_drop_caches(cpu);
}
#else
#define drop_caches_now_and_then(cpu) ((void)0)
#endif

enum cpu_exit cpu_run(struct cpu *cpu, uint64_t max_insns)
{
	cpu->stop = false;
	cpu->left_insns = max_insns;
	for (;;) {
		drain_changed(cpu);
		drop_caches_now_and_then(cpu);
		if (cpu->trap.pending) {
			bool software = cpu->trap.software;

			if (event_deliver(cpu))
				return CPU_EXIT_SHUTDOWN;
			if (!software)
				count_event(cpu);
			continue;
		}
		if (cpu->stop)
			return CPU_EXIT_STOP;
		if (!cpu->left_insns)
			return CPU_EXIT_BUDGET;
		if (cpu->s.clock_ns >= cpu->deadline_ns)
			cpu->bus.deadline(cpu->bus.ctx);
		if (cpu->intr_line && (cpu->s.eflags & FL_IF) && !cpu->s.inhibit) {
			cpu->s.halted = false;
			if (event_interrupt(cpu, cpu->bus.intr_ack(cpu->bus.ctx)))
				return CPU_EXIT_SHUTDOWN;
			count_event(cpu);
			continue;
		}
		if (cpu->s.halted)
			return CPU_EXIT_HALT;
		/* EFLAGS.AC and the CPL change only in instructions that come back here, or ask
		 * cpu_must_look(). */
		if (cpu_checks_alignment(cpu) != !!(cpu->mode & MODE_ALIGN))
			cpu_update_mode(cpu);
		if (cpu->restart_single || cpu->s.inhibit || (cpu->mode & MODE_BREAK) ||
		    (cpu->s.eflags & FL_TF)) {
			run_single(cpu);
			continue;
		}
		/* RF is for breakpoints, and there are none: if the instruction does not retire, its
		 * fault sets RF in the frame anyway (but for a double fault, which nothing resumes). */
		cpu->s.eflags &= ~(uint32_t)FL_RF;
		run_blocks(cpu);
	}
}

void cpu_drop_caches(struct cpu *cpu)
{
	block_cache_flush(cpu);
	cpu_forget_spaces(cpu);
	memset(cpu->memo, 0, sizeof(cpu->memo));
}
