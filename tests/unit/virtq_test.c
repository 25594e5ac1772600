/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:970
 * The ring against a driver that lies.  Each test of the case "hostile" is a row of devices.md
 * section 6, sets up exactly one lie beside an otherwise good chain, and asks for the very reason
 * that names it, so that a check cannot be lost without a test that says so.
:*/
#include <check.h>
#include <errno.h>
#include <string.h>

#include "virtio/virtq.h"

enum {
	BASE = 0x10000, /* where in the machine the Guest lies */
	RAM = 0x40000,
	LIMIT = 0x50000,
	RING = RAM,
	NUM = 8,
	TABLE = 0x8000, /* an indirect table */
	NEXT = VIRTQ_DESC_NEXT,
	WRITE = VIRTQ_DESC_WRITE,
	INDIRECT = VIRTQ_DESC_INDIRECT,
};

static struct mem mem;
static struct guest_mem gm;
static struct virtq vq;
static struct virtq_chain chain;
static const char *why;
static uint16_t posted;

static void setup(void)
{
	ck_assert_int_eq(mem_init(&mem, 0x80000), 0);
	gm = gm_make(&mem, BASE, RAM, LIMIT);
	virtq_init(&vq, &gm, GPA(RING), NUM);
	vq.indirect = true;
	posted = 0;
	why = NULL;
}

static void teardown(void)
{
	mem_fini(&mem);
}

/* --- the Guest's end of the ring --- */

static void poke(uint32_t gpa, const void *from, uint32_t n)
{
	memcpy(mem.ram + BASE + gpa, from, n);
}

static void poke16(uint32_t gpa, uint16_t v)
{
	le16_t raw = le16(v);

	poke(gpa, &raw, 2);
}

static uint32_t peek32(uint32_t gpa)
{
	le32_t raw;

	memcpy(&raw, mem.ram + BASE + gpa, 4);
	return le32_get(raw);
}

static uint16_t peek16(uint32_t gpa)
{
	return (uint16_t)peek32(gpa);
}

static void table_desc(uint32_t table, unsigned i, uint64_t addr, uint32_t len, uint16_t flags,
		       uint16_t next)
{
	struct virtq_desc d = {le64(addr), le32(len), le16(flags), le16(next)};

	poke(table + i * 16, &d, 16);
}

static void desc(unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	table_desc(RING, i, addr, len, flags, next);
}

static void post(uint16_t head)
{
	poke16(vq.avail.v + 4 + posted % NUM * 2, head);
	poke16(vq.avail.v + 2, ++posted);
}

static int take(void)
{
	virtq_begin(&vq);
	return virtq_pop(&vq, &chain, &why);
}

static void refused(const char *reason)
{
	ck_assert_int_eq(take(), -EPROTO);
	ck_assert_str_eq(why, reason);
}

/* --- good rings --- */

START_TEST(layout_is_table_2_6)
{
	static const struct {
		uint16_t num;
		uint32_t avail, used, bytes;
	} row[] = {{64, 1024, 4096, 4612}, {128, 2048, 4096, 5124}, {256, 4096, 8192, 10244}};

	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		struct virtq q;

		virtq_init(&q, &gm, GPA(RING), row[i].num);
		ck_assert_uint_eq(q.avail.v, RING + row[i].avail);
		ck_assert_uint_eq(q.used.v, RING + row[i].used);
		ck_assert_uint_eq(virtq_ring_bytes(row[i].num), row[i].bytes);
	}
}
END_TEST

START_TEST(chain_is_out_then_in)
{
	desc(3, 0x1000, 16, NEXT, 5);
	desc(5, 0x2000, 512, NEXT | WRITE, 1);
	desc(1, 0x3000, 1, WRITE, 0);
	post(3);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(chain.head, 3);
	ck_assert_uint_eq(chain.nr_out, 1);
	ck_assert_uint_eq(chain.nr_in, 2);
	ck_assert_uint_eq(chain.out_bytes, 16);
	ck_assert_uint_eq(chain.in_bytes, 513);
	ck_assert_uint_eq(chain.seg[1].gpa.v, 0x2000);
	ck_assert_uint_eq(chain.seg[2].len, 1);
	ck_assert_int_eq(take(), 0);
}
END_TEST

START_TEST(push_writes_entry_then_index)
{
	desc(2, 0x1000, 4, WRITE, 0);
	for (unsigned i = 0; i < 3 * NUM; i++) {
		post(2);
		ck_assert_int_eq(take(), 1);
		ck_assert_int_eq(virtq_push(&vq, chain.head, 100 + i, &why), 0);
		ck_assert_uint_eq(peek16(vq.used.v + 2), i + 1);
		ck_assert_uint_eq(peek32(vq.used.v + 4 + i % NUM * 8), 2);
		ck_assert_uint_eq(peek32(vq.used.v + 8 + i % NUM * 8), 100 + i);
	}
}
END_TEST

START_TEST(indices_wrap_at_65536)
{
	vq.last_avail = vq.used_idx = posted = 65535;
	poke16(vq.avail.v + 2, posted);
	desc(0, 0x1000, 4, WRITE, 0);
	post(0);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_int_eq(virtq_pop(&vq, &chain, &why), 1);
	ck_assert_int_eq(virtq_pop(&vq, &chain, &why), 0);
	ck_assert_int_eq(virtq_push(&vq, 0, 0, &why), 0);
	ck_assert_uint_eq(peek16(vq.used.v + 2), 0);
}
END_TEST

START_TEST(indirect_table_is_walked)
{
	table_desc(TABLE, 0, 0x1000, 10, NEXT, 1);
	table_desc(TABLE, 1, 0x2000, 20, NEXT | WRITE, 2);
	table_desc(TABLE, 2, 0x3000, 30, WRITE, 0);
	desc(4, TABLE, 48, INDIRECT, 0);
	post(4);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(chain.head, 4);
	ck_assert_uint_eq(chain.out_bytes, 10);
	ck_assert_uint_eq(chain.in_bytes, 50);
}
END_TEST

START_TEST(full_chain_and_full_table_pass)
{
	for (unsigned i = 0; i < NUM; i++) {
		uint16_t flags = i < NUM - 1 ? NEXT : 0;

		desc(i, 0x1000, 1, flags, (uint16_t)(i + 1));
		table_desc(TABLE, i, 0x1000, 1, flags, (uint16_t)(i + 1));
	}
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(chain.nr_out, NUM);
	desc(0, TABLE, 16 * NUM, INDIRECT, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(chain.nr_out, NUM);
}
END_TEST

START_TEST(interrupt_once_per_batch_unless_quiet)
{
	ck_assert(!virtq_wants_interrupt(&vq));
	desc(0, 0x1000, 4, WRITE, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_int_eq(virtq_push(&vq, 0, 4, &why), 0);
	ck_assert_int_eq(virtq_push(&vq, 0, 4, &why), 0);
	ck_assert(virtq_wants_interrupt(&vq));
	ck_assert(!virtq_wants_interrupt(&vq));
	poke16(vq.avail.v, VIRTQ_AVAIL_NO_INTERRUPT);
	ck_assert_int_eq(virtq_push(&vq, 0, 4, &why), 0);
	ck_assert(!virtq_wants_interrupt(&vq));
	poke16(vq.avail.v, 0);
	ck_assert(!virtq_wants_interrupt(&vq));
}
END_TEST

START_TEST(bytes_cross_cuts)
{
	uint8_t buf[16];

	desc(0, 0x1000, 3, NEXT, 1);
	desc(1, 0x2000, 5, NEXT, 2);
	desc(2, 0x3000, 2, NEXT | WRITE, 3);
	desc(3, 0x3100, 4, WRITE, 0);
	poke(0x1000, "abc", 3);
	poke(0x2000, "defgh", 5);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(virtq_gather(&vq, &chain, 1, buf, 4), 4);
	ck_assert_mem_eq(buf, "bcde", 4);
	ck_assert_uint_eq(virtq_gather(&vq, &chain, 4, buf, 16), 4);
	ck_assert_mem_eq(buf, "efgh", 4);
	ck_assert_uint_eq(virtq_gather(&vq, &chain, 8, buf, 1), 0);
	ck_assert_uint_eq(virtq_gather(&vq, &chain, ~0ull, buf, 1), 0);
	ck_assert_uint_eq(virtq_scatter(&vq, &chain, 1, "123456789", 9), 5);
	ck_assert_mem_eq(mem.ram + BASE + 0x3000,
			 "\0"
			 "1",
			 2);
	ck_assert_mem_eq(mem.ram + BASE + 0x3100, "2345", 5);
}
END_TEST

static int count_pieces(void *ctx, uint64_t done, uint8_t *p, uint32_t n)
{
	(void)p;
	*(uint64_t *)ctx += n;
	return done ? -ENOSPC : 0;
}

START_TEST(each_stops_at_an_error_and_at_the_end)
{
	uint64_t seen = 0;

	desc(0, 0x1000, 8, NEXT | WRITE, 1);
	desc(1, 0x2000, 8, NEXT | WRITE, 2);
	desc(2, 0x3000, 8, WRITE, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_int_eq(virtq_each_in(&vq, &chain, 0, 24, count_pieces, &seen), -ENOSPC);
	ck_assert_uint_eq(seen, 16);
	ck_assert_int_eq(virtq_each_in(&vq, &chain, 20, 5, count_pieces, &seen), -EFAULT);
}
END_TEST

START_TEST(stores_are_noticed)
{
	mem_mark_code(&mem, BASE + 0x1000, 32);
	mem.page[(BASE + 0x1000) >> PAGE_SHIFT] &= (uint8_t)~MEM_DIRTY;
	desc(0, 0x1000, 8, WRITE, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(mem.nr_changed, 0);
	ck_assert_uint_eq(virtq_scatter(&vq, &chain, 0, "x", 1), 1);
	ck_assert_uint_eq(mem.nr_changed, 1);
	ck_assert_uint_eq(mem.changed[0], (BASE + 0x1000) >> PAGE_SHIFT);
	ck_assert(mem.page[(BASE + 0x1000) >> PAGE_SHIFT] & MEM_DIRTY);
}
END_TEST

/* --- Guest memory --- */

START_TEST(guest_ends_at_its_limit)
{
	uint8_t b[4] = {1, 2, 3, 4};

	ck_assert(gm_write(&gm, GPA(LIMIT - 4), b, 4));
	ck_assert(!gm_write(&gm, GPA(LIMIT - 3), b, 4));
	ck_assert(!gm_read(&gm, GPA(0xfffffffe), b, 4));
	ck_assert(gm_has(&gm, LIMIT, 0));
	ck_assert(!gm_has(&gm, LIMIT + 1, 0));
	ck_assert(!gm_has(&gm, 1ull << 32, 1));
	ck_assert(!gm_has(&gm, 1, ~0ull));
	ck_assert_ptr_null(gm_pin(&gm, GPA(LIMIT - 1), 2));
	/* A limit beyond the machine's RAM gives no more than there is. */
	gm.limit_bytes = 0xffffffff;
	ck_assert(gm_has(&gm, 0x80000 - BASE - 1, 1));
	ck_assert(!gm_has(&gm, 0x80000 - BASE, 1));
}
END_TEST

/* --- hostile rings --- */

START_TEST(row_1_index_jumps)
{
	desc(0, 0x1000, 4, 0, 0);
	poke16(vq.avail.v + 2, NUM + 1);
	refused("available index moved by more than the queue holds");
}
END_TEST

START_TEST(row_1_index_goes_back)
{
	desc(0, 0x1000, 4, 0, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
	poke16(vq.avail.v + 2, 0);
	refused("available index moved by more than the queue holds");
}
END_TEST

/* A ring whose index moves with every chain taken (row 46, CVE-2016-5403) is bounded work. */
START_TEST(row_1_one_kick_is_one_queue_of_work)
{
	unsigned taken = 0;

	desc(0, 0x1000, 4, 0, 0);
	virtq_begin(&vq);
	post(0);
	while (virtq_pop(&vq, &chain, &why) > 0 && taken < 1000) {
		taken++;
		post(0);
	}
	ck_assert_uint_eq(taken, NUM);
	ck_assert_int_eq(take(), 1);
}
END_TEST

START_TEST(row_2_head_beyond_queue)
{
	post(NUM);
	refused("available entry names a descriptor beyond the queue");
}
END_TEST

START_TEST(row_3_next_beyond_table)
{
	desc(0, 0x1000, 4, NEXT, NUM);
	post(0);
	refused("next descriptor lies outside its table");
}
END_TEST

START_TEST(row_3_next_beyond_indirect_table)
{
	table_desc(TABLE, 0, 0x1000, 4, NEXT, 1);
	desc(0, TABLE, 16, INDIRECT, 0);
	post(0);
	refused("next descriptor lies outside its table");
}
END_TEST

START_TEST(row_4_loop)
{
	desc(0, 0x1000, 4, NEXT, 1);
	desc(1, 0x1000, 4, NEXT, 0);
	post(0);
	refused("descriptors loop");
}
END_TEST

START_TEST(row_4_loop_of_empty_descriptors)
{
	desc(0, 0x1000, 0, NEXT, 0);
	post(0);
	refused("descriptors loop");
}
END_TEST

START_TEST(row_4_loop_in_indirect_table)
{
	table_desc(TABLE, 0, 0x1000, 0, NEXT, 0);
	desc(0, TABLE, 16, INDIRECT, 0);
	post(0);
	refused("descriptors loop");
}
END_TEST

START_TEST(row_4_direct_and_indirect_together_too_long)
{
	for (unsigned i = 0; i < NUM; i++)
		table_desc(TABLE, i, 0x1000, 1, i < NUM - 1 ? NEXT : 0, (uint16_t)(i + 1));
	desc(0, 0x1000, 1, NEXT, 1);
	desc(1, TABLE, 16 * NUM, INDIRECT, 0);
	post(0);
	refused("chain is longer than the queue");
}
END_TEST

START_TEST(row_5_readable_after_writable)
{
	desc(0, 0x1000, 4, NEXT | WRITE, 1);
	desc(1, 0x2000, 4, 0, 0);
	post(0);
	refused("readable descriptor after a writable one");
}
END_TEST

START_TEST(row_6_outside)
{
	desc(0, LIMIT - 3, 4, WRITE, 0);
	post(0);
	refused("buffer lies outside the Guest's memory");
}
END_TEST

START_TEST(row_6_last_byte_is_inside)
{
	desc(0, LIMIT - 4, 4, WRITE, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
}
END_TEST

START_TEST(row_6_wraps)
{
	desc(0, 0xffffffff, 2, WRITE, 0);
	post(0);
	refused("buffer lies outside the Guest's memory");
}
END_TEST

START_TEST(row_6_length_near_4g)
{
	desc(0, 0x1000, 0xfffff000, WRITE, 0);
	post(0);
	refused("buffer lies outside the Guest's memory");
}
END_TEST

START_TEST(row_6_high_half)
{
	desc(0, 0x100001000ull, 4, WRITE, 0);
	post(0);
	refused("buffer lies outside the Guest's memory");
}
END_TEST

START_TEST(row_6_wraps_in_64_bits)
{
	desc(0, ~0ull, 2, WRITE, 0);
	post(0);
	refused("buffer lies outside the Guest's memory");
}
END_TEST

START_TEST(row_6_indirect_table_outside)
{
	desc(0, LIMIT - 16, 32, INDIRECT, 0);
	post(0);
	refused("indirect table lies outside the Guest's memory");
}
END_TEST

START_TEST(row_6_indirect_table_high_half)
{
	table_desc(TABLE, 0, 0x1000, 4, 0, 0);
	desc(0, 0x100000000ull + TABLE, 16, INDIRECT, 0);
	post(0);
	refused("indirect table lies outside the Guest's memory");
}
END_TEST

START_TEST(row_7_zero_length_is_skipped)
{
	desc(0, 0x1000, 4, NEXT, 1);
	desc(1, ~0ull, 0, NEXT, 2); /* and nobody looks where it is */
	desc(2, 0x2000, 4, WRITE, 0);
	post(0);
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(chain.nr_out, 1);
	ck_assert_uint_eq(chain.nr_in, 1);
	ck_assert_uint_eq(chain.seg[1].gpa.v, 0x2000);
}
END_TEST

/* As much as a Guest may name in one chain; the sum would not fit 32 bits. */
START_TEST(row_8_lengths_sum_in_64_bits)
{
	struct mem big;
	struct guest_mem big_gm = gm_make(&big, 0, 0, 0x30000000);
	uint64_t sum = 0;

	/* The RAM of `big` is reserved, not used. */
	ck_assert_int_eq(mem_init(&big, 0x30000000), 0);
	virtq_init(&vq, &big_gm, GPA(RING), NUM);
	for (unsigned i = 0; i < NUM; i++) {
		struct virtq_desc d = {le64(0), le32(0x30000000), le16(i < NUM - 1 ? NEXT : 0),
				       le16((uint16_t)(i + 1))};

		memcpy(big.ram + RING + i * 16, &d, 16);
		sum += 0x30000000;
	}
	big.ram[vq.avail.v + 2] = 1;
	ck_assert_int_eq(take(), 1);
	ck_assert_uint_eq(chain.out_bytes, sum);
	ck_assert_uint_gt(sum, UINT32_MAX);
	mem_fini(&big);
}
END_TEST

START_TEST(row_11_indirect_odd_length)
{
	desc(0, TABLE, 24, INDIRECT, 0);
	post(0);
	refused("indirect table is not a whole number of descriptors");
}
END_TEST

START_TEST(row_12_indirect_longer_than_queue)
{
	desc(0, TABLE, 16 * (NUM + 1), INDIRECT, 0);
	post(0);
	refused("indirect table is longer than the queue");
}
END_TEST

START_TEST(row_13_indirect_inside_indirect)
{
	table_desc(TABLE, 0, TABLE, 16, INDIRECT, 0);
	desc(0, TABLE, 16, INDIRECT, 0);
	post(0);
	refused("indirect descriptor inside an indirect table");
}
END_TEST

START_TEST(row_13_indirect_with_next)
{
	table_desc(TABLE, 0, 0x1000, 4, 0, 0);
	desc(0, TABLE, 16, INDIRECT | NEXT, 1);
	desc(1, 0x1000, 4, 0, 0);
	post(0);
	refused("indirect descriptor with a next one");
}
END_TEST

START_TEST(row_13_indirect_never_offered)
{
	vq.indirect = false;
	table_desc(TABLE, 0, 0x1000, 4, 0, 0);
	desc(0, TABLE, 16, INDIRECT, 0);
	post(0);
	refused("indirect descriptor, which was never offered");
}
END_TEST

START_TEST(row_14_indirect_empty)
{
	table_desc(TABLE, 0, 0x1000, 4, 0, 0);
	desc(0, TABLE, 0, INDIRECT, 0);
	post(0);
	refused("indirect table is empty");
}
END_TEST

/* What the Guest changes after we looked changes nothing. */
START_TEST(row_46_chain_is_a_copy)
{
	uint8_t b = 0;

	desc(0, 0x1000, 1, 0, 0);
	poke(0x1000, "A", 1);
	poke(0x2000, "B", 1);
	post(0);
	ck_assert_int_eq(take(), 1);
	desc(0, 0x2000, 0xffffffff, WRITE, 7);
	ck_assert_uint_eq(virtq_gather(&vq, &chain, 0, &b, 1), 1);
	ck_assert_uint_eq(b, 'A');
	ck_assert_uint_eq(chain.out_bytes, 1);
}
END_TEST

/* Nor does what it writes into the used ring, which is ours to write. */
START_TEST(row_46_used_index_is_ours)
{
	poke16(vq.used.v + 2, 0x1234);
	ck_assert_int_eq(virtq_push(&vq, 1, 0, &why), 0);
	ck_assert_uint_eq(peek16(vq.used.v + 2), 1);
}
END_TEST

START_TEST(ring_outside_memory_is_an_error)
{
	gm.limit_bytes = RING;
	refused("ring lies outside the Guest's memory");
	ck_assert_int_eq(virtq_push(&vq, 0, 0, &why), -EPROTO);
	ck_assert(!virtq_wants_interrupt(&vq));
}
END_TEST

static void add(Suite *s, TCase *c)
{
	tcase_add_checked_fixture(c, setup, teardown);
	suite_add_tcase(s, c);
}

static Suite *virtq_suite(void)
{
	Suite *s = suite_create("virtq");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");

	add(s, good);
	tcase_add_test(good, layout_is_table_2_6);
	tcase_add_test(good, chain_is_out_then_in);
	tcase_add_test(good, push_writes_entry_then_index);
	tcase_add_test(good, indices_wrap_at_65536);
	tcase_add_test(good, indirect_table_is_walked);
	tcase_add_test(good, full_chain_and_full_table_pass);
	tcase_add_test(good, interrupt_once_per_batch_unless_quiet);
	tcase_add_test(good, bytes_cross_cuts);
	tcase_add_test(good, each_stops_at_an_error_and_at_the_end);
	tcase_add_test(good, stores_are_noticed);
	tcase_add_test(good, guest_ends_at_its_limit);
	add(s, hostile);
	tcase_add_test(hostile, row_1_index_jumps);
	tcase_add_test(hostile, row_1_index_goes_back);
	tcase_add_test(hostile, row_1_one_kick_is_one_queue_of_work);
	tcase_add_test(hostile, row_2_head_beyond_queue);
	tcase_add_test(hostile, row_3_next_beyond_table);
	tcase_add_test(hostile, row_3_next_beyond_indirect_table);
	tcase_add_test(hostile, row_4_loop);
	tcase_add_test(hostile, row_4_loop_of_empty_descriptors);
	tcase_add_test(hostile, row_4_loop_in_indirect_table);
	tcase_add_test(hostile, row_4_direct_and_indirect_together_too_long);
	tcase_add_test(hostile, row_5_readable_after_writable);
	tcase_add_test(hostile, row_6_outside);
	tcase_add_test(hostile, row_6_last_byte_is_inside);
	tcase_add_test(hostile, row_6_wraps);
	tcase_add_test(hostile, row_6_length_near_4g);
	tcase_add_test(hostile, row_6_high_half);
	tcase_add_test(hostile, row_6_wraps_in_64_bits);
	tcase_add_test(hostile, row_6_indirect_table_outside);
	tcase_add_test(hostile, row_6_indirect_table_high_half);
	tcase_add_test(hostile, row_7_zero_length_is_skipped);
	tcase_add_test(hostile, row_8_lengths_sum_in_64_bits);
	tcase_add_test(hostile, row_11_indirect_odd_length);
	tcase_add_test(hostile, row_12_indirect_longer_than_queue);
	tcase_add_test(hostile, row_13_indirect_inside_indirect);
	tcase_add_test(hostile, row_13_indirect_with_next);
	tcase_add_test(hostile, row_13_indirect_never_offered);
	tcase_add_test(hostile, row_14_indirect_empty);
	tcase_add_test(hostile, row_46_chain_is_a_copy);
	tcase_add_test(hostile, row_46_used_index_is_ours);
	tcase_add_test(hostile, ring_outside_memory_is_an_error);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(virtq_suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
