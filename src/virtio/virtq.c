/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:606
 * The device side of a split ring: take a chain, believe none of it, give it back.  Each check
 * below is a row of the hostile-guest table (devices.md section 6); the number is beside it.
 *
 * It refuses to look twice.  What is read from the Guest is read into a local, checked there and
 * used from there: a Guest that changes its mind (or a disk read that lands on top of the ring)
 * changes nothing that we have already decided.
:*/
#include <errno.h>
#include <string.h>

#include "virtq.h"

/* Offsets into the available and used rings; an entry of the one is a number, of the other a
 * number and a length. */
enum {
	AVAIL_FLAGS = 0,
	AVAIL_IDX = 2,
	AVAIL_RING = 4,
	USED_IDX = 2,
	USED_RING = 4,
	AVAIL_ENTRY_BYTES = 2,
	USED_ENTRY_BYTES = 8,
};

static uint32_t used_offset(uint16_t num)
{
	uint32_t avail_end = num * (uint32_t)sizeof(struct virtq_desc) + AVAIL_RING +
			     num * (uint32_t)AVAIL_ENTRY_BYTES;

	return (avail_end + PAGE_SIZE - 1) & PAGE_MASK;
}

uint32_t virtq_ring_bytes(uint16_t num)
{
	return used_offset(num) + USED_RING + num * USED_ENTRY_BYTES;
}

void virtq_init(struct virtq *vq, const struct guest_mem *gm, gpa_t ring, uint16_t num)
{
	memset(vq, 0, sizeof(*vq));
	vq->gm = gm;
	vq->num = num;
	vq->desc = ring;
	vq->avail = GPA(ring.v + num * (uint32_t)sizeof(struct virtq_desc));
	vq->used = GPA(ring.v + used_offset(num));
}

/* Here the used ring begins two bytes behind the available one, where alignment wants it. */
static uint32_t tight_used_offset(uint16_t num)
{
	return (num + 1u) * ((uint32_t)sizeof(struct virtq_desc) + AVAIL_ENTRY_BYTES);
}

uint32_t virtq_tight_bytes(uint16_t num)
{
	return tight_used_offset(num) + USED_RING + num * USED_ENTRY_BYTES;
}

void virtq_init_tight(struct virtq *vq, const struct guest_mem *gm, gpa_t ring, uint16_t num)
{
	virtq_init(vq, gm, ring, num);
	vq->used = GPA(ring.v + tight_used_offset(num));
}

/*D:614
 * A modern driver puts the three parts of its ring wherever it likes, and tells us.  What it tells
 * is checked here, once; from then on such a ring is like any other.
 */
static bool part_ok(const struct guest_mem *gm, uint64_t at, uint32_t align, uint32_t bytes)
{
	return !(at & (align - 1)) && gm_has(gm, at, bytes); /* 34 */
}

const char *virtq_init_at(struct virtq *vq, const struct guest_mem *gm,
			  const struct virtq_place *at, uint16_t num)
{
	memset(vq, 0, sizeof(*vq));
	if (!num || num > VIRTQ_NUM_MAX || (num & (num - 1))) /* 35 */
		return "queue size is not a power of two up to 256";
	if (!part_ok(gm, at->desc, 16, num * (uint32_t)sizeof(struct virtq_desc)) ||
	    !part_ok(gm, at->avail, 2, AVAIL_RING + num * (uint32_t)AVAIL_ENTRY_BYTES) ||
	    !part_ok(gm, at->used, 4, USED_RING + num * (uint32_t)USED_ENTRY_BYTES))
		return "ring is unaligned or lies outside the Guest's memory";
	vq->gm = gm;
	vq->num = num;
	vq->desc = GPA((uint32_t)at->desc);
	vq->avail = GPA((uint32_t)at->avail);
	vq->used = GPA((uint32_t)at->used);
	return NULL;
}
/*:*/

void virtq_reset(struct virtq *vq)
{
	vq->last_avail = 0;
	vq->used_idx = 0;
	vq->budget = 0;
	vq->pushed = false;
	vq->quiet = false;
	vq->wanted = false;
	vq->chain = NULL;
}

/*D:619
 * Without a ring.  Guests of 2.6.23 have none; their devices are the same, so what differs is kept
 * here: where chains come from, and where they go.
 */
void virtq_init_handed(struct virtq *vq, const struct guest_mem *gm, uint16_t num)
{
	memset(vq, 0, sizeof(*vq));
	vq->gm = gm;
	vq->num = num;
	vq->handed = true;
}

void virtq_hand(struct virtq *vq, const struct virtq_chain *chain)
{
	vq->chain = chain;
	vq->wanted = false;
	vq->pushed = false;
	vq->written = 0;
}

static int pop_handed(struct virtq *vq, struct virtq_chain *chain)
{
	if (!vq->chain) {
		vq->wanted = true;
		return 0;
	}
	*chain = *vq->chain;
	vq->chain = NULL;
	return 1;
}

bool virtq_back(struct virtq *vq, uint32_t *written)
{
	vq->chain = NULL;
	*written = vq->written;
	return vq->pushed;
}
/*:*/

static bool read_u16(const struct virtq *vq, uint32_t gpa, uint16_t *v)
{
	le16_t raw;

	if (!gm_read(vq->gm, GPA(gpa), &raw, sizeof(raw)))
		return false;
	*v = le16_get(raw);
	return true;
}

/*D:610
 * A chain is a linked list in somebody else's memory.  We walk it with our own count of how many
 * links there can be, so a loop ends where an honest chain would; and when a link turns out to be
 * a table of further links ("indirect", one level and no more), the count starts again with the
 * size of that table.
 */
struct walk {
	gpa_t table;
	uint32_t size;	/* entries of the table */
	uint32_t index; /* the one to read next */
	uint32_t left;	/* how many more an honest chain can have */
	bool indirect;
};

static const char *enter_indirect(const struct virtq *vq, struct walk *w,
				  const struct virtq_desc *desc)
{
	uint64_t addr = le64_get(desc->addr);
	uint32_t bytes = le32_get(desc->len);
	uint32_t entries = bytes / (uint32_t)sizeof(*desc);

	if (!vq->indirect) /* 13 */
		return "indirect descriptor, which was never offered";
	if (w->indirect) /* 13 */
		return "indirect descriptor inside an indirect table";
	if (le16_get(desc->flags) & VIRTQ_DESC_NEXT) /* 13 */
		return "indirect descriptor with a next one";
	if (bytes % sizeof(*desc)) /* 11 */
		return "indirect table is not a whole number of descriptors";
	if (!entries) /* 14 */
		return "indirect table is empty";
	if (entries > vq->num) /* 12 */
		return "indirect table is longer than the queue";
	if (!gm_has(vq->gm, addr, bytes)) /* 6 */
		return "indirect table lies outside the Guest's memory";
	*w = (struct walk){GPA((uint32_t)addr), entries, 0, entries, true};
	return NULL;
}

static const char *add_piece(const struct virtq *vq, struct virtq_chain *chain, bool in,
			     uint64_t addr, uint32_t len)
{
	unsigned nr = chain->nr_out + chain->nr_in;

	if (!in && chain->in_bytes) /* 5 */
		return "readable descriptor after a writable one";
	if (!len) /* 7: allowed, and nothing to do */
		return NULL;
	if (!gm_has(vq->gm, addr, len)) /* 6 */
		return "buffer lies outside the Guest's memory";
	if (nr == vq->num) /* 4, where an indirect table came after direct descriptors */
		return "chain is longer than the queue";
	chain->seg[nr] = (struct virtq_seg){GPA((uint32_t)addr), len};
	if (in) {
		chain->nr_in++;
		chain->in_bytes += len;
	} else {
		chain->nr_out++;
		chain->out_bytes += len;
	}
	return NULL;
}

static const char *add_segment(const struct virtq *vq, struct virtq_chain *chain,
			       const struct virtq_desc *desc)
{
	return add_piece(vq, chain, le16_get(desc->flags) & VIRTQ_DESC_WRITE, le64_get(desc->addr),
			 le32_get(desc->len));
}

bool virtq_add(const struct virtq *vq, struct virtq_chain *chain, bool in, uint32_t gpa,
	       uint32_t len)
{
	return !add_piece(vq, chain, in, gpa, len);
}

static const char *walk_chain(const struct virtq *vq, struct virtq_chain *chain)
{
	struct walk w = {vq->desc, vq->num, chain->head, vq->num, false};
	struct virtq_desc desc;
	const char *why;

	for (;;) {
		if (w.index >= w.size) /* 3 */
			return "next descriptor lies outside its table";
		if (!w.left--) /* 4 */
			return "descriptors loop";
		if (!gm_read(vq->gm, GPA(w.table.v + w.index * (uint32_t)sizeof(desc)), &desc,
			     sizeof(desc)))
			return "descriptor table lies outside the Guest's memory";
		if (le16_get(desc.flags) & VIRTQ_DESC_INDIRECT) {
			why = enter_indirect(vq, &w, &desc);
			if (why)
				return why;
			continue;
		}
		why = add_segment(vq, chain, &desc);
		if (why)
			return why;
		if (!(le16_get(desc.flags) & VIRTQ_DESC_NEXT))
			return NULL;
		w.index = le16_get(desc.next);
	}
}
/*:*/

/*D:611
 * Taking a chain.  The Guest's index says how many there are; a difference of more than the queue
 * can hold is a lie.  And whatever it says, one kick is worth one queue of work: a Guest which
 * moves its index while we serve it (by having us write over it) gets the rest with the next kick.
 */
void virtq_begin(struct virtq *vq)
{
	vq->budget = vq->num;
}

int virtq_pop(struct virtq *vq, struct virtq_chain *chain, const char **why)
{
	uint16_t idx, pending;

	if (vq->handed)
		return pop_handed(vq, chain);
	if (!vq->num || !vq->budget)
		return 0;
	*why = "ring lies outside the Guest's memory";
	if (!read_u16(vq, vq->avail.v + AVAIL_IDX, &idx))
		return -EPROTO;
	pending = (uint16_t)(idx - vq->last_avail);
	if (!pending)
		return 0;
	if (pending > vq->num) { /* 1 */
		*why = "available index moved by more than the queue holds";
		return -EPROTO;
	}
	/* Only the counts: the segments are written before they are read. */
	chain->nr_out = chain->nr_in = 0;
	chain->out_bytes = chain->in_bytes = 0;
	if (!read_u16(vq,
		      vq->avail.v + AVAIL_RING +
			      vq->last_avail % vq->num * (uint32_t)AVAIL_ENTRY_BYTES,
		      &chain->head))
		return -EPROTO;
	if (chain->head >= vq->num) { /* 2 */
		*why = "available entry names a descriptor beyond the queue";
		return -EPROTO;
	}
	vq->last_avail++;
	vq->budget--;
	*why = walk_chain(vq, chain);
	return *why ? -EPROTO : 1;
}
/*:*/

/*D:612
 * Giving it back: first the entry, then the index that makes it valid.  Both counts are ours; we
 * never read the used ring, so nothing the Guest puts there can lead us astray.
 */
int virtq_push(struct virtq *vq, uint16_t id, uint32_t written, const char **why)
{
	struct {
		le32_t id, len;
	} entry = {le32(id), le32(written)};
	uint32_t slot = vq->used.v + USED_RING +
			vq->used_idx % vq->num * (uint32_t)USED_ENTRY_BYTES;
	le16_t idx = le16((uint16_t)(vq->used_idx + 1));

	if (vq->handed) {
		vq->written = written;
		vq->pushed = true;
		return 0;
	}
	if (!gm_write(vq->gm, GPA(slot), &entry, sizeof(entry)) ||
	    !gm_write(vq->gm, GPA(vq->used.v + USED_IDX), &idx, sizeof(idx))) {
		*why = "ring lies outside the Guest's memory";
		return -EPROTO;
	}
	vq->used_idx++;
	vq->pushed = true;
	return 0;
}

/*
 * The rule of the 3.0 Launcher, which serves every Guest as long as NOTIFY_ON_EMPTY is not
 * offered: once per batch, unless the Guest asked for quiet.  A Guest that spins for its buffers
 * (the console's output) or polls for them (its input, up to 2.6.26) does ask.
 */
bool virtq_wants_interrupt(struct virtq *vq)
{
	uint16_t flags;

	if (!vq->pushed || vq->handed) /* then the bus knows */
		return false;
	vq->pushed = false;
	return read_u16(vq, vq->avail.v + AVAIL_FLAGS, &flags) &&
	       !(flags & VIRTQ_AVAIL_NO_INTERRUPT);
}
/*:*/

void virtq_set_quiet(struct virtq *vq, bool quiet)
{
	le16_t flags = le16(quiet ? VIRTQ_USED_NO_NOTIFY : 0);

	/* A ring that cannot be written will stop its device with the next push. */
	if (vq->num && !vq->handed && quiet != vq->quiet &&
	    gm_write(vq->gm, vq->used, &flags, sizeof(flags)))
		vq->quiet = quiet;
}

/*D:613
 * Moving bytes.  A Guest cuts its buffers as it likes, so a device thinks in bytes of the readable
 * and of the writable part and leaves the cuts to these.
 */
struct visitor {
	int (*out)(void *ctx, uint64_t done, const uint8_t *p, uint32_t n);
	int (*in)(void *ctx, uint64_t done, uint8_t *p, uint32_t n);
	void *ctx;
};

static int visit(const struct virtq *vq, const struct visitor *v, uint64_t done, gpa_t gpa,
		 uint32_t n)
{
	uint8_t *p = gm_pin(vq->gm, gpa, n);
	int err;

	if (!p)
		return -EFAULT;
	if (v->out)
		return v->out(v->ctx, done, p, n);
	err = v->in(v->ctx, done, p, n);
	/* Even if it failed: nobody knows how far it came. */
	gm_unpin(vq->gm, gpa, n);
	return err;
}

static int each(const struct virtq *vq, const struct virtq_seg *seg, unsigned nr, uint64_t off,
		uint64_t len, const struct visitor *v)
{
	uint64_t done = 0;
	int err;

	for (; nr && done < len; seg++, nr--) {
		uint64_t n;

		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		n = seg->len - off;
		if (n > len - done)
			n = len - done;
		err = visit(vq, v, done, GPA(seg->gpa.v + (uint32_t)off), (uint32_t)n);
		if (err)
			return err;
		done += n;
		off = 0;
	}
	return done == len ? 0 : -EFAULT;
}

int virtq_each_out(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		   uint64_t len, int (*fn)(void *ctx, uint64_t done, const uint8_t *p, uint32_t n),
		   void *ctx)
{
	struct visitor v = {.out = fn, .ctx = ctx};

	return each(vq, chain->seg, chain->nr_out, off, len, &v);
}

int virtq_each_in(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		  uint64_t len, int (*fn)(void *ctx, uint64_t done, uint8_t *p, uint32_t n),
		  void *ctx)
{
	struct visitor v = {.in = fn, .ctx = ctx};

	return each(vq, chain->seg + chain->nr_out, chain->nr_in, off, len, &v);
}
/*:*/

static int copy_from(void *ctx, uint64_t done, const uint8_t *p, uint32_t n)
{
	memcpy((uint8_t *)ctx + done, p, n);
	return 0;
}

static int copy_to(void *ctx, uint64_t done, uint8_t *p, uint32_t n)
{
	memcpy(p, (const uint8_t *)ctx + done, n);
	return 0;
}

/* How much of len there is behind off in a part of that many bytes. */
static uint32_t clamp(uint64_t bytes, uint64_t off, uint32_t len)
{
	if (off >= bytes)
		return 0;
	return bytes - off < len ? (uint32_t)(bytes - off) : len;
}

uint32_t virtq_gather(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		      void *buf, uint32_t len)
{
	len = clamp(chain->out_bytes, off, len);
	return virtq_each_out(vq, chain, off, len, copy_from, buf) ? 0 : len;
}

uint32_t virtq_scatter(const struct virtq *vq, const struct virtq_chain *chain, uint64_t off,
		       const void *buf, uint32_t len)
{
	struct visitor v = {.in = copy_to, .ctx = (void *)(uintptr_t)buf};

	len = clamp(chain->in_bytes, off, len);
	return each(vq, chain->seg + chain->nr_out, chain->nr_in, off, len, &v) ? 0 : len;
}
