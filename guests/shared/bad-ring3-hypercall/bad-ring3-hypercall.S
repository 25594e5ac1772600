/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:946 guests/shared/bad-ring3-hypercall/bad-ring3-hypercall.S: A process in ring 3 that calls
 * the Host behind its kernel. The gate is open to ring 1 only: general protection, error 0xfa,
 * for which this guest has no gate. :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$stack, %esp
	enter_ring3 ring3
	.org	0x1000
ring3:
	int	$LGUEST_TRAP_ENTRY
	ud2
