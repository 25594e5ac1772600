/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:948 guests/shared/bad-regs-page/bad-regs-page.S: A guest that reads, and fills with garbage,
 * whatever it can reach of the four pages at the top: the Switcher, its own register page, the
 * state page. The register page holds nothing the Host may believe before the next trap has
 * written it. The guest must survive, and so must the Host. :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$stack, %esp
	gate	TRAP_PF, skip
	movl	lguest_data + 0x558, %edi
	negl	%edi
	movl	$4096, %ebp
1:	movl	$2f, %edx
	movl	(%edi), %eax
	movl	$0xa5a5a5a5, (%edi)
2:	addl	$4, %edi
	decl	%ebp
	jnz	1b
	hcall	LHCALL_FLUSH_ASYNC
	say	"still alive\n"
	power_off

	/* Not readable or not writable: on to the next word. The frame: error, eip, cs, eflags. */
skip:
	addl	$4, %esp
	movl	%edx, (%esp)
	iret
