/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:321
 * The interpreter: the forms bound to decoded operations, and the table that leads from a row of
 * the opcode map to its handlers.  A row without a body does not compile.
:*/
#include <string.h>

#include "access.h"
#include "block.h"
#include "event.h"
#include "fpu_ops.h"
#include "mmx_lanes.h"
#include "seg.h"
#include "simd.h"
#include "system.h"

#if defined(__clang__) && !defined(LG_TRAMPOLINE)
#define LG_TAIL 1
#else
#define LG_TAIL 0
#endif

#include "forms/vocab.h"

#define BITS 8
#include "sem/int.c.inc"
#undef BITS
#define BITS 16
#include "sem/int.c.inc"
#undef BITS
#define BITS 32
#include "sem/int.c.inc"
#undef BITS

/* Where fixed registers lie, as byte offsets into struct cpu. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AT8(r)	(REG_AT(r) + 3)
#define AT8H(r) (REG_AT(r) + 2)
#define AT16(r) (REG_AT(r) + 2)
#else
#define AT8(r)	REG_AT(r)
#define AT8H(r) (REG_AT(r) + 1)
#define AT16(r) REG_AT(r)
#endif
#define AT32(r) REG_AT(r)
_Static_assert(REG_AT(REG_ZERO) < 128, "operands are offsets of eight bits");

#ifndef LG_NO_HOOKS
#include "forms/hooks.c.inc"
#else
#define op_note_block		   op_end
#define op_count_block		   op_end
#define hook_give_back(cpu, op, n) ((void)0)
#endif

/* So many instructions of the block were counted when it was entered and do not retire. */
static void op_give_back(struct cpu *cpu, const struct op *op, unsigned n)
{
	cpu->budget += n;
	hook_give_back(cpu, op, n);
}

/* The way out when nothing was changed: EIP is the instruction's, and it did not retire. */
COLD_OP(fault)
{
	if (op->owes)
		dead_flags_restore(cpu, op);
	cpu->s.eip += op->off;
	op_give_back(cpu, op, op->left);
	return NULL;
}

/* Retired, but not the last of its block: the rest is not run after all. */
COLD_OP(break_off)
{
	cpu->s.eip += op->off + op->len;
	op_give_back(cpu, op, op->left - 1u);
	return NULL;
}

/* The way out of a block, EIP set, when the next one is not at hand. */
COLD_OP(leave_slowly)
{
	UNUSED_OP;
	ENTER_IF(block_find(cpu));
	return NULL;
}

/* Straight into the next if it is. */
OP(leave)
{
	ENTER_IF(block_guess(cpu, tlb));
	GO(op_leave_slowly(cpu, op, tlb));
}

/*C:480
 * Links.  When a block is always followed by the same other block, it remembers it, and nobody has to
 * search.  Within a page nothing can come between: the page's translation is the one by which the
 * first block was entered, the mode is the same and its CS flat (a link is never made across a change
 * of mode, nor to or from a block of two pages), and both blocks die together when the page changes.
 * To another page (op_leave_away) the TLB must agree, as it must with a guess.  A conditional jump
 * to another page has no link, and guesses each time.
:*/
static bool may_link(const struct cpu *cpu, const struct block *from, const struct block *to)
{
	return to && block_mode(from) == block_mode(to) && (block_mode(to) & MODE_CODE_FLAT) &&
	       cpu_has_rung(cpu, RUNG_LINK);
}

/* On another page, or for another mode. */
static bool is_elsewhere(const struct block *from, const struct block *to)
{
	return (from->where ^ to->where) >> PAGE_SHIFT;
}

static bool is_anywhere(const struct block *from, const struct block *to)
{
	return true;
}

static bool is_on_its_page(const struct block *from, const struct block *to)
{
	return !is_elsewhere(from, to);
}

static bool is_behind(const struct block *from, const struct block *to)
{
	return to->where == from->where + from->bytes;
}

/* What is at CS:EIP, and from now on follows the block that ends with `end`, if it is where a link may
 * lead. */
static struct block *next_linked(struct cpu *cpu, const struct op *end, unsigned slot,
				 bool (*is_good)(const struct block *, const struct block *))
{
	const uint64_t flushes = cpu->cache->flushes;
	struct block *to = block_next(cpu);

	/* To make room for a block, the one that led to it may have gone. */
	if (flushes == cpu->cache->flushes && may_link(cpu, end->home, to) &&
	    is_good(end->home, to))
		((struct op *)(uintptr_t)end)->link[slot] = to;
	return to;
}

/* op is the block's end, and so it is where a link is followed (CHAIN). */
#define DEF_LEAVE(slot)                                                                            \
	COLD_OP(leave_linking_##slot)                                                              \
	{                                                                                          \
		ENTER_IF(next_linked(cpu, op, slot, is_on_its_page));                              \
		return NULL;                                                                       \
	}                                                                                          \
	OP(leave_##slot)                                                                           \
	{                                                                                          \
		struct block *to = block_guess(cpu, tlb);                                          \
                                                                                                   \
		if (to && is_elsewhere(op->home, to))                                              \
			ENTER(to);                                                                 \
		GO(op_leave_linking_##slot(cpu, op, tlb));                                         \
	}
DEF_LEAVE(0)
DEF_LEAVE(1)

COLD_OP(leave_away)
{
	ENTER_IF(next_linked(cpu, op, 1, is_anywhere));
	return NULL;
}

/* Something has changed since the link was followed last: perhaps not what lies there. */
COLD_OP(look_away)
{
	struct block *to = op->link[1];

	if (LIKELY(block_look(cpu, tlb, to)))
		ENTER(to);
	GO(op_leave_away(cpu, op, tlb));
}

/*C:482
 * Returns.  A call notes its block (CALLED), the return behind it takes it back and finds there the
 * block that follows the call: without waiting for the address that it pops, which only has to
 * confirm.  Who returns elsewhere, or in another mode, or without having been called, is no worse off
 * than before.
:*/
COLD_OP(leave_return)
{
	const struct op *end = cpu->called[cpu->calls];

	UNUSED_OP;
	if (!cpu_has_rung(cpu, RUNG_RETURN))
		end = &block_no_end;
	ENTER_IF(next_linked(cpu, end, 0, is_behind));
	return NULL;
}

COLD_OP(look_return)
{
	struct block *to = cpu->called[cpu->calls]->link[0];

	if (LIKELY(block_look(cpu, tlb, to)))
		ENTER(to);
	GO(op_leave_return(cpu, op, tlb));
}

/* The same after crossing rings: the books are closed, and a new plan is made. */
OP(resume)
{
	cpu_sync_counts(cpu);
	if (UNLIKELY(cpu_must_look(cpu)))
		return NULL;
	cpu_plan(cpu);
	tlb = cpu->view;
	LEAVE;
}

COLD_OP(refill_read)
{
	if (LIKELY(acc_refill_read(cpu, EA32)))
		DISPATCH(op);
	CAREFUL;
}

COLD_OP(refill_write)
{
	if (LIKELY(acc_refill_write(cpu, EA32)))
		DISPATCH(op);
	CAREFUL;
}

/* The stack, the careful way.  bytes is 2 or 4. */
static inline uint32_t stack_mask(const struct cpu *cpu)
{
	return cpu->mode & MODE_SS32 ? ~0u : 0xffff;
}

static inline void stack_set(struct cpu *cpu, uint32_t v)
{
	uint32_t mask = stack_mask(cpu);

	cpu->s.r[ESP] = (cpu->s.r[ESP] & ~mask) | (v & mask);
}

static inline void stack_move(struct cpu *cpu, int by)
{
	stack_set(cpu, cpu->s.r[ESP] + (uint32_t)by);
}

/* Address of the operand `at` bytes above the top of the stack. */
static int stack_check(struct cpu *cpu, uint32_t off, unsigned bytes, bool write, uint32_t *lin)
{
	return seg_check(cpu, SS, off & stack_mask(cpu), bytes, write, lin);
}

static int stack_peek(struct cpu *cpu, unsigned bytes, uint32_t at, uint32_t *v)
{
	uint16_t w;
	uint32_t lin;

	if (stack_check(cpu, cpu->s.r[ESP] + at, bytes, false, &lin))
		return 1;
	if (bytes == 4)
		return acc_ld32(cpu, lin, v);
	if (acc_ld16(cpu, lin, &w))
		return 1;
	*v = w;
	return 0;
}

/* Store to slot n below the top of the stack (1 is what PUSH uses); ESP stays. */
static int stack_poke(struct cpu *cpu, unsigned bytes, unsigned n, uint32_t v)
{
	uint32_t lin;

	if (stack_check(cpu, cpu->s.r[ESP] - n * bytes, bytes, true, &lin))
		return 1;
	return bytes == 4 ? acc_st32(cpu, lin, v) : acc_st16(cpu, lin, (uint16_t)v);
}

static int stack_push(struct cpu *cpu, unsigned bytes, uint32_t v)
{
	if (stack_poke(cpu, bytes, 1, v))
		return 1;
	stack_move(cpu, -(int)bytes);
	return 0;
}

static int stack_push_sel(struct cpu *cpu, uint16_t sel)
{
	uint32_t lin;

	if (stack_check(cpu, cpu->s.r[ESP] - 4, 2, true, &lin) || acc_st16(cpu, lin, sel))
		return 1;
	stack_move(cpu, -4);
	return 0;
}

/* The second part of an operand in memory, `by` bytes on. */
static inline uint32_t ea_add(const struct op *op, uint32_t ea, uint32_t by)
{
	return op->flags & OPF_AD16 ? (ea + by) & 0xffff : ea + by;
}

#include "forms/alu.c.inc"
#include "forms/move.c.inc"
#include "forms/flow.c.inc"
#include "forms/bits.c.inc"
#include "forms/string.c.inc"
#include "forms/misc.c.inc"
#include "forms/x87.c.inc"
#include "forms/fused.c.inc"
#include "forms/steps.c.inc"
#include "forms/special.c.inc"
#include "forms/simd.c.inc"

#include "shapes.h"

static op_fn *const handlers[ROW_LIMIT][2][2][4] = {
#define I(map, opc, ext, mn, a, b, c, shape, body, attr, fd, fu, title)                            \
	[ROW_ID(__LINE__)] = SHAPE_##shape(body),
#include "opmap.def"
#undef I
};

op_fn *interp_handler(unsigned row, bool w32, enum op_kind kind)
{
	return handlers[row][0][w32][kind];
}

op_fn *interp_flagless(unsigned row, bool w32, enum op_kind kind)
{
	return handlers[row][1][w32][kind];
}

op_fn *const interp_end = op_end;
op_fn *const interp_ret = op_ret_32_m;
op_fn *const interp_note = op_note_block;
op_fn *const interp_count = op_count_block;
op_fn *const interp_ud = op_ud;
op_fn *const interp_long = op_long;
