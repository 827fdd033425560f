/* SPDX-License-Identifier: MIT */
/* Conditions: what a request must be for a scheme or a handshake to look at it. */
#include "flow/system_inner.h"

#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static const struct pattern *make_pattern(struct maker *m, const char *pointer, const cJSON *node)
{
	const char *text = json_text(node, "matches", NULL);
	struct pattern *p = mem_new(sizeof(*p));
	char *whole = mem_format("^(%s)$", text ? text : "");

	if (!text || cJSON_GetArraySize(node) != 1 || regcomp(&p->regex, whole, REG_EXTENDED | REG_NOSUB) != 0) {
		fault_add(m->faults, pointer, NULL, "{\"matches\": PATTERN} is the only object a condition knows, "
			  "with an extended regular expression for the whole value");
		free(p);
		p = NULL;
	} else {
		p->next = m->held->patterns;
		m->held->patterns = p;
	}
	free(whole);
	return p;
}

const struct system_condition *make_condition(struct maker *m, const struct arg *a, unsigned place)
{
	if (!cJSON_IsObject(a->node))
		return NULL;
	struct system_condition *c = make_own(m, mem_new(sizeof(*c)));
	const cJSON *item;

	c->rules = make_own(m, mem_array(1 + (size_t)cJSON_GetArraySize(a->node), sizeof(*c->rules)));
	cJSON_ArrayForEach(item, a->node) {
		struct rule r = {make_source(m, a->pointer, item->string, place), item, NULL};
		if (cJSON_IsObject(item))
			r.matches = make_pattern(m, a->pointer, item);
		if (r.source)
			c->rules[c->n++] = r;
	}
	return c;
}

static bool same_json(struct slice value, const cJSON *wanted)
{
	struct buf mine = BUF_INIT, theirs = BUF_INIT;
	bool text = jsontext_kind(value) == JSONTEXT_STRING, same;

	if (text != (cJSON_IsString(wanted) != 0))
		return false;
	if (text) {
		jsontext_string(value, &mine);
		buf_add_text(&theirs, wanted->valuestring);
	} else {
		jsontext_compact(value, &mine);
		char *print = json_print(wanted);
		buf_add_text(&theirs, print);
		free(print);
	}
	same = mine.len == theirs.len && memcmp(mine.ptr, theirs.ptr, mine.len) == 0;
	buf_release(&mine);
	buf_release(&theirs);
	return same;
}

static bool same_text(struct slice value, const cJSON *wanted)
{
	char *print = cJSON_IsString(wanted) ? mem_dup(wanted->valuestring) : json_print(wanted);
	bool same = strlen(print) == value.len && memcmp(print, value.ptr, value.len) == 0;

	free(print);
	return same;
}

static bool matches(const struct rule *r, struct system_view *v)
{
	struct buf value = BUF_INIT;
	bool does = system_source_add(r->source, v, &value) == 1 && value.len <= PATTERN_VALUE_MAX &&
		    !memchr(value.ptr, '\0', value.len) &&
		    regexec(&r->matches->regex, value.ptr, 0, NULL, 0) == 0;

	buf_release(&value);
	return does;
}

static bool rule_holds(const struct rule *r, struct system_view *v)
{
	bool json = r->source->kind == SOURCE_JSON || r->source->kind == SOURCE_ITEM;

	if (r->matches)
		return matches(r, v);
	struct buf value = BUF_INIT;
	struct slice found = {NULL, 0};
	bool there, holds;

	if (json) {
		there = system_source_json(r->source, v, &found);
	} else {
		there = system_source_add(r->source, v, &value) > 0;
		found = buf_slice(&value);
	}
	if (json && there && cJSON_IsBool(r->wanted))
		there = jsontext_kind(found) != JSONTEXT_NULL;
	if (cJSON_IsBool(r->wanted))
		holds = there == (cJSON_IsTrue(r->wanted) != 0);
	else
		holds = there && (json ? same_json(found, r->wanted) : same_text(found, r->wanted));
	buf_release(&value);
	return holds;
}

bool system_condition_holds(const struct system_condition *c, struct system_view *v)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (!rule_holds(&c->rules[i], v))
			return false;
	return true;
}

bool system_condition_early(const struct system_condition *c, struct system_view *v)
{
	for (size_t i = 0; c && i < c->n; i++)
		if (source_early(c->rules[i].source) && !rule_holds(&c->rules[i], v))
			return false;
	return true;
}
