/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:937 guests/shared/bad-hypercall/bad-hypercall.S: A guest that calls what does not exist.
 * Death: "Bad hypercall 99". :*/
#include "../../lib/tiny.inc"

_start:
	init
	hcall	99
	shutdown "call 99 taken"
