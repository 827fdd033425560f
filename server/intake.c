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
#include "server/query.h"
#include "server/reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>


void intake_refused(void *arg, const struct http_request *request, const char *remote,
		    const struct http_refusal *why)
{
	keep_rejection(arg, NULL, request, remote, why->status, why->text,
		       request && request->content_length > 0 ? request->content_length : 0);
}

int arrival_refuse(struct arrival *a, int status, const char *cause, const char *sentence)
{
	int64_t bytes = a->body.len ? (int64_t)a->body.len : a->request->content_length;

	keep_rejection(a->front, a->hook, a->request, a->request->remote, status, cause,
		       bytes > 0 ? bytes : 0);
	http_response_error(a->response, status, sentence);
	return -1;
}

static int unavailable(struct arrival *a, const char *sentence)
{
	front_unavailable(a->front, a->response, sentence);
	return -1;
}

static struct hooks_table *look_up(struct arrival *a)
{
	struct hooks_table *table = hooks_hold(a->front->hooks);

	hooks_find(table, a->request->path + strlen("/in"), flow_method_find(a->request->method),
		   &a->match);
	return table;
}

/* The table that decides, held, and what it says of this request. Nothing found is no answer
 * yet: the flow may have been published a moment ago. */
static struct hooks_table *look_up_settled(struct arrival *a)
{
	struct hooks *hooks = a->front->hooks;
	struct err err;

	if (hooks_refresh(hooks, &err) < 0)
		log_line(LOG_ERROR, "flows not loaded, the old ones go on", "error", err.text, NULL);
	struct hooks_table *table = look_up(a);
	if (a->match.hook || hooks_settle(hooks, &err) < 0)
		return table;
	hooks_drop(table);
	return look_up(a);
}

int arrival_doubt(struct arrival *a, const struct verify_result *result)
{
	const struct flow_auth *auth = &a->hook->webhook->auth;
	const char *challenge = verify_challenge(auth);

	if (auth->let_in) {
		buf_add_text(&a->unenforced, result->cause);
		return 0;
	}
	/* The caller learns that he was refused, and nothing of why: all he is told is this. */
	arrival_refuse(a, 401, result->cause, "not authenticated");
	if (challenge)
		http_response_header(a->response, "WWW-Authenticate", challenge);
	return -1;
}

/* One who is let in without a signature need not be asked for it twice. */
static int check_body(struct arrival *a)
{
	struct verify_result result;

	return a->unenforced.len ||
	       proof_body(a->hook, a->request, buf_slice(&a->body), a->received_at, &result)
		       ? 0 : arrival_doubt(a, &result);
}

int arrival_body_read(struct arrival *a)
{
	size_t limit = (size_t)a->front->conf->max_body_bytes, own = a->hook->webhook->max_body_bytes;
	struct http_refusal why;

	if (a->body_read)
		return 0;
	a->body_read = true;
	if (own && own < limit)
		limit = own;
	if (http_body_read(a->request, limit, a->front->conf->body_deadline_ms, &a->body, &why) < 0)
		return arrival_refuse(a, why.status, why.text, why.text);
	return 0;
}

/* ---- to disk -------------------------------------------------------------------- */

/* The request as the flow would see it, with its headers as they came: a redacted one would be
 * the same for everybody. */
static struct scope_event as_flow_sees(const struct arrival *a, const struct buf *headers)
{
	const struct http_request *r = a->request;

	return (struct scope_event){
		.received_at = a->received_at,
		.method = r->method,
		.path = r->path,
		.query = r->query,
		.headers = headers->ptr,
		.system = flow_system(a->hook->flow),
		.suffix = a->hook->webhook->url_suffix,
		.remote = r->remote,
		.trigger = "arrival",
		.run = 1,
		.attempt = 1,
		.body = buf_slice(&a->body),
	};
}

/* The expected structure, where the flow asks for more than hints. */
static int check_structure(struct arrival *a)
{
	enum flow_mismatch policy = a->hook->webhook->mismatch;
	struct buf headers = BUF_INIT;

	if (policy == MISMATCH_IGNORE)
		return 0;
	keep_headers(a->request, NULL, 0, NULL, 0, &headers);
	struct scope_event event = as_flow_sees(a, &headers);
	size_t found = flow_mismatches(a->hook->flow, &event, &a->mismatches);
	buf_release(&headers);
	if (!found)
		buf_clear(&a->mismatches);
	if (!found || policy == MISMATCH_WARN)
		return 0;
	arrival_refuse(a, 400, "the request does not have the expected structure", "");
	http_response_json(a->response, 400);
	buf_clear(&a->response->body);
	buf_addf(&a->response->body, "{\"error\":\"the request does not have the structure this webhook expects\","
		 "\"faults\":%s}\n", a->mismatches.ptr);
	return -1;
}

typedef int (*key_maker)(const struct flow *f, const struct scope_event *event, struct buf *out,
			 struct err *err);

static void make_key(struct arrival *a, key_maker key, struct buf *out)
{
	struct buf headers = BUF_INIT;
	struct err err;

	keep_headers(a->request, NULL, 0, NULL, 0, &headers);
	struct scope_event event = as_flow_sees(a, &headers);
	if (key(a->hook->flow, &event, out, &err) < 0) {
		buf_clear(out);
		log_line(LOG_WARN, "no key, the event is kept without", "flow",
			 flow_name(a->hook->flow), "error", err.text, NULL);
	}
	buf_release(&headers);
}

static int store(struct arrival *a, bool awaited, struct event_added *added)
{
	const struct flow_webhook *webhook = a->hook->webhook;
	const struct http_request *r = a->request;
	const struct flow_auth *auth = &webhook->auth;
	bool secret_query = auth->in_query;
	struct err err;

	if (secret_query)
		query_redact(r->query, auth->name, &a->query);
	keep_headers(r, webhook->redact_headers, webhook->n_redact_headers,
		     verify_credential_header(auth), 0, &a->headers);
	if (webhook->dedupe)
		make_key(a, flow_dedupe_key, &a->dedupe_key);
	if (webhook->ordered)
		make_key(a, flow_order_key, &a->order_key);
	struct event_new event = {
		.flow_id = a->hook->flow_id,
		.version_id = a->hook->version_id,
		.received_at = a->received_at,
		.method = r->method,
		.path = r->path,
		.query = secret_query ? a->query.ptr : r->query,
		.headers = a->headers.ptr,
		.remote = r->remote,
		.body = buf_slice(&a->body),
		.warnings = buf_slice(&a->mismatches),
		.unenforced = buf_slice(&a->unenforced),
		.dedupe_key = a->dedupe_key.len ? buf_slice(&a->dedupe_key) : (struct slice){NULL, 0},
		.dedupe_window_ms = webhook->dedupe_window_ms,
		.awaited = awaited,
		.priority = webhook->priority,
		.order_key = a->order_key.len ? buf_slice(&a->order_key) : (struct slice){NULL, 0},
	};
	*added = (struct event_added){0};
	int got = store_event_add(a->front->store, &event, added, &err);
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
	} else if (store(a, true, &added) >= 0) {
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

	if (admit_request(a) < 0 || arrival_body_read(a) < 0 || check_body(a) < 0 || check_structure(a) < 0)
		return;
	if (a->hook->webhook->reply == REPLY_RESPONSE && !a->hook->paused)
		store_awaited(a);
	else if (store(a, false, &added) >= 0)
		reply_accepted(a->front, a->hook, &added, a->response);
}

void intake_handle(struct front *f, struct http_request *request, const char *tail,
		   struct http_response *response)
{
	struct arrival a = {
		.front = f,
		.request = request,
		.response = response,
		.received_at = clock_wall_ms(),
		.received_mono_ms = clock_mono_ms(),
		.body = BUF_INIT,
		.headers = BUF_INIT,
		.query = BUF_INIT,
		.dedupe_key = BUF_INIT,
		.order_key = BUF_INIT,
		.mismatches = BUF_INIT,
		.unenforced = BUF_INIT,
	};
	bool stopping = front_draining(f) || store_broken(f->store);

	(void)tail;
	a.table = stopping ? look_up(&a) : look_up_settled(&a);
	a.hook = a.match.hook ? a.match.hook : a.match.any;
	if (stopping)
		unavailable(&a, "this server is stopping; try again later");
	else
		walk(&a);
	if (a.hook)
		cors_mark(&a.hook->webhook->cors, request, response);
	hooks_drop(a.table);
	buf_release(&a.body);
	buf_release(&a.headers);
	buf_release(&a.query);
	buf_release(&a.dedupe_key);
	buf_release(&a.order_key);
	buf_release(&a.mismatches);
	buf_release(&a.unenforced);
}
