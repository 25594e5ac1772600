/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:599
 * The self-test: a tiny Guest of our own, run by nothing but the ordinary functions, and then an
 * account of what happened.  It prints the same lines on every machine, or one of them is broken.
:*/
#include "ring0.h"

#define STUB_BASE	0x1000u
#define STUB_PAGES	16u
#define STUB_HYPERCALLS 1000u

extern const uint8_t stub_start[], stub_end[];

static uint8_t stub_memory[STUB_PAGES * PAGE_SIZE] __attribute__((aligned(4096)));

static uint32_t since(const le64_t *now, const le64_t *then)
{
	return (uint32_t)(le64_get(*now) - le64_get(*then));
}

/* The sum of all exits, whatever their cause. */
static uint32_t all_exits(const struct door_counters *now, const struct door_counters *then)
{
	uint32_t sum = 0;
	unsigned i;

	for (i = 0; i < ARRAY_LEN(now->exit); i++)
		sum += since(&now->exit[i], &then->exit[i]);
	return sum;
}

/*H:870
 * What must be true afterwards.  The Guest did what it did exactly so often, and the Switcher came
 * back from each place it went to.
 */
static bool check_counts(const struct door_counters *now, const struct door_counters *then)
{
	const uint32_t calls = since(&now->hcall[0], &then->hcall[0]);
	const uint32_t entries = since(&now->entries, &then->entries);
	const uint32_t exits = since(&now->exits, &then->exits);

	host_print("hypercalls %u\n", calls);
	host_print("shadow faults %u\n", since(&now->shadow_faults, &then->shadow_faults));
	host_print("reflected %u emulated %u\n", since(&now->reflected, &then->reflected),
		   since(&now->emulated, &then->emulated));
	host_print("entries %u exits %u\n", entries, exits);
	return calls == STUB_HYPERCALLS && entries == exits && exits == all_exits(now, then) &&
	       since(&now->reflected, &then->reflected) == 1 &&
	       since(&now->emulated, &then->emulated) == 1;
}
/*:*/

static bool run_stub(struct lguest *lg)
{
	bool greeted = false;
	unsigned why;

	turn_begin(lg, 0);
	while ((why = run_turn(lg)) == DOOR_ANS_NOTIFY) {
		const char *text = (const char *)&stub_memory[lg->notify % sizeof(stub_memory)];

		host_print("guest: %s\n", text);
		greeted = *text == 'h';
		lg->notify_pending = false;
	}
	host_print("guest: %s\n", lg->death);
	return greeted && why == DOOR_ANS_DEAD && lg->asked_to_die;
}

/*H:871
 * The test: make a Guest in a corner of our own memory, run it to its end, forget it.
 */
bool selftest(struct host *host)
{
	static struct door_counters then;
	const struct door_init init = {
		.mem_base = le32((uint32_t)stub_memory),
		.pfn_limit = le32(STUB_PAGES),
		.device_limit = le32(STUB_PAGES),
		.entry = le32(STUB_BASE),
		.boot_map = le32(DOOR_MAP_LINEAR),
		.ram_bytes = le32(sizeof(stub_memory)),
	};
	struct lguest *lg = &host->guests[DOOR_GUESTS - 1];
	const char *wrong;
	bool ok;

	host_print("lgemu host: self-test\n");
	if (lg->exists) {
		host_print("self-test: the last Guest's place is taken\n");
		return false;
	}
	then = *host->count;
	memset(stub_memory, 0, sizeof(stub_memory));
	memcpy(stub_memory + STUB_BASE, stub_start, (size_t)(stub_end - stub_start));
	wrong = initialize(lg, &init);
	if (wrong) {
		host_print("self-test: %s\n", wrong);
		return false;
	}
	ok = run_stub(lg);
	destroy(lg);
	ok &= check_counts(host->count, &then);
	host_print("self-test: %s\n", ok ? "ok" : "failed");
	return ok;
}
/*:*/
