; SPDX-License-Identifier: GPL-2.0-or-later
;
; SYSENTER and SYSEXIT: no descriptor is read, four selectors lie in a row, flags, and who may. From
; volume 2, "SYSENTER" and "SYSEXIT".
%include "ring.inc"

; QEMU takes every SYSENTER_CS but 0.
;qemu: SYSENTER_CS is 3: a null selector, too: no trap 00000008 00000000 00000000

%macro MSR 2
	mov ecx, %1
	mov eax, %2
	xor edx, edx
	wrmsr
%endmacro

main:	mov esp, stack0
	call setup
	MSR 0x174, 0
	MSR 0x175, stack1
	MSR 0x176, entry

	TEST "SYSENTER_CS is 0"
	HERE sysenter
	END
	TEST "SYSENTER_CS is 3: a null selector, too"
	MSR 0x174, 3
	HERE sysenter
	END
	TEST "SYSENTER_CS is 0, in ring 3"
	MSR 0x174, 0
	RING 3, .r0
.r0:
	HERE sysenter
	END
	MSR 0x174, CODE0
	TEST "RDMSR gives back what was written"
	ANYWHERE
	mov ecx, 0x175
	rdmsr
	RESULT eax
	mov ecx, 0x176
	rdmsr
	sub eax, entry
	RESULT eax
	RESULT edx
	END
	TEST "from ring 3: CS, SS, ESP, IF, VM and EIP"
	ANYWHERE
	RING 3, .r1
.r1:	sysenter
	BACK
	END
	TEST "from ring 0"
	ANYWHERE
	sti
	sysenter
	END
	cli
	TEST "the descriptors are not looked at"
	ANYWHERE
	mov dword [gdt + DATA0 + 4], 0
	RING 3, .r2
.r2:	sysenter
	END
	TEST "SYSEXIT in ring 3"
	RING 3, .r3
.r3:
	HERE sysexit
	END
	TEST "SYSEXIT with SYSENTER_CS 0"
	MSR 0x174, 0
	mov edx, .never
	mov ecx, stack3
	HERE sysexit
.never:
	END
	MSR 0x174, CODE0
	TEST "SYSEXIT: CS, and its stack"
	ANYWHERE
	mov edx, .r4
	mov ecx, stack3 - 16
	sysexit
.r4:	push dword 0x1234
	mov ax, ss
	mov [ss:seen], eax
	BACK
	END
	TEST "as one sees: SS, ESP, and what was pushed"
	ANYWHERE
	movzx eax, word [seen]
	RESULT eax
	mov eax, [t_esp]
	sub eax, stack3
	RESULT eax
	mov eax, [stack3 - 20]
	RESULT eax
	END
	TEST "SYSEXIT leaves flags alone, and ring 3 cannot CLI"
	mov edx, .r5
	mov ecx, stack3
	sysexit
.r5:
	HERE cli
	END
	TEST "there and back"
	ANYWHERE
	MSR 0x176, .in
	mov edx, .out
	mov ecx, stack3
	sysexit
.out:	mov ebx, esp
	sysenter
	BACK
.in:	mov edx, .done
	mov ecx, ebx
	sysexit
.done:	BACK
	END
	STOP

; CS and SS in one word, ESP, EFLAGS.
entry:	mov dword [ss:gdt + DATA0], 0xffff
	mov dword [ss:gdt + DATA0 + 4], 0xcf9300
	mov ax, cs
	shl eax, 16
	mov ax, ss
	RESULT eax
	mov eax, esp
	sub eax, stack1
	RESULT eax
	pushfd
	pop eax
	and eax, 0x20200
	RESULT eax
	mov esp, [ss:t_saved]
	mov ax, DATA0
	mov ds, ax
	mov es, ax
	jmp [t_resume]

section .data
align 4
seen	dd 0
