/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1017
 * A test of the processor may be run without some rungs of the ladder: LG_WITHOUT=heat in its
 * environment, and its blocks are hot from the start.  Otherwise they are cold, as nothing in most
 * tests runs for long.
:*/
#ifndef PROVE_RUNGS_H
#define PROVE_RUNGS_H

#include <stdio.h>
#include <stdlib.h>

#include "cpu/cpu.h"

static inline uint32_t rungs_without(void)
{
	const char *list = getenv("LG_WITHOUT");
	uint32_t without = 0;

	if (list && cpu_rungs_parse(list, &without)) {
		fprintf(stderr,
			"LG_WITHOUT=%s: no such rung; lgemu --cpu-without=help lists them\n", list);
		exit(2);
	}
	return without;
}

#endif
