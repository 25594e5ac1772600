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
#define DEVICE_BYTES	  (DOOR_DEVICE_PAGES * PAGE_SIZE)
#define GUEST_LIMIT_MB	  ((DOOR_RAM_LIMIT - DOOR_HOST_END - DEVICE_BYTES) / MB)

_Static_assert(LGEMU_GUESTS == DOOR_GUESTS, "lgemu.h promises what the door has");

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
 * Where a Guest goes: behind the Host's sixteen megabytes and the Guests before it, its memory and
 * the device pages, in steps of four megabytes.
 */
/*M:700
 * All of it must lie below the last four megabytes, of which the Switcher has some, since the Host
 * maps memory where it is; so the Guests of one machine have at most 4075 MB together, less a
 * megabyte and the rounding for each.  Lifting that would take a Host that maps Guest memory piece
 * by piece.
:*/
static int place_guest(struct guest *g, uint32_t mb, uint64_t *ram_bytes)
{
	struct complaint *c = &g->vm->error;
	const uint64_t left = DOOR_RAM_LIMIT - *ram_bytes;
	uint32_t bytes;

	if (mb > GUEST_LIMIT_MB)
		return complain(c, -EINVAL, "%u MB of memory: a guest has between 1 and %u MB", mb,
				GUEST_LIMIT_MB);
	bytes = mb * MB + DEVICE_BYTES;
	if (bytes > left)
		return complain(c, -EINVAL,
				"%s wants %u MB of memory, but of the %u MB that the guests of one "
				"machine have together only %u are left; give them less with -m",
				g->name, mb, GUEST_LIMIT_MB,
				left ? (unsigned)((left - DEVICE_BYTES) / MB) : 0);
	g->gm = gm_make(&g->vm->machine.mem, (uint32_t)*ram_bytes, mb * MB, bytes);
	snprintf(g->room_name, sizeof(g->room_name), "%u MB of guest memory", mb);
	*ram_bytes += (bytes + DOOR_GUEST_ALIGN - 1) & ~(DOOR_GUEST_ALIGN - 1);
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

/* Networks of 2.6.23 are a page each, and at most as many as there are cards on them. */
static unsigned count_shared(const struct lgemu_guest_options *go)
{
	unsigned n = 0;

	for (unsigned i = 0; i < go->nr_devices; i++)
		n += (go->devices[i].flags & LGEMU_SHARENET) != 0;
	return n;
}

static int do_without(struct lgemu *vm, const char *list)
{
	char known[128] = "";
	uint32_t without = 0;

	for (unsigned i = 0; cpu_rung_text(i); i++) {
		strncat(known, i ? ", " : "", sizeof(known) - strlen(known) - 1);
		strncat(known, cpu_rung_text(i)->name, sizeof(known) - strlen(known) - 1);
	}
	if (list && cpu_rungs_parse(list, &without))
		return complain(&vm->error, -EINVAL,
				"cannot do without \"%s\": of the processor one can leave out %s",
				list, known);
	cpu_do_without(&vm->machine.cpu, without);
	return 0;
}

/* All Guests, without their devices, and how much RAM that makes. */
static int open_guests(struct lgemu *vm, const struct lgemu_guest_options *go, unsigned nr,
		       uint64_t *ram_bytes)
{
	struct guest *g;
	uint32_t mb;
	int err = 0;

	if (nr > LGEMU_GUESTS)
		return complain(&vm->error, -EINVAL, "%u guests: one machine has at most %u", nr,
				LGEMU_GUESTS);
	for (unsigned i = 0; i < nr && !err; i++) {
		g = &vm->guest[vm->nr_guests++];
		g->vm = vm;
		g->id = i;
		mb = go[i].memory_mb ? go[i].memory_mb : DEFAULT_MEMORY_MB;
		err = guest_open(g, &go[i]);
		if (!err)
			err = place_guest(g, mb, ram_bytes);
		vm->nr_shared_pages += count_shared(&go[i]);
	}
	*ram_bytes += vm->nr_shared_pages * PAGE_SIZE;
	if (!err && *ram_bytes > DOOR_RAM_LIMIT)
		err = complain(&vm->error, -EINVAL,
			       "no memory is left for --sharenet; give the guests less with -m");
	return err;
}

static int open_machine(struct lgemu *vm, const struct lgemu_options *o, uint32_t ram_bytes)
{
	const enum machine_clock clock = o->clock == LGEMU_REAL ? MACHINE_REAL : MACHINE_VIRTUAL;
	const struct cpu_model *model = cpu_model_find(o->cpu);
	int err;

	if (!model)
		return complain(&vm->error, -EINVAL,
				"there is no processor \"%s\"; there are default, pentium2, "
				"pentium3 and pentium4",
				o->cpu);
	err = machine_init(&vm->machine, ram_bytes, clock, epoch(o));

	if (err)
		return complain(&vm->error, err, "cannot get %u MB of memory for the machine: %s",
				ram_bytes / MB, strerror(-err));
	vm->machine.cpu.model = *model;
	cpu_reset(&vm->machine.cpu);
	vm->machine.cpu.history = &vm->history;
	vm->machine.cpu.range = (struct cpu_range){DOOR_SWITCHER, UINT32_MAX, 0};
	return do_without(vm, o->cpu_without);
}

static int create(struct lgemu *vm, const struct lgemu_options *o)
{
	static const struct lgemu_guest_options all_defaults;
	const struct lgemu_guest_options *go = o->nr_guests ? o->guests : &all_defaults;
	uint64_t ram_bytes = DOOR_HOST_END;
	int err = 0;

	if (o->host_is_native && o->host_image)
		return complain(&vm->error, -EINVAL,
				"a native Host is not an image; leave out one of the two");
	if (!o->host_is_native)
		err = open_host(vm, o->host_image);
	if (!err)
		err = open_guests(vm, go, o->nr_guests ? o->nr_guests : 1, &ram_bytes);
	if (!err)
		err = open_machine(vm, o, (uint32_t)ram_bytes);
	for (unsigned i = 0; i < vm->nr_guests && !err; i++)
		err = devices_create(&vm->guest[i], &go[i]);
	for (unsigned i = 0; i < vm->nr_guests && !err; i++)
		err = console_open(&vm->guest[i], go[i].console);
	if (!err)
		console_first_typist(vm);
	return err;
}

int lgemu_create(struct lgemu **m, const struct lgemu_options *o)
{
	struct lgemu *vm = calloc(1, sizeof(*vm));

	*m = vm;
	if (!vm)
		return -ENOMEM;
	vm->options = *o;
	/* The caller's strings and lists are only good until we return. */
	vm->options.guests = NULL;
	vm->options.host_image = NULL;
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
	native_destroy(vm->native);
	free(vm);
}

const char *lgemu_error(const struct lgemu *vm)
{
	return vm ? vm->error.text : "out of memory";
}

/*L:331
 * The Host first, until it says that it is there; then the Guests, which are introduced to it.  After
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

static int introduce(struct guest *g)
{
	struct lgemu *vm = g->vm;
	struct door_answer ans;
	int err;

	loop_ask(vm, DOOR_REQ_INITIALIZE, g);
	err = loop_to_bell(vm);
	if (err)
		return err;
	if (!loop_answer(vm, &ans) || le32_get(ans.op) != DOOR_ANS_OK)
		return complain(&vm->error, -EPROTO, "the Host refuses the guest: %.256s",
				ans.text);
	g->state = GUEST_READY;
	return 0;
}

int lgemu_load(struct lgemu *vm)
{
	int err = 0;

	for (unsigned i = 0; i < vm->nr_guests && !err; i++)
		err = guest_load(&vm->guest[i]);
	if (!err)
		err = start_host(vm);
	for (unsigned i = 0; i < vm->nr_guests && !err; i++)
		err = introduce(&vm->guest[i]);
	if (err)
		return err;
	vm->turn = 0;
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
