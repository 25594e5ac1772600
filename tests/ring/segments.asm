; SPDX-License-Identifier: GPL-2.0-or-later
;
; Loading and using segment registers: what the manual's sections "Segment Descriptors", "Limit
; Checking", "Type Checking" and "Privilege Level Checking When Accessing Data Segments" say.
%include "ring.inc"
%define S_A SCRATCH
%define S_B SCRATCH + 8
%define BUF 0x80000

; QEMU's translator looks at a segment when it is loaded and never again, so it knows neither limits
; nor rights of an access, and a jump goes wherever it is told.
;qemu: use of a null DS: no trap
;qemu: write through code: no trap
;qemu: read through an execute-only CS: no trap
;qemu: write through read-only data: no trap
;qemu: byte past the limit: no trap
;qemu: word across the limit: no trap
;qemu: limit in pages: next byte: no trap
;qemu: expand-down: at the limit: no trap
;qemu: expand-down: word across the limit: no trap
;qemu: expand-down, 16-bit: past 64 KB: no trap
;qemu: expand-down, 16-bit: word across 64 KB: no trap
;qemu: past the limit of SS: no trap
;qemu: PUSH past the limit of SS, in ring 3: #40 cs=003b
;qemu: jump past the limit of CS: #40 cs=0060
;qemu: call past the limit of CS leaves ESP: #40 cs=0060
;qemu: ESP after that: no trap fffffffc

main:	mov esp, stack0
	call setup

	TEST "null selector into DS"
	xor eax, eax
	HERE mov ds, ax
	END
	TEST "use of a null DS"
	xor eax, eax
	mov ds, ax
	HERE mov al, [0]
	END
	TEST "null selector into SS"
	mov eax, 0
	HERE mov ss, ax
	END
	TEST "null selector with RPL 3 into ES"
	mov eax, 3
	HERE mov es, ax
	END
	TEST "selector past the table"
	mov eax, GDT_END
	HERE mov ds, ax
	END
	TEST "selector whose last byte is past the table"
	mov word [gdtr], GDT_END - 2
	lgdt [gdtr]
	mov eax, GDT_END - 8
	HERE mov ds, ax
	END
	mov word [gdtr], GDT_END - 1
	lgdt [gdtr]
	TEST "LDT selector without an LDT"
	mov eax, 0x0c
	HERE mov ds, ax
	END
	TEST "code, execute only, into DS"
	DESC S_A, 0, 0xfffff, A_P | A_XONLY, F_G | F_B
	mov eax, S_A
	HERE mov ds, ax
	END
	TEST "code, readable, into DS, and read"
	DESC S_A, 0, 0xfffff, A_P | A_CODE, F_G | F_B
	mov eax, S_A
	mov ds, ax
	HERE mov al, [BUF]
	END
	TEST "write through code"
	mov eax, S_A
	mov ds, ax
	HERE mov [BUF], al
	END
	TEST "read through an execute-only CS"
	DESC S_A, 0, 0xfffff, A_P | A_XONLY, F_G | F_B
	jmp S_A:.xo
.xo:	HERE mov al, [cs:BUF]
	END
	jmp CODE0:.back
.back:	TEST "read-only data into SS"
	DESC S_A, 0, 0xfffff, A_P | A_RODATA, F_G | F_B
	mov eax, S_A
	HERE mov ss, ax
	END
	TEST "write through read-only data"
	mov eax, S_A
	mov ds, ax
	HERE mov [BUF], al
	END
	TEST "data not present into DS"
	DESC S_A, 0, 0xfffff, A_DATA, F_G | F_B
	mov eax, S_A
	HERE mov ds, ax
	END
	TEST "data not present into SS"
	mov eax, S_A
	HERE mov ss, ax
	END
	TEST "not present and the wrong privilege into SS"
	DESC S_A, 0, 0xfffff, A_DATA | A_DPL(3), F_G | F_B
	mov eax, S_A | 3
	HERE mov ss, ax
	END
	TEST "system descriptor into DS"
	mov eax, S_TSS
	HERE mov ds, ax
	END
	TEST "data of ring 3 into SS, in ring 0"
	mov eax, DATA3
	HERE mov ss, ax
	END
	TEST "data of ring 0 with RPL 3 into DS"
	mov eax, DATA0 | 3
	HERE mov ds, ax
	END
	TEST "data of ring 0 with RPL 3 into SS"
	mov eax, DATA0 | 3
	HERE mov ss, ax
	END
	TEST "CS by MOV"
	mov eax, CODE0
	HERE db 0x8e, 0xc8
	END
	TEST "accessed bit is set by the load"
	DESC S_A, 0, 0xfffff, A_P | A_DATA, F_G | F_B
	mov eax, S_A
	HERE mov es, ax
	RESULT dword [gdt + S_A + 4]
	END
	TEST "but not by a load that fails"
	DESC S_A, 0, 0xfffff, A_DATA, F_G | F_B
	mov eax, S_A
	HERE mov es, ax
	END
	TEST "as one sees"
	ANYWHERE
	RESULT dword [gdt + S_A + 4]
	END

	; --- limits
	TEST "byte at the limit"
	DESC S_A, BUF, 0xfff, A_P | A_DATA, F_B
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0xfff]
	END
	TEST "byte past the limit"
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0x1000]
	END
	TEST "word across the limit"
	mov eax, S_A
	mov es, ax
	HERE mov ax, [es:0xfff]
	END
	TEST "limit in pages: last byte"
	DESC S_A, BUF, 0, A_P | A_DATA, F_G | F_B
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0xfff]
	END
	TEST "limit in pages: next byte"
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0x1000]
	END
	TEST "expand-down: at the limit"
	DESC S_A, BUF, 0xfff, A_P | A_DOWN, F_B
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0xfff]
	END
	TEST "expand-down: above the limit"
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0x1000]
	END
	TEST "expand-down: word across the limit"
	mov eax, S_A
	mov es, ax
	HERE mov ax, [es:0xfff]
	END
	TEST "expand-down, 16-bit: last byte of 64 KB"
	DESC S_A, BUF, 0xfff, A_P | A_DOWN, 0
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0xffff]
	END
	TEST "expand-down, 16-bit: past 64 KB"
	mov eax, S_A
	mov es, ax
	HERE mov al, [es:0x10000]
	END
	TEST "expand-down, 16-bit: word across 64 KB"
	mov eax, S_A
	mov es, ax
	HERE mov ax, [es:0xffff]
	END
	TEST "past the limit of SS"
	DESC S_A, 0, 0x1ffff, A_P | A_DATA, F_B
	DESC S_B, 0, 0x20fff, A_P | A_DATA, F_B
	mov eax, S_B
	mov ss, ax
	HERE mov al, [ss:0x90000]
	END
	TEST "PUSH past the limit of SS, in ring 3"
	DESC S_A, 0, 0xffff, A_P | A_DATA | A_DPL(3), F_B
	RING 3, .r3push
.r3push: mov eax, S_A | 3
	mov ss, ax
	mov esp, 0x10004
	HERE push eax
	BACK
	END
	TEST "PUSH that just fits, in ring 3"
	RING 3, .r3push2
.r3push2: mov eax, S_A | 3
	mov ss, ax
	mov esp, 0x10000
	HERE push eax
	BACK
	END
	TEST "jump past the limit of CS"
	DESC S_A, 0, 0x1ffff, A_P | A_CODE, F_B
	jmp S_A:.cslim
.cslim:	mov word [0x20000], 0x40cd	; where there are no limits: int 0x40
	mov eax, 0x20000
	HERE jmp eax
	END
	jmp CODE0:.back2
.back2:	TEST "call past the limit of CS leaves ESP"
	jmp S_A:.cslim2
.cslim2: mov eax, 0x20000
	HERE call eax
	END
	jmp CODE0:.back3
.back3:	TEST "ESP after that"
	ANYWHERE
	mov eax, [t_esp]
	sub eax, [t_saved]
	RESULT eax
	END
	TEST "far jump past the limit"
	HERE jmp S_A:0x20000
	END
	TEST "SS with a 16-bit stack pointer"
	DESC S_A, 0, 0xfffff, A_P | A_DATA, F_G
	mov eax, S_A
	mov edx, esp
	mov ss, ax
	mov esp, 0xabcd0000
	HERE
	push dword 0x1234
	mov ecx, esp
	mov eax, DATA0
	mov ss, ax
	mov esp, edx
	RESULT ecx
	RESULT dword [0xfffc]
	END

	; --- the instructions that only look
	DESC S_A, 0, 0x12345, A_P | A_DATA | A_DPL(3), F_G | F_B
%macro LOOK 2 ; name, selector
	TEST %1
	ANYWHERE
	mov eax, %2
	mov ebx, 0xdeadbeef
	lar ebx, eax
	setz cl
	mov edx, 0xdeadbeef
	lsl edx, eax
	setz ch
	verr ax
	setz bl
	push ebx
	verw ax
	setz bh
	movzx ecx, cx
	and ebx, 0xffff
	xchg ebx, [esp]
	and ebx, 0x00f0ff00	; the limit's bits are undefined
	RESULT ecx
	RESULT ebx
	RESULT edx
	pop ebx
	RESULT ebx
	END
%endmacro
	LOOK "LAR LSL VERR VERW: data of ring 3", S_A
	LOOK "LAR LSL VERR VERW: data of ring 0, RPL 3", DATA0 | 3
	LOOK "LAR LSL VERR VERW: code of ring 0", CODE0
	LOOK "LAR LSL VERR VERW: null", 0
	LOOK "LAR LSL VERR VERW: past the table", GDT_END
	LOOK "LAR LSL VERR VERW: busy TSS", S_TSS
	DESC S_A, 0, 0xfff, A_P | A_CONF, F_B
	LOOK "LAR LSL VERR VERW: conforming code, RPL 3", S_A | 3
	DESC S_A, 0, 0xfff, A_P | A_CALL32, 0
	LOOK "LAR LSL VERR VERW: call gate", S_A
	DESC S_A, 0, 0xfff, A_P | A_INT32, 0
	LOOK "LAR LSL VERR VERW: interrupt gate", S_A
	DESC S_A, 0, 0xfff, A_P | A_LDT, 0
	LOOK "LAR LSL VERR VERW: LDT", S_A
	DESC S_A, 0, 0xfff, A_P | A_TASKGATE, 0
	LOOK "LAR LSL VERR VERW: task gate", S_A
	DESC S_A, 0, 0xfffff, A_DATA, F_G
	LOOK "LAR LSL VERR VERW: data not present", S_A
	DESC S_A, 0, 0xfffff, A_P | A_XONLY, F_G
	LOOK "LAR LSL VERR VERW: execute only", S_A

	; --- LDT
	TEST "LLDT of a data descriptor"
	mov eax, DATA0
	HERE lldt ax
	END
	TEST "LLDT not present"
	DESC S_LDT, BUF, 0x0f, A_LDT, 0
	mov eax, S_LDT
	HERE lldt ax
	END
	TEST "LLDT of an LDT selector"
	mov eax, S_LDT | 4
	HERE lldt ax
	END
	TEST "LLDT past the table"
	mov eax, GDT_END
	HERE lldt ax
	END
	TEST "LLDT, and a segment of it"
	DESC S_LDT, BUF, 0x0f, A_P | A_LDT, 0
	mov dword [BUF + 8], 0x0000ffff
	mov dword [BUF + 12], 0x00cf9300
	mov eax, S_LDT
	lldt ax
	mov eax, 0x0c
	HERE mov es, ax
	sldt ecx
	and ecx, 0xffff
	RESULT ecx
	END
	TEST "LDT selector past its limit"
	mov eax, 0x14
	HERE mov es, ax
	END
	TEST "entry 0 of the LDT is not null"
	mov dword [BUF], 0x0000ffff
	mov dword [BUF + 4], 0x00cf9300
	mov eax, 4
	mov es, ax
	HERE mov al, [es:0]
	END
	TEST "LLDT with null"
	xor eax, eax
	lldt ax
	mov eax, 0x0c
	HERE mov es, ax
	END

	; --- far pointers loaded
	TEST "LDS with a null selector"
	mov dword [BUF], 0x11223344
	mov word [BUF + 4], 0
	HERE lds ebx, [BUF]
	END
	TEST "LSS with a bad selector changes nothing"
	mov word [BUF + 4], DATA3
	mov ebx, 0x55
	HERE lss ebx, [BUF]
	END
	TEST "EBX after that"
	ANYWHERE
	RESULT ebx
	END
	TEST "POP SS of a bad selector leaves ESP"
	push dword DATA3
	HERE pop ss
	END
	TEST "by how much"
	ANYWHERE
	mov eax, [t_esp]
	sub eax, [t_saved]
	RESULT eax
	END

	; --- the same from ring 3
	TEST "ring 3: data of ring 0 into DS"
	RING 3, .r3a
.r3a:	mov eax, DATA0
	HERE mov ds, ax
	BACK
	END
	TEST "ring 3: data of ring 2 into DS"
	RING 3, .r3b
.r3b:	mov eax, DATA2 | 3
	HERE mov ds, ax
	BACK
	END
	TEST "ring 3: conforming code of ring 0 into DS"
	DESC S_A, 0, 0xfffff, A_P | A_CONF, F_G | F_B
	RING 3, .r3c
.r3c:	mov eax, S_A
	mov ds, ax
	HERE mov al, [BUF]
	BACK
	END
	TEST "ring 3: data of ring 3 with RPL 0 into SS"
	RING 3, .r3d
.r3d:	mov eax, DATA3 & ~3
	HERE mov ss, ax
	BACK
	END
	TEST "ring 1: data of ring 1 into SS"
	RING 1, .r1a
.r1a:	mov eax, DATA1
	HERE mov ss, ax
	BACK
	END
	TEST "ring 1: data of ring 0 into DS"
	RING 1, .r1b
.r1b:	mov eax, DATA0
	HERE mov ds, ax
	BACK
	END
	TEST "ring 2: data of ring 2 with RPL 3 into DS"
	RING 2, .r2a
.r2a:	mov eax, DATA2 | 3
	HERE mov ds, ax
	BACK
	END
	STOP
