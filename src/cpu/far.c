/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:334
 * Far transfers: jumps, calls and returns that load CS, through gates where there are some, and
 * IRET.  The order of the checks is that of the manual's pseudo-code ("JMP", "CALL", "RET",
 * "IRET/IRETD"), for it decides which of several faults is reported.
:*/
#include "frame.h"

/* The new CS:EIP, and with CS the ring; everything has been checked. */
static void enter_code(struct cpu *cpu, uint16_t sel, const struct desc *d, unsigned cpl,
		       uint32_t eip)
{
	seg_unpack(&cpu->s.seg[CS], (uint16_t)((sel & 0xfffc) | cpl), d);
	cpu_set_cpl(cpu, cpl);
	cpu->s.eip = eip;
	cpu_update_mode(cpu);
}

static int check_eip(struct cpu *cpu, uint16_t sel, const struct desc *d, uint32_t eip)
{
	struct seg g;

	seg_unpack(&g, sel, d);
	return eip > g.limit ? trap_gp(cpu, 0) : 0;
}

/* Without protection: CS is a paragraph, and the old limit holds. */
static int enter_real(struct cpu *cpu, uint16_t sel, uint32_t eip)
{
	if (eip > cpu->s.seg[CS].limit)
		return trap_gp(cpu, 0);
	if (cpu_is_v86(cpu))
		seg_set_v86(cpu, CS, sel);
	else
		seg_set_real(cpu, CS, sel);
	cpu->s.eip = eip;
	cpu_update_mode(cpu);
	return 0;
}

static bool unprotected(const struct cpu *cpu)
{
	return cpu_is_real(cpu) || cpu_is_v86(cpu);
}

/*C:600
 * What may be jumped to or called directly: code of this very ring; or conforming code of this or
 * an inner ring, which then runs in ours.
 */
static int check_direct(struct cpu *cpu, uint16_t sel, const struct desc *d)
{
	unsigned cpl = cpu->s.cpl, dpl = desc_dpl(d), error = sel & 0xfffc;

	if (!desc_is_code(d))
		return trap_gp(cpu, error);
	if (desc_is_conforming(d) ? dpl > cpl : (sel & 3u) > cpl || dpl != cpl)
		return trap_gp(cpu, error);
	return desc_present(d) ? 0 : cpu_trap(cpu, V_NP, true, error);
}

/*
 * A gate is an entry point that its owner has published: whoever its DPL admits may come in, and
 * only at the address it names.  The caller's offset is ignored.
 */
struct gate {
	uint16_t sel; /* of the code */
	uint32_t eip;
	unsigned bytes; /* 2 or 4: the size of what it pushes */
	unsigned params;
	struct desc d; /* the code segment's */
};

static int check_gate(struct cpu *cpu, uint16_t sel, const struct desc *d)
{
	unsigned dpl = desc_dpl(d), error = sel & 0xfffc;

	if (dpl < cpu->s.cpl || dpl < (sel & 3u))
		return trap_gp(cpu, error);
	return desc_present(d) ? 0 : cpu_trap(cpu, V_NP, true, error);
}

static int read_gate(struct cpu *cpu, const struct desc *d, bool jump, struct gate *g)
{
	unsigned error;

	g->sel = (uint16_t)(d->lo >> 16);
	g->bytes = desc_type(d) & SYS_32 ? 4 : 2;
	g->eip = (d->lo & 0xffff) | (g->bytes == 4 ? d->hi & 0xffff0000 : 0);
	g->params = d->hi & 31;
	error = g->sel & 0xfffc;
	if (sel_is_null(g->sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, g->sel, V_GP, &g->d))
		return 1;
	if (!desc_is_code(&g->d) || desc_dpl(&g->d) > cpu->s.cpl)
		return trap_gp(cpu, error);
	if (jump && !desc_is_conforming(&g->d) && desc_dpl(&g->d) != cpu->s.cpl)
		return trap_gp(cpu, error);
	return desc_present(&g->d) ? 0 : cpu_trap(cpu, V_NP, true, error);
}

/* A TSS, or a task gate in front of one; seg_task_switch() checks the TSS itself. */
static int switch_task(struct cpu *cpu, uint16_t sel, const struct desc *d, enum task_switch how,
		       uint32_t next_eip)
{
	if (desc_type(d) == SYS_TASK_GATE) {
		if (check_gate(cpu, sel, d))
			return 1;
		sel = (uint16_t)(d->lo >> 16);
	} else if (desc_dpl(d) < cpu->s.cpl || desc_dpl(d) < (sel & 3u)) {
		return trap_gp(cpu, sel & 0xfffc);
	}
	return seg_task_switch(cpu, sel, how, next_eip, false, 0);
}
/*:*/

static int jump_code(struct cpu *cpu, uint16_t sel, struct desc *d, uint32_t eip)
{
	struct stores w;

	stores_init(&w);
	if (check_eip(cpu, sel, d, eip) || stores_accessed(cpu, &w, sel, d))
		return 1;
	stores_commit(cpu, &w);
	enter_code(cpu, sel, d, cpu->s.cpl, eip);
	return 0;
}

int seg_far_jump(struct cpu *cpu, uint16_t sel, uint32_t off, unsigned opsize, uint32_t next_eip)
{
	struct desc d;
	struct gate g;

	if (opsize == 2)
		off &= 0xffff;
	if (unprotected(cpu))
		return enter_real(cpu, sel, off);
	if (sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, sel, V_GP, &d))
		return 1;
	if (!desc_is_system(&d))
		return check_direct(cpu, sel, &d) || jump_code(cpu, sel, &d, off);
	switch (desc_type(&d)) {
	case SYS_CALL_GATE:
	case SYS_CALL_GATE | SYS_32:
		return check_gate(cpu, sel, &d) || read_gate(cpu, &d, true, &g) ||
		       jump_code(cpu, g.sel, &g.d, g.eip);
	case SYS_TASK_GATE:
	case SYS_TSS:
	case SYS_TSS_BUSY:
	case SYS_TSS | SYS_32:
	case SYS_TSS_BUSY | SYS_32: return switch_task(cpu, sel, &d, TASK_JUMP, next_eip);
	}
	return trap_gp(cpu, sel & 0xfffc);
}

static int call_real(struct cpu *cpu, uint16_t sel, uint32_t eip, unsigned bytes, uint32_t next_eip)
{
	struct stores w;
	struct stack st;

	stores_init(&w);
	stack_current(cpu, &st);
	if (stack_push(cpu, &st, &w, cpu->s.seg[CS].sel, bytes) ||
	    stack_push(cpu, &st, &w, next_eip, bytes) || enter_real(cpu, sel, eip))
		return 1;
	stores_commit(cpu, &w);
	stack_set_esp(cpu, &st);
	return 0;
}

/* A call that stays in its ring, directly or through a gate. */
static int call_same(struct cpu *cpu, uint16_t sel, struct desc *d, uint32_t eip, unsigned bytes,
		     uint32_t next_eip)
{
	struct stores w;
	struct stack st;

	stores_init(&w);
	stack_current(cpu, &st);
	/* The end of SS comes before what is wrong with the target. */
	if (!stack_room(cpu, &st, 2, bytes) && check_eip(cpu, sel, d, eip))
		return 1;
	if (stack_push(cpu, &st, &w, cpu->s.seg[CS].sel, bytes))
		return 1;
	if (stack_push(cpu, &st, &w, next_eip, bytes)) {
		/* As on silicon, CS is in memory by now. */
		stores_commit(cpu, &w);
		return 1;
	}
	if (stores_accessed(cpu, &w, sel, d))
		return 1;
	stores_commit(cpu, &w);
	stack_set_esp(cpu, &st);
	enter_code(cpu, sel, d, cpu->s.cpl, eip);
	return 0;
}

/*C:605
 * A call to an inner ring.  The frame on the new stack, which a far return will take down again:
 *
 *	old SS, old ESP, parameter n ... parameter 1, old CS, old EIP  <- new ESP
 *
 * The parameters are copied from the old stack, so that the callee finds them where any callee
 * would; they are read with the caller's rights and written with the callee's.
 */
static int push_params(struct cpu *cpu, const struct gate *g, struct stack *st, struct stores *w)
{
	struct stack old;

	for (unsigned i = g->params; i--;) {
		uint32_t v;

		stack_current(cpu, &old);
		stack_release(&old, i * g->bytes);
		if (stack_pop(cpu, &old, &v, g->bytes) || stack_push(cpu, st, w, v, g->bytes))
			return 1;
	}
	return 0;
}

static int call_inner(struct cpu *cpu, struct gate *g, uint32_t next_eip)
{
	unsigned cpl = desc_dpl(&g->d);
	struct stores w;
	struct stack st;

	stores_init(&w);
	if (stack_inner(cpu, &st, &w, cpl) || stack_room(cpu, &st, g->params + 4, g->bytes) ||
	    check_eip(cpu, g->sel, &g->d, g->eip))
		return 1;
	if (stack_push(cpu, &st, &w, cpu->s.seg[SS].sel, g->bytes) ||
	    stack_push(cpu, &st, &w, cpu->s.r[ESP], g->bytes) || push_params(cpu, g, &st, &w) ||
	    stack_push(cpu, &st, &w, cpu->s.seg[CS].sel, g->bytes) ||
	    stack_push(cpu, &st, &w, next_eip, g->bytes) || stores_accessed(cpu, &w, g->sel, &g->d))
		return 1;
	stores_commit(cpu, &w);
	cpu->s.seg[SS] = st.ss;
	stack_set_esp(cpu, &st);
	enter_code(cpu, g->sel, &g->d, cpl, g->eip);
	return 0;
}
/*:*/

static int call_gate(struct cpu *cpu, uint16_t sel, const struct desc *d, uint32_t next_eip)
{
	struct gate g;

	if (check_gate(cpu, sel, d) || read_gate(cpu, d, false, &g))
		return 1;
	if (!desc_is_conforming(&g.d) && desc_dpl(&g.d) < cpu->s.cpl)
		return call_inner(cpu, &g, next_eip);
	return call_same(cpu, g.sel, &g.d, g.eip, g.bytes, next_eip);
}

int seg_far_call(struct cpu *cpu, uint16_t sel, uint32_t off, unsigned opsize, uint32_t next_eip)
{
	struct desc d;

	if (opsize == 2)
		off &= 0xffff;
	if (unprotected(cpu))
		return call_real(cpu, sel, off, opsize, next_eip);
	if (sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, sel, V_GP, &d))
		return 1;
	if (!desc_is_system(&d))
		return check_direct(cpu, sel, &d) || call_same(cpu, sel, &d, off, opsize, next_eip);
	switch (desc_type(&d)) {
	case SYS_CALL_GATE:
	case SYS_CALL_GATE | SYS_32: return call_gate(cpu, sel, &d, next_eip);
	case SYS_TASK_GATE:
	case SYS_TSS:
	case SYS_TSS_BUSY:
	case SYS_TSS | SYS_32:
	case SYS_TSS_BUSY | SYS_32: return switch_task(cpu, sel, &d, TASK_CALL, next_eip);
	}
	return trap_gp(cpu, sel & 0xfffc);
}

/*C:610
 * Where a return may go: to this ring or outward, never inward.  The ring is the RPL of the CS
 * that was saved, and the segment must be that ring's.
 */
static int check_return(struct cpu *cpu, uint16_t sel, struct desc *d)
{
	unsigned rpl = sel & 3, error = sel & 0xfffc;

	if (sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, sel, V_GP, d))
		return 1;
	if (!desc_is_code(d) || rpl < cpu->s.cpl)
		return trap_gp(cpu, error);
	if (desc_is_conforming(d) ? desc_dpl(d) > rpl : desc_dpl(d) != rpl)
		return trap_gp(cpu, error);
	return desc_present(d) ? 0 : cpu_trap(cpu, V_NP, true, error);
}

static int check_return_ss(struct cpu *cpu, uint16_t sel, unsigned rpl, struct desc *d)
{
	unsigned error = sel & 0xfffc;

	if (sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, sel, V_GP, d))
		return 1;
	if ((sel & 3u) != rpl || !desc_is_writable_data(d) || desc_dpl(d) != rpl)
		return trap_gp(cpu, error);
	return desc_present(d) ? 0 : cpu_trap(cpu, V_SS, true, error);
}

/*
 * The way back, for RET and IRET alike.  `st` stands behind what was popped so far; going outward
 * the old stack pointer follows there, behind the parameters that RET n releases, and the same
 * number is released on the outer stack.  What was not the outer ring's to see is dropped.
 */
static int go_back(struct cpu *cpu, struct stack *st, uint16_t sel, struct desc *d, uint32_t eip,
		   unsigned bytes, uint16_t release)
{
	unsigned cpl, rpl = sel & 3;
	struct stores w;
	uint32_t esp, ss;
	struct desc sd;

	stores_init(&w);
	stack_release(st, release);
	if (rpl > cpu->s.cpl) {
		if (stack_pop(cpu, st, &esp, bytes) || stack_pop(cpu, st, &ss, bytes) ||
		    check_return_ss(cpu, (uint16_t)ss, rpl, &sd))
			return 1;
	}
	if (check_eip(cpu, sel, d, eip) || stores_accessed(cpu, &w, sel, d))
		return 1;
	if (rpl > cpu->s.cpl) {
		if (stores_accessed(cpu, &w, (uint16_t)ss, &sd))
			return 1;
		seg_unpack(&cpu->s.seg[SS], (uint16_t)ss, &sd);
		seg_remember(cpu, USE_STACK, rpl, (uint16_t)ss, &sd, &cpu->s.seg[SS]);
		st->ss = cpu->s.seg[SS];
		st->sp = esp;
		stack_release(st, release);
		seg_drop_inner(cpu, rpl);
	}
	stores_commit(cpu, &w);
	stack_set_esp(cpu, st);
	cpl = cpu->s.cpl;
	enter_code(cpu, sel, d, rpl, eip);
	seg_remember(cpu, USE_RETURN, cpl, sel, d, &cpu->s.seg[CS]);
	return 0;
}
/*:*/

int seg_far_ret(struct cpu *cpu, unsigned opsize, uint16_t release)
{
	uint32_t eip, cs;
	struct stack st;
	struct desc d;

	stack_current(cpu, &st);
	if (stack_pop(cpu, &st, &eip, opsize) || stack_pop(cpu, &st, &cs, opsize))
		return 1;
	if (!unprotected(cpu))
		return check_return(cpu, (uint16_t)cs, &d) ||
		       go_back(cpu, &st, (uint16_t)cs, &d, eip, opsize, release);
	if (enter_real(cpu, (uint16_t)cs, eip))
		return 1;
	stack_release(&st, release);
	stack_set_esp(cpu, &st);
	return 0;
}

/*C:615
 * IRET.  Which flags come back depends on who returns: the interrupt flag only at IOPL or better,
 * IOPL itself only in ring 0, and the VM flag only on the way to virtual-8086 mode.
 */
static uint32_t iret_flags(const struct cpu *cpu, unsigned opsize)
{
	uint32_t mask = FL_ARITH | FL_TF | FL_DF | FL_NT;
	unsigned iopl = cpu->s.eflags >> 12 & 3, cpl = cpu->s.cpl;

	if (opsize == 4)
		mask |= FL_RF | FL_AC | FL_ID;
	if (cpl <= iopl)
		mask |= FL_IF;
	if (!cpl)
		mask |= opsize == 4 ? FL_IOPL | FL_VIF | FL_VIP : FL_IOPL;
	return mask;
}

/* The arithmetic flags are always in the mask. */
static void put_flags(struct cpu *cpu, uint32_t v, uint32_t mask)
{
	cpu_set_eflags(cpu, (cpu->s.eflags & ~mask) | (v & mask));
}

static int iret_real(struct cpu *cpu, struct stack *st, unsigned opsize)
{
	uint32_t eip, cs, flags;

	if (cpu_is_v86(cpu) && (cpu->s.eflags & FL_IOPL) != FL_IOPL)
		return trap_gp(cpu, 0);
	if (stack_pop(cpu, st, &eip, opsize) || stack_pop(cpu, st, &cs, opsize) ||
	    stack_pop(cpu, st, &flags, opsize) || enter_real(cpu, (uint16_t)cs, eip))
		return 1;
	stack_set_esp(cpu, st);
	/* In real mode CPL is 0 and VM, VIF and VIP stay; in V86 IOPL stays too. */
	put_flags(cpu, flags, iret_flags(cpu, opsize) & ~(uint32_t)(FL_VIF | FL_VIP));
	return 0;
}

/* Nine doublewords wait for a return to virtual-8086 mode; three are popped already. */
static int iret_to_v86(struct cpu *cpu, struct stack *st, uint32_t eip, uint32_t cs, uint32_t flags)
{
	static const uint8_t order[] = {SS, ES, DS, FS, GS};
	uint32_t esp, sel[ARRAY_LEN(order)];

	if (stack_pop(cpu, st, &esp, 4))
		return 1;
	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		if (stack_pop(cpu, st, &sel[i], 4))
			return 1;
	if (eip > 0xffff)
		return trap_gp(cpu, 0);
	cpu_set_eflags(cpu, flags);
	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		seg_set_v86(cpu, order[i], (uint16_t)sel[i]);
	seg_set_v86(cpu, CS, (uint16_t)cs);
	cpu->s.r[ESP] = esp;
	cpu->s.eip = eip;
	cpu_set_cpl(cpu, 3);
	cpu_update_mode(cpu);
	return 0;
}
/*:*/

/*C:617
 * And the quick way back: by segments that were returned to before, from a frame on one page at
 * hand.
 */
bool seg_iret_quick(struct cpu *cpu)
{
	uint32_t eip, esp, flags, mask = iret_flags(cpu, 4);
	const uint8_t *frame = stack_quick_pop(cpu, 12);
	const struct seg *cs, *ss = NULL;
	unsigned cpl = cpu->s.cpl, ring;

	if (!frame || unprotected(cpu) || (cpu->s.eflags & FL_NT) || cpu->single)
		return false;
	eip = word_get(frame);
	flags = word_get(frame + 8);
	if ((flags & FL_VM) ||
	    !(cs = seg_recall(cpu, USE_RETURN, cpl, (uint16_t)word_get(frame + 4))) ||
	    eip > cs->limit)
		return false;
	ring = cs->sel & 3;
	esp = cpu->s.r[ESP] + 12;
	if (ring > cpl) {
		frame = stack_quick_pop(cpu, 20);
		if (!frame ||
		    !(ss = seg_recall(cpu, USE_STACK, ring, (uint16_t)word_get(frame + 16))) ||
		    !(ss->attr & SEG_DB))
			return false;
		esp = word_get(frame + 12);
		cpu->s.seg[SS] = *ss;
		seg_drop_inner(cpu, ring);
	}
	cpu->s.r[ESP] = esp;
	cpu->s.seg[CS] = *cs;
	cpu->s.eip = eip;
	cpu_set_cpl(cpu, ring);
	put_flags(cpu, flags, mask);
	cpu_update_mode(cpu);
	return true;
}
/*:*/

/*C:618
 * The careful one.  An outer task is returned to by a task switch, virtual-8086 mode by nine words.
 */
int seg_iret(struct cpu *cpu, unsigned opsize, uint32_t next_eip)
{
	uint32_t eip, cs, flags, mask;
	struct stack st;
	struct desc d;

	stack_current(cpu, &st);
	if (unprotected(cpu))
		return iret_real(cpu, &st, opsize);
	if (cpu->s.eflags & FL_NT) {
		uint16_t link;

		return acc_sys_ld16(cpu, cpu->s.tr.base, &link) ||
		       seg_task_switch(cpu, link, TASK_IRET, next_eip, false, 0);
	}
	if (stack_pop(cpu, &st, &eip, opsize) || stack_pop(cpu, &st, &cs, opsize) ||
	    stack_pop(cpu, &st, &flags, opsize))
		return 1;
	if (opsize == 4 && (flags & FL_VM) && !cpu->s.cpl)
		return iret_to_v86(cpu, &st, eip, cs, flags);
	mask = iret_flags(cpu, opsize); /* by the ring we leave */
	if (check_return(cpu, (uint16_t)cs, &d) ||
	    go_back(cpu, &st, (uint16_t)cs, &d, eip, opsize, 0))
		return 1;
	put_flags(cpu, flags, mask);
	return 0;
}
/*:*/
