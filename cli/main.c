/* SPDX-License-Identifier: MIT */
/* THE table of commands, and the way from the command line to one of them. */
#include "cli/cmd.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/nearest.h"
#include "flow/system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of `ringbolt help`. Each is a const struct cmd in its file. */
#define COMMANDS(X) \
	X(serve) \
	X(flow_check) X(flow_apply) X(flow_list) X(flow_show) X(flow_publish) X(flow_pause) \
	X(flow_resume) X(flow_export) X(flow_diff) X(flow_test) X(flow_functions) \
	X(flow_sample) X(flow_learn) \
	X(event_list) X(event_show) X(event_request) X(event_tail) X(event_rejected) X(event_cancel) \
	X(event_pin) X(event_unpin) \
	X(replay) X(replay_list) X(replay_show) X(replay_cancel) X(replay_resume) \
	X(secret_set) X(secret_list) X(secret_remove) X(secret_rotate) \
	X(key_add) X(key_list) X(key_remove) \
	X(system_list) X(system_show) X(system_check) X(system_sign) X(system_docs) \
	X(connection_set) X(connection_list) X(connection_show) X(connection_remove) \
	X(retention) X(retention_run) \
	X(backup) X(doctor) X(schema) X(version) X(help)

#define DECLARE(name) extern const struct cmd cmd_##name;
COMMANDS(DECLARE)
#define LINE(name) &cmd_##name,
const struct cmd *const cmd_table[] = {COMMANDS(LINE) NULL};

const struct option cmd_common[] = {
	{"data", "DIR", "The data directory (RINGBOLT_DATA; ./ringbolt-data).", false},
	{"key-file", "FILE", "The key of the secrets (RINGBOLT_KEY_FILE; ringbolt.key in the data "
			     "directory).", false},
	{NULL, NULL, NULL, false},
};

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; cmd_table[i]; i++)
		if (strcmp(cmd_table[i]->name, name) == 0)
			return cmd_table[i];
	return NULL;
}

/* The command in argv[1], or in argv[1] and argv[2]; *words says how many it took. */
static const struct cmd *find_command(int argc, char **argv, int *words)
{
	const struct cmd *found = NULL;

	if (argc > 2) {
		char *both = mem_format("%s %s", argv[1], argv[2]);
		found = cmd_find(both);
		free(both);
		*words = 2;
	}
	if (!found) {
		found = cmd_find(argv[1]);
		*words = 1;
	}
	return found;
}

static int refuse_unknown(int argc, char **argv)
{
	static const char *const families[] = {"flow", "event", "secret", "key", "system", "connection"};
	bool two = argc > 2 && argv[2][0] != '-';
	char *both = two ? mem_format("%s %s", argv[1], argv[2]) : mem_dup(argv[1]);
	struct nearest near = {.word = both}, first = {.word = argv[1]};
	char hint[128];
	struct err err;

	for (size_t i = 0; cmd_table[i]; i++) {
		nearest_offer(&near, cmd_table[i]->name);
		nearest_offer(&first, cmd_table[i]->name);
	}
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		nearest_offer(&first, families[i]);
	if (argv[1][0] == '-')
		err_set(&err, ERR_INVALID, "the command comes first, then its options: ringbolt COMMAND %.60s",
			argv[1]);
	else
		err_set(&err, ERR_INVALID, "there is no command \"%.80s\"%s", both,
			nearest_hint(near.best ? &near : &first, hint));
	free(both);
	fprintf(stderr, "ringbolt: %s\n`ringbolt help` lists the commands.\n", err.text);
	return EXIT_USAGE;
}

struct settings {
	struct option list[64];
	size_t n;
};

/* serve takes every setting; the two that all commands take are there already. */
static void add_setting(void *arg, const char *name, const char *fallback, const char *sentence)
{
	struct settings *s = arg;

	(void)fallback;
	for (const struct option *o = cmd_common; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return;
	if (s->n + 1 < ARRAY_LEN(s->list))
		s->list[s->n++] = (struct option){name, "VALUE", sentence, false};
}

static int load_conf(struct conf *conf, const struct args *args, struct err *err)
{
	const char **flags = mem_array(2 * args->n_given + 1, sizeof(*flags));
	size_t n = 0;

	for (size_t i = 0; i < args->n_given; i++) {
		const struct given *g = &args->given[i];
		/* No option of a command has the name of a setting without being it. */
		if (!g->option->value || !conf_flag_known(g->option->name))
			continue;
		flags[n++] = g->option->name;
		flags[n++] = g->value;
	}
	int rc = conf_load(conf, flags, err);
	free(flags);
	if (rc < 0)
		return -1;
	store_key_file(conf->key_file);
	systems_folder(conf->data);
	return 0;
}

/* A command says in its own words what it did; the log is the server's. */
static void set_threshold(const char *name, bool server)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (strcmp(levels[i], name) == 0)
			log_threshold(i == LOG_INFO && !server ? LOG_WARN : (enum log_level)i);
}

static int run_command(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option none[] = {{NULL, NULL, NULL, false}};
	struct settings settings = {.n = 0};
	struct conf conf = {0};
	struct args args;
	struct err err;

	if (cmd->settings)
		conf_each(add_setting, &settings);
	const struct option *lists[] = {cmd->options ? cmd->options : none,
					cmd->anywhere ? none : cmd_common, settings.list, NULL};
	if (args_parse(&args, lists, argc, argv, &err) < 0)
		return cmd_usage(cmd->name, &err);
	int code;
	if (!cmd->anywhere && load_conf(&conf, &args, &err) < 0) {
		code = cmd_usage(cmd->settings ? "settings" : cmd->name, &err);
	} else {
		if (!cmd->anywhere)
			set_threshold(conf.log_level, cmd->settings);
		code = cmd->run(&conf, &args);
	}
	args_done(&args);
	conf_release(&conf);
	return code;
}

/* `ringbolt flow apply --help` and `ringbolt flow` are `ringbolt help flow apply` and
 * `ringbolt help flow`. */
static bool wants_help(int argc, char **argv, int words)
{
	for (int i = words + 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int help_for(const char *name, const char *second)
{
	char *words[] = {(char *)name, (char *)second, NULL};

	return run_command(cmd_find("help"), name ? second ? 2 : 1 : 0, words);
}

static bool is_family(const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; cmd_table[i]; i++)
		if (strncmp(cmd_table[i]->name, word, len) == 0 && cmd_table[i]->name[len] == ' ')
			return true;
	return false;
}

static int dispatch(int argc, char **argv)
{
	int words = 0;

	if (argc < 2) {
		help_for(NULL, NULL);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_for(NULL, NULL);
	if (strcmp(argv[1], "--version") == 0)
		return run_command(cmd_find("version"), 0, argv);
	const struct cmd *cmd = find_command(argc, argv, &words);
	if (cmd && wants_help(argc, argv, words))
		return help_for(argv[1], words == 2 ? argv[2] : NULL);
	if (cmd)
		return run_command(cmd, argc - 1 - words, argv + 1 + words);
	if (is_family(argv[1]) && (argc == 2 || wants_help(argc, argv, 1))) {
		help_for(argv[1], NULL);
		return argc == 2 ? EXIT_USAGE : EXIT_FINE;
	}
	return refuse_unknown(argc, argv);
}

int main(int argc, char **argv)
{
	int code = dispatch(argc, argv);

	/* What a program was told is there must be there: a full disk is no success. */
	if (fflush(stdout) != 0 && code == EXIT_FINE && errno != EPIPE) {
		fprintf(stderr, "ringbolt: standard output cannot be written: %s\n", strerror(errno));
		code = EXIT_FAILED;
	}
	return code;
}
