/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:933 guests/shared/bad-idle/bad-idle.S: A guest that masks every interrupt and halts. Nothing
 * can ever wake it, and whoever runs it must say so instead of waiting: exit status 5. :*/
#include "../../lib/tiny.inc"

_start:
	init
	say	"good night\n"
	movl	$0xffffffff, lguest_data + 4
	hcall	LHCALL_HALT
	shutdown "woken by nothing"
