/* SPDX-License-Identifier: MIT */
/*
 * walk_inner: what the engine keeps of a run in progress. Only the engine's own files look
 * inside (walk.c, evaluate.c, loop.c, resume.c, trace.c); steps use flow/walk.h.
 */
#ifndef FLOW_WALK_INNER_H
#define FLOW_WALK_INNER_H

#include "flow/scope.h"
#include "flow/secrets.h"
#include "flow/walk.h"

/* Of the step in hand; one that runs other steps keeps its own meanwhile. */
struct hand {
	const struct step *step;
	struct slice earlier;         /* its entry in the trace that is gone on from, or empty */
	struct buf tried;             /* {"name":value,...}: its notes of the try before */
	struct buf inputs;            /* "name":value, ... as trace_inputs wants them */
	struct buf paths;             /* "name", ... of the branches entered */
	struct buf notes;             /* ,"name":value ... */
	const struct step_list *entered[WALK_ENTER_MAX];
	size_t n_entered;
	int failed_status;
	int64_t retry_after_ms;
	bool looping;                 /* evaluates for one item after the other */
};

/* One loop that the run is in. */
struct turn {
	struct slice item;
	int64_t index;
	size_t trace_at, entries_at;  /* how far the trace was when the loop began */
	size_t unrecorded;
};

struct walk {
	struct flow *flow;
	struct scope *scope;
	struct run_host host;
	const struct scope_event *event;
	struct run_result *out;
	const struct walk *caller;    /* the run this one is a part of (call_flow), or NULL */
	struct buf key;               /* what tells its calls from those of its caller: "sub-" */
	struct slice resume;          /* the trace of an earlier run; len 0: none */
	const char *settled;          /* what stands before this in it is not done again */
	bool same_run;                /* it is this very run, which waited */
	struct secrets *secrets;      /* one for a run and the flows it calls */
	struct secrets own_secrets;
	bool handling;                /* in the flow's own on_error */
	const char *failed_step;
	const char *replied_by;
	const char *last_step;        /* that has run */
	struct err marked;            /* failed by an outcome, though the run goes on */
	const char *marked_step;
	struct turn turns[STEPS_DEPTH_MAX + 1];
	size_t n_turns;
	size_t n_entries;             /* of the trace */
	int64_t wake_at;
	struct buf wait_index;        /* the "index" of the step that waits */
	struct hand hand;
};

/* walk_key adds what tells a step's calls from all others of the event: "sub-3-send-0". */
void walk_key(const struct walk *w, const struct step *s, struct buf *out);

/* A run: walk_init, resume_start, walk_run, which fills the result, walk_release. */
void walk_init(struct walk *w, struct flow *f, const struct scope_event *event,
	       const struct run_host *host, struct run_result *out);
void walk_run(struct walk *w);
void walk_release(struct walk *w);

/* walk_list runs steps as a part of the step in hand. */
enum step_result walk_list(struct walk *w, const struct step_list *steps, struct err *err);

struct trace_entry {
	const struct step *step;
	size_t at;                    /* where it belongs: before the steps it ran */
	const char *outcome;
	enum step_result result;
	int64_t started_at;
	int64_t started_us;
	bool waited;                  /* it began before the run waited */
	int tries;
	struct buf output;
	struct buf error;             /* JSON, empty when none */
	struct slice copy;            /* an entry of before, to be written as it is */
};

/* While the run goes on run_result.steps holds its entries, each after a comma; trace_close
 * makes it the array. trace_add writes one entry; larger outputs are noted, not kept. */
#define TRACE_OUTPUT_MAX 65536
void trace_add(struct walk *w, const struct trace_entry *entry);
void trace_close(struct walk *w);
/* trace_make_whole puts back what was noted only, of the steps outside of loops and of those
 * in the rounds named by wait_index. After trace_close. */
void trace_make_whole(struct walk *w);

/* trace_find: the entry of a step in the trace that is gone on from, of the same round: 1 and
 * *entry, or 0. */
int trace_find(const struct walk *w, const struct step *s, struct slice *entry);
/* trace_is: a member of an entry is this text. */
bool trace_is(struct slice entry, const char *name, const char *text);
/* trace_index adds the "index" of the round in hand: [2] or [2,0]; nothing outside of loops. */
void trace_index(const struct walk *w, struct buf *out);

/* resume_start reads what a run goes on from; text that is no trace is as good as none.
 * resume_step: 1 when the step need not be done, with entry->output and *result; 0 when it is
 * to be done. */
void resume_start(struct walk *w, struct slice trace);
int resume_step(struct walk *w, const struct step *s, struct trace_entry *entry,
		enum step_result *result, struct err *err);

#endif
