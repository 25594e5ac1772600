/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:954
 * The run loop's own promises: exact budgets, alignment checks that survive a warm TLB, RF for one
 * instruction.
:*/
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../prove/rungs.h"
#include "cpu/block.h"
#include "cpu/cpu.h"

#define CODE_PA 0x1000u
#define DATA_PA 0x2000u

static struct mem mem;
static struct cpu cpu;

static uint32_t in(void *ctx, uint16_t port, unsigned size)
{
	return ~0u;
}

static void out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
}

static void deadline(void *ctx)
{
	cpu.deadline_ns = UINT64_MAX;
}

static uint8_t ack(void *ctx)
{
	return 0;
}

/* Flat ring-3 code without paging (CR0.PG = 0): enough for what has no fault. */
static void flat_ring3(void)
{
	cpu_reset(&cpu);
	cpu.deadline_ns = UINT64_MAX;
	cpu.s.cr0 = CR0_PE | CR0_AM | CR0_ET;
	for (unsigned i = 0; i < NR_SEGS; i++)
		cpu.s.seg[i] = (struct seg){0x2b, 0xcf3, 0, 0xffffffff};
	cpu.s.seg[CS] = (struct seg){0x23, 0xcfb, 0, 0xffffffff};
	cpu.s.cpl = 3;
	cpu.s.eip = CODE_PA;
	cpu.s.r[ESI] = DATA_PA;
	cpu_state_changed(&cpu);
}

static void begin(uint32_t ram_bytes)
{
	struct cpu_bus bus = {NULL, in, out, deadline, ack};

	ck_assert_int_eq(mem_init(&mem, ram_bytes), 0);
	ck_assert_int_eq(cpu_init(&cpu, &mem, &bus), 0);
	cpu_do_without(&cpu, rungs_without());
	flat_ring3();
}

static void setup(void)
{
	begin(0x10000);
}

static void teardown(void)
{
	cpu_fini(&cpu);
	mem_fini(&mem);
}

static void code(const char *bytes, uint32_t n)
{
	ck_assert(mem_write(&mem, CODE_PA, bytes, n));
}

START_TEST(budget_is_exact)
{
	/* 40 x inc eax, then jmp -42 */
	char loop[42];

	memset(loop, 0x40, 40);
	memcpy(loop + 40, "\xeb\xd6", 2);
	code(loop, sizeof(loop));
	for (uint64_t n = 1; n < 100; n++) {
		uint64_t before = cpu_insns(&cpu);

		ck_assert_int_eq(cpu_run(&cpu, n), CPU_EXIT_BUDGET);
		ck_assert_uint_eq(cpu_insns(&cpu) - before, n);
	}
	/* 4950 instructions, of which every 41st is the jump. */
	ck_assert_uint_eq(cpu.s.r[EAX], 4950 - 4950 / 41);
}
END_TEST

START_TEST(alignment_check_with_warm_tlb)
{
	/* mov eax,[esi]; mov eax,[esi+1] */
	code("\x8b\x06\x8b\x46\x01", 5);
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_BUDGET);
	cpu_set_eflags(&cpu, FL_AC | FL_R1);
	/* There is no IDT: the #AC cannot be delivered, and that ends in shutdown. */
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_SHUTDOWN);
	ck_assert_uint_eq(cpu.s.eip, CODE_PA + 2);
}
END_TEST

/* AC and RF at once, as IRET may bring them: the instruction runs alone, and is checked all the same. */
START_TEST(alignment_check_with_rf)
{
	code("\x8b\x06\x8b\x46\x01", 5);
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_BUDGET);
	cpu_set_eflags(&cpu, FL_AC | FL_RF | FL_R1);
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_SHUTDOWN);
}
END_TEST

START_TEST(rf_lasts_one_instruction)
{
	code("\x40\x40", 2);
	cpu_set_eflags(&cpu, FL_RF | FL_R1);
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu_eflags(&cpu) & FL_RF, 0);
}
END_TEST

/* The handler of #UD is another UD2, and its stack is a 16-bit one that never ends. */
START_TEST(faults_without_end)
{
	static const uint8_t idt[8 * 7] = {[48] = 0, 0x10, 0x08, 0, 0, 0x8e, 0, 0};
	static const uint8_t gdt[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0};
	const uint64_t most = 500;

	ck_assert(mem_write(&mem, 0x3000, idt, sizeof(idt)));
	ck_assert(mem_write(&mem, 0x4000, gdt, sizeof(gdt)));
	code("\x0f\x0b", 2);
	cpu.s.cpl = 0;
	cpu.s.seg[CS].sel = 0x08;
	cpu.s.seg[CS].attr = 0xc9b;
	cpu.s.seg[SS] = (struct seg){0x10, 0x093, 0x10000, 0xffff};
	cpu.s.gdtr = (struct dtable){0x4000, 15};
	cpu.s.idtr = (struct dtable){0x3000, sizeof(idt) - 1};
	cpu.s.r[ESP] = 0xff00;
	cpu_state_changed(&cpu);
	ck_assert_int_eq(cpu_run(&cpu, most), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu_insns(&cpu), most);
	/* And it goes on from there, however often one asks. */
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu_insns(&cpu), most + 1);
}
END_TEST

/* From reset to protected mode without help, but that the ROM lies at 64 KB and not at 4 GB. */
START_TEST(from_reset_to_protected_mode)
{
	static const struct {
		uint32_t at;
		uint8_t n, bytes[24];
	} rom[] = {
		{0xfff0, 5, {0xea, 0x00, 0x10, 0x00, 0x00}},		       /* jmp 0:1000 */
		{0x1000, 5, {0x0f, 0x01, 0x16, 0x40, 0x10}},		       /* lgdt [1040] */
		{0x1005, 8, {0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0}}, /* PE */
		{0x100d, 8, {0x66, 0xea, 0x20, 0x10, 0x00, 0x00, 0x08, 0x00}}, /* jmp 8:1020 */
		{0x1020, 6, {0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd8}},	       /* mov ds, 10 */
		{0x1026, 11, {0xc7, 0x05, 0x00, 0x20, 0x00, 0x00, 0x78, 0x56, 0x34, 0x12, 0xf4}},
		{0x1040, 6, {0x17, 0x00, 0x50, 0x10, 0x00, 0x00}},
		{0x1058,
		 16,
		 {0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0}},
	};
	uint32_t word;

	for (unsigned i = 0; i < sizeof(rom) / sizeof(*rom); i++)
		ck_assert(mem_write(&mem, rom[i].at, rom[i].bytes, rom[i].n));
	cpu_reset(&cpu);
	cpu.deadline_ns = UINT64_MAX;
	ck_assert_uint_eq(cpu.s.seg[CS].base + cpu.s.eip, 0xfffffff0);
	cpu.s.seg[CS].base = 0;
	cpu_state_changed(&cpu);
	ck_assert_int_eq(cpu_run(&cpu, 100), CPU_EXIT_HALT);
	ck_assert_uint_eq(cpu.s.eip, 0x1031);
	ck_assert_uint_eq(cpu.s.seg[CS].sel, 8);
	ck_assert_uint_eq(cpu.s.seg[DS].limit, 0xffffffff);
	ck_assert(mem_read(&mem, 0x2000, &word, 4));
	ck_assert_uint_eq(word, 0x12345678);
}
END_TEST

/* What CPUID does not offer is #UD, and with no IDT that is the end. */
START_TEST(models)
{
	static const struct {
		const char *name, *code;
		uint32_t n;
		enum cpu_exit why;
	} t[] = {
		{"pentium2", "\x0f\xfc\xc1", 3, CPU_EXIT_BUDGET},   /* paddb mm0, mm1 */
		{"pentium2", "\x0f\x28\xc1", 3, CPU_EXIT_SHUTDOWN}, /* movaps xmm0, xmm1 */
		{"pentium2", "\x0f\xe0\xc1", 3, CPU_EXIT_SHUTDOWN}, /* pavgb mm0, mm1 */
		{"pentium3", "\x0f\x28\xc1", 3, CPU_EXIT_BUDGET},
		{"pentium3", "\x0f\xe0\xc1", 3, CPU_EXIT_BUDGET},
		{"pentium3", "\x66\x0f\x28\xc1", 4, CPU_EXIT_SHUTDOWN}, /* movapd xmm0, xmm1 */
		{"pentium3", "\x0f\xae\x3e", 3, CPU_EXIT_SHUTDOWN},	/* clflush [esi] */
		{"pentium4", "\x66\x0f\x28\xc1", 4, CPU_EXIT_BUDGET},
		{"pentium4", "\x0f\xae\x3e", 3, CPU_EXIT_BUDGET},
		{NULL, "\x66\x0f\x28\xc1", 4, CPU_EXIT_BUDGET},
	};

	for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++) {
		cpu.model = *cpu_model_find(t[i].name);
		cpu.s.cr4 = CR4_OSFXSR;
		cpu.s.eip = CODE_PA;
		code(t[i].code, t[i].n);
		cpu_state_changed(&cpu);
		ck_assert_int_eq(cpu_run(&cpu, 1), t[i].why);
	}
	ck_assert_ptr_null(cpu_model_find("486"));
}
END_TEST

START_TEST(store_into_own_block_is_seen)
{
	/* mov byte [CODE+7],0x48 ; inc eax, which by then is dec eax */
	code("\xc6\x05\x07\x10\x00\x00\x48\x40\x40", 9);
	ck_assert_int_eq(cpu_run(&cpu, 3), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.r[EAX], 0);
}
END_TEST

/*
 * The clock is right in the middle of a block, too: nop; rdtsc; mov esi,eax; nop; nop; rdtsc; nop;
 * nop.  In one go, and one instruction at a time.
 */
START_TEST(clock_within_a_block)
{
	code("\x90\x0f\x31\x89\xc6\x90\x90\x0f\x31\x90\x90\xeb\xfe", 13);
	for (int i = 0; i < (_i ? 9 : 1); i++)
		ck_assert_int_eq(cpu_run(&cpu, _i ? 1 : 9), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.r[ESI], 2);
	ck_assert_uint_eq(cpu.s.r[EAX], 6);
}
END_TEST

/* rdtsc; mov esi,eax; pause; rdtsc: one instruction each, and what PAUSE adds outside ring 0. */
START_TEST(pause_moves_the_clock)
{
	cpu.pause_ns = 140;
	code("\x0f\x31\x89\xc6\xf3\x90\x0f\x31\xeb\xfe", 10);
	for (int i = 0; i < (_i ? 4 : 1); i++)
		ck_assert_int_eq(cpu_run(&cpu, _i ? 1 : 4), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.r[EAX] - cpu.s.r[ESI], 3 + 140);
	ck_assert_uint_eq(cpu_insns(&cpu), 4);
}
END_TEST

/*
 * A segment register that is loaded in the middle of a block, and is no longer flat: mov ds,cx (or
 * push ecx; pop ds); mov eax,[esi]; inc edx.  The load must go through the new segment, and the count
 * be right; also when the descriptor is known from the first time.
 */
START_TEST(mode_changes_within_a_block)
{
	static const uint8_t gdt[16] = {[8] = 0xff, 0xff, 0x00, 0x10, 0, 0xf3, 0x40, 0};

	ck_assert(mem_write(&mem, 0x4000, gdt, sizeof(gdt)));
	ck_assert(mem_write(&mem, DATA_PA + 0x1000, "\x11\x22\x33\x44", 4));
	cpu.s.gdtr = (struct dtable){0x4000, 15};
	cpu.s.r[ECX] = 0x0b;
	cpu.s.r[EDX] = 0;
	cpu.s.r[ESP] = 0x5000;
	/* The TLB knows the page that a flat segment would have. */
	code("\x8b\x06", 2);
	ck_assert_int_eq(cpu_run(&cpu, 1), CPU_EXIT_BUDGET);
	code(_i ? "\x51\x1f\x8b\x06\x42\xeb\xfe" : "\x8e\xd9\x8b\x06\x42\xeb\xfe", 7);
	for (unsigned n = 1; n < 4; n++) {
		cpu.s.eip = CODE_PA;
		cpu.s.r[EAX] = 0;
		cpu.s.seg[DS] = cpu.s.seg[ES];
		cpu_update_mode(&cpu);
		ck_assert_int_eq(cpu_run(&cpu, 4 + (uint64_t)_i), CPU_EXIT_BUDGET);
		ck_assert_uint_eq(cpu.s.r[EAX], 0x44332211);
		ck_assert_uint_eq(cpu.s.r[EDX], n);
		ck_assert_uint_eq(cpu_insns(&cpu), 1 + n * (4 + (uint64_t)_i));
	}
}
END_TEST

/*
 * push [esi], where source and stack compete for one entry of the TLB: each would throw out the
 * other, and the instruction begin anew for ever.
 */
START_TEST(two_pages_for_one_entry)
{
	const uint32_t far = 0x5000 + (TLB_SIZE << PAGE_SHIFT);

	teardown();
	begin(0x800000);
	ck_assert(mem_write(&mem, 0x5000, "\x11\x22\x33\x44", 4));
	cpu.s.r[ESI] = 0x5000;
	cpu.s.r[ESP] = far + 0x104;
	/* push [esi]; call [esi] would go to 44332211. */
	code("\xff\x36\xff\x36\xff\x16", 6);
	ck_assert_int_eq(cpu_run(&cpu, 3), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.eip, 0x44332211);
	ck_assert_uint_eq(cpu.s.r[ESP], far + 0xf8);
}
END_TEST

/* Ring 3 behind page tables that map 64 KB one to one, but for the page at 0x3000, which lies
 * elsewhere, and that of `absent`.  All have been accessed and written to.  There is no IDT: a fault
 * ends in shutdown, with everything as it was when it happened. */
static uint32_t place(uint32_t lin)
{
	return lin >> PAGE_SHIFT == 3 ? lin + 0x6000 : lin;
}

static void paging_without(uint32_t absent)
{
	for (uint32_t i = 0; i < 16; i++) {
		le32_t pte = le32(place(i << PAGE_SHIFT) | (i == absent >> PAGE_SHIFT ? 0 : 0x67));

		ck_assert(mem_write(&mem, 0x7000 + 4 * i, &pte, 4));
	}
	ck_assert(mem_write(&mem, 0x6000, &(le32_t){{0x07, 0x70, 0, 0}}, 4));
	cpu.s.cr3 = 0x6000;
	cpu.s.cr0 |= CR0_PG | CR0_WP;
	cpu_state_changed(&cpu);
}

static uint32_t word(uint32_t lin)
{
	le32_t v = le32(0);

	ck_assert(mem_read(&mem, place(lin), &v, 4));
	return le32_get(v);
}

/*
 * Instructions that one handler does together, over the end of a page, of which the next is there or
 * (_i) not: then those before it are done, and the one that faults is not.  (What is one handler in a
 * block runs one by one where the budget ends; so all these end with a jump to itself, which fits.)
 */
START_TEST(together_over_a_page)
{
	static const struct {
		const char *code;
		uint32_t esp;	 /* before */
		uint32_t absent; /* page */
		uint32_t moved;	 /* ESP after all four */
	} t[] = {
		{"\x50\x51\x52\x53\xeb\xfe", 0x3008, 0x2000, -16u}, /* push eax, ecx, edx, ebx */
		{"\x58\x59\x5a\x5b\xeb\xfe", 0x2ff8, 0x3000, 16},   /* pop eax, ecx, edx, ebx */
	};
	uint32_t done = _i & 1 ? 2 : 4;

	code(t[_i >> 1].code, 6);
	paging_without(_i & 1 ? t[_i >> 1].absent : 0x8000);
	/* Once more when the TLB knows the pages. */
	for (int again = 0; again < 2; again++) {
		cpu.s.eip = CODE_PA;
		for (unsigned i = 0; i < 4; i++) {
			le32_t v = le32(0x70 + i);

			cpu.s.r[i] = 0x50 + i;
			ck_assert(mem_write(&mem, place(0x2ff8 + 4 * i), &v, 4));
		}
		cpu.s.r[ESP] = t[_i >> 1].esp;
		ck_assert_int_eq(cpu_run(&cpu, 5), _i & 1 ? CPU_EXIT_SHUTDOWN : CPU_EXIT_BUDGET);
		ck_assert_uint_eq(cpu.s.eip, CODE_PA + done);
		ck_assert_uint_eq(cpu.s.r[ESP],
				  t[_i >> 1].esp + (int32_t)t[_i >> 1].moved / 4 * (int)done);
		for (uint32_t i = 0; i < 4; i++) {
			if (_i < 2)
				ck_assert_uint_eq(word(0x3004 - 4 * i),
						  i < done ? 0x50 + i : 0x73 - i);
			else
				ck_assert_uint_eq(cpu.s.r[i], i < done ? 0x70 + i : 0x50 + i);
		}
	}
	ck_assert_uint_eq(cpu_insns(&cpu), _i & 1 ? 2 * done : 2 * done + 2);
}
END_TEST

/* push eax; push esp; push ecx stores what ESP was in between; pop edx; pop esp; pop ebx goes on where
 * ESP then points. */
START_TEST(esp_is_no_register_of_a_run)
{
	cpu.s.r[ESP] = 0x2810;
	code("\x50\x54\x51\xeb\xfe", 5);
	ck_assert_int_eq(cpu_run(&cpu, 4), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(word(0x2808), 0x280c);
	ck_assert_uint_eq(cpu.s.r[ESP], 0x2804);

	ck_assert(mem_write(&mem, 0x2808, &(le32_t){{0x00, 0x29, 0, 0}}, 4));
	ck_assert(mem_write(&mem, 0x2900, &(le32_t){{0x77, 0, 0, 0}}, 4));
	ck_assert(mem_write(&mem, CODE_PA + 0x100, "\x5a\x5c\x5b\xeb\xfe", 5));
	cpu.s.eip = CODE_PA + 0x100;
	ck_assert_int_eq(cpu_run(&cpu, 4), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.r[EBX], 0x77);
	ck_assert_uint_eq(cpu.s.r[ESP], 0x2904);
}
END_TEST

/* Two moves: the first is done, the second faults; or neither does. */
START_TEST(moves_over_a_fault)
{
	static const struct {
		const char *code;
		unsigned second; /* its offset */
	} t[] = {
		{"\x8b\x06\x8b\x0f\xeb\xfe", 2},     /* mov eax,[esi]; mov ecx,[edi] */
		{"\x8b\x06\x89\x07\xeb\xfe", 2},     /* mov eax,[esi]; mov [edi],eax */
		{"\x89\x16\x8b\x0f\xeb\xfe", 2},     /* mov [esi],edx; mov ecx,[edi] */
		{"\x89\xd0\x89\x07\xeb\xfe", 2},     /* mov eax,edx; mov [edi],eax */
		{"\x8d\x46\x04\x8b\x0f\xeb\xfe", 3}, /* lea eax,[esi+4]; mov ecx,[edi] */
		{"\x8b\x06\x8b\x00\xeb\xfe", 2},     /* mov eax,[esi]; mov eax,[eax] */
		{"\x8b\x36\x8b\x0f\xeb\xfe", 2},     /* mov esi,[esi]; mov ecx,[edi] */
	};
	bool fault = _i & 1;
	unsigned i = (unsigned)_i >> 1;

	ck_assert(mem_write(&mem, DATA_PA, &(le32_t){{0x00, 0x30, 0, 0}}, 4));
	ck_assert(mem_write(&mem, place(0x3000), &(le32_t){{0x78, 0x56, 0x34, 0x12}}, 4));
	cpu.s.r[EDI] = 0x3000;
	cpu.s.r[EDX] = 0x3000;
	cpu.s.r[EAX] = cpu.s.r[ECX] = 0;
	code(t[i].code, t[i].second + 4);
	paging_without(fault ? 0x3000 : 0x8000);
	ck_assert_int_eq(cpu_run(&cpu, 3), fault ? CPU_EXIT_SHUTDOWN : CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu_insns(&cpu), fault ? 1 : 3);
	if (fault) {
		ck_assert_uint_eq(cpu.s.eip, CODE_PA + t[i].second);
		ck_assert_uint_eq(cpu.s.cr2, 0x3000);
	}
	ck_assert_uint_eq(cpu.s.r[ESI], i == 6 ? 0x3000 : DATA_PA);
	ck_assert_uint_eq(cpu.s.r[EAX], i == 2 || i == 6   ? 0
					: i == 4	   ? DATA_PA + 4
					: i == 5 && !fault ? 0x12345678
							   : 0x3000);
	ck_assert_uint_eq(cpu.s.r[ECX],
			  (i == 0 || i == 2 || i == 4 || i == 6) && !fault ? 0x12345678 : 0);
	ck_assert_uint_eq(word(0x3000), (i == 1 || i == 3) && !fault ? 0x3000 : 0x12345678);
}
END_TEST

/*
 * A function that returns to another place every other time:
 *	again: call f; inc ecx; dec ebx; jnz again; jmp $
 *	f: xor eax,1; add [esp],eax; ret
 * and the same with f on another page.
 */
START_TEST(returns_to_two_places)
{
	uint32_t f = _i ? CODE_PA + 0x1000 : CODE_PA + 0x10, rel = f - CODE_PA - 5;
	char again[] = "\xe8\0\0\0\0\x41\x4b\x75\xf7\xeb\xfe";

	memcpy(again + 1, &(le32_t){{(uint8_t)rel, (uint8_t)(rel >> 8), 0, 0}}, 4);
	code(again, sizeof(again) - 1);
	ck_assert(mem_write(&mem, f, "\x83\xf0\x01\x01\x04\x24\xc3", 7));
	cpu.s.r[EAX] = cpu.s.r[ECX] = 0;
	cpu.s.r[EBX] = 100;
	cpu.s.r[ESP] = 0x4000;
	ck_assert_int_eq(cpu_run(&cpu, 100 * 6 + 50), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.r[ECX], 50);
	ck_assert_uint_eq(cpu.s.r[EBX], 0);
	ck_assert_uint_eq(cpu.s.r[ESP], 0x4000);
	ck_assert_uint_eq(cpu.s.eip, CODE_PA + 9);
}
END_TEST

/* --- which block is at EIP ------------------------------------------------------------------------- */

/* The page at lin is another one now; blocks and what they remember stay. */
static void map(uint32_t table, uint32_t lin, uint32_t pa)
{
	le32_t pte = le32(pa | 0x67);

	ck_assert(mem_write(&mem, table + (lin >> PAGE_SHIFT & 1023) * 4, &pte, 4));
	cpu_forget_spaces(&cpu);
}

static void run_at(uint32_t eip)
{
	cpu.s.eip = eip;
	cpu.s.r[ESP] = 0x5800;
	ck_assert_int_eq(cpu_run(&cpu, 20), CPU_EXIT_BUDGET);
}

/* To 0x2000, from the page before it. */
static const struct {
	uint32_t at;
	const char *bytes;
	unsigned n;
} ways[] = {
	{CODE_PA, "\x31\xc0\x0f\x84\xf8\x0f\0\0", 8}, /* xor eax, eax; jz */
	{CODE_PA + 0xffc, "\x31\xc0\x75\x00", 4},     /* xor eax, eax; jnz, not taken */
	{CODE_PA, "\xe9\xfb\x0f\0\0", 5},	      /* jmp */
	{CODE_PA, "\xe8\xfb\x0f\0\0", 5},	      /* call */
	{CODE_PA, "\xb8\0\x20\0\0\xff\xe0", 7},	      /* mov eax, 2000h; jmp eax */
	{CODE_PA, "\x68\0\x20\0\0\xc3", 6},	      /* push 2000h; ret */
	{CODE_PA + 0xffe, "\x31\xc0", 2},	      /* xor eax, eax, and on */
};

/* Whoever goes to another page, and has gone there before, asks which page it is today; and what is
 * there. */
START_TEST(another_page_today)
{
	paging_without(0xf000);
	ck_assert(mem_write(&mem, ways[_i].at, ways[_i].bytes, ways[_i].n));
	ck_assert(mem_write(&mem, 0x2000, "\x43\xeb\xfe", 3)); /* inc ebx */
	ck_assert(mem_write(&mem, 0x4000, "\x4b\xeb\xfe", 3)); /* dec ebx */
	cpu.s.r[EBX] = 0;
	for (unsigned n = 0; n < 3; n++)
		run_at(ways[_i].at);
	ck_assert_uint_eq(cpu.s.r[EBX], 3);
	map(0x7000, 0x2000, 0x4000);
	run_at(ways[_i].at);
	ck_assert_uint_eq(cpu.s.r[EBX], 2);
	run_at(ways[_i].at);
	ck_assert(mem_write(&mem, 0x4000, "\x83\xc3\x07\xeb\xfe", 5)); /* add ebx, 7 */
	run_at(ways[_i].at);
	ck_assert_uint_eq(cpu.s.r[EBX], 1 + 7);
}
END_TEST

/* add eax, 1 or 5, whose last byte is on another page; jmp $ */
START_TEST(another_second_page)
{
	paging_without(0xf000);
	code("\xeb\xfe", 2);
	ck_assert(mem_write(&mem, 0x1ffe, "\x83\xc0\x01\xeb\xfe", 5));
	ck_assert(mem_write(&mem, 0x4000, "\x05\xeb\xfe", 3));
	cpu.s.r[EAX] = 0;
	for (unsigned n = 0; n < 3; n++)
		run_at(0x1ffe);
	ck_assert_uint_eq(cpu.s.r[EAX], 3);
	map(0x7000, 0x2000, 0x4000);
	run_at(CODE_PA); /* jmp $: the TLB knows the first page, */
	if (_i)
		run_at(0x2001); /* and the second */
	run_at(0x1ffe);
	ck_assert_uint_eq(cpu.s.r[EAX], 8);
}
END_TEST

/*
 * Two pages as far from each other as their frames are, and with one place in the TLB.  What the TLB
 * says of the one must not be taken for the other, which was the same once.
 */
START_TEST(another_page_as_far_away)
{
	const uint32_t far = CODE_PA + (1u << 22);

	teardown();
	begin(0x800000);
	paging_without(0xf000);
	ck_assert(mem_write(&mem, 0x6004, &(le32_t){{0x07, 0x80, 0, 0}}, 4));
	code("\xff\xe0", 2);				       /* jmp eax */
	ck_assert(mem_write(&mem, far, "\x43\xeb\xfe", 3));    /* inc ebx */
	ck_assert(mem_write(&mem, 0x4000, "\x4b\xeb\xfe", 3)); /* dec ebx */
	cpu.s.r[EBX] = 0;
	cpu.s.r[EAX] = far;
	map(0x8000, far, far);
	run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EBX], 1);
	map(0x8000, far, 0x4000);
	run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EBX], 0);
}
END_TEST

static void enter_space(uint32_t cr3)
{
	cpu.s.cr3 = cr3;
	cpu_update_paging(&cpu);
	cpu_enter_space(&cpu);
}

/* A second space, in which 0x2000 is another page. */
static void two_spaces(void)
{
	static uint8_t table[PAGE_SIZE];

	paging_without(0xf000);
	ck_assert(mem_read(&mem, 0x7000, table, sizeof(table)));
	ck_assert(mem_write(&mem, 0xc000, table, sizeof(table)));
	ck_assert(mem_write(&mem, 0xd000, &(le32_t){{0x07, 0xc0, 0, 0}}, 4));
	map(0xc000, 0x2000, 0x4000);
	/* Each has its TLB from now on. */
	enter_space(0xd000);
	enter_space(0x6000);
}

/* jmp eax, three times, and there inc ebx; in the page that is to be there later, dec ebx. */
static void jump_thrice(void)
{
	code("\xff\xe0", 2);
	ck_assert(mem_write(&mem, 0x2000, "\x43\xeb\xfe", 3));
	ck_assert(mem_write(&mem, 0x4000, "\x4b\xeb\xfe", 3));
	cpu.s.r[EBX] = 0;
	cpu.s.r[EAX] = 0x2000;
	for (unsigned n = 0; n < 3; n++)
		run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EBX], 3);
}

START_TEST(another_space)
{
	two_spaces();
	jump_thrice();
	enter_space(0xd000);
	run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EBX], 2);
	enter_space(0x6000);
	run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EBX], 3);
}
END_TEST

/* The same where the TLB has forgotten the page since, because another one needed its place. */
START_TEST(another_page_in_between)
{
	const uint32_t far = 0x2000 + (1u << 22);

	paging_without(0xf000);
	ck_assert(mem_write(&mem, 0x6004, &(le32_t){{0x07, 0x80, 0, 0}}, 4));
	map(0x8000, far, 0x3000);
	ck_assert(mem_write(&mem, 0x3000, "\xeb\xfe", 2));
	jump_thrice();
	run_at(far);
	/* Nobody says so to the CPU. */
	ck_assert(mem_write(&mem, 0x7008, &(le32_t){{0x67, 0x40, 0, 0}}, 4));
	run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EBX], 2);
}
END_TEST

/* mov eax, [esi], decoded for a flat DS, and then DS has a base; which may happen in another space. */
START_TEST(another_mode)
{
	two_spaces();
	code("\x8b\x06\xeb\xfe", 4);
	cpu.s.r[ESI] = CODE_PA + 0x100;
	ck_assert(mem_write(&mem, CODE_PA + 0x100, "\x11\0\0\0\x22\0\0\0", 8));
	for (unsigned n = 0; n < 3; n++)
		run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EAX], 0x11);
	if (_i)
		enter_space(0xd000);
	cpu.s.seg[DS].base = 4;
	cpu_update_mode(&cpu);
	if (_i)
		enter_space(0x6000);
	run_at(CODE_PA);
	ck_assert_uint_eq(cpu.s.r[EAX], 0x22);
}
END_TEST

/* Where a call has been executed alone, no link is to be found when it comes back: something else may be
 * in that place by then, and elsewhere in it if a history is kept. */
START_TEST(called_alone)
{
	static struct cpu_history history;

	flat_ring3();
	cpu.s.cpl = 0;
	cpu.s.r[ESP] = DATA_PA + 0x100;
	/* sti; call f; inc ebx; jmp $; f: cli; sti; nop; ret */
	memcpy(mem.ram + CODE_PA, "\xfb\xe8\x03\0\0\0\x43\xeb\xfe\xfa\xfb\x90\xc3", 13);
	cpu_state_changed(&cpu);
	ck_assert_int_eq(cpu_run(&cpu, 2), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.eip, CODE_PA + 9);
	cpu.history = &history;
	ck_assert_int_eq(cpu_run(&cpu, 5), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.s.r[EBX], 1);
	cpu.history = NULL;
}
END_TEST

/* The first block of all, in real mode, at EIP 0: what knows no block yet knows none. */
START_TEST(real_mode_at_zero)
{
	const uint32_t pa = _i ? 0 : CODE_PA;

	cpu_reset(&cpu);
	cpu.s.seg[CS].base = pa;
	cpu.s.eip = 0;
	memcpy(mem.ram + pa, "\x40\x40\xf4", 3);
	cpu_state_changed(&cpu);
	ck_assert_uint_eq(cpu.mode, 0);
	ck_assert_int_eq(cpu_run(&cpu, 100), CPU_EXIT_HALT);
	ck_assert_uint_eq(cpu.s.r[EAX], 2);
#ifndef LG_HARD
	/* Nor was any of it run alone. */
	ck_assert_int_eq(cpu.cache->page[pa >> PAGE_SHIFT]->n, 3);
#endif
}
END_TEST

/* What --stats calls "emptied, being full" is that and nothing else. */
START_TEST(full_is_not_emptied)
{
	cpu_drop_caches(&cpu);
	code("\x40\xeb\xfe", 3);
	ck_assert_int_eq(cpu_run(&cpu, 2), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.cache->flushes, 0);
	cpu.cache->size = cpu.cache->used;
	ck_assert(mem_write(&mem, CODE_PA + 0x100, "\x40\xeb\xfe", 3));
	cpu.s.eip = CODE_PA + 0x100;
	ck_assert_int_eq(cpu_run(&cpu, 2), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.cache->flushes, 1);
}
END_TEST

/* The cache becomes full when what follows a block is decoded, and so the block that led there is gone
 * before it could be told: in its place lies the new one. */
START_TEST(full_when_linking)
{
	/* 0: jnz, not taken, and on; 1: call, and there ret.  Then nop; add eax, 5; jmp $. */
	code(_i ? "\xe8\xfb\0\0\0\x90\x05\x05\0\0\0\xeb\xfe" : "\x75\x40\x90\x05\x05\0\0\0\xeb\xfe",
	     _i ? 13 : 10);
	ck_assert(mem_write(&mem, CODE_PA + 0x100, "\xc3", 1));
	cpu_set_eflags(&cpu, FL_ZF);
	cpu_drop_caches(&cpu);
	cpu.s.r[ESP] = 0x5800;
	ck_assert_int_eq(cpu_run(&cpu, 1 + (unsigned)_i), CPU_EXIT_BUDGET);
	cpu.cache->size = cpu.cache->used;
	cpu.s.r[EAX] = 0;
	cpu.s.eip = CODE_PA;
	ck_assert_int_eq(cpu_run(&cpu, 4 + (unsigned)_i), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu.cache->flushes, 1);
	ck_assert_uint_eq(cpu.s.r[EAX], 5);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cpu_run");
	TCase *t = tcase_create("run");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, budget_is_exact);
	tcase_add_test(t, alignment_check_with_warm_tlb);
	tcase_add_test(t, alignment_check_with_rf);
	tcase_add_test(t, rf_lasts_one_instruction);
	tcase_add_test(t, faults_without_end);
	tcase_add_test(t, from_reset_to_protected_mode);
	tcase_add_test(t, models);
	tcase_add_test(t, store_into_own_block_is_seen);
	tcase_add_loop_test(t, clock_within_a_block, 0, 2);
	tcase_add_loop_test(t, pause_moves_the_clock, 0, 2);
	tcase_add_loop_test(t, mode_changes_within_a_block, 0, 2);
	tcase_add_test(t, two_pages_for_one_entry);
	tcase_add_loop_test(t, together_over_a_page, 0, 4);
	tcase_add_test(t, esp_is_no_register_of_a_run);
	tcase_add_loop_test(t, moves_over_a_fault, 0, 14);
	tcase_add_loop_test(t, returns_to_two_places, 0, 2);
	tcase_add_loop_test(t, another_page_today, 0, (int)ARRAY_LEN(ways));
	tcase_add_loop_test(t, another_second_page, 0, 2);
	tcase_add_test(t, another_page_as_far_away);
	tcase_add_test(t, another_space);
	tcase_add_test(t, another_page_in_between);
	tcase_add_loop_test(t, another_mode, 0, 2);
	tcase_add_test(t, called_alone);
	tcase_add_loop_test(t, real_mode_at_zero, 0, 2);
	tcase_add_test(t, full_is_not_emptied);
	tcase_add_loop_test(t, full_when_linking, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
