/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1087 guests/e23/dma/lies.c: What a hostile guest of 2.6.23 may try, one a run: rows 28 to 33, 44 and
 * 45 of the table of attacks. tests/hostile says what must come of each. :*/
#include "e23.h"

#define NOWHERE 0x7ffff000u

static volatile struct lguest_dma dma, reply;
static u8 data[1024] __attribute__((aligned(PAGE_SIZE)));

struct block_page {
	u32 type, sector, bytes, result, num_sectors;
};

static volatile struct block_page *page;
static u32 page_gpa, irq;

static u32 request(u32 type, u32 sector, u32 bytes)
{
	page->type = type;
	page->sector = sector;
	page->bytes = bytes;
	page->result = 0;
	send_dma(page_gpa, &dma);
	return page->result;
}

static void expect_result(u32 got, u32 want)
{
	printf(got == want ? "answered\n" : "WRONG ANSWER %u\n", got);
}

static void list_outside(void) /* row 28 */
{
	dma.used_len = 0;
	dma.addr[0] = NOWHERE;
	dma.len[0] = 512;
	request(1, 7, 512);
}

static void list_wraps(void)
{
	dma.addr[0] = 0xffffff00;
	dma.len[0] = 512;
	request(1, 7, 512);
}

static void list_nowhere(void)
{
	hcall(LHCALL_SEND_DMA, page_gpa, NOWHERE, 0);
}

static void reply_outside(void)
{
	set_list(&dma, data, 0);
	reply.addr[0] = NOWHERE;
	request(0, 7, 512);
}

static void section_over_pages(void) /* row 29: allowed */
{
	static char text[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

	memset(text, '.', sizeof(text));
	memcpy(text + PAGE_SIZE - 6, "answered over pages\n", 20);
	set_list(&dma, text + PAGE_SIZE - 6, 20);
	send_dma(0, &dma);
	if (dma.used_len != 20)
		printf("NOT ALL\n");
}

static void disk_type(void) /* row 30: what is not 0 writes */
{
	memset(data, 'T', 512);
	set_list(&dma, data, 512);
	expect_result(request(0xdead, 7, 512), 1);
	memset(data, 0, 512);
	reply.used_len = 0;
	dma.len[0] = 0;
	expect_result(request(0, 7, 512), 1);
	if (data[0] != 'T')
		printf("NOT WRITTEN\n");
}

static void disk_bytes(void)
{
	set_list(&dma, data, 0);
	expect_result(request(0, 7, 0xffffffff), 2);
}

static void disk_past_the_end(void)
{
	set_list(&dma, data, 512);
	expect_result(request(1, page->num_sectors, 512), 2);
	expect_result(request(1, 0xffffffff, 512), 2);
	dma.len[0] = 1024;
	expect_result(request(1, page->num_sectors - 1, 1024), 2);
}

static void disk_partial(void)
{
	set_list(&dma, data, 511);
	expect_result(request(1, 7, 511), 2);
}

static void disk_result_set(void) /* a result that was there before is replaced */
{
	set_list(&dma, data, 0);
	page->type = 0;
	page->sector = 7;
	page->bytes = 512;
	page->result = 77;
	send_dma(page_gpa, &dma);
	expect_result(page->result, 1);
}

static void disk_without_buffer(void)
{
	bind_dma(page_gpa, &reply, 1, 0);
	set_list(&dma, data, 0);
	expect_result(request(0, 7, 512), 0);
}

static void disk_buffer_in_use(void)
{
	reply.used_len = 5;
	set_list(&dma, data, 0);
	expect_result(request(0, 7, 512), 0);
}

static void key_of_nobody(void) /* row 31 */
{
	u32 i;

	for (i = 0; i < 1000; i++) {
		set_list(&dma, data, 16);
		send_dma(phys_of(data), &dma);
		if (dma.used_len)
			printf("SOMEBODY TOOK IT\n");
	}
	printf("answered\n");
}

static void peer_table_forged(void) /* row 32: everybody is everywhere */
{
	volatile struct lguest_device_desc *net = find_device(DEVICE_NET, &irq);
	volatile u8 *table = device_page(net);
	const u32 at = net->pfn << PAGE_SHIFT;
	u32 i, taken = 0;

	for (i = 0; i < PAGE_SIZE; i++)
		table[i] = 0xff;
	for (i = 0; i < PAGE_SIZE; i += 4) {
		set_list(&dma, data, 60);
		send_dma(at + i, &dma);
		taken += dma.used_len == 60;
	}
	printf(taken == 1 ? "answered\n" : "TAKEN BY %u\n", taken);
}

static void bind_of_none(void) /* row 33 */
{
	bind_dma(page_gpa, &reply, 1, 0);
	if (!bind_dma(page_gpa, &reply, 0, irq))
		printf("NOT BOUND\n");
	set_list(&dma, data, 0);
	expect_result(request(0, 7, 512), 0);
}

static void bind_nowhere(void)
{
	bind_dma(page_gpa, &reply, 1, 0);
	if (!hcall(LHCALL_BIND_DMA, page_gpa, NOWHERE, 1 << 8 | irq))
		printf("NOT BOUND\n");
	set_list(&dma, data, 0);
	request(0, 7, 512);
}

static void bind_irq(void) /* row 44 */
{
	u32 n, got = 0;

	for (n = 32; n < 256; n++)
		got += bind_dma(page_gpa, &reply, 1, n);
	printf(got ? "BOUND %u\n" : "answered\n", got);
}

static void bind_33(void) /* row 45; the disk's own is the first */
{
	u32 n, got = 0;

	for (n = 0; n < 40; n++)
		got += bind_dma(phys_of(data), &reply, 1, 9);
	printf(got == 31 ? "answered\n" : "BOUND %u\n", got);
}

static void bind_key_odd(void)
{
	bind_dma(2, &reply, 1, 3);
}

static void bind_key_outside(void)
{
	bind_dma(NOWHERE, &reply, 1, 3);
}

static void send_key_odd(void)
{
	send_dma(page_gpa + 1, &dma);
}

static void send_key_outside(void)
{
	send_dma(NOWHERE, &dma);
}

static void notify(void)
{
	hcall(LHCALL_NOTIFY, 0x1000, 0, 0);
}

static void ring_of_sends(void) /* each of them makes the Launcher come */
{
	u32 i;

	set_list(&dma, data, 512);
	memset(data, '.', 512);
	for (i = 0; i < LHCALL_RING_SIZE; i++)
		hcall_queue(i, LHCALL_SEND_DMA, i % 2 ? 0 : phys_of(data), phys_of(&dma), 0);
	hcall(LHCALL_FLUSH_ASYNC, 0, 0, 0);
	for (i = 0; i < LHCALL_RING_SIZE; i++)
		if (lguest_data.hcall_status[i] != 0xff)
			printf("SLOT %u LEFT\n", i);
	printf("\nanswered\n");
}

static const struct {
	const char *name;
	void (*lie)(void);
} lies[] = {
	NAMED(list_outside),
	NAMED(list_wraps),
	NAMED(list_nowhere),
	NAMED(reply_outside),
	NAMED(section_over_pages),
	NAMED(disk_type),
	NAMED(disk_bytes),
	NAMED(disk_past_the_end),
	NAMED(disk_partial),
	NAMED(disk_result_set),
	NAMED(disk_without_buffer),
	NAMED(disk_buffer_in_use),
	NAMED(key_of_nobody),
	NAMED(peer_table_forged),
	NAMED(bind_of_none),
	NAMED(bind_nowhere),
	NAMED(bind_irq),
	NAMED(bind_33),
	NAMED(bind_key_odd),
	NAMED(bind_key_outside),
	NAMED(send_key_odd),
	NAMED(send_key_outside),
	NAMED(notify),
	NAMED(ring_of_sends),
};

/* Sector 7 is the one that a test allows to change. */
static void disk_lives(void)
{
	reply.used_len = 0;
	reply.addr[0] = phys_of(data);
	reply.len[0] = 512;
	reply.len[1] = 0;
	memset(data, 'G', 512);
	set_list(&dma, data, 512);
	if (request(1, 7, 512) != 1)
		return;
	memset(data, 0, 512);
	dma.len[0] = 0;
	printf(request(0, 7, 512) == 1 && data[0] == 'G' && data[511] == 'G' ? "disk good\n"
									     : "DISK BAD\n");
}

void tell_lie(const char *name)
{
	volatile struct lguest_device_desc *disk = find_device(DEVICE_BLOCK, &irq);
	u32 i, n;

	page = device_page(disk);
	page_gpa = disk->pfn << PAGE_SHIFT;
	set_list(&reply, data, 512);
	bind_dma(page_gpa, &reply, 1, irq);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		n = (u32)strlen(lies[i].name);
		if (!strncmp(name, lies[i].name, n) && (name[n] == ' ' || !name[n]))
			break;
	}
	if (i == ARRAY_SIZE(lies))
		printf("NO SUCH LIE\n");
	else
		lies[i].lie();
	find_device(DEVICE_BLOCK, &irq);
	disk_lives();
	crash("Power down");
}
