/* SPDX-License-Identifier: MIT */
#include "server/arrival.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/keep.h"
#include "server/reply.h"

#include <string.h>

void arrival_init(struct arrival *a, struct front *f, struct http_request *request,
		  struct http_response *response)
{
	*a = (struct arrival){
		.front = f,
		.request = request,
		.response = response,
		.received_at = clock_wall_ms(),
		.received_mono_ms = clock_mono_ms(),
		.body = BUF_INIT,
		.as_sent = BUF_INIT,
		.headers = BUF_INIT,
		.redacted = FLOW_REDACTED_INIT,
		.dedupe_key = BUF_INIT,
		.order_key = BUF_INIT,
		.mismatches = BUF_INIT,
		.unenforced = BUF_INIT,
	};
}

void arrival_release(struct arrival *a)
{
	buf_release(&a->body);
	buf_release(&a->as_sent);
	buf_release(&a->headers);
	flow_redacted_release(&a->redacted);
	buf_release(&a->dedupe_key);
	buf_release(&a->order_key);
	buf_release(&a->mismatches);
	buf_release(&a->unenforced);
}

/* ---- refusing ---- */

int arrival_refuse(struct arrival *a, int status, const char *cause, const char *sentence)
{
	int64_t bytes = a->body.len ? (int64_t)a->body.len : a->request->content_length;

	keep_rejection(a->front, a->hook, a->request, a->request->remote, status, cause,
		       bytes > 0 ? bytes : 0);
	http_response_error(a->response, status, sentence);
	return -1;
}

int arrival_refuse_as(struct arrival *a, enum flow_when row, int status, const char *cause,
		      const char *sentence)
{
	arrival_refuse(a, status, cause, sentence);
	reply_override(a->hook, row, a->response);
	return -1;
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
	arrival_refuse_as(a, WHEN_UNAUTHENTICATED, 401, result->cause, "not authenticated");
	if (challenge && a->response->status == 401)
		http_response_header(a->response, "WWW-Authenticate", challenge);
	return -1;
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
	if (http_body_read(a->request, limit, a->front->conf->body_deadline_ms, &a->body, &why) >= 0)
		return 0;
	return why.status == 413 ? arrival_refuse_as(a, WHEN_TOO_LARGE, 413, why.text, why.text)
				 : arrival_refuse(a, why.status, why.text, why.text);
}

/* ---- to disk ---- */

/* The request as it came. */
static struct scope_event as_sent(struct arrival *a)
{
	const struct http_request *r = a->request;

	if (!a->as_sent.len)
		keep_headers(r, NULL, 0, NULL, &a->as_sent, NULL);
	return (struct scope_event){
		.received_at = a->received_at,
		.method = r->method,
		.path = r->path,
		.query = r->query,
		.headers = a->as_sent.ptr,
		.system = flow_system(a->hook->flow),
		.suffix = a->hook->webhook->url_suffix,
		.remote = r->remote,
		.trigger = "arrival",
		.run = 1,
		.attempt = 1,
		.body = buf_slice(&a->body),
	};
}

size_t arrival_compare(struct arrival *a)
{
	struct scope_event event = as_sent(a);

	return flow_mismatches(a->hook->flow, &event, &a->mismatches);
}

int arrival_redact(struct arrival *a, struct err *err)
{
	const struct flow_webhook *webhook = a->hook->webhook;

	keep_headers(a->request, webhook->redact_headers, webhook->n_redact_headers,
		     verify_credential_header(&webhook->auth), &a->headers, &a->redacted.names);
	if (!flow_redacts(a->hook->flow))
		return 0;
	struct scope_event event = as_sent(a);
	return flow_redact(a->hook->flow, &event, &a->redacted, err);
}

static struct slice kept_body(const struct arrival *a)
{
	return buf_slice(a->redacted.cut_body ? &a->redacted.body : &a->body);
}

static const char *kept_query(const struct arrival *a)
{
	return a->redacted.cut_query ? a->redacted.query.ptr : a->request->query;
}

typedef int (*key_maker)(const struct flow *f, const struct scope_event *event, struct buf *out,
			 struct err *err);

/* A key is made of the request as it came: redacted values are the same for everybody. Where that
 * makes a difference the key itself would give away what is redacted, so its digest stands for it. */
static void hide(struct arrival *a, key_maker key, const struct scope_event *sent, struct buf *out)
{
	struct scope_event kept = *sent;
	struct buf other = BUF_INIT;
	struct err err;
	char digest[65];

	kept.headers = a->headers.ptr;
	kept.query = kept_query(a);
	kept.body = kept_body(a);
	int got = key(a->hook->flow, &kept, &other, &err);
	if (got < 0 || other.len != out->len || memcmp(other.ptr, out->ptr, out->len) != 0) {
		store_digest(a->front->store, "key", buf_slice(out), digest);
		buf_clear(out);
		buf_add_text(out, digest);
	}
	buf_release(&other);
}

static struct slice make_key(struct arrival *a, key_maker key, struct buf *out)
{
	struct scope_event sent = as_sent(a);
	struct err err;

	if (key(a->hook->flow, &sent, out, &err) < 0) {
		buf_clear(out);
		log_line(LOG_WARN, "no key, the event is kept without", "flow",
			 flow_name(a->hook->flow), "error", err.text, NULL);
	}
	if (out->len && a->redacted.names.len)
		hide(a, key, &sent, out);
	return out->len ? buf_slice(out) : (struct slice){NULL, 0};
}

int arrival_store(struct arrival *a, bool awaited, struct event_added *added, struct err *err)
{
	const struct flow_webhook *webhook = a->hook->webhook;
	const struct http_request *r = a->request;
	struct event_new event = {
		.flow_id = a->hook->flow_id,
		.version_id = a->hook->version_id,
		.received_at = a->received_at,
		.method = r->method,
		.path = r->path,
		.query = kept_query(a),
		.headers = a->headers.ptr,
		.remote = r->remote,
		.body = kept_body(a),
		.warnings = buf_slice(&a->mismatches),
		.redacted = buf_slice(&a->redacted.names),
		.unenforced = buf_slice(&a->unenforced),
		.dedupe_window_ms = webhook->dedupe_window_ms,
		.awaited = awaited,
		.priority = webhook->priority,
	};

	if (webhook->dedupe)
		event.dedupe_key = make_key(a, flow_dedupe_key, &a->dedupe_key);
	if (webhook->ordered)
		event.order_key = make_key(a, flow_order_key, &a->order_key);
	*added = (struct event_added){0};
	return store_event_add(a->front->store, &event, added, err);
}
