/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:947 guests/shared/bad-async/bad-async.S: A guest whose asynchronous ring is full of garbage.
 * The first record is harmless, the second a call that does not exist: "Bad hypercall
 * -559038737". :*/
#include "../../lib/tiny.inc"

_start:
	init
	movl	$lguest_data + 0x58, %edi
	movl	$LHCALL_RING_SIZE * 5, %ecx
	movl	$0xdeadbeef, %eax
	cld
	rep stosl
	movl	$LHCALL_FLUSH_TLB, lguest_data + 0x58
	movl	$lguest_data + 0x18, %edi
	movl	$LHCALL_RING_SIZE, %ecx
	xorl	%eax, %eax
	rep stosb
	hcall	LHCALL_FLUSH_ASYNC
	shutdown "garbage taken"
