/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1115 guests/conformance/die.c: The ways in which a guest makes its Host or Launcher give it up, one
 * a run ("die=NAME" on the command line). The words on its tombstone are part of the ABI, so they
 * are part of the transcript. :*/
#include "conf.h"

static void unknown_call(void)
{
	hcall(99, 0, 0, 0, 0);
}

static void hole_in_the_numbers(void)
{
	hcall(11, 0, 0, 0, 0);
}

static void init_again(void)
{
	hcall(LHCALL_LGUEST_INIT, phys_of(&lguest_data), 0, 0, 0);
}

static void crash(void)
{
	shutdown("the guest's own words", LGUEST_SHUTDOWN_POWEROFF);
}

/* The text is cut off at 127 characters. */
static void crash_long(void)
{
	char text[200];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(page_alloc(), text, sizeof(text));
	hcall(LHCALL_SHUTDOWN, phys_of(page_alloc()) - PAGE_SIZE, LGUEST_SHUTDOWN_POWEROFF, 0, 0);
}

static void idt_type(void)
{
	hcall(LHCALL_LOAD_IDT_ENTRY, TRAP_UD, 0, 0x8500, 0);
}

static void idt_entry(void)
{
	hcall(LHCALL_LOAD_IDT_ENTRY, 256, 0, 0x8e00, 0);
}

static void gdt_entry(void)
{
#if ERA_GDT_WHOLE
	hcall(LHCALL_LOAD_GDT, phys_of(page_alloc()), GDT_ENTRIES + 1, 0, 0);
#else
	hcall(LHCALL_LOAD_GDT_ENTRY, GDT_ENTRIES + 1, 0, 0, 0);
#endif
}

static void stack_segment(void)
{
	hcall(LHCALL_SET_STACK, KERNEL_DS - 1, (u32)trap_stack + TRAP_STACK, 1, 0);
}

static void stack_pages(void)
{
	hcall(LHCALL_SET_STACK, KERNEL_DS, (u32)trap_stack + TRAP_STACK, 3, 0);
}

static void stack_absent(void)
{
	hcall(LHCALL_SET_STACK, KERNEL_DS, 0x70001000, 1, 0);
}

#define WINDOW 0xd8000000u

static void touch(pte_t pte)
{
	*pte_of(kernel_pgd, WINDOW) = pte;
	nothing = *(volatile u32 *)WINDOW;
}

static void pte_large(void)
{
	touch(PTE_P | PTE_RW | PTE_PSE);
}

static void pte_beyond(void)
{
	touch((pte_t)0x7fff0000 | PTE_P | PTE_RW);
}

/* The Host only looks at what it is told where it has a shadow already. */
static void pte_beyond_said(void)
{
	touch((pte_t)phys_of(page_alloc()) | PTE_P | PTE_RW);
	pte_set(kernel_pgd, WINDOW, (pte_t)0x7fff0000 | PTE_P | PTE_RW | PTE_A | PTE_D);
}

static void tls_beyond(void)
{
	hcall(LHCALL_LOAD_TLS, 0x7fff0000, 0, 0, 0);
}

static void no_handler(void)
{
	hcall(LHCALL_LOAD_IDT_ENTRY, TRAP_GP, 0, 0, 0);
	__asm__ volatile("hlt");
}

static void no_handler_for_pages(void)
{
	hcall(LHCALL_LOAD_IDT_ENTRY, TRAP_PF, 0, 0, 0);
	nothing = *(volatile u32 *)0x70000123;
}

static void no_stack(void)
{
	__asm__ volatile("movl $0x70001000, %esp\n\thlt");
}

static void notify_beyond(void)
{
	hcall(LHCALL_NOTIFY, 0x7fff0000, 0, 0, 0);
}

static const struct {
	const char *name;
	void (*how)(void);
} ways[] = {
	{"unknown-call", unknown_call},
	{"hole-in-the-numbers", hole_in_the_numbers},
	{"init-again", init_again},
	{"crash", crash},
	{"crash-long", crash_long},
	{"idt-type", idt_type},
	{"idt-entry", idt_entry},
	{"gdt-entry", gdt_entry},
	{"stack-segment", stack_segment},
	{"stack-pages", stack_pages},
	{"stack-absent", stack_absent},
	{"pte-large", pte_large},
	{"pte-beyond", pte_beyond},
	{"pte-beyond-said", pte_beyond_said},
	{"tls-beyond", tls_beyond},
	{"no-handler", no_handler},
	{"no-handler-for-pages", no_handler_for_pages},
	{"no-stack", no_stack},
	/* Since 4.0 there is no such call, and so this is another unknown one. */
	{"notify-beyond", notify_beyond},
};

void die(const char *how)
{
	u32 i, len;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		len = strlen(ways[i].name);
		if (strncmp(how, ways[i].name, len) || (how[len] && how[len] != ' '))
			continue;
		printf("death/%s:\n", ways[i].name);
		ways[i].how();
		printf("it lives\n");
	}
	if (!strncmp(how, "list", 4))
		for (i = 0; i < ARRAY_SIZE(ways); i++)
			printf("way %s\n", ways[i].name);
	shutdown("Power down", LGUEST_SHUTDOWN_POWEROFF);
}
