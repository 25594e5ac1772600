/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:908 guests/lib/console.h: One console for guests: early text until a device is there, the virtio
 * console afterwards. Output is synchronous, input arrives by interrupt. :*/
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include "virtio.h"

/* console.c */
void console_write(const char *text, u32 bytes);
int console_init(struct virtio_device *dev, map_pages_fn *map);
void console_interrupt(void (*take)(char c));
extern u32 console_input_irq; /* 0 while there is no virtio console */

#endif
