/* SPDX-License-Identifier: MIT */
/*
 * front: what all handlers of this process share. Made by server.c, which outlives them; read
 * by many threads at once, so what changes is atomic or guards itself.
 */
#ifndef SERVER_FRONT_H
#define SERVER_FRONT_H

#include "common/board.h"
#include "common/conf.h"
#include "common/store.h"
#include "server/caller.h"
#include "server/http.h"

#include <stdatomic.h>

struct hooks;
struct keys;
struct addresses;

struct front {
	const struct conf *conf;
	struct board *board;
	struct store *store;
	struct hooks *hooks;
	struct keys *keys;           /* of systems, fetched */
	struct caller_rule caller;   /* whose word on the caller's address counts */
	struct addresses *addresses; /* what each has used up of a webhook's limit */
	char *base_url;              /* without a slash at its end */
	int max_waiters;             /* threads that may wait for a flow's reply */
	atomic_int waiters;
	atomic_llong unavailable;    /* requests answered 503, for /metrics */
	atomic_llong drain_until_mono_ms; /* 0: not draining */
};

/* front_draining: new requests get 503. */
bool front_draining(struct front *f);

/* A handler fills the response; the request's body is unread. tail is what stood in place of
 * the pattern's "*", raw. */
typedef void (*front_handler)(struct front *f, struct http_request *request, const char *tail,
			      struct http_response *response);

/* front_unavailable makes a response 503 with Retry-After, closing the connection when this
 * process will not serve it later. */
void front_unavailable(struct front *f, struct http_response *response, const char *sentence);

/* The handlers, by file. */
void intake_handle(struct front *f, struct http_request *request, const char *tail,
		   struct http_response *response);      /* intake.c */
void status_handle(struct front *f, struct http_request *request, const char *tail,
		   struct http_response *response);      /* status.c */
void health_live(struct front *f, struct http_request *request, const char *tail,
		 struct http_response *response);        /* health.c */
void health_ready(struct front *f, struct http_request *request, const char *tail,
		  struct http_response *response);
void metrics_handle(struct front *f, struct http_request *request, const char *tail,
		    struct http_response *response);     /* metrics.c */

#endif
