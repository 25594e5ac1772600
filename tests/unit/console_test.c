/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:972
 * The console, its FIFO and what a liar may post to it; and the entropy device, which is the same
 * kind of thing with nobody typing.
:*/
#include <check.h>
#include <errno.h>
#include <string.h>

#include "virtio/console.h"
#include "virtio/rng.h"

enum {
	LIMIT = 0x80000,
	RING = 0x60000,
	RING_STEP = 0x4000,
	NUM = 8,
	BUF = 0x1000,
	NEXT = VIRTQ_DESC_NEXT,
	WRITE = VIRTQ_DESC_WRITE,
	INPUT = 0,
	OUTPUT = 1,
	FIFO = 65536,
};

static struct mem mem;
static struct guest_mem gm;
static struct virtio_device *dev;
static uint16_t posted[2];
static unsigned interrupts[2];
static char printed[0x20000];
static size_t nr_printed;

static void print(void *ctx, const uint8_t *bytes, size_t n)
{
	ck_assert_ptr_eq(ctx, &mem);
	ck_assert_uint_le(nr_printed + n, sizeof(printed));
	memcpy(printed + nr_printed, bytes, n);
	nr_printed += n;
}

static void interrupt(void *bus, struct virtio_device *d, unsigned q)
{
	(void)bus;
	ck_assert_ptr_eq(d, dev);
	interrupts[q]++;
}

static void plug(struct virtio_device *d)
{
	virtio_destroy(dev);
	dev = d;
	ck_assert_ptr_nonnull(dev);
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		virtq_init(&dev->vq[q], &gm, GPA(RING + q * RING_STEP), NUM);
	dev->interrupt = interrupt;
	memset(posted, 0, sizeof(posted));
	memset(mem.ram + RING, 0, 2 * RING_STEP);
}

static void setup(void)
{
	ck_assert_int_eq(mem_init(&mem, LIMIT), 0);
	gm = gm_make(&mem, 0, RING, LIMIT);
	memset(interrupts, 0, sizeof(interrupts));
	nr_printed = 0;
	dev = NULL;
	plug(virtio_console_create(print, &mem));
}

static void teardown(void)
{
	virtio_destroy(dev);
	mem_fini(&mem);
}

/* --- the Guest's end --- */

static void desc(unsigned q, unsigned i, uint32_t addr, uint32_t len, uint16_t flags)
{
	struct virtq_desc d = {le64(addr), le32(len), le16(flags), le16((uint16_t)(i + 1))};

	memcpy(mem.ram + RING + q * RING_STEP + i * 16, &d, 16);
}

static void post(unsigned q, uint16_t head)
{
	uint32_t avail = dev->vq[q].avail.v;
	le16_t entry = le16(head), idx = le16((uint16_t)(posted[q] + 1));

	memcpy(mem.ram + avail + 4 + posted[q]++ % NUM * 2, &entry, 2);
	memcpy(mem.ram + avail + 2, &idx, 2);
}

static uint16_t used_idx(unsigned q)
{
	const uint8_t *p = mem.ram + dev->vq[q].used.v;

	return (uint16_t)(p[2] | p[3] << 8);
}

static uint32_t used_len(unsigned q)
{
	const uint8_t *p = mem.ram + dev->vq[q].used.v + 4 + (used_idx(q) - 1u) % NUM * 8 + 4;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static size_t type(const char *text)
{
	return console_input(dev, (const uint8_t *)text, strlen(text));
}

/* --- output --- */

START_TEST(output_is_printed_and_given_back)
{
	memcpy(mem.ram + BUF, "hello", 5);
	desc(OUTPUT, 0, BUF, 2, NEXT);
	desc(OUTPUT, 1, BUF + 2, 3, 0);
	post(OUTPUT, 0);
	virtio_notify(dev, OUTPUT);
	ck_assert_uint_eq(nr_printed, 5);
	ck_assert_mem_eq(printed, "hello", 5);
	ck_assert_uint_eq(used_idx(OUTPUT), 1);
	ck_assert_uint_eq(used_len(OUTPUT), 0);
	ck_assert_uint_eq(interrupts[OUTPUT], 1);
}
END_TEST

START_TEST(kick_without_work_is_legal)
{
	virtio_notify(dev, OUTPUT);
	virtio_notify(dev, INPUT);
	ck_assert_ptr_null(dev->stopped);
	ck_assert_uint_eq(interrupts[OUTPUT] + interrupts[INPUT], 0);
}
END_TEST

/* The Guest spins for its buffer with the doorbell's suppression off: used.flags stays 0. */
START_TEST(doorbell_is_never_suppressed)
{
	desc(OUTPUT, 0, BUF, 1, 0);
	post(OUTPUT, 0);
	virtio_notify(dev, OUTPUT);
	ck_assert_uint_eq(mem.ram[dev->vq[OUTPUT].used.v], 0);
	ck_assert_uint_eq(mem.ram[dev->vq[OUTPUT].used.v + 1], 0);
}
END_TEST

START_TEST(row_8_output_flood_is_cut)
{
	for (unsigned i = 0; i < NUM; i++)
		desc(OUTPUT, i, BUF, 0x10000, i < NUM - 1 ? NEXT : 0);
	post(OUTPUT, 0);
	virtio_notify(dev, OUTPUT);
	ck_assert_uint_eq(nr_printed, 0x10000);
	ck_assert_uint_eq(used_idx(OUTPUT), 1);
}
END_TEST

START_TEST(row_9_writable_in_output)
{
	desc(OUTPUT, 0, BUF, 4, NEXT);
	desc(OUTPUT, 1, BUF, 4, WRITE);
	post(OUTPUT, 0);
	virtio_notify(dev, OUTPUT);
	ck_assert_str_eq(dev->stopped, "writable buffer in the console's output queue");
	ck_assert_uint_eq(nr_printed, 0);
	ck_assert_uint_eq(used_idx(OUTPUT), 0);
}
END_TEST

/* --- input --- */

START_TEST(input_waits_for_a_buffer)
{
	ck_assert_uint_eq(type("ls\n"), 3);
	ck_assert_uint_eq(console_waiting(dev), 3);
	ck_assert_uint_eq(interrupts[INPUT], 0);
	desc(INPUT, 0, BUF, 4096, WRITE);
	post(INPUT, 0);
	virtio_notify(dev, INPUT);
	ck_assert_uint_eq(console_waiting(dev), 0);
	ck_assert_mem_eq(mem.ram + BUF, "ls\n", 4);
	ck_assert_uint_eq(used_len(INPUT), 3);
	ck_assert_uint_eq(interrupts[INPUT], 1);
}
END_TEST

START_TEST(input_fills_a_waiting_buffer_at_once)
{
	desc(INPUT, 0, BUF, 4096, WRITE);
	post(INPUT, 0);
	virtio_notify(dev, INPUT);
	ck_assert_uint_eq(used_idx(INPUT), 0);
	ck_assert_uint_eq(type("x"), 1);
	ck_assert_uint_eq(used_len(INPUT), 1);
	ck_assert_uint_eq(interrupts[INPUT], 1);
}
END_TEST

START_TEST(input_is_cut_to_the_buffers)
{
	desc(INPUT, 0, BUF, 2, NEXT | WRITE);
	desc(INPUT, 1, BUF + 0x100, 2, WRITE);
	desc(INPUT, 2, BUF + 0x200, 3, WRITE);
	post(INPUT, 0);
	post(INPUT, 2);
	ck_assert_uint_eq(type("abcdefgh"), 8);
	ck_assert_mem_eq(mem.ram + BUF, "ab", 3);
	ck_assert_mem_eq(mem.ram + BUF + 0x100, "cd", 3);
	ck_assert_mem_eq(mem.ram + BUF + 0x200, "efg", 4);
	ck_assert_uint_eq(used_len(INPUT), 3);
	ck_assert_uint_eq(console_waiting(dev), 1);
	ck_assert_uint_eq(interrupts[INPUT], 1);
}
END_TEST

/* 2.6.25 and 2.6.26 poll, and say that they want no interrupt. */
START_TEST(polling_guest_is_left_alone)
{
	mem.ram[dev->vq[INPUT].avail.v] = VIRTQ_AVAIL_NO_INTERRUPT;
	desc(INPUT, 0, BUF, 16, WRITE);
	post(INPUT, 0);
	ck_assert_uint_eq(type("x"), 1);
	ck_assert_uint_eq(used_idx(INPUT), 1);
	ck_assert_uint_eq(interrupts[INPUT], 0);
}
END_TEST

START_TEST(fifo_takes_what_fits_and_wraps)
{
	uint8_t bytes[1000];
	size_t in = 0, out = 0;

	/* Keep it nearly full and go around twice; bytes come out in the order they went in. */
	desc(INPUT, 0, BUF, 700, WRITE);
	while (out < 2 * FIFO + 12345) {
		size_t taken;

		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((in + i) * 7 >> 3);
		taken = console_input(dev, bytes, sizeof(bytes));
		ck_assert_uint_eq(console_room(dev) + console_waiting(dev), FIFO);
		in += taken;
		if (taken == sizeof(bytes))
			continue;
		ck_assert_uint_eq(console_room(dev), 0);
		post(INPUT, 0);
		virtio_notify(dev, INPUT);
		ck_assert_uint_eq(used_len(INPUT), 700);
		for (unsigned i = 0; i < 700; i++, out++)
			ck_assert_uint_eq(mem.ram[BUF + i], (uint8_t)(out * 7 >> 3));
	}
}
END_TEST

START_TEST(what_was_typed_survives_a_reset)
{
	type("root\n");
	virtio_reset(dev);
	ck_assert_uint_eq(console_waiting(dev), 5);
}
END_TEST

START_TEST(row_7_empty_buffer_takes_nothing)
{
	desc(INPUT, 0, BUF, 0, WRITE);
	desc(INPUT, 1, BUF, 4, WRITE);
	post(INPUT, 0);
	post(INPUT, 1);
	type("hi");
	ck_assert_ptr_null(dev->stopped);
	ck_assert_uint_eq(used_idx(INPUT), 2);
	ck_assert_uint_eq(used_len(INPUT), 2);
	ck_assert_mem_eq(mem.ram + BUF, "hi", 3);
}
END_TEST

START_TEST(row_10_readable_in_input)
{
	desc(INPUT, 0, BUF, 4, NEXT);
	desc(INPUT, 1, BUF, 4, WRITE);
	post(INPUT, 0);
	type("x");
	ck_assert_str_eq(dev->stopped, "readable buffer in the console's input queue");
	ck_assert_uint_eq(console_waiting(dev), 1);
	/* A stopped console still keeps what is typed. */
	ck_assert_uint_eq(type("y"), 1);
	ck_assert_uint_eq(console_waiting(dev), 2);
}
END_TEST

/* --- entropy --- */

static void random_into(uint32_t gpa, uint32_t len)
{
	desc(0, 0, gpa, len, WRITE);
	post(0, 0);
	virtio_notify(dev, 0);
	ck_assert_ptr_null(dev->stopped);
	ck_assert_uint_eq(used_len(0), len);
}

START_TEST(rng_is_a_function_of_its_seed)
{
	uint8_t first[64];

	plug(virtio_rng_create(1));
	random_into(BUF, 64);
	memcpy(first, mem.ram + BUF, 64);
	/* In pieces it is the same stream. */
	plug(virtio_rng_create(1));
	random_into(BUF + 100, 3);
	random_into(BUF + 103, 61);
	ck_assert_mem_eq(mem.ram + BUF + 100, first, 64);
	plug(virtio_rng_create(2));
	random_into(BUF, 64);
	ck_assert_mem_ne(mem.ram + BUF, first, 64);
}
END_TEST

/* Worked out apart from our code, from the two published algorithms, so that another host can disagree. */
START_TEST(rng_bytes_are_fixed)
{
	static const uint8_t seed_0[] = {0xdf, 0x23, 0x0b, 0x49, 0x61, 0x5d, 0x17, 0x53,
					 0x07, 0xd5, 0x80, 0xc3, 0x3d, 0x6f, 0xda, 0x61};

	plug(virtio_rng_create(0));
	random_into(BUF, sizeof(seed_0));
	ck_assert_mem_eq(mem.ram + BUF, seed_0, sizeof(seed_0));
}
END_TEST

static unsigned asked;

static int fill(uint8_t *to, uint32_t n)
{
	memset(to, 0x5c, n);
	return asked++ ? -EIO : 0;
}

/* And if there are none, then that is the end of the device, not a buffer of old bytes. */
START_TEST(rng_from_elsewhere)
{
	plug(virtio_rng_create_from(fill));
	random_into(BUF, 64);
	ck_assert_uint_eq(mem.ram[BUF + 63], 0x5c);
	desc(0, 0, BUF, 64, WRITE);
	post(0, 0);
	virtio_notify(dev, 0);
	ck_assert_str_eq(dev->stopped, "no random bytes for its buffer");
}
END_TEST

START_TEST(rng_row_8_is_cut)
{
	plug(virtio_rng_create(1));
	desc(0, 0, BUF, 0x20000, WRITE);
	post(0, 0);
	virtio_notify(dev, 0);
	ck_assert_uint_eq(used_len(0), 0x10000);
}
END_TEST

START_TEST(rng_row_10_readable)
{
	plug(virtio_rng_create(1));
	desc(0, 0, BUF, 4, NEXT);
	desc(0, 1, BUF, 4, WRITE);
	post(0, 0);
	virtio_notify(dev, 0);
	ck_assert_str_eq(dev->stopped, "readable buffer in the entropy queue");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("console");
	TCase *con = tcase_create("console"), *rng = tcase_create("rng");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(con, setup, teardown);
	suite_add_tcase(s, con);
	tcase_add_test(con, output_is_printed_and_given_back);
	tcase_add_test(con, kick_without_work_is_legal);
	tcase_add_test(con, doorbell_is_never_suppressed);
	tcase_add_test(con, row_8_output_flood_is_cut);
	tcase_add_test(con, row_9_writable_in_output);
	tcase_add_test(con, input_waits_for_a_buffer);
	tcase_add_test(con, input_fills_a_waiting_buffer_at_once);
	tcase_add_test(con, input_is_cut_to_the_buffers);
	tcase_add_test(con, polling_guest_is_left_alone);
	tcase_add_test(con, fifo_takes_what_fits_and_wraps);
	tcase_add_test(con, what_was_typed_survives_a_reset);
	tcase_add_test(con, row_7_empty_buffer_takes_nothing);
	tcase_add_test(con, row_10_readable_in_input);
	tcase_add_checked_fixture(rng, setup, teardown);
	suite_add_tcase(s, rng);
	tcase_add_test(rng, rng_is_a_function_of_its_seed);
	tcase_add_test(rng, rng_bytes_are_fixed);
	tcase_add_test(rng, rng_from_elsewhere);
	tcase_add_test(rng, rng_row_8_is_cut);
	tcase_add_test(rng, rng_row_10_readable);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
