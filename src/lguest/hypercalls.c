/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:555
 * Hypercalls: what a Guest asks of its Host.  A system call with the ranks moved up by one: the
 * number in EAX, up to four arguments in registers, and a kernel that asks instead of a program.
 * To save it the trip, a Guest may also leave calls in a ring in its memory, which we look through
 * before we answer the next real one.
 *
 * Everything in a hypercall was written by the Guest, so nothing here believes anything.
:*/
#include "lg.h"

enum lguest_hypercall {
	LHCALL_FLUSH_ASYNC = 0,
	LHCALL_LGUEST_INIT = 1,
	LHCALL_SHUTDOWN = 2, /* CRASH, before 2.6.25: the same without a choice */
	LHCALL_LOAD_GDT = 3,
	LHCALL_NEW_PGTABLE = 4,
	LHCALL_FLUSH_TLB = 5,
	LHCALL_LOAD_IDT_ENTRY = 6,
	LHCALL_SET_STACK = 7,
	LHCALL_TS = 8,
	LHCALL_SET_CLOCKEVENT = 9,
	LHCALL_HALT = 10,
	LHCALL_BIND_DMA = 12,
	LHCALL_SET_PMD = 13, /* SEND_DMA in 2.6.23 */
	LHCALL_SET_PTE = 14,
	LHCALL_SET_PGD = 15,
	LHCALL_LOAD_TLS = 16,
	LHCALL_NOTIFY = 17,
	LHCALL_LOAD_GDT_ENTRY = 18,
	LHCALL_SEND_INTERRUPTS = 19,
};

#define LGUEST_SHUTDOWN_RESTART 2u

/* Three arguments there are in every dialect. */
static uint32_t hcall_arg(const struct lguest *lg, const struct hcall *call, unsigned n)
{
	return le32_get(call->reg[lg->abi->arg[n - 1]]);
}

/* A page table entry is the third and, if it is wide, a fourth, which not all have. */
static gpte_t hcall_gpte(const struct lguest *lg, const struct hcall *call)
{
	gpte_t gpte = {hcall_arg(lg, call, 3)};

	if (lg->pae && lg->abi->arg[3] != LG_NO_REG)
		gpte.v |= (uint64_t)hcall_arg(lg, call, 4) << 32;
	return gpte;
}

/*H:202
 * The end.  A restart is no death, even if the reason the Guest gives cannot be read.
 */
static void guest_shutdown(struct lguest *lg, gpa_t message, uint32_t reason)
{
	char text[128];

	lgread(lg, text, message, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	lg->asked_to_die = !lg->dead;
	kill_guest(lg, "CRASH: %s", text);
	if (reason == LGUEST_SHUTDOWN_RESTART)
		lg->restart = true;
}
/*:*/

static void count_hcall(struct lguest *lg, uint32_t nr)
{
	struct door_counters *count = lg->host->count;
	const uint32_t last = ARRAY_LEN(count->hcall) - 1;

	count_one(&count->hcall[nr < last ? nr : last]);
}

/* Numbers 12, 13 and 17 rang the bells of different devices at different times. */
static bool has_dma(const struct lguest *lg)
{
	return lg->abi->call13_is_dma && (lg->flags & DOOR_INIT_DMA);
}

static bool has_notify(const struct lguest *lg)
{
	return !(lg->flags & (DOOR_INIT_DMA | DOOR_INIT_MMIO));
}

/*H:201
 * The calls, one by one.  Most are a line here and a function elsewhere.  A number that an era
 * did not have is accepted if it does no harm: no Guest makes it by mistake.  Only one of them has
 * an answer, which is left in the call.
 */
static void do_hcall(struct lguest *lg, struct hcall *call)
{
	const uint32_t nr = le32_get(call->reg[LG_EAX]);
	const uint32_t arg1 = hcall_arg(lg, call, 1), arg2 = hcall_arg(lg, call, 2);
	const uint32_t arg3 = hcall_arg(lg, call, 3);

	count_hcall(lg, nr);
	switch (nr) {
	case LHCALL_FLUSH_ASYNC:
	case LHCALL_SEND_INTERRUPTS:
		/* Coming here was all that was wanted. */
		break;
	case LHCALL_LGUEST_INIT: kill_guest(lg, "already have lguest_data"); break;
	case LHCALL_SHUTDOWN: guest_shutdown(lg, GPA(arg1), arg2); break;
	case LHCALL_LOAD_GDT: load_guest_gdt(lg, GPA(arg1), arg2); break;
	case LHCALL_NEW_PGTABLE: guest_new_pagetable(lg, arg1); break;
	case LHCALL_FLUSH_TLB:
		if (arg1)
			guest_pagetable_clear_all(lg);
		else
			guest_pagetable_flush_user(lg);
		break;
	case LHCALL_LOAD_IDT_ENTRY: load_guest_idt_entry(lg, arg1, arg2, arg3); break;
	case LHCALL_SET_STACK: guest_set_stack(lg, arg1, arg2, arg3); break;
	case LHCALL_TS: lg->ts = arg1; break;
	case LHCALL_SET_CLOCKEVENT: guest_set_clockevent(lg, arg1); break;
	case LHCALL_HALT: lg->halted = true; break;
	case LHCALL_SET_PTE: guest_set_pte(lg, arg1, GVA(arg2), hcall_gpte(lg, call)); break;
	case LHCALL_SET_PGD: guest_set_pgd(lg, arg1, arg2); break;
	case LHCALL_LOAD_TLS: guest_load_tls(lg, GPA(arg1)); break;
	case LHCALL_NOTIFY:
		if (!has_notify(lg))
			goto bad;
		lg->notify = arg1;
		lg->notify_pending = arg1;
		break;
	case LHCALL_LOAD_GDT_ENTRY: load_guest_gdt_entry(lg, arg1, arg2, arg3); break;
	case LHCALL_BIND_DMA:
		if (!has_dma(lg))
			goto bad;
		call->reg[LG_EAX] = le32(guest_bind_dma(lg, GPA(arg1), GPA(arg2), arg3));
		break;
	case LHCALL_SET_PMD:
		if (has_dma(lg)) {
			guest_send_dma(lg, GPA(arg1), GPA(arg2));
			break;
		}
		if (lg->pae) {
			guest_pagetable_clear_all(lg);
			break;
		}
		goto bad;
	default:
bad:
		kill_guest(lg, "Bad hypercall %li\n", (long)(int32_t)nr);
	}
}
/*:*/

/* Something that only the Launcher can do must be done before anything else. */
static bool launcher_wanted(const struct lguest *lg)
{
	return lg->notify_pending || lg->dma_pending;
}

static void read_record(const struct lguest *lg, unsigned slot, struct hcall *call)
{
	const struct lg_abi *abi = lg->abi;
	unsigned at = abi->hcalls + slot * abi->ring_words * 4u, i;

	call->reg[LG_ESI] = le32(0); /* which is not in a record of four */
	for (i = 0; i < abi->ring_words; i++)
		call->reg[abi->ring_word[i]] = le32(lgdata_get(lg, at + i * 4));
}

/* Where the status of the ring's next record lies in struct lguest_data. */
static unsigned next_status(const struct lguest *lg)
{
	return lg->abi->hcall_status + lg->next_hcall;
}

static bool ring_empty(const struct lguest *lg)
{
	return lgdata_get_byte(lg, next_status(lg)) == LG_RING_FREE;
}

/*H:203
 * The ring.  Guest and Host each go around it at their own pace; a status of 0 says that a record
 * is ready, 0xff that it is done with.  Once around is all that a Guest gets, however full the ring.
 */
static void do_async_hcalls(struct lguest *lg)
{
	struct hcall call;
	unsigned i, status;

	for (i = 0; i < LG_RING_SLOTS && !ring_empty(lg); i++) {
		status = next_status(lg);
		read_record(lg, lg->next_hcall, &call);
		/* On before we do it: if the call leaves something to the Launcher we return. */
		lg->next_hcall = (lg->next_hcall + 1) % LG_RING_SLOTS;
		do_hcall(lg, &call);
		lg->dma_full = false;
		count_one(&lg->host->count->async_hcalls);
		lgdata_put_byte(lg, status, LG_RING_FREE);
		if (launcher_wanted(lg) || lg->dead)
			break;
	}
}
/*:*/

/*H:205
 * The time of day goes into lguest_data whenever the Guest may be about to look; its readers check
 * that the seconds did not change under them, so they are written first.
 */
void write_timestamp(struct lguest *lg)
{
	uint32_t sec, nsec;

	port_wall_time(lg->host, &sec, &nsec);
	lgdata_put(lg, LGD_TV_SEC, sec);
	lgdata_put(lg, LGD_TV_NSEC, nsec);
}
/*:*/

static uint32_t reserve_mem(const struct lguest *lg)
{
	if (lg->flags & DOOR_INIT_TIGHT)
		return RESERVE_MEM_TIGHT;
	return lg->pae ? RESERVE_MEM_PAE : RESERVE_MEM;
}

static void tell_guest(struct lguest *lg)
{
	const struct lg_abi *abi = lg->abi;

	lgdata_put(lg, abi->tsc_khz, port_tsc_khz(lg->host));
	write_timestamp(lg);
	lgdata_put(lg, abi->reserve_mem, 0u - lg->limit);
	if (abi->pgdir)
		lgdata_put(lg, abi->pgdir, boot_directory(lg));
	if (abi->guestid) {
		le16_t id = le16((uint16_t)lg->guest_id);

		lgwrite(lg, GPA(lg->lguest_data.v + abi->guestid), &id, sizeof(id));
	}
}

/*H:204
 * LGUEST_INIT: we get to know each other.  The Guest shows its lguest_data; from the looks of it
 * we learn its dialect, and fill in what it wants to know.  Since all shadows are dropped at the
 * end, the boot page tables may still be completed here.
 */
static void initialize_guest(struct lguest *lg)
{
	const uint32_t nr = le32_get(lg->regs->eax);
	/* The first Hosts had other words, and knew the address when they said that it was bad. */
	const bool first = lg->flags & DOOR_INIT_DMA;
	const struct lg_abi *abi;
	gpa_t data;

	if (nr != LHCALL_LGUEST_INIT) {
		kill_guest(lg, "hypercall %li before %s", (long)(int32_t)nr,
			   first ? "LGUEST_INIT" : "INIT");
		return;
	}
	count_hcall(lg, nr);
	abi = detect_abi(lg, &data);
	if (!abi) {
		kill_guest(lg, "bad guest page %p",
			   first ? (void *)(uintptr_t)le32_get(lg->regs->edx) : NULL);
		return;
	}
	lg->abi = abi;
	lg->lguest_data = data;
	if (abi->syscall_vec && lgdata_get(lg, abi->syscall_vec) != SYSCALL_VECTOR)
		kill_guest(lg, "bad syscall vector");
	if (abi->noirq_iret) {
		lg->noirq_iret = lgdata_get(lg, abi->noirq_iret);
	} else {
		lg->noirq_start = lgdata_get(lg, abi->noirq_start);
		lg->noirq_end = lgdata_get(lg, abi->noirq_end);
	}
	if (abi->kernel_address)
		lg->kernel_address = lgdata_get(lg, abi->kernel_address);
	if (lg->kernel_address >= lg->limit) {
		kill_guest(lg, "bad kernel address %#lx", (unsigned long)lg->kernel_address);
		return;
	}
	finish_boot_tables(lg);
	lg->limit = 0u - reserve_mem(lg);
	tell_guest(lg);
	guest_pagetable_clear_all(lg);
}
/*:*/

/*H:200
 * A Guest made a hypercall.  The ring comes first, so that calls happen in the order in which the
 * Guest made them.  If one from the ring needs the Launcher, the direct call has to wait: we come
 * back to it when the Launcher has done its part.
 */
void do_hypercalls(struct lguest *lg)
{
	if (!lg->abi) {
		initialize_guest(lg);
		lg->hcall_waiting = false;
		return;
	}
	if (!ring_empty(lg)) {
		do_async_hcalls(lg);
		if (launcher_wanted(lg) || lg->dead)
			return;
	}
	if (!lg->hcall_waiting)
		return;
	do_hcall(lg, &lg->regs->hcall);
	/* Data for which there was no room gets one more chance. */
	lg->dma_retry = lg->dma_full && !lg->dma_retried;
	lg->dma_retried = lg->dma_retry;
	lg->dma_full = false;
	lg->hcall_waiting = lg->dma_retry;
}
/*:*/
