/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1083 guests/e23/dma/host.c: What every part of this guest needs of its Host: calls, text,
 * interrupts, and a map of the pages behind its memory. :*/
#include "e23.h"

extern const char noirq_start[], noirq_end[];
extern const u32 irq_entries[16];

volatile struct lguest_data_2_6_23 lguest_data = {
	.blocked_interrupts = 1,
	.hcall_status = {[0 ... LHCALL_RING_SIZE - 1] = 0xff},
	.noirq_start = (u32)noirq_start,
	.noirq_end = (u32)noirq_end,
};

u32 ram_bytes;

u32 hcall(u32 call, u32 arg1, u32 arg2, u32 arg3)
{
	__asm__ volatile("int %4"
			 : "+a"(call)
			 : "d"(arg1), "b"(arg2), "c"(arg3), "i"(LGUEST_TRAP_ENTRY)
			 : "memory");
	return call;
}

void hcall_queue(u32 slot, u32 call, u32 arg1, u32 arg2, u32 arg3)
{
	lguest_data.hcalls[slot].eax = call;
	lguest_data.hcalls[slot].edx = arg1;
	lguest_data.hcalls[slot].ebx = arg2;
	lguest_data.hcalls[slot].ecx = arg3;
	barrier();
	lguest_data.hcall_status[slot] = 0;
}

u32 bind_dma(u32 key, const volatile struct lguest_dma *array, u32 count, u32 irq)
{
	return hcall(LHCALL_BIND_DMA, key, phys_of(array), count << 8 | irq);
}

void send_dma(u32 key, const volatile struct lguest_dma *dma)
{
	hcall(LHCALL_SEND_DMA, key, phys_of(dma), 0);
}

void crash(const char *why)
{
	static char text[128];

	strlcpy(text, why, sizeof(text));
	hcall(LHCALL_CRASH, phys_of(text), 0, 0);
	for (;;)
		__asm__ volatile("ud2");
}

void set_list(volatile struct lguest_dma *dma, volatile void *at, u16 len)
{
	dma->used_len = 0;
	dma->addr[0] = phys_of(at);
	dma->len[0] = len;
	dma->len[1] = 0;
}

/*G:770 To print is to send some bytes to key 0. It works before there are devices, because 0 is the
 * one address that nobody has to be told. */
void console_write(const char *text, u32 bytes)
{
	static volatile struct lguest_dma dma;
	static char piece[128];
	u32 n;

	for (; bytes; text += n, bytes -= n) {
		n = min(bytes, sizeof(piece));
		memcpy(piece, text, n);
		set_list(&dma, piece, (u16)n);
		send_dma(0, &dma);
	}
}
/*:*/

/*G:771 The pages of devices lie behind our memory, and no table maps them. So we take a directory of
 * our own, copy what the Launcher put into its, and add one table. */
void map_devices(void)
{
	static u32 directory[1024] __attribute__((aligned(PAGE_SIZE)));
	static u32 table[1024] __attribute__((aligned(PAGE_SIZE)));
	const u32 *boot = (const u32 *)(ram_bytes - PAGE_SIZE + PAGE_OFFSET);
	u32 i;

	for (i = 0; i < 1024; i++) {
		directory[i] = boot[i];
		table[i] = i < 32 ? (ram_bytes + i * PAGE_SIZE) | PTE_P | PTE_RW : 0;
	}
	directory[DEVICE_MAP >> 22] = phys_of(table) | PTE_P | PTE_RW;
	hcall(LHCALL_NEW_PGTABLE, phys_of(directory), 0, 0);
	for (i = 0; i < 16; i++)
		hcall(LHCALL_LOAD_IDT_ENTRY, FIRST_IRQ_VECTOR + i,
		      KERNEL_CS << 16 | (irq_entries[i] & 0xffff),
		      (irq_entries[i] & 0xffff0000) | 0x8e00);
	lguest_data.blocked_interrupts = 0;
}
/*:*/

volatile struct lguest_device_desc *find_device(u16 type, u32 *irq)
{
	volatile struct lguest_device_desc *desc = (void *)DEVICE_MAP;
	u32 i;

	for (i = 0; i < DEVICES; i++)
		if (desc[i].type == type) {
			*irq = i + 1;
			return &desc[i];
		}
	return NULL;
}

volatile void *device_page(const volatile struct lguest_device_desc *desc)
{
	return (volatile void *)(DEVICE_MAP + (desc->pfn << PAGE_SHIFT) - ram_bytes);
}

/*G:772 Waiting. HALT comes back when there is an interrupt to be had, and only then; the clock is there
 * for the case that nothing else comes. */
int wait_irq(u32 irq)
{
	const u32 before = irq_count[irq], ticks = irq_count[0];

	hcall(LHCALL_SET_CLOCKEVENT, 1000000000, 0, 0);
	while (irq_count[irq] == before && irq_count[0] == ticks) {
		hcall(LHCALL_HALT, 0, 0, 0);
		lguest_data.irq_enabled = 0;
	}
	hcall(LHCALL_SET_CLOCKEVENT, 0, 0, 0);
	return irq_count[irq] != before;
}

void sleep_ns(u32 ns)
{
	const u32 ticks = irq_count[0];

	hcall(LHCALL_SET_CLOCKEVENT, ns, 0, 0);
	while (irq_count[0] == ticks) {
		hcall(LHCALL_HALT, 0, 0, 0);
		lguest_data.irq_enabled = 0;
	}
}
/*:*/

const char *argument(const char *name)
{
	const char *line = (const char *)(PAGE_OFFSET + 0x1000);
	const char *at = strstr(line, name);

	return at && (at == line || at[-1] == ' ') ? at + strlen(name) : NULL;
}
