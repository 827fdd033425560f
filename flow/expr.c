/* SPDX-License-Identifier: MIT */
/* Holes in strings. A hole ends where its jq ends, not at the next }}: strings, brackets and
 * comments are read as jq reads them. */
#include "flow/expr.h"

#include "common/jsontext.h"
#include "flow/expr_token.h"

#include <string.h>

static size_t column_of(struct slice text, size_t at)
{
	size_t column = 1;

	for (size_t i = 0; i < at; i++)
		column += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
	return column;
}

/* s->at is at {{. */
static int next_hole(struct expr_split *s, struct expr_piece *piece, struct err *err)
{
	const char *start = s->text.ptr + s->at + 2, *end = s->text.ptr + s->text.len;
	struct lexer l = {.p = start, .end = end, .in_hole = true};
	struct token t;
	struct err why;
	size_t tokens = 0;
	int rc;

	while ((rc = token_next(&l, &t, &why)) > 0)
		tokens++;
	if (rc < 0)
		return err_set(err, ERR_INVALID, "column %zu: in the hole that begins here, %s",
			       piece->column, why.text);
	if (l.p == end) {
		const char *swallowed = l.comment && memchr(l.comment, '}', (size_t)(l.comment_end - l.comment))
						? " (its comment goes on to the end of the line)" : "";
		return err_set(err, ERR_INVALID, "column %zu: the hole that begins here is not closed by }}%s",
			       piece->column, swallowed);
	}
	if (!tokens)
		return err_set(err, ERR_INVALID, "column %zu: an empty hole; for a literal {{ write \\{{",
			       piece->column);
	piece->hole = true;
	piece->text = (struct slice){start, (size_t)(l.p - start)};
	s->at = (size_t)(l.p - s->text.ptr) + 2;
	return 1;
}

int expr_next(struct expr_split *s, struct expr_piece *piece, struct err *err)
{
	const char *start = s->text.ptr + s->at, *end = s->text.ptr + s->text.len;

	if (start >= end)
		return 0;
	*piece = (struct expr_piece){.column = column_of(s->text, s->at)};
	if (end - start >= 2 && start[0] == '{' && start[1] == '{')
		return next_hole(s, piece, err);
	if (end - start >= 3 && memcmp(start, "\\{{", 3) == 0) {
		piece->text = (struct slice){start + 1, 2};
		s->at += 3;
		return 1;
	}
	const char *p = start + 1;
	for (; p < end; p++) {
		if (end - p >= 3 && memcmp(p, "\\{{", 3) == 0)
			break;
		if (end - p >= 2 && p[0] == '{' && p[1] == '{')
			break;
	}
	piece->text = (struct slice){start, (size_t)(p - start)};
	s->at += piece->text.len;
	return 1;
}

void expr_clean(struct slice expression, struct buf *out)
{
	const char *end = expression.ptr + expression.len, *copied = expression.ptr;
	struct lexer l = {.p = expression.ptr, .end = end};
	struct token t;
	int rc;

	do {
		const char *before = l.p;
		l.comment = NULL;
		rc = token_next(&l, &t, NULL);
		if (!l.comment)
			continue;
		/* Several comments in a row all lie before the token, or after the $ of one. */
		const char *from = memchr(before, '#', (size_t)(l.comment_end - before));
		buf_add(out, copied, (size_t)(from - copied));
		buf_add_char(out, ' ');
		copied = l.comment_end;
	} while (rc > 0);
	buf_add(out, copied, (size_t)(end - copied));
}

const char *expr_quote(struct slice expression, char out[EXPR_QUOTE_SIZE])
{
	size_t len = 0, room = EXPR_QUOTE_SIZE - 4;

	expression = jsontext_trim(expression);
	for (size_t i = 0; i < expression.len && len < room; i++) {
		unsigned char c = (unsigned char)expression.ptr[i];
		out[len++] = c < 0x20 || c == 0x7F ? ' ' : (char)c;
	}
	if (expression.len > len) {
		while (len && ((unsigned char)out[len - 1] & 0xC0) == 0x80)
			len--;
		if (len && (unsigned char)out[len - 1] >= 0xC0)
			len--;
		memcpy(out + len, "...", 3);
		len += 3;
	}
	out[len] = '\0';
	return out;
}
