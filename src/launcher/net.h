/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:760
 * Network cards and what they are plugged into, as the rest of the Launcher sees them.
:*/
#ifndef LAUNCHER_NET_H
#define LAUNCHER_NET_H

#include "backend/net.h"
#include "lgemu.h"
#include "virtio/dma23.h"

struct guest;
struct net;

/* The card that d asks for, plugged in at its other end.  0 or -errno with a complaint; *dev may be
 * NULL, for want of memory. */
int net_add(struct guest *g, const struct lgemu_device *d, struct virtio_device **dev) MUST_CHECK;
/* The Guest will neither send nor receive any more. */
void net_leave(struct guest *g);
/* Of a card on a page that several Guests share: where it sits; else NULL. */
const struct dma23_seat *net_seat(const struct net *net, const struct virtio_device *dev);
/* A number that no other Guest on its wires has; Guests of 2.6.23 make an address of it. */
uint16_t net_guest_id(const struct guest *g);
/* When there are no cards any more.  NULL is allowed. */
void net_destroy(struct net *net);

/* For all of these net may be NULL: no card, no network. */

/* Is there an outside, from which frames may come? */
bool net_outside(const struct net *net);
/* Has anybody talked to it?  Then idle time must not pass faster than it does there. */
bool net_paces(const struct net *net);
/* A guest has just sent something: take the answers that are there already. */
void net_pump(struct net *net);
/* Add what to wait for, and afterwards take what came.  0 or -ENOMEM. */
int net_poll_fill(struct net *net, struct net_poll *p) MUST_CHECK;
void net_poll_done(struct net *net, const struct net_poll *p);
/* An event of source EVENT_NET + nr: a frame from outside, at the moment when the Guest sees it. */
void net_event(struct net *net, uint32_t nr, const uint8_t *frame, uint32_t n);

#endif
