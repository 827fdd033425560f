/* SPDX-License-Identifier: MIT */
/* system sign: a delivery as its sender would sign it, as a command that can be pasted into a shell. */
#include "cli/cmd.h"

#include "common/clock.h"
#include "common/header.h"
#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/system_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BODY_MAX (64 << 20)
#define SECRETS_MAX 8
#define HEADERS_SENT_MAX 64

struct job {
	const struct system *system;
	struct slice secrets[SECRETS_MAX];
	size_t n_secrets;
	struct buf from_input;              /* a secret that came by standard input */
	struct slice *settings;
	struct system_header headers[HEADERS_SENT_MAX];
	size_t n_headers;
	struct buf body, url;
	const char *method, *body_file;     /* body_file NULL: inline */
	struct buf made, query;             /* signed headers, as JSON; addition to the query */
};

/* ---- what is signed ---- */

static int read_secrets(struct job *j, const struct args *args, struct err *err)
{
	const char *value;
	size_t at = 0;

	while ((value = args_next(args, "secret", &at)) != NULL) {
		if (j->n_secrets == SECRETS_MAX)
			return err_set(err, ERR_INVALID, "at most %d secrets sign one delivery", SECRETS_MAX);
		if (strcmp(value, "-") != 0) {
			j->secrets[j->n_secrets++] = (struct slice){value, strlen(value)};
			continue;
		}
		if (j->from_input.len || cmd_read_file("-", BODY_MAX, &j->from_input, err) < 0)
			return j->from_input.len ? err_set(err, ERR_INVALID, "only one secret can come by standard input") : -1;
		while (j->from_input.len && strchr("\r\n", j->from_input.ptr[j->from_input.len - 1]))
			j->from_input.len--;
		j->secrets[j->n_secrets++] = buf_slice(&j->from_input);
	}
	if (!j->n_secrets)
		return err_set(err, ERR_INVALID, "--secret is missing: the secret, or - for standard input");
	return 0;
}

static int read_settings(struct job *j, const struct args *args, struct err *err)
{
	const char *value;
	size_t at = 0;

	j->settings = mem_array(j->system->n_settings + 1, sizeof(*j->settings));
	for (size_t i = 0; i < j->system->n_settings; i++) {
		const char *fallback = j->system->settings[i].fallback;
		j->settings[i] = (struct slice){fallback, fallback ? strlen(fallback) : 0};
	}
	while ((value = args_next(args, "setting", &at)) != NULL) {
		const char *equals = strchr(value, '=');
		char *name = mem_dup_len(value, equals ? (size_t)(equals - value) : strlen(value));
		int i = equals ? system_setting_find(j->system, name) : -1;
		if (i >= 0)
			j->settings[i] = (struct slice){equals + 1, strlen(equals + 1)};
		else
			err_set(err, ERR_INVALID, equals ? "system %s has no setting \"%.40s\""
							 : "--setting is NAME=VALUE (%s: \"%.40s\")", j->system->name, name);
		free(name);
		if (i < 0)
			return -1;
	}
	return 0;
}

/* The body given, or the sample's. */
static int read_body(struct job *j, const struct args *args, struct err *err)
{
	const char *file = args_value(args, "body", NULL);
	const cJSON *sample = json_get(j->system->json, "sample");
	const char *text = json_text(sample, "text", NULL);

	if (file && strcmp(file, "-") != 0)
		j->body_file = file;
	if (file || (!j->from_input.len && !isatty(STDIN_FILENO))) {
		if (cmd_read_file(file ? file : "-", BODY_MAX, &j->body, err) < 0)
			return -1;
		if (file || j->body.len)
			return 0;
	}
	if (text) {
		buf_add_text(&j->body, text);
	} else if (json_get(sample, "body")) {
		char *print = json_print(json_get(sample, "body"));
		buf_add_text(&j->body, print);
		free(print);
	}
	return 0;
}

static void read_headers(struct job *j)
{
	const cJSON *item, *sample = json_get(j->system->json, "sample");
	bool typed = false;

	cJSON_ArrayForEach(item, json_get(sample, "headers")) {
		if (j->n_headers + 1 < HEADERS_SENT_MAX)
			j->headers[j->n_headers++] = (struct system_header){item->string, item->valuestring};
		typed = typed || strcasecmp(item->string, "Content-Type") == 0;
	}
	if (!typed) /* else curl says that it is a form */
		j->headers[j->n_headers++] = (struct system_header){"Content-Type", "application/json"};
}

static int read_job(struct job *j, const struct conf *conf, const struct args *args, struct err *err)
{
	const cJSON *sample;
	const char *url = args_value(args, "url", NULL);
	char hint[128];
	int rc = systems_find(args->words[0], &j->system, err);

	if (rc == 0)
		return err_set(err, ERR_MISSING, "there is no system \"%.64s\"%s (`ringbolt system list`)", args->words[0],
			       systems_near(args->words[0], hint));
	if (rc < 0 || read_secrets(j, args, err) < 0 || read_settings(j, args, err) < 0 || read_body(j, args, err) < 0)
		return -1;
	sample = json_get(j->system->json, "sample");
	j->method = args_value(args, "method", json_text(sample, "method", "POST"));
	if (url)
		buf_add_text(&j->url, url);
	else if (conf->base_url && *conf->base_url)
		buf_addf(&j->url, "%s/in/%s", conf->base_url, j->system->name);
	else
		buf_addf(&j->url, "http://%s/in/%s", conf->listen, j->system->name);
	read_headers(j);
	return 0;
}

static int sign(struct job *j, const struct args *args, struct err *err)
{
	int64_t now = clock_wall_ms(), at = now;
	const char *time = args_value(args, "at", NULL);

	if (time && !clock_parse(time, now, &at))
		return err_set(err, ERR_INVALID, "--at is a time such as 2026-11-23T14:00:00Z, or an age such as 10m");
	const struct system_signing order = {
		.system = j->system, .scheme = args_value(args, "scheme", NULL), .secrets = j->secrets,
		.n_secrets = j->n_secrets, .settings = j->settings, .method = j->method, .url = j->url.ptr,
		.id = args_value(args, "id", NULL), .at_ms = at, .body = buf_slice(&j->body), .headers = j->headers,
		.n_headers = j->n_headers,
	};
	return system_sign(&order, &j->made, &j->query, err);
}

/* ---- what is printed ---- */

/* All headers as [["Name","value"],...]: a signed one stands for the sample's of its name. */
static void add_headers(const struct job *j, struct buf *out)
{
	struct buf made = BUF_INIT;

	buf_addf(&made, "[%s]", j->made.ptr);
	buf_add_char(out, '[');
	for (size_t i = 0; i < j->n_headers; i++)
		if (!header_list_has(buf_slice(&made), j->headers[i].name))
			header_list_add(out, j->headers[i].name, j->headers[i].value, strlen(j->headers[i].value));
	if (j->made.len && out->ptr[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_add_slice(out, buf_slice(&j->made));
	buf_add_char(out, ']');
	buf_release(&made);
}

/* In single quotes, in which a shell reads nothing but the next one. */
static void add_quoted(const char *text, size_t len, struct buf *out)
{
	buf_add_char(out, '\'');
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\'')
			buf_add_text(out, "'\\''");
		else
			buf_add_char(out, text[i]);
	}
	buf_add_char(out, '\'');
}

static void add_url(const struct job *j, struct buf *out)
{
	buf_add_slice(out, buf_slice(&j->url));
	if (j->query.len)
		buf_addf(out, "%s%s", strchr(j->url.ptr, '?') ? "&" : "?", j->query.ptr);
}

static int print_curl(const struct job *j, const struct buf *headers, struct err *err)
{
	struct buf out = BUF_INIT, url = BUF_INIT, text = BUF_INIT;
	struct slice name, value;
	struct jsontext_walk w;

	if (!j->body_file && memchr(j->body.ptr, '\0', j->body.len))
		return err_set(err, ERR_INVALID, "the body holds a NUL byte, which no command line can carry; give it as "
			       "--body FILE");
	add_url(j, &url);
	buf_addf(&out, "curl -i -X %s ", j->method);
	add_quoted(url.ptr, url.len, &out);
	for (jsontext_walk_start(&w, buf_slice(headers)); jsontext_walk_next(&w);) {
		if (!jsontext_item(w.value, 0, &name) || !jsontext_item(w.value, 1, &value))
			continue;
		buf_clear(&text);
		jsontext_string(name, &text);
		buf_add_text(&text, ": ");
		jsontext_string(value, &text);
		buf_add_text(&out, " \\\n  -H ");
		add_quoted(text.ptr, text.len, &out);
	}
	if (j->body_file) {
		buf_clear(&text);
		buf_addf(&text, "@%s", j->body_file);
		buf_add_text(&out, " \\\n  --data-binary ");
		add_quoted(text.ptr, text.len, &out);
	} else if (j->body.len || strcmp(j->method, "GET") != 0) {
		buf_add_text(&out, " \\\n  --data-raw "); /* an @ at its beginning names no file there */
		add_quoted(j->body.ptr, j->body.len, &out);
	}
	buf_add_char(&out, '\n');
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
	buf_release(&url);
	buf_release(&text);
	return 0;
}

static void print_json(const struct job *j, const struct buf *headers)
{
	struct buf out = BUF_INIT, url = BUF_INIT;

	add_url(j, &url);
	buf_addf(&out, "{\"method\":\"%s\",\"url\":", j->method);
	buf_add_json_text(&out, url.ptr, url.len);
	buf_addf(&out, ",\"headers\":%s,\"body_bytes\":%zu,\"body\":", headers->ptr, j->body.len);
	buf_add_json_text(&out, j->body.ptr, j->body.len);
	buf_add_text(&out, "}\n");
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
	buf_release(&url);
}

static int run(const struct conf *conf, const struct args *args)
{
	struct job j = {.from_input = BUF_INIT, .body = BUF_INIT, .url = BUF_INIT, .made = BUF_INIT, .query = BUF_INIT};
	struct buf headers = BUF_INIT;
	struct err err;
	int rc;

	if (args_words(args, 1, 1, "NAME", &err) < 0)
		return cmd_usage("system sign", &err);
	rc = read_job(&j, conf, args, &err);
	if (rc == 0)
		rc = sign(&j, args, &err);
	if (rc == 0) {
		add_headers(&j, &headers);
		if (args_has(args, "json"))
			print_json(&j, &headers);
		else
			rc = print_curl(&j, &headers, &err);
	}
	explicit_bzero(j.from_input.ptr, j.from_input.len);
	buf_release(&j.from_input);
	free(j.settings);
	buf_release(&j.body);
	buf_release(&j.url);
	buf_release(&j.made);
	buf_release(&j.query);
	buf_release(&headers);
	system_drop(j.system);
	return rc < 0 ? cmd_fail(&err) : EXIT_FINE;
}

static const struct option options[] = {
	{"secret", "SECRET|-", "What it is signed with: the secret, or the private key of a key pair; -: from standard "
			       "input. Several: a signature with each.", true},
	{"body", "FILE|-", "The body; without it what comes by standard input, or else the system's sample.", false},
	{"url", "URL", "Where it is sent, as the sender knows it. Default: this server's /in/NAME.", false},
	{"method", "METHOD", "The method; default: that of the sample.", false},
	{"scheme", "NAME", "Which of several ways to sign.", false},
	{"setting", "NAME=VALUE", "A further value that the system's file asks for.", true},
	{"at", "TIME", "The time that is signed; default: now.", false},
	{"id", "ID", "The delivery's id, where it is signed.", false},
	{"json", NULL, "One JSON object: method, url, headers, body.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_system_sign = {
	.name = "system sign",
	.arguments = "NAME",
	.text = "Sign a delivery as a system would, and print the curl command that sends it.",
	.options = options,
	.help = "\tringbolt system sign stripe --secret whsec_test --url http://127.0.0.1:8080/in/payments <event.json | sh\n"
		"\tringbolt system sign github --secret - --body push.json <secret.txt",
	.run = run,
};
