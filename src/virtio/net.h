/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:640
 * The network card: two queues of Ethernet frames, one each way, each frame behind a header of a
 * few bytes.  What the Guest sends goes to a callback at once; what comes for it waits in a FIFO
 * until the Guest posts a buffer.  Which wire the card is on is somebody else's business.
:*/
#ifndef VIRTIO_NET_H
#define VIRTIO_NET_H

#include "device.h"

enum virtio_net_feature {
	VIRTIO_NET_F_MAC = 5,
	VIRTIO_NET_F_ANY_LAYOUT = 27, /* of every device since 3.12, in fact; so is the next */
	VIRTIO_NET_F_INDIRECT = VIRTIO_F_INDIRECT,
};

#define NET_MAC_BYTES  6
#define NET_FRAME_MIN  14u    /* two addresses and a type */
#define NET_FRAME_MAX  65535u /* row 20 */
#define NET_HEADER_MAX 12u

/* What has happened to frames.  Dropped: could be neither sent nor kept, whoever's fault it is. */
struct virtio_net_counts {
	uint64_t sent, received, send_dropped, receive_dropped;
};

/* NULL without memory.  send gets each frame of the Guest, NET_FRAME_MIN to NET_FRAME_MAX bytes. */
struct virtio_device *virtio_net_create(const uint8_t mac[NET_MAC_BYTES],
					void (*send)(void *ctx, const uint8_t *frame, uint32_t n),
					void *ctx);

/* A frame for the Guest.  False: it was dropped, because it is no frame, because no driver is
 * there, or because too many wait already. */
bool virtio_net_receive(struct virtio_device *dev, const uint8_t *frame, uint32_t n);
/* Is there a driver that wants frames? */
bool virtio_net_listens(const struct virtio_device *dev);
/* How many frames of any size are sure to find room (in the FIFO, if there is no buffer). */
unsigned virtio_net_room(const struct virtio_device *dev);
struct virtio_net_counts virtio_net_counts(const struct virtio_device *dev);

#endif
