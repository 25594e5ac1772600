/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:341
 * Delivery of exceptions and interrupts: through the IDT into a handler of this ring or an inner
 * one, by the pseudo-code of "INT n/INTO/INT3/INT1"; and what happens when delivery itself fails,
 * by "Interrupt 8 - Double Fault Exception (#DF)".
:*/
#include "base/bug.h"
#include "breaks.h"
#include "event.h"
#include "frame.h"

/*C:640
 * An event is a trap and where it came from.  That matters three times: a software interrupt must
 * be admitted by its gate; the error code of a fault in delivery says (EXT) whether the program
 * could help it; and only exceptions, not interrupts that happen to use the same vector, can make
 * a double fault.
 */
struct event {
	struct trap trap;
	bool external; /* the INTR pin */
};

static bool event_is_exception(const struct event *ev)
{
	return !ev->external && !ev->trap.software;
}

/* The class of an exception ("Double Fault" and the table of conditions there). */
enum event_class { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

static enum event_class event_class(const struct event *ev)
{
	if (!event_is_exception(ev))
		return BENIGN;
	switch (ev->trap.vector) {
	case V_DE:
	case V_TS:
	case V_NP:
	case V_SS:
	case V_GP: return CONTRIBUTORY;
	case V_PF: return PAGE_FAULT;
	case V_DF: return DOUBLE_FAULT;
	}
	return BENIGN;
}

/*
 * RF in the saved EFLAGS is set by every fault, so that a breakpoint on the instruction does not
 * strike again when it is restarted ("Instruction-Breakpoint Exception Condition"); a debug
 * exception leaves that to its handler.
 */
static bool event_sets_rf(const struct event *ev)
{
	unsigned v = ev->trap.vector;

	return event_is_exception(ev) && v != V_DB && v != V_NMI && v != V_BP && v != V_OF &&
	       v != V_DF && v != V_MC;
}

static uint32_t saved_flags(const struct cpu *cpu, const struct event *ev)
{
	uint32_t flags = cpu_eflags(cpu);

	if (ev->trap.software)
		flags &= ~(uint32_t)FL_RF;
	return event_sets_rf(ev) ? flags | FL_RF : flags;
}
/*:*/

/* The handler is about to run. */
static void settle(struct cpu *cpu, const struct event *ev)
{
	cpu->s.halted = false;
	cpu->s.inhibit = INHIBIT_NONE;
	/* "Debug Control Register": the handler may use the registers that GD protects. */
	if (ev->trap.vector == V_DB && event_is_exception(ev))
		cpu->s.dr[7] &= ~(uint32_t)DR7_GD;
}

/*C:645
 * Real mode: four bytes of vector table, three words of frame, no error code, no checks of the
 * handler's address.
 */
static int deliver_real(struct cpu *cpu, const struct event *ev)
{
	unsigned off = ev->trap.vector * 4u;
	struct stores w;
	uint16_t ip, sel;
	struct stack st;

	stores_init(&w);
	if (off + 3 > cpu->s.idtr.limit)
		return trap_gp(cpu, ev->trap.vector * 8u + 2);
	if (acc_sys_ld16(cpu, cpu->s.idtr.base + off, &ip) ||
	    acc_sys_ld16(cpu, cpu->s.idtr.base + off + 2, &sel))
		return 1;
	stack_current(cpu, &st);
	if (stack_push(cpu, &st, &w, saved_flags(cpu, ev), 2) ||
	    stack_push(cpu, &st, &w, cpu->s.seg[CS].sel, 2) ||
	    stack_push(cpu, &st, &w, cpu->s.eip, 2))
		return 1;
	stores_commit(cpu, &w);
	stack_set_esp(cpu, &st);
	cpu->s.eflags &= ~(uint32_t)(FL_IF | FL_TF | FL_AC | FL_RF);
	seg_set_real(cpu, CS, sel);
	cpu->s.eip = ip;
	cpu_update_mode(cpu);
	settle(cpu, ev);
	return 0;
}
/*:*/

/*C:650
 * Protected mode: eight bytes of gate.  Only a software interrupt has to be let in by the gate's
 * DPL; an exception may use any.
 */
static int read_gate(struct cpu *cpu, const struct event *ev, struct desc *gate)
{
	unsigned off = ev->trap.vector * 8u, error = off + 2;

	if (off + 7 > cpu->s.idtr.limit)
		return trap_gp(cpu, error);
	if (acc_sys_ld32(cpu, cpu->s.idtr.base + off, &gate->lo) ||
	    acc_sys_ld32(cpu, cpu->s.idtr.base + off + 4, &gate->hi))
		return 1;
	if (!desc_is_system(gate))
		return trap_gp(cpu, error);
	switch (desc_type(gate)) {
	case SYS_TASK_GATE:
	case SYS_INT_GATE:
	case SYS_TRAP_GATE:
	case SYS_INT_GATE | SYS_32:
	case SYS_TRAP_GATE | SYS_32: break;
	default: return trap_gp(cpu, error);
	}
	if (ev->trap.software && desc_dpl(gate) < cpu->s.cpl)
		return trap_gp(cpu, error);
	return desc_present(gate) ? 0 : cpu_trap(cpu, V_NP, true, error);
}

/* The handler's code segment: of this ring or an inner one; from virtual-8086 mode, of ring 0. */
static int read_handler(struct cpu *cpu, uint16_t sel, struct desc *d, unsigned *cpl)
{
	unsigned error = sel & 0xfffc;

	if (sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, sel, V_GP, d))
		return 1;
	if (!desc_is_code(d) || desc_dpl(d) > cpu->s.cpl)
		return trap_gp(cpu, error);
	if (!desc_present(d))
		return cpu_trap(cpu, V_NP, true, error);
	*cpl = desc_is_conforming(d) ? cpu->s.cpl : desc_dpl(d);
	if (cpu_is_v86(cpu) && *cpl)
		return trap_gp(cpu, error);
	return 0;
}

/*
 * The frame, from the top.  What is in brackets is there only on a new stack, what is in double
 * brackets only when it was virtual-8086 mode that was interrupted:
 *
 *	[[GS FS DS ES]] [SS ESP] EFLAGS CS EIP (error code)
 */
static int push_frame(struct cpu *cpu, const struct event *ev, struct stack *st, struct stores *w,
		      bool inner, unsigned bytes)
{
	static const uint8_t v86_order[] = {GS, FS, DS, ES};
	const struct cpu_state *s = &cpu->s;

	for (unsigned i = 0; cpu_is_v86(cpu) && i < ARRAY_LEN(v86_order); i++)
		if (stack_push(cpu, st, w, s->seg[v86_order[i]].sel, bytes))
			return 1;
	if (inner && (stack_push(cpu, st, w, s->seg[SS].sel, bytes) ||
		      stack_push(cpu, st, w, s->r[ESP], bytes)))
		return 1;
	return stack_push(cpu, st, w, saved_flags(cpu, ev), bytes) ||
	       stack_push(cpu, st, w, s->seg[CS].sel, bytes) ||
	       stack_push(cpu, st, w, s->eip, bytes) ||
	       (ev->trap.has_error && stack_push(cpu, st, w, ev->trap.error, bytes));
}

/* Nothing can fail any more. */
static void enter_handler(struct cpu *cpu, const struct event *ev, const struct desc *gate,
			  const struct desc *d, unsigned cpl)
{
	bool was_v86 = cpu_is_v86(cpu);
	uint32_t clear = FL_TF | FL_VM | FL_RF | FL_NT;

	if ((desc_type(gate) & ~(unsigned)SYS_32) == SYS_INT_GATE)
		clear |= FL_IF;
	cpu->s.eflags &= ~clear;
	if (was_v86)
		cpu->s.seg[ES] = cpu->s.seg[DS] = cpu->s.seg[FS] = cpu->s.seg[GS] =
			(struct seg){0, 0, 0, 0};
	seg_unpack(&cpu->s.seg[CS], (uint16_t)((gate->lo >> 16 & 0xfffc) | cpl), d);
	if (!was_v86 && !desc_is_conforming(d))
		seg_remember(cpu, USE_HANDLER, cpu->s.cpl, (uint16_t)(gate->lo >> 16), d,
			     &cpu->s.seg[CS]);
	cpu_set_cpl(cpu, cpl);
	cpu->s.eip = gate->lo & 0xffff;
	if (desc_type(gate) & SYS_32)
		cpu->s.eip |= gate->hi & 0xffff0000;
	cpu_update_mode(cpu);
	settle(cpu, ev);
}

static int deliver_gate(struct cpu *cpu, const struct event *ev, const struct desc *gate)
{
	unsigned cpl, bytes = desc_type(gate) & SYS_32 ? 4 : 2, words = ev->trap.has_error ? 4 : 3;
	uint32_t eip = (gate->lo & 0xffff) | (bytes == 4 ? gate->hi & 0xffff0000 : 0);
	uint16_t sel = (uint16_t)(gate->lo >> 16);
	struct stores w;
	struct stack st;
	struct desc d;
	struct seg cs;
	bool inner;

	stores_init(&w);
	if (read_handler(cpu, sel, &d, &cpl))
		return 1;
	inner = cpl < cpu->s.cpl;
	stack_current(cpu, &st);
	st.align = false;
	if (inner) {
		words += cpu_is_v86(cpu) ? 6 : 2;
		if (stack_inner(cpu, &st, &w, cpl))
			return 1;
	}
	if (stack_room(cpu, &st, words, bytes))
		return 1;
	seg_unpack(&cs, sel, &d);
	if (eip > cs.limit)
		return trap_gp(cpu, 0);
	if (push_frame(cpu, ev, &st, &w, inner, bytes) || stores_accessed(cpu, &w, sel, &d))
		return 1;
	stores_commit(cpu, &w);
	if (inner)
		cpu->s.seg[SS] = st.ss;
	stack_set_esp(cpu, &st);
	enter_handler(cpu, ev, gate, &d, cpl);
	return 0;
}
/*:*/

/*M:390
 * Frames are not alignment-checked, not even those that a ring-3 handler gets on a ring-3 stack.
 * A real processor does check them, and then raises #AC while delivering #AC, for ever.
:*/

/*C:653
 * The same once more, for when everything is as usual: a 32-bit gate, a handler's segment and a
 * stack's that have passed all checks before (seg_recall()), and a frame that lies on one page at
 * hand.  False: something is not, and nothing has been done.
 */
static bool deliver_quick(struct cpu *cpu, const struct event *ev)
{
	const struct trap *t = &ev->trap;
	const struct cpu_state *s = &cpu->s;
	const struct seg *cs, *ss = &s->seg[SS];
	uint32_t lo, hi, eip, flags, off = t->vector * 8u, esp = s->r[ESP], old_esp = esp;
	unsigned ring, cpl = s->cpl, bytes = t->has_error ? 16 : 12;
	uint16_t ss_sel = ss->sel;
	const uint8_t *gate;
	uint8_t *frame;

	if (cpu_is_real(cpu) || cpu_is_v86(cpu) || off + 7 > s->idtr.limit ||
	    !(gate = acc_quick_read(cpu, 0, s->idtr.base + off, 8)))
		return false;
	lo = word_get(gate);
	hi = word_get(gate + 4);
	/* P, not S, type 14 or 15; and whoever wrote INT n must be admitted. */
	if ((hi & 0x9e00) != 0x8e00 || (t->software && (hi >> 13 & 3) < cpl) ||
	    !(cs = seg_recall(cpu, USE_HANDLER, cpl, (uint16_t)(lo >> 16))))
		return false;
	eip = (lo & 0xffff) | (hi & 0xffff0000);
	ring = cs->sel & 3;
	if (ring < cpl) {
		uint16_t sel;

		if (!seg_tss_stack_quick(cpu, ring, &sel, &esp) ||
		    !(ss = seg_recall(cpu, USE_STACK, ring, sel)))
			return false;
		bytes += 8;
	}
	if (eip > cs->limit || !(frame = stack_quick_push(cpu, ss, esp, ring, bytes)))
		return false;

	flags = saved_flags(cpu, ev);
	if (t->has_error)
		frame = word_put(frame, t->error);
	frame = word_put(frame, s->eip);
	frame = word_put(frame, s->seg[CS].sel);
	frame = word_put(frame, flags);
	if (ring < cpl) {
		frame = word_put(frame, old_esp);
		word_put(frame, ss_sel);
		cpu->s.seg[SS] = *ss;
	}
	cpu->s.r[ESP] = esp - bytes;
	cpu->s.seg[CS] = *cs;
	cpu->s.eip = eip;
	cpu->s.eflags &= ~(uint32_t)(FL_TF | FL_RF | FL_NT | (hi & 0x100 ? 0 : FL_IF));
	cpu_set_cpl(cpu, ring);
	cpu_update_mode(cpu);
	settle(cpu, ev);
	return true;
}

bool event_software(struct cpu *cpu, uint8_t vector)
{
	struct event ev = {{.software = true, .vector = vector}, false};

	return !cpu->single && deliver_quick(cpu, &ev);
}
/*:*/

static int deliver_once(struct cpu *cpu, struct event *ev)
{
	struct desc gate;

	if (cpu_is_real(cpu))
		return deliver_real(cpu, ev);
	if (read_gate(cpu, ev, &gate))
		return 1;
	if (desc_type(&gate) != SYS_TASK_GATE)
		return deliver_gate(cpu, ev, &gate);
	if (seg_task_switch(cpu, (uint16_t)(gate.lo >> 16), TASK_INT, cpu->s.eip,
			    ev->trap.has_error, ev->trap.error))
		return 1;
	settle(cpu, ev);
	/* What is wrong now is the new task's, and so is EIP. */
	ev->trap.ilen = 0;
	return cpu->trap.pending;
}

/*C:655
 * Delivery failed: what now?  Two contributory faults, or a page fault and either kind, make a
 * double fault; anything else in delivering a double fault ends in shutdown; otherwise the second
 * event simply takes the first one's place, which the program will meet again when it restarts
 * the instruction.  False is shutdown.
 */
static bool next_event(struct cpu *cpu, struct event *ev)
{
	enum event_class first = event_class(ev), second;
	bool program = ev->trap.software;
	struct event now = {cpu->trap, false};

	BUG_ON(!now.trap.pending);
	/* EXT: not the program's own INT n. */
	if (now.trap.has_error && now.trap.vector != V_PF && !program)
		now.trap.error |= 1;
	/* A fault in delivering INT n is a fault of that instruction. */
	cpu->s.eip -= ev->trap.ilen;
	if (ev->trap.ilen && !(cpu->mode & MODE_D32))
		cpu->s.eip &= 0xffff;
	second = event_class(&now);
	if (first == DOUBLE_FAULT && second != BENIGN)
		return false;
	if ((first == CONTRIBUTORY && second == CONTRIBUTORY) ||
	    (first == PAGE_FAULT && second != BENIGN))
		now.trap = (struct trap){true, false, true, V_DF, 0, 0};
	*ev = now;
	return true;
}

/* Stores of the delivery may hit decoded code; no instruction is under way that could be asked
 * to start again. */
static int deliver(struct cpu *cpu, struct event ev)
{
	struct trap first = ev.trap;
	bool single = cpu->single, shutdown = false;

	if (deliver_quick(cpu, &ev)) {
		cpu->trap.pending = false;
		return 0;
	}
	cpu->single = true;
	cpu->in_delivery = true;
	do {
		cpu->trap.pending = false;
		if (!deliver_once(cpu, &ev))
			break;
		shutdown = !next_event(cpu, &ev);
	} while (!shutdown);
	if (shutdown)
		cpu->trap = first;
	cpu->trap.pending = false;
	cpu->in_delivery = false;
	cpu->single = single;
	return shutdown;
}

int event_deliver(struct cpu *cpu)
{
	struct event ev = {cpu->trap, false};

	return deliver(cpu, ev);
}

int event_interrupt(struct cpu *cpu, uint8_t vector)
{
	struct event ev = {{true, false, false, vector, 0, 0}, true};

	return deliver(cpu, ev);
}
/*:*/
