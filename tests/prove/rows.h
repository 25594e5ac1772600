/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1007
 * Which rows of the opcode map were executed: a name for each, and a file in which programs that
 * execute instructions note them, one line "map opcode extension mnemonic" for each row.
:*/
#ifndef TESTS_PROVE_ROWS_H
#define TESTS_PROVE_ROWS_H

#include <stdio.h>

#include "cpu/opmap.h"

static inline const char *row_name(unsigned id)
{
	static char name[64];
	const struct opmap_row *r = &opmap[id];

	snprintf(name, sizeof(name), "%u %02x %d %s", r->map, r->opcode, r->ext, r->mnemonic);
	return name;
}

static inline unsigned rows_count(const uint64_t executed[ROW_LIMIT])
{
	unsigned n = 0;

	for (unsigned id = 0; id < ROW_LIMIT; id++)
		n += opmap[id].mnemonic && executed[id];
	return n;
}

/* Append them to the file; 0, or -1 if that is not possible. */
static inline int rows_add(const char *file, const uint64_t executed[ROW_LIMIT])
{
	FILE *f = fopen(file, "a");

	if (!f)
		return -1;
	for (unsigned id = 0; id < ROW_LIMIT; id++)
		if (opmap[id].mnemonic && executed[id])
			fprintf(f, "%s\n", row_name(id));
	return fclose(f);
}

#endif
