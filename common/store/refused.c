/* SPDX-License-Identifier: MIT */
/* Looking at refusals, and at those that were let in instead ("enforce": false). */
#include "common/store/inside.h"

#include <string.h>

static int give_row(sqlite3_stmt *st, int (*each)(void *arg, const struct rejection *row), void *arg)
{
	struct rejection row = {
		.at = sqlite3_column_int64(st, 0),
		.flow_id = sqlite3_column_int64(st, 1),
		.status = sqlite3_column_int(st, 2),
		.cause = (const char *)sqlite3_column_text(st, 3),
		.method = (const char *)sqlite3_column_text(st, 4),
		.path = (const char *)sqlite3_column_text(st, 5),
		.remote = (const char *)sqlite3_column_text(st, 6),
		.headers = (const char *)sqlite3_column_text(st, 7),
		.body_bytes = sqlite3_column_int64(st, 8),
		.event_id = sqlite3_column_int64(st, 9),
		.id = sqlite3_column_int64(st, 10),
	};

	return each(arg, &row);
}

/* The last refusals, or those let in: both take the same filter, and give the same columns. */
static sqlite3_stmt *ask(struct conn *c, const struct rejection_filter *f, struct err *err)
{
	int64_t limit = f->limit ? (int64_t)f->limit : -1;
	struct slice cause = {f->cause, f->cause ? strlen(f->cause) : 0};
	int64_t until = f->until ? f->until : INT64_MAX;
	int64_t before = f->before_id ? f->before_id : INT64_MAX;

	if (!f->unenforced)
		return sql_ask(c, err,
			"SELECT j.at, j.flow_id, j.status, j.cause, j.method, j.path, j.remote, j.headers, "
			"j.body_bytes, 0, j.id FROM rejections j LEFT JOIN flows f ON f.id = j.flow_id "
			"WHERE (?1 IS NULL OR f.name = ?1) AND j.at >= ?2 AND j.at < ?3 "
			"AND (?4 = 0 OR j.status = ?4) AND (?5 IS NULL OR instr(j.cause, ?5) > 0) "
			"AND j.id < ?7 ORDER BY j.id DESC LIMIT ?6",
			"tiiisii", f->flow, f->since, until, (int64_t)f->status, cause, limit, before);
	return sql_ask(c, err,
		"SELECT e.received_at, e.flow_id, 401, q.unenforced, q.method, q.path, q.remote, q.headers, "
		"coalesce(q.removed_bytes, length(q.body)), q.id, q.id FROM requests q JOIN events e ON e.id = q.id JOIN flows f ON f.id = e.flow_id "
		"WHERE q.unenforced IS NOT NULL AND (?1 IS NULL OR f.name = ?1) "
		"AND e.received_at >= ?2 AND e.received_at < ?3 "
		"AND ?4 IN (0, 401) AND (?5 IS NULL OR instr(q.unenforced, ?5) > 0) "
		"AND q.id < ?7 ORDER BY q.id DESC LIMIT ?6",
		"tiiisii", f->flow, f->since, until, (int64_t)f->status, cause, limit, before);
}

int store_rejections_each(struct store *s, const struct rejection_filter *filter,
			  int (*each)(void *arg, const struct rejection *row), void *arg, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = ask(c, filter, err);
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		if (give_row(st, each, arg) < 0) {
			sql_done(st);
			break;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}
