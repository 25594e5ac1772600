/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:339
 * What MMX, SSE and SSE2 instructions have in common: who may use them, operands in memory, and
 * floating point over all the lanes of a vector with the exceptions of all of them together.
:*/
#include "simd.h"

#include "access.h"
#include "fpu.h"
#include "seg.h"

int simd_refuse_sse(struct cpu *cpu)
{
	if ((cpu->s.cr0 & CR0_EM) || !(cpu->s.cr4 & CR4_OSFXSR))
		return trap_ud(cpu);
	return cpu_trap(cpu, V_NM, false, 0);
}

int simd_refuse_mmx(struct cpu *cpu)
{
	if (cpu->s.cr0 & CR0_EM)
		return trap_ud(cpu);
	if (cpu->s.cr0 & CR0_TS)
		return cpu_trap(cpu, V_NM, false, 0);
	return fpu_wait(cpu);
}

/* Memory is little-endian and so is a vector: byte i is byte i % 8 of half i / 8. */
static void from_bytes(uint64_t to[2], const uint8_t *b, unsigned n)
{
	to[0] = to[1] = 0;
	for (unsigned i = 0; i < n; i++)
		to[i / 8] |= (uint64_t)b[i] << i % 8 * 8;
}

static uint8_t byte_of(const uint64_t v[2], unsigned i)
{
	return (uint8_t)(v[i / 8] >> i % 8 * 8);
}

/* Vectors of 16 bytes that need not be aligned need not be for #AC either, as silicon has it. */
static int locate(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n, bool aligned, bool write,
		  uint32_t *lin)
{
	/* Before the limit: through SS, that is #GP and not #SS. */
	if (aligned && ((cpu->s.seg[seg].base + ea) & 15))
		return trap_gp(cpu, 0);
	if (seg_check(cpu, seg, ea, n, write, lin))
		return 1;
	return n < 16 && acc_align(cpu, *lin, n);
}

int simd_load(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n, bool aligned, uint64_t to[2])
{
	uint8_t b[16];
	uint32_t lin;

	if (locate(cpu, seg, ea, n, aligned, false, &lin) || acc_ld(cpu, lin, b, n))
		return 1;
	from_bytes(to, b, n);
	return 0;
}

int simd_store(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n, bool aligned,
	       const uint64_t from[2])
{
	uint8_t b[16];
	uint32_t lin;

	for (unsigned i = 0; i < n; i++)
		b[i] = byte_of(from, i);
	return locate(cpu, seg, ea, n, aligned, true, &lin) || acc_st(cpu, lin, b, n);
}

/*C:832
 * A masked store touches the page only of bytes it stores; with an empty mask, nothing but the
 * segment and the alignment (of 8 bytes, even for 16) is looked at.
 */
int simd_store_masked(struct cpu *cpu, unsigned seg, uint32_t ea, unsigned n,
		      const uint64_t from[2], const uint64_t mask[2])
{
	unsigned first = n, last = 0;
	uint32_t lin;

	if (seg_check(cpu, seg, ea, n, true, &lin) || acc_align(cpu, lin, 8))
		return 1;
	for (unsigned i = 0; i < n; i++) {
		if (!(byte_of(mask, i) & 0x80))
			continue;
		first = first < n ? first : i;
		last = i;
	}
	if (first == n)
		return 0;
	if (acc_probe_write(cpu, lin + first, last - first + 1))
		return 1;
	for (unsigned i = first; i <= last; i++)
		if ((byte_of(mask, i) & 0x80) && acc_st8(cpu, lin + i, byte_of(from, i)))
			return 1;
	return 0;
}
/*:*/

/*C:834
 * The end of every floating-point instruction ("SIMD Floating-Point Exceptions" in volume 1).  The
 * exceptions of all lanes are noted together in MXCSR.  If one of them is unmasked the instruction
 * has no result; and if it is one of those found before computing, nothing was computed, so the
 * others are not even noted.
 */
static int settle(struct cpu *cpu, const struct sse_env *e)
{
	uint32_t ex = e->ex, unmasked = ex & ~(e->mxcsr >> 7);

	if (__builtin_expect(unmasked & SSE_PRE, 0))
		ex &= SSE_PRE;
	cpu->s.fpu.mxcsr |= ex;
	if (__builtin_expect(!unmasked, 1))
		return 0;
	return cpu_trap(cpu, cpu->s.cr4 & CR4_OSXMMEXCPT ? V_XM : V_UD, false, 0);
}
/*:*/

static struct sse_env begin(const struct cpu *cpu)
{
	return (struct sse_env){cpu->s.fpu.mxcsr, 0};
}

static inline uint32_t get32(const uint64_t v[2], unsigned i)
{
	return (uint32_t)(v[i / 2] >> i % 2 * 32);
}

static inline void set32(uint64_t v[2], unsigned i, uint32_t x)
{
	unsigned shift = i % 2 * 32;

	v[i / 2] = (v[i / 2] & ~(0xffffffffull << shift)) | (uint64_t)x << shift;
}

/* Compute into r, then, if no exception forbids it, into d; s may be d. */
#define EACH(lane, result)                                                                         \
	struct sse_env e = begin(cpu);                                                             \
	uint64_t r[2] = {d[0], d[1]};                                                              \
	for (unsigned i = 0; i < lanes; i++)                                                       \
		lane(r, i, result);                                                                \
	if (settle(cpu, &e))                                                                       \
		return 1;                                                                          \
	d[0] = r[0];                                                                               \
	d[1] = r[1];                                                                               \
	return 0
#define SET64(v, i, x) ((v)[i] = (x))

int sse_each32(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f32_fn2 *fn, unsigned lanes)
{
	EACH(set32, fn(&e, get32(d, i), get32(s, i)));
}

int sse_each64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f64_fn2 *fn, unsigned lanes)
{
	EACH(SET64, fn(&e, d[i], s[i]));
}

int sse_map32(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f32_fn1 *fn, unsigned lanes)
{
	EACH(set32, fn(&e, get32(s, i)));
}

int sse_map64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f64_fn1 *fn, unsigned lanes)
{
	EACH(SET64, fn(&e, s[i]));
}

int sse_compare32(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned predicate,
		  unsigned lanes)
{
	EACH(set32, f32_compare(&e, get32(d, i), get32(s, i), predicate));
}

int sse_compare64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned predicate,
		  unsigned lanes)
{
	EACH(SET64, f64_compare(&e, d[i], s[i], predicate));
}

static int set_relation(struct cpu *cpu, const struct sse_env *e, enum sse_relation r)
{
	static const uint8_t fl[] = {
		[SSE_LESS] = FL_CF,
		[SSE_EQUAL] = FL_ZF,
		[SSE_GREATER] = 0,
		[SSE_UNORDERED] = FL_ZF | FL_PF | FL_CF,
	};

	if (settle(cpu, e))
		return 1;
	flags_set(&cpu->s.fl, fl[r]);
	return 0;
}

int sse_comis(struct cpu *cpu, uint32_t a, uint32_t b, bool quiet)
{
	struct sse_env e = begin(cpu);
	enum sse_relation r = f32_relation(&e, a, b, quiet);

	return set_relation(cpu, &e, r);
}

int sse_comid(struct cpu *cpu, uint64_t a, uint64_t b, bool quiet)
{
	struct sse_env e = begin(cpu);
	enum sse_relation r = f64_relation(&e, a, b, quiet);

	return set_relation(cpu, &e, r);
}

int sse_widen(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned lanes)
{
	EACH(SET64, f32_to_f64(&e, get32(s, i)));
}

/* CVTSD2SS keeps the rest of d; CVTPD2PS clears the upper half. */
int sse_narrow(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], unsigned lanes)
{
	struct sse_env e = begin(cpu);
	uint64_t r[2] = {d[0], lanes == 2 ? 0 : d[1]};

	for (unsigned i = 0; i < lanes; i++)
		set32(r, i, f64_to_f32(&e, s[i]));
	if (settle(cpu, &e))
		return 1;
	d[0] = r[0];
	d[1] = r[1];
	return 0;
}

int sse_int_from64(struct cpu *cpu, uint64_t d[2], const uint64_t s[2], f64_to_int *fn,
		   unsigned lanes)
{
	struct sse_env e = begin(cpu);
	uint64_t r = 0;

	for (unsigned i = 0; i < lanes; i++)
		r |= (uint64_t)fn(&e, s[i]) << 32 * i;
	if (settle(cpu, &e))
		return 1;
	d[0] = r;
	d[1] = 0;
	return 0;
}

void sse_int_to64(uint64_t d[2], const uint64_t s[2], unsigned lanes)
{
	uint64_t v = s[0];

	for (unsigned i = 0; i < lanes; i++)
		d[i] = f64_from_i32((uint32_t)(v >> 32 * i));
}

/* Two doublewords of s by two bits each. */
static uint64_t pick(const uint64_t s[2], unsigned order)
{
	return get32(s, order & 3) | (uint64_t)get32(s, order >> 2 & 3) << 32;
}

void simd_pshufd(uint64_t d[2], const uint64_t s[2], unsigned order)
{
	uint64_t lo = pick(s, order), hi = pick(s, order >> 4);

	d[0] = lo;
	d[1] = hi;
}

void simd_shufps(uint64_t d[2], const uint64_t s[2], unsigned order)
{
	uint64_t lo = pick(d, order), hi = pick(s, order >> 4);

	d[0] = lo;
	d[1] = hi;
}

void simd_shufpd(uint64_t d[2], const uint64_t s[2], unsigned order)
{
	uint64_t lo = d[order & 1], hi = s[order >> 1 & 1];

	d[0] = lo;
	d[1] = hi;
}

void simd_psrldq(uint64_t d[2], unsigned bytes)
{
	for (bytes = bytes < 16 ? bytes : 16; bytes >= 8; bytes -= 8) {
		d[0] = d[1];
		d[1] = 0;
	}
	if (!bytes)
		return;
	d[0] = d[0] >> 8 * bytes | d[1] << (64 - 8 * bytes);
	d[1] >>= 8 * bytes;
}

void simd_pslldq(uint64_t d[2], unsigned bytes)
{
	for (bytes = bytes < 16 ? bytes : 16; bytes >= 8; bytes -= 8) {
		d[1] = d[0];
		d[0] = 0;
	}
	if (!bytes)
		return;
	d[1] = d[1] << 8 * bytes | d[0] >> (64 - 8 * bytes);
	d[0] <<= 8 * bytes;
}

/* All sixteen bits exist: MXCSR_MASK is FFFF. */
int simd_ldmxcsr(struct cpu *cpu, uint32_t v)
{
	if (v & 0xffff0000)
		return trap_gp(cpu, 0);
	cpu->s.fpu.mxcsr = v;
	return 0;
}
