/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:327
 * The arithmetic of SSE and SSE2 on one number at a time: single (f32) and double precision (f64)
 * as bit patterns, in integers only, so that every host computes the same bits.  What an operation
 * needs from MXCSR, and which exceptions it found, travel in a struct sse_env.  Nothing here knows
 * of a CPU; simd.c lays these functions over vectors.
:*/
#ifndef CPU_SSE_H
#define CPU_SSE_H

#include "base/types.h"

/* MXCSR (manual volume 1, "MXCSR Control and Status Register"). */
enum mxcsr_bits {
	SSE_IE = 1,
	SSE_DE = 2,
	SSE_ZE = 4,
	SSE_OE = 8,
	SSE_UE = 16,
	SSE_PE = 32,
	SSE_EX = 63,
	MXCSR_DAZ = 64,
	MXCSR_MASKS = SSE_EX << 7,
	MXCSR_RC = 3 << 13,
	MXCSR_FZ = 1 << 15,
	/* Found before anything is computed, in the manual's words "pre-computation". */
	SSE_PRE = SSE_IE | SSE_DE | SSE_ZE,
};
#define MXCSR_RC_OF(mxcsr) ((mxcsr) >> 13 & 3)
enum sse_rounding { SSE_NEAREST, SSE_DOWN, SSE_UP, SSE_CHOP };

struct sse_env {
	uint32_t mxcsr;
	uint32_t ex; /* exceptions found, as MXCSR has them */
};

/* Is this exception masked? */
static inline bool sse_masked(const struct sse_env *e, uint32_t ex)
{
	return e->mxcsr >> 7 & ex;
}

/* The meanings of the immediate of CMPPS ...; 4 to 7 are their opposites. */
enum sse_predicate { CMP_EQ, CMP_LT, CMP_LE, CMP_UNORD, CMP_NOT = 4 };
enum sse_relation { SSE_LESS, SSE_EQUAL, SSE_GREATER, SSE_UNORDERED };

typedef uint32_t f32_fn1(struct sse_env *e, uint32_t a);
typedef uint64_t f64_fn1(struct sse_env *e, uint64_t a);
typedef uint32_t f32_fn2(struct sse_env *e, uint32_t a, uint32_t b);
typedef uint64_t f64_fn2(struct sse_env *e, uint64_t a, uint64_t b);

/* sse_float.c: a is the destination operand, which matters for NaNs and for MIN and MAX. */
f32_fn2 f32_add, f32_sub, f32_mul, f32_div, f32_min, f32_max;
f64_fn2 f64_add, f64_sub, f64_mul, f64_div, f64_min, f64_max;
f32_fn1 f32_sqrt;
f64_fn1 f64_sqrt;
/* All ones or all zeros; only the low three bits of the predicate count. */
uint32_t f32_compare(struct sse_env *e, uint32_t a, uint32_t b, unsigned predicate);
uint64_t f64_compare(struct sse_env *e, uint64_t a, uint64_t b, unsigned predicate);
/* COMISx (quiet false: any NaN is invalid) and UCOMISx. */
enum sse_relation f32_relation(struct sse_env *e, uint32_t a, uint32_t b, bool quiet);
enum sse_relation f64_relation(struct sse_env *e, uint64_t a, uint64_t b, bool quiet);

/* sse_convert.c */
uint64_t f32_to_f64(struct sse_env *e, uint32_t a);
uint32_t f64_to_f32(struct sse_env *e, uint64_t a);
/* Signed integers, as bits.  What does not fit becomes 80000000 and is invalid. */
f32_fn1 f32_from_i32, f32_to_i32, f32_to_i32_chop;
uint64_t f64_from_i32(uint32_t v); /* always exact */
uint32_t f64_to_i32(struct sse_env *e, uint64_t a);
uint32_t f64_to_i32_chop(struct sse_env *e, uint64_t a);
/* The approximations, which find no exceptions and look at nothing in MXCSR. */
f32_fn1 f32_rcp, f32_rsqrt;

/*C:800
 * What the two formats have in common.  A number is sign, exponent, fraction; the significand has
 * one bit more than the fraction because the first one is not written down.
 */
struct sse_format {
	unsigned bits;	   /* of the significand: 24 or 53 */
	unsigned exp_bits; /* 8 or 11 */
};
static const struct sse_format SSE_F32 = {24, 8}, SSE_F64 = {53, 11};

static inline int sse_exp_max(struct sse_format f)
{
	return (1 << f.exp_bits) - 1;
}

static inline int sse_bias(struct sse_format f)
{
	return sse_exp_max(f) >> 1;
}

static inline uint64_t sse_sign_bit(struct sse_format f)
{
	return 1ull << (f.bits - 1 + f.exp_bits);
}

static inline uint64_t sse_infinity(struct sse_format f)
{
	return (uint64_t)sse_exp_max(f) << (f.bits - 1);
}

/* The bit that makes a NaN a quiet one. */
static inline uint64_t sse_quiet_bit(struct sse_format f)
{
	return 1ull << (f.bits - 2);
}

/* The NaN that an invalid operation yields. */
static inline uint64_t sse_indefinite(struct sse_format f)
{
	return sse_sign_bit(f) | sse_infinity(f) | sse_quiet_bit(f);
}

static inline uint64_t sse_magnitude(uint64_t a, struct sse_format f)
{
	return a & (sse_sign_bit(f) - 1);
}

static inline bool sse_is_nan(uint64_t a, struct sse_format f)
{
	return sse_magnitude(a, f) > sse_infinity(f);
}

static inline bool sse_is_snan(uint64_t a, struct sse_format f)
{
	return sse_is_nan(a, f) && !(a & sse_quiet_bit(f));
}

static inline bool sse_is_infinite(uint64_t a, struct sse_format f)
{
	return sse_magnitude(a, f) == sse_infinity(f);
}

static inline bool sse_is_zero(uint64_t a, struct sse_format f)
{
	return !sse_magnitude(a, f);
}

static inline bool sse_is_denormal(uint64_t a, struct sse_format f)
{
	return sse_magnitude(a, f) - 1 < (1ull << (f.bits - 1)) - 1;
}

/* A finite number other than 0: mant * 2^(exp - 63), bit 63 of mant set. */
struct sse_num {
	uint64_t sign; /* the format's sign bit, or 0 */
	int exp;
	uint64_t mant;
};

static inline struct sse_num sse_unpack(uint64_t a, struct sse_format f)
{
	uint64_t m = sse_magnitude(a, f), fraction = m & ((1ull << (f.bits - 1)) - 1);
	struct sse_num n = {a & sse_sign_bit(f), (int)(m >> (f.bits - 1)), 0};

	if (__builtin_expect(n.exp != 0, 1)) {
		n.mant = 1ull << 63 | fraction << (64 - f.bits);
	} else {
		unsigned z = (unsigned)__builtin_clzll(fraction);

		n.mant = fraction << z;
		n.exp = (int)(65 - f.bits) - (int)z;
	}
	n.exp -= sse_bias(f);
	return n;
}
/*:*/

/* "Denormals are zeros", if MXCSR says so. */
static inline uint64_t sse_daz(const struct sse_env *e, uint64_t a, struct sse_format f)
{
	return (e->mxcsr & MXCSR_DAZ) && sse_is_denormal(a, f) ? a & sse_sign_bit(f) : a;
}

static inline uint64_t sse_invalid(struct sse_env *e, struct sse_format f)
{
	e->ex |= SSE_IE;
	return sse_indefinite(f);
}

static inline void sse_note_denormal(struct sse_env *e, uint64_t a, struct sse_format f)
{
	if (__builtin_expect(sse_is_denormal(a, f), 0))
		e->ex |= SSE_DE;
}

/* Shift right; bits that fall out leave their trace in bit 0. */
static inline uint64_t sse_shr_sticky(uint64_t a, unsigned n)
{
	if (n > 63)
		return a != 0;
	return n ? a >> n | (a << (64 - n) != 0) : a;
}

/* Does what lies below the last place (rest, its first bit on top) round away from zero? */
static inline bool sse_rounds_up(uint32_t mxcsr, bool negative, bool odd, uint64_t rest)
{
	const uint64_t half = 1ull << 63;

	switch (MXCSR_RC_OF(mxcsr)) {
	case SSE_NEAREST: return rest > half || (rest == half && odd);
	case SSE_DOWN: return negative && rest;
	case SSE_UP: return !negative && rest;
	default: return false;
	}
}

/* Round and pack, minding overflow and underflow.  Bit 63 of n.mant is set. */
uint64_t sse_round(struct sse_env *e, struct sse_num n, struct sse_format f);

#endif
