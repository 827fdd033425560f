/* SPDX-License-Identifier: MIT */
/* One term of an expression as a path: its segments, and whether it is worth a note. */
#include "flow/expr_path_inner.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static const struct meant nothing;

bool path_among(const struct token *t, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (token_is(t, list[i]))
			return true;
	return false;
}

void path_add_segment(struct meant *m, struct expr_segment s)
{
	if (m->path.count == EXPR_PATH_SEGMENTS)
		m->known = false;
	if (m->known)
		m->path.segments[m->path.count++] = s;
}

void path_add_key(struct path_reader *r, struct meant *m, struct slice key, const char *at)
{
	struct expr_paths *out = r->out;

	if (!m->known)
		return;
	out->keys = mem_resize(out->keys, out->n_keys + 1, sizeof(*out->keys));
	out->keys[out->n_keys] = mem_dup_len(key.ptr, key.len);
	path_add_segment(m, (struct expr_segment){.kind = SEGMENT_KEY, .key = out->keys[out->n_keys++],
					     .key_len = key.len, .at = (size_t)(at - r->text.ptr)});
}

/* [3] or [-3] at t: how many tokens, or 0. */
static size_t index_at(const struct token *t, int64_t *index)
{
	bool minus = token_sign(&t[1], TOKEN_OPERATOR, '-') && t[1].text.len == 1;
	const struct token *n = &t[1 + minus];
	int64_t value = 0;

	if (n->kind != TOKEN_NUMBER || n->text.len > 9 || !token_sign(&n[1], TOKEN_CLOSE, ']'))
		return 0;
	for (size_t i = 0; i < n->text.len; i++) {
		if (n->text.ptr[i] < '0' || n->text.ptr[i] > '9')
			return 0;
		value = value * 10 + (n->text.ptr[i] - '0');
	}
	*index = minus ? -value : value;
	return 3 + (size_t)minus;
}

/* Takes one segment that follows token r->i: false when none does, or none that is plain. */
static bool take_segment(struct path_reader *r, struct meant *m)
{
	const struct token *t = path_next(r);
	size_t dot = t[0].kind == TOKEN_DOT && token_sign(&t[1], TOKEN_OPEN, '['), taken;
	struct expr_segment s = {.at = (size_t)(t->start - r->text.ptr)};
	struct buf name = BUF_INIT;

	if (token_sign(t, TOKEN_OPERATOR, '?') && t->text.len == 1) {
		r->i++;
		return true;
	}
	taken = name_at(t + dot, &name);
	if (taken) {
		path_add_key(r, m, buf_slice(&name), t->start);
	} else if (token_sign(&t[dot], TOKEN_OPEN, '[')) {
		s.kind = SEGMENT_EACH;
		taken = token_sign(&t[dot + 1], TOKEN_CLOSE, ']') ? 2 : index_at(t + dot, &s.index);
		if (taken != 2)
			s.kind = SEGMENT_INDEX;
		if (taken)
			path_add_segment(m, s);
	}
	buf_release(&name);
	r->i += taken ? taken + dot : 0;
	return taken;
}

/* A path that ends at token r->i: does it go into a function that may fail for its kind? */
static bool is_piped(const struct path_reader *r)
{
	static const char *const patient[] = {"default", "not", "type", "length", "tostring", "tojson",
					      "if", "try", "reduce", "foreach", "label", "def"};
	const struct token *t = path_next(r), *then = &t[1];

	return token_sign(t, TOKEN_OPERATOR, '|') && t->text.len == 1 && then->kind == TOKEN_WORD &&
	       !path_among(then, patient, ARRAY_LEN(patient));
}

static bool compares(const struct token *t)
{
	return t->kind == TOKEN_OPERATOR && (strchr("<>!", t->sign) || token_is(t, "=="));
}

static bool is_compared(const struct path_reader *r)
{
	const struct token *t = path_next(r);

	return compares(t) && !token_is(&t[1], "null");
}

/* Is a path that ends at token r->i one that may be missing? skip: it is only handed on, and
 * what is made of it is a path of its own. */
static bool is_guarded(const struct path_reader *r, const struct meant *m, bool *skip)
{
	static const char *const joins[] = {"and", "or", "then", "not"};
	const struct token *t = path_next(r), *then = &t[1];
	bool each = m->path.segments[m->path.count - 1].kind == SEGMENT_EACH;

	*skip = !each && t->kind == TOKEN_WORD && token_is(t, "as");
	if (token_sign(t, TOKEN_OPERATOR, '|') && t->text.len == 1) {
		*skip = !each && (then->kind == TOKEN_FIELD || then->kind == TOKEN_DOT ||
				  then->kind == TOKEN_OPEN || then->kind == TOKEN_STRING_OPEN);
		return then->kind == TOKEN_WORD && (token_is(then, "default") || token_is(then, "not"));
	}
	if (t->kind == TOKEN_OPERATOR)
		return (t->sign == '/' && t->text.len > 1) || compares(t);
	if (t->kind == TOKEN_WORD)
		return path_among(t, joins, ARRAY_LEN(joins));
	return r->frames[r->depth].tests && (t->kind == TOKEN_CLOSE || t->kind == TOKEN_END);
}

void path_record(struct path_reader *r, const struct meant *m)
{
	struct expr_paths *out = r->out;
	const struct expr_segment *first = &m->path.segments[0];
	bool skip;

	if (!m->known || !m->path.count || out->count == EXPR_PATHS_MAX ||
	    first->kind != SEGMENT_KEY || scope_part_find(first->key, first->key_len) < 0)
		return;
	bool guarded = is_guarded(r, m, &skip);
	if (skip)
		return;
	out->list = mem_resize(out->list, out->count + 1, sizeof(*out->list));
	out->list[out->count] = m->path;
	out->list[out->count].compared = guarded && is_compared(r);
	out->list[out->count].piped = is_piped(r);
	out->list[out->count].prefix = token_sign(path_next(r), TOKEN_OPEN, '[');
	out->list[out->count++].guarded = guarded;
}

void path_term_done(struct path_reader *r, const struct meant *m)
{
	struct path_frame *f = path_top(r);

	f->stage = f->empty ? *m : nothing;
	f->empty = false;
	r->after_term = true;
}

void path_finish(struct path_reader *r, struct meant *m, bool noted)
{
	const struct token *t = path_next(r);
	size_t before = m->path.count;

	if (noted)
		m->path.at = (size_t)(t->start - r->text.ptr);

	while (take_segment(r, m))
		;
	if (!noted || m->path.count > before)
		path_record(r, m);
	t = path_next(r);
	if (token_sign(t, TOKEN_OPEN, '[') || t->kind == TOKEN_DOT)
		m->known = false; /* computed, or a slice */
	path_term_done(r, m);
}
