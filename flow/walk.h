/* SPDX-License-Identifier: MIT */
/*
 * walk: a run in progress, as the step types see it. They evaluate their parameters through
 * it, so that secrets are fetched, kept out of the trace and wiped in one place, and tell it
 * what they decided. Inside this room only.
 */
#ifndef FLOW_WALK_H
#define FLOW_WALK_H

#include "flow/document.h"
#include "flow/run.h"
#include "flow/step.h"

/* Evaluating a parameter of step s: as value_json and value_text; errors name the field. A
 * parameter that is absent gives 0. */
int walk_json(struct walk *w, const struct args *args, const char *name, struct buf *out,
	      struct err *err) MUSTCHECK;
int walk_text(struct walk *w, const struct args *args, const char *name, struct buf *out,
	      struct err *err) MUSTCHECK;
/* walk_truth: as value_truth. */
int walk_truth(struct walk *w, const struct args *args, const char *name, struct err *err)
	MUSTCHECK;
/* walk_headers adds [["Name","value"],...]; a value that is empty or null leaves its header
 * out, a list repeats it. 0 or -1. */
int walk_headers(struct walk *w, const struct args *args, const char *name, struct buf *out,
		 struct err *err) MUSTCHECK;

#define WALK_ENTER_MAX 64
/* walk_enter: once this step is done, these steps run before the next one. path is the name
 * of the branch, for the trace. May be called several times. */
void walk_enter(struct walk *w, const struct step_list *steps, const char *path);

/* walk_reply decides the reply, which is handed over. -1 when the caller has been answered
 * before, or the host could not keep the reply. */
int walk_reply(struct walk *w, const struct step *s, struct reply *reply_take, struct err *err)
	MUSTCHECK;
/* walk_fail: the run counts as failed when it ends, though it goes on. */
void walk_fail(struct walk *w, enum err_kind kind, const char *text);

/* walk_host: whoever hosts the run; for what it lets steps reach. */
const struct run_host *walk_host(const struct walk *w);

/* walk_call makes a call to another system. */
int walk_call(struct walk *w, const struct outbound_request *request,
	      struct outbound_response *response, struct err *err) MUSTCHECK;
/* walk_failed_status: the status another system answered with, for {"error":{"status"}}. */
void walk_failed_status(struct walk *w, int status);
/* walk_idempotency_key adds the key by which another system knows this very call again. */
void walk_idempotency_key(const struct walk *w, const struct step *s, struct buf *out);

#endif
