/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:677
 * The filter.  The bytes 0x80 to 0x9f are control characters to some terminals, and parts of letters to
 * all that know UTF-8, so it has to read UTF-8.
 *
 * It refuses overlong forms: a careless decoder takes them for the very characters that we hold back.
:*/
#include "tty_plain.h"

/* How many bytes follow this one; 0: it begins nothing. */
static uint8_t followers(uint8_t lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/* The lowest second byte that is neither overlong nor makes a control character (U+0080 to U+009f). */
static uint8_t lowest_second(uint8_t lead)
{
	switch (lead) {
	case 0xc2:
	case 0xe0: return 0xa0;
	case 0xf0: return 0x90;
	}
	return 0x80;
}

static size_t ascii(uint8_t c, uint8_t *out)
{
	const bool harmless = c >= ' ' ? c != 0x7f
				       : c >= '\a' && c <= '\r' && c != '\v' && c != '\f';

	if (harmless) {
		out[0] = c;
		return 1;
	}
	out[0] = '^';
	out[1] = c ^ 0x40;
	return 2;
}

size_t tty_plain(struct tty_plain *plain, const uint8_t *in, size_t n, uint8_t *out)
{
	uint8_t *to = out;

	for (size_t i = 0; i < n; i++) {
		const uint8_t c = in[i];
		const bool follows = (c & 0xc0) == 0x80 && plain->to_follow &&
				     c >= (plain->lead ? lowest_second(plain->lead) : 0x80);

		if (c < 0x80) {
			plain->to_follow = 0;
			to += ascii(c, to);
			continue;
		}
		if (follows) {
			plain->to_follow--;
			plain->lead = 0;
		} else {
			plain->to_follow = followers(c);
			plain->lead = c;
		}
		*to++ = follows || plain->to_follow ? c : '?';
	}
	return (size_t)(to - out);
}
