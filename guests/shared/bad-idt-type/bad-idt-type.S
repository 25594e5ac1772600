/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:936 guests/shared/bad-idt-type/bad-idt-type.S: A guest that asks for a task gate. Death: "bad
 * IDT type 5". :*/
#include "../../lib/tiny.inc"

_start:
	init
	gate	TRAP_UD, _start, 5
	shutdown "task gate taken"
