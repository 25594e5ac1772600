/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1085 guests/e23/dma/disk.c: The disk of 2.6.23: a page with five words in it. One writes down what
 * one wants, sends to the page's own address, and waits until the fourth word is not 0. :*/
#include "e23.h"

/*G:790 A write's data is the list that one sends; a read's place is the list that one has bound, and
 * the one sent is empty. A buffer must have been bound for a write, too: it carries the interrupt. */
struct block_page {
	u32 type, sector, bytes, result, num_sectors;
};

enum { READ = 0, WRITE = 1 };

static volatile struct block_page *page;
static volatile struct lguest_dma reply, sent;
static u32 irq;

static u32 request(u32 type, u32 sector, u32 bytes)
{
	const u32 key = phys_of(page) + PAGE_OFFSET - DEVICE_MAP + ram_bytes;
	const u32 before = irq_count[irq];

	page->type = type;
	page->sector = sector;
	page->bytes = bytes;
	page->result = 0;
	send_dma(key, &sent);
	if (irq_count[irq] == before && !wait_irq(irq))
		printf("disk: no interrupt\n");
	return page->result;
}
/*:*/

/* Two sections of one request, which need not lie together. */
static void place(volatile struct lguest_dma *dma, volatile u8 *a, volatile u8 *b)
{
	dma->used_len = 0;
	dma->addr[0] = phys_of(a);
	dma->addr[1] = phys_of(b);
	dma->len[0] = dma->len[1] = 512;
	dma->len[2] = 0;
}

static u32 sum(const volatile u8 *p, u32 n)
{
	u32 s = 0;

	while (n--)
		s = s * 31 + *p++;
	return s;
}

void try_disk(void)
{
	static volatile u8 data[4][512] __attribute__((aligned(PAGE_SIZE)));
	volatile struct lguest_device_desc *desc = find_device(DEVICE_BLOCK, &irq);
	u32 result, i;

	if (!desc)
		crash("no disk");
	page = device_page(desc);
	desc->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK;
	printf("disk: %u sectors, bound %u\n", page->num_sectors,
	       bind_dma((desc->pfn << PAGE_SHIFT), &reply, 1, irq));

	place(&reply, data[0], data[2]);
	sent.len[0] = 0;
	result = request(READ, 1, 1024);
	printf("disk: read %u, %u bytes, sums %x %x, nothing between: %s\n", result, reply.used_len,
	       sum(data[0], 512), sum(data[2], 512), sum(data[1], 512) ? "no" : "yes");

	for (i = 0; i < 512; i++)
		data[1][i] = data[3][i] = (u8)(i * 7);
	reply.used_len = 0;
	place(&sent, data[1], data[3]);
	result = request(WRITE, 8, 1024);
	printf("disk: write %u, sent %u, reply %u\n", result, sent.used_len, reply.used_len);

	place(&reply, data[0], data[2]);
	sent.len[0] = 0;
	result = request(READ, 8, 1024);
	printf("disk: read again %u, %s\n", result,
	       sum(data[0], 512) == sum(data[1], 512) && sum(data[2], 512) == sum(data[3], 512)
		       ? "as written"
		       : "something else");
	place(&reply, data[0], data[2]);
	printf("disk: one that lies about its length %u\n", request(READ, 1, 512));
	reply.used_len = 0;
	printf("disk: unbound %u\n", bind_dma((desc->pfn << PAGE_SHIFT), &reply, 1, 0));
}
