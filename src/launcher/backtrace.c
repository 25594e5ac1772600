/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:748
 * What a dead Guest was about: its registers, and the calls it was in.  All of it was written by the
 * Guest, which may have died of madness or pretend to: so page tables are read a bounded number of
 * times, each address is looked up before it is used, and in the end it is only numbers and names.
 *
 * It refuses to guess from a kernel without symbols where its code might be.
:*/
#include "vm.h"

/* Kernel stacks of Linux are 8 kB, and lie on a boundary of that. */
#define STACK_BYTES 8192u

#define ENTRY_P		1u
#define ENTRY_PS	0x80u
#define PAE_ADDRESS(e)	((e)&0x000ffffffffff000ull)
#define SMALL_OFFSET(a) ((a) & (PAGE_SIZE - 1))

void lgemu_guest_registers(const struct lgemu *vm, unsigned guest, struct lgemu_registers *r)
{
	const struct guest *g = &vm->guest[guest];
	const struct door_regs *d = &g->regs;

	*r = (struct lgemu_registers){
		.eax = le32_get(d->eax),
		.ecx = le32_get(d->ecx),
		.edx = le32_get(d->edx),
		.ebx = le32_get(d->ebx),
		.esp = le32_get(d->esp),
		.ebp = le32_get(d->ebp),
		.esi = le32_get(d->esi),
		.edi = le32_get(d->edi),
		.eip = le32_get(d->eip),
		.eflags = le32_get(d->eflags),
		.es = (uint16_t)le32_get(d->es),
		.cs = (uint16_t)le32_get(d->cs),
		.ss = (uint16_t)le32_get(d->ss),
		.ds = (uint16_t)le32_get(d->ds),
		.fs = (uint16_t)le32_get(d->fs),
		.gs = (uint16_t)le32_get(d->gs),
		.cr3 = g->cr3 == DOOR_NO_TABLES ? 0 : g->cr3,
		.cpl = le32_get(d->cs) & 3,
		.code32 = true,
	};
}

/* --- the Guest's own page tables ------------------------------------------------------------------- */

static bool entry32(const struct guest *g, uint32_t table, uint32_t index, uint32_t *v)
{
	le32_t raw;

	if (!gm_read(&g->gm, GPA((table & PAGE_MASK) + index * 4), &raw, sizeof(raw)))
		return false;
	*v = le32_get(raw);
	return *v & ENTRY_P;
}

static bool entry64(const struct guest *g, uint64_t table, uint32_t index, uint64_t *v)
{
	le64_t raw;

	if (table > UINT32_MAX - PAGE_SIZE ||
	    !gm_read(&g->gm, GPA((uint32_t)table + index * 8), &raw, sizeof(raw)))
		return false;
	*v = le64_get(raw);
	return *v & ENTRY_P;
}

static bool walk_two_levels(const struct guest *g, uint32_t addr, uint64_t *pa)
{
	uint32_t dir, pte;

	if (!entry32(g, g->cr3, addr >> 22, &dir))
		return false;
	if (dir & ENTRY_PS) {
		*pa = (dir & 0xffc00000) | (addr & 0x003fffff);
		return true;
	}
	if (!entry32(g, dir, addr >> PAGE_SHIFT & 1023, &pte))
		return false;
	*pa = (pte & PAGE_MASK) | SMALL_OFFSET(addr);
	return true;
}

static bool walk_pae(const struct guest *g, uint32_t addr, uint64_t *pa)
{
	uint64_t pdpte, dir, pte;

	if (!entry64(g, g->cr3 & ~31u, addr >> 30, &pdpte) ||
	    !entry64(g, PAE_ADDRESS(pdpte), addr >> 21 & 511, &dir))
		return false;
	if (dir & ENTRY_PS) {
		*pa = (PAE_ADDRESS(dir) & ~0x1fffffull) | (addr & 0x001fffff);
		return true;
	}
	if (!entry64(g, PAE_ADDRESS(dir), addr >> PAGE_SHIFT & 511, &pte))
		return false;
	*pa = PAE_ADDRESS(pte) | SMALL_OFFSET(addr);
	return true;
}

/* A word of the Guest's memory, at an address of the Guest's. */
static bool read_word(const struct guest *g, uint32_t addr, uint32_t *v)
{
	uint64_t pa = addr;
	le32_t raw;

	if (addr & 3)
		return false;
	if (g->cr3 != DOOR_NO_TABLES &&
	    !(g->pae ? walk_pae(g, addr, &pa) : walk_two_levels(g, addr, &pa)))
		return false;
	if (pa > UINT32_MAX || !gm_read(&g->gm, GPA((uint32_t)pa), &raw, sizeof(raw)))
		return false;
	*v = le32_get(raw);
	return true;
}

/* --- the calls ------------------------------------------------------------------------------------- */

static const struct symbol *find_code(const struct guest *g, uint32_t addr)
{
	const struct symbol *s = symbols_find(&g->symbols, addr);

	return s && s->is_code ? s : NULL;
}

static struct lgemu_frame frame_at(uint32_t eip, const struct symbol *s, bool sure)
{
	return (struct lgemu_frame){eip, s ? s->name : NULL, s ? eip - s->addr : 0, sure};
}

/*L:850
 * Backtraces, as Linux itself makes them.  Every word on the stack that is an address in the
 * kernel's code may be where a call returns to, or was once.  If it lies behind a saved EBP, of the
 * chain that begins in the register, then it is; a kernel without frame pointers has no such chain,
 * and all is guesses.
 */
unsigned lgemu_backtrace(struct lgemu *vm, unsigned guest, struct lgemu_frame *frames, unsigned max)
{
	struct guest *g = &vm->guest[guest];
	const uint32_t eip = le32_get(g->regs.eip), esp = le32_get(g->regs.esp);
	uint32_t frame = le32_get(g->regs.ebp), at, word;
	const struct symbol *s;
	unsigned n = 0;

	if (!g->symbols.read && !g->is_bz)
		symbols_read(&g->symbols, &g->kernel);
	if (n < max)
		frames[n++] = frame_at(eip, find_code(g, eip), true);
	if (le32_get(g->regs.cs) & 2) /* a process: its stack says nothing of the kernel */
		return n;
	for (at = esp & ~3u; n < max && at - esp < STACK_BYTES; at += 4) {
		if ((at != esp && !(at & (STACK_BYTES - 1))) || !read_word(g, at, &word))
			break;
		s = find_code(g, word);
		if (!s)
			continue;
		frames[n++] = frame_at(word, s, at == frame + 4);
		if (at == frame + 4 && !read_word(g, frame, &frame))
			frame = 0;
	}
	return n;
}
/*:*/
