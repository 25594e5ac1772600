/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:335
 * The hardware task switch ("Task Switching"): leave all registers in one TSS, take all from
 * another.  Nobody uses it much; a double fault through a task gate is where it matters.
:*/
#include <string.h>

#include "base/bug.h"
#include "breaks.h"
#include "frame.h"
#include "system.h"

/*C:620
 * A TSS, 32-bit and 16-bit: where the part starts that a task switch saves (EIP, EFLAGS, eight
 * registers, then the segment registers), and the shortest limits allowed.
 */
struct layout {
	unsigned bytes; /* of a register in it */
	unsigned eip, segs, nr_segs, seg_bytes, ldt;
	unsigned limit;
};

static const struct layout layouts[2] = {
	{2, 0x0e, 0x22, 4, 2, 0x2a, 0x2b},
	{4, 0x20, 0x48, 6, 4, 0x60, 0x67},
};

static const struct layout *layout_of(unsigned attr)
{
	return &layouts[!!(attr & SYS_32)];
}

struct task {
	uint32_t cr3, eip, eflags, r[8];
	uint16_t seg[NR_SEGS], ldt;
	bool trap; /* #DB when it is switched to */
};

static uint32_t field(const uint8_t *tss, unsigned off, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | tss[off + bytes];
	return v;
}

static int task_read(struct cpu *cpu, const struct seg *tr, struct task *t)
{
	const struct layout *l = layout_of(tr->attr);
	uint8_t tss[104];

	if (acc_sys_ld(cpu, tr->base, tss, l->limit + 1))
		return 1;
	memset(t, 0, sizeof(*t));
	t->eip = field(tss, l->eip, l->bytes);
	t->eflags = field(tss, l->eip + l->bytes, l->bytes);
	for (unsigned i = 0; i < 8; i++)
		t->r[i] = field(tss, l->eip + (2 + i) * l->bytes, l->bytes) |
			  (l->bytes == 2 ? 0xffff0000 : 0);
	for (unsigned i = 0; i < l->nr_segs; i++)
		t->seg[i] = (uint16_t)field(tss, l->segs + i * l->seg_bytes, 2);
	t->ldt = (uint16_t)field(tss, l->ldt, 2);
	t->cr3 = l->bytes == 4 ? field(tss, 0x1c, 4) : cpu->s.cr3;
	t->trap = l->bytes == 4 && (tss[0x64] & 1);
	return 0;
}

/* The old task's registers, into the TSS we run on. */
static int task_save(struct cpu *cpu, struct stores *w, uint32_t eip, uint32_t eflags)
{
	const struct seg *tr = &cpu->s.tr;
	const struct layout *l = layout_of(tr->attr);
	uint32_t at = tr->base + l->eip;

	if (tr->limit < l->segs + l->nr_segs * l->seg_bytes - 1)
		return cpu_trap(cpu, V_TS, true, tr->sel & 0xfffc);
	if (stores_add(cpu, w, 0, at, eip, l->bytes) ||
	    stores_add(cpu, w, 0, at + l->bytes, eflags, l->bytes))
		return 1;
	for (unsigned i = 0; i < 8; i++)
		if (stores_add(cpu, w, 0, at + (2 + i) * l->bytes, cpu->s.r[i], l->bytes))
			return 1;
	for (unsigned i = 0; i < l->nr_segs; i++)
		if (stores_add(cpu, w, 0, tr->base + l->segs + i * l->seg_bytes, cpu->s.seg[i].sel,
			       2))
			return 1;
	return 0;
}
/*:*/

/*C:625
 * The new task's TSS must be in the GDT, present and long enough; and not busy, or for a return,
 * busy.
 */
static int check_tss(struct cpu *cpu, uint16_t sel, enum task_switch how, struct desc *d)
{
	unsigned error = sel & 0xfffc, type;
	uint8_t vector = how == TASK_IRET ? V_TS : V_GP;
	struct seg g;

	if ((sel & 4) || sel_is_null(sel))
		return cpu_trap(cpu, vector, true, error);
	if (seg_read_desc(cpu, sel, vector, d))
		return 1;
	type = desc_type(d) & ~(unsigned)SYS_32;
	if (!desc_is_system(d) || type != (how == TASK_IRET ? SYS_TSS_BUSY : SYS_TSS))
		return cpu_trap(cpu, vector, true, error);
	if (!desc_present(d))
		return cpu_trap(cpu, V_NP, true, error);
	seg_unpack(&g, sel, d);
	return g.limit < layout_of(g.attr)->limit ? cpu_trap(cpu, V_TS, true, error) : 0;
}

/* Busy bits: a task left for good is free again, a task entered is busy. */
static int mark_busy(struct cpu *cpu, struct stores *w, uint16_t sel, struct desc *d,
		     enum task_switch how)
{
	uint16_t old_sel = cpu->s.tr.sel;
	struct desc old;
	uint32_t lin;

	if ((how == TASK_JUMP || how == TASK_IRET) && !sel_is_null(old_sel)) {
		if (seg_read_desc(cpu, old_sel, V_TS, &old) || !seg_desc_lin(cpu, old_sel, &lin) ||
		    stores_add(cpu, w, 0, lin + 4, old.hi & ~(2u << 8), 4))
			return 1;
	}
	if (how == TASK_IRET)
		return 0;
	d->hi |= 2u << 8;
	return !seg_desc_lin(cpu, sel, &lin) || stores_add(cpu, w, 0, lin + 4, d->hi, 4);
}
/*:*/

/*C:630
 * From here on we are the new task, and what is wrong with it is its own trouble: the registers
 * hold its selectors, and a segment that cannot be loaded stays unusable.  All these faults are
 * #TS, except for segments that are merely not present.
 */
static int invalid(struct cpu *cpu, uint16_t sel)
{
	return cpu_trap(cpu, V_TS, true, sel & 0xfffc);
}

static int enter_segment(struct cpu *cpu, unsigned sr, uint16_t sel, struct desc *d, uint8_t absent)
{
	uint32_t lin;

	if (!desc_present(d))
		return cpu_trap(cpu, absent, true, sel & 0xfffc);
	if (!(d->hi & SEG_A << 8)) {
		d->hi |= SEG_A << 8;
		if (!seg_desc_lin(cpu, sel, &lin) || acc_sys_st32(cpu, lin + 4, d->hi))
			return 1;
	}
	seg_unpack(&cpu->s.seg[sr], sel, d);
	return 0;
}

static int enter_ldt(struct cpu *cpu, uint16_t sel)
{
	struct desc d;

	if (sel_is_null(sel))
		return 0;
	if (sel & 4)
		return invalid(cpu, sel);
	if (seg_read_desc(cpu, sel, V_TS, &d))
		return 1;
	if (!desc_is_system(&d) || desc_type(&d) != SYS_LDT || !desc_present(&d))
		return invalid(cpu, sel);
	seg_unpack(&cpu->s.ldtr, sel, &d);
	return 0;
}

static int enter_cs(struct cpu *cpu, uint16_t sel)
{
	struct desc d;

	if (sel_is_null(sel))
		return invalid(cpu, sel);
	if (seg_read_desc(cpu, sel, V_TS, &d))
		return 1;
	if (!desc_is_code(&d) ||
	    (desc_is_conforming(&d) ? desc_dpl(&d) > cpu->s.cpl : desc_dpl(&d) != cpu->s.cpl))
		return invalid(cpu, sel);
	return enter_segment(cpu, CS, sel, &d, V_NP);
}

static int enter_ss(struct cpu *cpu, uint16_t sel)
{
	struct desc d;

	if (sel_is_null(sel))
		return invalid(cpu, sel);
	if (seg_read_desc(cpu, sel, V_TS, &d))
		return 1;
	if ((sel & 3) != cpu->s.cpl || desc_dpl(&d) != cpu->s.cpl || !desc_is_writable_data(&d))
		return invalid(cpu, sel);
	return enter_segment(cpu, SS, sel, &d, V_SS);
}

static int enter_data(struct cpu *cpu, unsigned sr, uint16_t sel)
{
	struct desc d;

	if (sel_is_null(sel))
		return 0;
	if (seg_read_desc(cpu, sel, V_TS, &d))
		return 1;
	if (desc_is_system(&d) || (desc_type(&d) & (SEG_CODE | SEG_R)) == SEG_CODE)
		return invalid(cpu, sel);
	if (!desc_is_code(&d) || !desc_is_conforming(&d))
		if (cpu->s.cpl > desc_dpl(&d) || (sel & 3u) > desc_dpl(&d))
			return invalid(cpu, sel);
	return enter_segment(cpu, sr, sel, &d, V_NP);
}

static int enter_segments(struct cpu *cpu, const struct task *t)
{
	static const uint8_t data[] = {ES, DS, FS, GS};

	if (enter_ldt(cpu, t->ldt))
		return 1;
	if (cpu_is_v86(cpu)) {
		for (unsigned i = 0; i < NR_SEGS; i++)
			seg_set_v86(cpu, i, t->seg[i]);
		return 0;
	}
	/* The stack first ("Exception Conditions Checked During a Task Switch"): the fault of a bad CS
	 * has somewhere to go. */
	if (enter_ss(cpu, t->seg[SS]) || enter_cs(cpu, t->seg[CS]))
		return 1;
	for (unsigned i = 0; i < ARRAY_LEN(data); i++)
		if (enter_data(cpu, data[i], t->seg[data[i]]))
			return 1;
	return 0;
}

static int push_error(struct cpu *cpu, uint32_t error, unsigned bytes)
{
	struct stores w;
	struct stack st;

	stores_init(&w);
	stack_current(cpu, &st);
	st.align = false;
	if (stack_push(cpu, &st, &w, error, bytes))
		return 1;
	stores_commit(cpu, &w);
	stack_set_esp(cpu, &st);
	return 0;
}
/*:*/

/* All that cannot fail. */
static void task_enter(struct cpu *cpu, const struct seg *tr, const struct task *t, bool nested)
{
	struct cpu_state *s = &cpu->s;

	s->tr = *tr;
	s->cr0 |= CR0_TS;
	/* "Debug Control Register": local breakpoints are the old task's. */
	s->dr[7] &= ~0x155u;
	s->eip = t->eip;
	cpu_set_eflags(cpu, t->eflags | (nested ? FL_NT : 0));
	memcpy(s->r, t->r, sizeof(t->r));
	for (unsigned i = 0; i < NR_SEGS; i++)
		s->seg[i] = (struct seg){t->seg[i], 0, 0, 0};
	s->ldtr = (struct seg){t->ldt, 0, 0, 0};
	cpu_set_cpl(cpu, t->eflags & FL_VM ? 3 : t->seg[CS] & 3);
}

/* The second half of the switch: in the new task.  A fault stays pending for whoever looks next. */
static void task_start(struct cpu *cpu, const struct task *t, unsigned bytes, bool has_error,
		       uint32_t error)
{
	bool single = cpu->single;
	int fault;

	/* There is no going back, so no store may ask for it. */
	cpu->single = true;
	fault = enter_segments(cpu, t) || (has_error && push_error(cpu, error, bytes)) ||
		(cpu->s.eip > cpu->s.seg[CS].limit && trap_gp(cpu, 0));
	cpu->single = single;
	cpu_update_mode(cpu);
	if (!fault && t->trap) {
		cpu->s.dr[6] |= DR6_BT;
		fault = cpu_trap(cpu, V_DB, false, 0);
	}
	BUG_ON(cpu->trap.pending != fault);
}

/*C:635
 * The switch itself.  Everything that belongs to the old task is checked first, down to the place
 * of each store; loading CR3 is the last thing that can fail (PAE), and then there is no way
 * back.  The new task's descriptors are read through the new page tables.
 */
int seg_task_switch(struct cpu *cpu, uint16_t sel, enum task_switch how, uint32_t next_eip,
		    bool has_error, uint32_t error)
{
	bool nested = how == TASK_CALL || how == TASK_INT;
	uint32_t eflags = cpu_eflags(cpu);
	struct stores w;
	struct task t;
	struct desc d;
	struct seg tr;

	stores_init(&w);
	if (check_tss(cpu, sel, how, &d))
		return 1;
	if (how == TASK_IRET)
		eflags &= ~(uint32_t)FL_NT;
	seg_unpack(&tr, sel, &d);
	tr.attr |= 2;
	if (task_read(cpu, &tr, &t) || task_save(cpu, &w, next_eip, eflags) ||
	    mark_busy(cpu, &w, sel, &d, how))
		return 1;
	if (nested && stores_add(cpu, &w, 0, tr.base, cpu->s.tr.sel, 2))
		return 1;
	if ((cpu->s.cr0 & CR0_PG) && (tr.attr & SYS_32) && sys_load_cr3(cpu, t.cr3))
		return 1;
	stores_commit(cpu, &w);
	task_enter(cpu, &tr, &t, nested);
	task_start(cpu, &t, layout_of(tr.attr)->bytes, has_error, error);
	return 0;
}
/*:*/
