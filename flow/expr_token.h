/* SPDX-License-Identifier: MIT */
/*
 * expr_token: jq as a row of tokens, spelt as in jq 1.6 and 1.7, and the names in such a row.
 * What the files of expr share, and nobody else.
 */
#ifndef FLOW_EXPR_TOKEN_H
#define FLOW_EXPR_TOKEN_H

#include "flow/expr.h"

enum token_kind {
	TOKEN_END,
	TOKEN_FIELD,        /* .name; name is in text */
	TOKEN_DOT,          /* . */
	TOKEN_RECURSE,      /* .. */
	TOKEN_WORD,         /* a function, a keyword, or a key */
	TOKEN_VARIABLE,     /* $name; name is in text */
	TOKEN_NUMBER,
	TOKEN_FORMAT,       /* @base64 */
	TOKEN_STRING,       /* a string without \( ); text with its quotes */
	TOKEN_STRING_OPEN,  /* a string with \( ), whose inside follows as tokens */
	TOKEN_STRING_CLOSE,
	TOKEN_OPEN,         /* sign is ( [ { or \ for \( */
	TOKEN_CLOSE,
	TOKEN_OPERATOR,     /* sign is its first byte */
};

struct token {
	enum token_kind kind;
	char sign;
	struct slice text;
	const char *start; /* its first byte */
	bool glued;        /* no white space before it */
};

struct lexer {
	const char *p, *end;
	bool in_hole;         /* }} outside all brackets is the end */
	const char *comment;  /* the last comment passed over, and its end */
	const char *comment_end;
	unsigned depth;
	char open[EXPR_DEPTH_MAX]; /* as token.sign, and " for a string */
};

/* token_next: 1 a token, 0 the end, -1 not jq (brackets, strings, strange bytes). */
int token_next(struct lexer *l, struct token *t, struct err *err) MUSTCHECK;

/* tokens_read: all of them at once, with four TOKEN_END behind (rules look up to three tokens
 * ahead). 0 or -1; the caller frees *tokens either way. */
int tokens_read(struct slice text, struct token **tokens, size_t *count,
		struct err *err) MUSTCHECK;

bool token_is(const struct token *t, const char *word);
bool token_sign(const struct token *t, enum token_kind kind, char sign);

/* Names; t may be looked at up to three tokens further on (a row ends in four TOKEN_END).
 * name_at reads .name, ."name" or ["name"] that begins at t (a ? before it does not count)
 * into out: how many tokens it takes, or 0. */
size_t name_at(const struct token *t, struct buf *out);
/* name_part notes that a part of the scope is named (and the step, when one follows at
 * after); -1 when there is no such part. */
int name_part(struct expr_use *use, struct slice name, const struct token *after,
	      struct err *err) MUSTCHECK;
/* name_secret notes the name that follows $secrets at after. */
void name_secret(struct expr_use *use, const struct token *after);
/* name_hyphen refuses .headers.content-type, a subtraction in jq, where no white space says
 * that one was meant. t is the field before the minus, term where its term began. */
int name_hyphen(const struct token *t, const char *term, struct err *err) MUSTCHECK;

#endif
