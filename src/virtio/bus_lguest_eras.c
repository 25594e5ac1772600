/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:622
 * What changed on the lguest bus between 2.6.25 and 3.19, as a table.  An unmodified Guest prints
 * the size of every descriptor it finds, so these numbers can be read off its log: we offer what
 * that release's own Launcher offered (devices.md 3.5, 3.7, 3.8), nothing more.
 *
 * Two exceptions.  RO, for a disk that is read-only, adds no byte, and a driver that does not know
 * it never looks.  And of what a network card can do for its driver (sums, segments) nothing is
 * offered, but the bytes in which it was are there: docs/decisions/0020 says why.
:*/
#include "blk.h"
#include "bus_lguest.h"
#include "net.h"

#define BLK(f) (1ull << VIRTIO_BLK_F_##f)
#define NET(f) (1ull << VIRTIO_NET_F_##f)

#define CONSOLE_OFFER                                                                              \
	{                                                                                          \
		.known = true                                                                      \
	}
#define RNG_OFFER                                                                                  \
	{                                                                                          \
		.known = true                                                                      \
	}
#define BLK_BARRIER_OFFER(len)                                                                     \
	{                                                                                          \
		true, len, BLK(BARRIER) | BLK(SEG_MAX) | BLK(RO), 1                                \
	}
#define BLK_FLUSH_OFFER                                                                            \
	{                                                                                          \
		true, 16, BLK(SEG_MAX) | BLK(FLUSH) | BLK(RO), 2                                   \
	}
#define NET_OFFER(config_len, features, feature_len)                                               \
	{                                                                                          \
		true, config_len, NET(MAC) | (features), feature_len                               \
	}

/*D:645
 * The eras.  A range ends where the next begins.  The configuration of a card grew with what its
 * driver knew: a link status in 2.6.30, a number of queues in 3.8.  That of a disk grew, too, until
 * 2.6.31, whose own was so large that its length no longer fitted the byte; from then on the
 * Launcher cut it at 16.
 */
static const struct lguest_bus_profile profiles[] = {
	{
		.name = "2.6.25",
		.first = LGUEST_RELEASE(2, 6, 25),
		.last = LGUEST_RELEASE(2, 6, 25),
		.queue_size = 128,
		.notify_resets = true,
		.dialect = {.net_header_bytes = 10,
			    .net_counts_sent = true,
			    .console_counts_sent = true},
		.offer = {[VIRTIO_NET] = NET_OFFER(6, 0, 1),
			  [VIRTIO_BLK] = BLK_BARRIER_OFFER(16),
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER},
	},
	{
		.name = "2.6.26",
		.first = LGUEST_RELEASE(2, 6, 26),
		.last = LGUEST_RELEASE(2, 6, 26),
		.queue_size = 128,
		.dialect = {.net_header_bytes = 10, .console_counts_sent = true},
		.offer = {[VIRTIO_NET] = NET_OFFER(6, 0, 4),
			  [VIRTIO_BLK] = BLK_BARRIER_OFFER(20),
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER},
	},
	{
		.name = "2.6.27 to 2.6.29",
		.first = LGUEST_RELEASE(2, 6, 27),
		.last = LGUEST_RELEASE(2, 6, 29),
		.queue_size = 256,
		.dialect = {.net_header_bytes = 10, .console_counts_sent = true},
		.offer = {[VIRTIO_NET] = NET_OFFER(6, 0, 4),
			  [VIRTIO_BLK] = BLK_BARRIER_OFFER(24),
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER,
			  [VIRTIO_RNG] = RNG_OFFER},
	},
	{
		.name = "2.6.30",
		.first = LGUEST_RELEASE(2, 6, 30),
		.last = LGUEST_RELEASE(2, 6, 30),
		.queue_size = 256,
		.dialect = {.net_header_bytes = 10, .console_counts_sent = true},
		.offer = {[VIRTIO_NET] = NET_OFFER(8, 0, 4),
			  [VIRTIO_BLK] = BLK_BARRIER_OFFER(24),
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER,
			  [VIRTIO_RNG] = RNG_OFFER},
	},
	{
		.name = "2.6.31 to 2.6.36",
		.first = LGUEST_RELEASE(2, 6, 31),
		.last = LGUEST_RELEASE(2, 6, 36),
		.queue_size = 256,
		.dialect = {.net_header_bytes = 10},
		.offer = {[VIRTIO_NET] = NET_OFFER(8, NET(INDIRECT), 4),
			  [VIRTIO_BLK] = BLK_BARRIER_OFFER(16),
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER,
			  [VIRTIO_RNG] = RNG_OFFER},
	},
	{
		.name = "2.6.37 to 3.7",
		.first = LGUEST_RELEASE(2, 6, 37),
		.last = LGUEST_RELEASE(3, 7, 0),
		.queue_size = 256,
		.dialect = {.net_header_bytes = 10},
		.offer = {[VIRTIO_NET] = NET_OFFER(8, NET(INDIRECT), 4),
			  [VIRTIO_BLK] = BLK_FLUSH_OFFER,
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER,
			  [VIRTIO_RNG] = RNG_OFFER},
	},
	{
		.name = "3.8 to 3.11",
		.first = LGUEST_RELEASE(3, 8, 0),
		.last = LGUEST_RELEASE(3, 11, 0),
		.queue_size = 256,
		.dialect = {.net_header_bytes = 10},
		.offer = {[VIRTIO_NET] = NET_OFFER(10, NET(INDIRECT), 4),
			  [VIRTIO_BLK] = BLK_FLUSH_OFFER,
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER,
			  [VIRTIO_RNG] = RNG_OFFER},
	},
	{
		.name = "3.12 to 3.19",
		.first = LGUEST_RELEASE(3, 12, 0),
		.last = LGUEST_RELEASE(3, 19, 0),
		.queue_size = 256,
		.dialect = {.net_header_bytes = 10},
		.offer = {[VIRTIO_NET] = NET_OFFER(10, NET(INDIRECT) | NET(ANY_LAYOUT), 4),
			  [VIRTIO_BLK] = BLK_FLUSH_OFFER,
			  [VIRTIO_CONSOLE] = CONSOLE_OFFER,
			  [VIRTIO_RNG] = RNG_OFFER},
	},
};
/*:*/

const struct lguest_bus_profile *lguest_bus_profile_find(uint32_t release)
{
	/* From 3.0 on the third number counts repairs, not releases. */
	if (release >= LGUEST_RELEASE(3, 0, 0))
		release &= ~0xffu;
	for (unsigned i = 0; i < ARRAY_LEN(profiles); i++)
		if (release >= profiles[i].first && release <= profiles[i].last)
			return &profiles[i];
	return NULL;
}
