/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:685
 * The switch.  Its table is a function of the frames it has seen, in their order, and of nothing
 * else, so a machine whose Guests talk to each other through it can be run again.
:*/
#include <string.h>

#include "net_switch.h"

/* An Ethernet frame begins with where to and where from; a group's address has this bit. */
enum { TO = 0, FROM = 6 };
#define GROUP 1u

static struct net_station *find(struct net_switch *sw, const uint8_t *mac)
{
	for (unsigned i = 0; i < sw->nr; i++)
		if (!memcmp(sw->station[i].mac, mac, 6))
			return &sw->station[i];
	return NULL;
}

static void learn(struct net_switch *sw, const uint8_t *mac, unsigned port)
{
	struct net_station *station = find(sw, mac);

	if (mac[0] & GROUP) /* no card can have sent that */
		return;
	if (!station && sw->nr < NET_STATIONS) {
		station = &sw->station[sw->nr++];
	} else if (!station) {
		station = &sw->station[sw->oldest];
		sw->oldest = (sw->oldest + 1) % NET_STATIONS;
	}
	memcpy(station->mac, mac, 6);
	station->port = (uint8_t)port;
}

void net_switch_plug(struct net_switch *sw, unsigned port)
{
	sw->ports |= 1u << port;
}

void net_switch_unplug(struct net_switch *sw, unsigned port)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < sw->nr; i++)
		if (sw->station[i].port != port)
			sw->station[kept++] = sw->station[i];
	sw->nr = kept;
	sw->oldest = 0;
	sw->ports &= ~(1u << port);
}

uint32_t net_switch_forward(struct net_switch *sw, unsigned from, const uint8_t *frame)
{
	const struct net_station *to = NULL;

	learn(sw, frame + FROM, from);
	if (!(frame[TO] & GROUP))
		to = find(sw, frame + TO);
	return (to ? 1u << to->port : sw->ports) & sw->ports & ~(1u << from);
}
