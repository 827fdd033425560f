/* SPDX-License-Identifier: MIT */
/*
 * sample: an event to try a flow with (`flow test`): one that was received, or one made from
 * the command line and, for what it does not say, from the flow's webhook.expected.
 */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include "cli/args.h"
#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/store.h"
#include "flow/flow.h"
#include "flow/scope.h"

struct sample {
	int64_t id, received_at;
	char *method, *path, *query, *headers;
	struct buf body;
	struct scope_event event; /* borrows all of it, and the flow's suffix */
};

/* sample_make reads --method, --path, --query, --header and --body. 0 or -1. sample_from_event takes a received one instead. Release both. */
int sample_make(struct sample *s, const struct flow *f, const struct args *args, int64_t now,
		struct err *err) MUSTCHECK;
int sample_from_event(struct sample *s, const struct flow *f, struct store *store, int64_t id,
		      struct err *err) MUSTCHECK;
/* sample_from_kept takes one that is kept with the flow. */
int sample_from_kept(struct sample *s, const struct flow *f, struct store *store, const char *name,
		     int64_t now, struct err *err) MUSTCHECK;
/* sample_add adds headers (["Name","value"],... without the outer brackets; each stands for one of its
 * name) and what goes to the query ("a=b"). */
void sample_add(struct sample *s, const struct flow *f, const char *headers, const char *query);
/* sample_redact leaves of it what would be stored, and so be seen by a run: 0, or -1 where such a
 * request would be refused. */
int sample_redact(struct sample *s, const struct flow *f, struct err *err) MUSTCHECK;
void sample_release(struct sample *s);

#endif
