; SPDX-License-Identifier: GPL-2.0-or-later
;
; Hardware tasks: switches by JMP, CALL, IRET and a task gate in the IDT; busy bits, NT, the link, TS;
; what is saved and what is loaded; what can be wrong. From the manual's chapter "Task Management".
%include "ring.inc"

; QEMU: LTR takes null; a fault in the new task has the EIP of the jump in the old one; a stack
; that is not present is #NP; the T bit is not looked at.
;qemu: LTR of null: no trap
;qemu: new task: CS null: #0a(0000) cs=0003 eip=here+fffffff9
;qemu: new task: CS is data: #0a(0040) cs=0043 eip=here+fffffff9
;qemu: new task: CS of another ring: #0a(0018) cs=001b eip=here+fffffff9
;qemu: new task: SS null: #0a(0000) cs=003b eip=here+fffffff9
;qemu: new task: SS of another ring: #0a(0010) cs=003b eip=here+fffffff9
;qemu: new task: DS of no use: #0a(0048) cs=003b eip=here+fffffff9
;qemu: new task: DS of an inner ring: #0a(0010) cs=003b eip=here+fffffff9
;qemu: new task: ES not present: #0b(0068) cs=003b eip=here+fffffff9
;qemu: new task: SS not present: #0b(0068) cs=003b eip=here+fffffff9
;qemu: new task: CS not present: #0b(0068) cs=006b eip=here+fffffff9
;qemu: new task: LDT is none: #0a(0010) cs=003b eip=here+fffffff9
;qemu: new task in ring 0 with CS null: its own stack will do: #0a(0000) cs=0000 eip=here+fffffff9
;qemu: T bit of the TSS: a debug trap: no trap
;qemu: as DR6 says: no trap 00000000
%define S_GATE SCRATCH
%define S_A SCRATCH + 8
%define BUSY 2
%define TSS_LINK 0
%define TSS_ESP0 4
%define TSS_CR3 28
%define TSS_EIP 32
%define TSS_FLAGS 36
%define TSS_EAX 40
%define TSS_ECX 44
%define TSS_ESP 56
%define TSS_ES 72
%define TSS_CS 76
%define TSS_SS 80
%define TSS_DS 84
%define TSS_LDT 96

; A fresh second task: label, and the outgoing task's descriptor busy, as LTR left it.
%macro NEWTASK 1
	mov edi, tss2
	xor eax, eax
	mov ecx, 26
	rep stosd
	mov dword [tss2 + TSS_EIP], %1
	mov dword [tss2 + TSS_FLAGS], 2
	mov dword [tss2 + TSS_ESP], stack_task
	mov dword [tss2 + TSS_ES], DATA0
	mov dword [tss2 + TSS_CS], CODE0
	mov dword [tss2 + TSS_SS], DATA0
	mov dword [tss2 + TSS_DS], DATA0
	mov dword [tss2 + TSS_EAX], 0x11112222
	mov dword [tss2 + TSS_ESP0], stack_trap2
	mov dword [tss2 + TSS_ESP0 + 4], DATA0
	mov word [tss2 + 0x66], 0x68
	mov eax, tss2
	mov word [gdt + S_TSS2], 0x67
	mov [gdt + S_TSS2 + 2], ax
	shr eax, 16
	mov [gdt + S_TSS2 + 4], al
	mov word [gdt + S_TSS2 + 5], 0x89
	call first_task
%endmacro

; What there is to know in the new task.
%macro STATE 0
	pushfd
	pop ecx
	and ecx, 0x4000		; NT
	RESULT ecx
	movzx ecx, byte [gdt + S_TSS + 5]
	RESULT ecx
	movzx ecx, byte [gdt + S_TSS2 + 5]
	RESULT ecx
	str ecx
	and ecx, 0xffff
	RESULT ecx
	mov ecx, cr0
	and ecx, 8
	RESULT ecx
	movzx ecx, word [tss2]
	RESULT ecx
%endmacro

	jmp main

; Be the first task, whatever happened; TS clear.
first_task:
	mov byte [gdt + S_TSS + 5], 0x89
	mov ax, S_TSS
	ltr ax
	clts
	push dword 2
	popfd
	ret

main:	mov esp, stack0
	call setup

	TEST "LTR marks the TSS busy"
	ANYWHERE
	movzx ecx, byte [gdt + S_TSS + 5]
	RESULT ecx
	END
	TEST "LTR of a busy TSS"
	mov eax, S_TSS
	HERE ltr ax
	END
	TEST "LTR of something else"
	mov eax, DATA0
	HERE ltr ax
	END
	TEST "LTR of null"
	xor eax, eax
	HERE ltr ax
	END
	TEST "LTR not present"
	mov dword [gdt + S_A], 0x67
	mov dword [gdt + S_A + 4], A_TSS32 << 8
	mov eax, S_A
	HERE ltr ax
	END

	TEST "JMP to a TSS: new busy, old not, no link"
	ANYWHERE
	NEWTASK .j1
	mov ecx, 0x33334444
	jmp S_TSS2:0
.j1:	STATE
	END
	TEST "what was loaded, what was saved"
	ANYWHERE
	NEWTASK .j2
	mov ecx, 0x33334444
	jmp S_TSS2:0
.back:	nop
.j2:	RESULT eax
	RESULT dword [tss + TSS_ECX]
	mov eax, [tss + TSS_EIP]
	sub eax, .back
	RESULT eax
	mov eax, [tss + TSS_CS]
	and eax, 0xffff
	RESULT eax
	mov eax, stack_task
	sub eax, esp
	RESULT eax
	END
	TEST "CALL to a TSS: both busy, NT, linked"
	ANYWHERE
	NEWTASK .c1
	call S_TSS2:0
.c1:	STATE
	END
	TEST "and IRET back"
	ANYWHERE
	NEWTASK .c2
	mov ebx, 0x55
	call S_TSS2:0
	STATE
	RESULT ebx
	mov eax, [tss2 + TSS_EIP]
	sub eax, .c3
	RESULT eax
	jmp %$done
.c2:	mov ebx, 0x66
	iretd
.c3:
	END
	TEST "a task gate in the IDT, INT"
	ANYWHERE
	NEWTASK .i1
	mov dword [idt + 0x50 * 8], S_TSS2 << 16
	mov dword [idt + 0x50 * 8 + 4], (A_P | A_TASKGATE) << 8
	mov ebx, esp
	int 0x50
.i1:	STATE
	mov eax, stack_task
	sub eax, esp
	RESULT eax
	END
	TEST "a task gate in the IDT, exception with an error code"
	ANYWHERE
	NEWTASK .i2
	mov dword [idt + 13 * 8], S_TSS2 << 16
	mov dword [idt + 13 * 8 + 4], (A_P | A_TASKGATE) << 8
	mov eax, GDT_END
	mov es, ax
.i2:	mov eax, stack_task
	sub eax, esp
	RESULT eax
	RESULT dword [esp]
	END
	GATE idt + 13 * 8, CODE0, stub0 + 13 * (stub1 - stub0), A_P | A_INT32, 0
	TEST "a task gate in the GDT, CALL from ring 3"
	ANYWHERE
	NEWTASK .g1
	mov dword [gdt + S_GATE], S_TSS2 << 16
	mov dword [gdt + S_GATE + 4], (A_P | A_DPL(3) | A_TASKGATE) << 8
	RING 3, .g0
.g0:	call S_GATE | 3:0
.g1:	STATE
	RESULT dword [tss + TSS_CS]
	END
	TEST "a TSS of DPL 0, CALL from ring 3"
	NEWTASK 0
	RING 3, .p1
.p1:	HERE call S_TSS2 | 3:0
	END
	TEST "JMP to a busy TSS"
	NEWTASK 0
	HERE jmp S_TSS:0
	END
	TEST "JMP to a TSS that is not present"
	NEWTASK 0
	and byte [gdt + S_TSS2 + 5], 0x7f
	HERE jmp S_TSS2:0
	END
	TEST "TSS too small"
	NEWTASK 0
	mov word [gdt + S_TSS2], 0x66
	HERE jmp S_TSS2:0
	END
	TEST "task gate to what is no TSS"
	mov dword [gdt + S_GATE], DATA0 << 16
	mov dword [gdt + S_GATE + 4], (A_P | A_DPL(3) | A_TASKGATE) << 8
	HERE jmp S_GATE:0
	END
	TEST "task gate not present"
	mov dword [gdt + S_GATE], S_TSS2 << 16
	mov dword [gdt + S_GATE + 4], (A_DPL(3) | A_TASKGATE) << 8
	HERE jmp S_GATE:0
	END
	TEST "IRET with NT, the link names no busy TSS"
	NEWTASK 0
	mov word [tss], S_TSS2
	push dword 0x4002
	popfd
	HERE iretd
	END
	mov word [tss], 0
	push dword 2
	popfd

	; --- faults in the new task, before its first instruction
; The task is one of ring 3, so that its faults find a stack of ring 0.
%macro BADTASK 3 ; name, field, value
	TEST %1
	NEWTASK %$here
	mov dword [tss2 + TSS_CS], CODE3
	mov dword [tss2 + TSS_SS], DATA3
	mov dword [tss2 + TSS_ES], DATA3
	mov dword [tss2 + TSS_DS], DATA3
	mov dword [tss2 + %2], %3
	jmp S_TSS2:0
	HERE BACK
	END
	TEST {%1, ": in which task"}
	ANYWHERE
	str eax
	and eax, 0xffff
	RESULT eax
	END
%endmacro
	BADTASK "new task: nothing wrong", TSS_EAX, 0
	BADTASK "new task: CS null", TSS_CS, 3
	BADTASK "new task: CS is data", TSS_CS, DATA3
	BADTASK "new task: CS of another ring", TSS_CS, CODE1 | 3
	BADTASK "new task: SS null", TSS_SS, 0
	BADTASK "new task: SS of another ring", TSS_SS, DATA0
	BADTASK "new task: DS of no use", TSS_DS, S_TSS
	BADTASK "new task: DS of an inner ring", TSS_DS, DATA0
	DESC S_A, 0, 0xfffff, A_DATA | A_DPL(3), F_G | F_B
	BADTASK "new task: ES not present", TSS_ES, S_A
	BADTASK "new task: SS not present", TSS_SS, S_A | 3
	DESC S_A, 0, 0xfffff, A_CODE | A_DPL(3), F_G | F_B
	BADTASK "new task: CS not present", TSS_CS, S_A | 3
	BADTASK "new task: LDT is none", TSS_LDT, DATA0
	TEST "new task in ring 0 with CS null: its own stack will do"
	NEWTASK %$here
	mov dword [tss2 + TSS_CS], 0
	jmp S_TSS2:0
	HERE nop
	END
	TEST "T bit of the TSS: a debug trap"
	NEWTASK %$here
	mov word [tss2 + 0x64], 1
	mov eax, 0xffff0ff0
	mov dr6, eax
	jmp S_TSS2:0
HERE
	nop
	END
	TEST "as DR6 says"
	ANYWHERE
	mov eax, dr6
	and eax, 0xe00f
	RESULT eax
	END
	call first_task
	STOP

section .data
align 16
tss2:	times 128 db 0
	times 512 db 0
stack_task:
	times 512 db 0
stack_trap2:
