/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1016
 * What a Guest finds in its memory when it starts.
:*/
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lgemu.h"

#define LINE_AT	 0x1000u /* Guest-physical */
#define LINE_MAX 2047u	 /* what kernels copy, without the NUL */

static struct lgemu *m;

static void teardown(void)
{
	lgemu_destroy(m);
}

/* As the Guest finds it; longer than any that it should find. */
static const char *line_for(const char *line)
{
	static char found[LINE_MAX + 100];
	struct lgemu_guest_options g = {.memory_mb = 16, .command_line = line};
	struct lgemu_options o;

	lgemu_options_init(&o);
	o.guests = &g;
	o.nr_guests = 1;
	ck_assert_msg(!lgemu_create(&m, &o), "%s", lgemu_error(m));
	ck_assert_msg(!lgemu_load(m), "%s", lgemu_error(m));
	ck_assert_int_eq(lgemu_read(m, LGEMU_GUEST, LINE_AT, found, sizeof(found)), 0);
	ck_assert_ptr_nonnull(memchr(found, 0, sizeof(found)));
	return found;
}

START_TEST(command_line_as_given)
{
	ck_assert_str_eq(line_for("root=/dev/vda quiet"), "root=/dev/vda quiet");
}
END_TEST

START_TEST(row_48_command_line_too_long)
{
	static char line[5000];
	const char *found;

	memset(line, 'x', sizeof(line) - 1);
	found = line_for(line);
	ck_assert_uint_eq(strlen(found), LINE_MAX);
	ck_assert_uint_eq(strspn(found, "x"), LINE_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("boot");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(good, NULL, teardown);
	suite_add_tcase(s, good);
	tcase_add_test(good, command_line_as_given);
	tcase_add_checked_fixture(hostile, NULL, teardown);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_48_command_line_too_long);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
