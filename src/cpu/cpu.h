/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:300
 * An x86-32 processor that knows nothing of lguest.  This header is its programmer's model: the
 * registers one could save and restore (struct cpu_state), the caches one could drop between any
 * two instructions without anybody noticing (the rest of struct cpu), and the calls the board
 * makes.
:*/
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include "base/types.h"
#include "flags.h"
#include "mmu/mem.h"
#include "mmu/tlb.h"

/* Register numbers, in the order of the instruction encoding. */
enum reg { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, REG_ZERO };
/* Decoded operands are offsets into struct cpu: a general register's. */
#define REG_AT(n)  (offsetof(struct cpu, s.r) + (n)*4)
#define REG_NO(at) (((at)-offsetof(struct cpu, s.r)) / 4)
enum seg_reg { ES, CS, SS, DS, FS, GS, NR_SEGS };

/* Exception vectors (Intel manual volume 3, "Exception and Interrupt Reference"). */
enum vector {
	V_DE = 0,
	V_DB = 1,
	V_NMI = 2,
	V_BP = 3,
	V_OF = 4,
	V_BR = 5,
	V_UD = 6,
	V_NM = 7,
	V_DF = 8,
	V_TS = 10,
	V_NP = 11,
	V_SS = 12,
	V_GP = 13,
	V_PF = 14,
	V_MF = 16,
	V_AC = 17,
	V_MC = 18,
	V_XM = 19,
};

enum cr0_bits {
	CR0_PE = 1u << 0,
	CR0_MP = 1u << 1,
	CR0_EM = 1u << 2,
	CR0_TS = 1u << 3,
	CR0_ET = 1u << 4,
	CR0_NE = 1u << 5,
	CR0_WP = 1u << 16,
	CR0_AM = 1u << 18,
	CR0_NW = 1u << 29,
	CR0_CD = 1u << 30,
	CR0_PG = 1u << 31,
};

enum cr4_bits {
	CR4_VME = 1u << 0,
	CR4_PVI = 1u << 1,
	CR4_TSD = 1u << 2,
	CR4_DE = 1u << 3,
	CR4_PSE = 1u << 4,
	CR4_PAE = 1u << 5,
	CR4_MCE = 1u << 6,
	CR4_PGE = 1u << 7,
	CR4_PCE = 1u << 8,
	CR4_OSFXSR = 1u << 9,
	CR4_OSXMMEXCPT = 1u << 10,
};

/*C:200
 * A segment register: the selector and what the CPU loaded from the descriptor table with it.
 * limit is in bytes (granularity applied).  attr is bits 40-47 and 52-55 of the descriptor:
 *
 *	 11 10  9  8   7  6 5  4  3  0
 *	+--+---+-+---+--+-----+--+----+
 *	|G |D/B|L|AVL|P | DPL |S |type|
 *	+--+---+-+---+--+-----+--+----+
 *
 * A null selector leaves attr 0: not present, so every use faults.
:*/
struct seg {
	uint16_t sel;
	uint16_t attr;
	uint32_t base;
	uint32_t limit;
};

enum seg_attr {
	SEG_TYPE = 0x00f,
	SEG_A = 0x001,
	SEG_W = 0x002 /* data */,
	SEG_R = 0x002 /* code */,
	SEG_E = 0x004 /* data: expand-down */,
	SEG_C = 0x004 /* code: conforming */,
	SEG_CODE = 0x008,
	SEG_S = 0x010,
	SEG_DPL = 0x060,
	SEG_P = 0x080,
	SEG_AVL = 0x100,
	SEG_DB = 0x400,
	SEG_G = 0x800,
};

struct dtable {
	uint32_t base;
	uint16_t limit;
};

/* An 80-bit x87 register: explicit integer bit in bit 63 of mant, sign in bit 15 of se. */
struct f80 {
	uint64_t mant;
	uint16_t se;
};

struct fpu {
	struct f80 reg[8]; /* by physical number; ST(i) is reg[(top + i) & 7] */
	uint16_t fcw, fsw; /* fsw with TOP in bits 11-13 */
	uint8_t empty;	   /* bit per physical register: tag "empty" */
	uint16_t fop, fcs, fds;
	uint32_t fip, fdp;
	uint64_t xmm[8][2];
	uint32_t mxcsr;
};

/* For one instruction: STI holds off interrupts, MOV SS and POP SS debug exceptions, too. */
enum inhibit { INHIBIT_NONE, INHIBIT_INTR, INHIBIT_DEBUG };

/* Architectural state: plain integers, all of it is what a program can observe. */
struct cpu_state {
	uint32_t r[8 + 1]; /* r[REG_ZERO] is 0: the index register of an address without one */
	uint32_t eip;
	struct flags fl; /* arithmetic flags, lazily */
	uint32_t eflags; /* all other flags; the arithmetic bits are 0 here, bit 1 is 1 */
	struct seg seg[NR_SEGS];
	struct seg ldtr, tr;
	struct dtable gdtr, idtr;
	uint32_t cr0, cr2, cr3, cr4;
	uint64_t pdpte[4];
	uint32_t dr[8];
	uint8_t cpl;
	bool halted;
	uint8_t inhibit; /* enum inhibit: what the instruction before holds off */
	uint8_t breaks;	 /* data breakpoints that were hit and not told yet, as bits of DR6 */
	uint32_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t efer, pat, apic_base;
	int64_t tsc_offset;
	struct fpu fpu;
	/* Time.  clock_ns is the board clock; insns counts instructions retired by CPL. */
	uint64_t clock_ns;
	uint64_t insns[4];
	/* Events delivered since an instruction retired, and how many had retired then. */
	uint32_t barren;
	uint64_t barren_since;
};

/* An exception on its way to be delivered. */
struct trap {
	bool pending;
	bool software; /* INT n, INT3, INTO: EIP is past the instruction, gate DPL is checked */
	bool has_error;
	uint8_t vector;
	uint32_t error;
	uint8_t ilen; /* INT, INTO ...: bytes of the instruction; a fault in delivery goes back */
};

/* Why cpu_run() came back. */
enum cpu_exit {
	CPU_EXIT_BUDGET,   /* as many instructions as asked have retired */
	CPU_EXIT_STOP,	   /* cpu_stop() was called, by a port handler */
	CPU_EXIT_HALT,	   /* HLT; call again when an interrupt is pending */
	CPU_EXIT_SHUTDOWN, /* triple fault */
};

/* What the CPU asks of the board. */
struct cpu_bus {
	void *ctx;
	/* size is 1, 2 or 4 bytes; ports that do not exist read all ones. */
	uint32_t (*port_in)(void *ctx, uint16_t port, unsigned size);
	void (*port_out)(void *ctx, uint16_t port, unsigned size, uint32_t v);
	/* The board clock has reached cpu->deadline_ns: raise lines, set a new deadline. */
	void (*deadline)(void *ctx);
	/* The CPU accepts the interrupt: which vector? */
	uint8_t (*intr_ack)(void *ctx);
};

/* Which instructions CPUID offers; nothing else is executed. */
struct cpu_model {
	const char *name;
	uint32_t signature;  /* CPUID leaf 1 EAX */
	uint32_t edx1, ecx1; /* CPUID leaf 1 features */
	uint32_t ext_edx1;   /* CPUID leaf 0x80000001 EDX */
};
/* NULL, if there is none of that name; without a name, the one that nobody has to choose. */
const struct cpu_model *cpu_model_find(const char *name);

enum cpuid_edx {
	CPUID_FPU = 1u << 0,
	CPUID_DE = 1u << 2,
	CPUID_PSE = 1u << 3,
	CPUID_TSC = 1u << 4,
	CPUID_MSR = 1u << 5,
	CPUID_PAE = 1u << 6,
	CPUID_CX8 = 1u << 8,
	CPUID_SEP = 1u << 11,
	CPUID_PGE = 1u << 13,
	CPUID_CMOV = 1u << 15,
	CPUID_CLFSH = 1u << 19,
	CPUID_MMX = 1u << 23,
	CPUID_FXSR = 1u << 24,
	CPUID_SSE = 1u << 25,
	CPUID_SSE2 = 1u << 26,
};
enum cpuid_ext_edx { CPUID_EXT_NX = 1u << 20 };

/* Counts instructions retired at linear EIP in [lo, hi), whatever they are. */
struct cpu_range {
	uint32_t lo, hi;
	uint64_t insns;
};

/*C:206
 * The last blocks of ring-0 code that were entered, for whoever has to explain a failure: eip of
 * the first instruction and how many there were.  Recorded only while cpu->history is set, by code
 * that is decoded then; as many as a byte can number, so that `next` wraps by itself.
:*/
#define CPU_HISTORY 256
struct cpu_history {
	struct {
		uint32_t eip;
		uint16_t n;
	} e[CPU_HISTORY];
	uint8_t next; /* slot to be written next; the one before it is the newest */
};

/*C:402
 * The ladder: what makes this interpreter quick, rung by rung.  Nothing here can be observed by the
 * program that runs; each can be left out (cpu_do_without()), which is how we know what it is worth.
 * A rung is decided where code is decoded, or where something is about to be remembered, so no
 * handler looks at these bits.
:*/
#define CPU_RUNGS(R)                                                                               \
	R(BLOCKS, "blocks", "runs of instructions are decoded together")                           \
	R(JUMP, "jump", "the block at an EIP is found without a walk")                             \
	R(LINK, "link", "blocks remember what follows them")                                       \
	R(RETURN, "return", "calls remember what follows when they come back")                     \
	R(QUICK, "quick", "flat memory at hand is accessed in the handler")                        \
	R(SPECIAL, "special", "handlers for particular registers")                                 \
	R(FLAGS, "flags", "flags that nobody will see are not computed")                           \
	R(FUSE, "fuse", "instructions that often come together are one handler")                   \
	R(HEAT, "heat", "blocks that seldom run are laid out differently from hot ones")           \
	R(STRINGS, "strings", "string instructions go by the page")                                \
	R(REFILL, "refill", "after a miss of the TLB the handler begins anew")                     \
	R(SPACES, "spaces", "translations outlive a load of CR3 as long as their tables do")       \
	R(CROSS, "cross", "segments that were checked before are not checked again")

enum cpu_rung {
#define R(id, name, what) RUNG_##id,
	CPU_RUNGS(R)
#undef R
};

struct cpu_rung_text {
	const char *name, *what;
};

/*C:546
 * What a descriptor was found good for.  Whether a selector may be loaded for some use in some ring
 * depends on nothing but the selector, the use, the ring, the size of its table and the eight bytes
 * of the descriptor.  So when all checks have passed we keep the bytes and what came out; and when
 * the same selector comes for the same use, and the bytes in memory are still those, the checks
 * would pass again.
:*/
enum seg_use {
	USE_DATA,    /* DS, ES, FS, GS of a program in `ring` */
	USE_STACK,   /* SS of `ring` */
	USE_HANDLER, /* CS of a gate's handler, entered from `ring` */
	USE_RETURN,  /* CS of a return from `ring` */
};

struct seg_memo {
	uint32_t key; /* 0: empty */
	le32_t lo, hi;
	struct seg seg;
};
#define SEG_MEMOS 64

/* What only a hook may look at.  Without hooks nobody can (tests/hooks). */
#ifdef LG_NO_HOOKS
#define HOOK(field) no_##field
#else
#define HOOK(field) field
#endif

struct op;
struct block;
struct block_cache;

struct cpu {
	/* What nearly every handler uses comes first: near the pointer, an instruction of the host that
	 * gets at it is four bytes long instead of seven. */
	int64_t budget; /* instructions left before the run loop must look up */
	uint32_t mode;	/* what decoded code depends on: enum cpu_mode */
	uint8_t calls;	/* next of called[] */
	struct cpu_state s;

	/* Everything else is a cache or plumbing, too. */
	const struct op *called[256]; /* ends of blocks with a call at the end; never NULL */
	int64_t until_sample;	      /* instructions before the next sample, by the books */
	struct tlb_half *view;	      /* of the current CPL */
	struct trap trap;
	bool stop, intr_line, in_delivery;
	bool restart_single;  /* a store met decoded code: run this instruction again, alone */
	bool single;	      /* so we do: stores to code are made, and noted */
	int64_t budget_mark;  /* budget when instructions were last added to s.insns */
	uint64_t left_insns;  /* cpu_run() ends when so many more are in the books */
	uint64_t deadline_ns; /* board clock at which bus->deadline wants to be called */
	struct tlb *tlb;      /* of the current address space, one of these: */
	struct tlb space[MEM_SPACES];
	uint64_t space_uses, tlb_misses;
	struct paging paging;
	struct seg_memo memo[SEG_MEMOS];
	struct block_cache *cache;
	struct mem *mem;
	struct cpu_bus bus;
	struct cpu_model model;
	uint32_t without; /* rungs of the ladder that are left out, a bit for each */
	struct cpu_range HOOK(range);
	uint32_t ring0_charge_ns; /* added to the clock by each entry to ring 0 from outside */
	uint32_t pause_ns;	  /* and by each PAUSE in another ring */
	/* The last instructions, when somebody wants them; else NULL. */
	struct cpu_history *HOOK(history);
	uint64_t idle_ns;
};

/*C:205
 * The mode: facts that decoded code takes for granted, so that a block found under one mode is
 * never run under another.  FLAT: DS, ES and SS have base 0, limit 4 GB and may be written, so an
 * effective address is a linear address and needs no check.
:*/
enum cpu_mode {
	MODE_D32 = 1,  /* CS.D: 32-bit code */
	MODE_SS32 = 2, /* SS.B: the stack pointer is ESP */
	MODE_FLAT = 4,
	MODE_CODE_FLAT = 8, /* CS has base 0 and limit 4 GB: EIP need not be checked */
	MODE_ALIGN = 16,    /* alignment checks are on (CR0.AM, EFLAGS.AC, CPL 3); never FLAT */
	MODE_USER = 32,	    /* CPL 3: instructions are fetched with user rights */
	MODE_BREAK = 64,    /* DR7 enables a breakpoint: one instruction at a time; never FLAT */
};

/* The board's calls. */
int cpu_init(struct cpu *cpu, struct mem *mem, const struct cpu_bus *bus) MUST_CHECK;
void cpu_fini(struct cpu *cpu);
/* Registers as after RESET# (real mode, F000:FFF0); clock and counts become 0. */
void cpu_reset(struct cpu *cpu);
/* Run until at most max_insns more instructions have retired. */
enum cpu_exit cpu_run(struct cpu *cpu, uint64_t max_insns);
/* From a port handler: end cpu_run() after this instruction. */
void cpu_stop(struct cpu *cpu);
/* Level of the INTR pin. */
void cpu_set_intr(struct cpu *cpu, bool level);
/* State was changed from outside (loader, debugger, snapshot): forget what was derived from it. */
void cpu_state_changed(struct cpu *cpu);
/* Drop every cache; no visible change. */
void cpu_drop_caches(struct cpu *cpu);
/* Leave out these rungs of the ladder (bits by enum cpu_rung); no visible change. */
void cpu_do_without(struct cpu *cpu, uint32_t without);
/* NULL: there are no more rungs. */
const struct cpu_rung_text *cpu_rung_text(unsigned rung);
/* Names with commas between them; -EINVAL: one of them is none. */
int cpu_rungs_parse(const char *list, uint32_t *without) MUST_CHECK;
/* Let the machine be idle until `ns` on the board clock (it never goes back). */
void cpu_idle_until(struct cpu *cpu, uint64_t ns);
uint64_t cpu_insns(const struct cpu *cpu);

/* Between the CPU's own files. */

uint64_t cpu_clock_ns(const struct cpu *cpu);	 /* exact, also from inside an instruction */
void cpu_set_cpl(struct cpu *cpu, unsigned cpl); /* accounts, switches the TLB view */
void cpu_update_mode(struct cpu *cpu);		 /* after a change of a segment register or CR0 */
void cpu_update_paging(struct cpu *cpu);	 /* after CR0, CR3, CR4, EFER; flushes nothing */
void cpu_enter_space(struct cpu *cpu);		 /* after a load of CR3 */
void cpu_forget_spaces(struct cpu *cpu);	 /* the rules of translation have changed */
/* Translations of the current space were found through tables in the page of pa (which is RAM). */
void cpu_depend_on(struct cpu *cpu, uint32_t pa);
/* No store to the page of pa may bypass the slow path any more. */
void cpu_protect(struct cpu *cpu, uint32_t pa);

/*C:530
 * Counting.  Each retired instruction takes one from cpu->budget, whatever its ring; budget_mark
 * says how much of that is in the books already.  The board clock counts the instructions of
 * rings 1 to 3, and a fixed charge for coming into ring 0 from outside: how long the code there
 * takes is invisible to everybody else, which is why another build of it gives the same run.  PAUSE,
 * outside ring 0, is charged for, too: it is what a program does that waits for the clock.
 */
static inline void cpu_sync_counts(struct cpu *cpu)
{
	uint64_t n = (uint64_t)(cpu->budget_mark - cpu->budget);

	cpu->s.insns[cpu->s.cpl] += n;
	cpu->left_insns -= n;
	cpu->until_sample -= (int64_t)n;
	if (cpu->s.cpl)
		cpu->s.clock_ns += n;
	cpu->budget_mark = cpu->budget;
}

_Static_assert(2 * MODE_BREAK - 1 <= TLB_STAMP_MODE, "a stamp has all of the mode");
/* The view's stamp has the mode in it: so a block that was found under this stamp may be entered. */
static inline void cpu_stamp_view(struct cpu *cpu)
{
	cpu->view->stamp = (cpu->view->stamp & ~(uint64_t)TLB_STAMP_MODE) | cpu->mode;
}

static inline void cpu_update_view(struct cpu *cpu)
{
	cpu->view = &cpu->tlb->half[cpu->s.cpl == 3 ? TLB_USER : TLB_SUPERVISOR];
	cpu_stamp_view(cpu);
}

/* From here on (everything is in the books): how many instructions may retire before the run loop
 * must look again.  Ring 0 does not move the board clock, so no deadline can fall into it. */
static inline void cpu_plan(struct cpu *cpu)
{
	uint64_t n = cpu->left_insns;

	if (cpu->s.cpl && cpu->deadline_ns - cpu->s.clock_ns < n)
		n = cpu->deadline_ns - cpu->s.clock_ns;
	cpu->budget = n > INT64_MAX ? INT64_MAX : (int64_t)n;
	if (cpu->budget > cpu->until_sample)
		cpu->budget = cpu->until_sample;
	cpu->budget_mark = cpu->budget;
}
/*:*/

static inline uint32_t cpu_eflags(const struct cpu *cpu)
{
	return cpu->s.eflags | flags_get(&cpu->s.fl);
}

/* Store all of EFLAGS as given (no privilege check; bit 1 forced). */
static inline void cpu_set_eflags(struct cpu *cpu, uint32_t v)
{
	flags_set(&cpu->s.fl, v);
	cpu->s.eflags = (v & ~(uint32_t)FL_ARITH & 0x003f7fd5) | FL_R1;
}

/*
 * A fault is a value: whoever finds it calls cpu_trap(), which notes it and returns 1, and
 * everybody on the way out returns 1 in turn, having written nothing.  The run loop delivers it.
 */
static inline int cpu_trap(struct cpu *cpu, uint8_t vector, bool has_error, uint32_t error)
{
	cpu->trap = (struct trap){true, false, has_error, vector, error, 0};
	return 1;
}

static inline int trap_gp(struct cpu *cpu, uint32_t error)
{
	return cpu_trap(cpu, V_GP, true, error);
}

static inline int trap_ud(struct cpu *cpu)
{
	return cpu_trap(cpu, V_UD, false, 0);
}

/* "Alignment Check Exception (#AC)": on only where all three agree. */
static inline bool cpu_checks_alignment(const struct cpu *cpu)
{
	return (cpu->s.eflags & FL_AC) && cpu->s.cpl == 3 && (cpu->s.cr0 & CR0_AM);
}

/*C:495
 * An instruction that comes from another ring, or touched the outside, would go back to the run
 * loop, if only to hear that nothing waits.  So it asks here, and goes straight on when the answer
 * is no: to everything that the loop looks at.
 */
static inline bool cpu_must_look(const struct cpu *cpu)
{
#ifdef LG_HARD
	return true;
#endif
	return cpu->single || cpu->stop || cpu->trap.pending || !cpu->left_insns || cpu->s.halted ||
	       cpu->s.inhibit || cpu->mem->nr_changed ||
	       (cpu->s.eflags & (FL_TF | FL_RF | FL_AC)) ||
	       (cpu->mode & (MODE_ALIGN | MODE_BREAK)) || cpu->s.clock_ns >= cpu->deadline_ns ||
	       (cpu->intr_line && (cpu->s.eflags & FL_IF));
}
/*:*/

static inline bool cpu_has_rung(const struct cpu *cpu, enum cpu_rung rung)
{
	return !(cpu->without >> rung & 1);
}

/* Does a load of CR3 leave translations alone whose tables have not changed? */
static inline bool cpu_keeps_spaces(const struct cpu *cpu)
{
	const struct paging *pg = &cpu->paging;

	return pg->on && !pg->pae && !pg->pge && cpu_has_rung(cpu, RUNG_SPACES);
}

/* The current space's bit, among those of struct mem. */
static inline uint8_t cpu_space_bit(const struct cpu *cpu)
{
	return cpu->tlb->space;
}

static inline bool cpu_depends_on(const struct cpu *cpu, uint32_t pa)
{
	return cpu->mem->page[pa >> PAGE_SHIFT] >> MEM_TABLES_SHIFT & cpu_space_bit(cpu);
}

static inline bool cpu_is_v86(const struct cpu *cpu)
{
	return cpu->s.eflags & FL_VM;
}

static inline bool cpu_is_real(const struct cpu *cpu)
{
	return !(cpu->s.cr0 & CR0_PE);
}

#endif
