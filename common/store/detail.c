/* SPDX-License-Identifier: MIT */
/* One event, whole: its request, and every run as JSON. */
#include "common/store/inside.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

void event_detail_release(struct event_detail *d)
{
	free(d->flow);
	free(d->state);
	free(d->error);
	free(d->method);
	free(d->path);
	free(d->query);
	free(d->headers);
	free(d->remote);
	free(d->runs);
	free(d->warnings);
	free(d->unenforced);
	buf_release(&d->body);
	memset(d, 0, sizeof(*d));
	buf_init(&d->body);
}

static int load_event(struct conn *c, int64_t id, struct event_detail *out, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT e.id, e.received_at, f.name, e.state, l.error, v.number, q.method, q.path, q.query, "
		"q.headers, q.remote, q.body, h.status, q.warnings, q.unenforced "
		"FROM events e JOIN flows f ON f.id = e.flow_id JOIN requests q ON q.id = e.id "
		"JOIN flow_versions v ON v.id = q.version_id JOIN event_history h ON h.id = e.id "
		"LEFT JOIN runs l ON l.id = e.id * 65536 + e.run WHERE e.id = ?", "i", id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got;
	out->id = sqlite3_column_int64(st, 0);
	out->received_at = sqlite3_column_int64(st, 1);
	out->flow = sql_column_dup(st, 2);
	out->state = sql_column_dup(st, 3);
	out->error = sql_column_dup(st, 4);
	out->version = sqlite3_column_int(st, 5);
	out->method = sql_column_dup(st, 6);
	out->path = sql_column_dup(st, 7);
	out->query = sql_column_dup(st, 8);
	out->headers = sql_column_dup(st, 9);
	out->remote = sql_column_dup(st, 10);
	buf_add_slice(&out->body, sql_column_slice(st, 11));
	out->reply_status = sqlite3_column_int(st, 12);
	out->warnings = sql_column_dup(st, 13);
	out->unenforced = sql_column_dup(st, 14);
	sql_done(st);
	return 1;
}

static void add_text(struct buf *out, const char *name, sqlite3_stmt *st, int column)
{
	struct slice text = sql_column_slice(st, column);

	buf_addf(out, ",\"%s\":", name);
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		buf_add_text(out, "null");
	else
		buf_add_json_text(out, text.ptr, text.len);
}

static void add_json(struct buf *out, const char *name, sqlite3_stmt *st, int column)
{
	buf_addf(out, ",\"%s\":", name);
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		buf_add_text(out, "null");
	else
		buf_add_slice(out, sql_column_slice(st, column));
}

static void add_run(struct buf *out, sqlite3_stmt *st)
{
	buf_addf(out, "{\"number\":%d,\"version\":%d", sqlite3_column_int(st, 0) % 65536,
		 sqlite3_column_int(st, 1));
	add_text(out, "trigger", st, 2);
	add_text(out, "outcome", st, 3);
	add_text(out, "started_at", st, 4);
	add_text(out, "ended_at", st, 5);
	add_text(out, "error", st, 6);
	add_text(out, "error_kind", st, 7);
	add_text(out, "failed_step", st, 8);
	add_json(out, "steps", st, 9);
	if (sqlite3_column_type(st, 10) == SQLITE_NULL) {
		buf_add_text(out, ",\"reply\":null}");
		return;
	}
	buf_addf(out, ",\"reply\":{\"status\":%d", sqlite3_column_int(st, 10));
	add_json(out, "headers", st, 11);
	add_text(out, "body", st, 12);
	buf_add_text(out, "}}");
}

static int load_runs(struct conn *c, int64_t id, struct event_detail *out, struct err *err)
{
	struct buf runs = BUF_INIT;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT r.id & 65535, v.number, r.trigger, r.outcome, "
		"strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1000.0, 'unixepoch'), "
		"strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at / 1000.0, 'unixepoch'), "
		"r.error, r.error_kind, r.failed_step, r.steps, r.reply_status, r.reply_headers, r.reply_body "
		"FROM runs r JOIN flow_versions v ON v.id = r.version_id "
		"WHERE r.id > ?1 * 65536 AND r.id < (?1 + 1) * 65536 ORDER BY r.id", "i", id);
	int got = st ? 1 : -1;

	buf_add_char(&runs, '[');
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		if (runs.len > 1)
			buf_add_char(&runs, ',');
		add_run(&runs, st);
	}
	buf_add_char(&runs, ']');
	out->runs = buf_take(&runs);
	return got;
}

int store_event_load(struct store *s, int64_t id, struct event_detail *out, struct err *err)
{
	struct conn *c = reader_take(s, err);

	memset(out, 0, sizeof(*out));
	buf_init(&out->body);
	if (!c)
		return -1;
	int got = load_event(c, id, out, err);
	if (got > 0 && load_runs(c, id, out, err) < 0)
		got = -1;
	reader_give(s, c);
	if (got < 0)
		event_detail_release(out);
	return got;
}
