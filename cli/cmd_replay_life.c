/* SPDX-License-Identifier: MIT */
/* replay list, show, cancel and resume: what becomes of a replay. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- replay list ---------------------------------------------------------------------- */

static const struct column columns[] = {
	{"id", CELL_NUMBER, 0},      {"created_at", CELL_TEXT, 0}, {"state", CELL_TEXT, 0},
	{"queued", CELL_NUMBER, 0},  {"waiting", CELL_NUMBER, 0},  {"succeeded", CELL_NUMBER, 0},
	{"failed", CELL_NUMBER, 0},  {"cancelled", CELL_NUMBER, 0}, {"flow_version", CELL_TEXT, 0},
	{"from_step", CELL_TEXT, 0}, {"selection", CELL_TEXT, 0},  {"reason", CELL_TEXT, 0},
};

static int add_row(void *arg, const struct replay_row *row)
{
	struct table *t = arg;

	table_number(t, row->id);
	table_text(t, row->created_at);
	table_text(t, row->state);
	table_number(t, row->queued);
	table_number(t, row->waiting);
	table_number(t, row->succeeded);
	table_number(t, row->failed);
	table_number(t, row->cancelled);
	table_text(t, row->flow_version);
	table_text(t, row->from_step);
	table_text(t, row->selection);
	table_text(t, row->reason);
	return 0;
}

static int run_list(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct table t;
	struct err err;
	int64_t limit = 50;

	if (args_words(args, 0, 0, "", &err) < 0 ||
	    args_number(args, "limit", 1, 1000000, &limit, &err) < 0)
		return cmd_usage("replay list", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	table_start(&t, columns, ARRAY_LEN(columns), args_has(args, "json"), stdout);
	int n = store_replays_each(s, 0, (size_t)limit, add_row, &t, &err);
	table_end(&t);
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	if (n == 0)
		fputs("Nothing has been replayed yet.\n", stderr);
	return EXIT_FINE;
}

static const struct option list_options[] = {
	{"limit", "N", "The newest N (50).", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_replay_list = {
	.name = "replay list",
	.arguments = "",
	.text = "List the replays, newest first: what was chosen and what became of it.",
	.help = "STATE is unfinished (the command was cut short, or runs still), running (some of its events\n"
		"wait), ended or cancelled.\n"
		"\tringbolt replay list --limit 5",
	.options = list_options,
	.run = run_list,
};

/* ---- replay show ---------------------------------------------------------------------- */

static int read_id(const struct args *args, int64_t *id, struct err *err)
{
	char *end;

	if (args_words(args, 1, 1, "ID", err) < 0)
		return -1;
	*id = strtoll(args->words[0], &end, 10);
	if (*end || end == args->words[0] || *id < 1)
		return err_set(err, ERR_INVALID, "\"%.40s\" is no number of a replay (`ringbolt replay list`)",
			       args->words[0]);
	return 0;
}

static void print_text(const char *label, const char *text)
{
	struct buf safe = BUF_INIT;

	table_escape(text, strlen(text), false, &safe);
	printf("%-10s %s\n", label, safe.len ? safe.ptr : "-");
	buf_release(&safe);
}

static int print_row(void *arg, const struct replay_row *row)
{
	(void)arg;
	printf("replay %" PRId64 ", %s\n", row->id, row->state);
	print_text("created", row->created_at);
	print_text("selection", row->selection);
	print_text("reason", row->reason);
	printf("%-10s the flow of %s, from %s\n", "runs", row->flow_version,
	       strcmp(row->from_step, "start") == 0 ? "the start" : "the failed step");
	if (row->per_second)
		printf("%-10s %" PRId64 " a second\n", "rate", row->per_second);
	printf("%-10s %" PRId64 ": %" PRId64 " wait, %" PRId64 " succeeded, %" PRId64 " failed, %" PRId64
	       " cancelled\n", "queued", row->queued, row->waiting, row->succeeded, row->failed,
	       row->cancelled);
	if (strcmp(row->state, "unfinished") == 0)
		printf("Its command was cut short, or runs still; `ringbolt replay resume %" PRId64
		       "` goes on.\n", row->id);
	return 0;
}

static int run_show(const struct conf *conf, const struct args *args)
{
	bool json = args_has(args, "json");
	struct store *s = NULL;
	struct table t;
	struct err err;
	int64_t id;

	if (read_id(args, &id, &err) < 0)
		return cmd_usage("replay show", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	if (json)
		table_start(&t, columns, ARRAY_LEN(columns), true, stdout);
	int n = store_replays_each(s, id, 1, json ? add_row : print_row, &t, &err);
	if (json)
		table_end(&t);
	store_close(s);
	if (n == 0)
		n = err_set(&err, ERR_MISSING, "there is no replay %" PRId64 " (`ringbolt replay list`)", id);
	return n < 0 ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option show_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_replay_show = {
	.name = "replay show",
	.arguments = "ID",
	.text = "Show one replay: what was chosen, how, and what became of it.",
	.help = "\tringbolt replay show 3",
	.options = show_options,
	.run = run_show,
};

/* ---- replay cancel -------------------------------------------------------------------- */

static int run_cancel(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;
	int64_t id;

	if (read_id(args, &id, &err) < 0)
		return cmd_usage("replay cancel", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int n = store_replay_cancel(s, id, clock_wall_ms(), &err);
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	printf("replay %" PRId64 " is cancelled; events given back: %d\n", id, n);
	return EXIT_FINE;
}

const struct cmd cmd_replay_cancel = {
	.name = "replay cancel",
	.arguments = "ID",
	.text = "Take back what a replay has queued and has not run yet.",
	.help = "Its events that still wait are again what they were: succeeded, failed or cancelled, with the\n"
		"version they had. One that has run in it and waits for its next try has failed. What runs\n"
		"at this moment ends as it ends.\n"
		"\tringbolt replay cancel 3",
	.run = run_cancel,
};

/* ---- replay resume -------------------------------------------------------------------- */

static int run_resume(const struct conf *conf, const struct args *args)
{
	struct replay_count count = {0};
	struct store *s = NULL;
	struct err err;
	int64_t id;

	if (read_id(args, &id, &err) < 0)
		return cmd_usage("replay resume", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_replay_resume(s, id, clock_wall_ms(), NULL, NULL, &count, &err);
	store_close(s);
	if (rc < 0)
		return cmd_fail(&err);
	printf("%" PRId64 " more queued, as replay %" PRId64 "\n", count.queued, id);
	return EXIT_FINE;
}

const struct cmd cmd_replay_resume = {
	.name = "replay resume",
	.arguments = "ID",
	.text = "Go on with a replay whose command was cut short.",
	.help = "Queues what the selection still names behind the last event that was queued; nothing is\n"
		"queued twice, and nothing that arrived after the replay began.\n"
		"\tringbolt replay resume 3",
	.run = run_resume,
};
