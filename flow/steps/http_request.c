/* SPDX-License-Identifier: MIT */
/* http_request: calls another system. Whatever it answers is the output; a status that does
 * not count as success makes the step fail with the output kept. */
#include "flow/header.h"
#include "flow/outbound.h"
#include "flow/secrets.h"
#include "flow/walk.h"

#include "common/jsontext.h"
#include "common/utf8.h"

#include <stdio.h>
#include <string.h>

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD",
				      "OPTIONS", NULL};

static const struct param params[] = {
	{.name = "method", .type = PARAM_CHOICE, .choices = methods, .fallback = "GET",
	 .text = "The HTTP method."},
	{.name = "url", .type = PARAM_TEXT_VALUE, .flags = PARAM_REQUIRED | PARAM_SECRETS,
	 .text = "Where to; http or https. Encode what you put in with @uri."},
	{.name = "query", .type = PARAM_MAP_VALUE, .flags = PARAM_SECRETS,
	 .text = "Query parameters to add, encoded for you; a list repeats one, null or empty "
		 "leaves it out."},
	{.name = "headers", .type = PARAM_HEADERS, .flags = PARAM_SECRETS,
	 .refuse = header_refused_in_request,
	 .text = "Headers; a list of values repeats a header, empty or null leaves it out."},
	{.name = "body", .type = PARAM_VALUE, .flags = PARAM_SECRETS,
	 .text = "The body: text is sent as text, anything else as JSON."},
	{.name = "timeout_ms", .type = PARAM_MS, .min = 1, .max = 60000, .fallback = "10000",
	 .text = "How long the whole call may take."},
	{.name = "max_response_bytes", .type = PARAM_INT, .min = 0, .max = 16777216,
	 .fallback = "1048576", .text = "The largest answer that is taken."},
	{.name = "success", .type = PARAM_STATUSES,
	 .text = "Statuses that count as success. Default [\"200-299\"]."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const char *url = arg_text(&s->args, "url");

	/* What does not begin with a hole can be told now. */
	if (url && strncmp(url, "{{", 2) != 0 && strncmp(url, "http://", 7) != 0 &&
	    strncmp(url, "https://", 8) != 0)
		fault_add(faults, arg_find(&s->args, "url")->pointer, NULL,
			  "\"url\" must start with https:// or http://");
}

static void add_encoded(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c && strchr("-_.~", c)))
			buf_add_char(out, (char)c);
		else
			buf_addf(out, "%%%02X", c);
	}
}

static void add_parameter(struct buf *url, struct slice key, struct slice value)
{
	struct buf text = BUF_INIT;

	buf_add_char(url, strchr(url->ptr, '?') ? '&' : '?');
	jsontext_string(key, &text);
	add_encoded(url, buf_slice(&text));
	buf_add_char(url, '=');
	buf_clear(&text);
	jsontext_text(value, &text);
	add_encoded(url, buf_slice(&text));
	buf_release(&text);
}

static int add_query(struct buf *url, struct slice query, struct err *err)
{
	struct jsontext_walk member, item;

	jsontext_walk_start(&member, query);
	while (jsontext_walk_next(&member)) {
		enum jsontext_kind kind = jsontext_kind(member.value);
		if (kind == JSONTEXT_OBJECT)
			return err_set(err, ERR_INVALID, "query: %.*s is an object; a query "
				       "parameter is text, a number or a list of them",
				       (int)(member.key.len > 80 ? 80 : member.key.len),
				       member.key.ptr);
		if (kind == JSONTEXT_ARRAY) {
			jsontext_walk_start(&item, member.value);
			while (jsontext_walk_next(&item))
				add_parameter(url, member.key, item.value);
		} else if (kind != JSONTEXT_NULL) {
			add_parameter(url, member.key, member.value);
		}
	}
	return 0;
}

static int build_url(struct walk *w, const struct step *s, struct buf *url, struct err *err)
{
	struct buf query = BUF_INIT;
	int rc = walk_text(w, &s->args, "url", url, err);

	if (rc == 0 || (rc > 0 && !url->len))
		rc = err_set(err, ERR_INVALID, "url: the expression gives nothing");
	if (rc > 0 && strlen(url->ptr) != url->len)
		rc = err_set(err, ERR_INVALID, "url: it holds a NUL byte");
	if (rc > 0)
		rc = walk_json(w, &s->args, "query", &query, err);
	if (rc > 0) {
		/* What stands after # is never sent. */
		url->len = strcspn(url->ptr, "#");
		url->ptr[url->len] = '\0';
		rc = add_query(url, buf_slice(&query), err);
	}
	secrets_wipe(&query);
	return rc < 0 ? -1 : 0;
}

static int build_headers(struct walk *w, const struct step *s, const char *content_type,
			 struct buf *headers, struct err *err)
{
	struct buf key = BUF_INIT;

	if (walk_headers(w, &s->args, "headers", headers, err) < 0)
		return -1;
	struct slice given = {headers->ptr, headers->len};
	bool has_key = header_list_has(given, "Idempotency-Key");
	bool has_agent = header_list_has(given, "User-Agent");
	bool has_type = header_list_has(given, "Content-Type");
	headers->ptr[--headers->len] = '\0'; /* the list is reopened */
	if (!has_key) {
		walk_idempotency_key(w, s, &key);
		header_list_add(headers, "Idempotency-Key", key.ptr, key.len);
	}
	if (!has_agent)
		header_list_add(headers, "User-Agent", "Ringbolt/" RINGBOLT_VERSION,
				strlen("Ringbolt/" RINGBOLT_VERSION));
	if (content_type && !has_type)
		header_list_add(headers, "Content-Type", content_type, strlen(content_type));
	buf_add_char(headers, ']');
	buf_release(&key);
	return 0;
}

static void write_output(const struct outbound_response *response, struct buf *out)
{
	buf_addf(out, "{\"status\":%d,\"headers\":%s,\"body\":", response->status,
		 response->headers.len ? response->headers.ptr : "{}");
	if (response->body_is_json)
		buf_add_slice(out, jsontext_trim(buf_slice(&response->body)));
	else if (!utf8_valid(response->body.ptr, response->body.len))
		buf_add_text(out, "null,\"body_error\":\"the answer is not text\"");
	else if (response->body.len)
		buf_add_json_text(out, response->body.ptr, response->body.len);
	else
		buf_add_text(out, "null");
	buf_add_char(out, '}');
}

static bool is_success(const struct step *s, int status)
{
	const cJSON *list = arg_find(&s->args, "success")->node, *item;
	int from, to;

	if (!list)
		return status >= 200 && status <= 299;
	cJSON_ArrayForEach(item, list) {
		from = to = item->valueint;
		if (cJSON_IsString(item) && sscanf(item->valuestring, "%d-%d", &from, &to) != 2)
			continue;
		if (status >= from && status <= to)
			return true;
	}
	return false;
}

/* The URL as a sentence may show it: a query often holds a key. */
static int fail(struct walk *w, const struct step *s, const char *url, int status, struct err *err)
{
	size_t len = strcspn(url, "?#");
	const char *advice = status >= 300 && status < 400
				     ? "redirects are not followed: put the new address in \"url\""
				     : "list it in \"success\" or handle it with \"on_error\"";

	walk_failed_status(w, status);
	return err_set(err, ERR_UPSTREAM, "%s %.*s answered %d; %s", arg_text(&s->args, "method"),
		       (int)(len > 200 ? 200 : len), url, status, advice);
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct buf url = BUF_INIT, headers = BUF_INIT, json = BUF_INIT, body = BUF_INIT;
	struct outbound_response response = {.headers = BUF_INIT, .body = BUF_INIT};
	enum step_result result = STEP_FAILED;
	const char *content_type = NULL;

	if (build_url(w, s, &url, err) < 0)
		goto out;
	int has_body = walk_json(w, &s->args, "body", &json, err);
	if (has_body < 0)
		goto out;
	if (has_body) {
		bool text = jsontext_kind(buf_slice(&json)) == JSONTEXT_STRING;
		content_type = text ? "text/plain; charset=utf-8" : "application/json";
		jsontext_text(buf_slice(&json), &body);
	}
	if (build_headers(w, s, content_type, &headers, err) < 0)
		goto out;
	struct outbound_request request = {
		.method = arg_text(&s->args, "method"),
		.url = url.ptr,
		.headers = headers.ptr,
		.body = has_body ? buf_slice(&body) : (struct slice){0},
		.timeout_ms = arg_int(&s->args, "timeout_ms"),
		.max_response_bytes = (size_t)arg_int(&s->args, "max_response_bytes"),
	};
	if (walk_call(w, &request, &response, err) < 0)
		goto out;
	write_output(&response, output);
	if (is_success(s, response.status))
		result = STEP_NEXT;
	else
		fail(w, s, url.ptr, response.status, err);
out:
	secrets_wipe(&url);
	secrets_wipe(&headers);
	secrets_wipe(&json);
	secrets_wipe(&body);
	outbound_response_release(&response);
	return result;
}

extern const struct step_type step_http_request;
const struct step_type step_http_request = {
	.name = "http_request",
	.text = "Calls another system over HTTP.",
	.params = params,
	.effects = true,
	.check = check,
	.run = run,
};
