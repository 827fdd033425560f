/* SPDX-License-Identifier: MIT */
/*
 * store_replay: finished events run again, in replays that can be looked at, taken back and,
 * when their command was cut short, gone on with. A part of common/store.h, which includes it;
 * include that one.
 */
#ifndef COMMON_STORE_REPLAY_H
#define COMMON_STORE_REPLAY_H

#include "common/store.h"

struct replay_plan {
	struct event_filter filter; /* of finished events: succeeded, failed, cancelled; no limit */
	bool version_now;       /* the flow published now, instead of the one of the arrival */
	bool from_failed_step;  /* reuse the outputs of the steps that had succeeded */
	int per_second;         /* 0: as fast as there is room behind live traffic */
	const char *reason;     /* for the history */
};
struct replay_count {
	int64_t matched;        /* events the filter names */
	int64_t eligible;       /* of those, finished ones that have their body still */
	int64_t without_body;   /* finished, but retention has removed the body */
	int64_t queued;         /* put back into the queue; 0 in a dry run */
	int64_t replay_id;      /* 0 in a dry run */
	int64_t oldest_at, newest_at;
};
/* store_replay queues a new run for each event, in small transactions so that intake goes on;
 * progress (may be NULL) is called after each, and below zero stops the replay there: -1,
 * ERR_BUSY, and it is unfinished. Events that arrive after the call are not chosen. */
int store_replay(struct store *s, const struct replay_plan *plan, bool dry_run, int64_t now,
		 int (*progress)(void *arg, const struct replay_count *so_far), void *arg,
		 struct replay_count *out, struct err *err) MUSTCHECK;

/* store_replay_resume goes on with an unfinished replay: what its selection names behind the
 * last event it had come to, and still is finished, is queued. An event is in one replay once,
 * even when the first command runs still. *out counts what this call did. ERR_MISSING,
 * ERR_CONFLICT when it has all been queued or was cancelled. */
int store_replay_resume(struct store *s, int64_t id, int64_t now,
			int (*progress)(void *arg, const struct replay_count *so_far), void *arg,
			struct replay_count *out, struct err *err) MUSTCHECK;

/* store_replay_cancel gives the events of a replay that still wait the state and version back
 * that they had; one that has run in this replay and waits for its next try or in a delay has
 * failed. What runs ends as it ends. How many; ERR_MISSING; ERR_CONFLICT when it was cancelled
 * before. Nothing more of it is queued. */
int store_replay_cancel(struct store *s, int64_t id, int64_t now, struct err *err) MUSTCHECK;

struct replay_row {             /* a row of replay_history; borrowed */
	int64_t id;
	const char *created_at, *reason, *selection;
	const char *flow_version; /* "then", "now" */
	const char *from_step;  /* "start", "failed" */
	const char *state;      /* "unfinished", "running", "ended", "cancelled" */
	int64_t per_second, queued;
	int64_t waiting;        /* of the queued: queued, held or running; the others have ended */
	int64_t succeeded, failed, cancelled;
};
/* store_replays_each calls back for each replay, newest first, or for one (id not 0); each < 0
 * ends it. How many. */
int store_replays_each(struct store *s, int64_t id, size_t limit,
		       int (*each)(void *arg, const struct replay_row *row), void *arg,
		       struct err *err) MUSTCHECK;

#endif
