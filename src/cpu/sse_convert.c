/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:337
 * Conversions between single and double precision and integers, and the two approximations.
:*/
#include "sse.h"

/*C:810
 * A NaN keeps its sign and as much of its payload as there is room for, counted from the top.
 */
uint64_t f32_to_f64(struct sse_env *e, uint32_t a)
{
	uint64_t v = sse_daz(e, a, SSE_F32), sign = (v & 0x80000000) << 32;
	struct sse_num n;

	if (sse_is_nan(v, SSE_F32)) {
		if (sse_is_snan(v, SSE_F32))
			e->ex |= SSE_IE;
		return sign | sse_infinity(SSE_F64) | sse_quiet_bit(SSE_F64) | (v & 0x7fffff) << 29;
	}
	if (sse_is_infinite(v, SSE_F32))
		return sign | sse_infinity(SSE_F64);
	if (sse_is_zero(v, SSE_F32))
		return sign;
	sse_note_denormal(e, v, SSE_F32);
	n = sse_unpack(v, SSE_F32);
	return sign | (uint64_t)(n.exp + sse_bias(SSE_F64)) << 52 | n.mant << 1 >> 12;
}

uint32_t f64_to_f32(struct sse_env *e, uint64_t a)
{
	uint64_t v = sse_daz(e, a, SSE_F64), sign = v >> 32 & 0x80000000;
	struct sse_num n;

	if (sse_is_nan(v, SSE_F64)) {
		if (sse_is_snan(v, SSE_F64))
			e->ex |= SSE_IE;
		return (uint32_t)(sign | sse_infinity(SSE_F32) | sse_quiet_bit(SSE_F32) |
				  (v >> 29 & 0x7fffff));
	}
	if (sse_is_infinite(v, SSE_F64))
		return (uint32_t)(sign | sse_infinity(SSE_F32));
	if (sse_is_zero(v, SSE_F64))
		return (uint32_t)sign;
	sse_note_denormal(e, v, SSE_F64);
	n = sse_unpack(v, SSE_F64);
	n.sign = sign;
	return (uint32_t)sse_round(e, n, SSE_F32);
}
/*:*/

/* v, a signed integer other than 0, taken apart. */
static struct sse_num from_i32(uint32_t v, struct sse_format f)
{
	uint32_t magnitude = v & 0x80000000 ? -v : v;
	unsigned z = (unsigned)__builtin_clzll(magnitude);

	return (struct sse_num){v & 0x80000000 ? sse_sign_bit(f) : 0, 63 - (int)z,
				(uint64_t)magnitude << z};
}

uint32_t f32_from_i32(struct sse_env *e, uint32_t v)
{
	return v ? (uint32_t)sse_round(e, from_i32(v, SSE_F32), SSE_F32) : 0;
}

uint64_t f64_from_i32(uint32_t v)
{
	struct sse_num n;

	if (!v)
		return 0;
	n = from_i32(v, SSE_F64);
	return n.sign | (uint64_t)(n.exp + sse_bias(SSE_F64)) << 52 | n.mant << 1 >> 12;
}

/*C:812
 * To an integer.  Whether it fits is decided after rounding; -80000000 does.  A denormal is just a
 * small number here: no denormal exception, but an inexact result, unless DAZ makes it a 0.
 */
static uint32_t to_i32(struct sse_env *e, uint64_t a, uint32_t rounding, struct sse_format f)
{
	uint64_t q, rest;
	struct sse_num n;

	a = sse_daz(e, a, f);
	if (sse_is_zero(a, f))
		return 0;
	if (sse_is_nan(a, f) || sse_is_infinite(a, f))
		goto invalid;
	n = sse_unpack(a, f);
	if (n.exp > 31)
		goto invalid;
	if (n.exp < 0) {
		q = 0;
		rest = sse_shr_sticky(n.mant, n.exp < -64 ? 64 : (unsigned)(-1 - n.exp));
	} else {
		q = n.mant >> (63 - n.exp);
		rest = n.mant << n.exp << 1;
	}
	q += sse_rounds_up(rounding, n.sign, q & 1, rest);
	if (q > 0x7fffffffull + !!n.sign)
		goto invalid;
	if (rest)
		e->ex |= SSE_PE;
	return n.sign ? -(uint32_t)q : (uint32_t)q;
invalid:
	e->ex |= SSE_IE;
	return 0x80000000;
}
/*:*/

uint32_t f32_to_i32(struct sse_env *e, uint32_t a)
{
	return to_i32(e, a, e->mxcsr, SSE_F32);
}

uint32_t f32_to_i32_chop(struct sse_env *e, uint32_t a)
{
	return to_i32(e, a, MXCSR_RC, SSE_F32);
}

uint32_t f64_to_i32(struct sse_env *e, uint64_t a)
{
	return to_i32(e, a, e->mxcsr, SSE_F64);
}

uint32_t f64_to_i32_chop(struct sse_env *e, uint64_t a)
{
	return to_i32(e, a, MXCSR_RC, SSE_F64);
}

/*C:814
 * RCPPS and RSQRTPS promise a relative error of at most 1.5 * 2^-12, and every processor keeps that
 * promise with bits of its own.  Ours: the significand's first 16 bits, the exact quotient or root
 * of them, 16 bits of that.  Denormals count as zeros, in both directions, whatever MXCSR says.
 */
static bool approx_special(uint32_t a, uint32_t *r)
{
	uint32_t magnitude = a & 0x7fffffff;

	if (magnitude > 0x7f800000)
		*r = a | 0x400000;
	else if (magnitude < 0x800000)
		*r = (a & 0x80000000) | 0x7f800000;
	else if (magnitude == 0x7f800000)
		*r = a & 0x80000000;
	else
		return false;
	return true;
}

uint32_t f32_rcp(struct sse_env *e, uint32_t a)
{
	uint32_t r, m = 0x8000 | (a >> 8 & 0x7fff); /* 1.15 */
	int exp = 253 - (int)(a >> 23 & 0xff);	    /* of the result, if that is less than 1 */

	(void)e;
	if (approx_special(a, &r))
		return r;
	if (m == 0x8000)
		return exp < 0 ? a & 0x80000000 : (a & 0x80000000) | (uint32_t)(exp + 1) << 23;
	if (exp <= 0)
		return a & 0x80000000;
	/* 2^31 / m: between a half and 1, as 0.16. */
	r = 0x80000000u / m;
	return (a & 0x80000000) | (uint32_t)exp << 23 | (r & 0x7fff) << 8;
}

/* Integer square root. */
static uint32_t isqrt(uint32_t v)
{
	uint32_t r = 0;

	for (uint32_t bit = 1u << 15; bit; bit >>= 1)
		if ((r | bit) * (r | bit) <= v)
			r |= bit;
	return r;
}

uint32_t f32_rsqrt(struct sse_env *e, uint32_t a)
{
	unsigned biased = a >> 23 & 0xff, odd = !(biased & 1); /* is the true exponent odd? */
	uint32_t r, v;
	int exp = ((int)biased - 127 - (int)odd) / 2; /* of the root of the even part */

	(void)e;
	if (a != 0xff800000 && approx_special(a, &r))
		return r;
	if (a & 0x80000000)
		return 0xffc00000;
	/* 1 to 4, as 2.14; 2^44 over it has a root of 15 to 16 bits: between a half and 1. */
	v = (0x8000u | (a >> 8 & 0x7fff)) >> (1 - odd);
	if (v == 0x4000)
		return (uint32_t)(127 - exp) << 23;
	r = isqrt((uint32_t)((1ull << 46) / v));
	return (uint32_t)(126 - exp) << 23 | (r & 0x7fff) << 8;
}
/*:*/
