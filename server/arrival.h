/* SPDX-License-Identifier: MIT */
/*
 * arrival: a request on its way through intake, shared by the files that make up the way:
 * admit.c (before the body), intake.c (the rest of it). Nobody else includes it.
 *
 * A step returns 0 to go on and -1 when it has filled the response, which ends the way.
 */
#ifndef SERVER_ARRIVAL_H
#define SERVER_ARRIVAL_H

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
	struct buf body;
	struct buf headers; /* as they go to disk */
	struct buf query;   /* the same, where it held a secret; else empty */
	struct buf dedupe_key, order_key;
	struct buf mismatches; /* JSON; empty when there are none to keep */
	struct buf unenforced; /* why he is not authenticated who was let in; else empty */
};

/* arrival_refuse keeps the refusal with its cause and tells the caller a sentence. -1. */
int arrival_refuse(struct arrival *a, int status, const char *cause, const char *sentence);

/* arrival_doubt: authentication failed. 401 and -1; or, where the webhook lets in who fails, the
 * cause is noted and it is 0. */
int arrival_doubt(struct arrival *a, const struct verify_result *result);

/* arrival_body_read reads the body, once. */
int arrival_body_read(struct arrival *a);

/* admit_request is all that is judged before the body is read (admit.c). */
int admit_request(struct arrival *a);

#endif
