/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:343
 * Dead flags: which operations of a block need not work out their flags, and what becomes of them if it
 * turns out that somebody looks after all.
:*/
#include "base/bug.h"
#include "block.h"

#define BITS 32
#include "sem/int.c.inc"
#undef BITS

/*C:418
 * Most flags are never read.  Where the next operation that touches them overwrites them all, an
 * operation may leave the flags alone: no handler and no snapshot can come between to see the
 * difference.  A fault can, of an operation in memory that stands between the two: its exception frame has
 * the flags in it.  But a fault is rare, and the flags of an addition, say, can be worked out long
 * after it, as long as its registers are what they were.  So such an operation in memory knows how far before
 * it the one is whose flags it owes, and works them out if it faults.
:*/

/* Does the operation leave nothing of the flags that were there before?  (A shift by zero does.) */
static bool overwrites_flags(const struct op *op)
{
	const struct opmap_row *row = &opmap[op->row];
	bool shift = row->map == 1 && (row->opcode == 0xc0 || row->opcode == 0xc1);

	return row->flags_defined && (row->flags_defined | row->flags_undefined) == FL_ARITH &&
	       !(shift && !(op->imm & 31));
}

/* PUSH and POP of a general register, PUSH of an immediate. */
static bool is_push_or_pop(const struct op *op)
{
	const struct opmap_row *row = &opmap[op->row];

	return row->map == 1 &&
	       ((row->opcode & 0xf0) == 0x50 || row->opcode == 0x68 || row->opcode == 0x6a);
}

/* It reads no flags, and if it is about memory it may fault, having done nothing. */
static bool is_plain(const struct op *op)
{
	return opmap[op->row].attr & A_PLAIN || is_push_or_pop(op);
}

static bool may_fault(const struct op *op)
{
	return !(op->flags & OPF_NOMEM) || is_push_or_pop(op);
}

/* May the plain operation write general register r? */
static bool may_write(const struct op *op, unsigned r)
{
	const struct opmap_row *row = &opmap[op->row];
	const unsigned rm = REG_NO(op->rm), reg = REG_NO(op->reg);

	if (is_push_or_pop(op))
		return r == ESP || r == rm;
	/* XCHG: both. */
	if (row->map == 1 && (row->opcode == 0x86 || row->opcode == 0x87))
		return r == rm || r == reg;
	switch (row->operand[0]) {
	case OPR_Eb:
	case OPR_Ev: return op->flags & OPF_NOMEM && r == rm;
	case OPR_Gv:
	case OPR_Gb: return r == reg;
	case OPR_Zb: return r == rm;
	case OPR_Zv: return r == rm || row->operand[1] == OPR_eAX;
	case OPR_AL:
	case OPR_eAX: return r == EAX;
	default: return true;
	}
}

/* ADD, SUB, AND, OR, XOR (of 32 bits, as all that can do without flags), the result in a register: enough to
 * do it over. */
enum arith_what { ARITH_ADD = 0, ARITH_OR = 1, ARITH_AND = 4, ARITH_SUB = 5, ARITH_XOR = 6 };
struct arith {
	unsigned what; /* enum arith_what, as the manual numbers them */
	unsigned to;
	unsigned from; /* register, or REG_ZERO if that is not known or no matter */
	bool imm;
};

static bool arith_of(const struct op *op, struct arith *a)
{
	const struct opmap_row *row = &opmap[op->row];
	const unsigned rm = op->modrm & 7, reg = op->modrm >> 3 & 7, form = row->opcode & 7;
	const bool memory = !(op->flags & OPF_NOMEM);
	unsigned what;

	if (row->map != 1)
		return false;
	*a = (struct arith){.from = REG_ZERO};
	if (row->opcode == 0x81 || row->opcode == 0x83) {
		what = reg;
		a->to = rm;
		a->imm = true;
	} else if (row->opcode < 0x40 && (form == 1 || form == 3 || form == 5)) {
		what = row->opcode >> 3;
		a->to = form == 1 ? rm : form == 3 ? reg : EAX;
		a->imm = form == 5;
		if (form != 5 && !memory)
			a->from = form == 1 ? reg : rm;
	} else {
		return false;
	}
	a->what = what;
	if (memory && (a->imm || form != 3))
		return false;
	/* These have only their result in their flags. */
	if (what == ARITH_AND || what == ARITH_OR || what == ARITH_XOR) {
		a->from = REG_ZERO;
		return true;
	}
	return !memory && ((what == ARITH_ADD && a->from != a->to) || what == ARITH_SUB);
}

/* Could the flags of ops[i] be worked out anew when ops[last] has not been done yet? */
static bool can_wait(const struct op *ops, unsigned i, unsigned last)
{
	struct arith a;

	if (!arith_of(&ops[i], &a))
		return false;
	for (unsigned j = i + 1; j < last; j++)
		if (may_write(&ops[j], a.to) || (a.from != REG_ZERO && may_write(&ops[j], a.from)))
			return false;
	return true;
}

static unsigned highest(uint32_t mask)
{
	return 31u - (unsigned)__builtin_clz(mask);
}

void dead_flags_drop(struct op *ops, unsigned n)
{
	bool dead = false;
	uint32_t between = 0; /* those that may fault before the flags are overwritten, as bits */

	for (unsigned i = n; i-- > 0;) {
		struct op *op = &ops[i];
		const struct opmap_row *row = &opmap[op->row];
		op_fn *fn = dead ? interp_flagless(op->row, op->flags & OPF_32,
						   op->flags >> OPF_KIND_SHIFT)
				 : NULL;

		if (fn && between && !can_wait(ops, i, highest(between)))
			fn = NULL;
		if (fn) {
			op->fn = fn;
			for (; between; between &= between - 1) {
				unsigned k = (unsigned)__builtin_ctz(between);

				ops[k].owes = (uint16_t)(k - i) & 63u;
			}
		}
		if (!is_plain(op) || ((row->flags_defined | row->flags_undefined) && between)) {
			dead = false;
			between = 0;
		}
		if (is_plain(op) && overwrites_flags(op))
			dead = true;
		if (dead && may_fault(op))
			between |= 1u << i;
	}
}

void dead_flags_restore(struct cpu *cpu, const struct op *op)
{
	const uint32_t *r = cpu->s.r;
	struct flags *f = &cpu->s.fl;
	uint32_t b;
	struct arith a;

	op -= op->owes;
	BUG_ON(!arith_of(op, &a));
	b = a.imm ? op->imm : r[a.from];
	switch (a.what) {
	case ARITH_ADD: sem_add32(f, r[a.to] - b, b); break;
	case ARITH_SUB: sem_sub32(f, r[a.to] + b, b); break;
	default: sem_logic32(f, r[a.to]);
	}
}
