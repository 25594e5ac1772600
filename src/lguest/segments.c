/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:560
 * Segments.  A Guest has a table of descriptors as any kernel has, and tells us what it wants in
 * it; what the CPU gets to see is our copy, in which nothing may lead to ring 0.  A few entries
 * are ours alone.  And because popping a bad selector would fault inside the Switcher, this file
 * also looks at the segment registers before they go there.
:*/
#include "lg.h"

#define DESC_A		(1u << 8)
#define DESC_WRITABLE	(1u << 9) /* data: writable; code: readable */
#define DESC_READABLE	(1u << 9)
#define DESC_CONFORMING (1u << 10)
#define DESC_CODE	(1u << 11)
#define DESC_S		(1u << 12)
#define DESC_DPL_SHIFT	13
#define DESC_P		(1u << 15)

/*H:400
 * The entries that a Guest does not get to fill: the two the Switcher runs on, and the two task
 * state segments.
 */
static bool ignored_gdt(unsigned num)
{
	return num == GDT_ENTRY_TSS || num == GDT_ENTRY_LGUEST_CS || num == GDT_ENTRY_LGUEST_DS ||
	       num == GDT_ENTRY_DOUBLEFAULT_TSS;
}

/*
 * What a Guest kernel takes for ring 0 is ring 1.  The accessed bit is set beforehand, because
 * the CPU would want to set it and the table is read-only.  System descriptors (gates!) have no
 * business here at all.
 */
static void fixup_gdt_table(struct lguest *lg, unsigned start, unsigned end)
{
	struct kept_desc *d;
	unsigned i;

	for (i = start; i < end; i++) {
		if (ignored_gdt(i))
			continue;
		d = &lg->gdt[i];
		if (!(d->b & DESC_S)) {
			*d = (struct kept_desc){0, 0};
			continue;
		}
		if (!(d->b >> DESC_DPL_SHIFT & 3))
			d->b |= GUEST_PL << DESC_DPL_SHIFT;
		d->b |= DESC_A;
	}
}
/*:*/

/* What a Guest finds when it starts: two flat segments for its kernel. */
void setup_guest_gdt(struct lguest *lg)
{
	lg->gdt[GDT_ENTRY_KERNEL_CS] = (struct kept_desc){0x0000ffff, 0x00cfbb00};
	lg->gdt[GDT_ENTRY_KERNEL_DS] = (struct kept_desc){0x0000ffff, 0x00cfb300};
	lg->changed |= CHANGED_ALL;
}

/*H:401
 * From our copy to the one that the CPU uses.  The Guest's thread-local segments change with each
 * process, the rest hardly ever, so those three have a function of their own.
 */
static void copy_some(const struct lguest *lg, unsigned start, unsigned end)
{
	struct lguest_ro_state *state = port_change(lg->host, lg->host->state_page);
	unsigned i;

	for (i = start; i < end; i++)
		if (!ignored_gdt(i))
			state->guest_gdt[i] = (struct segment_descriptor){le32(lg->gdt[i].a),
									  le32(lg->gdt[i].b)};
}

void copy_gdt_tls(const struct lguest *lg)
{
	copy_some(lg, GDT_ENTRY_TLS_FIRST, GDT_ENTRY_TLS_LAST + 1);
}

void copy_gdt(const struct lguest *lg)
{
	copy_some(lg, 0, GDT_ENTRIES);
}
/*:*/

static void read_descs(struct lguest *lg, unsigned first, gpa_t table, uint32_t num)
{
	struct segment_descriptor raw[GDT_ENTRIES];
	unsigned i;

	lgread(lg, raw, table, num * (uint32_t)sizeof(raw[0]));
	for (i = 0; i < num; i++)
		lg->gdt[first + i] = (struct kept_desc){le32_get(raw[i].a), le32_get(raw[i].b)};
}

/*H:402
 * The three hypercalls: the whole table (Guests up to 2.6.29), one entry (later ones), and the
 * thread-local entries.
 */
void load_guest_gdt(struct lguest *lg, gpa_t table, uint32_t num)
{
	if (num > GDT_ENTRIES) {
		kill_guest(lg, "too many gdt entries %i", (int)num);
		return;
	}
	read_descs(lg, 0, table, num);
	fixup_gdt_table(lg, 0, GDT_ENTRIES);
	lg->changed |= CHANGED_GDT | CHANGED_SEGS;
}

void load_guest_gdt_entry(struct lguest *lg, uint32_t num, uint32_t lo, uint32_t hi)
{
	if (num >= GDT_ENTRIES) {
		kill_guest(lg, "too many gdt entries %i", (int)num);
		return;
	}
	lg->gdt[num] = (struct kept_desc){lo, hi};
	fixup_gdt_table(lg, num, num + 1);
	lg->changed |= CHANGED_GDT | CHANGED_SEGS;
}

void guest_load_tls(struct lguest *lg, gpa_t tls_array)
{
	read_descs(lg, GDT_ENTRY_TLS_FIRST, tls_array,
		   GDT_ENTRY_TLS_LAST - GDT_ENTRY_TLS_FIRST + 1);
	fixup_gdt_table(lg, GDT_ENTRY_TLS_FIRST, GDT_ENTRY_TLS_LAST + 1);
	lg->changed |= CHANGED_GDT_TLS | CHANGED_SEGS;
}
/*:*/

/* The descriptor that the CPU would look at, or one that is no good. */
static uint32_t attributes(const struct lguest *lg, uint32_t sel)
{
	if ((sel & 4) || sel >> 3 >= GDT_ENTRIES || ignored_gdt(sel >> 3))
		return 0;
	return lg->gdt[sel >> 3].b;
}

static uint32_t segment_limit(const struct lguest *lg, uint32_t sel)
{
	const struct kept_desc *d = &lg->gdt[sel >> 3];
	uint32_t limit = (d->a & 0xffff) | (d->b & 0xf0000);

	return d->b & 1u << 23 ? limit << 12 | 0xfff : limit;
}

static bool null_selector(uint32_t sel)
{
	return !(sel & ~3u);
}

static bool data_ok(const struct lguest *lg, uint32_t sel)
{
	uint32_t attr = attributes(lg, sel), dpl = attr >> DESC_DPL_SHIFT & 3;

	if (null_selector(sel))
		return true;
	if (!(attr & DESC_P) || !(attr & DESC_S))
		return false;
	if ((attr & DESC_CODE) && !(attr & DESC_READABLE))
		return false;
	if ((attr & DESC_CODE) && (attr & DESC_CONFORMING))
		return true;
	return (sel & 3) <= dpl;
}

static bool code_ok(const struct lguest *lg, uint32_t cs, uint32_t eip)
{
	uint32_t attr = attributes(lg, cs), dpl = attr >> DESC_DPL_SHIFT & 3, rpl = cs & 3;

	if (null_selector(cs) || rpl < GUEST_PL)
		return false;
	if (!(attr & DESC_P) || !(attr & DESC_S) || !(attr & DESC_CODE))
		return false;
	if (attr & DESC_CONFORMING ? dpl > rpl : dpl != rpl)
		return false;
	return eip <= segment_limit(lg, cs);
}

static bool stack_ok(const struct lguest *lg, uint32_t ss, uint32_t cs)
{
	uint32_t attr = attributes(lg, ss), dpl = attr >> DESC_DPL_SHIFT & 3;

	return !null_selector(ss) && (ss & 3) == (cs & 3) && dpl == (cs & 3) && (attr & DESC_P) &&
	       (attr & DESC_S) && !(attr & DESC_CODE) && (attr & DESC_WRITABLE);
}

static void check_data_segment(const struct lguest *lg, le32_t *reg)
{
	uint32_t sel = le32_get(*reg) & 0xffff;

	*reg = le32(data_ok(lg, sel) ? sel : 0);
}

/*H:403
 * The Switcher pops the Guest's segment registers and returns to it, and must not fault while it
 * does so; the original noticed only afterwards ("unhandled trap 256") or not at all.  So when the
 * table or the registers changed, we go through what the CPU will check.  A data segment that no
 * longer exists becomes the null segment, as any kernel would have it.  With a code or stack
 * segment of that kind there is nothing to return to.
 *
 * One can run off the end of a code segment, and then the way back would fault.  If it has no end,
 * though, we need not look at that pair again before the table changes.
 */
void check_code_and_stack(struct lguest *lg)
{
	const uint32_t cs = le32_get(lg->regs->cs) & 0xffff, ss = le32_get(lg->regs->ss) & 0xffff;
	const uint32_t eip = le32_get(lg->regs->eip);

	if (!code_ok(lg, cs, eip) || !stack_ok(lg, ss, cs))
		kill_guest(lg, "unhandled trap %li at %#lx (%#lx)", (long)TRAP_NEVER_LEFT,
			   (unsigned long)eip, 0ul);
	else if (segment_limit(lg, cs) == ~0u)
		lg->checked[cs & 3] = (struct code_and_stack){cs, ss};
}

void check_segments(struct lguest *lg)
{
	memset(lg->checked, 0xff, sizeof(lg->checked)); /* which no register ever holds */
	check_data_segment(lg, &lg->regs->ds);
	check_data_segment(lg, &lg->regs->es);
	check_data_segment(lg, &lg->regs->fs);
	check_data_segment(lg, &lg->regs->gs);
	check_code_and_stack(lg);
}
/*:*/
