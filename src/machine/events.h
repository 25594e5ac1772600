/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:410
 * The one way in.  Whatever reaches the machine from outside (a key, a packet, the passing of real
 * time) is an event: so many bytes, from such a source, at such a moment of the board clock.  If
 * two runs take the same events out of this queue they are the same run, which is why nothing may
 * go around it.
:*/
#ifndef MACHINE_EVENTS_H
#define MACHINE_EVENTS_H

#include "base/types.h"

enum event_source {
	EVENT_CLOCK = 1,     /* 8 bytes: real time has come this far (board clock, le64) */
	EVENT_CONSOLE = 128, /* and the number of the Guest: bytes typed */
	EVENT_NET = 256,     /* and the number of the network: one frame */
};

/* stamp_ns: the board clock at which the Guest sees it. */
struct event {
	uint64_t stamp_ns;
	uint32_t source; /* enum event_source */
	uint32_t len;
	uint8_t *bytes;
};

/*L:150
 * An event as a log keeps it: this header, then the bytes.  Nothing records yet, but whatever goes
 * through the queue can be written down like this, and read back into it.
:*/
struct event_record {
	le64_t stamp_ns;
	le32_t source;
	le32_t len;
};

/* Ordered by stamp; events of one stamp stay in the order in which they came. */
struct events {
	struct event *e;
	unsigned first, nr, room; /* e[first .. first + nr) are waiting */
};

void events_init(struct events *q);
void events_fini(struct events *q);

/* Copies the bytes.  0 or -ENOMEM; -EINVAL if there are more than EVENT_BYTES_MAX. */
#define EVENT_BYTES_MAX 65536u
int events_push(struct events *q, uint64_t stamp_ns, uint32_t source, const void *bytes,
		uint32_t len) MUST_CHECK;

/* When the next one wants to be seen; UINT64_MAX if there is none. */
uint64_t events_next_ns(const struct events *q);

/* The next one, or NULL; it stays valid until events_pop(), events_push() or events_fini(). */
const struct event *events_peek(const struct events *q);
void events_pop(struct events *q);

#endif
