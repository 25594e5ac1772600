/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:945 guests/shared/bad-iret/bad-iret.S: A process in ring 3 that returns to ring 0 with a frame
 * of its own making. The CPU refuses with a general protection fault that names the selector, and
 * the guest has no gate for it: "unhandled trap 13", error 0x50. :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$stack, %esp
	enter_ring3 ring3
	.org	0x1000
ring3:
	pushl	$0x58
	pushl	$stack
	pushl	$2
	pushl	$0x50
	pushl	$ring3
	iret
	shutdown "came back"
