/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:340
 * Exceptions and interrupts: taking an event through the IDT.
:*/
#ifndef CPU_EVENT_H
#define CPU_EVENT_H

#include "cpu.h"

/*
 * Deliver cpu->trap through the IDT (real mode: the vector table), with the rules for faults
 * during delivery (contributory faults make #DF, a fault of #DF shuts down).  cpu->s.eip is the
 * EIP to save.  Returns 0 when a handler is about to run, 1 on shutdown; cpu->trap then still
 * tells what could not be delivered in the first place.
 */
int event_deliver(struct cpu *cpu) MUST_CHECK;

/* INT n, EIP already past it, if nothing is unusual about it; false: nothing has been done. */
bool event_software(struct cpu *cpu, uint8_t vector) MUST_CHECK;

/* Deliver an external interrupt (vector from the board); same result. */
int event_interrupt(struct cpu *cpu, uint8_t vector) MUST_CHECK;

#endif
