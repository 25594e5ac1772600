/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:941 guests/shared/bad-pgd/bad-pgd.S: A guest with a 4 MB page in its directory, at guest-
 * physical 0: on a machine that obeyed it would be the Host's own memory. Death: "bad page
 * directory entry". :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$PTE_P | PTE_RW | PTE_US | PTE_PSE, page_directory + 0x100 * 4
	movl	0x40000000, %eax
	shutdown "large page used"
