/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:731
 * Making a machine and taking it apart.  Here every file is opened, every size is checked, and
 * everything is refused that can be refused; what comes out runs.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vm.h"

#define MB		  (1u << 20)
#define DEFAULT_MEMORY_MB 64
#define NS_PER_SEC	  1000000000
#define YEAR_2000	  946684800 /* seconds since 1970 */

extern const unsigned char lgemu_host_image[];
extern const uint32_t lgemu_host_image_size;

void lgemu_options_init(struct lgemu_options *o)
{
	memset(o, 0, sizeof(*o));
	o->console_fd = -1;
	o->rtc_base = LGEMU_RTC_DEFAULT;
}

static int open_host(struct lgemu *vm, const char *path)
{
	if (path)
		return image_open(&vm->host, path, "Host", &vm->error);
	return image_embedded(&vm->host, "the built-in Host", lgemu_host_image,
			      lgemu_host_image_size, &vm->error);
}

/*L:330
 * How much RAM the machine has: sixteen megabytes for the Host, then for each Guest its memory and
 * the device pages, in steps of four megabytes.
 */
/*M:700
 * All of it must lie below the last four megabytes, of which the Switcher has some, since the Host
 * maps memory where it is; so the Guests of one machine have at most 4075 MB together, less a
 * megabyte and the rounding for each.  Lifting that would take a Host that maps Guest memory piece
 * by piece.
:*/
static int size_memory(struct lgemu *vm, uint32_t mb, uint32_t *ram_bytes)
{
	const uint32_t limit_mb = (DOOR_RAM_LIMIT - DOOR_HOST_END) / MB -
				  DOOR_DEVICE_PAGES * PAGE_SIZE / MB;
	struct guest *g = &vm->guest[0];
	uint32_t region;

	if (!mb || mb > limit_mb)
		return complain(&vm->error, -EINVAL,
				"%u MB of memory: a guest has between 1 and %u MB", mb, limit_mb);
	region = mb * MB + DOOR_DEVICE_PAGES * PAGE_SIZE;
	region = (region + DOOR_GUEST_ALIGN - 1) & ~(DOOR_GUEST_ALIGN - 1);
	*ram_bytes = DOOR_HOST_END + region;
	g->gm = (struct guest_mem){&vm->machine.mem, DOOR_HOST_END, mb * MB,
				   mb * MB + DOOR_DEVICE_PAGES * PAGE_SIZE};
	snprintf(g->room_name, sizeof(g->room_name), "%u MB of guest memory", mb);
	return 0;
}
/*:*/

/* The wall clock at board clock 0, in ns since 1970. */
static uint64_t epoch(const struct lgemu_options *o)
{
	struct timespec ts;

	if (o->rtc_base != LGEMU_RTC_DEFAULT)
		return (uint64_t)(o->rtc_base < 0 ? 0 : o->rtc_base) * NS_PER_SEC;
	if (o->clock == LGEMU_VIRTUAL)
		return (uint64_t)YEAR_2000 * NS_PER_SEC;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static int create(struct lgemu *vm, const struct lgemu_options *o)
{
	enum machine_clock clock = o->clock == LGEMU_REAL ? MACHINE_REAL : MACHINE_VIRTUAL;
	struct guest *g = &vm->guest[0];
	uint32_t ram_bytes = 0;
	int err = 0;

	g->vm = vm;
	vm->nr_guests = 1;
	if (o->host_is_native && o->host_image)
		return complain(&vm->error, -EINVAL,
				"a native Host is not an image; leave out one of the two");
	if (!o->host_is_native)
		err = open_host(vm, o->host_image);
	if (!err)
		err = guest_open(g, o);
	if (!err)
		err = size_memory(vm, o->memory_mb ? o->memory_mb : DEFAULT_MEMORY_MB, &ram_bytes);
	if (err)
		return err;
	err = machine_init(&vm->machine, ram_bytes, clock, epoch(o));
	if (err)
		return complain(&vm->error, err, "cannot get %u MB of memory for the machine: %s",
				ram_bytes / MB, strerror(-err));
	vm->machine.cpu.history = &vm->history;
	vm->machine.cpu.range[0] = (struct cpu_range){DOOR_SWITCHER, UINT32_MAX, 0};
	return devices_create(g, o);
}

int lgemu_create(struct lgemu **m, const struct lgemu_options *o)
{
	struct lgemu *vm = calloc(1, sizeof(*vm));

	*m = vm;
	if (!vm)
		return -ENOMEM;
	vm->options = *o;
	/* The caller's strings and lists are only good until we return. */
	vm->options.kernel = vm->options.initrd = vm->options.command_line = NULL;
	vm->options.host_image = vm->options.abi = NULL;
	vm->options.devices = NULL;
	vm->input_open = o->console_fd >= 0;
	return create(vm, o);
}

void lgemu_destroy(struct lgemu *vm)
{
	unsigned i;

	if (!vm)
		return;
	tty_restore();
	for (i = 0; i < vm->nr_guests; i++)
		guest_close(&vm->guest[i]);
	net_destroy(vm->net);
	net_poll_free(&vm->poll);
	machine_fini(&vm->machine);
	image_close(&vm->host);
	symbols_free(&vm->symbols);
	script_free(&vm->script);
	free(vm->typed);
	native_destroy(vm->native);
	free(vm);
}

const char *lgemu_error(const struct lgemu *vm)
{
	return vm ? vm->error.text : "out of memory";
}

/*L:331
 * The Host first, until it says that it is there; then the Guest, which is introduced to it.  After
 * this the machine stands at the bell and waits for the first RUN.
 */
static int start_host(struct lgemu *vm)
{
	struct door_answer ans;
	int err = 0;

	if (!vm->options.host_is_native)
		err = host_load(vm);
	else if (!(vm->native = native_create(&vm->machine)))
		err = complain(&vm->error, -ENOMEM, "out of memory");

	if (!err)
		err = loop_to_bell(vm);
	if (!err && (!loop_answer(vm, &ans) || le32_get(ans.op) != DOOR_ANS_BOOTED))
		err = complain(&vm->error, -EPROTO, "the Host %s does not know the door",
			       vm->host.name);
	return err;
}

int lgemu_load(struct lgemu *vm)
{
	struct guest *g = &vm->guest[0];
	struct door_answer ans;
	int err;

	err = guest_load(g);
	if (!err)
		err = start_host(vm);
	if (err)
		return err;
	loop_ask(vm, DOOR_REQ_INITIALIZE, g);
	err = loop_to_bell(vm);
	if (err)
		return err;
	if (!loop_answer(vm, &ans) || le32_get(ans.op) != DOOR_ANS_OK)
		return complain(&vm->error, -EPROTO, "the Host refuses the guest: %.256s",
				ans.text);
	g->state = GUEST_READY;
	vm->host_base_ns = host_now_ns() - machine_clock_ns(&vm->machine);
	if (vm->input_open && vm->options.console_raw) {
		err = tty_raw(vm->options.console_fd);
		if (err)
			return complain(&vm->error, err, "cannot set up the terminal: %s",
					strerror(-err));
	}
	return 0;
}
/*:*/

int lgemu_selftest(struct lgemu *vm)
{
	struct door_answer ans;
	int err = start_host(vm);

	if (err)
		return err;
	loop_ask(vm, DOOR_REQ_SELFTEST, &vm->guest[0]);
	err = loop_to_bell(vm);
	if (err)
		return err;
	if (!loop_answer(vm, &ans) || le32_get(ans.op) != DOOR_ANS_OK)
		return complain(&vm->error, -EIO, "the Host's self-test: %.256s", ans.text);
	return 0;
}
