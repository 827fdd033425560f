/* SPDX-License-Identifier: MIT */
/* Prometheus text, format 0.0.4. Nothing here counts rows of history: the store keeps the sums. */
#include "server/front.h"

#include "common/clock.h"
#include "common/log.h"

#include <inttypes.h>
#include <string.h>

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label value: backslash, quote and line end are escaped. */
static void add_label(struct buf *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_add_char(out, '\\');
		if (*value == '\n')
			buf_add_text(out, "\\n");
		else
			buf_add_char(out, *value);
	}
}

static int add_count(void *arg, const struct count_row *row)
{
	struct buf *out = arg;

	buf_add_text(out, "ringbolt_events_total{flow=\"");
	add_label(out, row->flow ? row->flow : "");
	buf_add_text(out, "\",outcome=\"");
	add_label(out, row->outcome);
	buf_addf(out, "\"} %" PRId64 "\n", row->n);
	return 0;
}

static void add_gauges(struct buf *out, const struct store_gauges *g)
{
	int64_t now = clock_wall_ms();
	double age = g->due_oldest_at && g->due_oldest_at < now ? (double)(now - g->due_oldest_at) / 1000 : 0;

	head(out, "ringbolt_queue", "gauge", "Events that are not finished, by state.");
	buf_addf(out, "ringbolt_queue{state=\"queued\"} %" PRId64 "\n", g->queued);
	buf_addf(out, "ringbolt_queue{state=\"running\"} %" PRId64 "\n", g->running);
	buf_addf(out, "ringbolt_queue{state=\"held\"} %" PRId64 "\n", g->held);
	head(out, "ringbolt_queue_oldest_seconds", "gauge",
	     "For how long the oldest due event has been due.");
	buf_addf(out, "ringbolt_queue_oldest_seconds %.3f\n", age);
	head(out, "ringbolt_database_bytes", "gauge", "Size of the database file.");
	buf_addf(out, "ringbolt_database_bytes %" PRId64 "\n", g->database_bytes);
	head(out, "ringbolt_wal_bytes", "gauge", "Size of the log beside the database.");
	buf_addf(out, "ringbolt_wal_bytes %" PRId64 "\n", g->wal_bytes);
}

static void add_workers(struct buf *out, struct board *board)
{
	int busy = 0, idle = 0;

	for (size_t i = 0; i < BOARD_SLOTS; i++) {
		if (!atomic_load(&board->slots[i].owner))
			continue;
		if (atomic_load(&board->slots[i].idle))
			idle++;
		else
			busy++;
	}
	head(out, "ringbolt_workers", "gauge", "Worker processes, by what they do.");
	buf_addf(out, "ringbolt_workers{state=\"busy\"} %d\nringbolt_workers{state=\"idle\"} %d\n", busy,
		 idle);
}

void metrics_handle(struct front *f, struct http_request *request, const char *tail,
		    struct http_response *response)
{
	struct store_gauges gauges;
	struct buf *out = &response->body;
	struct err err;

	(void)request, (void)tail;
	head(out, "ringbolt_events_total", "counter",
	     "Arrivals and runs since the database began, by how they ended.");
	if (store_counts_each(f->store, add_count, out, &err) < 0 ||
	    store_gauges(f->store, &gauges, &err) < 0) {
		log_line(LOG_WARN, "metrics not read", "error", err.text, NULL);
		http_response_error(response, 503, "the store does not answer");
		return;
	}
	add_gauges(out, &gauges);
	add_workers(out, f->board);
	head(out, "ringbolt_unavailable_total", "counter",
	     "Requests answered 503 since this process began: nothing was stored for them.");
	buf_addf(out, "ringbolt_unavailable_total %lld\n", (long long)atomic_load(&f->unavailable));
	head(out, "ringbolt_waiters", "gauge", "Callers who wait for their flow's reply.");
	buf_addf(out, "ringbolt_waiters %d\n", atomic_load(&f->waiters));
	head(out, "ringbolt_build_info", "gauge", "Always 1; the labels say what is running.");
	buf_addf(out, "ringbolt_build_info{version=\"%s\",engine=\"%s\"} 1\n", RINGBOLT_VERSION,
		 store_engine_version());
	response->status = 200;
	http_response_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	http_response_header(response, "Cache-Control", "no-store");
}
