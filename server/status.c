/* SPDX-License-Identifier: MIT */
/* What became of one event, for whoever holds the URL its reply named. Says what the caller got
 * or would have got, never why a run failed: that sentence may hold data. */
#include "server/front.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* "123-<token>": 1 and *id when the token is the one of this id. */
static int check_tail(const struct front *f, const char *tail, int64_t *id)
{
	char token[33];
	const char *p = tail;

	for (*id = 0; *p >= '0' && *p <= '9' && p - tail < 18; p++)
		*id = *id * 10 + (*p - '0');
	if (p == tail || *p++ != '-')
		return 0;
	store_token(f->store, "status", *id, token);
	return crypto_equal((struct slice){p, strlen(p)}, (struct slice){token, strlen(token)});
}

/* The reply of the first run that has one, as the store wrote it, or "null". */
static struct slice first_reply(const char *runs)
{
	struct slice reply, list = jsontext_trim((struct slice){runs, strlen(runs)});
	struct jsontext_walk w;

	if (jsontext_kind(list) == JSONTEXT_ARRAY) {
		jsontext_walk_start(&w, list);
		while (jsontext_walk_next(&w))
			if (jsontext_member(w.value, "reply", 5, &reply) == 1 &&
			    jsontext_kind(reply) == JSONTEXT_OBJECT)
				return reply;
	}
	return (struct slice){"null", 4};
}

static void fill(const struct event_detail *d, struct http_response *response)
{
	struct buf *body = &response->body;
	char at[CLOCK_ISO_SIZE];

	http_response_json(response, 200);
	buf_addf(body, "{\"event\":%" PRId64 ",\"state\":\"%s\",\"received_at\":\"%s\",\"reply\":",
		 d->id, d->state, clock_iso(d->received_at, at));
	buf_add_slice(body, first_reply(d->runs ? d->runs : "[]"));
	buf_add_text(body, "}\n");
	http_response_header(response, "Cache-Control", "no-store");
}

/* How a run ended that nobody waited for may not be synced yet; a reply always is. */
static bool may_be_unsynced(const struct event_detail *d)
{
	if (strcmp(d->state, "queued") == 0 || strcmp(d->state, "running") == 0 || strcmp(d->state, "held") == 0)
		return false;
	return first_reply(d->runs ? d->runs : "[]").ptr[0] != '{';
}

void status_handle(struct front *f, struct http_request *request, const char *tail,
		   struct http_response *response)
{
	struct event_detail detail = {.body = BUF_INIT};
	struct err err;
	int64_t id;

	(void)request;
	int got = check_tail(f, tail, &id);
	if (got > 0)
		got = store_event_load(f->store, id, &detail, &err);
	if (got > 0 && may_be_unsynced(&detail) && store_sync(f->store, &err) < 0)
		got = -1;
	if (got > 0) {
		fill(&detail, response);
	} else if (got == 0) {
		http_response_error(response, 404, "no event has this status URL");
	} else {
		log_line(LOG_WARN, "status not read", "event", log_number(id), "error", err.text, NULL);
		front_unavailable(f, response, "the event could not be read; try again later");
	}
	event_detail_release(&detail);
}
