/* SPDX-License-Identifier: MIT */
#include "server/api_docs.h"

#include "server/routes.h"

#include <string.h>

/* What a parameter or a member of a body means, wherever it stands. */
static const struct word {
	const char *name, *schema, *text;
} words[] = {
	{"flow", "{\"type\":\"string\"}", "of this flow"},
	{"state", "{\"enum\":[\"queued\",\"running\",\"succeeded\",\"failed\",\"held\",\"cancelled\"]}", "in this state"},
	{"since", "{\"type\":\"string\"}", "not before: a time, or an age such as 2h"},
	{"until", "{\"type\":\"string\"}", "before: a time, or an age such as 2h"},
	{"error", "{\"type\":\"string\"}", "whose error has this text in it"},
	{"cause", "{\"type\":\"string\"}", "whose cause has this text in it"},
	{"status", "{\"type\":\"integer\",\"minimum\":400,\"maximum\":599}", "answered with this status"},
	{"limit", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":200,\"default\":50}", "at most so many"},
	{"after", "{\"type\":\"string\"}", "the `next` of the page before"},
	{"minutes", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":10080,\"default\":60}", "how far back"},
	{"ids", "{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":1,\"maxItems\":10000}", "these events"},
	{"filter", "{\"type\":\"object\",\"properties\":{\"flow\":{\"type\":\"string\"},\"state\":{\"type\":\"string\"},"
	 "\"since\":{\"type\":\"string\"},\"until\":{\"type\":\"string\"},\"error\":{\"type\":\"string\"}},"
	 "\"additionalProperties\":false,\"minProperties\":1}",
	 "events by flow, state, since, until, error; instead of ids"},
	{"version", "{\"type\":[\"integer\",\"string\"]}",
	 "the number of a version of the flow; of a replay \"then\" (the flow of the arrival, the default) or \"now\""},
	{"from", "{\"enum\":[\"start\",\"failed\"],\"default\":\"start\"}",
	 "from the start, or from the step that failed with what succeeded before it"},
	{"per_second", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000}", "no faster than this"},
	{"reason", "{\"type\":\"string\",\"maxLength\":500}", "why, for the history"},
	{"dry_run", "{\"type\":\"boolean\",\"default\":false}", "only say what would be done"},
};

/* The next of words with spaces between; NULL at the end. */
static const struct word *next_word(const char **at)
{
	size_t len = strcspn(*at, " ");
	const char *start = *at;

	*at += len + strspn(*at + len, " ");
	for (size_t i = 0; len && i < ARRAY_LEN(words); i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, start, len) == 0)
			return &words[i];
	return NULL;
}

static cJSON *new_member(cJSON *object, const char *name)
{
	return cJSON_AddObjectToObject(object, name);
}

static void add_parameter(cJSON *list, const char *in, const char *name, const char *schema, const char *text)
{
	cJSON *p = cJSON_CreateObject();

	json_add_text(p, "name", name);
	json_add_text(p, "in", in);
	if (strcmp(in, "path") == 0)
		cJSON_AddTrueToObject(p, "required");
	if (text)
		json_add_text(p, "description", text);
	json_add_raw(p, "schema", schema);
	cJSON_AddItemToArray(list, p);
}

static void add_parameters(cJSON *operation, const struct route *route)
{
	const char *open = strchr(route->pattern, '{'), *at = route->query;
	cJSON *list = cJSON_CreateArray();
	const struct word *w;

	if (open && strncmp(open, "{id}", 4) == 0)
		add_parameter(list, "path", "id", "{\"type\":\"integer\",\"minimum\":1}", NULL);
	else if (open)
		add_parameter(list, "path", "name", "{\"type\":\"string\"}", NULL);
	while ((w = next_word(&at)) != NULL)
		add_parameter(list, "query", w->name, w->schema, w->text);
	if (list->child)
		cJSON_AddItemToObject(operation, "parameters", list);
	else
		cJSON_Delete(list);
}

static void add_body(cJSON *operation, const struct route *route)
{
	const char *at = route->body;
	const struct word *w;

	if (!at || !*at)
		return;
	cJSON *content = new_member(new_member(operation, "requestBody"), "content");
	cJSON *schema = new_member(new_member(content, "application/json"), "schema");
	json_add_text(schema, "type", "object");
	cJSON *members = new_member(schema, "properties");
	while ((w = next_word(&at)) != NULL)
		json_add_raw(members, w->name, w->schema);
	cJSON_AddFalseToObject(schema, "additionalProperties");
}

static void add_operation(cJSON *path, const struct route *route)
{
	char method[8] = "";
	cJSON *op, *needs, *responses, *problem;

	for (size_t i = 0; i + 1 < sizeof(method) && route->method[i]; i++)
		method[i] = (char)(route->method[i] | 0x20);
	op = new_member(path, method);
	json_add_text(op, "summary", route->text);
	add_parameters(op, route);
	add_body(op, route);
	needs = cJSON_AddArrayToObject(op, "security");
	cJSON *key = cJSON_CreateObject(), *rights = cJSON_AddArrayToObject(key, "key");
	cJSON_AddItemToArray(needs, key);
	cJSON_AddItemToArray(rights, cJSON_CreateString(rights_name(route->right)));
	responses = new_member(op, "responses");
	json_add_text(new_member(responses, "200"), "description", "It is so.");
	problem = new_member(responses, "default");
	json_add_text(problem, "description", "A problem (RFC 9457).");
	new_member(new_member(problem, "content"), "application/problem+json");
}

cJSON *api_openapi(void)
{
	cJSON *root = cJSON_CreateObject(), *info, *paths, *scheme;

	json_add_text(root, "openapi", "3.1.0");
	info = new_member(root, "info");
	json_add_text(info, "title", "Ringbolt");
	json_add_text(info, "version", "1");
	paths = new_member(root, "paths");
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *route = &routes_table[i];
		if (!route->api)
			continue;
		cJSON *path = cJSON_GetObjectItemCaseSensitive(paths, route->pattern);
		add_operation(path ? path : new_member(paths, route->pattern), route);
	}
	scheme = new_member(new_member(new_member(root, "components"), "securitySchemes"), "key");
	json_add_text(scheme, "type", "http");
	json_add_text(scheme, "scheme", "bearer");
	return root;
}

/* ---- for people ---- */

static void add_words(struct buf *out, const char *names)
{
	const struct word *w;
	const char *comma = "";

	while ((w = next_word(&names)) != NULL) {
		buf_addf(out, "%s`%s`", comma, w->name);
		comma = ", ";
	}
}

void api_markdown(struct buf *out)
{
	buf_add_text(out, "| request | right | takes | |\n|---|---|---|---|\n");
	for (size_t i = 0; i < routes_count; i++) {
		const struct route *route = &routes_table[i];
		if (!route->api)
			continue;
		buf_addf(out, "| `%s %s` | `%s` | ", route->method, route->pattern, rights_name(route->right));
		add_words(out, *route->query ? route->query : route->body ? route->body : "");
		buf_addf(out, " | %s |\n", route->text);
	}
	buf_add_text(out, "\n| taken | |\n|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		buf_addf(out, "| `%s` | %s |\n", words[i].name, words[i].text);
	buf_add_text(out, "\n| right | may |\n|---|---|\n");
	for (size_t i = 0; i < rights_count; i++)
		buf_addf(out, "| `%s` | %s |\n", rights_table[i].name, rights_table[i].text);
}
