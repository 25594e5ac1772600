/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:615
 * What a virtio device is, to the bus it sits on: a type, some features, a few bytes of
 * configuration, queues, and somebody to call when a queue was kicked.  A device knows rings but
 * never which bus it is on; a bus knows devices but never what they do.
:*/
#ifndef VIRTIO_DEVICE_H
#define VIRTIO_DEVICE_H

#include "virtq.h"

enum virtio_type {
	VIRTIO_NET = 1,
	VIRTIO_BLK = 2,
	VIRTIO_CONSOLE = 3,
	VIRTIO_RNG = 4,
};
#define VIRTIO_TYPES 5

enum virtio_status {
	VIRTIO_S_ACKNOWLEDGE = 1,
	VIRTIO_S_DRIVER = 2,
	VIRTIO_S_DRIVER_OK = 4,
	VIRTIO_S_FEATURES_OK = 8,
	VIRTIO_S_FAILED = 0x80,
};

#define VIRTIO_F_INDIRECT  28 /* the ring feature that virtq.c knows */
#define VIRTIO_F_VERSION_1 32 /* the bus is a modern one; of its own accord no device has it */

#define VIRTIO_QUEUES_MAX 3
#define VIRTIO_CONFIG_MAX 64

struct virtio_device;

/* Takes a piece of a device's state: bytes that are the same on every host. */
struct virtio_sink {
	void (*bytes)(void *ctx, const void *p, size_t n);
	void *ctx;
};

/*D:615
 * A kind of device.  Only notify is mandatory.
 */
struct virtio_ops {
	const char *name; /* for messages: "block" */
	uint8_t type;	  /* enum virtio_type */
	uint8_t nr_queues;
	uint64_t features; /* all that it can do; an era offers a part of that */
	/* The bus has decided on dev->offered, dialect and queue size: fill dev->config.  May take
	 * features back that this very device has not. */
	void (*plug)(struct virtio_device *dev);
	/* The Guest kicked queue q, which exists, of a device that is not stopped. */
	void (*notify)(struct virtio_device *dev, unsigned q);
	void (*set_status)(struct virtio_device *dev, uint8_t status);
	/* The Guest stored `bytes` bytes at offset off of the configuration, which has them.  Only
	 * modern buses see such a store; without this it has no effect. */
	void (*config_write)(struct virtio_device *dev, unsigned off, unsigned bytes,
			     uint32_t value);
	/* The driver let go: forget what belonged to it.  Rings are reset already. */
	void (*reset)(struct virtio_device *dev);
	/* What a snapshot or a hash must have, beside what struct virtio_device holds. */
	void (*state)(const struct virtio_device *dev, const struct virtio_sink *sink);
	void (*destroy)(struct virtio_device *dev);
};
/*:*/

/*D:617
 * What a Guest's virtio takes for granted and no feature bit says.  The bus knows which one it is.
 */
struct virtio_dialect {
	uint8_t net_header_bytes; /* before each frame: 0 (2.6.23), 8 (2.6.24), 10, 12 (virtio 1) */
	bool net_counts_sent;	  /* the driver learns from used lengths how much it has sent */
	bool console_counts_sent; /* up to 2.6.30 the same was done here, for nobody */
	uint8_t blk_id_bytes;	  /* of no meaning, behind the header of a request: 8 (2.6.24) */
};
/*:*/

/*D:616
 * A device.  The bus fills the second half when it is plugged in.
 */
struct virtio_device {
	const struct virtio_ops *ops;
	uint64_t offered;    /* features the Guest was shown */
	uint64_t acked;	     /* and those it took, as of the last look; always among the offered */
	const char *stopped; /* why we no longer serve it, until it is reset; NULL: we do */
	uint8_t config[VIRTIO_CONFIG_MAX];

	struct virtio_dialect dialect;
	struct virtq vq[VIRTIO_QUEUES_MAX];
	void *bus;
	void (*interrupt)(void *bus, struct virtio_device *dev, unsigned q);
};
/*:*/

/* The Guest broke the rules (or said FAILED): serve nothing more until it resets.  The first
 * reason stays.  Going on after this is harmless. */
void virtio_stop(struct virtio_device *dev, const char *why);
/* As virtq_pop() and virtq_push(), with errors turned into virtio_stop(): true if all is well. */
bool virtio_pop(struct virtio_device *dev, unsigned q, struct virtq_chain *chain) MUST_CHECK;
void virtio_push(struct virtio_device *dev, unsigned q, const struct virtq_chain *chain,
		 uint32_t written);
/* End of a batch: interrupt the Guest if something was pushed and it wants to hear of it. */
void virtio_settle(struct virtio_device *dev, unsigned q);

/* For buses: kick queue q; all queues and the device back to the start; status written. */
void virtio_notify(struct virtio_device *dev, unsigned q);
void virtio_reset(struct virtio_device *dev);
void virtio_set_status(struct virtio_device *dev, uint8_t status);
void virtio_state(const struct virtio_device *dev, const struct virtio_sink *sink);
/* Free it.  NULL is allowed. */
void virtio_destroy(struct virtio_device *dev);

#endif
