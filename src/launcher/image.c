/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:711
 * Opening, reading and placing images.  Every length that a file claims passes through one of
 * these three functions, and is believed only as far as file and memory reach.
:*/
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

int image_open(struct image *img, const char *path, const char *what, struct complaint *c)
{
	struct stat st;
	int err;

	memset(img, 0, sizeof(*img));
	img->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (img->fd < 0) {
		err = -errno;
		img->fd = -1;
		return complain(c, err, "cannot open the %s %s: %s", what, path, strerror(-err));
	}
	img->name = strdup(path);
	if (!img->name || fstat(img->fd, &st)) {
		err = img->name ? -errno : -ENOMEM;
		image_close(img);
		return complain(c, err, "cannot read the %s %s: %s", what, path, strerror(-err));
	}
	img->size = (uint64_t)st.st_size;
	if (S_ISREG(st.st_mode) && img->size)
		return 0;
	image_close(img);
	if (S_ISREG(st.st_mode))
		return complain(c, -EINVAL, "the %s %s is empty", what, path);
	return complain(c, -EINVAL, "the %s %s is not a regular file", what, path);
}

int image_embedded(struct image *img, const char *name, const void *bytes, uint64_t size,
		   struct complaint *c)
{
	memset(img, 0, sizeof(*img));
	if (!size)
		return complain(c, -ENOENT, "%s is not part of this build", name);
	img->fd = -1;
	img->name = strdup(name);
	if (!img->name)
		return complain(c, -ENOMEM, "out of memory");
	img->bytes = bytes;
	img->size = size;
	return 0;
}

void image_close(struct image *img)
{
	/* A zeroed one has fd 0, which is not ours. */
	if (img->name && img->fd >= 0)
		close(img->fd);
	free(img->name);
	memset(img, 0, sizeof(*img));
	img->fd = -1;
}

int image_read(const struct image *img, uint64_t off, void *to, uint64_t len)
{
	uint8_t *p = to;
	ssize_t n;

	if (off > img->size || len > img->size - off)
		return -EINVAL;
	if (img->fd < 0) {
		memcpy(to, img->bytes + off, len);
		return 0;
	}
	while (len) {
		n = pread(img->fd, p, len, (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n) /* it was longer when we opened it */
			return -EINVAL;
		p += n;
		off += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

/*L:200
 * A piece of a file becomes a piece of memory.  Three numbers come from the file, so all three are
 * checked before any sum: none can wrap in 64 bits after that.
 */
int image_place(const struct image *img, uint64_t off, uint64_t len, const struct image_room *room,
		uint64_t to, struct complaint *c)
{
	uint8_t *at;
	int err;

	if (off > img->size || len > img->size - off)
		return complain(c, -EINVAL, "%s is truncated: it ends before its contents do",
				img->name);
	if (to > room->len || len > room->len - to)
		return complain(c, -EFBIG, "%s does not fit into %s; %s", img->name, room->name,
				room->remedy);
	at = mem_pin(room->mem, room->base + (uint32_t)to, (uint32_t)len);
	if (!at)
		return complain(c, -EFBIG, "%s does not fit into the machine", img->name);
	err = image_read(img, off, at, len);
	mem_unpin(room->mem, room->base + (uint32_t)to, (uint32_t)len);
	if (err)
		return complain(c, err, "cannot read %s: %s", img->name,
				err == -EINVAL ? "it has become shorter" : strerror(-err));
	return 0;
}
/*:*/
