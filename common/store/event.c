/* SPDX-License-Identifier: MIT */
/* Intake: keeping requests, knowing duplicates, keeping refusals. */
#include "common/store/lane.h"
#include "common/store/order.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

struct add {
	const struct event_new *event;
	struct event_added *out;
};

static int insert_event(struct conn *c, const struct event_new *e, bool held, int64_t lane, int turn,
			struct err *err)
{
	return sql_do(c, err,
		      "INSERT INTO events (flow_id, version_id, received_at, state, due_at, awaited, dedupe_key, lane, "
		      "order_key, turn) VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, ?7, ?8, nullif(?9, -1)) "
		      "ON CONFLICT (flow_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING",
		      "iiitisisi", e->flow_id, e->version_id, e->received_at, held ? "held" : "queued",
		      (int64_t)(e->awaited && !held), e->dedupe_key,
		      turn == 0 ? LANE_WAITS(lane) : lane, e->order_key, (int64_t)turn);
}

/* The unique index has refused the key: 1 and the first one's id while it is inside the
 * window, 0 once that is over and the key has been taken from it. */
static int find_first(struct conn *c, const struct event_new *e, int64_t *id, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT id, received_at FROM events WHERE flow_id = ? AND dedupe_key = ?",
		"is", e->flow_id, e->dedupe_key);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got;
	*id = sqlite3_column_int64(st, 0);
	int64_t first_at = sqlite3_column_int64(st, 1);
	sql_done(st);
	if (first_at > e->received_at - e->dedupe_window_ms)
		return 1;
	return sql_do(c, err, "UPDATE events SET dedupe_key = NULL WHERE id = ?", "i", *id) < 0 ? -1 : 0;
}

static int add_event(struct conn *c, void *arg, struct err *err)
{
	struct add *add = arg;
	const struct event_new *e = add->event;
	bool paused;
	int64_t lane;
	int got;

	memset(add->out, 0, sizeof(*add->out));
	if (lane_enter(c, e->flow_id, e->priority, &lane, &paused, err) < 0)
		return -1;
	int turn = order_enter(c, e->flow_id, e->order_key, err);
	if (turn < TURN_NONE)
		return -1;
	while ((got = insert_event(c, e, paused, lane, turn, err)) == 0) {
		int first = find_first(c, e, &add->out->id, err);
		if (first < 0)
			return -1;
		if (first > 0) {
			add->out->duplicate = true;
			return counts_add(c, e->received_at, e->flow_id, "duplicate", err) < 0 ? -1 : 0;
		}
	}
	if (got < 0)
		return -1;
	add->out->id = sqlite3_last_insert_rowid(c->db);
	add->out->held = paused;
	if (sql_do(c, err,
		   "INSERT INTO requests (id, version_id, method, path, query, remote, headers, body, warnings, "
		   "redacted, unenforced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '[' || ? || ']', ?)",
		   "iitttttbsss", add->out->id, e->version_id, e->method, e->path, e->query, e->remote,
		   e->headers, e->body, e->warnings.len ? e->warnings : (struct slice){0},
		   e->redacted.len ? e->redacted : (struct slice){0},
		   e->unenforced.len ? e->unenforced : (struct slice){0}) < 0 ||
	    counts_add_event(c, e->received_at, e->flow_id, add->out->id, err) < 0 ||
	    (e->unenforced.len && counts_add(c, e->received_at, e->flow_id, "unenforced", err) < 0))
		return -1;
	return 1;
}

void store_queue_cap(struct store *s, int64_t max_queued)
{
	s->queue_cap = max_queued;
}

int store_event_add(struct store *s, const struct event_new *event, struct event_added *out,
		    struct err *err)
{
	struct add add = {event, out};
	int64_t queued = atomic_load(&s->bell->queued);

	if (s->queue_cap > 0 && queued >= s->queue_cap)
		return err_set(err, ERR_BUSY, "%lld events wait already (max-queued): try again later",
			       (long long)queued);
	int got = commit(s, event->awaited ? SYNC_LATER : SYNC_AFTER, add_event, &add, err);
	if (got > 0 && !out->held) {
		atomic_fetch_add(&s->bell->queued, 1);
		bell_ring_work(s->bell);
	}
	return got;
}

static int add_rejection(struct conn *c, void *arg, struct err *err)
{
	const struct rejection *r = arg;

	if (sql_do(c, err,
		   "INSERT INTO rejections (at, flow_id, status, cause, method, path, remote, headers, body_bytes) "
		   "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		   "iiittttti", r->at, r->flow_id, (int64_t)r->status, r->cause, r->method, r->path,
		   r->remote, r->headers, r->body_bytes) < 0 ||
	    counts_add(c, r->at, r->flow_id, "rejected", err) < 0)
		return -1;
	return 0;
}

int store_rejection_add(struct store *s, const struct rejection *r, struct err *err)
{
	return commit(s, SYNC_LATER, add_rejection, (void *)(uintptr_t)r, err);
}

struct arrivals {
	int64_t at, flow_id, n;
	const char *outcome;
};

static int count_arrivals(struct conn *c, void *arg, struct err *err)
{
	const struct arrivals *a = arg;

	return counts_add_many(c, a->at, a->flow_id, a->outcome, a->n, err);
}

int store_arrivals_count(struct store *s, int64_t at, int64_t flow_id, const char *outcome, int64_t n,
			 struct err *err)
{
	struct arrivals a = {at, flow_id, n, outcome};

	return commit(s, SYNC_LATER, count_arrivals, &a, err);
}

/* ---- the caller who waits ---- */

void answer_release(struct answer *a)
{
	free(a->headers);
	free(a->error);
	buf_release(&a->body);
	memset(a, 0, sizeof(*a));
	buf_init(&a->body);
}

/* The first run that decided: replied, succeeded or failed for good. A run that crashed and is
 * tried again has decided nothing. */
static int look_for_answer(struct conn *c, int64_t event_id, struct answer *out, bool *synced,
			   struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT r.outcome, r.reply_status, r.reply_headers, r.reply_body, r.error, e.awaited "
		"FROM runs r JOIN events e ON e.id = ?1 "
		"WHERE r.id > ?1 * 65536 AND r.id < (?1 + 1) * 65536 "
		"AND (r.reply_status IS NOT NULL OR r.outcome IN ('succeeded', 'failed', 'timed out') "
		"     OR e.state = 'failed') "
		"ORDER BY r.id LIMIT 1", "i", event_id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got;
	/* A reply, or the end of a run whose caller waits, was synced before it could be seen. */
	*synced = sqlite3_column_type(st, 1) != SQLITE_NULL || sqlite3_column_int(st, 5) == 1;
	if (sqlite3_column_type(st, 1) != SQLITE_NULL) {
		out->state = ANSWER_REPLIED;
		out->status = sqlite3_column_int(st, 1);
		out->headers = sql_column_dup(st, 2);
		buf_add_slice(&out->body, sql_column_slice(st, 3));
	} else if (strcmp((const char *)sqlite3_column_text(st, 0), "succeeded") == 0) {
		out->state = ANSWER_SILENT;
	} else {
		out->state = ANSWER_FAILED;
		out->error = sql_column_dup(st, 4);
	}
	sql_done(st);
	return 1;
}

int store_sync(struct store *s, struct err *err)
{
	return commit(s, SYNC_AFTER, sync_log, NULL, err) < 0 ? -1 : 0;
}

/* A commit by a stranger rings nothing: look again after this long at the latest. */
#define ANSWER_POLL_MS 1000

int store_answer_wait(struct store *s, int64_t event_id, int64_t until_mono_ms, struct answer *out,
		      struct err *err)
{
	_Atomic uint32_t *word = &s->bell->answers[(uint64_t)event_id % BELL_SLOTS];

	memset(out, 0, sizeof(*out));
	buf_init(&out->body);
	for (;;) {
		uint32_t seen = atomic_load(word);
		struct conn *c = reader_take(s, err);
		if (!c)
			return -1;
		bool synced = true;
		int got = look_for_answer(c, event_id, out, &synced, err);
		reader_give(s, c);
		if (got > 0 && !synced && store_sync(s, err) < 0)
			return -1;
		if (got)
			return got;
		int64_t left = until_mono_ms - clock_mono_ms();
		if (left <= 0)
			return 0;
		bell_sleep(word, seen, left < ANSWER_POLL_MS ? left : ANSWER_POLL_MS);
		if (store_broken(s))
			return err_set(err, ERR_DISK, "the disk or the database failed before; this process ends");
	}
}

static int mark_late(struct conn *c, void *arg, struct err *err)
{
	if (sql_do(c, err, "UPDATE events SET awaited = 2 WHERE id = ? AND awaited = 1", "i",
		   *(int64_t *)arg) < 0)
		return -1;
	return sync_log(c, NULL, err);
}

int store_answer_late(struct store *s, int64_t event_id, struct err *err)
{
	return commit(s, SYNC_AFTER, mark_late, &event_id, err);
}
