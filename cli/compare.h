/* SPDX-License-Identifier: MIT */
/*
 * compare: two versions of a flow over events that were received, side by side, with nothing
 * stored and nothing sent (`ringbolt replay --compare`). Other systems are answered for by
 * cli/recorded.h, and a secret is the text [secret NAME], so none can be printed.
 */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "common/base.h"
#include "common/err.h"
#include "common/store.h"

struct compare_plan {
	const char *flow;
	int old_version;     /* 0: the published one */
	int new_version;     /* -1: the newest */
	const char *draft;   /* a file instead of the new version, or NULL */
	struct event_filter filter; /* its limit says how many, newest first */
	bool json;           /* an object an event, and one that sums up */
};

/* compare_run prints what differs in outcome, reply and outgoing requests, event by event, and a
 * summary. 0, or -1 when a version cannot be had or is not sound. */
int compare_run(struct store *s, const struct compare_plan *plan, struct err *err) MUSTCHECK;

#endif
