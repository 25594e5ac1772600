/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:583
 * What port.h asks for, in terms of the emulated machine: its memory, its processor's registers,
 * the ports of its door.  And in place of the Switcher, 256 HLT instructions.
:*/
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "cpu/fpu.h"
#include "cpu/seg.h"
#include "cpu/system.h"
#include "lg.h"
#include "native.h"

#define INSN_HLT 0xf4

struct native {
	struct host host; /* first: port.h's functions find us by it */
	struct machine *m;
	struct door_page *page;
	struct lguest *guest;  /* whose turn it is, or NULL: we stand at the bell */
	uint32_t fresh, freed; /* the heap: as in ring0/memory.c */
	uint64_t armed;
	uint32_t stubs[256];
	bool told; /* that we are there */
};

_Static_assert(sizeof(struct fpu) <= sizeof(((struct lguest *)0)->fpu), "an FPU fits");

static struct native *home(struct host *host)
{
	return (struct native *)host;
}

/* --- memory ---------------------------------------------------------------------------------------- */

const void *port_look(struct host *host, hpa_t at)
{
	const struct mem *mem = &home(host)->m->mem;

	BUG_ON(!mem_is_ram(mem, at.v, 1));
	return mem->ram + at.v;
}

/* We are about to store somewhere from here to the end of the page. */
void *port_change(struct host *host, hpa_t at)
{
	struct mem *mem = &home(host)->m->mem;

	BUG_ON(!mem_is_ram(mem, at.v, 1));
	mem_note_store(mem, at.v, PAGE_SIZE - at.v % PAGE_SIZE);
	return mem->ram + at.v;
}

hpa_t port_alloc_page(struct host *host)
{
	struct native *n = home(host);
	const hpa_t freed = HPA(n->freed), fresh = HPA(n->fresh);
	le32_t *next;

	if (freed.v) {
		next = port_change(host, freed);
		n->freed = le32_get(*next);
		*next = le32(0);
		return freed;
	}
	if (fresh.v >= DOOR_HOST_END)
		return HPA(0);
	n->fresh += PAGE_SIZE;
	return fresh;
}

void port_free_page(struct host *host, hpa_t page)
{
	struct native *n = home(host);

	*(le32_t *)port_change(host, page) = le32(n->freed);
	n->freed = page.v;
}

/* --- the processor -------------------------------------------------------------------------------- */

gva_t port_fault_address(struct host *host)
{
	return GVA(home(host)->m->cpu.s.cr2);
}

/* What is kept between two turns is this processor's own idea of an FPU. */
void port_fpu_init(struct lguest *lg)
{
	struct fpu fpu;

	memset(&fpu, 0, sizeof(fpu));
	fpu_reset(&fpu);
	fpu.mxcsr = 0x1f80;
	memcpy(lg->fpu, &fpu, sizeof(fpu));
}

void port_fpu_save(struct lguest *lg)
{
	memcpy(lg->fpu, &home(lg->host)->m->cpu.s.fpu, sizeof(struct fpu));
}

void port_fpu_load(struct lguest *lg)
{
	memcpy(&home(lg->host)->m->cpu.s.fpu, lg->fpu, sizeof(struct fpu));
}

/* --- the door's ports ------------------------------------------------------------------------------ */

static uint32_t door_in(struct host *host, enum door_port port)
{
	const struct cpu_bus *bus = &home(host)->m->cpu.bus;

	return bus->port_in(bus->ctx, (uint16_t)port, 4);
}

static void door_out(struct host *host, enum door_port port, uint32_t v)
{
	const struct cpu_bus *bus = &home(host)->m->cpu.bus;

	bus->port_out(bus->ctx, (uint16_t)port, 4, v);
}

uint64_t port_clock(struct host *host)
{
	return machine_clock_ns(home(host)->m);
}

void port_arm_timer(struct host *host, uint64_t deadline)
{
	struct native *n = home(host);

	if (deadline == n->armed)
		return;
	n->armed = deadline;
	door_out(host, DOOR_TIMER_LO, (uint32_t)deadline);
	door_out(host, DOOR_TIMER_HI, (uint32_t)(deadline >> 32));
}

void port_wall_time(struct host *host, uint32_t *sec, uint32_t *nsec)
{
	*sec = door_in(host, DOOR_WALL_SEC);
	*nsec = door_in(host, DOOR_WALL_NSEC);
}

uint32_t port_tsc_khz(struct host *host)
{
	(void)host;
	return DOOR_TSC_KHZ;
}

uint32_t port_event_map(struct host *host)
{
	return door_in(host, DOOR_EVENT_MAP);
}

uint32_t port_events(struct host *host, unsigned guest)
{
	door_out(host, DOOR_EVENT_SEL, guest);
	return door_in(host, DOOR_EVENT);
}

/* --- into the Guest and out of it ------------------------------------------------------------------ */

/*H:900
 * This home needs no Switcher to change worlds: the Host is not in the machine, so there is nothing
 * to save on the way in and nothing to find on the way out.  But the CPU must go somewhere when the
 * Guest traps.  It comes, through the IDT in the state page and with the frame on the regs page as
 * ever, to one of 256 HLT instructions in the place of the Switcher's stubs.  Which one tells the
 * vector; and a CPU that has halted in ring 0 with interrupts off makes machine_run() come back.
 */
static void setup_stubs(struct native *n)
{
	unsigned i;

	n->host.switcher_code = port_alloc_page(&n->host);
	memset(port_change(&n->host, n->host.switcher_code), INSN_HLT, ARRAY_LEN(n->stubs));
	for (i = 0; i < ARRAY_LEN(n->stubs); i++)
		n->stubs[i] = SWITCHER_CODE + i;
	n->host.stubs = n->stubs;
}
/*:*/

static uint32_t table_base(struct table_pointer p)
{
	return le32_get(p.base);
}

/* Once, what the Switcher and setup_cpu() of the other home leave in the processor for good. */
static void setup_cpu(struct native *n)
{
	struct cpu *cpu = &n->m->cpu;
	struct cpu_state *s = &cpu->s;
	struct lguest_ro_state *state = port_change(&n->host, n->host.state_page);
	struct segment_descriptor *tss = &state->guest_gdt[GDT_ENTRY_TSS];
	const struct desc busy = {le32_get(tss->a), le32_get(tss->b) | SYS_TSS_BUSY << 8};

	cpu_reset(cpu);
	s->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s->cr4 = CR4_PSE;
	if (cpu->model.edx1 & CPUID_FXSR)
		s->cr4 |= CR4_OSFXSR;
	if (cpu->model.edx1 & CPUID_SSE)
		s->cr4 |= CR4_OSXMMEXCPT;
	s->gdtr = (struct dtable){table_base(state->guest_gdt_desc), sizeof(state->guest_gdt) - 1};
	s->idtr = (struct dtable){table_base(state->guest_idt_desc), sizeof(state->guest_idt) - 1};
	tss->b = le32(busy.hi);
	seg_unpack(&s->tr, GDT_ENTRY_TSS * 8, &busy);
	s->ldtr = (struct seg){0, 0, 0, 0}; /* there is none: any selector of it faults */
	seg_unpack(&s->seg[CS], LGUEST_CS, &(struct desc){0x0000ffff, 0x00cf9b00});
	seg_unpack(&s->seg[SS], LGUEST_DS, &(struct desc){0x0000ffff, 0x00cf9300});
	cpu_set_eflags(cpu, 0);
	cpu_state_changed(cpu);
}

/* An exception where none can be: in ring 0. */
static void fail(struct native *n, uint32_t vector, uint32_t error_code)
{
	n->m->failed = true;
	n->m->failure = (struct door_failure){le32(vector), le32(error_code), le32(n->m->cpu.s.cr2),
					      le32(n->m->cpu.s.eip), le32(0)};
}

static int load_segments(struct cpu *cpu, const struct lguest_regs *regs)
{
	return seg_load(cpu, GS, (uint16_t)le32_get(regs->gs)) ||
	       seg_load(cpu, FS, (uint16_t)le32_get(regs->fs)) ||
	       seg_load(cpu, DS, (uint16_t)le32_get(regs->ds)) ||
	       seg_load(cpu, ES, (uint16_t)le32_get(regs->es));
}

/*H:901
 * In: the Guest's page tables, its segments, its registers, and then an IRET from the frame in the
 * regs page.  All this is the processor's own doing, so the checks are the same as for the
 * Switcher's instructions.
 */
static void enter_guest(struct native *n, const struct lguest *lg)
{
	struct cpu *cpu = &n->m->cpu;
	const struct lguest_regs *regs = lg->regs;
	const uint32_t cr0 = (cpu->s.cr0 & ~(uint32_t)CR0_TS) | (lg->ts ? CR0_TS : 0);

	cpu->s.r[ESP] = SWITCHER_PAIR + LGUEST_REGS_OFFSET + offsetof(struct lguest_regs, eip);
	if (sys_mov_to_cr(cpu, 0, cr0) || sys_load_cr3(cpu, guest_shadow(lg).v) ||
	    load_segments(cpu, regs) || seg_iret(cpu, 4, 0)) {
		fail(n, cpu->trap.vector, cpu->trap.error);
		return;
	}
	cpu->s.r[EAX] = le32_get(regs->eax), cpu->s.r[EBX] = le32_get(regs->ebx);
	cpu->s.r[ECX] = le32_get(regs->ecx), cpu->s.r[EDX] = le32_get(regs->edx);
	cpu->s.r[ESI] = le32_get(regs->esi), cpu->s.r[EDI] = le32_get(regs->edi);
	cpu->s.r[EBP] = le32_get(regs->ebp);
}

static bool has_error_code(uint32_t vector)
{
	return vector == V_DF || (vector >= V_TS && vector <= V_PF) || vector == V_AC;
}

/* Out: the CPU stored the end of lg->regs by itself.  The rest is in the processor. */
static bool leave_guest(struct native *n, struct lguest *lg)
{
	struct cpu_state *s = &n->m->cpu.s;
	struct lguest_regs *regs = lg->regs;
	const uint32_t vector = s->eip - 1 - SWITCHER_CODE;

	s->halted = false;
	if (!has_error_code(vector))
		regs->errcode = le32(0);
	if (vector >= ARRAY_LEN(n->stubs) || !(le32_get(regs->cs) & 3)) {
		fail(n, vector, le32_get(regs->errcode));
		return false;
	}
	regs->trapnum = le32(vector);
	regs->eax = le32(s->r[EAX]), regs->ebx = le32(s->r[EBX]);
	regs->ecx = le32(s->r[ECX]), regs->edx = le32(s->r[EDX]);
	regs->esi = le32(s->r[ESI]), regs->edi = le32(s->r[EDI]);
	regs->ebp = le32(s->r[EBP]);
	regs->gs = le32(s->seg[GS].sel), regs->fs = le32(s->seg[FS].sel);
	regs->ds = le32(s->seg[DS].sel), regs->es = le32(s->seg[ES].sel);
	/* Interrupts were not for the Guest; this is where the other home runs its handlers. */
	if (vector == DOOR_VECTOR_TIMER)
		port_arm_timer(&n->host, PORT_NEVER);
	else if (vector == DOOR_VECTOR_EVENT)
		take_events(&n->host);
	return true;
}
/*:*/

/* --- the door -------------------------------------------------------------------------------------- */

struct native *native_create(struct machine *m)
{
	struct native *n = calloc(1, sizeof(*n));
	hpa_t page;

	if (!n)
		return NULL;
	n->m = m;
	n->fresh = DOOR_HOST_START;
	page = port_alloc_page(&n->host);
	n->page = port_change(&n->host, page);
	n->host.count = &n->page->count;
	n->host.state_page = port_alloc_page(&n->host);
	n->host.ram_top = m->mem.size_bytes;
	setup_stubs(n);
	host_init(&n->host);
	setup_cpu(n);
	door_out(&n->host, DOOR_PAGE, page.v);
	return n;
}

void native_destroy(struct native *n)
{
	free(n);
}

struct host *native_host(struct native *n)
{
	return &n->host;
}

/* The Guest goes on, unless there is something to tell. */
static bool next(struct native *n)
{
	struct lguest *lg = n->guest;
	const unsigned answer = turn_next(lg);

	if (!answer) {
		enter_guest(n, lg);
		return true;
	}
	host_answer_run(lg, answer, &n->page->ans);
	n->guest = NULL;
	return false;
}

/* At the bell, and somebody has left a request.  False: that was all, ring again. */
static bool take_request(struct native *n)
{
	if (!n->told) {
		n->told = true;
		n->page->ans.op = le32(DOOR_ANS_BOOTED);
		return false;
	}
	n->guest = host_request(&n->host, &n->page->req, &n->page->ans);
	return n->guest && next(n);
}

/*H:902
 * The Host's main loop, turned inside out.  While a Guest runs, the machine may have to come back
 * to whoever runs it, for a budget that is used up or an event that is due, and then be asked to go
 * on; so what we are in the middle of is kept in n->guest and not on a stack.
 */
enum machine_reason native_run(struct native *n, uint64_t max_insns)
{
	const struct cpu *cpu = &n->m->cpu;
	const uint64_t now = cpu_insns(cpu);
	const uint64_t end = max_insns > UINT64_MAX - now ? UINT64_MAX : now + max_insns;
	enum machine_reason why;

	if (!n->guest && !take_request(n))
		return MACHINE_BELL;
	for (;;) {
		why = machine_run(n->m, end - cpu_insns(cpu));
		if (why != MACHINE_IDLE)
			return why;
		if (!leave_guest(n, n->guest))
			return MACHINE_FAIL;
		turn_left(n->guest);
		if (!next(n))
			return MACHINE_BELL;
	}
}
/*:*/
