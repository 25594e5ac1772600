/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1307 guests/conformance/traps.c: The trap handler of the guest, and what the Host promises about
 * traps in ring 1: which come directly and which through it, what is on the stack, what happens to
 * the virtual interrupt flag. :*/
#include "conf.h"

volatile struct probe probe;
u32 nothing;
volatile struct irq_seen timer_irq, device_irq[LGUEST_IRQS];
volatile struct user_trap user_trap;
u8 trap_stack[TRAP_STACK] __attribute__((aligned(4096)));

static const void *stub(u32 vector)
{
	return vector == SYSCALL_VECTOR ? syscall_stub : trap_stubs + 16 * vector;
}

/* ---- the handler ---- */

static void note_irq(volatile struct irq_seen *seen, const struct frame *f)
{
	seen->irq_enabled = irq_flag();
	seen->eip = f->eip;
	seen->eflags = f->eflags;
	seen->esp = (u32)&f->user_esp;
	seen->count++;
}

static void note_probe(struct frame *f)
{
	probe.irq_enabled = irq_flag();
	probe.hits++;
	probe.vector = f->vector;
	probe.error = f->error;
	probe.cr2 = lguest_data.cr2;
	probe.eip = f->eip;
	probe.cs = f->cs;
	probe.eflags = f->eflags;
	probe.esp = (u32)&f->user_esp; /* where the stack pointer was: the frame ends here */
	f->eip = probe.resume;
	f->eflags &= ~(u32)EFLAGS_TF; /* one step was what we wanted to see */
}

static void note_user(const struct frame *f)
{
	user_trap.irq_enabled = irq_flag();
	user_trap.vector = f->vector;
	user_trap.error = f->error;
	user_trap.cr2 = lguest_data.cr2;
	user_trap.frame_end = (u32)(f + 1);
	*(struct frame *)&user_trap.frame = *f;
	lguest_data.irq_enabled = 0;
	user_return();
}

void trap(struct frame *f)
{
	if (f->vector >= FIRST_IRQ_VECTOR && f->vector < FIRST_IRQ_VECTOR + LGUEST_IRQS) {
		u32 irq = f->vector - FIRST_IRQ_VECTOR;

		note_irq(irq ? &device_irq[irq] : &timer_irq, f);
	} else if ((f->cs & 3) == 3) {
		note_user(f);
	} else if (probe.resume) {
		note_probe(f);
	} else {
		printf("trap %u (%x) at %x, cr2 %x\n", f->vector, f->error, f->eip,
		       lguest_data.cr2);
		give_up("a trap nobody expected");
	}
}

/*G:880 The gates, as Linux of the era has them. Up to 2.6.27 nearly all exceptions had trap gates,
 * and the processor went through them without asking the Host; now most are interrupt gates. Page
 * faults always were. */
static u32 gate_type(u32 vector)
{
	static const u8 always_interrupt[] = {TRAP_DB, TRAP_BP, TRAP_PF};
	u32 i;

	if (vector == SYSCALL_VECTOR)
		return ERA_SYSCALL_DIRECT ? 15 : 14;
	for (i = 0; i < ARRAY_SIZE(always_interrupt); i++)
		if (vector == always_interrupt[i])
			return 14;
	return ERA_TRAP_GATES && vector < FIRST_IRQ_VECTOR ? 15 : 14;
}

static int may_be_called(u32 vector)
{
	return vector == TRAP_BP || vector == TRAP_OF || vector == SYSCALL_VECTOR;
}

void traps_init(void)
{
	u32 vector;

	for (vector = 0; vector < FIRST_IRQ_VECTOR + LGUEST_IRQS; vector++)
		if (vector != 2 && vector != 8 && vector != 15 && vector != LGUEST_TRAP_ENTRY)
			load_idt_entry(vector, stub(vector), gate_type(vector),
				       may_be_called(vector) ? 3 : 0);
	load_idt_entry(SYSCALL_VECTOR, syscall_stub, gate_type(SYSCALL_VECTOR), 3);
	hcall(LHCALL_SET_STACK, KERNEL_DS, (u32)trap_stack + TRAP_STACK, 1, 0);
}
/*:*/

/* ---- expectations ---- */

int faulted(u32 vector, u32 error)
{
	return probe.hits == 1 && probe.vector == vector && probe.error == error;
}

int page_faulted(u32 address, u32 error)
{
	return faulted(TRAP_PF, error) && probe.cr2 == address;
}

void probe_read(u32 address)
{
	u32 value;

	PROBE("movl (%1), %0", "=&r"(value), "r"(address) : "memory");
}

void probe_write(u32 address, u32 value)
{
	PROBE("movl %2, (%1)", NOTHING, "r"(address), "r"(value) : "memory");
}

void probe_selector(u32 selector)
{
	PROBE("movl %1, %%es", NOTHING, "r"(selector));
	__asm__ volatile("movl %0, %%es" : : "r"(KERNEL_DS));
}

u32 access_rights(u32 selector)
{
	u32 rights = 0;
	u8 ok;

	__asm__ volatile("larl %2, %0\n\tsete %1" : "+r"(rights), "=q"(ok) : "r"(selector));
	return ok ? rights & 0xf0ff00 : 0;
}

/* ---- traps ---- */

static void divide(void)
{
	PROBE("divl %2", NOTHING, "a"(1), "r"(0), "d"(0) : "cc");
}

/* The exceptions, one by one: vector, error code, and the eip of the instruction itself (a fault)
 * or of the next (a trap). */
static void check_vectors(void)
{
	static const u32 bounds[2] = {1, 2};

	divide();
	check("traps/divide", faulted(TRAP_DE, 0) && probe.eip == probe.at);
	PROBE("int3", NOTHING, "i"(0));
	check("traps/int3", faulted(TRAP_BP, 0) && probe.eip == probe.at + 1);
	PROBE("addb %%al, %%al\n\tinto", NOTHING, "a"(0x80) : "cc");
	check("traps/into", faulted(TRAP_OF, 0) && probe.eip == probe.at + 3);
	PROBE(".byte 0x62, 0x02 /* bound %%eax, (%%edx) */", NOTHING, "a"(0), "d"(bounds)
	      : "memory");
	check("traps/bound", faulted(TRAP_BR, 0) && probe.eip == probe.at);
	PROBE("ud2", NOTHING, "i"(0));
	check("traps/invalid", faulted(TRAP_UD, 0) && probe.eip == probe.at);
	PROBE("hlt", NOTHING, "i"(0));
	check("traps/protection", faulted(TRAP_GP, 0) && probe.eip == probe.at);
	PROBE("int $0x70", NOTHING, "i"(0));
	check("traps/no-gate", faulted(TRAP_GP, 0x70 * 8 + 2) && probe.eip == probe.at);
	PROBE("int $0x21", NOTHING, "i"(0));
	check("traps/irq-gate-called", faulted(TRAP_GP, 0x21 * 8 + 2));
}

/*G:890 The frame. The handler finds three words behind what it may have as an error code, the stack
 * is the one that was in use, and the flags in it are those of the guest's own idea. */
static void check_frame(void)
{
	u32 esp, on, off;

	__asm__ volatile("movl %%esp, %0" : "=r"(esp));
	divide();
	check("traps/frame-on-this-stack", probe.esp <= esp && esp - probe.esp < 64);
	check_eq("traps/frame-cs", probe.cs & 0xffff, KERNEL_CS);
	lguest_data.irq_enabled = EFLAGS_IF;
	PROBE("hlt", NOTHING, "i"(0));
	on = probe.eflags & EFLAGS_IF;
	lguest_data.irq_enabled = 0;
	PROBE("hlt", NOTHING, "i"(0));
	off = probe.eflags & EFLAGS_IF;
	check_eq("traps/frame-flags-on", on, EFLAGS_IF);
	check_eq("traps/frame-flags-off", off, 0);
}
/*:*/

/* A trap gate leaves irq_enabled alone, direct or not; an interrupt gate clears it. */
static void check_gates(void)
{
	load_idt_entry(TRAP_DE, stub(TRAP_DE), 15, 0);
	lguest_data.irq_enabled = EFLAGS_IF;
	divide();
	check_eq("traps/direct-keeps-flag", probe.irq_enabled, EFLAGS_IF);
	load_idt_entry(TRAP_DE, stub(TRAP_DE), 14, 0);
	lguest_data.irq_enabled = EFLAGS_IF;
	divide();
	check_eq("traps/interrupt-gate-clears-flag", probe.irq_enabled, 0);
	check_eq("traps/flag-back-after-return", irq_flag(), EFLAGS_IF);

	load_idt_entry(TRAP_GP, stub(TRAP_GP), 15, 0);
	PROBE("hlt", NOTHING, "i"(0));
	check_eq("traps/reflected-trap-gate-keeps-flag", probe.irq_enabled, EFLAGS_IF);
	lguest_data.irq_enabled = 0;
	load_idt_entry(TRAP_DE, stub(TRAP_DE), gate_type(TRAP_DE), 0);
	load_idt_entry(TRAP_GP, stub(TRAP_GP), gate_type(TRAP_GP), 0);
}

static void check_idt_calls(void)
{
	u32 offset = (u32)stub(TRAP_UD);

	/* The Host has one code segment for handlers, whatever the gate says. */
	hcall(LHCALL_LOAD_IDT_ENTRY, TRAP_UD, 0x100000 | (offset & 0xffff),
	      (offset & 0xffff0000) | 0x8e00, 0);
	PROBE("ud2", NOTHING, "i"(0));
	check("traps/selector-ignored", faulted(TRAP_UD, 0) && (probe.cs & 0xffff) == KERNEL_CS);
	load_idt_entry(TRAP_UD, stub(TRAP_UD), gate_type(TRAP_UD), 0);

	/* Vectors that are not a guest's: even a task gate is no offence there. */
	hcall(LHCALL_LOAD_IDT_ENTRY, 2, 0, 0x8500, 0);
	hcall(LHCALL_LOAD_IDT_ENTRY, 8, 0, 0x8500, 0);
	hcall(LHCALL_LOAD_IDT_ENTRY, 15, 0, 0x8500, 0);
	hcall(LHCALL_LOAD_IDT_ENTRY, LGUEST_TRAP_ENTRY, 0, 0x8500, 0);
	check("traps/vectors-ignored", 1);
	/* Vectors of no use, and gates that are not present, are taken without a word. */
	hcall(LHCALL_LOAD_IDT_ENTRY, 255, 0, 0x8e00, 0);
	hcall(LHCALL_LOAD_IDT_ENTRY, 200, 0, 0x0500, 0);
	check("traps/not-present-taken", 1);
}

/* Without TF in the handler's own flags, which only Hosts since 3.12 see to. */
static void check_single_step(void)
{
#if ERA_BUS == BUS_PCI
	PROBE("pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\tnop\n\tnop", NOTHING, "i"(0) : "cc");
	check("traps/single-step", probe.vector == TRAP_DB && probe.eflags & EFLAGS_TF);
#endif
}

void check_traps(void)
{
	check_vectors();
	check_frame();
	check_gates();
	check_idt_calls();
	check_single_step();
}

/* ---- segments ---- */

static u32 selector_error(u32 selector)
{
	probe_selector(selector);
	return probe.hits == 1 ? probe.vector << 16 | probe.error : 0;
}

/* What a descriptor looks like once it is in the live table. */
static u32 rights_of(u32 entry, u32 high)
{
	u32 rights;

	load_gdt_entry(entry, 0xffff, high);
	rights = access_rights(entry * 8 + 1);
	load_gdt_entry(entry, 0, 0);
	return rights;
}

static void check_fix_ups(void)
{
	static const u8 hosts_own[] = {10, 11, 16, 31};
	u32 i, got;

	check_eq("segments/dpl-raised", rights_of(18, 0x00cf9200), 0xc0b300);
	check_eq("segments/dpl-kept", rights_of(18, 0x00cff200), 0xc0f300);
	check_eq("segments/code-accessed", rights_of(19, 0x00cffa00), 0xc0fb00);
	check_eq("segments/tls-too", rights_of(7, 0x00409200), 0x40b300);
	for (i = got = 0; i < ARRAY_SIZE(hosts_own); i++) {
		load_gdt_entry(hosts_own[i], 0xffff, 0x00cff300);
		got |= access_rights(hosts_own[i] * 8 + 3);
		load_gdt_entry(hosts_own[i], 0, 0);
	}
	check_eq("segments/hosts-entries", got, 0);
	/* A system descriptor must never get there: it might be a gate. */
	check_eq("segments/no-system", rights_of(18, 0x00008900), 0);
}

static void check_selectors(void)
{
	load_gdt_entry(18, 0xffff, 0x00cf7300);
	check_eq("segments/not-present", selector_error(18 * 8 + 3), TRAP_NP << 16 | 18 * 8);
	load_gdt_entry(18, 0, 0);
	check_eq("segments/empty", selector_error(18 * 8), TRAP_GP << 16 | 18 * 8);
	check_eq("segments/switchers", selector_error(0x50), TRAP_GP << 16 | 0x50);
	check_eq("segments/behind-the-end", selector_error(0x1f8), TRAP_GP << 16 | 0x1f8);
	check_eq("segments/no-ldt", selector_error(0x0f), TRAP_GP << 16 | 0x0c);
	check_eq("segments/kernel-cs-as-data", selector_error(KERNEL_CS), 0);
	/* RPL 0 at CPL 1 is what fs = 0xd8 of a later Linux is. */
	load_gdt_entry(27, 0xffff, 0x00cf9200);
	check_eq("segments/rpl-0-at-cpl-1", selector_error(27 * 8), 0);
	load_gdt_entry(27, 0, 0);
	check_eq("segments/null", selector_error(0), 0);
}

static u32 tls_word(u32 selector)
{
	u32 seen = 0;

	__asm__ volatile("movl %1, %%gs\n\tmovl %%gs:0, %0\n\tmovl %2, %%gs"
			 : "=&r"(seen)
			 : "r"(selector), "r"(0)
			 : "memory");
	return seen;
}

static void set_descriptor(u32 *desc, u32 base)
{
	desc[0] = base << 16 | 0xffff;
	desc[1] = (base & 0xff000000) | 0x00cff200 | ((base >> 16) & 0xff);
}

static void check_tls(void)
{
	static u32 words[3] = {0xaaaa, 0xbbbb, 0xcccc};
	static u32 tls[3][2];
	u32 i, right = 0;

	for (i = 0; i < 3; i++)
		set_descriptor(tls[i], (u32)&words[i]);
	hcall(LHCALL_LOAD_TLS, phys_of(tls), 0, 0, 0);
	for (i = 0; i < 3; i++)
		right += tls_word(TLS_SELECTOR + 8 * i) == words[i];
	check_eq("segments/tls-three", right, 3);
	memset(tls, 0, sizeof(tls));
	hcall(LHCALL_LOAD_TLS, phys_of(tls), 0, 0, 0);
	check_eq("segments/tls-gone", selector_error(TLS_SELECTOR), TRAP_GP << 16 | 0x30);
	check_eq("segments/tls-rest-kept", access_rights(KERNEL_CS), 0x00cfbb00 & 0xf0ff00);
}

void check_segments(void)
{
	u32 tr, ldt;

	__asm__("strl %0" : "=r"(tr));
	__asm__("sldtl %0" : "=r"(ldt));
	check_eq("segments/task-register", tr & 0xffff, LGUEST_TSS);
	check_eq("segments/ldt-register", ldt & 0xffff, 0);
	check_fix_ups();
	check_selectors();
	check_tls();
}
