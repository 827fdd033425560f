/* SPDX-License-Identifier: MIT */
/* An event as a sample for its webhook. */
#include "cli/learn.h"

#include "common/json.h"
#include "common/jsontext.h"
#include "common/utf8.h"
#include "common/pairs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What every request has, or proxies add, and what proves who it is from; lower case. */
static bool says_nothing(const char *name)
{
	static const char *const names[] = {
		"host", "user-agent", "content-length", "connection", "keep-alive", "te", "trailer", "upgrade",
		"transfer-encoding", "expect", "date", "via", "forwarded", "traceparent", "tracestate", "baggage",
		"pragma", "cache-control", "origin", "referer", "dnt", "priority", "cdn-loop", "x-real-ip",
		"x-request-id", "x-correlation-id", "idempotency-key"};
	static const char *const starts[] = {"accept", "x-forwarded-", "sec-", "if-", "proxy-", "cf-", "x-amzn-",
					     "x-b3-"};
	static const char *const parts[] = {"authorization", "cookie", "signature", "token", "secret", "api-key",
					    "apikey", "hmac", "password"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	return false;
}

static cJSON *parse(const struct buf *text, struct err *err)
{
	return json_parse(text->ptr, text->len, err);
}

static bool is_credential(const struct flow_webhook *hook, bool query, const char *name)
{
	const struct flow_auth *auth = &hook->auth;

	return auth->type != AUTH_NONE && auth->name && auth->in_query == query &&
	       strcasecmp(auth->name, name) == 0;
}

/* Adds an object, without the members that do not count; none when nothing is left. */
static void add_object(cJSON *out, const char *name, cJSON *object, const struct flow_webhook *hook)
{
	bool query = strcmp(name, "query") == 0;
	cJSON *next;

	for (cJSON *m = object->child; m; m = next) {
		next = m->next;
		bool redacted = cJSON_IsString(m) && strcmp(m->valuestring, "[redacted]") == 0;
		if (redacted || (!query && says_nothing(m->string)) || is_credential(hook, query, m->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, m));
	}
	if (object->child)
		cJSON_AddItemToObject(out, name, object);
	else
		cJSON_Delete(object);
}

static bool is_form(const cJSON *headers)
{
	const char *type = json_text(headers, "content-type", "");

	return strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0;
}

static int add_body(cJSON *out, struct slice body, bool form, struct err *err)
{
	struct buf text = BUF_INIT;
	struct err why;
	cJSON *node = NULL;

	if (!body.len)
		return 0;
	if (form) {
		pairs_form(body, &text);
		node = parse(&text, err);
	} else if (jsontext_check(body, JSONTEXT_DEPTH_MAX, &why) == 0) {
		node = json_parse(body.ptr, body.len, err);
	} else if (utf8_valid(body.ptr, body.len) && !memchr(body.ptr, 0, body.len)) {
		node = cJSON_CreateString(body.ptr);
	} else {
		return 0;
	}
	buf_release(&text);
	if (!node)
		return err_within(err, "the event's body: ");
	cJSON_AddItemToObject(out, "body", node);
	return 0;
}

char *learn_expected(const struct event_detail *event, const struct flow_webhook *hook, struct err *err)
{
	struct buf text = BUF_INIT, fields = BUF_INIT;
	cJSON *out = cJSON_CreateObject(), *headers, *query = NULL;
	char *printed = NULL;

	pairs_headers((struct slice){event->headers, strlen(event->headers)}, &text);
	pairs_form((struct slice){event->query, strlen(event->query)}, &fields);
	headers = parse(&text, err);
	if (headers)
		query = parse(&fields, err);
	if (headers && query) {
		bool form = is_form(headers);
		add_object(out, "headers", headers, hook);
		add_object(out, "query", query, hook);
		flow_expected_fill(&hook->auth, out);
		if (add_body(out, buf_slice(&event->body), form, err) == 0)
			printed = json_print_pretty(out);
	} else {
		cJSON_Delete(headers);
	}
	cJSON_Delete(out);
	buf_release(&text);
	buf_release(&fields);
	return printed;
}
