/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:635
 * The entropy device.  There is no entropy in a machine whose run is a function of its inputs, so
 * the bytes come from a generator, and its seed is one more input.
:*/
#ifndef VIRTIO_RNG_H
#define VIRTIO_RNG_H

#include "device.h"

/* NULL without memory.  The same seed gives the same bytes on every host. */
struct virtio_device *virtio_rng_create(uint64_t seed);

#endif
