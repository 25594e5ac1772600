/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:510
 * The six dialects that Guests speak, one initialiser each.  To teach the Host another one, add
 * it here and say in detect.c how to recognise it; nothing else may need to know.
:*/
#include "abi.h"

/*H:020
 * Six dialects for eleven years.  The column of zeroes is telling: 2.6.23 had to be told nothing
 * about kernel_address because its Launcher found out, and 3.1 lost "pgdir" because its Guests
 * bring their own first page tables.
 */
const struct lg_abi lg_abi_2_6_23 = {
	.name = "2.6.23",
	.layout = LG_LAYOUT_A,
	.arg = {LG_EDX, LG_EBX, LG_ECX, LG_NO_REG},
	.ring_word = {LG_EAX, LG_EDX, LG_EBX, LG_ECX},
	.ring_words = 4,
	.call13_is_dma = true,
	.ring_every_turn = true,
	.hcall_status = 0x014,
	.hcalls = 0x054,
	.reserve_mem = 0x454,
	.guestid = 0x458,
	.tsc_khz = 0x45c,
	.noirq_start = 0x460,
	.noirq_end = 0x464,
	.bytes = 0x468,
};

const struct lg_abi lg_abi_2_6_24 = {
	.name = "2.6.24-2.6.29",
	.layout = LG_LAYOUT_B,
	.arg = {LG_EDX, LG_EBX, LG_ECX, LG_NO_REG},
	.ring_word = {LG_EAX, LG_EBX, LG_ECX, LG_EDX},
	.ring_words = 4,
	.hcall_status = 0x014,
	.hcalls = 0x054,
	.reserve_mem = 0x454,
	.tsc_khz = 0x458,
	.pgdir = 0x45c,
	.noirq_start = 0x460,
	.noirq_end = 0x464,
	.kernel_address = 0x468,
	.syscall_vec = 0x46c,
	.bytes = 0x470,
};

/* The same structure, but the first argument moved to where KVM has it. */
const struct lg_abi lg_abi_2_6_30 = {
	.name = "2.6.30",
	.layout = LG_LAYOUT_B,
	.arg = {LG_EBX, LG_ECX, LG_EDX, LG_NO_REG},
	.ring_word = {LG_EAX, LG_EBX, LG_ECX, LG_EDX},
	.ring_words = 4,
	.hcall_status = 0x014,
	.hcalls = 0x054,
	.reserve_mem = 0x454,
	.tsc_khz = 0x458,
	.pgdir = 0x45c,
	.noirq_start = 0x460,
	.noirq_end = 0x464,
	.kernel_address = 0x468,
	.syscall_vec = 0x46c,
	.bytes = 0x470,
};

/* PAE needs a fourth argument, and "irq_pending" pushes everything up by a word. */
const struct lg_abi lg_abi_2_6_31 = {
	.name = "2.6.31-3.0",
	.layout = LG_LAYOUT_C,
	.arg = {LG_EBX, LG_ECX, LG_EDX, LG_ESI},
	.ring_word = {LG_EAX, LG_EBX, LG_ECX, LG_EDX, LG_ESI},
	.ring_words = 5,
	.may_be_pae = true,
	.irq_pending = 0x014,
	.hcall_status = 0x018,
	.hcalls = 0x058,
	.reserve_mem = 0x558,
	.tsc_khz = 0x55c,
	.pgdir = 0x560,
	.noirq_start = 0x564,
	.noirq_end = 0x568,
	.kernel_address = 0x56c,
	.syscall_vec = 0x570,
	.bytes = 0x574,
};

const struct lg_abi lg_abi_3_1 = {
	.name = "3.1-4.0",
	.layout = LG_LAYOUT_D,
	.arg = {LG_EBX, LG_ECX, LG_EDX, LG_ESI},
	.ring_word = {LG_EAX, LG_EBX, LG_ECX, LG_EDX, LG_ESI},
	.ring_words = 5,
	.may_be_pae = true,
	.irq_pending = 0x014,
	.hcall_status = 0x018,
	.hcalls = 0x058,
	.reserve_mem = 0x558,
	.tsc_khz = 0x55c,
	.noirq_start = 0x560,
	.noirq_end = 0x564,
	.kernel_address = 0x568,
	.syscall_vec = 0x56c,
	.bytes = 0x570,
};

const struct lg_abi lg_abi_4_1 = {
	.name = "4.1-4.13",
	.layout = LG_LAYOUT_E,
	.arg = {LG_EBX, LG_ECX, LG_EDX, LG_ESI},
	.ring_word = {LG_EAX, LG_EBX, LG_ECX, LG_EDX, LG_ESI},
	.ring_words = 5,
	.may_be_pae = true,
	.irq_pending = 0x014,
	.hcall_status = 0x018,
	.hcalls = 0x058,
	.reserve_mem = 0x558,
	.tsc_khz = 0x55c,
	.noirq_iret = 0x560,
	.kernel_address = 0x564,
	.syscall_vec = 0x568,
	.bytes = 0x56c,
};
/*:*/
