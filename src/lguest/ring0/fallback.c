/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:585
 * A launcher for those who have none: on a machine without a door, a Guest may come along as a
 * multiboot module, an ELF file.  It gets memory, a command line and a console that can only
 * print; no devices.  That is enough to ask another machine for its opinion.  Its first page tables
 * are none ("linear mode") unless the command line begins with "low" or "low_high".
 * A bzImage will do too, and a second module is an initrd.
:*/
#include "ring0.h"

#define MOST_MEMORY   (64u << 20)
#define CMDLINE	      0x1000u
#define CMDLINE_BYTES 2048u
#define EARLY_TEXT    256u

struct elf_header {
	uint8_t ident[16];
	le16_t type, machine;
	le32_t version, entry, phoff, shoff, flags;
	le16_t ehsize, phentsize, phnum;
};

struct elf_segment {
	le32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct module {
	le32_t start, end, string, reserved;
};

struct module_list {
	le32_t flags, other[4], count, address;
};

static bool starts_with(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return false;
	return true;
}

/* The machine's boot loader put its name first; what the Guest wants is what follows. */
static const char *arguments(const char *string)
{
	while (*string && *string != ' ')
		string++;
	while (*string == ' ')
		string++;
	return string;
}

/*H:890
 * The segments go where they want to be.  Returns where to start, or 0.
 */
static uint32_t load_elf(const uint8_t *file, uint32_t size, uint8_t *memory, uint32_t bytes)
{
	const struct elf_header *elf = (const void *)file;
	uint32_t i, phoff;

	if (size < sizeof(*elf) || le32_get(*(const le32_t *)elf->ident) != 0x464c457f ||
	    elf->ident[4] != 1 || le16_get(elf->machine) != 3)
		return 0;
	phoff = le32_get(elf->phoff);
	for (i = 0; i < le16_get(elf->phnum); i++) {
		const struct elf_segment *seg = (const void *)(file + phoff + i * sizeof(*seg));
		uint32_t from = le32_get(seg->offset), len = le32_get(seg->filesz);
		uint32_t to = le32_get(seg->paddr);

		if (phoff > size || size - phoff < (i + 1) * sizeof(*seg))
			return 0;
		if (le32_get(seg->type) != 1)
			continue;
		if (from > size || len > size - from || to > bytes || len > bytes - to)
			return 0;
		memcpy(memory + to, file + from, len);
	}
	return le32_get(elf->entry);
}

/* A bzImage unpacks itself, at ring 1. */
static uint32_t load_bzimage(const uint8_t *file, uint32_t size, uint8_t *memory, uint32_t bytes)
{
	uint32_t setup;

	if (size < 0x1000 || le32_get(*(const le32_t *)(file + 0x202)) != 0x53726448)
		return 0;
	setup = (file[0x1f1] + 1u) * 512;
	if (setup > size || size - setup > bytes - DOOR_HOST_START)
		return 0;
	memcpy(memory + DOOR_HOST_START, file + setup, size - setup);
	memcpy(memory + 0x230, file + 0x230, 4);
	memcpy(memory + 0x260, file + 0x260, 4);
	return le32_get(*(const le32_t *)(file + 0x214));
}

static void put32(uint8_t *at, uint32_t val)
{
	*(le32_t *)at = le32(val);
}

/* The page of boot parameters, guest-host.md 1.2, as far as anybody looks. */
static void boot_params(uint8_t *memory, uint32_t bytes, const char *cmdline)
{
	unsigned i;

	memory[0x1e8] = 1;	      /* one e820 entry: */
	put32(memory + 0x2d8, bytes); /* from 0, so long, */
	put32(memory + 0x2e0, 1);     /* and RAM */
	*(le16_t *)(memory + 0x206) = le16(0x207);
	memory[0x211] = 0x40;
	put32(memory + 0x228, CMDLINE);
	if (!le32_get(*(const le32_t *)(memory + 0x230)))
		put32(memory + 0x230, 0x1000000);
	put32(memory + 0x23c, 1);
	for (i = 0; i < CMDLINE_BYTES - 1 && cmdline[i]; i++)
		memory[CMDLINE + i] = (uint8_t)cmdline[i];
}

/* At the end of memory.  Returns where it begins, or where it would. */
static uint32_t load_initrd(const struct module *mod, uint8_t *memory, uint32_t bytes)
{
	uint32_t start = le32_get(mod->start), len = le32_get(mod->end) - start, at;

	at = (bytes - len) & PAGE_MASK;
	memcpy(memory + at, (const void *)start, len);
	memory[0x210] = 0xff;
	put32(memory + 0x218, at);
	put32(memory + 0x21c, bytes - at);
	return at;
}
/*:*/

static void print_early(const uint8_t *memory, uint32_t bytes, uint32_t at)
{
	unsigned i;

	for (i = 0; i < EARLY_TEXT && at + i < bytes && memory[at + i]; i++)
		host_print("%c", memory[at + i]);
}

/*H:891
 * What a Launcher does all day.
 */
static void run_until_dead(struct host *host, struct lguest *lg, const uint8_t *memory,
			   uint32_t bytes)
{
	static struct door_request req = {.op = {{DOOR_REQ_RUN}}};
	static struct door_answer ans;

	for (;;) {
		serve(host, &req, &ans);
		switch (le32_get(ans.op)) {
		case DOOR_ANS_NOTIFY: print_early(memory, bytes, le32_get(ans.arg[0])); break;
		case DOOR_ANS_HALTED:
			if (lg->deadline == PORT_NEVER) {
				host_print("lguest: idle for ever\n");
				return;
			}
			port_arm_timer(host, lg->deadline);
			asm volatile("sti; hlt; cli");
			break;
		case DOOR_ANS_QUANTUM: break;
		case DOOR_ANS_RESTART: host_print("lguest: restart\n"); return;
		default: host_print("lguest: %s\n", ans.text); return;
		}
	}
}
/*:*/

static void start_module(struct host *host, const struct module *mod, uint32_t count)
{
	const char *cmdline = arguments((const char *)le32_get(mod->string));
	uint32_t start = le32_get(mod->start), size = le32_get(mod->end) - start;
	uint32_t end = le32_get(mod[count - 1].end), base, bytes, entry, top;
	struct door_init init = {.boot_map = le32(DOOR_MAP_LINEAR)};
	struct lguest *lg = &host->guests[0];
	const char *wrong;

	base = end > DOOR_HOST_END ? end : DOOR_HOST_END;
	base = (base + DOOR_GUEST_ALIGN - 1) & ~(DOOR_GUEST_ALIGN - 1);
	if (host->ram_top < base + (2u << 20)) {
		host_print("lguest: no memory for a Guest\n");
		return;
	}
	bytes = (host->ram_top - base - DOOR_DEVICE_PAGES * PAGE_SIZE) & ~0xfffffu;
	if (bytes > MOST_MEMORY)
		bytes = MOST_MEMORY;
	memset((void *)base, 0, bytes + DOOR_DEVICE_PAGES * PAGE_SIZE);
	entry = load_elf((const uint8_t *)start, size, (uint8_t *)base, bytes);
	if (!entry)
		entry = load_bzimage((const uint8_t *)start, size, (uint8_t *)base, bytes);
	if (!entry) {
		host_print("lguest: neither a 32-bit ELF image nor a bzImage that fits\n");
		return;
	}
	boot_params((uint8_t *)base, bytes, cmdline);
	if (starts_with(cmdline, "low_high"))
		init.boot_map = le32(DOOR_MAP_LOW_HIGH);
	else if (starts_with(cmdline, "low"))
		init.boot_map = le32(DOOR_MAP_LOW);
	init.mem_base = le32(base);
	init.pfn_limit = init.device_limit = le32((bytes >> PAGE_SHIFT) + DOOR_DEVICE_PAGES);
	init.entry = le32(entry);
	top = count > 1 ? load_initrd(&mod[1], (uint8_t *)base, bytes) : bytes;
	init.boot_top = le32(top);
	init.ram_bytes = le32(bytes);
	wrong = initialize(lg, &init);
	if (wrong) {
		host_print("lguest: %s\n", wrong);
		return;
	}
	run_until_dead(host, lg, (const uint8_t *)base, bytes);
	destroy(lg);
	host_print("entries %u exits %u\n", (uint32_t)le64_get(host->count->entries),
		   (uint32_t)le64_get(host->count->exits));
}

void run_module(struct host *host, uint32_t multiboot_info)
{
	const struct module_list *list = (const void *)multiboot_info;

	if ((le32_get(list->flags) & 8) && le32_get(list->count))
		start_module(host, (const void *)le32_get(list->address), le32_get(list->count));
}
