/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:320
 * Loads and stores of emulated memory by the CPU, by linear address.  These are the careful ones:
 * any size, any alignment, over page borders, onto pages with code; they either do the whole
 * access or note a fault and return 1 with nothing done.  A store that would hit decoded code
 * returns 1 without a fault, having set cpu->restart_single, until it is tried with cpu->single
 * set.  The quick ones, for a page the TLB knows, are spelled in forms/vocab.h.
:*/
#ifndef CPU_ACCESS_H
#define CPU_ACCESS_H

#include "cpu.h"

/* At the current privilege level.  n <= 16 for the byte-wise ones; little-endian in memory. */
int acc_ld(struct cpu *cpu, uint32_t lin, void *to, unsigned n) MUST_CHECK;
int acc_st(struct cpu *cpu, uint32_t lin, const void *from, unsigned n) MUST_CHECK;
int acc_ld8(struct cpu *cpu, uint32_t lin, uint8_t *v) MUST_CHECK;
int acc_ld16(struct cpu *cpu, uint32_t lin, uint16_t *v) MUST_CHECK;
int acc_ld32(struct cpu *cpu, uint32_t lin, uint32_t *v) MUST_CHECK;
int acc_ld64(struct cpu *cpu, uint32_t lin, uint64_t *v) MUST_CHECK;
int acc_st8(struct cpu *cpu, uint32_t lin, uint8_t v) MUST_CHECK;
int acc_st16(struct cpu *cpu, uint32_t lin, uint16_t v) MUST_CHECK;
int acc_st32(struct cpu *cpu, uint32_t lin, uint32_t v) MUST_CHECK;
int acc_st64(struct cpu *cpu, uint32_t lin, uint64_t v) MUST_CHECK;

/* Would a store of n bytes here succeed?  Faults like the store, changes nothing but A and D
 * bits.  After it the store itself cannot fault. */
int acc_probe_write(struct cpu *cpu, uint32_t lin, unsigned n) MUST_CHECK;

/* The same as a program in ring `cpl` would do it: stack frames made for another ring. */
int acc_ld_as(struct cpu *cpu, unsigned cpl, uint32_t lin, void *to, unsigned n) MUST_CHECK;
int acc_st_as(struct cpu *cpu, unsigned cpl, uint32_t lin, const void *from, unsigned n) MUST_CHECK;
int acc_probe_write_as(struct cpu *cpu, unsigned cpl, uint32_t lin, unsigned n) MUST_CHECK;

/* Where an access lies in physical memory: one page, or two (n[1] is 0 if one). */
struct acc_span {
	uint32_t pa[2];
	unsigned n[2];
};

/* Find where a store of ring `cpl` would go, with all its faults; then make it, without any. */
int acc_span_write(struct cpu *cpu, unsigned cpl, uint32_t lin, unsigned n,
		   struct acc_span *s) MUST_CHECK;
void acc_span_store(struct cpu *cpu, const struct acc_span *s, const void *from);

/* #AC(0) if this ring must align its data and lin is no multiple of n (2, 4 or 8). */
int acc_align(struct cpu *cpu, uint32_t lin, unsigned n) MUST_CHECK;

/* The CPU's own accesses to descriptor tables and task state: supervisor, whatever the CPL. */
int acc_sys_ld(struct cpu *cpu, uint32_t lin, void *to, unsigned n) MUST_CHECK;
int acc_sys_st(struct cpu *cpu, uint32_t lin, const void *from, unsigned n) MUST_CHECK;
int acc_sys_st16(struct cpu *cpu, uint32_t lin, uint16_t v) MUST_CHECK;
int acc_sys_st32(struct cpu *cpu, uint32_t lin, uint32_t v) MUST_CHECK;

/* Instruction fetch: translate for execution.  *pa is machine-physical. */
int acc_fetch(struct cpu *cpu, uint32_t lin, uint32_t *pa) MUST_CHECK;

/* Make the TLB know lin, if it can be had without a fault and without a trace in the page tables.
 * False: take the careful way. */
bool acc_refill_read(struct cpu *cpu, uint32_t lin) MUST_CHECK;
bool acc_refill_write(struct cpu *cpu, uint32_t lin) MUST_CHECK;

/* Where in host memory the n bytes at lin can be read at once as ring `cpl` could; NULL: the TLB
 * does not say. */
static inline const uint8_t *acc_quick_read(const struct cpu *cpu, unsigned cpl, uint32_t lin,
					    unsigned n)
{
	return tlb_read(&cpu->tlb->half[cpl == 3], lin, n);
}

int acc_sys_ld16_slow(struct cpu *cpu, uint32_t lin, uint16_t *v) MUST_CHECK;
int acc_sys_ld32_slow(struct cpu *cpu, uint32_t lin, uint32_t *v) MUST_CHECK;

static inline MUST_CHECK int acc_sys_ld16(struct cpu *cpu, uint32_t lin, uint16_t *v)
{
	const uint8_t *p = acc_quick_read(cpu, 0, lin, 2);

	if (__builtin_expect(!p, 0))
		return acc_sys_ld16_slow(cpu, lin, v);
	*v = le16_get((le16_t){{p[0], p[1]}});
	return 0;
}

static inline MUST_CHECK int acc_sys_ld32(struct cpu *cpu, uint32_t lin, uint32_t *v)
{
	const uint8_t *p = acc_quick_read(cpu, 0, lin, 4);

	if (__builtin_expect(!p, 0))
		return acc_sys_ld32_slow(cpu, lin, v);
	*v = le32_get((le32_t){{p[0], p[1], p[2], p[3]}});
	return 0;
}

/* Where in host memory a store of n bytes as ring `cpl` could go at once; NULL: the TLB does not
 * say, ask acc_span_write(). */
static inline uint8_t *acc_quick_write(const struct cpu *cpu, unsigned cpl, uint32_t lin,
				       unsigned n)
{
	return tlb_write(&cpu->tlb->half[cpl == 3], lin, n);
}

#endif
