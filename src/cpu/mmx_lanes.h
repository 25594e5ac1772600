/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:370
 * The meanings of the packed integer instructions, on 64 bits: that is an MMX register, or one
 * half of an XMM register.  a is the destination operand.  Lane 0 is the least significant.
:*/
#ifndef CPU_MMX_LANES_H
#define CPU_MMX_LANES_H

#include "base/types.h"

/*C:820
 * Additions without carries between lanes: the top bit of each lane is kept out of the sum and
 * put back without its carry.
 */
#define TOPS(bits)                                                                                 \
	((bits) == 8	? 0x8080808080808080ull                                                    \
	 : (bits) == 16 ? 0x8000800080008000ull                                                    \
			: 0x8000000080000000ull)

static inline uint64_t lanes_add(uint64_t a, uint64_t b, uint64_t tops)
{
	return ((a & ~tops) + (b & ~tops)) ^ ((a ^ b) & tops);
}

static inline uint64_t lanes_sub(uint64_t a, uint64_t b, uint64_t tops)
{
	return ((a | tops) - (b & ~tops)) ^ (~(a ^ b) & tops);
}
/*:*/

#define LANE_ADD(name, bits)                                                                       \
	static inline uint64_t padd##name(uint64_t a, uint64_t b)                                  \
	{                                                                                          \
		return lanes_add(a, b, TOPS(bits));                                                \
	}                                                                                          \
	static inline uint64_t psub##name(uint64_t a, uint64_t b)                                  \
	{                                                                                          \
		return lanes_sub(a, b, TOPS(bits));                                                \
	}
LANE_ADD(b, 8)
LANE_ADD(w, 16)
LANE_ADD(d, 32)

static inline uint64_t paddq(uint64_t a, uint64_t b)
{
	return a + b;
}

static inline uint64_t psubq(uint64_t a, uint64_t b)
{
	return a - b;
}

static inline uint64_t pand(uint64_t a, uint64_t b)
{
	return a & b;
}

static inline uint64_t pandn(uint64_t a, uint64_t b)
{
	return ~a & b;
}

static inline uint64_t por(uint64_t a, uint64_t b)
{
	return a | b;
}

static inline uint64_t pxor(uint64_t a, uint64_t b)
{
	return a ^ b;
}

static inline int saturate(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

/* One expression for each lane: x and y are the lanes of a and b, of that type. */
#define LANES(name, bits, type, expression)                                                        \
	static inline uint64_t name(uint64_t a, uint64_t b)                                        \
	{                                                                                          \
		uint64_t r = 0;                                                                    \
		for (unsigned i = 0; i < 64; i += (bits)) {                                        \
			type x = (type)(a >> i), y = (type)(b >> i);                               \
			r |= (uint64_t)(uint##bits##_t)(expression) << i;                          \
		}                                                                                  \
		return r;                                                                          \
	}
LANES(paddsb, 8, int8_t, saturate(x + y, -128, 127))
LANES(paddsw, 16, int16_t, saturate(x + y, -32768, 32767))
LANES(paddusb, 8, uint8_t, saturate(x + y, 0, 255))
LANES(paddusw, 16, uint16_t, saturate(x + y, 0, 65535))
LANES(psubsb, 8, int8_t, saturate(x - y, -128, 127))
LANES(psubsw, 16, int16_t, saturate(x - y, -32768, 32767))
LANES(psubusb, 8, uint8_t, saturate(x - y, 0, 255))
LANES(psubusw, 16, uint16_t, saturate(x - y, 0, 65535))
LANES(pcmpeqb, 8, uint8_t, -(x == y))
LANES(pcmpeqw, 16, uint16_t, -(x == y))
LANES(pcmpeqd, 32, uint32_t, -(x == y))
LANES(pcmpgtb, 8, int8_t, -(x > y))
LANES(pcmpgtw, 16, int16_t, -(x > y))
LANES(pcmpgtd, 32, int32_t, -(x > y))
LANES(pmullw, 16, uint16_t, (uint32_t)x *y)
LANES(pmulhw, 16, int16_t, (uint32_t)(x *y) >> 16)
LANES(pmulhuw, 16, uint16_t, (uint32_t)x *y >> 16)
LANES(pavgb, 8, uint8_t, (x + y + 1) >> 1)
LANES(pavgw, 16, uint16_t, (x + y + 1) >> 1)
LANES(pminub, 8, uint8_t, x < y ? x : y)
LANES(pmaxub, 8, uint8_t, x > y ? x : y)
LANES(pminsw, 16, int16_t, x < y ? x : y)
LANES(pmaxsw, 16, int16_t, x > y ? x : y)

static inline uint64_t pmuludq(uint64_t a, uint64_t b)
{
	return (a & 0xffffffff) * (b & 0xffffffff);
}

/* Products of words, added in pairs; only -8000 * -8000 twice overflows, to 80000000. */
static inline uint64_t pmaddwd(uint64_t a, uint64_t b)
{
	uint64_t r = 0;

	for (unsigned i = 0; i < 64; i += 32) {
		int32_t lo = (int16_t)(a >> i) * (int16_t)(b >> i);
		int32_t hi = (int16_t)(a >> (i + 16)) * (int16_t)(b >> (i + 16));

		r |= (uint64_t)((uint32_t)lo + (uint32_t)hi) << i;
	}
	return r;
}

static inline uint64_t psadbw(uint64_t a, uint64_t b)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < 64; i += 8) {
		int d = (uint8_t)(a >> i) - (uint8_t)(b >> i);

		sum += (uint64_t)(d < 0 ? -d : d);
	}
	return sum;
}

/*C:822
 * Shifts by one count for all lanes.  The count is the whole 64 bits; one that is too large clears
 * the lanes, or fills them with their signs.
 */
#define SHIFT_LEFT(name, bits)                                                                     \
	static inline uint64_t name(uint64_t a, uint64_t count)                                    \
	{                                                                                          \
		uint64_t r = 0;                                                                    \
		for (unsigned i = 0; i < 64 && count < (bits); i += (bits))                        \
			r |= (uint64_t)(uint##bits##_t)((a >> i) << count) << i;                   \
		return r;                                                                          \
	}
#define SHIFT_RIGHT(name, bits)                                                                    \
	static inline uint64_t name(uint64_t a, uint64_t count)                                    \
	{                                                                                          \
		uint64_t r = 0;                                                                    \
		for (unsigned i = 0; i < 64 && count < (bits); i += (bits))                        \
			r |= ((uint64_t)(uint##bits##_t)(a >> i) >> count) << i;                   \
		return r;                                                                          \
	}
#define SHIFT_SIGNED(name, bits)                                                                   \
	static inline uint64_t name(uint64_t a, uint64_t count)                                    \
	{                                                                                          \
		unsigned n = count < (bits) ? (unsigned)count : (bits)-1;                          \
		uint64_t r = 0;                                                                    \
		for (unsigned i = 0; i < 64; i += (bits))                                          \
			r |= (uint64_t)(uint##bits##_t)((int##bits##_t)(a >> i) >> n) << i;        \
		return r;                                                                          \
	}
SHIFT_LEFT(psllw, 16)
SHIFT_LEFT(pslld, 32)
SHIFT_LEFT(psllq, 64)
SHIFT_RIGHT(psrlw, 16)
SHIFT_RIGHT(psrld, 32)
SHIFT_RIGHT(psrlq, 64)
SHIFT_SIGNED(psraw, 16)
SHIFT_SIGNED(psrad, 32)
/*:*/

/* Packing: the lanes of a at half width, saturated, and those of b above them. */
#define PACK(name, bits, half, low, high)                                                          \
	static inline uint64_t name(uint64_t a, uint64_t b)                                        \
	{                                                                                          \
		uint64_t r = 0;                                                                    \
		for (unsigned i = 0; i < 64; i += (bits)) {                                        \
			int x = (int##bits##_t)(a >> i), y = (int##bits##_t)(b >> i);              \
			r |= (uint64_t)(uint##half##_t)saturate(x, low, high) << i / 2;            \
			r |= (uint64_t)(uint##half##_t)saturate(y, low, high) << (32 + i / 2);     \
		}                                                                                  \
		return r;                                                                          \
	}
PACK(packsswb, 16, 8, -128, 127)
PACK(packuswb, 16, 8, 0, 255)
PACK(packssdw, 32, 16, -32768, 32767)

/* Interleaving: the lower (punpckl) or upper halves of a and b, a lane of a first. */
#define UNPACK(name, bits)                                                                         \
	static inline uint64_t punpckl##name(uint64_t a, uint64_t b)                               \
	{                                                                                          \
		uint64_t r = 0;                                                                    \
		for (unsigned i = 0; i < 32; i += (bits)) {                                        \
			r |= (uint64_t)(uint##bits##_t)(a >> i) << 2 * i;                          \
			r |= (uint64_t)(uint##bits##_t)(b >> i) << (2 * i + (bits));               \
		}                                                                                  \
		return r;                                                                          \
	}                                                                                          \
	static inline uint64_t punpckh##name(uint64_t a, uint64_t b)                               \
	{                                                                                          \
		return punpckl##name(a >> 32, b >> 32);                                            \
	}
UNPACK(bw, 8)
UNPACK(wd, 16)
UNPACK(dq, 32)

/* Four words of a, chosen by two bits each. */
static inline uint64_t pshufw(uint64_t a, unsigned order)
{
	uint64_t r = 0;

	for (unsigned i = 0; i < 64; i += 16, order >>= 2)
		r |= (uint64_t)(uint16_t)(a >> 16 * (order & 3)) << i;
	return r;
}

/* The top bits of the bytes. */
static inline uint32_t pmovmskb(uint64_t a)
{
	return (uint32_t)((a >> 7 & 0x0101010101010101ull) * 0x0102040810204080ull >> 56);
}

#endif
