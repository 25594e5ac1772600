/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:905 guests/lib/lguest.c: The guest's half of the lguest conversation, apart from page tables:
 * the shared struct itself, the asynchronous hypercall ring, early text, shutting down, and the two
 * descriptor tables. Every function here ends in a hypercall or avoids one. :*/
#include "lguest.h"

/* Labels around the last instructions of the return path, or at the very last; a kernel's trap.S
 * defines them. */
extern const char noirq_start[], noirq_end[], noirq_iret[];

/*G:131 The initial image matters as much as the layout. All 64 ring slots must read "free", and
 * those 64 bytes of 0xff are also how a Host recognises the struct when it has to guess our era.
 * The struct is in .data: the Host looks at it before anyone could have filled it in. The timer
 * starts masked, because nobody has told us yet that we want one. */
volatile struct lguest_data lguest_data = {
	.blocked_interrupts = 1u << LGUEST_IRQ_TIMER,
	.hcall_status = {[0 ... LHCALL_RING_SIZE - 1] = 0xff},
#if ERA_LAYOUT <= LAYOUT_D
	.noirq_start = (u32)noirq_start,
	.noirq_end = (u32)noirq_end,
#else
	.noirq_iret = (u32)noirq_iret,
#endif
	.kernel_address = PAGE_OFFSET,
	.syscall_vec = SYSCALL_VECTOR,
};
/*:*/

static u32 next_slot;

/*G:150 A context switch needs four hypercalls, and every one would cost a round trip through the
 * Switcher. So they can be queued: write the record, then mark the slot as taken, and the Host will
 * find it before it executes the next call that is made aloud. A full ring is no catastrophe: a
 * direct call drains it first, so the order is kept. Interrupts are off while we hold a
 * half-written slot, because a handler may want to queue something, too. */
void hcall_async(u32 call, u32 arg1, u32 arg2, u32 arg3, u32 arg4)
{
	u32 flags = irq_save();
	volatile struct hcall_args *slot = &lguest_data.hcalls[next_slot];

	if (lguest_data.hcall_status[next_slot] != 0xff) {
		hcall(call, arg1, arg2, arg3, arg4);
		irq_restore(flags);
		return;
	}
	slot->eax = call;
#if ERA_ARG1_IN_EBX
	slot->ebx = arg1;
	slot->ecx = arg2;
	slot->edx = arg3;
#else
	slot->edx = arg1;
	slot->ebx = arg2;
	slot->ecx = arg3;
#endif
#if ERA_LAYOUT >= LAYOUT_C
	slot->esi = arg4;
#endif
	/* The Host must never see the mark before the record. */
	barrier();
	lguest_data.hcall_status[next_slot] = 0;
	next_slot = (next_slot + 1) % LHCALL_RING_SIZE;
	irq_restore(flags);
}

void hcall_flush(void)
{
	hcall(LHCALL_FLUSH_ASYNC, 0, 0, 0, 0);
}
/*:*/

/* A doorbell: the page of a ring, a device descriptor, or the address of some text. */
void notify(u32 gpa)
{
	hcall(LHCALL_NOTIFY, gpa, 0, 0, 0);
}

/*G:170 Before there are devices there is still something to say. A NOTIFY whose address is neither
 * a ring nor a descriptor is taken as text up to its NUL. Linux sends sixteen characters at a time
 * from its stack, and so do we: a Launcher may rely on nothing longer. */
void early_write(const char *text, u32 bytes)
{
	static char piece[17];
	u32 n, flags = irq_save();

	for (; bytes; text += n, bytes -= n) {
		n = min(bytes, sizeof(piece) - 1);
		memcpy(piece, text, n);
		piece[n] = '\0';
		notify(phys_of(piece));
	}
	irq_restore(flags);
}
/*:*/

void irq_unmask(u32 irq)
{
	u32 flags = irq_save();

	lguest_data.blocked_interrupts &= ~(1u << irq);
	irq_restore(flags);
}

void irq_mask(u32 irq)
{
	u32 flags = irq_save();

	lguest_data.blocked_interrupts |= 1u << irq;
	irq_restore(flags);
}

/* The text must be in the linear map; the Host reads 128 bytes of it. */
void shutdown(const char *why, u32 reason)
{
	static char text[128];

	strlcpy(text, why, sizeof(text));
	hcall(LHCALL_SHUTDOWN, phys_of(text), reason, 0, 0);
	/* Not reached: a Host that lets us go on is told so in the only way left. */
	for (;;)
		__asm__ volatile("ud2");
}

/* Up to 2.6.29 the Host wanted to see the whole table whenever a word of it changed. */
void load_gdt_entry(u32 entry, u32 low, u32 high)
{
#if ERA_GDT_WHOLE
	static u32 gdt[GDT_ENTRIES][2] = {
		[GDT_ENTRY_KERNEL_CS] = {0x0000ffff, 0x00cf9a00},
		[GDT_ENTRY_KERNEL_DS] = {0x0000ffff, 0x00cf9200},
	};

	gdt[entry][0] = low;
	gdt[entry][1] = high;
	hcall(LHCALL_LOAD_GDT, phys_of(gdt), GDT_ENTRIES, 0, 0);
#else
	hcall(LHCALL_LOAD_GDT_ENTRY, entry, low, high, 0);
#endif
}

/* type 14 is an interrupt gate, 15 a trap gate; the Host puts its own idea of ring 1 code for the
 * selector, whatever we say. */
void load_idt_entry(u32 vector, const void *handler, u32 type, u32 dpl)
{
	u32 offset = (u32)handler;
	u32 low = (u32)KERNEL_CS << 16 | (offset & 0xffff);
	u32 high = (offset & 0xffff0000) | 0x8000 | dpl << 13 | type << 8;

	hcall(LHCALL_LOAD_IDT_ENTRY, vector, low, high, 0);
}
