/* SPDX-License-Identifier: MIT */
/* The rows of the reply table that a webhook says in its own words. */
#include "flow/document.h"

#include <string.h>

static const struct param answer_params[] = {
	{.name = "status", .type = PARAM_INT, .min = 200, .max = 599, .text = "The HTTP status."},
	{.name = "body", .type = PARAM_ANY,
	 .text = "The body, sent as it stands: text, or JSON. Without holes."},
	{.name = "content_type", .type = PARAM_TEXT, .max = 200,
	 .text = "Default: text/plain for text, application/json for JSON."},
	{0},
};

#define ANSWER(row, words) \
	{.name = row, .type = PARAM_OBJECT, .members = answer_params, .text = words}
/* In the order of enum flow_when. */
const struct param when_params[] = {
	ANSWER("accepted", "The event is stored; reply policy \"accepted\"."),
	ANSWER("failed", "The run failed before it replied."),
	ANSWER("no_reply", "The run ended without a reply."),
	ANSWER("deadline", "The deadline is near and the run goes on."),
	ANSWER("paused", "The flow is paused; the event is held."),
	ANSWER("duplicate", "The delivery has been stored before; instead of the first one's reply."),
	ANSWER("method", "The method is not one of the webhook's. 400 to 599."),
	ANSWER("unauthenticated", "The caller did not prove who he is. 400 to 599."),
	ANSWER("rate_limited", "Over the webhook's rate_limit. 400 to 599; Retry-After goes along."),
	ANSWER("too_large", "The body is over the limit. 400 to 599."),
	ANSWER("mismatch", "The request does not have the expected structure. 400 to 599."),
	ANSWER("unavailable", "It could not be stored: the sender is to try again. 500 to 599; Retry-After goes "
	       "along."),
	{0},
};

/* What was not kept may not be acknowledged; and where the sender should try again, he must not be
 * told that the fault is his. */
static void check_status(const struct arg *row, enum flow_when when, int status, struct faults *faults)
{
	if (status >= 300 && status < 400)
		fault_add(faults, row->pointer, "status", "a redirect (%d) is no answer to a "
			  "webhook; use 200 to 299 or 400 to 599", status);
	else if (status && when == WHEN_UNAVAILABLE && status < 500)
		fault_add(faults, row->pointer, "status", "%d would end the delivery, but nothing was stored and "
			  "the sender is to try again; use 500 to 599", status);
	else if (status && when >= WHEN_METHOD && status < 400)
		fault_add(faults, row->pointer, "status", "%d would tell the caller that the request is kept, but "
			  "nothing was stored; use 400 to 599", status);
}

static void read_answer(struct flow *f, const struct arg *row, enum flow_when when, struct faults *faults)
{
	const struct args *a = &row->items[0];
	const struct arg *body = arg_find(a, "body");
	struct flow_answer *out = &f->webhook.when[when];
	const char *why = NULL;

	out->status = (int)arg_int(a, "status");
	check_status(row, when, out->status, faults);
	out->content_type = arg_text(a, "content_type");
	for (const char *p = out->content_type; p && *p; p++) {
		if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7E)
			why = "must be printable ASCII";
	}
	if (why)
		fault_add(faults, row->pointer, "content_type", "\"content_type\" %s", why);
	if (!body->node)
		return;
	bool text = cJSON_IsString(body->node);
	out->body = text ? body->node->valuestring : flow_own(f, json_print(body->node));
	if (!out->content_type)
		out->content_type = text ? "text/plain; charset=utf-8" : "application/json";
	if (strstr(out->body, "{{"))
		fault_add(faults, body->pointer, NULL, "an answer of the table has no holes: no "
			  "run stands behind it; write it as it is to be sent");
}

void when_read(struct flow *f, const struct args *a, struct faults *faults)
{
	const struct args *when = arg_object(a, "when");

	for (size_t i = 0; when && i < WHEN_COUNT; i++) {
		if (when->list[i].n_items)
			read_answer(f, &when->list[i], (enum flow_when)i, faults);
	}
}

bool flow_answers(const struct flow *f, struct buf *out)
{
	size_t before = out->len;

	for (size_t i = 0; i < WHEN_COUNT; i++) {
		int status = f->webhook.when[i].status;
		if (!status && i == WHEN_ACCEPTED && f->webhook.accepted_status != 202)
			status = f->webhook.accepted_status;
		if (status)
			buf_addf(out, "%s\"%s\":%d", out->len > before ? "," : "{", when_params[i].name, status);
	}
	if (out->len > before)
		buf_add_char(out, '}');
	return out->len > before;
}
