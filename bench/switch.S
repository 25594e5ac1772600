/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:548 bench/switch.S: A guest that does nothing but leave: COUNT hypercalls of the cheapest kind, and
 * then it switches itself off. What bench-measure finds is the price of an exit. :*/
#include "tiny.inc"

_start:
	init
	movl	$COUNT, %ebp
1:	hcall	LHCALL_FLUSH_ASYNC
	decl	%ebp
	jnz	1b
	power_off
