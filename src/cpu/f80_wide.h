/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:396
 * Numbers with 128 bits of significand, for the transcendental instructions: enough that after some
 * ten operations the 64 bits that remain are right.  Nothing is rounded here, only cut off.
:*/
#ifndef CPU_F80_WIDE_H
#define CPU_F80_WIDE_H

#include "f80_int.h"

/*C:714
 * (-1)^sign * m * 2^(exp - 127), with the top bit of m set: 1 <= m * 2^-127 < 2.  m = 0 is zero.
 * A fraction is a bare u128, worth u * 2^-128.
:*/
struct wide {
	unsigned sign;
	int32_t exp;
	struct u128 m;
};

static inline struct wide wide_normal(unsigned sign, int32_t exp, struct u128 m)
{
	unsigned z = m.hi   ? (unsigned)__builtin_clzll(m.hi)
		     : m.lo ? 64 + (unsigned)__builtin_clzll(m.lo)
			    : 0;

	return (struct wide){sign, exp - (int32_t)z, u128_shl(m, z)};
}

static inline struct wide wide_from_f80(struct f80 a)
{
	struct f80_num n = f80_unpack(a);

	return (struct wide){n.sign, n.exp - 16383, u128(n.mant, 0)};
}

static inline struct wide wide_from_int(int32_t v)
{
	return wide_normal(v < 0, 63, u128((uint64_t)(v < 0 ? -(int64_t)v : v), 0));
}

static inline struct wide wide_from_fraction(struct u128 f)
{
	return wide_normal(0, -1, f);
}

/* |a| < 1 as a fraction. */
static inline struct u128 wide_fraction(struct wide a)
{
	return a.exp < -128 ? u128(0, 0) : u128_shr(a.m, (unsigned)(-1 - a.exp));
}

static inline bool wide_is_zero(struct wide a)
{
	return !(a.m.hi | a.m.lo);
}

static inline struct wide wide_negate(struct wide a)
{
	a.sign ^= 1;
	return a;
}

/* The upper half of the product. */
static inline struct u128 u128_mul_high(struct u128 a, struct u128 b)
{
	struct u128 r = u64_mul(a.hi, b.hi);

	r = u128_add(r, u128(0, u64_mul(a.hi, b.lo).hi));
	return u128_add(r, u128(0, u64_mul(a.lo, b.hi).hi));
}

struct wide wide_add(struct wide a, struct wide b);
struct wide wide_mul(struct wide a, struct wide b);
struct wide wide_div(struct wide a, struct wide b);

/* To a register.  The result of a transcendental is never exact: something always follows. */
static inline struct f80 wide_round(struct f80_env *e, struct wide a)
{
	a.m.lo |= 1;
	return f80_round64(e, a.sign, a.exp + 16383, a.m);
}

/* c[0] + x * (c[1] + x * (c[2] + ...)), or c[0] - x * (c[1] - ...), all of them fractions. */
static inline struct u128 series(const struct u128 *c, unsigned n, struct u128 x, bool alternate)
{
	struct u128 r = c[n - 1];

	while (--n) {
		struct u128 t = u128_mul_high(r, x);

		r = alternate ? u128_sub(c[n - 1], t) : u128_add(c[n - 1], t);
	}
	return r;
}

#endif
