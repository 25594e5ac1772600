/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:963
 * Rings that a driver builds with care and with every kind of lie in them, under all devices of the
 * lguest bus.  An input is an era and a list of deeds: write a descriptor, post a chain, kick, let
 * something arrive, start over.
 *
 * What must hold: nothing outside the Guest changes, the disk is asked only for what it has, and a
 * kick ends.
:*/
#include "guest.h"

#include "virtio/bus_lguest.h"

enum deed { DESC, INDIRECT, POST, KICK, STATUS, INPUT, POKE, RESTART, DEEDS };

static struct lguest_bus *bus;

static bool add(struct virtio_device *dev)
{
	return !lguest_bus_add(bus, dev);
}

/* A descriptor whose address is mostly in memory and whose length is mostly small. */
static struct virtq_desc a_desc(struct fuzz *f)
{
	const uint8_t how = fuzz_8(f);
	uint64_t addr = fuzz_16(f);
	uint32_t len = fuzz_8(f);

	if (how & 0x10)
		len <<= 8;
	if (how & 0x20)
		len = ~len;
	if (how & 0x40)
		addr = fuzz_64(f);
	if (how & 0x80)
		addr += G_RAM; /* the device pages */
	return (struct virtq_desc){le64(addr), le32(len), le16(how & 0x0f), le16(fuzz_8(f))};
}

static void deed(struct fuzz *f, struct virtio_device *dev, struct virtq *vq)
{
	const unsigned what = fuzz_8(f) % DEEDS;
	struct virtq_desc d;
	uint8_t bytes[64];
	const char *why;
	le16_t v;

	switch (what) {
	case DESC:
		d = a_desc(f);
		guest_poke(vq->desc.v + fuzz_8(f) % vq->num * 16u, &d, 16);
		break;
	case INDIRECT:
		d = a_desc(f);
		guest_poke(0x1000u + fuzz_8(f) * 16u, &d, 16);
		break;
	case POST: /* at the right place, and the index may jump */
		memcpy(&v, guest.mem.ram + G_BASE + vq->avail.v + 2, 2);
		d.next = le16(fuzz_8(f));
		guest_poke(vq->avail.v + 4 + le16_get(v) % vq->num * 2u, &d.next, 2);
		v = le16((uint16_t)(le16_get(v) + 1 + (fuzz_8(f) > 250 ? fuzz_16(f) : 0)));
		guest_poke(vq->avail.v + 2, &v, 2);
		break;
	case KICK: (void)lguest_bus_notify(bus, vq->desc, &why); break;
	case STATUS: /* every descriptor byte that is a status for some device, and the bell */
		v.b[0] = fuzz_8(f);
		guest_poke(G_RAM + fuzz_8(f), v.b, 1);
		(void)lguest_bus_notify(bus, GPA(G_RAM + fuzz_8(f)), &why);
		break;
	case INPUT: guest_input(f); break;
	case POKE:
		fuzz_bytes(f, bytes, sizeof(bytes));
		guest_poke(fuzz_16(f), bytes, fuzz_8(f) % sizeof(bytes));
		break;
	case RESTART:
		if (fuzz_8(f) > 200)
			lguest_bus_restart(bus);
		break;
	}
	FUZZ_CHECK(dev->vq[0].num);
}

/* Drivers everywhere: they have claimed their devices and taken all features. */
static void claim(void)
{
	static const uint8_t status = VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER;
	uint32_t at = G_RAM;
	const char *why;

	for (unsigned i = 0; i < G_DEVICES; i++) {
		const uint8_t *p = guest.mem.ram + G_BASE + at;

		if (!guest.dev[i])
			continue;
		memcpy(guest.mem.ram + G_BASE + at + 5 + 8 * p[1] + p[2], p + 5 + 8 * p[1], p[2]);
		guest_poke(at + 4, &status, 1);
		(void)lguest_bus_notify(bus, GPA(at), &why);
		guest_poke(at + 4, &status, 1);
		at += 5u + 8u * p[1] + 2u * p[2] + p[3];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t release[] = {LGUEST_RELEASE(2, 6, 25), LGUEST_RELEASE(2, 6, 27),
					   LGUEST_RELEASE(2, 6, 32), LGUEST_RELEASE(3, 11, 0),
					   LGUEST_RELEASE(3, 19, 0)};
	struct fuzz f = {data, size};
	const uint8_t first = fuzz_8(&f);

	guest_make(32);
	bus = lguest_bus_create(&guest.gm,
				lguest_bus_profile_find(release[first % ARRAY_LEN(release)]),
				guest_irq, &guest);
	FUZZ_CHECK(bus);
	guest_devices(first & 0x80, add);
	claim();
	while (f.left) {
		const uint8_t who = fuzz_8(&f);
		struct virtio_device *dev = guest.dev[who % G_DEVICES];

		if (dev)
			deed(&f, dev, &dev->vq[(who >> 2) % dev->ops->nr_queues]);
	}
	guest_check();
	lguest_bus_destroy(bus);
	mem_fini(&guest.mem);
	return 0;
}

static void put_desc(uint8_t *p, size_t *n, uint8_t who, uint8_t flags, uint16_t addr, uint8_t len,
		     uint8_t next, uint8_t at)
{
	fuzz_put(p, n, who, 1);
	fuzz_put(p, n, DESC, 1);
	fuzz_put(p, n, flags, 1);
	fuzz_put(p, n, addr, 2);
	fuzz_put(p, n, len, 1);
	fuzz_put(p, n, next, 1);
	fuzz_put(p, n, at, 1);
}

/* Seeds: one good request for each device and queue, and a disk's of each type, in each era. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	const uint8_t who = (uint8_t)(i % 8), era = (uint8_t)(i / 8);
	size_t n = 0;

	if (i >= 40)
		return 0;
	fuzz_put(p, &n, era, 1);
	for (unsigned round = 0; round < 3; round++) {
		fuzz_put(p, &n, who, 1);
		fuzz_put(p, &n, POKE, 1);
		fuzz_put(p, &n, round == 2 ? 8 : round, 4); /* a disk's header: type */
		fuzz_put(p, &n, 0, 60);
		fuzz_put(p, &n, 0x2000, 2);
		fuzz_put(p, &n, 16, 1);
		if (who % 4 == 0) { /* a disk: header, sector, status */
			put_desc(p, &n, who, 1, 0x2000, 16, 1, 0);
			put_desc(p, &n, who, round ? 1 | 0x10 : 3 | 0x10, 0x3000, 2, 2, 1);
			put_desc(p, &n, who, 2, 0x4000, 1, 0, 2);
		} else {
			/* The first queue is for input, but random bytes have only that one. */
			put_desc(p, &n, who, who < 4 ? 2 : 0, 0x2000, 128, 0, 0);
		}
		fuzz_put(p, &n, who, 1);
		fuzz_put(p, &n, POST, 1);
		fuzz_put(p, &n, 0, 2);
		fuzz_put(p, &n, who, 1);
		fuzz_put(p, &n, KICK, 1);
		fuzz_put(p, &n, who, 1);
		fuzz_put(p, &n, INPUT, 1);
		fuzz_put(p, &n, who % 4 == 3, 1);
		fuzz_put(p, &n, 20, 1);
		fuzz_put(p, &n, 0x4142434445464748, 8);
		fuzz_put(p, &n, 0, 12);
	}
	return n;
}
