/* SPDX-License-Identifier: MIT */
/* Which of an expression's paths is to blame, judged by libjq's words: they say whether a null
 * was met, what could not be indexed, or how the value begins that would not do. */
#include "flow/hint_inner.h"

#include "common/jsontext.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* So many values are looked at for one sentence, however long the lists are. */
#define VISITS_MAX 20000
#define SHOWN_MAX 2

/* What is looked for, and where the walk is. */
struct search {
	const struct hint *h;
	const char *words;
	bool (*wanted)(const struct search *s, const struct met *m);
	bool piped; /* only in paths that go straight into a function */
	size_t visits;
	struct met met; /* where is the search's own */
};

static bool meet(struct search *s, enum met_kind kind, size_t segment, struct slice value)
{
	s->met.kind = kind;
	s->met.segment = segment;
	s->met.value = value;
	return s->wanted(s, &s->met);
}

static bool visit(struct search *s, size_t i, struct slice value);

/* Goes on to one value below, with its name put to the place. */
static bool enter(struct search *s, size_t i, struct slice value, const char *key, size_t len,
		  int64_t index)
{
	size_t before = s->met.where.len;

	if (key)
		hint_step(key, len, &s->met.where);
	else
		buf_addf(&s->met.where, "[%lld]", (long long)index);
	if (visit(s, i, value))
		return true;
	s->met.where.len = before;
	s->met.where.ptr[before] = '\0';
	return false;
}

static bool each(struct search *s, size_t i, struct slice value)
{
	struct jsontext_walk w;
	struct buf key = BUF_INIT;
	bool found = false;
	int64_t index = 0;

	jsontext_walk_start(&w, value);
	while (!found && s->visits < VISITS_MAX && jsontext_walk_next(&w)) {
		buf_clear(&key);
		if (w.key.len)
			jsontext_string(w.key, &key);
		found = enter(s, i + 1, w.value, w.key.len ? key.ptr : NULL, key.len, index++);
	}
	buf_release(&key);
	return found;
}

/* The value before segment i of the path. A path is short, so the recursion is. */
static bool visit(struct search *s, size_t i, struct slice value)
{
	const struct expr_path *p = s->met.path;
	const struct expr_segment *g = &p->segments[i];
	enum jsontext_kind kind = jsontext_kind(value);
	struct slice inner;

	s->visits++;
	if (kind == JSONTEXT_NULL)
		return meet(s, MET_NULL, i, value);
	if (i == p->count)
		return meet(s, MET_VALUE, i, value);
	if (g->kind == SEGMENT_EACH && (kind == JSONTEXT_ARRAY || kind == JSONTEXT_OBJECT))
		return each(s, i, value);
	if (g->kind == SEGMENT_KEY && kind == JSONTEXT_OBJECT) {
		if (!jsontext_member(value, g->key, g->key_len, &inner))
			return meet(s, MET_ABSENT, i, value);
		return enter(s, i + 1, inner, g->key, g->key_len, 0);
	}
	if (g->kind == SEGMENT_INDEX && kind == JSONTEXT_ARRAY) {
		if (!jsontext_item(value, g->index, &inner))
			return meet(s, MET_SHORT, i, value);
		return enter(s, i + 1, inner, NULL, 0, g->index);
	}
	return meet(s, MET_MISFIT, i, value);
}

/* True when the path was met as wanted: s->met says how. */
static bool search_path(struct search *s, const struct expr_path *p)
{
	const struct expr_segment *g = p->segments;
	struct slice value;

	s->met.path = p;
	buf_clear(&s->met.where);
	hint_step(g[0].key, g[0].key_len, &s->met.where);
	enum scope_part part = (enum scope_part)scope_part_find(g[0].key, g[0].key_len);
	if (part != SCOPE_STEPS || p->count == 1 || g[1].kind != SEGMENT_KEY)
		return visit(s, 1, jsontext_trim(scope_part(s->h->scope, part)));
	hint_step(g[1].key, g[1].key_len, &s->met.where);
	if (!scope_step_find(s->h->scope, g[1].key, g[1].key_len, &value))
		return meet(s, MET_UNRUN, 1, (struct slice){"null", 4});
	return visit(s, 2, jsontext_trim(value));
}

/* ---- what is wanted ---- */

static bool is_missing(const struct search *s, const struct met *m)
{
	return !m->path->guarded && m->path->piped >= s->piped &&
	       (m->kind == MET_ABSENT || m->kind == MET_SHORT || m->kind == MET_UNRUN);
}

static bool is_null(const struct search *s, const struct met *m)
{
	return !m->path->guarded && m->path->piped >= s->piped && m->kind == MET_NULL;
}

static bool starts(const char *words, const char *with, const char *kind)
{
	size_t len = strlen(with);

	return strncmp(words, with, len) == 0 && strncmp(words + len, kind, strlen(kind)) == 0;
}

/* `Cannot index string with "id"`, `Cannot iterate over number (5)` */
static bool is_misfit(const struct search *s, const struct met *m)
{
	const char *kind = jsontext_kind_name(jsontext_kind(m->value));

	return m->kind == MET_MISFIT && (starts(s->words, "Cannot index ", kind) ||
					 starts(s->words, "Cannot iterate over ", kind));
}

/* Do the words speak of this value? They quote it as libjq prints it, cut at eleven bytes; our
 * own functions quote texts as they are, or name the kind alone. */
static bool is_quoted(const struct search *s, const struct met *m)
{
	enum jsontext_kind kind = jsontext_kind(m->value);
	struct buf begins = BUF_INIT, named = BUF_INIT;

	if (m->kind != MET_VALUE || m->path->prefix)
		return false;
	buf_addf(&named, "not %s", jsontext_kind_name(kind));
	bool found = strstr(s->words, named.ptr) != NULL;
	hint_value(m->value, 7, &begins);
	if (begins.len > 3 && strcmp(begins.ptr + begins.len - 3, "...") == 0)
		begins.ptr[begins.len -= 3] = '\0';
	buf_clear(&named);
	buf_addf(&named, "%s (%s", jsontext_kind_name(kind),
		 kind == JSONTEXT_OBJECT || kind == JSONTEXT_ARRAY ? "" : begins.ptr);
	found = found || strstr(s->words, named.ptr);
	if (kind == JSONTEXT_STRING && begins.len >= 4)
		found = found || strstr(s->words, begins.ptr);
	buf_release(&begins);
	buf_release(&named);
	return found;
}

/* `explode input must be a string`: words that name a kind and no value. */
static bool is_other_kind(const struct search *s, const struct met *m)
{
	static const enum jsontext_kind kinds[] = {JSONTEXT_STRING, JSONTEXT_NUMBER, JSONTEXT_ARRAY,
						   JSONTEXT_OBJECT};
	enum jsontext_kind kind = jsontext_kind(m->value);

	if (m->kind != MET_VALUE || !m->path->piped)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strstr(s->words, jsontext_kind_name(kinds[i])))
			return kind != kinds[i];
	return false;
}

/* tonumber and fromjson read text as JSON, and then only say where in it they gave up. */
static bool is_no_json(const struct search *s, const struct met *m)
{
	struct buf text = BUF_INIT;

	(void)s;
	if (m->kind != MET_VALUE || jsontext_kind(m->value) != JSONTEXT_STRING)
		return false;
	jsontext_string(m->value, &text);
	bool fine = jsontext_check(buf_slice(&text), JSONTEXT_DEPTH_MAX, NULL) == 0;
	buf_release(&text);
	return !fine;
}

/* Words that say of which kind something should have been, and not what it was. */
static bool name_kind_alone(const char *words)
{
	static const char *const kinds[] = {"string", "number", "array", "object", "boolean"};
	bool named = false;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *at = strstr(words, kinds[i]);
		if (at && (strncmp(at + strlen(kinds[i]), " (", 2) == 0 ||
			   (at - words >= 4 && strncmp(at - 4, "not ", 4) == 0)))
			return false;
		named = named || at;
	}
	return named;
}

/* ---- the sentence ---- */

static size_t column_of(const struct hint *h, const struct met *m)
{
	const struct expr_path *p = m->path;
	size_t column = h->column + 2; /* the {{ */
	size_t at = m->segment < p->count ? p->segments[m->segment].at : p->at;

	/* What is not there is pointed at itself, anything else as the term it is in. */
	if (at > p->at && (m->kind == MET_VALUE || m->kind == MET_NULL || m->kind == MET_MISFIT))
		at = p->at;
	for (size_t i = 0; i < at; i++)
		column += ((unsigned char)h->expression.ptr[i] & 0xC0) != 0x80;
	return column;
}

/* Adds the first `most` paths that are met as wanted: how many. */
static size_t add_met(struct search *s, const struct expr_paths *paths, size_t most,
		      bool (*wanted)(const struct search *s, const struct met *m), struct buf *out)
{
	size_t found = 0;

	s->wanted = wanted;
	for (size_t i = 0; i < paths->count && found < most; i++) {
		size_t len = out->len;
		if (!search_path(s, &paths->list[i]))
			continue;
		buf_addf(out, "%scolumn %zu: ", len ? ", " : "; ", column_of(s->h, &s->met));
		hint_met(&s->met, out);
		if (wanted == is_no_json)
			buf_add_text(out, ", no number and no other JSON");
		found++;
	}
	return found;
}

static bool add_missing(struct search *s, const struct expr_paths *paths, struct buf *out)
{
	return add_met(s, paths, 1, is_missing, out) || add_met(s, paths, 1, is_null, out);
}

static void look(struct search *s, const struct expr_paths *paths, struct buf *out)
{
	struct slice e = s->h->expression;
	bool secrets = s->h->secrets, parsed = strstr(s->words, " at line 1, column ");
	bool kind_alone = !parsed && name_kind_alone(s->words);
	bool null = secrets || kind_alone || strstr(s->words, "null");

	if (memmem(e.ptr, e.len, s->words, strlen(s->words)))
		return; /* the author's own: error("...") */
	if (!secrets && add_met(s, paths, 1, is_misfit, out))
		return;
	s->piped = kind_alone;
	if (kind_alone && (add_missing(s, paths, out) ||
			   (!secrets && add_met(s, paths, 1, is_other_kind, out))))
		return;
	s->piped = false;
	if (null && add_missing(s, paths, out))
		return;
	if (secrets || add_met(s, paths, SHOWN_MAX, is_quoted, out))
		return;
	if (parsed)
		add_met(s, paths, 1, is_no_json, out);
}

void hint_add(const struct hint *h, const char *words, struct err *err)
{
	struct search s = {.h = h, .met = {.where = BUF_INIT}};
	struct expr_paths paths;
	struct buf out = BUF_INIT;
	char *said = mem_dup(err->text), *why = mem_dup(words);

	s.words = why;
	expr_paths_read(h->expression, &paths);
	look(&s, &paths, &out);
	if (out.len)
		err_set(err, err->kind, "%s%s", said, out.ptr);
	expr_paths_release(&paths);
	buf_release(&s.met.where);
	buf_release(&out);
	free(said);
	free(why);
}
