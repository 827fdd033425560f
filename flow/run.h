/* SPDX-License-Identifier: MIT */
/*
 * run: one execution of a flow over one event. It needs no database: what a run asks of
 * whoever hosts it (the worker, `ringbolt flow test`, a test) is the struct run_host.
 */
#ifndef FLOW_RUN_H
#define FLOW_RUN_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"
#include "flow/flow.h"
#include "flow/scope.h"

/* What the caller is to get. */
struct reply {
	int status;
	char *headers;        /* JSON [["Name","value"],...] in order; checked: see reply.h */
	struct buf body;      /* empty for 204 */
};
void reply_release(struct reply *r);

/* One call to another system, as http_request makes it; the host may answer it from a stub. */
struct outbound_request;
struct outbound_response;

struct run_host {
	void *arg;
	/* The value of a secret, the caller's to mem_wipe_free: 1; 0 no such secret; -1. */
	int (*secret)(void *arg, const char *name, char **value, struct err *err);
	/* Called once, when the reply is decided and more than pure steps follow, so that it can
	 * be stored and sent before them. NULL: it is only found in the result. */
	int (*reply)(void *arg, const struct reply *reply, struct err *err);
	/* Makes the call; NULL means outbound_call (common/outbound.h). */
	int (*call)(void *arg, const struct outbound_request *request,
		    struct outbound_response *response, struct err *err);
	/* The document of a connection (flow/connection.h), the caller's to free: 1; 0 no such
	 * connection; -1. NULL: there are none. */
	int (*connection)(void *arg, const char *name, char **document, struct err *err);
	bool trace_values;  /* keep each step's output in the trace */
	bool trace_inputs;  /* and its evaluated parameters, secrets masked (flow test, console) */
	/* The published version of a flow: 1 and *flow, which lasts until the run ends; 0 there is
	 * none; -1. NULL: no flow can be called here. */
	int (*flow)(void *arg, const char *name, struct flow **flow, struct err *err);
	int64_t now_at;     /* the time that waiting is measured by; 0: the clock's */
	/* What steps may reach of this machine: the operator's folders, "" or NULL where they are
	 * switched off, and Ringbolt's own, whose files they never may. */
	const char *sqlite_dir, *command_dir, *data_dir;
	bool stand_in;      /* such steps do nothing and give an empty answer (flow test) */
};

enum run_outcome {
	RUN_SUCCEEDED,
	RUN_FAILED,
	RUN_WAITING, /* a delay: run it again at wake_at with these steps as resume and the
			trigger "delay", and it goes on; nothing else is to change */
};

struct run_result {
	enum run_outcome outcome;
	struct err err;        /* when failed: the sentence names flow, step and field */
	char *failed_step;     /* its name, or NULL */
	int failed_status;     /* the status another system failed it with; 0: none */
	int64_t wake_at;       /* when waiting */
	bool waited;           /* it has waited before: a retry should go on from these steps */
	bool replied;          /* in this run; not again when it goes on after a delay */
	struct reply reply;
	struct buf steps;      /* the trace, a JSON array, one object a step that was reached:
				  {"name","type","outcome":"succeeded|failed|skipped|reused|waiting",
				   "started_at","duration_ms","output","error",
				   "input" (where recorded), "path" (switch: the branch taken),
				   "index" (in a for_each: [round], within another [outer, inner]),
				   "waited" (true: the run waited there)}
				  and what the type notes besides: for_each "rounds", "skipped",
				  "unrecorded"; call_flow "steps", the trace of the flow called.
				  When waiting, nothing in it is cut. */
};
void run_result_release(struct run_result *r);

/* run_flow walks the steps. resume: the trace of an earlier run whose succeeded steps are
 * not done again, their output reused (replay from the failed step), or an empty slice.
 * Always fills out; whatever goes wrong is the outcome. */
void run_flow(struct flow *f, const struct scope_event *event, struct slice resume,
	      const struct run_host *host, struct run_result *out);

/* run_flow_through does the same, but where the run would wait time passes at once: for trying
 * a flow. Returns how often it would have waited. */
int run_flow_through(struct flow *f, const struct scope_event *event, const struct run_host *host,
		     struct run_result *out);

/* run_prepare compiles the flow's jq program now instead of at its first use. */
int run_prepare(struct flow *f, struct err *err) MUSTCHECK;

#endif
