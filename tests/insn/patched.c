/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:979
 * insn-patched: code that was changed runs as it is now, not as it was when it was decoded.  Each
 * way to store is tried on an instruction close behind the store, often in the same block: directly
 * and through another linear address of the page, over a page border, with the instruction decoded
 * before or not.  Then DMA, page tables, and a loop that changes itself at every turn.
 *
 * The victim is always "mov al, 0x11"; whoever runs it stale has 0x11 in AL.
:*/
#include "machine.h"

#define ALIAS 0x29000000u /* the code pages once more, writable */

static struct machine m;
static unsigned failures, runs;

struct patcher {
	const char *name;
	uint8_t code[12];
	unsigned len;
	uint8_t want; /* AL, if the store was seen */
	int skew;     /* ESP and EDI point so far from the victim's operand */
	uint8_t al;   /* before */
};

/* EBX points at the victim's operand, DH is 0x77, EDX the bytes b0 77 90 90: the victim itself, with
 * another operand and two NOPs behind it.  The same lies on the stack (or at ESI). */
static const struct patcher patchers[] = {
	{"mov [ebx], dh", {0x88, 0x33}, 2, 0x77, 0, 0},
	{"mov [ebx-1], dx", {0x66, 0x89, 0x53, 0xff}, 4, 0x77, 0, 0},
	{"mov [ebx-1], edx", {0x89, 0x53, 0xff}, 3, 0x77, 0, 0},
	{"mov byte [ebx], 0x77", {0xc6, 0x03, 0x77}, 3, 0x77, 0, 0},
	{"fs: mov [ebx], dh", {0x64, 0x88, 0x33}, 3, 0x77, 0, 0},
	{"xchg [ebx], dh", {0x86, 0x33}, 2, 0x77, 0, 0},
	{"add [ebx], dh", {0x00, 0x33}, 2, 0x88, 0, 0},
	{"lock xor [ebx], dh", {0xf0, 0x30, 0x33}, 3, 0x66, 0, 0},
	{"inc byte [ebx]", {0xfe, 0x03}, 2, 0x12, 0, 0},
	{"neg byte [ebx]", {0xf6, 0x1b}, 2, 0xef, 0, 0},
	{"shl byte [ebx], 1", {0xd0, 0x23}, 2, 0x22, 0, 0},
	{"bts dword [ebx], 1", {0x0f, 0xba, 0x2b, 0x01}, 4, 0x13, 0, 0},
	{"setc [ebx]", {0x0f, 0x92, 0x03}, 3, 0x01, 0, 0},
	{"cmpxchg [ebx], dh", {0x0f, 0xb0, 0x33}, 3, 0x77, 0, 0x11},
	{"xadd [ebx], dh", {0x0f, 0xc0, 0x33}, 3, 0x88, 0, 0},
	{"push edx", {0x52}, 1, 0x77, 3, 0},
	{"push dword 0x909077b0", {0x68, 0xb0, 0x77, 0x90, 0x90}, 5, 0x77, 3, 0},
	{"pop dword [ebx-1]", {0x8f, 0x43, 0xff}, 3, 0x77, 0, 0},
	{"stosb", {0xaa}, 1, 0x77, 0, 0x77},
	{"rep stosb", {0xf3, 0xaa}, 2, 0x77, 0, 0x77},
	{"movsb", {0xa4}, 1, 0xb0, 0, 0},
	{"rep movsb", {0xf3, 0xa4}, 2, 0xb0, 0, 0},
	{"rep movsd", {0xf3, 0xa5}, 2, 0x77, -1, 0},
	{"insb", {0x6c}, 1, 0x5a, 0, 0},
	{"fild dword [esi]; fistp dword [ebx-1]", {0xdb, 0x06, 0xdb, 0x5b, 0xff}, 5, 0x77, 0, 0},
};

static void poke(uint32_t pa, const void *bytes, unsigned n)
{
	if (!mem_write(&m.mem, pa, bytes, n))
		abort();
}

static void complain(const char *what, const char *where, uint32_t got, uint32_t want)
{
	failures++;
	printf("%s, %s: %#x, not %#x\n", what, where, got, want);
}

static void start(uint32_t eip)
{
	machine_enter(&m, 3);
	m.cpu.s.eip = eip;
	cpu_state_changed(&m.cpu);
}

/* Run from eip to the "jmp $" that ends everything here; returns AL. */
static uint8_t run(void)
{
	runs++;
	(void)cpu_run(&m.cpu, 100);
	if (machine_vector(&m) != NO_TRAP)
		complain("a trap", "vector", machine_vector(&m), NO_TRAP);
	return (uint8_t)m.cpu.s.r[EAX];
}

/*
 * The victim's operand is at offset `at` of the code pages; patcher and some NOPs stand before it.
 */
static void try_patcher(const struct patcher *p, unsigned at, unsigned gap, bool alias,
			bool decoded)
{
	static const uint8_t victim[] = {0xb0, 0x11, 0x90, 0x90, 0xeb, 0xfe};
	const unsigned first = at - 1 - gap - p->len;
	struct cpu_state *s = &m.cpu.s;
	char where[80];
	uint8_t got;

	cpu_drop_caches(&m.cpu);
	memset(m.mem.ram + PA_CODE, 0x90, 2 * PAGE_SIZE);
	memcpy(m.mem.ram + PA_CODE + at - 1, victim, sizeof(victim));
	memcpy(m.mem.ram + PA_CODE + first, p->code, p->len);
	mem_unpin(&m.mem, PA_CODE, 2 * PAGE_SIZE);
	put32(&m, PA_SRC, 0x909077b0);
	put32(&m, PA_STACK + 0x800, 0x909077b0);
	snprintf(where, sizeof(where), "operand at +%#x, %u NOPs between, %s, %s", at, gap,
		 alias ? "by another address" : "directly", decoded ? "decoded before" : "new");
	if (decoded) {
		start(CODE + at - 1);
		got = run();
		if (got != 0x11)
			complain(p->name, where, got, 0x11);
	}
	start(CODE + first);
	s->r[EAX] = p->al;
	s->r[EBX] = (alias ? ALIAS : CODE) + at;
	s->r[ECX] = 1;
	s->r[EDX] = 0x909077b0;
	s->r[ESI] = SRC;
	s->r[EDI] = s->r[EBX] + (uint32_t)p->skew;
	if (p->skew > 0)
		s->r[ESP] = s->r[EBX] + (uint32_t)p->skew;
	got = run();
	if (got != p->want)
		complain(p->name, where, got, p->want);
}

static void stores(void)
{
	/* In the middle, at the border of a piece of 32 bytes, and of a page. */
	static const unsigned at[] = {0x203, 0x220, 0x21f, 0x1000, 0xfff, 0x1001, 0x1002};

	for (unsigned i = 0; i < ARRAY_LEN(patchers); i++)
		for (unsigned k = 0; k < ARRAY_LEN(at); k++)
			for (unsigned gap = 0; gap < 3; gap++)
				for (unsigned how = 0; how < 4; how++)
					try_patcher(&patchers[i], at[k], gap, how & 1, how & 2);
}

/* What the CPU did not do itself. */
static void dma(void)
{
	static const uint8_t code[] = {0xb0, 0x11, 0xeb, 0xfe};
	uint8_t *p;

	for (unsigned at = 0xffe; at <= 0x1000; at++) {
		uint8_t got;

		cpu_drop_caches(&m.cpu);
		poke(PA_CODE + at, code, sizeof(code));
		for (uint8_t v = 0x20; v < 0x24; v++) {
			if (v & 1) {
				poke(PA_CODE + at + 1, &v, 1);
			} else {
				p = mem_pin(&m.mem, PA_CODE + at + 1, 1);
				*p = v;
				mem_unpin(&m.mem, PA_CODE + at + 1, 1);
			}
			start(CODE + at);
			got = run();
			if (got != v)
				complain("DMA", "victim at a page border", got, v);
		}
	}
}

/* The same linear page, another frame: seen after CR3 was written, and after INVLPG. */
static void page_tables(void)
{
	static const uint8_t old[] = {0xb0, 0x11, 0xeb, 0xfe}, new[] = {0xb0, 0x77, 0xeb, 0xfe};
	static const struct {
		const char *name;
		uint8_t code[3];
	} way[] = {{"mov cr3, eax", {0x0f, 0x22, 0xd8}}, {"invlpg [ebx]", {0x0f, 0x01, 0x3b}}};
	const uint32_t page = CODE + PAGE_SIZE, pte_pa = m.page[1].pte_pa;
	uint8_t got;

	poke(PA_CODE + PAGE_SIZE, old, sizeof(old));
	poke(PA_DATA, new, sizeof(new));
	for (unsigned i = 0; i < ARRAY_LEN(way); i++) {
		/* mov [edx], ecx; the way; jmp ebx */
		uint8_t code[] = {0x89, 0x0a, way[i].code[0], way[i].code[1], way[i].code[2],
				  0xff, 0xe3};

		poke(PA_CODE, code, sizeof(code));
		machine_enter(&m, 0);
		m.cpu.s.eip = page;
		cpu_state_changed(&m.cpu);
		got = run();
		if (got != 0x11)
			complain(way[i].name, "before", got, 0x11);
		machine_enter(&m, 0);
		m.cpu.s.r[EAX] = PA_DIR;
		m.cpu.s.r[EBX] = page;
		m.cpu.s.r[ECX] = PA_DATA | 7;
		m.cpu.s.r[EDX] = SYS + 0x8000; /* the page table, mapped for this */
		map(&m, SYS + 0x8000, pte_pa & PAGE_MASK, 7);
		m.cpu.s.r[EDX] += pte_pa & ~PAGE_MASK;
		cpu_state_changed(&m.cpu);
		got = run();
		if (got != 0x77)
			complain(way[i].name, "after", got, 0x77);
		put32(&m, pte_pa, m.page[1].pa | 7);
	}
}

/*
 *	again:	inc byte [victim's operand]
 *	victim:	mov al, 0
 *		movzx eax, al
 *		add edx, eax
 *		loop again
 */
static void every_turn(void)
{
	static const uint8_t code[] = {0xfe, 0x03, 0xb0, 0x00, 0x0f, 0xb6, 0xc0,
				       0x01, 0xc2, 0xe2, 0xf5, 0xeb, 0xfe};
	const unsigned turns = 200;

	for (unsigned at = 0xff0; at <= 0x1000; at++) {
		cpu_drop_caches(&m.cpu);
		memset(m.mem.ram + PA_CODE, 0x90, 2 * PAGE_SIZE);
		mem_unpin(&m.mem, PA_CODE, 2 * PAGE_SIZE);
		poke(PA_CODE + at, code, sizeof(code));
		start(CODE + at);
		m.cpu.s.r[EBX] = CODE + at + 3;
		m.cpu.s.r[ECX] = turns;
		m.cpu.s.r[EDX] = 0;
		runs++;
		(void)cpu_run(&m.cpu, turns * 5 + 10);
		if (m.cpu.s.r[EDX] != turns * (turns + 1) / 2)
			complain("a loop that changes itself", "the sum", m.cpu.s.r[EDX],
				 turns * (turns + 1) / 2);
	}
}

/* A routine that has run is replaced as a whole, by one REP MOVS, and called again. */
static void replaced(void)
{
	static const uint8_t program[] = {
		0xff, 0xd3, /* call ebx */
		0x88, 0xc4, /* mov ah, al */
		0xf3, 0xa5, /* rep movsd */
		0xff, 0xd3, /* call ebx */
		0xeb, 0xfe,
	};
	static const unsigned at[] = {0x400, 0xff0, 0x1000};

	for (unsigned i = 0; i < ARRAY_LEN(at); i++) {
		uint8_t old[64], new[64];

		memset(old, 0x90, sizeof(old));
		memcpy(new, old, sizeof(new));
		memcpy(old + 40, "\xb0\x11\xc3", 3);
		memcpy(new + 40, "\xb0\x77\xc3", 3);
		cpu_drop_caches(&m.cpu);
		poke(PA_CODE + 0x100, program, sizeof(program));
		poke(PA_CODE + at[i], old, sizeof(old));
		poke(PA_SRC + 0x20, new, sizeof(new));
		start(CODE + 0x100);
		m.cpu.s.r[EBX] = CODE + at[i];
		m.cpu.s.r[ECX] = sizeof(new) / 4;
		m.cpu.s.r[ESI] = SRC + 0x20;
		m.cpu.s.r[EDI] = ALIAS + at[i];
		(void)cpu_run(&m.cpu, 1000);
		runs++;
		if ((m.cpu.s.r[EAX] & 0xffff) != 0x1177)
			complain("REP MOVSD over a routine", "AX", m.cpu.s.r[EAX] & 0xffff, 0x1177);
	}
}

int main(void)
{
	machine_make(&m);
	map(&m, ALIAS, PA_CODE, 7);
	map(&m, ALIAS + PAGE_SIZE, PA_CODE + PAGE_SIZE, 7);
	stores();
	dma();
	page_tables();
	every_turn();
	replaced();
	printf("%u runs, %u failures\n", runs, failures);
	machine_free(&m);
	return failures ? 1 : 0;
}
