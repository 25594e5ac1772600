/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1021
 * Our processor is one of Intel's, and the one we run on may be somebody else's.  What that one does
 * otherwise, and may, has a reason here; whatever has none is a failure.
:*/
#ifndef TESTS_PROVE_VENDOR_H
#define TESTS_PROVE_VENDOR_H

#include "silicon.h"

/* An instruction behind which two processors differ that were the same in front of it. */
struct vendor_case {
	const struct gen_insn *insn;
	const struct outcome *before, *ours, *natively;
	const uint8_t *mem, *native_mem; /* SILICON_MEM bytes each, behind it */
};

enum { VENDOR_MOST = 16 }; /* ways, at most */

/* Is the processor we run on AMD's? */
bool vendor_is_amd(void);
/* Which of AMD's ways is that?  One of the numbers that vendor_reason knows, or -1: none. */
int vendor_way(const struct vendor_case *c);
/* That way in words; NULL from the first number on that means nothing. */
const char *vendor_reason(unsigned way);

#endif
