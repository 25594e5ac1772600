/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:969
 * The ELF loader: any file, put into a small room.  What was loaded lies in the room, and what only
 * was checked touched nothing.  The reader of symbols, for a Host image, gets the same file.
:*/
#include "fuzz.h"

#include "launcher/symbols.h"

enum { BASE = 0x2000, ROOM = 0x20000 };

static bool piece(void *ctx, const uint8_t *p, size_t n)
{
	size_t *total = ctx;

	FUZZ_CHECK(n <= 1u << 20);
	*total += n ? p[n - 1] : 0;
	return *total > 1u << 30;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[] = "fuzz";
	const struct image img = {name, -1, data, size};
	struct complaint c = {""};
	struct elf_facts facts, checked;
	struct symbols table = {0};
	struct image_room room;
	struct mem mem;
	size_t total = 0;
	int err;

	if (!elf_is(&img))
		return 0;
	FUZZ_CHECK(!mem_init(&mem, BASE + ROOM + BASE));
	memset(mem.ram, 0xa5, BASE);
	memset(mem.ram + BASE + ROOM, 0xa5, BASE);
	room = (struct image_room){&mem, BASE, ROOM, "the room", "make it larger"};
	err = elf_load(&img, &room, &facts, &c);
	FUZZ_CHECK(err <= 0 && (!err || c.text[0]));
	if (!err)
		FUZZ_CHECK(facts.end <= ROOM && !elf_check(&img, &checked, &c) &&
			   checked.entry == facts.entry);
	for (unsigned i = 0; i < BASE; i += 8)
		FUZZ_CHECK(!memcmp(mem.ram + i, "\xa5\xa5\xa5\xa5\xa5\xa5\xa5\xa5", 8) &&
			   !memcmp(mem.ram + BASE + ROOM + i, mem.ram, 8));
	(void)elf_each_piece(&img, piece, &total);
	symbols_read(&table, &img);
	(void)symbols_find(&table, 0x100000);
	symbols_free(&table);
	mem_fini(&mem);
	return 0;
}

/* Seeds: one to four segments, with and without bss, and a symbol table. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	const unsigned segments = 1 + i % 4, symtab = 0x80 + 32 * segments;
	size_t n = 0;

	if (i >= 12)
		return 0;
	fuzz_put(p, &n, 0x00010101464c457f, 8);
	fuzz_put(p, &n, 0, 8);
	fuzz_put(p, &n, 2 | 3u << 16, 4);
	fuzz_put(p, &n, 1, 4);
	fuzz_put(p, &n, 0x1000, 4); /* entry */
	fuzz_put(p, &n, 52, 4);	    /* e_phoff */
	fuzz_put(p, &n, i >= 4 ? symtab : 0, 4);
	fuzz_put(p, &n, 0, 4);
	fuzz_put(p, &n, 52 | 32u << 16, 4);
	fuzz_put(p, &n, segments | 40u << 16, 4);
	fuzz_put(p, &n, i >= 4 ? 3 : 0, 4);
	for (unsigned s = 0; s < segments; s++) {
		fuzz_put(p, &n, 1, 4);
		fuzz_put(p, &n, 0x40, 4);
		fuzz_put(p, &n, 0xc0001000 + s * 0x1000, 4);
		fuzz_put(p, &n, 0x1000 + s * 0x1000, 4);
		fuzz_put(p, &n, 0x20, 4);
		fuzz_put(p, &n, i >= 8 ? 0x800 : 0x20, 4);
		fuzz_put(p, &n, 7 | 0x1000ull << 32, 8);
	}
	while (n < symtab + 40) /* the null section */
		fuzz_put(p, &n, 0, 1);
	for (unsigned s = 0; s < 2; s++) { /* symbols, strings */
		fuzz_put(p, &n, 0, 4);
		fuzz_put(p, &n, s ? 3 : 2, 4);
		fuzz_put(p, &n, 0, 8);
		fuzz_put(p, &n, symtab + 120 + s * 32, 4);
		fuzz_put(p, &n, s ? 8 : 32, 4);
		fuzz_put(p, &n, s ? 0 : 2, 4);
		fuzz_put(p, &n, 0, 4);
		fuzz_put(p, &n, 1 | (s ? 0 : 16ull << 32), 8);
	}
	fuzz_put(p, &n, 0, 16);
	fuzz_put(p, &n, 1 | 0x1000ull << 32, 8);
	fuzz_put(p, &n, 16 | 0x00010012ull << 32, 8);
	fuzz_put(p, &n, 0x006e69616d00, 8);
	return n;
}
