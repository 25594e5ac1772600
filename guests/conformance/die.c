/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1315 guests/conformance/die.c: The ways in which a guest makes its Host or Launcher give it up, one
 * a run ("die=NAME" on the command line). The words on its tombstone are part of the ABI, so they
 * are part of the transcript. :*/
#include "conf.h"
#include "virtio.h"

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
	pte_t good = phys_of(page_alloc()) | PTE_P | PTE_RW;

	/* Said once before: where vmcall is patched at its first use, that costs all shadows. */
	pte_set(kernel_pgd, WINDOW, good);
	touch(good);
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

/* ---- rings of nonsense ---- */

/*G:995 A disk request like any other, but for one word. The original Launcher gave up at once; lgemu
 * serves that device no more, and the guest may go on without. */
static struct virtqueue *ring;
static volatile struct vring_desc *first;

static void set_up_ring(void)
{
	static u8 header[24] __attribute__((aligned(8)));
	u8 *page = page_alloc();

	ring = bad_ring_queue();
	first = &ring->desc[0];
	ring->desc[0] = (struct vring_desc){phys_of(header), ERA_BUS == BUS_FIELDS ? 24 : 16, 1, 1};
	ring->desc[1] = (struct vring_desc){phys_of(page), 512, 3, 2};
	ring->desc[2] = (struct vring_desc){phys_of(page + 512), 1, 2, 0};
	ring->avail->ring[0] = 0;
}

static void offer(u16 idx)
{
	ring->avail->idx = idx;
	vq_kick(ring);
	wait_used(ring, NULL);
}

static void ring_jump(void)
{
	set_up_ring();
	offer((u16)(ring->num + 1));
}

static void ring_head(void)
{
	set_up_ring();
	ring->avail->ring[0] = ring->num;
	offer(1);
}

static void ring_next(void)
{
	set_up_ring();
	first->next = 9999;
	offer(1);
}

static void ring_loop(void)
{
	set_up_ring();
	ring->desc[2].flags = 3;
	ring->desc[2].next = 1;
	offer(1);
}

static void ring_order(void)
{
	set_up_ring();
	ring->desc[0].flags = 3;
	ring->desc[1].flags = 1;
	offer(1);
}

static void ring_outside(void)
{
	set_up_ring();
	ring->desc[1].addr = 0x7fff0000;
	offer(1);
}
/*:*/

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
	{"ring-jump", ring_jump},
	{"ring-head", ring_head},
	{"ring-next", ring_next},
	{"ring-loop", ring_loop},
	{"ring-order", ring_order},
	{"ring-outside", ring_outside},
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
