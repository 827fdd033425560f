/* SPDX-License-Identifier: MIT */
/* Forking: fork first, open after. Nothing is open in the supervisor that a child could inherit
 * but the directory's lock, the board and standard error. */
#include "cli/roles.h"

#include "cli/apply.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/store.h"
#include "server/server.h"
#include "worker/janitor.h"
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long the children of a dead supervisor may take to be gone: the kernel ends them. */
#define WAIT_FOR_ORPHANS_MS 10000

const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_FRONT: return "front";
	case ROLE_WORKER: return "worker";
	case ROLE_JANITOR: return "janitor";
	}
	return "?";
}

/* ---- the directory ---- */

static pid_t read_pid(int fd)
{
	char text[32] = {0};

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (pid_t)atoi(text) : 0;
}

static int take_lock(int fd, const char *dir, int *code, struct err *err)
{
	int64_t until = clock_mono_ms() + WAIT_FOR_ORPHANS_MS;
	struct timespec t = {0, 20000000};

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		pid_t holder = read_pid(fd);
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, ERR_SYSTEM, "cannot lock the data directory %s: %s", dir, strerror(errno));
		/* While the supervisor lives the directory is its; its orphans only have to go. */
		if ((holder > 0 && kill(holder, 0) == 0) || clock_mono_ms() > until) {
			*code = EXIT_LOCKED;
			return err_set(err, ERR_CONFLICT, "another ringbolt (process %d) serves the data directory %s: "
				       "stop it, or name another directory with --data", (int)holder, dir);
		}
		nanosleep(&t, NULL);
	}
	return 0;
}

int role_hold_directory(const struct conf *conf, int *code, struct err *err)
{
	char *path = mem_format("%s/ringbolt.pid", conf->data);
	char text[32];

	*code = EXIT_FAILED;
	if (mkdir(conf->data, 0700) < 0 && errno != EEXIST) {
		err_set(err, ERR_SYSTEM, "cannot make the data directory %s: %s", conf->data, strerror(errno));
		free(path);
		return -1;
	}
	/* Inherited by every child, and with it the lock: it is free when the last one is gone. */
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0) {
		err_set(err, ERR_SYSTEM, "cannot write in the data directory %s: %s", conf->data, strerror(errno));
		free(path);
		return -1;
	}
	free(path);
	if (take_lock(fd, conf->data, code, err) < 0) {
		close(fd);
		return -1;
	}
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return err_set(err, ERR_SYSTEM, "cannot write in the data directory %s: %s", conf->data,
			       strerror(errno));
	*code = EXIT_FINE;
	return 0;
}

/* ---- children ---- */

/* fork, and in the child: die with the supervisor, take signals as usual, bear a name. */
static pid_t fork_child(const char *name)
{
	pid_t supervisor = getpid(), pid = fork();
	sigset_t none;

	if (pid < 0)
		log_line(LOG_ERROR, "cannot fork", "error", strerror(errno), NULL);
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(EXIT_FAILED);
	prctl(PR_SET_NAME, name);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Ctrl-C reaches the whole group; the supervisor decides in which order roles end. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

pid_t role_fork(enum role role, const struct conf *conf, struct board *board, int slot)
{
	static const char *const names[] = {"rb-front", "rb-worker", "rb-janitor"};
	int64_t owner = role == ROLE_WORKER ? atomic_load(&board->slots[slot].owner) : 0;
	pid_t pid = fork_child(names[role]);

	if (pid != 0)
		return pid;
	switch (role) {
	case ROLE_FRONT: exit(server_run(conf, board));
	case ROLE_WORKER: exit(worker_run(conf, board, slot, owner));
	case ROLE_JANITOR: exit(janitor_run(conf, board));
	}
	_exit(EXIT_FAILED);
}

int role_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int exit_code(const char *doing, const struct err *err)
{
	log_line(LOG_ERROR, doing, "error", err->text, NULL);
	return err->kind == ERR_DISK ? EXIT_DISK : EXIT_FAILED;
}

/* ---- what dead workers had ---- */

void free_order_fill(struct free_order *order, const struct board_slot *slot, int status)
{
	order->owner = atomic_load(&slot->owner);
	order->event_id = atomic_load(&slot->event_id);
	order->started_at = atomic_load(&slot->started_at);
	order->timed_out = atomic_load(&slot->timed_out);
	if (order->timed_out)
		snprintf(order->reason, sizeof(order->reason), "the run passed its time limit and was stopped after %lld ms",
			 (long long)(clock_wall_ms() - order->started_at));
	else if (WIFSIGNALED(status))
		snprintf(order->reason, sizeof(order->reason), "its worker was ended by signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(order->reason, sizeof(order->reason), "its worker ended with code %d", WEXITSTATUS(status));
}

static int free_order(struct store *s, const struct conf *conf, const struct free_order *order,
		      struct err *err)
{
	struct owner_end end = {
		.owner = order->owner, .in_hand_event = order->event_id, .started_at = order->started_at,
		.timed_out = order->timed_out, .crash_max = conf->crash_max, .reason = order->reason,
	};

	return store_owner_free(s, &end, err);
}

pid_t role_fork_freer(const struct conf *conf, const struct free_order *order)
{
	pid_t pid = fork_child("rb-freer");
	struct store *s;
	struct err err;

	if (pid != 0)
		return pid;
	log_role("freer");
	if (store_open(conf->data, STORE_WRITE, &s, &err) < 0)
		exit(exit_code("cannot free a dead worker's claims", &err));
	int freed = free_order(s, conf, order, &err);
	if (freed < 0)
		exit(exit_code("cannot free a dead worker's claims", &err));
	if (freed > 0)
		log_line(LOG_INFO, "a dead worker's claims are free again", "claims", log_number(freed), NULL);
	store_close(s);
	exit(EXIT_FINE);
}

/* ---- the start ---- */

/* The board still shows what the last server's workers had in hand when it ended. */
static int free_all(struct store *s, const struct conf *conf, const struct board *board, struct err *err)
{
	struct free_order order = {.reason = "its worker ended with the server"};

	for (int i = 0; i < BOARD_SLOTS; i++) {
		order.owner = atomic_load(&board->slots[i].owner);
		order.event_id = atomic_load(&board->slots[i].event_id);
		order.started_at = atomic_load(&board->slots[i].started_at);
		if (order.owner && order.event_id && free_order(s, conf, &order, err) < 0)
			return -1;
	}
	order = (struct free_order){.reason = "its worker ended with the server"};
	return free_order(s, conf, &order, err) < 0 ? -1 : 0;
}

static int prepare(const struct conf *conf, struct board *board, bool check)
{
	struct store *s;
	struct err err;

	if (store_recover(conf->data, check, &err) < 0 ||
	    store_open(conf->data, STORE_WRITE, &s, &err) < 0)
		return exit_code("cannot start", &err);
	if (free_all(s, conf, board, &err) < 0 || store_queue_recount(s, &err) < 0)
		return exit_code("cannot start", &err);
	if (*conf->flows && apply_dir(s, conf->flows, clock_wall_ms(), &err) < 0)
		return exit_code("cannot read the flows folder", &err);
	store_close(s);
	return EXIT_FINE;
}

pid_t role_fork_preparer(const struct conf *conf, struct board *board, bool check)
{
	pid_t pid = fork_child("rb-prepare");

	if (pid != 0)
		return pid;
	log_role("start");
	exit(prepare(conf, board, check));
}

pid_t role_fork_applier(const struct conf *conf)
{
	pid_t pid = fork_child("rb-apply");
	struct store *s;
	struct err err;

	if (pid != 0)
		return pid;
	log_role("apply");
	if (store_open(conf->data, STORE_WRITE, &s, &err) < 0 || apply_dir(s, conf->flows, clock_wall_ms(), &err) < 0)
		exit(exit_code("cannot read the flows folder", &err));
	store_close(s);
	exit(EXIT_FINE);
}
