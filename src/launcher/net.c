/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:761
 * The wires.  A network is a switch; into its ports go the cards of this machine's Guests and, into
 * the first, whatever leads outside.  Between two cards a frame goes at once, in the same moment of
 * the board clock, so Guests that only talk to each other are part of the run and can be had again.
 * What comes from outside is an event like a key that is typed, and what goes out is output.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/net_switch.h"
#include "backend/pcap.h"
#include "net.h"
#include "replay/hash.h"
#include "virtio/net.h"
#include "vm.h"

#define PORT_OUT 0

/* A Guest can have as many cards as it has interrupt lines for. */
#define NICS_EACH 15u
#define NICS	  (DOOR_GUESTS * NICS_EACH)
#define NETWORKS  NICS

struct nic {
	struct net *net;
	unsigned guest, nr; /* whose, and which of its cards */
	struct network *network;
	unsigned port;
	struct virtio_device *dev; /* the bus owns it */
	struct pcap *pcap;	   /* or NULL */
	bool on_page;		   /* of 2.6.23's sharenet: */
	struct dma23_seat seat;
};

struct network {
	struct net_spec spec;
	struct net_switch sw;
	struct nic *nic[NET_PORTS];
	struct net_backend *out; /* NULL: there is no outside, or not any more */
	bool talked;		 /* a frame has crossed to or from outside */
	unsigned pending;	 /* frames from outside in the event queue */
	uint32_t page;		 /* that Guests of 2.6.23 share, machine-physical; 0: none yet */
	unsigned seats;		 /* taken on it */
	unsigned first_fd, nr_fds;
};

struct net {
	struct lgemu *vm;
	unsigned nr_networks, nr_nics, nr_pages;
	struct network network[NETWORKS];
	struct nic nic[NICS];
	uint8_t frame[NET_BYTES_MAX]; /* on its way in */
};

static void warn(struct lgemu *vm, const char *text)
{
	if (vm->options.warning)
		vm->options.warning(vm->options.ctx, text);
}

/* The outside is gone.  For the Guest that is a cable which somebody has pulled. */
static void cut(struct net *net, struct network *nw, int err)
{
	char text[400];

	snprintf(text, sizeof(text), "the network %s is gone (%s); the guest goes on without it",
		 nw->spec.where, err == -EPIPE ? "the other end has hung up" : strerror(-err));
	warn(net->vm, text);
	net_switch_unplug(&nw->sw, PORT_OUT);
	net_close(nw->out);
	nw->out = NULL;
	nw->nr_fds = 0;
}

/* --- frames -------------------------------------------------------------------------------------- */

static void capture(const struct nic *nic, const uint8_t *frame, uint32_t n)
{
	if (nic->pcap)
		pcap_write(nic->pcap, machine_clock_ns(&nic->net->vm->machine), frame, n);
}

/* From one card on a page to another the Host has brought it already. */
static bool has_it(const struct network *nw, unsigned from, unsigned to)
{
	return from != PORT_OUT && nw->nic[from]->on_page && nw->nic[to]->on_page;
}

static void spread(struct net *net, struct network *nw, unsigned from, const uint8_t *frame,
		   uint32_t n)
{
	uint32_t ports = net_switch_forward(&nw->sw, from, frame);
	int err;

	for (unsigned port = 1; port < NET_PORTS; port++)
		if (ports >> port & 1 &&
		    (has_it(nw, from, port) || virtio_net_receive(nw->nic[port]->dev, frame, n)))
			capture(nw->nic[port], frame, n);
	if (!(ports >> PORT_OUT & 1))
		return;
	nw->talked = true;
	err = nw->out->ops->send(nw->out, frame, n);
	if (err)
		cut(net, nw, err);
}

static void transmit(void *ctx, const uint8_t *frame, uint32_t n)
{
	struct nic *nic = ctx;

	capture(nic, frame, n);
	spread(nic->net, nic->network, nic->port, frame, n);
}

void net_event(struct net *net, uint32_t nr, const uint8_t *frame, uint32_t n)
{
	struct network *nw;

	if (!net || nr >= net->nr_networks)
		return;
	nw = &net->network[nr];
	if (nw->pending)
		nw->pending--;
	if (n < NET_FRAME_MIN)
		return;
	nw->talked = true;
	spread(net, nw, PORT_OUT, frame, n);
}

/*L:520
 * Taking frames from outside, as many as a card on that wire is sure to have room for.  The rest
 * stays where it is: in a socket that fills, and in the end with whoever sends too fast, which is
 * what a network does to its senders everywhere.  Of several cards the one with most room counts: a
 * Guest that has stopped reading loses its own frames, and shall not hold up its neighbours'.
 */
static unsigned room(const struct network *nw)
{
	unsigned most = 0, has;
	bool heard = false;

	for (unsigned port = 1; port < NET_PORTS; port++) {
		if (!nw->nic[port] || !virtio_net_listens(nw->nic[port]->dev))
			continue;
		heard = true;
		has = virtio_net_room(nw->nic[port]->dev);
		if (has > most)
			most = has;
	}
	if (!heard) /* then they are lost, as on any wire */
		return UINT32_MAX;
	return most > nw->pending ? most - nw->pending : 0;
}

static void take(struct net *net, struct network *nw)
{
	const uint32_t source = EVENT_NET + (uint32_t)(nw - net->network);
	unsigned left = room(nw);
	int n = 0;

	for (; nw->out && left; left--) {
		n = nw->out->ops->receive(nw->out, net->frame, sizeof(net->frame));
		if (n < 0)
			break;
		if (machine_push(&net->vm->machine, 0, source, net->frame, (uint32_t)n))
			break; /* out of memory, and a frame is lost */
		nw->pending++;
	}
	if (n < 0 && n != -EAGAIN)
		cut(net, nw, n);
}

void net_pump(struct net *net)
{
	for (unsigned i = 0; net && i < net->nr_networks; i++)
		if (net->network[i].out && net->network[i].out->ops->answers_at_once)
			take(net, &net->network[i]);
}
/*:*/

/* --- waiting ------------------------------------------------------------------------------------- */

bool net_outside(const struct net *net)
{
	for (unsigned i = 0; net && i < net->nr_networks; i++)
		if (net->network[i].out)
			return true;
	return false;
}

bool net_paces(const struct net *net)
{
	for (unsigned i = 0; net && i < net->nr_networks; i++)
		if (net->network[i].out && net->network[i].talked)
			return true;
	return false;
}

int net_poll_fill(struct net *net, struct net_poll *p)
{
	struct network *nw;
	int err = 0;

	for (unsigned i = 0; net && i < net->nr_networks && !err; i++) {
		nw = &net->network[i];
		nw->first_fd = p->nr;
		if (nw->out)
			err = nw->out->ops->poll(nw->out, p, room(nw) > 0);
		nw->nr_fds = p->nr - nw->first_fd;
	}
	return err;
}

void net_poll_done(struct net *net, const struct net_poll *p)
{
	struct network *nw;

	for (unsigned i = 0; net && i < net->nr_networks; i++) {
		nw = &net->network[i];
		if (nw->out && nw->out->ops->polled)
			nw->out->ops->polled(nw->out, p->fd + nw->first_fd, nw->nr_fds);
		if (nw->out)
			take(net, nw);
	}
}

/* --- plugging in --------------------------------------------------------------------------------- */

static uint64_t clock_ns(void *ctx)
{
	const struct lgemu *vm = ctx;

	return machine_clock_ns(&vm->machine);
}

static int open_outside(struct lgemu *vm, struct network *nw, const char *word)
{
	const struct net_env env = {clock_ns, vm};
	char why[NET_WHY_BYTES];
	int err = net_open(&nw->spec, &env, &nw->out, why);

	if (err)
		return complain(&vm->error, err, "the network %s: %s", word, why);
	if (nw->out)
		net_switch_plug(&nw->sw, PORT_OUT);
	return 0;
}

/* A hub by its name is one for all cards of the machine; all else each card has to itself. */
static struct network *find_hub(struct net *net, const struct net_spec *spec)
{
	for (unsigned i = 0; i < net->nr_networks; i++)
		if (spec->kind == NET_HUB && net->network[i].spec.kind == NET_HUB &&
		    !strcmp(net->network[i].spec.where, spec->where))
			return &net->network[i];
	return NULL;
}

static int join(struct lgemu *vm, struct nic *nic, const struct net_spec *spec, const char *word)
{
	struct net *net = vm->net;
	struct network *nw = find_hub(net, spec);
	int err;

	if (!nw) {
		nw = &net->network[net->nr_networks];
		nw->spec = *spec;
		err = open_outside(vm, nw, word);
		if (err)
			return err;
		net->nr_networks++;
	}
	nic->network = nw;
	for (nic->port = 1; nic->port < NET_PORTS && nw->nic[nic->port]; nic->port++)
		;
	if (nic->port == NET_PORTS)
		return complain(&vm->error, -ENFILE, "the network %s: it has no more ports", word);
	nw->nic[nic->port] = nic;
	net_switch_plug(&nw->sw, nic->port);
	return 0;
}

/*L:521
 * Addresses.  02 says that nobody has bought it; then two bytes out of the seed, the seat at a hub
 * that other processes share, which Guest, and which of its cards.  So they are the same in each
 * run, and no two on one wire are equal, unless two processes with the same seed meet on a wire that
 * knows no seats.
 */
static void make_mac(uint8_t mac[NET_MAC_BYTES], const struct nic *nic)
{
	const struct net_backend *out = nic->network->out;
	const uint64_t h = hash_add(0, nic->net->vm->options.seed);

	mac[0] = 2;
	mac[1] = (uint8_t)(h >> 8);
	mac[2] = (uint8_t)h;
	mac[3] = (uint8_t)(out ? out->seat : 0);
	mac[4] = (uint8_t)nic->guest;
	mac[5] = (uint8_t)nic->nr;
}
/*:*/

static int parse(struct lgemu *vm, const struct lgemu_device *d, struct net_spec *spec)
{
	const char *why = "cannot be read";
	const char *option = "net";
	int err;

	if (d->flags & LGEMU_TUNNET) {
		option = "tunnet";
		err = net_spec_parse_tunnet(spec, d->path, &why);
	} else if (d->flags & LGEMU_SHARENET) {
		option = "sharenet";
		err = net_spec_hub(spec, d->path, &why);
	} else {
		err = net_spec_parse(spec, d->path, &why);
	}
	if (err)
		complain(&vm->error, err, "--%s %s: it %s", option, d->path, why);
	return err;
}

static int new_nic(struct guest *g, struct nic **nic)
{
	struct lgemu *vm = g->vm;
	struct net *net = vm->net;
	unsigned nr = 0;

	if (!net) {
		net = vm->net = calloc(1, sizeof(*net));
		if (!net)
			return complain(&vm->error, -ENOMEM, "out of memory");
		net->vm = vm;
	}
	for (unsigned i = 0; i < net->nr_nics; i++)
		nr += net->nic[i].guest == g->id;
	if (nr == NICS_EACH)
		return complain(&vm->error, -ENFILE, "a guest has at most %u network cards",
				NICS_EACH);
	*nic = &net->nic[net->nr_nics++];
	**nic = (struct nic){.net = net, .guest = g->id, .nr = nr};
	return 0;
}

/*L:522
 * A network of 2.6.23 is a page.  The original mapped a file for it, and the Guests of all processes
 * met there.  Here those of one machine do; the page is behind their memory and belongs to none of
 * them.  Whoever is in another process, or a Guest of another time, is on the hub of the same name,
 * and what leads there is one more seat on the page: ours.
 */
static int sit_down(struct guest *g, struct nic *nic)
{
	struct lgemu *vm = g->vm;
	struct network *nw = nic->network;
	struct net *net = vm->net;

	if (!nw->page) {
		if (net->nr_pages == vm->nr_shared_pages)
			return complain(&vm->error, -ENOMEM, "out of memory");
		nw->page = vm->machine.mem.size_bytes - ++net->nr_pages * PAGE_SIZE;
		dma23_lan_init(&vm->machine.mem, nw->page);
	}
	nic->on_page = true;
	nic->seat = (struct dma23_seat){nw->page, nw->seats++};
	return 0;
}

/* Nobody shall send to one that is not there any more. */
static void stand_up(struct nic *nic)
{
	if (nic->on_page)
		dma23_lan_leave(&nic->net->vm->machine.mem, &nic->seat);
}
/*:*/

int net_add(struct guest *g, const struct lgemu_device *d, struct virtio_device **dev)
{
	struct lgemu *vm = g->vm;
	struct net_spec spec;
	struct nic *nic = NULL;
	int err = parse(vm, d, &spec);

	if (!err)
		err = new_nic(g, &nic);
	if (!err)
		err = join(vm, nic, &spec, d->path);
	if (!err && g->dma && spec.has_mac)
		err = complain(&vm->error, -EINVAL,
			       "the network %s: a guest of 2.6.23 makes its own address", d->path);
	if (!err && g->dma && (d->flags & LGEMU_SHARENET))
		err = sit_down(g, nic);
	if (err)
		return err;
	if (!spec.has_mac)
		make_mac(spec.mac, nic);
	nic->dev = *dev = virtio_net_create(spec.mac, transmit, nic);
	if (d->capture && (err = pcap_create(d->capture, &nic->pcap)))
		return complain(&vm->error, err, "cannot write the capture %s: %s", d->capture,
				strerror(-err));
	return 0;
}

static void unplug(struct nic *nic)
{
	struct network *nw = nic->network;

	stand_up(nic);
	net_switch_unplug(&nw->sw, nic->port);
	nw->nic[nic->port] = NULL;
	if (nw->sw.ports != 1u << PORT_OUT)
		return;
	net_switch_unplug(&nw->sw, PORT_OUT); /* nobody is left to listen */
	net_close(nw->out);
	nw->out = NULL;
}

void net_leave(struct guest *g)
{
	struct net *net = g->vm->net;

	for (unsigned i = 0; net && i < net->nr_nics; i++)
		if (net->nic[i].guest == g->id)
			unplug(&net->nic[i]);
}

/*M:735
 * A Guest of 2.6.23 makes the addresses of its cards from one number, so all its cards have the same
 * one.  Two of them on one wire would not work; they did not with the original either.
:*/
uint16_t net_guest_id(const struct guest *g)
{
	const struct net *net = g->vm->net;
	unsigned seat = 0;

	for (unsigned i = 0; net && i < net->nr_nics; i++)
		if (net->nic[i].guest == g->id && net->nic[i].network->out)
			seat |= net->nic[i].network->out->seat;
	return (uint16_t)(seat << 8 | g->id);
}

const struct dma23_seat *net_seat(const struct net *net, const struct virtio_device *dev)
{
	for (unsigned i = 0; net && i < net->nr_nics; i++)
		if (net->nic[i].dev == dev && net->nic[i].on_page)
			return &net->nic[i].seat;
	return NULL;
}

void net_destroy(struct net *net)
{
	unsigned i;

	if (!net)
		return;
	for (i = 0; i < net->nr_networks; i++)
		net_close(net->network[i].out);
	for (i = 0; i < net->nr_nics; i++)
		if (pcap_close(net->nic[i].pcap))
			warn(net->vm, "a capture could not be written to its end");
	free(net);
}
