/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:976
 * lgemu-track: run a Guest and leave a trail, one line every N instructions: how many have been
 * executed in each ring, the board clock, the guest hash.  Two builds of lgemu that execute the
 * same machine leave the same trail, and where they part the trail says between which lines.
 *
 * What the console printed comes at the end as one number more, since a Guest that prints something
 * else and then forgets it would have the same hash.
:*/
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lgemu.h>

struct track {
	struct lgemu *m;
	uint64_t console; /* FNV-1a of all bytes */
	uint64_t printed; /* how many */
};

static void output(void *ctx, unsigned guest, const uint8_t *bytes, size_t n)
{
	struct track *t = ctx;

	(void)guest;
	for (size_t i = 0; i < n; i++)
		t->console = (t->console ^ bytes[i]) * 0x100000001b3u;
	t->printed += n;
}

static void line(const struct track *t)
{
	struct lgemu_counts c;

	lgemu_counts(t->m, &c);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %016" PRIx64
	       "\n",
	       c.insns, c.ring[0], c.ring[1], c.ring[3], c.switcher, c.clock_ns,
	       lgemu_guest_hash(t->m, 0));
}

static int load_script(struct lgemu *m, const char *name)
{
	static char text[65536];
	FILE *f = fopen(name, "r");
	size_t n;

	if (!f)
		return -1;
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return lgemu_script(m, 0, text, n);
}

static int track(struct track *t, uint64_t every, uint64_t most)
{
	enum lgemu_reason why = LGEMU_BUDGET;
	uint64_t left = most;

	printf("insns ring0 ring1 ring3 switcher clock hash\n");
	while (why == LGEMU_BUDGET && left) {
		uint64_t n = left < every ? left : every;

		why = lgemu_run(t->m, n);
		left -= n;
		line(t);
	}
	printf("end %d, console %" PRIu64 " bytes %016" PRIx64 "\n", (int)why, t->printed,
	       t->console);
	return why == LGEMU_POWER_OFF || why == LGEMU_BUDGET ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct track t = {.console = 0xcbf29ce484222325u};
	struct lgemu_guest_options guest = {.name = NULL};
	struct lgemu_options o;
	int status = 2;

	if (argc < 4 || argc > 6) {
		fprintf(stderr, "usage: lgemu-track SCRIPT EVERY MOST [KERNEL [HOST-IMAGE]]\n");
		return 2;
	}
	lgemu_options_init(&o);
	guest.kernel = argc > 4 && *argv[4] ? argv[4] : NULL;
	o.guests = &guest;
	o.nr_guests = 1;
	o.host_image = argc > 5 ? argv[5] : NULL;
	o.output = output;
	o.ctx = &t;
	if (lgemu_create(&t.m, &o) || load_script(t.m, argv[1]) || lgemu_load(t.m))
		fprintf(stderr, "lgemu-track: %s\n", lgemu_error(t.m));
	else
		status = track(&t, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	lgemu_destroy(t.m);
	return status;
}
