/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:582
 * The Host's other home: inside the lgemu process.  The same sources, compiled for the machine
 * that lgemu runs on, serve the same door; Guests run on the same emulated processor, with shadow
 * tables that its MMU walks.  Only the Host's own instructions are not emulated.  It exists so that
 * a debugger can step through the Host and libcheck can test it, and because it is quicker; how a
 * Guest fares is the same in both homes, to the last nanosecond of its clock, and a test says so.
:*/
#ifndef LGUEST_NATIVE_H
#define LGUEST_NATIVE_H

#include "machine/board.h"

struct native;
struct host;

/* Take possession of a machine fresh from machine_init(), which outlives this.  NULL: no memory. */
struct native *native_create(struct machine *m);
void native_destroy(struct native *n);

/* As machine_run(), for a machine with this Host. */
enum machine_reason native_run(struct native *n, uint64_t max_insns);

/* For those who test or watch it. */
struct host *native_host(struct native *n);

#endif
