/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:973
 * The lguest bus, with the real devices on it: what a Guest of each release finds in the
 * descriptor page (the sizes are those it prints, and the golden logs have them), and what comes
 * of every address it may ring with.
:*/
#include <errno.h>

#include "bus_world.h"
#include "virtio/bus_lguest.h"
#include "virtio/net.h"
#include "virtio/rng.h"

enum {
	STATUS = 4, /* of a descriptor */
	BLK_DESC = RAM,
};

static struct lguest_bus *bus;
static const char *why;

static void setup(void)
{
	world_open(0);
	bus = NULL;
}

static void teardown(void)
{
	lguest_bus_destroy(bus);
	mem_fini(&mem);
}

static void create(uint32_t release)
{
	const struct lguest_bus_profile *profile = lguest_bus_profile_find(release);

	ck_assert_ptr_nonnull(profile);
	bus = lguest_bus_create(&gm, profile, raise_irq, &mem);
	ck_assert_ptr_nonnull(bus);
}

/* A bus with a disk and a console, as most tests want it. */
static void create_two(uint32_t release)
{
	create(release);
	ck_assert_int_eq(lguest_bus_add(bus, new_disk(1 << 20, false)), 0);
	ck_assert_int_eq(lguest_bus_add(bus, new_console()), 0);
}

/* --- the Guest's end --- */

static uint8_t *at(uint32_t gpa)
{
	return mem.ram + BASE + gpa;
}

static uint32_t get(uint32_t gpa, unsigned bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | at(gpa)[bytes];
	return v;
}

/* Size of the descriptor at gpa, as the Guest works it out. */
static uint32_t desc_size(uint32_t gpa)
{
	const uint8_t *d = at(gpa);

	return 5u + 8u * d[1] + 2u * d[2] + d[3];
}

static uint32_t next(uint32_t gpa)
{
	return gpa + desc_size(gpa);
}

static uint32_t ring(uint32_t desc, unsigned q)
{
	return get(desc + 5 + 8 * q + 4, 4) << 12;
}

static enum lguest_notify notify(uint32_t gpa)
{
	return lguest_bus_notify(bus, GPA(gpa), &why);
}

/* Post one buffer of the console's output queue (256 entries) and ring for it. */
static enum lguest_notify print_from(uint32_t desc, const char *text, uint16_t flags)
{
	uint32_t r = ring(desc, 1);
	struct virtq_desc d = {le64(0x1000), le32((uint32_t)strlen(text)), le16(flags), le16(0)};

	memcpy(at(0x1000), text, strlen(text));
	memcpy(at(r), &d, sizeof(d));
	at(r + 4096 + 2)[0]++; /* avail.idx; the entry is 0 */
	return notify(r);
}

/* --- what the Guest finds --- */

START_TEST(descriptors_as_in_the_golden_logs)
{
	static const struct {
		uint32_t release;
		uint32_t blk, rng, console; /* sizes */
		uint32_t first_ring[3];	    /* block, rng, console input: page after RAM */
		uint16_t num;
	} row[] = {
		{LGUEST_RELEASE(2, 6, 25), 31, 0, 21, {1, 0, 3}, 128},
		{LGUEST_RELEASE(2, 6, 26), 35, 0, 21, {1, 0, 3}, 128},
		{LGUEST_RELEASE(2, 6, 27), 39, 13, 21, {1, 4, 7}, 256},
		{LGUEST_RELEASE(2, 6, 30), 39, 13, 21, {1, 4, 7}, 256},
		{LGUEST_RELEASE(2, 6, 32), 31, 13, 21, {1, 4, 7}, 256}, /* golden */
		{LGUEST_RELEASE(2, 6, 37), 33, 13, 21, {1, 4, 7}, 256},
		{LGUEST_RELEASE(3, 0, 101), 33, 13, 21, {1, 4, 7}, 256},
		{LGUEST_RELEASE(3, 11, 10), 33, 13, 21, {1, 4, 7}, 256}, /* golden */
		{LGUEST_RELEASE(3, 19, 8), 33, 13, 21, {1, 4, 7}, 256},
	};

	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		struct virtio_device *rng = virtio_rng_create(0);
		uint32_t d = RAM;

		create(row[i].release);
		ck_assert_int_eq(lguest_bus_add(bus, new_disk(1 << 20, false)), 0);
		if (row[i].rng) {
			ck_assert_int_eq(lguest_bus_add(bus, rng), 0);
		} else {
			ck_assert_int_eq(lguest_bus_add(bus, rng), -ENODEV);
			virtio_destroy(rng);
		}
		ck_assert_int_eq(lguest_bus_add(bus, new_console()), 0);

		ck_assert_uint_eq(at(d)[0], VIRTIO_BLK);
		ck_assert_uint_eq(desc_size(d), row[i].blk);
		ck_assert_uint_eq(ring(d, 0), RAM + row[i].first_ring[0] * 4096);
		ck_assert_uint_eq(get(d + 5, 2), row[i].num);
		d = next(d);
		if (row[i].rng) {
			ck_assert_uint_eq(at(d)[0], VIRTIO_RNG);
			ck_assert_uint_eq(desc_size(d), row[i].rng);
			ck_assert_uint_eq(ring(d, 0), RAM + row[i].first_ring[1] * 4096);
			d = next(d);
		}
		ck_assert_uint_eq(at(d)[0], VIRTIO_CONSOLE);
		ck_assert_uint_eq(desc_size(d), row[i].console);
		ck_assert_uint_eq(ring(d, 0), RAM + row[i].first_ring[2] * 4096);
		ck_assert_uint_eq(get(d + 7, 2), row[i].rng ? 3 : 2);  /* irq of input */
		ck_assert_uint_eq(get(d + 15, 2), row[i].rng ? 4 : 3); /* and of output */
		ck_assert_uint_eq(at(next(d))[0], 0);
		lguest_bus_destroy(bus);
		bus = NULL;
		memset(at(RAM), 0, 4096);
	}
}
END_TEST

START_TEST(features_by_release)
{
	create_two(LGUEST_RELEASE(2, 6, 32));
	ck_assert_uint_eq(at(RAM + 13)[0], 1 << VIRTIO_BLK_F_BARRIER | 1 << VIRTIO_BLK_F_SEG_MAX);
	ck_assert_uint_eq(get(RAM + 15, 4), 2048);     /* capacity */
	ck_assert_uint_eq(get(RAM + 15 + 12, 4), 254); /* seg_max */
	lguest_bus_destroy(bus);
	memset(at(RAM), 0, 4096);
	create_two(LGUEST_RELEASE(2, 6, 37));
	ck_assert_uint_eq(get(RAM + 13, 2), 1 << VIRTIO_BLK_F_FLUSH | 1 << VIRTIO_BLK_F_SEG_MAX);
}
END_TEST

static void no_send(void *ctx, const uint8_t *frame, uint32_t n)
{
	(void)ctx;
	(void)frame;
	(void)n;
}

/* Sizes as guests of these releases print them; what was offered there and is not here left its
 * bytes behind (3.11 and 2.6.32: golden logs). */
START_TEST(network_by_release)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const struct {
		uint32_t release;
		uint32_t size, features, feature_len;
	} row[] = {
		{LGUEST_RELEASE(2, 6, 25), 29, 1u << 5, 1},
		{LGUEST_RELEASE(2, 6, 26), 35, 1u << 5, 4},
		{LGUEST_RELEASE(2, 6, 28), 35, 1u << 5, 4},
		{LGUEST_RELEASE(2, 6, 30), 37, 1u << 5, 4},
		{LGUEST_RELEASE(2, 6, 31), 37, 1u << 5 | 1u << 28, 4},
		{LGUEST_RELEASE(2, 6, 32), 37, 1u << 5 | 1u << 28, 4},
		{LGUEST_RELEASE(3, 7, 1), 37, 1u << 5 | 1u << 28, 4},
		{LGUEST_RELEASE(3, 11, 10), 39, 1u << 5 | 1u << 28, 4},
		{LGUEST_RELEASE(3, 18, 0), 39, 1u << 5 | 1u << 27 | 1u << 28, 4},
	};

	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		struct virtio_device *net = virtio_net_create(mac, no_send, NULL);

		create(row[i].release);
		ck_assert_int_eq(lguest_bus_add(bus, net), 0);
		ck_assert_uint_eq(at(RAM)[0], VIRTIO_NET);
		ck_assert_uint_eq(desc_size(RAM), row[i].size);
		ck_assert_uint_eq(at(RAM)[2], row[i].feature_len);
		ck_assert_uint_eq(get(RAM + 21, row[i].feature_len), row[i].features);
		ck_assert_uint_eq(get(RAM + 21 + row[i].feature_len, row[i].feature_len), 0);
		ck_assert_mem_eq(at(RAM + 21 + 2 * row[i].feature_len), mac, 6);
		ck_assert_uint_eq(net->dialect.net_header_bytes, 10);
		ck_assert(net->vq[0].indirect == (row[i].features >> 28 & 1));
		lguest_bus_destroy(bus);
		bus = NULL;
		memset(at(RAM), 0, 4096);
	}
}
END_TEST

START_TEST(releases_without_this_bus)
{
	ck_assert_ptr_null(lguest_bus_profile_find(LGUEST_RELEASE(2, 6, 24)));
	ck_assert_ptr_null(lguest_bus_profile_find(LGUEST_RELEASE(4, 0, 0)));
	ck_assert_ptr_nonnull(lguest_bus_profile_find(LGUEST_RELEASE(2, 6, 39)));
	ck_assert_ptr_nonnull(lguest_bus_profile_find(LGUEST_RELEASE(3, 19, 8)));
}
END_TEST

START_TEST(out_of_lines)
{
	struct virtio_device *dev;

	create(LGUEST_RELEASE(3, 11, 0));
	for (unsigned i = 0; i < 30; i++)
		ck_assert_int_eq(lguest_bus_add(bus, virtio_rng_create(i)), 0);
	/* One line is left, and the console needs two. */
	dev = new_console();
	ck_assert_int_eq(lguest_bus_add(bus, dev), -ENFILE);
	virtio_destroy(dev);
	ck_assert_int_eq(lguest_bus_add(bus, virtio_rng_create(0)), 0);
	ck_assert_uint_eq(lguest_bus_pages(bus), 1 + 31 * 3);
}
END_TEST

START_TEST(out_of_pages)
{
	struct virtio_device *dev = new_disk(1 << 20, false);

	gm.limit_bytes = RAM + 3 * 4096;
	create(LGUEST_RELEASE(3, 11, 0));
	ck_assert_int_eq(lguest_bus_add(bus, dev), -ENOSPC);
	virtio_destroy(dev);
	ck_assert_uint_eq(lguest_bus_pages(bus), 1);
	ck_assert_uint_eq(at(RAM)[0], 0);
	lguest_bus_destroy(bus);

	/* Not even the descriptor page; not in the machine at all; not on a page. */
	gm.limit_bytes = RAM + 4095;
	ck_assert_ptr_null(
		bus = lguest_bus_create(&gm, lguest_bus_profile_find(LGUEST_RELEASE(3, 11, 0)),
					raise_irq, &mem));
	gm.limit_bytes = RESERVED;
	gm.base += 4096;
	ck_assert_ptr_null(lguest_bus_create(&gm, lguest_bus_profile_find(LGUEST_RELEASE(3, 11, 0)),
					     raise_irq, &mem));
	gm.base = 0;
	gm.ram_bytes++;
	ck_assert_ptr_null(lguest_bus_create(&gm, lguest_bus_profile_find(LGUEST_RELEASE(3, 11, 0)),
					     raise_irq, &mem));
}
END_TEST

/* --- the bell --- */

START_TEST(queue_is_served_once_somebody_is_there)
{
	create_two(LGUEST_RELEASE(3, 11, 0));
	at(next(BLK_DESC) + STATUS)[0] = VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER;
	ck_assert_int_eq(print_from(next(BLK_DESC), "hi", 0), LGUEST_NOTIFY_QUEUE);
	ck_assert_ptr_null(why);
	ck_assert_str_eq(printed, "hi");
	ck_assert_uint_eq(irqs, 1u << 3);
}
END_TEST

START_TEST(input_raises_its_own_line)
{
	struct virtio_device *con = new_console();
	struct virtq_desc d = {le64(0x1000), le32(16), le16(VIRTQ_DESC_WRITE), le16(0)};
	uint32_t r;

	create(LGUEST_RELEASE(3, 11, 0));
	ck_assert_int_eq(lguest_bus_add(bus, new_disk(1 << 20, false)), 0);
	ck_assert_int_eq(lguest_bus_add(bus, con), 0);
	r = ring(next(BLK_DESC), 0);
	memcpy(at(r), &d, sizeof(d));
	at(r + 4096 + 2)[0] = 1;
	ck_assert_uint_eq(console_input(con, (const uint8_t *)"q", 1), 1);
	ck_assert_uint_eq(irqs, 1u << 2);
	ck_assert_uint_eq(at(0x1000)[0], 'q');
}
END_TEST

/* What a driver of each era does, from the descriptor's point of view (3.4). */
START_TEST(reset_clears_rings_acks_and_indices)
{
	uint32_t d, r;

	create_two(LGUEST_RELEASE(3, 11, 0));
	d = next(BLK_DESC);
	r = ring(d, 1);
	at(BLK_DESC + STATUS)[0] = 3;
	memset(at(BLK_DESC + 15), 0xff, 2); /* acknowledged: whatever there is */
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	at(d + STATUS)[0] = 7;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(print_from(d, "x", 0), LGUEST_NOTIFY_QUEUE);
	ck_assert_uint_eq(get(r + 8192 + 2, 2), 3);

	at(d + STATUS)[0] = 0;
	ck_assert_int_eq(notify(d), LGUEST_NOTIFY_STATUS);
	at(BLK_DESC + STATUS)[0] = 0;
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	ck_assert_uint_eq(get(BLK_DESC + 15, 2), 0);
	ck_assert_uint_ne(get(BLK_DESC + 13, 2), 0);
	for (unsigned i = 0; i < 10244; i++)
		ck_assert_uint_eq(at(r + i)[0], 0);
	/* And the next driver starts from zero. */
	at(d + STATUS)[0] = 3;
	ck_assert_int_eq(print_from(d, "y", 0), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "xxxy");
	ck_assert_uint_eq(get(r + 8192 + 2, 2), 1);
}
END_TEST

/* 2.6.25 rings with the status it had, and wants to see 0; later ones mean what they wrote. */
START_TEST(notify_with_a_status_is_a_reset_only_in_2_6_25)
{
	create_two(LGUEST_RELEASE(2, 6, 25));
	at(BLK_DESC + STATUS)[0] = 7;
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	ck_assert_uint_eq(at(BLK_DESC + STATUS)[0], 0);
	lguest_bus_destroy(bus);
	memset(at(RAM), 0, 4096);
	create_two(LGUEST_RELEASE(2, 6, 26));
	at(BLK_DESC + STATUS)[0] = 7;
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	ck_assert_uint_eq(at(BLK_DESC + STATUS)[0], 7);
}
END_TEST

static uint8_t state[512];
static size_t nr_state;

static void keep(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	ck_assert_uint_le(nr_state + n, sizeof(state));
	memcpy(state + nr_state, p, n);
	nr_state += n;
}

START_TEST(row_25_features_finalised_twice)
{
	struct virtio_device *blk = new_disk(1 << 20, false);

	create(LGUEST_RELEASE(3, 11, 0));
	ck_assert_int_eq(lguest_bus_add(bus, blk), 0);
	at(BLK_DESC + STATUS)[0] = 3;
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	ck_assert_uint_eq(blk->acked, 0);
	memset(at(BLK_DESC + 15), 0xff, 2);
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	/* Only what was offered can be acknowledged. */
	ck_assert_uint_eq(blk->acked, blk->offered);
}
END_TEST

START_TEST(restart_is_like_new)
{
	const struct virtio_sink sink = {keep, NULL};
	uint8_t page[4096], first[sizeof(state)];
	size_t nr_first;

	create_two(LGUEST_RELEASE(3, 11, 0));
	memcpy(page, at(RAM), sizeof(page));
	nr_state = 0;
	lguest_bus_state(bus, &sink);
	memcpy(first, state, nr_first = nr_state);
	at(next(BLK_DESC) + STATUS)[0] = 7;
	print_from(next(BLK_DESC), "x", 0);
	nr_state = 0;
	lguest_bus_state(bus, &sink);
	ck_assert_uint_eq(nr_state, nr_first);
	ck_assert_mem_ne(state, first, nr_first);
	memset(at(RAM), 0xaa, 4096); /* the Guest on its way out */
	lguest_bus_restart(bus);
	ck_assert_mem_eq(at(RAM), page, sizeof(page));
	ck_assert_uint_eq(get(ring(next(BLK_DESC), 1) + 8192, 4), 0);
	nr_state = 0;
	lguest_bus_state(bus, &sink);
	ck_assert_mem_eq(state, first, nr_first);
}
END_TEST

START_TEST(text_is_whatever_is_left)
{
	char buf[32];

	create_two(LGUEST_RELEASE(3, 11, 0));
	strcpy((char *)at(0x2345), "Linux version");
	ck_assert_int_eq(notify(0x2345), LGUEST_NOTIFY_TEXT);
	ck_assert_uint_eq(lguest_bus_early_text(bus, GPA(0x2345), buf, sizeof(buf)), 13);
	ck_assert_str_eq(buf, "Linux version");
	ck_assert_int_eq(notify(BLK_DESC + 1), LGUEST_NOTIFY_TEXT);
	ck_assert_int_eq(notify(0), LGUEST_NOTIFY_IGNORED);
	ck_assert_str_eq(lguest_bus_name_at(bus, GPA(BLK_DESC)), "block");
	ck_assert_str_eq(lguest_bus_name_at(bus, GPA(ring(next(BLK_DESC), 1))), "console");
	ck_assert_ptr_null(lguest_bus_name_at(bus, GPA(0x2345)));
}
END_TEST

/* --- a hostile Guest --- */

START_TEST(row_22_above_the_limit)
{
	uint32_t limit;

	create_two(LGUEST_RELEASE(3, 11, 0));
	limit = RAM + lguest_bus_pages(bus) * 4096;
	ck_assert_uint_eq(limit, RAM + 10 * 4096);
	ck_assert_int_eq(notify(limit), LGUEST_NOTIFY_BAD);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(notify(0xfffff000), LGUEST_NOTIFY_BAD);
	ck_assert_int_eq(notify(limit - 1), LGUEST_NOTIFY_TEXT);
}
END_TEST

START_TEST(row_23_text_without_an_end)
{
	char buf[8192];
	uint32_t limit;

	create_two(LGUEST_RELEASE(3, 11, 0));
	limit = RAM + lguest_bus_pages(bus) * 4096;
	memset(at(limit - 10), 'A', 20);
	ck_assert_uint_eq(lguest_bus_early_text(bus, GPA(limit - 10), buf, sizeof(buf)), 10);
	memset(at(0x3000), 'B', sizeof(buf));
	ck_assert_uint_eq(lguest_bus_early_text(bus, GPA(0x3000), buf, 100), 99);
	ck_assert_uint_eq(strlen(buf), 99);
	ck_assert_uint_eq(lguest_bus_early_text(bus, GPA(0xffffffff), buf, sizeof(buf)), 0);
	ck_assert_uint_eq(lguest_bus_early_text(bus, GPA(0x3000), buf, 1), 0);
}
END_TEST

START_TEST(row_24_kick_before_set_up)
{
	create_two(LGUEST_RELEASE(3, 11, 0));
	ck_assert_int_eq(print_from(next(BLK_DESC), "early", 0), LGUEST_NOTIFY_IGNORED);
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(row_26_descriptor_edited)
{
	uint32_t d, r;

	create_two(LGUEST_RELEASE(3, 11, 0));
	d = next(BLK_DESC);
	r = ring(d, 1);
	at(d + STATUS)[0] = 7;
	/* Everything of both descriptors but the status: type, counts, lengths, records. */
	memset(at(BLK_DESC), 0xff, 4);
	memset(at(BLK_DESC + 5), 0xff, d - BLK_DESC - 5);
	memset(at(d), 0xff, 4);
	memset(at(d + 5), 0xff, 16);
	memcpy(at(0x1000), "ok", 2);
	memcpy(at(r), &(struct virtq_desc){le64(0x1000), le32(2), le16(0), le16(0)}, 16);
	at(r + 4096 + 2)[0] = 1;
	ck_assert_int_eq(notify(r), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "ok");
	ck_assert_uint_eq(irqs, 1u << 3);
	at(BLK_DESC + STATUS)[0] = 0;
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_STATUS);
	at(d + STATUS)[0] = 0;
	ck_assert_int_eq(notify(d), LGUEST_NOTIFY_STATUS);
}
END_TEST

START_TEST(row_27_failed)
{
	uint32_t d;

	create_two(LGUEST_RELEASE(3, 11, 0));
	d = next(BLK_DESC);
	at(d + STATUS)[0] = 3 | VIRTIO_S_FAILED;
	ck_assert_int_eq(notify(d), LGUEST_NOTIFY_STATUS);
	ck_assert_str_eq(why, "its driver gave up (FAILED)");
	ck_assert_int_eq(print_from(d, "x", 0), LGUEST_NOTIFY_IGNORED);
	ck_assert_str_eq(printed, "");
	at(d + STATUS)[0] = 0;
	ck_assert_int_eq(notify(d), LGUEST_NOTIFY_STATUS);
	at(d + STATUS)[0] = 3;
	ck_assert_int_eq(print_from(d, "y", 0), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "y");
}
END_TEST

START_TEST(row_27_failed_in_silence)
{
	create_two(LGUEST_RELEASE(2, 6, 26));
	at(BLK_DESC + STATUS)[0] = 3 | VIRTIO_S_FAILED;
	ck_assert_int_eq(notify(ring(BLK_DESC, 0)), LGUEST_NOTIFY_IGNORED);
	ck_assert_str_eq(why, "its driver gave up (FAILED)");
}
END_TEST

/* A device that breaks stops alone, says why once, and comes back with a reset. */
START_TEST(broken_ring_stops_one_device)
{
	uint32_t d;

	create_two(LGUEST_RELEASE(3, 11, 0));
	d = next(BLK_DESC);
	at(d + STATUS)[0] = at(BLK_DESC + STATUS)[0] = 7;
	ck_assert_int_eq(print_from(d, "x", VIRTQ_DESC_WRITE), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(why, "writable buffer in the console's output queue");
	ck_assert_int_eq(print_from(d, "x", 0), LGUEST_NOTIFY_IGNORED);
	ck_assert_ptr_null(why);
	ck_assert_int_eq(notify(ring(BLK_DESC, 0)), LGUEST_NOTIFY_QUEUE);
	ck_assert_ptr_null(why);
}
END_TEST

/* No original Launcher offered indirect descriptors on these devices, nor do we. */
START_TEST(row_13_indirect_is_not_offered)
{
	uint32_t d;

	create_two(LGUEST_RELEASE(3, 11, 0));
	d = next(BLK_DESC);
	at(d + STATUS)[0] = 7;
	print_from(d, "0123456789abcdef", VIRTQ_DESC_INDIRECT);
	ck_assert_str_eq(why, "indirect descriptor, which was never offered");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bus_lguest");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(good, setup, teardown);
	suite_add_tcase(s, good);
	tcase_add_test(good, descriptors_as_in_the_golden_logs);
	tcase_add_test(good, features_by_release);
	tcase_add_test(good, network_by_release);
	tcase_add_test(good, releases_without_this_bus);
	tcase_add_test(good, out_of_lines);
	tcase_add_test(good, out_of_pages);
	tcase_add_test(good, queue_is_served_once_somebody_is_there);
	tcase_add_test(good, input_raises_its_own_line);
	tcase_add_test(good, reset_clears_rings_acks_and_indices);
	tcase_add_test(good, notify_with_a_status_is_a_reset_only_in_2_6_25);
	tcase_add_test(good, row_25_features_finalised_twice);
	tcase_add_test(good, restart_is_like_new);
	tcase_add_test(good, text_is_whatever_is_left);
	tcase_add_checked_fixture(hostile, setup, teardown);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_13_indirect_is_not_offered);
	tcase_add_test(hostile, row_22_above_the_limit);
	tcase_add_test(hostile, row_23_text_without_an_end);
	tcase_add_test(hostile, row_24_kick_before_set_up);
	tcase_add_test(hostile, row_26_descriptor_edited);
	tcase_add_test(hostile, row_27_failed);
	tcase_add_test(hostile, row_27_failed_in_silence);
	tcase_add_test(hostile, broken_ring_stops_one_device);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
