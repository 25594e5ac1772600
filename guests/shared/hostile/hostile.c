/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:959 guests/shared/hostile/hostile.c: A driver that lies, one lie a run: the command line names
 * it, and tests/hostile says what must come of it. The lie is told in the midst of an otherwise
 * good request. Afterwards the guest resets its disk, writes a sector and reads it again, so that
 * "the disk lives" is the guest's own word. It runs in linear mode and has no driver to rely on. :*/
#include "../../lib/abi.h"
#include "../../lib/virtio.h"

enum { NEXT = 1, WRITE = 2, INDIRECT = 4, IN = 0, OUT = 1, BLOCK = 2, CONSOLE = 3, RNG = 4 };

extern u8 shared_data[];
void hostile(void);

static u32 ram_end;

static void call3(u32 nr, u32 a, u32 b, u32 c)
{
	__asm__ volatile("int %4"
			 :
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "i"(LGUEST_TRAP_ENTRY), "S"(0)
			 : "memory");
}

static void call(u32 nr, u32 a, u32 b)
{
	call3(nr, a, b, 0);
}

static void say(const char *text)
{
	call(LHCALL_NOTIFY, (u32)text, 0);
}

static void bell(u32 gpa)
{
	call(LHCALL_NOTIFY, gpa, 0);
}

/*G:465 A device, as its descriptor has it. Everything there is unaligned, and the table of
 * descriptors, the available and the used ring are where the first page frame says. */
static struct device {
	volatile u8 *desc;
	u16 num, posted[2];
	u32 ring[2];
	volatile struct vring_desc *table[2];
	volatile struct vring_avail *avail[2];
	volatile struct vring_used *used[2];
} disk, console, rng;

static u32 word(const volatile u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static int find(struct device *d, u8 type)
{
	volatile u8 *p = (volatile u8 *)ram_end;
	u32 q;

	for (; *p && *p != type; p += 5u + 8u * p[1] + 2u * p[2] + p[3])
		;
	if (!*p)
		return 0;
	d->desc = p;
	d->num = (u16)word(p + 5);
	for (q = 0; q < p[1] && q < 2; q++) {
		d->ring[q] = word(p + 5 + 8 * q + 4) << PAGE_SHIFT;
		d->table[q] = (volatile void *)d->ring[q];
		d->avail[q] = (volatile void *)(d->ring[q] + 16u * d->num);
		d->used[q] = (volatile void *)((d->ring[q] + 18u * d->num + 4 + 4095) & ~4095u);
	}
	return 1;
}

static void start(struct device *d)
{
	d->desc[4] = 0;
	bell((u32)d->desc);
	d->desc[4] = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	bell((u32)d->desc);
	d->posted[0] = d->posted[1] = 0;
}

static void put(struct device *d, u32 q, u32 i, u64 addr, u32 len, u16 flags)
{
	d->table[q][i].addr = addr;
	d->table[q][i].len = len;
	d->table[q][i].flags = flags;
	d->table[q][i].next = (u16)(i + 1);
}

static void kick(struct device *d, u32 q, u16 head)
{
	d->avail[q]->ring[d->posted[q] % d->num] = head;
	d->avail[q]->idx = ++d->posted[q];
	bell(d->ring[q]);
}
/*:*/

static struct {
	u32 type, prio;
	u64 sector;
} header;
static u8 data[8192];
static volatile u8 status;

static void request(u32 type, u64 sector)
{
	header.type = type;
	header.sector = sector;
	status = 0xee;
	put(&disk, 0, 0, (u32)&header, 16, NEXT);
	put(&disk, 0, 1, (u32)data, 512, (u16)(NEXT | (type == OUT ? 0 : WRITE)));
	put(&disk, 0, 2, (u32)&status, 1, WRITE);
}

static void expect_status(u8 want)
{
	say(status == want ? "answered\n" : "WRONG ANSWER\n");
}

/* Sector 7 is the one that a test allows to change. */
static void disk_lives(void)
{
	u32 i;

	start(&disk);
	for (i = 0; i < 512; i++)
		data[i] = 'G';
	request(OUT, 7);
	kick(&disk, 0, 0);
	if (status)
		say("CANNOT WRITE\n");
	for (i = 0; i < 512; i++)
		data[i] = 0;
	request(IN, 7);
	kick(&disk, 0, 0);
	say(!status && data[0] == 'G' && data[511] == 'G' ? "disk good\n" : "DISK BAD\n");
}

/* --- the lies, by the number of hostile.md ---------------------------------------------------- */

static void notify_unknown_queue(void) /* the device has been claimed by nobody */
{
	disk.desc[4] = 0;
	bell((u32)disk.desc);
	request(OUT, 0);
	kick(&disk, 0, 0);
}

static void notify_past_the_end(void)
{
	bell(0x7ffff000);
}

static void descriptor_moved(void)
{
	u32 i;
	u8 was[32];

	request(IN, 1);
	for (i = 0; i < 32; i++) {
		was[i] = disk.desc[i];
		if (i != 4)
			disk.desc[i] = 0xff;
	}
	kick(&disk, 0, 0);
	for (i = 0; i < 32; i++)
		disk.desc[i] = was[i];
	expect_status(0);
}

static void index_jumps(void)
{
	request(OUT, 0);
	disk.posted[0] = 300;
	kick(&disk, 0, 0);
}

static void index_for_ever(void) /* a full ring of work, and bells with nothing behind them */
{
	u32 i;

	request(IN, 0);
	for (i = 0; i < disk.num; i++)
		disk.avail[0]->ring[i] = 0;
	for (i = 0; i < 2000; i++) {
		disk.avail[0]->idx = (u16)(disk.avail[0]->idx + (i < 8 ? disk.num : 0));
		bell(disk.ring[0]);
	}
	expect_status(0);
}

static void chain_loops(void)
{
	request(OUT, 0);
	disk.table[0][1].next = 0;
	kick(&disk, 0, 0);
}

static void next_out_of_range(void)
{
	request(OUT, 0);
	disk.table[0][0].next = disk.num;
	kick(&disk, 0, 0);
}

static void head_out_of_range(void)
{
	request(OUT, 0);
	kick(&disk, 0, disk.num);
}

static void indirect_never_offered(void)
{
	request(OUT, 0);
	disk.table[0][0].flags = INDIRECT;
	kick(&disk, 0, 0);
}

static void length_near_4g(void)
{
	request(OUT, 0);
	disk.table[0][1].len = 0xfffffff0;
	kick(&disk, 0, 0);
}

static void lengths_sum_over_4g(void) /* 250 times 16 MB less a page */
{
	u32 i;

	request(IN, 0);
	disk.table[0][1].flags = NEXT | WRITE;
	for (i = 1; i < disk.num - 1u; i++)
		put(&disk, 0, i, 0x2000, ram_end - 0x2000, NEXT | WRITE);
	put(&disk, 0, i, (u32)&status, 1, WRITE);
	kick(&disk, 0, 0);
	expect_status(1);
}

static void address_wraps(void)
{
	request(OUT, 0);
	disk.table[0][1].addr = 0xffffff00;
	kick(&disk, 0, 0);
}

static void address_64_bit(void)
{
	request(OUT, 0);
	disk.table[0][1].addr |= 1ull << 32;
	kick(&disk, 0, 0);
}

static void data_over_the_ring(void)
{
	request(IN, 0);
	disk.table[0][1].addr = disk.ring[0];
	kick(&disk, 0, 0);
}

static void data_over_the_index(void)
{
	request(IN, 0);
	disk.table[0][1].addr = (u32)disk.avail[0];
	kick(&disk, 0, 0);
}

static void data_over_the_device_page(void)
{
	static u8 was[512];
	u32 i;

	for (i = 0; i < 512; i++)
		was[i] = ((volatile u8 *)ram_end)[i];
	request(IN, 0);
	disk.table[0][1].addr = ram_end;
	kick(&disk, 0, 0);
	for (i = 0; i < 512; i++)
		((volatile u8 *)ram_end)[i] = was[i];
	expect_status(0);
}

static void data_over_lguest_data(void)
{
	request(IN, 0);
	disk.table[0][1].addr = (u32)shared_data;
	kick(&disk, 0, 0);
	call(LHCALL_FLUSH_TLB, 1, 0); /* each slot of its ring is a call now */
}

static void status_in_the_used_ring(void) /* what was given back stays as it was given back */
{
	request(OUT, 7);
	disk.table[0][2].addr = (u32)&disk.used[0]->ring[0];
	kick(&disk, 0, 0);
	say(disk.used[0]->idx == 1 && !disk.used[0]->ring[0].id && disk.used[0]->ring[0].len == 1
		    ? "answered\n"
		    : "WRONG ANSWER\n");
}

static void header_in_pieces(void)
{
	request(IN, 1);
	put(&disk, 0, 0, (u32)&header, 1, NEXT);
	put(&disk, 0, 1, (u32)&header + 1, 0, NEXT);
	put(&disk, 0, 2, (u32)&header + 1, 15, NEXT);
	put(&disk, 0, 3, (u32)data, 512, NEXT | WRITE);
	put(&disk, 0, 4, (u32)&status, 1, WRITE);
	kick(&disk, 0, 0);
	expect_status(0);
}

static void header_too_short(void)
{
	request(OUT, 0);
	put(&disk, 0, 0, (u32)&header, 15, NEXT);
	put(&disk, 0, 1, (u32)&status, 1, WRITE);
	kick(&disk, 0, 0);
}

static void header_wrong_direction(void)
{
	request(IN, 0);
	disk.table[0][0].flags = NEXT | WRITE;
	kick(&disk, 0, 0);
}

static void no_status(void)
{
	request(OUT, 0);
	disk.table[0][1].flags = 0;
	kick(&disk, 0, 0);
}

static void readable_after_writable(void)
{
	request(IN, 0);
	disk.table[0][2].flags = 0;
	kick(&disk, 0, 0);
}

static void sector_overflows(void)
{
	request(OUT, 1ull << 55);
	kick(&disk, 0, 0);
	expect_status(1);
}

static void past_the_end(void)
{
	request(OUT, 127);
	disk.table[0][1].len = 1024;
	kick(&disk, 0, 0);
	expect_status(1);
}

static void partial_sector(void)
{
	request(OUT, 0);
	disk.table[0][1].len = 511;
	kick(&disk, 0, 0);
	expect_status(1);
}

static void write_to_read_only(void)
{
	request(OUT, 0);
	kick(&disk, 0, 0);
	expect_status(1);
	call(LHCALL_SHUTDOWN, (u32) "Power down", LGUEST_SHUTDOWN_POWEROFF);
}

/* "QFI" and a version, and the name of a file behind it: CVE-2008-2004. On a sector that may
 * change here: 0. */
static void format_of_another(void)
{
	u32 i;

	for (i = 0; i < 512; i++)
		data[i] = 0;
	memcpy(data, "QFI\373\0\0\0\2\0\0\0\0\0\0\0\110\0\0\0\13", 20);
	memcpy(data + 72, "/etc/passwd", 11);
	request(OUT, 0);
	kick(&disk, 0, 0);
	expect_status(0);
}

static void format_read_again(void)
{
	request(IN, 0);
	kick(&disk, 0, 0);
	say(!status && data[0] == 'Q' && data[3] == 0xfb && data[72] == '/' ? "answered\n"
									    : "WRONG ANSWER\n");
}

/* A read that fails may not claim a byte, and one of 16 random bytes claims 16. */
static void used_length(void)
{
	request(IN, 1ull << 40);
	data[0] = 0x77;
	kick(&disk, 0, 0);
	expect_status(1);
	say(!disk.used[0]->ring[0].len && data[0] == 0x77 ? "no more\n" : "STALE BYTES\n");
	if (!find(&rng, RNG))
		return;
	start(&rng);
	memset(data, 0x77, 32);
	put(&rng, 0, 0, (u32)data, 16, WRITE);
	kick(&rng, 0, 0);
	say(rng.used[0]->ring[0].len == 16 && data[16] == 0x77 ? "as many\n" : "STALE BYTES\n");
}

static void console_flood(void)
{
	u32 i;

	find(&console, CONSOLE);
	start(&console);
	for (i = 0; i < console.num; i++)
		put(&console, 1, i, 0x2000, ram_end - 0x2000, i < console.num - 1u ? NEXT : 0);
	kick(&console, 1, 0);
	say(console.used[1]->idx == 1 ? "\nanswered\n" : "\nWRONG ANSWER\n");
}

static void console_wrong_direction(void)
{
	find(&console, CONSOLE);
	start(&console);
	put(&console, 1, 0, (u32)data, 16, WRITE);
	kick(&console, 1, 0);
}

static void interrupts_never_on(void) /* 0 in lguest_data, a clock that rings, and work */
{
	u32 i;

	*(volatile u32 *)shared_data = 0;
	*(volatile u32 *)(shared_data + 4) = 0;
	for (i = 0; i < 200; i++)
		call(LHCALL_SET_CLOCKEVENT, 1000, 0);
}

static void pointer_anywhere(void) /* a crash text that lies nowhere */
{
	call(LHCALL_SHUTDOWN, 0xfffffff0, LGUEST_SHUTDOWN_POWEROFF);
}

static void stack_that_is_not_there(void)
{
	call3(LHCALL_SET_STACK, KERNEL_DS, 0xfffff000, 1);
}

static void idt_entry_past_the_end(void)
{
	call(LHCALL_LOAD_IDT_ENTRY, 0xffffffff, 0xffffffff);
}

static void tls_anywhere(void)
{
	call(LHCALL_LOAD_TLS, 0xffffffe0, 6);
}

/* Segments that begin at the Switcher, and a gate that leads to it. */
#define SWITCHER_LOW  0x0000ffffu
#define SWITCHER_HIGH 0xffcfb3c0u

static void write_through(u32 selector)
{
	__asm__ volatile("movl %0, %%es\n\tmovl $0, %%es:0" : : "r"(selector) : "memory");
	say("WRITTEN\n");
}

static void gdt_reaches_switcher(void)
{
	call3(LHCALL_LOAD_GDT_ENTRY, 20, SWITCHER_LOW, SWITCHER_HIGH);
	write_through(20 * 8 + 1);
}

static void tls_reaches_switcher(void)
{
	static const u32 tls[6] = {SWITCHER_LOW, SWITCHER_HIGH | 0x6000};

	call(LHCALL_LOAD_TLS, (u32)tls, 0);
	write_through(TLS_SELECTOR);
}

static void idt_reaches_switcher(void)
{
	call3(LHCALL_LOAD_IDT_ENTRY, TRAP_BP, KERNEL_CS << 16, 0xffc0ee00);
	__asm__ volatile("int3");
	say("CAME BACK\n");
}

/* No lie: what the entropy device gives, to be compared from outside. */
static void random_bytes(void)
{
	static const char digit[] = "0123456789abcdef";
	char text[34] = {0};

	find(&rng, RNG);
	start(&rng);
	put(&rng, 0, 0, (u32)data, 16, WRITE);
	kick(&rng, 0, 0);
	for (u32 i = 0; i < 32; i++)
		text[i] = digit[data[i / 2] >> (i % 2 ? 0 : 4) & 15];
	text[32] = '\n';
	say("random ");
	say(text);
}

static void escapes(void)
{
	say("\033[31mred\n");
	call(LHCALL_SHUTDOWN, (u32) "\033]0;title\a", LGUEST_SHUTDOWN_POWEROFF);
}

static void timer_for_ever(void)
{
	call(LHCALL_SET_CLOCKEVENT, 0xffffffff, 0);
	call(LHCALL_SET_CLOCKEVENT, 0, 0);
	say("answered\n");
}

/* Four directories which all lead to the same few page tables, and every one of their entries used:
 * the Host needs a page for each, and has not got so many. */
static void shadows_without_end(void)
{
	u32 *const table = (u32 *)0x210000, *dir;
	u32 d, i;

	for (i = 0; i < 8 * 1024; i++)
		table[i] = i << PAGE_SHIFT | 7;
	for (d = 0; d < 4; d++) {
		dir = (u32 *)(0x200000 + d * PAGE_SIZE);
		for (i = 0; i < 1024; i++)
			dir[i] = (u32)(table + (i < 8 ? i : 0) * 1024) | 0x67;
		call(LHCALL_NEW_PGTABLE, (u32)dir, 0);
		for (i = 8; i < 1016; i++)
			*(volatile u32 *)(i << 22 | 0x300000);
	}
}

static const struct {
	const char *name;
	void (*lie)(void);
} lies[] = {
	NAMED(notify_unknown_queue),
	NAMED(notify_past_the_end),
	NAMED(descriptor_moved),
	NAMED(index_jumps),
	NAMED(index_for_ever),
	NAMED(chain_loops),
	NAMED(next_out_of_range),
	NAMED(head_out_of_range),
	NAMED(indirect_never_offered),
	NAMED(length_near_4g),
	NAMED(lengths_sum_over_4g),
	NAMED(address_wraps),
	NAMED(address_64_bit),
	NAMED(data_over_the_ring),
	NAMED(data_over_the_index),
	NAMED(data_over_the_device_page),
	NAMED(data_over_lguest_data),
	NAMED(status_in_the_used_ring),
	NAMED(header_in_pieces),
	NAMED(header_too_short),
	NAMED(header_wrong_direction),
	NAMED(no_status),
	NAMED(readable_after_writable),
	NAMED(sector_overflows),
	NAMED(past_the_end),
	NAMED(partial_sector),
	NAMED(write_to_read_only),
	NAMED(format_of_another),
	NAMED(format_read_again),
	NAMED(used_length),
	NAMED(console_flood),
	NAMED(console_wrong_direction),
	NAMED(interrupts_never_on),
	NAMED(pointer_anywhere),
	NAMED(stack_that_is_not_there),
	NAMED(idt_entry_past_the_end),
	NAMED(tls_anywhere),
	NAMED(gdt_reaches_switcher),
	NAMED(tls_reaches_switcher),
	NAMED(idt_reaches_switcher),
	NAMED(timer_for_ever),
	NAMED(shadows_without_end),
	NAMED(escapes),
	NAMED(random_bytes),
};

void hostile(void)
{
	const u32 *e820 = (const u32 *)BOOT_E820_MAP;
	const char *name = *(const char *const *)BOOT_CMD_LINE_PTR;
	u32 i;

	ram_end = e820[0] + e820[2];
	if (!find(&disk, BLOCK))
		say("NO DISK\n");
	start(&disk);
	for (i = 0; i < ARRAY_SIZE(lies) && strcmp(name, lies[i].name); i++)
		;
	if (i == ARRAY_SIZE(lies))
		say("NO SUCH LIE\n");
	else
		lies[i].lie();
	disk_lives();
	call(LHCALL_SHUTDOWN, (u32) "Power down", LGUEST_SHUTDOWN_POWEROFF);
}
