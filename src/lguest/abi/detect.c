/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:550
 * "And who are you?"  A Guest never says which release it is.  But its very first hypercall,
 * LGUEST_INIT, carries the address of its struct lguest_data, and that structure is full of
 * things whose values we know beforehand: 64 free ring slots, the system call vector, addresses
 * in its kernel.  Where those lie tells the layout, and the register that held the address tells
 * the rest.  guest-host.md 13.3 is the recipe.
:*/
#include "lg.h"

/*H:220
 * The 64 status bytes are all 0xff, and the word before them is still zero.
 */
static bool free_ring_at(struct lguest *lg, gpa_t data, uint32_t offset)
{
	uint8_t status[LG_RING_SLOTS];
	unsigned i;

	if (lgread_u32(lg, GPA(data.v + offset - 4)))
		return false;
	if (!try_lgread(lg, status, GPA(data.v + offset), sizeof(status)))
		return false;
	for (i = 0; i < LG_RING_SLOTS; i++)
		if (status[i] != LG_RING_FREE)
			return false;
	return true;
}

static bool plausible(const struct lguest *lg, uint32_t data)
{
	return data && !(data & 3) && lguest_address_ok(lg, GPA(data), LG_DATA_LARGEST) &&
	       (data + LG_DATA_LARGEST - 1) >> PAGE_SHIFT < lg->own_pfns;
}

static uint32_t word(struct lguest *lg, gpa_t data, uint32_t offset)
{
	return lgread_u32(lg, GPA(data.v + offset));
}

/* The address on which a 4.1 Guest must not be interrupted is that of an iret, 0xcf. */
static bool points_at_iret(struct lguest *lg, gpa_t data)
{
	uint32_t kernel = word(lg, data, lg_abi_4_1.kernel_address);
	uint32_t iret = word(lg, data, lg_abi_4_1.noirq_iret);
	uint8_t insn = 0;

	return !(kernel & ~PAGE_MASK) && kernel >= 0x40000000 && iret > kernel &&
	       try_lgread(lg, &insn, GPA(iret - kernel), 1) && insn == 0xcf;
}

/* Earlier ones have a window of eight bytes. */
static bool has_window(struct lguest *lg, gpa_t data, const struct lg_abi *abi)
{
	return word(lg, data, abi->noirq_end) - word(lg, data, abi->noirq_start) == 8;
}

static bool has_vector(struct lguest *lg, gpa_t data, const struct lg_abi *abi)
{
	return word(lg, data, abi->syscall_vec) == SYSCALL_VECTOR;
}

static const struct lg_abi *with_irq_pending(struct lguest *lg, gpa_t data)
{
	if (has_vector(lg, data, &lg_abi_4_1) && points_at_iret(lg, data))
		return &lg_abi_4_1;
	if (has_vector(lg, data, &lg_abi_3_1) && has_window(lg, data, &lg_abi_3_1))
		return &lg_abi_3_1;
	if (has_vector(lg, data, &lg_abi_2_6_31) && has_window(lg, data, &lg_abi_2_6_31))
		return &lg_abi_2_6_31;
	/* Something new?  Its system call vector must at least be where we can find fault. */
	return &lg_abi_3_1;
}
/*:*/

/*H:221
 * At most one of the two registers fits: the other is zero or garbage.  A 2.6.23 Guest already
 * runs at its high addresses when it calls; all others are still where they were loaded.
 */
const struct lg_abi *detect_abi(struct lguest *lg, gpa_t *lguest_data)
{
	uint32_t ebx = le32_get(lg->regs->ebx), edx = le32_get(lg->regs->edx);

	*lguest_data = GPA(ebx);
	if (plausible(lg, ebx)) {
		if (free_ring_at(lg, *lguest_data, lg_abi_3_1.hcall_status))
			return with_irq_pending(lg, *lguest_data);
		if (free_ring_at(lg, *lguest_data, lg_abi_2_6_30.hcall_status))
			return &lg_abi_2_6_30;
	}
	if (!plausible(lg, edx))
		return NULL;
	*lguest_data = GPA(edx);
	if (!free_ring_at(lg, *lguest_data, lg_abi_2_6_24.hcall_status))
		return NULL;
	return le32_get(lg->regs->eip) >= 0x40000000 ? &lg_abi_2_6_23 : &lg_abi_2_6_24;
}
/*:*/
