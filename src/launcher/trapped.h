/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:770
 * Instructions that Guests since 4.0 execute on hardware which is not there: port I/O, and moves to
 * and from the memory of a device.  Decoding and finishing one is told apart from what the hardware
 * would have done in between, so that either can be tested alone.
:*/
#ifndef LAUNCHER_TRAPPED_H
#define LAUNCHER_TRAPPED_H

#include "base/door.h"

#define TRAPPED_INSN_BYTES 7u /* of an instruction, as the Host reports it */

struct trapped_access {
	bool is_port, is_store;
	uint8_t bytes;	/* 1, 2 or 4 */
	uint16_t port;	/* where, unless it is memory: that address is in the report */
	uint32_t value; /* of a store */

	uint8_t insn_len;
	uint8_t reg, reg_bytes; /* a load goes to this register ... */
	bool sign;		/* ... sign-extended */
};

/* Trap 13 must be port I/O and trap 14 a move; false if it is not, or not one that we know. */
bool trapped_decode(uint32_t trap, const uint8_t insn[TRAPPED_INSN_BYTES],
		    const struct door_regs *regs, struct trapped_access *a) MUST_CHECK;
/* The access is done; a load has brought value.  Registers are as after the instruction. */
void trapped_finish(const struct trapped_access *a, uint32_t value, struct door_regs *regs);

#endif
