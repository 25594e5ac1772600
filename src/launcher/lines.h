/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:706
 * One output for several guests: each line begins with the name of the guest whose it is.  Nothing
 * is held back, not even half a line (a prompt is one), so where another guest cuts in the line is
 * ended, and begun again with the name when its guest goes on.
:*/
#ifndef LAUNCHER_LINES_H
#define LAUNCHER_LINES_H

#include "base/types.h"

struct lines {
	bool open;	/* the last line printed has no end yet */
	unsigned guest; /* whose it is */
};

#define LINES_BEFORE_BYTES 64 /* a name of at most 60 bytes, and what goes around it */

/*
 * This guest has printed n bytes.  Returns how many of them (one at least, if there are any) can be
 * put out now, behind the text in before[], which may be "".  To be called again for the rest.
 */
size_t lines_next(struct lines *lines, unsigned guest, const char *name, const uint8_t *bytes,
		  size_t n, char before[LINES_BEFORE_BYTES]);
/* Somebody else will print: the text to go before that. */
const char *lines_break(struct lines *lines);

#endif
