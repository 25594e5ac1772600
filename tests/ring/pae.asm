; SPDX-License-Identifier: GPL-2.0-or-later
;
; Paging with PAE: pages of 2 MB and 4 KB, execute disable, reserved bits, the four entries that CR3
; loads, and global pages. From the manual's "PAE Paging", "Page-Fault Exceptions" and "Invalidation of
; TLBs".
%include "ring.inc"
;cpu-qemu: pentium3,+nx
;cpu-bochs: p4_prescott_celeron_336

; QEMU's error code for a reserved bit says that the page is not present; EFER takes bits that do not
; exist; the entries that CR3 loads are not checked when it does.
;qemu: 2 MB: a reserved address bit: #0e(0008) cr2=00600000
;qemu: 4 KB: address bit 36: #0e(0008) cr2=00400000
;qemu: its table at address bit 36, written from ring 3: #0e(000e) cr2=00400000 cs=003b
;qemu: NX without EFER.NXE is a reserved bit: #0e(0008) cr2=00400000
;qemu: EFER: a bit that does not exist: no trap
;qemu: an entry with a reserved bit: MOV CR3 is #GP: no trap
;qemu: and CR3 is what it was: no trap 00103000

%define PDPT 0x100000
%define PD 0x101000		; 0 to 1 GB
%define PT2 0x102000		; linear 4 MB to 6 MB: the tests' own
%define PDPT2 0x103000
%define LIN 0x400000
%define BIG 0x600000		; a page of 2 MB: physical 0 once more
%define GB 0x40000000
%define PHYS 0x300000
%define PHYS2 0x301000
%define P 1
%define RW 2
%define US 4
%define A 0x20
%define D 0x40
%define PS 0x80
%define G 0x100
%define NX 0x80000000

; MAP directory flags, its upper half, table flags, its upper half; nothing is remembered.
%macro MAP 4
	mov dword [PD + 16], PT2 | (%1)
	mov dword [PD + 20], %2
	mov dword [PT2], PHYS | (%3)
	mov dword [PT2 + 4], %4
	mov eax, PDPT
	mov cr3, eax
	invlpg [LIN]
%endmacro
; One access in a ring: name, ring, MAP's four, instruction
%macro TRY 7+
	TEST %1
	MAP %3, %4, %5, %6
	RING %2, %%r
%%r:	mov eax, DATA%2
	mov ds, ax
	HERE %7
	BACK
	END
%endmacro
%macro EFER 1
	mov ecx, 0xc0000080
	mov eax, %1
	xor edx, edx
	wrmsr
%endmacro
; The instruction is in the page itself.
%macro THERE 0
	ANYWHERE
	mov dword [t_here], LIN
%endmacro
%define ALL P | RW | US

main:	mov esp, stack0
	call setup
	mov edi, PDPT
	xor eax, eax
	mov ecx, 4 * 1024
	rep stosd
	mov dword [PDPT], PD | P
	mov edi, PD
	mov eax, PS | ALL
	mov ecx, 8		; 16 MB, identity
.map:	stosd
	add edi, 4
	add eax, 0x200000
	loop .map
	mov dword [PD + 24], PS | ALL
	mov byte [PHYS], 0xc3	; RET
	mov dword [PHYS + 4], 0x11111111
	mov byte [PHYS2], 0xc3
	mov dword [PHYS2 + 4], 0x22222222
	mov eax, cr4
	or eax, 0xa0		; PAE, PGE
	mov cr4, eax
	mov eax, PDPT
	mov cr3, eax
	mov eax, cr0
	or eax, 0x80010000	; PG, WP
	mov cr0, eax

	; --- pages
	TEST "2 MB: physical 0 by another address"
	ANYWHERE
	mov eax, [BIG + magic]
	RESULT eax
	END
	TEST "2 MB: A and D"
	ANYWHERE
	mov dword [PD + 24], PS | ALL
	mov eax, PDPT
	mov cr3, eax
	mov eax, [BIG]
	mov eax, [PD + 24]
	RESULT eax
	mov [BIG + 0x1ffff0], eax
	mov eax, [PD + 24]
	RESULT eax
	END
	TEST "2 MB: a reserved address bit"
	mov dword [PD + 24], PS | ALL | 0x2000
	invlpg [BIG]
	HERE mov eax, [BIG]
	END
	mov dword [PD + 24], PS | ALL
	invlpg [BIG]
	TRY "4 KB: read", 0, ALL, 0, ALL, 0, mov eax, [LIN + 4]
	TRY "4 KB: not present", 0, ALL, 0, RW | US, 0, mov eax, [LIN]
	TRY "4 KB: its table not present", 0, RW | US, 0, ALL, 0, mov eax, [LIN]
	TRY "4 KB: ring 0 writes read-only", 0, ALL, 0, P | US, 0, mov [LIN], al
	TRY "4 KB: read-only in the directory", 0, P | US, 0, ALL, 0, mov [LIN], al
	TRY "4 KB: ring 3 reads a supervisor page", 3, ALL, 0, P | RW, 0, mov eax, [LIN]
	TRY "4 KB: ring 3 writes", 3, ALL, 0, ALL, 0, mov [LIN + 8], al
	TRY "4 KB: address bit 36", 0, ALL, 0, ALL, 0x10000, mov eax, [LIN]
	TRY "its table at address bit 36, written from ring 3", 3, ALL, 0x10000, ALL, 0, mov [LIN], al
	TEST "4 KB: A and D"
	ANYWHERE
	MAP ALL, 0, ALL, 0
	mov eax, [LIN]
	mov eax, [PT2]
	RESULT eax
	mov [LIN + 8], eax
	mov eax, [PT2]
	RESULT eax
	mov eax, [PD + 16]
	RESULT eax
	END

	; --- execute disable
	EFER 0
	TRY "NX without EFER.NXE is a reserved bit", 0, ALL, 0, ALL, NX, mov eax, [LIN]
	EFER 0x800
	TRY "NX: a read is none of its business", 0, ALL, 0, ALL, NX, mov eax, [LIN]
	TEST "NX: ring 0 executes"
	MAP ALL, 0, ALL, NX
	THERE
	call LIN
	END
	TEST "NX in the directory"
	MAP ALL, NX, ALL, 0
	THERE
	call LIN
	END
	TEST "without it one may"
	MAP ALL, 0, ALL, 0
	THERE
	call LIN
	END
	TEST "NX: ring 3 executes"
	MAP ALL, 0, ALL, NX
	THERE
	RING 3, LIN
	END
	TEST "no NX: ring 3 executes a supervisor page"
	MAP ALL, 0, P | RW, 0
	THERE
	RING 3, LIN
	END
	TEST "NX found after a read of the same page"
	MAP ALL, 0, ALL, NX
	mov eax, [LIN]
	THERE
	call LIN
	END
	TEST "EFER: a bit that does not exist"
	mov ecx, 0xc0000080
	mov eax, 0x802
	xor edx, edx
	HERE wrmsr
	END

	; --- the four entries
	TEST "the second gigabyte: no entry"
	HERE mov eax, [GB]
	END
	TEST "an entry with a reserved bit: MOV CR3 is #GP"
	mov dword [PDPT2], PD | P
	mov dword [PDPT2 + 8], PD | P | RW
	mov eax, PDPT2
	HERE mov cr3, eax
	END
	TEST "and CR3 is what it was"
	ANYWHERE
	mov eax, cr3
	RESULT eax
	END
	TEST "reserved bits of an entry that is not present do not count"
	mov dword [PDPT2 + 8], RW | US
	mov eax, PDPT2
	HERE mov cr3, eax
	END
	TEST "a new entry is seen when CR3 is loaded"
	ANYWHERE
	mov dword [PDPT + 8], PD | P
	mov eax, PDPT
	mov cr3, eax
	mov eax, [GB + magic]
	RESULT eax
	END
	TEST "CR3 at 32 bytes is enough"
	ANYWHERE
	mov dword [PDPT2 + 0x20], PD | P
	mov dword [PDPT2 + 0x24], 0
	mov dword [PDPT2 + 0x28], 0
	mov eax, PDPT2 + 0x20
	mov cr3, eax
	mov eax, [BIG + magic]
	RESULT eax
	END

	; --- global pages
	TEST "without G, CR3 shows the new page"
	ANYWHERE
	MAP ALL, 0, ALL, 0
	mov eax, [LIN + 4]
	RESULT eax
	mov dword [PT2], PHYS2 | ALL
	mov eax, PDPT
	mov cr3, eax
	mov eax, [LIN + 4]
	RESULT eax
	END
	TEST "with G, INVLPG does"
	ANYWHERE
	MAP ALL, 0, ALL | G, 0
	mov eax, [LIN + 4]
	RESULT eax
	mov dword [PT2], PHYS2 | ALL | G
	invlpg [LIN]
	mov eax, [LIN + 4]
	RESULT eax
	END
	TEST "and so does switching CR4.PGE"
	ANYWHERE
	MAP ALL, 0, ALL | G, 0
	mov eax, [LIN + 4]
	RESULT eax
	mov dword [PT2], PHYS2 | ALL | G
	mov eax, cr4
	xor eax, 0x80
	mov cr4, eax
	xor eax, 0x80
	mov cr4, eax
	mov eax, [LIN + 4]
	RESULT eax
	END
	STOP

section .data
align 4
magic:	dd 0x600dcafe
