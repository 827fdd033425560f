/* SPDX-License-Identifier: MIT */
/*
 * expr: the text of expressions, before anything runs: finding the holes of a string,
 * refusing what no expression may call, and finding what an expression uses. Knows how jq
 * is spelt (strings, \( ) in them, brackets, comments), never what it computes. Inside this
 * room only: value.c splits, jq.c compiles what expr_read let through.
 */
#ifndef FLOW_EXPR_H
#define FLOW_EXPR_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "flow/scope.h"

#define EXPR_BYTES_MAX 65536
#define EXPR_DEPTH_MAX 100 /* brackets within brackets */

/* One piece of a string: text as it stands, or the inside of {{ }}. */
struct expr_piece {
	bool hole;
	struct slice text;
	size_t column; /* where it begins, counted in characters from 1 */
};

/* Splitting: struct expr_split s = {.text = ...}; while (expr_next(&s, &piece, err) > 0).
 * 1 a piece; 0 no more; -1 a hole that is not closed, or is empty. A \{{ comes as a piece
 * of text, {{. */
struct expr_split {
	struct slice text;
	size_t at; /* private */
};
int expr_next(struct expr_split *s, struct expr_piece *piece, struct err *err) MUSTCHECK;

/* What an expression uses. unsure says that it may see any part (it looks at . as a whole,
 * or defines functions); what is named besides is still right. */
struct expr_use {
	unsigned parts;  /* bits: 1 << SCOPE_BODY */
	bool unsure;
	char **steps;    /* .steps.<name> */
	size_t n_steps;
	bool any_step;   /* .steps as a whole, or a computed name */
	uint64_t functions; /* of flow/functions.h: bits, 1 << number */
	bool secrets;    /* $secrets occurs at all */
	char **secret_names;
	size_t n_secrets;
};

/* expr_read checks one expression and fills use. -1, use untouched: a call that is refused,
 * a name that no expression can see, brackets that do not match, the hyphen trap. */
int expr_read(struct slice expression, struct expr_use *use, struct err *err) MUSTCHECK;
void expr_use_release(struct expr_use *use);

/* expr_clean adds the expression with each comment made one space: what jq is given is what
 * was read here, whatever its version thinks ends a comment. */
void expr_clean(struct slice expression, struct buf *out);

/* expr_quote is the expression for an error's sentence: trimmed, on one line, cut at about
 * sixty bytes. Put together in out, which it returns. */
#define EXPR_QUOTE_SIZE 72
const char *expr_quote(struct slice expression, char out[EXPR_QUOTE_SIZE]);

#endif
