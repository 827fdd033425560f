/* SPDX-License-Identifier: MIT */
/*
 * http: requests in, responses out. Hides CivetWeb whole: nobody else includes it, and no
 * name of it passes here. Two listeners are two pools of threads that share nothing.
 *
 * What a handler can rely on: the request's framing has passed http_guard.h, so there is one
 * way to read it; names and values are terminated text without control bytes; path and query
 * are the raw bytes of the request line. What the caller can rely on: after a refusal, or
 * when a body was not read to its end, the connection is closed and nothing that follows on
 * it is taken for a request; Content-Length is computed here.
 *
 * A request is handled on its connection's own thread, which may wait. Everything that can
 * keep that thread is bounded: the head by HTTP_HEAD_MS, the body by the deadline given, the
 * answer by HTTP_ANSWER_MS, an idle connection by HTTP_IDLE_MS.
 *
 * Sources: RFC 9110, RFC 9112. CivetWeb 1.15 as Debian 12 builds it.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

#define HTTP_HEADERS_MAX 63    /* the 64th is refused with 431: CivetWeb drops the 65th unseen */
#define HTTP_HEAD_BYTES 32749  /* request line and headers; odd, so that wire knows the buffer */
#define HTTP_HEAD_MS 10000
#define HTTP_ANSWER_MS 30000
#define HTTP_IDLE_MS 5000
#define HTTP_STACK_BYTES (512 * 1024) /* of each thread; below half of it no start */

struct http_header {
	const char *name, *value;
};

struct http_request {           /* all borrowed, until the handler returns */
	const char *method;
	const char *path;       /* raw, without the query: "/in/orders/7%2F8" */
	const char *query;      /* raw, without "?"; "" when none */
	const char *version;    /* "1.0" or "1.1" */
	const char *remote;     /* address of the peer: "192.0.2.7"; behind routes_intake the caller's */
	const struct http_header *headers; /* as sent, in order, repeats kept */
	size_t n_headers;
	bool chunked;
	int64_t content_length; /* -1: none given */
	void *connection;       /* http.c's own */
};

/* A refusal: what the caller is told, as a status and a sentence. */
struct http_refusal {
	int status;
	char text[256];
};

/* http_refuse fills it and returns -1. */
int http_refuse(struct http_refusal *out, int status, const char *fmt, ...) PRINTF(3, 4);

/* http_request_header finds the first header of this name (any case): its value or NULL. */
const char *http_request_header(const struct http_request *r, const char *name);
/* http_request_header_count: how often it was sent. */
size_t http_request_header_count(const struct http_request *r, const char *name);

/* http_body_read appends the whole body to out, as it was sent (chunks joined), and answers
 * "Expect: 100-continue" before it does. Memory grows as bytes arrive. 0, or -1 with
 * 413 over limit_bytes, 408 when it is not all here in within_ms, 400 when the caller stopped
 * or the chunks are faulty, 417 for another expectation. Reading twice gives nothing. */
int http_body_read(struct http_request *r, size_t limit_bytes, int64_t within_ms,
		   struct buf *out, struct http_refusal *why) MUSTCHECK;

/* ---- the response: http_response.c, knows nothing of connections ---- */

struct http_response {
	int status;             /* 200 to 599 */
	struct buf headers;     /* "Name: value\r\n" lines; http_response_header adds them */
	struct buf body;
	bool close;             /* end the connection after it */
};

void http_response_init(struct http_response *r);
void http_response_release(struct http_response *r);

/* http_response_header adds a line: 1, or 0 (nothing added) when the name is no token, the
 * value holds a control byte other than tab, or the header is one that is ours to write
 * (Content-Length, Transfer-Encoding, Connection, Date and their like). */
int http_response_header(struct http_response *r, const char *name, const char *value);

/* http_response_drop takes every line of this name (any case) away again. */
void http_response_drop(struct http_response *r, const char *name);

/* http_response_json makes the body JSON of this status; body is empty or gets text added. */
void http_response_json(struct http_response *r, int status);

/* http_response_error empties the response and makes it {"error": sentence}. */
void http_response_error(struct http_response *r, int status, const char *sentence);

/* http_response_write adds the response as it goes on the wire. without_body: the answer to
 * HEAD, which still says how long the body would be. */
void http_response_write(const struct http_response *r, bool without_body, bool keep_alive,
			 struct buf *out);

/* http_reason: "Not Found" of 404; "Status" for those without a name. */
const char *http_reason(int status);

/* ---- listeners ---- */

struct http_listener;

struct http_setup {
	const char *name;       /* "intake", for messages */
	const char *setting;    /* "--listen", for the way out when the port is taken */
	const char *address;    /* "127.0.0.1:8080"; port 0: any free one */
	int threads;
	void *arg;              /* for both callbacks, which run on many threads at once */
	void (*handle)(void *arg, struct http_request *request, struct http_response *response);
	/* refused is told of a request that never reached handle. request is NULL when not even
	 * its first line could be read. May be NULL. */
	void (*refused)(void *arg, const struct http_request *request, const char *remote,
			const struct http_refusal *why);
};

/* http_listen opens a listener and returns when its threads are ready. 0 and *out, or -1. */
int http_listen(const struct http_setup *setup, struct http_listener **out, struct err *err) MUSTCHECK;

/* http_listener_address: "127.0.0.1:8080", with the real port. */
const char *http_listener_address(const struct http_listener *l);

/* http_listener_active: requests in the hands of handlers now. */
int http_listener_active(const struct http_listener *l);

/* http_stop closes all listeners of this process at once and frees them; call it when none is
 * active any more (what is still being answered is cut off, what hangs is waited for). */
void http_stop(struct http_listener **listeners, size_t n);

#endif
