/* SPDX-License-Identifier: MIT */
/*
 * arrival: a request between the socket and the disk, and what of it may reach the disk. What a
 * flow redacts is cut out here, in this process's memory, after signatures and keys have been
 * read from the request as it came.
 */
#ifndef SERVER_ARRIVAL_H
#define SERVER_ARRIVAL_H

#include "common/store.h"
#include "server/front.h"
#include "server/hooks.h"

struct arrival {
	struct front *front;
	struct http_request *request;
	struct http_response *response;
	struct hooks_match match;
	const struct hook *hook;
	int64_t received_at, received_mono_ms;
	bool body_read;
	struct buf body;       /* as received */
	struct buf as_sent;    /* the headers as they came, once somebody asked for them */
	struct buf headers;    /* as they go to disk */
	struct flow_redacted redacted;
	struct buf dedupe_key, order_key;
	struct buf mismatches; /* JSON; empty when there are none to keep */
};

void arrival_init(struct arrival *a, struct front *f, struct http_request *request,
		  struct http_response *response);
void arrival_release(struct arrival *a);

/* arrival_compare: how many differences from the expected structure there are; they stand in
 * a->mismatches. */
size_t arrival_compare(struct arrival *a);

/* arrival_redact makes what goes to disk: 0, or -1 when the body cannot be read and so not be
 * redacted. Before arrival_store. */
int arrival_redact(struct arrival *a, struct err *err) MUSTCHECK;

/* arrival_store keeps the event; as store_event_add. */
int arrival_store(struct arrival *a, bool awaited, struct event_added *added, struct err *err) MUSTCHECK;

#endif
