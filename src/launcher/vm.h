/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:730
 * What is behind lgemu.h: one machine, its Host, its Guests and their devices, and the private
 * calls between the files that make it all go.
:*/
#ifndef LAUNCHER_VM_H
#define LAUNCHER_VM_H

#include <signal.h>

#include "backend/disk.h"
#include "backend/tty.h"
#include "complaint.h"
#include "era.h"
#include "image.h"
#include "lgemu.h"
#include "lguest/native/native.h"
#include "machine/board.h"
#include "net.h"
#include "script.h"
#include "symbols.h"
#include "virtio/bus_config24.h"
#include "virtio/bus_lguest.h"
#include "virtio/bus_pci.h"

enum guest_state {
	GUEST_NEW,	  /* the Host does not know it: INITIALIZE is next */
	GUEST_READY,	  /* RUN is next */
	GUEST_HALTED,	  /* nothing to do before wake_ns or an interrupt */
	GUEST_RESTARTING, /* DESTROY is next */
	GUEST_ENDED,
};

#define GUEST_DISKS 16

/* One Guest, as its Launcher knows it. */
struct guest {
	struct lgemu *vm;
	unsigned id;
	enum guest_state state;
	uint64_t wake_ns; /* of a halted one; UINT64_MAX: never */

	struct image kernel, initrd;
	bool has_initrd;
	struct bzimage bz;
	bool is_bz;
	struct era_found found;
	char *command_line;

	struct guest_mem gm;
	char room_name[40];
	struct config24_bus *config24; /* one of these, as the era has it */
	struct lguest_bus *bus;
	struct pci_bus *pci;
	struct virtio_device *console;
	struct disk *disk[GUEST_DISKS];
	unsigned nr_disks;

	struct door_init init;
	struct door_regs regs; /* as the Host last showed them */
	bool warned_of_trap;
	bool trap_done; /* it reported an instruction, and this is the answer: */
	uint32_t trap;
	bool layout_seen;
	bool loaded; /* before: memory is as new */
	char death[256];
};

/*M:710
 * One Guest for now.  The door, the Host and struct guest are ready for more; what is missing is
 * how a user would name them, and a network between them.
:*/
#define VM_GUESTS 1

struct lgemu {
	struct machine machine;
	struct lgemu_options options; /* strings are not kept: see create.c */
	struct complaint error;
	struct image host;
	struct symbols symbols;
	struct native *native; /* NULL: the Host is in the machine */
	struct guest guest[VM_GUESTS];
	unsigned nr_guests;
	unsigned turn; /* the Guest that runs, or ran last */

	bool at_bell; /* the machine waits for a request */
	enum door_request_op asked;
	bool ended; /* and this is how: */
	enum lgemu_reason end;
	volatile sig_atomic_t stop;
	bool has_failure;
	struct lgemu_failure failure;
	struct cpu_history history;

	/* Real time: the host's clock when the board's was 0. */
	uint64_t host_base_ns;

	/* The console. */
	bool input_open; /* more may come from console_fd */
	struct tty_filter filter;
	uint8_t *typed; /* seen by the machine, but the console had no room yet */
	size_t nr_typed;
	uint64_t look_ns;  /* board clock at which to look for input again (virtual mode) */
	uint64_t quiet_ns; /* board clock of the Guest's last output */
	struct script script;

	struct net *net;      /* NULL: no Guest has a network card */
	struct net_poll poll; /* what we wait for */
};

/* create.c: */
struct image_room guest_room(struct guest *g);

/* host.c: */
int host_load(struct lgemu *vm) MUST_CHECK;

/* guest.c: */
int guest_open(struct guest *g, const struct lgemu_options *o) MUST_CHECK;
int guest_load(struct guest *g) MUST_CHECK;
void guest_close(struct guest *g);
/* What is known of the kernel beyond what is needed to start it; only when something is odd. */
bool guest_lacks_support(struct guest *g);

/* devices.c: */
int devices_create(struct guest *g, const struct lgemu_options *o) MUST_CHECK;
void devices_destroy(struct guest *g);
/* The Guest starts over, and so do its devices. */
void devices_restart(struct guest *g);
/* Page frames for the Host: the first that is not memory, the first that is not a device. */
uint32_t devices_pfn_limit(const struct guest *g);
uint32_t devices_device_limit(const struct guest *g);
/* NOTIFY came with this address; as lguest_bus_notify() and lguest_bus_early_text(). */
enum lguest_notify devices_notify(struct guest *g, gpa_t gpa, const char **why);
size_t devices_early_text(const struct guest *g, gpa_t gpa, char *buf, size_t size);
void devices_state(const struct guest *g, const struct virtio_sink *sink);

/* console.c: */
void console_print(struct lgemu *vm, const uint8_t *bytes, size_t n);
void console_type(struct lgemu *vm, const uint8_t *bytes, size_t n);
void console_retry(struct lgemu *vm);
/* What to wait on for typed bytes; -1: nothing. */
int console_fd(const struct lgemu *vm);
/* Take them.  1: some came; 0: none; -1: the user wants to leave. */
int console_take(struct lgemu *vm) MUST_CHECK;
uint64_t host_now_ns(void);

/* outside.c: */
/* Look for keys and frames, waiting for them at most wait_ns.  -1: the user wants to leave. */
int outside_look(struct lgemu *vm, uint64_t wait_ns) MUST_CHECK;

/* loop.c: */
enum lgemu_reason loop_run(struct lgemu *vm, uint64_t max_insns);
/* Run until the Host rings; 0, or -EIO having ended. */
int loop_to_bell(struct lgemu *vm) MUST_CHECK;
void loop_ask(struct lgemu *vm, enum door_request_op op, struct guest *g);
bool loop_answer(struct lgemu *vm, struct door_answer *ans) MUST_CHECK;
void loop_fail(struct lgemu *vm, uint32_t vector, const char *text);

/* trapped.c: */
/* Act out the instruction that the Host reported, on g->regs; 0, or the vector that the Guest shall
 * see instead. */
uint32_t trapped(struct guest *g, const struct door_answer *ans) MUST_CHECK;

/* state.c: */
uint64_t state_guest_hash(const struct guest *g);

#endif
