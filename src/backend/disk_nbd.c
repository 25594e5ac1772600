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
#include <dlfcn.h>
#include <libnbd.h>
#include <stdio.h>

/*D:679
 * libnbd brings sixteen other libraries, for servers that want TLS and URIs that want parsing.  To load
 * them all took 4 ms, and everything else up to the first instruction of a Guest of ours takes 3.
 * So it is not linked to but loaded, and only if a disk is on a server.
 */
#define NBD_FUNCTIONS(F)                                                                           \
	F(create)                                                                                  \
	F(close)                                                                                   \
	F(shutdown)                                                                                \
	F(pread)                                                                                   \
	F(pwrite)                                                                                  \
	F(flush)                                                                                   \
	F(get_errno)                                                                               \
	F(get_error)                                                                               \
	F(get_size)                                                                                \
	F(is_read_only)                                                                            \
	F(can_flush)                                                                               \
	F(connect_uri)                                                                             \
	F(connect_unix)                                                                            \
	F(set_export_name)                                                                         \
	F(set_uri_allow_transports)
#define NBD_POINTER(name) __typeof__(nbd_##name) *name;
struct nbd_library {
	NBD_FUNCTIONS(NBD_POINTER)
};

static bool find(void *handle, const char *name, void *pointer)
{
	void *at = dlsym(handle, name);

	memcpy(pointer, &at, sizeof(at));
	return at;
}

/* NULL, or what went wrong.  It stays loaded to the end of the process; nothing is gained by
 * unloading it. */
static const char *library_load(struct nbd_library *lib)
{
	void *handle = dlopen("libnbd.so.0", RTLD_LAZY | RTLD_LOCAL);

	if (!handle)
		return dlerror();
#define NBD_FIND(name)                                                                             \
	if (!find(handle, "nbd_" #name, &lib->name))                                               \
		return "libnbd.so.0 has no nbd_" #name "()";
	NBD_FUNCTIONS(NBD_FIND)
	return NULL;
}
/*:*/

/*M:654
 * The machine stands still while a server thinks, and for ever if it never answers; --timeout ends that,
 * too.  If it goes away, all the Guest gets from then on are I/O errors: we do not call again.
:*/
struct disk_nbd {
	struct disk disk; /* first, so that one is the other */
	struct nbd_library lib;
	struct nbd_handle *nbd;
};

/* Every server takes as much at once. */
#define AT_ONCE (1u << 20)

static struct disk_nbd *of(struct disk *disk)
{
	return (struct disk_nbd *)disk;
}

static int last_error(const struct disk_nbd *nd)
{
	const int err = nd->lib.get_errno();

	return err > 0 ? -err : -EIO;
}

static int nbd_disk_read(struct disk *disk, uint64_t off, void *to, uint32_t len)
{
	const struct disk_nbd *nd = of(disk);
	uint8_t *p = to;

	while (len) {
		const uint32_t n = len < AT_ONCE ? len : AT_ONCE;

		if (nd->lib.pread(nd->nbd, p, n, off, 0))
			return last_error(nd);
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int nbd_disk_write(struct disk *disk, uint64_t off, const void *from, uint32_t len)
{
	const struct disk_nbd *nd = of(disk);
	const uint8_t *p = from;

	while (len) {
		const uint32_t n = len < AT_ONCE ? len : AT_ONCE;

		if (nd->lib.pwrite(nd->nbd, p, n, off, 0))
			return last_error(nd);
		p += n;
		off += n;
		len -= n;
	}
	return 0;
}

static int nbd_disk_flush(struct disk *disk)
{
	const struct disk_nbd *nd = of(disk);

	return nd->lib.flush(nd->nbd, 0) ? last_error(nd) : 0;
}

static void nbd_disk_close(struct disk *disk)
{
	struct disk_nbd *nd = of(disk);

	/* Say goodbye; whether he hears it does not matter. */
	(void)nd->lib.shutdown(nd->nbd, 0);
	nd->lib.close(nd->nbd);
	free(nd);
}

static const struct disk_ops nbd_ops = {
	.name = "nbd",
	.read = nbd_disk_read,
	.write = nbd_disk_write,
	.flush = nbd_disk_flush,
	.close = nbd_disk_close,
};

/* QEMU's older way to say it: nbd:unix:PATH[:exportname=NAME]. */
static int connect_unix(const struct disk_nbd *nd, const char *where)
{
	static const char mark[] = ":exportname=";
	const char *name = strstr(where, mark);
	char path[108];
	const int n = (int)(name ? (size_t)(name - where) : strlen(where));

	if (!n || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), "%.*s", n, where);
	if (name && nd->lib.set_export_name(nd->nbd, name + strlen(mark)))
		return last_error(nd);
	return nd->lib.connect_unix(nd->nbd, path) ? last_error(nd) : 0;
}

/* Only what is a connection: a URI must not be a way to start a program. */
static int connect_server(const struct disk_nbd *nd, const char *path)
{
	static const char unix_word[] = "nbd:unix:";

	if (!strncmp(path, unix_word, strlen(unix_word)))
		return connect_unix(nd, path + strlen(unix_word));
	if (nd->lib.set_uri_allow_transports(nd->nbd, LIBNBD_ALLOW_TRANSPORT_TCP |
							      LIBNBD_ALLOW_TRANSPORT_UNIX |
							      LIBNBD_ALLOW_TRANSPORT_VSOCK) ||
	    nd->lib.connect_uri(nd->nbd, path))
		return last_error(nd);
	return 0;
}

/* NULL, or why the Guest cannot have this. */
static const char *examine(struct disk_nbd *nd, bool writing)
{
	const int64_t size = nd->lib.get_size(nd->nbd);

	if (size < 0)
		return "does not say how large it is";
	if (!size)
		return "is empty";
	if (size % DISK_SECTOR_BYTES)
		return "is not a whole number of 512-byte sectors";
	if (writing && nd->lib.is_read_only(nd->nbd) != 0)
		return "can only be read there: --read-only, --snapshot and --overlay do no more";
	if (writing && nd->lib.can_flush(nd->nbd) != 1)
		return "cannot be flushed there, so that nothing written to it would be safe: "
		       "--read-only, --snapshot and --overlay do not write";
	nd->disk.size_bytes = (uint64_t)size;
	return NULL;
}

static int unreachable(const struct disk_nbd *nd, int err, const char *path,
		       char why[DISK_WHY_BYTES])
{
	const char *said = err == -ENAMETOOLONG ? NULL : nd->lib.get_error();
	char text[300];

	snprintf(text, sizeof(text), "cannot be reached: %s", said ? said : strerror(-err));
	return disk_refuse(why, err, "disk", path, text);
}

static int open_server(struct disk_nbd *nd, const char *path, bool writing,
		       char why[DISK_WHY_BYTES])
{
	const char *clause;
	int err;

	nd->nbd = nd->lib.create();
	if (!nd->nbd)
		return unreachable(nd, -ENOMEM, path, why);
	err = connect_server(nd, path);
	if (err) {
		err = unreachable(nd, err, path, why);
	} else {
		clause = examine(nd, writing);
		err = clause ? disk_refuse(why, -EINVAL, "disk", path, clause) : 0;
	}
	if (err)
		nd->lib.close(nd->nbd);
	return err;
}

int disk_nbd_open(const char *path, bool writing, struct disk **disk, char why[DISK_WHY_BYTES])
{
	struct disk_nbd *nd = calloc(1, sizeof(*nd));
	const char *missing;
	char text[300];
	int err;

	if (!nd)
		return disk_refuse(why, -ENOMEM, "disk", path, "does not fit into memory");
	nd->disk.ops = &nbd_ops;
	nd->disk.read_only = !writing;
	missing = library_load(&nd->lib);
	if (missing) {
		snprintf(text, sizeof(text), "is on a server, and that takes libnbd0: %s", missing);
		err = disk_refuse(why, -ENOSYS, "disk", path, text);
	} else {
		err = open_server(nd, path, writing, why);
	}
	if (err)
		free(nd);
	else
		*disk = &nd->disk;
	return err;
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
