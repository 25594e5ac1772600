/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:960
 * Run the loops of loops.asm on our CPU, without any board: the boot sector's 32-bit part starts
 * as if its 16-bit part had run, says on port 0xE9 where it is, and we note the CPU time.
 *
 * Prints one line per loop: its letter, nanoseconds of CPU time, instructions retired.
:*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu/cpu.h"

#define RAM_BYTES (64u << 20)
#define LOAD_AT	  0x7c00u

struct bench {
	struct mem mem;
	struct cpu cpu;
	char loop; /* the one that is running, 0 before the first */
	uint64_t since_ns, since_insns;
};

static uint64_t cpu_time_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void marker(struct bench *b, char c)
{
	uint64_t ns = cpu_time_ns(), insns = cpu_insns(&b->cpu);

	if (b->loop && b->loop != '~')
		printf("%c %llu %llu\n", b->loop, (unsigned long long)(ns - b->since_ns),
		       (unsigned long long)(insns - b->since_insns));
	fflush(stdout);
	b->loop = c;
	b->since_ns = cpu_time_ns();
	b->since_insns = insns;
	if (c == 'Z')
		cpu_stop(&b->cpu);
}

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
	(void)ctx, (void)port, (void)size;
	return ~0u;
}

static void port_out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
	(void)size;
	if (port == 0xe9)
		marker(ctx, (char)v);
}

static void deadline(void *ctx)
{
	((struct bench *)ctx)->cpu.deadline_ns = UINT64_MAX;
}

static uint8_t intr_ack(void *ctx)
{
	(void)ctx;
	return 0;
}

static bool load(struct bench *b, const char *name)
{
	static uint8_t image[0x8000];
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		return false;
	n = fread(image, 1, sizeof(image), f);
	fclose(f);
	return n > 512 && mem_write(&b->mem, LOAD_AT, image, (uint32_t)n);
}

/* The state in which the 16-bit part jumps to pm: flat segments of ring 0, no paging. */
static void enter(struct bench *b, uint32_t pm, uint32_t gdt)
{
	struct cpu *cpu = &b->cpu;

	cpu_reset(cpu);
	cpu->s.cr0 |= CR0_PE;
	cpu->s.gdtr = (struct dtable){gdt, 47};
	for (unsigned i = 0; i < NR_SEGS; i++)
		cpu->s.seg[i] = (struct seg){16, 0xc93, 0, ~0u};
	cpu->s.seg[CS] = (struct seg){8, 0xc9b, 0, ~0u};
	cpu->s.cpl = 0;
	cpu->s.eip = pm;
	cpu->deadline_ns = UINT64_MAX;
	cpu_state_changed(cpu);
}

int main(int argc, char **argv)
{
	static struct bench b;
	uint32_t without = 0;

	if (argc < 4 || argc > 5 || (argc > 4 && cpu_rungs_parse(argv[4], &without))) {
		fprintf(stderr,
			"usage: bench-loops IMAGE ADDRESS-OF-PM ADDRESS-OF-GDT [WITHOUT]\n");
		return 2;
	}
	if (mem_init(&b.mem, RAM_BYTES) ||
	    cpu_init(&b.cpu, &b.mem,
		     &(struct cpu_bus){&b, port_in, port_out, deadline, intr_ack})) {
		fprintf(stderr, "bench-loops: out of memory\n");
		return 1;
	}
	if (!load(&b, argv[1])) {
		fprintf(stderr, "bench-loops: cannot read %s\n", argv[1]);
		return 2;
	}
	cpu_do_without(&b.cpu, without);
	enter(&b, (uint32_t)strtoul(argv[2], NULL, 16), (uint32_t)strtoul(argv[3], NULL, 16));
	if (cpu_run(&b.cpu, UINT64_MAX) != CPU_EXIT_STOP) {
		fprintf(stderr, "bench-loops: the image stopped at EIP %08x in loop %c\n",
			b.cpu.s.eip, b.loop ? b.loop : '-');
		return 1;
	}
	return 0;
}
