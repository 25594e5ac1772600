/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:632
 * The bus of Linux 2.6.24, virtio's first release.  Rings, interrupt lines and the bell are those
 * of the later lguest bus (bus_lguest.h); what a device is was written down differently, as a
 * stream of typed fields, and there was no way to reset one and no bell for its status.
:*/
#ifndef VIRTIO_BUS_CONFIG24_H
#define VIRTIO_BUS_CONFIG24_H

#include "bus_lguest.h"

/*D:666
 * The release candidates packed their rings more tightly, and not on powers of two; that was
 * mended before the release, and nothing else in that year.
 */
struct config24_profile {
	const char *release; /* how that of the kernel begins */
	uint16_t queue_size;
	bool tight_rings; /* the used ring follows at once, not on the next page */
};
/*:*/

/* The profile of a release in its own words, "2.6.24-rc2 (me@here)". */
const struct config24_profile *config24_profile_find(const char *release);

struct config24_bus;

/* As lguest_bus_create() and its sisters. */
struct config24_bus *config24_bus_create(const struct guest_mem *gm,
					 const struct config24_profile *profile,
					 void (*raise_irq)(void *ctx, unsigned irq), void *ctx);
void config24_bus_destroy(struct config24_bus *bus);
int config24_bus_add(struct config24_bus *bus, struct virtio_device *dev) MUST_CHECK;
uint32_t config24_bus_pages(const struct config24_bus *bus);
void config24_bus_restart(struct config24_bus *bus);

/* NOTIFY came with this address.  Never LGUEST_NOTIFY_STATUS: to ring at a descriptor is to print. */
enum lguest_notify config24_bus_notify(struct config24_bus *bus, gpa_t gpa, const char **why);
size_t config24_bus_early_text(const struct config24_bus *bus, gpa_t gpa, char *buf, size_t size);
void config24_bus_state(const struct config24_bus *bus, const struct virtio_sink *sink);

#endif
