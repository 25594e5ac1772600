/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:999 guests/shared/hostile/start.S: The way into hostile.c, in linear mode and on a stack. :*/
#include "../../lib/tiny.inc"

_start:
	init
	movl	$stack, %esp
	call	hostile
	ud2

	.globl	shared_data
	.set	shared_data, lguest_data
