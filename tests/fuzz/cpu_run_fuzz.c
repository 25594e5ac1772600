/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:968
 * The whole processor: any bytes as ring-3 code with any registers, odd segments, 16 or 32 bits,
 * for some hundred instructions.  Two machines do the same; one keeps all that it has decoded and
 * translated, the other runs one instruction at a time and forgets it all every few.  In the end they must be equal to the
 * last bit of memory, and neither may have done anything to the page tables or the IDT.
:*/
#include "fuzz.h"

#include "../insn/machine.h"

enum { ROUNDS = 6, INSNS = 96, CODE_BYTES = 0x400 };

static struct machine kept, forgetful;

/* What the input says about the start of a round. */
struct start {
	uint32_t r[8], eip, eflags;
	uint8_t how;
	uint32_t base, limit;
};

static struct start a_start(struct fuzz *f)
{
	static const uint32_t place[] = {DATA, SRC, DST, STACK, FRAME, CODE, 0, 0xfffffff0};
	struct start s = {.how = fuzz_8(f)};

	s.eip = fuzz_16(f) % CODE_BYTES;
	s.eflags = fuzz_32(f) & (FL_ARITH | 0x00240500); /* ID, AC, DF, TF */
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t kind = fuzz_8(f);

		/* A place with something there, or any number. */
		s.r[i] = kind & 0x80 ? fuzz_32(f) : place[kind % 8] + (kind >> 3) * 0x111u;
	}
	if (s.how & 8) {
		s.base = fuzz_32(f);
		s.limit = fuzz_32(f);
	}
	return s;
}

static void begin(struct machine *m, const struct start *s, bool first)
{
	struct cpu *cpu = &m->cpu;

	if (first) {
		machine_enter(m, 3);
	} else { /* back from the trap; the FPU, the clock and the counts stay as they are */
		struct cpu_state old = cpu->s;

		machine_enter(m, 3);
		cpu->s.fpu = old.fpu;
		cpu->s.clock_ns = old.clock_ns;
		memcpy(cpu->s.insns, old.insns, sizeof(old.insns));
	}
	for (unsigned i = 0; i < 8; i++)
		cpu->s.r[i] = s->r[i];
	cpu->s.eip = CODE + s->eip;
	cpu_set_eflags(cpu, s->eflags | 0x202 | (s->how & 16 ? 0x3000 : 0));
	if (s->how & 1) { /* 16-bit code, which must lie low in its segment */
		cpu->s.seg[CS].base = CODE;
		cpu->s.seg[CS].attr &= (uint16_t)~SEG_DB;
		cpu->s.eip = s->eip;
	}
	if (s->how & 2)
		cpu->s.seg[SS].attr &= (uint16_t)~SEG_DB;
	if (s->how & 4)
		cpu->s.seg[DS].attr |= SEG_E;
	if (s->how & 8) {
		cpu->s.seg[DS].base = cpu->s.seg[ES].base = DATA + (s->base & 0xfff);
		cpu->s.seg[DS].limit = s->limit & 0x1fff;
		cpu->s.seg[ES].limit = s->limit >> 16 & 0x1fff;
		cpu->s.seg[FS].base = s->base;
	}
	if (s->how & 32)
		cpu->s.cr0 |= CR0_TS;
	if (s->how & 64)
		cpu->s.cr0 |= CR0_AM;
	if (s->how & 128)
		cpu->s.seg[GS] = (struct seg){0};
	cpu->s.ldtr = (struct seg){S_LDT, 0x82, SYS + PA_GDT + 0x800, 0x7f};
	cpu_state_changed(cpu);
}

static void make(struct machine *m, const uint8_t *code, const uint8_t *ldt, uint32_t seed)
{
	uint8_t *p;

	machine_make(m);
	memcpy(m->mem.ram + PA_CODE, code, CODE_BYTES);
	for (unsigned i = CODE_BYTES; i < 2 * PAGE_SIZE; i++)
		m->mem.ram[PA_CODE + i] = 0x90;
	for (uint32_t pa = PA_DATA; pa < PA_TABLES; pa += 4)
		put32(m, pa, pa & 0x40 ? fuzz_random(&seed) : pa * 0x01010101u);
	/* Segments of any kind, but no gates: ring 0 is not on trial here. */
	p = m->mem.ram + PA_GDT + 0x800;
	memcpy(p, ldt, 0x80);
	for (unsigned i = 0; i < 16; i++)
		p[i * 8 + 5] |= SEG_S;
}

static bool same_segs(const struct cpu_state *a, const struct cpu_state *b)
{
	for (unsigned i = 0; i < NR_SEGS; i++)
		if (a->seg[i].sel != b->seg[i].sel || a->seg[i].attr != b->seg[i].attr ||
		    a->seg[i].base != b->seg[i].base || a->seg[i].limit != b->seg[i].limit)
			return false;
	return true;
}

static bool same_fpu(const struct fpu *a, const struct fpu *b)
{
	for (unsigned i = 0; i < 8; i++)
		if (a->reg[i].mant != b->reg[i].mant || a->reg[i].se != b->reg[i].se)
			return false;
	return a->fcw == b->fcw && a->fsw == b->fsw && a->empty == b->empty && a->fop == b->fop &&
	       a->fcs == b->fcs && a->fds == b->fds && a->fip == b->fip && a->fdp == b->fdp &&
	       !memcmp(a->xmm, b->xmm, sizeof(a->xmm)) && a->mxcsr == b->mxcsr;
}

static void compare(void)
{
	const struct cpu_state *a = &kept.cpu.s, *b = &forgetful.cpu.s;

	FUZZ_CHECK(a->eip == b->eip);
	FUZZ_CHECK(!memcmp(a->r, b->r, sizeof(a->r)) && !a->r[REG_ZERO]);
	FUZZ_CHECK(cpu_eflags(&kept.cpu) == cpu_eflags(&forgetful.cpu));
	FUZZ_CHECK(a->cpl == b->cpl && a->halted == b->halted && a->inhibit == b->inhibit);
	FUZZ_CHECK(same_segs(a, b) && same_fpu(&a->fpu, &b->fpu));
	FUZZ_CHECK(a->cr0 == b->cr0 && a->cr2 == b->cr2 && a->cr3 == b->cr3 && a->cr4 == b->cr4);
	FUZZ_CHECK(!memcmp(a->dr, b->dr, sizeof(a->dr)));
	FUZZ_CHECK(!memcmp(a->insns, b->insns, sizeof(a->insns)) && a->clock_ns == b->clock_ns);
	FUZZ_CHECK(kept.wrote == forgetful.wrote);
	FUZZ_CHECK(!memcmp(kept.mem.ram, forgetful.mem.ram, RAM_BYTES));
}

/* What ring 3 has no way to: the directory's addresses, the IDT, the handlers. */
static void check_system(const uint8_t *before)
{
	const uint8_t *ram = kept.mem.ram;

	FUZZ_CHECK(!memcmp(ram + PA_IDT, before + PA_IDT, PAGE_SIZE));
	FUZZ_CHECK(!memcmp(ram + PA_HANDLERS, before + PA_HANDLERS, PAGE_SIZE));
	for (uint32_t pa = PA_DIR; pa < PA_DIR + PAGE_SIZE; pa += 4) /* but for A and D */
		FUZZ_CHECK(!((get32(&kept, pa) ^
			      (before[pa] | before[pa + 1] << 8 | (uint32_t)before[pa + 2] << 16 |
			       (uint32_t)before[pa + 3] << 24)) &
			     ~0x60u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t before[RAM_BYTES];
	struct fuzz f = {data, size};
	uint8_t code[CODE_BYTES], ldt[0x80];
	struct start s[ROUNDS];
	const unsigned rounds = 1 + fuzz_8(&f) % ROUNDS;
	const uint32_t seed = fuzz_32(&f) | 1;
	const unsigned every = 1 + seed % 16;

	for (unsigned i = 0; i < rounds; i++)
		s[i] = a_start(&f);
	fuzz_bytes(&f, ldt, sizeof(ldt));
	fuzz_bytes(&f, code, sizeof(code));
	make(&kept, code, ldt, seed);
	make(&forgetful, code, ldt, seed);
	/* Nothing here runs so long that it gets hot: so its blocks are that from the start, or not. */
	cpu_do_without(&kept.cpu, seed & 2 ? 1u << RUNG_HEAT : 0);
	memcpy(before, kept.mem.ram, RAM_BYTES);
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t end;

		begin(&kept, &s[i], !i);
		begin(&forgetful, &s[i], !i);
		end = cpu_insns(&kept.cpu) + INSNS;
		(void)cpu_run(&kept.cpu, INSNS);
		while (cpu_insns(&forgetful.cpu) < end) {
			if (!(cpu_insns(&forgetful.cpu) % every))
				cpu_drop_caches(&forgetful.cpu);
			if (cpu_run(&forgetful.cpu, 1) != CPU_EXIT_BUDGET)
				break;
		}
		compare();
		check_system(before);
	}
	machine_free(&kept);
	machine_free(&forgetful);
	return 0;
}

/* Seeds: each opcode in a loop, over operands that are there. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	uint32_t random = i * 2654435761u | 1;
	size_t n = 0;

	if (i >= 256)
		return 0;
	fuzz_put(p, &n, 0, 1);
	fuzz_put(p, &n, i, 4);
	fuzz_put(p, &n, i & 1, 1); /* 16 or 32 bits */
	fuzz_put(p, &n, 0, 2);
	fuzz_put(p, &n, 0, 4);
	for (unsigned r = 0; r < 8; r++)
		fuzz_put(p, &n, r == ESP ? 3 : r % 3, 1);
	for (unsigned k = 0; k < 0x80; k++)
		fuzz_put(p, &n, 0, 1);
	for (unsigned k = 0; k < 40; k++) {
		if (i & 2)
			fuzz_put(p, &n, 0x0f, 1);
		fuzz_put(p, &n, k & 1 ? i : fuzz_random(&random), 1);
		fuzz_put(p, &n, fuzz_random(&random), 2);
	}
	fuzz_put(p, &n, 0x80eb, 2); /* and back */
	return n;
}
