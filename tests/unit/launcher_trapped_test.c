/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:991
 * Instructions that the Host reports, as bytes: each form of devices.md 4.4 and 4.8, with what it
 * does to which register, how long it is, and what is not one of them (row 41 of section 6).
:*/
#include <check.h>
#include <string.h>

#include "launcher/trapped.h"

static const struct door_regs start = {
	.eax = {{0x11, 0x22, 0x33, 0x44}},
	.ebx = {{0x55, 0x66, 0x77, 0x88}},
	.ecx = {{0x99, 0xaa, 0xbb, 0xcc}},
	.edx = {{0xf8, 0x0c, 0xee, 0xff}},
	.esi = {{1, 0, 0, 0}},
	.edi = {{2, 0, 0, 0}},
	.ebp = {{3, 0, 0, 0}},
	.esp = {{4, 0, 0, 0}},
	.eip = {{0, 0x10, 0, 0}},
};

struct form {
	const char *what;
	uint8_t insn[7];
	uint8_t len, bytes;
	uint16_t port;
	uint32_t value; /* stored; or, after loading 0x8899aabb, what is in the register */
	unsigned reg;	/* offset in struct door_regs of the register that is loaded */
};

#define REG(name) offsetof(struct door_regs, name)

static void check(uint32_t trap, const struct form *f, bool is_store)
{
	struct door_regs r = start, want = start;
	struct trapped_access a;
	le32_t v = le32(f->value);

	ck_assert_msg(trapped_decode(trap, f->insn, &r, &a), "%s", f->what);
	ck_assert_msg(a.is_port == (trap == 13) && a.is_store == is_store, "%s", f->what);
	ck_assert_msg(a.bytes == f->bytes, "%s: %u bytes", f->what, a.bytes);
	ck_assert_msg(a.port == f->port, "%s: port %#x", f->what, a.port);
	ck_assert_mem_eq(&r, &start, sizeof(r));
	trapped_finish(&a, 0x8899aabb, &r);
	want.eip = le32(0x1000u + f->len);
	if (is_store)
		ck_assert_msg(a.value == f->value, "%s: value %#x", f->what, a.value);
	else
		memcpy((uint8_t *)&want + f->reg, &v, sizeof(v));
	ck_assert_msg(!memcmp(&r, &want, sizeof(r)), "%s: registers", f->what);
}

START_TEST(in)
{
	static const struct form form[] = {
		{"in $0x64, %al", {0xe4, 0x64}, 2, 1, 0x64, 0x443322bb, REG(eax)},
		{"in $0xff, %eax", {0xe5, 0xff}, 2, 4, 0xff, 0x8899aabb, REG(eax)},
		{"in $0x70, %ax", {0x66, 0xe5, 0x70}, 3, 2, 0x70, 0x4433aabb, REG(eax)},
		{"in %dx, %al", {0xec}, 1, 1, 0xcf8, 0x443322bb, REG(eax)},
		{"in %dx, %eax", {0xed}, 1, 4, 0xcf8, 0x8899aabb, REG(eax)},
		{"in %dx, %ax", {0x66, 0xed}, 2, 2, 0xcf8, 0x4433aabb, REG(eax)},
		{"data16 in %dx, %al", {0x66, 0xec}, 2, 1, 0xcf8, 0x443322bb, REG(eax)},
	};

	for (unsigned i = 0; i < ARRAY_LEN(form); i++)
		check(13, &form[i], false);
}
END_TEST

START_TEST(out)
{
	static const struct form form[] = {
		{"out %al, $0x80", {0xe6, 0x80}, 2, 1, 0x80, 0x11, 0},
		{"out %eax, $0x80", {0xe7, 0x80}, 2, 4, 0x80, 0x44332211, 0},
		{"out %ax, $0x80", {0x66, 0xe7, 0x80}, 3, 2, 0x80, 0x2211, 0},
		{"out %al, %dx", {0xee}, 1, 1, 0xcf8, 0x11, 0},
		{"out %eax, %dx", {0xef}, 1, 4, 0xcf8, 0x44332211, 0},
		{"out %ax, %dx", {0x66, 0xef}, 2, 2, 0xcf8, 0x2211, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(form); i++)
		check(13, &form[i], true);
}
END_TEST

START_TEST(load)
{
	static const struct form form[] = {
		{"mov (%eax), %ecx", {0x8b, 0x08}, 2, 4, 0, 0x8899aabb, REG(ecx)},
		{"mov (%eax), %cx", {0x66, 0x8b, 0x08}, 3, 2, 0, 0xccbbaabb, REG(ecx)},
		{"mov (%eax), %cl", {0x8a, 0x08}, 2, 1, 0, 0xccbbaabb, REG(ecx)},
		{"mov (%eax), %bh", {0x8a, 0x38}, 2, 1, 0, 0x8877bb55, REG(ebx)},
		{"mov (%eax), %esp", {0x8b, 0x20}, 2, 4, 0, 0x8899aabb, REG(esp)},
		{"mov 4(%ebx), %edi", {0x8b, 0x7b, 4}, 3, 4, 0, 0x8899aabb, REG(edi)},
		{"mov 0x12345678(%ebx), %esi",
		 {0x8b, 0xb3, 0x78, 0x56, 0x34, 0x12},
		 6,
		 4,
		 0,
		 0x8899aabb,
		 REG(esi)},
		{"mov 0x12345678, %ebp",
		 {0x8b, 0x2d, 0x78, 0x56, 0x34, 0x12},
		 6,
		 4,
		 0,
		 0x8899aabb,
		 REG(ebp)},
		{"mov (%eax,%ebx,4), %edx", {0x8b, 0x14, 0x98}, 3, 4, 0, 0x8899aabb, REG(edx)},
		{"mov 8(%esp), %edx", {0x8b, 0x54, 0x24, 8}, 4, 4, 0, 0x8899aabb, REG(edx)},
		{"mov 0x12345678(,%ebx,8), %edx",
		 {0x8b, 0x14, 0xdd, 0x78, 0x56, 0x34, 0x12},
		 7,
		 4,
		 0,
		 0x8899aabb,
		 REG(edx)},
		{"mov %fs:(%eax), %ecx", {0x64, 0x8b, 0x08}, 3, 4, 0, 0x8899aabb, REG(ecx)},
		{"mov (%bx), %ecx", {0x67, 0x8b, 0x0f}, 3, 4, 0, 0x8899aabb, REG(ecx)},
		{"mov 0x12345678, %al",
		 {0xa0, 0x78, 0x56, 0x34, 0x12},
		 5,
		 1,
		 0,
		 0x443322bb,
		 REG(eax)},
		{"mov 0x12345678, %eax",
		 {0xa1, 0x78, 0x56, 0x34, 0x12},
		 5,
		 4,
		 0,
		 0x8899aabb,
		 REG(eax)},
		{"mov 0x12345678, %ax",
		 {0x66, 0xa1, 0x78, 0x56, 0x34, 0x12},
		 6,
		 2,
		 0,
		 0x4433aabb,
		 REG(eax)},
		{"movzbl (%eax), %ecx", {0x0f, 0xb6, 0x08}, 3, 1, 0, 0x000000bb, REG(ecx)},
		{"movzwl (%eax), %ecx", {0x0f, 0xb7, 0x08}, 3, 2, 0, 0x0000aabb, REG(ecx)},
		{"movzbw (%eax), %cx", {0x66, 0x0f, 0xb6, 0x08}, 4, 1, 0, 0xccbb00bb, REG(ecx)},
		{"movsbl (%eax), %ecx", {0x0f, 0xbe, 0x08}, 3, 1, 0, 0xffffffbb, REG(ecx)},
		{"movswl (%eax), %ecx", {0x0f, 0xbf, 0x08}, 3, 2, 0, 0xffffaabb, REG(ecx)},
		{"movsbw (%eax), %cx", {0x66, 0x0f, 0xbe, 0x08}, 4, 1, 0, 0xccbbffbb, REG(ecx)},
		{"movzbl (%eax), %esp", {0x0f, 0xb6, 0x20}, 3, 1, 0, 0x000000bb, REG(esp)},
	};

	for (unsigned i = 0; i < ARRAY_LEN(form); i++)
		check(14, &form[i], false);
}
END_TEST

START_TEST(store)
{
	static const struct form form[] = {
		{"mov %ecx, (%eax)", {0x89, 0x08}, 2, 4, 0, 0xccbbaa99, 0},
		{"mov %cx, (%eax)", {0x66, 0x89, 0x08}, 3, 2, 0, 0xaa99, 0},
		{"mov %cl, (%eax)", {0x88, 0x08}, 2, 1, 0, 0x99, 0},
		{"mov %ah, (%eax)", {0x88, 0x20}, 2, 1, 0, 0x22, 0},
		{"mov %bh, (%eax)", {0x88, 0x38}, 2, 1, 0, 0x66, 0},
		{"mov %esp, (%eax)", {0x89, 0x20}, 2, 4, 0, 4, 0},
		{"mov %ecx, 0x14(%eax,%ebx,2)", {0x89, 0x4c, 0x58, 0x14}, 4, 4, 0, 0xccbbaa99, 0},
		{"mov %al, 0x12345678", {0xa2, 0x78, 0x56, 0x34, 0x12}, 5, 1, 0, 0x11, 0},
		{"mov %eax, 0x12345678", {0xa3, 0x78, 0x56, 0x34, 0x12}, 5, 4, 0, 0x44332211, 0},
		{"movb $0x8f, (%eax)", {0xc6, 0x00, 0x8f}, 3, 1, 0, 0x8f, 0},
		{"movb $1, 0x12345678(%eax)",
		 {0xc6, 0x80, 0x78, 0x56, 0x34, 0x12, 1},
		 7,
		 1,
		 0,
		 1,
		 0},
		{"movw $0x8001, (%eax)", {0x66, 0xc7, 0x00, 0x01, 0x80}, 5, 2, 0, 0x8001, 0},
		{"movl $0x80000001, (%eax)", {0xc7, 0x00, 1, 0, 0, 0x80}, 6, 4, 0, 0x80000001, 0},
		{"movl $1, 0x14(%eax)", {0xc7, 0x40, 0x14, 1, 0, 0, 0}, 7, 4, 0, 1, 0},
	};

	for (unsigned i = 0; i < ARRAY_LEN(form); i++)
		check(14, &form[i], true);
}
END_TEST

START_TEST(row_41_what_is_none_of_these)
{
	static const struct {
		const char *what;
		uint32_t trap;
		uint8_t insn[7];
	} row[] = {
		{"mov at a protection fault", 13, {0x8b, 0x08}},
		{"in at a page fault", 14, {0xec}},
		{"mov between registers", 14, {0x8b, 0xc8}},
		{"add (%eax), %ecx", 14, {0x03, 0x08}},
		{"add %al, (%eax), as unmapped bytes read", 14, {0, 0}},
		{"movl $1, 0x12345678: ten bytes", 14, {0xc7, 0x05, 0x78, 0x56, 0x34, 0x12, 1}},
		{"xchg %ecx, (%eax)", 14, {0x87, 0x08}},
		{"lock mov", 14, {0xf0, 0x89, 0x08}},
		{"rep movsb", 14, {0xf3, 0xa4}},
		{"push (%eax)", 14, {0xff, 0x30}},
		{"mov %ds, (%eax)", 14, {0x8c, 0x18}},
		{"insb", 13, {0x6c}},
		{"outsl", 13, {0x6f}},
		{"cli", 13, {0xfa}},
		{"hlt", 13, {0xf4}},
		{"group of c6, not mov", 14, {0xc6, 0x08, 0}},
		{"prefixes only", 14, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}},
		{"no such instruction", 14, {0x0f, 0x0b}},
	};
	struct trapped_access a;

	for (unsigned i = 0; i < ARRAY_LEN(row); i++)
		ck_assert_msg(!trapped_decode(row[i].trap, row[i].insn, &start, &a), "%s",
			      row[i].what);
}
END_TEST

/* Whatever seven bytes there are: an access that was decoded has a width and a length. */
START_TEST(any_bytes)
{
	struct trapped_access a;
	struct door_regs r;
	uint32_t seed = 1;
	uint8_t insn[7];

	for (unsigned i = 0; i < 1000000; i++) {
		for (unsigned b = 0; b < sizeof(insn); b++) {
			seed = seed * 1103515245 + 12345;
			insn[b] = (uint8_t)(seed >> 16);
		}
		if (!trapped_decode(13 + i % 2, insn, &start, &a))
			continue;
		ck_assert(a.bytes == 1 || a.bytes == 2 || a.bytes == 4);
		ck_assert(a.insn_len >= 1 && a.insn_len <= sizeof(insn));
		r = start;
		trapped_finish(&a, seed, &r);
		ck_assert_uint_eq(le32_get(r.eip), 0x1000u + a.insn_len);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trapped");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, good);
	tcase_add_test(good, in);
	tcase_add_test(good, out);
	tcase_add_test(good, load);
	tcase_add_test(good, store);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_41_what_is_none_of_these);
	tcase_add_test(hostile, any_bytes);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
