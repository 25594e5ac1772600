/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:951
 * lgemu-vectors: run the single-instruction tests that were captured on silicon, each in a small
 * ring-3 machine built for it, and compare everything the record says: registers, flags, segment
 * registers, the exact bytes of memory that changed, the trap with its error code and CR2.
 *
 * The machine is honest: an exception goes through an IDT to ring 0, where HLT ends the test, and
 * what is compared is the frame the CPU pushed.
:*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cpu/cpu.h"
#include "cpu/f80_int.h"
#include "cpu/fpu.h"
#include "cpu/insn.h"
#include "prove/rows.h"
#include "prove/rungs.h"

/* The records: data/README says what they mean.  Little-endian on disk. */
enum { F_FPU = 1, F_REP = 2, F_MOVSS = 4, F_PUSHF = 8, F_APPROX = 16, F_SEG = 32, F_CODE16 = 64 };

#define WINDOW	     0x10000000u
#define WINDOW_BYTES 0x10000u
#define RO_PAGE	     0x10010000u
#define CODE	     0x28000000u
#define CODE_OFF     0x800u
#define TRAP_NONE    0xffffffffu

struct fsave {
	uint8_t b[108];
};

struct tin {
	le32_t id;
	uint8_t len, flags, fl2, pad, code[16];
	le32_t r[8], eip, eflags;
	le16_t sel[6];
	le32_t fmask;
	le16_t fswmask, rsv;
	struct fsave fsave;
};

struct tout {
	le32_t trap, err, cr2, r[8], eip, eflags;
	le16_t sel[6];
	struct fsave fsave;
	le16_t nmem, steps;
};

struct change {
	le32_t addr;
	uint8_t val;
};

_Static_assert(sizeof(struct tin) == 192, "record size");
_Static_assert(sizeof(struct tout) == 176, "record size");

static uint8_t pat(uint32_t a)
{
	a *= 2654435761u;
	a ^= a >> 15;
	a *= 0x85ebca6bu;
	return (uint8_t)((a >> 13) ^ (a >> 24));
}

/* Machine-physical layout of the test machine. */
enum {
	PA_DIR = 0x1000,
	PA_TABLES = 0x2000,
	PA_GDT = 0x8000,
	PA_IDT = 0x9000,
	PA_TSS = 0xa000,
	PA_LDT = 0xb000,
	PA_STACK = 0xc000,
	PA_HANDLERS = 0xd000,
	PA_CODE = 0x10000,
	PA_WINDOW = 0x20000,
	RAM_BYTES = 0x40000,
};
/* Ring 0 lives where no test reaches. */
#define SYS_BASE 0xfffe0000u

struct ldt_entry {
	uint32_t base, limit;
	uint8_t type, big, np, pg;
};

static const struct ldt_entry ldt[14] = {
	{WINDOW + 0x8000, 0x3fff, 0, 1, 0, 0},
	{WINDOW + 0x8000, 0x3fff, 1, 1, 0, 0},
	{WINDOW + 0x4000, 0x0fff, 2, 1, 0, 0},
	{WINDOW, 0x0fff, 2, 0, 0, 0},
	{WINDOW, 0xffff, 0, 0, 0, 0},
	{WINDOW, 0x000f, 0, 1, 0, 1},
	{WINDOW + 0x2000, 0x0fff, 3, 1, 0, 0},
	{WINDOW + 0x2000, 0x0fff, 4, 1, 0, 0},
	{WINDOW + 0x2000, 0x0fff, 5, 1, 1, 0},
	{WINDOW + 0x2000, 0x0fff, 0, 1, 1, 0},
	{WINDOW + 0x2001, 0x0ffe, 0, 1, 0, 0},
	{CODE, 0xffff, 3, 0, 0, 0},
	{0, 0xfffff, 0, 1, 0, 1},
	{0, 0xfffff, 3, 1, 0, 1},
};
/* Descriptor types (accessed) of the six kinds above. */
static const uint8_t ldt_type[6] = {3, 1, 7, 11, 9, 15};

static void put32(struct mem *mem, uint32_t pa, uint32_t v)
{
	le32_t w = le32(v);

	if (!mem_write(mem, pa, &w, 4))
		abort();
}

static void put_desc(struct mem *mem, uint32_t pa, uint32_t base, uint32_t limit, unsigned type,
		     unsigned dpl, unsigned flags)
{
	put32(mem, pa, (limit & 0xffff) | base << 16);
	put32(mem, pa + 4,
	      (base >> 16 & 0xff) | type << 8 | dpl << 13 | (limit & 0xf0000) | flags << 20 |
		      (base & 0xff000000));
}

static void map(struct mem *mem, uint32_t lin, uint32_t pa, unsigned flags)
{
	le32_t pde;
	static uint32_t next_table = PA_TABLES;

	if (!mem_read(mem, PA_DIR + (lin >> 22) * 4, &pde, 4))
		abort();
	if (!le32_get(pde)) {
		put32(mem, PA_DIR + (lin >> 22) * 4, next_table | 7);
		pde = le32(next_table | 7);
		next_table += PAGE_SIZE;
	}
	put32(mem, (le32_get(pde) & PAGE_MASK) + (lin >> 12 & 1023) * 4, pa | flags);
}

static void build(struct mem *mem)
{
	for (uint32_t o = 0; o < WINDOW_BYTES; o += PAGE_SIZE)
		map(mem, WINDOW + o, PA_WINDOW + o, 7);
	map(mem, RO_PAGE, PA_WINDOW + WINDOW_BYTES, 5);
	map(mem, CODE, PA_CODE, 7);
	for (uint32_t pa = PA_GDT; pa < PA_HANDLERS + PAGE_SIZE; pa += PAGE_SIZE)
		map(mem, SYS_BASE + pa, pa, 3);
	put_desc(mem, PA_GDT + 4 * 8, 0, 0xfffff, 0x9b, 3, 0xc);  /* 0x23 user code */
	put_desc(mem, PA_GDT + 5 * 8, 0, 0xfffff, 0x93, 3, 0xc);  /* 0x2b user data */
	put_desc(mem, PA_GDT + 20 * 8, 0, 0xfffff, 0x9b, 0, 0xc); /* ring 0 code */
	put_desc(mem, PA_GDT + 21 * 8, 0, 0xfffff, 0x93, 0, 0xc); /* ring 0 data */
	put32(mem, PA_TSS + 4, SYS_BASE + PA_STACK + 0x1000);
	put32(mem, PA_TSS + 8, 21 * 8);
	put32(mem, PA_TSS + 0x64, 0x680000);
	for (unsigned v = 0; v < 256; v++) {
		uint32_t h = SYS_BASE + PA_HANDLERS + v * 16;
		unsigned dpl = v == V_BP || v == V_OF ? 3 : 0;

		put32(mem, PA_IDT + v * 8, (20 * 8) << 16 | (h & 0xffff));
		put32(mem, PA_IDT + v * 8 + 4, (h & 0xffff0000) | 0x8e00 | dpl << 13);
		if (!mem_write(mem, PA_HANDLERS + v * 16, "\xf4", 1))
			abort();
	}
	for (unsigned i = 0; i < ARRAY_LEN(ldt); i++)
		put_desc(mem, PA_LDT + i * 8, ldt[i].base, ldt[i].limit,
			 ldt_type[ldt[i].type] | 0x10 | (ldt[i].np ? 0 : 0x80), 3,
			 1 /* AVL: Linux calls it useable */ | (ldt[i].pg ? 8 : 0) |
				 (ldt[i].big ? 4 : 0));
}

/* The hidden part of a segment register, from our own tables. */
static void set_seg(struct cpu *cpu, unsigned sr, uint16_t sel)
{
	struct seg *g = &cpu->s.seg[sr];
	uint32_t lo, hi, pa = (sel & 4 ? PA_LDT : PA_GDT) + (sel & 0xfff8u);
	le32_t w[2];

	*g = (struct seg){0};
	if (!(sel & ~3))
		return;
	g->sel = sel;
	if (!mem_read(cpu->mem, pa, w, 8))
		abort();
	lo = le32_get(w[0]);
	hi = le32_get(w[1]);
	g->base = lo >> 16 | (hi & 0xff) << 16 | (hi & 0xff000000);
	g->limit = (lo & 0xffff) | (hi & 0xf0000);
	g->attr = (uint16_t)((hi >> 8 & 0xff) | (hi >> 12 & 0xf00));
	if (g->attr & SEG_G)
		g->limit = g->limit << 12 | 0xfff;
	/* What cannot be loaded, the kernel that captured the tests replaced by null. */
	if (!(g->attr & SEG_P) || (sr != CS && (g->attr & (SEG_CODE | SEG_R)) == SEG_CODE))
		*g = (struct seg){0};
}

static uint64_t get64(const uint8_t *p)
{
	le64_t v;

	memcpy(&v, p, 8);
	return le64_get(v);
}

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8);
}

static void load_fpu(struct fpu *f, const struct fsave *s)
{
	uint32_t tags = get16(s->b + 8);

	fpu_reset(f);
	f->fcw = (uint16_t)get16(s->b);
	f->fsw = (uint16_t)get16(s->b + 4);
	f->empty = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned phys = (i + (f->fsw >> 11)) & 7;
		const uint8_t *p = s->b + 28 + i * 10;

		if ((tags >> phys * 2 & 3) == 3)
			f->empty |= (uint8_t)(1 << phys);
		f->reg[phys].mant = get64(p);
		f->reg[phys].se = (uint16_t)get16(p + 8);
	}
}

struct machine {
	struct mem mem;
	struct cpu cpu;
};

static uint32_t bus_in(void *ctx, uint16_t port, unsigned size)
{
	(void)ctx, (void)port, (void)size;
	return ~0u;
}

static void bus_out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
	(void)ctx, (void)port, (void)size, (void)v;
}

static void bus_deadline(void *ctx)
{
	struct cpu *cpu = &((struct machine *)ctx)->cpu;

	cpu->deadline_ns = UINT64_MAX;
}

static uint8_t bus_ack(void *ctx)
{
	(void)ctx;
	return 0xff;
}

/* EFLAGS.ID was not the test's but the capturing process's: it comes in as it went out, so that
 * only a change of it can fail. */
static void enter_test(struct machine *m, const struct tin *t, const struct tout *o)
{
	struct cpu *cpu = &m->cpu;
	uint8_t page[PAGE_SIZE];

	for (uint32_t o = 0; o < WINDOW_BYTES + PAGE_SIZE; o++)
		m->mem.ram[PA_WINDOW + o] = pat(WINDOW + o);
	mem_unpin(&m->mem, PA_WINDOW, WINDOW_BYTES + PAGE_SIZE);
	memset(page, 0x90, sizeof(page));
	memcpy(page + CODE_OFF, t->code, t->len < 16 ? t->len : 16);
	if (!mem_write(&m->mem, PA_CODE, page, sizeof(page)))
		abort();
	cpu_reset(cpu);
	cpu->deadline_ns = UINT64_MAX;
	cpu->trap.pending = false;
	cpu->s.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_NE | CR0_MP | CR0_ET | CR0_AM;
	cpu->s.cr3 = PA_DIR;
	cpu->s.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
	cpu->s.gdtr = (struct dtable){SYS_BASE + PA_GDT, 24 * 8 - 1};
	cpu->s.idtr = (struct dtable){SYS_BASE + PA_IDT, 256 * 8 - 1};
	cpu->s.tr = (struct seg){22 * 8, 0x8b, SYS_BASE + PA_TSS, 0x67};
	cpu->s.ldtr = (struct seg){23 * 8, 0x82, SYS_BASE + PA_LDT, 14 * 8 - 1};
	for (unsigned i = 0; i < 8; i++)
		cpu->s.r[i] = le32_get(t->r[i]);
	cpu->s.eip = le32_get(t->eip);
	cpu_set_eflags(cpu, le32_get(t->eflags) | (le32_get(o->eflags) & FL_ID));
	for (unsigned i = 0; i < 6; i++)
		set_seg(cpu, i, le16_get(t->sel[i]));
	cpu->s.cpl = 3;
	fpu_reset(&cpu->s.fpu);
	if (t->flags & F_FPU)
		load_fpu(&cpu->s.fpu, &t->fsave);
	cpu_state_changed(cpu);
}

/* Run the instruction (all of a REP); returns the vector, or TRAP_NONE. */
static uint32_t run_test(struct machine *m, const struct tin *t)
{
	struct cpu *cpu = &m->cpu;
	uint32_t start = le32_get(t->eip);

	for (unsigned n = 0; n < 100000; n++) {
		enum cpu_exit e = cpu_run(cpu, 1);

		if (e == CPU_EXIT_SHUTDOWN)
			return 0x100;
		if (cpu->s.cpl == 0)
			return (cpu->s.eip - (SYS_BASE + PA_HANDLERS)) / 16;
		if (!(t->flags & F_REP) || cpu->s.eip - start >= t->len)
			return TRAP_NONE;
	}
	return 0x101;
}

static int complain(const struct tin *t, const char *what, uint32_t got, uint32_t want, bool quiet)
{
	if (!quiet) {
		printf("id %u code", le32_get(t->id));
		for (unsigned i = 0; i < t->len && i < 16; i++)
			printf(" %02x", t->code[i]);
		printf(" flags %02x: %s is %08x, silicon %08x\n", t->flags, what, got, want);
	}
	return 1;
}

static bool has_error_code(uint32_t v)
{
	return v == 8 || (v >= 10 && v <= 14) || v == 17;
}

/* The interrupted state, from the frame on the ring-0 stack. */
static void unwind(struct machine *m, uint32_t trap, uint32_t *err)
{
	struct cpu *cpu = &m->cpu;
	le32_t w[6];
	unsigned i = 0;
	uint32_t pa = cpu->s.r[ESP] - SYS_BASE;

	if (!mem_read(&m->mem, pa, w, sizeof(w)))
		abort();
	*err = has_error_code(trap) ? le32_get(w[i++]) : 0;
	cpu->s.eip = le32_get(w[i++]);
	cpu->s.seg[CS].sel = (uint16_t)le32_get(w[i++]);
	cpu_set_eflags(cpu, le32_get(w[i++]));
	cpu->s.r[ESP] = le32_get(w[i++]);
	if (!mem_read(&m->mem, pa + i * 4, w, 4))
		abort();
	cpu->s.seg[SS].sel = (uint16_t)le32_get(w[0]);
}

static int check_memory(struct machine *m, const struct tin *t, const struct change *c, unsigned n,
			bool quiet)
{
	unsigned k = 0;

	for (uint32_t o = 0; o < WINDOW_BYTES + PAGE_SIZE; o++) {
		uint8_t got = m->mem.ram[PA_WINDOW + o], want = pat(WINDOW + o);

		if (k < n && le32_get(c[k].addr) == WINDOW + o)
			want = c[k++].val;
		if (got != want) {
			char what[32];

			snprintf(what, sizeof(what), "byte %08x", WINDOW + o);
			return complain(t, what, got, want, quiet);
		}
	}
	return 0;
}

static uint16_t fpu_tags(const struct fpu *f)
{
	uint16_t tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		unsigned e = f->reg[i].se & 0x7fff, tag = 0;

		if (f->empty >> i & 1)
			tag = 3;
		else if (!e && !f->reg[i].mant)
			tag = 1;
		else if (!e || e == 0x7fff || !(f->reg[i].mant >> 63))
			tag = 2;
		tags |= (uint16_t)(tag << i * 2);
	}
	return tags;
}

/* 1: wrong; 2: only C1 differs. */
static int check_fpu(const struct fpu *f, const struct tin *t, const struct tout *o, bool quiet)
{
	uint32_t mask = le16_get(t->fswmask), want = get16(o->fsave.b + 4);
	int result = 0;

	if (f->fcw != get16(o->fsave.b))
		return complain(t, "FCW", f->fcw, get16(o->fsave.b), quiet);
	if ((f->fsw ^ want) & mask & ~0x200u)
		return complain(t, "FSW", f->fsw & mask, want & mask, quiet);
	if ((f->fsw ^ want) & mask & 0x200)
		result = 2;
	if (fpu_tags(f) != get16(o->fsave.b + 8))
		return complain(t, "tag word", fpu_tags(f), get16(o->fsave.b + 8), quiet);
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *p = o->fsave.b + 28 + i * 10;
		const struct f80 *r = &f->reg[(i + (f->fsw >> 11)) & 7];
		uint64_t want_m = get64(p), ulp = r->mant - want_m;

		if (r->se == get16(p + 8) && (t->flags & F_APPROX) && (ulp + 1 <= 2))
			continue;
		if (r->se != get16(p + 8) || r->mant != want_m) {
			char what[8];

			snprintf(what, sizeof(what), "ST%u", i);
			return complain(t, what, (uint32_t)r->mant, (uint32_t)want_m, quiet);
		}
	}
	return result;
}

static int check(struct machine *m, const struct tin *t, const struct tout *o,
		 const struct change *c, uint32_t trap, bool quiet)
{
	static const char *const reg[8] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
	static const char *const seg[6] = {"ES", "CS", "SS", "DS", "FS", "GS"};
	struct cpu *cpu = &m->cpu;
	uint32_t err = 0, fmask = le32_get(t->fmask);

	if (trap != le32_get(o->trap))
		return complain(t, "trap", trap, le32_get(o->trap), quiet);
	if (trap != TRAP_NONE) {
		unwind(m, trap, &err);
		if (has_error_code(trap) && err != le32_get(o->err))
			return complain(t, "error code", err, le32_get(o->err), quiet);
		if (trap == V_PF && cpu->s.cr2 != le32_get(o->cr2))
			return complain(t, "CR2", cpu->s.cr2, le32_get(o->cr2), quiet);
		if (trap == V_DE)
			fmask &= ~(uint32_t)FL_ARITH;
	}
	fmask &= ~(uint32_t)(FL_RF | FL_TF);
	for (unsigned i = 0; i < 8; i++)
		if (cpu->s.r[i] != le32_get(o->r[i]))
			return complain(t, reg[i], cpu->s.r[i], le32_get(o->r[i]), quiet);
	if (cpu->s.eip != le32_get(o->eip))
		return complain(t, "EIP", cpu->s.eip, le32_get(o->eip), quiet);
	if ((cpu_eflags(cpu) ^ le32_get(o->eflags)) & fmask)
		return complain(t, "EFLAGS", cpu_eflags(cpu) & fmask, le32_get(o->eflags) & fmask,
				quiet);
	for (unsigned i = 0; i < 6; i++) {
		uint16_t got = cpu->s.seg[i].sel, want = le16_get(o->sel[i]);

		if (got != want && ((got | want) & ~3))
			return complain(t, seg[i], got, want, quiet);
	}
	if (check_memory(m, t, c, le16_get(o->nmem), quiet))
		return 1;
	return t->flags & F_FPU ? check_fpu(&cpu->s.fpu, t, o, quiet) : 0;
}

enum { CLASS_INTEGER, CLASS_SEGMENT, CLASS_CODE16, CLASS_X87, NR_CLASSES };
static const char *const class_name[NR_CLASSES] = {"integer", "segment", "code16", "x87"};

static unsigned class_of(const struct tin *t)
{
	if (t->flags & F_FPU)
		return CLASS_X87;
	if (t->flags & F_CODE16)
		return CLASS_CODE16;
	return t->flags & F_SEG ? CLASS_SEGMENT : CLASS_INTEGER;
}

static _Noreturn void usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: lgemu-vectors [--class LIST] [--quiet] [--rows FILE] IN OUT\n"
		"Run the tests of IN (struct tin records, may be gzipped) and compare with OUT.\n"
		"  --class LIST  only these classes: integer,segment,code16,x87\n"
		"  --quiet       print only the totals\n"
		"  --rows FILE   add the rows of the opcode map that were executed\n"
		"Exit status: 0 all passed, 1 some failed, 2 usage or input error.\n");
	exit(status);
}

/* The row of a test's instruction. */
static unsigned row_of(const struct tin *t)
{
	struct insn in;

	return insn_decode(t->code, 16, !(t->flags & F_CODE16), &in) > 0 ? in.row : ROW_NONE;
}

static unsigned parse_classes(const char *list)
{
	unsigned set = 0;

	while (*list) {
		size_t n = strcspn(list, ","), i;

		for (i = 0; i < NR_CLASSES; i++)
			if (strlen(class_name[i]) == n && !strncmp(list, class_name[i], n))
				break;
		if (i == NR_CLASSES) {
			fprintf(stderr,
				"lgemu-vectors: no class \"%.*s\"; there are integer, "
				"segment, code16 and x87\n",
				(int)n, list);
			exit(2);
		}
		set |= 1u << i;
		list += n + (list[n] == ',');
	}
	return set;
}

static gzFile open_or_die(const char *name)
{
	gzFile f = gzopen(name, "rb");

	if (!f) {
		fprintf(stderr, "lgemu-vectors: cannot read %s\n", name);
		exit(2);
	}
	return f;
}

/* Fill the buffer: 1, nothing left: 0; a torn record ends the program. */
static int read_all(gzFile f, const char *name, void *to, unsigned n)
{
	int got = gzread(f, to, n);

	if (got == 0 && n)
		return 0;
	if (got != (int)n) {
		fprintf(stderr, "lgemu-vectors: %s ends inside a record or is damaged\n", name);
		exit(2);
	}
	return 1;
}

int main(int argc, char **argv)
{
	static struct machine m;
	static struct change changes[65536];
	unsigned classes = ~0u, passed[NR_CLASSES] = {0}, failed[NR_CLASSES] = {0}, c1 = 0;
	unsigned total_passed = 0, total_failed = 0;
	static uint64_t executed[ROW_LIMIT];
	const char *rows = NULL;
	bool quiet = false;
	struct tin t;
	struct tout o;
	gzFile in, out;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--quiet"))
			quiet = true;
		else if (!strcmp(argv[i], "--rows") && i + 1 < argc)
			rows = argv[++i];
		else if (!strcmp(argv[i], "--class") && i + 1 < argc)
			classes = parse_classes(argv[++i]);
		else
			usage(strcmp(argv[i], "--help") ? 2 : 0);
	}
	if (argc - i != 2)
		usage(2);
	in = open_or_die(argv[i]);
	out = open_or_die(argv[i + 1]);
	if (mem_init(&m.mem, RAM_BYTES) ||
	    cpu_init(&m.cpu, &m.mem,
		     &(struct cpu_bus){&m, bus_in, bus_out, bus_deadline, bus_ack})) {
		fprintf(stderr, "lgemu-vectors: out of memory\n");
		return 2;
	}
	cpu_do_without(&m.cpu, rungs_without());
	build(&m.mem);
	while (read_all(in, argv[i], &t, sizeof(t))) {
		unsigned k = class_of(&t);
		int bad;

		if (!read_all(out, argv[i + 1], &o, sizeof(o)) ||
		    (le16_get(o.nmem) &&
		     !read_all(out, argv[i + 1], changes, le16_get(o.nmem) * sizeof(changes[0])))) {
			fprintf(stderr, "lgemu-vectors: %s has fewer records than %s\n",
				argv[i + 1], argv[i]);
			return 2;
		}
		if (!(classes >> k & 1))
			continue;
		executed[row_of(&t)]++;
		enter_test(&m, &t, &o);
		bad = check(&m, &t, &o, changes, run_test(&m, &t), quiet);
		c1 += bad == 2;
		if (bad == 1)
			failed[k]++;
		else
			passed[k]++;
	}
	for (unsigned k = 0; k < NR_CLASSES; k++) {
		if (!(classes >> k & 1))
			continue;
		printf("%-8s %6u passed %6u failed", class_name[k], passed[k], failed[k]);
		if (k == CLASS_X87)
			printf(" (%u of the passed differ in C1 only)", c1);
		printf("\n");
		total_passed += passed[k];
		total_failed += failed[k];
	}
	printf("%u passed, %u failed\n", total_passed, total_failed);
	if (rows && rows_add(rows, executed)) {
		fprintf(stderr, "lgemu-vectors: cannot write %s\n", rows);
		return 2;
	}
	cpu_fini(&m.cpu);
	mem_fini(&m.mem);
	gzclose(in);
	gzclose(out);
	return total_failed ? 1 : 0;
}
