/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:556
 * Hypercalls, with good and bad arguments, and the asynchronous ring: guest-host.md 2.2 to 2.5 and
 * the death texts of 11.1.  What a call does is tested where that is done; here it counts that each
 * number reaches it with the arguments in the right order, in every era.
:*/
#include "native_world.h"

/* A Guest of an era, on the boot tables of that era (1.4.3). */
static void speak(unsigned which)
{
	guest(0,
	      which == W_23   ? DOOR_MAP_HIGH
	      : which == W_24 ? DOOR_MAP_LOW
	      : which <= W_31 ? DOOR_MAP_LOW_HIGH
			      : DOOR_MAP_LINEAR,
	      0);
	talk(which);
}

/* --- one by one ------------------------------------------------------------------------------------ */

/* Table 2.2: which register holds what.  SET_STACK has three arguments, each of which shows. */
START_TEST(argument_registers)
{
	speak(_i);
	hcall(SET_STACK, 0xabcd0000 | KERNEL_DS, 0x12345678, 0); /* of a selector 16 bits count */
	ck_lives();
	ck_assert_uint_eq(lg->ss1, KERNEL_DS);
	ck_assert_uint_eq(lg->esp1, 0x12345678);
	ck_assert_uint_eq(lg->stack_pages, 0);
	hcall(LOAD_IDT_ENTRY, 0x30, 0x5678, 0x12348e00);
	ck_assert_uint_eq(lg->idt[0x30].a, KERNEL_CS << 16 | 0x5678);
	ck_assert_uint_eq(lg->idt[0x30].b, 0x12348e00);
	hcall(LOAD_GDT_ENTRY, 7, 0x1111ffff, 0x00cff300);
	ck_assert_uint_eq(lg->gdt[7].a, 0x1111ffff);
	ck_lives();
	/* 2.1: no register is changed. */
	ck_assert_uint_eq(le32_get(lg->regs->eax), LOAD_GDT_ENTRY);
	ck_assert(!lg->hcall_waiting);
}
END_TEST

/* 2.2: registers that hold no argument may hold garbage. */
START_TEST(garbage_in_other_registers)
{
	static const uint32_t harmless[] = {FLUSH_ASYNC, SEND_INTERRUPTS, SET_CLOCKEVENT, TS, HALT};

	speak(_i);
	for (unsigned i = 0; i < ARRAY_LEN(harmless); i++) {
		hcall(harmless[i], 0xffffffff, 0xdeadbeef, 0xffffffff, 0xffffffff);
		ck_lives();
	}
	ck_assert(lg->ts);
	ck_assert(lg->halted);
	ck_assert_uint_eq(lg->deadline, port_clock(host) + 0xffffffff);
	hcall(SET_CLOCKEVENT, 0, 0xdeadbeef);
	ck_assert_uint_eq(lg->deadline, PORT_NEVER);
	hcall(TS, 0);
	ck_assert(!lg->ts);
	hcall(TS, 8); /* bit 3 of CR0, as the Guest has it */
	ck_assert(lg->ts);
}
END_TEST

/* "Anything else".  The text ends in a newline, and is signed. */
START_TEST(unknown_numbers)
{
	static const struct {
		uint32_t nr;
		const char *text;
	} t[] = {
		{11, "Bad hypercall 11\n"},
		{20, "Bad hypercall 20\n"},
		{0x7fffffff, "Bad hypercall 2147483647\n"},
		{0xffffffff, "Bad hypercall -1\n"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		speak(_i);
		hcall(t[i].nr);
		ck_died(t[i].text);
		destroy(lg);
	}
}
END_TEST

/* The one real clash, and numbers whose era has not come or is over. */
START_TEST(numbers_of_other_eras)
{
	speak(W_24);
	hcall(12);
	ck_died("Bad hypercall 12\n");
	destroy(lg);

	speak(W_30);
	hcall(13, W_FREE);
	ck_died("Bad hypercall 13\n");
	destroy(lg);

	guest(0, DOOR_MAP_LINEAR, DOOR_INIT_MMIO);
	talk(W_4_1);
	hcall(NOTIFY, W_FREE);
	ck_died("Bad hypercall 17\n");
	ck_assert(!lg->notify_pending);
}
END_TEST

/* The text is 128 bytes of Guest memory, of which the last becomes a NUL. */
START_TEST(crash)
{
	char want[128 + 8] = "CRASH: ";

	speak(_i);
	put_bytes(W_FREE, "Power down", 11);
	hcall(SHUTDOWN, W_FREE, 1);
	ck_died("CRASH: Power down");
	ck_assert(lg->asked_to_die && !lg->restart);
	destroy(lg);

	speak(_i);
	fill(W_FREE, 'x', 200);
	memset(want + 7, 'x', 127);
	hcall(SHUTDOWN, W_FREE, 1);
	ck_died(want);
}
END_TEST

START_TEST(crash_with_bad_text)
{
	speak(_i);
	hcall(SHUTDOWN, W_END - 127, 1);
	ck_died("bad read address 0x40ff81 len 128");
	ck_assert(!lg->asked_to_die && !lg->restart);
	destroy(lg);
	speak(_i);
	put_bytes(W_END - 128, "end", 4);
	hcall(SHUTDOWN, W_END - 128, 1);
	ck_died("CRASH: end");
}
END_TEST

/* 2.7: the reason of a reboot may be unreadable, but a restart it is. */
START_TEST(restart)
{
	speak(_i);
	put_bytes(W_FREE, "", 1);
	hcall(SHUTDOWN, W_FREE, 2);
	ck_assert(lg->restart);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_RESTART);
	destroy(lg);
	speak(_i);
	hcall(SHUTDOWN, 0u - W_KERNEL, 2);
	ck_assert(lg->restart);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_RESTART);
}
END_TEST

START_TEST(load_gdt)
{
	speak(_i);
	for (unsigned i = 0; i < GDT_ENTRIES; i++) {
		put(W_FREE + i * 8, 0x0000ffff);
		put(W_FREE + i * 8 + 4, 0x00cf9200 | i << 24);
	}
	hcall(LOAD_GDT, W_FREE, GDT_ENTRIES);
	ck_lives();
	ck_assert_uint_eq(lg->gdt[14].b, 0x0ecfb300);
	hcall(LOAD_GDT, W_FREE, GDT_ENTRIES + 1);
	ck_died("too many gdt entries 33");
	destroy(lg);
	speak(_i);
	hcall(LOAD_GDT, W_FREE, 0xffffffff);
	ck_died("too many gdt entries -1");
	destroy(lg);
	speak(_i);
	hcall(LOAD_GDT, W_END - 8, 2);
	ck_died("bad read address 0x40fff8 len 16");
	destroy(lg);
	speak(_i);
	hcall(LOAD_GDT_ENTRY, GDT_ENTRIES, 0, 0);
	ck_died("too many gdt entries 32");
	destroy(lg);
	speak(_i);
	hcall(LOAD_TLS, W_END - 23, 0);
	ck_died("bad read address 0x40ffe9 len 24");
}
END_TEST

START_TEST(bad_stacks)
{
	static const struct {
		uint32_t ss, esp, pages;
		const char *text;
	} t[] = {
		{0x68, 0, 1, "bad stack segment 104"},
		{0x6b, 0, 1, "bad stack segment 107"},
		{0xfffffff8, 0, 1, "bad stack segment -8"},
		{KERNEL_DS, 0, 3, "bad stack pages 3"},
		{KERNEL_DS, 0, 0xffffffff, "bad stack pages 4294967295"},
		{0x68, 0, 9, "bad stack segment 104"}, /* the first one is kept */
		{KERNEL_DS, 0, 1, "bad stack page 0xffffffff"},
		{KERNEL_DS, W_USER, 1, "bad stack page 0x7ffffff"},
	};

	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		kernel(0, _i);
		hcall(SET_STACK, t[i].ss, t[i].esp, t[i].pages);
		ck_died(t[i].text);
		destroy(lg);
	}
}
END_TEST

/* 2.4, NOTIFY: leave with the argument; 0 cannot be told from nothing and is lost. */
START_TEST(notify)
{
	speak(_i);
	hcall(NOTIFY, 0);
	ck_assert(!lg->notify_pending);
	hcall(NOTIFY, 0x400c00);
	ck_assert(lg->notify_pending);
	ck_assert_uint_eq(lg->notify, 0x400c00);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_NOTIFY);
	ck_lives();
}
END_TEST

START_TEST(counted)
{
	speak(W_3_1);
	hcall(FLUSH_ASYNC);
	hcall(FLUSH_ASYNC);
	hcall(0xffffffff);
	ck_assert_uint_eq(le64_get(host->count->hcall[FLUSH_ASYNC]), 2);
	ck_assert_uint_eq(le64_get(host->count->hcall[LGUEST_INIT]), 1);
	ck_assert_uint_eq(le64_get(host->count->hcall[31]), 1);
}
END_TEST

/* --- 2.5, the ring ----------------------------------------------------------------------------- */

static uint32_t status(unsigned slot)
{
	return data_get(layout->status + (slot & ~3u)) >> (slot & 3) * 8 & 0xff;
}

static void set_status(unsigned slot, uint8_t val)
{
	put_bytes(W_DATA + layout->status + slot, &val, 1);
}

/* The Guest leaves a call in a slot, words as its era has them: an image of each register. */
static void queue_words(unsigned slot, const uint32_t *words)
{
	const unsigned n = (unsigned)strlen(layout->record);

	set_call_registers(words);
	for (unsigned i = 0; i < n; i++) {
		const struct lguest_regs *r = lg->regs;
		const le32_t image = layout->record[i] == 'a'	? r->eax
				     : layout->record[i] == 'b' ? r->ebx
				     : layout->record[i] == 'c' ? r->ecx
				     : layout->record[i] == 'd' ? r->edx
								: r->esi;

		data_put(layout->ring + (slot * n + i) * 4, le32_get(image));
	}
	set_status(slot, 0);
}

#define queue(slot, ...) queue_words(slot, (const uint32_t[5]){__VA_ARGS__})

/* The direct call that makes the Host look. */
static void drain(void)
{
	hcall(FLUSH_ASYNC, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff);
}

START_TEST(record_layout)
{
	speak(_i);
	queue(0, SET_STACK, KERNEL_DS, 0x12345678, 0);
	queue(1, LOAD_GDT_ENTRY, 7, 0x1111ffff, 0x00cff300);
	drain();
	ck_lives();
	ck_assert_uint_eq(lg->esp1, 0x12345678);
	ck_assert_uint_eq(lg->gdt[7].a, 0x1111ffff);
	ck_assert_uint_eq(status(0), LG_RING_FREE);
	ck_assert_uint_eq(status(1), LG_RING_FREE);
	ck_assert_uint_eq(le64_get(host->count->async_hcalls), 2);
}
END_TEST

/* The fourth argument of a PAE Guest's SET_PTE is in the record, too. */
START_TEST(fifth_word)
{
	kernel(0, true);
	put_user_pte(0, W_FREE | 0x67);
	ck_assert_int_eq(demand(W_USER, 0), DEMAND_FILLED);
	queue(0, SET_PTE, W_PDPT, W_USER, 0x70067, 1);
	drain();
	ck_died("bad page table entry");
	ck_assert_uint_eq(status(0), LG_RING_FREE); /* step 6, all the same */
}
END_TEST

/* Ring first, then the direct call; within the ring by the cursor, not by number. */
START_TEST(order)
{
	speak(_i);
	queue(0, TS, 8);
	queue(1, TS, 0);
	queue(2, TS, 8);
	hcall(TS, 0);
	ck_assert(!lg->ts);
	queue(3, TS, 8);
	queue(5, TS, 0); /* behind a free slot: not yet */
	drain();
	ck_assert(lg->ts);
	ck_assert_uint_eq(status(3), LG_RING_FREE);
	ck_assert_uint_eq(status(5), 0);
	ck_assert_uint_eq(lg->next_hcall, 4);
	queue(4, TS, 8);
	drain();
	ck_assert(!lg->ts);
	ck_assert_uint_eq(status(5), LG_RING_FREE);
}
END_TEST

START_TEST(wraps)
{
	speak(_i);
	for (unsigned i = 0; i < 62; i++)
		queue(i, TS, 0);
	drain();
	ck_assert_uint_eq(lg->next_hcall, 62);
	for (unsigned i = 62; i < 67; i++)
		queue(i % 64, LOAD_GDT_ENTRY, 14, i, 0x00cff300);
	queue(67 % 64, TS, 8);
	drain();
	ck_assert_uint_eq(lg->next_hcall, 4);
	ck_assert_uint_eq(lg->gdt[14].a, 66);
	ck_assert(lg->ts);
	for (unsigned i = 0; i < 64; i++)
		ck_assert_uint_eq(status(i), LG_RING_FREE);
}
END_TEST

/* A full ring is 64 calls, and one pass does all of them, but no more. */
START_TEST(full)
{
	speak(_i);
	for (unsigned i = 0; i < 64; i++)
		queue(i, SET_CLOCKEVENT, i + 1);
	drain();
	ck_assert_uint_eq(le64_get(host->count->async_hcalls), 64);
	ck_assert_uint_eq(lg->deadline, port_clock(host) + 64);
	ck_assert_uint_eq(lg->next_hcall, 0);
}
END_TEST

/* Step 2: whatever is not 0xff. */
START_TEST(any_other_status_is_a_call)
{
	speak(_i);
	queue(0, TS, 8);
	set_status(0, 0x7f);
	drain();
	ck_assert(lg->ts);
	ck_assert_uint_eq(status(0), LG_RING_FREE);
}
END_TEST

/* Step 7: NOTIFY stops the pass, and the direct call waits for the Launcher, too. */
START_TEST(stops_at_notify)
{
	struct door_answer ans;

	speak(_i);
	queue(0, NOTIFY, 0x400000);
	queue(1, NOTIFY, 0x401000);
	queue(2, TS, 8);
	set_call_registers((const uint32_t[5]){HALT});
	lg->hcall_waiting = true;
	turn_begin(lg, 0);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(turn_next(lg), DOOR_ANS_NOTIFY);
		host_answer_run(lg, DOOR_ANS_NOTIFY, &ans);
		ck_assert_uint_eq(le32_get(ans.arg[0]), 0x400000 + i * PAGE_SIZE);
		ck_assert_uint_eq(status(i), LG_RING_FREE);
		ck_assert_uint_eq(status(i + 1), 0);
		ck_assert(lg->hcall_waiting && !lg->ts && !lg->halted);
	}
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_HALTED);
	ck_assert(lg->ts && lg->halted && !lg->hcall_waiting);
}
END_TEST

/* A Guest that dies in the ring does nothing more. */
START_TEST(stops_at_death)
{
	speak(_i);
	queue(0, 77);
	queue(1, TS, 8);
	hcall(HALT);
	ck_died("Bad hypercall 77\n");
	ck_assert(!lg->ts && !lg->halted);
	ck_assert_uint_eq(status(1), 0);
}
END_TEST

START_TEST(init_in_the_ring)
{
	speak(_i);
	queue(0, LGUEST_INIT, W_DATA);
	drain();
	ck_died("already have lguest_data");
}
END_TEST

/* --- an end to all ----------------------------------------------------------------------------- */

/* 2.1.1: both instructions are the same call, and the Launcher learns which it was. */
START_TEST(instructions)
{
	static const uint8_t insn[2][4] = {{0xcd, 0x1f, 0x90, 0xf4}, {0x0f, 0x01, 0xc1, 0xf4}};

	guest(0, DOOR_MAP_LINEAR, 0);
	layout = &w_layouts[W_3_1];
	put_lguest_data(layout, W_DATA);
	put_bytes(W_CODE, insn[_i], 4);
	/* inc eax */
	put_code(W_CODE + 3, 0x40, 0xb8, SHUTDOWN, 0, 0, 0);
	put_bytes(W_CODE + 9, insn[_i], 3);
	put_code(W_FREE, 'b', 'y', 'e', 0);
	lg->regs->eax = le32(LGUEST_INIT);
	lg->regs->ebx = le32(W_DATA);
	ck_assert_uint_eq(run(1000000), DOOR_ANS_DEAD);
	ck_assert_uint_eq(le32_get(door()->ans.hcall_insn), _i ? 0xc1010f : 0x1fcd);
	ck_assert_uint_eq(le32_get(door()->ans.layout), LG_LAYOUT_D + 1);
	/* EIP is behind the instruction, and nothing patched it. */
	ck_assert_uint_eq(le32_get(lg->regs->eip), W_CODE + (_i ? 12 : 11));
	ck_assert_uint_eq(get(W_CODE) & 0xffffff, _i ? 0xc1010f : 0x901fcd);
	ck_assert(!strncmp(lg->death, "CRASH: ", 7));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, argument_registers, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, garbage_in_other_registers, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, unknown_numbers, 0, W_LAYOUTS);
	tcase_add_test(tc, numbers_of_other_eras);
	tcase_add_loop_test(tc, crash, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, crash_with_bad_text, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, restart, W_24, W_LAYOUTS);
	tcase_add_loop_test(tc, load_gdt, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, bad_stacks, 0, 2);
	tcase_add_loop_test(tc, notify, W_24, W_LAYOUTS);
	tcase_add_test(tc, counted);
	tcase_add_loop_test(tc, record_layout, 0, W_LAYOUTS);
	tcase_add_test(tc, fifth_word);
	tcase_add_loop_test(tc, order, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, wraps, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, full, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, any_other_status_is_a_call, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, stops_at_notify, W_24, W_LAYOUTS);
	tcase_add_loop_test(tc, stops_at_death, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, init_in_the_ring, 0, W_LAYOUTS);
	tcase_add_loop_test(tc, instructions, 0, 2);
}

int main(void)
{
	return run_tests("native_hypercalls", add);
}
