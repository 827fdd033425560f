/* SPDX-License-Identifier: MIT */
/* Is it well? What the store has counted, and what waits. Costs nothing that grows with history. */
#include "server/api.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

#define SPAN_MAX_MINUTES (7 * 24 * 60)

struct counting {
	struct buf out;
	int64_t at;          /* of the row being written; 0 none */
	int64_t failed, succeeded;
};

/* Rows of one time become one object. */
static int add_minute(void *arg, const struct minute_row *row)
{
	struct counting *c = arg;

	if (row->since_at != c->at) {
		buf_add_text(&c->out, c->at ? "},{" : "{");
		api_add_time(&c->out, "since", row->since_at);
		c->at = row->since_at;
	}
	api_add_int(&c->out, row->outcome, row->n);
	if (strcmp(row->outcome, "failed") == 0)
		c->failed += row->n;
	if (strcmp(row->outcome, "succeeded") == 0)
		c->succeeded += row->n;
	return 0;
}

static int count(const struct api *a, int64_t since, int64_t until, const char *flow, struct counting *c,
		 struct err *err)
{
	buf_add_char(&c->out, '[');
	int rc = store_minutes_each(a->front->store, since, until, flow, add_minute, c, err);
	buf_add_text(&c->out, c->at ? "}]" : "]");
	return rc;
}

int api_counts(struct api *a, struct err *err)
{
	int64_t until = clock_wall_ms(), since = 0;
	struct counting c = {.out = BUF_INIT};
	struct buf flow = BUF_INIT;
	int rc = -1;

	if (api_time(a, "until", &until, err) >= 0) {
		since = until - 24 * 3600 * INT64_C(1000);
		rc = api_time(a, "since", &since, err);
	}
	if (rc >= 0 && since >= until)
		rc = err_set(err, ERR_INVALID, "since is not before until");
	if (rc >= 0)
		rc = count(a, since, until, api_text(a, "flow", &flow), &c, err);
	if (rc >= 0)
		buf_addf(api_start(a, 200), "{\"items\":%s}\n", c.out.ptr);
	buf_release(&flow);
	buf_release(&c.out);
	return rc < 0 ? -1 : 0;
}

static void add_gauges(struct buf *out, const struct store_gauges *g)
{
	api_add_name(out, "backlog");
	buf_add_char(out, '{');
	api_add_int(out, "queued", g->queued);
	api_add_int(out, "running", g->running);
	api_add_int(out, "held", g->held);
	api_add_time(out, "oldest_due_at", g->due_oldest_at);
	buf_add_char(out, '}');
	api_add_name(out, "disk");
	buf_add_char(out, '{');
	api_add_int(out, "database_bytes", g->database_bytes);
	api_add_int(out, "wal_bytes", g->wal_bytes);
	buf_add_char(out, '}');
}

int api_overview(struct api *a, struct err *err)
{
	int64_t minutes = 60, now = clock_wall_ms();
	struct counting c = {.out = BUF_INIT};
	struct store_gauges g;
	int rc = -1;

	if (api_number(a, "minutes", 1, SPAN_MAX_MINUTES, &minutes, err) >= 0 &&
	    store_gauges(a->front->store, &g, err) >= 0)
		rc = count(a, now - (minutes - 1) * 60000, now, NULL, &c, err);
	if (rc >= 0) {
		struct buf *out = api_start(a, 200);
		buf_add_char(out, '{');
		api_add_time(out, "now", now);
		api_add_int(out, "minutes", minutes);
		api_add_int(out, "succeeded", c.succeeded);
		api_add_int(out, "failed", c.failed);
		api_add_raw(out, "arrivals", c.out.ptr);
		add_gauges(out, &g);
		buf_add_text(out, "}\n");
	}
	buf_release(&c.out);
	return rc < 0 ? -1 : 0;
}
