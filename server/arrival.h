/* SPDX-License-Identifier: MIT */
/*
 * arrival: a request on its way through intake, shared by the files that make up the way:
 * admit.c (before the body), intake.c (the rest of it), arrival.c (what both need, and the way to
 * the disk). Nobody else includes it.
 *
 * A step returns 0 to go on and -1 when it has filled the response, which ends the way.
 *
 * What a flow redacts is cut out here, in this process's memory, after signatures and keys have
 * been read from the request as it came.
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
	struct hooks_table *table;
	struct hooks_match match;
	const struct hook *hook;  /* whose webhook it is; before the method is judged, one of those
	                             at its suffix */
	int64_t received_at, received_mono_ms;
	bool body_read;
	struct buf body;       /* as received */
	struct buf as_sent;    /* the headers as they came, once somebody asked for them */
	struct buf headers;    /* as they go to disk */
	struct flow_redacted redacted;
	struct buf dedupe_key, order_key;
	struct buf mismatches; /* JSON; empty when there are none to keep */
	struct buf unenforced; /* why he is not authenticated who was let in; else empty */
};

void arrival_init(struct arrival *a, struct front *f, struct http_request *request,
		  struct http_response *response);
void arrival_release(struct arrival *a);

/* arrival_refuse keeps the refusal with its cause and tells the caller a sentence. -1.
 * arrival_refuse_as tells it in the flow's own words, where it has some for this row. */
int arrival_refuse(struct arrival *a, int status, const char *cause, const char *sentence);
int arrival_refuse_as(struct arrival *a, enum flow_when row, int status, const char *cause,
		      const char *sentence);

/* arrival_doubt: authentication failed. 401 and -1; or, where the webhook lets in who fails, the
 * cause is noted and it is 0. */
int arrival_doubt(struct arrival *a, const struct verify_result *result);

/* arrival_body_read reads the body, once. */
int arrival_body_read(struct arrival *a);

/* admit_request is all that is judged before the body is read (admit.c). */
int admit_request(struct arrival *a);

/* arrival_compare: how many differences from the expected structure there are; they stand in
 * a->mismatches. */
size_t arrival_compare(struct arrival *a);

/* arrival_redact makes what goes to disk: 0, or -1 when the body cannot be read and so not be
 * redacted. Before arrival_store. */
int arrival_redact(struct arrival *a, struct err *err) MUSTCHECK;

/* arrival_store keeps the event; as store_event_add. */
int arrival_store(struct arrival *a, bool awaited, struct event_added *added, struct err *err) MUSTCHECK;

#endif
