/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:771
 * Acting out an instruction that touched hardware.  The original Launcher had a small decoder of its
 * own, which knew four opcodes and was wrong about some addresses; this file asks the one that the
 * processor uses, and then looks its answer up in a table.
 *
 * It refuses to guess: what is not in the table becomes the Guest's own fault.
:*/
#include "trapped.h"
#include "cpu/cpu.h"
#include "cpu/insn.h"
#include "vm.h"

/*L:430
 * What we know.  Where a width is 0 it is that of the operand size.
 */
enum trapped_form { IN, OUT, LOAD, LOAD_SIGNED, STORE, STORE_IMMEDIATE };

static const struct trapped_row {
	uint8_t map, opcode;
	enum trapped_form form;
	uint8_t bytes;
} rows[] = {
	{1, 0xe4, IN, 1},
	{1, 0xe5, IN, 0},
	{1, 0xec, IN, 1},
	{1, 0xed, IN, 0},
	{1, 0xe6, OUT, 1},
	{1, 0xe7, OUT, 0},
	{1, 0xee, OUT, 1},
	{1, 0xef, OUT, 0},
	{1, 0x88, STORE, 1},
	{1, 0x89, STORE, 0},
	{1, 0x8a, LOAD, 1},
	{1, 0x8b, LOAD, 0},
	{1, 0xa0, LOAD, 1},
	{1, 0xa1, LOAD, 0},
	{1, 0xa2, STORE, 1},
	{1, 0xa3, STORE, 0},
	{2, 0xb6, LOAD, 1},
	{2, 0xb7, LOAD, 2},
	{2, 0xbe, LOAD_SIGNED, 1},
	{2, 0xbf, LOAD_SIGNED, 2},
	{1, 0xc6, STORE_IMMEDIATE, 1},
	{1, 0xc7, STORE_IMMEDIATE, 0},
};

static const struct trapped_row *find_row(const struct insn *in)
{
	unsigned i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].map == opmap[in->row].map && rows[i].opcode == in->opcode)
			return &rows[i];
	return NULL;
}
/*:*/

/*L:431
 * Registers, by the numbers that instructions use.  Of those one byte wide the upper four are the
 * second bytes of the lower four.
 */
static le32_t *reg_at(struct door_regs *r, unsigned num)
{
	le32_t *const reg[8] = {
		[EAX] = &r->eax, [ECX] = &r->ecx, [EDX] = &r->edx, [EBX] = &r->ebx,
		[ESP] = &r->esp, [EBP] = &r->ebp, [ESI] = &r->esi, [EDI] = &r->edi,
	};

	return reg[num & 7];
}

static uint32_t mask_of(unsigned bytes)
{
	return bytes == 4 ? ~0u : (1u << 8 * bytes) - 1;
}

static unsigned shift_of(unsigned num, unsigned bytes)
{
	return bytes == 1 && num >= 4 ? 8 : 0;
}

static uint32_t reg_get(const struct door_regs *regs, unsigned num, unsigned bytes)
{
	struct door_regs r = *regs;
	const unsigned shift = shift_of(num, bytes);

	return le32_get(*reg_at(&r, shift ? num - 4 : num)) >> shift & mask_of(bytes);
}

static void reg_set(struct door_regs *regs, unsigned num, unsigned bytes, uint32_t v)
{
	const unsigned shift = shift_of(num, bytes);
	const uint32_t mask = mask_of(bytes) << shift;
	le32_t *reg = reg_at(regs, shift ? num - 4 : num);

	*reg = le32((le32_get(*reg) & ~mask) | (v << shift & mask));
}
/*:*/

/*M:770
 * The Host reports seven bytes of an instruction, as the original did.  A store of 32 immediate bits
 * to an absolute address has ten, so a Guest that contained one would get a fault for it.  Linux
 * has none: its accessors take address and value in registers.
:*/
bool trapped_decode(uint32_t trap, const uint8_t insn[TRAPPED_INSN_BYTES],
		    const struct door_regs *regs, struct trapped_access *a)
{
	const struct trapped_row *row;
	struct insn in;
	int len = insn_decode(insn, TRAPPED_INSN_BYTES, true, &in);

	*a = (struct trapped_access){0};
	if (len <= 0)
		return false;
	row = find_row(&in);
	if (!row || (in.has_modrm && !insn_is_mem(&in)))
		return false;
	a->is_port = row->form == IN || row->form == OUT;
	a->is_store = row->form == OUT || row->form == STORE || row->form == STORE_IMMEDIATE;
	if (a->is_port != (trap == V_GP))
		return false;
	a->insn_len = (uint8_t)len;
	a->bytes = row->bytes ? row->bytes : in.opsize;
	/* Without a ModRM byte it is the accumulator. */
	a->reg = in.has_modrm ? in.modrm >> 3 & 7 : EAX;
	a->reg_bytes = row->map == 2 ? in.opsize : a->bytes;
	a->sign = row->form == LOAD_SIGNED;
	if (a->is_port)
		a->port = (uint16_t)(in.opcode & 8 ? le32_get(regs->edx) : in.imm & 0xff);
	if (row->form == STORE_IMMEDIATE)
		a->value = in.imm & mask_of(a->bytes);
	else if (a->is_store)
		a->value = reg_get(regs, a->reg, a->bytes);
	return true;
}

void trapped_finish(const struct trapped_access *a, uint32_t value, struct door_regs *regs)
{
	const uint32_t top = 1u << (8 * a->bytes - 1);

	if (!a->is_store) {
		value &= mask_of(a->bytes);
		if (a->sign)
			value = (value ^ top) - top;
		reg_set(regs, a->reg, a->reg_bytes, value);
	}
	regs->eip = le32(le32_get(regs->eip) + a->insn_len);
}

/* --- the hardware --------------------------------------------------------------------------- */

/* A device has just been stopped, and somebody may want to know why the Guest complains. */
static void tell(struct guest *g, const struct virtio_device *dev)
{
	if (dev)
		guest_warn(g, "the guest's %s device was stopped: %s", dev->ops->name,
			   dev->stopped);
}

#define PORT_KEYBOARD_STATUS 0x64u
#define KEYBOARD_HAS_BYTE    1u

/*L:432
 * Ports.  There are eight that do something.  One more has an answer: a keyboard controller which
 * always has a byte to deliver, so that a driver who wants to drain it gives up at once instead of
 * waiting for what is not there.
 */
static uint32_t port_access(struct guest *g, const struct trapped_access *a)
{
	const bool is_pci = a->port >= PCI_PORT_ADDRESS && a->port < PCI_PORT_DATA + 4;
	const struct virtio_device *stopped = NULL;

	if (is_pci && a->is_store)
		pci_bus_out(g->pci, a->port, a->bytes, a->value, &stopped);
	else if (is_pci)
		return pci_bus_in(g->pci, a->port, a->bytes);
	else if (a->port == PORT_KEYBOARD_STATUS)
		return KEYBOARD_HAS_BYTE;
	tell(g, stopped);
	return ~0u;
}
/*:*/

static bool memory_access(struct guest *g, const struct trapped_access *a, gpa_t gpa,
			  uint32_t *value)
{
	const struct virtio_device *stopped = NULL;

	if (!a->is_store)
		return pci_bus_load(g->pci, gpa, a->bytes, value);
	if (!pci_bus_store(g->pci, gpa, a->bytes, a->value, &stopped))
		return false;
	tell(g, stopped);
	return true;
}

/*L:433
 * The Host reports: vector, instruction, registers, and for a page fault the Guest-physical address.
 * We answer with 0 and the registers as they are after the instruction, or with the vector: then
 * the Guest shall see its fault.
 */
uint32_t trapped(struct guest *g, const struct door_answer *ans)
{
	const uint32_t trap = le32_get(ans->arg[0]);
	struct trapped_access a;
	uint32_t value = 0;

	if (!g->pci || !trapped_decode(trap, ans->insn, &ans->regs, &a))
		return trap;
	if (a.is_port)
		value = port_access(g, &a);
	else if (!memory_access(g, &a, GPA(le32_get(ans->arg[1])), &value))
		return trap;
	trapped_finish(&a, value, &g->regs);
	return 0;
}
/*:*/
