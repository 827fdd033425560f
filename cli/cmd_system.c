/* SPDX-License-Identifier: MIT */
/* system list, show and check: the senders that are known, and files that describe more. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "common/mem.h"
#include "flow/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- system list ----------------------------------------------------------------------- */

static const struct column list_columns[] = {
	{"name", CELL_TEXT, 0},      {"title", CELL_TEXT, 0},      {"category", CELL_TEXT, 0},
	{"proof", CELL_TEXT, 0},     {"handshakes", CELL_NUMBER, 0}, {"own_file", CELL_TEXT, 0},
};

/* "hmac", "hmac, basic", or "none". */
static void add_proof(const struct system *s, struct buf *out)
{
	for (size_t i = 0; i < s->n_schemes; i++) {
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen = seen || s->schemes[k].type == s->schemes[i].type;
		if (!seen)
			buf_addf(out, "%s%s", out->len ? ", " : "", s->schemes[i].type_name);
	}
	if (!out->len)
		buf_add_text(out, "none");
}

static int list_one(struct table *t, const char *name)
{
	const struct system *s;
	struct buf proof = BUF_INIT;
	struct err err;

	if (systems_find(name, &s, &err) <= 0)
		return cmd_fail(&err);
	add_proof(s, &proof);
	table_text(t, s->name);
	table_text(t, s->title);
	table_text(t, s->category);
	table_text(t, proof.ptr);
	table_number(t, (int64_t)s->n_handshakes);
	table_text(t, s->own ? "yes" : "no");
	buf_release(&proof);
	system_drop(s);
	return EXIT_FINE;
}

static int run_list(const struct conf *conf, const struct args *args)
{
	int code = EXIT_FINE;
	struct table t;
	struct err err;
	char **names;

	(void)conf;
	if (args_words(args, 0, 0, "", &err) < 0)
		return cmd_usage("system list", &err);
	size_t n = systems_names(&names);
	table_start(&t, list_columns, ARRAY_LEN(list_columns), args_has(args, "json"), stdout);
	for (size_t i = 0; i < n; i++) {
		int one = list_one(&t, names[i]);
		code = one ? one : code;
		free(names[i]);
	}
	table_end(&t);
	free(names);
	return code;
}

static const struct option json_options[] = {OPTION_JSON, {NULL, NULL, NULL, false}};

const struct cmd cmd_system_list = {
	.name = "system list",
	.arguments = "",
	.text = "List the systems that are known: who sends webhooks, and how each proves who it is.",
	.options = json_options,
	.help = "A file in the folder systems of the data directory adds one, or stands for one of the same name.",
	.run = run_list,
};

/* ---- system show ----------------------------------------------------------------------- */

static void print_line(const char *name, const char *text)
{
	if (text && *text)
		printf("%-14s %s\n", name, text);
}

static void print_texts(const char *name, const cJSON *node)
{
	const cJSON *item;

	if (cJSON_IsString(node))
		print_line(name, node->valuestring);
	cJSON_ArrayForEach(item, node) {
		if (cJSON_IsString(item))
			print_line(name, item->valuestring);
		name = "";
	}
}

static void print_settings(const struct system *s)
{
	for (size_t i = 0; i < s->n_settings; i++)
		printf("%-14s %s%s%s%s%s\n", i ? "" : "settings", s->settings[i].name,
		       s->settings[i].secret ? " (a secret)" : "", s->settings[i].required ? ", required" : "",
		       s->settings[i].title ? ": " : "", s->settings[i].title ? s->settings[i].title : "");
}

static void print_people(const struct system *s)
{
	const cJSON *links = json_get(s->json, "links"), *reply = json_get(s->json, "reply");
	const cJSON *secret = json_get(s->json, "secret");
	struct buf text = BUF_INIT;

	print_line("name", s->name);
	print_line("title", s->title);
	print_line("category", s->category);
	print_line("about", s->about);
	add_proof(s, &text);
	print_line("proof", text.ptr);
	buf_clear(&text);
	if (secret)
		buf_addf(&text, "%s%s%s", json_text(secret, "title", "the secret"),
			 json_text(secret, "where", NULL) ? ": " : "", json_text(secret, "where", ""));
	print_line("secret", text.ptr);
	print_settings(s);
	print_texts("delivery id", json_get(s->json, "delivery_id"));
	print_texts("event type", json_get(s->json, "event_type"));
	for (size_t i = 0; i < s->n_handshakes; i++)
		print_line(i ? "" : "handshakes", s->handshakes[i].name);
	if (s->reply_deadline_ms)
		printf("%-14s %lld ms\n", "waits", (long long)s->reply_deadline_ms);
	print_line("retries", json_text(reply, "retries", NULL));
	print_line("redelivery", json_text(s->json, "redelivery", NULL));
	print_texts("notes", json_get(s->json, "notes"));
	print_line("documentation", json_text(links, "documentation", NULL));
	print_line("verification", json_text(links, "verification", NULL));
	buf_release(&text);
}

static int run_show(const struct conf *conf, const struct args *args)
{
	const struct system *s;
	char hint[128];
	struct err err;

	(void)conf;
	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("system show", &err);
	int rc = systems_find(args->words[0], &s, &err);
	if (rc == 0)
		rc = err_set(&err, ERR_MISSING, "there is no system \"%.64s\"%s (`ringbolt system list`)",
			     args->words[0], systems_near(args->words[0], hint));
	if (rc < 0)
		return cmd_fail(&err);
	if (args_has(args, "json")) {
		char *text = json_print_pretty(s->json);
		fputs(text, stdout);
		free(text);
	} else {
		print_people(s);
	}
	system_drop(s);
	return EXIT_FINE;
}

static const struct option show_options[] = {
	{"json", NULL, "The whole file.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_system_show = {
	.name = "system show",
	.arguments = "NAME",
	.text = "Show what is known of a system: its proof, its delivery id, how long it waits.",
	.options = show_options,
	.help = "\tringbolt system show stripe",
	.run = run_show,
};

/* ---- system check ---------------------------------------------------------------------- */

static const struct column fault_columns[] = {
	{"file", CELL_TEXT, 0}, {"kind", CELL_TEXT, 0}, {"pointer", CELL_TEXT, 0}, {"text", CELL_TEXT, 0},
};

static void print_faults(struct table *t, const char *file, const struct faults *faults, bool json)
{
	struct buf safe = BUF_INIT;

	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *f = &faults->list[i];
		if (json) {
			table_text(t, file);
			table_text(t, f->warning ? "warning" : "error");
			table_text(t, f->pointer);
			table_text(t, f->text);
			continue;
		}
		buf_clear(&safe);
		table_escape(f->text, strlen(f->text), false, &safe);
		printf("%s: %s at %s: %s\n", file, f->warning ? "warning" : "error",
		       *f->pointer ? f->pointer : "the document", safe.ptr);
	}
	buf_release(&safe);
}

static int check_file(struct table *t, const char *file, bool json)
{
	const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	size_t len = strlen(base);
	char *name = len > 5 && strcmp(base + len - 5, ".json") == 0 ? mem_dup_len(base, len - 5) : NULL;
	struct buf text = BUF_INIT;
	struct faults faults = {0};
	struct system *s = NULL;
	struct err err;
	int code = EXIT_FINE;

	if (cmd_read_file(file, SYSTEM_DOCUMENT_MAX, &text, &err) < 0) {
		code = cmd_fail(&err);
	} else {
		if (system_parse(text.ptr, text.len, name, &s, &faults) < 0)
			code = EXIT_REFUSED;
		print_faults(t, file, &faults, json);
		if (!code && !json)
			printf("%s: fine\n", file);
	}
	system_drop(s);
	faults_release(&faults);
	buf_release(&text);
	free(name);
	return code;
}

static int run_check(const struct conf *conf, const struct args *args)
{
	bool json = args_has(args, "json");
	int code = EXIT_FINE;
	struct table t;
	struct err err;

	(void)conf;
	if (args_words(args, 1, ARGS_ANY, "FILE", &err) < 0)
		return cmd_usage("system check", &err);
	table_start(&t, fault_columns, ARRAY_LEN(fault_columns), true, stdout);
	for (size_t i = 0; i < args->n_words; i++) {
		int one = check_file(&t, args->words[i], json);
		code = one ? one : code;
	}
	table_end(&t);
	return code;
}

const struct cmd cmd_system_check = {
	.name = "system check",
	.arguments = "FILE...",
	.text = "Check files that describe systems, and print everything that is wrong with them.",
	.options = json_options,
	.help = "Put one that is fine into the folder systems of the data directory; SIGHUP tells a running\n"
		"server. docs/systems.md says how a file is written.\n"
		"\tringbolt system check acme.json && cp acme.json ringbolt-data/systems/ && pkill -HUP rb-super",
	.anywhere = true,
	.run = run_check,
};
