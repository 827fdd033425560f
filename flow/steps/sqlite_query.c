/* SPDX-License-Identifier: MIT */
/* sqlite_query: one statement over a database file of the operator. The file is opened for
 * this one statement and closed again: no lock outlives the step. */
#include "flow/hint.h"
#include "flow/operator_file.h"
#include "flow/steps/sqlite_value.h"
#include "flow/walk.h"

#include "common/clock.h"
#include "common/jsontext.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_BYTES_MAX (16 << 20)

static const struct param params[] = {
	{.name = "file", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 100,
	 .refuse = operator_file_refuse,
	 .text = "The database: the name of a file in the server's --sqlite-dir."},
	{.name = "sql", .type = PARAM_TEXT, .flags = PARAM_REQUIRED, .max = 65536,
	 .text = "One statement, as it stands; values come in as :name or ? and \"parameters\"."},
	{.name = "parameters", .type = PARAM_VALUE,
	 .text = "The values: an object for :name, a list for ?. {\"base64\": text} is a blob; other "
		 "objects and lists go in as JSON text."},
	{.name = "write", .type = PARAM_BOOL, .fallback = "false",
	 .text = "Whether the statement may change the database."},
	{.name = "limit", .type = PARAM_INT, .min = 1, .max = 100000, .fallback = "1000",
	 .text = "The most rows that are taken; \"more\" in the output says that there were others."},
	{.name = "timeout_ms", .type = PARAM_MS, .min = 1, .max = 60000, .fallback = "5000",
	 .text = "How long it may take, waiting for locks included."},
	{.name = "max_output_bytes", .type = PARAM_INT, .min = 1, .max = 16777216,
	 .fallback = "1048576", .text = "As limit, in bytes of output."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const char *sql = arg_text(&s->args, "sql");

	if (sql && strstr(sql, "{{"))
		fault_add(faults, arg_find(&s->args, "sql")->pointer, NULL,
			  "\"sql\" is sent as it stands, without expressions: write :name in it and the "
			  "value in \"parameters\", so that no value can become SQL");
}

struct query {
	const struct step *s;
	sqlite3 *db;
	sqlite3_stmt *stmt;
	bool write;
	int64_t deadline_mono_ms;
	char refused[160]; /* why the authorizer said no */
};

/* ---- what a statement may do ---- */

static bool pragma_allowed(const char *name, const char *argument)
{
	static const char *const pragmas[] = {"table_info", "table_xinfo", "table_list", "index_list",
					      "index_info", "index_xinfo", "foreign_key_list"};

	for (size_t i = 0; i < ARRAY_LEN(pragmas); i++)
		if (strcmp(name, pragmas[i]) == 0)
			return true;
	return !argument &&
	       (strcmp(name, "user_version") == 0 || strcmp(name, "schema_version") == 0 ||
		strcmp(name, "application_id") == 0);
}

/* Not in the library as Debian builds it, but another build may have them. */
static bool reaches_out(const char *function)
{
	static const char *const outside[] = {"load_extension", "readfile", "writefile", "edit", "fsdir",
					      "lsmode", "fts3_tokenizer", "zipfile"};
	size_t i = 0;

	while (i < ARRAY_LEN(outside) && sqlite3_stricmp(function, outside[i]) != 0)
		i++;
	return i < ARRAY_LEN(outside);
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *database,
		     const char *trigger)
{
	struct query *q = arg;
	const char *why = NULL;

	(void)database;
	(void)trigger;
	if (action == SQLITE_FUNCTION && reaches_out(b))
		why = "it calls a function that reaches out of the database";
	else if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
		why = "it reaches for another file (ATTACH, DETACH and VACUUM are not allowed)";
	else if (action == SQLITE_PRAGMA && !pragma_allowed(a, b))
		why = "this PRAGMA is not allowed; table_info and its kin are";
	else if (action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT)
		why = "a step is one statement, which is a transaction of its own";
	if (!why)
		return SQLITE_OK;
	sqlite3_snprintf(sizeof(q->refused), q->refused, "%s", why);
	return SQLITE_DENY;
}

static int out_of_time(void *arg)
{
	const struct query *q = arg;

	return clock_mono_ms() >= q->deadline_mono_ms;
}

/* ---- open, prepare ---- */

static int fail(struct query *q, int code, struct err *err)
{
	const char *file = arg_text(&q->s->args, "file");
	enum err_kind kind = ERR_INVALID;

	if (*q->refused)
		return err_set(err, ERR_DENIED, "sql: %s", q->refused);
	switch (code & 0xFF) {
	case SQLITE_INTERRUPT:
		return err_set(err, ERR_TIMEOUT, "%s: the statement took longer than %lld ms (\"timeout_ms\")",
			       file, (long long)arg_int(&q->s->args, "timeout_ms"));
	case SQLITE_BUSY:
	case SQLITE_LOCKED: kind = ERR_BUSY; break;
	case SQLITE_CONSTRAINT: kind = ERR_CONFLICT; break;
	case SQLITE_TOOBIG: kind = ERR_TOO_BIG; break;
	case SQLITE_NOMEM:
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN: kind = ERR_SYSTEM; break;
	}
	return err_set(err, kind, "%s: %s", file, q->db ? sqlite3_errmsg(q->db) : sqlite3_errstr(code));
}

static int open_file(struct query *q, const struct operator_file *file, struct err *err)
{
	int flags = (q->write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOFOLLOW |
		    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(file->path, &q->db, flags, NULL);

	if (code != SQLITE_OK)
		return fail(q, code, err);
	if (!operator_file_same(file))
		return err_set(err, ERR_CONFLICT, "%s was changed for another file just now",
			       arg_text(&q->s->args, "file"));
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_limit(q->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(q->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_limit(q->db, SQLITE_LIMIT_EXPR_DEPTH, 100);
	sqlite3_limit(q->db, SQLITE_LIMIT_COLUMN, 500);
	sqlite3_limit(q->db, SQLITE_LIMIT_WORKER_THREADS, 0);
	sqlite3_busy_timeout(q->db, (int)arg_int(&q->s->args, "timeout_ms"));
	sqlite3_progress_handler(q->db, 1000, out_of_time, q);
	code = sqlite3_exec(q->db, q->write ? "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON"
					    : "PRAGMA temp_store = MEMORY; PRAGMA query_only = ON",
			    NULL, NULL, NULL);
	sqlite3_set_authorizer(q->db, authorize, q);
	return code == SQLITE_OK ? 0 : fail(q, code, err);
}

static int prepare(struct query *q, struct err *err)
{
	const char *sql = arg_text(&q->s->args, "sql"), *tail;
	sqlite3_stmt *second = NULL;
	int code = sqlite3_prepare_v3(q->db, sql, -1, 0, &q->stmt, &tail);

	if (code != SQLITE_OK)
		return fail(q, code, err);
	if (!q->stmt)
		return err_set(err, ERR_INVALID, "sql: there is no statement in it");
	if (!q->write && !sqlite3_stmt_readonly(q->stmt))
		return err_set(err, ERR_DENIED, "sql: it changes the database; set \"write\": true if it "
			       "shall");
	/* What follows may only be a comment. */
	code = sqlite3_prepare_v3(q->db, tail, -1, 0, &second, NULL);
	sqlite3_finalize(second);
	if (code != SQLITE_OK || second)
		return err_set(err, ERR_INVALID, "sql: a step is one statement; make a second step of the "
			       "second");
	return 0;
}

/* ---- parameters ---- */

/* name is the statement's :name. */
static int no_parameter(struct slice all, const char *name, struct err *err)
{
	struct buf hint = BUF_INIT;

	hint_keys(all, (struct slice){name + 1, strlen(name + 1)}, &hint);
	err_set(err, ERR_INVALID, "parameters: there is no \"%.60s\" for %.61s in them%s", name + 1, name, hint.ptr);
	buf_release(&hint);
	return -1;
}

static int bind_all(struct query *q, struct slice all, struct err *err)
{
	enum jsontext_kind kind = all.len ? jsontext_kind(all) : JSONTEXT_NULL;
	int wanted = sqlite3_bind_parameter_count(q->stmt);
	struct slice value;

	if (kind != JSONTEXT_NULL && kind != JSONTEXT_OBJECT && kind != JSONTEXT_ARRAY)
		return err_set(err, ERR_INVALID, "parameters: an object or a list is wanted, not %s",
			       jsontext_kind_name(kind));
	if (wanted && kind == JSONTEXT_NULL)
		return err_set(err, ERR_INVALID, "parameters: the statement wants %d, none is given", wanted);
	for (int i = 1; i <= wanted; i++) {
		const char *name = sqlite3_bind_parameter_name(q->stmt, i);
		if (kind == JSONTEXT_ARRAY && !jsontext_item(all, i - 1, &value))
			return err_set(err, ERR_INVALID, "parameters: the statement wants %d, the list has "
				       "%d", wanted, i - 1);
		if (kind == JSONTEXT_OBJECT && (!name || *name == '?'))
			return err_set(err, ERR_INVALID, "parameters: an object is for :name, but the "
				       "statement has ?; give a list");
		if (kind == JSONTEXT_OBJECT && !jsontext_member(all, name + 1, strlen(name + 1), &value))
			return no_parameter(all, name, err);
		int code = sqlite_value_bind(q->stmt, i, value);
		if (code == SQLITE_MISMATCH)
			return err_set(err, ERR_INVALID, "parameters: number %d is {\"base64\": ...} of what is "
				       "not base64", i);
		if (code != SQLITE_OK)
			return fail(q, code, err);
	}
	if (kind == JSONTEXT_ARRAY && jsontext_item(all, wanted, &value))
		return err_set(err, ERR_INVALID, "parameters: the statement wants %d, the list has more", wanted);
	return 0;
}

/* ---- rows ---- */

/* An object could show only one of two columns of the same name. */
static int check_names(sqlite3_stmt *stmt, struct err *err)
{
	int count = sqlite3_column_count(stmt);

	for (int i = 0; i < count; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(sqlite3_column_name(stmt, i), sqlite3_column_name(stmt, k)) == 0)
				return err_set(err, ERR_INVALID, "sql: two columns are called \"%.60s\"; name "
					       "one of them with AS", sqlite3_column_name(stmt, i));
	return 0;
}

static int run_rows(struct query *q, struct buf *output, struct err *err)
{
	int64_t room = arg_int(&q->s->args, "limit");
	size_t most = (size_t)arg_int(&q->s->args, "max_output_bytes");
	bool changes = !sqlite3_stmt_readonly(q->stmt), more = false;
	int code;

	buf_add_text(output, "{\"rows\":[");
	while ((code = sqlite3_step(q->stmt)) == SQLITE_ROW) {
		size_t before = output->len;
		more = more || room-- == 0;
		if (!more) {
			buf_add_text(output, output->ptr[before - 1] == '[' ? "" : ",");
			sqlite_value_row(q->stmt, output);
		}
		if (output->len > most) {
			more = true;
			output->len = before;
		}
		/* A statement that writes is brought to its end, whatever is kept of it. */
		if (more && !changes)
			break;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		buf_clear(output);
		return fail(q, code, err);
	}
	buf_addf(output, "],\"more\":%s", more ? "true" : "false");
	if (changes)
		buf_addf(output, ",\"changes\":%lld,\"last_id\":%lld", (long long)sqlite3_changes64(q->db),
			 (long long)sqlite3_last_insert_rowid(q->db));
	buf_add_char(output, '}');
	return 0;
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	const struct run_host *host = walk_host(w);
	struct query q = {.s = s, .write = arg_bool(&s->args, "write")};
	struct operator_file file = {0};
	struct buf values = BUF_INIT;
	int rc;

	if (walk_json(w, &s->args, "parameters", &values, err) < 0) {
		rc = -1;
	} else if (host->stand_in) {
		buf_add_text(output, "{\"rows\":[],\"more\":false}");
		rc = 0;
	} else if (!host->sqlite_dir || !*host->sqlite_dir) {
		rc = err_set(err, ERR_DENIED, "sqlite_query is switched off on this server; its operator "
			     "switches it on with --sqlite-dir DIR, the folder of the databases it may open");
	} else {
		q.deadline_mono_ms = clock_mono_ms() + arg_int(&s->args, "timeout_ms");
		rc = operator_file_find(host->sqlite_dir, arg_text(&s->args, "file"), host->data_dir, &file, err);
		if (rc == 0 && (open_file(&q, &file, err) < 0 || prepare(&q, err) < 0 ||
				bind_all(&q, buf_slice(&values), err) < 0 ||
				check_names(q.stmt, err) < 0 || run_rows(&q, output, err) < 0))
			rc = -1;
	}
	sqlite3_finalize(q.stmt);
	sqlite3_close(q.db);
	free(file.path);
	buf_release(&values);
	return rc < 0 ? STEP_FAILED : STEP_NEXT;
}

extern const struct step_type step_sqlite_query;
const struct step_type step_sqlite_query = {
	.name = "sqlite_query",
	.text = "Reads or changes a database file of the operator; off until --sqlite-dir allows it.",
	.params = params,
	.effects = true,
	.check = check,
	.run = run,
};
