; SPDX-License-Identifier: GPL-2.0-or-later
;
; Gates: interrupts, traps and calls through them, to the same ring and to inner ones, what is pushed,
; which flags are cleared, which error code tells of which failure. From the manual's "Exception- and
; Interrupt-Handler Procedures", "Error Code" and "Call Gates".
%include "ring.inc"
%define S_A SCRATCH
%define S_B SCRATCH + 8
%define S_C SCRATCH + 16
%define VEC(n) (idt + (n) * 8)

; QEMU: no limits (see segments.asm); an error code has no EXT; INT1 (F1) is #UD, whose gate leads to
; S_A just then; an inner stack that is not present is #TS, as if its type were wrong, and one too small is
; used; RPL of a conforming CS is not made CPL by a call gate.
;qemu: gate to an offset past the limit: #40 cs=0060
;qemu: an exception's gate that is not present has EXT: #0b(0032)
;qemu: an exception's gate to null has EXT: #0d(0000)
;qemu: an exception's gate to code not present has EXT: #0b(0060)
;qemu: INT1 (F1) through a gate not present: #0b(0060)
;qemu: inner SS not present: #0a(0060) cs=003b
;qemu: inner stack too small: #40 cs=0019
;qemu: call gate to conforming code of ring 0: the ring stays: #40 cs=0060 00000060
;qemu: far call with no room on the stack: #40 cs=003b

; What a handler of our own finds: its flags, CS, SS, stack pointer relative to a top, and the frame.
%macro FOUND 1 ; top of the stack it should be on
	pushfd
	pop ecx
	and ecx, 0x4700		; NT, IF, DF, TF
	mov eax, %1
	sub eax, esp
	mov edx, cs
	shl edx, 16
	mov dx, ss
	RESULT ecx
	RESULT edx
	RESULT eax
%endmacro

good:	BACK

main:	mov esp, stack0
	call setup

	; --- ring 0 to ring 0
	TEST "INT through an interrupt gate: IF is cleared, three words"
	ANYWHERE
	GATE VEC(0x50), CODE0, .h1, A_P | A_INT32, 0
	mov ebx, esp
	sti
	int 0x50
.back1:	cli
	END
	jmp .n1
.h1:	FOUND ebx
	mov eax, [ss:esp + 8]
	RESULT eax
	jmp .back1
.n1:	TEST "INT through a trap gate: IF stays"
	ANYWHERE
	GATE VEC(0x50), CODE0, .h2, A_P | A_TRAP32, 0
	mov ebx, esp
	sti
	int 0x50
.back2:	cli
	END
	jmp .n2
.h2:	FOUND ebx
	mov eax, [ss:esp + 8]
	RESULT eax
	jmp .back2
.n2:	TEST "a 16-bit interrupt gate: three words of 16 bits"
	ANYWHERE
	GATE VEC(0x50), S_A, 0, A_P | A_INT16, 0
	DESC S_A, 0x10000, 0xffff, A_P | A_CODE, F_B
	mov eax, .h3 - 0x10000
	mov [VEC(0x50)], ax
	mov ebx, esp
	int 0x50
.back3:	END
	jmp .n3
.h3:	FOUND ebx
	jmp CODE0:.back3
.n3:
	TEST "an interrupt clears NT, and its frame has it"
	ANYWHERE
	GATE VEC(0x50), CODE0, .nt, A_P | A_INT32, 0
	mov ebx, esp
	push dword 0x4002
	popfd
	int 0x50
.backnt: push dword 2
	popfd
	END
	jmp .after_nt
.nt:	FOUND ebx
	mov eax, [ss:esp + 8]
	and eax, 0x4000
	RESULT eax
	jmp .backnt
.after_nt:
	TEST "UD2"
	HERE ud2
	END
	TEST "INT3"
	HERE int3
	END
	TEST "INTO with OF"
	mov al, 0x7f
	inc al
	HERE into
	END
	TEST "INTO without"
	xor eax, eax
	HERE into
	END
	TEST "BOUND"
	mov dword [0x80000], 1
	mov dword [0x80004], 2
	mov eax, 3
	HERE bound eax, [0x80000]
	END
	TEST "DIV by 0"
	xor ecx, ecx
	HERE div ecx
	END
	TEST "INT n, as CD 03"
	HERE db 0xcd, 3
	END
	TEST "INT 13 has no error code"
	ANYWHERE
	GATE VEC(13), CODE0, .h4, A_P | A_INT32, 0
	mov ebx, esp
	int 13
.back4:	END
	jmp .n4
.h4:	FOUND ebx
	jmp .back4
.n4:	GATE VEC(13), CODE0, stub0 + 13 * (stub1 - stub0), A_P | A_INT32, 0

	; --- error codes that name the IDT
	TEST "INT past the limit of the IDT"
	mov word [idtr], 0x50 * 8 + 6
	lidt [idtr]
	HERE int 0x50
	END
	mov word [idtr], 0x7ff
	lidt [idtr]
	TEST "INT through a gate that is not present"
	GATE VEC(0x50), CODE0, stub0, A_INT32, 0
	HERE int 0x50
	END
	TEST "INT through something that is no gate"
	GATE VEC(0x50), CODE0, stub0, A_P | A_DATA, 0
	HERE int 0x50
	END
	TEST "INT through a call gate"
	GATE VEC(0x50), CODE0, stub0, A_P | A_CALL32, 0
	HERE int 0x50
	END
	TEST "gate to a null selector"
	GATE VEC(0x50), 0, stub0, A_P | A_INT32, 0
	HERE int 0x50
	END
	TEST "gate to data"
	GATE VEC(0x50), DATA0, stub0, A_P | A_INT32, 0
	HERE int 0x50
	END
	TEST "gate past the GDT"
	GATE VEC(0x50), GDT_END, stub0, A_P | A_INT32, 0
	HERE int 0x50
	END
	TEST "gate to code that is not present"
	DESC S_A, 0, 0xfffff, A_CODE, F_G | F_B
	GATE VEC(0x50), S_A, stub0, A_P | A_INT32, 0
	HERE int 0x50
	END
	TEST "gate to code of an outer ring"
	GATE VEC(0x50), CODE3, stub0, A_P | A_INT32, 0
	HERE int 0x50
	END
	TEST "gate to an offset past the limit"
	DESC S_A, 0x80000, 0x100, A_P | A_CODE, F_B
	mov word [0x80200], 0x40cd	; where there are no limits: int 0x40
	GATE VEC(0x50), S_A, 0x200, A_P | A_INT32, 0
	HERE int 0x50
	END
	TEST "an exception's gate that is not present has EXT"
	GATE VEC(6), CODE0, stub0, A_INT32, 0
	HERE ud2
	END
	TEST "an exception's gate to null has EXT"
	GATE VEC(6), 0, stub0, A_P | A_INT32, 0
	HERE ud2
	END
	TEST "an exception's gate to code not present has EXT"
	DESC S_A, 0, 0xfffff, A_CODE, F_G | F_B
	GATE VEC(6), S_A, stub0, A_P | A_INT32, 0
	HERE ud2
	END
	TEST "INT 6 through it has not"
	HERE int 6
	END
	TEST "INT3 through a gate not present"
	GATE VEC(3), CODE0, stub0, A_INT32, 0
	HERE int3
	END
	TEST "INT1 (F1) through a gate not present"
	GATE VEC(1), CODE0, stub0, A_INT32, 0
	HERE db 0xf1
	END
	GATE VEC(1), CODE0, stub0 + (stub1 - stub0), A_P | A_INT32, 0
	GATE VEC(3), CODE0, stub0 + 3 * (stub1 - stub0), A_P | A_INT32, 0
	GATE VEC(6), CODE0, stub0 + 6 * (stub1 - stub0), A_P | A_INT32, 0

	; --- from ring 3
	TEST "ring 3: INT to a gate of DPL 0"
	RING 3, .a1
.a1:	HERE int 0x42
	END
	TEST "ring 3: INT to a gate of DPL 2, not present"
	GATE VEC(0x50), CODE0, stub0, A_DPL(2) | A_INT32, 0
	RING 3, .a2
.a2:	HERE int 0x50
	END
	TEST "ring 3: INT3 to a gate of DPL 0"
	RING 3, .a3
.a3:	HERE int3
	END
	TEST "ring 3: a fault does not ask for the DPL"
	RING 3, .a4
.a4:	HERE ud2
	END
	TEST "ring 3 to ring 0: the stack of the TSS, five words"
	ANYWHERE
	GATE VEC(0x50), CODE0, .h5, A_P | A_DPL(3) | A_INT32, 0
	RING 3, .a5
.a5:	int 0x50
.h5:	FOUND stack_trap
	mov eax, [ss:esp + 4]
	RESULT eax
	mov eax, [ss:esp + 16]
	RESULT eax
	mov eax, stack3
	sub eax, [ss:esp + 12]
	RESULT eax
	BACK
	END
	TEST "ring 3 to ring 1"
	ANYWHERE
	GATE VEC(0x50), CODE1, .h6, A_P | A_DPL(3) | A_INT32, 0
	RING 3, .a6
.a6:	int 0x50
.h6:	mov eax, DATA1
	mov ds, ax
	FOUND stack1
	mov eax, [ss:esp + 4]
	RESULT eax
	BACK
	END
	TEST "ring 3 to ring 2"
	ANYWHERE
	GATE VEC(0x50), CODE2, .h7, A_P | A_DPL(3) | A_INT32, 0
	RING 3, .a7
.a7:	int 0x50
.h7:	mov eax, DATA2
	mov ds, ax
	FOUND stack2
	BACK
	END
	TEST "ring 1 to ring 1: no other stack"
	ANYWHERE
	GATE VEC(0x50), CODE1, .h8, A_P | A_DPL(3) | A_INT32, 0
	RING 1, .a8
.a8:	mov ebx, esp
	int 0x50
.h8:	FOUND ebx
	BACK
	END
	TEST "ring 1: INT through a gate to ring 3"
	GATE VEC(0x50), CODE3, .h8, A_P | A_DPL(3) | A_INT32, 0
	RING 1, .a9
.a9:	HERE int 0x50
	END
	TEST "ring 3: conforming code of ring 0: the ring stays 3"
	ANYWHERE
	DESC S_A, 0, 0xfffff, A_P | A_CONF, F_G | F_B
	GATE VEC(0x50), S_A, .h9, A_P | A_DPL(3) | A_INT32, 0
	RING 3, .b1
.b1:	mov ebx, esp
	int 0x50
.h9:	FOUND ebx
	BACK
	END
	TEST "DS and the like stay as they were"
	ANYWHERE
	GATE VEC(0x50), CODE0, .h10, A_P | A_DPL(3) | A_INT32, 0
	RING 3, .b2
.b2:	mov eax, DATA3
	mov ds, ax
	mov fs, ax
	int 0x50
.h10:	mov eax, ds
	RESULT eax
	mov eax, fs
	RESULT eax
	BACK
	END
	xor eax, eax
	mov fs, ax

	; --- bad inner stacks: #TS names the stack's selector
	GATE VEC(0x50), CODE1, good, A_P | A_DPL(3) | A_INT32, 0
%macro BADSS 2
	TEST %1
	mov dword [tss + 16], %2
	RING 3, %%r3
%%r3:	HERE int 0x50
	END
%endmacro
	BADSS "inner SS null", 0
	BADSS "inner SS past the table", GDT_END | 1
	BADSS "inner SS of the wrong RPL", DATA1 & ~3
	BADSS "inner SS of the wrong DPL", (DATA2 & ~3) | 1
	BADSS "inner SS is code", CODE1
	DESC S_A, 0, 0xfffff, A_P | A_RODATA | A_DPL(1), F_G | F_B
	BADSS "inner SS read-only", S_A | 1
	DESC S_A, 0, 0xfffff, A_DATA | A_DPL(1), F_G | F_B
	BADSS "inner SS not present", S_A | 1
	DESC S_A, 0, 0xf, A_P | A_DATA | A_DPL(1), F_B
	BADSS "inner stack too small", S_A | 1
	mov dword [tss + 16], DATA1
	TEST "TSS too small for the stack of ring 1"
	and byte [gdt + S_TSS + 5], 0xfd
	mov word [gdt + S_TSS], 0x0f
	mov eax, S_TSS
	ltr ax
	RING 3, .c1
.c1:	HERE int 0x50
	END
	and byte [gdt + S_TSS + 5], 0xfd
	mov word [gdt + S_TSS], 0x67
	mov eax, S_TSS
	ltr ax
	BADSS "and with a good one", DATA1

	; --- call gates
	TEST "call gate, same ring"
	ANYWHERE
	GATE gdt + S_B, CODE0, .g1, A_P | A_CALL32, 0
	mov ebx, esp
	call S_B:0x12345678	; the offset does not matter
.r1:	END
	jmp .n5
.g1:	FOUND ebx
	mov eax, [esp + 4]
	RESULT eax
	jmp .r1
.n5:	TEST "call gate, ring 3 to ring 0, two parameters"
	ANYWHERE
	GATE gdt + S_B, CODE0, .g2, A_P | A_DPL(3) | A_CALL32, 2
	RING 3, .d1
.d1:	push dword 0x11111111
	push dword 0x22222222
	call S_B:0
.g2:	FOUND stack_trap
	mov eax, [ss:esp + 8]
	RESULT eax
	mov eax, [ss:esp + 12]
	RESULT eax
	mov eax, stack3
	sub eax, [ss:esp + 16]
	RESULT eax
	mov eax, [ss:esp + 20]
	RESULT eax
	BACK
	END
	TEST "and RETF 8 back to ring 3, parameters gone from both stacks"
	ANYWHERE
	GATE gdt + S_B, CODE0, .g3, A_P | A_DPL(3) | A_CALL32, 2
	RING 3, .d2
.d2:	mov eax, DATA3
	mov es, ax
	push dword 0x11111111
	push dword 0x22222222
	call S_B:0
	mov edx, cs
	mov eax, ds
	mov ecx, es
	RESULT edx
	RESULT eax
	RESULT ecx
	mov eax, stack3
	sub eax, esp
	RESULT eax
	BACK
.g3:	mov eax, DATA0
	mov ds, ax
	retf 8
	END
	TEST "call gate, ring 3 to ring 1"
	ANYWHERE
	GATE gdt + S_B, CODE1, .g4, A_P | A_DPL(3) | A_CALL32, 1
	RING 3, .d3
.d3:	push dword 0x33333333
	call S_B:0
.g4:	mov eax, DATA1
	mov ds, ax
	FOUND stack1
	mov eax, [ss:esp + 8]
	RESULT eax
	BACK
	END
	TEST "16-bit call gate, ring 3 to ring 0, a word"
	ANYWHERE
	DESC S_A, 0x10000, 0xffff, A_P | A_CODE, F_B
	mov eax, .g5 - 0x10000
	mov [gdt + S_B], ax
	mov word [gdt + S_B + 2], S_A
	mov word [gdt + S_B + 4], ((A_P | A_DPL(3) | A_CALL16) << 8) | 1
	mov word [gdt + S_B + 6], 0
	RING 3, .d4
.d4:	push word 0x4444
	call S_B:0
.g5:	FOUND stack_trap
	movzx eax, word [ss:esp + 4]
	RESULT eax
	movzx eax, word [ss:esp + 8]
	RESULT eax
	BACK
	END
	TEST "call gate of DPL 0 from ring 3"
	GATE gdt + S_B, CODE0, .g2, A_P | A_CALL32, 0
	RING 3, .d5
.d5:	HERE call S_B | 3:0
	END
	TEST "call gate of DPL 2 by a selector of RPL 3, from ring 1"
	GATE gdt + S_B, CODE0, .g2, A_P | A_DPL(2) | A_CALL32, 0
	RING 1, .d6
.d6:	HERE call S_B | 3:0
	END
	TEST "call gate not present"
	GATE gdt + S_B, CODE0, .g2, A_DPL(3) | A_CALL32, 0
	HERE call S_B:0
	END
	TEST "call gate to null"
	GATE gdt + S_B, 0, .g2, A_P | A_DPL(3) | A_CALL32, 0
	HERE call S_B:0
	END
	TEST "call gate to data"
	GATE gdt + S_B, DATA0, .g2, A_P | A_DPL(3) | A_CALL32, 0
	HERE call S_B:0
	END
	TEST "call gate to code not present"
	DESC S_A, 0, 0xfffff, A_CODE, F_G | F_B
	GATE gdt + S_B, S_A, .g2, A_P | A_DPL(3) | A_CALL32, 0
	HERE call S_B:0
	END
	TEST "call gate to an outer ring"
	GATE gdt + S_B, CODE3, .g2, A_P | A_DPL(3) | A_CALL32, 0
	HERE call S_B:0
	END
	TEST "jump through a call gate, same ring"
	ANYWHERE
	GATE gdt + S_B, CODE3, .g6, A_P | A_DPL(3) | A_CALL32, 0
	RING 3, .d7
.d7:	mov ebx, esp
	jmp S_B:0
.g6:	mov eax, ebx
	sub eax, esp
	RESULT eax
	BACK
	END
	TEST "jump through a call gate to an inner ring"
	GATE gdt + S_B, CODE0, .g2, A_P | A_DPL(3) | A_CALL32, 0
	RING 3, .d8
.d8:	HERE jmp S_B:0
	END
	TEST "call gate to conforming code of ring 0: the ring stays"
	ANYWHERE
	DESC S_A, 0, 0xfffff, A_P | A_CONF, F_G | F_B
	GATE gdt + S_B, S_A, .g7, A_P | A_DPL(3) | A_CALL32, 0
	RING 3, .d9
.d9:	call S_B:0
.g7:	mov eax, cs
	RESULT eax
	BACK
	END
	TEST "call gate with a bad inner stack"
	mov dword [tss + 8], 0
	GATE gdt + S_B, CODE0, .g2, A_P | A_DPL(3) | A_CALL32, 0
	GATE VEC(10), CODE1, .ts, A_P | A_INT32, 0
	RING 3, .e1
.e1:	HERE call S_B:0
.ts:	mov eax, DATA1
	mov ds, ax
	pop dword [t_error]
	mov eax, [t_error]
	RESULT eax
	mov dword [tss + 8], DATA0
	BACK
	END
	GATE VEC(10), CODE0, stub0 + 10 * (stub1 - stub0), A_P | A_INT32, 0

	; --- direct far jumps and calls
	TEST "far call to an outer ring"
	HERE call CODE3:0
	END
	TEST "far call, RPL above CPL, to code of our ring"
	HERE call CODE0 | 3:0
	END
	TEST "far jump to an inner ring"
	RING 3, .f1
.f1:	HERE jmp CODE0:0
	END
	TEST "far jump to conforming code of an inner ring"
	DESC S_A, 0, 0xfffff, A_P | A_CONF, F_G | F_B
	RING 3, .f2
.f2:	jmp S_A:.f3
.f3:	mov eax, cs
	RESULT eax
	HERE BACK
	END
	TEST "far jump to conforming code of an outer ring"
	DESC S_A, 0, 0xfffff, A_P | A_CONF | A_DPL(3), F_G | F_B
	HERE jmp S_A:0
	END
	TEST "far jump to null"
	HERE jmp 0:0
	END
	TEST "far jump to data"
	HERE jmp DATA0:0
	END
	TEST "far jump to code not present"
	DESC S_A, 0, 0xfffff, A_CODE, F_G | F_B
	HERE jmp S_A:0
	END
	TEST "far jump to an LDT descriptor"
	DESC S_A, 0, 0xfffff, A_P | A_LDT, 0
	HERE jmp S_A:0
	END
	TEST "far call with no room on the stack"
	DESC S_A, 0, 0xfffff, A_P | A_DATA | A_DPL(3), F_B
	RING 3, .f4
.f4:	mov eax, S_A | 3
	mov ss, ax
	mov esp, 0x100004
	HERE call CODE3:.f5
.f5:	BACK
	END
	STOP
