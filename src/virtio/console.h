/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:625
 * The console: two queues of bytes.  What the Guest prints goes to a callback at once, because it
 * spins until we have taken it.  What the user types waits in a FIFO until the Guest posts a
 * buffer; the Launcher calls console_input() at the stamp of the event that brought the bytes.
:*/
#ifndef VIRTIO_CONSOLE_H
#define VIRTIO_CONSOLE_H

#include "device.h"

#define VIRTIO_CONSOLE_F_EMERG_WRITE 2

/* NULL without memory.  output gets the Guest's bytes, unfiltered and in order. */
struct virtio_device *virtio_console_create(void (*output)(void *ctx, const uint8_t *bytes,
							   size_t n),
					    void *ctx);

/* Bytes typed.  Returns how many were taken: what no buffer of the Guest can hold now is kept,
 * up to console_room() bytes; offer the rest again later. */
size_t console_input(struct virtio_device *dev, const uint8_t *bytes, size_t n);
/* Free bytes of the FIFO. */
size_t console_room(const struct virtio_device *dev);
/* Bytes that were taken and that no buffer of the Guest holds yet. */
size_t console_waiting(const struct virtio_device *dev);

#endif
