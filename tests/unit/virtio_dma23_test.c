/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1089
 * The bus of 2.6.23: descriptors and pages as that release's Launcher laid them out, text, keys,
 * disk requests, frames, what happens when the Guest has no buffer, and what a hostile one can do
 * to it (rows 28 to 32 of devices.md section 6).  The Host is played by hand.
:*/
#include <errno.h>

#include "bus_world.h"
#include "virtio/dma23.h"
#include "virtio/net.h"
#include "virtio/rng.h"

enum {
	LAN = BASE + RESERVED, /* in the machine, behind the Guest */
	BLK_PAGE = RAM + 4096,
	NET_PAGE = RAM + 2 * 4096,
	SENT = 0x3000,
	BUFFER = 0x3100,
	DATA = 0x4000,
	ROOM = 0x6000,
	LENS = 68,
	NUM_SECTORS = 2048,
};

static struct dma23_bus *bus;
static struct virtio_device *disk, *card, *console;
static const char *why;
static uint8_t frame[2000];
static uint32_t frame_bytes, frames;

static void send(void *ctx, const uint8_t *from, uint32_t n)
{
	(void)ctx;
	memcpy(frame, from, n);
	frame_bytes = n;
	frames++;
}

static void create(const struct dma23_seat *seat, bool read_only)
{
	static const uint8_t mac[NET_MAC_BYTES] = {2, 0, 0, 0, 0, 9};

	world_open(4096);
	bus = dma23_bus_create(&gm, raise_irq, &mem);
	ck_assert_ptr_nonnull(bus);
	disk = new_disk(NUM_SECTORS * 512, read_only);
	card = virtio_net_create(mac, send, NULL);
	console = new_console();
	ck_assert_int_eq(dma23_bus_add(bus, disk, NULL), 0);
	ck_assert_int_eq(dma23_bus_add(bus, card, seat), 0);
	ck_assert_int_eq(dma23_bus_add(bus, console, NULL), 0);
	frames = 0;
}

static void setup(void)
{
	create(NULL, false);
}

static void teardown(void)
{
	dma23_bus_destroy(bus);
	mem_fini(&mem);
}

static uint8_t *at(uint32_t gpa)
{
	return mem.ram + BASE + gpa;
}

static uint32_t get(uint32_t gpa)
{
	le32_t v;

	memcpy(&v, at(gpa), sizeof(v));
	return le32_get(v);
}

static void put(uint32_t gpa, uint32_t val)
{
	const le32_t v = le32(val);

	memcpy(at(gpa), &v, sizeof(v));
}

static void section(uint32_t dma, unsigned nr, uint32_t addr, uint16_t len)
{
	const le16_t l = le16(len);

	put(dma + 4 + 4 * nr, addr);
	memcpy(at(dma + LENS + 2 * nr), &l, 2);
}

static void list(uint32_t dma, uint32_t addr, uint16_t len)
{
	put(dma, 0);
	section(dma, 0, addr, len);
	section(dma, 1, 0, 0);
}

static void send_dma(uint32_t key)
{
	dma23_bus_send(bus, GPA(SENT), GPA(key), &why);
}

/* What the Host says to a device that wants a buffer of this key: here it is. */
static void buffer(uint32_t key)
{
	gpa_t wanted;

	ck_assert(dma23_bus_wants(bus, &wanted));
	ck_assert_uint_eq(wanted.v, key);
	put(BUFFER, 11);
	dma23_bus_buffer(bus, GPA(BUFFER), 11, &why);
}

static bool wants(void)
{
	gpa_t key;

	return dma23_bus_wants(bus, &key);
}

/* --- what the Guest finds --- */

static void check_pages(void)
{
	static const uint8_t want[3 * 12] = {
		3, 0, 0x00, 0x80, 0, 0, 1, 0, 0x41, 0, 0, 0, /* block, entropy */
		2, 0, 0x01, 0x80, 0, 0, 1, 0, 0x42, 0, 0, 0, /* net, slot 1, entropy */
		1, 0, 0x00, 0x00, 0, 0, 0, 0, 0x00, 0, 0, 0, /* console */
	};

	ck_assert_mem_eq(at(RAM), want, sizeof(want));
	for (unsigned i = sizeof(want); i < 4096; i++)
		ck_assert_uint_eq(at(RAM)[i], 0);
	ck_assert_uint_eq(get(BLK_PAGE + 16), NUM_SECTORS);
	ck_assert_uint_eq(at(NET_PAGE)[0] & 1, 1); /* we hear all, in slot 0 */
	ck_assert_uint_eq(at(NET_PAGE + 6)[0], 0); /* the Guest's slot is empty */
	ck_assert_uint_eq(dma23_bus_memory(bus)->limit_bytes, RAM + 3 * 4096);
}

START_TEST(pages)
{
	check_pages();
}
END_TEST

START_TEST(only_what_there_was)
{
	struct virtio_device *rng = virtio_rng_create(1), *one_more;

	ck_assert_int_eq(dma23_bus_add(bus, rng, NULL), -ENODEV);
	virtio_destroy(rng);
	for (unsigned i = 3; i < DMA23_DEVICES; i++)
		ck_assert_int_eq(dma23_bus_add(bus, new_disk(512, false), NULL), 0);
	one_more = new_disk(512, false);
	ck_assert_int_eq(dma23_bus_add(bus, one_more, NULL), -ENFILE);
	virtio_destroy(one_more);
}
END_TEST

START_TEST(too_large_for_32_bits)
{
	ck_assert_int_eq(dma23_bus_add(bus, new_disk((1ull << 42) + 512, false), NULL), 0);
	ck_assert_uint_eq(get(NET_PAGE + 4096 + 16), UINT32_MAX);
}
END_TEST

START_TEST(starts_over)
{
	memset(at(RAM), 0xff, 3 * 4096);
	console_input(console, (const uint8_t *)"x", 1);
	ck_assert(wants());
	dma23_bus_restart(bus);
	check_pages();
	put(BLK_PAGE, 1);
	ck_assert_uint_eq(get(BLK_PAGE + 16), NUM_SECTORS);
}
END_TEST

/* --- console --- */

START_TEST(prints)
{
	memcpy(at(DATA), "hello, ", 7);
	memcpy(at(ROOM), "world", 5);
	list(SENT, DATA, 7);
	section(SENT, 1, ROOM, 5);
	section(SENT, 2, 0, 0);
	send_dma(0);
	ck_assert_str_eq(printed, "hello, world");
	ck_assert_uint_eq(get(SENT), 12);
	ck_assert_uint_eq(irqs, 0);
	ck_assert_ptr_null(why);
}
END_TEST

START_TEST(types)
{
	console_input(console, (const uint8_t *)"abcdef", 6);
	list(BUFFER, DATA, 4);
	buffer(0);
	ck_assert_mem_eq(at(DATA), "abcd", 4);
	ck_assert_uint_eq(get(BUFFER), 4);
	ck_assert_uint_eq(irqs, 1u << 11);
	list(BUFFER, DATA, 4); /* there is more */
	buffer(0);
	ck_assert_mem_eq(at(DATA), "ef", 2);
	ck_assert_uint_eq(get(BUFFER), 2);
	ck_assert(!wants());
}
END_TEST

/* None free, or none bound yet: it waits until the Guest has run. */
START_TEST(typed_before_there_is_room)
{
	console_input(console, (const uint8_t *)"abc", 3);
	ck_assert(wants());
	dma23_bus_no_buffer(bus, _i, &why);
	ck_assert_ptr_null(why);
	ck_assert(!wants());
	ck_assert_uint_eq(console_waiting(console), 3);
	dma23_bus_ran(bus);
	list(BUFFER, DATA, 4);
	buffer(0);
	ck_assert_mem_eq(at(DATA), "abc", 3);
}
END_TEST

/* --- disk --- */

static void request(uint32_t type, uint32_t nr, uint32_t bytes)
{
	put(BLK_PAGE, type);
	put(BLK_PAGE + 4, nr);
	put(BLK_PAGE + 8, bytes);
	put(BLK_PAGE + 12, 0);
	irqs = 0;
	send_dma(BLK_PAGE);
}

static uint32_t result(void)
{
	return get(BLK_PAGE + 12);
}

START_TEST(disk_reads)
{
	list(SENT, 0, 0);
	put(SENT, 77);
	request(0, 5, 1024);
	ck_assert_uint_eq(get(SENT), 0);
	ck_assert_uint_eq(result(), 0);
	list(BUFFER, DATA, 512);
	section(BUFFER, 1, ROOM, 512);
	section(BUFFER, 2, 0, 0);
	buffer(BLK_PAGE);
	ck_assert_uint_eq(result(), 1);
	ck_assert_uint_eq(get(BUFFER), 1024);
	ck_assert_uint_eq(irqs, 1u << 11);
	ck_assert_uint_eq(at(DATA)[511], SECTOR_BYTE(5));
	ck_assert_uint_eq(at(ROOM)[0], SECTOR_BYTE(6));
	ck_assert(!wants());
}
END_TEST

START_TEST(disk_writes)
{
	memset(at(DATA), 0x77, 512);
	list(SENT, DATA, 512);
	list(BUFFER, 0, 0);
	request(_i ? 0xffffffff : 1, 1, 512); /* row 30: what is not 0 writes */
	memset(at(DATA), 0, 512);
	memset(at(DATA), 0x78, 512); /* the Guest cannot, but this is when it is read */
	buffer(BLK_PAGE);
	ck_assert_uint_eq(result(), 1);
	ck_assert_uint_eq(sector_off, 512);
	ck_assert_uint_eq(sector[511], 0x78);
	ck_assert_uint_eq(get(BUFFER), 0); /* not what the Host had left there */
	ck_assert_uint_eq(irqs, 1u << 11);
}
END_TEST

/* Rows 17, 18, 30: result 2, and nothing happens to the disk (disk_out() would say so). */
START_TEST(disk_fails)
{
	static const struct {
		uint32_t type, sector, bytes;
		uint16_t len;
	} rows[] = {
		{1, NUM_SECTORS, 512, 512}, {1, 0xffffffff, 512, 512},
		{1, 2047, 1024, 1024},	    {0, NUM_SECTORS, 512, 512},
		{1, 1, 100, 100},	    {0, 5, 1024, 512},
		{0, 5, 0xffffffff, 512},    {0, 5, 0, 512},
	};

	list(SENT, DATA, rows[_i].len);
	list(BUFFER, DATA, rows[_i].len);
	request(rows[_i].type, rows[_i].sector, rows[_i].bytes);
	buffer(BLK_PAGE);
	ck_assert_uint_eq(result(), 2);
	ck_assert_uint_eq(irqs, 1u << 11);
	ck_assert_ptr_null(why);
}
END_TEST

START_TEST(disk_read_only)
{
	teardown();
	create(NULL, true);
	list(SENT, DATA, 512);
	list(BUFFER, 0, 0);
	request(1, 1, 512);
	buffer(BLK_PAGE);
	ck_assert_uint_eq(result(), 2);
}
END_TEST

START_TEST(disk_without_a_buffer)
{
	list(SENT, 0, 0);
	request(0, 5, 512);
	ck_assert(wants());
	dma23_bus_no_buffer(bus, _i, &why);
	ck_assert_ptr_nonnull(why);
	ck_assert_uint_eq(result(), 0);
	ck_assert(!wants());
	request(0, 5, 512); /* it is served no more */
	ck_assert(!wants());
	ck_assert_ptr_null(why);
}
END_TEST

/* --- network --- */

START_TEST(frames_go_out)
{
	memset(at(DATA), 0xee, 60);
	list(SENT, DATA, 14);
	section(SENT, 1, DATA + 14, 46);
	section(SENT, 2, 0, 0);
	send_dma(NET_PAGE);
	ck_assert_uint_eq(frames, 1);
	ck_assert_uint_eq(frame_bytes, 60);
	ck_assert_uint_eq(frame[59], 0xee);
	ck_assert_uint_eq(get(SENT), 60);
	list(SENT, DATA, 13); /* that is none */
	send_dma(NET_PAGE);
	ck_assert_uint_eq(frames, 1);
	ck_assert_uint_eq(get(SENT), 0);
}
END_TEST

START_TEST(frames_come_in)
{
	uint8_t in[3][60];

	for (unsigned i = 0; i < 3; i++) {
		memset(in[i], (int)i + 1, 60);
		ck_assert(virtio_net_receive(card, in[i], 60));
	}
	for (unsigned i = 0; i < 3; i++) { /* all that waited, in order */
		list(BUFFER, DATA, 100);
		buffer(NET_PAGE + 4); /* the key of slot 1 */
		ck_assert_uint_eq(get(BUFFER), 60);
		ck_assert_mem_eq(at(DATA), in[i], 60);
		ck_assert_uint_eq(irqs, 1u << 11);
	}
	ck_assert(!wants());
	/* A buffer that is too small stays free, and the frame is lost. */
	ck_assert(virtio_net_receive(card, in[0], 60));
	irqs = 0;
	list(BUFFER, DATA, 59);
	buffer(NET_PAGE + 4);
	ck_assert_uint_eq(get(BUFFER), 0);
	ck_assert_uint_eq(irqs, 0);
	ck_assert(!wants());
}
END_TEST

START_TEST(frames_for_nobody)
{
	uint8_t in[60] = {0};

	ck_assert(virtio_net_receive(card, in, 60));
	ck_assert(wants());
	dma23_bus_no_buffer(bus, true, &why); /* no buffer free: it waits */
	ck_assert(!wants());
	dma23_bus_ran(bus);
	ck_assert(wants());
	dma23_bus_no_buffer(bus, false, &why); /* nobody listens: it is lost */
	ck_assert_ptr_null(why);
	dma23_bus_ran(bus);
	ck_assert(!wants());
	ck_assert(virtio_net_receive(card, in, 60)); /* and the next one finds us there */
	ck_assert(wants());
}
END_TEST

static const struct dma23_seat seat = {LAN, 3};

/* A page that others have, too: we sit at its end, and a Guest's seat is what features say. */
START_TEST(shared_page)
{
	uint8_t in[60] = {0};

	teardown();
	create(&seat, false);
	dma23_lan_init(&mem, LAN);
	ck_assert_uint_eq(at(RAM + 12 + 2)[0] | at(RAM + 12 + 3)[0] << 8, 0x4003);
	ck_assert_uint_eq(mem.ram[LAN + 681 * 6] & 1, 1);
	ck_assert_uint_eq(dma23_bus_memory(bus)->nr_shared, 1);
	ck_assert_uint_eq(dma23_bus_memory(bus)->shared[0].gpa, NET_PAGE);
	list(SENT, DATA, 60);
	send_dma(NET_PAGE + 4 * 681);
	ck_assert_uint_eq(frames, 1);
	send_dma(NET_PAGE + 4 * 2); /* a neighbour that has gone is no reason to warn */
	ck_assert_uint_eq(frames, 1);
	ck_assert_ptr_null(why);
	ck_assert(virtio_net_receive(card, in, 60));
	list(BUFFER, DATA, 100);
	buffer(NET_PAGE + 4 * 3);
	/* Starting over one leaves, and only oneself. */
	memset(mem.ram + LAN, 0x22, 5 * 6);
	dma23_bus_restart(bus);
	ck_assert_uint_eq(mem.ram[LAN + 3 * 6], 0);
	ck_assert_uint_eq(mem.ram[LAN + 2 * 6], 0x22);
	ck_assert_uint_eq(mem.ram[LAN + 4 * 6], 0x22);
	ck_assert_uint_eq(mem.ram[LAN + 681 * 6] & 1, 1);
}
END_TEST

/* --- the hostile Guest --- */

START_TEST(hostile_lists)
{
	static const struct {
		uint32_t addr;
		uint16_t len;
		bool ok;
	} rows[] = {
		{RAM + 3 * 4096 - 16, 16, true},
		{RAM + 3 * 4096 - 15, 16, false},
		{0xfffffff0, 16, false},
		{0xfffffff0, 15, false},
		{0x7ff0, 32, true},
		/* row 29 */ {0, 65535, true},
	};

	list(SENT, rows[_i].addr, rows[_i].len);
	memset(at(0), 0, 0x100);
	send_dma(0);
	ck_assert_int_eq(why == NULL, rows[_i].ok);
	if (!rows[_i].ok)
		ck_assert_str_eq(why, "a DMA section lies outside the Guest's memory");
	/* The list itself: it may end where memory does, and not behind. */
	dma23_bus_send(bus, GPA(RAM + 3 * 4096 - 100), GPA(NET_PAGE), &why);
	ck_assert_ptr_null(why);
	dma23_bus_send(bus, GPA(RAM + 3 * 4096 - 99), GPA(NET_PAGE), &why);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(hostile_sections_of_sixteen)
{
	memset(at(DATA), 'x', 16);
	for (unsigned i = 0; i < 16; i++)
		section(SENT, i, DATA + i, 1);
	send_dma(0); /* there is no seventeenth */
	ck_assert_str_eq(printed, "xxxxxxxxxxxxxxxx");
	ck_assert_uint_eq(get(SENT), 16);
}
END_TEST

START_TEST(hostile_keys)
{
	list(SENT, DATA, 60);
	send_dma(DATA); /* row 31: said once */
	ck_assert_str_eq(why, "DMA for a key that nobody serves");
	send_dma(NET_PAGE + 8);
	ck_assert_ptr_null(why);
	send_dma(0xfffffffc);
	ck_assert_ptr_null(why);
	memset(at(NET_PAGE), 0xff, 4096); /* row 32 */
	send_dma(NET_PAGE);
	ck_assert_uint_eq(frames, 1);
}
END_TEST

START_TEST(hostile_buffer)
{
	console_input(console, (const uint8_t *)"abc", 3);
	list(BUFFER, RAM + 3 * 4096 - 2, 3);
	buffer(0);
	ck_assert_ptr_nonnull(why);
	ck_assert_uint_eq(irqs, 0);
	ck_assert(!wants());
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dma23");
	TCase *tc = tcase_create("bus");
	TCase *hostile = tcase_create("hostile");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pages);
	tcase_add_test(tc, only_what_there_was);
	tcase_add_test(tc, too_large_for_32_bits);
	tcase_add_test(tc, starts_over);
	tcase_add_test(tc, prints);
	tcase_add_test(tc, types);
	tcase_add_loop_test(tc, typed_before_there_is_room, 0, 2);
	tcase_add_test(tc, disk_reads);
	tcase_add_loop_test(tc, disk_writes, 0, 2);
	tcase_add_loop_test(tc, disk_fails, 0, 8);
	tcase_add_test(tc, disk_read_only);
	tcase_add_loop_test(tc, disk_without_a_buffer, 0, 2);
	tcase_add_test(tc, frames_go_out);
	tcase_add_test(tc, frames_come_in);
	tcase_add_test(tc, frames_for_nobody);
	tcase_add_test(tc, shared_page);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(hostile, setup, teardown);
	tcase_add_loop_test(hostile, hostile_lists, 0, 6);
	tcase_add_test(hostile, hostile_sections_of_sixteen);
	tcase_add_test(hostile, hostile_keys);
	tcase_add_test(hostile, hostile_buffer);
	suite_add_tcase(s, hostile);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
