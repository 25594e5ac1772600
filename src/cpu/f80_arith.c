/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:367
 * The basic arithmetic of the x87: add, subtract, multiply, divide, square root, partial
 * remainders, scaling, comparison.  Ordinary numbers take a short path of 64-bit integer
 * operations; zeros, infinities, NaNs and denormals are sorted out before it, once per operation.
:*/
#include "f80_int.h"

/*C:702
 * NaNs in, NaN out.  A signalling NaN or an encoding that is no number at all is an invalid
 * operation.  Of two NaNs, the quiet one is preferred, then the one with the larger significand,
 * then the positive one (volume 1, "Rules for handling NaNs"); the winner comes out quiet.
:*/
struct f80 f80_nan1(struct f80_env *e, struct f80 a)
{
	enum f80_class c = f80_classify(a);

	if (c == F80_C_BAD)
		return f80_invalid(e);
	if (c == F80_C_SNAN)
		e->ex |= F80_IE;
	a.mant |= F80_QUIET_BIT;
	return a;
}

struct f80 f80_nan2(struct f80_env *e, struct f80 a, struct f80 b)
{
	enum f80_class ca = f80_classify(a), cb = f80_classify(b);

	if (ca == F80_C_BAD || cb == F80_C_BAD)
		return f80_invalid(e);
	if (ca == F80_C_SNAN || cb == F80_C_SNAN)
		e->ex |= F80_IE;
	if (ca < F80_C_QNAN)
		return f80_nan1(e, b);
	if (cb < F80_C_QNAN)
		return f80_nan1(e, a);
	if (ca != cb)
		return ca == F80_C_QNAN ? a : b;
	a.mant |= F80_QUIET_BIT;
	b.mant |= F80_QUIET_BIT;
	if (a.mant != b.mant)
		return a.mant > b.mant ? a : b;
	return f80_sign(a) ? b : a;
}

/*C:704
 * The outcome of a computation is a sign, an exponent and 128 bits of significand, of which the
 * last stands for everything below.  Whether the number is tiny is decided after rounding as if
 * the exponent had no bounds (volume 1, "Numeric Underflow Exception").
:*/
struct rounded {
	uint64_t mant;
	int32_t exp;
	uint32_t ex; /* F80_PE, F80_UP */
};

static struct rounded round_to(uint32_t cw, unsigned sign, int32_t exp, struct u128 m,
			       unsigned bits)
{
	struct u128 rest = u128_shl(m, bits);
	uint64_t unit = 1ull << (64 - bits), kept = m.hi & -unit;
	struct rounded r = {kept, exp, 0};

	rest.hi |= rest.lo != 0;
	if (!rest.hi)
		return r;
	r.ex = F80_PE;
	if (f80_rounds_up(cw, sign, kept & unit, rest.hi)) {
		r.ex |= F80_UP;
		r.mant += unit;
		if (!r.mant) {
			r.mant = F80_INT_BIT;
			r.exp++;
		}
	}
	return r;
}

/* An unmasked overflow or underflow leaves an exponent moved by this much.  Only FSCALE can get so
 * far that this does not help; then infinity or zero is the result in spite of all. */
#define BIAS_ADJUST 0x6000

static struct f80 adjusted(struct f80_env *e, unsigned sign, int32_t exp, struct rounded r)
{
	if (exp > 0x7ffe) {
		e->ex |= F80_PE | F80_UP;
		return F80_INF(sign);
	}
	if (exp < 1) {
		e->ex |= F80_PE;
		return F80_ZERO(sign);
	}
	e->ex |= r.ex;
	return f80_pack(sign, exp, r.mant);
}

static struct f80 overflow(struct f80_env *e, unsigned sign, struct rounded r, unsigned bits)
{
	bool to_inf = f80_rounds_up(e->cw, sign, true, F80_INT_BIT);

	e->ex |= F80_OE;
	if (!(e->cw & F80_OE))
		return adjusted(e, sign, r.exp - BIAS_ADJUST, r);
	e->ex |= F80_PE | (to_inf ? F80_UP : 0);
	return to_inf ? F80_INF(sign) : f80_pack(sign, 0x7ffe, -(1ull << (64 - bits)));
}

struct f80 f80_round_slow(struct f80_env *e, unsigned sign, int32_t exp, struct u128 m,
			  unsigned bits)
{
	struct rounded r = round_to(e->cw, sign, exp, m, bits);

	if (r.exp > 0x7ffe)
		return overflow(e, sign, r, bits);
	if (r.exp >= 1) {
		e->ex |= r.ex;
		return f80_pack(sign, r.exp, r.mant);
	}
	if (!(e->cw & F80_UE)) {
		e->ex |= F80_UE;
		return adjusted(e, sign, r.exp + BIAS_ADJUST, r);
	}
	r = round_to(e->cw, sign, 0, u128_shr_sticky(m, (unsigned)(1 - exp)), bits);
	if (r.ex)
		e->ex |= F80_UE | r.ex;
	return f80_pack(sign, r.mant >> 63 ? 1 : 0, r.mant);
}

/* True if the operands cannot go the ordinary way as they are. */
static inline bool special(struct f80 a, struct f80 b)
{
	return UNLIKELY(!f80_is_normal(a) || !f80_is_normal(b));
}

/*
 * f80_NAME() of name_special() and name_numbers().  The special cases stand apart, so that numbers do
 * not pay for the registers they need.
 */
#define DEF_OPERATION(name)                                                                        \
	static __attribute__((noinline)) struct f80 name##_unusual(struct f80_env *e,              \
								   struct f80 a, struct f80 b)     \
	{                                                                                          \
		bool go_on;                                                                        \
		struct f80 r = name##_special(e, a, b, &go_on);                                    \
                                                                                                   \
		return go_on ? name##_numbers(e, a, b) : r;                                        \
	}                                                                                          \
                                                                                                   \
	struct f80 f80_##name(struct f80_env *e, struct f80 a, struct f80 b)                       \
	{                                                                                          \
		return special(a, b) ? name##_unusual(e, a, b) : name##_numbers(e, a, b);          \
	}

/* mant, n places further down; what falls out of 128 bits leaves its trace. */
static inline struct u128 align(uint64_t mant, unsigned n)
{
	if (LIKELY(n < 64))
		return u128(mant >> n, mant << 1 << (63 - n));
	return u128_shr_sticky(u128(mant, 0), n);
}

/* |a| + |b| with sign `sign`. */
static inline struct f80 add_magnitudes(struct f80_env *e, unsigned sign, struct f80_num a,
					struct f80_num b)
{
	struct u128 m;

	if (a.exp < b.exp) {
		struct f80_num t = a;

		a = b;
		b = t;
	}
	m = align(b.mant, (unsigned)(a.exp - b.exp));
	m.hi += a.mant;
	if (m.hi < a.mant) {
		m = u128(F80_INT_BIT | m.hi >> 1, m.hi << 63 | m.lo >> 1 | (m.lo & 1));
		a.exp++;
	}
	return f80_round(e, sign, a.exp, m);
}

/* |a| - |b|, where `sign` is a's. */
static inline struct f80 sub_magnitudes(struct f80_env *e, unsigned sign, struct f80_num a,
					struct f80_num b)
{
	struct u128 m;

	if (a.exp < b.exp || (a.exp == b.exp && a.mant < b.mant)) {
		struct f80_num t = a;

		a = b;
		b = t;
		sign ^= 1;
	}
	m = align(b.mant, (unsigned)(a.exp - b.exp));
	m = u128_sub(u128(a.mant, 0), m);
	if (!(m.hi >> 63)) {
		unsigned z;

		if (!(m.hi | m.lo))
			return F80_ZERO(F80_RC(e->cw) == F80_DOWN);
		z = (unsigned)(m.hi ? __builtin_clzll(m.hi) : 64 + __builtin_clzll(m.lo));
		m = u128_shl(m, z);
		a.exp -= (int32_t)z;
	}
	return f80_round(e, sign, a.exp, m);
}

/* A zero that meets a number: the number, rounded to the precision control. */
static struct f80 just(struct f80_env *e, struct f80 a)
{
	struct f80_num n = f80_unpack(a);

	return f80_round(e, n.sign, n.exp, u128(n.mant, 0));
}

static struct f80 add_special(struct f80_env *e, struct f80 a, struct f80 b, bool *go_on)
{
	enum f80_class ca = f80_classify(a), cb = f80_classify(b);

	*go_on = false;
	if (ca >= F80_C_QNAN || cb >= F80_C_QNAN)
		return f80_nan2(e, a, b);
	if (ca == F80_C_INF && cb == F80_C_INF && f80_sign(a) != f80_sign(b))
		return f80_invalid(e);
	if ((ca == F80_C_DENORMAL || cb == F80_C_DENORMAL) && f80_denormal(e))
		return a;
	if (ca == F80_C_INF)
		return a;
	if (cb == F80_C_INF)
		return b;
	if (ca == F80_C_ZERO && cb == F80_C_ZERO) {
		if (f80_sign(a) != f80_sign(b))
			return F80_ZERO(F80_RC(e->cw) == F80_DOWN);
		return a;
	}
	if (ca == F80_C_ZERO)
		return just(e, b);
	if (cb == F80_C_ZERO)
		return just(e, a);
	*go_on = true;
	return a;
}

static inline struct f80 add_numbers(struct f80_env *e, struct f80 a, struct f80 b)
{
	if ((a.se ^ b.se) >> 15)
		return sub_magnitudes(e, f80_sign(a), f80_unpack(a), f80_unpack(b));
	return add_magnitudes(e, f80_sign(a), f80_unpack(a), f80_unpack(b));
}

DEF_OPERATION(add)

/* A NaN keeps its sign when it is subtracted, so it may not be negated. */
struct f80 f80_sub(struct f80_env *e, struct f80 a, struct f80 b)
{
	if (UNLIKELY(!f80_is_normal(b) && f80_classify(b) >= F80_C_QNAN))
		return f80_nan2(e, a, b);
	return f80_add(e, a, f80_negate(b));
}

static struct f80 mul_special(struct f80_env *e, struct f80 a, struct f80 b, bool *go_on)
{
	enum f80_class ca = f80_classify(a), cb = f80_classify(b);
	unsigned sign = f80_sign(a) ^ f80_sign(b);
	bool zero = ca == F80_C_ZERO || cb == F80_C_ZERO, inf = ca == F80_C_INF || cb == F80_C_INF;

	*go_on = false;
	if (ca >= F80_C_QNAN || cb >= F80_C_QNAN)
		return f80_nan2(e, a, b);
	if (zero && inf)
		return f80_invalid(e);
	if ((ca == F80_C_DENORMAL || cb == F80_C_DENORMAL) && f80_denormal(e))
		return a;
	if (inf)
		return F80_INF(sign);
	if (zero)
		return F80_ZERO(sign);
	*go_on = true;
	return a;
}

static inline struct f80 mul_numbers(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_num x = f80_unpack(a), y = f80_unpack(b);
	struct u128 m;
	int32_t exp;

	m = u64_mul(x.mant, y.mant);
	exp = x.exp + y.exp - 16382;
	if (!(m.hi >> 63)) {
		m = u128(m.hi << 1 | m.lo >> 63, m.lo << 1);
		exp--;
	}
	return f80_round(e, x.sign ^ y.sign, exp, m);
}

DEF_OPERATION(mul)

static struct f80 div_special(struct f80_env *e, struct f80 a, struct f80 b, bool *go_on)
{
	enum f80_class ca = f80_classify(a), cb = f80_classify(b);
	unsigned sign = f80_sign(a) ^ f80_sign(b);

	*go_on = false;
	if (ca >= F80_C_QNAN || cb >= F80_C_QNAN)
		return f80_nan2(e, a, b);
	if (ca == cb && (ca == F80_C_INF || ca == F80_C_ZERO))
		return f80_invalid(e);
	if (cb == F80_C_ZERO && ca != F80_C_INF) {
		e->ex |= F80_ZE;
		return F80_INF(sign);
	}
	if ((ca == F80_C_DENORMAL || cb == F80_C_DENORMAL) && f80_denormal(e))
		return a;
	if (ca == F80_C_INF)
		return F80_INF(sign);
	if (ca == F80_C_ZERO || cb == F80_C_INF)
		return F80_ZERO(sign);
	*go_on = true;
	return a;
}

static inline struct f80 div_numbers(struct f80_env *e, struct f80 a, struct f80 b)
{
	struct f80_num x = f80_unpack(a), y = f80_unpack(b);
	uint64_t q, rem;
	int32_t exp;
	struct u128 n;

	exp = x.exp - y.exp + 16382;
	n = u128(x.mant, 0);
	if (x.mant >= y.mant) {
		n = u128(x.mant >> 1, x.mant << 63);
		exp++;
	}
	q = u128_div(n, y.mant, &rem);
	/* What is below the quotient: its first bit, and whether anything follows. */
	if (rem) {
		bool half = rem >= y.mant - rem;

		rem = half ? F80_INT_BIT | (rem != y.mant - rem) : 1;
	}
	return f80_round(e, x.sign ^ y.sign, exp, u128(q, rem));
}

DEF_OPERATION(div)

/*
 * The square root of n, rounded down; n has one of its two top bits set.  The upper half of the
 * root is found by trial; one step of Newton's from above gives the rest, at most a unit too much.
 */
static uint64_t root128(struct u128 n)
{
	uint64_t half = 0, d, q, root, rem;

	for (uint64_t b = 1ull << 31; b; b >>= 1) {
		if ((half | b) * (half | b) <= n.hi)
			half |= b;
	}
	d = half << 32 | 0xffffffff;
	q = n.hi < d ? u128_div(n, d, &rem) : UINT64_MAX;
	root = (q >> 1) + (d >> 1) + ((q | d) & 1);
	while (u128_less(n, u64_mul(root, root)))
		root--;
	return root;
}

struct f80 f80_sqrt(struct f80_env *e, struct f80 a)
{
	enum f80_class c = f80_classify(a);
	struct f80_num x;
	uint64_t root;
	struct u128 n, below;
	int32_t exp;

	if (c >= F80_C_QNAN)
		return f80_nan1(e, a);
	if (c == F80_C_ZERO)
		return a;
	if (f80_sign(a))
		return f80_invalid(e);
	if (c == F80_C_DENORMAL && f80_denormal(e))
		return a;
	if (c == F80_C_INF)
		return a;
	x = f80_unpack(a);
	exp = x.exp - 16383;
	n = exp & 1 ? u128(x.mant, 0) : u128(x.mant >> 1, x.mant << 63);
	root = root128(n);
	/* Is the rest above one half?  Then n > (root + 1/2)^2, that is n - root^2 > root. */
	below = u128_sub(n, u64_mul(root, root));
	if (below.hi | below.lo)
		below.lo = below.hi || below.lo > root ? F80_INT_BIT | 1 : 1;
	return f80_round(e, 0, (exp >> 1) + 16383, u128(root, below.lo));
}

/*C:706
 * The partial remainder (volume 2, "FPREM" and "FPREM1").  When the exponents differ by less than
 * 64 the reduction is complete: C2 = 0.  Otherwise the dividend loses between 32 and 63 of the
 * bits it has too many, and the program is to try again.  It is always exact.
:*/
static struct f80 rem_special(struct f80_env *e, struct f80 a, struct f80 b, unsigned *quotient,
			      bool *go_on)
{
	enum f80_class ca = f80_classify(a), cb = f80_classify(b);

	*go_on = false;
	*quotient = F80_NO_QUOTIENT;
	if (ca >= F80_C_QNAN || cb >= F80_C_QNAN)
		return f80_nan2(e, a, b);
	if (ca == F80_C_INF || cb == F80_C_ZERO)
		return f80_invalid(e);
	if ((ca == F80_C_DENORMAL || cb == F80_C_DENORMAL) && f80_denormal(e))
		return a;
	*quotient = 0;
	if (ca == F80_C_ZERO || cb == F80_C_INF)
		return f80_hand_on(a);
	*go_on = true;
	return a;
}

/* n.mant * 2^shift mod d, for shift < 64; *quotient is what was taken out. */
static uint64_t reduce(uint64_t n, unsigned shift, uint64_t d, uint64_t *quotient)
{
	uint64_t rem = n >= d ? n - d : n;

	*quotient = n >= d;
	if (shift)
		*quotient = *quotient << shift |
			    u128_div(u128(rem >> (64 - shift), rem << shift), d, &rem);
	return rem;
}

struct f80 f80_rem(struct f80_env *e, struct f80 a, struct f80 b, bool nearest, unsigned *quotient,
		   bool *partial)
{
	struct f80_num x, y;
	uint64_t q, rem;
	int32_t diff;

	*quotient = 0;
	*partial = false;
	if (special(a, b)) {
		bool go_on;
		struct f80 r = rem_special(e, a, b, quotient, &go_on);

		if (!go_on)
			return r;
	}
	x = f80_unpack(a);
	y = f80_unpack(b);
	diff = x.exp - y.exp;
	if (diff < (nearest ? -1 : 0))
		return f80_round64(e, x.sign, x.exp, u128(x.mant, 0));
	if (diff >= 64) {
		unsigned n = 32 + (unsigned)diff % 32;

		*partial = true;
		rem = reduce(x.mant, n, y.mant, &q);
		y.exp += diff - (int32_t)n;
	} else if (diff < 0) {
		/* b/2 <= |a| < b: one half of the divisor is the unit */
		q = x.mant > y.mant;
		rem = q ? y.mant - (x.mant - y.mant) : x.mant;
		x.sign ^= (unsigned)q;
		y.exp--;
	} else {
		rem = reduce(x.mant, (unsigned)diff, y.mant, &q);
		if (nearest && (rem > y.mant - rem || (rem == y.mant - rem && q & 1))) {
			rem = y.mant - rem;
			x.sign ^= 1;
			q++;
		}
	}
	if (!*partial)
		*quotient = q & 7;
	if (!rem)
		return F80_ZERO(f80_sign(a));
	diff = __builtin_clzll(rem);
	return f80_round64(e, x.sign, y.exp - diff, u128(rem << diff, 0));
}

/* |a| against |b|, sign by sign. */
enum f80_order f80_compare(struct f80_env *e, struct f80 a, struct f80 b, bool quiet)
{
	struct f80_num x, y;

	if (special(a, b)) {
		enum f80_class ca = f80_classify(a), cb = f80_classify(b);

		if (ca >= F80_C_QNAN || cb >= F80_C_QNAN) {
			if (!quiet || ca > F80_C_QNAN || cb > F80_C_QNAN)
				e->ex |= F80_IE;
			return F80_UNORDERED;
		}
		if (ca == F80_C_DENORMAL || cb == F80_C_DENORMAL)
			f80_denormal(e);
		if (ca == F80_C_ZERO)
			return cb == F80_C_ZERO ? F80_EQUAL : f80_sign(b) ? F80_GREATER : F80_LESS;
		if (cb == F80_C_ZERO)
			return f80_sign(a) ? F80_LESS : F80_GREATER;
	}
	x = f80_unpack(a);
	y = f80_unpack(b);
	if (x.sign != y.sign)
		return x.sign ? F80_LESS : F80_GREATER;
	if (x.exp == y.exp && x.mant == y.mant)
		return F80_EQUAL;
	if (x.exp != y.exp ? x.exp < y.exp : x.mant < y.mant)
		return x.sign ? F80_GREATER : F80_LESS;
	return x.sign ? F80_LESS : F80_GREATER;
}
