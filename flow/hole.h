/* SPDX-License-Identifier: MIT */
/*
 * hole: one {{ }} of a value. Only value.c knows it.
 */
#ifndef FLOW_HOLE_H
#define FLOW_HOLE_H

#include "flow/expr.h"
#include "flow/value.h"

struct hole;

struct hole_rules {
	struct program *program; /* NULL: plain paths only */
	unsigned flags;          /* enum value_flags */
};

/* hole_new reads a piece of a string, whose text must outlive the hole. NULL with a
 * sentence that quotes it and names the column. */
struct hole *hole_new(const struct expr_piece *p, const struct hole_rules *rules,
		      struct err *err) MUSTCHECK;
void hole_free(struct hole *h);

/* As value_uses and value_secrets. */
void hole_uses(const struct hole *h, void (*use)(void *arg, const struct value_use *use),
	       void *arg);
void hole_secrets(const struct hole *h, void (*use)(void *arg, const char *name), void *arg);

/* hole_add adds what it yields to out, as JSON or as text: 1, 0 when empty, -1 with a sentence
 * that quotes it and says what it met. */
int hole_add(const struct hole *h, bool as_text, struct scope *s, const char *secrets,
	     struct buf *out, struct err *err) MUSTCHECK;

/* hole_explain puts behind err, which says why what the hole gave will not do, where that came
 * from: flow/hint.h. */
void hole_explain(const struct hole *h, struct scope *s, struct err *err);

/* hole_text is the expression, as long as the hole lasts. */
struct slice hole_text(const struct hole *h);

#endif
