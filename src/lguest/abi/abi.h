/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:505
 * What differs between the eras, as data.  lguest lived from Linux 2.6.23 to 4.13 and changed its
 * private conversation with the Guest a dozen times, but when one writes down what a Guest can
 * actually *notice*, very little is left: where the fields of "struct lguest_data" lie, which
 * register holds the first argument, what a record of the ring looks like, what call 13 means and
 * how a Guest protects the last two instructions of its interrupt return.  Those, and nothing
 * else, are here.  The shared logic never asks "which version are you?"; it asks these fields.
 *
 * The numbers are tables 2.2, 2.5, 3.1 and 12.7 of guest-host.md.
:*/
#ifndef LGUEST_ABI_H
#define LGUEST_ABI_H

#include "base/types.h"

/*H:010
 * The letters are those of table 3.1.  The door reports layout + 1 to the Launcher.
:*/
enum lg_layout { LG_LAYOUT_A, LG_LAYOUT_B, LG_LAYOUT_C, LG_LAYOUT_D, LG_LAYOUT_E };

/* Fields of struct lguest_data which never moved. */
enum lguest_data_offset {
	LGD_IRQ_ENABLED = 0x00,
	LGD_BLOCKED = 0x04,
	LGD_CR2 = 0x08,
	LGD_TV_SEC = 0x0c,
	LGD_TV_NSEC = 0x10,
};

/* The five words of a hypercall.  The values are word numbers of struct lguest_regs, which is
 * why the Switcher pushes its registers in the order it does. */
enum lg_hcall_reg { LG_EAX, LG_EBX, LG_ECX, LG_EDX, LG_ESI, LG_NO_REG };

#define LG_RING_SLOTS 64
#define LG_RING_FREE  0xff

/* Byte offsets into struct lguest_data; 0 says that this era has no such field. */
struct lg_abi {
	const char *name;
	enum lg_layout layout;
	uint8_t arg[4];	      /* enum lg_hcall_reg of arg1 .. arg4 */
	uint8_t ring_word[5]; /* what each word of a ring record is an image of */
	uint8_t ring_words;   /* 4 or 5 */
	bool call13_is_dma;   /* SEND_DMA; otherwise SET_PMD of a PAE Guest */
	bool ring_every_turn; /* the ring is seen to without a call made aloud, too */
	bool may_be_pae;
	uint16_t irq_pending;
	uint16_t hcall_status;
	uint16_t hcalls;
	uint16_t reserve_mem;
	uint16_t guestid;
	uint16_t tsc_khz;
	uint16_t pgdir;
	uint16_t noirq_start; /* a window [start, end) ... */
	uint16_t noirq_end;
	uint16_t noirq_iret; /* ... or one address whose frame is reused */
	uint16_t kernel_address;
	uint16_t syscall_vec;
	uint16_t bytes; /* sizeof(struct lguest_data) */
};

extern const struct lg_abi lg_abi_2_6_23;
extern const struct lg_abi lg_abi_2_6_24;
extern const struct lg_abi lg_abi_2_6_30;
extern const struct lg_abi lg_abi_2_6_31;
extern const struct lg_abi lg_abi_3_1;
extern const struct lg_abi lg_abi_4_1;

#define LG_DATA_LARGEST 0x574

#endif
