/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:655
 * A disk over a disk: reads fall through, writes stay above and vanish with the run.
:*/
#ifndef BACKEND_DISK_SNAPSHOT_H
#define BACKEND_DISK_SNAPSHOT_H

#include "disk.h"

/* Owns `below` from then on and never writes to it.  NULL without memory (below stays open). */
struct disk *disk_snapshot_create(struct disk *below, bool read_only);

#endif
