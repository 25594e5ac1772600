/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:661
 * A disk on a server that speaks NBD.
:*/
#ifndef BACKEND_DISK_NBD_H
#define BACKEND_DISK_NBD_H

#include "disk.h"

/* Does this name a server?  A file of such a name is "./nbd:..." */
bool disk_nbd_named(const char *path);
/* 0, or -errno with a sentence.  -ENOSYS: this program was built without libnbd. */
int disk_nbd_open(const char *path, bool writing, struct disk **disk,
		  char why[DISK_WHY_BYTES]) MUST_CHECK;

#endif
