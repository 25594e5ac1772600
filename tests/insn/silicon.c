/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1008
 * insn-silicon: what the manual leaves open and the lock-step of tests/prove found out, one case for
 * each, so that it is tested on machines that cannot ask themselves, too.
:*/
#include "machine.h"

static struct machine m;
static unsigned failures;

static void expect(const char *what, uint32_t got, uint32_t want)
{
	if (got == want)
		return;
	failures++;
	printf("%s: %08x, not %08x\n", what, got, want);
}

/* A fresh machine in ring 3 with this code; all pages there, but `absent`, if not 0. */
static void start(const char *code, unsigned n, uint32_t absent)
{
	for (unsigned i = 0; i < NR_PAGES; i++)
		put32(&m, m.page[i].pte_pa, m.page[i].lin == absent ? 0 : m.page[i].pa | 7);
	if (!mem_write(&m.mem, PA_CODE, code, n) || !mem_write(&m.mem, PA_CODE + n, "\xcc", 1))
		abort();
	memset(m.mem.ram + PA_DATA, 0x33, PA_TABLES - PA_DATA);
	machine_enter(&m, 3);
	cpu_set_eflags(&m.cpu, FL_R1 | FL_IF | FL_ZF | FL_PF);
}

/* Run to the trap; returns its vector, with EFLAGS of the frame in *eflags. */
static uint32_t trap(uint32_t *eflags)
{
	uint32_t vector;

	(void)cpu_run(&m.cpu, 1000);
	vector = machine_vector(&m);
	*eflags = get32(&m, m.cpu.s.r[ESP] - SYS +
				    (vector == V_PF || vector == V_GP || vector == V_AC ? 12 : 8));
	return vector;
}

static void no_iteration_no_port(void)
{
	static const char *const code[] = {"\xf3\x6c", "\xf3\x6d", "\xf3\x6e", "\xf3\x6f"};
	uint32_t eflags;

	for (unsigned i = 0; i < 4; i++) {
		start(code[i], 2, 0);
		m.cpu.s.r[ECX] = 0;
		expect("REP INS or OUTS without the right to the port, ECX 0: vector",
		       trap(&eflags), V_GP);
	}
}

/* REPNE SCASD that faults after two iterations, and REPE CMPSB that is stepped through. */
static void flags_come_last(void)
{
	const uint32_t arith = FL_ZF | FL_PF;
	uint32_t eflags;

	start("\xf2\xaf", 2, DATA + PAGE_SIZE);
	m.cpu.s.r[EDI] = DATA + PAGE_SIZE - 8;
	m.cpu.s.r[ECX] = 9;
	m.cpu.s.r[EAX] = 0;
	expect("REPNE SCAS over a page border: vector", trap(&eflags), V_PF);
	expect("REPNE SCAS over a page border: flags", eflags & FL_ARITH, arith);
	expect("REPNE SCAS over a page border: ECX", m.cpu.s.r[ECX], 7);

	start("\xf3\xa6", 2, 0);
	cpu_set_eflags(&m.cpu, FL_R1 | FL_CF | FL_TF);
	m.cpu.s.r[ESI] = SRC;
	m.cpu.s.r[EDI] = DST;
	m.cpu.s.r[ECX] = 9;
	expect("REPE CMPS stepped: vector", trap(&eflags), V_DB);
	expect("REPE CMPS stepped: flags", eflags & (FL_ARITH | FL_RF), FL_CF | FL_RF);
	expect("REPE CMPS stepped: ECX", m.cpu.s.r[ECX], 8);
}

static void alignment_before_page(void)
{
	static const struct {
		const char *code;
		unsigned n;
	} op[] = {{"\x01\x03", 2},     /* add [ebx], eax */
		  {"\x0f\xbb\x03", 3}, /* btc [ebx], eax */
		  {"\x0f\xb1\x03", 3}, /* cmpxchg [ebx], eax */
		  {"\x0f\xc7\x0b", 3}, /* cmpxchg8b [ebx] */
		  {"\x87\x03", 2},     /* xchg [ebx], eax */
		  {"\xff\x03", 2}};    /* inc dword [ebx] */
	uint32_t eflags;

	for (unsigned i = 0; i < ARRAY_LEN(op); i++) {
		start(op[i].code, op[i].n, DATA);
		m.cpu.s.cr0 |= CR0_AM;
		cpu_set_eflags(&m.cpu, FL_R1 | FL_AC);
		cpu_state_changed(&m.cpu);
		m.cpu.s.r[EBX] = DATA + 1;
		m.cpu.s.r[EAX] = 0;
		expect("unaligned and not present: vector", trap(&eflags), V_AC);
	}
}

#define TOP(n) ((uint16_t)((n) << 11))

static void mmx_stores(void)
{
	static const struct {
		const char *code;
		unsigned n;
		uint8_t empty;		      /* after */
	} op[] = {{"\x0f\x7f\x03", 3, 0x83},  /* movq [ebx], mm0 */
		  {"\x0f\x7e\x03", 3, 0x83},  /* movd [ebx], mm0 */
		  {"\x0f\xe7\x03", 3, 0x83},  /* movntq [ebx], mm0 */
		  {"\x0f\xf7\xd9", 3, 0x00},  /* maskmovq mm3, mm1 */
		  {"\x0f\x6f\x03", 3, 0x83}}; /* movq mm0, [ebx]: a load */
	uint32_t eflags;

	for (unsigned i = 0; i < ARRAY_LEN(op); i++) {
		start(op[i].code, op[i].n, DATA);
		m.cpu.s.r[EBX] = m.cpu.s.r[EDI] = DATA;
		m.cpu.s.fpu.fsw = TOP(3);
		m.cpu.s.fpu.empty = 0x83;
		m.cpu.s.fpu.reg[1].mant = ~0ull;
		expect("MMX and no page: vector", trap(&eflags), V_PF);
		expect("MMX and no page: FSW", m.cpu.s.fpu.fsw, i == 4 ? TOP(3) : 0);
		expect("MMX and no page: empty registers", m.cpu.s.fpu.empty, op[i].empty);
	}
}

static void eighty_bits(void)
{
	static const char *const code[] = {"\xdb\x3b", "\xdf\x33"}; /* fstp tword, fbstp [ebx] */
	uint32_t eflags;

	for (unsigned i = 0; i < 2; i++)
		for (unsigned n = 1; n < 10; n++) {
			start(code[i], 2, DATA + PAGE_SIZE);
			m.cpu.s.r[EBX] = DATA + PAGE_SIZE - n;
			m.cpu.s.fpu.empty = 0;
			m.cpu.s.fpu.reg[0] = (struct f80){1ull << 63, 0x3fff};
			expect("80 bits over a page border: vector", trap(&eflags), V_PF);
			expect("80 bits over a page border: CR2", m.cpu.s.cr2, DATA + PAGE_SIZE);
			expect("80 bits over a page border: first byte",
			       m.mem.ram[PA_DATA + PAGE_SIZE - n],
			       n < 8 ? 0x33
			       : !i  ? 0
				     : 1);
		}
}

static void last_byte_first(void)
{
	static const char *const code[] = {"\x0f\xae\x03", "\x0f\xae\x0b"}; /* fxsave, fxrstor */
	uint32_t eflags;

	for (unsigned i = 0; i < 2; i++) {
		start(code[i], 3, DATA);
		m.cpu.s.r[EBX] = DATA + 0x100;
		expect("FXSAVE, FXRSTOR and no page: vector", trap(&eflags), V_PF);
		expect("FXSAVE, FXRSTOR and no page: CR2", m.cpu.s.cr2, DATA + 0x2ff);
	}
}

/* The upper bound is on a page that is not there. */
static void bound(void)
{
	uint32_t eflags;

	for (int i = -1; i < 2; i += 2) {
		start("\x62\x03", 2, DATA + PAGE_SIZE); /* bound eax, [ebx] */
		m.cpu.s.r[EBX] = DATA + PAGE_SIZE - 4;
		m.cpu.s.r[EAX] = 0x33333333u + (uint32_t)i;
		expect("BOUND over a page border: vector", trap(&eflags), i < 0 ? V_BR : V_PF);
	}
}

/* FS ends 8 bytes behind the operand; with #AC, what is unaligned is found first. */
static void segment_ends(void)
{
	static const char *const code[] = {"\x64\xdb\x3b", "\x64\xdf\x33", "\x64\xdd\x33"};
	uint32_t eflags;

	for (unsigned i = 0; i < 3; i++) {
		start(code[i], 3, 0); /* fstp tword, fbstp, fnsave fs:[ebx] */
		m.cpu.s.seg[FS] = (struct seg){S_DATA3, 0x4f3, DATA, 0x107};
		m.cpu.s.r[EBX] = 0x100;
		m.cpu.s.fpu.empty = 0;
		m.cpu.s.fpu.reg[0] = (struct f80){1ull << 63, 0x3fff};
		cpu_state_changed(&m.cpu);
		expect("over the end of FS: vector", trap(&eflags), V_GP);
		expect("over the end of FS: first byte", m.mem.ram[PA_DATA + 0x100],
		       i == 0	? 0
		       : i == 1 ? 1
				: 0x33);
	}
	start(code[2], 3, 0);
	m.cpu.s.seg[FS] = (struct seg){S_DATA3, 0x4f3, DATA, 0x107};
	m.cpu.s.r[EBX] = 0x102;
	m.cpu.s.cr0 |= CR0_AM;
	cpu_set_eflags(&m.cpu, FL_R1 | FL_AC);
	cpu_state_changed(&m.cpu);
	expect("FNSAVE unaligned over the end of FS: vector", trap(&eflags), V_AC);
}

/* There is no room for EIP, but for CS there is: the page is not there. */
static void call_far(void)
{
	uint32_t eflags;

	start("\x9a\x10\x00\x00\x28\x23\x00", 7, STACK);
	m.cpu.s.r[ESP] = STACK + PAGE_SIZE + 4;
	expect("CALLF over a page border: vector", trap(&eflags), V_PF);
	expect("CALLF over a page border: CS", get32(&m, PA_STACK + PAGE_SIZE), S_CODE3);
	/* And beyond the end of SS, where that for EIP would wrap. */
	start("\x9a\x10\x00\x00\x28\x23\x00", 7, 0);
	m.cpu.s.seg[SS] = (struct seg){S_DATA3, 0x4f3, STACK, 0x1ff};
	m.cpu.s.r[ESP] = 6;
	cpu_state_changed(&m.cpu);
	expect("CALLF at the end of SS: vector", trap(&eflags), V_SS);
	expect("CALLF at the end of SS: CS", get32(&m, PA_STACK + 2), S_CODE3);
}

/* The same for the fourth register. */
static void push_all(void)
{
	uint32_t eflags;

	start("\x60", 1, STACK);
	m.cpu.s.r[ESP] = STACK + PAGE_SIZE + 12;
	m.cpu.s.r[EDX] = 0x1234567;
	expect("PUSHA over a page border: vector", trap(&eflags), V_PF);
	expect("PUSHA over a page border: EDX", get32(&m, PA_STACK + PAGE_SIZE), 0x1234567);
}

/* Both too far and unaligned: the stack segment does not matter. */
static void sse_beyond_ss(void)
{
	uint32_t eflags;

	for (unsigned unaligned = 0; unaligned < 2; unaligned++) {
		start("\x0f\x28\x04\x24", 4, 0); /* movaps xmm0, [esp] */
		m.cpu.s.seg[SS] = (struct seg){S_DATA3, 0x4f3, STACK, 0xff};
		m.cpu.s.r[ESP] = 0x1000 + unaligned;
		cpu_state_changed(&m.cpu);
		expect("MOVAPS beyond SS: vector", trap(&eflags), unaligned ? V_GP : V_SS);
	}
}

/* A load that hits a breakpoint, and then there is no such segment: the fault is all there is.  (This is
 * the manual's; but tests/ring cannot have it, since in QEMU the breakpoint strikes in the handler.) */
static void fault_behind_breakpoint(void)
{
	uint32_t eflags;

	start("\x8e\x23", 2, 0); /* mov fs, [ebx] */
	m.cpu.s.r[EBX] = m.cpu.s.dr[0] = DATA;
	m.cpu.s.dr[7] = 0x000f0401;
	cpu_state_changed(&m.cpu);
	expect("breakpoint and fault: vector", trap(&eflags), V_GP);
	expect("breakpoint and fault: DR6", m.cpu.s.dr[6] & 15, 0);
	start("\x8b\x03", 2, 0); /* mov eax, [ebx] */
	m.cpu.s.r[EBX] = m.cpu.s.dr[0] = DATA;
	m.cpu.s.dr[7] = 0x000f0401;
	cpu_state_changed(&m.cpu);
	expect("breakpoint alone: vector", trap(&eflags), V_DB);
	expect("breakpoint alone: DR6", m.cpu.s.dr[6] & 15, 1);
}

/* ENTER whose frame is aligned, but not the new top of the stack. */
static void enter_aligned(void)
{
	uint32_t eflags;

	start("\xc8\x03\x00\x00", 4, 0);
	m.cpu.s.cr0 |= CR0_AM;
	cpu_set_eflags(&m.cpu, FL_R1 | FL_AC);
	cpu_state_changed(&m.cpu);
	expect("ENTER 3, 0 with AC: vector", trap(&eflags), V_AC);
}

int main(void)
{
	machine_make(&m);
	m.cpu.model.edx1 = ~0u;
	no_iteration_no_port();
	flags_come_last();
	alignment_before_page();
	mmx_stores();
	eighty_bits();
	last_byte_first();
	bound();
	segment_ends();
	enter_aligned();
	call_far();
	push_all();
	sse_beyond_ss();
	fault_behind_breakpoint();
	printf("%u failures\n", failures);
	machine_free(&m);
	return failures ? 1 : 0;
}
