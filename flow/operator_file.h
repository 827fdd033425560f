/* SPDX-License-Identifier: MIT */
/*
 * operator_file: a file that the operator has put into a directory for flows to use: a
 * database of sqlite_query, a program of command. A plain name in that directory, a regular
 * file, no symbolic link, and never a file of Ringbolt's own data directory, whatever name
 * or hard link leads there.
 */
#ifndef FLOW_OPERATOR_FILE_H
#define FLOW_OPERATOR_FILE_H

#include "common/base.h"
#include "common/err.h"

#include <sys/types.h>

/* operator_file_refuse: why this is no plain name, for declared parameters, or NULL. */
const char *operator_file_refuse(const char *name);

struct operator_file {
	char *path; /* absolute, without symbolic links: the caller's to free */
	dev_t dev;
	ino_t ino;
};

/* operator_file_find: 0, or -1 with a sentence. data: Ringbolt's own directory, or NULL. The
 * file is never opened, only looked at: closing a descriptor of our own database would drop
 * the locks of the connection that this process has to it. */
int operator_file_find(const char *dir, const char *name, const char *data,
		       struct operator_file *out, struct err *err) MUSTCHECK;

/* operator_file_same says whether the path still leads to the file that was found. */
bool operator_file_same(const struct operator_file *f);

#endif
