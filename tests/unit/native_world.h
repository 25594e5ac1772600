/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:584
 * A small world for tests of the Host: a machine, the native Host in it, and Guests whose memory is
 * filled by hand.  Most tests call one function of the Host and look at "struct lguest", at Guest
 * memory and at the shadow tables; those that need a Guest to run let it have its turn at the door.
 *
 * What a Guest shows the Host here (struct lguest_data, hypercall registers, ring records) is laid
 * out by tables 2.2, 2.5, 3.1 and 3.2 of guest-host.md and not by src/lguest/abi, which is among
 * what is tested.
:*/
#ifndef TESTS_NATIVE_WORLD_H
#define TESTS_NATIVE_WORLD_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "machine/board.h"
/* After the processor's, whose names for the bits of a page table entry this redefines. */
#include "lguest/lg.h"
#include "lguest/native/native.h"

/* One Guest's memory: RAM, then pages of devices, then (Guests of the PCI era) what is no memory. */
enum {
	W_RAM = 0x400000,
	W_PFN_LIMIT = 0x410,
	W_END = W_PFN_LIMIT << PAGE_SHIFT,
	W_DEVICE_LIMIT = 0x420,
	W_BOOT_TOP = 0x3f0000,
	W_ROOM = 0x800000, /* from one Guest's memory to the next one's */
};

/* Where things lie in it.  The kernel sees all RAM from KERNEL on; user space begins at USER. */
enum {
	W_CODE = 0x8000,
	W_NOIRQ = 0x8f00, /* the eight bytes of the old window, or the iret of the new one */
	W_DATA = 0xa000,
	W_STACK = 0xe000, /* top of the kernel's stack, of two pages */
	W_USER_CODE = 0xf000,
	W_PGD = 0x10000,  /* 2-level directories: six of them */
	W_LOW = 0x16000,  /* page table of USER */
	W_HIGH = 0x17000, /* page tables of KERNEL: one, or two for PAE */
	W_PDPT = 0x20000, /* PAE: six of them, each a page apart */
	W_PMD_LOW = 0x26000,
	W_PMD_HIGH = 0x27000,
	W_FREE = 0x40000, /* nobody's */
};

#define W_KERNEL 0xc0000000u
#define W_USER	 0x08000000u

#define PDE 0x067u /* how Linux marks a directory entry */

static struct machine m;
static struct native *native;
static struct host *host;
static struct lguest *lg; /* the Guest that tests talk about */

/* Table 3.1: offsets, 0 for fields that are not there; 2.5: what the words of a record are. */
struct w_layout {
	const char *name;
	bool edx_first; /* table 2.2: EDX, EBX, ECX; otherwise EBX, ECX, EDX, ESI */
	const char *record;
	uint16_t irq_pending, status, ring, reserve_mem, guestid, tsc_khz, pgdir;
	uint16_t noirq_start, noirq_end, noirq_iret, kernel_address, syscall_vec, bytes;
};

static const struct w_layout w_layouts[] = {
	{"2.6.23", true, "adbc", 0, 0x14, 0x54, 0x454, 0x458, 0x45c, 0, 0x460, 0x464, 0, 0, 0,
	 0x468},
	{"2.6.24-2.6.29", true, "abcd", 0, 0x14, 0x54, 0x454, 0, 0x458, 0x45c, 0x460, 0x464, 0,
	 0x468, 0x46c, 0x470},
	{"2.6.30", false, "abcd", 0, 0x14, 0x54, 0x454, 0, 0x458, 0x45c, 0x460, 0x464, 0, 0x468,
	 0x46c, 0x470},
	{"2.6.31-3.0", false, "abcds", 0x14, 0x18, 0x58, 0x558, 0, 0x55c, 0x560, 0x564, 0x568, 0,
	 0x56c, 0x570, 0x574},
	{"3.1-4.0", false, "abcds", 0x14, 0x18, 0x58, 0x558, 0, 0x55c, 0, 0x560, 0x564, 0, 0x568,
	 0x56c, 0x570},
	{"4.1-4.13", false, "abcds", 0x14, 0x18, 0x58, 0x558, 0, 0x55c, 0, 0, 0, 0x560, 0x564,
	 0x568, 0x56c},
};
enum { W_23, W_24, W_30, W_31, W_3_1, W_4_1, W_LAYOUTS };

static const struct w_layout *layout; /* what "lg" speaks */

enum lhcall {
	FLUSH_ASYNC = 0,
	LGUEST_INIT = 1,
	SHUTDOWN = 2,
	LOAD_GDT = 3,
	NEW_PGTABLE = 4,
	FLUSH_TLB = 5,
	LOAD_IDT_ENTRY = 6,
	SET_STACK = 7,
	TS = 8,
	SET_CLOCKEVENT = 9,
	HALT = 10,
	SEND_DMA = 13,
	SET_PMD = 13,
	SET_PTE = 14,
	SET_PGD = 15,
	LOAD_TLS = 16,
	NOTIFY = 17,
	LOAD_GDT_ENTRY = 18,
	SEND_INTERRUPTS = 19,
};

/* --- Guest memory -------------------------------------------------------------------------------- */

/* For what is done thousands of times: libcheck makes a note of each ck_assert() it passes. */
#define must(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ck_abort_msg("%s", #cond);                                                 \
	} while (0)

static inline uint32_t machine_get(uint32_t at)
{
	le32_t v;

	must(mem_read(&m.mem, at, &v, sizeof(v)));
	return le32_get(v);
}

static inline uint32_t get(uint32_t gpa)
{
	return machine_get(lg->mem_base.v + gpa);
}

static inline void put_bytes(uint32_t gpa, const void *from, uint32_t len)
{
	must(mem_write(&m.mem, lg->mem_base.v + gpa, from, len));
}

static inline void put(uint32_t gpa, uint32_t val)
{
	const le32_t v = le32(val);

	put_bytes(gpa, &v, sizeof(v));
}

static inline void fill(uint32_t gpa, int byte, uint32_t len)
{
	for (uint8_t b = (uint8_t)byte; len--; gpa++)
		put_bytes(gpa, &b, 1);
}

#define put_code(gpa, ...)                                                                         \
	put_bytes(gpa, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline uint32_t data_get(unsigned offset)
{
	return get(W_DATA + offset);
}

static inline void data_put(unsigned offset, uint32_t val)
{
	put(W_DATA + offset, val);
}

/* --- the Guest's own page tables ----------------------------------------------------------------- */

/* The page table entry for a page of USER, in the format of the tables. */
static inline void put_user_pte(uint32_t page, uint64_t pte)
{
	if (lg->pae) {
		put(W_LOW + page * 8, (uint32_t)pte);
		put(W_LOW + page * 8 + 4, (uint32_t)(pte >> 32));
	} else {
		put(W_LOW + page * 4, (uint32_t)pte);
	}
}

static inline uint32_t get_user_pte(uint32_t page)
{
	return get(W_LOW + page * (lg->pae ? 8 : 4));
}

/* Directory number "nr" of the Guest, as its kernel makes them: USER empty, KERNEL all of RAM. */
static inline uint32_t make_directory(bool pae, unsigned nr)
{
	const uint32_t root = (pae ? W_PDPT : W_PGD) + nr * PAGE_SIZE, bytes = pae ? 8 : 4;

	for (uint32_t i = 0; i < W_RAM >> PAGE_SHIFT; i++)
		put(W_HIGH + i * bytes, i << PAGE_SHIFT | PTE_P | PTE_RW);
	if (!pae) {
		put(root + (W_USER >> 22) * 4, W_LOW | PDE);
		put(root + (W_KERNEL >> 22) * 4, W_HIGH | PDE);
		return root;
	}
	put(root, W_PMD_LOW | PTE_P);
	put(root + (W_KERNEL >> 30) * 8, W_PMD_HIGH | PTE_P);
	put(W_PMD_LOW + (W_USER >> 21) * 8, W_LOW | PDE);
	put(W_PMD_HIGH, W_HIGH | PDE);
	put(W_PMD_HIGH + 8, (W_HIGH + PAGE_SIZE) | PDE);
	return root;
}

/* --- shadows, as the CPU's MMU sees them ----------------------------------------------------------- */

static inline uint32_t shadow_pde(uint32_t va)
{
	return machine_get(guest_shadow(lg).v + (va >> 22) * 4);
}

/* 0: no entry, or no page table. */
static inline uint32_t shadow(uint32_t va)
{
	const uint32_t pde = shadow_pde(va);

	if (!(pde & PTE_P))
		return 0;
	return machine_get((pde & PAGE_MASK) + (va >> PAGE_SHIFT & 1023) * 4);
}

static inline enum demand demand(uint32_t va, uint32_t error_code)
{
	return demand_page(lg, GVA(va), error_code);
}

/* --- Guests --------------------------------------------------------------------------------------- */

static inline struct door_page *door(void)
{
	return (struct door_page *)(m.mem.ram + m.door_page);
}

static inline struct door_init parameters(unsigned id, enum door_boot_map map, uint32_t flags)
{
	return (struct door_init){
		.mem_base = le32(DOOR_HOST_END + id * W_ROOM),
		.pfn_limit = le32(W_PFN_LIMIT),
		.device_limit = le32(flags & DOOR_INIT_MMIO ? W_DEVICE_LIMIT : W_PFN_LIMIT),
		.entry = le32(map == DOOR_MAP_HIGH ? W_KERNEL + W_CODE : W_CODE),
		.boot_map = le32(map),
		.boot_top = le32(W_BOOT_TOP),
		.ram_bytes = le32(W_RAM),
		.page_offset = le32(map == DOOR_MAP_HIGH ? W_KERNEL : 0),
		.flags = le32(flags),
		.guest_id = le32(id),
	};
}

/* Guest number "id" is born, and is the one we talk about from now on. */
static inline void guest(unsigned id, enum door_boot_map map, uint32_t flags)
{
	const struct door_init init = parameters(id, map, flags);

	lg = &host->guests[id];
	ck_assert_ptr_null(initialize(lg, &init));
	layout = NULL;
}

/* What the Guest's image holds before LGUEST_INIT, by table 3.2. */
static inline void put_lguest_data(const struct w_layout *l, uint32_t at)
{
	fill(at, 0, l->bytes);
	put(at + LGD_BLOCKED, 1);
	fill(at + l->status, 0xff, LG_RING_SLOTS);
	if (l->noirq_iret) {
		put(at + l->noirq_iret, W_KERNEL + W_NOIRQ);
		put_code(W_NOIRQ, 0xcf);
	} else {
		put(at + l->noirq_start, W_KERNEL + W_NOIRQ);
		put(at + l->noirq_end, W_KERNEL + W_NOIRQ + 8);
	}
	if (l->kernel_address)
		put(at + l->kernel_address, W_KERNEL);
	if (l->syscall_vec)
		put(at + l->syscall_vec, SYSCALL_VECTOR);
}

static inline void set_call_registers(const uint32_t *words)
{
	struct lguest_regs *r = lg->regs;

	r->eax = le32(words[0]);
	if (layout->edx_first) {
		r->edx = le32(words[1]), r->ebx = le32(words[2]), r->ecx = le32(words[3]);
	} else {
		r->ebx = le32(words[1]), r->ecx = le32(words[2]), r->edx = le32(words[3]);
		r->esi = le32(words[4]);
	}
}

static inline void hcall_words(const uint32_t *words)
{
	set_call_registers(words);
	lg->hcall_waiting = true;
	do_hypercalls(lg);
}

/* hcall(number, argument...): the Guest makes it, by the instruction. */
#define hcall(...) hcall_words((const uint32_t[5]){__VA_ARGS__})

/* LGUEST_INIT.  Leaves the Guest with interrupts on and none blocked. */
static inline void talk(unsigned which)
{
	layout = &w_layouts[which];
	put_lguest_data(layout, W_DATA);
	hcall(LGUEST_INIT, W_DATA);
	ck_assert_msg(!lg->dead, "%s", lg->death);
	ck_assert_ptr_nonnull(lg->abi);
	ck_assert_str_eq(lg->abi->name, layout->name);
	data_put(LGD_BLOCKED, 0);
	data_put(LGD_IRQ_ENABLED, X86_EFLAGS_IF);
}

/* A Guest of 4.1, on page tables of its own. */
static inline void kernel(unsigned id, bool pae)
{
	guest(id, DOOR_MAP_LINEAR, 0);
	talk(W_4_1);
	hcall(NEW_PGTABLE, make_directory(pae, 0));
	ck_assert_int_eq(lg->pae, pae);
	lg->regs->esp = le32(W_KERNEL + W_STACK);
	lg->regs->eip = le32(W_KERNEL + W_CODE);
}

#define ck_died(text)                                                                              \
	do {                                                                                       \
		ck_assert(lg->dead);                                                               \
		ck_assert_str_eq(lg->death, text);                                                 \
	} while (0)

#define ck_lives() ck_assert_msg(!lg->dead, "%s", lg->death)

/* --- at the door ------------------------------------------------------------------------------------ */

static inline unsigned ask(enum door_request_op op, unsigned id, uint32_t quantum_ns)
{
	door()->req.op = le32(op);
	door()->req.guest = le32(id);
	door()->req.quantum_ns = le32(quantum_ns);
	ck_assert_int_eq(native_run(native, 10000000), MACHINE_BELL);
	ck_assert_uint_eq(le32_get(door()->ans.guest), id);
	return le32_get(door()->ans.op);
}

static inline unsigned run(uint32_t quantum_ns)
{
	return ask(DOOR_REQ_RUN, lg->id, quantum_ns);
}

/* --- the beginning and the end ------------------------------------------------------------------- */

static inline void world(void)
{
	ck_assert_int_eq(
		machine_init(&m, DOOR_HOST_END + 2 * W_ROOM, MACHINE_VIRTUAL, 1000000000500000000u),
		0);
	native = native_create(&m);
	ck_assert_ptr_nonnull(native);
	host = native_host(native);
	ck_assert_int_eq(native_run(native, 0), MACHINE_BELL);
	ck_assert_uint_eq(le32_get(door()->ans.op), DOOR_ANS_BOOTED);
}

static inline void end_of_world(void)
{
	native_destroy(native);
	machine_fini(&m);
}

static inline int run_tests(const char *name, void (*add)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, world, end_of_world);
	add(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
