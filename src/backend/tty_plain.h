/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:676
 * Text of a Guest for a terminal that did not ask for more than text.  A terminal obeys what is printed
 * on it: it can be made to change its title, its keys, or what it types back.
:*/
#ifndef BACKEND_TTY_PLAIN_H
#define BACKEND_TTY_PLAIN_H

#include "base/types.h"

struct tty_plain {
	uint8_t lead;	   /* first byte of a character of UTF-8 that is not complete */
	uint8_t to_follow; /* how many bytes it lacks */
};

#define TTY_PLAIN_MORE 2u /* out has room for so many times n bytes */

/*
 * Printing characters, in UTF-8, newline, return, tab, backspace and bell are passed.  Any other control
 * character is shown as less(1) does, ^[ for escape; what is no UTF-8, or is a control character in
 * it, as a question mark.  Returns how many bytes went to out.
 */
size_t tty_plain(struct tty_plain *plain, const uint8_t *in, size_t n, uint8_t *out);

#endif
