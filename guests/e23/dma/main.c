/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1084 guests/e23/dma/main.c: A guest of 2.6.23 that looks about: how it was started, what the calls
 * of its time do, and, where the command line has the words for it, its keyboard ("input"), its disk
 * ("disk") and its network ("net=ping", "net=pong"). It runs under the lguest of that release as it
 * runs here, and says the same. :*/
#include "e23.h"

extern const u32 boot_regs[8];
extern const u16 boot_segs[6];
extern const u32 boot_eflags;
void guest_main(void);

#define BOOT_PROTOCOL  0x206
#define BOOT_LOADFLAGS 0x211

static u32 boot_word(u32 at)
{
	return *(const u32 *)(PAGE_OFFSET + at);
}

static void show_start(void)
{
	const u8 *page = (const u8 *)PAGE_OFFSET;
	const u32 *e820 = (const u32 *)(PAGE_OFFSET + BOOT_E820_MAP);
	u32 i, any = 0;

	for (i = 0; i < ARRAY_SIZE(boot_regs); i++)
		any |= boot_regs[i];
	printf("start: registers %x, eflags %x\n", any, boot_eflags);
	printf("start: cs %x ds %x es %x ss %x fs %x gs %x\n", boot_segs[0], boot_segs[1],
	       boot_segs[2], boot_segs[3], boot_segs[4], boot_segs[5]);
	printf("boot page: subarch %u, protocol %x, flags %x, line at %x\n",
	       boot_word(BOOT_SUBARCH), boot_word(BOOT_PROTOCOL) & 0xffff, page[BOOT_LOADFLAGS],
	       boot_word(BOOT_CMD_LINE_PTR));
	printf("e820: %u entry, from %x, type %u\n", page[0x1e8], e820[0], e820[4]);
}

/*G:780 The tables that we woke up on lie at the end of memory, and we can see them, for all memory is
 * mapped. What is not: address 0, and the devices. */
static void show_tables(void)
{
	const u32 *dir = (const u32 *)(ram_bytes - PAGE_SIZE + PAGE_OFFSET);
	u32 low = 0, high = 0, i;

	for (i = 0; i < 1024; i++) {
		if (i < PAGE_OFFSET >> 22)
			low |= dir[i];
		else if (dir[i])
			high++;
	}
	printf("boot tables: nothing below, a table each 4 MB: %s, flags %x\n",
	       !low && high == (ram_bytes + 0x3fffff) >> 22 ? "yes" : "no",
	       dir[PAGE_OFFSET >> 22] & 0xfff);
}
/*:*/

static void show_init(void)
{
	printf("init: reserve_mem %x, guest %u, wall clock %s\n", lguest_data.reserve_mem,
	       lguest_data.guestid, lguest_data.time_sec > 900000000 ? "set" : "not set");
}

/*G:781 BIND_DMA has an answer, the only call that ever did. The keys are our own memory: nobody sends
 * to them, so only the book-keeping shows. With each unbind the Host of that release let go of more
 * than it had taken, in the end of its own memory; so here more is bound than will ever be unbound. */
static void show_bindings(void)
{
	static volatile struct lguest_dma array[2];
	static u32 key;
	u32 at = phys_of(&key), i, bound = 0;

	printf("bind: irq 32 %u\n", bind_dma(at, array, 1, 32));
	printf("unbind: what was never bound %u\n", bind_dma(at, array, 1, 0));
	for (i = 0; i < 8; i++)
		bound += bind_dma(at, array, 1, 3);
	printf("bind: %u of 8\n", bound);
	printf("unbind: another array %u\n", bind_dma(at, array + 1, 1, 0));
	printf("unbind: the right one %u\n", bind_dma(at, array, 1, 0));
}
/*:*/

/*G:782 The ring. Here it is emptied at every exit, not just by a call: an I/O instruction is enough. */
static void show_ring(void)
{
	static volatile struct lguest_dma dma;
	static char text[] = "ring: sent from it\n";
	u32 i, free = 0;

	set_list(&dma, text, sizeof(text) - 1);
	hcall_queue(0, LHCALL_SEND_DMA, 0, phys_of(&dma), 0);
	hcall(LHCALL_FLUSH_ASYNC, 0, 0, 0);
	printf("ring: status %x, used %s\n", lguest_data.hcall_status[0],
	       dma.used_len == sizeof(text) - 1 ? "all" : "not all");
	hcall_queue(1, LHCALL_TS, 0, 0, 0);
	for (i = 0; i < 3 && lguest_data.hcall_status[1] != 0xff; i++)
		__asm__ volatile("outb %%al, $0x80" : : "a"(0));
	for (i = 0; i < LHCALL_RING_SIZE; i++)
		free += lguest_data.hcall_status[i] == 0xff;
	printf("ring: %u free after an exit without a call\n", free);
}
/*:*/

static void show_clock(void)
{
	hcall(LHCALL_SET_CLOCKEVENT, 1000000, 0, 0);
	printf("clock: %s\n", wait_irq(0) ? "rings" : "silent");
}

static void show_devices(void)
{
	static const char *const names[] = {"none", "console", "net", "block"};
	volatile struct lguest_device_desc *desc = (void *)DEVICE_MAP;
	u32 i;

	for (i = 0; i < DEVICES; i++)
		if (desc[i].type)
			printf("device %u: %s, features %x, status %x, %u page\n", i,
			       names[min(desc[i].type, 3)], desc[i].features, desc[i].status,
			       desc[i].num_pages);
}

/*G:783 What is typed comes into a buffer that we have bound to key 0, and nothing more comes until we
 * say that it is empty. */
static void try_input(void)
{
	static volatile struct lguest_dma dma;
	static volatile char buffer[256];
	u32 irq, i, n, done = 0;

	if (!find_device(DEVICE_CONSOLE, &irq))
		crash("no console");
	set_list(&dma, buffer, sizeof(buffer));
	printf("input: bound %u, type!\n", bind_dma(0, &dma, 1, irq));
	while (!done) {
		while (!dma.used_len)
			if (!wait_irq(irq))
				crash("nobody types");
		n = dma.used_len;
		printf("input: \"");
		for (i = 0; i < n; i++) {
			done |= buffer[i] == 'q';
			if (buffer[i] >= ' ')
				printf("%c", buffer[i]);
		}
		printf("\"\n");
		/* Reading slowly: what is typed meanwhile must not overtake us. */
		sleep_ns(50000000);
		if (dma.used_len != n)
			printf("input: the buffer was taken from us\n");
		dma.used_len = 0;
	}
	printf("input: unbound %u\n", bind_dma(0, &dma, 1, 0));
}
/*:*/

void guest_main(void)
{
	const char *word;

	hcall(LHCALL_LGUEST_INIT, phys_of(&lguest_data), 0, 0);
	ram_bytes = ((const u32 *)(PAGE_OFFSET + BOOT_E820_MAP))[2];
	word = argument("lie=");
	if (!word) {
		show_start();
		show_tables();
		show_init();
	}
	map_devices();
	if (word)
		tell_lie(word);
	show_bindings();
	show_ring();
	show_clock();
	show_devices();
	if (argument("input"))
		try_input();
	if (argument("disk"))
		try_disk();
	word = argument("net=");
	if (word)
		try_net(word);
	crash("Power down");
}
