/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:401 This file is here to be read aloud, one paragraph
 * over two lines, with a second one
 *
 * after a gap. :*/
#include "one.h"

/*H:020 The second passage of the Host:
 * text, and then the code itself. */
int second(int x)
{
	/*M:008 A limit, told in Mastery,
	 * in the middle of a function. :*/
	return x + 1; /* an ordinary comment flows along */
}
/*:*/

int in_no_book;

/*H:010
 * The first passage, though it stands below.
 */
int first(void)
{
	/* A mark in running text, like H:999, opens nothing. */
	return 1;
	/* The last words stay a comment. :*/
}
