/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1319 guests/conformance/devices.c: The devices, over whichever bus the era has: what is offered, how a
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
 * for nothing has to wait. It looks a while, with exits, and then it sleeps a while, again and again:
 * what comes from outside may take long, and some Launchers only look for it when the guest is
 * idle. */
int wait_used(struct virtqueue *vq, u32 *bytes)
{
	u32 blocked = lguest_data.blocked_interrupts, enabled = irq_flag(), i, j;
	int head = -1;

	for (i = 0; i < 100 && head < 0; i++) {
		for (j = 0; j < 50 && head < 0; j++) {
			head = vq_get(vq, bytes);
			hcall_flush();
		}
		if (head < 0)
			settle();
	}
	lguest_data.blocked_interrupts = blocked;
	lguest_data.irq_enabled = enabled;
	return head;
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

/* Somebody types a line. It comes when there is a buffer, and in one piece. */
static void check_input(struct virtqueue *in)
{
	char *page = page_alloc();
	u32 bytes = 0;

	vq_add(in, &(struct vq_segment){phys_of(page), PAGE_SIZE}, 0, 1);
	vq_kick(in);
	check("console/input", wait_used(in, &bytes) >= 0);
	check_eq("console/input-bytes", bytes, 6);
	check("console/input-text", !strcmp(page, "typed\n"));
}

static void check_console(struct virtio_device *dev)
{
	static char text[] = "ok console/text\n", pieces[] = "ok console/three-pieces\n";
	struct vq_segment whole = {phys_of(text), sizeof(text) - 1};
	struct vq_segment three[] = {{phys_of(pieces), 3},
				     {phys_of(pieces) + 3, 8},
				     {phys_of(pieces) + 11, sizeof(pieces) - 12}};
	struct virtqueue *out;
	u32 n;

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

	check_input(&dev->queue[0]);
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

/* ---- network ---- */

#define NET_HEADER_BYTES (ERA_BUS == BUS_FIELDS ? 8u : ERA_BUS == BUS_PCI ? 12u : 10u)

/*G:980 Two questions for everyone on the wire: who has 192.168.19.1 (an original Launcher's --tunnet
 * gives the Host that address), and who has 10.0.2.2 (the router of our user network)? In both
 * places one of them is answered. */
struct arp_frame {
	u8 to[6], from[6], type[2];
	u8 kinds[6], operation[2];
	u8 sender[6], sender_ip[4], target[6], target_ip[4];
	u8 padding[18];
} __attribute__((packed));

static const u8 our_mac[6] = {2, 0, 0, 0, 0, 5};

static int ask(struct virtqueue *send, const u8 *ip, const u8 *our_ip)
{
	static u8 header[12] __attribute__((aligned(4)));
	static struct arp_frame frame;
	struct vq_segment seg[] = {{phys_of(header), NET_HEADER_BYTES},
				   {phys_of(&frame), sizeof(frame)}};

	frame = (struct arp_frame){
		.type = {8, 6}, .kinds = {0, 1, 8, 0, 6, 4}, .operation = {0, 1}};
	memset(frame.to, 0xff, 6);
	memcpy(frame.from, our_mac, 6);
	memcpy(frame.sender, our_mac, 6);
	memcpy(frame.sender_ip, our_ip, 4);
	memcpy(frame.target_ip, ip, 4);
	if (vq_add(send, seg, 2, 0) < 0)
		return 0;
	vq_kick(send);
	return wait_used(send, NULL) >= 0;
}
/*:*/

/* As any driver does, this one gives the card buffers before it says a word. */
static void post(struct virtqueue *receive, u8 *page)
{
	struct vq_segment seg[] = {{phys_of(page), NET_HEADER_BYTES}, {phys_of(page) + 64, 1514}};

	memset(page, 0x55, PAGE_SIZE);
	vq_add(receive, seg, 0, 2);
	vq_kick(receive);
}

/* Frames until one is an answer: others may want something from us. */
static int answered(struct virtqueue *receive, u8 *page)
{
	const struct arp_frame *frame = (void *)(page + 64);
	u32 tries, bytes = 0;

	for (tries = 0; tries < 8; tries++) {
		if (wait_used(receive, &bytes) < 0)
			return 0;
		if (frame->type[0] == 8 && frame->type[1] == 6 && frame->operation[1] == 2)
			return bytes >= NET_HEADER_BYTES + 42 && !memcmp(frame->to, our_mac, 6);
		post(receive, page);
	}
	return 0;
}

static void check_net(struct virtio_device *dev)
{
	static const u8 host[] = {192, 168, 19, 1}, us[] = {192, 168, 19, 5};
	static const u8 router[] = {10, 0, 2, 2}, us_there[] = {10, 0, 2, 15};
	u8 *page = page_alloc();

	if (!dev)
		return;
	if (device_start(dev, 1 << 5, map_device_pages) < 0)
		return check("net/starts", 0);
	device_ready(dev);
	post(&dev->queue[0], page);
	check("net/sent", ask(&dev->queue[1], host, us) && ask(&dev->queue[1], router, us_there));
	check("net/answered", answered(&dev->queue[0], page));
	check("net/header-flags", !page[0] && !page[1]);
#if ERA_BUS == BUS_PCI
	check_eq("net/header-buffers", page[10] | page[11] << 8, 1);
#endif
}

struct virtqueue *bad_ring_queue(void)
{
	struct virtio_device *dev;

	devices = bus_scan(ram_bytes, map_device_pages, device, DEVICES);
	dev = find(VIRTIO_ID_BLOCK);
	if (!dev || !start(dev))
		give_up("there is no disk");
	return &dev->queue[0];
}

void check_devices(void)
{
	devices = bus_scan(ram_bytes, map_device_pages, device, DEVICES);
	show_bus();
	if (find(VIRTIO_ID_BLOCK))
		check_reset(find(VIRTIO_ID_BLOCK));
	check_block(find(VIRTIO_ID_BLOCK));
	check_rng(find(VIRTIO_ID_RNG));
	check_net(find(VIRTIO_ID_NET));
	check_console(find(VIRTIO_ID_CONSOLE));
#if ERA_BUS == BUS_PCI
	check_pci();
#endif
	if (find(VIRTIO_ID_BLOCK) && ERA_BUS != BUS_FIELDS)
		show_offers("block", find(VIRTIO_ID_BLOCK));
	if (find(VIRTIO_ID_CONSOLE) && ERA_BUS != BUS_FIELDS)
		show_offers("console", find(VIRTIO_ID_CONSOLE));
}
