/* SPDX-License-Identifier: MIT */
/*
 * Replay: finished events go back into the queue for a new run, behind live traffic. The
 * rate is written into their due times, so it holds over restarts and needs nobody to keep it.
 */
#include "common/store/lane.h"
#include "common/store/list.h"
#include "common/store/order.h"
#include "common/store/replay.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* Events moved in one transaction: intake never waits for more than these. */
#define CHUNK 500

struct chosen {
	int64_t *ids;
	size_t count;
	struct replay_count *counts;
};

/* Columns: id, state, received_at in milliseconds, whether its body is gone. */
static int choose(void *arg, sqlite3_stmt *st)
{
	struct chosen *chosen = arg;
	struct replay_count *counts = chosen->counts;
	const char *state = (const char *)sqlite3_column_text(st, 1);
	int64_t at = sqlite3_column_int64(st, 2);

	counts->matched++;
	if (strcmp(state, "succeeded") != 0 && strcmp(state, "failed") != 0 && strcmp(state, "cancelled") != 0)
		return 0;
	if (sqlite3_column_int(st, 3)) {
		counts->without_body++;
		return 0;
	}
	counts->eligible++;
	if (!counts->oldest_at || at < counts->oldest_at)
		counts->oldest_at = at;
	if (at > counts->newest_at)
		counts->newest_at = at;
	/* Doubling, by hand: the list may hold every event there is. */
	if ((chosen->count & (chosen->count - 1)) == 0)
		chosen->ids = mem_resize(chosen->ids, chosen->count ? chosen->count * 2 : 1, sizeof(int64_t));
	chosen->ids[chosen->count++] = sqlite3_column_int64(st, 0);
	return 0;
}

struct replaying {
	const struct replay_plan *plan;
	int64_t replay_id, now;
	const int64_t *ids;
	size_t count;
	int64_t before; /* queued by earlier chunks */
	int64_t base_at; /* what the rate counts from */
	bool last;
};

static int begin_replay(struct conn *c, void *arg, struct err *err)
{
	struct replaying *r = arg;
	struct buf selection = BUF_INIT, filter = BUF_INIT;

	replay_describe(&r->plan->filter, &selection);
	replay_filter_write(&r->plan->filter, &filter);
	int bad = sql_do(c, err,
			 "INSERT INTO replays (created_at, reason, selection, version_now, from_failed, per_second, "
			 "queued, filter) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
			 "ittiiit", r->now, r->plan->reason ? r->plan->reason : "", selection.ptr,
			 (int64_t)r->plan->version_now, (int64_t)r->plan->from_failed_step,
			 (int64_t)r->plan->per_second, filter.ptr);
	buf_release(&selection);
	buf_release(&filter);
	if (bad < 0)
		return -1;
	r->replay_id = sqlite3_last_insert_rowid(c->db);
	return 0;
}

/* Written down before it is queued: what it was, and how the replay it was in before ended for
 * it. 1; 0 when it is not to be queued: not finished, or in this replay already. */
static int enter_one(struct conn *c, struct replaying *r, int64_t id, struct err *err)
{
	int entered = sql_do(c, err,
		"INSERT INTO replay_events (replay_id, event_id, state_was, version_was, attempt_was, turn_was) "
		"SELECT ?, id, state, version_id, attempt, turn FROM events "
		"WHERE id = ? AND run < ? AND state IN ('succeeded', 'failed', 'cancelled') "
		"AND NOT EXISTS (SELECT 1 FROM requests q WHERE q.id = events.id AND q.removed_bytes IS NOT NULL) "
		"ON CONFLICT DO NOTHING", "iii", r->replay_id, id, (int64_t)RUN_MAX);

	if (entered <= 0)
		return entered;
	return sql_do(c, err,
		      "UPDATE replay_events SET outcome = (SELECT state FROM events WHERE id = ?1) "
		      "WHERE event_id = ?1 AND replay_id = (SELECT replay_id FROM events WHERE id = ?1) "
		      "AND outcome IS NULL", "i", id) < 0 ? -1 : 1;
}

static int queue_one(struct conn *c, struct replaying *r, int64_t id, int64_t due_at, struct err *err)
{
	/* An event whose flow has no published version any more keeps the one it had. */
	return sql_do(c, err,
		      "UPDATE events SET state = 'queued', owner = ?1, due_at = ?2, attempt = 0, "
		      "lane = CASE WHEN (SELECT f.concurrency FROM flows f WHERE f.id = events.flow_id) IS NULL "
		      "  THEN 1 ELSE " SQL_LANE_OWN("flow_id", "1") " END, "
		      "crashes = 0, trigger = 'replay', replay_id = ?3, "
		      "resume_run = CASE WHEN ?4 AND state = 'failed' THEN run END, "
		      "version_id = CASE WHEN ?5 "
		      "  THEN coalesce((SELECT f.version_id FROM flows f WHERE f.id = events.flow_id), version_id) "
		      "  ELSE (SELECT q.version_id FROM requests q WHERE q.id = events.id) END "
		      "WHERE id = ?6 AND state IN ('succeeded', 'failed', 'cancelled')",
		      "iiiiii", (int64_t)OWNER_NOBODY, due_at, r->replay_id,
		      (int64_t)r->plan->from_failed_step, (int64_t)r->plan->version_now, id);
}

static int refuse_cancelled(struct conn *c, int64_t replay_id, struct err *err)
{
	int64_t found;
	int got = sql_int(c, err, &found, "SELECT 1 FROM replays WHERE id = ? AND cancelled_at IS NOT NULL",
			  "i", replay_id);

	if (got > 0)
		return err_set(err, ERR_CONFLICT, "replay %lld has been cancelled: replay the events anew",
			       (long long)replay_id);
	return got;
}

static int queue_chunk(struct conn *c, void *arg, struct err *err)
{
	struct replaying *r = arg;
	int queued = 0;

	if (refuse_cancelled(c, r->replay_id, err) < 0)
		return -1;
	for (size_t i = 0; i < r->count; i++) {
		int64_t place = r->before + queued;
		int64_t wait = r->plan->per_second > 0 ? place * 1000 / r->plan->per_second : 0;
		int entered = enter_one(c, r, r->ids[i], err);
		int changed = entered > 0 ? queue_one(c, r, r->ids[i], r->base_at + wait, err) : entered;
		if (changed < 0 || (changed > 0 && order_return(c, r->ids[i], err) < 0))
			return -1;
		queued += changed;
	}
	if (sql_do(c, err, "UPDATE replays SET queued = queued + ?1, last_event = max(last_event, ?2), "
		   "finished_at = CASE WHEN ?3 THEN ?4 ELSE finished_at END WHERE id = ?5", "iiiii",
		   (int64_t)queued, r->count ? r->ids[r->count - 1] : 0, (int64_t)r->last, r->now,
		   r->replay_id) < 0)
		return -1;
	return queued;
}

static int queue_all(struct store *s, struct replaying *r, const struct chosen *chosen,
		     int (*progress)(void *arg, const struct replay_count *so_far), void *arg,
		     struct err *err)
{
	chosen->counts->replay_id = r->replay_id;
	for (size_t at = 0; !r->last; at += r->count) {
		r->ids = chosen->ids + at;
		r->count = chosen->count - at < CHUNK ? chosen->count - at : CHUNK;
		r->last = at + r->count == chosen->count;
		r->before = chosen->counts->queued;
		int queued = commit(s, SYNC_AFTER, queue_chunk, r, err);
		if (queued < 0)
			return -1;
		chosen->counts->queued += queued;
		atomic_fetch_add(&s->bell->queued, queued);
		bell_ring_work(s->bell);
		if (progress && progress(arg, chosen->counts) < 0)
			return err_set(err, ERR_BUSY, "replay %lld was stopped with %lld events queued: `ringbolt "
				       "replay resume %lld` goes on", (long long)r->replay_id,
				       (long long)chosen->counts->queued, (long long)r->replay_id);
	}
	return 0;
}

static int choose_all(struct store *s, const struct event_filter *filter, struct chosen *chosen,
		      struct err *err)
{
	memset(chosen->counts, 0, sizeof(*chosen->counts));
	return list_each(s, "id, state, CAST(round((julianday(received_at) - 2440587.5) * 86400000) AS INTEGER), "
			 "(SELECT body_removed FROM event_requests q WHERE q.id = event_history.id)",
			 filter, choose, chosen, err);
}

/* What arrives from now on is not chosen, also when the replay goes on later. */
static int bound(struct store *s, struct event_filter *filter, struct err *err)
{
	struct conn *c = filter->before_id ? NULL : reader_take(s, err);

	if (filter->before_id)
		return 0;
	if (!c)
		return -1;
	int got = sql_int(c, err, &filter->before_id, "SELECT coalesce(max(id), 0) + 1 FROM events", "");
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}

int store_replay(struct store *s, const struct replay_plan *plan, bool dry_run, int64_t now,
		 int (*progress)(void *arg, const struct replay_count *so_far), void *arg,
		 struct replay_count *out, struct err *err)
{
	struct replay_plan bounded = *plan;
	struct chosen chosen = {.counts = out};
	struct replaying r = {.plan = &bounded, .now = now, .base_at = now};

	bounded.filter.oldest_first = true;
	int got = bound(s, &bounded.filter, err);
	if (got == 0)
		got = choose_all(s, &bounded.filter, &chosen, err);
	if (got == 0 && !dry_run && chosen.count > 0) {
		got = commit(s, SYNC_AFTER, begin_replay, &r, err);
		if (got == 0)
			got = queue_all(s, &r, &chosen, progress, arg, err);
	}
	free(chosen.ids);
	return got;
}

/* ---- going on ---- */

int store_replay_resume(struct store *s, int64_t id, int64_t now,
			int (*progress)(void *arg, const struct replay_count *so_far), void *arg,
			struct replay_count *out, struct err *err)
{
	struct replay_kept kept = {0};
	struct chosen chosen = {.counts = out};
	struct replaying r = {.plan = &kept.plan, .now = now, .replay_id = id};
	int got = replay_kept_load(s, id, &kept, err);

	if (got == 0) {
		/* The rate goes on where the last one that was queued is due. */
		r.base_at = kept.due_at > now ? kept.due_at : now;
		got = choose_all(s, &kept.plan.filter, &chosen, err);
	}
	if (got == 0)
		got = queue_all(s, &r, &chosen, progress, arg, err);
	free(chosen.ids);
	replay_kept_release(&kept);
	return got;
}

/* ---- cancelling ---- */

static int cancel_chunk(struct conn *c, void *arg, struct err *err)
{
	struct replaying *r = arg;
	int cancelled = 0;

	for (size_t i = 0; i < r->count; i++) {
		int changed = sql_do(c, err,
				     "UPDATE events SET state = 'cancelled', owner = 0 "
				     "WHERE id = ? AND (state IN ('queued', 'held') OR (state = 'failed' AND turn = 1))", "i",
				     r->ids[i]);
		if (changed < 0 || (changed > 0 && order_cancel(c, r->ids[i], false, err) < 0))
			return -1;
		/* One that waited in a delay has a run that nobody will end. */
		if (changed > 0 &&
		    sql_do(c, err,
			   "UPDATE runs SET outcome = 'failed', ended_at = ?1, error = 'cancelled while it waited', "
			   "error_kind = 'conflict' WHERE outcome = 'running' AND id = "
			   "(SELECT id * 65536 + run FROM events WHERE id = ?2)", "ii", clock_wall_ms(), r->ids[i]) < 0)
			return -1;
		cancelled += changed;
	}
	return cancelled;
}

static int choose_open(void *arg, sqlite3_stmt *st)
{
	struct chosen *chosen = arg;
	const char *state = (const char *)sqlite3_column_text(st, 1);

	if (strcmp(state, "queued") != 0 && strcmp(state, "held") != 0 && strcmp(state, "failed") != 0)
		return 0;
	if ((chosen->count & (chosen->count - 1)) == 0)
		chosen->ids = mem_resize(chosen->ids, chosen->count ? chosen->count * 2 : 1, sizeof(int64_t));
	chosen->ids[chosen->count++] = sqlite3_column_int64(st, 0);
	return 0;
}

int store_event_cancel(struct store *s, const struct event_filter *filter, struct err *err)
{
	struct chosen chosen = {0};
	int cancelled = 0, got = list_each(s, "id, state", filter, choose_open, &chosen, err);

	for (size_t at = 0; got >= 0 && at < chosen.count; at += CHUNK) {
		struct replaying r = {.ids = chosen.ids + at,
				      .count = chosen.count - at < CHUNK ? chosen.count - at : CHUNK};
		got = commit(s, SYNC_AFTER, cancel_chunk, &r, err);
		if (got > 0)
			cancelled += got;
		bell_ring_work(s->bell); /* for those who have their turn now */
	}
	free(chosen.ids);
	return got < 0 ? -1 : cancelled;
}
