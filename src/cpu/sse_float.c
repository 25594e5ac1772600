/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:328
 * Add, subtract, multiply, divide, square root, minimum, maximum and comparison as SSE and SSE2
 * have them.  Each is written once for both formats; the compiler makes two of it.
:*/
#include "f80_int.h"
#include "sse.h"

/*C:802
 * Rounding ("Rounding" and "Numeric Underflow Exception" in volume 1).  SSE finds out whether a
 * result is tiny after it has been rounded as if exponents had no end.  If underflow is masked, a
 * tiny result is denormalised and rounded once more from the exact value, and underflow is noted
 * only if that lost something; with FZ set it becomes 0 instead, exact or not.
 */
static uint64_t round_tiny(struct sse_env *e, struct sse_num n, bool inexact, struct sse_format f)
{
	unsigned shift = (unsigned)(1 - (n.exp + sse_bias(f)));
	uint64_t m, rest, q;

	if (!sse_masked(e, SSE_UE)) {
		e->ex |= SSE_UE | (inexact ? SSE_PE : 0);
		return 0;
	}
	if (e->mxcsr & MXCSR_FZ) {
		e->ex |= SSE_UE | SSE_PE;
		return n.sign;
	}
	m = sse_shr_sticky(n.mant, shift);
	rest = m << f.bits;
	q = m >> (64 - f.bits);
	if (rest)
		e->ex |= SSE_UE | SSE_PE;
	return n.sign | (q + sse_rounds_up(e->mxcsr, n.sign, q & 1, rest));
}

static uint64_t overflow(struct sse_env *e, uint64_t sign, bool inexact, struct sse_format f)
{
	unsigned rc = MXCSR_RC_OF(e->mxcsr);

	if (!sse_masked(e, SSE_OE)) {
		e->ex |= SSE_OE | (inexact ? SSE_PE : 0);
		return 0;
	}
	e->ex |= SSE_OE | SSE_PE;
	if (rc == SSE_CHOP || rc == (sign ? SSE_UP : SSE_DOWN))
		return sign | (sse_infinity(f) - 1);
	return sign | sse_infinity(f);
}

static inline uint64_t round_to(struct sse_env *e, struct sse_num n, struct sse_format f)
{
	uint64_t rest = n.mant << f.bits, q = n.mant >> (64 - f.bits);
	int exp = n.exp + sse_bias(f);

	q += sse_rounds_up(e->mxcsr, n.sign, q & 1, rest);
	/* A carry out of the top: the significand is 1.000... of the next exponent. */
	exp += (int)(q >> f.bits);
	if (UNLIKELY(exp < 1))
		return round_tiny(e, n, rest, f);
	if (UNLIKELY(exp >= sse_exp_max(f)))
		return overflow(e, n.sign, rest, f);
	if (rest)
		e->ex |= SSE_PE;
	q &= (1ull << (f.bits - 1)) - 1;
	return n.sign | (uint64_t)exp << (f.bits - 1) | q;
}

uint64_t sse_round(struct sse_env *e, struct sse_num n, struct sse_format f)
{
	return f.bits == 53 ? round_to(e, n, SSE_F64) : round_to(e, n, SSE_F32);
}
/*:*/

/*C:804
 * NaNs come before everything else ("Operating on SNaNs and QNaNs"): the result is the first
 * operand that is one, made quiet.  true: *r is the result.
 */
static inline bool nan2(struct sse_env *e, uint64_t a, uint64_t b, uint64_t *r, struct sse_format f)
{
	if (LIKELY(!sse_is_nan(a, f) && !sse_is_nan(b, f)))
		return false;
	if (sse_is_snan(a, f) || sse_is_snan(b, f))
		e->ex |= SSE_IE;
	*r = (sse_is_nan(a, f) ? a : b) | sse_quiet_bit(f);
	return true;
}

static inline void note_denormals(struct sse_env *e, uint64_t a, uint64_t b, struct sse_format f)
{
	sse_note_denormal(e, a, f);
	sse_note_denormal(e, b, f);
}

/* An exact zero from numbers that are none is +0, but -0 when rounding down. */
static inline uint64_t exact_zero(const struct sse_env *e, struct sse_format f)
{
	return MXCSR_RC_OF(e->mxcsr) == SSE_DOWN ? sse_sign_bit(f) : 0;
}

/* Both finite, neither 0. */
static inline uint64_t add_finite(struct sse_env *e, struct sse_num x, struct sse_num y,
				  struct sse_format f)
{
	unsigned z;

	if (x.exp < y.exp || (x.exp == y.exp && x.mant < y.mant)) {
		struct sse_num t = x;

		x = y;
		y = t;
	}
	/* One place of headroom for the carry; there are ten below the last one that counts. */
	x.mant >>= 1;
	x.exp++;
	y.mant = sse_shr_sticky(y.mant >> 1, (unsigned)(x.exp - 1 - y.exp));
	if (x.sign == y.sign)
		x.mant += y.mant;
	else
		x.mant -= y.mant;
	if (!x.mant)
		return exact_zero(e, f);
	z = (unsigned)__builtin_clzll(x.mant);
	x.mant <<= z;
	x.exp -= (int)z;
	return round_to(e, x, f);
}

static inline uint64_t add(struct sse_env *e, uint64_t a, uint64_t b, bool negate,
			   struct sse_format f)
{
	uint64_t r;

	a = sse_daz(e, a, f);
	b = sse_daz(e, b, f);
	if (nan2(e, a, b, &r, f))
		return r;
	b ^= negate ? sse_sign_bit(f) : 0;
	if (sse_is_infinite(a, f) || sse_is_infinite(b, f)) {
		if (sse_is_infinite(a, f) && sse_is_infinite(b, f) && a != b)
			return sse_invalid(e, f);
		note_denormals(e, a, b, f);
		return sse_is_infinite(a, f) ? a : b;
	}
	note_denormals(e, a, b, f);
	if (sse_is_zero(a, f) && sse_is_zero(b, f))
		return a == b ? a : exact_zero(e, f);
	if (sse_is_zero(a, f) || sse_is_zero(b, f))
		return round_to(e, sse_unpack(sse_is_zero(a, f) ? b : a, f), f);
	return add_finite(e, sse_unpack(a, f), sse_unpack(b, f), f);
}
/*:*/

static inline uint64_t mul(struct sse_env *e, uint64_t a, uint64_t b, struct sse_format f)
{
	uint64_t r, sign = (a ^ b) & sse_sign_bit(f);
	struct sse_num x, y;
	struct u128 p;

	a = sse_daz(e, a, f);
	b = sse_daz(e, b, f);
	if (nan2(e, a, b, &r, f))
		return r;
	if (sse_is_infinite(a, f) || sse_is_infinite(b, f)) {
		if (sse_is_zero(a, f) || sse_is_zero(b, f))
			return sse_invalid(e, f);
		note_denormals(e, a, b, f);
		return sign | sse_infinity(f);
	}
	note_denormals(e, a, b, f);
	if (sse_is_zero(a, f) || sse_is_zero(b, f))
		return sign;
	x = sse_unpack(a, f);
	y = sse_unpack(b, f);
	p = u64_mul(x.mant, y.mant);
	x.sign = sign;
	x.exp += y.exp + 1;
	if (!(p.hi >> 63)) {
		p = u128_shl(p, 1);
		x.exp--;
	}
	x.mant = p.hi | (p.lo != 0);
	return round_to(e, x, f);
}

static inline uint64_t div(struct sse_env *e, uint64_t a, uint64_t b, struct sse_format f)
{
	uint64_t r, sign = (a ^ b) & sse_sign_bit(f), rem;
	struct sse_num x, y;
	unsigned z;

	a = sse_daz(e, a, f);
	b = sse_daz(e, b, f);
	if (nan2(e, a, b, &r, f))
		return r;
	if ((sse_is_infinite(a, f) && sse_is_infinite(b, f)) ||
	    (sse_is_zero(a, f) && sse_is_zero(b, f)))
		return sse_invalid(e, f);
	if (sse_is_zero(b, f) && !sse_is_infinite(a, f)) {
		e->ex |= SSE_ZE;
		return sign | sse_infinity(f);
	}
	note_denormals(e, a, b, f);
	if (sse_is_infinite(a, f))
		return sign | sse_infinity(f);
	if (sse_is_zero(a, f) || sse_is_infinite(b, f))
		return sign;
	x = sse_unpack(a, f);
	y = sse_unpack(b, f);
	x.sign = sign;
	x.mant = u128_div(u128_shr(u128(x.mant, 0), 1), y.mant, &rem);
	z = (unsigned)__builtin_clzll(x.mant);
	x.exp -= y.exp + (int)z;
	x.mant = x.mant << z | (rem != 0);
	return round_to(e, x, f);
}

/*C:806
 * Square root, two bits of the radicand for each bit of the root, as on paper.  Two bits more than
 * the format has, and the remainder, are enough to round by.
 */
static inline uint64_t root(struct sse_env *e, struct sse_num n, struct sse_format f)
{
	uint64_t v = n.exp & 1 ? n.mant : n.mant >> 1; /* 2.62: at least 1, less than 4 */
	uint64_t rem = 0, r = 0;
	unsigned places = f.bits + 2;

	for (unsigned i = 0; i < places; i++) {
		uint64_t t = r << 2 | 1;

		rem = rem << 2 | v >> 62;
		v <<= 2;
		r <<= 1;
		if (rem >= t) {
			rem -= t;
			r |= 1;
		}
	}
	n.exp >>= 1;
	n.mant = r << (64 - places) | (rem != 0);
	return round_to(e, n, f);
}

static inline uint64_t square_root(struct sse_env *e, uint64_t a, struct sse_format f)
{
	uint64_t r;

	a = sse_daz(e, a, f);
	if (nan2(e, a, a, &r, f))
		return r;
	if (sse_is_zero(a, f))
		return a;
	if (a & sse_sign_bit(f))
		return sse_invalid(e, f);
	if (sse_is_infinite(a, f))
		return a;
	sse_note_denormal(e, a, f);
	return root(e, sse_unpack(a, f), f);
}
/*:*/

/* Magnitudes compare like integers, so numbers do when negative ones count downward. */
static inline int64_t ordinal(uint64_t a, struct sse_format f)
{
	int64_t m = (int64_t)sse_magnitude(a, f);

	return a & sse_sign_bit(f) ? -m : m;
}

static inline enum sse_relation relation(struct sse_env *e, uint64_t a, uint64_t b, bool quiet,
					 struct sse_format f)
{
	int64_t x, y;

	a = sse_daz(e, a, f);
	b = sse_daz(e, b, f);
	if (sse_is_nan(a, f) || sse_is_nan(b, f)) {
		if (!quiet || sse_is_snan(a, f) || sse_is_snan(b, f))
			e->ex |= SSE_IE;
		return SSE_UNORDERED;
	}
	note_denormals(e, a, b, f);
	x = ordinal(a, f);
	y = ordinal(b, f);
	return x < y ? SSE_LESS : x > y ? SSE_GREATER : SSE_EQUAL;
}

/* EQ and UNORD and their opposites are quiet about quiet NaNs. */
static inline uint64_t compare(struct sse_env *e, uint64_t a, uint64_t b, unsigned predicate,
			       struct sse_format f)
{
	unsigned p = predicate & 3;
	enum sse_relation r = relation(e, a, b, p == CMP_EQ || p == CMP_UNORD, f);
	bool yes = false;

	switch (p) {
	case CMP_EQ: yes = r == SSE_EQUAL; break;
	case CMP_LT: yes = r == SSE_LESS; break;
	case CMP_LE: yes = r == SSE_LESS || r == SSE_EQUAL; break;
	case CMP_UNORD: yes = r == SSE_UNORDERED; break;
	}
	return yes != !!(predicate & CMP_NOT) ? ~0ull : 0;
}

/*C:808
 * MIN and MAX are "a < b ? a : b" of C, to the letter: of two zeros, and when either is a NaN, the
 * second operand is the result, unchanged; and any NaN is invalid.
 */
static inline uint64_t choose(struct sse_env *e, uint64_t a, uint64_t b, enum sse_relation want,
			      struct sse_format f)
{
	enum sse_relation r = relation(e, a, b, false, f);

	return sse_daz(e, r == want ? a : b, f);
}
/*:*/

#define ARITH(name, call)                                                                          \
	uint32_t f32_##name(struct sse_env *e, uint32_t a, uint32_t b)                             \
	{                                                                                          \
		const struct sse_format f = SSE_F32;                                               \
		return (uint32_t)call;                                                             \
	}                                                                                          \
	uint64_t f64_##name(struct sse_env *e, uint64_t a, uint64_t b)                             \
	{                                                                                          \
		const struct sse_format f = SSE_F64;                                               \
		return call;                                                                       \
	}
ARITH(add, add(e, a, b, false, f))
ARITH(sub, add(e, a, b, true, f))
ARITH(mul, mul(e, a, b, f))
ARITH(div, div(e, a, b, f))
ARITH(min, choose(e, a, b, SSE_LESS, f))
ARITH(max, choose(e, a, b, SSE_GREATER, f))

uint32_t f32_sqrt(struct sse_env *e, uint32_t a)
{
	return (uint32_t)square_root(e, a, SSE_F32);
}

uint64_t f64_sqrt(struct sse_env *e, uint64_t a)
{
	return square_root(e, a, SSE_F64);
}

uint32_t f32_compare(struct sse_env *e, uint32_t a, uint32_t b, unsigned predicate)
{
	return (uint32_t)compare(e, a, b, predicate, SSE_F32);
}

uint64_t f64_compare(struct sse_env *e, uint64_t a, uint64_t b, unsigned predicate)
{
	return compare(e, a, b, predicate, SSE_F64);
}

enum sse_relation f32_relation(struct sse_env *e, uint32_t a, uint32_t b, bool quiet)
{
	return relation(e, a, b, quiet, SSE_F32);
}

enum sse_relation f64_relation(struct sse_env *e, uint64_t a, uint64_t b, bool quiet)
{
	return relation(e, a, b, quiet, SSE_F64);
}
