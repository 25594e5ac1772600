/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:940 guests/shared/bad-pte/bad-pte.S: A guest with the large-page bit in a page-table entry,
 * which no guest is offered. Death, at the first use of the entry: "bad page table entry". :*/
#include "../../lib/tiny.inc"

_start:
	init
	use_tables
	movl	$0x200000 | PTE_P | PTE_RW | PTE_PSE, page_table + 0x200 * 4
	movl	0x200000, %eax
	shutdown "entry used"
