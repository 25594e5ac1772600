/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:741
 * Putting the Host into the machine.  It is an ELF file with a multiboot header, and we do what any
 * multiboot loader does: load it, say how much memory there is, and jump to it.  Nothing here
 * depends on whose Host it is, which is the point: --host-image brings another.
:*/
#include <errno.h>
#include <string.h>

#include "vm.h"

#define MULTIBOOT_HEADER_MAGIC	0x1badb002u
#define MULTIBOOT_HEADER_WITHIN 8192u
#define MULTIBOOT_LOADED_MAGIC	0x2badb002u
#define MULTIBOOT_INFO		0x1000u /* anywhere in low memory; nothing else is there */
#define MULTIBOOT_HAS_MEMORY	1u

struct multiboot_info {
	le32_t flags, mem_lower, mem_upper; /* in KB: below 640 KB, and from 1 MB up */
	uint8_t rest[104];
};

static bool has_multiboot_header(const struct image *img)
{
	uint64_t at;
	le32_t word[3];

	for (at = 0; at + sizeof(word) <= MULTIBOOT_HEADER_WITHIN; at += 4) {
		if (image_read(img, at, word, sizeof(word)))
			return false;
		if (le32_get(word[0]) == MULTIBOOT_HEADER_MAGIC &&
		    !(le32_get(word[0]) + le32_get(word[1]) + le32_get(word[2])))
			return true;
	}
	return false;
}

/*L:320
 * The processor as multiboot wants it: protected mode, flat segments, no paging, no interrupts.
 */
static void set_cpu(struct cpu *cpu, uint32_t entry)
{
	static const uint16_t code = SEG_P | SEG_S | SEG_CODE | SEG_R | SEG_A | SEG_DB | SEG_G;
	static const uint16_t data = SEG_P | SEG_S | SEG_W | SEG_A | SEG_DB | SEG_G;
	struct cpu_state *s = &cpu->s;
	unsigned i;

	cpu_reset(cpu);
	for (i = 0; i < NR_SEGS; i++)
		s->seg[i] = (struct seg){0x10, data, 0, 0xffffffff};
	s->seg[CS] = (struct seg){0x08, code, 0, 0xffffffff};
	s->cr0 = CR0_PE | CR0_ET;
	s->r[EAX] = MULTIBOOT_LOADED_MAGIC;
	s->r[EBX] = MULTIBOOT_INFO;
	s->eip = entry;
	cpu_set_eflags(cpu, 0);
	cpu_state_changed(cpu);
}

int host_load(struct lgemu *vm)
{
	struct mem *mem = &vm->machine.mem;
	const struct image_room room = {mem, 0, DOOR_HOST_END, "the Host's 16 MB",
					"make it smaller"};
	struct multiboot_info info = {
		.flags = le32(MULTIBOOT_HAS_MEMORY),
		.mem_lower = le32(640),
		.mem_upper = le32((mem->size_bytes - DOOR_HOST_START) >> 10),
	};
	struct elf_facts facts;
	int err;

	if (!elf_is(&vm->host))
		return complain(&vm->error, -ENOEXEC, "the Host %s is not an ELF file",
				vm->host.name);
	if (!has_multiboot_header(&vm->host))
		return complain(&vm->error, -ENOEXEC, "the Host %s has no multiboot header",
				vm->host.name);
	err = elf_load(&vm->host, &room, &facts, &vm->error);
	if (err)
		return err;
	if (facts.entry < DOOR_HOST_START || !mem_write(mem, MULTIBOOT_INFO, &info, sizeof(info)))
		return complain(&vm->error, -ENOEXEC, "the Host %s starts at %#x, below 1 MB",
				vm->host.name, facts.entry);
	set_cpu(&vm->machine.cpu, facts.entry);
	return 0;
}
/*:*/
