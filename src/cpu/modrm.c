/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:306
 * The ModRM and SIB bytes: which registers and which displacement make up an address.
:*/
#include "cpu.h"
#include "insn.h"

/*C:320
 * 16-bit addressing has a table of its own (manual volume 2, "16-Bit Addressing Forms with the
 * ModR/M Byte"); SS is the default segment wherever BP takes part.
:*/
static const uint8_t base16[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
static const uint8_t index16[8] = {ESI, EDI, ESI, EDI, REG_ZERO, REG_ZERO, REG_ZERO, REG_ZERO};

static int take_disp(const uint8_t *code, unsigned avail, unsigned at, unsigned bytes,
		     struct insn *in)
{
	if (avail < at + bytes)
		return -1;
	if (bytes == 1)
		in->disp = (uint32_t)(int8_t)code[at];
	else if (bytes == 2)
		in->disp = (uint32_t)(code[at] | code[at + 1] << 8);
	else if (bytes == 4)
		in->disp = code[at] | (uint32_t)code[at + 1] << 8 | (uint32_t)code[at + 2] << 16 |
			   (uint32_t)code[at + 3] << 24;
	return (int)(at + bytes);
}

static void default_seg(struct insn *in, bool stack)
{
	if (!in->seg_override)
		in->seg = stack ? SS : DS;
}

static int modrm16(const uint8_t *code, unsigned avail, struct insn *in)
{
	unsigned mod = in->modrm >> 6, rm = in->modrm & 7;

	if (mod == 0 && rm == 6) {
		default_seg(in, false);
		return take_disp(code, avail, 0, 2, in);
	}
	in->base = base16[rm];
	in->index = index16[rm];
	default_seg(in, in->base == EBP);
	return take_disp(code, avail, 0, mod, in);
}

static int modrm32(const uint8_t *code, unsigned avail, struct insn *in)
{
	unsigned mod = in->modrm >> 6, base = in->modrm & 7, at = 0;

	if (base == 4) {
		unsigned index;

		if (avail < 1)
			return -1;
		index = code[0] >> 3 & 7;
		in->index = index == 4 ? REG_ZERO : (uint8_t)index;
		in->scale = index == 4 ? 0 : code[0] >> 6;
		base = code[0] & 7;
		at = 1;
	}
	if (mod == 0 && base == 5) {
		default_seg(in, false);
		return take_disp(code, avail, at, 4, in);
	}
	in->base = (uint8_t)base;
	default_seg(in, base == ESP || base == EBP);
	return take_disp(code, avail, at, mod == 0 ? 0 : mod == 1 ? 1 : 4, in);
}

int modrm_decode(const uint8_t *code, unsigned avail, struct insn *in)
{
	in->base = in->index = REG_ZERO;
	if (in->modrm >= 0xc0)
		return 0;
	return in->adsize == 2 ? modrm16(code, avail, in) : modrm32(code, avail, in);
}
