; SPDX-License-Identifier: GPL-2.0-or-later
;
; Hardware breakpoints: execution, write, read or write, how long, and general detect. From the
; manual's "Breakpoint Field Recognition" and "Debug Exceptions".
%include "ring.inc"

; M: Ours has debug registers, but no breakpoints yet: DR7 is kept and nothing comes of it.
;ours: execution: a fault, before the instruction: no trap 00000000
;ours: RF by IRET: and is there the second time: no trap 00000000
;ours: write: a trap, behind the instruction: no trap 00000000
;ours: read or write: a read does: no trap 00000000
;ours: read or write, two bytes: an access that overlaps: no trap 00000000
;ours: data: REP stops after the iteration: no trap 00000000
;ours: as one sees in ECX, again: no trap 00000000 00000000

; QEMU has no general detect.
;qemu: general detect: MOV DR is a fault: no trap 00000000
%define DR7_L(n) (1 << (2 * (n)))
%define DR7_CODE 0
%define DR7_WRITE 1
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
	TEST "general detect: MOV DR is a fault"
	mov eax, 0x2400
	mov dr7, eax
	HERE mov eax, dr3
	ENDDR
	STOP
