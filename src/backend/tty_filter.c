/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:675
 * What the user's keys mean to us, before the Guest sees them.  Nothing here knows a terminal or a
 * clock; both come in as arguments.
 *
 * It refuses to eat keys: what is not one of our few commands goes to the Guest.
:*/
#include "tty.h"

/* A ^C that came alone: is it the third within a second?  The window slides, so a ^C of long ago
 * does no harm. */
static bool third_interrupt(struct tty_filter *f, uint64_t now_ns)
{
	if (f->nr_stamps == 2 && now_ns - f->stamp_ns[0] <= TTY_INTERRUPT_NS)
		return true;
	if (f->nr_stamps == 2)
		f->stamp_ns[0] = f->stamp_ns[1];
	else
		f->nr_stamps++;
	f->stamp_ns[f->nr_stamps - 1] = now_ns;
	return false;
}

/* What Ctrl-A and this key ask of us. */
static enum tty_verdict command(const struct tty_filter *f, uint8_t key)
{
	if (key == 'x')
		return TTY_LEAVE;
	return key == 'n' && f->several ? TTY_NEXT : TTY_GO_ON;
}

/*D:695
 * A key after Ctrl-A may come in a later read than the Ctrl-A, so the filter remembers.  Three ^C
 * count only if each is a read of its own: that is how a finger sends them, and how pasted text
 * does not.
 */
enum tty_verdict tty_filter(struct tty_filter *filter, const uint8_t *in, size_t *n,
			    uint64_t now_ns, uint8_t *out, size_t *nr_out)
{
	const bool alone = *n == 1 && in[0] == TTY_INTERRUPT;
	enum tty_verdict verdict;

	*nr_out = 0;
	for (size_t i = 0; i < *n; i++) {
		bool escaped = filter->escaped;

		filter->escaped = in[i] == TTY_ESCAPE && !escaped;
		if (filter->escaped)
			continue;
		verdict = escaped ? command(filter, in[i]) : TTY_GO_ON;
		if (verdict != TTY_GO_ON) {
			*n = i + 1;
			return verdict;
		}
		if (escaped && in[i] != TTY_ESCAPE)
			out[(*nr_out)++] = TTY_ESCAPE;
		out[(*nr_out)++] = in[i];
	}
	if (!alone) {
		/* An empty read is no key. */
		if (*n)
			filter->nr_stamps = 0;
		return TTY_GO_ON;
	}
	return third_interrupt(filter, now_ns) ? TTY_LEAVE : TTY_GO_ON;
}
/*:*/
