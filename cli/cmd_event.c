/* SPDX-License-Identifier: MIT */
/* event list and event cancel: many events at once. */
#include "cli/cmd.h"

#include "cli/events.h"
#include "cli/table.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows --------------------------------------------------------------------------- */

static const struct column event_columns[] = {
	{"id", CELL_NUMBER, 6},	      {"received_at", CELL_TEXT, 24}, {"flow", CELL_TEXT, 12},
	{"state", CELL_TEXT, 9},      {"status", CELL_NUMBER, 0},     {"attempts", CELL_NUMBER, 0},
	{"duration_ms", CELL_NUMBER, 0}, {"method", CELL_TEXT, 0},    {"path", CELL_TEXT, 16},
	{"error", CELL_TEXT, 0},
};

void events_start(struct table *t, bool json, FILE *out)
{
	table_start(t, event_columns, ARRAY_LEN(event_columns), json, out);
}

void events_row(struct table *t, const struct event_row *row)
{
	table_number(t, row->id);
	table_text(t, row->received_at);
	table_text(t, row->flow);
	table_text(t, row->state);
	if (row->status)
		table_number(t, row->status);
	else
		table_nothing(t);
	table_number(t, row->attempts);
	if (row->duration_ms >= 0)
		table_number(t, row->duration_ms);
	else
		table_nothing(t);
	table_text(t, row->method);
	table_text(t, row->path);
	table_text(t, row->error);
}

/* ---- event list ----------------------------------------------------------------------- */

static int list_row(void *arg, const struct event_row *row)
{
	struct table *t = arg;

	events_row(t, row);
	return ferror(t->out) ? -1 : 0;
}

static int list_events(struct store *s, const struct filter *filter, bool json)
{
	struct table t;
	struct err err;

	events_start(&t, json, stdout);
	int rc = store_events_each(s, &filter->events, list_row, &t, &err);
	table_end(&t);
	if (rc >= 0 && t.rows == 0)
		rc = filter_missing(filter, s, &err);
	if (rc < 0 && !ferror(stdout))
		return cmd_fail(&err);
	if (t.rows == 0 && !json)
		fputs("No event matches.\n", stderr);
	return EXIT_FINE;
}

static int run_list(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct filter filter = {0};
	struct err err;
	int64_t limit = 50;
	int code;

	if (filter_read(&filter, args, clock_wall_ms(), &err) < 0 ||
	    args_number(args, "limit", 0, INT64_MAX, &limit, &err) < 0 ||
	    args_number(args, "before", 1, INT64_MAX, &filter.events.before_id, &err) < 0) {
		code = cmd_usage("event list", &err);
	} else if (cmd_open_read(conf, &s, &err) < 0) {
		code = cmd_fail(&err);
	} else {
		filter.events.limit = (size_t)limit;
		code = list_events(s, &filter, args_has(args, "json"));
		store_close(s);
	}
	filter_release(&filter);
	return code;
}

static const struct option list_options[] = {
	FILTER_OPTIONS,
	{"limit", "N", "How many at most, the newest first; 0 for all. Default 50.", false},
	{"before", "ID", "Only events older than this one: the next page.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_list = {
	.name = "event list",
	.arguments = "[ID...]",
	.text = "List events, the newest first.",
	.help = "\tringbolt event list --state failed --since 2h\n"
		"\tringbolt event list --where \"attempts > 1 AND path LIKE '/in/orders/%'\" --json",
	.options = list_options,
	.run = run_list,
};

/* ---- event cancel ------------------------------------------------------------------------ */

static int run_cancel(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct filter filter = {0};
	struct err err;
	int code = EXIT_FINE, n = 0;

	if (filter_read(&filter, args, clock_wall_ms(), &err) < 0) {
		code = cmd_usage("event cancel", &err);
	} else if (!filter.any && !args_has(args, "all")) {
		err_set(&err, ERR_INVALID, "name the events: ids, or options such as --flow orders; "
					   "--all cancels every event that waits");
		code = cmd_usage("event cancel", &err);
	} else if (cmd_open_exists(conf, &s, &err) < 0 ||
		   (n = store_event_cancel(s, &filter.events, &err)) < 0 ||
		   (n == 0 && filter_missing(&filter, s, &err) < 0)) {
		code = cmd_fail(&err);
	} else {
		printf("%d event%s cancelled\n", n, n == 1 ? "" : "s");
	}
	store_close(s);
	filter_release(&filter);
	return code;
}

static const struct option cancel_options[] = {
	FILTER_OPTIONS,
	{"all", NULL, "Every event that waits.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_cancel = {
	.name = "event cancel",
	.arguments = "[ID...]",
	.text = "Cancel events that wait (queued or held), and failed ones that keep others of their key waiting.",
	.help = "A cancelled event can be replayed later.\n"
		"\tringbolt event cancel 1042 1043\n"
		"\tringbolt event cancel --flow orders --state held",
	.options = cancel_options,
	.run = run_cancel,
};
