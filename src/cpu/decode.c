/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:307
 * From bytes to struct insn.  The decoder works on a buffer it is given and never fetches: when
 * the buffer ends inside an instruction it says so, and the caller finds out whether more bytes
 * can be had or whether that is a page fault.
:*/
#include <string.h>

#include "cpu.h"
#include "insn.h"

/* Prefixes, in any order and number; returns how many bytes. */
static unsigned take_prefixes(const uint8_t *code, unsigned avail, bool d32, struct insn *in)
{
	unsigned n;

	in->opsize = in->adsize = d32 ? 4 : 2;
	in->seg = DS;
	for (n = 0; n < avail && n < INSN_MAX; n++) {
		switch (code[n]) {
		case 0x26:
			in->seg = ES;
			in->seg_override = true;
			break;
		case 0x2e:
			in->seg = CS;
			in->seg_override = true;
			break;
		case 0x36:
			in->seg = SS;
			in->seg_override = true;
			break;
		case 0x3e:
			in->seg = DS;
			in->seg_override = true;
			break;
		case 0x64:
			in->seg = FS;
			in->seg_override = true;
			break;
		case 0x65:
			in->seg = GS;
			in->seg_override = true;
			break;
		case 0x66: in->opsize = d32 ? 2 : 4; break;
		case 0x67: in->adsize = d32 ? 2 : 4; break;
		case 0xf0: in->lock = true; break;
		case 0xf2:
		case 0xf3: in->rep = code[n]; break;
		default: return n;
		}
	}
	return n;
}

/* How many immediate bytes an operand has, and where they go. */
static unsigned imm_bytes(enum operand o, const struct insn *in)
{
	switch (o) {
	case OPR_Ib:
	case OPR_Ib2:
	case OPR_sIb:
	case OPR_Jb: return 1;
	case OPR_Iw: return 2;
	case OPR_Iz:
	case OPR_Jz: return in->opsize;
	case OPR_Ob:
	case OPR_Ov: return in->adsize;
	case OPR_Ap: return in->opsize + 2u;
	default: return 0;
	}
}

static uint32_t bytes_le(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static void take_imm(enum operand o, const uint8_t *p, struct insn *in)
{
	unsigned n = imm_bytes(o, in);

	switch (o) {
	case OPR_Ib2: in->imm2 = p[0]; break;
	case OPR_sIb:
	case OPR_Jb: in->imm = (uint32_t)(int8_t)p[0]; break;
	case OPR_Jz: in->imm = n == 2 ? (uint32_t)(int16_t)bytes_le(p, 2) : bytes_le(p, 4); break;
	case OPR_Ob:
	case OPR_Ov: in->disp = bytes_le(p, n); break;
	case OPR_Ap:
		in->imm = bytes_le(p, n - 2);
		in->imm2 = (uint16_t)bytes_le(p + n - 2, 2);
		break;
	default: in->imm = bytes_le(p, n); break;
	}
}

/*C:325
 * Opcodes that only newer processors have are #UD, but first their bytes are fetched: an SSE
 * instruction with so many prefixes that it passes 15 bytes is #GP, like any other.  So for an
 * opcode behind 0F without a row we still know whether a ModRM byte (and an immediate) follows.
:*/
static unsigned foreign_imm(uint8_t opcode)
{
	return (opcode & 0xfc) == 0x70 || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6);
}

static unsigned foreign_tail(const uint8_t *code, unsigned avail, unsigned n, struct insn *in)
{
	unsigned imm = foreign_imm(in->opcode);
	int m;

	if ((in->opcode & 0xf8) == 0x38) {
		imm = in->opcode >> 1 & 1;
		n++;
	} else if ((in->opcode < 0x10 && in->opcode != 0x0d) || (in->opcode & 0xfc) == 0x24 ||
		   (in->opcode & 0xf8) == 0x30 || in->opcode == 0x77 || in->opcode == 0xaa) {
		return n;
	}
	if (n >= avail)
		return n + 1;
	in->modrm = code[n++];
	m = modrm_decode(code + n, avail - n, in);
	return m < 0 ? avail + 1 : n + (unsigned)m + imm;
}

/* A group's empty places have the immediate of their neighbours. */
static unsigned group_imm(unsigned map, const struct insn *in)
{
	if (map >= 2)
		return in->opcode == 0xba || foreign_imm(in->opcode);
	return in->opcode == 0xc6 ? 1 : in->opcode == 0xc7 ? in->opsize : 0;
}

/* CS cannot be loaded, and there are no other segment and control registers than these. */
static bool operands_exist(const struct insn *in)
{
	unsigned reg = in->modrm >> 3 & 7;

	for (unsigned i = 0; i < 3; i++)
		switch (opmap[in->row].operand[i]) {
		case OPR_Sw:
			if (reg > GS || (i == 0 && reg == CS))
				return false;
			break;
		case OPR_Cd:
			if (reg == 1 || reg > 4)
				return false;
			break;
		case OPR_M:
		case OPR_Ma:
		case OPR_Mp:
		case OPR_Mq:
		case OPR_Ms:
		case OPR_Md:
		case OPR_Mx:
			if (in->modrm >= 0xc0)
				return false;
			break;
		case OPR_Nq:
		case OPR_Ux:
			if (in->modrm < 0xc0)
				return false;
			break;
		default: break;
		}
	return true;
}

/* LOCK is legal only where the row says so, and only with a memory destination. */
static bool lock_is_legal(const struct insn *in)
{
	return !in->lock || ((opmap[in->row].attr & A_LOCK) && insn_is_mem(in));
}

/*C:327
 * Behind 0F, prefixes may be part of the opcode: they choose another map, F2 and F3 before 66.  An
 * opcode without a row there means what it means without prefixes, unless it is one of those that
 * come with different ones.
 */
static unsigned map_0f(const struct insn *in, bool d32)
{
	if (in->rep)
		return in->rep == REP_E ? 4 : 5;
	return in->opsize == (d32 ? 4 : 2) ? 2 : 3;
}

static bool is_prefixed_0f(unsigned map)
{
	return map >= 3 && map <= 5;
}

static bool has_modrm(unsigned map, uint8_t opcode)
{
	return opmap_has_modrm(map, opcode) || (is_prefixed_0f(map) && opmap_has_modrm(2, opcode));
}

static uint16_t find_row(unsigned map, const struct insn *in)
{
	unsigned id = opmap_find(map, in->opcode, in->modrm);

	if (id || !is_prefixed_0f(map))
		return (uint16_t)id;
	id = opmap_find(2, in->opcode, in->modrm);
	return opmap[id].attr & A_CPUID ? ROW_NONE : (uint16_t)id;
}
/*:*/

int insn_decode(const uint8_t *code, unsigned avail, bool d32, struct insn *in)
{
	unsigned n, map = 1;
	const struct opmap_row *row;
	bool modrm_missing = false;

	if (avail > INSN_MAX)
		avail = INSN_MAX;
	memset(in, 0, sizeof(*in));
	in->base = in->index = REG_ZERO;
	n = take_prefixes(code, avail, d32, in);
	if (n < avail && code[n] == 0x0f) {
		map = map_0f(in, d32);
		n++;
	}
	if (n >= avail)
		return avail == INSN_MAX ? INSN_LONG : INSN_MORE;
	in->opcode = code[n++];
	if (map == 1 && in->rep == REP_E && opmap_find(6, in->opcode, 0))
		map = 6;
	in->has_modrm = has_modrm(map, in->opcode);
	if (in->has_modrm) {
		int m;

		if (n >= avail)
			return avail == INSN_MAX ? INSN_LONG : INSN_MORE;
		in->modrm = code[n++];
		in->row = find_row(map, in);
		if (opmap[in->row].attr & A_REGONLY)
			in->modrm |= 0xc0;
		m = modrm_decode(code + n, avail - n, in);
		modrm_missing = m < 0;
		n += m < 0 ? 0 : (unsigned)m;
	} else {
		in->row = find_row(map, in);
	}
	if (modrm_missing)
		return avail == INSN_MAX ? INSN_LONG : INSN_MORE;
	if (!in->row) {
		if (in->has_modrm)
			n += group_imm(map, in);
		else if (map >= 2)
			n = foreign_tail(code, avail, n, in);
		if (n > avail)
			return avail == INSN_MAX ? INSN_LONG : INSN_MORE;
		in->len = (uint8_t)n;
		return INSN_UD;
	}
	row = &opmap[in->row];
	for (unsigned i = 0; i < 3; i++) {
		unsigned bytes = imm_bytes(row->operand[i], in);

		if (!bytes)
			continue;
		if (avail < n + bytes)
			return avail == INSN_MAX ? INSN_LONG : INSN_MORE;
		take_imm(row->operand[i], code + n, in);
		n += bytes;
	}
	in->len = (uint8_t)n;
	/* LES, LDS and BOUND with a register became prefixes (VEX, EVEX): longer still. */
	if (((in->opcode & 0xfe) == 0xc4 || in->opcode == 0x62) && map == 1 && in->modrm >= 0xc0 &&
	    n + 2 > avail)
		return avail == INSN_MAX ? INSN_LONG : INSN_UD;
	return lock_is_legal(in) && operands_exist(in) ? (int)n : INSN_UD;
}
