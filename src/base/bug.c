/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:020
 * Where BUG_ON ends in the native process: one line on stderr, then abort() so that a debugger or
 * a core dump shows the rest.
:*/
#include <stdio.h>
#include <stdlib.h>

#include "bug.h"

_Noreturn void bug_stop(const char *file, int line, const char *what)
{
	fprintf(stderr, "lgemu: internal error at %s:%d: %s\n", file, line, what);
	abort();
}
