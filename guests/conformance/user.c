/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1310 guests/conformance/user.c: Ring 3, a few instructions at a time: system calls, faults, what a
 * program may not do, and on which stack the kernel finds itself afterwards. :*/
#include "conf.h"

u32 user_eflags = EFLAGS_IF | 2;

/*G:920 The programs. They live in pages that ring 3 may see, and each ends in a trap. */
#define PROGRAM(name, text)                                                                        \
	extern const char name[];                                                                  \
	__asm__(".section .user, \"awx\", @progbits\n" #name ":\n" text "\n.text")

PROGRAM(user_syscall, "movl $0x1111, %eax\n movl $0x2222, %ebx\n movl $0x3333, %ecx\n"
		      "movl $0x4444, %edx\n movl $0x5555, %esi\n movl $0x6666, %edi\n"
		      "movl $0x7777, %ebp\n int $0x80");
PROGRAM(user_int3, "int3\n nop\n ud2");
PROGRAM(user_into, "movb $0x80, %al\n addb %al, %al\n into\n ud2");
PROGRAM(user_divide, "xorl %edx, %edx\n movl %edx, %ecx\n divl %ecx");
PROGRAM(user_invalid, "ud2");
PROGRAM(user_read, "movl (%eax), %ebx\n int $0x80");
PROGRAM(user_hlt, "hlt\n int $0x80");
PROGRAM(user_cli, "cli\n int $0x80");
PROGRAM(user_in, "inb $0x80, %al\n int $0x80");
PROGRAM(user_cr0, "movl %cr0, %eax\n int $0x80");
PROGRAM(user_hypercall, "xorl %eax, %eax\n int $0x1f\n int $0x80");
PROGRAM(user_irq_gate, "int $0x20\n int $0x80");
PROGRAM(user_kernel_selector, "movl $0x68, %eax\n movl %eax, %es\n int $0x80");
PROGRAM(user_popf, "pushl $0x3002\n popfl\n pushfl\n popl %eax\n int $0x80");
PROGRAM(user_tls, "movl $0x33, %eax\n movl %eax, %gs\n movl %gs:0, %eax\n int $0x80");
PROGRAM(user_absent, "movl 0x70000000, %eax\n int $0x80");
PROGRAM(user_absent_write, "movl %eax, 0x70000000\n int $0x80");
PROGRAM(user_kernel_page, "movl 0xc0100000, %eax\n int $0x80");
PROGRAM(user_int80_stack, ".fill 512\n user_stack_top:");
extern const char user_stack_top[];

static u32 user_address(const char *in_image)
{
	return USER_BASE + (u32)(in_image - _user);
}

static void run(const char *program)
{
	user_trap.vector = ~0u;
	user_call(user_address(program), user_address(user_stack_top));
}

static int trapped(u32 vector, u32 error)
{
	return user_trap.vector == vector && user_trap.error == error;
}

static int trapped_in(const char *program, u32 vector, u32 error)
{
	run(program);
	return trapped(vector, error);
}
/*:*/

static void check_system_call(void)
{
	const volatile struct frame *f = &user_trap.frame;

	run(user_syscall);
	check("user/system-call", trapped(SYSCALL_VECTOR, 0));
	check("user/registers", f->eax == 0x1111 && f->ebx == 0x2222 && f->ecx == 0x3333 &&
					f->edx == 0x4444 && f->esi == 0x5555 && f->edi == 0x6666 &&
					f->ebp == 0x7777);
	check("user/segments", (f->cs & 0xffff) == USER_CS && (f->user_ss & 0xffff) == USER_DS &&
				       (f->ds & 0xffff) == USER_DS);
	check_eq("user/stack-pointer", f->user_esp, user_address(user_stack_top));
	check_eq("user/on-the-stack-given", user_trap.frame_end, (u32)trap_stack + TRAP_STACK);
	/* Through a trap gate nobody clears the flag; through an interrupt gate the Host does. */
	lguest_data.irq_enabled = EFLAGS_IF;
	run(user_syscall);
	check_eq("user/system-call-flag", user_trap.irq_enabled,
		 ERA_SYSCALL_DIRECT ? EFLAGS_IF : 0);
	lguest_data.irq_enabled = 0;
}

/* The next stack counts for the next trap, direct or not, also if it was queued. */
static void check_stack(void)
{
	u32 top = (u32)trap_stack + TRAP_STACK - 256;

	hcall(LHCALL_SET_STACK, KERNEL_DS, top, 1, 0);
	run(user_syscall);
	check_eq("user/stack-moved", user_trap.frame_end, top);
	hcall_async(LHCALL_SET_STACK, KERNEL_DS, top - 64, 1, 0);
	hcall_flush();
	run(user_hlt);
	check_eq("user/stack-queued", user_trap.frame_end, top - 64);
	hcall(LHCALL_SET_STACK, KERNEL_DS, (u32)trap_stack + TRAP_STACK, 1, 0);
}

/* Faults of ring 3: the frame has five words. */
static void check_faults(void)
{
	check("user/divide", trapped_in(user_divide, TRAP_DE, 0));
	check("user/invalid", trapped_in(user_invalid, TRAP_UD, 0));
	check("user/into", trapped_in(user_into, TRAP_OF, 0));
	check("user/int3", trapped_in(user_int3, TRAP_BP, 0));
	check("user/hlt", trapped_in(user_hlt, TRAP_GP, 0));
	check("user/cli", trapped_in(user_cli, TRAP_GP, 0));
	check("user/in", trapped_in(user_in, TRAP_GP, 0));
	check("user/control-register", trapped_in(user_cr0, TRAP_GP, 0));
	check("user/hypercall", trapped_in(user_hypercall, TRAP_GP, 0xfa));
	check("user/irq-gate", trapped_in(user_irq_gate, TRAP_GP, 0x20 * 8 + 2));
	check("user/kernel-selector", trapped_in(user_kernel_selector, TRAP_GP, 0x68));
	check("user/read-absent",
	      trapped_in(user_absent, TRAP_PF, 4) && user_trap.cr2 == 0x70000000);
	check("user/write-absent",
	      trapped_in(user_absent_write, TRAP_PF, 6) && user_trap.cr2 == 0x70000000);
	nothing = *(volatile u32 *)0xc0100000;
	check("user/kernel-page",
	      trapped_in(user_kernel_page, TRAP_PF, 5) && user_trap.cr2 == 0xc0100000);
}

static void check_rest(void)
{
	static u32 tls[3][2], word = 0xfeed, flags;
	u32 base = (u32)&word;

	run(user_popf);
	flags = user_trap.frame.eax;
	check_eq("user/popf-changes-nothing", flags & 0x3200, EFLAGS_IF);

	/* The word is the kernel's, but a segment is not a page: give it one that ring 3 can read. */
	base = user_address(user_syscall);
	tls[0][0] = base << 16 | 0xffff;
	tls[0][1] = (base & 0xff000000) | 0x00cff200 | ((base >> 16) & 0xff);
	hcall(LHCALL_LOAD_TLS, phys_of(tls), 0, 0, 0);
	run(user_tls);
	check_eq("user/tls", user_trap.frame.eax, *(u32 *)user_syscall);
	__asm__ volatile("movl %0, %%gs" : : "r"(0));
	memset(tls, 0, sizeof(tls));
	hcall(LHCALL_LOAD_TLS, phys_of(tls), 0, 0, 0);
}

/* A gate that is taken away is missed. */
static void check_gate_removed(void)
{
	hcall(LHCALL_LOAD_IDT_ENTRY, SYSCALL_VECTOR, 0, 0, 0);
	check("user/system-call-gone", trapped_in(user_syscall, TRAP_GP, SYSCALL_VECTOR * 8 + 2));
	load_idt_entry(SYSCALL_VECTOR, syscall_stub, ERA_SYSCALL_DIRECT ? 15 : 14, 3);
	check("user/system-call-back", trapped_in(user_syscall, SYSCALL_VECTOR, 0));
}

void check_user(void)
{
	load_gdt_entry(GDT_ENTRY_USER_CS, 0xffff, 0x00cffa00);
	load_gdt_entry(GDT_ENTRY_USER_DS, 0xffff, 0x00cff200);
	check_system_call();
	check_stack();
	check_faults();
	check_rest();
	check_gate_removed();
}
