/* SPDX-License-Identifier: MIT */
/*
 * child: runs a program without a shell and without anything of ours: no descriptor but its
 * three, no environment but what is given, no way to more rights, limits of its own, and a
 * process group that is killed at the deadline, and after its end for what it left behind.
 * It dies with the process that started it.
 */
#ifndef FLOW_CHILD_H
#define FLOW_CHILD_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

struct child_request {
	const char *path;         /* absolute */
	const char *folder;       /* its working folder */
	char *const *argv;        /* ended by NULL; argv[0] is the program's name */
	char *const *envp;        /* ended by NULL */
	struct slice input;       /* for its standard input */
	int64_t timeout_ms;
	size_t max_output_bytes;  /* of stdout and stderr together */
	size_t memory_bytes;
};

struct child_result {
	int exit;                 /* its exit code; -1 when a signal ended it */
	int signal;               /* which, or 0 */
	struct buf out, err;      /* what it printed */
};

/* child_run: 0 when the program ran to its end, whatever that was; -1 when it could not be
 * started, took too long (ERR_TIMEOUT) or printed too much (ERR_TOO_BIG). result is always
 * filled: the caller's to release. */
int child_run(const struct child_request *q, struct child_result *result, struct err *err) MUSTCHECK;
void child_result_release(struct child_result *r);

#endif
