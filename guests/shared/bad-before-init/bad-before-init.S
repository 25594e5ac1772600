/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:938 guests/shared/bad-before-init/bad-before-init.S: A guest that talks before it has
 * introduced itself. Death: "hypercall 17 before INIT". :*/
#include "../../lib/tiny.inc"

_start:
	say	"too early\n"
	init
	shutdown "heard before INIT"
