/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:010
 * BUG_ON is for our own mistakes, never for the Guest's and never for the world's: it says where,
 * and stops the process, because going on with broken state helps nobody.  The ring-0 Host
 * defines its own bug_stop(), which ends the machine instead.
:*/
#ifndef BASE_BUG_H
#define BASE_BUG_H

_Noreturn void bug_stop(const char *file, int line, const char *what);

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (__builtin_expect(!!(cond), 0))                                                 \
			bug_stop(__FILE__, __LINE__, #cond);                                       \
	} while (0)

#endif
