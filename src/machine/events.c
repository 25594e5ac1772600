/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:411
 * The event queue: a sorted array.  Nearly all events are put at its end and taken from its
 * beginning, and there are never many, so nothing cleverer is needed.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "events.h"

void events_init(struct events *q)
{
	memset(q, 0, sizeof(*q));
}

void events_fini(struct events *q)
{
	while (q->nr)
		events_pop(q);
	free(q->e);
	memset(q, 0, sizeof(*q));
}

/* Room for one more behind the last: move all to the front first, then grow. */
static int make_room(struct events *q)
{
	unsigned room = q->room ? q->room * 2 : 16;
	struct event *e;

	if (q->first + q->nr < q->room)
		return 0;
	if (q->first) {
		memmove(q->e, q->e + q->first, q->nr * sizeof(*q->e));
		q->first = 0;
		return 0;
	}
	e = realloc(q->e, room * sizeof(*e));
	if (!e)
		return -ENOMEM;
	q->e = e;
	q->room = room;
	return 0;
}

int events_push(struct events *q, uint64_t stamp_ns, uint32_t source, const void *bytes,
		uint32_t len)
{
	struct event *at;
	uint8_t *copy;
	int err;

	if (len > EVENT_BYTES_MAX)
		return -EINVAL;
	err = make_room(q);
	if (err)
		return err;
	copy = malloc(len ? len : 1);
	if (!copy)
		return -ENOMEM;
	if (len)
		memcpy(copy, bytes, len);

	/* From the end, past all that are later than this one. */
	at = q->e + q->first + q->nr;
	for (; at > q->e + q->first && at[-1].stamp_ns > stamp_ns; at--)
		at[0] = at[-1];
	*at = (struct event){stamp_ns, source, len, copy};
	q->nr++;
	return 0;
}

const struct event *events_peek(const struct events *q)
{
	return q->nr ? &q->e[q->first] : NULL;
}

uint64_t events_next_ns(const struct events *q)
{
	return q->nr ? q->e[q->first].stamp_ns : UINT64_MAX;
}

void events_pop(struct events *q)
{
	BUG_ON(!q->nr);
	free(q->e[q->first].bytes);
	q->first++;
	if (!--q->nr)
		q->first = 0;
}
