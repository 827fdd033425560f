/* SPDX-License-Identifier: MIT */
/* flow functions: what expressions may call beyond jq's own. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "flow/functions.h"

#include <stdio.h>

/* "date_format(format; zone?)": a ? marks what may be left out. */
static void add_call(const struct function *f, struct buf *out)
{
	size_t n = 0;

	buf_add_text(out, f->name);
	if (!*f->args)
		return;
	buf_add_char(out, '(');
	for (const char *p = f->args; *p; p++) {
		if (*p == ';' && n++ >= f->least)
			buf_add_char(out, '?');
		buf_add_char(out, *p);
	}
	buf_add_text(out, n >= f->least ? "?)" : ")");
}

/* A bar would end the cell. */
static void print_cell(const char *text)
{
	for (; *text; text++)
		printf("%s%c", *text == '|' ? "\\" : "", *text);
}

static void print_markdown(const struct function *f, const char *call)
{
	printf("| `%s` | %s | `", call, f->text);
	print_cell(f->example);
	if (f->gives)
		printf("` → `%s", f->gives);
	puts("` |");
}

static void print_people(const struct function *f, const char *call)
{
	printf("%s\n       %s\n       {{ %s }}%s%s\n", call, f->text, f->example, f->gives ? "  gives  " : "",
	       f->gives ? f->gives : "");
}

static const struct column columns[] = {
	{"name", CELL_TEXT, 0}, {"call", CELL_TEXT, 0}, {"text", CELL_TEXT, 0},
	{"example", CELL_TEXT, 0}, {"gives", CELL_TEXT, 0},
};

static void print_json(void)
{
	struct buf call = BUF_INIT;
	struct table t;

	table_start(&t, columns, ARRAY_LEN(columns), true, stdout);
	for (const struct function *f = functions_table; f->name; f++) {
		buf_clear(&call);
		add_call(f, &call);
		table_text(&t, f->name);
		table_text(&t, call.ptr);
		table_text(&t, f->text);
		table_text(&t, f->example);
		table_text(&t, f->gives);
	}
	table_end(&t);
	buf_release(&call);
}

static int run(const struct conf *conf, const struct args *args)
{
	struct buf call = BUF_INIT;
	struct err err;

	(void)conf;
	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("flow functions", &err);
	if (args_has(args, "json")) {
		print_json();
		return EXIT_FINE;
	}
	bool markdown = args_has(args, "markdown");
	if (markdown)
		puts("| call | | example |\n|---|---|---|");
	for (const struct function *f = functions_table; f->name; f++) {
		buf_clear(&call);
		add_call(f, &call);
		(markdown ? print_markdown : print_people)(f, call.ptr);
	}
	buf_release(&call);
	return EXIT_FINE;
}

static const struct option options[] = {
	OPTION_JSON,
	{"markdown", NULL, "The table as it stands in docs/flow.md.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_flow_functions = {
	.name = "flow functions",
	.arguments = "",
	.text = "List the functions that expressions have beside jq's own.",
	.help = "Everything of jq 1.6 is there as well: https://jqlang.github.io/jq/manual/v1.6/\n"
		"\tringbolt flow functions\n"
		"\tringbolt flow functions --json",
	.options = options,
	.anywhere = true,
	.run = run,
};
