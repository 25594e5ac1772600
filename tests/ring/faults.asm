; SPDX-License-Identifier: GPL-2.0-or-later
;
; When delivering an exception causes another: which pairs make a double fault, which are served one
; after the other. From the manual's "Interrupt 8", table "Conditions for Generating a Double Fault".
; The last thing it does is what ends a processor: a fault on the way to the double fault.
%include "ring.inc"

; QEMU: an error code has no EXT.
;qemu: benign (#UD), then #NP: served in turn: #0b(0032)
;qemu: #BR is benign: #0b(002a)
;qemu: ring 3, benign, then #TS: #40 cs=0019 00000000
%define S_A SCRATCH
%define VEC(n) (idt + (n) * 8)
%define PD 0x100000
%define PT0 0x101000

; The handler of vector n cannot be reached: by #NP (its gate is not present), #GP (no gate), #SS or
; #TS (from ring 3, the inner stack is bad), #PF (the handler's stack is on a page not there).
%macro ABSENT 1
	and byte [VEC(%1) + 5], 0x7f
%endmacro
%macro PRESENT 1
	or byte [VEC(%1) + 5], 0x80
%endmacro

main:	mov esp, stack0
	call setup

	ABSENT 6
	TEST "benign (#UD), then #NP: served in turn"
	HERE ud2
	END
	TEST "INT 6, then #NP: served in turn"
	HERE int 6
	END
	PRESENT 6
	ABSENT 0
	TEST "contributory (#DE), then #NP: double fault"
	xor ecx, ecx
	HERE div ecx
	END
	PRESENT 0
	ABSENT 13
	TEST "contributory (#GP), then #NP: double fault"
	mov eax, GDT_END
	HERE mov ds, ax
	END
	TEST "the same in ring 3"
	RING 3, .a
.a:	HERE hlt
	END
	PRESENT 13
	ABSENT 12
	TEST "contributory (#SS), then #NP: double fault"
	DESC S_A, 0, 0xfffff, A_DATA, F_G | F_B
	mov eax, S_A
	HERE mov ss, ax
	END
	PRESENT 12
	ABSENT 5
	TEST "#BR is benign"
	mov dword [0x80000], 1
	mov dword [0x80004], 2
	mov eax, 3
	HERE bound eax, [0x80000]
	END
	PRESENT 5
	ABSENT 3
	TEST "#BP is benign"
	HERE int3
	END
	PRESENT 3
	mov byte [VEC(6) + 5], 0x92	; no gate
	ABSENT 13
	TEST "benign, then #GP, whose handler is absent: double fault"
	HERE ud2
	END
	PRESENT 13
	mov byte [VEC(6) + 5], 0x8e

	; --- bad inner stacks
	TEST "ring 3, benign, then #TS"
	mov dword [tss + 8], 0
	GATE VEC(10), CODE1, .ts, A_P | A_INT32, 0
	RING 3, .b
.b:	HERE ud2
.ts:	mov dword [ss:tss + 8], DATA0
	mov eax, [ss:esp]
	RESULT eax
	BACK
	END

	; --- pages
	mov edi, PD
	xor eax, eax
	mov ecx, 2048
	rep stosd
	mov dword [PD], PT0 | 7
	mov edi, PT0
	mov eax, 7
	mov ecx, 1024
.map:	stosd
	add eax, 0x1000
	loop .map
	mov eax, PD
	mov cr3, eax
	mov eax, cr0
	or eax, 0x80000000
	mov cr0, eax
	jmp .on
.on:	ABSENT 14
	TEST "#PF, then #NP: double fault"
	HERE mov al, [0x400123]
	END
	PRESENT 14
	ABSENT 13
	TEST "#GP, then #NP, in paging"
	mov eax, GDT_END
	HERE mov ds, ax
	END
	PRESENT 13
	TEST "ring 3, #UD, then #PF of the inner stack: served in turn, here in ring 1"
	; the inner stack lies on a page that is not there; the page fault has a good one, in ring 1
	mov dword [tss + 4], 0x400800
	GATE VEC(14), CODE1, .pf, A_P | A_INT32, 0
	RING 3, .c
.c:	HERE ud2
.pf:	mov dword [ss:tss + 4], stack_trap
	mov eax, [ss:esp]
	RESULT eax
	BACK
	END
	TEST "ring 3, #GP, then #PF: served in turn"
	ANYWHERE
	mov dword [tss + 4], 0x400800
	RING 3, .d
.d:	hlt
	END
	GATE VEC(14), CODE0, stub0 + 14 * (stub1 - stub0), A_P | A_INT32, 0
	TEST "ring 3, #PF, then #PF: double fault, here in ring 1"
	mov dword [tss + 4], 0x400800
	GATE VEC(8), CODE1, .df, A_P | A_INT32, 0
	RING 3, .e
.e:	mov eax, DATA3
	mov ds, ax
	HERE mov al, [0x401000]
.df:	mov dword [ss:tss + 4], stack_trap
	mov eax, [ss:esp]
	RESULT eax
	BACK
	END
	SAY "now the end"
	ABSENT 8
	ABSENT 13
	mov eax, GDT_END
	mov ds, ax
	SAY "not reached"
	STOP
