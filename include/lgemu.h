/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:950
 * liblgemu: an x86-32 machine that runs lguest guests, as a library.  The program lgemu is built on
 * this header alone, and so are the tests that run guests; what cannot be done through it cannot be
 * done.
 *
 * The library never prints, never exits, and shares nothing between two machines.  It is not
 * thread-safe: one thread at a time for one machine, except for lgemu_stop().
 *
 * Addresses.  Three kinds, all 32 bits: machine-physical (the RAM of the emulated machine), Guest-
 * physical (what the Guest takes for RAM; it begins at 0) and linear (what the processor's page
 * tables say right now).  Times are nanoseconds on the board clock, which starts at 0 and counts
 * instructions of rings 1 to 3 (1 ns each), a fixed charge for each entry to ring 0, and idleness;
 * in real mode it follows the time of the world.
 *
 * Errors.  Functions that return int return 0 or a negative errno; lgemu_error() has one sentence
 * that names the thing and says what to do.
:*/
#ifndef LGEMU_H
#define LGEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LGEMU_API 2 /* goes up when something here changes its meaning */

struct lgemu;

/* --- what to make ---------------------------------------------------------------------------- */

/* Why a run came back, or how a Guest ended. */
enum lgemu_reason {
	LGEMU_BUDGET,	   /* that many instructions have been executed */
	LGEMU_STOPPED,	   /* lgemu_stop() was called */
	LGEMU_LEFT,	   /* the user left (Ctrl-A x) */
	LGEMU_POWER_OFF,   /* all Guests have switched themselves off */
	LGEMU_DEAD,	   /* all have ended, and one of them died: lgemu_death() says of what */
	LGEMU_ERROR,	   /* the world: lgemu_error() */
	LGEMU_HOST_FAILED, /* the Host is: lgemu_failure() */
	LGEMU_IDLE,	   /* whoever is left is idle for ever: nothing could wake it */
};

enum lgemu_clock {
	LGEMU_VIRTUAL, /* a function of the input: two runs with the same input are the same run */
	LGEMU_REAL,    /* time passes as outside */
};

enum lgemu_device_kind {
	LGEMU_DISK, /* path: an image, as raw bytes, a whole number of 512-byte sectors */
	LGEMU_RNG,  /* random bytes: from the seed; in real mode, if that is 0, from the system */
	LGEMU_NET,  /* path: what it is plugged into, as --net has it: "user", "hub:PATH" ... */
};

enum lgemu_device_flags {
	LGEMU_READ_ONLY = 1,
	LGEMU_SNAPSHOT = 2, /* what the Guest writes is kept in memory; the file is never touched */
	LGEMU_TUNNET = 4,   /* path: as the original's --tunnet has it: "IP", "bridge:NAME" */
	LGEMU_SHARENET = 8, /* path: a network of 2.6.23; to others it is "hub:PATH" */
};

struct lgemu_device {
	enum lgemu_device_kind kind;
	const char *path;
	unsigned flags;	     /* enum lgemu_device_flags */
	const char *capture; /* LGEMU_NET: a pcap file to write all its frames to; NULL: none */
	const char *overlay; /* LGEMU_DISK: the file that takes what is written; NULL: the disk */
};

#define LGEMU_RTC_DEFAULT INT64_MIN /* 2000-01-01 in virtual mode, the time of day in real mode */

#define LGEMU_GUESTS 32 /* most Guests of one machine */

/* Zero or NULL in a field means its default, here and in struct lgemu_options.  Strings and lists
 * need only live until lgemu_create() is done; functions are called from lgemu_load(), lgemu_run()
 * and lgemu_step() only. */
struct lgemu_guest_options {
	const char *name;	  /* for people; "guest" and its number */
	uint32_t memory_mb;	  /* 64 */
	const char *kernel;	  /* vmlinux or bzImage; NULL: the built-in Guest */
	const char *initrd;	  /* NULL: none */
	const char *command_line; /* of the kernel; cut at 2047 bytes */
	const char *abi;	  /* "2.6.32": the era to serve, whatever the image says */
	const struct lgemu_device *devices; /* in the order the Guest shall find them */
	unsigned nr_devices;		    /* a console comes last, by itself */
	/* Where the console leads, as --console has it: "pty", "unix:PATH", "file:PATH", "null".
	 * NULL: to console_fd and output of struct lgemu_options. */
	const char *console;
};

struct lgemu_options {
	const struct lgemu_guest_options *guests; /* a Guest's number is its place here */
	unsigned nr_guests;			  /* 0: one, with all defaults */
	const char *host_image; /* another Host and Switcher (ELF, multiboot); NULL: built in */
	bool host_is_native; /* the Host runs in this process, not in ring 0 of the machine; a Guest
				cannot tell the difference */
	const char *cpu;     /* what CPUID offers, and nothing else is executed: "default" (NULL),
			  * "pentium2", "pentium3", "pentium4" */
	enum lgemu_clock clock;
	int64_t rtc_base; /* seconds since 1970 when the board clock is 0; LGEMU_RTC_DEFAULT */
	uint64_t seed;	  /* of LGEMU_RNG; each Guest has its own bytes */
	/* What makes the processor quick, to be left out: names of lgemu_rung() with commas
	 * between them.  The run is the same, only slower. */
	const char *cpu_without;

	/* Console input: bytes of this descriptor, or -1 for none but lgemu_send().  They go to
	 * the first Guest whose console leads here, until the user chooses the next (Ctrl-A n). */
	int console_fd;
	bool console_raw; /* it is a terminal: raw mode while the machine runs, with Ctrl-A x */

	/* What a Guest's console prints, wherever else it leads. */
	void (*output)(void *ctx, unsigned guest, const uint8_t *bytes, size_t n);
	/* A Guest has come to its end (LGEMU_POWER_OFF, LGEMU_DEAD or LGEMU_ERROR); the others go
	 * on.  The machine may be looked at, but not run. */
	void (*ended)(void *ctx, unsigned guest, enum lgemu_reason why);
	/* What the Host itself prints (self-test). */
	void (*host_output)(void *ctx, const uint8_t *bytes, size_t n);
	/* One line, no newline: something the user should know. */
	void (*warning)(void *ctx, const char *text);
	void *ctx;
};

/* The names for cpu_without, in order, and what each is; NULL: there are no more. */
const char *lgemu_rung(unsigned n, const char **what);

/* All defaults.  console_fd is -1. */
void lgemu_options_init(struct lgemu_options *options);

/* Open every file and make the machine.  *m is NULL only for -ENOMEM; otherwise lgemu_error(*m)
 * speaks and lgemu_destroy(*m) is due, whatever this returns. */
int lgemu_create(struct lgemu **m, const struct lgemu_options *options);
void lgemu_destroy(struct lgemu *m);

/* Load the images, start the Host, introduce the Guests.  After this no file is opened by name. */
int lgemu_load(struct lgemu *m);

/* The Host tests itself, instead of running a Guest: no lgemu_load() before or after.  -EIO: it
 * says that it failed. */
int lgemu_selftest(struct lgemu *m);

/* One sentence about the last thing that went wrong, or "".  Valid until the next call. */
const char *lgemu_error(const struct lgemu *m);

/* --- running ----------------------------------------------------------------------------------- */

#define LGEMU_FOREVER UINT64_MAX

/* Run for at most this many instructions, of any ring.  Waits, without using the processor, while
 * all Guests are idle in real mode.  After LGEMU_POWER_OFF and what follows it there is nothing more
 * to run, and the same reason comes again. */
enum lgemu_reason lgemu_run(struct lgemu *m, uint64_t max_insns);

/* One instruction. */
enum lgemu_reason lgemu_step(struct lgemu *m);

/* Make lgemu_run() return, soon.  From a signal handler or another thread. */
void lgemu_stop(struct lgemu *m);

/* How a Guest ended, in the words of the original ("CRASH: Power down"); "" while it lives. */
const char *lgemu_death(const struct lgemu *m, unsigned guest);

struct lgemu_frame {
	uint32_t eip;
	const char *symbol; /* of the kernel, or NULL; good until lgemu_destroy() */
	uint32_t offset;    /* of eip in it */
	bool sure;	    /* a call that has yet to return; otherwise it may be an old one */
};

/* Where a Guest was when it was last seen, innermost first; returns how many, at most max.  Only a
 * vmlinux with symbols has more than one: none is known of the code of other kernels. */
unsigned lgemu_backtrace(struct lgemu *m, unsigned guest, struct lgemu_frame *frames, unsigned max);

#define LGEMU_VECTOR_BUG      256
#define LGEMU_VECTOR_SHUTDOWN 257 /* triple fault */
#define LGEMU_VECTOR_HALTED   258 /* the Host halted with nothing to wake it */

struct lgemu_failure {
	uint32_t vector; /* an exception, or LGEMU_VECTOR_* */
	uint32_t error_code, cr2, eip;
	char text[256]; /* what the Host said, or "" */
};

/* After LGEMU_HOST_FAILED.  -ENOENT: it did not fail. */
int lgemu_failure(const struct lgemu *m, struct lgemu_failure *failure);

/* Addresses of the last ring-0 instructions, oldest first; returns how many, at most max. */
unsigned lgemu_history(const struct lgemu *m, uint32_t *eip, unsigned max);

/* --- looking ------------------------------------------------------------------------------------ */

/* The processor's registers, whoever runs on it. */
struct lgemu_registers {
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t eip, eflags;
	uint16_t es, cs, ss, ds, fs, gs, ldtr, tr;
	uint32_t cs_base;
	uint32_t cr0, cr2, cr3, cr4;
	uint8_t cpl;
	bool code32; /* CS is a 32-bit segment */
};

void lgemu_registers(const struct lgemu *m, struct lgemu_registers *registers);
/* A Guest's registers when it was last seen, which is at its death, if it is dead; CR3 is its own
 * idea of one, 0 before it has any. */
void lgemu_guest_registers(const struct lgemu *m, unsigned guest,
			   struct lgemu_registers *registers);
/* The general registers, EIP and the arithmetic flags; the rest is not changed. */
void lgemu_set_registers(struct lgemu *m, const struct lgemu_registers *registers);

enum lgemu_space {
	LGEMU_MACHINE,
	LGEMU_LINEAR,
	LGEMU_GUEST, /* Guest-physical, of the first Guest; add the number of another */
};

/* All or nothing; -EFAULT: some of it is not there. */
int lgemu_read(const struct lgemu *m, unsigned space, uint32_t addr, void *to, uint32_t len);
int lgemu_write(struct lgemu *m, unsigned space, uint32_t addr, const void *from, uint32_t len);

/* The instruction at a linear address, as text.  Returns its length, or -EFAULT or -EILSEQ. */
int lgemu_disassemble(const struct lgemu *m, uint32_t addr, bool code32, char *out, size_t size);

/* The Host's symbol at or before a linear address, and how far before; NULL: none. */
const char *lgemu_symbol(const struct lgemu *m, uint32_t addr, uint32_t *offset);
/* The same for the kernel of the Guest whose turn it is, if it is an ELF file with symbols. */
const char *lgemu_guest_symbol(const struct lgemu *m, uint32_t addr, uint32_t *offset);

/* Where the Switcher lies, in every address space. */
#define LGEMU_SWITCHER 0xfffe0000u

struct lgemu_counts {
	uint64_t insns;	   /* all of them */
	uint64_t ring[4];  /* by ring */
	uint64_t switcher; /* ring 0, at the Switcher's addresses */
	uint64_t host;	   /* ring 0, elsewhere */
	uint64_t guest;	   /* rings 1 to 3 */
	uint64_t clock_ns; /* board clock */
	uint64_t idle_ns;  /* of that, idle */
};

void lgemu_counts(const struct lgemu *m, struct lgemu_counts *counts);

#define LGEMU_EXITS  257
#define LGEMU_HCALLS 32

/* What the Host counted; zero before lgemu_load(). */
struct lgemu_stats {
	uint64_t entries, exits;
	uint64_t exit[LGEMU_EXITS];   /* by vector; the last: the Switcher did not get through */
	uint64_t hcall[LGEMU_HCALLS]; /* by number; the last: unknown */
	uint64_t async_hcalls, shadow_faults, reflected, interrupts, emulated, shadow_pages;
	uint64_t tlb_misses;
	uint64_t timer_interrupts, event_interrupts; /* of the board, taken by the Host */
	/* Decoded code: its size and the most it may have; blocks decoded, and of them those decoded again
	 * because they run often; how often all were dropped because there was no more room. */
	uint64_t block_bytes, block_bytes_most, blocks_decoded, blocks_heated, block_flushes;
};

void lgemu_stats(const struct lgemu *m, struct lgemu_stats *stats);
/* "page fault", "NEW_PGTABLE"; NULL if it has no name. */
const char *lgemu_vector_name(unsigned vector);
const char *lgemu_hcall_name(unsigned nr);

/* One number for all of a Guest: its memory and device pages, its registers as the Host last
 * showed them, the state of its devices.  The same on every host, and for every build of the
 * Host.  Defined in src/replay/hash.h and src/launcher/state.c. */
uint64_t lgemu_guest_hash(const struct lgemu *m, unsigned guest);

/* --- events in ----------------------------------------------------------------------------------- */

/* Bytes for a console, which the Guest sees at this time (or now, if that is past). */
int lgemu_send(struct lgemu *m, unsigned guest, uint64_t at_ns, const void *bytes, size_t n);

/*
 * A script for a console, as text; -EINVAL: lgemu_error() says which line.  One directive a
 * line, in this order one after the other; # begins a comment.  TEXT knows the escapes \n \r \t
 * \e \\ \xHH, and \s for a blank at either end.
 *
 *	expect TEXT		wait until the Guest has printed that
 *	send TEXT		type it, at once
 *	at NS send TEXT		type it when the board clock is NS, or at once if that is past
 */
int lgemu_script(struct lgemu *m, unsigned guest, const char *text, size_t len);
/* The other end of a console: a terminal's name, a path; "" if that is where we are, or nowhere. */
const char *lgemu_console_name(const struct lgemu *m, unsigned guest);

/* True once all lines have been done. */
bool lgemu_script_done(const struct lgemu *m, unsigned guest);

/* --- images --------------------------------------------------------------------------------------- */

struct lgemu_image {
	char format[32];  /* "ELF", "bzImage, protocol 2.10" */
	char release[64]; /* "3.11.10"; "" if it does not say */
	char era[16];	  /* "abi_3_1"; "" if unknown */
	char range[24];	  /* "3.1 to 3.19" */
	char device_model[32];
	char why[160];		/* how that was found out */
	char packing[16];	/* of a bzImage: "gzip", "xz" ...; "" */
	char guest_support[96]; /* what is known of that */
	bool served;		/* this version can run it */
	bool genuine;		/* 2.6.23: a Guest starts behind a string in it, not at entry */
	uint32_t entry;
};

/* Look at a kernel image.  On an error one sentence goes to error[size]. */
int lgemu_inspect(const char *path, const char *abi, struct lgemu_image *image, char *error,
		  size_t size);

/* --- overlays -------------------------------------------------------------------------------------- */

struct lgemu_overlay {
	uint64_t size_bytes;	/* of the disk it belongs to */
	uint64_t changed_bytes; /* what of that is in the overlay */
	bool committing;	/* a commit was interrupted: do it again */
};

/* Look at an overlay.  On an error one sentence goes to error[size]. */
int lgemu_overlay_info(const char *path, struct lgemu_overlay *overlay, char *error, size_t size);
/* Move what is in it to its disk, and empty it; *overlay is what it was before. */
int lgemu_overlay_commit(const char *disk, const char *path, struct lgemu_overlay *overlay,
			 char *error, size_t size);

/* "0.1.0", and what it was built with. */
const char *lgemu_version(void);
const char *lgemu_build(void);

#ifdef __cplusplus
}
#endif

#endif
