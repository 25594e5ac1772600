/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:732
 * The Launcher's loop.  The original had four lines in a "for (;;)": read from /dev/lguest, and see
 * to whatever the Guest wanted.  So has this one, apart from what keeps time: ask the Host to run a
 * Guest, let the machine go, and when the bell rings see what it says.
:*/
#include <errno.h>
#include <string.h>

#include "vm.h"

/* How long a Guest may run before we think again about whose turn it is. */
#define QUANTUM_NS 10000000u
/* How far it may get ahead of another that has work. */
#define AHEAD_NS 1000000u
/* Instructions between two looks at the outside, of which there should be one in 10 ms. */
#define CHUNK_INSNS 500000u
#define LOOK_NS	    10000000u
/* No output for this long: it seems that the Guest waits for somebody to type. */
#define QUIET_NS 1000000000u
/*
 * The Host has this many instructions to find its way to the bell when nothing else is asked.  What takes
 * it longest are the boot page tables of a Guest of 1 GB: 16 million.
 */
#define BELL_INSNS 200000000u

static void end(struct lgemu *vm, enum lgemu_reason why)
{
	vm->ended = true;
	vm->end = why;
	tty_restore();
}

void loop_fail(struct lgemu *vm, uint32_t vector, const char *text)
{
	struct lgemu_failure *f = &vm->failure;

	f->vector = vector;
	f->cr2 = vm->machine.cpu.s.cr2;
	f->eip = vm->machine.cpu.s.eip;
	snprintf(f->text, sizeof(f->text), "%s", text);
	vm->has_failure = true;
	end(vm, LGEMU_HOST_FAILED);
}

/* The Host says itself what happened to it. */
static void host_failed(struct lgemu *vm)
{
	const struct door_failure *f = &vm->machine.failure;

	loop_fail(vm, le32_get(f->vector), vm->machine.failure_text);
	vm->failure.error_code = le32_get(f->error_code);
	vm->failure.cr2 = le32_get(f->cr2);
	vm->failure.eip = le32_get(f->eip);
}

/* --- the door ------------------------------------------------------------------------------------ */

/*L:400
 * A request goes into its half of the door page; then the machine may go on.  While a Guest runs
 * only its number and a quantum are of interest, and after a trap what became of it; the rest stays
 * zero.
 */
void loop_ask(struct lgemu *vm, enum door_request_op op, struct guest *g)
{
	struct door_request req = {
		.op = le32(op),
		.guest = le32(g->id),
		.quantum_ns = le32(QUANTUM_NS),
	};

	if (op == DOOR_REQ_INITIALIZE)
		req.init = g->init;
	if (op == DOOR_REQ_GETDMA)
		req.key = le32(g->dma_key.v);
	if (op == DOOR_REQ_RUN && g->trap_done) {
		req.trap = le32(g->trap);
		req.regs = g->regs;
		g->trap_done = false;
	}
	if (!mem_write(&vm->machine.mem, vm->machine.door_page, &req, sizeof(req)))
		loop_fail(vm, LGEMU_VECTOR_BUG, "the Host gave no door page");
	vm->at_bell = false;
	vm->asked = op;
	vm->asked_ns = machine_clock_ns(&vm->machine);
	vm->asked_for = g;
	/* To be asked for a buffer is no turn. */
	if (op != DOOR_REQ_GETDMA)
		vm->turn = g->id;
}

/* The answer, as it was when the bell rang.  False: there is no door page. */
bool loop_answer(struct lgemu *vm, struct door_answer *ans)
{
	const uint32_t page = vm->machine.door_page;

	memset(ans, 0, sizeof(*ans));
	if (!page ||
	    !mem_read(&vm->machine.mem, page + offsetof(struct door_page, ans), ans, sizeof(*ans)))
		return false;
	ans->text[sizeof(ans->text) - 1] = '\0';
	return true;
}
/*:*/

/*L:405
 * A Guest has come to its end, and with the last one so has the run: it ends as the one that fared
 * worst.  As long as others live, the Host shall have back what it held, and so shall the networks.
 */
static void guest_ended(struct guest *g, enum lgemu_reason why)
{
	struct lgemu *vm = g->vm;
	enum lgemu_reason worst = LGEMU_POWER_OFF; /* they are listed from good to bad */
	bool all = true;

	g->state = GUEST_ENDING;
	g->end = why;
	for (unsigned i = 0; i < vm->nr_guests; i++) {
		if (!guest_is_over(&vm->guest[i]))
			all = false;
		else if (vm->guest[i].end > worst)
			worst = vm->guest[i].end;
	}
	if (all)
		end(vm, worst);
	if (vm->options.ended)
		vm->options.ended(vm->options.ctx, g->id, why);
	console_ended(g);
	net_leave(g);
}
/*:*/

/*L:401
 * The end of a Guest.  The original's words for a clean power off and for a panic were the same,
 * "CRASH: ..."; we tell them apart by the text.
 */
static void guest_died(struct guest *g, const char *text, bool asked)
{
	struct lgemu *vm = g->vm;

	snprintf(g->death, sizeof(g->death), "%s", text);
	if (asked && !strcmp(text, "CRASH: Power down")) {
		guest_ended(g, LGEMU_POWER_OFF);
	} else if (!g->layout_seen && !strncmp(text, "unhandled trap 6 ", 17) &&
		   guest_lacks_support(g)) {
		/* The slot for lguest in a kernel that has none is an illegal instruction. */
		complain(&vm->error, 0, "%s has no lguest guest support (CONFIG_LGUEST_GUEST)",
			 g->kernel.name);
		guest_ended(g, LGEMU_ERROR);
	} else {
		guest_ended(g, LGEMU_DEAD);
	}
}
/*:*/

static void warn_of_device(struct guest *g, const char *why)
{
	if (why)
		guest_warn(g, "a device of the guest: %.200s", why);
}

/*L:402
 * NOTIFY.  The address says what for: a queue, a descriptor whose status changed, or text of a
 * Guest that has no console yet.
 */
static void notify(struct guest *g, uint32_t addr)
{
	char text[4097];
	const char *why = NULL;
	size_t n;

	switch (devices_notify(g, GPA(addr), &why)) {
	case LGUEST_NOTIFY_TEXT:
		n = devices_early_text(g, GPA(addr), text, sizeof(text));
		console_print(g, (const uint8_t *)text, n);
		break;
	case LGUEST_NOTIFY_BAD:
		snprintf(text, sizeof(text), "Bad NOTIFY %#x", addr);
		guest_died(g, text, false);
		break;
	default: console_retry(g); break;
	}
	warn_of_device(g, why);
}
/*:*/

/*L:406
 * The same in the language of 2.6.23.  Whether the Guest got a buffer or not, there may be room now
 * for what the user typed.
 */
static void dma_sent(struct guest *g, gpa_t dma, gpa_t key)
{
	const char *why = NULL;

	devices_dma_sent(g, dma, key, &why);
	warn_of_device(g, why);
}

static void buffer_answered(struct guest *g, const struct door_answer *ans)
{
	const char *why = NULL;

	devices_buffer(g, ans, &why);
	console_retry(g);
	warn_of_device(g, why);
}

/* Guests to which the one that ran has given something.  If it waits for one of them, let that one
 * go first. */
static void wake_others(struct lgemu *vm, const struct door_answer *ans)
{
	const uint32_t woken = le32_get(ans->woken);

	for (unsigned i = 0; i < vm->nr_guests; i++)
		if (woken >> i & 1)
			loop_wake(&vm->guest[i]);
	vm->gives_way = woken && le32_get(ans->op) == DOOR_ANS_QUANTUM;
}
/*:*/

/*L:404
 * An instruction that wants hardware.  Storing to a device may have given it room for what the
 * user typed.
 */
static void trap(struct guest *g, const struct door_answer *ans)
{
	g->trap = trapped(g, ans);
	g->trap_done = true;
	console_retry(g);
	if (g->trap != 14 || g->warned_of_trap)
		return;
	g->warned_of_trap = true;
	guest_warn(g,
		   "the guest touched device memory at %#x where no device is, or with an "
		   "instruction that lgemu does not know (at eip %#x)",
		   le32_get(ans->arg[1]), le32_get(ans->regs.eip));
}
/*:*/

/* The Host knows now which dialect the Guest speaks.  Did we? */
static void compare_layout(struct guest *g, const struct door_answer *ans)
{
	const uint32_t layout = le32_get(ans->layout);
	const char letter[2] = {(char)('A' + layout - 1), '\0'};

	if (g->layout_seen || !layout)
		return;
	g->layout_seen = true;
	if (strstr(g->found.era->layouts, letter))
		return;
	guest_warn(g, "the kernel was taken for %s (%.80s), but speaks layout %s of lguest_data",
		   g->found.era->range, g->found.why, letter);
}

static void refused(struct guest *g, const struct door_answer *ans)
{
	complain(&g->vm->error, 0, "the Host refuses: %.256s", ans->text);
	guest_ended(g, LGEMU_ERROR);
}

/* What came of INITIALIZE and DESTROY, when a Guest starts over or is gone. */
static void request_done(struct guest *g, const struct door_answer *ans)
{
	struct lgemu *vm = g->vm;

	if (g->state == GUEST_ENDING) {
		g->state = GUEST_ENDED; /* and if the Host knew it no more, all the better */
	} else if (le32_get(ans->op) != DOOR_ANS_OK) {
		refused(g, ans);
	} else if (vm->asked == DOOR_REQ_INITIALIZE) {
		g->state = GUEST_READY;
	} else if (guest_load(g)) {
		guest_ended(g, LGEMU_ERROR);
	} else {
		g->state = GUEST_NEW;
		g->layout_seen = false;
		g->trap_done = false;
	}
}

/*L:403
 * The bell rang: what does the Guest want?
 */
static void run_answered(struct guest *g, const struct door_answer *ans)
{
	struct lgemu *vm = g->vm;
	char text[64];

	g->used_ns += machine_clock_ns(&vm->machine) - vm->asked_ns;
	compare_layout(g, ans);
	wake_others(vm, ans);
	if (g->dma)
		dma23_bus_ran(g->dma);
	g->regs = ans->regs;
	g->cr3 = le32_get(ans->cr3);
	g->pae = le32_get(ans->pae);
	switch (le32_get(ans->op)) {
	case DOOR_ANS_NOTIFY: notify(g, le32_get(ans->arg[0])); break;
	case DOOR_ANS_DMA:
		dma_sent(g, GPA(le32_get(ans->arg[0])), GPA(le32_get(ans->arg[1])));
		break;
	case DOOR_ANS_TRAP: trap(g, ans); break;
	case DOOR_ANS_QUANTUM: break;
	case DOOR_ANS_HALTED:
		/* An interrupt may have come since the Host made up its mind. */
		g->state = vm->machine.event[g->id] ? GUEST_READY : GUEST_HALTED;
		g->wake_ns = le32_get(ans->arg[0]) | (uint64_t)le32_get(ans->arg[1]) << 32;
		break;
	case DOOR_ANS_DEAD: guest_died(g, ans->text, le32_get(ans->arg[0]) == 1); break;
	case DOOR_ANS_RESTART: g->state = GUEST_RESTARTING; break;
	case DOOR_ANS_REFUSED: refused(g, ans); break;
	default:
		snprintf(text, sizeof(text), "the Host gave the unknown answer %u",
			 le32_get(ans->op));
		loop_fail(vm, LGEMU_VECTOR_BUG, text);
	}
}

static void bell(struct lgemu *vm)
{
	struct door_answer ans;

	vm->at_bell = true;
	if (!loop_answer(vm, &ans))
		loop_fail(vm, LGEMU_VECTOR_BUG, "the Host rang, but gave no door page");
	else if (vm->asked == DOOR_REQ_RUN)
		run_answered(vm->asked_for, &ans), net_pump(vm->net);
	else if (vm->asked == DOOR_REQ_GETDMA)
		buffer_answered(vm->asked_for, &ans);
	else
		request_done(vm->asked_for, &ans);
}
/*:*/

/* --- time and input ------------------------------------------------------------------------------ */

static uint64_t real_now(const struct lgemu *vm)
{
	return host_now_ns() - vm->host_base_ns;
}

/* Real time goes on, whether the Guest works or not. */
static void tick(struct lgemu *vm)
{
	if (vm->machine.clock == MACHINE_REAL && vm->host_base_ns &&
	    machine_push_clock(&vm->machine, real_now(vm)))
		complain(&vm->error, 0, "out of memory");
}

/* A buffer can only be asked for at the bell, so let the Host come there. */
static void hurry(struct lgemu *vm)
{
	for (unsigned i = 0; !vm->at_bell && i < vm->nr_guests; i++)
		if (devices_want_buffer(&vm->guest[i])) {
			machine_raise(&vm->machine, vm->turn, DOOR_EVENT_BREAK);
			return;
		}
}

static void take_events(struct lgemu *vm)
{
	const struct event *e;
	bool any = false;

	while ((e = machine_event(&vm->machine))) {
		any = true;
		if (e->source >= EVENT_NET)
			net_event(vm->net, e->source - EVENT_NET, e->bytes, e->len);
		else
			console_type(&vm->guest[e->source - EVENT_CONSOLE], e->bytes, e->len);
		machine_pop(&vm->machine);
	}
	if (any)
		hurry(vm);
}

static void look(struct lgemu *vm, uint64_t wait_ns)
{
	if (outside_look(vm, wait_ns) < 0)
		end(vm, LGEMU_LEFT);
}

/*L:410
 * When do we look for input?  In real mode whenever we are here, which is often.  In virtual mode
 * only when the machine stands at the bell, and the board clock has come far enough: what is there
 * from the beginning, as in a file, is then always found at the same moments.
 */
static void look_outside(struct lgemu *vm)
{
	const uint64_t now = machine_clock_ns(&vm->machine);

	tick(vm);
	if (vm->machine.clock == MACHINE_VIRTUAL) {
		if (!vm->at_bell || now < vm->look_ns)
			return;
		vm->look_ns = now + LOOK_NS;
	}
	look(vm, 0);
}
/*:*/

/*L:411
 * Nobody has anything to do.  In real mode we wait for whatever comes first, a deadline or a key.
 * In virtual mode time jumps to the deadline; but when somebody is at the other end of a pipe, and
 * the Guest that reads it has been quiet for a while, then the next thing to happen is probably that they write,
 * and racing through the years until then would do nobody any good.  And once a Guest has talked to
 * somebody outside, who lives in real time, idleness takes as long here as there: an answer that
 * takes a millisecond must not come an hour late.
 */
static void idle_virtual(struct lgemu *vm, uint64_t until)
{
	const uint64_t now = machine_clock_ns(&vm->machine),
		       pending = events_next_ns(&vm->machine.events), start = host_now_ns();
	const bool paced = net_paces(vm->net);
	const uint64_t quiet_ns = console_quiet_ns(vm);
	uint64_t wait = 0, passed;

	if (until == UINT64_MAX)
		wait = UINT64_MAX;
	else if (paced || (now - quiet_ns > QUIET_NS && pending == UINT64_MAX))
		wait = until - now < LOOK_NS ? until - now : LOOK_NS;
	if (console_types(vm) || net_outside(vm->net))
		look(vm, wait);
	passed = host_now_ns() - start;
	if (paced && until != UINT64_MAX && passed < until - now)
		until = now + passed;
	if (until != UINT64_MAX)
		machine_idle_until(&vm->machine, until);
}

static void idle_real(struct lgemu *vm, uint64_t until)
{
	const uint64_t now = real_now(vm);

	look(vm, until == UINT64_MAX ? until : until > now ? until - now : 0);
	tick(vm);
}

static void idle(struct lgemu *vm, uint64_t until)
{
	const uint64_t event = events_next_ns(&vm->machine.events);

	if (event < until)
		until = event;
	if (until == UINT64_MAX && !console_listens(vm) && !net_outside(vm->net))
		end(vm, LGEMU_IDLE); /* what was typed and still waits has found no reader */
	else if (vm->machine.clock == MACHINE_REAL)
		idle_real(vm, until);
	else
		idle_virtual(vm, until);
}
/*:*/

/* --- the loop ------------------------------------------------------------------------------------- */

/*L:420
 * Whose turn is it?  Each Guest has used some of the board's time, and the one that used least is
 * next; of equals, the one whose turn is longest ago.  So all that have work get the same, however
 * often somebody else's clock or mail cuts their turns short.  The one that runs may get a little
 * ahead before it has to stop: a change of Guests is not free, and half a word is no message.  All of
 * it is board clock: the turns of two equal runs are equal.
 *
 * Who has slept has used little, and could now keep the others waiting for as long as it slept.  So
 * sleep is not saved up: waking, a Guest counts as one that got as much as the last one served.
 */
void loop_wake(struct guest *g)
{
	if (g->state != GUEST_HALTED)
		return;
	g->state = GUEST_READY;
	if (g->used_ns < g->vm->served_ns)
		g->used_ns = g->vm->served_ns;
}

static bool can_run(struct guest *g)
{
	if (g->state == GUEST_HALTED && machine_clock_ns(&g->vm->machine) >= g->wake_ns)
		loop_wake(g);
	return g->state != GUEST_HALTED && g->state != GUEST_ENDED;
}

static struct guest *next_guest(struct lgemu *vm, uint64_t *wake_ns)
{
	struct guest *g, *next = NULL;
	unsigned i;

	*wake_ns = UINT64_MAX;
	for (i = 1; i <= vm->nr_guests; i++) {
		g = &vm->guest[(vm->turn + i) % vm->nr_guests];
		if (can_run(g) && (!next || g->used_ns < next->used_ns))
			next = g;
		if (g->state == GUEST_HALTED && g->wake_ns < *wake_ns)
			*wake_ns = g->wake_ns;
	}
	g = &vm->guest[vm->turn];
	if (vm->gives_way || !next || !can_run(g) || g->used_ns >= next->used_ns + AHEAD_NS)
		return next;
	return g;
}

static void next_request(struct lgemu *vm)
{
	static const enum door_request_op ops[] = {
		[GUEST_NEW] = DOOR_REQ_INITIALIZE,
		[GUEST_READY] = DOOR_REQ_RUN,
		[GUEST_RESTARTING] = DOOR_REQ_DESTROY,
		[GUEST_ENDING] = DOOR_REQ_DESTROY,
	};
	uint64_t wake_ns;
	struct guest *g;
	unsigned i;

	for (i = 0; i < vm->nr_guests; i++)
		if (devices_want_buffer(&vm->guest[i])) {
			loop_ask(vm, DOOR_REQ_GETDMA, &vm->guest[i]);
			return;
		}
	g = next_guest(vm, &wake_ns);
	if (!g) {
		idle(vm, wake_ns);
		return;
	}
	if (g->used_ns > vm->served_ns)
		vm->served_ns = g->used_ns;
	loop_ask(vm, ops[g->state], g);
}
/*:*/

static void flush_host_text(struct lgemu *vm)
{
	struct machine *m = &vm->machine;

	if (m->text_len && vm->options.host_output)
		vm->options.host_output(vm->options.ctx, (const uint8_t *)m->text, m->text_len);
	m->text_len = 0;
}

/* HLT in the Host, outside any RUN that could have answered HALTED. */
static void machine_idle(struct lgemu *vm)
{
	if (machine_wakeup_ns(&vm->machine) == UINT64_MAX)
		loop_fail(vm, LGEMU_VECTOR_HALTED, "the Host halted, and nothing will wake it");
	else
		idle_real(vm, machine_wakeup_ns(&vm->machine));
}

/* The machine, with whichever Host it has. */
static enum machine_reason run_machine(struct lgemu *vm, uint64_t insns)
{
	return vm->native ? native_run(vm->native, insns) : machine_run(&vm->machine, insns);
}

static void go(struct lgemu *vm, uint64_t insns)
{
	switch (run_machine(vm, insns)) {
	case MACHINE_BELL: bell(vm); break;
	case MACHINE_EVENT: take_events(vm); break;
	case MACHINE_IDLE: machine_idle(vm); break;
	case MACHINE_FAIL: host_failed(vm); break;
	case MACHINE_SHUTDOWN: loop_fail(vm, LGEMU_VECTOR_SHUTDOWN, "triple fault"); break;
	case MACHINE_TEXT:
	case MACHINE_BUDGET: break;
	}
	flush_host_text(vm);
}

/*L:421
 * And this is the loop.
 */
enum lgemu_reason loop_run(struct lgemu *vm, uint64_t max_insns)
{
	const struct cpu *cpu = &vm->machine.cpu;
	const uint64_t start = cpu_insns(cpu);
	uint64_t done;

	for (;;) {
		look_outside(vm);
		take_events(vm);
		if (vm->ended)
			return vm->end;
		if (vm->stop) {
			vm->stop = 0;
			return LGEMU_STOPPED;
		}
		done = cpu_insns(cpu) - start;
		if (done >= max_insns)
			return LGEMU_BUDGET;
		if (vm->at_bell)
			next_request(vm);
		if (!vm->at_bell && !vm->ended)
			go(vm, max_insns - done < CHUNK_INSNS ? max_insns - done : CHUNK_INSNS);
	}
}
/*:*/

int loop_to_bell(struct lgemu *vm)
{
	const uint64_t start = cpu_insns(&vm->machine.cpu);
	enum machine_reason why;

	for (;;) {
		why = run_machine(vm, CHUNK_INSNS);
		flush_host_text(vm);
		if (why == MACHINE_BELL) {
			vm->at_bell = true;
			return 0;
		}
		if (why == MACHINE_EVENT)
			take_events(vm);
		else if (why == MACHINE_FAIL)
			host_failed(vm);
		else if (why == MACHINE_SHUTDOWN)
			loop_fail(vm, LGEMU_VECTOR_SHUTDOWN, "triple fault");
		else if (why == MACHINE_IDLE)
			machine_idle(vm);
		else if (cpu_insns(&vm->machine.cpu) - start > BELL_INSNS)
			loop_fail(vm, LGEMU_VECTOR_HALTED, "the Host never rings the bell");
		if (vm->ended)
			return complain(&vm->error, -EIO, "the Host failed");
	}
}
