/* SPDX-License-Identifier: MIT */
/*
 * expr_path: which paths from the scope down stand in an expression, for whoever explains why
 * it failed or looks for slips in it. Reads the text alone. It follows . through pipes, brackets,
 * variables, map( ) and select( ) as far as that is certain, and leaves out what it is not
 * certain of: a hint that is missing misleads nobody.
 *
 *     [.body.items[] | .price * 2]     .body.items[]   .body.items[].price
 *
 * Inside this room only.
 */
#ifndef FLOW_EXPR_PATH_H
#define FLOW_EXPR_PATH_H

#include "common/base.h"

enum expr_segment_kind {
	SEGMENT_KEY,   /* .name  ["name"] */
	SEGMENT_INDEX, /* [0]  [-1] */
	SEGMENT_EACH,  /* []  map( */
};

struct expr_segment {
	enum expr_segment_kind kind;
	const char *key; /* the list's; ended by NUL besides */
	size_t key_len;
	int64_t index;
	size_t at;       /* the byte of the expression where it begins */
};

#define EXPR_PATH_SEGMENTS 16
struct expr_path {
	struct expr_segment segments[EXPR_PATH_SEGMENTS]; /* the first names a part of the scope */
	size_t count;
	size_t at;    /* the byte where its last term begins: of $x.price the $ */
	bool prefix;  /* a computed index or a slice follows, which is not followed */
	bool piped;   /* it goes straight into a function that minds what it is given */
	bool guarded; /* that it is missing fails nothing: // follows, or it is tested or compared */
	bool compared; /* guarded, by a comparison with something other than null alone */
};

#define EXPR_PATHS_MAX 32
struct expr_paths {
	struct expr_path *list; /* as they stand in the text */
	size_t count;
	char **keys;            /* private */
	size_t n_keys;
};

/* expr_paths_read fills out; with nothing where the expression is not jq or defines functions.
 * More than EXPR_PATHS_MAX are not looked at, nor longer ones than EXPR_PATH_SEGMENTS. */
void expr_paths_read(struct slice expression, struct expr_paths *out);
void expr_paths_release(struct expr_paths *paths);

#endif
