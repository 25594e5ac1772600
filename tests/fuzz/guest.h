/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:962
 * A Guest for the fuzz targets of the devices: memory with a fence on either side, a disk that
 * checks every range it is asked for, and one device of each kind.
:*/
#ifndef TESTS_FUZZ_GUEST_H
#define TESTS_FUZZ_GUEST_H

#include "virtio/blk.h"
#include "virtio/console.h"
#include "virtio/net.h"
#include "virtio/rng.h"

#include "fuzz.h"

enum {
	G_BASE = 0x4000, /* where in the machine the Guest lies */
	G_RAM = 0x8000,
	G_FENCE = 0xa5,
	G_SECTORS = 16,
	G_DEVICES = 4,
};

static struct guest {
	struct mem mem;
	struct guest_mem gm;
	uint32_t bytes; /* RAM and device pages */
	struct virtio_device *dev[G_DEVICES];
	uint8_t sectors[G_SECTORS * 512];
	bool read_only;
	unsigned irqs;
	volatile unsigned taken;
} guest;

static inline void guest_irq(void *ctx, unsigned irq)
{
	FUZZ_CHECK(ctx == &guest && irq > 0 && irq < 32);
	guest.irqs++;
}

static int guest_read(void *ctx, uint64_t off, void *to, uint32_t len)
{
	FUZZ_CHECK(ctx == &guest && off <= sizeof(guest.sectors) &&
		   len <= sizeof(guest.sectors) - off);
	memcpy(to, guest.sectors + off, len);
	return 0;
}

static int guest_write(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	FUZZ_CHECK(!guest.read_only);
	FUZZ_CHECK(ctx == &guest && off <= sizeof(guest.sectors) &&
		   len <= sizeof(guest.sectors) - off);
	memcpy(guest.sectors + off, from, len);
	return 0;
}

static int guest_flush(void *ctx)
{
	FUZZ_CHECK(ctx == &guest);
	return 0;
}

/* Read all of what a device passes on, so that the sanitizers look at it, too. */
static void guest_take(void *ctx, const uint8_t *bytes, size_t n)
{
	FUZZ_CHECK(ctx == &guest && n > 0 && n <= 1u << 20);
	for (size_t i = 0; i < n; i++)
		guest.taken += bytes[i];
}

static void guest_frame(void *ctx, const uint8_t *frame, uint32_t n)
{
	FUZZ_CHECK(n >= NET_FRAME_MIN && n <= NET_FRAME_MAX);
	guest_take(ctx, frame, n);
}

/* Memory, with so many device pages above the RAM. */
static inline void guest_make(unsigned device_pages)
{
	guest.bytes = G_RAM + device_pages * PAGE_SIZE;
	FUZZ_CHECK(!mem_init(&guest.mem, G_BASE + guest.bytes + G_BASE));
	memset(guest.mem.ram, G_FENCE, G_BASE);
	memset(guest.mem.ram + G_BASE + guest.bytes, G_FENCE, G_BASE);
	guest.gm = gm_make(&guest.mem, G_BASE, G_RAM, guest.bytes);
	guest.irqs = 0;
}

/* Disk, console, random bytes, network: add gives each to a bus, or says no. */
static inline void guest_devices(bool read_only, bool (*add)(struct virtio_device *dev))
{
	static const uint8_t mac[NET_MAC_BYTES] = {2, 0, 0, 0, 0, 1};
	struct blk_store s = {&guest,	  sizeof(guest.sectors), read_only,
			      guest_read, guest_write,		 guest_flush};

	guest.read_only = read_only;
	memset(guest.sectors, 0x5a, sizeof(guest.sectors));
	guest.dev[0] = virtio_blk_create(&s, "fuzz");
	guest.dev[1] = virtio_console_create(guest_take, &guest);
	guest.dev[2] = virtio_rng_create(1);
	guest.dev[3] = virtio_net_create(mac, guest_frame, &guest);
	for (unsigned i = 0; i < G_DEVICES; i++) {
		FUZZ_CHECK(guest.dev[i]);
		if (!add(guest.dev[i])) {
			virtio_destroy(guest.dev[i]);
			guest.dev[i] = NULL;
		}
	}
}

/* Something arrives from outside. */
static inline void guest_input(struct fuzz *f)
{
	const uint8_t what = fuzz_8(f);
	uint8_t bytes[256];
	uint32_t n = fuzz_8(f);

	fuzz_bytes(f, bytes, n);
	if (what & 1 && guest.dev[3])
		virtio_net_receive(guest.dev[3], bytes, n);
	else if (guest.dev[1])
		console_input(guest.dev[1], bytes, n);
}

/* Whatever the Guest did, it did to itself. */
static inline void guest_check(void)
{
	/* All bytes equal to the byte before them, and the first as it was. */
	const uint8_t *low = guest.mem.ram, *high = low + G_BASE + guest.bytes;

	FUZZ_CHECK(low[0] == G_FENCE && !memcmp(low, low + 1, G_BASE - 1));
	FUZZ_CHECK(high[0] == G_FENCE && !memcmp(high, high + 1, G_BASE - 1));
	for (unsigned i = 0; i < G_DEVICES; i++)
		FUZZ_CHECK(!guest.dev[i] || !(guest.dev[i]->acked & ~guest.dev[i]->offered));
}

/* The Guest's own stores: they stay inside, however wild. */
static inline void guest_poke(uint32_t gpa, const void *from, uint32_t n)
{
	gpa %= guest.bytes;
	if (n > guest.bytes - gpa)
		n = guest.bytes - gpa;
	memcpy(guest.mem.ram + G_BASE + gpa, from, n);
}

#endif
