/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1088
 * The Host's DMA calls, by guest-host.md 2.6 and devices.md 1.4 to 1.7: bindings and their keys, what
 * is sent to the Launcher and what to another Guest, buffers for the Launcher, and every text with
 * which a Guest may die of it.  Two Guests of 2.6.23 share one page.
:*/
#include <stdio.h>

#include "native_world.h"

enum {
	BIND_DMA = 12,
	SHARED_PFN = W_PFN_LIMIT - 1,
	SHARED = SHARED_PFN << PAGE_SHIFT,
	SHARED_PAGE = DOOR_HOST_END + 0x500000, /* in the machine */
	ARRAY = W_FREE,
	SEND = W_FREE + 0x1000,
	FROM = W_FREE + 0x2000,
	TO = W_FREE + 0x4000,
	KEY = 0x2000,
	DMA_BYTES = 100,
	LENS = 0x44, /* offset of the lengths */
};

/* Two Guests, and the second is the one we talk about. */
static void two(void)
{
	for (unsigned id = 0; id < 2; id++) {
		struct door_init init = parameters(id, DOOR_MAP_HIGH, DOOR_INIT_DMA);

		init.shared[0] = (struct door_shared){le32(SHARED_PFN), le32(SHARED_PAGE)};
		lg = &host->guests[id];
		ck_assert_ptr_null(initialize(lg, &init));
		talk(W_23);
	}
}

static void is(unsigned id)
{
	lg = &host->guests[id];
}

static uint32_t answer(void)
{
	return le32_get(lg->regs->eax);
}

static uint32_t bind(uint32_t key, uint32_t array, uint32_t count, uint32_t irq)
{
	hcall(BIND_DMA, key, array, count << 8 | irq);
	return answer();
}

/* Section "nr" of the list at "at". */
static void section(uint32_t at, unsigned nr, uint32_t addr, uint16_t len)
{
	const le16_t l = le16(len);

	put(at + 4 + 4 * nr, addr);
	put_bytes(at + LENS + 2 * nr, &l, 2);
}

static void list(uint32_t at, uint32_t addr, uint16_t len)
{
	put(at, 0);
	section(at, 0, addr, len);
	section(at, 1, 0, 0);
}

static uint32_t irqs(void)
{
	return lg->irqs_pending;
}

/* --- bindings -------------------------------------------------------------------------------------- */

START_TEST(binds_and_unbinds)
{
	two();
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 0), 0);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 3), 1);
	ck_assert_uint_eq(bind(KEY, ARRAY + 4, 1, 0), 0);
	ck_assert_uint_eq(bind(KEY + 4, ARRAY, 1, 0), 0);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 0), 1);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 0), 0);
	ck_lives();
}
END_TEST

START_TEST(thirty_two_and_no_more)
{
	two();
	for (unsigned i = 0; i < 32; i++)
		ck_assert_uint_eq(bind(KEY + 4 * i, ARRAY, 1, 1 + i % 31), 1);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 1), 0);
	is(0);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 1), 1);
}
END_TEST

START_TEST(irq_out_of_range)
{
	two();
	for (uint32_t irq = 32; irq < 256; irq++)
		ck_assert_uint_eq(bind(2 /* not even looked at */, ARRAY, 1, irq), 0);
	ck_lives();
}
END_TEST

START_TEST(bad_keys)
{
	static const uint32_t keys[] = {2, W_END, W_END - 3, 0xfffffffd};

	two();
	hcall(BIND_DMA, keys[_i], ARRAY, 1 << 8 | 3);
	ck_assert(lg->dead);
	ck_assert_ptr_nonnull(strstr(lg->death, "bad dma key 0x"));
	is(0);
	hcall(SEND_DMA, keys[_i], SEND);
	ck_died("bad sending DMA key");
}
END_TEST

/* A call in the ring has no answer; EAX is the Guest's. */
START_TEST(answer_of_a_queued_call)
{
	two();
	data_put(layout->ring, BIND_DMA);
	data_put(layout->ring + 4, KEY);
	data_put(layout->ring + 8, ARRAY);
	data_put(layout->ring + 12, 1 << 8 | 5);
	fill(W_DATA + layout->status, 0, 1);
	lg->regs->eax = le32(0x1234);
	lg->hcall_waiting = false;
	do_hypercalls(lg);
	ck_assert_uint_eq(answer(), 0x1234);
	ck_assert_uint_eq(get(W_DATA + layout->status) & 0xff, 0xff);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 0), 1);
}
END_TEST

START_TEST(numbers_of_other_eras)
{
	guest(0, _i ? DOOR_MAP_HIGH : DOOR_MAP_LOW, _i ? DOOR_INIT_DMA : 0);
	talk(_i ? W_23 : W_24);
	hcall(_i ? NOTIFY : BIND_DMA, 0x1000);
	ck_died(_i ? "Bad hypercall 17\n" : "Bad hypercall 12\n");
}
END_TEST

/* --- for the Launcher ------------------------------------------------------------------------------ */

START_TEST(private_key_goes_to_the_launcher)
{
	two();
	hcall(SEND_DMA, KEY, SEND);
	ck_assert(lg->dma_pending);
	ck_assert_uint_eq(lg->dma[0], SEND);
	ck_assert_uint_eq(lg->dma[1], KEY);
}
END_TEST

static uint32_t getdma(uint32_t key, uint32_t *dma, uint32_t *irq)
{
	door()->req.key = le32(key);
	switch (ask(DOOR_REQ_GETDMA, lg->id, 0)) {
	case DOOR_ANS_BUFFER:
		*dma = le32_get(door()->ans.arg[0]);
		*irq = le32_get(door()->ans.arg[1]);
		return 2;
	case DOOR_ANS_NO_BUFFER: return le32_get(door()->ans.arg[0]);
	default: ck_abort_msg("answer %u", le32_get(door()->ans.op));
	}
	return 0;
}

START_TEST(buffers_for_the_launcher)
{
	uint32_t dma = 0, irq = 0;

	two();
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 0);
	ck_assert_uint_eq(bind(KEY, ARRAY, 2, 9), 1);
	put(ARRAY, 0);
	put(ARRAY + DMA_BYTES, 0);
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 2);
	ck_assert_uint_eq(dma, ARRAY);
	ck_assert_uint_eq(irq, 9);
	ck_assert_uint_eq(get(ARRAY), 9); /* reserved */
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 2);
	ck_assert_uint_eq(dma, ARRAY + DMA_BYTES);
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 1); /* and none is taken twice */
	put(ARRAY, 0);
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 2);
	ck_assert_uint_eq(dma, ARRAY);
}
END_TEST

START_TEST(last_binding_is_meant)
{
	uint32_t dma = 0, irq = 0;

	two();
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 3), 1);
	ck_assert_uint_eq(bind(KEY, ARRAY + 0x100, 1, 4), 1);
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 2);
	ck_assert_uint_eq(irq, 4);
	ck_assert_uint_eq(bind(KEY, ARRAY + 0x100, 1, 0), 1);
	ck_assert_uint_eq(bind(KEY, ARRAY + 0x200, 1, 5), 1); /* in the slot that has become free */
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 2);
	ck_assert_uint_eq(irq, 5);
}
END_TEST

START_TEST(array_that_is_none)
{
	uint32_t dma = 0, irq = 0;

	two();
	ck_assert_uint_eq(bind(KEY, ARRAY, 0, 3), 1);
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 0);
	ck_assert_uint_eq(bind(KEY, 0x7ffff000, 1, 3), 1);
	ck_assert_uint_eq(getdma(KEY, &dma, &irq), 0);
	ck_died("bad registered DMA buffer");
}
END_TEST

/* --- to another Guest ------------------------------------------------------------------------------ */

static void bind_receiver(uint32_t count)
{
	two();
	is(0);
	for (uint32_t i = 0; i < count; i++)
		list(ARRAY + i * DMA_BYTES, TO + i * 0x100, 0x100);
	ck_assert_uint_eq(bind(SHARED + 8, ARRAY, count, 7), 1);
	is(1);
}

START_TEST(from_guest_to_guest)
{
	char got[11] = "";

	bind_receiver(2);
	put_bytes(FROM, "hello world", 11);
	list(SEND, FROM, 6);
	section(SEND, 1, FROM + 6, 5);
	section(SEND, 2, 0, 0);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_lives();
	ck_assert(!lg->dma_pending);
	ck_assert_uint_eq(get(SEND), 11);
	ck_assert_uint_eq(host->woken, 1);
	is(0);
	ck_assert_uint_eq(irqs(), 1u << 7);
	ck_assert_uint_eq(get(ARRAY), 11);
	ck_assert(mem_read(&m.mem, lg->mem_base.v + TO, got, sizeof(got)));
	ck_assert_mem_eq(got, "hello world", 11);
	is(1);
	hcall(SEND_DMA, SHARED + 8, SEND); /* the next one goes into the next */
	is(0);
	ck_assert_uint_eq(get(ARRAY + DMA_BYTES), 11);
}
END_TEST

/* What does not fit is not sent, and both hear how much it was; nothing is a message, too. */
START_TEST(shorter_side_counts)
{
	bind_receiver(1);
	list(SEND, FROM, 0x200);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert_uint_eq(get(SEND), 0x100);
	is(0);
	ck_assert_uint_eq(get(ARRAY), 0x100);
	put(ARRAY, 0);
	lg->irqs_pending = 0;
	is(1);
	list(SEND, FROM, 0);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert_uint_eq(get(SEND), 0);
	is(0);
	ck_assert_uint_eq(irqs(), 1u << 7);
	/* A receiver that has room for nothing hears nothing. */
	section(ARRAY, 0, 0, 0);
	lg->irqs_pending = 0;
	is(1);
	list(SEND, FROM, 4);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert_uint_eq(get(SEND), 0);
	is(0);
	ck_assert_uint_eq(irqs(), 0);
}
END_TEST

/* No room: the receiver is told, has its turn, and there is one more try. */
START_TEST(tries_twice)
{
	bind_receiver(1);
	host->guests[0].halted = true;
	is(0);
	put(ARRAY, 5);
	is(1);
	list(SEND, FROM, 4);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert_uint_eq(host->guests[0].irqs_pending, 1u << 7);
	ck_assert(lg->hcall_waiting && lg->dma_retry);
	if (_i) { /* it has made room */
		is(0);
		put(ARRAY, 0);
		is(1);
	}
	lg->dma_retry = false; /* as turn_begin() does */
	do_hypercalls(lg);
	ck_assert(!lg->hcall_waiting && !lg->dma_retry);
	ck_assert_uint_eq(get(SEND), _i ? 4 : 0);
	/* And the next call has two tries again. */
	is(0);
	put(ARRAY, 5);
	is(1);
	put(SEND, 0);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert(lg->hcall_waiting);
}
END_TEST

START_TEST(the_door_says_who_was_woken)
{
	bind_receiver(1);
	is(0);
	put(ARRAY, 5);
	is(1);
	list(SEND, FROM, 4);
	set_call_registers((const uint32_t[5]){SEND_DMA, SHARED + 8, SEND});
	lg->hcall_waiting = true;
	ck_assert_uint_eq(run(0), DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(le32_get(door()->ans.woken), 1);
}
END_TEST

/* Nobody else has bound that key: perhaps the Launcher knows. */
START_TEST(nobody_else)
{
	two();
	ck_assert_uint_eq(bind(SHARED + 8, ARRAY, 1, 3), 1); /* oneself does not count */
	list(SEND, FROM, 4);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert(lg->dma_pending);
	lg->dma_pending = false;
	/* Nor does a key at the same address in a page that is not shared. */
	is(0);
	ck_assert_uint_eq(bind(KEY, ARRAY, 1, 3), 1);
	is(1);
	hcall(SEND_DMA, KEY, SEND);
	ck_assert(lg->dma_pending);
}
END_TEST

START_TEST(bad_lists)
{
	static const struct {
		uint32_t addr;
		uint16_t len;
		bool bad;
	} rows[] = {
		{W_FREE + 0xff0, 16, false}, {W_FREE + 0xff0, 17, true}, {W_FREE, 0x1000, false},
		{W_FREE, 0x1001, true},	     {W_END - 16, 16, false},	 {W_END - 15, 16, true},
		{0xfffffff0, 16, true},
	};
	char text[64];

	snprintf(text, sizeof(text), "bad DMA entry: %u@%#lx", rows[_i].len,
		 (unsigned long)rows[_i].addr);
	bind_receiver(1);
	list(SEND, rows[_i].addr, rows[_i].len);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_assert_int_eq(lg->dead, rows[_i].bad);
	if (rows[_i].bad)
		ck_died(text);
	/* The same, but it is the receiver's, and he dies of it. */
	is(0);
	ck_lives();
	list(ARRAY, rows[_i].addr, rows[_i].len);
	two();
	is(0);
	ck_assert_uint_eq(bind(SHARED + 8, ARRAY, 1, 7), 1);
	is(1);
	list(SEND, FROM, 4);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_lives();
	is(0);
	ck_assert_int_eq(lg->dead, rows[_i].bad);
	if (rows[_i].bad)
		ck_died(text);
}
END_TEST

START_TEST(lists_that_are_nowhere)
{
	bind_receiver(1);
	hcall(SEND_DMA, SHARED + 8, W_END - DMA_BYTES + 1);
	ck_died("bad address in sending DMA");
	two();
	is(0);
	ck_assert_uint_eq(bind(SHARED + 8, W_END - DMA_BYTES + 1, 1, 7), 1);
	is(1);
	list(SEND, FROM, 4);
	hcall(SEND_DMA, SHARED + 8, SEND);
	ck_lives();
	ck_assert_uint_eq(host->woken & 1, 1); /* to die */
	is(0);
	ck_died("bad address in registered DMA struct");
}
END_TEST

/* A shared page is the machine's, wherever a Guest has it. */
START_TEST(shared_page_is_one)
{
	two();
	lgwrite_u32(lg, GPA(SHARED + 0x10), 0x600d);
	is(0);
	ck_assert_uint_eq(lgread_u32(lg, GPA(SHARED + 0x10)), 0x600d);
	ck_assert_uint_eq(machine_get(SHARED_PAGE + 0x10), 0x600d);
	ck_assert_uint_eq(get(SHARED + 0x10), 0); /* behind it */
	/* A range may begin in one's own memory and end there. */
	lgwrite(lg, GPA(SHARED - 2), "abcd", 4);
	ck_assert_uint_eq(machine_get(SHARED_PAGE) & 0xffff, 'c' | 'd' << 8);
}
END_TEST

/* struct lguest_data must be all the Guest's own, and is looked for in its largest size. */
START_TEST(no_data_in_a_shared_page)
{
	static const uint32_t before[] = {0, 0x100, 0x570, 0x574};
	struct door_init init = parameters(0, DOOR_MAP_HIGH, DOOR_INIT_DMA);
	const uint32_t at = SHARED - before[_i];
	char text[32];

	init.shared[0] = (struct door_shared){le32(SHARED_PFN), le32(SHARED_PAGE)};
	lg = &host->guests[0];
	ck_assert_ptr_null(initialize(lg, &init));
	layout = &w_layouts[W_23];
	put_lguest_data(layout, W_DATA);
	for (uint32_t i = 0; i < layout->bytes; i += 4)
		lgwrite_u32(lg, GPA(at + i), get(W_DATA + i));
	hcall(LGUEST_INIT, at);
	snprintf(text, sizeof(text), "bad guest page %08x", at);
	if (before[_i] < 0x574)
		ck_died(text);
	else
		ck_lives();
}
END_TEST

START_TEST(shared_pages_are_checked)
{
	static const struct {
		uint32_t pfn, page;
	} rows[] = {
		{W_RAM / 4096 - 1, SHARED_PAGE}, {W_PFN_LIMIT, SHARED_PAGE},
		{SHARED_PFN, SHARED_PAGE + 4},	 {SHARED_PFN, 0x100000},
		{SHARED_PFN, 0xfffff000},
	};
	struct door_init init = parameters(0, DOOR_MAP_HIGH, DOOR_INIT_DMA);

	lg = &host->guests[0];
	init.shared[1] = (struct door_shared){le32(rows[_i].pfn), le32(rows[_i].page)};
	ck_assert_str_eq(initialize(lg, &init), "a shared page makes no sense");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, binds_and_unbinds);
	tcase_add_test(tc, thirty_two_and_no_more);
	tcase_add_test(tc, irq_out_of_range);
	tcase_add_loop_test(tc, bad_keys, 0, 4);
	tcase_add_test(tc, answer_of_a_queued_call);
	tcase_add_loop_test(tc, numbers_of_other_eras, 0, 2);
	tcase_add_test(tc, private_key_goes_to_the_launcher);
	tcase_add_test(tc, buffers_for_the_launcher);
	tcase_add_test(tc, last_binding_is_meant);
	tcase_add_test(tc, array_that_is_none);
	tcase_add_test(tc, from_guest_to_guest);
	tcase_add_test(tc, shorter_side_counts);
	tcase_add_loop_test(tc, tries_twice, 0, 2);
	tcase_add_test(tc, the_door_says_who_was_woken);
	tcase_add_test(tc, nobody_else);
	tcase_add_loop_test(tc, bad_lists, 0, 7);
	tcase_add_test(tc, lists_that_are_nowhere);
	tcase_add_test(tc, shared_page_is_one);
	tcase_add_loop_test(tc, no_data_in_a_shared_page, 0, 4);
	tcase_add_loop_test(tc, shared_pages_are_checked, 0, 5);
}

int main(void)
{
	return run_tests("native_dma", add);
}
