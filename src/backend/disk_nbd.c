/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:662
 * The disk on a server, by libnbd.  One request at a time, and each is waited for.
 *
 * It refuses to write where nothing can be flushed: what the Guest was told is on the disk would be
 * somewhere on its way.
:*/
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk_nbd.h"

bool disk_nbd_named(const char *path)
{
	static const char *const schemes[] = {"nbd:", "nbds:", "nbd+unix:", "nbds+unix:"};

	for (unsigned i = 0; i < ARRAY_LEN(schemes); i++)
		if (!strncmp(path, schemes[i], strlen(schemes[i])))
			return true;
	return false;
}

#ifdef LG_NBD
#include <libnbd.h>
#include <stdio.h>

/*M:654
 * The machine stands still while a server thinks, and for ever if it never answers; --timeout ends that,
 * too.  If it goes away, all the Guest gets from then on are I/O errors: we do not call again.
:*/
struct disk_nbd {
	struct disk disk; /* first, so that one is the other */
	struct nbd_handle *nbd;
};

/* Every server takes as much at once. */
#define AT_ONCE (1u << 20)

static struct nbd_handle *handle(struct disk *disk)
{
	return ((struct disk_nbd *)disk)->nbd;
}

static int last_error(void)
{
	const int err = nbd_get_errno();

	return err > 0 ? -err : -EIO;
}

static int nbd_disk_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	uint8_t *p = to;

	while (len) {
		const uint32_t n = len < AT_ONCE ? len : AT_ONCE;

		if (nbd_pread(handle(disk), p, n, off, 0))
			return last_error();
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int nbd_disk_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	const uint8_t *p = from;

	while (len) {
		const uint32_t n = len < AT_ONCE ? len : AT_ONCE;

		if (nbd_pwrite(handle(disk), p, n, off, 0))
			return last_error();
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int nbd_disk_flush(struct disk *disk)
{
	return nbd_flush(handle(disk), 0) ? last_error() : 0;
}

static void nbd_disk_close(struct disk *disk)
{
	/* Say goodbye; whether he hears it does not matter. */
	(void)nbd_shutdown(handle(disk), 0);
	nbd_close(handle(disk));
	free(disk);
}

static const struct disk_ops nbd_ops = {
	.name = "nbd",
	.read = nbd_disk_read,
	.write = nbd_disk_write,
	.flush = nbd_disk_flush,
	.close = nbd_disk_close,
};

/* QEMU's older way to say it: nbd:unix:PATH[:exportname=NAME]. */
static int connect_unix(struct nbd_handle *nbd, const char *where)
{
	static const char mark[] = ":exportname=";
	const char *name = strstr(where, mark);
	char path[108];
	const int n = (int)(name ? (size_t)(name - where) : strlen(where));

	if (!n || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), "%.*s", n, where);
	if (name && nbd_set_export_name(nbd, name + strlen(mark)))
		return last_error();
	return nbd_connect_unix(nbd, path) ? last_error() : 0;
}

/* Only what is a connection: a URI must not be a way to start a program. */
static int connect_server(struct nbd_handle *nbd, const char *path)
{
	static const char unix_word[] = "nbd:unix:";

	if (!strncmp(path, unix_word, strlen(unix_word)))
		return connect_unix(nbd, path + strlen(unix_word));
	if (nbd_set_uri_allow_transports(nbd, LIBNBD_ALLOW_TRANSPORT_TCP |
						      LIBNBD_ALLOW_TRANSPORT_UNIX |
						      LIBNBD_ALLOW_TRANSPORT_VSOCK) ||
	    nbd_connect_uri(nbd, path))
		return last_error();
	return 0;
}

/* NULL, or why the Guest cannot have this. */
static const char *examine(struct nbd_handle *nbd, bool writing, uint64_t *size_bytes)
{
	const int64_t size = nbd_get_size(nbd);

	if (size < 0)
		return "does not say how large it is";
	if (!size)
		return "is empty";
	if (size % DISK_SECTOR_BYTES)
		return "is not a whole number of 512-byte sectors";
	if (writing && nbd_is_read_only(nbd) != 0)
		return "can only be read there: --read-only, --snapshot and --overlay do no more";
	if (writing && nbd_can_flush(nbd) != 1)
		return "cannot be flushed there, so that nothing written to it would be safe: "
		       "--read-only, --snapshot and --overlay do not write";
	*size_bytes = (uint64_t)size;
	return NULL;
}

static int refuse(struct nbd_handle *nbd, int err, const char *path, const char *clause,
		  char why[DISK_WHY_BYTES])
{
	char text[300];

	if (!clause) {
		snprintf(text, sizeof(text), "cannot be reached: %s",
			 err == -ENAMETOOLONG || !nbd_get_error() ? strerror(-err)
								  : nbd_get_error());
		clause = text;
	}
	nbd_close(nbd);
	return disk_refuse(why, err, "disk", path, clause);
}

int disk_nbd_open(const char *path, bool writing, struct disk **disk, char why[DISK_WHY_BYTES])
{
	struct nbd_handle *nbd = nbd_create();
	struct disk_nbd *nd;
	const char *clause;
	uint64_t size_bytes = 0;
	int err = nbd ? connect_server(nbd, path) : -ENOMEM;

	if (err)
		return refuse(nbd, err, path, NULL, why);
	clause = examine(nbd, writing, &size_bytes);
	if (clause)
		return refuse(nbd, -EINVAL, path, clause, why);
	nd = calloc(1, sizeof(*nd));
	if (!nd)
		return refuse(nbd, -ENOMEM, path, "does not fit into memory", why);
	nd->disk.ops = &nbd_ops;
	nd->disk.size_bytes = size_bytes;
	nd->disk.read_only = !writing;
	nd->nbd = nbd;
	*disk = &nd->disk;
	return 0;
}

#else

int disk_nbd_open(const char *path, bool writing, struct disk **disk, char why[DISK_WHY_BYTES])
{
	(void)writing;
	(void)disk;
	return disk_refuse(why, -ENOSYS, "disk", path,
			   "is on a server, and this lgemu was built without libnbd");
}

#endif
