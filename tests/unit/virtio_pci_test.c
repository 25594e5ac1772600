/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:990
 * The PCI bus as a Guest of 4.0 to 4.13 finds it: configuration space by mechanism 1, the
 * capabilities, the registers in the region, rings in three places, first words through the window.
 * The case "hostile" goes through rows 34 to 43 of devices.md section 6, by number.
:*/
#include <errno.h>

#include "bus_world.h"
#include "virtio/bus_pci.h"
#include "virtio/net.h"
#include "virtio/rng.h"

enum {
	REGION = RAM + 0x100000, /* of the first device */
	CONSOLE = 1,		 /* slots, in the order of create_three() */
	DISK = 2,
	RNG = 3,
	/* Where the driver below puts a ring. */
	DESC = 0x2000,
	AVAIL = 0x3002,
	USED = 0x5004,
	TEXT = 0x1000,
	/* Status. */
	ACK = 1,
	CLAIMED = 3,
	AGREED = 11,
	RUNNING = 15,
};

static struct pci_bus *bus;
static const struct virtio_device *stopped;

static void setup(void)
{
	world_open(0);
	bus = pci_bus_create(&gm, raise_irq, &mem);
	ck_assert_ptr_nonnull(bus);
	stopped = NULL;
	ck_assert_int_eq(pci_bus_add(bus, new_console()), 0);
	ck_assert_int_eq(pci_bus_add(bus, new_disk(1 << 20, false)), 0);
	ck_assert_int_eq(pci_bus_add(bus, virtio_rng_create(0)), 0);
}

static void teardown(void)
{
	pci_bus_destroy(bus);
	mem_fini(&mem);
}

/* --- the Guest's end: ports --- */

static void out(uint16_t port, unsigned bytes, uint32_t v)
{
	pci_bus_out(bus, port, bytes, v, &stopped);
}

static void address(unsigned slot, unsigned off)
{
	out(0xcf8, 4, 0x80000000 | slot << 11 | (off & 0xfc));
}

static uint32_t config(unsigned slot, unsigned off, unsigned bytes)
{
	address(slot, off);
	return pci_bus_in(bus, (uint16_t)(0xcfc + (off & 3)), bytes);
}

static void set_config(unsigned slot, unsigned off, unsigned bytes, uint32_t v)
{
	address(slot, off);
	out((uint16_t)(0xcfc + (off & 3)), bytes, v);
}

/* --- and memory --- */

static uint32_t region[4]; /* by slot */

static void find_regions(void)
{
	for (unsigned slot = 1; slot <= RNG; slot++)
		region[slot] = config(slot, 0x10, 4);
}

static uint32_t load(unsigned slot, uint32_t off, unsigned bytes)
{
	uint32_t v = 0;

	ck_assert(pci_bus_load(bus, GPA(region[slot] + off), bytes, &v));
	return v;
}

static void store(unsigned slot, uint32_t off, unsigned bytes, uint32_t v)
{
	ck_assert(pci_bus_store(bus, GPA(region[slot] + off), bytes, v, &stopped));
}

static uint8_t *at(uint32_t gpa)
{
	return mem.ram + BASE + gpa;
}

/* --- and a driver, step by step --- */

static void climb_to(unsigned slot, unsigned status)
{
	static const uint8_t stair[] = {0, ACK, CLAIMED, AGREED, RUNNING};

	for (unsigned i = 0; i < ARRAY_LEN(stair) && stair[i] <= status; i++) {
		if (stair[i] == AGREED) { /* take all that is offered */
			for (unsigned half = 0; half < 2; half++) {
				store(slot, 0, 4, half);
				store(slot, 8, 4, half);
				store(slot, 12, 4, load(slot, 4, 4));
			}
		}
		store(slot, 20, 1, stair[i]);
		ck_assert_uint_eq(load(slot, 20, 1), stair[i]);
	}
	ck_assert_ptr_null(stopped);
}

static void place_queue(unsigned slot, unsigned q, unsigned num)
{
	store(slot, 22, 2, q);
	store(slot, 24, 2, num);
	store(slot, 32, 4, DESC);
	store(slot, 36, 4, 0);
	store(slot, 40, 4, AVAIL);
	store(slot, 44, 4, 0);
	store(slot, 48, 4, USED);
	store(slot, 52, 4, 0);
}

static void start_queue(unsigned slot, unsigned q, unsigned num)
{
	find_regions();
	climb_to(slot, AGREED);
	place_queue(slot, q, num);
	store(slot, 28, 2, 1);
	store(slot, 20, 1, RUNNING);
	ck_assert_ptr_null(stopped);
}

static void put16(uint32_t gpa, uint16_t v)
{
	le16_t raw = le16(v);

	memcpy(at(gpa), &raw, 2);
}

static void put_desc(unsigned i, uint32_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	struct virtq_desc d = {le64(addr), le32(len), le16(flags), le16(next)};

	memcpy(at(DESC + i * 16), &d, sizeof(d));
}

/* The idx'th chain is made available: descriptor 0. */
static void post(uint16_t idx, unsigned num)
{
	put16(AVAIL + 4 + idx % num * 2, 0);
	put16(AVAIL + 2, (uint16_t)(idx + 1));
}

static uint16_t used_idx(void)
{
	return (uint16_t)(at(USED + 2)[0] | at(USED + 2)[1] << 8);
}

/* A driver that prints; the bell rings last. */
static void print_by_ring(const char *text)
{
	const uint16_t idx = used_idx();

	memcpy(at(TEXT), text, strlen(text));
	put_desc(0, TEXT, (uint32_t)strlen(text), 0, 0);
	post(idx, 8);
	store(CONSOLE, 56, 2, 1);
}

static void print_by_window(unsigned slot, char c)
{
	set_config(slot, 0x88, 1, 0);
	set_config(slot, 0x90, 4, 4);
	set_config(slot, 0x8c, 4, 68);
	set_config(slot, 0x94, 4, (uint8_t)c);
}

static void assert_stopped(unsigned type, const char *why)
{
	ck_assert_ptr_nonnull(stopped);
	ck_assert_uint_eq(stopped->ops->type, type);
	ck_assert_str_eq(stopped->stopped, why);
}

/* --- configuration space --- */

/* Linux's own check for mechanism 1, and then its look at the class behind it. */
START_TEST(mechanism_1_is_there)
{
	uint32_t before;

	out(0xcfb, 1, 1);
	before = pci_bus_in(bus, 0xcf8, 4);
	out(0xcf8, 4, 0x80000000);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcf8, 4), 0x80000000);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcfe, 2), 0x0000); /* status */
	address(0, 8);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcfe, 2), 0x0600);
	out(0xcf8, 4, before);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcfb, 1), 1);
}
END_TEST

START_TEST(latch_has_four_lanes)
{
	out(0xcf8, 4, 0x11223344);
	out(0xcf9, 1, 0xaa);
	out(0xcfa, 2, 0xbbcc);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcf8, 4), 0xbbccaa44);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcf9, 2), 0xccaa);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcfb, 1), 0xbb);
	/* What sticks out at the end is ones, or lost. */
	ck_assert_uint_eq(pci_bus_in(bus, 0xcfa, 4), 0xffffbbcc);
	out(0xcfa, 4, 0x12345678);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcf8, 4), 0x5678aa44);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcf7, 1), 0xff);
	ck_assert_uint_eq(pci_bus_in(bus, 0xd00, 4), 0xffffffff);
}
END_TEST

START_TEST(slots_and_headers)
{
	static const struct {
		uint32_t id, class, line, pin;
	} row[] = {
		{0x00000000, 0x06000000, 0, 0},
		{0x10431af4, 0x07000001, 1, 0},
		{0x10421af4, 0x01800001, 2, 0},
		{0x10441af4, 0xff000001, 3, 0},
	};

	for (unsigned slot = 0; slot < ARRAY_LEN(row); slot++) {
		ck_assert_uint_eq(config(slot, 0, 4), row[slot].id);
		ck_assert_uint_eq(config(slot, 4, 4), slot ? 0x00100000 : 0);
		ck_assert_uint_eq(config(slot, 8, 4), row[slot].class);
		ck_assert_uint_eq(config(slot, 0x0e, 1), 0);
		ck_assert_uint_eq(config(slot, 0x2c, 4), slot ? 0x00400000 : 0);
		ck_assert_uint_eq(config(slot, 0x34, 1), slot ? 0x40 : 0);
		ck_assert_uint_eq(config(slot, 0x3c, 1), row[slot].line);
		ck_assert_uint_eq(config(slot, 0x3d, 1), row[slot].pin);
	}
	for (unsigned slot = 4; slot < 32; slot++)
		ck_assert_uint_eq(config(slot, 0, 4), 0xffffffff);
}
END_TEST

START_TEST(ones_where_nothing_is)
{
	static const uint32_t wrong[] = {
		0x00000800, /* not enabled */
		0x80010800, /* bus 1 */
		0x80000900, /* function 1 */
		0x80000898, /* beyond the last capability */
		0x800008fc,
	};

	for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
		out(0xcf8, 4, wrong[i]);
		ck_assert_uint_eq(pci_bus_in(bus, 0xcfc, 4), 0xffffffff);
		ck_assert_uint_eq(pci_bus_in(bus, 0xcfd, 1), 0xff);
	}
	/* Reserved bits of the address do not count. */
	out(0xcf8, 4, 0xff000803);
	ck_assert_uint_eq(pci_bus_in(bus, 0xcfc, 4), 0x10431af4);
}
END_TEST

START_TEST(regions_are_aligned_to_their_size)
{
	static const uint32_t where[] = {0, REGION, REGION + 0x80, REGION + 0x100};
	static const uint32_t size[] = {0, 128, 128, 64};

	for (unsigned slot = 1; slot <= 3; slot++) {
		ck_assert_uint_eq(config(slot, 0x10, 4), where[slot]);
		set_config(slot, 0x10, 4, 0xffffffff);
		ck_assert_uint_eq(config(slot, 0x10, 4), ~(size[slot] - 1));
		set_config(slot, 0x10, 4, where[slot]);
		ck_assert_uint_eq(config(slot, 0x10, 4), where[slot]);
	}
	/* After the short region of an entropy device a long one needs a gap. */
	ck_assert_int_eq(pci_bus_add(bus, new_disk(1 << 20, false)), 0);
	ck_assert_uint_eq(config(4, 0x10, 4), REGION + 0x180);
	ck_assert_uint_eq(pci_bus_device_limit(bus), (REGION >> 12) + 1);
}
END_TEST

/* Linux sizes a base address register, and may well leave something else there. */
START_TEST(region_never_moves)
{
	uint32_t v;

	set_config(CONSOLE, 0x10, 4, 0x12345680);
	ck_assert_uint_eq(config(CONSOLE, 0x10, 4), 0x12345680);
	ck_assert(!pci_bus_load(bus, GPA(0x12345680), 4, &v));
	ck_assert(pci_bus_load(bus, GPA(REGION + 18), 2, &v));
	ck_assert_uint_eq(v, 2);
}
END_TEST

START_TEST(what_can_be_written)
{
	/* Offsets whose bytes keep what is stored; all others stay as they were. */
	static const struct {
		uint8_t first, end;
	} storage[] = {{0x04, 0x06}, {0x0c, 0x0e}, {0x14, 0x28},
		       {0x30, 0x34}, {0x88, 0x89}, {0x8c, 0x94}};

	for (unsigned off = 0; off < 0x94; off++) {
		uint32_t before = config(DISK, off, 1);
		bool keeps = false;

		if (off >= 0x10 && off < 0x14)
			continue;
		for (unsigned i = 0; i < ARRAY_LEN(storage); i++)
			keeps |= off >= storage[i].first && off < storage[i].end;
		set_config(DISK, off, 1, before ^ 0x5a);
		ck_assert_msg(config(DISK, off, 1) == (keeps ? before ^ 0x5a : before),
			      "offset %#x", off);
	}
	set_config(0, 4, 4, 0xffffffff);
	ck_assert_uint_eq(config(0, 4, 4), 0);
}
END_TEST

START_TEST(capabilities_by_the_chain)
{
	static const struct {
		uint8_t at, length, type;
		uint32_t off, bytes;
	} row[] = {{0x40, 16, 1, 0, 56},
		   {0x50, 20, 2, 56, 2},
		   {0x64, 16, 3, 58, 1},
		   {0x84, 20, 5, 0, 0},
		   {0x74, 16, 4, 60, 0}};
	static const uint8_t config_bytes[] = {0, 12, 36, 0};

	for (unsigned slot = 1; slot <= 3; slot++) {
		unsigned next = config(slot, 0x34, 1), i;

		for (i = 0; i < ARRAY_LEN(row) && next; i++) {
			ck_assert_uint_eq(next, row[i].at);
			ck_assert_uint_eq(config(slot, next, 1), 9);
			ck_assert_uint_eq(config(slot, next + 2, 1), row[i].length);
			ck_assert_uint_eq(config(slot, next + 3, 1), row[i].type);
			ck_assert_uint_eq(config(slot, next + 4, 1), 0);
			ck_assert_uint_eq(config(slot, next + 8, 4), row[i].off);
			ck_assert_uint_eq(config(slot, next + 12, 4),
					  row[i].type == 4 ? config_bytes[slot] : row[i].bytes);
			if (row[i].type == 2)
				ck_assert_uint_eq(config(slot, next + 16, 4), 0);
			next = config(slot, next + 1, 1);
		}
		ck_assert_uint_eq(next, 0);
		ck_assert_uint_eq(i, config_bytes[slot] ? 5 : 4);
	}
}
END_TEST

START_TEST(thirty_one_devices)
{
	struct virtio_device *dev;

	for (unsigned i = 4; i <= 31; i++)
		ck_assert_int_eq(pci_bus_add(bus, virtio_rng_create(0)), 0);
	dev = virtio_rng_create(0);
	ck_assert_int_eq(pci_bus_add(bus, dev), -ENFILE);
	virtio_destroy(dev);
	ck_assert_uint_eq(config(31, 0x3c, 1), 31);
}
END_TEST

/* --- registers --- */

START_TEST(features_by_device)
{
	static const uint32_t low[] = {0, 4, 4, 0};

	find_regions();
	for (unsigned slot = 1; slot <= 3; slot++) {
		store(slot, 0, 4, 0);
		ck_assert_uint_eq(load(slot, 4, 4), low[slot]);
		store(slot, 0, 4, 1);
		ck_assert_uint_eq(load(slot, 4, 4), 1);
		store(slot, 0, 4, 2);
		ck_assert_uint_eq(load(slot, 4, 4), 0);
	}
	/* Only a disk that is read-only says so. */
	ck_assert_int_eq(pci_bus_add(bus, new_disk(1 << 20, true)), 0);
	region[0] = config(4, 0x10, 4);
	ck_assert_uint_eq(load(0, 4, 4), 0x24);
}
END_TEST

START_TEST(a_driver_comes_up)
{
	find_regions();
	store(CONSOLE, 20, 1, 0);
	ck_assert_uint_eq(load(CONSOLE, 18, 2), 2);
	store(CONSOLE, 22, 2, 1);
	ck_assert_uint_eq(load(CONSOLE, 24, 2), 256);
	ck_assert_uint_eq(load(CONSOLE, 28, 2), 0);
	ck_assert_uint_eq(load(CONSOLE, 30, 2), 0);
	ck_assert_uint_eq(load(CONSOLE, 16, 2), 0xffff);
	ck_assert_uint_eq(load(CONSOLE, 26, 2), 0xffff);
	ck_assert_uint_eq(load(CONSOLE, 21, 1), 0);
	store(CONSOLE, 22, 2, 2);
	ck_assert_uint_eq(load(CONSOLE, 24, 2), 0);
	start_queue(CONSOLE, 1, 8);
	ck_assert_uint_eq(load(CONSOLE, 28, 2), 1);
	ck_assert_uint_eq(load(CONSOLE, 24, 2), 8);
	ck_assert_uint_eq(load(CONSOLE, 40, 4), AVAIL);
	store(CONSOLE, 8, 4, 0);
	ck_assert_uint_eq(load(CONSOLE, 12, 4), 4);
	/* And goes. */
	store(CONSOLE, 20, 1, 0);
	ck_assert_uint_eq(load(CONSOLE, 20, 1), 0);
	ck_assert_uint_eq(load(CONSOLE, 12, 4), 0);
	store(CONSOLE, 22, 2, 1);
	ck_assert_uint_eq(load(CONSOLE, 24, 2), 256);
	ck_assert_uint_eq(load(CONSOLE, 28, 2), 0);
}
END_TEST

START_TEST(ring_at_three_addresses)
{
	start_queue(CONSOLE, 1, 8);
	for (unsigned i = 0; i < 20; i++)
		print_by_ring("x");
	ck_assert_str_eq(printed, "xxxxxxxxxxxxxxxxxxxx");
	ck_assert_uint_eq(used_idx(), 20);
	ck_assert_uint_eq(nr_irqs, 20);
	ck_assert_uint_eq(irqs, 1u << CONSOLE);
}
END_TEST

START_TEST(isr_says_it_once)
{
	start_queue(CONSOLE, 1, 8);
	ck_assert_uint_eq(load(CONSOLE, 58, 1), 0);
	print_by_ring("x");
	ck_assert_uint_eq(load(CONSOLE, 58, 1), 1);
	ck_assert_uint_eq(load(CONSOLE, 58, 1), 0);
	put16(AVAIL, 1); /* quiet, please */
	print_by_ring("y");
	ck_assert_uint_eq(load(CONSOLE, 58, 1), 0);
	ck_assert_uint_eq(nr_irqs, 1);
}
END_TEST

START_TEST(input_raises_the_same_line)
{
	struct virtio_device *con = new_console();

	ck_assert_int_eq(pci_bus_add(bus, con), 0);
	region[0] = config(4, 0x10, 4);
	climb_to(0, AGREED);
	place_queue(0, 0, 8);
	store(0, 28, 2, 1);
	put_desc(0, TEXT, 16, VIRTQ_DESC_WRITE, 0);
	post(0, 8);
	ck_assert_uint_eq(console_input(con, (const uint8_t *)"ls\n", 3), 3);
	ck_assert_uint_eq(irqs, 1u << 4);
	ck_assert_mem_eq(at(TEXT), "ls\n", 3);
	ck_assert_uint_eq(load(0, 58, 1), 1);
}
END_TEST

START_TEST(disk_configuration)
{
	find_regions();
	ck_assert_uint_eq(load(DISK, 60, 4), 2048);
	ck_assert_uint_eq(load(DISK, 64, 4), 0);
	ck_assert_uint_eq(load(DISK, 72, 4), 254);
	ck_assert_uint_eq(load(DISK, 73, 1), 0);
}
END_TEST

static void sent(void *ctx, const uint8_t *frame, uint32_t n)
{
	(void)ctx;
	ck_assert_uint_eq(n, 60);
	print(NULL, frame, 4);
}

/* The header of a modern card has 12 bytes, and its ring takes indirect descriptors. */
START_TEST(network_card)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 9};

	ck_assert_int_eq(pci_bus_add(bus, virtio_net_create(mac, sent, NULL)), 0);
	region[0] = config(4, 0x10, 4);
	ck_assert_uint_eq(config(4, 0, 4), 0x10411af4);
	ck_assert_uint_eq(config(4, 8, 4), 0x02000001);
	ck_assert_uint_eq(config(4, 0x80, 4), 10);
	ck_assert_uint_eq(load(0, 4, 4), 0x10000020);
	ck_assert_uint_eq(load(0, 65, 1), 9);
	climb_to(0, AGREED);
	place_queue(0, 1, 8);
	store(0, 28, 2, 1);
	store(0, 20, 1, RUNNING);
	memset(at(TEXT), 0, 72);
	memcpy(at(TEXT + 12), "ping", 4);
	put_desc(0, DESC + 0x100, 16, VIRTQ_DESC_INDIRECT, 0);
	put_desc(16, TEXT, 72, 0, 0);
	post(0, 8);
	store(0, 56, 2, 1);
	ck_assert_str_eq(printed, "ping");
	ck_assert_uint_eq(used_idx(), 1);
	ck_assert_ptr_null(stopped);
}
END_TEST

START_TEST(first_words_through_the_window)
{
	print_by_window(CONSOLE, 'H');
	print_by_window(CONSOLE, 'i');
	ck_assert_str_eq(printed, "Hi");
	/* Also with a driver, and even without its consent. */
	start_queue(CONSOLE, 1, 8);
	print_by_window(CONSOLE, '!');
	store(CONSOLE, 20, 1, RUNNING | 0x80);
	print_by_window(CONSOLE, '?');
	store(CONSOLE, 68, 4, 0xffffff00 | '.');
	ck_assert_str_eq(printed, "Hi!?.");
}
END_TEST

START_TEST(window_reads_registers)
{
	set_config(DISK, 0x88, 1, 0);
	set_config(DISK, 0x8c, 4, 18);
	set_config(DISK, 0x90, 4, 2);
	ck_assert_uint_eq(config(DISK, 0x94, 4), 1);
	set_config(DISK, 0x8c, 4, 60);
	set_config(DISK, 0x90, 4, 4);
	ck_assert_uint_eq(config(DISK, 0x94, 4), 2048);
	ck_assert_uint_eq(config(DISK, 0x95, 1), 8);
}
END_TEST

static void add_bytes(void *ctx, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t *sum = ctx;

	while (n--)
		*sum = *sum * 31 + *b++;
}

static uint64_t state(void)
{
	uint64_t sum = 0;

	pci_bus_state(bus, &(struct virtio_sink){add_bytes, &sum});
	return sum;
}

START_TEST(restart_is_like_new)
{
	const uint64_t fresh = state();

	start_queue(CONSOLE, 1, 8);
	set_config(DISK, 4, 2, 2);
	ck_assert(state() != fresh);
	pci_bus_restart(bus);
	ck_assert(state() == fresh);
	print_by_ring("x");
	ck_assert_str_eq(printed, "");
	start_queue(CONSOLE, 1, 8);
}
END_TEST

/* --- hostile --- */

START_TEST(row_34_ring_addresses)
{
	static const struct {
		uint32_t off, v;
	} row[] = {
		{32, DESC + 8},	  /* unaligned */
		{40, AVAIL + 1},  /* unaligned */
		{48, USED + 2},	  /* unaligned */
		{36, 1},	  /* above 4 GB */
		{44, 0xffffffff}, /* above 4 GB */
		{52, 1},	  /* above 4 GB */
		{32, RAM},	  /* outside RAM */
		{32, RAM - 112},  /* its end is */
		{40, RAM - 18},	  /* its end is */
		{48, RAM - 64},	  /* its end is */
		{48, 0xfffffffc}, /* wraps */
		{32, REGION},	  /* the region itself */
	};

	find_regions();
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		climb_to(CONSOLE, AGREED);
		place_queue(CONSOLE, 1, 8);
		store(CONSOLE, row[i].off, 4, row[i].v);
		store(CONSOLE, 28, 2, 1);
		assert_stopped(VIRTIO_CONSOLE,
			       "ring is unaligned or lies outside the Guest's memory");
		ck_assert_uint_eq(load(CONSOLE, 28, 2), 0);
		print_by_ring("x");
		ck_assert_str_eq(printed, "");
	}
	/* The last byte of RAM is still RAM. */
	climb_to(CONSOLE, AGREED);
	place_queue(CONSOLE, 1, 8);
	store(CONSOLE, 32, 4, RAM - 128);
	store(CONSOLE, 28, 2, 1);
	ck_assert_ptr_null(stopped);
	ck_assert_uint_eq(load(CONSOLE, 28, 2), 1);
}
END_TEST

START_TEST(row_35_queue_size)
{
	static const uint16_t size[] = {0, 3, 255, 512, 0x8000, 0xffff};

	find_regions();
	for (unsigned i = 0; i < ARRAY_LEN(size); i++) {
		climb_to(CONSOLE, AGREED);
		place_queue(CONSOLE, 1, size[i]);
		store(CONSOLE, 28, 2, 1);
		assert_stopped(VIRTIO_CONSOLE, "queue size is not a power of two up to 256");
	}
	climb_to(CONSOLE, AGREED);
	place_queue(CONSOLE, 1, 8);
	store(CONSOLE, 28, 2, 1);
	store(CONSOLE, 24, 2, 16);
	assert_stopped(VIRTIO_CONSOLE, "its driver changed a queue that is enabled");
	ck_assert_uint_eq(load(CONSOLE, 24, 2), 8);
}
END_TEST

START_TEST(row_36_wrong_state)
{
	static const struct {
		unsigned state;
		uint32_t off, bytes, v;
		const char *why;
	} row[] = {
		{ACK, 12, 4, 0, "its driver wrote features at the wrong time"},
		{AGREED, 12, 4, 0, "its driver wrote features at the wrong time"},
		{CLAIMED, 24, 2, 8, "its driver set up a queue before FEATURES_OK"},
		{CLAIMED, 32, 4, DESC, "its driver set up a queue before FEATURES_OK"},
		{CLAIMED, 28, 2, 1, "its driver set up a queue before FEATURES_OK"},
		{RUNNING, 28, 2, 1, "its driver set up a queue after DRIVER_OK"},
		{RUNNING, 52, 4, 0, "its driver set up a queue after DRIVER_OK"},
		{AGREED, 28, 2, 2, "its driver enabled a queue with something else than 1"},
		{AGREED, 28, 2, 0, "its driver enabled a queue with something else than 1"},
	};

	find_regions();
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		store(CONSOLE, 20, 1, 0);
		climb_to(CONSOLE, row[i].state);
		store(CONSOLE, row[i].off, row[i].bytes, row[i].v);
		assert_stopped(VIRTIO_CONSOLE, row[i].why);
	}
}
END_TEST

/* Features are no reason to stop: the driver sees that FEATURES_OK did not stay. */
START_TEST(row_36_features_that_were_not_offered)
{
	static const uint32_t took[][3] = {
		{0x4, 0, 0},	    /* not a modern driver */
		{0x10000004, 1, 0}, /* indirect was not offered */
		{0x4, 3, 0},	    /* nor was that */
		{0x4, 1, 1},	    /* there is no third word */
	};

	find_regions();
	for (unsigned i = 0; i < ARRAY_LEN(took); i++) {
		climb_to(CONSOLE, CLAIMED);
		for (unsigned word = 0; word < 3; word++) {
			store(CONSOLE, 8, 4, word);
			store(CONSOLE, 12, 4, took[i][word]);
		}
		store(CONSOLE, 20, 1, AGREED);
		ck_assert_uint_eq(load(CONSOLE, 20, 1), CLAIMED);
		ck_assert_ptr_null(stopped);
	}
}
END_TEST

START_TEST(row_37_enable_without_a_queue)
{
	find_regions();
	climb_to(CONSOLE, AGREED);
	place_queue(CONSOLE, 2, 8);
	store(CONSOLE, 28, 2, 1);
	place_queue(CONSOLE, 0xffff, 8);
	store(CONSOLE, 28, 2, 1);
	ck_assert_ptr_null(stopped);
	ck_assert_uint_eq(load(CONSOLE, 28, 2), 0);
	ck_assert_uint_eq(load(CONSOLE, 32, 4), 0);
	start_queue(CONSOLE, 1, 8);
}
END_TEST

START_TEST(row_38_bell_of_no_queue)
{
	find_regions();
	put_desc(0, TEXT, 1, 0, 0);
	post(0, 8);
	store(CONSOLE, 56, 2, 1); /* before anything */
	start_queue(CONSOLE, 1, 8);
	store(CONSOLE, 56, 2, 0); /* never started */
	store(CONSOLE, 56, 2, 2); /* does not exist */
	store(CONSOLE, 56, 2, 0xffff);
	store(CONSOLE, 56, 4, 1); /* is no bell */
	ck_assert_ptr_null(stopped);
	ck_assert_uint_eq(used_idx(), 0);
	store(CONSOLE, 20, 1, 0);
	store(CONSOLE, 56, 2, 1); /* no longer */
	ck_assert_uint_eq(used_idx(), 0);
	ck_assert_uint_eq(nr_irqs, 0);
}
END_TEST

START_TEST(row_39_end_of_the_configuration)
{
	find_regions();
	ck_assert_uint_eq(load(DISK, 95, 1), 0);
	ck_assert_uint_eq(load(DISK, 94, 2), 0);
	ck_assert_uint_eq(load(DISK, 94, 4), 0xffff0000);
	ck_assert_uint_eq(load(DISK, 96, 4), 0xffffffff);
	ck_assert_uint_eq(load(DISK, 127, 4), 0xffffffff);
	ck_assert_uint_eq(load(RNG, 60, 1), 0xff);
	store(CONSOLE, 71, 4, 'x'); /* begins in emerg_wr, ends outside */
	store(CONSOLE, 124, 4, 'x');
	ck_assert_str_eq(printed, "");
}
END_TEST

START_TEST(row_40_odd_windows)
{
	static const struct {
		uint32_t bar, off, bytes;
	} row[] = {
		{1, 68, 4}, {0, 68, 0}, {0, 68, 3},	    {0, 68, 8},
		{0, 70, 4}, {0, 72, 4}, {0, 0xfffffffc, 4}, {0, 68, 0xffffffff},
	};

	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		set_config(CONSOLE, 0x88, 1, row[i].bar);
		set_config(CONSOLE, 0x8c, 4, row[i].off);
		set_config(CONSOLE, 0x90, 4, row[i].bytes);
		ck_assert_uint_eq(config(CONSOLE, 0x94, 4), 0xffffffff);
		set_config(CONSOLE, 0x94, 4, 'x');
	}
	ck_assert_str_eq(printed, "");
	ck_assert_ptr_null(stopped);
	/* The bridge has no window at all. */
	set_config(0, 0x90, 4, 4);
	ck_assert_uint_eq(config(0, 0x94, 4), 0);
}
END_TEST

/* Row 41 is launcher_trapped_test's; here is what is left of it: no device, no answer. */
START_TEST(row_41_no_device_there)
{
	uint32_t v;

	find_regions();
	ck_assert(!pci_bus_load(bus, GPA(RAM), 4, &v));
	ck_assert(!pci_bus_load(bus, GPA(REGION - 1), 4, &v));
	ck_assert(!pci_bus_load(bus, GPA(region[RNG] + 64), 4, &v));
	ck_assert(!pci_bus_store(bus, GPA(0), 4, 0, &stopped));
	ck_assert(!pci_bus_store(bus, GPA(0xffffffff), 1, 0, &stopped));
}
END_TEST

/* We read neither, except for the one bit of the latter that has a meaning. */
START_TEST(row_42_flags_of_the_rings)
{
	put16(USED, 0xffff);
	put16(AVAIL, 0xfffe);
	start_queue(CONSOLE, 1, 8);
	print_by_ring("x");
	ck_assert_str_eq(printed, "x");
	ck_assert_uint_eq(nr_irqs, 1);
}
END_TEST

START_TEST(row_43_status_bits)
{
	static const struct {
		uint8_t from, to;
	} row[] = {
		{0, CLAIMED},	{0, 4},	       {ACK, AGREED},	   {CLAIMED, 7},
		{CLAIMED, ACK}, {RUNNING, 11}, {RUNNING, ACK},	   {AGREED, AGREED | 0x10},
		{0, 0x40},	{ACK, 2},      {CLAIMED, RUNNING},
	};

	find_regions();
	for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
		store(CONSOLE, 20, 1, 0);
		climb_to(CONSOLE, row[i].from);
		store(CONSOLE, 20, 1, row[i].to);
		assert_stopped(VIRTIO_CONSOLE, "its driver set status bits out of order");
		ck_assert_uint_eq(load(CONSOLE, 20, 1), row[i].from);
	}
}
END_TEST

START_TEST(row_43_failed)
{
	start_queue(CONSOLE, 1, 8);
	store(CONSOLE, 20, 1, RUNNING | 0x80);
	assert_stopped(VIRTIO_CONSOLE, "its driver gave up (FAILED)");
	ck_assert_uint_eq(load(CONSOLE, 20, 1), RUNNING | 0x80);
	print_by_ring("x");
	ck_assert_str_eq(printed, "");
	/* Until somebody else tries. */
	start_queue(CONSOLE, 1, 8);
	memset(at(USED), 0, 68);
	print_by_ring("y");
	ck_assert_str_eq(printed, "y");
}
END_TEST

START_TEST(broken_ring_stops_one_device)
{
	start_queue(CONSOLE, 1, 8);
	put_desc(0, RAM, 1, 0, 0);
	post(0, 8);
	store(CONSOLE, 56, 2, 1);
	assert_stopped(VIRTIO_CONSOLE, "buffer lies outside the Guest's memory");
	store(CONSOLE, 56, 2, 1);
	ck_assert_ptr_null(stopped); /* that was told already */
	memset(at(AVAIL), 0, 64);
	memset(at(USED), 0, 68);
	start_queue(RNG, 0, 8);
	put_desc(0, TEXT, 8, VIRTQ_DESC_WRITE, 0);
	post(0, 8);
	store(RNG, 56, 2, 0);
	ck_assert_uint_eq(used_idx(), 1);
	ck_assert_uint_eq(irqs, 1u << RNG);
}
END_TEST

/* Every store to every register, in every width, from every state: nothing may happen but that. */
START_TEST(any_store_anywhere)
{
	static const uint32_t value[] = {0, 1, 2, 3, 4, 11, 15, 0x80, 0x1000, 0xffff, 0xffffffff};
	uint32_t seed = 1;

	find_regions();
	for (unsigned i = 0; i < 200000; i++) {
		static const uint8_t width[] = {1, 2, 4};
		unsigned slot = 1 + i % 3, bytes;
		uint32_t v;

		seed = seed * 1103515245 + 12345;
		bytes = width[(seed >> 8) % 3];
		v = value[(seed >> 12) % ARRAY_LEN(value)];
		if (seed >> 31)
			set_config(slot, seed >> 16 & 0xff, bytes, v);
		else
			store(slot, (seed >> 16) % (slot == RNG ? 64 : 128), bytes, v);
		(void)load(slot, (seed >> 20) % 64, bytes);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bus_pci");
	TCase *good = tcase_create("good"), *hostile = tcase_create("hostile");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(good, setup, teardown);
	suite_add_tcase(s, good);
	tcase_add_test(good, mechanism_1_is_there);
	tcase_add_test(good, latch_has_four_lanes);
	tcase_add_test(good, slots_and_headers);
	tcase_add_test(good, ones_where_nothing_is);
	tcase_add_test(good, regions_are_aligned_to_their_size);
	tcase_add_test(good, region_never_moves);
	tcase_add_test(good, what_can_be_written);
	tcase_add_test(good, capabilities_by_the_chain);
	tcase_add_test(good, thirty_one_devices);
	tcase_add_test(good, features_by_device);
	tcase_add_test(good, a_driver_comes_up);
	tcase_add_test(good, ring_at_three_addresses);
	tcase_add_test(good, isr_says_it_once);
	tcase_add_test(good, input_raises_the_same_line);
	tcase_add_test(good, disk_configuration);
	tcase_add_test(good, network_card);
	tcase_add_test(good, first_words_through_the_window);
	tcase_add_test(good, window_reads_registers);
	tcase_add_test(good, restart_is_like_new);
	tcase_add_checked_fixture(hostile, setup, teardown);
	suite_add_tcase(s, hostile);
	tcase_add_test(hostile, row_34_ring_addresses);
	tcase_add_test(hostile, row_35_queue_size);
	tcase_add_test(hostile, row_36_wrong_state);
	tcase_add_test(hostile, row_36_features_that_were_not_offered);
	tcase_add_test(hostile, row_37_enable_without_a_queue);
	tcase_add_test(hostile, row_38_bell_of_no_queue);
	tcase_add_test(hostile, row_39_end_of_the_configuration);
	tcase_add_test(hostile, row_40_odd_windows);
	tcase_add_test(hostile, row_41_no_device_there);
	tcase_add_test(hostile, row_42_flags_of_the_rings);
	tcase_add_test(hostile, row_43_status_bits);
	tcase_add_test(hostile, row_43_failed);
	tcase_add_test(hostile, broken_ring_stops_one_device);
	tcase_add_test(hostile, any_store_anywhere);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
