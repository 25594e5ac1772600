/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:616
 * What all devices have in common: stopping when the Guest breaks the rules, starting over when
 * it resets, and deciding once per batch whether to interrupt it.
:*/
#include <string.h>

#include "device.h"

void virtio_stop(struct virtio_device *dev, const char *why)
{
	if (!dev->stopped)
		dev->stopped = why;
}

bool virtio_pop(struct virtio_device *dev, unsigned q, struct virtq_chain *chain)
{
	const char *why = NULL;
	int got;

	if (dev->stopped)
		return false;
	got = virtq_pop(&dev->vq[q], chain, &why);
	if (got < 0)
		virtio_stop(dev, why);
	return got > 0;
}

void virtio_push(struct virtio_device *dev, unsigned q, const struct virtq_chain *chain,
		 uint32_t written)
{
	const char *why = NULL;

	if (virtq_push(&dev->vq[q], chain->head, written, &why))
		virtio_stop(dev, why);
}

void virtio_settle(struct virtio_device *dev, unsigned q)
{
	if (virtq_wants_interrupt(&dev->vq[q]))
		dev->interrupt(dev->bus, dev, q);
}

/*D:620
 * A kick.  What the device had pushed before it stopped is still worth its interrupt.
 */
void virtio_notify(struct virtio_device *dev, unsigned q)
{
	if (dev->stopped)
		return;
	virtq_begin(&dev->vq[q]);
	dev->ops->notify(dev, q);
	virtio_settle(dev, q);
}
/*:*/

void virtio_reset(struct virtio_device *dev)
{
	dev->acked = 0;
	dev->stopped = NULL;
	for (unsigned q = 0; q < dev->ops->nr_queues; q++)
		virtq_reset(&dev->vq[q]);
	if (dev->ops->reset)
		dev->ops->reset(dev);
}

void virtio_set_status(struct virtio_device *dev, uint8_t status)
{
	if (status & VIRTIO_S_FAILED)
		virtio_stop(dev, "its driver gave up (FAILED)");
	if (dev->ops->set_status)
		dev->ops->set_status(dev, status);
}

void virtio_state(const struct virtio_device *dev, const struct virtio_sink *sink)
{
	struct {
		uint8_t type, stopped;
		le64_t acked;
		struct {
			le16_t last_avail, used_idx;
		} vq[VIRTIO_QUEUES_MAX];
	} state;

	memset(&state, 0, sizeof(state));
	state.type = dev->ops->type;
	state.stopped = dev->stopped != NULL;
	state.acked = le64(dev->acked);
	for (unsigned q = 0; q < dev->ops->nr_queues; q++) {
		state.vq[q].last_avail = le16(dev->vq[q].last_avail);
		state.vq[q].used_idx = le16(dev->vq[q].used_idx);
	}
	sink->bytes(sink->ctx, &state, sizeof(state));
	if (dev->ops->state)
		dev->ops->state(dev, sink);
}

void virtio_destroy(struct virtio_device *dev)
{
	if (dev)
		dev->ops->destroy(dev);
}
