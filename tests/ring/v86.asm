; SPDX-License-Identifier: GPL-2.0-or-later
;
; Virtual-8086 mode: in by IRET, out by interrupts and exceptions, what it may do at which IOPL, and
; how its segments work. From the manual's chapter "8086 Emulation".
%include "ring.inc"

; QEMU: no limits, so a word at FFFF is two bytes and an offset may have 32 bits; the handler may be of
; any ring; IRET in ring 3 obeys VM in the frame, and takes the program to virtual-8086 mode.
;qemu: a word at offset FFFF: #40 cs=7000 00023000 70001000
;qemu: a word at offset FFFF of SS: #40 cs=7000 00023000 70001000
;qemu: an offset past 64 KB: #40 cs=7000 00023000 70001000
;qemu: an interrupt gate to ring 1: #GP: #41 cs=0019
;qemu: VM in the frame does nothing for IRET in ring 3: #0d(0000) cs=003b
;qemu: EFLAGS after that: no trap 00000004
%define SEG 0x7000		; the program, at 0x70000
%define BASE 0x70000

; ENTER flags: to the 16-bit code at SEG:0, stack SEG:0x1000, some data segments.
%macro ENTER86 1
	push dword 0x7400	; GS
	push dword 0x7300	; FS
	push dword 0x7200	; DS
	push dword 0x7100	; ES
	push dword SEG		; SS
	push dword 0x1000	; ESP
	push dword (%1) | 0x20002
	push dword SEG		; CS
	push dword 0		; EIP
	iretd
%endmacro

; V86 name, IOPL: the code stands between this and END86, and is copied to SEG:0.
%macro V86 2
	TEST %1
	mov esi, %%code
	mov edi, BASE
	mov ecx, 256
	cld
	rep movsb
	ENTER86 (%2) << 12
%define v86_name %%code
bits 16
%%code:
%endmacro
%macro END86 0
bits 32
%$done:
	call results
	call report
	%pop
%endmacro
; Where in the 16-bit code it should trap.
%macro AT86 0-1+
%$at:
%$here equ %$at - v86_name
	%1
%endmacro

	jmp main
; The trap's frame has the data segments behind SS; they and the flags are results, and DS to GS
; themselves must be null now.
results:
	push eax
	push ebx
	mov ebx, [t_results]
	mov eax, [t_flags]
	and eax, 0x23000	; VM, IOPL
	mov [t_result + ebx * 4], eax
	mov eax, [t_ss]
	shl eax, 16
	mov ax, [t_esp]
	mov [t_result + ebx * 4 + 4], eax
	add dword [t_results], 2
	pop ebx
	pop eax
	ret

main:	mov esp, stack0
	call setup

	V86 "INT 40, IOPL 3, gate of DPL 3", 3
AT86	int 0x40
	END86
	V86 "INT 40, IOPL 0", 0
AT86	int 0x40
	END86
	V86 "INT 42, IOPL 3, gate of DPL 0", 3
AT86	int 0x42
	END86
	V86 "INT3, IOPL 0: the gate's DPL counts, not IOPL", 0
AT86	int3
	END86
	V86 "UD2", 0
AT86	ud2
	END86
	V86 "HLT", 3
AT86	hlt
	END86
	V86 "CLI, IOPL 2", 2
AT86	cli
	END86
	V86 "CLI, IOPL 3", 3
	cli
AT86	int 0x40
	END86
	V86 "PUSHF, IOPL 0", 0
AT86	pushf
	END86
	V86 "POPF, IOPL 0", 0
AT86	popf
	END86
	V86 "IRET, IOPL 0", 0
AT86	iret
	END86
	V86 "POPF, IOPL 3: not IOPL", 3
	push word 0x0002
	popf
AT86	int 0x40
	END86
	V86 "PUSHFD, IOPL 3: VM and RF are not seen", 3
	pushfd
	pop eax
	shr eax, 16
	test ax, 3
	jz .novm
	hlt
.novm:
AT86	int 0x40
	END86
	V86 "IRET, IOPL 3: like a real one", 3
	push word 0x3002
	push word SEG
	push word 0x80
	iret
	times 0x80 - ($ - v86_name) db 0xf4
AT86	int 0x40
	END86
	V86 "IN, IOPL 3: the map all the same", 3
AT86	in al, 0x80
	END86
	V86 "LLDT", 3
AT86	lldt ax
	END86
	V86 "SLDT", 3
AT86	sldt ax
	END86
	V86 "LAR", 3
AT86	lar ax, ax
	END86
	V86 "ARPL", 3
AT86	arpl ax, ax
	END86
	V86 "MOV from CR0", 3
AT86	mov eax, cr0
	END86
	V86 "SMSW is allowed", 0
	smsw ax
AT86	int3
	END86
	V86 "segments are paragraphs", 3
	mov ax, 0x7500
	mov ds, ax
	mov word [0x10], 0x1234
	mov ax, 0x7501
	mov es, ax
	cmp word [es:0], 0x1234
	je .good
	hlt
.good:
AT86	int 0x40
	END86
	V86 "a word at offset FFFF", 3
AT86	mov ax, [0xffff]
	int 0x40
	END86
	V86 "a word at offset FFFF of SS", 3
AT86	mov ax, [ss:0xffff]
	int 0x40
	END86
	V86 "an offset past 64 KB", 3
	mov ebx, 0x10000
AT86	mov al, [ebx]
	int 0x40
	END86
	V86 "far jump", 3
	jmp SEG + 1:0x70
	times 0x80 - ($ - v86_name) db 0xf4
AT86	int 0x40
	END86
	V86 "CALL FAR and RETF", 3
	call SEG + 1:0x70
AT86	int 0x40
	times 0x80 - ($ - v86_name) db 0xf4
	retf
	END86
	V86 "single step", 3
	push word 0x3102
	popf
	nop
AT86	nop
	END86

	; --- what the other side sees
	TEST "the handler's data segments are null, the frame has the old ones"
	ANYWHERE
	mov word [BASE], 0x40cd
	GATE idt + 0x40 * 8, CODE0, .h, A_P | A_DPL(3) | A_INT32, 0
	ENTER86 0x3000
.h:	mov eax, ds
	mov ecx, es
	shl ecx, 16
	or eax, ecx
	RESULT eax
	mov eax, fs
	mov ecx, gs
	shl ecx, 16
	or eax, ecx
	RESULT eax
	mov eax, [ss:esp + 20]
	RESULT eax
	mov eax, [ss:esp + 24]
	RESULT eax
	mov eax, [ss:esp + 28]
	RESULT eax
	mov eax, [ss:esp + 32]
	RESULT eax
	mov eax, stack_trap
	sub eax, esp
	RESULT eax
	int 0x41
	END
	TEST "and back by IRET, twice"
	ANYWHERE
	mov dword [BASE], 0x40cd40cd
	mov dword [count], 0
	GATE idt + 0x40 * 8, CODE0, .h2, A_P | A_DPL(3) | A_INT32, 0
	ENTER86 0x3000
.h2:	inc dword [ss:count]
	cmp dword [ss:count], 2
	je .enough
	iretd
.enough:
	mov eax, [ss:esp]
	RESULT eax
	int 0x41
	END
	TEST "an interrupt gate to ring 1: #GP"
	ANYWHERE
	mov word [BASE], 0x40cd
	GATE idt + 0x40 * 8, CODE1, .wrong, A_P | A_DPL(3) | A_INT32, 0
	mov dword [t_here], 0
	ENTER86 0x3000
.wrong:	int 0x41
	END
	GATE idt + 0x40 * 8, CODE0, stub0 + 0x40 * (stub1 - stub0), A_P | A_DPL(3) | A_INT32, 0
	TEST "VM in the frame does nothing for IRET in ring 3"
	mov dword [0x8000], 0x40cd589c	; pushfd; pop eax; int 0x40
	mov word [0x83b0], 0x40cd	; where 003b:8000 is, if it is a paragraph
	mov dword [t_here], 0x8000
	RING 3, .r3
.r3:	ANYWHERE
	sub esp, 32
	push dword 0x20002
	push dword CODE3
	push dword 0x8000
	iretd
	END
	TEST "EFLAGS after that"
	ANYWHERE
	RESULT dword [t_eax]
	END
	STOP

section .data
count	dd 0
