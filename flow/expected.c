/* SPDX-License-Identifier: MIT */
/* Does a request have the structure that its webhook expects? The declaration is a sample, so
 * what is compared is which members there are and of which type, never their values. */
#include "flow/document.h"

#include "common/jsontext.h"
#include "flow/scope.h"
#include "flow/system.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Of a long list only so many items are looked at: the front is waiting. */
#define ITEMS_MAX 1000

struct compare {
	struct buf *out;
	struct buf pointer;
	size_t found;
};

static void PRINTF(2, 3) differ(struct compare *c, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (c->found == FLOW_MISMATCHES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_add_text(c->out, c->found++ ? ",{\"pointer\":" : "{\"pointer\":");
	buf_add_json_text(c->out, c->pointer.ptr, c->pointer.len);
	buf_add_text(c->out, ",\"text\":");
	buf_add_json_text(c->out, text, strlen(text));
	buf_add_char(c->out, '}');
}

static size_t enter(struct compare *c, const char *name)
{
	size_t len = c->pointer.len;

	buf_add_char(&c->pointer, '/');
	for (; *name; name++) {
		if (*name == '~' || *name == '/')
			buf_add_text(&c->pointer, *name == '~' ? "~0" : "~1");
		else
			buf_add_char(&c->pointer, *name);
	}
	return len;
}

static void leave(struct compare *c, size_t len)
{
	c->pointer.len = len;
	c->pointer.ptr[len] = '\0';
}

static const char *kind_of_sample(const cJSON *sample)
{
	if (cJSON_IsObject(sample))
		return "object";
	if (cJSON_IsArray(sample))
		return "array";
	if (cJSON_IsString(sample))
		return "string";
	if (json_is_number(sample))
		return "number";
	return cJSON_IsBool(sample) ? "boolean" : "null";
}

static void compare_value(struct compare *c, const cJSON *sample, struct slice live);

static void compare_items(struct compare *c, const cJSON *sample, struct slice live)
{
	struct jsontext_walk w;
	char place[24];
	size_t i = 0;

	jsontext_walk_start(&w, live);
	while (i < ITEMS_MAX && c->found < FLOW_MISMATCHES_MAX && jsontext_walk_next(&w)) {
		snprintf(place, sizeof(place), "%zu", i++);
		size_t len = enter(c, place);
		compare_value(c, sample, w.value);
		leave(c, len);
	}
}

static void compare_members(struct compare *c, const cJSON *sample, struct slice live)
{
	const cJSON *member;
	struct slice value;

	cJSON_ArrayForEach(member, sample) {
		size_t len = enter(c, member->string);
		if (jsontext_member(live, member->string, strlen(member->string), &value))
			compare_value(c, member, value);
		else
			differ(c, "it is missing; expected: %s", kind_of_sample(member));
		leave(c, len);
	}
}

/* The sample's own depth bounds the recursion; a flow document is no deeper than that. */
static void compare_value(struct compare *c, const cJSON *sample, struct slice live)
{
	const char *want = kind_of_sample(sample), *have = jsontext_kind_name(jsontext_kind(live));

	if (strcmp(want, "null") == 0)
		return;
	if (strcmp(want, have) != 0)
		differ(c, "expected: %s; here: %s", want, have);
	else if (cJSON_IsObject(sample))
		compare_members(c, sample, live);
	else if (cJSON_IsArray(sample) && sample->child)
		compare_items(c, sample->child, live);
}

/* A name alone: of a header in lower case, as the scope has them. */
static void compare_name(struct compare *c, const char *sample, struct slice live, bool lower)
{
	struct slice value;
	char name[256];

	snprintf(name, sizeof(name), "%s", sample);
	for (char *p = name; lower && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	size_t len = enter(c, sample);
	if (!jsontext_member(live, name, strlen(name), &value))
		differ(c, "it is missing");
	leave(c, len);
}

static bool has_name(const cJSON *object, const char *name, bool any_case)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
		if (any_case ? strcasecmp(member->string, name) == 0 : strcmp(member->string, name) == 0)
			return true;
	return false;
}

/* The samples' names, and that of the credential unless it is one of them. */
static void compare_names(struct compare *c, const cJSON *samples, const char *credential,
			  struct slice live, bool lower)
{
	const cJSON *sample;

	cJSON_ArrayForEach(sample, samples)
		compare_name(c, sample->string, live, lower);
	if (credential && !has_name(samples, credential, lower))
		compare_name(c, credential, live, lower);
}

/* ---- what the document need not say ---- */

void flow_expected_fill(const struct flow_auth *auth, cJSON *expected)
{
	const char *part = auth->in_query ? "query" : "headers";
	cJSON *object = cJSON_GetObjectItemCaseSensitive(expected, part);

	if (auth->type != AUTH_API_KEY)
		return;
	if (!object)
		object = cJSON_AddObjectToObject(expected, part);
	if (!has_name(object, auth->name, !auth->in_query))
		json_add_text(object, auth->name, "[redacted]");
}

cJSON *flow_expected(const struct flow *f)
{
	/* A system's sample says "text" of a body that is no JSON. */
	static const char *const parts[][2] = {{"headers", "headers"}, {"query", "query"}, {"body", "body"},
					       {"text", "body"}};
	const cJSON *said = json_get(json_get(f->json, "webhook"), "expected");
	cJSON *copy = cJSON_CreateObject();

	if (!said && flow_system(f))
		said = json_get(flow_system(f)->json, "sample");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const cJSON *part = json_get(said, parts[i][0]);
		if (part)
			cJSON_AddItemToObject(copy, parts[i][1], cJSON_Duplicate(part, true));
	}
	flow_expected_fill(&f->webhook.auth, copy);
	return copy;
}

size_t flow_mismatches(const struct flow *f, const struct scope_event *event, struct buf *out)
{
	const cJSON *expected = json_get(json_get(f->json, "webhook"), "expected"), *body;
	const struct flow_auth *auth = &f->webhook.auth;
	struct compare c = {.out = out, .pointer = BUF_INIT};
	struct scope *s = scope_new(event);
	/* Who is let in without it has that on his event already. */
	const char *key = auth->type == AUTH_API_KEY && !auth->let_in ? auth->name : NULL;

	buf_add_char(out, '[');
	size_t len = enter(&c, "headers");
	compare_names(&c, json_get(expected, "headers"), auth->in_query ? NULL : key,
		      scope_part(s, SCOPE_HEADERS), true);
	leave(&c, len);
	len = enter(&c, "query");
	compare_names(&c, json_get(expected, "query"), auth->in_query ? key : NULL,
		      scope_part(s, SCOPE_QUERY), false);
	leave(&c, len);
	enter(&c, "body");
	if ((body = json_get(expected, "body")) != NULL)
		compare_value(&c, body, jsontext_trim(scope_part(s, SCOPE_BODY)));
	buf_add_char(out, ']');
	buf_release(&c.pointer);
	scope_free(s);
	return c.found;
}
