/* SPDX-License-Identifier: MIT */
/* Flows, their versions and their routes. A version never changes; publishing moves a pointer. */
#include "common/store/lane.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_POLL_MS 1000

int config_changed(struct conn *c, struct err *err)
{
	return sql_do(c, err, "UPDATE config SET ticket = ticket + 1 WHERE id = 1", "") < 0 ? -1 : 0;
}

/* The ticket is the table's own. The bell says when it has surely changed; a stranger's change
 * rings none, so the table is asked once a second as well, by one thread for all. */
uint32_t store_config_ticket(struct store *s)
{
	uint32_t rung = atomic_load(&s->bell->config);
	int64_t now = clock_mono_ms(), looked_at = atomic_load(&s->config_looked_at);
	struct err ignored;
	int64_t ticket;

	if (rung == atomic_load(&s->config_rung) && now - looked_at < CONFIG_POLL_MS)
		return atomic_load(&s->config_ticket);
	atomic_store(&s->config_looked_at, now);
	struct conn *c = reader_take(s, &ignored);
	if (c) {
		/* The bell's word is taken over last: until then every thread looks for itself, and
		 * none takes an old ticket for the new one. */
		if (sql_int(c, &ignored, &ticket, "SELECT ticket FROM config WHERE id = 1", "") > 0) {
			atomic_store(&s->config_ticket, (uint32_t)ticket);
			atomic_store(&s->config_rung, rung);
		}
		reader_give(s, c);
	}
	return atomic_load(&s->config_ticket);
}

static int refuse_taken(struct conn *c, const struct flow_route *r, int64_t flow_id, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT f.name FROM routes r JOIN flows f ON f.id = r.flow_id "
		"WHERE r.shape = ? AND r.method = ? AND r.flow_id <> ?", "tti", r->shape, r->method, flow_id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got > 0) {
		err_set(err, ERR_CONFLICT, "%s %s belongs to the flow \"%s\" already: choose another URL "
			"suffix or method, or change that flow", r->method, r->shape,
			(const char *)sqlite3_column_text(st, 0));
		sql_done(st);
		return -1;
	}
	return got;
}

static int set_control(struct conn *c, int64_t flow_id, int64_t version_id, struct err *err)
{
	int64_t had = 0, has = 0;

	if (sql_int(c, err, &had, "SELECT concurrency IS NOT NULL FROM flows WHERE id = ?", "i", flow_id) < 0 ||
	    sql_do(c, err, "UPDATE flows SET (concurrency, order_stop) = "
		   "(SELECT concurrency, order_stop FROM flow_versions WHERE id = ?) WHERE id = ?", "ii", version_id, flow_id) < 0 ||
	    sql_int(c, err, &has, "SELECT concurrency IS NOT NULL FROM flows WHERE id = ?", "i", flow_id) < 0)
		return -1;
	return had == has ? 0 : lanes_move(c, flow_id, has, err);
}

static int publish(struct conn *c, int64_t flow_id, int64_t version_id, const struct flow_route *routes,
		   size_t n, int64_t now, struct err *err)
{
	if (sql_do(c, err, "DELETE FROM routes WHERE flow_id = ?", "i", flow_id) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (refuse_taken(c, &routes[i], flow_id, err) < 0 ||
		    sql_do(c, err, "INSERT INTO routes (shape, method, flow_id) VALUES (?, ?, ?)", "tti",
			   routes[i].shape, routes[i].method, flow_id) < 0)
			return -1;
	if (set_control(c, flow_id, version_id, err) < 0 ||
	    sql_do(c, err, "UPDATE flows SET version_id = ?, updated_at = ?, "
		   "title = coalesce((SELECT json_extract(document, '$.title') FROM flow_versions WHERE id = ?1), name) "
		   "WHERE id = ?", "iii", version_id, now, flow_id) < 0)
		return -1;
	return config_changed(c, err);
}

struct apply {
	const struct flow_new *flow;
	bool publish;
	int64_t now;
	int *version;
};

static int flow_id_of(struct conn *c, const char *name, int64_t *id, struct err *err)
{
	return sql_int(c, err, id, "SELECT id FROM flows WHERE name = ?", "t", name);
}

static int apply_flow(struct conn *c, void *arg, struct err *err)
{
	struct apply *a = arg;
	const struct flow_new *f = a->flow;
	int64_t flow_id = 0, version_id = 0, number = 0, live = 0;
	int got = flow_id_of(c, f->name, &flow_id, err);

	if (got < 0)
		return -1;
	if (got == 0) {
		if (sql_do(c, err, "INSERT INTO flows (name, title, updated_at) VALUES (?, ?, ?)", "tti",
			   f->name, f->title, a->now) < 0)
			return -1;
		flow_id = sqlite3_last_insert_rowid(c->db);
	}
	/* The very same document as the newest version is no new version. */
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT v.id, v.number, v.document = ?, coalesce(f.version_id, 0) FROM flow_versions v "
		"JOIN flows f ON f.id = v.flow_id WHERE v.flow_id = ? ORDER BY v.number DESC LIMIT 1",
		"ti", f->document, flow_id);
	got = st ? sql_row(c, st, err) : -1;
	if (got < 0)
		return -1;
	bool same = false;
	if (got > 0) {
		version_id = sqlite3_column_int64(st, 0);
		number = sqlite3_column_int64(st, 1);
		same = sqlite3_column_int(st, 2);
		live = sqlite3_column_int64(st, 3);
		sql_done(st);
	}
	if (!same) {
		if (sql_do(c, err, "INSERT INTO flow_versions (flow_id, number, document, effects, replies, created_at, "
			   "concurrency, order_stop, answers) VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?)", "iitiiiiit",
			   flow_id, ++number, f->document, (int64_t)f->effects, (int64_t)f->replies, a->now,
			   (int64_t)f->concurrency, (int64_t)f->order_stop, f->answers) < 0)
			return -1;
		version_id = sqlite3_last_insert_rowid(c->db);
	}
	*a->version = (int)number;
	if (a->publish && live != version_id &&
	    publish(c, flow_id, version_id, f->routes, f->n_routes, a->now, err) < 0)
		return -1;
	return !same;
}

int store_flow_apply(struct store *s, const struct flow_new *flow, bool publish_it, int64_t now,
		     int *version, struct err *err)
{
	struct apply a = {flow, publish_it, now, version};
	int got = commit(s, SYNC_AFTER, apply_flow, &a, err);

	if (got >= 0)
		bell_ring_config(s->bell);
	return got;
}

struct publishing {
	const char *name;
	int version;
	const struct flow_route *routes;
	size_t n_routes;
};

static int publish_version(struct conn *c, void *arg, struct err *err)
{
	struct publishing *p = arg;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT v.flow_id, v.id FROM flow_versions v JOIN flows f ON f.id = v.flow_id "
		"WHERE f.name = ? AND v.number = ?", "ti", p->name, (int64_t)p->version);
	int got = st ? sql_row(c, st, err) : -1;

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(err, ERR_MISSING, "the flow \"%s\" has no version %d: `ringbolt flow list` shows "
			       "what there is", p->name, p->version);
	int64_t flow_id = sqlite3_column_int64(st, 0), version_id = sqlite3_column_int64(st, 1);
	sql_done(st);
	return publish(c, flow_id, version_id, p->routes, p->n_routes, clock_wall_ms(), err);
}

int store_flow_publish(struct store *s, const char *name, int version, const struct flow_route *routes,
		       size_t n_routes, struct err *err)
{
	struct publishing p = {name, version, routes, n_routes};
	int got = commit(s, SYNC_AFTER, publish_version, &p, err);

	if (got >= 0)
		bell_ring_config(s->bell);
	return got;
}

/* ---- reading ---- */

void flow_row_release(struct flow_row *row)
{
	free(row->name);
	free(row->title);
	free(row->document);
	memset(row, 0, sizeof(*row));
}

static void read_row(sqlite3_stmt *st, struct flow_row *row)
{
	row->flow_id = sqlite3_column_int64(st, 0);
	row->version_id = sqlite3_column_int64(st, 1);
	row->name = sql_column_dup(st, 2);
	row->title = sql_column_dup(st, 3);
	row->version = sqlite3_column_int(st, 4);
	row->latest = sqlite3_column_int(st, 5);
	row->paused = sqlite3_column_int(st, 6);
	row->document = sql_column_dup(st, 7);
	row->updated_at = sqlite3_column_int64(st, 8);
}

int store_flows_load(struct store *s, struct flow_row **rows, size_t *count, struct err *err)
{
	struct conn *c = reader_take(s, err);

	*rows = NULL;
	*count = 0;
	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT f.id, coalesce(v.id, 0), f.name, f.title, coalesce(v.number, 0), "
		"(SELECT max(number) FROM flow_versions WHERE flow_id = f.id), f.paused, v.document, f.updated_at "
		"FROM flows f LEFT JOIN flow_versions v ON v.id = f.version_id ORDER BY f.name", "");
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		*rows = mem_resize(*rows, *count + 1, sizeof(**rows));
		read_row(st, &(*rows)[(*count)++]);
	}
	reader_give(s, c);
	return got;
}

int store_flow_load(struct store *s, const char *name, int version, struct flow_row *out, struct err *err)
{
	struct conn *c = reader_take(s, err);

	memset(out, 0, sizeof(*out));
	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT f.id, v.id, f.name, f.title, v.number, "
		"(SELECT max(number) FROM flow_versions WHERE flow_id = f.id), f.paused, v.document, f.updated_at "
		"FROM flows f JOIN flow_versions v ON v.flow_id = f.id WHERE f.name = ?1 AND "
		"CASE ?2 WHEN 0 THEN v.id = f.version_id "
		"WHEN -1 THEN v.number = (SELECT max(number) FROM flow_versions WHERE flow_id = f.id) "
		"ELSE v.number = ?2 END", "ti", name, (int64_t)version);
	int got = st ? sql_row(c, st, err) : -1;
	if (got > 0) {
		read_row(st, out);
		sql_done(st);
	}
	reader_give(s, c);
	return got;
}

int store_version_load(struct store *s, int64_t version_id, char **document, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT document FROM flow_versions WHERE id = ?", "i", version_id);
	int got = st ? sql_row(c, st, err) : -1;
	if (got > 0) {
		*document = sql_column_dup(st, 0);
		sql_done(st);
	}
	reader_give(s, c);
	return got;
}
