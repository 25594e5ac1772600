/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:980
 * The event queue: order is all it promises, so order is what is tried.
:*/
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "machine/events.h"

static struct events q;

static void setup(void)
{
	events_init(&q);
}

static void teardown(void)
{
	events_fini(&q);
}

static void push(uint64_t stamp, char c)
{
	ck_assert_int_eq(events_push(&q, stamp, EVENT_CONSOLE, &c, 1), 0);
}

static char take(void)
{
	const struct event *e = events_peek(&q);
	char c;

	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->len, 1);
	c = (char)e->bytes[0];
	events_pop(&q);
	return c;
}

START_TEST(empty)
{
	ck_assert_ptr_null(events_peek(&q));
	ck_assert_uint_eq(events_next_ns(&q), UINT64_MAX);
	ck_assert_int_eq(events_push(&q, 0, EVENT_CONSOLE, NULL, 0), 0);
	ck_assert_uint_eq(events_peek(&q)->len, 0);
}
END_TEST

START_TEST(order)
{
	push(30, 'c');
	push(10, 'a');
	push(20, 'b');
	ck_assert_uint_eq(events_next_ns(&q), 10);
	ck_assert_int_eq(take(), 'a');
	ck_assert_int_eq(take(), 'b');
	push(5, 'x');
	ck_assert_int_eq(take(), 'x');
	ck_assert_int_eq(take(), 'c');
	ck_assert_ptr_null(events_peek(&q));
}
END_TEST

START_TEST(stable)
{
	push(7, '1');
	push(9, 'z');
	push(7, '2');
	push(7, '3');
	ck_assert_int_eq(take(), '1');
	ck_assert_int_eq(take(), '2');
	ck_assert_int_eq(take(), '3');
	ck_assert_int_eq(take(), 'z');
}
END_TEST

/* Against the plainest model: many pushes and pops, the smallest stamp first, then the oldest. */
START_TEST(many)
{
	uint64_t last = 0, serial = 0, last_serial = 0;
	const struct event *e;
	uint64_t mine;
	int i;

	srandom(1);
	for (i = 0; i < 20000; i++) {
		if (random() % 3) {
			serial++;
			ck_assert_int_eq(events_push(&q, last + (uint64_t)(random() % 50),
						     EVENT_CONSOLE, &serial, sizeof(serial)),
					 0);
			continue;
		}
		e = events_peek(&q);
		if (!e)
			continue;
		memcpy(&mine, e->bytes, sizeof(mine));
		ck_assert_uint_ge(e->stamp_ns, last);
		if (e->stamp_ns == last)
			ck_assert_uint_gt(mine, last_serial);
		last = e->stamp_ns;
		last_serial = mine;
		events_pop(&q);
	}
}
END_TEST

START_TEST(too_long)
{
	static uint8_t bytes[EVENT_BYTES_MAX + 1];

	ck_assert_int_eq(events_push(&q, 0, EVENT_CONSOLE, bytes, EVENT_BYTES_MAX), 0);
	ck_assert_int_eq(events_push(&q, 0, EVENT_CONSOLE, bytes, sizeof(bytes)), -EINVAL);
}
END_TEST

START_TEST(record)
{
	/* What a log will hold: little-endian, no padding. */
	const struct event_record r = {le64(0x1122334455667788), le32(2), le32(3)};
	static const uint8_t want[] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
				       2,    0,	   0,	 0,    3,    0,	   0,	 0};

	ck_assert_uint_eq(sizeof(r), sizeof(want));
	ck_assert_mem_eq(&r, want, sizeof(want));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("events");
	TCase *t = tcase_create("queue");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, empty);
	tcase_add_test(t, order);
	tcase_add_test(t, stable);
	tcase_add_test(t, many);
	tcase_add_test(t, too_long);
	tcase_add_test(t, record);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
