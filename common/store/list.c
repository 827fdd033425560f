/* SPDX-License-Identifier: MIT */
/*
 * Looking at events. The filter becomes one statement of fixed text, in which an unset part
 * is passed as NULL and filters nothing; only `where` is the operator's own SQL, and it runs
 * on a connection of its own that may read nothing but the documented views.
 */
#include "common/store/list.h"

#include <stdlib.h>
#include <string.h>

/* What an operator's condition may read: the documented views, and JSON inside them. A table
 * is read only where a view reads it. */
static bool is_named(const char *table, const char *const names[], size_t n)
{
	for (size_t i = 0; table && i < n; i++)
		if (strcmp(table, names[i]) == 0)
			return true;
	return false;
}

static bool is_behind_a_view(const char *table)
{
	static const char *const names[] = {"events", "requests", "runs", "flows", "flow_versions",
					    "rejections", "counts", "replays", "replay_events", "minutes", "pins"};

	return is_named(table, names, ARRAY_LEN(names));
}

static bool is_public(const char *table)
{
	static const char *const names[] = {
		"event_history", "failed_events", "event_requests", "run_history", "step_history",
		"rejected_requests", "queue_now", "daily_counts", "replay_history", "minute_counts",
		"pinned_events", "json_each", "json_tree"};

	return is_named(table, names, ARRAY_LEN(names));
}

static int only_looking(void *arg, int action, const char *table, const char *column, const char *db,
			const char *view)
{
	(void)arg;
	(void)db;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE: return SQLITE_OK;
	case SQLITE_READ:
		/* Without a column a table is only named; SQLite then does not say by which view. */
		if (view || is_public(table) || (!*column && is_behind_a_view(table)))
			return SQLITE_OK;
		return SQLITE_DENY;
	default: return SQLITE_DENY;
	}
}

static void add_ids(struct buf *sql, const struct event_filter *f)
{
	buf_add_text(sql, " AND id IN (");
	for (size_t i = 0; i < f->n_ids; i++)
		buf_addf(sql, "%s%lld", i ? "," : "", (long long)f->ids[i]);
	buf_add_char(sql, ')');
}

/* A state is written, not bound: only so does SQLite use the index of those in that state. */
static void add_state(struct buf *sql, const char *state)
{
	static const char *const states[] = {"queued", "running", "succeeded", "failed", "held", "cancelled"};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i], state) == 0)
			buf_addf(sql, " AND state = '%s'", state);
	buf_add_text(sql, " AND state = ?2");
}

/* Which columns, then the filter. Numbers are written, texts are bound: see open_query. */
static int write_sql(struct buf *sql, struct conn *c, const char *columns, const struct event_filter *f,
		     struct err *err)
{
	int64_t first = 0, last = INT64_MAX;

	if (count_bounds(c, f->since, f->until, &first, &last, err) < 0)
		return -1;
	buf_addf(sql, "SELECT %s FROM event_history WHERE 1", columns);
	if (f->n_ids)
		add_ids(sql, f);
	if (f->flow)
		buf_add_text(sql, " AND flow = ?1");
	if (f->state)
		add_state(sql, f->state);
	if (f->error)
		buf_add_text(sql, " AND instr(error, ?3) > 0");
	/* The bounds of the ids are quick, the time is exact. */
	if (first > 0)
		buf_addf(sql, " AND id >= %lld", (long long)first);
	if (last < INT64_MAX)
		buf_addf(sql, " AND id <= %lld", (long long)last);
	if (f->since)
		buf_add_text(sql, " AND received_at >= strftime('%Y-%m-%dT%H:%M:%fZ', ?4 / 1000.0, 'unixepoch')");
	if (f->until)
		buf_add_text(sql, " AND received_at < strftime('%Y-%m-%dT%H:%M:%fZ', ?5 / 1000.0, 'unixepoch')");
	if (f->before_id)
		buf_addf(sql, " AND id < %lld", (long long)f->before_id);
	if (f->after_id)
		buf_addf(sql, " AND id > %lld", (long long)f->after_id);
	if (f->where)
		buf_addf(sql, " AND (%s\n)", f->where);
	buf_addf(sql, " ORDER BY id %s", f->oldest_first ? "" : "DESC");
	if (f->limit)
		buf_addf(sql, " LIMIT %zu", f->limit);
	return 0;
}

/* A condition that only fits between brackets, like "1) OR (1", is refused: it must be one by
 * itself, and one between brackets. */
static bool stands_alone(struct conn *c, const char *where, const char **words)
{
	struct buf sql = BUF_INIT;
	sqlite3_stmt *st = NULL;
	const char *tail = NULL;

	buf_addf(&sql, "SELECT 1 FROM event_history WHERE %s\n", where);
	bool fine = sqlite3_prepare_v2(c->db, sql.ptr, -1, &st, &tail) == SQLITE_OK && st && !*tail;
	*words = fine ? "" : tail && *tail ? "more than one statement" : sqlite3_errmsg(c->db);
	sqlite3_finalize(st);
	buf_release(&sql);
	return fine;
}

static int refuse_query(const struct event_filter *f, const char *words, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s: %s; a condition is SQL over the view event_history, like \"error "
		       "LIKE '%%timeout%%' AND attempts > 1\"", f->where ? "--where" : "the filter", words);
}

static int open_query(struct conn *c, const char *sql, const struct event_filter *f, sqlite3_stmt **st,
		      struct err *err)
{
	const char *tail = NULL;

	sqlite3_limit(c->db, SQLITE_LIMIT_EXPR_DEPTH, 100);
	const char *words = "";
	if (f->where)
		sqlite3_set_authorizer(c->db, only_looking, NULL);
	if (f->where && !stands_alone(c, f->where, &words))
		return refuse_query(f, words, err);
	if (sqlite3_prepare_v2(c->db, sql, -1, st, &tail) != SQLITE_OK || !*st || (tail && *tail)) {
		refuse_query(f, tail && *tail ? "more than one statement" : sqlite3_errmsg(c->db), err);
		sqlite3_finalize(*st);
		return -1;
	}
	/* A parameter that the text does not name is no error. */
	sqlite3_bind_text(*st, 1, f->flow, -1, SQLITE_STATIC);
	sqlite3_bind_text(*st, 2, f->state, -1, SQLITE_STATIC);
	sqlite3_bind_text(*st, 3, f->error, -1, SQLITE_STATIC);
	sqlite3_bind_int64(*st, 4, f->since);
	sqlite3_bind_int64(*st, 5, f->until);
	return 0;
}

int list_each(struct store *s, const char *columns, const struct event_filter *f,
	      int (*each)(void *arg, sqlite3_stmt *st), void *arg, struct err *err)
{
	char *path = store_path(s->dir, "ringbolt.db");
	struct buf sql = BUF_INIT;
	struct conn c = {0};
	sqlite3_stmt *st = NULL;
	int got = conn_open(path, false, &c, err);

	free(path);
	if (got == 0)
		got = write_sql(&sql, &c, columns, f, err);
	if (got == 0)
		got = open_query(&c, sql.ptr, f, &st, err);
	buf_release(&sql);
	if (got == 0) {
		while ((got = sqlite3_step(st)) == SQLITE_ROW)
			if (each(arg, st) < 0)
				break;
		if (got != SQLITE_ROW && got != SQLITE_DONE) {
			sql_fail(&c, err, "looking at events");
			if (f->where && err && err->kind == ERR_SYSTEM)
				err->kind = ERR_INVALID;
			got = -1;
		} else {
			got = 0;
		}
		sqlite3_finalize(st);
	}
	conn_close(&c);
	return got;
}

/* ---- rows for people ---- */

struct rows {
	int (*each)(void *arg, const struct event_row *row);
	void *arg;
};

static int give_row(void *arg, sqlite3_stmt *st)
{
	struct rows *rows = arg;
	struct event_row row = {
		.id = sqlite3_column_int64(st, 0),
		.flow = (const char *)sqlite3_column_text(st, 1),
		.received_at = (const char *)sqlite3_column_text(st, 2),
		.state = (const char *)sqlite3_column_text(st, 3),
		.method = (const char *)sqlite3_column_text(st, 4),
		.path = (const char *)sqlite3_column_text(st, 5),
		.status = sqlite3_column_int(st, 6),
		.attempts = sqlite3_column_int(st, 7),
		.duration_ms = sqlite3_column_type(st, 8) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, 8),
		.error = (const char *)sqlite3_column_text(st, 9),
	};
	return rows->each(rows->arg, &row);
}

int store_events_each(struct store *s, const struct event_filter *filter,
		      int (*each)(void *arg, const struct event_row *row), void *arg, struct err *err)
{
	struct rows rows = {each, arg};

	return list_each(s, "id, flow, received_at, state, method, path, status, attempts, duration_ms, error",
			 filter, give_row, &rows, err);
}
