/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:605
 * The split ring, seen from the device.  The Guest leaves chains of buffers in the "available"
 * ring, we hand them back through the "used" ring, and everything in between lies in memory that
 * the Guest may scribble on at any time.  So a chain is copied once, checked, and turned into a
 * private list of segments; a device never looks at a descriptor.
 *
 * A ring that makes no sense is an error string and a stopped device, never more than that.
:*/
#ifndef VIRTIO_VIRTQ_H
#define VIRTIO_VIRTQ_H

#include "guest_mem.h"

#define VIRTQ_NUM_MAX 256u /* what every original Launcher used at most */

/*D:600
 * A descriptor as it lies in Guest memory: 16 bytes, anywhere.
 */
struct virtq_desc {
	le64_t addr;
	le32_t len;
	le16_t flags; /* enum virtq_desc_flags */
	le16_t next;
};

enum virtq_desc_flags {
	VIRTQ_DESC_NEXT = 1,
	VIRTQ_DESC_WRITE = 2, /* the device writes it, the Guest reads it */
	VIRTQ_DESC_INDIRECT = 4,
};

#define VIRTQ_AVAIL_NO_INTERRUPT 1u
#define VIRTQ_USED_NO_NOTIFY	 1u

_Static_assert(sizeof(struct virtq_desc) == 16, "devices.md 2.6");
/*:*/

/*D:605
 * Our side of one ring.  All of it is private: the Guest can change what is in its memory, but
 * not where we think the ring is, how long it is, and how far we have come.
 */
struct virtq {
	const struct guest_mem *gm;
	gpa_t desc, avail, used;
	uint16_t num;	     /* entries; 0 = this queue does not exist */
	uint16_t last_avail; /* how many chains we have taken, modulo 65536 */
	uint16_t used_idx;   /* how many we have given back */
	uint16_t budget;     /* chains that may still be taken in this batch */
	bool indirect;	     /* the feature was offered */
	bool pushed;	     /* given back something since the last interrupt decision */
	bool quiet;	     /* the Guest was asked not to kick */
	/* Of a queue without a ring: what the bus has handed over, and what came back. */
	bool handed; /* this is one */
	bool wanted; /* the device would have taken a chain, and there was none */
	const struct virtq_chain *chain;
	uint32_t written;
};
/*:*/

/* One checked piece of Guest memory; len is never 0. */
struct virtq_seg {
	gpa_t gpa;
	uint32_t len;
};

/* A chain, checked and private: first what the device may read, then what it may write. */
struct virtq_chain {
	uint16_t head; /* the id to give back */
	uint16_t nr_out, nr_in;
	uint64_t out_bytes, in_bytes;
	struct virtq_seg seg[VIRTQ_NUM_MAX]; /* nr_out, then nr_in of them */
};

/* Guest-physical bytes of a ring of num entries laid out as in devices.md 2.6. */
uint32_t virtq_ring_bytes(uint16_t num);
/* Take the ring of that layout at `ring` and start from zero; indices in memory are not touched. */
void virtq_init(struct virtq *vq, const struct guest_mem *gm, gpa_t ring, uint16_t num);
/* The same for the layout of 2.6.24-rc1, which rounds nothing; num need not be a power of two. */
uint32_t virtq_tight_bytes(uint16_t num);
void virtq_init_tight(struct virtq *vq, const struct guest_mem *gm, gpa_t ring, uint16_t num);
/* The same with three addresses of the Guest's choosing, as virtio 1.0 has it.  NULL, or what is
 * wrong with them; then the queue does not exist. */
struct virtq_place {
	uint64_t desc, avail, used; /* Guest-physical, as the Guest wrote them */
};
const char *virtq_init_at(struct virtq *vq, const struct guest_mem *gm,
			  const struct virtq_place *at, uint16_t num) MUST_CHECK;
/* Forget how far we have come. */
void virtq_reset(struct virtq *vq);

/*
 * A queue that has no ring: the bus makes the chains, of at most num segments, one at a time.  A
 * device cannot tell the difference.  After virtq_hand() kick the queue; true from virtq_back()
 * says that the device has taken the chain and given it back, with `written` bytes in it.
 */
void virtq_init_handed(struct virtq *vq, const struct guest_mem *gm, uint16_t num);
void virtq_hand(struct virtq *vq, const struct virtq_chain *chain);
bool virtq_back(struct virtq *vq, uint32_t *written) MUST_CHECK;
/* Add a piece to a chain that is being made; false if it is not all the Guest's, or one too many. */
bool virtq_add(const struct virtq *vq, struct virtq_chain *chain, bool in, uint32_t gpa,
	       uint32_t len) MUST_CHECK;

/* A batch begins: at most vq->num chains come out of it, whatever the Guest claims. */
void virtq_begin(struct virtq *vq);
/* 1: *chain is the next one.  0: none, or the batch is used up.  -EPROTO: the ring is broken and
 * *why says how; the device must stop. */
int virtq_pop(struct virtq *vq, struct virtq_chain *chain, const char **why) MUST_CHECK;
/* Give chain `id` back; `written` = bytes stored from the beginning of its writable part. */
int virtq_push(struct virtq *vq, uint16_t id, uint32_t written, const char **why) MUST_CHECK;
/* Batch done: does the Guest want to hear of it?  (devices.md 3.6, the rule of 3.0 and later) */
bool virtq_wants_interrupt(struct virtq *vq);
/* Ask the Guest not to kick this queue, or to kick it again.  It may kick all the same. */
void virtq_set_quiet(struct virtq *vq, bool quiet);

/* Bytes from `off` of the readable part into buf; returns how many there were, at most len. */
uint32_t virtq_gather(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		      void *buf, uint32_t len);
/* Bytes of buf to `off` of the writable part; returns how many had room. */
uint32_t virtq_scatter(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		       const void *buf, uint32_t len);

/* The same without a buffer: fn gets a pointer into Guest memory for each piece of [off, off+len),
 * in order; `done` is how much went before.  Stops at and returns fn's first non-zero answer,
 * else 0; -EFAULT if the chain is shorter than that. */
int virtq_each_out(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		   uint64_t len, int (*fn)(void *ctx, uint64_t done, const uint8_t *p, uint32_t n),
		   void *ctx) MUST_CHECK;
int virtq_each_in(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		  uint64_t len, int (*fn)(void *ctx, uint64_t done, uint8_t *p, uint32_t n),
		  void *ctx) MUST_CHECK;

#endif
