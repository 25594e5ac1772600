/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:684
 * A switch: it learns behind which port each station is, and says to which ports a frame must go.
 * That is all it does; who has a port, and how a frame gets there, is the caller's.
:*/
#ifndef BACKEND_NET_SWITCH_H
#define BACKEND_NET_SWITCH_H

#include "base/types.h"

#define NET_PORTS 32

/*M:675
 * A switch knows 128 stations.  With more, the one learned first is forgotten, and frames for it go
 * to all ports until it sends something.
:*/
#define NET_STATIONS 128

struct net_station {
	uint8_t mac[6], port;
};

struct net_switch {
	uint32_t ports; /* that something is plugged into, a bit each */
	unsigned nr, oldest;
	struct net_station station[NET_STATIONS];
};

void net_switch_plug(struct net_switch *sw, unsigned port);
/* And forget who was behind it. */
void net_switch_unplug(struct net_switch *sw, unsigned port);

/* A frame of at least 14 bytes came in by port `from`.  The ports that it must go out by, a bit
 * each, never the one it came by. */
uint32_t net_switch_forward(struct net_switch *sw, unsigned from, const uint8_t *frame);

#endif
