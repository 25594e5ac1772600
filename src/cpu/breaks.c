/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:355
 * Which breakpoints does an access touch?  All of it is in two sections of the manual's volume 3,
 * "Debug Control Register (DR7)" and "Breakpoint Field Recognition".
:*/
#include "breaks.h"

/*C:667
 * Four bits of DR7 say what breakpoint n waits for (execution, a store, a port, any access) and how
 * long it is: 1, 2 or 4 bytes, aligned, whatever the low bits of its address are.  An access
 * touches it if they have a byte in common.
 *
 * An instruction is stopped before it is executed, data accesses are told of after: the trap is
 * taken between two instructions, and by then the processor may have touched several.
:*/
enum break_kind { BREAK_INSN, BREAK_WRITE, BREAK_PORT, BREAK_DATA };

static enum break_kind kind_of(uint32_t dr7, unsigned n)
{
	return (enum break_kind)(dr7 >> (16 + 4 * n) & 3);
}

static uint32_t length_of(uint32_t dr7, unsigned n)
{
	unsigned len = dr7 >> (18 + 4 * n) & 3;

	/* 2 is undefined on an i686; later processors made it 8. */
	return len == 2 ? 8 : len + 1;
}

/* The enabled breakpoints of one of two kinds in n bytes from `at`, as bits of DR6. */
static unsigned touched(const struct cpu *cpu, enum break_kind a, enum break_kind b, uint32_t at,
			uint32_t n)
{
	const uint32_t dr7 = cpu->s.dr[7];
	unsigned hits = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t len = length_of(dr7, i), first = cpu->s.dr[i] & ~(len - 1);

		if (!(dr7 >> 2 * i & 3) || (kind_of(dr7, i) != a && kind_of(dr7, i) != b))
			continue;
		if (at - first < len || first - at < n)
			hits |= 1u << i;
	}
	return hits;
}

int breaks_insn(struct cpu *cpu)
{
	unsigned hits = touched(cpu, BREAK_INSN, BREAK_INSN, cpu->s.seg[CS].base + cpu->s.eip, 1);

	if (!hits)
		return 0;
	cpu->s.dr[6] |= hits;
	return cpu_trap(cpu, V_DB, false, 0);
}

void breaks_data(struct cpu *cpu, uint32_t lin, unsigned n, bool write)
{
	cpu->s.breaks |= touched(cpu, BREAK_DATA, write ? BREAK_WRITE : BREAK_DATA, lin, n);
}

void breaks_port(struct cpu *cpu, uint16_t port, unsigned size)
{
	if (cpu->s.cr4 & CR4_DE)
		cpu->s.breaks |= touched(cpu, BREAK_PORT, BREAK_PORT, port, size);
}

/*M:365
 * Data breakpoints do not see the frames that gates and interrupts push, nor what a far return, IRET
 * or a task switch reads: frame.h finds those places by itself.  It would have to ask here.
:*/
