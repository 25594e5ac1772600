/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1102
 * The wires of a machine with two Guests that are never run: who gets which frame, at which address,
 * and what a Guest that has stopped reading, or is gone, does to the other.
:*/
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/vm.h"
#include "virtio/net.h"

enum { RAM = 0x100000, RX_RING = 0x40000, TX_RING = 0x50000, NUM = 16, FRAME = 60000, MAC = 6 };

static struct lgemu *vm;
static struct virtio_device *card[2];
static struct net_backend *peer;
static char folder[32], word[64];

static void no_interrupt(void *bus, struct virtio_device *d, unsigned q)
{
	(void)bus;
	(void)d;
	(void)q;
}

/* A card as a driver has it that has started it and posted no buffer. */
static void start(struct virtio_device *dev, const struct guest_mem *gm)
{
	virtq_init(&dev->vq[0], gm, GPA(RX_RING), NUM);
	virtq_init(&dev->vq[1], gm, GPA(TX_RING), NUM);
	dev->offered = dev->ops->features;
	dev->dialect = (struct virtio_dialect){.net_header_bytes = 10};
	dev->interrupt = no_interrupt;
	dev->ops->plug(dev);
	virtio_notify(dev, 0);
}

static void plug(unsigned id, const char *where)
{
	struct guest *g = &vm->guest[id];
	const struct lgemu_device d = {.kind = LGEMU_NET, .path = where};

	g->vm = vm;
	g->id = id;
	g->gm = gm_make(&vm->machine.mem, DOOR_HOST_END + id * RAM, RAM, RAM);
	ck_assert_msg(!net_add(g, &d, &card[id]), "%s", vm->error.text);
	ck_assert_ptr_nonnull(card[id]);
	start(card[id], &g->gm);
}

static uint64_t no_clock(void *ctx)
{
	(void)ctx;
	return 0;
}

static void setup(void)
{
	const struct net_env env = {no_clock, NULL};
	struct net_spec spec;
	char why[NET_WHY_BYTES];
	const char *clause;

	strcpy(folder, "/tmp/lgemu-net-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(word, sizeof(word), "hub:%s/hub", folder);
	vm = calloc(1, sizeof(*vm));
	ck_assert_ptr_nonnull(vm);
	vm->nr_guests = 2;
	ck_assert_int_eq(machine_init(&vm->machine, DOOR_HOST_END + 2 * RAM, MACHINE_VIRTUAL, 0),
			 0);
	plug(0, word);
	plug(1, word);
	ck_assert_int_eq(net_spec_parse(&spec, word, &clause), 0);
	ck_assert_int_eq(net_open(&spec, &env, &peer, why), 0);
}

static void teardown(void)
{
	net_close(peer);
	net_destroy(vm->net);
	net_poll_free(&vm->poll);
	virtio_destroy(card[0]);
	virtio_destroy(card[1]);
	machine_fini(&vm->machine);
	free(vm);
	rmdir(folder);
}

static void make_frame(uint8_t *frame, const uint8_t *to, const uint8_t *from)
{
	memset(frame, 0, FRAME);
	memcpy(frame, to, MAC);
	memcpy(frame + MAC, from, MAC);
}

/* The Guest sends a frame: one descriptor, header and all. */
static void sends(unsigned id, const uint8_t *to)
{
	struct virtio_device *dev = card[id];
	const struct guest_mem *gm = &vm->guest[id].gm;
	const struct virtq_desc d = {le64(0x1000), le32(10 + FRAME), le16(0), le16(0)};
	static uint8_t bytes[10 + FRAME];
	le16_t idx;

	make_frame(bytes + 10, to, dev->config);
	ck_assert(gm_write(gm, GPA(0x1000), bytes, sizeof(bytes)));
	ck_assert(gm_write(gm, dev->vq[1].desc, &d, sizeof(d)));
	ck_assert(gm_read(gm, GPA(dev->vq[1].avail.v + 2), &idx, sizeof(idx)));
	idx = le16((uint16_t)(le16_get(idx) + 1));
	ck_assert(gm_write(gm, GPA(dev->vq[1].avail.v + 2), &idx, sizeof(idx)));
	virtio_notify(dev, 1);
}

static void peer_sends(const uint8_t *to)
{
	static const uint8_t from[MAC] = {2, 9, 9, 9, 9, 9};
	static uint8_t frame[FRAME];

	make_frame(frame, to, from);
	ck_assert_int_eq(peer->ops->send(peer, frame, FRAME), 0);
}

/* Let come in what has come.  Frames are large, so that a few fill a card's FIFO. */
static void look(void)
{
	const struct event *e;

	ck_assert_int_eq(outside_look(vm, 0), 0);
	while ((e = machine_event(&vm->machine))) {
		ck_assert_uint_ge(e->source, EVENT_NET);
		net_event(vm->net, e->source - EVENT_NET, e->bytes, e->len);
		machine_pop(&vm->machine);
	}
}

static unsigned waiting(unsigned id)
{
	static struct virtio_device *fresh;
	unsigned all;

	fresh = virtio_net_create(card[id]->config, NULL, NULL);
	all = virtio_net_room(fresh);
	virtio_destroy(fresh);
	return all - virtio_net_room(card[id]);
}

START_TEST(addresses)
{
	ck_assert_uint_eq(card[0]->config[0], 2);
	ck_assert_mem_ne(card[0]->config, card[1]->config, MAC);
	ck_assert_uint_eq(card[0]->config[4], 0);
	ck_assert_uint_eq(card[1]->config[4], 1);
	ck_assert_uint_eq(card[1]->config[5], 0); /* its first, whatever the others have */
}
END_TEST

/* Between two Guests of a machine: at once, and to nobody else. */
START_TEST(neighbours)
{
	static const uint8_t all[MAC] = {255, 255, 255, 255, 255, 255};
	static uint8_t frame[FRAME];

	sends(0, all);
	ck_assert_uint_eq(waiting(1), 1);
	ck_assert_uint_eq(waiting(0), 0);
	ck_assert_int_eq(peer->ops->receive(peer, frame, sizeof(frame)), FRAME);
	sends(1, card[0]->config);
	ck_assert_uint_eq(waiting(0), 1);
	ck_assert_uint_eq(waiting(1), 1);
	ck_assert_int_eq(peer->ops->receive(peer, frame, sizeof(frame)), -EAGAIN);
}
END_TEST

/* One does not read: it loses what comes for it, and the other one nothing. */
START_TEST(a_full_one)
{
	unsigned full;

	sends(0, card[1]->config);
	sends(1, card[0]->config);
	for (unsigned i = 0; i < 80; i++) {
		peer_sends(card[0]->config);
		look();
	}
	ck_assert_uint_eq(virtio_net_room(card[0]), 0);
	full = waiting(1);
	peer_sends(card[1]->config);
	look();
	ck_assert_uint_eq(waiting(1), full + 1);
}
END_TEST

/* One has ended: its port is nobody's, and with the last one the outside is left. */
START_TEST(who_has_left)
{
	static const uint8_t all[MAC] = {255, 255, 255, 255, 255, 255};

	net_leave(&vm->guest[0]);
	sends(1, all);
	ck_assert_uint_eq(waiting(0), 0);
	peer_sends(all);
	look();
	ck_assert_uint_eq(waiting(0), 0);
	ck_assert_uint_eq(waiting(1), 1);
	ck_assert(net_outside(vm->net));
	net_leave(&vm->guest[1]);
	ck_assert(!net_outside(vm->net));
	sends(1, all); /* into the void */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net");
	TCase *t = tcase_create("net");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, addresses);
	tcase_add_test(t, neighbours);
	tcase_add_test(t, a_full_one);
	tcase_add_test(t, who_has_left);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
