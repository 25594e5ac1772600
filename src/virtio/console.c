/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:626
 * The console.  Its Guest half is hvc: to print, it posts one buffer, kicks, and spins until the
 * buffer is back, so output is finished before the kick returns.  To read, it posts a page and
 * waits, or polls.
 *
 * It refuses to lose what was typed: bytes that no buffer can take wait here.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

enum { CONSOLE_IN = 0, CONSOLE_OUT = 1 };
#define CONSOLE_EMERG_WRITE 8u /* offset of that field of the configuration */

/*M:600
 * The FIFO of the console's input is 64 kB, and one buffer of output is cut at as much.  The first
 * only makes the Launcher wait before it reads on; the second nobody has met, since no driver
 * posts more than a page.
:*/
#define CONSOLE_FIFO_BYTES 65536u
#define CONSOLE_OUT_BYTES  65536u

struct virtio_console {
	struct virtio_device dev; /* first, so that one is the other */
	void (*output)(void *ctx, const uint8_t *bytes, size_t n);
	void *ctx;
	/* Typed and not yet given to the Guest: count bytes from start, around the end. */
	uint32_t start, count;
	uint8_t fifo[CONSOLE_FIFO_BYTES];
};

static int print_piece(void *ctx, uint64_t done, const uint8_t *p, uint32_t n)
{
	const struct virtio_console *con = ctx;

	(void)done;
	con->output(con->ctx, p, n);
	return 0;
}

/* The Guest spins for the used entry: every buffer goes back before we return (devices.md 3.6). */
static void console_print(struct virtio_console *con)
{
	struct virtio_device *dev = &con->dev;
	struct virtq_chain chain;

	while (virtio_pop(dev, CONSOLE_OUT, &chain)) {
		uint64_t n = chain.out_bytes;

		if (chain.in_bytes) { /* row 9 */
			virtio_stop(dev, "writable buffer in the console's output queue");
			return;
		}
		if (n > CONSOLE_OUT_BYTES) /* row 8 */
			n = CONSOLE_OUT_BYTES;
		if (virtq_each_out(&dev->vq[CONSOLE_OUT], &chain, 0, n, print_piece, con))
			virtio_stop(dev, "console output lies outside the Guest's memory");
		/* We wrote nothing into the Guest's memory, so the length ought to be 0. */
		virtio_push(dev, CONSOLE_OUT, &chain,
			    dev->dialect.console_counts_sent ? (uint32_t)n : 0);
	}
}

static int take_piece(void *ctx, uint64_t done, uint8_t *p, uint32_t n)
{
	struct virtio_console *con = ctx;

	(void)done;
	while (n) {
		uint32_t run = CONSOLE_FIFO_BYTES - con->start;

		if (run > n)
			run = n;
		memcpy(p, con->fifo + con->start, run);
		con->start = (con->start + run) % CONSOLE_FIFO_BYTES;
		con->count -= run;
		p += run;
		n -= run;
	}
	return 0;
}

/*D:650
 * Input.  One buffer takes what there is, up to its size, and goes back at once: a user who types
 * one key wants to see one key.
 */
static void console_feed(struct virtio_console *con)
{
	struct virtio_device *dev = &con->dev;
	struct virtq_chain chain;

	while (con->count && virtio_pop(dev, CONSOLE_IN, &chain)) {
		uint32_t n = con->count;

		if (chain.out_bytes) { /* row 10 */
			virtio_stop(dev, "readable buffer in the console's input queue");
			return;
		}
		if (n > chain.in_bytes)
			n = (uint32_t)chain.in_bytes;
		if (virtq_each_in(&dev->vq[CONSOLE_IN], &chain, 0, n, take_piece, con)) {
			virtio_stop(dev, "console input lies outside the Guest's memory");
			return;
		}
		virtio_push(dev, CONSOLE_IN, &chain, n);
	}
}
/*:*/

static void console_notify(struct virtio_device *dev, unsigned q)
{
	struct virtio_console *con = (struct virtio_console *)dev;

	if (q == CONSOLE_OUT)
		console_print(con);
	else
		console_feed(con);
}

size_t console_input(struct virtio_device *dev, const uint8_t *bytes, size_t n)
{
	struct virtio_console *con = (struct virtio_console *)dev;

	if (n > console_room(dev))
		n = console_room(dev);
	for (size_t i = 0; i < n; i++)
		con->fifo[(con->start + con->count++) % CONSOLE_FIFO_BYTES] = bytes[i];
	/* To the Guest this is the same as a kick: whatever buffers it has posted may be filled. */
	virtio_notify(dev, CONSOLE_IN);
	return n;
}

size_t console_room(const struct virtio_device *dev)
{
	return CONSOLE_FIFO_BYTES - ((const struct virtio_console *)dev)->count;
}

size_t console_waiting(const struct virtio_device *dev)
{
	return ((const struct virtio_console *)dev)->count;
}

/*D:651
 * The emergency door: one character at a time, stored into the configuration.  It works with a
 * console that has no driver yet, or one that was stopped, because that is when it is needed.
 */
static void console_config_write(struct virtio_device *dev, unsigned off, unsigned bytes,
				 uint32_t value)
{
	const struct virtio_console *con = (struct virtio_console *)dev;
	const uint8_t c = (uint8_t)value;

	(void)bytes;
	if (off == CONSOLE_EMERG_WRITE)
		con->output(con->ctx, &c, 1);
}
/*:*/

static void console_state(const struct virtio_device *dev, const struct virtio_sink *sink)
{
	const struct virtio_console *con = (const struct virtio_console *)dev;
	uint32_t run = CONSOLE_FIFO_BYTES - con->start;
	le32_t count = le32(con->count);

	/* The bytes in order, wherever they lie: where the FIFO wraps is nobody's business. */
	if (run > con->count)
		run = con->count;
	sink->bytes(sink->ctx, &count, sizeof(count));
	sink->bytes(sink->ctx, con->fifo + con->start, run);
	sink->bytes(sink->ctx, con->fifo, con->count - run);
}

static void console_destroy(struct virtio_device *dev)
{
	free(dev);
}

static const struct virtio_ops console_ops = {
	.name = "console",
	.type = VIRTIO_CONSOLE,
	.nr_queues = 2,
	.features = 1ull << VIRTIO_CONSOLE_F_EMERG_WRITE,
	.notify = console_notify,
	.config_write = console_config_write,
	.state = console_state,
	.destroy = console_destroy,
};

struct virtio_device *virtio_console_create(void (*output)(void *ctx, const uint8_t *bytes,
							   size_t n),
					    void *ctx)
{
	struct virtio_console *con = calloc(1, sizeof(*con));

	if (!con)
		return NULL;
	con->dev.ops = &console_ops;
	con->output = output;
	con->ctx = ctx;
	return &con->dev;
}
