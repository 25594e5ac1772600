/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:576
 * The Host's loop: guest-host.md 5.7 (what becomes of a trap), 5.9 (the FPU), 10.4 (the order in
 * which things are seen to), 11.3 (unhandled traps).  Where a trap is only handed to the Host the
 * tests do that themselves; where time passes a Guest runs, a few bytes of code.
:*/
#include <stdio.h>

#include "native_world.h"

#define HANDLER 0xc0009000u
#define EIP	(W_KERNEL + W_CODE)
#define ESP	(W_KERNEL + W_STACK)

/* mov $HALT, %eax; int $0x1f */
#define CODE_HALT 0xb8, HALT, 0, 0, 0, 0xcd, 0x1f
/* 1: jmp 1b */
#define CODE_SPIN 0xeb, 0xfe

static void gate(unsigned vector, uint32_t flags)
{
	hcall(LOAD_IDT_ENTRY, vector, HANDLER & 0xffff, (HANDLER & 0xffff0000) | flags);
	ck_lives();
}

/* What it runs when it runs again. */
static void go(uint32_t eip)
{
	lg->regs->eip = le32(eip);
}

/* A user program, of which one page is mapped. */
static void in_user_space(void)
{
	put_user_pte(0, W_USER_CODE | 0x67);
	hcall(LOAD_GDT_ENTRY, 14, 0xffff, 0x00cffa00);
	hcall(LOAD_GDT_ENTRY, 15, 0xffff, 0x00cff200);
	hcall(SET_STACK, KERNEL_DS, ESP, 2);
	ck_lives();
	lg->regs->cs = le32(0x73);
	lg->regs->ss = le32(0x7b);
	lg->regs->ds = lg->regs->es = le32(0x7b);
	lg->regs->esp = le32(W_USER + 0x800);
	go(W_USER);
}

static void trap(unsigned num, uint32_t error_code)
{
	lg->regs->trapnum = le32(num);
	lg->regs->errcode = le32(error_code);
	go(EIP);
	turn_left(lg);
}

static bool handled_by_guest(void)
{
	return le32_get(lg->regs->eip) == HANDLER;
}

static uint64_t exits(unsigned vector)
{
	return le64_get(host->count->exit[vector]);
}

/* --- 5.7 ------------------------------------------------------------------------------------------- */

/* Everything is reflected, except for interrupts of our own, hypercalls and what has no gate. */
START_TEST(each_trap)
{
	const unsigned num = (unsigned)_i;
	char text[48];

	kernel(0, false);
	put_code(W_CODE, 0xf4); /* nothing that is emulated */
	for (unsigned i = 0; i < 256; i++)
		gate(i, 0x8e00);
	m.cpu.s.cr2 = 0x12345678;
	trap(num, 0);
	if (num == LGUEST_TRAP_ENTRY) {
		ck_assert(lg->hcall_waiting);
		ck_assert(!handled_by_guest());
	} else if (num == 2 || num == 8 || num == 15 || num == 256) {
		snprintf(text, sizeof(text), "unhandled trap %u at 0xc0008000 (0x0)", num);
		ck_died(text);
		return;
	} else {
		ck_assert(handled_by_guest() == (num < 0x20 || num == 0x80));
	}
	ck_lives();
	ck_assert_uint_eq(exits(num), 1);
}
END_TEST

/* 11.3: vector, eip, and the error code or, for vector 14, CR2. */
START_TEST(unhandled)
{
	kernel(0, false);
	trap(6, 0);
	ck_died("unhandled trap 6 at 0xc0008000 (0x0)");
	destroy(lg);
	kernel(0, false);
	trap(13, 0x1a);
	ck_died("unhandled trap 13 at 0xc0008000 (0x1a)");
	destroy(lg);
	kernel(0, false);
	m.cpu.s.cr2 = 0x1234;
	trap(14, 2);
	ck_died("unhandled trap 14 at 0xc0008000 (0x1234)");
}
END_TEST

/* Before INIT there is nothing to reflect to, nor a place for CR2. */
START_TEST(unhandled_before_init)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	m.cpu.s.cr2 = DOOR_SWITCHER;
	trap(14, 0);
	ck_died("unhandled trap 14 at 0xc0008000 (0xfffe0000)");
}
END_TEST

/* Only error code 0 is an instruction to be acted out. */
START_TEST(general_protection)
{
	kernel(0, false);
	gate(13, 0x8e00);
	put_code(W_CODE, 0xfa);
	trap(13, 0);
	ck_assert_uint_eq(le32_get(lg->regs->eip), EIP + 1);
	trap(13, 0x18);
	ck_assert(handled_by_guest());
	ck_assert_uint_eq(get(W_STACK - 16), 0x18);
}
END_TEST

/* 2.1.1, 14 number 6: by #UD and by #GP(0), in the kernel only. */
START_TEST(vmcall)
{
	kernel(0, false);
	gate(6, 0x8e00);
	gate(13, 0x8e00);
	put_code(W_CODE, 0x0f, 0x01, 0xc1);
	trap(_i ? 13 : 6, 0);
	ck_assert(lg->hcall_waiting);
	ck_assert_uint_eq(lg->hcall_insn, 0xc1010f);
	ck_assert_uint_eq(le32_get(lg->regs->eip), EIP + 3);
	lg->hcall_waiting = false;
	/* Not with a selector in the error code, not one byte off, not for a program. */
	trap(13, 0x18);
	ck_assert(!lg->hcall_waiting && handled_by_guest());
	put_code(W_CODE + 2, 0xc2);
	trap(_i ? 13 : 6, 0);
	ck_assert(!lg->hcall_waiting && handled_by_guest());
	put_code(W_CODE + 2, 0xc1);
	lg->regs->cs = le32(0x73);
	trap(_i ? 13 : 6, 0);
	ck_assert(!lg->hcall_waiting && handled_by_guest());
	ck_lives();
}
END_TEST

/* 5.7, 14: handled, or CR2 and the Guest's own handler; P of the error code is by its tables. */
START_TEST(page_faults)
{
	static const struct {
		uint32_t pte, error, shown;
	} t[] = {
		{0, PF_USER | PF_PRESENT, PF_USER},
		{0, PF_WRITE, PF_WRITE},
		{W_FREE | PTE_P | PTE_US, PF_USER | PF_WRITE, PF_USER | PF_WRITE | PF_PRESENT},
		{W_FREE | PTE_P | PTE_RW, PF_USER, PF_USER | PF_PRESENT},
	};

	kernel(0, false);
	gate(14, 0x8e00);
	put_user_pte(9, W_FREE | PTE_P);
	m.cpu.s.cr2 = W_USER + 9 * PAGE_SIZE;
	trap(14, 0);
	ck_assert(!handled_by_guest());
	ck_assert_uint_eq(data_get(LGD_CR2), 0);
	ck_assert_uint_eq(le64_get(host->count->shadow_faults), 1);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		put_user_pte(i, t[i].pte);
		m.cpu.s.cr2 = W_USER + i * PAGE_SIZE + 0x123;
		lg->regs->esp = le32(ESP);
		trap(14, t[i].error);
		ck_assert(handled_by_guest());
		ck_assert_uint_eq(get(W_STACK - 16), t[i].shown);
		ck_assert_uint_eq(data_get(LGD_CR2), W_USER + i * PAGE_SIZE + 0x123);
	}
	/* 14 number 17: the Switcher's addresses are like any others that are not there. */
	m.cpu.s.cr2 = DOOR_SWITCHER + 4;
	trap(14, PF_USER);
	ck_assert(handled_by_guest());
	ck_assert_uint_eq(data_get(LGD_CR2), DOOR_SWITCHER + 4);
	ck_lives();
}
END_TEST

/* 10.3, 14 number 12: to the Launcher with seven bytes and the address; CR2 is stored, too. */
START_TEST(device_memory)
{
	struct door_answer ans;

	guest(0, DOOR_MAP_LINEAR, DOOR_INIT_MMIO);
	talk(W_4_1);
	hcall(NEW_PGTABLE, make_directory(false, 0));
	put_user_pte(1, W_END | PTE_P | PTE_RW);
	put_code(W_CODE, 1, 2, 3, 4, 5, 6, 7, 8);
	m.cpu.s.cr2 = W_USER + PAGE_SIZE + 0x678;
	trap(14, PF_WRITE);
	ck_assert_uint_eq(data_get(LGD_CR2), W_USER + PAGE_SIZE + 0x678);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_TRAP);
	host_answer_run(lg, DOOR_ANS_TRAP, &ans);
	ck_assert_uint_eq(le32_get(ans.arg[0]), 14);
	ck_assert_uint_eq(le32_get(ans.arg[1]), W_END + 0x678);
	ck_assert_mem_eq(ans.insn, "\1\2\3\4\5\6\7\0", 8);
	ck_assert_uint_eq(le32_get(ans.regs.eip), EIP);
	ck_lives();
}
END_TEST

/* --- system calls, as the CPU delivers them ------------------------------------------------------- */

/* 5.2: a trap gate needs no Host; an interrupt gate does, and turns interrupts off. */
START_TEST(system_call)
{
	kernel(0, false);
	in_user_space();
	put_code(W_USER_CODE, 0xcd, 0x80);
	put_code(HANDLER - W_KERNEL, CODE_HALT);
	gate(0x80, _i ? 0xee00 : 0xef00);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(exits(0x80), _i ? 1 : 0);
	ck_assert_uint_eq(exits(0x1f), 1);
	ck_assert_uint_eq(le32_get(lg->regs->esp), ESP - 20);
	ck_assert_uint_eq(get(W_STACK - 20), W_USER + 2);
	ck_assert_uint_eq(get(W_STACK - 16), 0x73);
	ck_assert_uint_eq(get(W_STACK - 12) & X86_EFLAGS_IF, X86_EFLAGS_IF);
	ck_assert_uint_eq(get(W_STACK - 8), W_USER + 0x800);
	ck_assert_uint_eq(get(W_STACK - 4), 0x7b);
	ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), _i ? 0 : X86_EFLAGS_IF);
	ck_lives();
}
END_TEST

/* 2.1: from CPL 3 a hypercall is a protection fault with 0xfa. */
START_TEST(hypercall_from_user_space)
{
	kernel(0, false);
	in_user_space();
	lg->regs->eax = le32(NEW_PGTABLE);
	put_code(W_USER_CODE, 0xcd, 0x1f);
	put_code(HANDLER - W_KERNEL, CODE_HALT);
	gate(13, 0x8e00);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(get(W_STACK - 24), 0xfa);
	ck_assert_uint_eq(get(W_STACK - 20), W_USER);
	ck_lives();
}
END_TEST

/* 5.2: a program's int3 with DPL 3, and one that says "int $14", which it may not. */
START_TEST(software_interrupts)
{
	uint64_t faults;

	kernel(0, false);
	in_user_space();
	put_code(W_USER_CODE, 0xcc, 0xcd, 0x0e);
	put_code(HANDLER - W_KERNEL, CODE_HALT);
	gate(3, 0xee00);
	gate(13, 0x8e00);
	gate(14, 0xee00);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(exits(3), 1);
	ck_assert_uint_eq(get(W_STACK - 20), W_USER + 1);
	faults = exits(14);
	lg->halted = false;
	in_user_space();
	go(W_USER + 1);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(exits(14), faults);
	ck_assert_uint_eq(get(W_STACK - 24), 14 * 8 + 2); /* #GP, by its gate */
	ck_assert_uint_eq(get(W_STACK - 20), W_USER + 1);
	ck_lives();
}
END_TEST

/* --- time ------------------------------------------------------------------------------------------ */

START_TEST(quantum)
{
	uint64_t start;

	kernel(0, false);
	put_code(W_CODE, CODE_SPIN);
	for (unsigned i = 0; i < 3; i++) {
		start = port_clock(host);
		ck_assert_uint_eq(run(50000), DOOR_ANS_QUANTUM);
		ck_assert_uint_ge(port_clock(host) - start, 50000);
		ck_assert_uint_lt(port_clock(host) - start, 52000);
	}
	/* It ends even if the Guest does nothing but call. */
	put_code(W_CODE, 0xb8, TS, 0, 0, 0, 0xcd, 0x1f, 0xeb, 0xf7);
	go(EIP);
	start = port_clock(host);
	ck_assert_uint_eq(run(50000), DOOR_ANS_QUANTUM);
	ck_assert_uint_ge(port_clock(host) - start, 50000);
	ck_assert_uint_lt(port_clock(host) - start, 52000);
	ck_lives();
}
END_TEST

/* BREAK ends a turn that has no quantum; once, and it is for one Guest. */
START_TEST(breaks)
{
	kernel(1, false);
	put_code(W_CODE, CODE_SPIN);
	kernel(0, false);
	put_code(W_CODE, CODE_SPIN);
	machine_raise(&m, 0, DOOR_EVENT_BREAK);
	ck_assert_uint_eq(run(0), DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(lg->irqs_pending, 0);
	machine_raise(&m, 1, DOOR_EVENT_BREAK);
	ck_assert_uint_eq(run(10000), DOOR_ANS_QUANTUM);
	ck_assert(host->guests[1].break_asked);
	ck_assert_uint_eq(ask(DOOR_REQ_RUN, 1, 0), DOOR_ANS_QUANTUM);
	ck_assert(!host->guests[1].break_asked);
	/* It is told before the halt is. */
	lg->halted = true;
	machine_raise(&m, 0, DOOR_EVENT_BREAK);
	ck_assert_uint_eq(run(0), DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
}
END_TEST

/* The same while the Guest is running: an event that becomes due in the middle. */
START_TEST(break_in_the_middle)
{
	const uint8_t key = 'x';

	kernel(0, false);
	put_code(W_CODE, CODE_SPIN);
	ck_assert_int_eq(machine_push(&m, 70000, EVENT_CONSOLE, &key, 1), 0);
	door()->req.op = le32(DOOR_REQ_RUN);
	door()->req.guest = le32(0);
	door()->req.quantum_ns = le32(0);
	/* The machine comes back with the event; the Guest's turn is not over. */
	ck_assert_int_eq(native_run(native, 1000), MACHINE_BUDGET);
	ck_assert_int_eq(native_run(native, 10000000), MACHINE_EVENT);
	ck_assert_uint_ge(port_clock(host), 70000);
	machine_pop(&m);
	ck_assert_int_eq(native_run(native, 1000), MACHINE_BUDGET);
	machine_raise(&m, 0, DOOR_EVENT_BREAK);
	ck_assert_int_eq(native_run(native, 1000), MACHINE_BELL);
	ck_assert_uint_eq(le32_get(door()->ans.op), DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(le64_get(host->count->entries), le64_get(host->count->exits));
}
END_TEST

/* A line that is raised reaches the Guest, and the halted are woken by it. */
START_TEST(lines)
{
	kernel(0, false);
	gate(0x20 + 7, 0x8e00);
	put_code(W_CODE, CODE_HALT);
	put_code(HANDLER - W_KERNEL, CODE_HALT);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(le32_get(door()->ans.arg[1]), 0xffffffff);
	machine_raise(&m, 0, 1u << 7);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(le32_get(lg->regs->eip), HANDLER + 7);
	ck_assert_uint_eq(le64_get(host->count->interrupts), 1);
	ck_assert_uint_eq(get(W_STACK - 12), EIP + 7);
}
END_TEST

/* 5.6: a Guest that turns interrupts on by a store, and does not call, gets it soon all the same. */
START_TEST(interrupt_that_had_to_wait)
{
	static const uint8_t code[] = {
		0xb9,	   0x20, 0x4e, 0, 0,		    /* mov $20000, %ecx */
		0xe2,	   0xfe,			    /* loop . */
		0xc7,	   0x05, 0,    0, 0, 0, 0, 2, 0, 0, /* movl $0x200, irq_enabled */
		CODE_SPIN,
	};
	const le32_t at = le32(W_KERNEL + W_DATA + LGD_IRQ_ENABLED);
	uint64_t start;

	kernel(0, false);
	gate(0x20 + 7, 0x8e00);
	put_bytes(W_CODE, code, sizeof(code));
	put_bytes(W_CODE + 9, &at, sizeof(at));
	put_code(HANDLER - W_KERNEL, CODE_HALT);
	data_put(LGD_IRQ_ENABLED, 0);
	set_interrupt(lg, 7);
	start = port_clock(host);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(get(W_STACK - 12), EIP + 17);
	ck_assert_uint_gt(port_clock(host) - start, 20000);
	ck_assert_uint_lt(port_clock(host) - start, 1100000);
	ck_lives();
}
END_TEST

/* Each Guest has its clock, and there is one timer.  The earliest is armed; when it is another's
 * turn to do something, the one that runs stops. */
START_TEST(deadlines)
{
	struct lguest *other;

	kernel(1, false);
	hcall(SET_CLOCKEVENT, 30000);
	lg->halted = true;
	other = lg;
	kernel(0, false);
	hcall(SET_CLOCKEVENT, 90000);
	gate(0x20, 0x8e00);
	put_code(W_CODE, CODE_SPIN);
	put_code(HANDLER - W_KERNEL, CODE_SPIN);
	ck_assert_uint_eq(host->next_deadline, 30000);
	ck_assert_uint_eq(run(0), DOOR_ANS_QUANTUM);
	ck_assert_uint_ge(port_clock(host), 30000);
	ck_assert_uint_lt(port_clock(host), 32000);
	ck_assert_uint_eq(other->irqs_pending, 1);
	ck_assert_uint_eq(other->deadline, PORT_NEVER);
	ck_assert_uint_eq(lg->irqs_pending, 0);
	ck_assert_uint_eq(host->next_deadline, 90000);
	/* Not twice; and its own does not end its turn. */
	ck_assert_uint_eq(run(100000), DOOR_ANS_QUANTUM);
	ck_assert(handled_by_guest());
	ck_assert_uint_ge(port_clock(host), 130000);
	ck_assert_uint_eq(host->next_deadline, PORT_NEVER);
}
END_TEST

/* A timer that goes off too early, as a PC's does if it cannot count that far, is set again; so it is
 * when the Guest asks for another time, or another turn begins. */
START_TEST(timer_is_set_again)
{
	kernel(0, false);
	turn_begin(lg, 100000);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(m.timer_ns, lg->turn_end);
	port_arm_timer(host, PORT_NEVER);
	lg->regs->trapnum = le32(DOOR_VECTOR_TIMER);
	turn_left(lg);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(m.timer_ns, lg->turn_end);
	hcall(SET_CLOCKEVENT, 5000);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(m.timer_ns, lg->deadline);
	hcall(SET_CLOCKEVENT, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(m.timer_ns, lg->turn_end);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(m.timer_ns, PORT_NEVER);
}
END_TEST

START_TEST(deadline_of_the_destroyed)
{
	kernel(1, false);
	hcall(SET_CLOCKEVENT, 30000);
	kernel(0, false);
	hcall(SET_CLOCKEVENT, 90000);
	put_code(W_CODE, CODE_SPIN);
	ck_assert_uint_eq(ask(DOOR_REQ_DESTROY, 1, 0), DOOR_ANS_OK);
	ck_assert_uint_eq(host->next_deadline, 90000);
	ck_assert_uint_eq(run(50000), DOOR_ANS_QUANTUM);
	ck_assert_uint_ge(port_clock(host), 50000);
}
END_TEST

/* --- 10.4 ------------------------------------------------------------------------------------------ */

START_TEST(order)
{
	kernel(0, false);
	gate(0x21, 0x8e00);
	set_call_registers((const uint32_t[5]){NOTIFY, 0x400000});
	lg->hcall_waiting = true;
	set_interrupt(lg, 1);
	lg->break_asked = lg->halted = true;
	turn_begin(lg, 0);
	/* Calls, then NOTIFY, before anything else. */
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_NOTIFY);
	ck_assert(!handled_by_guest() && lg->break_asked && lg->halted);
	lg->notify_pending = false;
	/* The interrupt is delivered, though the turn ends. */
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_QUANTUM);
	ck_assert(handled_by_guest() && !lg->break_asked && !lg->halted);
	ck_assert_uint_eq(turn_next(lg), 0);
	/* A restart is no death. */
	kill_guest(lg, "CRASH: ");
	lg->restart = lg->break_asked = true;
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_RESTART);
	lg->restart = false;
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_DEAD);
}
END_TEST

/* 14 number 4: what the CPU gets is never what a Guest must not have. */
START_TEST(flags_on_entry)
{
	kernel(0, false);
	turn_begin(lg, 0);
	lg->regs->eflags = le32(0xffffffff);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(le32_get(lg->regs->eflags), 0x00250fd7);
	lg->regs->eflags = le32(0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert_uint_eq(le32_get(lg->regs->eflags), 0x202);
	ck_assert_uint_eq(le32_get(lg->regs->trapnum), 256);
}
END_TEST

/* 9.7: an interrupt right behind the last instruction of a segment; nothing else has changed. */
START_TEST(end_of_segment)
{
	kernel(0, false);
	hcall(LOAD_GDT_ENTRY, 20, 0x0fff, 0x00409a00);
	lg->regs->cs = le32(20 * 8 + 1);
	lg->regs->eip = le32(0xfff);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	lg->regs->eip = le32(0x1000);
	lg->regs->trapnum = le32(DOOR_VECTOR_TIMER);
	turn_left(lg);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_DEAD);
	ck_died("unhandled trap 256 at 0x1000 (0x0)");
}
END_TEST

/* 9.3: the stack that the CPU takes from ring 3 is that of the Guest which runs. */
START_TEST(stack_in_the_tss)
{
	const struct guest_tss *tss;

	kernel(1, false);
	hcall(SET_STACK, KERNEL_DS, ESP - 0x100, 1);
	kernel(0, false);
	hcall(SET_STACK, KERNEL_DS, ESP, 1);
	tss = &((const struct lguest_ro_state *)(m.mem.ram + host->state_page.v))->guest_tss;
	for (unsigned i = 0; i < 2; i++) {
		lg = &host->guests[i];
		turn_begin(lg, 0);
		ck_assert_uint_eq(turn_next(lg), 0);
		ck_assert_uint_eq(le32_get(tss->esp1), ESP - i * 0x100);
		ck_assert_uint_eq(le32_get(tss->ss1), KERNEL_DS);
		ck_assert_uint_eq(le32_get(tss->esp0), SWITCHER_STATE);
		ck_assert_uint_eq(le32_get(tss->ss0), 0x58);
		ck_assert_uint_eq(le16_get(tss->io_map_base), 0x68);
	}
}
END_TEST

/* 9.4 step 2: tables and segments of the one that ran before are not those of the next. */
START_TEST(tables_of_each_guest)
{
	const struct lguest_ro_state *state =
		(const struct lguest_ro_state *)(m.mem.ram + host->state_page.v);

	kernel(1, false);
	gate(3, 0xef00);
	hcall(LOAD_GDT_ENTRY, 20, 0x1111, 0x00cff200);
	kernel(0, false);
	for (unsigned i = 0; i < 4; i++) {
		const bool has = i & 1;

		lg = &host->guests[i & 1];
		turn_begin(lg, 0);
		ck_assert_uint_eq(turn_next(lg), 0);
		ck_assert_uint_eq(le32_get(state->guest_gdt[20].a), has ? 0x1111 : 0);
		ck_assert_uint_eq(le32_get(state->guest_idt[3].a) >> 16, has ? 0x61 : 0x50);
		ck_assert_uint_eq(shadow(SWITCHER_PAIR) & PAGE_MASK, lg->regs_page.v);
	}
}
END_TEST

/* --- 5.9 ------------------------------------------------------------------------------------------- */

/* fld1 or fldpi, then spin; at +0x10: fstpl W_FREE, fnstcw W_FREE + 8, spin. */
static void fpu_code(uint8_t constant)
{
	const le32_t at = le32(W_KERNEL + W_FREE), cw = le32(W_KERNEL + W_FREE + 8);

	put_code(W_CODE, 0xd9, constant, CODE_SPIN);
	put_code(W_CODE + 0x10, 0xdd, 0x1d, 0, 0, 0, 0, 0xd9, 0x3d, 0, 0, 0, 0, CODE_SPIN);
	put_bytes(W_CODE + 0x12, &at, 4);
	put_bytes(W_CODE + 0x18, &cw, 4);
}

START_TEST(fpu_of_each_guest)
{
	kernel(1, false);
	fpu_code(0xeb);
	kernel(0, false);
	fpu_code(0xe8);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(ask(DOOR_REQ_RUN, i, 10000), DOOR_ANS_QUANTUM);
	for (unsigned i = 0; i < 2; i++) {
		lg = &host->guests[i];
		go(EIP + 0x10);
		ck_assert_uint_eq(run(10000), DOOR_ANS_QUANTUM);
		ck_assert_uint_eq(get(W_FREE + 4), i ? 0x400921fb : 0x3ff00000);
		ck_assert_uint_eq(get(W_FREE), i ? 0x54442d18 : 0);
	}
	ck_lives();
}
END_TEST

/* A Guest that is born after another has used the FPU finds nothing of that in it. */
START_TEST(fresh_fpu)
{
	uint32_t control;

	kernel(0, false);
	fpu_code(0xe8);
	go(EIP + 0x10);
	ck_assert_uint_eq(run(10000), DOOR_ANS_QUANTUM);
	control = get(W_FREE + 8);
	/* fldcw that says 0x027f, fldpi */
	put(W_FREE + 8, 0x027f);
	put_code(W_CODE, 0xd9, 0x2d, 8, 0, 4, 0xc0, 0xd9, 0xeb, CODE_SPIN);
	go(EIP);
	ck_assert_uint_eq(run(10000), DOOR_ANS_QUANTUM);
	if (_i)
		ck_assert_uint_eq(ask(DOOR_REQ_DESTROY, 0, 0), DOOR_ANS_OK);
	kernel(_i ? 0 : 1, false);
	fpu_code(0xe8);
	go(EIP + 0x10);
	ck_assert_uint_eq(run(10000), DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(get(W_FREE + 8), control);
	ck_assert_uint_ne(get(W_FREE + 4), 0x400921fb); /* its stack was empty */
}
END_TEST

/* The Guest's own TS: the first use of the FPU traps, until it says otherwise. */
START_TEST(task_switched)
{
	kernel(0, false);
	gate(7, 0x8e00);
	put_code(W_CODE, 0xd9, 0xe8, CODE_SPIN);
	put_code(HANDLER - W_KERNEL, CODE_HALT);
	hcall(TS, 8);
	ck_assert_uint_eq(run(0), DOOR_ANS_HALTED);
	ck_assert_uint_eq(exits(7), 1);
	ck_assert_uint_eq(get(W_STACK - 12), EIP);
	lg->halted = false;
	hcall(TS, 0);
	go(EIP);
	ck_assert_uint_eq(run(10000), DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(exits(7), 1);
	ck_lives();
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, each_trap, 0, 34);
	tcase_add_loop_test(tc, each_trap, 0x7f, 0x82);
	tcase_add_loop_test(tc, each_trap, 255, 257);
	tcase_add_test(tc, unhandled);
	tcase_add_test(tc, unhandled_before_init);
	tcase_add_test(tc, general_protection);
	tcase_add_loop_test(tc, vmcall, 0, 2);
	tcase_add_test(tc, page_faults);
	tcase_add_test(tc, device_memory);
	tcase_add_loop_test(tc, system_call, 0, 2);
	tcase_add_test(tc, hypercall_from_user_space);
	tcase_add_test(tc, software_interrupts);
	tcase_add_test(tc, quantum);
	tcase_add_test(tc, breaks);
	tcase_add_test(tc, break_in_the_middle);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, interrupt_that_had_to_wait);
	tcase_add_test(tc, deadlines);
	tcase_add_test(tc, timer_is_set_again);
	tcase_add_test(tc, deadline_of_the_destroyed);
	tcase_add_test(tc, order);
	tcase_add_test(tc, flags_on_entry);
	tcase_add_test(tc, end_of_segment);
	tcase_add_test(tc, stack_in_the_tss);
	tcase_add_test(tc, tables_of_each_guest);
	tcase_add_test(tc, fpu_of_each_guest);
	tcase_add_loop_test(tc, fresh_fpu, 0, 2);
	tcase_add_test(tc, task_switched);
}

int main(void)
{
	return run_tests("native_core", add);
}
