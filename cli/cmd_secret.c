/* SPDX-License-Identifier: MIT */
/* secret set, list and remove. A value comes in on standard input and never goes out. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/clock.h"
#include "common/mem.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SECRET_MAX 65536

/* ---- secret set ---------------------------------------------------------------------- */

/* Asks at a terminal, without showing what is typed. */
static bool hide_typing(struct termios *before)
{
	struct termios quiet;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, before) < 0)
		return false;
	quiet = *before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
}

static int read_typed(struct buf *value, const char *name, struct err *err)
{
	char line[4096];

	fprintf(stderr, "Value of \"%s\" (it is not shown): ", name);
	ssize_t n = read(STDIN_FILENO, line, sizeof(line)); /* a terminal gives a line */
	fputc('\n', stderr);
	if (n > 0)
		buf_add(value, line, (size_t)n);
	explicit_bzero(line, sizeof(line));
	return n < 0 ? err_set(err, ERR_SYSTEM, "the terminal cannot be read") : 0;
}

static int read_value(struct buf *value, const char *name, struct err *err)
{
	struct termios before;
	int rc;

	buf_grow(value, SECRET_MAX + 65536); /* never moved, so no copy stays behind unwiped */
	if (hide_typing(&before)) {
		rc = read_typed(value, name, err);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	} else {
		rc = cmd_read_file("-", SECRET_MAX, value, err);
	}
	if (rc < 0)
		return -1;
	/* What an editor or echo adds is not meant; a second one is. */
	if (value->len && value->ptr[value->len - 1] == '\n')
		value->len--;
	if (value->len && value->ptr[value->len - 1] == '\r')
		value->len--;
	if (value->len == 0)
		return err_set(err, ERR_INVALID,
			       "standard input is empty: give the value there, such as "
			       "`ringbolt secret set %.64s <file`", name);
	return 0;
}

static int run_set(const struct conf *conf, const struct args *args)
{
	struct buf value = BUF_INIT;
	struct store *s = NULL;
	struct err err;
	int code = EXIT_FINE;

	if (args->n_words == 2) {
		err_set(&err, ERR_INVALID, "the value is read from standard input, never from the command "
					   "line, where others can see it");
		return cmd_usage("secret set", &err);
	}
	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("secret set", &err);
	if (read_value(&value, args->words[0], &err) < 0 || cmd_open_write(conf, &s, &err) < 0 ||
	    store_secret_set(s, args->words[0], buf_slice(&value), clock_wall_ms(), &err) < 0)
		code = cmd_fail(&err);
	else
		printf("%s is set\n", args->words[0]);
	store_close(s);
	mem_wipe_free(value.size ? value.ptr : NULL, value.size);
	return code;
}

const struct cmd cmd_secret_set = {
	.name = "secret set",
	.arguments = "NAME",
	.text = "Keep a secret, encrypted; its value comes from standard input.",
	.help = "One newline at the end is dropped. At a terminal it asks, without showing what is typed. A\n"
		"running server takes the new value at once. Flows name secrets, they never hold them.\n"
		"\tringbolt secret set github <token.txt\n"
		"\topenssl rand -hex 32 | ringbolt secret set quote",
	.run = run_set,
};

/* ---- secret list ------------------------------------------------------------------------- */

static const struct column columns[] = {
	{"name", CELL_TEXT, 0}, {"from", CELL_TEXT, 0}, {"updated_at", CELL_TEXT, 0},
};

static int run_list(const struct conf *conf, const struct args *args)
{
	struct secret_row *rows = NULL;
	struct store *s = NULL;
	struct table t;
	struct err err;
	size_t count = 0;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("secret list", &err);
	if (cmd_open_read(conf, &s, &err) < 0 || store_secrets_load(s, &rows, &count, &err) < 0) {
		store_close(s);
		return cmd_fail(&err);
	}
	table_start(&t, columns, ARRAY_LEN(columns), args_has(args, "json"), stdout);
	for (size_t i = 0; i < count; i++) {
		char at[CLOCK_ISO_SIZE];
		table_text(&t, rows[i].name);
		table_text(&t, rows[i].from_environment ? "environment" : "store");
		table_text(&t, rows[i].updated_at ? clock_iso(rows[i].updated_at, at) : NULL);
	}
	table_end(&t);
	if (count == 0)
		fputs("There are no secrets yet: `ringbolt secret set NAME` keeps one.\n", stderr);
	secret_rows_free(rows, count);
	store_close(s);
	return EXIT_FINE;
}

static const struct option list_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_secret_list = {
	.name = "secret list",
	.arguments = "",
	.text = "List the names of the secrets, never their values.",
	.help = "A variable RINGBOLT_SECRET_NAME of the environment (of this command here; for the server, of\n"
		"the one it was started with) stands before a stored one.",
	.options = list_options,
	.run = run_list,
};

/* ---- secret remove ----------------------------------------------------------------------- */

static int run_remove(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;

	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("secret remove", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int rc = store_secret_remove(s, args->words[0], &err);
	store_close(s);
	if (rc == 0)
		rc = err_set(&err, ERR_MISSING, "there is no secret \"%.64s\" (`ringbolt secret list`)",
			     args->words[0]);
	if (rc < 0)
		return cmd_fail(&err);
	printf("%s is removed\n", args->words[0]);
	return EXIT_FINE;
}

const struct cmd cmd_secret_remove = {
	.name = "secret remove",
	.arguments = "NAME",
	.text = "Forget a secret; webhooks that ask for it answer 401 from then on.",
	.run = run_remove,
};

/* ---- secret rotate ----------------------------------------------------------------------- */

static int run_rotate(const struct conf *conf, const struct args *args)
{
	struct store *s = NULL;
	struct err err;

	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("secret rotate", &err);
	if (cmd_open_exists(conf, &s, &err) < 0)
		return cmd_fail(&err);
	int n = store_secrets_rotate(s, &err);
	store_close(s);
	if (n < 0)
		return cmd_fail(&err);
	const char *file = *conf->key_file ? conf->key_file : NULL;
	printf("%d %s under a new key\n", n, n == 1 ? "secret is" : "secrets are");
	fprintf(stderr, "The old key is %s%s.old: backups from before need it; delete it when they are gone.\n",
		file ? file : conf->data, file ? "" : "/ringbolt.key");
	return EXIT_FINE;
}

const struct cmd cmd_secret_rotate = {
	.name = "secret rotate",
	.arguments = "",
	.text = "Make a new key file and put every stored secret under it.",
	.help = "All at once or not at all; when it is cut short, every secret still opens. A running server\n"
		"goes on and takes the new key by itself. The old key stays beside it as FILE.old. Status links\n"
		"that callers were given before end with 404.",
	.run = run_rotate,
};
