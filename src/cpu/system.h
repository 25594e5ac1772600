/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:350
 * Instructions that manage the processor itself: control and debug registers, MSRs, CPUID, I/O
 * ports, SYSENTER.  Each checks its privilege, then acts; all return 0, or 1 with a fault noted
 * and nothing changed.
:*/
#ifndef CPU_SYSTEM_H
#define CPU_SYSTEM_H

#include "cpu.h"

/* Load CR3 and, with PAE, the four entries it points to; flush what is not global. */
int sys_load_cr3(struct cpu *cpu, uint32_t v) MUST_CHECK;
int sys_mov_from_cr(struct cpu *cpu, unsigned cr, uint32_t *v) MUST_CHECK;
int sys_mov_to_cr(struct cpu *cpu, unsigned cr, uint32_t v) MUST_CHECK;
int sys_mov_from_dr(struct cpu *cpu, unsigned dr, uint32_t *v) MUST_CHECK;
int sys_mov_to_dr(struct cpu *cpu, unsigned dr, uint32_t v) MUST_CHECK;
int sys_lmsw(struct cpu *cpu, uint16_t v) MUST_CHECK;
int sys_clts(struct cpu *cpu) MUST_CHECK;
int sys_invlpg(struct cpu *cpu, uint32_t lin) MUST_CHECK;
int sys_invd(struct cpu *cpu) MUST_CHECK; /* also WBINVD */
int sys_hlt(struct cpu *cpu) MUST_CHECK;  /* sets s.halted */
int sys_rdmsr(struct cpu *cpu) MUST_CHECK;
int sys_wrmsr(struct cpu *cpu) MUST_CHECK;
/* `ahead` instructions of the running block, behind this one, are counted already. */
int sys_rdtsc(struct cpu *cpu, unsigned ahead) MUST_CHECK;
int sys_rdpmc(struct cpu *cpu) MUST_CHECK;
void sys_cpuid(struct cpu *cpu);
int sys_sysenter(struct cpu *cpu) MUST_CHECK;
int sys_sysexit(struct cpu *cpu) MUST_CHECK;
int sys_cli(struct cpu *cpu) MUST_CHECK;
int sys_sti(struct cpu *cpu) MUST_CHECK; /* sets s.inhibit if IF was 0 */
/* POPF of opsize bytes: which bits may change depends on CPL, IOPL and VM. */
int sys_popf(struct cpu *cpu, uint32_t v, unsigned opsize) MUST_CHECK;
int sys_pushf(struct cpu *cpu, unsigned opsize, uint32_t *v) MUST_CHECK;
/* May this program use these ports (IOPL, I/O permission map)?  #GP(0) if not. */
int sys_io_check(struct cpu *cpu, uint16_t port, unsigned size) MUST_CHECK;
int sys_in(struct cpu *cpu, uint16_t port, unsigned size, uint32_t *v) MUST_CHECK;
int sys_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t v) MUST_CHECK;
/* LGDT, LIDT with the operand already read; base has 24 bits when opsize is 2. */
int sys_lgdt(struct cpu *cpu, uint16_t limit, uint32_t base) MUST_CHECK;
int sys_lidt(struct cpu *cpu, uint16_t limit, uint32_t base) MUST_CHECK;

#endif
