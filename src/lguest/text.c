/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:525
 * The smallest printf that can say why a Guest had to die.  It knows %s %c %i %u %x %p %%, with
 * "l", "z" and "#" in front where the original's death messages have them, and refuses to learn
 * more: no widths, no floating point, no 64-bit division.
:*/
#include <stdarg.h>

#include "lg.h"

struct sink {
	char *to;
	size_t size, used;
};

static void put_char(struct sink *s, char c)
{
	if (s->used + 1 < s->size)
		s->to[s->used++] = c;
}

static void put_text(struct sink *s, const char *text)
{
	while (*text)
		put_char(s, *text++);
}

static void put_number(struct sink *s, uint32_t val, uint32_t base)
{
	char digits[12];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[val % base];
		val /= base;
	} while (val);
	while (n)
		put_char(s, digits[--n]);
}

static void put_signed(struct sink *s, int32_t val)
{
	if (val < 0)
		put_char(s, '-');
	put_number(s, val < 0 ? 0 - (uint32_t)val : (uint32_t)val, 10);
}

/* A kernel prints its pointers with all their digits. */
static void put_pointer(struct sink *s, uint32_t val)
{
	int shift;

	for (shift = 28; shift >= 0; shift -= 4)
		put_char(s, "0123456789abcdef"[val >> shift & 15]);
}

/* A zero has its prefix, too: C would leave it out, the kernel does not. */
static void put_hex(struct sink *s, uint32_t val, bool prefix)
{
	if (prefix)
		put_text(s, "0x");
	put_number(s, val, 16);
}

/* Returns the length of what is now in "to", which is always terminated. */
int format_text(char *to, size_t size, const char *fmt, va_list args)
{
	struct sink s = {.to = to, .size = size};
	bool prefix, wide;
	uint32_t num;
	const void *ptr;

	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			put_char(&s, *fmt);
			continue;
		}
		fmt++;
		prefix = *fmt == '#';
		fmt += prefix;
		wide = *fmt == 'l' || *fmt == 'z';
		fmt += wide;
		switch (*fmt) {
		case 's': put_text(&s, va_arg(args, const char *)); break;
		case 'c': put_char(&s, (char)va_arg(args, int)); break;
		case 'i':
			put_signed(&s, wide ? (int32_t)va_arg(args, long) : va_arg(args, int));
			break;
		case 'u':
		case 'x':
			num = wide ? (uint32_t)va_arg(args, unsigned long)
				   : va_arg(args, unsigned int);
			if (*fmt == 'u')
				put_number(&s, num, 10);
			else
				put_hex(&s, num, prefix);
			break;
		case 'p':
			ptr = va_arg(args, const void *);
			if (ptr)
				put_pointer(&s, (uint32_t)(uintptr_t)ptr);
			else
				put_text(&s, "(null)");
			break;
		default: put_char(&s, *fmt); break;
		}
	}
	if (size)
		to[s.used] = '\0';
	return (int)s.used;
}

/*H:050
 * When a Guest does something it cannot be forgiven, we kill it.  That sounds drastic, and it
 * makes everything else simple: kill_guest() only notes the reason, and the caller carries on as
 * if nothing had happened, because each of them is written such that carrying on is harmless.
 * The run loop looks at lg->dead before the Guest could run again.
 *
 * The first reason is the true one; what follows is usually a consequence.
 */
void kill_guest(struct lguest *lg, const char *fmt, ...)
{
	va_list args;

	if (lg->dead)
		return;
	lg->dead = true;
	va_start(args, fmt);
	format_text(lg->death, sizeof(lg->death), fmt, args);
	va_end(args);
}
/*:*/
