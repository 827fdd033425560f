/* SPDX-License-Identifier: MIT */
/* One request of the API: what it may say is checked against its line in the table of routes
 * first, so that a misspelt filter chooses nothing instead of everything. */
#include "server/api.h"

#include "common/clock.h"
#include "common/log.h"
#include "server/query.h"
#include "server/routes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MS 10000
#define DETAILS_MAX 4096

void api_problem(struct http_response *response, int status, const char *detail)
{
	buf_clear(&response->headers);
	buf_clear(&response->body);
	response->status = status;
	http_response_header(response, "Content-Type", "application/problem+json");
	buf_addf(&response->body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":",
		 http_reason(status), status);
	buf_add_json_text(&response->body, detail, strlen(detail));
	buf_add_text(&response->body, "}\n");
}

/* ---- what was asked ---- */

static bool in_list(const char *words, const char *word, size_t len)
{
	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == len && memcmp(p, word, n) == 0)
			return true;
		p += n;
	}
	return false;
}

static int check_query(const char *query, const char *names, struct err *err)
{
	struct buf name = BUF_INIT;
	int rc = 0;

	for (const char *p = query; *p && rc == 0; p += strspn(p, "&")) {
		size_t len = strcspn(p, "&"), until = strcspn(p, "=&");
		buf_clear(&name);
		url_decode((struct slice){p, until}, true, &name);
		if (!in_list(names, name.ptr, name.len))
			rc = err_set(err, ERR_INVALID, "there is no parameter \"%.40s\" here%s%s", name.ptr,
				     *names ? "; known are: " : "", names);
		else if (query_find(query, name.ptr, NULL) != 1)
			rc = err_set(err, ERR_INVALID, "the parameter \"%.40s\" stands there twice", name.ptr);
		p += len;
	}
	buf_release(&name);
	return rc;
}

static int check_members(const cJSON *body, const char *names, struct err *err)
{
	const cJSON *item;

	if (!cJSON_IsObject(body))
		return err_set(err, ERR_INVALID, "the body must be a JSON object");
	cJSON_ArrayForEach(item, body)
		if (!in_list(names, item->string, strlen(item->string)))
			return err_set(err, ERR_INVALID, "the body takes no \"%.40s\"%s%s", item->string,
				       *names ? "; known are: " : "", names);
	return 0;
}

/* 0, or the status of *err. */
static int read_body(struct api *a, struct http_request *request, const char *names, struct err *err)
{
	const char *type = http_request_header(request, "Content-Type");
	struct http_refusal why;
	struct buf text = BUF_INIT;

	if (http_body_read(request, API_BODY_MAX, BODY_MS, &text, &why) < 0) {
		err_set(err, ERR_INVALID, "%s", why.text);
		buf_release(&text);
		return why.status;
	}
	int status = 0;
	if (text.len && (!type || strncasecmp(type, "application/json", 16) != 0 ||
			 (type[16] && type[16] != ';' && type[16] != ' '))) {
		err_set(err, ERR_INVALID, "the body must be JSON: Content-Type: application/json");
		status = 415;
	} else {
		a->body = text.len ? json_parse(text.ptr, text.len, err) : cJSON_CreateObject();
		if (!a->body || check_members(a->body, names, err) < 0)
			status = 400;
	}
	buf_release(&text);
	return status;
}

int api_segment(const struct api *a, struct buf *out, struct err *err)
{
	url_decode((struct slice){a->tail, strcspn(a->tail, "/")}, false, out);
	if (out->len == 0 || out->len > 200 || strlen(out->ptr) != out->len)
		return err_set(err, ERR_MISSING, "there is nothing of this name");
	return 0;
}

static int read_id(const char *text, size_t len, int64_t *out)
{
	if (len == 0 || len > 18 || strspn(text, "0123456789") < len)
		return -1;
	*out = strtoll(text, NULL, 10);
	return *out > 0 ? 0 : -1;
}

int api_id(const struct api *a, int64_t *out, struct err *err)
{
	size_t len = strcspn(a->tail, "/");

	return read_id(a->tail, len, out) == 0 ? 0
		: err_set(err, ERR_INVALID, "\"%.*s\" is no number of anything here", len > 40 ? 40 : (int)len, a->tail);
}

const char *api_text(const struct api *a, const char *name, struct buf *out)
{
	return query_find(a->request->query, name, out) ? out->ptr : NULL;
}

int api_number(const struct api *a, const char *name, int64_t min, int64_t max, int64_t *out,
	       struct err *err)
{
	struct buf text = BUF_INIT;
	char *end;
	int rc = 0;

	if (api_text(a, name, &text)) {
		long long n = strtoll(text.ptr, &end, 10);
		if (text.len == 0 || text.len > 18 || *end || strspn(text.ptr, "0123456789") != text.len ||
		    n < min || n > max)
			rc = err_set(err, ERR_INVALID, "%s must be a whole number from %" PRId64 " to %" PRId64, name,
				     min, max);
		else
			*out = n;
	}
	buf_release(&text);
	return rc;
}

static int read_time(const char *name, const char *text, int64_t *out, struct err *err)
{
	if (clock_parse(text, clock_wall_ms(), out))
		return 0;
	return err_set(err, ERR_INVALID, "%s must be an age such as 2h or a time such as 2026-11-23T14:00:00Z; it "
		       "cannot be \"%.40s\"", name, text);
}

int api_time(const struct api *a, const char *name, int64_t *out, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = api_text(a, name, &text) ? read_time(name, text.ptr, out, err) : 0;

	buf_release(&text);
	return rc;
}

/* ---- which events ---- */

static int check_filter(const struct api_filter *f, struct err *err)
{
	static const char states[] = "queued running succeeded failed held cancelled";
	const struct event_filter *e = &f->events;

	if (e->state && !in_list(states, e->state, strlen(e->state)))
		return err_set(err, ERR_INVALID, "no event is ever \"%.40s\" (%s)", e->state, states);
	if (e->since && e->until && e->since >= e->until)
		return err_set(err, ERR_INVALID, "since is not before until: no event can match");
	return 0;
}

int api_filter_query(const struct api *a, struct api_filter *f, struct err *err)
{
	f->events.flow = api_text(a, "flow", &f->flow);
	f->events.state = api_text(a, "state", &f->state);
	f->events.error = api_text(a, "error", &f->error);
	return api_time(a, "since", &f->events.since, err) < 0 ||
	       api_time(a, "until", &f->events.until, err) < 0 ? -1 : check_filter(f, err);
}

static int read_ids(const cJSON *list, struct api_filter *f, struct err *err)
{
	const cJSON *item;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 1 || cJSON_GetArraySize(list) > 10000)
		return err_set(err, ERR_INVALID, "ids must be a list of one to 10000 numbers of events");
	f->ids = calloc((size_t)cJSON_GetArraySize(list), sizeof(*f->ids));
	if (!f->ids)
		return err_set(err, ERR_SYSTEM, "no memory for the ids");
	cJSON_ArrayForEach(item, list) {
		if (!json_is_number(item) || item->valuedouble < 1 || item->valuedouble > 9e15 ||
		    item->valuedouble != (double)(int64_t)item->valuedouble)
			return err_set(err, ERR_INVALID, "ids must be whole numbers from 1");
		f->ids[f->events.n_ids++] = (int64_t)item->valuedouble;
	}
	f->events.ids = f->ids;
	return 0;
}

static int read_filter(const cJSON *filter, struct api_filter *f, struct err *err)
{
	const cJSON *item;

	if (check_members(filter, "flow state since until error", err) < 0)
		return err_within(err, "filter: ");
	cJSON_ArrayForEach(item, filter)
		if (!cJSON_IsString(item))
			return err_set(err, ERR_INVALID, "filter: %.40s must be a text", item->string);
	if (!filter->child)
		return err_set(err, ERR_INVALID, "the filter names nothing: give flow, state, since, until or error");
	const char *since = json_text(filter, "since", NULL), *until = json_text(filter, "until", NULL);
	f->events.flow = json_text(filter, "flow", NULL);
	f->events.state = json_text(filter, "state", NULL);
	f->events.error = json_text(filter, "error", NULL);
	return (since && read_time("since", since, &f->events.since, err) < 0) ||
	       (until && read_time("until", until, &f->events.until, err) < 0) ? -1 : check_filter(f, err);
}

int api_filter_body(const struct api *a, struct api_filter *f, struct err *err)
{
	const cJSON *ids = json_get(a->body, "ids"), *filter = json_get(a->body, "filter");

	if (!ids == !filter)
		return err_set(err, ERR_INVALID, "name the events: either ids, or a filter");
	return ids ? read_ids(ids, f, err) : read_filter(filter, f, err);
}

void api_filter_release(struct api_filter *f)
{
	free(f->ids);
	buf_release(&f->flow);
	buf_release(&f->state);
	buf_release(&f->error);
}

/* ---- one request ---- */

static int status_of(const struct err *err)
{
	switch (err->kind) {
	case ERR_INVALID: return 400;
	case ERR_DENIED: return 403;
	case ERR_MISSING: return 404;
	case ERR_CONFLICT: return 409;
	case ERR_TOO_BIG: return 413;
	case ERR_BUSY:
	case ERR_DISK: return 503;
	default: return 500;
	}
}

/* Before the act: what is not written down does not happen. What a request about secrets holds is never
 * written. */
static int record(struct api *a, const struct route *route, struct err *err)
{
	struct buf what = BUF_INIT;
	char *body = a->body && route->right != RIGHT_SECRETS_WRITE ? json_print(a->body) : NULL;
	const char *details = !body ? "" : strlen(body) <= DETAILS_MAX ? body : "(a long body)";

	buf_addf(&what, "%s %s", route->method, route->pattern);
	int rc = store_audit_add(a->front->store, &(struct audit_row){0, clock_wall_ms(), a->caller.name, what.ptr,
				 a->request->path, details}, err);
	free(body);
	buf_release(&what);
	return rc;
}

static void answer_error(struct api *a, int status, const struct err *err)
{
	if (status < 500) {
		api_problem(a->response, status, err->text);
		return;
	}
	log_line(LOG_WARN, "a request of the API failed", "path", a->request->path, "error", err->text, NULL);
	api_problem(a->response, status, status == 503 ? "the store is busy or cannot be written; try again later"
						       : "it failed; the log says why");
	if (status == 503)
		http_response_header(a->response, "Retry-After", "1");
}

void api_run(struct front *f, const struct route *route, struct http_request *request, const char *tail,
	     const struct caller *caller, struct http_response *response)
{
	struct api a = {f, request, response, tail, *caller, NULL};
	bool changes = strcmp(route->method, "GET") != 0;
	struct err err;
	int status = 0;

	if (changes && front_draining(f)) {
		front_unavailable(f, response, "this server is stopping");
		api_problem(response, 503, "this server is stopping; try again soon");
		http_response_header(response, "Retry-After", "1");
		return;
	}
	if (check_query(request->query, route->query, &err) < 0)
		status = 400;
	else if (route->body)
		status = read_body(&a, request, route->body, &err);
	if (!status && ((changes && record(&a, route, &err) < 0) || route->api(&a, &err) < 0))
		status = status_of(&err);
	if (status)
		answer_error(&a, status, &err);
	cJSON_Delete(a.body);
}
