/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1314 guests/lib/pci.c: Configuration space by ports, and early text by it. It looks only into slot 1
 * for a console, since that is where the original puts it and Linux expects it. :*/
#include "pci.h"

static void select(u32 slot, u32 at)
{
	out32(CONFIG_ADDRESS, 0x80000000 | slot << 11 | (at & ~3u));
}

u32 config32(u32 slot, u32 at)
{
	select(slot, at);
	return in32(CONFIG_DATA);
}

u32 config8(u32 slot, u32 at)
{
	select(slot, at);
	return in8(CONFIG_DATA + (at & 3));
}

void set_config32(u32 slot, u32 at, u32 v)
{
	select(slot, at);
	out32(CONFIG_DATA, v);
}

void set_config8(u32 slot, u32 at, u8 v)
{
	select(slot, at);
	out8(CONFIG_DATA + (at & 3), v);
}

/*G:720 The first words. Somewhere in its chain of capabilities the console has a window to its
 * registers; one of those prints whatever is stored there. Linux does just this, and as long as it
 * has no better console pays eight faults for each character. */
enum { CONSOLE_SLOT = 1, EMERG_WRITE = 8 };

static u32 window, emerg_write;

void pci_early_init(void)
{
	u32 cap;

	for (cap = config8(CONSOLE_SLOT, 0x34); cap; cap = config8(CONSOLE_SLOT, cap + 1)) {
		if (config8(CONSOLE_SLOT, cap + 3) == CAP_DEVICE_CONFIG)
			emerg_write = config32(CONSOLE_SLOT, cap + 8) + EMERG_WRITE;
		else if (config8(CONSOLE_SLOT, cap + 3) == CAP_WINDOW)
			window = cap;
	}
}

void pci_early_write(const char *text, u32 bytes)
{
	for (; bytes; bytes--, text++) {
		set_config8(CONSOLE_SLOT, window + 4, 0);
		set_config32(CONSOLE_SLOT, window + 12, 4);
		set_config32(CONSOLE_SLOT, window + 8, emerg_write);
		set_config32(CONSOLE_SLOT, window + 16, (u8)*text);
	}
}
/*:*/
