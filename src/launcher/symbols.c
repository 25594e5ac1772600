/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:735
 * Reading the symbol table, sorting it, and searching it.
:*/
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "symbols.h"

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* Of two names for one place, the one that says how far it reaches. */
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool is_code_or_data(const GElf_Sym *sym)
{
	const unsigned type = GELF_ST_TYPE(sym->st_info);

	return sym->st_shndx != SHN_UNDEF && sym->st_shndx != SHN_ABS &&
	       (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE);
}

/* One that can be printed: who knows who wrote it. */
static bool is_name(const char *name)
{
	const char *c;

	for (c = name; *c > ' ' && *c <= '~'; c++)
		;
	return c > name && !*c;
}

static bool is_code(Elf *elf, const GElf_Sym *sym)
{
	GElf_Shdr sh;

	return gelf_getshdr(elf_getscn(elf, sym->st_shndx), &sh) && (sh.sh_flags & SHF_EXECINSTR);
}

static void read_table(struct symbols *table, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0, i;
	const char *name;
	GElf_Sym sym;

	table->s = data && n ? calloc(n, sizeof(*table->s)) : NULL;
	for (i = 0; table->s && i < n; i++) {
		if (!gelf_getsym(data, (int)i, &sym) || !is_code_or_data(&sym))
			continue;
		name = elf_strptr(elf, sh->sh_link, sym.st_name);
		if (!name || !is_name(name))
			continue;
		table->s[table->nr] = (struct symbol){(uint32_t)sym.st_value, (uint32_t)sym.st_size,
						      is_code(elf, &sym), strdup(name)};
		if (table->s[table->nr].name)
			table->nr++;
	}
	if (table->nr)
		qsort(table->s, table->nr, sizeof(*table->s), by_address);
}

void symbols_read(struct symbols *table, const struct image *img)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	Elf *elf;

	table->read = true;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return;
	elf = img->fd >= 0 ? elf_begin(img->fd, ELF_C_READ, NULL)
			   : elf_memory((char *)(uintptr_t)img->bytes, img->size);
	while (elf && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB) {
			read_table(table, elf, scn, &sh);
			break;
		}
	elf_end(elf);
}

void symbols_free(struct symbols *table)
{
	size_t i;

	for (i = 0; i < table->nr; i++)
		free(table->s[i].name);
	free(table->s);
	memset(table, 0, sizeof(*table));
}

/* The last of those at or before addr. */
const struct symbol *symbols_find(const struct symbols *table, uint32_t addr)
{
	size_t lo = 0, hi = table->nr, mid;
	const struct symbol *s;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (table->s[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	s = &table->s[lo - 1];
	/* An assembler label has no size; believe it for a page. */
	return addr - s->addr < (s->size ? s->size : PAGE_SIZE) ? s : NULL;
}
