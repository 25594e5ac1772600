/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:400
 * The board: what is soldered around the processor.  RAM, a one-shot timer, a wall clock, two
 * interrupt lines and the door (base/door.h is its data sheet); nothing else, because a machine
 * which only ever runs one program needs nothing else.  The board knows no Guest and no device of
 * a Guest: it hands out reasons why it stopped, and whoever runs it sees to them.
:*/
#ifndef MACHINE_BOARD_H
#define MACHINE_BOARD_H

#include "base/door.h"
#include "base/types.h"
#include "cpu/cpu.h"
#include "events.h"
#include "mmu/mem.h"

enum machine_clock {
	MACHINE_VIRTUAL, /* only instructions and idleness move the clock */
	MACHINE_REAL,	 /* and CLOCK events, which bring the time of the world */
};

/* Why machine_run() came back. */
enum machine_reason {
	MACHINE_BUDGET,	  /* that many instructions have retired */
	MACHINE_BELL,	  /* the Host rang: the answer half of the door page is valid */
	MACHINE_EVENT,	  /* an event is due: take it with machine_event() */
	MACHINE_TEXT,	  /* the buffer for the Host's own messages is full: empty it */
	MACHINE_IDLE,	  /* HLT; machine_wakeup_ns() says until when */
	MACHINE_FAIL,	  /* the Host gave up: see failure */
	MACHINE_SHUTDOWN, /* triple fault */
};

#define MACHINE_TEXT_BYTES    1024u
#define MACHINE_FAILURE_BYTES 256u

struct machine {
	struct mem mem;
	struct cpu cpu;
	struct events events;
	enum machine_clock clock;

	/* The door's registers. */
	uint32_t door_page; /* machine-physical; 0 until the Host has said */
	uint32_t event_sel;
	uint32_t event[DOOR_GUESTS];
	uint32_t event_map; /* bit g: event[g] is not 0 */
	uint32_t timer_low; /* first half of a deadline being written */
	uint64_t timer_ns;  /* deadline; UINT64_MAX: not armed */
	bool timer_line;    /* asserted until the deadline is written again */
	uint64_t epoch_ns;  /* wall clock (ns since 1970) at board clock 0 */
	uint32_t wall_nsec; /* latched by a read of the seconds */

	/* What the Host did to stop us. */
	bool bell, failed;
	struct door_failure failure;
	char failure_text[MACHINE_FAILURE_BYTES];

	char text[MACHINE_TEXT_BYTES]; /* DOOR_CONSOLE */
	unsigned text_len;
	uint64_t timer_interrupts, event_interrupts; /* accepted by the CPU */
};

/* 0, -EINVAL (bad size) or -ENOMEM.  epoch_ns: the wall clock when the board clock is 0. */
int machine_init(struct machine *m, uint32_t ram_bytes, enum machine_clock clock,
		 uint64_t epoch_ns) MUST_CHECK;
void machine_fini(struct machine *m);

/* Run for at most max_insns instructions (of any ring). */
enum machine_reason machine_run(struct machine *m, uint64_t max_insns);

/* Interrupt lines (bits 1 to 31) and DOOR_EVENT_BREAK of a Guest's event register. */
void machine_raise(struct machine *m, unsigned guest, uint32_t bits);

/* The board clock, in ns since the machine was made. */
uint64_t machine_clock_ns(const struct machine *m);
/* Nothing to do until then: move the clock there, but not past the next event. */
void machine_idle_until(struct machine *m, uint64_t ns);
/* When the timer or an event would end a HLT; UINT64_MAX: never. */
uint64_t machine_wakeup_ns(const struct machine *m);

/* Something came from outside, to be seen at stamp_ns or, if that is past, now.  0 or -errno. */
int machine_push(struct machine *m, uint64_t stamp_ns, uint32_t source, const void *bytes,
		 uint32_t len) MUST_CHECK;
/* Real time: it is now_ns on the board clock, or later already.  0 or -ENOMEM. */
int machine_push_clock(struct machine *m, uint64_t now_ns) MUST_CHECK;
/* The event that is due, or NULL; machine_pop() when done.  CLOCK events are never seen here. */
const struct event *machine_event(struct machine *m);
void machine_pop(struct machine *m);

#endif
