/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1311 guests/conformance/insn.c: Instructions a kernel should not use and does: what the Host plays
 * along with, what comes back as a fault, and what the processor just executes, at CPL 1. :*/
#include "conf.h"

static void check_ports(void)
{
	u32 byte = 0x12345678, word = 0x12345678, dword = 0x12345678, fixed = 0x12345678;

	PROBE("inb %%dx, %%al", "+a"(byte), "d"(0x80));
	check_eq("insn/in-byte", byte, 0x123456ff);
	PROBE("inw %%dx, %%ax", "+a"(word), "d"(0x80));
	check_eq("insn/in-word", word, 0x1234ffff);
	PROBE("inl %%dx, %%eax", "+a"(dword), "d"(0x80));
	check_eq("insn/in-dword", dword, 0xffffffff);
	PROBE("inb $0x71, %%al", "+a"(fixed), "i"(0));
	check_eq("insn/in-immediate", fixed, 0x123456ff);
	PROBE("outb %%al, %%dx\n\toutw %%ax, %%dx\n\toutl %%eax, %%dx\n\toutb %%al, $0x80\n\t"
	      "outw %%ax, $0x80\n\toutl %%eax, $0x80",
	      NOTHING, "a"(1), "d"(0x80));
	check("insn/out", !probe.hits);
	PROBE("insb", NOTHING, "d"(0x80), "D"(&nothing) : "memory");
	check("insn/string-io-faults", faulted(TRAP_GP, 0));
}

/*G:930 Privileged instructions that Linux wraps in hypercalls: raw, they fault. */
#define FAULTS(name, code, ...)                                                                    \
	do {                                                                                       \
		PROBE(code, NOTHING, __VA_ARGS__);                                                 \
		check("insn/" name "-faults", faulted(TRAP_GP, 0) && probe.eip == probe.at);       \
	} while (0)

static void check_privileged(void)
{
	static u16 word[4];

	FAULTS("hlt", "hlt", "i"(0));
	FAULTS("sti", "sti", "i"(0));
	FAULTS("clts", "clts", "i"(0));
	FAULTS("invlpg", "invlpg (%1)", "r"(0));
	FAULTS("wbinvd", "wbinvd", "i"(0));
	FAULTS("lgdt", "lgdt (%1)", "r"(word) : "memory");
	FAULTS("lidt", "lidt (%1)", "r"(word) : "memory");
	FAULTS("lldt", "lldt %w1", "r"(0));
	FAULTS("ltr", "ltr %w1", "r"(LGUEST_TSS));
	FAULTS("lmsw", "lmsw %w1", "r"(0x33));
	FAULTS("rdmsr", "rdmsr", "c"(0x10) : "eax", "edx");
	FAULTS("wrmsr", "wrmsr", "c"(0x10), "a"(0), "d"(0));
	FAULTS("mov-to-cr0", "movl %1, %%cr0", "r"(0x80050033));
}
/*:*/

static void check_tolerated(void)
{
	u32 value = 1;

	PROBE("cli", NOTHING, "i"(0));
	check("insn/cli-skipped", !probe.hits);
	PROBE("movl %%cr4, %0", "=r"(value), "i"(0));
	check("insn/cr4-reads-zero", !probe.hits && !value);
	PROBE("movl %%dr6, %0", "=r"(value), "i"(0));
	check("insn/dr6-reads", !probe.hits);
}

static u64 descriptor_register(int interrupts)
{
	u64 value = 0;

	if (interrupts)
		__asm__ volatile("sidt %0" : "=m"(value));
	else
		__asm__ volatile("sgdt %0" : "=m"(value));
	return value;
}

/* What needs no privilege works, and shows the Switcher's tables. */
static void check_native(void)
{
	u32 flags, a = 1, b, c, d, status, machine_word;
	u64 before, after;

	PROBE("pushl $0x3002\n\tpopfl\n\tpushfl\n\tpopl %0", "=r"(flags), "i"(0) : "cc");
	check("insn/popf-no-effect", !probe.hits && (flags & 0x3200) == EFLAGS_IF);
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	/* FPU, TSC, CX8, CMOV, MMX, FXSR, SSE, SSE2: all that the mask of Linux leaves. */
	check_eq("insn/cpuid-features", d & 0x07808111, 0x07808111);
	PROBE("rdtsc", NOTHING, "i"(0) : "eax", "edx");
	check("insn/rdtsc", !probe.hits);
	before = rdtsc();
	after = rdtsc();
	check("insn/rdtsc-monotonic", after >= before);
	check_eq("insn/sgdt-limit", (u32)descriptor_register(0) & 0xffff, 32 * 8 - 1);
	check_eq("insn/sidt-limit", (u32)descriptor_register(1) & 0xffff, 256 * 8 - 1);
	check("insn/sgdt-near-the-top",
	      (u32)(descriptor_register(0) >> 16) >= 0u - lguest_data.reserve_mem);
	__asm__ volatile("smswl %0" : "=r"(machine_word));
	/* PE, MP, NE, and no EM. A Host that shares its FPU lazily may have TS on. */
	check_eq("insn/smsw", machine_word & 0x27, 0x23);
	__asm__ volatile("fninit\n\tfnstsw %%ax\n\tmovzwl %%ax, %0" : "=r"(status) : : "eax");
	check_eq("insn/fpu", status, 0);
	PROBE("xorps %%xmm0, %%xmm0", NOTHING, "i"(0));
	check("insn/sse", !probe.hits);
}

void check_insns(void)
{
	check_ports();
	check_privileged();
	check_tolerated();
	check_native();
}
