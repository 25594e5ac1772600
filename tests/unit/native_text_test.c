/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:526
 * The Host's printf, against the C library's where the two are meant to agree, and kill_guest().
 * guest-host.md 11 says what the letters mean.
:*/
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "native_world.h"

static int format(char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int format(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = format_text(to, size, fmt, args);
	va_end(args);
	return n;
}

/* The same text from both, and the right length. */
#define ck_same(...)                                                                               \
	do {                                                                                       \
		char ours[128], theirs[128];                                                       \
		const int n = format(ours, sizeof(ours), __VA_ARGS__);                             \
                                                                                                   \
		snprintf(theirs, sizeof(theirs), __VA_ARGS__);                                     \
		ck_assert_str_eq(ours, theirs);                                                    \
		ck_assert_int_eq(n, (int)strlen(theirs));                                          \
	} while (0)

START_TEST(conversions)
{
	ck_same("nothing to do");
	ck_same("%s and %s", "this", "");
	ck_same("%c%c 100%%", 'o', 'k');
	ck_same("%i %i %i", 0, -1, INT_MIN);
	ck_same("%i", INT_MAX);
	ck_same("%u %u", 0u, UINT_MAX);
	ck_same("%x %x", 0u, 0xdeadbeefu);
	ck_same("%#x %#x", 1u, 0xffffffffu);
	ck_same("%li %li", -2147483647L, 305L);
	ck_same("%lu %zu", 4294967295ul, (size_t)17);
	ck_same("%#lx", 0xffc00000ul);
}
END_TEST

/* Where the kernel, whose words these are, differs from the C library. */
START_TEST(zero_has_its_prefix)
{
	char text[8];

	format(text, sizeof(text), "%#lx", 0ul);
	ck_assert_str_eq(text, "0x0");
}
END_TEST

/* Values of the Guest are 32 bits wide, whatever a long is here. */
START_TEST(a_long_is_32_bits)
{
	char text[32];

	format(text, sizeof(text), "%li", (long)0xffffffffu);
	ck_assert_str_eq(text, "-1");
	format(text, sizeof(text), "%p", NULL);
	ck_assert_str_eq(text, "(null)");
}
END_TEST

START_TEST(never_past_the_end)
{
	char text[8] = "zzzzzzz";

	ck_assert_int_eq(format(text, 4, "%s", "abcdef"), 3);
	ck_assert_mem_eq(text, "abc\0zzz", 8);
	ck_assert_int_eq(format(text, 4, "%u", 123456u), 3);
	ck_assert_mem_eq(text, "123\0zzz", 8);
	ck_assert_int_eq(format(text, 1, "abc"), 0);
	ck_assert_mem_eq(text, "\00023\0zzz", 8);
	text[0] = 'z';
	ck_assert_int_eq(format(text, 0, "abc"), 0);
	ck_assert_mem_eq(text, "z23\0zzz", 8);
}
END_TEST

/* Section 11: only the first kill of a Guest is kept. */
START_TEST(first_reason_is_kept)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	ck_lives();
	kill_guest(lg, "unhandled trap %li at %#lx (%#lx)", 13l, 0x1234ul, 0ul);
	kill_guest(lg, "something else");
	ck_died("unhandled trap 13 at 0x1234 (0x0)");
	lg = &host->guests[1];
	ck_lives();
}
END_TEST

START_TEST(long_reason_is_cut)
{
	char reason[400];

	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	guest(0, DOOR_MAP_LINEAR, 0);
	kill_guest(lg, "CRASH: %s", reason);
	ck_assert_uint_eq(strlen(lg->death), sizeof(lg->death) - 1);
	ck_assert(!strncmp(lg->death, "CRASH: xxx", 10));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, conversions);
	tcase_add_test(tc, zero_has_its_prefix);
	tcase_add_test(tc, a_long_is_32_bits);
	tcase_add_test(tc, never_past_the_end);
	tcase_add_test(tc, first_reason_is_kept);
	tcase_add_test(tc, long_reason_is_cut);
}

int main(void)
{
	return run_tests("native_text", add);
}
