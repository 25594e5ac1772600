/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:680
 * What a network card can be plugged into, apart from its neighbours in the same machine: a hub
 * that several processes share, a user's own small Internet behind address translation, a socket, a
 * TAP device.  All of it is five functions.  Frames come out when they are asked for, one at a
 * time; nothing here calls anybody, and nothing here ever waits.
 *
 * None of it is a function of the run: what comes out of receive() is input of the machine and has
 * to go through its event queue.
:*/
#ifndef BACKEND_NET_H
#define BACKEND_NET_H

#include <poll.h>

#include "base/types.h"
#include "net_spec.h"

#define NET_BYTES_MAX 65536u /* of one frame, at the most */

struct net_backend;

/* Descriptors to wait for, of all backends and whoever else waits with them. */
struct net_poll {
	struct pollfd *fd;
	unsigned nr, room;
	uint64_t wait_ns; /* no longer than this; UINT64_MAX: as long as it takes */
};

/*D:700
 * A kind of backend.
 */
struct net_ops {
	const char *name;
	bool answers_at_once; /* what was sent may have made frames come; to look costs nothing */
	/* A frame for the outside.  What cannot be sent now is lost, as on any wire.  0, or -errno
	 * if nothing can be sent any more. */
	int (*send)(struct net_backend *b, const uint8_t *frame, uint32_t n);
	/* The next frame from outside: its length, -EAGAIN: none now, -errno: none ever again. */
	int (*receive)(struct net_backend *b, uint8_t *frame, uint32_t size);
	/* Add what is to be waited for; `listen`: there is room for frames.  0 or -ENOMEM. */
	int (*poll)(struct net_backend *b, struct net_poll *p, bool listen);
	/* These are the ones it added, after the wait.  May be NULL. */
	void (*polled)(struct net_backend *b, const struct pollfd *fd, unsigned nr);
	void (*close)(struct net_backend *b);
};

struct net_backend {
	const struct net_ops *ops;
	unsigned seat; /* its number among those who share the wire, or 0 */
};
/*:*/

/* What a backend has to know of the machine: the time of its board. */
struct net_env {
	uint64_t (*clock_ns)(void *ctx);
	void *ctx;
};

#define NET_WHY_BYTES 256

/* Plug in.  0, or -errno with a sentence in why that says what is wrong.  -ENOSYS: this program was
 * built without that kind.  *b is NULL for a network that has no outside ("none", "hub"). */
int net_open(const struct net_spec *spec, const struct net_env *env, struct net_backend **b,
	     char why[NET_WHY_BYTES]) MUST_CHECK;
/* NULL is allowed. */
void net_close(struct net_backend *b);

/* True if this program can do address translation. */
bool net_has_user(void);

/* 0 or -ENOMEM. */
int net_poll_add(struct net_poll *p, int fd, short events) MUST_CHECK;
void net_poll_free(struct net_poll *p);

/* For backends.  Writes the sentence and returns err. */
int net_fail(char why[NET_WHY_BYTES], int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int net_hub_open(const struct net_spec *spec, struct net_backend **b, char *why) MUST_CHECK;
int net_stream_open(const struct net_spec *spec, struct net_backend **b, char *why) MUST_CHECK;
int net_tap_open(const struct net_spec *spec, struct net_backend **b, char *why) MUST_CHECK;
int net_user_open(const struct net_spec *spec, const struct net_env *env, struct net_backend **b,
		  char *why) MUST_CHECK;
/* As net_stream_open(), of a connected socket. */
int net_stream_adopt(int fd, struct net_backend **b) MUST_CHECK;

#endif
