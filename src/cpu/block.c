/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:309
 * Building blocks: decode instructions until something ends the run, resolve their operands, and
 * remember the result.  Also forgetting: when memory changes, when the arena is full.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "base/bug.h"
#include "block.h"
#include "fpu.h"

#define ARENA_BYTES (8u << 20)
/* A block begins at a multiple of the one plus the other: see struct block. */
#define CACHE_LINE  64u
#define ARENA_FIRST (CACHE_LINE - offsetof(struct block, n) % CACHE_LINE)
_Static_assert(offsetof(struct block, op) + sizeof(struct op) - offsetof(struct block, n) <=
		       CACHE_LINE,
	       "what every entry looks at is one line");
/* Most ops of one block: its instructions, one to count it, one to end it. */
#define BLOCK_MAX_OPS	(BLOCK_MAX_INSNS + 2)
#define BLOCK_BYTES_MAX (sizeof(struct block) + BLOCK_MAX_OPS * sizeof(struct op))

const struct block block_nowhere = {.where = BLOCK_DEAD, .n = INT64_MAX};
const struct op block_no_end = {.link = {BLOCK_NOWHERE, BLOCK_NOWHERE}, .home = BLOCK_NOWHERE};

/* The block for single instructions is dead as far as the jump cache is concerned; and it is followed
 * by none. */
static void forget_jumps(struct cpu *cpu)
{
	struct block_cache *c = cpu->cache;

	for (unsigned i = 0; i < ARRAY_LEN(c->jump); i++)
		c->jump[i] = c->single;
	for (unsigned i = 0; i < ARRAY_LEN(cpu->called); i++)
		cpu->called[i] = &block_no_end;
}

int block_cache_init(struct cpu *cpu)
{
	struct block_cache *c = calloc(1, sizeof(*c));

	cpu->cache = c;
	if (!c)
		return -ENOMEM;
	c->size = ARENA_BYTES;
	c->used = ARENA_FIRST;
	c->arena = aligned_alloc(CACHE_LINE, c->size);
	c->page = calloc(cpu->mem->size_bytes >> PAGE_SHIFT, sizeof(struct block *));
	c->single = calloc(1, sizeof(struct block) + BLOCK_MAX_OPS * sizeof(struct op));
	if (!c->arena || !c->page || !c->single) {
		block_cache_fini(cpu);
		return -ENOMEM;
	}
	c->single->where = BLOCK_DEAD;
	forget_jumps(cpu);
	return 0;
}

void block_cache_fini(struct cpu *cpu)
{
	struct block_cache *c = cpu->cache;

	if (!c)
		return;
	free(c->arena);
	free(c->page);
	free(c->single);
	free(c);
	cpu->cache = NULL;
}

void block_cache_flush(struct cpu *cpu)
{
	struct block_cache *c = cpu->cache;

	for (uint32_t pfn = 0; pfn < cpu->mem->size_bytes >> PAGE_SHIFT; pfn++)
		if (c->page[pfn]) {
			c->page[pfn] = NULL;
			mem_clear_code(cpu->mem, pfn);
		}
	memset(c->hash, 0, sizeof(c->hash));
	forget_jumps(cpu);
	c->used = ARENA_FIRST;
}

/* Which of a block's two page lists is this page's? */
static struct block **page_link(struct block *b, uint32_t pfn)
{
	return &b->page_next[block_pa(b) >> PAGE_SHIFT != pfn];
}

static void page_list_remove(struct block_cache *c, struct block *b, uint32_t pfn)
{
	struct block **at = &c->page[pfn];

	while (*at != b)
		at = page_link(*at, pfn);
	*at = *page_link(b, pfn);
}

static void hash_remove(struct block_cache *c, struct block *b)
{
	struct block **at = &c->hash[block_hash(b->where)];

	while (*at != b)
		at = &(*at)->hash_next;
	*at = b->hash_next;
}

void block_invalidate_page(struct cpu *cpu, uint32_t pfn)
{
	struct block_cache *c = cpu->cache;
	struct block *b;

	while ((b = c->page[pfn])) {
		c->page[pfn] = *page_link(b, pfn);
		hash_remove(c, b);
		if (b->pa2 != BLOCK_NO_PAGE) {
			uint32_t other = block_pa(b) >> PAGE_SHIFT == pfn ? b->pa2 : block_pa(b);

			page_list_remove(c, b, other >> PAGE_SHIFT);
		}
		b->where = BLOCK_DEAD;
		b->stamp = 0;
	}
	mem_clear_code(cpu->mem, pfn);
}

/*C:400
 * Operand offsets.  A handler reads a register as "so many bytes into struct cpu"; where its low
 * byte or word lies in the 32-bit word depends on the host's byte order, and only here.
:*/
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW8  3
#define HIGH8 2
#define LOW16 2
#else
#define LOW8  0
#define HIGH8 1
#define LOW16 0
#endif

static uint8_t reg_offset(unsigned n, unsigned bytes)
{
	if (bytes == 1)
		return (uint8_t)(REG_AT(n & 3) + (n & 4 ? HIGH8 : LOW8));
	return (uint8_t)(REG_AT(n) + (bytes == 2 ? LOW16 : 0));
}

static unsigned operand_bytes(enum operand o, const struct insn *in)
{
	switch (o) {
	case OPR_Eb:
	case OPR_Gb:
	case OPR_Zb:
	case OPR_AL: return 1;
	case OPR_Ew:
	case OPR_Gw: return 2;
	case OPR_Ed:
	case OPR_Gd:
	case OPR_Rd: return 4;
	default: return in->opsize;
	}
}

/* Registers named by the row's operands. */
static void resolve_registers(const struct insn *in, struct op *op)
{
	const struct opmap_row *row = &opmap[in->row];

	for (unsigned i = 0; i < 3; i++) {
		enum operand o = row->operand[i];
		unsigned bytes = operand_bytes(o, in);

		switch (o) {
		case OPR_Eb:
		case OPR_Ew:
		case OPR_Ev:
		case OPR_Ed:
		case OPR_Rd: op->rm = reg_offset(in->modrm & 7, bytes); break;
		case OPR_Gb:
		case OPR_Gw:
		case OPR_Gd:
		case OPR_Gv: op->reg = reg_offset(in->modrm >> 3 & 7, bytes); break;
		case OPR_Sw:
		case OPR_Cd:
		case OPR_Pq:
		case OPR_Vx:
		case OPR_Dd: op->reg = in->modrm >> 3 & 7; break;
		case OPR_Qd:
		case OPR_Qq:
		case OPR_Nq:
		case OPR_Wd:
		case OPR_Wq:
		case OPR_Wx:
		case OPR_Ux: op->rm = in->modrm & 7; break;
		case OPR_Zb:
		case OPR_Zv: op->rm = reg_offset(in->opcode & 7, bytes); break;
		case OPR_AL:
		case OPR_eAX:
			/* Rows on the accumulator share the handlers of E, except "XCHG Z, eAX". */
			if (i == 0)
				op->rm = reg_offset(EAX, bytes);
			break;
		case OPR_ES:
		case OPR_CS:
		case OPR_SS:
		case OPR_DS:
		case OPR_FS:
		case OPR_GS: op->reg = (uint8_t)(o - OPR_ES); break;
		default: break;
		}
	}
}

/* May quick handlers be used that take so much for granted? */
static bool is_quick(const struct cpu *cpu, uint32_t mode)
{
	return (cpu->mode & mode) == mode && cpu_has_rung(cpu, RUNG_QUICK);
}

static enum op_kind kind_of(const struct cpu *cpu, const struct insn *in)
{
	uint16_t attr = opmap[in->row].attr;
	/* The quick forms of CALL and RET check no target. */
	uint32_t must = MODE_FLAT | (attr & A_END ? MODE_CODE_FLAT : 0);
	bool quick = is_quick(cpu, must);
	bool flat = quick && in->adsize == 4 && in->seg != CS && in->seg < FS;

	if (in->has_modrm && !insn_is_mem(in))
		return KIND_REG;
	if ((attr & A_STACK) && !is_quick(cpu, must | MODE_SS32))
		return KIND_ANY;
	if ((attr & A_STACK) && !in->has_modrm)
		return KIND_FLAT;
	if (!flat)
		return KIND_ANY;
	return in->index == REG_ZERO ? KIND_BASE : KIND_FLAT;
}

/* What CPUID does not offer is not executed. */
static bool is_offered(const struct cpu *cpu, unsigned attr)
{
	uint32_t need = (attr & A_FXSR ? CPUID_FXSR : 0) | (attr & A_MMX ? CPUID_MMX : 0) |
			(attr & A_SSE ? CPUID_SSE : 0) | (attr & A_SSE2 ? CPUID_SSE2 : 0) |
			(attr & A_CLFSH ? CPUID_CLFSH : 0);

	return !(need & ~cpu->model.edx1);
}

static void make_op(const struct cpu *cpu, const struct insn *in, struct op *op, unsigned off)
{
	bool jump = opmap[in->row].operand[0] == OPR_Jb || opmap[in->row].operand[0] == OPR_Jz;

	memset(op, 0, sizeof(*op));
	op->off = (uint16_t)off;
	op->len = in->len;
	op->row = in->row;
	op->disp = in->disp;
	op->imm = in->imm;
	op->imm2 = opmap[in->row].attr & A_ESC ? fpu_fop(in->opcode, in->modrm) : in->imm2;
	op->modrm = in->modrm;
	op->seg = in->seg;
	op->base = reg_offset(in->base, 4);
	op->index = reg_offset(in->index, 4);
	op->scale = in->scale;
	op->flags = (in->opsize == 4 ? OPF_32 : 0) | (in->adsize == 2 ? OPF_AD16 : 0) |
		    (in->rep == REP_E ? OPF_REPE : 0) | (in->rep == REP_NE ? OPF_REPNE : 0) |
		    (cpu->mode & MODE_FLAT && cpu_has_rung(cpu, RUNG_STRINGS) ? OPF_FLAT : 0);
	if (in->adsize == 2 && in->has_modrm) {
		op->base = reg_offset(in->base, in->base == REG_ZERO ? 4 : 2);
		op->index = reg_offset(in->index, in->index == REG_ZERO ? 4 : 2);
	}
	if (opmap[in->row].operand[1] == OPR_1)
		op->imm = 1;
	if (jump) {
		op->disp = off + in->len;
		op->imm += op->disp;
	}
	resolve_registers(in, op);
	if (!insn_is_mem(in) || opmap[in->row].operand[1] == OPR_M)
		op->flags |= OPF_NOMEM;
	op->flags |= (uint8_t)(kind_of(cpu, in) << OPF_KIND_SHIFT);
	op->fn = interp_handler(in->row, in->opsize == 4, kind_of(cpu, in));
	if (!is_offered(cpu, opmap[in->row].attr))
		op->fn = interp_ud;
}

/* The code bytes at linear address lin: pa is known for its page; what lies on the next page is
 * fetched only if asked.  Returns bytes available, or -1 with a fault noted. */
struct fetch {
	uint8_t buf[INSN_MAX];
	const uint8_t *code;
	unsigned avail;
	uint32_t pa2;
};

static int fetch_more(struct cpu *cpu, struct fetch *f, uint32_t lin)
{
	unsigned here = PAGE_SIZE - lin % PAGE_SIZE;
	uint32_t pa2;

	if (acc_fetch(cpu, (lin & PAGE_MASK) + PAGE_SIZE, &pa2))
		return 1;
	memmove(f->buf, f->code, here);
	if (mem_is_ram(cpu->mem, pa2, INSN_MAX))
		memcpy(f->buf + here, cpu->mem->ram + pa2, INSN_MAX - here);
	else
		memset(f->buf + here, 0xff, INSN_MAX - here);
	f->code = f->buf;
	f->avail = INSN_MAX;
	f->pa2 = pa2;
	return 0;
}

/* Point at the bytes of lin, whose page is at machine address pa. */
static void fetch_start(struct cpu *cpu, struct fetch *f, uint32_t lin, uint32_t pa)
{
	unsigned here = PAGE_SIZE - lin % PAGE_SIZE;

	f->avail = here < INSN_MAX ? here : INSN_MAX;
	f->pa2 = BLOCK_NO_PAGE;
	if (mem_is_ram(cpu->mem, pa, f->avail)) {
		f->code = cpu->mem->ram + pa;
	} else {
		memset(f->buf, 0xff, sizeof(f->buf));
		f->code = f->buf;
	}
}

/*
 * Decode one instruction into *op.  Returns 1 if it ends the block, 0 if not, -1 if nothing was
 * decoded: a fault is noted, or (not first) it lies over a page border and belongs elsewhere.
 */
static int decode_one(struct cpu *cpu, struct fetch *f, uint32_t lin, unsigned off, bool first,
		      struct op *op)
{
	struct insn in;
	int len = insn_decode(f->code, f->avail, cpu->mode & MODE_D32, &in);

	if (len == INSN_MORE) {
		if (!first)
			return -1;
		if (fetch_more(cpu, f, lin))
			return -1;
		len = insn_decode(f->code, f->avail, cpu->mode & MODE_D32, &in);
	}
	if (len < 0) {
		if (!first)
			return -1;
		memset(op, 0, sizeof(*op));
		op->fn = len == INSN_UD ? interp_ud : interp_long;
		op->off = (uint16_t)off;
		return 1;
	}
	make_op(cpu, &in, op, off);
	return opmap[in.row].attr & A_END ? 1 : 0;
}

static void end_block(struct block *b, struct op *op)
{
	op->fn = interp_end;
	op->link[0] = op->link[1] = BLOCK_NOWHERE;
	op->home = b;
}

/* Begin a block.  Does somebody want to know when it is entered?  Then its first op says so.  Returns
 * which op is to be the first instruction's. */
static unsigned start_block(struct cpu *cpu, struct block *b)
{
	uint32_t lin = cpu->s.seg[CS].base + cpu->s.eip;
	bool counted = lin >= cpu->range.lo && lin < cpu->range.hi;

	memset(b, 0, sizeof(*b));
	b->where = BLOCK_DEAD;
	if (!counted && !(cpu->history && cpu->s.cpl == 0))
		return 0;
	memset(&b->op[0], 0, sizeof(b->op[0]));
	b->op[0].fn = counted ? interp_count : interp_note;
	return 1;
}

unsigned block_first(const struct block *b)
{
	return b->op[0].fn == interp_count || b->op[0].fn == interp_note;
}

/* Where a block ends in a comparison and a conditional jump, one handler does both. */
static void fuse_jump(const struct cpu *cpu, struct op *ops, unsigned n)
{
	const struct opmap_row *jump = &opmap[ops[n - 1].row];
	bool is_jcc = (jump->map == 1 && (jump->opcode & 0xf0) == 0x70) ||
		      (jump->map == 2 && (jump->opcode & 0xf0) == 0x80);
	op_fn *fn;

	if (n < 2 || !is_jcc || !(ops[n - 1].flags & OPF_32) || !(cpu->mode & MODE_CODE_FLAT))
		return;
	fn = interp_fuse(ops[n - 2].fn, jump->opcode & 15);
	if (fn)
		ops[n - 2].fn = fn;
}

/* From the last to the first, so that each operation knows how many of its like follow. */
static void fuse_runs(struct op *ops, unsigned n)
{
	const bool returns = ops[n - 1].fn == interp_ret;
	op_fn *same = NULL;
	unsigned count = 0;

	for (unsigned i = n; i-- > 0;) {
		op_fn *fn = NULL;

		count = ops[i].rm == REG_AT(ESP) ? 0 : ops[i].fn == same ? count + 1 : 1;
		same = ops[i].fn;
		if (returns && (i + count == n - 1 || i + 2 == n))
			fn = interp_fuse_return(&ops[i], count);
		if (!fn)
			fn = interp_fuse_run(same, count);
		if (fn)
			ops[i].fn = fn;
	}
}

static void fuse_steps(struct op *ops, unsigned n)
{
	for (unsigned i = 0; i + 1 < n; i++)
		i += interp_fuse_steps(&ops[i]);
}

/* Worth the while where the block will be run again; BLOCK_HOT: very often. */
static void improve(const struct cpu *cpu, struct block *b)
{
	const bool hot = b->met == BLOCK_HOT;
	unsigned n = (unsigned)b->n;
	struct op *ops = &b->op[block_first(b)], *last = &ops[n - 1];

	if (cpu_has_rung(cpu, RUNG_FLAGS))
		dead_flags_drop(ops, n);
	if (cpu_has_rung(cpu, RUNG_FUSE)) {
		fuse_jump(cpu, ops, n);
		fuse_runs(ops, n);
		if (!hot)
			fuse_steps(ops, n);
	}
	if (cpu_has_rung(cpu, RUNG_LINK) && (cpu->mode & MODE_CODE_FLAT))
		last->fn = interp_place(last->fn, block_pa(b) % PAGE_SIZE + last->imm >= PAGE_SIZE,
					is_quick(cpu, MODE_FLAT | MODE_SS32));
	for (unsigned i = 0; i < n && cpu_has_rung(cpu, RUNG_SPECIAL); i++)
		ops[i].fn = hot ? interp_specialise(&ops[i]) : interp_x87(&ops[i]);
}

/* Decode up to max instructions from CS:EIP (machine address pa) into b, as its operations from
 * `first` on; false: a fault. */
static bool fill_block(struct cpu *cpu, struct block *b, unsigned first, uint32_t pa, unsigned max)
{
	uint32_t lin = cpu->s.seg[CS].base + cpu->s.eip;
	unsigned at = first, off = 0;
	struct fetch f;
	bool ended = false;

	b->pa2 = BLOCK_NO_PAGE;
	b->n = 0;
	while (b->n < max && !ended) {
		int r;

		fetch_start(cpu, &f, lin + off, pa + off);
		r = decode_one(cpu, &f, lin + off, off, b->n == 0, &b->op[at]);
		if (r < 0)
			break;
		off += b->op[at++].len;
		b->n++;
		b->pa2 = f.pa2;
		ended = r || f.pa2 != BLOCK_NO_PAGE;
		if (off % PAGE_SIZE && (lin + off) % PAGE_SIZE == 0)
			break;
	}
	if (!b->n)
		return false;
	end_block(b, &b->op[at]);
	/* What is no instruction depends on all the bytes that were looked at. */
	b->bytes = off ? off : f.avail;
	for (unsigned i = 0; i < b->n; i++)
		b->op[first + i].left = (uint8_t)(b->n - i);
	b->op[0].left = (uint8_t)b->n;
	return true;
}

static void mark_code(struct cpu *cpu, uint32_t pa, uint32_t len)
{
	if (mem_is_ram(cpu->mem, pa, len) && mem_mark_code(cpu->mem, pa, len))
		cpu_protect(cpu, pa);
}

static void remember(struct cpu *cpu, struct block *b)
{
	struct block_cache *c = cpu->cache;
	unsigned h = block_hash(b->where);
	uint32_t pa = block_pa(b), here = PAGE_SIZE - pa % PAGE_SIZE;

	b->hash_next = c->hash[h];
	c->hash[h] = b;
	b->page_next[0] = c->page[pa >> PAGE_SHIFT];
	c->page[pa >> PAGE_SHIFT] = b;
	mark_code(cpu, pa, b->bytes < here ? b->bytes : here);
	if (b->pa2 != BLOCK_NO_PAGE) {
		b->page_next[1] = c->page[b->pa2 >> PAGE_SHIFT];
		c->page[b->pa2 >> PAGE_SHIFT] = b;
		mark_code(cpu, b->pa2, b->bytes - here);
	}
	c->translated++;
}

/* May this block be entered at CS:EIP: does the CS limit allow it, is its second page there? */
static bool block_fits(struct cpu *cpu, const struct block *b, bool *fault)
{
	uint32_t last = cpu->s.eip + (b->bytes - 1u), pa2;

	if (!(cpu->mode & MODE_CODE_FLAT) && (last > cpu->s.seg[CS].limit || last < cpu->s.eip))
		return false;
	if (b->pa2 == BLOCK_NO_PAGE)
		return true;
	*fault = acc_fetch(cpu, cpu->s.seg[CS].base + last, &pa2);
	return !*fault && (pa2 & PAGE_MASK) == b->pa2;
}

static struct block *known_block(const struct cpu *cpu, uint32_t pa)
{
	const uint64_t one = block_where(pa, cpu->mode);
	const uint64_t two = block_where(pa, cpu->mode | BLOCK_TWO_PAGES);
	struct block *b = *jump_slot(cpu->cache, cpu->s.eip);

	/* Often it is only the TLB that had forgotten where EIP lies. */
	if (b->where == one || b->where == two)
		return b;
	b = cpu->cache->hash[block_hash(one)];
	while (b && b->where != one && b->where != two)
		b = b->hash_next;
	return b;
}

static struct block *new_block(struct cpu *cpu, uint32_t pa)
{
	struct block_cache *c = cpu->cache;
	struct block *b;

	if (!mem_is_ram(cpu->mem, pa, 1))
		return NULL;
	if (c->used + BLOCK_BYTES_MAX > c->size) {
		block_cache_flush(cpu);
		c->flushes++;
	}
	b = (struct block *)(c->arena + c->used);
	if (!fill_block(cpu, b, start_block(cpu, b), pa,
			cpu_has_rung(cpu, RUNG_BLOCKS) ? BLOCK_MAX_INSNS : 1))
		return NULL;
	if (b->pa2 != BLOCK_NO_PAGE && !mem_is_ram(cpu->mem, b->pa2, 1))
		return NULL;
	b->where = block_where(pa, cpu->mode | (b->pa2 != BLOCK_NO_PAGE ? BLOCK_TWO_PAGES : 0));
	if (!cpu_has_rung(cpu, RUNG_HEAT))
		b->met = BLOCK_HOT;
	improve(cpu, b);
	c->used += sizeof(*b) + (block_first(b) + (size_t)b->n + 1u) * sizeof(struct op);
	c->used = ((c->used + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1)) + ARENA_FIRST;
	remember(cpu, b);
	return b;
}

struct block *block_get(struct cpu *cpu)
{
	bool fault = false;
	struct block *b;
	uint32_t pa;

	if (!(cpu->mode & MODE_CODE_FLAT) && cpu->s.eip > cpu->s.seg[CS].limit) {
		trap_gp(cpu, 0);
		return NULL;
	}
	if (acc_fetch(cpu, cpu->s.seg[CS].base + cpu->s.eip, &pa))
		return NULL;
	b = known_block(cpu, pa);
	if (!b)
		b = new_block(cpu, pa);
	if (!b || !block_fits(cpu, b, &fault))
		return NULL;
	if (cpu->mode & MODE_CODE_FLAT && cpu_has_rung(cpu, RUNG_JUMP))
		*jump_slot(cpu->cache, cpu->s.eip) = b;
	return b;
}

/*C:419
 * Heat.  There are two good ways to lay out a block, and they exclude each other.  In a loop the host
 * foresees every dispatch, and what is left is how long values take from one handler to the next: so
 * each instruction has a handler for its very registers, because a host may forward what was stored at a
 * fixed address for nothing.  Code that seldom comes back finds no host that foresees it: each
 * dispatch is dear, and two simple instructions are one handler, whatever their registers.
 *
 * So a block begins cold, which is also the quicker way to decode it, and sampling finds the hot ones:
 * every so many instructions one looks which block is next, and the one that was met not long ago is
 * decoded again, where it stands.  The distances between samples vary, or a loop would show the
 * same block for ever.  They are counted in instructions, as everything is, and cannot be
 * observed.
 */
/* From one sample to the next: so many instructions to twice as many. */
#define SAMPLE_BITS 14
/* So many samples ago is not long. */
#define HOT_WITHIN 64u

bool block_sample_due(struct cpu *cpu)
{
	struct block_cache *c = cpu->cache;

	if (cpu->until_sample > BLOCK_MAX_INSNS)
		return false;
	cpu->until_sample = (1 << SAMPLE_BITS) + (++c->samples * 0x9e3779b1u >> (32 - SAMPLE_BITS));
	return true;
}

void block_sample(struct cpu *cpu, struct block *b)
{
	const uint32_t now = cpu->cache->samples, before = b->met;

	if (before == BLOCK_HOT || b->pa2 != BLOCK_NO_PAGE)
		return;
	b->met = now;
	if (!before || now - before > HOT_WITHIN)
		return;
	b->met = BLOCK_HOT;
	/* All of it is on the page that EIP is on, so there is no fault. */
	BUG_ON(!fill_block(cpu, b, block_first(b), block_pa(b), (unsigned)b->n));
	improve(cpu, b);
	cpu->cache->heated++;
}
/*:*/

struct block *block_find(struct cpu *cpu)
{
	return cpu->budget <= 0 ? NULL : block_get(cpu);
}

struct block *block_get_single(struct cpu *cpu)
{
	struct block *b = cpu->cache->single;
	uint32_t pa;

	if (cpu->s.eip > cpu->s.seg[CS].limit) {
		trap_gp(cpu, 0);
		return NULL;
	}
	if (acc_fetch(cpu, cpu->s.seg[CS].base + cpu->s.eip, &pa))
		return NULL;
	if (!fill_block(cpu, b, start_block(cpu, b), pa, 1))
		return NULL;
	if (cpu->s.seg[CS].limit - cpu->s.eip < b->bytes - 1u) {
		trap_gp(cpu, 0);
		return NULL;
	}
	return b;
}
