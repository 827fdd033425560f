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

/* hole_add adds what it yields to out, as JSON or as text: 1, 0 when empty, -1. */
int hole_add(const struct hole *h, bool as_text, struct scope *s, const char *secrets,
	     struct buf *out, struct err *err) MUSTCHECK;

#endif
