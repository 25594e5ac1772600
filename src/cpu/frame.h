/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:332
 * Things that happen together or not at all.  A call through a gate writes a frame, sets accessed
 * bits and busy bits, and any of these stores may fault; so they are first collected here, each
 * checked and its place found, and made only when nothing can go wrong any more.
:*/
#ifndef CPU_FRAME_H
#define CPU_FRAME_H

#include <string.h>

#include "seg.h"

/* The most anybody needs: a call gate's 31 parameters and four words, two accessed bits; a task
 * switch needs less. */
#define STORES_MAX 40

struct stores {
	unsigned n;
	struct {
		uint8_t *quick; /* where in host memory, if the TLB knew; else look at span */
		struct acc_span span;
		uint32_t v;
		unsigned bytes;
	} e[STORES_MAX];
};

/* Only the count is set: the rest is a kilobyte that need not be written each time. */
static inline void stores_init(struct stores *w)
{
	w->n = 0;
}

/* Collect one store of 2 or 4 bytes, made as ring `cpl` would; faults as it would. */
int stores_add(struct cpu *cpu, struct stores *w, unsigned cpl, uint32_t lin, uint32_t v,
	       unsigned bytes) MUST_CHECK;
/* Collect the setting of a descriptor's accessed bit (if it is clear), also in *d. */
int stores_accessed(struct cpu *cpu, struct stores *w, uint16_t sel, struct desc *d) MUST_CHECK;
/* Make them all. */
void stores_commit(struct cpu *cpu, const struct stores *w);

/* A stack pointer on the move: the current one, or one that will be current when all is well. */
struct stack {
	struct seg ss;
	uint32_t sp;
	uint16_t error; /* selector in the error code of a #SS */
	uint8_t cpl;	/* whose rights its pages are accessed with */
	bool align;	/* #AC applies: the program uses its own stack */
};

void stack_current(const struct cpu *cpu, struct stack *st);
/* The stack of inner ring `cpl`, from the TSS, with all checks: #TS, #NP, #SS. */
int stack_inner(struct cpu *cpu, struct stack *st, struct stores *w, unsigned cpl) MUST_CHECK;

/*C:575
 * The stack pointer is ESP or SP, as the B bit of the stack segment says; a 16-bit one wraps
 * within its 64 KB, each push on its own, and the upper half of ESP stays as it was.
 */
static inline uint32_t stack_pointer_mask(const struct stack *st)
{
	return st->ss.attr & SEG_DB ? 0xffffffff : 0xffff;
}

/* Move the pointer without looking. */
static inline void stack_release(struct stack *st, uint32_t bytes)
{
	uint32_t mask = stack_pointer_mask(st);

	st->sp = (st->sp & ~mask) | ((st->sp + bytes) & mask);
}

/* Is there room for n pushes of so many bytes?  #SS(error). */
static inline MUST_CHECK int stack_room(struct cpu *cpu, const struct stack *st, unsigned n,
					unsigned bytes)
{
	struct stack at = *st;

	/* Far from both ends of an ordinary stack all fit if the last one does. */
	stack_release(&at, -(uint32_t)(n * bytes));
	if (at.sp < st->sp && !(at.ss.attr & SEG_E) &&
	    seg_allows(&at.ss, at.sp & stack_pointer_mask(&at), n * bytes, true))
		return 0;
	at = *st;
	while (n--) {
		stack_release(&at, -(uint32_t)bytes);
		if (!seg_allows(&at.ss, at.sp & stack_pointer_mask(&at), bytes, true))
			return cpu_trap(cpu, V_SS, true, st->error & 0xfffc);
	}
	return 0;
}

/* Push 2 or 4 bytes: #SS(error) beyond the limit, page faults; the store itself goes to *w. */
static inline MUST_CHECK int stack_push(struct cpu *cpu, struct stack *st, struct stores *w,
					uint32_t v, unsigned bytes)
{
	uint32_t off;

	stack_release(st, -(uint32_t)bytes);
	off = st->sp & stack_pointer_mask(st);
	if (!seg_allows(&st->ss, off, bytes, true))
		return cpu_trap(cpu, V_SS, true, st->error & 0xfffc);
	if (st->align && acc_align(cpu, st->ss.base + off, bytes))
		return 1;
	return stores_add(cpu, w, st->cpl, st->ss.base + off, v, bytes);
}

/* Pop 2 or 4 bytes. */
static inline MUST_CHECK int stack_pop(struct cpu *cpu, struct stack *st, uint32_t *v,
				       unsigned bytes)
{
	uint32_t off = st->sp & stack_pointer_mask(st);
	const uint8_t *quick;
	le32_t m = le32(0);

	if (!seg_allows(&st->ss, off, bytes, false))
		return cpu_trap(cpu, V_SS, true, st->error & 0xfffc);
	if (st->align && acc_align(cpu, st->ss.base + off, bytes))
		return 1;
	quick = acc_quick_read(cpu, st->cpl, st->ss.base + off, 4);
	if (quick && bytes == 4)
		memcpy(&m, quick, 4);
	else if (acc_ld_as(cpu, st->cpl, st->ss.base + off, &m, bytes))
		return 1;
	*v = le32_get(m);
	stack_release(st, bytes);
	return 0;
}
/*:*/

/*C:577
 * The frame of a crossing is at most six words in a row, and nearly always they lie in the middle of
 * an ordinary 32-bit stack and on one page that the TLB knows.  Then one look is enough for all.
 * NULL: it is not so, go word by word.
 */
static inline bool stack_is_plain(const struct seg *ss, uint32_t off, unsigned bytes)
{
	const unsigned mask = SEG_P | SEG_S | SEG_CODE | SEG_E | SEG_W | SEG_DB;
	uint32_t last = off + bytes - 1;

	return (ss->attr & mask) == (SEG_P | SEG_S | SEG_W | SEG_DB) && last >= off &&
	       last <= ss->limit;
}

/* Host address of `bytes` bytes below (pushed by ring `cpl`) or at offset esp. */
ALWAYS_INLINE uint8_t *stack_quick_push(const struct cpu *cpu, const struct seg *ss, uint32_t esp,
					unsigned cpl, unsigned bytes)
{
	if (!stack_is_plain(ss, esp - bytes, bytes))
		return NULL;
	return acc_quick_write(cpu, cpl, ss->base + esp - bytes, bytes);
}

ALWAYS_INLINE const uint8_t *stack_quick_pop(const struct cpu *cpu, unsigned bytes)
{
	const struct seg *ss = &cpu->s.seg[SS];
	uint32_t esp = cpu->s.r[ESP];

	if (!stack_is_plain(ss, esp, bytes) || (cpu->mode & MODE_ALIGN))
		return NULL;
	return acc_quick_read(cpu, cpu->s.cpl, ss->base + esp, bytes);
}

static inline uint32_t word_get(const uint8_t *p)
{
	return le32_get((le32_t){{p[0], p[1], p[2], p[3]}});
}

static inline uint8_t *word_put(uint8_t *p, uint32_t v)
{
	le32_t m = le32(v);

	memcpy(p, &m, sizeof(m));
	return p + sizeof(m);
}
/*:*/

/* Set ESP from it: all of it, or SP only when the stack is a 16-bit one. */
void stack_set_esp(struct cpu *cpu, const struct stack *st);

#endif
