/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:764
 * Waiting for the world: the keyboard, all consoles and all networks, in one place, because one can only wait in
 * one place.
:*/
#include <errno.h>
#include <poll.h>

#include "vm.h"

#define NS_PER_MS 1000000u
/* Never longer without seeing whether somebody wants us to stop. */
#define LONGEST_MS 100u

/*L:525
 * Fill in what each has to wait for, wait, and let each see what came.  The keyboard is first, so
 * its place in the list is known.
 */
int outside_look(struct lgemu *vm, uint64_t wait_ns)
{
	struct net_poll *p = &vm->poll;
	const int console = console_fd(vm);
	uint64_t ms;
	unsigned i;
	int err = 0;

	p->nr = 0;
	p->wait_ns = wait_ns;
	if (console >= 0)
		err = net_poll_add(p, console, POLLIN);
	if (!err)
		err = console_poll_fill(vm, p);
	if (!err)
		err = net_poll_fill(vm->net, p);
	if (err)
		complain(&vm->error, err, "out of memory");
	if (!p->nr && !p->wait_ns)
		return 0;
	ms = p->wait_ns / NS_PER_MS + (p->wait_ns % NS_PER_MS != 0);
	if (poll(p->fd, p->nr, ms > LONGEST_MS ? (int)LONGEST_MS : (int)ms) <= 0)
		for (i = 0; i < p->nr; i++)
			p->fd[i].revents = 0; /* a signal came first */
	console_poll_done(vm, p);
	net_poll_done(vm->net, p);
	return console >= 0 && p->nr && p->fd[0].revents ? console_take(vm) : 0;
}
/*:*/
