/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:575
 * The heart of the Host: one loop.  Do what the Guest asked, give it its interrupts, let it run
 * until something happens, see what that was.  Begin to read the Host here.
:*/
#include "lg.h"

/* Interrupts that had to wait are tried again after this long. */
#define RETRY_NS 1000000u

/*H:120
 * Whatever came from outside since we last looked.
 */
void take_events(struct host *host)
{
	uint32_t map = port_event_map(host), events;
	struct lguest *lg;

	for (; map; map &= map - 1) {
		lg = &host->guests[__builtin_ctz(map)];
		events = port_events(host, lg->id);
		if (events & DOOR_EVENT_BREAK)
			lg->break_asked = true;
		lg->irqs_pending |= events & ~DOOR_EVENT_BREAK;
	}
}
/*:*/

void set_next_deadline(struct host *host)
{
	unsigned i;

	host->quiet_until = 0;
	host->next_deadline = PORT_NEVER;
	for (i = 0; i < DOOR_GUESTS; i++)
		if (host->guests[i].exists && host->guests[i].deadline < host->next_deadline)
			host->next_deadline = host->guests[i].deadline;
}

/*H:121
 * There is one timer and there are many Guests, so it carries the earliest deadline of all.  If
 * that turns out to be for another Guest than the one which runs, the Launcher may want to think
 * again about who should.
 */
static void check_clock(struct lguest *running, uint64_t now)
{
	struct host *host = running->host;
	struct lguest *lg;

	if (now < host->next_deadline)
		return;
	for (lg = host->guests; lg < host->guests + DOOR_GUESTS; lg++) {
		if (!lg->exists || now < lg->deadline)
			continue;
		lg->deadline = PORT_NEVER;
		set_interrupt(lg, 0);
		if (lg != running)
			host->someone_woke = true;
	}
	set_next_deadline(host);
}

static void arm_timer(struct host *host, uint64_t now, uint64_t end, bool retry)
{
	uint64_t when = host->next_deadline;

	if (end < when)
		when = end;
	if (retry && now + RETRY_NS < when)
		when = now + RETRY_NS;
	port_arm_timer(host, when);
	host->quiet_until = when;
}
/*:*/

/* The CPU's FPU still holds the values of the Guest that ran before. */
static void switch_guests(struct lguest *lg)
{
	struct host *host = lg->host;

	if (host->last == lg)
		return;
	if (host->last)
		port_fpu_save(host->last);
	port_fpu_load(lg);
	host->last = lg;
	lg->changed |= CHANGED_ALL;
}

/*H:131
 * Before the Switcher: registers that it can load without a fault.  IF is always on while a Guest
 * runs, whatever it thinks; IOPL is never anything but 0.  And the tables the Guest will run with,
 * but only what is not as it was when it last ran.  The pair of segments is nearly always one of
 * two, the kernel's and the user's, which we have seen before.
 */
static __attribute__((noinline)) void take_changes(struct lguest *lg)
{
	struct lguest_ro_state *state = port_change(lg->host, lg->host->state_page);
	const uint32_t changed = lg->changed;

	lg->changed = 0;
	if (changed & CHANGED_SEGS)
		check_segments(lg);
	else
		check_code_and_stack(lg);
	if (changed & CHANGED_IDT)
		copy_traps(lg);
	if (changed & CHANGED_GDT)
		copy_gdt(lg);
	else if (changed & CHANGED_GDT_TLS)
		copy_gdt_tls(lg);
	if (changed & CHANGED_STACK) {
		state->guest_tss.esp1 = le32(lg->esp1);
		state->guest_tss.ss1 = le32(lg->ss1);
	}
	if (changed & CHANGED_SHADOW)
		pin_stack_pages(lg);
}

static void prepare_to_run(struct lguest *lg)
{
	struct lguest_regs *regs = lg->regs;
	const uint32_t cs = le32_get(regs->cs), ss = le32_get(regs->ss);
	const struct code_and_stack *checked = &lg->checked[cs & 3];
	const uint32_t eflags = le32_get(regs->eflags) & X86_EFLAGS_USER;

	regs->eflags = le32(eflags | X86_EFLAGS_FIXED | X86_EFLAGS_IF);
	regs->trapnum = le32(TRAP_NEVER_LEFT);
	if (lg->changed)
		take_changes(lg);
	else if (cs != checked->cs || ss != checked->ss)
		check_code_and_stack(lg);
}
/*:*/

/*H:142
 * vmcall is how KVM's guests call, and for five releases how ours did.  On a CPU which does not
 * feel like virtualising it is an illegal instruction, so we do what it would have done.
 */
static bool is_vmcall(struct lguest *lg)
{
	uint8_t insn[3];

	if ((le32_get(lg->regs->cs) & 3) != GUEST_PL)
		return false;
	if (!read_guest_virt(lg, insn, GVA(le32_get(lg->regs->eip)), sizeof(insn)))
		return false;
	return insn[0] == 0x0f && insn[1] == 0x01 && insn[2] == 0xc1;
}

static void hypercall_trapped(struct lguest *lg, uint32_t insn, unsigned skip)
{
	lg->hcall_waiting = true;
	lg->hcall_insn = insn;
	lg->regs->eip = le32(le32_get(lg->regs->eip) + skip);
}
/*:*/

static void report_device_access(struct lguest *lg)
{
	lg->trap = 14;
	lg->trap_detail = port_fault_address(lg->host).v;
	memset(lg->trap_insn, 0, sizeof(lg->trap_insn));
	read_guest_virt(lg, lg->trap_insn, GVA(le32_get(lg->regs->eip)), 7);
	lg->trap_pending = true;
}

/*H:143
 * A page fault.  True if the Guest need not hear of it.  If it must, there is one thing to put
 * right: the CPU says whether the page was there, but it looked at our tables, and they are often
 * empty where the Guest's are not.
 */
static bool page_fault(struct lguest *lg)
{
	gva_t addr = port_fault_address(lg->host);
	uint32_t errcode = le32_get(lg->regs->errcode);

	switch (demand_page(lg, addr, errcode)) {
	case DEMAND_FILLED: count_one(&lg->host->count->shadow_faults); return true;
	case DEMAND_DEVICE: report_device_access(lg); break;
	case DEMAND_ABSENT: lg->regs->errcode = le32(errcode & ~PF_PRESENT); break;
	case DEMAND_DENIED: lg->regs->errcode = le32(errcode | PF_PRESENT); break;
	case DEMAND_OURS: break;
	}
	/* The Guest has no CR2 but this. */
	if (lg->abi)
		lgdata_put(lg, LGD_CR2, addr.v);
	return lg->trap_pending;
}
/*:*/

static void reflect(struct lguest *lg, uint32_t trapnum)
{
	if (deliver_trap(lg, trapnum))
		return;
	kill_guest(lg, "unhandled trap %li at %#lx (%#lx)", (long)trapnum,
		   (unsigned long)le32_get(lg->regs->eip),
		   (unsigned long)(trapnum == 14 ? port_fault_address(lg->host).v
						 : le32_get(lg->regs->errcode)));
}

/*H:141
 * Something happened, and here is what it can be.
 */
static void handle_trap(struct lguest *lg)
{
	uint32_t trapnum = le32_get(lg->regs->trapnum);

	switch (trapnum) {
	case 1: /* A debugger steps through the Guest; it will want to know why it stopped. */
		lg->single_stepped = le32_get(lg->regs->eflags) & X86_EFLAGS_TF;
		break;
	case 6:
		if (is_vmcall(lg)) {
			hypercall_trapped(lg, 0xc1010f, 3);
			return;
		}
		break;
	case 13:
		if (le32_get(lg->regs->errcode))
			break;
		if (is_vmcall(lg)) {
			hypercall_trapped(lg, 0xc1010f, 3);
			return;
		}
		if (emulate_insn(lg))
			return;
		break;
	case 14:
		if (page_fault(lg))
			return;
		break;
	case LGUEST_TRAP_ENTRY: hypercall_trapped(lg, 0x1fcd, 0); return;
	case SYSCALL_VECTOR: break;
	default:
		/* An interrupt of our own: it was served on the way here, and was the timer's maybe. */
		if (trapnum >= FIRST_EXTERNAL_VECTOR && trapnum < TRAP_NEVER_LEFT) {
			lg->host->quiet_until = 0;
			return;
		}
		break;
	}
	reflect(lg, trapnum);
}
/*:*/

/* A 2.6.23 Guest need not call aloud to have its ring emptied. */
static bool hypercalls_due(const struct lguest *lg)
{
	return (lg->hcall_waiting || (lg->abi && lg->abi->ring_every_turn)) && !lg->dead;
}

/* What the Launcher must see to before the Guest can go on; 0 if nothing. */
static unsigned pending_answer(const struct lguest *lg)
{
	if (lg->notify_pending)
		return DOOR_ANS_NOTIFY;
	if (lg->dma_pending)
		return DOOR_ANS_DMA;
	if (lg->trap_pending)
		return DOOR_ANS_TRAP;
	/* First let the receiver run, to whom we could not give our data. */
	if (lg->dma_retry)
		return DOOR_ANS_QUANTUM;
	return 0;
}

static unsigned answer_now(struct lguest *lg, uint64_t now)
{
	if (lg->restart)
		return DOOR_ANS_RESTART;
	if (lg->dead)
		return DOOR_ANS_DEAD;
	if (lg->break_asked || lg->host->someone_woke || now >= lg->turn_end) {
		lg->break_asked = false;
		return DOOR_ANS_QUANTUM;
	}
	return lg->halted ? DOOR_ANS_HALTED : 0;
}

/*H:111
 * Is there anything but to go on?  First what the Launcher must do; then the clock; whether an
 * interrupt can be delivered; and whether there is still a Guest to run.
 */
static __attribute__((noinline)) unsigned look_around(struct lguest *lg, uint64_t now)
{
	unsigned answer = pending_answer(lg);
	bool retry;

	if (answer)
		return answer;
	check_clock(lg, now);
	retry = maybe_do_interrupt(lg);
	answer = answer_now(lg, now);
	if (!answer)
		arm_timer(lg->host, now, lg->turn_end, retry);
	return answer;
}
/*:*/

/*H:110
 * This is it.  A turn of a Guest is a loop: while turn_next() says 0, the home enters the Guest,
 * and turn_left() sees to whatever brought it out again.  The loop itself is the home's, since on
 * the bare machine it can wait for the Guest to come out, and inside a process it cannot.
 *
 * turn_next() does the Guest's hypercalls first, since they may need the Launcher, and then looks
 * around; but nearly always there is nothing to see, and two comparisons tell.  Any other
 * answer than 0 ends the turn.
 */
void turn_begin(struct lguest *lg, uint32_t quantum_ns)
{
	struct host *host = lg->host;

	lg->turn_end = quantum_ns ? port_clock(host) + quantum_ns : PORT_NEVER;
	lg->dma_retry = false;
	host->someone_woke = false;
	host->quiet_until = 0;
	switch_guests(lg);
	take_events(host);
}

unsigned turn_next(struct lguest *lg)
{
	struct host *host = lg->host;
	unsigned answer;
	uint64_t now;

	if (hypercalls_due(lg))
		do_hypercalls(lg);
	now = port_clock(host);
	if (now >= host->quiet_until || lg->held_up || lg->irqs_pending) {
		answer = look_around(lg, now);
		if (answer)
			return answer;
	}
	prepare_to_run(lg);
	if (lg->dead)
		return DOOR_ANS_DEAD;
	count_one(&host->count->entries);
	return 0;
}

void turn_left(struct lguest *lg)
{
	struct door_counters *count = lg->host->count;
	const uint32_t trapnum = le32_get(lg->regs->trapnum);

	count_one(&count->exits);
	count_one(&count->exit[trapnum < TRAP_NEVER_LEFT ? trapnum : TRAP_NEVER_LEFT]);
	handle_trap(lg);
}
/*:*/
