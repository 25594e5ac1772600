/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:688
 * A hub between processes, without a hub: all who name the same path are equals.  Each has a seat,
 * the lowest that is free when it comes, and a datagram socket PATH.SEAT on which it listens; who
 * has a frame for somebody sends it there, who has one for everybody sends it to each.  So anybody
 * may come and go, in any order, and the others talk on.
 *
 * A seat whose owner died without leaving is found by knocking, and taken over.  The sockets are
 * their owner's alone (mode 0600): on a hub one believes what one hears.
:*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"
#include "net_switch.h"

#define HUB_SEATS NET_PORTS

/*M:676
 * For each neighbour who does not read fast enough 256 frames are kept; what comes then is lost to
 * him.  That is in front of the kernel's own queue, which usually holds 10.
:*/
#define HUB_WAITING 256u

struct waiting {
	struct waiting *next;
	uint32_t len;
	uint8_t bytes[];
};

/* Somebody else's seat. */
struct neighbour {
	int fd; /* connected to his socket, or -1 */
	struct waiting *first, *last;
	unsigned nr_waiting;
};

struct hub {
	struct net_backend b; /* first, so that one is the other */
	int fd;		      /* our own socket */
	char path[NET_WHERE_BYTES];
	struct net_switch sw; /* whose ports are seats, taken or not */
	struct neighbour neighbour[HUB_SEATS];
};

/*D:710
 * A datagram is four bytes and a frame.  The last of the four is the sender's seat: our sockets for
 * sending have no names, since each is connected to one neighbour, to learn when he has room.
 */
#define HUB_TAG_BYTES 4u
static const uint8_t hub_tag[HUB_TAG_BYTES - 1] = {'l', 'g', '1'};

static bool seat_address(const struct hub *hub, unsigned seat, struct sockaddr_un *addr)
{
	int n;

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(addr->sun_path, sizeof(addr->sun_path), "%s.%u", hub->path, seat);
	return n > 0 && (size_t)n < sizeof(addr->sun_path);
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* A socket connected to that seat; -ECONNREFUSED or -ENOENT: nobody sits there. */
static int knock(const struct hub *hub, unsigned seat)
{
	struct sockaddr_un addr;
	int fd = new_socket(), err;

	if (fd < 0)
		return fd;
	if (seat_address(hub, seat, &addr) && !connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}
/*:*/

static bool connect_neighbour(struct hub *hub, unsigned seat)
{
	struct neighbour *n = &hub->neighbour[seat];

	if (n->fd < 0)
		n->fd = knock(hub, seat);
	return n->fd >= 0;
}

static void drop_first(struct neighbour *n)
{
	struct waiting *w = n->first;

	n->first = w->next;
	n->nr_waiting--;
	free(w);
}

/* He has left, or never came. */
static void forget_neighbour(struct hub *hub, unsigned seat)
{
	struct neighbour *n = &hub->neighbour[seat];

	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	while (n->first)
		drop_first(n);
	net_switch_unplug(&hub->sw, seat);
	net_switch_plug(&hub->sw, seat);
}

static int send_datagram(const struct hub *hub, const struct neighbour *n, const uint8_t *frame,
			 uint32_t len)
{
	uint8_t tag[HUB_TAG_BYTES] = {hub_tag[0], hub_tag[1], hub_tag[2], (uint8_t)hub->b.seat};
	struct iovec iov[2] = {{tag, sizeof(tag)}, {(void *)(uintptr_t)frame, len}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

	return sendmsg(n->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool is_full(int err)
{
	return err == -EAGAIN || err == -EWOULDBLOCK || err == -ENOBUFS || err == -EINTR;
}

/* What waits, as far as it goes now; false: he is gone. */
static bool flush(struct hub *hub, unsigned seat)
{
	struct neighbour *n = &hub->neighbour[seat];
	int err = 0;

	while (n->first && !err) {
		err = send_datagram(hub, n, n->first->bytes, n->first->len);
		if (!err)
			drop_first(n);
	}
	if (!err || is_full(err))
		return true;
	forget_neighbour(hub, seat);
	return false;
}

static void keep(struct neighbour *n, const uint8_t *frame, uint32_t len)
{
	struct waiting *w;

	if (n->nr_waiting == HUB_WAITING)
		return;
	w = malloc(sizeof(*w) + len);
	if (!w)
		return;
	*w = (struct waiting){.len = len};
	memcpy(w->bytes, frame, len);
	if (n->first)
		n->last->next = w;
	else
		n->first = w;
	n->last = w;
	n->nr_waiting++;
}

/* If he is gone, somebody else may have his seat already: so twice.  And if nobody has, then who was
 * there may be anywhere now. */
static void send_to(struct hub *hub, unsigned seat, const uint8_t *frame, uint32_t len)
{
	struct neighbour *n = &hub->neighbour[seat];
	int err;

	for (unsigned attempt = 0; attempt < 2; attempt++) {
		if (!connect_neighbour(hub, seat)) {
			forget_neighbour(hub, seat);
			return;
		}
		if (!flush(hub, seat))
			continue;
		err = n->first ? -EAGAIN : send_datagram(hub, n, frame, len);
		if (is_full(err))
			keep(n, frame, len);
		else if (err)
			forget_neighbour(hub, seat);
		if (!err || is_full(err))
			return;
	}
}

static int hub_send(struct net_backend *b, const uint8_t *frame, uint32_t n)
{
	struct hub *hub = (struct hub *)b;
	uint32_t seats = net_switch_forward(&hub->sw, b->seat, frame);

	/* What is for everybody finds those who have come meanwhile. */
	for (unsigned seat = 0; seat < HUB_SEATS; seat++)
		if (seats >> seat & 1)
			send_to(hub, seat, frame, n);
	return 0;
}

static int hub_receive(struct net_backend *b, uint8_t *frame, uint32_t size)
{
	struct hub *hub = (struct hub *)b;
	uint8_t tag[HUB_TAG_BYTES];
	struct iovec iov[2] = {{tag, sizeof(tag)}, {frame, size}};
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
	ssize_t n;

	for (;;) {
		n = recvmsg(hub->fd, &msg, MSG_DONTWAIT);
		if (n < 0)
			return is_full(-errno) ? -EAGAIN : -errno;
		/* Whatever else anybody sends here is not for us. */
		if (n < (ssize_t)HUB_TAG_BYTES + 14 || msg.msg_flags & MSG_TRUNC ||
		    memcmp(tag, hub_tag, sizeof(hub_tag)) != 0 || tag[3] >= HUB_SEATS ||
		    tag[3] == b->seat)
			continue;
		net_switch_forward(&hub->sw, tag[3], frame);
		return (int)(n - HUB_TAG_BYTES);
	}
}

static int hub_poll(struct net_backend *b, struct net_poll *p, bool listen)
{
	struct hub *hub = (struct hub *)b;
	int err = net_poll_add(p, hub->fd, listen ? POLLIN : 0);

	for (unsigned seat = 0; !err && seat < HUB_SEATS; seat++)
		if (hub->neighbour[seat].first)
			err = net_poll_add(p, hub->neighbour[seat].fd, POLLOUT);
	return err;
}

static void hub_polled(struct net_backend *b, const struct pollfd *fd, unsigned nr)
{
	struct hub *hub = (struct hub *)b;

	(void)fd;
	(void)nr;
	for (unsigned seat = 0; seat < HUB_SEATS; seat++)
		if (hub->neighbour[seat].first)
			flush(hub, seat);
}

static void hub_close(struct net_backend *b)
{
	struct hub *hub = (struct hub *)b;
	struct sockaddr_un addr;

	for (unsigned seat = 0; seat < HUB_SEATS; seat++) {
		flush(hub, seat);
		forget_neighbour(hub, seat);
	}
	if (hub->fd >= 0) {
		/* First the name, so that nobody finds a socket without an owner. */
		if (seat_address(hub, b->seat, &addr))
			unlink(addr.sun_path);
		close(hub->fd);
	}
	free(hub);
}

static const struct net_ops hub_ops = {
	.name = "hub",
	.send = hub_send,
	.receive = hub_receive,
	.poll = hub_poll,
	.polled = hub_polled,
	.close = hub_close,
};

/*D:711
 * Taking a seat.  Two who come at the same time must not both find the same dead owner's seat, and
 * one throw away the other's fresh socket with it; so the folder is locked for as long as it takes.
 */
static int lock_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[NET_WHERE_BYTES];
	int fd;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX)) {
		close(fd);
		return -EBUSY;
	}
	return fd;
}

/* 0, -EADDRINUSE: it is taken, or another -errno. */
static int take_seat(struct hub *hub, unsigned seat)
{
	struct sockaddr_un addr;
	struct stat st;
	int probe;

	if (!seat_address(hub, seat, &addr))
		return -ENAMETOOLONG;
	if (!bind(hub->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return chmod(addr.sun_path, 0600) ? -errno : 0;
	if (errno != EADDRINUSE)
		return -errno;
	probe = knock(hub, seat);
	if (probe >= 0)
		close(probe);
	/* A file that is no socket refuses, too, but it is not ours to remove. */
	if (probe != -ECONNREFUSED || lstat(addr.sun_path, &st) || !S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	if (unlink(addr.sun_path) || bind(hub->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    chmod(addr.sun_path, 0600))
		return -errno;
	return 0;
}

static int find_seat(struct hub *hub)
{
	int lock = lock_folder(hub->path), err = -EADDRINUSE;

	if (lock < 0)
		return lock;
	for (unsigned seat = 0; seat < HUB_SEATS && err == -EADDRINUSE; seat++) {
		err = take_seat(hub, seat);
		hub->b.seat = seat;
	}
	close(lock);
	return err;
}
/*:*/

int net_hub_open(const struct net_spec *spec, struct net_backend **b, char *why)
{
	struct hub *hub = calloc(1, sizeof(*hub));
	int err;

	if (!hub)
		return net_fail(why, -ENOMEM, "out of memory");
	hub->b.ops = &hub_ops;
	for (unsigned seat = 0; seat < HUB_SEATS; seat++) {
		hub->neighbour[seat].fd = -1;
		net_switch_plug(&hub->sw, seat);
	}
	snprintf(hub->path, sizeof(hub->path), "%s", spec->where);
	hub->fd = new_socket();
	err = hub->fd < 0 ? hub->fd : find_seat(hub);
	if (!err) {
		*b = &hub->b;
		return 0;
	}
	if (hub->fd >= 0)
		close(hub->fd);
	free(hub);
	if (err == -EADDRINUSE)
		return net_fail(why, err, "all %u seats of the hub %s are taken", HUB_SEATS,
				spec->where);
	return net_fail(why, err, "cannot take a seat at the hub %s: %s", spec->where,
			strerror(-err));
}
