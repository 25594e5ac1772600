/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:957 guests/e40/pci-hello/pci-hello.c: The smallest guest of the last era, Linux 4.1 to 4.13. It
 * finds its devices on a PCI bus that is not there, says its first words through the console's
 * window in configuration space, then drives the console as virtio 1.0 wants it, and looks at the
 * two things that only Hosts of this era do: faults on device memory, and a system call through an
 * interrupt gate. It never leaves linear mode, so a device's memory is at its physical address. :*/
#include "../../lib/abi.h"
#include "../../lib/lib.h"
#include "../../lib/pci.h"

/*G:700 Beginning and end, in the little assembler that is needed. lguest_data has the form of 4.1:
 * in place of a window of addresses that must not be interrupted there is one, that of an iret. */
__asm__("	.text\n"
	"	.globl	_start\n"
	"_start:\n"
	"	movl	$stack + 4096, %esp\n"
	"	call	pci_hello\n"
	"	ud2\n"
	"fault_entry:\n" /* error code, eip, cs, eflags: go on behind the probe */
	"	popl	fault_error\n"
	"	movl	$after_probe, (%esp)\n"
	"noirq_iret:\n"
	"	iret\n"
	"syscall_entry:\n"
	"	incl	syscalls\n"
	"	jmp	noirq_iret\n"
	"	.section .rodata\n"
	"	.asciz	\"lgemu-guest-abi: 4.1\"\n"
	"	.text\n");

extern char noirq_iret[], fault_entry[], syscall_entry[];

char stack[4096] __attribute__((aligned(16)));
volatile u32 fault_error, syscalls;

static struct lguest_data_4_1 {
	u32 irq_enabled, blocked_interrupts, cr2, time_sec, time_nsec, irq_pending;
	u8 hcall_status[LHCALL_RING_SIZE];
	u32 hcalls[LHCALL_RING_SIZE][5];
	u32 reserve_mem, tsc_khz;
	u32 noirq_iret, kernel_address, syscall_vec;
} lguest_data = {
	.blocked_interrupts = 1,
	.hcall_status = {[0 ... LHCALL_RING_SIZE - 1] = 0xff},
	.noirq_iret = (u32)noirq_iret + PAGE_OFFSET,
	.kernel_address = PAGE_OFFSET,
	.syscall_vec = SYSCALL_VECTOR,
};

_Static_assert(offsetof(struct lguest_data_4_1, noirq_iret) == 0x560, "layout E");
_Static_assert(sizeof(struct lguest_data_4_1) == 0x56c, "layout E");

static void hcall(u32 call, u32 arg1, u32 arg2, u32 arg3)
{
	__asm__ volatile("int	$0x1f"
			 : "+a"(call)
			 : "b"(arg1), "c"(arg2), "d"(arg3), "S"(0)
			 : "memory");
}

static void gate(u32 vector, const char *handler, u32 dpl)
{
	u32 at = (u32)handler;

	hcall(LHCALL_LOAD_IDT_ENTRY, vector, KERNEL_CS << 16 | (at & 0xffff),
	      (at & 0xffff0000) | 0x8e00 | dpl << 13);
}
/*:*/

/* printf() ends here. */
void console_write(const char *text, u32 bytes)
{
	pci_early_write(text, bytes);
}

static void walk_slot(u32 slot)
{
	u32 id = config32(slot, 0), bar, cap;

	if (id == 0xffffffff)
		return;
	bar = config32(slot, 0x10);
	printf("slot %u: id %08x class %08x bar %08x line %u\n", slot, id, config32(slot, 8), bar,
	       config8(slot, 0x3c));
	for (cap = config8(slot, 0x34); cap; cap = config8(slot, cap + 1))
		printf("  capability %02x: type %u offset %u length %u\n", cap,
		       config8(slot, cap + 3), config32(slot, cap + 8), config32(slot, cap + 12));
	set_config32(slot, 0x10, 0xffffffff);
	if (bar)
		printf("  region of %u bytes\n", 0 - config32(slot, 0x10));
	set_config32(slot, 0x10, bar);
}

/*G:730 The console's own way: agree on features, say where the ring is, ring. There is one buffer,
 * and as it is never too late to say something we wait for it with open eyes. */
static struct {
	u64 addr;
	u32 len;
	u16 flags, next;
} desc[8] __attribute__((aligned(16)));
static volatile struct {
	u16 flags, idx, ring[8];
} avail;
static volatile struct {
	u16 flags, idx;
	struct {
		u32 id, len;
	} ring[8];
} used;

static void start_console(u32 bar)
{
	store8(bar + 20, 0);
	store8(bar + 20, 1);
	store8(bar + 20, 3);
	store32(bar + 0, 1);
	store32(bar + 8, 1);
	store32(bar + 12, load32(bar + 4));
	store8(bar + 20, 11);
	printf("features agreed: status %u, %u queues\n", load8(bar + 20), load16(bar + 18));
	store16(bar + 22, 1);
	store16(bar + 24, ARRAY_SIZE(desc));
	store32(bar + 32, (u32)desc);
	store32(bar + 36, 0);
	store32(bar + 40, (u32)&avail);
	store32(bar + 44, 0);
	store32(bar + 48, (u32)&used);
	store32(bar + 52, 0);
	store16(bar + 28, 1);
	store8(bar + 20, 15);
}

static void print_by_ring(u32 bar, const char *text)
{
	u16 done = used.idx;

	desc[0].addr = (u32)text;
	desc[0].len = strlen(text);
	avail.ring[avail.idx % ARRAY_SIZE(desc)] = 0;
	barrier();
	avail.idx++;
	store16(bar + 56, 1);
	while (used.idx == done)
		barrier();
}
/*:*/

/*G:740 Between the end of memory and the first device there is nothing, and the Host and the
 * Launcher must agree on that: it is our fault, and cr2 says where. */
static __attribute__((noinline)) void probe(u32 at)
{
	__asm__ volatile("movl	(%0), %%eax\n"
			 "	.globl	after_probe\n"
			 "after_probe:"
			 :
			 : "r"(at)
			 : "eax", "memory");
}

static void check_traps(u32 bar)
{
	gate(TRAP_PF, fault_entry, 0);
	gate(SYSCALL_VECTOR, syscall_entry, 3);
	fault_error = ~0u;
	probe(bar - PAGE_SIZE);
	printf("no device: error %u, cr2 %s\n", fault_error,
	       *(volatile u32 *)&lguest_data.cr2 == bar - PAGE_SIZE ? "right" : "wrong");
	lguest_data.irq_enabled = EFLAGS_IF;
	__asm__ volatile("int	$0x80" : : : "memory");
	printf("int $0x80 through an interrupt gate: %u, interrupts %s\n", syscalls,
	       *(volatile u32 *)&lguest_data.irq_enabled ? "on" : "off");
}
/*:*/

void pci_hello(void)
{
	static const char end[] = "Power down";
	u32 slot, bar, isr;

	hcall(LHCALL_LGUEST_INIT, (u32)&lguest_data, 0, 0);
	out32(CONFIG_ADDRESS, 0x80000000);
	if (in32(CONFIG_ADDRESS) == 0x80000000)
		pci_early_init();
	printf("hello from the emergency console\n");
	printf("keyboard %02x, CMOS %02x\n", in8(0x64), in8(0x71));
	for (slot = 0; slot < 32; slot++)
		walk_slot(slot);
	bar = config32(1, 0x10);
	start_console(bar);
	print_by_ring(bar, "hello from a ring in three places\n");
	isr = load8(bar + 58);
	printf("isr %u, then %u\n", isr, load8(bar + 58));
	check_traps(bar);
	hcall(LHCALL_SHUTDOWN, (u32)end, LGUEST_SHUTDOWN_POWEROFF, 0);
}
