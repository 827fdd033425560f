/* SPDX-License-Identifier: MIT */
/* Help, drawn from the table of commands and the table of settings: it cannot drift from
 * what the program does. docs/cli.md is the same text with --markdown. */
#include "cli/cmd.h"

#include "common/mem.h"
#include "common/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int code;
	const char *text;
} exit_codes[] = {
	{EXIT_FINE, "It was done."},
	{EXIT_FAILED, "It was tried and failed; standard error says why."},
	{EXIT_USAGE, "The call itself is wrong: an unknown option, a missing word, a bad setting."},
	{EXIT_REFUSED, "The input is bad: faults were found, nothing was changed."},
	{EXIT_LOCKED, "Another server holds the data directory."},
	{EXIT_DISK, "The disk or a sync failed: what was not acknowledged may be lost."},
};

/* ---- pieces ------------------------------------------------------------------------ */

/* "ringbolt flow apply FILE|DIR... [--draft] [--data DIR]" */
static void add_usage(const struct cmd *cmd, struct buf *out)
{
	buf_addf(out, "ringbolt %s", cmd->name);
	if (*cmd->arguments)
		buf_addf(out, " %s", cmd->arguments);
	for (const struct option *o = cmd->options; o && o->name; o++)
		buf_addf(out, " [--%s%s%s]%s", o->name, o->value ? " " : "", o->value ? o->value : "",
			 o->repeats ? "..." : "");
	if (cmd->settings)
		buf_add_text(out, " [--SETTING VALUE]...");
	if (!cmd->anywhere)
		buf_add_text(out, " [--data DIR]");
}

/* Words into lines of at most width characters, the later ones indented. */
static void print_wrapped(const char *text, unsigned indent, unsigned width)
{
	unsigned column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");
		if (column && column + 1 + len > width - indent) {
			printf("\n%*s", (int)indent, "");
			column = 0;
		}
		column += (unsigned)printf("%s%.*s", column ? " " : "", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* A name, and its sentence in a column of its own. */
static void print_beside(const char *left, unsigned width, const char *text)
{
	if (strlen(left) > width)
		printf("  %s\n%*s", left, (int)width + 4, "");
	else
		printf("  %-*s  ", (int)width, left);
	print_wrapped(text, width + 4, 96);
}

static void print_option(const char *name, const char *value, const char *text)
{
	char *left = mem_format("--%s%s%s", name, value ? " " : "", value ? value : "");

	print_beside(left, 22, text);
	free(left);
}

static void print_setting(void *arg, const char *name, const char *fallback, const char *sentence)
{
	char *value = mem_format("%s", *fallback ? fallback : "\"\"");

	(void)arg;
	print_option(name, value, sentence);
	free(value);
}

static void print_settings(void)
{
	puts("Settings, with their defaults. Each is an option of `ringbolt serve`, a variable\n"
	     "RINGBOLT_NAME of the environment (capitals, _ for -) and a line \"name = value\" of\n"
	     "ringbolt.conf in the data directory. The option wins over the variable, that over\n"
	     "the file, that over the default.\n");
	conf_each(print_setting, NULL);
}

static void print_exit_codes(void)
{
	puts("Exit codes of every command:\n");
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++)
		printf("  %d  %s\n", exit_codes[i].code, exit_codes[i].text);
}

/* ---- for a terminal ------------------------------------------------------------------ */

/* The lines that begin with a tab are examples: a block of their own. */
static void print_help(const char *help)
{
	bool example = false;

	puts("");
	while (*help) {
		size_t len = strcspn(help, "\n");
		if (*help == '\t' && !example)
			puts("");
		example = *help == '\t';
		printf("%s%.*s\n", example ? "    " : "", (int)(len - example), help + example);
		help += len + (help[len] == '\n');
	}
}

static void print_command(const struct cmd *cmd)
{
	struct buf usage = BUF_INIT;

	add_usage(cmd, &usage);
	print_wrapped(usage.ptr, 4, 96);
	buf_release(&usage);
	printf("\n%s\n", cmd->text);
	if ((cmd->options && cmd->options->name) || !cmd->anywhere)
		puts("");
	for (const struct option *o = cmd->options; o && o->name; o++)
		print_option(o->name, o->value, o->text);
	for (const struct option *o = cmd_common; !cmd->anywhere && o->name; o++)
		print_option(o->name, o->value, o->text);
	if (cmd->help)
		print_help(cmd->help);
	if (cmd->settings) {
		puts("");
		print_settings();
	}
}

static void print_lines(const char *family)
{
	size_t len = family ? strlen(family) : 0;

	for (size_t i = 0; cmd_table[i]; i++) {
		const struct cmd *cmd = cmd_table[i];
		if (family && (strncmp(cmd->name, family, len) != 0 || cmd->name[len] != ' '))
			continue;
		char *left = mem_format("%s%s%s", cmd->name, *cmd->arguments ? " " : "", cmd->arguments);
		print_beside(left, 30, cmd->text);
		free(left);
	}
}

static void print_overview(void)
{
	puts("Ringbolt " RINGBOLT_VERSION ": receives webhooks, keeps every one, runs a flow over it, "
	     "and answers.\n\nringbolt COMMAND [WORD...] [--OPTION...]\n");
	print_lines(NULL);
	puts("\n`ringbolt help COMMAND` says more of one (or COMMAND --help), `ringbolt help settings`\n"
	     "lists the settings, `ringbolt help exit-codes` what a program may rely on.");
}

/* ---- docs/cli.md ---------------------------------------------------------------------- */

/* A sentence in a table cell, where a bar would end the cell. */
static void print_cell(const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			putchar('\\');
		putchar(*text);
	}
}

/* Lines that begin with a tab are examples: they become code. */
static void print_markdown_help(const char *help)
{
	bool code = false;

	while (*help) {
		size_t len = strcspn(help, "\n");
		bool example = *help == '\t';
		if (example != code)
			puts(example ? "\n```sh" : "```");
		code = example;
		printf("%.*s\n", (int)(len - example), help + example);
		help += len + (help[len] == '\n');
	}
	if (code)
		puts("```");
	puts("");
}

static void print_markdown_command(const struct cmd *cmd)
{
	struct buf usage = BUF_INIT;

	add_usage(cmd, &usage);
	printf("## %s\n\n%s\n\n```\n", cmd->name, cmd->text);
	print_wrapped(usage.ptr, 4, 96);
	puts("```\n");
	buf_release(&usage);
	for (const struct option *o = cmd->options; o && o->name; o++) {
		if (o == cmd->options)
			puts("| option | |\n|---|---|");
		printf("| `--%s%s", o->name, o->value ? " " : "");
		print_cell(o->value ? o->value : "");
		printf("` | ");
		print_cell(o->text);
		printf(" |\n%s", o[1].name ? "" : "\n");
	}
	if (cmd->help)
		print_markdown_help(cmd->help);
}

static void print_markdown_setting(void *arg, const char *name, const char *fallback,
				   const char *sentence)
{
	(void)arg;
	printf("| `%s` | %s%s%s | ", name, *fallback ? "`" : "", fallback, *fallback ? "`" : "");
	print_cell(sentence);
	puts(" |");
}

static void print_markdown(void)
{
	puts("# The command line\n\n"
	     "Drawn by `ringbolt help --markdown` from the table of commands; a test compares it.\n\n"
	     "Every command works on the data directory, beside a running server or without one. What\n"
	     "was asked for goes to standard output, everything else to standard error. `--json`, where\n"
	     "a command prints rows, gives one JSON object a line.\n");
	for (size_t i = 0; cmd_table[i]; i++)
		print_markdown_command(cmd_table[i]);
	puts("## Options of every command\n\n"
	     "(But not of those that need no data directory: `flow check`, `schema`, `version`, "
	     "`help`.)\n\n| option | |\n|---|---|");
	for (const struct option *o = cmd_common; o->name; o++)
		printf("| `--%s %s` | %s |\n", o->name, o->value, o->text);
	puts("| `--help` | What the command does and takes. |\n\n## Exit codes\n\n| code | |\n|---|---|");
	for (size_t i = 0; i < ARRAY_LEN(exit_codes); i++)
		printf("| %d | %s |\n", exit_codes[i].code, exit_codes[i].text);
	puts("\n## Settings\n\n"
	     "Each is an option of `ringbolt serve`, a variable `RINGBOLT_NAME` of the environment\n"
	     "(capitals, `_` for `-`) and a line `name = value` of `ringbolt.conf` in the data directory.\n"
	     "The option wins over the variable, that over the file, that over the default.\n\n"
	     "| setting | default | |\n|---|---|---|");
	conf_each(print_markdown_setting, NULL);
}

/* ---- the command ------------------------------------------------------------------------ */

static int refuse_topic(const char *topic)
{
	struct nearest near = {.word = topic};
	char hint[128];
	struct err err;

	nearest_offer(&near, "settings");
	nearest_offer(&near, "exit-codes");
	for (size_t i = 0; cmd_table[i]; i++)
		nearest_offer(&near, cmd_table[i]->name);
	err_set(&err, ERR_INVALID, "there is no command \"%.80s\"%s", topic, nearest_hint(&near, hint));
	fprintf(stderr, "ringbolt: %s\n`ringbolt help` lists the commands.\n", err.text);
	return EXIT_USAGE;
}

static bool print_family(const char *word)
{
	size_t len = strlen(word);
	bool any = false;

	for (size_t i = 0; cmd_table[i]; i++)
		any = any || (strncmp(cmd_table[i]->name, word, len) == 0 && cmd_table[i]->name[len] == ' ');
	if (any) {
		print_lines(word);
		printf("\n`ringbolt help %s COMMAND` says more of one.\n", word);
	}
	return any;
}

static int run(const struct conf *conf, const struct args *args)
{
	struct err err;

	(void)conf;
	if (args_has(args, "markdown"))
		return print_markdown(), EXIT_FINE;
	if (args_words(args, 0, 2, "COMMAND", &err) < 0)
		return cmd_usage("help", &err);
	if (args->n_words == 0)
		return print_overview(), EXIT_FINE;
	char *topic = args->n_words == 2 ? mem_format("%s %s", args->words[0], args->words[1])
					 : mem_dup(args->words[0]);
	const struct cmd *cmd = cmd_find(topic);
	int code = EXIT_FINE;
	if (cmd)
		print_command(cmd);
	else if (strcmp(topic, "settings") == 0)
		print_settings();
	else if (strcmp(topic, "exit-codes") == 0)
		print_exit_codes();
	else if (!print_family(topic))
		code = refuse_topic(topic);
	free(topic);
	return code;
}

static const struct option options[] = {
	{"markdown", NULL, "All of it, as docs/cli.md.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.text = "Say what there is, or what one command does and takes.",
	.help = "\tringbolt help flow apply\n\tringbolt help settings",
	.options = options,
	.anywhere = true,
	.run = run,
};
