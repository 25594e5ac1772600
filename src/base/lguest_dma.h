/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:016
 * What a Guest of 2.6.23 points at when it wants data moved; the Host reads it between two Guests, and
 * the Launcher for its devices.
:*/
#ifndef BASE_LGUEST_DMA_H
#define BASE_LGUEST_DMA_H

#include "types.h"

#define LGUEST_MAX_DMA_SECTIONS 16u

/*H:210
 * Pieces of the Guest's memory, up to the first whose length is 0, and how many bytes have gone into
 * them (or out of them).  To be free is to have a used_len of 0.
 */
struct lguest_dma {
	le32_t used_len;
	le32_t addr[LGUEST_MAX_DMA_SECTIONS]; /* Guest-physical */
	le16_t len[LGUEST_MAX_DMA_SECTIONS];
};

_Static_assert(sizeof(struct lguest_dma) == 100, "guest-host.md 2.6, devices.md 1.3");
/*:*/

#endif
