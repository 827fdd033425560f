/* SPDX-License-Identifier: MIT */
/* Draws schema/flow.schema.json (JSON Schema 2020-12) from the declarations, so that an
 * editor's completion and the checker cannot disagree. */
#include "flow/document.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static cJSON *typed(const char *type)
{
	cJSON *node = cJSON_CreateObject();

	json_add_text(node, "type", type);
	return node;
}

static cJSON *reference(const char *to)
{
	cJSON *node = cJSON_CreateObject();

	json_add_text(node, "$ref", to);
	return node;
}

static cJSON *any_of(cJSON *a_take, cJSON *b_take)
{
	cJSON *node = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(node, "anyOf");

	cJSON_AddItemToArray(list, a_take);
	cJSON_AddItemToArray(list, b_take);
	return node;
}

static void add_choices(cJSON *node, const struct param *p)
{
	cJSON *list = cJSON_AddArrayToObject(node, "enum");

	for (size_t i = 0; p->choices[i]; i++)
		cJSON_AddItemToArray(list, p->type == PARAM_INT
						   ? cJSON_CreateNumber(atoi(p->choices[i]))
						   : cJSON_CreateString(p->choices[i]));
}

static cJSON *text_schema(const struct param *p)
{
	cJSON *node = typed("string");

	if (p->max)
		json_add_int(node, "maxLength", p->max);
	if (p->flags & PARAM_REQUIRED)
		json_add_int(node, "minLength", 1);
	if (p->pattern)
		json_add_text(node, "pattern", p->pattern);
	return node;
}

static cJSON *number_schema(const struct param *p)
{
	cJSON *node = typed(p->type == PARAM_NUMBER ? "number" : "integer");

	if (p->choices) {
		add_choices(node, p);
		return node;
	}
	json_add_int(node, "minimum", p->min);
	if (p->max)
		json_add_int(node, "maximum", p->max);
	return node;
}

static cJSON *list_of(cJSON *item_take)
{
	cJSON *node = typed("array");

	cJSON_AddItemToObject(node, "items", item_take);
	return node;
}

static void add_params(cJSON *properties, cJSON *required, const struct param *params);

static cJSON *object_schema(const struct param *params)
{
	cJSON *node = typed("object");
	cJSON *required = cJSON_CreateArray();

	add_params(cJSON_AddObjectToObject(node, "properties"), required, params);
	if (required->child)
		cJSON_AddItemToObject(node, "required", required);
	else
		cJSON_Delete(required);
	cJSON_AddBoolToObject(node, "additionalProperties", false);
	return node;
}

/* One of several objects, told apart by "type". */
static cJSON *kind_schema(const char *name, const char *text, const struct param *common,
			  const struct param *params)
{
	cJSON *node = typed("object"), *required = cJSON_CreateArray();
	cJSON *properties = cJSON_AddObjectToObject(node, "properties");

	json_add_text(node, "description", text);
	cJSON_AddItemToObject(node, "required", required);
	if (common)
		add_params(properties, required, common);
	else
		cJSON_AddItemToArray(required, cJSON_CreateString("type"));
	cJSON_DeleteItemFromObjectCaseSensitive(properties, "type");
	cJSON *type = cJSON_AddObjectToObject(properties, "type");
	json_add_text(type, "const", name);
	add_params(properties, required, params);
	cJSON_AddBoolToObject(node, "additionalProperties", false);
	return node;
}

static cJSON *kinds_schema(const struct param *p)
{
	cJSON *node = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(node, "oneOf");

	for (const struct param_kind *k = p->kinds; k->name; k++) {
		if (!k->later)
			cJSON_AddItemToArray(list, kind_schema(k->name, k->text, NULL, k->params));
	}
	return node;
}

static cJSON *words_schema(const struct param *p)
{
	cJSON *item = typed("string"), *node;

	add_choices(item, p);
	node = list_of(item);
	json_add_int(node, "minItems", 1);
	cJSON_AddBoolToObject(node, "uniqueItems", true);
	return node;
}

static cJSON *steps_schema(const struct param *p)
{
	cJSON *word, *steps = reference("#/$defs/steps");

	if (!p->choices)
		return steps;
	word = typed("string");
	add_choices(word, p);
	return any_of(word, steps);
}

static cJSON *statuses_schema(void)
{
	cJSON *text = typed("string"), *number = typed("integer"), *node;

	json_add_text(text, "pattern", "^[1-5][0-9][0-9]-[1-5][0-9][0-9]$");
	json_add_int(number, "minimum", 100);
	json_add_int(number, "maximum", 599);
	node = list_of(any_of(number, text));
	json_add_int(node, "minItems", 1);
	return node;
}

static cJSON *param_schema(const struct param *p)
{
	cJSON *node;

	switch (p->type) {
	case PARAM_TEXT: return text_schema(p);
	case PARAM_TEXTS: return any_of(text_schema(p), list_of(text_schema(p)));
	case PARAM_WORDS: return words_schema(p);
	case PARAM_CHOICE:
		node = typed("string");
		add_choices(node, p);
		return node;
	case PARAM_BOOL: return typed("boolean");
	case PARAM_INT:
	case PARAM_MS:
	case PARAM_NUMBER: return number_schema(p);
	case PARAM_ANY:
	case PARAM_VALUE: return cJSON_CreateObject();
	case PARAM_MAP:
	case PARAM_MAP_VALUE: return typed("object");
	case PARAM_TEXT_VALUE: return typed("string");
	case PARAM_HEADERS: return any_of(typed("object"), list_of(typed("array")));
	case PARAM_STATUSES: return statuses_schema();
	case PARAM_STEPS: return steps_schema(p);
	case PARAM_OBJECT:
		node = object_schema(p->members);
		return p->flags & PARAM_OR_TRUE ? any_of(typed("boolean"), node) : node;
	case PARAM_LIST: return list_of(object_schema(p->members));
	case PARAM_NAMED:
		node = typed("object");
		json_add_int(node, "minProperties", 1);
		cJSON_AddItemToObject(node, "additionalProperties", object_schema(p->members));
		return node;
	case PARAM_KIND: return kinds_schema(p);
	case PARAM_LATER: return NULL;
	}
	return NULL;
}

static void add_default(cJSON *node, const struct param *p)
{
	if (!p->fallback)
		return;
	if (p->type == PARAM_INT || p->type == PARAM_MS || p->type == PARAM_NUMBER)
		json_add_raw(node, "default", p->fallback);
	else
		json_add_text(node, "default", p->fallback);
}

static void add_params(cJSON *properties, cJSON *required, const struct param *params)
{
	for (const struct param *p = params; p->name; p++) {
		cJSON *node = param_schema(p);
		if (!node)
			continue;
		if (p->flags & PARAM_REQUIRED)
			cJSON_AddItemToArray(required, cJSON_CreateString(p->name));
		json_add_text(node, "description", p->text);
		add_default(node, p);
		cJSON_AddItemToObject(properties, p->name, node);
	}
}

cJSON *schema_of(const char *title, const struct param *params)
{
	cJSON *schema = cJSON_CreateObject(), *body, *next;

	json_add_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_add_text(schema, "title", title);
	body = object_schema(params);
	while ((next = body->child))
		cJSON_AddItemToObject(schema, next->string, cJSON_DetachItemViaPointer(body, next));
	cJSON_Delete(body);
	return schema;
}

cJSON *flow_schema(void)
{
	cJSON *schema = schema_of("Ringbolt flow", flow_params);

	cJSON *defs = cJSON_AddObjectToObject(schema, "$defs");
	cJSON *steps = cJSON_AddObjectToObject(defs, "steps");
	json_add_text(steps, "type", "array");
	cJSON *any = cJSON_AddObjectToObject(steps, "items");
	cJSON *list = cJSON_AddArrayToObject(any, "oneOf");
	for (size_t i = 0; steps_table[i]; i++)
		cJSON_AddItemToArray(list, kind_schema(steps_table[i]->name, steps_table[i]->text,
						       step_common_params, steps_table[i]->params));
	return schema;
}
