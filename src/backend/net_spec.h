/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:682
 * How a user says what a network card is plugged into, in one word:
 *
 *	none				nothing; the card is there, the wire is cut
 *	hub				the other cards on "hub" in the same machine
 *	hub:PATH			and those of other processes that name the same path
 *	user				the outside, by address translation, without any privilege
 *	stream:PATH, stream:HOST:PORT	a socket that speaks as QEMU's does (passt)
 *	tap:NAME			a TAP device
 *
 * and behind that, with a comma each: mac=02:00:00:00:00:01 for any of them, and for "user"
 * allow-host and hostfwd=PROTOCOL:[ADDRESS]:PORT-[ADDRESS]:PORT.
:*/
#ifndef BACKEND_NET_SPEC_H
#define BACKEND_NET_SPEC_H

#include "base/types.h"

enum net_kind { NET_NONE, NET_HUB, NET_USER, NET_STREAM, NET_TAP };

#define NET_WHERE_BYTES 200
#define NET_FORWARDS	16

/* A port of the host that leads to the Guest.  Addresses in host order; guest_addr 0: the Guest. */
struct net_forward {
	bool udp;
	uint32_t host_addr, guest_addr;
	uint16_t host_port, guest_port;
};

struct net_spec {
	enum net_kind kind;
	char where[NET_WHERE_BYTES]; /* path, host:port, name of a device or bridge; or "" */
	bool has_mac;
	uint8_t mac[6];
	bool allow_host; /* NET_USER: 10.0.2.2 is the host's own loopback */
	unsigned nr_forwards;
	struct net_forward forward[NET_FORWARDS];
	/* NET_TAP, as the original's --tunnet: a device that we make, and set up. */
	bool make, bridge;
	uint32_t addr; /* of the host's side */
};

/* 0, or -EINVAL with *why a clause that goes behind the word ("is no address"). */
int net_spec_parse(struct net_spec *spec, const char *text, const char **why) MUST_CHECK;
/* The hub of that path, without more words. */
int net_spec_hub(struct net_spec *spec, const char *path, const char **why) MUST_CHECK;
/* The same for the argument of the original's --tunnet: IP[:MAC] or bridge:NAME[:MAC]. */
int net_spec_parse_tunnet(struct net_spec *spec, const char *text, const char **why) MUST_CHECK;

#endif
