/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:623
 * The bus of Linux 4.0 to 4.13: what looks like a PCI bus with virtio 1.0 devices, found by
 * configuration mechanism 1 (two ports) and driven through one memory region each.  Neither exists:
 * each access faults, the Host reports it, and the Launcher brings it here.
 *
 * There is nothing a Guest can write here that does more than stop the device concerned.
:*/
#ifndef VIRTIO_BUS_PCI_H
#define VIRTIO_BUS_PCI_H

#include "device.h"

#define PCI_BUS_DEVICES 31u /* slot 0 is the host bridge, and so many interrupt lines there are */

/* The ports of configuration mechanism 1: address latch and data, four bytes each. */
#define PCI_PORT_ADDRESS 0xcf8u
#define PCI_PORT_DATA	 0xcfcu

struct pci_bus;

/*
 * NULL without memory.  gm->ram_bytes (page aligned) is where the Guest's memory ends; the regions
 * of devices begin 1 MB above.  raise_irq is called from the functions that write, and from
 * console_input() and the like.
 */
struct pci_bus *pci_bus_create(const struct guest_mem *gm,
			       void (*raise_irq)(void *ctx, unsigned irq), void *ctx);
/* Frees the bus and every device on it. */
void pci_bus_destroy(struct pci_bus *bus);

/*
 * Plug in a device, before the Guest runs; the bus owns it from then on.  Slots are given out from
 * 1, and Guests expect the console in slot 1.  -ENODEV: no such device existed.  -ENFILE: no slot
 * left.  On an error the device remains the caller's.
 */
int pci_bus_add(struct pci_bus *bus, struct virtio_device *dev) MUST_CHECK;
/* The first page frame past all devices: the Host's device_limit. */
uint32_t pci_bus_device_limit(const struct pci_bus *bus);
/* The Guest starts over: bus and devices as after pci_bus_add(). */
void pci_bus_restart(struct pci_bus *bus);

/* Bytes are 1, 2 or 4.  *stopped is NULL, or the device which this access has made to stop. */
uint32_t pci_bus_in(struct pci_bus *bus, uint16_t port, unsigned bytes);
void pci_bus_out(struct pci_bus *bus, uint16_t port, unsigned bytes, uint32_t value,
		 const struct virtio_device **stopped);
/* The same for memory.  False (and nothing done): there is no device at gpa. */
bool pci_bus_load(struct pci_bus *bus, gpa_t gpa, unsigned bytes, uint32_t *value) MUST_CHECK;
bool pci_bus_store(struct pci_bus *bus, gpa_t gpa, unsigned bytes, uint32_t value,
		   const struct virtio_device **stopped) MUST_CHECK;

/* The bus's and all devices' state, for a hash or a snapshot. */
void pci_bus_state(const struct pci_bus *bus, const struct virtio_sink *sink);

#endif
