/* SPDX-License-Identifier: MIT */
/*
 * flows: the flow versions this worker has read and compiled. A version never changes, so
 * what is here stays right; the least used ones make room.
 */
#ifndef WORKER_FLOWS_H
#define WORKER_FLOWS_H

#include "common/store.h"
#include "flow/flow.h"

struct flows;

struct flows *flows_new(struct store *s);
/* flows_forget: they are read again when they are asked for next; between runs only. */
void flows_forget(struct flows *f);
void flows_free(struct flows *f);

/* flows_find: borrowed until the next call; NULL with a sentence when the version is gone or
 * its document no longer passes the check. */
struct flow *flows_find(struct flows *f, int64_t version_id, struct err *err) MUSTCHECK;

/* flows_call finds the published version of a flow by name, for a run that calls it: 1, 0 there
 * is none, -1. flows_begin starts a run: what is found from then on stays until the next one. */
void flows_begin(struct flows *f);
int flows_call(struct flows *f, const char *name, struct flow **flow, struct err *err) MUSTCHECK;

/* flows_warm reads and compiles one published version that is not here yet: 1; 0 when there is
 * none. For a worker that has nothing to do, so that a caller seldom waits for a compilation. */
int flows_warm(struct flows *f);

#endif
