/* SPDX-License-Identifier: MIT */
/* event tail: new events as they come. With --state an event is shown when it reaches that
 * state, which is seldom the one it arrives in, so those that may yet are remembered. */
#include "cli/cmd.h"

#include "cli/events.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POLL_MS 250
#define WATCHED_MAX 10000 /* the oldest are forgotten beyond this */

struct tail {
	struct table table;
	const char *state;  /* NULL: every event, once */
	int64_t last_id;
	int64_t *watched;   /* ids not yet in the state, oldest first */
	size_t n_watched, n_kept;
};

static bool may_change(const char *state)
{
	return strcmp(state, "queued") == 0 || strcmp(state, "running") == 0 ||
	       strcmp(state, "held") == 0;
}

static int newest(void *arg, const struct event_row *row)
{
	*(int64_t *)arg = row->id;
	return 0;
}

static int arrived(void *arg, const struct event_row *row)
{
	struct tail *t = arg;

	t->last_id = row->id;
	if (!t->state || strcmp(t->state, row->state) == 0) {
		events_row(&t->table, row);
		return 0;
	}
	if (!may_change(row->state))
		return 0;
	if (t->n_watched == WATCHED_MAX)
		memmove(t->watched, t->watched + 1, --t->n_watched * sizeof(*t->watched));
	t->watched[t->n_watched++] = row->id;
	return 0;
}

/* One watched event: shown, forgotten, or kept for the next look. */
static int looked_at(void *arg, const struct event_row *row)
{
	struct tail *t = arg;

	if (strcmp(t->state, row->state) == 0)
		events_row(&t->table, row);
	else if (may_change(row->state))
		t->watched[t->n_kept++] = row->id;
	return 0;
}

static int look(struct tail *t, struct store *s, const struct event_filter *wanted, struct err *err)
{
	struct event_filter events = *wanted;

	if (t->n_watched) {
		/* The ids asked for are overwritten while the answers come. */
		int64_t *ids = mem_array(t->n_watched, sizeof(*ids));
		memcpy(ids, t->watched, t->n_watched * sizeof(*ids));
		events.ids = ids;
		events.n_ids = t->n_watched;
		t->n_kept = 0;
		int rc = store_events_each(s, &events, looked_at, t, err);
		t->n_watched = t->n_kept;
		free(ids);
		if (rc < 0)
			return -1;
	}
	events = *wanted;
	events.after_id = t->last_id;
	if (store_events_each(s, &events, arrived, t, err) < 0)
		return -1;
	table_flush(&t->table);
	return 0;
}

static int follow(struct tail *t, struct store *s, const struct args *args, struct err *err)
{
	const struct timespec pause = {0, POLL_MS * 1000000L};
	struct event_filter first = {.limit = 1};
	struct event_filter wanted = {.flow = args_value(args, "flow", NULL), .oldest_first = true};

	if (store_events_each(s, &first, newest, &t->last_id, err) < 0)
		return -1;
	while (!ferror(stdout)) {
		if (look(t, s, &wanted, err) < 0)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int run(const struct conf *conf, const struct args *args)
{
	struct tail t = {.state = NULL};
	struct filter filter = {0};
	struct store *s = NULL;
	struct err err;

	/* The filter is read for its checks: only flow and state are declared here. */
	if (args_words(args, 0, 0, "", &err) < 0 || filter_read(&filter, args, 0, &err) < 0)
		return cmd_usage("event tail", &err);
	t.state = filter.events.state;
	filter_release(&filter);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	t.watched = mem_array(WATCHED_MAX, sizeof(*t.watched));
	events_start(&t.table, args_has(args, "json"), stdout);
	int rc = follow(&t, s, args, &err);
	table_end(&t.table);
	free(t.watched);
	store_close(s);
	return rc < 0 ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option options[] = {
	{"flow", "NAME", "Events of this flow.", false},
	{"state", "STATE", "Show an event when it reaches this state.", false},
	OPTION_JSON,
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_tail = {
	.name = "event tail",
	.arguments = "",
	.text = "Show new events as they arrive, or as they reach a state, until interrupted.",
	.help = "\tringbolt event tail\n"
		"\tringbolt event tail --state failed --json | while read -r event; do ...; done",
	.options = options,
	.run = run,
};
