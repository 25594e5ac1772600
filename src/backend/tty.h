/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:670
 * The user's terminal.  The Guest wants every key, so we take the terminal's own handling away,
 * and we owe it to the user to give it back however we end.  What is left to the user are two ways
 * out: Ctrl-A x, and the original's three ^C in a row.
:*/
#ifndef BACKEND_TTY_H
#define BACKEND_TTY_H

#include "base/types.h"

/* Raw mode for the terminal fd, given back at exit and at fatal signals.  0, -ENOTTY, -errno;
 * -EBUSY if another terminal of this process is raw already. */
int tty_raw(int fd) MUST_CHECK;
/* Give it back now.  May be called at any time, from a signal handler, too. */
void tty_restore(void);

/* Bytes that are there now, never waiting: their number, 0 = end of input, -EAGAIN = none yet,
 * -errno.  Works on terminals, pipes and files; the descriptor is not made non-blocking, since it
 * may be shared with other processes. */
int tty_read(int fd, void *buf, size_t size) MUST_CHECK;

/*D:685
 * What the keys mean.  A pure function of the bytes and the time, so that it can be tested.
 */
#define TTY_ESCAPE	 0x01	       /* Ctrl-A */
#define TTY_INTERRUPT	 0x03	       /* ^C */
#define TTY_INTERRUPT_NS 1000000000ull /* three ^C within this time leave */

struct tty_filter {
	bool several;	      /* there is a next one for Ctrl-A n */
	bool escaped;	      /* the last byte was Ctrl-A */
	unsigned nr_stamps;   /* ^C so far, each alone in its read */
	uint64_t stamp_ns[2]; /* when the last ones came, oldest first */
};

enum tty_verdict { TTY_GO_ON, TTY_LEAVE, TTY_NEXT };

/*
 * One read's worth of keys, *n of them, at now_ns of any monotonic clock.  What the Guest shall get
 * goes to out, which has room for *n + 1 bytes; *nr_out says how many.  After TTY_NEXT and TTY_LEAVE
 * *n says how many keys were looked at; the rest is for the next Guest.
 *
 * Ctrl-A x leaves, Ctrl-A n turns to the next Guest if there are several, Ctrl-A Ctrl-A is one
 * Ctrl-A, Ctrl-A and anything else are passed on, both.
 * A ^C that comes alone is passed on, too, and the third within a second leaves.
 */
enum tty_verdict tty_filter(struct tty_filter *filter, const uint8_t *in, size_t *n,
			    uint64_t now_ns, uint8_t *out, size_t *nr_out);
/*:*/

#endif
