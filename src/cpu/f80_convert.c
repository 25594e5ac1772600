/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:368
 * From the 80-bit format to the others and back: integers, single and double precision, packed
 * decimal; and the operations that take a number apart or put it together (FRNDINT, FSCALE,
 * FXTRACT).
:*/
#include "f80_int.h"

struct f80 f80_widen_unusual(struct f80_env *e, uint64_t v, unsigned exp_bits)
{
	uint64_t frac = v << exp_bits & ~F80_INT_BIT;
	unsigned sign = (unsigned)(v >> 63), z;

	if (v << 1 >> (64 - exp_bits))
		return f80_pack(sign, 0x7fff, F80_INT_BIT | frac);
	e->ex |= F80_DE;
	z = (unsigned)__builtin_clzll(frac);
	return f80_pack(sign, 16385 - (1 << (exp_bits - 1)) - (int32_t)z, frac << z);
}

/*C:710
 * And back.  A memory operand has no room for a biased exponent: an unmasked overflow or
 * underflow stores nothing, so all that counts then is the flag.
 * bits is the precision, integer bit included; emax the exponent field of infinity.
:*/
static uint64_t narrow_finite(struct f80_env *e, struct f80 a, unsigned bits, int32_t emax)
{
	struct f80_num n = f80_unpack(a);
	uint64_t unit = 1ull << (64 - bits), inf = (uint64_t)emax << (bits - 1), kept, rest;
	struct u128 m = u128(n.mant, 0);
	bool up, tiny = false;
	int32_t exp = n.exp - 16383 + (emax >> 1);

	if (exp <= 0) {
		/* It is tiny unless rounding to full precision already carries it out of there. */
		tiny = exp < 0 || n.mant < -unit ||
		       !f80_rounds_up(e->cw, n.sign, true, n.mant << bits);
		if (tiny && !(e->cw & F80_UE)) {
			e->ex |= F80_UE;
			return 0;
		}
		m = u128_shr_sticky(m, (unsigned)(1 - exp));
		exp = 0;
	}
	kept = m.hi >> (64 - bits);
	rest = m.hi << bits | (m.lo != 0);
	up = f80_rounds_up(e->cw, n.sign, kept & 1, rest);
	/* The integer bit, if there is one, adds 1 to the exponent field; so does a carry. */
	kept += up + ((uint64_t)(exp ? exp - 1 : 0) << (bits - 1));
	if (exp >= emax || kept >= inf) {
		bool to_inf = f80_rounds_up(e->cw, n.sign, true, F80_INT_BIT);

		e->ex |= F80_OE;
		if (!(e->cw & F80_OE))
			return 0;
		e->ex |= F80_PE | (to_inf ? F80_UP : 0);
		return to_inf ? inf : inf - 1;
	}
	if (rest)
		e->ex |= F80_PE | (up ? F80_UP : 0) | (tiny ? F80_UE : 0);
	return kept;
}

static uint64_t narrow(struct f80_env *e, struct f80 a, unsigned bits, int32_t emax)
{
	uint64_t inf = (uint64_t)emax << (bits - 1);

	switch (f80_classify(a)) {
	case F80_C_ZERO: return 0;
	case F80_C_INF: return inf;
	case F80_C_NORMAL:
	case F80_C_DENORMAL: return narrow_finite(e, a, bits, emax);
	default: a = f80_nan1(e, a); return inf | (a.mant & ~F80_INT_BIT) >> (64 - bits);
	}
}

static unsigned narrow_sign(struct f80 a)
{
	return f80_classify(a) == F80_C_BAD || f80_sign(a);
}

uint32_t f80_to_f32(struct f80_env *e, struct f80 a)
{
	return (uint32_t)narrow_sign(a) << 31 | (uint32_t)narrow(e, a, 24, 0xff);
}

uint64_t f80_to_f64_unusual(struct f80_env *e, struct f80 a)
{
	return (uint64_t)narrow_sign(a) << 63 | narrow(e, a, 53, 0x7ff);
}

/* |a| as an integer, rounded; *big if it has more than 64 bits.  Inexact goes to *ex. */
static uint64_t to_magnitude(uint32_t cw, struct f80 a, uint32_t *ex, bool *big)
{
	int32_t exp = (a.se & 0x7fff) - 16383;
	struct u128 m = u128(a.mant, 0);
	bool up;

	*big = exp > 63;
	if (*big)
		return 0;
	m = u128_shr_sticky(m, (unsigned)(63 - exp));
	if (!m.lo)
		return m.hi;
	up = f80_rounds_up(cw, f80_sign(a), m.hi & 1, m.lo);
	*ex |= F80_PE | (up ? F80_UP : 0);
	m.hi += up;
	*big = up && !m.hi;
	return m.hi;
}

int64_t f80_to_int(struct f80_env *e, struct f80 a, unsigned bits)
{
	uint64_t most = 1ull << (bits - 1), m;
	uint32_t ex = 0;
	bool big;

	if (f80_classify(a) >= F80_C_INF)
		goto invalid;
	m = to_magnitude(e->cw, a, &ex, &big);
	if (big || m > most - !f80_sign(a))
		goto invalid;
	e->ex |= ex;
	return (int64_t)(f80_sign(a) ? -m : m);
invalid:
	e->ex |= F80_IE;
	return (int64_t)-most;
}

/* Packed decimal: 18 digits, two to a byte, least significant first; the sign in the top byte. */
struct f80 f80_from_bcd(const uint8_t v[10])
{
	int64_t n = 0;
	struct f80 r;

	for (int i = 8; i >= 0; i--)
		n = n * 100 + (v[i] >> 4) * 10 + (v[i] & 15);
	r = f80_from_i64(n);
	r.se |= (uint16_t)((v[9] & 0x80) << 8);
	return r;
}

void f80_to_bcd(struct f80_env *e, struct f80 a, uint8_t v[10])
{
	static const uint8_t indefinite[10] = {0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff};
	uint32_t ex = 0;
	uint64_t m = 0;
	bool big = f80_classify(a) >= F80_C_INF;

	if (!big)
		m = to_magnitude(e->cw, a, &ex, &big);
	if (big || m > 999999999999999999u) {
		e->ex |= F80_IE;
		for (int i = 0; i < 10; i++)
			v[i] = indefinite[i];
		return;
	}
	e->ex |= ex;
	for (int i = 0; i < 9; i++, m /= 100)
		v[i] = (uint8_t)(m / 10 % 10 << 4 | m % 10);
	v[9] = (uint8_t)(f80_sign(a) << 7);
}

struct f80 f80_rndint(struct f80_env *e, struct f80 a)
{
	enum f80_class c = f80_classify(a);
	uint64_t m;
	bool big;
	unsigned z;

	if (c >= F80_C_QNAN)
		return f80_nan1(e, a);
	if (c == F80_C_ZERO || c == F80_C_INF)
		return a;
	if (c == F80_C_DENORMAL && f80_denormal(e))
		return a;
	if ((a.se & 0x7fff) >= 16383 + 63)
		return a;
	m = to_magnitude(e->cw, a, &e->ex, &big);
	if (!m)
		return F80_ZERO(f80_sign(a));
	z = (unsigned)__builtin_clzll(m);
	return f80_pack(f80_sign(a), 16383 + 63 - (int32_t)z, m << z);
}

/*C:712
 * FSCALE adds the integer part of ST(1) to the exponent of ST(0); what infinities and zeros do is
 * the table in volume 2, "FSCALE".
:*/
static struct f80 scale_special(struct f80_env *e, struct f80 a, struct f80 by, bool *go_on)
{
	enum f80_class ca = f80_classify(a), cb = f80_classify(by);

	*go_on = false;
	if (ca >= F80_C_QNAN || cb >= F80_C_QNAN)
		return f80_nan2(e, a, by);
	if (cb == F80_C_INF && ca == (f80_sign(by) ? F80_C_INF : F80_C_ZERO))
		return f80_invalid(e);
	if ((ca == F80_C_DENORMAL || cb == F80_C_DENORMAL) && f80_denormal(e))
		return a;
	if (ca == F80_C_INF || ca == F80_C_ZERO || cb == F80_C_ZERO)
		return f80_hand_on(a);
	if (cb == F80_C_INF)
		return f80_sign(by) ? F80_ZERO(f80_sign(a)) : F80_INF(f80_sign(a));
	*go_on = true;
	return a;
}

struct f80 f80_scale(struct f80_env *e, struct f80 a, struct f80 by)
{
	struct f80_num x;
	int32_t n, exp;
	bool go_on;
	struct f80 r = scale_special(e, a, by, &go_on);

	if (!go_on)
		return r;
	/* Anything from 2^16 on is far beyond the exponent's range: no need to know how far. */
	exp = (by.se & 0x7fff) - 16383;
	n = exp < 0 ? 0 : exp > 15 ? 0x10000 : (int32_t)(by.mant >> (63 - exp));
	x = f80_unpack(a);
	return f80_round64(e, x.sign, x.exp + (f80_sign(by) ? -n : n), u128(x.mant, 0));
}

struct f80 f80_extract(struct f80_env *e, struct f80 a, struct f80 *exponent)
{
	enum f80_class c = f80_classify(a);
	struct f80_num n;

	if (c >= F80_C_QNAN)
		return *exponent = f80_nan1(e, a);
	if (c == F80_C_ZERO) {
		e->ex |= F80_ZE;
		*exponent = F80_INF(1);
		return a;
	}
	if (c == F80_C_INF) {
		*exponent = F80_INF(0);
		return a;
	}
	if (c == F80_C_DENORMAL && f80_denormal(e))
		return a;
	n = f80_unpack(a);
	*exponent = f80_from_i64(n.exp - 16383);
	return f80_pack(n.sign, 16383, n.mant);
}
