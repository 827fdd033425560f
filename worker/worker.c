/* SPDX-License-Identifier: MIT */
/*
 * The worker's loop: hand back what was done, take what is due, run it. One transaction does
 * the handing back and the taking, so a batch of pure runs costs one commit.
 */
#include "worker/worker.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/store.h"
#include "common/outbound.h"
#include "flow/run.h"
#include "flow/system.h"
#include "worker/flows.h"
#include "worker/retry.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* How many pure events are taken at once: measured, 32 drain faster than 16 beside an intake
 * under load, and a batch is handed back early when it takes long. */
#define BATCH 32
/* What is done is handed back at the latest when a batch has taken so long. */
#define HAND_BACK_US 4000
/* A stranger's commit (the sqlite3 shell) rings no bell: look this often. */
#define IDLE_MS 1000
#define BUSY_PAUSE_MS 200
#define TRIES 10 /* of an exchange that fails for another reason than a full or busy disk */
#define LOOK_AT_MEMORY 256 /* turns of the loop */

struct work {
	struct store *store;
	struct flows *flows;
	const struct conf *conf;
	struct board *board;
	struct board_slot *slot;
	int32_t systems_seen;
	int64_t owner;
	struct claim taken[BATCH];
	size_t n_taken, begun; /* begun: how many of them have been run */
	struct run_result results[BATCH];
	struct run_done done[BATCH];
	size_t n_done;
	const struct claim *current; /* of the run in progress, for the host's callbacks */
	int64_t limited_at_mono_ms, limited_ms; /* processor time */
};

static volatile sig_atomic_t stopping;

static void on_term(int sig)
{
	(void)sig;
	stopping = 1;
}

/* ---- the host of a run ---- */

static int host_secret(void *arg, const char *name, char **value, struct err *err)
{
	struct work *w = arg;
	size_t len;

	return store_secret_get(w->store, name, value, &len, err);
}

static int host_connection(void *arg, const char *name, char **document, struct err *err)
{
	struct work *w = arg;

	return store_connection_load(w->store, name, document, err);
}

static int host_reply(void *arg, const struct reply *reply, struct err *err)
{
	struct work *w = arg;
	int got = store_reply_put(w->store, w->current, w->owner, reply->status, reply->headers,
				  buf_slice(&reply->body), err);

	if (got == 0)
		return err_set(err, ERR_CONFLICT, "this run is no longer this worker's");
	return got < 0 ? -1 : 0;
}

static int host_flow(void *arg, const char *name, struct flow **flow, struct err *err)
{
	struct work *w = arg;

	return flows_call(w->flows, name, flow, err);
}

/* ---- one run ---- */

/* The backstop, should the supervisor be unable to act: processor time, never much more than
 * the wall time a run may take. Set anew once a second, not for each of ten thousand runs. */
static void limit_processor_time(struct work *w, int64_t limit_ms)
{
	int64_t now = clock_mono_ms();
	struct rusage used;
	struct rlimit cpu;

	if (now - w->limited_at_mono_ms < 1000 && limit_ms <= w->limited_ms)
		return;
	w->limited_at_mono_ms = now;
	w->limited_ms = limit_ms;
	if (getrusage(RUSAGE_SELF, &used) == 0 && getrlimit(RLIMIT_CPU, &cpu) == 0) {
		cpu.rlim_cur = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec + limit_ms / 1000 + 3);
		setrlimit(RLIMIT_CPU, &cpu);
	}
}

/* The supervisor reads this: what is in hand, since when, until when. */
static void board_begin(struct work *w, const struct claim *c, int64_t limit_ms)
{
	atomic_store(&w->slot->event_id, 0);
	atomic_store(&w->slot->started_at, clock_wall_ms());
	atomic_store(&w->slot->deadline_mono_ms, clock_mono_ms() + limit_ms);
	atomic_store(&w->slot->event_id, c->event_id);

	limit_processor_time(w, limit_ms);
}

/* Whatever was in hand has been recorded. */
static void board_clear(struct work *w)
{
	atomic_store(&w->slot->deadline_mono_ms, 0);
	atomic_store(&w->slot->event_id, 0);
}

static void run_claim(struct work *w, const struct claim *c, struct run_result *result,
		      struct flow **flow)
{
	struct err err = {0};

	memset(result, 0, sizeof(*result));
	buf_init(&result->steps);
	buf_init(&result->reply.body);
	flows_begin(w->flows);
	*flow = flows_find(w->flows, c->version_id, &err);
	if (!*flow) {
		result->outcome = RUN_FAILED;
		result->err = err;
		return;
	}
	const struct flow_webhook *hook = flow_webhook(*flow);
	struct scope_event event = {
		.id = c->event_id, .received_at = c->received_at, .method = c->method, .path = c->path,
		.query = c->query, .headers = c->headers, .suffix = hook->url_suffix,
		.system = flow_system(*flow), .remote = c->remote, .trigger = c->trigger, .run = c->run, .attempt = c->attempt,
		.body = buf_slice(&c->body),
	};
	struct run_host host = {
		.arg = w, .secret = host_secret, .reply = host_reply,
		.connection = host_connection,
		.trace_values = hook->record != RECORD_NONE, .flow = host_flow,
		.sqlite_dir = w->conf->sqlite_dir, .command_dir = w->conf->command_dir,
		.data_dir = w->conf->data,
	};
	w->current = c;
	board_begin(w, c, hook->run_limit_ms ? hook->run_limit_ms : w->conf->run_limit_ms);
	run_flow(*flow, &event, buf_slice(&c->resume), &host, result);
	atomic_store(&w->slot->deadline_mono_ms, 0);
	w->current = NULL;
}

static int64_t decide_again(const struct flow *flow, const struct claim *c, const struct run_result *r,
			    int64_t now)
{
	if (r->outcome != RUN_FAILED || !flow)
		return 0;
	struct retry_case failed = {
		.kind = r->err.kind, .attempt = c->attempt, .received_at = c->received_at, .now = now,
		.chance = (double)random() / ((double)RAND_MAX + 1.0),
	};
	return retry_at(&flow_webhook(flow)->retry, &failed);
}

static bool keeps_trace(const struct flow *flow, const struct run_result *r)
{
	if (!flow)
		return false;
	if (r->outcome == RUN_WAITING) /* to go on from; kept no longer than that */
		return true;
	switch (flow_webhook(flow)->record) {
	case RECORD_ALL: return true;
	case RECORD_ERRORS: return r->outcome == RUN_FAILED;
	case RECORD_NONE: return false;
	}
	return true;
}

static void do_one(struct work *w)
{
	const struct claim *c = &w->taken[w->begun++];
	struct run_result *r = &w->results[w->n_done];
	struct run_done *d = &w->done[w->n_done++];
	int64_t started_at = clock_wall_ms();
	struct flow *flow;

	run_claim(w, c, r, &flow);
	*d = (struct run_done){
		.claim = c, .started_at = started_at, .ended_at = clock_wall_ms(),
		.succeeded = r->outcome == RUN_SUCCEEDED, .go_on = r->waited,
		.wake_at = r->outcome == RUN_WAITING ? r->wake_at : 0,
		.replied = r->replied, .reply_status = r->reply.status,
		.reply_headers = r->reply.headers, .reply_body = buf_slice(&r->reply.body),
	};
	d->again_at = decide_again(flow, c, r, d->ended_at);
	if (r->outcome == RUN_FAILED) {
		d->error = r->err.text;
		d->error_kind = err_word(r->err.kind);
		d->failed_step = r->failed_step;
		log_line(LOG_WARN, "run failed", "event", log_number(c->event_id), "run",
			 log_number(c->run), "flow", flow ? flow_name(flow) : NULL, "error", r->err.text,
			 "again", d->again_at ? "yes" : "no", NULL);
	}
	if (keeps_trace(flow, r))
		d->steps = buf_slice(&r->steps);
}

/* ---- the loop ---- */

static void forget_done(struct work *w)
{
	for (size_t i = 0; i < w->n_done; i++)
		run_result_release(&w->results[i]);
	w->n_done = 0;
}

static void pause_ms(int64_t ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* Hands back what was done and takes up to max. What was done stays in hand until the store
 * has it, however long the disk is full. -1: the store is broken, or refuses what was done for
 * another reason again and again; then this process ends, and the run in hand counts as crashed. */
static int exchange(struct work *w, size_t max)
{
	struct claim fresh[BATCH];
	struct err err;
	int got, tries = 0;

	while ((got = store_exchange(w->store, w->owner, clock_wall_ms(), w->done, w->n_done, fresh, max,
				     &err)) < 0) {
		log_line(LOG_ERROR, "cannot record or claim", "error", err.text, NULL);
		if (err.kind == ERR_DISK || store_broken(w->store) ||
		    (err.kind != ERR_BUSY && ++tries == TRIES))
			return -1;
		pause_ms(BUSY_PAUSE_MS);
		if (stopping && w->n_done == 0)
			return 0;
	}
	if (w->n_done > 0)
		board_clear(w);
	forget_done(w);
	if (w->begun == w->n_taken) {
		for (size_t i = 0; i < w->n_taken; i++)
			claim_release(&w->taken[i]);
		memcpy(w->taken, fresh, (size_t)got * sizeof(*fresh));
		w->n_taken = (size_t)got;
		w->begun = 0;
	}
	return got;
}

static int run_batch(struct work *w)
{
	int64_t began = clock_mono_us();

	while (w->begun < w->n_taken) {
		do_one(w);
		if (w->begun < w->n_taken && clock_mono_us() - began > HAND_BACK_US) {
			if (exchange(w, 0) < 0)
				return -1;
			began = clock_mono_us();
		}
	}
	return 0;
}

static void wait_for_work(struct work *w, uint32_t ticket)
{
	struct err err;
	int64_t due = 0, wait = IDLE_MS;

	if (store_next_due(w->store, &due, &err) < 0)
		log_line(LOG_WARN, "cannot see what is due", "error", err.text, NULL);
	if (due > 0) {
		int64_t left = due - clock_wall_ms();
		wait = left < 1 ? 1 : left < IDLE_MS ? left : IDLE_MS;
	}
	atomic_store(&w->slot->idle, 1);
	if (!stopping)
		store_work_wait(w->store, ticket, wait);
	atomic_store(&w->slot->idle, 0);
}

/* libjq 1.6 loses a little with some errors: a worker that has grown is replaced by a fresh one. */
static bool has_grown(const struct work *w)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f)
		return false;
	if (fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	fclose(f);
	return (int64_t)pages * sysconf(_SC_PAGESIZE) > (w->conf->worker_memory_mb << 20) / 2;
}

/* The supervisor was told that files of systems have changed. Nothing of a flow is in use here. */
static void see_systems(struct work *w)
{
	int32_t now = atomic_load(&w->board->systems);

	if (now == w->systems_seen)
		return;
	w->systems_seen = now;
	systems_reload();
	flows_forget(w->flows);
}

static int loop(struct work *w)
{
	for (unsigned turn = 1; !stopping; turn++) {
		if (turn % LOOK_AT_MEMORY == 0 && has_grown(w)) {
			log_line(LOG_INFO, "a grown worker makes room for a fresh one", NULL);
			break;
		}
		uint32_t ticket = store_work_ticket(w->store);
		int got = exchange(w, BATCH);
		see_systems(w);
		if (got < 0 || run_batch(w) < 0)
			return store_broken(w->store) ? EXIT_DISK : EXIT_FAILED;
		if (got == 0 && !flows_warm(w->flows))
			wait_for_work(w, ticket);
	}
	if (exchange(w, 0) < 0)
		return store_broken(w->store) ? EXIT_DISK : EXIT_FAILED;
	return EXIT_FINE;
}

static void set_limits(const struct conf *conf)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	struct rlimit memory = {(rlim_t)conf->worker_memory_mb << 20, (rlim_t)conf->worker_memory_mb << 20};
	setrlimit(RLIMIT_AS, &memory);
#else
	(void)conf; /* the sanitizer's shadow is larger than any limit */
#endif
}

int worker_run(const struct conf *conf, struct board *board, int slot, int64_t owner)
{
	struct sigaction term = {.sa_handler = on_term};
	struct work *w = mem_new(sizeof(*w));
	struct err err;

	log_role("worker");
	sigaction(SIGTERM, &term, NULL);
	set_limits(conf);
	w->conf = conf;
	w->board = board;
	w->slot = &board->slots[slot];
	w->owner = owner;
	if (store_open(conf->data, STORE_WRITE, &w->store, &err) < 0) {
		log_line(LOG_ERROR, "worker cannot start", "error", err.text, NULL);
		return err.kind == ERR_DISK ? EXIT_DISK : EXIT_FAILED;
	}
	/* The store has read what it needs of the environment; expressions and libraries find none. */
	clearenv();
	srandom((unsigned)(getpid() ^ clock_mono_us()));
	const struct outbound_policy policy = {conf->allow_destinations, {conf->listen, conf->console}};
	if (outbound_init(&policy, &err) < 0) {
		log_line(LOG_ERROR, "worker cannot start", "error", err.text, NULL);
		return EXIT_FAILED;
	}
	w->systems_seen = atomic_load(&board->systems);
	w->flows = flows_new(w->store);
	int code = loop(w);
	for (size_t i = 0; i < w->n_taken; i++)
		claim_release(&w->taken[i]);
	flows_free(w->flows);
	store_close(w->store);
	free(w);
	return code;
}
