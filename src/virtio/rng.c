/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:636
 * The entropy device: fill every buffer that comes, to the last byte (2.6.27's driver counts in
 * words and takes a short answer for no answer).  The generator is xoshiro256++, started from the
 * seed by splitmix64 as its authors advise; both are in the public domain and take no more than
 * shifts and additions, so they give the same bytes everywhere.
 *
 * It refuses to ask the host for entropy by itself: whether a run shall be repeatable is not for a device
 * to say.
:*/
#include <stdlib.h>

#include "rng.h"

/*M:605
 * One buffer gets at most 64 kB of random bytes, so that a Guest cannot keep us busy for long with
 * one kick.  A driver asks for 64, or for what its caller wanted, up to a page.
:*/
#define RNG_BUFFER_BYTES 65536u

struct virtio_rng {
	struct virtio_device dev; /* first, so that one is the other */
	uint64_t s[4];
	uint64_t word;			      /* bytes of it were handed out ... */
	unsigned left;			      /* ... all but the last `left` ones */
	int (*fill)(uint8_t *to, uint32_t n); /* instead of all this; or NULL */
};

static uint64_t rotate_left(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t rng_next(struct virtio_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

static uint64_t splitmix64(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* Byte by byte from the low end: how the Guest cuts its buffers does not change the stream. */
static int fill_piece(void *ctx, uint64_t done, uint8_t *p, uint32_t n)
{
	struct virtio_rng *rng = ctx;

	(void)done;
	if (rng->fill)
		return rng->fill(p, n);
	while (n--) {
		if (!rng->left) {
			rng->word = rng_next(rng);
			rng->left = 8;
		}
		*p++ = (uint8_t)rng->word;
		rng->word >>= 8;
		rng->left--;
	}
	return 0;
}

static void rng_notify(struct virtio_device *dev, unsigned q)
{
	struct virtq_chain chain;

	while (virtio_pop(dev, q, &chain)) {
		uint32_t n = RNG_BUFFER_BYTES;

		if (chain.out_bytes) { /* row 10 */
			virtio_stop(dev, "readable buffer in the entropy queue");
			return;
		}
		if (n > chain.in_bytes) /* row 8 */
			n = (uint32_t)chain.in_bytes;
		if (virtq_each_in(&dev->vq[q], &chain, 0, n, fill_piece, dev)) {
			virtio_stop(dev, "no random bytes for its buffer");
			return;
		}
		virtio_push(dev, q, &chain, n);
	}
}

static void rng_state(const struct virtio_device *dev, const struct virtio_sink *sink)
{
	const struct virtio_rng *rng = (const struct virtio_rng *)dev;
	le64_t state[6];

	for (unsigned i = 0; i < 4; i++)
		state[i] = le64(rng->s[i]);
	state[4] = le64(rng->word);
	state[5] = le64(rng->left);
	sink->bytes(sink->ctx, state, sizeof(state));
}

static void rng_destroy(struct virtio_device *dev)
{
	free(dev);
}

static const struct virtio_ops rng_ops = {
	.name = "rng",
	.type = VIRTIO_RNG,
	.nr_queues = 1,
	.notify = rng_notify,
	.state = rng_state,
	.destroy = rng_destroy,
};

struct virtio_device *virtio_rng_create(uint64_t seed)
{
	struct virtio_rng *rng = calloc(1, sizeof(*rng));

	if (!rng)
		return NULL;
	rng->dev.ops = &rng_ops;
	for (unsigned i = 0; i < 4; i++)
		rng->s[i] = splitmix64(&seed);
	return &rng->dev;
}

struct virtio_device *virtio_rng_create_from(int (*fill)(uint8_t *to, uint32_t n))
{
	struct virtio_device *dev = virtio_rng_create(0);

	if (dev)
		((struct virtio_rng *)dev)->fill = fill;
	return dev;
}
