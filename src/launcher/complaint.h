/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:702
 * One sentence for the user.  Whoever finds out that something is wrong knows best how to say it,
 * but has no business printing: it writes the sentence down here and returns the errno.  The
 * sentence names the thing and, where there is something to be done, says what.
:*/
#ifndef LAUNCHER_COMPLAINT_H
#define LAUNCHER_COMPLAINT_H

#include <stdarg.h>
#include <stdio.h>

#define COMPLAINT_BYTES 512

struct complaint {
	char text[COMPLAINT_BYTES];
};

/* Returns err, so that one can say: return complain(c, -EINVAL, "...", ...). */
static inline int __attribute__((format(printf, 3, 4)))
complain(struct complaint *c, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, args);
	va_end(args);
	return err;
}

#endif
