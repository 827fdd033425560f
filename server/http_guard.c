/* SPDX-License-Identifier: MIT */
/* One way to read a request, or none. Each check answers a row of what CivetWeb 1.15 accepts
 * and others do not. */
#include "server/http_guard.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int http_refuse(struct http_refusal *out, int status, const char *fmt, ...)
{
	va_list ap;

	out->status = status;
	va_start(ap, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
	return -1;
}

const char *http_request_header(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

size_t http_request_header_count(const struct http_request *r, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_headers; i++)
		n += strcasecmp(r->headers[i].name, name) == 0;
	return n;
}

bool http_token(const char *text)
{
	if (!*text)
		return false;
	for (const char *p = text; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && !strchr("!#$%&'*+-.^_`|~", *p))
			return false;
	return true;
}

static int check_headers(const struct http_request *r, struct http_refusal *why)
{
	if (r->n_headers > HTTP_HEADERS_MAX)
		return http_refuse(why, 431, "the request has more than %d headers; send fewer",
				   HTTP_HEADERS_MAX);
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!http_token(r->headers[i].name))
			return http_refuse(why, 400, "the name of header %zu is not made of token "
					   "characters", i + 1);
		for (const char *p = r->headers[i].value; *p; p++)
			if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
				return http_refuse(why, 400, "header %.60s holds a control byte",
						   r->headers[i].name);
	}
	return 0;
}

static int check_length(struct http_request *r, const char *value, struct http_refusal *why)
{
	int64_t n = 0;
	const char *p = value;

	/* 18 digits hold every length there is and cannot overflow. */
	for (; *p >= '0' && *p <= '9' && p - value < 18; p++)
		n = n * 10 + (*p - '0');
	if (p == value || *p)
		return http_refuse(why, 400, "Content-Length is not a plain number of bytes");
	r->content_length = n;
	return 0;
}

static int check_framing(struct http_request *r, struct http_refusal *why)
{
	size_t n_length = 0, n_coding = 0;
	const char *length = NULL, *coding = NULL;

	for (size_t i = 0; i < r->n_headers; i++) {
		const char *name = r->headers[i].name;
		if (strcasecmp(name, "Content-Length") == 0 && n_length++ == 0)
			length = r->headers[i].value;
		else if (strcasecmp(name, "Transfer-Encoding") == 0 && n_coding++ == 0)
			coding = r->headers[i].value;
	}
	r->chunked = false;
	r->content_length = -1;
	if (n_length && n_coding)
		return http_refuse(why, 400, "the request has both Content-Length and "
				   "Transfer-Encoding; send one of them");
	if (n_length > 1)
		return http_refuse(why, 400, "the request has more than one Content-Length");
	if (n_coding > 1 || (coding && strcasecmp(coding, "chunked") != 0))
		return http_refuse(why, 400, "Transfer-Encoding must be exactly one \"chunked\"");
	if (coding && strcmp(r->version, "1.0") == 0)
		return http_refuse(why, 400, "Transfer-Encoding does not exist in HTTP/1.0");
	r->chunked = coding != NULL;
	return length ? check_length(r, length, why) : 0;
}

static int check_host(const struct http_request *r, struct http_refusal *why)
{
	size_t n = http_request_header_count(r, "Host");

	if (n > 1)
		return http_refuse(why, 400, "the request has more than one Host header");
	if (n == 0 && strcmp(r->version, "1.0") != 0)
		return http_refuse(why, 400, "the request has no Host header");
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "." and "..", however encoded, from just behind a slash. */
static bool dot_segment(const char *p)
{
	int dots = 0;

	for (;;) {
		if (*p == '.')
			p++;
		else if (p[0] == '%' && p[1] == '2' && (p[2] | 0x20) == 'e')
			p += 3;
		else
			break;
		dots++;
	}
	return (dots == 1 || dots == 2) && (!*p || *p == '/');
}

static int check_path(const struct http_request *r, struct http_refusal *why)
{
	if (r->path[0] != '/')
		return http_refuse(why, 400, "the request line must hold a path that begins with a "
				   "slash, not a whole URL");
	for (const char *p = r->path; *p; p++) {
		if (*p == '%') {
			int high = hex_digit(p[1]), low = high < 0 ? -1 : hex_digit(p[2]);
			if (low < 0)
				return http_refuse(why, 400, "the path has a %% that is not "
						   "followed by two hex digits");
			if (high < 2 || (high == 7 && low == 15))
				return http_refuse(why, 400, "the path has an encoded control byte");
			p += 2;
		} else if (!isalnum((unsigned char)*p) && !strchr("/-._~!$&'()*+,;=:@", *p)) {
			return http_refuse(why, 400, "the path has a character that must be "
					   "percent-encoded");
		}
		if (*p == '/' && dot_segment(p + 1))
			return http_refuse(why, 400, "the path has a dot segment");
	}
	return 0;
}

/* h2c is offered by some clients (Java's) with every first request, and may be ignored; a
 * WebSocket client would wait for a handshake that never comes. */
static int check_upgrade(const struct http_request *r, struct http_refusal *why)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, "Upgrade") == 0 &&
		    strcasestr(r->headers[i].value, "websocket"))
			return http_refuse(why, 501, "there is no WebSocket here");
	return 0;
}

int http_guard_check(struct http_request *r, struct http_refusal *why)
{
	if (!http_token(r->method))
		return http_refuse(why, 400, "the method is not made of token characters");
	return check_headers(r, why) < 0 || check_framing(r, why) < 0 || check_host(r, why) < 0 ||
	       check_path(r, why) < 0 || check_upgrade(r, why) < 0 ? -1 : 0;
}

bool http_guard_keep_alive(const struct http_request *r)
{
	const char *wish = http_request_header(r, "Connection");

	if (!wish)
		return strcmp(r->version, "1.1") == 0;
	return strcasestr(wish, "keep-alive") && !strcasestr(wish, "upgrade") &&
	       !strcasestr(wish, "close");
}

/* ---- the bytes ---- */

static int check_line(const struct http_request *r, const char *head, struct http_refusal *why)
{
	const char *path_end = r->path + strlen(r->path);
	bool has_query = r->query == path_end + 1; /* behind what was the "?", maybe empty */
	const char *uri_end = has_query ? r->query + strlen(r->query) : path_end;

	/* An empty line in front is tolerated, as RFC 9112 2.2 asks. More white space than that
	 * makes CivetWeb disagree with itself where the body begins. */
	if (head && r->method != head &&
	    !(r->method == head + 2 && head[0] == '\r' && head[1] == '\n'))
		return http_refuse(why, 400, "there is white space before the request line");
	if (r->method + strlen(r->method) + 1 != r->path || uri_end + 1 != r->version - 5)
		return http_refuse(why, 400, "the parts of the request line must be separated by "
				   "exactly one space");
	return 0;
}

/* The end of a line was CR LF and both are NUL now; what follows must be the next name. The
 * last line is followed by the CR of the empty one, whose LF CivetWeb replaced. */
static bool line_ends(const char *at, const char *end, const char *next, bool first)
{
	if (end - at < 4 || at[0] || at[1])
		return false;
	if (next)
		return next == at + 2;
	return first ? !at[2] && !at[3] : at[2] == '\r' && !at[3];
}

int http_guard_layout(const struct http_request *r, const char *head, const char *end,
		      struct http_refusal *why)
{
	const char *next = r->n_headers ? r->headers[0].name : NULL;

	if (r->n_headers > HTTP_HEADERS_MAX) /* more may have been dropped: http_guard_check refuses */
		return 0;
	if (!end)
		end = r->version + HTTP_HEAD_BYTES;
	if (check_line(r, head, why) < 0)
		return -1;
	if (!line_ends(r->version + strlen(r->version), end, next, true))
		return http_refuse(why, 400, "the request line must end in CR LF and be followed "
				   "by a header");
	for (size_t i = 0; i < r->n_headers; i++) {
		const struct http_header *h = &r->headers[i];
		for (const char *p = h->name + strlen(h->name) + 1; p < h->value; p++)
			if (*p != ' ' && *p != '\t')
				return http_refuse(why, 400, "there is a space before the colon of "
						   "header %.60s", h->name);
		next = i + 1 < r->n_headers ? h[1].name : NULL;
		if (!line_ends(h->value + strlen(h->value), end, next, false))
			return http_refuse(why, 400, "header %.60s must end in CR LF and may not be "
					   "folded over several lines", h->name);
	}
	return 0;
}

int http_guard(struct http_request *r, const char *head, const char *end, struct http_refusal *why)
{
	if (http_guard_layout(r, head, end, why) < 0)
		return -1;
	for (size_t i = 0; i < r->n_headers; i++) {
		char *value = (char *)r->headers[i].value; /* in a buffer that is ours to write */
		for (size_t n = strlen(value); n && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
			value[n - 1] = '\0';
	}
	return http_guard_check(r, why);
}
