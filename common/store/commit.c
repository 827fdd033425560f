/* SPDX-License-Identifier: MIT */
/*
 * Group commit, leader and followers: whoever comes first leads; while it takes the write
 * lock others line up behind; it applies the changes of all of them in one transaction with
 * one sync, hands the lead to the first who came meanwhile, and wakes the others.
 *
 * A sync happens only where something is about to leave the house: PRAGMA synchronous is
 * FULL for a transaction that holds a durable change and NORMAL (no sync at commit) for one
 * that holds none. SQLite syncs the whole log, so a FULL commit also makes every earlier NORMAL
 * one durable (research: WAL frames are a checksum chain, what survives is a prefix).
 */
#include "common/store/inside.h"

#include "common/log.h"

#include <string.h>

/* The most changes, and so the most rows, of one transaction. */
#define BATCH_MAX 256

struct job {
	int (*apply)(struct conn *c, void *arg, struct err *err);
	void *arg;
	bool durable;
	int result;
	struct err err;
	struct job *next;
	_Atomic uint32_t state; /* what its thread sleeps on */
};

enum { JOB_WAITS, JOB_LEADS, JOB_DONE };

/* A PRAGMA acts while it is prepared, so it cannot come from the statement cache. */
static int set_sync(struct conn *c, bool durable, struct err *err)
{
	if (c->lazy == !durable)
		return 0;
	if (sql_script(c, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err) < 0)
		return -1;
	c->lazy = !durable;
	return 0;
}

static int begin(struct store *s, bool durable, struct err *err)
{
	if (lock_take(s->lock_fd, err) < 0)
		return -1;
	if (set_sync(&s->writer, durable, err) < 0 ||
	    sql_do(&s->writer, err, "BEGIN IMMEDIATE", "") < 0) {
		lock_give(s->lock_fd);
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
	lock_give(s->lock_fd);
}

/* The janitor checkpoints long before this; when it cannot, the log must still end somewhere. */
#define WAL_FRAMES_MAX 16384

static int finish(struct store *s, struct err *err)
{
	if (sql_do(&s->writer, err, "COMMIT", "") < 0) {
		undo(s);
		return -1;
	}
	if (s->writer.wal_frames > WAL_FRAMES_MAX &&
	    sqlite3_wal_checkpoint_v2(s->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK)
		s->writer.wal_frames = 0;
	atomic_store(&s->bell->log_frames, s->writer.wal_frames);
	lock_give(s->lock_fd);
	return 0;
}

/* All of them or none: -1, *culprit the job whose change failed (NULL: the commit itself). */
static int try_together(struct store *s, struct job **jobs, size_t n, struct job **culprit,
			struct err *err)
{
	bool durable = false;

	*culprit = NULL;
	for (size_t i = 0; i < n; i++)
		durable |= jobs[i]->durable;
	if (begin(s, durable, err) < 0)
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

static void lead(struct store *s, struct job *mine)
{
	struct job *batch[BATCH_MAX], *all[BATCH_MAX], *next;

	/* Whoever else waits for the lock right now comes along: so it is taken before the
	 * batch is, and again (which costs nothing) inside the transaction. */
	struct err err = {0};
	size_t n = 0;
	if (lock_take(s->lock_fd, &err) < 0) {
		n = take_waiting(s, batch);
		memcpy(all, batch, sizeof(all));
		fail_all(batch, n, &err);
	} else {
		n = take_waiting(s, batch);
		memcpy(all, batch, sizeof(all));
		run_batch(s, batch, n);
	}

	pthread_mutex_lock(&s->queue_lock);
	next = s->queue_head;
	if (!next)
		s->led = false;
	pthread_mutex_unlock(&s->queue_lock);
	if (next) {
		atomic_store(&next->state, JOB_LEADS);
		bell_wake_one(&next->state);
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

int commit(struct store *s, bool durable, int (*apply)(struct conn *c, void *arg, struct err *err),
	   void *arg, struct err *err)
{
	struct job job = {.apply = apply, .arg = arg, .durable = durable};

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
