/* SPDX-License-Identifier: MIT */
/*
 * fault: how this room notes what is wrong with a document: where (as a JSON pointer) and
 * in which words. The list itself, struct faults, is in flow/flow.h for everybody.
 */
#ifndef FLOW_FAULT_H
#define FLOW_FAULT_H

#include "flow/flow.h"

/* A place in the document: a chain on the callers' stacks, from the node up to the root
 * (NULL). name is the member, or NULL and index is the item. */
struct where {
	const struct where *up;
	const char *name;
	size_t index;
};

/* where_pointer is the place as a JSON pointer (RFC 6901), the caller's. */
char *where_pointer(const struct where *at);

/* fault_at adds a fault, warn_at a warning. */
void fault_at(struct faults *f, const struct where *at, const char *fmt, ...) PRINTF(3, 4);
void warn_at(struct faults *f, const struct where *at, const char *fmt, ...) PRINTF(3, 4);

/* The same for a pointer kept as text, with one more member when name is not NULL. */
void fault_add(struct faults *f, const char *pointer, const char *name, const char *fmt, ...)
	PRINTF(4, 5);
void warn_add(struct faults *f, const char *pointer, const char *name, const char *fmt, ...)
	PRINTF(4, 5);

#endif
