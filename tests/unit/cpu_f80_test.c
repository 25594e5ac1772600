/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:398
 * Tests of 80-bit arithmetic: what the Intel manual promises, in numbers worked out by hand or to
 * hundreds of digits elsewhere.  Every line of a table can fail.
:*/
#include <check.h>
#include <stdlib.h>

#include "cpu/f80_int.h"

/* Control words: all masked, 64 bits, to nearest; then other rounding, other precision. */
enum {
	CW = 0x037f,
	CW_DOWN = 0x077f,
	CW_UP = 0x0b7f,
	CW_CHOP = 0x0f7f,
	CW_24 = 0x007f,
	CW_53 = 0x027f,
};
enum { IE = F80_IE, DE = F80_DE, ZE = F80_ZE, OE = F80_OE, UE = F80_UE, PE = F80_PE, UP = F80_UP };

static const struct f80 one = {0x8000000000000000, 0x3fff}, two = {0x8000000000000000, 0x4000},
			three = {0xc000000000000000, 0x4000}, five = {0xa000000000000000, 0x4001},
			minus_one = {0x8000000000000000, 0xbfff}, zero = {0, 0},
			minus_zero = {0, 0x8000}, inf = {0x8000000000000000, 0x7fff},
			minus_inf = {0x8000000000000000, 0xffff},
			indefinite = {0xc000000000000000, 0xffff},
			largest = {0xffffffffffffffff, 0x7ffe},
			smallest = {0x8000000000000000, 0x0001}, denormal = {1, 0},
			pseudo = {0x8000000000000000, 0}, snan = {0x8000000000000001, 0x7fff},
			qnan = {0xc000000000000002, 0x7fff},
			unnormal = {0x4000000000000000, 0x3fff},
			half = {0x8000000000000000, 0x3ffe}, third = {0xaaaaaaaaaaaaaaab, 0x3ffd},
			ulp = {0x8000000000000000, 0x3fff - 63},
			half_ulp = {0x8000000000000000, 0x3fff - 64};

#define ck_f80(got, want)                                                                          \
	do {                                                                                       \
		struct f80 got_ = (got), want_ = (want);                                           \
		ck_assert_msg(got_.se == want_.se && got_.mant == want_.mant,                      \
			      "line %d: %04x.%016llx, not %04x.%016llx", line, got_.se,            \
			      (unsigned long long)got_.mant, want_.se,                             \
			      (unsigned long long)want_.mant);                                     \
	} while (0)
#define ck_ex(e, want) ck_assert_msg((e).ex == (want), "line %d: ex %x, not %x", line, (e).ex, want)

typedef struct f80 binary_fn(struct f80_env *e, struct f80 a, struct f80 b);

struct binary_case {
	int line;
	binary_fn *fn;
	unsigned cw;
	struct f80 a, b, result;
	unsigned ex;
};
#define L __LINE__

START_TEST(basic_arithmetic)
{
	const struct binary_case cases[] = {
		{L, f80_add, CW, one, one, two, 0},
		{L, f80_add, CW, one, half_ulp, one, PE},
		{L, f80_add, CW_UP, one, half_ulp, F80(0x3fff, 0x8000000000000001), PE | UP},
		{L, f80_add, CW, F80(0x3fff, 0x8000000000000001), half_ulp,
		 F80(0x3fff, 0x8000000000000002), PE | UP},
		{L, f80_add, CW_53, one, ulp, one, PE},
		{L, f80_add, CW, F80(0x3fff, ~0ull), ulp, two, 0},
		{L, f80_sub, CW, one, ulp, F80(0x3ffe, 0xfffffffffffffffe), 0},
		{L, f80_sub, CW, one, F80(0x2000, ~0ull), one, PE | UP},
		{L, f80_sub, CW_CHOP, one, F80(0x2000, ~0ull), F80(0x3ffe, ~0ull), PE},
		{L, f80_sub, CW, one, one, zero, 0},
		{L, f80_sub, CW_DOWN, one, one, minus_zero, 0},
		{L, f80_mul, CW, three, third, one, PE},
		{L, f80_mul, CW, F80(0x4002, 0xc000000000000000), F80(0x4001, 0xa000000000000000),
		 F80(0x4004, 0xf000000000000000), 0},
		{L, f80_div, CW, one, three, third, PE | UP},
		{L, f80_div, CW_DOWN, one, three, F80(0x3ffd, 0xaaaaaaaaaaaaaaaa), PE},
		{L, f80_div, CW_24, one, three, F80(0x3ffd, 0xaaaaab0000000000), PE | UP},
		{L, f80_div, CW_53, one, three, F80(0x3ffd, 0xaaaaaaaaaaaaa800), PE},
		{L, f80_div, CW, three, three, one, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct binary_case *c = &cases[i];
		struct f80_env e = {c->cw, 0};
		int line = c->line;

		ck_f80(c->fn(&e, c->a, c->b), c->result);
		ck_ex(e, c->ex);
	}
}
END_TEST

START_TEST(special_operands)
{
	const struct binary_case cases[] = {
		{L, f80_add, CW, inf, minus_inf, indefinite, IE},
		{L, f80_sub, CW, inf, minus_inf, inf, 0},
		{L, f80_mul, CW, inf, zero, indefinite, IE},
		{L, f80_div, CW, zero, zero, indefinite, IE},
		{L, f80_div, CW, inf, minus_inf, indefinite, IE},
		{L, f80_div, CW, one, minus_zero, minus_inf, ZE},
		{L, f80_div, CW, denormal, zero, inf, ZE},
		{L, f80_div, CW, inf, zero, inf, 0},
		{L, f80_div, CW, one, inf, zero, 0},
		{L, f80_add, CW, unnormal, one, indefinite, IE},
		{L, f80_add, CW, denormal, inf, inf, DE},
		{L, f80_mul, CW, pseudo, one, smallest, DE},
		/* NaNs: quiet before signalling, larger before smaller, positive before negative. */
		{L, f80_add, CW, qnan, denormal, qnan, 0},
		{L, f80_mul, CW, snan, one, F80(0x7fff, 0xc000000000000001), IE},
		{L, f80_mul, CW, snan, qnan, qnan, IE},
		{L, f80_sub, CW, one, qnan, qnan, 0},
		{L, f80_add, CW, qnan, F80(0xffff, 0xc000000000000003),
		 F80(0xffff, 0xc000000000000003), 0},
		{L, f80_add, CW, F80(0xffff, 0xc000000000000002), qnan, qnan, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct binary_case *c = &cases[i];
		struct f80_env e = {c->cw, 0};
		int line = c->line;

		ck_f80(c->fn(&e, c->a, c->b), c->result);
		ck_ex(e, c->ex);
	}
}
END_TEST

START_TEST(range_and_masks)
{
	const struct binary_case cases[] = {
		{L, f80_add, CW, largest, largest, inf, OE | PE | UP},
		{L, f80_add, CW_CHOP, largest, largest, largest, OE | PE},
		{L, f80_mul, CW_24 | 0xc00, largest, two, F80(0x7ffe, 0xffffff0000000000), OE | PE},
		{L, f80_add, CW & ~OE, largest, largest, F80(0x7fff - 0x6000, ~0ull), OE},
		/* Tiny but exact is no underflow, unless somebody wants to know. */
		{L, f80_mul, CW, smallest, half, F80(0, 0x4000000000000000), 0},
		{L, f80_mul, CW & ~UE, smallest, half, F80(0x6000, 0x8000000000000000), UE},
		{L, f80_mul, CW, F80(1, 0x8000000000000001), half, F80(0, 0x4000000000000000),
		 UE | PE},
		/* The largest number below the smallest normal one rounds up to it. */
		{L, f80_mul, CW, F80(1, ~0ull), half, smallest, UE | PE | UP},
		{L, f80_div, CW_UP, denormal, two, denormal, DE | UE | PE | UP},
		{L, f80_scale, CW, one, F80(0x400d, 0x8000000000000000), inf, OE | PE | UP},
		{L, f80_scale, CW & ~UE, one, F80(0xc010, 0x8000000000000000), zero, UE | PE},
		{L, f80_scale, CW, three, F80(0xc000, 0xe000000000000000),
		 F80(0x3ffd, 0xc000000000000000), 0},
		{L, f80_scale, CW, zero, inf, indefinite, IE},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct binary_case *c = &cases[i];
		struct f80_env e = {c->cw, 0};
		int line = c->line;

		ck_f80(c->fn(&e, c->a, c->b), c->result);
		ck_ex(e, c->ex);
		ck_assert(!f80_refused(&e));
	}
	/* An unmasked exception found beforehand is the only one. */
	{
		struct f80_env e = {CW & ~DE, 0};
		int line = L;

		f80_div(&e, denormal, three);
		ck_ex(e, DE);
		ck_assert(f80_refused(&e));
	}
}
END_TEST

START_TEST(square_roots)
{
	static const struct {
		int line;
		struct f80 a, result;
		unsigned ex;
	} cases[] = {
		{L, {0x8000000000000000, 0x4000}, {0xb504f333f9de6484, 0x3fff}, PE},
		{L, {0x9000000000000000, 0x4002}, {0xc000000000000000, 0x4000}, 0},
		{L, {0xffffffffffffffff, 0x3ffe}, {0xffffffffffffffff, 0x3ffe}, PE},
		{L, {2, 0}, {0x8000000000000000, 0x1fff - 30}, DE},
		{L, {0, 0x8000}, {0, 0x8000}, 0},
		{L, {0x8000000000000000, 0xbfff}, {0xc000000000000000, 0xffff}, IE},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct f80_env e = {CW, 0};
		int line = cases[i].line;

		ck_f80(f80_sqrt(&e, cases[i].a), cases[i].result);
		ck_ex(e, cases[i].ex);
	}
}
END_TEST

START_TEST(partial_remainders)
{
	struct f80_env e = {CW, 0};
	struct f80 far = F80(0x3fff + 100, F80_INT_BIT), r;
	unsigned q, steps = 0;
	bool partial;
	int line = L;

	ck_f80(f80_rem(&e, five, three, false, &q, &partial), two);
	ck_assert(q == 1 && !partial);
	ck_f80(f80_rem(&e, five, three, true, &q, &partial), minus_one);
	ck_assert(q == 2 && !partial);
	ck_f80(f80_rem(&e, five, two, true, &q, &partial), one);
	ck_assert(q == 2 && !partial);
	/* 2^100 mod 3 is 1; 64 or more exponents apart take more than one step */
	for (r = far, partial = true; partial; steps++)
		r = f80_rem(&e, r, three, false, &q, &partial);
	ck_f80(r, one);
	ck_assert_uint_gt(steps, 1);
	ck_ex(e, 0);
	ck_f80(f80_rem(&e, inf, three, false, &q, &partial), indefinite);
	ck_assert_uint_eq(q, F80_NO_QUOTIENT);
	ck_ex(e, IE);
}
END_TEST

START_TEST(comparisons)
{
	struct f80_env e = {CW, 0};
	int line = L;

	ck_assert_int_eq(f80_compare(&e, one, two, false), F80_LESS);
	ck_assert_int_eq(f80_compare(&e, minus_one, F80(0xc000, F80_INT_BIT), false), F80_GREATER);
	ck_assert_int_eq(f80_compare(&e, zero, minus_zero, false), F80_EQUAL);
	ck_assert_int_eq(f80_compare(&e, minus_inf, largest, false), F80_LESS);
	ck_assert_int_eq(f80_compare(&e, qnan, one, true), F80_UNORDERED);
	ck_ex(e, 0);
	ck_assert_int_eq(f80_compare(&e, qnan, one, false), F80_UNORDERED);
	ck_ex(e, IE);
	e.ex = 0;
	ck_assert_int_eq(f80_compare(&e, pseudo, smallest, false), F80_EQUAL);
	ck_ex(e, DE);
}
END_TEST

START_TEST(integers)
{
	static const struct {
		int line;
		unsigned cw;
		struct f80 a;
		unsigned bits;
		int64_t result;
		unsigned ex;
	} cases[] = {
		{L, CW, {0xa000000000000000, 0x4000}, 32, 2, PE}, /* 2.5 */
		{L, CW, {0xe000000000000000, 0x4000}, 32, 4, PE | UP},
		{L, CW_DOWN, {0xa000000000000000, 0xc000}, 32, -3, PE | UP},
		{L, CW_UP, {0xa000000000000000, 0xc000}, 32, -2, PE},
		{L, CW_CHOP, {0xe000000000000000, 0x4000}, 16, 3, PE},
		{L, CW, {0xfffe000000000000, 0x400d}, 16, 32767, 0},
		{L, CW, {0xffff000000000000, 0x400d}, 16, -32768, IE}, /* 32767.5 */
		{L, CW, {0x8000000000000000, 0xc00e}, 16, -32768, 0},
		{L, CW, {0x8000000000000000, 0x403e}, 64, INT64_MIN, IE},
		{L, CW, {0x8000000000000000, 0xc03e}, 64, INT64_MIN, 0},
		{L, CW, {0xc000000000000000, 0x7fff}, 32, INT32_MIN, IE},
		{L, CW_UP, {1, 0}, 32, 1, PE | UP},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct f80_env e = {cases[i].cw, 0};
		int line = cases[i].line;

		ck_assert_msg(f80_to_int(&e, cases[i].a, cases[i].bits) == cases[i].result,
			      "line %d", line);
		ck_ex(e, cases[i].ex);
	}
	for (int line = L; line; line = 0) {
		ck_f80(f80_from_i64(-5), F80(0xc001, 0xa000000000000000));
		ck_f80(f80_from_i64(INT64_MIN), F80(0xc03e, F80_INT_BIT));
		ck_f80(f80_from_i64(0), zero);
	}
}
END_TEST

START_TEST(single_and_double)
{
	static const struct {
		int line;
		unsigned cw;
		struct f80 a;
		uint32_t f32;
		unsigned ex32;
		uint64_t f64;
		unsigned ex64;
	} cases[] = {
		{L, CW, {0xc90fdaa22168c235, 0x4000}, 0x40490fdb, PE | UP, 0x400921fb54442d18, PE},
		{L, CW_CHOP, {0xc90fdaa22168c235, 0xc000}, 0xc0490fda, PE, 0xc00921fb54442d18, PE},
		{L,
		 CW,
		 {0x8000000000000000, 0x3fff + 128},
		 0x7f800000,
		 OE | PE | UP,
		 0x47f0000000000000,
		 0},
		{L, CW & ~OE, {0x8000000000000000, 0x3fff + 128}, 0, OE, 0x47f0000000000000, 0},
		{L,
		 CW,
		 {0xffffffffffffffff, 0x3fff + 127},
		 0x7f800000,
		 OE | PE | UP,
		 0x47f0000000000000,
		 PE | UP},
		/* 2^-127: a denormal in single precision, exactly */
		{L, CW, {0x8000000000000000, 0x3fff - 127}, 0x00400000, 0, 0x3800000000000000, 0},
		{L, CW & ~UE, {0x8000000000000000, 0x3fff - 127}, 0, UE, 0x3800000000000000, 0},
		{L,
		 CW,
		 {0x8000000000000000, 0xbfff - 150},
		 0x80000000,
		 UE | PE,
		 0xb690000000000000,
		 0},
		{L, CW, {0x8000000000000001, 0x7fff}, 0x7fc00000, IE, 0x7ff8000000000000, IE},
		{L, CW, {0x4000000000000000, 0x3fff}, 0xffc00000, IE, 0xfff8000000000000, IE},
		/* Half a unit of a double, to the even one of two, and a little more; a carry. */
		{L, CW, {0x8000000000000400, 0x3fff}, 0x3f800000, PE, 0x3ff0000000000000, PE},
		{L, CW, {0x8000000000000c00, 0x3fff}, 0x3f800000, PE, 0x3ff0000000000002, PE | UP},
		{L, CW, {0x8000000000000401, 0x3fff}, 0x3f800000, PE, 0x3ff0000000000001, PE | UP},
		{L,
		 CW,
		 {0xffffffffffffffff, 0x3ffe},
		 0x3f800000,
		 PE | UP,
		 0x3ff0000000000000,
		 PE | UP},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct f80_env e = {cases[i].cw, 0};
		int line = cases[i].line;
		uint32_t f32 = f80_to_f32(&e, cases[i].a);

		ck_ex(e, cases[i].ex32);
		if (!(e.ex & ~e.cw & F80_ALL))
			ck_assert_msg(f32 == cases[i].f32, "line %d: %08x", line, f32);
		e.ex = 0;
		ck_assert_msg(f80_to_f64(&e, cases[i].a) == cases[i].f64, "line %d", line);
		ck_ex(e, cases[i].ex64);
	}
}
END_TEST

START_TEST(widening)
{
	struct f80_env e = {CW, 0};
	int line = L;

	ck_f80(f80_from_f32(&e, 0x40490fdb), F80(0x4000, 0xc90fdb0000000000));
	ck_f80(f80_from_f64(&e, 0xbff8000000000000), F80(0xbfff, 0xc000000000000000));
	ck_f80(f80_from_f64(&e, 0x7ff0000000000000), inf);
	ck_f80(f80_from_f32(&e, 0x7f800001), F80(0x7fff, 0x8000010000000000));
	ck_ex(e, 0);
	ck_f80(f80_from_f32(&e, 0x80000001), F80(0xbfff - 149, F80_INT_BIT));
	ck_ex(e, DE);
	ck_f80(f80_from_f64(&e, 1), F80(0x3fff - 1074, F80_INT_BIT));
}
END_TEST

START_TEST(packed_decimal)
{
	static const uint8_t digits[10] = {0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0, 0x80};
	struct f80_env e = {CW, 0};
	uint8_t v[10];
	int line = L;

	ck_f80(f80_from_bcd(digits), f80_from_i64(-1112131415161718));
	f80_to_bcd(&e, f80_from_bcd(digits), v);
	ck_assert_mem_eq(v, digits, 10);
	ck_ex(e, 0);
	f80_to_bcd(&e, f80_from_i64(1000000000000000000), v);
	ck_assert_uint_eq(v[9] << 8 | v[8], 0xffff);
	ck_assert_uint_eq(v[7], 0xc0);
	ck_ex(e, IE);
}
END_TEST

START_TEST(taking_apart)
{
	struct f80_env e = {CW, 0};
	struct f80 x;
	int line = L;

	ck_f80(f80_extract(&e, F80(0xc002, 0xc800000000000000), &x),
	       F80(0xbfff, 0xc800000000000000));
	ck_f80(x, three);
	ck_f80(f80_rndint(&e, F80(0xbffe, F80_INT_BIT)), minus_zero); /* -0.5 */
	ck_ex(e, PE);
	e.ex = 0;
	ck_f80(f80_extract(&e, minus_zero, &x), minus_zero);
	ck_f80(x, minus_inf);
	ck_ex(e, ZE);
}
END_TEST

START_TEST(transcendentals)
{
	const struct f80 pi = F80(0x4000, 0xc90fdaa22168c235), quarter = F80(0x3ffd, F80_INT_BIT);
	struct f80_env e = {CW, 0};
	struct f80 s, c;
	int line = L;

	ck_assert(f80_sincos(&e, one, &s, &c));
	ck_f80(s, F80(0x3ffe, 0xd76aa47848677021));
	ck_f80(c, F80(0x3ffe, 0x8a51407da8345c92));
	ck_assert(f80_tan(&e, one, &s));
	ck_f80(s, F80(0x3fff, 0xc75922e5f71d2dc5));
	ck_f80(f80_atan2(&e, one, three), F80(0x3ffd, 0xa4bc7d1934f70924));
	ck_f80(f80_atan2(&e, minus_zero, minus_one), f80_sub(&e, zero, pi));
	ck_f80(f80_2xm1(&e, half), F80(0x3ffd, 0xd413cccfe7799211));
	ck_f80(f80_2xm1(&e, F80(0xbffe, 0xc000000000000000)), F80(0xbffd, 0xcf901f5ce48ead21));
	ck_f80(f80_yl2x(&e, three, one), F80(0x3fff, 0xcae00d1cfdeb43d0));
	ck_f80(f80_yl2xp1(&e, quarter, two), F80(0x3ffe, 0xa4d3c25e68dc57f2));
	ck_f80(f80_yl2xp1(&e, F80(0x3fff - 40, F80_INT_BIT), one),
	       F80(0x3fff - 40, 0xb8aa3b295bbb9b9e));
	/* The hardware's pi: the sine of the nearest number to pi is -2^-64, and not what a better pi
	 * would give; 2^62 is already far off. */
	ck_assert(f80_sincos(&e, pi, &s, &c));
	ck_f80(s, F80(0xbfff - 64, F80_INT_BIT));
	ck_f80(c, minus_one);
	ck_assert(f80_sincos(&e, F80(0x3fff + 62, F80_INT_BIT), &s, NULL));
	ck_f80(s, F80(0xbffe, 0xb506a9dd559cf157));
	ck_assert(!f80_sincos(&e, F80(0x3fff + 63, F80_INT_BIT), &s, NULL));
}
END_TEST

START_TEST(transcendental_specials)
{
	static const struct f80 pi_half = {0xc90fdaa22168c235, 0x3fff};
	const struct binary_case cases[] = {
		{L, f80_yl2x, CW, zero, one, minus_inf, ZE},
		{L, f80_yl2x, CW, minus_one, one, indefinite, IE},
		{L, f80_yl2x, CW, one, inf, indefinite, IE},
		{L, f80_yl2x, CW, one, minus_one, minus_zero, 0},
		{L, f80_yl2x, CW, half, inf, minus_inf, 0},
		{L, f80_yl2xp1, CW, minus_zero, one, minus_zero, 0},
		{L, f80_atan2, CW, one, zero, pi_half, PE | UP},
		{L, f80_atan2, CW_DOWN, inf, one, {0xc90fdaa22168c234, 0x3fff}, PE},
		{L, f80_atan2, CW, zero, one, zero, 0},
		{L, f80_atan2, CW, one, snan, {0xc000000000000001, 0x7fff}, IE},
	};

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		const struct binary_case *c = &cases[i];
		struct f80_env e = {c->cw, 0};
		int line = c->line;

		ck_f80(c->fn(&e, c->a, c->b), c->result);
		ck_ex(e, c->ex);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("f80");
	TCase *tc = tcase_create("f80");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, basic_arithmetic);
	tcase_add_test(tc, special_operands);
	tcase_add_test(tc, range_and_masks);
	tcase_add_test(tc, square_roots);
	tcase_add_test(tc, partial_remainders);
	tcase_add_test(tc, comparisons);
	tcase_add_test(tc, integers);
	tcase_add_test(tc, single_and_double);
	tcase_add_test(tc, widening);
	tcase_add_test(tc, packed_decimal);
	tcase_add_test(tc, taking_apart);
	tcase_add_test(tc, transcendentals);
	tcase_add_test(tc, transcendental_specials);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
