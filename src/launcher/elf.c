/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:712
 * ELF images: a Guest's vmlinux, and our own Host; one loader for both.  libelf reads the headers,
 * we decide what of it makes sense.  What we refuse: anything that is not a 32-bit x86 executable,
 * and any segment that reaches outside its file or outside the memory it is meant for.
:*/
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

static Elf *elf_open(const struct image *img)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	if (img->fd >= 0)
		return elf_begin(img->fd, ELF_C_READ, NULL);
	/* It is declared without const, but only read. */
	return elf_memory((char *)(uintptr_t)img->bytes, img->size);
}

bool elf_is(const struct image *img)
{
	char magic[SELFMAG];

	return !image_read(img, 0, magic, sizeof(magic)) && !memcmp(magic, ELFMAG, SELFMAG);
}

/*L:210
 * What kind of ELF file is this?  Nearly everybody who gets here by mistake has a 64-bit kernel in
 * hand, so that is said first.
 */
static int check_header(Elf *elf, const struct image *img, GElf_Ehdr *h, struct complaint *c)
{
	const char *wrong = NULL;
	size_t phnum;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, h))
		return complain(c, -EINVAL, "%s is a truncated or damaged ELF file", img->name);
	if (gelf_getclass(elf) == ELFCLASS64)
		return complain(c, -EINVAL, "%s is a 64-bit image; lguest runs 32-bit x86 kernels",
				img->name);
	if (h->e_machine != EM_386 || h->e_ident[EI_DATA] != ELFDATA2LSB)
		wrong = "is for another processor; lguest runs 32-bit x86 kernels";
	else if (h->e_type != ET_EXEC)
		wrong = "is not an executable; a vmlinux or a bzImage is wanted";
	else if (h->e_phentsize != 32 || elf_getphdrnum(elf, &phnum) || !phnum ||
		 phnum > ELF_SEGMENTS_MAX)
		wrong = "has a malformed ELF header";
	if (wrong)
		return complain(c, -EINVAL, "%s %s", img->name, wrong);
	return 0;
}

static int check_segment(const struct image *img, const GElf_Phdr *p, struct complaint *c)
{
	if (p->p_offset > img->size || p->p_filesz > img->size - p->p_offset)
		return complain(c, -EINVAL, "%s is truncated: a segment ends after the file does",
				img->name);
	if (p->p_filesz > p->p_memsz)
		return complain(c, -EINVAL, "%s has a malformed ELF segment", img->name);
	return 0;
}

/* Two passes over the segments: check all (room NULL), then place all. */
static int each_segment(Elf *elf, const struct image *img, const struct image_room *room,
			struct elf_facts *facts, struct complaint *c)
{
	size_t n = 0, i;
	GElf_Phdr p;
	uint64_t end;
	bool any = false;
	int err;

	if (elf_getphdrnum(elf, &n))
		n = 0;
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &p))
			return complain(c, -EINVAL, "%s is a truncated or damaged ELF file",
					img->name);
		if (p.p_type != PT_LOAD)
			continue;
		if (any && facts->page_offset != (uint32_t)(p.p_vaddr - p.p_paddr))
			facts->mixed_offsets = true;
		if (!any)
			facts->page_offset = (uint32_t)(p.p_vaddr - p.p_paddr);
		any = true;
		err = check_segment(img, &p, c);
		if (err)
			return err;
		end = p.p_paddr + p.p_memsz;
		if (room && end > room->len)
			return complain(c, -EFBIG, "%s does not fit into %s; %s", img->name,
					room->name, room->remedy);
		err = room ? image_place(img, p.p_offset, p.p_filesz, room, p.p_paddr, c) : 0;
		if (err)
			return err;
		if (end > facts->end)
			facts->end = end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
	}
	if (!any)
		return complain(c, -EINVAL, "%s has nothing to load in it", img->name);
	return 0;
}

static int load(const struct image *img, const struct image_room *room, struct elf_facts *facts,
		struct complaint *c)
{
	Elf *elf = elf_open(img);
	GElf_Ehdr h;
	int err = check_header(elf, img, &h, c);

	memset(facts, 0, sizeof(*facts));
	if (!err)
		err = each_segment(elf, img, NULL, facts, c);
	if (!err && room)
		err = each_segment(elf, img, room, facts, c);
	if (!err) {
		facts->entry = (uint32_t)h.e_entry;
		if (room && facts->entry >= room->len)
			err = complain(c, -EINVAL, "%s starts at %#x, which is outside %s",
				       img->name, facts->entry, room->name);
	}
	elf_end(elf);
	return err;
}

int elf_load(const struct image *img, const struct image_room *room, struct elf_facts *facts,
	     struct complaint *c)
{
	return load(img, room, facts, c);
}

int elf_check(const struct image *img, struct elf_facts *facts, struct complaint *c)
{
	return load(img, NULL, facts, c);
}
/*:*/

#define PIECE (1u << 20)

static bool each_piece(const struct image *img, uint64_t off, uint64_t len, uint8_t *buf,
		       bool (*fn)(void *ctx, const uint8_t *p, size_t n), void *ctx)
{
	uint64_t n;

	while (len) {
		n = len < PIECE ? len : PIECE;
		if (image_read(img, off, buf, n))
			return false;
		if (fn(ctx, buf, n))
			return true;
		if (n == len)
			return false;
		off += n - ELF_PIECE_OVERLAP;
		len -= n - ELF_PIECE_OVERLAP;
	}
	return false;
}

bool elf_each_piece(const struct image *img, bool (*fn)(void *ctx, const uint8_t *p, size_t n),
		    void *ctx)
{
	Elf *elf = elf_open(img);
	uint8_t *buf = malloc(PIECE);
	struct complaint c;
	bool found = false;
	size_t n = 0, i;
	GElf_Phdr p;

	if (!elf || !buf || elf_kind(elf) != ELF_K_ELF || elf_getphdrnum(elf, &n))
		n = 0;
	for (i = 0; i < n && !found; i++)
		if (gelf_getphdr(elf, (int)i, &p) && p.p_type == PT_LOAD &&
		    !check_segment(img, &p, &c))
			found = each_piece(img, p.p_offset, p.p_filesz, buf, fn, ctx);
	free(buf);
	elf_end(elf);
	return found;
}
