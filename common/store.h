/* SPDX-License-Identifier: MIT */
/*
 * store: the one door to the data. Behind it, in common/store/, live SQLite, the write
 * lock, group commit and the bell; no SQL, no sqlite3_ name and no shared memory passes it,
 * so that another database can stand behind it one day.
 *
 * Roles never talk to each other: the front puts events in, workers take them out and hand
 * runs back, the front finds the reply. What a role was told is committed is so in every
 * process; what leaves the house (a 202, a reply, a call to another system) leaves only
 * after the commit that holds it has been synced.
 *
 * The life of an event, each arrow one function whose WHERE names the state left, and for
 * a worker the run and the owner too, so an illegal change touches no row:
 *
 *    store_event_add                store_exchange (take)           store_exchange (give)
 *   ─────────────────> [queued] ───────────────────────> [running] ───────────┬──> [succeeded]
 *     │  flow paused     ^  ^ ^                             │                  └──> [failed]
 *     └────> [held] ─────┘  │ └── give: again later ────────┤                         │  │
 *               resume      │     store_owner_free: died ───┘                         │  │
 *                           └──────────────── store_replay ───────────────────────────┘  │
 *            [cancelled] <── store_event_cancel (from queued, held) ; replay leaves it too
 *
 * A wait for a retry or in a delay is no state: it is a later due_at. A worker's claim is named by its
 * owner and the run number; a late worker's words touch no row.
 *
 * Errors: ERR_DISK means that the disk or a sync failed; the process must stop
 * acknowledging and end with EXIT_DISK (store_broken tells it to threads that only wait).
 * ERR_BUSY: try again (503). Everything that comes out of a _load is the caller's.
 * A store may be used by all threads of a process; never across a fork.
 */
#ifndef COMMON_STORE_H
#define COMMON_STORE_H

#include "common/base.h"
#include "common/buf.h"
#include "common/err.h"

struct store;

/* ---- opening ------------------------------------------------------------------ */

/* store_key_file names the key file of the stores opened after it in this process; NULL or ""
 * means DIR/ringbolt.key. It should lie outside the data directory and its backups. */
void store_key_file(const char *path);

/* store_prepare makes the data directory ready: creates it (0700), the database and the key
 * file, refuses a foreign file, a newer database or an unwritable directory with a sentence,
 * applies migrations. For commands that may come before the first `serve`. */
int store_prepare(const char *dir, struct err *err) MUSTCHECK;

/* store_recover does the same for `serve`, which holds the directory alone: after an unclean
 * end it moves the log into the database, and with check (after EXIT_DISK) runs SQLite's
 * quick_check before anything is acknowledged again. Called in a child, before any role. */
int store_recover(const char *dir, bool check, struct err *err) MUSTCHECK;

enum store_mode {
	STORE_WRITE, /* the database exists and is of this version */
	STORE_READ,  /* for commands that only look: takes no lock, writes nothing */
	STORE_CHORES, /* as STORE_WRITE, for a role that needs no secrets: the key is not read, and
			 the environment's secrets are wiped from this process's memory */
};
int store_open(const char *dir, enum store_mode mode, struct store **out, struct err *err) MUSTCHECK;
void store_close(struct store *s);

/* store_broken: an ERR_DISK was met in this process; nothing may be acknowledged. */
bool store_broken(const struct store *s);

/* ---- intake ------------------------------------------------------------------- */

struct event_new {              /* one accepted request, about to be kept; all borrowed */
	int64_t flow_id, version_id;
	int64_t received_at;
	const char *method;
	const char *path;       /* raw, without the query */
	const char *query;      /* raw; "" when none */
	const char *headers;    /* JSON [["Name","value"],...], in order, repeats kept */
	const char *remote;     /* the caller's address */
	struct slice body;
	struct slice warnings;     /* how it differs from the expected structure, as JSON; or empty */
	struct slice redacted;     /* what was cut out of it: JSON texts with commas between; or empty */
	struct slice unenforced;   /* what would have refused it, had the webhook not let it in; or empty */
	struct slice dedupe_key;   /* ptr NULL: not de-duplicated */
	int64_t dedupe_window_ms;
	bool awaited;           /* the caller waits for the flow's reply */
	struct slice order_key; /* ptr NULL: it waits for no other */
	int priority;           /* above 0: before the others; below 0: after them */
};

struct event_added {
	int64_t id;             /* of the event, or of the first one when this is a duplicate */
	bool duplicate;
	bool held;              /* its flow is paused: kept, not queued */
};

/* store_event_add keeps a request: 1 stored, 0 a duplicate (decided by a unique index,
 * inside the insert). Requests that arrive together share one transaction and one sync.
 * It returns after that sync, except for an awaited event: its caller has been told
 * nothing yet, so the commit of its reply carries the sync. ERR_BUSY when the queue cap is
 * reached. */
int store_event_add(struct store *s, const struct event_new *event, struct event_added *out,
		    struct err *err) MUSTCHECK;

struct rejection {              /* one refused arrival; all borrowed */
	int64_t at;
	int64_t flow_id;        /* 0: no flow has this suffix */
	int status;             /* what the caller got */
	const char *cause;      /* "signature does not match", in words an operator can act on */
	const char *method, *path, *remote;
	const char *headers;    /* as above, redacted; or "[]" */
	int64_t body_bytes;
	int64_t event_id;       /* of one that was let in; 0: refused. Only when looking, and so is */
	int64_t id;             /* its number, for keyset paging */
};
/* store_rejection_add keeps the last REJECTIONS_KEPT of them and counts all. */
#define REJECTIONS_KEPT 10000
int store_rejection_add(struct store *s, const struct rejection *r, struct err *err) MUSTCHECK;
/* store_arrivals_count counts n more that are not kept, by their outcome: "rejected" (of a flood,
 * one row stands for many), "handshake", "preflight". */
int store_arrivals_count(struct store *s, int64_t at, int64_t flow_id, const char *outcome, int64_t n,
			 struct err *err) MUSTCHECK;

/* ---- the caller who waits ------------------------------------------------------ */

enum answer_state {
	ANSWER_NONE,     /* not decided yet */
	ANSWER_REPLIED,  /* the flow's webhook_response: status, headers, body are set */
	ANSWER_SILENT,   /* the run succeeded without replying */
	ANSWER_FAILED,   /* the run failed before replying; error is set */
};
struct answer {
	enum answer_state state;
	int status;
	char *headers;          /* JSON [["Name","value"],...] */
	struct buf body;
	char *error;
};
void answer_release(struct answer *a);

/* store_answer_wait: 1 when the first run of the event is decided, 0 when until_mono_ms
 * came first. Woken alone. A duplicate waits for the first one's answer the same way. What it
 * gives is synced: it may be told. */
int store_answer_wait(struct store *s, int64_t event_id, int64_t until_mono_ms,
		      struct answer *out, struct err *err) MUSTCHECK;

/* store_sync returns when everything committed so far, by whatever process, is synced: before
 * somebody is told what he has only read. */
int store_sync(struct store *s, struct err *err) MUSTCHECK;

/* store_answer_late: the caller is about to be told 504. Written down, and his event synced,
 * when it returns 0. */
int store_answer_late(struct store *s, int64_t event_id, struct err *err) MUSTCHECK;

/* ---- the workers --------------------------------------------------------------- */

struct claim {                  /* an event in a worker's hands: its own copy */
	int64_t event_id, flow_id, version_id;
	int run;                /* number of this run of the event, from 1 */
	int attempt;            /* attempts since arrival or replay, from 1 */
	int crashes;            /* of those, how many ended with a dead worker */
	bool awaited;
	bool effects;           /* its flow calls other systems */
	bool ordered;           /* others with its key may wait for its end */
	const char *trigger;    /* "arrival", "retry", "crash", "replay", "delay"; static */
	int64_t received_at;
	char *method, *path, *query, *headers, *remote;
	struct buf body;
	struct buf resume;      /* trace of the run to go on from; empty: from the start */
};
void claim_release(struct claim *c);

struct run_done {               /* what a worker hands back; all borrowed */
	const struct claim *claim;
	int64_t started_at, ended_at;
	bool succeeded;
	const char *error;      /* a sentence, when failed */
	const char *error_kind; /* err_word */
	const char *failed_step;
	struct slice steps;     /* the trace; empty: not recorded */
	bool replied;
	int reply_status;
	const char *reply_headers;
	struct slice reply_body;
	int64_t again_at;       /* when failed: run again then; 0: no more */
	bool go_on;             /* and from these steps instead of from the start */
	int64_t wake_at;        /* not 0: neither succeeded nor failed, the run waits until then
				   and goes on from these steps: the same run, no new attempt */
};

/* How long a claim lasts at most: far more than any batch takes, since a death frees it at once. */
#define LEASE_MS 900000

/* store_exchange hands in what was done and takes what is due, in one transaction: first
 * all of done[], then at most max events into taken[] for this owner: as many pure ones as
 * there are, or one with effects. Live events go before replays, by their priority, then by due_at; of a
 * flow that has a concurrency no more are taken than may run. Returns how many were taken. Synced when a reply is awaited or
 * effects were or will be had.
 * Work that was no longer this owner's is dropped without a word but a log line. */
int store_exchange(struct store *s, int64_t owner, int64_t now, const struct run_done *done,
		   size_t n_done, struct claim *taken, size_t max, struct err *err) MUSTCHECK;

/* store_reply_put stores and syncs a reply in the middle of its run and wakes the caller:
 * 1, or 0 when the claim is no longer ours. */
int store_reply_put(struct store *s, const struct claim *claim, int64_t owner, int status,
		    const char *headers, struct slice body, struct err *err) MUSTCHECK;

/* store_work_wait returns when an event has been committed or is due, or after max_ms. The
 * ticket is read before the last look, so that nothing slips between looking and waiting. */
uint32_t store_work_ticket(struct store *s);
int store_work_wait(struct store *s, uint32_t ticket, int64_t max_ms);
/* store_work_wake wakes everyone who waits there: for a drain. */
void store_work_wake(struct store *s);

/* store_owner_free gives up what a dead worker had claimed. Only the event in its hands
 * counts an attempt: a run with outcome "crashed" (or "timed out") and this sentence is
 * written for it, and it is queued again, or failed when its crashes reach crash_max or
 * timed_out is set. in_hand_event 0: nothing was in its hands. Returns how many. */
struct owner_end {
	int64_t owner;          /* 0: every owner (no server was running) */
	int64_t in_hand_event;
	int64_t started_at;
	bool timed_out;
	int crash_max;
	const char *reason;     /* "its worker was killed by signal 9" */
};
int store_owner_free(struct store *s, const struct owner_end *end, struct err *err) MUSTCHECK;

/* store_leases_expire does the same for claims whose lease has run out: the backstop for a
 * worker that neither works nor dies. */
int store_leases_expire(struct store *s, int64_t now, int crash_max, struct err *err) MUSTCHECK;

/* store_next_due: the earliest due_at among queued events that may be claimed (those of a flow
 * that is full may not), or 0 when there are none. */
int store_next_due(struct store *s, int64_t *due_at, struct err *err) MUSTCHECK;

/* ---- flows --------------------------------------------------------------------- */

struct flow_route {
	const char *shape;      /* suffix with {} for each part: flow_suffix_shape */
	const char *method;
};
struct flow_new {               /* one version of a flow; borrowed */
	const char *name, *title, *document;
	bool effects, replies;
	int concurrency;        /* at most so many of its events run at once; 0: no limit */
	bool order_stop;        /* a failed event keeps those of its key waiting */
	const char *answers;    /* statuses that differ from the defaults, as JSON; NULL: none does */
	const struct flow_route *routes;
	size_t n_routes;
};
struct flow_row {
	int64_t flow_id, version_id;
	char *name, *title;
	int version;            /* the published one; 0: none */
	int latest;             /* the newest version */
	bool paused;
	char *document;         /* of the published version; NULL when not asked for or none */
	int64_t updated_at;
};
void flow_row_release(struct flow_row *row);

/* store_flow_apply keeps a document as the flow's next version, and publishes it when asked.
 * 1 a new version, 0 the newest version has the very same document (published if asked).
 * *version is its number. ERR_CONFLICT names the flow that owns the suffix and method. */
int store_flow_apply(struct store *s, const struct flow_new *flow, bool publish, int64_t now,
		     int *version, struct err *err) MUSTCHECK;

/* store_flow_publish makes an existing version the live one. */
int store_flow_publish(struct store *s, const char *name, int version,
		       const struct flow_route *routes, size_t n_routes, struct err *err) MUSTCHECK;

/* store_flow_pause: events are held; resumed: the held ones are queued, spread over time so
 * that they come at per_second (0: at once). Returns how many events changed their state. */
int store_flow_pause(struct store *s, const char *name, bool paused, int per_second, int64_t now,
		     struct err *err) MUSTCHECK;

/* store_flows_load: all flows by name, with documents of the published versions. */
int store_flows_load(struct store *s, struct flow_row **rows, size_t *count, struct err *err) MUSTCHECK;
/* store_flow_load: one version (0: the published one, -1: the newest): 1, 0 no such, -1. */
int store_flow_load(struct store *s, const char *name, int version, struct flow_row *out,
		    struct err *err) MUSTCHECK;
/* store_version_load: the document of a version by its id: 1, 0, -1. *document is the caller's. */
int store_version_load(struct store *s, int64_t version_id, char **document, struct err *err) MUSTCHECK;

/* store_config_ticket changes when flows, pauses or secrets have changed; cheap enough to ask
 * for each request. A stranger's change shows within a second. */
uint32_t store_config_ticket(struct store *s);

/* ---- secrets, connections, samples: common/store_keep.h ------------------------------ */

/* ---- looking ------------------------------------------------------------------- */

struct event_filter {           /* what is unset filters nothing */
	const int64_t *ids;
	size_t n_ids;
	const char *flow, *state;
	int64_t since, until;   /* received_at: since <= at < until */
	const char *error;      /* part of the error sentence */
	const char *where;      /* an SQL condition over the view event_history */
	int64_t before_id;      /* keyset paging: only smaller ids; or, in a tail, */
	int64_t after_id;       /* only greater ones */
	size_t limit;           /* 0: all */
	bool oldest_first;
};
struct event_row {              /* a row of event_history */
	int64_t id;
	const char *flow, *received_at, *state, *method, *path, *error;
	int status;             /* what the caller got, or would have; 0 unknown */
	int attempts;
	int64_t duration_ms;    /* -1 unknown */
};
/* store_events_each calls back for each event, newest first; each < 0 ends it. An error in
 * `where` is ERR_INVALID with SQLite's words. */
int store_events_each(struct store *s, const struct event_filter *filter,
		      int (*each)(void *arg, const struct event_row *row), void *arg,
		      struct err *err) MUSTCHECK;

struct event_detail {           /* one event, whole: the caller's */
	int64_t id, received_at;
	char *flow, *state, *error;
	int version;            /* of its arrival */
	char *method, *path, *query, *headers, *remote;
	char *warnings;         /* JSON, as in event_new; NULL none */
	char *unenforced;       /* a sentence, likewise */
	struct buf body;
	char *runs;             /* JSON: one object a run: number, version, trigger, outcome, started_at,
				   ended_at, error, failed_step, steps, reply {status, headers, body} */
	int reply_status;       /* of the first run; 0 none */
};
void event_detail_release(struct event_detail *d);
int store_event_load(struct store *s, int64_t id, struct event_detail *out, struct err *err) MUSTCHECK; /* 1, 0 */

struct rejection_filter {       /* what is unset filters nothing */
	const char *flow;
	int64_t since, until;   /* since <= at < until */
	int status;
	const char *cause;      /* part of the cause */
	bool unenforced;        /* instead of those refused, those let in by "enforce": false: their
				   events; status is what they would have got */
	int64_t before_id;      /* keyset paging: only smaller ids */
	size_t limit;           /* 0: all */
};
/* store_rejections_each calls back for each, the newest first; each < 0 ends it. */
int store_rejections_each(struct store *s, const struct rejection_filter *filter,
			  int (*each)(void *arg, const struct rejection *row), void *arg,
			  struct err *err) MUSTCHECK;

/* store_event_cancel: queued or held events that match become cancelled, and failed ones that
 * keep others of their key waiting; how many. */
int store_event_cancel(struct store *s, const struct event_filter *filter, struct err *err) MUSTCHECK;

/* ---- replay: common/store_replay.h ------------------------------------------------- */

/* ---- keys of the API, and who changed what: common/store_access.h ---------------------- */

/* ---- retention: common/store_retention.h -------------------------------------------- */

/* ---- health -------------------------------------------------------------------- */

struct store_gauges {           /* the cost does not grow with finished events */
	int64_t queued, running, held, due_oldest_at;
	int64_t database_bytes, wal_bytes;
};
int store_gauges(struct store *s, struct store_gauges *out, struct err *err) MUSTCHECK;
/* counts: common/store_counts.h */

/* store_queue_cap: above this many queued events store_event_add answers ERR_BUSY; 0: no cap. */
void store_queue_cap(struct store *s, int64_t max_queued);
/* store_queue_recount sets the running count of queued events right (janitor). */
int store_queue_recount(struct store *s, struct err *err) MUSTCHECK;

/* store_log_frames: how many pages stand in the log and not in the database yet. */
int64_t store_log_frames(struct store *s);
/* store_checkpoint moves the log into the database when it has grown (janitor; also trims
 * rejections). Under the write lock. */
int store_checkpoint(struct store *s, struct err *err) MUSTCHECK;
/* store_backup writes a consistent copy to path, which must not exist. */
int store_backup(struct store *s, const char *path, struct err *err) MUSTCHECK;
/* store_check runs quick_check (full: integrity_check); calls back for each finding. */
int store_check(struct store *s, bool full, void (*found)(void *arg, const char *text), void *arg,
		struct err *err) MUSTCHECK;
/* store_schema_text: the schema of today as SQL, for schema/database.sql; the caller's. */
int store_schema_text(struct buf *out, struct err *err) MUSTCHECK;
/* store_versions: "SQLite 3.40.1" and the like, for doctor. */
const char *store_engine_version(void);

#include "common/store_access.h"
#include "common/store_counts.h"
#include "common/store_keep.h"
#include "common/store_replay.h"
#include "common/store_retention.h"

#endif
