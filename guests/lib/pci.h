/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1313 guests/lib/pci.h: The last era's hardware, as far as a guest may believe in it: ports, memory
 * of devices, configuration space, and the window in the console's through which first words go.
 * Each of these accesses faults, and the Launcher plays the part. :*/
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include "lib.h"

static inline u32 in32(u32 port)
{
	u32 v;

	__asm__ volatile("inl	%w1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u8 in8(u32 port)
{
	u8 v;

	__asm__ volatile("inb	%w1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void out32(u32 port, u32 v)
{
	__asm__ volatile("outl	%0, %w1" : : "a"(v), "Nd"(port));
}

static inline void out8(u32 port, u8 v)
{
	__asm__ volatile("outb	%0, %w1" : : "a"(v), "Nd"(port));
}

/* One plain move each, in the registers that the original Launcher can decode. */
#define PCI_LOAD(name, type, insn)                                                                 \
	static inline u32 name(u32 at)                                                             \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		__asm__ volatile(insn "	(%1), %0" : "=a"(v) : "r"(at) : "memory");                 \
		return v;                                                                          \
	}
#define PCI_STORE(name, type, insn)                                                                \
	static inline void name(u32 at, type v)                                                    \
	{                                                                                          \
		__asm__ volatile(insn "	%1, (%0)" : : "r"(at), "a"(v) : "memory");                 \
	}

PCI_LOAD(load8, u8, "movb")
PCI_LOAD(load16, u16, "movw")
PCI_LOAD(load32, u32, "movl")
PCI_STORE(store8, u8, "movb")
PCI_STORE(store16, u16, "movw")
PCI_STORE(store32, u32, "movl")

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

/* Types of capabilities. */
#define CAP_COMMON	  1
#define CAP_NOTIFY	  2
#define CAP_ISR		  3
#define CAP_DEVICE_CONFIG 4
#define CAP_WINDOW	  5

/* pci.c */
u32 config32(u32 slot, u32 at);
u32 config8(u32 slot, u32 at);
void set_config32(u32 slot, u32 at, u32 v);
void set_config8(u32 slot, u32 at, u8 v);
void pci_early_init(void);
void pci_early_write(const char *text, u32 bytes);

#endif
