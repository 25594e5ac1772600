/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:692
 * A TAP device: a network card of the host whose wire ends here.  To open one that somebody has
 * prepared for us takes no privilege ("ip tuntap add mode tap user ME"); to make one and give it an
 * address, as the original did for --tunnet, takes CAP_NET_ADMIN, and nothing else here does.
:*/
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

#ifdef __linux__
#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

struct tap {
	struct net_backend b; /* first, so that one is the other */
	int fd;
};

static bool later(int err)
{
	return err == EAGAIN || err == EINTR;
}

static int tap_send(struct net_backend *b, const uint8_t *frame, uint32_t n)
{
	/* What the host does not like about a frame, or about its own state, is only this frame's
	 * problem. */
	if (write(((struct tap *)b)->fd, frame, n) < 0 && errno == EBADFD)
		return -errno;
	return 0;
}

static int tap_receive(struct net_backend *b, uint8_t *frame, uint32_t size)
{
	ssize_t n = read(((struct tap *)b)->fd, frame, size);

	if (n > 0)
		return (int)n;
	return n < 0 && !later(errno) ? -errno : -EAGAIN;
}

static int tap_poll(struct net_backend *b, struct net_poll *p, bool listen)
{
	return listen ? net_poll_add(p, ((struct tap *)b)->fd, POLLIN) : 0;
}

static void tap_close(struct net_backend *b)
{
	close(((struct tap *)b)->fd);
	free(b);
}

static const struct net_ops tap_ops = {
	.name = "tap",
	.send = tap_send,
	.receive = tap_receive,
	.poll = tap_poll,
	.close = tap_close,
};

static int set_name(char to[IFNAMSIZ], const char *name)
{
	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	memcpy(to, name, strlen(name) + 1);
	return 0;
}

/*D:720
 * Setting up the host's end, for --tunnet: an address or a bridge, and up.
 */
static int set_up(const struct net_spec *spec, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr->ifr_addr;
	struct ifreq bridge;

	if (fd < 0)
		return -errno;
	if (spec->bridge) {
		memset(&bridge, 0, sizeof(bridge));
		err = set_name(bridge.ifr_name, spec->where);
		bridge.ifr_ifindex = (int)if_nametoindex(ifr->ifr_name);
		if (!err && ioctl(fd, SIOCBRADDIF, &bridge))
			err = -errno;
	}
	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(spec->addr);
	if (!err && !spec->bridge && ioctl(fd, SIOCSIFADDR, ifr))
		err = -errno;
	ifr->ifr_flags = IFF_UP | IFF_RUNNING;
	if (!err && ioctl(fd, SIOCSIFFLAGS, ifr))
		err = -errno;
	close(fd);
	return err;
}
/*:*/

static int open_tap(const struct net_spec *spec, struct ifreq *ifr)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	memset(ifr, 0, sizeof(*ifr));
	ifr->ifr_flags = IFF_TAP | IFF_NO_PI;
	/* Without a name the kernel finds one: tap0, tap1 ... */
	err = set_name(ifr->ifr_name, spec->make ? "tap%d" : spec->where);
	if (!err && ioctl(fd, TUNSETIFF, ifr))
		err = -errno;
	if (!err && spec->make)
		err = set_up(spec, ifr);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int net_tap_open(const struct net_spec *spec, struct net_backend **b, char *why)
{
	const char *what = spec->make && !spec->bridge ? "with the address " : "";
	struct tap *tap = calloc(1, sizeof(*tap));
	struct ifreq ifr;
	int err;

	if (!tap)
		return net_fail(why, -ENOMEM, "out of memory");
	tap->b.ops = &tap_ops;
	tap->fd = open_tap(spec, &ifr);
	if (tap->fd >= 0) {
		*b = &tap->b;
		return 0;
	}
	err = net_fail(why, tap->fd, "cannot set up the TAP device %s%s: %s%s", what, spec->where,
		       strerror(-tap->fd),
		       tap->fd == -EPERM ? "; --net user needs no privilege" : "");
	free(tap);
	return err;
}

#else

int net_tap_open(const struct net_spec *spec, struct net_backend **b, char *why)
{
	(void)spec;
	(void)b;
	return net_fail(why, -ENOSYS, "this system has no TAP devices; --net user works anywhere");
}

#endif
