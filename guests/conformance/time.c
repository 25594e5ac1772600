/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1312 guests/conformance/time.c: Interrupts and the clock: when one may come, when it must wait, the
 * places where it must never come, and that time goes forward. Nothing here is exact to the
 * millisecond, because a real Host is a process among others. :*/
#include "conf.h"

#define SOON (MS / 10)

static void set_timer(u32 ns)
{
	hcall(LHCALL_SET_CLOCKEVENT, ns, 0, 0, 0);
}

static void halt(void)
{
	hcall(LHCALL_HALT, 0, 0, 0, 0);
}

/* An exit now and then: up to 4.0 nothing else makes a Host look at its pending interrupts. */
static void spin(void)
{
	u32 i;

	for (i = 0; i < 50; i++)
		__asm__ volatile("pause");
	hcall_flush();
}

int wait_for_timer(u32 before)
{
	u32 i;

	for (i = 0; i < 100000 && timer_irq.count == before; i++)
		spin();
	return timer_irq.count != before;
}

/*G:940 "Some milliseconds" without a clock to trust: halt until the clock event comes. The Host ends
 * a HALT with interrupts on, which is itself a promise. */
void settle(void)
{
	lguest_data.blocked_interrupts &= ~1u;
	lguest_data.irq_enabled = 0;
	set_timer(5 * MS);
	halt();
	hcall_flush();
	lguest_data.irq_enabled = 0;
}

/* Time passes, and the guest does not sleep: the interrupt is to become pending while it is awake.
 * Exits take the most time in the least instructions, and a Host may count in ticks of 10 ms. */
static void pass_time(void)
{
	u32 i;

	for (i = 0; i < 2000; i++)
		spin();
}
/*:*/

/* ---- irq ---- */

static void check_delivery(void)
{
	u32 before = timer_irq.count;

	lguest_data.blocked_interrupts = 0;
	lguest_data.irq_enabled = EFLAGS_IF;
	set_timer(SOON);
	check("irq/delivered", wait_for_timer(before) && timer_irq.count == before + 1);
	lguest_data.irq_enabled = 0;
	check_eq("irq/handler-flag-off", timer_irq.irq_enabled, 0);
	check_eq("irq/frame-flag-on", timer_irq.eflags & EFLAGS_IF, EFLAGS_IF);
}

static void check_blocked(void)
{
	u32 before = timer_irq.count, while_blocked;

	lguest_data.blocked_interrupts = 1;
	lguest_data.irq_enabled = EFLAGS_IF;
	set_timer(SOON);
	pass_time();
	while_blocked = timer_irq.count;
	lguest_data.blocked_interrupts = 0;
	hcall_flush();
	lguest_data.irq_enabled = 0;
	check_eq("irq/blocked", while_blocked, before);
	check_eq("irq/unblocked", timer_irq.count, before + 1);
}

static void check_disabled(void)
{
	u32 before = timer_irq.count, while_off;

	lguest_data.irq_enabled = 0;
	set_timer(SOON);
	pass_time();
	while_off = timer_irq.count;
	check_eq("irq/off", while_off, before);
#if ERA_LAYOUT >= LAYOUT_C
	check_eq("irq/pending-noted", lguest_data.irq_pending, EFLAGS_IF);
#endif
	/* Only bit 9 is the flag; the rest of the word is whatever eflags was. */
	lguest_data.irq_enabled = 0x46;
	hcall_flush();
	check_eq("irq/bit-nine-is-the-flag", timer_irq.count, before);
	lguest_data.irq_enabled = EFLAGS_IF;
#if ERA_LAYOUT >= LAYOUT_C
	send_interrupts();
#else
	hcall_flush();
#endif
	lguest_data.irq_enabled = 0;
	check_eq("irq/on", timer_irq.count, before + 1);
#if ERA_LAYOUT >= LAYOUT_C
	check_eq("irq/pending-forgotten", lguest_data.irq_pending, 0);
#endif
}

/* Without a gate it stays pending, and comes when there is one. */
static void check_no_gate(void)
{
	u32 before = timer_irq.count;

	hcall(LHCALL_LOAD_IDT_ENTRY, FIRST_IRQ_VECTOR, 0, 0, 0);
	lguest_data.irq_enabled = EFLAGS_IF;
	set_timer(SOON);
	pass_time();
	load_idt_entry(FIRST_IRQ_VECTOR, trap_stubs + 16 * FIRST_IRQ_VECTOR, 14, 0);
	hcall_flush();
	lguest_data.irq_enabled = 0;
	check_eq("irq/no-gate", timer_irq.count, before + 1);
}

/*G:950 The window. An interrupt is pending, and on the way out of a handler the guest faults on its
 * stack, between the store that turns interrupts on and the end of the iret. The Host fills the
 * page in and goes on; up to 4.0 without the interrupt. Since 4.1 it may deliver it at the iret, but
 * not with a frame of its own: the handler finds the one that was to be used. */
static void forget_page(void *page)
{
	u32 address = (u32)page;
	pte_t pte = phys_of(page) | PTE_P | PTE_RW;

	*pte_of(kernel_pgd, address) = pte;
	hcall(LHCALL_SET_PTE, kernel_pgd, address, (u32)pte, 0);
}

static void check_window(void)
{
	u32 *page = page_alloc(), *frame = page + 512, before = timer_irq.count;

	lguest_data.irq_enabled = 0;
	set_timer(SOON);
	pass_time();
	frame[-1] = EFLAGS_IF; /* what the pop before the iret takes */
	frame[0] = (u32)worst_end;
	frame[1] = KERNEL_CS;
	frame[2] = EFLAGS_IF | 2;
	forget_page(page);
	return_at_worst(ERA_LAYOUT <= LAYOUT_D ? frame - 1 : frame);
	hcall_flush();
	lguest_data.irq_enabled = 0;
	check_eq("irq/window-delivered", timer_irq.count, before + 1);
	check("irq/window-kept",
	      timer_irq.eip < (u32)noirq_start || timer_irq.eip >= (u32)noirq_end);
#if ERA_LAYOUT >= LAYOUT_E
	check("irq/frame-reused",
	      timer_irq.eip == (u32)worst_end && timer_irq.esp == (u32)&frame[3]);
#endif
}
/*:*/

void check_irqs(void)
{
	check_delivery();
	check_blocked();
	check_disabled();
	check_no_gate();
	check_window();
}

/* ---- time ---- */

static u64 stamp(void)
{
	return (u64)lguest_data.time_sec * 1000000000u + lguest_data.time_nsec;
}

static u32 elapsed_ms(u64 from)
{
	return (u32)div_u64(stamp() - from, 1000000, NULL);
}

static u32 halt_for(u32 ns)
{
	u64 from;

	settle(); /* ends with a fresh stamp */
	from = stamp();
	set_timer(ns);
	halt();
	lguest_data.irq_enabled = 0;
	return elapsed_ms(from);
}

void check_time(void)
{
	u32 before = timer_irq.count, took;
	u64 from;

	lguest_data.irq_enabled = 0;
	set_timer(2 * MS);
	halt();
	check_eq("time/halt-ends-with-flag-on", irq_flag(), EFLAGS_IF);
	lguest_data.irq_enabled = 0;
	check_eq("time/halt-ends-by-interrupt", timer_irq.count, before + 1);

	took = halt_for(20 * MS);
	check("time/not-early", took >= 20);
	check("time/not-very-late", took < 2000);
	settle();
	from = stamp();
	settle();
	check("time/stamp-moves", stamp() > from);

	before = timer_irq.count;
	set_timer(MS);
	set_timer(0);
	lguest_data.irq_enabled = EFLAGS_IF;
	pass_time();
	lguest_data.irq_enabled = 0;
	check_eq("time/cancelled", timer_irq.count, before);

	/* The second replaces the first, in both directions. */
	settle();
	from = stamp();
	set_timer(2000 * MS);
	set_timer(10 * MS);
	halt();
	lguest_data.irq_enabled = 0;
	check("time/replaced-by-earlier", elapsed_ms(from) < 1500);
	settle();
	from = stamp();
	set_timer(MS);
	set_timer(30 * MS);
	halt();
	lguest_data.irq_enabled = 0;
	check("time/replaced-by-later", elapsed_ms(from) >= 30);

	before = timer_irq.count;
	settle();
	pass_time();
	check_eq("time/once", timer_irq.count, before + 1);
	set_timer(0xffffffff);
	set_timer(0);
	check("time/longest", 1);
}
