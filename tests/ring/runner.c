/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:997
 * ring-run: start a test image of tests/ring on our processor, as boot.asm starts it on a PC, and
 * print what it writes to port 0xE9.  It ends by writing to port 0xF4; a triple fault is told as a
 * line "shutdown", and an image that does neither is stopped after a while.
 *
 * With --rows FILE it goes one instruction at a time and notes each one's row of the opcode map.
:*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "prove/rows.h"

#define RAM_BYTES (16u << 20)
#define LOAD_AT	  0x10000u
#define GDT_AT	  0x7e00u
#define MOST	  50000000u /* instructions */

static uint32_t port_in(void *ctx, uint16_t port, unsigned size)
{
	(void)ctx, (void)port, (void)size;
	return ~0u;
}

static void port_out(void *ctx, uint16_t port, unsigned size, uint32_t v)
{
	struct cpu *cpu = ctx;

	(void)size;
	if (port == 0xe9)
		putchar((int)(v & 0xff));
	else if (port == 0xf4)
		cpu_stop(cpu);
}

static void deadline(void *ctx)
{
	((struct cpu *)ctx)->deadline_ns = UINT64_MAX;
}

static uint8_t intr_ack(void *ctx)
{
	(void)ctx;
	return 0xff;
}

/* Flat segments of ring 0, no paging, interrupts off. */
static void enter(struct cpu *cpu, struct mem *mem)
{
	static const uint8_t gdt[24] = {
		0, 0,	 0,    0, 0,	0,    0, 0, 0xff, 0xff, 0,    0,
		0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0,	  0x93, 0xcf, 0,
	};

	if (!mem_write(mem, GDT_AT, gdt, sizeof(gdt)))
		abort();
	cpu_reset(cpu);
	cpu->s.cr0 |= CR0_PE;
	cpu->s.gdtr = (struct dtable){GDT_AT, sizeof(gdt) - 1};
	for (unsigned i = 0; i < NR_SEGS; i++)
		cpu->s.seg[i] = (struct seg){16, 0xc93, 0, ~0u};
	cpu->s.seg[CS] = (struct seg){8, 0xc9b, 0, ~0u};
	cpu->s.cpl = 0;
	cpu->s.eip = LOAD_AT;
	cpu->deadline_ns = UINT64_MAX;
	cpu_state_changed(cpu);
}

static int load(struct mem *mem, const char *name)
{
	static uint8_t image[65536];
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		return 1;
	n = fread(image, 1, sizeof(image), f);
	fclose(f);
	return !n || !mem_write(mem, LOAD_AT, image, (uint32_t)n);
}

/* Which instruction is next?  (To look is an access: it sets A in the page tables.) */
static void note_next(const struct cpu *cpu, struct mem *mem, uint64_t *executed)
{
	uint8_t code[INSN_MAX];
	struct walk w;
	struct insn in;

	for (unsigned i = 0; i < INSN_MAX; i++) {
		const uint32_t lin = cpu->s.seg[CS].base + cpu->s.eip + i;

		code[i] = 0xff;
		if (walk_translate(mem, &cpu->paging, lin, PF_FETCH, &w) < 0)
			(void)!mem_read(mem, w.page_pa | (lin & ~PAGE_MASK), &code[i], 1);
	}
	if (insn_decode(code, INSN_MAX, cpu->s.seg[CS].attr & SEG_DB, &in) > 0)
		executed[in.row]++;
}

static enum cpu_exit run_noting(struct cpu *cpu, struct mem *mem, const char *rows)
{
	static uint64_t executed[ROW_LIMIT];
	enum cpu_exit why = CPU_EXIT_BUDGET;

	for (uint32_t n = 0; n < MOST && why == CPU_EXIT_BUDGET; n++) {
		note_next(cpu, mem, executed);
		why = cpu_run(cpu, 1);
	}
	if (rows_add(rows, executed))
		fprintf(stderr, "ring-run: cannot write %s\n", rows);
	return why;
}

int main(int argc, char **argv)
{
	static struct cpu cpu;
	static struct mem mem;
	const bool noting = argc == 4 && !strcmp(argv[1], "--rows");
	const char *image = argv[argc - 1];
	enum cpu_exit why;

	if (argc != 2 && !noting) {
		fprintf(stderr, "usage: ring-run [--rows FILE] IMAGE\n");
		return 2;
	}
	if (mem_init(&mem, RAM_BYTES) ||
	    cpu_init(&cpu, &mem, &(struct cpu_bus){&cpu, port_in, port_out, deadline, intr_ack}) ||
	    load(&mem, image)) {
		fprintf(stderr, "ring-run: cannot load %s\n", image);
		return 2;
	}
	/* Debug extensions, and whatever else a test may want to switch on. */
	cpu.model.edx1 |= 1u << 2;
	cpu.model.ext_edx1 |= CPUID_EXT_NX;
	enter(&cpu, &mem);
	why = noting ? run_noting(&cpu, &mem, argv[2]) : cpu_run(&cpu, MOST);
	if (why == CPU_EXIT_SHUTDOWN)
		printf("shutdown\n");
	else if (why != CPU_EXIT_STOP)
		printf("ring-run: stopped at %04x:%08x, reason %d\n", cpu.s.seg[CS].sel, cpu.s.eip,
		       (int)why);
	cpu_fini(&cpu);
	mem_fini(&mem);
	return why == CPU_EXIT_STOP || why == CPU_EXIT_SHUTDOWN ? 0 : 1;
}
