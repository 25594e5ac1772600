/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1009
 * lgemu-torn: what is executed in blocks must stop where single steps would.  Each page of a random
 * sequence's operands is taken away in turn, or made read-only, so that one instruction after another
 * is the first to need it;  In blocks that are
 * decoded already, in blocks that are not, and one instruction at a time with every cache dropped
 * between any two: registers, flags, memory, vector, error code and CR2 must be the same.
:*/
#include <inttypes.h>

#include "rows.h"
#include "seq.h"

static struct seq q;
static uint64_t torn[ROW_LIMIT]; /* rows that faulted on a page */
static unsigned failures, runs, faults;

static void set_page(unsigned i, unsigned flags)
{
	put32(&q.m, q.m.page[i].pte_pa, flags & PTE_P ? q.m.page[i].pa | flags : 0);
	tlb_flush_page(q.m.cpu.tlb, q.m.page[i].lin);
}

/* One instruction at a time, nothing remembered from one to the next. */
static void run_forgetful(struct outcome *o)
{
	cpu_drop_caches(&q.m.cpu);
	for (unsigned i = 0; i <= SEQ_MOST && seq_step(&q) == NO_TRAP; i++)
		cpu_drop_caches(&q.m.cpu);
	seq_outcome(&q, o);
}

static void note_row(const struct outcome *o)
{
	faults++;
	for (unsigned i = 0; i < q.n; i++)
		if (q.eip[i] == o->eip)
			torn[q.in[i].row]++;
}

static void compare(uint64_t seed, unsigned page, const char *how, const struct outcome *want,
		    const uint8_t *want_mem, const struct outcome *got)
{
	const uint8_t *mem = q.m.mem.ram + PA_DATA;

	runs++;
	if (!memcmp(want, got, sizeof(*want)) && !memcmp(want_mem, mem, PA_TABLES - PA_DATA))
		return;
	if (failures++ >= 20)
		return;
	printf("seed %" PRIu64 ", page %08x, %s: vector %u at %08x (stepwise %u at %08x), %s\n",
	       seed, q.m.page[page].lin, how, got->vector, got->eip, want->vector, want->eip,
	       memcmp(want_mem, mem, PA_TABLES - PA_DATA) ? "memory differs" : "registers differ");
	seq_print(&q, q.n, 0);
}

static void tear(uint64_t seed, unsigned page, unsigned flags, bool forget)
{
	static uint8_t want_mem[PA_TABLES - PA_DATA];
	struct outcome want, got;

	set_page(page, flags);
	seq_rewind(&q);
	seq_run_stepwise(&q, &want);
	if (want.vector == V_PF) {
		note_row(&want);
		memcpy(want_mem, q.m.mem.ram + PA_DATA, sizeof(want_mem));
		for (unsigned warm = 0; warm < 2; warm++) {
			seq_rewind(&q);
			seq_run(&q, &got);
			compare(seed, page, warm ? "known blocks" : "new blocks", &want, want_mem,
				&got);
		}
		if (forget) {
			seq_rewind(&q);
			run_forgetful(&got);
			compare(seed, page, "no caches", &want, want_mem, &got);
		}
	}
	set_page(page, PTE_P | PTE_RW | PTE_US);
}

static void tear_all(uint64_t seed)
{
	struct outcome o;

	seq_make(&q, seed, &o);
	for (unsigned page = 2; page < NR_PAGES; page++) {
		tear(seed, page, 0, seed % 16 == 0);
		tear(seed, page, PTE_P | PTE_US, seed % 16 == 8);
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, count = 2000;
	const char *rows = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--count") && i + 1 < argc)
			count = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--rows") && i + 1 < argc)
			rows = argv[++i];
		else {
			fprintf(stderr,
				"usage: lgemu-torn [--seed N] [--count SEQUENCES] [--rows FILE]\n");
			return 2;
		}
	}
	seq_init(&q);
	for (uint64_t i = 0; i < count; i++)
		tear_all(seed + i);
	printf("%" PRIu64
	       " sequences, %u faults in instructions of %u rows, %u runs compared; %u failures\n",
	       count, faults, rows_count(torn), runs, failures);
	if (rows && rows_add(rows, torn)) {
		fprintf(stderr, "lgemu-torn: cannot write %s\n", rows);
		return 2;
	}
	seq_fini(&q);
	/* A test in which nothing is torn proves nothing. */
	return failures || faults < count ? 1 : 0;
}
