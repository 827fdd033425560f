/* SPDX-License-Identifier: MIT */
/*
 * api: what the handlers below /api/v1 share. A handler is one function in server/api_<subject>.c
 * and one line in the table of server/routes.c, which also names the query parameters and the
 * members of the body it takes; whatever else is sent is refused before it is called.
 *
 * A handler fills the response and returns 0, or returns -1 with an error, which api_run turns
 * into a problem (RFC 9457). It begins to write only when nothing can fail any more.
 *
 * What callers and senders have written is data here: JSON strings, never markup.
 */
#ifndef SERVER_API_H
#define SERVER_API_H

#include "common/json.h"
#include "server/front.h"
#include "server/rights.h"

#define API_BODY_MAX (1024 * 1024)
#define API_LIMIT 50
#define API_LIMIT_MAX 200

struct route;

struct api {
	struct front *front;
	const struct http_request *request;
	struct http_response *response;
	const char *tail;        /* the path from its first {part} on, raw */
	struct caller caller;
	cJSON *body;             /* an object; NULL when the route takes none */
};

/* api_run reads the parameters and the body, writes the record for what changes something, calls the
 * handler and answers its errors. */
void api_run(struct front *f, const struct route *route, struct http_request *request, const char *tail,
	     const struct caller *caller, struct http_response *response);

/* api_problem empties the response and makes it application/problem+json. */
void api_problem(struct http_response *response, int status, const char *detail);

/* ---- what was asked ---- */

/* api_id: the {id} of the path. api_segment: the {name}, decoded. */
int api_id(const struct api *a, int64_t *out, struct err *err) MUSTCHECK;
int api_segment(const struct api *a, struct buf *out, struct err *err) MUSTCHECK;
/* api_text adds a parameter to out: out->ptr, or NULL when it was not sent. */
const char *api_text(const struct api *a, const char *name, struct buf *out);
/* api_number, api_time: a parameter; *out stays when it was not sent. */
int api_number(const struct api *a, const char *name, int64_t min, int64_t max, int64_t *out,
	       struct err *err) MUSTCHECK;
int api_time(const struct api *a, const char *name, int64_t *out, struct err *err) MUSTCHECK;

/* Events named by a body ({"ids":[...]} or {"filter":{...}}) or by the query of a list. */
struct api_filter {
	struct event_filter events;
	int64_t *ids;
	struct buf flow, state, error;
};
#define API_FILTER_INIT {.flow = BUF_INIT, .state = BUF_INIT, .error = BUF_INIT}
int api_filter_query(const struct api *a, struct api_filter *f, struct err *err) MUSTCHECK;
int api_filter_body(const struct api *a, struct api_filter *f, struct err *err) MUSTCHECK;
void api_filter_release(struct api_filter *f);

/* ---- what is answered ---- */

/* api_start: JSON of this status; the body to write to. */
struct buf *api_start(struct api *a, int status);
/* Members, with their comma. A NULL text is null; a time of 0 is null. */
void api_add_name(struct buf *out, const char *name);
void api_add_text(struct buf *out, const char *name, const char *text);
void api_add_int(struct buf *out, const char *name, int64_t n);
void api_add_bool(struct buf *out, const char *name, bool yes);
void api_add_time(struct buf *out, const char *name, int64_t at);
void api_add_raw(struct buf *out, const char *name, const char *json);

/* A list of at most ?limit items, newest first: {"items":[...],"next":CURSOR|null,"more":bool}.
 * Ask the store for one more than limit; api_list_item is false for that one. */
struct api_list {
	struct buf out;
	int64_t limit, after;    /* after: only smaller ids; 0 all */
	int64_t count, last_id;
	bool more;
};
int api_list_start(const struct api *a, struct api_list *l, struct err *err) MUSTCHECK;
bool api_list_item(struct api_list *l, int64_t id);
/* api_list_end answers (rc 0) or lets go of what was written (rc below 0); returns rc. */
int api_list_end(struct api *a, struct api_list *l, int rc);

/* ---- the handlers, by file ---- */
#define API_HANDLERS(X) \
	X(events) X(event) X(event_body) X(event_curl) X(rejections) \
	X(event_pin) X(event_unpin) X(events_cancel) \
	X(replays) X(replay) X(replay_add) X(replay_cancel) \
	X(flows) X(flow) X(flow_publish) X(flow_pause) X(flow_resume) \
	X(systems) X(system) X(secrets) X(overview) X(counts) X(audit) X(keys)
#define API_HANDLER(name) int api_##name(struct api *a, struct err *err);
API_HANDLERS(API_HANDLER)

#endif
