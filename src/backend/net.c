/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:681
 * From a word to a backend.
:*/
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "net.h"

int net_fail(char why[NET_WHY_BYTES], int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, NET_WHY_BYTES, fmt, args);
	va_end(args);
	return err;
}

int net_open(const struct net_spec *spec, const struct net_env *env, struct net_backend **b,
	     char why[NET_WHY_BYTES])
{
	*b = NULL;
	why[0] = '\0';
	switch (spec->kind) {
	case NET_NONE: return 0;
	case NET_HUB: return spec->where[0] ? net_hub_open(spec, b, why) : 0;
	case NET_USER: return net_user_open(spec, env, b, why);
	case NET_STREAM: return net_stream_open(spec, b, why);
	case NET_TAP: return net_tap_open(spec, b, why);
	}
	return net_fail(why, -EINVAL, "there is no such network");
}

void net_close(struct net_backend *b)
{
	if (b)
		b->ops->close(b);
}

int net_poll_add(struct net_poll *p, int fd, short events)
{
	unsigned room = p->room ? p->room * 2 : 16;
	struct pollfd *more;

	if (p->nr == p->room) {
		more = realloc(p->fd, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		p->fd = more;
		p->room = room;
	}
	p->fd[p->nr++] = (struct pollfd){.fd = fd, .events = events};
	return 0;
}

void net_poll_free(struct net_poll *p)
{
	free(p->fd);
	*p = (struct net_poll){.fd = NULL};
}
