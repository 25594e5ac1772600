/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:690
 * Frames over a stream socket, as QEMU's "-netdev stream" sends them: a length of four bytes, most
 * significant first, then the frame.  passt speaks this, and so does another QEMU; it is how one
 * plugs into whatever somebody else has written.
 *
 * What comes is believed as far as its length: a length that no frame can have means that the other
 * end is something else, and that is the end.
:*/
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net.h"

#define LENGTH_BYTES 4u
#define UNIT_BYTES   (LENGTH_BYTES + NET_BYTES_MAX)

/*M:677
 * 512 kB wait for a reader who is slow; a frame that finds no room then is lost, whole.
:*/
#define OUT_BYTES (512u << 10)

struct stream {
	struct net_backend b; /* first, so that one is the other */
	int fd;
	int error;	  /* why nothing more can be sent or received */
	uint32_t in, out; /* bytes in the buffers */
	uint8_t in_bytes[UNIT_BYTES];
	uint8_t out_bytes[OUT_BYTES];
};

static bool later(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static int flush(struct stream *s)
{
	uint32_t done = 0;
	ssize_t n;

	while (!s->error && done < s->out) {
		n = send(s->fd, s->out_bytes + done, s->out - done, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			done += (uint32_t)n;
		else if (later(errno))
			break;
		else
			s->error = -errno;
	}
	memmove(s->out_bytes, s->out_bytes + done, s->out - done);
	s->out -= done;
	return s->error;
}

static int stream_send(struct net_backend *b, const uint8_t *frame, uint32_t n)
{
	struct stream *s = (struct stream *)b;
	uint8_t *p = s->out_bytes + s->out;

	if (s->error || n > OUT_BYTES - LENGTH_BYTES - s->out)
		return s->error;
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
	memcpy(p + LENGTH_BYTES, frame, n);
	s->out += LENGTH_BYTES + n;
	return flush(s);
}

/*D:715
 * Receiving.  The stream comes in pieces of any size; there is room for one whole frame, and what
 * is behind it in the buffer is moved to the front when it has been taken.
 */
static int whole_frame(struct stream *s, uint8_t *frame, uint32_t size)
{
	const uint8_t *p = s->in_bytes;
	uint32_t n;

	if (s->in < LENGTH_BYTES)
		return -EAGAIN;
	n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	if (n > NET_BYTES_MAX || n > size)
		return s->error = -EPROTO;
	if (s->in < LENGTH_BYTES + n)
		return -EAGAIN;
	memcpy(frame, p + LENGTH_BYTES, n);
	s->in -= LENGTH_BYTES + n;
	memmove(s->in_bytes, s->in_bytes + LENGTH_BYTES + n, s->in);
	return (int)n;
}

static int stream_receive(struct net_backend *b, uint8_t *frame, uint32_t size)
{
	struct stream *s = (struct stream *)b;
	ssize_t n;
	int got;

	while (!s->error) {
		got = whole_frame(s, frame, size);
		if (got == 0)
			continue; /* an empty one */
		if (got != -EAGAIN)
			return got;
		n = recv(s->fd, s->in_bytes + s->in, UNIT_BYTES - s->in, MSG_DONTWAIT);
		if (n > 0)
			s->in += (uint32_t)n;
		else if (n < 0 && later(errno))
			return -EAGAIN;
		else
			s->error = n ? -errno : -EPIPE;
	}
	return s->error;
}
/*:*/

static int stream_poll(struct net_backend *b, struct net_poll *p, bool listen)
{
	struct stream *s = (struct stream *)b;
	short events = (short)((listen ? POLLIN : 0) | (s->out ? POLLOUT : 0));

	return s->error ? 0 : net_poll_add(p, s->fd, events);
}

static void stream_polled(struct net_backend *b, const struct pollfd *fd, unsigned nr)
{
	(void)fd;
	(void)nr;
	/* An error is told by the next send or receive. */
	flush((struct stream *)b);
}

static void stream_close(struct net_backend *b)
{
	struct stream *s = (struct stream *)b;

	flush(s);
	close(s->fd);
	free(s);
}

static const struct net_ops stream_ops = {
	.name = "stream",
	.send = stream_send,
	.receive = stream_receive,
	.poll = stream_poll,
	.polled = stream_polled,
	.close = stream_close,
};

int net_stream_adopt(int fd, struct net_backend **b)
{
	struct stream *s = malloc(sizeof(*s));
	int one = 1;

	if (!s)
		return -ENOMEM;
	s->b = (struct net_backend){.ops = &stream_ops};
	s->fd = fd;
	s->error = 0;
	s->in = s->out = 0;
	/* Frames are small and somebody waits for each; where there is no TCP this does nothing. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*b = &s->b;
	return 0;
}

static int connect_path(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* "HOST:PORT".  The first address that answers. */
static int connect_host(const char *where)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *a;
	char host[NET_WHERE_BYTES];
	char *colon;
	int fd, err = -ENOENT;

	memcpy(host, where, strlen(where) + 1);
	colon = strrchr(host, ':');
	*colon = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &list))
		return -ENOENT;
	for (a = list; a; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && !connect(fd, a->ai_addr, a->ai_addrlen)) {
			freeaddrinfo(list);
			return fd;
		}
		err = -errno;
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(list);
	return err;
}

int net_stream_open(const struct net_spec *spec, struct net_backend **b, char *why)
{
	bool host = strchr(spec->where, ':') && !strchr(spec->where, '/');
	int fd = host ? connect_host(spec->where) : connect_path(spec->where), err;

	if (fd < 0)
		return net_fail(why, fd,
				"cannot connect to the network at %s: %s; whoever serves it has to "
				"be started first",
				spec->where, strerror(-fd));
	err = net_stream_adopt(fd, b);
	if (err) {
		close(fd);
		return net_fail(why, err, "out of memory");
	}
	return 0;
}
