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

uint64_t host_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Whatever the script wants to send by now. */
static void run_script(struct lgemu *vm)
{
	const struct script_step *step;
	uint64_t at;

	while ((step = script_send(&vm->script, &at)))
		if (machine_push(&vm->machine, at, EVENT_CONSOLE, step->text, (uint32_t)step->len))
			complain(&vm->error, 0, "out of memory for console input");
}

void console_print(struct lgemu *vm, const uint8_t *bytes, size_t n)
{
	size_t i;

	vm->quiet_ns = machine_clock_ns(&vm->machine);
	if (vm->options.output)
		vm->options.output(vm->options.ctx, bytes, n);
	for (i = 0; i < n; i++)
		if (script_printed(&vm->script, (char)bytes[i]))
			run_script(vm);
}

/*L:510
 * Typed bytes reach the Guest when it has a buffer for them.  The device keeps a few, we keep the
 * rest, and while we do nothing more is read from outside: whoever types faster than the Guest
 * reads has to wait, as at any terminal.
 */
void console_type(struct lgemu *vm, const uint8_t *bytes, size_t n)
{
	size_t taken = 0;
	uint8_t *more;

	if (!vm->nr_typed)
		taken = console_input(vm->guest[0].console, bytes, n);
	if (taken == n)
		return;
	more = realloc(vm->typed, vm->nr_typed + n - taken);
	if (!more) {
		complain(&vm->error, 0, "out of memory for console input");
		return;
	}
	memcpy(more + vm->nr_typed, bytes + taken, n - taken);
	vm->typed = more;
	vm->nr_typed += n - taken;
}

void console_retry(struct lgemu *vm)
{
	size_t taken;

	if (!vm->nr_typed)
		return;
	taken = console_input(vm->guest[0].console, vm->typed, vm->nr_typed);
	memmove(vm->typed, vm->typed + taken, vm->nr_typed - taken);
	vm->nr_typed -= taken;
}
/*:*/

/* What one read brought: through the terminal's filter, and into the queue. */
static int take_input(struct lgemu *vm, const uint8_t *buf, size_t n)
{
	enum tty_verdict verdict = TTY_GO_ON;
	uint8_t out[513];
	size_t nr = n;

	if (vm->options.console_raw)
		verdict = tty_filter(&vm->filter, buf, n, host_now_ns(), out, &nr);
	else
		memcpy(out, buf, n);
	if (nr && machine_push(&vm->machine, 0, EVENT_CONSOLE, out, (uint32_t)nr))
		complain(&vm->error, 0, "out of memory for console input");
	return verdict == TTY_LEAVE ? -1 : 1;
}

/*L:511
 * Where typed bytes come from: -1 if nobody types, or if what was typed must be read first.  End of
 * input closes the console's input and nothing else: the Guest runs on, it has just lost its
 * keyboard.
 */
int console_fd(const struct lgemu *vm)
{
	return vm->input_open && !vm->nr_typed ? vm->options.console_fd : -1;
}

int console_take(struct lgemu *vm)
{
	uint8_t buf[512];
	int n = tty_read(vm->options.console_fd, buf, sizeof(buf));

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0) {
		vm->input_open = false;
		return 0;
	}
	return take_input(vm, buf, (size_t)n);
}
/*:*/

/* --- the public side ----------------------------------------------------------------------------- */

int lgemu_send(struct lgemu *vm, uint64_t at_ns, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t part;
	int err = 0;

	for (; n && !err; n -= part, p += part) {
		part = n < EVENT_BYTES_MAX ? n : EVENT_BYTES_MAX;
		err = machine_push(&vm->machine, at_ns, EVENT_CONSOLE, p, (uint32_t)part);
	}
	return err ? complain(&vm->error, err, "out of memory for console input") : 0;
}

int lgemu_script(struct lgemu *vm, const char *text, size_t len)
{
	int err = script_parse(&vm->script, text, len, &vm->error);

	if (!err)
		run_script(vm);
	return err;
}

bool lgemu_script_done(const struct lgemu *vm)
{
	return script_done(&vm->script);
}
