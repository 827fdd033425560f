/* SPDX-License-Identifier: MIT */
/* Events and refusals, to look at. The bytes of senders are hostile: they go out as JSON strings, or
 * as a download that no browser runs. */
#include "server/api.h"

#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

static int add_event(void *arg, const struct event_row *row)
{
	struct api_list *l = arg;
	struct buf *out = &l->out;

	if (!api_list_item(l, row->id))
		return -1;
	buf_add_char(out, '{');
	api_add_int(out, "id", row->id);
	api_add_text(out, "flow", row->flow);
	api_add_text(out, "received_at", row->received_at);
	api_add_text(out, "state", row->state);
	api_add_text(out, "method", row->method);
	api_add_text(out, "path", row->path);
	if (row->status)
		api_add_int(out, "status", row->status);
	else
		api_add_raw(out, "status", "null");
	api_add_int(out, "attempts", row->attempts);
	if (row->duration_ms >= 0)
		api_add_int(out, "duration_ms", row->duration_ms);
	else
		api_add_raw(out, "duration_ms", "null");
	api_add_text(out, "error", row->error);
	buf_add_char(out, '}');
	return 0;
}

int api_events(struct api *a, struct err *err)
{
	struct api_filter f = API_FILTER_INIT;
	struct api_list l = {.out = BUF_INIT};
	int rc = api_list_start(a, &l, err) < 0 ? -1 : api_filter_query(a, &f, err);

	if (rc >= 0) {
		f.events.before_id = l.after;
		f.events.limit = (size_t)l.limit + 1;
		rc = store_events_each(a->front->store, &f.events, add_event, &l, err);
	}
	api_filter_release(&f);
	return api_list_end(a, &l, rc);
}

static int add_rejection(void *arg, const struct rejection *row)
{
	struct api_list *l = arg;
	struct buf *out = &l->out;

	if (!api_list_item(l, row->id))
		return -1;
	buf_add_char(out, '{');
	api_add_int(out, "id", row->id);
	api_add_time(out, "at", row->at);
	api_add_int(out, "status", row->status);
	api_add_text(out, "cause", row->cause);
	api_add_text(out, "method", row->method);
	api_add_text(out, "path", row->path);
	api_add_text(out, "remote", row->remote);
	api_add_raw(out, "headers", row->headers);
	api_add_int(out, "body_bytes", row->body_bytes);
	buf_add_char(out, '}');
	return 0;
}

int api_rejections(struct api *a, struct err *err)
{
	struct buf flow = BUF_INIT, cause = BUF_INIT;
	struct rejection_filter f = {0};
	struct api_list l = {.out = BUF_INIT};
	int64_t status = 0;
	int rc = -1;

	if (api_list_start(a, &l, err) >= 0 && api_number(a, "status", 400, 599, &status, err) >= 0 &&
	    api_time(a, "since", &f.since, err) >= 0 && api_time(a, "until", &f.until, err) >= 0) {
		f.flow = api_text(a, "flow", &flow);
		f.cause = api_text(a, "cause", &cause);
		f.status = (int)status;
		f.before_id = l.after;
		f.limit = (size_t)l.limit + 1;
		rc = store_rejections_each(a->front->store, &f, add_rejection, &l, err);
	}
	buf_release(&flow);
	buf_release(&cause);
	return api_list_end(a, &l, rc);
}

/* ---- one ---- */

static int load(const struct api *a, struct event_detail *d, struct err *err)
{
	int64_t id;

	if (api_id(a, &id, err) < 0)
		return -1;
	int got = store_event_load(a->front->store, id, d, err);
	return got ? got : err_set(err, ERR_MISSING, "there is no event %" PRId64, id);
}

static void add_body(struct buf *out, const struct buf *body)
{
	api_add_int(out, "body_bytes", (int64_t)body->len);
	if (utf8_valid(body->ptr, body->len)) {
		api_add_name(out, "body_text");
		buf_add_json_text(out, body->ptr, body->len);
		return;
	}
	api_add_name(out, "body_base64");
	buf_add_char(out, '"');
	crypto_base64(body->ptr, body->len, out);
	buf_add_char(out, '"');
}

int api_event(struct api *a, struct err *err)
{
	struct event_detail d = {.body = BUF_INIT};

	if (load(a, &d, err) < 0)
		return -1;
	struct buf *out = api_start(a, 200);
	buf_add_char(out, '{');
	api_add_int(out, "id", d.id);
	api_add_text(out, "flow", d.flow);
	api_add_int(out, "version", d.version);
	api_add_text(out, "state", d.state);
	api_add_time(out, "received_at", d.received_at);
	api_add_text(out, "error", d.error);
	if (d.reply_status)
		api_add_int(out, "status", d.reply_status);
	else
		api_add_raw(out, "status", "null");
	api_add_name(out, "request");
	buf_add_char(out, '{');
	api_add_text(out, "method", d.method);
	api_add_text(out, "path", d.path);
	api_add_text(out, "query", d.query);
	api_add_raw(out, "headers", d.headers);
	api_add_text(out, "remote", d.remote);
	add_body(out, &d.body);
	api_add_raw(out, "warnings", d.warnings ? d.warnings : "[]");
	api_add_text(out, "unenforced", d.unenforced);
	buf_add_char(out, '}');
	api_add_raw(out, "runs", d.runs ? d.runs : "[]");
	buf_add_text(out, "}\n");
	event_detail_release(&d);
	return 0;
}

int api_event_body(struct api *a, struct err *err)
{
	struct event_detail d = {.body = BUF_INIT};
	char name[64];

	if (load(a, &d, err) < 0)
		return -1;
	snprintf(name, sizeof(name), "attachment; filename=\"event-%" PRId64 ".body\"", d.id);
	a->response->status = 200;
	http_response_header(a->response, "Content-Security-Policy", "sandbox; default-src 'none'");
	http_response_header(a->response, "Content-Type", "application/octet-stream");
	http_response_header(a->response, "Content-Disposition", name);
	buf_add_slice(&a->response->body, buf_slice(&d.body));
	event_detail_release(&d);
	return 0;
}

/* ---- as a command ---- */

/* In single quotes nothing means anything to a shell but the quote itself. */
static void add_quoted(struct buf *out, const char *text, size_t len)
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

/* What the client writes itself is left out. */
static bool is_own_header(const char *name)
{
	static const char *const own[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcasecmp(own[i], name) == 0)
			return true;
	return false;
}

static void add_headers(struct buf *out, const char *headers)
{
	struct slice all = {headers, strlen(headers)}, part;
	struct buf line = BUF_INIT;
	struct jsontext_walk w;

	jsontext_walk_start(&w, jsontext_trim(all));
	while (jsontext_walk_next(&w)) {
		buf_clear(&line);
		if (!jsontext_item(w.value, 0, &part))
			continue;
		jsontext_text(part, &line);
		if (is_own_header(line.ptr))
			continue;
		size_t name = line.len;
		if (jsontext_item(w.value, 1, &part) && part.len > 2) {
			buf_add_text(&line, ": ");
			jsontext_text(part, &line);
		}
		if (line.len == name)
			buf_add_char(&line, ';'); /* curl's way to send an empty one */
		buf_add_text(out, " \\\n  -H ");
		add_quoted(out, line.ptr, line.len);
	}
	buf_release(&line);
}

int api_event_curl(struct api *a, struct err *err)
{
	struct event_detail d = {.body = BUF_INIT};
	struct buf command = BUF_INIT, url = BUF_INIT;

	if (load(a, &d, err) < 0)
		return -1;
	if (strlen(d.body.ptr) != d.body.len || !utf8_valid(d.body.ptr, d.body.len)) {
		int64_t id = d.id;
		event_detail_release(&d);
		return err_set(err, ERR_CONFLICT, "the body of event %" PRId64 " is no text that a command line can "
			       "hold: download it and use --data-binary @FILE", id);
	}
	buf_addf(&url, "%s%s%s%s", a->front->base_url, d.path, *d.query ? "?" : "", d.query);
	buf_add_text(&command, "curl --globoff --path-as-is -X ");
	add_quoted(&command, d.method, strlen(d.method));
	buf_add_char(&command, ' ');
	add_quoted(&command, url.ptr, url.len);
	add_headers(&command, d.headers);
	if (d.body.len) {
		buf_add_text(&command, " \\\n  --data-raw ");
		add_quoted(&command, d.body.ptr, d.body.len);
	}
	struct buf *out = api_start(a, 200);
	buf_add_char(out, '{');
	api_add_text(out, "curl", command.ptr);
	buf_add_text(out, "}\n");
	buf_release(&command);
	buf_release(&url);
	event_detail_release(&d);
	return 0;
}
