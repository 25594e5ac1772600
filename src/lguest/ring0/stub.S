/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:598
 * The smallest Guest there is, for the self-test.  It speaks the dialect of Linux 3.1 to 4.0, runs
 * in ring 1 without page tables, and does a little of everything that a Guest does: hypercalls, a
 * page touched for the first time, a trap that goes straight to its handler, one that goes through
 * the Host, a port that is not there.
:*/

/*H:880
 * It is copied to guest-physical 0x1000 before it runs, hence AT().
 */
#define BASE	0x1000
#define AT(sym)	((sym) - stub_start + BASE)

#define LHCALL_FLUSH_ASYNC	0
#define LHCALL_LGUEST_INIT	1
#define LHCALL_SHUTDOWN		2
#define LHCALL_LOAD_IDT_ENTRY	6
#define LHCALL_SET_STACK	7
#define LHCALL_NOTIFY		17

#define KERNEL_DS		0x69
#define STACK_TOP		0x4000
#define UNTOUCHED		0x6000
#define HYPERCALLS		1000

	.macro	HCALL nr
	movl	$\nr, %eax
	int	$0x1f
	.endm

	/* A gate: offset, and what kind. */
	.macro	GATE vector handler kind
	movl	$\vector, %ebx
	movl	$AT(\handler), %ecx
	movl	$\kind, %edx
	HCALL	LHCALL_LOAD_IDT_ENTRY
	.endm

	.section .data
	.balign	16
	.global stub_start
stub_start:
	movl	$AT(stub_data), %ebx
	HCALL	LHCALL_LGUEST_INIT

	movl	$STACK_TOP, %esp
	movl	$KERNEL_DS, %ebx
	movl	$STACK_TOP, %ecx
	movl	$1, %edx
	HCALL	LHCALL_SET_STACK
	GATE	0x80 direct_handler 0xef00	/* trap gate, DPL 3 */
	GATE	6 reflected_handler 0x8e00	/* interrupt gate */

	/* Straight to us, then by way of the Host. */
	xorl	%esi, %esi
	int	$0x80
	ud2

	/* All ones, where there is nothing. */
	xorl	%eax, %eax
	movl	$0x3f6, %edx
	inb	%dx, %al
	cmpl	$0xff, %eax
	jne	1f
	incl	%esi
1:
	/* A page nobody has touched yet. */
	movl	$0x12345678, UNTOUCHED
	cmpl	$0x12345678, UNTOUCHED
	jne	1f
	incl	%esi
1:
	/* Does each register come back from the Host as it went?  Even the useless ones. */
	pushl	%esi
	movl	$0x60, %eax
	movl	%eax, %gs
	incl	%eax
	movl	%eax, %fs
	movl	$0x68, %eax
	movl	%eax, %es
	movl	$0xb0b0b0b0, %ebx
	movl	$0xc0c0c0c0, %ecx
	movl	$0xd0d0d0d0, %edx
	movl	$0xe5e5e5e5, %esi
	movl	$0xed1ed1ed, %edi
	movl	$0xebebebeb, %ebp
	HCALL	LHCALL_FLUSH_ASYNC
	xorl	$0xb0b0b0b0, %ebx
	xorl	$0xc0c0c0c0, %ecx
	xorl	$0xd0d0d0d0, %edx
	xorl	$0xe5e5e5e5, %esi
	xorl	$0xed1ed1ed, %edi
	xorl	$0xebebebeb, %ebp
	orl	%eax, %ebx
	orl	%ecx, %ebx
	orl	%edx, %ebx
	orl	%esi, %ebx
	orl	%edi, %ebx
	orl	%ebp, %ebx
	movl	%gs, %eax
	movl	%fs, %ecx
	movl	%es, %edx
	movl	%ds, %esi
	xorl	$0x60, %eax
	xorl	$0x61, %ecx
	xorl	$0x68, %edx
	xorl	$KERNEL_DS, %esi
	orl	%eax, %ebx
	orl	%ecx, %ebx
	orl	%edx, %ebx
	orl	%esi, %ebx
	popl	%esi
	jnz	1f
	incl	%esi
1:
	movl	$HYPERCALLS - 1, %edi
1:	HCALL	LHCALL_FLUSH_ASYNC
	decl	%edi
	jnz	1b

	/* All five of the above, or else. */
	movl	$AT(wrong), %ebx
	cmpl	$5, %esi
	jne	1f
	movl	$AT(hello), %ebx
1:	HCALL	LHCALL_NOTIFY

	movl	$AT(goodbye), %ebx
	movl	$1, %ecx
	HCALL	LHCALL_SHUTDOWN
	hlt

direct_handler:
	incl	%esi
	iret

reflected_handler:
	addl	$2, (%esp)
	incl	%esi
	iret

hello:
	.asciz	"hello, ring 0"
wrong:
	.asciz	"something broke"
goodbye:
	.asciz	"Power down"
/*:*/

	/* struct lguest_data, layout D. */
	.balign	4
stub_data:
	.long	0			/* irq_enabled */
	.long	1			/* blocked_interrupts */
	.long	0, 0, 0			/* cr2, time */
	.long	0			/* irq_pending */
	.fill	64, 1, 0xff		/* hcall_status */
	.fill	64 * 5, 4, 0		/* hcalls */
	.long	0			/* reserve_mem */
	.long	0			/* tsc_khz */
	.long	0, 8			/* noirq_start, noirq_end */
	.long	0xc0000000		/* kernel_address */
	.long	0x80			/* syscall_vec */
	.long	0
	.global stub_end
stub_end:

	.section .note.GNU-stack, "", @progbits
