/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1300 guests/lib/era.h: The eras as a guest has to know them, one row for each. A guest is compiled
 * for one of them (-DGUEST_ERA=ERA_2_6_24); what it may assume is then a set of constants, and
 * nothing in the library or in a guest asks for a release. C and assembler both include this.
 * The rows are those of guest-host.md 12 and devices.md 7.1. :*/
#ifndef GUEST_ERA_H
#define GUEST_ERA_H

/* Forms of struct lguest_data: the letters of guest-host.md 3.1. */
#define LAYOUT_B 1 /* 2.6.24 to 2.6.30 */
#define LAYOUT_C 2 /* irq_pending, five words in a record of the ring */
#define LAYOUT_D 3 /* no pgdir */
#define LAYOUT_E 4 /* one address instead of a range must not be interrupted */

/* What maps memory at the first instruction. */
#define MAP_LOW	   1 /* tables of the Launcher, one to one */
#define MAP_BOTH   2 /* tables of the Host, one to one and again from PAGE_OFFSET on */
#define MAP_LINEAR 3 /* no tables */

/* Where devices are found. */
#define BUS_FIELDS 1 /* a page, each device a stream of typed fields */
#define BUS_ARRAY  2 /* a page, each device a struct with arrays */
#define BUS_PCI	   3

/* When a guest knocks on a descriptor of BUS_ARRAY. */
#define KNOCK_NEVER  0
#define KNOCK_RESET  1 /* to reset it */
#define KNOCK_STATUS 2 /* whenever its status has changed */
#define KNOCK_FINAL  3 /* to reset it, and when the features are final */

/* clang-format off */
/*G:120 A row says, in this order: the release the guest gives itself out for; the form of
 * lguest_data; whether the first argument of a hypercall is in %ebx (or in %edx), whether calls are
 * made by vmcall, and whether SEND_INTERRUPTS is; who maps memory at the start; the bus, when to
 * knock, and the entries of a queue; whether gates of exceptions are trap gates (or interrupt
 * gates), and whether that of the system call is; whether page tables are PAE's; and whether there is
 * the call TS. */
#define ERA_2_6_24     "2.6.24", LAYOUT_B, 0, 0, 0, MAP_LOW,    BUS_FIELDS, KNOCK_NEVER,  128, 1, 1, 0, 1
#define ERA_2_6_25     "2.6.25", LAYOUT_B, 0, 0, 0, MAP_LOW,    BUS_ARRAY,  KNOCK_RESET,  128, 1, 1, 0, 1
#define ERA_2_6_26     "2.6.26", LAYOUT_B, 0, 0, 0, MAP_LOW,    BUS_ARRAY,  KNOCK_STATUS, 128, 1, 1, 0, 1
#define ERA_2_6_27     "2.6.27", LAYOUT_B, 0, 0, 0, MAP_LOW,    BUS_ARRAY,  KNOCK_STATUS, 256, 1, 1, 0, 1
#define ERA_2_6_28     "2.6.28", LAYOUT_B, 0, 0, 0, MAP_LOW,    BUS_ARRAY,  KNOCK_STATUS, 256, 0, 1, 0, 1
#define ERA_2_6_29     "2.6.29", LAYOUT_B, 0, 0, 0, MAP_BOTH,   BUS_ARRAY,  KNOCK_STATUS, 256, 0, 1, 0, 1
#define ERA_2_6_30     "2.6.30", LAYOUT_B, 1, 1, 0, MAP_BOTH,   BUS_ARRAY,  KNOCK_STATUS, 256, 0, 1, 0, 1
#define ERA_2_6_32     "2.6.32", LAYOUT_C, 1, 1, 1, MAP_BOTH,   BUS_ARRAY,  KNOCK_STATUS, 256, 0, 1, 0, 1
#define ERA_2_6_32_PAE "2.6.32", LAYOUT_C, 1, 1, 1, MAP_BOTH,   BUS_ARRAY,  KNOCK_STATUS, 256, 0, 1, 1, 1
#define ERA_3_0        "3.0",    LAYOUT_C, 1, 0, 1, MAP_BOTH,   BUS_ARRAY,  KNOCK_STATUS, 256, 0, 1, 0, 1
#define ERA_3_1        "3.1",    LAYOUT_D, 1, 0, 0, MAP_LINEAR, BUS_ARRAY,  KNOCK_FINAL,  256, 0, 1, 0, 1
#define ERA_3_11       "3.11",   LAYOUT_D, 1, 0, 0, MAP_LINEAR, BUS_ARRAY,  KNOCK_FINAL,  256, 0, 1, 0, 1
#define ERA_3_11_PAE   "3.11",   LAYOUT_D, 1, 0, 0, MAP_LINEAR, BUS_ARRAY,  KNOCK_FINAL,  256, 0, 1, 1, 1
#define ERA_4_0        "4.0",    LAYOUT_D, 1, 0, 0, MAP_LINEAR, BUS_PCI,    KNOCK_NEVER,  256, 0, 1, 0, 1
#define ERA_4_1        "4.1",    LAYOUT_E, 1, 0, 0, MAP_LINEAR, BUS_PCI,    KNOCK_NEVER,  256, 0, 1, 0, 1
#define ERA_4_1_PAE    "4.1",    LAYOUT_E, 1, 0, 0, MAP_LINEAR, BUS_PCI,    KNOCK_NEVER,  256, 0, 1, 1, 1
#define ERA_4_9        "4.9",    LAYOUT_E, 1, 0, 0, MAP_LINEAR, BUS_PCI,    KNOCK_NEVER,  256, 0, 0, 0, 1
#define ERA_4_13       "4.13",   LAYOUT_E, 1, 0, 0, MAP_LINEAR, BUS_PCI,    KNOCK_NEVER,  256, 0, 0, 0, 0
/*:*/
/* clang-format on */

/* Guests that are not told otherwise are of the era with the least to explain. */
#ifndef GUEST_ERA
#define GUEST_ERA ERA_3_1
#endif

#define ERA_COLUMN_1(a, ...)				       a
#define ERA_COLUMN_2(a, b, ...)				       b
#define ERA_COLUMN_3(a, b, c, ...)			       c
#define ERA_COLUMN_4(a, b, c, d, ...)			       d
#define ERA_COLUMN_5(a, b, c, d, e, ...)		       e
#define ERA_COLUMN_6(a, b, c, d, e, f, ...)		       f
#define ERA_COLUMN_7(a, b, c, d, e, f, g, ...)		       g
#define ERA_COLUMN_8(a, b, c, d, e, f, g, h, ...)	       h
#define ERA_COLUMN_9(a, b, c, d, e, f, g, h, i, ...)	       i
#define ERA_COLUMN_10(a, b, c, d, e, f, g, h, i, j, ...)       j
#define ERA_COLUMN_11(a, b, c, d, e, f, g, h, i, j, k, ...)    k
#define ERA_COLUMN_12(a, b, c, d, e, f, g, h, i, j, k, l, ...) l
#define ERA_COLUMN_13(a, b, c, d, e, f, g, h, i, j, k, l, m)   m
#define ERA_COLUMN(n, row)				       ERA_COLUMN_##n(row)

#define ERA_RELEASE	   ERA_COLUMN(1, GUEST_ERA)
#define ERA_LAYOUT	   ERA_COLUMN(2, GUEST_ERA)
#define ERA_ARG1_IN_EBX	   ERA_COLUMN(3, GUEST_ERA)
#define ERA_VMCALL	   ERA_COLUMN(4, GUEST_ERA)
#define ERA_VMCALL_19	   ERA_COLUMN(5, GUEST_ERA)
#define ERA_MAP		   ERA_COLUMN(6, GUEST_ERA)
#define ERA_BUS		   ERA_COLUMN(7, GUEST_ERA)
#define ERA_KNOCK	   ERA_COLUMN(8, GUEST_ERA)
#define ERA_QUEUE_ENTRIES  ERA_COLUMN(9, GUEST_ERA)
#define ERA_TRAP_GATES	   ERA_COLUMN(10, GUEST_ERA)
#define ERA_SYSCALL_DIRECT ERA_COLUMN(11, GUEST_ERA)
#define ERA_PAE		   ERA_COLUMN(12, GUEST_ERA)
#define ERA_TS		   ERA_COLUMN(13, GUEST_ERA)

/* The release that moved the arguments also began to load descriptors one at a time. */
#define ERA_GDT_WHOLE (!ERA_ARG1_IN_EBX)

/* The instruction, as a string for C and as a word for assembler. */
#if ERA_VMCALL
#define HCALL_INSN "vmcall"
#define HCALL	   vmcall
#else
#define HCALL_INSN "int $0x1f"
#define HCALL	   int $0x1f
#endif

#endif
