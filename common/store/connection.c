/* SPDX-License-Identifier: MIT */
/* Connections: documents by name, kept as they were given. What they mean is the flow room's. */
#include "common/store/inside.h"

struct change {
	const char *name, *document;
	int64_t now;
};

static int set(struct conn *c, void *arg, struct err *err)
{
	const struct change *change = arg;

	if (sql_do(c, err, "INSERT INTO connections (name, document, updated_at) VALUES (?, ?, ?) "
		   "ON CONFLICT (name) DO UPDATE SET document = excluded.document, "
		   "updated_at = excluded.updated_at",
		   "tti", change->name, change->document, change->now) < 0)
		return -1;
	return config_changed(c, err);
}

int store_connection_set(struct store *s, const char *name, const char *document, int64_t now,
			 struct err *err)
{
	struct change change = {name, document, now};
	int result = commit(s, SYNC_AFTER, set, &change, err);

	if (result >= 0)
		bell_ring_config(s->bell);
	return result < 0 ? -1 : 0;
}

static int drop(struct conn *c, void *arg, struct err *err)
{
	const struct change *change = arg;
	int changed = sql_do(c, err, "DELETE FROM connections WHERE name = ?", "t", change->name);

	return changed <= 0 ? changed : config_changed(c, err) < 0 ? -1 : 1;
}

int store_connection_remove(struct store *s, const char *name, struct err *err)
{
	struct change change = {.name = name};
	int got = commit(s, SYNC_AFTER, drop, &change, err);

	if (got > 0)
		bell_ring_config(s->bell);
	return got;
}

int store_connection_load(struct store *s, const char *name, char **document, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT document FROM connections WHERE name = ?", "t", name);
	int got = st ? sql_row(c, st, err) : -1;
	if (got > 0) {
		*document = sql_column_dup(st, 0);
		sql_done(st);
	}
	reader_give(s, c);
	return got;
}

int store_connections_each(struct store *s,
			   int (*each)(void *arg, const struct connection_row *row), void *arg,
			   struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT name, document, updated_at FROM connections "
				   "ORDER BY name", "");
	int got = st ? 1 : -1, count = 0;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct connection_row row = {(const char *)sqlite3_column_text(st, 0),
					     (const char *)sqlite3_column_text(st, 1),
					     sqlite3_column_int64(st, 2)};
		count++;
		if (each(arg, &row) < 0) {
			sql_done(st);
			got = 0;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : count;
}
