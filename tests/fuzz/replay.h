/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1190
 * What libFuzzer calls and replay.c calls in its place: the two functions of a fuzz target.
:*/
#ifndef TESTS_REPLAY_H
#define TESTS_REPLAY_H

#include "base/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
