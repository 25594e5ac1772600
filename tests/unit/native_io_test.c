/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:571
 * The instructions the Host acts out: guest-host.md 5.10 (ports, cli), 5.8, 8.2 and 14 number 8
 * (control, debug and machine-specific registers), 1.4.4 number 6 (early microcode).
:*/
#include "native_world.h"

#define EIP (W_KERNEL + W_CODE)

static void a_guest(uint32_t flags)
{
	guest(0, DOOR_MAP_LINEAR, flags);
	talk(W_4_1);
	hcall(NEW_PGTABLE, make_directory(false, 0));
	lg->regs->eip = le32(EIP);
	lg->regs->eax = le32(0x12345678);
	lg->regs->ebx = le32(0xbbbbbbbb);
	lg->regs->ecx = le32(0xcccccccc);
	lg->regs->edx = le32(0x000003f8);
}

/* Acted out, and this many bytes further. */
#define ck_done(len, ...)                                                                          \
	do {                                                                                       \
		put_code(W_CODE, __VA_ARGS__);                                                     \
		lg->regs->eip = le32(EIP);                                                         \
		ck_assert(emulate_insn(lg));                                                       \
		ck_assert_uint_eq(le32_get(lg->regs->eip), EIP + (len));                           \
		ck_assert(!lg->trap_pending);                                                      \
		ck_lives();                                                                        \
	} while (0)

/* Not ours: nothing has changed. */
#define ck_refused(...)                                                                            \
	do {                                                                                       \
		struct lguest_regs before;                                                         \
                                                                                                   \
		put_code(W_CODE, __VA_ARGS__);                                                     \
		lg->regs->eip = le32(EIP);                                                         \
		before = *lg->regs;                                                                \
		ck_assert(!emulate_insn(lg));                                                      \
		ck_assert_mem_eq(lg->regs, &before, sizeof(before));                               \
		ck_assert(!lg->trap_pending);                                                      \
		ck_lives();                                                                        \
	} while (0)

static uint32_t eax(void)
{
	const uint32_t v = le32_get(lg->regs->eax);

	lg->regs->eax = le32(0x12345678);
	return v;
}

/* All ones, in as many bits as were asked for (the rule of 3.1). */
START_TEST(in)
{
	a_guest(0);
	ck_done(2, 0xe4, 0x64);
	ck_assert_uint_eq(eax(), 0x123456ff);
	ck_done(2, 0xe5, 0x64);
	ck_assert_uint_eq(eax(), 0xffffffff);
	ck_done(1, 0xec);
	ck_assert_uint_eq(eax(), 0x123456ff);
	ck_done(1, 0xed);
	ck_assert_uint_eq(eax(), 0xffffffff);
	ck_done(3, 0x66, 0xe5, 0x64);
	ck_assert_uint_eq(eax(), 0x1234ffff);
	ck_done(2, 0x66, 0xed);
	ck_assert_uint_eq(eax(), 0x1234ffff);
	/* A prefix does not make a byte wider. */
	ck_done(3, 0x66, 0xe4, 0x64);
	ck_assert_uint_eq(eax(), 0x123456ff);
	ck_done(2, 0x66, 0xec);
	ck_assert_uint_eq(eax(), 0x123456ff);
}
END_TEST

START_TEST(out)
{
	struct lguest_regs before;

	a_guest(0);
	before = *lg->regs;
	ck_done(2, 0xe6, 0x80);
	ck_done(2, 0xe7, 0x80);
	ck_done(1, 0xee);
	ck_done(1, 0xef);
	ck_done(3, 0x66, 0xe7, 0x80);
	ck_done(2, 0x66, 0xef);
	lg->regs->eip = le32(EIP);
	ck_assert_mem_eq(lg->regs, &before, sizeof(before));
	ck_assert_uint_eq(le64_get(host->count->emulated), 6);
}
END_TEST

/* "Anything else": string I/O, more prefixes, neighbours in the opcode map. */
START_TEST(refused)
{
	a_guest(0);
	ck_refused(0x6c); /* ins */
	ck_refused(0x6f); /* outs */
	ck_refused(0xf3, 0x6d);
	ck_refused(0xf0, 0xec);
	ck_refused(0x66, 0x66, 0xed);
	ck_refused(0x67, 0xec);
	ck_refused(0xe8, 0, 0, 0, 0);
	ck_refused(0xe3, 0);
	ck_refused(0xf4); /* hlt: after shutdown paths only (8.2) */
	ck_refused(0xfb); /* sti */
	ck_refused(0x66, 0xfa);
	ck_refused(0xcf);
	ck_refused(0x0f, 0x22, 0xe0); /* mov %eax, %cr4 */
	ck_refused(0x0f, 0x01, 0x10); /* lgdt */
	ck_refused(0x0f, 0x00, 0xd8); /* ltr */
	ck_refused(0x0f, 0x06);	      /* clts */
	ck_refused(0x0f, 0x08);	      /* invd */
	ck_refused(0x0f, 0x33);	      /* rdpmc */
	ck_refused(0x00, 0x00);
}
END_TEST

START_TEST(cli)
{
	a_guest(0);
	ck_done(1, 0xfa);
	ck_assert_uint_eq(data_get(LGD_IRQ_ENABLED), X86_EFLAGS_IF);
}
END_TEST

/* 8.2: CR0 as cached, CR2 from lguest_data, CR3 as the Guest set it, CR4 zero. */
START_TEST(control_registers)
{
	static const struct {
		uint8_t modrm;
		unsigned offset;
	} r[] = {
		{0xc0, offsetof(struct lguest_regs, eax)},
		{0xc1, offsetof(struct lguest_regs, ecx)},
		{0xc2, offsetof(struct lguest_regs, edx)},
		{0xc3, offsetof(struct lguest_regs, ebx)},
		{0xc4, offsetof(struct lguest_regs, esp)},
		{0xc5, offsetof(struct lguest_regs, ebp)},
		{0xc6, offsetof(struct lguest_regs, esi)},
		{0xc7, offsetof(struct lguest_regs, edi)},
	};

	a_guest(0);
	for (unsigned i = 0; i < ARRAY_LEN(r); i++) {
		le32_t *reg = (le32_t *)((uint8_t *)lg->regs + r[i].offset);

		*reg = le32(0x5555);
		lg->ts = i & 1;
		ck_done(3, 0x0f, 0x20, r[i].modrm);
		ck_assert_uint_eq(le32_get(*reg) & ~8u, 0x80050033 & ~8u);
		ck_assert_uint_eq(le32_get(*reg) >> 3 & 1, i & 1);
	}
	data_put(LGD_CR2, 0xdeadbeef);
	ck_done(3, 0x0f, 0x20, 0xd0);
	ck_assert_uint_eq(eax(), 0xdeadbeef);
	ck_done(3, 0x0f, 0x20, 0xd8);
	ck_assert_uint_eq(eax(), W_PGD);
	ck_done(3, 0x0f, 0x20, 0xe0);
	ck_assert_uint_eq(eax(), 0);
}
END_TEST

/* The same before it has said anything: 4.4.302 reads CR4, OLPC kernels CR3. */
START_TEST(control_registers_before_init)
{
	guest(0, DOOR_MAP_LINEAR, 0);
	put(LGD_CR2, 0x77777777); /* no lguest_data there yet */
	for (uint8_t n = 2; n <= 4; n++) {
		put_code(W_CODE, 0x0f, 0x20, (uint8_t)(0xc0 + n * 8));
		lg->regs->eip = le32(W_CODE);
		lg->regs->eax = le32(0x5555);
		ck_assert(emulate_insn(lg));
		ck_assert_uint_eq(le32_get(lg->regs->eax), 0);
		ck_assert_uint_eq(le32_get(lg->regs->eip), W_CODE + 3);
	}
	ck_lives();
}
END_TEST

/* 5.8: debug registers read as zero, but DR6 tells of a single step until it is written. */
START_TEST(debug_registers)
{
	a_guest(0);
	ck_done(3, 0x0f, 0x21, 0xf0);
	ck_assert_uint_eq(eax(), 0);
	lg->regs->trapnum = le32(1);
	lg->regs->eflags = le32(0x302);
	hcall(LOAD_IDT_ENTRY, 1, 0, 0xc0008e00);
	lg->regs->esp = le32(W_KERNEL + W_STACK);
	turn_left(lg);
	ck_lives();
	ck_done(3, 0x0f, 0x21, 0xf0);
	ck_assert_uint_eq(eax(), 0x4000);
	/* A debug exception of another kind is no single step. */
	lg->regs->trapnum = le32(1);
	turn_left(lg);
	ck_done(3, 0x0f, 0x21, 0xf0);
	ck_assert_uint_eq(eax(), 0);
	lg->regs->trapnum = le32(1);
	lg->regs->eflags = le32(0x302);
	turn_left(lg);
	ck_done(3, 0x0f, 0x21, 0xf8);
	ck_assert_uint_eq(eax(), 0);
	ck_done(3, 0x0f, 0x23, 0xf8); /* DR7 is another */
	ck_done(3, 0x0f, 0x21, 0xf0);
	ck_assert_uint_eq(eax(), 0x4000);
	ck_done(3, 0x0f, 0x23, 0xf0);
	ck_assert_uint_eq(eax(), 0x12345678);
	ck_done(3, 0x0f, 0x21, 0xf0);
	ck_assert_uint_eq(eax(), 0);
}
END_TEST

/* 14 number 8: only as long as there is no handler for the fault. */
START_TEST(model_specific_registers)
{
	a_guest(0);
	ck_done(2, 0x0f, 0x30);
	ck_assert_uint_eq(le32_get(lg->regs->eax), 0x12345678);
	ck_done(2, 0x0f, 0x32);
	ck_assert_uint_eq(le32_get(lg->regs->eax) | le32_get(lg->regs->edx), 0);
	hcall(LOAD_IDT_ENTRY, 13, 0, 0xc0008e00);
	ck_refused(0x0f, 0x30);
	ck_refused(0x0f, 0x32);
	ck_done(3, 0x0f, 0x20, 0xe0); /* no such condition here */
}
END_TEST

/* Only for the Guest's kernel, which is told by the ring and not by the address. */
START_TEST(not_for_user_space)
{
	a_guest(0);
	lg->regs->cs = le32(0x73);
	ck_refused(0xec);
	ck_refused(0xfa);
	ck_refused(0x0f, 0x20, 0xc0);
	/* 14 number 7: the program may have jumped anywhere. */
	lg->regs->eip = le32(0xfffff000);
	ck_assert(!emulate_insn(lg));
	ck_lives();
	lg->regs->cs = le32(KERNEL_CS);
	ck_assert(!emulate_insn(lg));
	ck_lives();
}
END_TEST

/* An instruction at the end of a page, of which the next is not there. */
START_TEST(page_end)
{
	a_guest(0);
	put_user_pte(0, W_FREE | PTE_P);
	put_code(W_FREE + PAGE_SIZE - 1, 0xec);
	lg->regs->eip = le32(W_USER + PAGE_SIZE - 1);
	ck_assert(emulate_insn(lg));
	ck_assert_uint_eq(le32_get(lg->regs->eip), W_USER + PAGE_SIZE);
	ck_lives();
}
END_TEST

/* 4.0 and later: the Launcher gets trap 13 and seven bytes of instruction; nothing is done here. */
START_TEST(ports_are_the_launchers)
{
	static const uint8_t insn[][8] = {
		{0xec, 1, 2, 3, 4, 5, 6, 0},
		{0x66, 0xef, 2, 3, 4, 5, 6, 0},
		{0xe4, 0x64, 2, 3, 4, 5, 6, 0},
		{0x66, 0xe7, 0xcf, 3, 4, 5, 6, 0},
	};
	struct door_answer ans;

	memset(&ans, 0, sizeof(ans));
	a_guest(DOOR_INIT_MMIO);
	for (unsigned i = 0; i < ARRAY_LEN(insn); i++) {
		struct lguest_regs before;

		put_bytes(W_CODE, insn[i], 7);
		put_code(W_CODE + 7, 0x77);
		before = *lg->regs;
		ck_assert(emulate_insn(lg));
		ck_assert(lg->trap_pending);
		ck_assert_mem_eq(lg->regs, &before, sizeof(before));
		host_answer_run(lg, DOOR_ANS_TRAP, &ans);
		ck_assert(!lg->trap_pending);
		ck_assert_uint_eq(le32_get(ans.arg[0]), 13);
		ck_assert_uint_eq(le32_get(ans.arg[1]), 0);
		ck_assert_mem_eq(ans.insn, insn[i], 8);
		ck_assert_uint_eq(le32_get(ans.regs.eax), 0x12345678);
		ck_assert_uint_eq(le32_get(ans.regs.edx), 0x3f8);
		ck_assert_uint_eq(le32_get(ans.regs.eip), EIP);
	}
	ck_done(1, 0xfa);
	ck_done(3, 0x0f, 0x20, 0xe0);
	ck_refused(0x6c);
	ck_lives();
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, in);
	tcase_add_test(tc, out);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, cli);
	tcase_add_test(tc, control_registers);
	tcase_add_test(tc, control_registers_before_init);
	tcase_add_test(tc, debug_registers);
	tcase_add_test(tc, model_specific_registers);
	tcase_add_test(tc, not_for_user_space);
	tcase_add_test(tc, page_end);
	tcase_add_test(tc, ports_are_the_launchers);
}

int main(void)
{
	return run_tests("native_io", add);
}
