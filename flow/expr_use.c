/* SPDX-License-Identifier: MIT */
/* What an expression uses. It follows, without parsing, where . is still the whole scope:
 * from the start of each bracket on until a plain pipe hands on something else. */
#include "flow/expr.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/expr_token.h"
#include "flow/functions.h"

#include <stdlib.h>
#include <string.h>

/* One level of brackets, of an if ... end, or of a string with \( ) in it. */
struct frame {
	char kind;    /* as token.sign; " a string; i an if; f the brackets of a reduce */
	bool root_in; /* . was the scope where it began */
	bool root;    /* . is the scope now */
	bool binding; /* after as or label: the next pipe hands the same . on */
	bool fold;    /* after reduce or foreach: brackets of their own are to come */
	bool key;     /* in an object: a key is due */
	bool caught;  /* after catch: for one term . is the error's text */
};

struct reader {
	struct token *tokens; /* ended by TOKEN_END */
	size_t count, i;
	struct frame *frames;
	size_t depth;
	bool after_term;     /* the token before ended a term: a field now is a part of it */
	bool args_root;      /* the brackets that open next are arguments, and see the scope */
	bool args;
	bool lost;           /* a def: no longer known what . is */
	const char *term;    /* where the present term began */
	struct expr_use use;
	struct err *err;
};

/* Calls that reach out of the expression, or out of our hands. */
static const char *const refused[] = {
	"env", "input", "inputs", "debug", "stderr", "input_filename", "input_line_number",
	"import", "include", "module", "modulemeta", "halt", "halt_error", "get_search_list",
	"get_jq_origin", "get_prog_origin",
};

/* Functions that never look at . themselves; their arguments see the same . */
static const char *const blind[] = {
	"empty", "now", "null", "true", "false", "nan", "infinite", "range", "limit", "isempty",
};
/* The same, where they have an argument. */
static const char *const blind_with[] = {"first", "last", "error"};

static bool among(struct slice word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == word.len && memcmp(list[i], word.ptr, word.len) == 0)
			return true;
	return false;
}

static struct frame *top(struct reader *r)
{
	return &r->frames[r->depth];
}

static void push(struct reader *r, char kind, bool root)
{
	r->frames = mem_resize(r->frames, ++r->depth + 1, sizeof(*r->frames));
	r->frames[r->depth] = (struct frame){.kind = kind, .root_in = root, .root = root,
					     .key = kind == '{'};
	r->after_term = false;
}

/* A term begins: is its . the scope? */
static bool term_root(struct reader *r)
{
	struct frame *f = top(r);
	bool root = f->root && !f->caught && !r->lost;

	f->caught = false;
	return root;
}

static int use_root(struct reader *r, struct slice name, const struct token *after)
{
	return name_part(&r->use, name, after, r->err);
}

static int read_field(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	bool begins = !r->after_term;

	if (begins)
		r->term = t->start;
	if (name_hyphen(t, r->term, r->err) < 0)
		return -1;
	r->after_term = true;
	return begins && term_root(r) ? use_root(r, t->text, t + 1) : 0;
}

/* A dot alone: before a string it is a field, at the start of a term the whole of . */
static int read_dot(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct buf name = BUF_INIT;
	int rc = 0;

	if (r->after_term) {
		r->i += t[1].kind == TOKEN_STRING;
		return 0;
	}
	r->term = t->start;
	bool root = term_root(r);
	size_t taken = name_at(t, &name);
	if (taken)
		taken--; /* the dot itself */
	else if (t[1].kind == TOKEN_OPEN)
		taken = name_at(t + 1, &name);
	r->i += taken;
	if (root && taken)
		rc = use_root(r, buf_slice(&name), &r->tokens[r->i + 1]);
	else if (root)
		r->use.unsure = true;
	r->after_term = true;
	buf_release(&name);
	return rc;
}

static int read_variable(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];

	if (token_is(t, "ENV") || token_is(t, "__prog_args"))
		return err_set(r->err, ERR_DENIED, "$%.*s is not available to expressions",
			       (int)t->text.len, t->text.ptr);
	if (token_is(t, "secrets")) {
		r->use.secrets = true;
		name_secret(&r->use, t + 1);
	}
	term_root(r);
	r->term = t->start;
	r->after_term = true;
	return 0;
}

/* if, then, as, ...: 1 when the word was such a keyword, 0 when not. */
static int read_keyword(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct frame *f = top(r);
	static const char *const silent[] = {"and", "or", "try", "break"};
	static const char *const turning[] = {"then", "elif", "else"};
	bool ends = token_is(t, "end"), turns = among(t->text, turning, ARRAY_LEN(turning));

	if (ends || turns) {
		if (f->kind != 'i')
			return err_set(r->err, ERR_INVALID, "%.*s without an if", (int)t->text.len, t->text.ptr);
		f->root = f->root_in;
		f->binding = false;
		r->depth -= ends;
		r->after_term = ends;
		return 1;
	}
	if (token_is(t, "if")) {
		push(r, 'i', term_root(r));
	} else if (token_is(t, "reduce") || token_is(t, "foreach")) {
		f->fold = true;
	} else if (token_is(t, "as") || token_is(t, "label")) {
		f->binding = true;
	} else if (token_is(t, "catch")) {
		f->caught = true;
	} else if (token_is(t, "def")) {
		/* What . is in its body depends on who calls it. */
		r->lost = r->use.unsure = true;
	} else if (!among(t->text, silent, ARRAY_LEN(silent))) {
		return 0;
	}
	r->after_term = false;
	return 1;
}

/* Notes a function of ours; true when it never looks at . itself. */
static bool use_function(struct expr_use *use, struct slice name)
{
	int number = function_find(name);

	if (number < 0)
		return false;
	use->functions |= UINT64_C(1) << number;
	use->parts |= functions_table[number].parts;
	return functions_table[number].blind;
}

static int read_word(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct frame *f = top(r);

	if (f->kind == '{' && f->key) {
		f->key = false;
		r->after_term = true;
		/* {body} is short for {body: .body} */
		bool alone = token_sign(t + 1, TOKEN_OPERATOR, ',') || token_sign(t + 1, TOKEN_CLOSE, '}');
		return alone && term_root(r) ? use_root(r, t->text, t + 1) : 0;
	}
	int rc = read_keyword(r);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (among(t->text, refused, ARRAY_LEN(refused)))
		return err_set(r->err, ERR_DENIED, "%.*s is not available to expressions (as a field write "
			       ".%.*s)", (int)t->text.len, t->text.ptr, (int)t->text.len, t->text.ptr);
	bool root = term_root(r);
	r->args = token_sign(t + 1, TOKEN_OPEN, '(');
	bool sees = !among(t->text, blind, ARRAY_LEN(blind)) &&
		    !(r->args && among(t->text, blind_with, ARRAY_LEN(blind_with))) &&
		    !use_function(&r->use, t->text);
	if (root && sees)
		r->use.unsure = true;
	r->args_root = root && (!sees || token_is(t, "select"));
	r->term = t->start;
	r->after_term = true;
	return 0;
}

static void read_open(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct frame *f = top(r);
	char kind = t->sign;

	f->key = false;
	if (r->args) {
		r->args = false;
		push(r, '(', r->args_root);
	} else if (kind == '(' && f->fold && f->binding) {
		f->fold = f->binding = false;
		push(r, 'f', f->root && !r->lost);
	} else if (kind == '[' && r->after_term) {
		push(r, '[', f->root && !r->lost); /* an index: . is what it was before the term */
	} else {
		if (kind != '\\')
			r->term = t->start;
		push(r, kind, term_root(r));
	}
}

static void read_operator(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct frame *f = top(r);
	char sign = t->text.len == 1 ? t->sign : '\0';
	bool assigns = t->text.ptr[t->text.len - 1] == '=' && (sign || !strchr("=!<>", t->sign));

	if (sign == '?')
		return;
	if (sign == '|') {
		f->root = f->root && f->binding;
		f->binding = false;
	} else if (sign == ',' && f->kind == '{') {
		f->root = f->root_in;
		f->key = true;
	} else if (sign == ';') {
		f->root = f->root_in && f->kind != 'f';
		f->binding = false;
	} else if (assigns && f->root) {
		r->use.unsure = true; /* the result is the whole of . */
		f->root = t->sign != '|';
	}
	r->after_term = false;
}

/* A string: as a key it may be short for the member of that name. */
static int read_string(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];
	struct frame *f = top(r);
	struct buf name = BUF_INIT;
	int rc = 0;

	bool root = term_root(r);
	if (f->kind == '{' && f->key && root && jsontext_check(t->text, 1, NULL) == 0 &&
	    (token_sign(t + 1, TOKEN_OPERATOR, ',') || token_sign(t + 1, TOKEN_CLOSE, '}'))) {
		jsontext_string(t->text, &name);
		rc = use_root(r, buf_slice(&name), &r->tokens[r->i + 1]);
		buf_release(&name);
	}
	f->key = false;
	r->term = t->start;
	r->after_term = true;
	return rc;
}

static int read_token(struct reader *r)
{
	const struct token *t = &r->tokens[r->i];

	switch (t->kind) {
	case TOKEN_END: break;
	case TOKEN_FIELD: return read_field(r);
	case TOKEN_DOT: return read_dot(r);
	case TOKEN_WORD: return read_word(r);
	case TOKEN_VARIABLE:
		top(r)->key = false;
		return read_variable(r);
	case TOKEN_STRING: return read_string(r);
	case TOKEN_OPEN: read_open(r); break;
	case TOKEN_OPERATOR: read_operator(r); break;
	case TOKEN_RECURSE:
	case TOKEN_FORMAT:
		/* A format before a string only says how to fill it. */
		r->after_term = t->kind == TOKEN_RECURSE ||
				(t[1].kind != TOKEN_STRING && t[1].kind != TOKEN_STRING_OPEN);
		if (r->after_term && term_root(r))
			r->use.unsure = true;
		r->term = t->start;
		break;
	case TOKEN_NUMBER:
		term_root(r);
		r->after_term = true;
		break;
	case TOKEN_STRING_OPEN:
		top(r)->key = false;
		r->term = t->start;
		push(r, '"', term_root(r));
		break;
	case TOKEN_STRING_CLOSE:
	case TOKEN_CLOSE:
		if (top(r)->kind == 'i')
			return err_set(r->err, ERR_INVALID, "an if without its end");
		r->depth--;
		r->after_term = true;
		break;
	}
	return 0;
}

int expr_read(struct slice expression, struct expr_use *use, struct err *err)
{
	struct reader r = {.err = err, .term = expression.ptr};
	int rc;

	if (expression.len > EXPR_BYTES_MAX)
		return err_set(err, ERR_TOO_BIG, "the expression is longer than %d bytes", EXPR_BYTES_MAX);
	r.frames = mem_array(1, sizeof(*r.frames));
	r.frames[0].root = r.frames[0].root_in = true;
	rc = tokens_read(expression, &r.tokens, &r.count, err);
	if (rc == 0 && !r.count)
		rc = err_set(err, ERR_INVALID, "there is no expression");
	for (r.i = 0; rc == 0 && r.i < r.count; r.i++)
		rc = read_token(&r);
	if (rc == 0 && top(&r)->kind == 'i')
		rc = err_set(err, ERR_INVALID, "an if without its end");
	free(r.tokens);
	free(r.frames);
	if (rc < 0)
		expr_use_release(&r.use);
	else
		*use = r.use;
	return rc < 0 ? -1 : 0;
}
