/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:561
 * Segments: guest-host.md 1.5 and 4.1 (the table at first), 4.2 (what is done to each entry), 4.3
 * (thread-local ones), 9.7 and 14 number 4 (what may be in a segment register when the Guest is
 * entered).
:*/
#include "native_world.h"

static struct segment_descriptor *live(void)
{
	return ((struct lguest_ro_state *)(m.mem.ram + host->state_page.v))->guest_gdt;
}

static void set(unsigned entry, uint32_t lo, uint32_t hi)
{
	hcall(LOAD_GDT_ENTRY, entry, lo, hi);
	ck_lives();
}

/* From the Guest's word to the CPU's. */
static uint32_t fixed(uint32_t hi)
{
	set(20, 0xffff, hi);
	copy_gdt(lg);
	return le32_get(live()[20].b);
}

/* 1.5: two flat segments of ring 1, the Switcher's two and the TSS; all else is zero. */
START_TEST(at_first)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	copy_gdt(lg);
	for (unsigned i = 0; i < GDT_ENTRIES; i++) {
		const uint32_t a = le32_get(live()[i].a), b = le32_get(live()[i].b);

		switch (i) {
		case 10: ck_assert(a == 0x0000ffff && b == 0x00cf9b00); break;
		case 11: ck_assert(a == 0x0000ffff && b == 0x00cf9300); break;
		case 12: ck_assert(a == 0x0000ffff && b == 0x00cfbb00); break;
		case 13: ck_assert(a == 0x0000ffff && b == 0x00cfb300); break;
		case 16: /* limit 0x67; a busy one, after the home has loaded it */
			ck_assert_uint_eq(a & 0xffff, 0x67);
			ck_assert_uint_eq(b & 0xfd00, 0x8900);
			ck_assert_uint_eq(a >> 16 | (b & 0xff) << 16 | (b & 0xff000000),
					  SWITCHER_STATE +
						  offsetof(struct lguest_ro_state, guest_tss));
			break;
		default: ck_assert_uint_eq(a | b, 0);
		}
	}
}
END_TEST

/* 4.2: DPL 0 becomes 1, others stay; the accessed bit is set. */
START_TEST(fixup)
{
	static const struct {
		uint32_t from, to;
	} t[] = {
		{0x00cf9200, 0x00cfb300}, {0x00cf9a00, 0x00cfbb00}, {0x00cfb200, 0x00cfb300},
		{0x00cfd200, 0x00cfd300}, {0x00cff200, 0x00cff300}, {0x00cffa00, 0x00cffb00},
		{0x12409634, 0x1240b734}, {0x00cf1200, 0x00cf3300}, /* not present: the same */
		{0x00cf9e00, 0x00cfbf00},
	};

	kernel(0, false);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		ck_assert_uint_eq(fixed(t[i].from), t[i].to);
}
END_TEST

/* 4.2, 14 number 5: gates, task states and local tables have no business here. */
START_TEST(no_system_descriptors)
{
	kernel(0, false);
	for (uint32_t type = 0; type < 16; type++)
		for (uint32_t dpl = 0; dpl < 4; dpl++) {
			ck_assert_uint_eq(fixed(0x00cf8000 | dpl << 13 | type << 8), 0);
			ck_assert_uint_eq(le32_get(live()[20].a), 0);
		}
}
END_TEST

/* 4.1: the Guest may load what it likes into these, the CPU will never see it. */
START_TEST(ignored_entries)
{
	static const unsigned entry[] = {10, 11, 16, 31};
	const unsigned n = entry[_i];
	struct segment_descriptor before;

	kernel(0, false);
	copy_gdt(lg);
	before = live()[n];
	set(n, 0x1111ffff, 0x00cff200);
	copy_gdt(lg);
	ck_assert_mem_eq(&live()[n], &before, sizeof(before));
	/* And none of them can be in a segment register. */
	lg->regs->es = le32(n * 8 + 3);
	check_segments(lg);
	ck_assert_uint_eq(le32_get(lg->regs->es), 0);
	ck_lives();
}
END_TEST

/* LOAD_GDT: the whole table, of which fewer may be given; all 32 are fixed. */
START_TEST(whole_table)
{
	kernel(0, false);
	for (unsigned i = 0; i < 32; i++) {
		put(W_FREE + i * 8, 0x1000 + i);
		put(W_FREE + i * 8 + 4, 0x00409200);
	}
	lg->changed = 0;
	hcall(LOAD_GDT, W_FREE, 20);
	ck_assert(lg->changed & CHANGED_GDT);
	ck_assert(lg->changed & CHANGED_SEGS);
	copy_gdt(lg);
	for (unsigned i = 0; i < 32; i++) {
		if (i == 10 || i == 11 || i == 16)
			continue;
		ck_assert_uint_eq(le32_get(live()[i].a), i < 20 ? 0x1000 + i : 0);
		ck_assert_uint_eq(le32_get(live()[i].b), i < 20 ? 0x0040b300 : 0);
	}
	ck_lives();
}
END_TEST

/* LOAD_TLS: entries 6 to 8, and only those are copied. */
START_TEST(tls)
{
	kernel(0, false);
	copy_gdt(lg);
	for (unsigned i = 0; i < 3; i++) {
		put(W_FREE + i * 8, 0x2222ffff);
		put(W_FREE + i * 8 + 4, i == 1 ? 0x00cf8c00 : 0x00cff200);
	}
	lg->changed = 0;
	hcall(LOAD_TLS, W_FREE, 0xdeadbeef);
	ck_lives();
	ck_assert_uint_eq(lg->changed, CHANGED_GDT_TLS | CHANGED_SEGS);
	lg->gdt[5].b = lg->gdt[9].b = 0x00cff300;
	copy_gdt_tls(lg);
	ck_assert_uint_eq(le32_get(live()[5].b), 0);
	ck_assert_uint_eq(le32_get(live()[6].b), 0x00cff300);
	ck_assert_uint_eq(le32_get(live()[6].a), 0x2222ffff);
	ck_assert_uint_eq(le32_get(live()[7].b), 0); /* a call gate */
	ck_assert_uint_eq(le32_get(live()[8].b), 0x00cff300);
	ck_assert_uint_eq(le32_get(live()[9].b), 0);
}
END_TEST

/* --- segment registers ---------------------------------------------------------------------------- */

/* Entry 20, of this kind. */
static const struct {
	uint32_t hi;
	unsigned rpl;
	bool data, code, stack;
} kinds[] = {
	/* what the Guest has, RPL used; good as a data segment, CS, SS (with CS of that RPL) */
	{0x00cf9200, 1, true, false, true},
	{0x00cf9200, 0, true, false, false},
	{0x00cf9200, 2, false, false, false},
	{0x00cf9200, 3, false, false, false},
	{0x00cff200, 3, true, false, true},
	{0x00cff200, 1, true, false, false},
	{0x00cf9000, 1, true, false, false},  /* read-only */
	{0x00cf9600, 1, true, false, true},   /* expand-down, which is another bit's name for */
	{0x00cf9600, 3, false, false, false}, /* conforming */
	{0x00cf1200, 1, false, false, false}, /* not present */
	{0x00cf9a00, 1, true, true, false},
	{0x00cf9a00, 0, true, false, false},
	{0x00cf9a00, 3, false, false, false},
	{0x00cffa00, 3, true, true, false},
	{0x00cffa00, 1, true, false, false},
	{0x00cf9800, 1, false, true, false}, /* execute-only */
	{0x00cf1a00, 1, false, false, false},
	{0x00cf9e00, 3, true, true, false}, /* conforming: for every ring above */
	{0x00cf9e00, 1, true, true, false},
	{0x00cffe00, 1, true, false, false},
	{0x00cf8900, 1, false, false, false}, /* a TSS */
};

START_TEST(registers)
{
	const uint32_t sel = 20 * 8 + kinds[_i].rpl;
	le32_t *reg[4];

	kernel(0, false);
	set(14, 0xffff, 0x00cffa00);
	set(15, 0xffff, 0x00cff200);
	set(20, 0xffff, kinds[_i].hi);
	reg[0] = &lg->regs->ds, reg[1] = &lg->regs->es;
	reg[2] = &lg->regs->fs, reg[3] = &lg->regs->gs;
	for (unsigned i = 0; i < 4; i++) {
		*reg[i] = le32(sel |
			       0xabcd0000); /* a push leaves what it wants in the upper half */
		check_segments(lg);
		ck_assert_uint_eq(le32_get(*reg[i]), kinds[_i].data ? sel : 0);
		ck_lives();
	}

	lg->regs->cs = le32(sel);
	lg->regs->ss = le32(kinds[_i].rpl == 3 ? 0x7b : KERNEL_DS);
	check_code_and_stack(lg);
	if (kinds[_i].code)
		ck_lives();
	else
		ck_died("unhandled trap 256 at 0xc0008000 (0x0)");

	lg->dead = false;
	lg->regs->cs = le32(kinds[_i].rpl == 3 ? 0x73 : KERNEL_CS);
	lg->regs->ss = le32(sel);
	check_code_and_stack(lg);
	if (kinds[_i].stack)
		ck_lives();
	else
		ck_died("unhandled trap 256 at 0xc0008000 (0x0)");
}
END_TEST

/* 4.3: selectors of a local table always fault, and there is nothing behind entry 31. */
START_TEST(selectors)
{
	static const struct {
		uint32_t sel, to;
	} t[] = {
		{0, 0}, {1, 1}, {3, 3}, {4, 0}, {0x6c, 0}, {0x100, 0}, {0xfff8, 0}, {0x69, 0x69},
	};

	kernel(0, false);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		lg->regs->gs = le32(t[i].sel);
		check_segments(lg);
		ck_assert_uint_eq(le32_get(lg->regs->gs), t[i].to);
	}
	ck_lives();
}
END_TEST

/* 9.7: with these there is nothing to return to. */
START_TEST(no_way_back)
{
	static const struct {
		uint32_t cs, ss, eip;
	} t[] = {
		{0, KERNEL_DS, 0},
		{3, KERNEL_DS, 0},
		{0x60, KERNEL_DS, 0}, /* ring 0 */
		{KERNEL_CS, 0, 0},
		{KERNEL_CS, 1, 0},
		{KERNEL_CS, 0x6b, 0}, /* another ring's stack */
		{KERNEL_CS, 0x68, 0},
		{0x50, 0x58, 0}, /* the Switcher's own */
		{0x51, 0x59, 0},
		{KERNEL_CS | 4, KERNEL_DS, 0},
		{20 * 8 + 1, KERNEL_DS, 0x1000}, /* past the end of a small segment */
	};

	kernel(0, false);
	set(20, 0x0fff, 0x00409a00);
	lg->regs->cs = le32(20 * 8 + 1);
	lg->regs->eip = le32(0xfff);
	check_code_and_stack(lg);
	ck_lives();
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		lg->regs->cs = le32(t[i].cs);
		lg->regs->ss = le32(t[i].ss);
		lg->regs->eip = le32(t[i].eip);
		check_code_and_stack(lg);
		ck_assert_msg(lg->dead, "%u", i);
		lg->dead = false;
	}
	/* In pages, the limit reaches further. */
	set(20, 0x0001, 0x00c09a00);
	lg->regs->cs = le32(20 * 8 + 1);
	lg->regs->ss = le32(KERNEL_DS);
	lg->regs->eip = le32(0x1fff);
	check_code_and_stack(lg);
	ck_lives();
	lg->regs->eip = le32(0x2000);
	check_code_and_stack(lg);
	ck_died("unhandled trap 256 at 0x2000 (0x0)");
}
END_TEST

/* 4.3, "gs hygiene": a thread-local segment that goes away while it is loaded. */
START_TEST(segment_goes_away)
{
	kernel(0, false);
	set(6, 0xffff, 0x00cff200);
	lg->regs->gs = le32(0x33);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(le32_get(lg->regs->gs), 0x33);
	hcall(LOAD_TLS, W_FREE, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(le32_get(lg->regs->gs), 0);
	ck_assert_uint_eq(le32_get(live()[6].b), 0);
	ck_lives();
}
END_TEST

/* A pair of segments that has been good is looked at again when the table changes, and at each
 * entry if one can run off the end of the code. */
START_TEST(pair_looked_at_again)
{
	kernel(0, false);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	set(20, 0x0fff, 0x00409a00);
	lg->regs->cs = le32(20 * 8 + 1);
	lg->regs->eip = le32(0xfff);
	ck_assert_uint_eq(turn_next(lg), 0);
	lg->regs->eip = le32(_i == 0 ? 0x1000 : 0xffe);
	ck_assert_uint_eq(turn_next(lg), _i == 0 ? DOOR_ANS_DEAD : 0);
	if (_i == 0)
		return;
	lg->regs->cs = le32(KERNEL_CS);
	ck_assert_uint_eq(turn_next(lg), 0);
	switch (_i) {
	case 1: lg->regs->ss = le32(KERNEL_CS); break;
	case 2: lg->regs->cs = le32(KERNEL_DS); break;
	case 3: lg->regs->cs = lg->regs->ss = le32(0); break;
	case 4: set(KERNEL_CS >> 3, 0xffff, 0x00cf1a00); break;
	case 5: set(KERNEL_DS >> 3, 0xffff, 0x00cf9000); break;
	case 6: /* and thus not flat any more */
		set(KERNEL_CS >> 3, 0x0000, 0x00c09a00);
		lg->regs->eip = le32(0x1000);
		break;
	case 7: /* while another one is in use */
		lg->regs->cs = le32(20 * 8 + 1);
		set(KERNEL_CS >> 3, 0xffff, 0x00cf1a00);
		ck_assert_uint_eq(turn_next(lg), 0);
		lg->regs->cs = le32(KERNEL_CS);
		break;
	}
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_DEAD);
	ck_assert_uint_eq(strncmp(lg->death, "unhandled trap 256 at ", 22), 0);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, at_first);
	tcase_add_test(tc, fixup);
	tcase_add_test(tc, no_system_descriptors);
	tcase_add_loop_test(tc, ignored_entries, 0, 4);
	tcase_add_test(tc, whole_table);
	tcase_add_test(tc, tls);
	tcase_add_loop_test(tc, registers, 0, ARRAY_LEN(kinds));
	tcase_add_test(tc, selectors);
	tcase_add_test(tc, no_way_back);
	tcase_add_test(tc, segment_goes_away);
	tcase_add_loop_test(tc, pair_looked_at_again, 0, 8);
}

int main(void)
{
	return run_tests("native_segments", add);
}
