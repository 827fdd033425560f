/* SPDX-License-Identifier: MIT */
/* An event for a test. What the command line says stands; the rest is what the flow itself
 * says it expects. */
#include "cli/sample.h"

#include "cli/cmd.h"
#include "common/json.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/system.h"
#include "common/header.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX (64 << 20)

static void set_event(struct sample *s, const struct flow *f, const char *remote)
{
	s->event = (struct scope_event){
		.id = s->id,
		.received_at = s->received_at,
		.method = s->method,
		.path = s->path,
		.query = s->query,
		.headers = s->headers,
		.suffix = flow_webhook(f)->url_suffix,
		.system = flow_system(f),
		.remote = remote,
		.trigger = "test",
		.run = 1,
		.attempt = 1,
		.body = buf_slice(&s->body),
	};
}

static bool is_redacted(const struct flow *f, struct slice name)
{
	const struct flow_webhook *w = flow_webhook(f);
	struct buf text = BUF_INIT;
	bool found = false;

	jsontext_text(name, &text);
	for (size_t i = 0; i < w->n_redact_headers; i++)
		found |= strcasecmp(text.ptr, w->redact_headers[i]) == 0;
	buf_release(&text);
	return found;
}

static char *redact_headers(const struct flow *f, const char *headers)
{
	struct slice list = {headers, strlen(headers)}, name, value;
	struct buf out = BUF_INIT;
	struct jsontext_walk w;

	for (jsontext_walk_start(&w, jsontext_trim(list)); jsontext_walk_next(&w);) {
		buf_add_char(&out, out.len ? ',' : '[');
		if (jsontext_item(w.value, 0, &name) && jsontext_item(w.value, 1, &value) && is_redacted(f, name))
			buf_addf(&out, "[%.*s,\"[redacted]\"]", (int)name.len, name.ptr);
		else
			buf_add_slice(&out, w.value);
	}
	buf_add_text(&out, out.len ? "]" : "[]");
	return buf_take(&out);
}

int sample_redact(struct sample *s, const struct flow *f, struct err *err)
{
	struct flow_redacted r = FLOW_REDACTED_INIT;
	int rc = flow_redact(f, &s->event, &r, err);

	if (rc == 0) {
		char *headers = redact_headers(f, s->headers);
		free(s->headers);
		s->event.headers = s->headers = headers;
	}
	if (rc == 0 && r.cut_query) {
		free(s->query);
		s->event.query = s->query = buf_take(&r.query);
	}
	if (rc == 0 && r.cut_body) {
		buf_clear(&s->body);
		buf_add_slice(&s->body, buf_slice(&r.body));
		s->event.body = buf_slice(&s->body);
	}
	flow_redacted_release(&r);
	return rc;
}

void sample_release(struct sample *s)
{
	free(s->method);
	free(s->path);
	free(s->query);
	free(s->headers);
	buf_release(&s->body);
	*s = (struct sample){.body = BUF_INIT};
}

int sample_from_event(struct sample *s, const struct flow *f, struct store *store, int64_t id,
		      struct err *err)
{
	struct event_detail d;

	*s = (struct sample){.body = BUF_INIT};
	int rc = store_event_load(store, id, &d, err);
	if (rc <= 0)
		return rc < 0 ? -1 : err_set(err, ERR_MISSING, "there is no event %lld", (long long)id);
	s->id = d.id;
	s->received_at = d.received_at;
	s->method = mem_dup(d.method);
	s->path = mem_dup(d.path);
	s->query = mem_dup(d.query);
	s->headers = mem_dup(d.headers);
	buf_add_slice(&s->body, buf_slice(&d.body));
	event_detail_release(&d);
	set_event(s, f, "127.0.0.1");
	return 0;
}

static int copy_kept(void *arg, const struct sample_row *row)
{
	struct sample *s = arg;

	s->method = mem_dup(row->method);
	s->path = mem_dup(row->path);
	s->query = mem_dup(row->query);
	s->headers = mem_dup(row->headers);
	buf_add_slice(&s->body, row->body);
	return 0;
}

int sample_from_kept(struct sample *s, const struct flow *f, struct store *store, const char *name,
		     int64_t now, struct err *err)
{
	*s = (struct sample){.received_at = now, .body = BUF_INIT};
	int n = store_samples_each(store, flow_name(f), name, copy_kept, s, err);
	if (n <= 0)
		return n < 0 ? -1 : err_set(err, ERR_MISSING, "the flow \"%s\" has no sample \"%.64s\" (`ringbolt flow "
					    "sample list %s`)", flow_name(f), name, flow_name(f));
	set_event(s, f, "127.0.0.1");
	return 0;
}

void sample_add(struct sample *s, const struct flow *f, const char *headers, const char *query)
{
	struct slice list = {s->headers, strlen(s->headers)}, name;
	struct buf all = BUF_INIT, added = BUF_INIT, text = BUF_INIT;
	struct jsontext_walk w;

	buf_addf(&added, "[%s]", headers);
	buf_add_char(&all, '[');
	for (jsontext_walk_start(&w, list); jsontext_walk_next(&w);) {
		buf_clear(&text);
		if (jsontext_item(w.value, 0, &name))
			jsontext_string(name, &text);
		if (header_list_has(buf_slice(&added), text.ptr))
			continue;
		buf_addf(&all, "%s%.*s", all.len > 1 ? "," : "", (int)w.value.len, w.value.ptr);
	}
	buf_addf(&all, "%s%s]", all.len > 1 && *headers ? "," : "", headers);
	free(s->headers);
	s->headers = buf_take(&all);
	if (*query) {
		char *longer = mem_format("%s%s%s", s->query, *s->query ? "&" : "", query);
		free(s->query);
		s->query = longer;
	}
	set_event(s, f, "127.0.0.1");
	buf_release(&added);
	buf_release(&text);
}

/* ---- pieces of a made one ------------------------------------------------------------ */

static void add_encoded(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z') || strchr("-._~", c);
		buf_addf(out, plain ? "%c" : "%%%02X", c);
	}
}

/* A value of an expected header, query or form, as text: the caller's. */
static char *value_text(const cJSON *node)
{
	return cJSON_IsString(node) ? mem_dup(node->valuestring) : json_print(node);
}

/* {"a": "1", "b": ["2", "3"]} as a=1&b=2&b=3. */
static void add_form(struct buf *out, const cJSON *object)
{
	const cJSON *member, *item;

	cJSON_ArrayForEach(member, object) {
		bool list = cJSON_IsArray(member);
		for (item = list ? member->child : member; item; item = list ? item->next : NULL) {
			char *text = value_text(item);
			if (out->len)
				buf_add_char(out, '&');
			add_encoded(out, member->string);
			buf_add_char(out, '=');
			add_encoded(out, text);
			free(text);
		}
	}
}

static char *make_method(const struct flow *f, const struct args *args)
{
	unsigned methods = flow_webhook(f)->methods;
	const char *method = args_value(args, "method", NULL);

	if (method)
		return mem_dup(method);
	if (methods & FLOW_POST)
		return mem_dup("POST");
	return mem_dup(flow_method_name(methods & -methods)); /* the lowest bit */
}

/* "/in" and the suffix; a {name} part is filled with its own name. */
static char *make_path(const struct flow *f, const struct args *args)
{
	const char *path = args_value(args, "path", NULL);
	struct buf out = BUF_INIT;

	if (path && strncmp(path, "/in/", 4) == 0)
		return mem_dup(path);
	buf_add_text(&out, "/in");
	for (const char *p = path ? path : flow_webhook(f)->url_suffix; *p; p++)
		if (path || (*p != '{' && *p != '}'))
			buf_add_char(&out, *p);
	return buf_take(&out);
}

static char *make_query(const cJSON *expected, const struct args *args)
{
	struct buf out = BUF_INIT;
	const char *pair;
	size_t at = 0;

	if (!args_has(args, "query"))
		add_form(&out, json_get(expected, "query"));
	while ((pair = args_next(args, "query", &at)) != NULL) {
		if (out.len)
			buf_add_char(&out, '&');
		buf_add_text(&out, pair);
	}
	return buf_take(&out);
}

/* ---- headers -------------------------------------------------------------------------- */

static bool given_header(const struct args *args, const char *name)
{
	const char *header;
	size_t at = 0, len = strlen(name);

	while ((header = args_next(args, "header", &at)) != NULL)
		if (strncasecmp(header, name, len) == 0 && header[len] == ':')
			return true;
	return false;
}

static int add_given_headers(struct buf *list, const struct args *args, struct err *err)
{
	const char *header;
	size_t at = 0;

	while ((header = args_next(args, "header", &at)) != NULL) {
		const char *colon = strchr(header, ':');
		if (!colon || colon == header)
			return err_set(err, ERR_INVALID, "--header is NAME:VALUE, such as "
				       "X-GitHub-Event:push; it cannot be \"%.60s\"", header);
		char *name = mem_dup_len(header, (size_t)(colon - header));
		colon += 1 + strspn(colon + 1, " ");
		header_list_add(list, name, colon, strlen(colon));
		free(name);
	}
	return 0;
}

static void add_expected_headers(struct buf *list, const cJSON *expected, const struct args *args)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, json_get(expected, "headers")) {
		if (given_header(args, member->string))
			continue;
		char *text = value_text(member);
		header_list_add(list, member->string, text, strlen(text));
		free(text);
	}
}

static bool is_form(const cJSON *expected)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, json_get(expected, "headers"))
		if (strcasecmp(member->string, "content-type") == 0 && cJSON_IsString(member))
			return strncasecmp(member->valuestring, "application/x-www-form-urlencoded",
					   33) == 0;
	return false;
}

/* ---- the body --------------------------------------------------------------------------- */

/* Reads or makes the body; *type is what it is when nobody says. */
static int make_body(struct sample *s, const cJSON *expected, const struct args *args,
		     const char **type, struct err *err)
{
	const char *path = args_value(args, "body", NULL);
	const cJSON *body = json_get(expected, "body");

	*type = "application/json";
	if (path) {
		if (cmd_read_file(path, BODY_MAX, &s->body, err) < 0)
			return -1;
		if (jsontext_check(buf_slice(&s->body), JSONTEXT_DEPTH_MAX, NULL) < 0)
			*type = "text/plain";
		return 0;
	}
	if (!body) {
		*type = NULL;
	} else if (cJSON_IsObject(body) && is_form(expected)) {
		add_form(&s->body, body);
	} else if (cJSON_IsString(body)) {
		buf_add_text(&s->body, body->valuestring);
		*type = "text/plain";
	} else {
		char *text = json_print(body);
		buf_add_text(&s->body, text);
		free(text);
	}
	return 0;
}

int sample_make(struct sample *s, const struct flow *f, const struct args *args, int64_t now,
		struct err *err)
{
	struct buf headers = BUF_INIT;
	const char *type = NULL;

	*s = (struct sample){.received_at = now, .body = BUF_INIT};
	cJSON *expected = flow_expected(f);
	buf_add_char(&headers, '[');
	add_expected_headers(&headers, expected, args);
	int rc = add_given_headers(&headers, args, err);
	if (rc == 0)
		rc = make_body(s, expected, args, &type, err);
	if (rc == 0 && type) {
		buf_add_char(&headers, ']');
		bool has_type = header_list_has(buf_slice(&headers), "content-type");
		headers.ptr[--headers.len] = '\0';
		if (!has_type)
			header_list_add(&headers, "Content-Type", type, strlen(type));
	}
	buf_add_char(&headers, ']');
	s->method = make_method(f, args);
	s->path = make_path(f, args);
	s->query = make_query(expected, args);
	s->headers = buf_take(&headers);
	cJSON_Delete(expected);
	if (rc < 0)
		sample_release(s);
	else
		set_event(s, f, "127.0.0.1");
	return rc;
}
