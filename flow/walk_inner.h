/* SPDX-License-Identifier: MIT */
/*
 * walk_inner: what the engine keeps of a run in progress. Only walk.c, evaluate.c and
 * trace.c look inside; steps use flow/walk.h.
 */
#ifndef FLOW_WALK_INNER_H
#define FLOW_WALK_INNER_H

#include "flow/scope.h"
#include "flow/secrets.h"
#include "flow/walk.h"

struct walk {
	struct flow *flow;
	struct scope *scope;
	const struct run_host *host;
	const struct scope_event *event;
	struct run_result *out;
	struct slice resume;          /* the trace of an earlier run; len 0: none */
	struct secrets secrets;
	bool handling;                /* in the flow's own on_error */
	const char *failed_step;
	const char *replied_by;
	struct err marked;            /* failed by an outcome, though the run goes on */
	const char *marked_step;
	/* of the step in hand */
	const struct step *step;
	struct buf inputs;            /* "name":value, ... as trace_inputs wants them */
	struct buf paths;             /* "name", ... of the branches entered */
	const struct step_list *entered[WALK_ENTER_MAX];
	size_t n_entered;
	int failed_status;
	int64_t retry_after_ms;
};

struct trace_entry {
	const struct step *step;
	const char *outcome;
	int64_t started_at;
	int64_t started_us;
	int tries;
	struct buf output;
	struct buf error;             /* JSON, empty when none */
};

/* trace_add writes one entry of run_result.steps. Larger outputs are noted, not kept. */
#define TRACE_OUTPUT_MAX 65536
void trace_add(struct walk *w, const struct trace_entry *entry);

/* trace_find: the entry of a step that succeeded in an earlier run: 1 and *entry, or 0. */
int trace_find(struct slice trace, const char *name, const char *type, struct slice *entry);

#endif
