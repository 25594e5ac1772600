/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:590
 * The Switcher: the one page of code that is at the same address for the Host and for every Guest,
 * and so the only code that can stand with one foot in each while the page tables change under
 * it.  It saves and restores, and refuses to decide anything.
:*/

/*S:100
 * You have read about Guests and about the Host; this is the bridge between them.  It is built of
 * two dozen instructions each way, and their order matters nearly everywhere, so we go slowly.
 *
 * Three pages lie at the top of memory.  This code is the first.  The second is, for a Guest, its
 * own page of registers, and for the Host, a page that matters to nobody.  The third is the state
 * page: the CPU's tables for the Guest, and what we need to find back to the Host.  The second and
 * third together are "the pair", which is how we are handed them.
 *
 * These offsets are those of struct lguest_regs and struct lguest_ro_state in lg.h, which checks
 * that we agree.
 */
#define REGS			(4096 - 0x48)	/* in the first page of the pair */
#define STATE			4096		/* the second page of the pair */
#define HOST_CR3		(STATE + 0x00)
#define HOST_IDT_DESC		(STATE + 0x04)
#define HOST_GDT_DESC		(STATE + 0x0a)
#define HOST_SP			(STATE + 0x10)
#define GUEST_IDT_DESC		(STATE + 0x14)
#define GUEST_GDT_DESC		(STATE + 0x1a)
#define GUEST_GDT		(STATE + 0x888)

#define LGUEST_DS		0x58
#define TSS_SELECTOR		0x80
#define BUSY_BYTE		(TSS_SELECTOR + 5)	/* of a TSS descriptor */
#define NOT_BUSY		0xfd

	.section .switcher, "ax", @progbits
/*:*/

/*S:110
 * Into the Guest.  The Host called us far, through a code segment which both tables of descriptors
 * have in the same place, and pushed its flags before; so what lies on its stack now looks just
 * like the frame of an interrupt.  That is no accident.
 *
 * EAX is the address of the pair, EBX the (machine) address of the shadow page directory.
 * Interrupts are off.  We need not keep EAX to EDX, ESI and EDI; the Host knows.
 */
	.global switch_to_guest
	.type switch_to_guest, @function
switch_to_guest:
	pushl	%ebp

	/* From here on the Host's stack is only a number in the state page. */
	movl	%esp, HOST_SP(%eax)

	/*
	 * The new stack begins where the Guest's registers lie.  With the Host's page tables that
	 * address is the page which matters to nobody: whatever is pushed there now is lost.
	 */
	leal	REGS(%eax), %esp

	/*
	 * The Guest's tables.  After the second of these instructions, whatever goes wrong comes to
	 * the stubs at the end of this file.
	 */
	lgdt	GUEST_GDT_DESC(%eax)
	lidt	GUEST_IDT_DESC(%eax)

	/*
	 * The Guest's TSS, which says where the stack of ring 0 is when the Guest leaves.  The CPU
	 * marks it as busy, so it must still be writable, so this comes before the page tables.
	 */
	movl	$TSS_SELECTOR, %edx
	ltr	%dx

	/*
	 * The Host's TSS is busy too, since it was loaded once, and a busy one cannot be loaded
	 * again.  On the way back we could not reach it.  Clear that now, while we see the Host's
	 * GDT.
	 */
	movl	(HOST_GDT_DESC+2)(%eax), %edx
	andb	$NOT_BUSY, BUSY_BYTE(%edx)

	/*
	 * Now.  The page with the registers is the Guest's own; the Host is gone, and so is
	 * everything but this page and the pair.
	 */
	movl	%ebx, %cr3

	/* The stack is a set of registers, in the right order. */
	popl	%eax
	popl	%ebx
	popl	%ecx
	popl	%edx
	popl	%esi
	popl	%edi
	popl	%ebp
	popl	%gs
	popl	%fs
	popl	%ds
	popl	%es

	/* The trap number and the error code were for the Host. */
	addl	$8, %esp

	/* What is left is a frame for iret: eip, cs, eflags, esp, ss. */
	iret
	.size switch_to_guest, . - switch_to_guest
/*:*/

/*S:130
 * The way back.  The CPU, having found in the Guest's TSS that the ring-0 stack is at the end of
 * the regs page, pushed ss, esp, eflags, cs and eip; the stub below added an error code if the
 * CPU had none, and the trap number.  We push the rest, and the registers lie where they lay
 * before.
 *
 * One question comes first.  If the frame came from ring 0, it was not the Guest who trapped but
 * ourselves, and there is no way to go on.
 *
 * FS and GS stay the Guest's: the Host does not use them, so what lies there can hurt it as little as
 * what lies in EDI.
 */
	.macro SWITCH_TO_HOST
	testb	$3, 12(%esp)
	jz	switcher_failed
	pushl	%es
	pushl	%ds
	pushl	%fs
	pushl	%gs
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
	pushl	%eax

	/* The Guest's segments may be anything.  This one is ours, and flat. */
	movl	$LGUEST_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es

	/* The stack is in the first page of the pair.  We are lazy, and round down. */
	movl	%esp, %eax
	andl	$0xfffff000, %eax

	/* After the next instruction this page is another one, so remember what happened. */
	movl	(REGS+0x2c)(%eax), %ebx

	/* Home. */
	movl	HOST_CR3(%eax), %edx
	movl	%edx, %cr3

	/* The Guest's TSS: the same game as before, the other way round. */
	andb	$NOT_BUSY, (GUEST_GDT+BUSY_BYTE)(%eax)

	lgdt	HOST_GDT_DESC(%eax)
	lidt	HOST_IDT_DESC(%eax)
	movl	HOST_SP(%eax), %esp
	movl	$TSS_SELECTOR, %edx
	ltr	%dx

	popl	%ebp
	.endm
/*:*/

/*S:140
 * The usual case: a trap of the Guest's.  Remember the frame that the Host left on its stack?
 */
	.global return_to_host
	.type return_to_host, @function
return_to_host:
	SWITCH_TO_HOST
	iret
	.size return_to_host, . - return_to_host
/*:*/

/*S:141
 * The other case: a device interrupted, and it meant the Host.  Its handler must run, and then
 * return to where the Host called us.  Look at the stack: it is exactly as if the interrupt had
 * hit right there.  So we look up the handler in the Host's own table, as the CPU would have done
 * (the two halves of its address are at the two ends of the entry), and jump to it.
 */
	.global deliver_to_host
	.type deliver_to_host, @function
deliver_to_host:
	SWITCH_TO_HOST
	movl	(HOST_IDT_DESC+2)(%eax), %edx
	leal	(%edx,%ebx,8), %eax
	movzwl	(%eax), %edx
	movl	4(%eax), %eax
	xorw	%ax, %ax
	orl	%eax, %edx
	jmp	*%edx
	.size deliver_to_host, . - deliver_to_host
/*:*/

/*S:142
 * And what should never happen: an exception in this very file, while the Guest's tables were
 * loaded.  It may be before or after the page tables changed, so we believe in nothing but our own
 * address, take what is on the stack, and go and tell the Host.  It does not come back.
 */
	.type switcher_failed, @function
switcher_failed:
	cld
	movl	$LGUEST_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	popl	%ebx			/* trap number */
	popl	%ecx			/* error code */
	popl	%esi			/* eip */
	movl	%cr2, %edi
	movl	$0xfffe1000, %eax
	movl	HOST_CR3(%eax), %edx
	movl	%edx, %cr3
	lgdt	HOST_GDT_DESC(%eax)
	lidt	HOST_IDT_DESC(%eax)
	movl	HOST_SP(%eax), %esp
	pushl	%esi
	pushl	%edi
	pushl	%ecx
	pushl	%ebx
	movl	$host_failed, %eax
	call	*%eax
	.size switcher_failed, . - switcher_failed
/*:*/

/*S:150
 * A stub for each vector.  Eight exceptions come with an error code from the CPU, for all others
 * we push a zero, so that the registers are always in the same place.  Then the number, and off to
 * one of three ways: traps (and the system call) return to the Host, interrupts are delivered to
 * it, and a non-maskable interrupt is let go, because here we could do nothing for it.
 */
	.global switcher_nmi
	.type switcher_nmi, @function
switcher_nmi:
	addl	$8, %esp
	iret
	.size switcher_nmi, . - switcher_nmi

	.section .rodata
	.balign	4
	.global switcher_stub_table
switcher_stub_table:
	.section .switcher
	.global switcher_stubs
	.type switcher_stubs, @function
switcher_stubs:

	.macro STUB vector target
	.section .rodata
	.long	1f
	.section .switcher
1:
	.if (\vector != 8) && ((\vector < 10) || (\vector > 14)) && (\vector != 17)
	pushl	$0
	.endif
	pushl	$\vector
	jmp	\target
	.endm

	.altmacro
	.macro STUBS first last target
	.set	vec, \first
	.rept	\last - \first + 1
	STUB	%vec \target
	.set	vec, vec + 1
	.endr
	.endm

	STUBS	0 1 return_to_host
	STUBS	2 2 switcher_nmi
	STUBS	3 31 return_to_host
	STUBS	32 127 deliver_to_host
	STUBS	128 128 return_to_host
	STUBS	129 255 deliver_to_host
	.size switcher_stubs, . - switcher_stubs
/*:*/

	.section .note.GNU-stack, "", @progbits
