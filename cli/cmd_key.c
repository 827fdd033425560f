/* SPDX-License-Identifier: MIT */
/* key add, list and remove: who may use the console's API. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/clock.h"
#include "common/mem.h"
#include "server/rights.h"

#include <stdio.h>
#include <string.h>

static const char who[] = "command line";

/* ---- key add ----------------------------------------------------------------------------- */

static int read_row(struct access_key *row, const struct args *args, int64_t now, struct err *err)
{
	const char *expires = args_value(args, "expires", NULL);
	unsigned bits;
	int64_t span;

	*row = (struct access_key){.name = args->words[0], .rights = args_value(args, "rights", NULL)};
	if (!row->rights)
		return err_set(err, ERR_INVALID, "say what the key may do: --rights events:read,flows:read");
	if (rights_parse(row->rights, &bits, err) < 0)
		return -1;
	if (!expires)
		return 0;
	if (!clock_span(expires, &span) || span < 1)
		return err_set(err, ERR_INVALID, "--expires is a span such as 90d; it cannot be \"%.40s\"", expires);
	row->expires_at = now + span;
	return 0;
}

static int run_add(const struct conf *conf, const struct args *args)
{
	int64_t now = clock_wall_ms();
	struct buf key = BUF_INIT;
	struct access_key row;
	struct store *s = NULL;
	struct err err;
	int code = EXIT_FINE;

	if (args_words(args, 1, 1, "NAME", &err) < 0 || read_row(&row, args, now, &err) < 0)
		return cmd_usage("key add", &err);
	if (cmd_open_write(conf, &s, &err) < 0 || store_key_add(s, &row, who, now, &key, &err) < 0) {
		code = cmd_fail(&err);
	} else {
		printf("%s\n", key.ptr);
		fprintf(stderr, "This is the only time it is shown.\n");
	}
	store_close(s);
	mem_wipe_free(key.size ? key.ptr : NULL, key.size);
	return code;
}

static const struct option add_options[] = {
	{"rights", "RIGHTS", "What it may do, with commas between: events:read, events:replay, flows:read, "
			     "flows:write, secrets:write, admin. None includes another.", false},
	{"expires", "SPAN", "For how long it is good, such as 90d; for ever when not said.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_key_add = {
	.name = "key add",
	.arguments = "NAME",
	.text = "Make a key for the API and print it, once.",
	.help = "The database keeps its SHA-256. A running server takes it at once.\n"
		"\tringbolt key add watcher --rights events:read,flows:read --expires 90d >watcher.key",
	.options = add_options,
	.run = run_add,
};

/* ---- key list ---------------------------------------------------------------------------- */

static const struct column columns[] = {
	{"name", CELL_TEXT, 0}, {"rights", CELL_TEXT, 0}, {"created_at", CELL_TEXT, 0}, {"expires_at", CELL_TEXT, 0},
};

static int print_row(void *arg, const struct access_key *row)
{
	char at[CLOCK_ISO_SIZE];
	struct table *t = arg;

	table_text(t, row->name);
	table_text(t, row->rights);
	table_text(t, clock_iso(row->created_at, at));
	table_text(t, row->expires_at ? clock_iso(row->expires_at, at) : NULL);
	return 0;
}

static int run_list(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct table t;
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("key list", &err);
	if (cmd_open_read(conf, &s, &err) < 0)
		return cmd_fail(&err);
	table_start(&t, columns, ARRAY_LEN(columns), args_has(args, "json"), stdout);
	int n = store_keys_each(s, print_row, &t, &err);
	table_end(&t);
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	if (n == 0)
		fputs("There are no keys yet: `ringbolt key add NAME --rights RIGHTS` makes one.\n", stderr);
	return EXIT_FINE;
}

static const struct option list_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_key_list = {
	.name = "key list",
	.arguments = "",
	.text = "List the keys of the API by name, never a key.",
	.options = list_options,
	.run = run_list,
};

/* ---- key remove -------------------------------------------------------------------------- */

static int run_remove(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;

	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("key remove", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_key_remove(s, args->words[0], who, clock_wall_ms(), &err);
	store_close(s);
	if (rc == 0)
		rc = err_set(&err, ERR_MISSING, "there is no key \"%.64s\" (`ringbolt key list`)", args->words[0]);
	if (rc < 0)
		return cmd_fail(&err);
	printf("%s is removed\n", args->words[0]);
	return EXIT_FINE;
}

const struct cmd cmd_key_remove = {
	.name = "key remove",
	.arguments = "NAME",
	.text = "End a key of the API; a running server refuses it at once.",
	.run = run_remove,
};
