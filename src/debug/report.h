/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:820
 * What a run left behind, as text: the statistics, and the last moments of a Host that failed.
 * Everything comes through lgemu.h.
:*/
#ifndef DEBUG_REPORT_H
#define DEBUG_REPORT_H

#include <stdio.h>

#include "lgemu.h"

void report_stats(FILE *to, const struct lgemu *m);
/* The exits by cause, a line each. */
void report_exits(FILE *to, const struct lgemu_stats *stats);
/* False if entries, exits and the sum of exits by cause are not the same number. */
bool report_sums_agree(const struct lgemu_stats *stats);
void report_failure(FILE *to, const struct lgemu *m);
/* Registers and calls of a dead Guest; each line begins with two blanks, or with prefix and them. */
void report_death(FILE *to, struct lgemu *m, unsigned guest, const char *prefix);
/* "  c0123456  CPL 0  symbol+0x12  mov eax,ebx" */
void report_insn(FILE *to, const struct lgemu *m, uint32_t eip, unsigned cpl, bool code32);

#endif
