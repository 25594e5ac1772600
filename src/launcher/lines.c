/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:707
 * Where lines begin and end.  It knows newlines and names; what the bytes mean to a terminal is not
 * its business.
:*/
#include <stdio.h>
#include <string.h>

#include "lines.h"

const char *lines_break(struct lines *lines)
{
	const bool open = lines->open;

	lines->open = false;
	return open ? "\n" : "";
}

size_t lines_next(struct lines *lines, unsigned guest, const char *name, const uint8_t *bytes,
		  size_t n, char before[LINES_BEFORE_BYTES])
{
	const uint8_t *newline = memchr(bytes, '\n', n);
	const char *gap = "";

	before[0] = '\0';
	if (!n)
		return 0;
	if (lines->open && lines->guest != guest)
		gap = lines_break(lines);
	if (!lines->open)
		snprintf(before, LINES_BEFORE_BYTES, "%s%.60s: ", gap, name);
	lines->open = !newline;
	lines->guest = guest;
	return newline ? (size_t)(newline - bytes) + 1 : n;
}
