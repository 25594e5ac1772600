/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:935 guests/shared/bad-call-gate/bad-call-gate.S: A guest that makes itself a call gate to ring
 * 0 and goes through it. The Host must not let a system descriptor live: the call faults, and the
 * guest says so. If it ever runs in ring 0 it says that, too. :*/
#include "../../lib/tiny.inc"

_start:
	init
	movl	$stack, %esp
	gate	11, refused
	gate	TRAP_GP, refused
	/* 386 call gate, present, DPL 3, selector 0x50 = the Switcher's code segment */
	movl	$through, %ecx
	movl	%ecx, %edx
	andl	$0xffff, %ecx
	orl	$0x50 << 16, %ecx
	andl	$0xffff0000, %edx
	orl	$0xec00, %edx
	movl	$18, %ebx
	movl	$LHCALL_LOAD_GDT_ENTRY, %eax
	int	$LGUEST_TRAP_ENTRY
	lcall	$18 * 8, $0
	shutdown "the call returned"

through:
	movl	%cs, %eax
	testl	$3, %eax
	jnz	1f
	shutdown "RING 0 REACHED"
1:	shutdown "the gate opened"

refused:
	say	"call gate refused\n"
	power_off
