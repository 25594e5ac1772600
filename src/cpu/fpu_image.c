/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:364
 * The x87 as it lies in memory: control and status words, the environment in its four layouts,
 * FNSAVE, FXSAVE.  An image is built or read whole in a buffer, so that a fault changes nothing.
:*/
#include "f80_int.h"
#include "fpu_priv.h"

#define FXSAVE_BYTES  512
#define MXCSR_MASK    0xffffu
#define MXCSR_DEFAULT 0x1f80u

static inline void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v);
	put16(p + 2, v >> 16);
}

static inline void put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static inline uint64_t get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

/*
 * Can n bytes, at most a page, be accessed?  As silicon does, look at the first item (CR2 may show
 * the page border in it), then at the last byte.
 */
static int probe(struct cpu *cpu, uint32_t lin, unsigned item, unsigned n, bool write)
{
	uint8_t to[16];

	if (write)
		return acc_probe_write(cpu, lin, item) || acc_probe_write(cpu, lin + n - 1, 1);
	return acc_ld(cpu, lin, to, item) || acc_ld(cpu, lin + n - 1, to, 1);
}

static int store(struct cpu *cpu, uint32_t lin, const uint8_t *from, unsigned n)
{
	for (unsigned i = 0; i < n; i += 16) {
		if (acc_st(cpu, lin + i, from + i, n - i < 16 ? n - i : 16))
			return 1;
	}
	return 0;
}

static int load(struct cpu *cpu, uint32_t lin, uint8_t *to, unsigned n)
{
	for (unsigned i = 0; i < n; i += 16) {
		if (acc_ld(cpu, lin + i, to + i, n - i < 16 ? n - i : 16))
			return 1;
	}
	return 0;
}

/*C:740
 * The tag word has two bits for each physical register: 0 valid, 1 zero, 2 special, 3 empty.  The
 * machine only remembers which are empty; the rest is there to be seen in the contents.
:*/
static uint16_t tag_word(const struct fpu *f)
{
	uint16_t tags = 0;

	for (unsigned i = 8; i--;) {
		enum f80_class c = f80_classify(f->reg[i]);
		unsigned tag = c == F80_C_NORMAL ? 0 : c == F80_C_ZERO ? 1 : 2;

		tags = (uint16_t)(tags << 2 | (f->empty >> i & 1 ? 3 : tag));
	}
	return tags;
}

static void set_tag_word(struct fpu *f, uint16_t tags)
{
	f->empty = 0;
	for (unsigned i = 0; i < 8; i++)
		f->empty |= (uint8_t)((tags >> 2 * i & 3) == 3) << i;
}

static void set_control(struct fpu *f, uint16_t cw)
{
	f->fcw = (cw & FCW_WRITABLE) | FCW_ONES;
}

/*C:742
 * The environment (volume 1, "Protected Mode x87 FPU State Image in Memory, 32-Bit Format" and the
 * three figures after it).  In words of the operand size:
 *
 *	       protected mode                  real and virtual-8086 mode
 *	0      control word                    control word
 *	1      status word                     status word
 *	2      tag word                        tag word
 *	3      FIP                             FIP 15:0
 *	4      FCS (32 bits: and FOP << 16)    FIP 31:16 << 12 (16 bits: 19:16) | FOP
 *	5      FDP                             FDP 15:0
 *	6      FDS                             FDP 31:16 << 12
 *
 * In the real-mode layouts the pointers are linear addresses.
:*/
static bool real_layout(const struct cpu *cpu)
{
	return cpu_is_real(cpu) || cpu_is_v86(cpu);
}

static void env_words(const struct cpu *cpu, uint32_t w[7])
{
	const struct fpu *f = &cpu->s.fpu;

	w[0] = f->fcw;
	w[1] = f->fsw;
	w[2] = tag_word(f);
	if (real_layout(cpu)) {
		uint32_t ip = f->fip + ((uint32_t)f->fcs << 4);
		uint32_t dp = f->fdp + ((uint32_t)f->fds << 4);

		w[3] = ip & 0xffff;
		w[4] = (ip & 0xffff0000) >> 4 | (f->fop & 0x7ff);
		w[5] = dp & 0xffff;
		w[6] = (dp & 0xffff0000) >> 4;
	} else {
		w[3] = f->fip;
		w[4] = f->fcs | (uint32_t)(f->fop & 0x7ff) << 16;
		w[5] = f->fdp;
		w[6] = f->fds;
	}
}

static void env_to_image(const struct cpu *cpu, unsigned opsize, uint8_t *b)
{
	/* What is reserved in the 32-bit layouts reads as ones, beside the first three and FDS. */
	static const uint32_t ones[7] = {0xffff0000, 0xffff0000, 0xffff0000, 0, 0, 0, 0xffff0000};
	uint32_t w[7];

	env_words(cpu, w);
	for (unsigned i = 0; i < 7; i++) {
		if (opsize == 2)
			put16(b + 2 * i, w[i]);
		else
			put32(b + 4 * i, real_layout(cpu) && i > 2 ? w[i] : w[i] | ones[i]);
	}
}

static void env_from_image(struct cpu *cpu, unsigned opsize, const uint8_t *b)
{
	struct fpu *f = &cpu->s.fpu;
	uint32_t w[7];

	for (unsigned i = 0; i < 7; i++)
		w[i] = opsize == 2 ? get16(b + 2 * i) : get32(b + 4 * i);
	set_control(f, (uint16_t)w[0]);
	f->fsw = (uint16_t)w[1];
	x87_summarize(f);
	set_tag_word(f, (uint16_t)w[2]);
	if (real_layout(cpu)) {
		f->fip = (w[3] & 0xffff) | (w[4] & 0x0ffff000) << 4;
		f->fdp = (w[5] & 0xffff) | (w[6] & 0x0ffff000) << 4;
		f->fop = w[4] & 0x7ff;
		f->fcs = f->fds = 0;
	} else {
		f->fip = w[3];
		f->fdp = w[5];
		f->fcs = (uint16_t)w[4];
		f->fds = (uint16_t)w[6];
		if (opsize == 4)
			f->fop = w[4] >> 16 & 0x7ff;
	}
}

/* The registers follow an environment as ST(0) to ST(7), `step` bytes apart. */
static void regs_to_image(const struct fpu *f, uint8_t *b, unsigned step)
{
	for (unsigned i = 0; i < 8; i++, b += step) {
		struct f80 v = f->reg[((f->fsw >> 11) + i) & 7];

		put64(b, v.mant);
		put16(b + 8, v.se);
	}
}

static void regs_from_image(struct fpu *f, const uint8_t *b, unsigned step)
{
	for (unsigned i = 0; i < 8; i++, b += step)
		f->reg[((f->fsw >> 11) + i) & 7] = F80(get16(b + 8), get64(b));
}

static int locate_word(struct x87 *x, bool write, uint32_t *lin)
{
	return seg_check(x->cpu, x->in->seg, x->in->ea, 2, write, lin);
}

static int locate_image(struct x87 *x, unsigned n, bool write, uint32_t *lin)
{
	const unsigned item = x->in->opsize;

	return seg_check(x->cpu, x->in->seg, x->in->ea, item, write, lin) ||
	       acc_align(x->cpu, *lin, item) ||
	       seg_check(x->cpu, x->in->seg, x->in->ea, n, write, lin) ||
	       probe(x->cpu, *lin, x->in->opsize, n, write);
}

/* FNSTENV masks all exceptions afterwards; FNSAVE leaves the x87 as FNINIT does. */
int x87_fnstenv(struct x87 *x)
{
	bool all = x->row->size == SAVE;
	unsigned env = 7 * x->in->opsize, n = all ? env + 80 : env;
	uint8_t b[28 + 80];
	uint32_t lin;

	env_to_image(x->cpu, x->in->opsize, b);
	if (all)
		regs_to_image(x->f, b + env, 10);
	if (locate_image(x, n, true, &lin) || store(x->cpu, lin, b, n))
		return 1;
	if (all)
		return x87_fninit(x);
	x->f->fcw |= F80_ALL;
	x87_summarize(x->f);
	return 0;
}

/* FLDENV, FRSTOR */
int x87_fldenv(struct x87 *x)
{
	bool all = x->row->size == SAVE;
	unsigned env = 7 * x->in->opsize, n = all ? env + 80 : env;
	uint8_t b[28 + 80];
	uint32_t lin;

	if (locate_image(x, n, false, &lin) || load(x->cpu, lin, b, n))
		return 1;
	env_from_image(x->cpu, x->in->opsize, b);
	if (all)
		regs_from_image(x->f, b + env, 10);
	return 0;
}

int x87_fldcw(struct x87 *x)
{
	uint32_t lin;
	uint16_t cw;

	if (locate_word(x, false, &lin) || acc_ld16(x->cpu, lin, &cw))
		return 1;
	set_control(x->f, cw);
	x87_summarize(x->f);
	return 0;
}

int x87_fnstcw(struct x87 *x)
{
	uint32_t lin;

	return locate_word(x, true, &lin) || acc_st16(x->cpu, lin, x->f->fcw);
}

int x87_fnstsw(struct x87 *x)
{
	uint32_t lin;

	return locate_word(x, true, &lin) || acc_st16(x->cpu, lin, x->f->fsw);
}

int x87_fnclex(struct x87 *x)
{
	x->f->fsw &= (uint16_t) ~(FSW_B | FSW_ES | FSW_SF | F80_ALL);
	return 0;
}

/* The registers keep their contents; only the tags say that they are empty. */
int x87_fninit(struct x87 *x)
{
	fpu_reset(x->f);
	return 0;
}

void fpu_reset(struct fpu *f)
{
	f->fcw = FCW_DEFAULT;
	f->fsw = 0;
	f->empty = 0xff;
	f->fop = f->fcs = f->fds = 0;
	f->fip = f->fdp = 0;
}

/*C:744
 * FXSAVE (volume 2, "FXSAVE--Save x87 FPU, MMX Technology, and SSE State").  It does not wait for
 * pending exceptions, keeps the state, and abridges the tags to one bit: 1 is "not empty".
 *
 *	 0 FCW  2 FSW  4 FTW  6 FOP  8 FIP  12 FCS  16 FDP  20 FDS  24 MXCSR  28 MXCSR_MASK
 *	32 ST(0)-ST(7), 16 bytes each       160 XMM0-XMM7
:*/
static int fx_locate(struct cpu *cpu, unsigned seg, uint32_t ea, bool write, uint32_t *lin)
{
	if (cpu->s.cr0 & (CR0_EM | CR0_TS))
		return cpu_trap(cpu, V_NM, false, 0);
	if (seg_check(cpu, seg, ea, FXSAVE_BYTES, write, lin) || acc_align(cpu, *lin, 4))
		return 1;
	if (*lin & 15)
		return trap_gp(cpu, 0);
	/* The last byte first, unlike the other images: CR2 shows it. */
	return probe(cpu, *lin + FXSAVE_BYTES - 1, 1, 1, write) ||
	       probe(cpu, *lin, 16, FXSAVE_BYTES, write);
}

static bool has_sse(const struct cpu *cpu)
{
	return cpu->model.edx1 & CPUID_SSE;
}

int fpu_fxsave(struct cpu *cpu, unsigned seg, uint32_t ea)
{
	const struct fpu *f = &cpu->s.fpu;
	uint8_t b[FXSAVE_BYTES];
	unsigned n = has_sse(cpu) ? 288 : 160;
	uint32_t lin;

	if (fx_locate(cpu, seg, ea, true, &lin))
		return 1;
	for (unsigned i = 0; i < sizeof(b); i++)
		b[i] = 0;
	put16(b, f->fcw);
	put16(b + 2, f->fsw);
	b[4] = (uint8_t)~f->empty;
	put16(b + 6, f->fop & 0x7ff);
	put32(b + 8, f->fip);
	put16(b + 12, f->fcs);
	put32(b + 16, f->fdp);
	put16(b + 20, f->fds);
	if (has_sse(cpu)) {
		put32(b + 24, f->mxcsr);
		put32(b + 28, MXCSR_MASK);
	}
	regs_to_image(f, b + 32, 16);
	for (unsigned i = 0; i < 16 && has_sse(cpu); i++)
		put64(b + 160 + 8 * i, f->xmm[i / 2][i % 2]);
	/* What lies above is reserved or for software to use: it is not written. */
	return store(cpu, lin, b, n);
}

int fpu_fxrstor(struct cpu *cpu, unsigned seg, uint32_t ea)
{
	struct fpu *f = &cpu->s.fpu;
	uint8_t b[FXSAVE_BYTES];
	uint32_t lin;

	if (fx_locate(cpu, seg, ea, false, &lin) || load(cpu, lin, b, FXSAVE_BYTES))
		return 1;
	if (has_sse(cpu) && get32(b + 24) & ~MXCSR_MASK)
		return trap_gp(cpu, 0);
	set_control(f, get16(b));
	f->fsw = get16(b + 2);
	x87_summarize(f);
	f->empty = (uint8_t)~b[4];
	f->fop = get16(b + 6) & 0x7ff;
	f->fip = get32(b + 8);
	f->fcs = get16(b + 12);
	f->fdp = get32(b + 16);
	f->fds = get16(b + 20);
	regs_from_image(f, b + 32, 16);
	if (!has_sse(cpu))
		return 0;
	f->mxcsr = get32(b + 24);
	for (unsigned i = 0; i < 16; i++)
		f->xmm[i / 2][i % 2] = get64(b + 160 + 8 * i);
	return 0;
}
