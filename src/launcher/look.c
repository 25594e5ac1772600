/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:733
 * The rest of lgemu.h: running, and looking at a machine that does not run.  All of it reads; the
 * few functions that write go through the same doors as everybody else.
:*/
#include <errno.h>
#include <string.h>

#include "cpu/block.h"
#include "cpu/disasm.h"
#include "cpu/insn.h"
#include "mmu/paging.h"
#include "vm.h"

_Static_assert(LGEMU_SWITCHER == DOOR_SWITCHER, "lgemu.h and door.h speak of one Switcher");

enum lgemu_reason lgemu_run(struct lgemu *vm, uint64_t max_insns)
{
	return loop_run(vm, max_insns);
}

enum lgemu_reason lgemu_step(struct lgemu *vm)
{
	return loop_run(vm, 1);
}

void lgemu_stop(struct lgemu *vm)
{
	vm->stop = 1;
}

const char *lgemu_death(const struct lgemu *vm, unsigned guest)
{
	return vm->guest[guest].death;
}

int lgemu_failure(const struct lgemu *vm, struct lgemu_failure *failure)
{
	if (!vm->has_failure)
		return -ENOENT;
	*failure = vm->failure;
	return 0;
}

/* --- registers and memory --------------------------------------------------------------------- */

void lgemu_registers(const struct lgemu *vm, struct lgemu_registers *r)
{
	const struct cpu *cpu = &vm->machine.cpu;
	const struct cpu_state *s = &cpu->s;

	*r = (struct lgemu_registers){
		.eax = s->r[EAX],
		.ecx = s->r[ECX],
		.edx = s->r[EDX],
		.ebx = s->r[EBX],
		.esp = s->r[ESP],
		.ebp = s->r[EBP],
		.esi = s->r[ESI],
		.edi = s->r[EDI],
		.eip = s->eip,
		.eflags = cpu_eflags(cpu),
		.es = s->seg[ES].sel,
		.cs = s->seg[CS].sel,
		.ss = s->seg[SS].sel,
		.ds = s->seg[DS].sel,
		.fs = s->seg[FS].sel,
		.gs = s->seg[GS].sel,
		.ldtr = s->ldtr.sel,
		.tr = s->tr.sel,
		.cs_base = s->seg[CS].base,
		.cr0 = s->cr0,
		.cr2 = s->cr2,
		.cr3 = s->cr3,
		.cr4 = s->cr4,
		.cpl = s->cpl,
		.code32 = s->seg[CS].attr & SEG_DB,
	};
}

void lgemu_set_registers(struct lgemu *vm, const struct lgemu_registers *r)
{
	struct cpu *cpu = &vm->machine.cpu;
	const uint32_t all[8] = {
		[EAX] = r->eax, [ECX] = r->ecx, [EDX] = r->edx, [EBX] = r->ebx,
		[ESP] = r->esp, [EBP] = r->ebp, [ESI] = r->esi, [EDI] = r->edi,
	};

	memcpy(cpu->s.r, all, sizeof(all));
	cpu->s.eip = r->eip;
	flags_set(&cpu->s.fl, r->eflags);
	cpu_state_changed(cpu);
}

/* Machine-physical address of a byte, and how many more are in one piece with it. */
static bool translate(const struct lgemu *vm, unsigned space, uint32_t addr, uint32_t *pa,
		      uint32_t *room)
{
	const struct mem *mem = &vm->machine.mem;
	const struct guest_mem *gm;

	switch (space) {
	case LGEMU_MACHINE:
		*pa = addr;
		*room = addr < mem->size_bytes ? mem->size_bytes - addr : 0;
		return *room;
	case LGEMU_LINEAR:
		*room = PAGE_SIZE - addr % PAGE_SIZE;
		return walk_peek(mem, &vm->machine.cpu.paging, addr, pa);
	}
	if (space - LGEMU_GUEST >= vm->nr_guests)
		return false;
	gm = &vm->guest[space - LGEMU_GUEST].gm;
	*room = gm->nr_shared ? PAGE_SIZE - addr % PAGE_SIZE : gm->limit_bytes - addr;
	return gm_place(gm, GPA(addr), 1, pa);
}

static bool all_there(const struct lgemu *vm, unsigned space, uint32_t addr, uint32_t len)
{
	uint32_t pa, room, n;

	for (; len; len -= n, addr += n) {
		if (!translate(vm, space, addr, &pa, &room))
			return false;
		n = len < room ? len : room;
		if (!mem_is_ram(&vm->machine.mem, pa, n))
			return false;
	}
	return true;
}

int lgemu_read(const struct lgemu *vm, unsigned space, uint32_t addr, void *to, uint32_t len)
{
	uint8_t *p = to;
	uint32_t pa, room, n;

	if (!all_there(vm, space, addr, len))
		return -EFAULT;
	for (; len; len -= n, addr += n, p += n) {
		if (!translate(vm, space, addr, &pa, &room))
			return -EFAULT;
		n = len < room ? len : room;
		if (!mem_read(&vm->machine.mem, pa, p, n))
			return -EFAULT;
	}
	return 0;
}

int lgemu_write(struct lgemu *vm, unsigned space, uint32_t addr, const void *from, uint32_t len)
{
	const uint8_t *p = from;
	uint32_t pa, room, n;

	if (!all_there(vm, space, addr, len))
		return -EFAULT;
	for (; len; len -= n, addr += n, p += n) {
		if (!translate(vm, space, addr, &pa, &room))
			return -EFAULT;
		n = len < room ? len : room;
		if (!mem_write(&vm->machine.mem, pa, p, n))
			return -EFAULT;
	}
	return 0;
}

/* As many bytes of an instruction as there are. */
static unsigned fetch(const struct lgemu *vm, uint32_t addr, uint8_t *code)
{
	unsigned n;

	for (n = 0; n < INSN_MAX; n++)
		if (lgemu_read(vm, LGEMU_LINEAR, addr + n, code + n, 1))
			break;
	return n;
}

int lgemu_disassemble(const struct lgemu *vm, uint32_t addr, bool code32, char *out, size_t size)
{
	uint8_t code[INSN_MAX];
	unsigned avail = fetch(vm, addr, code);
	int len;

	if (!avail)
		return -EFAULT;
	len = disasm(code, avail, code32, addr, out, size);
	return len > 0 ? len : -EILSEQ;
}

/*L:820
 * The way to a failure.  The processor notes the blocks of ring-0 code it enters; their
 * instructions are found by decoding them once more.
 */
static unsigned block_insns(const struct lgemu *vm, uint32_t eip, unsigned n, uint32_t *to)
{
	uint8_t code[INSN_MAX];
	struct insn in;
	unsigned i;
	int len;

	for (i = 0; i < n; i++) {
		to[i] = eip;
		len = insn_decode(code, fetch(vm, eip, code), true, &in);
		if (len <= 0)
			return i + 1;
		eip += (uint32_t)len;
	}
	return n;
}

unsigned lgemu_history(const struct lgemu *vm, uint32_t *eip, unsigned max)
{
	const struct cpu_history *h = &vm->history;
	uint32_t insns[64];
	unsigned nr = 0, i, n, slot;

	/* From the newest back, until there are enough; eip is filled from its end. */
	for (i = 1; i <= CPU_HISTORY && nr < max; i++) {
		slot = (h->next + CPU_HISTORY - i) % CPU_HISTORY;
		n = h->e[slot].n < ARRAY_LEN(insns) ? h->e[slot].n : ARRAY_LEN(insns);
		n = block_insns(vm, h->e[slot].eip, n, insns);
		while (n && nr < max)
			eip[max - ++nr] = insns[--n];
	}
	memmove(eip, eip + max - nr, nr * sizeof(*eip));
	return nr;
}
/*:*/

/* Read at the first question; whoever asks no question need not wait for it. */
static const char *symbol(struct symbols *table, const struct image *img, uint32_t addr,
			  uint32_t *offset)
{
	const struct symbol *s;

	if (!table->read)
		symbols_read(table, img);
	s = symbols_find(table, addr);
	if (!s)
		return NULL;
	*offset = addr - s->addr;
	return s->name;
}

const char *lgemu_symbol(const struct lgemu *m, uint32_t addr, uint32_t *offset)
{
	struct lgemu *vm = (struct lgemu *)(uintptr_t)m;

	return symbol(&vm->symbols, &vm->host, addr, offset);
}

const char *lgemu_guest_symbol(const struct lgemu *m, uint32_t addr, uint32_t *offset)
{
	struct lgemu *vm = (struct lgemu *)(uintptr_t)m;
	struct guest *g = &vm->guest[vm->turn];

	return g->is_bz ? NULL : symbol(&g->symbols, &g->kernel, addr, offset);
}

const char *lgemu_rung(unsigned n, const char **what)
{
	const struct cpu_rung_text *text = cpu_rung_text(n);

	if (!text)
		return NULL;
	*what = text->what;
	return text->name;
}

/* --- counting ------------------------------------------------------------------------------------ */

void lgemu_counts(const struct lgemu *vm, struct lgemu_counts *c)
{
	const struct cpu *cpu = &vm->machine.cpu;
	const uint64_t *ring = cpu->s.insns;

	*c = (struct lgemu_counts){
		.insns = cpu_insns(cpu),
		.ring = {ring[0], ring[1], ring[2], ring[3]},
		.switcher = cpu->range.insns,
		.guest = ring[1] + ring[2] + ring[3],
		.clock_ns = machine_clock_ns(&vm->machine),
		.idle_ns = cpu->idle_ns,
	};
	c->host = ring[0] - c->switcher;
}

static void read_counters(const struct door_counters *d, struct lgemu_stats *s)
{
	unsigned i;

	s->entries = le64_get(d->entries);
	s->exits = le64_get(d->exits);
	for (i = 0; i < LGEMU_EXITS; i++)
		s->exit[i] = le64_get(d->exit[i]);
	for (i = 0; i < LGEMU_HCALLS; i++)
		s->hcall[i] = le64_get(d->hcall[i]);
	s->async_hcalls = le64_get(d->async_hcalls);
	s->shadow_faults = le64_get(d->shadow_faults);
	s->reflected = le64_get(d->reflected);
	s->interrupts = le64_get(d->interrupts);
	s->emulated = le64_get(d->emulated);
	s->shadow_pages = le64_get(d->shadow_pages);
}

void lgemu_stats(const struct lgemu *vm, struct lgemu_stats *s)
{
	const struct machine *m = &vm->machine;
	struct door_counters d;

	memset(s, 0, sizeof(*s));
	if (m->door_page &&
	    mem_read(&m->mem, m->door_page + offsetof(struct door_page, count), &d, sizeof(d)))
		read_counters(&d, s);
	s->tlb_misses = m->cpu.tlb_misses;
	s->timer_interrupts = m->timer_interrupts;
	s->event_interrupts = m->event_interrupts;
	s->block_bytes = m->cpu.cache->used;
	s->block_bytes_most = m->cpu.cache->size;
	s->blocks_decoded = m->cpu.cache->translated;
	s->blocks_heated = m->cpu.cache->heated;
	s->block_flushes = m->cpu.cache->flushes;
}

const char *lgemu_vector_name(unsigned v)
{
	static const char *const names[] = {
		[V_DE] = "divide error",
		[V_DB] = "debug",
		[V_NMI] = "non-maskable interrupt",
		[V_BP] = "breakpoint",
		[V_OF] = "overflow",
		[V_BR] = "bound range",
		[V_UD] = "invalid opcode",
		[V_NM] = "device not available",
		[V_DF] = "double fault",
		[V_TS] = "invalid TSS",
		[V_NP] = "segment not present",
		[V_SS] = "stack fault",
		[V_GP] = "general protection",
		[V_PF] = "page fault",
		[V_MF] = "x87 error",
		[V_AC] = "alignment check",
		[V_MC] = "machine check",
		[V_XM] = "SIMD error",
		[0x1f] = "hypercall",
		[DOOR_VECTOR_TIMER] = "timer interrupt",
		[DOOR_VECTOR_EVENT] = "event interrupt",
		[0x80] = "system call",
		[256] = "Switcher fault",
	};

	return v < ARRAY_LEN(names) ? names[v] : NULL;
}

const char *lgemu_hcall_name(unsigned nr)
{
	static const char *const names[LGEMU_HCALLS] = {
		[0] = "FLUSH_ASYNC",	    [1] = "LGUEST_INIT", [2] = "SHUTDOWN",
		[3] = "LOAD_GDT",	    [4] = "NEW_PGTABLE", [5] = "FLUSH_TLB",
		[6] = "LOAD_IDT_ENTRY",	    [7] = "SET_STACK",	 [8] = "TS",
		[9] = "SET_CLOCKEVENT",	    [10] = "HALT",	 [12] = "BIND_DMA",
		[13] = "SET_PMD, SEND_DMA", [14] = "SET_PTE",	 [15] = "SET_PGD",
		[16] = "LOAD_TLS",	    [17] = "NOTIFY",	 [18] = "LOAD_GDT_ENTRY",
		[19] = "SEND_INTERRUPTS",   [31] = "unknown",
	};

	return nr < LGEMU_HCALLS ? names[nr] : NULL;
}

uint64_t lgemu_guest_hash(const struct lgemu *vm, unsigned guest)
{
	return state_guest_hash(&vm->guest[guest]);
}

#ifndef LG_VERSION
#define LG_VERSION "unknown"
#endif
#ifndef LG_BUILD
#define LG_BUILD "unknown"
#endif

const char *lgemu_version(void)
{
	return LG_VERSION;
}

const char *lgemu_build(void)
{
	return LG_BUILD;
}
