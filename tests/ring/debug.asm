; SPDX-License-Identifier: GPL-2.0-or-later
;
; Single step and what holds it off, RF, and the debug registers as registers. From the manual's
; "Debug Exceptions" and "Masking Exceptions and Interrupts When Switching Stacks".
%include "ring.inc"

; QEMU: the frame of a fault has no RF; INT1 (F1) is #UD.
;qemu: RF in the frame of a fault: #PF, #GP and so on: no trap 00000000 00000000
;qemu: INT1 (F1) is a trap that DR6 knows nothing of: #06 eip=here+ffffffff 00000000
%define BUF 0x80000
%include "debug.inc"

main:	mov esp, stack0
	call setup
	xor eax, eax
	mov dr7, eax
	mov eax, 0xffff0ff0
	mov dr6, eax

	TEST "TF: after one instruction"
	STEP
	nop
HERE
	nop
	ENDDR
	TEST "TF: the handler runs without it"
	STEP
	nop
HERE
	nop
	ENDDR
	TEST "the frame has TF"
	ANYWHERE
	mov eax, [t_flags]
	and eax, 0x100
	RESULT eax
	ENDDR
	TEST "TF: after a jump, at its target"
	STEP
	jmp .t1
	nop
.t1:
HERE
	nop
	ENDDR
	TEST "TF: after one iteration of REP, at the same instruction"
	mov ecx, 3
	mov esi, BUF
	mov edi, BUF + 16
	cld
	STEP
HERE
	rep movsb
	ENDDR
	TEST "as one sees in ECX"
	ANYWHERE
	RESULT ecx
	ENDDR
	TEST "TF: MOV SS holds it off for one instruction"
	mov eax, ss
	STEP
	mov ss, ax
	nop
HERE
	nop
	ENDDR
	TEST "TF: POP SS likewise"
	push ss
	STEP
	pop ss
	nop
HERE
	nop
	ENDDR
	TEST "TF: a fault comes instead of the trap"
	STEP
	HERE ud2
	ENDDR
	TEST "TF: INT clears it, so the handler is not stepped"
	STEP
	HERE int 0x42
	ENDDR
	TEST "TF: INT3"
	STEP
	HERE int3
	ENDDR
	TEST "TF: a POPF that clears it is the last"
	push dword 2
	STEP
	popfd
HERE
	nop
	ENDDR
	TEST "TF: not after the POPF that sets it"
	push dword 0x102
	popfd
	nop
HERE
	nop
	ENDDR
	TEST "TF: HLT in ring 3 faults"
	ANYWHERE
	push dword DATA3
	push dword stack3
	push dword 0x102
	push dword CODE3
	push dword .r3
	mov dword [t_here], .r3
	iretd
.r3:	hlt
	ENDDR
	TEST "TF by IRET to ring 3: after one instruction there"
	push dword DATA3
	push dword stack3
	push dword 0x102
	push dword CODE3
	push dword .r4
	iretd
.r4:	nop
HERE
	nop
	ENDDR
	TEST "TF: ring 3 through a gate to ring 0: no trap inside"
	ANYWHERE
	push dword DATA3
	push dword stack3
	push dword 0x102
	push dword CODE3
	push dword .r5
	iretd
.r5:	BACK
	ENDDR
	TEST "PUSHF sees TF"
	ANYWHERE
	mov dword [t_resume], .pf
	STEP
	pushfd
.pf:	mov eax, [t_esp]
	mov eax, [eax]
	and eax, 0x100
	mov dword [t_resume], %$done
	RESULT eax
	ENDDR

	TEST "RF in the frame of a fault: #PF, #GP and so on"
	ANYWHERE
	mov dword [t_resume], .rf
	ud2
.rf:	mov eax, [t_flags]
	and eax, 0x10000
	RESULT eax
	mov dword [t_resume], %$done
	mov dword [t_vector], -1
	ENDDR
	TEST "RF in the frame of INT: not"
	ANYWHERE
	mov dword [t_resume], .rf2
	int 0x42
.rf2:	mov eax, [t_flags]
	and eax, 0x10000
	RESULT eax
	mov dword [t_resume], %$done
	mov dword [t_vector], -1
	ENDDR
	TEST "DR6 keeps what it has"
	ANYWHERE
	mov eax, 0xffff2ff0
	mov dr6, eax
	mov dword [t_resume], .keep
	STEP
	nop
.keep:	mov dword [t_resume], %$done
	mov dword [t_vector], -1
	ENDDR

	; --- the registers themselves
	TEST "DR6 and DR7: fixed bits"
	ANYWHERE
	xor eax, eax
	mov dr6, eax
	mov eax, dr6
	RESULT eax
	mov eax, 0xffff0300
	mov dr7, eax
	mov eax, dr7
	RESULT eax
	ENDDR
	TEST "DR4 is DR6 while CR4.DE is clear"
	ANYWHERE
	mov eax, 0xffff0ff5
	mov dr6, eax
	db 0x0f, 0x21, 0xe0	; mov eax, dr4
	RESULT eax
	ENDDR
	TEST "DR4 with CR4.DE"
	mov eax, cr4
	or eax, 8
	mov cr4, eax
	HERE db 0x0f, 0x21, 0xe0
	ENDDR
	mov eax, cr4
	and eax, ~8
	mov cr4, eax
	TEST "ring 3: MOV DR"
	RING 3, .d1
.d1:	HERE mov eax, dr0
	ENDDR
	TEST "INT1 (F1) is a trap that DR6 knows nothing of"
	db 0xf1
HERE
	nop
	ENDDR
	STOP
