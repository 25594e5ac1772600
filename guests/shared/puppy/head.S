/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:913 guests/shared/puppy/head.S: The first thirty instructions of puppy, from the Launcher's jump
 * to C. They run at physical addresses and end at virtual ones. What puppy needs to know about the
 * release it imitates is said here once, in a string for the loader. :*/
#include "../../lib/abi.h"

/*G:110 The Launcher has put us at 1 MB, pointed %esi at the boot page (guest-physical 0) and
 * jumped. The segments are flat and of ring 1 already; there is no stack and no page table: "linear
 * mode", in which a virtual address is a physical one. Our code is linked for the upper GiB, so
 * until the jump below every address must have PAGE_OFFSET taken off it by hand.
 *
 * First comes the bss, because the page tables are in it. */
	.section .head.text, "ax", @progbits
	.globl _start
_start:
	cld
	xorl	%eax, %eax
	movl	$_bss - PAGE_OFFSET, %edi
	movl	$_end - PAGE_OFFSET, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl

	/* "Here I am": from now on the Host knows our lguest_data and takes other hypercalls. */
	movl	$LHCALL_LGUEST_INIT, %eax
	movl	$lguest_data - PAGE_OFFSET, %ebx
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	xorl	%esi, %esi
	int	$LGUEST_TRAP_ENTRY
/*:*/

/*G:111 Two tables map the first 8 MB, and the directory points at them twice: at 0, where we are,
 * and at PAGE_OFFSET, where we want to be. Without the first the very next instruction would be
 * gone. */
	movl	$boot_tables - PAGE_OFFSET, %edi
	movl	$PTE_P | PTE_RW, %eax
	movl	$2 * 1024, %ecx
1:	stosl
	addl	$PAGE_SIZE, %eax
	loop	1b

	movl	$boot_tables - PAGE_OFFSET + (PTE_P | PTE_RW | PTE_A | PTE_D), %eax
	movl	%eax, boot_pgd - PAGE_OFFSET
	movl	%eax, boot_pgd - PAGE_OFFSET + (PAGE_OFFSET >> 22) * 4
	addl	$PAGE_SIZE, %eax
	movl	%eax, boot_pgd - PAGE_OFFSET + 4
	movl	%eax, boot_pgd - PAGE_OFFSET + (PAGE_OFFSET >> 22) * 4 + 4

	movl	$LHCALL_NEW_PGTABLE, %eax
	movl	$boot_pgd - PAGE_OFFSET, %ebx
	int	$LGUEST_TRAP_ENTRY

	/* Now the linked addresses are true. %ebp is 0 to end a walk up the stack. */
	movl	$boot_stack_top, %esp
	xorl	%ebp, %ebp
	movl	$high, %eax
	jmp	*%eax
high:
	call	puppy_main
	ud2
/*:*/

	/* The launcher reads the release range whose form of the ABI we speak from this note. */
	.section .rodata, "a", @progbits
	.globl	puppy_abi_note
puppy_abi_note:
	.asciz	"lgemu-guest-abi: 3.1"

	.bss
	.balign	PAGE_SIZE
	.globl	boot_pgd
boot_pgd:
	.fill	PAGE_SIZE
boot_tables:
	.fill	2 * PAGE_SIZE
	.globl	boot_stack
boot_stack:
	.fill	2 * PAGE_SIZE
	.globl	boot_stack_top
boot_stack_top:
