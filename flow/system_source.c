/* SPDX-License-Identifier: MIT */
/* One value of a request: how it is written, and where it is found. A body is only looked at as
 * JSON once it has passed jsontext_check, and only when somebody asks. */
#include "flow/system_inner.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "common/nearest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* THE table of sources. */
static const struct {
	const char *name;
	enum source_kind kind;
	bool named;               /* name:WHAT */
	unsigned place;           /* 0: anywhere */
} kinds[] = {
	{"body", SOURCE_BODY, false, 0},
	{"method", SOURCE_METHOD, false, 0},
	{"url", SOURCE_URL, false, 0},
	{"url_base", SOURCE_URL_BASE, false, 0},
	{"url_path", SOURCE_URL_PATH, false, 0},
	{"timestamp", SOURCE_TIMESTAMP, false, PLACE_SIGNS},
	{"id", SOURCE_ID, false, PLACE_SIGNS},
	{"secret", SOURCE_SECRET, false, PLACE_SECRET},
	{"form_sorted", SOURCE_FORM_SORTED, false, 0},
	{"lines", SOURCE_LINES, true, 0},
	{"header", SOURCE_HEADER, true, 0},
	{"query", SOURCE_QUERY, true, 0},
	{"form", SOURCE_FORM, true, 0},
	{"form_json", SOURCE_FORM_JSON, true, 0},
	{"json", SOURCE_JSON, true, 0},
	{"token", SOURCE_TOKEN, true, PLACE_TOKEN},
	{"item", SOURCE_ITEM, true, PLACE_ITEM},
	{"setting", SOURCE_SETTING, true, 0},
	{"value", SOURCE_VALUE, true, PLACE_VALUE},
};

/* ---- how it is written ---- */

/* "a.b[0].c" or ["x-y"]; an empty path is the whole. Cuts in place: text is ours. */
static bool read_path(struct maker *m, struct system_source *s, char *p)
{
	struct path_step *steps = make_own(m, mem_array(strlen(p) + 1, sizeof(*steps)));
	size_t n = 0;

	while (*p) {
		if (*p == '[' && p[1] == '"') {
			char *end = strstr(p + 2, "\"]");
			if (!end)
				return false;
			*end = '\0';
			steps[n++] = (struct path_step){p + 2, (size_t)(end - p - 2), 0};
			p = end + 2;
		} else if (*p == '[') {
			char *end;
			int64_t index = strtoll(p + 1, &end, 10);
			if (end == p + 1 || *end != ']')
				return false;
			steps[n++] = (struct path_step){NULL, 0, index};
			p = end + 1;
		} else {
			size_t len = strcspn(p, ".[");
			if (!len)
				return false;
			steps[n++] = (struct path_step){p, len, 0};
			p += len;
		}
		if (*p == '.' && !*++p)
			return false;
	}
	s->path = steps;
	s->n_path = n;
	return true;
}

static const char *refuse_name(struct maker *m, struct system_source *s, char *name)
{
	size_t len = strlen(name);

	if (s->kind == SOURCE_FORM_JSON) {
		char *colon = strchr(name, ':');
		if (!colon || colon == name)
			return "is no form_json:FIELD:PATH";
		*colon = '\0';
		return read_path(m, s, colon + 1) ? NULL : "is no path: a.b[0].c, odd keys as [\"x-y\"]";
	}
	if (s->kind == SOURCE_JSON || s->kind == SOURCE_ITEM || s->kind == SOURCE_TOKEN)
		return read_path(m, s, name) ? NULL : "is no path: a.b[0].c, odd keys as [\"x-y\"]";
	if (!len)
		return "names nothing after the colon";
	if (s->kind == SOURCE_HEADER && name[len - 1] == '*') {
		s->wild = true;
		name[len - 1] = '\0';
	}
	if (s->kind == SOURCE_SETTING) {
		int at = system_setting_find(&m->held->system, name);
		s->index = at < 0 ? 0 : (size_t)at;
		return at < 0 ? "names a setting that \"settings\" does not declare" : NULL;
	}
	return NULL;
}

const struct system_source *make_source(struct maker *m, const char *pointer, const char *text,
					unsigned place)
{
	size_t len = strcspn(text, ":");
	struct system_source *s = make_own(m, mem_new(sizeof(*s)));
	char *word = make_own(m, mem_dup_len(text, len)), hint[128];
	struct nearest near = {.word = word};

	s->text = make_own(m, mem_dup(text));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		nearest_offer(&near, kinds[i].name);
		if (strcmp(kinds[i].name, word) != 0 || kinds[i].named != (text[len] == ':'))
			continue;
		s->kind = kinds[i].kind;
		if (kinds[i].place & ~place) {
			fault_add(m->faults, pointer, NULL, "\"%.80s\" means nothing here", text);
			return NULL;
		}
		char *name = make_own(m, mem_dup(text[len] ? text + len + 1 : ""));
		s->name = name;
		const char *why = kinds[i].named ? refuse_name(m, s, name) : NULL;
		if (why)
			fault_add(m->faults, pointer, NULL, "\"%.80s\" %s", text, why);
		return why ? NULL : s;
	}
	fault_add(m->faults, pointer, NULL, "\"%.80s\" is no source%s; sources are body, header:NAME, "
		  "query:NAME, form:NAME, form_json:NAME:PATH, json:PATH, item:PATH, token:PATH, setting:NAME, "
		  "value:NAME, method, url, url_base, url_path, timestamp, id, secret, form_sorted and "
		  "lines:A,B", text,
		  near.distance ? nearest_hint(&near, hint) : "");
	return NULL;
}

bool source_early(const struct system_source *s)
{
	return s->kind == SOURCE_HEADER || s->kind == SOURCE_QUERY || s->kind == SOURCE_METHOD ||
	       s->kind == SOURCE_SETTING || s->kind == SOURCE_URL || s->kind == SOURCE_URL_BASE ||
	       s->kind == SOURCE_URL_PATH;
}

const char *system_source_text(const struct system_source *s)
{
	return s->text;
}

const char *system_source_header(const struct system_source *s)
{
	return s->kind == SOURCE_HEADER ? s->name : NULL;
}

const char *system_source_query(const struct system_source *s)
{
	return s->kind == SOURCE_QUERY ? s->name : NULL;
}

/* ---- JSON ---- */

static bool find_json(struct system_view *v)
{
	struct slice body = v->request->body;

	if (v->json_state == 0) {
		if (body.len > 3 && memcmp(body.ptr, "\xEF\xBB\xBF", 3) == 0)
			body = (struct slice){body.ptr + 3, body.len - 3};
		v->json_state = jsontext_check(body, JSONTEXT_DEPTH_MAX, NULL) == 0 ? 1 : -1;
		if (v->json_state > 0)
			v->json = jsontext_trim(body);
	}
	return v->json_state > 0;
}

int source_within(const struct system_source *s, struct slice json, struct slice *out)
{
	*out = json;
	for (size_t i = 0; i < s->n_path; i++) {
		const struct path_step *step = &s->path[i];
		enum jsontext_kind kind = jsontext_kind(*out);
		if (step->key ? kind != JSONTEXT_OBJECT || !jsontext_member(*out, step->key, step->len, out)
			      : kind != JSONTEXT_ARRAY || !jsontext_item(*out, step->index, out))
			return 0;
	}
	return 1;
}

int system_source_json(const struct system_source *s, struct system_view *v, struct slice *out)
{
	struct slice whole = {NULL, 0};

	if (s->kind == SOURCE_ITEM)
		whole = v->item;
	else if (s->kind == SOURCE_TOKEN)
		whole = v->token;
	else if (s->kind == SOURCE_JSON && find_json(v))
		whole = v->json;
	return whole.ptr ? source_within(s, whole, out) : 0;
}

int system_source_item(const struct system_source *s, struct system_view *v, size_t i, struct slice *out)
{
	struct slice list;

	return system_source_json(s, v, &list) && jsontext_kind(list) == JSONTEXT_ARRAY &&
	       jsontext_item(list, (int64_t)i, out);
}

static int add_json(const struct system_source *s, struct system_view *v, struct buf *out)
{
	struct slice value;

	if (!system_source_json(s, v, &value) || jsontext_kind(value) == JSONTEXT_NULL)
		return 0;
	jsontext_text(value, out);
	return 1;
}

/* A field of a form that is JSON itself. */
static int add_form_json(const struct system_source *s, struct slice body, struct buf *out)
{
	struct buf field = BUF_INIT;
	struct slice value;
	int rc = 0;

	if (source_pair(body, s->name, &field) == 1 &&
	    jsontext_check(buf_slice(&field), JSONTEXT_DEPTH_MAX, NULL) == 0 &&
	    source_within(s, jsontext_trim(buf_slice(&field)), &value) &&
	    jsontext_kind(value) != JSONTEXT_NULL) {
		jsontext_text(value, out);
		rc = 1;
	}
	buf_release(&field);
	return rc;
}

/* ---- the others ---- */

static void add_lines(const char *names, struct system_view *v, struct buf *out)
{
	struct slice value;

	if (!find_json(v) || jsontext_kind(v->json) != JSONTEXT_OBJECT)
		return;
	for (size_t len; *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		if (!jsontext_member(v->json, names, len, &value) || jsontext_kind(value) == JSONTEXT_NULL)
			continue;
		buf_add(out, names, len);
		buf_add_char(out, '\n');
		jsontext_text(value, out);
		buf_add_char(out, '\n');
	}
}

static bool header_is(const struct system_source *s, const char *name)
{
	return s->wild ? strncasecmp(name, s->name, strlen(s->name)) == 0 : strcasecmp(name, s->name) == 0;
}

static int add_header(const struct system_source *s, struct system_view *v, struct buf *out)
{
	const struct system_header *list = v->request->headers, *found = NULL;
	int n = 0;

	for (size_t i = 0; i < v->request->n_headers; i++)
		if (header_is(s, list[i].name) && n++ == 0)
			found = &list[i];
	if (n == 1)
		buf_add_text(out, found->value);
	return n;
}

/* A body that is no form has no parameters; who signs them would let any such body in. */
static int add_form_sorted(struct system_view *v, struct buf *out)
{
	static const struct system_source type = {.kind = SOURCE_HEADER, .name = "Content-Type"};
	struct buf is = BUF_INIT;
	bool form = add_header(&type, v, &is) == 1 &&
		    strncasecmp(is.ptr, "application/x-www-form-urlencoded", 33) == 0;

	buf_release(&is);
	if (!form && v->request->body.len) {
		v->unsignable = true;
		return 0;
	}
	source_form_sorted(v->request->body, out);
	return 1;
}

static int add_slice(struct slice value, struct buf *out)
{
	if (!value.ptr)
		return 0;
	buf_add_slice(out, value);
	return 1;
}

static struct slice url_of(const struct system_view *v)
{
	if (v->url.ptr)
		return v->url;
	return (struct slice){v->request->url, v->request->url ? strlen(v->request->url) : 0};
}

static struct slice path_of(struct slice url)
{
	const char *scheme = url.ptr ? strstr(url.ptr, "://") : NULL;
	const char *path = scheme ? strchr(scheme + 3, '/') : NULL;

	if (!path)
		return (struct slice){"/", url.ptr ? 1 : 0};
	return (struct slice){path, strcspn(path, "?")};
}

static struct slice base_of(struct slice url)
{
	const char *mark = url.ptr ? memchr(url.ptr, '?', url.len) : NULL;

	return mark ? (struct slice){url.ptr, (size_t)(mark - url.ptr)} : url;
}

static struct slice named(const struct system_named *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return list[i].value;
	return (struct slice){NULL, 0};
}

int system_source_add(const struct system_source *s, struct system_view *v, struct buf *out)
{
	const struct system_request *r = v->request;

	switch (s->kind) {
	case SOURCE_BODY: return buf_add_slice(out, r->body), 1;
	case SOURCE_METHOD: return buf_add_text(out, r->method), 1;
	case SOURCE_URL: return add_slice(url_of(v), out);
	case SOURCE_URL_BASE: return add_slice(base_of(url_of(v)), out);
	case SOURCE_URL_PATH: return add_slice(path_of(url_of(v)), out);
	case SOURCE_TIMESTAMP: return add_slice(v->timestamp, out);
	case SOURCE_ID: return add_slice(v->id, out);
	case SOURCE_SECRET: return add_slice(v->secret, out);
	case SOURCE_FORM_SORTED: return add_form_sorted(v, out);
	case SOURCE_LINES: return add_lines(s->name, v, out), 1;
	case SOURCE_HEADER: return add_header(s, v, out);
	case SOURCE_QUERY: return source_pair((struct slice){r->query, strlen(r->query)}, s->name, out);
	case SOURCE_FORM: return source_pair(r->body, s->name, out);
	case SOURCE_FORM_JSON: return add_form_json(s, r->body, out);
	case SOURCE_JSON:
	case SOURCE_TOKEN:
	case SOURCE_ITEM: return add_json(s, v, out);
	case SOURCE_SETTING:
		return s->index < v->n_settings ? add_slice(v->settings[s->index], out) : 0;
	case SOURCE_VALUE: return add_slice(named(v->values, v->n_values, s->name), out);
	}
	return 0;
}

void source_each(const struct system_source *s, struct system_view *v,
		 void (*each)(void *arg, struct slice value), void *arg)
{
	const struct system_header *list = v->request->headers;
	struct buf value = BUF_INIT;

	if (s->wild) {
		for (size_t i = 0; i < v->request->n_headers; i++)
			if (header_is(s, list[i].name))
				each(arg, (struct slice){list[i].value, strlen(list[i].value)});
		return;
	}
	if (system_source_add(s, v, &value) == 1)
		each(arg, buf_slice(&value));
	buf_release(&value);
}
