/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:944 guests/shared/bad-notify/bad-notify.S: A guest that rings at a door far outside its
 * memory. The Launcher may not look there; it ends the guest with "Bad NOTIFY 0xf0000000". :*/
#include "../../lib/tiny.inc"

_start:
	init
	hcall	LHCALL_NOTIFY, $0xf0000000
	shutdown "NOTIFY taken"
