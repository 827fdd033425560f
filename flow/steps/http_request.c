/* SPDX-License-Identifier: MIT */
/* http_request: calls another system. Whatever it answers is the output; a status that does
 * not count as success makes the step fail with the output kept. */
#include "flow/body.h"
#include "flow/connection.h"
#include "common/header.h"
#include "common/outbound.h"
#include "common/pairs.h"
#include "flow/scalar.h"
#include "flow/secrets.h"
#include "flow/walk.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/jsontext.h"
#include "common/utf8.h"

#include <stdio.h>
#include <string.h>

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD",
				      "OPTIONS", NULL};

/* How the answer is taken. */
static const char *const responses[] = {"auto", "json", "text", "bytes", NULL};

static const struct param params[] = {
	{.name = "connection", .type = PARAM_TEXT, .max = 64, .refuse = connection_name_refused,
	 .text = "A connection by its name: its base_url stands before url, and it proves who the "
		 "call is from."},
	{.name = "method", .type = PARAM_CHOICE, .choices = methods, .fallback = "GET",
	 .text = "The HTTP method."},
	{.name = "url", .type = PARAM_TEXT_VALUE, .flags = PARAM_REQUIRED | PARAM_SECRETS,
	 .text = "Where to; http or https, or beside a connection a path: \"/customers\". Encode "
		 "what you put in with @uri."},
	{.name = "query", .type = PARAM_MAP_VALUE, .flags = PARAM_SECRETS,
	 .text = "Query parameters to add, encoded for you; a list repeats one, null or empty "
		 "leaves it out."},
	{.name = "headers", .type = PARAM_HEADERS, .flags = PARAM_SECRETS,
	 .refuse = header_refused_in_request,
	 .text = "Headers; a list of values repeats a header, empty or null leaves it out."},
	BODY_PARAMS,
	{.name = "timeout_ms", .type = PARAM_MS, .min = 1, .max = 60000, .fallback = "10000",
	 .text = "How long the whole call may take."},
	{.name = "max_response_bytes", .type = PARAM_INT, .min = 0, .max = 16777216,
	 .fallback = "1048576", .text = "The largest answer that is taken."},
	{.name = "success", .type = PARAM_STATUSES,
	 .text = "Statuses that count as success. Default [\"200-299\"]."},
	{.name = "response", .type = PARAM_CHOICE, .choices = responses, .fallback = "auto",
	 .text = "How the answer's body is taken: JSON or text as it says itself, JSON whatever it "
		 "says, text, or bytes in base64."},
	{.name = "redirects", .type = PARAM_INT, .min = 0, .max = 3, .fallback = "0",
	 .text = "How many redirects are followed."},
	{0},
};

static void check(const struct step *s, struct faults *faults)
{
	const char *url = arg_text(&s->args, "url");
	bool connection = arg_given(&s->args, "connection");

	body_check(s, faults);
	/* What does not begin with a hole can be told now. */
	if (!url || strncmp(url, "{{", 2) == 0)
		return;
	if (connection && *url && *url != '/' && *url != '?')
		fault_add(faults, arg_find(&s->args, "url")->pointer, NULL,
			  "beside a connection \"url\" must start with a slash: it goes on where the "
			  "connection's base_url ends");
	else if (!connection && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		fault_add(faults, arg_find(&s->args, "url")->pointer, NULL,
			  "\"url\" must start with https:// or http://, unless there is a "
			  "\"connection\"");
}

/* One call, from its parameters to its answer. */
struct request {
	struct connection *connection; /* NULL: none */
	struct buf url, headers, key;
	struct body body;
	struct outbound_response response;
};

static int add_query(struct buf *url, struct slice query, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = pairs_encode_object(query, false, &text, err);

	if (rc < 0)
		err_within(err, "query: ");
	if (rc == 0 && text.len) {
		buf_add_char(url, strchr(url->ptr, '?') ? '&' : '?');
		buf_add_slice(url, buf_slice(&text));
	}
	secrets_wipe(&text);
	return rc;
}

static int build_url(struct walk *w, const struct step *s, struct request *r, struct err *err)
{
	struct buf query = BUF_INIT, text = BUF_INIT;
	int rc = walk_text(w, &s->args, "url", &text, err);

	bool null = rc > 0 && strcmp(text.ptr, "null") == 0;
	if (rc == 0 || (rc > 0 && !r->connection && (!text.len || null))) {
		err_set(err, ERR_INVALID, "the expression gives %s", null ? "null" : "nothing");
		rc = walk_refuse(w, &s->args, "url", err);
	}
	if (rc > 0 && strlen(text.ptr) != text.len)
		rc = err_set(err, ERR_INVALID, "url: it holds a NUL byte");
	if (rc > 0 && text.len) {
		/* What stands after # is never sent. */
		text.len = strcspn(text.ptr, "#");
		text.ptr[text.len] = '\0';
	}
	if (rc > 0 && r->connection)
		rc = connection_url(r->connection, text.ptr, &r->url, err) < 0 ? -1 : 1;
	else if (rc > 0)
		buf_add_slice(&r->url, buf_slice(&text));
	if (rc > 0)
		rc = walk_json(w, &s->args, "query", &query, err);
	if (rc > 0)
		rc = add_query(&r->url, buf_slice(&query), err);
	secrets_wipe(&query);
	secrets_wipe(&text);
	return rc < 0 ? -1 : 0;
}

/* The list stays open: a connection may add to it. */
static int build_headers(struct walk *w, const struct step *s, struct request *r, struct err *err)
{
	static const char agent[] = "Ringbolt/" RINGBOLT_VERSION;
	struct buf *headers = &r->headers;

	walk_idempotency_key(w, s, &r->key);
	if (walk_headers(w, &s->args, "headers", headers, err) < 0)
		return -1;
	struct slice given = {headers->ptr, headers->len};
	bool has_key = header_list_has(given, "Idempotency-Key");
	bool has_agent = header_list_has(given, "User-Agent");
	bool has_type = header_list_has(given, "Content-Type");
	headers->ptr[--headers->len] = '\0'; /* the list is reopened */
	if (!has_key)
		header_list_add(headers, "Idempotency-Key", r->key.ptr, r->key.len);
	if (!has_agent)
		header_list_add(headers, "User-Agent", agent, sizeof(agent) - 1);
	if (*r->body.type && !has_type)
		header_list_add(headers, "Content-Type", r->body.type, strlen(r->body.type));
	return 0;
}

/* ---- the answer ---- */

static int write_body(const struct step *s, const struct outbound_response *response,
		      struct buf *out, struct err *err)
{
	const char *how = arg_text(&s->args, "response");
	struct slice body = buf_slice(&response->body);
	struct err why;

	if (strcmp(how, "bytes") == 0) {
		buf_add_char(out, '"');
		crypto_base64(body.ptr, body.len, out);
		buf_add_char(out, '"');
	} else if (!body.len) {
		buf_add_text(out, "null");
	} else if (strcmp(how, "text") == 0) {
		buf_add_json_text(out, body.ptr, body.len);
	} else if (strcmp(how, "json") == 0 ? jsontext_check(body, JSONTEXT_DEPTH_MAX, &why) == 0
					    : response->body_is_json) {
		buf_add_slice(out, jsontext_trim(body));
	} else if (!utf8_valid(body.ptr, body.len)) {
		buf_add_text(out, "null,\"body_error\":\"the answer is not text\"");
	} else {
		buf_add_json_text(out, body.ptr, body.len);
		if (strcmp(how, "json") == 0)
			return err_set(err, ERR_UPSTREAM, "the answer (%d) is not JSON: %s; \"response\": "
				       "\"auto\" takes it as it is", response->status, why.text);
	}
	return 0;
}

static int write_output(const struct step *s, const struct outbound_response *response,
			struct buf *out, struct err *err)
{
	buf_addf(out, "{\"status\":%d,\"headers\":%s,\"body\":", response->status,
		 response->headers.len ? response->headers.ptr : "{}");
	int rc = write_body(s, response, out, err);
	buf_add_char(out, '}');
	return rc;
}

static bool is_success(const struct step *s, int status)
{
	const cJSON *list = arg_find(&s->args, "success")->node;

	return list ? scalar_has_status(list, status) : status >= 200 && status <= 299;
}

/* The URL as a sentence may show it: a query often holds a key. */
static int fail(struct walk *w, const struct step *s, const char *url,
		const struct outbound_response *response, struct err *err)
{
	size_t len = strcspn(url, "?#");
	int status = response->status;
	const char *advice = "list it in \"success\" or handle it with \"on_error\"";

	if (status >= 300 && status < 400)
		advice = arg_int(&s->args, "redirects")
				 ? "this redirect is not followed: put the new address in \"url\""
				 : "redirects are not followed: put the new address in \"url\", or say "
				   "\"redirects\": 1";
	walk_failed_status(w, status);
	walk_retry_after(w, response->retry_after_ms);
	return err_set(err, ERR_UPSTREAM, "%s %.*s answered %d; %s", arg_text(&s->args, "method"),
		       (int)(len > 200 ? 200 : len), url, status, advice);
}

/* ---- the call ---- */

static int call_once(struct walk *w, const struct step *s, struct request *r, bool *again,
		     struct err *err)
{
	struct buf url = BUF_INIT, headers = BUF_INIT;
	struct connection_call call = {
		.walk = w, .name = arg_text(&s->args, "connection"), .url = &url,
		.headers = &headers, .body = buf_slice(&r->body.bytes), .id = r->key.ptr,
		.now_ms = clock_wall_ms(), .timeout_ms = arg_int(&s->args, "timeout_ms"),
	};
	int rc = 0;

	buf_add_slice(&url, buf_slice(&r->url));
	buf_add_slice(&headers, buf_slice(&r->headers));
	if (r->connection)
		rc = connection_apply(r->connection, &call, err);
	buf_add_char(&headers, ']');
	struct outbound_request request = {
		.method = arg_text(&s->args, "method"),
		.url = url.ptr,
		.headers = headers.ptr,
		.body = r->body.given ? buf_slice(&r->body.bytes) : (struct slice){0},
		.timeout_ms = call.timeout_ms,
		.max_response_bytes = (size_t)arg_int(&s->args, "max_response_bytes"),
		.redirects = (int)arg_int(&s->args, "redirects"),
		.key = r->key.ptr,
	};
	if (rc == 0)
		rc = walk_call(w, &request, &r->response, err);
	*again = rc == 0 && r->connection && r->response.status == 401 &&
		 connection_renew(r->connection, &call);
	secrets_wipe(&url);
	secrets_wipe(&headers);
	return rc;
}

static int make_call(struct walk *w, const struct step *s, struct request *r, struct err *err)
{
	const char *connection = arg_text(&s->args, "connection");
	bool again = false;

	if (connection && !(r->connection = walk_connection(w, connection, err)))
		return -1;
	if (build_url(w, s, r, err) < 0 || body_build(w, s, &r->body, err) < 0 ||
	    build_headers(w, s, r, err) < 0 || call_once(w, s, r, &again, err) < 0)
		return -1;
	if (!again)
		return 0;
	outbound_response_release(&r->response);
	return call_once(w, s, r, &again, err);
}

static enum step_result run(struct walk *w, const struct step *s, struct buf *output,
			    struct err *err)
{
	struct request r = {.url = BUF_INIT, .headers = BUF_INIT, .key = BUF_INIT,
			    .body = {.bytes = BUF_INIT},
			    .response = {.headers = BUF_INIT, .body = BUF_INIT}};
	enum step_result result = STEP_FAILED;

	if (make_call(w, s, &r, err) == 0) {
		int status = r.response.status, written = write_output(s, &r.response, output, err);
		if (!is_success(s, status))
			fail(w, s, r.url.ptr, &r.response, err);
		else if (written < 0)
			walk_failed_status(w, status);
		else
			result = STEP_NEXT;
	}
	connection_free(r.connection);
	secrets_wipe(&r.url);
	secrets_wipe(&r.headers);
	buf_release(&r.key);
	body_release(&r.body);
	outbound_response_release(&r.response);
	return result;
}

extern const struct step_type step_http_request;
const struct step_type step_http_request = {
	.name = "http_request",
	.text = "Calls another system over HTTP.",
	.params = params,
	.effects = true,
	.check = check,
	.run = run,
};
