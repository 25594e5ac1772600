/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1192
 * A small world for tests of the buses: memory with a Guest in it, interrupt lines, a console and a
 * disk that remember what came.  Each program has its own; the bus itself is the test's.
:*/
#ifndef TESTS_BUS_WORLD_H
#define TESTS_BUS_WORLD_H

#include <check.h>
#include <string.h>

#include "virtio/blk.h"
#include "virtio/console.h"

enum {
	BASE = 0x100000, /* of the Guest, in the machine */
	RAM = 0x40000,	 /* bytes of it, and behind them room for device pages up to ... */
	RESERVED = RAM + 256 * 4096,
};

static struct mem mem;
static struct guest_mem gm;
static uint32_t irqs; /* lines raised, a bit each */
static unsigned nr_irqs;
static char printed[64];
static uint8_t sector[512]; /* what was written to the disk last ... */
static uint64_t sector_off; /* ... and where */

/* more_bytes: memory of the machine behind the Guest. */
static inline void world_open(uint32_t more_bytes)
{
	ck_assert_int_eq(mem_init(&mem, BASE + RESERVED + more_bytes), 0);
	gm = gm_make(&mem, BASE, RAM, RESERVED);
	irqs = nr_irqs = 0;
	printed[0] = '\0';
	memset(sector, 0, sizeof(sector));
}

/* A bus's ctx is &mem. */
static inline void raise_irq(void *ctx, unsigned irq)
{
	ck_assert_ptr_eq(ctx, &mem);
	ck_assert_uint_lt(irq, 32);
	irqs |= 1u << irq;
	nr_irqs++;
}

/* Of what does not fit the test sees nothing, and will miss it. */
static inline void print(void *ctx, const uint8_t *bytes, size_t n)
{
	(void)ctx;
	if (strlen(printed) + n < sizeof(printed))
		strncat(printed, (const char *)bytes, n);
}

static inline struct virtio_device *new_console(void)
{
	return virtio_console_create(print, NULL);
}

/* Sector n is full of these. */
#define SECTOR_BYTE(n) ((uint8_t)((n) + 0xddu))

static inline int disk_in(void *ctx, uint64_t off, void *to, uint32_t len)
{
	(void)ctx;
	memset(to, SECTOR_BYTE(off / 512), len);
	return 0;
}

static inline int disk_out(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	(void)ctx;
	ck_assert_uint_le(len, sizeof(sector));
	sector_off = off;
	memcpy(sector, from, len);
	return 0;
}

static inline int disk_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static inline struct virtio_device *new_disk(uint64_t bytes, bool read_only)
{
	return virtio_blk_create(
		&(struct blk_store){NULL, bytes, read_only, disk_in, disk_out, disk_flush}, "id");
}

#endif
