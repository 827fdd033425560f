/* SPDX-License-Identifier: MIT */
/*
 * cmd: what a command is. A command (or a family of them, "flow apply", "flow list") is one
 * file cli/cmd_<name>.c and lines in the table of cli/main.c, from which dispatch, usage and
 * help are made.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "common/base.h"
#include "common/conf.h"
#include "common/err.h"

struct args;

struct cmd {
	const char *name;     /* "flow apply" */
	const char *arguments; /* "FILE|DIR... [--draft]" */
	const char *text;     /* one sentence */
	const char *help;     /* options, one a line, with examples; may be NULL */
	int (*run)(const struct conf *conf, struct args *args); /* exit code */
};

/* supervisor_run is `ringbolt serve` (cli/supervisor.c). */
int supervisor_run(const struct conf *conf);

#endif
