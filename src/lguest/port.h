/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:515
 * What the Host needs from the house it lives in.  The Host proper is portable C that could run
 * anywhere; a *home* (ring0: the real thing, on the bare machine; native: inside the lgemu
 * process, for unit tests) supplies the few functions below and fills in the first part of
 * "struct host".  If you want to know what a hypervisor cannot do for itself, read this list: it
 * is short.
 *
 * Nothing above this line of the tree may know which home it is in.
:*/
#ifndef LGUEST_PORT_H
#define LGUEST_PORT_H

#include "base/types.h"

struct host;
struct lguest;

/*H:040
 * Memory.  All machine memory is reached through these two: port_look() to read, port_change()
 * to write.  The pointer is good up to the end of that page, no further, and what it points at is
 * little-endian, so it is always a le32_t or friends.
 *
 * On the bare machine memory is mapped where it is and both are a cast; the other home must know
 * which pages we store to, because something there may be keeping decoded instructions of them.
:*/
#if !__STDC_HOSTED__
static inline const void *port_look(struct host *host, hpa_t at)
{
	(void)host;
	return (const void *)at.v;
}

static inline void *port_change(struct host *host, hpa_t at)
{
	(void)host;
	return (void *)at.v;
}
#else
const void *port_look(struct host *host, hpa_t at);
void *port_change(struct host *host, hpa_t at);
#endif

/* One page of zeroes for our own use, or address 0 when there is none left.  It is to be given
 * back as it came, full of zeroes; nobody knows as well as we do how little of it we used. */
hpa_t port_alloc_page(struct host *host);
void port_free_page(struct host *host, hpa_t page);

/*H:041
 * Running.  How a Guest is entered and left is not here: the home does that of its own accord,
 * with turn_next() and turn_left() of core.c, the tables of guest_shadow() in CR3, and CR0.TS set
 * exactly if lg->ts is.  We only ask what we cannot read in lg->regs.
:*/

/* CR2 as the last page fault of a Guest left it. */
gva_t port_fault_address(struct host *host);

/* The floating point registers of "lg" to and from lg->fpu; a fresh Guest has a fresh FPU. */
void port_fpu_init(struct lguest *lg);
void port_fpu_save(struct lguest *lg);
void port_fpu_load(struct lguest *lg);

/*H:042
 * Time.  The board clock in ns, monotonic; a one-shot timer on it, whose interrupt brings us back
 * from the Guest (deadline PORT_NEVER: none); the wall clock; and what RDTSC counts at,
 * 0 for "do not ask".
:*/
#define PORT_NEVER (~(uint64_t)0)

uint64_t port_clock(struct host *host);
void port_arm_timer(struct host *host, uint64_t deadline);
void port_wall_time(struct host *host, uint32_t *sec, uint32_t *nsec);
uint32_t port_tsc_khz(struct host *host);

/* Interrupt lines (bits 1 to 31) and DOOR_EVENT_BREAK raised for Guest number "guest" since we
 * last asked; the map says for which Guests it is worth asking. */
uint32_t port_event_map(struct host *host);
uint32_t port_events(struct host *host, unsigned guest);

#endif
