/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:934 guests/shared/bad-gdt-entry/bad-gdt-entry.S: A guest that loads a descriptor behind the
 * end of its GDT, the one that an old Host let through by an off-by-one. Death: "too many gdt
 * entries 32". :*/
#include "../../lib/tiny.inc"

_start:
	init
	hcall	LHCALL_LOAD_GDT_ENTRY, $GDT_ENTRIES, $0xffff, $0x00cffb00
	shutdown "entry 32 taken"
