/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:901 guests/lib/lib.h: What a freestanding guest has in place of a C library: fixed-width types,
 * the few string functions a compiler may call behind our back, and a printf. Nothing here knows of
 * lguest; nothing here allocates memory. :*/
#ifndef GUEST_LIB_H
#define GUEST_LIB_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b)     ((a) < (b) ? (a) : (b))
#define max(a, b)     ((a) > (b) ? (a) : (b))
#define barrier()     __asm__ volatile("" ::: "memory")
/* clang-format off */
/* One of a list of functions that are called by name. */
#define NAMED(x)      {#x, x}
/* clang-format on */

/* string.c */
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t chars);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *word);
size_t strlcpy(char *to, const char *from, size_t room);
u32 parse_u32(const char *s, u32 fallback);
u64 div_u64(u64 n, u32 divisor, u32 *remainder);

/* printf.c: %d %u %x %c %s %p %% with width, '0' and '-', and %llu */
int vsnprintf(char *to, size_t room, const char *fmt, va_list args);
int snprintf(char *to, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
