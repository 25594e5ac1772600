/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:742
 * A Guest before its first instruction: find out what its kernel is, put kernel, initrd and boot
 * parameters into its memory, and write down for the Host what it has to know.  All files are
 * opened in guest_open(); guest_load() may come again, when the Guest restarts.
:*/
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bootparam.h"
#include "genuine.h"
#include "initrd.h"
#include "vm.h"

extern const unsigned char lgemu_puppy_image[];
extern const uint32_t lgemu_puppy_image_size;

struct image_room guest_room(struct guest *g)
{
	return (struct image_room){&g->vm->machine.mem, g->gm.base, g->gm.ram_bytes, g->room_name,
				   "give the guest more with -m"};
}

/*L:310
 * Is this something we can run?  The order of the questions is the order in which people get it
 * wrong: not a kernel, a kernel of the wrong kind, one without guest support, one from before or after
 * lguest's time.
 */
static int check_era(struct guest *g, const char *abi)
{
	const struct era_found *f = &g->found;
	struct complaint *c = &g->vm->error;

	if (!abi && f->support == ERA_SUPPORT_NO)
		return complain(c, -ENOEXEC,
				"%s has no lguest guest support (CONFIG_LGUEST_GUEST); a kernel "
				"must be built with it, or named with --abi if it is",
				g->kernel.name);
	if (!f->era && f->release)
		return complain(c, -ENOEXEC,
				"%s is release %.40s; lguest existed from 2.6.23 to 4.13",
				g->kernel.name, f->text);
	if (!f->era)
		return complain(c, -ENOEXEC,
				"%s does not say of which release it is; say it with --abi",
				g->kernel.name);
	return 0;
}

static int open_kernel(struct guest *g, const struct lgemu_guest_options *o)
{
	struct complaint *c = &g->vm->error;
	struct elf_facts facts;
	int err;

	if (o->kernel)
		err = image_open(&g->kernel, o->kernel, "kernel", c);
	else
		err = image_embedded(&g->kernel, "the built-in guest", lgemu_puppy_image,
				     lgemu_puppy_image_size, c);
	if (err)
		return err;
	g->is_bz = !elf_is(&g->kernel);
	if (!g->is_bz)
		err = elf_check(&g->kernel, &facts, c);
	else if (bzimage_is(&g->kernel))
		err = bzimage_read(&g->kernel, &g->bz, c);
	else
		err = complain(c, -ENOEXEC, "%s is neither an ELF vmlinux nor a bzImage",
			       g->kernel.name);
	if (!err)
		err = era_find(&g->kernel, g->is_bz ? &g->bz : NULL, o->abi, false, &g->found, c);
	return err ? err : check_era(g, o->abi);
}

/* Until 2.6.24 each argument was followed by a blank, the last one, too, and a Guest shows it. */
static int copy_command_line(struct guest *g, const char *line)
{
	const size_t size = strlen(line) + 2;
	const bool blank = *line && g->found.era->blank_at_end;

	g->command_line = malloc(size);
	if (!g->command_line)
		return complain(&g->vm->error, -ENOMEM, "out of memory");
	snprintf(g->command_line, size, "%s%s", line, blank ? " " : "");
	return 0;
}

int guest_open(struct guest *g, const struct lgemu_guest_options *o)
{
	struct complaint *c = &g->vm->error;
	int err;

	if (o->name)
		snprintf(g->name, sizeof(g->name), "%s", o->name);
	else
		snprintf(g->name, sizeof(g->name), "guest%u", g->id);
	g->wake_ns = UINT64_MAX;
	g->cr3 = DOOR_NO_TABLES;
	err = open_kernel(g, o);
	if (!err)
		err = copy_command_line(g, o->command_line ? o->command_line : "");
	if (!err && o->initrd) {
		err = image_open(&g->initrd, o->initrd, "initrd", c);
		g->has_initrd = !err;
	}
	return err;
}

void guest_close(struct guest *g)
{
	devices_destroy(g);
	console_free(g);
	symbols_free(&g->symbols);
	image_close(&g->kernel);
	image_close(&g->initrd);
	free(g->command_line);
	g->command_line = NULL;
}

bool guest_is_over(const struct guest *g)
{
	return g->state == GUEST_ENDING || g->state == GUEST_ENDED;
}

void guest_warn(struct guest *g, const char *fmt, ...)
{
	const struct lgemu_options *o = &g->vm->options;
	const bool several = g->vm->nr_guests > 1;
	char what[400], text[500];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	snprintf(text, sizeof(text), "%s%s%s", several ? g->name : "", several ? ": " : "", what);
	if (o->warning)
		o->warning(o->ctx, text);
}

bool guest_lacks_support(struct guest *g)
{
	struct era_found deep;
	struct complaint c;

	return !era_find(&g->kernel, g->is_bz ? &g->bz : NULL, NULL, true, &deep, &c) &&
	       deep.support == ERA_SUPPORT_NO;
}
/*:*/

/* A page that was never touched must not become real by being cleared. */
static void clear_memory(struct guest *g)
{
	static const uint8_t zero[PAGE_SIZE];
	struct mem *mem = &g->vm->machine.mem;
	uint32_t len = g->gm.ram_bytes + DOOR_DEVICE_PAGES * PAGE_SIZE, at;
	uint8_t *page;

	for (at = g->gm.base; at < g->gm.base + len; at += PAGE_SIZE) {
		if (!memcmp(mem->ram + at, zero, PAGE_SIZE))
			continue;
		page = mem_pin(mem, at, PAGE_SIZE);
		memset(page, 0, PAGE_SIZE);
		mem_unpin(mem, at, PAGE_SIZE);
	}
}

static int load_kernel(struct guest *g, const struct image_room *room, struct elf_facts *facts)
{
	struct complaint *c = &g->vm->error;
	uint64_t end;
	int err;

	if (g->found.era->genuine)
		return genuine_load(&g->kernel, g->is_bz ? &g->bz : NULL, room, facts, c);
	if (!g->is_bz)
		return elf_load(&g->kernel, room, facts, c);
	err = bzimage_load(&g->kernel, &g->bz, room, c);
	end = BZIMAGE_LOAD + (g->kernel.size - g->bz.setup_bytes);
	if (end < g->bz.runtime_end)
		end = g->bz.runtime_end;
	facts->entry = g->bz.code32_start;
	facts->end = end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
	return err;
}

/*L:311
 * Up to 3.0 a Guest wakes up on page tables, which lie just below the initrd and which it takes for
 * free memory.  The Host builds them; we only see to it that nothing else is there.  One page each
 * for 2 MB is what the larger, PAE form takes.
 */
static uint32_t boot_tables_bytes(const struct guest *g)
{
	if (g->found.era->boot_map == DOOR_MAP_LINEAR)
		return 0;
	return (g->gm.ram_bytes / PAGE_SIZE / 512 + 3) * PAGE_SIZE;
}

/* What the first Guests have of their network from us: an identity, and the pages they share. */
static void fill_dma(struct guest *g)
{
	const struct guest_mem *gm = dma23_bus_memory(g->dma);
	unsigned i;

	_Static_assert(GM_SHARED_PAGES == DOOR_SHARED_PAGES, "all of them are told");
	g->init.guest_id = le32(net_guest_id(g));
	for (i = 0; i < gm->nr_shared; i++)
		g->init.shared[i] = (struct door_shared){le32(gm->shared[i].gpa >> PAGE_SHIFT),
							 le32(gm->shared[i].page)};
}

static void fill_init(struct guest *g, const struct elf_facts *facts, uint32_t boot_top)
{
	uint32_t flags = 0;

	if (g->found.pae)
		flags |= DOOR_INIT_PAE;
	if (g->pci)
		flags |= DOOR_INIT_MMIO;
	if (g->found.era->tight)
		flags |= DOOR_INIT_TIGHT;
	if (g->dma)
		flags |= DOOR_INIT_DMA;
	g->init = (struct door_init){
		.mem_base = le32(g->gm.base),
		.pfn_limit = le32(devices_pfn_limit(g)),
		.device_limit = le32(devices_device_limit(g)),
		.entry = le32(facts->entry),
		.boot_map = le32(g->found.era->boot_map),
		.boot_top = le32(boot_top),
		.ram_bytes = le32(g->gm.ram_bytes),
		.page_offset = le32(g->found.era->genuine ? facts->page_offset : 0),
		.flags = le32(flags),
	};
	if (g->dma)
		fill_dma(g);
}
/*:*/

/*L:312
 * Loading.  Memory is empty, or made so; then kernel, initrd, boot page.  Where the kernel ends is
 * known (for a bzImage only since protocol 2.10), so what does not fit is refused here instead of
 * dying mysteriously later.
 */
int guest_load(struct guest *g)
{
	struct image_room room = guest_room(g);
	struct complaint *c = &g->vm->error;
	struct bootparam bp = {
		.protocol = !g->found.era->genuine,
		.ram_bytes = g->gm.ram_bytes,
		.kernel_alignment = g->bz.kernel_alignment,
		.init_size = g->bz.init_size,
		.command_line = g->command_line,
	};
	struct elf_facts facts;
	uint32_t top = g->gm.ram_bytes;
	int err;

	if (g->loaded)
		clear_memory(g);
	g->loaded = true;
	devices_restart(g);
	err = load_kernel(g, &room, &facts);
	if (err)
		return err;
	if (facts.end > g->gm.ram_bytes || g->gm.ram_bytes - facts.end < boot_tables_bytes(g))
		return complain(c, -EFBIG, "%s does not fit into %s; %s", g->kernel.name, room.name,
				room.remedy);
	if (g->has_initrd) {
		err = initrd_load(&g->initrd, &room, facts.end + boot_tables_bytes(g), &bp.initrd,
				  &bp.initrd_bytes, c);
		if (err)
			return err;
		top = bp.initrd;
	}
	if (!bootparam_write(&bp, &room))
		return complain(c, -EFBIG, "%s is too small for any kernel; %s", room.name,
				room.remedy);
	fill_init(g, &facts, top);
	return 0;
}
/*:*/
