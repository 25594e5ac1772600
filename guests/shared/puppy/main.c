/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:926 guests/shared/puppy/main.c: Puppy's start, from the first C function to the prompt: read the
 * boot page, take over memory and descriptor tables, find the devices, become the shell. Every step
 * prints what it found, so a boot that stops halfway says where. :*/
#include "puppy.h"
#include "../../lib/block.h"
#include "../../lib/console.h"

#define BANNER "puppy, a small guest for lguest (ring 1, feature-array ABI 3.1)"

/* Copied from guest-physical 0 before that page becomes an ordinary one. */
static u8 boot_page[PAGE_SIZE];
char command_line[512];

static struct virtio_device devices[BUS_MAX_DEVICES];
static int device_count;

static u32 boot_word(u32 offset)
{
	return *(u32 *)(boot_page + offset);
}

/*G:180 The boot page says how much RAM there is (one e820 entry, as a rule), whether an initrd sits
 * at its upper end, and where the command line is. We are no use for an initrd, but we must not sit
 * on it. */
static u64 ram_end(void)
{
	u32 *entry = (u32 *)(boot_page + BOOT_E820_MAP);

	return ((u64)entry[1] << 32 | entry[0]) + ((u64)entry[3] << 32 | entry[2]);
}

static void read_boot_page(void)
{
	u32 end, limit;

	memcpy(boot_page, virt_of(0), PAGE_SIZE);
	strlcpy(command_line, virt_of(boot_word(BOOT_CMD_LINE_PTR)), sizeof(command_line));
	printf(BANNER "\n");
	if (boot_word(BOOT_SUBARCH) != SUBARCH_LGUEST)
		panic("the boot page does not say lguest");
	end = (u32)ram_end();
	limit = boot_page[BOOT_LOADER_TYPE] ? boot_word(BOOT_RAMDISK_IMAGE) : end;
	printf("puppy: %u KB of RAM, command line \"%s\"\n", end >> 10, command_line);
	mem_init(end, limit);
}
/*:*/

/* The flat segments once more, one hypercall each, as Linux does. Entries the Host keeps for itself
 * are offered as empty and stay what they are. */
static void load_gdt(void)
{
	static const u32 high[GDT_ENTRIES] = {
		[GDT_ENTRY_KERNEL_CS] = 0x00cfbb00,
		[GDT_ENTRY_KERNEL_DS] = 0x00cfb300,
		[GDT_ENTRY_USER_CS] = 0x00cffb00,
		[GDT_ENTRY_USER_DS] = 0x00cff300,
	};
	u32 i;

	for (i = 0; i < GDT_ENTRIES; i++)
		load_gdt_entry(i, high[i] ? 0xffff : 0, high[i]);
}

/* How the block driver waits: the ring is looked at again after every wake-up. */
static void wait_for_disk(void)
{
	u32 flags = irq_save();

	if (runnable_count() > 1 || need_schedule)
		schedule();
	else
		hcall(LHCALL_HALT, 0, 0, 0, 0);
	irq_restore(flags);
}

static const char *device_name(u8 type)
{
	switch (type) {
	case VIRTIO_ID_NET: return "net";
	case VIRTIO_ID_BLOCK: return "block";
	case VIRTIO_ID_CONSOLE: return "console";
	case VIRTIO_ID_RNG: return "rng";
	default: return "unknown";
	}
}

/* The list is printed before anything is started: these lines are the last early text. */
static void start_devices(void)
{
	int i;

	device_count = bus_scan((u32)ram_end(), map_device_pages, devices, BUS_MAX_DEVICES);
	for (i = 0; i < device_count; i++)
		printf("puppy: device %d: %s, %u queues, irq %u, features 0x%x\n", i,
		       device_name(devices[i].type), devices[i].queue_count,
		       devices[i].queue[0].irq, devices[i].features);
	for (i = 0; i < device_count; i++) {
		struct virtio_device *dev = &devices[i];

		if (dev->type == VIRTIO_ID_CONSOLE && !console_input_irq)
			console_init(dev, map_device_pages);
		if (dev->type == VIRTIO_ID_BLOCK && !block_sectors)
			block_init(dev, map_device_pages, wait_for_disk);
	}
}

void __attribute__((noreturn)) puppy_main(void)
{
	read_boot_page();
	load_gdt();
	traps_init();
	time_init();
	tasks_init();
	start_devices();
	fs_init();
	printf("puppy: TSC at %u kHz, %u KB reserved at the top, %u of %u pages free, root is %s\n",
	       lguest_data.tsc_khz, lguest_data.reserve_mem >> 10, pages_free(), pages_total(),
	       root_fs->kind);
	shell();
	panic("the shell returned");
}
