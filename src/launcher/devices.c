/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:744
 * Which devices a Guest has: one explicit list, in the order of the command line, and the console
 * at its end, because that is where the original put it and a Guest that counts interrupt lines
 * will find everything where it was.  On the PCI bus the console comes first: there a Guest looks
 * for it in the first slot.
:*/
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "virtio/blk.h"
#include "virtio/console.h"
#include "virtio/rng.h"
#include "vm.h"

static void raise_irq(void *ctx, unsigned irq)
{
	struct guest *g = ctx;

	machine_raise(&g->vm->machine, g->id, 1u << irq);
	loop_wake(g);
}

static void print(void *ctx, const uint8_t *bytes, size_t n)
{
	struct guest *g = ctx;

	console_print(g, bytes, n);
}

/*L:300
 * A device knows no disk, and a disk knows no device: these three lines are where they meet.
 */
static int store_read(void *ctx, uint64_t off, void *to, uint32_t len)
{
	return disk_read(ctx, off, to, len);
}

static int store_write(void *ctx, uint64_t off, const void *from, uint32_t len)
{
	return disk_write(ctx, off, from, len);
}

static int store_flush(void *ctx)
{
	return disk_flush(ctx);
}
/*:*/

static int open_disk(struct guest *g, const struct lgemu_device *d, struct virtio_device **dev)
{
	struct complaint *c = &g->vm->error;
	struct disk_spec spec = {.path = d->path, .overlay = d->overlay};
	struct disk *disk;
	char why[DISK_WHY_BYTES], id[BLK_ID_BYTES + 1];
	int err;

	if (g->nr_disks == GUEST_DISKS)
		return complain(c, -ENFILE, "a guest has at most %u disks", GUEST_DISKS);
	if (d->flags & LGEMU_READ_ONLY)
		spec.flags |= DISK_READ_ONLY;
	if (d->flags & LGEMU_SNAPSHOT)
		spec.flags |= DISK_SNAPSHOT;
	err = disk_open(&spec, &disk, why);
	if (err)
		return complain(c, err, "%s", why);
	snprintf(id, sizeof(id), "lgemu-disk-%u", g->nr_disks);
	g->disk[g->nr_disks++] = disk;
	*dev = virtio_blk_create(&(struct blk_store){disk, disk->size_bytes, disk->read_only,
						     store_read, store_write, store_flush},
				 id);
	return 0;
}

static int bus_add(struct guest *g, struct virtio_device *dev)
{
	if (g->dma)
		return dma23_bus_add(g->dma, dev, net_seat(g->vm->net, dev));
	if (g->pci)
		return pci_bus_add(g->pci, dev);
	return g->config24 ? config24_bus_add(g->config24, dev) : lguest_bus_add(g->bus, dev);
}

/* dev may be NULL: there was no memory for it. */
static int plug(struct guest *g, struct virtio_device *dev, const char *what)
{
	struct complaint *c = &g->vm->error;
	int err;

	if (!dev)
		return complain(c, -ENOMEM, "out of memory");
	err = bus_add(g, dev);
	if (!err)
		return 0;
	virtio_destroy(dev);
	if (err == -ENODEV)
		return complain(c, err, "guests of release %s know no %s device",
				g->found.era->range, what);
	if (err == -ENFILE)
		return complain(c, err, "too many devices: a guest has %u interrupt lines",
				PCI_BUS_DEVICES);
	return complain(c, err, "too many devices: there are %u pages for them", LGUEST_BUS_PAGES);
}

static int add_console(struct guest *g)
{
	int err;

	g->console.dev = virtio_console_create(print, g);
	err = plug(g, g->console.dev, "console");
	if (err)
		g->console.dev = NULL;
	return err;
}

/* From one seed, other bytes for each Guest. */
static uint64_t seed_of(const struct guest *g)
{
	return g->vm->options.seed ^ (uint64_t)g->id << 32;
}

/* In real time no run is like another, so there the bytes may as well be good ones: the system's, unless
 * the user has chosen some. */
static int system_random(uint8_t *to, uint32_t n)
{
	while (n) {
		const ssize_t got = getrandom(to, n, 0);

		if (got < 0 && errno != EINTR)
			return -errno;
		to += got > 0 ? got : 0;
		n -= got > 0 ? (uint32_t)got : 0;
	}
	return 0;
}

static struct virtio_device *create_rng(const struct guest *g)
{
	const struct lgemu_options *o = &g->vm->options;

	return o->clock == LGEMU_REAL && !o->seed ? virtio_rng_create_from(system_random)
						  : virtio_rng_create(seed_of(g));
}

static int make_device(struct guest *g, const struct lgemu_device *d, struct virtio_device **dev,
		       const char **what)
{
	*dev = NULL;
	*what = "device";
	switch (d->kind) {
	case LGEMU_DISK: *what = "block"; return open_disk(g, d, dev);
	case LGEMU_NET: *what = "net"; return net_add(g, d, dev);
	case LGEMU_RNG:
		*what = "rng";
		*dev = create_rng(g);
		return 0;
	}
	return complain(&g->vm->error, -EINVAL, "there is no device of kind %d", d->kind);
}

static int add_devices(struct guest *g, const struct lgemu_guest_options *o)
{
	struct virtio_device *dev;
	const char *what;
	int err;

	if (g->pci && (err = add_console(g)))
		return err;
	for (unsigned i = 0; i < o->nr_devices; i++) { /* with none of them, devices may be NULL */
		err = make_device(g, &o->devices[i], &dev, &what);
		if (!err)
			err = plug(g, dev, what);
		if (err)
			return err;
	}
	return g->pci ? 0 : add_console(g);
}

static int create_bus(struct guest *g)
{
	const struct lguest_bus_profile *profile;

	switch (g->found.era->bus) {
	case ERA_BUS_PCI: g->pci = pci_bus_create(&g->gm, raise_irq, g); break;
	case ERA_BUS_FIELDS:
		g->config24 = config24_bus_create(&g->gm, config24_profile_find(g->found.text),
						  raise_irq, g);
		break;
	case ERA_BUS_LGUEST:
		profile = lguest_bus_profile_find(g->found.release);
		if (profile)
			g->bus = lguest_bus_create(&g->gm, profile, raise_irq, g);
		break;
	case ERA_BUS_DMA: g->dma = dma23_bus_create(&g->gm, raise_irq, g); break;
	}
	if (!g->pci && !g->config24 && !g->bus && !g->dma)
		return complain(&g->vm->error, -ENOMEM, "out of memory");
	return 0;
}

int devices_create(struct guest *g, const struct lgemu_guest_options *o)
{
	int err = create_bus(g);

	if (!err)
		err = add_devices(g, o);
	if (!err && g->dma)
		g->gm = *dma23_bus_memory(g->dma);
	return err;
}

void devices_restart(struct guest *g)
{
	if (g->dma)
		dma23_bus_restart(g->dma);
	else if (g->pci)
		pci_bus_restart(g->pci);
	else if (g->config24)
		config24_bus_restart(g->config24);
	else
		lguest_bus_restart(g->bus);
}

enum lguest_notify devices_notify(struct guest *g, gpa_t gpa, const char **why)
{
	return g->config24 ? config24_bus_notify(g->config24, gpa, why)
			   : lguest_bus_notify(g->bus, gpa, why);
}

/*L:303
 * The DMA bus.  The Host keeps the bindings, so what comes for a Guest needs one more question to
 * it; the loop asks that before it lets anybody run.
 */
void devices_dma_sent(struct guest *g, gpa_t dma, gpa_t key, const char **why)
{
	dma23_bus_send(g->dma, dma, key, why);
}

bool devices_want_buffer(struct guest *g)
{
	return g->dma && (g->state == GUEST_READY || g->state == GUEST_HALTED) &&
	       dma23_bus_wants(g->dma, &g->dma_key);
}

void devices_buffer(struct guest *g, const struct door_answer *ans, const char **why)
{
	if (le32_get(ans->op) == DOOR_ANS_BUFFER)
		dma23_bus_buffer(g->dma, GPA(le32_get(ans->arg[0])), le32_get(ans->arg[1]), why);
	else
		dma23_bus_no_buffer(g->dma, le32_get(ans->arg[0]), why);
}
/*:*/

size_t devices_early_text(const struct guest *g, gpa_t gpa, char *buf, size_t size)
{
	return g->config24 ? config24_bus_early_text(g->config24, gpa, buf, size)
			   : lguest_bus_early_text(g->bus, gpa, buf, size);
}

/*L:301
 * The older buses take pages behind the Guest's RAM and these are memory; the PCI bus takes none, and
 * what is behind it must fault.
 */
uint32_t devices_pfn_limit(const struct guest *g)
{
	uint32_t pages = 0;

	if (g->dma)
		return dma23_bus_memory(g->dma)->limit_bytes / PAGE_SIZE;
	if (g->config24)
		pages = config24_bus_pages(g->config24);
	else if (g->bus)
		pages = lguest_bus_pages(g->bus);
	return g->gm.ram_bytes / PAGE_SIZE + pages;
}

uint32_t devices_device_limit(const struct guest *g)
{
	return g->pci ? pci_bus_device_limit(g->pci) : devices_pfn_limit(g);
}
/*:*/

void devices_state(const struct guest *g, const struct virtio_sink *sink)
{
	if (g->dma)
		dma23_bus_state(g->dma, sink);
	else if (g->pci)
		pci_bus_state(g->pci, sink);
	else if (g->config24)
		config24_bus_state(g->config24, sink);
	else
		lguest_bus_state(g->bus, sink);
}

/*L:302
 * The end of a disk.  Not every Guest asks for a flush before it goes, and what an overlay has not
 * flushed it has not got; so we ask.
 */
static void end_disk(struct guest *g, struct disk *disk)
{
	if (disk_flush(disk))
		guest_warn(g, "what was written last to a disk may not be on it");
	disk_close(disk);
}
/*:*/

/* The bus first: its devices still hold the disks. */
void devices_destroy(struct guest *g)
{
	unsigned i;

	lguest_bus_destroy(g->bus);
	config24_bus_destroy(g->config24);
	pci_bus_destroy(g->pci);
	dma23_bus_destroy(g->dma);
	g->dma = NULL;
	g->bus = NULL;
	g->config24 = NULL;
	g->pci = NULL;
	g->console.dev = NULL;
	for (i = 0; i < g->nr_disks; i++)
		end_disk(g, g->disk[i]);
	g->nr_disks = 0;
}
