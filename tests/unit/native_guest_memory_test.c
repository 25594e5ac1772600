/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:531
 * The Host's access to Guest memory, at its edges: guest-host.md 6.7, and the two death texts of
 * section 11.1 that belong to it.
:*/
#include "native_world.h"

static void a_guest(void)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	/* A fence on both sides: the Host's memory, and what is behind the Guest's last page. */
	memset(m.mem.ram + lg->mem_base.v - 16, 0xa5, 16);
	memset(m.mem.ram + lg->mem_base.v + W_END, 0xa5, 16);
}

static void ck_fences(void)
{
	for (unsigned i = 0; i < 16; i++) {
		ck_assert_uint_eq(m.mem.ram[lg->mem_base.v - 16 + i], 0xa5);
		ck_assert_uint_eq(m.mem.ram[lg->mem_base.v + W_END + i], 0xa5);
	}
}

/* a + len must not wrap, and must not be more than pfn_limit * 4096; the last byte counts. */
START_TEST(what_is_memory)
{
	static const struct {
		uint32_t addr, len;
		bool ok;
	} t[] = {
		{0, 0, true},		{0, 1, true},
		{0, W_END, true},	{0, W_END + 1, false},
		{W_END - 1, 1, true},	{W_END - 1, 2, false},
		{W_END - 4, 4, true},	{W_END, 0, true},
		{W_END, 1, false},	{W_END - PAGE_SIZE, PAGE_SIZE, true},
		{0xffffffff, 1, false}, {0xffffffff, 2, false},
		{0xfffffffc, 8, false}, {0xfffff000, 0x2000, false},
		{1, 0xffffffff, false}, {2, 0xffffffff, false},
	};

	a_guest();
	for (unsigned i = 0; i < ARRAY_LEN(t); i++)
		ck_assert_msg(lguest_address_ok(lg, GPA(t[i].addr), t[i].len) == t[i].ok,
			      "%#x len %#x", t[i].addr, t[i].len);
}
END_TEST

START_TEST(reads)
{
	uint8_t bytes[8];
	uint8_t page[PAGE_SIZE + 2];

	a_guest();
	put(W_END - 4, 0x44332211);
	put(PAGE_SIZE - 4, 0x88776655);
	put(PAGE_SIZE, 0xccbbaa99);
	put(2 * PAGE_SIZE, 0xffeeddcc);

	ck_assert_uint_eq(lgread_u32(lg, GPA(W_END - 4)), 0x44332211);
	ck_assert_uint_eq(lgread_u32(lg, GPA(PAGE_SIZE - 2)), 0xaa998877); /* two pages */
	lgread(lg, bytes, GPA(PAGE_SIZE - 3), 6);
	ck_assert_mem_eq(bytes, "\x66\x77\x88\x99\xaa\xbb", 6);
	/* Three pages, one of them whole. */
	ck_assert(try_lgread(lg, page, GPA(PAGE_SIZE - 1), sizeof(page)));
	ck_assert_mem_eq(page, "\x88\x99\xaa\xbb\xcc\0", 6);
	ck_assert_mem_eq(page + PAGE_SIZE, "\0\xcc", 2);
	ck_lives();
}
END_TEST

START_TEST(bad_reads)
{
	uint8_t bytes[8];

	a_guest();
	memset(bytes, 0x77, sizeof(bytes));
	ck_assert(!try_lgread(lg, bytes, GPA(W_END - 7), 8));
	ck_assert_uint_eq(bytes[0], 0x77);
	ck_lives(); /* it was only a try */
	lgread(lg, bytes, GPA(W_END - 7), 8);
	ck_assert_mem_eq(bytes, "\0\0\0\0\0\0\0", 8);
	ck_died("bad read address 0x40fff9 len 8");
}
END_TEST

START_TEST(bad_word)
{
	static const uint32_t at[] = {W_END, W_END - 3, W_END - 1, 0xfffffffc, 0xffffffff};
	static const char *const text[] = {
		"bad read address 0x410000 len 4",   "bad read address 0x40fffd len 4",
		"bad read address 0x40ffff len 4",   "bad read address 0xfffffffc len 4",
		"bad read address 0xffffffff len 4",
	};

	a_guest();
	ck_assert_uint_eq(lgread_u32(lg, GPA(at[_i])), 0);
	ck_died(text[_i]);
}
END_TEST

START_TEST(writes)
{
	uint8_t page[PAGE_SIZE + 2];

	a_guest();
	lgwrite_u32(lg, GPA(W_END - 4), 0x12345678);
	lgwrite_u32(lg, GPA(0), 0x9abcdef0);
	ck_assert_uint_eq(get(W_END - 4), 0x12345678);
	ck_assert_uint_eq(get(0), 0x9abcdef0);
	lgwrite_u32(lg, GPA(PAGE_SIZE - 2), 0x04030201);
	ck_assert_uint_eq(get(PAGE_SIZE - 4), 0x02010000);
	ck_assert_uint_eq(get(PAGE_SIZE), 0x00000403);
	memset(page, 0x5a, sizeof(page));
	lgwrite(lg, GPA(2 * PAGE_SIZE - 1), page, sizeof(page));
	ck_assert_uint_eq(get(2 * PAGE_SIZE - 4), 0x5a000000);
	ck_assert_uint_eq(get(3 * PAGE_SIZE - 4), 0x5a5a5a5a);
	ck_assert_uint_eq(get(3 * PAGE_SIZE), 0x0000005a);
	ck_lives();
	ck_fences();
}
END_TEST

/* Nothing at all is written, not even the part that would fit. */
START_TEST(bad_write)
{
	a_guest();
	lgwrite_u32(lg, GPA(W_END - 2), 0x12345678);
	ck_assert_uint_eq(get(W_END - 4), 0);
	ck_fences();
	ck_died("bad write address 0x40fffe len 4");
}
END_TEST

START_TEST(bad_write_around_the_end)
{
	a_guest();
	lgwrite_u32(lg, GPA(0xfffffffe), 0x12345678);
	ck_assert_uint_eq(get(0), 0);
	ck_fences();
	ck_died("bad write address 0xfffffffe len 4");
}
END_TEST

/* The Host stores where decoded instructions may lie: the CPU must hear of it. */
START_TEST(stores_are_noticed)
{
	a_guest();
	ck_assert(mem_mark_code(&m.mem, lg->mem_base.v + W_CODE, 4));
	m.mem.nr_changed = 0;
	lgwrite_u32(lg, GPA(W_CODE), 1);
	ck_assert_uint_eq(m.mem.nr_changed, 1);
	ck_assert_uint_eq(m.mem.changed[0], (lg->mem_base.v + W_CODE) >> PAGE_SHIFT);
}
END_TEST

START_TEST(each_its_own)
{
	a_guest();
	put(W_FREE, 0x11111111);
	guest(1, DOOR_MAP_LINEAR, 0);
	ck_assert_uint_eq(lgread_u32(lg, GPA(W_FREE)), 0);
	lgwrite_u32(lg, GPA(W_FREE), 0x22222222);
	lg = &host->guests[0];
	ck_assert_uint_eq(lgread_u32(lg, GPA(W_FREE)), 0x11111111);
	ck_assert_uint_eq(guest_page(lg, 5).v, DOOR_HOST_END + 5 * PAGE_SIZE);
	ck_assert_uint_eq(guest_page(&host->guests[1], 5).v,
			  DOOR_HOST_END + W_ROOM + 5 * PAGE_SIZE);
}
END_TEST

START_TEST(words_of_lguest_data)
{
	a_guest();
	talk(W_3_1);
	data_put(0x55c, 0xfeedface);
	ck_assert_uint_eq(lgdata_get(lg, 0x55c), 0xfeedface);
	lgdata_put(lg, LGD_CR2, 0x12345678);
	ck_assert_uint_eq(data_get(LGD_CR2), 0x12345678);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, what_is_memory);
	tcase_add_test(tc, reads);
	tcase_add_test(tc, bad_reads);
	tcase_add_loop_test(tc, bad_word, 0, 5);
	tcase_add_test(tc, writes);
	tcase_add_test(tc, bad_write);
	tcase_add_test(tc, bad_write_around_the_end);
	tcase_add_test(tc, stores_are_noticed);
	tcase_add_test(tc, each_its_own);
	tcase_add_test(tc, words_of_lguest_data);
}

int main(void)
{
	return run_tests("native_guest_memory", add);
}
