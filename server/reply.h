/* SPDX-License-Identifier: MIT */
/*
 * reply: what the caller gets when... Each situation of the table in docs/replies.md is one
 * function that fills the response, with the flow's own answer where it has one.
 */
#ifndef SERVER_REPLY_H
#define SERVER_REPLY_H

#include "common/store.h"
#include "server/front.h"
#include "server/hooks.h"

/* reply_override puts the flow's own words for a row in place of what the response says, where it
 * has some (reply_overridden). A body of its own takes the headers with it. */
bool reply_overridden(const struct hook *hook, enum flow_when row);
void reply_override(const struct hook *hook, enum flow_when row, struct http_response *response);

/* The event is stored: 202 with {"event","state","status_url"}; state held when its flow is
 * paused. A duplicate's id is the first one's, and Ringbolt-Duplicate says so. */
void reply_accepted(const struct front *f, const struct hook *hook, const struct event_added *added,
		    struct http_response *response);

/* reply_await waits for the run of an event whose caller came at received_mono_ms: 1 decided, 0 the
 * deadline or the end of a drain came first, -1. */
int reply_await(struct front *f, const struct hook *hook, int64_t received_mono_ms, int64_t event_id,
		struct answer *answer, struct err *err) MUSTCHECK;
/* A duplicate of a flow that has words of its own for it: as 202, with the first one's id. */
void reply_duplicate(const struct front *f, const struct hook *hook, const struct event_added *added,
		     struct http_response *response);

/* front_unavailable, with the flow's own words where the flow is known. hook may be NULL. */
void reply_unavailable(struct front *f, const struct hook *hook, struct http_response *response,
		       const char *sentence);

/* The run is decided: what the flow said; 200 and empty when it said nothing; 500 with the
 * event when it failed first. The sentence it failed with stays here: it may hold data. */
void reply_answer(const struct front *f, const struct hook *hook, const struct event_added *added,
		  const struct answer *answer, struct http_response *response);

/* The deadline is near: 504 with {"error","event","status_url"}. */
void reply_deadline(const struct front *f, const struct hook *hook, const struct event_added *added,
		    struct http_response *response);

/* reply_status_url adds BASE/status/ID-TOKEN. */
void reply_status_url(const struct front *f, int64_t event_id, struct buf *out);

#endif
