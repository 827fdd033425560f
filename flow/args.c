/* SPDX-License-Identifier: MIT */
/* The arguments: parameters as one document sets them. Asking for an undeclared name is a
 * mistake of this program, not of the document. */
#include "flow/param.h"

#include "flow/document.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *param_type_text(enum param_type type)
{
	switch (type) {
	case PARAM_TEXT: return "text";
	case PARAM_TEXTS: return "text or a list of texts";
	case PARAM_WORDS: return "a list of words";
	case PARAM_CHOICE: return "a word";
	case PARAM_BOOL: return "true or false";
	case PARAM_INT: return "a whole number";
	case PARAM_MS: return "a whole number of milliseconds";
	case PARAM_NUMBER: return "a number";
	case PARAM_ANY: return "any JSON";
	case PARAM_MAP: return "an object";
	case PARAM_VALUE: return "any JSON";
	case PARAM_TEXT_VALUE: return "text";
	case PARAM_MAP_VALUE: return "an object";
	case PARAM_HEADERS: return "an object or a list of pairs";
	case PARAM_STATUSES: return "a list of statuses like [200, \"400-499\"]";
	case PARAM_STEPS: return "a list of steps";
	case PARAM_OBJECT: return "an object";
	case PARAM_LIST: return "a list of objects";
	case PARAM_NAMED: return "an object of objects";
	case PARAM_KIND: return "an object with a \"type\"";
	case PARAM_LATER: return "left out";
	}
	return "something else";
}

void args_release(struct args *a)
{
	for (size_t i = 0; i < a->count; i++) {
		struct arg *one = &a->list[i];
		free(one->pointer);
		value_free(one->value);
		for (size_t k = 0; k < one->n_headers; k++)
			value_free(one->headers[k].value);
		free(one->headers);
		steps_free(one->steps);
		for (size_t k = 0; k < one->n_items; k++)
			args_release(&one->items[k]);
		free(one->items);
	}
	free(a->list);
	*a = (struct args){0};
}

const struct arg *arg_find(const struct args *a, const char *name)
{
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->list[i].param->name, name) == 0)
			return &a->list[i];
	}
	assert(!"the parameter is declared");
	abort();
}

bool arg_given(const struct args *a, const char *name)
{
	return arg_find(a, name)->node != NULL;
}

const char *arg_text(const struct args *a, const char *name)
{
	const struct arg *one = arg_find(a, name);

	return cJSON_IsString(one->node) ? one->node->valuestring : one->param->fallback;
}

double arg_number(const struct args *a, const char *name)
{
	const struct arg *one = arg_find(a, name);

	if (cJSON_IsNumber(one->node))
		return one->node->valuedouble;
	return one->param->fallback ? strtod(one->param->fallback, NULL) : 0;
}

int64_t arg_int(const struct args *a, const char *name)
{
	return (int64_t)arg_number(a, name);
}

bool arg_bool(const struct args *a, const char *name)
{
	const struct arg *one = arg_find(a, name);

	if (cJSON_IsBool(one->node))
		return cJSON_IsTrue(one->node);
	return one->param->fallback && strcmp(one->param->fallback, "true") == 0;
}

const struct args *arg_object(const struct args *a, const char *name)
{
	const struct arg *one = arg_find(a, name);

	return one->n_items ? &one->items[0] : NULL;
}

void arg_each(const struct args *a,
	      void (*each)(void *arg, const struct arg *a, const struct value *v), void *arg)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct arg *one = &a->list[i];
		if (one->value)
			each(arg, one, one->value);
		for (size_t k = 0; k < one->n_headers; k++) {
			if (one->headers[k].value)
				each(arg, one, one->headers[k].value);
		}
		for (size_t k = 0; k < one->n_items; k++)
			arg_each(&one->items[k], each, arg);
	}
}
