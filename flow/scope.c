/* SPDX-License-Identifier: MIT */
/* What an expression can see. Parts are JSON text, made when first asked for: a flow that
 * only looks at the body never pays for the headers. */
#include "flow/scope.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/err.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "common/pairs.h"
#include "flow/classify.h"
#include "flow/sender.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct part {
	struct slice text; /* valid while made */
	struct buf own;    /* behind text, unless that is the received body */
	bool made;
	uint64_t version;
};

struct step_output {
	char *name;
	char *json;
	size_t len;
	uint64_t version;
};

struct scope {
	const struct scope_event *event;
	struct part parts[SCOPE_PARTS];
	struct step_output *steps;
	size_t step_count;
	enum body_kind body_kind;
	struct err body_error;
};

static const char *const part_names[SCOPE_PARTS] = {
	[SCOPE_HEADERS] = "headers", [SCOPE_QUERY] = "query", [SCOPE_PATH] = "path",
	[SCOPE_BODY] = "body",       [SCOPE_EVENT] = "event", [SCOPE_STEPS] = "steps",
	[SCOPE_ITEM] = "item",       [SCOPE_INDEX] = "index",     [SCOPE_BODY_BASE64] = "body_base64",
};

static const struct slice null_text = {"null", 4};

/* One counter for all scopes: an address may be used again, a version never. */
static uint64_t next_version(void)
{
	static atomic_uint_least64_t last;

	return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

struct scope *scope_new(const struct scope_event *event)
{
	struct scope *s = mem_new(sizeof(*s));
	uint64_t version = next_version();

	s->event = event;
	for (int i = 0; i < SCOPE_PARTS; i++) {
		buf_init(&s->parts[i].own);
		s->parts[i].version = version;
	}
	return s;
}

void scope_free(struct scope *s)
{
	if (!s)
		return;
	for (int i = 0; i < SCOPE_PARTS; i++)
		buf_release(&s->parts[i].own);
	for (size_t i = 0; i < s->step_count; i++) {
		free(s->steps[i].name);
		free(s->steps[i].json);
	}
	free(s->steps);
	free(s);
}

const char *scope_part_name(enum scope_part part)
{
	return part < SCOPE_PARTS ? part_names[part] : "";
}

int scope_part_find(const char *name, size_t len)
{
	for (int i = 0; i < SCOPE_PARTS; i++)
		if (strlen(part_names[i]) == len && memcmp(part_names[i], name, len) == 0)
			return i;
	return -1;
}

/* The first header of this name, decoded into out; false when there is none. */
static bool header(struct scope *s, const char *name, struct buf *out)
{
	struct slice list = {s->event->headers, strlen(s->event->headers)}, key, value;
	struct buf seen = BUF_INIT;
	struct jsontext_walk w;
	bool found = false;

	for (jsontext_walk_start(&w, list); !found && jsontext_walk_next(&w);) {
		if (!jsontext_item(w.value, 0, &key) || !jsontext_item(w.value, 1, &value))
			continue;
		buf_clear(&seen);
		jsontext_text(key, &seen);
		found = strcasecmp(seen.ptr, name) == 0;
		if (found)
			jsontext_text(value, out);
	}
	buf_release(&seen);
	return found;
}

/* The {name} parts of the suffix, taken from the raw path segment by segment. */
static void make_path(struct scope *s, struct buf *out)
{
	const char *pattern = s->event->suffix, *path = s->event->path;
	struct buf text = BUF_INIT;

	if (strncmp(path, "/in/", 4) == 0)
		path += 3;
	buf_add_char(out, '{');
	for (;;) {
		pattern += *pattern == '/';
		path += *path == '/';
		size_t wanted = strcspn(pattern, "/"), given = strcspn(path, "/");
		if (!wanted || !given)
			break;
		if (wanted > 2 && pattern[0] == '{' && pattern[wanted - 1] == '}') {
			if (out->len > 1)
				buf_add_char(out, ',');
			buf_add_json_text(out, pattern + 1, wanted - 2);
			buf_add_char(out, ':');
			buf_clear(&text);
			pairs_decode((struct slice){path, given}, false, &text);
			buf_add_json_text(out, text.ptr, text.len);
		}
		pattern += wanted;
		path += given;
	}
	buf_add_char(out, '}');
	buf_release(&text);
}

enum body_kind scope_body_kind(struct scope *s, struct slice *json, struct buf *type)
{
	struct buf scratch = BUF_INIT, *own = &s->parts[SCOPE_BODY].own;

	type = type ? type : &scratch;
	header(s, "content-type", type);
	buf_clear(own);
	enum body_kind kind = classify(type->ptr, s->event->body, json, own, &s->body_error);
	buf_release(&scratch);
	return kind;
}

static void make_body(struct scope *s, struct part *part)
{
	struct slice body = s->event->body, json = null_text;

	s->body_kind = scope_body_kind(s, &json, NULL);
	switch (s->body_kind) {
	case BODY_JSON:
		part->text = json;
		return;
	case BODY_MULTIPART:
		break; /* read to see whether it is one */
	case BODY_FORM:
		pairs_form(body, &part->own);
		break;
	case BODY_TEXT:
		buf_add_json_text(&part->own, body.ptr, body.len);
		break;
	case BODY_UNKNOWN:
	case BODY_BINARY:
	case BODY_EMPTY:
		part->text = null_text;
		return;
	}
	part->text = buf_slice(&part->own);
}

static void add_member(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	if (text)
		buf_add_json_text(out, text, strlen(text));
	else
		buf_add_text(out, "null");
}

static void make_event(struct scope *s, struct buf *out)
{
	static const char *const kinds[] = {"", "json", "form", "text", "binary", "empty", "multipart"};
	const struct scope_event *e = s->event;
	struct buf type = BUF_INIT;
	char at[CLOCK_ISO_SIZE];

	const char *body_error = scope_body_error(s); /* and decides the kind */
	bool typed = header(s, "content-type", &type);
	buf_addf(out, "{\"id\":%" PRId64 ",\"received_at_ms\":%" PRId64, e->id, e->received_at);
	add_member(out, "received_at", clock_iso(e->received_at, at));
	add_member(out, "method", e->method);
	add_member(out, "path", e->path);
	add_member(out, "remote", e->remote);
	add_member(out, "content_type", typed ? type.ptr : NULL);
	add_member(out, "trigger", e->trigger);
	add_member(out, "body_kind", kinds[s->body_kind]);
	add_member(out, "body_error", body_error);
	sender_facts(e->system, e, out);
	buf_addf(out, ",\"body_bytes\":%zu,\"run\":%d,\"attempt\":%d}", e->body.len, e->run, e->attempt);
	buf_release(&type);
}

static void make_steps(struct scope *s, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < s->step_count; i++) {
		buf_add_char(out, i ? ',' : '{');
		buf_add_json_text(out, s->steps[i].name, strlen(s->steps[i].name));
		buf_add_char(out, ':');
		buf_add(out, s->steps[i].json, s->steps[i].len);
	}
	buf_add_text(out, s->step_count ? "}" : "{}");
}

struct slice scope_part(struct scope *s, enum scope_part which)
{
	if (which >= SCOPE_PARTS)
		return null_text;
	struct part *part = &s->parts[which];
	const char *text;

	if (part->made)
		return part->text;
	part->made = true;
	switch (which) {
	case SCOPE_HEADERS:
		text = s->event->headers;
		pairs_headers((struct slice){text, strlen(text)}, &part->own);
		break;
	case SCOPE_QUERY:
		text = s->event->query;
		pairs_form((struct slice){text, strlen(text)}, &part->own);
		break;
	case SCOPE_PATH:
		make_path(s, &part->own);
		break;
	case SCOPE_BODY:
		make_body(s, part);
		return part->text;
	case SCOPE_BODY_BASE64:
		buf_add_char(&part->own, '"');
		crypto_base64(s->event->body.ptr, s->event->body.len, &part->own);
		buf_add_char(&part->own, '"');
		break;
	case SCOPE_EVENT:
		make_event(s, &part->own);
		break;
	case SCOPE_STEPS:
		make_steps(s, &part->own);
		break;
	case SCOPE_ITEM:
	case SCOPE_INDEX:
	case SCOPE_PARTS:
		part->text = null_text; /* outside a loop */
		return part->text;
	}
	part->text = buf_slice(&part->own);
	return part->text;
}

const char *scope_body_error(struct scope *s)
{
	scope_part(s, SCOPE_BODY);
	return s->body_error.kind ? s->body_error.text : NULL;
}

static struct step_output *find_step(const struct scope *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->step_count; i++)
		if (strlen(s->steps[i].name) == len && memcmp(s->steps[i].name, name, len) == 0)
			return &s->steps[i];
	return NULL;
}

int scope_step_find(struct scope *s, const char *name, size_t len, struct slice *out)
{
	const struct step_output *step = find_step(s, name, len);

	if (!step)
		return 0;
	*out = (struct slice){step->json, step->len};
	return 1;
}

void scope_step_set(struct scope *s, const char *name, struct slice json)
{
	struct step_output *step = find_step(s, name, strlen(name));

	if (!step) {
		s->steps = mem_resize(s->steps, s->step_count + 1, sizeof(*s->steps));
		step = &s->steps[s->step_count++];
		*step = (struct step_output){.name = mem_dup(name)};
	}
	json = jsontext_trim(json);
	char *copy = mem_dup_len(json.ptr, json.len); /* json may be the old output itself */
	free(step->json);
	step->json = copy;
	step->len = json.len;
	step->version = s->parts[SCOPE_STEPS].version = next_version();
	s->parts[SCOPE_STEPS].made = false;
}

void scope_step_forget(struct scope *s, const char *name)
{
	struct step_output *step = find_step(s, name, strlen(name));

	if (!step)
		return;
	free(step->name);
	free(step->json);
	*step = s->steps[--s->step_count];
	s->parts[SCOPE_STEPS].version = next_version();
	s->parts[SCOPE_STEPS].made = false;
}

void scope_item_set(struct scope *s, struct slice json, int64_t index)
{
	struct part *item = &s->parts[SCOPE_ITEM], *number = &s->parts[SCOPE_INDEX];

	item->version = number->version = next_version();
	item->made = number->made = json.ptr != NULL;
	if (!json.ptr)
		return;
	json = jsontext_trim(json);
	struct buf copy = BUF_INIT; /* json may lie in the item before */
	buf_add_slice(&copy, json);
	buf_release(&item->own);
	item->own = copy;
	item->text = buf_slice(&item->own);
	buf_clear(&number->own);
	buf_addf(&number->own, "%" PRId64, index);
	number->text = buf_slice(&number->own);
}

uint64_t scope_version(const struct scope *s, enum scope_part part)
{
	return part < SCOPE_PARTS ? s->parts[part].version : 0;
}

uint64_t scope_step_version(const struct scope *s, const char *name, size_t len)
{
	const struct step_output *step = find_step(s, name, len);

	return step ? step->version : 0;
}
