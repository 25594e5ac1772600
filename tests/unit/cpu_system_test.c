/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:353
 * Tests of the system instructions: reserved bits, privileges, MSRs, CPUID, ports, SYSENTER.
:*/
#include "cpu_world.h"

START_TEST(control_registers)
{
	uint32_t v;

	ck_fault(sys_mov_to_cr(cpu, 0, CR0_PG), V_GP, 0);
	ck_fault(sys_mov_to_cr(cpu, 0, CR0_PE | CR0_NW), V_GP, 0);
	ck_ok(sys_mov_to_cr(cpu, 0, CR0_PE | CR0_WP | 0x1000));
	ck_ok(sys_mov_from_cr(cpu, 0, &v));
	ck_assert_uint_eq(v, CR0_PE | CR0_WP | CR0_ET);
	ck_fault(sys_mov_to_cr(cpu, 4, CR4_DE), V_GP, 0); /* not offered */
	ck_fault(sys_mov_to_cr(cpu, 4, 1u << 20), V_GP, 0);
	ck_ok(sys_mov_to_cr(cpu, 4, CR4_PSE | CR4_PGE));
	ck_fault(sys_mov_to_cr(cpu, 1, 0), V_UD, 0);
	/* LMSW cannot leave protected mode. */
	ck_ok(sys_lmsw(cpu, CR0_TS));
	ck_assert_uint_eq(cpu->s.cr0, CR0_PE | CR0_WP | CR0_ET | CR0_TS);
	ck_ok(sys_clts(cpu));
	ck_assert_uint_eq(cpu->s.cr0, CR0_PE | CR0_WP | CR0_ET);
	world_ring(1);
	ck_fault(sys_mov_from_cr(cpu, 0, &v), V_GP, 0);
	ck_fault(sys_mov_to_cr(cpu, 3, 0), V_GP, 0);
	ck_fault(sys_clts(cpu), V_GP, 0);
	ck_fault(sys_invlpg(cpu, 0), V_GP, 0);
	ck_fault(sys_hlt(cpu), V_GP, 0);
	ck_fault(sys_lidt(cpu, 0, 0), V_GP, 0);
}
END_TEST

START_TEST(pdptes)
{
	le64_t bad = le64(0x111003);

	ck_assert(mem_write(&mem, 0x110008, &bad, 8));
	ck_ok(sys_mov_to_cr(cpu, 4, CR4_PAE));
	ck_ok(sys_mov_to_cr(cpu, 3, 0x110000)); /* paging is off: not looked at */
	ck_fault(sys_mov_to_cr(cpu, 0, cpu->s.cr0 | CR0_PG), V_GP, 0);
	ck_assert(!(cpu->s.cr0 & CR0_PG));
	bad = le64(0x111001);
	ck_assert(mem_write(&mem, 0x110008, &bad, 8));
	ck_ok(sys_mov_to_cr(cpu, 0, cpu->s.cr0 | CR0_PG));
	ck_assert_uint_eq(cpu->paging.pdpte[1], 0x111001);
}
END_TEST

START_TEST(debug_registers)
{
	uint32_t v;

	ck_ok(sys_mov_to_dr(cpu, 7, 0xffffffff & ~(1u << 13)));
	ck_ok(sys_mov_from_dr(cpu, 5, &v)); /* DR7, as DE is clear */
	ck_assert_uint_eq(v, 0xffff07ff);
	ck_ok(sys_mov_to_dr(cpu, 6, 0));
	ck_assert_uint_eq(cpu->s.dr[6], 0xffff0ff0);
	ck_ok(sys_mov_to_dr(cpu, 7, 1u << 13));
	ck_fault(sys_mov_from_dr(cpu, 0, &v), V_DB, 0);
	ck_assert(cpu->s.dr[6] & 1u << 13);
	cpu->s.cr4 = CR4_DE;
	ck_fault(sys_mov_from_dr(cpu, 4, &v), V_UD, 0);
	/* The handler gets in. */
	idt(V_DB, S_CODE0, 0x3000, G_INT32, 0);
	cpu_trap(cpu, V_DB, false, 0);
	ck_ok(event_deliver(cpu));
	ck_ok(sys_mov_from_dr(cpu, 6, &v));
	world_ring(3);
	ck_fault(sys_mov_from_dr(cpu, 0, &v), V_GP, 0);
}
END_TEST

static int msr(uint32_t nr, uint64_t v)
{
	cpu->s.r[ECX] = nr;
	cpu->s.r[EAX] = (uint32_t)v;
	cpu->s.r[EDX] = (uint32_t)(v >> 32);
	return sys_wrmsr(cpu);
}

START_TEST(msrs)
{
	ck_fault(msr(0xc0000080, 0x800), V_GP, 0); /* NX is not offered */
	ck_fault(msr(0xfe, 0), V_GP, 0);
	ck_fault(msr(0x277, 2), V_GP, 0);
	ck_ok(msr(0x277, 0x0406));
	cpu->s.clock_ns = 5000;
	ck_ok(msr(0x10, 0x100000000));
	cpu->s.clock_ns = 5007;
	ck_ok(sys_rdtsc(cpu, 0));
	ck_assert_uint_eq(cpu->s.r[EDX], 1);
	ck_assert_uint_eq(cpu->s.r[EAX], 7);
	cpu->s.r[ECX] = 0x277;
	ck_ok(sys_rdmsr(cpu));
	ck_assert_uint_eq(cpu->s.r[EAX], 0x0406);
	world_ring(3);
	ck_ok(sys_rdtsc(cpu, 0));
	cpu->s.cr4 |= CR4_TSD;
	ck_fault(sys_rdtsc(cpu, 0), V_GP, 0);
	ck_fault(sys_rdmsr(cpu), V_GP, 0);
}
END_TEST

START_TEST(cpuid)
{
	cpu->s.r[EAX] = 0;
	sys_cpuid(cpu);
	ck_assert_uint_eq(cpu->s.r[EAX], 2);
	ck_assert_uint_eq(cpu->s.r[EBX], 0x756e6547); /* Genu */
	cpu->s.r[EAX] = 1;
	sys_cpuid(cpu);
	ck_assert_uint_eq(cpu->s.r[EAX], 0x683);
	ck_assert_uint_eq(cpu->s.r[EDX], cpu_model_find(NULL)->edx1);
	ck_assert_uint_eq(cpu->s.r[EBX], 0x800); /* CLFLUSH: 64 bytes */
	cpu->s.r[EAX] = 0x80000002;
	sys_cpuid(cpu);
	ck_assert_uint_eq(cpu->s.r[EAX], 0x6d65676c); /* lgem */
	cpu->s.r[EAX] = 0x40000000;
	sys_cpuid(cpu);
	ck_assert_uint_eq(cpu->s.r[EAX] | cpu->s.r[EBX] | cpu->s.r[ECX] | cpu->s.r[EDX], 0);
}
END_TEST

START_TEST(flags)
{
	uint32_t v;

	world_ring(3);
	cpu_set_eflags(cpu, FL_IF);
	ck_fault(sys_cli(cpu), V_GP, 0);
	ck_ok(sys_popf(cpu, 0xffffffff, 4)); /* silently */
	ck_assert_uint_eq(cpu_eflags(cpu) & (FL_IOPL | FL_VM | FL_VIF | FL_RF), 0);
	ck_assert(cpu_eflags(cpu) & FL_ID);
	ck_ok(sys_popf(cpu, 0, 2));
	ck_assert_uint_eq(cpu_eflags(cpu), FL_R1 | FL_IF | FL_ID | FL_AC);
	cpu_set_eflags(cpu, FL_IOPL);
	ck_ok(sys_sti(cpu));
	ck_assert(cpu->s.inhibit);
	cpu->s.inhibit = false;
	ck_ok(sys_sti(cpu));
	ck_assert(!cpu->s.inhibit); /* IF was set already */
	ck_ok(sys_popf(cpu, 0, 4));
	ck_assert_uint_eq(cpu_eflags(cpu), FL_R1 | FL_IOPL);
	cpu->s.eflags |= FL_RF;
	ck_ok(sys_pushf(cpu, 4, &v));
	ck_assert_uint_eq(v, FL_R1 | FL_IOPL);
}
END_TEST

START_TEST(ports)
{
	uint32_t v, map = W_TSS + 0x68;

	ck_ok(sys_in(cpu, 0x3f8, 1, &v));
	ck_assert_uint_eq(v, 0xf8);
	poke16(W_TSS + 0x66, 0x68);
	world_ring(3);
	poke32(map, 0xffffffff);
	poke32(map + 4, 0xffffffff);
	ck_fault(sys_in(cpu, 0x10, 1, &v), V_GP, 0);
	poke32(map, ~(3u << 16));
	ck_ok(sys_in(cpu, 0x10, 2, &v));
	ck_ok(sys_in(cpu, 0x11, 1, &v));
	ck_fault(sys_in(cpu, 0x11, 2, &v), V_GP, 0);
	ck_fault(sys_out(cpu, 0x10, 4, 0), V_GP, 0);
	/* Over the byte border, and over the end of the map. */
	poke32(map, ~(0xfu << 6));
	ck_ok(sys_in(cpu, 6, 4, &v));
	cpu->s.tr.limit = 0x68;
	ck_fault(sys_in(cpu, 6, 1, &v), V_GP, 0);
	cpu->s.eflags |= FL_IOPL;
	ck_ok(sys_in(cpu, 0x11, 2, &v));
	cpu->s.tr.limit = 0x2067;
	cpu->s.eflags |= FL_VM; /* IOPL does not help there */
	ck_fault(sys_in(cpu, 0x20, 1, &v), V_GP, 0);
}
END_TEST

START_TEST(sysenter)
{
	world_ring(3);
	ck_fault(sys_sysenter(cpu), V_GP, 0);
	cpu->s.sysenter_cs = S_CODE0;
	cpu->s.sysenter_esp = 0x7000;
	cpu->s.sysenter_eip = 0x12345;
	cpu->ring0_charge_ns = 9;
	ck_fault(sys_sysexit(cpu), V_GP, 0);
	ck_ok(sys_sysenter(cpu));
	ck_assert_uint_eq(cpu->s.cpl, 0);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, S_CODE0);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, S_CODE0 + 8);
	ck_assert_uint_eq(cpu->s.r[ESP], 0x7000);
	ck_assert_uint_eq(cpu->s.eip, 0x12345);
	ck_assert(!(cpu_eflags(cpu) & FL_IF));
	ck_assert_uint_eq(cpu_clock_ns(cpu), 9);
	cpu->s.r[ECX] = 0xb000;
	cpu->s.r[EDX] = 0x4444;
	ck_ok(sys_sysexit(cpu));
	ck_assert_uint_eq(cpu->s.cpl, 3);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, (S_CODE0 + 16) | 3);
	ck_assert_uint_eq(cpu->s.seg[SS].sel, (S_CODE0 + 24) | 3);
	ck_assert_uint_eq(cpu->s.seg[SS].attr & SEG_DPL, SEG_DPL);
	ck_assert_uint_eq(cpu->s.r[ESP], 0xb000);
	ck_assert_uint_eq(cpu->s.eip, 0x4444);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, control_registers);
	tcase_add_test(tc, pdptes);
	tcase_add_test(tc, debug_registers);
	tcase_add_test(tc, msrs);
	tcase_add_test(tc, cpuid);
	tcase_add_test(tc, flags);
	tcase_add_test(tc, ports);
	tcase_add_test(tc, sysenter);
}

int main(void)
{
	return run_tests("cpu/system", fill);
}
