/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:967
 * The decoder and the disassembler over any bytes.  An instruction has one length, however many
 * bytes lie behind it; with fewer it asks for more; and the text of it ends.
:*/
#include "fuzz.h"

#include "cpu/disasm.h"

static void one(const uint8_t *code, unsigned avail, bool d32)
{
	struct insn in, again;
	const int len = insn_decode(code, avail, d32, &in);
	char text[64], tight[8];
	int shown;

	FUZZ_CHECK(len >= INSN_LONG && len <= INSN_MAX && len <= (int)avail);
	if (len > 0) {
		FUZZ_CHECK(in.len == len && (in.opsize == 2 || in.opsize == 4));
		for (unsigned n = 0; n < (unsigned)len; n++) {
			uint8_t *exact = malloc(n ? n : 1); /* so that ASan knows its end */

			FUZZ_CHECK(exact);
			memcpy(exact, code, n);
			/* A prefix of a good instruction is unfinished, never wrong. */
			FUZZ_CHECK(insn_decode(exact, n, d32, &again) == INSN_MORE);
			free(exact);
		}
		FUZZ_CHECK(insn_decode(code, (unsigned)len, d32, &again) == len);
	}
	memset(text, 'x', sizeof(text));
	shown = disasm(code, avail, d32, 0xfffffff0, text, sizeof(text));
	FUZZ_CHECK(memchr(text, 0, sizeof(text)) && text[0]);
	FUZZ_CHECK(shown == (len > 0 ? len : 1));
	memset(tight, 'x', sizeof(tight));
	FUZZ_CHECK(disasm(code, avail, d32, 0, tight, sizeof(tight)) == shown);
	FUZZ_CHECK(memchr(tight, 0, sizeof(tight)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte is the mode; every position in the rest is tried. */
	for (size_t i = 1; i < size && i < 64; i++)
		one(data + i, (unsigned)(size - i), data[0] & 1);
	return 0;
}

/* Seeds: every opcode of both maps with a ModRM byte of each kind, and the prefixes. */
static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	size_t n = 0;

	if (i >= 512)
		return 0;
	fuzz_put(p, &n, i & 1, 1);
	if (i >= 256)
		fuzz_put(p, &n, 0x0f, 1);
	fuzz_put(p, &n, i & 0xff, 1);
	fuzz_put(p, &n, 0x84c005240c9d0466, 8);
	fuzz_put(p, &n, 0xf3f266672e36f0c8, 8);
	return n;
}
