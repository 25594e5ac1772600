/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:566
 * Gates, frames and interrupts: guest-host.md 5.1 (the Guest's gates), 5.2 (which the CPU gets to
 * see), 5.5 (frames), 5.6 (when an interrupt is delivered), 7.1 (the clock event).
:*/
#include <stdio.h>

#include "native_world.h"

#define HANDLER	  0xc0012344u
#define LO	  (HANDLER & 0xffff)
#define HI(flags) ((HANDLER & 0xffff0000) | (flags))

enum {
	INT_GATE = 0x8e00,
	TRAP_GATE = 0x8f00,
	DPL3 = 0x6000,
	IRQ0 = 0x20,
	ALL_FLAGS = 0x00250fd7, /* what a Guest may own, and IF */
};

#define ESP (W_KERNEL + W_STACK - 0x100)

static uint32_t stack(unsigned n)
{
	return get((le32_get(lg->regs->esp) - W_KERNEL) + n * 4);
}

/* A Guest of 4.1 with a frame's worth of registers, in its kernel. */
static void a_guest(void)
{
	kernel(0, false);
	lg->regs->esp = le32(ESP);
	lg->regs->eflags = le32(ALL_FLAGS);
	lg->regs->errcode = le32(0xee);
	lg->changed = 0;
}

/* The same in its user space. */
static void in_user_space(void)
{
	lg->regs->cs = le32(0x73);
	lg->regs->ss = le32(0x7b);
	lg->regs->esp = le32(0x0bfff000);
	lg->esp1 = ESP;
	lg->ss1 = KERNEL_DS;
}

static void gate(unsigned vector, uint32_t flags)
{
	hcall(LOAD_IDT_ENTRY, vector, LO, HI(flags));
	ck_lives();
}

/* --- 5.1 -------------------------------------------------------------------------------------------- */

/* The selector becomes 0x61; bit 12 and the low byte of the high word go. */
START_TEST(stored_gates)
{
	a_guest();
	hcall(LOAD_IDT_ENTRY, 3, 0xabcd1111, 0x2222ffff);
	ck_assert_uint_eq(lg->idt[3].a, 0x00611111);
	ck_assert_uint_eq(lg->idt[3].b, 0x2222ef00);
	hcall(LOAD_IDT_ENTRY, 255, 0x00603333, 0x44448e00);
	ck_assert_uint_eq(lg->idt[255].a, 0x00613333);
	ck_assert_uint_eq(lg->idt[255].b, 0x44448e00);
	/* P clear: nothing is kept, and the type does not matter. */
	hcall(LOAD_IDT_ENTRY, 3, 0xabcd1111, 0x22220500);
	ck_assert_uint_eq(lg->idt[3].a | lg->idt[3].b, 0);
	ck_lives();
}
END_TEST

START_TEST(ignored_vectors)
{
	static const unsigned vector[] = {2, 8, 15, 0x1f};

	a_guest();
	hcall(LOAD_IDT_ENTRY, vector[_i], 0x00601111, 0x22228500); /* a task gate, as Linux has */
	ck_lives();
	hcall(LOAD_IDT_ENTRY, vector[_i], 0x00601111, 0x22228e00);
	ck_assert_uint_eq(lg->idt[vector[_i]].b, 0);
	ck_lives();
}
END_TEST

START_TEST(bad_gates)
{
	char text[32];

	for (unsigned type = 0; type < 16; type++) {
		a_guest();
		hcall(LOAD_IDT_ENTRY, 3, LO, HI(0x8000 | type << 8));
		snprintf(text, sizeof(text), "bad IDT type %u", type);
		if (type == 14 || type == 15)
			ck_lives();
		else
			ck_died(text);
		destroy(lg);
	}
	a_guest();
	hcall(LOAD_IDT_ENTRY, 256, LO, HI(INT_GATE));
	ck_died("Setting idt entry 256");
	destroy(lg);
	a_guest();
	hcall(LOAD_IDT_ENTRY, 0xffffffff, LO, HI(INT_GATE));
	ck_died("Setting idt entry 4294967295");
}
END_TEST

/* --- 5.2 ------------------------------------------------------------------------------------------- */

static struct lguest_ro_state *state(void)
{
	return (struct lguest_ro_state *)(m.mem.ram + host->state_page.v);
}

/* Present, 32-bit interrupt gate, selector 0x50, to the Switcher's stub of that vector. */
static bool is_default(unsigned vector, uint32_t dpl)
{
	const uint32_t a = le32_get(state()->guest_idt[vector].a);
	const uint32_t b = le32_get(state()->guest_idt[vector].b);

	return a >> 16 == 0x50 && (b & 0xffff) == (0x8e00 | dpl) &&
	       ((a & 0xffff) | (b & 0xffff0000)) == host->stubs[vector];
}

static bool is_direct(unsigned vector, uint32_t flags)
{
	return le32_get(state()->guest_idt[vector].a) == (0x610000 | LO) &&
	       le32_get(state()->guest_idt[vector].b) == HI(flags);
}

/* Without the Guest's doing: DPL 0, but the hypercall's is 1. */
START_TEST(default_gates)
{
	for (unsigned i = 0; i < 256; i++)
		ck_assert(is_default(i, i == 0x1f ? 0x2000 : 0));
	a_guest();
	copy_traps(lg);
	for (unsigned i = 0; i < 256; i++)
		ck_assert(is_default(i, i == 0x1f ? 0x2000 : 0));
}
END_TEST

/* Trap gates of exceptions and of the system call, except for those the Host must see. */
START_TEST(trap_gates)
{
	a_guest();
	for (unsigned i = 0; i < 256; i++)
		gate(i, TRAP_GATE | DPL3);
	ck_assert(lg->changed & CHANGED_IDT);
	copy_traps(lg);
	for (unsigned i = 0; i < 256; i++) {
		bool direct = (i < 0x20 || i == 0x80) && i != 6 && i != 7 && i != 13 && i != 14 &&
			      i != 2 && i != 8 && i != 15 && i != 0x1f;
		/* Vectors that push an error code keep DPL 0: "int $14" pushes none. */
		uint32_t dpl = i == 6 || i == 7 ? DPL3 : i == 0x1f ? 0x2000 : 0;

		if (direct)
			ck_assert_msg(is_direct(i, TRAP_GATE | DPL3), "%u", i);
		else
			ck_assert_msg(is_default(i, dpl), "%u", i);
	}
}
END_TEST

/* Interrupt gates are never direct, but their DPL counts (a debugger's int3). */
START_TEST(interrupt_gates)
{
	a_guest();
	for (unsigned i = 0; i < 256; i++)
		gate(i, INT_GATE | (i == 3 || i == 4 || i == 0x80 ? DPL3 : 0));
	copy_traps(lg);
	for (unsigned i = 0; i < 256; i++)
		ck_assert_msg(is_default(i, i == 3 || i == 4 || i == 0x80 ? DPL3
					    : i == 0x1f			  ? 0x2000
									  : 0),
			      "%u", i);
	/* And a gate that goes away takes its DPL along. */
	hcall(LOAD_IDT_ENTRY, 3, 0, 0);
	copy_traps(lg);
	ck_assert(is_default(3, 0));
}
END_TEST

/* Gates of interrupts are the Host's to use; the live table does not change for them. */
START_TEST(live_table_changes_for_live_vectors)
{
	a_guest();
	gate(0x21, INT_GATE);
	ck_assert(!(lg->changed & CHANGED_IDT));
	gate(0x80, INT_GATE | DPL3);
	ck_assert(lg->changed & CHANGED_IDT);
}
END_TEST

/* --- 5.5 -------------------------------------------------------------------------------------------- */

static bool has_error_code(unsigned vector)
{
	return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

static const unsigned vectors[] = {0, 1, 9, 10, 11, 12, 13, 14, 16, 17, 18, 0x80};

/* On the current stack; eflags, cs, eip and, for some, the error code. */
START_TEST(frame_at_same_ring)
{
	const unsigned vector = vectors[_i], err = has_error_code(vector) ? 1 : 0;

	a_guest();
	gate(vector, TRAP_GATE);
	ck_assert(deliver_trap(lg, vector));
	ck_lives();
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP - 12 - 4 * err);
	if (err)
		ck_assert_uint_eq(stack(0), 0xee);
	ck_assert_uint_eq(stack(err), W_KERNEL + W_CODE);
	ck_assert_uint_eq(stack(err + 1), KERNEL_CS);
	ck_assert_uint_eq(stack(err + 2), ALL_FLAGS);
	ck_assert_uint_eq(stack(err + 3), 0);
	ck_assert_uint_eq(le32_get(lg->regs->eip), HANDLER);
	ck_assert_uint_eq(le32_get(lg->regs->cs), KERNEL_CS);
	ck_assert_uint_eq(le32_get(lg->regs->ss), KERNEL_DS);
}
END_TEST

/* On the stack of SET_STACK, with where the old one was. */
START_TEST(frame_from_outer_ring)
{
	const unsigned vector = vectors[_i], err = has_error_code(vector) ? 1 : 0;

	a_guest();
	gate(vector, TRAP_GATE);
	in_user_space();
	ck_assert(deliver_trap(lg, vector));
	ck_lives();
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP - 20 - 4 * err);
	if (err)
		ck_assert_uint_eq(stack(0), 0xee);
	ck_assert_uint_eq(stack(err), W_KERNEL + W_CODE);
	ck_assert_uint_eq(stack(err + 1), 0x73);
	ck_assert_uint_eq(stack(err + 2), ALL_FLAGS);
	ck_assert_uint_eq(stack(err + 3), 0x0bfff000);
	ck_assert_uint_eq(stack(err + 4), 0x7b);
	ck_assert_uint_eq(le32_get(lg->regs->cs), KERNEL_CS);
	ck_assert_uint_eq(le32_get(lg->regs->ss), KERNEL_DS);
}
END_TEST

/* The Guest changes its stack's page and does not say so.  The CPU would not see that before the
 * shadow is forgotten, and the Host stores where the CPU would. */
START_TEST(frame_as_the_cpu)
{
	const uint32_t at = ESP - 3 * 4, in_page = at & ~PAGE_MASK;

	a_guest();
	gate(3, TRAP_GATE);
	hcall(SET_STACK, KERNEL_DS, ESP, 1);
	put(W_HIGH + ((at - W_KERNEL) >> PAGE_SHIFT) * 4, W_FREE | PTE_P | PTE_RW);
	ck_assert(deliver_trap(lg, 3));
	ck_assert_uint_eq(le32_get(lg->regs->esp), at);
	ck_assert_uint_eq(get(at - W_KERNEL), W_KERNEL + W_CODE);
	ck_assert_uint_eq(get(W_FREE + in_page), 0);
	put(at - W_KERNEL, 0);
	hcall(FLUSH_TLB, 1);
	lg->regs->esp = le32(ESP);
	lg->regs->eip = le32(W_KERNEL + W_CODE);
	ck_assert(deliver_trap(lg, 3));
	ck_assert_uint_eq(get(at - W_KERNEL), 0);
	ck_assert_uint_eq(get(W_FREE + in_page), W_KERNEL + W_CODE);
	/* Nor does an entry of the Switcher's count, which is a page that can be written, too. */
	lg->regs->esp = le32(SWITCHER_PAIR + 0x100);
	ck_assert(deliver_trap(lg, 3));
	ck_died("Bad address 0xfffe1100");
}
END_TEST

/* Step 2: IF as the Guest believes it; only bit 9 of irq_enabled counts (14, number 1). */
START_TEST(pushed_if)
{
	static const uint32_t enabled[] = {0, 0x200, 0x246, 0x046, 0xfffffdff};

	for (unsigned i = 0; i < ARRAY_LEN(enabled); i++) {
		a_guest();
		gate(3, TRAP_GATE);
		data_put(LGD_IRQ_ENABLED, enabled[i]);
		ck_assert(deliver_trap(lg, 3));
		ck_assert_uint_eq(stack(2), (ALL_FLAGS & ~0x200u) | (enabled[i] & 0x200));
		/* Step 7: a trap gate leaves it alone. */
		ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), enabled[i]);
		destroy(lg);
	}
}
END_TEST

/* Step 6: TF, VM, RF and NT stay behind; step 7: an interrupt gate turns interrupts off. */
START_TEST(flags_of_the_handler)
{
	a_guest();
	gate(3, INT_GATE);
	lg->regs->eflags = le32(0xffffffff);
	ck_assert(deliver_trap(lg, 3));
	ck_assert_uint_eq(stack(2), 0xffffffff);
	ck_assert_uint_eq(le32_get(lg->regs->eflags), 0xffffffff & ~0x34100u);
	ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), 0);
}
END_TEST

START_TEST(no_handler)
{
	a_guest();
	ck_assert(!deliver_trap(lg, 3));
	ck_assert(!deliver_trap(lg, 256));
	ck_assert_uint_eq(le32_get(lg->regs->eip), W_KERNEL + W_CODE);
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP);
	ck_lives();
}
END_TEST

START_TEST(no_stack)
{
	a_guest();
	gate(3, INT_GATE);
	lg->regs->esp = le32(W_USER + 8);
	ck_assert(deliver_trap(lg, 3));
	ck_died("Bad address 0x8000008"); /* the stack pointer's, as the original has it */
}
END_TEST

/* --- 5.6 --------------------------------------------------------------------------------------------- */

static bool delivered(unsigned irq)
{
	return le32_get(lg->regs->eip) == HANDLER + irq * 16;
}

/* The handler of irq is 16 bytes further for each. */
static void irq_gates(void)
{
	for (unsigned irq = 0; irq < LGUEST_IRQS; irq++)
		hcall(LOAD_IDT_ENTRY, IRQ0 + irq, LO + irq * 16, HI(INT_GATE));
}

START_TEST(lowest_first)
{
	a_guest();
	irq_gates();
	set_interrupt(lg, 31);
	set_interrupt(lg, 5);
	ck_assert(maybe_do_interrupt(lg)); /* there is more */
	ck_assert(delivered(5));
	ck_assert_uint_eq(lg->irqs_pending, 1u << 31);
	ck_assert_uint_eq(stack(0), W_KERNEL + W_CODE);
	ck_assert_uint_eq(stack(2), ALL_FLAGS);
	ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), 0);
	ck_assert(maybe_do_interrupt(lg)); /* but not now */
	ck_assert(delivered(5));
	data_put(LGD_IRQ_ENABLED, 0x200);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(delivered(31));
	ck_assert_uint_eq(lg->irqs_pending, 0);
	/* Twice the same is one. */
	data_put(LGD_IRQ_ENABLED, 0x200);
	set_interrupt(lg, 7);
	set_interrupt(lg, 7);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(delivered(7));
}
END_TEST

START_TEST(blocked)
{
	a_guest();
	irq_gates();
	set_interrupt(lg, 5);
	data_put(LGD_BLOCKED, 1u << 5);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(!delivered(5));
	set_interrupt(lg, 9);
	ck_assert(!maybe_do_interrupt(lg)); /* only a blocked one is left */
	ck_assert(delivered(9));
	data_put(LGD_BLOCKED, 0);
	data_put(LGD_IRQ_ENABLED, 0x200);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(delivered(5));
}
END_TEST

/* Steps 5 and 8, where there is an irq_pending; and bit 9 only. */
START_TEST(disabled)
{
	static const uint32_t off[] = {0, 0x046, 0xfffffdff};

	guest(0, _i == W_23 ? DOOR_MAP_HIGH : DOOR_MAP_LINEAR, 0);
	talk(_i);
	lg->regs->esp = le32(_i == W_23 ? W_KERNEL + W_STACK : W_STACK);
	irq_gates();
	for (unsigned i = 0; i < ARRAY_LEN(off); i++) {
		const uint32_t before = layout->irq_pending ? 0 : data_get(0x14);

		data_put(LGD_IRQ_ENABLED, off[i]);
		set_interrupt(lg, 3);
		ck_assert(maybe_do_interrupt(lg));
		ck_assert(!delivered(3));
		ck_assert_uint_eq(lg->irqs_pending, 1u << 3);
		ck_assert_uint_eq(data_get(0x14), layout->irq_pending ? 0x200 : before);
		data_put(LGD_IRQ_ENABLED, 0x246);
		ck_assert(!maybe_do_interrupt(lg));
		ck_assert(delivered(3));
		ck_assert_uint_eq(data_get(0x14), before);
		lg->regs->eip = le32(W_CODE);
	}
	ck_lives();
}
END_TEST

/* Step 8: never cleared while another one is pending that is not blocked. */
START_TEST(irq_pending_stays)
{
	a_guest();
	irq_gates();
	data_put(LGD_IRQ_ENABLED, 0);
	set_interrupt(lg, 3);
	set_interrupt(lg, 4);
	set_interrupt(lg, 5);
	data_put(LGD_BLOCKED, 1u << 5);
	ck_assert(maybe_do_interrupt(lg));
	ck_assert_uint_eq(data_get(0x14), 0x200);
	data_put(LGD_IRQ_ENABLED, 0x200);
	ck_assert(maybe_do_interrupt(lg));
	ck_assert_uint_eq(data_get(0x14), 0x200);
	data_put(LGD_IRQ_ENABLED, 0x200);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert_uint_eq(data_get(0x14), 0);
	ck_assert_uint_eq(lg->irqs_pending, 1u << 5);
}
END_TEST

/* Step 3: neither before the end of the old eight bytes nor, in its kernel, at any of them. */
START_TEST(noirq_window)
{
	static const uint32_t eip[] = {W_NOIRQ - 1, W_NOIRQ, W_NOIRQ + 7, W_NOIRQ + 8};
	const bool high = _i == W_23;

	guest(0, high ? DOOR_MAP_HIGH : DOOR_MAP_LOW_HIGH, 0);
	talk(_i);
	lg->regs->esp = le32(W_KERNEL + W_STACK);
	irq_gates();
	for (unsigned i = 0; i < ARRAY_LEN(eip); i++) {
		const bool wait = i == 1 || i == 2;

		lg->regs->eip = le32(W_KERNEL + eip[i]);
		lg->halted = wait; /* which does not help */
		data_put(LGD_IRQ_ENABLED, 0x200);
		set_interrupt(lg, 3);
		ck_assert(maybe_do_interrupt(lg) == wait);
		ck_assert(delivered(3) == !wait);
		ck_assert(lg->halted == wait);
		lg->halted = false;
	}
	ck_lives();
}
END_TEST

/* What is at that address in user space is no business of the kernel's return. */
START_TEST(noirq_is_the_kernels)
{
	guest(0, DOOR_MAP_LOW_HIGH, 0);
	talk(W_30);
	irq_gates();
	in_user_space();
	lg->regs->eip = le32(W_KERNEL + W_NOIRQ);
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(delivered(3));
	destroy(lg);

	a_guest();
	irq_gates();
	in_user_space();
	lg->regs->eip = le32(W_KERNEL + W_NOIRQ);
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(delivered(3));
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP - 20);
	ck_assert_uint_eq(stack(1), 0x73);
	ck_assert_uint_eq(le32_get(lg->regs->ss), KERNEL_DS);
	ck_lives();
}
END_TEST

/* 4.1 and later: at the iret the frame that is there is used again. */
START_TEST(noirq_iret)
{
	a_guest();
	irq_gates();
	lg->regs->eip = le32(W_KERNEL + W_NOIRQ);
	lg->regs->eflags = le32(0x202);
	put(W_STACK - 0x100, 0x11111111);     /* eip */
	put(W_STACK - 0x100 + 4, 0x73);	      /* cs */
	put(W_STACK - 0x100 + 8, 0xffffffff); /* eflags */
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(delivered(3));
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP);
	ck_assert_uint_eq(stack(0), 0x11111111);
	ck_assert_uint_eq(le32_get(lg->regs->eflags), 0xffffffff & ~0x34100u);
	ck_assert_uint_eq(le32_get(lg->regs->cs), KERNEL_CS);
	ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), 0);
	/* One byte on it is an address like any other. */
	lg->regs->eip = le32(W_KERNEL + W_NOIRQ + 1);
	data_put(LGD_IRQ_ENABLED, 0x200);
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP - 12);
	ck_lives();
}
END_TEST

/* Only an interrupt; an exception at the iret (a bad selector) is another matter. */
START_TEST(trap_at_noirq_iret)
{
	a_guest();
	gate(13, INT_GATE);
	lg->regs->eip = le32(W_KERNEL + W_NOIRQ);
	ck_assert(deliver_trap(lg, 13));
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP - 16);
	ck_assert_uint_eq(stack(1), W_KERNEL + W_NOIRQ);
}
END_TEST

START_TEST(noirq_iret_without_stack)
{
	a_guest();
	irq_gates();
	lg->regs->eip = le32(W_KERNEL + W_NOIRQ);
	lg->regs->esp = le32(W_USER);
	set_interrupt(lg, 3);
	maybe_do_interrupt(lg);
	ck_died("Bad address 0x8000008");
}
END_TEST

/* Step 4. */
START_TEST(halted)
{
	a_guest();
	irq_gates();
	lg->halted = true;
	data_put(LGD_IRQ_ENABLED, 0);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(lg->halted);
	set_interrupt(lg, 3);
	data_put(LGD_BLOCKED, 1u << 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(lg->halted);
	data_put(LGD_BLOCKED, 0);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(!lg->halted && delivered(3));
	/* Interrupts had been turned on by the halt, so that is what the frame says. */
	ck_assert_uint_eq(stack(2), ALL_FLAGS);
	ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), 0);
}
END_TEST

/* Step 6: without a gate it stays pending; step 7: the time is written nevertheless. */
START_TEST(no_gate)
{
	a_guest();
	set_interrupt(lg, 3);
	data_put(LGD_TV_SEC, 0);
	ck_assert(maybe_do_interrupt(lg));
	ck_assert_uint_eq(lg->irqs_pending, 1u << 3);
	ck_assert_uint_eq(le32_get(lg->regs->eip), W_KERNEL + W_CODE);
	ck_assert_uint_eq(data_get(LGD_TV_SEC), 1000000000);
	ck_assert_uint_eq(data_get(LGD_TV_NSEC), 500000000);
	ck_lives();
}
END_TEST

/* Step 7, and 7.2: the wall clock, which the board's moves. */
START_TEST(time_stamp)
{
	a_guest();
	irq_gates();
	machine_idle_until(&m, 2700000000);
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert_uint_eq(data_get(LGD_TV_SEC), 1000000003);
	ck_assert_uint_eq(data_get(LGD_TV_NSEC), 200000000);
}
END_TEST

/* Step 1, and the dead. */
START_TEST(nobody_to_interrupt)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	destroy(lg);
	a_guest();
	irq_gates();
	kill_guest(lg, "x");
	set_interrupt(lg, 3);
	ck_assert(!maybe_do_interrupt(lg));
	ck_assert(!delivered(3));
}
END_TEST

/* --- 7.1 -------------------------------------------------------------------------------------------- */

START_TEST(clock_event)
{
	a_guest();
	machine_idle_until(&m, 1000);
	hcall(SET_CLOCKEVENT, 5000);
	ck_assert_uint_eq(lg->deadline, 6000);
	ck_assert_uint_eq(host->next_deadline, 6000);
	hcall(SET_CLOCKEVENT, 0xffffffff); /* replaces the earlier one */
	ck_assert_uint_eq(lg->deadline, 1000ull + 0xffffffff);
	ck_assert_uint_eq(host->next_deadline, 1000ull + 0xffffffff);
	hcall(SET_CLOCKEVENT, 0);
	ck_assert_uint_eq(lg->deadline, PORT_NEVER);
	ck_assert_uint_eq(host->next_deadline, PORT_NEVER);
	ck_assert_uint_eq(lg->irqs_pending, 0);
}
END_TEST

/* Irq 0 at that time and not before, once. */
START_TEST(clock_event_comes)
{
	a_guest();
	irq_gates();
	hcall(SET_CLOCKEVENT, 5000);
	turn_begin(lg, 0);
	machine_idle_until(&m, 4999);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert(!delivered(0));
	machine_idle_until(&m, 5000);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert(delivered(0));
	ck_assert_uint_eq(lg->irqs_pending, 0);
	ck_assert_uint_eq(lg->deadline, PORT_NEVER);
	ck_assert_uint_eq(host->next_deadline, PORT_NEVER);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, stored_gates);
	tcase_add_loop_test(tc, ignored_vectors, 0, 4);
	tcase_add_test(tc, bad_gates);
	tcase_add_test(tc, default_gates);
	tcase_add_test(tc, trap_gates);
	tcase_add_test(tc, interrupt_gates);
	tcase_add_test(tc, live_table_changes_for_live_vectors);
	tcase_add_loop_test(tc, frame_at_same_ring, 0, ARRAY_LEN(vectors));
	tcase_add_loop_test(tc, frame_from_outer_ring, 0, ARRAY_LEN(vectors));
	tcase_add_test(tc, frame_as_the_cpu);
	tcase_add_test(tc, pushed_if);
	tcase_add_test(tc, flags_of_the_handler);
	tcase_add_test(tc, no_handler);
	tcase_add_test(tc, no_stack);
	tcase_add_test(tc, lowest_first);
	tcase_add_test(tc, blocked);
	tcase_add_loop_test(tc, disabled, 0, W_LAYOUTS);
	tcase_add_test(tc, irq_pending_stays);
	tcase_add_loop_test(tc, noirq_window, 0, W_4_1);
	tcase_add_test(tc, noirq_is_the_kernels);
	tcase_add_test(tc, noirq_iret);
	tcase_add_test(tc, trap_at_noirq_iret);
	tcase_add_test(tc, noirq_iret_without_stack);
	tcase_add_test(tc, halted);
	tcase_add_test(tc, no_gate);
	tcase_add_test(tc, time_stamp);
	tcase_add_test(tc, nobody_to_interrupt);
	tcase_add_test(tc, clock_event);
	tcase_add_test(tc, clock_event_comes);
}

int main(void)
{
	return run_tests("native_interrupts", add);
}
