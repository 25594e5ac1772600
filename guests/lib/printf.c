/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:903 guests/lib/printf.c: Formatted text for guests. It formats into a buffer and hands whole
 * pieces to console_write(), so that one printf is one virtio buffer and one notification, not one
 * per character. :*/
#include "lib.h"
#include "console.h"

struct text_sink {
	char *at, *end; /* next free byte, and the byte kept for the terminator */
	int wanted;	/* characters the whole text would need */
};

static void sink_char(struct text_sink *sink, char c)
{
	if (sink->at < sink->end)
		*sink->at++ = c;
	sink->wanted++;
}

struct number_format {
	int width;
	u32 base;
	char pad;
	int left, negative;
};

static void sink_padded(struct text_sink *sink, const char *s, int chars,
			const struct number_format *f)
{
	int pad = f->width - chars;

	for (; !f->left && pad > 0; pad--)
		sink_char(sink, f->pad);
	while (chars--)
		sink_char(sink, *s++);
	for (; f->left && pad > 0; pad--)
		sink_char(sink, ' ');
}

static void sink_number(struct text_sink *sink, u64 n, const struct number_format *f)
{
	char digits[24], *p = digits + sizeof(digits);
	u32 digit;

	do {
		n = div_u64(n, f->base, &digit);
		*--p = "0123456789abcdef"[digit];
	} while (n);
	if (f->negative)
		*--p = '-';
	sink_padded(sink, p, (int)(digits + sizeof(digits) - p), f);
}

/* Reads flags and width; returns the first character that is neither. */
static const char *parse_format(const char *fmt, struct number_format *f)
{
	*f = (struct number_format){.base = 10, .pad = ' '};
	for (;; fmt++) {
		if (*fmt == '-')
			f->left = 1;
		else if (*fmt == '0')
			f->pad = '0';
		else
			break;
	}
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		f->width = f->width * 10 + (*fmt - '0');
	return fmt;
}

/* Decides base and sign; 'wide' is what %llu asks for, and it is never negative. */
static u64 fetch_number(char conversion, int wide, struct number_format *f, u64 raw)
{
	if (conversion == 'x' || conversion == 'p')
		f->base = 16;
	if (conversion == 'd' && !wide && (int)raw < 0) {
		f->negative = 1;
		return 0u - (u32)raw;
	}
	return raw;
}

int vsnprintf(char *to, size_t room, const char *fmt, va_list args)
{
	struct text_sink sink = {to, to + room - 1, 0};
	struct number_format f;
	const char *s;
	char c;
	int wide;

	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			sink_char(&sink, *fmt);
			continue;
		}
		fmt = parse_format(fmt + 1, &f);
		for (wide = 0; *fmt == 'l'; fmt++)
			wide++;
		switch (*fmt) {
		case 'c':
			c = (char)va_arg(args, int);
			sink_padded(&sink, &c, 1, &f);
			break;
		case 's':
			s = va_arg(args, const char *);
			sink_padded(&sink, s, (int)strlen(s), &f);
			break;
		case 'p':
		case 'd':
		case 'u':
		case 'x': {
			u64 raw = wide > 1 ? va_arg(args, u64) : va_arg(args, u32);

			raw = fetch_number(*fmt, wide > 1, &f, raw);
			sink_number(&sink, raw, &f);
			break;
		}
		default: sink_char(&sink, *fmt);
		}
	}
	*sink.at = '\0';
	return sink.wanted;
}

int snprintf(char *to, size_t room, const char *fmt, ...)
{
	va_list args;
	int wanted;

	va_start(args, fmt);
	wanted = vsnprintf(to, room, fmt, args);
	va_end(args);
	return wanted;
}

int printf(const char *fmt, ...)
{
	char text[256];
	va_list args;
	int wanted;

	va_start(args, fmt);
	wanted = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	console_write(text, min((u32)wanted, (u32)sizeof(text) - 1));
	return wanted;
}
