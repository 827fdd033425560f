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
/* walk_refuse completes err, which says why what a parameter gave will not do ("it must be a list,
 * not null"): the field before it, and behind it where the value came from. Returns -1. */
int walk_refuse(struct walk *w, const struct args *args, const char *name, struct err *err);
/* walk_truth: as value_truth. */
int walk_truth(struct walk *w, const struct args *args, const char *name, struct err *err)
	MUSTCHECK;
/* walk_headers adds [["Name","value"],...]; a value that is empty or null leaves its header
 * out, a list repeats it. 0 or -1. */
int walk_headers(struct walk *w, const struct args *args, const char *name, struct buf *out,
		 struct err *err) MUSTCHECK;

/* walk_earlier: the run goes on from an earlier one, or this is another try: 1 and what the step
 * noted then under this name, or 0. */
int walk_earlier(struct walk *w, const char *name, struct slice *json);
/* walk_note adds a member to the step's entry in the trace (JSON text); secrets are masked. */
void walk_note(struct walk *w, const char *name, struct slice json);

#define WALK_ENTER_MAX 64
/* walk_enter: once this step is done, these steps run before the next one. path is the name
 * of the branch, for the trace. May be called several times. */
void walk_enter(struct walk *w, const struct step_list *steps, const char *path);

/* A loop: walk_loop_enter, then walk_loop_item for each item (which lasts until the next one),
 * then walk_loop_leave; between, .item and .index are there and the parameters evaluated do not
 * show in the trace. walk_round runs the steps of a for_each for the item in hand: their trace
 * is kept as far as there is room; an error names the step. */
void walk_loop_enter(struct walk *w);
void walk_loop_item(struct walk *w, struct slice item, int64_t index);
enum step_result walk_round(struct walk *w, const struct step *s, const struct step_list *steps,
			    struct err *err);
/* walk_round_output: the output of the last step that ran in the round; null's text if none. */
struct slice walk_round_output(struct walk *w);
/* walk_round_pardon: the round failed, and the loop goes on all the same. */
void walk_round_pardon(struct walk *w);
/* walk_loop_leave returns how many entries the trace had no room for. */
size_t walk_loop_leave(struct walk *w, const struct step *s);

/* walk_wait ends a step that waits: STEP_WAIT, or STEP_NEXT when the time has come. */
enum step_result walk_wait(struct walk *w, int64_t until);
int64_t walk_now(const struct walk *w);

/* walk_flow runs another flow inside this run, over the request given (the event's own facts are
 * added); resume is the trace of an earlier try, or empty.
 * out is filled and the caller's to release when it returns 0; its reply goes nowhere. last gets
 * the output of its last step. -1: there is no such flow, or it may not be called from here. */
#define WALK_FLOWS_DEEP 5
int walk_flow(struct walk *w, const struct step *s, const char *name, struct scope_event *event,
	      struct slice resume, struct run_result *out, struct buf *last, struct err *err) MUSTCHECK;

/* walk_reply decides the reply, which is handed over. 0 when the caller has been answered
 * before (err says so), -1 when the host could not keep the reply. */
int walk_reply(struct walk *w, const struct step *s, struct reply *reply_take, struct err *err)
	MUSTCHECK;
/* walk_replied: the run answered at this step, before it waited. */
void walk_replied(struct walk *w, const struct step *s);
/* walk_fail: the run counts as failed when it ends, though it goes on. */
void walk_fail(struct walk *w, enum err_kind kind, const char *text);

/* walk_host: whoever hosts the run; for what it lets steps reach. */
const struct run_host *walk_host(const struct walk *w);

/* walk_call makes a call to another system. */
int walk_call(struct walk *w, const struct outbound_request *request,
	      struct outbound_response *response, struct err *err) MUSTCHECK;
/* walk_failed_status: the status another system answered with, for {"error":{"status"}}. */
void walk_failed_status(struct walk *w, int status);
/* walk_retry_after: how long that system wants to be left alone; the next try waits for it. */
void walk_retry_after(struct walk *w, int64_t ms);
/* walk_connection: a connection by its name; the caller's, NULL with a sentence. */
struct connection;
struct connection *walk_connection(struct walk *w, const char *name, struct err *err) MUSTCHECK;
/* walk_secret: the value of a secret, borrowed until the run's end; NULL with a sentence.
 * walk_secret_keep makes known a token: it is masked from now on. */
const char *walk_secret(struct walk *w, const char *name, struct err *err) MUSTCHECK;
void walk_secret_keep(struct walk *w, const char *name, const char *value);
/* walk_mask_reply replaces the secrets of the run in what a caller is about to be told: another
 * system may have repeated one. */
void walk_mask_reply(struct walk *w, bool is_json, struct buf *text);
/* walk_idempotency_key adds the key by which another system knows this very call again. */
void walk_idempotency_key(const struct walk *w, const struct step *s, struct buf *out);

#endif
