/* SPDX-License-Identifier: MIT */
/*
 * expr_path_inner: what the two files of expr_path share, and nobody else.
 */
#ifndef FLOW_EXPR_PATH_INNER_H
#define FLOW_EXPR_PATH_INNER_H

#include "flow/expr_path.h"
#include "flow/expr_token.h"

#define BINDINGS_MAX 8

/* A path, or what is not known to be one. */
struct meant {
	bool known;
	struct expr_path path;
};

struct path_frame {
	char kind;           /* as token.sign; " a string; i an if; f a fold; x an index; c a call,
			      * s one of select */
	struct meant in;     /* . where it began */
	struct meant dot;    /* . now */
	struct meant stage;  /* of the pipe, when all of it is one path */
	bool empty;          /* nothing of the stage has been read */
	bool binding, fold, key, caught, tests; /* as in expr_use.c; tests: only truth matters */
};

struct path_binding {
	struct slice name;
	struct meant meant;
};

struct path_reader {
	struct slice text;
	struct token *tokens;
	size_t count, i;
	struct path_frame *frames;
	size_t depth;
	bool after_term, lost;
	struct path_binding bindings[BINDINGS_MAX];
	size_t n_bindings;
	struct expr_paths *out;
};

static inline struct path_frame *path_top(struct path_reader *r)
{
	return &r->frames[r->depth];
}

static inline const struct token *path_next(const struct path_reader *r)
{
	return &r->tokens[r->i + 1];
}

/* path_among: the token is one of these words. */
bool path_among(const struct token *t, const char *const *list, size_t count);

/* path_add_segment and path_add_key make a path longer. */
void path_add_segment(struct meant *m, struct expr_segment s);
void path_add_key(struct path_reader *r, struct meant *m, struct slice key, const char *at);
/* path_record notes a path that ends at the token in hand. */
void path_record(struct path_reader *r, const struct meant *m);
/* path_finish takes what follows the token in hand and still belongs to the term that began with
 * m. noted: m itself has been recorded. */
void path_finish(struct path_reader *r, struct meant *m, bool noted);
/* path_term_done: a term has ended, which is m. */
void path_term_done(struct path_reader *r, const struct meant *m);

#endif
