/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:673
 * The four kinds.  What they share is a memory of what was printed and not yet taken; apart from that
 * each is a descriptor, and the socket has one more, at which the next one to come knocks.
 *
 * It refuses to give a terminal of its own to what a Guest prints: a pseudo terminal or a socket has
 * somebody at the other end who asked for all the bytes as they are.
:*/
#define _GNU_SOURCE /* ptsname_r(), accept4() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "port.h"

/*M:671
 * 64 kB wait for a reader, and then the oldest are lost.  A serial line to nowhere loses all of them.
:*/
#define KEPT_BYTES 65536u

enum port_kind { PORT_PTY, PORT_UNIX, PORT_FILE, PORT_NULL };

struct port {
	enum port_kind kind;
	int fd;	    /* of whoever reads and types; -1: nobody */
	int behind; /* a terminal's other side, or the socket that listens; -1 */
	bool failed;
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	/* Printed and not taken: count bytes from start, around the end. */
	uint32_t start, count;
	uint8_t kept[KEPT_BYTES];
};

static int fail(char why[PORT_WHY_BYTES], int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(char why[PORT_WHY_BYTES], int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, PORT_WHY_BYTES, fmt, args);
	va_end(args);
	return err;
}

/* --- making ---------------------------------------------------------------------------------------- */

/*D:694
 * A pseudo terminal.  We keep its user's side open, too: else it would hang up whenever nobody has it, and
 * somebody may come and go.  It is raw, or its line discipline would send what the Guest prints back as
 * typed.
 */
static int make_pty(struct port *port, char why[PORT_WHY_BYTES])
{
	struct termios t;

	port->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (port->fd < 0 || grantpt(port->fd) || unlockpt(port->fd) ||
	    ptsname_r(port->fd, port->name, sizeof(port->name)))
		return fail(why, -errno, "cannot make a pseudo terminal: %s", strerror(errno));
	port->behind = open(port->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (port->behind < 0 || tcgetattr(port->behind, &t))
		return fail(why, -errno, "cannot open the pseudo terminal %s: %s", port->name,
			    strerror(errno));
	cfmakeraw(&t);
	if (tcsetattr(port->behind, TCSANOW, &t))
		return fail(why, -errno, "cannot set up the pseudo terminal %s: %s", port->name,
			    strerror(errno));
	return 0;
}
/*:*/

static bool is_socket(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISSOCK(st.st_mode);
}

/* A socket file of a process that is gone is in our way; one that answers is somebody else's. */
static bool is_stale(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool stale;

	if (fd < 0 || !is_socket(addr->sun_path)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	stale = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int make_unix(struct port *port, char why[PORT_WHY_BYTES])
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int err;

	memcpy(addr.sun_path, port->name, sizeof(addr.sun_path));
	port->behind = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->behind < 0)
		return fail(why, -errno, "cannot make a socket: %s", strerror(errno));
	err = bind(port->behind, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	if (err == EADDRINUSE && is_stale(&addr) && !unlink(addr.sun_path))
		err = bind(port->behind, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	/* Before anybody can connect: nobody but this user. */
	if (!err && (chmod(addr.sun_path, 0600) || listen(port->behind, 1)))
		err = errno;
	if (!err)
		return 0;
	close(port->behind);
	port->behind = -1; /* so that what is there is not removed */
	return fail(why, -err, "cannot make the socket %s: %s", port->name, strerror(err));
}

static int make_file(struct port *port, char why[PORT_WHY_BYTES])
{
	port->fd = open(port->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (port->fd < 0)
		return fail(why, -errno, "cannot write %s: %s", port->name, strerror(errno));
	return 0;
}

/* What a word means, and where its path begins; false: nothing. */
static bool parse(const char *word, enum port_kind *kind, const char **path)
{
	static const char *const words[] = {"pty", "unix:", "file:", "null"};

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		const size_t n = strlen(words[i]);
		const bool has_path = words[i][n - 1] == ':';

		if (strncmp(word, words[i], n) != 0 || (word[n] != '\0') != has_path)
			continue;
		*kind = (enum port_kind)i;
		*path = word + n;
		return true;
	}
	return false;
}

int port_open(const char *word, struct port **port, char why[PORT_WHY_BYTES])
{
	struct port *p = calloc(1, sizeof(*p));
	const char *path = "";
	int err = 0;

	*port = NULL;
	if (!p)
		return fail(why, -ENOMEM, "out of memory");
	p->fd = p->behind = -1;
	if (!parse(word, &p->kind, &path))
		err = fail(why, -EINVAL, "it is none of stdio, pty, unix:PATH, file:PATH, null");
	else if (strlen(path) >= sizeof(p->name))
		err = fail(why, -ENAMETOOLONG, "the path is too long");
	else
		strcpy(p->name, path);
	if (!err && p->kind == PORT_PTY)
		err = make_pty(p, why);
	if (!err && p->kind == PORT_UNIX)
		err = make_unix(p, why);
	if (!err && p->kind == PORT_FILE)
		err = make_file(p, why);
	if (err)
		port_close(p);
	else
		*port = p;
	return err;
}

const char *port_name(const struct port *port)
{
	return port->name;
}

bool port_types(const struct port *port)
{
	return port->kind == PORT_PTY || port->kind == PORT_UNIX;
}

/* --- what is printed --------------------------------------------------------------------------------- */

static void hang_up(struct port *port)
{
	if (port->kind != PORT_UNIX || port->fd < 0)
		return;
	close(port->fd);
	port->fd = -1;
}

/* As much as is taken now: its number, 0 if nothing is, -errno. */
static ssize_t give(struct port *port, const uint8_t *bytes, size_t n)
{
	ssize_t done;

	do
		done = port->kind == PORT_UNIX
			       ? send(port->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL)
			       : write(port->fd, bytes, n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
	return done;
}

/* What waits, as far as it goes. */
static void give_kept(struct port *port)
{
	while (port->fd >= 0 && port->count) {
		const uint32_t to_end = KEPT_BYTES - port->start;
		const ssize_t n = give(port, port->kept + port->start,
				       port->count < to_end ? port->count : to_end);

		if (n < 0)
			hang_up(port);
		if (n <= 0)
			return;
		port->start = (port->start + (uint32_t)n) % KEPT_BYTES;
		port->count -= (uint32_t)n;
	}
}

static void keep(struct port *port, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		port->kept[(port->start + port->count) % KEPT_BYTES] = bytes[i];
		if (port->count < KEPT_BYTES)
			port->count++;
		else
			port->start = (port->start + 1) % KEPT_BYTES;
	}
}

static int write_file(struct port *port, const uint8_t *bytes, size_t n)
{
	while (n && !port->failed) {
		const ssize_t done = give(port, bytes, n);

		if (done <= 0) {
			port->failed = true;
			return done ? (int)done : -EIO;
		}
		bytes += done;
		n -= (size_t)done;
	}
	return 0;
}

int port_write(struct port *port, const uint8_t *bytes, size_t n)
{
	if (port->kind == PORT_NULL)
		return 0;
	if (port->kind == PORT_FILE)
		return write_file(port, bytes, n);
	keep(port, bytes, n);
	give_kept(port);
	return 0;
}

/* --- what is typed ----------------------------------------------------------------------------------- */

int port_poll(struct port *port, struct net_poll *p, bool listen)
{
	const short events = (short)((listen ? POLLIN : 0) | (port->count ? POLLOUT : 0));

	if (!port_types(port))
		return 0;
	if (port->kind == PORT_UNIX && port->fd < 0)
		return net_poll_add(p, port->behind, POLLIN);
	/* Without events one still hears of a hang-up, for ever; so we do not ask. */
	return events ? net_poll_add(p, port->fd, events) : 0;
}

/* The next one, if nobody is here. */
static void greet(struct port *port)
{
	if (port->kind == PORT_UNIX && port->fd < 0)
		port->fd = accept4(port->behind, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

size_t port_serve(struct port *port, uint8_t *buf, size_t size)
{
	ssize_t n;

	if (!port_types(port))
		return 0;
	greet(port);
	give_kept(port);
	if (port->fd < 0 || !size)
		return 0;
	do
		n = read(port->fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		hang_up(port);
	return n > 0 ? (size_t)n : 0;
}

void port_close(struct port *port)
{
	if (!port)
		return;
	if (port_types(port))
		give_kept(port);
	if (port->kind == PORT_UNIX && port->behind >= 0)
		unlink(port->name);
	if (port->fd >= 0)
		close(port->fd);
	if (port->behind >= 0)
		close(port->behind);
	free(port);
}
