/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:520
 * The one private header of the Host, which doubles as its index.  First the layouts that the
 * Switcher shares with us; then "struct lguest", all we know about one Guest, and "struct host",
 * all we know at all; then the functions, grouped by the file they live in.
 *
 * The addresses a Guest sees look like this, in every shadow page table we ever build:
 *
 *	0x00000000	the Guest's own: user space, its kernel at kernel_address ...
 *	0xfffe0000	the Switcher's code, read-only
 *	0xfffe1000	the registers of the Guest that runs: its own page, writable
 *	0xfffe2000	the state page: TSS, IDT and GDT it runs with, read-only
 *	0xfffe3000	nothing, to the end
 *
 * None of that is accessible at CPL 3, and what CPL 1 may read there holds no secret.  A Guest is
 * told to keep away from these addresses and, up to 3.9, from some more below them.
:*/
#ifndef LGUEST_LG_H
#define LGUEST_LG_H

#include "abi/abi.h"
#include "base/bug.h"
#include "base/door.h"
#include "base/types.h"
#include "port.h"

/*H:030
 * The selectors of the GDT, the Guest's and ours.  Ours uses the same places, so that the far
 * call into the Switcher loads a code segment that means the same before and after.
 */
#define GDT_ENTRIES		  32
#define GDT_ENTRY_TLS_FIRST	  6
#define GDT_ENTRY_TLS_LAST	  8
#define GDT_ENTRY_LGUEST_CS	  10
#define GDT_ENTRY_LGUEST_DS	  11
#define GDT_ENTRY_KERNEL_CS	  12
#define GDT_ENTRY_KERNEL_DS	  13
#define GDT_ENTRY_TSS		  16
#define GDT_ENTRY_DOUBLEFAULT_TSS 31

#define LGUEST_CS (GDT_ENTRY_LGUEST_CS * 8)
#define LGUEST_DS (GDT_ENTRY_LGUEST_DS * 8)
#define GUEST_PL  1u
#define KERNEL_CS (GDT_ENTRY_KERNEL_CS * 8 + GUEST_PL)
#define KERNEL_DS (GDT_ENTRY_KERNEL_DS * 8 + GUEST_PL)

#define X86_EFLAGS_FIXED 0x00000002u
#define X86_EFLAGS_TF	 0x00000100u
#define X86_EFLAGS_IF	 0x00000200u
#define X86_EFLAGS_NT	 0x00004000u
#define X86_EFLAGS_RF	 0x00010000u
#define X86_EFLAGS_VM	 0x00020000u
#define X86_EFLAGS_USER	 0x00250dd5u /* CF PF AF ZF SF TF DF OF RF AC ID: what a Guest may own */

#define LGUEST_TRAP_ENTRY     0x1fu
#define FIRST_EXTERNAL_VECTOR 0x20u
#define SYSCALL_VECTOR	      0x80u
#define LGUEST_IRQS	      32u
#define TRAP_NEVER_LEFT	      256u /* left in trapnum when the Switcher did not get through */
/*:*/

/* A hypercall, as images of EAX, EBX, ECX, EDX and ESI, wherever they came from. */
struct hcall {
	le32_t reg[5];
};

/*H:031
 * The registers of a Guest, at the very end of its regs page, in the order in which the stubs and
 * the Switcher push them.  The first five make a hypercall record as they stand.
 */
struct lguest_regs {
	union {
		struct hcall hcall;
		struct {
			le32_t eax, ebx, ecx, edx, esi;
		};
	};
	le32_t edi, ebp;
	le32_t gs, fs, ds, es;
	le32_t trapnum, errcode;
	/* The CPU pushed these. */
	le32_t eip, cs, eflags, esp, ss;
};

#define LGUEST_REGS_OFFSET (PAGE_SIZE - sizeof(struct lguest_regs))

struct segment_descriptor {
	le32_t a, b;
};

struct table_pointer {
	le16_t limit;
	le32_t base;
};

struct guest_tss {
	le32_t backlink, esp0, ss0, esp1, ss1, esp2, ss2;
	le32_t rest[18];
	le16_t trace, io_map_base;
};

/*
 * The state page.  A Guest can read but not write it: while its page tables are in force only the
 * CPU itself looks here.
 */
struct lguest_ro_state {
	le32_t host_cr3;
	struct table_pointer host_idt_desc;
	struct table_pointer host_gdt_desc;
	le32_t host_sp;
	struct table_pointer guest_idt_desc;
	struct table_pointer guest_gdt_desc;
	struct guest_tss guest_tss;
	struct segment_descriptor guest_idt[256];
	struct segment_descriptor guest_gdt[GDT_ENTRIES];
};
/*:*/

_Static_assert(sizeof(struct lguest_regs) == 0x48, "switcher.S knows");
_Static_assert(offsetof(struct lguest_regs, trapnum) == 0x2c, "switcher.S knows");
_Static_assert(offsetof(struct lguest_ro_state, host_sp) == 0x10, "switcher.S knows");
_Static_assert(offsetof(struct lguest_ro_state, guest_gdt_desc) == 0x1a, "switcher.S knows");
_Static_assert(offsetof(struct lguest_ro_state, guest_tss) == 0x20, "a TSS is aligned");
_Static_assert(offsetof(struct lguest_ro_state, guest_gdt) == 0x888, "switcher.S knows");
_Static_assert(sizeof(struct guest_tss) == 0x68, "its limit is 0x67");

#define SWITCHER_CODE  (DOOR_SWITCHER)
#define SWITCHER_PAIR  (DOOR_SWITCHER + PAGE_SIZE)
#define SWITCHER_STATE (DOOR_SWITCHER + 2 * PAGE_SIZE)

/*H:032
 * Page table entries.  What the Guest wrote and what the CPU uses look alike and must never be
 * confused, so the compiler gets to see two types.  A gpte_t is wide enough for a PAE Guest.
 */
typedef struct {
	uint64_t v;
} gpte_t;
typedef struct {
	uint32_t v;
} spte_t;

#define PTE_P	0x001u
#define PTE_RW	0x002u
#define PTE_US	0x004u
#define PTE_A	0x020u
#define PTE_D	0x040u
#define PTE_PSE 0x080u
#define PTE_G	0x100u

#define PF_PRESENT 1u
#define PF_WRITE   2u
#define PF_USER	   4u
/*:*/

/* What became of a page fault. */
enum demand {
	DEMAND_FILLED, /* it was our shadow: try again */
	DEMAND_ABSENT, /* the Guest has no such page */
	DEMAND_DENIED, /* it has, but not for this */
	DEMAND_DEVICE, /* it is the memory of a device */
	DEMAND_OURS,   /* it is where the Switcher lives; no tables of the Guest's count there */
};

/* One shadow page directory and the Guest's name for it (its cr3). */
struct pgdir {
	uint32_t gpgdir;
	hpa_t pgd;	     /* 0: this slot is empty, and matches no cr3 at all */
	hpa_t used;	     /* a word for each page table: which parts of it are not empty */
	uint32_t in_use[32]; /* a bit for each directory entry that has a page table */
	uint32_t last_used;  /* see lg->pgdir_uses */
};

#define LGUEST_PGDIRS 4

/* How much of the top of its address space a Guest must do without: as many bytes as one entry of
 * its page directory maps, whether the Switcher needs them or not; from 3.10 on what it needs. */
#define RESERVE_MEM	  0x400000u
#define RESERVE_MEM_PAE	  0x200000u
#define RESERVE_MEM_TIGHT (0u - DOOR_SWITCHER)

#define LGUEST_MAX_DMA 32

/* Where a Guest of 2.6.23 wants to receive: an array of struct lguest_dma. */
struct dma_binding {
	hpa_t identity; /* of the key: the place in the machine's memory that it names */
	gpa_t array;
	uint32_t count, next;
	uint32_t age; /* of equal keys the one bound last is meant */
	uint32_t irq; /* 0: this one is free */
};

/* A page that several Guests have, and no Guest's own. */
struct shared_page {
	uint32_t pfn;
	hpa_t page;
};

/* A gate or descriptor as the Host keeps it, before it goes into the state page. */
struct kept_desc {
	uint32_t a, b;
};

/* A pair of segments to run a Guest with. */
struct code_and_stack {
	uint32_t cs, ss;
};

#define CHANGED_IDT	1u
#define CHANGED_GDT	2u
#define CHANGED_GDT_TLS 4u
#define CHANGED_SEGS	8u  /* any segment register may have gone stale */
#define CHANGED_STACK	16u /* where the stack of its kernel is */
#define CHANGED_ALL	31u
#define CHANGED_SHADOW	32u /* the stack's pages may be missing in it */

/*H:033
 * All there is to know about one Guest.
 */
struct lguest {
	struct host *host;
	unsigned id;
	bool exists;

	/* Why it cannot just go on.  Most of the time none of these is set, and that is seen at one
	 * look. */
	union {
		struct {
			bool dead, restart, break_asked, halted;
			bool notify_pending, dma_pending, trap_pending, dma_retry;
		};
		uint64_t held_up;
	};

	/* The end.  The first reason given is the one that is kept. */
	bool asked_to_die;
	char death[256];

	/* What the Launcher told us. */
	hpa_t mem_base;
	uint32_t pfn_limit, device_limit, flags;
	uint32_t boot_map, boot_top, ram_bytes, page_offset, guest_id;
	uint32_t own_pfns; /* pages before this one are its own, and lie in a row from mem_base */
	unsigned nr_shared;
	struct shared_page shared[DOOR_SHARED_PAGES];

	/* What LGUEST_INIT told us: abi is NULL until then. */
	const struct lg_abi *abi;
	uint32_t hcall_insn; /* bytes of the instruction it used */
	gpa_t lguest_data;
	uint32_t kernel_address;
	uint32_t limit; /* the first address that is not the Guest's: 4 GB less reserve_mem */
	uint32_t noirq_start, noirq_end, noirq_iret;

	/* The CPU. */
	hpa_t regs_page;
	struct lguest_regs *regs;
	uint32_t esp1, ss1, stack_pages;
	bool ts, single_stepped;
	uint32_t changed; /* CHANGED_* */
	struct kept_desc idt[256];
	struct kept_desc gdt[GDT_ENTRIES];
	struct code_and_stack checked[4]; /* in each ring: these will do at any address */
	uint8_t fpu[512] __attribute__((aligned(16)));

	/* Page tables. */
	struct pgdir pgdirs[LGUEST_PGDIRS];
	struct pgdir *pgdir; /* the current one */
	uint32_t pgdir_uses;
	uint32_t shadow_pages; /* how many it holds */
	bool linear, pae, format_known;

	/* Hypercalls. */
	bool hcall_waiting;
	unsigned next_hcall;
	bool trap_told;
	uint32_t notify, dma[2];
	uint32_t trap, trap_gpa, trap_detail; /* the last: CR2, or an error code */
	uint8_t trap_insn[8];

	/* DMA. */
	struct dma_binding dma_bound[LGUEST_MAX_DMA];
	bool dma_full;	  /* SEND_DMA found no room at the receiver's ... */
	bool dma_retried; /* ... and was made again (dma_retry: shall be) */

	/* Interrupts and time. */
	uint32_t irqs_pending;
	uint64_t deadline; /* of its clock event, or PORT_NEVER */
	uint64_t turn_end; /* when its quantum is used up, or PORT_NEVER */
};
/*:*/

_Static_assert(offsetof(struct lguest, asked_to_die) ==
		       offsetof(struct lguest, held_up) + sizeof(uint64_t),
	       "one look sees all that holds a Guest up");

/*H:034
 * And all there is to know at all.  The home fills in the first part before anything else runs.
 */
struct host {
	hpa_t switcher_code;   /* the page that appears at SWITCHER_CODE */
	hpa_t state_page;      /* the page that appears at SWITCHER_STATE */
	const uint32_t *stubs; /* where the Switcher handles each of the 256 vectors */
	uint32_t ram_top;      /* end of machine memory */
	struct door_counters *count;

	struct lguest *last;	/* whose tables and FPU registers the CPU holds now */
	uint64_t next_deadline; /* of all Guests */
	uint64_t quiet_until;	/* the clock has nothing for us before; the timer is set to it */
	bool someone_woke;	/* a Guest's clock event came while another one ran */
	uint32_t woken;		/* Guests that the one which ran gave something to, a bit each */
	uint32_t dma_bindings;	/* made so far: the next one's age */
	struct lguest guests[DOOR_GUESTS];
};
/*:*/

static inline void count_one(le64_t *counter)
{
	*counter = le64(le64_get(*counter) + 1);
}

/* text.c: */
int format_text(char *to, size_t size, const char *fmt, __builtin_va_list args);
void kill_guest(struct lguest *lg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* guest_memory.c: */
bool lguest_address_ok(const struct lguest *lg, gpa_t addr, uint32_t len);
void lgread(struct lguest *lg, void *to, gpa_t addr, uint32_t len);
void lgwrite(struct lguest *lg, gpa_t addr, const void *from, uint32_t len);
bool try_lgread(struct lguest *lg, void *to, gpa_t addr, uint32_t len);
uint32_t lgread_u32(struct lguest *lg, gpa_t addr);
void lgwrite_u32(struct lguest *lg, gpa_t addr, uint32_t val);
uint32_t lgdata_get(const struct lguest *lg, unsigned offset);
void lgdata_put(struct lguest *lg, unsigned offset, uint32_t val);
uint8_t lgdata_get_byte(const struct lguest *lg, unsigned offset);
void lgdata_put_byte(struct lguest *lg, unsigned offset, uint8_t val);
hpa_t guest_page_not_own(const struct lguest *lg, uint32_t pfn);

/* Where in the machine's memory the Guest's own pages lie; and any page of it. */
static inline hpa_t own_hpa(const struct lguest *lg, gpa_t addr)
{
	return HPA(lg->mem_base.v + addr.v);
}

static inline hpa_t guest_page(const struct lguest *lg, uint32_t pfn)
{
	return LIKELY(pfn < lg->own_pfns) ? own_hpa(lg, GPA(pfn << PAGE_SHIFT))
					  : guest_page_not_own(lg, pfn);
}

hpa_t guest_hpa(const struct lguest *lg, gpa_t addr);
bool guest_page_shared(const struct lguest *lg, uint32_t pfn);

/* core.c: */
void turn_begin(struct lguest *lg, uint32_t quantum_ns);
/* 0: enter it now, with guest_shadow(); else why not, enum door_answer_op. */
unsigned turn_next(struct lguest *lg);
void turn_left(struct lguest *lg);
void set_next_deadline(struct host *host);
void take_events(struct host *host);

/* hypercalls.c: */
void do_hypercalls(struct lguest *lg);
void write_timestamp(struct lguest *lg);

/* dma.c: */
uint32_t guest_bind_dma(struct lguest *lg, gpa_t key, gpa_t array, uint32_t count_irq);
void guest_send_dma(struct lguest *lg, gpa_t key, gpa_t dma);
enum dma_buffer { DMA_BUFFER, DMA_ALL_USED, DMA_UNBOUND };
enum dma_buffer guest_dma_buffer(struct lguest *lg, gpa_t key, gpa_t *dma, uint32_t *irq);

/* abi/detect.c: */
const struct lg_abi *detect_abi(struct lguest *lg, gpa_t *lguest_data);

/* interrupts_and_traps.c: */
bool do_interrupt(struct lguest *lg);
static inline bool maybe_do_interrupt(struct lguest *lg)
{
	return lg->irqs_pending && do_interrupt(lg);
}
bool deliver_trap(struct lguest *lg, unsigned num);
void set_interrupt(struct lguest *lg, unsigned irq);
void load_guest_idt_entry(struct lguest *lg, uint32_t num, uint32_t lo, uint32_t hi);
void guest_set_stack(struct lguest *lg, uint32_t seg, uint32_t esp, uint32_t pages);
void guest_set_clockevent(struct lguest *lg, uint32_t delta);
void setup_default_idt_entries(struct host *host);
void copy_traps(const struct lguest *lg);

/* segments.c: */
void setup_guest_gdt(struct lguest *lg);
void load_guest_gdt(struct lguest *lg, gpa_t table, uint32_t num);
void load_guest_gdt_entry(struct lguest *lg, uint32_t num, uint32_t lo, uint32_t hi);
void guest_load_tls(struct lguest *lg, gpa_t tls_array);
void copy_gdt(const struct lguest *lg);
void copy_gdt_tls(const struct lguest *lg);
void check_segments(struct lguest *lg);
void check_code_and_stack(struct lguest *lg);

/* page_tables.c: */
bool init_guest_pagetable(struct lguest *lg);
/* A page full of zeroes, at somebody's cost if need be; address 0 if nobody has any to give. */
hpa_t alloc_page(struct lguest *lg);
void free_guest_pagetable(struct lguest *lg);
/* Where the device is, if it is one, stands in lg->trap_gpa. */
enum demand demand_page(struct lguest *lg, gva_t addr, uint32_t errcode);
void pin_stack_pages(struct lguest *lg);
void guest_new_pagetable(struct lguest *lg, uint32_t pgtable);
void guest_set_pgd(struct lguest *lg, uint32_t gpgdir, uint32_t index);
void guest_set_pte(struct lguest *lg, uint32_t gpgdir, gva_t addr, gpte_t gpte);
void guest_pagetable_clear_all(struct lguest *lg);
void guest_pagetable_flush_user(struct lguest *lg);
hpa_t guest_shadow(const struct lguest *lg);
/* Where the CPU would find "addr" if the Guest's kernel looked there ("want" PTE_P), or stored there
 * (and PTE_RW); address 0 if it would fault. */
hpa_t shadow_page(const struct lguest *lg, gva_t addr, uint32_t want);

/* guest_walk.c: */
struct guest_walk {
	gpa_t at;	      /* where the Guest keeps the entry */
	gpte_t pte;	      /* what it says */
	uint32_t rights;      /* RW and US as all levels together grant them */
	uint32_t directories; /* as those above the entry do */
};
bool walk_guest(struct lguest *lg, uint32_t cr3, gva_t addr, struct guest_walk *walk);
/* A page table has 32 parts, a word's worth of bits.  (PAE: those of ours, which are 2-level.) */
#define PART_ENTRIES 32u
gpa_t part_of(const struct lguest *lg, const struct guest_walk *walk);
static inline gpte_t nth_gpte(const le32_t *part, unsigned n, bool pae)
{
	if (!pae)
		return (gpte_t){le32_get(part[n])};
	return (gpte_t){le32_get(part[2 * n]) | (uint64_t)le32_get(part[2 * n + 1]) << 32};
}
uint32_t guest_directory_rights(struct lguest *lg, uint32_t cr3, gva_t addr);
bool guest_pte_is_memory(const struct lguest *lg, gpte_t gpte);
bool guest_pte_is_device(struct lguest *lg, gpte_t gpte);
void write_guest_pte(struct lguest *lg, gpa_t at, gpte_t gpte);
bool try_guest_pa(struct lguest *lg, gva_t addr, gpa_t *pa);
bool read_guest_virt(struct lguest *lg, void *to, gva_t addr, uint32_t len);
bool write_guest_virt(struct lguest *lg, gva_t addr, const void *from, uint32_t len) MUST_CHECK;

/* boot_tables.c: */
void build_boot_tables(struct lguest *lg);
void finish_boot_tables(struct lguest *lg);
uint32_t boot_directory(const struct lguest *lg);
void learn_table_format(struct lguest *lg, uint32_t pgtable);

/* io.c: */
bool emulate_insn(struct lguest *lg);

/* user.c: */
void host_init(struct host *host);
/* NULL: answered.  Else it was RUN, for this Guest: its turn has begun, and when it is over
 * host_answer_run() makes of turn_next()'s answer one for the Launcher. */
struct lguest *host_request(struct host *host, const struct door_request *req,
			    struct door_answer *ans);
void host_answer_run(struct lguest *lg, unsigned op, struct door_answer *ans);
const char *initialize(struct lguest *lg, const struct door_init *init);
void destroy(struct lguest *lg);

/* The compiler may call these whatever we do. */
#if __STDC_HOSTED__
#include <string.h>
#else
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int c, size_t len);
#endif

#endif
