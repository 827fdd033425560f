/* SPDX-License-Identifier: MIT */
/*
 * Group commit in two stages, each with a leader. Who comes first applies the changes of all who
 * line up while it takes the write lock, in one transaction. Then it gives the lock and the lead
 * away and sees to the sync: one at a time in a process, each for every commit before it. So a
 * sync never keeps the lock, and while the disk works the next transaction is being made.
 *
 * What is synced when (enum sync):
 *
 *   SYNC_LATER   nobody is told anything: the next sync of any process covers it
 *   SYNC_AFTER   synced before commit() returns; others may see it a moment before that
 *   SYNC_FIRST   synced before anyone can see it (PRAGMA synchronous = FULL): for replies,
 *                which the front sends as soon as it sees them
 *
 * A sync is of the whole log, and what survives a power cut is a prefix of the log.
 */
#include "common/store/inside.h"

#include "common/log.h"

#include <string.h>

/* The most changes, and so the most rows, of one transaction. */
#define BATCH_MAX 256

struct job {
	int (*apply)(struct conn *c, void *arg, struct err *err);
	void *arg;
	enum sync sync;
	int result;
	struct err err;
	struct job *next;
	_Atomic uint32_t state; /* what its thread sleeps on */
};

enum { JOB_WAITS, JOB_LEADS, JOB_DONE };

static void give_lock(struct store *s)
{
	s->locked = false;
	lock_give(s->lock_fd);
}

/* A PRAGMA acts while it is prepared, so it cannot come from the statement cache. */
static int set_full(struct conn *c, bool full, struct err *err)
{
	if (c->lazy == !full)
		return 0;
	if (sql_script(c, full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err) < 0)
		return -1;
	c->lazy = !full;
	return 0;
}

static int begin(struct store *s, bool full, struct err *err)
{
	/* The leader has it already, unless a failed try has given it back. */
	if (!s->locked && lock_take(s->lock_fd, err) < 0)
		return -1;
	s->locked = true;
	s->writer.n_counts = 0;
	if (set_full(&s->writer, full, err) < 0 ||
	    sql_do(&s->writer, err, "BEGIN IMMEDIATE", "") < 0) {
		give_lock(s);
		return -1;
	}
	return 0;
}

static void undo(struct store *s)
{
	struct err ignored;

	/* Some errors have rolled back by themselves. */
	if (!sqlite3_get_autocommit(s->writer.db) && sql_do(&s->writer, &ignored, "ROLLBACK", "") < 0)
		log_line(LOG_ERROR, "rollback failed", "error", ignored.text, NULL);
	give_lock(s);
}

/* The janitor checkpoints long before this; when it cannot, the log must still end somewhere. */
#define WAL_FRAMES_MAX 16384

static int finish(struct store *s, struct err *err)
{
	if (counts_write(&s->writer, err) < 0 || sql_do(&s->writer, err, "COMMIT", "") < 0) {
		undo(s);
		return -1;
	}
	if (s->writer.wal_frames > WAL_FRAMES_MAX &&
	    sqlite3_wal_checkpoint_v2(s->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK)
		s->writer.wal_frames = 0;
	atomic_store(&s->bell->log_frames, s->writer.wal_frames);
	give_lock(s);
	return 0;
}

static enum sync strictest(struct job **jobs, size_t n)
{
	enum sync sync = SYNC_LATER;

	for (size_t i = 0; i < n; i++)
		if (jobs[i]->sync > sync)
			sync = jobs[i]->sync;
	return sync;
}

/* All of them or none: -1, *culprit the job whose change failed (NULL: the commit itself). */
static int try_together(struct store *s, struct job **jobs, size_t n, struct job **culprit,
			struct err *err)
{
	enum sync sync = strictest(jobs, n);

	*culprit = NULL;
	if (begin(s, sync == SYNC_FIRST, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		jobs[i]->result = jobs[i]->apply(&s->writer, jobs[i]->arg, &jobs[i]->err);
		if (jobs[i]->result < 0) {
			*culprit = jobs[i];
			*err = jobs[i]->err;
			undo(s);
			return -1;
		}
	}
	return finish(s, err);
}

static void fail_all(struct job **jobs, size_t n, const struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i]->result = -1;
		jobs[i]->err = *err;
	}
}

/* A change that fails takes only itself down: the others are applied again without it. */
static void run_batch(struct store *s, struct job **jobs, size_t n)
{
	struct job *culprit;
	struct err err = {0};

	while (n > 0 && try_together(s, jobs, n, &culprit, &err) < 0) {
		if (!culprit || s->writer.broken) {
			fail_all(jobs, n, &err);
			break;
		}
		size_t kept = 0;
		for (size_t i = 0; i < n; i++)
			if (jobs[i] != culprit)
				jobs[kept++] = jobs[i];
		n = kept;
	}
	if (s->writer.broken)
		atomic_store(&s->broken, true);
}

static size_t take_waiting(struct store *s, struct job *batch[BATCH_MAX])
{
	size_t n = 0;

	pthread_mutex_lock(&s->queue_lock);
	while (s->queue_head && n < BATCH_MAX) {
		batch[n++] = s->queue_head;
		s->queue_head = s->queue_head->next;
	}
	if (!s->queue_head)
		s->queue_tail = NULL;
	pthread_mutex_unlock(&s->queue_lock);
	return n;
}

/* ---- the second stage: syncing what has been committed ---- */

/* The log as SQLite has it open. Taken while the writer is ours; good until it is closed. */
static sqlite3_file *log_file(struct store *s)
{
	sqlite3_file *file = NULL;

	sqlite3_file_control(s->writer.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
	return file && file->pMethods ? file : NULL;
}

/* Returns when commit number `ours` of this process is synced: 0, or -1. */
static int sync_until(struct store *s, sqlite3_file *log, uint64_t ours)
{
	int bad = SQLITE_OK;

	pthread_mutex_lock(&s->sync_lock);
	while (s->synced < ours && bad == SQLITE_OK && !atomic_load(&s->broken)) {
		if (s->syncing) {
			pthread_cond_wait(&s->sync_done, &s->sync_lock);
			continue;
		}
		s->syncing = true;
		uint64_t all = s->committed;
		pthread_mutex_unlock(&s->sync_lock);
		bad = log ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) : SQLITE_IOERR_FSYNC;
		pthread_mutex_lock(&s->sync_lock);
		s->syncing = false;
		if (bad == SQLITE_OK)
			s->synced = all;
		else
			/* Never tried again: a second try may report a success over a hole. */
			atomic_store(&s->broken, true);
		pthread_cond_broadcast(&s->sync_done);
	}
	bool fine = s->synced >= ours;
	pthread_mutex_unlock(&s->sync_lock);
	return fine ? 0 : -1;
}

static uint64_t count_commit(struct store *s)
{
	pthread_mutex_lock(&s->sync_lock);
	uint64_t ours = ++s->committed;
	pthread_mutex_unlock(&s->sync_lock);
	return ours;
}

/* ---- leading ---- */

static void hand_over(struct store *s)
{
	pthread_mutex_lock(&s->queue_lock);
	struct job *next = s->queue_head;
	if (!next)
		s->led = false;
	pthread_mutex_unlock(&s->queue_lock);
	if (next) {
		atomic_store(&next->state, JOB_LEADS);
		bell_wake_one(&next->state);
	}
}

static void lead(struct store *s, struct job *mine)
{
	struct job *batch[BATCH_MAX], *all[BATCH_MAX];
	sqlite3_file *log = NULL;
	struct err err = {0};
	uint64_t ours = 0;
	size_t n;

	/* Whoever else waits for the lock right now comes along: so it is taken before the
	 * batch is. */
	int locked = lock_take(s->lock_fd, &err);
	s->locked = locked == 0;
	n = take_waiting(s, batch);
	memcpy(all, batch, sizeof(all));
	enum sync sync = strictest(all, n);
	if (locked < 0) {
		fail_all(batch, n, &err);
	} else {
		run_batch(s, batch, n);
		ours = count_commit(s);
		log = log_file(s);
	}
	hand_over(s);
	if (locked == 0 && sync == SYNC_AFTER && sync_until(s, log, ours) < 0) {
		err_set(&err, ERR_DISK, "cannot sync the log: the disk failed, see the system's log");
		fail_all(all, n, &err);
	}
	for (size_t i = 0; i < n; i++) {
		if (all[i] == mine)
			continue;
		/* Once it is done its thread may be gone: nothing of it is touched after this
		 * but its address, which the kernel only compares. */
		_Atomic uint32_t *state = &all[i]->state;
		atomic_store(state, JOB_DONE);
		bell_wake_one(state);
	}
}

int commit(struct store *s, enum sync sync, int (*apply)(struct conn *c, void *arg, struct err *err),
	   void *arg, struct err *err)
{
	struct job job = {.apply = apply, .arg = arg, .sync = sync};

	if (s->read_only)
		return err_set(err, ERR_SYSTEM, "this store was opened for reading only");
	if (atomic_load(&s->broken))
		return err_set(err, ERR_DISK, "the disk or the database failed before; this process ends");
	pthread_mutex_lock(&s->queue_lock);
	if (s->queue_tail)
		s->queue_tail->next = &job;
	else
		s->queue_head = &job;
	s->queue_tail = &job;
	bool leads = !s->led;
	s->led = true;
	pthread_mutex_unlock(&s->queue_lock);

	if (!leads) {
		uint32_t state;
		while ((state = atomic_load(&job.state)) == JOB_WAITS)
			bell_sleep(&job.state, JOB_WAITS, 1000);
		leads = state == JOB_LEADS;
	}
	if (leads)
		lead(s, &job);
	if (job.result < 0 && err)
		*err = job.err;
	return job.result;
}

/* A change that changes nothing writes nothing, and what writes nothing is not synced: so a
 * number rises. */
int sync_log(struct conn *c, void *arg, struct err *err)
{
	(void)arg;
	return sql_do(c, err, "UPDATE config SET synced = synced + 1 WHERE id = 1", "") < 0 ? -1 : 0;
}
