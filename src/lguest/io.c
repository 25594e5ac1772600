/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:570
 * Instructions we act out.  A Guest kernel knows that it is a Guest, yet here and there it still
 * tries what only ring 0 may: it probes for hardware that is not there, looks at a control
 * register, turns off interrupts the old way.  All that arrives as a general protection fault.
 * What is here is what was really seen; everything else is the Guest's own problem, and it gets
 * the fault.
:*/
#include "lg.h"

#define INSN_BYTES 7u

/* An instruction, as far as we looked into it. */
struct insn {
	uint8_t byte[8];
	unsigned prefix; /* bytes of prefix: 0, or 1 for an operand size of 16 bits */
	unsigned len;
};

static le32_t *register_by_number(struct lguest_regs *regs, unsigned num)
{
	le32_t *const reg[8] = {&regs->eax, &regs->ecx, &regs->edx, &regs->ebx,
				&regs->esp, &regs->ebp, &regs->esi, &regs->edi};

	return reg[num & 7];
}

/*H:512
 * in and out.  There is no hardware: reading gives all ones in as many bits as were asked for,
 * and what is written is gone.
 */
static bool emulate_port(struct lguest *lg, struct insn *insn, const uint8_t *op)
{
	uint32_t eax = le32_get(lg->regs->eax);
	bool byte_wide = !(op[0] & 1);

	if ((op[0] & 0xf4) != 0xe4)
		return false;
	insn->len += op[0] & 8 ? 1 : 2;
	if (op[0] & 2)
		return true; /* out */
	if (byte_wide)
		eax |= 0xff;
	else if (insn->prefix)
		eax |= 0xffff;
	else
		eax = ~0u;
	lg->regs->eax = le32(eax);
	return true;
}
/*:*/

/* What "mov %crN, %reg" shows.  CR4 is zero: so are all the features that it could turn on. */
static uint32_t control_register(struct lguest *lg, unsigned num)
{
	switch (num) {
	case 0: return 0x80050033u | (lg->ts ? 8 : 0);
	case 2: return lg->abi ? lgdata_get(lg, LGD_CR2) : 0;
	case 3: return lg->pgdir->gpgdir;
	default: return 0;
	}
}

/* Debug registers read as zero; but a kernel that was single-stepped looks for the bit in DR6. */
static uint32_t debug_register(const struct lguest *lg, unsigned num)
{
	return num == 6 && lg->single_stepped ? 0x4000 : 0;
}

/*H:513
 * The two-byte ones.  Reading the machine-specific registers is only answered before the Guest
 * has any handlers: early microcode loaders do it.  Later the kernel copes with the fault, and
 * learns something from it.
 */
static bool emulate_system(struct lguest *lg, struct insn *insn, const uint8_t *op)
{
	le32_t *reg = register_by_number(lg->regs, op[2]);
	bool has_handlers = lg->idt[13].b;

	if (op[0] != 0x0f)
		return false;
	switch (op[1]) {
	case 0x20: /* mov %crN, %reg */
		*reg = le32(control_register(lg, op[2] >> 3 & 7));
		insn->len += 3;
		return true;
	case 0x21: /* mov %drN, %reg */
		*reg = le32(debug_register(lg, op[2] >> 3 & 7));
		insn->len += 3;
		return true;
	case 0x23: /* mov %reg, %drN */
		if ((op[2] >> 3 & 7) == 6)
			lg->single_stepped = false;
		insn->len += 3;
		return true;
	case 0x30: /* wrmsr */ insn->len += 2; return !has_handlers;
	case 0x32: /* rdmsr */
		if (has_handlers)
			return false;
		lg->regs->eax = lg->regs->edx = le32(0);
		insn->len += 2;
		return true;
	default: return false;
	}
}
/*:*/

/* In the days of PCI it is the Launcher who plays the hardware: give it what it needs. */
static bool report_to_launcher(struct lguest *lg, const struct insn *insn)
{
	lg->trap = 13;
	lg->trap_gpa = lg->trap_detail = 0;
	memcpy(lg->trap_insn, insn->byte, sizeof(lg->trap_insn));
	lg->trap_pending = true;
	count_one(&lg->host->count->emulated);
	return true;
}

/*H:511
 * A general protection fault without an error code.  Only the Guest's kernel gets this service,
 * and that is checked first: a user program may fault with its instruction pointer anywhere.
 */
bool emulate_insn(struct lguest *lg)
{
	struct insn insn = {.len = 0};
	const uint8_t *op = insn.byte;
	uint32_t eip = le32_get(lg->regs->eip);

	if ((le32_get(lg->regs->cs) & 3) != GUEST_PL)
		return false;
	if (!read_guest_virt(lg, insn.byte, GVA(eip), INSN_BYTES))
		return false;
	if (op[0] == 0x66) {
		insn.prefix = insn.len = 1;
		op++;
	}
	if ((lg->flags & DOOR_INIT_MMIO) && (op[0] & 0xf4) == 0xe4)
		return report_to_launcher(lg, &insn);
	if (op[0] == 0xfa && !insn.prefix) /* cli */
		insn.len = 1;
	else if (!emulate_port(lg, &insn, op) && !emulate_system(lg, &insn, op))
		return false;
	count_one(&lg->host->count->emulated);
	lg->regs->eip = le32(eip + insn.len);
	return true;
}
/*:*/
