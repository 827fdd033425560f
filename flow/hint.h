/* SPDX-License-Identifier: MIT */
/*
 * hint: why an expression failed. jq says `null (null) not a string`; the hint says which path of
 * the expression is not there, which key stands where it was looked for, or what it met. Done
 * only after a failure; what it finds it finds by walking the paths of the expression
 * (flow/expr_path.h) through the scope, without computing anything.
 *
 * Inside this room only.
 */
#ifndef FLOW_HINT_H
#define FLOW_HINT_H

#include "common/err.h"
#include "flow/scope.h"

struct hint {
	struct slice expression; /* the inside of the hole */
	size_t column;           /* of the hole in its string, counted in characters from 1 */
	struct scope *scope;
	bool secrets;            /* it uses them: no value is shown, and words say nothing */
};

/* hint_add puts what it finds behind err's sentence; words is the part of it that says what went
 * wrong. Nothing is added where nothing is certain. Values are shown cut, the cut marked "...". */
void hint_add(const struct hint *h, const char *words, struct err *err);

/* hint_key adds a key as a sentence shows it: in quotes, escaped, cut. */
void hint_key(struct slice key, struct buf *out);
/* hint_step makes a path longer by one key: .name or ["x-y"]. */
void hint_step(const char *key, size_t len, struct buf *out);

/* hint_keys adds how an object without that key might be meant: "; did you mean "name"?", or
 * which keys it has. */
void hint_keys(struct slice object, struct slice key, struct buf *out);

#endif
