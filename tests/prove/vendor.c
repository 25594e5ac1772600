/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1022
 * See vendor.h.  Seen on Zen 3 (family 19h), where Sapphire Rapids does as we do.  Each way is told by as little as
 * it can be: the instruction, the state before it, and what exactly is not the same.
:*/
#include "vendor.h"

#include <string.h>

#include "cpu/fpu_priv.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

bool vendor_is_amd(void)
{
#ifdef __x86_64__
	unsigned eax, ebx, ecx, edx;

	/* "AuthenticAMD" */
	return __get_cpuid(0, &eax, &ebx, &ecx, &edx) && ebx == signature_AMD_ebx &&
	       ecx == signature_AMD_ecx && edx == signature_AMD_edx;
#else
	return false;
#endif
}

/* How many bytes of prefixes it has. */
static unsigned prefixes(const struct gen_insn *in)
{
	static const uint8_t all[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
				      0x66, 0x67, 0xf0, 0xf2, 0xf3};
	unsigned n = 0;

	while (n < in->len && memchr(all, in->code[n], sizeof(all)))
		n++;
	return n;
}

static bool has_prefix(const struct gen_insn *in, uint8_t prefix)
{
	return memchr(in->code, prefix, prefixes(in)) != NULL;
}

static const struct opmap_row *row_of(const struct vendor_case *c)
{
	return &opmap[c->insn->row];
}

/* Is the same in memory but for these bytes (and code, which nobody compares)?  `zeroed`: and those are 0
 * natively, where they differ. */
static bool same_but_for(const struct vendor_case *c, uint32_t lin, uint32_t bytes, bool zeroed)
{
	for (uint32_t at = 2 * PAGE_SIZE; at < SILICON_MEM; at++)
		if (c->mem[at] != c->native_mem[at] &&
		    (silicon_linear(at) - lin >= bytes || (zeroed && c->native_mem[at])))
			return false;
	return true;
}

static unsigned fsw_of(const struct outcome *o)
{
	return o->fx[2] | o->fx[3] << 8;
}

static uint32_t stack_base(const struct outcome *o)
{
	return o->sel[SS] == S_FS ? FS_BASE : o->sel[SS] == S_GS ? GS_BASE : 0;
}

/* PUSH of a segment register writes two bytes of the four; AMD's writes four, and they must be aligned. */
static bool pushes_four(const struct vendor_case *c)
{
	const uint32_t pushed = stack_base(c->before) + c->before->r[ESP] - 4;
	uint8_t op = row_of(c)->operand[0];

	if (op < OPR_ES || op > OPR_GS || strcmp(row_of(c)->mnemonic, "PUSH") != 0 ||
	    has_prefix(c->insn, 0x66))
		return false;
	if (c->before->eflags & FL_AC && pushed & 3)
		return c->natively->vector == V_AC;
	return c->ours->vector == V_BP && c->natively->vector == V_BP &&
	       same_but_for(c, pushed + 2, 2, true);
}

/* SHLD and SHRD of a word by more than 16: the manual calls the result undefined, and the flags. */
static bool shifts_too_far(const struct vendor_case *c)
{
	const struct opmap_row *r = row_of(c);
	uint32_t count = r->operand[2] == OPR_CL ? c->before->r[ECX]
						 : c->insn->code[c->insn->len - 1];

	return r->map == 2 && (r->opcode & 0xf6) == 0xa4 && has_prefix(c->insn, 0x66) &&
	       (count & 31) > 16 && c->ours->vector == c->natively->vector;
}

/* A store of the x87 whose number is exceptional, and not masked, stores nothing.  AMD's asks for the memory first. */
static bool looks_at_memory_first(const struct vendor_case *c)
{
	return row_of(c)->attr & A_ESC && c->insn->target && c->ours->vector == V_BP &&
	       fsw_of(c->ours) & ~fsw_of(c->before) & FSW_ES &&
	       (c->natively->vector == V_GP || c->natively->vector == V_SS ||
		c->natively->vector == V_PF || c->natively->vector == V_AC);
}

static bool near_the_end(uint32_t address)
{
	return address + 512 < 1024;
}

/* An operand that goes on at 0 behind the last byte of 4 GB: beyond the limit, says AMD's; there is no
 * page, says Intel's, or asks first whether it is aligned. */
static bool wraps(const struct vendor_case *c)
{
	if (c->natively->vector != V_SS && c->natively->vector != V_GP)
		return false;
	if (c->ours->vector == V_AC)
		return near_the_end(c->before->r[ESP]) || near_the_end(c->before->r[EBP]);
	return c->ours->vector == V_PF && near_the_end(c->ours->cr2);
}

/* MOVUPS and its like must be aligned if EFLAGS.AC says so; Intel's never must.  FXSAVE and FXRSTOR must in
 * any case, but it is #AC then, not #GP. */
static bool checks_alignment(const struct vendor_case *c)
{
	const char *name = row_of(c)->mnemonic;

	return c->before->eflags & FL_AC && c->natively->vector == V_AC &&
	       (!strcmp(name, "MOVUPS") || !strcmp(name, "MOVUPD") || !strcmp(name, "MOVDQU") ||
		row_of(c)->attr & A_FXSR);
}

/* A store of an MMX register that faults leaves TOP as it was; Intel's has cleared it. */
static bool keeps_top(const struct vendor_case *c)
{
	return row_of(c)->attr & (A_MMX | A_SSE) && c->insn->target && c->ours->vector != V_BP &&
	       c->ours->vector == c->natively->vector && !(fsw_of(c->ours) & FSW_TOP) &&
	       !((fsw_of(c->natively) ^ fsw_of(c->before)) & FSW_TOP);
}

/* A store of ten bytes that faults in the last two: Intel's has stored the eight. */
static bool stores_all_or_nothing(const struct vendor_case *c)
{
	const uint8_t *code = c->insn->code + prefixes(c->insn);

	return ((code[0] == 0xdb && (code[1] >> 3 & 7) == 7) ||
		(code[0] == 0xdf && (code[1] >> 3 & 7) == 6)) &&
	       c->ours->vector != V_BP && c->ours->vector == c->natively->vector &&
	       same_but_for(c, c->insn->target, 8, false);
}

/* REP CMPS and REP SCAS that fault on the way leave the flags of the last comparison; Intel's those from before. */
static bool flags_on_the_way(const struct vendor_case *c)
{
	return row_of(c)->attr & A_STRING && row_of(c)->flags_defined && c->ours->vector != V_BP &&
	       c->ours->vector == c->natively->vector && c->ours->r[ECX] == c->natively->r[ECX] &&
	       c->ours->r[ESI] == c->natively->r[ESI] && c->ours->r[EDI] == c->natively->r[EDI];
}

/* BOUND reads the upper bound even if the lower one is violated.  (A tracer is told of #BR as of #GP.) */
static bool reads_both_bounds(const struct vendor_case *c)
{
	return row_of(c)->map == 1 && row_of(c)->opcode == 0x62 && c->ours->vector == V_GP &&
	       c->natively->vector == V_PF;
}

/* FPREM and FPREM1 of a denormal number by an infinity, and FSCALE of one by 0, are that number; AMD's calls it an
 * underflow if that is not masked. */
static bool denormal_underflows(const struct vendor_case *c)
{
	const uint8_t *code = c->insn->code + prefixes(c->insn);
	const uint8_t *by = c->before->fx + 48; /* ST(1) */
	const bool zero = !(by[7] | by[8] | (by[9] & 0x7f));
	const bool infinity = by[7] == 0x80 && (by[8] | (by[9] & 0x7f) << 8) == 0x7fff;

	return code[0] == 0xd9 &&
	       (((code[1] == 0xf8 || code[1] == 0xf5) && infinity) || (code[1] == 0xfd && zero)) &&
	       !(fsw_of(c->ours) & FSW_ES) && fsw_of(c->natively) & ~c->before->fx[0] & F80_UE;
}

/* LOCK MOV CR0 is another name of CR8 there. */
static bool is_cr8(const struct vendor_case *c)
{
	return row_of(c)->map == 2 && (row_of(c)->opcode == 0x20 || row_of(c)->opcode == 0x22) &&
	       has_prefix(c->insn, 0xf0) && c->ours->vector == V_UD && c->natively->vector == V_GP;
}

static const struct {
	bool (*is)(const struct vendor_case *c);
	const char *text;
} ways[] = {
	{pushes_four, "PUSH of a segment register writes all four bytes"},
	{shifts_too_far, "SHLD and SHRD of a word by more than 16: undefined"},
	{looks_at_memory_first,
	 "an x87 store that an unmasked exception prevents still asks for its memory"},
	{wraps, "an operand may not wrap around 4 GB"},
	{checks_alignment, "MOVUPS, MOVUPD, MOVDQU, FXSAVE and FXRSTOR obey EFLAGS.AC"},
	{keeps_top, "a store of an MMX register that faults leaves TOP alone"},
	{stores_all_or_nothing, "FSTP m80 and FBSTP that fault have stored nothing"},
	{flags_on_the_way, "REP CMPS and REP SCAS that fault leave flags of the last comparison"},
	{reads_both_bounds, "BOUND reads both bounds before it compares"},
	{denormal_underflows,
	 "a denormal number that FPREM, FPREM1 or FSCALE leave alone underflows"},
	{is_cr8, "LOCK MOV CR0 is MOV CR8"},
};

_Static_assert(ARRAY_LEN(ways) <= VENDOR_MOST, "room for each in lockstep.c");

int vendor_way(const struct vendor_case *c)
{
	for (unsigned i = 0; i < ARRAY_LEN(ways); i++)
		if (ways[i].is(c))
			return (int)i;
	return -1;
}

const char *vendor_reason(unsigned way)
{
	return way < ARRAY_LEN(ways) ? ways[way].text : NULL;
}
