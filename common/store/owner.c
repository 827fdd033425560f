/* SPDX-License-Identifier: MIT */
/*
 * Between the claims: replies in the middle of a run, waiting for work, and what becomes of
 * the claims of a worker that died or fell silent.
 */
#include "common/store/lane.h"
#include "common/store/order.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <stdlib.h>

struct put {
	const struct claim *claim;
	int64_t owner;
	int status;
	const char *headers;
	struct slice body;
};

static int put_reply(struct conn *c, void *arg, struct err *err)
{
	const struct put *p = arg;
	int64_t ours = 0;
	int got = sql_int(c, err, &ours,
			  "SELECT 1 FROM events WHERE id = ? AND state = 'running' AND owner = ? AND run = ?",
			  "iii", p->claim->event_id, p->owner, (int64_t)p->claim->run);

	if (got <= 0)
		return got;
	return sql_do(c, err,
		      "INSERT INTO runs (id, version_id, trigger, outcome, started_at, reply_status, "
		      "reply_headers, reply_body) VALUES (?, ?, ?, 'running', ?, ?, ?, ?) "
		      "ON CONFLICT (id) DO UPDATE SET reply_status = excluded.reply_status, " /* it has waited */
		      "reply_headers = excluded.reply_headers, reply_body = excluded.reply_body "
		      "WHERE reply_status IS NULL",
		      "iitiitb", RUN_ID(p->claim->event_id, p->claim->run), p->claim->version_id,
		      p->claim->trigger, clock_wall_ms(), (int64_t)p->status, p->headers, p->body) < 0
		       ? -1 : 1;
}

int store_reply_put(struct store *s, const struct claim *claim, int64_t owner, int status,
		    const char *headers, struct slice body, struct err *err)
{
	struct put p = {claim, owner, status, headers, body};
	int got = commit(s, SYNC_FIRST, put_reply, &p, err);

	if (got > 0)
		bell_ring_answer(s->bell, claim->event_id);
	return got;
}

/* ---- waiting for work ---- */

uint32_t store_work_ticket(struct store *s)
{
	return atomic_load(&s->bell->work);
}

int store_work_wait(struct store *s, uint32_t ticket, int64_t max_ms)
{
	atomic_fetch_add(&s->bell->waiting, 1);
	bell_sleep(&s->bell->work, ticket, max_ms);
	atomic_fetch_sub(&s->bell->waiting, 1);
	return atomic_load(&s->bell->work) != ticket;
}

void store_work_wake(struct store *s)
{
	bell_ring_work_all(s->bell);
}

int store_next_due(struct store *s, int64_t *due_at, struct err *err)
{
	struct conn *c = reader_take(s, err);
	struct lanes lanes;

	*due_at = 0;
	if (!c)
		return -1;
	int got = lanes_look(c, 0, false, &lanes, err);
	reader_give(s, c);
	for (size_t i = 0; got == 0 && i < LANE_KINDS; i++)
		if (lanes.heads[i].due_at && (!*due_at || lanes.heads[i].due_at < *due_at))
			*due_at = lanes.heads[i].due_at;
	return got < 0 ? -1 : 0;
}

/* ---- the claims of the dead ---- */

struct held {
	int64_t event_id, flow_id, version_id, received_at;
	int run, crashes;
	char *trigger;
};

struct freeing {
	const struct owner_end *end;
	int64_t now;
	bool expired; /* choose by lease instead of by owner; each of them was in hand */
	struct held *list;
	size_t count;
	int64_t requeued;
};

static int find_held(struct conn *c, struct freeing *f, struct err *err)
{
	/* due_at of a running event is the end of its lease. */
	sqlite3_stmt *st = f->expired
		? sql_ask(c, err, "SELECT id, flow_id, version_id, received_at, run, crashes, trigger FROM events "
			  "WHERE state = 'running' AND due_at < ?", "i", f->now)
		: sql_ask(c, err, "SELECT id, flow_id, version_id, received_at, run, crashes, trigger FROM events "
			  "WHERE state = 'running' AND (owner = ?1 OR ?1 = 0)", "i", f->end->owner);
	int got = st ? 1 : -1;

	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		f->list = mem_resize(f->list, f->count + 1, sizeof(*f->list));
		f->list[f->count++] = (struct held){
			sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
			sqlite3_column_int(st, 4), sqlite3_column_int(st, 5), sql_column_dup(st, 6)};
	}
	return got;
}

/* It had not been begun: as if it had never been claimed. After a delay claiming it had made no
 * new run. */
static int put_back(struct conn *c, struct freeing *f, const struct held *h, struct err *err)
{
	f->requeued++;
	return sql_do(c, err,
		      "UPDATE events SET state = 'queued', owner = ?, due_at = ?, "
		      "run = run - (trigger <> 'delay'), attempt = attempt - (trigger <> 'delay') WHERE id = ? AND state = 'running' AND run = ?",
		      "iiii", (int64_t)OWNER_NOBODY, h->received_at, h->event_id, (int64_t)h->run) < 0 ? -1 : 0;
}

static int count_attempt(struct conn *c, struct freeing *f, const struct held *h, struct err *err)
{
	bool last = f->end->timed_out || h->crashes + 1 >= f->end->crash_max;
	char *words = last && !f->end->timed_out
		? mem_format("%s; it was the last of %d tries: look at the event, then replay it",
			     f->end->reason, h->crashes + 1)
		: mem_dup(f->end->reason);
	int bad = sql_do(c, err,
			 "INSERT INTO runs (id, version_id, trigger, outcome, started_at, ended_at, error, error_kind) "
			 "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
			 "ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, ended_at = excluded.ended_at, "
			 "error = excluded.error, error_kind = excluded.error_kind",
			 "iittiitt", RUN_ID(h->event_id, h->run), h->version_id, h->trigger,
			 f->end->timed_out ? "timed out" : "crashed",
			 f->end->started_at ? f->end->started_at : f->now, f->now, words,
			 f->end->timed_out ? "timeout" : "system");

	free(words);
	if (bad < 0)
		return -1;
	if (last) {
		bad = sql_do(c, err,
			     "UPDATE events SET state = 'failed', owner = 0, due_at = ?, crashes = crashes + 1 "
			     "WHERE id = ? AND state = 'running' AND run = ?",
			     "iii", f->now, h->event_id, (int64_t)h->run);
		if (bad >= 0 && order_leave(c, h->event_id, true, err) < 0)
			return -1;
	} else {
		f->requeued++;
		bad = sql_do(c, err,
			     "UPDATE events SET state = 'queued', owner = ?, due_at = ?, crashes = crashes + 1, "
			     "trigger = 'crash' WHERE id = ? AND state = 'running' AND run = ?",
			     "iiii", (int64_t)OWNER_NOBODY, f->now, h->event_id, (int64_t)h->run);
	}
	if (bad < 0 || counts_add(c, f->now, h->flow_id, "crashed", err) < 0)
		return -1;
	return last ? counts_add(c, f->now, h->flow_id, "failed", err) : 0;
}

static void forget(struct freeing *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->list[i].trigger);
	free(f->list);
	f->list = NULL;
	f->count = 0;
	f->requeued = 0;
}

static int free_held(struct conn *c, void *arg, struct err *err)
{
	struct freeing *f = arg;

	forget(f);
	if (find_held(c, f, err) < 0)
		return -1;
	for (size_t i = 0; i < f->count; i++) {
		const struct held *h = &f->list[i];
		bool in_hand = f->expired || h->event_id == f->end->in_hand_event;
		int bad = in_hand ? count_attempt(c, f, h, err) : put_back(c, f, h, err);
		if (bad < 0)
			return -1;
	}
	return (int)f->count;
}

static int free_claims(struct store *s, struct freeing *f, struct err *err)
{
	int got = commit(s, SYNC_FIRST, free_held, f, err);

	if (got > 0) {
		atomic_fetch_add(&s->bell->queued, f->requeued);
		for (size_t i = 0; i < f->count; i++)
			bell_ring_answer(s->bell, f->list[i].event_id);
		bell_ring_work_all(s->bell);
	}
	forget(f);
	return got;
}

int store_owner_free(struct store *s, const struct owner_end *end, struct err *err)
{
	struct freeing f = {.end = end, .now = clock_wall_ms()};

	return free_claims(s, &f, err);
}

int store_leases_expire(struct store *s, int64_t now, int crash_max, struct err *err)
{
	struct owner_end end = {.crash_max = crash_max, .reason = "its worker's lease ran out"};
	struct freeing f = {.end = &end, .now = now, .expired = true};
	int64_t any = 0;
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	int got = sql_int(c, err, &any, "SELECT 1 FROM events WHERE state = 'running' AND due_at < ? LIMIT 1",
			  "i", now);
	reader_give(s, c);
	return got <= 0 ? got : free_claims(s, &f, err);
}
