/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:996
 * The bus of 2.6.24: the stream of fields as that release's Launcher wrote it, rings of both
 * layouts, requests with their longer header, and what a hostile Guest can do to it.
:*/
#include <errno.h>

#include "bus_world.h"
#include "virtio/bus_config24.h"
#include "virtio/net.h"
#include "virtio/rng.h"

enum {
	STATUS = 2, /* of a descriptor */
	BLK_DESC = RAM,
	BLK_RING = RAM + 4096,
	CONSOLE_DESC = RAM + 29,
	CONSOLE_OUT = RAM + 5 * 4096,
};

static struct config24_bus *bus;
static const char *why;

static void no_send(void *ctx, const uint8_t *frame, uint32_t n)
{
	(void)ctx;
	(void)frame;
	(void)n;
}

static void setup(void)
{
	world_open(0);
	bus = NULL;
}

static void teardown(void)
{
	config24_bus_destroy(bus);
	mem_fini(&mem);
}

static void create(const char *release)
{
	bus = config24_bus_create(&gm, config24_profile_find(release), raise_irq, &mem);
	ck_assert_ptr_nonnull(bus);
}

/* A bus with a disk and a console, as most tests want it. */
static void create_two(const char *release)
{
	create(release);
	ck_assert_int_eq(config24_bus_add(bus, new_disk(1 << 20, false)), 0);
	ck_assert_int_eq(config24_bus_add(bus, virtio_console_create(print, NULL)), 0);
}

static uint8_t *at(uint32_t gpa)
{
	return mem.ram + BASE + gpa;
}

static enum lguest_notify notify(uint32_t gpa)
{
	return config24_bus_notify(bus, GPA(gpa), &why);
}

static void put_desc(uint32_t ring, unsigned i, uint32_t gpa, uint32_t len, uint16_t flags)
{
	struct virtq_desc d = {le64(gpa), le32(len), le16(flags), le16((uint16_t)(i + 1))};

	memcpy(at(ring + i * (uint32_t)sizeof(d)), &d, sizeof(d));
}

static enum lguest_notify print_from(const char *text, uint16_t flags, unsigned num)
{
	memcpy(at(0x1000), text, strlen(text));
	put_desc(CONSOLE_OUT, 0, 0x1000, (uint32_t)strlen(text), flags);
	at(CONSOLE_OUT + 16 * num + 2)[0]++; /* avail.idx; the entry is 0 */
	return notify(CONSOLE_OUT);
}

/* --- what the Guest finds --- */

START_TEST(fields_as_the_original_wrote_them)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
	static const uint8_t want[] = {/* block: a queue on page 0x41, capacity, seg_max */
				       2, 26, 0, 2, 8, 128, 0, 1, 0, 0x41, 0, 0, 0, 0x41, 8, 0, 8,
				       0, 0, 0, 0, 0, 0, 0x43, 4, 126, 0, 0, 0,
				       /* net: two queues, MAC */
				       1, 28, 0, 2, 8, 128, 0, 2, 0, 0x43, 0, 0, 0, 2, 8, 128, 0, 3,
				       0, 0x45, 0, 0, 0, 0x41, 6, 2, 0, 0, 0, 0, 9,
				       /* console: two queues; and the end */
				       3, 20, 0, 2, 8, 128, 0, 4, 0, 0x47, 0, 0, 0, 2, 8, 128, 0, 5,
				       0, 0x49, 0, 0, 0, 0};
	struct virtio_device *net = virtio_net_create(mac, no_send, NULL);

	create("2.6.24 (root@vm)");
	ck_assert_int_eq(config24_bus_add(bus, new_disk(1 << 20, false)), 0);
	ck_assert_int_eq(config24_bus_add(bus, net), 0);
	ck_assert_int_eq(config24_bus_add(bus, virtio_console_create(print, NULL)), 0);
	ck_assert_mem_eq(at(RAM), want, sizeof(want));
	ck_assert_uint_eq(net->dialect.net_header_bytes, 8);
	ck_assert_uint_eq(config24_bus_pages(bus), 11);
}
END_TEST

START_TEST(candidates_have_tight_rings)
{
	create_two("2.6.24-rc2");
	ck_assert_uint_eq(at(BLK_DESC + 5)[0], 127);
	ck_assert_uint_eq(config24_bus_pages(bus), 4);
	/* available at 2032, used at 2304 of a ring in one page; the console's second is page 3 */
	at(CONSOLE_DESC + STATUS)[0] = 3;
	memcpy(at(0x1000), "hi", 2);
	put_desc(RAM + 3 * 4096, 0, 0x1000, 2, 0);
	at(RAM + 3 * 4096 + 2032 + 2)[0] = 1;
	ck_assert_int_eq(notify(RAM + 3 * 4096), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "hi");
	ck_assert_uint_eq(at(RAM + 3 * 4096 + 2304 + 2)[0], 1);
}
END_TEST

START_TEST(no_rng_in_2_6_24)
{
	struct virtio_device *dev = virtio_rng_create(0);

	create("2.6.24");
	ck_assert_int_eq(config24_bus_add(bus, dev), -ENODEV);
	virtio_destroy(dev);
	ck_assert_uint_eq(at(RAM)[0], 0);
}
END_TEST

START_TEST(out_of_pages)
{
	struct virtio_device *dev = new_disk(1 << 20, false);

	gm.limit_bytes = RAM + 2 * 4096;
	create("2.6.24");
	ck_assert_int_eq(config24_bus_add(bus, dev), -ENOSPC);
	virtio_destroy(dev);
	ck_assert_uint_eq(config24_bus_pages(bus), 1);
}
END_TEST

/* --- the bell --- */

START_TEST(queue_or_text)
{
	char buf[32];

	create_two("2.6.24");
	at(CONSOLE_DESC + STATUS)[0] = 3;
	ck_assert_int_eq(print_from("hi", 0, 128), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "hi");
	ck_assert_uint_eq(irqs, 1u << 3);
	strcpy((char *)at(0x2345), "Linux");
	ck_assert_int_eq(notify(0x2345), LGUEST_NOTIFY_TEXT);
	ck_assert_uint_eq(config24_bus_early_text(bus, GPA(0x2345), buf, sizeof(buf)), 5);
	ck_assert_str_eq(buf, "Linux");
	/* There is no bell for a descriptor. */
	ck_assert_int_eq(notify(BLK_DESC), LGUEST_NOTIFY_TEXT);
	ck_assert_int_eq(notify(0), LGUEST_NOTIFY_IGNORED);
}
END_TEST

/* A request whose header is so long; its verdict, or 0xff if there is none. */
static uint8_t blk_write(uint32_t header_bytes)
{
	const le32_t header[6] = {le32(1), le32(0), le32(1), le32(0), le32(~0u), le32(~0u)};

	memcpy(at(0x1000), header, sizeof(header));
	memset(at(0x2000), 0x5a, 512);
	at(0x3000)[0] = 0xff;
	put_desc(BLK_RING, 0, 0x1000, header_bytes, VIRTQ_DESC_NEXT);
	put_desc(BLK_RING, 1, 0x2000, header_bytes < 24 ? 0 : 512, VIRTQ_DESC_NEXT);
	put_desc(BLK_RING, 2, 0x3000, 1, VIRTQ_DESC_WRITE);
	at(BLK_DESC + STATUS)[0] = 3;
	at(BLK_RING + 2048 + 2)[0] = 1;
	ck_assert_int_eq(notify(BLK_RING), LGUEST_NOTIFY_QUEUE);
	return at(0x3000)[0];
}

START_TEST(block_header_of_24_bytes)
{
	create_two("2.6.24");
	memset(sector, 0, sizeof(sector));
	ck_assert_uint_eq(blk_write(24), 0);
	ck_assert_ptr_null(why);
	ck_assert_uint_eq(sector_off, 512);
	ck_assert_uint_eq(sector[0], 0x5a);
	ck_assert_uint_eq(sector[511], 0x5a);
}
END_TEST

START_TEST(restart_is_like_new)
{
	uint8_t page[4096];

	create_two("2.6.24");
	memcpy(page, at(RAM), sizeof(page));
	at(CONSOLE_DESC + STATUS)[0] = 3;
	print_from("x", 0, 128);
	memset(at(RAM), 0xaa, 4096); /* the Guest on its way out */
	config24_bus_restart(bus);
	ck_assert_mem_eq(at(RAM), page, sizeof(page));
	ck_assert_uint_eq(at(CONSOLE_OUT + 4096 + 2)[0], 0);
	at(CONSOLE_DESC + STATUS)[0] = 3;
	ck_assert_int_eq(print_from("y", 0, 128), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "xy");
}
END_TEST

/* --- a hostile Guest --- */

START_TEST(row_9_writable_output)
{
	create_two("2.6.24");
	at(CONSOLE_DESC + STATUS)[0] = 3;
	ck_assert_int_eq(print_from("no", VIRTQ_DESC_WRITE, 128), LGUEST_NOTIFY_QUEUE);
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(printed, "");
	ck_assert_int_eq(notify(CONSOLE_OUT), LGUEST_NOTIFY_IGNORED);
	/* The disk goes on. */
	ck_assert_uint_eq(blk_write(24), 0);
}
END_TEST

START_TEST(row_16_short_block_header)
{
	create_two("2.6.24");
	ck_assert_uint_eq(blk_write(16), 0xff);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(row_22_above_the_limit)
{
	create_two("2.6.24");
	ck_assert_int_eq(notify(RAM + 7 * 4096), LGUEST_NOTIFY_BAD);
	ck_assert_ptr_nonnull(why);
	ck_assert_int_eq(notify(0xfffff000), LGUEST_NOTIFY_BAD);
}
END_TEST

START_TEST(row_23_text_without_an_end)
{
	char buf[8192];

	create_two("2.6.24");
	memset(at(RAM + 6 * 4096), 'x', 4096);
	ck_assert_uint_eq(config24_bus_early_text(bus, GPA(RAM + 6 * 4096 + 96), buf, sizeof(buf)),
			  4000);
	ck_assert_uint_eq(config24_bus_early_text(bus, GPA(RAM + 6 * 4096), buf, 16), 15);
}
END_TEST

START_TEST(row_24_and_27_nobody_there)
{
	create_two("2.6.24");
	ck_assert_int_eq(print_from("no", 0, 128), LGUEST_NOTIFY_IGNORED);
	ck_assert_ptr_nonnull(why);
	at(CONSOLE_DESC + STATUS)[0] = 0x83;
	ck_assert_int_eq(notify(CONSOLE_OUT), LGUEST_NOTIFY_IGNORED);
	ck_assert_ptr_nonnull(why);
	at(CONSOLE_DESC + STATUS)[0] = 3;
	ck_assert_int_eq(notify(CONSOLE_OUT), LGUEST_NOTIFY_IGNORED);
	ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(row_26_descriptor_edited)
{
	create_two("2.6.24");
	memset(at(RAM), 0xff, 4096);
	at(CONSOLE_DESC + STATUS)[0] = 3;
	ck_assert_int_eq(print_from("hi", 0, 128), LGUEST_NOTIFY_QUEUE);
	ck_assert_str_eq(printed, "hi");
	ck_assert_uint_eq(irqs, 1u << 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config24");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(good, setup, teardown);
	suite_add_tcase(s, good);
	tcase_add_test(good, fields_as_the_original_wrote_them);
	tcase_add_test(good, candidates_have_tight_rings);
	tcase_add_test(good, no_rng_in_2_6_24);
	tcase_add_test(good, out_of_pages);
	tcase_add_test(good, queue_or_text);
	tcase_add_test(good, block_header_of_24_bytes);
	tcase_add_test(good, restart_is_like_new);
	tcase_add_checked_fixture(hostile, setup, teardown);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_9_writable_output);
	tcase_add_test(hostile, row_16_short_block_header);
	tcase_add_test(hostile, row_22_above_the_limit);
	tcase_add_test(hostile, row_23_text_without_an_end);
	tcase_add_test(hostile, row_24_and_27_nobody_there);
	tcase_add_test(hostile, row_26_descriptor_edited);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
