/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:395
 * FSIN, FCOS, FSINCOS, FPTAN and FPATAN, and the arithmetic of wide numbers under them.
:*/
#include "f80_wide.h"

struct wide wide_add(struct wide a, struct wide b)
{
	struct wide t;
	struct u128 m;

	if (wide_is_zero(a))
		return b;
	if (wide_is_zero(b))
		return a;
	if (a.exp < b.exp || (a.exp == b.exp && u128_less(a.m, b.m))) {
		t = a;
		a = b;
		b = t;
	}
	m = a.exp - b.exp > 127 ? u128(0, 1) : u128_shr(b.m, (unsigned)(a.exp - b.exp));
	if (a.sign != b.sign)
		return wide_normal(a.sign, a.exp, u128_sub(a.m, m));
	m = u128_add(a.m, m);
	if (u128_less(m, a.m)) {
		m = u128_shr(m, 1);
		m.hi |= F80_INT_BIT;
		a.exp++;
	}
	return (struct wide){a.sign, a.exp, m};
}

struct wide wide_mul(struct wide a, struct wide b)
{
	return wide_normal(a.sign ^ b.sign, a.exp + b.exp + 1, u128_mul_high(a.m, b.m));
}

/* One digit of 64 bits: *n / d, where *n < d; *n becomes the remainder, shifted up by a digit. */
static uint64_t div_digit(struct u128 *n, struct u128 d)
{
	uint64_t rem, q = n->hi < d.hi ? u128_div(*n, d.hi, &rem) : UINT64_MAX;
	struct u128 low = u64_mul(q, d.lo), mid = u64_mul(q, d.hi);
	struct u128 product = u128_add(mid, u128(0, low.hi));
	struct u128 left = u128_sub(*n, product);

	/* left:-low.lo is the remainder.  The estimate is at most two too large. */
	if (low.lo)
		left = u128_sub(left, u128(0, 1));
	*n = u128(left.lo, -low.lo);
	while (left.hi >> 63) {
		struct u128 sum = u128_add(*n, d);

		if (u128_less(sum, *n))
			left.hi++;
		*n = sum;
		q--;
	}
	return q;
}

struct wide wide_div(struct wide a, struct wide b)
{
	int32_t exp = a.exp - b.exp - 1;
	struct u128 q;

	if (wide_is_zero(a))
		return a;
	if (!u128_less(a.m, b.m)) {
		a.m = u128_shr(a.m, 1);
		exp++;
	}
	q.hi = div_digit(&a.m, b.m);
	q.lo = div_digit(&a.m, b.m);
	return (struct wide){a.sign ^ b.sign, exp, q};
}

/* 1/3!, 1/5!, 1/7!, ... */
static const struct u128 sin_terms[14] = {
	{0x2aaaaaaaaaaaaaaau, 0xaaaaaaaaaaaaaaabu}, {0x0222222222222222u, 0x2222222222222222u},
	{0x000d00d00d00d00du, 0x00d00d00d00d00d0u}, {0x00002e3bc74aad8eu, 0x671f5583911ca003u},
	{0x0000006b99159fd5u, 0x138e3f9d1f92e0dfu}, {0x00000000b092309du, 0x43684be51c198e92u},
	{0x0000000000d73f9fu, 0x399dc0f88ec32b58u}, {0x000000000000ca96u, 0x3b81856a53593029u},
	{0x0000000000000097u, 0xa4da340a0ab92651u}, {0x0000000000000000u, 0x5c6e3bdb73d5c630u},
	{0x0000000000000000u, 0x002ec368262c7034u}, {0x0000000000000000u, 0x000013f3ccdd1660u},
	{0x0000000000000000u, 0x0000000746ac70b7u}, {0x0000000000000000u, 0x00000000024b3f31u},
};

/* 1/2!, 1/4!, 1/6!, ... */
static const struct u128 cos_terms[15] = {
	{0x8000000000000000u, 0x0000000000000000u}, {0x0aaaaaaaaaaaaaaau, 0xaaaaaaaaaaaaaaabu},
	{0x005b05b05b05b05bu, 0x05b05b05b05b05b0u}, {0x0001a01a01a01a01u, 0xa01a01a01a01a01au},
	{0x0000049f93edde27u, 0xd71cbbc05b4fa99au}, {0x00000008f76c77fcu, 0x6c4bdaa26d4c3d68u},
	{0x000000000c9cba54u, 0x603e4e905d6f8a2fu}, {0x00000000000d73f9u, 0xf399dc0f88ec32b6u},
	{0x0000000000000b41u, 0x3c31dcbecbbdd802u}, {0x0000000000000007u, 0x950ae900808941eau},
	{0x0000000000000000u, 0x04338e5b6dfe14a5u}, {0x0000000000000000u, 0x0001f2cf01972f57u},
	{0x0000000000000000u, 0x000000c4742fe352u}, {0x0000000000000000u, 0x0000000042862899u},
	{0x0000000000000000u, 0x000000000013932cu},
};

/* 1/3, 1/5, 1/7, ... */
static const struct u128 atan_terms[10] = {
	{0x5555555555555555u, 0x5555555555555555u}, {0x3333333333333333u, 0x3333333333333333u},
	{0x2492492492492492u, 0x4924924924924925u}, {0x1c71c71c71c71c71u, 0xc71c71c71c71c71cu},
	{0x1745d1745d1745d1u, 0x745d1745d1745d17u}, {0x13b13b13b13b13b1u, 0x3b13b13b13b13b14u},
	{0x1111111111111111u, 0x1111111111111111u}, {0x0f0f0f0f0f0f0f0fu, 0x0f0f0f0f0f0f0f0fu},
	{0x0d79435e50d79435u, 0xe50d79435e50d794u}, {0x0c30c30c30c30c30u, 0xc30c30c30c30c30cu},
};

/* atan(i/32) */
static const struct u128 atan_table[33] = {
	{0x0000000000000000u, 0x0000000000000000u}, {0x07ff556eea5d892au, 0x13bcebbb6ed46311u},
	{0x0ffaaddb967ef4e3u, 0x6cb2792dc0e2e0d5u}, {0x17ee182602f10e8cu, 0x126acfcf099f06cfu},
	{0x1fd5ba9aac2f6dc6u, 0x5912f313e7d111dfu}, {0x27adddd18cc4d8b0u, 0xd1d8674940d83fa1u},
	{0x2f72f6979cb6044du, 0x1ec2d3e207271d22u}, {0x3721aea524c14408u, 0xbd88697072d54bc1u},
	{0x3eb6ebf25901bac5u, 0x5b71e7bd7de885f9u}, {0x462fd68c2fc5e098u, 0x6523a458dfc414c7u},
	{0x4d89dcdc1faf2f34u, 0xe2d5da4c693d7994u}, {0x54c2b6654735276du, 0x4cdbfbbdfbecf461u},
	{0x5bd86507937bc239u, 0xc55190916e7f2242u}, {0x62c934e5286c95b6u, 0xd0ba3748fa85146fu},
	{0x6993bb0f308ff2dbu, 0x213e4af4800f389bu}, {0x7036d3253b27be33u, 0xe318f6cb3cc65c02u},
	{0x76b19c1586ed3da2u, 0xb7f222f65e1d4682u}, {0x7d03742d50505f2eu, 0x33691e3eaee47661u},
	{0x832bf4a6d9867e2au, 0x4b6a09cb61a515c1u}, {0x892aecdfde9547b5u, 0x094478fc472b4afcu},
	{0x8f005d5ef7f59f9bu, 0x5c835e1665c43748u}, {0x94ac72c9847186f6u, 0x18c4f393f78a32f9u},
	{0x9a2f80e671bdda20u, 0x4226f8e2204ff3bdu}, {0x9f89fdc4f4b7a1ecu, 0xf8b492644f0701e0u},
	{0xa4bc7d1934f70924u, 0x19a87f2a457dac9fu}, {0xa9c7abdc4830f5c8u, 0x916a84b5be7933f6u},
	{0xaeac4c38b4d8c080u, 0x14725e2f3e52070au}, {0xb36b31c91f043691u, 0x590141744462f93au},
	{0xb8053e2bc2319e73u, 0xcb2da55210a4443du}, {0xbc7b5deae98af280u, 0xd4113006e80fb290u},
	{0xc0ce85b8ac526640u, 0x89dd62c46e92fa25u}, {0xc4ffaffabf8fbd54u, 0x8cb43d10bc9e0221u},
	{0xc90fdaa22168c234u, 0xc4c6628b80dc1cd1u},
};

#define PI_MANT u128(0xc90fdaa22168c234u, 0xc4c6628b80dc1cd1u)

/*C:716
 * The x87 reduces an angle by a pi of 66 bits (volume 1, "Approximation of Pi"), and so must we:
 * with a better one the results would differ from the hardware's, and far from zero by much.
 * HALF_PI is that pi / 2, in units of 2^-125.
 *
 * *quadrant gets how many of them were taken out, the nearest integer modulo 4; what is left,
 * between -pi/4 and pi/4, is exact.
:*/
#define HALF_PI u128(0x3243f6a8885a308du, 0x3000000000000000u)

static struct wide reduce_angle(struct f80 a, unsigned *quadrant)
{
	struct f80_num n = f80_unpack(a);
	int32_t exp = n.exp - 16383;
	struct u128 m = u128(n.mant >> 2, n.mant << 62), half = u128_shr(HALF_PI, 1);
	unsigned q = 0;

	/* Less than 1/2: surely less than pi/4. */
	*quadrant = 0;
	if (exp < -1)
		return wide_from_f80(a);
	if (exp == -1)
		m = u128_shr(m, 1);
	for (;; exp--) {
		if (!u128_less(m, HALF_PI)) {
			m = u128_sub(m, HALF_PI);
			q++;
		}
		if (exp <= 0)
			break;
		m = u128_shl(m, 1);
		q <<= 1;
	}
	if (u128_less(half, m)) {
		m = u128_sub(HALF_PI, m);
		n.sign ^= 1;
		q++;
	}
	/* A negative angle has gone the other way round. */
	*quadrant = (f80_sign(a) ? -q : q) & 3;
	return wide_normal(n.sign, 2, m);
}

/* sin r and cos r for |r| <= pi/4, by their series. */
static struct wide sin_small(struct wide r)
{
	struct u128 z = wide_fraction(wide_mul(r, r));
	struct u128 s = u128_mul_high(z, series(sin_terms, ARRAY_LEN(sin_terms), z, true));

	/* sin r = r - r * s; it is less than r even if s is too small to see. */
	if (!(s.hi | s.lo))
		s.lo = 1;
	s = u128_sub(u128(0, 0), s);
	return wide_mul(r, wide_from_fraction(s));
}

static struct wide cos_small(struct wide r)
{
	struct u128 z = wide_fraction(wide_mul(r, r));
	struct u128 s = u128_mul_high(z, series(cos_terms, ARRAY_LEN(cos_terms), z, true));

	if (!(s.hi | s.lo))
		s.lo = 1;
	return wide_from_fraction(u128_sub(u128(0, 0), s));
}

static struct wide sin_or_cos(struct wide r, unsigned quadrant)
{
	struct wide v = quadrant & 1 ? cos_small(r) : sin_small(r);

	return quadrant & 2 ? wide_negate(v) : v;
}

/* So near to zero silicon no longer tells sin x or tan x from x, nor cos x from 1, and it does not
 * round them by the rounding control either; they are inexact all the same. */
static bool vanishing(struct f80 a)
{
	return (a.se & 0x7fff) < 16383 - 68;
}

static struct f80 sin_vanishing(struct f80_env *e, struct f80 a)
{
	struct f80_num n = f80_unpack(a);

	e->ex |= F80_PE | (n.exp < 1 ? F80_UE : 0);
	return f80_round64(e, n.sign, n.exp, u128(n.mant, 0));
}

/* What the trigonometric instructions do alike.  *go_on: compute, the operand is a number. */
static bool trig_special(struct f80_env *e, struct f80 a, struct f80 *r, bool *go_on)
{
	enum f80_class c = f80_classify(a);

	*go_on = false;
	*r = a;
	if (c >= F80_C_QNAN)
		*r = f80_nan1(e, a);
	else if (c == F80_C_INF)
		*r = f80_invalid(e);
	else if (c == F80_C_ZERO)
		*r = a;
	else if ((a.se & 0x7fff) >= 16383 + 63)
		return false;
	else
		*go_on = !(c == F80_C_DENORMAL && f80_denormal(e));
	return true;
}

bool f80_sincos(struct f80_env *e, struct f80 a, struct f80 *sin, struct f80 *cos)
{
	struct f80 r;
	bool go_on, ok = trig_special(e, a, &r, &go_on);
	unsigned quadrant;
	struct wide w;

	if (!go_on) {
		if (sin)
			*sin = r;
		if (cos)
			*cos = f80_classify(a) == F80_C_ZERO ? F80_ONE : r;
		return ok;
	}
	if (vanishing(a)) {
		e->ex |= F80_PE;
		if (sin)
			*sin = sin_vanishing(e, a);
		if (cos)
			*cos = F80_ONE;
		return true;
	}
	w = reduce_angle(a, &quadrant);
	if (sin)
		*sin = wide_round(e, sin_or_cos(w, quadrant));
	if (cos) {
		/* With two results, C1 tells of this one. */
		e->ex &= ~(uint32_t)F80_UP;
		*cos = wide_round(e, sin_or_cos(w, quadrant + 1));
	}
	return true;
}

bool f80_tan(struct f80_env *e, struct f80 a, struct f80 *tan)
{
	bool go_on, ok = trig_special(e, a, tan, &go_on);
	struct wide w, t;
	unsigned quadrant;

	if (!go_on)
		return ok;
	if (vanishing(a)) {
		*tan = sin_vanishing(e, a);
		return true;
	}
	w = reduce_angle(a, &quadrant);
	t = wide_div(sin_small(w), cos_small(w));
	if (quadrant & 1)
		t = wide_negate(wide_div(cos_small(w), sin_small(w)));
	*tan = wide_round(e, t);
	return true;
}

/*C:718
 * atan t for 0 <= t <= 1: the nearest i/32 has its arc tangent in a table, and what is missing is
 *
 *	atan t - atan c = atan((t - c) / (1 + t c))
 *
 * the arc tangent of something so small that a few terms of the series do.
:*/
static struct wide atan_wide(struct wide t)
{
	unsigned i = 0;
	struct wide c, u = t;
	struct u128 z, s;

	if (t.exp >= -6)
		i = (unsigned)((u128_shr(t.m, (unsigned)(121 - t.exp)).lo + 1) >> 1);
	c = wide_normal(0, 58, u128(i, 0));
	if (i)
		u = wide_div(wide_add(t, wide_negate(c)),
			     wide_add(wide_from_int(1), wide_mul(t, c)));
	z = wide_fraction(wide_mul(u, u));
	s = u128_mul_high(z, series(atan_terms, ARRAY_LEN(atan_terms), z, true));
	if (!(s.hi | s.lo))
		s.lo = 1;
	u = wide_mul(u, wide_from_fraction(u128_sub(u128(0, 0), s)));
	return wide_add(wide_from_fraction(atan_table[i]), u);
}

/* pi * num / 4, for num up to 4 */
static struct wide pi_quarters(unsigned num)
{
	struct wide w = {0, -1, PI_MANT};

	return wide_mul(w, wide_from_int((int32_t)num));
}

/* Zeros and infinities (volume 2, table "FPATAN Results"): quarters of pi, or zero. */
static struct f80 atan2_special(struct f80_env *e, struct f80 y, struct f80 x, bool *go_on)
{
	enum f80_class cy = f80_classify(y), cx = f80_classify(x);
	unsigned quarters;
	struct wide w;

	*go_on = false;
	if (cy >= F80_C_QNAN || cx >= F80_C_QNAN)
		return f80_nan2(e, y, x);
	if ((cy == F80_C_DENORMAL || cx == F80_C_DENORMAL) && f80_denormal(e))
		return y;
	if (cy == F80_C_INF)
		quarters = cx != F80_C_INF ? 2 : f80_sign(x) ? 3 : 1;
	else if (cy == F80_C_ZERO || cx == F80_C_INF)
		quarters = f80_sign(x) ? 4 : 0;
	else if (cx == F80_C_ZERO)
		quarters = 2;
	else {
		*go_on = true;
		return y;
	}
	if (!quarters)
		return F80_ZERO(f80_sign(y));
	w = pi_quarters(quarters);
	w.sign = f80_sign(y);
	return wide_round(e, w);
}

struct f80 f80_atan2(struct f80_env *e, struct f80 y, struct f80 x)
{
	bool go_on, steep;
	struct f80 r = atan2_special(e, y, x, &go_on);
	struct wide a, b, v;

	if (!go_on)
		return r;
	a = wide_from_f80(y);
	b = wide_from_f80(x);
	a.sign = b.sign = 0;
	steep = b.exp < a.exp || (b.exp == a.exp && u128_less(b.m, a.m));
	v = atan_wide(steep ? wide_div(b, a) : wide_div(a, b));
	if (steep)
		v = wide_add(pi_quarters(2), f80_sign(x) ? v : wide_negate(v));
	else if (f80_sign(x))
		v = wide_add(pi_quarters(4), wide_negate(v));
	v.sign = f80_sign(y);
	return wide_round(e, v);
}
