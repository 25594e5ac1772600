; SPDX-License-Identifier: GPL-2.0-or-later
;
; Hardware breakpoints: execution, write, read or write, how long, and general detect. From the
; manual's "Breakpoint Field Recognition" and "Debug Exceptions".
%include "ring.inc"

; QEMU: MOV SS and POP SS hold off nothing but interrupts and single steps, and STI a single step, too;
; of two data breakpoints one is told. There is no general detect.
;qemu: MOV SS holds off a data breakpoint of its own: #01 eip=here+ffffffff 00000001
;qemu: and one on the instruction behind it: #01 00000001
;qemu: STI holds off no single step: #01 eip=here+00000001 00004000
;qemu: two at once: #01 00000001
;qemu: general detect: MOV DR is a fault: no trap 00000000
%define DR7_L(n) (1 << (2 * (n)))
%define DR7_CODE 0
%define DR7_WRITE 1
%define DR7_PORT 2
%define DR7_RW 3
%define DR7_LEN1 0
%define DR7_LEN2 1
%define DR7_LEN4 3
%define DR7(n, rw, len) (DR7_L(n) | (rw) << (16 + 4 * (n)) | (len) << (18 + 4 * (n)))
%define BUF 0x80000

%include "debug.inc"
%macro BREAK 2 ; linear address, DR7
	mov eax, %1
	mov dr0, eax
	mov eax, %2
	mov dr7, eax
%endmacro

main:	mov esp, stack0
	call setup
	xor eax, eax
	mov dr7, eax
	mov eax, 0xffff0ff0
	mov dr6, eax

	; --- breakpoints
	TEST "execution: a fault, before the instruction"
	BREAK %$here, DR7(0, DR7_CODE, DR7_LEN1)
	nop
	HERE nop
	ENDDR
	TEST "the frame of that has no RF"
	ANYWHERE
	mov eax, [t_flags]
	and eax, 0x10000
	RESULT eax
	ENDDR
	TEST "RF by IRET: the breakpoint is passed once"
	ANYWHERE
	BREAK .b1, DR7(0, DR7_CODE, DR7_LEN1)
	push dword 0x10002
	push dword CODE0
	push dword .b1
	iretd
.b1:	nop
	ENDDR
	TEST "RF by IRET: and is there the second time"
	BREAK %$here, DR7(0, DR7_CODE, DR7_LEN1)
	mov ecx, 3
	push dword 0x10002
	push dword CODE0
	push dword .b2
	iretd
.b2:
HERE
	nop
	loop .b2
	ENDDR
	TEST "write: a trap, behind the instruction"
	BREAK BUF, DR7(0, DR7_WRITE, DR7_LEN4)
	mov [BUF + 2], al
HERE
	nop
	ENDDR
	TEST "write: a read does not count"
	BREAK BUF, DR7(0, DR7_WRITE, DR7_LEN4)
	mov al, [BUF]
HERE
	nop
	ENDDR
	TEST "read or write: a read does"
	BREAK BUF, DR7(0, DR7_RW, DR7_LEN4)
	mov al, [BUF + 3]
HERE
	nop
	ENDDR
	TEST "read or write: not the byte after"
	BREAK BUF, DR7(0, DR7_RW, DR7_LEN4)
	mov al, [BUF + 4]
HERE
	nop
	ENDDR
	TEST "read or write, two bytes: an access that overlaps"
	BREAK BUF, DR7(0, DR7_RW, DR7_LEN2)
	mov eax, [BUF - 3]
HERE
	nop
	ENDDR
	TEST "data: not by execution"
	BREAK %$here, DR7(0, DR7_RW, DR7_LEN1)
	HERE nop
	ENDDR
	TEST "data: REP stops after the iteration"
	BREAK BUF + 2, DR7(0, DR7_WRITE, DR7_LEN1)
	mov ecx, 8
	mov edi, BUF
HERE
	rep stosb
	ENDDR
	TEST "as one sees in ECX, again"
	ANYWHERE
	RESULT ecx
	ENDDR
	TEST "a breakpoint that is not enabled is not told of alone"
	BREAK BUF, 0
	mov [BUF], al
HERE
	nop
	ENDDR
	TEST "MOV SS holds off a data breakpoint of its own"
	mov word [BUF], DATA0
	BREAK BUF, DR7(0, DR7_RW, DR7_LEN2)
	mov ss, [BUF]
	nop
HERE
	nop
	ENDDR
	TEST "and one on the instruction behind it"
	mov ecx, ss
	BREAK %$here, DR7(0, DR7_CODE, DR7_LEN1)
	mov ss, cx
	HERE nop
	ENDDR
	TEST "STI holds off no single step"
	STEP
	sti
HERE
	nop
	ENDDR
	cli
	TEST "two at once"
	mov eax, BUF + 1
	mov dr3, eax
	BREAK BUF, DR7(0, DR7_RW, DR7_LEN4) | DR7(3, DR7_WRITE, DR7_LEN1)
	mov [BUF], eax
HERE
	nop
	ENDDR
	TEST "PUSH onto it"
	BREAK BUF, DR7(0, DR7_WRITE, DR7_LEN4)
	mov esp, BUF + 4
	push ecx
HERE
	nop
	ENDDR
	TEST "in ring 3"
	BREAK BUF + 8, DR7(0, DR7_WRITE, DR7_LEN4)
	RING 3, .r3
.r3:	mov eax, [ss:BUF + 8]
	mov byte [ss:BUF + 8], 0
HERE
	nop
	BACK
	ENDDR
	TEST "a port, with CR4.DE"
	mov eax, cr4
	or al, 8
	mov cr4, eax
	mov dx, 0x84
	BREAK 0x80, DR7(0, DR7_PORT, DR7_LEN1)
	in al, dx
	in al, 0x80
HERE
	nop
	ENDDR
	mov eax, cr4
	and al, 0xf7
	mov cr4, eax
	TEST "general detect: MOV DR is a fault"
	mov eax, 0x2400
	mov dr7, eax
	HERE mov eax, dr3
	ENDDR
	STOP
