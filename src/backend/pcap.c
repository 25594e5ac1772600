/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:687
 * The classic capture format: one header, then for each frame its time, its two lengths (we keep
 * all of a frame, so they are equal) and its bytes.  A second magic number says that times are in
 * nanoseconds.  The reader finds out the byte order by that number; ours is always little-endian,
 * so that the same run gives the same file on every host.
:*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "pcap.h"

#define PCAP_MAGIC_NS 0xa1b23c4du
#define PCAP_ETHERNET 1u
#define PCAP_SNAPLEN  65536u
#define NS_PER_SEC    1000000000u

struct pcap_header {
	le32_t magic;
	le16_t major, minor;
	le32_t zone, figures, snaplen, network;
};

struct pcap_record {
	le32_t sec, nsec, kept, len;
};

_Static_assert(sizeof(struct pcap_header) == 24 && sizeof(struct pcap_record) == 16,
	       "as files of this format have it");

struct pcap {
	FILE *file;
	bool failed;
};

static void put(struct pcap *pcap, const void *p, size_t n)
{
	if (fwrite(p, 1, n, pcap->file) != n)
		pcap->failed = true;
}

int pcap_create(const char *path, struct pcap **pcap)
{
	const struct pcap_header header = {
		.magic = le32(PCAP_MAGIC_NS),
		.major = le16(2),
		.minor = le16(4),
		.snaplen = le32(PCAP_SNAPLEN),
		.network = le32(PCAP_ETHERNET),
	};

	int err;

	*pcap = calloc(1, sizeof(**pcap));
	if (!*pcap)
		return -ENOMEM;
	(*pcap)->file = fopen(path, "we");
	if (!(*pcap)->file) {
		err = -errno;
		free(*pcap);
		*pcap = NULL;
		return err;
	}
	put(*pcap, &header, sizeof(header));
	return 0;
}

void pcap_write(struct pcap *pcap, uint64_t ns, const uint8_t *frame, uint32_t n)
{
	const struct pcap_record record = {
		.sec = le32((uint32_t)(ns / NS_PER_SEC)),
		.nsec = le32((uint32_t)(ns % NS_PER_SEC)),
		.kept = le32(n),
		.len = le32(n),
	};

	put(pcap, &record, sizeof(record));
	put(pcap, frame, n);
}

int pcap_close(struct pcap *pcap)
{
	int err = 0;

	if (!pcap)
		return 0;
	if (fclose(pcap->file) || pcap->failed)
		err = errno ? -errno : -EIO;
	free(pcap);
	return err;
}
