/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:581
 * The Launcher's requests, those that make sense and those that do not: base/door.h is what they
 * may be, guest-host.md 1.3.3 and 1.4.3 how a Guest begins, 10.3 and 10.5 what a Launcher sees of it.
:*/
#include "native_world.h"

static struct door_request req;
static struct door_answer ans;

static struct lguest *request(unsigned op, unsigned id)
{
	req.op = le32(op);
	req.guest = le32(id);
	memset(&ans, 0xee, sizeof(ans)); /* whatever was there before must go */
	return host_request(host, &req, &ans);
}

static unsigned initialise(unsigned id, struct door_init init)
{
	req.init = init;
	ck_assert_ptr_null(request(DOOR_REQ_INITIALIZE, id));
	ck_assert_uint_eq(le32_get(ans.guest), id);
	return le32_get(ans.op);
}

#define ck_refused(why)                                                                            \
	do {                                                                                       \
		ck_assert_uint_eq(le32_get(ans.op), DOOR_ANS_REFUSED);                             \
		ck_assert_str_eq(ans.text, why);                                                   \
	} while (0)

START_TEST(nobody_there)
{
	ck_assert_ptr_null(request(DOOR_REQ_RUN, 3));
	ck_refused("there is no Guest 3");
	ck_assert_ptr_null(request(DOOR_REQ_DESTROY, 3));
	ck_refused("there is no Guest 3");
	ck_assert_ptr_null(request(DOOR_REQ_RUN, DOOR_GUESTS));
	ck_refused("no Guest can have number 32");
	ck_assert_ptr_null(request(DOOR_REQ_INITIALIZE, 0xffffffff));
	ck_refused("no Guest can have number 4294967295");
	ck_assert_uint_eq(le32_get(ans.guest), 0xffffffff);
	/* Nothing of an answer before this one. */
	ck_assert_uint_eq(le32_get(ans.arg[0]) | le32_get(ans.regs.ss) | le32_get(ans.pae), 0);
	ck_assert_uint_eq(ans.insn[7], 0);
}
END_TEST

START_TEST(unknown_requests)
{
	ck_assert_uint_eq(initialise(0, parameters(0, DOOR_MAP_LINEAR, 0)), DOOR_ANS_OK);
	ck_assert_ptr_null(request(DOOR_REQ_NONE, 0));
	ck_refused("unknown request 0");
	ck_assert_ptr_null(request(0xffffffff, 0));
	ck_refused("unknown request 4294967295");
}
END_TEST

START_TEST(life)
{
	ck_assert_uint_eq(initialise(31, parameters(1, DOOR_MAP_LINEAR, 0)), DOOR_ANS_OK);
	ck_assert(host->guests[31].exists);
	ck_assert_uint_eq(initialise(31, parameters(1, DOOR_MAP_LINEAR, 0)), DOOR_ANS_REFUSED);
	ck_refused("Guest 31: already initialised");
	ck_assert_ptr_eq(request(DOOR_REQ_RUN, 31), &host->guests[31]);
	ck_assert_ptr_null(request(DOOR_REQ_DESTROY, 31));
	ck_assert_uint_eq(le32_get(ans.op), DOOR_ANS_OK);
	ck_assert(!host->guests[31].exists);
	ck_assert_ptr_null(request(DOOR_REQ_DESTROY, 31));
	ck_refused("there is no Guest 31");
	ck_assert_uint_eq(initialise(31, parameters(1, DOOR_MAP_LINEAR, 0)), DOOR_ANS_OK);
}
END_TEST

/* One parameter is wrong, all others are right. */
#define ALL (DOOR_HOST_END + 2 * W_ROOM)
static const struct {
	unsigned offset;
	uint32_t val;
	enum door_boot_map map;
	const char *why;
} wrong[] = {
#define P(field) offsetof(struct door_init, field)
#define BASE	 "Guest 0: memory base makes no sense"
#define LIMITS	 "Guest 0: limits of Guest memory make no sense"
#define LARGE	 "Guest 0: Guest memory is larger than the machine's"
#define RAM	 "Guest 0: RAM of the Guest is not within its memory"
#define OFFSET	 "Guest 0: page offset makes no sense"
#define ROOM	 "Guest 0: no room for boot page tables"
	{P(mem_base), 0, DOOR_MAP_LINEAR, BASE},
	{P(mem_base), DOOR_HOST_END - DOOR_GUEST_ALIGN, DOOR_MAP_LINEAR, BASE},
	{P(mem_base), DOOR_HOST_END + PAGE_SIZE, DOOR_MAP_LINEAR, BASE},
	{P(mem_base), DOOR_RAM_LIMIT, DOOR_MAP_LINEAR, BASE},
	{P(mem_base), DOOR_RAM_LIMIT - DOOR_GUEST_ALIGN, DOOR_MAP_LINEAR, LIMITS},
	{P(mem_base), ALL, DOOR_MAP_LINEAR, LARGE},
	{P(mem_base), ALL - DOOR_GUEST_ALIGN, DOOR_MAP_LINEAR, LARGE},
	{P(pfn_limit), 0, DOOR_MAP_LINEAR, LIMITS},
	{P(pfn_limit), W_PFN_LIMIT + 1, DOOR_MAP_LINEAR, LIMITS}, /* past device_limit */
	{P(pfn_limit), 0xffffffff, DOOR_MAP_LINEAR, LIMITS},
	{P(pfn_limit), (W_RAM >> PAGE_SHIFT) - 1, DOOR_MAP_LINEAR, RAM},
	{P(device_limit), W_PFN_LIMIT - 1, DOOR_MAP_LINEAR, LIMITS},
	{P(device_limit), (1u << 20) + 1, DOOR_MAP_LINEAR, LIMITS},
	{P(ram_bytes), W_RAM + 1, DOOR_MAP_LINEAR, RAM},
	{P(ram_bytes), W_END + PAGE_SIZE, DOOR_MAP_LINEAR, RAM},
	{P(boot_map), DOOR_MAP_HIGH + 1, DOOR_MAP_LINEAR, "Guest 0: unknown boot map"},
	{P(boot_map), 0xffffffff, DOOR_MAP_LINEAR, "Guest 0: unknown boot map"},
	{P(page_offset), 0, DOOR_MAP_HIGH, OFFSET},
	{P(page_offset), W_KERNEL + PAGE_SIZE, DOOR_MAP_HIGH, OFFSET},
	{P(page_offset), 0xffc00000, DOOR_MAP_HIGH, OFFSET}, /* 10.2: the Switcher's entry */
	{P(boot_top), W_BOOT_TOP + 1, DOOR_MAP_LOW, ROOM},
	{P(boot_top), W_RAM + PAGE_SIZE, DOOR_MAP_LOW, ROOM},
	{P(boot_top), 0, DOOR_MAP_LOW, ROOM},
	{P(boot_top), PAGE_SIZE, DOOR_MAP_LOW_HIGH, ROOM},
	{P(boot_top), 0x101000, DOOR_MAP_HIGH, ROOM},
};

START_TEST(senseless_parameters)
{
	struct door_init init = parameters(0, wrong[_i].map, 0);

	*(le32_t *)((uint8_t *)&init + wrong[_i].offset) = le32(wrong[_i].val);
	initialise(0, init);
	ck_refused(wrong[_i].why);
	ck_assert(!host->guests[0].exists);
	/* It has left nothing behind. */
	ck_assert_uint_eq(initialise(0, parameters(0, wrong[_i].map, 0)), DOOR_ANS_OK);
}
END_TEST

/* The edges that are good. */
START_TEST(extreme_parameters)
{
	struct door_init init = parameters(1, DOOR_MAP_LOW, 0);

	init.pfn_limit = init.device_limit = le32(W_ROOM >> PAGE_SHIFT); /* to the end of memory */
	init.ram_bytes = init.boot_top = le32(W_ROOM);
	ck_assert_uint_eq(initialise(0, init), DOOR_ANS_OK);
	init = parameters(0, DOOR_MAP_LINEAR, 0);
	init.device_limit = le32(1u << 20);
	init.boot_top = le32(0xffffffff); /* nobody will look */
	ck_assert_uint_eq(initialise(1, init), DOOR_ANS_OK);
	init = parameters(0, DOOR_MAP_HIGH, 0);
	init.page_offset = le32(0xff800000);
	init.boot_top = le32(0x102000);
	ck_assert_uint_eq(initialise(2, init), DOOR_ANS_OK);
}
END_TEST

START_TEST(no_memory)
{
	unsigned n = 0;

	while (port_alloc_page(host).v)
		n++;
	ck_assert_uint_gt(n, 1000);
	/* One page more each time, and never enough: what was taken is given back. */
	for (unsigned i = 0; i < 4; i++) {
		initialise(0, parameters(0, DOOR_MAP_LINEAR, 0));
		ck_refused("Guest 0: the Host has no memory left");
		ck_assert(!host->guests[0].exists);
		/* One of those that we took last. */
		port_free_page(host, HPA(DOOR_HOST_END - (i + 1) * PAGE_SIZE));
	}
	ck_assert_uint_eq(initialise(0, parameters(0, DOOR_MAP_LINEAR, 0)), DOOR_ANS_OK);
	ck_assert_uint_eq(port_alloc_page(host).v, 0);
	ck_assert_ptr_null(request(DOOR_REQ_DESTROY, 0));
	for (n = 0; port_alloc_page(host).v; n++)
		;
	ck_assert_uint_eq(n, 4);
}
END_TEST

/* 1.3.3 and 1.4.3. */
START_TEST(first_registers)
{
	const struct door_init init = parameters(0, _i ? DOOR_MAP_HIGH : DOOR_MAP_LINEAR, 0);
	const struct lguest_regs *r;
	struct lguest_regs want = {
		.cs = le32(0x61),
		.ds = le32(0x69),
		.es = le32(0x69),
		.ss = le32(0x69),
		.eflags = le32(0x202),
		.eip = init.entry,
	};

	ck_assert_uint_eq(initialise(0, init), DOOR_ANS_OK);
	r = host->guests[0].regs;
	want.trapnum = r->trapnum, want.errcode = r->errcode;
	ck_assert_mem_eq(r, &want, sizeof(want));
}
END_TEST

/* A second life knows nothing of the first. */
START_TEST(reborn)
{
	kernel(0, true);
	hcall(SET_CLOCKEVENT, 1000);
	hcall(LOAD_IDT_ENTRY, 3, 0, 0xc0008e00);
	hcall(LOAD_GDT_ENTRY, 20, 0xffff, 0x00cff300);
	hcall(SHUTDOWN, W_FREE, 2);
	set_interrupt(lg, 3);
	lg->regs->ecx = le32(7);
	ck_assert_ptr_null(request(DOOR_REQ_DESTROY, 0));
	ck_assert_uint_eq(host->next_deadline, PORT_NEVER);
	ck_assert_uint_eq(initialise(0, parameters(0, DOOR_MAP_LINEAR, 0)), DOOR_ANS_OK);
	ck_lives();
	ck_assert(!lg->restart && !lg->pae && !lg->irqs_pending && lg->linear);
	ck_assert_ptr_null(lg->abi);
	ck_assert_uint_eq(lg->idt[3].b | lg->gdt[20].b, 0);
	ck_assert_uint_eq(lg->deadline, PORT_NEVER);
	ck_assert_uint_eq(le32_get(lg->regs->ecx), 0);
}
END_TEST

/* --- answers ------------------------------------------------------------------------------------- */

static void answer(unsigned op)
{
	memset(&ans, 0, sizeof(ans));
	host_answer_run(lg, op, &ans);
	ck_assert_uint_eq(le32_get(ans.op), op);
}

START_TEST(halted)
{
	kernel(0, false);
	answer(DOOR_ANS_HALTED);
	ck_assert_uint_eq(le32_get(ans.arg[0]), 0xffffffff);
	ck_assert_uint_eq(le32_get(ans.arg[1]), 0xffffffff);
	lg->deadline = 0x123456789abcdef0;
	answer(DOOR_ANS_HALTED);
	ck_assert_uint_eq(le32_get(ans.arg[0]), 0x9abcdef0);
	ck_assert_uint_eq(le32_get(ans.arg[1]), 0x12345678);
}
END_TEST

START_TEST(dead)
{
	kernel(0, false);
	lg->regs->eip = le32(0x1234);
	put_code(W_FREE, 'o', 'u', 't', 0);
	hcall(SHUTDOWN, W_FREE, 1);
	answer(DOOR_ANS_DEAD);
	ck_assert_str_eq(ans.text, "CRASH: out");
	ck_assert_uint_eq(le32_get(ans.arg[0]), 1); /* it asked for it */
	ck_assert_uint_eq(le32_get(ans.regs.eip), 0x1234);
	destroy(lg);
	kernel(0, false);
	hcall(77);
	answer(DOOR_ANS_DEAD);
	ck_assert_uint_eq(le32_get(ans.arg[0]), 0);
	/* 10.3: it stays dead, and says so each time. */
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_DEAD);
	turn_begin(lg, 0);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_DEAD);
}
END_TEST

START_TEST(what_it_speaks)
{
	static const unsigned letter[] = {1, 2, 2, 3, 4, 5}; /* A is 1; B has two registers */

	guest(0, DOOR_MAP_LINEAR, 0);
	answer(DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(le32_get(ans.layout), 0);
	talk(_i);
	answer(DOOR_ANS_QUANTUM);
	ck_assert_uint_eq(le32_get(ans.layout), letter[_i]);
	ck_assert_uint_eq(le32_get(ans.pae), 0);
}
END_TEST

/* 10.5: the offsets at which Linux keeps its registers. */
START_TEST(registers_by_offset)
{
	static const struct {
		unsigned offset;
		uint32_t val;
	} t[] = {{0, 1},  {4, 2},   {8, 3},   {12, 4},	{16, 5},  {20, 6},  {24, 7},  {28, 8},
		 {32, 9}, {36, 10}, {40, 11}, {48, 12}, {52, 13}, {56, 14}, {60, 15}, {64, 16}};
	struct lguest_regs *r;

	kernel(0, false);
	r = lg->regs;
	r->ebx = le32(1), r->ecx = le32(2), r->edx = le32(3), r->esi = le32(4);
	r->edi = le32(5), r->ebp = le32(6), r->eax = le32(7), r->ds = le32(8);
	r->es = le32(9), r->fs = le32(10), r->gs = le32(11), r->eip = le32(12);
	r->cs = le32(13), r->eflags = le32(14), r->esp = le32(15), r->ss = le32(16);
	answer(DOOR_ANS_TRAP);
	for (unsigned i = 0; i < ARRAY_LEN(t); i++) {
		const le32_t *at = (const le32_t *)((const uint8_t *)&ans.regs + t[i].offset);

		ck_assert_uint_eq(le32_get(*at), t[i].val);
	}
}
END_TEST

/* --- after TRAP ---------------------------------------------------------------------------------- */

/* A port that the Launcher plays. */
static void trapped(void)
{
	guest(0, DOOR_MAP_LINEAR, DOOR_INIT_MMIO);
	talk(W_4_1);
	put_code(W_CODE, 0xec);
	lg->regs->esp = le32(W_STACK);
	ck_assert(emulate_insn(lg));
	answer(DOOR_ANS_TRAP);
	req.trap = le32(0);
	req.regs = ans.regs;
}

/* 10.1, SETREG: the general registers, eip and esp; not the segments, not eflags. */
START_TEST(trap_done)
{
	const struct lguest_regs *r;

	trapped();
	memset(&req.regs, 0x11, sizeof(req.regs));
	ck_assert_ptr_eq(request(DOOR_REQ_RUN, 0), lg);
	r = lg->regs;
	for (unsigned i = 0; i < 7; i++)
		ck_assert_uint_eq(le32_get((&r->eax)[i]), 0x11111111);
	ck_assert_uint_eq(le32_get(r->eip), 0x11111111);
	ck_assert_uint_eq(le32_get(r->esp), 0x11111111);
	ck_assert_uint_eq(le32_get(r->cs), KERNEL_CS);
	ck_assert_uint_eq(le32_get(r->ss), KERNEL_DS);
	ck_assert_uint_eq(le32_get(r->ds), KERNEL_DS);
	ck_assert_uint_eq(le32_get(r->eflags), 0x202);
	/* Once: later requests bring no registers. */
	memset(&req.regs, 0x22, sizeof(req.regs));
	ck_assert_ptr_eq(request(DOOR_REQ_RUN, 0), lg);
	ck_assert_uint_eq(le32_get(r->eax), 0x11111111);
	ck_lives();
}
END_TEST

START_TEST(trap_reflected)
{
	trapped();
	hcall(LOAD_IDT_ENTRY, 13, 0x4321, 0xc0008e00);
	memset(&req.regs, 0x11, sizeof(req.regs));
	req.trap = le32(13);
	ck_assert_ptr_eq(request(DOOR_REQ_RUN, 0), lg);
	ck_assert_uint_eq(le32_get(lg->regs->eip), 0xc0004321);
	ck_assert_uint_eq(le32_get(lg->regs->esp), W_STACK - 16);
	ck_assert_uint_eq(get(W_STACK - 12), W_CODE);
	ck_lives();
}
END_TEST

START_TEST(trap_without_handler)
{
	trapped();
	req.trap = le32(_i ? 300 : 13);
	ck_assert_ptr_eq(request(DOOR_REQ_RUN, 0), lg);
	ck_died(_i ? "unhandled trap 300 at 0x8000 (0x0)" : "unhandled trap 13 at 0x8000 (0x0)");
}
END_TEST

/* Registers that make no sense are the Guest's misfortune. */
START_TEST(trap_done_badly)
{
	trapped();
	hcall(LOAD_GDT_ENTRY, 12, 0x0000ffff, 0x00009a00); /* a code segment of 64 KB */
	req.regs.eip = le32(0x10000);
	ck_assert_ptr_eq(request(DOOR_REQ_RUN, 0), lg);
	ck_assert_uint_eq(turn_next(lg), DOOR_ANS_DEAD);
	ck_died("unhandled trap 256 at 0x10000 (0x0)");
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, nobody_there);
	tcase_add_test(tc, unknown_requests);
	tcase_add_test(tc, life);
	tcase_add_loop_test(tc, senseless_parameters, 0, ARRAY_LEN(wrong));
	tcase_add_test(tc, extreme_parameters);
	tcase_add_test(tc, no_memory);
	tcase_add_loop_test(tc, first_registers, 0, 2);
	tcase_add_test(tc, reborn);
	tcase_add_test(tc, halted);
	tcase_add_test(tc, dead);
	tcase_add_loop_test(tc, what_it_speaks, W_24, W_LAYOUTS);
	tcase_add_loop_test(tc, registers_by_offset, 0, 1);
	tcase_add_test(tc, trap_done);
	tcase_add_test(tc, trap_reflected);
	tcase_add_loop_test(tc, trap_without_handler, 0, 2);
	tcase_add_test(tc, trap_done_badly);
}

int main(void)
{
	return run_tests("native_user", add);
}
