/* SPDX-License-Identifier: MIT */
/* Periodic maintenance: a list of chores by name, each with its own rhythm. */
#include "worker/janitor.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/store.h"

#include <signal.h>
#include <time.h>

/* The log is moved into the database when it has grown to this many pages, or when it has not
 * grown since the last look. */
#define LOG_FRAMES 1000
#define PASS_MS (15 * 60000)

struct chores {
	struct store *store;
	const struct conf *conf;
	int64_t now_mono_ms;
	int64_t frames; /* in the log at the last look */
	struct retention_pass pass;      /* of what is removed, */
	int64_t pass_due_mono_ms;        /* and when the next one begins */
	struct retention_count removed;  /* in this pass */
};

static int move_log(struct chores *c, struct err *err)
{
	int64_t frames = store_log_frames(c->store);
	bool quiet = frames == c->frames;

	c->frames = frames;
	if (frames == 0 || (frames < LOG_FRAMES && !quiet))
		return 0;
	return store_checkpoint(c->store, err);
}

static int expire_leases(struct chores *c, struct err *err)
{
	return store_leases_expire(c->store, clock_wall_ms(), c->conf->crash_max, err);
}

static int recount(struct chores *c, struct err *err)
{
	return store_queue_recount(c->store, err);
}

static int roll_counts(struct chores *c, struct err *err)
{
	return store_counts_roll(c->store, clock_wall_ms(), err);
}

static void tell_removed(const struct retention_count *removed)
{
	for (enum retention_kind kind = 0; kind < RETENTION_KINDS; kind++)
		if (removed->n[kind])
			log_line(LOG_INFO, "removed what was old", "what", retention_kind_name(kind), "count",
				 log_number(removed->n[kind]), NULL);
}

/* One small batch a turn, so that the other chores have theirs; a pass once a quarter of an hour.
 * What is removed waits in the log like any commit, so the log is moved in between. */
static int remove_old(struct chores *c, struct err *err)
{
	int64_t now = clock_mono_ms();

	if (now < c->pass_due_mono_ms || store_log_frames(c->store) > 2 * LOG_FRAMES)
		return 0;
	int got = store_retention_step(c->store, &c->conf->keep, clock_wall_ms(), &c->pass, &c->removed, err);
	if (got == 0) {
		tell_removed(&c->removed);
		c->removed = (struct retention_count){0};
		c->pass = (struct retention_pass){0};
		c->pass_due_mono_ms = now + PASS_MS;
	}
	return got < 0 ? -1 : 0;
}

static int return_space(struct chores *c, struct err *err)
{
	return store_space_return(c->store, err) < 0 ? -1 : 0;
}

static const struct chore {
	const char *name;
	int64_t every_ms;
	int (*run)(struct chores *c, struct err *err);
} chores[] = {
	{"moving the log into the database", 100, move_log},
	{"freeing claims whose lease ran out", 5000, expire_leases},
	{"counting the queue", 60000, recount},
	{"removing what is old", 0, remove_old},
	{"giving space back to the disk", 500, return_space},
	{"making old counts coarser", 3600000, roll_counts},
};

static volatile sig_atomic_t stopping;

static void on_term(int sig)
{
	(void)sig;
	stopping = 1;
}

static int do_chores(struct chores *c, int64_t due_ms[])
{
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(chores); i++) {
		if (clock_mono_ms() < due_ms[i])
			continue;
		due_ms[i] = clock_mono_ms() + chores[i].every_ms;
		if (chores[i].run(c, &err) < 0) {
			log_line(LOG_ERROR, "a chore failed", "chore", chores[i].name, "error", err.text, NULL);
			if (err.kind == ERR_DISK)
				return -1;
		}
	}
	return 0;
}

int janitor_run(const struct conf *conf, struct board *board)
{
	struct sigaction term = {.sa_handler = on_term};
	struct chores c = {.conf = conf};
	int64_t due_ms[ARRAY_LEN(chores)] = {0};
	struct timespec tick = {0, 100000000};
	struct err err;
	int code = EXIT_FINE;

	(void)board;
	log_role("janitor");
	sigaction(SIGTERM, &term, NULL);
	if (store_open(conf->data, STORE_CHORES, &c.store, &err) < 0) {
		log_line(LOG_ERROR, "janitor cannot start", "error", err.text, NULL);
		return err.kind == ERR_DISK ? EXIT_DISK : EXIT_FAILED;
	}
	while (!stopping && code == EXIT_FINE) {
		if (do_chores(&c, due_ms) < 0)
			code = EXIT_DISK;
		nanosleep(&tick, NULL);
	}
	store_close(c.store);
	return code;
}
