/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:750
 * Giving up what is no longer needed, before a Guest executes its first instruction.  A hole in our
 * devices or in the emulation may let a Guest run code of its own in this process; what it could
 * then ask of the kernel should be what a Launcher asks for, and no more.
:*/
#ifndef LAUNCHER_CONFINE_H
#define LAUNCHER_CONFINE_H

#include <stdbool.h>

/*
 * From now on this process opens no file for writing, starts no program and no thread, and makes no
 * memory executable: -EPERM.  resolver: it may still open files to read, since libslirp looks into
 * /etc/resolv.conf whenever a Guest asks for a name.  0, or -errno: the kernel would not, or -ENOSYS:
 * this build cannot (lgemu_build() says "no sandbox").
 */
int confine(bool resolver);

#endif
