/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:993
 * What the Launcher makes of the seven bytes that the Host reports when a Guest of the PCI era
 * touches a device.  Finishing an access changes one register and EIP, and nothing else.
:*/
#include "fuzz.h"

#include "launcher/trapped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	const uint32_t trap = 13 + (fuzz_8(&f) & 1);
	uint8_t insn[TRAPPED_INSN_BYTES];
	struct trapped_access a;
	struct door_regs regs, after;
	const uint32_t value = fuzz_32(&f);
	unsigned changed = 0;

	fuzz_bytes(&f, insn, sizeof(insn));
	fuzz_bytes(&f, &regs, sizeof(regs));
	if (!trapped_decode(trap, insn, &regs, &a))
		return 0;
	FUZZ_CHECK(a.is_port == (trap == 13));
	FUZZ_CHECK(a.bytes == 1 || a.bytes == 2 || a.bytes == 4);
	FUZZ_CHECK(a.insn_len >= 1 && a.insn_len <= TRAPPED_INSN_BYTES);
	after = regs;
	trapped_finish(&a, value, &after);
	for (size_t i = 0; i + 4 <= sizeof(regs); i += 4)
		changed += !!memcmp((uint8_t *)&regs + i, (uint8_t *)&after + i, 4);
	FUZZ_CHECK(changed >= 1 && changed <= (a.is_store ? 1u : 2u));
	return 0;
}

/* Seeds: IN, OUT and the moves. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	static const uint8_t insn[][7] = {
		{0xec},	      {0xed},	    {0x66, 0xed},	{0xe4, 0x70}, {0xee},
		{0xef},	      {0x66, 0xef}, {0x8b, 0x45, 0x10}, {0x88, 0x02}, {0x89, 0x88, 0, 1},
		{0x0f, 0xb6}, {0x0f, 0xbf}, {0xc7, 0x02, 1},	{0xa1, 0x10}, {0x66, 0x89, 0x0a},
	};
	size_t n = 0;

	if (i >= ARRAY_LEN(insn))
		return 0;
	fuzz_put(p, &n, i >= 7, 1);
	fuzz_put(p, &n, 0x12345678, 4);
	memcpy(p + n, insn[i], 7);
	n += 7;
	for (unsigned k = 0; k < sizeof(struct door_regs) / 4; k++)
		fuzz_put(p, &n, k * 0x1111, 4);
	return n;
}
