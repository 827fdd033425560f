/* SPDX-License-Identifier: MIT */
/* The way of a request, in the order of intake.h. A step that refuses fills the response and
 * ends the way. */
#include "server/intake.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/arrival.h"
#include "server/cors.h"
#include "server/keep.h"
#include "server/proof.h"
#include "server/reply.h"

#include <stdio.h>
#include <string.h>

void intake_refused(void *arg, const struct http_request *request, const char *remote,
		    const struct http_refusal *why)
{
	keep_rejection(arg, NULL, request, remote, why->status, why->text,
		       request && request->content_length > 0 ? request->content_length : 0);
}

static int unavailable(struct arrival *a, const char *sentence)
{
	reply_unavailable(a->front, a->hook, a->response, sentence);
	return -1;
}

static struct hooks_table *look_up(struct arrival *a)
{
	struct hooks_table *table = hooks_hold(a->front->hooks);

	hooks_find(table, a->request->path + strlen("/in"), flow_method_find(a->request->method),
		   &a->match);
	return table;
}

/* The table that decides, held, and what it says of this request. */
static struct hooks_table *look_up_settled(struct arrival *a)
{
	struct err err;

	if (hooks_refresh(a->front->hooks, &err) < 0)
		log_line(LOG_ERROR, "flows not loaded, the old ones go on", "error", err.text, NULL);
	return look_up(a);
}

/* One who is let in without a signature need not be asked for it twice. */
static int check_body(struct arrival *a)
{
	struct verify_result result;

	return a->unenforced.len ||
	       proof_body(a->hook, a->request, buf_slice(&a->body), a->received_at, &result)
		       ? 0 : arrival_doubt(a, &result);
}

/* ---- to disk -------------------------------------------------------------------- */

/* The expected structure, where the flow asks for more than hints. */
static int check_structure(struct arrival *a)
{
	enum flow_mismatch policy = a->hook->webhook->mismatch;

	if (policy == MISMATCH_IGNORE)
		return 0;
	size_t found = arrival_compare(a);
	if (!found)
		buf_clear(&a->mismatches);
	if (!found || policy == MISMATCH_WARN)
		return 0;
	arrival_refuse(a, 400, "the request does not have the expected structure", "");
	buf_clear(&a->response->body);
	buf_addf(&a->response->body, "{\"error\":\"the request does not have the structure this webhook expects\","
		 "\"faults\":%s}\n", a->mismatches.ptr);
	reply_override(a->hook, WHEN_MISMATCH, a->response);
	return -1;
}

/* What must not be stored has to be found first. */
static int check_redactable(struct arrival *a)
{
	struct err err;

	return arrival_redact(a, &err) < 0 ? arrival_refuse(a, 400, err.text, err.text) : 0;
}

static int store(struct arrival *a, bool awaited, struct event_added *added)
{
	struct err err;
	int got = arrival_store(a, awaited, added, &err);

	if (got < 0 && err.kind != ERR_BUSY)
		log_line(LOG_ERROR, "event not stored", "flow", flow_name(a->hook->flow), "error",
			 err.text, NULL);
	if (got < 0)
		return unavailable(a, err.kind == ERR_BUSY
			? "the queue is full or the store is busy; nothing was stored, try again later"
			: "the event could not be stored; try again later");
	return got;
}

/* ---- the answer ----------------------------------------------------------------- */

/* A duplicate that is told something of its own, and not what the first one got. What the first
 * one put in may not be synced yet, where callers wait. */
static bool answer_duplicate(struct arrival *a, const struct event_added *added, bool awaited)
{
	struct err err;

	if (!added->duplicate || !reply_overridden(a->hook, WHEN_DUPLICATE))
		return false;
	if (awaited && store_sync(a->front->store, &err) < 0)
		unavailable(a, "the event could not be stored; try again later");
	else
		reply_duplicate(a->front, a->hook, added, a->response);
	return true;
}

/* The event of a caller who waits is committed but perhaps not synced: nothing is said of it
 * before its reply is, or store_answer_late has done it. */
static void answer_awaited(struct arrival *a, const struct event_added *added)
{
	struct answer answer = {.body = BUF_INIT};
	struct err err;
	int got = reply_await(a->front, a->hook, a->received_mono_ms, added->id, &answer, &err);

	if (got > 0) {
		reply_answer(a->front, a->hook, added, &answer, a->response);
	} else {
		if (got < 0)
			log_line(LOG_ERROR, "answer not found", "event", log_number(added->id), "error",
				 err.text, NULL);
		if (store_answer_late(a->front->store, added->id, &err) < 0)
			unavailable(a, "the event could not be stored; try again later");
		else
			reply_deadline(a->front, a->hook, added, a->response);
	}
	answer_release(&answer);
}

static void store_awaited(struct arrival *a)
{
	struct front *f = a->front;
	struct event_added added;
	struct err err;

	if (atomic_fetch_add(&f->waiters, 1) >= f->max_waiters) {
		unavailable(a, "too many callers wait for their reply; nothing was stored, try again later");
	} else if (store(a, true, &added) >= 0 && !answer_duplicate(a, &added, true)) {
		/* Paused just now: he gets his 202 at once, so this is what must be synced first. */
		if (!added.held)
			answer_awaited(a, &added);
		else if (store_answer_late(f->store, added.id, &err) < 0)
			unavailable(a, "the event could not be stored; try again later");
		else
			reply_accepted(f, a->hook, &added, a->response);
	}
	atomic_fetch_sub(&f->waiters, 1);
}

static void walk(struct arrival *a)
{
	struct event_added added;

	if (admit_request(a) < 0 || arrival_body_read(a) < 0 || check_body(a) < 0 || check_structure(a) < 0 ||
	    check_redactable(a) < 0)
		return;
	if (a->hook->webhook->reply == REPLY_RESPONSE && !a->hook->paused)
		store_awaited(a);
	else if (store(a, false, &added) >= 0 && !answer_duplicate(a, &added, false))
		reply_accepted(a->front, a->hook, &added, a->response);
}

void intake_handle(struct front *f, struct http_request *request, const char *tail,
		   struct http_response *response)
{
	bool stopping = front_draining(f) || store_broken(f->store);
	struct arrival a;

	(void)tail;
	arrival_init(&a, f, request, response);
	a.table = stopping ? look_up(&a) : look_up_settled(&a);
	a.hook = a.match.hook ? a.match.hook : a.match.any;
	if (stopping)
		unavailable(&a, "this server is stopping; try again later");
	else
		walk(&a);
	if (a.hook)
		cors_mark(&a.hook->webhook->cors, request, response);
	hooks_drop(a.table);
	arrival_release(&a);
}
