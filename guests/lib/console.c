/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:909 guests/lib/console.c: The console driver. Queue 0 brings what is typed, queue 1 takes what
 * we print. It adds the carriage return a terminal wants, as Linux's hvc console does, and knows
 * nothing of lines: editing is the kernel's business. :*/
#include "console.h"
#include "lguest.h"

#define OUT_BYTES  512
#define IN_BYTES   256
#define IN_BUFFERS 2 /* one is being read while the other waits */

u32 console_input_irq;

static struct virtqueue *in_queue, *out_queue;
static char out_buffer[OUT_BYTES];
static char in_buffer[IN_BUFFERS][IN_BYTES];
static int buffer_of_head[IN_BUFFERS * 2];

/*G:440 Output waits for the device with open eyes: the text is in a buffer of ours, and we may not
 * touch it until the Launcher has said "used". Linux's console does the same, and for the same
 * reason: a message that is still in a queue when the kernel dies has not been printed. */
static void write_out(u32 bytes)
{
	struct vq_segment seg = {phys_of(out_buffer), bytes};

	if (!out_queue) {
		early_write(out_buffer, bytes);
		return;
	}
	if (vq_add(out_queue, &seg, 1, 0) < 0)
		return;
	vq_kick(out_queue);
	while (vq_get(out_queue, NULL) < 0)
		__asm__ volatile("pause");
}

void console_write(const char *text, u32 bytes)
{
	u32 used = 0, flags = irq_save();

	for (; bytes; text++, bytes--) {
		if (used > OUT_BYTES - 2) {
			write_out(used);
			used = 0;
		}
		/* Early text goes where no terminal driver adds anything: leave it alone. */
		if (*text == '\n' && out_queue)
			out_buffer[used++] = '\r';
		out_buffer[used++] = *text;
	}
	if (used)
		write_out(used);
	irq_restore(flags);
}
/*:*/

static void post_input(int buffer)
{
	struct vq_segment seg = {phys_of(in_buffer[buffer]), IN_BYTES};
	int head = vq_add(in_queue, &seg, 0, 1);

	if (head >= 0)
		buffer_of_head[head % (int)ARRAY_SIZE(buffer_of_head)] = buffer;
}

int console_init(struct virtio_device *dev, map_pages_fn *map)
{
	int i;

	if (dev->queue_count < 2 || device_start(dev, 0, map) < 0)
		return -1;
	in_queue = &dev->queue[0];
	out_queue = &dev->queue[1];
	/* We watch the output ring ourselves: its interrupts would only cost. */
	out_queue->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	for (i = 0; i < IN_BUFFERS; i++)
		post_input(i);
	vq_kick(in_queue);
	device_ready(dev);
	console_input_irq = in_queue->irq;
	irq_unmask(console_input_irq);
	return 0;
}

/* The handler of queue 0: hand over every character, then give the buffer back. */
void console_interrupt(void (*take)(char c))
{
	u32 bytes, i;
	int head;

	while ((head = vq_get(in_queue, &bytes)) >= 0) {
		int buffer = buffer_of_head[head % (int)ARRAY_SIZE(buffer_of_head)];

		for (i = 0; i < min(bytes, IN_BYTES); i++)
			take(in_buffer[buffer][i]);
		post_input(buffer);
		vq_kick(in_queue);
	}
}
