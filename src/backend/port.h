/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:672
 * Where a Guest's console can lead besides our own standard input and output: a pseudo terminal, a
 * socket, a file, or nowhere.  Writing never waits for anybody, since the Guest would wait with us; who
 * reads slowly loses the oldest of what waits, and who comes late sees what was printed last.
:*/
#ifndef BACKEND_PORT_H
#define BACKEND_PORT_H

#include "net.h"

struct port;

#define PORT_WHY_BYTES 256

/* "pty", "unix:PATH", "file:PATH" or "null".  0, or -errno with a sentence in why. */
int port_open(const char *word, struct port **port, char why[PORT_WHY_BYTES]) MUST_CHECK;
/* What was not taken yet is offered once more.  NULL is allowed. */
void port_close(struct port *port);

/* The pseudo terminal, or the path; "" for null.  It lives as long as the port. */
const char *port_name(const struct port *port);
/* Can bytes come from it? */
bool port_types(const struct port *port);

/* What the Guest printed.  0, or -errno, once, if the file cannot be written any more. */
int port_write(struct port *port, const uint8_t *bytes, size_t n) MUST_CHECK;

/* Add what is to be waited for; `listen`: there is room for what is typed.  0 or -ENOMEM. */
int port_poll(struct port *port, struct net_poll *p, bool listen) MUST_CHECK;
/* After the wait, and never waiting itself: greet who came, give what waits, and take at most `size` bytes
 * of what was typed, if `listen` was true.  Returns their number. */
size_t port_serve(struct port *port, uint8_t *buf, size_t size);

#endif
