/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:597
 * The other board: an ordinary PC, or somebody else's idea of one.  The Host was written for
 * lgemu's, but if it only ran there, how would we know that the emulator does what a CPU does?  So
 * here are the least of drivers: the interval timer, the interrupt controller, a serial port.
:*/
#include "ring0.h"

#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61
#define PIC_MASTER   0x20
#define PIC_SLAVE    0xa0
#define COM1	     0x3f8

/* The PIT counts at 1193182 Hz.  Ten milliseconds of that, and 2^32 ticks per ns. */
#define PIT_10MS   11932u
#define PIT_PER_NS 5124677u
#define NS_10MS	   10000000u

/* From ticks of the TSC to ns: multiply, shift by 24. */
static uint32_t ns_per_tick, khz;
static uint64_t first_tick, armed;
static uint32_t wall_sec;
static uint64_t wall_base;

/* 2000-01-01: nobody should mistake this for the time of day. */
#define EPOCH	   946684800u
#define NS_PER_SEC 1000000000u

static void put_byte(char c)
{
	unsigned tries = 0;

	while (!(inb(COM1 + 5) & 0x20) && ++tries < 100000)
		;
	outb(COM1, (uint8_t)c);
}

static void pc_putchar(char c)
{
	if (c == '\n')
		put_byte('\r');
	put_byte(c);
}

static void setup_serial(void)
{
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 0x80);
	outb(COM1 + 0, 1);
	outb(COM1 + 1, 0);
	outb(COM1 + 3, 3);
	outb(COM1 + 2, 7);
	outb(COM1 + 4, 3);
}

/* Interrupts of the two controllers come as 0x20 to 0x2f; all but the timer's are masked. */
static void setup_pic(void)
{
	outb(PIC_MASTER, 0x11);
	outb(PIC_SLAVE, 0x11);
	outb(PIC_MASTER + 1, 0x20);
	outb(PIC_SLAVE + 1, 0x28);
	outb(PIC_MASTER + 1, 4);
	outb(PIC_SLAVE + 1, 2);
	outb(PIC_MASTER + 1, 1);
	outb(PIC_SLAVE + 1, 1);
	outb(PIC_MASTER + 1, 0xfe);
	outb(PIC_SLAVE + 1, 0xff);
}

/* Schoolbook division; this home has no library to do it. */
static uint32_t divide(uint64_t num, uint32_t by)
{
	uint64_t left = 0;
	uint32_t quotient = 0;
	int bit;

	for (bit = 63; bit >= 0; bit--) {
		left = left << 1 | (num >> bit & 1);
		quotient <<= 1;
		if (left >= by) {
			left -= by;
			quotient |= 1;
		}
	}
	return quotient;
}

/*H:860
 * How fast is the time stamp counter?  Let channel 2 count ten milliseconds, and see.
 */
static void calibrate(void)
{
	uint64_t start;
	uint32_t ticks;

	outb(PIT_GATE, (inb(PIT_GATE) & ~2) | 1);
	outb(PIT_COMMAND, 0xb0);
	outb(PIT_CHANNEL2, PIT_10MS & 0xff);
	outb(PIT_CHANNEL2, PIT_10MS >> 8);
	start = rdtsc();
	while (!(inb(PIT_GATE) & 0x20))
		;
	ticks = (uint32_t)(rdtsc() - start);
	ns_per_tick = divide((uint64_t)NS_10MS << 24, ticks);
	khz = ticks / 10;
	first_tick = rdtsc();
}
/*:*/

static void pc_setup(void)
{
	setup_serial();
	/* Let what the BIOS left ticking run out, before anyone listens. */
	outb(PIT_COMMAND, 0x30);
	outb(PIT_CHANNEL0, 2);
	outb(PIT_CHANNEL0, 0);
	calibrate();
	setup_pic();
	armed = PORT_NEVER;
	wall_sec = EPOCH;
}

static uint64_t pc_clock(void)
{
	uint64_t ticks = rdtsc() - first_tick;

	return ((ticks >> 32) * ns_per_tick << 8) + ((uint64_t)(uint32_t)ticks * ns_per_tick >> 24);
}

/*H:861
 * The interval timer can count for 54 ms at most.  If that is not enough it goes off too early;
 * the run loop notices that it is too early, and arms it again.
 */
static void pc_arm_timer(uint64_t deadline)
{
	uint64_t now = pc_clock(), left = deadline > now ? deadline - now : 0;
	uint32_t count = 0xffff;

	if (deadline == armed)
		return;
	armed = deadline;
	if (deadline == PORT_NEVER)
		return;
	if (left < 54000000)
		count = (uint32_t)(left * PIT_PER_NS >> 32) + 2;
	outb(PIT_COMMAND, 0x30);
	outb(PIT_CHANNEL0, (uint8_t)count);
	outb(PIT_CHANNEL0, (uint8_t)(count >> 8));
}

static void pc_ack_timer(void)
{
	armed = PORT_NEVER;
	outb(PIC_MASTER, 0x20);
}
/*:*/

static void pc_wall_time(uint32_t *sec, uint32_t *nsec)
{
	uint64_t now = pc_clock();

	while (now - wall_base >= NS_PER_SEC) {
		wall_base += NS_PER_SEC;
		wall_sec++;
		/* Or the compiler sees a division, which we do not have. */
		asm volatile("" : "+m"(wall_base));
	}
	*sec = wall_sec;
	*nsec = (uint32_t)(now - wall_base);
}

static uint32_t pc_tsc_khz(void)
{
	return khz;
}

static uint32_t pc_event_map(void)
{
	return 0;
}

static uint32_t pc_events(unsigned guest)
{
	(void)guest;
	return 0;
}

/* QEMU has two ways to be told that it is over; a real PC has neither and halts. */
static _Noreturn void power_off(uint8_t status)
{
	outb(0xf4, status);
	outw(0x604, 0x2000);
	for (;;)
		asm volatile("cli; hlt");
}

static void pc_fail(const struct door_failure *failure)
{
	host_print("lgemu host: %s: vector %u error %#x cr2 %#x eip %#x\n",
		   (const char *)le32_get(failure->text), le32_get(failure->vector),
		   le32_get(failure->error_code), le32_get(failure->cr2), le32_get(failure->eip));
	power_off(4);
}

/*H:862
 * Nobody is at the door here, so there is nothing to do but to see whether we are well; unless the
 * boot loader brought a Guest along.
 */
static void pc_main(struct host *host, struct door_page *page, uint32_t multiboot_info)
{
	bool ok;

	(void)page;
	ok = selftest(host);
	if (ok)
		run_module(host, multiboot_info);
	power_off(!ok);
}
/*:*/

const struct board pc_board = {
	.setup = pc_setup,
	.clock = pc_clock,
	.arm_timer = pc_arm_timer,
	.ack_timer = pc_ack_timer,
	.wall_time = pc_wall_time,
	.tsc_khz = pc_tsc_khz,
	.event_map = pc_event_map,
	.events = pc_events,
	.putchar = pc_putchar,
	.fail = pc_fail,
	.main = pc_main,
};
