/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:551
 * LGUEST_INIT: by the looks of its struct lguest_data the Host learns what a Guest speaks.
 * guest-host.md 13.3 is the recipe, 3.1 the layouts, 2.4.1 and 3.2 what the Host writes into it.
:*/
#include "native_world.h"

/* A Guest that is about to call, with the address in the register of its era. */
static void about_to_call(unsigned which, uint32_t at)
{
	layout = &w_layouts[which];
	guest(0, which == W_23 ? DOOR_MAP_HIGH : DOOR_MAP_LINEAR, 0);
	layout = &w_layouts[which];
	put_lguest_data(layout, at);
	set_call_registers((const uint32_t[5]){LGUEST_INIT, at, 0, 0, 0});
}

static const char *detected(void)
{
	gpa_t data = GPA(0);
	const struct lg_abi *abi = detect_abi(lg, &data);

	return abi ? abi->name : "nothing";
}

START_TEST(each_layout)
{
	gpa_t data = GPA(0);

	about_to_call(_i, W_DATA);
	ck_assert_str_eq(detected(), layout->name);
	detect_abi(lg, &data);
	ck_assert_uint_eq(data.v, W_DATA);
	/* Step 1: the registers that hold no argument may hold anything. */
	if (layout->edx_first) {
		lg->regs->ebx = le32(0xdeadbeef);
		lg->regs->ecx = le32(W_DATA);
	} else {
		lg->regs->ecx = le32(W_DATA);
		lg->regs->edx = le32(0xdeadbeec);
	}
	ck_assert_str_eq(detected(), layout->name);
	ck_lives();
}
END_TEST

/* Table 3.1 and the others, against the Host's own. */
START_TEST(tables_agree)
{
	const struct lg_abi *abi;

	about_to_call(_i, W_DATA);
	talk(_i);
	abi = lg->abi;
	ck_assert_uint_eq(abi->irq_pending, layout->irq_pending);
	ck_assert_uint_eq(abi->hcall_status, layout->status);
	ck_assert_uint_eq(abi->hcalls, layout->ring);
	ck_assert_uint_eq(abi->reserve_mem, layout->reserve_mem);
	ck_assert_uint_eq(abi->guestid, layout->guestid);
	ck_assert_uint_eq(abi->tsc_khz, layout->tsc_khz);
	ck_assert_uint_eq(abi->pgdir, layout->pgdir);
	ck_assert_uint_eq(abi->noirq_start, layout->noirq_start);
	ck_assert_uint_eq(abi->noirq_end, layout->noirq_end);
	ck_assert_uint_eq(abi->noirq_iret, layout->noirq_iret);
	ck_assert_uint_eq(abi->kernel_address, layout->kernel_address);
	ck_assert_uint_eq(abi->syscall_vec, layout->syscall_vec);
	ck_assert_uint_eq(abi->bytes, layout->bytes);
	ck_assert_uint_eq(abi->ring_words, strlen(layout->record));
}
END_TEST

/* Step 3: only a 2.6.23 Guest already runs at its high addresses. */
START_TEST(high_eip_means_2_6_23)
{
	about_to_call(W_24, W_DATA);
	lg->regs->eip = le32(0x3fffffff);
	ck_assert_str_eq(detected(), "2.6.24-2.6.29");
	lg->regs->eip = le32(0x40000000);
	ck_assert_str_eq(detected(), "2.6.23");
}
END_TEST

/* Step 1: below the end of memory, aligned, with room for the largest. */
START_TEST(addresses)
{
	static const struct {
		uint32_t at;
		bool good;
	} t[] = {
		{W_END - 0x574, true}, {W_END - 0x570, false}, {W_END, false}, {0xfffffffc, false},
		{W_DATA + 1, false},   {W_DATA + 2, false},    {4, true},      {0, false},
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		/* It lies there if it can, so that it is the address alone which is wrong. */
		about_to_call(W_3_1, t[i].at < W_END ? t[i].at : W_DATA);
		set_call_registers((const uint32_t[5]){LGUEST_INIT, t[i].at, 0, 0, 0});
		ck_assert_msg(!strcmp(detected(), t[i].good ? "3.1-4.0" : "nothing"), "%#x",
			      t[i].at);
		ck_lives();
		destroy(lg);
	}
}
END_TEST

/* Not a free ring, not lguest_data: one byte of 64 suffices, or the word before. */
START_TEST(ring_must_be_free)
{
	about_to_call(_i, W_DATA);
	put_code(W_DATA + layout->status + 63, 0);
	ck_assert_str_eq(detected(), "nothing");
	put_code(W_DATA + layout->status + 63, 0xff);
	ck_assert_str_eq(detected(), layout->name);
	put_code(W_DATA + layout->status - 1, 1);
	ck_assert_str_eq(detected(), "nothing");
	ck_lives();
}
END_TEST

/* Step 4: what tells the late layouts apart, one by one.  Something of the kind is there, so the
 * guess that remains is the one whose vector is then looked at. */
START_TEST(late_layouts)
{
	about_to_call(W_4_1, W_DATA);
	put_code(W_NOIRQ, 0xcf - 1); /* no iret there */
	ck_assert_str_ne(detected(), "4.1-4.13");
	put_code(W_NOIRQ, 0xcf);
	ck_assert_str_eq(detected(), "4.1-4.13");
	/* Each with an iret where it would be. */
	data_put(0x564, W_KERNEL + 4); /* no page */
	data_put(0x560, W_KERNEL + 4 + W_NOIRQ);
	ck_assert_str_ne(detected(), "4.1-4.13");
	data_put(0x564, 0x3ffff000); /* too low */
	data_put(0x560, 0x3ffff000 + W_NOIRQ);
	ck_assert_str_ne(detected(), "4.1-4.13");
	data_put(0x564, 0x40000000);
	data_put(0x560, 0x40000000 + W_NOIRQ);
	ck_assert_str_eq(detected(), "4.1-4.13");
	data_put(0x560, 0x40000000); /* not above it */
	put_code(0, 0xcf);
	ck_assert_str_ne(detected(), "4.1-4.13");
	data_put(0x564, W_KERNEL);
	data_put(0x560, W_KERNEL + W_END); /* outside */
	ck_assert_str_ne(detected(), "4.1-4.13");
	ck_lives();
	destroy(lg);

	about_to_call(W_31, W_DATA);
	data_put(0x568, W_KERNEL + W_NOIRQ + 9);
	ck_assert_str_ne(detected(), "2.6.31-3.0");
	data_put(0x568, W_KERNEL + W_NOIRQ + 8);
	ck_assert_str_eq(detected(), "2.6.31-3.0");
	data_put(0x570, 0x40);
	ck_assert_str_ne(detected(), "2.6.31-3.0");
	destroy(lg);

	about_to_call(W_3_1, W_DATA);
	data_put(0x56c, 0x40);
	ck_assert_str_eq(detected(), "3.1-4.0");
	ck_lives();
}
END_TEST

/* --- what happens then --------------------------------------------------------------------------- */

/* 2.4.1: each field the Host writes, and no other byte of the structure. */
START_TEST(what_the_host_writes)
{
	uint8_t before[LG_DATA_LARGEST], after[LG_DATA_LARGEST];
	const enum door_boot_map map = _i == W_23   ? DOOR_MAP_HIGH
				       : _i <= W_31 ? DOOR_MAP_LOW_HIGH
						    : DOOR_MAP_LINEAR;
	struct {
		uint32_t offset, val, bytes;
	} want[] = {
		{LGD_TV_SEC, 1000000000, 4},
		{LGD_TV_NSEC, 500000000, 4},
		{w_layouts[_i].reserve_mem, 0x400000, 4},
		{w_layouts[_i].tsc_khz, DOOR_TSC_KHZ, 4},
		{w_layouts[_i].pgdir, W_BOOT_TOP - PAGE_SIZE, 4},
		{w_layouts[_i].guestid, 1, 2},
	};

	guest(1, map, 0);
	layout = &w_layouts[_i];
	fill(W_DATA, 0x11, sizeof(before)); /* the bytes behind it */
	put_lguest_data(layout, W_DATA);
	ck_assert(mem_read(&m.mem, lg->mem_base.v + W_DATA, before, sizeof(before)));
	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		const le32_t v = le32(want[i].val);

		if (want[i].offset)
			memcpy(before + want[i].offset, &v, want[i].bytes);
	}
	hcall(LGUEST_INIT, W_DATA);
	ck_lives();
	ck_assert(mem_read(&m.mem, lg->mem_base.v + W_DATA, after, sizeof(after)));
	for (unsigned i = 0; i < sizeof(after); i++)
		ck_assert_msg(before[i] == after[i], "%s: byte %#x", layout->name, i);
	ck_assert_uint_eq(lg->lguest_data.v, W_DATA);
	ck_assert_uint_eq(lg->kernel_address, W_KERNEL);
}
END_TEST

/* 2.4.1, step 5. */
START_TEST(what_the_host_reads)
{
	about_to_call(_i, W_DATA);
	talk(_i);
	if (layout->noirq_iret) {
		ck_assert_uint_eq(lg->noirq_iret, W_KERNEL + W_NOIRQ);
		ck_assert_uint_eq(lg->noirq_end, 0);
	} else {
		ck_assert_uint_eq(lg->noirq_start, W_KERNEL + W_NOIRQ);
		ck_assert_uint_eq(lg->noirq_end, W_KERNEL + W_NOIRQ + 8);
		ck_assert_uint_eq(lg->noirq_iret, 0);
	}
}
END_TEST

START_TEST(shadows_are_dropped)
{
	about_to_call(W_4_1, W_DATA);
	ck_assert_int_eq(demand(W_CODE, 0), DEMAND_FILLED);
	talk(W_4_1);
	ck_assert_uint_eq(shadow(W_CODE), 0);
}
END_TEST

START_TEST(bad_page)
{
	about_to_call(W_4_1, W_DATA);
	hcall(LGUEST_INIT, W_END);
	ck_died("bad guest page (null)");
	ck_assert_ptr_null(lg->abi);
}
END_TEST

START_TEST(bad_vector)
{
	about_to_call(_i, W_DATA);
	data_put(layout->syscall_vec, 0x81);
	hcall(LGUEST_INIT, W_DATA);
	ck_died("bad syscall vector");
}
END_TEST

/* Step 8: it must lie below the Switcher. */
START_TEST(bad_kernel_address)
{
	about_to_call(_i, W_DATA);
	data_put(layout->kernel_address, 0xffc00000);
	if (layout->noirq_iret) /* or it would not be taken for one of its kind */
		data_put(layout->noirq_iret, 0xffc00000 + W_NOIRQ);
	hcall(LGUEST_INIT, W_DATA);
	ck_died("bad kernel address 0xffc00000");
}
END_TEST

START_TEST(first_call_must_be_init)
{
	about_to_call(W_3_1, W_DATA);
	hcall(_i ? 0xffffffff : HALT, W_DATA);
	ck_died(_i ? "hypercall -1 before INIT" : "hypercall 10 before INIT");
	ck_assert(!lg->halted);
}
END_TEST

START_TEST(init_twice)
{
	about_to_call(_i, W_DATA);
	talk(_i);
	hcall(LGUEST_INIT, W_DATA);
	ck_died("already have lguest_data");
}
END_TEST

/* Whatever lies there and whatever the registers hold: an answer or none, and no harm. */
START_TEST(hostile_data)
{
	uint32_t state = 0x12345678 + (uint32_t)_i;
	const unsigned which = (unsigned)_i % W_LAYOUTS;

	for (unsigned n = 0; n < 40; n++) {
		about_to_call(which, W_END - LG_DATA_LARGEST);
		for (unsigned k = 0; k < 8; k++) {
			state = state * 1664525 + 1013904223;
			/* The tail of it, where the addresses are. */
			put(W_END - 4 - (state >> 8 & 0x7c),
			    (k & 1 ? W_KERNEL : 0) + (state >> 4) * (k & 2 ? 1 : 17));
		}
		lg->hcall_waiting = true;
		do_hypercalls(lg);
		ck_assert(lg->dead || lg->abi);
		ck_assert(!lg->dead || lg->death[0]);
		destroy(lg);
	}
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, each_layout, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, tables_agree, 0, W_LAYOUTS);
	tcase_add_test(tc, high_eip_means_2_6_23);
	tcase_add_test(tc, addresses);
	tcase_add_loop_test(tc, ring_must_be_free, 0, W_LAYOUTS);
	tcase_add_test(tc, late_layouts);
	tcase_add_loop_test(tc, what_the_host_writes, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, what_the_host_reads, 0, W_LAYOUTS);
	tcase_add_test(tc, shadows_are_dropped);
	tcase_add_test(tc, bad_page);
	tcase_add_loop_test(tc, bad_vector, W_24, W_LAYOUTS);
	tcase_add_loop_test(tc, bad_kernel_address, W_24, W_LAYOUTS);
	tcase_add_loop_test(tc, first_call_must_be_init, 0, 2);
	tcase_add_loop_test(tc, init_twice, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, hostile_data, 0, 12);
}

int main(void)
{
	return run_tests("native_detect", add);
}
