/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:900 guests/lib/abi.h: The numbers of the lguest ABI that no release changed (for the others see
 * era.h): hypercalls, selectors, offsets in the boot page. It holds nothing but constants, because
 * C and assembler both include it. The spelling is Linux's, so that grep leads to the original; the
 * meaning is in the ABI page guest-host.md, sections 1 to 4. :*/
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

/* Hypercalls: number in %eax, arguments where the era has them (section 2). */
#define LGUEST_TRAP_ENTRY      0x1f
#define LHCALL_FLUSH_ASYNC     0
#define LHCALL_LGUEST_INIT     1
#define LHCALL_SHUTDOWN	       2 /* CRASH in 2.6.24 */
#define LHCALL_LOAD_GDT	       3 /* up to 2.6.29 */
#define LHCALL_NEW_PGTABLE     4
#define LHCALL_FLUSH_TLB       5
#define LHCALL_LOAD_IDT_ENTRY  6
#define LHCALL_SET_STACK       7
#define LHCALL_TS	       8
#define LHCALL_SET_CLOCKEVENT  9
#define LHCALL_HALT	       10
#define LHCALL_SET_PMD	       13 /* PAE */
#define LHCALL_SET_PTE	       14
#define LHCALL_SET_PGD	       15 /* SET_PMD up to 2.6.30 */
#define LHCALL_LOAD_TLS	       16
#define LHCALL_NOTIFY	       17
#define LHCALL_LOAD_GDT_ENTRY  18 /* 2.6.30 and later */
#define LHCALL_SEND_INTERRUPTS 19 /* 2.6.31 and later */

#define LGUEST_SHUTDOWN_POWEROFF 1
#define LGUEST_SHUTDOWN_RESTART	 2

#define LHCALL_RING_SIZE 64 /* slots of the asynchronous ring */
#define LGUEST_IRQS	 32 /* bits of blocked_interrupts */
#define LGUEST_IRQ_TIMER 0  /* the clock event */

/* Selectors, each with the privilege level at which it is used (section 4.1). */
#define GDT_ENTRIES	    32
#define GDT_ENTRY_TLS	    6 /* three of them: 6, 7, 8 */
#define GDT_ENTRY_KERNEL_CS 12
#define GDT_ENTRY_KERNEL_DS 13
#define GDT_ENTRY_USER_CS   14
#define GDT_ENTRY_USER_DS   15
#define KERNEL_CS	    0x61
#define KERNEL_DS	    0x69
#define USER_CS		    0x73
#define USER_DS		    0x7b
#define TLS_SELECTOR	    0x33
#define LGUEST_TSS	    0x80 /* the Host's own, seen by str */

/* Vectors. */
#define TRAP_DE		 0
#define TRAP_DB		 1
#define TRAP_BP		 3
#define TRAP_OF		 4
#define TRAP_BR		 5
#define TRAP_UD		 6
#define TRAP_NM		 7
#define TRAP_NP		 11
#define TRAP_SS		 12
#define TRAP_GP		 13
#define TRAP_PF		 14
#define FIRST_IRQ_VECTOR 0x20
#define SYSCALL_VECTOR	 0x80

#define EFLAGS_IF 0x200
#define EFLAGS_TF 0x100

/* The boot page at guest-physical 0 (section 1.2). */
#define BOOT_E820_ENTRIES  0x1e8
#define BOOT_VERSION	   0x206
#define BOOT_LOADER_TYPE   0x210
#define BOOT_LOADFLAGS	   0x211
#define BOOT_RAMDISK_IMAGE 0x218
#define BOOT_RAMDISK_SIZE  0x21c
#define BOOT_CMD_LINE_PTR  0x228
#define BOOT_ALIGNMENT	   0x230
#define BOOT_SUBARCH	   0x23c
#define BOOT_E820_MAP	   0x2d0
#define SUBARCH_LGUEST	   1

/* Where the field pgdir of layout B is; the first assembler of a guest needs it. */
#define LGD_PGDIR_B 0x45c

/* Our own kernels live in the upper GiB, as the usual Linux split has it. */
#define PAGE_OFFSET 0xc0000000
#define PAGE_SIZE   4096
#define PAGE_SHIFT  12

/* Page-table bits of the 2-level format. */
#define PTE_P	0x001
#define PTE_RW	0x002
#define PTE_US	0x004
#define PTE_A	0x020
#define PTE_D	0x040
#define PTE_PSE 0x080

#endif
