/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:965
 * The PCI bus: any access of any width to its ports and its memory, with a bias towards registers
 * that mean something, so that a driver comes up now and then and its rings are served.
:*/
#include "guest.h"

#include "virtio/bus_pci.h"
#include "virtio/bus_pci_slot.h"

static struct pci_bus *bus;

static bool add(struct virtio_device *dev)
{
	return !pci_bus_add(bus, dev);
}

static uint32_t region[G_DEVICES];

static unsigned width(uint8_t v)
{
	return 1u << v % 3;
}

/* Where the regions are; as a driver finds it, by the BAR. */
static void find_regions(void)
{
	const struct virtio_device *stopped;

	for (unsigned i = 0; i < G_DEVICES; i++) {
		pci_bus_out(bus, PCI_PORT_ADDRESS, 4, 0x80000010u | (i + 1) << 11, &stopped);
		region[i] = pci_bus_in(bus, PCI_PORT_DATA, 4) & ~15u;
		FUZZ_CHECK(region[i] >= G_RAM && region[i] >> 12 < pci_bus_device_limit(bus));
	}
}

static void store(uint32_t gpa, unsigned bytes, uint32_t value)
{
	const struct virtio_device *stopped = NULL;

	if (!pci_bus_store(bus, GPA(gpa), bytes, value, &stopped))
		FUZZ_CHECK(!stopped);
	FUZZ_CHECK(!stopped || stopped->stopped);
}

/* A driver's way to a running device: three pages of rings, 16 entries each. */
static void come_up(unsigned i)
{
	static const uint8_t status[] = {1, 3, 11};
	const uint32_t at = region[i];

	store(at + BAR_STATUS, 1, 0);
	for (unsigned s = 0; s < 2; s++)
		store(at + BAR_STATUS, 1, status[s]);
	for (unsigned half = 0; half < 2; half++) {
		uint32_t offered = 0;

		store(at + BAR_DEVICE_FEATURE_SELECT, 4, half);
		store(at + BAR_DRIVER_FEATURE_SELECT, 4, half);
		FUZZ_CHECK(pci_bus_load(bus, GPA(at + BAR_DEVICE_FEATURE), 4, &offered));
		store(at + BAR_DRIVER_FEATURE, 4, offered);
	}
	store(at + BAR_STATUS, 1, status[2]);
	for (unsigned q = 0; q < guest.dev[i]->ops->nr_queues; q++) {
		store(at + BAR_QUEUE_SELECT, 2, q);
		store(at + BAR_QUEUE_SIZE, 2, 16);
		for (unsigned k = 0; k < 3; k++) {
			store(at + BAR_QUEUE_DESC + 8 * k, 4, 0x1000u * (1 + k) + 0x400 * q);
			store(at + BAR_QUEUE_DESC + 8 * k + 4, 4, 0);
		}
		store(at + BAR_QUEUE_ENABLE, 2, 1);
	}
	store(at + BAR_STATUS, 1, 15);
}

static void deed(struct fuzz *f)
{
	static const uint8_t reg[] = {BAR_DEVICE_FEATURE_SELECT,
				      BAR_DRIVER_FEATURE_SELECT,
				      BAR_DRIVER_FEATURE,
				      BAR_STATUS,
				      BAR_QUEUE_SELECT,
				      BAR_QUEUE_SIZE,
				      BAR_QUEUE_ENABLE,
				      BAR_QUEUE_DESC,
				      BAR_QUEUE_AVAIL,
				      BAR_QUEUE_USED,
				      BAR_NOTIFY,
				      BAR_ISR,
				      BAR_CONFIG};
	const struct virtio_device *stopped = NULL;
	const uint8_t what = fuzz_8(f);
	const uint32_t at = region[what >> 6];
	struct virtq_desc d;
	uint8_t bytes[256];
	uint32_t n, v;

	switch (what % 10) {
	case 0:
		n = fuzz_8(f);
		pci_bus_out(bus, (uint16_t)(0xcf8 + n % 8), width((uint8_t)(n >> 4)), fuzz_32(f),
			    &stopped);
		FUZZ_CHECK(!stopped || stopped->stopped);
		break;
	case 1: /* a register of configuration space */
		v = fuzz_16(f);
		pci_bus_out(bus, PCI_PORT_ADDRESS, 4, 0x80000000u | (v & 0xfffc), &stopped);
		pci_bus_out(bus, (uint16_t)(PCI_PORT_DATA + (v & 3)), width(fuzz_8(f)), fuzz_32(f),
			    &stopped);
		break;
	case 2:
		n = fuzz_8(f);
		(void)pci_bus_in(bus, (uint16_t)(0xcf8 + n % 8), width((uint8_t)(n >> 4)));
		break;
	case 3: store(at + reg[fuzz_8(f) % ARRAY_LEN(reg)], 4, fuzz_32(f)); break;
	case 4:
		n = fuzz_8(f);
		store(at + n, width(fuzz_8(f)), fuzz_16(f));
		break;
	case 5:
		n = fuzz_8(f);
		if (!pci_bus_load(bus, GPA(at + n), width(fuzz_8(f)), &v))
			v = 0; /* nobody is there */
		break;
	case 6:
		n = fuzz_8(f);
		fuzz_bytes(f, bytes, n);
		guest_poke(fuzz_16(f), bytes, n);
		break;
	case 7: /* a descriptor of one of the rings above, posted first of all */
		d = (struct virtq_desc){le64(fuzz_16(f)), le32(fuzz_16(f)), le16(fuzz_8(f)),
					le16(fuzz_8(f))};
		n = fuzz_8(f);
		guest_poke(0x1000u + (n >> 6) * 0x400u + n % 16 * 16u, &d, 16);
		guest_poke(0x2002u + (n >> 6) * 0x400u, bytes, fuzz_8(f) % 2);
		d.flags = le16(fuzz_8(f) % 18);
		guest_poke(0x2002u + (n >> 6) * 0x400u, &d.flags, 2);
		store(at + BAR_NOTIFY, 2, n >> 6);
		break;
	case 8: guest_input(f); break;
	case 9:
		n = fuzz_8(f);
		if (n < 200)
			come_up(what >> 6);
		else if (n < 210)
			pci_bus_restart(bus);
		else
			store(fuzz_32(f), width((uint8_t)n), fuzz_32(f));
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};

	guest_make(0);
	bus = pci_bus_create(&guest.gm, guest_irq, &guest);
	FUZZ_CHECK(bus);
	guest_devices(fuzz_8(&f) & 1, add);
	find_regions();
	while (f.left)
		deed(&f);
	guest_check();
	pci_bus_restart(bus);
	guest_check();
	pci_bus_destroy(bus);
	mem_fini(&guest.mem);
	return 0;
}

/* Seeds: each device brought up, a chain in its first queue, a few bytes for it. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	const uint8_t device = (uint8_t)(i % 4 << 6);
	size_t n = 0;

	if (i >= 12)
		return 0;
	fuzz_put(p, &n, 0, 1);
	fuzz_put(p, &n, device + (9 + 256 - device % 10u) % 10u, 1);
	/* The low six bits choose the deed modulo ten of the whole byte; look for one that does. */
	for (unsigned want = 9, k = 0; k < 3; want = k ? 8 : 7, k++) {
		uint8_t op = device;

		while (op % 10 != want)
			op++;
		fuzz_put(p, &n, op, 1);
		fuzz_put(p, &n, want == 9 ? 0 : 0x3000, want == 9 ? 1 : 2);
		if (want == 7) {
			fuzz_put(p, &n, 512, 2);
			fuzz_put(p, &n, i / 4 ? 2 : 0, 1);
			fuzz_put(p, &n, 0, 2);
			fuzz_put(p, &n, 0, 1);
			fuzz_put(p, &n, 1, 1);
		}
	}
	fuzz_put(p, &n, 0x1801, 2);
	fuzz_put(p, &n, 0x4142434445464748, 8);
	return n;
}
