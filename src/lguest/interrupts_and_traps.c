/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:565
 * Interrupts and traps.  Some traps go from the CPU straight to the Guest's own handlers, and we
 * never hear of them; that is what makes system calls cheap.  All the others come to us, and those
 * that are the Guest's business we hand on, by building on its stack what the CPU would have
 * built.  Interrupts are the same, only that nobody trapped: we decide when.
:*/
#include "lg.h"

#define GATE_P		(1u << 15)
#define GATE_TYPE_SHIFT 8
#define GATE_INTERRUPT	0xeu
#define GATE_TRAP	0xfu
#define GATE_DPL	0x6000u

static uint32_t gate_type(const struct kept_desc *gate)
{
	return gate->b >> GATE_TYPE_SHIFT & 0xf;
}

static bool gate_present(const struct kept_desc *gate)
{
	return gate->b & GATE_P;
}

static uint32_t gate_offset(const struct kept_desc *gate)
{
	return (gate->a & 0xffff) | (gate->b & 0xffff0000);
}

static bool interrupts_enabled(struct lguest *lg)
{
	/* The word is an image of eflags, of which only this bit is meant. */
	return lgdata_get(lg, LGD_IRQ_ENABLED) & X86_EFLAGS_IF;
}

/*H:502
 * The frame.  Coming from user space the Guest's kernel stack is the one it told us of with
 * LHCALL_SET_STACK, and the frame begins with where the user's stack was; otherwise we go on where
 * we are.  The flags we push are not quite the true ones: while a Guest runs, IF is always on,
 * but what it *believes* stands in lguest_data, so that is what it shall find.
 */
static void push_guest_frame(struct lguest *lg, bool has_err)
{
	struct lguest_regs *regs = lg->regs;
	uint32_t eflags = le32_get(regs->eflags), esp;
	le32_t frame[6];
	unsigned n = 0;

	if (!interrupts_enabled(lg))
		eflags &= ~X86_EFLAGS_IF;
	if (has_err)
		frame[n++] = regs->errcode;
	frame[n++] = regs->eip;
	frame[n++] = regs->cs;
	frame[n++] = le32(eflags);
	if ((le32_get(regs->ss) & 3) != GUEST_PL) {
		frame[n++] = regs->esp;
		frame[n++] = regs->ss;
		esp = lg->esp1;
		regs->ss = le32(lg->ss1);
	} else {
		esp = le32_get(regs->esp);
	}
	if (!write_guest_virt(lg, GVA(esp - 4 * n), frame, 4 * n))
		kill_guest(lg, "Bad address %#lx", (unsigned long)esp);
	regs->esp = le32(esp - 4 * n);
}

/*M:510
 * We push where the stack pointer points, as if every stack segment began at 0.  Linux's do, save
 * for the one by which it returns to 16-bit programs, and those need an LDT, which a Guest has not.
:*/

/* On to the handler; TF, NT and their like stay behind with the frame. */
static void go_to_handler(struct lguest *lg, const struct kept_desc *gate, uint32_t eflags)
{
	struct lguest_regs *regs = lg->regs;

	regs->eflags = le32(eflags &
			    ~(X86_EFLAGS_TF | X86_EFLAGS_VM | X86_EFLAGS_RF | X86_EFLAGS_NT));
	regs->cs = le32(KERNEL_CS);
	regs->eip = le32(gate_offset(gate));
	if (gate_type(gate) == GATE_INTERRUPT)
		lgdata_put(lg, LGD_IRQ_ENABLED, 0);
}

static void set_guest_interrupt(struct lguest *lg, const struct kept_desc *gate, bool has_err)
{
	push_guest_frame(lg, has_err);
	go_to_handler(lg, gate, le32_get(lg->regs->eflags));
}
/*:*/

/*H:503
 * A Guest since 4.1 has one address at which it must not be given a frame: the iret at the end of
 * its interrupt return, where interrupts are on already.  But a frame is not needed either: the
 * one that this iret was about to use is still there, and will do for the new handler's.
 */
static void reuse_iret_frame(struct lguest *lg, const struct kept_desc *gate)
{
	le32_t eflags = le32(0);

	if (!read_guest_virt(lg, &eflags, GVA(le32_get(lg->regs->esp) + 8), sizeof(eflags)))
		kill_guest(lg, "Bad address %#lx", (unsigned long)le32_get(lg->regs->esp) + 8);
	go_to_handler(lg, gate, le32_get(eflags));
}
/*:*/

/* The two kinds of places at which a Guest kernel wants to be left alone.  A user program can have
 * the same numbers in EIP, with a code segment that does not begin at 0; that is not the kernel. */
static bool in_kernel(const struct lguest *lg)
{
	return (le32_get(lg->regs->cs) & 3) == GUEST_PL;
}

static bool at_noirq_iret(const struct lguest *lg)
{
	return lg->abi->noirq_iret && le32_get(lg->regs->eip) == lg->noirq_iret && in_kernel(lg);
}

static bool in_noirq_window(const struct lguest *lg)
{
	uint32_t eip = le32_get(lg->regs->eip);

	return eip >= lg->noirq_start && eip < lg->noirq_end && in_kernel(lg);
}

static void deliver_interrupt(struct lguest *lg, unsigned irq)
{
	const struct kept_desc *gate = &lg->idt[FIRST_EXTERNAL_VECTOR + irq];

	if (gate_present(gate)) {
		lg->irqs_pending &= ~(1u << irq);
		count_one(&lg->host->count->interrupts);
		if (at_noirq_iret(lg))
			reuse_iret_frame(lg, gate);
		else
			set_guest_interrupt(lg, gate, false);
	}
	write_timestamp(lg);
}

static void set_irq_pending(struct lguest *lg, uint32_t val)
{
	if (lg->abi->irq_pending)
		lgdata_put(lg, lg->abi->irq_pending, val);
}

/*H:501
 * May the Guest have an interrupt now?  One that is pending and not blocked; unless the Guest is
 * in the middle of returning from another, or has interrupts off.  In the latter case we leave it
 * a note in "irq_pending", and Guests of 2.6.31 and later will call us when they turn them on.
 * (That was the idea.  Up to 4.0 they look at the note and never understand it.)
 *
 * So this returns true if an interrupt had to wait, and the run loop will not leave such a Guest
 * alone for long.
 */
bool do_interrupt(struct lguest *lg)
{
	uint32_t ready;

	if (!lg->abi || lg->dead)
		return false;
	ready = lg->irqs_pending & ~lgdata_get(lg, LGD_BLOCKED);
	if (!ready)
		return false;
	if (in_noirq_window(lg))
		return true;

	if (lg->halted) {
		lgdata_put(lg, LGD_IRQ_ENABLED, X86_EFLAGS_IF);
		lg->halted = false;
	} else if (!interrupts_enabled(lg)) {
		set_irq_pending(lg, X86_EFLAGS_IF);
		return true;
	}
	deliver_interrupt(lg, (unsigned)__builtin_ctz(ready));
	ready = lg->irqs_pending & ~lgdata_get(lg, LGD_BLOCKED);
	if (!ready)
		set_irq_pending(lg, 0);
	return ready;
}
/*:*/

void set_interrupt(struct lguest *lg, unsigned irq)
{
	lg->irqs_pending |= 1u << irq;
}

static bool has_errcode(unsigned num)
{
	return num == 8 || (num >= 10 && num <= 14) || num == 17;
}

/*H:504
 * Hand a trap on to the Guest, as if it had come from the CPU.  False if it has no handler for it.
 */
bool deliver_trap(struct lguest *lg, unsigned num)
{
	if (num >= ARRAY_LEN(lg->idt) || !gate_present(&lg->idt[num]) || !lg->abi)
		return false;
	count_one(&lg->host->count->reflected);
	set_guest_interrupt(lg, &lg->idt[num], has_errcode(num));
	return true;
}
/*:*/

/*H:505
 * LHCALL_LOAD_IDT_ENTRY.  Some vectors are not the Guest's to have: NMI, double fault, the
 * "spurious" 15 and the hypercall.  The selector it gives is ignored: there is one kernel code
 * segment, and it is ring 1's.
 */
static bool ignored_vector(uint32_t num)
{
	return num == 2 || num == 8 || num == 15 || num == LGUEST_TRAP_ENTRY;
}

/* Does the live table care what the Guest has there?  For interrupts it does not. */
static bool live_vector(uint32_t num)
{
	return num < FIRST_EXTERNAL_VECTOR || num == SYSCALL_VECTOR;
}

void load_guest_idt_entry(struct lguest *lg, uint32_t num, uint32_t lo, uint32_t hi)
{
	struct kept_desc gate = {KERNEL_CS << 16 | (lo & 0xffff), hi & 0xffffef00};

	if (num >= ARRAY_LEN(lg->idt)) {
		kill_guest(lg, "Setting idt entry %u", num);
		return;
	}
	if (ignored_vector(num))
		return;
	if (live_vector(num))
		lg->changed |= CHANGED_IDT;
	if (!(hi & GATE_P)) {
		lg->idt[num] = (struct kept_desc){0, 0};
		return;
	}
	if (gate_type(&gate) != GATE_INTERRUPT && gate_type(&gate) != GATE_TRAP) {
		kill_guest(lg, "bad IDT type %i", (int)gate_type(&gate));
		return;
	}
	lg->idt[num] = gate;
}
/*:*/

/*H:506
 * Which traps may the CPU deliver without us?  Only through a trap gate, since an interrupt gate
 * must turn off interrupts in lguest_data, which the CPU has never heard of.  And never those that
 * we need to see: 6 and 13 (instructions we emulate), 7 (the FPU), 14 (our shadows), and
 * hypercalls.  Of the vectors above the exceptions, only the system call.
 */
static bool direct_trap(const struct lguest *lg, unsigned num)
{
	if (!live_vector(num))
		return false;
	if (num == 6 || num == 7 || num == 13 || num == 14 || num == LGUEST_TRAP_ENTRY)
		return false;
	return gate_present(&lg->idt[num]) && gate_type(&lg->idt[num]) == GATE_TRAP;
}
/*:*/

/* The gate by which the Switcher gets a vector. */
static struct segment_descriptor default_gate(const struct host *host, unsigned num, uint32_t dpl)
{
	return (struct segment_descriptor){
		le32((uint32_t)LGUEST_CS << 16 | (host->stubs[num] & 0xffff)),
		le32((host->stubs[num] & 0xffff0000) | GATE_P | dpl |
		     GATE_INTERRUPT << GATE_TYPE_SHIFT)};
}

void setup_default_idt_entries(struct host *host)
{
	struct lguest_ro_state *state = port_change(host, host->state_page);
	unsigned i;

	for (i = 0; i < 256; i++)
		state->guest_idt[i] = default_gate(host, i,
						   i == LGUEST_TRAP_ENTRY ? GUEST_PL << 13 : 0);
}

/*H:507
 * From what the Guest asked for to what the CPU uses.  A gate that stays ours still takes over who
 * may call it, or a debugger's int3 would be a protection fault.
 *
 * With one exception, and it is a nasty one.  Where the CPU pushes an error code, our stub relies
 * on it; but a program that says "int $14" gets to vector 14 with no error code at all, and the
 * registers we save would be off by a word.  Nobody may call those.
 */
static uint32_t live_dpl(unsigned num, const struct kept_desc *gate)
{
	return has_errcode(num) ? 0 : gate->b & GATE_DPL;
}

void copy_traps(const struct lguest *lg)
{
	struct lguest_ro_state *state = port_change(lg->host, lg->host->state_page);
	const struct kept_desc *gate;
	unsigned i;

	for (i = 0; i <= SYSCALL_VECTOR; i++) {
		if (!live_vector(i) || i == LGUEST_TRAP_ENTRY)
			continue;
		gate = &lg->idt[i];
		if (direct_trap(lg, i))
			state->guest_idt[i] = (struct segment_descriptor){le32(gate->a),
									  le32(gate->b)};
		else
			state->guest_idt[i] = default_gate(lg->host, i, live_dpl(i, gate));
	}
}
/*:*/

/*H:508
 * LHCALL_SET_STACK: where the CPU shall push when it goes from the Guest's user space to the
 * Guest's kernel.  It had better be ring 1's, and mapped.
 */
void guest_set_stack(struct lguest *lg, uint32_t seg, uint32_t esp, uint32_t pages)
{
	if ((seg & 3) != GUEST_PL)
		kill_guest(lg, "bad stack segment %i", (int)seg);
	if (pages > 2)
		kill_guest(lg, "bad stack pages %u", pages);
	if (lg->dead)
		return;
	lg->ss1 = seg & 0xffff;
	lg->esp1 = esp;
	lg->stack_pages = pages;
	lg->changed |= CHANGED_STACK;
	pin_stack_pages(lg);
}
/*:*/

/*H:509
 * LHCALL_SET_CLOCKEVENT: one interrupt 0, please, in "delta" ns.  Some Guests mean to cancel and
 * leave garbage in the register; they can stand the odd tick.
 */
void guest_set_clockevent(struct lguest *lg, uint32_t delta)
{
	lg->deadline = delta ? port_clock(lg->host) + delta : PORT_NEVER;
	set_next_deadline(lg->host);
}
/*:*/
