/* SPDX-License-Identifier: MIT */
/*
 * sql: SQLite statements, said shortly. A statement's text is a string literal: it is
 * prepared once a connection, found again by its address, and bound in order:
 *
 *     sql_do(c, err, "UPDATE events SET state = 'queued' WHERE id = ?", "i", id)
 *
 *     sqlite3_stmt *st = sql_ask(c, err, "SELECT id FROM events WHERE flow_id = ?", "i", flow);
 *     while ((got = sql_row(c, st, err)) > 0) ... sqlite3_column_int64(st, 0)
 *
 * Letters: i int64_t; t text or NULL; b struct slice as a BLOB; o the same, NULL when ptr is
 * NULL; s struct slice as text, NULL when ptr is NULL; n nothing, a NULL. This is the one place where SQLite's result codes
 * become errors.
 */
#ifndef COMMON_STORE_SQL_H
#define COMMON_STORE_SQL_H

#include "common/base.h"
#include "common/err.h"

#include <sqlite3.h>

struct cached;

/* Counted in the transaction at hand, not written yet (counts_add in count.c). */
struct counted {
	int64_t minute, flow_id;
	const char *outcome;
	int64_t n;
	int64_t first_id, last_id; /* of events; 0: none */
};
#define COUNTED_MAX 32

struct conn {
	sqlite3 *db;
	struct cached *cache;
	int wal_frames;     /* in the log after the last commit */
	bool lazy;          /* synchronous is NORMAL just now, not FULL (commit.c) */
	bool broken;        /* an ERR_DISK was met */
	struct counted counts[COUNTED_MAX];
	size_t n_counts;
};

/* conn_open opens DIR/ringbolt.db with our settings; write: for the writer. */
int conn_open(const char *path, bool write, struct conn *c, struct err *err) MUSTCHECK;
void conn_close(struct conn *c);

/* sql_do: runs to the end; how many rows it changed, or -1. */
int sql_do(struct conn *c, struct err *err, const char *text, const char *types, ...) MUSTCHECK;

/* sql_ask: bound and ready for sql_row, or NULL. */
sqlite3_stmt *sql_ask(struct conn *c, struct err *err, const char *text, const char *types, ...) MUSTCHECK;

/* sql_row: 1 a row, 0 the end (the statement is then reset), -1. */
int sql_row(struct conn *c, sqlite3_stmt *st, struct err *err) MUSTCHECK;

/* sql_done resets a statement that was not read to its end; NULL is fine. */
void sql_done(sqlite3_stmt *st);

/* sql_int: the first column of the first row: 1 and *out, 0 no row, -1. */
int sql_int(struct conn *c, struct err *err, int64_t *out, const char *text, const char *types, ...) MUSTCHECK;

/* sql_script runs several statements without parameters, not cached. */
int sql_script(struct conn *c, const char *text, struct err *err) MUSTCHECK;

/* sql_fail turns the connection's last error into err: -1. */
int sql_fail(struct conn *c, struct err *err, const char *doing);

/* Columns as ours. sql_column_dup: NULL for NULL. */
struct slice sql_column_slice(sqlite3_stmt *st, int column);
char *sql_column_dup(sqlite3_stmt *st, int column);

#endif
