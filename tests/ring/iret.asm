; SPDX-License-Identifier: GPL-2.0-or-later
;
; IRET and RETF: to each ring, with each thing that can be wrong with a frame, what happens to the
; data segments, and which flags which ring may change. From the manual's pages on IRET, RET, POPF.
%include "ring.inc"

; A stack segment that is not present is #SS ("Interrupt 12": "a return to a different privilege
; level"), and so it is on silicon; QEMU and Bochs make it #NP. QEMU knows no limits.
;qemu: SS not present: #0b(0060)
;bochs: SS not present: #0b(0060)
;qemu: EIP past the limit of CS: #40 cs=0063
;qemu: stack too small for the outer part, nothing popped: #40 cs=003b
%define S_A SCRATCH

; FRAME ss, esp, flags, cs, eip
%macro FRAME 5
	push dword %1
	push dword %2
	push dword %3
	push dword %4
	push dword %5
%endmacro

%macro IRET_TO 3 ; ring, flags: what IRET makes of them there
	TEST %3
	ANYWHERE
	FRAME DATA%1, stack%1, %2, CODE%1, %%there
	iretd
%%there:
	pushfd
	pop ecx
	mov edx, cs
	shl edx, 16
	mov dx, ss
	mov eax, stack%1
	sub eax, esp
	RESULT edx
	RESULT eax
	RESULT ecx
	BACK
	END
%endmacro

main:	mov esp, stack0
	call setup

	TEST "IRET to ring 0: three words"
	ANYWHERE
	mov ebx, esp
	pushfd
	push dword CODE0
	push dword .same
	iretd
.same:	mov eax, ebx
	sub eax, esp
	RESULT eax
	END
	IRET_TO 1, 0x3ad7, "IRET to ring 1"
	IRET_TO 2, 0x1002, "IRET to ring 2"
	IRET_TO 3, 0x0202, "IRET to ring 3"

	TEST "RETF to ring 3, releasing 8 bytes of both stacks"
	ANYWHERE
	push dword DATA3
	push dword stack3 - 32
	push dword 0
	push dword 0
	push dword CODE3
	push dword .r1
	retf 8
.r1:	mov eax, stack3
	sub eax, esp
	RESULT eax
	BACK
	END
	TEST "RETF from ring 1 to ring 3"
	ANYWHERE
	RING 1, .r2
.r2:	push dword DATA3
	push dword stack3
	push dword CODE3
	push dword .r3
	retf
.r3:	mov eax, cs
	RESULT eax
	BACK
	END

	; --- bad frames; the fault comes before anything has changed
%macro BADIRET 6 ; name, ss, esp, flags, cs, eip
	TEST %1
	FRAME %2, %3, %4, %5, %6
	HERE iretd
	END
%endmacro
	BADIRET "CS null", DATA3, stack3, 2, 0, 0
	BADIRET "CS null with RPL 3", DATA3, stack3, 2, 3, 0
	BADIRET "CS past the table", DATA3, stack3, 2, GDT_END | 3, 0
	BADIRET "CS is data", DATA3, stack3, 2, DATA3, 0
	BADIRET "CS: RPL above DPL", DATA3, stack3, 2, CODE0 | 3, 0
	BADIRET "CS: RPL below DPL, same ring", DATA3, stack3, 2, CODE3 & ~3, 0
	DESC S_A, 0, 0xfffff, A_CODE | A_DPL(3), F_G | F_B
	BADIRET "CS not present", DATA3, stack3, 2, S_A | 3, 0
	DESC S_A, 0, 0xfffff, A_P | A_CONF | A_DPL(3), F_G | F_B
	BADIRET "CS conforming, DPL above RPL", DATA3, stack3, 2, S_A, 0
	BADIRET "SS null", 0, stack3, 2, CODE3, 0
	BADIRET "SS past the table", GDT_END | 3, stack3, 2, CODE3, 0
	BADIRET "SS: RPL is not that of CS", DATA3 & ~3, stack3, 2, CODE3, 0
	BADIRET "SS: DPL is not the RPL of CS", DATA2 | 1, stack3, 2, CODE3, 0
	BADIRET "SS is code", CODE3, stack3, 2, CODE3, 0
	DESC S_A, 0, 0xfffff, A_P | A_RODATA | A_DPL(3), F_G | F_B
	BADIRET "SS read-only", S_A | 3, stack3, 2, CODE3, 0
	DESC S_A, 0, 0xfffff, A_DATA | A_DPL(3), F_G | F_B
	BADIRET "SS not present", S_A | 3, stack3, 2, CODE3, 0
	DESC S_A, 0, 0x1ffff, A_P | A_CODE | A_DPL(3), F_B
	mov word [0x30000], 0x40cd	; where there are no limits
	BADIRET "EIP past the limit of CS", DATA3, stack3, 2, S_A | 3, 0x30000
	TEST "from ring 3 to ring 0"
	RING 3, .b1
.b1:	push dword 2
	push dword CODE0
	push dword .b1
	HERE iretd
	END
	TEST "from ring 3 to ring 1"
	RING 3, .b2
.b2:	push dword 2
	push dword CODE1
	push dword .b2
	HERE iretd
	END
	TEST "stack too small for the outer part, nothing popped"
	DESC S_A, 0, 0x8000f, A_P | A_DATA, F_B
	mov dword [0x80004], .b3
	mov dword [0x80008], CODE3
	mov dword [0x8000c], 2
	mov dword [0x80010], stack3
	mov dword [0x80014], DATA3
	GATE idt + 12 * 8, CODE0, .b4, A_P | A_INT32, 0
	mov eax, S_A
	mov ss, ax
	mov esp, 0x80004
	iretd
.b3:	BACK
.b4:	mov edx, esp
	pop ebx
	mov eax, DATA0
	mov ss, ax
	mov esp, [t_saved]
	ANYWHERE
	RESULT ebx
	RESULT edx
	END
	GATE idt + 12 * 8, CODE0, stub0 + 12 * (stub1 - stub0), A_P | A_INT32, 0

	; --- data segments on the way out
	TEST "DS ES FS GS to ring 3: only what it may use stays"
	ANYWHERE
	mov eax, DATA3
	mov ds, ax
	mov eax, DATA0
	mov es, ax
	mov eax, DATA2
	mov fs, ax
	DESC S_A, 0, 0xfffff, A_P | A_CONF, F_G | F_B
	mov eax, S_A
	mov gs, ax
	RING 3, .d1
.d1:	mov eax, ds
	RESULT eax
	mov eax, es
	RESULT eax
	mov eax, fs
	RESULT eax
	mov eax, gs
	RESULT eax
	BACK
	END
	TEST "to ring 1"
	ANYWHERE
	mov eax, DATA1
	mov ds, ax
	mov eax, DATA0
	mov es, ax
	mov eax, DATA2
	mov fs, ax
	mov eax, CODE0
	mov gs, ax
	RING 1, .d2
.d2:	mov eax, ds
	RESULT eax
	mov eax, es
	RESULT eax
	mov eax, fs
	RESULT eax
	mov eax, gs
	RESULT eax
	BACK
	END
	xor eax, eax
	mov fs, ax
	mov gs, ax

	; --- a 16-bit stack on the other side
	TEST "IRET to a ring-3 stack of 16 bits: the upper half of ESP"
	ANYWHERE
	DESC S_A, 0, 0xfffff, A_P | A_DATA | A_DPL(3), F_G
	FRAME S_A | 3, 0xabcd8000, 2, CODE3, .e1
	iretd
.e1:	movzx eax, sp
	RESULT eax
	BACK
	END

	; --- flags
%macro FLAGSTEST 4 ; name, ring, flags on entry (IOPL), value for POPF
	TEST %1
	ANYWHERE
	FRAME DATA%2, stack%2, %3, CODE%2, %%there
	iretd
%%there:
	push dword %4
	popfd
	pushfd
	pop ecx
	and ecx, 0x3f7fd7
	push dword 2
	popfd
	RESULT ecx
	BACK
	END
%endmacro
	FLAGSTEST "POPF, ring 3, IOPL 0: neither IF nor IOPL", 3, 0x0002, 0x247ed7
	FLAGSTEST "POPF, ring 3, IOPL 3: IF but not IOPL", 3, 0x3002, 0x2c4ed7
	FLAGSTEST "POPF, ring 1, IOPL 1: IF but not IOPL", 1, 0x1002, 0x003202
	FLAGSTEST "POPF, ring 1, IOPL 0, IF was set: stays", 1, 0x0202, 0x000002
	TEST "POPF, ring 0: all but VM and RF"
	ANYWHERE
	push dword 0x2f3ed7 & ~0x100	; no TF
	popfd
	pushfd
	pop ecx
	push dword 2
	popfd
	RESULT ecx
	END
	TEST "IRET to the same ring, ring 3, IOPL 0: neither IF nor IOPL"
	ANYWHERE
	RING 3, .f1
.f1:	push dword 0x3202
	push dword CODE3
	push dword .f2
	iretd
.f2:	pushfd
	pop ecx
	RESULT ecx
	BACK
	END
	TEST "16-bit IRET leaves the upper half of EFLAGS"
	ANYWHERE
	push dword 0x40002	; AC
	popfd
	DESC S_A, 0x10000, 0xffff, A_P | A_CODE, F_B
	push word 0x0ad7
	push word S_A
	mov eax, .f3 - 0x10000
	push ax
	o16 iret
.f3:	pushfd
	pop ecx
	push dword 2
	popfd
	RESULT ecx
	jmp CODE0:.f4
.f4:	END
	TEST "NT without a task to go back to"
	ANYWHERE
	mov word [tss], 0
	push dword 0x4002
	popfd
	GATE idt + 10 * 8, CODE0, .nt, A_P | A_INT32, 0
	FRAME DATA3, stack3, 2, CODE3, 0
	iretd
.nt:	pop ebx
	push dword 2
	popfd
	RESULT ebx
	END
	GATE idt + 10 * 8, CODE0, stub0 + 10 * (stub1 - stub0), A_P | A_INT32, 0
	STOP
