/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:323
 * Instructions as text, in the manual's syntax.
:*/
#ifndef CPU_DISASM_H
#define CPU_DISASM_H

#include "insn.h"

/*
 * Write the instruction at code[0..avail) as text, for a code segment of default size d32 and
 * with its first byte at eip (relative jumps are shown as addresses).  Always NUL-terminates.
 * Returns its length in bytes; what cannot be decoded is "(bad)" and has length 1.
 */
int disasm(const uint8_t *code, unsigned avail, bool d32, uint32_t eip, char *out, size_t size);

#endif
