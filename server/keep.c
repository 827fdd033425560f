/* SPDX-License-Identifier: MIT */
/* Headers as JSON, without the secrets among them; refused arrivals. */
#include "server/keep.h"

#include "common/clock.h"
#include "common/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REJECTION_HEADERS_BYTES 4096
#define REJECTION_PATH_BYTES 1024

static const char redacted_text[] = "\"[redacted]\"";

/* Callers who are refused may have sent their key to the wrong door, under any name. */
static bool sounds_secret(const char *name)
{
	static const char *const words[] = {"auth", "cookie", "credential", "key", "passw", "secret", "session",
					    "token"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static bool is_redacted(const char *name, const char *const *redacted, size_t n,
			const char *credential)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(name, redacted[i]) == 0)
			return true;
	return credential && strcasecmp(name, credential) == 0;
}

/* "header authorization", once however often it was sent. */
static void note_name(struct buf *names, const char *name)
{
	char text[160];

	int n = snprintf(text, sizeof(text), "header %.128s", name);
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	size_t start = names->len;
	buf_add(names, ",", start > 0);
	buf_add_json_text(names, text, (size_t)n);
	const char *added = names->ptr + start + (start > 0);
	const char *before = memmem(names->ptr, start, added, strlen(added));
	if (before) {
		names->len = start;
		names->ptr[start] = '\0';
	}
}

struct keeping {
	const char *const *redacted;
	size_t n_redacted;
	const char *credential;
	bool refused;      /* what sounds like a secret is one */
	size_t max_bytes;
	struct buf *names;
};

static void add_headers(const struct http_request *request, const struct keeping *k, struct buf *out)
{
	size_t start = out->len;

	buf_grow(out, 1024);
	buf_add_char(out, '[');
	for (size_t i = 0; i < request->n_headers; i++) {
		const char *name = request->headers[i].name, *value = request->headers[i].value;
		if (k->max_bytes && out->len - start + strlen(name) + strlen(value) > k->max_bytes)
			continue;
		buf_add(out, ",[", out->len - start > 1 ? 2 : 0);
		if (out->len - start == 1)
			buf_add_char(out, '[');
		buf_add_json_text(out, name, strlen(name));
		buf_add_char(out, ',');
		if (!is_redacted(name, k->redacted, k->n_redacted, k->credential) &&
		    !(k->refused && sounds_secret(name))) {
			buf_add_json_text(out, value, strlen(value));
		} else {
			buf_add(out, redacted_text, sizeof(redacted_text) - 1);
			if (k->names)
				note_name(k->names, name);
		}
		buf_add_char(out, ']');
	}
	buf_add_char(out, ']');
}

void keep_headers(const struct http_request *request, const char *const *redacted, size_t n_redacted,
		  const char *credential, struct buf *out, struct buf *names)
{
	add_headers(request, &(struct keeping){redacted, n_redacted, credential, false, 0, names}, out);
}

void keep_rejection(struct front *f, const struct hook *hook, const struct http_request *request,
		    const char *remote, int status, const char *cause, int64_t body_bytes)
{
	struct keeping keeping = {.refused = true, .max_bytes = REJECTION_HEADERS_BYTES};
	char path[REJECTION_PATH_BYTES + 1] = "";
	struct buf headers = BUF_INIT;
	struct err err;

	if (store_broken(f->store))
		return;
	if (hook) {
		keeping.redacted = hook->webhook->redact_headers;
		keeping.n_redacted = hook->webhook->n_redact_headers;
		keeping.credential = verify_credential_header(&hook->webhook->auth);
	}
	if (request) {
		snprintf(path, sizeof(path), "%s", request->path);
		add_headers(request, &keeping, &headers);
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
