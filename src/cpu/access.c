/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:325
 * Memory as an instruction sees it: linear addresses, any size, any alignment.  This is the
 * careful way, taken whenever the TLB's tags do not say at once that all is well: it walks the
 * page tables, remembers what it found, and either does the whole access or notes a fault having
 * stored nothing.
 *
 * It knows nothing of segments; seg.c has turned offsets into linear addresses before.
:*/
#include <string.h>

#include "access.h"
#include "breaks.h"
#include "mmu/again.h"
#include "mmu/paging.h"

/*C:500
 * Where does a linear address lie?  First we ask the TLB, in the view the access is made in:
 * programs in ring 3 see the user half, everybody else (and the processor itself, when it reads
 * its tables) the supervisor half.
 */
static bool tlb_knows(const struct cpu *cpu, uint32_t lin, unsigned access, uint32_t *pa)
{
	enum tlb_view view = access & PF_USER ? TLB_USER : TLB_SUPERVISOR;
	unsigned i = tlb_index(lin);
	const struct tlb_half *half = &cpu->tlb->half[view];
	const struct tlb_entry *e = &half->e[i];

	if (access & PF_FETCH) {
		*pa = half->code[i].delta + lin;
		return half->code[i].tag == (lin & PAGE_MASK);
	}
	if ((access & PF_WRITE ? e->write : e->read) != (lin & PAGE_MASK))
		return false;
	*pa = (uint32_t)(e->page - cpu->mem->ram) + lin % PAGE_SIZE;
	return true;
}

/*
 * What a walk has found goes into the TLB, if it is RAM.  The write tag lets later stores pass
 * without asking anybody, so all that a store must cause has to have happened: the page-table
 * entry is dirty, the page is known to have changed (whoever clears MEM_DIRTY empties the TLB),
 * and neither decoded code nor page tables lie in it.  A load does not make a clean page dirty just
 * to have the tag.  Says whether an access like this one may go straight to memory now.
 */
ALWAYS_INLINE bool remember(struct cpu *cpu, struct tlb_entry *e, uint32_t lin, unsigned access,
			    const struct walk *w)
{
	enum tlb_view view = access & PF_USER ? TLB_USER : TLB_SUPERVISOR;
	struct mem *mem = cpu->mem;
	uint8_t *flags = &mem->page[w->page_pa >> PAGE_SHIFT];
	bool writable;

	if (UNLIKELY(!mem_in_ram(mem, w->page_pa)))
		return false;
	cpu->tlb_misses++;
	writable = w->dirty && (w->writable || (view == TLB_SUPERVISOR && !cpu->paging.wp)) &&
		   !(*flags & (MEM_CODE | MEM_TABLES));
	if (writable && (access & PF_WRITE))
		*flags |= MEM_DIRTY;
	else
		writable = writable && (*flags & MEM_DIRTY);
	tlb_fill(cpu->tlb, e, view, lin, mem->ram + w->page_pa, writable, w->global, w->table_pa);
	return writable || !(access & PF_WRITE);
}

static void remember_code(struct cpu *cpu, uint32_t lin, unsigned access, const struct walk *w)
{
	if (!mem_in_ram(cpu->mem, w->page_pa))
		return;
	cpu->tlb_misses++;
	tlb_fill_code(cpu->tlb, access & PF_USER ? TLB_USER : TLB_SUPERVISOR, lin, w->page_pa,
		      w->global, w->table_pa);
}

/* Does nobody know yet that translations come from this page of tables?  One outside RAM cannot change. */
static inline bool is_new_table(const struct cpu *cpu, uint32_t table)
{
	return mem_in_ram(cpu->mem, table) && UNLIKELY(!cpu_depends_on(cpu, table)) &&
	       cpu_keeps_spaces(cpu);
}

/*
 * Then the page tables.  This is the only place where a page fault is found, so it is here that
 * CR2 is set: "Page-Fault Exception (#PF)" has the processor load it before the handler runs, and
 * when a second page fault makes a double fault of the first, it is the second address that stays.
 */
static int locate(struct cpu *cpu, uint32_t lin, unsigned access, bool walk, uint32_t *pa)
{
	struct walk w;
	int error = -1;

	if (!walk && tlb_knows(cpu, lin, access, pa))
		return 0;
	if (!walk_again(cpu->mem, &cpu->paging, lin, access, &w))
		error = walk_translate(cpu->mem, &cpu->paging, lin, access, &w);
	if (error >= 0) {
		cpu->s.cr2 = lin;
		return cpu_trap(cpu, V_PF, true, (uint32_t)error);
	}
	if (is_new_table(cpu, w.table_pa))
		cpu_depend_on(cpu, w.table_pa);
	if (access & PF_FETCH)
		remember_code(cpu, lin, access, &w);
	else
		(void)remember(cpu, tlb_slot(&cpu->tlb->half[!!(access & PF_USER)], lin), lin,
			       access, &w);
	*pa = w.page_pa | (lin & ~PAGE_MASK);
	return 0;
}
/*:*/

/*C:505
 * An access covers one page or two (none is longer than a page).  Both are found before either is
 * touched; of two bad pages the first is blamed, at the first byte we want from it.
 */
static int span_locate(struct cpu *cpu, uint32_t lin, unsigned n, unsigned access,
		       struct acc_span *s)
{
	unsigned room = PAGE_SIZE - lin % PAGE_SIZE;

	s->n[0] = n < room ? n : room;
	s->n[1] = n - s->n[0];
	s->pa[1] = 0;
	if (locate(cpu, lin, access, false, &s->pa[0]))
		return 1;
	return s->n[1] && locate(cpu, lin + room, access, false, &s->pa[1]);
}

/*
 * A store into decoded code cannot simply be made: the instruction making it may sit in the very
 * block that it changes, and the rest of that block would then run as it was.  So the first
 * attempt asks the run loop, without a trap, to start this one instruction again alone; and then
 * (cpu->single) the store is made, and noted, and the stale blocks are gone before the next one.
 */
static int span_locate_write(struct cpu *cpu, uint32_t lin, unsigned n, unsigned access,
			     struct acc_span *s)
{
	if (span_locate(cpu, lin, n, access | PF_WRITE, s))
		return 1;
	if (cpu->single)
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		if (mem_is_ram(cpu->mem, s->pa[i], s->n[i]) &&
		    mem_hits_code(cpu->mem, s->pa[i], s->n[i])) {
			cpu->restart_single = true;
			return 1;
		}
	}
	return 0;
}

/* Where there is no RAM, a load reads all ones and a store is lost. */
static int load_slow(struct cpu *cpu, unsigned access, uint32_t lin, void *to, unsigned n)
{
	uint8_t *p = to;
	struct acc_span s;

	if (span_locate(cpu, lin, n, access, &s))
		return 1;
	for (unsigned i = 0; i < 2; p += s.n[i++])
		if (!mem_read(cpu->mem, s.pa[i], p, s.n[i]))
			memset(p, 0xff, s.n[i]);
	return 0;
}

/* Nobody remembers a translation by an entry that is not present, so another one in its place changes
 * none. */
static bool is_new_entry(const struct mem *mem, uint32_t pa, uint32_t n)
{
	return n == 4 && !(pa & 3) && mem->page[pa >> PAGE_SHIFT] & MEM_TABLES &&
	       !(mem->ram[pa] & PTE_P);
}

void acc_span_store(struct cpu *cpu, const struct acc_span *s, const void *from)
{
	const uint8_t *p = from;
	bool is_new;

	for (unsigned i = 0; i < 2; p += s->n[i++]) {
		if (!mem_is_ram(cpu->mem, s->pa[i], s->n[i]))
			continue;
		is_new = is_new_entry(cpu->mem, s->pa[i], s->n[i]);
		memcpy(cpu->mem->ram + s->pa[i], p, s->n[i]);
		(is_new ? mem_note_bytes : mem_note_store)(cpu->mem, s->pa[i], s->n[i]);
	}
}

static int store_slow(struct cpu *cpu, unsigned access, uint32_t lin, const void *from, unsigned n)
{
	struct acc_span s;

	if (span_locate_write(cpu, lin, n, access, &s))
		return 1;
	acc_span_store(cpu, &s, from);
	return 0;
}

/* The TLB did not know, and the access is on one page: ask the tables, so that it may know now. */
static __attribute__((noinline)) int refill(struct cpu *cpu, uint32_t lin, unsigned access)
{
	uint32_t pa;

	return locate(cpu, lin, access, true, &pa);
}

static inline bool crosses_page(uint32_t lin, unsigned n)
{
	return (lin ^ (lin + n - 1)) & PAGE_MASK;
}

/* What the TLB's tags allow at once: one page, known, and for a store dirty and without code. */
static inline int load(struct cpu *cpu, unsigned access, uint32_t lin, void *to, unsigned n)
{
	const struct tlb_half *half = &cpu->tlb->half[!!(access & PF_USER)];
	const uint8_t *at = tlb_read(half, lin, n);

	if (UNLIKELY(!at)) {
		if (crosses_page(lin, n))
			return load_slow(cpu, access, lin, to, n);
		if (refill(cpu, lin, access))
			return 1;
		at = tlb_read(half, lin, n);
		if (!at)
			return load_slow(cpu, access, lin, to, n);
	}
	memcpy(to, at, n);
	return 0;
}

static inline int store(struct cpu *cpu, unsigned access, uint32_t lin, const void *from,
			unsigned n)
{
	const struct tlb_half *half = &cpu->tlb->half[!!(access & PF_USER)];
	uint8_t *at = tlb_write(half, lin, n);

	if (UNLIKELY(!at)) {
		if (crosses_page(lin, n))
			return store_slow(cpu, access, lin, from, n);
		if (refill(cpu, lin, access | PF_WRITE))
			return 1;
		at = tlb_write(half, lin, n);
		if (!at)
			return store_slow(cpu, access, lin, from, n);
	}
	memcpy(at, from, n);
	return 0;
}
/*:*/

/* "User" is ring 3; rings 0, 1 and 2 are all supervisors to the page tables. */
static unsigned view_of(unsigned cpl)
{
	return cpl == 3 ? PF_USER : 0;
}

/* The same for a program's own data, which may be watched. */
static inline int load_data(struct cpu *cpu, uint32_t lin, void *to, unsigned n)
{
	if (__builtin_expect(cpu->mode & MODE_BREAK, 0))
		breaks_data(cpu, lin, n, false);
	return load(cpu, view_of(cpu->s.cpl), lin, to, n);
}

static inline int store_data(struct cpu *cpu, uint32_t lin, const void *from, unsigned n)
{
	if (__builtin_expect(cpu->mode & MODE_BREAK, 0))
		breaks_data(cpu, lin, n, true);
	return store(cpu, view_of(cpu->s.cpl), lin, from, n);
}

int acc_ld_as(struct cpu *cpu, unsigned cpl, uint32_t lin, void *to, unsigned n)
{
	return load(cpu, view_of(cpl), lin, to, n);
}

int acc_st_as(struct cpu *cpu, unsigned cpl, uint32_t lin, const void *from, unsigned n)
{
	return store(cpu, view_of(cpl), lin, from, n);
}

int acc_probe_write_as(struct cpu *cpu, unsigned cpl, uint32_t lin, unsigned n)
{
	struct acc_span s;

	return acc_quick_write(cpu, cpl, lin, n) ? 0
						 : span_locate_write(cpu, lin, n, view_of(cpl), &s);
}

int acc_span_write(struct cpu *cpu, unsigned cpl, uint32_t lin, unsigned n, struct acc_span *s)
{
	return span_locate_write(cpu, lin, n, view_of(cpl), s);
}

int acc_ld(struct cpu *cpu, uint32_t lin, void *to, unsigned n)
{
	return load_data(cpu, lin, to, n);
}

int acc_st(struct cpu *cpu, uint32_t lin, const void *from, unsigned n)
{
	return store_data(cpu, lin, from, n);
}

int acc_probe_write(struct cpu *cpu, uint32_t lin, unsigned n)
{
	return acc_probe_write_as(cpu, cpu->s.cpl, lin, n);
}

/*C:510
 * "Alignment Check Exception (#AC)": only ring 3 can be asked to align its data, only when the
 * kernel has set CR0.AM and the program EFLAGS.AC.  It is a property of the address alone, so it
 * is checked before the page tables are.  Bytes, and the long operands that are accessed byte by
 * byte through acc_ld() and acc_st(), check what applies to them themselves.
 */
int acc_align(struct cpu *cpu, uint32_t lin, unsigned n)
{
	if (__builtin_expect(!(lin & (n - 1)), 1))
		return 0;
	if (cpu->s.cpl != 3 || !(cpu->s.cr0 & CR0_AM) || !(cpu->s.eflags & FL_AC))
		return 0;
	return cpu_trap(cpu, V_AC, true, 0);
}
/*:*/

int acc_ld8(struct cpu *cpu, uint32_t lin, uint8_t *v)
{
	return load_data(cpu, lin, v, 1);
}

int acc_ld16(struct cpu *cpu, uint32_t lin, uint16_t *v)
{
	le16_t m;

	if (acc_align(cpu, lin, 2) || load_data(cpu, lin, &m, 2))
		return 1;
	*v = le16_get(m);
	return 0;
}

int acc_ld32(struct cpu *cpu, uint32_t lin, uint32_t *v)
{
	le32_t m;

	if (acc_align(cpu, lin, 4) || load_data(cpu, lin, &m, 4))
		return 1;
	*v = le32_get(m);
	return 0;
}

int acc_ld64(struct cpu *cpu, uint32_t lin, uint64_t *v)
{
	le64_t m;

	if (acc_align(cpu, lin, 8) || load_data(cpu, lin, &m, 8))
		return 1;
	*v = le64_get(m);
	return 0;
}

int acc_st8(struct cpu *cpu, uint32_t lin, uint8_t v)
{
	return store_data(cpu, lin, &v, 1);
}

int acc_st16(struct cpu *cpu, uint32_t lin, uint16_t v)
{
	le16_t m = le16(v);

	return acc_align(cpu, lin, 2) || store_data(cpu, lin, &m, 2);
}

int acc_st32(struct cpu *cpu, uint32_t lin, uint32_t v)
{
	le32_t m = le32(v);

	return acc_align(cpu, lin, 4) || store_data(cpu, lin, &m, 4);
}

int acc_st64(struct cpu *cpu, uint32_t lin, uint64_t v)
{
	le64_t m = le64(v);

	return acc_align(cpu, lin, 8) || store_data(cpu, lin, &m, 8);
}

int acc_sys_ld(struct cpu *cpu, uint32_t lin, void *to, unsigned n)
{
	return load(cpu, 0, lin, to, n);
}

int acc_sys_st(struct cpu *cpu, uint32_t lin, const void *from, unsigned n)
{
	return store(cpu, 0, lin, from, n);
}

int acc_sys_ld16_slow(struct cpu *cpu, uint32_t lin, uint16_t *v)
{
	le16_t m;

	if (load(cpu, 0, lin, &m, 2))
		return 1;
	*v = le16_get(m);
	return 0;
}

int acc_sys_ld32_slow(struct cpu *cpu, uint32_t lin, uint32_t *v)
{
	le32_t m;

	if (load(cpu, 0, lin, &m, 4))
		return 1;
	*v = le32_get(m);
	return 0;
}

int acc_sys_st16(struct cpu *cpu, uint32_t lin, uint16_t v)
{
	le16_t m = le16(v);

	return store(cpu, 0, lin, &m, 2);
}

int acc_sys_st32(struct cpu *cpu, uint32_t lin, uint32_t v)
{
	le32_t m = le32(v);

	return store(cpu, 0, lin, &m, 4);
}

int acc_fetch(struct cpu *cpu, uint32_t lin, uint32_t *pa)
{
	return locate(cpu, lin, view_of(cpu->s.cpl) | PF_FETCH, false, pa);
}

/*C:507
 * What most misses are: the tables have not changed since the page was last looked up, so its
 * entries are marked as accessed (and dirty) already, and nothing is left to do but to remember what
 * they say.  An access that misses although the page is known runs over its end, or onto code.  A page
 * of tables from which nothing was taken yet is left to the careful way: so this calls nothing.
 */
ALWAYS_INLINE bool fill_again(struct cpu *cpu, uint32_t lin, unsigned kind)
{
	struct tlb_entry *e = tlb_slot(cpu->view, lin);
	unsigned access = view_of(cpu->s.cpl) | kind;
	struct walk w;

	if (UNLIKELY((kind & PF_WRITE ? e->write : e->read) == (lin & PAGE_MASK)) ||
	    UNLIKELY(!cpu_has_rung(cpu, RUNG_REFILL)))
		return false;
	return LIKELY(walk_again(cpu->mem, &cpu->paging, lin, access, &w)) &&
	       !is_new_table(cpu, w.table_pa) && remember(cpu, e, lin, access, &w);
}

bool acc_refill_read(struct cpu *cpu, uint32_t lin)
{
	return fill_again(cpu, lin, 0);
}

bool acc_refill_write(struct cpu *cpu, uint32_t lin)
{
	return fill_again(cpu, lin, PF_WRITE);
}
/*:*/
