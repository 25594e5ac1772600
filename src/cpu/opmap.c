/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:304
 * The opcode map as a table, and the way from an opcode to its row.
:*/
#include "opmap.h"

const struct opmap_row opmap[ROW_LIMIT] = {
#define I(map, opc, ext, mn, a, b, c, shape, body, attr, fd, fu, title)                            \
	[ROW_ID(__LINE__)] = {mn, map, opc, ext, {OPR_##a, OPR_##b, OPR_##c}, attr, fd, fu, title},
#include "opmap.def"
#undef I
};

/*C:310
 * For each opcode, the last of its rows: initialisers that name the same element replace one
 * another, and the last wins.  The others stand directly before it.
:*/
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const uint16_t last_row[6][256] = {
#define I(map, opc, ext, mn, a, b, c, shape, body, attr, fd, fu, title)                            \
	[map - 1][opc] = ROW_ID(__LINE__),
#include "opmap.def"
#undef I
};

static bool row_of(unsigned id, unsigned map, uint8_t opcode)
{
	return opmap[id].mnemonic && opmap[id].map == map && opmap[id].opcode == opcode;
}

/* See opmap.def: a value of the reg field or any, with any operand, memory only, register only. */
static bool ext_fits(int ext, unsigned reg, bool mem)
{
	if (ext < 0)
		return true;
	if ((ext & 8) == 0 && (ext & 7) != (int)reg)
		return false;
	return ext < 0x10 || mem == (ext < 0x20);
}

unsigned opmap_find(unsigned map, uint8_t opcode, uint8_t modrm)
{
	unsigned reg = modrm >> 3 & 7;
	bool mem = modrm < 0xc0;

	for (unsigned id = last_row[map - 1][opcode]; row_of(id, map, opcode); id--)
		if (ext_fits(opmap[id].ext, reg, mem))
			return id;
	return ROW_NONE;
}

bool opmap_has_modrm(unsigned map, uint8_t opcode)
{
	unsigned id = last_row[map - 1][opcode];

	if (!id)
		return false;
	if (opmap[id].ext >= 0 || opmap[id].attr & (A_REGONLY | A_ESC))
		return true;
	for (unsigned i = 0; i < 3; i++)
		switch (opmap[id].operand[i]) {
		case OPR_Eb:
		case OPR_Ew:
		case OPR_Ev:
		case OPR_Gb:
		case OPR_Gw:
		case OPR_Gv:
		case OPR_M:
		case OPR_Ma:
		case OPR_Mp:
		case OPR_Mq:
		case OPR_Ms:
		case OPR_Sw:
		case OPR_Ed:
		case OPR_Gd:
		case OPR_Md:
		case OPR_Mx:
		case OPR_Pq:
		case OPR_Vx: return true;
		}
	return false;
}
