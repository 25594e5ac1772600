/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1006
 * lgemu-lockstep: our processor beside the one we run on.  Random sequences of 2 to 30 instructions are
 * executed one at a time, in blocks, in blocks that are decoded already, in those once more with every
 * page met the careful way, and natively; registers, flags, memory, x87 and SSE registers and the trap
 * must be the same all five times, but for what another vendor does otherwise (vendor.h).
 *
 * A sequence that is not the same is cut off behind the first instruction after which it differs, and
 * then every instruction that does not matter is taken out.  Flags that the opcode map calls
 * undefined are not compared, and no instruction that reads one is ever made.
:*/
#include <inttypes.h>
#include <time.h>

#include "rows.h"
#include "seq.h"
#include "vendor.h"

#define FLAGS_COMPARED (FL_ARITH | FL_TF | FL_IF | FL_DF | FL_IOPL | FL_NT | FL_AC)
#define FAILURES_MOST  20

struct lockstep {
	struct seq q;
	struct silicon *native;
	uint8_t stepped[SILICON_MEM];
	struct outcome ours, natively; /* of the last check() */
	uint64_t sequences, insns, failures;
	bool amd;
	uint64_t known[VENDOR_MOST]; /* sequences that differ by one of a vendor's ways */
	uint8_t told[ROW_LIMIT];     /* a failure that ends with this row has been printed */
};

static struct lockstep l;

/* --- comparing ------------------------------------------------------------------------------------ */

static char difference[160];

static const char *differ(const char *what, unsigned i, uint64_t got, uint64_t want)
{
	snprintf(difference, sizeof(difference), "%s%.0u is %" PRIx64 ", natively %" PRIx64, what,
		 i, got, want);
	return difference;
}

static uint64_t word(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

/* Numbers that are neighbours, or the same: 1 is the one behind the largest below it. */
static bool close_enough(const uint8_t *a, const uint8_t *b)
{
	uint64_t ulps = word(a, 8) - word(b, 8), binades = word(a + 8, 2) - word(b + 8, 2);

	if (binades + 1 == 0)
		return close_enough(b, a);
	return binades == 0 ? ulps + 1 <= 2
			    : binades == 1 && word(a, 8) == 1ull << 63 && word(b, 8) == ~0ull;
}

/* RCP and RSQRT: 11 bits are promised, of each of four lanes. */
static bool roughly(const uint8_t *a, const uint8_t *b)
{
	for (unsigned i = 0; i < 16; i += 4) {
		uint32_t x = (uint32_t)word(a + i, 4), y = (uint32_t)word(b + i, 4);

		/* What is tiny may be 0. */
		if (!(x << 1 >> 25 > 1 || y << 1 >> 25 > 1) && x >> 31 == y >> 31)
			continue;
		if (x - y + 0x2000 > 0x4000)
			return false;
	}
	return true;
}

static const char *compare_fx(const uint8_t *a, const uint8_t *b, unsigned what)
{
	uint16_t fsw = (uint16_t)(word(a + 2, 2) ^ word(b + 2, 2));

	if (word(a, 2) != word(b, 2))
		return differ("FCW", 0, word(a, 2), word(b, 2));
	if (what & GEN_APPROX)
		fsw &= (uint16_t)~0x0220u; /* C1 and PE go with the last bit */
	if (fsw)
		return differ("FSW", 0, word(a + 2, 2), word(b + 2, 2));
	if (a[4] != b[4])
		return differ("the tags", 0, a[4], b[4]);
	if (word(a + 24, 4) != word(b + 24, 4))
		return differ("MXCSR", 0, word(a + 24, 4), word(b + 24, 4));
	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *x = a + 32 + i * 16, *y = b + 32 + i * 16;

		if (memcmp(x, y, 10) && !(what & GEN_APPROX && close_enough(x, y)))
			return word(x + 8, 2) == word(y + 8, 2)
				       ? differ("ST's significand: ST", i, word(x, 8), word(y, 8))
				       : differ("ST's exponent: ST", i, word(x + 8, 2),
						word(y + 8, 2));
		x = a + 160 + i * 16, y = b + 160 + i * 16;
		if (memcmp(x, y, 16) && !(what & GEN_APPROX && roughly(x, y)))
			return word(x, 8) != word(y, 8)
				       ? differ("XMM, lower half: XMM", i, word(x, 8), word(y, 8))
				       : differ("XMM, upper half: XMM", i, word(x + 8, 8),
						word(y + 8, 8));
	}
	return NULL;
}

static const char *compare_registers(const struct outcome *a, const struct outcome *b,
				     uint32_t undefined)
{
	static const char *const name[8] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
	uint32_t flags = FLAGS_COMPARED & ~undefined;

	if (a->vector != b->vector)
		return differ("the trap's vector", 0, a->vector, b->vector);
	if (a->eip != b->eip)
		return differ("EIP", 0, a->eip, b->eip);
	if (a->cr2 != b->cr2)
		return differ("CR2", 0, a->cr2, b->cr2);
	for (unsigned i = 0; i < 8; i++)
		if (a->r[i] != b->r[i])
			return differ(name[i], 0, a->r[i], b->r[i]);
	for (unsigned i = 0; i < NR_SEGS; i++)
		if (a->sel[i] != b->sel[i])
			return differ("segment register ", i, a->sel[i], b->sel[i]);
	if ((a->eflags ^ b->eflags) & flags)
		return differ("EFLAGS", 0, a->eflags & flags, b->eflags & flags);
	return NULL;
}

/* An environment tells where instructions and operands were: nobody else's are ours. */
static bool in_environment(const struct gen_insn *in, uint32_t lin)
{
	return in->what & GEN_ENV && lin - in->target < 512;
}

static const char *compare_memory(const uint8_t *a, const uint8_t *b, const struct gen_insn *last)
{
	const unsigned from = PA_DATA - PA_CODE;

	if (!memcmp(a + from, b + from, SILICON_MEM - from))
		return NULL;
	for (unsigned at = from; at < SILICON_MEM; at++) {
		uint32_t lin = silicon_linear(at);

		if (a[at] == b[at] || in_environment(last, lin))
			continue;
		snprintf(difference, sizeof(difference), "byte %08x is %02x, natively %02x", lin,
			 a[at], b[at]);
		return difference;
	}
	return NULL;
}

/* --- one sequence --------------------------------------------------------------------------------- */

static const char *run_native(struct outcome *o)
{
	uint8_t *mem = silicon_memory(l.native);

	memcpy(mem, l.q.m.mem.ram + PA_CODE, 2 * PAGE_SIZE);
	memcpy(mem + (PA_DATA - PA_CODE), l.q.init_mem + (PA_DATA - PA_CODE), PA_TABLES - PA_DATA);
	seq_start(&l.q, o);
	return silicon_run(l.native, o) ? NULL : "natively it does not end";
}

/* Does the sequence, as its code stands now, come out the same?  NULL, or what does not. */
static const char *check(uint32_t undefined, const struct gen_insn *last)
{
	const char *diff;

	seq_rewind(&l.q);
	seq_run(&l.q, &l.ours);
	diff = run_native(&l.natively);
	if (last->what & GEN_MASKED)
		l.ours.cr2 = l.natively.cr2;
	if (!diff)
		diff = compare_registers(&l.ours, &l.natively, undefined);
	if (!diff)
		diff = compare_fx(l.ours.fx, l.natively.fx, last->what);
	if (!diff)
		diff = compare_memory(l.q.m.mem.ram + PA_CODE, silicon_memory(l.native), last);
	return diff;
}

static const char *self_compare(const struct outcome *a, const struct outcome *b)
{
	const char *diff = compare_registers(a, b, 0);

	if (!diff)
		diff = compare_fx(a->fx, b->fx, 0);
	return diff ? diff
		    : compare_memory(l.stepped, l.q.m.mem.ram + PA_CODE, &(struct gen_insn){0});
}

/* Blocks, cold and warm, beside single steps; and warm ones, each of whose accesses to a page that was
 * not accessed before goes the careful way. */
static const char *check_blocks(const struct outcome *stepped)
{
	enum { COLD, WARM, CAREFUL, NR_WAYS };
	struct cpu *cpu = &l.q.m.cpu;
	const uint32_t without = cpu->without;
	struct outcome o;
	const char *diff = NULL;

	for (unsigned way = COLD; way < NR_WAYS && !diff; way++) {
		seq_rewind(&l.q);
		if (way == CAREFUL) {
			cpu_forget_spaces(cpu);
			cpu->without |= 1u << RUNG_REFILL;
		}
		seq_run(&l.q, &o);
		diff = self_compare(stepped, &o);
	}
	cpu->without = without;
	return diff;
}

static void print_start(const struct outcome *o)
{
	printf("    EAX %08x ECX %08x EDX %08x EBX %08x ESP %08x EBP %08x ESI %08x EDI %08x\n"
	       "    EFLAGS %08x FCW %04x FSW %04x tags %02x MXCSR %08x\n",
	       o->r[0], o->r[1], o->r[2], o->r[3], o->r[4], o->r[5], o->r[6], o->r[7], o->eflags,
	       (unsigned)word(o->fx, 2), (unsigned)word(o->fx + 2, 2), o->fx[4],
	       (unsigned)word(o->fx + 24, 4));
}

/* The same complaint, but for the numbers in it? */
static bool same_kind(const char *a, const char *b)
{
	const char *is = strstr(a, " is ");

	return is && !strncmp(a, b, (size_t)(is - a));
}

/* Cut the sequence off behind the first instruction that can be seen to differ: so many are left. */
static unsigned cut(uint32_t *undefined)
{
	struct seq *q = &l.q;

	for (unsigned n = 1; n < q->n; n++) {
		if (!seq_flags(q, n, 0, undefined))
			continue;
		seq_stop_before(q, n);
		if (check(*undefined, &q->in[n - 1]))
			return n;
		seq_restore(q, n);
	}
	*undefined = q->undefined;
	return q->n;
}

/* The sequence differs behind n instructions: is that a way of the vendor of the processor we run on? */
static int known_way(unsigned n, uint32_t undefined)
{
	struct seq *q = &l.q;
	struct outcome before;
	const struct vendor_case c = {
		&q->in[n - 1],		 &before, &l.ours, &l.natively, q->m.mem.ram + PA_CODE,
		silicon_memory(l.native)};

	if (!l.amd)
		return -1;
	seq_stop_before(q, n - 1);
	seq_rewind(q);
	seq_run(q, &before);
	seq_restore(q, n - 1);
	return check(undefined, c.insn) ? vendor_way(&c) : -1;
}

/* What was tried may have left flags in the child that nobody can take away. */
static void start_again(void)
{
	const char *why;

	silicon_stop(l.native);
	l.native = silicon_start(&why);
	if (!l.native) {
		printf("the child cannot be started again: %s\n", why);
		exit(1);
	}
}

/* Of the first n instructions leave those without which it does not differ in the same way, and print them. */
static void shrink(uint64_t seed, const char *first, unsigned n, uint32_t undefined)
{
	struct seq *q = &l.q;
	uint32_t skipped = 0, trial_undefined;
	struct outcome start;
	char diff[sizeof(difference) + 12];
	const char *d = check(undefined, &q->in[n - 1]);

	snprintf(diff, sizeof(diff), "%s%s", d ? "" : "only once, ", d ? d : first);
	for (unsigned i = n; i-- > 0;) {
		if (i == n - 1 || !seq_flags(q, n, skipped | 1u << i, &trial_undefined))
			continue;
		seq_nop(q, i);
		d = check(trial_undefined, &q->in[n - 1]);
		if (d && same_kind(d, diff)) {
			skipped |= 1u << i;
			snprintf(diff, sizeof(diff), "%s", d);
		} else {
			seq_restore(q, i);
		}
	}
	if (l.told[q->in[n - 1].row]++)
		return;
	printf("--seed %" PRIu64 " --count 1: %s\n", seed, diff);
	seq_start(q, &start);
	print_start(&start);
	seq_print(q, n, skipped);
	fflush(stdout);
}

/* Known, or a failure? */
static void judge(uint64_t seed, const char *diff)
{
	char first[sizeof(difference)];
	uint32_t undefined = l.q.undefined;
	unsigned n;
	int way;

	snprintf(first, sizeof(first), "%s", diff);
	n = cut(&undefined);
	way = known_way(n, undefined);
	if (way >= 0) {
		l.known[way]++;
	} else {
		l.failures++;
		shrink(seed, first, n, undefined);
	}
	start_again();
}

static void lockstep(uint64_t seed)
{
	struct outcome stepped;
	struct outcome natively;
	const struct gen_insn *last;
	const char *diff;

	seq_make(&l.q, seed, &stepped);
	last = &l.q.in[l.q.n - 1];
	memcpy(l.stepped, l.q.m.mem.ram + PA_CODE, SILICON_MEM);
	l.sequences++;
	l.insns += l.q.n;
	diff = check_blocks(&stepped);
	if (diff) {
		l.failures++;
		printf("--seed %" PRIu64 " --count 1: stepwise, not in blocks, %s\n", seed, diff);
		seq_print(&l.q, l.q.n, 0);
		return;
	}
	diff = run_native(&natively);
	if (last->what & GEN_MASKED)
		stepped.cr2 = natively.cr2;
	if (!diff)
		diff = compare_registers(&stepped, &natively, l.q.undefined);
	if (!diff)
		diff = compare_fx(stepped.fx, natively.fx, last->what);
	if (!diff)
		diff = compare_memory(l.stepped, silicon_memory(l.native), last);
	if (diff)
		judge(seed, diff);
}

/* --- the program ---------------------------------------------------------------------------------- */

static unsigned tell_rows(bool verbose)
{
	unsigned missing = 0;

	for (unsigned id = 0; id < ROW_LIMIT; id++) {
		const char *why;

		if (!opmap[id].mnemonic || l.q.executed[id])
			continue;
		why = gen_excuse(id);
		missing += !why;
		if (verbose || !why)
			printf("not executed: %s: %s\n", row_name(id), why ? why : "by chance");
	}
	return missing;
}

static _Noreturn void usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: lgemu-lockstep [--seed N] [--count N] [--rows FILE] [--verbose]\n"
		"Run random sequences of instructions natively and on our processor, and compare.\n"
		"  --seed N     the first sequence's (1)\n"
		"  --count N    so many instructions, in whole sequences (100000)\n"
		"  --rows FILE  add the rows of the opcode map that were executed\n"
		"  --verbose    also say which rows are never tried, and why\n"
		"Exit status: 0 all the same, 1 not, 2 usage, 77 impossible on this machine.\n");
	exit(status);
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, count = 100000;
	const char *rows = NULL, *why;
	bool verbose = false;
	unsigned missing;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--count") && i + 1 < argc)
			count = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--rows") && i + 1 < argc)
			rows = argv[++i];
		else if (!strcmp(argv[i], "--verbose"))
			verbose = true;
		else
			usage(strcmp(argv[i], "--help") ? 2 : 0);
	}
	l.native = silicon_start(&why);
	if (!l.native) {
		printf("skipped: %s\n", why);
		return 77;
	}
	l.amd = vendor_is_amd();
	seq_init(&l.q);
	while (l.insns < count && l.failures < FAILURES_MOST)
		lockstep(seed++);
	/* A few sequences cannot have everything in them. */
	missing = count >= 100000 ? tell_rows(verbose) : 0;
	for (unsigned i = 0; vendor_reason(i); i++)
		if (l.known[i])
			printf("%6" PRIu64 " end early, since this processor is AMD's: %s\n",
			       l.known[i], vendor_reason(i));
	printf("%" PRIu64 " instructions in %" PRIu64
	       " sequences, %u of them with a fault at the end, %u "
	       "rows; %" PRIu64 " failures\n",
	       l.insns, l.sequences, l.q.faults_kept, rows_count(l.q.executed), l.failures);
	if (rows && rows_add(rows, l.q.executed)) {
		fprintf(stderr, "lgemu-lockstep: cannot write %s\n", rows);
		return 2;
	}
	silicon_stop(l.native);
	seq_fini(&l.q);
	return l.failures || missing ? 1 : 0;
}
