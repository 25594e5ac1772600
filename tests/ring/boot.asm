; SPDX-License-Identifier: GPL-2.0-or-later
;
; A boot sector for the test images: reads 120 sectors to 0x10000, opens the A20 gate, masks the
; interrupt controllers and jumps there in flat 32-bit protected mode, interrupts off. That is the
; state in which ring-run starts an image, too; so an image runs on our processor and, as a floppy
; disk of this sector and the image behind it, on any PC.
bits 16
org 0x7c00
SECTORS equ 120

start:	cli
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
	in al, 0x92
	or al, 2
	out 0x92, al
	mov al, 0xff
	out 0x21, al
	out 0xa1, al
	lgdt [gdtr]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp 8:flat
bits 32
flat:	mov ax, 16
	mov ds, ax
	mov es, ax
	mov fs, ax
	mov gs, ax
	mov ss, ax
	mov esp, 0x7c00
	mov eax, 0x10000
	jmp eax

align 8
gdt:	dq 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	dw gdtr - gdt - 1
	dd gdt
lba:	dw 0
drive:	db 0
	times 510 - ($ - $$) db 0
	dw 0xaa55
