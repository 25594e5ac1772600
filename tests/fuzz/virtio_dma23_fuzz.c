/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1090
 * The bus of 2.6.23: lists of sections, keys and pages written over at will, and a Host that gives a
 * buffer at any address, or none.  One of two cards sits on a page outside the Guest's own memory.
:*/
#include "guest.h"

#include "virtio/dma23.h"

enum { LAN_PAGE = 0x2000 }; /* in the machine, below the Guest */

static struct dma23_bus *bus;
static bool on_lan;

static bool add(struct virtio_device *dev)
{
	const struct dma23_seat seat = {LAN_PAGE, 5};

	return !dma23_bus_add(bus, dev, dev->ops->type == VIRTIO_NET && on_lan ? &seat : NULL);
}

/* Somewhere, with a liking for places that matter. */
static uint32_t place(struct fuzz *f)
{
	const uint32_t v = fuzz_32(f);

	switch (v >> 30) {
	case 0: return v % G_RAM;
	case 1: return G_RAM + v % (4 * PAGE_SIZE);
	case 2: return dma23_bus_memory(bus)->limit_bytes - v % 256;
	default: return v;
	}
}

static void list(struct fuzz *f)
{
	const uint32_t at = place(f);
	const unsigned nr = fuzz_8(f) % 17u;
	le32_t addr;
	le16_t len;

	for (unsigned i = 0; i < nr; i++) {
		addr = le32(place(f));
		len = le16(fuzz_16(f));
		guest_poke(at + 4 + 4 * i, &addr, sizeof(addr));
		guest_poke(at + 68 + 2 * i, &len, sizeof(len));
	}
}

/* The Launcher's part: nobody runs while a device wants a buffer. */
static void serve(struct fuzz *f)
{
	const char *why;
	gpa_t key;

	for (unsigned i = 0; i < 300 && dma23_bus_wants(bus, &key); i++) {
		FUZZ_CHECK(key.v < dma23_bus_memory(bus)->limit_bytes && !(key.v & 3));
		switch (fuzz_8(f) % 4) {
		case 0: dma23_bus_no_buffer(bus, true, &why); break;
		case 1: dma23_bus_no_buffer(bus, false, &why); break;
		default: dma23_bus_buffer(bus, GPA(place(f)), fuzz_8(f) % 32u, &why); break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	const uint8_t first = fuzz_8(&f);
	uint8_t bytes[256];
	const char *why;
	uint32_t n;

	guest_make(8);
	bus = dma23_bus_create(&guest.gm, guest_irq, &guest);
	FUZZ_CHECK(bus);
	on_lan = first & 1;
	guest_devices(first & 0x80, add);
	FUZZ_CHECK(!guest.dev[2]); /* no random bytes then */
	while (f.left) {
		switch (fuzz_8(&f) % 6) {
		case 0:
			n = fuzz_8(&f);
			fuzz_bytes(&f, bytes, n);
			guest_poke(place(&f), bytes, n);
			break;
		case 1: list(&f); break;
		case 2:
			n = place(&f);
			dma23_bus_send(bus, GPA(place(&f)), GPA(n), &why);
			break;
		case 3:
			n = fuzz_8(&f) % 3u * PAGE_SIZE;
			dma23_bus_send(bus, GPA(place(&f)), GPA(n ? G_RAM + n : 0), &why);
			break;
		case 4: guest_input(&f); break;
		case 5: dma23_bus_restart(bus); break;
		}
		serve(&f);
		dma23_bus_ran(bus);
	}
	/* The shared page is the one place below the Guest that may have changed. */
	memset(guest.mem.ram + LAN_PAGE, G_FENCE, PAGE_SIZE);
	guest_check();
	dma23_bus_destroy(bus);
	mem_fini(&guest.mem);
	return 0;
}

/* Seeds: each key with a list that makes sense, disk requests of both kinds, input. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	size_t n = 0;

	if (i >= 12)
		return 0;
	fuzz_put(p, &n, i & 1 ? 0x81 : 0, 1);
	for (unsigned round = 0; round < 40; round++) {
		fuzz_put(p, &n, 1, 1); /* a list at 0x100 */
		fuzz_put(p, &n, 0x100, 4);
		fuzz_put(p, &n, 1 + i % 3, 1);
		for (unsigned k = 0; k < 1 + i % 3; k++) {
			fuzz_put(p, &n, 0x1000 * (k + 1), 4);
			fuzz_put(p, &n, 512, 2);
		}
		fuzz_put(p, &n, 0, 1); /* a request in the disk's page */
		fuzz_put(p, &n, 12, 1);
		fuzz_put(p, &n, round & 1, 4);
		fuzz_put(p, &n, round % 18, 4);
		fuzz_put(p, &n, 512 * (1 + i % 3), 4);
		fuzz_put(p, &n, 0x40000000 + 0x1000, 4);
		fuzz_put(p, &n, 3, 1); /* send to the console, the disk or the card */
		fuzz_put(p, &n, round % 3, 1);
		fuzz_put(p, &n, 0x100, 4);
		fuzz_put(p, &n, 2, 1); /* a buffer, if it wants one */
		fuzz_put(p, &n, 0x100, 4);
		fuzz_put(p, &n, 3, 1);
		fuzz_put(p, &n, 4, 1); /* something comes in */
		fuzz_put(p, &n, round & 1, 1);
		fuzz_put(p, &n, 20, 1);
		fuzz_put(p, &n, round, 8);
		fuzz_put(p, &n, round, 8);
		fuzz_put(p, &n, round, 4);
	}
	return n;
}
