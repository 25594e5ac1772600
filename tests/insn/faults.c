/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:978
 * insn-faults: an instruction that faults has not happened.  Each row of the opcode map is executed,
 * with operands in memory, on the stack, in strings, and lying across page borders; each page it
 * touched is then taken away in turn (or made read-only, if it was written), and the instruction runs
 * again.  There must be a page fault at that page, and every register, flag and byte of memory must
 * be what it was before.  The same is done with the page the instruction itself ends in.
 *
 * Exceptions are what silicon does.  A repeated string instruction keeps what it has done: so
 * its state must be that after exactly as many iterations as were counted.  POPA loads registers as
 * it goes.  ENTER, PUSHA and far CALL have pushed what they have pushed, though no register says so; MASKMOVQ has made the
 * x87's registers MMX's (docs/undocumented.md).
 *
 * The encodings are not taken from the rows but found by trying: prefixes, opcode, ModRM, and the
 * decoder says which row that is.  Rows that no try executed are listed, and must be expected.
:*/
#include <stdbool.h>

#include "machine.h"
#include "prove/rows.h"

#define BUDGET                                                                                     \
	64 /* instructions: enough for any here; what is left is spent on jumping to itself */

static struct machine m;
static uint8_t before_ram[RAM_BYTES]; /* as the test begins */
static struct cpu_state before;
static unsigned failures, runs, instances;
static bool verbose;

/* Per row: was it executed, and did it fault on a page? */
static uint64_t executed[ROW_LIMIT];
static bool faulted[ROW_LIMIT];

struct instance {
	uint8_t code[16];
	unsigned len;
	struct insn in;
	unsigned cpl;
	unsigned place; /* where operands lie, index into place[] */
};

/* From a page border: in the middle of the first page, across the border, in two parts. */
static const int place[] = {-0x800, -1, -4, -16, 2};

static void complain(const struct instance *t, const char *what, uint32_t page, uint32_t got,
		     uint32_t want)
{
	failures++;
	printf("%s:", opmap[t->in.row].mnemonic);
	for (unsigned i = 0; i < t->len; i++)
		printf(" %02x", t->code[i]);
	printf(" (ring %u, operands at %d, page %08x): %s is %08x, not %08x\n", t->cpl,
	       place[t->place], page, what, got, want);
}

static bool is(const struct instance *t, const char *mnemonic)
{
	return !strcmp(opmap[t->in.row].mnemonic, mnemonic);
}

static bool has_operand(const struct instance *t, enum operand o)
{
	for (unsigned i = 0; i < 3; i++)
		if (opmap[t->in.row].operand[i] == o)
			return true;
	return false;
}

/* --- making instances ---------------------------------------------------------------------------- */

static void put_le(uint8_t *p, uint32_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* What stands behind opcode and ModRM, so that the instruction has something to do. */
static void fill_immediate(struct instance *t)
{
	if (has_operand(t, OPR_Ap)) {
		put_le(t->code + t->len - 2, S_CODE3, 2);
		put_le(t->code + t->len - 2 - t->in.opsize, CODE + 0x900, t->in.opsize);
	} else if (has_operand(t, OPR_Ob) || has_operand(t, OPR_Ov)) {
		put_le(t->code + t->len - 4, DATA + PAGE_SIZE + (uint32_t)place[t->place], 4);
	} else if (has_operand(t, OPR_Ib2)) { /* ENTER 16, 2 */
		put_le(t->code + t->len - 3, 0x020010, 3);
	}
}

/* In memory at the operand's address. */
static void fill_operand(const struct instance *t)
{
	const uint32_t at = PA_DATA + PAGE_SIZE + (uint32_t)place[t->place];
	uint8_t *p = m.mem.ram + at;

	if (has_operand(t, OPR_Mp)) {
		bool jump = is(t, "JMPF") || is(t, "CALLF");

		put_le(p, CODE + 0x900, t->in.opsize);
		put_le(p + t->in.opsize, jump ? S_CODE3 : S_DATA3, 2);
	} else if (has_operand(t, OPR_Sw)) {
		put_le(p, S_DATA3, 2);
	} else if (is(t, "LLDT")) {
		put_le(p, S_LDT, 2);
	} else if (is(t, "LTR")) {
		put_le(p, S_TSS2, 2);
	} else if (is(t, "LDMXCSR")) {
		put_le(p, 0x1f80, 4);
	} else if (is(t, "FXRSTOR") && place[t->place] % 16 == 0) {
		put_le(p + 24, 0x1f80, 4);
	} else if (is(t, "BOUND")) {
		put_le(p, 0, t->in.opsize);
		put_le(p + t->in.opsize, 0x7fff, t->in.opsize);
	}
}

/* On the stack: a place to return to, flags, a selector. */
static void fill_stack(const struct instance *t)
{
	uint8_t *p = m.mem.ram + PA_STACK + PAGE_SIZE + (place[t->place] & ~1);
	const unsigned n = t->in.opsize;

	if (is(t, "POP") && !t->in.has_modrm && !has_operand(t, OPR_Zv)) {
		put_le(p, S_DATA3, 2);
	} else if (!strncmp(opmap[t->in.row].mnemonic, "POPF", 4)) {
		put_le(p, 0x3202, n);
	} else {
		put_le(p, CODE + 0x900, n);
		put_le(p + n, S_CODE3, n);
		put_le(p + 2 * n, 0x3202, n);
	}
}

static void set_registers(const struct instance *t)
{
	static const uint64_t one = 1ull << 63;
	struct cpu_state *s = &m.cpu.s;
	const uint32_t off = PAGE_SIZE + (uint32_t)place[t->place];

	s->r[EAX] = 0x123;
	s->r[ECX] = 6;
	s->r[EDX] = 5;
	s->r[EBX] = DATA + off - 0x10;
	s->r[ESI] = SRC + off;
	s->r[EDI] = DST + off;
	s->r[EBP] = FRAME + (off & ~1u);
	if (t->cpl)
		s->r[ESP] = STACK + (off & ~1u);
	for (unsigned i = 0; i < 4; i++)
		s->fpu.reg[i] = (struct f80){one | i << 8, (uint16_t)(0x3fff + i)};
	s->fpu.empty = 0xf0;
	s->sysenter_cs = S_CODE0;
	s->sysenter_eip = SYS + PA_HANDLERS;
	if (is(t, "RDMSR") || is(t, "WRMSR"))
		s->r[ECX] = 0x174;
	else if (is(t, "RDPMC"))
		s->r[ECX] = 0;
	else if (has_operand(t, OPR_Cd) && opmap[t->in.row].operand[0] == OPR_Cd)
		s->r[EAX] = (t->in.modrm >> 3 & 7) == 0	  ? s->cr0
			    : (t->in.modrm >> 3 & 7) == 3 ? s->cr3
			    : (t->in.modrm >> 3 & 7) == 4 ? s->cr4
							  : 0;
	else if (has_operand(t, OPR_Dd))
		s->r[EAX] = 0;
}

/* Everything as the test wants it; `code_at` is where the instruction begins. */
static void prepare(struct instance *t, uint32_t code_at)
{
	uint8_t *code = m.mem.ram + PA_CODE;

	memset(m.mem.ram + PA_CODE, 0x90, 2 * PAGE_SIZE);
	memset(m.mem.ram + PA_DATA, 0x33, PA_TABLES - PA_DATA);
	fill_immediate(t);
	fill_operand(t);
	fill_stack(t);
	memcpy(code + (code_at - CODE), t->code, t->len);
	memcpy(code + (code_at - CODE) + t->len, "\xeb\xfe", 2); /* jmp to itself */
	for (unsigned i = 0; i < NR_PAGES; i++)
		put32(&m, m.page[i].pte_pa, m.page[i].pa | 7);
	mem_unpin(&m.mem, PA_CODE, PA_TABLES - PA_CODE);
	machine_enter(&m, t->cpl);
	set_registers(t);
	m.cpu.s.eip = code_at;
	cpu_state_changed(&m.cpu);
	memcpy(before_ram, m.mem.ram, RAM_BYTES);
	before = m.cpu.s;
}

/* Back to the start; caches stay as they are.  Whoever changes an entry invalidates it. */
static void again(void)
{
	/* Code never changes here, so what was decoded of it may stay. */
	memcpy(m.mem.ram, before_ram, PA_CODE);
	memcpy(m.mem.ram + PA_DATA, before_ram + PA_DATA, RAM_BYTES - PA_DATA);
	m.cpu.s = before;
	m.cpu.trap.pending = false;
	m.cpu.restart_single = false;
	cpu_state_changed(&m.cpu);
}

static uint64_t run(void)
{
	const uint64_t was = m.cpu.s.insns[before.cpl];

	runs++;
	(void)cpu_run(&m.cpu, BUDGET);
	return m.cpu.s.insns[before.cpl] - was;
}

/* --- judging --------------------------------------------------------------------------------------- */

/* The state at the fault: registers from the CPU, the rest from the frame.  Returns the error code. */
static uint32_t unwind(struct cpu_state *s)
{
	const uint32_t frame = m.cpu.s.r[ESP] - SYS;

	*s = m.cpu.s;
	s->eip = get32(&m, frame + 4);
	s->seg[CS] = before.seg[CS];
	s->seg[CS].sel = (uint16_t)get32(&m, frame + 8);
	s->eflags = get32(&m, frame + 12) & ~(uint32_t)(FL_ARITH | FL_RF);
	flags_set(&s->fl, get32(&m, frame + 12));
	s->r[ESP] += 16;
	if (before.cpl) {
		s->r[ESP] = get32(&m, frame + 16);
		s->seg[SS] = before.seg[SS];
		s->seg[SS].sel = (uint16_t)get32(&m, frame + 20);
	}
	s->cpl = before.cpl;
	return get32(&m, frame);
}

static bool same_seg(const struct seg *a, const struct seg *b)
{
	return a->sel == b->sel && a->attr == b->attr && a->base == b->base && a->limit == b->limit;
}

static bool same_fpu(const struct fpu *a, const struct fpu *b)
{
	for (unsigned i = 0; i < 8; i++)
		if (a->reg[i].mant != b->reg[i].mant || a->reg[i].se != b->reg[i].se ||
		    a->xmm[i][0] != b->xmm[i][0] || a->xmm[i][1] != b->xmm[i][1])
			return false;
	return a->fcw == b->fcw && a->fsw == b->fsw && a->empty == b->empty &&
	       a->mxcsr == b->mxcsr && a->fop == b->fop && a->fcs == b->fcs && a->fds == b->fds &&
	       a->fip == b->fip && a->fdp == b->fdp;
}

/* The program's state, apart from counts, CR2 and the general registers. */
static const char *difference(const struct cpu_state *a, const struct cpu_state *b)
{
	static const char *const name[NR_SEGS] = {"ES", "CS", "SS", "DS", "FS", "GS"};

	if (a->eip != b->eip)
		return "EIP";
	if (flags_get(&a->fl) != flags_get(&b->fl))
		return "an arithmetic flag";
	if (a->eflags != b->eflags)
		return "EFLAGS";
	for (unsigned i = 0; i < NR_SEGS; i++)
		if (!same_seg(&a->seg[i], &b->seg[i]))
			return name[i];
	if (!same_seg(&a->ldtr, &b->ldtr))
		return "LDTR";
	if (!same_seg(&a->tr, &b->tr))
		return "TR";
	if (a->gdtr.base != b->gdtr.base || a->gdtr.limit != b->gdtr.limit)
		return "GDTR";
	if (a->idtr.base != b->idtr.base || a->idtr.limit != b->idtr.limit)
		return "IDTR";
	if (a->cr0 != b->cr0 || a->cr3 != b->cr3 || a->cr4 != b->cr4)
		return "a control register";
	return same_fpu(&a->fpu, &b->fpu) ? NULL : "the x87";
}

/* Bytes that were pushed before the push that faulted. */
static unsigned pushed_before(const struct instance *t)
{
	if (!strncmp(opmap[t->in.row].mnemonic, "PUSHA", 5))
		return 7u * t->in.opsize;
	if (is(t, "ENTER"))
		return 3u * t->in.opsize;
	return is(t, "CALLF") ? t->in.opsize : 0;
}

/* Memory that a program can see: all but the ring-0 stack and the bits A and D. */
static bool same_memory(const struct instance *t, const uint8_t *want, uint32_t *at)
{
	const uint32_t top = before.r[ESP] - STACK + PA_STACK;

	for (uint32_t page = PA_GDT; page < PA_TABLES; page += PAGE_SIZE) {
		if (page == PA_STACK0 || !memcmp(m.mem.ram + page, want + page, PAGE_SIZE))
			continue;
		for (*at = page; *at < page + PAGE_SIZE; ++*at)
			if (m.mem.ram[*at] != want[*at] &&
			    !(*at < top && top - *at <= pushed_before(t)))
				return false;
	}
	return true;
}

static void judge(const struct instance *t, uint32_t page, bool present,
		  const struct cpu_state *want, const uint8_t *want_ram,
		  const struct cpu_state *after)
{
	uint32_t vector = machine_vector(&m), error, at;
	struct cpu_state got;
	const char *diff;

	if (vector != V_PF) {
		complain(t, "the vector", page, vector, V_PF);
		return;
	}
	error = unwind(&got);
	faulted[t->in.row] = true;
	if ((m.cpu.s.cr2 & PAGE_MASK) != page)
		complain(t, "CR2", page, m.cpu.s.cr2, page);
	if ((error & ~(uint32_t)PF_WRITE) !=
		    ((present ? PF_PRESENT : 0) | (t->cpl ? PF_USER : 0)) ||
	    (present && !(error & PF_WRITE)))
		complain(t, "the error code", page, error, (present ? 3 : 0) | (t->cpl ? 4 : 0));
	for (unsigned i = 0; i < 8; i++)
		if (got.r[i] != want->r[i] &&
		    !(i != ESP && !strncmp(opmap[t->in.row].mnemonic, "POPA", 4) &&
		      got.r[i] == after->r[i]))
			complain(t, "a register", page, got.r[i], want->r[i]);
	diff = difference(&got, want);
	if (diff)
		complain(t, diff, page, 1, 0);
	if (!same_memory(t, want_ram, &at))
		complain(t, "memory", page, m.mem.ram[at], want_ram[at]);
}

/*
 * What a repeated instruction must have done when it had counted k iterations: let it do so many,
 * with all pages there.
 */
static void after_iterations(uint64_t k, struct cpu_state *s, uint8_t *ram)
{
	again();
	if (k)
		(void)cpu_run(&m.cpu, k);
	*s = m.cpu.s;
	memcpy(ram, m.mem.ram, RAM_BYTES);
}

static bool repeats(const struct instance *t)
{
	return t->in.rep && opmap[t->in.row].attr & A_STRING;
}

static void try_page(struct instance *t, const struct page *p, unsigned flags, bool warm,
		     const struct cpu_state *after)
{
	static uint8_t want_ram[RAM_BYTES];
	static uint8_t got_ram[RAM_BYTES];
	struct cpu_state want = before, got;
	uint64_t retired;

	again();
	if (!warm)
		cpu_drop_caches(&m.cpu);
	put32(&m, p->pte_pa, p->pa | flags);
	tlb_flush_page(m.cpu.tlb, p->lin);
	retired = run();
	memcpy(want_ram, before_ram, RAM_BYTES);
	if (is(t, "MASKMOVQ"))
		want.fpu.empty = 0;
	if (repeats(t) && retired && machine_vector(&m) == V_PF) {
		got = m.cpu.s;
		memcpy(got_ram, m.mem.ram, RAM_BYTES);
		after_iterations(retired, &want, want_ram);
		want.eflags &= ~(uint32_t)FL_RF;
		m.cpu.s = got;
		memcpy(m.mem.ram, got_ram, RAM_BYTES);
	}
	judge(t, p->lin, flags & PTE_P, &want, want_ram, after);
	put32(&m, p->pte_pa, p->pa | 7);
	tlb_flush_page(m.cpu.tlb, p->lin);
}

/* The instruction's last byte on a page that is not there. */
static void try_fetch(struct instance *t)
{
	struct cpu_state got;
	uint32_t error;

	if (t->len < 2)
		return;
	prepare(t, CODE + PAGE_SIZE - t->len + 1);
	put32(&m, m.page[1].pte_pa, 0);
	(void)run();
	if (machine_vector(&m) != V_PF) {
		complain(t, "the vector of a torn fetch", CODE + PAGE_SIZE, machine_vector(&m),
			 V_PF);
		return;
	}
	error = unwind(&got);
	if (m.cpu.s.cr2 != CODE + PAGE_SIZE || error != (t->cpl ? PF_USER : 0))
		complain(t, "CR2 (or the error code) of a torn fetch", CODE + PAGE_SIZE,
			 m.cpu.s.cr2, CODE + PAGE_SIZE);
	if (difference(&got, &before) || memcmp(got.r, before.r, sizeof(got.r)))
		complain(t, "a register, after a torn fetch,", CODE + PAGE_SIZE, 1, 0);
}

/* True if a program in this ring may execute it (or it is meant to trap). */
static bool runs_at_all(struct instance *t, unsigned cpl, unsigned *touched, unsigned *written,
			struct cpu_state *after)
{
	uint64_t retired;
	uint32_t vector;

	t->cpl = cpl;
	prepare(t, CODE);
	retired = run();
	vector = machine_vector(&m);
	*after = m.cpu.s;
	*touched = *written = 0;
	for (unsigned i = 2; i < NR_PAGES; i++) {
		uint32_t pte = get32(&m, m.page[i].pte_pa);

		*touched |= (pte & PTE_A ? 1u : 0) << i;
		*written |= (pte & PTE_D ? 1u : 0) << i;
	}
	/* A HLT of the program's own is no handler's. */
	if (is(t, "HLT"))
		return retired == 1 && m.cpu.s.eip == CODE + t->len;
	if (vector == V_UD && !strncmp(opmap[t->in.row].mnemonic, "UD", 2))
		return true;
	if (!strncmp(opmap[t->in.row].mnemonic, "INT", 3))
		return vector == 0x41 || vector == V_BP || vector == V_DB || vector == NO_TRAP;
	return retired >= (cpl ? 1u : vector == NO_TRAP ? 1u : 2u);
}

/* Instructions with a memory operand that they do not access. */
static bool never_touches(const struct instance *t)
{
	const char *mn = opmap[t->in.row].mnemonic;

	return is(t, "LEA") || is(t, "INVLPG") || !strncmp(mn, "NOP", 3) ||
	       !strncmp(mn, "PREFETCH", 8) || !strncmp(mn, "UD", 2) || is(t, "CLFLUSH") ||
	       is(t, "HINT");
}

static void test_instance(struct instance *t)
{
	unsigned touched, written;
	struct cpu_state after;

	instances++;
	if (verbose) {
		printf("%s %u:", opmap[t->in.row].mnemonic, t->place);
		for (unsigned i = 0; i < t->len; i++)
			printf(" %02x", t->code[i]);
		printf("\n");
		fflush(stdout);
	}
	if (!runs_at_all(t, 3, &touched, &written, &after) &&
	    !runs_at_all(t, 0, &touched, &written, &after))
		return;
	executed[t->in.row] = true;
	if (insn_is_mem(&t->in) && !touched && !never_touches(t))
		complain(t, "pages touched", 0, touched, 1);
	for (unsigned i = 2; i < NR_PAGES; i++)
		for (unsigned warm = 0; warm < 2; warm++) {
			if (touched >> i & 1)
				try_page(t, &m.page[i], 0, warm, &after);
			if (written >> i & 1)
				try_page(t, &m.page[i], PTE_P | PTE_US, warm, &after);
		}
	if (t->place == 0)
		try_fetch(t);
}

/* --- finding instances ----------------------------------------------------------------------------- */

/* One instance of each way a row can look is enough; of x87 and system registers we want all. */
static bool is_new(const struct insn *in)
{
	static uint8_t seen[ROW_LIMIT][64];
	const struct opmap_row *row = &opmap[in->row];
	const unsigned way = (in->opsize == 2 ? 1 : 0) | (in->rep == REP_E ? 2 : 0) |
			     (in->rep == REP_NE ? 4 : 0) | (in->lock ? 8 : 0) |
			     (insn_is_mem(in) ? 16 : 0) | (in->seg_override ? 32 : 0);

	if (row->attr & A_ESC || row->operand[0] == OPR_Sw || row->operand[0] == OPR_Cd ||
	    row->operand[0] == OPR_Dd || row->operand[1] == OPR_Sw)
		return !in->rep && in->opsize == 4 && !in->seg_override;
	if (seen[in->row][way])
		return false;
	seen[in->row][way] = 1;
	return true;
}

static void try_bytes(const uint8_t *head, unsigned n, unsigned modrm)
{
	struct instance t = {.len = 0};
	int len;

	memcpy(t.code, head, n);
	t.code[n] = (uint8_t)modrm;
	/* [EBX + 0x10], or an immediate of 0x41; then zeros. */
	t.code[n + 1] = 0x10;
	len = insn_decode(t.code, 15, true, &t.in);
	/* Where mod does not matter, "memory" would only name a register with an address in it. */
	if (len <= 0 || (opmap[t.in.row].attr & A_REGONLY && modrm < 0xc0))
		return;
	if (!t.in.has_modrm || (t.in.modrm >= 0xc0 && len > (int)n + 1)) {
		memset(t.code + n + t.in.has_modrm, 0, 15 - n - t.in.has_modrm);
		t.code[n + t.in.has_modrm] = 0x41;
	} else if (len > (int)n + 2) {
		t.code[n + 2] = 0x41;
	}
	len = insn_decode(t.code, 15, true, &t.in);
	if (len <= 0 || !is_new(&t.in))
		return;
	t.len = (unsigned)len;
	for (t.place = 0; t.place < ARRAY_LEN(place); t.place++)
		test_instance(&t);
}

static void try_opcode(const uint8_t *prefix, unsigned n, bool escape, unsigned opcode)
{
	static const uint8_t regs[8] = {2, 1, 0, 3, 5, 6, 7, 4};
	uint8_t head[8];

	memcpy(head, prefix, n);
	if (escape)
		head[n++] = 0x0f;
	head[n++] = (uint8_t)opcode;
	for (unsigned i = 0; i < 8; i++) {
		try_bytes(head, n, 0x43u | (unsigned)regs[i] << 3); /* [EBX+disp8] */
		try_bytes(head, n, 0xc0u | (unsigned)regs[i] << 3); /* EAX, or x87 ST(0) */
	}
}

static bool is_prefix(unsigned opcode)
{
	return (opcode & 0xe7) == 0x26 || (opcode >= 0x64 && opcode <= 0x67) || opcode == 0xf0 ||
	       opcode == 0xf2 || opcode == 0xf3 || opcode == 0x0f;
}

/* Rows that nothing can execute here, and why. */
static const char *excuse(const struct opmap_row *row)
{
	if (!strcmp(row->mnemonic, "RSM"))
		return "there is no system management mode";
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct {
		uint8_t byte[2];
		unsigned n;
	} prefix[] = {{{0}, 0},
		      {{0x66}, 1},
		      {{0xf3}, 1},
		      {{0xf2}, 1},
		      {{0xf0}, 1},
		      {{0xf3, 0x66}, 2},
		      /* FS is as flat as DS, but the quick handlers do not know it. */
		      {{0x64}, 1}};
	const char *file = argc == 3 && !strcmp(argv[1], "--rows") ? argv[2] : NULL;
	unsigned rows = 0, done = 0, torn = 0, missing = 0;

	verbose = argc > 1 && !strcmp(argv[1], "-v");
	machine_make(&m);
	/* All there is to execute, not only what the default model offers. */
	m.cpu.model.edx1 = ~0u;
	for (unsigned p = 0; p < ARRAY_LEN(prefix); p++)
		for (unsigned op = 0; op < 512; op++)
			if (op >= 256 || !is_prefix(op))
				try_opcode(prefix[p].byte, prefix[p].n, op >= 256, op & 255);
	for (unsigned r = 0; r < ROW_LIMIT; r++) {
		const struct opmap_row *row = &opmap[r];

		if (!row->mnemonic)
			continue;
		rows++;
		done += executed[r] != 0;
		torn += faulted[r];
		if (executed[r])
			continue;
		printf("not executed: map %u opcode %02x /%d %s%s%s\n", row->map, row->opcode,
		       row->ext, row->mnemonic, excuse(row) ? ": " : "",
		       excuse(row) ? excuse(row) : "");
		missing += !excuse(row);
	}
	printf("%u of %u rows executed, %u of them faulted on a page; %u instances, %u runs, "
	       "%u failures\n",
	       done, rows, torn, instances, runs, failures);
	machine_free(&m);
	if (file && rows_add(file, executed)) {
		fprintf(stderr, "insn-faults: cannot write %s\n", file);
		return 2;
	}
	return failures || missing ? 1 : 0;
}
