/* SPDX-License-Identifier: MIT */
/*
 * read_file: a whole file as text, for tests whose cases are files.
 */
#ifndef TESTS_UNIT_READ_FILE_H
#define TESTS_UNIT_READ_FILE_H

#include "common/buf.h"

#include <stdio.h>

/* read_file is the file's bytes, terminated, the caller's; NULL when it cannot be read. */
static inline char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf out = BUF_INIT;
	char bytes[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(&out, bytes, n);
	fclose(f);
	return buf_take(&out);
}

#endif
