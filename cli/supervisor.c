/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: one thread that opens no database. It forks the roles (roles.h), keeps them
 * (crew.h), and knows the order of ending: SIGTERM drains, a disk error stops everything
 * until the database has been checked.
 */
#include "cli/cmd.h"
#include "cli/crew.h"

#include "common/clock.h"
#include "common/log.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#define TICK_BUSY_MS 20
#define TICK_IDLE_MS 250
#define CHECK_PAUSE_MS 100

static struct {
	struct crew crew;
	int64_t drain_until_mono_ms;
	bool told_workers;  /* in a drain: to stop claiming */
	int failed_checks;  /* in a row */
} self;

static void begin_drain(void)
{
	const struct conf *conf = self.crew.conf;

	if (self.crew.draining) {
		log_line(LOG_WARN, "told to stop a second time: ending now", NULL);
		crew_signal(&self.crew, SIGKILL);
		return;
	}
	log_line(LOG_INFO, "draining", "at_most_ms", log_number(conf->drain_ms), NULL);
	self.crew.draining = true;
	self.drain_until_mono_ms = clock_mono_ms() + conf->drain_ms + 1000;
	atomic_store(&self.crew.board->draining, 1);
	if (self.crew.front.state == PLACE_LIVES)
		kill(self.crew.front.pid, SIGTERM);
}

/* First the front, whose callers still wait for workers; then the workers and the janitor. */
static bool drained(int64_t now)
{
	bool late = now >= self.drain_until_mono_ms;

	if (self.crew.front.state == PLACE_LIVES && !late)
		return false;
	if (!self.told_workers) {
		self.told_workers = true;
		crew_signal(&self.crew, SIGTERM);
	}
	if (late && crew_count(&self.crew) > 0) {
		log_line(LOG_WARN, "not everything was finished in time: ending now", NULL);
		crew_signal(&self.crew, SIGKILL);
		self.drain_until_mono_ms = now + 1000;
	}
	return crew_count(&self.crew) == 0;
}

/* Someone met a disk error: everything stops, the database is checked, everything starts. */
static void check_and_go_on(void)
{
	int64_t pause = (int64_t)CHECK_PAUSE_MS << (self.failed_checks < 7 ? self.failed_checks : 7);
	struct timespec t = {pause / 1000, (pause % 1000) * 1000000};

	log_line(LOG_ERROR, "a disk error: nothing is acknowledged until the database has been checked", NULL);
	crew_signal(&self.crew, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	nanosleep(&t, NULL);
	struct crew *crew = &self.crew;
	crew_init(crew, crew->conf, crew->board);
	if (role_wait(role_fork_preparer(crew->conf, crew->board, true)) != EXIT_FINE) {
		self.failed_checks++;
		return;
	}
	self.failed_checks = 0;
	crew->disk_error = false;
	memset(crew->board, 0, sizeof(*crew->board));
	crew_start(crew);
}

static void on_signal(int sig)
{
	switch (sig) {
	case SIGTERM:
	case SIGINT: begin_drain(); break;
	case SIGHUP:
		atomic_fetch_add(&self.crew.board->systems, 1);
		if (*self.crew.conf->flows)
			role_fork_applier(self.crew.conf);
		break;
	default: break; /* SIGCHLD only wakes */
	}
}

static int watch(const sigset_t *signals)
{
	bool busy = true;

	for (;;) {
		struct timespec tick = {0, (busy ? TICK_BUSY_MS : TICK_IDLE_MS) * 1000000};
		int sig = sigtimedwait(signals, NULL, &tick);
		if (sig > 0)
			on_signal(sig);
		crew_reap(&self.crew);
		if (self.crew.disk_error && !self.crew.draining) {
			check_and_go_on();
			continue;
		}
		int64_t now = clock_mono_ms();
		busy = crew_tend(&self.crew, now);
		if (self.crew.cannot_listen && !self.crew.draining)
			begin_drain();
		if (self.crew.draining && drained(now))
			return self.crew.cannot_listen ? EXIT_FAILED : EXIT_FINE;
	}
}

int supervisor_run(const struct conf *conf)
{
	struct board *board;
	sigset_t signals;
	struct err err;
	int code;

	log_role("supervisor");
	prctl(PR_SET_NAME, "rb-super");
	if (role_hold_directory(conf, &code, &err) < 0)
		return cmd_fail(&err), code;
	if (board_map(conf->data, &board, &err) < 0)
		return cmd_fail(&err);
	sigemptyset(&signals);
	for (const int *sig = (const int[]){SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0}; *sig; sig++)
		sigaddset(&signals, *sig);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if ((code = role_wait(role_fork_preparer(conf, board, false))) != EXIT_FINE)
		return code;
	memset(board, 0, sizeof(*board));
	crew_init(&self.crew, conf, board);
	crew_start(&self.crew);
	code = watch(&signals);
	log_line(LOG_INFO, "stopped", NULL);
	return code;
}
