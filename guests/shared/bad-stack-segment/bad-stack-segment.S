/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:942 guests/shared/bad-stack-segment/bad-stack-segment.S: A guest that wants its traps to
 * arrive on a ring-0 stack. Death: "bad stack segment 104" (0x68, the kernel data selector
 * without its ring). :*/
#include "../../lib/tiny.inc"

_start:
	init
	hcall	LHCALL_SET_STACK, $0x68, $ring1_stack, $1
	shutdown "stack taken"
