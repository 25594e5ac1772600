/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1119 guests/conformance/devices.c: The devices, over whichever bus the era has: what is offered, how a
 * ring behaves, and what the console, the disk and the source of random bytes do with a request,
 * also with a senseless one. Where releases differ in numbers alone, the number is printed and the
 * transcript knows the right one. :*/
#include "conf.h"
#include "virtio.h"

#define DEVICES 8

static struct virtio_device device[DEVICES];
static int devices;

static struct virtio_device *find(u8 type)
{
	int i;

	for (i = 0; i < devices; i++)
		if (device[i].type == type)
			return &device[i];
	return NULL;
}

/* ---- waiting ---- */

/*G:960 Since 2.6.31 a Launcher served each queue in a process of its own, so even a guest that waits
 * for nothing has to wait. It does so with exits, which give the others their turn. */
static int wait_used(struct virtqueue *vq, u32 *bytes)
{
	u32 i, j;
	int head;

	for (i = 0; i < 20000; i++) {
		head = vq_get(vq, bytes);
		if (head >= 0)
			return head;
		for (j = 0; j < 100; j++)
			__asm__ volatile("pause");
		hcall_flush();
	}
	return -1;
}

static void wait_irq(u32 irq, u32 before)
{
	u32 i;

	for (i = 0; i < 2000 && device_irq[irq].count == before; i++)
		hcall_flush();
}
/*:*/

/* ---- what is there ---- */

static void show_bus(void)
{
	u32 types = 0, entries = 0, lines = 0, i, j;
	int wrong = 0;

	for (i = 0; i < (u32)devices; i++) {
		types = types << 4 | device[i].type;
		for (j = 0; j < device[i].queue_count; j++) {
			wrong += device[i].queue[j].num != ERA_QUEUE_ENTRIES;
			wrong += device[i].queue[j].irq != ++lines;
			wrong += device[i].queue[j].memory !=
				 ram_bytes + PAGE_SIZE + entries * PAGE_SIZE;
			entries += vq_pages(device[i].queue[j].num);
		}
	}
	show("bus/devices", types);
	if (ERA_BUS != BUS_PCI)
		check_eq("bus/queues-lines-rings", (u32)wrong, 0);
}

static void show_offers(const char *name, const struct virtio_device *dev)
{
	char text[40];

	snprintf(text, sizeof(text), "bus/%s-features", name);
	show(text, dev->features);
	if (ERA_BUS == BUS_ARRAY) {
		snprintf(text, sizeof(text), "bus/%s-feature-bytes", name);
		show(text, dev->feature_len);
	}
	snprintf(text, sizeof(text), "bus/%s-config-bytes", name);
	show(text, dev->config_len);
}

/* A reset empties the rings and everything about them, also the words a driver has written. */
static void check_reset(struct virtio_device *dev)
{
#if ERA_BUS == BUS_ARRAY
	volatile u32 *ring;
	u32 i, sum = 0, words;

	words = (vq_used_offset(dev->queue[0].num, PAGE_SIZE) + 4 + 8 * dev->queue[0].num) / 4;
	ring = map_device_pages(dev->queue[0].memory >> PAGE_SHIFT, vq_pages(dev->queue[0].num));
	for (i = 0; i < words; i++)
		ring[i] = 0xffffffff;
	for (i = 0; i < dev->feature_len; i++)
		dev->accepted[i] = 0xff;
	if (ERA_KNOCK == KNOCK_RESET)
		*dev->status = 7;
	device_reset(dev);
	for (i = 0; i < words; i++)
		sum |= ring[i];
	check_eq("bus/reset-clears-ring", sum, 0);
	check_eq("bus/reset-clears-status", *dev->status, 0);
	for (i = sum = 0; i < dev->feature_len; i++)
		sum |= dev->accepted[i];
	check_eq("bus/reset-clears-accepted", sum, 0);
#endif
}

static int start(struct virtio_device *dev)
{
	if (device_start(dev, 0, map_device_pages) < 0)
		return 0;
	device_ready(dev);
	return 1;
}

/* ---- console ---- */

static u32 print(struct virtqueue *out, const struct vq_segment *seg, int count)
{
	u32 bytes = ~0u;
	int head = vq_add(out, seg, count, 0);

	vq_kick(out);
	if (wait_used(out, &bytes) != head)
		return ~0u;
	return bytes;
}

static void check_console(struct virtio_device *dev)
{
	static char text[] = "ok console/text\n", pieces[] = "ok console/three-pieces\n";
	struct vq_segment whole = {phys_of(text), sizeof(text) - 1};
	struct vq_segment three[] = {{phys_of(pieces), 3},
				     {phys_of(pieces) + 3, 8},
				     {phys_of(pieces) + 11, sizeof(pieces) - 12}};
	struct virtqueue *out;
	u32 before, n;

	if (!dev || !start(dev) || dev->queue_count < 2)
		return check("console/starts", 0);
	out = &dev->queue[1];
	out->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	n = print(out, &whole, 1);
	show("console/used-bytes", n);
	n = print(out, three, 3);
	show("console/used-bytes-of-three", n);
	vq_kick(out);
	check("console/kick-for-nothing", vq_get(out, NULL) < 0);
	for (n = 0; n < out->num; n++)
		print(out, &(struct vq_segment){phys_of(text), 0}, 1);
	check_eq("console/ring-wraps", out->used->idx, 2u + out->num);

	/* Nobody types, so a buffer for input stays where it is. */
	before = dev->queue[0].used->idx;
	vq_add(&dev->queue[0], &(struct vq_segment){phys_of(page_alloc()), PAGE_SIZE}, 0, 1);
	vq_kick(&dev->queue[0]);
	check_eq("console/no-input", dev->queue[0].used->idx, before);
}

/* ---- disk ---- */

enum { T_IN = 0, T_OUT = 1, T_SCSI = 2, T_FLUSH = 4, T_GET_ID = 8, SECTORS = 128 };

static struct {
	u32 type, ioprio;
	u64 sector;
	u64 id; /* up to 2.6.24 */
} request_header;

#define HEADER_BYTES (ERA_BUS == BUS_FIELDS ? 24u : 16u)

static volatile u8 request_status;
static u32 used_bytes;

/*G:970 A request and its end: the status byte, or a number that is none. `out` or `in` says which way
 * the data goes. */
static u32 request(struct virtqueue *vq, u32 type, u64 sector, void *data, u32 bytes, int in)
{
	struct vq_segment seg[4];
	int n = 0, writable, head;

	request_header.type = type;
	request_header.sector = sector;
	request_status = 0x77;
	seg[n++] = (struct vq_segment){phys_of(&request_header), HEADER_BYTES};
	if (bytes)
		seg[n++] = (struct vq_segment){phys_of(data), bytes};
	writable = bytes && in ? 2 : 1;
	seg[n++] = (struct vq_segment){phys_of(&request_status), 1};
	head = vq_add(vq, seg, n - writable, writable);
	vq_kick(vq);
	used_bytes = ~0u;
	if (wait_used(vq, &used_bytes) != head)
		return 0x100;
	return request_status;
}
/*:*/

static void check_reads(struct virtqueue *vq, u8 *page)
{
	u32 i, right;

	check_eq("block/read", request(vq, T_IN, 5, page, 512, 1), 0);
	check("block/read-data", !strncmp((char *)page, "sector 5 ", 9) && page[511] == '\n');
	show("block/read-used-bytes", used_bytes);
	check_eq("block/read-eight-sectors", request(vq, T_IN, 40, page, PAGE_SIZE, 1), 0);
	check("block/read-eight-data", !strncmp((char *)page + 7 * 512, "sector 47 ", 10));
	check_eq("block/read-last", request(vq, T_IN, SECTORS - 1, page, 512, 1), 0);
	check("block/read-last-data", !strncmp((char *)page, "sector 127 ", 11));
	for (i = right = 0; i < 2u * vq->num; i++)
		right += !request(vq, T_IN, i % SECTORS, page, 512, 1);
	check_eq("block/ring-wraps", right, 2u * vq->num);
}

static void check_writes(struct virtqueue *vq, u8 *page)
{
	u32 i, same = 0;

	for (i = 0; i < 1024; i++)
		page[i] = (u8)(i * 7);
	check_eq("block/write", request(vq, T_OUT, 9, page, 1024, 0), 0);
	show("block/write-used-bytes", used_bytes);
	memset(page, 0, 1024);
	check_eq("block/read-back", request(vq, T_IN, 9, page, 1024, 1), 0);
	for (i = 0; i < 1024; i++)
		same += page[i] == (u8)(i * 7);
	check_eq("block/read-back-data", same, 1024);
}

/* What a disk is not asked to do, and how it says no. */
static void check_refusals(struct virtqueue *vq, u8 *page)
{
	check_eq("block/scsi-unsupported", request(vq, T_SCSI, 0, page, 512, 1), 2);
	check_eq("block/read-behind-the-end", request(vq, T_IN, SECTORS, page, 512, 1), 1);
#if ERA_BUS != BUS_FIELDS
	check_eq("block/flush", request(vq, T_FLUSH, 0, page, 0, 0), 0);
#endif
}

/* Of two requests and one kick both are done, and the interrupt comes if it was not declined. */
static void check_interrupts(struct virtqueue *vq, u8 *page)
{
	u32 irq = vq->irq, before;

	lguest_data.blocked_interrupts = ~(1u << irq);
	vq->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	hcall_flush();
	lguest_data.irq_enabled = EFLAGS_IF;
	settle();
	lguest_data.blocked_interrupts = ~(1u << irq);
	lguest_data.irq_enabled = EFLAGS_IF;
	hcall_flush();
	before = device_irq[irq].count;
	request(vq, T_IN, 1, page, 512, 1);
	wait_irq(irq, before);
	show("block/interrupts-declined", device_irq[irq].count - before);
	before = device_irq[irq].count;
	vq->avail->flags = 0;
	request(vq, T_IN, 1, page, 512, 1);
	wait_irq(irq, before);
	check_eq("block/interrupt", device_irq[irq].count, before + 1);
	lguest_data.irq_enabled = 0;
	lguest_data.blocked_interrupts = 1;
}

static void check_block(struct virtio_device *dev)
{
	u8 *page = page_alloc();
	struct virtqueue *vq;
	u32 i;
	u64 capacity = 0;

	if (!dev || !start(dev) || dev->queue_count < 1)
		return check("block/starts", 0);
	vq = &dev->queue[0];
	for (i = 8; i--;)
		capacity = capacity << 8 | device_config8(dev, i);
	check("block/capacity", capacity == SECTORS);
#if ERA_BUS != BUS_FIELDS
	show("block/segments", device_config8(dev, 12) | device_config8(dev, 13) << 8);
#endif
	check_reads(vq, page);
	check_writes(vq, page);
	check_refusals(vq, page);
	check_interrupts(vq, page);
}

/* ---- random bytes ---- */

static void check_rng(struct virtio_device *dev)
{
	u8 *page = page_alloc();
	u32 bytes = 0, i, sum = 0;
	int head;

	if (!dev)
		return;
	if (!start(dev))
		return check("rng/starts", 0);
	head = vq_add(&dev->queue[0], &(struct vq_segment){phys_of(page), 64}, 0, 1);
	vq_kick(&dev->queue[0]);
	check("rng/answers", wait_used(&dev->queue[0], &bytes) == head);
	check("rng/some-bytes", bytes && bytes <= 64);
	for (i = 0; i < 64; i++)
		sum += page[i];
	check("rng/not-zero", sum);
	for (i = bytes, sum = 0; i < PAGE_SIZE; i++)
		sum += page[i];
	check_eq("rng/not-more", sum, 0);
}

void check_devices(void)
{
	devices = bus_scan(ram_bytes, map_device_pages, device, DEVICES);
	show_bus();
	if (find(VIRTIO_ID_BLOCK))
		check_reset(find(VIRTIO_ID_BLOCK));
	check_block(find(VIRTIO_ID_BLOCK));
	check_rng(find(VIRTIO_ID_RNG));
	check_console(find(VIRTIO_ID_CONSOLE));
	if (find(VIRTIO_ID_BLOCK) && ERA_BUS != BUS_FIELDS)
		show_offers("block", find(VIRTIO_ID_BLOCK));
	if (find(VIRTIO_ID_CONSOLE) && ERA_BUS != BUS_FIELDS)
		show_offers("console", find(VIRTIO_ID_CONSOLE));
}
