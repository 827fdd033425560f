/* SPDX-License-Identifier: MIT */
/* Headers as JSON, without the secrets among them; refused arrivals. */
#include "server/keep.h"

#include "common/clock.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REJECTION_HEADERS_BYTES 4096
#define REJECTION_PATH_BYTES 1024

static const char redacted_text[] = "\"[redacted]\"";

static bool is_redacted(const char *name, const char *const *redacted, size_t n,
			const char *credential)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(name, redacted[i]) == 0)
			return true;
	return credential && strcasecmp(name, credential) == 0;
}

void keep_headers(const struct http_request *request, const char *const *redacted, size_t n_redacted,
		  const char *credential, size_t max_bytes, struct buf *out)
{
	size_t start = out->len;

	buf_grow(out, 1024);
	buf_add_char(out, '[');
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *name = request->headers[i].name, *value = request->headers[i].value;
		if (max_bytes && out->len - start + strlen(name) + strlen(value) > max_bytes)
			continue;
		buf_add(out, ",[", out->len - start > 1 ? 2 : 0);
		if (out->len - start == 1)
			buf_add_char(out, '[');
		buf_add_json_text(out, name, strlen(name));
		buf_add_char(out, ',');
		if (is_redacted(name, redacted, n_redacted, credential))
			buf_add(out, redacted_text, sizeof(redacted_text) - 1);
		else
			buf_add_json_text(out, value, strlen(value));
		buf_add_char(out, ']');
	}
	buf_add_char(out, ']');
}

void keep_rejection(struct front *f, const struct hook *hook, const struct http_request *request,
		    const char *remote, int status, const char *cause, int64_t body_bytes)
{
	static const char *const usual[] = {"authorization", "cookie", "proxy-authorization"};
	const char *const *redacted = hook ? hook->webhook->redact_headers : usual;
	size_t n = hook ? hook->webhook->n_redact_headers : ARRAY_LEN(usual);
	char path[REJECTION_PATH_BYTES + 1] = "";
	struct buf headers = BUF_INIT;
	struct err err;

	if (store_broken(f->store))
		return;
	if (request) {
		snprintf(path, sizeof(path), "%s", request->path);
		keep_headers(request, redacted, n,
			     hook ? verify_credential_header(&hook->webhook->auth) : "authorization",
			     REJECTION_HEADERS_BYTES, &headers);
	} else {
		buf_add_text(&headers, "[]");
	}
	struct rejection row = {
		.at = clock_wall_ms(),
		.flow_id = hook ? hook->flow_id : 0,
		.status = status,
		.cause = cause,
		.method = request ? request->method : "",
		.path = path,
		.remote = remote,
		.headers = headers.ptr,
		.body_bytes = body_bytes,
	};
	if (store_rejection_add(f->store, &row, &err) < 0)
		log_line(LOG_WARN, "rejection not kept", "status", log_number(status), "cause", cause,
			 "error", err.text, NULL);
	buf_release(&headers);
}
