/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:943 guests/shared/bad-switcher/bad-switcher.S: A guest that writes on a page of the Switcher's,
 * the one with the CPU's tables. It is there, since the Switcher must be mapped in every space, but
 * it is read-only even for ring 1: the write must come back as an ordinary page fault, with its
 * address in cr2, and the guest lives on. :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$stack, %esp
	gate	TRAP_PF, fault
	sgdt	table
	movl	table + 2, %edi
	andl	$0xfffff000, %edi
	movl	$0x90909090, (%edi)
	shutdown "the Switcher was written"

fault:
	cmpl	%edi, lguest_data + 8
	jne	1f
	cmpl	$3, (%esp)
	jne	1f
	say	"reflected\n"
	power_off
1:	shutdown "wrong cr2 or error code"

	.bss
table:	.skip	6
