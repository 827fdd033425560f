/* SPDX-License-Identifier: MIT */
/* Answers out of a trace. The keys are those the engine names calls by (Idempotency-Key). */
#include "cli/recorded.h"

#include "cli/cmd.h"
#include "common/buf.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* Flows call each other only so deep; a trace that says more is none. */
#define DEPTH_MAX 16

struct recorded_answer {
	char *key;           /* "sub-send-0" */
	struct slice output; /* or empty */
	char *error;         /* the sentence, or NULL */
	char *given;         /* by hand: what output points into */
	bool used;
};

static bool get(struct slice object, const char *name, struct slice *out)
{
	return jsontext_kind(object) == JSONTEXT_OBJECT && jsontext_member(object, name, strlen(name), out) &&
	       jsontext_kind(*out) != JSONTEXT_NULL;
}

static bool is_text(struct slice object, const char *name, const char *text)
{
	struct buf have = BUF_INIT;
	struct slice value;

	if (get(object, name, &value))
		jsontext_text(value, &have);
	bool same = strcmp(have.ptr, text) == 0;
	buf_release(&have);
	return same;
}

static void add_key(struct slice entry, const char *prefix, struct buf *key)
{
	struct slice value;
	struct jsontext_walk w;

	buf_add_text(key, prefix);
	if (get(entry, "name", &value))
		jsontext_text(value, key);
	if (!get(entry, "index", &value))
		return;
	jsontext_walk_start(&w, value);
	while (jsontext_walk_next(&w)) {
		buf_add_char(key, '-');
		buf_add_slice(key, w.value);
	}
}

static void keep(struct recorded *r, struct slice entry, const char *key)
{
	struct recorded_answer a = {.key = mem_dup(key)};
	struct slice value, text;
	struct buf sentence = BUF_INIT;

	if (get(entry, "output", &value) && get(value, "status", &text) &&
	    jsontext_kind(text) == JSONTEXT_NUMBER)
		a.output = value;
	if (get(entry, "error", &value) && get(value, "text", &text)) {
		jsontext_text(text, &sentence);
		a.error = buf_take(&sentence);
	}
	r->list = mem_resize(r->list, r->count + 1, sizeof(*r->list));
	r->list[r->count++] = a;
}

static void read_steps(struct recorded *r, struct slice steps, const char *prefix, int depth)
{
	struct jsontext_walk w;
	struct slice inner;

	if (depth == DEPTH_MAX || jsontext_kind(steps) != JSONTEXT_ARRAY)
		return;
	jsontext_walk_start(&w, steps);
	while (jsontext_walk_next(&w)) {
		struct buf key = BUF_INIT;
		add_key(w.value, prefix, &key);
		if (is_text(w.value, "type", "http_request") && !is_text(w.value, "outcome", "skipped")) {
			keep(r, w.value, key.ptr);
		} else if (get(w.value, "steps", &inner)) {
			buf_add_char(&key, '-');
			read_steps(r, inner, key.ptr, depth + 1);
		}
		buf_release(&key);
	}
}

void recorded_read(struct recorded *r, const char *runs)
{
	struct slice text = {runs, strlen(runs)}, steps = {0}, found;
	struct jsontext_walk w;

	*r = (struct recorded){0};
	jsontext_walk_start(&w, text);
	while (jsontext_walk_next(&w))
		if (get(w.value, "steps", &found))
			steps = found;
	if (steps.len)
		read_steps(r, steps, "", 0);
}

void recorded_release(struct recorded *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->list[i].key);
		free(r->list[i].error);
		free(r->list[i].given);
	}
	free(r->list);
	*r = (struct recorded){0};
}

/* ---- by hand ---- */

static int check_given(struct slice json, struct recorded_answer *a, struct err *err)
{
	static const char *const known[] = {"status", "headers", "body", "error"};
	struct slice value;
	struct jsontext_walk w;
	struct buf text = BUF_INIT;
	size_t n = 0, found = 0;

	if (jsontext_check(json, JSONTEXT_DEPTH_MAX, err) < 0)
		return -1;
	a->output = jsontext_trim(json);
	if (jsontext_kind(a->output) != JSONTEXT_OBJECT)
		return err_set(err, ERR_INVALID, "an object is wanted, {\"status\": 200, \"headers\": {}, \"body\": ...}");
	for (jsontext_walk_start(&w, a->output); jsontext_walk_next(&w);)
		n++;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		found += jsontext_member(a->output, known[i], strlen(known[i]), &value);
	if (found < n)
		return err_set(err, ERR_INVALID, "only status, headers, body and error are known, each once");
	if (get(a->output, "status", &value))
		jsontext_text(value, &text);
	int status = text.len ? atoi(text.ptr) : 200;
	buf_release(&text);
	if (status < 200 || status > 599)
		return err_set(err, ERR_INVALID, "\"status\" must be a number from 200 to 599");
	if (get(a->output, "headers", &value) && jsontext_kind(value) != JSONTEXT_OBJECT)
		return err_set(err, ERR_INVALID, "\"headers\" must be an object");
	if (!get(a->output, "error", &value))
		return 0;
	jsontext_text(value, &text);
	a->error = buf_take(&text);
	return 0;
}

int recorded_give(struct recorded *r, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	struct buf json = BUF_INIT;
	int rc = 0;

	if (!equals || equals == text)
		return err_set(err, ERR_INVALID, "--answer \"%.80s\" names no step: write STEP=JSON or STEP=@FILE", text);
	if (equals[1] == '@')
		rc = cmd_read_file(equals + 2, 16 << 20, &json, err);
	else
		buf_add_text(&json, equals + 1);
	r->list = mem_resize(r->list, r->count + 1, sizeof(*r->list));
	struct recorded_answer *a = &r->list[r->count++];
	size_t len = json.len;
	*a = (struct recorded_answer){.key = mem_dup_len(text, (size_t)(equals - text)), .given = buf_take(&json)};
	if (rc == 0)
		rc = check_given((struct slice){a->given, len}, a, err);
	return rc < 0 ? err_within(err, "--answer %.64s: ", a->key) : 0;
}

const char *recorded_unused(const struct recorded *r, size_t i)
{
	for (size_t k = 0; k < r->count; k++)
		if (r->list[k].given && !r->list[k].used && i-- == 0)
			return r->list[k].key;
	return NULL;
}

/* ---- answering ---- */

void recorded_stand_in(const struct outbound_request *request, struct outbound_response *response)
{
	*response = (struct outbound_response){.status = 200, .headers = BUF_INIT, .body = BUF_INIT};
	buf_add_text(&response->headers, "{\"content-type\":\"application/json\"}");
	buf_add_text(&response->body, request->for_token ? "{\"access_token\":\"a stand-in\"}" : "{}");
	response->body_is_json = true;
}

static bool says_json(struct slice headers)
{
	struct buf type = BUF_INIT;
	struct slice value;

	if (get(headers, "content-type", &value))
		jsontext_text(value, &type);
	bool json = strstr(type.ptr, "json") != NULL;
	buf_release(&type);
	return json;
}

static void answer_with(struct slice output, struct outbound_response *response)
{
	struct slice status = {0}, headers = {"{}", 2}, body;
	struct buf number = BUF_INIT;

	*response = (struct outbound_response){.headers = BUF_INIT, .body = BUF_INIT};
	if (get(output, "status", &status))
		jsontext_text(status, &number);
	response->status = number.len ? atoi(number.ptr) : 200;
	buf_release(&number);
	get(output, "headers", &headers);
	buf_add_slice(&response->headers, headers);
	if (!get(output, "body", &body))
		return;
	response->body_is_json = jsontext_kind(body) != JSONTEXT_STRING || says_json(headers);
	if (response->body_is_json)
		buf_add_slice(&response->body, body);
	else
		jsontext_string(body, &response->body);
}

/* "ringbolt-7-sub-send-0", "ringbolt-test-1700000000000-send": what stands behind the number. */
static const char *own_key(const struct outbound_request *request)
{
	const char *key = request->key ? request->key : "";

	key += strcspn(key, "0123456789");
	key += strspn(key, "0123456789");
	return *key ? key + 1 : "";
}

/* An answer that was given for a step is one for each round of the loops around it. */
static bool fits(const struct recorded_answer *a, const char *key)
{
	size_t len = strlen(a->key);

	if (strncmp(a->key, key, len) != 0)
		return false;
	return !key[len] || (a->given && key[len] == '-' && strspn(key + len, "-0123456789") == strlen(key + len));
}

static struct recorded_answer *find(const struct recorded *r, const struct outbound_request *request)
{
	const char *key = own_key(request);
	struct recorded_answer *found = NULL;

	for (size_t i = 0; !request->for_token && i < r->count; i++)
		if (fits(&r->list[i], key))
			found = &r->list[i];
	return found;
}

bool recorded_has(const struct recorded *r, const struct outbound_request *request)
{
	return find(r, request) != NULL;
}

int recorded_answer(struct recorded *r, const struct outbound_request *request,
		    struct outbound_response *response, struct err *err)
{
	struct recorded_answer *found = find(r, request);

	if (found)
		found->used = true;
	if (found && found->error && (found->given || !found->output.len)) {
		return err_set(err, ERR_UPSTREAM, "%s", found->error);
	} else if (found && found->output.len) {
		answer_with(found->output, response);
	} else {
		r->stubbed += !request->for_token;
		recorded_stand_in(request, response);
	}
	return 0;
}
