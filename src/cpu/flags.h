/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:310
 * The arithmetic flags, kept lazily.  Most flags an instruction computes are overwritten before
 * anybody looks, so we keep two words from which each flag can be read when it is wanted: the
 * result, and the carries out of every bit.
:*/
#ifndef CPU_FLAGS_H
#define CPU_FLAGS_H

#include "base/types.h"

enum eflags {
	FL_CF = 1u << 0,
	FL_R1 = 1u << 1, /* always 1 */
	FL_PF = 1u << 2,
	FL_AF = 1u << 4,
	FL_ZF = 1u << 6,
	FL_SF = 1u << 7,
	FL_TF = 1u << 8,
	FL_IF = 1u << 9,
	FL_DF = 1u << 10,
	FL_OF = 1u << 11,
	FL_IOPL = 3u << 12,
	FL_NT = 1u << 14,
	FL_RF = 1u << 16,
	FL_VM = 1u << 17,
	FL_AC = 1u << 18,
	FL_VIF = 1u << 19,
	FL_VIP = 1u << 20,
	FL_ID = 1u << 21,
	FL_ARITH = FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_OF,
};

/*C:210
 * res is the result, sign-extended to 32 bits: ZF is res == 0, SF its top bit, PF the parity of
 * its low byte.  aux holds what the result cannot tell:
 *
 *	 31 30 29            16 15        8 7      4 3  2 1 0
 *	+--+--+----------------+-----------+--------+--+---+-+
 *	|CF|c | (not looked at)|  parity   | (not looked at)|s|
 *	+--+--+----------------+-----------+--------+--+---+-+
 *
 * CF is the carry out of the top bit and c the carry into it, so OF is CF ^ c; bit 3 is the carry
 * out of bit 3, which is AF.  The parity byte is XORed into the low byte of res before its parity
 * is taken, and s is XORed into the sign: with these any combination can be stored, as POPF must.
:*/
struct flags {
	uint32_t res;
	uint32_t aux;
};

static inline bool flag_cf(const struct flags *f)
{
	return f->aux >> 31;
}

static inline bool flag_of(const struct flags *f)
{
	return (f->aux ^ f->aux << 1) >> 31;
}

static inline bool flag_af(const struct flags *f)
{
	return f->aux >> 3 & 1;
}

static inline bool flag_zf(const struct flags *f)
{
	return !f->res;
}

static inline bool flag_sf(const struct flags *f)
{
	return (f->res >> 31 ^ f->aux) & 1;
}

static inline bool flag_pf(const struct flags *f)
{
	return !__builtin_parity((f->res ^ f->aux >> 8) & 0xff);
}

/* The arithmetic flags as EFLAGS has them. */
static inline uint32_t flags_get(const struct flags *f)
{
	return (flag_cf(f) ? FL_CF : 0) | (flag_pf(f) ? FL_PF : 0) | (flag_af(f) ? FL_AF : 0) |
	       (flag_zf(f) ? FL_ZF : 0) | (flag_sf(f) ? FL_SF : 0) | (flag_of(f) ? FL_OF : 0);
}

static inline void flags_set(struct flags *f, uint32_t v)
{
	bool cf = v & FL_CF, of = v & FL_OF;

	f->res = v & FL_ZF ? 0 : 0x100; /* low byte 0: even parity, positive */
	f->aux = (uint32_t)cf << 31 | (uint32_t)(cf ^ of) << 30 | (v & FL_AF ? 8 : 0) |
		 (v & FL_PF ? 0 : 0x100) | (v & FL_SF ? 1 : 0);
}

/* Replace CF and OF, keep the rest (INC, rotates); the first takes them from bits 31 and 30 of v, as
 * aux has them. */
static inline void flags_set_carries(struct flags *f, uint32_t v)
{
	f->aux = (f->aux & 0x3fffffff) | (v & 0xc0000000);
}

static inline void flags_set_cf_of(struct flags *f, bool cf, bool of)
{
	flags_set_carries(f, (uint32_t)cf << 31 | (uint32_t)(cf ^ of) << 30);
}

/* The conditions of Jcc, SETcc and CMOVcc, in opcode order (low four bits). */
static inline bool flags_cond(const struct flags *f, unsigned cc)
{
	bool r = false;

	switch (cc >> 1 & 7) {
	case 0: r = flag_of(f); break;
	case 1: r = flag_cf(f); break;
	case 2: r = flag_zf(f); break;
	case 3: r = flag_cf(f) || flag_zf(f); break;
	case 4: r = flag_sf(f); break;
	case 5: r = flag_pf(f); break;
	case 6: r = flag_sf(f) != flag_of(f); break;
	case 7: r = flag_zf(f) || flag_sf(f) != flag_of(f); break;
	}
	return r != (cc & 1);
}

#endif
