/* SPDX-License-Identifier: MIT */
/* SQLite statements, said shortly; the one place where its codes become errors. */
#include "common/store/sql.h"

#include "common/mem.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A small open table from the literal's address to its statement: no text is compared. */
#define CACHE_SLOTS 256

struct cached {
	const char *text;
	sqlite3_stmt *st;
};

int sql_fail(struct conn *c, struct err *err, const char *doing)
{
	int code = sqlite3_extended_errcode(c->db);
	const char *words = sqlite3_errmsg(c->db);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_BUSY, "%s: another program holds the database; try again", doing);
	case SQLITE_FULL:
		return err_set(err, ERR_BUSY, "%s: the disk is full; free space and try again", doing);
	case SQLITE_TOOBIG:
		return err_set(err, ERR_TOO_BIG, "%s: %s", doing, words);
	case SQLITE_IOERR:
		if (code == SQLITE_IOERR_SHMSIZE)
			return err_set(err, ERR_BUSY, "%s: the disk is full; free space and try again", doing);
		/* fall through */
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		c->broken = true;
		return err_set(err, ERR_DISK, "%s: %s (SQLite code %d); the disk or the database file "
			       "failed, see the system's log", doing, words, code);
	case SQLITE_INTERRUPT:
		return err_set(err, ERR_TIMEOUT, "%s: took too long and was stopped", doing);
	default:
		return err_set(err, ERR_SYSTEM, "%s: %s (SQLite code %d)", doing, words, code);
	}
}

static int on_commit(void *arg, sqlite3 *db, const char *name, int frames)
{
	(void)db;
	(void)name;
	((struct conn *)arg)->wal_frames = frames;
	return SQLITE_OK;
}

/* The views use json_each, which SQLite of Debian 12 calls safe only in a trusted schema. */
#define READER_SETTINGS \
	"PRAGMA query_only = ON; PRAGMA cache_size = -512; PRAGMA trusted_schema = ON;"

/* Before SQLite is first used in a process: without memory statistics, which nobody reads, an
 * allocation takes no lock. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int conn_open(const char *path, bool write, struct conn *c, struct err *err)
{
	static const char settings[] =
		"PRAGMA synchronous = FULL;"
		"PRAGMA foreign_keys = ON;"
		"PRAGMA cache_spill = OFF;" /* see the savepoint note in docs/database.md */
		"PRAGMA mmap_size = 0;"
		"PRAGMA trusted_schema = OFF;"
		"PRAGMA cell_size_check = ON;"
		"PRAGMA temp_store = MEMORY;"
		"PRAGMA secure_delete = FAST;"
		"PRAGMA wal_autocheckpoint = 0;" /* a checkpoint is the store's own act, under the lock */
		"PRAGMA journal_size_limit = 8388608;";
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, configure);
	memset(c, 0, sizeof(*c));
	if (sqlite3_open_v2(path, &c->db, flags, NULL) != SQLITE_OK) {
		err_set(err, ERR_DISK, "cannot open the database %s: %s", path, sqlite3_errmsg(c->db));
		sqlite3_close(c->db);
		c->db = NULL;
		return -1;
	}
	c->cache = mem_array(CACHE_SLOTS, sizeof(*c->cache));
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, 5000);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_limit(c->db, SQLITE_LIMIT_ATTACHED, 0);
	if (sql_script(c, settings, err) < 0 ||
	    sql_script(c, write ? "PRAGMA cache_size = -8192" : READER_SETTINGS, err) < 0) {
		conn_close(c);
		return -1;
	}
	/* Replaces the automatic checkpoint's hook, so it comes after the settings. */
	sqlite3_wal_hook(c->db, on_commit, c);
	return 0;
}

void conn_close(struct conn *c)
{
	if (!c->db)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		sqlite3_finalize(c->cache[i].st);
	free(c->cache);
	sqlite3_close(c->db);
	c->db = NULL;
	c->cache = NULL;
}

static sqlite3_stmt *prepared(struct conn *c, const char *text, struct err *err)
{
	size_t slot = ((uintptr_t)text >> 3) * 2654435761u % CACHE_SLOTS;

	for (size_t i = 0; i < CACHE_SLOTS; i++, slot = (slot + 1) % CACHE_SLOTS) {
		struct cached *entry = &c->cache[slot];
		if (entry->text == text)
			return entry->st;
		if (entry->text)
			continue;
		if (sqlite3_prepare_v3(c->db, text, -1, SQLITE_PREPARE_PERSISTENT, &entry->st, NULL) !=
		    SQLITE_OK) {
			sql_fail(c, err, "preparing a statement");
			return NULL;
		}
		entry->text = text;
		return entry->st;
	}
	err_set(err, ERR_SYSTEM, "more than %d statements: raise CACHE_SLOTS", CACHE_SLOTS);
	return NULL;
}

static sqlite3_stmt *bound(struct conn *c, const char *text, const char *types, va_list ap,
			   struct err *err)
{
	sqlite3_stmt *st = prepared(c, text, err);
	struct slice s;
	int bad = SQLITE_OK;

	if (!st)
		return NULL;
	for (int i = 1; *types && bad == SQLITE_OK; types++, i++) {
		switch (*types) {
		case 'i': bad = sqlite3_bind_int64(st, i, va_arg(ap, int64_t)); break;
		case 't': bad = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_STATIC); break;
		case 'b':
			s = va_arg(ap, struct slice);
			bad = sqlite3_bind_blob64(st, i, s.ptr ? s.ptr : "", s.len, SQLITE_STATIC);
			break;
		case 'o':
			s = va_arg(ap, struct slice);
			bad = sqlite3_bind_blob64(st, i, s.ptr, s.len, SQLITE_STATIC);
			break;
		case 's':
			s = va_arg(ap, struct slice);
			bad = sqlite3_bind_text64(st, i, s.ptr, s.len, SQLITE_STATIC, SQLITE_UTF8);
			break;
		default: bad = sqlite3_bind_null(st, i); break;
		}
	}
	if (bad != SQLITE_OK) {
		sql_fail(c, err, "binding a value");
		sql_done(st);
		return NULL;
	}
	return st;
}

sqlite3_stmt *sql_ask(struct conn *c, struct err *err, const char *text, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = bound(c, text, types, ap, err);
	va_end(ap);
	return st;
}

int sql_row(struct conn *c, sqlite3_stmt *st, struct err *err)
{
	switch (sqlite3_step(st)) {
	case SQLITE_ROW: return 1;
	case SQLITE_DONE: sql_done(st); return 0;
	default:
		sql_fail(c, err, "the database");
		sql_done(st);
		return -1;
	}
}

void sql_done(sqlite3_stmt *st)
{
	if (!st)
		return;
	sqlite3_reset(st);
	/* What was bound is the caller's and may be gone by the next use. */
	sqlite3_clear_bindings(st);
}

int sql_do(struct conn *c, struct err *err, const char *text, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = bound(c, text, types, ap, err);
	va_end(ap);
	if (!st)
		return -1;
	int got;
	while ((got = sql_row(c, st, err)) > 0)
		;
	return got < 0 ? -1 : sqlite3_changes(c->db);
}

int sql_int(struct conn *c, struct err *err, int64_t *out, const char *text, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	sqlite3_stmt *st = bound(c, text, types, ap, err);
	va_end(ap);
	if (!st)
		return -1;
	int got = sql_row(c, st, err);
	if (got > 0) {
		*out = sqlite3_column_int64(st, 0);
		sql_done(st);
	}
	return got;
}

int sql_script(struct conn *c, const char *text, struct err *err)
{
	if (sqlite3_exec(c->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return sql_fail(c, err, "the database");
	return 0;
}

struct slice sql_column_slice(sqlite3_stmt *st, int column)
{
	/* The pointer first: asking for it may convert the value, which changes its length. */
	const char *ptr = sqlite3_column_blob(st, column);
	return (struct slice){ptr ? ptr : "", (size_t)sqlite3_column_bytes(st, column)};
}

char *sql_column_dup(sqlite3_stmt *st, int column)
{
	return mem_dup((const char *)sqlite3_column_text(st, column));
}
