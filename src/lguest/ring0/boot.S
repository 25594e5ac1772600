/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:592
 * Where the machine begins.  Any multiboot loader puts us at one megabyte and jumps here in flat
 * 32-bit mode, with interrupts and paging off; lgemu's board does nothing else.  This file makes a
 * stack and calls C, and holds the Host's own few interrupt handlers.
:*/

/*H:800
 * The multiboot header: a magic number, what we want (pages aligned, to be told about memory) and
 * a checksum.  The ELF header says the rest.
 */
#define MULTIBOOT_MAGIC	0x1badb002
#define MULTIBOOT_FLAGS	0x00000003

	.section .multiboot, "a"
	.balign	4
	.long	MULTIBOOT_MAGIC
	.long	MULTIBOOT_FLAGS
	.long	0 - MULTIBOOT_MAGIC - MULTIBOOT_FLAGS

	.text
	.global host_start
	.type host_start, @function
host_start:
	cli
	cld
	movl	$host_stack_top, %esp
	/* No flags of whoever was here before. */
	pushl	$0
	popfl
	pushl	%ebx			/* multiboot information */
	pushl	%eax			/* its magic number */
	call	host_main
1:	hlt
	jmp	1b
	.size host_start, . - host_start
/*:*/

/*H:801
 * Descriptor tables and segments.  CS is loaded by a far return.
 */
	.global load_tables
	.type load_tables, @function
load_tables:				/* (gdt pointer, idt pointer) */
	movl	4(%esp), %eax
	movl	8(%esp), %edx
	lgdt	(%eax)
	lidt	(%edx)
	pushl	$0x50
	pushl	$1f
	lretl
1:	movl	$0x58, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	lldt	%ax
	movl	$0x80, %eax
	ltr	%ax
	ret
	.size load_tables, . - load_tables
/*:*/

/*H:802
 * Exceptions in the Host itself.  There should be none, so each is the end: say which, and where.
 */
	.section .rodata
	.balign	4
	.global host_exceptions
host_exceptions:
	.text
	.macro EXCEPTION vector
	.section .rodata
	.long	1f
	.text
1:
	.if (\vector != 8) && ((\vector < 10) || (\vector > 14)) && (\vector != 17)
	pushl	$0
	.endif
	pushl	$\vector
	jmp	host_exception
	.endm

	.altmacro
	.set	vec, 0
	.rept	32
	EXCEPTION %vec
	.set	vec, vec + 1
	.endr

	.type host_exception, @function
host_exception:
	cld
	popl	%ebx			/* vector */
	popl	%ecx			/* error code */
	popl	%esi			/* eip */
	movl	%cr2, %edi
	pushl	%esi
	pushl	%edi
	pushl	%ecx
	pushl	%ebx
	call	host_failed
	.size host_exception, . - host_exception
/*:*/

/*H:803
 * Interrupts.  The Host never enables them; they come while a Guest runs, and then the Switcher
 * jumps here with a stack on which they seem to have hit the Host.  What is left to do is what
 * every handler does: save, serve, restore, iret.  Where it was in the Guest's life nobody need
 * know; that is in the Guest's registers, long saved.
 */
	.macro INTERRUPT name serve
	.global \name
	.type \name, @function
\name:
	pushal
	cld
	call	\serve
	popal
	iret
	.size \name, . - \name
	.endm

	INTERRUPT timer_vector timer_interrupt
	INTERRUPT event_vector event_interrupt
	INTERRUPT stray_vector stray_interrupt
/*:*/

	.bss
	.balign	16
	.skip	16384
host_stack_top:

	.section .note.GNU-stack, "", @progbits
