/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:740
 * The console's way through the Launcher: what the Guest prints goes out, and to the script; what
 * the user or the script types becomes an event, and later, when the board clock has come to its
 * stamp, input of the virtio console.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "virtio/console.h"
#include "vm.h"

#define INPUT_BYTES 512 /* of one read */

uint64_t host_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int push(struct guest *g, uint64_t at, const void *bytes, size_t n)
{
	return machine_push(&g->vm->machine, at, EVENT_CONSOLE + g->id, bytes, (uint32_t)n);
}

/* Whatever the script wants to send by now. */
static void run_script(struct guest *g)
{
	const struct script_step *step;
	uint64_t at;

	while ((step = script_send(&g->console.script, &at)))
		if (push(g, at, step->text, step->len))
			complain(&g->vm->error, 0, "out of memory for console input");
}

void console_print(struct guest *g, const uint8_t *bytes, size_t n)
{
	const struct lgemu_options *o = &g->vm->options;
	size_t i;

	g->console.quiet_ns = machine_clock_ns(&g->vm->machine);
	if (o->output)
		o->output(o->ctx, g->id, bytes, n);
	if (g->console.port)
		console_port_print(g, bytes, n);
	for (i = 0; i < n; i++)
		if (script_printed(&g->console.script, (char)bytes[i]))
			run_script(g);
}

/*L:510
 * Typed bytes reach the Guest when it has a buffer for them.  The device keeps a few, we keep the
 * rest, and while we do nothing more is read from outside: whoever types faster than the Guest
 * reads has to wait, as at any terminal.
 */
void console_type(struct guest *g, const uint8_t *bytes, size_t n)
{
	struct console *con = &g->console;
	size_t taken = 0;
	uint8_t *more;

	if (!con->nr_typed)
		taken = console_input(con->dev, bytes, n);
	if (taken == n)
		return;
	more = realloc(con->typed, con->nr_typed + n - taken);
	if (!more) {
		complain(&g->vm->error, 0, "out of memory for console input");
		return;
	}
	memcpy(more + con->nr_typed, bytes + taken, n - taken);
	con->typed = more;
	con->nr_typed += n - taken;
}

void console_retry(struct guest *g)
{
	struct console *con = &g->console;
	size_t taken;

	if (!con->nr_typed)
		return;
	taken = console_input(con->dev, con->typed, con->nr_typed);
	memmove(con->typed, con->typed + taken, con->nr_typed - taken);
	con->nr_typed -= taken;
}

void console_free(struct guest *g)
{
	script_free(&g->console.script);
	port_close(g->console.port);
	free(g->console.typed);
	g->console = (struct console){.dev = NULL};
}
/*:*/

/*L:512
 * There is one keyboard, and it belongs to one Guest at a time.  Somebody at a terminal chooses whose
 * it is, and when that Guest has come to its end it is the next one's.  What comes from a file or a
 * pipe was written for the first Guest and goes to no other.
 */
static bool has_keyboard(const struct guest *g)
{
	return !g->console.port && !guest_is_over(g);
}

static void next_typist(struct lgemu *vm)
{
	const unsigned before = vm->typist;

	do
		vm->typist = (vm->typist + 1) % vm->nr_guests;
	while (vm->typist != before && !has_keyboard(&vm->guest[vm->typist]));
	if (vm->typist != before)
		guest_warn(&vm->guest[vm->typist], "what you type goes here now");
}

void console_ended(struct guest *g)
{
	struct lgemu *vm = g->vm;

	if (vm->typist != g->id || !vm->input_open)
		return;
	if (vm->options.console_raw)
		next_typist(vm);
	else
		vm->input_open = false;
}

void console_first_typist(struct lgemu *vm)
{
	for (vm->typist = 0; vm->typist < vm->nr_guests; vm->typist++)
		if (has_keyboard(&vm->guest[vm->typist]))
			return;
	vm->typist = 0;
	vm->input_open = false;
}

void console_typed(struct guest *g, const uint8_t *bytes, size_t n)
{
	if (n && push(g, 0, bytes, n))
		complain(&g->vm->error, 0, "out of memory for console input");
}

/* What one read from the terminal brought: through the filter, and into the queue. */
static int take_keys(struct lgemu *vm, const uint8_t *buf, size_t n)
{
	enum tty_verdict verdict;
	uint8_t out[INPUT_BYTES + 1];
	size_t nr_in, nr_out;

	vm->filter.several = vm->nr_guests > 1;
	for (; n; n -= nr_in, buf += nr_in) {
		nr_in = n;
		verdict = tty_filter(&vm->filter, buf, &nr_in, host_now_ns(), out, &nr_out);
		console_typed(&vm->guest[vm->typist], out, nr_out);
		if (verdict == TTY_LEAVE)
			return -1;
		if (verdict == TTY_NEXT)
			next_typist(vm);
	}
	return 1;
}
/*:*/

/*L:511
 * Where typed bytes come from: -1 if nobody types, or if what was typed must be read first.  End of
 * input closes the console's input and nothing else: the Guest runs on, it has just lost its
 * keyboard.
 */
int console_fd(const struct lgemu *vm)
{
	const bool full = vm->guest[vm->typist].console.nr_typed;

	return vm->input_open && !full ? vm->options.console_fd : -1;
}

int console_take(struct lgemu *vm)
{
	uint8_t buf[INPUT_BYTES];
	int n = tty_read(vm->options.console_fd, buf, sizeof(buf));

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0) {
		vm->input_open = false;
		return 0;
	}
	if (vm->options.console_raw)
		return take_keys(vm, buf, (size_t)n);
	console_typed(&vm->guest[vm->typist], buf, (size_t)n);
	return 1;
}
/*:*/

/* --- the public side ----------------------------------------------------------------------------- */

int lgemu_send(struct lgemu *vm, unsigned guest, uint64_t at_ns, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t part;
	int err = 0;

	for (; n && !err; n -= part, p += part) {
		part = n < EVENT_BYTES_MAX ? n : EVENT_BYTES_MAX;
		err = push(&vm->guest[guest], at_ns, p, part);
	}
	return err ? complain(&vm->error, err, "out of memory for console input") : 0;
}

int lgemu_script(struct lgemu *vm, unsigned guest, const char *text, size_t len)
{
	struct guest *g = &vm->guest[guest];
	int err = script_parse(&g->console.script, text, len, &vm->error);

	if (!err)
		run_script(g);
	return err;
}

bool lgemu_script_done(const struct lgemu *vm, unsigned guest)
{
	return script_done(&vm->guest[guest].console.script);
}
