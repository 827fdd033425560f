/* SPDX-License-Identifier: MIT */
/* Samples: requests by name, kept with a flow. */
#include "common/store/inside.h"

#include <string.h>

struct change {
	const char *flow, *name;
	const struct sample_row *row;
	int64_t flow_id;
};

static int find_flow(struct conn *c, const char *name, int64_t *id, struct err *err)
{
	int got = sql_int(c, err, id, "SELECT id FROM flows WHERE name = ?", "t", name);

	if (got == 0)
		return err_set(err, ERR_MISSING, "there is no flow \"%.64s\" (`ringbolt flow list`)", name);
	return got;
}

static int set(struct conn *c, void *arg, struct err *err)
{
	struct change *x = arg;
	const struct sample_row *r = x->row;

	if (find_flow(c, x->flow, &x->flow_id, err) < 0)
		return -1;
	return sql_do(c, err, "INSERT INTO samples (flow_id, name, method, path, query, headers, body, updated_at) "
		      "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (flow_id, name) DO UPDATE SET "
		      "method = excluded.method, path = excluded.path, query = excluded.query, "
		      "headers = excluded.headers, body = excluded.body, updated_at = excluded.updated_at",
		      "ittttt" "bi", x->flow_id, r->name, r->method, r->path, r->query, r->headers, r->body,
		      r->updated_at);
}

int store_sample_set(struct store *s, const char *flow, const struct sample_row *row, struct err *err)
{
	struct change change = {.flow = flow, .row = row};

	return commit(s, SYNC_AFTER, set, &change, err) < 0 ? -1 : 0;
}

static int drop(struct conn *c, void *arg, struct err *err)
{
	struct change *x = arg;

	if (find_flow(c, x->flow, &x->flow_id, err) < 0)
		return -1;
	return sql_do(c, err, "DELETE FROM samples WHERE flow_id = ? AND name = ?", "it", x->flow_id, x->name);
}

int store_sample_remove(struct store *s, const char *flow, const char *name, struct err *err)
{
	struct change change = {.flow = flow, .name = name};

	return commit(s, SYNC_AFTER, drop, &change, err);
}

static int each_of(struct conn *c, int64_t flow_id, const char *name,
		   int (*each)(void *arg, const struct sample_row *row), void *arg, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err, "SELECT name, method, path, query, headers, body, updated_at FROM samples "
				   "WHERE flow_id = ?1 AND name = coalesce(?2, name) ORDER BY name", "it", flow_id,
				   name);
	int got = st ? 1 : -1, count = 0;

	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct sample_row row = {
			.name = (const char *)sqlite3_column_text(st, 0),
			.method = (const char *)sqlite3_column_text(st, 1),
			.path = (const char *)sqlite3_column_text(st, 2),
			.query = (const char *)sqlite3_column_text(st, 3),
			.headers = (const char *)sqlite3_column_text(st, 4),
			.body = sql_column_slice(st, 5),
			.updated_at = sqlite3_column_int64(st, 6),
		};
		count++;
		if (each(arg, &row) < 0) {
			sql_done(st);
			break;
		}
	}
	return got < 0 ? -1 : count;
}

int store_samples_each(struct store *s, const char *flow, const char *name,
		       int (*each)(void *arg, const struct sample_row *row), void *arg, struct err *err)
{
	struct conn *c = reader_take(s, err);
	int64_t flow_id = 0;

	if (!c)
		return -1;
	int got = find_flow(c, flow, &flow_id, err) < 0 ? -1 : each_of(c, flow_id, name, each, arg, err);
	reader_give(s, c);
	return got;
}
