/* SPDX-License-Identifier: MIT */
/* event show and event request: one event, whole; and its request as it came. */
#include "cli/cmd.h"

#include "cli/table.h"
#include "cli/trace.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct slice text_slice(const char *text)
{
	return (struct slice){text, text ? strlen(text) : 0};
}

static int load(const struct conf *conf, const char *word, struct event_detail *d, struct err *err)
{
	struct store *s = NULL;
	int64_t id;

	if (args_id(word, &id, err) < 0 || cmd_open_read(conf, &s, err) < 0)
		return -1;
	int rc = store_event_load(s, id, d, err);
	store_close(s);
	if (rc == 0)
		return err_set(err, ERR_MISSING, "there is no event %" PRId64 " in %s", id, conf->data);
	return rc < 0 ? -1 : 0;
}

/* ---- for programs ---------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	if (text)
		buf_add_json_text(out, text, strlen(text));
	else
		buf_add_text(out, "null");
}

static void print_json(const struct event_detail *d)
{
	struct buf out = BUF_INIT;
	char at[CLOCK_ISO_SIZE];

	buf_addf(&out, "{\"id\":%" PRId64, d->id);
	add_text(&out, "flow", d->flow);
	buf_addf(&out, ",\"version\":%d", d->version);
	add_text(&out, "state", d->state);
	add_text(&out, "received_at", clock_iso(d->received_at, at));
	add_text(&out, "error", d->error);
	if (d->reply_status)
		buf_addf(&out, ",\"status\":%d", d->reply_status);
	else
		buf_add_text(&out, ",\"status\":null");
	add_text(&out, "method", d->method);
	add_text(&out, "path", d->path);
	add_text(&out, "query", d->query);
	add_text(&out, "remote", d->remote);
	add_text(&out, "unenforced", d->unenforced);
	buf_addf(&out, ",\"warnings\":%s", d->warnings ? d->warnings : "[]");
	buf_addf(&out, ",\"headers\":%s,\"body_bytes\":%zu", d->headers, d->body.len);
	if (utf8_valid(d->body.ptr, d->body.len)) {
		buf_add_text(&out, ",\"body\":");
		buf_add_json_text(&out, d->body.ptr, d->body.len);
	} else {
		buf_add_text(&out, ",\"body\":null,\"body_base64\":\"");
		crypto_base64(d->body.ptr, d->body.len, &out);
		buf_add_char(&out, '"');
	}
	buf_addf(&out, ",\"runs\":%s}\n", d->runs ? d->runs : "[]");
	fwrite(out.ptr, 1, out.len, stdout);
	buf_release(&out);
}

/* ---- for people ------------------------------------------------------------------------- */

/* A member's text in out; empty when it is absent or null. */
static const char *member(struct slice object, const char *name, struct buf *out)
{
	struct slice value;

	buf_clear(out);
	if (jsontext_member(object, name, strlen(name), &value) && jsontext_kind(value) != JSONTEXT_NULL)
		jsontext_text(value, out);
	return out->ptr;
}

static void print_label(const char *label, const char *text)
{
	struct buf line = BUF_INIT;

	buf_addf(&line, "%-9s ", label);
	trace_print_value(text_slice(text), line.ptr, stdout);
	buf_release(&line);
}

static void print_reply(struct slice run)
{
	struct slice reply, headers = {NULL, 0};
	struct buf body = BUF_INIT, status = BUF_INIT;

	if (!jsontext_member(run, "reply", 5, &reply) || jsontext_kind(reply) != JSONTEXT_OBJECT)
		return;
	jsontext_member(reply, "headers", 7, &headers);
	int code = 0;
	sscanf(member(reply, "status", &status), "%9d", &code);
	member(reply, "body", &body);
	puts("");
	trace_print_reply(code, headers, buf_slice(&body), stdout);
	buf_release(&body);
	buf_release(&status);
}

static void print_run(struct slice run)
{
	struct buf number = BUF_INIT, trigger = BUF_INIT, outcome = BUF_INIT, at = BUF_INIT, version = BUF_INIT;
	struct slice steps;

	printf("\nrun %s  %s  %s  %s  version %s\n", member(run, "number", &number),
	       member(run, "trigger", &trigger), member(run, "outcome", &outcome),
	       member(run, "started_at", &at), member(run, "version", &version));
	if (*member(run, "error", &at))
		print_label("  error", at.ptr);
	if (jsontext_member(run, "steps", 5, &steps) && jsontext_kind(steps) == JSONTEXT_ARRAY)
		trace_print_steps(steps, stdout);
	print_reply(run);
	buf_release(&number);
	buf_release(&trigger);
	buf_release(&outcome);
	buf_release(&at);
	buf_release(&version);
}

static void print_runs(const char *runs)
{
	struct jsontext_walk w;

	if (!runs || jsontext_check(text_slice(runs), 1024, NULL) < 0)
		return;
	jsontext_walk_start(&w, jsontext_trim(text_slice(runs)));
	while (jsontext_walk_next(&w))
		print_run(w.value);
}

/* What was wrong with the request that was taken all the same. */
static void print_doubts(const struct event_detail *d)
{
	struct buf line = BUF_INIT, part = BUF_INIT;
	struct jsontext_walk w;

	if (d->unenforced) {
		buf_addf(&line, "not authenticated, let in all the same: %s", d->unenforced);
		print_label("warning", line.ptr);
	}
	if (d->warnings && jsontext_check(text_slice(d->warnings), 8, NULL) == 0) {
		jsontext_walk_start(&w, jsontext_trim(text_slice(d->warnings)));
		while (jsontext_walk_next(&w)) {
			buf_clear(&line);
			buf_addf(&line, "%s: ", member(w.value, "pointer", &part));
			buf_add_text(&line, member(w.value, "text", &part));
			print_label("warning", line.ptr);
		}
	}
	buf_release(&line);
	buf_release(&part);
}

static void print_people(const struct event_detail *d)
{
	struct buf line = BUF_INIT;
	char at[CLOCK_ISO_SIZE];

	buf_addf(&line, "%" PRId64 " of flow %s, version %d", d->id, d->flow, d->version);
	print_label("event", line.ptr);
	print_label("state", d->state);
	print_label("received", clock_iso(d->received_at, at));
	print_label("from", d->remote);
	if (d->reply_status)
		printf("%-9s %d\n", "answered", d->reply_status);
	if (d->error)
		print_label("error", d->error);
	print_doubts(d);
	buf_clear(&line);
	buf_addf(&line, "%s %s%s%s", d->method, d->path, *d->query ? "?" : "", d->query);
	puts("");
	trace_print_value(buf_slice(&line), "", stdout);
	buf_release(&line);
	trace_print_headers(text_slice(d->headers), "  ", stdout);
	if (d->body.len) {
		puts("");
		if (utf8_valid(d->body.ptr, d->body.len))
			trace_print_value(buf_slice(&d->body), "  ", stdout);
		else
			printf("  (%zu bytes that are no text: `ringbolt event request %" PRId64 " --body`)\n",
			       d->body.len, d->id);
	}
	print_runs(d->runs);
}

static int run_show(const struct conf *conf, const struct args *args)
{
	struct event_detail d;
	struct err err;

	if (args_words(args, 1, 1, "ID", &err) < 0)
		return cmd_usage("event show", &err);
	if (load(conf, args->words[0], &d, &err) < 0)
		return cmd_fail(&err);
	if (args_has(args, "json"))
		print_json(&d);
	else
		print_people(&d);
	event_detail_release(&d);
	return EXIT_FINE;
}

static const struct option show_options[] = {
	{"json", NULL, "One JSON object, with the body and every run.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_show = {
	.name = "event show",
	.arguments = "ID",
	.text = "Show one event: its request, its runs with their steps, its reply.",
	.help = "\tringbolt event show 1042",
	.options = show_options,
	.run = run_show,
};

/* ---- event request ------------------------------------------------------------------------ */

static void add_header_lines(const char *headers, const char *line_end, struct buf *out)
{
	struct jsontext_walk w;
	struct slice part;

	if (jsontext_check(text_slice(headers), 8, NULL) < 0)
		return;
	jsontext_walk_start(&w, jsontext_trim(text_slice(headers)));
	while (jsontext_walk_next(&w)) {
		if (jsontext_item(w.value, 0, &part))
			jsontext_text(part, out);
		buf_add_text(out, ": ");
		if (jsontext_item(w.value, 1, &part))
			jsontext_text(part, out);
		buf_add_text(out, line_end);
	}
}

static int run_request(const struct conf *conf, const struct args *args)
{
	struct buf head = BUF_INIT;
	struct event_detail d;
	struct err err;

	if (args_words(args, 1, 1, "ID", &err) < 0)
		return cmd_usage("event request", &err);
	if (load(conf, args->words[0], &d, &err) < 0)
		return cmd_fail(&err);
	if (!args_has(args, "body")) {
		const char *line_end = isatty(STDOUT_FILENO) ? "\n" : "\r\n";
		buf_addf(&head, "%s %s%s%s HTTP/1.1%s", d.method, d.path, *d.query ? "?" : "", d.query,
			 line_end);
		add_header_lines(d.headers, line_end, &head);
		buf_add_text(&head, line_end);
		table_bytes(stdout, head.ptr, head.len);
	}
	table_bytes(stdout, d.body.ptr, d.body.len);
	if (isatty(STDOUT_FILENO))
		putchar('\n');
	buf_release(&head);
	event_detail_release(&d);
	return EXIT_FINE;
}

static const struct option request_options[] = {
	{"body", NULL, "Only the bytes of the body.", false},
	{NULL, NULL, NULL, false},
};

const struct cmd cmd_event_request = {
	.name = "event request",
	.arguments = "ID",
	.text = "Print the request as it was received: start line, headers in order, body bytes.",
	.help = "Into a file or a pipe, every byte as it came; on a terminal, control bytes are escaped.\n"
		"\tringbolt event request 1042 --body >body.json",
	.options = request_options,
	.run = run_request,
};
