/* SPDX-License-Identifier: MIT */
/* How the store is: gauges, counts, checkpoints, backup, check. */
#include "common/store/lane.h"

#include "common/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t size_of(struct store *s, const char *name)
{
	struct stat st;
	char *path = store_path(s->dir, name);
	int64_t bytes = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;

	free(path);
	return bytes;
}

int store_gauges(struct store *s, struct store_gauges *out, struct err *err)
{
	struct conn *c = reader_take(s, err);
	struct lanes lanes;

	memset(out, 0, sizeof(*out));
	if (!c)
		return -1;
	int bad = sql_int(c, err, &out->running, "SELECT count(*) FROM events WHERE state = 'running'", "") < 0 ||
		  sql_int(c, err, &out->held, "SELECT count(*) FROM events WHERE state = 'held'", "") < 0 ||
		  lanes_look(c, 0, true, &lanes, err) < 0;
	for (size_t i = 0; !bad && i < LANE_KINDS; i++) {
		const struct lane_head *head = &lanes.heads[i];
		if (head->due_at && (head->lane & 3) != LANE_REPLAY &&
		    (!out->due_oldest_at || head->due_at < out->due_oldest_at))
			out->due_oldest_at = head->due_at;
	}
	reader_give(s, c);
	int64_t queued = atomic_load(&s->bell->queued);
	out->queued = queued > 0 ? queued : 0;
	out->database_bytes = size_of(s, "ringbolt.db");
	out->wal_bytes = size_of(s, "ringbolt.db-wal");
	return bad ? -1 : 0;
}

int store_queue_recount(struct store *s, struct err *err)
{
	int64_t queued = 0, before = atomic_load(&s->bell->queued);
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	int got = sql_int(c, err, &queued, "SELECT count(*) FROM events WHERE state = 'queued'", "");
	reader_give(s, c);
	/* What was counted along meanwhile stays counted. */
	if (got > 0)
		atomic_fetch_add(&s->bell->queued, queued - before);
	return got < 0 ? -1 : 0;
}

int store_counts_each(struct store *s, int (*each)(void *arg, const struct count_row *row), void *arg,
		      struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = sql_ask(c, err,
		"SELECT coalesce(f.name, ''), c.outcome, sum(c.n) FROM counts c "
		"LEFT JOIN flows f ON f.id = c.flow_id GROUP BY 1, 2 ORDER BY 1, 2", "");
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		struct count_row row = {(const char *)sqlite3_column_text(st, 0),
					(const char *)sqlite3_column_text(st, 1),
					sqlite3_column_int64(st, 2)};
		if (each(arg, &row) < 0) {
			sql_done(st);
			break;
		}
	}
	reader_give(s, c);
	return got < 0 ? -1 : 0;
}

static int trim_rejections(struct conn *c, void *arg, struct err *err)
{
	(void)arg;
	return sql_do(c, err,
		      "DELETE FROM rejections WHERE id IN (SELECT id FROM rejections "
		      "WHERE id <= (SELECT max(id) FROM rejections) - ? ORDER BY id LIMIT 500)", "i",
		      (int64_t)REJECTIONS_KEPT);
}

int64_t store_log_frames(struct store *s)
{
	return atomic_load(&s->bell->log_frames);
}

/* Checkpoints have a connection and a lock descriptor of their own, so that they shut out the
 * commits of this process's other threads like those of any other process. */
static int open_keeper(struct store *s, struct err *err)
{
	if (s->keeper.db)
		return 0;
	char *path = store_path(s->dir, "ringbolt.db");
	int result = conn_open(path, true, &s->keeper, err);

	free(path);
	if (result == 0 && (s->keeper_lock = lock_open(s->dir, err)) < 0) {
		conn_close(&s->keeper);
		result = -1;
	}
	return result;
}

int store_checkpoint(struct store *s, struct err *err)
{
	if (commit(s, SYNC_LATER, trim_rejections, NULL, err) < 0 || open_keeper(s, err) < 0 ||
	    lock_take(s->keeper_lock, err) < 0)
		return -1;
	/* No commit of ours runs while this does: see lock.c. */
	int in_log = 0, moved = 0;
	int code = sqlite3_wal_checkpoint_v2(s->keeper.db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
	if (code == SQLITE_OK && in_log == moved)
		atomic_store(&s->bell->log_frames, 0);
	lock_give(s->keeper_lock);
	if (code == SQLITE_OK || code == SQLITE_BUSY)
		return 0;
	sql_fail(&s->keeper, err, "moving the log into the database");
	if (s->keeper.broken)
		atomic_store(&s->broken, true);
	return -1;
}

int store_backup(struct store *s, const char *path, struct err *err)
{
	struct conn c = {0};
	struct stat st;
	char *source = store_path(s->dir, "ringbolt.db");
	int result = -1;

	if (stat(path, &st) == 0) {
		err_set(err, ERR_CONFLICT, "%s exists already: a backup never writes over a file", path);
	} else if (conn_open(source, true, &c, err) == 0) {
		mode_t old = umask(0077);
		sqlite3_limit(c.db, SQLITE_LIMIT_ATTACHED, 1); /* the copy itself */
		result = sql_do(&c, err, "VACUUM INTO ?", "t", path) < 0 ? -1 : 0;
		umask(old);
	}
	if (result == 0) {
		/* On disk before we say so. */
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fsync(fd) < 0)
			result = err_set(err, ERR_SYSTEM, "cannot sync %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	conn_close(&c);
	free(source);
	return result;
}

int store_check(struct store *s, bool full, void (*found)(void *arg, const char *text), void *arg,
		struct err *err)
{
	struct conn *c = reader_take(s, err);

	if (!c)
		return -1;
	sqlite3_stmt *st = full ? sql_ask(c, err, "PRAGMA integrity_check", "")
				: sql_ask(c, err, "PRAGMA quick_check", "");
	int got = st ? 1 : -1;
	while (got > 0 && (got = sql_row(c, st, err)) > 0) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		if (text && strcmp(text, "ok") != 0)
			found(arg, text);
	}
	reader_give(s, c);
	return got;
}
