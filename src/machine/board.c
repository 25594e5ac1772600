/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:401
 * The board at work: ports, interrupt lines, the timer, and the loop that keeps the processor
 * going until somebody outside has to look.  It never waits and never asks the host for the time;
 * both are for whoever calls machine_run().
:*/
#include <errno.h>
#include <string.h>

#include "base/bug.h"
#include "board.h"

#define NS_PER_SEC 1000000000u

/*L:100
 * The board has two interrupt lines, both level: the timer's, which stays up until the Host writes
 * the next deadline, and that of the event registers, up as long as any of them holds a bit.  The
 * processor has one pin; what it finds when it asks is whichever is up, the timer first.
 */
static void update_lines(struct machine *m)
{
	cpu_set_intr(&m->cpu, m->timer_line || m->event_map);
}

static uint8_t intr_ack(void *ctx)
{
	struct machine *m = ctx;

	if (m->timer_line) {
		m->timer_interrupts++;
		return DOOR_VECTOR_TIMER;
	}
	m->event_interrupts++;
	return DOOR_VECTOR_EVENT;
}

void machine_raise(struct machine *m, unsigned guest, uint32_t bits)
{
	BUG_ON(guest >= DOOR_GUESTS);
	m->event[guest] |= bits;
	if (m->event[guest])
		m->event_map |= 1u << guest;
	update_lines(m);
}

static uint32_t take_event_register(struct machine *m)
{
	uint32_t bits = 0;

	if (m->event_sel < DOOR_GUESTS) {
		bits = m->event[m->event_sel];
		m->event[m->event_sel] = 0;
		m->event_map &= ~(1u << m->event_sel);
	}
	update_lines(m);
	return bits;
}
/*:*/

/*L:101
 * Time.  The processor looks up from its work when the board clock has reached deadline_ns; that
 * is the timer's, or the stamp of the next event, whichever is first.  A deadline that has passed
 * is the timer line's business from then on.
 */
uint64_t machine_clock_ns(const struct machine *m)
{
	return cpu_clock_ns(&m->cpu);
}

uint64_t machine_wakeup_ns(const struct machine *m)
{
	uint64_t event = events_next_ns(&m->events);

	return !m->timer_line && m->timer_ns < event ? m->timer_ns : event;
}

static bool event_is_due(const struct machine *m)
{
	return events_next_ns(&m->events) <= machine_clock_ns(m);
}

static void check_time(struct machine *m)
{
	if (m->timer_ns <= machine_clock_ns(m)) {
		m->timer_line = true;
		update_lines(m);
	}
	if (event_is_due(m)) {
		/* It stays at the head of the queue; no need to be told again. */
		m->cpu.deadline_ns = m->timer_line ? UINT64_MAX : m->timer_ns;
		cpu_stop(&m->cpu);
		return;
	}
	m->cpu.deadline_ns = machine_wakeup_ns(m);
}

static void deadline_reached(void *ctx)
{
	check_time(ctx);
}

static void timer_write(struct machine *m, bool high, uint32_t v)
{
	m->timer_line = false;
	update_lines(m);
	if (!high) {
		/* Half a deadline is none. */
		m->timer_low = v;
		m->timer_ns = UINT64_MAX;
	} else {
		m->timer_ns = (uint64_t)v << 32 | m->timer_low;
	}
	check_time(m);
}

void machine_idle_until(struct machine *m, uint64_t ns)
{
	uint64_t event = events_next_ns(&m->events);

	cpu_idle_until(&m->cpu, ns < event ? ns : event);
	check_time(m);
	m->cpu.stop = false;
}
/*:*/

/*L:102
 * The wall clock is the board clock and a constant, so it too is a function of the run.  Reading
 * the seconds latches the nanoseconds: two reads, one moment.
 */
static uint32_t wall_read(struct machine *m)
{
	uint64_t wall = m->epoch_ns + machine_clock_ns(m);

	m->wall_nsec = (uint32_t)(wall % NS_PER_SEC);
	return (uint32_t)(wall / NS_PER_SEC);
}
/*:*/

/*L:103
 * The Host gives up.  What it says about that is copied at once, as far as it can be read: it is
 * the last thing it will ever say.
 */
static void take_failure(struct machine *m, uint32_t at)
{
	uint32_t text;
	size_t i;

	m->failed = true;
	m->failure_text[0] = '\0';
	if (!mem_read(&m->mem, at, &m->failure, sizeof(m->failure))) {
		memset(&m->failure, 0, sizeof(m->failure));
		return;
	}
	text = le32_get(m->failure.text);
	if (!text)
		return;
	for (i = 0; i < sizeof(m->failure_text) - 1; i++)
		if (!mem_read(&m->mem, text + (uint32_t)i, &m->failure_text[i], 1) ||
		    !m->failure_text[i])
			break;
	m->failure_text[i] = '\0';
}

static void text_write(struct machine *m, char c)
{
	/* machine_run() does not start with a full buffer, so there is room for one byte more. */
	if (m->text_len < MACHINE_TEXT_BYTES)
		m->text[m->text_len++] = c;
	if (m->text_len == MACHINE_TEXT_BYTES)
		cpu_stop(&m->cpu);
}
/*:*/

/*L:104
 * And this is the door, seen from its other side.  All ports are 32 bits wide; any other access,
 * and any other port, finds nobody.  That only ring 0 gets as far as this is the processor's
 * doing: it asked the I/O permission map before it asked us.
 */
static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
	struct machine *m = ctx;

	if (size != 4)
		return ~0u;
	switch (port) {
	case DOOR_ID: return DOOR_MAGIC;
	case DOOR_EVENT: return take_event_register(m);
	case DOOR_EVENT_MAP: return m->event_map;
	case DOOR_WALL_SEC: return wall_read(m);
	case DOOR_WALL_NSEC: return m->wall_nsec;
	default: return ~0u;
	}
}

static void port_out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
	struct machine *m = ctx;

	if (size != 4)
		return;
	switch (port) {
	case DOOR_PAGE:
		if (!(v & ~PAGE_MASK) && mem_is_ram(&m->mem, v, sizeof(struct door_page)))
			m->door_page = v;
		break;
	case DOOR_BELL:
		m->bell = true;
		cpu_stop(&m->cpu);
		break;
	case DOOR_EVENT_SEL: m->event_sel = v; break;
	case DOOR_TIMER_LO: timer_write(m, false, v); break;
	case DOOR_TIMER_HI: timer_write(m, true, v); break;
	case DOOR_CONSOLE: text_write(m, (char)v); break;
	case DOOR_FAIL:
		take_failure(m, v);
		cpu_stop(&m->cpu);
		break;
	}
}
/*:*/

int machine_init(struct machine *m, uint32_t ram_bytes, enum machine_clock clock, uint64_t epoch_ns)
{
	const struct cpu_bus bus = {
		.ctx = m,
		.port_in = port_in,
		.port_out = port_out,
		.deadline = deadline_reached,
		.intr_ack = intr_ack,
	};
	int err;

	memset(m, 0, sizeof(*m));
	m->clock = clock;
	m->epoch_ns = epoch_ns;
	m->timer_ns = UINT64_MAX;
	events_init(&m->events);
	err = mem_init(&m->mem, ram_bytes);
	if (err)
		return err;
	err = cpu_init(&m->cpu, &m->mem, &bus);
	if (err) {
		mem_fini(&m->mem);
		return err;
	}
	m->cpu.ring0_charge_ns = DOOR_RING0_CHARGE_NS;
	m->cpu.pause_ns = DOOR_PAUSE_NS;
	return 0;
}

void machine_fini(struct machine *m)
{
	events_fini(&m->events);
	if (m->mem.ram) {
		cpu_fini(&m->cpu);
		mem_fini(&m->mem);
	}
	memset(m, 0, sizeof(*m));
}

/*L:105
 * Events.  Those of the clock are ours: real time has passed, so the board clock jumps forward
 * (and never back).  All others go to whoever runs the machine.
 */
const struct event *machine_event(struct machine *m)
{
	const struct event *e;
	le64_t ns;

	while (event_is_due(m)) {
		e = events_peek(&m->events);
		if (e->source != EVENT_CLOCK)
			return e;
		if (e->len == sizeof(ns)) {
			memcpy(&ns, e->bytes, sizeof(ns));
			cpu_idle_until(&m->cpu, le64_get(ns));
		}
		machine_pop(m);
	}
	return NULL;
}

void machine_pop(struct machine *m)
{
	events_pop(&m->events);
	check_time(m);
	m->cpu.stop = false;
}

int machine_push(struct machine *m, uint64_t stamp_ns, uint32_t source, const void *bytes,
		 uint32_t len)
{
	uint64_t now = machine_clock_ns(m);
	int err = events_push(&m->events, stamp_ns > now ? stamp_ns : now, source, bytes, len);

	if (!err)
		m->cpu.deadline_ns = machine_wakeup_ns(m);
	return err;
}

int machine_push_clock(struct machine *m, uint64_t now_ns)
{
	le64_t ns = le64(now_ns);

	if (now_ns <= machine_clock_ns(m))
		return 0;
	return machine_push(m, 0, EVENT_CLOCK, &ns, sizeof(ns));
}
/*:*/

/* What stopped us besides the processor's own reasons?  false: nothing, go on. */
static bool stopped(struct machine *m, enum machine_reason *why)
{
	if (m->failed) {
		*why = MACHINE_FAIL;
	} else if (m->bell) {
		m->bell = false;
		*why = MACHINE_BELL;
	} else if (m->text_len == MACHINE_TEXT_BYTES) {
		*why = MACHINE_TEXT;
	} else if (machine_event(m)) {
		*why = MACHINE_EVENT;
	} else {
		return false;
	}
	return true;
}

/*L:106
 * HLT.  With interrupts off it is the end.  In virtual mode time simply jumps to whatever comes
 * next, and we are not idle at all; in real mode the caller has to wait, and to tell us with a
 * CLOCK event that he did.
 */
static bool halted(struct machine *m)
{
	uint64_t until = machine_wakeup_ns(m);

	if (!(cpu_eflags(&m->cpu) & FL_IF))
		return true;
	if (m->timer_line || m->event_map)
		return false;
	if (until == UINT64_MAX || m->clock == MACHINE_REAL)
		return true;
	machine_idle_until(m, until);
	return false;
}

enum machine_reason machine_run(struct machine *m, uint64_t max_insns)
{
	const uint64_t end = cpu_insns(&m->cpu) + max_insns;
	enum machine_reason why;
	uint64_t done;

	for (;;) {
		if (stopped(m, &why))
			return why;
		done = cpu_insns(&m->cpu);
		if (done >= end)
			return MACHINE_BUDGET;
		check_time(m);
		m->cpu.stop = false;
		switch (cpu_run(&m->cpu, end - done)) {
		case CPU_EXIT_HALT:
			if (stopped(m, &why))
				return why;
			if (halted(m))
				return MACHINE_IDLE;
			break;
		case CPU_EXIT_SHUTDOWN: return MACHINE_SHUTDOWN;
		default: break;
		}
	}
}
/*:*/
