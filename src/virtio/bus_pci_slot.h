/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:627
 * One slot of the PCI bus, as the two halves of the bus share it: bus_pci.c has the configuration
 * space, bus_pci_bar.c the registers in the memory region.
:*/
#ifndef VIRTIO_BUS_PCI_SLOT_H
#define VIRTIO_BUS_PCI_SLOT_H

#include "device.h"

#define PCI_CONFIG_BYTES 152u

/*D:641
 * What a driver finds in the region (devices.md 4.5): first what all devices have, then the bell,
 * the interrupt status, and the device's own configuration.
 */
enum pci_bar_offset {
	BAR_DEVICE_FEATURE_SELECT = 0,
	BAR_DEVICE_FEATURE = 4,
	BAR_DRIVER_FEATURE_SELECT = 8,
	BAR_DRIVER_FEATURE = 12,
	BAR_MSIX_CONFIG = 16,
	BAR_NUM_QUEUES = 18,
	BAR_STATUS = 20,
	BAR_CONFIG_GENERATION = 21,
	BAR_QUEUE_SELECT = 22,
	BAR_QUEUE_SIZE = 24,
	BAR_QUEUE_MSIX_VECTOR = 26,
	BAR_QUEUE_ENABLE = 28,
	BAR_QUEUE_NOTIFY_OFF = 30,
	BAR_QUEUE_DESC = 32, /* these three are 64 bits wide, written in halves */
	BAR_QUEUE_AVAIL = 40,
	BAR_QUEUE_USED = 48,
	BAR_COMMON_BYTES = 56,
	BAR_NOTIFY = 56,
	BAR_ISR = 58,
	BAR_CONFIG = 60,
};

/* What the driver has written; all of it is forgotten when it resets the device. */
struct pci_registers {
	uint32_t device_feature_select, driver_feature_select;
	uint32_t driver_feature[2];
	bool odd_features; /* it took some that cannot even be offered */
	uint16_t queue_select;
	uint8_t status, isr;
	struct pci_queue {
		uint16_t size;
		bool enabled;
		struct virtq_place at;
	} queue[VIRTIO_QUEUES_MAX];
};

struct pci_slot {
	struct virtio_device *dev; /* NULL: the host bridge */
	uint8_t line;		   /* interrupt */
	uint8_t config_len;	   /* bytes of the device's configuration */
	gpa_t bar;
	uint32_t bar_bytes; /* a power of two */
	uint8_t config[PCI_CONFIG_BYTES];
	struct pci_registers reg;
};
/*:*/

/* Bytes of the region that mean something. */
static inline uint32_t pci_slot_region(const struct pci_slot *slot)
{
	return BAR_CONFIG + slot->config_len;
}

/* bus_pci_bar.c: any offset; bytes are 1, 2 or 4.  gm is where rings may lie. */
uint32_t pci_bar_read(struct pci_slot *slot, uint32_t off, unsigned bytes);
void pci_bar_write(struct pci_slot *slot, const struct guest_mem *gm, uint32_t off, unsigned bytes,
		   uint32_t value);
void pci_bar_reset(struct pci_slot *slot);

#endif
