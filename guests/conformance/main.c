/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1305 guests/conformance/main.c: The ABI page, checked from inside. Compiled once for each era, this
 * guest prints a line for each promise: "ok GROUP/CHECK", or "not ok" with what it got and what it
 * expected. What it prints under the real lguest of a release is kept beside it (expect/), so a
 * check that is wrong about its Host does not last. :*/
#include "conf.h"
#if ERA_BUS == BUS_PCI
#include "pci.h"
#endif

static u32 good, bad;

/* printf() ends here. */
void console_write(const char *text, u32 bytes)
{
#if ERA_BUS == BUS_PCI
	pci_early_write(text, bytes);
#else
	early_write(text, bytes);
#endif
}

void check_eq(const char *name, u32 got, u32 expected)
{
	if (got == expected) {
		good++;
		printf("ok %s\n", name);
	} else {
		bad++;
		printf("not ok %s: got %x, expected %x\n", name, got, expected);
	}
}

void show(const char *name, u32 value)
{
	good++;
	printf("ok %s: %x\n", name, value);
}

void check(const char *name, int is_good)
{
	check_eq(name, !!is_good, 1);
}

void give_up(const char *why)
{
	printf("not ok %s\n", why);
	shutdown(why, LGUEST_SHUTDOWN_POWEROFF);
}

const char *argument(const char *name)
{
	const char *line = virt_of(*(u32 *)virt_of(BOOT_CMD_LINE_PTR));
	const char *at = strstr(line, name);

	return at && at[strlen(name)] == '=' ? at + strlen(name) + 1 : NULL;
}

/*G:850 From here on everything is a check. Those that need less of the Host come first, so that the
 * first line that says "not ok" is the one to look at. A guest that is to die does so at the end,
 * when it has seen that the Host is sane. */
void conformance(void)
{
	const char *how = argument("die");

#if ERA_BUS == BUS_PCI
	pci_early_init();
#endif
	if (how) {
		traps_init();
		pages_init();
		die(how);
	}
	check_boot();
	check_data();
	traps_init();
	pages_init();
	check_ram();
	check_hcalls();
	check_ring();
	check_traps();
	check_segments();
	check_user();
	check_pages();
	check_insns();
	check_irqs();
	check_time();
	check_devices();
	printf("%u ok, %u not ok\n", good, bad);
	shutdown("Power down", LGUEST_SHUTDOWN_POWEROFF);
}
/*:*/
