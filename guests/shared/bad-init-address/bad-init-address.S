/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:939 guests/shared/bad-init-address/bad-init-address.S: A guest whose lguest_data would lie
 * outside its memory, so that the end of it wraps around to 0. Death: "bad guest page", and the
 * Host has touched nothing. :*/
#include "../../lib/tiny.inc"

_start:
	hcall	LHCALL_LGUEST_INIT, $0xfffffe00
	init
	shutdown "INIT taken"
