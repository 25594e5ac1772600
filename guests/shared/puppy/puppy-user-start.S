/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:924 guests/shared/puppy/puppy-user-start.S: Where every ring-3 program begins, and the few
 * programs that only assembler can say: those that break a rule on purpose. The linker script puts
 * everything of the puppy-user files at 0x08048000 and not into the kernel. :*/
#include "../../lib/abi.h"

/*G:500 The kernel leaves the program's function in %eax and its argument in %ebx. The first
 * instruction is a page fault already: nothing is mapped yet. This must be the first thing of the
 * text, for the kernel starts every process at user_text_start. */
	.section .text.user_start, "ax", @progbits
	.globl	user_start
user_start:
	xorl	%ebp, %ebp
	pushl	%ebx
	call	*%eax
	movl	%eax, %ebx
	movl	$1, %eax
	int	$SYSCALL_VECTOR
	ud2
/*:*/

	.text
/* A program that consists of its fault: the argument, if any, is at 4(%esp). */
	.macro	culprit name
	.balign	4
	.globl	\name
\name:
	.endm

	culprit	u_read_nowhere
	movl	0x40, %eax
	ret

	culprit	u_write_nowhere
	movl	$1, 0x40
	ret

	culprit	u_write_text
	movl	$1, user_start
	ret

	culprit	u_read_kernel
	movl	PAGE_OFFSET + 0x100000, %eax
	ret

	culprit	u_read_address
	movl	4(%esp), %eax
	movl	(%eax), %eax
	ret

	culprit	u_write_address
	movl	4(%esp), %eax
	movl	$1, (%eax)
	ret

	culprit	u_hypercall
	xorl	%eax, %eax
	int	$LGUEST_TRAP_ENTRY
	ret

	culprit	u_int21
	int	$0x21
	ret

	culprit	u_int3
	int3
	ret

	culprit	u_into
	movb	$0x7f, %al
	addb	$1, %al
	into
	ret

	culprit	u_divide
	xorl	%edx, %edx
	xorl	%eax, %eax
	divl	%edx
	ret

	culprit	u_hlt
	hlt
	ret

	culprit	u_cli
	cli
	ret

	culprit	u_port
	inb	$0x80, %al
	ret

	culprit	u_undefined
	ud2

	culprit	u_bad_segment
	movl	$0x60, %eax
	movl	%eax, %ds
	ret

	culprit	u_ldt
	movl	$0x0f, %eax
	movl	%eax, %es
	ret

	culprit	u_far_to_kernel
	pushl	$KERNEL_CS
	pushl	$PAGE_OFFSET + 0x100000
	lret

	culprit	u_single_step
	pushfl
	orl	$EFLAGS_TF, (%esp)
	popfl
	nop
	nop
	ret

	/* Returns what pushf shows of IF: always set, a process cannot see the virtual flag. */
	culprit	u_flags
	pushfl
	popl	%eax
	shrl	$9, %eax
	andl	$1, %eax
	ret

	/* Reads %gs:0 through the selector of TLS slot 0. */
	.globl	u_gs_word
u_gs_word:
	movl	$TLS_SELECTOR, %eax
	movl	%eax, %gs
	movl	%gs:0, %eax
	ret

	/* Does a system call leave every other register alone? Returns 0 if so. */
	culprit	u_registers
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	$0x11111111, %ebx
	movl	$0x22222222, %ecx
	movl	$0x33333333, %edx
	movl	$0x44444444, %esi
	movl	$0x55555555, %edi
	movl	$0x66666666, %ebp
	movl	$20, %eax
	int	$SYSCALL_VECTOR
	xorl	$0x11111111, %ebx
	xorl	$0x22222222, %ecx
	xorl	$0x33333333, %edx
	xorl	$0x44444444, %esi
	xorl	$0x55555555, %edi
	xorl	$0x66666666, %ebp
	orl	%ecx, %ebx
	orl	%edx, %ebx
	orl	%esi, %ebx
	orl	%edi, %ebx
	orl	%ebp, %ebx
	movl	%ebx, %eax
	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	ret
