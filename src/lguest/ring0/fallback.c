/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:585
 * A launcher for those who have none: on a machine without a door, a Guest may come along as a
 * multiboot module, an ELF file.  It gets memory, a command line and a console that can only
 * print; no devices.  That is enough to ask another machine for its opinion.
:*/
#include "ring0.h"

void run_module(struct host *host, uint32_t multiboot_info)
{
	(void)host;
	(void)multiboot_info;
}
