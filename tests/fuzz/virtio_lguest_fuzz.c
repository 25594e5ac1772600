/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:964
 * The descriptor page of the lguest bus, written over at will, and bells rung at any address.  The
 * targets for rings keep the page in order; this one does not.
:*/
#include "guest.h"

#include "virtio/bus_lguest.h"

static struct lguest_bus *bus;

static bool add(struct virtio_device *dev)
{
	return !lguest_bus_add(bus, dev);
}

static void ring(struct fuzz *f, uint32_t at)
{
	const char *why = NULL;
	char text[100];

	switch (lguest_bus_notify(bus, GPA(at), &why)) {
	case LGUEST_NOTIFY_TEXT:
		FUZZ_CHECK(at < guest.bytes);
		FUZZ_CHECK(lguest_bus_early_text(bus, GPA(at), text, 1 + fuzz_8(f) % 100u) < 100);
		break;
	case LGUEST_NOTIFY_BAD: FUZZ_CHECK(why && at >= G_RAM); break;
	default: FUZZ_CHECK(!at || lguest_bus_name_at(bus, GPA(at))); break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t release[] = {LGUEST_RELEASE(2, 6, 25), LGUEST_RELEASE(2, 6, 26),
					   LGUEST_RELEASE(2, 6, 30), LGUEST_RELEASE(3, 4, 0),
					   LGUEST_RELEASE(3, 12, 0)};
	struct fuzz f = {data, size};
	const uint8_t first = fuzz_8(&f);
	uint8_t bytes[256];
	uint32_t n;

	guest_make(32);
	bus = lguest_bus_create(&guest.gm,
				lguest_bus_profile_find(release[first % ARRAY_LEN(release)]),
				guest_irq, &guest);
	FUZZ_CHECK(bus);
	guest_devices(first & 0x80, add);
	while (f.left)
		switch (fuzz_8(&f) % 6) {
		case 0: /* somewhere in the page */
			n = fuzz_8(&f);
			fuzz_bytes(&f, bytes, n);
			guest_poke(G_RAM + fuzz_8(&f), bytes, n);
			break;
		case 1: /* somewhere in a ring, or anywhere */
			n = fuzz_8(&f);
			fuzz_bytes(&f, bytes, n);
			guest_poke(G_RAM + fuzz_8(&f) * 512u + fuzz_8(&f), bytes, n);
			break;
		case 2: ring(&f, G_RAM + fuzz_8(&f)); break;
		case 3: ring(&f, G_RAM + fuzz_8(&f) * PAGE_SIZE); break;
		case 4: ring(&f, fuzz_32(&f)); break;
		case 5: guest_input(&f); break;
		}
	FUZZ_CHECK(lguest_bus_pages(bus) <= 32);
	guest_check();
	lguest_bus_restart(bus);
	guest_check();
	lguest_bus_destroy(bus);
	mem_fini(&guest.mem);
	return 0;
}

/* Seeds: a status written at each place where one may be, and a bell for each ring. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	size_t n = 0;

	if (i >= 20)
		return 0;
	fuzz_put(p, &n, i % 5, 1);
	for (unsigned at = 0; at < 128; at += 1 + i / 5) {
		fuzz_put(p, &n, 0, 1);
		fuzz_put(p, &n, 1, 1);
		fuzz_put(p, &n, i & 1 ? 0x83 : 3, 1);
		fuzz_put(p, &n, at, 1);
		fuzz_put(p, &n, 2, 1);
		fuzz_put(p, &n, at, 1);
	}
	for (unsigned page = 0; page < 34; page++) {
		fuzz_put(p, &n, 3, 1);
		fuzz_put(p, &n, page, 1);
	}
	fuzz_put(p, &n, 4, 1);
	fuzz_put(p, &n, 0x1234, 4);
	return n;
}
