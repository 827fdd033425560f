/* SPDX-License-Identifier: MIT */
/* jq as tokens. Where jq itself would refuse a spelling this may let it pass: libjq has the
 * last word; but nothing that libjq takes for a call may look here like something else. */
#include "flow/expr_token.h"

#include "common/mem.h"

#include <string.h>

static bool word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *word_end(const char *p, const char *end)
{
	while (p < end && (word_start(*p) || digit(*p)))
		p++;
	return p;
}

static void skip_blank(struct lexer *l)
{
	while (l->p < l->end) {
		if (*l->p == '#') {
			const char *stop = memchr(l->p, '\n', (size_t)(l->end - l->p));
			l->comment = l->p;
			l->comment_end = l->p = stop ? stop : l->end;
		} else if (strchr(" \t\r\n", *l->p) && *l->p) {
			l->p++;
		} else {
			return;
		}
	}
}

static int open_bracket(struct lexer *l, char sign, struct err *err)
{
	if (l->depth == EXPR_DEPTH_MAX)
		return err_set(err, ERR_INVALID, "brackets are nested deeper than %d levels",
			       EXPR_DEPTH_MAX);
	l->open[l->depth++] = sign;
	return 1;
}

static int close_bracket(struct lexer *l, struct token *t, struct err *err)
{
	char want = l->depth ? l->open[l->depth - 1] : 0;
	char closes = want == '{' ? '}' : want == '[' ? ']' : want ? ')' : 0;

	if (!want)
		return err_set(err, ERR_INVALID, "a %c closes nothing", t->sign);
	if (closes != t->sign)
		return err_set(err, ERR_INVALID, "a %c stands where %c was to be closed by %c", t->sign,
			       want == '\\' ? '(' : want, closes);
	l->depth--;
	t->kind = TOKEN_CLOSE;
	return 1;
}

/* The text of a string up to its end or the next \( ; l->p is behind the quote or bracket. */
static int string_text(struct lexer *l, struct token *t, struct err *err)
{
	while (l->p < l->end) {
		char c = *l->p++;
		if (c == '"') {
			t->kind = TOKEN_STRING_CLOSE;
			l->depth--;
			return 1;
		}
		if (c != '\\' || l->p == l->end)
			continue;
		if (*l->p++ == '(') {
			t->kind = TOKEN_OPEN;
			t->sign = '\\';
			return open_bracket(l, '\\', err);
		}
	}
	return err_set(err, ERR_INVALID, "a string is not closed: \" is missing");
}

static int string_start(struct lexer *l, struct token *t, struct err *err)
{
	const char *p = l->p;

	for (; p < l->end && *p != '"'; p++) {
		if (*p != '\\')
			continue;
		if (++p < l->end && *p == '(') {
			t->kind = TOKEN_STRING_OPEN;
			return open_bracket(l, '"', err);
		}
	}
	if (p >= l->end)
		return err_set(err, ERR_INVALID, "a string is not closed: \" is missing");
	t->kind = TOKEN_STRING;
	l->p = p + 1;
	t->text.len = (size_t)(l->p - t->text.ptr);
	return 1;
}

/* $name: jq lets white space and comments stand between the two. */
static int variable(struct lexer *l, struct token *t, struct err *err)
{
	skip_blank(l);
	t->kind = TOKEN_VARIABLE;
	t->text.ptr = l->p;
	l->p = word_end(l->p, l->end);
	t->text.len = (size_t)(l->p - t->text.ptr);
	if (!t->text.len || digit(*t->text.ptr))
		return err_set(err, ERR_INVALID, "a $ stands without a name");
	return 1;
}

static int number(struct lexer *l, struct token *t)
{
	const char *p = l->p - 1;

	while (p < l->end && (digit(*p) || *p == '.'))
		p++;
	if (p < l->end && (*p == 'e' || *p == 'E')) {
		const char *q = p + 1;
		q += q < l->end && (*q == '+' || *q == '-');
		if (q < l->end && digit(*q))
			for (p = q; p < l->end && digit(*p);)
				p++;
	}
	t->kind = TOKEN_NUMBER;
	l->p = p;
	t->text.len = (size_t)(p - t->text.ptr);
	return 1;
}

static int dot(struct lexer *l, struct token *t)
{
	char next = l->p < l->end ? *l->p : '\0';

	if (word_start(next)) {
		t->kind = TOKEN_FIELD;
		t->text.ptr = l->p;
		l->p = word_end(l->p, l->end);
		t->text.len = (size_t)(l->p - t->text.ptr);
		return 1;
	}
	if (digit(next))
		return number(l, t);
	t->kind = next == '.' ? TOKEN_RECURSE : TOKEN_DOT;
	l->p += next == '.';
	return 1;
}

static int read_operator(struct lexer *l, struct token *t, struct err *err)
{
	static const char *const long_ones[] = {"?//", "//=", "!=", "==", "//", "|=", "+=", "-=",
						"*=",  "/=",  "%=", "<=", ">="};

	t->kind = TOKEN_OPERATOR;
	for (size_t i = 0; i < ARRAY_LEN(long_ones); i++) {
		size_t len = strlen(long_ones[i]);
		if ((size_t)(l->end - t->start) >= len && memcmp(t->start, long_ones[i], len) == 0) {
			l->p = t->start + len;
			t->text.len = len;
			return 1;
		}
	}
	if (t->sign && strchr("?=;,:|+-*/%<>", t->sign))
		return 1;
	if (t->sign == '\'')
		return err_set(err, ERR_INVALID, "jq has no strings in single quotes: write \"...\"");
	if (t->sign == '&' || t->sign == '!')
		return err_set(err, ERR_INVALID, "%c is no operator of jq: write and, or, not", t->sign);
	if (t->sign > ' ' && t->sign < 0x7F)
		return err_set(err, ERR_INVALID, "%c is no operator of jq", t->sign);
	return err_set(err, ERR_INVALID, "a byte that jq does not know outside strings: 0x%02x",
		       (unsigned char)t->sign);
}

int token_next(struct lexer *l, struct token *t, struct err *err)
{
	const char *before = l->p;

	*t = (struct token){0};
	if (l->depth && l->open[l->depth - 1] == '"') {
		t->start = t->text.ptr = before;
		return string_text(l, t, err);
	}
	skip_blank(l);
	t->start = t->text.ptr = l->p;
	t->glued = l->p == before;
	if (l->p == l->end) {
		if (l->depth)
			return err_set(err, ERR_INVALID, "a %c is not closed",
				       l->open[l->depth - 1] == '\\' ? '(' : l->open[l->depth - 1]);
		return 0;
	}
	if (l->in_hole && !l->depth && l->end - l->p >= 2 && l->p[0] == '}' && l->p[1] == '}')
		return 0;
	t->text.len = 1;
	t->sign = *l->p++;
	if (word_start(t->sign)) {
		t->kind = TOKEN_WORD;
		l->p = word_end(l->p, l->end);
		t->text.len = (size_t)(l->p - t->start);
		return 1;
	}
	if (digit(t->sign))
		return number(l, t);
	switch (t->sign) {
	case '"': return string_start(l, t, err);
	case '.': return dot(l, t);
	case '$': return variable(l, t, err);
	case '@':
		t->kind = TOKEN_FORMAT;
		l->p = word_end(l->p, l->end);
		t->text.len = (size_t)(l->p - t->start);
		return 1;
	case '(':
	case '[':
	case '{':
		t->kind = TOKEN_OPEN;
		return open_bracket(l, t->sign, err);
	case ')':
	case ']':
	case '}': return close_bracket(l, t, err);
	}
	return read_operator(l, t, err);
}

int tokens_read(struct slice text, struct token **tokens, size_t *count, struct err *err)
{
	struct lexer l = {.p = text.ptr, .end = text.ptr + text.len};
	size_t room = 0;
	int rc;

	*tokens = NULL;
	*count = 0;
	do {
		if (*count + 4 > room)
			*tokens = mem_resize(*tokens, room = room ? room * 2 : 32, sizeof(**tokens));
		rc = token_next(&l, *tokens + *count, err);
		*count += rc > 0;
	} while (rc > 0);
	for (size_t k = 0; k < 4; k++)
		(*tokens)[*count + k] = (struct token){.start = l.end, .text = {l.end, 0}};
	return rc;
}
