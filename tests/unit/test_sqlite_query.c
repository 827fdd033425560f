/* SPDX-License-Identifier: MIT */
/* The step sqlite_query: values in and out, and everything it must not reach. */
#include "tests/unit/step_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static char top[] = "/tmp/ringbolt-test-XXXXXX", data[64], dir[64];

static char *in(const char *folder, const char *name)
{
	return mem_format("%s/%s", folder, name);
}

static void sql(const char *folder, const char *name, const char *text)
{
	char *path = in(folder, name);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
	free(path);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	snprintf(data, sizeof(data), "%s/data", top);
	snprintf(dir, sizeof(dir), "%s/sqlite", top);
	if (mkdir(data, 0700) < 0 || mkdir(dir, 0700) < 0)
		return -1;
	sql(data, "ringbolt.db", "CREATE TABLE own (x); INSERT INTO own VALUES ('hidden')");
	sql(dir, "shop.db",
	    "PRAGMA journal_mode = WAL;"
	    "CREATE TABLE item (id INTEGER PRIMARY KEY, sku TEXT UNIQUE, price REAL, picture BLOB, none);"
	    "INSERT INTO item VALUES (9007199254740993, 'A-1', 19.99, x'00ff', NULL), (2, 'B-2', 0.1, NULL, 7)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (const char *const *f = (const char *const[]){"data", "sqlite", "", NULL}; *f; f++) {
		char *folder = in(top, *f), *name;
		static const char *const names[] = {"ringbolt.db", "shop.db", "shop.db-wal", "shop.db-shm",
						    "link.db", "hard.db", "text.db", "made.db"};
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			name = in(folder, names[i]);
			unlink(name);
			free(name);
		}
		rmdir(folder);
		free(folder);
	}
	rmdir(top);
	return 0;
}

static char *query(const char *members, const char *body)
{
	const struct run_host host = {.trace_values = true, .sqlite_dir = dir, .data_dir = data};

	return step_result("sqlite_query", members, body, &host);
}

static void gives(const char *members, const char *body, const char *want)
{
	char *got = query(members, body);

	if (strcmp(got, want) != 0)
		fail_msg("%s\n  gives %s\n    not %s", members, got, want);
	free(got);
}

static void says(const char *members, const char *words)
{
	char *got = query(members, "{}");

	if (!strstr(got, words))
		fail_msg("%s\n  says %s\n   not %s", members, got, words);
	free(got);
}

#define SHOP "\"file\":\"shop.db\",\"sql\":"

static void rows_come_as_objects_with_their_values_exact(void **state)
{
	(void)state;
	gives(SHOP "\"SELECT * FROM item ORDER BY sku -- all\"", "{}",
	      "{\"rows\":[{\"id\":9007199254740993,\"sku\":\"A-1\",\"price\":19.99,"
	      "\"picture\":{\"base64\":\"AP8=\"},\"none\":null},"
	      "{\"id\":2,\"sku\":\"B-2\",\"price\":0.1,\"picture\":null,\"none\":7}],\"more\":false}");
	gives(SHOP "\"SELECT 1 AS a WHERE 0;\"", "{}", "{\"rows\":[],\"more\":false}");
	gives(SHOP "\"SELECT 1e999 AS big, 1.0 AS one, 1.0/3 AS third\"", "{}",
	      "{\"rows\":[{\"big\":null,\"one\":1,\"third\":0.3333333333333333}],\"more\":false}");
	gives(SHOP "\"PRAGMA user_version\"", "{}", "{\"rows\":[{\"user_version\":0}],\"more\":false}");
}

static void parameters_are_bound_never_spliced(void **state)
{
	(void)state;
	gives(SHOP "\"SELECT sku FROM item WHERE id = :id\",\"parameters\":{\"id\":\"{{ .body.id }}\"}",
	      "{\"id\":9007199254740993}", "{\"rows\":[{\"sku\":\"A-1\"}],\"more\":false}");
	gives(SHOP "\"SELECT sku FROM item WHERE sku = ?\",\"parameters\":[\"{{ .body.x }}\"]",
	      "{\"x\":\"' OR 1=1 --\"}", "{\"rows\":[],\"more\":false}");
	gives(SHOP "\"SELECT ? AS a, ? AS b, ? AS c, typeof(?) AS d, hex(?) AS e, ? AS f\","
	      "\"parameters\":[null, true, 1.5, {\"base64\":\"AP8=\"}, {\"base64\":\"AP8=\"}, [1, {\"a\":2}]]", "{}",
	      "{\"rows\":[{\"a\":null,\"b\":1,\"c\":1.5,\"d\":\"blob\",\"e\":\"00FF\",\"f\":\"[1,{\\\"a\\\":2}]\"}],"
	      "\"more\":false}");
	gives(SHOP "\"SELECT value FROM json_each(?)\",\"parameters\":[[\"x\"]]", "{}",
	      "{\"rows\":[{\"value\":\"x\"}],\"more\":false}");
	says(SHOP "\"SELECT :id\",\"parameters\":{\"di\":1}", "parameters: there is no \"id\" for :id in them, which has \"di\"");
	says(SHOP "\"SELECT :customer\",\"parameters\":{\"custmer\":1}",
	     "parameters: there is no \"customer\" for :customer in them; did you mean \"custmer\"?");
	says(SHOP "\"SELECT ?, ?\",\"parameters\":[1]", "wants 2, the list has 1");
	says(SHOP "\"SELECT ?\",\"parameters\":[1, 2]", "wants 1, the list has more");
	says(SHOP "\"SELECT ?\"", "wants 1, none is given");
	says(SHOP "\"SELECT ?\",\"parameters\":{\"a\":1}", "give a list");
	says(SHOP "\"SELECT ?\",\"parameters\":\"x\"", "an object or a list is wanted, not string");
	says(SHOP "\"SELECT ?\",\"parameters\":[{\"base64\":\"%\"}]", "not base64");
	says(SHOP "\"SELECT {{ .body.id }}\"", "no value can become SQL");
}

static void more_than_is_wanted_is_left_out_and_said(void **state)
{
	(void)state;
	gives(SHOP "\"SELECT sku FROM item ORDER BY 1\",\"limit\":1", "{}",
	      "{\"rows\":[{\"sku\":\"A-1\"}],\"more\":true}");
	gives(SHOP "\"SELECT sku FROM item ORDER BY 1\",\"limit\":2", "{}",
	      "{\"rows\":[{\"sku\":\"A-1\"},{\"sku\":\"B-2\"}],\"more\":false}");
	gives(SHOP "\"SELECT sku FROM item ORDER BY 1\",\"max_output_bytes\":30", "{}",
	      "{\"rows\":[{\"sku\":\"A-1\"}],\"more\":true}");
	says(SHOP "\"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n\","
	     "\"timeout_ms\":100", "took longer than 100 ms");
	says(SHOP "\"SELECT zeroblob(100000000)\"", "too big");
	says(SHOP "\"SELECT 1 AS a, 2 AS a\"", "two columns are called \"a\"");
}

static void it_writes_only_where_it_may(void **state)
{
	(void)state;
	says(SHOP "\"DELETE FROM item\"", "sql: it changes the database; set \"write\": true");
	says(SHOP "\"CREATE TABLE t (x)\"", "it changes the database");
	gives(SHOP "\"INSERT INTO item (id, sku) VALUES (?, ?)\",\"parameters\":[5, \"C-3\"],\"write\":true", "{}",
	      "{\"rows\":[],\"more\":false,\"changes\":1,\"last_id\":5}");
	gives(SHOP "\"DELETE FROM item WHERE id = 5 OR id = 6 RETURNING sku\",\"write\":true,\"limit\":1", "{}",
	      "{\"rows\":[{\"sku\":\"C-3\"}],\"more\":false,\"changes\":1,\"last_id\":0}");
	says(SHOP "\"INSERT INTO item (sku) VALUES ('A-1')\",\"write\":true", "UNIQUE constraint failed");
	gives(SHOP "\"SELECT count(*) AS n FROM item\"", "{}", "{\"rows\":[{\"n\":2}],\"more\":false}");
}

static void it_reaches_nothing_else(void **state)
{
	(void)state;
	char *own = in(data, "ringbolt.db"), *hard = in(dir, "hard.db"), *link_path = in(dir, "link.db");
	char *text = in(dir, "text.db"), *attach;
	FILE *out = fopen(text, "w");

	fputs("this is no database, however long it goes on and on and on and on and on and on", out);
	fclose(out);
	assert_int_equal(link(own, hard), 0);
	assert_int_equal(symlink(own, link_path), 0);
	says("\"file\":\"hard.db\",\"sql\":\"SELECT * FROM own\"", "Ringbolt's own data directory");
	says("\"file\":\"link.db\",\"sql\":\"SELECT * FROM own\"", "is a symbolic link");
	says("\"file\":\"text.db\",\"sql\":\"SELECT * FROM own\"", "not a database");
	says("\"file\":\"none.db\",\"sql\":\"SELECT 1\"", "there is no such file");
	says("\"file\":\"../data/ringbolt.db\",\"sql\":\"SELECT 1\"", "must be a plain name");
	says("\"file\":\"..\",\"sql\":\"SELECT 1\"", "must be a plain name");
	says("\"file\":\":memory:\",\"sql\":\"SELECT 1\"", "must be a plain name");
	attach = mem_format(SHOP "\"ATTACH '%s' AS own\",\"write\":true", own);
	says(attach, "it reaches for another file");
	free(attach);
	attach = mem_format(SHOP "\"VACUUM INTO '%s/made.db'\",\"write\":true", top);
	says(attach, "");
	free(attach);
	attach = in(top, "made.db");
	assert_int_equal(access(attach, F_OK), -1);
	free(attach);
	says(SHOP "\"SELECT load_extension('x')\"", "reaches out of the database");
	says(SHOP "\"PRAGMA journal_mode = DELETE\",\"write\":true", "this PRAGMA is not allowed");
	says(SHOP "\"PRAGMA writable_schema = 1\",\"write\":true", "this PRAGMA is not allowed");
	says(SHOP "\"PRAGMA database_list\"", "this PRAGMA is not allowed");
	says(SHOP "\"SELECT * FROM pragma_database_list\"", "not");
	says(SHOP "\"UPDATE sqlite_schema SET sql = ''\",\"write\":true", "may not be modified");
	says(SHOP "\"BEGIN\",\"write\":true", "one statement, which is a transaction of its own");
	says(SHOP "\"SELECT 1; SELECT 2\"", "a step is one statement");
	says(SHOP "\" -- nothing\"", "there is no statement");
	says(SHOP "\"SELEC 1\"", "shop.db: near \"SELEC\": syntax error");
	free(own);
	free(hard);
	free(link_path);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_as_objects_with_their_values_exact),
		cmocka_unit_test(parameters_are_bound_never_spliced),
		cmocka_unit_test(more_than_is_wanted_is_left_out_and_said),
		cmocka_unit_test(it_writes_only_where_it_may),
		cmocka_unit_test(it_reaches_nothing_else),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
