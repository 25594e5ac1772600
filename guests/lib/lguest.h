/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:904 guests/lib/lguest.h: The Host as a C guest sees it: struct lguest_data, the hypercall
 * wrappers, and the virtual interrupt flag, each in the form of the era that the guest is compiled
 * for (era.h). 2.6.23 is not among them: it was another bus and another entry. :*/
#ifndef GUEST_LGUEST_H
#define GUEST_LGUEST_H

#include "abi.h"
#include "era.h"
#include "lib.h"

/*G:130 The one page of memory a guest shares with its Host. The guest tells the Host where it is
 * (LGUEST_INIT) and from then on both read and write it without asking: the virtual interrupt flag
 * is a word here, so that "cli" costs one store and no trip to the Host. Who writes what is said
 * for each field; the offsets are law, and the assertions below the struct hold us to it. */
struct hcall_args { /* the registers a direct call would have had */
	u32 eax, ebx, ecx, edx;
#if ERA_LAYOUT >= LAYOUT_C
	u32 esi;
#endif
};

struct lguest_data {
	u32 irq_enabled;	 /* bit 9 as in eflags. Guest; Host clears and sets it, too */
	u32 blocked_interrupts;	 /* bit per irq, 1 = masked. Guest */
	u32 cr2;		 /* address of the last page fault. Host */
	u32 time_sec, time_nsec; /* wall clock at the last interrupt. Host */
#if ERA_LAYOUT >= LAYOUT_C
	u32 irq_pending; /* 0x200 while something waits for irq_enabled. Host */
#endif
	u8 hcall_status[LHCALL_RING_SIZE];	    /* 0xff free, 0 queued. Both */
	struct hcall_args hcalls[LHCALL_RING_SIZE]; /* queued calls. Guest */
	u32 reserve_mem; /* bytes at the top of every address space. Host, at INIT */
	u32 tsc_khz;	 /* 0 = do not use the TSC. Host, at INIT */
#if ERA_LAYOUT <= LAYOUT_C
	u32 pgdir; /* the page directory it starts with. Host, at INIT; later it is the guest's */
#endif
#if ERA_LAYOUT <= LAYOUT_D
	u32 noirq_start, noirq_end; /* code that must not be interrupted. Guest, before INIT */
#else
	u32 noirq_iret; /* the iret whose frame will do for an interrupt. Guest, before INIT */
#endif
	u32 kernel_address; /* where kernel mappings begin. Guest, before INIT */
	u32 syscall_vec;    /* 0x80. Guest, before INIT */
};

/* Offsets in the layouts B, C, D, E. */
#define BY_LAYOUT(b, c, d, e)                                                                      \
	(ERA_LAYOUT == LAYOUT_B	  ? (b)                                                            \
	 : ERA_LAYOUT == LAYOUT_C ? (c)                                                            \
	 : ERA_LAYOUT == LAYOUT_D ? (d)                                                            \
				  : (e))
#define AT(field, b, c, d, e)                                                                      \
	_Static_assert(offsetof(struct lguest_data, field) == BY_LAYOUT(b, c, d, e), "3.1")
AT(hcall_status, 0x014, 0x018, 0x018, 0x018);
AT(hcalls, 0x054, 0x058, 0x058, 0x058);
AT(reserve_mem, 0x454, 0x558, 0x558, 0x558);
AT(kernel_address, 0x468, 0x56c, 0x568, 0x564);
AT(syscall_vec, 0x46c, 0x570, 0x56c, 0x568);
#undef AT

extern volatile struct lguest_data lguest_data;
/*:*/

static inline u32 phys_of(const volatile void *kernel_address)
{
	return (u32)kernel_address - PAGE_OFFSET;
}

static inline void *virt_of(u32 gpa)
{
	return (void *)(gpa + PAGE_OFFSET);
}

/*G:140 A hypercall is a software interrupt through the one gate the Host keeps open to ring 1. The
 * Host changes no register; we still say that %eax may change, because Linux does, and a guest that
 * believed more than Linux believes would be a poor witness. "memory" is there because the Host may
 * read or write whatever we point it at. */
#if ERA_ARG1_IN_EBX
#define HCALL_ARGS(arg1, arg2, arg3) "b"(arg1), "c"(arg2), "d"(arg3)
#else
#define HCALL_ARGS(arg1, arg2, arg3) "d"(arg1), "b"(arg2), "c"(arg3)
#endif

static inline void hcall(u32 call, u32 arg1, u32 arg2, u32 arg3, u32 arg4)
{
	__asm__ volatile(HCALL_INSN
			 : "+a"(call)
			 : HCALL_ARGS(arg1, arg2, arg3), "S"(arg4)
			 : "memory");
}
/*:*/

/*G:160 Interrupts are never really off in a guest: the true flag belongs to the Host. "Off" is a
 * zero in lguest_data, which the Host looks at before it delivers anything. Switching them on again
 * has one twist: if the Host gave up on a delivery meanwhile it left a mark in irq_pending, and we
 * owe it a call, or the interrupt would wait for the next accidental exit. (Up to 2.6.30 it left
 * none, and it did wait.) */
static inline void send_interrupts(void)
{
	u32 call = LHCALL_SEND_INTERRUPTS;

#if ERA_VMCALL_19
	__asm__ volatile("vmcall" : "+a"(call) : : "memory");
#else
	__asm__ volatile("int $0x1f" : "+a"(call) : : "memory");
#endif
}

static inline u32 irq_save(void)
{
	u32 flags = lguest_data.irq_enabled;

	lguest_data.irq_enabled = 0;
	barrier();
	return flags;
}

static inline void irq_restore(u32 flags)
{
	barrier();
	lguest_data.irq_enabled = flags;
#if ERA_LAYOUT >= LAYOUT_C
	if (flags & lguest_data.irq_pending)
		send_interrupts();
#endif
}

static inline void irq_enable(void)
{
	irq_restore(EFLAGS_IF);
}

static inline void irq_disable(void)
{
	irq_save();
}
/*:*/

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

/* lguest.c */
void hcall_async(u32 call, u32 arg1, u32 arg2, u32 arg3, u32 arg4);
void hcall_flush(void);
void notify(u32 gpa);
void early_write(const char *text, u32 bytes);
void irq_unmask(u32 irq);
void irq_mask(u32 irq);
void __attribute__((noreturn)) shutdown(const char *why, u32 reason);
void load_gdt_entry(u32 entry, u32 low, u32 high);
void load_idt_entry(u32 vector, const void *handler, u32 type, u32 dpl);

/* Does a hypercall by this instruction leave %es, %fs and %gs as they were?  FLUSH_ASYNC it is, the call
 * that does nothing. */
#define HCALL_KEEPS_SEGMENTS(insn)                                                                 \
	({                                                                                         \
		u32 es_, fs_, gs_;                                                                 \
		__asm__ volatile("movl %3, %%es\n\tmovl %3, %%fs\n\tmovl %3, %%gs\n\t"             \
				 "xorl %%eax, %%eax\n\t" insn "\n\t"                               \
				 "movl %%es, %0\n\tmovl %%fs, %1\n\tmovl %%gs, %2\n\t"             \
				 "movl %%ss, %%eax\n\tmovl %%eax, %%es\n\t"                        \
				 "xorl %%eax, %%eax\n\tmovl %%eax, %%fs\n\tmovl %%eax, %%gs"       \
				 : "=&r"(es_), "=&r"(fs_), "=&r"(gs_)                              \
				 : "r"(USER_DS)                                                    \
				 : "eax", "memory");                                               \
		es_ == USER_DS &&fs_ == USER_DS &&gs_ == USER_DS;                                  \
	})

#endif
