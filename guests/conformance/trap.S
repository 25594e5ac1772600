/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1303 guests/conformance/trap.S: The ways into ring 1 and out of it: a stub for each vector, one
 * frame for all of them, the return that no interrupt may enter, a call of ring 3, and two returns
 * made to be interrupted at the worst moment. :*/
#include "abi.h"
#include "era.h"

#include "stubs.inc"

common_entry:
	pushl	%gs
	pushl	%fs
	pushl	%ds
	pushl	%es
	pushal
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	cld
	pushl	%esp
	call	trap
	addl	$4, %esp

/*G:820 The way back, as Linux has it: the flags image goes into irq_enabled, and between that store
 * and the end of the iret nothing may be delivered. Up to 4.0 the Host was told the bounds of these
 * eight bytes; since 4.1 only where the iret is, for which it has a trick. */
	popal
	popl	%es
	popl	%ds
	popl	%fs
	popl	%gs
	addl	$8, %esp
	pushl	%eax
	movl	12(%esp), %eax
	andl	$EFLAGS_IF, %eax
	.globl	noirq_start, noirq_iret, noirq_end
noirq_start:
	movl	%eax, %ss:lguest_data
	popl	%eax
noirq_iret:
	iret
noirq_end:
/*:*/

/*G:830 return_at_worst(stack): go through the window (or to the iret) with a stack whose page the
 * Host has forgotten, while an interrupt is pending. The pop (or the iret) faults, and so the Host
 * looks for something to deliver exactly where it must not. On the stack is an iret frame to
 * worst_end. */
	.globl	return_at_worst, worst_end
return_at_worst:
	pushl	%ebp
	movl	8(%esp), %edx
	movl	%esp, worst_esp
	movl	$EFLAGS_IF, %eax
#if ERA_LAYOUT <= LAYOUT_D
	movl	%edx, %esp
	jmp	noirq_start
#else
	movl	%edx, %esp
	movl	%eax, lguest_data
	jmp	noirq_iret
#endif
worst_end:
	movl	worst_esp, %esp
	popl	%ebp
	ret
/*:*/

/* user_call(eip, esp): run ring 3 until it traps; what it trapped with is for C to see. */
	.globl	user_call, user_return
user_call:
	movl	4(%esp), %eax
	movl	8(%esp), %edx
	pushl	%ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	%esp, kernel_esp
	pushl	$USER_DS
	pushl	%edx
	pushl	user_eflags
	pushl	$USER_CS
	pushl	%eax
	movl	$USER_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	iret
user_return:
	movl	kernel_esp, %esp
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	ret

	.bss
	.balign	4
worst_esp:
	.long	0
kernel_esp:
	.long	0
