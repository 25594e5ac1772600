/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:902 guests/lib/string.c: Memory and text functions for guests. The first four are here because
 * the compiler calls them by name even in freestanding code; they use the string instructions,
 * which makes every guest an honest test of rep movs and rep stos. :*/
#include "lib.h"

void *memcpy(void *to, const void *from, size_t bytes)
{
	void *edi = to;
	size_t words = bytes / 4;

	/* Words first: one instruction does the bulk, and the tail is at most three bytes. */
	__asm__ volatile("rep movsl\n\t"
			 "movl %3, %%ecx\n\t"
			 "rep movsb"
			 : "+&D"(edi), "+&S"(from), "+&c"(words)
			 : "r"(bytes & 3)
			 : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	u8 *d = (u8 *)to + bytes;
	const u8 *s = (const u8 *)from + bytes;

	if (to <= from || (const u8 *)from + bytes <= (u8 *)to)
		return memcpy(to, from, bytes);
	while (bytes--)
		*--d = *--s;
	return to;
}

void *memset(void *to, int byte, size_t bytes)
{
	void *edi = to;
	size_t words = bytes / 4;

	__asm__ volatile("rep stosl\n\t"
			 "movl %3, %%ecx\n\t"
			 "rep stosb"
			 : "+&D"(edi), "+&c"(words)
			 : "a"((u32)(u8)byte * 0x01010101u), "r"(bytes & 3)
			 : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const u8 *x = a, *y = b;

	for (; bytes; bytes--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t chars)
{
	for (; chars; chars--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strstr(const char *s, const char *word)
{
	size_t chars = strlen(word);

	for (; *s; s++)
		if (!strncmp(s, word, chars))
			return (char *)s;
	return NULL;
}

/* Always leaves a terminated string; returns the length that was wanted. */
size_t strlcpy(char *to, const char *from, size_t room)
{
	size_t wanted = strlen(from), n = min(wanted, room - 1);

	memcpy(to, from, n);
	to[n] = '\0';
	return wanted;
}

/* Decimal only. Anything that is not a number yields the fallback: guests have no errno. */
u32 parse_u32(const char *s, u32 fallback)
{
	u32 n = 0;

	if (!s || !*s)
		return fallback;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return fallback;
		n = n * 10 + (u32)(*s - '0');
	}
	return n;
}

/* 64 by 32 bits in two divl: the compiler's own helper would have to come from a library. */
u64 div_u64(u64 n, u32 divisor, u32 *remainder)
{
	u32 high = (u32)(n >> 32), low = (u32)n, rem = high % divisor;

	high /= divisor;
	__asm__("divl %2" : "+a"(low), "+d"(rem) : "rm"(divisor));
	if (remainder)
		*remainder = rem;
	return (u64)high << 32 | low;
}
