/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:734
 * The names of addresses in the Host or a kernel, out of its ELF file.  Nothing in the machine knows them; they
 * are for people who read failures and single steps.
:*/
#ifndef LAUNCHER_SYMBOLS_H
#define LAUNCHER_SYMBOLS_H

#include "image.h"

struct symbol {
	uint32_t addr, size;
	bool is_code; /* it is in a section of instructions */
	char *name;
};

struct symbols {
	struct symbol *s; /* by address */
	size_t nr;
	bool read;
};

/* What cannot be read is simply not there. */
void symbols_read(struct symbols *table, const struct image *img);
void symbols_free(struct symbols *table);
/* The symbol at or before addr; NULL if there is none, or the one before ends before addr. */
const struct symbol *symbols_find(const struct symbols *table, uint32_t addr);

#endif
