/* SPDX-License-Identifier: MIT */
/* Checks an object of the document against its declaration. It never stops at the first
 * fault: a person mends them all in one go. */
#include "flow/param.h"

#include "common/mem.h"
#include "common/nearest.h"
#include "flow/document.h"
#include "flow/scalar.h"

#include <stdlib.h>
#include <string.h>

static size_t params_count(const struct param *params)
{
	size_t n = 0;

	while (params && params[n].name)
		n++;
	return n;
}

/* One value with holes. When it is faulty, the leaves are tried one by one, so that each
 * fault stands at the very string. err is shared by all levels: a document may be deep and a
 * thread of the front has a small stack. */
static void value_faults(struct reader *r, const struct where *at, const cJSON *node,
			 unsigned flags, struct err *err)
{
	size_t before = r->faults->count, i = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, node) {
		struct where here = {at, cJSON_IsObject(node) ? item->string : NULL, i++};
		struct value *v = value_compile(item, r->program, flags, err);
		if (!v)
			value_faults(r, &here, item, flags, err);
		value_free(v);
	}
	if (r->faults->count == before)
		fault_at(r->faults, at, "%s", err->text);
}

static struct value *read_value(struct reader *r, const struct where *at, const struct param *p,
				const cJSON *node)
{
	unsigned flags = (p->flags & PARAM_SECRETS ? VALUE_SECRETS : 0) |
			 (p->flags & PARAM_PLAIN ? VALUE_PLAIN : 0);
	struct err err;
	struct value *v = value_compile(node, r->program, flags, &err);

	if (!v)
		value_faults(r, at, node, flags, &err);
	return v;
}

/* What stands in the document as it will be sent; an expression may well break its lines, and
 * what it yields is checked when it has. */
static bool has_control(const cJSON *node)
{
	const cJSON *item;

	if (cJSON_IsArray(node)) {
		cJSON_ArrayForEach(item, node)
			if (has_control(item))
				return true;
		return false;
	}
	if (!cJSON_IsString(node) || strstr(node->valuestring, "{{"))
		return false;
	for (const char *p = node->valuestring; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
			return true;
	return false;
}

static void read_header(struct reader *r, const struct where *at, const struct param *p,
			const char *name, const cJSON *node, struct arg *out)
{
	const char *why = p->refuse ? p->refuse(name) : NULL;

	if (why) {
		fault_at(r->faults, at, "header \"%.80s\" %s", name, why);
		return;
	}
	if (cJSON_IsObject(node)) {
		fault_at(r->faults, at, "header \"%.80s\" must be text or a list of texts, "
			 "not an object", name);
		return;
	}
	if (has_control(node)) {
		fault_at(r->faults, at, "header \"%.80s\" holds a line break or another control character, "
			 "which a header's value cannot have", name);
		return;
	}
	out->headers = mem_resize(out->headers, out->n_headers + 1, sizeof(*out->headers));
	out->headers[out->n_headers++] = (struct arg_header){name, read_value(r, at, p, node)};
}

static void read_headers(struct reader *r, const struct where *at, const struct param *p,
			 const cJSON *node, struct arg *out)
{
	const cJSON *item;
	size_t i = 0;

	if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, cJSON_IsObject(node) ? item->string : NULL, i++};
		if (cJSON_IsObject(node)) {
			read_header(r, &here, p, item->string, item, out);
			continue;
		}
		if (cJSON_GetArraySize(item) != 2 || !cJSON_IsString(item->child)) {
			fault_at(r->faults, &here, "an item of \"%s\" must be a pair: "
				 "[\"Name\", value]", p->name);
			continue;
		}
		struct where value_at = {&here, NULL, 1};
		read_header(r, &value_at, p, item->child->valuestring, item->child->next, out);
	}
}

static void read_object(struct reader *r, const struct where *at, const struct param *p,
			const struct param *members, const cJSON *node, struct arg *out)
{
	if (!cJSON_IsObject(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	out->items = mem_resize(out->items, out->n_items + 1, sizeof(*out->items));
	struct args *args = &out->items[out->n_items++];
	*args = (struct args){0};
	param_unknown(r, at, node, members, NULL);
	param_read(r, at, node, members, args);
}

static void read_list(struct reader *r, const struct where *at, const struct param *p,
		      const cJSON *node, struct arg *out)
{
	const cJSON *item;
	size_t i = 0;

	if (!cJSON_IsArray(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	if (!node->child && (p->flags & PARAM_REQUIRED))
		fault_at(r->faults, at, "\"%s\" is empty; %s", p->name, p->text);
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, NULL, i++};
		if (!cJSON_IsObject(item))
			fault_at(r->faults, &here, "an item of \"%s\" must be an object, not %s",
				 p->name, scalar_type(item));
		else
			read_object(r, &here, p, p->members, item, out);
	}
}

static void read_named(struct reader *r, const struct where *at, const struct param *p,
		       const cJSON *node, struct arg *out)
{
	const cJSON *item;

	if (!cJSON_IsObject(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	if (!node->child)
		fault_at(r->faults, at, "\"%s\" is empty; %s", p->name, p->text);
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, item->string, 0};
		const char *why = p->refuse ? p->refuse(item->string) : NULL;
		if (why)
			fault_at(r->faults, &here, "\"%.80s\" %s", item->string, why);
		if (!cJSON_IsObject(item))
			fault_at(r->faults, &here, "\"%.80s\" must be an object, not %s",
				 item->string, scalar_type(item));
		else
			read_object(r, &here, p, p->members, item, out);
	}
}

static void read_kind(struct reader *r, const struct where *at, const struct param *p,
		      const cJSON *node, struct arg *out)
{
	static const struct param type_param[] = {{.name = "type"}, {0}};
	const cJSON *type = json_get(node, "type");
	struct where type_at = {at, "type", 0};
	char hint[128];

	if (!cJSON_IsObject(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	if (!cJSON_IsString(type)) {
		fault_at(r->faults, type ? &type_at : at, "\"%s\" must say its \"type\" as text",
			 p->name);
		return;
	}
	struct nearest near = {.word = type->valuestring};
	for (const struct param_kind *k = p->kinds; k->name; k++) {
		nearest_offer(&near, k->name);
		if (strcmp(k->name, type->valuestring) != 0)
			continue;
		if (k->later) {
			fault_at(r->faults, &type_at, "%s", k->later);
			return;
		}
		out->kind = k;
		out->items = mem_array(1, sizeof(*out->items));
		out->n_items = 1;
		param_unknown(r, at, node, k->params, type_param);
		param_read(r, at, node, k->params, out->items);
		return;
	}
	struct buf known = BUF_INIT;
	for (const struct param_kind *k = p->kinds; k->name; k++) {
		if (!k->later)
			buf_addf(&known, "%s%s", known.len ? ", " : "", k->name);
	}
	fault_at(r->faults, &type_at, "unknown type \"%.80s\" of \"%s\"%s%s known are: %s",
		 type->valuestring, p->name, nearest_hint(&near, hint), near.best ? "" : ";",
		 known.ptr);
	buf_release(&known);
}

static void read_steps(struct reader *r, const struct where *at, const struct param *p,
		       const cJSON *node, struct arg *out)
{
	if (cJSON_IsArray(node))
		out->steps = steps_read(r, at, node);
	else if (p->choices && cJSON_IsString(node))
		scalar_choice(r, at, p, node->valuestring);
	else
		scalar_wrong(r, at, p, node);
}

static void read_one(struct reader *r, const struct where *at, const struct param *p,
		     const cJSON *node, struct arg *out)
{
	switch (p->type) {
	case PARAM_TEXT: scalar_text(r, at, p, node); return;
	case PARAM_TEXTS: scalar_texts(r, at, p, node); return;
	case PARAM_WORDS: scalar_words(r, at, p, node); return;
	case PARAM_CHOICE: scalar_word(r, at, p, node); return;
	case PARAM_BOOL:
		if (!cJSON_IsBool(node))
			scalar_wrong(r, at, p, node);
		return;
	case PARAM_INT:
	case PARAM_MS:
	case PARAM_NUMBER: scalar_number(r, at, p, node); return;
	case PARAM_ANY: return;
	case PARAM_MAP:
		if (!cJSON_IsObject(node))
			scalar_wrong(r, at, p, node);
		return;
	case PARAM_TEXT_VALUE:
	case PARAM_MAP_VALUE:
	case PARAM_VALUE:
		if ((p->type == PARAM_TEXT_VALUE && !cJSON_IsString(node)) ||
		    (p->type == PARAM_MAP_VALUE && !cJSON_IsObject(node)))
			scalar_wrong(r, at, p, node);
		else
			out->value = read_value(r, at, p, node);
		return;
	case PARAM_HEADERS: read_headers(r, at, p, node, out); return;
	case PARAM_STATUSES: scalar_statuses(r, at, p, node); return;
	case PARAM_STEPS: read_steps(r, at, p, node, out); return;
	case PARAM_OBJECT:
		if (!(p->flags & PARAM_OR_TRUE) || !cJSON_IsBool(node))
			read_object(r, at, p, p->members, node, out);
		return;
	case PARAM_LIST: read_list(r, at, p, node, out); return;
	case PARAM_NAMED: read_named(r, at, p, node, out); return;
	case PARAM_KIND: read_kind(r, at, p, node, out); return;
	case PARAM_LATER: fault_at(r->faults, at, "\"%s\" %s", p->name, p->text); return;
	}
}

void param_read(struct reader *r, const struct where *at, const cJSON *object,
		const struct param *params, struct args *out)
{
	out->count = params_count(params);
	out->list = mem_array(out->count + 1, sizeof(*out->list));
	for (size_t i = 0; i < out->count; i++) {
		const struct param *p = &params[i];
		struct arg *a = &out->list[i];
		struct where here = {at, p->name, 0};
		a->param = p;
		a->node = json_get(object, p->name);
		if (a->node) {
			a->pointer = where_pointer(&here);
			read_one(r, &here, p, a->node, a);
		} else if (p->flags & PARAM_REQUIRED) {
			fault_at(r->faults, at, "\"%s\" is missing: %s", p->name, p->text);
		}
	}
}

static bool offers(const struct param *params, struct nearest *near)
{
	for (; params && params->name; params++) {
		if (strcmp(params->name, near->word) == 0)
			return true;
		nearest_offer(near, params->name);
	}
	return false;
}

void param_unknown(struct reader *r, const struct where *at, const cJSON *object,
		   const struct param *a, const struct param *b)
{
	char hint[128];
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		struct nearest near = {.word = member->string};
		if (offers(a, &near) || offers(b, &near))
			continue;
		struct where here = {at, member->string, 0};
		fault_at(r->faults, &here, "unknown member \"%.80s\"%s", member->string,
			 nearest_hint(&near, hint));
	}
}
