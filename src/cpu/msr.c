/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:352
 * What the processor says about itself, and the registers that come in numbers: CPUID, RDMSR and
 * WRMSR, and the counters.  A register that is not listed here does not exist: #GP(0).
:*/
#include <string.h>

#include "system.h"

static int need_ring0(struct cpu *cpu)
{
	return cpu->s.cpl ? trap_gp(cpu, 0) : 0;
}

/*C:685
 * Time, as programs read it: the board clock, and whatever somebody wrote to the counter.
 */
static uint64_t tsc(const struct cpu *cpu)
{
	return cpu_clock_ns(cpu) + (uint64_t)cpu->s.tsc_offset;
}

int sys_rdtsc(struct cpu *cpu, unsigned ahead)
{
	uint64_t now = tsc(cpu) - (cpu->s.cpl ? ahead : 0);

	if (!(cpu->model.edx1 & CPUID_TSC))
		return trap_ud(cpu);
	if ((cpu->s.cr4 & CR4_TSD) && cpu->s.cpl)
		return trap_gp(cpu, 0);
	cpu->s.r[EAX] = (uint32_t)now;
	cpu->s.r[EDX] = (uint32_t)(now >> 32);
	return 0;
}

/* Two performance counters that nobody programs: they stand at 0. */
int sys_rdpmc(struct cpu *cpu)
{
	if ((!(cpu->s.cr4 & CR4_PCE) && cpu->s.cpl) || cpu->s.r[ECX] > 1)
		return trap_gp(cpu, 0);
	cpu->s.r[EAX] = cpu->s.r[EDX] = 0;
	return 0;
}
/*:*/

/* Numbers as in the manual's list of architectural MSRs. */
enum msr {
	MSR_TSC = 0x10,
	MSR_APIC_BASE = 0x1b,
	MSR_SYSENTER_CS = 0x174,
	MSR_SYSENTER_ESP = 0x175,
	MSR_SYSENTER_EIP = 0x176,
	MSR_MISC_ENABLE = 0x1a0,
	MSR_PAT = 0x277,
	MSR_EFER = 0xc0000080,
};

#define EFER_NXE 0x800u

static bool msr_exists(const struct cpu *cpu, uint32_t nr)
{
	switch (nr) {
	case MSR_TSC: return cpu->model.edx1 & CPUID_TSC;
	case MSR_SYSENTER_CS:
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP: return cpu->model.edx1 & CPUID_SEP;
	case MSR_EFER: return cpu->model.ext_edx1 & CPUID_EXT_NX;
	case MSR_APIC_BASE:
	case MSR_MISC_ENABLE:
	case MSR_PAT: return true;
	}
	return false;
}

/* The checks that RDMSR and WRMSR share. */
static int check_msr(struct cpu *cpu, uint32_t nr)
{
	if (!(cpu->model.edx1 & CPUID_MSR))
		return trap_ud(cpu);
	if (need_ring0(cpu))
		return 1;
	return msr_exists(cpu, nr) ? 0 : trap_gp(cpu, 0);
}

int sys_rdmsr(struct cpu *cpu)
{
	const struct cpu_state *s = &cpu->s;
	uint64_t v = 0;

	if (check_msr(cpu, s->r[ECX]))
		return 1;
	switch (s->r[ECX]) {
	case MSR_TSC: v = tsc(cpu); break;
	case MSR_APIC_BASE: v = s->apic_base; break;
	case MSR_SYSENTER_CS: v = s->sysenter_cs; break;
	case MSR_SYSENTER_ESP: v = s->sysenter_esp; break;
	case MSR_SYSENTER_EIP: v = s->sysenter_eip; break;
	case MSR_PAT: v = s->pat; break;
	case MSR_EFER: v = s->efer; break;
	}
	cpu->s.r[EAX] = (uint32_t)v;
	cpu->s.r[EDX] = (uint32_t)(v >> 32);
	return 0;
}

/* Eight memory types, of which 2, 3 and everything from 8 on are reserved. */
static bool pat_is_valid(uint64_t v)
{
	for (unsigned i = 0; i < 64; i += 8) {
		unsigned type = v >> i & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static int set_efer(struct cpu *cpu, uint64_t v)
{
	if (v & ~(uint64_t)EFER_NXE)
		return trap_gp(cpu, 0);
	cpu->s.efer = v;
	cpu_update_paging(cpu);
	cpu_forget_spaces(cpu);
	return 0;
}

int sys_wrmsr(struct cpu *cpu)
{
	struct cpu_state *s = &cpu->s;
	uint64_t v = s->r[EAX] | (uint64_t)s->r[EDX] << 32;

	if (check_msr(cpu, s->r[ECX]))
		return 1;
	switch (s->r[ECX]) {
	case MSR_TSC: s->tsc_offset = (int64_t)(v - cpu_clock_ns(cpu)); break;
	case MSR_APIC_BASE: s->apic_base = v; break;
	case MSR_SYSENTER_CS: s->sysenter_cs = (uint32_t)v; break;
	case MSR_SYSENTER_ESP: s->sysenter_esp = (uint32_t)v; break;
	case MSR_SYSENTER_EIP: s->sysenter_eip = (uint32_t)v; break;
	case MSR_EFER: return set_efer(cpu, v);
	case MSR_PAT:
		if (!pat_is_valid(v))
			return trap_gp(cpu, 0);
		s->pat = v;
		break;
	}
	return 0;
}

/*C:690
 * CPUID.  A leaf beyond the last one is answered as the last basic one, as Intel's processors do;
 * but the range where hypervisors introduce themselves is empty.
 */
struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static struct cpuid cpuid_brand(unsigned part)
{
	static const char text[48] = "lgemu virtual CPU";
	le32_t r[4];

	memcpy(r, text + part * sizeof(r), sizeof(r));
	return (struct cpuid){le32_get(r[0]), le32_get(r[1]), le32_get(r[2]), le32_get(r[3])};
}

static struct cpuid cpuid(const struct cpu *cpu, uint32_t leaf)
{
	const struct cpu_model *m = &cpu->model;

	if (leaf >> 28 == 4)
		return (struct cpuid){0, 0, 0, 0};
	switch (leaf) {
	case 0: /* GenuineIntel, in this odd order */
		return (struct cpuid){2, 0x756e6547, 0x6c65746e, 0x49656e69};
	case 1:
		/* EBX: what CLFLUSH flushes, in units of 8 bytes. */
		return (struct cpuid){m->signature, m->edx1 & CPUID_CLFSH ? 8 << 8 : 0, m->ecx1,
				      m->edx1};
	case 0x80000000: return (struct cpuid){0x80000004, 0, 0, 0};
	case 0x80000001: return (struct cpuid){0, 0, 0, m->ext_edx1};
	case 0x80000002:
	case 0x80000003:
	case 0x80000004: return cpuid_brand(leaf - 0x80000002);
	}
	/* Leaf 2: TLBs of 4 KB and 4 MB pages, caches of 16 + 16 KB and of 512 KB. */
	return (struct cpuid){0x03020101, 0, 0, 0x0c040843};
}

void sys_cpuid(struct cpu *cpu)
{
	struct cpuid id = cpuid(cpu, cpu->s.r[EAX]);

	cpu->s.r[EAX] = id.eax;
	cpu->s.r[EBX] = id.ebx;
	cpu->s.r[ECX] = id.ecx;
	cpu->s.r[EDX] = id.edx;
}
/*:*/
