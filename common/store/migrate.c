/* SPDX-License-Identifier: MIT */
/*
 * Migrations: numbered SQL files, applied in order, each once and in one transaction; forward
 * only. PRAGMA user_version says how far a database has come.
 *
 * To add one: migrations/NNNN_<why>.sql, then `make schema`. The number in its name is its
 * version; numbers follow each other without a gap, which a test checks.
 */
#include "common/store/inside.h"

#include "common/assets.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static const char folder[] = "migrations/";

/* The assets are sorted by name, so the migrations come in order. */
static const struct asset *next_migration(const struct asset *a)
{
	for (; a->name; a++)
		if (strncmp(a->name, folder, sizeof(folder) - 1) == 0)
			return a;
	return NULL;
}

static int number_of(const struct asset *a)
{
	return atoi(a->name + sizeof(folder) - 1);
}

int64_t migrate_target(void)
{
	int64_t last = 0;

	for (const struct asset *a = next_migration(assets_table); a; a = next_migration(a + 1))
		last = number_of(a);
	return last;
}

int migrate_refuse_newer(int64_t have, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "the database is of version %d, this program knows %d: it was "
		       "written by a newer ringbolt, use that one (there is no way back)",
		       (int)have, (int)migrate_target());
}

static int apply_one(struct conn *c, const struct asset *a, struct err *err)
{
	char *script = mem_format("BEGIN IMMEDIATE;\n%s\n;PRAGMA user_version = %d; COMMIT;", a->bytes,
				  number_of(a));
	int result = sql_script(c, script, err);

	free(script);
	if (result < 0) {
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
		return err_within(err, "migration %s: ", a->name);
	}
	return 0;
}

int migrate(struct conn *c, struct err *err)
{
	int64_t have = 0;

	if (sql_int(c, err, &have, "PRAGMA user_version", "") < 0)
		return -1;
	if (have > migrate_target())
		return migrate_refuse_newer(have, err);
	int applied = 0;
	for (const struct asset *a = next_migration(assets_table); a; a = next_migration(a + 1)) {
		if (number_of(a) <= have)
			continue;
		if (apply_one(c, a, err) < 0)
			return -1;
		applied++;
	}
	return applied;
}

/* Drawn from a database in memory that every migration has passed. */
int store_schema_text(struct buf *out, struct err *err)
{
	struct conn c = {0};

	if (conn_open(":memory:", true, &c, err) < 0)
		return -1;
	int got = migrate(&c, err);
	sqlite3_stmt *st = NULL;
	if (got >= 0)
		st = sql_ask(&c, err, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
			     "ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, rowid", "");
	buf_add_text(out, "-- SPDX-License-Identifier: MIT\n"
		     "-- The whole database of today, drawn by `make schema` from migrations/. Do not edit.\n\n");
	while (st && (got = sql_row(&c, st, err)) > 0)
		buf_addf(out, "%s;\n\n", (const char *)sqlite3_column_text(st, 0));
	conn_close(&c);
	return st && got == 0 ? 0 : -1;
}
