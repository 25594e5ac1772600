/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:956
 * The network card with its rings made by hand, in the three dialects: frames cut in every way, the
 * FIFO, and rows 4 to 10, 12 to 14, 20 and 21 of devices.md section 6.
:*/
#include <check.h>
#include <string.h>

#include "virtio/net.h"

enum {
	LIMIT = 0x100000,
	RX_RING = 0x40000,
	TX_RING = 0x50000,
	RAM = 0x60000,
	NUM = 16,
	RX = 0,
	TX = 1,
	HEADER = 0x1000,
	DATA = 0x2000,
	TABLE = 0x8000,
	NEXT = VIRTQ_DESC_NEXT,
	WRITE = VIRTQ_DESC_WRITE,
	INDIRECT = VIRTQ_DESC_INDIRECT,
};

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 7};

static struct mem mem;
static struct guest_mem gm;
static struct virtio_device *dev;
static uint16_t posted[2];
static unsigned interrupts[2];
static uint8_t wire[NET_FRAME_MAX]; /* the last frame sent */
static uint32_t wire_len;
static unsigned sent;
static uint8_t frame[70000];

static void on_send(void *ctx, const uint8_t *bytes, uint32_t n)
{
	ck_assert_ptr_eq(ctx, &mem);
	ck_assert_uint_le(n, sizeof(wire));
	memcpy(wire, bytes, n);
	wire_len = n;
	sent++;
}

static void interrupt(void *bus, struct virtio_device *d, unsigned q)
{
	(void)bus;
	ck_assert_ptr_eq(d, dev);
	ck_assert_uint_lt(q, 2);
	interrupts[q]++;
}

static void plug(unsigned header_bytes, bool counts)
{
	virtio_destroy(dev);
	dev = virtio_net_create(mac, on_send, &mem);
	ck_assert_ptr_nonnull(dev);
	virtq_init(&dev->vq[RX], &gm, GPA(RX_RING), NUM);
	virtq_init(&dev->vq[TX], &gm, GPA(TX_RING), NUM);
	dev->vq[RX].indirect = dev->vq[TX].indirect = true;
	dev->offered = dev->ops->features;
	dev->dialect = (struct virtio_dialect){.net_header_bytes = (uint8_t)header_bytes,
					       .net_counts_sent = counts};
	dev->interrupt = interrupt;
	dev->ops->plug(dev);
}

static void setup(void)
{
	ck_assert_int_eq(mem_init(&mem, LIMIT), 0);
	gm = gm_make(&mem, 0, RAM, RAM);
	memset(posted, 0, sizeof(posted));
	memset(interrupts, 0, sizeof(interrupts));
	memset(mem.ram, 0xee, RX_RING);
	for (unsigned i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7 + i / 256);
	wire_len = sent = 0;
	dev = NULL;
	plug(10, false);
}

static void teardown(void)
{
	virtio_destroy(dev);
	dev = NULL;
	mem_fini(&mem);
}

/* --- the Guest's end --- */

static void put_desc(uint32_t at, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	struct virtq_desc d = {le64(addr), le32(len), le16(flags), le16(next)};

	memcpy(mem.ram + at, &d, 16);
}

static void desc(unsigned q, unsigned i, uint64_t addr, uint32_t len, uint16_t flags)
{
	put_desc(dev->vq[q].desc.v + i * 16, addr, len, flags, (uint16_t)(i + 1));
}

/* The chain that begins at descriptor `head`, without a kick. */
static void post(unsigned q, uint16_t head)
{
	le16_t entry = le16(head), idx = le16((uint16_t)(posted[q] + 1));
	uint32_t avail = dev->vq[q].avail.v;

	memcpy(mem.ram + avail + 4 + 2 * (posted[q] % NUM), &entry, 2);
	memcpy(mem.ram + avail + 2, &idx, 2);
	posted[q]++;
}

static uint32_t get(uint32_t at, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | mem.ram[at + bytes];
	return v;
}

static uint32_t used_idx(unsigned q)
{
	return get(dev->vq[q].used.v + 2, 2);
}

/* Length of the n'th used entry. */
static uint32_t used_len(unsigned q, unsigned n)
{
	return get(dev->vq[q].used.v + 4 + (n % NUM) * 8 + 4, 4);
}

static bool is_quiet(void)
{
	return get(dev->vq[RX].used.v, 2) == VIRTQ_USED_NO_NOTIFY;
}

/* Send n bytes of frame behind a header of zeros, as two descriptors. */
static void transmit(uint32_t n)
{
	memset(mem.ram + HEADER, 0, 12);
	memcpy(mem.ram + DATA, frame, n);
	desc(TX, 0, HEADER, dev->dialect.net_header_bytes, NEXT);
	desc(TX, 1, DATA, n, 0);
	post(TX, 0);
	virtio_notify(dev, TX);
}

/* Post a buffer as old drivers do, header and data apart; `slot` tells them from each other. */
static void post_buffer(unsigned slot, uint32_t data_bytes)
{
	desc(RX, slot * 2, HEADER + slot * 16, dev->dialect.net_header_bytes, NEXT | WRITE);
	desc(RX, slot * 2 + 1, DATA + slot * 0x1000, data_bytes, WRITE);
	post(RX, (uint16_t)(slot * 2));
}

static void bring_up(void)
{
	virtio_notify(dev, RX);
	ck_assert_ptr_null(dev->stopped);
}

/* --- what a Guest does --- */

START_TEST(mac_is_offered)
{
	ck_assert_mem_eq(dev->config, mac, 6);
	ck_assert(dev->offered >> VIRTIO_NET_F_MAC & 1);
	/* Nothing that asks us to work on frames: sums, segments. */
	ck_assert_uint_eq(dev->ops->features & 0x7fdf, 0);
}
END_TEST

START_TEST(send_in_every_dialect)
{
	static const unsigned header[] = {8, 10, 12};

	for (unsigned i = 0; i < ARRAY_LEN(header); i++) {
		plug(header[i], false);
		memset(mem.ram + RX_RING, 0, RAM - RX_RING);
		posted[TX] = 0;
		sent = 0;
		transmit(60);
		transmit(1514);
		ck_assert_uint_eq(sent, 2);
		ck_assert_uint_eq(wire_len, 1514);
		ck_assert_mem_eq(wire, frame, 1514);
		ck_assert_uint_eq(used_idx(TX), 2);
		ck_assert_uint_eq(used_len(TX, 1), 0);
	}
	ck_assert_uint_eq(interrupts[TX], 6);
	ck_assert_uint_eq(virtio_net_counts(dev).sent, 2);
}
END_TEST

/* As one descriptor, as many small ones, and by a table. */
START_TEST(send_however_it_is_cut)
{
	memset(mem.ram + DATA, 0, 10);
	memcpy(mem.ram + DATA + 10, frame, 100);
	desc(TX, 0, DATA, 110, 0);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_uint_eq(wire_len, 100);
	ck_assert_mem_eq(wire, frame, 100);

	desc(TX, 0, DATA, 7, NEXT);
	desc(TX, 1, DATA + 7, 5, NEXT);
	desc(TX, 2, DATA + 12, 1, NEXT);
	desc(TX, 3, DATA + 13, 0, NEXT);
	desc(TX, 4, DATA + 13, 97, 0);
	post(TX, 0);
	wire_len = 0;
	virtio_notify(dev, TX);
	ck_assert_uint_eq(wire_len, 100);
	ck_assert_mem_eq(wire, frame, 100);

	put_desc(TABLE, DATA, 10, NEXT, 1);
	put_desc(TABLE + 16, DATA + 10, 50, NEXT, 2);
	put_desc(TABLE + 32, DATA + 60, 50, 0, 0);
	desc(TX, 0, TABLE, 48, INDIRECT);
	post(TX, 0);
	wire_len = 0;
	virtio_notify(dev, TX);
	ck_assert_uint_eq(wire_len, 100);
	ck_assert_mem_eq(wire, frame, 100);
	ck_assert_ptr_null(dev->stopped);
}
END_TEST

START_TEST(old_drivers_count_what_they_sent)
{
	plug(8, true);
	transmit(98);
	ck_assert_uint_eq(used_len(TX, 0), 98);
	transmit(5);
	ck_assert_uint_eq(used_len(TX, 1), 0);
}
END_TEST

START_TEST(receive_in_every_dialect)
{
	static const uint8_t header[3][12] = {{0}, {0}, {[10] = 1}};

	for (unsigned i = 0; i < 3; i++) {
		unsigned bytes = 8 + 2 * i;

		plug(bytes, false);
		memset(mem.ram + RX_RING, 0, RAM - RX_RING);
		posted[RX] = 0;
		post_buffer(0, 1514);
		bring_up();
		ck_assert(virtio_net_receive(dev, frame, 1000));
		ck_assert_uint_eq(used_idx(RX), 1);
		ck_assert_uint_eq(used_len(RX, 0), bytes + 1000);
		ck_assert_mem_eq(mem.ram + HEADER, header[i], bytes);
		ck_assert_uint_eq(mem.ram[HEADER + bytes], 0xee);
		ck_assert_mem_eq(mem.ram + DATA, frame, 1000);
		ck_assert_uint_eq(mem.ram[DATA + 1000], 0xee);
		memset(mem.ram, 0xee, RX_RING);
	}
	ck_assert_uint_eq(interrupts[RX], 3);
}
END_TEST

START_TEST(without_a_driver_nothing_is_heard)
{
	ck_assert(!virtio_net_receive(dev, frame, 100));
	post_buffer(0, 1514);
	bring_up();
	ck_assert_uint_eq(used_idx(RX), 0);
	ck_assert_uint_eq(virtio_net_counts(dev).receive_dropped, 1);
	ck_assert(virtio_net_receive(dev, frame, 100));
	virtio_reset(dev);
	ck_assert(!virtio_net_receive(dev, frame, 100));
}
END_TEST

/* Frames that find no buffer wait, in order; as long as any does the Guest has to kick. */
START_TEST(fifo)
{
	post_buffer(0, 1514);
	bring_up();
	ck_assert(is_quiet());
	for (unsigned i = 0; i < 4; i++)
		ck_assert(virtio_net_receive(dev, frame, 100 + i));
	ck_assert_uint_eq(used_idx(RX), 1);
	ck_assert(!is_quiet());
	post_buffer(1, 1514);
	post_buffer(2, 1514);
	virtio_notify(dev, RX);
	ck_assert_uint_eq(used_idx(RX), 3);
	ck_assert_uint_eq(used_len(RX, 0), 110);
	ck_assert_uint_eq(used_len(RX, 1), 111);
	ck_assert_uint_eq(used_len(RX, 2), 112);
	ck_assert(!is_quiet());
	/* A new frame must not overtake the one that waits. */
	post_buffer(3, 1514);
	ck_assert(virtio_net_receive(dev, frame, 200));
	virtio_notify(dev, RX);
	ck_assert_uint_eq(used_len(RX, 3), 113);
	post_buffer(0, 1514);
	virtio_notify(dev, RX);
	ck_assert_uint_eq(used_len(RX, 4), 210);
	ck_assert(is_quiet());
}
END_TEST

START_TEST(fifo_is_bounded)
{
	unsigned room = virtio_net_room(dev), taken = 0;

	bring_up();
	ck_assert_uint_gt(room, 0);
	while (virtio_net_receive(dev, frame, NET_FRAME_MAX))
		ck_assert_uint_lt(++taken, 10000);
	ck_assert_uint_ge(taken, room);
	ck_assert_uint_eq(virtio_net_room(dev), 0);
	virtio_reset(dev);
	ck_assert_uint_eq(virtio_net_room(dev), room);
	bring_up();
	for (taken = 0; virtio_net_receive(dev, frame, 60); taken++)
		ck_assert_uint_lt(taken, 10000);
	ck_assert_uint_eq(taken, 256);
	ck_assert_uint_eq(virtio_net_room(dev), 0);
}
END_TEST

START_TEST(interrupts_can_be_off)
{
	mem.ram[dev->vq[RX].avail.v] = VIRTQ_AVAIL_NO_INTERRUPT;
	post_buffer(0, 1514);
	bring_up();
	ck_assert(virtio_net_receive(dev, frame, 100));
	ck_assert_uint_eq(used_idx(RX), 1);
	ck_assert_uint_eq(interrupts[RX], 0);
}
END_TEST

static uint8_t state[2][1024];
static size_t nr_state[2];

static void keep(void *ctx, const void *p, size_t n)
{
	unsigned *which = ctx;

	ck_assert_uint_le(nr_state[*which] + n, sizeof(state[0]));
	memcpy(state[*which] + nr_state[*which], p, n);
	nr_state[*which] += n;
}

START_TEST(what_waits_is_state)
{
	unsigned which = 0;
	const struct virtio_sink sink = {keep, &which};

	bring_up();
	virtio_state(dev, &sink);
	which = 1;
	ck_assert(virtio_net_receive(dev, frame, 100));
	virtio_state(dev, &sink);
	ck_assert_uint_eq(nr_state[1], nr_state[0] + 4 + 100);
}
END_TEST

/* --- a hostile Guest --- */

START_TEST(row_06_buffer_outside)
{
	desc(TX, 0, RAM - 10, 100, 0);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_str_eq(dev->stopped, "buffer lies outside the Guest's memory");
	ck_assert_uint_eq(sent, 0);
}
END_TEST

START_TEST(row_06_receive_buffer_outside)
{
	desc(RX, 0, 0xfffffff0, 0x2000, WRITE);
	post(RX, 0);
	bring_up();
	ck_assert(!virtio_net_receive(dev, frame, 100));
	ck_assert_ptr_nonnull(dev->stopped);
}
END_TEST

/* Many gigabytes by naming the same memory again and again. */
START_TEST(row_08_huge_sum)
{
	for (unsigned i = 0; i < NUM; i++)
		desc(TX, i, 0, RAM - 1, i + 1 < NUM ? NEXT : 0);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_ptr_null(dev->stopped);
	ck_assert_uint_eq(sent, 0);
	ck_assert_uint_eq(used_idx(TX), 1);
	ck_assert_uint_eq(virtio_net_counts(dev).send_dropped, 1);
}
END_TEST

START_TEST(row_09_writable_in_the_output_queue)
{
	desc(TX, 0, HEADER, 10, NEXT);
	desc(TX, 1, DATA, 100, WRITE);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_ptr_nonnull(strstr(dev->stopped, "output queue"));
	ck_assert_uint_eq(sent, 0);
}
END_TEST

START_TEST(row_10_readable_in_the_input_queue)
{
	desc(RX, 0, HEADER, 10, NEXT);
	desc(RX, 1, DATA, 1514, WRITE);
	post(RX, 0);
	bring_up();
	ck_assert(!virtio_net_receive(dev, frame, 100));
	ck_assert_ptr_nonnull(strstr(dev->stopped, "input queue"));
}
END_TEST

START_TEST(row_12_indirect_longer_than_the_queue)
{
	desc(TX, 0, TABLE, (NUM + 1) * 16, INDIRECT);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_str_eq(dev->stopped, "indirect table is longer than the queue");
}
END_TEST

START_TEST(row_13_indirect_in_indirect)
{
	put_desc(TABLE, TABLE + 64, 16, INDIRECT, 0);
	desc(TX, 0, TABLE, 16, INDIRECT);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_str_eq(dev->stopped, "indirect descriptor inside an indirect table");
}
END_TEST

START_TEST(row_20_no_whole_header)
{
	desc(TX, 0, HEADER, 9, 0);
	post(TX, 0);
	desc(TX, 1, HEADER, 0, 0);
	post(TX, 1);
	virtio_notify(dev, TX);
	ck_assert_ptr_null(dev->stopped);
	ck_assert_uint_eq(sent, 0);
	ck_assert_uint_eq(used_idx(TX), 2);
	ck_assert_uint_eq(used_len(TX, 0), 0);
}
END_TEST

START_TEST(row_20_too_short_and_too_long)
{
	transmit(13);
	ck_assert_uint_eq(sent, 0);
	transmit(14);
	ck_assert_uint_eq(sent, 1);
	transmit(NET_FRAME_MAX);
	ck_assert_uint_eq(sent, 2);
	ck_assert_uint_eq(wire_len, NET_FRAME_MAX);
	transmit(NET_FRAME_MAX + 1);
	ck_assert_uint_eq(sent, 2);
	ck_assert_uint_eq(used_idx(TX), 4);
	ck_assert_uint_eq(virtio_net_counts(dev).send_dropped, 2);
	ck_assert_ptr_null(dev->stopped);
}
END_TEST

/* hostile.md 12: work that was never offered. */
START_TEST(row_20_offload_never_offered)
{
	for (unsigned byte = 0; byte < 2; byte++) {
		memset(mem.ram + HEADER, 0, 12);
		mem.ram[HEADER + byte] = 1;
		desc(TX, 0, HEADER, 10, NEXT);
		desc(TX, 1, DATA, 100, 0);
		post(TX, 0);
		virtio_notify(dev, TX);
	}
	ck_assert_uint_eq(sent, 0);
	ck_assert_uint_eq(used_idx(TX), 2);
	/* The rest of the header means nothing then. */
	memset(mem.ram + HEADER, 0xff, 12);
	memset(mem.ram + HEADER, 0, 2);
	post(TX, 0);
	virtio_notify(dev, TX);
	ck_assert_uint_eq(sent, 1);
}
END_TEST

/* And no frame from outside that is none. */
START_TEST(row_20_from_outside)
{
	post_buffer(0, 1514);
	bring_up();
	ck_assert(!virtio_net_receive(dev, frame, 13));
	ck_assert(!virtio_net_receive(dev, frame, 0));
	ck_assert(!virtio_net_receive(dev, frame, NET_FRAME_MAX + 1));
	ck_assert_uint_eq(used_idx(RX), 0);
}
END_TEST

/* hostile.md 13: never a length of more than we have written. */
START_TEST(row_21_buffer_too_small)
{
	post_buffer(0, 100);
	desc(RX, 2, HEADER + 16, 4, WRITE);
	post(RX, 2);
	desc(RX, 3, HEADER + 32, 0, WRITE);
	post(RX, 3);
	post_buffer(2, 101);
	bring_up();
	for (unsigned i = 0; i < 4; i++)
		virtio_net_receive(dev, frame, 101);
	ck_assert_uint_eq(used_idx(RX), 4);
	ck_assert_uint_eq(used_len(RX, 0), 10);
	ck_assert_uint_eq(mem.ram[DATA], 0xee);
	ck_assert_uint_eq(used_len(RX, 1), 4);
	ck_assert_uint_eq(mem.ram[HEADER + 16 + 4], 0xee);
	ck_assert_uint_eq(used_len(RX, 2), 0);
	ck_assert_uint_eq(used_len(RX, 3), 111);
	ck_assert_uint_eq(virtio_net_counts(dev).received, 1);
	ck_assert_uint_eq(virtio_net_counts(dev).receive_dropped, 3);
	ck_assert_ptr_null(dev->stopped);
}
END_TEST

/* A buffer over the ring it came by: the Guest harms itself and nobody else. */
START_TEST(buffer_over_the_rings)
{
	desc(RX, 0, RX_RING, 0x4000, WRITE);
	post(RX, 0);
	bring_up();
	for (unsigned i = 0; i < 100; i++)
		virtio_net_receive(dev, frame, 0x3000);
	ck_assert_uint_le(virtio_net_room(dev), 256);
}
END_TEST

START_TEST(stopped_is_stopped)
{
	desc(TX, 0, DATA, 100, WRITE);
	post(TX, 0);
	post_buffer(0, 1514);
	bring_up();
	virtio_notify(dev, TX);
	ck_assert_ptr_nonnull(dev->stopped);
	ck_assert(!virtio_net_receive(dev, frame, 100));
	ck_assert_uint_eq(used_idx(RX), 0);
	ck_assert_uint_eq(interrupts[RX], 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(good, setup, teardown);
	suite_add_tcase(s, good);
	tcase_add_test(good, mac_is_offered);
	tcase_add_test(good, send_in_every_dialect);
	tcase_add_test(good, send_however_it_is_cut);
	tcase_add_test(good, old_drivers_count_what_they_sent);
	tcase_add_test(good, receive_in_every_dialect);
	tcase_add_test(good, without_a_driver_nothing_is_heard);
	tcase_add_test(good, fifo);
	tcase_add_test(good, fifo_is_bounded);
	tcase_add_test(good, interrupts_can_be_off);
	tcase_add_test(good, what_waits_is_state);
	tcase_add_checked_fixture(hostile, setup, teardown);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_06_buffer_outside);
	tcase_add_test(hostile, row_06_receive_buffer_outside);
	tcase_add_test(hostile, row_08_huge_sum);
	tcase_add_test(hostile, row_09_writable_in_the_output_queue);
	tcase_add_test(hostile, row_10_readable_in_the_input_queue);
	tcase_add_test(hostile, row_12_indirect_longer_than_the_queue);
	tcase_add_test(hostile, row_13_indirect_in_indirect);
	tcase_add_test(hostile, row_20_no_whole_header);
	tcase_add_test(hostile, row_20_too_short_and_too_long);
	tcase_add_test(hostile, row_20_offload_never_offered);
	tcase_add_test(hostile, row_20_from_outside);
	tcase_add_test(hostile, row_21_buffer_too_small);
	tcase_add_test(hostile, buffer_over_the_rings);
	tcase_add_test(hostile, stopped_is_stopped);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
