/* SPDX-License-Identifier: MIT */
/* event rejected: who was refused and why; and who would have been. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct column columns[] = {
	{"at", CELL_TEXT, 0},	  {"status", CELL_NUMBER, 0}, {"flow", CELL_TEXT, 0},
	{"method", CELL_TEXT, 0}, {"path", CELL_TEXT, 0},     {"remote", CELL_TEXT, 0},
	{"body_bytes", CELL_NUMBER, 0}, {"cause", CELL_TEXT, 0}, {"event", CELL_NUMBER, 0},
};

struct rejected {
	struct table table;
	struct flow_row *flows;
	size_t n_flows;
};

static int print_row(void *arg, const struct rejection *row)
{
	struct rejected *r = arg;
	struct table *t = &r->table;
	const char *flow = NULL;
	char at[CLOCK_ISO_SIZE];

	for (size_t i = 0; i < r->n_flows; i++)
		if (r->flows[i].flow_id == row->flow_id)
			flow = r->flows[i].name;
	table_text(t, clock_iso(row->at, at));
	table_number(t, row->status);
	table_text(t, flow);
	table_text(t, row->method);
	table_text(t, row->path);
	table_text(t, row->remote);
	table_number(t, row->body_bytes);
	table_text(t, row->cause);
	if (row->event_id)
		table_number(t, row->event_id);
	return ferror(t->out) ? -1 : 0;
}

static int read_filter(struct rejection_filter *f, const struct args *args, struct err *err)
{
	int64_t limit = 50, status = 0, now = clock_wall_ms();

	if (args_words(args, 0, 0, "", err) < 0 ||
	    args_number(args, "limit", 0, REJECTIONS_KEPT, &limit, err) < 0 ||
	    args_number(args, "status", 400, 599, &status, err) < 0 ||
	    filter_time(args, "since", now, &f->since, err) < 0 ||
	    filter_time(args, "until", now, &f->until, err) < 0)
		return -1;
	if (f->since && f->until && f->since >= f->until)
		return err_set(err, ERR_INVALID, "--since is not before --until: nothing can match");
	f->flow = args_value(args, "flow", NULL);
	f->cause = args_value(args, "cause", NULL);
	f->unenforced = args_has(args, "unenforced");
	f->status = (int)status;
	f->limit = limit ? (size_t)limit : REJECTIONS_KEPT;
	return 0;
}

static int flow_is_there(const struct rejected *r, const char *name, struct err *err)
{
	for (size_t i = 0; name && i < r->n_flows; i++)
		if (strcmp(r->flows[i].name, name) == 0)
			return 0;
	return !name ? 0 : err_set(err, ERR_MISSING, "there is no flow \"%.64s\" (`ringbolt flow list`)", name);
}

static int list(struct store *s, const struct rejection_filter *filter, bool json, struct err *err)
{
	struct rejected r = {.flows = NULL};
	int rc = store_flows_load(s, &r.flows, &r.n_flows, err);

	if (rc == 0)
		rc = flow_is_there(&r, filter->flow, err);
	if (rc == 0) {
		/* Those that were refused have no event. */
		table_start(&r.table, columns, ARRAY_LEN(columns) - !filter->unenforced, json, stdout);
		rc = store_rejections_each(s, filter, print_row, &r, err);
		table_end(&r.table);
		if (rc == 0 && r.table.rows == 0 && !json)
			fputs(filter->unenforced ? "No event was let in without authentication.\n"
						 : "No refusal matches.\n", stderr);
	}
	for (size_t i = 0; i < r.n_flows; i++)
		flow_row_release(&r.flows[i]);
	free(r.flows);
	return rc;
}

static int run(const struct conf *conf, const struct args *args)
{
	struct rejection_filter filter = {0};
	struct store *s = NULL;
	struct err err;

	if (read_filter(&filter, args, &err) < 0)
		return cmd_usage("event rejected", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = list(s, &filter, args_has(args, "json"), &err);
	store_close(s);
	return rc < 0 && !ferror(stdout) ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option options[] = {
	{"flow", "NAME", "Those at this flow's webhook.", false},
	{"since", "WHEN", "Since: an age such as 2h, or a time such as 2026-11-23T14:00:00Z.", false},
	{"until", "WHEN", "Before.", false},
	{"status", "N", "Those that got this status, such as 401.", false},
	{"cause", "TEXT", "Those whose cause has this text in it.", false},
	{"unenforced", NULL, "Instead, the events that were let in because their webhook says \"enforce\": "
			     "false, with what would have refused them.", false},
	{"limit", "N", "How many at most, the newest first; 0 for all that are kept. Default 50.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_rejected = {
	.name = "event rejected",
	.arguments = "",
	.text = "List refused requests, the newest first, each with its cause.",
	.help = "The last 10,000 are kept.\n"
		"\tringbolt event rejected --flow orders --since 2h\n"
		"\tringbolt event rejected --status 401 --cause signature --json\n"
		"\tringbolt event rejected --unenforced",
	.options = options,
	.run = run,
};
