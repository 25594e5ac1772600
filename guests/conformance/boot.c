/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1306 guests/conformance/boot.c: What a guest finds when it wakes up: registers, segments, the boot
 * page, the command line, and page tables if its era has some; and what INIT wrote where. It runs
 * before anything of ours has changed any of it. :*/
#include "conf.h"

static u32 boot32(u32 at)
{
	return *(u32 *)virt_of(at);
}

static u32 boot8(u32 at)
{
	return *(u8 *)virt_of(at);
}

static void check_registers(void)
{
	const struct entry_state *s = &entry_state;

	check("boot/registers-zero",
	      !(s->eax | s->ebx | s->ecx | s->edx | s->edi | s->ebp | s->esp));
	check_eq("boot/esi-is-boot-page", s->esi, 0);
	check_eq("boot/cs", s->cs, KERNEL_CS);
	check("boot/ds-es-ss", s->ds == KERNEL_DS && s->es == KERNEL_DS && s->ss == KERNEL_DS);
	check("boot/fs-gs-null", !s->fs && !s->gs);
	check_eq("boot/eflags", s->eflags, 0x202);
}

static void check_init_registers(void)
{
	const struct entry_state *s = &init_state;
	u32 data = phys_of(&lguest_data);

	check("boot/init-keeps-registers",
	      s->eax == LHCALL_LGUEST_INIT && s->ebx == (ERA_ARG1_IN_EBX ? data : 0) && !s->ecx &&
		      s->edx == (ERA_ARG1_IN_EBX ? 0 : data) && s->esi == 0x5151 &&
		      s->edi == 0xd1d1 && s->ebp == 0xb9b9);
}

static u32 limit_of(u32 selector)
{
	u32 limit = 0;

	__asm__("lsll %1, %0" : "+r"(limit) : "r"(selector));
	return limit;
}

static void check_first_gdt(void)
{
	u32 i, others = 0;

	check_eq("boot/gdt-kernel-cs", access_rights(KERNEL_CS), 0x00cfbb00 & 0xf0ff00);
	check_eq("boot/gdt-kernel-ds", access_rights(KERNEL_DS), 0x00cfb300 & 0xf0ff00);
	check("boot/gdt-limits",
	      limit_of(KERNEL_CS) == 0xffffffff && limit_of(KERNEL_DS) == 0xffffffff);
	for (i = 0; i < GDT_ENTRIES; i++)
		if (i != GDT_ENTRY_KERNEL_CS && i != GDT_ENTRY_KERNEL_DS)
			others |= access_rights(i * 8 + 1);
	check_eq("boot/gdt-nothing-else", others, 0);
}

/*G:860 The boot page has a dozen fields and is zero everywhere else: a Launcher that copied the
 * setup header of an image into it would change what Linux does (root_flags, for one). */
static void check_page_is_zero(void)
{
	static const struct {
		u16 at, bytes;
	} used[] = {
		{BOOT_E820_ENTRIES, 1}, {BOOT_VERSION, 2},     {BOOT_LOADFLAGS, 1},
		{BOOT_CMD_LINE_PTR, 4}, {BOOT_ALIGNMENT, 4},   {BOOT_SUBARCH, 4},
		{BOOT_E820_MAP, 20},	{BOOT_LOADER_TYPE, 1}, {BOOT_RAMDISK_IMAGE, 4},
		{BOOT_RAMDISK_SIZE, 4},
	};
	u32 at, i, sum = 0;

	for (at = 0; at < PAGE_SIZE; at++) {
		u32 is_used = 0;

		for (i = 0; i < ARRAY_SIZE(used); i++)
			is_used |= at - used[i].at < used[i].bytes;
		if (!is_used)
			sum += boot8(at);
	}
	check_eq("boot/page-zero", sum, 0);
}
/*:*/

/*G:865 An initrd lies at the end of RAM, in whole pages, and what is left of the last one is zero. */
static void check_initrd(void)
{
	u32 at = boot32(BOOT_RAMDISK_IMAGE), bytes = boot32(BOOT_RAMDISK_SIZE);

	check_eq("boot/initrd-loader", boot8(BOOT_LOADER_TYPE), 0xff);
	check_eq("boot/initrd-bytes", bytes, 2 * PAGE_SIZE);
	check_eq("boot/initrd-at-the-end", at + bytes, boot32(BOOT_E820_MAP + 8));
}
/*:*/

static void check_boot_page(void)
{
	const char *line = virt_of(boot32(BOOT_CMD_LINE_PTR));
	u32 len = strlen(line);

	check_eq("boot/e820-one-entry", boot8(BOOT_E820_ENTRIES), 1);
	check("boot/e820-from-zero", !boot32(BOOT_E820_MAP) && !boot32(BOOT_E820_MAP + 4));
	check("boot/e820-megabytes", boot32(BOOT_E820_MAP + 8) &&
					     !(boot32(BOOT_E820_MAP + 8) & 0xfffff) &&
					     !boot32(BOOT_E820_MAP + 12));
	check_eq("boot/e820-is-ram", boot32(BOOT_E820_MAP + 16), 1);
	check_eq("boot/protocol", boot32(BOOT_VERSION) & 0xffff, 0x207);
	check_eq("boot/keep-segments", boot8(BOOT_LOADFLAGS), 0x40);
	check_eq("boot/subarch", boot32(BOOT_SUBARCH), SUBARCH_LGUEST);
	check_initrd();
	check_eq("boot/command-line-at", boot32(BOOT_CMD_LINE_PTR), PAGE_SIZE);
	check_eq("boot/command-line-blank", len && line[len - 1] == ' ', ERA_BUS == BUS_FIELDS);
	check_page_is_zero();
}

/*G:870 The tables of the first minutes: a directory in the last page before the initrd, below it as many page
 * tables as RAM needs, everything present, writable and for all. The Host may have noted in them
 * what was accessed. */
#if ERA_MAP != MAP_LINEAR
#define ENTRY_BYTES   (ERA_PAE ? 8u : 4u)
#define TABLE_ENTRIES (PAGE_SIZE / ENTRY_BYTES)

static u32 entry(u32 table, u32 i)
{
	return *(u32 *)virt_of(table + i * ENTRY_BYTES) & ~(u32)(PTE_A | PTE_D);
}

/* Words of the directory (or of PAE's middle one) from `from` on that are as they must be. */
static u32 right_tables(u32 dir, u32 from, u32 tables, u32 count)
{
	u32 i, right = 0;

	for (i = 0; i < count; i++)
		right += entry(dir, from + i) == ((tables + i * PAGE_SIZE) | 7);
	return right;
}

static void check_boot_tables(void)
{
	u32 dir = boot32(BOOT_E820_MAP + 8) - boot32(BOOT_RAMDISK_SIZE) - PAGE_SIZE,
	    pages = boot32(BOOT_E820_MAP + 8) / PAGE_SIZE;
	u32 count = (pages + TABLE_ENTRIES - 1) / TABLE_ENTRIES, tables = dir - count * PAGE_SIZE;
	u32 middle = ERA_PAE ? tables - PAGE_SIZE : dir, i, right = 0;

	check_eq("boot/tables-at", lguest_data.pgdir, dir);
	check_eq("boot/tables-low", right_tables(middle, 0, tables, count), count);
	for (i = 0; i < pages; i++)
		right += entry(tables, i) == (i * PAGE_SIZE | 7);
	check_eq("boot/tables-pages", right, pages);
#if ERA_PAE
	check("boot/tables-root", entry(dir, 0) == (middle | 1) && entry(dir, 3) == (middle | 1));
#elif ERA_MAP == MAP_BOTH
	check_eq("boot/tables-high", right_tables(dir, PAGE_OFFSET >> 22, tables, count), count);
#else
	/* We put 32 words there ourselves, and we are here: so they count. */
	check("boot/tables-edited", entry(dir, PAGE_OFFSET >> 22) == entry(dir, 0));
#endif
}
#else
static void check_boot_tables(void)
{
}
#endif
/*:*/

void check_boot(void)
{
	check_registers();
	check_init_registers();
	check_first_gdt();
	check_boot_page();
	check_boot_tables();
}

/* With tables of our own: all of RAM is there, to its last word, and the initrd is in it. */
void check_ram(void)
{
	u32 at = boot32(BOOT_RAMDISK_IMAGE), bytes = boot32(BOOT_RAMDISK_SIZE), i, rest = 0;
	volatile u32 *last = virt_of(at + bytes - 4);

	check("boot/initrd-text", !strncmp(virt_of(at + 4950), "line 99 ", 8));
	for (i = 5000; i < bytes; i++)
		rest += *(u8 *)virt_of(at + i);
	check_eq("boot/initrd-rest", rest, 0);
	*last = 0x12345678;
	check_eq("boot/ram-to-the-end", *last, 0x12345678);
}

/* Who writes what in lguest_data: guest-host.md 3.2. */
void check_data(void)
{
	u32 i, records = 0;

	check_eq("data/irq-enabled-untouched", irq_flag(), 0);
	check_eq("data/blocked-untouched", lguest_data.blocked_interrupts, 1);
	check_eq("data/cr2-untouched", lguest_data.cr2, 0);
	check("data/time", lguest_data.time_sec && lguest_data.time_nsec < 1000000000);
#if ERA_LAYOUT >= LAYOUT_C
	check_eq("data/irq-pending-zero", lguest_data.irq_pending, 0);
#endif
	for (i = 0; i < LHCALL_RING_SIZE; i++)
		records += lguest_data.hcall_status[i] == 0xff && !lguest_data.hcalls[i].eax;
	check_eq("data/ring-untouched", records, LHCALL_RING_SIZE);
	check("data/reserve-mem", lguest_data.reserve_mem &&
					  !(lguest_data.reserve_mem & (PAGE_SIZE - 1)) &&
					  0u - lguest_data.reserve_mem > PAGE_OFFSET);
	check("data/tsc-khz", !lguest_data.tsc_khz || lguest_data.tsc_khz > 1000);
#if ERA_LAYOUT <= LAYOUT_D
	check("data/noirq-untouched", lguest_data.noirq_start == (u32)noirq_start &&
					      lguest_data.noirq_end == (u32)noirq_end);
#else
	check_eq("data/noirq-untouched", lguest_data.noirq_iret, (u32)noirq_iret);
#endif
	check("data/rest-untouched", lguest_data.kernel_address == PAGE_OFFSET &&
					     lguest_data.syscall_vec == SYSCALL_VECTOR);
}
