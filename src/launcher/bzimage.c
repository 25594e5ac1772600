/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:715
 * Reading a bzImage: its header, and (only to look for strings in it) its payload.  Offsets are
 * those of the boot protocol, guest-host.md 1.2 and 13.1.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bzimage.h"

enum bzimage_offset {
	BZ_SETUP_SECTS = 0x1f1,
	BZ_MAGIC = 0x202,
	BZ_PROTOCOL = 0x206,
	BZ_VERSION = 0x20e,
	BZ_LOADFLAGS = 0x211,
	BZ_CODE32 = 0x214,
	BZ_ALIGNMENT = 0x230,
	BZ_RELOCATABLE = 0x234,
	BZ_PAYLOAD = 0x248,
	BZ_PAYLOAD_LENGTH = 0x24c,
	BZ_PREF_ADDRESS = 0x258,
	BZ_INIT_SIZE = 0x260,
	BZ_HEADER_BYTES = 0x268,
};

#define LOADED_HIGH 1u

bool bzimage_is(const struct image *img)
{
	char magic[4];

	return !image_read(img, BZ_MAGIC, magic, sizeof(magic)) && !memcmp(magic, "HdrS", 4);
}

static uint32_t get32(const uint8_t *header, unsigned at)
{
	le32_t v;

	memcpy(&v, header + at, sizeof(v));
	return le32_get(v);
}

/* Letters, digits and what else releases are made of; anything else ends it. */
static void read_release(const struct image *img, uint32_t off, char *to, size_t size)
{
	size_t i;

	for (i = 0; i < size - 1; i++)
		if (image_read(img, off + i, &to[i], 1) || to[i] < ' ' || to[i] > '~')
			break;
	to[i] = '\0';
}

/* Where the unpacked kernel will end: init_size bytes after where it will begin. */
static uint32_t runtime_end(const uint8_t *h, const struct bzimage *bz)
{
	uint64_t start = get32(h, BZ_PREF_ADDRESS), align = bz->kernel_alignment;

	if (h[BZ_RELOCATABLE] && align)
		start = (BZIMAGE_LOAD + align - 1) / align * align;
	start += bz->init_size;
	return start > UINT32_MAX ? UINT32_MAX : (uint32_t)start;
}

/*L:220
 * The header has grown over the years, and the protocol number says how far: kernel_alignment came
 * with 2.05, the place of the payload with 2.08, init_size with 2.10.  What an old kernel does not
 * have is 0 here.
 */
int bzimage_read(const struct image *img, struct bzimage *bz, struct complaint *c)
{
	uint8_t h[BZ_HEADER_BYTES] = {0};
	uint32_t version;

	memset(bz, 0, sizeof(*bz));
	if (image_read(img, 0, h, img->size < sizeof(h) ? img->size : sizeof(h)) ||
	    img->size < sizeof(h))
		return complain(c, -EINVAL, "%s is a truncated bzImage", img->name);
	bz->protocol = (uint16_t)(h[BZ_PROTOCOL] | h[BZ_PROTOCOL + 1] << 8);
	bz->setup_bytes = ((h[BZ_SETUP_SECTS] ? h[BZ_SETUP_SECTS] : 4) + 1u) * 512;
	bz->code32_start = get32(h, BZ_CODE32);
	if (!(h[BZ_LOADFLAGS] & LOADED_HIGH))
		return complain(c, -EINVAL, "%s is a zImage; a bzImage or vmlinux is wanted",
				img->name);
	if (bz->setup_bytes >= img->size)
		return complain(c, -EINVAL, "%s is a truncated bzImage", img->name);
	if (bz->protocol >= 0x205)
		bz->kernel_alignment = get32(h, BZ_ALIGNMENT);
	if (bz->protocol >= 0x208) {
		bz->payload_offset = bz->setup_bytes + get32(h, BZ_PAYLOAD);
		bz->payload_length = get32(h, BZ_PAYLOAD_LENGTH);
	}
	if (bz->protocol >= 0x20a) {
		bz->init_size = get32(h, BZ_INIT_SIZE);
		bz->runtime_end = runtime_end(h, bz);
	}
	/* The last four bytes of a payload are the unpacker's: the file must be all there. */
	if (bz->payload_length && (bz->payload_offset < bz->setup_bytes ||
				   (uint64_t)bz->payload_offset + bz->payload_length > img->size))
		return complain(c, -EINVAL, "%s is a truncated bzImage", img->name);
	version = (uint32_t)(h[BZ_VERSION] | h[BZ_VERSION + 1] << 8);
	if (version)
		read_release(img, 0x200 + version, bz->release, sizeof(bz->release));
	return 0;
}

int bzimage_load(const struct image *img, const struct bzimage *bz, const struct image_room *room,
		 struct complaint *c)
{
	if (bz->code32_start < BZIMAGE_LOAD ||
	    bz->code32_start - BZIMAGE_LOAD >= img->size - bz->setup_bytes)
		return complain(c, -EINVAL, "%s starts at %#x, which is outside the image",
				img->name, bz->code32_start);
	return image_place(img, bz->setup_bytes, img->size - bz->setup_bytes, room, BZIMAGE_LOAD,
			   c);
}
/*:*/

/*L:221
 * What the kernel is packed with shows in its first bytes.
 */
static const struct {
	const char *name;
	uint8_t len, magic[6];
} packings[] = {
	{"gzip", 3, {0x1f, 0x8b, 0x08}},   {"bzip2", 3, {'B', 'Z', 'h'}},
	{"lzma", 3, {0x5d, 0x00, 0x00}},   {"xz", 6, {0xfd, '7', 'z', 'X', 'Z', 0x00}},
	{"lzo", 4, {0x89, 'L', 'Z', 'O'}}, {"lz4", 4, {0x02, 0x21, 0x4c, 0x18}},
};

#define GZIP_HEADER_BYTES 10u
#define GZIP_ON_UNIX	  3u /* the last byte of that header */

/* Before protocol 2.08 nobody says where the payload is; it can only be gzip, so search. */
static bool find_gzip(const struct image *img, const struct bzimage *bz, uint64_t *at)
{
	uint8_t b[4096];
	uint64_t off = bz->setup_bytes, n, i;

	for (; off + GZIP_HEADER_BYTES <= img->size; off += n - (GZIP_HEADER_BYTES - 1)) {
		n = img->size - off < sizeof(b) ? img->size - off : sizeof(b);
		if (image_read(img, off, b, n))
			return false;
		for (i = 0; i + GZIP_HEADER_BYTES <= n; i++)
			if (b[i] == 0x1f && b[i + 1] == 0x8b && b[i + 2] == 0x08 &&
			    b[i + GZIP_HEADER_BYTES - 1] == GZIP_ON_UNIX) {
				*at = off + i;
				return true;
			}
		if (n < sizeof(b))
			return false;
	}
	return false;
}

static const char *find_payload(const struct image *img, const struct bzimage *bz, uint64_t *at)
{
	uint8_t b[6];
	unsigned i;

	*at = bz->payload_offset;
	if (!bz->payload_length)
		return find_gzip(img, bz, at) ? "gzip" : "";
	if (image_read(img, *at, b, sizeof(b)))
		return "";
	for (i = 0; i < ARRAY_LEN(packings); i++)
		if (!memcmp(b, packings[i].magic, packings[i].len))
			return packings[i].name;
	return "";
}

const char *bzimage_packing(const struct image *img, const struct bzimage *bz)
{
	uint64_t at;

	return find_payload(img, bz, &at);
}
/*:*/

#define IN_BYTES 16384u

/* Feed the file to zlib a piece at a time, growing the result, but not for ever. */
static int inflate_image(const struct image *img, uint64_t at, z_stream *z, uint8_t *in,
			 uint8_t **bytes, size_t *len)
{
	size_t room = 0;
	uint8_t *more;
	int got = Z_OK;

	while (got == Z_OK && *len < BZIMAGE_UNPACKED_MAX) {
		if (!z->avail_in) {
			z->avail_in = (uInt)(img->size - at < IN_BYTES ? img->size - at : IN_BYTES);
			z->next_in = in;
			if (!z->avail_in || image_read(img, at, in, z->avail_in))
				return -EINVAL;
			at += z->avail_in;
		}
		if (*len == room) {
			room = room ? room * 2 : 1u << 20;
			more = realloc(*bytes, room);
			if (!more)
				return -ENOMEM;
			*bytes = more;
		}
		z->next_out = *bytes + *len;
		z->avail_out = (uInt)(room - *len);
		got = inflate(z, Z_NO_FLUSH);
		*len = room - z->avail_out;
	}
	return got == Z_OK || got == Z_STREAM_END ? 0 : -EINVAL;
}

int bzimage_unpack(const struct image *img, const struct bzimage *bz, uint8_t **bytes, size_t *len)
{
	uint8_t in[IN_BYTES];
	z_stream z = {0};
	uint64_t at;
	int err;

	*bytes = NULL;
	*len = 0;
	if (strcmp(find_payload(img, bz, &at), "gzip") != 0)
		return -ENOTSUP;
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -ENOMEM;
	err = inflate_image(img, at, &z, in, bytes, len);
	inflateEnd(&z);
	if (err) {
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}
