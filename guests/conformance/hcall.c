/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1308 guests/conformance/hcall.c: Hypercalls that leave a trace in nothing but themselves, and the
 * asynchronous ring: order, wrap, overflow, and what a record's words mean. What a call does is
 * checked where its subject is. :*/
#include "conf.h"

/* FLUSH_ASYNC wants no argument, so what is in the registers is also what it must ignore. */
static u32 registers_differ(void)
{
	u32 differ;

	__asm__ volatile("pushl %%ebp\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl $0x11111111, %%ebx\n\tmovl $0x22222222, %%ecx\n\t"
			 "movl $0x33333333, %%edx\n\tmovl $0x44444444, %%esi\n\t"
			 "movl $0x55555555, %%edi\n\tmovl $0x66666666, %%ebp\n\t" HCALL_INSN
			 "\n\txorl $0x11111111, %%ebx\n\txorl $0x22222222, %%ecx\n\t"
			 "xorl $0x33333333, %%edx\n\txorl $0x44444444, %%esi\n\t"
			 "xorl $0x55555555, %%edi\n\txorl $0x66666666, %%ebp\n\t"
			 "orl %%ebx, %%eax\n\torl %%ecx, %%eax\n\torl %%edx, %%eax\n\t"
			 "orl %%esi, %%eax\n\torl %%edi, %%eax\n\torl %%ebp, %%eax\n\t"
			 "popl %%ebp"
			 : "=a"(differ)
			 :
			 : "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
	return differ;
}

static u32 flags_after(u32 before)
{
	u32 after;

	__asm__ volatile("xorl %%eax, %%eax\n\tpushl %1\n\tpopfl\n\t" HCALL_INSN "\n\t"
			 "pushfl\n\tcld\n\tpopl %0"
			 : "=r"(after)
			 : "r"(before)
			 : "eax", "memory", "cc");
	return after;
}

static int segments_kept(void)
{
	load_gdt_entry(GDT_ENTRY_USER_DS, 0xffff, 0x00cff200);
	return HCALL_KEEPS_SEGMENTS(HCALL_INSN);
}

static void check_ts(void)
{
#if ERA_TS
	hcall(LHCALL_TS, 8, 0, 0, 0);
	PROBE("fnop", NOTHING, "i"(0));
	check("hcall/ts-set", faulted(TRAP_NM, 0));
	hcall(LHCALL_TS, 0, 0, 0, 0);
#endif
	PROBE("fnop", NOTHING, "i"(0));
	check("hcall/ts-cleared", !probe.hits);
}

void check_hcalls(void)
{
	check_eq("hcall/registers-kept", registers_differ(), 0);
	check("hcall/segments-kept", segments_kept());
	check_eq("hcall/flags-kept", flags_after(0xcd5 | EFLAGS_IF | 2), 0xcd5 | EFLAGS_IF | 2);
	hcall(LHCALL_FLUSH_TLB, 0, 0, 0, 0);
	hcall(LHCALL_FLUSH_TLB, 1, 0, 0, 0);
	check("hcall/flush-tlb", 1);
	check_ts();
#if ERA_BUS != BUS_PCI
	/* Nothing is pending at address 0, and so nothing happens. */
	hcall(LHCALL_NOTIFY, 0, 0, 0, 0);
	check("hcall/notify-zero", 1);
#endif
#if ERA_LAYOUT >= LAYOUT_C
	send_interrupts();
	check("hcall/send-interrupts", 1);
#endif
#if ERA_VMCALL
	/* How 2.6.30 means "no timer": with whatever was in the register. */
	hcall(LHCALL_SET_CLOCKEVENT, 0xffffffff, 0xdead, 0xbeef, 0xfeed);
	hcall(LHCALL_SET_CLOCKEVENT, 0, 0, 0, 0);
	check("hcall/clockevent-garbage", 1);
#endif
}

/* ---- the ring ---- */

static u32 slots_free(void)
{
	u32 i, count = 0;

	for (i = 0; i < LHCALL_RING_SIZE; i++)
		count += lguest_data.hcall_status[i] == 0xff;
	return count;
}

static void queue_flushes(u32 count)
{
	while (count--)
		hcall_async(LHCALL_FLUSH_TLB, 0, 0, 0, 0);
}

/*G:900 Order, and words in their places. LOAD_IDT_ENTRY has three arguments that differ, and the
 * gate it makes may lead to the stub of another vector, which tells its number: so one can see where
 * each argument arrived, and which of several calls was the last. */
static void lead_to(u32 vector, int queued)
{
	u32 offset = (u32)trap_stubs + 16 * vector;
	u32 low = (u32)KERNEL_CS << 16 | (offset & 0xffff);
	u32 high = (offset & 0xffff0000) | 0x8e00;

	if (queued)
		hcall_async(LHCALL_LOAD_IDT_ENTRY, TRAP_UD, low, high, 0);
	else
		hcall(LHCALL_LOAD_IDT_ENTRY, TRAP_UD, low, high, 0);
}

static u32 leads_to(void)
{
	PROBE("ud2", NOTHING, "i"(0));
	return probe.hits == 1 && probe.eip == probe.at ? probe.vector : ~0u;
}

static void check_order(void)
{
	lead_to(TRAP_BR, 1);
	hcall_flush();
	check_eq("ring/words", leads_to(), TRAP_BR);
	lead_to(TRAP_UD, 1);
	lead_to(TRAP_DE, 1);
	lead_to(TRAP_UD, 1);
	lead_to(TRAP_BR, 1);
	hcall_flush();
	check_eq("ring/order", leads_to(), TRAP_BR);
	lead_to(TRAP_BR, 1);
	lead_to(TRAP_UD, 0);
	check_eq("ring/before-the-direct-call", leads_to(), TRAP_UD);
}
/*:*/

/* To print is to call the Host, so look first and report afterwards. */
void check_ring(void)
{
	u32 queued, trapped, full, drained;

	queue_flushes(5);
	queued = slots_free();
	PROBE("hlt", NOTHING, "i"(0));
	trapped = slots_free();
	hcall_flush();
	drained = slots_free();
	check_eq("ring/waits-for-a-call", queued, LHCALL_RING_SIZE - 5);
	check_eq("ring/waits-through-a-trap", trapped, LHCALL_RING_SIZE - 5);
	check_eq("ring/drained", drained, LHCALL_RING_SIZE);
	queue_flushes(LHCALL_RING_SIZE);
	full = slots_free();
	queue_flushes(1); /* which goes directly, and drains it */
	drained = slots_free();
	check_eq("ring/full", full, 0);
	check_eq("ring/full-drained", drained, LHCALL_RING_SIZE);
	queue_flushes(3 * LHCALL_RING_SIZE + 7);
	hcall_flush();
	check_eq("ring/wraps", slots_free(), LHCALL_RING_SIZE);
	check_order();
}
