/* SPDX-License-Identifier: MIT */
/*
 * cmd: what a command is. A command is one const struct cmd in a file cli/cmd_<name>.c and
 * one line in the table of cli/main.c, from which dispatch, usage, help and docs/cli.md are
 * made. A family ("flow apply", "flow list") may share a file.
 *
 * A command prints what it was asked for on standard output and everything else on standard
 * error, and returns an exit code of common/err.h.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/args.h"
#include "common/base.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/store.h"

struct cmd {
	const char *name;      /* "flow apply" */
	const char *arguments; /* its words: "FILE|DIR..."; "" when it takes none */
	const char *text;      /* one sentence */
	const struct option *options; /* ended by a NULL name; NULL: only --data and --help */
	const char *help;      /* more to know, and examples on lines that begin with a tab; may
	                          be NULL */
	bool settings;         /* takes every setting as an option (serve) */
	bool anywhere;         /* needs no data directory and no settings */
	int (*run)(const struct conf *conf, const struct args *args); /* exit code */
};

#define OPTION_JSON {"json", NULL, "One JSON object a line, for programs.", false}

/* The table of commands (cli/main.c), ended by NULL. cmd_common are the options of every
 * command that is not `anywhere`. */
extern const struct cmd *const cmd_table[];
extern const struct option cmd_common[];

/* cmd_find: the command of that name, or NULL. */
const struct cmd *cmd_find(const char *name);

/* supervisor_run is `ringbolt serve` (cli/supervisor.c). */
int supervisor_run(const struct conf *conf);

/* ---- what commands share (cli/cmd.c) ---- */

/* cmd_fail prints "ringbolt: sentence" and gives the exit code of its kind. */
int cmd_fail(const struct err *err);
/* cmd_usage does so for a wrong call: EXIT_USAGE, and where to read how. */
int cmd_usage(const char *command, const struct err *err);

/* cmd_open_read opens the database of the data directory for looking; where there is none
 * the sentence says which directory was meant and how to start one. cmd_open_write makes a
 * missing one first. 0 or -1. */
int cmd_open_read(const struct conf *conf, struct store **out, struct err *err) MUSTCHECK;
int cmd_open_write(const struct conf *conf, struct store **out, struct err *err) MUSTCHECK;
/* cmd_open_exists opens it for writing, but makes none. */
int cmd_open_exists(const struct conf *conf, struct store **out, struct err *err) MUSTCHECK;

/* cmd_read_file reads a whole file ("-": standard input) of at most max bytes. */
int cmd_read_file(const char *path, size_t max, struct buf *out, struct err *err) MUSTCHECK;

/* ---- which events (cli/filter.c) ---- */

/* The options every command takes that names events by what they are. */
#define FILTER_OPTIONS \
	{"flow", "NAME", "Events of this flow.", false}, \
	{"state", "STATE", "Events in this state: queued, running, succeeded, failed, held, " \
			   "cancelled.", false}, \
	{"since", "WHEN", "Received since: an age such as 2h, or a time such as " \
			  "2026-11-23T14:00:00Z.", false}, \
	{"until", "WHEN", "Received before.", false}, \
	{"error", "TEXT", "Events whose error has this text in it.", false}, \
	{"where", "SQL", "An SQL condition over the view event_history.", false}

struct filter {
	struct event_filter events; /* borrows from args and ids */
	int64_t *ids;
	bool any;                   /* something was said: ids or an option */
};
/* filter_read takes the options, and the words as ids. filter_release frees. */
int filter_read(struct filter *f, const struct args *args, int64_t now, struct err *err) MUSTCHECK;
void filter_release(struct filter *f);
/* filter_time reads an option that is an age or a time; *out stays where it did not stand there.
 * 0 or -1. */
int filter_time(const struct args *args, const char *name, int64_t now, int64_t *out,
		struct err *err) MUSTCHECK;
/* filter_missing: nothing matched, perhaps because what was named is not there: -1 and the
 * sentence when the flow or the only id is unknown, 0 otherwise. */
int filter_missing(const struct filter *f, struct store *s, struct err *err) MUSTCHECK;

#endif
