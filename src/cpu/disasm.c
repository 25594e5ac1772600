/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:324
 * The disassembler: the decoder's struct insn and the row's own mnemonic and operands, printed.
 * There is no second table; an instruction that decodes can be printed.
:*/
#include "disasm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"

struct text {
	char *at;
	size_t left; /* bytes, the final NUL included */
};

static __attribute__((format(printf, 2, 3))) void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	t->at += n;
	t->left -= (size_t)n;
}

static const char *const reg8[8] = {"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
static const char *const reg16[8] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
static const char *const seg_name[8] = {"es", "cs", "ss", "ds", "fs", "gs", "?", "?"};

static void put_reg(struct text *t, unsigned n, unsigned bytes)
{
	if (bytes == 1)
		put(t, "%s", reg8[n]);
	else
		put(t, "%s%s", bytes == 4 ? "e" : "", reg16[n]);
}

static void put_address(struct text *t, const struct insn *in)
{
	const char *e = in->adsize == 4 ? "e" : "";
	bool term = false;

	if (in->seg_override)
		put(t, "%s:", seg_name[in->seg]);
	put(t, "[");
	if (in->base != REG_ZERO) {
		put(t, "%s%s", e, reg16[in->base]);
		term = true;
	}
	if (in->index != REG_ZERO) {
		put(t, "%s%s%s", term ? "+" : "", e, reg16[in->index]);
		if (in->scale)
			put(t, "*%d", 1 << in->scale);
		term = true;
	}
	if (!term)
		put(t, "0x%x", in->disp);
	else if (in->disp && (int32_t)in->disp < 0 && (int32_t)in->disp > -0x10000)
		put(t, "-0x%x", -in->disp);
	else if (in->disp)
		put(t, "+0x%x", in->disp);
	put(t, "]");
}

/* Register or memory by ModRM; memory says its size. */
static void put_rm(struct text *t, const struct insn *in, unsigned bytes)
{
	if (!insn_is_mem(in)) {
		put_reg(t, in->modrm & 7, bytes);
		return;
	}
	put(t, bytes == 1 ? "byte " : bytes == 2 ? "word " : bytes == 4 ? "dword " : "");
	put_address(t, in);
}

static void put_string(struct text *t, const struct insn *in, enum operand o)
{
	bool source = o == OPR_Xb || o == OPR_Xv;

	put(t, o == OPR_Xb || o == OPR_Yb ? "byte " : in->opsize == 4 ? "dword " : "word ");
	put(t, "%s:[%s%s]", source ? seg_name[in->seg] : "es", in->adsize == 4 ? "e" : "",
	    source ? "si" : "di");
}

/* A vector register or memory. */
static void put_vector(struct text *t, const struct insn *in, const char *reg)
{
	if (insn_is_mem(in))
		put_address(t, in);
	else
		put(t, "%s%u", reg, in->modrm & 7);
}

static void put_operand(struct text *t, const struct insn *in, enum operand o, uint32_t next)
{
	unsigned reg = in->modrm >> 3 & 7;
	uint32_t mask = in->opsize == 4 ? ~0u : 0xffff;

	switch (o) {
	case OPR_Eb: put_rm(t, in, 1); break;
	case OPR_Ew: put_rm(t, in, 2); break;
	case OPR_Ev: put_rm(t, in, in->opsize); break;
	case OPR_Ed: put_rm(t, in, 4); break;
	case OPR_Rd: put_reg(t, in->modrm & 7, 4); break;
	case OPR_Gb: put_reg(t, reg, 1); break;
	case OPR_Gw: put_reg(t, reg, 2); break;
	case OPR_Gv: put_reg(t, reg, in->opsize); break;
	case OPR_Gd: put_reg(t, reg, 4); break;
	case OPR_Pq: put(t, "mm%u", reg); break;
	case OPR_Vx: put(t, "xmm%u", reg); break;
	case OPR_Qd:
	case OPR_Qq:
	case OPR_Nq: put_vector(t, in, "mm"); break;
	case OPR_Wd:
	case OPR_Wq:
	case OPR_Wx:
	case OPR_Ux: put_vector(t, in, "xmm"); break;
	case OPR_Zb: put_reg(t, in->opcode & 7, 1); break;
	case OPR_Zv: put_reg(t, in->opcode & 7, in->opsize); break;
	case OPR_AL: put_reg(t, EAX, 1); break;
	case OPR_eAX: put_reg(t, EAX, in->opsize); break;
	case OPR_CL: put_reg(t, ECX, 1); break;
	case OPR_DX: put_reg(t, EDX, 2); break;
	case OPR_1: put(t, "1"); break;
	case OPR_Ib2: put(t, "0x%x", in->imm2); break;
	case OPR_Ib:
	case OPR_Iw: put(t, "0x%x", in->imm); break;
	case OPR_sIb:
	case OPR_Iz: put(t, "0x%x", in->imm & mask); break;
	case OPR_Jb:
	case OPR_Jz: put(t, "0x%x", (next + in->imm) & mask); break;
	case OPR_Ap: put(t, "0x%x:0x%x", in->imm2, in->imm); break;
	case OPR_M:
	case OPR_Ma:
	case OPR_Mp:
	case OPR_Mq:
	case OPR_Ms:
	case OPR_Md:
	case OPR_Mx:
	case OPR_Ob:
	case OPR_Ov: put_address(t, in); break;
	case OPR_Sw: put(t, "%s", seg_name[reg]); break;
	case OPR_Cd: put(t, "cr%u", reg); break;
	case OPR_Dd: put(t, "dr%u", reg); break;
	case OPR_Xb:
	case OPR_Xv:
	case OPR_Yb:
	case OPR_Yv: put_string(t, in, o); break;
	case OPR_ES:
	case OPR_CS:
	case OPR_SS:
	case OPR_DS:
	case OPR_FS:
	case OPR_GS: put(t, "%s", seg_name[o - OPR_ES]); break;
	case OPR_ESC:
		if (insn_is_mem(in)) {
			put(t, "/%u ", reg);
			put_address(t, in);
		} else {
			put(t, "%02x", in->modrm);
		}
		break;
	default: break;
	}
}

/* "CBW|CWDE": the spelling for the operand size, in lower case. */
static void put_mnemonic(struct text *t, const struct insn *in)
{
	const char *m = opmap[in->row].mnemonic, *bar = strchr(m, '|');

	if (bar && in->opsize == 4)
		m = bar + 1;
	for (; *m && *m != '|'; m++)
		put(t, "%c", *m >= 'A' && *m <= 'Z' ? *m + 'a' - 'A' : *m);
}

int disasm(const uint8_t *code, unsigned avail, bool d32, uint32_t eip, char *out, size_t size)
{
	struct text t = {out, size};
	struct insn in;
	int len = insn_decode(code, avail, d32, &in);
	const struct opmap_row *row = &opmap[in.row];

	if (len <= 0) {
		put(&t, "(bad)");
		return 1;
	}
	if (in.lock)
		put(&t, "lock ");
	if (in.rep && (row->attr & A_STRING))
		put(&t, in.rep == REP_E ? "rep " : "repne ");
	put_mnemonic(&t, &in);
	for (unsigned i = 0; i < 3 && row->operand[i]; i++) {
		put(&t, i ? "," : " ");
		put_operand(&t, &in, row->operand[i], eip + (unsigned)len);
	}
	return len;
}
