/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:580
 * The Launcher's side of the Host.  On a real machine this was a character device: write a request
 * to it, read from it to run the Guest.  Ours is the door, and this file is what stands behind:
 * make a Guest, run it, forget it.  The Launcher is trusted with its own Guests, but a request
 * that makes no sense is refused and not guessed at.
:*/
#include <stdarg.h>

#include "lg.h"

/* The state page is the same for all Guests, save for what prepare_to_run() changes. */
static void setup_state_page(struct host *host)
{
	struct lguest_ro_state *state = port_change(host, host->state_page);
	const uint32_t idt = SWITCHER_STATE + offsetof(struct lguest_ro_state, guest_idt);
	const uint32_t gdt = SWITCHER_STATE + offsetof(struct lguest_ro_state, guest_gdt);
	const uint32_t tss = SWITCHER_STATE + offsetof(struct lguest_ro_state, guest_tss);
	struct segment_descriptor *d = state->guest_gdt;

	state->guest_idt_desc.limit = le16(sizeof(state->guest_idt) - 1);
	state->guest_idt_desc.base = le32(idt);
	state->guest_gdt_desc.limit = le16(sizeof(state->guest_gdt) - 1);
	state->guest_gdt_desc.base = le32(gdt);
	/* The frame of whatever ends the Guest's turn lands at the end of its regs page. */
	state->guest_tss.esp0 = le32(SWITCHER_STATE);
	state->guest_tss.ss0 = le32(LGUEST_DS);
	/* No I/O bitmap: every port is forbidden. */
	state->guest_tss.io_map_base = le16(sizeof(state->guest_tss));

	d[GDT_ENTRY_LGUEST_CS] = (struct segment_descriptor){le32(0x0000ffff), le32(0x00cf9b00)};
	d[GDT_ENTRY_LGUEST_DS] = (struct segment_descriptor){le32(0x0000ffff), le32(0x00cf9300)};
	d[GDT_ENTRY_TSS].a = le32(tss << 16 | (sizeof(state->guest_tss) - 1));
	d[GDT_ENTRY_TSS].b = le32((tss & 0xff000000) | 0x8900 | (tss >> 16 & 0xff));
	setup_default_idt_entries(host);
}

/*H:060
 * Once, before the first Guest.  The home has filled in its part of "struct host".
 */
void host_init(struct host *host)
{
	unsigned i;

	host->next_deadline = PORT_NEVER;
	for (i = 0; i < DOOR_GUESTS; i++) {
		host->guests[i].host = host;
		host->guests[i].id = i;
	}
	setup_state_page(host);
}
/*:*/

/* The registers of a Guest at its first instruction.  ESI 0 points at the boot parameters. */
static void setup_regs(struct lguest *lg, uint32_t start)
{
	struct lguest_regs *regs = lg->regs;

	regs->ds = regs->es = regs->ss = le32(KERNEL_DS);
	regs->cs = le32(KERNEL_CS);
	regs->eip = le32(start);
	regs->eflags = le32(X86_EFLAGS_FIXED | X86_EFLAGS_IF);
}

/*H:062
 * Does it make sense?  NULL if it does.
 */
static const char *check_memory(const struct lguest *lg)
{
	const uint32_t pages = lg->ram_bytes >> PAGE_SHIFT;
	const uint32_t room = (DOOR_RAM_LIMIT - lg->mem_base.v) >> PAGE_SHIFT;

	if (!lg->pfn_limit || lg->pfn_limit > room || lg->device_limit < lg->pfn_limit ||
	    lg->device_limit > 1u << 20)
		return "limits of Guest memory make no sense";
	if (lg->mem_base.v + (lg->pfn_limit << PAGE_SHIFT) > lg->host->ram_top)
		return "Guest memory is larger than the machine's";
	if ((lg->ram_bytes & ~PAGE_MASK) || pages > lg->pfn_limit)
		return "RAM of the Guest is not within its memory";
	return NULL;
}

static const char *check_boot_map(const struct lguest *lg)
{
	const uint32_t pages = lg->ram_bytes >> PAGE_SHIFT;

	if (lg->boot_map > DOOR_MAP_HIGH)
		return "unknown boot map";
	if (lg->boot_map == DOOR_MAP_HIGH &&
	    (!lg->page_offset || (lg->page_offset & 0x3fffff) || lg->page_offset >= lg->limit))
		return "page offset makes no sense";
	if (lg->boot_map == DOOR_MAP_LINEAR)
		return NULL;
	/* Enough for the larger, PAE form, and not so low that it hits the boot parameters. */
	if ((lg->boot_top & ~PAGE_MASK) || lg->boot_top > lg->ram_bytes ||
	    lg->boot_top >> PAGE_SHIFT < pages / 512 + 0x100)
		return "no room for boot page tables";
	return NULL;
}
/*:*/

/* Pages that are not in this Guest's region. */
static const char *take_shared(struct lguest *lg, const struct door_init *init)
{
	unsigned i;

	for (i = 0; i < DOOR_SHARED_PAGES; i++) {
		const uint32_t pfn = le32_get(init->shared[i].pfn);
		const uint32_t page = le32_get(init->shared[i].page);

		if (!pfn)
			continue;
		if (pfn < lg->ram_bytes >> PAGE_SHIFT || pfn >= lg->pfn_limit ||
		    (page & ~PAGE_MASK) || page < DOOR_HOST_END ||
		    page > lg->host->ram_top - PAGE_SIZE)
			return "a shared page makes no sense";
		if (pfn < lg->own_pfns)
			lg->own_pfns = pfn;
		lg->shared[lg->nr_shared++] = (struct shared_page){pfn, HPA(page)};
	}
	return NULL;
}

static void take_parameters(struct lguest *lg, const struct door_init *init)
{
	lg->mem_base = HPA(le32_get(init->mem_base));
	lg->pfn_limit = lg->own_pfns = le32_get(init->pfn_limit);
	lg->device_limit = le32_get(init->device_limit);
	lg->boot_map = le32_get(init->boot_map);
	lg->boot_top = le32_get(init->boot_top);
	lg->ram_bytes = le32_get(init->ram_bytes);
	lg->page_offset = le32_get(init->page_offset);
	lg->flags = le32_get(init->flags);
	lg->guest_id = le32_get(init->guest_id);
	lg->pae = lg->flags & DOOR_INIT_PAE;
	lg->format_known = lg->pae;
	lg->deadline = PORT_NEVER;
	lg->limit = 0u - RESERVE_MEM; /* until INIT says more */
}

/*H:061
 * A Guest is born: its registers, its descriptors, the page tables it wakes up on.  Everything in
 * "struct lguest" that is not set here begins as zero.  Returns NULL, or why not.
 */
const char *initialize(struct lguest *lg, const struct door_init *init)
{
	struct host *host = lg->host;
	const unsigned id = lg->id;
	const char *wrong;

	memset(lg, 0, sizeof(*lg));
	lg->host = host;
	lg->id = id;
	take_parameters(lg, init);
	wrong = check_memory(lg);
	if (!wrong)
		wrong = take_shared(lg, init);
	if (!wrong)
		wrong = check_boot_map(lg);
	if (wrong)
		return wrong;

	lg->regs_page = alloc_page(lg);
	if (!lg->regs_page.v)
		return "the Host has no memory left";
	lg->regs = (struct lguest_regs *)((uint8_t *)port_change(host, lg->regs_page) +
					  LGUEST_REGS_OFFSET);
	setup_regs(lg, le32_get(init->entry));
	setup_guest_gdt(lg);
	port_fpu_init(lg);
	if (!init_guest_pagetable(lg)) {
		destroy(lg);
		return "the Host has no memory left";
	}
	lg->exists = true;
	build_boot_tables(lg);
	return NULL;
}

void destroy(struct lguest *lg)
{
	if (lg->host->last == lg)
		lg->host->last = NULL;
	free_guest_pagetable(lg);
	memset(port_change(lg->host, lg->regs_page), 0, PAGE_SIZE);
	port_free_page(lg->host, lg->regs_page);
	lg->exists = false;
	set_next_deadline(lg->host);
}
/*:*/

/* The registers in the order in which Linux keeps them, for Launchers that look. */
static void show_regs(const struct lguest *lg, struct door_regs *to)
{
	const struct lguest_regs *r = lg->regs;

	to->ebx = r->ebx, to->ecx = r->ecx, to->edx = r->edx, to->esi = r->esi;
	to->edi = r->edi, to->ebp = r->ebp, to->eax = r->eax;
	to->ds = r->ds, to->es = r->es, to->fs = r->fs, to->gs = r->gs;
	to->orig_eax = le32(0);
	to->eip = r->eip, to->cs = r->cs, to->eflags = r->eflags, to->esp = r->esp, to->ss = r->ss;
}

/*H:066
 * The Launcher has acted out the instruction we gave it: take the registers that it may change.
 * Or it could not, and the Guest gets its trap after all.
 */
static void finish_trap(struct lguest *lg, const struct door_request *req)
{
	struct lguest_regs *r = lg->regs;
	const struct door_regs *from = &req->regs;
	const uint32_t vector = le32_get(req->trap);

	lg->trap_told = false;
	if (vector) {
		if (!deliver_trap(lg, vector))
			kill_guest(lg, "unhandled trap %li at %#lx (%#lx)", (long)vector,
				   (unsigned long)le32_get(r->eip), (unsigned long)lg->trap_detail);
		return;
	}
	r->ebx = from->ebx, r->ecx = from->ecx, r->edx = from->edx, r->esi = from->esi;
	r->edi = from->edi, r->ebp = from->ebp, r->eax = from->eax;
	r->eip = from->eip, r->esp = from->esp;
}
/*:*/

/* Which dialect the Guest turned out to speak, for the Launcher to compare with its guess; and where
 * its page tables are, should anybody want to look. */
static void tell_abi(const struct lguest *lg, struct door_answer *ans)
{
	ans->layout = le32(lg->abi ? lg->abi->layout + 1 : 0);
	ans->hcall_insn = le32(lg->hcall_insn);
	ans->pae = le32(lg->pae);
	ans->cr3 = le32(lg->linear ? DOOR_NO_TABLES : lg->pgdir->gpgdir);
}

/*H:065
 * The answer to RUN.  What was pending has now been told, and is forgotten.
 */
void host_answer_run(struct lguest *lg, unsigned op, struct door_answer *ans)
{
	ans->op = le32(op);
	ans->woken = le32(lg->host->woken);
	lg->host->woken = 0;
	tell_abi(lg, ans);
	show_regs(lg, &ans->regs);
	switch (op) {
	case DOOR_ANS_NOTIFY:
		ans->arg[0] = le32(lg->notify);
		lg->notify_pending = false;
		break;
	case DOOR_ANS_DMA:
		ans->arg[0] = le32(lg->dma[0]);
		ans->arg[1] = le32(lg->dma[1]);
		lg->dma_pending = false;
		break;
	case DOOR_ANS_TRAP:
		ans->arg[0] = le32(lg->trap);
		ans->arg[1] = le32(lg->trap_gpa);
		memcpy(ans->insn, lg->trap_insn, sizeof(ans->insn));
		lg->trap_pending = false;
		lg->trap_told = true;
		break;
	case DOOR_ANS_HALTED:
		ans->arg[0] = le32((uint32_t)lg->deadline);
		ans->arg[1] = le32((uint32_t)(lg->deadline >> 32));
		break;
	case DOOR_ANS_DEAD:
	case DOOR_ANS_RESTART:
		ans->arg[0] = le32(lg->asked_to_die);
		memcpy(ans->text, lg->death, sizeof(ans->text));
		break;
	}
}
/*:*/

/*H:067
 * GETDMA: the Launcher has something for a Guest of 2.6.23, and asks where to put it.
 */
static void answer_buffer(struct lguest *lg, gpa_t key, struct door_answer *ans)
{
	uint32_t irq = 0;
	gpa_t dma = GPA(0);

	switch (guest_dma_buffer(lg, key, &dma, &irq)) {
	case DMA_BUFFER:
		ans->op = le32(DOOR_ANS_BUFFER);
		ans->arg[0] = le32(dma.v);
		ans->arg[1] = le32(irq);
		break;
	case DMA_ALL_USED: ans->arg[0] = le32(1); /* fall through */
	case DMA_UNBOUND: ans->op = le32(DOOR_ANS_NO_BUFFER); break;
	}
}
/*:*/

static void refuse(struct door_answer *ans, const char *fmt, ...)
{
	va_list args;

	ans->op = le32(DOOR_ANS_REFUSED);
	va_start(args, fmt);
	format_text(ans->text, sizeof(ans->text), fmt, args);
	va_end(args);
}

static void request_initialize(struct lguest *lg, const struct door_request *req,
			       struct door_answer *ans)
{
	const uint32_t base = le32_get(req->init.mem_base);
	const char *wrong;

	if (lg->exists)
		wrong = "already initialised";
	else if (base < DOOR_HOST_END || (base & (DOOR_GUEST_ALIGN - 1)) || base >= DOOR_RAM_LIMIT)
		wrong = "memory base makes no sense";
	else
		wrong = initialize(lg, &req->init);
	if (wrong)
		refuse(ans, "Guest %u: %s", lg->id, wrong);
	else
		ans->op = le32(DOOR_ANS_OK);
}

/*H:064
 * One request.  Most are answered on the spot; RUN takes as long as it takes.
 */
struct lguest *host_request(struct host *host, const struct door_request *req,
			    struct door_answer *ans)
{
	const uint32_t op = le32_get(req->op), id = le32_get(req->guest);
	struct lguest *lg;

	memset(ans, 0, sizeof(*ans));
	ans->guest = le32(id);
	if (id >= DOOR_GUESTS) {
		refuse(ans, "no Guest can have number %u", id);
		return NULL;
	}
	lg = &host->guests[id];
	if (op == DOOR_REQ_INITIALIZE) {
		request_initialize(lg, req, ans);
		return NULL;
	}
	if (!lg->exists) {
		refuse(ans, "there is no Guest %u", id);
		return NULL;
	}
	switch (op) {
	case DOOR_REQ_RUN:
		if (lg->trap_told)
			finish_trap(lg, req);
		turn_begin(lg, le32_get(req->quantum_ns));
		return lg;
	case DOOR_REQ_GETDMA: answer_buffer(lg, GPA(le32_get(req->key)), ans); break;
	case DOOR_REQ_DESTROY:
		destroy(lg);
		ans->op = le32(DOOR_ANS_OK);
		break;
	default: refuse(ans, "unknown request %u", op);
	}
	return NULL;
}
/*:*/
