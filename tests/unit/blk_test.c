/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:971
 * The disk device over a store in memory that can be told to fail: every request type, and rows 8
 * and 15 to 19 of devices.md section 6.
:*/
#include <check.h>
#include <errno.h>
#include <string.h>

#include "virtio/blk.h"

enum {
	LIMIT = 0x60000,
	RING = 0x40000,
	NUM = 16,
	HEADER = 0x1000,
	DATA = 0x2000,
	STATUS = 0x3000,
	NEXT = VIRTQ_DESC_NEXT,
	WRITE = VIRTQ_DESC_WRITE,
	SECTORS = 16,
	IN = 0,
	OUT = 1,
	SCSI = 2,
	FLUSH = 4,
	GET_ID = 8,
	OK = 0,
	IOERR = 1,
	UNSUPP = 2,
};
#define BARRIER 0x80000000u

static struct mem mem;
static struct guest_mem gm;
static struct virtio_device *dev;
static uint16_t posted;
static unsigned interrupts;

static struct {
	uint8_t bytes[SECTORS * 512];
	int fail;	/* what the next operations return */
	char trace[64]; /* r, w, f in the order they came */
} store;

static void note(char op)
{
	store.trace[strlen(store.trace)] = op;
}

static int store_read(void *ctx, uint64_t off, void *to, uint32_t len)
{
	(void)ctx;
	ck_assert(off + len <= sizeof(store.bytes));
	note('r');
	if (!store.fail)
		memcpy(to, store.bytes + off, len);
	return store.fail;
}

static int store_write(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	(void)ctx;
	ck_assert(off + len <= sizeof(store.bytes));
	note('w');
	if (!store.fail)
		memcpy(store.bytes + off, from, len);
	return store.fail;
}

static int store_flush(void *ctx)
{
	(void)ctx;
	note('f');
	return store.fail;
}

static void interrupt(void *bus, struct virtio_device *d, unsigned q)
{
	(void)bus;
	ck_assert_ptr_eq(d, dev);
	ck_assert_uint_eq(q, 0);
	interrupts++;
}

static void plug(bool read_only)
{
	struct blk_store s = {NULL,	  sizeof(store.bytes), read_only,
			      store_read, store_write,	       store_flush};

	virtio_destroy(dev);
	dev = virtio_blk_create(&s, "lgemu-disk");
	ck_assert_ptr_nonnull(dev);
	virtq_init(&dev->vq[0], &gm, GPA(RING), NUM);
	dev->offered = dev->ops->features;
	dev->interrupt = interrupt;
	dev->ops->plug(dev);
}

static void setup(void)
{
	ck_assert_int_eq(mem_init(&mem, LIMIT), 0);
	gm = gm_make(&mem, 0, RING, LIMIT);
	memset(&store, 0, sizeof(store));
	for (unsigned i = 0; i < sizeof(store.bytes); i++)
		store.bytes[i] = (uint8_t)(i / 512 + 1);
	posted = 0;
	interrupts = 0;
	dev = NULL;
	plug(false);
}

static void teardown(void)
{
	virtio_destroy(dev);
	dev = NULL;
	mem_fini(&mem);
}

/* --- the Guest's end --- */

static void desc(unsigned i, uint32_t addr, uint32_t len, uint16_t flags)
{
	struct virtq_desc d = {le64(addr), le32(len), le16(flags), le16((uint16_t)(i + 1))};

	memcpy(mem.ram + RING + i * 16, &d, 16);
}

static void header(uint32_t type, uint64_t sector)
{
	struct {
		le32_t type, prio;
		le64_t sector;
	} h = {le32(type), le32(0), le64(sector)};

	memcpy(mem.ram + HEADER, &h, 16);
	mem.ram[STATUS] = 0xee;
}

static void kick(void)
{
	le16_t idx = le16(++posted);

	memset(mem.ram + dev->vq[0].avail.v + 4, 0, 2 * NUM);
	memcpy(mem.ram + dev->vq[0].avail.v + 2, &idx, 2);
	virtio_notify(dev, 0);
}

/* Length given back with the last chain; all chains are back. */
static uint32_t used_len(void)
{
	const uint8_t *p = mem.ram + dev->vq[0].used.v;
	uint32_t slot = (posted - 1u) % NUM;

	ck_assert_uint_eq(p[2] | p[3] << 8, posted);
	p += 4 + slot * 8 + 4;
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* An ordinary request with `len` bytes of data one way or the other; its status byte. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t len)
{
	header(type, sector);
	desc(0, HEADER, 16, NEXT);
	if (len)
		desc(1, DATA, len, NEXT | (type & OUT ? 0 : WRITE));
	desc(len ? 2 : 1, STATUS, 1, WRITE);
	kick();
	ck_assert_ptr_null(dev->stopped);
	return mem.ram[STATUS];
}

/* --- requests --- */

START_TEST(read_sectors)
{
	ck_assert_uint_eq(request(IN, 3, 1024), OK);
	ck_assert_uint_eq(used_len(), 1025);
	ck_assert_mem_eq(mem.ram + DATA, store.bytes + 3 * 512, 1024);
	ck_assert_uint_eq(mem.ram[DATA + 1024], 0);
	ck_assert_uint_eq(interrupts, 1);
}
END_TEST

START_TEST(write_sectors)
{
	memset(mem.ram + DATA, 0x77, 512);
	ck_assert_uint_eq(request(OUT, SECTORS - 1, 512), OK);
	ck_assert_uint_eq(used_len(), 1);
	ck_assert_mem_eq(store.bytes + 15 * 512, mem.ram + DATA, 512);
	ck_assert_uint_eq(store.bytes[15 * 512 - 1], 15);
}
END_TEST

START_TEST(flush_is_honoured)
{
	ck_assert_uint_eq(request(FLUSH, 0, 0), OK);
	ck_assert_uint_eq(used_len(), 1);
	ck_assert_str_eq(store.trace, "f");
	ck_assert_uint_eq(request(FLUSH | OUT, 0, 0), OK);
	ck_assert_str_eq(store.trace, "ff");
	store.fail = -EIO;
	ck_assert_uint_eq(request(FLUSH, 0, 0), IOERR);
}
END_TEST

START_TEST(get_id_is_the_id)
{
	static const char id[20] = "lgemu-disk";

	memset(mem.ram + DATA, 0xff, 21);
	ck_assert_uint_eq(request(GET_ID, 0, 20), OK);
	ck_assert_uint_eq(used_len(), 21);
	ck_assert_mem_eq(mem.ram + DATA, id, 20);
	ck_assert_uint_eq(mem.ram[DATA + 20], 0xff);
	ck_assert_uint_eq(request(GET_ID, 0, 4), OK);
	/* More room than id: what was not written is not claimed. */
	ck_assert_uint_eq(request(GET_ID, 0, 512), OK);
	ck_assert_uint_eq(used_len(), 20);
}
END_TEST

START_TEST(barrier_flushes_on_both_sides)
{
	ck_assert_uint_eq(request(BARRIER | OUT, 0, 512), OK);
	ck_assert_str_eq(store.trace, "fwf");
	dev->offered &= ~(1ull << VIRTIO_BLK_F_BARRIER);
	ck_assert_uint_eq(request(BARRIER | OUT, 0, 512), UNSUPP);
	ck_assert_str_eq(store.trace, "fwf");
}
END_TEST

START_TEST(config_says_capacity_and_seg_max)
{
	le64_t capacity;
	le32_t seg_max;

	memcpy(&capacity, dev->config, 8);
	memcpy(&seg_max, dev->config + 12, 4);
	ck_assert_uint_eq(le64_get(capacity), SECTORS);
	ck_assert_uint_eq(le32_get(seg_max), NUM - 2);
	ck_assert(!(dev->offered >> VIRTIO_BLK_F_RO & 1));
}
END_TEST

START_TEST(read_only_disk)
{
	plug(true);
	ck_assert(dev->offered >> VIRTIO_BLK_F_RO & 1);
	ck_assert_uint_eq(request(OUT, 0, 512), IOERR);
	ck_assert_str_eq(store.trace, "");
	ck_assert_uint_eq(request(IN, 0, 512), OK);
}
END_TEST

START_TEST(store_errors_are_the_guests_to_know)
{
	store.fail = -EIO;
	ck_assert_uint_eq(request(IN, 0, 512), IOERR);
	ck_assert_uint_eq(used_len(), 0); /* nothing is good, and the status is not in front */
	ck_assert_uint_eq(request(OUT, 0, 512), IOERR);
	store.fail = 0;
	ck_assert_uint_eq(request(IN, 0, 512), OK);
}
END_TEST

/* A whole queue of requests is served by one kick and told by one interrupt. */
START_TEST(batch_has_one_interrupt)
{
	header(IN, 0);
	desc(0, HEADER, 16, NEXT);
	desc(1, STATUS, 1, WRITE);
	posted = NUM - 1;
	kick();
	ck_assert_uint_eq(used_len(), 1);
	ck_assert_uint_eq(interrupts, 1);
}
END_TEST

/* --- hostile requests --- */

START_TEST(row_8_request_too_large)
{
	/* 15 segments of the same 5 MB: only the sum is wrong, and a disk of that size. */
	mem_fini(&mem);
	ck_assert_int_eq(mem_init(&mem, 8 << 20), 0);
	gm.limit_bytes = 8 << 20;
	struct blk_store s = {NULL, 1ull << 40, false, store_read, store_write, store_flush};

	virtio_destroy(dev);
	dev = virtio_blk_create(&s, "");
	virtq_init(&dev->vq[0], &gm, GPA(RING), NUM);
	dev->interrupt = interrupt;
	header(IN, 0);
	desc(0, HEADER, 16, NEXT);
	for (unsigned i = 1; i < NUM - 1; i++)
		desc(i, 0x100000, 5 << 20, NEXT | WRITE);
	desc(NUM - 1, STATUS, 1, WRITE);
	kick();
	ck_assert_uint_eq(mem.ram[STATUS], IOERR);
	ck_assert_str_eq(store.trace, "");
}
END_TEST

START_TEST(row_15_no_header)
{
	header(IN, 0);
	desc(0, HEADER, 15, NEXT);
	desc(1, STATUS, 1, WRITE);
	kick();
	ck_assert_str_eq(dev->stopped, "block request without a whole header");
	/* Stopped means stopped ... */
	desc(0, HEADER, 16, NEXT);
	kick();
	ck_assert_uint_eq(mem.ram[STATUS], 0xee);
	/* ... until it is reset. */
	virtio_reset(dev);
	posted = 0;
	ck_assert_uint_eq(request(IN, 0, 512), OK);
}
END_TEST

START_TEST(row_15_no_status)
{
	header(OUT, 0);
	desc(0, HEADER, 16, NEXT);
	desc(1, DATA, 512, 0);
	kick();
	ck_assert_str_eq(dev->stopped, "block request without room for its status");
	ck_assert_str_eq(store.trace, "");
}
END_TEST

START_TEST(row_16_header_in_pieces)
{
	header(IN, 5);
	desc(0, HEADER, 1, NEXT);
	desc(1, HEADER + 1, 10, NEXT);
	desc(2, HEADER + 11, 5, NEXT);
	desc(3, DATA, 100, NEXT | WRITE);
	desc(4, DATA + 100, 412, NEXT | WRITE);
	desc(5, STATUS, 1, WRITE);
	kick();
	ck_assert_uint_eq(mem.ram[STATUS], OK);
	ck_assert_mem_eq(mem.ram + DATA, store.bytes + 5 * 512, 512);
}
END_TEST

START_TEST(row_16_header_joined_with_data)
{
	header(OUT, 2);
	memset(mem.ram + HEADER + 16, 0x55, 512);
	desc(0, HEADER, 16 + 512, NEXT);
	desc(1, STATUS, 1, WRITE);
	kick();
	ck_assert_uint_eq(mem.ram[STATUS], OK);
	ck_assert_uint_eq(store.bytes[2 * 512], 0x55);
	ck_assert_uint_eq(store.bytes[3 * 512 - 1], 0x55);
}
END_TEST

START_TEST(row_16_status_joined_with_data)
{
	header(IN, 2);
	desc(0, HEADER, 16, NEXT);
	desc(1, DATA, 513, WRITE);
	mem.ram[DATA + 512] = 0xee;
	kick();
	ck_assert_uint_eq(mem.ram[DATA + 512], OK);
	ck_assert_uint_eq(mem.ram[DATA + 511], 3);
	ck_assert_uint_eq(used_len(), 513);
}
END_TEST

START_TEST(row_16_partial_sector)
{
	ck_assert_uint_eq(request(IN, 0, 511), IOERR);
	ck_assert_uint_eq(request(OUT, 0, 513), IOERR);
	ck_assert_str_eq(store.trace, "");
}
END_TEST

START_TEST(row_17_sector_overflows)
{
	ck_assert_uint_eq(request(IN, 1ull << 55, 512), IOERR); /* times 512 is 0 */
	ck_assert_uint_eq(request(IN, ~0ull, 512), IOERR);
	ck_assert_uint_eq(request(OUT, ~0ull, 512), IOERR);
	ck_assert_uint_eq(request(IN, SECTORS, 512), IOERR);
	ck_assert_str_eq(store.trace, "");
}
END_TEST

START_TEST(row_18_past_the_end)
{
	ck_assert_uint_eq(request(OUT, SECTORS - 1, 1024), IOERR);
	ck_assert_uint_eq(request(IN, SECTORS - 1, 1024), IOERR);
	ck_assert_str_eq(store.trace, "");
	ck_assert_uint_eq(request(IN, SECTORS - 1, 512), OK);
}
END_TEST

START_TEST(row_19_unknown_types)
{
	static const uint32_t type[] = {SCSI, SCSI | OUT, 16, 11, 0x40000000, FLUSH | GET_ID};

	for (unsigned i = 0; i < ARRAY_LEN(type); i++)
		ck_assert_uint_eq(request(type[i], 0, 512), UNSUPP);
	ck_assert_str_eq(store.trace, "");
}
END_TEST

/* The data lands on the request's own header, descriptors and index (CVE-2021-20255's pattern). */
START_TEST(row_46_data_over_the_ring)
{
	memset(store.bytes, 0xff, sizeof(store.bytes));
	header(IN, 0);
	desc(0, HEADER, 16, NEXT);
	desc(1, HEADER & ~511u, 512, NEXT | WRITE);
	desc(2, RING, 512, NEXT | WRITE);
	desc(3, STATUS, 1, WRITE);
	kick();
	ck_assert_uint_eq(mem.ram[STATUS], OK);
	/* avail.idx is 0xffff now, a jump that the next look refuses. */
	ck_assert_str_eq(dev->stopped, "available index moved by more than the queue holds");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("blk");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(good, setup, teardown);
	suite_add_tcase(s, good);
	tcase_add_test(good, read_sectors);
	tcase_add_test(good, write_sectors);
	tcase_add_test(good, flush_is_honoured);
	tcase_add_test(good, get_id_is_the_id);
	tcase_add_test(good, barrier_flushes_on_both_sides);
	tcase_add_test(good, config_says_capacity_and_seg_max);
	tcase_add_test(good, read_only_disk);
	tcase_add_test(good, store_errors_are_the_guests_to_know);
	tcase_add_test(good, batch_has_one_interrupt);
	tcase_add_checked_fixture(hostile, setup, teardown);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_8_request_too_large);
	tcase_add_test(hostile, row_15_no_header);
	tcase_add_test(hostile, row_15_no_status);
	tcase_add_test(hostile, row_16_header_in_pieces);
	tcase_add_test(hostile, row_16_header_joined_with_data);
	tcase_add_test(hostile, row_16_status_joined_with_data);
	tcase_add_test(hostile, row_16_partial_sector);
	tcase_add_test(hostile, row_17_sector_overflows);
	tcase_add_test(hostile, row_18_past_the_end);
	tcase_add_test(hostile, row_19_unknown_types);
	tcase_add_test(hostile, row_46_data_over_the_ring);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
