; SPDX-License-Identifier: GPL-2.0-or-later
;
; Real mode: how one gets there, what it is like, and the way back to protected mode that every
; processor takes after a reset. From volume 3, "8086 Emulation", "Switching Back to Real-Address Mode"
; and "Switching to Protected Mode".
;
; Results of real mode are counted in `r` and told in protected mode afterwards.
%include "ring.inc"

; QEMU does not look at limits.
;qemu: over the end of DS; of SS; and where: no trap 00000000 00000000 00000000

%define CODE16 SCRATCH
%define DATA16 (SCRATCH + 8)
%define SEG 0x1000		; the image's own, in paragraphs
%define OFF(x) ((x) - 0x10000)

main:	mov esp, stack0
	call setup
	DESC CODE16, 0x10000, 0xffff, A_P | A_CODE, 0
	DESC DATA16, 0x10000, 0xffff, A_P | A_DATA, 0
	mov dword [0x104311], 0x4a5a6a7a
	sidt [old_idt]
	cli
	jmp CODE16:OFF(to_real)
bits 16
to_real:
	mov ax, DATA16		; 64 KB, as real mode wants them
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov fs, ax
	mov gs, ax
	mov eax, cr0
	and al, 0xfe
	mov cr0, eax
	jmp SEG:OFF(.real)
.real:	mov ax, SEG
	mov ds, ax
	mov ss, ax
	mov sp, OFF(stack1)
	lidt [OFF(ivt_reg)]

	; a selector is a sixteenth of a base
	mov ax, 0xffff
	mov es, ax
	mov eax, [es:0x4321]	; physical 0x104311: A20 is open
	mov [OFF(r)], eax
	mov ax, es
	mov [OFF(r) + 4], ax

	; INT, its frame, and IRET
	stc
	sti
	int 0x60
	cli
	mov [OFF(r) + 8], sp
	; a fault: an operand over the end of the segment
	mov word [OFF(t16_next)], OFF(.past1)
	mov bx, 0xffff
	mov ax, [bx]
.past1:	mov ax, [OFF(t16_vector)]
	mov [OFF(r) + 12], ax
	test ax, ax
	jz .nofault
	mov ax, [OFF(t16_ip)]
	sub ax, OFF(.past1)
	mov [OFF(r) + 14], ax
.nofault:
	; on the stack it is another fault
	mov word [OFF(t16_next)], OFF(.past2)
	mov bp, 0xffff
	mov ax, [bp]
.past2:	mov ax, [OFF(t16_vector)]
	mov [OFF(r) + 16], ax
	; what there is in protected mode only
	mov word [OFF(t16_next)], OFF(.past3)
	sldt ax
.past3:	mov ax, [OFF(t16_vector)]
	mov [OFF(r) + 18], ax
	; division
	mov word [OFF(t16_next)], OFF(.past4)
	xor cx, cx
	div cx
.past4:	mov ax, [OFF(t16_vector)]
	mov [OFF(r) + 20], ax
	; far calls, and jumps of 32 bits
	xor dx, dx
	call SEG:OFF(far_proc)
	call far [OFF(far_ptr)]
	jmp dword SEG:OFF(.wide)
.wide:	mov [OFF(r) + 24], dx
	; 32-bit operands and addresses
	mov esi, OFF(number)
	mov eax, [esi + 4 * 1]
	mov [OFF(r) + 28], eax
	; PUSH and POP wrap at 64 KB
	mov dx, sp
	xor sp, sp
	push word 0x1111
	mov ax, sp
	mov sp, dx
	mov [OFF(r) + 32], ax
	; SMSW is for everybody, and LMSW can set PE: the way back
	smsw ax
	mov [OFF(r) + 34], ax
	; a large segment stays large: protected mode, and out again
	lgdt [OFF(gdt_reg)]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	mov bx, DATA0
	mov fs, bx
	and al, 0xfe
	mov cr0, eax
	jmp SEG:OFF(.unreal)
.unreal: mov ebx, 0x104311
	mov eax, [fs:ebx]
	mov [OFF(r) + 36], eax
	; and back, for good
	lmsw [OFF(one)]
	jmp dword CODE0:back

; INT 0x60: flags of the frame, and those it runs with
int60:	push bp
	mov bp, sp
	mov ax, [bp + 6]
	and ax, 0x201
	mov [OFF(r) + 10], ax
	pushf
	pop ax
	and ax, 0x200
	or [OFF(r) + 10], ax
	pop bp
	iret
far_proc:
	inc dx
	retf
; All faults: three words of frame, no error code.
%macro FAULT16 1
fault_%1:
	mov word [cs:OFF(t16_vector)], %1
	jmp fault16
%endmacro
FAULT16 0
FAULT16 6
FAULT16 12
FAULT16 13
fault16:
	push bp
	mov bp, sp
	push ax
	mov ax, [bp + 2]
	mov [cs:OFF(t16_ip)], ax
	mov ax, [cs:OFF(t16_next)]
	mov [bp + 2], ax
	pop ax
	pop bp
	iret

bits 32
back:	mov eax, DATA0
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov esp, stack0
	lidt [old_idt]
	TEST "a segment is sixteen times its selector"
	ANYWHERE
	RESULT dword [r]
	RESULT dword [r + 4]
	END
	TEST "INT: IF and CF in the frame; IF off inside; SP after IRET"
	ANYWHERE
	movzx eax, word [r + 10]
	RESULT eax
	movzx eax, word [r + 8]
	sub eax, OFF(stack1)
	RESULT eax
	END
	TEST "over the end of DS; of SS; and where"
	ANYWHERE
	movzx eax, word [r + 12]
	RESULT eax
	movzx eax, word [r + 16]
	RESULT eax
	movzx eax, word [r + 14]
	RESULT eax
	END
	TEST "SLDT; division by zero"
	ANYWHERE
	movzx eax, word [r + 18]
	RESULT eax
	movzx eax, word [r + 20]
	RESULT eax
	END
	TEST "far calls came back"
	ANYWHERE
	movzx eax, word [r + 24]
	RESULT eax
	END
	TEST "32-bit operand and address"
	ANYWHERE
	RESULT dword [r + 28]
	END
	TEST "the stack wraps at 64 KB; PE"
	ANYWHERE
	movzx eax, word [r + 32]
	RESULT eax
	movzx eax, word [r + 34]
	and eax, 1
	RESULT eax
	END
	TEST "4 GB limit in real mode"
	ANYWHERE
	RESULT dword [r + 36]
	END
	STOP

section .data
align 8
ivt:	times 6 dw OFF(fault_0), SEG
	dw OFF(fault_6), SEG
	times 5 dw OFF(fault_0), SEG
	dw OFF(fault_12), SEG
	dw OFF(fault_13), SEG
	times (0x60 - 14) dw OFF(fault_0), SEG
	dw OFF(int60), SEG
ivt_reg: dw 0x61 * 4 - 1
	dd ivt
gdt_reg: dw GDT_END - 1
	dd gdt
old_idt: dw 0
	dd 0
far_ptr: dw OFF(far_proc), SEG
number:	dd 0, 0x89abcdef
one:	dw 1
t16_vector dw 0
t16_ip	dw 0
t16_next dw 0
align 4
r:	times 10 dd 0
