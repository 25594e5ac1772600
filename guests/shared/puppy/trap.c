/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:917 guests/shared/puppy/trap.c: Everything that interrupts the straight course of a program:
 * exceptions, interrupts and system calls come together in trap(), which decides whose business it
 * is. A fault of a process ends the process; a fault of the kernel ends the guest. :*/
#include "puppy.h"
#include "../../lib/block.h"
#include "../../lib/console.h"

struct trap_probe probe;
u32 irq_count[LGUEST_IRQS];
volatile u32 timer_irqs;

static const char *const fault_names[20] = {
	"divide error",
	"debug trap",
	"nmi",
	"breakpoint",
	"overflow",
	"bound exceeded",
	"invalid opcode",
	"fpu not available",
	"double fault",
	"fpu overrun",
	"bad tss",
	"segment not present",
	"stack fault",
	"general protection",
	"page fault",
	"reserved",
	"fpu error",
	"alignment check",
	"machine check",
	"simd error",
};

/*G:190 Gates. A trap gate is a promise that the handler does not mind interrupts, and that lets the
 * Host put it straight into the CPU's own table: the trap then costs no visit to the Host at all.
 * System calls are worth that; so is one exception, "divide error", because the self-test wants to
 * see both kinds. The others are interrupt gates, which the Host must deliver itself, as it has to
 * clear our interrupt flag. Only int3, into and int 0x80 may be raised on purpose by ring 3. */
void traps_init(void)
{
	u32 v;

	for (v = 0; v < 32; v++) {
		u32 type = v == TRAP_DE ? 15 : 14;
		u32 dpl = v == TRAP_BP || v == TRAP_OF ? 3 : 0;

		load_idt_entry(v, trap_stubs + 16 * v, type, dpl);
	}
	for (v = FIRST_IRQ_VECTOR; v < FIRST_IRQ_VECTOR + LGUEST_IRQS; v++)
		load_idt_entry(v, trap_stubs + 16 * v, 14, 0);
	load_idt_entry(SYSCALL_VECTOR, syscall_stub, 15, 3);
}
/*:*/

/* Every word on the stack that points behind a call instruction of ours: some are old, none is
 * missed, and it works without frame pointers. */
void print_backtrace(u32 esp)
{
	extern const char _text[], _etext[];
	u32 top = (u32)current->stack + STACK_BYTES;
	int depth = 0;

	for (; esp < top && depth < 12; esp += 4) {
		u32 word = *(u32 *)esp;

		if (word < (u32)_text + 8 || word >= (u32)_etext)
			continue;
		/* call rel32, or call through a register */
		if (((u8 *)word)[-5] == 0xe8 || ((u8 *)word)[-2] == 0xff) {
			printf("  0x%08x: 0x%08x\n", esp, word);
			depth++;
		}
	}
}

/* A kernel that does not trust itself any more tells the Host, which tells the Launcher. */
void panic(const char *fmt, ...)
{
	char text[128];
	va_list args;

	irq_disable();
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("\npuppy: panic: %s\n", text);
	if (current)
		print_backtrace((u32)__builtin_frame_address(0));
	shutdown(text, LGUEST_SHUTDOWN_POWEROFF);
}

static void interrupt(u32 irq)
{
	irq_count[irq]++;
	if (irq == LGUEST_IRQ_TIMER)
		timer_interrupt();
	else if (irq == console_input_irq)
		console_interrupt(tty_take);
	else if (irq == block_irq && block_interrupt())
		wake_up(&block_irq);
}

static const char *fault_name(u32 vector)
{
	return vector < ARRAY_SIZE(fault_names) ? fault_names[vector] : "unexpected interrupt";
}

static void __attribute__((noreturn)) kill_process(const struct frame *f, u32 cr2, u32 irq_was)
{
	struct task_end *end = &current->end;

	end->killed = (int)f->vector + 1;
	end->error = f->error;
	end->cr2 = cr2;
	end->eip = f->eip;
	end->frame_at = (u32)f;
	end->eflags = f->eflags;
	end->irq_enabled = irq_was;
	if (!current->quiet) {
		printf("puppy: pid %d (%s) killed: %s", current->pid, current->name,
		       fault_name(f->vector));
		if (f->vector == TRAP_PF)
			printf(", %s 0x%08x", f->error & 2 ? "write to" : "read of", cr2);
		printf(", eip 0x%08x, error %u\n", f->eip, f->error);
	}
	task_exit(-1);
}

/* Was it the kernel, doing something for a process, that hit a page not there yet? */
static int page_fault(const struct frame *f, u32 cr2)
{
	if (cr2 >= PAGE_OFFSET || !current || current->pgd == kernel_pgd)
		return 0;
	return user_fault(current, cr2, f->error);
}

static void kernel_fault(struct frame *f, u32 cr2, u32 irq_was)
{
	if (probe.resume) {
		probe.hits++;
		probe.vector = f->vector;
		probe.error = f->error;
		probe.cr2 = cr2;
		probe.eip = f->eip;
		probe.eflags = f->eflags;
		probe.irq_enabled = irq_was;
		f->eip = probe.resume;
		probe.resume = 0;
		return;
	}
	/* A selector the process kept in %ds or %es has lost its descriptor meanwhile. */
	if (f->eip >= (u32)trap_pop_segments && f->eip < (u32)trap_segments_popped)
		kill_process(f, 0, irq_was);
	panic("kernel %s at 0x%08x, address 0x%08x, error %u", fault_name(f->vector), f->eip, cr2,
	      f->error);
}

/* The process has no say in this: whatever it wanted, first see whether it may go on at all. */
static void before_user(void)
{
	if (need_schedule)
		schedule();
	if (current->kill_pending) {
		current->end.killed = -1;
		task_exit(-1);
	}
}

/*G:230 One door for everything. The kernel runs with interrupts off from here on (a system call
 * comes in with them on, since its gate is a trap gate), so nothing below needs a lock; they come
 * on again with the frame that trap_return loads, or while the idle loop halts. */
void trap(struct frame *f)
{
	u32 irq_was = irq_save();
	u32 cr2 = f->vector == TRAP_PF ? lguest_data.cr2 : 0;
	int user = FRAME_FROM_USER(f);

	if (f->vector >= FIRST_IRQ_VECTOR && f->vector < FIRST_IRQ_VECTOR + LGUEST_IRQS)
		interrupt(f->vector - FIRST_IRQ_VECTOR);
	else if (f->vector == SYSCALL_VECTOR && user)
		syscall(f);
	else if (f->vector == TRAP_PF && page_fault(f, cr2))
		;
	else if (f->vector == TRAP_NM && user)
		fpu_fault();
	else if (user)
		kill_process(f, cr2, irq_was);
	else
		kernel_fault(f, cr2, irq_was);
	if (user)
		before_user();
}
/*:*/
