/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:351
 * Instructions that manage the processor: control and debug registers, model-specific registers,
 * CPUID, flags, ports, SYSENTER.  Almost all of it is privilege checks and reserved bits.
:*/
#include <string.h>

#include "breaks.h"
#include "seg.h"
#include "system.h"

/* Ring 0, or #GP(0); virtual-8086 mode is ring 3. */
static int need_ring0(struct cpu *cpu)
{
	return cpu->s.cpl ? trap_gp(cpu, 0) : 0;
}

static bool offers(const struct cpu *cpu, uint32_t feature)
{
	return cpu->model.edx1 & feature;
}

/*C:660
 * CR3 with PAE names a table of four entries that the processor reads at once and keeps ("PDPTE
 * Registers"); a bad one is #GP(0), before anything has changed.
 */
static int read_pdptes(struct cpu *cpu, uint32_t cr3, uint64_t pdpte[4])
{
	for (unsigned i = 0; i < 4; i++) {
		le64_t v = le64(~0ull);

		if (!mem_read(cpu->mem, (cr3 & ~31u) + i * 8, &v, 8))
			v = le64(~0ull);
		pdpte[i] = le64_get(v);
		/* Reserved: 1-2, 5-8, and all above our 36 address bits. */
		if ((pdpte[i] & 1) && (pdpte[i] & 0xfffffff0000001e6ull))
			return trap_gp(cpu, 0);
	}
	return 0;
}

/* CR0 and CR4 as they will be: must the entries be read again?  Then do. */
static int refresh_pdptes(struct cpu *cpu, uint32_t cr0, uint32_t cr4, uint32_t cr3)
{
	uint64_t pdpte[4];

	if (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE))
		return 0;
	if (read_pdptes(cpu, cr3, pdpte))
		return 1;
	memcpy(cpu->s.pdpte, pdpte, sizeof(pdpte));
	return 0;
}

int sys_load_cr3(struct cpu *cpu, uint32_t v)
{
	if (refresh_pdptes(cpu, cpu->s.cr0, cpu->s.cr4, v))
		return 1;
	cpu->s.cr3 = v;
	cpu_update_paging(cpu);
	cpu_enter_space(cpu);
	return 0;
}

/* Everything remembered goes when the rules of translation change. */
static void paging_changed(struct cpu *cpu)
{
	cpu_update_paging(cpu);
	cpu_forget_spaces(cpu);
}

/* "MOV - Move to/from Control Registers", "Control Registers": CR0. */
static int set_cr0(struct cpu *cpu, uint32_t v)
{
	const uint32_t known = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM |
			       CR0_NW | CR0_CD | CR0_PG;
	const uint32_t paging = CR0_PG | CR0_WP | CR0_PE;
	uint32_t old = cpu->s.cr0;

	v = (v & known) | CR0_ET;
	if ((v & CR0_PG) && !(v & CR0_PE))
		return trap_gp(cpu, 0);
	if ((v & CR0_NW) && !(v & CR0_CD))
		return trap_gp(cpu, 0);
	if (((v ^ old) & (CR0_PG | CR0_CD | CR0_NW)) &&
	    refresh_pdptes(cpu, v, cpu->s.cr4, cpu->s.cr3))
		return 1;
	cpu->s.cr0 = v;
	if ((v ^ old) & paging)
		paging_changed(cpu);
	cpu_update_mode(cpu);
	return 0;
}

/* CR4: a bit whose feature is not offered is reserved. */
static int set_cr4(struct cpu *cpu, uint32_t v)
{
	const uint32_t paging = CR4_PSE | CR4_PAE | CR4_PGE;
	uint32_t old = cpu->s.cr4, known = CR4_PCE;

	known |= offers(cpu, CPUID_TSC) ? CR4_TSD : 0;
	known |= offers(cpu, CPUID_DE) ? CR4_DE : 0;
	known |= offers(cpu, CPUID_PSE) ? CR4_PSE : 0;
	known |= offers(cpu, CPUID_PAE) ? CR4_PAE : 0;
	known |= offers(cpu, 1u << 7) ? CR4_MCE : 0;
	known |= offers(cpu, CPUID_PGE) ? CR4_PGE : 0;
	known |= offers(cpu, CPUID_FXSR) ? CR4_OSFXSR : 0;
	known |= offers(cpu, CPUID_SSE) ? CR4_OSXMMEXCPT : 0;
	if (v & ~known)
		return trap_gp(cpu, 0);
	if (((v ^ old) & paging) && refresh_pdptes(cpu, cpu->s.cr0, v, cpu->s.cr3))
		return 1;
	cpu->s.cr4 = v;
	if ((v ^ old) & paging)
		paging_changed(cpu);
	return 0;
}

int sys_mov_from_cr(struct cpu *cpu, unsigned cr, uint32_t *v)
{
	const struct cpu_state *s = &cpu->s;

	if (cr == 1 || cr > 4)
		return trap_ud(cpu);
	if (need_ring0(cpu))
		return 1;
	*v = cr == 0 ? s->cr0 : cr == 2 ? s->cr2 : cr == 3 ? s->cr3 : s->cr4;
	return 0;
}

int sys_mov_to_cr(struct cpu *cpu, unsigned cr, uint32_t v)
{
	if (cr == 1 || cr > 4)
		return trap_ud(cpu);
	if (need_ring0(cpu))
		return 1;
	switch (cr) {
	case 0: return set_cr0(cpu, v);
	case 3: return sys_load_cr3(cpu, v);
	case 4: return set_cr4(cpu, v);
	}
	cpu->s.cr2 = v;
	return 0;
}

int sys_lmsw(struct cpu *cpu, uint16_t v)
{
	if (need_ring0(cpu))
		return 1;
	/* It can set PE but not clear it. */
	return set_cr0(cpu, (cpu->s.cr0 & ~(uint32_t)(CR0_MP | CR0_EM | CR0_TS)) | (v & 15));
}

int sys_clts(struct cpu *cpu)
{
	if (need_ring0(cpu))
		return 1;
	cpu->s.cr0 &= ~(uint32_t)CR0_TS;
	return 0;
}

/*
 * INVLPG takes away the translations of a whole page, and where pages of 4 MB are possible, all
 * the pieces of one that we remember.  What the tables say now does not tell what they said when
 * the pieces were found, so the neighbours go in any case.
 */
int sys_invlpg(struct cpu *cpu, uint32_t lin)
{
	struct tlb *tlb = cpu->tlb;

	if (need_ring0(cpu))
		return 1;
	for (unsigned n = 0; (cpu->paging.pse || cpu->paging.pae) && n < tlb->nr_used;) {
		uint32_t tag = tlb_tag(tlb, tlb->used[n]);

		if ((tag ^ lin) >> 22 == 0)
			tlb_flush_page(tlb, tag);
		else
			n++;
	}
	tlb_flush_page(tlb, lin);
	return 0;
}
/*:*/

int sys_invd(struct cpu *cpu)
{
	return need_ring0(cpu);
}

int sys_hlt(struct cpu *cpu)
{
	if (need_ring0(cpu))
		return 1;
	cpu->s.halted = true;
	return 0;
}

/*C:665
 * Debug registers ("Debug Registers DR4 and DR5", "Debug Control Register").  DR7.GD guards them
 * all: the access is #DB before it is made, and BD in DR6 tells why.
 */
static int check_dr(struct cpu *cpu, unsigned *dr)
{
	if (*dr == 4 || *dr == 5) {
		if (cpu->s.cr4 & CR4_DE)
			return trap_ud(cpu);
		*dr += 2;
	}
	if (need_ring0(cpu))
		return 1;
	if (cpu->s.dr[7] & DR7_GD) {
		cpu->s.dr[6] |= DR6_BD;
		return cpu_trap(cpu, V_DB, false, 0);
	}
	return 0;
}

int sys_mov_from_dr(struct cpu *cpu, unsigned dr, uint32_t *v)
{
	if (check_dr(cpu, &dr))
		return 1;
	*v = cpu->s.dr[dr];
	return 0;
}

int sys_mov_to_dr(struct cpu *cpu, unsigned dr, uint32_t v)
{
	if (check_dr(cpu, &dr))
		return 1;
	if (dr == 6)
		v = (v & 0xe00f) | 0xffff0ff0;
	else if (dr == 7)
		v = (v & 0xffff23ff) | 0x400;
	cpu->s.dr[dr] = v;
	cpu_update_mode(cpu);
	return 0;
}
/*:*/

/* LGDT and LIDT; an operand size of 16 has cut the base to 24 bits already. */
static int set_table(struct cpu *cpu, struct dtable *t, uint16_t limit, uint32_t base)
{
	if (need_ring0(cpu))
		return 1;
	*t = (struct dtable){base, limit};
	return 0;
}

int sys_lgdt(struct cpu *cpu, uint16_t limit, uint32_t base)
{
	return set_table(cpu, &cpu->s.gdtr, limit, base);
}

int sys_lidt(struct cpu *cpu, uint16_t limit, uint32_t base)
{
	return set_table(cpu, &cpu->s.idtr, limit, base);
}

/*C:670
 * The flags that are not everybody's.  In virtual-8086 mode IOPL 3 is needed to touch them at all;
 * in protected mode CLI and STI need CPL <= IOPL, and POPF silently leaves alone what the program
 * may not change.
 */
static int need_iopl(struct cpu *cpu)
{
	unsigned iopl = cpu->s.eflags >> 12 & 3;

	return !cpu_is_real(cpu) && cpu->s.cpl > iopl ? trap_gp(cpu, 0) : 0;
}

int sys_cli(struct cpu *cpu)
{
	if (need_iopl(cpu))
		return 1;
	cpu->s.eflags &= ~(uint32_t)FL_IF;
	return 0;
}

int sys_sti(struct cpu *cpu)
{
	if (need_iopl(cpu))
		return 1;
	/* The next instruction still runs undisturbed. */
	if (!(cpu->s.eflags & FL_IF))
		cpu->s.inhibit = INHIBIT_INTR;
	cpu->s.eflags |= FL_IF;
	return 0;
}

int sys_popf(struct cpu *cpu, uint32_t v, unsigned opsize)
{
	uint32_t mask = FL_ARITH | FL_TF | FL_DF | FL_NT;

	if (cpu_is_v86(cpu) && need_iopl(cpu))
		return 1;
	if (opsize == 4)
		mask |= FL_AC | FL_ID;
	if (cpu->s.cpl <= (cpu->s.eflags >> 12 & 3))
		mask |= FL_IF;
	if (!cpu->s.cpl)
		mask |= FL_IF | FL_IOPL;
	v = (cpu_eflags(cpu) & ~mask) | (v & mask);
	cpu_set_eflags(cpu, opsize == 4 ? v & ~(uint32_t)FL_RF : v);
	return 0;
}

int sys_pushf(struct cpu *cpu, unsigned opsize, uint32_t *v)
{
	if (cpu_is_v86(cpu) && need_iopl(cpu))
		return 1;
	*v = cpu_eflags(cpu) & ~(uint32_t)(FL_VM | FL_RF);
	if (opsize == 2)
		*v &= 0xffff;
	return 0;
}
/*:*/

/*C:675
 * SYSENTER and SYSEXIT: no descriptor is read; flat segments are made up on the spot, with the
 * selectors that lie in a row from SYSENTER_CS on.
 */
static void set_flat(struct cpu *cpu, unsigned sr, unsigned sel, unsigned dpl, unsigned type)
{
	cpu->s.seg[sr] = (struct seg){(uint16_t)sel,
				      (uint16_t)(SEG_G | SEG_DB | SEG_P | dpl << 5 | SEG_S | type),
				      0, 0xffffffff};
}

static int sysenter_check(struct cpu *cpu)
{
	if (!offers(cpu, CPUID_SEP))
		return trap_ud(cpu);
	if (cpu_is_real(cpu) || !(cpu->s.sysenter_cs & 0xfffc))
		return trap_gp(cpu, 0);
	return 0;
}

int sys_sysenter(struct cpu *cpu)
{
	unsigned sel = cpu->s.sysenter_cs & 0xfffc;

	if (sysenter_check(cpu))
		return 1;
	cpu->s.eflags &= ~(uint32_t)(FL_VM | FL_IF | FL_RF);
	set_flat(cpu, CS, sel, 0, SEG_CODE | SEG_R | SEG_A);
	set_flat(cpu, SS, sel + 8, 0, SEG_W | SEG_A);
	cpu->s.r[ESP] = cpu->s.sysenter_esp;
	cpu->s.eip = cpu->s.sysenter_eip;
	cpu_set_cpl(cpu, 0);
	cpu_update_mode(cpu);
	return 0;
}

int sys_sysexit(struct cpu *cpu)
{
	unsigned sel = cpu->s.sysenter_cs & 0xfffc;

	if (sysenter_check(cpu) || need_ring0(cpu))
		return 1;
	set_flat(cpu, CS, (sel + 16) | 3, 3, SEG_CODE | SEG_R | SEG_A);
	set_flat(cpu, SS, (sel + 24) | 3, 3, SEG_W | SEG_A);
	cpu->s.r[ESP] = cpu->s.r[ECX];
	cpu->s.eip = cpu->s.r[EDX];
	cpu_set_cpl(cpu, 3);
	cpu_update_mode(cpu);
	return 0;
}
/*:*/

/*C:680
 * Ports ("I/O Permission Bit Map").  Below IOPL every port's bit must be clear in the map at the
 * end of the TSS, which only a 32-bit TSS has.  Two bytes are read always, so both must be within
 * the limit; that is why the map ends with a byte of ones.
 */
static int io_permission(struct cpu *cpu, uint16_t port, unsigned size)
{
	const struct seg *tr = &cpu->s.tr;
	unsigned iopl = cpu->s.eflags >> 12 & 3;
	uint16_t base, map;
	uint32_t off;

	if (cpu_is_real(cpu) || (!cpu_is_v86(cpu) && cpu->s.cpl <= iopl))
		return 0;
	if (!(tr->attr & SEG_P) || !(tr->attr & SYS_32) || tr->limit < 103)
		return trap_gp(cpu, 0);
	if (acc_sys_ld16(cpu, tr->base + 102, &base))
		return 1;
	off = (uint32_t)base + port / 8;
	if (off + 1 > tr->limit)
		return trap_gp(cpu, 0);
	if (acc_sys_ld16(cpu, tr->base + off, &map))
		return 1;
	return (map >> port % 8) & ((1u << size) - 1) ? trap_gp(cpu, 0) : 0;
}

int sys_io_check(struct cpu *cpu, uint16_t port, unsigned size)
{
	if (io_permission(cpu, port, size))
		return 1;
	if (cpu->mode & MODE_BREAK)
		breaks_port(cpu, port, size);
	return 0;
}

int sys_in(struct cpu *cpu, uint16_t port, unsigned size, uint32_t *v)
{
	if (sys_io_check(cpu, port, size))
		return 1;
	*v = cpu->bus.port_in(cpu->bus.ctx, port, size) & (uint32_t)((1ull << size * 8) - 1);
	return 0;
}

int sys_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t v)
{
	if (sys_io_check(cpu, port, size))
		return 1;
	cpu->bus.port_out(cpu->bus.ctx, port, size, v & (uint32_t)((1ull << size * 8) - 1));
	return 0;
}
/*:*/
