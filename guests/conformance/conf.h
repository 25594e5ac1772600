/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1304 guests/conformance/conf.h: What the files of the conformance guest share: how a check
 * reports, how a fault is expected, the page tables, and the devices as checks see them. :*/
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "lguest.h"

/* ---- main.c ---- */

/* Names are GROUP/CHECK; a group is a column... of rows in the table of ./dev conformance. */
void check(const char *name, int good);
void check_eq(const char *name, u32 got, u32 expected);
void show(const char *name, u32 value); /* what is right stands in the transcript alone */
void __attribute__((noreturn)) give_up(const char *why);
const char *argument(const char *name); /* of the command line: NAME=value, or NULL */

/* The groups, in the order in which they run. */
void check_boot(void);
void check_ram(void);
void check_data(void);
void check_hcalls(void);
void check_ring(void);
void check_traps(void);
void check_segments(void);
void check_user(void);
void check_pages(void);
void check_insns(void);
void check_irqs(void);
void check_time(void);
void check_devices(void);
void check_pci(void);
void die(const char *how);

/* ---- head.S ---- */

struct entry_state {
	u32 eax, ebx, ecx, edx, esi, edi, ebp, esp;
	u16 cs, ds, es, ss, fs, gs;
	u32 eflags;
};
extern struct entry_state entry_state, init_state;
extern char boot_stack_top[], _text[], _user[], _user_end[], _end[];

/* ---- trap.S, traps.c ---- */

struct frame {
	u32 edi, esi, ebp, esp, ebx, edx, ecx, eax;
	u32 es, ds, fs, gs;
	u32 vector, error;
	u32 eip, cs, eflags;
	u32 user_esp, user_ss; /* only if cs is of ring 3 */
};

/*G:840 A check that expects a fault arms the probe: the handler notes what it saw and goes on behind
 * the code. `at` is where that code begins; if the frame is a word too long or too short the saved
 * eip is not that, so every check of an eip is one of the error code's presence, too. */
struct probe {
	u32 resume, at;
	u32 hits, vector, error, cr2;
	u32 eip, cs, eflags, esp, irq_enabled;
};
extern volatile struct probe probe;

#define PROBE(code, outputs, ...)                                                                  \
	do {                                                                                       \
		probe.hits = 0;                                                                    \
		__asm__ volatile("movl $1f, probe\n\tmovl $2f, probe+4\n2:\t" code                 \
				 "\n1:\n\tmovl $0, probe"                                          \
				 : outputs                                                         \
				 : __VA_ARGS__);                                                   \
	} while (0)
#define NOTHING "+m"(nothing)
extern u32 nothing;

int faulted(u32 vector, u32 error);
int page_faulted(u32 address, u32 error);
void probe_read(u32 address);
void probe_write(u32 address, u32 value);
void probe_selector(u32 selector);
u32 access_rights(u32 selector); /* lar, or 0 */
void traps_init(void);
/*:*/

/* An interrupt, when it came. */
struct irq_seen {
	u32 count, eip, eflags, esp, irq_enabled;
};
extern volatile struct irq_seen timer_irq, device_irq[LGUEST_IRQS];

/* What ring 3 trapped with. */
struct user_trap {
	u32 vector, error, cr2, irq_enabled, frame_end;
	struct frame frame;
};
extern volatile struct user_trap user_trap;
extern u32 user_eflags;
void user_call(u32 eip, u32 esp);
void __attribute__((noreturn)) user_return(void);
void return_at_worst(void *stack);
extern char worst_end[], syscall_stub[], trap_stubs[], noirq_start[], noirq_end[], noirq_iret[];

#define USER_BASE  0x08048000u
#define TRAP_STACK 4096
extern u8 trap_stack[TRAP_STACK];

/* ---- pages.c ---- */

#if ERA_PAE
typedef u64 pte_t;
#else
typedef u32 pte_t;
#endif

extern u32 kernel_pgd; /* guest-physical */
extern u32 ram_bytes;
void pages_init(void);
void *page_alloc(void);
pte_t *pte_of(u32 pgd, u32 address); /* makes tables on the way */
void pte_set(u32 pgd, u32 address, pte_t pte);
u32 pgd_new(void); /* with the kernel's half */
void *map_device_pages(u32 pfn, u32 pages);

/* ---- devices.c ---- */

struct virtqueue;
int wait_used(struct virtqueue *vq, u32 *bytes);
struct virtqueue *bad_ring_queue(void); /* of the disk, which is started */

/* ---- time.c ---- */

#define MS 1000000u
int wait_for_timer(u32 count_before); /* with interrupts as they are; gives up after a while */
void settle(void);		      /* some milliseconds, with exits */

static inline u32 irq_flag(void)
{
	return *(volatile u32 *)&lguest_data.irq_enabled;
}

#endif
