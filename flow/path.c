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
	bool every; /* [] */
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

	for (p += minus; p < end && *p >= '0' && *p <= '9' && digits < 10; p++, digits++)
		s->index = s->index * 10 + (*p - '0');
	if (digits == 0 || digits > 9)
		return NULL;
	if (minus)
		s->index = -s->index;
	return p;
}

/* The inside of a bracket: the byte after the one that closes it, or NULL. */
static const char *read_bracket(const char *p, const char *end, bool every, struct segment *s)
{
	s->every = every && p < end && *p == ']';
	if (!s->every)
		p = p < end && *p == '"' ? read_string(p, end, s) : read_index(p, end, s);
	return p && p < end && *p == ']' ? p + 1 : NULL;
}

/* One segment at p: the byte after it, or NULL. lead: it is the first, which alone may be
 * written .["text"]. every: it may be []. */
static const char *read_segment(const char *p, const char *end, bool lead, bool every,
				struct segment *s)
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
		p = read_bracket(p + 1, end, every, s);
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
static bool read_segments(struct path *p, struct slice text, bool lead, bool every)
{
	const char *at = text.ptr, *end = at + text.len;

	while (at < end) {
		p->segments = mem_resize(p->segments, p->count + 1, sizeof(*p->segments));
		struct segment *s = &p->segments[p->count++];
		*s = (struct segment){0};
		at = read_segment(at, end, lead, every, s);
		if (!at)
			return false;
		lead = false;
	}
	return p->count > 0;
}

static struct path *parse(struct slice text, bool every)
{
	struct path *p = mem_new(sizeof(*p));

	text = jsontext_trim(text);
	if (!text.len || *text.ptr != '.' || !read_segments(p, text, true, every) || !p->segments[0].key) {
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

struct path *path_parse(struct slice text)
{
	return parse(text, false);
}

struct path *path_parse_every(struct slice text)
{
	struct path *p = parse(text, true);

	if (p && p->part != SCOPE_BODY) {
		path_free(p);
		p = NULL;
	}
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
	if (!read_segments(p, (struct slice){text.ptr + len, text.len - len}, false, false) ||
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

/* ---- every value that a path means ---- */

/* One list or object on the way, and which segment is looked for among what it holds. */
struct level {
	struct jsontext_walk walk;
	size_t segment;
	int64_t at;    /* the number of the item in hand, from 0 */
	int64_t index; /* that is wanted, counted from the start */
};

struct levels {
	struct level *list;
	size_t count;
};

static void enter(struct levels *l, const struct path *p, size_t segment, struct slice value)
{
	struct jsontext_walk w;
	enum jsontext_kind kind = jsontext_kind(value);

	if (kind != JSONTEXT_OBJECT && kind != JSONTEXT_ARRAY)
		return;
	l->list = mem_resize(l->list, l->count + 1, sizeof(*l->list));
	struct level *new = &l->list[l->count++];
	*new = (struct level){.segment = segment, .at = -1, .index = p->segments[segment].index};
	jsontext_walk_start(&new->walk, value);
	if (new->index < 0)
		for (w = new->walk; jsontext_walk_next(&w);)
			new->index++;
}

/* The segment that what is in hand is looked at with: the next one, the same, or -1: with none. */
static int64_t next_segment(const struct path *p, const struct level *l)
{
	const struct segment *s = &p->segments[l->segment];
	int64_t here = (int64_t)l->segment;

	if (s->every)
		return here + 1;
	if (l->walk.object)
		return s->key && jsontext_key_is(l->walk.key, s->key, s->key_len) ? here + 1 : -1;
	if (s->key)
		return here;
	return l->at == l->index ? here + 1 : -1;
}

void path_cut_every(const struct path *p, struct slice value,
		    void (*found)(void *arg, struct slice value), void *arg)
{
	struct levels levels = {NULL, 0};

	value = jsontext_trim(value);
	if (p->count == 0)
		found(arg, value);
	else
		enter(&levels, p, 0, value);
	while (levels.count > 0) {
		struct level *l = &levels.list[levels.count - 1];
		if (!jsontext_walk_next(&l->walk)) {
			levels.count--;
			continue;
		}
		l->at++;
		int64_t next = next_segment(p, l);
		if (next == (int64_t)p->count)
			found(arg, l->walk.value);
		else if (next >= 0)
			enter(&levels, p, (size_t)next, l->walk.value);
	}
	free(levels.list);
}

bool path_names(const struct path *p, size_t deep, struct slice name)
{
	const struct segment *s = p->segments + deep;

	return p->count <= deep || s->every ||
	       (s->key && s->key_len == name.len && memcmp(s->key, name.ptr, name.len) == 0);
}
