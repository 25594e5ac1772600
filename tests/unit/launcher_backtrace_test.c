/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1101
 * Backtraces of Guests that we make up: with page tables of either format and with none, with a chain
 * of frames and without, and with everything that a hostile one would leave behind.
:*/
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/vm.h"

#define RAM    0x40000u
#define BASE   0x400000u /* where that is in the machine */
#define DIR    0x10000u
#define TABLE  0x11000u
#define MIDDLE 0x12000u
#define STACK  0x20000u /* Guest-physical; two pages */
#define KERNEL 0xc0000000u
#define CODE   (KERNEL + 0x1000)
#define FRAMES 8

static struct lgemu *vm;
static struct guest *g;
static struct lgemu_frame frame[FRAMES];

static struct symbol symbols[] = {
	{CODE, 0x100, true, NULL},
	{CODE + 0x100, 0x100, true, NULL},
	{CODE + 0x200, 0x100, false, NULL},
};
static char names[3][8] = {"outer", "inner", "data"};

static void put(uint32_t gpa, uint32_t v)
{
	le32_t raw = le32(v);

	ck_assert(gm_write(&g->gm, GPA(gpa), &raw, sizeof(raw)));
}

static void fresh(void)
{
	vm = calloc(1, sizeof(*vm));
	ck_assert_ptr_nonnull(vm);
	ck_assert_int_eq(mem_init(&vm->machine.mem, BASE + RAM), 0);
	vm->nr_guests = 1;
	g = &vm->guest[0];
	g->vm = vm;
	g->gm = gm_make(&vm->machine.mem, BASE, RAM, RAM);
	for (unsigned i = 0; i < 3; i++)
		symbols[i].name = names[i];
	g->symbols = (struct symbols){symbols, 3, true};
	g->cr3 = DOOR_NO_TABLES;
	g->regs.cs = le32(0x61);
	g->regs.eip = le32(CODE + 0x110);
	g->regs.esp = le32(STACK);
}

static void done(void)
{
	mem_fini(&vm->machine.mem);
	free(vm);
}

static void kernel_at_c0000000(void)
{
	g->cr3 = DIR;
	put(DIR + (KERNEL >> 22) * 4, TABLE | 1);
	for (uint32_t at = 0; at < RAM; at += PAGE_SIZE)
		put(TABLE + at / PAGE_SIZE * 4, at | 1);
	g->regs.esp = le32(KERNEL + STACK);
}

static void kernel_in_pae(void)
{
	g->cr3 = DIR;
	g->pae = true;
	put(DIR + 3 * 8, MIDDLE | 1);
	put(MIDDLE, TABLE | 1);
	for (uint32_t at = 0; at < RAM; at += PAGE_SIZE)
		put(TABLE + at / PAGE_SIZE * 8, at | 1);
	g->regs.esp = le32(KERNEL + STACK);
}

static void one_call(void)
{
	put(STACK + 8, CODE + 0x20);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), 2);
	ck_assert_str_eq(frame[0].symbol, "inner");
	ck_assert_uint_eq(frame[0].offset, 0x10);
	ck_assert(frame[0].sure);
	ck_assert_str_eq(frame[1].symbol, "outer");
	ck_assert_uint_eq(frame[1].eip, CODE + 0x20);
	ck_assert_uint_eq(frame[1].offset, 0x20);
	ck_assert(!frame[1].sure);
}

START_TEST(without_tables)
{
	one_call();
}
END_TEST

START_TEST(two_levels)
{
	kernel_at_c0000000();
	one_call();
}
END_TEST

START_TEST(large_pages)
{
	g->cr3 = DIR;
	put(DIR + (KERNEL >> 22) * 4, 0x81);
	g->regs.esp = le32(KERNEL + STACK);
	one_call();
}
END_TEST

START_TEST(pae)
{
	kernel_in_pae();
	one_call();
}
END_TEST

/* The same with a chain: what is on it is certain, what lies between is not, data is not code. */
START_TEST(chain)
{
	kernel_at_c0000000();
	g->regs.ebp = le32(KERNEL + STACK + 16);
	put(STACK + 4, CODE + 0x30);
	put(STACK + 8, CODE + 0x210);
	put(STACK + 16, KERNEL + STACK + 40);
	put(STACK + 20, CODE + 0x40);
	put(STACK + 32, CODE + 0x150);
	put(STACK + 40, 0);
	put(STACK + 44, CODE + 0x50);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), 5);
	ck_assert(!frame[1].sure);
	ck_assert_uint_eq(frame[2].eip, CODE + 0x40);
	ck_assert(frame[2].sure);
	ck_assert(!frame[3].sure);
	ck_assert_uint_eq(frame[4].eip, CODE + 0x50);
	ck_assert(frame[4].sure);
}
END_TEST

START_TEST(no_more_than_asked_for)
{
	for (unsigned i = 0; i < 100; i++)
		put(STACK + 4 * i, CODE + 4);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), FRAMES);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, 1), 1);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, 0), 0);
}
END_TEST

START_TEST(not_beyond_the_stack)
{
	g->regs.esp = le32(STACK + 0x1ff0);
	put(STACK + 0x1ffc, CODE + 4);
	put(STACK + 0x2000, CODE + 8);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), 2);
}
END_TEST

START_TEST(a_process_has_another_stack)
{
	put(STACK, CODE + 4);
	g->regs.cs = le32(0x73);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), 1);
}
END_TEST

START_TEST(without_symbols)
{
	g->symbols = (struct symbols){NULL, 0, true};
	put(STACK, CODE + 4);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), 1);
	ck_assert_ptr_null(frame[0].symbol);
}
END_TEST

/* Registers, tables and a chain that lead anywhere. */
START_TEST(hostile)
{
	static const uint32_t anywhere[] = {0,		RAM - 4,    RAM,
					    0x0fffffff, 0x7ffffffd, 0xbffffffc,
					    0xfffffffc, 0xffffffff, 0xfffff000};

	kernel_at_c0000000();
	for (unsigned i = 0; i < ARRAY_LEN(anywhere); i++)
		for (unsigned j = 0; j < ARRAY_LEN(anywhere); j++) {
			put(STACK, CODE + 4);
			g->regs.esp = le32(anywhere[i]);
			g->regs.ebp = le32(anywhere[j]);
			ck_assert_uint_ge(lgemu_backtrace(vm, 0, frame, FRAMES), 1);
			g->regs.esp = le32(KERNEL + STACK);
			put(DIR + (KERNEL >> 22) * 4, anywhere[i] | 1);
			put(TABLE + STACK / PAGE_SIZE * 4, anywhere[j] | 1);
			g->cr3 = DIR;
			ck_assert_uint_ge(lgemu_backtrace(vm, 0, frame, FRAMES), 1);
			g->pae = true;
			g->cr3 = anywhere[i];
			ck_assert_uint_ge(lgemu_backtrace(vm, 0, frame, FRAMES), 1);
			g->cr3 = DIR;
			put(DIR + 3 * 8, anywhere[i] | 1);
			put(DIR + 3 * 8 + 4, anywhere[j]);
			ck_assert_uint_ge(lgemu_backtrace(vm, 0, frame, FRAMES), 1);
			g->pae = false;
		}
}
END_TEST

/* A frame that is its own caller, and one below: the scan goes up, whatever they say. */
START_TEST(circles)
{
	g->regs.ebp = le32(STACK + 8);
	put(STACK + 8, STACK + 8);
	put(STACK + 12, CODE + 4);
	put(STACK + 16, CODE + 8);
	ck_assert_uint_eq(lgemu_backtrace(vm, 0, frame, FRAMES), 3);
	ck_assert(frame[1].sure);
	ck_assert(!frame[2].sure);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backtrace");
	TCase *t = tcase_create("backtrace");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, fresh, done);
	tcase_add_test(t, without_tables);
	tcase_add_test(t, two_levels);
	tcase_add_test(t, large_pages);
	tcase_add_test(t, pae);
	tcase_add_test(t, chain);
	tcase_add_test(t, no_more_than_asked_for);
	tcase_add_test(t, not_beyond_the_stack);
	tcase_add_test(t, a_process_has_another_stack);
	tcase_add_test(t, without_symbols);
	tcase_add_test(t, hostile);
	tcase_add_test(t, circles);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
