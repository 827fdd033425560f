/* SPDX-License-Identifier: MIT */
/* The plain path. Parsing refuses whatever jq might read differently; cutting walks raw
 * text and says, where jq would fail, what jq would say. */
#include "flow/path.h"

#include "common/buf.h"
#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

struct segment {
	char *key; /* NULL for an index */
	size_t key_len;
	int64_t index;
	bool optional;
};

struct path {
	enum scope_part part; /* SCOPE_PARTS: a secret */
	struct segment *segments;
	size_t count;
};

static const struct slice null_text = {"null", 4};

static bool name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const char *name_end(const char *p, const char *end)
{
	while (p < end && (name_start(*p) || (*p >= '0' && *p <= '9')))
		p++;
	return p;
}

/* A string literal at p, decoded into s; the byte after it, or NULL where jq would read it
 * otherwise than JSON does: interpolation, surrogates without a mate. */
static const char *read_string(const char *p, const char *end, struct segment *s)
{
	const char *close = p + 1;
	struct buf text = BUF_INIT;

	for (; close < end && *close != '"'; close++)
		close += *close == '\\';
	if (close >= end)
		return NULL;
	struct slice literal = {p, (size_t)(close + 1 - p)};
	if (jsontext_check(literal, 1, NULL) < 0)
		return NULL;
	jsontext_string(literal, &text);
	if (memchr(p, '\\', literal.len) && memmem(text.ptr, text.len, "\xEF\xBF\xBD", 3)) {
		buf_release(&text);
		return NULL;
	}
	s->key_len = text.len;
	s->key = buf_take(&text);
	return close + 1;
}

/* [number] or [-number]: nine digits, so that no reading of them can differ. */
static const char *read_index(const char *p, const char *end, struct segment *s)
{
	bool minus = p < end && *p == '-';
	int digits = 0;

	for (p += minus; p < end && *p >= '0' && *p <= '9'; p++, digits++)
		s->index = s->index * 10 + (*p - '0');
	if (digits == 0 || digits > 9)
		return NULL;
	if (minus)
		s->index = -s->index;
	return p;
}

/* One segment at p: the byte after it, or NULL. lead: it is the first, which alone may be
 * written .["text"]. */
static const char *read_segment(const char *p, const char *end, bool lead, struct segment *s)
{
	bool dot = *p == '.';

	p += dot;
	if (p >= end || (!dot && *p != '['))
		return NULL;
	if (dot && name_start(*p)) {
		const char *stop = name_end(p, end);
		s->key_len = (size_t)(stop - p);
		s->key = mem_dup_len(p, s->key_len);
		p = stop;
	} else if (dot && *p == '"') {
		p = read_string(p, end, s);
	} else if (*p == '[' && (!dot || lead)) {
		p++;
		p = p < end && *p == '"' ? read_string(p, end, s) : read_index(p, end, s);
		if (!p || p >= end || *p != ']')
			return NULL;
		p++;
	} else {
		return NULL;
	}
	if (p && p < end && *p == '?') {
		s->optional = true;
		p++;
	}
	return p;
}

/* All of text as segments appended to p. */
static bool read_segments(struct path *p, struct slice text, bool lead)
{
	const char *at = text.ptr, *end = at + text.len;

	while (at < end) {
		p->segments = mem_resize(p->segments, p->count + 1, sizeof(*p->segments));
		struct segment *s = &p->segments[p->count++];
		*s = (struct segment){0};
		at = read_segment(at, end, lead, s);
		if (!at)
			return false;
		lead = false;
	}
	return p->count > 0;
}

struct path *path_parse(struct slice text)
{
	struct path *p = mem_new(sizeof(*p));

	text = jsontext_trim(text);
	if (!text.len || *text.ptr != '.' || !read_segments(p, text, true) || !p->segments[0].key) {
		path_free(p);
		return NULL;
	}
	/* The first names the part; it cannot fail, so its ? says nothing. */
	int part = scope_part_find(p->segments[0].key, p->segments[0].key_len);
	if (part < 0) {
		path_free(p);
		return NULL;
	}
	p->part = (enum scope_part)part;
	free(p->segments[0].key);
	p->count--;
	memmove(p->segments, p->segments + 1, p->count * sizeof(*p->segments));
	return p;
}

struct path *path_parse_secret(struct slice text)
{
	static const char word[] = "$secrets";
	const size_t len = sizeof(word) - 1;

	text = jsontext_trim(text);
	if (text.len <= len || memcmp(text.ptr, word, len) != 0)
		return NULL;
	struct path *p = mem_new(sizeof(*p));
	p->part = SCOPE_PARTS;
	if (!read_segments(p, (struct slice){text.ptr + len, text.len - len}, false) ||
	    !p->segments[0].key) {
		path_free(p);
		return NULL;
	}
	return p;
}

void path_free(struct path *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		free(p->segments[i].key);
	free(p->segments);
	free(p);
}

enum scope_part path_part(const struct path *p)
{
	return p->part;
}

const char *path_step(const struct path *p)
{
	return p->part == SCOPE_STEPS && p->count ? p->segments[0].key : NULL;
}

const char *path_secret(const struct path *p)
{
	return p->part == SCOPE_PARTS ? p->segments[0].key : NULL;
}

static int mistake(enum jsontext_kind kind, const struct segment *s, struct err *err)
{
	if (s->key)
		return err_set(err, ERR_INVALID, "Cannot index %s with \"%s\"", jsontext_kind_name(kind),
			       s->key);
	return err_set(err, ERR_INVALID, "Cannot index %s with number", jsontext_kind_name(kind));
}

static int cut(const struct segment *s, const struct segment *end, struct slice value,
	       struct slice *out, struct err *err)
{
	for (; s < end; s++) {
		enum jsontext_kind kind = jsontext_kind(value);
		int found = 0;
		if (kind == JSONTEXT_NULL)
			continue;
		if (kind == JSONTEXT_OBJECT && s->key)
			found = jsontext_member(value, s->key, s->key_len, &value);
		else if (kind == JSONTEXT_ARRAY && !s->key)
			found = jsontext_item(value, s->index, &value);
		else
			return s->optional ? 0 : mistake(kind, s, err);
		if (!found)
			value = null_text;
	}
	*out = value;
	return 1;
}

int path_cut(const struct path *p, struct scope *s, struct slice *out, struct err *err)
{
	const struct segment *at = p->segments, *end = at + p->count;
	struct slice value = null_text;

	if (path_step(p)) {
		/* One step's output is found by name, without making .steps whole. */
		scope_step_find(s, at->key, at->key_len, &value);
		at++;
	} else {
		value = scope_part(s, p->part);
	}
	return cut(at, end, value, out, err);
}

int path_cut_from(const struct path *p, struct slice value, struct slice *out, struct err *err)
{
	return cut(p->segments, p->segments + p->count, jsontext_trim(value), out, err);
}
