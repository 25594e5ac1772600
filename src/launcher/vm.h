/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:730
 * What is behind lgemu.h: one machine, its Host, its Guests and their devices, and the private
 * calls between the files that make it all go.
:*/
#ifndef LAUNCHER_VM_H
#define LAUNCHER_VM_H

#include <signal.h>

#include "backend/disk.h"
#include "backend/port.h"
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
#include "virtio/dma23.h"

enum guest_state {
	GUEST_NEW,	  /* the Host does not know it: INITIALIZE is next */
	GUEST_READY,	  /* RUN is next */
	GUEST_HALTED,	  /* nothing to do before wake_ns or an interrupt */
	GUEST_RESTARTING, /* DESTROY is next, and then it starts over */
	GUEST_ENDING,	  /* DESTROY is next, and that is all */
	GUEST_ENDED,
};

#define GUEST_DISKS 16

/* A Guest's console, seen from outside. */
struct console {
	struct virtio_device *dev;
	struct port *port;	   /* where it leads; NULL: to the keyboard and options.output */
	unsigned first_fd, nr_fds; /* of the port, in what we wait for */
	uint8_t *typed;		   /* seen by the machine, but the device had no room yet */
	size_t nr_typed;
	uint64_t quiet_ns; /* board clock of the last output */
	struct script script;
};

/* One Guest, as its Launcher knows it. */
struct guest {
	struct lgemu *vm;
	unsigned id;
	char name[32];
	enum guest_state state;
	enum lgemu_reason end; /* of one that is ENDING or ENDED */
	uint64_t wake_ns;      /* of a halted one; UINT64_MAX: never */
	uint64_t used_ns;      /* of the board's time: see loop.c */

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
	struct dma23_bus *dma;
	gpa_t dma_key; /* for which it wants a buffer */
	struct console console;
	struct disk *disk[GUEST_DISKS];
	unsigned nr_disks;

	struct door_init init;
	struct door_regs regs; /* as the Host last showed them, and these two */
	uint32_t cr3;
	bool pae;
	struct symbols symbols; /* of the kernel; read when somebody asks */
	bool warned_of_trap;
	bool trap_done; /* it reported an instruction, and this is the answer: */
	uint32_t trap;
	bool layout_seen;
	bool loaded; /* before: memory is as new */
	char death[256];
};

struct lgemu {
	struct machine machine;
	struct lgemu_options options; /* strings and lists are not kept: see create.c */
	struct complaint error;
	struct image host;
	struct symbols symbols; /* of the Host */
	struct native *native;	/* NULL: the Host is in the machine */
	struct guest guest[DOOR_GUESTS];
	unsigned nr_guests;
	unsigned turn;	    /* the Guest that runs, or ran last */
	uint64_t asked_ns;  /* when it was asked to */
	uint64_t served_ns; /* the most that any Guest had used when it was asked to run */

	bool at_bell; /* the machine waits for a request */
	enum door_request_op asked;
	struct guest *asked_for;
	bool gives_way; /* the one whose turn it was has given somebody else work */
	bool ended;	/* and this is how: */
	enum lgemu_reason end;
	volatile sig_atomic_t stop;
	bool has_failure;
	struct lgemu_failure failure;
	struct cpu_history history;

	/* Real time: the host's clock when the board's was 0. */
	uint64_t host_base_ns;

	/* The keyboard. */
	bool input_open; /* more may come from console_fd */
	unsigned typist; /* the Guest it belongs to now */
	struct tty_filter filter;
	uint64_t look_ns; /* board clock at which to look for input again (virtual mode) */

	struct net *net;	  /* NULL: no Guest has a network card */
	unsigned nr_shared_pages; /* at the end of the machine's memory, for net.c */
	struct net_poll poll;	  /* what we wait for */
};

/* create.c: */
struct image_room guest_room(struct guest *g);

/* host.c: */
int host_load(struct lgemu *vm) MUST_CHECK;

/* guest.c: */
int guest_open(struct guest *g, const struct lgemu_guest_options *o) MUST_CHECK;
int guest_load(struct guest *g) MUST_CHECK;
void guest_close(struct guest *g);
/* Tell the user something about this Guest, by its name if there are several. */
void guest_warn(struct guest *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is known of the kernel beyond what is needed to start it; only when something is odd. */
bool guest_lacks_support(struct guest *g);
bool guest_is_over(const struct guest *g);

/* devices.c: */
int devices_create(struct guest *g, const struct lgemu_guest_options *o) MUST_CHECK;
void devices_destroy(struct guest *g);
/* The Guest starts over, and so do its devices. */
void devices_restart(struct guest *g);
/* Page frames for the Host: the first that is not memory, the first that is not a device. */
uint32_t devices_pfn_limit(const struct guest *g);
uint32_t devices_device_limit(const struct guest *g);
/* NOTIFY came with this address; as lguest_bus_notify() and lguest_bus_early_text(). */
enum lguest_notify devices_notify(struct guest *g, gpa_t gpa, const char **why);
/* A Guest of 2.6.23 has sent this; and one wants a buffer of g->dma_key, and got it or did not. */
void devices_dma_sent(struct guest *g, gpa_t dma, gpa_t key, const char **why);
bool devices_want_buffer(struct guest *g);
void devices_buffer(struct guest *g, const struct door_answer *ans, const char **why);
size_t devices_early_text(const struct guest *g, gpa_t gpa, char *buf, size_t size);
void devices_state(const struct guest *g, const struct virtio_sink *sink);

/* console.c: one for each Guest, and one keyboard */
void console_print(struct guest *g, const uint8_t *bytes, size_t n);
void console_type(struct guest *g, const uint8_t *bytes, size_t n);
void console_retry(struct guest *g);
void console_free(struct guest *g);
/* Typed, and for this Guest: it is an event, at the time that is now. */
void console_typed(struct guest *g, const uint8_t *bytes, size_t n);
/* The keyboard is the first Guest's that has no other console; if there is none, nobody's. */
void console_first_typist(struct lgemu *vm);
/* The Guest will read no more. */
void console_ended(struct guest *g);
/* What to wait on for typed bytes; -1: nothing. */
int console_fd(const struct lgemu *vm);
/* Take them.  1: some came; 0: none; -1: the user wants to leave. */
int console_take(struct lgemu *vm) MUST_CHECK;
uint64_t host_now_ns(void);

/* ports.c: consoles that lead elsewhere */
/* As --console says; NULL: to the keyboard.  0, or -errno with a complaint. */
int console_open(struct guest *g, const char *word) MUST_CHECK;
void console_port_print(struct guest *g, const uint8_t *bytes, size_t n);
/* Is there anybody who could type, now or ever; and could it be taken now? */
bool console_types(const struct lgemu *vm);
bool console_listens(const struct lgemu *vm);
/* Board clock of the last output to anybody who could type. */
uint64_t console_quiet_ns(const struct lgemu *vm);
/* Add what to wait for, the keyboard apart, and afterwards take what came.  0 or -ENOMEM. */
int console_poll_fill(struct lgemu *vm, struct net_poll *p) MUST_CHECK;
void console_poll_done(struct lgemu *vm, const struct net_poll *p);

/* outside.c: */
/* Look for keys and frames, waiting for them at most wait_ns.  -1: the user wants to leave. */
int outside_look(struct lgemu *vm, uint64_t wait_ns) MUST_CHECK;

/* loop.c: */
enum lgemu_reason loop_run(struct lgemu *vm, uint64_t max_insns);
/* Run until the Host rings; 0, or -EIO having ended. */
int loop_to_bell(struct lgemu *vm) MUST_CHECK;
void loop_ask(struct lgemu *vm, enum door_request_op op, struct guest *g);
bool loop_answer(struct lgemu *vm, struct door_answer *ans) MUST_CHECK;
/* An interrupt line of the Guest went up. */
void loop_wake(struct guest *g);
void loop_fail(struct lgemu *vm, uint32_t vector, const char *text);

/* trapped.c: */
/* Act out the instruction that the Host reported, on g->regs; 0, or the vector that the Guest shall
 * see instead. */
uint32_t trapped(struct guest *g, const struct door_answer *ans) MUST_CHECK;

/* state.c: */
uint64_t state_guest_hash(const struct guest *g);

#endif
