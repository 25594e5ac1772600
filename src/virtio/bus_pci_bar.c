/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:628
 * The memory region of a device on the PCI bus: registers by which a driver negotiates features,
 * says where its rings are, and rings.
 *
 * The original ended, with all its Guest had, at the first access it did not like.  Here a load is
 * always answered, a store that means nothing is ignored, and a driver that breaks the rules of
 * negotiation finds its device stopped until it resets it (devices.md section 6, rows 34 to 43).
:*/
#include <string.h>

#include "bus_pci_slot.h"

#define MSIX_NO_VECTOR 0xffffu

static void put16(uint8_t *image, unsigned off, uint32_t v)
{
	le16_t le = le16((uint16_t)v);

	memcpy(image + off, &le, sizeof(le));
}

static void put32(uint8_t *image, unsigned off, uint32_t v)
{
	le32_t le = le32(v);

	memcpy(image + off, &le, sizeof(le));
}

static void put64(uint8_t *image, unsigned off, uint64_t v)
{
	le64_t le = le64(v);

	memcpy(image + off, &le, sizeof(le));
}

/* The queue that is selected, or NULL. */
static struct pci_queue *selected(struct pci_slot *slot)
{
	struct pci_registers *reg = &slot->reg;

	return reg->queue_select < slot->dev->ops->nr_queues ? &reg->queue[reg->queue_select]
							     : NULL;
}

/*D:646
 * Loading is done byte by byte from a picture of the registers, so every width and alignment has
 * an answer.  Only one register notices that it was read: the interrupt status, which is then 0.
 */
static void draw_registers(struct pci_slot *slot, uint8_t *image)
{
	const struct pci_registers *reg = &slot->reg;
	const struct pci_queue *q = selected(slot);

	put32(image, BAR_DEVICE_FEATURE_SELECT, reg->device_feature_select);
	if (reg->device_feature_select < 2)
		put32(image, BAR_DEVICE_FEATURE,
		      (uint32_t)(slot->dev->offered >> 32 * reg->device_feature_select));
	put32(image, BAR_DRIVER_FEATURE_SELECT, reg->driver_feature_select);
	if (reg->driver_feature_select < 2)
		put32(image, BAR_DRIVER_FEATURE, reg->driver_feature[reg->driver_feature_select]);
	put16(image, BAR_MSIX_CONFIG, MSIX_NO_VECTOR);
	put16(image, BAR_NUM_QUEUES, slot->dev->ops->nr_queues);
	image[BAR_STATUS] = reg->status;
	put16(image, BAR_QUEUE_SELECT, reg->queue_select);
	put16(image, BAR_QUEUE_MSIX_VECTOR, MSIX_NO_VECTOR);
	image[BAR_ISR] = reg->isr;
	if (!q)
		return;
	put16(image, BAR_QUEUE_SIZE, q->size);
	put16(image, BAR_QUEUE_ENABLE, q->enabled);
	put64(image, BAR_QUEUE_DESC, q->at.desc);
	put64(image, BAR_QUEUE_AVAIL, q->at.avail);
	put64(image, BAR_QUEUE_USED, q->at.used);
}

uint32_t pci_bar_read(struct pci_slot *slot, uint32_t off, unsigned bytes)
{
	uint8_t image[BAR_CONFIG + VIRTIO_CONFIG_MAX] = {0};
	const uint32_t end = pci_slot_region(slot);
	uint32_t v = 0;

	draw_registers(slot, image);
	memcpy(image + BAR_CONFIG, slot->dev->config, slot->config_len);
	for (unsigned i = 0; i < bytes; i++) /* row 39: what is there is there */
		v |= (uint32_t)(off + i < end ? image[off + i] : 0xff) << 8 * i;
	if (off <= BAR_ISR && off + bytes > BAR_ISR)
		slot->reg.isr = 0;
	return v;
}
/*:*/

void pci_bar_reset(struct pci_slot *slot)
{
	struct virtio_device *dev = slot->dev;

	memset(&slot->reg, 0, sizeof(slot->reg));
	for (unsigned q = 0; q < dev->ops->nr_queues; q++) {
		slot->reg.queue[q].size = VIRTQ_NUM_MAX;
		memset(&dev->vq[q], 0, sizeof(dev->vq[q]));
	}
	virtio_reset(dev);
}

/*D:647
 * The status is a staircase with four steps, taken one at a time; 0 leads back to the floor and
 * FAILED off to the side.  On the third the driver says that it is content with the features, and
 * if we are not then we do not let it up: it looks, sees that it still stands where it was, and
 * gives up by itself.
 */
static bool features_agree(struct pci_slot *slot)
{
	const struct pci_registers *reg = &slot->reg;
	uint64_t took = reg->driver_feature[0] | (uint64_t)reg->driver_feature[1] << 32;

	if (reg->odd_features || (took & ~slot->dev->offered) || !(took >> VIRTIO_F_VERSION_1 & 1))
		return false;
	slot->dev->acked = took;
	return true;
}

static void write_status(struct pci_slot *slot, uint8_t status)
{
	enum {
		CLAIMED = VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER,
		AGREED = CLAIMED | VIRTIO_S_FEATURES_OK,
		RUNNING = AGREED | VIRTIO_S_DRIVER_OK,
	};
	static const uint8_t stair[] = {0, VIRTIO_S_ACKNOWLEDGE, CLAIMED, AGREED, RUNNING};
	struct pci_registers *reg = &slot->reg;

	if (!status) {
		pci_bar_reset(slot);
		return;
	}
	if (!(status & VIRTIO_S_FAILED) && status != reg->status) { /* row 43 */
		unsigned step = 1;

		while (step < ARRAY_LEN(stair) && stair[step] != status)
			step++;
		if (step == ARRAY_LEN(stair) || stair[step - 1] != reg->status) {
			virtio_stop(slot->dev, "its driver set status bits out of order");
			return;
		}
		if (status == AGREED && !features_agree(slot))
			return;
	}
	reg->status = status;
	virtio_set_status(slot->dev, status);
}
/*:*/

static void write_features(struct pci_slot *slot, uint32_t v)
{
	struct pci_registers *reg = &slot->reg;

	if (!(reg->status & VIRTIO_S_DRIVER) || (reg->status & VIRTIO_S_FEATURES_OK)) /* row 36 */
		virtio_stop(slot->dev, "its driver wrote features at the wrong time");
	else if (reg->driver_feature_select < 2)
		reg->driver_feature[reg->driver_feature_select] = v;
	else if (v)
		reg->odd_features = true;
}

/*D:648
 * Queues.  They are set up when features are agreed on and before the driver runs, and a queue that
 * was enabled stays as it is.  Where a ring is, is looked at when it is enabled; until then nobody
 * follows an address, so it may be anything.
 */
static bool may_set_up(struct pci_slot *slot, const struct pci_queue *q)
{
	if (!q) /* row 37 */
		return false;
	if (!(slot->reg.status & VIRTIO_S_FEATURES_OK)) /* row 36 */
		virtio_stop(slot->dev, "its driver set up a queue before FEATURES_OK");
	else if (slot->reg.status & VIRTIO_S_DRIVER_OK) /* row 36 */
		virtio_stop(slot->dev, "its driver set up a queue after DRIVER_OK");
	else if (q->enabled) /* row 35 */
		virtio_stop(slot->dev, "its driver changed a queue that is enabled");
	else
		return true;
	return false;
}

static void enable_queue(struct pci_slot *slot, const struct guest_mem *gm, uint32_t v)
{
	struct virtio_device *dev = slot->dev;
	struct pci_queue *q = selected(slot);
	const char *wrong;
	struct virtq *vq;

	if (!may_set_up(slot, q))
		return;
	vq = &dev->vq[slot->reg.queue_select];
	wrong = v == 1 ? virtq_init_at(vq, gm, &q->at, q->size)
		       : "its driver enabled a queue with something else than 1";
	if (wrong) {
		virtio_stop(dev, wrong);
		return;
	}
	vq->indirect = dev->acked >> VIRTIO_F_INDIRECT & 1;
	q->enabled = true;
}

/* One half of one of three addresses. */
static void write_address(struct pci_slot *slot, uint32_t off, uint32_t v)
{
	struct pci_queue *q = selected(slot);
	uint64_t *at;

	if (!may_set_up(slot, q))
		return;
	at = off < BAR_QUEUE_AVAIL  ? &q->at.desc
	     : off < BAR_QUEUE_USED ? &q->at.avail
				    : &q->at.used;
	if (off % 8)
		*at = (*at & 0xffffffffu) | (uint64_t)v << 32;
	else
		*at = (*at & ~0xffffffffull) | v;
}

static void write_size(struct pci_slot *slot, uint32_t v)
{
	struct pci_queue *q = selected(slot);

	if (may_set_up(slot, q))
		q->size = (uint16_t)v;
}
/*:*/

/* Row 38: a bell that rings for no queue, or for one that was never enabled, is not heard. */
static void ring_bell(struct pci_slot *slot, uint32_t q)
{
	if (q < slot->dev->ops->nr_queues && slot->reg.queue[q].enabled)
		virtio_notify(slot->dev, q);
}

static void write_config(struct pci_slot *slot, uint32_t off, unsigned bytes, uint32_t v)
{
	const struct virtio_ops *ops = slot->dev->ops;

	if (ops->config_write && off < slot->config_len && bytes <= slot->config_len - off)
		ops->config_write(slot->dev, off, bytes, v);
}

#define REGISTER(off, bytes) ((off) | (bytes) << 16)

/*D:649
 * Storing.  A register has a place and a width, and a store that does not have both is none.
 */
void pci_bar_write(struct pci_slot *slot, const struct guest_mem *gm, uint32_t off, unsigned bytes,
		   uint32_t v)
{
	struct pci_registers *reg = &slot->reg;

	if (off >= BAR_CONFIG) {
		write_config(slot, off - BAR_CONFIG, bytes, v);
		return;
	}
	switch (REGISTER(off, bytes)) {
	case REGISTER(BAR_DEVICE_FEATURE_SELECT, 4): reg->device_feature_select = v; break;
	case REGISTER(BAR_DRIVER_FEATURE_SELECT, 4): reg->driver_feature_select = v; break;
	case REGISTER(BAR_DRIVER_FEATURE, 4): write_features(slot, v); break;
	case REGISTER(BAR_STATUS, 1): write_status(slot, (uint8_t)v); break;
	case REGISTER(BAR_QUEUE_SELECT, 2): reg->queue_select = (uint16_t)v; break;
	case REGISTER(BAR_QUEUE_SIZE, 2): write_size(slot, v); break;
	case REGISTER(BAR_QUEUE_ENABLE, 2): enable_queue(slot, gm, v); break;
	case REGISTER(BAR_QUEUE_DESC, 4):
	case REGISTER(BAR_QUEUE_DESC + 4, 4):
	case REGISTER(BAR_QUEUE_AVAIL, 4):
	case REGISTER(BAR_QUEUE_AVAIL + 4, 4):
	case REGISTER(BAR_QUEUE_USED, 4):
	case REGISTER(BAR_QUEUE_USED + 4, 4): write_address(slot, off, v); break;
	case REGISTER(BAR_NOTIFY, 2): ring_bell(slot, v); break;
	}
}
/*:*/
