/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:966
 * The network card alone, in its three dialects: frames of any size and with any header from the
 * Guest, cut as the input says, and frames from outside into buffers of any size.  What comes out
 * of a card must be a frame, and what a chain is said to hold may not be more than it has room for.
:*/
#include "guest.h"

enum { NUM = 16, RING0 = G_RAM, RING1 = G_RAM + 2 * 4096, DATA = 0x1000 };

static struct virtio_device *dev;
static uint16_t posted[2];

static void interrupt(void *bus, struct virtio_device *d, unsigned q)
{
	FUZZ_CHECK(bus == &guest && d == dev && q < 2);
}

/* A chain of up to four buffers, from descriptor head on. */
static void post(struct fuzz *f, unsigned q)
{
	const uint8_t how = fuzz_8(f);
	const unsigned head = posted[q] % 4 * 4, pieces = 1 + how % 4;
	uint32_t at = DATA + q * 0x2000u + head * 0x200u;
	le16_t v;

	for (unsigned i = 0; i < pieces; i++) {
		uint32_t len = fuzz_8(f);
		uint16_t flags = (i + 1 < pieces ? 1 : 0) | (q == 0 ? 2 : 0);
		struct virtq_desc d;

		if (how & 0x10)
			len *= 16;
		if (how & 0x20 && i == 1)
			len = 0x10000;
		if (how & 0x40 && how & 0x80)
			flags ^= 2;
		d = (struct virtq_desc){le64(how & 0x80 ? 0 : at), le32(len), le16(flags),
					le16((uint16_t)(head + i + 1))};
		guest_poke(dev->vq[q].desc.v + (head + i) * 16, &d, 16);
		at += len;
	}
	v = le16((uint16_t)head);
	guest_poke(dev->vq[q].avail.v + 4 + posted[q] % NUM * 2u, &v, 2);
	v = le16(++posted[q]);
	guest_poke(dev->vq[q].avail.v + 2, &v, 2);
}

/* The lengths in the used ring of input are at most what there was room for. */
static void check_used(void)
{
	const uint8_t *used = guest.mem.ram + G_BASE + dev->vq[0].used.v + 4;

	for (unsigned i = 0; i < NUM; i++) {
		le32_t id, len;

		memcpy(&id, used + 8 * i, 4);
		memcpy(&len, used + 8 * i + 4, 4);
		FUZZ_CHECK(le32_get(id) < NUM);
		FUZZ_CHECK(le32_get(len) <= 4 * 0x10000u);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t mac[NET_MAC_BYTES] = {2, 0, 0, 0, 0, 1}, header[] = {8, 10, 12};
	struct fuzz f = {data, size};
	const uint8_t first = fuzz_8(&f);
	uint8_t bytes[256];
	uint32_t n;

	guest_make(32);
	dev = virtio_net_create(mac, guest_frame, &guest);
	FUZZ_CHECK(dev);
	memset(guest.dev, 0, sizeof(guest.dev));
	guest.dev[3] = dev;
	virtq_init(&dev->vq[0], &guest.gm, GPA(RING0), NUM);
	virtq_init(&dev->vq[1], &guest.gm, GPA(RING1), NUM);
	dev->vq[0].indirect = dev->vq[1].indirect = first & 0x10;
	dev->offered = dev->ops->features;
	dev->dialect = (struct virtio_dialect){.net_header_bytes = header[first % 3],
					       .net_counts_sent = first & 0x20};
	dev->bus = &guest;
	dev->interrupt = interrupt;
	if (dev->ops->plug)
		dev->ops->plug(dev);
	memset(posted, 0, sizeof(posted));
	while (f.left) {
		switch (fuzz_8(&f) % 6) {
		case 0: post(&f, 0); break;
		case 1: post(&f, 1); break;
		case 2: virtio_notify(dev, fuzz_8(&f) & 1); break;
		case 3: guest_input(&f); break;
		case 4:
			n = fuzz_8(&f);
			fuzz_bytes(&f, bytes, n);
			guest_poke(DATA + fuzz_8(&f) * 64u, bytes, n);
			break;
		case 5:
			n = fuzz_8(&f);
			if (n < 20)
				virtio_reset(dev);
			else
				(void)virtio_net_room(dev);
			break;
		}
		if (!dev->stopped)
			check_used();
	}
	guest_check();
	virtio_destroy(dev);
	mem_fini(&guest.mem);
	return 0;
}

/* Seeds: a frame each way, in one piece and in four, in each dialect. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	size_t n = 0;

	if (i >= 12)
		return 0;
	fuzz_put(p, &n, i % 3, 1);
	for (unsigned q = 0; q < 2; q++) {
		fuzz_put(p, &n, q, 1);
		fuzz_put(p, &n, i / 3, 1);
		for (unsigned k = 0; k <= i / 3; k++)
			fuzz_put(p, &n, 100, 1);
		fuzz_put(p, &n, 2, 1);
		fuzz_put(p, &n, q, 1);
	}
	fuzz_put(p, &n, 3, 1);
	fuzz_put(p, &n, 0x4001, 2);
	for (unsigned k = 0; k < 8; k++)
		fuzz_put(p, &n, 0x0102030405060708 * k, 8);
	return n;
}
