/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:686
 * What crosses a network card, written down as tcpdump does, so that tcpdump can read it.
:*/
#ifndef BACKEND_PCAP_H
#define BACKEND_PCAP_H

#include "base/types.h"

struct pcap;

/* A new file; one that is there is overwritten.  0 or -errno. */
int pcap_create(const char *path, struct pcap **pcap) MUST_CHECK;
void pcap_write(struct pcap *pcap, uint64_t ns, const uint8_t *frame, uint32_t n);
/* 0, or -errno if not all of it could be written.  NULL is allowed. */
int pcap_close(struct pcap *pcap);

#endif
