/* SPDX-License-Identifier: MIT */
/*
 * hint_inner: how hint.c's findings are put into words (hint_words.c); for these two alone.
 */
#ifndef FLOW_HINT_INNER_H
#define FLOW_HINT_INNER_H

#include "flow/expr_path.h"
#include "flow/hint.h"

enum met_kind {
	MET_VALUE,  /* the path leads to a value */
	MET_NULL,   /* it leads to, or ends early at, a null that was written */
	MET_ABSENT, /* an object has no such member */
	MET_SHORT,  /* a list has no such item */
	MET_UNRUN,  /* the step has not run */
	MET_MISFIT, /* what is there has no such parts */
};

struct met {
	enum met_kind kind;
	const struct expr_path *path;
	size_t segment;     /* the first that led nowhere */
	struct slice value; /* what it was looked for in; or the path's value */
	struct buf where;   /* the path of value: .body.items[1] */
};

/* hint_met adds what was met, in words. */
void hint_met(const struct met *m, struct buf *out);
/* hint_value adds the beginning of a value as JSON, at most max characters of its text; what is
 * cut ends in "..." */
void hint_value(struct slice value, size_t max, struct buf *out);

#endif
