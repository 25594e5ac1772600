/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:932 guests/shared/bad-jump/bad-jump.S: A guest that jumps to an address none of its tables
 * maps and has no gate for the page fault. The Host must end it with "unhandled trap 14" and both
 * addresses. :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$0x40000000, %eax
	jmp	*%eax
