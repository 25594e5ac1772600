/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:747
 * Consoles that lead elsewhere than to the keyboard and the program's output: a port each, and a place
 * in the list of what the Launcher waits for.  To the Guest there is no difference, and what is typed
 * there goes the same way, through the event queue.
:*/
#include <string.h>

#include "vm.h"

#define TYPED_BYTES 512 /* taken at once */

int console_open(struct guest *g, const char *word)
{
	char why[PORT_WHY_BYTES];
	int err;

	if (!word)
		return 0;
	err = port_open(word, &g->console.port, why);
	return err ? complain(&g->vm->error, err, "--console %s: %s", word, why) : 0;
}

void console_port_print(struct guest *g, const uint8_t *bytes, size_t n)
{
	const int err = port_write(g->console.port, bytes, n);

	if (err)
		guest_warn(g, "what it prints cannot be written to %s any more: %s",
			   port_name(g->console.port), strerror(-err));
}

/* A Guest at whose console somebody may be, or come. */
static bool may_be_typed_to(const struct guest *g)
{
	return g->console.port && port_types(g->console.port) && !guest_is_over(g);
}

bool console_types(const struct lgemu *vm)
{
	bool types = vm->input_open;

	for (unsigned i = 0; i < vm->nr_guests && !types; i++)
		types = may_be_typed_to(&vm->guest[i]);
	return types;
}

bool console_listens(const struct lgemu *vm)
{
	bool listens = console_fd(vm) >= 0;

	for (unsigned i = 0; i < vm->nr_guests && !listens; i++)
		listens = may_be_typed_to(&vm->guest[i]) && !vm->guest[i].console.nr_typed;
	return listens;
}

uint64_t console_quiet_ns(const struct lgemu *vm)
{
	uint64_t last = vm->guest[vm->typist].console.quiet_ns;

	for (unsigned i = 0; i < vm->nr_guests; i++)
		if (may_be_typed_to(&vm->guest[i]) && vm->guest[i].console.quiet_ns > last)
			last = vm->guest[i].console.quiet_ns;
	return last;
}

int console_poll_fill(struct lgemu *vm, struct net_poll *p)
{
	int err = 0;

	for (unsigned i = 0; i < vm->nr_guests && !err; i++) {
		struct console *con = &vm->guest[i].console;

		con->first_fd = p->nr;
		if (may_be_typed_to(&vm->guest[i]))
			err = port_poll(con->port, p, !con->nr_typed);
		con->nr_fds = p->nr - con->first_fd;
	}
	return err;
}

void console_poll_done(struct lgemu *vm, const struct net_poll *p)
{
	uint8_t buf[TYPED_BYTES];
	size_t n;

	for (unsigned i = 0; i < vm->nr_guests; i++) {
		struct console *con = &vm->guest[i].console;

		if (!con->nr_fds || !p->fd[con->first_fd].revents)
			continue;
		n = port_serve(con->port, buf, con->nr_typed ? 0 : sizeof(buf));
		if (n)
			console_typed(&vm->guest[i], buf, n);
	}
}

const char *lgemu_console_name(const struct lgemu *vm, unsigned guest)
{
	const struct port *port = vm->guest[guest].console.port;

	return port ? port_name(port) : "";
}
