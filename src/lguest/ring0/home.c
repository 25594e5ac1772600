/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:595
 * The ring-0 home: the Host on the bare machine, which is what lgemu is about.  It sets up a CPU
 * for somebody who means to run kernels in ring 1, supplies what port.h asks for, and knows what to
 * do when all is lost.  It does not know whether the machine is made of silicon.
:*/
#include <stdarg.h>

#include "ring0.h"

extern const uint32_t switcher_stub_table[256];
extern const uint32_t host_exceptions[32];
extern void switch_to_guest(void), timer_vector(void), event_vector(void), stray_vector(void);
ASMLINKAGE void load_tables(const struct table_pointer *gdt, const struct table_pointer *idt);
extern uint8_t host_image_end[];
ASMLINKAGE void host_main(uint32_t magic, uint32_t info);
void timer_interrupt(void);
void event_interrupt(void);
void stray_interrupt(void);

#define CR0_MP		0x00000002u
#define CR0_EM		0x00000004u
#define CR0_TS		0x00000008u
#define CR0_NE		0x00000020u
#define CR0_WP		0x00010000u
#define CR0_AM		0x00040000u
#define CR0_PG		0x80000000u
#define CR4_PSE		0x010u
#define CR4_OSFXSR	0x200u
#define CR4_OSXMMEXCPT	0x400u
#define CPUID_SEP	(1u << 11)
#define CPUID_FXSR	(1u << 24)
#define CPUID_SSE	(1u << 25)
#define MSR_SYSENTER_CS 0x174u

struct host the_host;

static const struct board *board;
static bool cpu_has_fxsr;
static bool ts; /* CR0.TS, as the CPU has it */
static struct segment_descriptor gdt[GDT_ENTRIES], idt[256];
static struct guest_tss tss;
static struct door_page door_page __attribute__((aligned(4096)));

void host_print(const char *fmt, ...)
{
	char text[256];
	const char *c;
	va_list args;

	va_start(args, fmt);
	format_text(text, sizeof(text), fmt, args);
	va_end(args);
	for (c = text; *c; c++)
		board->putchar(*c);
}

static void print_to(char *to, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	format_text(to, size, fmt, args);
	va_end(args);
}

/*H:840
 * When all is lost.  An exception in the Host, or in the Switcher: nobody else can have made that
 * mistake, so there is nobody to kill.  We leave a note and stop the machine.
 */
static _Noreturn void give_up(const struct door_failure *failure)
{
	if (board)
		board->fail(failure);
	for (;;)
		asm volatile("cli; hlt");
}

void host_failed(uint32_t vector, uint32_t errcode, uint32_t cr2, uint32_t eip)
{
	static const char inside[] = "exception in the Host", top[] = "exception in the Switcher";
	static struct door_failure failure;

	const bool in_switcher = eip >= SWITCHER_CODE && eip < SWITCHER_PAIR;

	failure.vector = le32(vector);
	failure.error_code = le32(errcode);
	failure.cr2 = le32(cr2);
	failure.eip = le32(eip);
	failure.text = le32((uint32_t)(in_switcher ? top : inside));
	/* It was an entry that ended here, so that the books balance. */
	if (in_switcher) {
		count_one(&door_page.count.exits);
		count_one(&door_page.count.exit[TRAP_NEVER_LEFT]);
	}
	give_up(&failure);
}

_Noreturn void bug_stop(const char *file, int line, const char *what)
{
	static struct door_failure failure;
	static char text[160];

	print_to(text, sizeof(text), "BUG at %s:%i: %s", file, line, what);
	failure.vector = le32(256);
	failure.eip = le32((uint32_t)__builtin_return_address(0));
	failure.text = le32((uint32_t)text);
	give_up(&failure);
}
/*:*/

static void set_gate(unsigned vector, uint32_t handler)
{
	idt[vector].a = le32((uint32_t)LGUEST_CS << 16 | (handler & 0xffff));
	idt[vector].b = le32((handler & 0xffff0000) | 0x8e00);
}

/*H:830
 * The Host's own tables.  They look much like a Guest's, with every entry at the same place, so that
 * a selector means the same on both sides of the Switcher.
 */
static void setup_tables(void)
{
	const struct table_pointer gdt_desc = {le16(sizeof(gdt) - 1), le32((uint32_t)gdt)};
	const struct table_pointer idt_desc = {le16(sizeof(idt) - 1), le32((uint32_t)idt)};
	struct lguest_ro_state *state = (struct lguest_ro_state *)state_page().v;
	unsigned i;

	gdt[GDT_ENTRY_LGUEST_CS] = (struct segment_descriptor){le32(0xffff), le32(0x00cf9b00)};
	gdt[GDT_ENTRY_LGUEST_DS] = (struct segment_descriptor){le32(0xffff), le32(0x00cf9300)};
	gdt[GDT_ENTRY_TSS].a = le32((uint32_t)&tss << 16 | (sizeof(tss) - 1));
	gdt[GDT_ENTRY_TSS].b = le32(((uint32_t)&tss & 0xff000000) | 0x8900 |
				    ((uint32_t)&tss >> 16 & 0xff));
	tss.io_map_base = le16(sizeof(tss));

	for (i = 0; i < 32; i++)
		set_gate(i, host_exceptions[i]);
	for (; i < 256; i++)
		set_gate(i, (uint32_t)stray_vector);
	set_gate(DOOR_VECTOR_TIMER, (uint32_t)timer_vector);
	set_gate(DOOR_VECTOR_EVENT, (uint32_t)event_vector);
	load_tables(&gdt_desc, &idt_desc);

	state->host_cr3 = le32(host_directory().v);
	state->host_gdt_desc = gdt_desc;
	state->host_idt_desc = idt_desc;
}
/*:*/

/*H:831
 * The CPU, as a Host wants it.  WP, since for page tables ring 1 is as good as ring 0 and would
 * otherwise write to whatever it can see.  No global pages.  SYSENTER leads nowhere: a Guest's
 * program that tries it gets a protection fault, not ring 0.
 */
static void setup_cpu(void)
{
	uint32_t eax = 1, ebx, ecx, edx, cr0, cr4 = CR4_PSE;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	cpu_has_fxsr = edx & CPUID_FXSR;
	if (edx & CPUID_FXSR)
		cr4 |= CR4_OSFXSR;
	if (edx & CPUID_SSE)
		cr4 |= CR4_OSXMMEXCPT;
	asm volatile("mov %0, %%cr4" : : "r"(cr4));
	asm volatile("mov %0, %%cr3" : : "r"(host_directory().v));
	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 &= ~(CR0_EM | CR0_TS | CR0_AM);
	cr0 |= CR0_PG | CR0_WP | CR0_NE | CR0_MP;
	asm volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
	if (edx & CPUID_SEP)
		asm volatile("wrmsr" : : "c"(MSR_SYSENTER_CS), "a"(0), "d"(0));
	asm volatile("fninit");
}
/*:*/

struct multiboot_info {
	le32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr;
};

struct multiboot_module {
	le32_t start, end, string, reserved;
};

/* The end of the highest thing the boot loader put next to us. */
static uint32_t end_of_modules(const struct multiboot_info *info)
{
	const struct multiboot_module *mod = (const void *)le32_get(info->mods_addr);
	uint32_t end = (uint32_t)host_image_end, i;

	if (!(le32_get(info->flags) & 8))
		return end;
	for (i = 0; i < le32_get(info->mods_count); i++)
		if (le32_get(mod[i].end) > end)
			end = le32_get(mod[i].end);
	return end;
}

static uint32_t end_of_ram(const struct multiboot_info *info)
{
	const uint32_t kb = le32_get(info->mem_upper);

	if (!(le32_get(info->flags) & 1))
		return DOOR_HOST_END;
	return kb >= (DOOR_RAM_LIMIT - DOOR_HOST_START) >> 10 ? DOOR_RAM_LIMIT
							      : DOOR_HOST_START + (kb << 10);
}

/*H:805
 * From here on it is C.  Find out how much memory there is and which board this is, make the CPU
 * ours, and let the board decide what is next.
 */
void host_main(uint32_t magic, uint32_t info)
{
	const struct multiboot_info *mb = (const void *)info;
	const uint32_t ram_top = end_of_ram(mb);

	(void)magic;
	setup_heap(end_of_modules(mb), ram_top < DOOR_HOST_END ? ram_top : DOOR_HOST_END);
	setup_paging(ram_top);
	setup_tables();
	setup_cpu();

	the_host.switcher_code = switcher_page();
	the_host.state_page = state_page();
	the_host.stubs = switcher_stub_table;
	the_host.ram_top = ram_top;
	the_host.count = &door_page.count;
	board = inl(DOOR_ID) == DOOR_MAGIC ? &door_board : &pc_board;
	board->setup();
	host_init(&the_host);
	board->main(&the_host, &door_page, info);
}
/*:*/

void timer_interrupt(void)
{
	board->ack_timer();
}

void event_interrupt(void)
{
	take_events(&the_host);
}

void stray_interrupt(void)
{
}

/* Whether the next instruction for the FPU is to trap. */
static void set_ts(bool want)
{
	uint32_t cr0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 = want ? cr0 | CR0_TS : cr0 & ~CR0_TS;
	asm volatile("mov %0, %%cr0" : : "r"(cr0));
	ts = want;
}

/*H:832
 * Into the Switcher, and out of it when anything at all happened; what happened is in lg->regs.
 * Interrupts are off before and after.  The flags, CS, the call: together they leave on the stack what
 * an interrupt would have left, which is what the Switcher's way back needs.
 */
static void enter_guest(struct lguest *lg)
{
	uint32_t pair = SWITCHER_PAIR, dir = guest_shadow(lg).v;

	if (lg->ts != ts)
		set_ts(lg->ts);
	asm volatile("pushfl\n\tpushl %%cs\n\tcall %c2"
		     : "+a"(pair), "+b"(dir)
		     : "i"(switch_to_guest)
		     : "memory", "cc", "ecx", "edx", "esi", "edi");
}
/*:*/

/*H:834
 * The Guest's turn, then, as the bare machine does it: in, and when it is out again see why, and so
 * on until there is an answer.
 */
__attribute__((noinline)) unsigned run_turn(struct lguest *lg)
{
	unsigned answer;

	while (!(answer = turn_next(lg))) {
		enter_guest(lg);
		turn_left(lg);
	}
	return answer;
}

void serve(struct host *host, const struct door_request *req, struct door_answer *ans)
{
	struct lguest *lg = host_request(host, req, ans);

	if (lg)
		host_answer_run(lg, run_turn(lg), ans);
}
/*:*/

gva_t port_fault_address(struct host *host)
{
	uint32_t cr2;

	(void)host;
	asm volatile("mov %%cr2, %0" : "=r"(cr2));
	return GVA(cr2);
}

/*H:833
 * The FPU.  Its registers stay loaded while one Guest runs and runs again; only when another one's
 * turn comes they go to memory.  A CPU without FXSAVE has no SSE registers to lose.
 */
void port_fpu_init(struct lguest *lg)
{
	le32_t *image = (le32_t *)lg->fpu;

	memset(lg->fpu, 0, sizeof(lg->fpu));
	if (cpu_has_fxsr) {
		image[0] = le32(0x037f);
		image[6] = le32(0x1f80);
	} else {
		image[0] = le32(0xffff037f);
		image[1] = le32(0xffff0000);
		image[2] = le32(0xffffffff);
	}
}

void port_fpu_save(struct lguest *lg)
{
	set_ts(false);
	if (cpu_has_fxsr)
		asm volatile("fxsave %0" : "=m"(lg->fpu));
	else
		asm volatile("fnsave %0" : "=m"(lg->fpu));
}

void port_fpu_load(struct lguest *lg)
{
	set_ts(false);
	if (cpu_has_fxsr)
		asm volatile("fxrstor %0" : : "m"(lg->fpu));
	else
		asm volatile("frstor %0" : : "m"(lg->fpu));
}
/*:*/

uint64_t port_clock(struct host *host)
{
	(void)host;
	return board->clock();
}

void port_arm_timer(struct host *host, uint64_t deadline)
{
	(void)host;
	board->arm_timer(deadline);
}

void port_wall_time(struct host *host, uint32_t *sec, uint32_t *nsec)
{
	(void)host;
	board->wall_time(sec, nsec);
}

uint32_t port_tsc_khz(struct host *host)
{
	(void)host;
	return board->tsc_khz();
}

uint32_t port_event_map(struct host *host)
{
	(void)host;
	return board->event_map();
}

uint32_t port_events(struct host *host, unsigned guest)
{
	(void)host;
	return board->events(guest);
}
