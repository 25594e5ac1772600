/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:952
 * lgemu-decode: check the decoder against a table of random byte strings whose length, and whether
 * they are instructions at all, was found out on silicon.
 *
 * Class 0 is valid on an i686 and its length must match; class 1 exists only on newer CPUs and
 * class 2 nowhere: #UD; class 3 is not judged; class 4 is longer than 15 bytes: #GP.
:*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cpu/block.h"
#include "cpu/fpu.h"

struct record {
	uint8_t code[16];
	uint8_t len, trap, class, zydis_len;
};

/* The opcode map has one row for all escapes of an opcode.  The x87 knows which are instructions:
 * with CR0.EM set it refuses those with #NM and the others with #UD. */
static bool x87_has(const struct insn *in)
{
	static struct cpu cpu;
	struct fpu_insn esc = {.fop = fpu_fop(in->opcode, in->modrm)};

	cpu.s.cr0 = CR0_EM;
	return fpu_esc(&cpu, &esc) && cpu.trap.vector == V_NM;
}

/* What the CPU would do: a length, or INSN_UD, or INSN_LONG. */
static int decoded(const uint8_t *code)
{
	struct insn in;
	int len = insn_decode(code, 16, true, &in);

	if (len <= 0)
		return len;
	if (interp_handler(in.row, in.opsize == 4,
			   in.has_modrm && !insn_is_mem(&in) ? KIND_REG : KIND_ANY) == interp_ud)
		return INSN_UD;
	if ((opmap[in.row].attr & A_ESC) && !x87_has(&in))
		return INSN_UD;
	return len;
}

/*
 * Encodings that newer processors gave a meaning, but that every i686 executes without it: the
 * reserved NOPs (prefetch, MPX, CLDEMOTE), and NOP, BSF and BSR with an F3 prefix (PAUSE, TZCNT,
 * LZCNT).
 * Compilers rely on it, so "only on newer CPUs" does not mean #UD for them.
 */
static bool has_old_meaning(const struct record *r)
{
	struct insn in;

	return insn_decode(r->code, 16, true, &in) > 0 &&
	       (opmap[in.row].map == 1 || opmap[in.row].map == 6
			? in.opcode == 0x90
			: (in.opcode >= 0x18 && in.opcode <= 0x1f) || in.opcode == 0xbc ||
				  in.opcode == 0xbd);
}

/* An instruction that is there only if CPUID says so: for some i686 it is one, for others not. */
static bool needs_cpuid(const struct record *r)
{
	struct insn in;

	return insn_decode(r->code, 16, true, &in) > 0 && opmap[in.row].attr & A_CPUID;
}

/* BOUND, LES and LDS of a register are prefixes of newer processors, and long ones; to an i686 they
 * are #UD wherever the instruction would have ended. */
static bool is_vex(const struct record *r)
{
	struct insn in;

	return insn_decode(r->code, 16, true, &in) == INSN_UD && in.modrm >= 0xc0 &&
	       (in.opcode == 0x62 || (in.opcode & 0xfe) == 0xc4);
}

static bool row_ok(const struct record *r)
{
	int got = decoded(r->code);

	switch (r->class) {
	case 0: return got == r->len || (r->trap == 6 && got == INSN_UD);
	case 1:
		if (has_old_meaning(r) || needs_cpuid(r))
			return got == r->len;
		return got == INSN_UD;
	case 2: return got == INSN_UD;
	case 4: return got == INSN_LONG || is_vex(r);
	default: return true;
	}
}

int main(int argc, char **argv)
{
	struct record r;
	unsigned passed = 0, failed = 0;
	gzFile f;
	int n;

	if (argc != 2 || !(f = gzopen(argv[1], "rb"))) {
		fprintf(stderr, "usage: lgemu-decode TABLE (20-byte records, may be gzipped)\n");
		return 2;
	}
	while ((n = gzread(f, &r, sizeof(r))) == (int)sizeof(r)) {
		if (row_ok(&r)) {
			passed++;
			continue;
		}
		failed++;
		for (unsigned i = 0; i < 16; i++)
			printf("%02x ", r.code[i]);
		printf(" class %u trap %u len %u: decoded %d\n", r.class, r.trap, r.len,
		       decoded(r.code));
	}
	if (n) {
		fprintf(stderr, "lgemu-decode: %s ends inside a record or is damaged\n", argv[1]);
		return 2;
	}
	printf("%u passed, %u failed\n", passed, failed);
	gzclose(f);
	return failed ? 1 : 0;
}
