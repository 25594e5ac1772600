/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:541
 * The shadow page tables: guest-host.md 6.4 (demand faults), 6.5 (the hypercalls), 5.3 and 5.4 (the
 * stack), 9.1 (the Switcher).  What counts is what the CPU will find, so the tests read the shadow
 * tables out of the machine's memory.  Tests of a loop run with _i as "PAE".
:*/
#include "native_world.h"

#define PAGE(n)	   (W_USER + (n)*PAGE_SIZE)
#define FRAME(gpa) (lg->mem_base.v + (gpa))

/* What else is in a shadow entry besides the frame. */
static uint32_t flags(uint32_t va)
{
	return shadow(va) & ~PAGE_MASK;
}

static uint32_t frame(uint32_t va)
{
	return shadow(va) & PAGE_MASK;
}

/* --- 6.4, demand faults ------------------------------------------------------------------------ */

START_TEST(fills_the_shadow)
{
	kernel(0, _i);
	put_user_pte(5, 0x123000 | PTE_P | PTE_US);
	ck_assert_uint_eq(shadow(PAGE(5)), 0);
	ck_assert_int_eq(demand(PAGE(5) + 0x678, PF_USER), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(PAGE(5)), FRAME(0x123000) | PTE_P | PTE_US | PTE_A);
	ck_assert_uint_eq(shadow(PAGE(4)), 0);
	ck_assert_uint_eq(shadow(PAGE(6)), 0);
	/* A page that is not user space's is not in the shadow either. */
	ck_assert_int_eq(demand(W_KERNEL + 0x5000, 0), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(W_KERNEL + 0x5000), FRAME(0x5000) | PTE_P | PTE_A);
	ck_lives();
}
END_TEST

static void put_kernel_pte(uint32_t page, uint64_t pte)
{
	const uint32_t bytes = lg->pae ? 8 : 4;

	put(W_HIGH + page * bytes, (uint32_t)pte);
	if (lg->pae)
		put(W_HIGH + page * bytes + 4, (uint32_t)(pte >> 32));
}

/* A fault fills what is around it, as far as it is to be had for nothing. */
START_TEST(fills_around)
{
	const uint32_t first = W_FREE >> PAGE_SHIFT, at = W_KERNEL + W_FREE;
	static const struct {
		uint64_t pte;
		uint32_t flags; /* 0: it does not come along */
	} t[] = {
		{W_FREE | 0x163, 0x063}, /* as Linux maps its memory */
		{W_FREE | 0x063, 0x063},
		{W_FREE | 0x023, 0x021}, /* clean: to be written to it must fault */
		{W_FREE | 0x061, 0x061},
		{W_FREE | 0x043, 0},		  /* not accessed */
		{W_FREE | 0x062, 0},		  /* not present */
		{W_FREE | 0x0e3, 0},		  /* large, which kills if it is used */
		{W_END | 0x063, 0},		  /* no memory, so does that */
		{1ull << 32 | W_FREE | 0x063, 0}, /* the same in PAE */
	};
	const unsigned last = _i ? ARRAY_LEN(t) : ARRAY_LEN(t) - 1;

	kernel(0, _i);
	for (unsigned i = 0; i < last; i++)
		put_kernel_pte(first + 2 + i, t[i].pte);
	put_kernel_pte(first - 1, W_FREE | 0x063);
	put_kernel_pte(first + 31, W_FREE | 0x063);
	put_kernel_pte(first + 32, W_FREE | 0x063);
	ck_assert_int_eq(demand(at + PAGE_SIZE, 0), DEMAND_FILLED);
	ck_assert_uint_eq(flags(at + PAGE_SIZE), PTE_P | PTE_A);
	for (unsigned i = 0; i < last; i++)
		ck_assert_uint_eq(shadow(at + (2 + i) * PAGE_SIZE),
				  t[i].flags ? FRAME(W_FREE) | t[i].flags : 0);
	ck_assert_uint_eq(shadow(at - PAGE_SIZE), 0);
	ck_assert_uint_eq(shadow(at + 31 * PAGE_SIZE), FRAME(W_FREE) | 0x063);
	ck_assert_uint_eq(shadow(at + 32 * PAGE_SIZE), 0);
	/* It is forgotten like any other. */
	hcall(FLUSH_TLB, 1);
	ck_assert_uint_eq(shadow(at + 31 * PAGE_SIZE), 0);
	/* And the directories' word counts. */
	put(_i ? W_PMD_HIGH : W_PGD + (W_KERNEL >> 22) * 4, W_HIGH | PTE_P);
	ck_assert_int_eq(demand(at + PAGE_SIZE, 0), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(at + 31 * PAGE_SIZE), FRAME(W_FREE) | 0x061);
	ck_lives();
}
END_TEST

/* A user's page brings along what else the process has touched, with the rights it has. */
START_TEST(fills_user_pages_around)
{
	kernel(0, _i);
	put_user_pte(5, 0x123000 | PTE_P | PTE_US);
	put_user_pte(6, 0x124000 | PTE_P | PTE_US | PTE_A);
	put_user_pte(7, 0x125000 | PTE_P | PTE_US);
	put_user_pte(8, 0x126000 | PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	put_user_pte(9, 0x127000 | PTE_P | PTE_RW | PTE_US | PTE_A);
	ck_assert_int_eq(demand(PAGE(5), PF_USER), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(PAGE(6)), FRAME(0x124000) | PTE_P | PTE_US | PTE_A);
	ck_assert_uint_eq(shadow(PAGE(7)), 0);
	ck_assert_uint_eq(shadow(PAGE(8)),
			  FRAME(0x126000) | PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	ck_assert_uint_eq(shadow(PAGE(9)), FRAME(0x127000) | PTE_P | PTE_US | PTE_A);
	ck_assert_uint_eq(get_user_pte(7), 0x125000 | PTE_P | PTE_US);
}
END_TEST

/* Step 3 to 5: not P, not handled. */
START_TEST(absent)
{
	kernel(0, _i);
	ck_assert_int_eq(demand(PAGE(5), 0), DEMAND_ABSENT);
	put_user_pte(5, 0x123000 | PTE_RW | PTE_US | PTE_D);
	ck_assert_int_eq(demand(PAGE(5), PF_WRITE), DEMAND_ABSENT);
	ck_assert_int_eq(demand(0x40000000, PF_USER), DEMAND_ABSENT);
	ck_assert_int_eq(demand(0x00200000, PF_USER), DEMAND_ABSENT);
	ck_assert_uint_eq(shadow(PAGE(5)), 0);
	ck_assert_uint_eq(get_user_pte(5), 0x123000 | PTE_RW | PTE_US | PTE_D);
	ck_lives();
}
END_TEST

/* Step 6. */
START_TEST(denied)
{
	static const struct {
		uint32_t pte, error;
		enum demand what;
	} t[] = {
		{PTE_P, PF_WRITE, DEMAND_DENIED},
		{PTE_P, 0, DEMAND_FILLED},
		{PTE_P | PTE_RW, PF_WRITE, DEMAND_FILLED},
		{PTE_P | PTE_RW, PF_USER, DEMAND_DENIED},
		{PTE_P | PTE_RW, PF_USER | PF_WRITE, DEMAND_DENIED},
		{PTE_P | PTE_US, PF_USER, DEMAND_FILLED},
		{PTE_P | PTE_US, PF_USER | PF_WRITE, DEMAND_DENIED},
		{PTE_P | PTE_US | PTE_RW, PF_USER | PF_WRITE, DEMAND_FILLED},
	};

	kernel(0, _i);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		put_user_pte(i, W_FREE | t[i].pte);
		ck_assert_int_eq(demand(PAGE(i), t[i].error), t[i].what);
		if (t[i].what == DEMAND_DENIED) {
			ck_assert_uint_eq(shadow(PAGE(i)), 0);
			ck_assert_uint_eq(get_user_pte(i), W_FREE | t[i].pte);
		}
	}
	ck_lives();
}
END_TEST

/* What a directory denies, its page table cannot give. */
START_TEST(denied_by_directory)
{
	kernel(0, _i);
	put(_i ? W_PMD_LOW + (W_USER >> 21) * 8 : W_PGD + (W_USER >> 22) * 4, W_LOW | PTE_P);
	put_user_pte(0, W_FREE | PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D);
	ck_assert_int_eq(demand(W_USER, PF_USER), DEMAND_DENIED);
	ck_assert_int_eq(demand(W_USER, PF_WRITE), DEMAND_DENIED);
	ck_assert_int_eq(demand(W_USER, 0), DEMAND_FILLED);
	ck_assert_uint_eq(flags(W_USER), PTE_P | PTE_A | PTE_D);
}
END_TEST

/* Steps 9, 11 and 12: A with any access, D with a write; no write access before D. */
START_TEST(accessed_and_dirty)
{
	const uint32_t rw = PTE_P | PTE_RW | PTE_US;

	kernel(0, _i);
	put_user_pte(0, W_FREE | rw);
	ck_assert_int_eq(demand(PAGE(0), PF_USER), DEMAND_FILLED);
	ck_assert_uint_eq(get_user_pte(0), W_FREE | rw | PTE_A);
	ck_assert_uint_eq(flags(PAGE(0)), PTE_P | PTE_US | PTE_A);
	ck_assert_int_eq(demand(PAGE(0), PF_USER | PF_WRITE | PF_PRESENT), DEMAND_FILLED);
	ck_assert_uint_eq(get_user_pte(0), W_FREE | rw | PTE_A | PTE_D);
	ck_assert_uint_eq(flags(PAGE(0)), rw | PTE_A | PTE_D);
	/* A page that is dirty already is writable after a mere read. */
	put_user_pte(1, W_FREE | rw | PTE_D);
	ck_assert_int_eq(demand(PAGE(1), 0), DEMAND_FILLED);
	ck_assert_uint_eq(get_user_pte(1), W_FREE | rw | PTE_A | PTE_D);
	ck_assert_uint_eq(flags(PAGE(1)), rw | PTE_A | PTE_D);
	/* The directories have no such bits to be maintained. */
	ck_assert_uint_eq(get(_i ? W_PDPT : W_PGD + (W_USER >> 22) * 4),
			  _i ? W_PMD_LOW | PTE_P : W_LOW | PDE);
}
END_TEST

/* Step 11: the Guest's flags, but not G.  PWT and PCD are free (12.7), as are its own three. */
START_TEST(other_flags)
{
	kernel(0, _i);
	put_user_pte(0, W_FREE | 0xf7f);
	ck_assert_int_eq(demand(PAGE(0), PF_USER), DEMAND_FILLED);
	ck_assert_uint_eq(flags(PAGE(0)), 0xe7f);
}
END_TEST

/* Step 8 and 6.3. */
START_TEST(bad_frame)
{
	kernel(0, _i & 1);
	put_user_pte(0, (_i & 2 ? W_FREE | PTE_PSE : W_END) | PTE_P | PTE_RW);
	ck_assert_int_ne(demand(PAGE(0), 0), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_died("bad page table entry");
}
END_TEST

START_TEST(bad_directories)
{
	static const char *const text[] = {
		"bad page directory entry",
		"bad page directory entry",
		"bad page middle directory entry",
		"bad read address 0x410080 len 4",
	};

	kernel(0, _i == 1 || _i == 2);
	switch (_i) {
	case 0: put(W_PGD + (W_USER >> 22) * 4, W_END | PDE); break;
	case 1: put(W_PDPT, W_PMD_LOW | PDE); break;
	case 2: put(W_PMD_LOW + (W_USER >> 21) * 8, W_LOW | PDE | PTE_PSE); break;
	case 3: hcall(NEW_PGTABLE, W_END); break;
	}
	ck_assert_int_ne(demand(W_USER, 0), DEMAND_FILLED);
	ck_died(text[_i]);
}
END_TEST

/* The last frame is memory; the first after it is a device's, the first after those nobody's. */
START_TEST(limits)
{
	guest(0, DOOR_MAP_LINEAR, DOOR_INIT_MMIO);
	talk(W_4_1);
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	put_user_pte(0, (W_END - PAGE_SIZE) | PTE_P | PTE_RW);
	ck_assert_int_eq(demand(PAGE(0), PF_WRITE), DEMAND_FILLED);
	ck_assert_uint_eq(frame(PAGE(0)), FRAME(W_END - PAGE_SIZE));
	put_user_pte(1, W_END | PTE_P | PTE_RW);
	ck_assert_int_eq(demand_page(lg, GVA(PAGE(1) + 0x234), PF_WRITE), DEMAND_DEVICE);
	ck_assert_uint_eq(lg->trap_gpa, W_END + 0x234);
	put_user_pte(2, (W_DEVICE_LIMIT - 1) << PAGE_SHIFT | PTE_P);
	ck_assert_int_eq(demand_page(lg, GVA(PAGE(2)), 0), DEMAND_DEVICE);
	ck_assert_uint_eq(lg->trap_gpa, (W_DEVICE_LIMIT - 1) << PAGE_SHIFT);
	/* Step 6 comes before step 7. */
	ck_assert_int_eq(demand_page(lg, GVA(PAGE(2)), PF_WRITE), DEMAND_DENIED);
	ck_assert_uint_eq(shadow(PAGE(1)) | shadow(PAGE(2)), 0);
	ck_lives();
	put_user_pte(3, W_DEVICE_LIMIT << PAGE_SHIFT | PTE_P);
	ck_assert_int_eq(demand(PAGE(3), 0), DEMAND_DENIED);
	ck_died("bad page table entry");
}
END_TEST

/* Step 2. */
START_TEST(linear)
{
	guest(0, DOOR_MAP_LINEAR, DOOR_INIT_MMIO);
	ck_assert_int_eq(demand(0x12345, 0), DEMAND_FILLED);
	ck_assert_uint_eq(shadow(0x12345), FRAME(0x12000) | PTE_P | PTE_A);
	ck_assert_int_eq(demand(0x12345, PF_WRITE), DEMAND_FILLED);
	ck_assert_uint_eq(flags(0x12345), PTE_P | PTE_RW | PTE_A | PTE_D);
	ck_assert_int_eq(demand(0x12345, PF_USER), DEMAND_DENIED);
	ck_assert_int_eq(demand_page(lg, GVA(W_END + 4), 0), DEMAND_DEVICE);
	ck_assert_uint_eq(lg->trap_gpa, W_END + 4);
	ck_lives();
	demand(W_DEVICE_LIMIT << PAGE_SHIFT, 0);
	ck_died("bad page table entry");
}
END_TEST

/* 6.2 and 2.4.1: a Guest's addresses end where reserve_mem says, and from there on (step 1) its own
 * tables count for nothing. */
static const struct {
	unsigned era;
	enum door_boot_map map;
	uint32_t flags, limit;
} ends[] = {
	{W_30, DOOR_MAP_LOW_HIGH, 0, 0xffc00000},
	{W_31, DOOR_MAP_LOW_HIGH, DOOR_INIT_PAE, 0xffe00000},
	{W_3_1, DOOR_MAP_LINEAR, DOOR_INIT_TIGHT, DOOR_SWITCHER},
	{W_4_1, DOOR_MAP_LINEAR, DOOR_INIT_TIGHT | DOOR_INIT_PAE, DOOR_SWITCHER},
};

/* A Guest of that kind; its page tables have the pages around the end, all of them the same one. */
static uint32_t with_an_end(unsigned i)
{
	uint32_t root;

	guest(0, ends[i].map, ends[i].flags);
	talk(ends[i].era);
	root = make_directory(lg->pae, 0);
	if (lg->pae) {
		put(W_PMD_HIGH + 510 * 8, W_LOW | PDE);
		put(W_PMD_HIGH + 511 * 8, W_LOW | PDE);
	} else {
		put(root + 1022 * 4, W_LOW | PDE);
		put(root + 1023 * 4, W_LOW | PDE);
	}
	for (unsigned page = 0; page < (lg->pae ? 512 : 1024); page++)
		put_user_pte(page, W_FREE | 0x67);
	hcall(NEW_PGTABLE, root);
	return ends[i].limit;
}

static void ck_switcher(void)
{
	const uint32_t ro = PTE_P | PTE_A | PTE_D;

	ck_assert_uint_eq(shadow(SWITCHER_CODE), host->switcher_code.v | ro);
	ck_assert_uint_eq(shadow(SWITCHER_PAIR), lg->regs_page.v | ro | PTE_RW);
	ck_assert_uint_eq(shadow(SWITCHER_STATE), host->state_page.v | ro);
	for (uint32_t va = SWITCHER_STATE + PAGE_SIZE; va; va += PAGE_SIZE)
		ck_assert_uint_eq(shadow(va), 0);
}

START_TEST(end_of_addresses)
{
	const uint32_t end = with_an_end(_i);

	ck_assert_uint_eq(data_get(layout->reserve_mem), 0 - end);
	ck_assert_int_eq(demand(end, PF_WRITE), DEMAND_OURS);
	ck_assert_int_eq(demand(0xffffffff, PF_USER), DEMAND_OURS);
	ck_assert_int_eq(demand(end - 1, PF_USER), DEMAND_FILLED);
	ck_assert_uint_eq(frame(end - 1), FRAME(W_FREE));
	ck_switcher();
	/* What may be in one page table with the Switcher goes; the Switcher does not. */
	hcall(FLUSH_TLB, 1);
	ck_assert_uint_eq(shadow(end - 1), 0);
	ck_switcher();
	ck_assert_int_eq(demand(end - 1, 0), DEMAND_FILLED);
	hcall(SET_PGD, lg->pgdir->gpgdir, lg->pae ? 3 : (end - 1) >> 22);
	ck_assert_uint_eq(shadow(end - 1), 0);
	ck_switcher();
	hcall(SET_PTE, 0, end - 1, 0);
	ck_lives();
}
END_TEST

/* SET_PTE, step 1. */
START_TEST(set_pte_at_the_end)
{
	const uint32_t end = with_an_end(_i / 2);

	hcall(SET_PTE, lg->pgdir->gpgdir, _i & 1 ? 0xffffffff : end, W_FREE | 0x67);
	ck_died("attempt to set pte into Switcher pages");
	ck_switcher();
}
END_TEST

/* 9.1: three pages, none for CPL 3, only the registers writable; the same in every shadow. */
START_TEST(switcher_pages)
{
	kernel(0, false);
	ck_switcher();
	for (unsigned i = 1; i < 6; i++) {
		hcall(NEW_PGTABLE, make_directory(false, i));
		ck_switcher();
	}
}
END_TEST

/* --- 5.3, 5.4: the stack -------------------------------------------------------------------------- */

static bool stack_page_ok(uint32_t va)
{
	return (shadow(va) & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW);
}

START_TEST(pins_the_stack)
{
	const uint32_t esp = W_KERNEL + W_STACK;

	kernel(0, _i);
	hcall(SET_STACK, KERNEL_DS, esp, 1);
	ck_assert(stack_page_ok(esp - 1));
	ck_assert_uint_eq(shadow(esp - PAGE_SIZE - 1), 0);
	ck_assert_uint_eq(shadow(esp), 0);
	hcall(SET_STACK, KERNEL_DS, esp, 2);
	ck_assert(stack_page_ok(esp - 1) && stack_page_ok(esp - PAGE_SIZE - 1));
	/* Mapped, but not yet for writing. */
	hcall(FLUSH_TLB, 0);
	hcall(SET_PTE, lg->pgdir->gpgdir, esp - PAGE_SIZE, (W_STACK - PAGE_SIZE) | 0x23);
	ck_assert(!stack_page_ok(esp - 1));
	lg->changed |= CHANGED_SHADOW;
	pin_stack_pages(lg);
	ck_assert(stack_page_ok(esp - 1) && !(lg->changed & CHANGED_SHADOW));
	ck_lives();
}
END_TEST

/* 5.4: repeated after FLUSH_TLB(1) and for a blank directory; FLUSH_TLB(0) leaves it alone. */
START_TEST(keeps_the_stack_pinned)
{
	const uint32_t esp = W_KERNEL + W_STACK;

	kernel(0, _i);
	hcall(SET_STACK, KERNEL_DS, esp, 2);
	hcall(FLUSH_TLB, 1);
	ck_assert(stack_page_ok(esp - 1) && stack_page_ok(esp - PAGE_SIZE - 1));
	hcall(FLUSH_TLB, 0);
	ck_assert(stack_page_ok(esp - 1));
	hcall(NEW_PGTABLE, make_directory(_i, 1));
	ck_assert(stack_page_ok(esp - 1) && stack_page_ok(esp - PAGE_SIZE - 1));
	ck_lives();
}
END_TEST

START_TEST(bad_stack_page)
{
	kernel(0, _i & 1);
	put_user_pte(0, W_FREE | PTE_P | PTE_RW);
	if (_i & 2)
		put_user_pte(1, W_FREE | PTE_P); /* not writable */
	hcall(SET_STACK, KERNEL_DS, PAGE(2), 2);
	ck_died("bad stack page 0x8001fff");
}
END_TEST

/* The address of the second page is that of its byte, not of its beginning. */
START_TEST(bad_second_stack_page)
{
	kernel(0, false);
	put_user_pte(1, W_FREE | PTE_P | PTE_RW);
	hcall(SET_STACK, KERNEL_DS, PAGE(2), 2);
	ck_died("bad stack page 0x8000fff");
}
END_TEST

/* --- 6.5, hypercalls --------------------------------------------------------------------------- */

/* Both pages are touched, so that both are in the shadow. */
static void touch(void)
{
	put_user_pte(0, W_FREE | PTE_P | PTE_RW | PTE_US);
	ck_assert_int_eq(demand(PAGE(0), PF_USER), DEMAND_FILLED);
	ck_assert_int_eq(demand(W_KERNEL + W_FREE, 0), DEMAND_FILLED);
}

START_TEST(flush_user)
{
	kernel(0, _i);
	touch();
	hcall(FLUSH_TLB, 0);
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_assert_uint_ne(shadow(W_KERNEL + W_FREE), 0);
	/* Only the current directory. */
	touch();
	hcall(NEW_PGTABLE, make_directory(_i, 1));
	touch();
	hcall(FLUSH_TLB, 0);
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	ck_assert_uint_ne(shadow(PAGE(0)), 0);
}
END_TEST

START_TEST(flush_all)
{
	kernel(0, _i);
	touch();
	hcall(NEW_PGTABLE, make_directory(_i, 1));
	touch();
	hcall(FLUSH_TLB, 7);
	ck_assert_uint_eq(shadow(PAGE(0)) | shadow(W_KERNEL + W_FREE), 0);
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	ck_assert_uint_eq(shadow(PAGE(0)) | shadow(W_KERNEL + W_FREE), 0);
	ck_lives();
}
END_TEST

/* NEW_PGTABLE: four shadows are kept; a fifth takes the place of one, whose kernel half stays. */
START_TEST(new_pgtable)
{
	uint32_t third = 0;

	kernel(0, _i);
	touch();
	for (unsigned i = 1; i < LGUEST_PGDIRS; i++) {
		hcall(NEW_PGTABLE, make_directory(_i, i));
		if (i == 2)
			third = guest_shadow(lg).v;
		ck_assert_uint_eq(shadow(PAGE(0)) | shadow(W_KERNEL + W_FREE), 0);
		touch();
	}
	/* They are all there still. */
	for (unsigned i = 0; i < LGUEST_PGDIRS; i++) {
		hcall(NEW_PGTABLE, make_directory(_i, i));
		ck_assert_uint_ne(shadow(PAGE(0)), 0);
	}
	/* Number 2 is the one not used for longest. */
	hcall(NEW_PGTABLE, make_directory(_i, 1));
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	hcall(NEW_PGTABLE, make_directory(_i, 4));
	ck_assert_uint_eq(guest_shadow(lg).v, third);
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_assert_uint_ne(shadow(W_KERNEL + W_FREE), 0);
	hcall(NEW_PGTABLE, make_directory(_i, 2));
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_lives();
}
END_TEST

/* Linear mode ends with the first one, and what was mapped by it is gone. */
START_TEST(end_of_linear_mode)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	talk(W_4_1);
	ck_assert_int_eq(demand(W_CODE, 0), DEMAND_FILLED);
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	ck_assert(!lg->linear);
	ck_assert_uint_eq(shadow(W_CODE), 0);
	ck_assert_int_eq(demand(W_CODE, 0), DEMAND_ABSENT);
	ck_assert_int_eq(demand(W_KERNEL + W_CODE, 0), DEMAND_FILLED);
}
END_TEST

/* 14, number 15: a slot without tables matches no cr3, not even 0. */
START_TEST(cr3_zero)
{
	guest(0, DOOR_MAP_LOW, 0);
	talk(W_24);
	put(0x20 * 4, W_LOW | PDE);
	put(W_LOW, W_FREE | PTE_P);
	hcall(NEW_PGTABLE, 0);
	ck_lives();
	ck_assert_uint_ne(guest_shadow(lg).v, 0);
	ck_assert_int_eq(demand(W_USER, 0), DEMAND_FILLED);
	ck_assert_uint_eq(frame(W_USER), FRAME(W_FREE));
}
END_TEST

/* SET_PTE, step 3: what is marked as accessed is installed, all else only forgotten. */
START_TEST(set_pte)
{
	static const struct {
		uint32_t pte, shadow;
	} t[] = {
		{0, 0},
		{PTE_P | PTE_RW | PTE_US, 0},
		{PTE_P | PTE_US | PTE_A, PTE_P | PTE_US | PTE_A},
		/* RW waits for D, 14 number 9. */
		{PTE_P | PTE_RW | PTE_US | PTE_A, PTE_P | PTE_US | PTE_A},
		{PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D, PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D},
		{PTE_P | PTE_RW | PTE_D, PTE_P | PTE_RW | PTE_A | PTE_D},
		{PTE_P | PTE_US | PTE_A | PTE_G, PTE_P | PTE_US | PTE_A},
		{PTE_RW | PTE_US | PTE_A | PTE_D, 0}, /* not present */
	};

	kernel(0, _i);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		touch();
		hcall(SET_PTE, lg->pgdirs[0].gpgdir, PAGE(0), 0x70000 | t[i].pte);
		ck_assert_uint_eq(shadow(PAGE(0)), t[i].shadow ? FRAME(0x70000) | t[i].shadow : 0);
	}
	ck_assert_uint_ne(shadow(W_KERNEL + W_FREE), 0);
	ck_lives();
}
END_TEST

/* The directory may grant less. */
START_TEST(set_pte_with_directory_rights)
{
	kernel(0, _i);
	touch();
	put(_i ? W_PMD_LOW + (W_USER >> 21) * 8 : W_PGD + (W_USER >> 22) * 4, W_LOW | PTE_P);
	hcall(SET_PTE, lg->pgdirs[0].gpgdir, PAGE(0), 0x70067);
	ck_assert_uint_eq(shadow(PAGE(0)), FRAME(0x70000) | PTE_P | PTE_A | PTE_D);
}
END_TEST

/* Step 2: a user address concerns one directory, which need not be the current one. */
START_TEST(set_pte_elsewhere)
{
	kernel(0, _i);
	touch();
	hcall(NEW_PGTABLE, make_directory(_i, 1));
	touch();
	hcall(SET_PTE, make_directory(_i, 0), PAGE(0), 0);
	ck_assert_uint_ne(shadow(PAGE(0)), 0);
	hcall(SET_PTE, make_directory(_i, 5), PAGE(0), 0); /* unknown: nothing to do */
	ck_assert_uint_ne(shadow(PAGE(0)), 0);
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_lives();
}
END_TEST

/* And a kernel address concerns all of them. */
START_TEST(set_pte_of_kernel)
{
	const uint32_t va = _i & 2 ? W_KERNEL : W_KERNEL + W_FREE;

	kernel(0, _i & 1);
	touch();
	hcall(NEW_PGTABLE, make_directory(_i & 1, 1));
	touch();
	hcall(SET_PTE, W_END, va, 0x70063);
	ck_assert_uint_eq(shadow(va), FRAME(0x70000) | 0x63);
	hcall(NEW_PGTABLE, make_directory(_i & 1, 0));
	ck_assert_uint_eq(shadow(va), FRAME(0x70000) | 0x63);
	hcall(SET_PTE, 0, va, 0);
	ck_assert_uint_eq(shadow(va), 0);
	ck_lives();
}
END_TEST

/* PAE: the fourth argument is the high word, and no Guest has such memory. */
START_TEST(set_pte_high_word)
{
	kernel(0, _i);
	touch();
	hcall(SET_PTE, lg->pgdirs[0].gpgdir, PAGE(0), 0x70067, 1);
	if (_i)
		ck_died("bad page table entry");
	else
		ck_assert_uint_eq(shadow(PAGE(0)), FRAME(0x70000) | 0x67);
}
END_TEST

/* Step 3: the new value is looked at where there is a shadow to put it into, and only there. */
START_TEST(set_pte_of_bad_frame)
{
	const uint32_t va = _i & 2 ? W_KERNEL + 0x300000 : PAGE(0);

	kernel(0, _i & 1);
	hcall(SET_PTE, lg->pgdirs[0].gpgdir, va, W_END | 0x63);
	ck_lives();
	touch();
	ck_assert_int_eq(demand(W_KERNEL + 0x200000, 0), DEMAND_FILLED);
	hcall(SET_PTE, lg->pgdirs[0].gpgdir, va, W_END | 0x3); /* neither A nor D */
	ck_lives();
	ck_assert_uint_eq(shadow(va), 0);
	hcall(SET_PTE, lg->pgdirs[0].gpgdir, va, W_END | 0x63);
	ck_died("bad page table entry");
	ck_assert_uint_eq(shadow(va), 0);
}
END_TEST

/* A device's page has no place in a shadow. */
START_TEST(set_pte_of_device)
{
	guest(0, DOOR_MAP_LINEAR, DOOR_INIT_MMIO);
	talk(W_4_1);
	hcall(NEW_PGTABLE, make_directory(_i, 0));
	touch();
	hcall(SET_PTE, lg->pgdirs[0].gpgdir, PAGE(0), W_END | 0x67);
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_lives();
}
END_TEST

/* SET_PGD: one entry of the directory that is named, if it is known. */
START_TEST(set_pgd)
{
	const unsigned user = _i ? W_USER >> 30 : W_USER >> 22;
	const unsigned high = _i ? W_KERNEL >> 30 : W_KERNEL >> 22;

	kernel(0, _i);
	touch();
	hcall(SET_PGD, lg->pgdirs[0].gpgdir, user);
	ck_assert_uint_eq(shadow(PAGE(0)), 0);
	ck_assert_uint_ne(shadow(W_KERNEL + W_FREE), 0);
	touch();
	hcall(SET_PGD, lg->pgdirs[0].gpgdir, high);
	ck_assert_uint_ne(shadow(PAGE(0)), 0);
	ck_assert_uint_eq(shadow(W_KERNEL + W_FREE), 0);
	hcall(SET_PGD, W_FREE, user);
	ck_assert_uint_ne(shadow(PAGE(0)), 0);
	ck_lives();
}
END_TEST

START_TEST(set_bad_pgd)
{
	kernel(0, _i);
	hcall(SET_PGD, lg->pgdirs[0].gpgdir, _i ? 4 : 1024);
	ck_died(_i ? "Attempt to set pgd 4/4" : "Attempt to set pgd 1024/1024");
}
END_TEST

/* SET_PMD of a PAE Guest: everything goes. */
START_TEST(set_pmd)
{
	kernel(0, true);
	touch();
	hcall(SET_PMD, W_PMD_LOW, 3);
	ck_assert_uint_eq(shadow(PAGE(0)) | shadow(W_KERNEL + W_FREE), 0);
	ck_lives();
}
END_TEST

/* --- the heap ---------------------------------------------------------------------------------------- */

static uint64_t shadow_pages(void)
{
	return le64_get(host->count->shadow_pages);
}

/* How many pages the Host has left; they are given back as they came. */
static unsigned take_heap(uint32_t *pages, unsigned max)
{
	unsigned n;

	for (n = 0; n < max; n++) {
		pages[n] = port_alloc_page(host).v;
		if (!pages[n])
			break;
	}
	return n;
}

#define HEAP_PAGES ((DOOR_HOST_END - DOOR_HOST_START) / PAGE_SIZE)

static uint32_t heap[HEAP_PAGES];

START_TEST(gives_everything_back)
{
	static const uint8_t zeroes[PAGE_SIZE];
	const uint64_t used = shadow_pages();
	unsigned before, after;

	before = take_heap(heap, HEAP_PAGES);
	for (unsigned i = 0; i < before; i++)
		port_free_page(host, HPA(heap[i]));
	kernel(0, _i);
	for (unsigned i = 0; i < 6; i++) {
		hcall(NEW_PGTABLE, make_directory(_i, i));
		touch();
	}
	hcall(SET_STACK, KERNEL_DS, W_KERNEL + W_STACK, 2);
	ck_assert_uint_gt(shadow_pages(), used + 8);
	destroy(lg);
	ck_assert_uint_eq(shadow_pages(), used);
	after = take_heap(heap, HEAP_PAGES);
	ck_assert_uint_eq(after, before);
	/* And all of it empty. */
	for (unsigned i = 0; i < after; i++)
		ck_assert_mem_eq(m.mem.ram + heap[i], zeroes, PAGE_SIZE);
}
END_TEST

/* When the heap is empty the Guest loses old shadows, and may touch all it wants to nevertheless. */
START_TEST(evicts_when_the_heap_is_empty)
{
	const uint32_t esp = W_KERNEL + W_STACK;
	uint32_t current;

	kernel(0, false);
	hcall(SET_STACK, KERNEL_DS, esp, 2);
	touch();
	hcall(NEW_PGTABLE, make_directory(false, 1));
	touch();
	current = guest_shadow(lg).v;
	take_heap(heap, HEAP_PAGES);
	ck_assert(!(lg->changed & CHANGED_SHADOW));

	/* The other directory gives way first. */
	put(W_PGD + PAGE_SIZE + 4 * 4, W_LOW | PDE);
	ck_assert_int_eq(demand(4u << 22, 0), DEMAND_FILLED);
	ck_assert_uint_eq(frame(4u << 22), FRAME(W_FREE));
	ck_assert_uint_ne(shadow(PAGE(0)), 0);
	ck_assert(lg->changed & CHANGED_SHADOW);
	lg->changed &= ~CHANGED_SHADOW;
	/* Then the one we are at; again and again. */
	for (unsigned i = 5; i < 30; i++) {
		put(W_PGD + PAGE_SIZE + i * 4, W_LOW | PDE);
		ck_assert_int_eq(demand(i << 22, 0), DEMAND_FILLED);
		ck_assert_uint_eq(frame(i << 22), FRAME(W_FREE));
		ck_assert_uint_eq(guest_shadow(lg).v, current);
		ck_assert_uint_eq(frame(DOOR_SWITCHER), host->switcher_code.v);
	}
	ck_assert(lg->changed & CHANGED_SHADOW);
	ck_lives();
	/* Before it runs again, its stack is back. */
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), 0);
	ck_assert(stack_page_ok(esp - 1) && stack_page_ok(esp - PAGE_SIZE - 1));
}
END_TEST

/* So many tables in the current directory. */
static void hold(unsigned tables)
{
	for (unsigned i = 4; i < 4 + tables; i++) {
		put(W_PGD + i * 4, W_LOW | PDE);
		ck_assert_int_eq(demand(i << 22, 0), DEMAND_FILLED);
	}
}

/* When the heap is empty, who holds most gives: here the other Guest, as long as that is richer. */
START_TEST(the_rich_give)
{
	struct lguest *rich, *poor;

	kernel(1, false);
	rich = lg;
	hcall(SET_STACK, KERNEL_DS, W_KERNEL + W_STACK, 2);
	touch();
	hold(20);
	rich->changed &= ~CHANGED_SHADOW;
	kernel(0, false);
	poor = lg;
	touch();
	take_heap(heap, HEAP_PAGES);
	hold(2);
	ck_lives();
	ck_assert_uint_ne(shadow(PAGE(0)), 0); /* it has lost nothing of its own */
	ck_assert_uint_gt(poor->shadow_pages, rich->shadow_pages);
	ck_assert((rich->changed & CHANGED_SHADOW) && !(poor->changed & CHANGED_SHADOW));
	/* What it got has made it the richer one, so now it pays for itself. */
	lg = rich;
	ck_assert_int_eq(demand(W_KERNEL, 0), DEMAND_FILLED);
	ck_lives();
}
END_TEST

/* A Guest that is born takes its first page from somebody else, too. */
START_TEST(born_into_poverty)
{
	struct door_init init;

	kernel(1, false);
	touch();
	hold(20);
	take_heap(heap, HEAP_PAGES);
	init = parameters(0, DOOR_MAP_LINEAR, 0);
	ck_assert_ptr_null(initialize(&host->guests[0], &init));
	ck_lives();
}
END_TEST

/* Where nobody has anything to give, who asks dies. */
START_TEST(no_memory_at_all)
{
	kernel(1, false);
	hcall(FLUSH_TLB, 1);
	kernel(0, false);
	hcall(FLUSH_TLB, 1);
	take_heap(heap, HEAP_PAGES);
	demand(W_KERNEL, 0);
	ck_died("out of memory allocating pte page");
	ck_assert_uint_eq(shadow(W_KERNEL), 0);
	lg = &host->guests[1];
	ck_lives();
}
END_TEST

START_TEST(no_memory_for_a_directory)
{
	uint32_t current;

	kernel(0, false);
	hcall(FLUSH_TLB, 1);
	current = guest_shadow(lg).v;
	take_heap(heap, HEAP_PAGES);
	hcall(NEW_PGTABLE, make_directory(false, 1));
	ck_died("out of memory allocating pte page");
	ck_assert_uint_eq(guest_shadow(lg).v, current); /* it is still one */
}
END_TEST

/* The frames of one Guest never appear in the shadow of another. */
START_TEST(two_guests)
{
	kernel(0, false);
	touch();
	kernel(1, true);
	touch();
	ck_assert_uint_eq(frame(PAGE(0)), DOOR_HOST_END + W_ROOM + W_FREE);
	hcall(FLUSH_TLB, 1);
	lg = &host->guests[0];
	ck_assert_uint_eq(frame(PAGE(0)), DOOR_HOST_END + W_FREE);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, fills_the_shadow, 0, 2);
	tcase_add_loop_test(tc, fills_around, 0, 2);
	tcase_add_loop_test(tc, fills_user_pages_around, 0, 2);
	tcase_add_loop_test(tc, absent, 0, 2);
	tcase_add_loop_test(tc, denied, 0, 2);
	tcase_add_loop_test(tc, denied_by_directory, 0, 2);
	tcase_add_loop_test(tc, accessed_and_dirty, 0, 2);
	tcase_add_loop_test(tc, other_flags, 0, 2);
	tcase_add_loop_test(tc, bad_frame, 0, 4);
	tcase_add_loop_test(tc, bad_directories, 0, 4);
	tcase_add_loop_test(tc, limits, 0, 2);
	tcase_add_test(tc, linear);
	tcase_add_loop_test(tc, end_of_addresses, 0, ARRAY_LEN(ends));
	tcase_add_loop_test(tc, set_pte_at_the_end, 0, 2 * ARRAY_LEN(ends));
	tcase_add_test(tc, switcher_pages);
	tcase_add_loop_test(tc, pins_the_stack, 0, 2);
	tcase_add_loop_test(tc, keeps_the_stack_pinned, 0, 2);
	tcase_add_loop_test(tc, bad_stack_page, 0, 4);
	tcase_add_test(tc, bad_second_stack_page);
	tcase_add_loop_test(tc, flush_user, 0, 2);
	tcase_add_loop_test(tc, flush_all, 0, 2);
	tcase_add_loop_test(tc, new_pgtable, 0, 2);
	tcase_add_loop_test(tc, end_of_linear_mode, 0, 2);
	tcase_add_test(tc, cr3_zero);
	tcase_add_loop_test(tc, set_pte, 0, 2);
	tcase_add_loop_test(tc, set_pte_with_directory_rights, 0, 2);
	tcase_add_loop_test(tc, set_pte_elsewhere, 0, 2);
	tcase_add_loop_test(tc, set_pte_of_kernel, 0, 4);
	tcase_add_loop_test(tc, set_pte_high_word, 0, 2);
	tcase_add_loop_test(tc, set_pte_of_bad_frame, 0, 4);
	tcase_add_loop_test(tc, set_pte_of_device, 0, 2);
	tcase_add_loop_test(tc, set_pgd, 0, 2);
	tcase_add_loop_test(tc, set_bad_pgd, 0, 2);
	tcase_add_test(tc, set_pmd);
	tcase_add_loop_test(tc, gives_everything_back, 0, 2);
	tcase_add_test(tc, evicts_when_the_heap_is_empty);
	tcase_add_test(tc, the_rich_give);
	tcase_add_test(tc, born_into_poverty);
	tcase_add_test(tc, no_memory_at_all);
	tcase_add_test(tc, no_memory_for_a_directory);
	tcase_add_loop_test(tc, two_guests, 0, 1);
}

int main(void)
{
	return run_tests("native_page_tables", add);
}
