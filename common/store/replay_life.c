/* SPDX-License-Identifier: MIT */
/* What becomes of a replay: its selection kept and read back, its events given back, its
 * numbers. */
#include "common/store/order.h"
#include "common/store/replay.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- the selection ---- */

void replay_describe(const struct event_filter *f, struct buf *out)
{
	char at[CLOCK_ISO_SIZE];

	if (f->n_ids)
		buf_addf(out, "%zu ids; ", f->n_ids);
	if (f->flow)
		buf_addf(out, "flow = %s; ", f->flow);
	if (f->state)
		buf_addf(out, "state = %s; ", f->state);
	if (f->since)
		buf_addf(out, "since %s; ", clock_iso(f->since, at));
	if (f->until)
		buf_addf(out, "until %s; ", clock_iso(f->until, at));
	if (f->error)
		buf_addf(out, "error has %s; ", f->error);
	if (f->where)
		buf_addf(out, "where %s; ", f->where);
	if (!out->len)
		buf_add_text(out, "every finished event; ");
	out->len -= 2;
	out->ptr[out->len] = '\0';
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	if (!text)
		return;
	buf_addf(out, ",\"%s\":", name);
	buf_add_json_text(out, text, strlen(text));
}

void replay_filter_write(const struct event_filter *f, struct buf *out)
{
	buf_addf(out, "{\"before_id\":%lld,\"since\":%lld,\"until\":%lld", (long long)f->before_id,
		 (long long)f->since, (long long)f->until);
	add_text(out, "flow", f->flow);
	add_text(out, "state", f->state);
	add_text(out, "error", f->error);
	add_text(out, "where", f->where);
	buf_add_text(out, ",\"ids\":[");
	for (size_t i = 0; i < f->n_ids; i++)
		buf_addf(out, "%s%lld", i ? "," : "", (long long)f->ids[i]);
	buf_add_text(out, "]}");
}

static int read_filter(struct replay_kept *kept, const char *text, struct err *err)
{
	static const char *const names[] = {"flow", "state", "error", "where"};
	struct event_filter *f = &kept->plan.filter;
	const char **texts[] = {&f->flow, &f->state, &f->error, &f->where};
	cJSON *tree = json_parse(text, strlen(text), err);
	const cJSON *ids = json_get(tree, "ids"), *item;

	if (!tree)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		*texts[i] = kept->texts[i] = mem_dup(json_text(tree, names[i], NULL));
	f->before_id = json_int(tree, "before_id", 0);
	f->since = json_int(tree, "since", 0);
	f->until = json_int(tree, "until", 0);
	kept->ids = mem_array((size_t)cJSON_GetArraySize(ids) + 1, sizeof(int64_t));
	cJSON_ArrayForEach(item, ids) {
		char *number = json_print(item);
		kept->ids[f->n_ids++] = strtoll(number, NULL, 10);
		free(number);
	}
	f->ids = kept->ids;
	f->oldest_first = true;
	cJSON_Delete(tree);
	return 0;
}

static int refuse_missing(int64_t id, struct err *err)
{
	return err_set(err, ERR_MISSING, "there is no replay %lld (`ringbolt replay list`)", (long long)id);
}

static int load_kept(struct conn *c, int64_t id, struct replay_kept *out, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT version_now, from_failed, per_second, filter, last_event, finished_at IS NOT NULL, "
		"cancelled_at IS NOT NULL FROM replays WHERE id = ?", "i", id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got < 0 ? -1 : refuse_missing(id, err);
	const char *filter = (const char *)sqlite3_column_text(st, 3);
	bool finished = sqlite3_column_int(st, 5), cancelled = sqlite3_column_int(st, 6);
	if (finished || cancelled || !filter)
		got = err_set(err, ERR_CONFLICT, cancelled ? "replay %lld has been cancelled: replay the events anew"
			      : "replay %lld has queued all it chose: there is nothing to go on with",
			      (long long)id);
	else
		got = read_filter(out, filter, err);
	out->plan.version_now = sqlite3_column_int(st, 0);
	out->plan.from_failed_step = sqlite3_column_int(st, 1);
	out->plan.per_second = sqlite3_column_int(st, 2);
	out->plan.filter.after_id = sqlite3_column_int64(st, 4);
	sql_done(st);
	return got;
}

int replay_kept_load(struct store *s, int64_t id, struct replay_kept *out, struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	int got = load_kept(c, id, out, err);
	if (got == 0 && out->plan.per_second > 0)
		got = sql_int(c, err, &out->due_at,
			      "SELECT coalesce(max(due_at), 0) FROM events WHERE state = 'queued' AND lane = 1 "
			      "AND replay_id = ? AND attempt = 0", "i", id);
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}

void replay_kept_release(struct replay_kept *kept)
{
	for (size_t i = 0; i < ARRAY_LEN(kept->texts); i++)
		free(kept->texts[i]);
	free(kept->ids);
	*kept = (struct replay_kept){0};
}

/* ---- giving back ---- */

/* Events given back in one transaction. */
#define CHUNK 500

struct cancelling {
	int64_t id, now;
	int queued;        /* of this chunk: how many leave the queue */
	int64_t given_back;
};

static int mark_cancelled(struct conn *c, void *arg, struct err *err)
{
	const struct cancelling *x = arg;
	int64_t found;
	int changed = sql_do(c, err, "UPDATE replays SET cancelled_at = ? WHERE id = ? AND cancelled_at IS NULL",
			     "ii", x->now, x->id);

	if (changed != 0)
		return changed;
	int got = sql_int(c, err, &found, "SELECT 1 FROM replays WHERE id = ?", "i", x->id);
	if (got <= 0)
		return got < 0 ? -1 : refuse_missing(x->id, err);
	return err_set(err, ERR_CONFLICT, "replay %lld has been cancelled before", (long long)x->id);
}

/* Whether it keeps those of its key waiting, where its flow says so: it has failed in this replay,
 * or it did so before. */
static int blocks(struct conn *c, const struct cancelling *x, int64_t event, struct err *err)
{
	int64_t found;

	return sql_int(c, err, &found,
		       "SELECT 1 FROM events e JOIN replay_events m ON m.event_id = e.id AND m.replay_id = ? "
		       "WHERE e.id = ? AND (e.attempt > 0 OR (m.state_was = 'failed' AND m.turn_was = 1))", "ii",
		       x->id, event);
}

/* One that has not run in this replay is again what it was. What has run there last is what it
 * is: failed, and waiting for another try; or waiting in a delay, in a run nobody will end. */
static int give_back(struct conn *c, const struct cancelling *x, int64_t event, struct err *err)
{
	int failed = blocks(c, x, event, err);

	if (failed < 0 ||
	    sql_do(c, err,
		   "UPDATE runs SET outcome = 'failed', ended_at = ?1, error = 'its replay was cancelled while it "
		   "waited', error_kind = 'conflict' WHERE outcome = 'running' AND id = "
		   "(SELECT id * 65536 + run FROM events WHERE id = ?2)", "ii", x->now, event) < 0 ||
	    sql_do(c, err,
		   "UPDATE events SET owner = 0, due_at = ?1, resume_run = NULL, replay_id = NULL, "
		   "state = CASE attempt WHEN 0 THEN m.state_was ELSE 'failed' END, "
		   "version_id = CASE attempt WHEN 0 THEN m.version_was ELSE version_id END, "
		   "trigger = coalesce((SELECT r.trigger FROM runs r WHERE r.id = events.id * 65536 + events.run), "
		   "  'arrival'), "
		   "attempt = CASE attempt WHEN 0 THEN m.attempt_was ELSE attempt END "
		   "FROM replay_events m WHERE m.replay_id = ?2 AND m.event_id = ?3 AND events.id = ?3 "
		   "AND state IN ('queued', 'held')", "iii", x->now, x->id, event) < 0 ||
	    order_cancel(c, event, failed, err) < 0)
		return -1;
	return sql_do(c, err, "UPDATE replay_events SET outcome = 'cancelled' WHERE replay_id = ? AND event_id = ?",
		      "ii", x->id, event);
}

static int give_back_some(struct conn *c, void *arg, struct err *err)
{
	struct cancelling *x = arg;
	int64_t ids[CHUNK];
	int n = 0;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT e.id, e.state FROM replay_events m JOIN events e ON e.id = m.event_id "
		"WHERE m.replay_id = ?1 AND m.outcome IS NULL AND e.replay_id = ?1 "
		"AND e.state IN ('queued', 'held') ORDER BY m.event_id LIMIT ?2", "ii", x->id,
		(int64_t)CHUNK);
	int got = st ? 1 : -1;

	x->queued = 0;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		ids[n++] = sqlite3_column_int64(st, 0);
		x->queued += strcmp((const char *)sqlite3_column_text(st, 1), "queued") == 0;
	}
	for (int i = 0; got >= 0 && i < n; i++)
		got = give_back(c, x, ids[i], err);
	return got < 0 ? -1 : n;
}

int store_replay_cancel(struct store *s, int64_t id, int64_t now, struct err *err)
{
	struct cancelling x = {.id = id, .now = now};
	int got = commit(s, SYNC_AFTER, mark_cancelled, &x, err);

	/* Given back they are no longer of those that are looked for: each chunk finds the next. */
	while (got >= 0 && (got = commit(s, SYNC_AFTER, give_back_some, &x, err)) > 0) {
		atomic_fetch_sub(&s->bell->queued, x.queued);
		x.given_back += got;
	}
	return got < 0 ? -1 : (int)x.given_back;
}

/* ---- looking ---- */

int store_replays_each(struct store *s, int64_t id, size_t limit,
		       int (*each)(void *arg, const struct replay_row *row), void *arg, struct err *err)
{
	struct conn *c = reader_take(s, err);
	int n = 0;

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT id, created_at, reason, selection, flow_version, from_step, state, per_second, queued, "
		"waiting, succeeded, failed, cancelled FROM replay_history "
		"WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3", "iii", id ? id : 1,
		id ? id : INT64_MAX, limit ? (int64_t)limit : (int64_t)-1);
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct replay_row row = {
			.id = sqlite3_column_int64(st, 0),
			.created_at = (const char *)sqlite3_column_text(st, 1),
			.reason = (const char *)sqlite3_column_text(st, 2),
			.selection = (const char *)sqlite3_column_text(st, 3),
			.flow_version = (const char *)sqlite3_column_text(st, 4),
			.from_step = (const char *)sqlite3_column_text(st, 5),
			.state = (const char *)sqlite3_column_text(st, 6),
			.per_second = sqlite3_column_int64(st, 7),
			.queued = sqlite3_column_int64(st, 8),
			.waiting = sqlite3_column_int64(st, 9),
			.succeeded = sqlite3_column_int64(st, 10),
			.failed = sqlite3_column_int64(st, 11),
			.cancelled = sqlite3_column_int64(st, 12),
		};
		n++;
		if (each(arg, &row) < 0) {
			sql_done(st);
			break;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : n;
}
