/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:694
 * A small Internet of the user's own: 10.0.2.0/24, with a router at .2, a name server at .3 and
 * DHCP, which gives out .15.  What the Guest says to the world is said by this process, through
 * ordinary sockets, so it takes no privilege.  All of the work is libslirp's; without that library
 * the program has no such network, and says so.
 *
 * It is outside: a TCP of its own, with timers, which live on the board's clock so that a run in
 * virtual time is not cut off by a host that is slow.  What comes out waits in a list until it is
 * asked for.
 *
 * It refuses to lead to the host's own loopback, where things listen that trust whoever can reach
 * them, unless the user says allow-host.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

#ifdef LG_SLIRP
#include <arpa/inet.h>
#include <libslirp.h>

/*M:678
 * 1024 frames wait for the Guest; what comes then is lost, and TCP sends it again.  IPv6 is left
 * off: guests of this age seldom have it, and its router has a timer of its own to be served.
:*/
#define USER_FRAMES 1024u

#define NS_PER_MS 1000000u

struct waiting {
	struct waiting *next;
	uint32_t len;
	uint8_t bytes[];
};

struct user {
	struct net_backend b; /* first, so that one is the other */
	struct net_env env;
	Slirp *slirp;
	struct waiting *first, *last;
	unsigned nr;
	/* While libslirp asks for what it wants to wait, and is told what came of it: */
	struct net_poll *asking;
	unsigned asked;
	bool no_memory;
	const struct pollfd *answer;
	unsigned nr_answers;
};

/* --- what libslirp asks of us -------------------------------------------------------------------- */

static ssize_t send_packet(const void *buf, size_t len, void *opaque)
{
	struct user *u = opaque;
	struct waiting *w;

	if (u->nr == USER_FRAMES || len > NET_BYTES_MAX)
		return (ssize_t)len;
	w = malloc(sizeof(*w) + len);
	if (!w)
		return (ssize_t)len;
	*w = (struct waiting){.len = (uint32_t)len};
	memcpy(w->bytes, buf, len);
	if (u->first)
		u->last->next = w;
	else
		u->first = w;
	u->last = w;
	u->nr++;
	return (ssize_t)len;
}

static int64_t clock_get_ns(void *opaque)
{
	const struct user *u = opaque;

	return (int64_t)u->env.clock_ns(u->env.ctx);
}

static void guest_error(const char *msg, void *opaque)
{
	(void)msg;
	(void)opaque;
}

/* Only its IPv6 has timers of this kind. */
static void *timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
	(void)cb;
	(void)cb_opaque;
	return opaque;
}

static void timer_free(void *timer, void *opaque)
{
	(void)timer;
	(void)opaque;
}

static void timer_mod(void *timer, int64_t expire_time, void *opaque)
{
	(void)timer;
	(void)expire_time;
	(void)opaque;
}

static void poll_fd(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

static void notify(void *opaque)
{
	(void)opaque;
}

static const SlirpCb callbacks = {
	.send_packet = send_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_get_ns,
	.timer_new = timer_new,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = poll_fd,
	.unregister_poll_fd = poll_fd,
	.notify = notify,
};

/* --- what we are asked --------------------------------------------------------------------------- */

static int user_send(struct net_backend *b, const uint8_t *frame, uint32_t n)
{
	slirp_input(((struct user *)b)->slirp, frame, (int)n);
	return 0;
}

static void drop_first(struct user *u)
{
	struct waiting *w = u->first;

	u->first = w->next;
	u->nr--;
	free(w);
}

static int user_receive(struct net_backend *b, uint8_t *frame, uint32_t size)
{
	struct user *u = (struct user *)b;
	uint32_t n;

	while (u->first && u->first->len > size)
		drop_first(u);
	if (!u->first)
		return -EAGAIN;
	n = u->first->len;
	memcpy(frame, u->first->bytes, n);
	drop_first(u);
	return (int)n;
}

/*D:725
 * Waiting.  libslirp names its sockets by calling back, and gets back a number for each, by which
 * it asks afterwards.  Its flags are the same as those of poll(2), if not in the same places.
 */
static const struct {
	int slirp;
	short poll;
} flags[] = {
	{SLIRP_POLL_IN, POLLIN},   {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
	{SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

static int add_poll(int fd, int events, void *opaque)
{
	struct user *u = opaque;
	short wanted = 0;

	for (unsigned i = 0; i < ARRAY_LEN(flags); i++)
		if (events & flags[i].slirp)
			wanted |= flags[i].poll;
	if (net_poll_add(u->asking, fd, wanted)) {
		u->no_memory = true;
		return -1;
	}
	return (int)u->asked++;
}

static int get_revents(int idx, void *opaque)
{
	const struct user *u = opaque;
	int events = 0;

	if (idx < 0 || (unsigned)idx >= u->nr_answers)
		return 0;
	for (unsigned i = 0; i < ARRAY_LEN(flags); i++)
		if (u->answer[idx].revents & flags[i].poll)
			events |= flags[i].slirp;
	return events;
}

static int user_poll(struct net_backend *b, struct net_poll *p, bool listen)
{
	struct user *u = (struct user *)b;
	uint32_t ms = UINT32_MAX;

	/* Whoever cannot take what there is need not wait for more. */
	if (!listen)
		return 0;
	if (u->first)
		p->wait_ns = 0;
	u->asking = p;
	u->asked = 0;
	u->no_memory = false;
	slirp_pollfds_fill(u->slirp, &ms, add_poll, u);
	if (ms != UINT32_MAX && p->wait_ns > (uint64_t)ms * NS_PER_MS)
		p->wait_ns = (uint64_t)ms * NS_PER_MS;
	return u->no_memory ? -ENOMEM : 0;
}

static void user_polled(struct net_backend *b, const struct pollfd *fd, unsigned nr)
{
	struct user *u = (struct user *)b;

	u->answer = fd;
	u->nr_answers = nr;
	slirp_pollfds_poll(u->slirp, 0, get_revents, u);
}
/*:*/

static void user_close(struct net_backend *b)
{
	struct user *u = (struct user *)b;

	if (u->slirp)
		slirp_cleanup(u->slirp);
	while (u->first)
		drop_first(u);
	free(u);
}

static const struct net_ops user_ops = {
	.name = "user",
	.answers_at_once = true,
	.send = user_send,
	.receive = user_receive,
	.poll = user_poll,
	.polled = user_polled,
	.close = user_close,
};

/* The last byte of an address in 10.0.2.0/24. */
static struct in_addr our_net(uint8_t last)
{
	return (struct in_addr){htonl(0x0a000200u | last)};
}

static Slirp *new_slirp(struct user *u, const struct net_spec *spec)
{
	const SlirpConfig config = {
		.version = 1,
		.in_enabled = true,
		.vnetwork = our_net(0),
		.vnetmask = {htonl(0xffffff00u)},
		.vhost = our_net(2),
		.vdhcp_start = our_net(15),
		.vnameserver = our_net(3),
		.disable_host_loopback = !spec->allow_host,
	};

	return slirp_new(&config, &callbacks, u);
}

static int add_forwards(struct user *u, const struct net_spec *spec, char *why)
{
	for (unsigned i = 0; i < spec->nr_forwards; i++) {
		const struct net_forward *f = &spec->forward[i];
		const struct in_addr host = {htonl(f->host_addr)}, guest = {htonl(f->guest_addr)};

		if (slirp_add_hostfwd(u->slirp, f->udp, host, f->host_port, guest, f->guest_port))
			return net_fail(why, -EADDRINUSE,
					"cannot listen on %s port %u, to forward it to the guest",
					f->udp ? "UDP" : "TCP", f->host_port);
	}
	return 0;
}

int net_user_open(const struct net_spec *spec, const struct net_env *env, struct net_backend **b,
		  char *why)
{
	struct user *u = calloc(1, sizeof(*u));
	int err = 0;

	if (!u)
		return net_fail(why, -ENOMEM, "out of memory");
	u->b.ops = &user_ops;
	u->env = *env;
	u->slirp = new_slirp(u, spec);
	if (!u->slirp)
		err = net_fail(why, -EIO, "libslirp does not start");
	else
		err = add_forwards(u, spec, why);
	if (err)
		user_close(&u->b);
	else
		*b = &u->b;
	return err;
}

bool net_has_user(void)
{
	return true;
}

#else

int net_user_open(const struct net_spec *spec, const struct net_env *env, struct net_backend **b,
		  char *why)
{
	(void)spec;
	(void)env;
	(void)b;
	return net_fail(why, -ENOSYS,
			"this lgemu was built without libslirp, so it knows no \"user\" network; "
			"hub, stream and tap work");
}

bool net_has_user(void)
{
	return false;
}

#endif
