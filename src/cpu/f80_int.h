/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:366
 * What the f80 files share: integers of 128 bits, a number taken apart, and the one way results
 * are rounded; and what every load and store of the x87 needs, so that it is at hand.  A host with a
 * 128-bit type computes the same integers with it, only sooner.
:*/
#ifndef CPU_F80_INT_H
#define CPU_F80_INT_H

#include "f80.h"

struct u128 {
	uint64_t hi, lo;
};

static inline struct u128 u128(uint64_t hi, uint64_t lo)
{
	return (struct u128){hi, lo};
}

static inline struct u128 u128_add(struct u128 a, struct u128 b)
{
	uint64_t lo = a.lo + b.lo;

	return u128(a.hi + b.hi + (lo < a.lo), lo);
}

static inline struct u128 u128_sub(struct u128 a, struct u128 b)
{
	return u128(a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo);
}

static inline bool u128_less(struct u128 a, struct u128 b)
{
	return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

static inline struct u128 u128_shl(struct u128 a, unsigned n)
{
	if (n >= 64)
		return u128(n < 128 ? a.lo << (n - 64) : 0, 0);
	return n ? u128(a.hi << n | a.lo >> (64 - n), a.lo << n) : a;
}

static inline struct u128 u128_shr(struct u128 a, unsigned n)
{
	if (n >= 64)
		return u128(0, n < 128 ? a.hi >> (n - 64) : 0);
	return n ? u128(a.hi >> n, a.lo >> n | a.hi << (64 - n)) : a;
}

/* Shift right; bits that fall out leave their trace in bit 0, so that rounding sees them. */
static inline struct u128 u128_shr_sticky(struct u128 a, unsigned n)
{
	struct u128 r = u128_shr(a, n), back = u128_shl(r, n);

	if (n >= 128)
		r.lo = (a.hi | a.lo) != 0;
	else
		r.lo |= ((back.hi ^ a.hi) | (back.lo ^ a.lo)) != 0;
	return r;
}

#if defined(__SIZEOF_INT128__) && !defined(F80_PLAIN_INTEGERS)
__extension__ typedef unsigned __int128 f80_native_u128;

static inline struct u128 u64_mul(uint64_t a, uint64_t b)
{
	f80_native_u128 r = (f80_native_u128)a * b;

	return u128((uint64_t)(r >> 64), (uint64_t)r);
}

/* n / d; d has its top bit set and n.hi < d, so the quotient has 64 bits. */
static inline uint64_t u128_div(struct u128 n, uint64_t d, uint64_t *rem)
{
	f80_native_u128 v = (f80_native_u128)n.hi << 64 | n.lo;
	uint64_t q = (uint64_t)(v / d);

	*rem = n.lo - q * d;
	return q;
}
#else
static inline struct u128 u64_mul(uint64_t a, uint64_t b)
{
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
	uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;

	return u128(ah * bh + (lh >> 32) + (hl >> 32) + (mid >> 32), mid << 32 | (uint32_t)ll);
}

/* One digit of 32 bits of a long division: n.hi:n.lo's top 96 bits by d. */
static inline uint64_t u128_div_digit(uint64_t hi, uint32_t next, uint64_t d, uint64_t *rem)
{
	uint64_t q = hi / (d >> 32), r = hi % (d >> 32);

	while (q >> 32 || q * (uint32_t)d > (r << 32 | next)) {
		q--;
		r += d >> 32;
		if (r >> 32)
			break;
	}
	*rem = (hi << 32 | next) - q * d;
	return q;
}

static inline uint64_t u128_div(struct u128 n, uint64_t d, uint64_t *rem)
{
	uint64_t q1 = u128_div_digit(n.hi, (uint32_t)(n.lo >> 32), d, rem);
	uint64_t q0 = u128_div_digit(*rem, (uint32_t)n.lo, d, rem);

	return q1 << 32 | q0;
}
#endif

/* A finite number other than zero: (-1)^sign * mant * 2^(exp - 16383 - 63), bit 63 of mant set.
 * The exponent of a denormal is 1 less the places it had to be shifted, so it may be negative. */
struct f80_num {
	unsigned sign;
	int32_t exp;
	uint64_t mant;
};

static inline unsigned f80_sign(struct f80 a)
{
	return a.se >> 15;
}

static inline bool f80_is_normal(struct f80 a)
{
	return (unsigned)(a.se & 0x7fff) - 1 < 0x7ffe && a.mant >> 63;
}

static inline enum f80_class f80_classify(struct f80 a)
{
	unsigned exp = a.se & 0x7fff;

	if (!exp)
		return a.mant ? F80_C_DENORMAL : F80_C_ZERO;
	if (!(a.mant >> 63))
		return F80_C_BAD;
	if (exp != 0x7fff)
		return F80_C_NORMAL;
	if (a.mant == F80_INT_BIT)
		return F80_C_INF;
	return a.mant & F80_QUIET_BIT ? F80_C_QNAN : F80_C_SNAN;
}

static inline struct f80_num f80_unpack(struct f80 a)
{
	struct f80_num n = {f80_sign(a), a.se & 0x7fff, a.mant};

	if (UNLIKELY(!n.exp)) {
		unsigned z = (unsigned)__builtin_clzll(n.mant);

		n.mant <<= z;
		n.exp = 1 - (int32_t)z;
	}
	return n;
}

static inline struct f80 f80_pack(unsigned sign, int32_t exp, uint64_t mant)
{
	return F80((uint16_t)(sign << 15 | (unsigned)exp), mant);
}

static inline struct f80 f80_negate(struct f80 a)
{
	a.se ^= 0x8000;
	return a;
}

/* An operand that is handed on as it is; only a pseudo-denormal becomes the normal number it is. */
static inline struct f80 f80_hand_on(struct f80 a)
{
	if (!(a.se & 0x7fff))
		a.se |= (uint16_t)(a.mant >> 63);
	return a;
}

static inline struct f80 f80_invalid(struct f80_env *e)
{
	e->ex |= F80_IE;
	return F80_INDEFINITE;
}

/* Note a denormal operand.  true: it is unmasked, so the operation ends here. */
static inline bool f80_denormal(struct f80_env *e)
{
	e->ex |= F80_DE;
	return !(e->cw & F80_DE);
}

/*
 * Round m.hi:m.lo (bit 63 of hi set) with that exponent to `bits` (24, 53 or 64) and pack it,
 * minding overflow and underflow.
 */
struct f80 f80_round_slow(struct f80_env *e, unsigned sign, int32_t exp, struct u128 m,
			  unsigned bits);

/* Does what lies below the last place (rest, its first bit on top) round away from zero? */
static inline bool f80_rounds_up(uint32_t cw, unsigned sign, bool odd, uint64_t rest)
{
	switch (F80_RC(cw)) {
	case F80_NEAREST: return rest > F80_INT_BIT || (rest == F80_INT_BIT && odd);
	case F80_DOWN: return sign && rest;
	case F80_UPWARD: return !sign && rest;
	default: return false;
	}
}

/* To the precision control's precision.  Quick when that is 64 bits and the exponent is fine. */
static inline struct f80 f80_round(struct f80_env *e, unsigned sign, int32_t exp, struct u128 m)
{
	static const uint8_t bits[4] = {24, 64, 53, 64};

	if (UNLIKELY((e->cw & 0xf00) != 0x300 || (uint32_t)exp - 1 >= 0x7ffd))
		return f80_round_slow(e, sign, exp, m, bits[F80_PC(e->cw)]);
	if (m.lo) {
		uint64_t up = (m.lo >> 63) & (m.hi | (m.lo << 1 != 0));

		e->ex |= F80_PE | (uint32_t)up << 9;
		m.hi += up;
		if (UNLIKELY(!m.hi)) {
			m.hi = F80_INT_BIT;
			exp++;
		}
	}
	return f80_pack(sign, exp, m.hi);
}

static inline struct f80 f80_round64(struct f80_env *e, unsigned sign, int32_t exp, struct u128 m)
{
	if (UNLIKELY(m.lo || (uint32_t)exp - 1 >= 0x7ffd))
		return f80_round_slow(e, sign, exp, m, 64);
	return f80_pack(sign, exp, m.hi);
}

static inline struct f80 f80_from_i64(int64_t v)
{
	unsigned sign = v < 0, z;
	uint64_t m = sign ? -(uint64_t)v : (uint64_t)v;

	if (!m)
		return F80_ZERO(0);
	z = (unsigned)__builtin_clzll(m);
	return f80_pack(sign, 16383 + 63 - (int32_t)z, m << z);
}

/*C:708
 * Single and double precision have a hidden integer bit; the 80-bit format has it in plain sight.
 * A denormal becomes an ordinary number, with the denormal operand exception; that is raised here,
 * since the 80-bit number no longer tells.  A signalling NaN stays one.
:*/
/* Such a number with its sign in bit 63, if it is zero or normal, so that there is nothing to tell. */
static inline bool f80_widen_ordinary(uint64_t v, unsigned exp_bits, struct f80 *r)
{
	int32_t exp = (int32_t)(v << 1 >> (64 - exp_bits)), bias = 16384 - (1 << (exp_bits - 1));
	unsigned sign = (unsigned)(v >> 63);

	if (LIKELY((unsigned)exp - 1 < (1u << exp_bits) - 2))
		*r = f80_pack(sign, exp + bias, F80_INT_BIT | v << exp_bits);
	else if (!(v << 1))
		*r = F80_ZERO(sign);
	else
		return false;
	return true;
}

struct f80 f80_widen_unusual(struct f80_env *e, uint64_t v, unsigned exp_bits);

static inline struct f80 f80_widen(struct f80_env *e, uint64_t v, unsigned exp_bits)
{
	struct f80 r;

	return f80_widen_ordinary(v, exp_bits, &r) ? r : f80_widen_unusual(e, v, exp_bits);
}

static inline struct f80 f80_from_f32(struct f80_env *e, uint32_t v)
{
	return f80_widen(e, (uint64_t)v << 32, 8);
}

static inline struct f80 f80_from_f64(struct f80_env *e, uint64_t v)
{
	return f80_widen(e, v, 11);
}

/* The ordinary case of the way back: in range, to nearest; or zero. */
static inline bool f80_to_f64_ordinary(struct f80_env *e, struct f80 a, uint64_t *r)
{
	uint64_t sign = (uint64_t)f80_sign(a) << 63, rest = a.mant << 53, kept = a.mant >> 11, up;
	uint32_t exp = (uint32_t)(a.se & 0x7fff) - (16383 - 1023);

	*r = sign;
	if (UNLIKELY(exp - 1 >= 2045 || !(a.mant >> 63) || F80_RC(e->cw) != F80_NEAREST))
		return !((a.se & 0x7fff) | a.mant);
	if (rest) {
		up = (rest >> 63) & (kept | (rest << 1 != 0));
		e->ex |= F80_PE | (uint32_t)up << 9;
		kept += up;
	}
	*r |= kept + ((uint64_t)(exp - 1) << 52);
	return true;
}

uint64_t f80_to_f64_unusual(struct f80_env *e, struct f80 a);

static inline uint64_t f80_to_f64(struct f80_env *e, struct f80 a)
{
	uint64_t r;

	return f80_to_f64_ordinary(e, a, &r) ? r : f80_to_f64_unusual(e, a);
}

/*
 * The NaN that an operation with at least one NaN or unsupported operand yields.  Raises the
 * invalid operation where due.
 */
struct f80 f80_nan2(struct f80_env *e, struct f80 a, struct f80 b);
struct f80 f80_nan1(struct f80_env *e, struct f80 a);

#endif
