/* SPDX-License-Identifier: MIT */
/* called: the published flows that a run here calls (call_flow), parsed once. */
#ifndef CLI_CALLED_H
#define CLI_CALLED_H

#include "common/store.h"
#include "flow/flow.h"

struct called {
	struct store *store; /* NULL: there is none, and no flow */
	struct flow **list;
	size_t count;
};

/* called_find is what struct run_host asks for: 1 and *flow, which lasts until called_release;
 * 0; -1. */
int called_find(struct called *c, const char *name, struct flow **flow, struct err *err) MUSTCHECK;
void called_release(struct called *c);

#endif
