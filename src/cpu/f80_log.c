/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:397
 * F2XM1, FYL2X and FYL2XP1: powers and logarithms to the base 2.
:*/
#include "f80_wide.h"

/* 1/2!, 1/3!, 1/4!, ... */
static const struct u128 exp_terms[15] = {
	{0x8000000000000000u, 0x0000000000000000u}, {0x2aaaaaaaaaaaaaaau, 0xaaaaaaaaaaaaaaabu},
	{0x0aaaaaaaaaaaaaaau, 0xaaaaaaaaaaaaaaabu}, {0x0222222222222222u, 0x2222222222222222u},
	{0x005b05b05b05b05bu, 0x05b05b05b05b05b0u}, {0x000d00d00d00d00du, 0x00d00d00d00d00d0u},
	{0x0001a01a01a01a01u, 0xa01a01a01a01a01au}, {0x00002e3bc74aad8eu, 0x671f5583911ca003u},
	{0x0000049f93edde27u, 0xd71cbbc05b4fa99au}, {0x0000006b99159fd5u, 0x138e3f9d1f92e0dfu},
	{0x00000008f76c77fcu, 0x6c4bdaa26d4c3d68u}, {0x00000000b092309du, 0x43684be51c198e92u},
	{0x000000000c9cba54u, 0x603e4e905d6f8a2fu}, {0x0000000000d73f9fu, 0x399dc0f88ec32b58u},
	{0x00000000000d73f9u, 0xf399dc0f88ec32b6u},
};

/* 2^(i/32), halved */
static const struct u128 exp_table[32] = {
	{0x8000000000000000u, 0x0000000000000000u}, {0x82cd8698ac2ba1d7u, 0x3e2a475b46520bffu},
	{0x85aac367cc487b14u, 0xc5c95b8c2154c1b2u}, {0x88980e8092da8527u, 0x5df8d76c98c67563u},
	{0x8b95c1e3ea8bd6e6u, 0xfbe4628758a53c90u}, {0x8ea4398b45cd53c0u, 0x2dc0144c8783d4c6u},
	{0x91c3d373ab11c336u, 0x0fd6d8e0ae5ac9d8u}, {0x94f4efa8fef70961u, 0x2e8afad12551de54u},
	{0x9837f0518db8a96fu, 0x46ad23182e42f6f6u}, {0x9b8d39b9d54e5538u, 0xa2a817a2a3cc3f1fu},
	{0x9ef5326091a111adu, 0xa0911f09ebb9fdd1u}, {0xa27043030c496818u, 0x9b7a04ef80cfdea8u},
	{0xa5fed6a9b15138eau, 0x1cbd7f621710701bu}, {0xa9a15ab4ea7c0ef8u, 0x541e24ec3531fa73u},
	{0xad583eea42a14ac6u, 0x4980a8c8f59a2ec4u}, {0xb123f581d2ac258fu, 0x87d037e96d215d8eu},
	{0xb504f333f9de6484u, 0x597d89b3754abe9fu}, {0xb8fbaf4762fb9ee9u, 0x1b879778566b65a2u},
	{0xbd08a39f580c36beu, 0xa8811fb66d0faf7au}, {0xc12c4cca66709456u, 0x7c457d59a50087b5u},
	{0xc5672a115506daddu, 0x3e2ad0c964dd9f37u}, {0xc9b9bd866e2f27a2u, 0x80e1f92a0511697eu},
	{0xce248c151f8480e3u, 0xe235838f95f2c6edu}, {0xd2a81d91f12ae45au, 0x12248e57c3de4028u},
	{0xd744fccad69d6af4u, 0x39a68bb9902d3fdeu}, {0xdbfbb797daf23755u, 0x3d840d5a9e29aa64u},
	{0xe0ccdeec2a94e111u, 0x065895048dd333cau}, {0xe5b906e77c8348a8u, 0x1e5e8f4a4edbb0edu},
	{0xeac0c6e7dd24392eu, 0xd02d75b3706e54fbu}, {0xefe4b99bdcdaf5cbu, 0x46561cf6948db913u},
	{0xf5257d152486cc2cu, 0x7b9d0c7aed980fc3u}, {0xfa83b2db722a033au, 0x7c25bb14315d7fcdu},
};

/* 1/3, 1/5, 1/7, ... */
static const struct u128 atanh_terms[10] = {
	{0x5555555555555555u, 0x5555555555555555u}, {0x3333333333333333u, 0x3333333333333333u},
	{0x2492492492492492u, 0x4924924924924925u}, {0x1c71c71c71c71c71u, 0xc71c71c71c71c71cu},
	{0x1745d1745d1745d1u, 0x745d1745d1745d17u}, {0x13b13b13b13b13b1u, 0x3b13b13b13b13b14u},
	{0x1111111111111111u, 0x1111111111111111u}, {0x0f0f0f0f0f0f0f0fu, 0x0f0f0f0f0f0f0f0fu},
	{0x0d79435e50d79435u, 0xe50d79435e50d794u}, {0x0c30c30c30c30c30u, 0xc30c30c30c30c30cu},
};

/* |log2(j/32)| for j = LOG_FIRST ... */
static const struct u128 log_table[25] = {
	{0x8a62b07f3457c407u, 0x050799beaaab2941u}, {0x79f7d7f94e2acd3bu, 0xed456b24ed10f558u},
	{0x6a3fe5c604297860u, 0x5ff4edf5f974522fu}, {0x5b2c3da19723a80du, 0xb6a0480592812599u},
	{0x4caffb8dc3b9a196u, 0x8925e378d67caee2u}, {0x3ebfb1520c7c6921u, 0x1fdec9e1ec5cf68du},
	{0x315130157f7a64ccu, 0xd536fc5bec1a57b9u}, {0x245b5b8556692da5u, 0xa475e64e39c898e1u},
	{0x17d60496cfbb4c67u, 0x3b4511f8c2b4e4fbu}, {0x0bb9ca64ecac6aaeu, 0xf2e1c07f0438ebacu},
	{0x0000000000000000u, 0x0000000000000000u}, {0x0b5d69bac77ec398u, 0x9b03784b5be08490u},
	{0x1663f6fac913167cu, 0xcc53826144575ac4u}, {0x2118b119b4f3c72cu, 0x4f78dfa14aa5157bu},
	{0x2b803473f7ad0f3fu, 0x401624140d175ba2u}, {0x359ebc5b69d927dfu, 0xc23d9780306c696au},
	{0x3f782d7204d01447u, 0x51b3314f09de6be5u}, {0x49101eac381ce609u, 0x16e52e91300efeefu},
	{0x5269e12f346e2bf9u, 0x24afdbfd36bf6d33u}, {0x5b8887367433795eu, 0x35482d13dc0f110du},
	{0x646eea247c5c22d2u, 0xcad415ae1a715618u}, {0x6d1fafdce20a8290u, 0x51bbe3f6289e3ab7u},
	{0x759d4f80cba83bf8u, 0xfaf866415554d6bfu}, {0x7dea15a32c1b3b38u, 0x64c6001143d6c8d6u},
	{0x86082806b1d532c4u, 0x12ba94db12ef0aa8u},
};
#define LOG_FIRST 22

static const struct wide ln_2 = {0, -1, {0xb17217f7d1cf79abu, 0xc9e3b39803f2f6afu}};
static const struct wide two_by_ln_2 = {0, 1, {0xb8aa3b295c17f0bbu, 0xbe87fed0691d3e88u}};

/*C:717
 * 2^x - 1 = (A - 1) + A (2^f - 1), where x = i/32 + f, A = 2^(i/32) comes from a table, and f is so
 * small that a few terms of the series of e^(f ln 2) - 1 do.  Near zero i is 0 and A - 1 too, so
 * that nothing cancels.
:*/
static struct wide exp2m1_wide(struct wide x)
{
	int32_t i = 0;
	struct wide f, y, a;
	struct u128 p;

	if (x.exp >= -6)
		i = (int32_t)((u128_shr(x.m, (unsigned)(121 - x.exp)).lo + 1) >> 1);
	if (x.sign)
		i = -i;
	f = wide_add(x, wide_normal(i > 0, 58, u128((uint64_t)(i < 0 ? -i : i), 0)));
	if (wide_is_zero(f)) {
		y = f;
	} else {
		y = wide_mul(f, ln_2);
		p = series(exp_terms, ARRAY_LEN(exp_terms), wide_fraction(y), y.sign);
		y = wide_add(y, wide_mul(wide_mul(y, y), wide_from_fraction(p)));
	}
	if (!i)
		return y;
	a = wide_from_fraction(exp_table[i & 31]);
	a.exp += i == 32 ? 2 : i > 0;
	return wide_add(wide_add(a, wide_from_int(-1)), wide_mul(a, y));
}

/* Beyond -1 ... 1 the result is undefined (volume 2, "F2XM1"): silicon hands the operand back. */
struct f80 f80_2xm1(struct f80_env *e, struct f80 a)
{
	enum f80_class c = f80_classify(a);

	if (c >= F80_C_QNAN)
		return f80_nan1(e, a);
	if (c == F80_C_INF)
		return f80_sign(a) ? f80_negate(F80_ONE) : a;
	if (c == F80_C_ZERO)
		return a;
	if (c == F80_C_DENORMAL && f80_denormal(e))
		return a;
	if ((a.se & 0x7fff) >= 16383) {
		e->ex |= F80_PE;
		return a.se == 0xbfff && a.mant == F80_INT_BIT ? F80(0xbffe, F80_INT_BIT) : a;
	}
	return wide_round(e, exp2m1_wide(wide_from_f80(a)));
}

/*C:719
 * log2 x = k + log2 c + log2(m/c), where x = 2^k m, m is between 0.7 and 1.42 and c = j/32 is near
 * it; log2 c comes from a table, and
 *
 *	ln(m/c) = 2 atanh((m - c) / (m + c))
 *
 * is again a short series.  Near x = 1, k and log2 c are 0 and x - 1 is known exactly, even where
 * x itself (FYL2XP1) needs more bits than we have.
:*/
static struct wide log2_wide(struct wide x, struct wide x_minus_1)
{
	int32_t k = x.exp;
	struct wide m = x, c, s, r;
	struct u128 z, p;
	uint32_t j;

	m.exp = 0;
	j = (uint32_t)((u128_shr(m.m, 121).lo + 1) >> 1);
	if (j > 45) {
		m.exp = -1;
		k++;
		j = (uint32_t)((u128_shr(m.m, 122).lo + 1) >> 1);
	}
	c = wide_normal(1, 58, u128(j, 0));
	s = k == 0 && j == 32 ? x_minus_1 : wide_add(m, c);
	r = wide_add(wide_from_int(k), wide_from_fraction(log_table[j - LOG_FIRST]));
	if (j < 32) {
		r = wide_from_fraction(log_table[j - LOG_FIRST]);
		r = wide_add(wide_from_int(k), wide_negate(r));
	}
	if (wide_is_zero(s))
		return r;
	s = wide_div(s, wide_add(m, wide_negate(c)));
	z = wide_fraction(wide_mul(s, s));
	p = u128_mul_high(z, series(atanh_terms, ARRAY_LEN(atanh_terms), z, false));
	s = wide_add(s, wide_mul(s, wide_from_fraction(p)));
	return wide_add(r, wide_mul(s, two_by_ln_2));
}

/* y * l, rounded; l = 0 makes an exact zero. */
static struct f80 times_log(struct f80_env *e, struct f80 y, struct wide l)
{
	if (wide_is_zero(l))
		return F80_ZERO(f80_sign(y) ^ l.sign);
	return wide_round(e, wide_mul(wide_from_f80(y), l));
}

/* Is x below 1?  (x is positive) */
static bool below_one(struct f80 x)
{
	return (x.se & 0x7fff) < 16383;
}

static struct f80 yl2x_special(struct f80_env *e, struct f80 x, struct f80 y, bool *go_on)
{
	enum f80_class cx = f80_classify(x), cy = f80_classify(y);
	bool one = x.se == 0x3fff && x.mant == F80_INT_BIT;

	*go_on = false;
	if (cx >= F80_C_QNAN || cy >= F80_C_QNAN)
		return f80_nan2(e, x, y);
	if (cx == F80_C_ZERO ? cy == F80_C_ZERO : f80_sign(x))
		return f80_invalid(e);
	if ((cx == F80_C_INF && cy == F80_C_ZERO) || (cy == F80_C_INF && one))
		return f80_invalid(e);
	if (cx == F80_C_ZERO && cy != F80_C_INF) {
		e->ex |= F80_ZE;
		return F80_INF(!f80_sign(y));
	}
	if ((cx == F80_C_DENORMAL || cy == F80_C_DENORMAL) && f80_denormal(e))
		return y;
	if (cx == F80_C_INF || cy == F80_C_INF)
		return F80_INF(f80_sign(y) ^ (cx != F80_C_INF && below_one(x)));
	if (cy == F80_C_ZERO)
		return F80_ZERO(f80_sign(y) ^ below_one(x));
	*go_on = true;
	return y;
}

struct f80 f80_yl2x(struct f80_env *e, struct f80 x, struct f80 y)
{
	bool go_on;
	struct f80 r = yl2x_special(e, x, y, &go_on);
	struct wide w;

	if (!go_on)
		return r;
	w = wide_from_f80(x);
	return times_log(e, y, log2_wide(w, wide_add(w, wide_from_int(-1))));
}

static struct f80 yl2xp1_special(struct f80_env *e, struct f80 x, struct f80 y, bool *go_on)
{
	enum f80_class cx = f80_classify(x), cy = f80_classify(y);

	*go_on = false;
	if (cx >= F80_C_QNAN || cy >= F80_C_QNAN)
		return f80_nan2(e, x, y);
	if ((cx == F80_C_ZERO && cy == F80_C_INF) || (cx == F80_C_INF && cy == F80_C_ZERO))
		return f80_invalid(e);
	if (cx == F80_C_INF && f80_sign(x))
		return f80_invalid(e);
	if ((cx == F80_C_DENORMAL || cy == F80_C_DENORMAL) && f80_denormal(e))
		return y;
	if (cx == F80_C_INF || cy == F80_C_INF)
		return F80_INF(f80_sign(x) ^ f80_sign(y));
	if (cx == F80_C_ZERO || cy == F80_C_ZERO)
		return F80_ZERO(f80_sign(x) ^ f80_sign(y));
	*go_on = true;
	return y;
}

/* From -1 on down there is no logarithm; the result is undefined, silicon hands x back. */
struct f80 f80_yl2xp1(struct f80_env *e, struct f80 x, struct f80 y)
{
	bool go_on;
	struct f80 r = yl2xp1_special(e, x, y, &go_on);
	struct wide w;

	if (!go_on)
		return r;
	if (f80_sign(x) && !below_one(x)) {
		e->ex |= F80_PE;
		return x;
	}
	w = wide_from_f80(x);
	return times_log(e, y, log2_wide(wide_add(w, wide_from_int(1)), w));
}
