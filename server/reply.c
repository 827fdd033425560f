/* SPDX-License-Identifier: MIT */
/* The table of answers. A flow's reply is untrusted content on the sender's own origin, hence
 * the sandbox. */
#include "server/reply.h"

#include "common/clock.h"
#include "common/jsontext.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define RETRY_AFTER_SECONDS "2"
#define WAIT_SLICE_MS 250 /* how soon one who waits notices a drain */

void reply_status_url(const struct front *f, int64_t event_id, struct buf *out)
{
	char token[33];

	store_token(f->store, "status", event_id, token);
	buf_addf(out, "%s/status/%" PRId64 "-%s", f->base_url, event_id, token);
}

static void add_status_url(const struct front *f, int64_t event_id, struct buf *body)
{
	buf_add_text(body, ",\"status_url\":\"");
	reply_status_url(f, event_id, body); /* of URL characters alone: nothing to escape */
	buf_add_text(body, "\"}\n");
}

bool reply_overridden(const struct hook *hook, enum flow_when row)
{
	return hook && (hook->webhook->when[row].status || hook->webhook->when[row].body);
}

void reply_override(const struct hook *hook, enum flow_when row, struct http_response *response)
{
	const struct flow_answer *own = &hook->webhook->when[row];

	if (own->body) {
		buf_clear(&response->headers);
		buf_clear(&response->body);
		http_response_header(response, "Content-Type",
				     own->content_type ? own->content_type : "text/plain; charset=utf-8");
		buf_add_text(&response->body, own->body);
	}
	if (own->status)
		response->status = own->status;
}

static void finish(const struct event_added *added, struct http_response *response)
{
	char id[24];

	snprintf(id, sizeof(id), "%" PRId64, added->id);
	http_response_header(response, "Ringbolt-Event", id);
	if (added->duplicate)
		http_response_header(response, "Ringbolt-Duplicate", "true");
	http_response_header(response, "Content-Security-Policy", "sandbox");
}

static void accepted_as(const struct front *f, const struct hook *hook, const struct event_added *added,
			enum flow_when row, struct http_response *response)
{
	http_response_json(response, hook->webhook->accepted_status);
	buf_grow(&response->body, 256);
	buf_addf(&response->body, "{\"event\":%" PRId64 ",\"state\":\"%s\"", added->id,
		 added->held ? "held" : "queued");
	add_status_url(f, added->id, &response->body);
	reply_override(hook, row, response);
	finish(added, response);
}

void reply_accepted(const struct front *f, const struct hook *hook, const struct event_added *added,
		    struct http_response *response)
{
	accepted_as(f, hook, added, added->held ? WHEN_PAUSED : WHEN_ACCEPTED, response);
}

void reply_duplicate(const struct front *f, const struct hook *hook, const struct event_added *added,
		     struct http_response *response)
{
	accepted_as(f, hook, added, WHEN_DUPLICATE, response);
}

/* The flow's headers, [["Name","value"],...], checked once more: the text came from disk. */
static void add_headers(const char *json, int64_t event_id, struct http_response *response)
{
	struct slice list = {json, json ? strlen(json) : 0}, name, value;
	struct buf text = BUF_INIT;
	struct jsontext_walk w;
	struct err err;

	if (!json || jsontext_check(list, 3, &err) < 0)
		return;
	list = jsontext_trim(list);
	if (jsontext_kind(list) != JSONTEXT_ARRAY)
		return;
	jsontext_walk_start(&w, list);
	while (jsontext_walk_next(&w)) {
		if (jsontext_kind(w.value) != JSONTEXT_ARRAY ||
		    jsontext_item(w.value, 0, &name) != 1 || jsontext_item(w.value, 1, &value) != 1 ||
		    jsontext_kind(name) != JSONTEXT_STRING || jsontext_kind(value) != JSONTEXT_STRING)
			continue;
		buf_clear(&text);
		jsontext_string(name, &text);
		buf_add_char(&text, '\0');
		size_t name_bytes = text.len;
		jsontext_string(value, &text);
		bool whole = strlen(text.ptr) + 1 == name_bytes &&
			     strlen(text.ptr + name_bytes) == text.len - name_bytes;
		if (!whole || strcasecmp(text.ptr, "Set-Cookie") == 0 ||
		    !http_response_header(response, text.ptr, text.ptr + name_bytes))
			log_line(LOG_WARN, "reply header left out", "event", log_number(event_id),
				 "name", text.ptr, NULL);
	}
	buf_release(&text);
}

/* A little of the deadline is left for the answer itself. */
int reply_await(struct front *f, const struct hook *hook, int64_t received_mono_ms, int64_t event_id,
		struct answer *answer, struct err *err)
{
	int64_t all = hook->webhook->deadline_ms, margin = all / 20;
	int64_t deadline = received_mono_ms + all - (margin > 250 ? 250 : margin);

	for (;;) {
		int64_t drain = atomic_load(&f->drain_until_mono_ms), now = clock_mono_ms();
		int64_t until = drain && drain < deadline ? drain : deadline;
		int64_t slice = until < now + WAIT_SLICE_MS ? until : now + WAIT_SLICE_MS;
		int got = store_answer_wait(f->store, event_id, slice, answer, err);
		if (got != 0)
			return got;
		answer_release(answer);
		if (clock_mono_ms() >= until)
			return 0;
	}
}

void reply_answer(const struct front *f, const struct hook *hook, const struct event_added *added,
		  const struct answer *answer, struct http_response *response)
{
	switch (answer->state) {
	case ANSWER_REPLIED:
		response->status = answer->status;
		add_headers(answer->headers, added->id, response);
		buf_add_slice(&response->body, buf_slice(&answer->body));
		break;
	case ANSWER_SILENT:
		response->status = 200;
		reply_override(hook, WHEN_NO_REPLY, response);
		break;
	case ANSWER_NONE:
	case ANSWER_FAILED:
		http_response_json(response, 500);
		buf_addf(&response->body, "{\"error\":\"the run of event %" PRId64 " failed before it "
			 "replied\",\"event\":%" PRId64, added->id, added->id);
		add_status_url(f, added->id, &response->body);
		reply_override(hook, WHEN_FAILED, response);
		break;
	}
	finish(added, response);
}

void reply_deadline(const struct front *f, const struct hook *hook, const struct event_added *added,
		    struct http_response *response)
{
	http_response_json(response, 504);
	buf_addf(&response->body, "{\"error\":\"event %" PRId64 " is stored and its run goes on; its "
		 "status_url will show the reply\",\"event\":%" PRId64, added->id, added->id);
	add_status_url(f, added->id, &response->body);
	reply_override(hook, WHEN_DEADLINE, response);
	finish(added, response);
}

void reply_unavailable(struct front *f, const struct hook *hook, struct http_response *response,
		       const char *sentence)
{
	atomic_fetch_add(&f->unavailable, 1);
	http_response_error(response, 503, sentence);
	if (hook)
		reply_override(hook, WHEN_UNAVAILABLE, response);
	http_response_header(response, "Retry-After", RETRY_AFTER_SECONDS);
	response->close = front_draining(f) || store_broken(f->store);
}

void front_unavailable(struct front *f, struct http_response *response, const char *sentence)
{
	reply_unavailable(f, NULL, response, sentence);
}
