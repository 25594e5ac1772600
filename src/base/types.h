/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:000
 * Numbers that live in emulated memory are little-endian, whatever the machine lgemu runs on; so
 * they get types of their own.  A le32_t cannot be added or compared by accident: one has to say
 * le32_get() first, and then it is right on s390x too.  The same trick gives each address space
 * its type: a Guest-virtual, a Guest-physical and a machine (host-)physical address are all 32
 * bits, and mixing them up is the classic mistake of this trade.
 *
 * This header compiles freestanding (it is part of the Host) and knows nothing but C.
:*/
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint8_t b[2];
} le16_t;
typedef struct {
	uint8_t b[4];
} le32_t;
typedef struct {
	uint8_t b[8];
} le64_t;

static inline uint16_t le16_get(le16_t v)
{
	return (uint16_t)(v.b[0] | v.b[1] << 8);
}

static inline uint32_t le32_get(le32_t v)
{
	return (uint32_t)v.b[0] | (uint32_t)v.b[1] << 8 | (uint32_t)v.b[2] << 16 |
	       (uint32_t)v.b[3] << 24;
}

static inline uint64_t le64_get(le64_t v)
{
	le32_t lo = {{v.b[0], v.b[1], v.b[2], v.b[3]}}, hi = {{v.b[4], v.b[5], v.b[6], v.b[7]}};

	return le32_get(lo) | (uint64_t)le32_get(hi) << 32;
}

static inline le16_t le16(uint16_t v)
{
	return (le16_t){{(uint8_t)v, (uint8_t)(v >> 8)}};
}

static inline le32_t le32(uint32_t v)
{
	return (le32_t){{(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)}};
}

static inline le64_t le64(uint64_t v)
{
	return (le64_t){{(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24),
			 (uint8_t)(v >> 32), (uint8_t)(v >> 40), (uint8_t)(v >> 48),
			 (uint8_t)(v >> 56)}};
}

/* Guest-virtual, Guest-physical, machine-physical ("host-physical") address, in bytes. */
typedef struct {
	uint32_t v;
} gva_t;
typedef struct {
	uint32_t v;
} gpa_t;
typedef struct {
	uint32_t v;
} hpa_t;

#define GVA(x) ((gva_t){(x)})
#define GPA(x) ((gpa_t){(x)})
#define HPA(x) ((hpa_t){(x)})

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096u
#define PAGE_MASK  0xfffff000u

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK   __attribute__((warn_unused_result))
/* For what is worth its place only where arguments are known, which compilers do not see by themselves. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define LIKELY(x)     __builtin_expect(!!(x), 1)
#define UNLIKELY(x)   __builtin_expect(!!(x), 0)

#endif
