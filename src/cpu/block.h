/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:308
 * Blocks: straight runs of decoded instructions, remembered by the machine-physical address they
 * were read from, so that one copy serves every address space that maps the page and dies with a
 * store to it.
:*/
#ifndef CPU_BLOCK_H
#define CPU_BLOCK_H

#include "cpu.h"
#include "insn.h"

/*
 * An operation: one instruction, its operands resolved to offsets into struct cpu.  The handler
 * returns the next operation to run, or NULL when the run loop must look.  tlb is cpu->view, handed
 * on so that it stays in a register: whatever changes it ends the block.
 */
typedef const struct op *op_fn(struct cpu *cpu, const struct op *op, const struct tlb_half *tlb);

struct op {
	op_fn *fn;
	union {
		struct {
			/* Direct jumps: EIP behind the instruction, and the target, both minus the
			 * block's first EIP. */
			uint32_t disp, imm;
			uint16_t imm2;	    /* x87: FOP */
			uint16_t row  : 10; /* enum opmap_id */
			uint16_t owes : 6;  /* so many before: dead.c */
			uint16_t off;	    /* of the instruction, from the block's first EIP */
			uint8_t len;	    /* bytes */
			uint8_t left;	    /* instructions from this one to the last, inclusive */
			/* Byte offsets in struct cpu of registers: E (or Z), G, of the address. */
			uint8_t rm, reg, base, index;
			uint8_t scale, seg;
			uint8_t flags; /* enum op_flags */
			uint8_t modrm;
		};
		/* Behind the last instruction: */
		struct {
			/* What follows when not taken (or when the call at the end has come back),
			 * when taken; BLOCK_NOWHERE if that is not known. */
			struct block *link[2];
			struct block *home; /* the block whose end this is */
		};
	};
};

enum op_flags {
	OPF_32 = 1,	 /* operand size is 32 bits */
	OPF_AD16 = 2,	 /* address size is 16 bits */
	OPF_REPE = 4,	 /* F3 prefix */
	OPF_REPNE = 8,	 /* F2 prefix */
	OPF_FLAT = 16,	 /* the mode is flat: linear address = offset in DS, ES, SS */
	OPF_NOMEM = 32,	 /* no operand in memory is touched */
	OPF_KIND = 0xc0, /* enum op_kind, shifted by OPF_KIND_SHIFT */
	OPF_KIND_SHIFT = 6,
};

#define BLOCK_NO_PAGE 1u
/* For block.met: it is laid out for loops. */
#define BLOCK_HOT ~0u
/* In the mode of a block with a second page: so it never equals the CPU's. */
#define BLOCK_TWO_PAGES (1u << 31)

/*C:416
 * What every entry looks at comes last, and a block lies so that a cache line begins there: its first
 * operation is in the same line.
:*/
struct block {
	struct block *hash_next;
	struct block *page_next[2]; /* list of blocks of its page, of its second page */
	uint32_t pa2;		    /* page of the part past a page border, or BLOCK_NO_PAGE */
	uint32_t met;		    /* by which sample it was met last; 0: none; or BLOCK_HOT */
	uint32_t bytes;

	int64_t n;	/* instructions */
	uint64_t stamp; /* of the view in which it was found to be the one at EIP `at`, or 0 */
	uint32_t at;
	uint64_t where; /* block_where() it was decoded, or BLOCK_DEAD */
	struct op op[]; /* a hook's, if there is one; then the instructions', and one more */
};

#define BLOCK_DEAD ~0ull
/* Too long for any budget, and nowhere: what leads to it leads on to the search. */
extern const struct block block_nowhere;
#define BLOCK_NOWHERE ((struct block *)(uintptr_t)&block_nowhere)
extern const struct op block_no_end; /* of a block that nowhere follows */
/* Machine-physical address of the first byte; enum cpu_mode, and BLOCK_TWO_PAGES. */
static inline uint64_t block_where(uint32_t pa, uint32_t mode)
{
	return (uint64_t)mode << 32 | pa;
}

static inline uint32_t block_pa(const struct block *b)
{
	return (uint32_t)b->where;
}

static inline uint32_t block_mode(const struct block *b)
{
	return (uint32_t)(b->where >> 32);
}

/* Which op is the first instruction's. */
unsigned block_first(const struct block *b);

#ifdef LG_HARD
#define BLOCK_MAX_INSNS 1
#else
#define BLOCK_MAX_INSNS 32
#endif

#define BLOCK_HASH_BITS 14

#define JUMP_CACHE_BITS 12

struct block_cache {
	struct block *jump[1 << JUMP_CACHE_BITS]; /* the jump cache; never NULL */
	struct block *hash[1 << BLOCK_HASH_BITS];
	struct block **page; /* by page frame: first block that has bytes there */
	uint8_t *arena;
	size_t used, size;	     /* bytes */
	uint64_t flushes;	     /* because it was full */
	uint64_t translated, heated; /* blocks; and those that became hot */
	uint32_t samples;
	struct block *single; /* room for one instruction outside the cache */
};

int block_cache_init(struct cpu *cpu) MUST_CHECK;
void block_cache_fini(struct cpu *cpu);
void block_cache_flush(struct cpu *cpu);
/* Throw away every block with bytes in this page frame. */
void block_invalidate_page(struct cpu *cpu, uint32_t pfn);

static inline unsigned block_hash(uint64_t where)
{
	return ((uint32_t)where ^ (uint32_t)(where >> 32) << 24) * 0x9e3779b1u >>
	       (32 - BLOCK_HASH_BITS);
}

/*C:415
 * The jump cache answers "which block is at this EIP?" without walking anything: for indirect jumps
 * and whatever has no link.  It is only a guess; the block found is the right one if it was decoded
 * for this mode from the very bytes that the TLB says are at EIP.  So an answer outlives a reload of
 * CR3, and nobody has to empty the cache when translations go away.  Only blocks of flat code are in
 * it; one that runs over the end of its page needs a second look.
 *
 * Most answers are right, and were right the last time.  So the block keeps the stamp of the TLB under which
 * it was found to be at an EIP: while the TLB has that stamp, and the EIP is that one, it is there.
 */
static inline struct block **jump_slot(struct block_cache *c, uint32_t eip)
{
	return &c->jump[(eip ^ eip >> 12) & ((1u << JUMP_CACHE_BITS) - 1)];
}

/* Was b decoded from the bytes at EIP, for this mode? */
static inline bool block_is_here(const struct cpu *cpu, const struct tlb_half *tlb,
				 const struct block *b, uint32_t mode)
{
	uint32_t eip = cpu->s.eip;
	const struct tlb_code *c = &tlb->code[tlb_index(eip)];

	return b->where == block_where(c->delta + eip, mode) && c->tag == (eip & PAGE_MASK);
}

/* Has that been found out before, for the mode the CPU is in, and nothing changed?  (False: perhaps.) */
static inline bool block_was_here(const struct cpu *cpu, const struct tlb_half *tlb,
				  const struct block *b)
{
	return LIKELY(b->stamp == tlb->stamp) && LIKELY(b->at == cpu->s.eip);
}

/* Find it out, and keep that. */
static inline bool block_look(const struct cpu *cpu, const struct tlb_half *tlb, struct block *b)
{
	if (!block_is_here(cpu, tlb, b, cpu->mode))
		return false;
	b->stamp = tlb->stamp;
	b->at = cpu->s.eip;
	return true;
}

static inline struct block *block_guess(const struct cpu *cpu, const struct tlb_half *tlb)
{
	struct block *b = *jump_slot(cpu->cache, cpu->s.eip);

	return block_was_here(cpu, tlb, b) || block_look(cpu, tlb, b) ? b : NULL;
}
/*:*/

/* The block at CS:EIP, decoded if need be.  NULL: a fault is noted, or (no fault) the next
 * instruction must run alone. */
struct block *block_get(struct cpu *cpu);
/* The same for whoever has asked block_guess() in vain.  NULL also if the budget is used up: the run
 * loop is to look first. */
struct block *block_find(struct cpu *cpu);

static inline struct block *block_next(struct cpu *cpu)
{
	struct block *b = block_guess(cpu, cpu->view);

	return b ? b : block_find(cpu);
}

/* Is it time for a sample?  Then the next one is planned, too (before cpu_plan()). */
bool block_sample_due(struct cpu *cpu);
/* This is the block at CS:EIP when it was time. */
void block_sample(struct cpu *cpu, struct block *b);

/* One instruction at CS:EIP, decoded afresh, not remembered.  NULL: a fault is noted. */
struct block *block_get_single(struct cpu *cpu);

/* dead.c: let the operations of a block that nobody reads the flags of leave them alone. */
void dead_flags_drop(struct op *ops, unsigned n);
/* This one faults and owes flags. */
void dead_flags_restore(struct cpu *cpu, const struct op *op);

/* interp.c: the handlers of a row by [32-bit][operand]. */
enum op_kind {
	KIND_REG,
	KIND_FLAT, /* memory in a flat segment */
	KIND_ANY,  /* any memory */
	KIND_BASE, /* like FLAT, and the address has no index */
};
op_fn *interp_handler(unsigned row, bool w32, enum op_kind kind);
/* The same without its flags, or NULL. */
op_fn *interp_flagless(unsigned row, bool w32, enum op_kind kind);
/* One handler for an instruction with handler fn and the conditional jump cc (0-15) behind it, or
 * NULL.  The jump's operation stays where it is: the handler reads its target there. */
op_fn *interp_fuse(op_fn *fn, unsigned cc);
/* One handler for `count` instructions in a row whose handler is fn, and none of which is about
 * ESP: INTERP_RUN_MOST of them if they are more; or NULL. */
#define INTERP_RUN_MOST 4
op_fn *interp_fuse_run(op_fn *fn, unsigned count);
/* One handler for `count` operations like this one and the RET behind them, or NULL. */
op_fn *interp_fuse_return(const struct op *op, unsigned count);
/* One handler for this operation and the next if both are simple steps (steps.c.inc); false: not. */
bool interp_fuse_steps(struct op *op);
/* A handler for a jump or call in flat code that stays on its page or leaves it, the stack being flat or
 * not; or fn itself. */
op_fn *interp_place(op_fn *fn, bool away, bool flat);
/* A handler for just this x87 instruction, or the one it has. */
op_fn *interp_x87(const struct op *op);
/* A handler for just these registers, or the one it has. */
op_fn *interp_specialise(const struct op *op);
/* Handlers that stand for no instruction. */
extern op_fn *const interp_end;	  /* past the last instruction of a block without a jump */
extern op_fn *const interp_ret;	  /* near RET, where the stack is flat */
extern op_fn *const interp_note;  /* first op of a block that belongs to the history */
extern op_fn *const interp_count; /* first op of a block within cpu->range */
extern op_fn *const interp_ud;	  /* #UD */
extern op_fn *const interp_long;  /* #GP(0): instruction too long */

#endif
