/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:333
 * Collected stores, and stacks that are pushed on before they are anybody's.
:*/
#include <string.h>

#include "base/bug.h"
#include "frame.h"

/*C:570
 * Why the place is found once and kept: between looking and storing, an earlier store of the same
 * frame may change the page tables (a stack may lie anywhere, even there).  Having faulted on
 * nothing so far, we must not fault later.
 */
int stores_add(struct cpu *cpu, struct stores *w, unsigned cpl, uint32_t lin, uint32_t v,
	       unsigned bytes)
{
	BUG_ON(w->n == STORES_MAX);
	w->e[w->n].quick = acc_quick_write(cpu, cpl, lin, bytes);
	if (!w->e[w->n].quick && acc_span_write(cpu, cpl, lin, bytes, &w->e[w->n].span))
		return 1;
	w->e[w->n].v = v;
	w->e[w->n++].bytes = bytes;
	return 0;
}

int stores_accessed(struct cpu *cpu, struct stores *w, uint16_t sel, struct desc *d)
{
	uint32_t lin;

	if (d->hi & SEG_A << 8)
		return 0;
	d->hi |= SEG_A << 8;
	BUG_ON(!seg_desc_lin(cpu, sel, &lin));
	return stores_add(cpu, w, 0, lin + 4, d->hi, 4);
}

/* When we looked, nobody had to be told of a store there.  A page through which a later place was found
 * has become one of tables since. */
static void store_quick(struct cpu *cpu, uint8_t *to, le32_t v, unsigned bytes)
{
	const uint32_t pa = (uint32_t)(to - cpu->mem->ram);

	if (bytes == 4)
		memcpy(to, &v, 4);
	else
		memcpy(to, &v, 2);
	if (UNLIKELY(cpu->mem->page[pa >> PAGE_SHIFT] & MEM_TABLES))
		mem_note_store(cpu->mem, pa, bytes);
}

void stores_commit(struct cpu *cpu, const struct stores *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		le32_t v = le32(w->e[i].v);

		if (w->e[i].quick)
			store_quick(cpu, w->e[i].quick, v, w->e[i].bytes);
		else
			acc_span_store(cpu, &w->e[i].span, &v);
	}
}
/*:*/

void stack_current(const struct cpu *cpu, struct stack *st)
{
	st->ss = cpu->s.seg[SS];
	st->sp = cpu->s.r[ESP];
	st->error = 0;
	st->cpl = cpu->s.cpl;
	st->align = true;
}

void stack_set_esp(struct cpu *cpu, const struct stack *st)
{
	uint32_t mask = stack_pointer_mask(st);

	cpu->s.r[ESP] = (cpu->s.r[ESP] & ~mask) | (st->sp & mask);
}

/*C:580
 * Going inward, a program gets a stack from the TSS, never its own ("CALL", more privilege, and
 * "INT n", inter-privilege-level interrupt).  Whatever is wrong with the selector is the fault of
 * the TSS, so it is #TS; only a segment that is not there is #SS.
 */
int stack_inner(struct cpu *cpu, struct stack *st, struct stores *w, unsigned cpl)
{
	struct desc d;
	uint16_t sel;

	if (seg_tss_stack(cpu, cpl, &sel, &st->sp))
		return 1;
	if (sel_is_null(sel))
		return cpu_trap(cpu, V_TS, true, 0);
	if (seg_read_desc(cpu, sel, V_TS, &d))
		return 1;
	if ((sel & 3u) != cpl || desc_dpl(&d) != cpl || !desc_is_writable_data(&d))
		return cpu_trap(cpu, V_TS, true, sel & 0xfffc);
	if (!desc_present(&d))
		return cpu_trap(cpu, V_SS, true, sel & 0xfffc);
	if (stores_accessed(cpu, w, sel, &d))
		return 1;
	seg_unpack(&st->ss, sel, &d);
	seg_remember(cpu, USE_STACK, cpl, sel, &d, &st->ss);
	st->error = sel;
	st->cpl = (uint8_t)cpl;
	st->align = false;
	return 0;
}
/*:*/
