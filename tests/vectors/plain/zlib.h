/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:953
 * Where there is no zlib (a cross build), the records are unpacked beforehand, and this is all that
 * remains of it.  Only the two runners of tests/vectors include it.
:*/
#ifndef VECTORS_PLAIN_ZLIB_H
#define VECTORS_PLAIN_ZLIB_H

#include <stdio.h>

typedef FILE *gzFile;

static inline gzFile gzopen(const char *name, const char *mode)
{
	return fopen(name, mode);
}

static inline int gzread(gzFile f, void *to, unsigned n)
{
	return (int)fread(to, 1, n, f);
}

static inline int gzclose(gzFile f)
{
	return fclose(f);
}

#endif
