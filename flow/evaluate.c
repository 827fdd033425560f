/* SPDX-License-Identifier: MIT */
/* What a step may ask of its run: its parameters evaluated, the reply, a call. Secrets enter
 * here and are kept apart from all that is recorded. */
#include "flow/walk_inner.h"

#include "common/jsontext.h"
#include "common/mem.h"
#include "flow/connection.h"
#include "common/header.h"
#include "common/outbound.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What the trace may show of a value that uses secrets: the same with stand-ins. */
static void show(struct walk *w, const struct value *v, const char *shown, struct slice json,
		 struct buf *out)
{
	struct err unread;
	int rc;

	if (!shown) {
		buf_add_slice(out, json);
		return;
	}
	rc = value_json(v, w->scope, shown, out, &unread);
	if (rc <= 0)
		buf_add_text(out, rc < 0 ? "\"[secret]\"" : "null");
}

static void record_input(struct walk *w, const char *name, struct slice json)
{
	if (w->hand.inputs.len)
		buf_add_char(&w->hand.inputs, ',');
	buf_add_json_text(&w->hand.inputs, name, strlen(name));
	buf_add_char(&w->hand.inputs, ':');
	buf_add_slice(&w->hand.inputs, json);
}

/* Adds the field as a person finds it in the step: paths[0].when, headers["X-Order"]. */
static void add_field(const struct walk *w, const struct arg *a, const char *header, struct buf *out)
{
	const char *step = w->hand.step->pointer, *at = a->pointer;
	size_t len = strlen(step);

	if (!at || strncmp(at, step, len) != 0 || at[len] != '/') {
		buf_add_text(out, a->param->name);
		at = "";
	} else {
		at += len;
	}
	while (*at == '/') {
		const char *end = strchrnul(at + 1, '/');
		struct slice token = {at + 1, (size_t)(end - at - 1)};
		if (token.len && strspn(token.ptr, "0123456789") >= token.len)
			buf_addf(out, "[%.*s]", (int)token.len, token.ptr);
		else
			buf_addf(out, "%s%.*s", out->len ? "." : "", (int)token.len, token.ptr);
		at = end;
	}
	if (header)
		buf_addf(out, "[\"%.64s\"]", header);
}

/* The sentence may show a value from the scope. A run has redacted headers from the disk, where
 * they have none; a test has them from a file. */
static void hide_redacted(struct walk *w)
{
	const struct flow_webhook *hook = flow_webhook(w->flow);
	struct slice headers = scope_part(w->scope, SCOPE_HEADERS), value;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < hook->n_redact_headers; i++) {
		const char *name = hook->redact_headers[i];
		if (!jsontext_member(headers, name, strlen(name), &value))
			continue;
		buf_clear(&text);
		jsontext_text(value, &text);
		if (strcmp(text.ptr, "[redacted]") != 0)
			secrets_keep(w->secrets, name, text.ptr);
	}
	if (hook->auth.in_query && hook->auth.name &&
	    jsontext_member(scope_part(w->scope, SCOPE_QUERY), hook->auth.name,
			    strlen(hook->auth.name), &value)) {
		buf_clear(&text);
		jsontext_text(value, &text);
		if (strcmp(text.ptr, "[redacted]") != 0)
			secrets_keep(w->secrets, hook->auth.name, text.ptr);
	}
	secrets_wipe(&text);
}

static int failed(struct walk *w, const struct arg *a, const char *header, const char *colon,
		  struct err *err)
{
	struct buf field = BUF_INIT;

	hide_redacted(w);
	add_field(w, a, header, &field);
	err_within(err, "%s%s", field.ptr, colon);
	buf_release(&field);
	return -1;
}

/* As value_json; seen gets what the trace may show, where inputs are wanted. header: which of a's
 * headers v is, or NULL. */
static int evaluate(struct walk *w, const struct value *v, const struct arg *a, const char *header,
		    struct buf *out, struct buf *seen, struct err *err)
{
	struct buf real = BUF_INIT, shown = BUF_INIT;
	size_t before = out->len;

	int uses = secrets_for(w->secrets, v, &real, &shown, err);
	int rc = uses < 0 ? -1 : value_json(v, w->scope, uses ? real.ptr : NULL, out, err);
	if (rc < 0)
		failed(w, a, header, uses >= 0 && value_is_tree(v) ? "" : ": ", err);
	if (rc > 0 && w->host.trace_inputs && !w->hand.looping)
		show(w, v, uses ? shown.ptr : NULL,
		     (struct slice){out->ptr + before, out->len - before}, seen);
	secrets_wipe(&real);
	buf_release(&shown);
	return rc;
}

int walk_json(struct walk *w, const struct args *args, const char *name, struct buf *out,
	      struct err *err)
{
	const struct arg *a = arg_find(args, name);
	struct buf seen = BUF_INIT;

	if (!a->value)
		return 0;
	int rc = evaluate(w, a->value, a, NULL, out, &seen, err);
	/* What stands in a list would come several times under one name. */
	if (seen.len && args == &w->hand.step->args)
		record_input(w, name, buf_slice(&seen));
	buf_release(&seen);
	return rc;
}

int walk_refuse(struct walk *w, const struct args *args, const char *name, struct err *err)
{
	const struct arg *a = arg_find(args, name);

	if (a->value)
		value_explain(a->value, w->scope, err);
	return failed(w, a, NULL, ": ", err);
}

int walk_text(struct walk *w, const struct args *args, const char *name, struct buf *out,
	      struct err *err)
{
	struct buf json = BUF_INIT;
	int rc = walk_json(w, args, name, &json, err);

	if (rc > 0)
		jsontext_text(buf_slice(&json), out);
	secrets_wipe(&json);
	return rc;
}

int walk_truth(struct walk *w, const struct args *args, const char *name, struct err *err)
{
	struct buf json = BUF_INIT;
	int rc = walk_json(w, args, name, &json, err);

	if (rc > 0) {
		enum jsontext_kind kind = jsontext_kind(buf_slice(&json));
		rc = kind != JSONTEXT_NULL && kind != JSONTEXT_FALSE;
	}
	buf_release(&json);
	return rc;
}

static void add_header(struct buf *out, const char *name, struct slice value)
{
	struct buf text = BUF_INIT;

	jsontext_text(value, &text);
	header_list_add(out, name, text.ptr, text.len);
	secrets_wipe(&text);
}

static void add_headers(struct buf *out, const char *name, struct slice value)
{
	enum jsontext_kind kind = jsontext_kind(value);
	struct jsontext_walk item;

	if (kind == JSONTEXT_NULL)
		return;
	if (kind != JSONTEXT_ARRAY) {
		add_header(out, name, value);
		return;
	}
	jsontext_walk_start(&item, value);
	while (jsontext_walk_next(&item)) {
		if (jsontext_kind(item.value) != JSONTEXT_NULL)
			add_header(out, name, item.value);
	}
}

int walk_headers(struct walk *w, const struct args *args, const char *name, struct buf *out,
		 struct err *err)
{
	const struct arg *a = arg_find(args, name);
	struct buf json = BUF_INIT, seen = BUF_INIT, all = BUF_INIT;
	int rc = 0;

	buf_add_char(out, '[');
	for (size_t i = 0; i < a->n_headers && rc >= 0; i++) {
		buf_clear(&json);
		buf_clear(&seen);
		rc = evaluate(w, a->headers[i].value, a, a->headers[i].name, &json, &seen, err);
		if (rc > 0)
			add_headers(out, a->headers[i].name, buf_slice(&json));
		if (seen.len)
			add_headers(&all, a->headers[i].name, buf_slice(&seen));
	}
	buf_add_char(out, ']');
	if (all.len) {
		buf_clear(&seen);
		buf_addf(&seen, "[%s]", all.ptr);
		record_input(w, name, buf_slice(&seen));
	}
	buf_release(&seen);
	buf_release(&all);
	secrets_wipe(&json);
	return rc < 0 ? -1 : 0;
}

void walk_enter(struct walk *w, const struct step_list *steps, const char *path)
{
	assert(w->hand.n_entered < WALK_ENTER_MAX); /* the parser bounds the paths of a switch */
	w->hand.entered[w->hand.n_entered++] = steps;
	if (w->hand.n_entered == 1)
		buf_clear(&w->hand.paths);
	else
		buf_add_char(&w->hand.paths, ',');
	buf_add_json_text(&w->hand.paths, path, strlen(path));
}

int walk_reply(struct walk *w, const struct step *s, struct reply *reply_take, struct err *err)
{
	struct run_result *out = w->out;

	if (w->replied_by) {
		reply_release(reply_take);
		err_set(err, ERR_CONFLICT, "step \"%s\" has answered the caller already; a call has "
			"one reply, and this one was not sent", w->replied_by);
		return 0;
	}
	out->replied = true;
	out->reply = *reply_take;
	w->replied_by = s->name;
	if (!s->effects_after || !w->host.reply)
		return 1;
	return w->host.reply(w->host.arg, &out->reply, err) < 0 ? -1 : 1;
}

void walk_replied(struct walk *w, const struct step *s)
{
	w->replied_by = s->name;
}

void walk_fail(struct walk *w, enum err_kind kind, const char *text)
{
	err_set(&w->marked, kind, "%s", text);
	w->marked_step = w->hand.step->name;
}

const struct run_host *walk_host(const struct walk *w)
{
	return &w->host;
}

int walk_call(struct walk *w, const struct outbound_request *request,
	      struct outbound_response *response, struct err *err)
{
	if (w->host.call)
		return w->host.call(w->host.arg, request, response, err);
	return outbound_call(request, response, err);
}

void walk_failed_status(struct walk *w, int status)
{
	w->hand.failed_status = status;
}

void walk_key(const struct walk *w, const struct step *s, struct buf *out)
{
	/* No name has a hyphen, so no two ways lead to one key. */
	buf_addf(out, "%s%s", w->key.ptr, s->name);
	for (size_t i = 0; i < w->n_turns; i++)
		buf_addf(out, "-%lld", (long long)w->turns[i].index);
}

void walk_retry_after(struct walk *w, int64_t ms)
{
	w->hand.retry_after_ms = ms;
}

struct connection *walk_connection(struct walk *w, const char *name, struct err *err)
{
	struct connection *connection = NULL;
	char *document = NULL;
	struct faults faults = {0};

	int rc = w->host.connection ? w->host.connection(w->host.arg, name, &document, err) : 0;
	if (rc < 0)
		return NULL;
	if (rc == 0) {
		err_set(err, ERR_MISSING, "there is no connection \"%.64s\"; set it with \"ringbolt "
			"connection set %.64s FILE\"", name, name);
		return NULL;
	}
	if (connection_parse(document, strlen(document), &connection, &faults) < 0)
		err_set(err, ERR_INVALID, "connection \"%.64s\" is faulty: %s: %s", name,
			*faults.list[0].pointer ? faults.list[0].pointer : "the document",
			faults.list[0].text);
	faults_release(&faults);
	free(document);
	return connection;
}

const char *walk_secret(struct walk *w, const char *name, struct err *err)
{
	return secrets_value(w->secrets, name, err);
}

void walk_secret_keep(struct walk *w, const char *name, const char *value)
{
	secrets_keep(w->secrets, name, value);
}

void walk_mask_reply(struct walk *w, bool is_json, struct buf *text)
{
	struct buf masked = BUF_INIT;

	if (!w->secrets->count || !text->len)
		return;
	secrets_mask_reply(w->secrets, is_json, buf_slice(text), &masked);
	secrets_wipe(text);
	*text = masked;
}

void walk_idempotency_key(const struct walk *w, const struct step *s, struct buf *out)
{
	/* Without an event there is no number: the moment tells one test from the next. */
	if (w->event->id)
		buf_addf(out, "ringbolt-%lld-", (long long)w->event->id);
	else
		buf_addf(out, "ringbolt-test-%lld-", (long long)w->event->received_at);
	walk_key(w, s, out);
}
