/* SPDX-License-Identifier: MIT */
/*
 * The workers' side: taking what is due, handing back what was done, freeing what the dead
 * held. Every change names the state it leaves, and a worker's changes also the run and the
 * owner, so a worker that lost its claim changes nothing.
 */
#include "common/store/lane.h"
#include "common/store/order.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* The bodies of one batch together: a worker's memory is bounded. */
#define BATCH_BYTES (1024 * 1024)
#define BATCH_EVENTS 32

struct exchange {
	int64_t owner, now;
	const struct run_done *done;
	size_t n_done;
	struct claim *taken;
	size_t max, n_taken;
	int64_t requeued; /* of done: queued again */
	bool more;        /* something due was left */
};

void claim_release(struct claim *c)
{
	free(c->method);
	free(c->path);
	free(c->query);
	free(c->headers);
	free(c->remote);
	buf_release(&c->body);
	buf_release(&c->resume);
	memset(c, 0, sizeof(*c));
	buf_init(&c->body);
	buf_init(&c->resume);
}

static int write_run(struct conn *c, const struct run_done *d, const char *outcome, struct err *err)
{
	const struct claim *claim = d->claim;
	struct slice none = {0};

	return sql_do(c, err,
		      "INSERT INTO runs (id, version_id, trigger, outcome, started_at, ended_at, error, "
		      "error_kind, failed_step, steps, reply_status, reply_headers, reply_body) "
		      "VALUES (?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, nullif(?, 0), ?, ?) "
		      "ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, ended_at = excluded.ended_at, "
		      "error = excluded.error, error_kind = excluded.error_kind, "
		      "failed_step = excluded.failed_step, steps = excluded.steps, "
		      "reply_status = coalesce(reply_status, excluded.reply_status), "
		      "reply_headers = coalesce(reply_headers, excluded.reply_headers), "
		      "reply_body = coalesce(reply_body, excluded.reply_body)",
		      "iittiitttsito", RUN_ID(claim->event_id, claim->run), claim->version_id,
		      claim->trigger, outcome, d->started_at, d->wake_at ? 0 : d->ended_at, d->error, d->error_kind,
		      d->failed_step, d->steps.len ? d->steps : none,
		      (int64_t)(d->replied ? d->reply_status : 0), d->replied ? d->reply_headers : NULL,
		      d->replied ? d->reply_body : none);
}

/* A run that waits: the event is queued until then, and the run's row stays open. */
static int give_waiting(struct conn *c, struct exchange *x, const struct run_done *d, struct err *err)
{
	const struct claim *claim = d->claim;

	return sql_do(c, err,
		      "UPDATE events SET state = 'queued', owner = ?, due_at = ?, trigger = 'delay', "
		      "resume_run = run WHERE id = ? AND state = 'running' AND owner = ? AND run = ?",
		      "iiiii", (int64_t)OWNER_NOBODY, d->wake_at, claim->event_id, x->owner,
		      (int64_t)claim->run);
}

static int give_back(struct conn *c, struct exchange *x, const struct run_done *d, struct err *err)
{
	const struct claim *claim = d->claim;
	const char *state = d->succeeded ? "succeeded" : d->again_at ? "queued" : "failed";
	const char *counted = d->succeeded ? "succeeded" : d->again_at ? "retried" : "failed";
	const char *outcome = d->wake_at ? "running" : d->succeeded ? "succeeded" : "failed";
	int changed;

	if (d->wake_at)
		changed = give_waiting(c, x, d, err);
	else if (!d->succeeded && d->again_at)
		changed = sql_do(c, err,
				 "UPDATE events SET state = 'queued', owner = ?, due_at = ?, trigger = 'retry', "
				 "resume_run = CASE WHEN ? THEN run ELSE resume_run END "
				 "WHERE id = ? AND state = 'running' AND owner = ? AND run = ?",
				 "iiiiii", (int64_t)OWNER_NOBODY, d->again_at, (int64_t)d->go_on, claim->event_id,
				 x->owner, (int64_t)claim->run);
	else
		changed = sql_do(c, err,
				 "UPDATE events SET state = ?, owner = 0, due_at = ? "
				 "WHERE id = ? AND state = 'running' AND owner = ? AND run = ?",
				 "tiiii", state, d->ended_at, claim->event_id, x->owner, (int64_t)claim->run);
	if (changed == 0) {
		log_line(LOG_WARN, "a run came back too late and was dropped", "event",
			 log_number(claim->event_id), "run", log_number(claim->run), NULL);
		return 0;
	}
	if (changed < 0 || write_run(c, d, outcome, err) < 0)
		return -1;
	x->requeued += d->wake_at || (d->again_at && !d->succeeded);
	if (d->wake_at)
		return 0;
	if (claim->ordered && strcmp(state, "queued") != 0 &&
	    order_leave(c, claim->event_id, !d->succeeded, err) < 0)
		return -1;
	return counts_add(c, d->ended_at, claim->flow_id, counted, err) < 0 ? -1 : 0;
}

static const char *trigger_word(const char *text)
{
	static const char *const words[] = {"arrival", "retry", "crash", "replay", "delay"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], text) == 0)
			return words[i];
	return "arrival";
}

/* The candidates, read before any of them is changed. */
struct candidate {
	struct claim claim;
	int64_t resume_run;
};

static int find_due(struct conn *c, int64_t lane, int64_t now, struct candidate *list, size_t max,
		    struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT e.id, e.flow_id, e.version_id, e.run, e.attempt, e.crashes, e.awaited, "
		"e.received_at, v.effects, e.trigger, e.resume_run, "
		"e.turn IS NOT NULL "
		"FROM events e JOIN flow_versions v ON v.id = e.version_id "
		"WHERE e.state = 'queued' AND e.lane = ? AND e.due_at <= ? "
		"ORDER BY e.due_at, e.id LIMIT ?", "iii", lane, now, (int64_t)max);
	int got = st ? 1 : -1, n = 0;

	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct claim *e = &list[n].claim;
		e->event_id = sqlite3_column_int64(st, 0);
		e->flow_id = sqlite3_column_int64(st, 1);
		e->version_id = sqlite3_column_int64(st, 2);
		e->trigger = trigger_word((const char *)sqlite3_column_text(st, 9));
		/* After a delay it is the same run that goes on. */
		int fresh = strcmp(e->trigger, "delay") != 0;
		e->run = sqlite3_column_int(st, 3) + fresh;
		e->attempt = sqlite3_column_int(st, 4) + fresh;
		e->crashes = sqlite3_column_int(st, 5);
		e->awaited = sqlite3_column_int(st, 6) == 1;
		e->received_at = sqlite3_column_int64(st, 7);
		e->effects = sqlite3_column_int(st, 8);
		e->ordered = sqlite3_column_int(st, 11);
		list[n].resume_run = sqlite3_column_int64(st, 10);
		n++;
	}
	return got < 0 ? -1 : n;
}

static int load_request(struct conn *c, struct claim *e, struct err *err)
{
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT method, path, query, remote, headers, body FROM requests WHERE id = ?", "i",
		e->event_id);
	int got = st ? sql_row(c, st, err) : -1;

	if (got <= 0)
		return got < 0 ? -1 : err_set(err, ERR_SYSTEM, "event %lld has no request row",
					      (long long)e->event_id);
	e->method = sql_column_dup(st, 0);
	e->path = sql_column_dup(st, 1);
	e->query = sql_column_dup(st, 2);
	e->remote = sql_column_dup(st, 3);
	e->headers = sql_column_dup(st, 4);
	buf_init(&e->body);
	buf_init(&e->resume);
	buf_add_slice(&e->body, sql_column_slice(st, 5));
	sql_done(st);
	return 0;
}

static int load_resume(struct conn *c, struct claim *e, int64_t resume_run, struct err *err)
{
	if (!resume_run)
		return 0;
	sqlite3_stmt *st = sql_ask(c, err, "SELECT steps FROM runs WHERE id = ?", "i",
				   RUN_ID(e->event_id, resume_run));
	int got = st ? sql_row(c, st, err) : -1;
	if (got > 0) {
		buf_add_slice(&e->resume, sql_column_slice(st, 0));
		sql_done(st);
	}
	return got < 0 ? -1 : 0;
}

static int take_one(struct conn *c, struct exchange *x, struct candidate *found, struct err *err)
{
	struct claim *e = &x->taken[x->n_taken];

	*e = found->claim;
	if (sql_do(c, err,
		   "UPDATE events SET state = 'running', owner = ?, due_at = ?, run = ?, attempt = ? "
		   "WHERE id = ? AND state = 'queued'",
		   "iiiii", x->owner, x->now + LEASE_MS, (int64_t)e->run, (int64_t)e->attempt,
		   e->event_id) < 0 ||
	    load_request(c, e, err) < 0)
		return -1;
	x->n_taken++;
	return load_resume(c, e, found->resume_run, err);
}

/* As many pure ones of one lane as there are and may run, or one that has effects. */
static int take_due(struct conn *c, struct exchange *x, struct err *err)
{
	struct candidate found[BATCH_EVENTS];
	size_t max = x->max < BATCH_EVENTS ? x->max : BATCH_EVENTS, bytes = 0;
	struct lanes lanes;

	if (lanes_look(c, x->now, false, &lanes, err) < 0)
		return -1;
	const struct lane_head *head = lanes_next(&lanes, x->now);
	if (!max || !head) {
		x->more = head != NULL; /* what was given back may have made room */
		return 0;
	}
	memset(found, 0, sizeof(found));
	if (head->room < (int64_t)max)
		max = (size_t)head->room;
	int n = find_due(c, head->lane, x->now, found, max, err);
	x->more = lanes.due > 1 || (n == (int)max && head->room > n);
	for (int i = 0; i < n; i++) {
		if (x->n_taken > 0 && (found[i].claim.effects || bytes > BATCH_BYTES)) {
			x->more = true;
			break;
		}
		if (take_one(c, x, &found[i], err) < 0)
			return -1;
		bytes += x->taken[x->n_taken - 1].body.len;
		if (found[i].claim.effects) {
			x->more |= i + 1 < n;
			break;
		}
	}
	return n < 0 ? -1 : 0;
}

static int exchange(struct conn *c, void *arg, struct err *err)
{
	struct exchange *x = arg;

	/* This may be the second try: what the first one took was undone. */
	for (size_t i = 0; i < x->n_taken; i++)
		claim_release(&x->taken[i]);
	x->n_taken = 0;
	x->requeued = 0;
	x->more = false;
	for (size_t i = 0; i < x->n_done; i++)
		if (give_back(c, x, &x->done[i], err) < 0)
			return -1;
	return take_due(c, x, err) < 0 ? -1 : (int)x->n_taken;
}

/* Is anything queued that is due? A look costs no lock; an idle pool asks often. */
static int anything_due(struct store *s, int64_t now, struct err *err)
{
	struct lanes lanes;
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	int got = lanes_look(c, now, false, &lanes, err);
	reader_give(s, c);
	return got < 0 ? -1 : lanes.due > 0;
}

/* A reply is sent as soon as it is seen; effects that were had must not be forgotten. */
static enum sync sync_for(const struct run_done *done, size_t n)
{
	enum sync sync = SYNC_LATER;

	for (size_t i = 0; i < n; i++) {
		/* A duplicate's caller, or a status URL, may tell a reply that nobody waits for. */
		if (done[i].claim->awaited || done[i].replied)
			return SYNC_FIRST;
		if (done[i].claim->effects)
			sync = SYNC_AFTER;
	}
	return sync;
}

int store_exchange(struct store *s, int64_t owner, int64_t now, const struct run_done *done,
		   size_t n_done, struct claim *taken, size_t max, struct err *err)
{
	struct exchange x = {.owner = owner, .now = now, .done = done, .n_done = n_done,
			     .taken = taken, .max = max};
	int got;

	if (n_done == 0 && (got = anything_due(s, now, err)) <= 0)
		return got;
	enum sync sync = sync_for(done, n_done);
	got = commit(s, sync, exchange, &x, err);
	/* What is about to act on the world must not be forgotten by a power cut. */
	if (got > 0 && taken[0].effects && sync == SYNC_LATER && commit(s, SYNC_AFTER, sync_log, NULL, err) < 0)
		got = -1;
	if (got < 0) {
		for (size_t i = 0; i < x.n_taken; i++)
			claim_release(&taken[i]);
		return -1;
	}
	atomic_fetch_add(&s->bell->queued, x.requeued - got);
	for (size_t i = 0; i < n_done; i++)
		if (done[i].claim->awaited)
			bell_ring_answer(s->bell, done[i].claim->event_id);
	if (x.more)
		bell_ring_work(s->bell); /* one more worker, which may wake the next */
	return got;
}
