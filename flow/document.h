/* SPDX-License-Identifier: MIT */
/*
 * document: a flow as it is held in memory. Inside this room only; others ask flow/flow.h.
 */
#ifndef FLOW_DOCUMENT_H
#define FLOW_DOCUMENT_H

#include "flow/flow.h"
#include "flow/param.h"
#include "flow/step.h"

#define STEPS_DEPTH_MAX 16
#define STEPS_MAX 500

enum step_on_error {
	ON_ERROR_FAIL,     /* the run fails */
	ON_ERROR_CONTINUE, /* the output becomes {"error": ...} and the run goes on */
	ON_ERROR_STEPS,    /* these steps run, then the run goes on */
};

struct step_list {
	struct step *list;
	size_t count;
};

struct step {
	const char *name;             /* borrowed from the tree; "" when it had none */
	const struct step_type *type; /* never NULL in a flow that parsed */
	char *pointer;
	size_t number;                /* in document order, from 0 */
	size_t n_inner;               /* how many steps its parameters hold: the numbers after it */
	struct args common;           /* what every step may say: see step_common_params */
	struct args args;             /* what its type declares */
	enum step_on_error on_error;
	const struct step_list *on_error_steps;
	int attempts;                 /* 1: no retry within the step */
	int64_t pause_ms, max_pause_ms;
	const cJSON *retry_statuses;  /* NULL: those that are usual */
	bool effects_after;           /* a step that may come later acts on the world outside */
	bool effects_within;          /* it, or a step that its parameters hold, does */
};

struct redact_path {
	const char *text;             /* as the document has it */
	struct path *path;
};

struct flow {
	cJSON *json;                  /* the document; everything else borrows from it */
	struct args args;
	struct flow_webhook webhook;
	const struct system *system;  /* held; NULL only in a faulty flow */
	bool dedupe_by_system;        /* it asks for it, not the flow: by its id or not at all */
	struct program *program;
	const struct step_list *steps;
	const struct step_list *on_error; /* NULL when none */
	struct step **all;            /* every step in document order */
	size_t n_all;
	const struct value *dedupe_key;   /* NULL: the body's digest */
	const struct value *order_key;    /* NULL: no order */
	const char *const *redact_query;  /* parameters whose values never reach disk */
	size_t n_redact_query;
	struct redact_path *redact_body;
	size_t n_redact_body;
	void **owned;                 /* freed with the flow */
	size_t n_owned;
};

/* steps_read reads a list of steps. Never NULL; faults are noted. */
struct step_list *steps_read(struct reader *r, const struct where *at, const cJSON *node);
void steps_free(struct step_list *steps);

/* flow_own hands memory over to the flow and returns it. */
void *flow_own(struct flow *f, void *take);

/* webhook_read fills f->webhook from the arguments and checks what declarations cannot say.
 * What it needs of the flow's steps (is there a webhook_response?) has been read before. */
void webhook_read(struct flow *f, const struct args *webhook, struct faults *faults);
void auth_read(struct flow *f, const struct arg *auth, struct faults *faults);
/* control_read: what the webhook says of when its events run (control.c). */
void control_read(struct flow *f, const struct args *webhook, struct faults *faults);
/* redact_read: what never reaches the disk (redact.c). redact_release frees the paths. */
void redact_read(struct flow *f, const struct args *webhook);
void redact_release(struct flow *f);
/* when_read: the rows of the reply table that the webhook overrides (when.c). */
void when_read(struct flow *f, const struct args *webhook, struct faults *faults);
/* access_read: from where it may be called (access.c). */
void access_read(struct flow *f, const struct args *webhook, struct faults *faults);

/* check_steps checks what needs the whole document: names, what an expression may see, and
 * which branches end without a reply. */
void check_steps(struct flow *f, struct faults *faults);

/* schema_of draws the JSON Schema of a document of these members. */
cJSON *schema_of(const char *title, const struct param *params);

/* What every kind of authentication has that proves anything. */
#define PARAM_ENFORCE \
	{.name = "enforce", .type = PARAM_BOOL, .fallback = "true", \
	 .text = "false: who fails is let in all the same, and what would have refused him is recorded " \
		 "with the event."}

/* The declarations: whole flow, webhook, every step, authentication. */
extern const struct param flow_params[];
extern const struct param webhook_params[];
extern const struct param step_common_params[];
extern const struct param_kind auth_kinds[];
extern const struct param redact_params[];
extern const struct param rate_limit_params[];
extern const struct param when_params[];
extern const struct param cors_params[];
extern const char *const priority_words[];
extern const char *const failure_words[];

#endif
