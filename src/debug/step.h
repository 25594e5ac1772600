/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:824
 * "lgemu step --until switch": one whole world switch, instruction by instruction, as it happens.
:*/
#ifndef DEBUG_STEP_H
#define DEBUG_STEP_H

#include <stdio.h>

#include "lgemu.h"

/* Run until the Guest leaves for ring 0, list from its last instruction to the first after it came
 * back.  LGEMU_BUDGET when that is done; any other reason: the run ended before. */
enum lgemu_reason step_switch(FILE *to, struct lgemu *m, uint64_t max_insns);

#endif
