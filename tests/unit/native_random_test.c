/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:586
 * Guests that do anything: calls with any arguments, aloud and in the ring, page tables and
 * descriptors of random bits, any trap with any registers, and now and then a while of running
 * whatever bytes are at EIP.  They may die of it.  The Host must not, and whatever they did, what
 * the CPU is shown must be the Guest's own: that is looked at, entry by entry.  Each test of the
 * loop is a seed.
:*/
#include "native_world.h"

enum { SEEDS = 60, STEPS = 400, GUESTS = 2 };

static uint32_t state;

static uint32_t any(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static uint32_t below(uint32_t n)
{
	return (any() >> 4) % n;
}

/* A number that some call may like: an edge, a table, an entry of one, or any. */
static uint32_t argument(void)
{
	static const uint32_t edge[] = {0,
					1,
					2,
					3,
					4,
					0x1f,
					0x20,
					0x3f,
					0x61,
					0x69,
					0x73,
					0x7b,
					0x80,
					0xff,
					0x100,
					0x3ff,
					0x400,
					W_END - 1,
					W_END,
					W_RAM,
					W_DATA,
					0x7fffffff,
					0x80000000,
					0xffffffff,
					0xfffffffc,
					0xfffff000,
					0xffe00000,
					0xffc00000,
					0xffbfffff,
					W_USER,
					W_KERNEL,
					W_KERNEL - 1,
					DOOR_SWITCHER,
					DOOR_SWITCHER - 1,
					W_KERNEL + W_STACK,
					W_KERNEL + W_CODE,
					0x8e00,
					0xef00};

	switch (below(5)) {
	case 0: return edge[below(ARRAY_LEN(edge))];
	case 1: return (W_PGD + below(24) * PAGE_SIZE) | below(4);
	case 2: return below(W_DEVICE_LIMIT + 8) << PAGE_SHIFT | below(0x200);
	case 3: return W_USER + below(8) * PAGE_SIZE + below(16);
	default: return any();
	}
}

static uint32_t stack_top(void)
{
	return lg->linear ? W_STACK : W_KERNEL + W_STACK;
}

static void beget(unsigned id)
{
	static const enum door_boot_map map[] = {DOOR_MAP_LINEAR, DOOR_MAP_LOW, DOOR_MAP_LOW_HIGH,
						 DOOR_MAP_HIGH};
	const unsigned which = below(W_LAYOUTS);

	guest(id, which == W_23 ? DOOR_MAP_HIGH : map[below(4)],
	      below(2) * DOOR_INIT_PAE | below(2) * DOOR_INIT_MMIO | below(2) * DOOR_INIT_TIGHT);
	layout = &w_layouts[which];
	if (below(8)) {
		lg->regs->eip = le32(which == W_23 ? W_KERNEL + W_CODE : W_CODE);
		talk(which);
	}
	make_directory(lg->pae, 0);
	for (unsigned i = 0; i < 8; i++)
		put_user_pte(i, argument());
	/* With handlers for nearly all, or the first trap would be the last. */
	for (unsigned i = 0; i < 256; i++)
		if (below(16))
			load_guest_idt_entry(lg, i, W_CODE,
					     W_KERNEL | (below(2) ? 0x8e00 : 0xef00));
	lg->esp1 = stack_top(), lg->ss1 = KERNEL_DS;
	lg->regs->esp = le32(stack_top());
}

/* To page tables in which there is a kernel, and a stack. */
static void call_for_own_tables(void)
{
	if (lg->abi)
		hcall(NEW_PGTABLE, make_directory(lg->pae, below(6)));
}

static void call_aloud(void)
{
	const uint32_t words[5] = {below(30) ? below(20) : argument(), argument(), argument(),
				   argument(), argument()};

	/* It asks to die too often otherwise. */
	if (words[0] == SHUTDOWN || words[0] == LGUEST_INIT)
		return;
	set_call_registers(words);
	lg->regs->trapnum = le32(LGUEST_TRAP_ENTRY);
	turn_left(lg);
}

static void call_by_ring(void)
{
	const unsigned n = (unsigned)strlen(layout->record), slot = lg->next_hcall + below(3);
	const uint8_t ready = below(8) ? 0 : (uint8_t)any();

	for (unsigned i = 0; i < n; i++)
		data_put(layout->ring + (slot % LG_RING_SLOTS * n + i) * 4,
			 i ? argument() : below(20));
	put_bytes(W_DATA + layout->status + slot % LG_RING_SLOTS, &ready, 1);
}

/* Into its tables, its lguest_data, its code: anywhere that somebody reads. */
static void store(void)
{
	switch (below(3)) {
	case 0: put(W_PGD + below(24 * PAGE_SIZE / 4) * 4, argument()); break;
	case 1: put_user_pte(below(8), (uint64_t)(below(8) ? 0 : any()) << 32 | argument()); break;
	case 2:
		/* Not the far end of it, where what INIT had a look at is. */
		data_put(below(6) * 4, argument());
		break;
	}
}

static void trap(void)
{
	struct lguest_regs *r = lg->regs;
	static const uint16_t sel[] = {0x61, 0x61, 0x73, 0x69, 0x7b, 0x33, 0, 0x50};

	r->eip = le32(argument()), r->esp = le32(below(8) ? stack_top() : argument());
	r->cs = le32(sel[below(ARRAY_LEN(sel))]), r->ss = le32(sel[below(ARRAY_LEN(sel))]);
	r->ds = le32(any() & 0xff), r->gs = le32(any() & 0xffff);
	r->eflags = le32(any());
	r->trapnum = le32(below(3) ? below(20) : below(257));
	r->errcode = le32(below(2) ? below(8) : any());
	m.cpu.s.cr2 = argument();
	lg->changed |= CHANGED_ALL;
	turn_left(lg);
}

/* Back to where it can run, with a few bytes of code that may do anything. */
static void run_a_while(void)
{
	struct lguest_regs *r = lg->regs;
	unsigned answer;

	for (unsigned i = 0; i < 16; i++)
		put(W_CODE + i * 4, any());
	r->eip = le32(lg->linear || below(2) ? W_CODE : W_KERNEL + W_CODE);
	r->esp = le32(stack_top());
	r->cs = le32(KERNEL_CS), r->ss = le32(KERNEL_DS);
	lg->changed |= CHANGED_ALL;
	answer = run(3000);
	ck_assert_uint_ge(answer, DOOR_ANS_NOTIFY);
	ck_assert_uint_le(answer, DOOR_ANS_RESTART);
}

static void turn(void)
{
	static struct door_answer ans;
	unsigned answer;

	turn_begin(lg, below(2) * 1000);
	answer = turn_next(lg);
	if (answer)
		host_answer_run(lg, answer, &ans);
	ck_assert(answer || le32_get(lg->regs->cs) & 3);
}

/* --- what must be true at all times --------------------------------------------------------------- */

static bool switcher_entry(uint32_t va, uint32_t pte)
{
	const uint32_t ro = PTE_P | PTE_A | PTE_D;

	return (va == SWITCHER_CODE && pte == (host->switcher_code.v | ro)) ||
	       (va == SWITCHER_PAIR && pte == (lg->regs_page.v | ro | PTE_RW)) ||
	       (va == SWITCHER_STATE && pte == (host->state_page.v | ro));
}

static void check_table(uint32_t table, uint32_t va)
{
	must(table >= DOOR_HOST_START && table < DOOR_HOST_END);
	for (uint32_t i = 0; i < 1024; i++, va += PAGE_SIZE) {
		const uint32_t pte = machine_get(table + i * 4);

		if (!(pte & PTE_P))
			must(!pte);
		else if (va >= lg->limit)
			must(switcher_entry(va, pte));
		else
			must(pte >= lg->mem_base.v && pte < lg->mem_base.v + W_END &&
			     !(pte & (PTE_PSE | PTE_G)) && (pte & PTE_A) &&
			     (pte & PTE_D || !(pte & PTE_RW)));
	}
}

static void check_shadows(void)
{
	for (unsigned i = 0; i < LGUEST_PGDIRS; i++) {
		const uint32_t pgd = lg->pgdirs[i].pgd.v;

		for (uint32_t k = 0; pgd && k < 1024; k++) {
			const uint32_t pde = machine_get(pgd + k * 4);

			if (pde & PTE_P)
				check_table(pde & PAGE_MASK, k << 22);
			else
				must(!pde);
		}
	}
}

/* No way to ring 0: neither by a descriptor nor by a gate. */
static void check_descriptors(void)
{
	const struct lguest_ro_state *s =
		(const struct lguest_ro_state *)(m.mem.ram + host->state_page.v);

	for (unsigned i = 0; i < GDT_ENTRIES; i++) {
		const uint32_t b = le32_get(s->guest_gdt[i].b);

		if (i != 10 && i != 11 && i != 16 && b)
			ck_assert((b & 0x1000) && (b & 0x6000));
	}
	for (unsigned i = 0; i < 256; i++) {
		const uint32_t a = le32_get(s->guest_idt[i].a), b = le32_get(s->guest_idt[i].b);

		if (a >> 16 == KERNEL_CS)
			ck_assert((b & 0x9f00) == 0x8f00);
		else
			ck_assert(a >> 16 == LGUEST_CS && (b & 0x9f00) == 0x8e00 &&
				  ((a & 0xffff) | (b & 0xffff0000)) == host->stubs[i]);
	}
}

static unsigned heap_pages(void)
{
	static hpa_t page[(DOOR_HOST_END - DOOR_HOST_START) / PAGE_SIZE];
	unsigned n = 0;

	while ((page[n] = port_alloc_page(host)).v)
		n++;
	for (unsigned i = n; i--;)
		port_free_page(host, page[i]);
	return n;
}

START_TEST(anything)
{
	static const struct w_layout *speaks[GUESTS];
	static void (*const deed[])(void) = {
		call_aloud, call_aloud, call_by_ring, store, store, trap, turn, turn, run_a_while};
	const unsigned heap = heap_pages();
	unsigned id;

	state = 0x9e3779b9u * (uint32_t)(_i + 1) | 1;
	for (unsigned step = 0; step < STEPS; step++) {
		id = below(GUESTS);
		lg = &host->guests[id];
		layout = speaks[id];
		if (lg->exists && lg->dead) {
			ck_assert(lg->death[0]);
			check_shadows();
			destroy(lg);
		}
		if (!lg->exists) {
			beget(id);
			speaks[id] = layout;
			call_for_own_tables();
		}
		if (!below(4))
			demand(argument(), below(8));
		if (!below(4))
			machine_raise(&m, id, any());
		deed[below(ARRAY_LEN(deed))]();
		if (step % 32 == 0) {
			check_shadows();
			check_descriptors();
		}
	}
	for (id = 0; id < GUESTS; id++)
		if (host->guests[id].exists)
			destroy(&host->guests[id]);
	ck_assert_uint_eq(heap_pages(), heap);
	ck_assert(!m.failed);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, anything, 0, SEEDS);
}

int main(void)
{
	return run_tests("native_random", add);
}
