/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:330
 * Segmentation and privilege: loading segment registers with all their checks, checking an access
 * against a loaded one, far transfers, and the instructions that only look at descriptors.
:*/
#ifndef CPU_SEG_H
#define CPU_SEG_H

#include "access.h"

/* The cases seg_check() does not decide itself. */
int seg_check_slow(struct cpu *cpu, unsigned sr, uint32_t off, unsigned n, bool write) MUST_CHECK;

/*
 * Check an access of n bytes at off through segment register sr and give its linear address.
 * Faults: #SS(0) through SS, else #GP(0).
 */
static inline MUST_CHECK int seg_check(struct cpu *cpu, unsigned sr, uint32_t off, unsigned n, bool write,
			    uint32_t *lin)
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
void seg_unpack(struct seg *g, uint16_t sel, const struct desc *d);

/* MOV/POP/LxS to a segment register other than CS, in whatever mode the CPU is. */
int seg_load(struct cpu *cpu, unsigned sr, uint16_t sel) MUST_CHECK;

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

/* LAR, LSL, VERR, VERW: true (ZF) if the selector may be looked at. */
int seg_lar(struct cpu *cpu, uint16_t sel, uint32_t *v, bool *ok) MUST_CHECK;
int seg_lsl(struct cpu *cpu, uint16_t sel, uint32_t *v, bool *ok) MUST_CHECK;
int seg_verify(struct cpu *cpu, uint16_t sel, bool write, bool *ok) MUST_CHECK;

int seg_lldt(struct cpu *cpu, uint16_t sel) MUST_CHECK;
int seg_ltr(struct cpu *cpu, uint16_t sel) MUST_CHECK;

/* The stack of ring `cpl` from the current TSS (16- or 32-bit): error code is TR's selector. */
int seg_tss_stack(struct cpu *cpu, unsigned cpl, uint16_t *ss, uint32_t *esp) MUST_CHECK;

/* Hardware task switch. */
enum task_switch { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_INT };
int seg_task_switch(struct cpu *cpu, uint16_t sel, enum task_switch how, uint32_t next_eip,
		    bool has_error, uint32_t error) MUST_CHECK;

#endif
