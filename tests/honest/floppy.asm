; SPDX-License-Identifier: GPL-2.0-or-later
;
; A boot loader for machines that have no multiboot of their own: a floppy
; disk with the Host, one module and its command line. It reads everything to 0x10000, moves the Host's
; segments where they want to be and enters it as multiboot asks. The Host and the module, together with
; this, must fit below 0x90000.
;
;	nasm -DHOST='"host.elf"' -DMODULE='"guest.elf"' -DCMDLINE='"words"' -DKB=64512 floppy.asm
bits 16
section boot vstart=0x7c00 start=0
	cli
	xor ax, ax
	mov ds, ax
	mov ss, ax
	mov sp, 0x7c00
	mov [drive], dl
	mov ax, 0x1000
	mov es, ax
	xor bx, bx
	mov word [lba], 1
.next:	mov ax, [lba]		; sector, head and cylinder of a 1.44 MB disk
	xor dx, dx
	mov cx, 18
	div cx
	mov cl, dl
	inc cl			; sector from 1
	mov dh, al
	and dh, 1
	shr al, 1
	mov ch, al
	mov dl, [drive]
	mov ax, 0x0201
	int 0x13
	jc .next
	mov ax, es
	add ax, 0x20
	mov es, ax
	inc word [lba]
	cmp word [lba], SECTORS + 1
	jb .next
	in al, 0x92		; A20
	or al, 2
	out 0x92, al
	mov al, 0xff		; no interrupts
	out 0x21, al
	out 0xa1, al
	lgdt [gdtr]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp dword 8:flat

align 8
gdt:	dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	dw gdtr - gdt - 1
	dd gdt
lba:	dw 0
drive:	db 0
	times 510 - ($ - $$) db 0
	dw 0xaa55

bits 32
section rest vstart=0x10000 follows=boot
payload:
flat:	mov ax, 16
	mov ds, ax
	mov es, ax
	mov fs, ax
	mov gs, ax
	mov ss, ax
	mov esp, 0x7c00
	cld
	mov ebx, host
	add ebx, [host + 28]	; program headers
	movzx edx, word [host + 44]
.next:	cmp dword [ebx], 1	; PT_LOAD
	jne .skip
	mov esi, [ebx + 4]
	add esi, host
	mov edi, [ebx + 12]
	mov ecx, [ebx + 16]
	rep movsb
	mov ecx, [ebx + 20]
	sub ecx, [ebx + 16]
	xor eax, eax
	rep stosb
.skip:	add ebx, 32
	dec edx
	jnz .next
	mov eax, 0x2badb002
	mov ebx, info
	jmp [host + 24]

align 4
info:	dd 1 | 8, 640, KB, 0, 0, 1, mods	; memory and modules
mods:	dd guest, guest_end, string, 0
string:	db "module ", CMDLINE, 0
align 4
host:	incbin HOST
	times -($ - payload) & 4095 db 0	; multiboot: modules begin a page
guest:	incbin MODULE
guest_end:
SECTORS equ ($ - payload + 511) / 512
%if ($ - payload) > 0x80000
	%error "too much for the memory below 640 KB"
%endif
