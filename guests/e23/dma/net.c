/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1086 guests/e23/dma/net.c: The network of 2.6.23: a page in which all who take part have left their
 * addresses. Two of us on one network play: one calls until it hears an answer, the other answers. :*/
#include "e23.h"

#define SLOTS	       682u
#define BUFFERS	       8u
#define FRAME	       60u
#define ETHERTYPE_TEST 0x88b5 /* for experiments */

static volatile struct lguest_dma receive[BUFFERS];
static volatile u8 in[BUFFERS][1514];
static u8 out[FRAME];
static volatile u8 *table;
static u32 table_gpa, own, irq;
static u8 mac[6];

/*G:795 Our address is made of the number that the Host has given us, and lies in our own slot for
 * everybody to see. To send is to look for whom it may concern, and to send to each; a first byte
 * that is odd wants to hear everything. */
static void open_card(const volatile struct lguest_device_desc *desc)
{
	u32 i;

	own = desc->features & (PAGE_SIZE * desc->num_pages - 1);
	mac[0] = 2;
	mac[2] = (u8)lguest_data.guestid;
	mac[3] = (u8)(lguest_data.guestid >> 8);
	for (i = 0; i < 6; i++)
		table[own * 6 + i] = mac[i];
	for (i = 0; i < BUFFERS; i++)
		set_list(&receive[i], in[i], sizeof(in[i]));
	printf("net: slot %u, bound %u\n", own,
	       bind_dma(table_gpa + 4 * own, receive, BUFFERS, irq));
}

static u32 transmit(char letter)
{
	static volatile struct lguest_dma dma;
	u32 i, sent = 0;

	memset(out, 0xff, 6);
	memcpy(out + 6, mac, 6);
	out[12] = ETHERTYPE_TEST >> 8;
	out[13] = ETHERTYPE_TEST & 0xff;
	memset(out + 14, letter, FRAME - 14);
	for (i = 0; i < SLOTS; i++) {
		if (i == own || !table[i * 6])
			continue;
		set_list(&dma, out, FRAME);
		send_dma(table_gpa + 4 * i, &dma);
		sent += dma.used_len == FRAME;
	}
	return sent;
}
/*:*/

/* The letter of a test frame that has come, or 0; its buffer is free again. */
static char take(void)
{
	char letter;
	u32 i;

	for (i = 0; i < BUFFERS; i++) {
		if (receive[i].used_len < 14)
			continue;
		letter = 0;
		if (in[i][12] == ETHERTYPE_TEST >> 8 && in[i][13] == (ETHERTYPE_TEST & 0xff))
			letter = (char)in[i][FRAME - 1];
		receive[i].used_len = 0;
		if (letter)
			return letter;
	}
	return 0;
}

static char wait_for(char letter, u32 tries)
{
	char got = 0;

	while (tries-- && got != letter) {
		if (letter == 'B')
			transmit('A');
		while ((got = take()) != letter && got)
			;
		if (got != letter)
			wait_irq(irq);
	}
	return got;
}

void try_net(const char *part)
{
	volatile struct lguest_device_desc *desc = find_device(DEVICE_NET, &irq);
	u32 i;

	if (!desc)
		crash("no network");
	table = device_page(desc);
	table_gpa = desc->pfn << PAGE_SHIFT;
	desc->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK;
	open_card(desc);
	if (!strncmp(part, "ping", 4)) {
		printf("net: a frame goes to %s\n", transmit('A') ? "somebody" : "nobody");
		printf("net: %s\n", wait_for('B', 60) == 'B' ? "answered" : "no answer");
	} else if (!strncmp(part, "pong", 4)) {
		printf("net: %s\n", wait_for('A', 60) == 'A' ? "called" : "nobody calls");
		printf("net: an answer goes to %s\n", transmit('B') ? "somebody" : "nobody");
	}
	for (i = 0; i < 6; i++)
		table[own * 6 + i] = 0;
	printf("net: unbound %u\n", bind_dma(table_gpa + 4 * own, receive, BUFFERS, 0));
}
