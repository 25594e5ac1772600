/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1100
 * Several guests' output on one terminal: what comes out, byte by byte.
:*/
#include <check.h>
#include <string.h>

#include "launcher/lines.h"

static struct lines lines;
static char got[512];

static void fresh(void)
{
	memset(&lines, 0, sizeof(lines));
	got[0] = '\0';
}

static void print(unsigned guest, const char *text)
{
	static const char *const names[] = {"a", "b"};
	char before[LINES_BEFORE_BYTES];
	size_t n = strlen(text), part;

	for (; n; n -= part, text += part) {
		part = lines_next(&lines, guest, names[guest], (const uint8_t *)text, n, before);
		ck_assert_uint_ge(part, 1);
		ck_assert_uint_le(part, n);
		strcat(got, before);
		strncat(got, text, part);
	}
}

START_TEST(each_line_has_a_name)
{
	print(0, "one\ntwo\r\n\n");
	print(1, "three\n");
	ck_assert_str_eq(got, "a: one\na: two\r\na: \nb: three\n");
}
END_TEST

START_TEST(a_line_in_pieces_has_one_name)
{
	print(0, "o");
	print(0, "n");
	print(0, "e\nt");
	ck_assert_str_eq(got, "a: one\na: t");
}
END_TEST

START_TEST(who_cuts_in_ends_the_line)
{
	print(0, "login: ");
	print(1, "hello\n");
	print(0, "root\n");
	print(1, "$ ");
	print(0, "$ ");
	ck_assert_str_eq(got, "a: login: \nb: hello\na: root\nb: $ \na: $ ");
	strcat(got, lines_break(&lines));
	strcat(got, "X\n");
	ck_assert_str_eq(lines_break(&lines), "");
	print(0, "y");
	ck_assert_str_eq(got, "a: login: \nb: hello\na: root\nb: $ \na: $ \nX\na: y");
}
END_TEST

START_TEST(nothing_is_nothing)
{
	char before[LINES_BEFORE_BYTES] = "x";

	ck_assert_uint_eq(lines_next(&lines, 0, "a", (const uint8_t *)"", 0, before), 0);
	ck_assert_str_eq(before, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lines");
	TCase *t = tcase_create("lines");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, fresh, NULL);
	tcase_add_test(t, each_line_has_a_name);
	tcase_add_test(t, a_line_in_pieces_has_one_name);
	tcase_add_test(t, who_cuts_in_ends_the_line);
	tcase_add_test(t, nothing_is_nothing);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
