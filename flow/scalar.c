/* SPDX-License-Identifier: MIT */
/* Checks one argument without members: a text, a word, a number, or a list of them. Each
 * sentence names the parameter, because a pointer alone says little to a person. */
#include "flow/scalar.h"

#include "common/buf.h"
#include "common/nearest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *scalar_type(const cJSON *node)
{
	if (cJSON_IsString(node))
		return "text";
	if (json_is_number(node))
		return "a number";
	if (cJSON_IsObject(node))
		return "an object";
	if (cJSON_IsArray(node))
		return "a list";
	if (cJSON_IsBool(node))
		return "true or false";
	return "null";
}

void scalar_wrong(struct reader *r, const struct where *at, const struct param *p,
		       const cJSON *node)
{
	fault_at(r->faults, at, "\"%s\" must be %s, not %s", p->name, param_type_text(p->type),
		 scalar_type(node));
}

/* choices_text is "a", "b" or "c". */
static char *choices_text(const char *const *choices, bool quoted)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; choices[i]; i++) {
		if (i)
			buf_add_text(&out, choices[i + 1] ? ", " : " or ");
		buf_addf(&out, quoted ? "\"%s\"" : "%s", choices[i]);
	}
	return buf_take(&out);
}

bool scalar_choice(struct reader *r, const struct where *at, const struct param *p,
			 const char *word)
{
	struct nearest near = {.word = word};
	char hint[128];

	for (size_t i = 0; p->choices[i]; i++) {
		if (strcmp(p->choices[i], word) == 0)
			return true;
		nearest_offer(&near, p->choices[i]);
	}
	char *list = choices_text(p->choices, true);
	fault_at(r->faults, at, "\"%s\" cannot be \"%.80s\"%s%s it is %s", p->name, word,
		 nearest_hint(&near, hint), near.best ? "" : ";", list);
	free(list);
	return false;
}

void scalar_text(struct reader *r, const struct where *at, const struct param *p,
		      const cJSON *node)
{
	if (!cJSON_IsString(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	const char *text = node->valuestring;
	int64_t len = (int64_t)strlen(text);
	if (len == 0 && (p->flags & PARAM_REQUIRED)) {
		fault_at(r->faults, at, "\"%s\" is empty; %s", p->name, p->text);
		return;
	}
	if (p->max && len > p->max) {
		fault_at(r->faults, at, "\"%s\" has %lld bytes; at most %lld are allowed", p->name,
			 (long long)len, (long long)p->max);
		return;
	}
	const char *why = p->refuse ? p->refuse(text) : NULL;
	if (why)
		fault_at(r->faults, at, "\"%s\": \"%.80s\" %s", p->name, text, why);
}

void scalar_texts(struct reader *r, const struct where *at, const struct param *p,
		       const cJSON *node)
{
	const cJSON *item;
	size_t i = 0;

	if (cJSON_IsString(node)) {
		scalar_text(r, at, p, node);
		return;
	}
	if (!cJSON_IsArray(node) || (!node->child && (p->flags & PARAM_REQUIRED))) {
		scalar_wrong(r, at, p, node);
		return;
	}
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, NULL, i++};
		scalar_text(r, &here, p, item);
	}
}

void scalar_words(struct reader *r, const struct where *at, const struct param *p,
		       const cJSON *node)
{
	const cJSON *item, *other;
	size_t i = 0;

	if (!cJSON_IsArray(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	if (!node->child)
		fault_at(r->faults, at, "\"%s\" is empty; %s", p->name, p->text);
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, NULL, i++};
		if (!cJSON_IsString(item)) {
			fault_at(r->faults, &here, "an item of \"%s\" must be text, not %s",
				 p->name, scalar_type(item));
			continue;
		}
		if (!scalar_choice(r, &here, p, item->valuestring))
			continue;
		for (other = node->child; other != item; other = other->next) {
			if (cJSON_IsString(other) &&
			    strcmp(other->valuestring, item->valuestring) == 0)
				break;
		}
		if (other != item)
			fault_at(r->faults, &here, "\"%s\" stands twice in \"%s\"",
				 item->valuestring, p->name);
	}
}

void scalar_word(struct reader *r, const struct where *at, const struct param *p,
			const cJSON *node)
{
	if (!cJSON_IsString(node))
		scalar_wrong(r, at, p, node);
	else
		scalar_choice(r, at, p, node->valuestring);
}

void scalar_number(struct reader *r, const struct where *at, const struct param *p,
			const cJSON *node)
{
	if (!json_is_number(node)) {
		scalar_wrong(r, at, p, node);
		return;
	}
	/* One that no double holds is kept as its text. */
	double n = cJSON_IsNumber(node) ? node->valuedouble : strtod(node->valuestring, NULL);
	if (p->type != PARAM_NUMBER && n != floor(n)) {
		fault_at(r->faults, at, "\"%s\" must be a whole number", p->name);
		return;
	}
	if (p->choices) {
		char *list = choices_text(p->choices, false), text[32];
		snprintf(text, sizeof(text), "%.0f", n);
		size_t i = 0;
		while (p->choices[i] && strcmp(p->choices[i], text) != 0)
			i++;
		if (!p->choices[i])
			fault_at(r->faults, at, "\"%s\" cannot be %s; it is %s%s%s", p->name, text,
				 list, p->pattern ? "; " : "", p->pattern ? p->pattern : "");
		free(list);
		return;
	}
	if (n < (double)p->min || (p->max && n > (double)p->max))
		fault_at(r->faults, at, "\"%s\" must be between %lld and %lld%s", p->name,
			 (long long)p->min, (long long)p->max,
			 p->type == PARAM_MS ? " milliseconds" : "");
}

void scalar_statuses(struct reader *r, const struct where *at, const struct param *p,
			  const cJSON *node)
{
	const cJSON *item;
	size_t i = 0;

	if (!cJSON_IsArray(node) || !node->child) {
		scalar_wrong(r, at, p, node);
		return;
	}
	cJSON_ArrayForEach(item, node) {
		struct where here = {at, NULL, i++};
		int from = 0, to = 0, end = 0;
		if (cJSON_IsNumber(item) && item->valuedouble == item->valueint)
			from = to = item->valueint;
		else if (cJSON_IsString(item) &&
			 (sscanf(item->valuestring, "%3d-%3d%n", &from, &to, &end) != 2 ||
			  item->valuestring[end]))
			from = to = 0;
		if (from < 100 || to > 599 || from > to)
			fault_at(r->faults, &here,
				 "an item of \"%s\" must be a status like 404 or a range like "
				 "\"200-299\"", p->name);
	}
}

bool scalar_has_status(const cJSON *list, int status)
{
	const cJSON *item;
	int from, to;

	cJSON_ArrayForEach(item, list) {
		from = to = item->valueint;
		if (cJSON_IsString(item) && sscanf(item->valuestring, "%d-%d", &from, &to) != 2)
			continue;
		if (status >= from && status <= to)
			return true;
	}
	return false;
}
