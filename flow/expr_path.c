/* SPDX-License-Identifier: MIT */
/* The paths of an expression. Each level of brackets knows which path . is there, and what the
 * stage of the pipe that is being read amounts to, if that is one path and nothing else. */
#include "flow/expr_path_inner.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 48

static const struct meant nothing;

static void push(struct path_reader *r, char kind, const struct meant *dot)
{
	struct meant in = *dot;

	if (r->depth + 1 == DEPTH) {
		r->lost = true;
		return;
	}
	r->frames = mem_resize(r->frames, r->depth + 2, sizeof(*r->frames));
	r->frames[++r->depth] = (struct path_frame){.kind = kind, .in = in, .dot = in, .empty = true,
					       .key = kind == '{'};
	r->after_term = false;
}

static void begin_stage(struct path_frame *f)
{
	f->stage = nothing;
	f->empty = true;
}

/* Something stands in the stage that is not a path alone. */
static void spoil_stage(struct path_frame *f)
{
	f->stage = nothing;
	f->empty = false;
}

/* What . is for the term that begins. */
static struct meant term_dot(struct path_reader *r)
{
	struct path_frame *f = path_top(r);
	bool caught = f->caught;

	f->caught = false;
	f->key = false;
	return caught ? nothing : f->dot;
}

static void read_field(struct path_reader *r)
{
	const struct token *t = &r->tokens[r->i];

	if (r->after_term)
		return;
	struct meant m = term_dot(r);
	m.path.at = (size_t)(t->start - r->text.ptr);
	if (t->kind == TOKEN_FIELD) {
		path_add_key(r, &m, t->text, t->start);
	} else if (path_next(r)->kind == TOKEN_STRING) {
		struct buf name = BUF_INIT;
		m.known = m.known && name_at(t, &name);
		r->i++;
		path_add_key(r, &m, buf_slice(&name), t->start);
		buf_release(&name);
	}
	path_finish(r, &m, false);
}

static void read_variable(struct path_reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct meant m = nothing;

	term_dot(r);
	for (size_t i = r->n_bindings; i-- > 0 && !m.known;) {
		const struct path_binding *b = &r->bindings[i];
		if (b->name.len == t->text.len && memcmp(b->name.ptr, t->text.ptr, t->text.len) == 0) {
			m = b->meant;
			break;
		}
	}
	m.path.at = (size_t)(t->start - r->text.ptr);
	path_finish(r, &m, false);
}

/* .a as $name */
static void read_as(struct path_reader *r)
{
	struct path_frame *f = path_top(r);

	f->binding = true;
	r->after_term = false;
	if (path_next(r)->kind != TOKEN_VARIABLE)
		return;
	r->i++;
	if (r->n_bindings == BINDINGS_MAX)
		r->lost = true; /* a name that is taken again would mean something else */
	else
		r->bindings[r->n_bindings++] = (struct path_binding){r->tokens[r->i].text, f->stage};
}

static bool read_keyword(struct path_reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct path_frame *f = path_top(r);

	if (token_is(t, "if")) {
		struct meant dot = term_dot(r);
		push(r, 'i', &dot);
		path_top(r)->tests = true;
	} else if (f->kind == 'i' && token_is(t, "end")) {
		r->depth--;
		path_term_done(r, &nothing);
		return true;
	} else if (token_is(t, "then") || token_is(t, "elif") || token_is(t, "else")) {
		f->dot = f->in;
		f->tests = token_is(t, "elif");
		begin_stage(f);
	} else if (token_is(t, "reduce") || token_is(t, "foreach")) {
		f->fold = true;
	} else if (token_is(t, "as")) {
		read_as(r);
	} else if (token_is(t, "label")) {
		f->binding = true;
	} else if (token_is(t, "catch")) {
		f->caught = true;
		spoil_stage(f);
	} else if (token_is(t, "and") || token_is(t, "or")) {
		spoil_stage(f);
	} else if (token_is(t, "def")) {
		r->lost = true; /* what . is in it depends on who calls it */
	} else if (!token_is(t, "try") && !token_is(t, "break")) {
		return false;
	}
	r->after_term = false;
	return true;
}

static void read_word(struct path_reader *r)
{
	static const char *const of_items[] = {"map", "sum_by", "first_item", "sort_by", "group_by",
					       "unique_by", "min_by", "max_by"};
	static const char *const odd[] = {"with_entries", "walk", "recurse", "until", "while", "repeat",
					  "to_entries", "map_values", "any", "all", "paths"};
	const struct token *t = &r->tokens[r->i];
	struct path_frame *f = path_top(r);

	if (f->kind == '{' && f->key) {
		struct meant m = term_dot(r);
		m.path.at = (size_t)(t->start - r->text.ptr);
		bool alone = token_sign(path_next(r), TOKEN_OPERATOR, ',') || token_sign(path_next(r), TOKEN_CLOSE, '}');
		path_add_key(r, &m, t->text, t->start);
		if (alone)
			path_record(r, &m);
		r->after_term = true;
		return;
	}
	if (read_keyword(r))
		return;
	struct meant dot = term_dot(r);
	if (!token_sign(path_next(r), TOKEN_OPEN, '(')) {
		path_term_done(r, &nothing);
		return;
	}
	bool each = path_among(t, of_items, ARRAY_LEN(of_items));
	if (each)
		path_add_segment(&dot, (struct expr_segment){.kind = SEGMENT_EACH,
							.at = (size_t)(t->start - r->text.ptr)});
	if (path_among(t, odd, ARRAY_LEN(odd)))
		dot = nothing;
	r->i++;
	push(r, token_is(t, "select") ? 's' : 'c', &dot);
	path_top(r)->tests = token_is(t, "select");
}

static void read_open(struct path_reader *r)
{
	struct path_frame *f = path_top(r);
	char kind = r->tokens[r->i].sign;

	if (kind == '(' && f->fold && f->binding) {
		f->fold = f->binding = false;
		push(r, 'f', &nothing);
	} else if (kind == '[' && r->after_term) {
		push(r, 'x', &f->dot); /* an index: . is what it was before the term */
	} else {
		struct meant dot = term_dot(r);
		push(r, kind, &dot);
	}
}

static void read_close(struct path_reader *r)
{
	struct path_frame *f = path_top(r);
	struct meant m = nothing;
	char kind = f->kind;

	if (kind == 's')
		m = f->in;
	else if (kind == '(' && !f->empty)
		m = f->stage;
	r->lost = r->lost || !r->depth;
	r->depth -= r->depth > 0;
	if (kind == 'x')
		r->after_term = true;
	else if (kind == '(' || kind == 's')
		path_finish(r, &m, true);
	else if (kind != '\\')
		path_term_done(r, &nothing);
}

static void read_operator(struct path_reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct path_frame *f = path_top(r);
	char sign = t->text.len == 1 ? t->sign : '\0';

	if (sign == '?')
		return;
	r->after_term = false;
	if (sign == '|') {
		if (!f->binding)
			f->dot = f->stage;
		f->binding = false;
		begin_stage(f);
	} else if (sign == ',' && f->kind == '{') {
		f->dot = f->in;
		f->key = true;
		begin_stage(f);
	} else if (sign == ':') {
		begin_stage(f);
	} else if (sign == ';') {
		f->dot = f->in;
		f->binding = false;
		begin_stage(f);
	} else {
		spoil_stage(f);
		if (token_is(t, "|="))
			f->dot = nothing;
	}
}

static void read_token(struct path_reader *r)
{
	switch (r->tokens[r->i].kind) {
	case TOKEN_FIELD:
	case TOKEN_DOT: read_field(r); break;
	case TOKEN_WORD: read_word(r); break;
	case TOKEN_VARIABLE: read_variable(r); break;
	case TOKEN_OPEN: read_open(r); break;
	case TOKEN_CLOSE:
	case TOKEN_STRING_CLOSE: read_close(r); break;
	case TOKEN_OPERATOR: read_operator(r); break;
	case TOKEN_STRING_OPEN: {
		struct meant dot = term_dot(r);
		push(r, '"', &dot);
		break;
	}
	case TOKEN_STRING:
	case TOKEN_NUMBER:
	case TOKEN_RECURSE:
	case TOKEN_FORMAT:
		term_dot(r);
		path_term_done(r, &nothing);
		break;
	case TOKEN_END: break;
	}
}

void expr_paths_read(struct slice expression, struct expr_paths *out)
{
	struct path_reader r = {.text = expression, .out = out};
	struct err unread;

	*out = (struct expr_paths){0};
	r.frames = mem_array(1, sizeof(*r.frames));
	r.frames[0] = (struct path_frame){.in.known = true, .dot.known = true, .empty = true};
	r.lost = tokens_read(expression, &r.tokens, &r.count, &unread) < 0;
	for (; r.i < r.count && !r.lost; r.i++)
		read_token(&r);
	free(r.tokens);
	free(r.frames);
	if (r.lost)
		expr_paths_release(out);
}

void expr_paths_release(struct expr_paths *paths)
{
	for (size_t i = 0; i < paths->n_keys; i++)
		free(paths->keys[i]);
	free(paths->keys);
	free(paths->list);
	*paths = (struct expr_paths){0};
}
