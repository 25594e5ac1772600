/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:331
 * Segments: checking accesses against what is loaded, and loading with all the checks of the
 * manual.  Transfers of control to another segment are in far.c, tasks in task.c.
:*/
#include "seg.h"

/*C:540
 * Rights and limits.  An expand-down segment is a stack that grows by lowering its limit: the
 * limit says where it ends below, and its top is 64 KB or 4 GB, by the B bit.
 *
 * An access that wraps around the end of a 4 GB segment "may or may not" fault (manual, "Limit
 * Checking"); ours does not, so that the flat fast path, which does not look, agrees.
 */

int seg_check_slow(struct cpu *cpu, unsigned sr, uint32_t off, unsigned n, bool write)
{
	if (seg_allows(&cpu->s.seg[sr], off, n, write))
		return 0;
	return cpu_trap(cpu, sr == SS ? V_SS : V_GP, true, 0);
}
/*:*/

int seg_ld16(struct cpu *cpu, unsigned sr, uint32_t off, uint16_t *v)
{
	uint32_t lin;

	return seg_check(cpu, sr, off, 2, false, &lin) || acc_ld16(cpu, lin, v);
}

int seg_ld32(struct cpu *cpu, unsigned sr, uint32_t off, uint32_t *v)
{
	uint32_t lin;

	return seg_check(cpu, sr, off, 4, false, &lin) || acc_ld32(cpu, lin, v);
}

int seg_st16(struct cpu *cpu, unsigned sr, uint32_t off, uint16_t v)
{
	uint32_t lin;

	return seg_check(cpu, sr, off, 2, true, &lin) || acc_st16(cpu, lin, v);
}

int seg_st32(struct cpu *cpu, unsigned sr, uint32_t off, uint32_t v)
{
	uint32_t lin;

	return seg_check(cpu, sr, off, 4, true, &lin) || acc_st32(cpu, lin, v);
}

static int desc_read(struct cpu *cpu, uint32_t lin, struct desc *d)
{
	return acc_sys_ld32(cpu, lin, &d->lo) || acc_sys_ld32(cpu, lin + 4, &d->hi);
}

int seg_read_desc(struct cpu *cpu, uint16_t sel, uint8_t vector, struct desc *d)
{
	uint32_t lin;

	if (!seg_desc_lin(cpu, sel, &lin))
		return cpu_trap(cpu, vector, true, sel & 0xfffc);
	return desc_read(cpu, lin, d);
}

/*C:548
 * Loading sets the accessed bit, but only where it is clear: a table in read-only memory is fine
 * as long as everything in it is marked already, and the Switchers of this world count on that.
 */
static int set_accessed(struct cpu *cpu, uint16_t sel, struct desc *d)
{
	uint32_t lin;

	if (d->hi & SEG_A << 8)
		return 0;
	d->hi |= SEG_A << 8;
	return !seg_desc_lin(cpu, sel, &lin) || acc_sys_st32(cpu, lin + 4, d->hi);
}
/*:*/

/*C:550
 * Without protection a selector is a paragraph number.  In real mode the limit stays what it was
 * (so a program may visit protected mode and bring 4 GB segments home); virtual-8086 mode gives
 * every segment 64 KB and ring-3 rights.
 */
void seg_set_real(struct cpu *cpu, unsigned sr, uint16_t sel)
{
	struct seg *g = &cpu->s.seg[sr];

	g->sel = sel;
	g->base = (uint32_t)sel << 4;
	g->attr = (uint16_t)((g->attr & (SEG_DB | SEG_G | SEG_AVL)) | SEG_P | SEG_S | SEG_W |
			     SEG_A);
}

void seg_set_v86(struct cpu *cpu, unsigned sr, uint16_t sel)
{
	cpu->s.seg[sr] = (struct seg){sel, SEG_P | SEG_DPL | SEG_S | SEG_W | SEG_A,
				      (uint32_t)sel << 4, 0xffff};
}

/* "MOV", protected mode, SS: nothing but a writable data segment of exactly this ring. */
static int check_ss(struct cpu *cpu, uint16_t sel, struct desc *d)
{
	unsigned cpl = cpu->s.cpl, error = sel & 0xfffc;

	if (sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (seg_read_desc(cpu, sel, V_GP, d))
		return 1;
	if ((sel & 3) != cpl || !desc_is_writable_data(d) || desc_dpl(d) != cpl)
		return trap_gp(cpu, error);
	if (!desc_present(d))
		return cpu_trap(cpu, V_SS, true, error);
	return 0;
}

/* The same for DS, ES, FS and GS: readable, and not more privileged than program and selector. */
static int check_data(struct cpu *cpu, uint16_t sel, struct desc *d)
{
	unsigned error = sel & 0xfffc;

	if (seg_read_desc(cpu, sel, V_GP, d))
		return 1;
	if (desc_is_system(d) || (desc_type(d) & (SEG_CODE | SEG_R)) == SEG_CODE)
		return trap_gp(cpu, error);
	if (!desc_is_code(d) || !desc_is_conforming(d))
		if ((sel & 3u) > desc_dpl(d) || cpu->s.cpl > desc_dpl(d))
			return trap_gp(cpu, error);
	if (!desc_present(d))
		return cpu_trap(cpu, V_NP, true, error);
	return 0;
}

int seg_load(struct cpu *cpu, unsigned sr, uint16_t sel)
{
	enum seg_use use = sr == SS ? USE_STACK : USE_DATA;
	struct seg *g = &cpu->s.seg[sr];
	const struct seg *known;
	struct desc d;

	if (cpu_is_real(cpu)) {
		seg_set_real(cpu, sr, sel);
	} else if (cpu_is_v86(cpu)) {
		seg_set_v86(cpu, sr, sel);
	} else if (sr != SS && sel_is_null(sel)) {
		*g = (struct seg){sel, 0, 0, 0};
	} else if ((known = seg_recall(cpu, use, cpu->s.cpl, sel))) {
		*g = *known;
	} else {
		if (sr == SS ? check_ss(cpu, sel, &d) : check_data(cpu, sel, &d))
			return 1;
		if (set_accessed(cpu, sel, &d))
			return 1;
		seg_unpack(g, sel, &d);
		seg_remember(cpu, use, cpu->s.cpl, sel, &d, g);
	}
	if (sr < FS)
		cpu_update_mode(cpu);
	return 0;
}
/*:*/

/*C:555
 * Leaving for an outer ring ("RET", "IRET": outer privilege level), the processor takes away data
 * segments that ring could not have loaded itself.  A register that holds a null selector counts
 * as ring 0's: whatever its low bits were, they become 0.
 */
void seg_drop_inner(struct cpu *cpu, unsigned cpl)
{
	static const uint8_t regs[] = {ES, DS, FS, GS};

	for (unsigned i = 0; i < ARRAY_LEN(regs); i++) {
		struct seg *g = &cpu->s.seg[regs[i]];

		if ((unsigned)(g->attr & SEG_DPL) >> 5 < cpl &&
		    (g->attr & (SEG_CODE | SEG_C)) != (SEG_CODE | SEG_C))
			*g = (struct seg){0, 0, 0, 0};
	}
}
/*:*/

/*C:560
 * LAR, LSL, VERR and VERW only look, and answer in ZF.  What they must not do is fault because of
 * the selector: so they find the descriptor themselves.  `types` are the system descriptors they
 * know, one bit each.  The present bit does not matter to them.
 */
static int look(struct cpu *cpu, uint16_t sel, unsigned types, struct desc *d, bool *ok)
{
	uint32_t lin;

	*ok = false;
	if (cpu_is_real(cpu) || cpu_is_v86(cpu))
		return trap_ud(cpu);
	if (sel_is_null(sel) || !seg_desc_lin(cpu, sel, &lin))
		return 0;
	if (desc_read(cpu, lin, d))
		return 1;
	if (desc_is_system(d) && !(types >> desc_type(d) & 1))
		return 0;
	*ok = (desc_is_code(d) && desc_is_conforming(d)) ||
	      (cpu->s.cpl <= desc_dpl(d) && (sel & 3u) <= desc_dpl(d));
	return 0;
}

int seg_lar(struct cpu *cpu, uint16_t sel, uint32_t *v, bool *ok)
{
	struct desc d;

	/* TSS, LDT, call and task gates; but no interrupt or trap gates. */
	if (look(cpu, sel, 0x1a3e, &d, ok))
		return 1;
	if (*ok)
		*v = d.hi & 0x00ffff00; /* silicon: limit 19:16 too, which the manual leaves open */
	return 0;
}

int seg_lsl(struct cpu *cpu, uint16_t sel, uint32_t *v, bool *ok)
{
	struct desc d;
	struct seg g;

	/* Only what has a limit: TSS and LDT. */
	if (look(cpu, sel, 0x0a0e, &d, ok))
		return 1;
	if (*ok) {
		seg_unpack(&g, sel, &d);
		*v = g.limit;
	}
	return 0;
}

int seg_verify(struct cpu *cpu, uint16_t sel, bool write, bool *ok)
{
	struct desc d;

	if (look(cpu, sel, 0, &d, ok))
		return 1;
	if (*ok && write)
		*ok = desc_is_writable_data(&d);
	else if (*ok)
		*ok = !desc_is_code(&d) || (desc_type(&d) & SEG_R);
	return 0;
}
/*:*/

/*C:565
 * LLDT and LTR: ring 0 only, descriptors of the GDT only.  A TSS is marked busy in the table, so
 * that no two tasks can run on it.
 */
static int system_desc(struct cpu *cpu, uint16_t sel, unsigned type, struct desc *d)
{
	unsigned error = sel & 0xfffc;

	if (sel & 4)
		return trap_gp(cpu, error);
	if (seg_read_desc(cpu, sel, V_GP, d))
		return 1;
	if (!desc_is_system(d) ||
	    (desc_type(d) != type && !(type == SYS_TSS && desc_type(d) == (SYS_TSS | SYS_32))))
		return trap_gp(cpu, error);
	if (!desc_present(d))
		return cpu_trap(cpu, V_NP, true, error);
	return 0;
}

int seg_lldt(struct cpu *cpu, uint16_t sel)
{
	struct desc d;

	if (cpu_is_real(cpu) || cpu_is_v86(cpu))
		return trap_ud(cpu);
	if (cpu->s.cpl)
		return trap_gp(cpu, 0);
	if (sel_is_null(sel)) {
		cpu->s.ldtr = (struct seg){sel, 0, 0, 0};
		return 0;
	}
	if (system_desc(cpu, sel, SYS_LDT, &d))
		return 1;
	seg_unpack(&cpu->s.ldtr, sel, &d);
	return 0;
}

int seg_ltr(struct cpu *cpu, uint16_t sel)
{
	struct desc d;
	uint32_t lin;

	if (cpu_is_real(cpu) || cpu_is_v86(cpu))
		return trap_ud(cpu);
	if (cpu->s.cpl || sel_is_null(sel))
		return trap_gp(cpu, 0);
	if (system_desc(cpu, sel, SYS_TSS, &d))
		return 1;
	d.hi |= 2u << 8;
	if (!seg_desc_lin(cpu, sel, &lin) || acc_sys_st32(cpu, lin + 4, d.hi))
		return 1;
	seg_unpack(&cpu->s.tr, sel, &d);
	return 0;
}

/*
 * Where the current TSS keeps the stack of an inner ring ("CALL", more privilege).  Not checked
 * here: whether the selector found is any good.
 */
int seg_tss_stack(struct cpu *cpu, unsigned cpl, uint16_t *ss, uint32_t *esp)
{
	const struct seg *tr = &cpu->s.tr;
	bool tss32 = tr->attr & SYS_32;
	uint32_t off = tss32 ? cpl * 8 + 4 : cpl * 4 + 2;
	uint16_t sp;

	if (off + (tss32 ? 5 : 3) > tr->limit)
		return cpu_trap(cpu, V_TS, true, tr->sel & 0xfffc);
	if (tss32)
		return acc_sys_ld32(cpu, tr->base + off, esp) ||
		       acc_sys_ld16(cpu, tr->base + off + 4, ss);
	if (acc_sys_ld16(cpu, tr->base + off, &sp) || acc_sys_ld16(cpu, tr->base + off + 2, ss))
		return 1;
	*esp = sp;
	return 0;
}
/*:*/
