; SPDX-License-Identifier: GPL-2.0-or-later
;
; Paging: P, R/W and U/S at both levels, CR0.WP, error codes and CR2, accessed and dirty bits, pages
; of 4 MB, and what the TLB may and must remember. From the manual's chapter on paging, "Access
; Rights", "Page-Fault Exceptions", "Accessed and Dirty Flags", "Invalidation of TLBs".
%include "ring.inc"

; QEMU lets CR0.PG be set without PE.
;qemu: CR0.PG without PE: no trap
%define PD 0x100000
%define PT0 0x101000		; linear 0 to 4 MB, identity
%define PT1 0x102000		; linear 4 MB to 8 MB: the tests' own
%define LIN 0x400000		; one page of it
%define PHYS 0x300000
%define PHYS2 0x301000
%define P 1
%define RW 2
%define US 4
%define A 0x20
%define D 0x40
%define PS 0x80

; MAP directory flags, table flags: LIN is PHYS, nothing of it is remembered.
%macro MAP 2
	mov dword [PD + 4], PT1 | (%1)
	mov dword [PT1], PHYS | (%2)
	mov eax, PD
	mov cr3, eax
%endmacro

; One access in a ring: name, ring, directory flags, table flags, instruction
%macro TRY 5+
	TEST %1
	MAP %3, %4
	RING %2, %%r
%%r:	mov eax, DATA%2
	mov ds, ax
	HERE %5
	BACK
	END
%endmacro

%macro WP 1
	mov eax, cr0
	and eax, ~0x10000
	or eax, (%1) << 16
	mov cr0, eax
%endmacro

main:	mov esp, stack0
	call setup
	mov edi, PD
	xor eax, eax
	mov ecx, 3 * 1024
	rep stosd
	mov dword [PD], PT0 | P | RW | US
	mov edi, PT0
	mov eax, P | RW | US
	mov ecx, 1024
.map:	stosd
	add eax, 0x1000
	loop .map
	mov eax, PD
	mov cr3, eax
	mov eax, cr0
	or eax, 0x80000000
	mov cr0, eax
	jmp .on
.on:
	TRY "ring 3 reads, all set", 3, P|RW|US, P|RW|US, mov al, [LIN + 0x123]
	TRY "ring 3 writes, all set", 3, P|RW|US, P|RW|US, mov [LIN + 0x123], al
	TRY "ring 3 reads, no directory entry", 3, 0, P|RW|US, mov al, [LIN + 0x123]
	TRY "ring 3 writes, no table entry", 3, P|RW|US, RW|US, mov [LIN + 0x123], al
	TRY "ring 3 reads, directory supervisor", 3, P|RW, P|RW|US, mov al, [LIN + 0x123]
	TRY "ring 3 reads, table supervisor", 3, P|RW|US, P|RW, mov al, [LIN + 0x123]
	TRY "ring 3 writes, table supervisor", 3, P|RW|US, P|RW, mov [LIN + 0x123], al
	TRY "ring 3 writes, directory read-only", 3, P|US, P|RW|US, mov [LIN + 0x123], al
	TRY "ring 3 writes, table read-only", 3, P|RW|US, P|US, mov [LIN + 0x123], al
	TRY "ring 3 reads, both read-only", 3, P|US, P|US, mov al, [LIN + 0x123]
	TRY "ring 3 reads and writes, read-only", 3, P|RW|US, P|US, inc byte [LIN + 0x123]
	TRY "ring 1 is a supervisor: reads", 1, P|RW, P|RW, mov al, [LIN + 0x123]
	TRY "ring 1 is a supervisor: writes", 1, P|RW, P|RW, mov [LIN + 0x123], al
	TRY "ring 2 is a supervisor: reads a missing page", 2, P|RW, RW, mov al, [LIN + 0x123]
	TRY "ring 0 reads a missing page", 0, P|RW, 0, mov al, [LIN + 0x123]
	TRY "ring 0 writes a missing page", 0, P|RW, 0, mov [LIN + 0x123], al
	WP 0
	TRY "ring 0 writes read-only, WP clear", 0, P, P, mov [LIN + 0x123], al
	TRY "ring 1 writes read-only user page, WP clear", 1, P|US, P|US, mov [LIN + 0x123], al
	TRY "ring 3 writes read-only, WP clear", 3, P|US, P|US, mov [LIN + 0x123], al
	WP 1
	TRY "ring 0 writes read-only, WP set", 0, P|RW, P, mov [LIN + 0x123], al
	TRY "ring 0 writes read-only directory, WP set", 0, P, P|RW, mov [LIN + 0x123], al
	TRY "ring 1 writes read-only user page, WP set", 1, P|RW|US, P|US, mov [LIN + 0x123], al
	TRY "ring 0 writes user page, WP set", 0, P|RW|US, P|RW|US, mov [LIN + 0x123], al
	TEST "ring 3 jumps to a missing page"
	MAP P|RW|US, 0
	mov dword [t_here], LIN + 0x10
	RING 3, .j1
.j1:	ANYWHERE
	mov eax, LIN + 0x10
	jmp eax
	END
	TEST "ring 3 jumps to a supervisor page"
	MAP P|RW|US, P|RW
	mov dword [t_here], LIN + 0x10
	RING 3, .j2
.j2:	ANYWHERE
	mov eax, LIN + 0x10
	jmp eax
	END
	TEST "across a border: CR2 is the second page"
	MAP P|RW|US, P|RW|US
	mov dword [PT1 + 4], 0
	HERE mov eax, [LIN + 0xffe]
	END
	TEST "across a border, both missing: CR2 is the access"
	MAP P|RW|US, 0
	HERE mov eax, [LIN + 0xffe]
	END
	TEST "across a border, write, second read-only: nothing written"
	MAP P|RW|US, P|RW|US
	mov dword [LIN + 0xffc], 0x11111111
	mov dword [PT1 + 4], PHYS2 | P
	HERE mov dword [LIN + 0xffe], 0x22222222
	END
	TEST "as one sees"
	ANYWHERE
	RESULT dword [LIN + 0xffc]
	END

	; --- the processor's own accesses are a supervisor's
	TEST "ring 3 loads a segment, GDT on a supervisor page"
	MAP P|RW|US, P|RW
	mov esi, gdt
	mov edi, PHYS
	mov ecx, GDT_END / 4
	rep movsd
	mov dword [gdtr + 2], LIN
	lgdt [gdtr]
	RING 3, .g1
.g1:	mov eax, DATA3
	HERE mov ds, ax
	BACK
	END
	mov dword [gdtr + 2], gdt
	lgdt [gdtr]

	; --- A and D
%macro AD 3+ ; name, table flags, instruction
	TEST %1
	ANYWHERE
	MAP P|RW|US, %2
	%3
	mov eax, [PT1]
	and eax, 0xfff
	RESULT eax
	mov eax, [PD + 4]
	and eax, 0xfff
	RESULT eax
	END
%endmacro
	AD "A and D: nothing done", P|RW|US, nop
	AD "A and D: read", P|RW|US, mov al, [LIN]
	AD "A and D: write", P|RW|US, mov [LIN], al
	AD "A and D: read, then write", P|RW|US, xor byte [LIN], 0
	AD "A and D: compare", P|RW|US, cmp [LIN], al
	AD "A and D: CMPXCHG that fails writes all the same", P|RW|US, cmpxchg [LIN], ah
	AD "A and D: INVLPG", P|RW|US, invlpg [LIN]
	AD "A and D: LEA", P|RW|US, lea eax, [LIN]
	AD "A and D: REP with ECX 0", P|RW|US, db 0x31, 0xc9, 0xf3, 0xa4
	TEST "A and D: a fault at the second level sets neither below"
	MAP P|RW|US, 0
	HERE mov al, [LIN]
	END
	TEST "as one sees in the table"
	ANYWHERE
	mov eax, [PT1]
	and eax, 0xfff
	RESULT eax
	END
	TEST "A and D: a write that may not sets no D"
	MAP P|RW|US, P
	HERE mov [LIN], al
	END
	TEST "as one sees of D"
	ANYWHERE
	mov eax, [PT1]
	and eax, D
	RESULT eax
	END
	TEST "D is set again after it was cleared and the TLB told"
	ANYWHERE
	MAP P|RW|US, P|RW|US
	mov [LIN], al
	and dword [PT1], ~D
	invlpg [LIN]
	mov [LIN], al
	mov eax, [PT1]
	and eax, D
	RESULT eax
	END

	; --- the TLB
	mov dword [PHYS], 0x11111111
	mov dword [PHYS2], 0x22222222
	TEST "INVLPG: the new page is seen"
	ANYWHERE
	MAP P|RW|US, P|RW|US
	mov eax, [LIN]
	mov dword [PT1], PHYS2 | P | RW | US
	invlpg [LIN + 0xabc]
	RESULT dword [LIN]
	END
	TEST "CR3: the new page is seen"
	ANYWHERE
	MAP P|RW|US, P|RW|US
	mov eax, [LIN]
	mov dword [PT1], PHYS2 | P | RW | US
	mov eax, cr3
	mov cr3, eax
	RESULT dword [LIN]
	END
	TEST "an entry that was not present is never remembered"
	ANYWHERE
	MAP P|RW|US, 0
	mov dword [t_resume], .pf
	mov al, [LIN]
.pf:	mov dword [t_resume], %$done
	mov dword [t_vector], -1
	mov dword [PT1], PHYS2 | P | RW | US
	RESULT dword [LIN]
	END
	TEST "more rights are found after a fault for want of them"
	MAP P|RW|US, P|RW
	mov dword [t_resume], .pf2
	RING 3, .u1
.u1:	mov eax, DATA3
	mov ds, ax
	mov al, [LIN]
.pf2:	mov dword [t_resume], %$done
	mov dword [t_vector], -1
	or dword [PT1], US
	RING 3, .u2
.u2:	mov eax, DATA3
	mov ds, ax
	HERE mov al, [LIN]
	BACK
	END
	TEST "fewer rights after INVLPG"
	MAP P|RW|US, P|RW|US
	mov [LIN], al
	and dword [PT1], ~RW
	invlpg [LIN]
	HERE mov [LIN], al
	END
	TEST "CR0.WP takes effect at once"
	MAP P|RW|US, P|US
	WP 0
	mov [LIN], al
	WP 1
	HERE mov [LIN], al
	END
	TEST "PG off and on: a new page is seen"
	ANYWHERE
	MAP P|RW|US, P|RW|US
	mov eax, [LIN]
	mov dword [PT1], PHYS2 | P | RW | US
	mov eax, cr0
	and eax, 0x7fffffff
	mov cr0, eax
	or eax, 0x80000000
	mov cr0, eax
	RESULT dword [LIN]
	END

	; --- pages of 4 MB
	mov eax, cr4
	or eax, 0x10
	mov cr4, eax
	TEST "4 MB: physical 0 by another address"
	ANYWHERE
	mov dword [PD + 8], P | RW | US | PS
	mov eax, cr3
	mov cr3, eax
	RESULT dword [0x800000 + PHYS]
	mov eax, [PD + 8]
	and eax, 0xfff
	RESULT eax
	END
	TEST "4 MB: written"
	ANYWHERE
	mov [0x800000 + PHYS + 4], al
	mov eax, [PD + 8]
	and eax, 0xfff
	RESULT eax
	END
	TEST "4 MB: ring 3 on a supervisor page"
	mov dword [PD + 8], P | RW | PS
	mov eax, cr3
	mov cr3, eax
	RING 3, .b1
.b1:	mov eax, DATA3
	mov ds, ax
	HERE mov al, [0x800000 + PHYS]
	BACK
	END
	TEST "4 MB: ring 0 writes read-only, WP set"
	mov dword [PD + 8], P | PS
	mov eax, cr3
	mov cr3, eax
	HERE mov [0x800000 + PHYS], al
	END
	TEST "PSE off: the entry is a table"
	ANYWHERE
	mov dword [PD + 8], PT1 | P | RW | US | PS
	mov dword [PT1], PHYS2 | P | RW | US
	mov eax, cr4
	and eax, ~0x10
	mov cr4, eax
	RESULT dword [0x800000]
	END
	TEST "CR2 can be written"
	ANYWHERE
	mov eax, 0x12345678
	mov cr2, eax
	xor eax, eax
	mov eax, cr2
	RESULT eax
	END
	TEST "CR0.PG without PE"
	mov edx, cr0
	mov eax, edx
	and eax, ~1
	HERE mov cr0, eax
	mov cr0, edx
	END
	STOP
