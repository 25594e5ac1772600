/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:914 guests/shared/puppy/trap.S: The way into the kernel and back: one stub for each vector, the
 * common entry that builds struct frame, the return path with the eight bytes that no interrupt may
 * enter, and the stack switch between two tasks. The order of the pushes is the order of struct
 * frame in puppy.h. :*/
#include "../../lib/abi.h"

#include "../../lib/stubs.inc"

/*G:205 Whatever the user kept in its segments is not for us. %fs and %gs stay: we never use them. */
common_entry:
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
/*:*/

/*G:210 Going back. The saved eflags say whether interrupts were on, but iret at ring 1 leaves the
 * real flag alone, and the virtual one is a word in memory that we must set by hand: one
 * instruction too early, because after iret it is too late. So there is a moment in which
 * interrupts look enabled while %eax and the frame are still on the stack. The Host knows its
 * bounds (noirq_start, noirq_end) and delivers nothing in between. Store 6 bytes, pop 1, iret 1:
 * exactly eight, and a Host that does not know our era takes that as a sign.
 *
 * The store goes through %ss, because %ds already belongs to the user again. Only bit 9 is kept: a
 * Host may test the whole word. */
	.globl	trap_return
trap_return:
	popal
	.globl	trap_pop_segments
trap_pop_segments:
	popl	%es
	popl	%ds
	.globl	trap_segments_popped
trap_segments_popped:
	addl	$8, %esp
	pushl	%eax
	movl	12(%esp), %eax
	andl	$EFLAGS_IF, %eax
	.globl	noirq_start
noirq_start:
	movl	%eax, %ss:lguest_data
	popl	%eax
	iret
	.globl	noirq_end
noirq_end:
/*:*/

/*G:330 switch_stacks(&from->esp, to->esp): what C expects to survive a call is pushed on the old
 * stack and popped from the new one. The return address on the new stack decides where the new task
 * goes on: behind its own call of this function, or in first_run if it has never run. */
	.globl	switch_stacks
switch_stacks:
	movl	4(%esp), %eax
	movl	8(%esp), %edx
	pushl	%ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	%esp, (%eax)
	movl	%edx, %esp
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	ret

	/* A kernel task starts in the function whose address was left in %ebx. */
	.globl	first_run_kernel
first_run_kernel:
	xorl	%ebp, %ebp
	call	*%ebx
	ud2
/*:*/
