/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:645
 * The bus of Linux 2.6.23, older than virtio.  A page of descriptors says what there is; beside it
 * each device may have a page of its own.  Data goes by DMA calls: what a Guest sends to a key of
 * ours comes to dma23_bus_send(), and what we have for it goes into a buffer that it has bound to a
 * key.  Bindings are the Host's, so a device that wants a buffer has to wait until somebody has
 * asked the Host for one; dma23_bus_wants() says for which key.
 *
 * The devices are those of every other bus, with queues that have no rings.
:*/
#ifndef VIRTIO_DMA23_H
#define VIRTIO_DMA23_H

#include "device.h"

#define DMA23_DEVICES 16u

struct dma23_bus;

/* A place on a network that is a page which several Guests share. */
struct dma23_seat {
	uint32_t page; /* machine-physical */
	unsigned slot;
};

/* gm is copied; what lies above its RAM is handed out to the devices, page by page.  NULL without
 * memory. */
struct dma23_bus *dma23_bus_create(const struct guest_mem *gm,
				   void (*raise_irq)(void *ctx, unsigned irq), void *ctx);
/* And its devices. */
void dma23_bus_destroy(struct dma23_bus *bus);
/* The bus owns the device from now on.  A network card without a seat has a page of its own.
 * -ENODEV: Guests of that time know none such.  -ENFILE: one too many.  -ENOSPC: no page left. */
int dma23_bus_add(struct dma23_bus *bus, struct virtio_device *dev,
		  const struct dma23_seat *seat) MUST_CHECK;
/* What is the Guest's now: limit_bytes is where the last device's page ends. */
const struct guest_mem *dma23_bus_memory(const struct dma23_bus *bus);
/* The Guest starts over: pages as new, devices reset. */
void dma23_bus_restart(struct dma23_bus *bus);

/* SEND_DMA of a key that no other Guest has bound.  *why: NULL, or what somebody should hear. */
void dma23_bus_send(struct dma23_bus *bus, gpa_t dma, gpa_t key, const char **why);
/* Is there something for the Guest?  Then ask the Host for a buffer of that key, and say here what
 * it said, before the Guest runs again. */
bool dma23_bus_wants(struct dma23_bus *bus, gpa_t *key);
void dma23_bus_buffer(struct dma23_bus *bus, gpa_t dma, unsigned irq, const char **why);
void dma23_bus_no_buffer(struct dma23_bus *bus, bool bound, const char **why);
/* The Guest has run, and may have freed a buffer. */
void dma23_bus_ran(struct dma23_bus *bus);

void dma23_bus_state(const struct dma23_bus *bus, const struct virtio_sink *sink);

/* Put the Launcher into a shared page, as one that wants to hear everything; and take out one that has
 * gone. */
void dma23_lan_init(struct mem *mem, uint32_t page);
void dma23_lan_leave(struct mem *mem, const struct dma23_seat *seat);

#endif
