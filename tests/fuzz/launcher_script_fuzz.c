/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:992
 * The parsers of what a user writes: scripts, as a file, and the command line, as words.  A script
 * that parses is then played against its own text, so that everything it waits for comes.
:*/
#include "fuzz.h"

#include "launcher/opts.h"
#include "launcher/script.h"

static void play(struct script *s, const char *text, size_t len)
{
	const struct script_step *step;
	uint64_t at = 0, last = 0;

	for (size_t i = 0; i <= len; i++) {
		while ((step = script_send(s, &at))) {
			FUZZ_CHECK(step->kind == SCRIPT_SEND && at >= last);
			last = at;
		}
		if (i < len)
			(void)script_printed(s, text[i]);
	}
	FUZZ_CHECK(s->next <= s->nr && script_done(s) == (s->next == s->nr));
}

static void a_script(const char *text, size_t len)
{
	struct complaint c = {""};
	struct script s = {0};

	if (script_parse(&s, text, len, &c))
		FUZZ_CHECK(strstr(c.text, "line") || strstr(c.text, "memory"));
	else
		play(&s, text, len);
	script_free(&s);
}

static void words(char *text, size_t len)
{
	char name[] = "lgemu";
	char *argv[20] = {name};
	struct complaint c = {""};
	struct opts o;
	int argc = 1;

	for (size_t i = 0; i < len && argc < 19; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	memset(&o, 0, sizeof(o));
	if (opts_parse(&o, argc, argv, &c))
		FUZZ_CHECK(c.text[0]);
	else
		for (unsigned i = 0; i < o.machine.nr_guests; i++)
			FUZZ_CHECK(o.guest[i].nr_devices <= OPTS_DEVICES);
	opts_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = malloc(size); /* one byte less than size, and a zero */
	FUZZ_CHECK(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	if (data[0] & 1)
		words(text, size - 1);
	else
		a_script(text, size - 1);
	free(text);
	return 0;
}

static size_t fuzz_seed(unsigned i, uint8_t *p)
{
	static const struct {
		const char *text;
		size_t len;
	} seed[] = {
#define SEED(x) {x, sizeof(x)}
		SEED("\0expect login:\\s\nsend root\\n\n# x\nat 100 send \\x41\\e[A\\\\ \n"),
		SEED("\0expect aab\nexpect b\nat 18446744073709551615 send x"),
		SEED("\1run\0-m\00064\0-k\0vmlinux\0-i\0initrd\0-d\0disk.img\0--\0root=/dev/vda"),
		SEED("\00164\0vmlinux\0--block=disk.img\0--initrd=initrd.gz\0root=/dev/vda\0quiet"),
		SEED("\1step\0--until\0switch\0--seed\0007\0--rng\0--stats\0--abi\0003.11"),
		SEED("\1inspect\0vmlinux\0--script\0x\0--timeout-insns\0001000\0--clock\0virtual"),
		SEED("\1run\0--net\0user\0--pcap\0x\0--tunnet=bridge:br0\0--rtc-base\0-5"),
#undef SEED
	};

	if (i >= ARRAY_LEN(seed))
		return 0;
	memcpy(p, seed[i].text, seed[i].len);
	return seed[i].len;
}
