/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:536
 * Reading the Guest's own page tables, in both formats: guest-host.md 6.3 (which bits and frames an
 * entry may have), 6.6 (where EIP and ESP really are) and 5.10 (bytes of an instruction).  Tests of
 * a loop run with _i as "PAE".
:*/
#include "native_world.h"

#define PAGE(n) (W_USER + (n)*PAGE_SIZE)

static uint32_t root(void)
{
	return lg->pgdir->gpgdir;
}

/* Where the Guest keeps the entry of a level. */
static uint32_t top_entry(uint32_t va)
{
	return lg->pae ? root() + (va >> 30) * 8 : root() + (va >> 22) * 4;
}

static uint32_t middle_entry(uint32_t va)
{
	return (get(root() + (va >> 30) * 8) & PAGE_MASK) + (va >> 21 & 511) * 8;
}

static bool walk(uint32_t va, struct guest_walk *w)
{
	*w = (struct guest_walk){.at = GPA(0)};
	return walk_guest(lg, root(), GVA(va), w);
}

START_TEST(finds_the_entry)
{
	struct guest_walk w;

	kernel(0, _i);
	put_user_pte(0, 0x123000 | PTE_P);
	put_user_pte(300, 0x321000 | PTE_P | PTE_RW | PTE_US | PTE_D);
	ck_assert(walk(PAGE(0) + 0xabc, &w));
	ck_assert_uint_eq(w.at.v, W_LOW);
	ck_assert_uint_eq(w.pte.v, 0x123001);
	ck_assert(walk(PAGE(300), &w));
	ck_assert_uint_eq(w.at.v, W_LOW + 300 * (_i ? 8 : 4));
	ck_assert_uint_eq(w.pte.v, 0x321047);
	ck_assert(walk(W_KERNEL + 0x3ff000, &w));
	ck_assert_uint_eq(w.at.v, W_HIGH + 0x3ff * (_i ? 8 : 4));
	ck_assert_uint_eq(w.pte.v & PAGE_MASK, 0x3ff000);
	ck_lives();
}
END_TEST

/* A PAE top level is 32 bytes and needs no page of its own; the low bits of cr3 are not address. */
START_TEST(top_level_within_a_page)
{
	struct guest_walk w;

	kernel(0, true);
	put(W_FREE + 0x40, get(W_PDPT));
	put(W_FREE + 0x58, get(W_PDPT + 0x18));
	put_user_pte(0, 0x123000 | PTE_P);
	ck_assert(walk_guest(lg, W_FREE + 0x40 + 0x18, GVA(W_USER), &w));
	ck_assert_uint_eq(w.pte.v, 0x123001);
	ck_assert(walk_guest(lg, W_FREE + 0x40, GVA(W_KERNEL + 0x5000), &w));
	ck_assert(!walk_guest(lg, W_FREE + 0x60, GVA(W_USER), &w));
	kernel(1, false);
	put_user_pte(0, 0x123000 | PTE_P);
	ck_assert(walk_guest(lg, W_PGD + 0x18, GVA(W_USER), &w));
	ck_lives();
}
END_TEST

/* 6.3: checks run on entries with P set; without, the rest of the entry means nothing. */
START_TEST(absent)
{
	struct guest_walk w;

	kernel(0, _i);
	put_user_pte(1, 0xfffff000 | PTE_PSE | PTE_US | PTE_RW);
	ck_assert(!walk(PAGE(1), &w));
	put(top_entry(0x40000000), 0xfffffffe);
	ck_assert(!walk(0x40000000, &w));
	if (_i) {
		put(W_PMD_LOW + 8, 0xfffffffe);
		ck_assert(!walk(0x00200000, &w));
	}
	ck_assert(!walk(0xbffff000, &w));
	ck_lives();
}
END_TEST

/* What one level denies no other can give; PAE's top level has no say. */
START_TEST(rights)
{
	static const struct {
		uint32_t pde, pte, rights;
	} t[] = {
		{PTE_RW | PTE_US, PTE_RW | PTE_US, PTE_RW | PTE_US},
		{PTE_RW, PTE_RW | PTE_US, PTE_RW},
		{PTE_US, PTE_RW | PTE_US, PTE_US},
		{PTE_RW | PTE_US, PTE_RW, PTE_RW},
		{PTE_RW | PTE_US, PTE_US, PTE_US},
		{PTE_RW, PTE_US, 0},
		{0, PTE_RW | PTE_US, 0},
	};
	struct guest_walk w;

	kernel(0, _i);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		put(_i ? middle_entry(W_USER) : top_entry(W_USER), W_LOW | PTE_P | t[i].pde);
		put_user_pte(i, W_FREE | PTE_P | t[i].pte);
		ck_assert(walk(PAGE(i), &w));
		ck_assert_uint_eq(w.rights & (PTE_RW | PTE_US), t[i].rights);
		ck_assert_uint_eq(guest_directory_rights(lg, root(), GVA(PAGE(i))),
				  t[i].pde | PTE_P);
	}
	ck_lives();
}
END_TEST

/* 6.3: a directory entry is 0x067 at most, PAE's top one 0x001, and names a page of memory. */
static const struct {
	uint32_t flags, frame;
	bool ok_2level, ok_top, ok_middle;
} dirs[] = {
	{0x021, 0, true, false, true},	     {0x067, 0, true, false, true},
	{0x001, 0, true, true, true},	     {0x027, 0, true, false, true},
	{0x0e7, 0, false, false, false},     {0x06f, 0, false, false, false},
	{0x077, 0, false, false, false},     {0x167, 0, false, false, false},
	{0x267, 0, false, false, false},     {0x867, 0, false, false, false},
	{0x003, 0, true, false, true},	     {0x005, 0, true, false, true},
	{0x009, 0, false, false, false},     {0x001, W_END - PAGE_SIZE, true, true, true},
	{0x001, W_END, false, false, false}, {0x001, 0xfffff000, false, false, false},
};

START_TEST(directory_entry)
{
	struct guest_walk w;

	kernel(0, false);
	put(top_entry(W_USER), (dirs[_i].frame ? dirs[_i].frame : W_LOW) | dirs[_i].flags);
	walk(W_USER, &w);
	if (dirs[_i].ok_2level)
		ck_lives();
	else
		ck_died("bad page directory entry");
}
END_TEST

START_TEST(pae_top_entry)
{
	struct guest_walk w;

	kernel(0, true);
	put(top_entry(W_USER), (dirs[_i].frame ? dirs[_i].frame : W_PMD_LOW) | dirs[_i].flags);
	walk(W_USER, &w);
	if (dirs[_i].ok_top)
		ck_lives();
	else
		ck_died("bad page directory entry");
}
END_TEST

START_TEST(pae_middle_entry)
{
	struct guest_walk w;

	kernel(0, true);
	put(middle_entry(W_USER), (dirs[_i].frame ? dirs[_i].frame : W_LOW) | dirs[_i].flags);
	walk(W_USER, &w);
	if (dirs[_i].ok_middle)
		ck_lives();
	else
		ck_died("bad page middle directory entry");
}
END_TEST

/* No Guest has memory above 4 GB, at no level. */
START_TEST(pae_high_words)
{
	struct guest_walk w;

	kernel(0, true);
	switch (_i) {
	case 0: put(top_entry(W_USER) + 4, 1); break;
	case 1: put(middle_entry(W_USER) + 4, 0x80000000); break;
	}
	ck_assert(!walk(W_USER, &w));
	ck_died(_i ? "bad page middle directory entry" : "bad page directory entry");
}
END_TEST

/* 6.3: the tables themselves must lie in Guest memory. */
START_TEST(directory_outside)
{
	struct guest_walk w;

	kernel(0, false);
	ck_assert(!walk_guest(lg, W_END, GVA(W_USER), &w));
	ck_died("bad read address 0x410080 len 4");
}
END_TEST

/* 6.3, page table entries: bit 7 must be 0, the frame in memory; all else is free (12.7: PWT). */
START_TEST(page_table_entry)
{
	static const struct {
		uint64_t pte;
		bool ok;
	} t[] = {
		{W_FREE | 0xf7f, true},
		{W_FREE | 0x009, true},
		{W_FREE | PTE_P | PTE_PSE, false},
		{(W_END - PAGE_SIZE) | PTE_P, true},
		{W_END | PTE_P, false},
		{0xfffff001, false},
		{0x100000000ull | W_FREE | PTE_P, false},
		{0x8000000000000000ull | W_FREE | PTE_P, false}, /* no-execute was never offered */
	};

	kernel(0, true);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		const gpte_t gpte = {t[i].pte};

		ck_assert_msg(guest_pte_is_memory(lg, gpte) == t[i].ok, "%#llx",
			      (unsigned long long)t[i].pte);
		if (t[i].ok)
			continue;
		ck_lives();
		ck_assert(!guest_pte_is_device(lg, gpte));
		ck_died("bad page table entry");
		lg->dead = false;
	}
}
END_TEST

/* Looking at a directory that the Guest may have given up punishes nobody. */
START_TEST(curious_walk)
{
	kernel(0, _i);
	ck_assert_uint_eq(guest_directory_rights(lg, W_END, GVA(W_USER)), 0);
	ck_assert_uint_eq(guest_directory_rights(lg, 0xffffffe0, GVA(0xffffffff)), 0);
	put(top_entry(W_USER), 0xfffff0ff);
	ck_assert_uint_eq(guest_directory_rights(lg, root(), GVA(W_USER)), 0);
	put(top_entry(W_USER), 0);
	ck_assert_uint_eq(guest_directory_rights(lg, root(), GVA(W_USER)), 0);
	ck_lives();
}
END_TEST

/* 6.6: the current directory, no bit checks. */
START_TEST(addresses)
{
	gpa_t pa = GPA(0);

	kernel(0, _i);
	put_user_pte(2, W_FREE | PTE_P);
	ck_assert(try_guest_pa(lg, GVA(PAGE(2) + 0x123), &pa));
	ck_assert_uint_eq(pa.v, W_FREE + 0x123);
	ck_assert(try_guest_pa(lg, GVA(W_KERNEL + 0x12345), &pa));
	ck_assert_uint_eq(pa.v, 0x12345);
	ck_assert(!try_guest_pa(lg, GVA(PAGE(3)), &pa));
	put_user_pte(3, W_END | PTE_P);
	ck_assert(!try_guest_pa(lg, GVA(PAGE(3)), &pa));
	put(top_entry(0x40000000), 0xfffff001);
	ck_assert(!try_guest_pa(lg, GVA(0x40000000), &pa));
	ck_lives();
}
END_TEST

/* 6.6: in linear mode the two are the same; 1.4.3: as far as there is memory, in the end. */
START_TEST(linear)
{
	uint8_t byte;
	gpa_t pa;

	guest(0, DOOR_MAP_LINEAR, 0);
	put(0x12344, 0xab);
	ck_assert(try_guest_pa(lg, GVA(0x12344), &pa));
	ck_assert_uint_eq(pa.v, 0x12344);
	ck_assert(read_guest_virt(lg, &byte, GVA(0x12344), 1));
	ck_assert_uint_eq(byte, 0xab);
	ck_assert(!read_guest_virt(lg, &byte, GVA(W_END), 1));
	ck_lives();
}
END_TEST

/* 5.10: fetched with correct page-crossing; bytes on a following unmapped page read as zero. */
START_TEST(instruction_bytes)
{
	uint8_t insn[7];

	kernel(0, _i);
	put_user_pte(0, 0x50000 | PTE_P);
	put_user_pte(1, W_FREE | PTE_P); /* not the next one in memory */
	put_code(0x50ffd, 1, 2, 3);
	put_code(W_FREE, 4, 5, 6, 7);
	ck_assert(read_guest_virt(lg, insn, GVA(PAGE(1) - 3), 7));
	ck_assert_mem_eq(insn, "\1\2\3\4\5\6\7", 7);
	put_user_pte(1, 0);
	ck_assert(read_guest_virt(lg, insn, GVA(PAGE(1) - 3), 7));
	ck_assert_mem_eq(insn, "\1\2\3\0\0\0\0", 7);
	ck_assert(!read_guest_virt(lg, insn, GVA(PAGE(1)), 7));
	ck_assert_mem_eq(insn, "\0\0\0\0\0\0\0", 7);
	put_user_pte(0, W_END | PTE_P);
	ck_assert(!read_guest_virt(lg, insn, GVA(PAGE(1) - 3), 7));
	ck_lives();
}
END_TEST

/* A stack frame may straddle two pages which are not neighbours. */
START_TEST(frames)
{
	kernel(0, _i);
	put_user_pte(0, 0x50000 | PTE_P);
	put_user_pte(1, W_FREE | PTE_P);
	ck_assert(write_guest_virt(lg, GVA(PAGE(1) - 2), "\1\2\3\4", 4));
	ck_assert_uint_eq(get(0x50ffc), 0x02010000);
	ck_assert_uint_eq(get(W_FREE), 0x00000403);
	ck_assert_uint_eq(get(0x51000), 0);
	ck_lives();
	put_user_pte(1, 0);
	ck_assert(!write_guest_virt(lg, GVA(PAGE(1) - 2), "\5\6\7\1", 4));
	ck_assert_uint_eq(get(W_FREE), 0x00000403);
}
END_TEST

/* Only the low word changes, where A and D are. */
START_TEST(writes_back)
{
	kernel(0, true);
	put(W_FREE, 0x11111111);
	put(W_FREE + 4, 0x22222222);
	write_guest_pte(lg, GPA(W_FREE), (gpte_t){0x123456789abcdef0});
	ck_assert_uint_eq(get(W_FREE), 0x9abcdef0);
	ck_assert_uint_eq(get(W_FREE + 4), 0x22222222);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, finds_the_entry, 0, 2);
	tcase_add_test(tc, top_level_within_a_page);
	tcase_add_loop_test(tc, absent, 0, 2);
	tcase_add_loop_test(tc, rights, 0, 2);
	tcase_add_loop_test(tc, directory_entry, 0, ARRAY_LEN(dirs));
	tcase_add_loop_test(tc, pae_top_entry, 0, ARRAY_LEN(dirs));
	tcase_add_loop_test(tc, pae_middle_entry, 0, ARRAY_LEN(dirs));
	tcase_add_loop_test(tc, pae_high_words, 0, 2);
	tcase_add_test(tc, directory_outside);
	tcase_add_test(tc, page_table_entry);
	tcase_add_loop_test(tc, curious_walk, 0, 2);
	tcase_add_loop_test(tc, addresses, 0, 2);
	tcase_add_test(tc, linear);
	tcase_add_loop_test(tc, instruction_bytes, 0, 2);
	tcase_add_loop_test(tc, frames, 0, 2);
	tcase_add_test(tc, writes_back);
}

int main(void)
{
	return run_tests("native_guest_walk", add);
}
