/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:929 guests/shared/hello/hello.S: The smallest guest that does all three things a guest does:
 * say something, call its Host a thousand times, end. The first thing a new Host runs. :*/
#include "../../lib/tiny.inc"

/*G:100 A guest is a program whose operating system is called by int $0x1f. This one asks for as
 * little as it can: no stack, no page tables, no gates. The Launcher has put it at 1 MB and jumped
 * to _start at ring 1, with flat segments and addresses that are the physical ones.
 *
 * LGUEST_INIT comes first; before it the Host would kill us for anything else. It tells the
 * Host where our struct lguest_data lies (tiny.inc has it). Then a line of text, a thousand
 * calls that do nothing but go there and back, and the call from which nobody returns. */
_start:
	init
	say	"hello from ring 1\n"

	movl	$1000, %edi
1:	hcall	LHCALL_FLUSH_ASYNC
	decl	%edi
	jnz	1b

	power_off
/*:*/
