/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:987
 * The board, driven by a few bytes of ring-0 code: its ports, its timer, its lines, and the reasons
 * for which it stops.
:*/
#include <check.h>
#include <string.h>

#include "machine/board.h"

#define CODE	0x100000u
#define IDT	0x200000u
#define STACK	0x300000u
#define HANDLER 0x110000u
#define COUNT	0x120000u /* the handler counts here: le32 by vector */

static struct machine m;
static uint8_t *code;

static void emit(const void *bytes, size_t n)
{
	memcpy(code, bytes, n);
	code += n;
}

#define EMIT(...) emit((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void emit32(uint32_t v)
{
	le32_t le = le32(v);

	emit(&le, sizeof(le));
}

/* mov dx, port; mov eax, v; out dx, eax */
static void out(uint16_t port, uint32_t v)
{
	EMIT(0x66, 0xba, (uint8_t)port, (uint8_t)(port >> 8), 0xb8);
	emit32(v);
	EMIT(0xef);
}

/* mov dx, port; in eax, dx; mov [at], eax */
static void in(uint16_t port, uint32_t at)
{
	EMIT(0x66, 0xba, (uint8_t)port, (uint8_t)(port >> 8), 0xed, 0xa3);
	emit32(at);
}

static uint32_t word(uint32_t at)
{
	le32_t v;

	ck_assert(mem_read(&m.mem, at, &v, sizeof(v)));
	return le32_get(v);
}

static void put_gate(uint8_t vector, uint32_t handler)
{
	le32_t gate[2] = {le32(0x08u << 16 | (handler & 0xffff)),
			  le32((handler & 0xffff0000) | 0x8e00)};

	ck_assert(mem_write(&m.mem, IDT + vector * 8u, gate, sizeof(gate)));
}

/* inc dword [COUNT + vector * 4], whatever turns the line off, iret */
static void handlers(void)
{
	uint8_t *keep = code;

	code = m.mem.ram + HANDLER;
	put_gate(DOOR_VECTOR_TIMER, HANDLER);
	EMIT(0xff, 0x05);
	emit32(COUNT + DOOR_VECTOR_TIMER * 4);
	out(DOOR_TIMER_LO, ~0u);
	out(DOOR_TIMER_HI, ~0u);
	EMIT(0xcf);
	put_gate(DOOR_VECTOR_EVENT, HANDLER + 0x100);
	code = m.mem.ram + HANDLER + 0x100;
	EMIT(0xff, 0x05);
	emit32(COUNT + DOOR_VECTOR_EVENT * 4);
	in(DOOR_EVENT_MAP, COUNT);
	out(DOOR_EVENT_SEL, 3);
	in(DOOR_EVENT, COUNT + 4);
	EMIT(0xcf);
	code = keep;
}

static void setup_clock(enum machine_clock clock)
{
	struct cpu_state *s = &m.cpu.s;
	unsigned i;

	/* A descriptor table with flat code and data, below the handlers. */
	static const uint8_t gdt[24] = {0, 0,	 0,    0, 0,	0,    0, 0, 0xff, 0xff, 0,    0,
					0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0,	  0x93, 0xcf, 0};

	ck_assert_int_eq(machine_init(&m, 16u << 20, clock, 1000000000500000000u), 0);
	ck_assert(mem_write(&m.mem, 0x1000, gdt, sizeof(gdt)));
	for (i = 0; i < NR_SEGS; i++)
		s->seg[i] = (struct seg){0x10, 0xc93, 0, 0xffffffff};
	s->seg[CS] = (struct seg){0x08, 0xc9b, 0, 0xffffffff};
	s->gdtr = (struct dtable){0x1000, 23};
	s->idtr = (struct dtable){IDT, 0x7ff};
	s->cr0 = CR0_PE | CR0_ET;
	s->eip = CODE;
	s->r[ESP] = STACK;
	cpu_state_changed(&m.cpu);
	code = m.mem.ram + CODE;
	handlers();
}

static void setup(void)
{
	setup_clock(MACHINE_VIRTUAL);
}

static void teardown(void)
{
	machine_fini(&m);
}

START_TEST(registers)
{
	in(DOOR_ID, 0x5000);
	in(DOOR_WALL_SEC, 0x5004);
	in(DOOR_WALL_NSEC, 0x5008);
	in(0x60, 0x500c);
	EMIT(0x66, 0xba, DOOR_ID & 0xff, DOOR_ID >> 8, 0xec); /* in al, dx: not for bytes */
	EMIT(0xa3, 0x10, 0x50, 0x00, 0x00);
	out(DOOR_PAGE, 0x7001);
	out(DOOR_PAGE, 0xfffff000);
	out(DOOR_PAGE, 0x7000);
	out(DOOR_BELL, 1);
	EMIT(0xf4);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_BELL);
	ck_assert_uint_eq(word(0x5000), DOOR_MAGIC);
	ck_assert_uint_eq(word(0x5004), 1000000000);
	ck_assert_uint_eq(word(0x5008), 500000000); /* ring 0 takes no time */
	ck_assert_uint_eq(word(0x500c), ~0u);
	ck_assert_uint_eq(word(0x5010) & 0xff, 0xff);
	ck_assert_uint_eq(m.door_page, 0x7000);
	/* Nothing will ever happen. */
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_wakeup_ns(&m), UINT64_MAX);
}
END_TEST

START_TEST(budget)
{
	EMIT(0xeb, 0xfe); /* jmp . */
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_BUDGET);
	ck_assert_uint_eq(cpu_insns(&m.cpu), 1000);
	ck_assert_int_eq(machine_run(&m, 1), MACHINE_BUDGET);
	ck_assert_uint_eq(cpu_insns(&m.cpu), 1001);
	ck_assert_int_eq(machine_run(&m, 0), MACHINE_BUDGET);
	ck_assert_uint_eq(machine_clock_ns(&m), 0);
}
END_TEST

/* sti; hlt; and again, counting in EBX */
static void halt_loop(void)
{
	EMIT(0xfb, 0xf4, 0x43, 0xeb, 0xfc); /* sti; 1: hlt; inc ebx; jmp 1b */
}

START_TEST(timer)
{
	out(DOOR_TIMER_LO, 5000);
	out(DOOR_TIMER_HI, 0);
	halt_loop();
	/* Time jumps to the deadline; after that nothing is left. */
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_clock_ns(&m), 5000);
	ck_assert_uint_eq(word(COUNT + DOOR_VECTOR_TIMER * 4), 1);
	ck_assert_uint_eq(m.timer_interrupts, 1);
	ck_assert(!m.timer_line);
}
END_TEST

START_TEST(timer_past)
{
	machine_idle_until(&m, 1u << 30);
	out(DOOR_TIMER_LO, 1);
	out(DOOR_TIMER_HI, 0);
	halt_loop();
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_clock_ns(&m), 1u << 30);
	ck_assert_uint_eq(word(COUNT + DOOR_VECTOR_TIMER * 4), 1);
}
END_TEST

START_TEST(timer_disarmed)
{
	out(DOOR_TIMER_LO, 5000);
	out(DOOR_TIMER_HI, 0);
	out(DOOR_TIMER_LO, 5000); /* half a deadline is none */
	halt_loop();
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_clock_ns(&m), 0);
	ck_assert_uint_eq(word(COUNT + DOOR_VECTOR_TIMER * 4), 0);
}
END_TEST

START_TEST(real_waits)
{
	machine_fini(&m);
	setup_clock(MACHINE_REAL);
	out(DOOR_TIMER_LO, 5000);
	out(DOOR_TIMER_HI, 0);
	halt_loop();
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_clock_ns(&m), 0);
	ck_assert_uint_eq(machine_wakeup_ns(&m), 5000);
	/* Not yet; now; and never back. */
	ck_assert_int_eq(machine_push_clock(&m, 4999), 0);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_clock_ns(&m), 4999);
	ck_assert_int_eq(machine_push_clock(&m, 7000), 0);
	ck_assert_int_eq(machine_push_clock(&m, 100), 0);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(machine_clock_ns(&m), 7000);
	ck_assert_uint_eq(word(COUNT + DOOR_VECTOR_TIMER * 4), 1);
}
END_TEST

START_TEST(event_register)
{
	halt_loop();
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	machine_raise(&m, 3, 1u << 5);
	machine_raise(&m, 3, 1u << 9);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	ck_assert_uint_eq(word(COUNT + DOOR_VECTOR_EVENT * 4), 1);
	ck_assert_uint_eq(word(COUNT), 1u << 3);
	ck_assert_uint_eq(word(COUNT + 4), 1u << 5 | 1u << 9);
	ck_assert_uint_eq(m.event_map, 0);
	ck_assert_uint_eq(m.event_interrupts, 1);
}
END_TEST

START_TEST(stamped)
{
	const struct event *e;

	halt_loop();
	ck_assert_int_eq(machine_push(&m, 3000, EVENT_CONSOLE, "b", 1), 0);
	ck_assert_int_eq(machine_push(&m, 2000, EVENT_CONSOLE, "a", 1), 0);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_EVENT);
	ck_assert_uint_eq(machine_clock_ns(&m), 2000);
	/* It stays until it is taken. */
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_EVENT);
	e = machine_event(&m);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(e->bytes[0], 'a');
	machine_pop(&m);
	ck_assert_ptr_null(machine_event(&m));
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_EVENT);
	ck_assert_uint_eq(machine_clock_ns(&m), 3000);
	machine_pop(&m);
	/* The past is now. */
	ck_assert_int_eq(machine_push(&m, 1, EVENT_CONSOLE, "c", 1), 0);
	ck_assert_uint_eq(machine_event(&m)->stamp_ns, 3000);
	machine_pop(&m);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_IDLE);
	/* Idleness does not pass over an event. */
	ck_assert_int_eq(machine_push(&m, 4000, EVENT_CONSOLE, "d", 1), 0);
	machine_idle_until(&m, 9000);
	ck_assert_uint_eq(machine_clock_ns(&m), 4000);
}
END_TEST

START_TEST(text)
{
	unsigned i;

	for (i = 0; i < MACHINE_TEXT_BYTES + 2; i++)
		out(DOOR_CONSOLE, 'a' + i % 26);
	out(DOOR_BELL, 0);
	ck_assert_int_eq(machine_run(&m, 100000), MACHINE_TEXT);
	ck_assert_uint_eq(m.text_len, MACHINE_TEXT_BYTES);
	ck_assert_int_eq(m.text[27], 'b');
	m.text_len = 0;
	ck_assert_int_eq(machine_run(&m, 100000), MACHINE_BELL);
	ck_assert_uint_eq(m.text_len, 2);
}
END_TEST

START_TEST(fail)
{
	const struct door_failure failure = {le32(14), le32(2), le32(0xdead0000), le32(0x123456),
					     le32(0x8000)};

	ck_assert(mem_write(&m.mem, 0x9000, &failure, sizeof(failure)));
	ck_assert(mem_write(&m.mem, 0x8000, "all is lost", 12));
	out(DOOR_FAIL, 0x9000);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_FAIL);
	ck_assert_uint_eq(le32_get(m.failure.vector), 14);
	ck_assert_uint_eq(le32_get(m.failure.eip), 0x123456);
	ck_assert_str_eq(m.failure_text, "all is lost");
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_FAIL);
}
END_TEST

START_TEST(fail_nowhere)
{
	out(DOOR_FAIL, 0xfffffff0);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_FAIL);
	ck_assert_str_eq(m.failure_text, "");
}
END_TEST

START_TEST(triple_fault)
{
	m.cpu.s.idtr = (struct dtable){0, 0};
	EMIT(0x0f, 0x0b);
	ck_assert_int_eq(machine_run(&m, 1000), MACHINE_SHUTDOWN);
}
END_TEST

START_TEST(sizes)
{
	struct machine other;

	ck_assert_int_ne(machine_init(&other, 0, MACHINE_VIRTUAL, 0), 0);
	ck_assert_int_ne(machine_init(&other, 4097, MACHINE_VIRTUAL, 0), 0);
	ck_assert_int_ne(machine_init(&other, 0xffd00000, MACHINE_VIRTUAL, 0), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine");
	TCase *t = tcase_create("board");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, registers);
	tcase_add_test(t, budget);
	tcase_add_test(t, timer);
	tcase_add_test(t, timer_past);
	tcase_add_test(t, timer_disarmed);
	tcase_add_test(t, real_waits);
	tcase_add_test(t, event_register);
	tcase_add_test(t, stamped);
	tcase_add_test(t, text);
	tcase_add_test(t, fail);
	tcase_add_test(t, fail_nowhere);
	tcase_add_test(t, triple_fault);
	tcase_add_test(t, sizes);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
