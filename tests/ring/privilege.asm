; SPDX-License-Identifier: GPL-2.0-or-later
;
; Who may execute what: system instructions in each ring, and IN, OUT, CLI and STI by IOPL and the
; I/O permission map. From the manual's "Privileged Instructions" and "I/O Privilege Level".
%include "ring.inc"

; Bochs, as Debian builds it, ignores unknown MSRs.
;bochs: RDMSR of what is not there: no trap

; QEMU: an MSR that is not there reads as 0; NW without CD is let pass.
;qemu: RDMSR of what is not there: no trap
;qemu: CR0: NW without CD: no trap
%define BUF 0x80000

; In rings 1, 2 and 3, IOPL 0. Ring 0 is not tried: it may, and what it does is another test's.
%macro EACH 2+
	EACH1 1, {%1, " in ring 1"}, %2
	EACH1 2, {%1, " in ring 2"}, %2
	EACH1 3, {%1, " in ring 3"}, %2
%endmacro
%macro EACH1 3+
	TEST {%2}
	RING %1, %%r
%%r:	mov eax, DATA%1
	mov ds, ax
	mov es, ax
	mov ecx, 0x10
	mov edi, BUF
	mov esi, BUF
	mov edx, 0x80
	HERE %3
	BACK
	END
%endmacro

; IOPL and the map: name, ring, EFLAGS, instruction
%macro IO 4+
	TEST %1
	push dword DATA%2
	push dword stack%2
	push dword %3
	push dword CODE%2
	push dword %%r
	iretd
%%r:	mov eax, DATA%2
	mov ds, ax
	mov es, ax
	mov edi, BUF
	mov edx, 0x80
	HERE %4
	BACK
	END
%endmacro

main:	mov esp, stack0
	call setup
	EACH "HLT", hlt
	EACH "CLTS", clts
	EACH "LGDT", lgdt [gdtr]
	EACH "LIDT", lidt [idtr]
	EACH "LLDT", lldt ax
	EACH "LTR", ltr ax
	EACH "LMSW", lmsw ax
	EACH "SMSW", smsw ax
	EACH "SGDT", sgdt [BUF]
	EACH "SIDT", sidt [BUF]
	EACH "SLDT", sldt eax
	EACH "STR", str eax
	EACH "MOV from CR0", mov eax, cr0
	EACH "MOV to CR0", mov cr0, eax
	EACH "MOV from CR3", mov eax, cr3
	EACH "MOV to CR3", mov cr3, eax
	EACH "MOV from CR4", mov eax, cr4
	EACH "MOV to CR2", mov cr2, eax
	EACH "MOV from DR7", mov eax, dr7
	EACH "MOV to DR0", mov dr0, eax
	EACH "INVLPG", invlpg [BUF]
	EACH "INVD", invd
	EACH "WBINVD", wbinvd
	EACH "RDMSR", rdmsr
	EACH "WRMSR", wrmsr
	EACH "RDTSC", rdtsc
	EACH "CPUID", cpuid
	EACH "CLI", cli
	EACH "STI", sti
	EACH "IN", in al, 0x80
	EACH "OUT", out 0x80, al
	EACH "INS", insb
	EACH "PUSHF", pushfd

	TEST "RDTSC in ring 3, CR4.TSD"
	mov eax, cr4
	or eax, 4
	mov cr4, eax
	RING 3, .tsd
.tsd:	HERE rdtsc
	BACK
	END
	TEST "RDTSC in ring 0, CR4.TSD"
	HERE rdtsc
	END
	mov eax, cr4
	and eax, ~4
	mov cr4, eax

	IO "CLI, ring 1, IOPL 1", 1, 0x1002, cli
	IO "CLI, ring 2, IOPL 1", 2, 0x1002, cli
	IO "STI, ring 3, IOPL 3", 3, 0x3002, sti
	IO "IN, ring 1, IOPL 1", 1, 0x1002, in al, 0x80
	IO "IN, ring 2, IOPL 1", 2, 0x1002, in al, 0x80
	IO "IN, ring 3, IOPL 3", 3, 0x3002, in eax, 0x80

	TEST "STI and CLI in ring 1, IOPL 1: IF"
	ANYWHERE
	push dword DATA1
	push dword stack1
	push dword 0x1002
	push dword CODE1
	push dword .if
	iretd
.if:	sti
	pushfd
	pop eax
	and eax, 0x200
	RESULT eax
	cli
	pushfd
	pop eax
	and eax, 0x200
	RESULT eax
	BACK
	END

	; --- the map: ports 0x80 to 0x83, a bit each
	mov word [tss + 0x66], 0x68
	mov edi, iomap
	mov ecx, 32
	mov al, 0xff
	cld
	rep stosb
	and byte [gdt + S_TSS + 5], 0xfd
	mov word [gdt + S_TSS], 0x68 + 32 - 1
	mov eax, S_TSS
	ltr ax
	IO "map: denied", 3, 2, in al, 0x80
	mov byte [iomap + 0x10], 0xfe
	IO "map: allowed, a byte", 3, 2, in al, 0x80
	IO "map: allowed, a byte, by DX", 3, 2, out dx, al
	IO "map: a word, one bit denied", 3, 2, in ax, 0x80
	mov byte [iomap + 0x10], 0xfc
	IO "map: a word", 3, 2, in ax, 0x80
	IO "map: a doubleword, two bits denied", 3, 2, in eax, 0x80
	mov byte [iomap + 0x10], 0xf0
	IO "map: a doubleword", 3, 2, in eax, 0x80
	mov byte [iomap + 0x10], 0x7f
	mov byte [iomap + 0x11], 0xfe
	IO "map: a word over two bytes of it", 3, 2, in ax, 0x87
	mov byte [iomap + 0x11], 0xff
	IO "map: a word over two bytes of it, second denied", 3, 2, in ax, 0x87
	IO "map: past the limit of the TSS", 3, 2, in al, 0xfe
	mov byte [iomap + 31], 0
	IO "map: its last byte needs one more behind it", 3, 2, in al, 0xf8
	IO "map: for CLI there is none", 3, 2, cli
	IO "map: in ring 1, IOPL 0", 1, 2, in al, 0x80
	mov word [tss + 0x66], 0xffff
	IO "map: its base is past the limit", 3, 2, in al, 0x87
	mov word [tss + 0x66], 0x68

	; --- MSRs, CR0 and such in ring 0
	TEST "RDMSR of what is not there"
	mov ecx, 0x12345678
	HERE rdmsr
	END
	TEST "CR0: NW without CD"
	mov eax, cr0
	mov edx, eax
	and eax, ~0x40000000
	or eax, 0x20000000
	HERE mov cr0, eax
	mov cr0, edx
	END
	TEST "LMSW cannot leave protected mode"
	ANYWHERE
	xor eax, eax
	lmsw ax
	mov eax, cr0
	and eax, 1
	RESULT eax
	END
	TEST "MOV from CR5"
	HERE db 0x0f, 0x20, 0xe8
	END
	TEST "MOV to CR1"
	HERE db 0x0f, 0x22, 0xc8
	END
	TEST "LOCK where there must be none"
	HERE db 0xf0, 0x90
	END
	TEST "LOCK with a register"
	HERE db 0xf0, 0x01, 0xc0
	END
	TEST "fifteen bytes are an instruction"
	HERE
	times 14 db 0x66
	nop
	END
	TEST "sixteen are too many"
	HERE
	times 15 db 0x66
	nop
	END
	STOP
