/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:620
 * The bus of Linux 2.6.25 to 3.19: one page of descriptors on top of the Guest's RAM, the rings
 * above it, and a hypercall to ring the bell.  What changed in those years is data (struct
 * lguest_bus_profile); nothing here asks which release it is.
 *
 * The Guest may write to the descriptor page at will.  We look at two things in it, the status
 * byte and the acknowledged features, and believe our own copy of everything else.
:*/
#ifndef VIRTIO_BUS_LGUEST_H
#define VIRTIO_BUS_LGUEST_H

#include "device.h"

#define LGUEST_BUS_PAGES 256u /* descriptor page and rings, at most (devices.md 3.1) */
#define LGUEST_BUS_IRQS	 32u  /* lines; 0 is the timer's */

#define LGUEST_RELEASE(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/*D:640
 * What one era is shown of one type of device.
 */
struct lguest_bus_offer {
	bool known;	     /* there were such devices */
	uint8_t config_len;  /* bytes of configuration in the descriptor */
	uint64_t features;   /* what we may offer it: bus_lguest_eras.c says why */
	uint8_t feature_len; /* bytes of a bitmap, even if what we offer needs fewer */
};

/* An era: releases first .. last, both included. */
struct lguest_bus_profile {
	const char *name;
	uint32_t first, last; /* LGUEST_RELEASE() */
	uint16_t queue_size;
	bool notify_resets; /* NOTIFY on a descriptor means reset, whatever the status (3.3) */
	struct virtio_dialect dialect;
	struct lguest_bus_offer offer[VIRTIO_TYPES]; /* by enum virtio_type */
};
/*:*/

/* The era of a release; NULL if this bus did not exist then. */
const struct lguest_bus_profile *lguest_bus_profile_find(uint32_t release);

struct lguest_bus;

/*
 * NULL without memory, or if not even the descriptor page fits.  gm->ram_bytes is where the bus
 * begins (page aligned); gm->limit_bytes is how far it may grow, at most 256 pages.  Device pages
 * must read as zero.  raise_irq is called from lguest_bus_notify() and console_input().
 */
struct lguest_bus *lguest_bus_create(const struct guest_mem *gm,
				     const struct lguest_bus_profile *profile,
				     void (*raise_irq)(void *ctx, unsigned irq), void *ctx);
/* Frees the bus and every device on it. */
void lguest_bus_destroy(struct lguest_bus *bus);

/*
 * Plug in a device, before the Guest runs; the bus owns it from then on.  -ENODEV: Guests of this
 * era know no such device.  -ENOSPC: no room for its descriptor or rings.  -ENFILE: out of
 * interrupt lines.  On an error the device remains the caller's.
 */
int lguest_bus_add(struct lguest_bus *bus, struct virtio_device *dev) MUST_CHECK;
/* Device pages in use; the Host's pfn_limit is ram_bytes / 4096 + this. */
uint32_t lguest_bus_pages(const struct lguest_bus *bus);
/* The Guest starts over: all devices reset, descriptors as after lguest_bus_add(). */
void lguest_bus_restart(struct lguest_bus *bus);

enum lguest_notify {
	LGUEST_NOTIFY_QUEUE,   /* a queue was served */
	LGUEST_NOTIFY_STATUS,  /* reset, or a status was looked at */
	LGUEST_NOTIFY_TEXT,    /* early console: fetch it with lguest_bus_early_text() */
	LGUEST_NOTIFY_IGNORED, /* a queue of a device that is not set up, or that we stopped */
	LGUEST_NOTIFY_BAD,     /* above the Guest's limit: kill it, as the original did */
};

/* NOTIFY came with this address.  *why is NULL, or a remark worth a warning: what made a device
 * stop just now, or why the call was ignored. */
enum lguest_notify lguest_bus_notify(struct lguest_bus *bus, gpa_t gpa, const char **why);
/* The name of the device whose descriptor or ring is at gpa; NULL if none. */
const char *lguest_bus_name_at(const struct lguest_bus *bus, gpa_t gpa);

/* The NUL-terminated text at gpa, cut at the limit of the Guest and at size - 1 bytes.  Returns
 * its length; buf is terminated. */
size_t lguest_bus_early_text(const struct lguest_bus *bus, gpa_t gpa, char *buf, size_t size);

/* All devices' state, for a hash or a snapshot. */
void lguest_bus_state(const struct lguest_bus *bus, const struct virtio_sink *sink);

#endif
