/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:911 guests/lib/block.c: The disk driver. A request is three pieces: a header the device reads,
 * the data, and one status byte the device writes. One request is in flight at a time, which is all
 * a small kernel needs and keeps the driver free of any list. :*/
#include "block.h"
#include "lguest.h"

#define VIRTIO_BLK_F_FLUSH (1u << 9)
#define VIRTIO_BLK_T_IN	   0
#define VIRTIO_BLK_T_OUT   1
#define VIRTIO_BLK_T_FLUSH 4

struct virtio_blk_outhdr {
	u32 type, ioprio;
	u64 sector;
};

u64 block_sectors;
u32 block_irq;

static struct virtqueue *queue;
static struct virtio_blk_outhdr header;
static volatile u8 status;
static volatile int finished;
static int can_flush;
static void (*wait_hook)(void);

/*G:450 Header, data, status: the chain the device expects. For a read the data piece is on the
 * writable side, for a write on the readable one, and a flush has none. Then we wait, in whatever
 * way the kernel likes: before there are processes by watching the ring, later by sleeping until
 * the interrupt. */
static int request(u32 type, u64 sector, u32 data_gpa, u32 bytes)
{
	struct vq_segment seg[3];
	u32 flags;
	int out = 0, in = 0;

	header = (struct virtio_blk_outhdr){type, 0, sector};
	seg[out++] = (struct vq_segment){phys_of(&header), sizeof(header)};
	if (bytes && type == VIRTIO_BLK_T_OUT)
		seg[out++] = (struct vq_segment){data_gpa, bytes};
	if (bytes && type == VIRTIO_BLK_T_IN)
		seg[out + in++] = (struct vq_segment){data_gpa, bytes};
	seg[out + in++] = (struct vq_segment){phys_of(&status), 1};
	status = 0xff;
	finished = 0;
	if (vq_add(queue, seg, out, in) < 0)
		return -1;
	vq_kick(queue);
	/* Interrupts are off between the look and the wait, or the wake-up could slip through. */
	flags = irq_save();
	while (!finished && !block_interrupt())
		wait_hook();
	irq_restore(flags);
	return status ? -1 : 0;
}
/*:*/

/* Called by the interrupt handler and by the waiter: whoever comes first takes the entry. */
int block_interrupt(void)
{
	u32 flags = irq_save();
	int took = vq_get(queue, NULL) >= 0;

	if (took)
		finished = 1;
	irq_restore(flags);
	return took;
}

int block_init(struct virtio_device *dev, map_pages_fn *map, void (*wait)(void))
{
	u64 sectors = 0;
	int i;

	if (dev->queue_count < 1 || dev->config_len < 8 ||
	    device_start(dev, VIRTIO_BLK_F_FLUSH, map) < 0)
		return -1;
	for (i = 7; i >= 0; i--)
		sectors = sectors << 8 | device_config8(dev, (u32)i);
	queue = &dev->queue[0];
	can_flush = !!(dev->features & VIRTIO_BLK_F_FLUSH);
	wait_hook = wait;
	device_ready(dev);
	block_irq = queue->irq;
	irq_unmask(block_irq);
	block_sectors = sectors;
	return 0;
}

int block_read(u64 sector, void *buffer, u32 bytes)
{
	return request(VIRTIO_BLK_T_IN, sector, phys_of(buffer), bytes);
}

int block_write(u64 sector, const void *buffer, u32 bytes)
{
	return request(VIRTIO_BLK_T_OUT, sector, phys_of(buffer), bytes);
}

/* A disk that does not offer flush has promised that a finished write is on the disk. */
int block_flush(void)
{
	return can_flush ? request(VIRTIO_BLK_T_FLUSH, 0, 0, 0) : 0;
}
