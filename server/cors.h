/* SPDX-License-Identifier: MIT */
/*
 * cors: what a browser must be told before a page of another origin may call a webhook and read
 * its answer. A webhook without `cors` says nothing of it, and the browser keeps the page out. It
 * protects visitors of pages, not the webhook: who is no browser sends what Origin he likes.
 *
 * Source: the Fetch standard, section 3.3 (CORS protocol); RFC 6454 (Origin); RFC 9110 section
 * 12.5.5 (Vary).
 */
#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include "flow/flow.h"
#include "server/http.h"

struct cors_question {          /* borrowed from the request */
	const char *origin;     /* which page */
	const char *method;     /* means to use this method */
};

/* cors_asks: is this a preflight? OPTIONS with one Origin and one Access-Control-Request-Method.
 * Any other OPTIONS is a request like others. */
bool cors_asks(const struct http_request *request, struct cors_question *out);

/* cors_allows: a page of this origin may call; false where there is no cors at all. */
bool cors_allows(const struct flow_cors *cors, const char *origin);

/* cors_answer makes the response the one to an allowed preflight, with these methods; cors_mark
 * must follow. */
void cors_answer(const struct flow_cors *cors, unsigned methods, struct http_response *response);

/* cors_mark adds to any answer of a webhook, errors too, whether the asking page may read it, in
 * place of what a flow may have said of that; and Vary, since it depends on who asks. */
void cors_mark(const struct flow_cors *cors, const struct http_request *request,
	       struct http_response *response);

#endif
