/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:928 guests/shared/puppy/selftest.c: The ABI seen from inside. Each test is one promise of the
 * Host, small enough that its name says what broke; the output is "ok NAME" lines and a count.
 * Nothing here looks at the Host itself: a test knows only what any guest may know. The tests
 * behind "more" are promises of lgemu that the original Host did not make. :*/
#include "puppy.h"

#define TEST_ADDRESS 0xf8000000u /* nothing of the kernel lives in this directory entry */
#define MS	     1000000u

/*G:600 A test that expects a fault arms the probe: the handler notes what it saw and goes on behind
 * the code that faulted. If there was no fault the code simply runs into the same place with no
 * hit. */
#define PROBE(code, outputs, ...)                                                                  \
	do {                                                                                       \
		probe.hits = 0;                                                                    \
		__asm__ volatile("movl $1f, probe\n\t" code "\n1:\n\tmovl $0, probe"               \
				 : outputs                                                         \
				 : __VA_ARGS__);                                                   \
	} while (0)

#define NOTHING "+m"(nothing)

static u32 nothing;

static int faulted(u32 vector, u32 error)
{
	return probe.hits == 1 && probe.vector == vector && probe.error == error;
}

static int page_faulted(u32 address, u32 error)
{
	return faulted(TRAP_PF, error) && probe.cr2 == address;
}

static void probe_read(u32 address)
{
	u32 value;

	PROBE("movl (%1), %0", "=&r"(value), "r"(address) : "memory");
}

static void probe_write(u32 address, u32 value)
{
	PROBE("movl %2, (%1)", NOTHING, "r"(address), "r"(value) : "memory");
}
/*:*/

/* Busy waiting must not depend on the clock it tests: this counts the TSC. Where the Host gives no
 * rate the wait is for a CPU faster than there is one, so that it is never too short. */
static void spin_ms(u32 ms)
{
	u32 khz = lguest_data.tsc_khz ? lguest_data.tsc_khz : 20000000;
	u64 end = rdtsc() + (u64)khz * ms;

	while (rdtsc() < end)
		__asm__ volatile("pause");
}

/* ---- hypercalls ---- */

static int t_registers(void)
{
	u32 differ;

	/* FLUSH_ASYNC wants no argument, so these are also arguments it has to ignore. */
	__asm__ volatile("pushl %%ebp\n\t"
			 "xorl %%eax, %%eax\n\t"
			 "movl $0x11111111, %%ebx\n\tmovl $0x22222222, %%ecx\n\t"
			 "movl $0x33333333, %%edx\n\tmovl $0x44444444, %%esi\n\t"
			 "movl $0x55555555, %%edi\n\tmovl $0x66666666, %%ebp\n\t"
			 "int $0x1f\n\t"
			 "xorl $0x11111111, %%ebx\n\txorl $0x22222222, %%ecx\n\t"
			 "xorl $0x33333333, %%edx\n\txorl $0x44444444, %%esi\n\t"
			 "xorl $0x55555555, %%edi\n\txorl $0x66666666, %%ebp\n\t"
			 "orl %%ebx, %%eax\n\torl %%ecx, %%eax\n\torl %%edx, %%eax\n\t"
			 "orl %%esi, %%eax\n\torl %%edi, %%eax\n\torl %%ebp, %%eax\n\t"
			 "popl %%ebp"
			 : "=a"(differ)
			 :
			 : "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");
	return !differ;
}

static int t_segments(void)
{
	return HCALL_KEEPS_SEGMENTS("int $0x1f");
}

static int t_flags(void)
{
	u32 before = 0xcd5 | EFLAGS_IF | 2, after; /* CF PF AF ZF SF DF OF */

	__asm__ volatile("xorl %%eax, %%eax\n\tpushl %1\n\tpopfl\n\tint $0x1f\n\t"
			 "pushfl\n\tcld\n\tpopl %0"
			 : "=r"(after)
			 : "r"(before)
			 : "eax", "memory", "cc");
	return after == before;
}

static int ring_is_empty(void)
{
	int i;

	for (i = 0; i < LHCALL_RING_SIZE; i++)
		if (lguest_data.hcall_status[i] != 0xff)
			return 0;
	return 1;
}

static int t_async_drained(void)
{
	int i;

	for (i = 0; i < 5; i++)
		hcall_async(LHCALL_FLUSH_TLB, 0, 0, 0, 0);
	hcall_flush();
	return ring_is_empty();
}

/* More than the ring holds, at every position of the cursor. */
static int t_async_wraps(void)
{
	int i;

	for (i = 0; i < 3 * LHCALL_RING_SIZE + 7; i++)
		hcall_async(LHCALL_FLUSH_TLB, 0, 0, 0, 0);
	hcall_flush();
	return ring_is_empty();
}

static int fpu_faults(void)
{
	PROBE("fnop", NOTHING, "i"(0));
	return faulted(TRAP_NM, 0);
}

/* The last of several queued calls must win, and a direct call must come after all of them. */
static int t_async_order(void)
{
	int set, cleared;

	hcall_async(LHCALL_TS, 8, 0, 0, 0);
	hcall_async(LHCALL_TS, 0, 0, 0, 0);
	hcall_async(LHCALL_TS, 8, 0, 0, 0);
	hcall_flush();
	set = fpu_faults();
	hcall_async(LHCALL_TS, 8, 0, 0, 0);
	hcall(LHCALL_TS, 0, 0, 0, 0);
	cleared = !fpu_faults() && !probe.hits;
	hcall(LHCALL_TS, ts_is_set ? 8 : 0, 0, 0, 0);
	return set && cleared;
}

/* ---- what INIT has told us ---- */

static int t_reserve_mem(void)
{
	return lguest_data.reserve_mem && !(lguest_data.reserve_mem & (PAGE_SIZE - 1));
}

static int t_wall_clock(void)
{
	return lguest_data.time_sec > 0 && lguest_data.time_nsec < 1000000000;
}

/* ---- page tables ---- */

static u32 *test_pte;
static u8 *test_page, *other_page;

static int map_test_page(u32 flags)
{
	if (!test_pte) {
		test_pte = pte_of(kernel_pgd, TEST_ADDRESS, 1);
		test_page = page_alloc();
		other_page = page_alloc();
		if (!test_pte || !test_page || !other_page)
			return 0;
		*(u32 *)test_page = 0x1234;
		*(u32 *)other_page = 0x5678;
	}
	pte_set(kernel_pgd, TEST_ADDRESS, flags ? phys_of(test_page) | flags : 0);
	return 1;
}

static int t_pf_no_table(void)
{
	probe_read(0xf4000123);
	return page_faulted(0xf4000123, 0);
}

static int t_pf_read_absent(void)
{
	map_test_page(0);
	probe_read(TEST_ADDRESS + 0x10);
	return page_faulted(TEST_ADDRESS + 0x10, 0);
}

static int t_pf_write_absent(void)
{
	map_test_page(0);
	probe_write(TEST_ADDRESS + 0x20, 1);
	return page_faulted(TEST_ADDRESS + 0x20, 2);
}

static int t_pf_write_readonly(void)
{
	int read_works;

	map_test_page(PTE_P);
	probe_read(TEST_ADDRESS);
	read_works = !probe.hits;
	probe_write(TEST_ADDRESS, 1);
	return read_works && page_faulted(TEST_ADDRESS, 3);
}

static int t_pf_write_text(void)
{
	u32 address = (u32)&t_pf_write_text;

	probe_write(address, 0x90909090);
	return page_faulted(address, 3);
}

static int t_pte_accessed(void)
{
	map_test_page(PTE_P | PTE_RW);
	probe_read(TEST_ADDRESS);
	return !probe.hits && (*(volatile u32 *)test_pte & (PTE_A | PTE_D)) == PTE_A;
}

static int t_pte_dirty(void)
{
	map_test_page(PTE_P | PTE_RW);
	probe_read(TEST_ADDRESS);
	probe_write(TEST_ADDRESS + 0x40, 99);
	return !probe.hits && (*(volatile u32 *)test_pte & PTE_D) &&
	       *(volatile u32 *)(test_page + 0x40) == 99;
}

static int t_pte_revoked(void)
{
	map_test_page(PTE_P | PTE_RW | PTE_A | PTE_D);
	probe_write(TEST_ADDRESS, 0x1234);
	if (probe.hits)
		return 0;
	map_test_page(0);
	probe_read(TEST_ADDRESS);
	return page_faulted(TEST_ADDRESS, 0);
}

static int t_pte_moved(void)
{
	volatile u32 *word = (volatile u32 *)TEST_ADDRESS;
	u32 first, second;

	map_test_page(PTE_P | PTE_RW | PTE_A | PTE_D);
	first = *word;
	pte_set(kernel_pgd, TEST_ADDRESS, phys_of(other_page) | PTE_P | PTE_RW | PTE_A | PTE_D);
	second = *word;
	return first == *(u32 *)test_page && second == 0x5678;
}

/* The same, but the Host hears of it by FLUSH_TLB only. */
static int t_flush_tlb(void)
{
	volatile u32 *word = (volatile u32 *)TEST_ADDRESS;
	u32 first;

	map_test_page(PTE_P | PTE_RW | PTE_A | PTE_D);
	first = *word;
	*(volatile u32 *)test_pte = phys_of(other_page) | PTE_P | PTE_RW | PTE_A | PTE_D;
	hcall(LHCALL_FLUSH_TLB, 1, 0, 0, 0);
	return first == *(u32 *)test_page && *word == 0x5678;
}

/* An absent entry may be filled without a word. */
static int t_fill_silently(void)
{
	map_test_page(0);
	probe_read(TEST_ADDRESS);
	*(volatile u32 *)test_pte = phys_of(other_page) | PTE_P;
	return *(volatile u32 *)TEST_ADDRESS == 0x5678;
}

/* A page the Host must have in every address space: the one with the CPU's tables. */
static u32 switcher_page(void)
{
	struct {
		u16 limit;
		u32 base;
	} __attribute__((packed)) gdt;

	__asm__("sgdt %0" : "=m"(gdt));
	return gdt.base & ~(PAGE_SIZE - 1);
}

static int t_switcher_write(void)
{
	u32 address = switcher_page();

	probe_write(address, 0);
	return page_faulted(address, 3);
}

static int t_dirty_again(void)
{
	map_test_page(PTE_P | PTE_RW | PTE_A);
	probe_write(TEST_ADDRESS, 0x1234);
	return !probe.hits && (*(volatile u32 *)test_pte & PTE_D);
}

/* ---- segments ---- */

static u32 access_byte(u32 selector)
{
	u32 rights = 0;
	u8 ok;

	__asm__("larl %2, %0\n\tsete %1" : "+r"(rights), "=q"(ok) : "r"(selector));
	return ok ? (rights >> 8) & 0xff : 0;
}

static void probe_selector(u32 selector)
{
	PROBE("movl %1, %%es", NOTHING, "r"(selector));
	__asm__ volatile("movl %0, %%es" : : "r"(KERNEL_DS));
}

static int t_gdt_initial(void)
{
	return access_byte(KERNEL_CS) == 0xbb && access_byte(KERNEL_DS) == 0xb3 &&
	       access_byte(USER_CS) == 0xfb && access_byte(USER_DS) == 0xf3;
}

/* Ring 0 is not for guests: DPL 0 becomes 1, and the accessed bit is set in advance. */
static int t_gdt_dpl_raised(void)
{
	u32 access;

	load_gdt_entry(18, 0xffff, 0x00cf9200);
	access = access_byte(18 * 8);
	probe_selector(18 * 8 + 1);
	load_gdt_entry(18, 0, 0);
	return access == 0xb3 && !probe.hits;
}

static int t_gdt_not_present(void)
{
	load_gdt_entry(18, 0xffff, 0x00cf7300);
	probe_selector(18 * 8 + 3);
	load_gdt_entry(18, 0, 0);
	return faulted(11, 18 * 8);
}

/* Entries the Host keeps for itself cannot be had. */
static int t_gdt_host_entries(void)
{
	static const u32 entry[] = {10, 11, 16, 31};
	u32 i, before, bad = 0;

	for (i = 0; i < ARRAY_SIZE(entry); i++) {
		before = access_byte(entry[i] * 8);
		load_gdt_entry(entry[i], 0xffff, 0x00cff300);
		bad += access_byte(entry[i] * 8) != before;
		load_gdt_entry(entry[i], 0, 0);
	}
	return !bad;
}

static int t_gp_selector(void)
{
	probe_selector(0x50); /* the Switcher's, DPL 0 */
	if (!faulted(TRAP_GP, 0x50))
		return 0;
	probe_selector(0x1f8); /* behind the end of the table */
	if (!faulted(TRAP_GP, 0x1f8))
		return 0;
	probe_selector(0x0f); /* there is no LDT */
	return faulted(TRAP_GP, 0x0c);
}

static int t_tls(void)
{
	static u32 word = 0xfeed;
	u32 base = (u32)&word, seen;

	task_set_tls(0, base << 16 | 0xffff,
		     (base & 0xff000000) | 0x00cff200 | ((base >> 16) & 0xff));
	__asm__ volatile("movl %1, %%gs\n\tmovl %%gs:0, %0\n\tmovl %2, %%gs"
			 : "=&r"(seen)
			 : "r"(TLS_SELECTOR), "r"(0)
			 : "memory");
	task_set_tls(0, 0, 0);
	return seen == word;
}

static int t_str(void)
{
	u32 tr;

	__asm__("strl %0" : "=r"(tr));
	return (tr & 0xffff) == LGUEST_TSS;
}

/* ---- traps ---- */

static int t_reflected(void)
{
	int on, off;

	irq_enable();
	PROBE("ud2", NOTHING, "i"(0));
	irq_disable();
	/* An interrupt gate: off in the handler, but the frame says they were on. */
	on = faulted(TRAP_UD, 0) && !probe.irq_enabled && (probe.eflags & EFLAGS_IF);
	PROBE("ud2", NOTHING, "i"(0));
	off = faulted(TRAP_UD, 0) && !probe.irq_enabled && !(probe.eflags & EFLAGS_IF);
	return on && off;
}

static int t_direct(void)
{
	irq_enable();
	PROBE("xorl %%edx, %%edx\n\txorl %%eax, %%eax\n\tdivl %%edx", NOTHING, "i"(0)
	      : "eax", "edx", "cc");
	irq_disable();
	/* A trap gate: nobody was there to clear the flag. */
	return faulted(TRAP_DE, 0) && probe.irq_enabled == EFLAGS_IF;
}

static int t_int_without_gate(void)
{
	PROBE("int $0x70", NOTHING, "i"(0));
	return faulted(TRAP_GP, 0x70 * 8 + 2);
}

static int t_int3(void)
{
	PROBE("int3", NOTHING, "i"(0));
	return faulted(TRAP_BP, 0);
}

static int t_privileged(void)
{
	PROBE("hlt", NOTHING, "i"(0));
	if (!faulted(TRAP_GP, 0))
		return 0;
	PROBE("sti", NOTHING, "i"(0));
	if (!faulted(TRAP_GP, 0))
		return 0;
	PROBE("rdmsr", NOTHING, "c"(0x10) : "eax", "edx");
	return faulted(TRAP_GP, 0);
}

static int t_cli_skipped(void)
{
	PROBE("cli", NOTHING, "i"(0));
	return !probe.hits;
}

static int t_ports(void)
{
	u32 byte = 0x12345678, word = 0x12345678, dword = 0x12345678, fixed = 0x12345678;
	int bad = 0;

	PROBE("inb %%dx, %%al", "+a"(byte), "d"(0x80));
	bad += probe.hits || byte != 0x123456ff;
	PROBE("inw %%dx, %%ax", "+a"(word), "d"(0x80));
	bad += probe.hits || word != 0x1234ffff;
	PROBE("inl %%dx, %%eax", "+a"(dword), "d"(0x80));
	bad += probe.hits || dword != 0xffffffff;
	PROBE("inb $0x71, %%al", "+a"(fixed), "i"(0));
	bad += probe.hits || fixed != 0x123456ff;
	PROBE("outb %%al, %%dx\n\toutw %%ax, %%dx\n\toutl %%eax, %%dx\n\toutb %%al, $0x80", NOTHING,
	      "a"(1), "d"(0x80));
	return !bad && !probe.hits;
}

/* IF and IOPL are out of reach: popf neither faults nor changes them. */
static int t_popf(void)
{
	u32 after;

	PROBE("pushl $0x3002\n\tpopfl\n\tpushfl\n\tpopl %0", "=r"(after), "i"(0) : "cc");
	return !probe.hits && (after & 0x3200) == EFLAGS_IF;
}

static int t_cpuid(void)
{
	u32 a = 1, b, c, d, wanted = 1u << 4 | 1u << 8 | 1u << 15; /* TSC CX8 CMOV */

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return (d & wanted) == wanted;
}

/* ---- interrupts and time ---- */

static int t_timer(void)
{
	u32 before = timer_irqs;
	u64 when = now_ns() + 2 * MS, end = when + 500 * MS;

	timer_at(when);
	irq_enable();
	while (timer_irqs == before && now_ns() < end)
		__asm__ volatile("pause");
	irq_disable();
	return timer_irqs == before + 1 && now_ns() >= when;
}

static int t_timer_once(void)
{
	u32 before = timer_irqs;

	irq_enable();
	timer_at(now_ns() + MS);
	spin_ms(8);
	hcall_flush();
	irq_disable();
	return timer_irqs == before + 1;
}

static int t_timer_cancel(void)
{
	u32 before = timer_irqs;

	irq_enable();
	timer_at(now_ns() + MS);
	hcall(LHCALL_SET_CLOCKEVENT, 0, 0, 0, 0);
	spin_ms(5);
	hcall_flush();
	irq_disable();
	return timer_irqs == before;
}

static int t_irq_masked(void)
{
	u32 before = timer_irqs, masked;

	irq_mask(LGUEST_IRQ_TIMER);
	irq_enable();
	timer_at(now_ns() + MS);
	spin_ms(5);
	hcall_flush();
	masked = timer_irqs;
	irq_unmask(LGUEST_IRQ_TIMER);
	/* It has been pending all the time; the next entry delivers it. */
	hcall_flush();
	irq_disable();
	return masked == before && timer_irqs == before + 1;
}

static int t_irq_disabled(void)
{
	u32 before = timer_irqs, silent, pending;

	irq_disable();
	timer_at(now_ns() + MS);
	spin_ms(5);
	silent = timer_irqs;
	pending = lguest_data.irq_pending;
	irq_enable(); /* sees irq_pending and makes the call */
	irq_disable();
	return silent == before && pending == EFLAGS_IF && timer_irqs == before + 1;
}

static int t_halt(void)
{
	u32 before = timer_irqs, flag;

	irq_disable();
	timer_at(now_ns() + 2 * MS);
	hcall(LHCALL_HALT, 0, 0, 0, 0);
	flag = lguest_data.irq_enabled;
	irq_disable();
	return timer_irqs == before + 1 && flag == EFLAGS_IF;
}

static int t_stamp_moves(void)
{
	u32 sec = lguest_data.time_sec, nsec = lguest_data.time_nsec;

	return t_timer() && (lguest_data.time_sec > sec ||
			     (lguest_data.time_sec == sec && lguest_data.time_nsec > nsec));
}

/* ---- ring 3 ---- */

static struct task_end ended;

static struct task *user_start_quiet(const char *name, u32 arg)
{
	const struct user_program *program = program_by_name(name);
	struct task *task = program ? task_user(name, program->entry, arg) : NULL;

	if (task)
		task->quiet = 1;
	return task;
}

static int user_end(struct task *task)
{
	memset(&ended, 0, sizeof(ended));
	return task && task_wait(task->pid, &ended, NULL, 1) > 0;
}

static int user_returns(const char *name, u32 arg, int code)
{
	return user_end(user_start_quiet(name, arg)) && !ended.killed && ended.code == code;
}

static int t_exit_code(void)
{
	return user_returns("t_count", 42, 42);
}

static int t_user_registers(void)
{
	return user_returns("registers", 0, 0);
}

static int t_user_flags(void)
{
	return user_returns("flags", 0, 1);
}

static int t_bad_pointers(void)
{
	return user_returns("t_pointer", 0, 0);
}

/* The frame of a trap from ring 3 must start where SET_STACK said. */
static int t_set_stack(void)
{
	struct task *task = user_start_quiet("undefined", 0);
	u32 frame = task ? (u32)task->stack + STACK_BYTES - sizeof(struct frame) : 0;

	return user_end(task) && ended.killed == TRAP_UD + 1 && ended.frame_at == frame;
}

static int t_user_direct(void)
{
	return user_end(user_start_quiet("divide", 0)) && ended.killed == TRAP_DE + 1 &&
	       ended.irq_enabled == EFLAGS_IF;
}

static int t_user_reflected(void)
{
	return user_end(user_start_quiet("undefined", 0)) && ended.killed == TRAP_UD + 1 &&
	       !ended.irq_enabled && (ended.eflags & EFLAGS_IF);
}

static int two_return_zero(const char *name, u32 arg1, u32 arg2)
{
	struct task *a = user_start_quiet(name, arg1), *b = user_start_quiet(name, arg2);
	int ok = user_end(a) && !ended.killed && !ended.code;

	return user_end(b) && !ended.killed && !ended.code && ok;
}

static int t_user_tls(void)
{
	return two_return_zero("t_tls", 0x1111, 0x2222);
}

static int t_user_fpu(void)
{
	return two_return_zero("t_fpu", 1111, 2222);
}

static int t_preempted(void)
{
	struct task *a = user_start_quiet("spin", 0), *b = user_start_quiet("spin", 0);
	u64 until = now_ns() + 100 * MS;
	int shared;

	if (!a || !b)
		return 0;
	while (now_ns() < until)
		sleep_on(&until, until);
	shared = a->ran_ns > 10 * MS && b->ran_ns > 10 * MS && a->switches > 1 && b->switches > 1;
	task_kill(a);
	task_kill(b);
	return user_end(a) && ended.killed < 0 && user_end(b) && ended.killed < 0 && shared;
}

static int t_kill_sleeper(void)
{
	struct task *task = user_start_quiet("t_sleeper", 0);
	u64 until = now_ns() + 5 * MS;

	while (now_ns() < until)
		sleep_on(&until, until);
	if (task)
		task_kill(task);
	return user_end(task) && ended.killed < 0;
}

/* Address spaces come and go at the same addresses: no shadow may outlive its owner. */
static int t_recycled(void)
{
	u32 i, before;

	user_returns("t_count", 0, 0);
	before = pages_free();
	for (i = 0; i < 40; i++)
		if (!user_returns("t_count", i, (int)i))
			return 0;
	return pages_free() == before;
}

static int t_single_step(void)
{
	return user_end(user_start_quiet("step", 0)) && ended.killed == TRAP_DB + 1 &&
	       (ended.eflags & EFLAGS_TF);
}

static int t_control_registers(void)
{
	u32 cr0 = 0, cr4 = 1;

	PROBE("movl %%cr4, %0", "=r"(cr4), "i"(0));
	if (probe.hits || cr4)
		return 0;
	PROBE("movl %%cr0, %0", "=r"(cr0), "i"(0));
	return !probe.hits && (cr0 & 1);
}

/*G:610 The tables. Faults of ring 3 are all alike: a program, and the vector and error code it must
 * die of; they are rows instead of functions. An argument of 1 stands for the Switcher's address,
 * which is known only at run time.
 *
 * One bit is left open. The error code is the CPU's, and the CPU walks the Host's shadow tables:
 * for a kernel page that this process's shadow does not hold yet, "protection" (bit 0) reads as
 * "absent". The guest cannot tell when that is; no kernel looks at the bit before it has looked at
 * the address. */
struct test {
	const char *name;
	int (*run)(void);
};

struct user_fault_test {
	const char *program;
	u32 arg, vector, error;
	u32 open_bits; /* of the error code, not compared */
};

static const struct test tests[] = {
	{"hypercall keeps registers", t_registers},
	{"hypercall keeps segments", t_segments},
	{"hypercall keeps flags", t_flags},
	{"async ring drained", t_async_drained},
	{"async ring wraps", t_async_wraps},
	{"async order kept", t_async_order},
	{"reserve_mem set", t_reserve_mem},
	{"wall clock set", t_wall_clock},
	{"page fault, no table", t_pf_no_table},
	{"page fault, read absent", t_pf_read_absent},
	{"page fault, write absent", t_pf_write_absent},
	{"page fault, write read-only", t_pf_write_readonly},
	{"page fault, write kernel text", t_pf_write_text},
	{"page fault, write Switcher", t_switcher_write},
	{"pte accessed on read", t_pte_accessed},
	{"pte dirty on write", t_pte_dirty},
	{"pte revoked", t_pte_revoked},
	{"pte moved", t_pte_moved},
	{"FLUSH_TLB seen", t_flush_tlb},
	{"absent pte filled silently", t_fill_silently},
	{"gdt initial entries", t_gdt_initial},
	{"gdt dpl raised", t_gdt_dpl_raised},
	{"gdt not present", t_gdt_not_present},
	{"gdt Host entries kept", t_gdt_host_entries},
	{"bad selectors fault", t_gp_selector},
	{"LOAD_TLS", t_tls},
	{"task register", t_str},
	{"interrupt gate reflected", t_reflected},
	{"trap gate direct", t_direct},
	{"int without gate faults", t_int_without_gate},
	{"int3 from ring 1", t_int3},
	{"privileged instructions fault", t_privileged},
	{"cli skipped", t_cli_skipped},
	{"ports read as ones", t_ports},
	{"popf leaves IF and IOPL", t_popf},
	{"cpuid", t_cpuid},
	{"timer fires, not early", t_timer},
	{"timer fires once", t_timer_once},
	{"timer cancelled", t_timer_cancel},
	{"irq masked", t_irq_masked},
	{"irq disabled, then sent", t_irq_disabled},
	{"halt wakes with irqs on", t_halt},
	{"time stamp moves", t_stamp_moves},
	{"exit code", t_exit_code},
	{"system call keeps registers", t_user_registers},
	{"user sees IF set", t_user_flags},
	{"bad user pointers refused", t_bad_pointers},
	{"SET_STACK honoured", t_set_stack},
	{"user trap gate direct", t_user_direct},
	{"user interrupt gate reflected", t_user_reflected},
	{"user TLS switched", t_user_tls},
	{"user FPU switched", t_user_fpu},
	{"user preempted", t_preempted},
	{"sleeper killed", t_kill_sleeper},
	{"address space recycled", t_recycled},
};

static const struct user_fault_test user_faults[] = {
	{"read0", 0, TRAP_PF, 4, 0},
	{"write0", 0, TRAP_PF, 6, 0},
	{"writetext", 0, TRAP_PF, 7, 0},
	{"readkernel", 0, TRAP_PF, 5, 1},
	{"writeat", PAGE_OFFSET + 0x100000, TRAP_PF, 7, 1},
	{"readat", 1, TRAP_PF, 5, 0},
	{"writeat", 1, TRAP_PF, 7, 0},
	{"hypercall", 0, TRAP_GP, LGUEST_TRAP_ENTRY * 8 + 2, 0},
	{"int21", 0, TRAP_GP, 0x21 * 8 + 2, 0},
	{"int3", 0, TRAP_BP, 0, 0},
	{"into", 0, TRAP_OF, 0, 0},
	{"divide", 0, TRAP_DE, 0, 0},
	{"undefined", 0, TRAP_UD, 0, 0},
	{"hlt", 0, TRAP_GP, 0, 0},
	{"cli", 0, TRAP_GP, 0, 0},
	{"port", 0, TRAP_GP, 0, 0},
	{"badsegment", 0, TRAP_GP, 0x60, 0},
	{"ldt", 0, TRAP_GP, 0x0c, 0},
	{"farkernel", 0, TRAP_GP, 0x60, 0},
};

static const struct test more_tests[] = {
	{"user single step", t_single_step},
	{"pte dirty after SET_PTE", t_dirty_again},
	{"control registers read", t_control_registers},
};

static int passed, failed;

static void report(int ok, const char *name)
{
	printf("%s %s\n", ok ? "ok" : "FAIL", name);
	*(ok ? &passed : &failed) += 1;
}

static void run_tests(const struct test *test, u32 count)
{
	for (; count--; test++) {
		int ok = test->run();

		report(ok, test->name);
		if (!ok)
			printf("  last probe: hits %d vector %u error %u cr2 0x%08x; last end: "
			       "killed %d error %u code %d\n",
			       probe.hits, probe.vector, probe.error, probe.cr2, ended.killed,
			       ended.error, ended.code);
	}
}

static void run_user_faults(void)
{
	char name[48];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(user_faults); i++) {
		const struct user_fault_test *t = &user_faults[i];
		u32 arg = t->arg == 1 ? switcher_page() : t->arg;
		int ok = user_end(user_start_quiet(t->program, arg)) &&
			 ended.killed == (int)t->vector + 1 &&
			 !((ended.error ^ t->error) & ~t->open_bits);

		snprintf(name, sizeof(name), "user fault %s%s", t->program,
			 t->arg == 1 ? " Switcher"
			 : t->arg    ? " kernel"
				     : "");
		report(ok, name);
		if (!ok)
			printf("  killed %d error %u cr2 0x%08x eip 0x%08x\n", ended.killed,
			       ended.error, ended.cr2, ended.eip);
	}
}

/* Returns the number of failures. */
int selftest(int more)
{
	passed = failed = 0;
	run_tests(tests, ARRAY_SIZE(tests));
	run_user_faults();
	if (more)
		run_tests(more_tests, ARRAY_SIZE(more_tests));
	printf("selftest: %d of %d ok\n", passed, passed + failed);
	return failed;
}
/*:*/
