/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:821
 * Printing reports.  The columns are for people; the lines begin with words that a script can look
 * for, and the numbers are plain decimals.
:*/
#include <inttypes.h>

#include "report.h"

#define HISTORY 16

static void line(FILE *to, const char *name, uint64_t n)
{
	fprintf(to, "%-28s %14" PRIu64 "\n", name, n);
}

static uint64_t sum_of_exits(const struct lgemu_stats *s)
{
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < LGEMU_EXITS; i++)
		sum += s->exit[i];
	return sum;
}

bool report_sums_agree(const struct lgemu_stats *s)
{
	return s->entries == s->exits && s->exits == sum_of_exits(s);
}

void report_exits(FILE *to, const struct lgemu_stats *s)
{
	char name[40];
	unsigned i;

	for (i = 0; i < LGEMU_EXITS; i++) {
		if (!s->exit[i])
			continue;
		if (lgemu_vector_name(i))
			snprintf(name, sizeof(name), "  exit: %s", lgemu_vector_name(i));
		else
			snprintf(name, sizeof(name), "  exit: vector %#x", i);
		line(to, name, s->exit[i]);
	}
}

static void hcalls(FILE *to, const struct lgemu_stats *s)
{
	char name[40];
	unsigned i;

	for (i = 0; i < LGEMU_HCALLS; i++) {
		if (!s->hcall[i])
			continue;
		if (lgemu_hcall_name(i))
			snprintf(name, sizeof(name), "  hypercall: %s", lgemu_hcall_name(i));
		else
			snprintf(name, sizeof(name), "  hypercall: %u", i);
		line(to, name, s->hcall[i]);
	}
}

/*L:830
 * The books.  Two lines of them must agree, and if they do not then either the Host or the emulator
 * has lost a Guest somewhere.
 */
void report_stats(FILE *to, const struct lgemu *m)
{
	struct lgemu_counts c;
	struct lgemu_stats s;

	lgemu_counts(m, &c);
	lgemu_stats(m, &s);
	line(to, "instructions", c.insns);
	line(to, "  ring 0", c.ring[0]);
	line(to, "  ring 1", c.ring[1]);
	line(to, "  ring 2", c.ring[2]);
	line(to, "  ring 3", c.ring[3]);
	line(to, "  Host", c.host);
	line(to, "  Switcher", c.switcher);
	line(to, "  Guest", c.guest);
	line(to, "board clock, ns", c.clock_ns);
	line(to, "  idle, ns", c.idle_ns);
	line(to, "world switches", s.entries);
	line(to, "  exits", s.exits);
	report_exits(to, &s);
	fprintf(to, "%-28s %14" PRIu64 " entries, %" PRIu64 " exits, %" PRIu64 " by cause: %s\n",
		"sums", s.entries, s.exits, sum_of_exits(&s),
		report_sums_agree(&s) ? "equal" : "NOT EQUAL");
	hcalls(to, &s);
	line(to, "hypercalls, queued", s.async_hcalls);
	line(to, "shadow faults", s.shadow_faults);
	line(to, "shadow pages in use", s.shadow_pages);
	line(to, "exceptions reflected", s.reflected);
	line(to, "interrupts to the Guest", s.interrupts);
	line(to, "interrupts of the timer", s.timer_interrupts);
	line(to, "interrupts of devices", s.event_interrupts);
	line(to, "instructions emulated", s.emulated);
	line(to, "TLB misses", s.tlb_misses);
	fprintf(to, "%-28s %14" PRIu64 " bytes of at most %" PRIu64 "\n", "block cache",
		s.block_bytes, s.block_bytes_most);
	line(to, "  blocks decoded", s.blocks_decoded);
	line(to, "  decoded again, being hot", s.blocks_heated);
	line(to, "  emptied, being full", s.block_flushes);
}
/*:*/

static void where(const struct lgemu *m, uint32_t eip, char *to, size_t size)
{
	uint32_t offset;
	const char *name = lgemu_symbol(m, eip, &offset);

	if (name)
		snprintf(to, size, "%s+%#x", name, offset);
	else
		snprintf(to, size, "-");
}

void report_insn(FILE *to, const struct lgemu *m, uint32_t eip, unsigned cpl, bool code32)
{
	char text[96], place[80];

	/* The symbols are the Host's, and the Host is in ring 0. */
	if (cpl)
		snprintf(place, sizeof(place), "-");
	else
		where(m, eip, place, sizeof(place));
	if (lgemu_disassemble(m, eip, code32, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "(no instruction)");
	fprintf(to, "  %08" PRIx32 "  CPL %u  %-36s %s\n", eip, cpl, place, text);
}

static const char *failure_name(unsigned vector)
{
	switch (vector) {
	case LGEMU_VECTOR_BUG: return "BUG";
	case LGEMU_VECTOR_SHUTDOWN: return "triple fault";
	case LGEMU_VECTOR_HALTED: return "halted for ever";
	}
	return lgemu_vector_name(vector) ? lgemu_vector_name(vector) : "unknown vector";
}

/*L:831
 * The processor's notes go on while the Host's own handlers look for their last words.  What one
 * wants to see is what came before: so go back to the instruction that failed, which may be noted
 * itself or be the one after a noted one, because it never retired.
 */
static unsigned up_to_failure(const struct lgemu *m, const uint32_t *eip, unsigned n, uint32_t at)
{
	char text[8];
	unsigned i;
	int len;

	for (i = n; i > 0; i--) {
		if (eip[i - 1] == at)
			return i - 1;
		len = lgemu_disassemble(m, eip[i - 1], true, text, sizeof(text));
		if (len > 0 && eip[i - 1] + (uint32_t)len == at && (i == n || eip[i] != at))
			return i;
	}
	return n;
}

static void last_instructions(FILE *to, const struct lgemu *m, uint32_t at)
{
	uint32_t eip[1024];
	unsigned n = lgemu_history(m, eip, sizeof(eip) / sizeof(eip[0])), end, i;

	if (!n)
		return;
	end = up_to_failure(m, eip, n, at);
	i = end == n ? (n < HISTORY ? 0 : n - HISTORY) : end < HISTORY - 1 ? 0 : end - HISTORY + 1;
	fprintf(to, "lgemu: its last %u instructions:\n", end == n ? n - i : end - i + 1);
	for (; i < end; i++)
		report_insn(to, m, eip[i], 0, true);
	if (end != n)
		report_insn(to, m, at, 0, true);
}
/*:*/

void report_failure(FILE *to, const struct lgemu *m)
{
	struct lgemu_failure f;
	char place[80];

	if (lgemu_failure(m, &f))
		return;
	where(m, f.eip, place, sizeof(place));
	fprintf(to, "lgemu: the Host failed: %s", failure_name(f.vector));
	if (f.vector < LGEMU_VECTOR_BUG)
		fprintf(to, " (vector %" PRIu32 ")", f.vector);
	fprintf(to, ", error code %#" PRIx32 ", CR2 %08" PRIx32 ", at %08" PRIx32 " %s\n",
		f.error_code, f.cr2, f.eip, place);
	if (f.text[0])
		fprintf(to, "lgemu: it said: %s\n", f.text);
	last_instructions(to, m, f.eip);
}

/* --- a Guest's last moments ------------------------------------------------------------------------ */

#define FRAMES 24

/*L:832
 * What a kernel developer wants to see first, in the order and the words of Linux.  A question mark
 * is a return address that may be an old one.
 */
static void registers(FILE *to, const struct lgemu_registers *r, const char *prefix)
{
	fprintf(to, "%s  EAX %08" PRIx32 " EBX %08" PRIx32 " ECX %08" PRIx32 " EDX %08" PRIx32 "\n",
		prefix, r->eax, r->ebx, r->ecx, r->edx);
	fprintf(to, "%s  ESI %08" PRIx32 " EDI %08" PRIx32 " EBP %08" PRIx32 " ESP %08" PRIx32 "\n",
		prefix, r->esi, r->edi, r->ebp, r->esp);
	fprintf(to, "%s  EIP %08" PRIx32 " EFLAGS %08" PRIx32 " CR3 %08" PRIx32 "\n", prefix,
		r->eip, r->eflags, r->cr3);
	fprintf(to, "%s  CS %04x SS %04x DS %04x ES %04x FS %04x GS %04x\n", prefix, r->cs, r->ss,
		r->ds, r->es, r->fs, r->gs);
}

void report_death(FILE *to, struct lgemu *m, unsigned guest, const char *prefix)
{
	struct lgemu_frame frame[FRAMES];
	struct lgemu_registers r;
	unsigned n, i;

	lgemu_guest_registers(m, guest, &r);
	registers(to, &r, prefix);
	n = lgemu_backtrace(m, guest, frame, FRAMES);
	for (i = 0; i < n && (frame[i].symbol || n > 1); i++) {
		fprintf(to, "%s  [<%08" PRIx32 ">] %s", prefix, frame[i].eip,
			frame[i].sure ? "" : "? ");
		if (frame[i].symbol)
			fprintf(to, "%s+%#" PRIx32 "\n", frame[i].symbol, frame[i].offset);
		else
			fputs("(not in the kernel's code)\n", to);
	}
}
/*:*/
