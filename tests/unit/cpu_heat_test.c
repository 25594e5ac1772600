/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1018
 * Tests of what is done together in one handler, and of blocks that are cold, hot, or become so.
:*/
#include "cpu/block.h"
#include "cpu_world.h"

enum {
	CODE = 0x10000,
	HANDLER = 0x11000,
	ONE = 0x20000,	 /* a page of data, at ESI, */
	TWO = 0x21000,	 /* and another, at EDI */
	STACK = 0x22000, /* two pages; the second of them may be missing */
	BORDER = STACK + PAGE_SIZE,
	ALIAS = 0x30000,
	LONG = 3000000, /* instructions: many samples */
};

static void put_code(uint32_t at, const void *bytes, unsigned n)
{
	ck_assert(mem_write(&mem, at, bytes, n));
}
#define CODE_AT(at, bytes) put_code(at, bytes, sizeof(bytes) - 1)

/* --- steps ---------------------------------------------------------------------------------------- */

struct insn_bytes {
	uint8_t n, bytes[7];
};

/* Every instruction that is a step when its flags are wanted or not, and some that are none. */
static const struct insn_bytes insns[] = {
	{3, {0x8b, 0x46, 0x08}},			 /* mov eax, [esi+8] */
	{3, {0x8b, 0x5f, 0x0c}},			 /* mov ebx, [edi+12] */
	{2, {0x8b, 0x36}},				 /* mov esi, [esi] */
	{2, {0x8b, 0x38}},				 /* mov edi, [eax] */
	{6, {0x8b, 0x0d, 0x10, 0x00, 0x02, 0x00}},	 /* mov ecx, [ONE+16] */
	{3, {0x89, 0x5e, 0x14}},			 /* mov [esi+20], ebx */
	{3, {0x89, 0x47, 0x08}},			 /* mov [edi+8], eax */
	{7, {0xc7, 0x46, 0x18, 0x78, 0x56, 0x34, 0x12}}, /* mov [esi+24], 12345678h */
	{7, {0xc7, 0x47, 0x18, 0xff, 0xff, 0xff, 0xff}}, /* mov [edi+24], -1 */
	{3, {0x8b, 0x04, 0x8e}},			 /* mov eax, [esi+ecx*4] */
	{2, {0x89, 0xd8}},				 /* mov eax, ebx */
	{2, {0x8b, 0xd8}},				 /* mov ebx, eax */
	{2, {0x89, 0xf0}},				 /* mov eax, esi */
	{3, {0x8d, 0x5e, 0x04}},			 /* lea ebx, [esi+4] */
	{3, {0x8d, 0x43, 0xff}},			 /* lea eax, [ebx-1] */
	{6, {0x8d, 0x05, 0x04, 0x03, 0x02, 0x01}},	 /* lea eax, [1020304h] */
	{3, {0x8d, 0x04, 0x8b}},			 /* lea eax, [ebx+ecx*4] */
	{5, {0xb8, 0x20, 0x00, 0x02, 0x00}},		 /* mov eax, ONE+32 */
	{2, {0x01, 0xd8}},				 /* add eax, ebx */
	{2, {0x03, 0xd8}},				 /* add ebx, eax */
	{2, {0x01, 0xc0}},				 /* add eax, eax */
	{3, {0x83, 0xc0, 0x05}},			 /* add eax, 5 */
	{5, {0x05, 0x00, 0x00, 0x00, 0x80}},		 /* add eax, 80000000h */
	{2, {0x29, 0xd8}},				 /* sub eax, ebx */
	{2, {0x2b, 0xd8}},				 /* sub ebx, eax */
	{3, {0x83, 0xeb, 0x07}},			 /* sub ebx, 7 */
	{2, {0x21, 0xd8}},				 /* and eax, ebx */
	{2, {0x23, 0xd8}},				 /* and ebx, eax */
	{3, {0x83, 0xe3, 0xf0}},			 /* and ebx, -16 */
	{2, {0x09, 0xd8}},				 /* or eax, ebx */
	{2, {0x0b, 0xd8}},				 /* or ebx, eax */
	{3, {0x83, 0xc8, 0x41}},			 /* or eax, 41h */
	{2, {0x31, 0xd8}},				 /* xor eax, ebx */
	{2, {0x33, 0xd8}},				 /* xor ebx, eax */
	{3, {0x83, 0xf3, 0x55}},			 /* xor ebx, 55h */
	{1, {0x40}},					 /* inc eax */
	{1, {0x4b}},					 /* dec ebx */
	{3, {0xc1, 0xe0, 0x03}},			 /* shl eax, 3 */
	{2, {0xd1, 0xe3}},				 /* shl ebx, 1 */
	{3, {0xc1, 0xe0, 0x00}},			 /* shl eax, 0 */
	{3, {0xc1, 0xe8, 0x05}},			 /* shr eax, 5 */
	{3, {0xc1, 0xeb, 0x20}},			 /* shr ebx, 32 */
	{2, {0xd1, 0xeb}},				 /* shr ebx, 1 */
	{3, {0x83, 0xd0, 0x01}},			 /* adc eax, 1 */
	{5, {0x0f, 0xba, 0x6f, 0x18, 0x05}},		 /* bts dword [edi+24], 5 */
	{4, {0x0f, 0xb3, 0x4e, 0x14}},			 /* btr [esi+20], ecx */
	{4, {0x0f, 0xa3, 0x4f, 0x08}},			 /* bt [edi+8], ecx */
	{4, {0x0f, 0xb1, 0x5e, 0x14}},			 /* cmpxchg [esi+20], ebx */
	{4, {0x0f, 0xc1, 0x5f, 0x08}},			 /* xadd [edi+8], ebx */
	{4, {0x0f, 0xc7, 0x4f, 0x08}},			 /* cmpxchg8b [edi+8] */
};

enum { WORDS = 16, FRAME = 4 };
/* Entries of page tables; while something is left to be marked there, an access goes the careful way. */
enum { RO = PTE_P | PTE_US | PTE_A, RW = RO | PTE_RW | PTE_D, UNSEEN = RW & ~(PTE_A | PTE_D) };

static struct {
	uint32_t lin, pte;
} last_page; /* as each run finds it */

/* Pages from CODE to `last`, and the one behind it as `next` says; faults end in a loop in ring 0. */
static void begin(uint32_t last, uint32_t next)
{
	idt(V_PF, S_CODE0, HANDLER, G_INT32, 0);
	idt(V_GP, S_CODE0, HANDLER, G_INT32, 0);
	CODE_AT(HANDLER, "\xeb\xfe");
	world_paging();
	for (uint32_t lin = CODE; lin <= last; lin += PAGE_SIZE)
		world_pte(lin, RW);
	last_page.lin = last + PAGE_SIZE;
	last_page.pte = next;
}

struct outcome {
	uint32_t r[8], eip, eflags, cr2, one[WORDS], two[WORDS], frame[FRAME];
};

/* On the stack lie addresses. */
#define PLACE(n) (CODE + 0x100 + (n)*2)

static void run_code(struct outcome *out, uint32_t without, uint32_t esp)
{
	memset(out, 0, sizeof(*out));
	if (cpu->without != without)
		cpu_do_without(cpu, without);
	world_pte(last_page.lin, last_page.pte);
	world_ring(3);
	for (unsigned i = 0; i < 8; i++)
		cpu->s.r[i] = i == ESP ? esp : 0x89abcdef * (i + 1);
	cpu->s.r[ESI] = ONE;
	cpu->s.r[EDI] = TWO;
	cpu->s.r[ECX] = 3;
	for (unsigned i = 0; i < WORDS; i++) {
		poke32(ONE + i * 4, i ? 0x01020304 * i : ONE + 4);
		poke32(TWO + i * 4, 0x10305070 * (i + 1));
	}
	for (unsigned i = 0; i < FRAME; i++)
		poke32(W_STACK0 - 4 - i * 4, 0);
	for (unsigned i = 0; i < WORDS; i++)
		poke32(esp + i * 4, PLACE(i));
	cpu->s.eip = CODE;
	cpu->s.cr2 = 0;
	cpu_set_eflags(cpu, FL_CF | FL_OF | FL_R1);
	ck_assert_int_eq(cpu_run(cpu, 16), CPU_EXIT_BUDGET);
	memcpy(out->r, cpu->s.r, sizeof(out->r));
	out->eip = cpu->s.eip;
	out->eflags = cpu_eflags(cpu);
	out->cr2 = cpu->s.cr2;
	for (unsigned i = 0; i < WORDS; i++) {
		out->one[i] = peek32(ONE + i * 4);
		out->two[i] = peek32(TWO + i * 4);
	}
	for (unsigned i = 0; i < FRAME; i++)
		out->frame[i] = peek32(W_STACK0 - 4 - i * 4);
}

/* What is at CODE does the same with these rungs missing as one by one; was it a fault? */
static bool is_the_same(uint32_t without, uint32_t esp, bool *fault)
{
	struct outcome one_by_one, ours;

	run_code(&one_by_one, ~0u, esp);
	run_code(&ours, without, esp);
	*fault = one_by_one.eip == HANDLER;
	return !memcmp(&ours, &one_by_one, sizeof(ours));
}

/* Put these bytes at *to, and move it on. */
static void append(uint32_t *to, const void *bytes, unsigned n)
{
	put_code(*to, bytes, n);
	*to += n;
}
#define APPEND(to, bytes) append(to, bytes, sizeof(bytes) - 1)

/* What the TLB is told before. */
enum warm { NOTHING, ONE_ONLY, TWO_READ, TWO_WRITTEN };

/* Every run begins with an empty TLB; NOPs keep others from being done together with these. */
static void put_pair(enum warm warm, const struct insn_bytes *a, const struct insn_bytes *b,
		     bool flags_die)
{
	uint32_t to = CODE;

	if (warm != NOTHING)
		APPEND(&to, "\x89\x6e\x3c\x90"); /* mov [esi+60], ebp; nop */
	if (warm == TWO_READ)
		APPEND(&to, "\x8b\x6f\x3c\x90"); /* mov ebp, [edi+60]; nop */
	if (warm == TWO_WRITTEN)
		APPEND(&to, "\x89\x6f\x3c\x90"); /* mov [edi+60], ebp; nop */
	append(&to, a->bytes, a->n);
	append(&to, b->bytes, b->n);
	if (flags_die)
		APPEND(&to, "\x85\xc9"); /* test ecx, ecx */
	APPEND(&to, "\xeb\xfe");
}

/* Any two of them do together what they do one by one, also when page TWO cannot be written or is
 * not there, or its entry is yet to be marked, or the TLB does not know it or nothing at all. */
START_TEST(two_in_one_are_two)
{
	static const struct {
		uint32_t pte;
		enum warm warm;
	} t[] = {{RW, TWO_WRITTEN}, {RO, TWO_READ},	{0, ONE_ONLY},		{RW, ONE_ONLY},
		 {RW, NOTHING},	    {UNSEEN, ONE_ONLY}, {RW & ~PTE_D, TWO_READ}};
	const uint32_t rungs = cpu->without;
	unsigned faults = 0;

	begin(ONE, t[_i].pte);
	for (unsigned i = 0; i < ARRAY_LEN(insns); i++)
		for (unsigned j = 0; j < ARRAY_LEN(insns); j++)
			for (unsigned die = 0; die < 2; die++) {
				bool fault;

				put_pair(t[_i].warm, &insns[i], &insns[j], die);
				ck_assert_msg(is_the_same(rungs, W_STACK3, &fault),
					      "instruction %u, then %u: another result", i, j);
				faults += fault;
			}
	ck_assert(_i == 1 || _i == 2 ? faults > 400 : faults < 220);
}
END_TEST

/* --- flags that are overwritten, but for a fault in between ----------------------------------------- */

static const struct insn_bytes setters[] = {
	{2, {0x01, 0xd8}},				 /* add eax, ebx */
	{2, {0x03, 0xd8}},				 /* add ebx, eax */
	{2, {0x01, 0xc0}},				 /* add eax, eax */
	{3, {0x83, 0xc0, 0xf5}},			 /* add eax, -11 */
	{5, {0x05, 0x00, 0x00, 0x00, 0x80}},		 /* add eax, 80000000h */
	{6, {0x81, 0xc3, 0x21, 0x43, 0x65, 0x87}},	 /* add ebx, 87654321h */
	{3, {0x03, 0x46, 0x08}},			 /* add eax, [esi+8] */
	{3, {0x01, 0x46, 0x08}},			 /* add [esi+8], eax */
	{2, {0x29, 0xd8}},				 /* sub eax, ebx */
	{2, {0x2b, 0xd8}},				 /* sub ebx, eax */
	{2, {0x29, 0xc0}},				 /* sub eax, eax */
	{3, {0x83, 0xec, 0x08}},			 /* sub esp, 8 */
	{3, {0x83, 0xc4, 0x04}},			 /* add esp, 4 */
	{2, {0x21, 0xd8}},				 /* and eax, ebx */
	{5, {0x25, 0x0f, 0x0f, 0x00, 0x80}},		 /* and eax, 80000f0fh */
	{2, {0x0b, 0xd8}},				 /* or ebx, eax */
	{2, {0x31, 0xd8}},				 /* xor eax, ebx */
	{3, {0x33, 0x5e, 0x08}},			 /* xor ebx, [esi+8] */
	{7, {0x81, 0x66, 0x08, 0xff, 0x00, 0x00, 0x00}}, /* and dword [esi+8], 255 */
	{3, {0x83, 0xd0, 0x01}},			 /* adc eax, 1 */
	{3, {0x66, 0x01, 0xd8}},			 /* add ax, bx */
	{2, {0x00, 0xd8}},				 /* add al, bl */
	{1, {0x40}},					 /* inc eax */
	{2, {0xf7, 0xd8}},				 /* neg eax */
	{3, {0xc1, 0xe0, 0x03}},			 /* shl eax, 3 */
	{2, {0xd1, 0xc0}},				 /* rol eax, 1 */
	{3, {0x0f, 0xaf, 0xc3}},			 /* imul eax, ebx */
};
static const struct insn_bytes between[] = {
	{1, {0x90}},			     /* nop */
	{5, {0xb8, 0x01, 0x00, 0x00, 0x00}}, /* mov eax, 1 */
	{2, {0x89, 0xc3}},		     /* mov ebx, eax */
	{2, {0x8b, 0xc3}},		     /* mov eax, ebx */
	{3, {0x8b, 0x46, 0x08}},	     /* mov eax, [esi+8] */
	{2, {0xb0, 0x07}},		     /* mov al, 7 */
	{2, {0xb7, 0x07}},		     /* mov bh, 7 */
	{2, {0x8a, 0xe3}},		     /* mov ah, bl */
	{4, {0x66, 0xbb, 0x34, 0x12}},	     /* mov bx, 1234h */
	{3, {0x89, 0x46, 0x14}},	     /* mov [esi+20], eax */
	{1, {0x93}},			     /* xchg ebx, eax */
	{2, {0x87, 0xca}},		     /* xchg edx, ecx */
	{2, {0x87, 0xc1}},		     /* xchg ecx, eax */
	{2, {0x87, 0xd9}},		     /* xchg ecx, ebx */
	{2, {0x87, 0xc8}},		     /* xchg eax, ecx */
	{2, {0x87, 0xcb}},		     /* xchg ebx, ecx */
	{3, {0x87, 0x46, 0x08}},	     /* xchg [esi+8], eax */
	{3, {0x8d, 0x43, 0x01}},	     /* lea eax, [ebx+1] */
	{3, {0x0f, 0xb6, 0xd8}},	     /* movzx ebx, al */
	{2, {0x0f, 0xc8}},		     /* bswap eax */
	{1, {0x98}},			     /* cwde */
	{1, {0x99}},			     /* cdq */
	{1, {0x50}},			     /* push eax */
	{1, {0x58}},			     /* pop eax */
	{1, {0x5b}},			     /* pop ebx */
	{2, {0x6a, 0x05}},		     /* push 5 */
	{2, {0xf7, 0xd0}},		     /* not eax */
	{1, {0x43}},			     /* inc ebx */
	{2, {0xd1, 0xc2}},		     /* rol edx, 1 */
	{3, {0xc1, 0xe2, 0x00}},	     /* shl edx, 0 */
	{3, {0xc1, 0xe2, 0x02}},	     /* shl edx, 2 */
	{3, {0x83, 0xf8, 0x05}},	     /* cmp eax, 5 */
	{3, {0x39, 0x46, 0x08}},	     /* cmp [esi+8], eax */
	{2, {0x85, 0xdb}},		     /* test ebx, ebx */
	{2, {0x01, 0xca}},		     /* add edx, ecx */
};
static const struct insn_bytes faulting[] = {
	{2, {0x8b, 0x07}},	 /* mov eax, [edi] */
	{2, {0x89, 0x1f}},	 /* mov [edi], ebx */
	{2, {0x3b, 0x07}},	 /* cmp eax, [edi] */
	{2, {0x03, 0x07}},	 /* add eax, [edi] */
	{2, {0x01, 0x07}},	 /* add [edi], eax */
	{3, {0x0f, 0xb6, 0x1f}}, /* movzx ebx, byte [edi] */
	{3, {0x80, 0x3f, 0x05}}, /* cmp byte [edi], 5 */
	{2, {0x87, 0x07}},	 /* xchg [edi], eax */
};

/* An instruction that sets flags, another, one that faults, and then all flags are overwritten: the exception
 * frame has them as they were.  And once more with two before these, which have flags and a store of their own. */
START_TEST(flags_of_a_fault)
{
	const uint32_t rungs = cpu->without;

	begin(ONE, 0);
	for (unsigned i = 0; i < ARRAY_LEN(setters); i++)
		for (unsigned j = 0; j < ARRAY_LEN(between); j++)
			for (unsigned two = 0; two < 2; two++) {
				uint32_t to = CODE;
				bool fault;

				if (two) /* sub eax, ecx; mov [esi+16], edx */
					APPEND(&to, "\x29\xc8\x89\x56\x10");
				append(&to, setters[i].bytes, setters[i].n);
				append(&to, between[j].bytes, between[j].n);
				append(&to, faulting[_i].bytes, faulting[_i].n);
				APPEND(&to, "\x85\xc9\xeb\xfe"); /* test ecx, ecx; jmp $ */
				ck_assert_msg(is_the_same(rungs, W_STACK3 - 64, &fault),
					      "setter %u, then %u: other flags", i, j);
				ck_assert(fault);
			}
}
END_TEST

/* BT and its family, on a word that is not on the page where its address begins. */
START_TEST(bits_on_another_page)
{
	static const uint32_t ptes[] = {RW, RO, 0};
	static const enum warm warms[] = {NOTHING, ONE_ONLY, TWO_READ, TWO_WRITTEN};
	const uint32_t rungs = cpu->without, pte = ptes[_i];
	unsigned faults = 0;

	begin(ONE, pte);
	for (unsigned i = 0; i < 16; i++) {
		/* mov ecx, 8003h; then bt, bts, btr or btc [esi], ecx: byte 1000h of ESI's page. */
		const struct insn_bytes load = {5, {0xb9, 0x03, 0x80, 0x00, 0x00}};
		const struct insn_bytes bit = {3, {0x0f, (uint8_t)(0xa3 + i / 4 * 8), 0x0e}};
		const enum warm warm = warms[i % 4];
		bool fault;

		if (pte != RW && (warm == TWO_WRITTEN || (!pte && warm == TWO_READ)))
			continue;
		put_pair(warm, &load, &bit, false);
		ck_assert(is_the_same(rungs, W_STACK3, &fault));
		faults += fault;
	}
	ck_assert_uint_eq(faults, pte == RW ? 0 : pte ? 9 : 8);
}
END_TEST

/* --- returns and calls ----------------------------------------------------------------------------- */

enum add { NO_ADD, ADD_ESP, ADD_EBX, NR_ADDS };

/* A function's end: (add esp or ebx, 8;) so many pops; ret.  Before it both pages are read, or one. */
static void put_return(bool both, enum add add, unsigned pops)
{
	uint32_t to = CODE;

	APPEND(&to, "\x8b\x54\x24\xfc\x90"); /* mov edx, [esp-4]; nop */
	if (both)
		APPEND(&to, "\x8b\x15\x00\x30\x02\x00\x90"); /* mov edx, [BORDER]; nop */
	if (add != NO_ADD)
		append(&to, add == ADD_ESP ? "\x83\xc4\x08" : "\x83\xc3\x08", 3);
	append(&to, "\x58\x5b\x5f\x5d\x59\x5e", pops);
	APPEND(&to, "\xc3");
}

/* The stack may run over the end of its page, into one that is there or not. */
START_TEST(returns_with_what_is_before)
{
	const uint32_t rungs = cpu->without;
	unsigned faults = 0;

	for (unsigned i = 0; i < WORDS; i++)
		CODE_AT(PLACE(i), "\xeb\xfe");
	begin(STACK, _i ? 0 : RW);
	for (unsigned pops = 0; pops <= 6; pops++)
		for (enum add add = NO_ADD; add < NR_ADDS; add++)
			for (unsigned below = 0; below < 44; below += 4) {
				bool fault;

				put_return(!_i, add, pops);
				ck_assert_msg(is_the_same(rungs, BORDER - below, &fault),
					      "%u pops, %u bytes: another result", pops, below);
				faults += fault;
			}
	ck_assert(_i ? faults > 50 : !faults);
}
END_TEST

/* Calls through a register, GS, memory. */
static const struct insn_bytes calls[] = {
	{2, {0xff, 0xd0}},				 /* call eax */
	{7, {0x65, 0xff, 0x15, 0x10, 0x00, 0x00, 0x00}}, /* call [gs:16], which is ONE+16 */
	{7, {0x65, 0xff, 0x15, 0xfe, 0x00, 0x00, 0x00}}, /* call [gs:0feh], past its limit */
	{3, {0xff, 0x57, 0x04}},			 /* call [edi+4] */
};

/* What is pushed lies before the border, after it, or on both pages, and the second is writable, or
 * not, or not there. */
START_TEST(calls_of_all_kinds)
{
	static const uint32_t ptes[] = {RW, RO, 0};
	const uint32_t rungs = cpu->without;
	unsigned faults = 0;

	CODE_AT(PLACE(1), "\xeb\xfe");
	begin(STACK, ptes[_i]);
	for (unsigned i = 0; i < ARRAY_LEN(calls); i++)
		for (unsigned warm = 0; warm < 2; warm++)
			for (uint32_t esp = BORDER - 4; esp <= BORDER + 8; esp += 2) {
				uint32_t to = CODE;
				bool fault;

				/* mov eax, S_SMALL3; mov gs, eax; mov eax, PLACE(1); nop */
				APPEND(&to, "\xb8\xab\0\0\0\x8e\xe8\xb8\x02\x01\x01\0\x90");
				if (warm) /* mov [BORDER-64], eax; mov [gs:16], eax */
					APPEND(&to, "\xa3\xc0\x2f\x02\0\x65\xa3\x10\0\0\0");
				append(&to, calls[i].bytes, calls[i].n);
				ck_assert_msg(is_the_same(rungs, esp, &fault),
					      "call %u, ESP %x: another result", i, esp);
				faults += fault;
			}
	ck_assert(_i ? faults > 40 : faults < 40);
}
END_TEST

/* --- heat ------------------------------------------------------------------------------------------ */

#ifdef LG_HARD
#define HEATED(n) ((void)(n)) /* nothing lives so long */
#else
#define HEATED(n) ck_assert_uint_eq(cpu->cache->heated, n)
#endif

/*
 * again: mov eax,[esi]; add ebx,eax; xor ebx,ecx; mov [esi+4],ebx; shl ebx,3; sub ebx,edx; inc edx;
 * dec ecx; jnz again; jmp $.  By the books the same as without any rung, however hot it gets.
 */
START_TEST(hot_is_as_cold)
{
	uint32_t r[2][8];

	CODE_AT(CODE,
		"\x8b\x06\x01\xc3\x31\xcb\x89\x5e\x04\xc1\xe3\x03\x29\xd3\x42\x49\x75\xee\xeb\xfe");
	for (unsigned slow = 0; slow < 2; slow++) {
		cpu_do_without(cpu, slow ? ~0u : 0);
		cpu->s.eip = CODE;
		cpu->s.r[ESI] = ONE;
		cpu->s.r[EBX] = cpu->s.r[EDX] = 0;
		cpu->s.r[ECX] = LONG / 9;
		poke32(ONE, 12345);
		cpu->s.insns[0] = 0;
		ck_assert_int_eq(cpu_run(cpu, LONG), CPU_EXIT_BUDGET);
		ck_assert_uint_eq(cpu->s.insns[0], LONG);
		ck_assert_uint_eq(peek32(ONE), 12345);
		memcpy(r[slow], cpu->s.r, sizeof(r[slow]));
		HEATED(1);
	}
	ck_assert_mem_eq(r[0], r[1], sizeof(r[0]));
}
END_TEST

/* What is left alone: a block that is seldom met, one that is hot already, and one of two pages. */
START_TEST(not_everything_gets_hot)
{
	CODE_AT(CODE, "\x40\xeb\xfd");
	ck_assert_int_eq(cpu_run(cpu, 3000), CPU_EXIT_BUDGET);
	HEATED(0);
	ck_assert_int_eq(cpu_run(cpu, LONG), CPU_EXIT_BUDGET);
	HEATED(1);
	CODE_AT(CODE + 0x1ffe, "\x83\xc0\x01\xeb\xfb");
	cpu->s.eip = CODE + 0x1ffe;
	cpu->s.r[EAX] = 0;
	ck_assert_int_eq(cpu_run(cpu, LONG), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu->s.r[EAX], LONG / 2);
	HEATED(2); /* the jump; the addition is on two pages */
}
END_TEST

/* A store to a hot block is seen as any other. */
START_TEST(hot_code_can_change)
{
	CODE_AT(CODE, "\x40\xeb\xfd");
	ck_assert_int_eq(cpu_run(cpu, LONG), CPU_EXIT_BUDGET);
	HEATED(1);
	cpu->s.r[EAX] = LONG;
	CODE_AT(CODE, "\x48");
	ck_assert_int_eq(cpu_run(cpu, LONG), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu->s.r[EAX], LONG / 2);
}
END_TEST

/*
 * a: inc eax; jmp b.  b: inc ebx; jmp a.  Decoded while nobody counts entries there, and made hot
 * through another address at which somebody does: no block may grow into its neighbour.
 */
START_TEST(hot_under_another_address)
{
	CODE_AT(CODE, "\x40\xeb\x00\x43\xeb\xfa");
	world_paging();
	poke32(W_PT + (ALIAS >> 12) * 4, CODE | PTE_P | PTE_RW);
	cpu->range.lo = ALIAS;
	cpu->range.hi = ALIAS + 6;
	cpu->s.r[EAX] = cpu->s.r[EBX] = 0;
	ck_assert_int_eq(cpu_run(cpu, 400), CPU_EXIT_BUDGET);
	cpu->s.eip = ALIAS;
	ck_assert_int_eq(cpu_run(cpu, LONG), CPU_EXIT_BUDGET);
	HEATED(2);
	cpu->s.eip = CODE;
	ck_assert_int_eq(cpu_run(cpu, 400), CPU_EXIT_BUDGET);
	ck_assert_uint_eq(cpu->s.r[EAX], LONG / 4 + 200);
	ck_assert_uint_eq(cpu->s.r[EBX], LONG / 4 + 200);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, two_in_one_are_two, 0, 7);
	tcase_add_loop_test(tc, flags_of_a_fault, 0, (int)ARRAY_LEN(faulting));
	tcase_add_loop_test(tc, bits_on_another_page, 0, 3);
	tcase_add_loop_test(tc, returns_with_what_is_before, 0, 2);
	tcase_add_loop_test(tc, calls_of_all_kinds, 0, 3);
	/* These are about blocks that begin cold. */
	if (rungs_without())
		return;
	tcase_add_test(tc, hot_is_as_cold);
	tcase_add_test(tc, not_everything_gets_hot);
	tcase_add_test(tc, hot_code_can_change);
	tcase_add_test(tc, hot_under_another_address);
}

int main(void)
{
	return run_tests("cpu/heat", fill);
}
