/* SPDX-License-Identifier: MIT */
/* A response as bytes. What a flow says is untrusted: a header is checked when it is added,
 * so that no value can begin a line of its own. */
#include "server/http.h"

#include "common/clock.h"
#include "server/http_guard.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

void http_response_init(struct http_response *r)
{
	*r = (struct http_response){.status = 200, .headers = BUF_INIT, .body = BUF_INIT};
}

void http_response_release(struct http_response *r)
{
	buf_release(&r->headers);
	buf_release(&r->body);
}

/* Written here, or by nobody. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {
		"Connection",     "Content-Length",      "Date",    "Keep-Alive",
		"Proxy-Connection", "Transfer-Encoding", "Trailer", "TE",
		"Upgrade",        "X-Content-Type-Options",
	};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	return false;
}

int http_response_header(struct http_response *r, const char *name, const char *value)
{
	if (!http_token(name) || is_ours(name))
		return 0;
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if ((*p < 0x20 && *p != '\t') || *p == 0x7F)
			return 0;
	size_t name_len = strlen(name), value_len = strlen(value);
	buf_grow(&r->headers, name_len + value_len + 4);
	buf_add(&r->headers, name, name_len);
	buf_add(&r->headers, ": ", 2);
	buf_add(&r->headers, value, value_len);
	buf_add(&r->headers, "\r\n", 2);
	return 1;
}

void http_response_drop(struct http_response *r, const char *name)
{
	size_t len = strlen(name), kept = 0;

	for (size_t at = 0, next; at < r->headers.len; at = next) {
		const char *line = r->headers.ptr + at;
		next = (size_t)(strstr(line, "\r\n") + 2 - r->headers.ptr);
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			continue;
		memmove(r->headers.ptr + kept, line, next - at);
		kept += next - at;
	}
	if (kept < r->headers.len) {
		r->headers.len = kept;
		r->headers.ptr[kept] = '\0';
	}
}

void http_response_json(struct http_response *r, int status)
{
	r->status = status;
	http_response_header(r, "Content-Type", "application/json");
}

void http_response_error(struct http_response *r, int status, const char *sentence)
{
	buf_clear(&r->headers);
	buf_clear(&r->body);
	http_response_json(r, status);
	buf_add_text(&r->body, "{\"error\":");
	buf_add_json_text(&r->body, sentence, strlen(sentence));
	buf_add_text(&r->body, "}\n");
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} names[] = {
		{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
		{400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"},
		{404, "Not Found"}, {405, "Method Not Allowed"}, {408, "Request Timeout"},
		{409, "Conflict"}, {410, "Gone"}, {413, "Content Too Large"},
		{415, "Unsupported Media Type"}, {417, "Expectation Failed"},
		{422, "Unprocessable Content"}, {429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
		{501, "Not Implemented"}, {502, "Bad Gateway"}, {503, "Service Unavailable"},
		{504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].status == status)
			return names[i].reason;
	return "Status";
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", made once a second in each thread. */
static const char *date_text(void)
{
	static _Thread_local time_t made_for;
	static _Thread_local char text[32];
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	if (now != made_for && gmtime_r(&now, &tm)) {
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made_for = now;
	}
	return text;
}

void http_response_write(const struct http_response *r, bool without_body, bool keep_alive,
			 struct buf *out)
{
	bool has_body = r->status != 204 && r->status != 304;

	buf_grow(out, 256 + r->headers.len + (without_body ? 0 : r->body.len));
	buf_addf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\n", r->status, http_reason(r->status),
		 date_text());
	buf_add_slice(out, buf_slice(&r->headers));
	buf_add_text(out, "X-Content-Type-Options: nosniff\r\n");
	if (has_body)
		buf_addf(out, "Content-Length: %zu\r\n", r->body.len);
	buf_add_text(out, keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
	if (has_body && !without_body)
		buf_add_slice(out, buf_slice(&r->body));
}
