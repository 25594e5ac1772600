/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1005
 * See seq.h.
:*/
#include "seq.h"

#include "cpu/disasm.h"

#define CODE_MOST (2 * PAGE_SIZE - 64)

static uint32_t pa_of_code(uint32_t eip)
{
	return PA_CODE + (eip - CODE);
}

static void write_code(struct seq *q, uint32_t eip, const void *bytes, unsigned n)
{
	if (!mem_write(&q->m.mem, pa_of_code(eip), bytes, n))
		abort();
}

static void put_ldt(struct machine *m, unsigned n, uint32_t base, uint32_t limit)
{
	put_desc(m, S_LDT, SYS + PA_GDT + 0x800, 0x7f, 0x82);
	put32(m, PA_GDT + 0x800 + n * 8, (limit & 0xffff) | base << 16);
	put32(m, PA_GDT + 0x804 + n * 8,
	      (base >> 16 & 0xff) | 0x40f300 | (limit & 0xf0000) | (base & 0xff000000));
}

void seq_init(struct seq *q)
{
	struct cpu_state *s = &q->m.cpu.s;

	memset(q, 0, sizeof(*q));
	machine_make(&q->m);
	/* All there is: what this machine's processor has, it has. */
	q->m.cpu.model.edx1 = ~0u;
	gen_init(&q->gen);
	put_ldt(&q->m, 0, FS_BASE, FS_LIMIT);
	put_ldt(&q->m, 1, GS_BASE, GS_LIMIT);
	for (unsigned i = 0; i < 2; i++)
		put32(&q->m, q->m.page[i].pte_pa, q->m.page[i].pa | 5);
	machine_enter(&q->m, 3);
	s->cr0 |= CR0_AM;
	s->ldtr = (struct seg){S_LDT, 0x82, SYS + PA_GDT + 0x800, 0x7f};
	s->seg[FS] = (struct seg){S_FS, 0x4f3, FS_BASE, FS_LIMIT};
	s->seg[GS] = (struct seg){S_GS, 0x4f3, GS_BASE, GS_LIMIT};
	cpu_state_changed(&q->m.cpu);
	q->base = *s;
}

void seq_fini(struct seq *q)
{
	machine_free(&q->m);
}

/* --- where it starts ------------------------------------------------------------------------------ */

static uint32_t random_register(struct rng *r)
{
	switch (rng_below(r, 4)) {
	case 0: return rng_below(r, 256);
	case 1: return (uint32_t) - (int)rng_below(r, 256);
	case 2: return DATA + rng_below(r, 0x2000);
	}
	return (uint32_t)rng_next(r);
}

/* Numbers of all classes, most of them such that arithmetic on them is about something. */
static struct f80 random_f80(struct rng *r)
{
	uint64_t m = rng_next(r) | 1ull << 63;
	uint16_t sign = (uint16_t)(rng_below(r, 2) << 15);

	switch (rng_below(r, 12)) {
	case 0: return (struct f80){0, sign};
	case 1: return (struct f80){1ull << 63, sign | 0x7fff};
	case 2: return (struct f80){m, sign | 0x7fff};
	case 3: return (struct f80){m >> 1 >> rng_below(r, 62), sign};
	case 4: return (struct f80){m, (uint16_t)rng_next(r)};
	case 5: return (struct f80){rng_next(r), (uint16_t)rng_next(r)};
	case 6: return (struct f80){m & ~0ull << rng_below(r, 63), sign | 0x3fff};
	}
	return (struct f80){m, (uint16_t)(sign | (0x3fff - 40 + rng_below(r, 80)))};
}

static uint32_t random_single(struct rng *r)
{
	uint32_t v = (uint32_t)rng_next(r);

	switch (rng_below(r, 6)) {
	case 0: return v;
	case 1: return v & 0x80000000;
	case 2: return (v & 0x80000000) | 0x7f800000 | (rng_below(r, 2) ? v & 0x7fffff : 0);
	case 3: return v & 0x807fffff;
	}
	return (v & 0x807fffff) | (127 - 12 + rng_below(r, 24)) << 23;
}

static uint64_t random_quad(struct rng *r)
{
	uint64_t v = rng_next(r);

	switch (rng_below(r, 6)) {
	case 0: return v;
	case 1: return v & 0x800fffffffffffff;
	case 2:
		return (v & 0x8000000000000000) | 0x7ff0000000000000 |
		       (rng_below(r, 2) ? v >> 12 : 0);
	case 3: return (v & 0x800fffffffffffff) | (1023ull - 30 + rng_below(r, 60)) << 52;
	}
	return (uint64_t)random_single(r) << 32 | random_single(r);
}

static void random_fpu(struct rng *r, struct fpu *f)
{
	fpu_reset(f);
	f->fcw = (uint16_t)(0x40 | (rng_next(r) & 0xf00) |
			    (rng_percent(r, 75) ? 0x3f : rng_below(r, 64)));
	/* Nothing pending: what is set already is masked. */
	f->fsw = (uint16_t)((rng_next(r) & 0x7f00 & ~0x80u) | (rng_next(r) & f->fcw & 0x3f));
	f->empty = rng_percent(r, 60) ? (uint8_t)(rng_next(r) & rng_next(r)) : (uint8_t)rng_next(r);
	for (unsigned i = 0; i < 8; i++) {
		f->reg[i] = random_f80(r);
		f->xmm[i][0] = random_quad(r);
		f->xmm[i][1] = random_quad(r);
	}
	f->mxcsr = (uint32_t)(rng_next(r) & 0xe07f) |
		   (rng_percent(r, 75) ? 0x1f80 : rng_next(r) & 0x1f80);
	f->mxcsr &= ~(~f->mxcsr >> 7 & 0x3f);
}

static void random_memory(struct rng *r, uint8_t *mem)
{
	for (unsigned at = PA_DATA - PA_CODE; at < SILICON_MEM; at += 16) {
		uint64_t v[2] = {random_quad(r), random_quad(r)};

		if (rng_below(r, 4) == 0) {
			struct f80 f = random_f80(r);

			v[0] = f.mant;
			v[1] = f.se;
		}
		memcpy(mem + at, v, 16);
	}
	/* At DATA: an image that FXRSTOR takes, and an MXCSR that LDMXCSR takes. */
	mem[PA_DATA - PA_CODE] = 0x7f;
	mem[PA_DATA - PA_CODE + 1] = 0x03;
	mem[PA_DATA - PA_CODE + 2] = 0;
	memcpy(mem + PA_DATA - PA_CODE + 24, "\x80\x1f\0\0", 4);
}

/* Making memory is slow and most of it is never looked at: a few are enough. */
static const uint8_t *memory_of(struct rng *r)
{
	static uint8_t made[8][SILICON_MEM];
	static bool done[8];
	unsigned which = rng_below(r, 8);

	if (!done[which]) {
		struct rng own = {which * 77};

		random_memory(&own, made[which]);
		done[which] = true;
	}
	return made[which];
}

static void make_start(struct seq *q)
{
	struct rng *r = &q->gen.rng;
	struct cpu_state *s = &q->init;

	memcpy(q->init_mem, memory_of(r), SILICON_MEM);
	*s = q->base;
	for (unsigned i = 0; i < 8; i++)
		s->r[i] = random_register(r);
	s->r[ESP] = STACK + 0x800 + rng_below(r, 0x400) * (rng_percent(r, 90) ? 4 : 1);
	random_fpu(r, &s->fpu);
	s->eip = CODE + rng_below(r, 64);
	flags_set(&s->fl, (uint32_t)rng_next(r));
	s->eflags = FL_R1 | FL_IF | (rng_percent(r, 15) ? FL_DF : 0) |
		    (rng_percent(r, 4) ? FL_AC : 0);
}

static void put_le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void fxsave(const struct fpu *f, uint8_t *fx)
{
	memset(fx, 0, 512);
	put_le(fx, f->fcw, 2);
	put_le(fx + 2, f->fsw, 2);
	fx[4] = (uint8_t)~f->empty;
	put_le(fx + 24, f->mxcsr, 4);
	for (unsigned i = 0; i < 8; i++) {
		const struct f80 *r = &f->reg[(i + (f->fsw >> 11)) & 7];

		put_le(fx + 32 + i * 16, r->mant, 8);
		put_le(fx + 40 + i * 16, r->se, 2);
		put_le(fx + 160 + i * 16, f->xmm[i][0], 8);
		put_le(fx + 168 + i * 16, f->xmm[i][1], 8);
	}
}

void seq_start(const struct seq *q, struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	memcpy(o->r, q->init.r, sizeof(o->r));
	o->eip = q->init.eip;
	o->eflags = q->init.eflags | flags_get(&q->init.fl);
	fxsave(&q->init.fpu, o->fx);
}

void seq_rewind(struct seq *q)
{
	struct cpu *cpu = &q->m.cpu;

	memcpy(q->m.mem.ram + PA_DATA, q->init_mem + (PA_DATA - PA_CODE), PA_TABLES - PA_DATA);
	cpu->s = q->init;
	cpu->view = &cpu->tlb->half[TLB_USER];
	cpu->trap.pending = false;
	cpu->restart_single = false;
	cpu->budget_mark = cpu->budget;
	cpu_update_mode(cpu);
}

/* --- running -------------------------------------------------------------------------------------- */

uint32_t seq_step(struct seq *q)
{
	const uint32_t eip = q->m.cpu.s.eip;

	for (unsigned i = 0; i < 20000; i++) {
		(void)cpu_run(&q->m.cpu, 1);
		if (q->m.cpu.s.cpl == 0 && !q->m.cpu.s.halted)
			(void)cpu_run(&q->m.cpu, 1); /* its handler is HLT */
		if (q->m.cpu.s.cpl == 0)
			return machine_vector(&q->m);
		if (q->m.cpu.s.eip != eip)
			return NO_TRAP;
	}
	return NO_TRAP;
}

void seq_run(struct seq *q, struct outcome *o)
{
	(void)cpu_run(&q->m.cpu, 400000);
	seq_outcome(q, o);
}

void seq_run_stepwise(struct seq *q, struct outcome *o)
{
	for (unsigned i = 0; i <= SEQ_MOST && seq_step(q) == NO_TRAP; i++)
		;
	seq_outcome(q, o);
}

static bool has_error_code(uint32_t v)
{
	return v == V_DF || (v >= V_TS && v <= V_PF) || v == V_AC;
}

/* What the kernel tells a tracer does not tell these apart. */
static unsigned as_told(uint32_t vector)
{
	switch (vector) {
	case V_BR:
	case V_OF: return V_GP;
	case V_NP: return V_SS;
	case V_XM: return V_MF;
	}
	return vector;
}

void seq_outcome(const struct seq *q, struct outcome *o)
{
	struct machine *m = (struct machine *)(uintptr_t)&q->m;
	const struct cpu_state *s = &m->cpu.s;
	uint32_t vector = machine_vector(m);

	memset(o, 0, sizeof(*o));
	memcpy(o->r, s->r, sizeof(o->r));
	o->eip = s->eip;
	o->eflags = cpu_eflags(&m->cpu);
	fxsave(&s->fpu, o->fx);
	for (unsigned i = 0; i < NR_SEGS; i++)
		o->sel[i] = s->seg[i].sel;
	o->sel[CS] = S_CODE3;
	o->vector = as_told(vector);
	if (vector != NO_TRAP) {
		uint32_t frame = s->r[ESP] - SYS + (has_error_code(vector) ? 4 : 0);

		o->eip = get32(m, frame);
		o->eflags = get32(m, frame + 8);
		o->r[ESP] = get32(m, frame + 12);
		o->sel[CS] = (uint16_t)get32(m, frame + 4);
		o->sel[SS] = (uint16_t)get32(m, frame + 16);
		o->cr2 = vector == V_PF ? s->cr2 : 0;
		o->error = has_error_code(vector) ? get32(m, frame - 4) : 0;
	}
}

/* --- making --------------------------------------------------------------------------------------- */

/*
 * Forget what the last instruction did: go through the others again.  False: they do something else now,
 * because one of them had read code that was not written yet.
 */
static bool replay(struct seq *q)
{
	seq_rewind(q);
	for (unsigned i = 0; i < q->n; i++)
		if (q->m.cpu.s.eip != q->eip[i] || seq_step(q) != NO_TRAP)
			return false;
	return true;
}

static bool in_code(uint32_t eip)
{
	return eip >= CODE && eip < CODE + CODE_MOST;
}

enum grow { GROW_MORE, GROW_LAST, GROW_FAIL };

/* Add one instruction. */
static enum grow grow(struct seq *q, uint32_t *frontier)
{
	struct cpu_state before = q->m.cpu.s;
	struct gen_insn *in = &q->in[q->n];
	uint32_t vector;

	gen_next(&q->gen, &before, in);
	write_code(q, before.eip, in->code, in->len);
	vector = seq_step(q);
	if (vector != NO_TRAP && rng_percent(&q->gen.rng, 75)) {
		gen_drop(&q->gen);
		return replay(q) ? GROW_MORE : GROW_FAIL;
	}
	if (vector == NO_TRAP &&
	    (!in_code(q->m.cpu.s.eip) || q->m.cpu.s.eip < before.eip + in->len)) {
		gen_drop(&q->gen);
		return replay(q) ? GROW_MORE : GROW_FAIL;
	}
	q->eip[q->n++] = before.eip;
	q->executed[in->row]++;
	*frontier = before.eip + in->len;
	if (vector != NO_TRAP) {
		q->faults_kept++;
		return GROW_LAST;
	}
	gen_retired(&q->gen, in);
	*frontier = q->m.cpu.s.eip > *frontier ? q->m.cpu.s.eip : *frontier;
	return in->what & (GEN_APPROX | GEN_ENV) ? GROW_LAST : GROW_MORE;
}

static bool make(struct seq *q, uint64_t seed)
{
	enum grow more = GROW_MORE;
	uint8_t fill[1024];
	uint32_t frontier;
	unsigned most, tries = 0;

	gen_start(&q->gen, seed);
	make_start(q);
	most = 2 + rng_below(&q->gen.rng, SEQ_MOST - 1);
	memset(fill, 0xcc, sizeof(fill)); /* more is never used */
	write_code(q, CODE, fill, sizeof(fill));
	seq_rewind(q);
	q->n = 0;
	frontier = q->init.eip;
	while (more == GROW_MORE && q->n < most && tries++ < 200 && frontier < CODE + 900)
		more = grow(q, &frontier);
	if (more == GROW_FAIL || !q->n)
		return false;
	if (q->m.cpu.s.cpl) { /* no trap yet: INT3 is the end */
		q->eip[q->n] = q->m.cpu.s.eip;
		write_code(q, q->eip[q->n], "\xcc", 1);
		(void)seq_step(q);
	} else {
		q->eip[q->n] = frontier;
	}
	q->code_end = frontier + 32;
	q->undefined = q->gen.undefined;
	memcpy(q->init_mem, q->m.mem.ram + PA_CODE, q->code_end - CODE);
	/* Once more, now that all of it is there. */
	seq_rewind(q);
	for (unsigned i = 0; i < q->n; i++)
		if (q->m.cpu.s.eip != q->eip[i] || (seq_step(q) != NO_TRAP && i + 1 < q->n))
			return false;
	if (q->m.cpu.s.cpl && (q->m.cpu.s.eip != q->eip[q->n] || seq_step(q) != V_BP))
		return false;
	return true;
}

void seq_make(struct seq *q, uint64_t seed, struct outcome *o)
{
	/* Seldom more than once. */
	while (!make(q, seed))
		seed = seed * 0x9e3779b97f4a7c15u + 1;
	seq_outcome(q, o);
}

void seq_nop(struct seq *q, unsigned i)
{
	uint8_t nops[sizeof(q->in[i].code)];

	memset(nops, 0x90, sizeof(nops));
	write_code(q, q->eip[i], nops, q->in[i].len);
}

void seq_stop_before(struct seq *q, unsigned i)
{
	write_code(q, q->eip[i], "\xcc", 1);
}

void seq_restore(struct seq *q, unsigned i)
{
	write_code(q, q->eip[i], q->in[i].code, q->in[i].len);
}

bool seq_flags(struct seq *q, unsigned n, uint32_t skipped, uint32_t *undefined)
{
	struct gen g = {.undefined = 0};

	for (unsigned i = 0; i < n; i++) {
		if (skipped >> i & 1)
			continue;
		if (gen_reads(q->in[i].row) & g.undefined)
			return false;
		gen_retired(&g, &q->in[i]);
	}
	*undefined = g.undefined;
	return true;
}

void seq_print(const struct seq *q, unsigned n, uint32_t skipped)
{
	char text[80];

	for (unsigned i = 0; i < n; i++) {
		if (skipped >> i & 1)
			continue;
		(void)disasm(q->in[i].code, q->in[i].len, true, q->eip[i], text, sizeof(text));
		printf("    %08x ", q->eip[i]);
		for (unsigned k = 0; k < q->in[i].len; k++)
			printf(" %02x", q->in[i].code[k]);
		printf("%*s %s\n", (int)(q->in[i].len < 11 ? 33 - 3 * q->in[i].len : 0), "", text);
	}
}
