/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1320 guests/conformance/pci.c: Configuration space and the registers of devices on it, as the last era
 * has them: what answers and what is all ones, which capabilities there are, what may be written,
 * and which instructions may touch the registers. :*/
#include "conf.h"
#include "pci.h"

#if ERA_BUS == BUS_PCI

enum { CONSOLE = 1, BAR0 = 0x10 };

static u16 in16(u32 port)
{
	u16 v;

	__asm__ volatile("inw %w1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

/* The probe of configuration mechanism 1, as Linux makes it. */
static void check_mechanism(void)
{
	u32 before, there, host_class;

	out8(CONFIG_ADDRESS + 3, 1);
	before = in32(CONFIG_ADDRESS);
	out32(CONFIG_ADDRESS, 0x80000000);
	there = in32(CONFIG_ADDRESS);
	out32(CONFIG_ADDRESS, 0x80000000 | (8 & ~3));
	host_class = in16(CONFIG_DATA + 2);
	out32(CONFIG_ADDRESS, before);
	check_eq("pci/latch", there, 0x80000000);
	check_eq("pci/host-bridge-class", host_class, 0x0600);
	check_eq("pci/host-bridge-id", config32(0, 0), 0);
	out32(CONFIG_ADDRESS, CONSOLE << 11);
	check_eq("pci/not-enabled", in32(CONFIG_DATA), 0xffffffff);
	out32(CONFIG_ADDRESS, 0x80000000 | 1 << 16 | CONSOLE << 11);
	check_eq("pci/other-bus", in32(CONFIG_DATA), 0xffffffff);
	out32(CONFIG_ADDRESS, 0x80000000 | CONSOLE << 11 | 1 << 8);
	check_eq("pci/other-function", in32(CONFIG_DATA), 0xffffffff);
	check_eq("pci/empty-slot", config32(31, 0), 0xffffffff);
	check_eq("pci/behind-the-end", config32(CONSOLE, 0x98), 0xffffffff);
	check_eq("pci/keyboard", in8(0x64), 1);
	check_eq("pci/no-clock", in8(0x71), 0xff);
}

static void check_console_header(void)
{
	u32 cap, order = 0, bar, size;

	check_eq("pci/console-id", config32(CONSOLE, 0), 0x10431af4);
	check_eq("pci/console-class", config32(CONSOLE, 8), 0x07000001);
	check_eq("pci/status", config32(CONSOLE, 4), 0x00100000);
	check_eq("pci/subsystem", config32(CONSOLE, 0x2c), 0x00400000);
	check_eq("pci/line-and-pin", config32(CONSOLE, 0x3c), 1);
	for (cap = config8(CONSOLE, 0x34); cap; cap = config8(CONSOLE, cap + 1)) {
		order = order << 4 | config8(CONSOLE, cap + 3);
		if (config8(CONSOLE, cap) != 9)
			order |= 0xe0000000;
	}
	check_eq("pci/capabilities", order, 0x12354);
	check_eq("pci/first-capability", config8(CONSOLE, 0x34), 0x40);
	check_eq("pci/common-offset", config32(CONSOLE, 0x48), 0);
	check_eq("pci/common-bytes", config32(CONSOLE, 0x4c), 56);
	check_eq("pci/notify-offset", config32(CONSOLE, 0x58), 56);
	check_eq("pci/notify-multiplier", config32(CONSOLE, 0x60), 0);
	check_eq("pci/isr-offset", config32(CONSOLE, 0x6c), 58);
	check_eq("pci/config-offset", config32(CONSOLE, 0x7c), 60);
	bar = config32(CONSOLE, BAR0);
	check("pci/region-behind-ram", bar >= ram_bytes + 256 * PAGE_SIZE && !(bar & 15));
	set_config32(CONSOLE, BAR0, 0xffffffff);
	size = 0u - config32(CONSOLE, BAR0);
	set_config32(CONSOLE, BAR0, bar);
	check_eq("pci/region-bytes", size, 128);
	check_eq("pci/region-back", config32(CONSOLE, BAR0), bar);
}

/* The window reads as well as it writes: here the number of queues, two bytes at offset 18. */
static void check_window(void)
{
	u32 window = 0x84;

	set_config8(CONSOLE, window + 4, 0);
	set_config32(CONSOLE, window + 8, 18);
	set_config32(CONSOLE, window + 12, 2);
	check_eq("pci/window-reads", config32(CONSOLE, window + 16) & 0xffff, 2);
}

/*G:990 Device memory by each of the moves that the original Launcher can play, and what comes of one at
 * an address where no device is. */
static void check_moves(void)
{
	u32 bar = config32(CONSOLE, BAR0);
	u8 *at = (u8 *)map_device_pages(bar >> PAGE_SHIFT, 1) + bar % PAGE_SIZE;
	u32 v = 0xaaaaaaaa, address;

	__asm__ volatile("movw (%1), %%ax\n\tmovl %%eax, %0" : "=r"(v) : "r"(at + 18), "a"(v));
	check_eq("pci/move-two-bytes", v, 0xaaaa0002);
	v = 0xaaaaaaaa;
	__asm__ volatile("movb (%1), %%al\n\tmovl %%eax, %0" : "=r"(v) : "r"(at + 20), "a"(v));
	check_eq("pci/move-a-byte", v, 0xaaaaaa0f);
	v = 0xaaaaaaaa;
	__asm__ volatile("movb (%1), %%ah\n\tmovl %%eax, %0" : "=r"(v) : "r"(at + 20), "a"(v));
	check_eq("pci/move-a-high-byte", v, 0xaaaa0faa);
	__asm__ volatile("movl 4(%1), %0" : "=r"(v) : "r"(at - 4));
	check_eq("pci/move-with-displacement", v, load32((u32)at));
	address = (u32)map_device_pages((bar >> PAGE_SHIFT) - 1, 1);
	probe_read(address);
	check("pci/no-device", faulted(TRAP_PF, 0) || faulted(TRAP_PF, 1));
}
/*:*/

void check_pci(void)
{
	check_mechanism();
	check_console_header();
	check_window();
	check_moves();
}

#endif
