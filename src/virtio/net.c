/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:641
 * The network card.  A frame is found by counting bytes: so many of header, the rest is the frame,
 * however the Guest has cut it.  The header could ask for work (fill in a checksum, cut this into
 * segments), but none of that is offered, so a Guest which asks for it is lying and its frame goes
 * nowhere.
 *
 * It refuses to stop over a bad frame.  Frames get lost, every protocol knows that; only a ring
 * that makes no sense, or a buffer of the wrong direction, stops the card.
:*/
#include <stdlib.h>
#include <string.h>

#include "net.h"

enum { NET_RECEIVE = 0, NET_SEND = 1 };

/*M:615
 * Of frames that find no buffer, 256 are kept, and no more than four megabytes of them; what comes then
 * is dropped.  Whoever reads frames from outside asks for the room first, so this is where frames
 * between two Guests of one machine get lost, if one is much faster than the other.
:*/
#define NET_FIFO_FRAMES 256u
#define NET_FIFO_BYTES	(4u << 20)

struct net_frame {
	struct net_frame *next;
	uint32_t len;
	uint8_t bytes[];
};

struct virtio_net {
	struct virtio_device dev; /* first, so that one is the other */
	uint8_t mac[NET_MAC_BYTES];
	void (*send)(void *ctx, const uint8_t *frame, uint32_t n);
	void *ctx;
	bool up; /* the driver has posted buffers to receive into */
	struct net_frame *first, *last;
	uint32_t fifo_frames, fifo_bytes;
	struct virtio_net_counts counts;
	uint8_t frame[NET_FRAME_MAX]; /* the one that is being sent */
};

/*D:630
 * Sending.  The chain is a header and a frame.  All headers begin alike: flags, and what kind of
 * segments to make of it; both are 0 for a frame that is ready to go, and the rest of the header
 * means nothing then.
 */
struct net_header {
	uint8_t flags, gso_type;
};

/* The frame of this chain, into net->frame; its length, or 0 if it is none that can be sent. */
static uint32_t take_frame(struct virtio_net *net, const struct virtq_chain *chain)
{
	const struct virtq *vq = &net->dev.vq[NET_SEND];
	const uint32_t before = net->dev.dialect.net_header_bytes;
	struct net_header header;
	uint32_t n;

	/* Row 20, in 64 bits. */
	if (chain->out_bytes < before + NET_FRAME_MIN || chain->out_bytes > before + NET_FRAME_MAX)
		return 0;
	n = (uint32_t)chain->out_bytes - before;
	if (before && (virtq_gather(vq, chain, 0, &header, sizeof(header)) != sizeof(header) ||
		       header.flags || header.gso_type))
		return 0;
	return virtq_gather(vq, chain, before, net->frame, n) == n ? n : 0;
}

static void net_send(struct virtio_net *net)
{
	struct virtio_device *dev = &net->dev;
	struct virtq_chain chain;

	while (virtio_pop(dev, NET_SEND, &chain)) {
		uint32_t n;

		if (chain.in_bytes) { /* row 9 */
			virtio_stop(dev, "writable buffer in the network card's output queue");
			return;
		}
		n = take_frame(net, &chain);
		/* We have written nothing; but a few drivers count their bytes by this length, and
		 * there is no buffer here in which they could read stale ones. */
		virtio_push(dev, NET_SEND, &chain, dev->dialect.net_counts_sent ? n : 0);
		if (!n) {
			net->counts.send_dropped++;
			continue;
		}
		net->counts.sent++;
		net->send(net->ctx, net->frame, n);
	}
}
/*:*/

/*D:631
 * Receiving.  The header says "nothing special", and in virtio 1, which can spread a frame over
 * several buffers, that this one is in one.  A frame that is longer than the buffer is dropped (row
 * 21): the buffer goes back with a header and nothing behind it, which the Guest counts among its
 * errors, as with any other card.
 */
static uint32_t put_frame(struct virtio_net *net, const struct virtq_chain *chain,
			  const uint8_t *frame, uint32_t n)
{
	const struct virtq *vq = &net->dev.vq[NET_RECEIVE];
	const uint32_t before = net->dev.dialect.net_header_bytes;
	uint8_t header[NET_HEADER_MAX] = {0};
	uint32_t done;

	header[10] = 1; /* num_buffers, where the header is that long */
	done = virtq_scatter(vq, chain, 0, header, before);
	if (chain->in_bytes < (uint64_t)before + n) {
		net->counts.receive_dropped++;
		return done;
	}
	net->counts.received++;
	return done + virtq_scatter(vq, chain, before, frame, n);
}

/* Into the next buffer.  False: there is none now. */
static bool feed_frame(struct virtio_net *net, const uint8_t *frame, uint32_t n)
{
	struct virtio_device *dev = &net->dev;
	struct virtq_chain chain;

	if (!virtio_pop(dev, NET_RECEIVE, &chain))
		return false;
	if (chain.out_bytes) { /* row 10 */
		virtio_stop(dev, "readable buffer in the network card's input queue");
		return false;
	}
	virtio_push(dev, NET_RECEIVE, &chain, put_frame(net, &chain, frame, n));
	return true;
}

static void drop_first(struct virtio_net *net)
{
	struct net_frame *frame = net->first;

	net->first = frame->next;
	net->fifo_frames--;
	net->fifo_bytes -= frame->len;
	free(frame);
}

/* Behind those that wait already. */
static bool keep_frame(struct virtio_net *net, const uint8_t *bytes, uint32_t n)
{
	struct net_frame *frame;

	if (net->fifo_frames == NET_FIFO_FRAMES || n > NET_FIFO_BYTES - net->fifo_bytes)
		return false;
	frame = malloc(sizeof(*frame) + n);
	if (!frame)
		return false;
	*frame = (struct net_frame){.len = n};
	memcpy(frame->bytes, bytes, n);
	if (net->first)
		net->last->next = frame;
	else
		net->first = frame;
	net->last = frame;
	net->fifo_frames++;
	net->fifo_bytes += n;
	return true;
}

/*
 * The Guest need not tell us of new buffers unless frames wait for one: when the next frame comes
 * we shall look anyway.  That saves it a kick, and with it a trip through the Host, for each.
 */
static void set_quiet(struct virtio_net *net)
{
	virtq_set_quiet(&net->dev.vq[NET_RECEIVE], !net->first);
}

bool virtio_net_receive(struct virtio_device *dev, const uint8_t *frame, uint32_t n)
{
	struct virtio_net *net = (struct virtio_net *)dev;
	struct virtq *vq = &dev->vq[NET_RECEIVE];
	bool taken = false;

	if (n >= NET_FRAME_MIN && n <= NET_FRAME_MAX && net->up && !dev->stopped) {
		virtq_begin(vq);
		taken = !net->first && feed_frame(net, frame, n);
		virtio_settle(dev, NET_RECEIVE);
		if (!taken && !dev->stopped)
			taken = keep_frame(net, frame, n);
		set_quiet(net);
	}
	if (!taken)
		net->counts.receive_dropped++;
	return taken;
}

static void net_feed(struct virtio_net *net)
{
	net->up = true;
	while (net->first && feed_frame(net, net->first->bytes, net->first->len))
		drop_first(net);
	set_quiet(net);
}
/*:*/

static void net_notify(struct virtio_device *dev, unsigned q)
{
	struct virtio_net *net = (struct virtio_net *)dev;

	if (q == NET_SEND)
		net_send(net);
	else
		net_feed(net);
}

bool virtio_net_listens(const struct virtio_device *dev)
{
	return ((const struct virtio_net *)dev)->up && !dev->stopped;
}

unsigned virtio_net_room(const struct virtio_device *dev)
{
	const struct virtio_net *net = (const struct virtio_net *)dev;
	unsigned by_bytes = (NET_FIFO_BYTES - net->fifo_bytes) / NET_FRAME_MAX;
	unsigned by_frames = NET_FIFO_FRAMES - net->fifo_frames;

	return by_bytes < by_frames ? by_bytes : by_frames;
}

struct virtio_net_counts virtio_net_counts(const struct virtio_device *dev)
{
	return ((const struct virtio_net *)dev)->counts;
}

static void net_plug(struct virtio_device *dev)
{
	memcpy(dev->config, ((struct virtio_net *)dev)->mac, NET_MAC_BYTES);
}

/* A card without a driver hears nothing. */
static void net_reset(struct virtio_device *dev)
{
	struct virtio_net *net = (struct virtio_net *)dev;

	net->up = false;
	while (net->first)
		drop_first(net);
}

static void net_state(const struct virtio_device *dev, const struct virtio_sink *sink)
{
	const struct virtio_net *net = (const struct virtio_net *)dev;
	const struct net_frame *frame;
	struct {
		le32_t up, fifo_frames;
	} state = {le32(net->up), le32(net->fifo_frames)};

	sink->bytes(sink->ctx, &state, sizeof(state));
	for (frame = net->first; frame; frame = frame->next) {
		le32_t len = le32(frame->len);

		sink->bytes(sink->ctx, &len, sizeof(len));
		sink->bytes(sink->ctx, frame->bytes, frame->len);
	}
}

static void net_destroy(struct virtio_device *dev)
{
	net_reset(dev);
	free(dev);
}

static const struct virtio_ops net_ops = {
	.name = "net",
	.type = VIRTIO_NET,
	.nr_queues = 2,
	.features = 1ull << VIRTIO_NET_F_MAC | 1ull << VIRTIO_NET_F_ANY_LAYOUT |
		    1ull << VIRTIO_NET_F_INDIRECT,
	.plug = net_plug,
	.notify = net_notify,
	.reset = net_reset,
	.state = net_state,
	.destroy = net_destroy,
};

struct virtio_device *virtio_net_create(const uint8_t mac[NET_MAC_BYTES],
					void (*send)(void *ctx, const uint8_t *frame, uint32_t n),
					void *ctx)
{
	struct virtio_net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->dev.ops = &net_ops;
	memcpy(net->mac, mac, NET_MAC_BYTES);
	net->send = send;
	net->ctx = ctx;
	return &net->dev;
}
