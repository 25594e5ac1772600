/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1001
 * See gen.h.  Most instructions should do something and not fault, or no sequence would be longer
 * than a few; but some should fault, since that is where mistakes are.
:*/
#include "gen.h"

uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

unsigned rng_below(struct rng *r, unsigned n)
{
	return (unsigned)((rng_next(r) >> 32) * n >> 32);
}

/* --- rows ----------------------------------------------------------------------------------------- */

static bool is_op(const struct opmap_row *r, unsigned map, uint8_t first, uint8_t last)
{
	return r->map == map && r->opcode >= first && r->opcode <= last;
}

const char *gen_excuse(unsigned id)
{
	const struct opmap_row *r = &opmap[id];

	if (is_op(r, 1, 0xcc, 0xcd) || is_op(r, 1, 0xf1, 0xf1) || is_op(r, 2, 0x34, 0x34))
		return "would enter the kernel we run on";
	if (is_op(r, 2, 0x31, 0x31) || is_op(r, 2, 0x33, 0x33) || is_op(r, 2, 0xa2, 0xa2))
		return "tells time or the processor's name";
	if ((is_op(r, 2, 0x00, 0x00) && r->ext != 2 && r->ext != 3) ||
	    (is_op(r, 2, 0x01, 0x01) && (r->ext < 2 || r->ext == 4)) || is_op(r, 2, 2, 3))
		return "shows the kernel's descriptor tables";
	return NULL;
}

enum { KIND_INTEGER, KIND_X87, KIND_LANES, KIND_FLOAT };

static bool computes_floats(const struct opmap_row *r)
{
	return r->map >= 2 && r->map <= 5 &&
	       (r->opcode == 0x2a || (r->opcode >= 0x2c && r->opcode <= 0x2f) ||
		(r->opcode >= 0x51 && r->opcode <= 0x53) ||
		(r->opcode >= 0x58 && r->opcode <= 0x5f) || r->opcode == 0xc2 || r->opcode == 0xe6);
}

static int kind_of_row(const struct opmap_row *r)
{
	if (r->attr & A_ESC)
		return KIND_X87;
	if (!(r->attr & (A_MMX | A_SSE | A_SSE2 | A_FXSR)))
		return KIND_INTEGER;
	return computes_floats(r) ? KIND_FLOAT : KIND_LANES;
}

void gen_init(struct gen *g)
{
	unsigned n = 0;

	for (int kind = 0; kind < 4; kind++) {
		for (unsigned id = 0; id < ROW_LIMIT; id++)
			if (opmap[id].mnemonic && !gen_excuse(id) &&
			    kind_of_row(&opmap[id]) == kind)
				g->row[n++] = (uint16_t)id;
		g->kind_end[kind] = n;
	}
}

void gen_start(struct gen *g, uint64_t seed)
{
	g->rng.s = seed;
	g->undefined = 0;
	gen_drop(g);
}

void gen_drop(struct gen *g)
{
	g->fixed = 0;
	g->nr_ahead = g->next_ahead = 0;
}

static unsigned choose_row(struct gen *g)
{
	unsigned p = rng_below(&g->rng, 100);
	unsigned kind = p < 55	 ? KIND_INTEGER
			: p < 75 ? KIND_X87
			: p < 90 ? KIND_LANES
				 : KIND_FLOAT;
	unsigned first = kind ? g->kind_end[kind - 1] : 0;

	return g->row[first + rng_below(&g->rng, g->kind_end[kind] - first)];
}

/* --- flags ---------------------------------------------------------------------------------------- */

static uint32_t condition_reads(unsigned cc)
{
	static const uint32_t flags[8] = {FL_OF, FL_CF, FL_ZF,	       FL_CF | FL_ZF,
					  FL_SF, FL_PF, FL_SF | FL_OF, FL_ZF | FL_SF | FL_OF};

	return flags[cc >> 1 & 7];
}

static uint32_t flags_read(const struct opmap_row *r)
{
	const unsigned op = r->opcode;

	if (r->map == 2)
		return (op & 0xf0) == 0x40 || (op & 0xe0) == 0x80 ? condition_reads(op) : 0;
	if (r->map != 1)
		return 0;
	if ((op & 0xf0) == 0x70)
		return condition_reads(op);
	if ((op >= 0x10 && op <= 0x1d) || op == 0xd6 || op == 0xf5)
		return FL_CF;
	if (op >= 0x80 && op <= 0x83)
		return r->ext == 2 || r->ext == 3 ? FL_CF : 0;
	if (op == 0xc0 || op == 0xc1 || (op >= 0xd0 && op <= 0xd3))
		return r->ext == 2 || r->ext == 3 ? FL_CF : 0;
	if (op == 0x27 || op == 0x2f || op == 0x37 || op == 0x3f)
		return FL_AF | FL_CF;
	if (op == 0x9c || op == 0x9f)
		return FL_ARITH;
	if (op == 0xce)
		return FL_OF;
	if (op == 0xe0 || op == 0xe1)
		return FL_ZF;
	/* FCMOVcc. */
	return op == 0xda || op == 0xdb ? FL_CF | FL_ZF | FL_PF : 0;
}

/* With a count of 0 these leave the flags as they are, undefined or not. */
static bool may_do_nothing(const struct opmap_row *r)
{
	if (r->attr & A_STRING)
		return true;
	if (r->map == 2)
		return r->opcode == 0xa4 || r->opcode == 0xa5 || r->opcode == 0xac ||
		       r->opcode == 0xad;
	return r->map == 1 &&
	       (r->opcode == 0xc0 || r->opcode == 0xc1 || r->opcode == 0xd2 || r->opcode == 0xd3);
}

uint32_t gen_reads(unsigned row)
{
	return flags_read(&opmap[row]);
}

void gen_retired(struct gen *g, const struct gen_insn *in)
{
	const struct opmap_row *r = &opmap[in->row];

	if (!may_do_nothing(r))
		g->undefined &= ~(uint32_t)r->flags_defined;
	g->undefined |= r->flags_undefined;
}

/* --- operands ------------------------------------------------------------------------------------- */

static uint32_t interesting(struct rng *r)
{
	static const uint32_t v[] = {0,		 1,	     2,		 0x7f,	    0x80,
				     0xff,	 0x7fff,     0x8000,	 0xffff,    0x7fffffff,
				     0x80000000, 0xffffffff, 0xfffffffe, 0x55555555};

	if (rng_percent(r, 30))
		return v[rng_below(r, ARRAY_LEN(v))];
	if (rng_percent(r, 30))
		return rng_below(r, 64);
	return (uint32_t)rng_next(r);
}

/* A place for an operand: somewhere in the pages there are, now and then at an edge. */
static uint32_t choose_place(struct gen *g, unsigned align)
{
	static const uint32_t base[] = {DATA, SRC, DST, FRAME, STACK};
	uint32_t at = base[rng_below(&g->rng, ARRAY_LEN(base))];
	unsigned p = rng_below(&g->rng, 100);

	if (p < 6) /* over the page border */
		return (at + PAGE_SIZE - rng_below(&g->rng, 16)) & ~(align - 1);
	if (p < 8) /* over the end */
		return (at + 2 * PAGE_SIZE - rng_below(&g->rng, 16)) & ~(align - 1);
	if (p < 9) /* into code, which is read-only */
		return (CODE + PAGE_SIZE + rng_below(&g->rng, PAGE_SIZE)) & ~(align - 1);
	return (at + 64 + rng_below(&g->rng, 2 * PAGE_SIZE - 1024)) & ~(align - 1);
}

static bool is_string(const struct opmap_row *r)
{
	return r->attr & A_STRING;
}

/* How an operand wants to be aligned: SSE insists, a split lock would stop the whole machine. */
static unsigned alignment(struct gen *g, const struct opmap_row *r, bool lock)
{
	const bool split = lock || (r->map == 1 && (r->opcode == 0x86 || r->opcode == 0x87));

	if (split)
		return 8;
	if (r->attr & (A_SSE | A_SSE2 | A_FXSR))
		return rng_percent(&g->rng, 90) ? 16 : 1;
	return rng_percent(&g->rng, 40) ? 8 : 1;
}

static void put(struct gen_insn *in, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		in->code[in->len++] = (uint8_t)(v >> 8 * i);
}

/* What is being made, beyond the bytes. */
struct making {
	const struct opmap_row *row;
	const struct cpu_state *s;
	unsigned opsize, adsize;
	int seg; /* override, or -1 */
	bool lock;
};

/* Where the segment of its operand begins, if it is not the stack's by default. */
static uint32_t seg_base(const struct making *m)
{
	return m->s->seg[m->seg < 0 ? DS : m->seg].base;
}

/* A place as good as this one, in a segment that is smaller than everything. */
static uint32_t place_within(const struct making *m, uint32_t at)
{
	if (seg_base(m) == FS_BASE)
		return DATA + at % (2 * PAGE_SIZE);
	return seg_base(m) == GS_BASE ? SRC + at % (2 * PAGE_SIZE) : at;
}

/* ModRM with an operand in memory at `at`, 32-bit addressing. */
static void put_mem32(struct gen *g, struct gen_insn *in, const struct making *m, unsigned reg,
		      uint32_t at)
{
	unsigned base = rng_below(&g->rng, 8), index = rng_below(&g->rng, 8);
	unsigned scale = rng_below(&g->rng, 4), form = rng_below(&g->rng, 3);
	uint32_t off = at - seg_base(m);

	if (form == 0) { /* disp32 */
		put(in, reg << 3 | 5, 1);
		put(in, off, 4);
		return;
	}
	if (form == 1 && base != ESP) { /* base + disp */
		off -= m->s->r[base];
		if (off == (uint32_t)(int8_t)off) {
			put(in, 0x40 | reg << 3 | base, 1);
			put(in, off, 1);
			return;
		}
		put(in, 0x80 | reg << 3 | base, 1);
		put(in, off, 4);
		return;
	}
	off -= m->s->r[base] + (index == ESP ? 0 : m->s->r[index] << scale);
	if (rng_percent(&g->rng, 20)) { /* no base */
		off += m->s->r[base];
		put(in, reg << 3 | 4, 1);
		put(in, scale << 6 | index << 3 | 5, 1);
		put(in, off, 4);
		return;
	}
	put(in, 0x80 | reg << 3 | 4, 1);
	put(in, scale << 6 | index << 3 | base, 1);
	put(in, off, 4);
}

/* The same, 16-bit addressing: within the first 64 KB of a segment. */
static void put_mem16(struct gen *g, struct gen_insn *in, const struct making *m, unsigned reg,
		      uint32_t at)
{
	static const uint8_t first[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
	static const uint8_t second[4] = {ESI, EDI, ESI, EDI};
	unsigned rm = rng_below(&g->rng, 8);
	uint32_t off = at - seg_base(m);

	if (rm == 6 && rng_percent(&g->rng, 50)) {
		put(in, reg << 3 | 6, 1);
		put(in, off, 2);
		return;
	}
	off -= m->s->r[first[rm]] + (rm < 4 ? m->s->r[second[rm]] : 0);
	put(in, 0x80 | reg << 3 | rm, 1);
	put(in, off, 2);
}

static bool wants_memory(const struct opmap_row *r)
{
	for (unsigned i = 0; i < 3; i++)
		switch (r->operand[i]) {
		case OPR_M:
		case OPR_Ma:
		case OPR_Mp:
		case OPR_Mq:
		case OPR_Ms:
		case OPR_Md:
		case OPR_Mx: return true;
		}
	return r->ext >= 0x10 && r->ext < 0x20;
}

static bool wants_register(const struct opmap_row *r)
{
	for (unsigned i = 0; i < 3; i++)
		if (r->operand[i] == OPR_Nq || r->operand[i] == OPR_Ux)
			return true;
	return r->ext >= 0x20 || r->attr & A_REGONLY;
}

/* The reg field: of the opcode, or a register.  ESP is seldom a good place for a result. */
static unsigned choose_reg(struct gen *g, const struct opmap_row *r)
{
	unsigned reg = rng_below(&g->rng, 8);

	if (r->ext >= 0 && !(r->ext & 8))
		return r->ext & 7;
	for (unsigned i = 0; i < 3; i++)
		if (r->operand[i] == OPR_Sw && i == 0) /* MOV from memory: to DS, ES, FS, GS */
			return rng_percent(&g->rng, 90) ? 3 : reg;
	return reg == ESP && rng_percent(&g->rng, 85) ? EAX : reg;
}

static void put_modrm(struct gen *g, struct gen_insn *in, const struct making *m)
{
	const struct opmap_row *r = m->row;
	unsigned reg = choose_reg(g, r), rm = rng_below(&g->rng, 8);
	bool mem = wants_memory(r) || (!wants_register(r) && rng_percent(&g->rng, 55)) || m->lock;

	if (r->operand[0] == OPR_Sw)
		mem = false;
	if (!mem) {
		if (rm == ESP && r->map == 1 && !(r->attr & A_ESC) && rng_percent(&g->rng, 85))
			rm = EDX;
		if (r->operand[0] == OPR_Sw) /* prepared: the selector is in EAX */
			rm = EAX;
		put(in, 0xc0 | reg << 3 | rm, 1);
		return;
	}
	/* FISTTP is SSE3. */
	if (r->attr & A_ESC && reg == 1 && r->opcode >= 0xdb && r->opcode & 1)
		reg = 0;
	in->target = choose_place(g, alignment(g, r, m->lock));
	/* The places that are prepared for what cannot be random. */
	if (r->attr & A_FXSR && r->ext == 0x11)
		in->target = DATA;
	else if (r->map == 2 && r->opcode == 0xae && r->ext == 0x12)
		in->target = DATA + 24;
	if (g->fixed)
		in->target = g->fixed;
	in->target = place_within(m, in->target);
	if (m->adsize == 2)
		put_mem16(g, in, m, reg, in->target);
	else
		put_mem32(g, in, m, reg, in->target);
}

static void put_immediates(struct gen *g, struct gen_insn *in, const struct making *m)
{
	struct rng *rng = &g->rng;

	for (unsigned i = 0; i < 3; i++)
		switch (m->row->operand[i]) {
		case OPR_Ib:
		case OPR_sIb: put(in, interesting(rng), 1); break;
		case OPR_Ib2: put(in, rng_below(rng, 34), 1); break;
		case OPR_Iw:
			put(in, rng_percent(rng, 90) ? rng_below(rng, 64) * 4 : interesting(rng),
			    2);
			break;
		case OPR_Iz: put(in, interesting(rng), m->opsize); break;
		case OPR_Jb: put(in, rng_below(rng, 12), 1); break;
		case OPR_Jz: put(in, rng_below(rng, 12), m->opsize); break;
		case OPR_Ob:
		case OPR_Ov:
			in->target = choose_place(g, 1);
			in->target = place_within(m, in->target);
			put(in, in->target - seg_base(m), m->adsize);
			break;
		case OPR_Ap:
			put(in, m->s->eip + in->len + m->opsize + 2 + rng_below(rng, 8), m->opsize);
			put(in, S_CODE3, 2);
			break;
		default: break;
		}
}

/* --- instructions --------------------------------------------------------------------------------- */

static struct gen_insn *add(struct gen *g)
{
	struct gen_insn *in = &g->ahead[g->nr_ahead++];

	memset(in, 0, sizeof(*in));
	return in;
}

static void add_mov(struct gen *g, unsigned reg, uint32_t v)
{
	struct gen_insn *in = add(g);

	put(in, 0xb8 + reg, 1);
	put(in, v, 4);
	in->row = (uint16_t)opmap_find(1, (uint8_t)(0xb8 + reg), 0);
	in->what = GEN_SETUP;
}

static void add_push(struct gen *g, uint32_t v)
{
	struct gen_insn *in = add(g);

	put(in, 0x68, 1);
	put(in, v, 4);
	in->row = (uint16_t)opmap_find(1, 0x68, 0);
	in->what = GEN_SETUP;
}

static void add_store(struct gen *g, uint32_t at, uint32_t v)
{
	struct gen_insn *in = add(g);

	put(in, 0x05c7, 2);
	put(in, at, 4);
	put(in, v, 4);
	in->row = (uint16_t)opmap_find(1, 0xc7, 0x05);
	in->what = GEN_SETUP;
}

static bool pops_selector(const struct opmap_row *r)
{
	return is_op(r, 1, 0x07, 0x07) || is_op(r, 1, 0x17, 0x17) || is_op(r, 1, 0x1f, 0x1f) ||
	       is_op(r, 2, 0xa1, 0xa1) || is_op(r, 2, 0xa9, 0xa9);
}

static bool has_operand(const struct opmap_row *r, enum operand o)
{
	return r->operand[0] == o || r->operand[1] == o;
}

/* Selectors of ours that the kernel has, too, and some that nobody can load. */
static uint32_t choose_selector(struct rng *rng)
{
	static const uint16_t sel[] = {S_DATA3, S_DATA3, S_DATA3, S_CODE3, 0, S_FS, S_GS, 0x3b0};

	return sel[rng_below(rng, ARRAY_LEN(sel))];
}

/* Flags for POPF and IRET: not TF, and not ID, which nobody can give back to the child; AC seldom. */
static uint32_t choose_flags(struct rng *rng)
{
	return (uint32_t)rng_next(rng) & ~(uint32_t)(FL_TF | FL_VM | FL_ID) &
	       ~(rng_percent(rng, 80) ? (uint32_t)FL_AC : 0);
}

/* A pointer of 32 or 16 bits of offset with a selector behind it, where the operand will be. */
static void add_pointer(struct gen *g, uint32_t offset, uint32_t sel)
{
	g->fixed = choose_place(g, 1);
	add_store(g, g->fixed, offset);
	add_store(g, g->fixed + 4, sel);
}

/* Registers that an instruction uses without naming them, and the like. */
static void prepare(struct gen *g, const struct making *m)
{
	const struct opmap_row *r = m->row;
	struct rng *rng = &g->rng;

	if (is_string(r)) {
		uint32_t off = seg_base(m);

		add_mov(g, ESI, choose_place(g, 1) - off);
		add_mov(g, EDI, choose_place(g, 1));
		add_mov(g, ECX, rng_below(rng, 40));
	} else if (is_op(r, 1, 0xd7, 0xd7)) { /* XLAT */
		add_mov(g, EBX, choose_place(g, 1) - seg_base(m));
	} else if (is_op(r, 1, 0xc8, 0xc9)) { /* ENTER, LEAVE */
		add_mov(g, EBP, FRAME + 0x400 + rng_below(rng, 0x800));
	} else if (is_op(r, 1, 0xc2, 0xc3)) { /* RET */
		add_push(g, m->s->eip + 5 + 3 + rng_below(rng, 8));
	} else if (is_op(r, 1, 0xff, 0xff) && (r->ext == 2 || r->ext == 4)) {
		for (unsigned i = 0; i < 2; i++) /* CALL, JMP: through EAX or ECX, perhaps */
			add_mov(g, i, m->s->eip + 10 + 3 + rng_below(rng, 8));
	} else if (is_op(r, 1, 0x9d, 0x9d)) { /* POPF */
		add_push(g, choose_flags(rng));
	} else if (is_op(r, 1, 0xca, 0xcb)) { /* RETF */
		add_push(g, S_CODE3);
		add_push(g, m->s->eip + 10 + 3 + rng_below(rng, 8));
	} else if (is_op(r, 1, 0xcf, 0xcf)) { /* IRET */
		add_push(g, choose_flags(rng) & ~(uint32_t)FL_NT);
		add_push(g, S_CODE3);
		add_push(g, m->s->eip + 15 + 1 + rng_below(rng, 8));
	} else if (is_op(r, 1, 0xff, 0xff) && (r->ext == 3 || r->ext == 5)) { /* CALLF, JMPF */
		add_pointer(g, m->s->eip + 20 + 8 + rng_below(rng, 8), S_CODE3);
	} else if (has_operand(r, OPR_Mp)) { /* LDS and so on */
		uint32_t sel = choose_selector(rng);

		add_pointer(g,
			    m->opsize == 4 ? (uint32_t)rng_next(rng)
					   : sel << 16 | rng_below(rng, 65536),
			    sel);
	} else if (pops_selector(r)) {
		add_push(g, choose_selector(rng));
	} else if (is_op(r, 1, 0x8e, 0x8e)) { /* MOV to a segment register */
		add_mov(g, EAX, choose_selector(rng));
	} else if ((is_op(r, 1, 0xf6, 0xf7) && r->ext >= 6)) { /* DIV, IDIV */
		add_mov(g, EDX, rng_below(rng, 8));
	} else if ((r->map == 2 || r->map == 3) && r->opcode == 0xf7) {
		/* Bytes it does not store may fault or not. */
		add_mov(g, EDI, DST + 64 + rng_below(rng, 0x1800));
	}
}

static bool stores_environment(const uint8_t *opcode)
{
	unsigned reg = opcode[1] >> 3 & 7;

	return opcode[1] < 0xc0 &&
	       ((opcode[0] == 0xd9 && reg == 6) || (opcode[0] == 0xdd && reg == 6));
}

/* F2XM1 to FPATAN, FYL2XP1, FSINCOS, FSIN, FCOS; RSQRT and RCP. */
static unsigned approximates(const struct opmap_row *r, const uint8_t *opcode)
{
	if (opcode[0] == 0xd9 && opcode[1] >= 0xf0)
		return opcode[1] <= 0xf3 || opcode[1] == 0xf9 || opcode[1] == 0xfb ||
				       opcode[1] >= 0xfe
			       ? GEN_APPROX
			       : 0;
	return (r->map == 2 || r->map == 4) && (r->opcode == 0x52 || r->opcode == 0x53) ? GEN_APPROX
											: 0;
}

static void finish(struct gen_insn *in, const struct making *m, unsigned at)
{
	const uint8_t *opcode = in->code + at;

	if ((m->row->map == 2 || m->row->map == 3) && m->row->opcode == 0xf7)
		in->what |= GEN_MASKED;

	if (m->row->attr & A_ESC) {
		in->what |= approximates(m->row, opcode);
		if (stores_environment(opcode))
			in->what |= GEN_ENV;
	} else {
		static const uint8_t none[2];

		in->what |= approximates(m->row, none);
		if (m->row->attr & A_FXSR && m->row->ext == 0x10)
			in->what |= GEN_ENV;
	}
}

/* Now and then: a LOCK where none may be, or so many prefixes that it may be more than 15 bytes. */
static void add_odd_prefixes(struct gen *g, struct gen_insn *in, const struct making *m)
{
	static const uint8_t flat[] = {0x26, 0x36, 0x3e};
	unsigned n = rng_below(&g->rng, 100);

	if (n == 0 && !(m->row->attr & A_LOCK))
		put(in, 0xf0, 1);
	else if (n == 1)
		for (n = rng_below(&g->rng, 7); n; n--)
			put(in, flat[rng_below(&g->rng, ARRAY_LEN(flat))], 1);
}

static void make(struct gen *g, struct making *m)
{
	static const uint8_t prefix[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
	static const uint8_t mandatory[] = {0, 0, 0, 0x66, 0xf3, 0xf2, 0xf3};
	const struct opmap_row *r = m->row;
	struct gen_insn *in = add(g);
	struct rng *rng = &g->rng;
	unsigned opcode_at;

	in->row = (uint16_t)(r - opmap);
	add_odd_prefixes(g, in, m);
	if (m->lock)
		put(in, 0xf0, 1);
	if (m->opsize == 2 && r->map < 3)
		put(in, 0x66, 1);
	if (m->adsize == 2)
		put(in, 0x67, 1);
	if (m->seg >= 0)
		put(in, prefix[m->seg], 1);
	if (is_string(r) && rng_percent(rng, 60))
		put(in, rng_percent(rng, 50) ? 0xf3 : 0xf2, 1);
	if (r->map >= 3)
		put(in, mandatory[r->map], 1);
	if (r->map >= 2 && r->map <= 5)
		put(in, 0x0f, 1);
	opcode_at = in->len;
	put(in, r->opcode, 1);
	if (opmap_has_modrm(r->map, r->opcode))
		put_modrm(g, in, m);
	put_immediates(g, in, m);
	finish(in, m, opcode_at);
}

static bool may_be_16bit(const struct opmap_row *r)
{
	/* A 16-bit jump leads to the first 64 KB, where nothing is. */
	for (unsigned i = 0; i < 3; i++)
		if (r->operand[i] == OPR_Jb || r->operand[i] == OPR_Jz || r->operand[i] == OPR_Ap)
			return false;
	if (r->map == 1 &&
	    (is_op(r, 1, 0xc2, 0xc3) || is_op(r, 1, 0xca, 0xcb) || is_op(r, 1, 0xcf, 0xcf) ||
	     (r->opcode == 0xff && r->ext >= 2 && r->ext <= 5)))
		return false;
	/* 66 would choose another row. */
	return r->map == 1 || (r->map == 2 && !(r->attr & (A_MMX | A_SSE | A_SSE2 | A_CLFSH)) &&
			       !opmap_find(3, r->opcode, 0) && !opmap_find(3, r->opcode, 0xc0));
}

void gen_next(struct gen *g, const struct cpu_state *s, struct gen_insn *out)
{
	struct making m = {.s = s};
	struct rng *rng = &g->rng;

	if (g->next_ahead == g->nr_ahead) {
		gen_drop(g);
		do
			m.row = &opmap[choose_row(g)];
		/* IRET with NT is a task switch, but not on a processor that could be in 64-bit mode. */
		while ((flags_read(m.row) & g->undefined) ||
		       (is_op(m.row, 1, 0xcf, 0xcf) && s->eflags & FL_NT));
		m.opsize = may_be_16bit(m.row) && rng_percent(rng, 20) ? 2 : 4;
		m.seg = rng_percent(rng, 10) ? (int)rng_below(rng, 6) : -1;
		m.adsize = (m.seg >= FS && rng_percent(rng, 40)) ? 2 : 4;
		if (has_operand(m.row, OPR_Mp)) { /* what is prepared must be what is read */
			m.seg = -1;
			m.adsize = 4;
		}
		m.lock = m.row->attr & A_LOCK && rng_percent(rng, 8);
		/* Some must be: POPF, since nobody can give the child its ID flag back, loads of
		 * selectors, since the kernel's tables are others than ours, and MASKMOV. */
		if (rng_percent(rng, 92) || is_op(m.row, 1, 0x9d, 0x9d) ||
		    is_op(m.row, 1, 0x8e, 0x8e) || pops_selector(m.row) ||
		    has_operand(m.row, OPR_Mp) || is_op(m.row, 1, 0xca, 0xcb) ||
		    is_op(m.row, 1, 0xcf, 0xcf) ||
		    ((m.row->map == 2 || m.row->map == 3) && m.row->opcode == 0xf7))
			prepare(g, &m);
		if (g->nr_ahead == 0 || !opmap_has_modrm(m.row->map, m.row->opcode)) {
			make(g, &m);
		} else {
			/* The registers will be others when it is its turn: make it then. */
			g->ahead[g->nr_ahead].row = (uint16_t)(m.row - opmap);
			g->ahead[g->nr_ahead].len = 0;
			g->ahead[g->nr_ahead].target = (uint32_t)(m.opsize | m.adsize << 4 |
								  (unsigned)(m.seg + 1) << 8);
			g->nr_ahead++;
		}
	}
	if (!g->ahead[g->next_ahead].len) { /* postponed until now */
		uint32_t how = g->ahead[g->next_ahead].target, fixed = g->fixed;

		m.row = &opmap[g->ahead[g->next_ahead].row];
		m.opsize = how & 15;
		m.adsize = how >> 4 & 15;
		m.seg = (int)(how >> 8) - 1;
		gen_drop(g);
		g->fixed = fixed;
		make(g, &m);
	}
	*out = g->ahead[g->next_ahead++];
}
