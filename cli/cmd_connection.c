/* SPDX-License-Identifier: MIT */
/* connection set, list, show and remove: other systems, named once and used by many steps. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/clock.h"
#include "flow/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse_name(const char *name, struct err *err)
{
	const char *why = connection_name_refused(name);

	return why ? err_set(err, ERR_INVALID, "\"%.80s\" %s", name, why) : 0;
}

static int missing(const char *name, struct err *err)
{
	return err_set(err, ERR_MISSING, "there is no connection \"%.64s\" (`ringbolt connection list`)", name);
}

/* ---- connection set ------------------------------------------------------------------- */

static int check(const char *file, const struct buf *document, struct err *err)
{
	struct connection *connection = NULL;
	struct faults faults = {0};
	struct buf safe = BUF_INIT;
	int rc = connection_parse(document->ptr, document->len, &connection, &faults);

	for (size_t i = 0; i < faults.count; i++) {
		buf_clear(&safe);
		table_escape(faults.list[i].text, strlen(faults.list[i].text), false, &safe);
		fprintf(stderr, "%s: error at %s: %s\n", file,
			*faults.list[i].pointer ? faults.list[i].pointer : "the document", safe.ptr);
	}
	if (rc < 0)
		err_set(err, ERR_INVALID, "%s is no connection: nothing was changed", file);
	buf_release(&safe);
	connection_free(connection);
	faults_release(&faults);
	return rc;
}

static int run_set(const struct conf *conf, const struct args *args)
{
	struct buf document = BUF_INIT;
	struct store *s = NULL;
	struct err err;
	int code = EXIT_FINE;

	if (args_words(args, 2, 2, "NAME FILE", &err) < 0)
		return cmd_usage("connection set", &err);
	const char *name = args->words[0], *file = args->words[1];
	if (refuse_name(name, &err) < 0 ||
	    cmd_read_file(file, CONNECTION_DOCUMENT_MAX, &document, &err) < 0 ||
	    check(file, &document, &err) < 0 || cmd_open_write(conf, &s, &err) < 0 ||
	    store_connection_set(s, name, document.ptr, clock_wall_ms(), &err) < 0)
		code = cmd_fail(&err);
	else
		printf("%s is set\n", name);
	store_close(s);
	buf_release(&document);
	return code;
}

const struct cmd cmd_connection_set = {
	.name = "connection set",
	.arguments = "NAME FILE|-",
	.text = "Keep a connection: where another system is, and how a call proves who it is from.",
	.help = "The document names secrets, it never holds them. Flows that run use the new one from their\n"
		"next call on; docs/flow.md describes it.\n"
		"\tringbolt secret set crm_token <token.txt\n"
		"\tringbolt connection set crm connections/crm.json",
	.run = run_set,
};

/* ---- connection list ------------------------------------------------------------------- */

static const struct column columns[] = {
	{"name", CELL_TEXT, 0}, {"base_url", CELL_TEXT, 0}, {"authentication", CELL_TEXT, 0},
	{"updated_at", CELL_TEXT, 0},
};

static int list_one(void *arg, const struct connection_row *row)
{
	struct connection *connection = NULL;
	struct table *t = arg;
	struct faults faults;
	char at[CLOCK_ISO_SIZE];

	if (connection_parse(row->document, strlen(row->document), &connection, &faults) < 0)
		connection = NULL;
	table_text(t, row->name);
	table_text(t, connection ? connection_base_url(connection) : NULL);
	table_text(t, connection ? connection_auth(connection) : NULL);
	table_text(t, clock_iso(row->updated_at, at));
	connection_free(connection);
	faults_release(&faults);
	return 0;
}

static int run_list(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct table t;
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("connection list", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	table_start(&t, columns, ARRAY_LEN(columns), args_has(args, "json"), stdout);
	int n = store_connections_each(s, list_one, &t, &err);
	table_end(&t);
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	if (n == 0)
		fputs("There are no connections yet: `ringbolt connection set NAME FILE` keeps one.\n", stderr);
	return EXIT_FINE;
}

static const struct option list_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_connection_list = {
	.name = "connection list",
	.arguments = "",
	.text = "List the connections: where they lead and how calls are authenticated.",
	.options = list_options,
	.run = run_list,
};

/* ---- connection show ------------------------------------------------------------------- */

static int run_show(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	char *document = NULL;
	struct err err;

	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("connection show", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_connection_load(s, args->words[0], &document, &err);
	store_close(s);
	if (rc == 0)
		rc = missing(args->words[0], &err);
	if (rc < 0)
		return cmd_fail(&err);
	fputs(document, stdout);
	free(document);
	return EXIT_FINE;
}

const struct cmd cmd_connection_show = {
	.name = "connection show",
	.arguments = "NAME",
	.text = "Print a connection's document exactly as it was set.",
	.run = run_show,
};

/* ---- connection remove ----------------------------------------------------------------- */

static int run_remove(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;

	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("connection remove", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_connection_remove(s, args->words[0], &err);
	store_close(s);
	if (rc == 0)
		rc = missing(args->words[0], &err);
	if (rc < 0)
		return cmd_fail(&err);
	printf("%s is removed\n", args->words[0]);
	return EXIT_FINE;
}

const struct cmd cmd_connection_remove = {
	.name = "connection remove",
	.arguments = "NAME",
	.text = "Forget a connection; steps that use it fail from then on.",
	.run = run_remove,
};
