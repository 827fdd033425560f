/* SPDX-License-Identifier: MIT */
/*
 * http_guard: is there exactly one way to read this request? What CivetWeb 1.15 lets through
 * that a proxy in front of us might read otherwise is refused here, before anything acts on
 * it. Pure functions on a request and on the bytes it was parsed from.
 *
 * Sources: RFC 9112 sections 2.2, 3, 5, 6; RFC 9110 section 5; the reject lists of
 * http_desync_guardian and hertz.
 */
#ifndef SERVER_HTTP_GUARD_H
#define SERVER_HTTP_GUARD_H

#include "server/http.h"

/* http_guard is all of it, in the only order that works: the layout is judged by addresses,
 * then the white space behind each value is cut off, in the buffer, then the rest is judged. */
int http_guard(struct http_request *r, const char *head, const char *end,
	       struct http_refusal *why) MUSTCHECK;

/* http_guard_check refuses: more than HTTP_HEADERS_MAX headers (431); a name that is no
 * token; a control byte in a value; Content-Length twice, with anything but digits, or
 * together with Transfer-Encoding; a Transfer-Encoding that is not exactly one "chunked", or
 * in HTTP/1.0; HTTP/1.1 without a Host, or two; a path that does not begin with a slash
 * (absolute form), holds a character outside RFC 3986, a faulty %XX, an encoded control byte
 * or a dot segment; an upgrade to WebSocket (501). It also sets r->chunked and
 * r->content_length. 0, or -1 and *why. */
int http_guard_check(struct http_request *r, struct http_refusal *why) MUSTCHECK;

/* http_guard_layout looks at the buffer CivetWeb parsed in place, where each separator it
 * saw is a NUL byte now: a folded line, a space before a colon, a line that ends in a bare
 * LF, white space in front of or inside the request line, each leave another pattern than a
 * well-formed head. The texts of the request must all lie in that buffer; head is its start and end its end (NULL: not known, not checked).
 * What it cannot see: any other two of CR, LF and blank behind the request line (LF CR, CR CR, LF and a
 * blank), which leave the same two NUL bytes as CR LF.
 * 0, or -1 and *why. */
int http_guard_layout(const struct http_request *r, const char *head, const char *end,
		      struct http_refusal *why) MUSTCHECK;

/* http_guard_keep_alive: the caller's wish, as CivetWeb reads it: HTTP/1.1 without a Connection
 * header, or one that says keep-alive and nothing of an upgrade. */
bool http_guard_keep_alive(const struct http_request *r);

/* The token characters of RFC 9110, for names of headers and methods. */
bool http_token(const char *text);

#endif
