/* SPDX-License-Identifier: MIT */
/*
 * value_inner: a value as value.c makes it and value_use.c looks at it; for these two alone.
 */
#ifndef FLOW_VALUE_INNER_H
#define FLOW_VALUE_INNER_H

#include "flow/hole.h"
#include "flow/value.h"

enum kind {
	KIND_CONSTANT,
	KIND_HOLE,   /* one expression alone */
	KIND_TEXT,   /* texts and expressions in turn */
	KIND_ARRAY,
	KIND_OBJECT,
};

struct piece {
	struct slice text;
	struct hole *hole; /* NULL: text */
};

struct value {
	enum kind kind;
	struct buf json;     /* KIND_CONSTANT */
	char *text;          /* the string the pieces lie in */
	struct piece *pieces;
	struct value **children;
	struct buf *keys;    /* of an object, as JSON with their colon */
	size_t count;        /* of pieces or children */
};

#endif
