/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:030
 * The door: the one device of the emulated board, and the only way between the Host (ring 0, in
 * the emulated machine) and the Launcher (native code around it).  It is the twin of /dev/lguest:
 * where the real Launcher wrote INITIALIZE and read() to run its Guest, ours leaves a request in
 * the door page and lets the machine go on until the Host rings back.
 *
 * This header is the device's data sheet.  Host and Launcher both include it; neither may know
 * anything else about the other.
:*/
#ifndef BASE_DOOR_H
#define BASE_DOOR_H

#include "types.h"

/*L:010
 * Ports.  All are 32 bits wide and answer at ring 0 only: a Guest has IOPL 0 and an I/O map that
 * denies everything, so it cannot find the door.  On a machine without a door every read gives
 * all ones, which is how the Host knows that it must look after itself.
:*/
enum door_port {
	DOOR_ID = 0xe00,	/* R: DOOR_MAGIC */
	DOOR_PAGE = 0xe04,	/* W: machine-physical address of the door page, page aligned */
	DOOR_BELL = 0xe08,	/* W (any value): stop the machine; the answer half is valid */
	DOOR_EVENT_SEL = 0xe0c, /* W: Guest number for DOOR_EVENT */
	DOOR_EVENT = 0xe10,	/* R: that Guest's event register, cleared by the read */
	DOOR_EVENT_MAP = 0xe14, /* R: bit g set = Guest g's event register is not 0 */
	DOOR_TIMER_LO = 0xe18,	/* W: low half of the deadline, board clock in ns */
	DOOR_TIMER_HI = 0xe1c,	/* W: high half; arms.  Deadline ~0 disarms.  Either acks. */
	DOOR_WALL_SEC = 0xe20,	/* R: seconds since 1970; latches DOOR_WALL_NSEC */
	DOOR_WALL_NSEC = 0xe24, /* R: nanoseconds of that second */
	DOOR_CONSOLE = 0xe28,	/* W: one byte of the Host's own messages (self-test, BUG) */
	DOOR_FAIL = 0xe2c,	/* W: address of struct door_failure: the Host gives up */
};

#define DOOR_MAGIC 0x726f6f44u /* "Door" */

/* Interrupt vectors of the board, both level: the timer stays asserted until its deadline is
 * written again, the event line while any event register is non-zero. */
#define DOOR_VECTOR_TIMER 0x20
#define DOOR_VECTOR_EVENT 0x21

/*
 * The board clock, in ns, is what RDTSC reads.  It counts Guest instructions (CPL 1 to 3) and this
 * charge for each entry to ring 0; ring-0 instructions are free, HLT jumps to the next deadline.
 * PAUSE takes a few times as long as on a processor of today: a Guest that waits by spinning, as its
 * kernel does when it looks for a keyboard controller, need not spin for long to have waited long.
 */
#define DOOR_TSC_KHZ	     1000000u
#define DOOR_RING0_CHARGE_NS 250u
#define DOOR_PAUSE_NS	     500u

/*
 * Memory map of the machine.  Everything below DOOR_RAM_LIMIT is RAM, identity-mapped by the Host.
 *
 *	0x00000000  1 MB	low memory: multiboot information, nothing else
 *	0x00100000  15 MB	Host: image, then its heap up to DOOR_HOST_END
 *	0x01000000  ...		Guest regions, 4 MB aligned: memory, then 256 device pages
 *	0xfffe0000		Switcher (virtual only)
 */
#define DOOR_HOST_START	  0x00100000u
#define DOOR_HOST_END	  0x01000000u
#define DOOR_GUEST_ALIGN  0x00400000u
#define DOOR_DEVICE_PAGES 256u
#define DOOR_RAM_LIMIT	  0xffc00000u
#define DOOR_SWITCHER	  0xfffe0000u

#define DOOR_GUESTS 32 /* most Guests of one machine */

enum door_request_op {
	DOOR_REQ_NONE = 0,
	DOOR_REQ_INITIALIZE = 1, /* init.*: make Guest `guest`; answers DOOR_ANS_OK or _REFUSED */
	DOOR_REQ_RUN = 2,	 /* run Guest `guest` for at most quantum_ns (0: no limit) */
	DOOR_REQ_DESTROY = 3,	 /* forget Guest `guest` and free what it holds */
	DOOR_REQ_SELFTEST = 4,	 /* run the ring-1 stub; text goes to DOOR_CONSOLE */
	DOOR_REQ_GETDMA = 5,	 /* 2.6.23: a buffer that Guest `guest` bound to `key`, reserved;
				    answers DOOR_ANS_BUFFER or DOOR_ANS_NO_BUFFER */
};

/* How the Guest finds its memory mapped at its first instruction (guest-host.md 1.4.3, 12.7). */
enum door_boot_map {
	DOOR_MAP_LINEAR = 0,   /* no tables: virtual = physical until NEW_PGTABLE (3.1+) */
	DOOR_MAP_LOW = 1,      /* Launcher or Host tables, identity (2.6.24 to 2.6.28) */
	DOOR_MAP_LOW_HIGH = 2, /* identity and again at kernel_address (2.6.29 to 3.0) */
	DOOR_MAP_HIGH = 3,     /* PAGE_OFFSET only (2.6.23) */
};

#define DOOR_INIT_PAE	1u /* the image is known to be a PAE kernel */
#define DOOR_INIT_MMIO	2u /* PCI era: trap 13 and device-memory faults go to the Launcher */
#define DOOR_INIT_TIGHT 8u /* 3.10 and later: reserve_mem is what the Switcher needs, no more */
#define DOOR_INIT_DMA	4u /* 2.6.23: calls 12 and 13 are BIND_DMA and SEND_DMA */

/* A page of the Guest's that is not in its own region: several Guests have it (sharenet). */
#define DOOR_SHARED_PAGES 4u

struct door_shared {
	le32_t pfn;  /* the Guest's number for it, above its RAM; 0: none */
	le32_t page; /* machine-physical address */
};

struct door_init {
	le32_t mem_base;     /* machine-physical address of Guest-physical 0, 4 MB aligned */
	le32_t pfn_limit;    /* first Guest page frame that is not memory */
	le32_t device_limit; /* first Guest page frame past the BARs; = pfn_limit without PCI */
	le32_t entry;	     /* first EIP, Guest virtual */
	le32_t boot_map;     /* enum door_boot_map */
	le32_t boot_top;     /* Guest-physical: boot tables are built downward from here (page
				aligned: end of RAM less the initrd) */
	le32_t ram_bytes;    /* end of e820 RAM: what boot tables map */
	le32_t page_offset;  /* 2.6.23: PAGE_OFFSET found in the image; else 0 */
	le32_t flags;	     /* DOOR_INIT_* */
	le32_t guest_id;     /* 2.6.23: lguest_data.guestid, of which it makes its MAC address */
	struct door_shared shared[DOOR_SHARED_PAGES];
};

/* Registers of a TRAP answer, in the order and at the offsets of guest-host.md 10.5. */
struct door_regs {
	le32_t ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, orig_eax, eip, cs, eflags, esp,
		ss;
};

/* Request half: written by the Launcher, only while the machine is stopped at the bell. */
struct door_request {
	le32_t op;    /* enum door_request_op */
	le32_t guest; /* 0 .. DOOR_GUESTS-1 */
	le32_t quantum_ns;
	le32_t trap; /* after ANS_TRAP: 0 = handled, take regs; else reflect this vector */
	le32_t key;  /* GETDMA */
	struct door_regs regs;
	struct door_init init;
};

enum door_answer_op {
	DOOR_ANS_BOOTED = 1,  /* first bell: Host is up, nothing asked yet */
	DOOR_ANS_OK = 2,      /* INITIALIZE, DESTROY, SELFTEST done */
	DOOR_ANS_REFUSED = 3, /* the request made no sense; text says why */
	DOOR_ANS_NOTIFY = 4,  /* arg[0] = NOTIFY address */
	DOOR_ANS_DMA = 5,     /* arg[0] = struct lguest_dma, arg[1] = key (both Guest-physical) */
	DOOR_ANS_TRAP = 6,    /* arg[0] = 13 or 14, insn[], arg[1] = gpa; regs */
	DOOR_ANS_HALTED = 7,  /* idle; arg[0], arg[1] = lo, hi of its deadline, ~0 = none */
	DOOR_ANS_QUANTUM = 8, /* quantum used up, or break asked */
	DOOR_ANS_DEAD = 9,    /* text = why.  arg[0] = 1: the Guest asked for it (SHUTDOWN) */
	DOOR_ANS_RESTART = 10,
	DOOR_ANS_BUFFER = 11,	 /* arg[0] = struct lguest_dma, arg[1] = irq, now its used_len */
	DOOR_ANS_NO_BUFFER = 12, /* arg[0] = 1: bound, but all are in use; 0: not bound */
};

/* Answer half: written by the Host only. */
#define DOOR_NO_TABLES 0xffffffffu

struct door_answer {
	le32_t op; /* enum door_answer_op */
	le32_t guest;
	le32_t arg[4];
	uint8_t insn[8];
	struct door_regs regs; /* after RUN: the Guest's registers */
	/* What INIT revealed: enum lg_layout + 1 (0 = no INIT yet), arg1 register, PAE. */
	le32_t layout;
	le32_t hcall_insn; /* 0 unknown, 0x1fcd = int $0x1f, 0xc1010f = vmcall */
	le32_t pae;
	le32_t cr3; /* the Guest's own, or DOOR_NO_TABLES */
	/* RUN: bit g = Guest g got an interrupt, or its death, from the one that ran. */
	le32_t woken;
	char text[256]; /* NUL-terminated */
};

/* The Host counts what it does; entries = exits = the sum of exit[]. */
struct door_counters {
	le64_t entries;	      /* times the Switcher entered a Guest */
	le64_t exits;	      /* times it came back */
	le64_t exit[256 + 1]; /* by trap number; [256]: the Switcher itself faulted */
	le64_t hcall[32];     /* by number; [31]: unknown */
	le64_t async_hcalls;
	le64_t shadow_faults; /* page faults that only filled the shadow */
	le64_t reflected;     /* exceptions given to the Guest by software */
	le64_t interrupts;    /* interrupts given to the Guest */
	le64_t emulated;      /* instructions emulated */
	le64_t shadow_pages;  /* pages of shadow tables in use now */
};

struct door_page {
	struct door_request req;
	uint8_t pad1[512 - sizeof(struct door_request)];
	struct door_answer ans;
	uint8_t pad2[512 - sizeof(struct door_answer)];
	struct door_counters count;
	uint8_t pad3[4096 - 1024 - sizeof(struct door_counters)];
};

/* Event register of a Guest: bits 1 to 31 are its interrupt lines, bit 0 asks RUN to come back
 * with DOOR_ANS_QUANTUM (line 0 is the Guest's timer, which no Launcher raises). */
#define DOOR_EVENT_BREAK 1u

/* What the Host leaves behind when it fails (an exception in ring 0 outside the Switcher's
 * care, or a BUG): the Launcher prints it and ends with status 4. */
struct door_failure {
	le32_t vector; /* 256 = BUG */
	le32_t error_code;
	le32_t cr2;
	le32_t eip;
	le32_t text; /* address of a NUL-terminated string, or 0 */
};

_Static_assert(sizeof(struct door_page) == 4096, "the door page is one page");
_Static_assert(offsetof(struct door_page, ans) == 512, "answer half at 512");
_Static_assert(sizeof(struct door_regs) == 68, "pt_regs order, guest-host.md 10.5");

#endif
