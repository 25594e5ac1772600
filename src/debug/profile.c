/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:827
 * The profile: sample, count, print.
:*/
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"
#include "report.h"

/*L:845
 * A sample is taken each 10,007 instructions of any ring, Host and Switcher included.  (A prime: a
 * loop of 10,000 instructions must not always be caught at the same place.)  It is the budget of
 * lgemu_run() that ends a stretch, and a budget is exact and changes nothing; so the profile of a
 * repeatable run is repeatable, and the run is the one that would have been without it.
 *
 * What is counted is instructions, not time.  An instruction that is slow, here or anywhere, looks
 * like any other.
 */
#define EVERY	   10007u
#define MOST_DEPTH 24
#define STACK_SPAN 8192u /* two frames of a kernel's stack are not further apart */
#define SHOWN	   20

/* Strings and how often each was seen: a hash table that doubles. */
struct tally {
	struct entry {
		char *key;
		uint64_t n;
	} * e;
	size_t used, size;
};

struct profile {
	struct tally stacks, places, insns;
	uint64_t samples, lost;
};
/*:*/

static size_t hash(const char *key)
{
	uint32_t h = 2166136261u;

	for (; *key; key++)
		h = (h ^ (uint8_t)*key) * 16777619u;
	return h;
}

static struct entry *place(struct entry *e, size_t size, const char *key)
{
	size_t i = hash(key) & (size - 1);

	while (e[i].key && strcmp(e[i].key, key) != 0)
		i = (i + 1) & (size - 1);
	return &e[i];
}

static bool grow(struct tally *t)
{
	size_t size = t->size ? t->size * 2 : 256, i;
	struct entry *e = calloc(size, sizeof(*e));

	if (!e)
		return false;
	for (i = 0; i < t->size; i++)
		if (t->e[i].key)
			*place(e, size, t->e[i].key) = t->e[i];
	free(t->e);
	t->e = e;
	t->size = size;
	return true;
}

static bool count(struct tally *t, const char *key)
{
	struct entry *e;

	if (t->used * 2 >= t->size && !grow(t))
		return false;
	e = place(t->e, t->size, key);
	if (!e->key) {
		e->key = strdup(key);
		if (!e->key)
			return false;
		t->used++;
	}
	e->n++;
	return true;
}

static void forget(struct tally *t)
{
	size_t i;

	for (i = 0; i < t->size; i++)
		free(t->e[i].key);
	free(t->e);
}

struct profile *profile_create(void)
{
	return calloc(1, sizeof(struct profile));
}

void profile_destroy(struct profile *p)
{
	if (!p)
		return;
	forget(&p->stacks);
	forget(&p->places);
	forget(&p->insns);
	free(p);
}

/* Who runs: the privilege level tells, and for ring 0 the address. */
static const char *who(const struct lgemu_registers *r)
{
	if (!r->cpl)
		return r->eip >= LGEMU_SWITCHER ? "switcher" : "host";
	return r->cpl == 3 ? "user" : "guest";
}

/* A function's name where there are symbols, else the page: programs in ring 3 have none. */
static bool name(const struct lgemu *m, unsigned cpl, uint32_t eip, char *to, size_t size)
{
	const char *s = NULL;
	uint32_t offset;

	if (!cpl)
		s = lgemu_symbol(m, eip, &offset);
	else if (cpl < 3)
		s = lgemu_guest_symbol(m, eip, &offset);
	if (s)
		snprintf(to, size, "%s", s);
	else
		snprintf(to, size, "0x%08" PRIx32, eip & ~0xfffu);
	return s;
}

static uint32_t word(const uint8_t *b)
{
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/*L:846
 * Callers.  A kernel that was built with frame pointers has a chain of frames, each with the address
 * of the one before it and the place to return to.  One without has anything at all in EBP; so a
 * frame is believed only if it lies a little above the last one, and returns to a known function.
 */
static unsigned callers(const struct lgemu *m, const struct lgemu_registers *r, uint32_t *eip,
			unsigned most)
{
	uint32_t frame = r->ebp, last = r->esp;
	unsigned n = 0;
	uint8_t b[8];
	char text[96];

	while (r->cpl == 1 && n < most && frame - last < STACK_SPAN && !(frame & 3) &&
	       !lgemu_read(m, LGEMU_LINEAR, frame, b, sizeof(b)) &&
	       name(m, 1, word(b + 4), text, sizeof(text))) {
		eip[n++] = word(b + 4);
		last = frame + 8;
		frame = word(b);
	}
	return n;
}

static bool count_stack(struct profile *p, const struct lgemu *m, const struct lgemu_registers *r)
{
	uint32_t eip[MOST_DEPTH];
	unsigned n = callers(m, r, eip, MOST_DEPTH);
	char stack[4096], text[96];
	size_t at = (size_t)snprintf(stack, sizeof(stack), "%s", who(r));

	while (n--) {
		name(m, r->cpl, eip[n], text, sizeof(text));
		at += (size_t)snprintf(stack + at, sizeof(stack) - at, ";%s", text);
	}
	name(m, r->cpl, r->eip, text, sizeof(text));
	snprintf(stack + at, sizeof(stack) - at, ";%s", text);
	return count(&p->stacks, stack);
}
/*:*/

static bool count_place(struct profile *p, const struct lgemu *m, const struct lgemu_registers *r)
{
	char text[96], key[128];

	name(m, r->cpl, r->eip, text, sizeof(text));
	snprintf(key, sizeof(key), "%-8s  %s", who(r), text);
	return count(&p->places, key);
}

/* By mnemonic and by whether memory is touched: that is what has a handler of its own. */
static bool count_insn(struct profile *p, const struct lgemu *m, const struct lgemu_registers *r)
{
	char text[96], key[64];

	if (lgemu_disassemble(m, r->cs_base + r->eip, r->code32, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "(no instruction)");
	snprintf(key, sizeof(key), "%.*s%s", (int)strcspn(text, " "), text,
		 strchr(text, '[') ? " with memory" : "");
	return count(&p->insns, key);
}

static void sample(struct profile *p, const struct lgemu *m)
{
	struct lgemu_registers r;

	lgemu_registers(m, &r);
	p->samples++;
	if (!count_stack(p, m, &r) || !count_place(p, m, &r) || !count_insn(p, m, &r))
		p->lost++;
}

enum lgemu_reason profile_run(struct profile *p, struct lgemu *m, uint64_t max_insns)
{
	enum lgemu_reason why;

	do {
		const uint64_t n = max_insns < EVERY ? max_insns : EVERY;

		why = lgemu_run(m, n);
		if (why == LGEMU_BUDGET)
			sample(p, m);
		max_insns -= n;
	} while (why == LGEMU_BUDGET && max_insns);
	return why;
}

static int hotter(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a;
	const struct entry *y = *(const struct entry *const *)b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* The entries in use, the hottest first; malloc'ed, or NULL. */
static const struct entry **sorted(const struct tally *t)
{
	const struct entry **list = calloc(t->used + 1, sizeof(const struct entry *));
	size_t i, n = 0;

	if (!list)
		return NULL;
	for (i = 0; i < t->size; i++)
		if (t->e[i].key)
			list[n++] = &t->e[i];
	qsort(list, n, sizeof(const struct entry *), hotter);
	return list;
}

static void show(const struct profile *p, const struct tally *t, const char *what, FILE *to)
{
	const struct entry **list = sorted(t);
	size_t i;

	fprintf(to, "hottest %s:\n", what);
	for (i = 0; list && i < t->used && i < SHOWN; i++)
		fprintf(to, "  %5.1f %%  %s\n", 100.0 * (double)list[i]->n / (double)p->samples,
			list[i]->key);
	free(list);
}

void profile_report(struct profile *p, const struct lgemu *m, FILE *to)
{
	struct lgemu_counts c;
	struct lgemu_stats s;

	lgemu_counts(m, &c);
	lgemu_stats(m, &s);
	fprintf(to, "profile: %" PRIu64 " samples, one each %u instructions", p->samples, EVERY);
	if (p->lost)
		fprintf(to, "; %" PRIu64 " not counted for want of memory", p->lost);
	fprintf(to, "\n");
	show(p, &p->places, "code", to);
	show(p, &p->insns, "instructions", to);
	fprintf(to, "exits:\n");
	report_exits(to, &s);
	if (s.exits)
		fprintf(to, "%-28s %14" PRIu64 "\n", "ring-0 instructions per exit",
			c.ring[0] / s.exits);
}

void profile_write(const struct profile *p, FILE *to)
{
	const struct entry **list = sorted(&p->stacks);
	size_t i;

	for (i = 0; list && i < p->stacks.used; i++)
		fprintf(to, "%s %" PRIu64 "\n", list[i]->key, list[i]->n);
	free(list);
}
