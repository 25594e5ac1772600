/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:949 guests/shared/bad-spin/bad-spin.S: A guest that never switches interrupts on and never
 * ends. Nothing is wrong with that; but the Host must keep the machine, so that the one who runs
 * it can still end it, and a second guest beside it gets its share. :*/
#include "../../lib/tiny.inc"

_start:
	init
	say	"spinning\n"
1:	jmp	1b
