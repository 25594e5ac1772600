/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:330
 * Segmentation and privilege: loading segment registers with all their checks, checking an access
 * against a loaded one, far transfers, and the instructions that only look at descriptors.
:*/
#ifndef CPU_SEG_H
#define CPU_SEG_H

#include <string.h>

#include "access.h"

/* May n bytes at off be read (written) through this segment?  Rights and limit; no fault. */
static inline bool seg_allows(const struct seg *g, uint32_t off, unsigned n, bool write)
{
	uint32_t last = off + n - 1;
	unsigned t = g->attr & (SEG_CODE | SEG_E | SEG_W | SEG_S | SEG_P);

	/* Ordinary case: present, data, expand-up, writable, the access ends within the limit. */
	if (__builtin_expect(t == (SEG_P | SEG_S | SEG_W) && last <= g->limit && last >= off, 1))
		return true;
	if ((g->attr & (SEG_P | SEG_S)) != (SEG_P | SEG_S))
		return false;
	if (g->attr & SEG_CODE) {
		if (write || !(g->attr & SEG_R))
			return false;
	} else {
		if (write && !(g->attr & SEG_W))
			return false;
		if (g->attr & SEG_E)
			return off > g->limit && last >= off &&
			       last <= (g->attr & SEG_DB ? 0xffffffff : 0xffff);
	}
	return g->limit == 0xffffffff || (last <= g->limit && last >= off);
}

/* The cases seg_check() does not decide itself. */
int seg_check_slow(struct cpu *cpu, unsigned sr, uint32_t off, unsigned n, bool write) MUST_CHECK;

/*
 * Check an access of n bytes at off through segment register sr and give its linear address.
 * Faults: #SS(0) through SS, else #GP(0).
 */
static inline MUST_CHECK int seg_check(struct cpu *cpu, unsigned sr, uint32_t off, unsigned n,
				       bool write, uint32_t *lin)
{
	const struct seg *g = &cpu->s.seg[sr];
	unsigned t = g->attr & (SEG_CODE | SEG_E | SEG_W | SEG_S | SEG_P);
	uint32_t last = off + n - 1;

	*lin = g->base + off;
	/* Ordinary case: present, data, expand-up, writable. */
	if (__builtin_expect(t == (SEG_P | SEG_S | SEG_W) && last <= g->limit && last >= off, 1))
		return 0;
	return seg_check_slow(cpu, sr, off, n, write);
}

/* Loads and stores through a segment register: check, then access. */
int seg_ld16(struct cpu *cpu, unsigned sr, uint32_t off, uint16_t *v) MUST_CHECK;
int seg_ld32(struct cpu *cpu, unsigned sr, uint32_t off, uint32_t *v) MUST_CHECK;
int seg_st16(struct cpu *cpu, unsigned sr, uint32_t off, uint16_t v) MUST_CHECK;
int seg_st32(struct cpu *cpu, unsigned sr, uint32_t off, uint32_t v) MUST_CHECK;

/* A descriptor as it stands in a table. */
struct desc {
	uint32_t lo, hi;
};

/* Read the descriptor `sel` names.  Beyond the table: trap `vector`(sel & ~3). */
int seg_read_desc(struct cpu *cpu, uint16_t sel, uint8_t vector, struct desc *d) MUST_CHECK;
/* Unpack into a hidden part; the accessed bit is not touched. */
static inline void seg_unpack(struct seg *g, uint16_t sel, const struct desc *d)
{
	g->sel = sel;
	g->attr = (uint16_t)((d->hi >> 8 & 0xff) | (d->hi >> 12 & 0xf00));
	g->base = d->lo >> 16 | (d->hi & 0xff) << 16 | (d->hi & 0xff000000);
	g->limit = (d->lo & 0xffff) | (d->hi & 0xf0000);
	if (g->attr & SEG_G)
		g->limit = g->limit << 12 | 0xfff;
}

static inline bool desc_is_system(const struct desc *d)
{
	return !(d->hi & 1u << 12);
}

/* Type of a system descriptor, or SEG_CODE, SEG_E/SEG_C, SEG_W/SEG_R, SEG_A of any other. */
static inline unsigned desc_type(const struct desc *d)
{
	return d->hi >> 8 & 15;
}

static inline unsigned desc_dpl(const struct desc *d)
{
	return d->hi >> 13 & 3;
}

static inline bool desc_present(const struct desc *d)
{
	return d->hi & 1u << 15;
}

static inline bool desc_is_code(const struct desc *d)
{
	return !desc_is_system(d) && (d->hi & SEG_CODE << 8);
}

static inline bool desc_is_conforming(const struct desc *d)
{
	return d->hi & SEG_C << 8;
}

static inline bool desc_is_writable_data(const struct desc *d)
{
	return !desc_is_system(d) && (desc_type(d) & (SEG_CODE | SEG_W)) == SEG_W;
}

/* System descriptors ("System Descriptor Types"); of TSS, call, interrupt and trap gates there
 * are 16-bit ones, and 32-bit ones with SYS_32. */
enum sys_type {
	SYS_TSS = 1,
	SYS_LDT = 2,
	SYS_TSS_BUSY = 3,
	SYS_CALL_GATE = 4,
	SYS_TASK_GATE = 5,
	SYS_INT_GATE = 6,
	SYS_TRAP_GATE = 7,
	SYS_32 = 8,
};

static inline bool sel_is_null(uint16_t sel)
{
	return !(sel & 0xfffc);
}

/*C:545
 * Descriptors.  A selector is an index, a bit for GDT or LDT, and the privilege its user asks
 * with; the descriptor's eight bytes must lie wholly within the table's limit.
 *
 * Linear address of the descriptor; false if the selector points past its table.
 */
static inline bool seg_desc_lin(const struct cpu *cpu, uint16_t sel, uint32_t *lin)
{
	const struct cpu_state *s = &cpu->s;
	uint32_t base = s->gdtr.base, limit = s->gdtr.limit;

	if (sel & 4) {
		if (!(s->ldtr.attr & SEG_P))
			return false;
		base = s->ldtr.base;
		limit = s->ldtr.limit;
	}
	*lin = base + (sel & 0xfff8);
	return (sel | 7u) <= limit;
}
/*:*/

/*C:547
 * Asking and filling the memory of descriptors (struct seg_memo).  Only a descriptor that is marked
 * as accessed is kept, so nothing is left to be written when it is found again.  NULL: not known,
 * or not at hand; take the careful way.
 */
static inline uint32_t seg_memo_key(enum seg_use use, unsigned ring, uint16_t sel)
{
	return 1u << 31 | (uint32_t)use << 18 | ring << 16 | sel;
}

static inline struct seg_memo *seg_memo_slot(struct cpu *cpu, uint32_t key)
{
	return &cpu->memo[(key >> 3 ^ key >> 13) % SEG_MEMOS];
}

ALWAYS_INLINE const struct seg *seg_recall(struct cpu *cpu, enum seg_use use, unsigned ring,
					   uint16_t sel)
{
	uint32_t lin, key = seg_memo_key(use, ring, sel);
	const struct seg_memo *m = seg_memo_slot(cpu, key);
	const uint8_t *p;

	if (m->key != key || !seg_desc_lin(cpu, sel, &lin))
		return NULL;
	p = acc_quick_read(cpu, 0, lin, 8);
	return p && !memcmp(p, &m->lo, 8) ? &m->seg : NULL;
}

static inline void seg_remember(struct cpu *cpu, enum seg_use use, unsigned ring, uint16_t sel,
				const struct desc *d, const struct seg *g)
{
	uint32_t key = seg_memo_key(use, ring, sel);

	if (!cpu_has_rung(cpu, RUNG_CROSS))
		return;
	*seg_memo_slot(cpu, key) = (struct seg_memo){key, le32(d->lo), le32(d->hi), *g};
}
/*:*/

/* What a selector means in real (or virtual-8086) mode: paragraph number. */
void seg_set_real(struct cpu *cpu, unsigned sr, uint16_t sel);
void seg_set_v86(struct cpu *cpu, unsigned sr, uint16_t sel);
/* Going out to ring `cpl`: DS, ES, FS, GS that it may not use become null. */
void seg_drop_inner(struct cpu *cpu, unsigned cpl);

/* MOV/POP/LxS to a segment register other than CS, in whatever mode the CPU is. */
int seg_load(struct cpu *cpu, unsigned sr, uint16_t sel) MUST_CHECK;

/* The same to ES, DS, FS or GS in protected mode, by a descriptor that was found good before (or none
 * at all, to FS or GS), and the mode stays what it is; false: nothing was done. */
ALWAYS_INLINE MUST_CHECK bool seg_load_again(struct cpu *cpu, unsigned sr, uint16_t sel)
{
	struct seg *g = &cpu->s.seg[sr];
	const struct seg *to;

	if (sr == SS || cpu_is_real(cpu) || cpu_is_v86(cpu))
		return false;
	if (sel_is_null(sel) && sr >= FS) {
		*g = (struct seg){sel, 0, 0, 0};
		return true;
	}
	to = seg_recall(cpu, USE_DATA, cpu->s.cpl, sel);
	/* The mode asks for no more than this, and not for FS and GS. */
	if (!to || (sr < FS && (g->base != to->base || g->limit != to->limit ||
				((g->attr ^ to->attr) & ~(unsigned)SEG_DPL))))
		return false;
	*g = *to;
	return true;
}

/*
 * Far transfers.  All work in real, virtual-8086 and protected mode, set EIP, CS, CPL, the stack
 * and the mode, or fault having changed nothing.  opsize is 2 or 4 bytes; next_eip is the EIP
 * after the instruction.
 */
int seg_far_jump(struct cpu *cpu, uint16_t sel, uint32_t off, unsigned opsize,
		 uint32_t next_eip) MUST_CHECK;
int seg_far_call(struct cpu *cpu, uint16_t sel, uint32_t off, unsigned opsize,
		 uint32_t next_eip) MUST_CHECK;
int seg_far_ret(struct cpu *cpu, unsigned opsize, uint16_t release) MUST_CHECK;
int seg_iret(struct cpu *cpu, unsigned opsize, uint32_t next_eip) MUST_CHECK;

/* IRETD where nothing is unusual about it, with EIP still the block's; false: nothing was done. */
bool seg_iret_quick(struct cpu *cpu) MUST_CHECK;

/* LAR, LSL, VERR, VERW: true (ZF) if the selector may be looked at. */
int seg_lar(struct cpu *cpu, uint16_t sel, uint32_t *v, bool *ok) MUST_CHECK;
int seg_lsl(struct cpu *cpu, uint16_t sel, uint32_t *v, bool *ok) MUST_CHECK;
int seg_verify(struct cpu *cpu, uint16_t sel, bool write, bool *ok) MUST_CHECK;

int seg_lldt(struct cpu *cpu, uint16_t sel) MUST_CHECK;
int seg_ltr(struct cpu *cpu, uint16_t sel) MUST_CHECK;

/* The stack of ring `cpl` from the current TSS (16- or 32-bit): error code is TR's selector. */
int seg_tss_stack(struct cpu *cpu, unsigned cpl, uint16_t *ss, uint32_t *esp) MUST_CHECK;

/* The same if it is a 32-bit TSS and at hand; false if not. */
static inline bool seg_tss_stack_quick(const struct cpu *cpu, unsigned cpl, uint16_t *ss,
				       uint32_t *esp)
{
	const struct seg *tr = &cpu->s.tr;
	uint32_t off = cpl * 8 + 4;
	const uint8_t *p;

	if (!(tr->attr & SYS_32) || off + 5 > tr->limit ||
	    !(p = acc_quick_read(cpu, 0, tr->base + off, 6)))
		return false;
	*esp = le32_get((le32_t){{p[0], p[1], p[2], p[3]}});
	*ss = le16_get((le16_t){{p[4], p[5]}});
	return true;
}

/* Hardware task switch. */
enum task_switch { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_INT };
/*
 * sel names a TSS; next_eip is saved in the old one.  1: a fault, and nothing has changed.  0: we
 * are the new task; but it may be at fault already (cpu->trap.pending), before its first
 * instruction.
 */
int seg_task_switch(struct cpu *cpu, uint16_t sel, enum task_switch how, uint32_t next_eip,
		    bool has_error, uint32_t error) MUST_CHECK;

#endif
