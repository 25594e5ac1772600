/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:326
 * Tests of memory access: page faults and their error codes, accesses over page borders, A and D
 * bits, write protection, alignment, stores into code.
:*/
#include "cpu_world.h"
#include "cpu/frame.h"

START_TEST(page_crossing_store_is_whole_or_nothing)
{
	world_paging();
	world_ring(3);
	poke32(0x20ffc, 0x11111111);
	world_pte(0x21000, 0);
	ck_fault(acc_st32(cpu, 0x20ffe, 0x22222222), V_PF, PF_WRITE | PF_USER);
	ck_assert_uint_eq(cpu->s.cr2, 0x21000);
	ck_assert_uint_eq(peek32(0x20ffc), 0x11111111);
	/* Both missing: the first is blamed, at the byte we asked for. */
	world_pte(0x20000, 0);
	ck_fault(acc_st32(cpu, 0x20ffe, 0x22222222), V_PF, PF_WRITE | PF_USER);
	ck_assert_uint_eq(cpu->s.cr2, 0x20ffe);
	world_pte(0x20000, PTE_P | PTE_RW | PTE_US);
	world_pte(0x21000, PTE_P | PTE_RW | PTE_US);
	ck_ok(acc_st32(cpu, 0x20ffe, 0x22222222));
	ck_assert_uint_eq(peek32(0x20ffe), 0x22222222);
	ck_assert_uint_eq(peek16(0x20ffc), 0x1111);
}
END_TEST

START_TEST(error_codes)
{
	uint32_t v;

	world_paging();
	world_ring(3);
	world_pte(0x20000, PTE_P);
	world_pte(0x21000, PTE_P | PTE_US);
	world_pte(0x22000, 0);
	ck_fault(acc_ld32(cpu, 0x20000, &v), V_PF, PF_PRESENT | PF_USER);
	ck_fault(acc_st32(cpu, 0x21000, 1), V_PF, PF_PRESENT | PF_USER | PF_WRITE);
	ck_ok(acc_ld32(cpu, 0x21000, &v));
	ck_fault(acc_st32(cpu, 0x21000, 1), V_PF, PF_PRESENT | PF_USER | PF_WRITE);
	ck_fault(acc_ld32(cpu, 0x22008, &v), V_PF, PF_USER);
	ck_assert_uint_eq(cpu->s.cr2, 0x22008);
	/* The processor's own accesses are a supervisor's, in any ring. */
	ck_ok(acc_sys_ld32(cpu, 0x20000, &v));
	ck_fault(acc_sys_ld32(cpu, 0x22000, &v), V_PF, 0);
	/* And their translations are not the program's. */
	ck_fault(acc_ld32(cpu, 0x20000, &v), V_PF, PF_PRESENT | PF_USER);
	world_ring(1);
	ck_ok(acc_ld32(cpu, 0x20000, &v));
	ck_fault(acc_st32(cpu, 0x22000, 1), V_PF, PF_WRITE);
}
END_TEST

START_TEST(write_protect)
{
	world_paging();
	world_ring(0);
	world_pte(0x20000, PTE_P | PTE_US);
	ck_fault(acc_st32(cpu, 0x20000, 1), V_PF, PF_PRESENT | PF_WRITE);
	ck_assert_uint_eq(pte_of(0x20000) & (PTE_A | PTE_D), 0);
	ck_ok(sys_mov_to_cr(cpu, 0, cpu->s.cr0 & ~(uint32_t)CR0_WP));
	ck_ok(acc_st32(cpu, 0x20000, 0x1234));
	ck_assert_uint_eq(peek32(0x20000), 0x1234);
	ck_assert_uint_eq(pte_of(0x20000) & (PTE_A | PTE_D), PTE_A | PTE_D);
	ck_assert_uint_eq(cpu->tlb->half[TLB_SUPERVISOR].e[tlb_index(0x20000)].write, 0x20000);
	/* Now the TLB knows the page as writable: setting WP must be seen. */
	ck_ok(sys_mov_to_cr(cpu, 0, cpu->s.cr0 | CR0_WP));
	ck_fault(acc_st32(cpu, 0x20000, 1), V_PF, PF_PRESENT | PF_WRITE);
}
END_TEST

START_TEST(accessed_and_dirty)
{
	uint32_t v;

	world_paging();
	world_ring(3);
	ck_ok(acc_ld32(cpu, 0x20000, &v));
	ck_assert_uint_eq(pte_of(0x20000) & (PTE_A | PTE_D), PTE_A);
	ck_assert(peek32(W_PD) & PTE_A);
	ck_assert(!(peek32(W_PD) & PTE_D));
	/* The TLB knows it, but not yet for stores. */
	ck_ok(acc_st32(cpu, 0x20000, 1));
	ck_assert_uint_eq(pte_of(0x20000) & (PTE_A | PTE_D), PTE_A | PTE_D);
	/* A probe counts as a store for the page tables, but not for memory. */
	ck_ok(acc_probe_write(cpu, 0x21000, 4));
	ck_assert_uint_eq(pte_of(0x21000) & (PTE_A | PTE_D), PTE_A | PTE_D);
	ck_assert_uint_eq(peek32(0x21000), 0);
}
END_TEST

START_TEST(write_tag_only_when_nothing_is_left_to_do)
{
	unsigned i = tlb_index(0x20000), c = tlb_index(0x24000);
	const struct tlb_entry *e;
	uint32_t v;

	world_paging();
	world_ring(3);
	e = cpu->tlb->half[TLB_USER].e;
	ck_assert_ptr_eq(cpu->view, &cpu->tlb->half[TLB_USER]);
	/* The page was never seen: the quick way would leave no trace in its entry. */
	ck_assert(!acc_refill_read(cpu, 0x20000));
	ck_assert_uint_eq(pte_of(0x20000) & PTE_A, 0);
	ck_ok(acc_ld32(cpu, 0x20000, &v));
	ck_assert_uint_eq(e[i].read, 0x20000);
	ck_assert_uint_eq(e[i].write, tlb_none(i));
	cpu_forget_spaces(cpu);
	ck_assert(!acc_refill_write(cpu, 0x20000));
	ck_assert_uint_eq(pte_of(0x20000) & PTE_D, 0);
	ck_assert(acc_refill_read(cpu, 0x20000));
	ck_assert_uint_eq(e[i].read, 0x20000);
	/* Known already: then it was something else that did not fit. */
	ck_assert(!acc_refill_read(cpu, 0x20000));
	ck_ok(acc_st32(cpu, 0x20000, v));
	ck_assert_uint_eq(e[i].write, 0x20000);
	ck_assert(mem.page[0x20] & MEM_DIRTY);
	/* Code keeps the write tag away. */
	mem_mark_code(&mem, 0x24000, 8);
	ck_ok(acc_st32(cpu, 0x24100, 1));
	ck_assert(!acc_refill_write(cpu, 0x24000));
	ck_assert_uint_eq(e[c].read, 0x24000);
	ck_assert_uint_eq(e[c].write, tlb_none(c));
	/* No RAM, no entry; all ones come back, and stores are lost. */
	world_pte(0x25000, 0);
	poke32(W_PT + 0x25 * 4, 0xf0000000 | PTE_P | PTE_RW | PTE_US);
	ck_assert(!acc_refill_write(cpu, 0x25000));
	ck_assert_uint_eq(e[tlb_index(0x25000)].read, tlb_none(tlb_index(0x25000)));
	ck_ok(acc_st32(cpu, 0x25000, 7));
	ck_ok(acc_ld32(cpu, 0x25000, &v));
	ck_assert_uint_eq(v, 0xffffffff);
}
END_TEST

START_TEST(stores_into_code_are_made_alone)
{
	world_paging();
	world_ring(3);
	mem_mark_code(&mem, 0x20040, 16);
	/* Beside the code: nothing special. */
	ck_ok(acc_st32(cpu, 0x20000, 1));
	ck_assert_uint_eq(mem.nr_changed, 0);
	ck_assert_int_eq(acc_st32(cpu, 0x20040, 1), 1);
	ck_assert(cpu->restart_single);
	ck_assert(!cpu->trap.pending);
	ck_assert_uint_eq(peek32(0x20040), 0);
	cpu->restart_single = false;
	ck_assert_int_eq(acc_probe_write(cpu, 0x2003e, 4), 1);
	ck_assert(cpu->restart_single);
	cpu->restart_single = false;
	cpu->single = true;
	ck_ok(acc_st32(cpu, 0x20040, 1));
	ck_assert(!cpu->restart_single);
	ck_assert_uint_eq(peek32(0x20040), 1);
	ck_assert_uint_eq(mem.nr_changed, 1);
	ck_assert_uint_eq(mem.changed[0], 0x20);
}
END_TEST

START_TEST(alignment)
{
	uint32_t v;
	uint64_t q;

	world_paging();
	world_ring(3);
	cpu->s.cr0 |= CR0_AM;
	ck_ok(acc_ld32(cpu, 0x20001, &v));
	cpu->s.eflags |= FL_AC;
	ck_fault(acc_ld32(cpu, 0x20001, &v), V_AC, 0);
	ck_fault(acc_st16(cpu, 0x20001, 1), V_AC, 0);
	ck_fault(acc_ld64(cpu, 0x20004, &q), V_AC, 0);
	ck_ok(acc_ld32(cpu, 0x20004, &v));
	/* Before paging. */
	world_pte(0x22000, 0);
	ck_fault(acc_ld32(cpu, 0x22001, &v), V_AC, 0);
	/* Only ring 3. */
	cpu_set_cpl(cpu, 2);
	ck_ok(acc_ld32(cpu, 0x20001, &v));
}
END_TEST

START_TEST(fetch_and_nx)
{
	static const uint64_t nx = 1ull << 63;
	uint32_t pa;
	le64_t e;

	world_paging();
	world_ring(3);
	ck_ok(acc_fetch(cpu, 0x20010, &pa));
	ck_assert_uint_eq(pa, 0x20010);
	world_pte(0x20000, PTE_P);
	ck_fault(acc_fetch(cpu, 0x20010, &pa), V_PF, PF_PRESENT | PF_USER);
	/* PAE: one page directory, one table, one page that must not be executed. */
	world_ring(0);
	cpu->s.cr0 &= ~(uint32_t)CR0_PG;
	cpu->model.ext_edx1 = CPUID_EXT_NX;
	e = le64(0x111000 | PTE_P);
	ck_assert(mem_write(&mem, 0x110000, &e, 8));
	e = le64(0x112000 | PTE_P | PTE_RW | PTE_US);
	ck_assert(mem_write(&mem, 0x111000, &e, 8));
	e = le64(0x20000 | PTE_P | PTE_RW | PTE_US | nx);
	ck_assert(mem_write(&mem, 0x112000 + 0x20 * 8, &e, 8));
	cpu->s.r[ECX] = 0xc0000080;
	cpu->s.r[EAX] = 0x800;
	cpu->s.r[EDX] = 0;
	ck_ok(sys_wrmsr(cpu));
	ck_ok(sys_mov_to_cr(cpu, 4, CR4_PAE));
	ck_ok(sys_mov_to_cr(cpu, 3, 0x110000));
	ck_ok(sys_mov_to_cr(cpu, 0, cpu->s.cr0 | CR0_PG));
	ck_ok(acc_sys_ld32(cpu, 0x20000, &pa));
	ck_fault(acc_fetch(cpu, 0x20010, &pa), V_PF, PF_PRESENT | PF_FETCH);
}
END_TEST

START_TEST(tlb_rules)
{
	uint32_t v;

	world_paging();
	cpu->s.cr4 |= CR4_PGE;
	cpu_state_changed(cpu);
	world_ring(0);
	poke32(0x20000, 1);
	poke32(0x21000, 2);
	world_pte(0x20000, PTE_P | PTE_RW | PTE_G);
	ck_ok(acc_ld32(cpu, 0x20000, &v));
	ck_ok(acc_ld32(cpu, 0x22000, &v));
	poke32(W_PT + 0x20 * 4, 0x21000 | PTE_P | PTE_G);
	poke32(W_PT + 0x22 * 4, 0x21000 | PTE_P);
	/* MOV CR3 keeps global entries, and no others. */
	ck_ok(sys_mov_to_cr(cpu, 3, W_PD));
	ck_ok(acc_ld32(cpu, 0x20000, &v));
#ifndef LG_HARD
	ck_assert_uint_eq(v, 1);
#endif
	ck_ok(acc_ld32(cpu, 0x22000, &v));
	ck_assert_uint_eq(v, 2);
	ck_ok(sys_invlpg(cpu, 0x20123));
	ck_ok(acc_ld32(cpu, 0x20000, &v));
	ck_assert_uint_eq(v, 2);
	/* A change of CR4.PGE forgets all. */
	poke32(W_PT + 0x20 * 4, 0x22000 | PTE_P | PTE_G);
	poke32(0x22000, 3);
	ck_ok(sys_mov_to_cr(cpu, 4, 0));
	ck_ok(acc_ld32(cpu, 0x20000, &v));
	ck_assert_uint_eq(v, 3);
}
END_TEST

static uint32_t value_at(uint32_t lin)
{
	uint32_t v = 0;

	ck_ok(acc_ld32(cpu, lin, &v));
	return v;
}

static uint64_t misses_for(uint32_t lin)
{
	const uint64_t before = cpu->tlb_misses;

	value_at(lin);
	return cpu->tlb_misses - before;
}

/* Directories that have the identity map, each with a page of its own ELSEWHERE. */
enum { OTHER_PD = 0x60000, OTHER_NR = 6, ELSEWHERE = 0x7001000 };

static uint32_t other_pd(unsigned i)
{
	return OTHER_PD + i * 2 * PAGE_SIZE;
}

/* Where the entries for it are. */
static uint32_t other_pde(unsigned i)
{
	return other_pd(i) + (ELSEWHERE >> 22) * 4;
}

static uint32_t other_pte(unsigned i)
{
	return other_pd(i) + PAGE_SIZE + (ELSEWHERE >> 12 & 1023) * 4;
}

static void other_worlds(void)
{
	world_paging();
	world_ring(0);
	for (unsigned i = 0; i < OTHER_NR; i++) {
		poke32(other_pd(i), W_PT | PTE_P | PTE_RW | PTE_US);
		poke32(other_pde(i), (other_pd(i) + PAGE_SIZE) | PTE_P | PTE_RW);
		poke32(other_pte(i), (0x20000 + i * PAGE_SIZE) | PTE_P | PTE_RW);
		poke32(0x20000 + i * PAGE_SIZE, 100 + i);
	}
}

START_TEST(spaces_are_kept)
{
	other_worlds();
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < OTHER_NR; i++) {
			ck_ok(sys_mov_to_cr(cpu, 3, other_pd(i)));
			ck_assert_uint_eq(value_at(ELSEWHERE), 100 + i);
		}
	/* The last few are still there. */
	for (unsigned i = OTHER_NR - MEM_SPACES; i < OTHER_NR; i++) {
		ck_ok(sys_mov_to_cr(cpu, 3, other_pd(i)));
#ifndef LG_HARD
		ck_assert_uint_eq(misses_for(ELSEWHERE), 0);
#endif
		ck_assert_uint_eq(value_at(ELSEWHERE), 100 + i);
	}
	/* Without the rung none is. */
	cpu_do_without(cpu, 1u << RUNG_SPACES);
	ck_assert_uint_eq(misses_for(ELSEWHERE), 1);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 100);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(OTHER_NR - 1)));
	ck_assert_uint_eq(misses_for(ELSEWHERE), 1);
}
END_TEST

/* Whoever stores to the tables of a space, and whichever is current: a load of CR3 shows it. */
START_TEST(spaces_see_their_tables_change)
{
	const uint32_t entry = other_pte(0);
	le32_t raw = le32(0x23000 | PTE_P | PTE_RW);

	other_worlds();
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 100);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	/* The page can be written to before it is known as one of tables, and after. */
	ck_ok(acc_st32(cpu, entry + 4, 0));
	ck_ok(acc_st32(cpu, entry, 0x21000 | PTE_P | PTE_RW));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 101);
	/* In the current one the old translation stays until then. */
	ck_ok(acc_st32(cpu, entry, 0x22000 | PTE_P | PTE_RW));
#ifndef LG_HARD
	ck_assert_uint_eq(value_at(ELSEWHERE), 101);
#endif
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 102);
	/* A device. */
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	ck_assert(mem_write(cpu->mem, entry, &raw, 4));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 103);
	/* The directory. */
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	ck_ok(acc_st32(cpu, other_pde(0), 0));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_fault(acc_st8(cpu, ELSEWHERE, 0), V_PF, PF_WRITE);
}
END_TEST

/* An entry in place of none takes nothing away; one in place of another does, and so does none. */
START_TEST(spaces_and_new_entries)
{
	const uint32_t entry = other_pte(0);

	other_worlds();
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 100);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	ck_ok(acc_st32(cpu, entry + 4, 0x24000 | PTE_P | PTE_RW));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
#ifndef LG_HARD
	ck_assert_uint_eq(misses_for(ELSEWHERE), 0);
#endif
	ck_assert_uint_eq(value_at(ELSEWHERE + PAGE_SIZE), 104);
	ck_ok(acc_st32(cpu, ELSEWHERE + PAGE_SIZE, 14));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	/* A byte of it is enough. */
	ck_ok(acc_st8(cpu, entry + 5, 0x30));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE + PAGE_SIZE), 103);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	ck_ok(acc_st32(cpu, entry + 4, 0));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_fault(acc_st32(cpu, ELSEWHERE + PAGE_SIZE, 0), V_PF, PF_WRITE);
}
END_TEST

/* A page becomes one of tables between the look and the store: the stack of a frame is the table through
 * which the next word of it is found. */
/* Only what came from the page that was stored to is looked up again ... */
START_TEST(spaces_lose_what_has_changed)
{
	other_worlds();
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 100);
	value_at(0x30000);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(1)));
	ck_ok(acc_st32(cpu, other_pte(0), 0x21000 | PTE_P | PTE_RW));
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
#ifndef LG_HARD
	ck_assert_uint_eq(misses_for(0x30000), 0);
	ck_assert_uint_eq(misses_for(ELSEWHERE), 1);
#endif
	ck_assert_uint_eq(value_at(ELSEWHERE), 101);
}
END_TEST

/* ... but if more came from it after the store and before the reload, everything is. */
START_TEST(spaces_do_not_mix)
{
	other_worlds();
	poke32(other_pte(0) + 4, 0x24000 | PTE_P | PTE_RW);
	poke32(0x24000, 104);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 100);
	ck_ok(acc_st32(cpu, other_pte(0), 0x21000 | PTE_P | PTE_RW));
	ck_assert_uint_eq(value_at(ELSEWHERE + PAGE_SIZE), 104);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 101);
}
END_TEST

START_TEST(spaces_and_collected_stores)
{
	const uint32_t entry = other_pte(0);
	struct stores w = {0};

	other_worlds();
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_ok(acc_st32(cpu, entry + 8, 0)); /* now the TLB knows the page, as any other */
	ck_ok(stores_add(cpu, &w, 0, entry, 0x21000 | PTE_P | PTE_RW, 4));
	ck_ok(stores_add(cpu, &w, 0, ELSEWHERE, 5, 4));
	stores_commit(cpu, &w);
	ck_assert_uint_eq(peek32(0x20000), 5);
	ck_ok(sys_mov_to_cr(cpu, 3, other_pd(0)));
	ck_assert_uint_eq(value_at(ELSEWHERE), 101);
}
END_TEST

START_TEST(invlpg_takes_all_of_a_large_page)
{
	uint32_t v;

	world_paging();
	ck_ok(sys_mov_to_cr(cpu, 4, CR4_PSE));
	poke32(W_PD + 4, 0 | PTE_P | PTE_RW | PTE_PS); /* 4 MB at 4 MB: the same RAM again */
	poke32(0x20000, 1);
	ck_ok(acc_ld32(cpu, 0x420000, &v));
	ck_assert_uint_eq(v, 1);
	poke32(W_PD + 4, 0);
	ck_ok(sys_invlpg(cpu, 0x400000));
	ck_fault(acc_ld32(cpu, 0x420000, &v), V_PF, 0);
}
END_TEST

/* --- entries for code ----------------------------------------------------------------------------- */

/* A page that has the same place in the TLB as lin; here it is the same RAM. */
#define PEER(lin) ((lin) + (TLB_SIZE << PAGE_SHIFT))

static void world_with_peers(void)
{
	world_paging();
	poke32(W_PD + 4, W_PT | PTE_P | PTE_RW | PTE_US);
	cpu_state_changed(cpu);
}

static uint64_t misses_for_code(uint32_t lin, uint32_t expected)
{
	const uint64_t before = cpu->tlb_misses;
	uint32_t pa;

	ck_ok(acc_fetch(cpu, lin, &pa));
	ck_assert_uint_eq(pa, expected);
	return cpu->tlb_misses - before;
}

/* Code does not evict data that has the same place, and does evict other code. */
START_TEST(code_has_entries_of_its_own)
{
	const uint32_t data = 0x20000, code = PEER(data), pa = code & (W_RAM - 1);

	world_with_peers();
	ck_assert_uint_eq(misses_for(data), 1);
	ck_assert_uint_eq(misses_for_code(code, pa), 1);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(misses_for(data), 0);
		ck_assert_uint_eq(misses_for_code(code, pa), 0);
	}
	ck_assert_uint_eq(misses_for(code), 1);
	ck_assert_uint_eq(misses_for_code(data, data), 1);
	ck_assert_uint_eq(misses_for_code(code, pa), 1);
}
END_TEST

/* They go when the others go. */
START_TEST(code_entries_go)
{
	uint32_t pa;

	world_with_peers();
	world_ring(0);
	cpu->s.cr4 |= CR4_PSE;
	cpu_state_changed(cpu);
	poke32(W_PD + 4, 0 | PTE_P | PTE_RW | PTE_PS);
	/* A page by itself, and a piece of a large one. */
	misses_for_code(0x20000, 0x20000);
	misses_for_code(0x421000, 0x21000);
	poke32(W_PT + 0x20 * 4, 0x22000 | PTE_P);
	poke32(W_PD + 4, 0);
	ck_ok(sys_invlpg(cpu, 0x20000));
	ck_ok(sys_invlpg(cpu, 0x400000));
	misses_for_code(0x20000, 0x22000);
	ck_fault(acc_fetch(cpu, 0x421000, &pa), V_PF, 0);
	/* With the space, if its tables have changed. */
	ck_ok(acc_st32(cpu, W_PT + 0x20 * 4, 0x23000 | PTE_P));
	ck_ok(sys_mov_to_cr(cpu, 3, W_PD));
	misses_for_code(0x20000, 0x23000);
	/* Not with it if they are global. */
	ck_ok(sys_mov_to_cr(cpu, 4, CR4_PGE));
	poke32(W_PT + 0x20 * 4, 0x24000 | PTE_P | PTE_G);
	misses_for_code(0x20000, 0x24000);
	misses_for_code(0x30000, 0x30000);
	poke32(W_PT + 0x20 * 4, 0x25000 | PTE_P | PTE_G);
	poke32(W_PT + 0x30 * 4, 0x31000 | PTE_P);
	ck_ok(sys_mov_to_cr(cpu, 3, W_PD));
#ifndef LG_HARD
	misses_for_code(0x20000, 0x24000);
#endif
	misses_for_code(0x30000, 0x31000);
}
END_TEST

START_TEST(counting)
{
	world_ring(3);
	cpu->ring0_charge_ns = 100;
	cpu->budget = cpu->budget_mark = 1000;
	cpu->budget -= 10;
	ck_assert_uint_eq(cpu_clock_ns(cpu), 10);
	cpu_set_cpl(cpu, 0);
	ck_assert_uint_eq(cpu->s.insns[3], 10);
	ck_assert_uint_eq(cpu_clock_ns(cpu), 110);
	cpu->budget -= 50; /* ring 0 takes no time */
	ck_assert_uint_eq(cpu_clock_ns(cpu), 110);
	cpu_set_cpl(cpu, 1);
	ck_assert_uint_eq(cpu->s.insns[0], 50);
	cpu->budget -= 5;
	cpu_set_cpl(cpu, 3);
	ck_assert_uint_eq(cpu_clock_ns(cpu), 115);
	ck_assert_uint_eq(cpu_insns(cpu), 65);
	ck_assert_ptr_eq(cpu->view, &cpu->tlb->half[TLB_USER]);
	cpu_idle_until(cpu, 50);
	ck_assert_uint_eq(cpu_clock_ns(cpu), 115);
	cpu_idle_until(cpu, 200);
	ck_assert_uint_eq(cpu_clock_ns(cpu), 200);
	ck_assert_uint_eq(cpu->idle_ns, 85);
}
END_TEST

START_TEST(reset_state)
{
	cpu_reset(cpu);
	ck_assert_uint_eq(cpu->s.seg[CS].base + cpu->s.eip, 0xfffffff0);
	ck_assert_uint_eq(cpu->s.seg[CS].sel, 0xf000);
	ck_assert_uint_eq(cpu->s.cr0, 0x60000010);
	ck_assert_uint_eq(cpu_eflags(cpu), 2);
	ck_assert_uint_eq(cpu->s.r[EDX], 0x683);
	ck_assert_uint_eq(cpu->s.idtr.limit, 0xffff);
	ck_assert_uint_eq(cpu->mode, 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, page_crossing_store_is_whole_or_nothing);
	tcase_add_test(tc, error_codes);
	tcase_add_test(tc, write_protect);
	tcase_add_test(tc, accessed_and_dirty);
	tcase_add_test(tc, write_tag_only_when_nothing_is_left_to_do);
	tcase_add_test(tc, stores_into_code_are_made_alone);
	tcase_add_test(tc, alignment);
	tcase_add_test(tc, fetch_and_nx);
	tcase_add_test(tc, tlb_rules);
	tcase_add_test(tc, spaces_are_kept);
	tcase_add_test(tc, spaces_see_their_tables_change);
	tcase_add_test(tc, spaces_and_new_entries);
	tcase_add_test(tc, spaces_lose_what_has_changed);
	tcase_add_test(tc, spaces_do_not_mix);
	tcase_add_test(tc, spaces_and_collected_stores);
	tcase_add_test(tc, invlpg_takes_all_of_a_large_page);
	tcase_add_test(tc, code_has_entries_of_its_own);
	tcase_add_test(tc, code_entries_go);
	tcase_add_test(tc, counting);
	tcase_add_test(tc, reset_state);
}

int main(void)
{
	return run_tests("cpu/access", fill);
}
