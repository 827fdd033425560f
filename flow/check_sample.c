/* SPDX-License-Identifier: MIT */
/* Expressions that name what is known not to come: members that the expected structure does not
 * have, parts that the URL suffix does not have, header names that are not in lower case. Live
 * data need not match a sample, so these are warnings. */
#include "flow/check_sample.h"

#include "common/json.h"
#include "common/mem.h"
#include "common/nearest.h"
#include "flow/expr_path.h"
#include "flow/hint.h"
#include "flow/path.h"
#include "flow/step.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct look {
	const struct flow *flow;
	struct faults *faults;
	const struct step *loop; /* whose .item is seen, or NULL */
	const char *pointer; /* of the argument */
	char *at;            /* of the expression */
};

/* Once for each place and sentence, however often the path stands there. */
static void warn(const struct look *l, struct buf *text)
{
	bool known = false;

	for (size_t i = 0; i < l->faults->count; i++)
		known = known || (strcmp(l->faults->list[i].pointer, l->at) == 0 &&
				  strcmp(l->faults->list[i].text, text->ptr) == 0);
	if (!known)
		warn_add(l->faults, l->at, NULL, "%s", text->ptr);
}

static void add_path(const struct expr_path *p, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct expr_segment *g = &p->segments[i];
		if (g->kind == SEGMENT_KEY)
			hint_step(g->key, g->key_len, out);
		else if (g->kind == SEGMENT_EACH)
			buf_add_text(out, "[]");
		else
			buf_addf(out, "[%lld]", (long long)g->index);
	}
}

/* The known name nearest to the one that is named, or NULL. */
static const char *nearest_member(const cJSON *object, const char *name)
{
	struct nearest near = {.word = name};
	const cJSON *member;

	cJSON_ArrayForEach(member, object)
		nearest_offer(&near, member->string);
	return near.best;
}

/* What the sentence calls the place where names are known from. */
static const char *source_of(enum scope_part part)
{
	switch (part) {
	case SCOPE_PATH: return "the url_suffix";
	case SCOPE_EVENT: return "what there is to know of an event";
	default: return "what is expected";
	}
}

static void absent(const struct look *l, const struct expr_path *p, size_t i, enum scope_part part,
		   const cJSON *object)
{
	const struct expr_segment *g = &p->segments[i];
	const char *near = nearest_member(object, g->key);
	bool open = part == SCOPE_HEADERS || part == SCOPE_QUERY;
	struct buf text = BUF_INIT;

	/* More headers and parameters than the declared ones are no news. */
	if (!near && open)
		return;
	buf_add_text(&text, "an expression names ");
	add_path(p, i + 1, &text);
	buf_add_text(&text, ", but ");
	add_path(p, i, &text);
	buf_add_text(&text, " has no ");
	hint_key((struct slice){g->key, g->key_len}, &text);
	buf_addf(&text, " in %s", source_of(part));
	if (near) {
		buf_add_text(&text, "; did you mean ");
		hint_key((struct slice){near, strlen(near)}, &text);
		buf_add_char(&text, '?');
	} else if (part == SCOPE_BODY || part == SCOPE_ITEM) { /* a sample need not have all that may come */
		buf_add_text(&text, "; if it may come, add it to \"expected\"");
	}
	warn(l, &text);
	buf_release(&text);
}

static void misfit(const struct look *l, const struct expr_path *p, size_t i, const char *kind)
{
	struct buf text = BUF_INIT;

	buf_add_text(&text, "an expression names ");
	add_path(p, i + 1, &text);
	buf_add_text(&text, ", but ");
	add_path(p, i, &text);
	buf_addf(&text, " is %s in what is expected", kind);
	if (p->segments[i].kind == SEGMENT_KEY && strcmp(kind, "a list") == 0)
		buf_add_text(&text, "; write [0] behind it for its first item, [] for each");
	warn(l, &text);
	buf_release(&text);
}

static const char *kind_of(const cJSON *node)
{
	if (cJSON_IsObject(node))
		return "an object";
	if (cJSON_IsArray(node))
		return "a list";
	return cJSON_IsString(node) ? "text" : cJSON_IsBool(node) ? "true or false" : "a number";
}

/* null fits anything, an empty list or object says nothing of what is in it. */
static void follow(const struct look *l, const struct expr_path *p, enum scope_part part,
		   const cJSON *node)
{
	for (size_t i = 1; i < p->count; i++) {
		const struct expr_segment *g = &p->segments[i];
		bool container = cJSON_IsObject(node) || cJSON_IsArray(node);
		if (cJSON_IsNull(node) || (container && !node->child && part != SCOPE_PATH))
			return;
		if (g->kind == SEGMENT_KEY && cJSON_IsObject(node)) {
			const cJSON *member = json_get(node, g->key);
			if (!member && (!p->guarded || p->compared))
				absent(l, p, i, part, node);
			if (!member)
				return;
			node = member;
		} else if (g->kind != SEGMENT_KEY && cJSON_IsArray(node)) {
			node = node->child;
		} else if (g->kind == SEGMENT_EACH && cJSON_IsObject(node)) {
			return;
		} else if (part == SCOPE_BODY || part == SCOPE_ITEM) {
			misfit(l, p, i, kind_of(node));
			return;
		} else {
			return; /* a parameter that came twice is a list */
		}
	}
}

/* .headers["X-Topic"] is never there: the names are in lower case. */
static bool check_case(const struct look *l, const struct expr_path *p)
{
	const struct expr_segment *g = &p->segments[1];
	char *lower = mem_dup_len(g->key, g->key_len);
	struct buf text = BUF_INIT;

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	bool mixed = strcmp(lower, g->key) != 0;
	if (mixed) {
		buf_add_text(&text, "an expression names ");
		add_path(p, 2, &text);
		buf_add_text(&text, ", but the names of headers are in lower case: write .headers[");
		hint_key((struct slice){lower, g->key_len}, &text);
		buf_add_char(&text, ']');
		warn(l, &text);
	}
	buf_release(&text);
	free(lower);
	return mixed;
}

/* ---- what is known ---- */

static const cJSON *expected_body(const struct flow *f)
{
	return json_get(json_get(json_get(f->json, "webhook"), "expected"), "body");
}

/* The innermost loop that a step stands in, or NULL. */
static const struct step *loop_around(const struct flow *f, const struct step *s)
{
	for (size_t i = s->number; i-- > 0;) {
		const struct step *loop = f->all[i];
		if (loop->type && loop->type->way == WAY_LOOPS && s->number <= loop->number + loop->n_inner)
			return loop;
	}
	return NULL;
}

/* An expression that is a path, or one with a list in its place: .body.items // [] */
static void keep_path(void *arg, struct slice expression, const char *pointer)
{
	struct expr_paths *paths = arg;
	const char *end = memmem(expression.ptr, expression.len, "//", 2);
	struct slice rest = {end, end ? (size_t)(expression.ptr + expression.len - end) : 0};
	char *other = mem_dup_len(rest.ptr ? rest.ptr : "", rest.len);

	(void)pointer;
	if (end && strspn(other, "/ []") == rest.len)
		expression.len = (size_t)(end - expression.ptr);
	struct path *plain = path_parse(expression);
	if (plain && !paths->count)
		expr_paths_read(expression, paths);
	path_free(plain);
	free(other);
}

/* What an item of the loop is, as far as that is expected; or NULL. outer: what an item of the
 * loop around it is. */
static const cJSON *item_sample(const struct flow *f, const struct step *loop, const cJSON *outer)
{
	const struct arg *items = loop ? arg_find(&loop->args, "items") : NULL;
	struct expr_paths paths = {0};
	const cJSON *node = NULL;

	if (items && items->value && cJSON_IsString(items->node))
		value_expressions(items->value, keep_path, &paths);
	if (paths.count == 1) {
		const struct expr_path *p = &paths.list[0];
		const char *part = p->segments[0].key;
		node = strcmp(part, "body") == 0 ? expected_body(f) : strcmp(part, "item") == 0 ? outer : NULL;
		for (size_t i = 1; i < p->count && node; i++)
			node = p->segments[i].kind == SEGMENT_KEY ? json_get(node, p->segments[i].key)
								  : cJSON_IsArray(node) ? node->child : NULL;
		node = cJSON_IsArray(node) ? node->child : NULL;
	}
	expr_paths_release(&paths);
	return node;
}

/* What .item is to a loop's own parameters, or to the steps in it. Loops within loops are few. */
static const cJSON *item_of(const struct flow *f, const struct step *loop)
{
	const struct step *around = loop ? loop_around(f, loop) : NULL;

	return item_sample(f, loop, around ? item_of(f, around) : NULL);
}

/* What is known of a part of the scope, or NULL; *own is what the caller deletes. */
static const cJSON *known_of(const struct look *l, enum scope_part part, cJSON **own)
{
	const struct flow *f = l->flow;
	const cJSON *expected = json_get(json_get(f->json, "webhook"), "expected"), *member;
	const cJSON *sample = json_get(expected, scope_part_name(part));
	struct err unread;

	*own = NULL;
	if (part == SCOPE_ITEM)
		return item_of(f, l->loop);
	if (part == SCOPE_BODY || part == SCOPE_QUERY)
		return sample;
	if (part == SCOPE_HEADERS) {
		cJSON *lower = *own = cJSON_CreateObject();
		cJSON_ArrayForEach(member, sample) {
			char *name = mem_dup(member->string);
			for (char *c = name; *c; c++)
				*c = (char)tolower((unsigned char)*c);
			cJSON_AddNullToObject(lower, name);
			free(name);
		}
		return lower;
	}
	if (part != SCOPE_EVENT && part != SCOPE_PATH)
		return NULL;
	/* The same for every event: its member names, and the parts of the suffix. */
	const char *suffix = f->webhook.url_suffix ? f->webhook.url_suffix : "/";
	struct scope_event event = {.method = "", .path = suffix, .query = "", .headers = "[]",
				    .suffix = suffix, .remote = "", .trigger = ""};
	struct scope *s = scope_new(&event);
	struct slice json = scope_part(s, part);
	*own = json_parse(json.ptr, json.len, &unread);
	scope_free(s);
	return *own;
}

static void check_expression(void *arg, struct slice expression, const char *pointer)
{
	struct look *l = arg;
	struct expr_paths paths;

	expr_paths_read(expression, &paths);
	l->at = mem_format("%s%s", l->pointer, pointer);
	for (size_t i = 0; i < paths.count; i++) {
		const struct expr_path *p = &paths.list[i];
		const struct expr_segment *g = p->segments;
		enum scope_part part = (enum scope_part)scope_part_find(g[0].key, g[0].key_len);
		if (p->count < 2 ||
		    (part == SCOPE_HEADERS && g[1].kind == SEGMENT_KEY && check_case(l, p)))
			continue;
		cJSON *own;
		const cJSON *known = known_of(l, part, &own);
		if (known)
			follow(l, p, part, known);
		cJSON_Delete(own);
	}
	free(l->at);
	expr_paths_release(&paths);
}

void check_sample(const struct flow *f, struct faults *faults, const struct step *s,
		  const struct arg *a, const struct value *v)
{
	struct look l = {.flow = f, .faults = faults, .pointer = a->pointer};

	/* Every parameter of an aggregate, and result of a for_each, sees the items of its own step. */
	l.loop = a->param->flags & PARAM_ITEM ? s : loop_around(f, s);

	value_expressions(v, check_expression, &l);
}
