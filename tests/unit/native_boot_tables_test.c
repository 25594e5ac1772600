/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:546
 * What a Guest finds mapped at its first instruction: guest-host.md 1.3.2 (2.6.23), 1.4.3 (all
 * others), and how the Host learns that it is a PAE kernel (13.4).
:*/
#include "native_world.h"

#define FLAGS	   0x007u /* present, writable, user: all boot tables have it */
#define DIR	   (W_BOOT_TOP - PAGE_SIZE)
#define TABLES	   (W_RAM >> 22) /* page tables for all RAM, 2-level */
#define PAE_TABLES (W_RAM >> 21) /* and PAE */

static uint32_t root(void)
{
	return lg->pgdir->gpgdir;
}

/* By the Guest's own tables, as it reads them: 0 if va is not mapped. */
static uint32_t entry(uint32_t va)
{
	uint32_t e;

	if (!lg->pae) {
		e = get(root() + (va >> 22) * 4);
		if (!e)
			return 0;
		ck_assert_uint_eq(e & ~PAGE_MASK, FLAGS);
		return get((e & PAGE_MASK) + (va >> 12 & 1023) * 4);
	}
	e = get(root() + (va >> 30) * 8);
	ck_assert_uint_eq(get(root() + (va >> 30) * 8 + 4), 0);
	if (!e)
		return 0;
	ck_assert_uint_eq(e & ~PAGE_MASK, PTE_P);
	e = get((e & PAGE_MASK) + (va >> 21 & 511) * 8);
	if (!e)
		return 0;
	ck_assert_uint_eq(e & ~PAGE_MASK, FLAGS);
	ck_assert_uint_eq(get((e & PAGE_MASK) + (va >> 12 & 511) * 8 + 4), 0);
	return get((e & PAGE_MASK) + (va >> 12 & 511) * 8);
}

/* All of RAM from va on, and not a page more. */
static void ck_mapped(uint32_t va)
{
	for (uint32_t gpa = 0; gpa < W_RAM; gpa += PAGE_SIZE)
		ck_assert_uint_eq(entry(va + gpa), gpa | FLAGS);
	ck_assert_uint_eq(entry(va + W_RAM), 0);
	ck_assert_uint_eq(entry(va - PAGE_SIZE), 0);
}

static void ck_unmapped(uint32_t va)
{
	ck_assert_uint_eq(entry(va), 0);
	ck_assert_uint_eq(entry(va + W_RAM - PAGE_SIZE), 0);
}

/* The RAM may hold something else before: an initrd ended there, or the loader's rubbish. */
static void dirty(void)
{
	memset(m.mem.ram + DOOR_HOST_END + DIR - 8 * PAGE_SIZE, 0xa5, 9 * PAGE_SIZE);
}

/* 3.1+: nobody builds anything, cr3 is 0. */
START_TEST(linear)
{
	dirty();
	guest(0, DOOR_MAP_LINEAR, 0);
	ck_assert_uint_eq(root(), 0);
	ck_assert(lg->linear);
	for (uint32_t at = DIR - 8 * PAGE_SIZE; at < W_BOOT_TOP; at += 4)
		ck_assert_uint_eq(get(at), 0xa5a5a5a5);
	talk(W_3_1);
	ck_assert_uint_eq(get(DIR), 0xa5a5a5a5);
	ck_assert_int_eq(demand(W_CODE, PF_WRITE), DEMAND_FILLED);
}
END_TEST

/* 2.6.24 to 2.6.28: identity, and nothing high, not even after INIT. */
START_TEST(low)
{
	dirty();
	guest(0, DOOR_MAP_LOW, 0);
	ck_assert_uint_eq(root(), DIR);
	ck_mapped(0);
	ck_unmapped(W_KERNEL);
	/* The page tables end where the directory begins, ascending. */
	ck_assert_uint_eq(get(DIR), (DIR - TABLES * PAGE_SIZE) | FLAGS);
	ck_assert_uint_eq(get(W_BOOT_TOP), 0);
	talk(W_24);
	ck_assert_uint_eq(data_get(0x45c), DIR);
	ck_mapped(0);
	ck_unmapped(W_KERNEL);
	/* The Guest adds directory entries by plain stores (2.6.24: 32 words): nothing is cached. */
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, 0), DEMAND_ABSENT);
	put(DIR + (W_KERNEL >> 22) * 4, get(DIR));
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, 0), DEMAND_FILLED);
	ck_lives();
}
END_TEST

/* 2.6.23: at PAGE_OFFSET only, no low identity map. */
START_TEST(high)
{
	dirty();
	guest(0, DOOR_MAP_HIGH, 0);
	ck_assert_uint_eq(root(), DIR);
	ck_mapped(W_KERNEL);
	ck_unmapped(0);
	ck_assert_uint_eq(get(DIR + (W_KERNEL >> 22) * 4), (DIR - TABLES * PAGE_SIZE) | FLAGS);
	talk(W_23);
	ck_unmapped(0);
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, 0), DEMAND_FILLED);
	ck_assert_int_eq(demand(W_CODE, 0), DEMAND_ABSENT);
	ck_lives();
}
END_TEST

/* 2.6.29 to 3.0: the identity map at first, and at INIT the same again at kernel_address. */
START_TEST(low_and_high)
{
	static const unsigned era[] = {W_24, W_30, W_31};
	static const uint32_t pgdir[] = {0x45c, 0x45c, 0x560};

	dirty();
	guest(0, DOOR_MAP_LOW_HIGH, 0);
	ck_mapped(0);
	ck_unmapped(W_KERNEL);
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, 0), DEMAND_ABSENT);
	talk(era[_i]);
	ck_assert_uint_eq(data_get(pgdir[_i]), DIR);
	ck_assert(!lg->pae);
	ck_mapped(0);
	ck_mapped(W_KERNEL);
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, PF_WRITE), DEMAND_FILLED);
	ck_lives();
}
END_TEST

/* PAE: the middle directory below the page tables; PDPT[0] and that of the kernel point to it. */
START_TEST(pae_known_before)
{
	const uint32_t middle = DIR - (PAE_TABLES + 1) * PAGE_SIZE;

	dirty();
	guest(0, DOOR_MAP_LOW_HIGH, DOOR_INIT_PAE);
	ck_assert(lg->pae);
	ck_mapped(0);
	ck_assert_uint_eq(get(DIR), middle | PTE_P);
	ck_assert_uint_eq(get(middle), (middle + PAGE_SIZE) | FLAGS);
	ck_unmapped(W_KERNEL);
	talk(W_31);
	ck_assert_uint_eq(get(DIR + 3 * 8), middle | PTE_P);
	ck_mapped(0);
	ck_mapped(W_KERNEL);
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, PF_WRITE), DEMAND_FILLED);
	ck_lives();
}
END_TEST

/* 13.4, 2.6.31 to 2.6.36: the kernel's own top level lies in its image. */
static void put_pae_root(uint32_t at, uint32_t entry0, uint32_t entry3)
{
	const uint32_t words[8] = {entry0, 0, 0, 0, 0, 0, entry3, 0};

	for (unsigned i = 0; i < 8; i++)
		put(at + i * 4, words[i]);
}

START_TEST(pae_found_at_init)
{
	guest(0, DOOR_MAP_LOW_HIGH, 0);
	put_pae_root(0x345000, 0x346001, 0x346001);
	ck_assert_int_eq(demand(W_CODE, 0), DEMAND_FILLED);
	talk(W_31);
	ck_assert(lg->pae);
	ck_mapped(0);
	ck_mapped(W_KERNEL);
	/* All shadows of before are gone. */
	ck_assert_uint_eq(shadow(W_CODE), 0);
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, 0), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(W_KERNEL + W_CODE) & PAGE_MASK, DOOR_HOST_END + W_CODE);
	ck_lives();
}
END_TEST

START_TEST(pae_not_found_at_init)
{
	guest(0, DOOR_MAP_LOW_HIGH, 0);
	switch (_i) {
	case 0: put_pae_root(0x345000, 0x346001, 0x347001); break;   /* two of them */
	case 1: put_pae_root(0x345000, 0x346003, 0x346003); break;   /* not PAE's flags */
	case 2: put_pae_root(0x345800, 0x346001, 0x346001); break;   /* not the start of a page */
	case 3: put_pae_root(0x345000, W_END | 1, W_END | 1); break; /* no memory */
	case 4:							     /* a high word */
		put_pae_root(0x345000, 0x346001, 0x346001);
		put(0x345000 + 28, 1);
		break;
	case 5: /* a third entry */
		put_pae_root(0x345000, 0x346001, 0x346001);
		put(0x345000 + 8, 0x348001);
		break;
	case 6: put_pae_root(0x0ff000, 0x346001, 0x346001); break; /* below any image */
	case 7: put_pae_root(0x345000, 0x0f6001, 0x0f6001); break; /* and so is what it names */
	}
	talk(W_31);
	ck_assert(!lg->pae);
	ck_mapped(W_KERNEL);
}
END_TEST

/* Before 2.6.31 there was no PAE, whatever the image looks like. */
START_TEST(pae_too_early)
{
	guest(0, DOOR_MAP_LOW_HIGH, 0);
	put_pae_root(0x345000, 0x346001, 0x346001);
	talk(W_30);
	ck_assert(!lg->pae);
	ck_mapped(W_KERNEL);
}
END_TEST

/* 13.4, later ones: by the first word of their first directory. */
static const struct {
	uint32_t at, word, next;
	bool pae;
} first_words[] = {
	{0, W_LOW | 0x067, 0, false},	  {0, W_LOW | 0x063, 0, false},
	{0, W_PMD_LOW | 0x001, 0, true},  {24, W_PMD_LOW | 0x001, 0, true},
	{0, W_PMD_LOW | 0x001, 1, false}, {4, W_LOW | 0x001, 0, false},
	{0xc00, W_LOW | 0x067, 0, false}, {0, 0, 0, false},
};

START_TEST(format_of_first_directory)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	talk(W_4_1);
	put(W_PGD + first_words[_i].at, first_words[_i].word);
	put(W_PGD + first_words[_i].at + 4, first_words[_i].next);
	hcall(NEW_PGTABLE, W_PGD);
	ck_assert(lg->pae == first_words[_i].pae);
	ck_lives();
}
END_TEST

/* It is asked only once, and a directory that cannot be read says nothing. */
START_TEST(format_is_kept)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	talk(W_4_1);
	hcall(NEW_PGTABLE, 0xffffffe0);
	ck_assert(!lg->pae);
	hcall(NEW_PGTABLE, make_directory(true, 0));
	ck_assert(!lg->pae);
	ck_lives();
}
END_TEST

/* Before 2.6.31 there is only one format, whatever the directory looks like. */
START_TEST(format_is_known)
{
	guest(0, DOOR_MAP_LOW, 0);
	talk(W_30);
	hcall(NEW_PGTABLE, make_directory(true, 0));
	ck_assert(!lg->pae);
	ck_lives();
}
END_TEST

/* RAM that does not fill its last page table: the rest of that is empty. */
START_TEST(odd_ram)
{
	struct door_init init = parameters(0, DOOR_MAP_LOW, _i ? DOOR_INIT_PAE : 0);
	const uint32_t ram = 0x3f3000;

	dirty();
	lg = &host->guests[0];
	init.ram_bytes = le32(ram);
	ck_assert_ptr_null(initialize(lg, &init));
	for (uint32_t gpa = 0; gpa < W_RAM; gpa += PAGE_SIZE)
		ck_assert_uint_eq(entry(gpa), gpa < ram ? gpa | FLAGS : 0);
}
END_TEST

/* 6.2: whatever a Guest's RAM and kernel_address are, no boot table reaches the Switcher's entry. */
START_TEST(nothing_reaches_the_switcher)
{
	struct door_init init = parameters(0, _i ? DOOR_MAP_HIGH : DOOR_MAP_LOW_HIGH, 0);

	lg = &host->guests[0];
	init.ram_bytes = init.boot_top = le32(2 * W_RAM);
	init.pfn_limit = init.device_limit = le32(2 * W_RAM >> PAGE_SHIFT);
	init.page_offset = le32(_i ? 0xff800000 : 0);
	ck_assert_ptr_null(initialize(lg, &init));
	layout = &w_layouts[_i ? W_23 : W_30];
	put_lguest_data(layout, W_DATA);
	if (!_i)
		data_put(0x468, 0xff800000);
	lg->regs->eip = le32(_i ? 0xff800000 + W_CODE : W_CODE);
	hcall(LGUEST_INIT, W_DATA);
	ck_lives();
	ck_assert_uint_eq(get(root() + 1022 * 4) & ~PAGE_MASK, FLAGS);
	ck_assert_uint_eq(get(root() + 1023 * 4), 0);
	ck_assert_uint_eq(entry(0xff800000 + W_RAM - PAGE_SIZE), (W_RAM - PAGE_SIZE) | FLAGS);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, linear);
	tcase_add_test(tc, low);
	tcase_add_test(tc, high);
	tcase_add_loop_test(tc, low_and_high, 0, 3);
	tcase_add_test(tc, pae_known_before);
	tcase_add_test(tc, pae_found_at_init);
	tcase_add_loop_test(tc, pae_not_found_at_init, 0, 8);
	tcase_add_test(tc, pae_too_early);
	tcase_add_loop_test(tc, format_of_first_directory, 0, ARRAY_LEN(first_words));
	tcase_add_test(tc, format_is_kept);
	tcase_add_test(tc, format_is_known);
	tcase_add_loop_test(tc, odd_ram, 0, 2);
	tcase_add_loop_test(tc, nothing_reaches_the_switcher, 0, 2);
}

int main(void)
{
	return run_tests("native_boot_tables", add);
}
