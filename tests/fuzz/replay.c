/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1191
 * A fuzz target without its fuzzer: every ordinary build compiles the targets with this main() and
 * gives each its own seeds, so that a target that went stale is noticed where its subject changed,
 * and an input that broke something once is tried again with any compiler:
 *
 *	virtio_net_fuzz build/fuzz/fuzz/virtio_net_fuzz/crash-...
:*/
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>

static bool replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;
	bool read = false;

	if (file && !fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0 &&
	    !fseek(file, 0, SEEK_SET) && (data = malloc((size_t)size + 1)))
		read = fread(data, 1, (size_t)size, file) == (size_t)size;
	if (file)
		fclose(file);
	if (read)
		LLVMFuzzerTestOneInput(data, (size_t)size);
	else
		perror(path);
	free(data);
	return read;
}

int main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv); /* ends here if it was for the seeds */
	if (argc < 2) {
		fprintf(stderr, "usage: %s INPUT...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (!replay(argv[i]))
			return 1;
	printf("%d inputs, every promise kept\n", argc - 1);
	return 0;
}
