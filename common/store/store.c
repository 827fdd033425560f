/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing, and lending reading connections. A data directory that is not ours,
 * is newer than this program, or cannot be written is refused here, with a sentence.
 */
#include "common/store/inside.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
	char *key_file;
} self;

void store_key_file(const char *path)
{
	free(self.key_file);
	self.key_file = path && *path ? mem_dup(path) : NULL;
}

char *store_path(const char *dir, const char *name)
{
	return mem_format("%s/%s", dir, name);
}

bool store_broken(const struct store *s)
{
	return atomic_load(&s->broken);
}

const char *store_engine_version(void)
{
	return "SQLite " SQLITE_VERSION;
}

/* Made here rather than by SQLite, so that the rights are ours and a link is not followed. */
static int make_directory(const char *dir, struct err *err)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_SYSTEM, "cannot make the data directory %s: %s", dir, strerror(errno));
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a directory: name another with --data", dir);
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(err, ERR_DENIED, "cannot write in the data directory %s: %s", dir,
			       strerror(errno));
	return 0;
}

static bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* What must be set before the first table is there. */
static int make_database(const char *path, struct err *err)
{
	sqlite3 *db;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	mode_t old = umask(0077);
	int bad = sqlite3_open_v2(path, &db, flags, NULL);

	umask(old);
	if (bad == SQLITE_OK)
		bad = sqlite3_exec(db, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;"
				   "PRAGMA application_id = 1380076372", NULL, NULL, NULL);
	if (bad != SQLITE_OK)
		err_set(err, ERR_SYSTEM, "cannot make the database %s: %s", path, sqlite3_errmsg(db));
	sqlite3_close(db);
	return bad == SQLITE_OK ? 0 : -1;
}

/* "RBLT", see make_database. */
#define OUR_APPLICATION_ID 1380076372

static int refuse_foreign(struct conn *c, const char *path, struct err *err)
{
	int64_t id = 0, tables = 0;

	if (sql_int(c, err, &id, "PRAGMA application_id", "") < 0 ||
	    sql_int(c, err, &tables, "SELECT count(*) FROM sqlite_schema", "") < 0) {
		return err_set(err, ERR_INVALID, "%s is not a Ringbolt database: move it away, or name "
			       "another directory with --data", path);
	}
	if (id != OUR_APPLICATION_ID)
		return err_set(err, ERR_INVALID, "%s is another program's SQLite file: move it away, or "
			       "name another directory with --data", path);
	return 0;
}

/* The log goes into the database, rewriting pages from what the system still holds; after a
 * disk error SQLite then looks at every page before anything is acknowledged again. */
static int recover(struct conn *c, const char *path, bool check, struct err *err)
{
	char *finding = NULL;
	int64_t busy = 0;
	int got = 0;

	log_line(LOG_WARN, "the last end was not clean: recovering", "check", check ? "yes" : "no", NULL);
	if (sql_int(c, err, &busy, "PRAGMA wal_checkpoint(TRUNCATE)", "") < 0)
		return -1;
	if (!check)
		return 0;
	sqlite3_stmt *st = sql_ask(c, err, "PRAGMA quick_check(1)", "");
	got = st ? sql_row(c, st, err) : -1;
	if (got > 0)
		finding = sql_column_dup(st, 0);
	sql_done(st);
	if (got >= 0 && (!finding || strcmp(finding, "ok") != 0))
		got = err_set(err, ERR_DISK, "%s is damaged (%s): restore a backup, or save what can be "
			      "read with sqlite3's .recover", path, finding ? finding : "no answer");
	free(finding);
	return got < 0 ? -1 : 0;
}

static bool has_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

static int prepare(const char *dir, bool alone, bool check, struct err *err)
{
	if (make_directory(dir, err) < 0)
		return -1;
	char *path = store_path(dir, "ringbolt.db");
	char *wal = store_path(dir, "ringbolt.db-wal");
	struct conn c = {0};
	int result = -1, lock_fd = lock_open(dir, err);

	if (lock_fd < 0 || lock_take(lock_fd, err) < 0)
		goto out;
	bool unclean = has_bytes(wal);
	if (!file_exists(path) && make_database(path, err) < 0)
		goto out;
	if (conn_open(path, true, &c, err) < 0) {
		err_within(err, "%s is damaged or is not a Ringbolt database (move it away, or name another "
			   "directory with --data): ", path);
		goto out;
	}
	if (refuse_foreign(&c, path, err) < 0)
		goto out;
	if (alone && (unclean || check) && recover(&c, path, check, err) < 0)
		goto out;
	int applied = migrate(&c, err);
	if (applied < 0)
		err_within(err, "%s: ", path);
	if (applied < 0 || key_make(dir, self.key_file, err) < 0 ||
	    key_finish(&c, dir, self.key_file, err) < 0)
		goto out;
	if (applied > 0)
		log_line(LOG_INFO, "the database was brought up to date", "version",
			 log_number(migrate_target()), NULL);
	result = 0;
out:
	conn_close(&c);
	if (lock_fd >= 0)
		close(lock_fd);
	free(path);
	free(wal);
	return result;
}

int store_prepare(const char *dir, struct err *err)
{
	return prepare(dir, false, false, err);
}

int store_recover(const char *dir, bool check, struct err *err)
{
	return prepare(dir, true, check, err);
}

static int refuse_other_version(struct conn *c, const char *dir, struct err *err)
{
	int64_t have = 0, want = migrate_target();

	if (sql_int(c, err, &have, "PRAGMA user_version", "") < 0)
		return -1;
	if (have > want) {
		migrate_refuse_newer(have, err);
		return err_within(err, "%s: ", dir);
	}
	if (have < want)
		return err_set(err, ERR_CONFLICT, "the database in %s is of an older version (%d, this "
			       "program needs %d): start `ringbolt serve` once, it brings it up to date",
			       dir, (int)have, (int)want);
	return 0;
}

int store_open(const char *dir, enum store_mode mode, struct store **out, struct err *err)
{
	char *path = store_path(dir, "ringbolt.db");
	struct store *s = mem_new(sizeof(*s));

	s->dir = mem_dup(dir);
	s->read_only = mode == STORE_READ;
	s->lock_fd = -1;
	s->keeper_lock = -1;
	pthread_mutex_init(&s->queue_lock, NULL);
	pthread_mutex_init(&s->readers_lock, NULL);
	pthread_mutex_init(&s->sync_lock, NULL);
	pthread_cond_init(&s->sync_done, NULL);
	pthread_mutex_init(&s->key_lock, NULL);
	pthread_cond_init(&s->reader_back, NULL);
	if (!file_exists(path)) {
		err_set(err, ERR_MISSING, "there is no database in %s: start one with `ringbolt serve "
			"--data %s`, or name the right directory with --data", dir, dir);
		goto fail;
	}
	if (conn_open(path, !s->read_only, &s->writer, err) < 0 ||
	    refuse_foreign(&s->writer, path, err) < 0 ||
	    refuse_other_version(&s->writer, dir, err) < 0 || bell_map(dir, &s->bell, err) < 0 ||
	    (mode != STORE_CHORES && secrets_open(s, self.key_file, err) < 0))
		goto fail;
	if (mode == STORE_CHORES)
		secrets_forget_environment();
	if (!s->read_only && (s->lock_fd = lock_open(dir, err)) < 0)
		goto fail;
	free(path);
	*out = s;
	return 0;
fail:
	free(path);
	store_close(s);
	return -1;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->readers_open; i++)
		conn_close(&s->readers[i]);
	/* The last connection's close moves the log into the database: inside the lock, too. */
	struct err ignored;
	if (s->lock_fd >= 0 && lock_take(s->lock_fd, &ignored) < 0)
		log_line(LOG_WARN, "closing without the write lock", "error", ignored.text, NULL);
	conn_close(&s->keeper);
	conn_close(&s->writer);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->keeper_lock >= 0)
		close(s->keeper_lock);
	bell_unmap(s->bell);
	secrets_close(s);
	pthread_mutex_destroy(&s->queue_lock);
	pthread_mutex_destroy(&s->readers_lock);
	pthread_mutex_destroy(&s->sync_lock);
	pthread_cond_destroy(&s->sync_done);
	pthread_mutex_destroy(&s->key_lock);
	pthread_cond_destroy(&s->reader_back);
	free(s->dir);
	free(s);
}

/* ---- reading connections ---- */

static int open_reader(struct store *s, struct conn *c, struct err *err)
{
	char *path = store_path(s->dir, "ringbolt.db");
	int result = conn_open(path, false, c, err);

	free(path);
	return result;
}

struct conn *reader_take(struct store *s, struct err *err)
{
	struct conn *c = NULL;

	pthread_mutex_lock(&s->readers_lock);
	while (!c) {
		for (int i = 0; i < s->readers_open && !c; i++)
			if (!s->lent[i])
				c = &s->readers[i];
		if (c)
			break;
		if (s->readers_open < READERS_MAX) {
			c = &s->readers[s->readers_open];
			if (open_reader(s, c, err) < 0) {
				c = NULL;
				break;
			}
			s->readers_open++;
			break;
		}
		pthread_cond_wait(&s->reader_back, &s->readers_lock);
	}
	if (c)
		s->lent[c - s->readers] = true;
	pthread_mutex_unlock(&s->readers_lock);
	return c;
}

void reader_give(struct store *s, struct conn *c)
{
	if (c->broken)
		atomic_store(&s->broken, true);
	pthread_mutex_lock(&s->readers_lock);
	s->lent[c - s->readers] = false;
	pthread_cond_signal(&s->reader_back);
	pthread_mutex_unlock(&s->readers_lock);
}
