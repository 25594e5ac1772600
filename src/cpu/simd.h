/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:338
 * MMX, SSE and SSE2 as the forms see them: may such an instruction run at all, where does its
 * operand lie, and the meanings that need MXCSR or more than one half of a register.
:*/
#ifndef CPU_SIMD_H
#define CPU_SIMD_H

#include "cpu.h"
#include "sse.h"

/* A vector is two uint64_t, the lower half first, as struct fpu has them. */

/*
 * Checks before anything else: #UD by CR0.EM (SSE: or without CR4.OSFXSR), #NM by CR0.TS; MMX also
 * #MF for an x87 exception left pending.
 */
int simd_refuse_sse(struct cpu *cpu) MUST_CHECK;
int simd_refuse_mmx(struct cpu *cpu) MUST_CHECK;

static inline MUST_CHECK int simd_check_sse(struct cpu *cpu)
{
	const struct cpu_state *s = &cpu->s;

	if (__builtin_expect((s->cr0 & (CR0_EM | CR0_TS)) | (~s->cr4 & CR4_OSFXSR), 0))
		return simd_refuse_sse(cpu);
	return 0;
}

#define FSW_ERROR_SUMMARY 0x80

static inline MUST_CHECK int simd_check_mmx(struct cpu *cpu)
{
	const struct cpu_state *s = &cpu->s;

	if (__builtin_expect((s->cr0 & (CR0_EM | CR0_TS)) | (s->fpu.fsw & FSW_ERROR_SUMMARY), 0))
		return simd_refuse_mmx(cpu);
	return 0;
}

/* Both: instructions that have an MMX and an XMM register. */
static inline MUST_CHECK int simd_check_both(struct cpu *cpu)
{
	return simd_check_sse(cpu) || simd_check_mmx(cpu);
}

/*C:830
 * The MMX registers are the significands of the x87's ("MMX Registers" in volume 1), by physical
 * number.  An MMX instruction, whatever it does, makes TOP 0 and all eight registers valid; one
 * that writes a register makes its sign and exponent all ones, a NaN to the x87.
 *
 * Silicon makes TOP 0 before it stores, and a store that faults leaves it so.
 */
static inline void mmx_top(struct cpu *cpu)
{
	cpu->s.fpu.fsw &= (uint16_t) ~(7u << 11);
}

static inline void mmx_enter(struct cpu *cpu)
{
	mmx_top(cpu);
	cpu->s.fpu.empty = 0;
}

static inline void mmx_write(struct cpu *cpu, unsigned n, uint64_t v)
{
	cpu->s.fpu.reg[n].mant = v;
	cpu->s.fpu.reg[n].se = 0xffff;
}
/*:*/

/*
 * Operands in memory, n bytes (4, 8 or 16) at an offset: segment, alignment, page.  `aligned`: 16
 * bytes must be, #GP(0).  Loads clear what they do not fill.
 */
int simd_load(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n, bool aligned,
	      uint64_t to[2]) MUST_CHECK;
int simd_store(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n, bool aligned,
	       const uint64_t from[2]) MUST_CHECK;
/* MASKMOVQ, MASKMOVDQU: n bytes, those whose mask byte has its top bit set. */
int simd_store_masked(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n,
		      const uint64_t from[2], const uint64_t mask[2]) MUST_CHECK;

/*
 * Floating point over the first `lanes` lanes of d; the others keep what they have.  1: an unmasked
 * exception; MXCSR tells which, d is as it was.
 */
int sse_each32(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f32_fn2 *fn,
	       unsigned lanes) MUST_CHECK;
int sse_each64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f64_fn2 *fn,
	       unsigned lanes) MUST_CHECK;
int sse_map32(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f32_fn1 *fn,
	      unsigned lanes) MUST_CHECK;
int sse_map64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f64_fn1 *fn,
	      unsigned lanes) MUST_CHECK;
int sse_compare32(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned predicate,
		  unsigned lanes) MUST_CHECK;
int sse_compare64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned predicate,
		  unsigned lanes) MUST_CHECK;
/* COMISS, COMISD and the quiet ones: ZF, PF and CF tell, the other flags are 0. */
int sse_comis(struct cpu *cpu, uint32_t a, uint32_t b, bool quiet) MUST_CHECK;
int sse_comid(struct cpu *cpu, uint64_t a, uint64_t b, bool quiet) MUST_CHECK;

/* Conversions of different widths; `lanes` results, of which those beyond two are 0. */
int sse_widen(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned lanes) MUST_CHECK;
int sse_narrow(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned lanes) MUST_CHECK;
/* Doubles to integers, into the lower half of d; the upper one becomes 0. */
typedef uint32_t f64_to_int(struct sse_env *e, uint64_t a);
int sse_int_from64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f64_to_int *fn,
		   unsigned lanes) MUST_CHECK;
/* Integers in the lower half of s to doubles. */
void sse_int_to64(uint64_t d[2], const uint64_t s[2], unsigned lanes);

/* Whole vectors: words or doublewords chosen by an immediate, shifts by bytes. */
void simd_pshufd(uint64_t d[2], const uint64_t s[2], unsigned order);
void simd_shufps(uint64_t d[2], const uint64_t s[2], unsigned order);
void simd_shufpd(uint64_t d[2], const uint64_t s[2], unsigned order);
void simd_psrldq(uint64_t d[2], unsigned bytes);
void simd_pslldq(uint64_t d[2], unsigned bytes);

int simd_ldmxcsr(struct cpu *cpu, uint32_t v) MUST_CHECK;

#endif
