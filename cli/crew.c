/* SPDX-License-Identifier: MIT */
/* The processes of a server, each in its place. Everything known of a worker's work stands on
 * the board. */
#include "cli/crew.h"

#include "common/clock.h"
#include "common/log.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* A run that has lasted so long waits for somebody: one more worker may help the others. */
#define GROW_AFTER_MS 15
#define SHRINK_AFTER_MS 10000
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 10000
/* A role that has lived so long has not failed at its start. */
#define SETTLED_MS 10000
#define FREE_AGAIN_MS 200

static void start(struct crew *crew, struct place *p)
{
	if (p->role == ROLE_WORKER) {
		struct board_slot *slot = &crew->board->slots[p->slot];
		int64_t owner = crew->next_owner = crew->next_owner % 32767 + 1;
		atomic_store(&slot->event_id, 0);
		atomic_store(&slot->deadline_mono_ms, 0);
		atomic_store(&slot->timed_out, 0);
		atomic_store(&slot->idle, 0);
		atomic_store(&slot->owner, owner);
	}
	p->pid = role_fork(p->role, crew->conf, crew->board, p->slot);
	p->since_mono_ms = clock_mono_ms();
	p->state = p->pid > 0 ? PLACE_LIVES : PLACE_PAUSES;
	p->until_mono_ms = p->since_mono_ms + PAUSE_FIRST_MS;
}

/* At once after a long life; with growing pauses when it dies young again and again. */
static void restart_later(struct place *p)
{
	int64_t now = clock_mono_ms(), pause = 0;

	p->failures = now - p->since_mono_ms > SETTLED_MS ? 0 : p->failures + 1;
	for (int i = 1; i < p->failures && pause < PAUSE_MAX_MS; i++)
		pause = pause ? pause * 2 : PAUSE_FIRST_MS;
	p->state = PLACE_PAUSES;
	p->until_mono_ms = now + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
}

static void free_claims(struct crew *crew, struct place *p)
{
	p->pid = role_fork_freer(crew->conf, &p->order);
	p->state = p->pid > 0 ? PLACE_FREES : PLACE_PAUSES;
	p->until_mono_ms = clock_mono_ms() + FREE_AGAIN_MS;
}

static void worker_ended(struct crew *crew, struct place *p, int status)
{
	struct board_slot *slot = &crew->board->slots[p->slot];
	int64_t in_hand = atomic_load(&slot->event_id);

	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FINE && in_hand == 0) {
		atomic_store(&slot->owner, 0);
		p->state = PLACE_EMPTY;
		return;
	}
	free_order_fill(&p->order, slot, status);
	log_line(LOG_WARN, "a worker died", "pid", log_number(p->pid), "event", log_number(in_hand),
		 "reason", p->order.reason, NULL);
	free_claims(crew, p);
}

static void freer_ended(struct crew *crew, struct place *p, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FINE) {
		atomic_store(&crew->board->slots[p->slot].owner, 0);
		p->order.owner = 0;
		restart_later(p);
		return;
	}
	/* Full disk, perhaps: until it has worked nobody takes this place. */
	p->state = PLACE_PAUSES;
	p->until_mono_ms = clock_mono_ms() + FREE_AGAIN_MS;
}

/* A port that is taken at the start is the operator's to mend; later it is tried again. */
static void front_ended(struct crew *crew, int status)
{
	crew->cannot_listen = !crew->listened && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILED;
	atomic_store(&crew->board->front_ready, 0);
}

static const char *end_words(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "signal %d", WTERMSIG(status));
	else
		snprintf(out, size, "exit code %d", WEXITSTATUS(status));
	return out;
}

static void place_ended(struct crew *crew, struct place *p, int status)
{
	char words[32];

	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DISK)
		crew->disk_error = true;
	if (p->state == PLACE_FREES) {
		freer_ended(crew, p, status);
	} else if (p->role == ROLE_WORKER) {
		worker_ended(crew, p, status);
	} else if (crew->draining) {
		p->state = PLACE_EMPTY;
	} else {
		log_line(LOG_WARN, "a role died and is started again", "role", role_name(p->role), "end",
			 end_words(status, words, sizeof(words)), NULL);
		if (p->role == ROLE_FRONT)
			front_ended(crew, status);
		restart_later(p);
	}
}

static struct place *find_place(struct crew *crew, pid_t pid)
{
	if (crew->front.pid == pid)
		return &crew->front;
	if (crew->janitor.pid == pid)
		return &crew->janitor;
	for (int i = 0; i < BOARD_SLOTS; i++)
		if (crew->workers[i].pid == pid)
			return &crew->workers[i];
	return NULL;
}

void crew_reap(struct crew *crew)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct place *p = find_place(crew, pid);
		if (!p || p->state == PLACE_EMPTY || p->state == PLACE_PAUSES)
			continue;
		place_ended(crew, p, status);
		if (p->state != PLACE_FREES)
			p->pid = 0;
	}
}

static void wake_place(struct crew *crew, struct place *p, int64_t now)
{
	if (p->state != PLACE_PAUSES || now < p->until_mono_ms)
		return;
	if (p->order.owner)
		free_claims(crew, p);
	else if (crew->draining)
		p->state = PLACE_EMPTY;
	else
		start(crew, p);
}

/* A run over its time: the worker is ended, its death is reaped like any other. */
static void end_slow_run(struct crew *crew, struct place *p, int64_t now)
{
	struct board_slot *slot = &crew->board->slots[p->slot];
	int64_t deadline = atomic_load(&slot->deadline_mono_ms);

	if (p->state != PLACE_LIVES || !deadline || now < deadline)
		return;
	atomic_store(&slot->timed_out, 1);
	kill(p->pid, SIGKILL);
}

struct pool {
	int living, idle, stuck;
	struct place *empty;
	struct place *idlest;
};

static struct pool look_at_pool(struct crew *crew)
{
	struct pool pool = {0};

	for (int i = 0; i < BOARD_SLOTS; i++) {
		struct place *p = &crew->workers[i];
		struct board_slot *slot = &crew->board->slots[i];
		if (p->state == PLACE_EMPTY) {
			if (!pool.empty)
				pool.empty = p;
			continue;
		}
		pool.living++;
		if (p->state != PLACE_LIVES)
			continue;
		if (atomic_load(&slot->idle)) {
			pool.idle++;
			pool.idlest = p;
		} else if (atomic_load(&slot->deadline_mono_ms) && /* a run, not a slow disk */
			   clock_wall_ms() - atomic_load(&slot->started_at) > GROW_AFTER_MS) {
			pool.stuck++;
		}
	}
	return pool;
}

bool crew_tend(struct crew *crew, int64_t now)
{
	static int64_t slack_since;
	struct pool pool;

	crew->listened |= atomic_load(&crew->board->front_ready);
	wake_place(crew, &crew->front, now);
	wake_place(crew, &crew->janitor, now);
	for (int i = 0; i < BOARD_SLOTS; i++) {
		wake_place(crew, &crew->workers[i], now);
		end_slow_run(crew, &crew->workers[i], now);
	}
	pool = look_at_pool(crew);
	if (crew->draining)
		return true;
	if (pool.idle > 1 && pool.living > crew->conf->workers_min) {
		if (!slack_since)
			slack_since = now;
		if (now - slack_since > SHRINK_AFTER_MS) {
			kill(pool.idlest->pid, SIGTERM);
			slack_since = now - SHRINK_AFTER_MS + 1000;
		}
	} else {
		slack_since = 0;
	}
	bool all_stuck = pool.idle == 0 && pool.stuck > 0 && pool.stuck == pool.living;
	if (pool.empty && (pool.living < crew->conf->workers_min ||
			   (all_stuck && pool.living < crew->conf->workers_max)))
		start(crew, pool.empty);
	return pool.idle < pool.living;
}

void crew_signal(struct crew *crew, int sig)
{
	struct place *all[] = {&crew->front, &crew->janitor};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i]->state == PLACE_LIVES)
			kill(all[i]->pid, sig);
	for (int i = 0; i < BOARD_SLOTS; i++)
		if (crew->workers[i].state == PLACE_LIVES)
			kill(crew->workers[i].pid, sig);
}

int crew_count(const struct crew *crew)
{
	int n = (crew->front.state == PLACE_LIVES) + (crew->janitor.state == PLACE_LIVES);

	for (int i = 0; i < BOARD_SLOTS; i++)
		n += crew->workers[i].state == PLACE_LIVES || crew->workers[i].state == PLACE_FREES;
	return n;
}

void crew_init(struct crew *crew, const struct conf *conf, struct board *board)
{
	crew->conf = conf;
	crew->board = board;
	crew->front = (struct place){.role = ROLE_FRONT};
	crew->janitor = (struct place){.role = ROLE_JANITOR};
	for (int i = 0; i < BOARD_SLOTS; i++)
		crew->workers[i] = (struct place){.role = ROLE_WORKER, .slot = i};
}

void crew_start(struct crew *crew)
{
	start(crew, &crew->front);
	start(crew, &crew->janitor);
	for (int i = 0; i < crew->conf->workers_min && i < BOARD_SLOTS; i++)
		start(crew, &crew->workers[i]);
}
