/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:635
 * The entropy device.  There is no entropy in a machine whose run is a function of its inputs, so
 * there the bytes come from a generator, and its seed is one more input.  Anybody who has seen some of
 * them can work out the rest; a machine that lives in real time is given bytes that are better.
:*/
#ifndef VIRTIO_RNG_H
#define VIRTIO_RNG_H

#include "device.h"

/* NULL without memory.  The same seed gives the same bytes on every host. */
struct virtio_device *virtio_rng_create(uint64_t seed);
/* The bytes are what `fill` puts there; it returns 0 or -errno. */
struct virtio_device *virtio_rng_create_from(int (*fill)(uint8_t *to, uint32_t n));

#endif
