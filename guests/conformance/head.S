/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1302 guests/conformance/head.S: From the Launcher's jump to C, in each era the way its Linux went.
 * On that way the registers are written down, before anything can change them: they are the first
 * thing a Host promises. :*/
#include "abi.h"
#include "era.h"

#define PHYS(symbol) symbol - PAGE_OFFSET

#if ERA_ARG1_IN_EBX
#define ARG1 %ebx
#else
#define ARG1 %edx
#endif

/*G:800 State at entry, then state after INIT. Nothing between the two lines of stores but INIT
 * itself changes a register. The bss is cleared first, except that the place for the registers is
 * not in it. */
	.section .head.text, "ax", @progbits
	.globl _start
_start:
	movl	%eax, PHYS(entry_state)
	movl	%ebx, PHYS(entry_state) + 4
	movl	%ecx, PHYS(entry_state) + 8
	movl	%edx, PHYS(entry_state) + 12
	movl	%esi, PHYS(entry_state) + 16
	movl	%edi, PHYS(entry_state) + 20
	movl	%ebp, PHYS(entry_state) + 24
	movl	%esp, PHYS(entry_state) + 28
	movw	%cs, PHYS(entry_state) + 32
	movw	%ds, PHYS(entry_state) + 34
	movw	%es, PHYS(entry_state) + 36
	movw	%ss, PHYS(entry_state) + 38
	movw	%fs, PHYS(entry_state) + 40
	movw	%gs, PHYS(entry_state) + 42
	movl	$PHYS(boot_stack_top), %esp
	pushfl
	popl	PHYS(entry_state) + 44

	cld
	xorl	%eax, %eax
	movl	$PHYS(_bss), %edi
	movl	$PHYS(_end), %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl

	movl	$LHCALL_LGUEST_INIT, %eax
	xorl	%ebx, %ebx
	xorl	%edx, %edx
	movl	$0x5151, %esi
	movl	$0xd1d1, %edi
	movl	$0xb9b9, %ebp
	movl	$PHYS(lguest_data), ARG1
	HCALL
	movl	%eax, PHYS(init_state)
	movl	%ebx, PHYS(init_state) + 4
	movl	%ecx, PHYS(init_state) + 8
	movl	%edx, PHYS(init_state) + 12
	movl	%esi, PHYS(init_state) + 16
	movl	%edi, PHYS(init_state) + 20
	movl	%ebp, PHYS(init_state) + 24
	movl	%esp, PHYS(init_state) + 28
/*:*/

/*G:810 How to get to the upper GiB. Up to 2.6.28 a guest copied 32 words of its directory, with
 * plain stores, so that the first 128 MB showed up there too; that the Host sees them without being
 * told is a promise. From 2.6.29 to 3.0 the Host had done it. Since then a guest brings tables. */
#if ERA_MAP == MAP_LOW
	movl	PHYS(lguest_data) + LGD_PGDIR_B, %esi
	leal	(PAGE_OFFSET >> 22) * 4(%esi), %edi
	movl	$32, %ecx
	rep movsl
#elif ERA_MAP == MAP_LINEAR && !ERA_PAE
	movl	$PHYS(boot_tables), %edi
	movl	$PTE_P | PTE_RW, %eax
	movl	$2 * 1024, %ecx
1:	stosl
	addl	$PAGE_SIZE, %eax
	loop	1b
	movl	$PHYS(boot_tables) + (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D), %eax
	movl	%eax, PHYS(boot_pgd)
	movl	%eax, PHYS(boot_pgd) + (PAGE_OFFSET >> 22) * 4
	addl	$PAGE_SIZE, %eax
	movl	%eax, PHYS(boot_pgd) + 4
	movl	%eax, PHYS(boot_pgd) + (PAGE_OFFSET >> 22) * 4 + 4
#elif ERA_MAP == MAP_LINEAR
	/* Four tables of 2 MB, a middle directory, and a root that names it twice. */
	movl	$PHYS(boot_tables), %edi
	movl	$PTE_P | PTE_RW, %eax
	movl	$4 * 512, %ecx
1:	stosl
	movl	$0, (%edi)
	addl	$4, %edi
	addl	$PAGE_SIZE, %eax
	loop	1b
	movl	$PHYS(boot_middle), %edi
	movl	$PHYS(boot_tables) + (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D), %eax
	movl	$4, %ecx
1:	movl	%eax, (%edi)
	addl	$8, %edi
	addl	$PAGE_SIZE, %eax
	loop	1b
	movl	$PHYS(boot_middle) + PTE_P, %eax
	movl	%eax, PHYS(boot_pgd)
	movl	%eax, PHYS(boot_pgd) + (PAGE_OFFSET >> 30) * 8
#endif
#if ERA_MAP == MAP_LINEAR
	movl	$LHCALL_NEW_PGTABLE, %eax
	movl	$PHYS(boot_pgd), ARG1
	HCALL
#endif
	movl	$boot_stack_top, %esp
	xorl	%ebp, %ebp
	movl	$high, %eax
	jmp	*%eax
high:
	call	conformance
	ud2
/*:*/

	.section .rodata, "a", @progbits
	.ascii	"lgemu-guest-abi: "
	.asciz	ERA_RELEASE
	.asciz	"lguest"

	.data
	.balign	4
	.globl	entry_state, init_state
entry_state:
	.fill	12, 4, 0xeeeeeeee
init_state:
	.fill	8, 4, 0xeeeeeeee

#if ERA_PAE && ERA_MAP == MAP_BOTH
	/* By this a Host that has to guess knows a PAE kernel (guest-host.md 13.4). */
	.balign	PAGE_SIZE
swapper_pg_dir:
	.long	PHYS(boot_middle) + PTE_P, 0, 0, 0, 0, 0, PHYS(boot_middle) + PTE_P, 0
	.fill	PAGE_SIZE - 32
#endif

	.bss
	.balign	PAGE_SIZE
boot_pgd:
	.fill	PAGE_SIZE
boot_middle:
	.fill	PAGE_SIZE
boot_tables:
	.fill	4 * PAGE_SIZE
boot_stack:
	.fill	2 * PAGE_SIZE
	.globl	boot_stack_top
boot_stack_top:
