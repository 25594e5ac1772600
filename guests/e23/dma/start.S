/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1081 guests/e23/dma/start.S: The first and the last instructions of a guest of 2.6.23: the string
 * by which its Launcher knows it, a look at all registers before one of them changes, and the way
 * out of an interrupt. :*/
#include "../../lib/abi.h"

/*G:750 Nothing but this string says that we are a guest, and where we begin: at the byte behind it,
 * at our own address, on page tables that map all memory there and nothing at 0. There is no stack;
 * the first that one could push would kill us. */
	.text
	.ascii	"GenuineLguest"
	.globl	start
start:
	movl	%eax, boot_regs
	movl	%ebx, boot_regs + 4
	movl	%ecx, boot_regs + 8
	movl	%edx, boot_regs + 12
	movl	%esi, boot_regs + 16
	movl	%edi, boot_regs + 20
	movl	%ebp, boot_regs + 24
	movl	%esp, boot_regs + 28
	movw	%cs, boot_segs
	movw	%ds, boot_segs + 2
	movw	%es, boot_segs + 4
	movw	%ss, boot_segs + 6
	movw	%fs, boot_segs + 8
	movw	%gs, boot_segs + 10
	movl	$boot_stack + PAGE_SIZE, %esp
	pushfl
	popl	boot_eflags
	cld
	call	guest_main
	ud2
/*:*/

/*G:751 Interrupts only count. The flag is switched on again two instructions before the end, and in
 * between we must not be interrupted: eax is still to be restored. The Host has been told where
 * these eight bytes are. */
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
irq_\n:	pushl	$\n
	jmp	irq_common
	.endr
irq_common:
	pushl	%eax
	movl	4(%esp), %eax
	incl	irq_count(,%eax,4)
	popl	%eax
	movl	%eax, (%esp)
	movl	$EFLAGS_IF, %eax
	.globl	noirq_start, noirq_end
noirq_start:
	movl	%eax, %ss:lguest_data
	popl	%eax
	iret
noirq_end:

	.section .rodata
	.globl	irq_entries
irq_entries:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	.long	irq_\n
	.endr
/*:*/

	.data
	.globl	boot_regs, boot_segs, boot_eflags, irq_count
boot_regs:
	.fill	8, 4, 0xffffffff
boot_segs:
	.fill	6, 2, 0xffff
boot_eflags:
	.long	0
irq_count:
	.fill	16, 4, 0

	.bss
	.balign	PAGE_SIZE
boot_stack:
	.fill	PAGE_SIZE
